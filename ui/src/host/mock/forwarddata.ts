/** Made-up rules, business servers and deliveries in every state. Development and tests only. */
import type { Account, Bilingual, Delivery, DeliveryError, DeliveryState, PushReply, Rule, RuleAnswer, RuleScope, RuleWhen, Target, TargetHealth, TextTest } from "../types";
import { random } from "./data";

const MIN = 60_000;
const HOUR = 60 * MIN;
export const both = (zh: string, en: string): Bilingual => ({ zh, en });

export const ERROR_WORDS: Partial<Record<DeliveryError, Bilingual>> = {
  connect: both("连不上：10.0.3.7:8080 拒绝了连接。", "No connection: 10.0.3.7:8080 refused it."),
  timeout: both("5 秒内没有应答。", "No answer within 5 s."),
  status: both("应答的状态码是 503。", "It answered 503."),
  bad_reply: both("应答既不是空、success，也不是被动回复的 XML。", "The answer is neither empty, success, nor the XML of a passive reply."),
  dns: both("域名 crm.example.cn 解析不了。", "The name crm.example.cn has no address."),
  redirect: both("应答是 302 跳转，跳转不会被跟随。", "It answered with a redirect (302), which is not followed."),
  private_address: both("地址在内网或本机范围，需要先勾选「允许内网地址」。", "It lies in a private range or on this machine, which must be allowed first."),
};

const HEALTH: TargetHealth = { state: "ok", waiting: 0, waiting_more: false, oldest_waiting_at: null, dead: 0, in_flight: 0, last_success_at: null, last_failure_at: null, last_error: null, last_error_text: null, open_until: null, hour_count: 0, hour_failed: 0, p50_ms: null, p99_ms: null };

function target(id: number, name: string, url: string, start: number, extra: Partial<Omit<Target, "health">>, health: Partial<TargetHealth>): Target {
  return { id, name, mode: "notified", url, format: "json", timeout_ms: 5000, concurrency: 4, private_ok: false, enabled: true, give_up_hours: 24, updated_at: start - id * 26 * HOUR, rules: [], health: { ...HEALTH, ...health }, ...extra };
}

export function makeTargets(scenario: string, start: number): Target[] {
  if (scenario === "empty" || scenario === "own") return [];
  if (scenario === "sandbox") {
    return [
      target(1, "本机试验服务器", "http://127.0.0.1:9000/wx/$APPID$", start, { mode: "answering", timeout_ms: 3000, private_ok: true }, { last_success_at: start - 9000, hour_count: 212, p50_ms: 4, p99_ms: 21 }),
      target(2, "本机消息记录", "http://127.0.0.1:9001/messages", start, { private_ok: true }, { state: "idle" }),
    ];
  }
  const base = [
    target(1, "会员系统", "https://member.example.com/wechat/$APPID$/message", start, { mode: "answering", format: "xml", timeout_ms: 3000, concurrency: 16 }, { last_success_at: start - 4000, hour_count: 1842, hour_failed: 3, p50_ms: 46, p99_ms: 310, last_failure_at: start - 31 * MIN, in_flight: 1 }),
    target(2, "CRM 消息归档", "https://crm.example.cn/hooks/wechat", start, { concurrency: 8 }, { last_success_at: start - 2000, hour_count: 5210, hour_failed: 0, p50_ms: 31, p99_ms: 120, waiting: 3, oldest_waiting_at: start - 1500, in_flight: 2 }),
    target(3, "旧客服系统", "https://kefu.example.com/wx/callback/$APPID$", start, { format: "sealed", give_up_hours: 48 }, { state: "open", open_until: start + 4 * MIN + 12_000, waiting: 1284, oldest_waiting_at: start - 3 * HOUR - 8 * MIN, dead: 37, hour_count: 96, hour_failed: 96, last_success_at: start - 3 * HOUR - 9 * MIN, last_failure_at: start - 48_000, last_error: "connect", last_error_text: ERROR_WORDS.connect ?? null }),
    target(4, "数据仓库（华东机房，夜间批量入库专用，请勿停用）", "https://ingest.regional-gateway.warehouse.example-platform.com.cn/v2/streams/wechat-official-accounts/messages", start, { timeout_ms: 15_000, concurrency: 32, give_up_hours: 168 }, { state: "failing", waiting: 100_000, waiting_more: true, oldest_waiting_at: start - 26 * MIN, hour_count: 812, hour_failed: 64, p50_ms: 890, p99_ms: 9800, last_success_at: start - 3 * MIN, last_failure_at: start - 12_000, last_error: "status", last_error_text: ERROR_WORDS.status ?? null }),
    target(5, "抽奖活动", "http://10.0.3.7:8080/lottery", start, { mode: "answering", private_ok: true, timeout_ms: 1500, enabled: false }, { state: "off", last_success_at: start - 9 * 24 * HOUR }),
    target(6, "门店小票打印", "https://print.example.com/push", start, {}, { state: "idle" }),
  ];
  if (scenario !== "many") return base;
  const next = random(41);
  return [...base, ...Array.from({ length: 24 }, (_, i) => target(7 + i, `业务服务器 ${i + 7}`, `https://node-${i + 7}.example.com/wechat/$APPID$`, start, { mode: i % 3 === 0 ? "answering" : "notified", format: (["json", "xml", "sealed"] as const)[i % 3] }, { state: i % 9 === 4 ? "failing" : i % 11 === 5 ? "probing" : "ok", waiting: i % 5 === 2 ? Math.floor(next() * 900) : 0, dead: i % 8 === 3 ? Math.floor(next() * 40) : 0, hour_count: Math.floor(next() * 4000), hour_failed: i % 9 === 4 ? 31 : 0, p50_ms: Math.floor(next() * 90) + 4, p99_ms: Math.floor(next() * 900) + 90, last_success_at: start - Math.floor(next() * 90_000) }))];
}

const contains = (value: string, how: TextTest["how"] = "contains", ignore_case = true): TextTest => ({ how, value, ignore_case });
const ALL: RuleScope = { component_appid: null, appid: null, tenant: null };
const ANY: RuleWhen = { msg_types: [], events: [], key: null, text: null };

export function makeRules(scenario: string, start: number, accounts: Account[]): Rule[] {
  if (scenario === "empty" || scenario === "own") return [];
  const [first, second = first, third = first] = accounts.filter((one) => one.kind === "official_account");
  const of = (account: Account | undefined): RuleScope => (account ? { component_appid: account.component_appid, appid: account.appid, tenant: null } : ALL);
  let id = 0;
  const rule = (name: string, scope: RuleScope, when: Partial<RuleWhen>, answer: RuleAnswer, extra: Partial<Rule> = {}): Rule => {
    id += 1;
    return { id, position: id, name, enabled: true, scope, when: { ...ANY, ...when }, answer, notify: [], hits: 0, last_hit_at: null, updated_at: start - id * 5 * HOUR, trouble: null, ...extra };
  };
  const sandbox = scenario === "sandbox";
  const list = [
    rule("全部归档", ALL, {}, { kind: "pass" }, { notify: [2], hits: 48_210, last_hit_at: start - 2000 }),
    rule("关注欢迎语", ALL, { msg_types: ["event"], events: ["subscribe"] }, { kind: "text", content: "欢迎关注{{account}}。\n回复「菜单」看今日新品，回复「人工」找店员。" }, { hits: 1_906, last_hit_at: start - 4 * MIN }),
    rule("问价格", of(first), { msg_types: ["text"], text: contains("价格\n多少钱\n价目表") }, { kind: "news", articles: [{ title: "今日价目表", description: "{{date}} 起生效，全城门店同价", pic_url: "https://img.example.com/price.jpg", url: "https://m.example.com/price" }] }, { hits: 812, last_hit_at: start - 9 * MIN }),
    rule("转人工", ALL, { msg_types: ["text", "voice"], text: contains("人工\n客服", "equals") }, { kind: "customer_service", kf_account: "" }, { hits: 344, last_hit_at: start - 31 * MIN, notify: [2, 3] }),
    rule("订单号查询", of(second), { msg_types: ["text"], text: contains("^(DD|dd)\\d{10,14}$", "regex", false) }, { kind: "target", target_id: 1 }, { hits: 2_077, last_hit_at: start - 15_000, notify: sandbox ? [] : [4] }),
    rule("菜单：会员中心", { component_appid: null, appid: null, tenant: "晨光餐饮" }, { msg_types: ["event"], events: ["CLICK"], key: contains("MEMBER_", "starts_with") }, { kind: "target", target_id: 1 }, { hits: 5_120, last_hit_at: start - 42_000 }),
    rule("夏季抽奖", of(third), { msg_types: ["text"], text: contains("抽奖", "equals") }, { kind: "target", target_id: 5 }, { enabled: false, hits: 91, last_hit_at: start - 9 * 24 * HOUR, trouble: sandbox ? null : both("业务服务器「抽奖活动」已停用，现在会直接回复 success。", "The business server 抽奖活动 is switched off: success is answered.") }),
    rule("位置上报不回复", ALL, { msg_types: ["event"], events: ["LOCATION"] }, { kind: "success" }, { hits: 30_944, last_hit_at: start - 1000 }),
    rule("模板消息、群发结果、订阅消息与认证到期等通知类事件统一转给旧客服系统留档（2019 年规则，勿删）", ALL, { msg_types: ["event"], events: ["TEMPLATESENDJOBFINISH", "MASSSENDJOBFINISH", "subscribe_msg_sent_event", "verify_expired", "annual_renew"] }, { kind: "empty" }, { notify: sandbox ? [2] : [2, 3, 4, 6], hits: 12, last_hit_at: start - 26 * HOUR }),
    rule("没听懂", ALL, { msg_types: ["text", "image", "voice", "video", "shortvideo", "link"] }, { kind: "text", content: "收到，我们会尽快回复你。" }, { hits: 0 }),
  ];
  if (sandbox) return list.slice(1, 8).map((one, i) => ({ ...one, position: i + 1, notify: one.notify.filter((to) => to <= 2), answer: one.answer.kind === "target" ? { kind: "target", target_id: 1 } : one.answer }));
  if (scenario === "many") {
    while (list.length < 200) {
      const n = list.length + 1;
      const account = accounts[n % Math.max(1, Math.min(40, accounts.length))];
      list.push(rule(`关键词 ${n}`, n % 4 === 0 ? ALL : of(account), { msg_types: ["text"], text: contains(`关键词${n}\n别名${n}`, n % 3 === 0 ? "equals" : "contains") }, { kind: "text", content: `第 ${n} 条自动回复` }, { hits: (n * 37) % 900, last_hit_at: n % 7 === 0 ? null : start - n * MIN, enabled: n % 17 !== 0 }));
    }
  }
  return list;
}

const TEXTS = ["请问今天几点关门", "价格表发我一下", "[图片]", "SCAN table-12", "MEMBER_CENTER", "subscribe", "我要退款，订单 DD20250611034 到现在还没有发货，已经打了三次电话都没有人接", "谢谢", "qrscene_poster-7"];
const KINDS = ["text", "text", "image", "SCAN", "CLICK", "subscribe", "text", "text", "subscribe"];
const FAULTS: DeliveryError[] = ["connect", "timeout", "status"];

export function makeDeliveries(to: Target, state: DeliveryState, n: number, start: number, accounts: Account[]): Delivery[] {
  return Array.from({ length: n }, (_, i) => {
    const account = accounts[(i * 3) % Math.max(1, accounts.length)];
    const failed = state === "failed" || state === "dead" || (state === "waiting" && to.health.state !== "ok");
    const error = failed ? FAULTS[(i + (to.id === 3 ? 0 : 2)) % (to.id === 3 ? 2 : 3)] : null;
    return {
      id: 90_000 - i, target_id: to.id, push_id: 48_000 - i * 3, state, at: start - (state === "delivered" ? i * 7000 : (i + 1) * 49_000), attempt: state === "dead" ? 14 + (i % 4) : failed ? 1 + (i % 9) : 1,
      status: error === "status" ? 503 : failed ? null : state === "waiting" ? null : 200, took_ms: state === "waiting" && !failed ? null : error === "timeout" ? to.timeout_ms : 18 + ((i * 37) % 240),
      error, error_text: error ? (ERROR_WORDS[error] ?? null) : null, due_at: state === "waiting" ? start + (failed ? 30_000 + (i % 50) * 9000 : 1000) : null,
      appid: account?.appid ?? null, account_name: account?.nick_name ?? null, kind: KINDS[i % KINDS.length], text: TEXTS[i % TEXTS.length],
    };
  });
}

const cdata = (name: string, value: string): string => `  <${name}><![CDATA[${value}]]></${name}>`;
/** The passive reply of an answer, as the engine words it. */
export function replyOf(answer: RuleAnswer, values: Record<string, string>, sender: string): PushReply | null {
  const fill = (text: string): string => text.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (_, name: string) => values[name] ?? "");
  const wrap = (type: string, lines: string[], text: string): PushReply => ({ xml: ["<xml>", cdata("ToUserName", sender), cdata("FromUserName", "gh_10f6c3c3ac5a"), `  <CreateTime>${Math.floor(Date.now() / 1000)}</CreateTime>`, cdata("MsgType", type), ...lines, "</xml>"].join("\n"), text });
  switch (answer.kind) {
    case "text":
      return wrap("text", [cdata("Content", fill(answer.content))], fill(answer.content));
    case "image":
    case "voice":
      return wrap(answer.kind, [`  <${answer.kind === "image" ? "Image" : "Voice"}>${cdata("MediaId", answer.media_id).trim()}</${answer.kind === "image" ? "Image" : "Voice"}>`], answer.media_id);
    case "video":
      return wrap("video", ["  <Video>", cdata("MediaId", answer.media_id), cdata("Title", fill(answer.title)), cdata("Description", fill(answer.description)), "  </Video>"], fill(answer.title));
    case "music":
      return wrap("music", ["  <Music>", cdata("Title", fill(answer.title)), cdata("Description", fill(answer.description)), cdata("MusicUrl", answer.music_url), cdata("HQMusicUrl", answer.hq_music_url), cdata("ThumbMediaId", answer.thumb_media_id), "  </Music>"], fill(answer.title));
    case "news":
      return wrap("news", [`  <ArticleCount>${answer.articles.length}</ArticleCount>`, "  <Articles>", ...answer.articles.map((one) => ["    <item>", cdata("Title", fill(one.title)), cdata("Description", fill(one.description)), cdata("PicUrl", one.pic_url), cdata("Url", one.url), "    </item>"].join("\n")), "  </Articles>"], fill(answer.articles[0]?.title ?? ""));
    case "customer_service":
      return wrap("transfer_customer_service", answer.kf_account ? [`  <TransInfo>${cdata("KfAccount", answer.kf_account).trim()}</TransInfo>`] : [], "transfer_customer_service");
    default:
      return null;
  }
}
