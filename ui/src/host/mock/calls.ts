/** Made-up call log, quotas, request ids, options and token history. Development and tests only. */
import { HostError, type CommandName, type Commands } from "../host";
import type { Account, AccountExtra, AccountOption, ApiCall, ApiCallQuery, Bilingual, CallReason, ClearAllowance, ErrcodeWords, GenerationCause, KnownApi, OptionName, Platform, QuotaItem, TokenGeneration, TransportErrorKind } from "../types";
import { bulkAnswers } from "./bulk";
import { hex, lastError, LIFE, random } from "./data";

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const both = (zh: string, en: string): Bilingual => ({ zh, en });

const APIS: [string, string, string, KnownApi["subject"], boolean][] = [
  ["/cgi-bin/component/api_start_push_ticket", "启动票据推送服务", "Start ticket push", "component", false],
  ["/cgi-bin/component/api_component_token", "获取第三方平台令牌", "Get the component token", "component", true],
  ["/cgi-bin/component/api_create_preauthcode", "获取预授权码", "Create a pre-authorization code", "component", true],
  ["/cgi-bin/component/api_query_auth", "使用授权码获取授权信息", "Redeem an authorization code", "component", true],
  ["/cgi-bin/component/api_authorizer_token", "获取或刷新接口调用令牌", "Refresh an authorizer token", "component", true],
  ["/cgi-bin/component/api_get_authorizer_info", "获取授权账号详情", "Get an authorizer's details", "component", true],
  ["/cgi-bin/component/api_get_authorizer_list", "拉取已授权的账号信息", "List authorizers", "component", true],
  ["/cgi-bin/component/get_authorizer_option", "获取授权方选项信息", "Get an authorizer option", "account", false],
  ["/cgi-bin/component/clear_quota/v2", "使用AppSecret重置第三方平台API调用次数", "Clear quotas with the platform's AppSecret", "component", false],
  ["/cgi-bin/openapi/quota/get", "查询API调用额度", "Query an API's quota", "both", false],
  ["/cgi-bin/openapi/rid/get", "查询rid信息", "Look up a request id", "both", false],
  ["/cgi-bin/get_api_domain_ip", "获取微信API服务器IP", "Get the addresses of WeChat's API", "both", false],
  ["/cgi-bin/menu/create", "创建自定义菜单", "Create the menu", "account", true],
  ["/cgi-bin/menu/get", "获取自定义菜单配置", "Get the menu", "account", true],
  ["/cgi-bin/menu/delete", "删除自定义菜单", "Delete the menu", "account", true],
  ["/cgi-bin/message/custom/send", "发送客服消息", "Send a customer-service message", "account", true],
  ["/cgi-bin/message/template/send", "发送模板消息", "Send a template message", "account", true],
  ["/cgi-bin/ticket/getticket", "获取JS-SDK票据", "Get a JS-SDK ticket", "account", true],
  ["/cgi-bin/qrcode/create", "生成带参数二维码", "Create a parametric QR code", "account", true],
  ["/cgi-bin/user/info", "获取用户基本信息", "Get a user's information", "account", true],
  ["/cgi-bin/user/get", "获取关注用户列表", "List followers", "account", true],
  ["/cgi-bin/media/upload", "上传临时素材", "Upload temporary media", "account", true],
];
const apis: KnownApi[] = APIS.map(([path, zh, en, subject, by_default]) => ({ path, name: both(zh, en), subject, by_default }));
const apiName = (path: string): Bilingual | null => apis.find((api) => api.path === path)?.name ?? null;

const MEANING: Record<number, [string, string]> = {
  61004: ["调用方 IP 不在白名单", "The calling IP is not on the list"],
  61023: ["刷新令牌无效", "The refresh token is not valid"],
  45009: ["接口今日调用额度已用完", "The API's daily quota is used up"],
  40164: ["调用 IP 不在账号的白名单", "The IP is not on the account's list"],
  [-1]: ["微信系统繁忙", "WeChat is busy"],
  40125: ["AppSecret 无效", "The AppSecret is not valid"],
};
function words(code: number | null): ErrcodeWords | null {
  if (code === null || !MEANING[code]) return null;
  const error = lastError(code, 0);
  return { code, meaning: both(...MEANING[code]), advice: both(error.advice_zh, error.advice) };
}

/** What an account's page shows besides its row. */
export function extraOf(row: Account): AccountExtra {
  const mini = row.kind === "mini_program";
  return {
    qr: row.kind !== "unknown",
    register_type: mini ? 2 : null,
    register_type_text: mini ? both("公众号快速注册", "Registered through an official account") : both("", ""),
    business: mini || row.kind === "unknown" ? [] : [{ name: "open_pay", label: both("微信支付", "WeChat Pay"), open: true }, { name: "open_shake", label: both("摇一摇", "Shake"), open: false }, { name: "open_scan", label: both("扫商品", "Product scan"), open: false }, { name: "open_card", label: both("卡券", "Cards"), open: true }, { name: "open_store", label: both("门店", "Stores"), open: true }],
    domains: mini ? [{ name: "RequestDomain", label: both("request 合法域名", "Request domains"), domains: ["https://api.example.com", "https://a-very-long-subdomain.regional-gateway.commerce.example-platform.com.cn", "https://pay.example.com"] }, { name: "UploadDomain", label: both("uploadFile 合法域名", "Upload domains"), domains: ["https://up.example.com"] }, { name: "BizDomain", label: both("业务域名", "Web-view domains"), domains: ["https://h5.example.com"] }] : [],
    categories: mini ? [{ first: "餐饮", second: "点餐平台" }, { first: "商家自营", second: "食品饮料" }] : [],
    visit_status: mini ? (row.appid.endsWith("3") ? 1 : 0) : null,
    phone_configured: mini ? true : null,
    email_configured: mini ? false : null,
    next_details_at: row.state === "unauthorized" ? null : Date.now() + 9 * HOUR,
  };
}

interface Around {
  scenario: string;
  start: number;
  platforms: () => Platform[];
  accounts: () => Account[];
  emit: (...tags: string[]) => void;
  call: <K extends CommandName>(name: K, args: Commands[K]["args"]) => Promise<Commands[K]["result"]>;
}
type CallCommand =
  | "get_account_qr" | "get_account_options" | "set_account_option" | "known_apis" | "get_quota" | "clear_quota" | "clear_api_quota" | "lookup_rid" | "list_api_calls" | "export_api_calls"
  | "get_api_call_settings" | "set_api_call_retention" | "explain_errcode" | "test_token" | "token_timeline" | "start_bulk" | "list_bulk_jobs" | "bulk_job" | "cancel_bulk" | "export_bulk_report";

const OPTIONS: [OptionName, Bilingual, Bilingual, [string, string, string][]][] = [
  ["location_report", both("地理位置上报", "Location report"), both("用户同意后，公众号收到用户的位置事件。", "With the follower's consent, location events are pushed."), [["0", "不上报", "Off"], ["1", "进入会话时上报", "On entering the chat"], ["2", "每 5 秒上报", "Every 5 seconds"]]],
  ["voice_recognize", both("语音识别", "Voice recognition"), both("语音消息带上识别出的文字。", "Voice messages carry the recognised text."), [["0", "关闭", "Off"], ["1", "开启", "On"]]],
  ["customer_service", both("多客服", "Customer service"), both("消息可以转给微信的客服系统。", "Messages can be handed to WeChat's customer service."), [["0", "关闭", "Off"], ["1", "开启", "On"]]],
];

export function callAnswers(around: Around): { [K in CallCommand]: (args: Commands[K]["args"]) => Commands[K]["result"] | Promise<Commands[K]["result"]> } {
  const { scenario, start, emit } = around;
  const values = new Map<string, string>();
  let days = 30;
  let log: ApiCall[] | null = null;
  const REASONS: CallReason[] = ["scheduled", "scheduled", "details", "operator", "server", "scheduled", "quota", "link", "test", "menu", "options", "reconcile"];
  const PATHS = [4, 4, 5, 4, 4, 1, 9, 2, 11, 12, 7, 6];
  const CODES = [-1, 61004, 45009, 61023, 40164, 48001];

  function row(id: number, at: number, n: number): ApiCall {
    const accounts = around.accounts();
    const next = random(n * 31 + 7);
    const account = n % 7 === 5 ? null : accounts[Math.floor(next() * accounts.length)];
    const path = apis[PATHS[n % PATHS.length]].path;
    const bad = n % 9 === 4;
    const broken = n % 31 === 11;
    const code = CODES[n % CODES.length];
    const error = lastError(code, at);
    const transport = (["timeout", "connect", "dropped", "proxy", "too_large", "abandoned", "bad_body"] as TransportErrorKind[])[Math.floor(n / 31) % 7];
    return {
      id, at, component_appid: account?.component_appid ?? around.platforms()[0]?.component_appid ?? "", appid: account?.appid ?? null, account_name: account?.nick_name || null,
      api: path, api_name: apiName(path), reason: REASONS[n % REASONS.length], duration_ms: broken ? 10_004 : 90 + Math.floor(next() * 700), ok: !bad && !broken,
      errcode: bad && !broken ? code : null, message: broken ? "the connection to api.weixin.qq.com was cut" : bad ? (code === 48001 ? "api unauthorized hint: [Kz0456vr-1]" : error.message) : null,
      rid: broken ? null : bad || n % 2 === 0 ? `${hex(n, 8)}-${hex(n + 1, 8)}-${hex(n + 2, 8)}` : null,
      http_status: broken ? null : 200, transport_error: broken ? transport : null, words: bad && !broken ? words(code) : null,
    };
  }
  function rows(): ApiCall[] {
    if (!log) {
      const n = scenario === "empty" || scenario === "sandbox" ? 0 : scenario === "many" ? 20_000 : 900;
      log = Array.from({ length: n }, (_, i) => row(n - i, start - 4_000 - i * 47_000, i));
      if (n > 0 && new URLSearchParams(location.search).has("live")) {
        setInterval(() => {
          const all = log ?? [];
          log = [row((all[0]?.id ?? 0) + 1, Date.now(), (all[0]?.id ?? 0) + 3), ...all];
          emit("api_calls");
        }, 2_500);
      }
    }
    return log;
  }
  const match = (query: ApiCallQuery): ApiCall[] =>
    rows().filter(
      (call) =>
        (!query.platform || call.component_appid === query.platform) && (!query.appid || call.appid === query.appid) && (!query.api || call.api.includes(query.api)) && (query.errcode === undefined || call.errcode === query.errcode) &&
        (!query.only_errors || !call.ok) && (!query.reason || call.reason === query.reason) && (query.from === undefined || call.at >= query.from) && (query.until === undefined || call.at < query.until),
    );

  function option(appid: string, [name, label, hint, choices]: (typeof OPTIONS)[number]): AccountOption {
    const failed = scenario === "needs" && name === "customer_service";
    const value = failed ? null : (values.get(`${appid}/${name}`) ?? (name === "voice_recognize" ? "1" : "0"));
    const found = choices.find(([v]) => v === value);
    return { name, label, hint, value, value_text: found ? both(found[1], found[2]) : both("", ""), choices: choices.map(([v, zh, en]) => ({ value: v, text: both(zh, en) })), error: failed ? lastError(61004, Date.now()) : null };
  }

  const used = new Map<string, number>();
  let clears = 2;
  const allowance = (): ClearAllowance => {
    const now = new Date();
    return { limit: 10, used_at_least: Math.min(10, clears), exhausted: scenario === "needs", month_start: Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1) - 8 * HOUR, resets_at: Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1) - 8 * HOUR, last_at: clears > 0 ? start - 3 * DAY : null };
  };
  function quota(whose: string, path: string): QuotaItem {
    const i = Math.max(0, apis.findIndex((api) => api.path === path));
    const limit = [100_000, 2_000, 10_000, 500, 5_000_000, 1_000][i % 6];
    const share = used.get(`${whose}${path}`) ?? [0.02, 0.41, 0.995, 0, 0.12, 0.83, 1, 0.3][(i + whose.length + whose.charCodeAt(5)) % 8];
    const failed = path.includes("ticket/getticket") || path.startsWith("/sns/");
    const n = Math.round(limit * share);
    return {
      cgi_path: path, name: apiName(path), daily_limit: failed ? null : limit, used: failed ? null : n, remain: failed ? null : limit - n,
      rate_limit: i % 4 === 0 && !failed ? { call_count: 600, refresh_second: 60 } : null, component_rate_limit: i % 5 === 0 && !failed ? { call_count: 6_000, refresh_second: 60 } : null,
      error: failed ? { ...lastError(-1, Date.now()), code: 76021, message: "cgi_path not found, please check", advice: "WeChat tells no quota of this path. Check it against the documentation.", advice_zh: "微信不提供这个接口的额度，请核对路径。" } : null,
    };
  }

  function timeline(seed: number, current: number, failing: boolean): { pending: TokenGeneration["attempts"]; generations: TokenGeneration[] } {
    const causes: GenerationCause[] = ["scheduled", "operator", "scheduled", "server", "scheduled", "emergency", "healed", "scheduled", "clock_jumped", "interrupted", "scheduled"];
    const generations = Array.from({ length: Math.min(current, 12) }, (_, i): TokenGeneration => {
      const number = current - i;
      const cause: GenerationCause = number === 1 ? "authorization" : causes[(i + seed) % causes.length];
      const at = start - 35 * 60_000 - i * LIFE * 0.86;
      const reason = { scheduled: "due", emergency: "emergency", first: "no_token", operator: "requested", server: "reported_rejected", clock_jumped: "clock_jumped", interrupted: "interrupted", healed: "needs_authorization", authorization: "fresh", forced: "forced", taken: "taken_by_another" } as const;
      const failures = cause === "emergency" ? 3 : cause === "healed" || cause === "interrupted" ? 1 : 0;
      return {
        generation: number, obtained_at: at, expires_at: at + LIFE, current: i === 0, cause,
        attempts: cause === "authorization" ? [] : [
          { id: 1000 - i * 10, at: at - 300, duration_ms: 180 + ((i * 137) % 900), reason_code: reason[cause], outcome: "ok", generation: number, error: null },
          ...Array.from({ length: failures }, (_, n) => ({ id: 999 - i * 10 - n, at: at - (n + 1) * 60_000, duration_ms: cause === "interrupted" ? null : 400, reason_code: "due" as const, outcome: cause === "interrupted" ? ("interrupted" as const) : cause === "healed" ? ("healed" as const) : ("failed" as const), generation: null, error: cause === "emergency" ? lastError(-1, at) : null })),
        ],
      };
    });
    return { pending: failing ? [0, 1, 2].map((n) => ({ id: 2000 - n, at: start - 90_000 - n * 120_000, duration_ms: 10_002, reason_code: "backing_off", outcome: "failed", generation: null, error: lastError(n === 1 ? 0 : -1, start) })) : [], generations };
  }
  const find = (component: string, appid: string): Account => {
    const found = around.accounts().find((a) => a.appid === appid && a.component_appid === component);
    if (!found) throw new HostError({ code: "not_found", message: "no such account" });
    return found;
  };

  return {
    ...bulkAnswers(around),
    get_account_qr: async ({ appid }) => {
      await wait(300);
      const next = random(parseInt(appid.slice(2, 8), 16));
      const cells = Array.from({ length: 25 * 25 }, (_, i) => (next() > 0.5 ? `M${i % 25} ${Math.floor(i / 25)}h1v1h-1z` : "")).join("");
      return `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="-2 -2 29 29"><path fill="#fff" d="M-2-2h29v29h-29z"/><path d="${cells}"/></svg>`)}`;
    },
    get_account_options: async ({ component_appid, appid }) => (await wait(500), { component_appid, appid, at: Date.now(), items: OPTIONS.map((one) => option(appid, one)) }),
    set_account_option: async ({ appid, name, value }) => {
      await wait(600);
      if (scenario === "needs" && name === "location_report") throw new HostError({ code: "refused", message: "refused", detail: { refusal: lastError(61004, Date.now()) } });
      values.set(`${appid}/${name}`, value);
      return option(appid, OPTIONS.find(([own]) => own === name) ?? OPTIONS[0]);
    },
    known_apis: () => apis,
    get_quota: async ({ component_appid, appid, cgi_paths }) => {
      await wait(900);
      const paths = cgi_paths ?? apis.filter((api) => api.by_default && (api.subject === "both" || api.subject === (appid === null ? "component" : "account"))).map((api) => api.path);
      return { component_appid, appid, at: Date.now(), items: paths.map((path) => quota(appid ?? component_appid, path)), allowance: allowance() };
    },
    clear_quota: async ({ component_appid, appid }) => {
      await wait(700);
      if (scenario === "needs") throw new HostError({ code: "refused", message: "refused", detail: { refusal: { ...lastError(-1, Date.now()), code: 48006, message: "forbid to clear quota because of reaching the limit", advice: "All ten of this month are used. They come back on the first at 0:00 Beijing time.", advice_zh: "本月 10 次已用完，下月 1 日北京时间 0 点恢复。" } } });
      clears += 1;
      apis.forEach((api) => used.set(`${appid ?? component_appid}${api.path}`, 0));
      return allowance();
    },
    clear_api_quota: async ({ component_appid, appid, cgi_path }) => (await wait(600), used.set(`${appid ?? component_appid}${cgi_path}`, 0), quota(appid ?? component_appid, cgi_path)),
    lookup_rid: async ({ rid, component_appid, appid }) => {
      await wait(800);
      const logged = rows().find((call) => call.rid === rid);
      if (rid.startsWith("0")) throw new HostError({ code: "refused", message: "refused", detail: { refusal: { ...lastError(-1, Date.now()), code: 76004, message: "rid not available", advice: "WeChat keeps request ids for seven days.", advice_zh: "微信只保留 7 天内的 rid。" } } });
      const api = logged?.api ?? "/cgi-bin/component/api_authorizer_token";
      const code = logged?.errcode ?? (logged?.ok ? 0 : 61004);
      return {
        rid, component_appid: component_appid ?? logged?.component_appid ?? around.platforms()[0].component_appid, appid: logged?.appid ?? appid, invoked_at: logged?.at ?? start - HOUR, cost_ms: 84, client_ip: "203.0.113.24", api, api_name: apiName(api),
        request_url: `component_access_token=***`, request_body: `{"component_appid":"${component_appid ?? "wx134c8103faa5a59e"}","authorizer_appid":"${appid ?? "wxdb6c0bf23d1f1ac3"}","authorizer_refresh_token":"***"}`, response_body: code === 0 ? '{"errcode":0,"errmsg":"ok"}' : `{"errcode":${code},"errmsg":"${lastError(code, 0).message} rid: ${rid}"}`, errcode: code, words: words(code),
      };
    },
    list_api_calls: async ({ query }) => {
      await wait(120);
      const all = match(query);
      const from = query.cursor ? all.findIndex((call) => call.id < Number(query.cursor)) : 0;
      const items = from < 0 ? [] : all.slice(from, from + (query.limit ?? 100));
      return { items, next_cursor: items.length > 0 && items[items.length - 1] !== all[all.length - 1] ? String(items[items.length - 1].id) : null };
    },
    export_api_calls: async ({ query, format }) => {
      await wait(400);
      const all = match(query);
      return { file_name: `wxdesk-calls.${format}`, mime: format === "csv" ? "text/csv" : "application/json", text: format === "csv" ? `\ufefftime,api\n${all.map((call) => `${call.at},${call.api}`).join("\n")}` : JSON.stringify(all), rows: all.length, truncated: scenario === "many" };
    },
    get_api_call_settings: () => ({ retention_days: days, rows: rows().length * (scenario === "many" ? 40 : 1), max_rows: 2_000_000, oldest_at: rows()[rows().length - 1]?.at ?? null, lost: scenario === "needs" ? 12 : 0 }),
    set_api_call_retention: async ({ days: next }) => (await wait(300), (days = next), { retention_days: days, rows: rows().length, max_rows: 2_000_000, oldest_at: rows()[rows().length - 1]?.at ?? null, lost: 0 }),
    explain_errcode: ({ code }) => words(code),
    test_token: async ({ component_appid, appid }) => {
      await wait(700);
      const token = appid === null ? around.platforms().find((p) => p.component_appid === component_appid)?.component_token : find(component_appid, appid).token;
      const bad = token?.state === "failing" || token?.state === "expired";
      return { ok: !bad, at: Date.now(), duration_ms: 143, api: "/cgi-bin/get_api_domain_ip", generation: token?.generation ?? 0, expires_at: token?.expires_at ?? null, error: bad ? lastError(61004, Date.now()) : null };
    },
    token_timeline: ({ component_appid, appid }) => {
      const token = appid === null ? around.platforms().find((p) => p.component_appid === component_appid)?.component_token : find(component_appid, appid).token;
      return { component_appid, appid, ...timeline((appid ?? component_appid).charCodeAt(6), token?.generation ?? 0, token?.state === "failing") };
    },
  };
}
