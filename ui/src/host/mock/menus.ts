/** A made-up engine for menus; keeps everything in memory. Development and tests only. */
import { HostError, type Commands } from "../host";
import type { MenuCommands } from "../menucommands";
import type { Account, BulkJob, BulkRequest, ErrorCode, LiveMenu, MenuChange, MenuOriginal, MenuSet, MenuState, MenuTemplate, MenuVersion, PublishCause, SourcedMenu, TakeoverRules, TemplateRequest } from "../types";
import { checkMenu } from "./menucheck";
import { abilitiesOf, API_SET, EMPTY_SET, liveOf, RULES, templates } from "./menudata";

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Around {
  start: number;
  accounts: () => Account[];
  emit: (...tags: string[]) => void;
  startBulk: (request: BulkRequest) => Promise<BulkJob>;
  bulkJob: (id: string) => Promise<BulkJob>;
}
interface Own {
  kind: number;
  set: MenuSet;
  revision: number;
  saved_at: number | null;
  live: LiveMenu | null;
  versions: MenuVersion[];
  originals: MenuOriginal[];
}
type Whose = { component_appid: string; appid: string };
const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const sizeOf = (set: MenuSet): number => set.button.reduce((sum: number, own) => sum + 1 + ((own as { sub_button?: unknown[] }).sub_button?.length ?? 0), 0);

/** Place by place; good enough to look at. */
export function roughDiff(left: MenuSet, right: MenuSet): MenuChange[] {
  const flat = (set: MenuSet): Map<string, Record<string, unknown>> => {
    const out = new Map<string, Record<string, unknown>>();
    const put = (list: unknown[], prefix: string): void =>
      list.forEach((own, i) => {
        const top = own as Record<string, unknown>;
        out.set(`${prefix}button[${i}]`, top);
        ((top.sub_button as unknown[] | undefined) ?? []).forEach((child, n) => out.set(`${prefix}button[${i}].sub_button[${n}]`, child as Record<string, unknown>));
      });
    put(set.button, "");
    set.conditional.forEach((own, i) => put(own.button, `conditional[${i}].`));
    return out;
  };
  const [a, b] = [flat(left), flat(right)];
  const changes: MenuChange[] = [];
  for (const path of new Set([...a.keys(), ...b.keys()])) {
    const [x, y] = [a.get(path), b.get(path)];
    if (!x) changes.push({ kind: "added", left: null, right: path, name: String(y?.name ?? ""), fields: [] });
    else if (!y) changes.push({ kind: "removed", left: path, right: null, name: String(x.name ?? ""), fields: [] });
    else {
      const fields = [...new Set([...Object.keys(x), ...Object.keys(y)])].filter((name) => name !== "sub_button" && !same(x[name], y[name])).map((field) => ({ field, left: x[field] === undefined ? null : String(x[field]), right: y[field] === undefined ? null : String(y[field]) }));
      if (fields.length > 0) changes.push({ kind: "changed", left: path, right: path, name: String(y.name ?? ""), fields });
    }
  }
  return changes;
}

export function menuAnswers(around: Around): { [K in keyof MenuCommands]: (args: Commands[K]["args"]) => Commands[K]["result"] | Promise<Commands[K]["result"]> } {
  const { start, emit } = around;
  const kept = new Map<string, Own>();
  const rules = new Map<string, TakeoverRules>();
  let own: MenuTemplate[] = templates(start);

  const row = ({ component_appid, appid }: Whose): Account => {
    const found = around.accounts().find((a) => a.appid === appid && a.component_appid === component_appid);
    if (!found) throw new HostError({ code: "not_found", message: "no such account" });
    return found;
  };
  function version(id: number, at: number, set: MenuSet, cause: PublishCause, state: MenuVersion["state"]): MenuVersion {
    const act = (name: string): MenuVersion["steps"][number] => ({ act: name, place: name === "add_conditional" ? { menu: "conditional", index: 0 } : { menu: "default" }, menuid: null, done_at: at + 400, found_done: false });
    return { id, at, ended_at: at + 900, who: "window", cause, from: null, state, resumable: false, set, steps: [act(cause === "delete" ? "delete" : "create"), ...set.conditional.map(() => act("add_conditional")), act("read_back")], fault: null, buttons: sizeOf(set), conditional: set.conditional.length };
  }
  function mine(whose: Whose): Own {
    const account = row(whose);
    const id = `${whose.component_appid}/${whose.appid}`;
    let found = kept.get(id);
    if (!found) {
      const kind = around.accounts().filter((a) => a.kind === "official_account").indexOf(account) % 3;
      const live = kind === 2 ? null : liveOf(kind, start - 40 * 60_000);
      const set = kind === 1 ? { ...copy(API_SET), button: [...copy(API_SET.button).slice(0, 2), { type: "click", name: "在线客服", key: "HUMAN" }] } : EMPTY_SET;
      found = {
        kind,
        set,
        revision: kind === 1 ? 7 : 0,
        saved_at: kind === 1 ? start - 25 * 60_000 : null,
        live,
        versions: kind === 1 ? [version(2, start - 2 * 86_400_000, copy(API_SET), "draft", "live"), version(1, start - 30 * 86_400_000, { ...copy(API_SET), conditional: [] }, "draft", "superseded")] : [],
        originals: kind === 0 && live ? [{ id: 1, live, authorized_at: account.authorized_at }] : [],
      };
      kept.set(id, found);
    }
    return found;
  }
  const conflict = (message: string): HostError => new HostError({ code: "conflict" as ErrorCode, message });
  const changed = (whose: Whose): void => emit(`menu:${whose.appid}`);
  const mapped = (state: Own, use: TakeoverRules): SourcedMenu => {
    const from = state.originals[0]?.live ?? liveOf(0, start);
    const button = [...from.set.button.slice(0, 3 - use.own.length), ...use.own];
    return { set: { ...copy(from.set), button: use.own_place === "before" ? [...use.own, ...from.set.button.slice(0, 3 - use.own.length)] : button }, replaced: from.replaced };
  };
  function sourced(whose: Whose, source: Commands["menu_source"]["args"]["source"]): SourcedMenu {
    const state = mine(whose);
    if (source.from === "draft") return { set: state.set, replaced: [] };
    if (source.from === "mapped") return mapped(state, rules.get(whose.component_appid) ?? RULES);
    const from = source.from === "live" ? state.live : source.from === "original" ? state.originals.find((one) => one.id === source.id)?.live : state.versions.find((one) => one.id === source.id);
    if (!from?.set) throw new HostError({ code: "not_found", message: "no such menu" });
    return { set: copy(from.set), replaced: "replaced" in from ? from.replaced : [] };
  }
  async function publish(whose: Whose, cause: PublishCause): Promise<MenuVersion> {
    const state = mine(whose);
    const abilities = abilitiesOf(row(whose), state.kind);
    const errors = cause === "delete" ? [] : checkMenu(state.set, abilities).findings.filter((one) => one.severity === "error");
    if (errors.length > 0) throw new HostError({ code: "invalid_input", message: "invalid menu", detail: { fields: errors.map((one) => ({ field: one.path, rule: one.rule, message: one.message, message_zh: one.message_zh })) } });
    if (!abilities.publish) throw new HostError({ code: "forbidden", message: "permission set 15 is missing" });
    const fresh = { ...version((state.versions[0]?.id ?? 0) + 1, Date.now(), cause === "delete" ? EMPTY_SET : copy(state.set), cause, "publishing"), ended_at: null };
    fresh.steps.forEach((step) => (step.done_at = null));
    state.versions.unshift(fresh);
    for (const step of fresh.steps) {
      changed(whose);
      await wait(350);
      step.done_at = Date.now();
    }
    state.versions.forEach((one) => one.state === "live" && (one.state = "superseded"));
    Object.assign(fresh, { state: "live", ended_at: Date.now() });
    state.live = { ...liveOf(fresh.buttons > 0 ? 1 : 2, Date.now()), set: copy(fresh.set ?? EMPTY_SET) };
    changed(whose);
    return fresh;
  }
  function lineOf(account: Account, request: TemplateRequest): Commands["dry_run_menu_template"]["result"]["lines"][number] {
    const template = own.find((one) => one.id === request.template_id) ?? own[0];
    const given = request.values[`${account.component_appid}/${account.appid}`] ?? {};
    const values: Record<string, string> = {};
    const missing: string[] = [];
    for (const variable of template.variables) {
      const value = given[variable.name] ?? variable.default;
      if (value === null) missing.push(variable.name);
      else values[variable.name] = value;
    }
    const all: Record<string, string> = { ...values, name: account.nick_name, appid: account.appid, tenant: account.tenant ?? "" };
    const set = JSON.parse(JSON.stringify(template.set).replace(/\{\{(\w+)\}\}/g, (whole, name: string) => all[name] ?? whole)) as MenuSet;
    const abilities = abilitiesOf(account, 1);
    const obstacle = account.kind !== "official_account" ? { field: "kind", rule: "kind", message: "Mini programs have no menu.", message_zh: "小程序没有自定义菜单。" } : abilities.publish ? null : { field: "state", rule: "not_authorized", message: "It is not authorized.", message_zh: "授权已取消。" };
    const { findings } = checkMenu(set, abilities);
    return { component_appid: account.component_appid, appid: account.appid, nick_name: account.nick_name, ok: !obstacle && missing.length === 0 && !findings.some((one) => one.severity === "error"), obstacle, missing, values, findings, changes: 3, set };
  }
  const chosen = (request: TemplateRequest): Account[] => around.accounts().filter((a) => a.removed_at === null && (!request.accounts.component_appid || a.component_appid === request.accounts.component_appid) && (!request.accounts.accounts || request.accounts.accounts.some((one) => one.appid === a.appid && one.component_appid === a.component_appid)));

  return {
    menu_state: (whose): MenuState => {
      const state = mine(whose);
      const account = row(whose);
      return { ...whose, nick_name: account.nick_name, tenant: account.tenant, abilities: abilitiesOf(account, state.kind), draft: { set: state.set, revision: state.revision, saved_at: state.saved_at }, live: state.live, last_version: state.versions[0] ?? null, original: state.originals[0] ?? null, original_error: null };
    },
    check_menu: (args) => checkMenu(args.set, abilitiesOf(row(args), mine(args).kind)),
    save_menu_draft: async ({ set, base_revision, ...whose }) => {
      await wait(250);
      const state = mine(whose);
      if (state.revision !== base_revision) throw conflict("the draft was saved elsewhere");
      Object.assign(state, { set: copy(set), revision: state.revision + 1, saved_at: Date.now() });
      changed(whose);
      return { set: state.set, revision: state.revision, saved_at: state.saved_at };
    },
    read_live_menu: async (whose) => {
      await wait(700);
      const state = mine(whose);
      state.live = state.live ? { ...state.live, read_at: Date.now() } : liveOf(state.kind, Date.now());
      changed(whose);
      return state.live;
    },
    menu_source: ({ source, ...whose }) => sourced(whose, source),
    diff_menus: ({ left, right }) => roughDiff(left, right),
    publish_menu: async ({ revision, ...whose }) => {
      if (mine(whose).revision !== revision) throw conflict("the draft was saved elsewhere");
      return publish(whose, "draft");
    },
    republish_menu: async ({ source, ...whose }) => {
      const state = mine(whose);
      Object.assign(state, { set: copy(sourced(whose, source).set), revision: state.revision + 1, saved_at: Date.now() });
      return publish(whose, source.from === "original" ? "original" : "rollback");
    },
    resume_menu_publish: async ({ version_id, ...whose }) => {
      await wait(600);
      const found = mine(whose).versions.find((one) => one.id === version_id);
      if (!found) throw new HostError({ code: "not_found", message: "no such version" });
      return Object.assign(found, { state: "live", resumable: false });
    },
    delete_menu: async (whose) => publish(whose, "delete"),
    menu_versions: ({ before, limit, ...whose }) => {
      const rest = mine(whose).versions.filter((one) => !before || one.id < before);
      const items = rest.slice(0, limit ?? 20).map((one) => ({ ...one, set: null, steps: [] }));
      return { items, next_before: rest.length > items.length ? items[items.length - 1].id : null };
    },
    menu_version: ({ id, ...whose }) => {
      const found = mine(whose).versions.find((one) => one.id === id);
      if (!found) throw new HostError({ code: "not_found", message: "no such version" });
      return found;
    },
    try_menu_match: async ({ user_id, ...whose }) => {
      await wait(500);
      const set = mine(whose).live?.set ?? EMPTY_SET;
      const index = user_id.length % (set.conditional.length + 1);
      return index === 0 ? { button: set.button, place: { menu: "default" } } : { button: set.conditional[index - 1].button, place: { menu: "conditional", index: index - 1 } };
    },
    menu_originals: (whose) => mine(whose).originals,
    read_menu_original: async (whose) => {
      await wait(700);
      const state = mine(whose);
      const fresh: MenuOriginal = { id: (state.originals[0]?.id ?? 0) + 1, live: liveOf(state.kind, Date.now()), authorized_at: row(whose).authorized_at };
      state.originals.unshift(fresh);
      changed(whose);
      return fresh;
    },
    takeover_rules: ({ component_appid }) => rules.get(component_appid) ?? RULES,
    save_takeover_rules: ({ component_appid, rules: next }) => (rules.set(component_appid, next), next),
    preview_takeover: ({ rules: unsaved, ...whose }) => {
      const state = mine(whose);
      const from = state.originals[0]?.live ?? liveOf(0, start);
      const made = mapped(state, unsaved ?? rules.get(whose.component_appid) ?? RULES);
      const left = from.set.button.length - (made.set.button.length - (unsaved ?? RULES).own.length);
      return { original: { set: from.set, replaced: from.replaced }, mapped: made, left_out: left > 0 ? [{ path: "button[2]", name: "联系我们", kind: "text", key: null }] : [], check: checkMenu(made.set, abilitiesOf(row(whose), state.kind)) };
    },
    list_menu_templates: () => own,
    save_menu_template: ({ template }) => {
      if (own.some((one) => one.name === template.name && one.id !== template.id)) throw new HostError({ code: "invalid_input", message: "taken", detail: { fields: [{ field: "name", rule: "taken", message: "There is a template of this name.", message_zh: "已有同名的模板。" }] } });
      const saved = { ...template, id: template.id || `tp${Date.now()}`, updated_at: Date.now() };
      own = [saved, ...own.filter((one) => one.id !== saved.id)];
      emit("menu_templates");
      return saved;
    },
    remove_menu_template: ({ id }) => ((own = own.filter((one) => one.id !== id)), emit("menu_templates"), null),
    dry_run_menu_template: async ({ request }) => {
      await wait(400);
      const lines = chosen(request).map((account) => lineOf(account, request)).sort((a, b) => Number(a.ok) - Number(b.ok));
      const ready = lines.filter((one) => one.ok).length;
      return { lines: lines.slice(0, 1000), ready, blocked: lines.length - ready };
    },
    start_menu_template: ({ request }) => around.startBulk({ ...request.accounts, kind: "apply_menu_template" as BulkRequest["kind"] }),
    retry_bulk: async ({ id }) => {
      const job = await around.bulkJob(id);
      return around.startBulk({ kind: job.kind, accounts: job.lines.filter((one) => one.outcome === "failed" || one.outcome === "cancelled").map(({ component_appid, appid }) => ({ component_appid, appid })) });
    },
  };
}
