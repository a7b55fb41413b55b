/** Made-up platforms and accounts in every state. Development and tests only; never in the production bundle. */
import type { Account, AccountCounts, AccountState, Attempt, LastError, Need, PermissionSet, Platform, ReasonCode, TokenState, TokenView } from "../types";

const MIN = 60_000;
const HOUR = 60 * MIN;
/** WeChat's lifetime of tokens, ms. */
export const LIFE = 7_200_000;

export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state * 1664525 + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export function hex(seed: number, length: number): string {
  const next = random(seed * 7919 + 13);
  return Array.from({ length }, () => Math.floor(next() * 16).toString(16)).join("");
}

const NAMES = [
  "晨光咖啡", "江南小馆", "云上书屋", "老李修车", "蓝鲸洗衣", "花田错花艺", "山野户外装备", "青禾少儿编程", "北门烤肉", "拾光摄影工作室",
  "安心到家家政", "小满母婴", "南城律师事务所", "极客数码维修", "一米阳光幼儿园", "橙子健身", "渔人码头海鲜", "知行教育", "悦来酒店", "万家便利",
];
const LONG_NAME = "上海市浦东新区陆家嘴金融贸易区世纪大道生活服务平台官方账号（内部测试二号）";
const PRINCIPALS = ["杭州晨光餐饮管理有限公司", "江南小馆（苏州）餐饮有限公司", "北京云上文化传播有限公司", "个体工商户李建国", "深圳市蓝鲸生活服务科技股份有限公司南山分公司"];

export function lastError(code: number, at: number): LastError {
  const known: Record<number, [string, string, string]> = {
    61004: ["access clientip is not registered", "把出口 IP 加入开放平台「白名单IP地址列表」，保存后几分钟生效。", "Add the outbound IP to 白名单IP地址列表 on the open platform; it takes effect within minutes."],
    61023: ["refresh_token is invalid", "刷新令牌已失效，且微信的授权列表里没有更新的。请账号管理员重新授权。", "The refresh token is dead and WeChat's list holds no newer one. Ask the owner to authorize again."],
    45009: ["reach max api daily quota limit", "今日调用额度已用完，北京时间 0 点重置；也可在开放平台清零。", "Today's quota is used up; it resets at 0:00 Beijing time, or clear it on the open platform."],
    40164: ["invalid ip 203.0.113.24, not in whitelist", "把出口 IP 加入公众平台「IP白名单」。", "Add the outbound IP to IP白名单 on mp.weixin.qq.com."],
    [-1]: ["system error", "微信系统繁忙，引擎会自动重试。", "WeChat is busy; the engine retries by itself."],
    40125: ["invalid appsecret", "AppSecret 不对，可能在开放平台重置过。请重新填写。", "The AppSecret is wrong; it may have been reset on the open platform. Enter it again."],
    0: ["connection timed out after 10 s", "连接微信超时，引擎会自动重试。", "The connection to WeChat timed out; the engine retries by itself."],
  };
  const [message, zh, en] = known[code] ?? known[0];
  return { code, message, at, rid: code === 0 ? null : `${hex(code + 1, 8)}-${hex(code + 2, 8)}-${hex(code + 3, 8)}`, ip: code === 61004 || code === 40164 ? "203.0.113.24" : null, advice: en, advice_zh: zh };
}

export function token(now: number, state: TokenState, extra: Partial<TokenView> = {}): TokenView {
  const age = { valid: 0.35, expiring: 0.9, expired: 1.05, failing: 0.93, missing: 0, waiting: 1.1 }[state] * LIFE;
  const reasons: Record<TokenState, ReasonCode> = { valid: "fresh", expiring: "due", expired: "due", failing: "backing_off", missing: "no_token", waiting: "parent_missing" };
  const obtained = state === "missing" ? null : now - age;
  const base: TokenView = {
    state,
    obtained_at: obtained,
    expires_at: obtained === null ? null : obtained + LIFE,
    next_refresh_at: obtained === null ? null : state === "valid" ? obtained + LIFE * 0.86 : now + 40_000,
    generation: state === "missing" ? 0 : 17,
    in_flight: false,
    needs_operator: false,
    reason_code: reasons[state],
    reason: "",
    last_error: state === "failing" ? lastError(-1, now - 90_000) : null,
  };
  return { ...base, ...extra };
}

/** One account; its index decides its state, so that each state is there. */
export function account(index: number, component: string, now: number): Account {
  const next = random(index + 101);
  const appid = `wx${hex(index + 5000, 16)}`;
  const kind = index % 23 === 22 ? "unknown" : index % 3 === 1 ? "mini_program" : "official_account";
  const jitter = next();
  let state: AccountState = "authorized";
  let view = token(now, "valid", { generation: 1 + Math.floor(next() * 400) });
  const obtained = now - jitter * LIFE * 0.84;
  view = { ...view, obtained_at: obtained, expires_at: obtained + LIFE, next_refresh_at: obtained + LIFE * (0.84 + next() * 0.03) };
  const slot = index % 40;
  if (slot === 4) view = token(now, "expiring", { generation: 88 });
  if (slot === 5) view = token(now, "expiring", { generation: 3, in_flight: true, next_refresh_at: null });
  if (slot === 7) {
    state = "failing";
    view = token(now, "failing", { generation: 42, next_refresh_at: now + 83_000 });
  }
  if (slot === 9) {
    state = "needs_authorization";
    view = token(now, "expired", { needs_operator: true, reason_code: "needs_authorization", next_refresh_at: null, last_error: lastError(61023, now - 3 * HOUR) });
  }
  if (slot === 12) {
    state = "failing";
    view = token(now, "failing", { needs_operator: true, reason_code: "ip_not_listed", next_refresh_at: now + 8 * MIN, last_error: lastError(61004, now - 12 * MIN) });
  }
  if (slot === 15) view = token(now, "waiting", { reason_code: "parent_missing", next_refresh_at: null });
  if (slot === 18) {
    state = "unauthorized";
    view = token(now, "missing", { reason_code: "unauthorized" });
  }
  if (slot === 21) view = token(now, "valid", { obtained_at: now - LIFE + 95_000, expires_at: now + 95_000, generation: 9, state: "expiring", next_refresh_at: now + 20_000, reason_code: "emergency" });
  return {
    appid,
    component_appid: component,
    connection: "authorized",
    kind,
    nick_name: kind === "unknown" ? "" : index === 3 ? LONG_NAME : `${NAMES[index % NAMES.length]}${index >= NAMES.length ? ` ${Math.floor(index / NAMES.length) + 1} 店` : ""}`,
    user_name: `gh_${hex(index + 9000, 12)}`,
    principal_name: kind === "unknown" ? "" : PRINCIPALS[index % PRINCIPALS.length],
    state,
    tenant: null,
    scopes: kind === "mini_program" ? [17, 18, 19, 30, 37, 49] : [1, 2, 3, 4, 7, 11, 15, 23, 24],
    authorized_at: now - index * 7 * HOUR - 20 * MIN,
    has_avatar: kind !== "unknown" && index % 5 !== 2,
    token: view,
    note: "",
    tags: [],
    removed_at: null,
    unauthorized_at: null,
  };
}

export function counts(accounts: Account[]): AccountCounts {
  const of = (state: AccountState): number => accounts.filter((a) => a.state === state).length;
  return { total: accounts.length, authorized: of("authorized"), failing: of("failing"), needs_authorization: of("needs_authorization"), unauthorized: of("unauthorized") };
}

export function platform(component: string, name: string, base: string, now: number, extra: Partial<Platform> = {}): Platform {
  const host = base.replace(/^https?:\/\//, "");
  return {
    component_appid: component,
    name,
    public_base_url: base,
    endpoints: { api: "https://api.weixin.qq.com", mp: "https://mp.weixin.qq.com", open: "https://open.weixin.qq.com" },
    outbound_proxy: null,
    has_previous_key: false,
    secret_hints: { component_appsecret: "…7b1c", verify_token: "…Tk3n", encoding_aes_key: "…x9Qa" },
    sandbox: false,
    callback_urls: { authorize_domain: host, event_url: `${base}/wechat/${component}/event`, message_url: `${base}/wechat/${component}/callback/$APPID$`, web_domain: host },
    accounts: counts([]),
    ticket: { state: "fresh", received_at: now - 3 * MIN - 12_000, recent: Array.from({ length: 10 }, (_, i) => now - 3 * MIN - 12_000 - i * 10 * MIN - (i % 3) * 9_000) },
    component_token: token(now, "valid", { generation: 214 }),
    created_at: now - 90 * 24 * HOUR,
    updated_at: now - 4 * 24 * HOUR,
    previous_key_since: null,
    previous_key_used_at: null,
    ...extra,
  };
}

export function attempts(now: number, seed: number): Attempt[] {
  return Array.from({ length: 14 }, (_, i): Attempt => {
    const failed = (i + seed) % 6 === 2;
    const healed = i === 8;
    return {
      id: 1000 - i,
      at: now - 35 * MIN - i * 105 * MIN,
      duration_ms: 180 + ((i * 137 + seed * 31) % 900),
      reason_code: i === 3 ? "requested" : i === 8 ? "reported_rejected" : failed ? "backing_off" : "due",
      outcome: failed ? "failed" : healed ? "healed" : i === 11 ? "interrupted" : "ok",
      generation: failed || i === 11 ? null : 17 - i,
      error: failed ? lastError(i === 2 ? 61004 : -1, now - 35 * MIN - i * 105 * MIN) : null,
    };
  });
}

const SETS: [number, string, string, "o" | "m", boolean?][] = [
  [1, "消息管理权限", "Message management", "o"], [2, "用户管理权限", "User management", "o"], [3, "帐号服务权限", "Account service (QR codes, links)", "o"], [4, "网页服务权限", "Web service (OAuth, JS-SDK)", "o"],
  [6, "微信多客服权限", "Customer service", "o"], [7, "群发与通知权限", "Broadcast and notification", "o"], [8, "微信卡券权限", "Cards and coupons", "o"], [11, "素材管理权限", "Media management", "o"],
  [15, "自定义菜单权限", "Custom menus", "o"], [23, "广告管理权限", "Advertising", "o"], [24, "开放平台帐号管理权限", "Open platform account management", "o", true], [27, "快速注册小程序权限", "Fast mini program registration", "o"],
  [17, "帐号管理权限", "Account management", "m"], [18, "开发管理与数据分析权限", "Development and data analysis", "m", true], [19, "客服消息管理权限", "Customer message management", "m"], [30, "小程序基本信息设置权限", "Basic information settings", "m"],
  [37, "附近地点权限集", "Nearby places", "m"], [49, "云开发管理权限集", "Cloud development", "m"], [76, "违规和申诉管理权限", "Violations and appeals", "m"], [142, "小程序发货管理服务", "Shipping management", "m"],
];

export const permissionSets: PermissionSet[] = SETS.map(([id, zh, en, kind, exclusive]) => ({ id, name: { zh, en }, exclusive: exclusive ?? false, kind: kind === "o" ? "official_account" : "mini_program" }));

export function needs(now: number, first: Platform, second: Platform, third: Platform): Need[] {
  const base: Omit<Need, "id" | "cause" | "actions"> = { component_appid: null, own: false, platform_name: null, since: now - 25 * MIN, count: 0, appids: [], error: null, detail: null };
  const of = (p: Platform): Pick<Need, "component_appid" | "platform_name"> => ({ component_appid: p.component_appid, platform_name: p.name });
  return [
    { ...base, ...of(second), id: "ip", cause: "ip_not_listed", since: now - 12 * MIN, count: 34, error: lastError(61004, now - 12 * MIN), detail: "203.0.113.24", actions: ["test_egress", "refresh_now", "edit_platform"] },
    { ...base, ...of(third), id: "never", cause: "ticket_never_came", since: now - 26 * MIN, actions: ["start_ticket_push", "show_callback_urls"] },
    { ...base, id: "door", cause: "door_unreachable", since: now - 4 * MIN, detail: "https://abc.natapp.cc: the tunnel answers 502: nothing behind it", actions: ["check_door"] },
    { ...base, ...of(first), id: "reauth", cause: "needs_authorization", since: now - 3 * HOUR, count: 3, appids: [`wx${hex(5009, 16)}`], error: lastError(61023, now - 3 * HOUR), actions: ["reauthorize", "show_accounts"] },
    { ...base, id: "store", cause: "store_set_aside", since: now - 2 * HOUR, detail: "/home/ops/.local/share/wxdesk/store.db.damaged-20260105-1432", actions: ["dismiss"] },
  ];
}

export const ALL_NEEDS: { cause: Need["cause"]; actions: Need["actions"]; code: number | null; detail?: string }[] = [
  { cause: "listener_down", actions: ["restart_listener"], code: null, detail: "cannot listen on 127.0.0.1:8090: nginx (pid 812) listens there; 127.0.0.1:8092 is free" },
  { cause: "tunnel_url_changed", actions: ["show_tunnels", "show_callback_urls"], code: null, detail: "https://kwrs4y.natappfree.cc → https://diby3i.natappfree.cc" },
  { cause: "tunnel_failed", actions: ["show_tunnels"], code: null, detail: "ngrok: authentication failed: The authtoken you specified does not look like a proper ngrok authtoken. ERR_NGROK_105" },
  { cause: "ip_not_listed", actions: ["test_egress", "refresh_now"], code: 40164 },
  { cause: "ticket_late", actions: ["start_ticket_push", "check_door"], code: null },
  { cause: "secret_invalid", actions: ["edit_platform"], code: 40125 },
  { cause: "quota_exhausted", actions: ["show_accounts"], code: 45009 },
  { cause: "refresh_failing", actions: ["refresh_now", "show_accounts"], code: -1 },
];
