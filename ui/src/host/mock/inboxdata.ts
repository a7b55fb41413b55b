/** Made-up pushes: every message and event type, each made from its id when it is asked for. Development and tests only. */
import type { Account, Bilingual, PushAnswer, PushField, PushItem, Rule, Target } from "../types";
import { hex, random } from "./data";

export const both = (zh: string, en: string): Bilingual => ({ zh, en });
/** A name with its text, or with what is in it. */
export type Node = [name: string, value: string | Node[]];
type Dice = () => number;
interface Sample {
  fields: Node[];
  text: string;
}
interface Spec {
  type: string;
  event?: string;
  words: Bilingual | null;
  /** How often, among all. */
  share: number;
  json?: boolean;
  make: (dice: Dice, id: number) => Sample;
}

const pick = <T>(dice: Dice, list: readonly T[]): T => list[Math.floor(dice() * list.length)];
const LINES = [
  "你好，请问今天几点关门？", "在吗", "我的订单 20261105-0038 什么时候发货", "转人工", "优惠券用不了，提示已过期", "？", "地址发一下", "谢谢", "可以开发票吗 抬头是杭州晨光餐饮管理有限公司",
  "昨天下午在你们店里买的咖啡豆，回家打开发现包装是漏气的，里面已经受潮结块了，这种情况可以换吗？我拍了照片，小票也还在，周末之前能处理的话最好，因为下周要出差。", "1", "预约明天上午十点 两位", "[微笑][微笑]", "会员积分怎么兑换",
  "Hi, do you deliver to Pudong?", "<b>test</b> & \"quotes\" ]]> 结束",
];
const KEYS = ["V1001_TODAY_MUSIC", "ORDER_QUERY", "CONTACT_US", "coupon:2026-11", "MEMBER"];
const SCENES = ["table_12", "123123", "channel=douyin&staff=0042", "poster-2026-11-a-very-long-scene-string-that-someone-made"];
const media = (id: number): string => hex(id + 77, 43).toUpperCase();
const info = (type: string, make: (dice: Dice, id: number) => Node[], zh: string, en: string, text: (fields: Node[]) => string = () => ""): Spec => ({ type: "", event: type, words: both(zh, en), share: 0.4, make: (dice, id) => ((fields) => ({ fields, text: text(fields) }))(make(dice, id)) });
const event = (name: string, share: number, zh: string, en: string, make: (dice: Dice, id: number) => Node[] = () => [["EventKey", ""]], text?: (fields: Node[]) => string): Spec => ({
  type: "event", event: name, words: both(zh, en), share,
  make: (dice, id) => {
    const fields = make(dice, id);
    const key = fields.find(([field]) => field === "EventKey")?.[1];
    return { fields, text: text?.(fields) ?? (typeof key === "string" ? key : "") };
  },
});
const value = (fields: Node[], name: string): string => String(fields.find(([field]) => field === name)?.[1] ?? "");
const scan = (dice: Dice): Node[] => [["EventKey", "SCAN_ORDER"], ["ScanCodeInfo", [["ScanType", "qrcode"], ["ScanResult", pick(dice, ["https://example.com/t/12", "6901234567892"])]]]];
const pics = (_dice: Dice, id: number): Node[] => [["EventKey", "UPLOAD_PHOTO"], ["SendPicsInfo", [["Count", "2"], ["PicList", [["item", [["PicMd5Sum", hex(id, 32)]]], ["item", [["PicMd5Sum", hex(id + 1, 32)]]]]]]]];
const qualified = (): Node[] => [["ExpiredTime", "1795305600"]];

export const SPECS: Spec[] = [
  { type: "text", words: both("文本", "Text"), share: 40, make: (dice) => ((text) => ({ fields: [["Content", text]], text }))(pick(dice, LINES)) },
  { type: "text", words: both("文本", "Text"), share: 1, make: (dice) => ((text) => ({ fields: [["Content", text], ["bizmsgmenuid", "102"]], text }))(pick(dice, ["满意", "不满意"])) },
  { type: "image", words: both("图片", "Image"), share: 6, make: (_dice, id) => ({ fields: [["PicUrl", `http://mmbiz.qpic.cn/mmbiz_jpg/${hex(id, 32)}/0`], ["MediaId", media(id)]], text: "" }) },
  { type: "voice", words: both("语音", "Voice"), share: 4, make: (_dice, id) => ({ fields: [["MediaId", media(id)], ["Format", "amr"], ["Recognition", "请问附近有没有停车的地方"], ["MediaId16K", media(id + 1)]], text: "请问附近有没有停车的地方" }) },
  { type: "video", words: both("视频", "Video"), share: 1, make: (_dice, id) => ({ fields: [["MediaId", media(id)], ["ThumbMediaId", media(id + 2)]], text: "" }) },
  { type: "shortvideo", words: both("小视频", "Short video"), share: 0.6, make: (_dice, id) => ({ fields: [["MediaId", media(id)], ["ThumbMediaId", media(id + 3)]], text: "" }) },
  { type: "location", words: both("地理位置", "Location"), share: 1.5, make: () => ({ fields: [["Location_X", "31.235929"], ["Location_Y", "121.501584"], ["Scale", "16"], ["Label", "上海市浦东新区世纪大道 100 号"]], text: "上海市浦东新区世纪大道 100 号 (31.235929, 121.501584)" }) },
  { type: "link", words: both("链接", "Link"), share: 0.8, make: () => ({ fields: [["Title", "十一月新品：桂花拿铁"], ["Description", "第二杯半价，限十一月"], ["Url", "https://mp.weixin.qq.com/s/abcdefg"]], text: "十一月新品：桂花拿铁" }) },
  { type: "miniprogrampage", words: both("小程序卡片", "Mini program card"), share: 0.8, json: true, make: (_dice, id) => ({ fields: [["Title", "我的订单"], ["AppId", "wxba5fad812f8e6fb9"], ["PagePath", "pages/order/detail?id=20261105"], ["ThumbUrl", `https://mmbiz.qpic.cn/${hex(id, 20)}`], ["ThumbMediaId", media(id)]], text: "我的订单" }) },
  event("subscribe", 5, "关注", "Follow", (dice, id) => (dice() < 0.5 ? [["EventKey", ""]] : [["EventKey", `qrscene_${pick(dice, SCENES)}`], ["Ticket", `gQ${hex(id, 12)}…`]])),
  event("unsubscribe", 2, "取消关注", "Unfollow"),
  event("SCAN", 4, "已关注者扫码", "Scan by a follower", (dice, id) => [["EventKey", pick(dice, SCENES)], ["Ticket", `gQ${hex(id, 12)}…`]]),
  event("LOCATION", 3, "上报地理位置", "Location report", () => [["Latitude", "23.137466"], ["Longitude", "113.352425"], ["Precision", "119.385040"]], () => "23.137466, 113.352425 ±119 m"),
  event("CLICK", 8, "点击菜单", "Menu click", (dice) => [["EventKey", pick(dice, KEYS)]]),
  event("VIEW", 7, "菜单打开网页", "Menu opens a page", (dice) => [["EventKey", pick(dice, ["https://shop.example.com/index.html?from=menu", "https://example.com"])], ["MenuId", "437483123"]]),
  event("view_miniprogram", 2, "菜单打开小程序", "Menu opens a mini program", () => [["EventKey", "pages/index/index?from=menu"], ["MenuId", "437483123"]]),
  event("scancode_push", 0.8, "菜单扫码", "Menu scan", scan),
  event("scancode_waitmsg", 0.8, "菜单扫码（等待回复）", "Menu scan, waiting", scan),
  event("pic_sysphoto", 0.4, "菜单拍照", "Menu photo", pics),
  event("pic_photo_or_album", 0.4, "菜单拍照或相册", "Menu photo or album", pics),
  event("pic_weixin", 0.4, "菜单微信相册", "Menu WeChat album", pics),
  event("location_select", 0.5, "菜单选位置", "Menu location", () => [["EventKey", "WHERE"], ["SendLocationInfo", [["Location_X", "23"], ["Location_Y", "113"], ["Scale", "15"], ["Label", "广州市海珠区客村艺苑路 106 号"], ["Poiname", ""]]]], () => "广州市海珠区客村艺苑路 106 号"),
  event("TEMPLATESENDJOBFINISH", 5, "模板消息送达", "Template message sent", (dice) => [["MsgID", "200163836"], ["Status", pick(dice, ["success", "success", "success", "failed:user block"])]], (f) => value(f, "Status")),
  event("MASSSENDJOBFINISH", 0.4, "群发结束", "Mass sending done", () => [["MsgID", "1000001625"], ["Status", "send success"], ["TotalCount", "18432"], ["FilterCount", "18011"], ["SentCount", "17998"], ["ErrorCount", "13"]], (f) => `${value(f, "Status")} · ${value(f, "SentCount")} / ${value(f, "TotalCount")}`),
  event("subscribe_msg_popup_event", 0.8, "订阅通知弹窗", "Subscription pop-up", () => [["SubscribeMsgPopupEvent", [["List", [["TemplateId", "VRR0UEO9VJOLs0MHlU0OilqX6MVFDwH3_3gz3Oc0NIc"], ["SubscribeStatusString", "accept"], ["PopupScene", "2"]]]]]], () => "accept"),
  event("subscribe_msg_change_event", 0.4, "订阅通知改变", "Subscription changed", () => [["SubscribeMsgChangeEvent", [["List", [["TemplateId", "VRR0UEO9VJOLs0MHlU0OilqX6MVFDwH3_3gz3Oc0NIc"], ["SubscribeStatusString", "reject"]]]]]], () => "reject"),
  event("subscribe_msg_sent_event", 0.8, "订阅通知送达", "Subscription sent", () => [["SubscribeMsgSentEvent", [["List", [["TemplateId", "VRR0UEO9VJOLs0MHlU0OilqX6MVFDwH3_3gz3Oc0NIc"], ["MsgID", "1700827132819554304"], ["ErrorCode", "0"], ["ErrorStatus", "success"]]]]]], () => "success"),
  event("qualification_verify_success", 0.2, "资质认证成功", "Qualification verified", qualified),
  event("qualification_verify_fail", 0.2, "资质认证失败", "Qualification refused", () => [["FailTime", "1795305600"], ["FailReason", "营业执照不清晰"]], (f) => value(f, "FailReason")),
  event("naming_verify_success", 0.2, "名称认证成功", "Name verified", qualified),
  event("naming_verify_fail", 0.2, "名称认证失败", "Name refused", () => [["FailTime", "1795305600"], ["FailReason", "名称与已有账号重复"]], (f) => value(f, "FailReason")),
  event("annual_renew", 0.2, "年审通知", "Yearly renewal", qualified),
  event("verify_expired", 0.2, "认证过期", "Verification expired", qualified),
  event("user_enter_tempsession", 1.5, "进入小程序客服", "Entered the chat", () => [["SessionFrom", "order-detail"]], (f) => value(f, "SessionFrom")),
  event("weapp_audit_success", 0.3, "小程序审核通过", "Mini program approved", () => [["SuccTime", "1795305600"]]),
  event("weapp_audit_fail", 0.3, "小程序审核未通过", "Mini program refused", (_dice, id) => [["FailTime", "1795305600"], ["Reason", "1:账号信息不符合规范:<br>服务类目与页面内容不一致"], ["ScreenShot", `${media(id)}|${media(id + 1)}`]], (f) => value(f, "Reason")),
  event("weapp_audit_delay", 0.2, "小程序审核延后", "Mini program delayed", () => [["DelayTime", "1795305600"], ["Reason", "需要更长时间"]], (f) => value(f, "Reason")),
  event("wxa_nickname_audit", 0.2, "名称审核", "Name check", () => [["ret", "2"], ["nickname", "晨光咖啡外卖"], ["reason", "名称已被占用"]], (f) => `${value(f, "nickname")} · ${value(f, "reason")}`),
  event("debug_demo", 0.3, "消息推送调试", "Push debugging", () => [["debug_str", "hello world"]], (f) => value(f, "debug_str")),
  { type: "event", event: "card_merchant_check_result_notify", words: null, share: 0.6, make: () => ({ fields: [["MerchantId", "1900012345"], ["IsPass", "1"], ["Reason", ""]], text: "" }) },
  { type: "sticker_v2", words: null, share: 0.4, make: (_dice, id) => ({ fields: [["StickerId", hex(id, 24)], ["Pack", "rabbit"]], text: "" }) },
  { ...info("component_verify_ticket", (_dice, id) => [["ComponentVerifyTicket", `ticket@@@${hex(id, 3)}…（已隐去）`]], "验证票据", "Verify ticket"), share: 3 },
  info("authorized", () => [["AuthorizerAppid", ""], ["AuthorizationCode", "queryauthcode@@@…（已隐去）"], ["AuthorizationCodeExpiredTime", "1795305600"], ["PreAuthCode", "preauthcode@@@…（已隐去）"]], "授权成功", "Authorized"),
  info("updateauthorized", () => [["AuthorizerAppid", ""], ["AuthorizationCode", "queryauthcode@@@…（已隐去）"], ["AuthorizationCodeExpiredTime", "1795305600"], ["PreAuthCode", "preauthcode@@@…（已隐去）"]], "授权更新", "Authorization changed"),
  info("unauthorized", () => [["AuthorizerAppid", ""]], "取消授权", "Authorization cancelled"),
  info("notify_third_fasteregister", () => [["appid", "wx0f1e2d3c4b5a6978"], ["status", "0"], ["auth_code", "queryauthcode@@@…（已隐去）"], ["msg", "OK"], ["info", [["name", "杭州晨光餐饮管理有限公司"], ["code", "91330100MA2XXXXX0X"], ["code_type", "1"], ["legal_persona_wechat", "chenguang"], ["legal_persona_name", "陈晨"], ["component_phone", "0571-88886666"]]]], "快速注册小程序", "Mini program registered", () => "OK · 杭州晨光餐饮管理有限公司"),
];
const ALL = SPECS.reduce((sum, spec) => sum + spec.share, 0);

const WORDS: Record<string, Bilingual> = {
  ToUserName: both("账号的原始 ID", "Original id of the account"), FromUserName: both("粉丝的 openid", "The follower's openid"), CreateTime: both("发生时间（秒）", "When, seconds"), MsgType: both("消息类型", "Message type"), MsgId: both("消息 ID", "Message id"),
  Content: both("文本内容", "Text"), bizmsgmenuid: both("点的菜单消息选项", "Choice of a menu message"), PicUrl: both("图片地址", "Picture"), MediaId: both("素材 ID", "Media id"), Format: both("格式", "Format"), Recognition: both("语音识别结果", "Recognised speech"), MediaId16K: both("16K 语音素材 ID", "Media id, 16K"), ThumbMediaId: both("缩略图素材 ID", "Thumbnail"),
  Location_X: both("纬度", "Latitude"), Location_Y: both("经度", "Longitude"), Scale: both("缩放", "Scale"), Label: both("位置", "Place"), Poiname: both("地点名", "Name of the place"), Title: both("标题", "Title"), Description: both("描述", "Description"), Url: both("链接", "Link"),
  Event: both("事件", "Event"), EventKey: both("事件 Key", "Event key"), Ticket: both("二维码 ticket", "QR code ticket"), Latitude: both("纬度", "Latitude"), Longitude: both("经度", "Longitude"), Precision: both("精度（米）", "Precision, m"), MenuId: both("个性化菜单 ID", "Conditional menu"), ScanCodeInfo: both("扫码信息", "Scan"), ScanType: both("码的类型", "Kind of code"), ScanResult: both("扫码结果", "Result"), SendPicsInfo: both("发送的图片", "Pictures"), Count: both("数量", "Number"), PicList: both("图片列表", "Pictures"), PicMd5Sum: both("图片的 MD5", "MD5 of the picture"), SendLocationInfo: both("发送的位置", "Place"),
  Status: both("状态", "State"), TotalCount: both("总数", "Total"), SentCount: both("成功数", "Sent"), ErrorCount: both("失败数", "Failed"), FilterCount: both("过滤后人数", "After the filter"), AppId: both("平台或小程序 AppID", "Platform or mini program"), InfoType: both("事件类型", "Kind of event"), ComponentVerifyTicket: both("验证票据", "Verify ticket"), AuthorizerAppid: both("授权账号", "Account"), AuthorizationCode: both("授权码", "Authorization code"), AuthorizationCodeExpiredTime: both("授权码过期时间", "End of the code"), PreAuthCode: both("预授权码", "Pre-authorization code"), SessionFrom: both("来源", "Where from"), TemplateId: both("模板 ID", "Template"),
};
const NUMBERS = new Set(["CreateTime", "MsgId", "Location_X", "Location_Y", "Scale", "Latitude", "Longitude", "Precision", "Count", "TotalCount", "FilterCount", "SentCount", "ErrorCount", "MenuId", "MsgID", "status", "ret", "code_type", "AuthorizationCodeExpiredTime", "ExpiredTime", "FailTime", "SuccTime", "DelayTime"]);

const cdata = (name: string, text: string): string => (NUMBERS.has(name) ? text : `<![CDATA[${text.replace(/]]>/g, "]]]]><![CDATA[>")}]]>`);
/** Indented, or each field on a line of its own as WeChat does. */
export function xml(nodes: Node[], indented: boolean): string {
  const write = (list: Node[], depth: number): string => list.map(([name, inner]) => `${indented ? "  ".repeat(depth) : ""}<${name}>${typeof inner === "string" ? cdata(name, inner) : `\n${write(inner, depth + 1)}\n${indented ? "  ".repeat(depth) : ""}`}</${name}>`).join("\n");
  return `<xml>\n${write(nodes, 1)}\n</xml>`;
}
export const object = (nodes: Node[]): Record<string, unknown> => Object.fromEntries(nodes.map(([name, inner]) => [name, typeof inner === "string" ? (NUMBERS.has(name) ? Number(inner) : inner) : object(inner)]));
export const json = (nodes: Node[], indented: boolean): string => JSON.stringify(object(nodes), null, indented ? 2 : 0);

export function flat(nodes: Node[], prefix = "", depth = 0): PushField[] {
  return nodes.flatMap(([name, inner], i) => {
    const same = nodes.filter(([other]) => other === name).length > 1;
    const path = `${prefix}${name}${same ? `.${nodes.slice(0, i).filter(([other]) => other === name).length}` : ""}`;
    const own: PushField = { path, name, value: typeof inner === "string" ? inner : "", depth, group: typeof inner !== "string", words: WORDS[name] ?? null };
    return typeof inner === "string" ? [own] : [own, ...flat(inner, `${path}.`, depth + 1)];
  });
}

export interface Push {
  item: PushItem;
  nodes: Node[];
  json: boolean;
  to: string;
}
/** The rules and business servers that pushes went through. */
export interface Around {
  rules: readonly Rule[];
  targets: readonly Target[];
}

const openid = (account: number, who: number): string => `o${hex(account * 97 + 5, 5)}${hex(account * 131 + who * 17 + 3, 22)}`.replace(/[0-4]/g, (digit) => "RnPqZ"[Number(digit)]);

/** The push of an id, always the same one. */
export function makePush(id: number, at: number, accounts: readonly Account[], component: string, { rules, targets }: Around): Push {
  const dice = random((id * 2654435761) >>> 0);
  dice();
  let left = dice() * ALL;
  const spec = SPECS.find((one) => (left -= one.share) < 0) ?? SPECS[0];
  const about = Math.floor(dice() ** 2 * accounts.length);
  const account = accounts[about];
  const isComponent = spec.type === "";
  const release = id % 211 === 57;
  const who = Math.floor(dice() ** 1.6 * 9);
  const sender = isComponent ? null : openid(about, who);
  const sample = release ? { fields: [["Content", "TESTCOMPONENT_MSG_TYPE_TEXT"]] as Node[], text: "TESTCOMPONENT_MSG_TYPE_TEXT" } : spec.make(dice, id);
  const seconds = String(Math.floor(at / 1000) - 1);
  const to = account?.user_name || "gh_10f6c3c3ac5a";
  const type = release ? "text" : spec.type;
  const asking = rules.filter((one) => one.answer.kind === "target");
  const telling = rules.filter((one) => !["target", "pass", "success", "empty"].includes(one.answer.kind));
  const answer = ((): PushAnswer => {
    const roll = dice();
    if (isComponent) return "success";
    if (release) return "release";
    if (spec.event === "CLICK" && roll < 0.35) return "menu";
    if (type === "event" && spec.event !== "subscribe" && spec.event !== "CLICK" && spec.event !== "SCAN") return "success";
    if (asking.length === 0 || telling.length === 0) return "success";
    return roll < 0.42 ? "rule" : roll < 0.6 ? "target" : roll < 0.63 ? "target_failed" : roll < 0.645 ? "time_over" : roll < 0.66 ? "unknown" : roll < 0.68 ? "empty" : "success";
  })();
  const slow = dice();
  const took = answer === "unknown" ? null : answer === "time_over" ? 4500 : answer === "target_failed" ? 1200 + Math.floor(dice() * 2600) : answer === "success" && slow < 0.5 ? null : slow > 0.975 ? 1000 + Math.floor(dice() * 2800) : 3 + Math.floor(dice() * (answer === "target" ? 420 : 34));
  const rule = answer === "rule" ? pick(dice, telling) : answer === "target" || answer === "target_failed" || answer === "time_over" ? pick(dice, asking) : null;
  const queues = targets.filter((one) => one.mode === "notified").map((one) => one.id);
  const notified = isComponent || dice() < 0.6 ? [] : queues.slice(0, dice() < 0.7 ? 1 : 2);
  const nodes: Node[] = isComponent
    ? [["AppId", component], ["CreateTime", seconds], ["InfoType", spec.event ?? ""], ...sample.fields.map(([name, inner]): Node => [name, name === "AuthorizerAppid" ? (account?.appid ?? "") : inner])]
    : [["ToUserName", to], ["FromUserName", sender ?? ""], ["CreateTime", seconds], ["MsgType", type], ...(type === "event" ? ([["Event", spec.event ?? ""]] as Node[]) : []), ...sample.fields, ...(type === "event" ? [] : ([["MsgId", `2439${String(6054768590000 + id * 977)}`]] as Node[]))];
  const ticket = spec.event === "component_verify_ticket";
  return {
    item: {
      id, received_at: at, class: isComponent ? "component" : "message", component_appid: isComponent ? component : (account?.component_appid ?? component), appid: ticket ? null : (account?.appid ?? null), account_name: ticket ? null : account?.nick_name || null,
      msg_type: type, event: release ? null : (spec.event ?? null), kind_words: release ? SPECS[0].words : spec.words, sender, text: sample.text.replace(/<br>/g, " "),
      ended: account?.state === "unauthorized", made_up: id % 97 === 31, rule_id: rule?.id ?? null, rule_name: rule && id % 53 !== 0 ? rule.name : null, answer, took_ms: took,
      repeats: answer === "time_over" ? 2 : took !== null && took > 2500 ? 1 : id % 83 === 0 ? 1 : 0, notified,
    },
    nodes, json: spec.json === true && !release, to,
  };
}
