/** Made-up forms of "Try the API", calls by them and what WeChat answers. Development and tests only. */
import { HostError, type CommandName, type Commands } from "../host";
import type { Account, ApiField, ApiForm, ApiTrial, ApiTrialRequest, Bilingual } from "../types";
import { hex, lastError } from "./data";

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const both = (zh: string, en: string): Bilingual => ({ zh, en });
const NONE = both("", "");

function field(name: string, place: ApiField["place"], label: Bilingual, extra: Partial<ApiField> = {}): ApiField {
  return { name, place, kind: "text", label, help: NONE, required: false, default: "", choices: [], ...extra };
}
const OPENID = field("openid", "query", both("用户 openid", "User's openid"), { required: true, help: both("用户在这个账号下的标识，可在「网页授权 › 用户」里复制。", "The user at this account; copy it from OAuth › Users.") });
const TOUSER = { ...OPENID, name: "/touser", place: "body" as const, label: both("接收人 openid", "Receiver's openid") };
const FILE = field("media", "file", both("文件", "File"), { kind: "file", required: true, help: both("图片 10 MB；语音 2 MB、60 秒；视频 10 MB；缩略图 64 KB。", "Image 10 MB; voice 2 MB and 60 s; video 10 MB; thumbnail 64 KB.") });

export const apiForms: ApiForm[] = [
  {
    id: "custom_text", group: "message", name: both("发客服消息：文字", "Customer-service message: text"), about: both("用户 48 小时内发过消息才能发，最多 5 条。用户立即收到。", "Only within 48 hours of the user's last message, at most five. The user gets it at once."), method: "POST", path: "/cgi-bin/message/custom/send", sets: [1, 19], kinds: [], changes: true,
    body: '{"touser":"","msgtype":"text","text":{"content":""}}', fields: [TOUSER, field("/text/content", "body", both("内容", "Text"), { kind: "long_text", required: true, default: "你好，这是一条测试消息。" }), field("/customservice/kf_account", "body", both("客服账号", "Agent"), { help: both("如 test1@kftest；留空由账号本身发出。", "Such as test1@kftest; empty: the account itself.") })],
  },
  { id: "typing", group: "message", name: both("客服输入状态", "Typing indicator"), about: both("让用户看到「对方正在输入」。", "The user sees that somebody is typing."), method: "POST", path: "/cgi-bin/message/custom/typing", sets: [1, 19], kinds: [], changes: true, body: '{"touser":"","command":"Typing"}', fields: [TOUSER, field("/command", "body", both("状态", "State"), { kind: "choice", choices: ["Typing", "CancelTyping"], required: true, default: "Typing" })] },
  { id: "template_list", group: "template", name: both("模板列表", "Templates"), about: both("账号已添加的全部模板。", "All templates that the account has."), method: "GET", path: "/cgi-bin/template/get_all_private_template", sets: [7], kinds: ["official_account"], changes: false, body: "", fields: [] },
  {
    id: "template_send", group: "template", name: both("发模板消息", "Template message"), about: both("用户立即收到，计入每日额度。", "The user gets it at once; counts against the day's quota."), method: "POST", path: "/cgi-bin/message/template/send", sets: [7], kinds: ["official_account"], changes: true,
    body: '{"touser":"","template_id":"","url":"","data":{"first":{"value":"订单已发货"},"keyword1":{"value":"20260105001"}}}',
    fields: [TOUSER, field("/template_id", "body", both("模板 ID", "Template id"), { required: true }), field("/url", "body", both("点开的网页", "Page to open")), field("/miniprogram/appid", "body", both("小程序 AppID", "Mini program's AppID")), field("/data", "body", both("模板数据", "Data"), { kind: "json", required: true })],
  },
  { id: "user_info", group: "user", name: both("查询用户", "User information"), about: both("是否关注、何时关注、标签、unionid。不再返回昵称和头像。", "Whether and since when the user follows, tags, unionid. No nickname and picture any more."), method: "GET", path: "/cgi-bin/user/info", sets: [2], kinds: ["official_account"], changes: false, body: "", fields: [OPENID, field("lang", "query", both("语言", "Language"), { kind: "choice", choices: ["zh_CN", "zh_TW", "en"], default: "zh_CN" })] },
  { id: "user_get", group: "user", name: both("关注者列表", "Followers"), about: both("每次 10,000 个 openid，每日 500 次。", "Ten thousand openids a call, 500 calls a day."), method: "GET", path: "/cgi-bin/user/get", sets: [2], kinds: ["official_account"], changes: false, body: "", fields: [field("next_openid", "query", both("从哪个 openid 之后", "After which openid"))] },
  { id: "user_remark", group: "user", name: both("改用户备注", "Change a remark"), about: both("仅账号运营者可见，最多 30 字。", "Only the account's people see it, at most 30 characters."), method: "POST", path: "/cgi-bin/user/info/updateremark", sets: [2], kinds: ["official_account"], changes: true, body: '{"openid":"","remark":""}', fields: [{ ...TOUSER, name: "/openid", label: both("用户 openid", "User's openid") }, field("/remark", "body", both("备注", "Remark"), { required: true })] },
  { id: "menu_get", group: "menu", name: both("查询菜单", "Read the menu"), about: both("接口创建的菜单，含个性化菜单。", "The menu made through the API, with conditional ones."), method: "GET", path: "/cgi-bin/menu/get", sets: [15], kinds: ["official_account"], changes: false, body: "", fields: [] },
  { id: "menu_try", group: "menu", name: both("测试个性化菜单匹配", "Test conditional menus"), about: both("看这个用户看到的是哪个菜单。", "Which menu this user sees."), method: "POST", path: "/cgi-bin/menu/trymatch", sets: [15], kinds: ["official_account"], changes: false, body: '{"user_id":""}', fields: [field("/user_id", "body", both("openid 或微信号", "openid or WeChat id"), { required: true })] },
  { id: "media_upload", group: "media", name: both("上传临时素材", "Upload temporary media"), about: both("保存 3 天，期间可重复使用。", "Kept for three days and can be used repeatedly."), method: "POST", path: "/cgi-bin/media/upload", sets: [11], kinds: [], changes: true, body: "", fields: [field("type", "query", both("类型", "Kind"), { kind: "choice", choices: ["image", "voice", "video", "thumb"], required: true, default: "image" }), FILE] },
  { id: "media_get", group: "media", name: both("下载临时素材", "Download temporary media"), about: both("图片直接显示；视频返回下载地址。", "A picture is shown; a video comes as an address."), method: "GET", path: "/cgi-bin/media/get", sets: [11], kinds: [], changes: false, body: "", fields: [field("media_id", "query", both("media_id", "media_id"), { required: true })] },
  { id: "material_video", group: "media", name: both("上传永久视频", "Add a permanent video"), about: both("永久保存，占用素材总数。", "Kept for good; counts against the number of materials."), method: "POST", path: "/cgi-bin/material/add_material", sets: [11], kinds: ["official_account"], changes: true, body: "", fields: [field("type", "query", both("类型", "Kind"), { kind: "choice", choices: ["video"], required: true, default: "video" }), field("description", "part", both("视频描述", "Description"), { kind: "json", required: true, default: '{"title":"","introduction":""}' }), FILE] },
  { id: "material_count", group: "media", name: both("永久素材总数", "Number of materials"), about: both("各类永久素材的数量。", "How many permanent materials of each kind there are."), method: "GET", path: "/cgi-bin/material/get_materialcount", sets: [11], kinds: ["official_account"], changes: false, body: "", fields: [] },
  { id: "qrcode", group: "qrcode", name: both("临时带参数二维码", "Temporary parametric QR code"), about: both("最长 30 天。用户扫码后账号收到事件。", "At most 30 days. A scan sends the account an event."), method: "POST", path: "/cgi-bin/qrcode/create", sets: [3], kinds: ["official_account"], changes: true, body: '{"expire_seconds":3600,"action_name":"QR_STR_SCENE","action_info":{"scene":{"scene_str":""}}}', fields: [field("/action_info/scene/scene_str", "body", both("场景值", "Scene"), { required: true, default: "test" }), field("/expire_seconds", "body", both("有效秒数", "Valid for, s"), { kind: "number", help: both("最多 2,592,000 秒。", "At most 2,592,000.") })] },
  { id: "domain_ip", group: "diagnostics", name: both("微信 API 服务器 IP", "Addresses of WeChat's API"), about: both("无害的探测：能返回说明接口令牌有效。", "Harmless: an answer proves the interface token."), method: "GET", path: "/cgi-bin/get_api_domain_ip", sets: [], kinds: [], changes: false, body: "", fields: [] },
  { id: "callback_check", group: "diagnostics", name: both("网络检测", "Network check"), about: both("微信从它那边检测域名解析和连通性。", "WeChat checks names and reachability from its side."), method: "POST", path: "/cgi-bin/callback/check", sets: [], kinds: ["official_account"], changes: false, body: '{"action":"all","check_operator":"DEFAULT"}', fields: [field("/action", "body", both("检测什么", "What"), { kind: "choice", choices: ["dns", "ping", "all"], default: "all" }), field("/check_operator", "body", both("从哪个运营商", "Carrier"), { kind: "choice", choices: ["CHINANET", "UNICOM", "CAP", "DEFAULT"], default: "DEFAULT" })] },
];

/** A small picture, so that previews have something to show. */
const PICTURE = `data:image/svg+xml;base64,${btoa('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 300"><rect width="480" height="300" fill="#cfe3ff"/><circle cx="360" cy="84" r="40" fill="#ffd666"/><path d="M0 300 150 120l90 110 70-70 170 140z" fill="#5a8f6b"/></svg>')}`;

interface Around {
  scenario: string;
  start: number;
  accounts: () => Account[];
  emit: (...tags: string[]) => void;
}
type TrialCommand = Extract<CommandName, `${string}api_trial${string}` | "api_forms" | "run_api">;

export function trialAnswers(around: Around): { [K in TrialCommand]: (args: Commands[K]["args"]) => Commands[K]["result"] | Promise<Commands[K]["result"]> } {
  const { scenario, start, emit } = around;
  let trials: ApiTrial[] | null = null;
  const bigAnswer = (): string => JSON.stringify({ total: 23_004, count: 10_000, data: { openid: Array.from({ length: 400 }, (_, i) => `o6_${hex(i, 25)}`) }, next_openid: `o6_${hex(400, 25)}` });
  const ANSWERS: Record<string, () => string> = {
    "/cgi-bin/user/info": () => JSON.stringify({ subscribe: 1, openid: "o6_bmjrPTlm6_2sgVt7hMZOPfL2M", language: "zh_CN", subscribe_time: 1_767_600_000, unionid: "o6_bmasdasdsad6_2sgVt7hMZOPfL", remark: "VIP 客户，周三送货", groupid: 0, tagid_list: [128, 2], subscribe_scene: "ADD_SCENE_QR_CODE", qr_scene: 98765, qr_scene_str: "" }),
    "/cgi-bin/user/get": bigAnswer,
    "/cgi-bin/template/get_all_private_template": () => JSON.stringify({ template_list: Array.from({ length: 6 }, (_, i) => ({ template_id: `iPk5sOIt5X_flOVKn5GrTFpncEYTojx6ddbt8WYoV${i}s`, title: ["订单发货通知", "预约提醒", "退款通知"][i % 3], primary_industry: "IT科技", deputy_industry: "互联网|电子商务", content: "{{first.DATA}}\n订单编号：{{keyword1.DATA}}\n{{remark.DATA}}", example: "你的订单已发货\n订单编号：20260105001" })) }),
    "/cgi-bin/message/template/send": () => '{"errcode":0,"errmsg":"ok","msgid":3200228332200228332}',
    "/cgi-bin/menu/get": () => '{"menu":{"button":[{"type":"click","name":"今日推荐","key":"TODAY","sub_button":[]},{"name":"会员","sub_button":[{"type":"view","name":"我的卡券","url":"https://m.example.com/cards","sub_button":[]},{"type":"view","name":"积分","url":"https://m.example.com/points","sub_button":[]}]}],"menuid":208396938}}',
    "/cgi-bin/media/upload": () => `{"type":"image","media_id":"${hex(8, 60)}","created_at":1767600000,"item":[]}`,
    "/cgi-bin/qrcode/create": () => '{"ticket":"***","expire_seconds":3600,"url":"http://weixin.qq.com/q/kZgfwMTm72WWPkovabbI"}',
    "/cgi-bin/get_api_domain_ip": () => JSON.stringify({ ip_list: ["101.226.233.146", "180.101.218.132", "58.246.220.31"] }),
    "/cgi-bin/material/get_materialcount": () => '{"voice_count":1,"video_count":2,"image_count":316,"news_count":24}',
  };
  const refusals: Record<string, [number, string, string, string]> = {
    "/cgi-bin/message/custom/send": [45015, "response out of time limit or subscription is canceled", "用户 48 小时内没有发过消息，或已取消关注。请用户先发一条消息。", "The user has not written within 48 hours, or no longer follows. Have the user send a message first."],
    "/cgi-bin/menu/trymatch": [65301, "no available menu", "账号没有个性化菜单。", "The account has no conditional menu."],
  };
  function trial(request: ApiTrialRequest, id: number, at: number, took: number): ApiTrial {
    const refused = refusals[request.path];
    const unknown = !refused && !ANSWERS[request.path] && request.path !== "/cgi-bin/media/get";
    const rid = `${hex(id + 5, 8)}-${hex(id + 6, 8)}-${hex(id + 7, 8)}`;
    const picture = request.path === "/cgi-bin/media/get";
    const answer = picture ? null : refused ? `{"errcode":${refused[0]},"errmsg":"${refused[1]} rid: ${rid}"}` : unknown ? '{"errcode":0,"errmsg":"ok"}' : ANSWERS[request.path]();
    const limit = { "/cgi-bin/user/get": 500, "/cgi-bin/user/info": 5_000_000 }[request.path];
    return {
      id, at, component_appid: request.component_appid, appid: request.appid, form: request.form ?? null, method: request.method, path: request.path, query: request.query,
      body: request.file ? `media: ${request.file.name}, ${Math.floor((request.file.content_base64.length * 3) / 4)} bytes` : (request.body ?? null), duration_ms: took, status: 200, content_type: picture ? "image/jpeg" : "application/json; encoding=utf-8",
      answer_bytes: picture ? 48_213 : new TextEncoder().encode(answer ?? "").length, answer, has_more: answer?.includes("***") ?? false, picture: picture ? PICTURE : null, errcode: refused ? refused[0] : picture ? null : answer?.includes("errcode") ? 0 : null, rid: refused ? rid : null,
      error: refused ? { ...lastError(-1, at), code: refused[0], message: refused[1], rid, advice: refused[3], advice_zh: refused[2] } : null, quota: limit ? { daily_limit: limit, used: limit === 500 ? 487 : 1204, remain: limit === 500 ? 13 : limit - 1204 } : null,
    };
  }
  function rows(): ApiTrial[] {
    if (!trials) {
      const accounts = around.accounts().filter((a) => a.kind === "official_account");
      const paths: [string, string | undefined, "GET" | "POST", string | undefined][] = [["/cgi-bin/user/info", "user_info", "GET", undefined], ["/cgi-bin/message/custom/send", "custom_text", "POST", '{"touser":"o6_bmjrPTlm6_2sgVt7hMZOPfL2M","msgtype":"text","text":{"content":"您好，您预约的位置已经留好"}}'], ["/cgi-bin/user/get", "user_get", "GET", undefined], ["/cgi-bin/qrcode/create", "qrcode", "POST", '{"expire_seconds":3600,"action_name":"QR_STR_SCENE","action_info":{"scene":{"scene_str":"table-12"}}}'], ["/cgi-bin/clear_quota", undefined, "POST", '{"appid":"wx0123456789abcdef"}'], ["/cgi-bin/media/get", "media_get", "GET", undefined]];
      trials = accounts.length === 0 || scenario === "empty" || scenario === "sandbox" ? [] : Array.from({ length: 14 }, (_, i) => {
        const [path, form, method, body] = paths[i % paths.length];
        const a = accounts[i % 3];
        const one = trial({ component_appid: a.component_appid, appid: a.appid, ...(form && { form }), method, path, query: path === "/cgi-bin/user/info" ? [{ name: "openid", value: "o6_bmjrPTlm6_2sgVt7hMZOPfL2M" }, { name: "lang", value: "zh_CN" }] : [], ...(body && { body }), parts: [] }, 40 - i, start - i * i * 11 * 60_000 - 90_000, 120 + ((i * 173) % 800));
        one.picture = null;
        if (i === 7) Object.assign(one, { status: null, answer: null, answer_bytes: 0, content_type: null, errcode: null, has_more: false, error: lastError(0, one.at), quota: null });
        return one;
      });
    }
    return trials;
  }
  return {
    api_forms: () => apiForms,
    run_api: async ({ request }) => {
      await wait(request.path.includes("callback/check") ? 4500 : 700);
      if (!request.path.startsWith("/")) throw new HostError({ code: "invalid_input", message: "invalid input", detail: { fields: [{ field: "path", rule: "format", message: "A path such as /cgi-bin/user/info.", message_zh: "路径形如 /cgi-bin/user/info。" }] } });
      const one = trial(request, (rows()[0]?.id ?? 40) + 1, Date.now(), 180 + Math.round(Math.random() * 400));
      trials = [{ ...one, picture: null }, ...rows()].slice(0, 100);
      emit("api_trials");
      return one;
    },
    list_api_trials: ({ component_appid, appid }) => rows().filter((one) => (!component_appid || one.component_appid === component_appid) && (!appid || one.appid === appid)).map((one) => ({ ...one, answer: null, picture: null })),
    get_api_trial: ({ id }) => {
      const found = rows().find((one) => one.id === id);
      if (!found) throw new HostError({ code: "not_found", message: "no such call" });
      return found;
    },
    reveal_api_trial: ({ id }) => {
      const found = rows().find((one) => one.id === id);
      if (!found?.answer || found.at + 600_000 < Date.now()) throw new HostError({ code: "not_found", message: "gone" });
      return { value: found.answer.replaceAll('"***"', '"gQH47joAAAAAAAAAASxodHRwOi8vd2VpeGluLnFxLmNvbS9xL2taZ2Z3TVRtNzJXV1Brb3ZhYmJJAAIEZ23sUwMEmm3sUw=="'), expires_at: null };
    },
    clear_api_trials: () => ((trials = []), emit("api_trials"), null),
  };
}
