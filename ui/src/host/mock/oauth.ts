/** Made-up authorize links, users who came back by them, routes and mini-program logins. Development and tests only. */
import { HostError, type CommandName, type Commands } from "../host";
import type { Account, Bilingual, LastError, OauthLink, OauthLinkRequest, OauthPageError, OauthResult, OauthRoute, OauthScopeName, OauthUser, OauthUserState, OwnAccount, Platform } from "../types";
import { hex, lastError, random } from "./data";
import { qr } from "./links";

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const MIN = 60_000;
const HOUR = 60 * MIN;
const DAY = 24 * HOUR;
const LIFE = 2 * HOUR;
/** The mock answers a link's first visitor after this long, ms. */
const FIRST_VISIT = 5_000;
const SCOPES: Record<OauthScopeName, string> = { base: "snsapi_base", userinfo: "snsapi_userinfo", login: "snsapi_login" };
const NICKS = ["阿宁", "Lucas Chen", "小满", "山里的风🍃", "王建国", "Mia", "一只橘猫", "南风知我意", "Kevin（杭州）", "花开富贵", "不吃香菜的大熊先生和他的三只猫咪以及一条狗", "Zoë"];
const both = (zh: string, en: string): Bilingual => ({ zh, en });

/** As the engine words them. */
export const pageErrors: OauthPageError[] = (
  [
    [10003, "网页授权：redirect_uri 域名与后台配置不一致", "OAuth page: redirect_uri's domain differs from the configured one", "在微信后台把网页授权域名改为回调地址的域名，或修正回调地址", "make the web authorization domain in WeChat's console equal to the callback's, or fix the callback"],
    [10004, "网页授权：公众号被封禁", "OAuth page: the account is banned", "登录 mp.weixin.qq.com 查看站内通知", "see the notices at mp.weixin.qq.com"],
    [10005, "网页授权：公众号没有此 scope 的权限", "OAuth page: the account lacks this scope", "仅已认证的服务号具备网页授权；请认证账号或改用 snsapi_base", "only verified service accounts have web authorization; verify the account or use snsapi_base"],
    [10006, "网页授权：须先关注测试号", "OAuth page: the test account must be followed first", "请用户先关注此测试号", "the user must follow the test account first"],
    [10009, "网页授权：操作太频繁", "OAuth page: too frequent", "请稍后再试", "try again later"],
    [10010, "网页授权：scope 不能为空", "OAuth page: scope empty", "在链接中补上 scope", "add scope to the link"],
    [10011, "网页授权：redirect_uri 不能为空", "OAuth page: redirect_uri empty", "在链接中补上 redirect_uri", "add redirect_uri to the link"],
    [10012, "网页授权：appid 不能为空", "OAuth page: appid empty", "在链接中补上 appid", "add appid to the link"],
    [10013, "网页授权：state 不能为空", "OAuth page: state empty", "在链接中补上 state", "add state to the link"],
    [10015, "网页授权：公众号未授权第三方平台", "OAuth page: the account has not authorized the third-party platform", "请账号管理员先完成授权", "have the account's administrator authorize the platform first"],
    [10016, "网页授权：不支持微信开放平台的 appid", "OAuth page: an Open Platform appid was used", "改用公众号的 appid", "use an official account's appid"],
  ] as [number, string, string, string, string][]
).map(([code, zh, en, zhDo, enDo]) => ({ code, meaning: both(zh, en), advice: both(zhDo, enDo) }));

const refusal = (code: number, message: string, at: number, zh: string, en: string): LastError => ({ ...lastError(-1, at), code, message, advice: en, advice_zh: zh });
const badCode = (at: number): LastError => refusal(40163, "code been used, rid: 65f1c2a0-2b7d4c11-0a9be77d", at, "这个 code 已经用过：每个 code 只能换一次。请用户重新打开链接。", "this code was used already: a code works once. Have the user open the link again.");

interface Around {
  scenario: string;
  start: number;
  platforms: () => Platform[];
  accounts: () => Account[];
  owns: () => OwnAccount[];
  emit: (...tags: string[]) => void;
}
type OauthCommand = Extract<CommandName, `${string}oauth${string}` | "mini_login" | "reveal_session_key">;

export function oauthAnswers(around: Around): { [K in OauthCommand]: (args: Commands[K]["args"]) => Commands[K]["result"] | Promise<Commands[K]["result"]> } {
  const { scenario, start, emit } = around;
  const links = new Map<string, OauthLink>();
  let users: OauthUser[] = [];
  let routes: OauthRoute[] = [];
  const logins = new Map<string, number>();
  let filled = "";
  let made = 0;

  const official = (): Account[] => around.accounts().filter((a) => a.kind === "official_account" && a.state !== "unauthorized");
  function base(component: string, appid: string): string {
    const own = around.owns().find((one) => one.appid === appid);
    const url = own ? own.public_base_url : around.platforms().find((one) => one.component_appid === component)?.public_base_url;
    if (url === undefined) throw new HostError({ code: "not_found", message: "no such account" });
    if (url === "") throw new HostError({ code: "invalid_input", message: "invalid input", detail: { fields: [{ field: "public_base_url", rule: "required", message: "Enter the account's public address first: WeChat leads users back to it.", message_zh: "请先填写这个账号的公网地址：微信要把用户带回到这里。" }] } });
    return url;
  }
  function user(i: number, account: { component_appid: string; appid: string }, at: number, scope: string): OauthUser {
    const next = random(i * 97 + 3);
    const age = i % 7 === 3 ? 31 * DAY : i % 3 === 1 ? (next() * 20 + 1) * DAY : next() * LIFE * 0.95;
    const obtained = at - age;
    const profile = scope.includes("userinfo") || scope.includes("login");
    const state: OauthUserState = age > 30 * DAY ? "over" : age > LIFE ? "refreshable" : "valid";
    return {
      id: i + 1, component_appid: account.component_appid, appid: account.appid, openid: `o6_${hex(i + 70, 8)}J${hex(i + 71, 16).toUpperCase().slice(0, 8)}Vt${hex(i + 72, 8)}`.slice(0, 28),
      unionid: i % 4 === 2 ? null : `or4zX0${hex(i + 12, 22)}`, scope, snapshot: i % 11 === 6, nickname: profile ? (i % 11 === 6 ? "微信用户" : NICKS[i % NICKS.length]) : null, sex: profile ? 0 : null, country: profile ? "" : null, province: profile ? "" : null, city: profile ? "" : null,
      head_img_url: profile ? `https://thirdwx.qlogo.cn/mmopen/vi_32/${hex(i + 5, 32)}/132` : null, state, obtained_at: obtained, expires_at: obtained + LIFE, refresh_expires_at: obtained + 30 * DAY, created_at: obtained - (i % 5) * 3 * DAY,
      checked_at: i % 5 === 0 ? at - 20 * MIN : null, check_ok: i % 5 === 0 ? i % 10 !== 5 : null,
      last_error: i % 7 === 3 ? refusal(42002, "refresh_token expired, rid: 65f1c2a0-2b7d4c11-0a9be77d", at - 2 * HOUR, "网页授权刷新令牌已满 30 天，请用户重新授权。", "the web-OAuth refresh token is older than 30 days; the user must consent again.") : null,
    };
  }
  function build(request: OauthLinkRequest, now: number, state = `Lk${hex(now % 1e6 + made, 22)}`): OauthLink {
    made += 1;
    const root = base(request.component_appid, request.appid);
    const callback = `${root}/wechat/oauth/${request.appid}`;
    const component = request.component_appid === request.appid ? "" : `&component_appid=${request.component_appid}`;
    const extra = `${request.force_popup ? "&forcePopup=true" : ""}${request.force_snapshot ? "&forceSnapShot=true" : ""}`;
    const login = request.scope === "login";
    const link: OauthLink = {
      state, component_appid: request.component_appid, appid: request.appid, scope: request.scope, force_popup: request.force_popup, force_snapshot: request.force_snapshot, route: request.route ?? null, note: request.note,
      url: `https://open.weixin.qq.com/connect/${login ? "qrconnect" : "oauth2/authorize"}?appid=${request.appid}&redirect_uri=${encodeURIComponent(callback)}&response_type=code&scope=${SCOPES[request.scope]}&state=${state}${login ? "" : extra + component}#wechat_redirect`,
      qr_svg: qr(made + 900), callback_url: callback, created_at: now, expires_at: now + (request.valid_seconds ?? 86_400) * 1000, ended_at: null, uses: 0, refused: 0, results: [],
    };
    links.set(state, link);
    return link;
  }
  const result = (at: number, extra: Partial<OauthResult>): OauthResult => ({ at, user: null, refused: false, error: null, repeats: 0, ...extra });
  function fill(): void {
    const key = `${around.platforms().map((p) => p.component_appid).join()}|${around.accounts().length}`;
    if (filled === key) return;
    filled = key;
    links.clear();
    users = [];
    routes = [];
    const accounts = official();
    if (scenario === "empty" || accounts.length === 0) return;
    const n = scenario === "many" ? 1400 : scenario === "sandbox" ? 4 : 64;
    users = Array.from({ length: n }, (_, i) => user(i, accounts[i % Math.min(5, accounts.length)], start, i % 3 === 0 ? "snsapi_base" : i % 8 === 1 ? "snsapi_base,snsapi_userinfo" : "snsapi_userinfo"));
    const [first, second = first] = accounts;
    const of = (a: Account, extra: Partial<OauthLinkRequest>): OauthLinkRequest => ({ component_appid: a.component_appid, appid: a.appid, scope: "userinfo", force_popup: false, force_snapshot: false, note: "", ...extra });
    const busy = build(of(first, { note: "前台立牌", valid_seconds: 30 * 86_400 }), start - 3 * DAY, `Busy${hex(1, 20)}`);
    busy.results = [
      result(start - 2 * MIN, { user: users[1] }), result(start - 9 * MIN, { user: users[6], repeats: 2 }), result(start - 14 * MIN, { refused: true }), result(start - 31 * MIN, { error: badCode(start - 31 * MIN) }),
      ...users.slice(10, 16).map((one, i) => result(start - (i + 2) * HOUR, { user: one })),
    ];
    Object.assign(busy, { uses: 128, refused: 7 });
    Object.assign(build(of(second, { scope: "base", note: "" }), start - 5 * HOUR, `Base${hex(2, 20)}`), { uses: 3, results: [result(start - 4 * HOUR, { user: users[0] })] });
    Object.assign(build(of(first, { force_popup: true, note: "收银小票上的二维码（华东区，三月换新版之前一直用这一张，请不要结束）" }), start - 40 * DAY, `Old${hex(3, 20)}`), { expires_at: start - 10 * DAY, uses: 4120, refused: 311 });
    Object.assign(build(of(second, { note: "活动页试用" }), start - 2 * DAY, `End${hex(4, 20)}`), { ended_at: start - DAY, uses: 12, refused: 1 });
    const website = around.owns().find((one) => one.kind === "website_app" && one.public_base_url !== "");
    if (website) build({ component_appid: website.appid, appid: website.appid, scope: "login", force_popup: false, force_snapshot: false, note: "商家后台扫码登录" }, start - 26 * HOUR + 86_400_000 * 0, `Web${hex(5, 20)}`).uses = 41;
    routes = [
      route("rt_member", first, "会员中心", "https://member.example.com/wechat/entry", "userinfo", 2841, start - 3 * MIN),
      route("rt_coupon", second, "领券页", "https://h5.regional-gateway.commerce.example-platform.com.cn/coupons/receive/landing", "base", 0, null),
    ];
  }
  function route(id: string, a: { component_appid: string; appid: string }, name: string, url: string, scope: OauthScopeName, used: number, last: number | null): OauthRoute {
    return { id, component_appid: a.component_appid, appid: a.appid, name, url, scope, enter_url: `${base(a.component_appid, a.appid)}/wechat/oauth/${a.appid}?route=${id}&state=`, created_at: start - 20 * DAY, used, last_used_at: last };
  }
  function find(state: string): OauthLink {
    fill();
    const found = links.get(state);
    if (!found) throw new HostError({ code: "not_found", message: "no such link" });
    return found;
  }
  function findUser(id: number): OauthUser {
    fill();
    const found = users.find((one) => one.id === id);
    if (!found) throw new HostError({ code: "not_found", message: "no such user" });
    return found;
  }
  /** Over: WeChat refuses whatever is asked with these tokens. */
  function live(one: OauthUser): void {
    if (one.state !== "over") return;
    one.last_error = refusal(42002, "refresh_token expired, rid: 65f1c2a0-2b7d4c11-0a9be77d", Date.now(), "网页授权刷新令牌已满 30 天，请用户重新授权。", "the web-OAuth refresh token is older than 30 days; the user must consent again.");
    emit("oauth");
    throw new HostError({ code: "refused", message: "refused", detail: { refusal: one.last_error } });
  }
  function visit(state: string, extra: (at: number) => Partial<OauthResult>): void {
    const link = links.get(state);
    const now = Date.now();
    if (!link || link.ended_at !== null || link.expires_at < now) return;
    const one = result(now, extra(now));
    link.results = [one, ...link.results].slice(0, 20);
    if (one.refused) link.refused += 1;
    else if (one.user) link.uses += 1;
    emit("oauth");
  }

  return {
    make_oauth_link: async ({ request }) => {
      await wait(300);
      fill();
      if (request.valid_seconds !== undefined && (request.valid_seconds < 60 || request.valid_seconds > 31_536_000)) throw new HostError({ code: "invalid_input", message: "invalid input", detail: { fields: [{ field: "valid_seconds", rule: "range", message: "Between a minute and 365 days.", message_zh: "1 分钟到 365 天之间。" }] } });
      const link = build(request, Date.now());
      const fresh = (at: number): OauthUser => ({ ...user(200 + made, request, at, SCOPES[request.scope]), state: "valid", snapshot: false, obtained_at: at, expires_at: at + LIFE, refresh_expires_at: at + 30 * DAY, created_at: at, checked_at: null, check_ok: null, last_error: null });
      if (scenario !== "healthy" && scenario !== "sandbox") {
        setTimeout(() => visit(link.state, (at) => ((users = [fresh(at), ...users]), { user: users[0] })), FIRST_VISIT);
        setTimeout(() => visit(link.state, () => ({ refused: true })), FIRST_VISIT * 2);
        if (request.scope !== "login") setTimeout(() => visit(link.state, (at) => ({ user: { ...fresh(at), id: 90_000, snapshot: true, nickname: "微信用户" } })), FIRST_VISIT * 3);
      }
      emit("oauth");
      return link;
    },
    list_oauth_links: ({ component_appid, appid }) => (fill(), [...links.values()].filter((one) => (!component_appid || one.component_appid === component_appid) && (!appid || one.appid === appid)).sort((a, b) => b.created_at - a.created_at)),
    get_oauth_link: ({ state }) => find(state),
    end_oauth_link: ({ state }) => {
      const link = find(state);
      link.ended_at ??= Date.now();
      emit("oauth");
      return link;
    },
    list_oauth_users: ({ query }) => {
      fill();
      const q = (query.q ?? "").toLowerCase();
      const all = users.filter((one) => (!query.component_appid || one.component_appid === query.component_appid) && (!query.appid || one.appid === query.appid) && (!query.state || one.state === query.state) && `${one.openid} ${one.unionid ?? ""} ${one.nickname ?? ""}`.toLowerCase().includes(q));
      const from = query.offset ?? 0;
      return { items: all.slice(from, from + (query.limit ?? 100)), total: all.length };
    },
    check_oauth_user: async ({ id }) => {
      await wait(400);
      const one = findUser(id);
      Object.assign(one, { checked_at: Date.now(), check_ok: one.state === "valid" });
      emit("oauth");
      return one;
    },
    refresh_oauth_user: async ({ id }) => {
      await wait(500);
      const one = findUser(id);
      live(one);
      const now = Date.now();
      Object.assign(one, { state: "valid", obtained_at: now, expires_at: now + LIFE, last_error: null });
      emit("oauth");
      return one;
    },
    read_oauth_profile: async ({ id }) => {
      await wait(500);
      const one = findUser(id);
      live(one);
      if (one.scope === "snsapi_base") throw new HostError({ code: "refused", message: "refused", detail: { refusal: refusal(48001, "api unauthorized, rid: 65f1c2a0-2b7d4c11-0a9be77d", Date.now(), "用户只授予了 snsapi_base，读不到资料。请用 snsapi_userinfo 的链接再授权一次。", "the user granted snsapi_base only, which gives no profile. Have them consent to snsapi_userinfo.") } });
      one.nickname ??= NICKS[id % NICKS.length];
      emit("oauth");
      return one;
    },
    forget_oauth_user: ({ id }) => ((users = users.filter((one) => one.id !== id)), emit("oauth"), null),
    reveal_oauth_token: ({ id }) => ({ value: `72_${hex(id + 3, 86)}`, expires_at: findUser(id).expires_at }),
    list_oauth_routes: () => (fill(), routes),
    save_oauth_route: async ({ input }) => {
      await wait(400);
      fill();
      if (!/^https:\/\/|^http:\/\/(127\.0\.0\.1|localhost)/.test(input.url)) throw new HostError({ code: "invalid_input", message: "invalid input", detail: { fields: [{ field: "url", rule: "https", message: "Must begin with https:// (http:// for this machine only).", message_zh: "须以 https:// 开头（本机可用 http://）。" }] } });
      const fresh = route(input.id || `rt_${hex(made + routes.length + 9, 10)}`, input, input.name, input.url, input.scope, 0, null);
      const before = routes.find((one) => one.id === input.id);
      if (before) Object.assign(before, { ...fresh, used: before.used, last_used_at: before.last_used_at, created_at: before.created_at });
      else routes = [...routes, { ...fresh, created_at: Date.now() }];
      emit("oauth");
      return before ?? fresh;
    },
    remove_oauth_route: ({ id }) => ((routes = routes.filter((one) => one.id !== id)), emit("oauth"), null),
    oauth_page_errors: () => pageErrors,
    mini_login: async ({ appid, js_code }) => {
      await wait(500);
      const now = Date.now();
      if (js_code.startsWith("used")) throw new HostError({ code: "refused", message: "refused", detail: { refusal: badCode(now) } });
      const id = hex(now % 99_991, 24);
      logins.set(id, now);
      return { id, openid: `o16wA0${hex(parseInt(appid.slice(2, 6), 16), 22)}`, unionid: js_code.length % 2 === 0 ? `or4zX05${hex(7, 21)}` : null, at: now };
    },
    reveal_session_key: ({ id }) => {
      const at = logins.get(id);
      if (at === undefined || at + 10 * MIN < Date.now()) throw new HostError({ code: "not_found", message: "gone" });
      return { value: `${hex(parseInt(id.slice(0, 5), 16), 22)}==`, expires_at: at + 10 * MIN };
    },
  };
}
