/** Made-up accounts that are connected with their own AppSecret, and their URL verifications. Development and tests only. */
import { HostError, type Commands } from "../host";
import type { Account, FieldError, Need, OwnAccount, OwnAccountInput, OwnChain, OwnKind, TokenState, UrlVerdict, UrlVerification } from "../types";
import { counts, hex, lastError, LIFE, token } from "./data";

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const MIN = 60_000;
const HOUR = 60 * MIN;
const DAY = 24 * HOUR;
const TOKEN = "chenguang2026Tk3n";
export const OWN_IDS = { service: "wx3f8c21d07ae94b56", test: "wx91b40c7de25f3a88", mini: "wxc05d7e3194ab6f20", site: "wx6ea1f2b39c4d7058", late: "wx20d9b84c6f13e7a5" };

export async function sha1(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function row(appid: string, name: string, kind: Account["kind"], now: number, view: Account["token"], extra: Partial<Account> = {}): Account {
  return {
    appid, component_appid: appid, connection: "own_secret", kind, nick_name: name, user_name: `gh_${hex(parseInt(appid.slice(2, 6), 16), 12)}`, principal_name: "", state: "authorized", tenant: null, scopes: [],
    authorized_at: now - 3 * DAY, has_avatar: false, note: "", tags: [], removed_at: null, unauthorized_at: null, token: view, ...extra,
  };
}
function own(appid: string, name: string, kind: OwnKind, base: string, account: Account | null, now: number, extra: Partial<OwnAccount> = {}): OwnAccount {
  return {
    appid, name, kind, message_mode: kind === "test_account" || kind === "website_app" ? "plain" : "secure", token_mode: "stable", public_base_url: base, server_url: base && kind !== "website_app" ? `${base}/wechat/account/${appid}` : "", domain: base.replace(/^https?:\/\//, ""),
    endpoints: { api: "https://api.weixin.qq.com", mp: "https://mp.weixin.qq.com", open: "https://open.weixin.qq.com" }, outbound_proxy: null,
    secret_hints: { appsecret: "7b1c", verify_token: base && kind !== "website_app" ? "Tk3n" : "", encoding_aes_key: base && kind !== "website_app" && kind !== "test_account" ? "x9Qa" : "" },
    has_previous_key: false, sandbox: false, forced: { used: 0, limit: 20, next_at: null }, taken: { count: 0, last_at: null }, last_push_at: null, verified_at: null, account, created_at: now - 3 * DAY, updated_at: now - DAY, ...extra,
  };
}

export function ownAccounts(now: number, healthy = false): OwnAccount[] {
  const { service, test, mini, site, late } = OWN_IDS;
  const list = [
    own(service, "晨光咖啡会员服务号", "official_account", "https://abc.natapp.cc", row(service, "晨光咖啡会员服务号", "official_account", now, token(now, "valid", { generation: 58 }), { tenant: "晨光餐饮", tags: ["直营"], principal_name: "杭州晨光餐饮管理有限公司" }), now, { forced: { used: 2, limit: 20, next_at: null }, last_push_at: now - 3 * MIN, verified_at: now - DAY + 40_000 }),
    own(test, "联调测试号", "test_account", "https://abc.natapp.cc", row(test, "联调测试号", "official_account", now, token(now, "valid", { generation: 231, obtained_at: now - 9 * MIN, expires_at: now - 9 * MIN + LIFE, next_refresh_at: now - 9 * MIN + LIFE * 0.86 })), now, { token_mode: "classic", taken: healthy ? { count: 0, last_at: null } : { count: 5, last_at: now - 9 * MIN }, last_push_at: now - 2 * HOUR, verified_at: now - 2 * DAY }),
  ];
  if (healthy) return list;
  const blocked = token(now, "failing", { needs_operator: true, reason_code: "ip_not_listed", generation: 12, next_refresh_at: now + 6 * MIN, last_error: lastError(40164, now - 11 * MIN) });
  return [
    ...list,
    own(mini, "晨光点餐", "mini_program", "", row(mini, "晨光点餐", "mini_program", now, blocked, { state: "failing" }), now),
    own(late, "上海市浦东新区陆家嘴金融贸易区世纪大道生活服务平台（直连备用号）", "official_account", "https://wx.example.com", row(late, "上海市浦东新区陆家嘴金融贸易区世纪大道生活服务平台（直连备用号）", "official_account", now, token(now, "expiring", { generation: 1 })), now, { updated_at: now - 8 * MIN }),
    own(site, "晨光会员官网", "website_app", "https://abc.natapp.cc", null, now),
  ];
}

export function ownNeeds(now: number): Need[] {
  const { test, mini } = OWN_IDS;
  const base: Omit<Need, "id" | "cause" | "actions" | "component_appid" | "appids"> = { own: true, platform_name: null, since: now - 11 * MIN, count: 1, error: null, detail: null };
  return [
    { ...base, id: "own-ip", cause: "ip_not_listed", component_appid: mini, appids: [mini], error: lastError(40164, now - 11 * MIN), detail: "203.0.113.24", actions: ["refresh_now", "edit_platform"] },
    { ...base, id: "own-taken", cause: "token_taken", component_appid: test, appids: [test], since: now - 2 * DAY, actions: ["edit_platform", "show_accounts"] },
  ];
}

/** The station of the overview. */
export function ownChain(accounts: Account[], now: number): OwnChain | null {
  const mine = accounts.filter((a) => a.connection === "own_secret" && a.removed_at === null);
  if (mine.length === 0) return null;
  const states: TokenState[] = ["valid", "expiring", "failing", "expired", "waiting", "missing"];
  return {
    accounts: counts(mine),
    token_states: states.map((state) => ({ state, count: mine.filter((a) => a.token.state === state).length })).filter((x) => x.count > 0),
    soonest: mine.filter((a) => (a.token.expires_at ?? 0) > now).sort((a, b) => (a.token.expires_at ?? 0) - (b.token.expires_at ?? 0)).slice(0, 5),
  };
}

interface Around {
  start: number;
  owns: () => OwnAccount[];
  setOwns: (owns: OwnAccount[]) => void;
  accounts: () => Account[];
  setAccounts: (accounts: Account[]) => void;
  emit: (...tags: string[]) => void;
}
type OwnCommand = "list_own_accounts" | "get_own_account" | "validate_own_account" | "save_own_account" | "remove_own_account" | "reveal_own_secret" | "force_own_token" | "list_url_verifications";

export function ownAnswers(around: Around): { [K in OwnCommand]: (args: Commands[K]["args"]) => Commands[K]["result"] | Promise<Commands[K]["result"]> } {
  const { emit, start } = around;
  const find = (appid: string): OwnAccount => {
    const found = around.owns().find((x) => x.appid === appid);
    if (!found) throw new HostError({ code: "not_found", message: "no such account" });
    found.account = around.accounts().find((a) => a.appid === appid && a.connection === "own_secret") ?? null;
    return found;
  };
  const heard = new Map<string, UrlVerification[]>();
  let id = 40;
  async function hear(verdict: UrlVerdict, at: number): Promise<UrlVerification> {
    id += 1;
    const timestamp = verdict === "incomplete" ? "" : String(Math.floor(at / 1000));
    const nonce = String(1_000_000_000 + (id * 73_193_571) % 1_000_000_000);
    const order = ([["token", TOKEN], ["timestamp", timestamp], ["nonce", nonce]] as const).slice().sort((a, b) => (a[1] < b[1] ? -1 : 1));
    const computed = verdict === "no_token" ? "" : await sha1(order.map(([, text]) => text).join(""));
    const sent = verdict === "passed" ? computed : verdict === "incomplete" ? "" : await sha1([timestamp, nonce, "wxdesk2025Old"].sort().join(""));
    return { id, at, from: "101.226.103.61", timestamp, nonce, echostr: verdict === "incomplete" ? "" : hex(id, 19).replace(/\D/g, "7"), order: order.map(([part]) => part), sent, computed, verdict };
  }
  async function heardOf(appid: string): Promise<UrlVerification[]> {
    let list = heard.get(appid);
    if (!list) {
      // Strangers knock at a verified address, too.
      const strangers = [];
      for (const minutes of [4, 4, 5, 47, 190]) strangers.push(await hear("wrong_token", start - minutes * MIN));
      list = appid === OWN_IDS.service ? [...strangers, await hear("passed", start - DAY + 40_000), await hear("wrong_token", start - DAY + 8_000)] : appid === OWN_IDS.test ? [await hear("passed", start - 2 * DAY), await hear("no_token", start - 2 * DAY - MIN), await hear("incomplete", start - 2 * DAY - 4 * MIN)] : [];
      heard.set(appid, list);
      // `?auto=1`: WeChat comes after a while, first with the wrong Token.
      if (list.length === 0 && typeof location !== "undefined" && new URLSearchParams(location.search).has("auto")) {
        for (const [verdict, ms] of [["wrong_token", 4_000], ["passed", 9_000]] as const) {
          setTimeout(async () => {
            heard.set(appid, [await hear(verdict, Date.now()), ...(heard.get(appid) ?? [])]);
            if (verdict === "passed") find(appid).verified_at = Date.now();
            emit(`own:${appid}`);
          }, ms);
        }
      }
    }
    return list;
  }
  function check(input: OwnAccountInput): FieldError[] {
    if (input.appid !== "wxffffffffffffffff") return [];
    return [{ field: "appid", rule: "platform", message: "This AppID is a third-party platform's.", message_zh: "这是第三方平台的 AppID，请到「添加平台」填写。" }];
  }

  return {
    list_own_accounts: () => around.owns().map((x) => find(x.appid)),
    get_own_account: ({ appid }) => find(appid),
    validate_own_account: ({ input }) => check(input),
    save_own_account: async ({ input }) => {
      await wait(500);
      const fields = check(input);
      if (fields.length > 0) throw new HostError({ code: "invalid_input", message: "invalid input", detail: { fields } });
      const now = Date.now();
      const old = around.owns().find((x) => x.appid === input.appid);
      const name = input.name || input.appid;
      const kind = input.kind === "mini_program" ? "mini_program" : "official_account";
      const account = input.kind === "website_app" ? null : (old?.account ?? row(input.appid, name, kind, now, token(now, "valid", { generation: 1, obtained_at: now, expires_at: now + LIFE, next_refresh_at: now + LIFE * 0.86 })));
      const made = own(input.appid, name, input.kind ?? old?.kind ?? "official_account", input.public_base_url ?? old?.public_base_url ?? "", account, now, {
        created_at: old?.created_at ?? now, updated_at: now, message_mode: input.message_mode, token_mode: input.token_mode, forced: old?.forced ?? { used: 0, limit: 20, next_at: null }, last_push_at: old?.last_push_at ?? null, verified_at: old?.verified_at ?? null,
        ...(input.endpoints && { endpoints: input.endpoints }), outbound_proxy: input.outbound_proxy === undefined ? (old?.outbound_proxy ?? null) : input.outbound_proxy || null,
        secret_hints: { appsecret: input.appsecret?.slice(-4) ?? old?.secret_hints.appsecret ?? "", verify_token: input.verify_token === undefined ? (old?.secret_hints.verify_token ?? "") : input.verify_token.slice(-4), encoding_aes_key: input.encoding_aes_key?.slice(-4) ?? old?.secret_hints.encoding_aes_key ?? "" },
      });
      if (!input.verify_token && !made.secret_hints.verify_token) made.server_url = "";
      around.setOwns([...around.owns().filter((x) => x.appid !== input.appid), made]);
      around.setAccounts([...around.accounts().filter((a) => a.appid !== input.appid || a.connection !== "own_secret"), ...(account ? [account] : [])]);
      emit(`own:${input.appid}`, "accounts", "overview");
      return find(input.appid);
    },
    remove_own_account: async ({ appid }) => {
      await wait(500);
      around.setOwns(around.owns().filter((x) => x.appid !== appid));
      around.setAccounts(around.accounts().filter((a) => a.appid !== appid || a.connection !== "own_secret"));
      emit(`own:${appid}`, "accounts", "overview");
      return null;
    },
    reveal_own_secret: ({ appid, field }) => {
      const value = { appsecret: `${hex(5, 28)}7b1c`, verify_token: TOKEN, encoding_aes_key: `${hex(parseInt(appid.slice(2, 5), 16), 39)}x9Qa`, outbound_proxy: "http://user:pass@10.0.0.1:3128" }[field];
      return { value, expires_at: null };
    },
    force_own_token: async ({ appid }) => {
      const x = find(appid);
      await wait(800);
      const now = Date.now();
      if (x.forced.used >= x.forced.limit || (x.forced.next_at ?? 0) > now) throw new HostError({ code: "conflict", message: "not yet" });
      x.forced = { ...x.forced, used: x.forced.used + 1, next_at: now + 30_000 };
      if (x.account) Object.assign(x.account, { state: "authorized", token: token(now, "valid", { obtained_at: now, expires_at: now + LIFE, next_refresh_at: now + LIFE * 0.86, generation: x.account.token.generation + 1, reason_code: "forced" }) });
      emit(`own:${appid}`, `account:${appid}`, "overview");
      return x;
    },
    list_url_verifications: ({ appid }) => heardOf(appid),
  };
}
