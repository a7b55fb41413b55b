/** Made-up tenants, tags, history and reconciling. Development and tests only. */
import { HostError, type Commands } from "../host";
import type { Account, AccountEvent, AccountEventKind, AccountQuery, Platform, ReconcileGroup, ReconcileItem, ReconcilePhase, Tenant } from "../types";
import { counts, hex, permissionSets } from "./data";
import { linkAnswers } from "./links";

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const DAY = 86_400_000;
const TENANTS = ["晨光餐饮", "江南小馆", "华东连锁商户数字化运营中心上海分公司陆家嘴门店", "云上书屋", "蓝鲸生活", "北门烤肉（加盟）", "山野户外", "青禾教育"];
const TAGS = ["重点", "华东", "直营", "加盟", "待回访", "试用期到月底的客户"];

interface Around {
  scenario: string;
  start: number;
  platforms: () => Platform[];
  accounts: () => Account[];
  emit: (...tags: string[]) => void;
}
type LifeCommand =
  | "list_accounts" | "list_tenants" | "create_tenant" | "rename_tenant" | "archive_tenant" | "unarchive_tenant" | "set_account_tenant" | "set_account_note" | "set_account_tags" | "change_account_tags"
  | "list_tags" | "remove_account" | "restore_account" | "list_account_history" | "reconcile_preview" | "reconcile_apply" | "reconcile_progress" | "reconcile_cancel"
  | "create_link" | "get_link" | "list_links" | "clone_link" | "link_poster_svg" | "link_qr_png" | "end_link" | "close_link";

/** Tenants, tags and notes on accounts that were just made up. */
export function dress(accounts: Account[], now: number): void {
  accounts.forEach((row, i) => {
    row.tenant = i % 4 === 3 ? null : TENANTS[(i * 5) % TENANTS.length];
    row.tags = TAGS.filter((_, n) => (i + n) % 4 === 0);
    row.note = i % 6 === 1 ? "老板娘管账，打电话要在下午。续费到明年三月。" : "";
    if (row.state === "unauthorized") row.unauthorized_at = now - (i + 2) * DAY;
    if (i % 29 === 27) row.removed_at = now - 3 * DAY;
  });
}

export function lifeAnswers(around: Around): { [K in LifeCommand]: (args: Commands[K]["args"]) => Commands[K]["result"] | Promise<Commands[K]["result"]> } {
  const { scenario, start, emit } = around;
  const tenants: { name: string; created_at: number; archived_at: number | null }[] = scenario === "empty" || scenario === "sandbox" ? [] : TENANTS.map((name, i) => ({ name, created_at: start - (40 - i) * DAY, archived_at: i === 5 ? start - DAY : null }));
  let phase: ReconcilePhase = "idle";
  let done = 0;
  let total = 0;
  let stop = false;
  let preview = "";

  const refuse = (field: string, en: string, zh: string): never => {
    throw new HostError({ code: "invalid_input", message: en, detail: { fields: [{ field, rule: "taken", message: en, message_zh: zh }] } });
  };
  const find = (component: string, appid: string): Account => {
    const row = around.accounts().find((a) => a.appid === appid && a.component_appid === component);
    if (!row) throw new HostError({ code: "not_found", message: "no such account" });
    return row;
  };
  const own = (component: string | null): Account[] => around.accounts().filter((a) => a.removed_at === null && (component === null || a.component_appid === component));
  const tenantOf = (name: string): (typeof tenants)[number] => tenants.find((x) => x.name === name) ?? ((): never => { throw new HostError({ code: "not_found", message: "no such tenant" }); })();
  const view = (component: string | null, x: (typeof tenants)[number]): Tenant => ({ ...x, accounts: counts(own(component).filter((a) => a.tenant === x.name)), links: x.name === TENANTS[0] ? 2 : 0 });
  function takeTenant(name: string): void {
    const known = tenants.find((x) => x.name === name);
    if (known && known.archived_at !== null) refuse("tenant", "This tenant is archived.", "这个租户已归档。");
    if (!known) tenants.push({ name, created_at: Date.now(), archived_at: null });
  }
  const touched = (appids: string[]): void => emit(...(appids.length > 50 ? ["accounts"] : appids.map((id) => `account:${id}`)), "tenants");

  function page(query: AccountQuery): Commands["list_accounts"]["result"] {
    const every = around.accounts().filter((a) => !query.platform || a.component_appid === query.platform);
    const scope = every.filter((a) => a.removed_at === null);
    const words = (query.q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    const match = (query.removed ? every.filter((a) => a.removed_at !== null) : scope).filter(
      (a) =>
        (!query.connection || a.connection === query.connection) && (!query.state || a.state === query.state) && (!query.kind || a.kind === query.kind) && (query.tenant === undefined || (a.tenant ?? "") === query.tenant) && (!query.tag || a.tags.includes(query.tag)) &&
        words.every((word) => [a.nick_name, a.appid, a.user_name, a.principal_name, a.tenant ?? "", ...a.tags].some((text) => text.toLowerCase().includes(word))),
    );
    const by: Record<string, (a: Account) => number | string> = { expires_at: (a) => a.token.expires_at ?? Infinity, name: (a) => a.nick_name, authorized_at: (a) => a.authorized_at, state: (a) => a.state };
    const key = by[query.sort ?? "authorized_at"];
    const rows = match.slice().sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0) * (query.descending ? -1 : 1));
    const from = query.offset ?? Number(query.cursor ?? 0);
    const limit = query.limit ?? 100;
    return { items: rows.slice(from, from + limit), next_cursor: from + limit < rows.length ? String(from + limit) : null, total: rows.length, counts: counts(scope), removed: every.length - scope.length };
  }

  function history(row: Account): AccountEvent[] {
    const sets = (ids: number[]): AccountEvent["added"] => ids.map((id) => permissionSets.find((set) => set.id === id) ?? { id, name: { zh: `未知权限集 (${id})`, en: `Unknown permission set (${id})` }, exclusive: false, kind: null });
    const plan: [AccountEventKind, number, string, string, Partial<AccountEvent>][] = [
      ["authorized", 90, "授权给平台，授予 9 个权限集", "Authorized, 9 permission sets granted", { added: sets(row.scopes), link_id: `lk${hex(43, 20)}`, note: "华东区第二批" }],
      ["tenant", 89, "租户改为 晨光餐饮", "Tenant set to 晨光餐饮", { tenant_from: null, tenant_to: "晨光餐饮" }],
      ["updated", 60, "新增：群发与通知权限、微信卡券权限；收回：网页服务权限", "Added: Broadcast and notification, Cards and coupons. Taken away: Web service", { added: sets([7, 8]), removed: sets([4, 999]) }],
      ["token_replaced", 41, "刷新令牌已换成微信列表里的新值", "The refresh token was replaced by the newer one of WeChat's list", {}],
      ["unauthorized", 30, "账号管理员取消了授权，令牌已删除", "The owner cancelled; the tokens are gone", {}],
      ["reauthorized", 29, "重新授权，权限集不变", "Authorized again, the same permission sets", { link_id: `lk${hex(46, 20)}` }],
      ["removed", 12, "从列表移除", "Removed from the list", {}],
      ["restored", 11, "恢复到列表", "Restored to the list", {}],
      ["tenant", 5, "租户由 晨光餐饮 改为 江南小馆", "Tenant changed from 晨光餐饮 to 江南小馆", { tenant_from: "晨光餐饮", tenant_to: "江南小馆" }],
      ["recovered", 3, "从微信的授权列表找回", "Recovered from WeChat's list", {}],
    ];
    if (row.state === "unauthorized") plan.push(["unauthorized", 2, "账号管理员取消了授权，令牌已删除", "The owner cancelled; the tokens are gone", {}]);
    const events = plan.map(([kind, days, zh, en, extra], i): AccountEvent => ({ id: 100 + i, at: start - days * DAY, kind, text: { zh, en }, added: [], removed: [], tenant_from: null, tenant_to: null, link_id: null, note: "", ...extra }));
    const older = Array.from({ length: row.appid.endsWith("0") ? 60 : 0 }, (_, i): AccountEvent => ({ ...events[3], id: 90 - i, at: start - (100 + i) * DAY }));
    return [...events.reverse(), ...older];
  }

  const item = (appid: string, nick_name: string, zh: string, en: string, extra: Partial<ReconcileItem> = {}): ReconcileItem => ({ appid, nick_name, removed: false, tenant: null, auth_time: start - 20 * DAY, change: null, text: { zh, en }, ...extra });
  const group = (items: ReconcileItem[], all = items.length): ReconcileGroup => ({ total: all, items });
  async function walk(now: ReconcilePhase, component: string, of: number, ms: number): Promise<void> {
    phase = now;
    total = of;
    stop = false;
    for (done = 0; done < of && !stop; done += Math.max(1, Math.ceil(of / 12))) {
      emit(`reconcile:${component}`);
      await wait(ms / 12);
    }
    phase = "idle";
    emit(`reconcile:${component}`);
  }

  return {
    ...linkAnswers({ ...around, tenant: takeTenant }),
    list_accounts: ({ query }) => page(query),
    list_tenants: ({ component_appid }) => tenants.slice().sort((a, b) => Number(a.archived_at !== null) - Number(b.archived_at !== null) || a.name.localeCompare(b.name, "zh")).map((x) => view(component_appid, x)),
    create_tenant: ({ name }) => {
      if (tenants.some((x) => x.name === name.trim())) refuse("name", "There is a tenant of this name.", "已有同名的租户。");
      const fresh = { name: name.trim(), created_at: Date.now(), archived_at: null };
      tenants.push(fresh);
      emit("tenants");
      return view(null, fresh);
    },
    rename_tenant: ({ name, new_name }) => {
      const x = tenantOf(name);
      if (new_name.trim() !== name && tenants.some((other) => other.name === new_name.trim())) refuse("new_name", "There is a tenant of this name.", "已有同名的租户。");
      around.accounts().forEach((a) => a.tenant === name && (a.tenant = new_name.trim()));
      x.name = new_name.trim();
      emit("tenants", "accounts", "links");
      return view(null, x);
    },
    archive_tenant: ({ name }) => ((tenantOf(name).archived_at = Date.now()), emit("tenants"), view(null, tenantOf(name))),
    unarchive_tenant: ({ name }) => ((tenantOf(name).archived_at = null), emit("tenants"), view(null, tenantOf(name))),
    set_account_tenant: ({ component_appid, appids, tenant }) => {
      if (tenant) takeTenant(tenant);
      appids.forEach((appid) => (find(component_appid, appid).tenant = tenant));
      touched(appids);
      return appids.length;
    },
    set_account_note: ({ component_appid, appid, note }) => ((find(component_appid, appid).note = note.trim()), touched([appid]), find(component_appid, appid)),
    set_account_tags: ({ component_appid, appid, tags }) => ((find(component_appid, appid).tags = [...new Set(tags.map((tag) => tag.trim()))]), touched([appid]), emit("accounts"), find(component_appid, appid)),
    change_account_tags: ({ component_appid, appids, add, remove }) => {
      for (const appid of appids) {
        const row = find(component_appid, appid);
        row.tags = [...new Set([...row.tags.filter((tag) => !remove.includes(tag)), ...add])];
      }
      emit("accounts");
      return appids.length;
    },
    list_tags: ({ component_appid }) => {
      const all = own(component_appid).flatMap((a) => a.tags);
      return [...new Set(all)].map((tag) => ({ tag, count: all.filter((x) => x === tag).length })).sort((a, b) => b.count - a.count);
    },
    remove_account: async ({ component_appid, appid }) => (await wait(300), (find(component_appid, appid).removed_at = Date.now()), emit("accounts", "overview"), find(component_appid, appid)),
    restore_account: async ({ component_appid, appid }) => (await wait(500), (find(component_appid, appid).removed_at = null), emit("accounts", "overview"), find(component_appid, appid)),
    list_account_history: ({ component_appid, appid, before }) => history(find(component_appid, appid)).filter((event) => before === null || event.id < before).slice(0, 50),
    reconcile_preview: async ({ component_appid }) => {
      const same = new URLSearchParams(location.search).get("reconcile");
      await walk("reading", component_appid, 1240, 2400);
      if (stop) throw new HostError({ code: "unavailable", message: "cancelled" });
      preview = `pv${Date.now()}`;
      const rows = own(component_appid);
      const missing = Array.from({ length: same === "large" ? 1000 : 14 }, (_, i) => item(`wx${hex(7100 + i, 16)}`, i % 3 === 0 ? "" : `找回的门店 ${i + 1}`, "微信说已授权给本平台，这里没有", "WeChat says it authorized this platform; it is not here", { removed: i === 4, auth_time: start - (i + 1) * DAY }));
      const changed = rows.slice(2, 7).map((a, i) => item(a.appid, a.nick_name, ["刷新令牌与微信的不同", "这里没有刷新令牌", "取消后又授权了"][i % 3], ["The refresh token differs from WeChat's", "There is no refresh token here", "Authorized again after it was cancelled"][i % 3], { tenant: a.tenant, change: (["refresh_token_differs", "refresh_token_missing", "authorized_again"] as const)[i % 3] }));
      const gone = rows.slice(9, 12).map((a) => item(a.appid, a.nick_name, "不在微信的授权列表里，可能已取消授权", "Not in WeChat's list; it may have been cancelled", { tenant: a.tenant, auth_time: null }));
      const empty = same === "same";
      const partial = same === "partial";
      return { preview_id: preview, component_appid, read_at: Date.now(), expires_at: Date.now() + 30 * 60_000, pages: 3, readings: 2, listed: 1240, complete: !partial, missing_here: empty ? group([]) : group(missing, same === "large" ? 3120 : missing.length), gone_there: empty || partial ? group([]) : group(gone), changed: empty ? group([]) : group(changed), unchanged: rows.length - 8 };
    },
    reconcile_apply: async ({ component_appid, preview_id, choices }) => {
      if (preview_id !== preview) throw new HostError({ code: "not_found", message: "the preview is over" });
      preview = "";
      const size = (pick: { all: boolean; appids: string[] } | undefined, all: number): number => (pick?.all ? all : (pick?.appids.length ?? 0));
      const add = size(choices.add, 14), update = size(choices.update, 5), mark = size(choices.mark_gone, 3);
      await walk("applying", component_appid, add + update + mark, 2600);
      emit("accounts", "overview");
      return { added: Math.max(0, add - 1), updated: update, marked: mark, skipped: add > 0 ? 1 : 0, skips: add > 0 ? [{ appid: `wx${hex(7100, 16)}`, text: { zh: "刚刚由授权链接接入，已是最新", en: "It has just authorized through a link and is up to date" } }] : [], cancelled: stop };
    },
    reconcile_progress: () => ({ phase, done: Math.min(done, total), total }),
    reconcile_cancel: () => ((stop = true), null),
  };
}
