/** The made-up inbox: rows are made when they are asked for, so that a hundred thousand cost nothing. */
import { HostError, type CommandName, type Commands } from "../host";
import type { Account, AnswerMinute, Conversation, InboxFigures, InboxQuery, PushCheck, PushDelivery, PushDetail, PushItem, PushReply, Rejection, Rejections, SendWindow, SentMessage } from "../types";
import { hex, random } from "./data";
import type { Outgoing } from "./dress";
import type { World } from "./forward";
import { both, flat, json, makePush, object, xml, type Push } from "./inboxdata";

type Name = "list_pushes" | "get_push" | "export_pushes" | "inbox_figures" | "set_inbox_retention" | "list_rejections" | "replay_push" | "get_conversation" | "send_custom_message";
type Answers = { [K in Name & CommandName]: (args: Commands[K]["args"]) => Commands[K]["result"] | Promise<Commands[K]["result"]> };

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const TRICKLE_MS = 2_000;
/** Rows looked at in one answer; a search stops after so many and goes on from there. */
const SCANNED = 3_000;
const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

export function inboxAnswers(mock: { scenario: string; start: number; accounts: () => Account[]; world: () => World; emit: (...tags: string[]) => void }): { answers: Answers; outgoing: (id: number) => Outgoing } {
  const { scenario, start, emit } = mock;
  /** None came: nothing at all, or everything was refused. */
  const bare = scenario === "empty" || scenario === "needs";
  const first = bare ? 0 : scenario === "many" ? 100_000 : scenario === "sandbox" ? 40 : 2_400;
  const step = scenario === "many" ? 6_200 : 47_000;
  /** Arrivals of those that came since, ms. */
  const fresh: number[] = [];
  const repeated = new Map<number, number>();
  const sent = new Map<string, SentMessage[]>();
  let keepDays = 30;
  let keepMib = 2048;
  let lastSent = 900;
  let trickle: ReturnType<typeof setInterval> | null = null;

  const top = (): number => first + fresh.length;
  const arrival = (id: number): number => (id > first ? fresh[id - first - 1] : start - 3_000 - (first - id) * step - ((id * 7919) % Math.floor(step / 2)));
  const component = (): string => mock.accounts().find((a) => a.connection === "authorized")?.component_appid ?? mock.accounts()[0]?.component_appid ?? "wx134c8103faa5a59e";
  function push(id: number): Push {
    const made = makePush(id, arrival(id), mock.accounts(), component(), mock.world());
    made.item.repeats += repeated.get(id) ?? 0;
    return made;
  }
  function live(): void {
    if (trickle !== null || bare || !["rich", "", "sandbox"].includes(scenario)) return;
    trickle = setInterval(() => {
      fresh.push(Date.now());
      const id = top();
      if (id % 9 === 0) setTimeout(() => (repeated.set(id, 1), emit("inbox")), 5_000);
      emit("inbox");
    }, TRICKLE_MS);
  }

  function fits(made: Push, query: InboxQuery): boolean {
    const { item } = made;
    if (query.component_appid && item.component_appid !== query.component_appid) return false;
    if (query.appid && item.appid !== query.appid) return false;
    if (query.class && item.class !== query.class) return false;
    if (query.msg_type && item.msg_type !== query.msg_type) return false;
    if (query.event && item.event !== query.event) return false;
    if (query.sender && item.sender !== query.sender) return false;
    if (query.only_slow && !(item.repeats > 0 || (item.took_ms ?? 0) >= 1000)) return false;
    if (query.rule_id !== undefined && item.rule_id !== query.rule_id) return false;
    if (query.until !== undefined && item.received_at >= query.until) return false;
    return !query.text || JSON.stringify(made.nodes).toLowerCase().includes(query.text.toLowerCase());
  }
  function page(query: InboxQuery): Commands["list_pushes"]["result"] {
    const limit = query.limit ?? 100;
    const items: PushItem[] = [];
    const floor = query.after ?? 0;
    let id = Math.min(query.before === undefined ? top() : query.before - 1, top());
    for (let looked = 0; id > floor; id -= 1, looked += 1) {
      if (query.from !== undefined && arrival(id) < query.from) return { items, next_before: null, searched_to: null };
      if (items.length >= limit || looked >= SCANNED) return { items, next_before: id + 1, searched_to: arrival(id + 1) };
      const made = push(id);
      if (fits(made, query)) items.push(made.item);
    }
    return { items, next_before: null, searched_to: null };
  }

  function reply(made: Push): PushReply | null {
    if (!["rule", "target", "menu", "release"].includes(made.item.answer)) return null;
    const text = made.item.answer === "release" ? "TESTCOMPONENT_MSG_TYPE_TEXT_callback" : made.item.answer === "target" ? "您的订单 20261105-0038 已由顺丰揽收，预计明天送达。" : "您好，营业时间 07:00–22:00。\n回复「1」查订单，回复「2」找门店，回复「转人工」联系客服。";
    return { xml: xml([["ToUserName", made.item.sender ?? ""], ["FromUserName", made.to], ["CreateTime", String(Math.floor(made.item.received_at / 1000))], ["MsgType", "text"], ["Content", text]], true), text: text.replace(/\n/g, " ") };
  }
  function checks(made: Push): PushCheck[] {
    const { item } = made;
    const old = item.id % 41 === 0;
    return [
      { name: "signature", verdict: "ok", text: both("msg_signature 与 Token 相符", "msg_signature fits the Token") },
      { name: "decrypt", verdict: old ? "warning" : "ok", text: old ? both("用上一把密钥解开；新密钥还没有在微信生效", "Opened with the previous key; the new one is not in use at WeChat yet") : both("用当前密钥解开", "Opened with the current key") },
      { name: "appid", verdict: "ok", text: both(`尾部 AppID 是 ${item.component_appid}`, `The tail names ${item.component_appid}`) },
      { name: "parsed", verdict: item.kind_words ? "ok" : "warning", text: item.kind_words ? both("已识别", "Read and known") : both("内容可读，但这种类型不在已知列表里，原样保存", "Readable, but of an unknown kind; kept as it is") },
      { name: "repeats", verdict: item.repeats > 0 ? "warning" : "ok", text: item.repeats > 0 ? both(`微信又发了 ${item.repeats} 次，只处理了第一次`, `WeChat sent it ${item.repeats} more times; only the first was acted on`) : both("只来过一次", "Came once") },
      { name: "account", verdict: item.appid === null ? "unknown" : item.ended ? "failed" : "ok", text: item.appid === null ? both("与账号无关", "Not about an account") : item.ended ? both("收到时账号已取消授权", "The account's authorization had ended when it came") : both("已授权给本平台", "Authorized here") },
      { name: "answer", verdict: item.answer === "time_over" ? "failed" : item.took_ms === null ? "unknown" : item.took_ms >= 1000 ? "warning" : "ok", text: item.answer === "time_over" ? both("4.5 秒内没有结果，已回 success", "Nothing within 4.5 s; success was given") : item.took_ms === null ? both("没有保存用时", "The time was not kept") : both(`${item.took_ms} 毫秒内应答`, `Answered within ${item.took_ms} ms`) },
    ];
  }
  function deliveries({ item }: Push): PushDelivery[] {
    return item.notified.map((target_id, i) => {
      const roll = (item.id + i) % 11;
      const state = Date.now() - item.received_at < 8_000 ? "waiting" : roll === 4 ? "dead" : roll === 7 ? "waiting" : "delivered";
      const text = { waiting: both("排在同一粉丝更早的消息之后", "Behind an earlier message of the same follower"), dead: both("HTTP 500，24 小时内试了 31 次后放弃", "HTTP 500, given up after 31 attempts in 24 h"), delivered: both("HTTP 200，38 毫秒", "HTTP 200, 38 ms") }[state];
      return { target_id, target_name: mock.world().targets.find((one) => one.id === target_id)?.name ?? "", state, at: item.received_at + 400, attempts: state === "dead" ? 31 : state === "waiting" ? 3 : 1, text };
    });
  }
  const sealedBody = (id: number, to: string): string => {
    const dice = random(id + 3);
    return `<xml>\n  <ToUserName><![CDATA[${to}]]></ToUserName>\n  <Encrypt><![CDATA[${Array.from({ length: 512 }, () => BASE64[Math.floor(dice() * 64)]).join("")}]]></Encrypt>\n</xml>`;
  };
  function known(id: number): Push {
    if (id < 1 || id > top()) throw new HostError({ code: "not_found", message: "no such push" });
    return push(id);
  }
  function detail(id: number): PushDetail {
    const made = known(id);
    const { item, nodes } = made;
    const seconds = Math.floor(item.received_at / 1000) - 1;
    const answered = reply(made);
    return {
      item, to_user_name: item.class === "component" ? "" : made.to, created_at: seconds * 1000, msg_id: item.class === "component" || item.msg_type === "event" ? null : `2439${String(6054768590000 + id * 977)}`,
      path: item.class === "component" ? `/wechat/${item.component_appid}/event` : `/wechat/${item.component_appid}/callback/${item.appid}`,
      raw: made.json ? json(nodes, false) : xml(nodes, false), pretty: made.json ? json(nodes, true) : xml(nodes, true), json: made.json, fields: flat(nodes),
      sealed: id % 17 === 3 ? null : { query: `signature=${hex(id, 40)}&timestamp=${seconds}&nonce=${hex(id, 6)}${item.sender ? `&openid=${item.sender}` : ""}&encrypt_type=aes&msg_signature=${hex(id + 1, 40)}`, body: sealedBody(id, made.to), previous_key: id % 41 === 0 },
      checks: checks(made), reply: answered,
      trouble: item.answer === "target_failed" ? both("业务服务器的应答既不是空、success，也不是可用的被动回复，已回 success。", "The business server's answer is neither empty, nor success, nor a passive reply that can be used; success was given.") : item.answer === "time_over" ? both("业务服务器在 4.5 秒内没有应答，已回 success，微信不会重发。", "The business server did not answer within 4.5 s; success was given, so that WeChat does not repeat.") : null,
      deliveries: deliveries(made),
    };
  }

  function figures(): InboxFigures {
    const now = Math.floor(Date.now() / MINUTE) * MINUTE;
    const dice = random(Math.floor(start / MINUTE));
    const minutes: AnswerMinute[] = bare ? [] : Array.from({ length: 60 }, (_, i) => {
      const roll = dice();
      const late = i === 22 || i === 23 ? 3 : 0;
      const slow = late > 0 ? 6 : roll > 0.9 ? 1 : 0;
      return { at: now - (59 - i) * MINUTE, count: 1 + Math.floor(dice() * 40), slow, late, slowest_ms: late > 0 ? 4500 : slow > 0 ? 1000 + Math.floor(dice() * 2400) : 12 + Math.floor(dice() * dice() * 700) };
    }).filter((_, i) => i % 13 !== 7);
    return { rows: top(), bytes: top() * 812, oldest_at: bare ? null : arrival(1), keep_days: keepDays, keep_mib: keepMib, held: bare ? 0 : scenario === "many" ? 1284 : 3, minutes, p50_ms: bare ? null : 14, p99_ms: bare ? null : 1240, slow_ms: 1000, budget_ms: 4500 };
  }

  function rejections(): Rejections {
    if (scenario === "empty" || scenario === "healthy" || scenario === "many" || scenario === "sandbox") return { total: 0, counts: [], items: [] };
    const ours = component();
    const item = (reason: string, status: number, ago: number, path: string, from?: string): Rejection => ({ at: start - ago, path, reason, status, ...(from && { from }) });
    const items = [
      item("bad_signature", 403, 65_000, `/wechat/${ours}/event`, "101.226.103.61"),
      item("bad_key", 403, 172_000, `/wechat/${ours}/callback/wxdb6c0bf23d1f1ac3`, "101.226.103.62"),
      item("unknown_appid", 404, 640_000, "/wechat/wx0000000000000000/event", "101.226.103.62"),
      item("bad_body", 400, 900_000, `/wechat/${ours}/callback/wxdb6c0bf23d1f1ac3`),
      ...Array.from({ length: 140 }, (_, i) => item(["unknown_appid", "bad_signature", "too_large"][i % 3], [404, 403, 413][i % 3], (i + 17) * 61_000, ["/wp-login.php", `/wechat/${ours}/event`, `/wechat/${ours}/callback/wxdb6c0bf23d1f1ac3`][i % 3], `198.51.100.${20 + (i % 90)}`)),
    ];
    const many = { bad_signature: 1204, bad_key: 38, unknown_appid: 412, bad_body: 1, too_large: 46 } as Record<string, number>;
    const advice: Record<string, [string, string]> = {
      bad_signature: ["核对开放平台「消息校验Token」与这里「平台 → 消息校验Token」是否一字不差，注意前后空格和大小写。", "Compare 消息校验Token on the open platform with the one under Platforms here, letter by letter; mind blanks and case."],
      bad_key: ["核对开放平台「消息加解密Key」与这里的是否一致。刚换过的话，把旧的填进「上一把消息加解密Key」。", "Compare 消息加解密Key on the open platform with the one here. If it was just changed, enter the old one as the previous key."],
      unknown_appid: ["没有这个平台或账号。若是自己的，检查开放平台上填的地址里的 AppID；否则多半是扫描，可以不管。", "No such platform or account. If it is yours, check the appid in the address entered on the open platform; otherwise it is most likely a scan."],
      bad_body: ["内容不完整。检查隧道或反向代理有没有改动、截断请求体。", "The body is incomplete. See whether the tunnel or a proxy changes or cuts it."],
      too_large: ["超过 1 MiB。微信的推送不会这么大，多半不是微信发的。", "Larger than 1 MiB. WeChat's pushes are not, so it is most likely not from WeChat."],
    };
    return {
      total: 1701,
      counts: Object.entries(many).map(([reason, count]) => ({ reason, count, last_at: items.find((one) => one.reason === reason)?.at ?? start, component_appid: reason === "unknown_appid" ? null : ours, advice: both(...advice[reason]) })).sort((a, b) => b.last_at - a.last_at),
      items,
    };
  }

  const whom = (who: { appid: string; openid: string }): string => `${who.appid}/${who.openid}`;
  function sentTo(who: { appid: string; openid: string }): SentMessage[] {
    let list = sent.get(whom(who));
    if (!list) {
      list = [
        { id: 2, at: start - 3 * HOUR, kind: "text", text: "好的，已经为您登记，周五之前会有同事联系您。", ok: true, errcode: null, words: null },
        { id: 1, at: start - 52 * HOUR, kind: "image", text: "图片 pS3k…", ok: false, errcode: 45015, words: both("回复时间超过 48 小时。请等粉丝再发一条消息。", "More than 48 hours since the last message. Wait until the follower writes again.") },
      ];
      sent.set(whom(who), list);
    }
    return list;
  }
  function conversation(who: Commands["get_conversation"]["args"]): Conversation {
    const account = mock.accounts().find((a) => a.appid === who.appid);
    const { items, next_before } = page({ appid: who.appid, sender: who.openid, class: "message", limit: 50 });
    const mine = sentTo(who);
    const usedSince = (at: number): number => mine.filter((one) => one.ok && one.at >= at).length;
    const windows: SendWindow[] = [];
    const add = (cause: SendWindow["cause"], found: PushItem | undefined, length: number, allowed: number, keep = false): void => {
      if (!found || (!keep && found.received_at + length < Date.now())) return;
      windows.push({ cause, opened_at: found.received_at, until: found.received_at + length, allowed, used: Math.min(allowed, usedSince(found.received_at)) });
    };
    add("menu", items.find((one) => ["CLICK", "scancode_push", "scancode_waitmsg"].includes(one.event ?? "")), MINUTE, 3);
    add("follow", items.find((one) => one.event === "subscribe"), MINUTE, 3);
    add("scan", items.find((one) => one.event === "SCAN"), MINUTE, 3);
    add("message", items.find((one) => one.msg_type !== "event"), 48 * HOUR, 5, true);
    return {
      ...who, account_name: account?.nick_name || null, windows, partial: next_before !== null && items.length < 50, pushes: items, sent: mine.slice(0, 50),
      barred: account?.state === "unauthorized" ? both("账号已取消授权，不能代它发送消息。", "The account's authorization has ended: nothing can be sent for it.") : account?.kind === "unknown" ? both("账号没有授权「消息管理」权限集（1），请让管理员补充授权。", "The account lacks permission set 1 (messages): ask its owner to authorize it.") : null,
    };
  }
  const lineOf = (message: Commands["send_custom_message"]["args"]["message"]): string => {
    switch (message.kind) {
      case "text": return message.content;
      case "news": return message.article.title;
      case "msgmenu": return `${message.head_content} ${message.list.map(([, text]) => `[${text}]`).join(" ")}`;
      case "music": return message.title || message.musicurl;
      case "miniprogrampage": return message.title;
      case "wxcard": return message.card_id;
      case "mpnewsarticle": return message.article_id;
      default: return message.media_id;
    }
  };

  function outgoing(id: number): Outgoing {
    const { item, nodes } = known(id);
    return { id, component: item.component_appid, appid: item.appid ?? "", msg_type: item.msg_type, event: item.event, sender: item.sender ?? "", received_at: item.received_at, xml: xml(nodes, false), fields: object(nodes), test: item.made_up };
  }

  const answers: Answers = {
    list_pushes: ({ query }) => (live(), page(query)),
    get_push: ({ id }) => detail(id),
    export_pushes: async ({ query, format }) => {
      await wait(300);
      const found = page({ ...query, limit: 2_000 });
      const text = format === "csv" ? `\ufefftime,type,event,text\n${found.items.map((one) => [new Date(one.received_at).toISOString(), one.msg_type, one.event ?? "", JSON.stringify(one.text)].join(",")).join("\n")}\n` : format === "json" ? JSON.stringify(found.items.map((one) => detail(one.id)), null, 2) : found.items.map((one) => detail(one.id).raw).join("\n");
      return { file_name: `pushes.${format}`, mime: { csv: "text/csv", json: "application/json", xml: "application/xml" }[format], text, rows: found.items.length, truncated: found.next_before !== null };
    },
    inbox_figures: figures,
    set_inbox_retention: async ({ keep_days, keep_mib }) => {
      await wait(400);
      if (keep_days < 1 || keep_days > 365) throw new HostError({ code: "invalid_input", message: "1–365", detail: { fields: [{ field: "keep_days", rule: "range", message: "1–365 days", message_zh: "应为 1–365 天" }] } });
      keepDays = keep_days;
      keepMib = keep_mib;
      return figures();
    },
    list_rejections: rejections,
    replay_push: async ({ id, to }) => {
      await wait(700);
      const world = mock.world();
      const out = outgoing(id);
      if (to.to === "target") {
        const delivery = world.report(to.target_id, out);
        return { trace: null, reply: null, delivery, queued: [], took_ms: delivery.took_ms };
      }
      const trace = world.trace({ push_id: id });
      const delivery = trace.ask === null ? null : world.report(trace.ask, out);
      // What a business server says is asked for, and only shown in full when it failed.
      const asked = delivery?.ok ? reply({ ...known(id), item: { ...known(id).item, answer: "target" } }) : null;
      return { trace, reply: trace.reply ?? asked, delivery: delivery?.ok ? null : delivery, queued: trace.notify, took_ms: delivery?.took_ms ?? 6 };
    },
    get_conversation: conversation,
    send_custom_message: async ({ component_appid, appid, openid, message }) => {
      await wait(650);
      const text = lineOf(message);
      if (message.kind === "text" && new TextEncoder().encode(text).length > 2048) throw new HostError({ code: "invalid_input", message: "too long", detail: { fields: [{ field: "content", rule: "length", message: "At most 2,048 bytes", message_zh: "最多 2048 字节" }] } });
      const refused = text.includes("失败");
      const unsure = text.includes("超时");
      lastSent += 1;
      const made: SentMessage = { id: lastSent, at: Date.now(), kind: message.kind, text, ok: !refused && !unsure, errcode: refused ? 45047 : null, words: refused ? both("客服消息条数超过上限。粉丝再发一条消息后可以再发 5 条。", "The number of messages is used up. After the follower writes again, 5 more can be sent.") : unsure ? both("发出后没有收到微信的应答，不知道粉丝有没有收到。", "No answer came from WeChat: whether the follower has it is not known.") : null };
      sentTo({ appid, openid }).unshift(made);
      void component_appid;
      emit(`sent:${openid}`);
      return made;
    },
  };
  return { answers, outgoing };
}
