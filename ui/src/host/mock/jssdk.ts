/** Made-up JS-SDK tickets, signatures and their checks. The signatures are real ones over a made-up ticket. Development and tests only. */
import type { Commands } from "../host";
import type { Account, JsTicket, JsTicketKind, PageFinding, SignedPage } from "../types";
import { hex, token } from "./data";
import { sha1 } from "./own";

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
/** A ticket's life, ms. */
const TICKET_LIFE = 7_200_000;
const TICKET = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg";
const OLD_TICKET = "bxLdikRXVbTPdHSM05e5u5sUoXNKd8-41ZO3MhKoyN5OfkWITDGgnr2fwJ0m9E8NYzWKVZvdVtaUgWvsdshFKA";

interface Around {
  start: number;
  accounts: () => Account[];
  emit: (...tags: string[]) => void;
}
type JsCommand = "list_js_tickets" | "switch_js_ticket" | "refresh_js_ticket" | "sign_page" | "check_page";

export function jssdkAnswers({ start, accounts, emit }: Around): { [K in JsCommand]: (args: Commands[K]["args"]) => Commands[K]["result"] | Promise<Commands[K]["result"]> } {
  const all = new Map<string, JsTicket[]>();
  const off = (kind: JsTicketKind): JsTicket => ({ kind, on: false, used_at: null, ticket: token(Date.now(), "missing", { reason_code: "switched_off" }) });
  const fresh = (generation: number): JsTicket["ticket"] => token(Date.now(), "valid", { obtained_at: Date.now(), expires_at: Date.now() + TICKET_LIFE, next_refresh_at: Date.now() + TICKET_LIFE * 0.92, generation });
  function of(appid: string): JsTicket[] {
    let list = all.get(appid);
    if (!list) {
      const account = accounts().find((a) => a.appid === appid);
      const on = account?.state === "authorized";
      const jsapi: JsTicket = on ? { kind: "jsapi", on, used_at: start - 95_000, ticket: token(start, "valid", { generation: 41 }) } : { kind: "jsapi", on: true, used_at: null, ticket: token(start, "waiting", { obtained_at: null, expires_at: null, next_refresh_at: null, generation: 0, reason_code: "account_token_missing" }) };
      list = [jsapi, off("wx_card")];
      all.set(appid, list);
    }
    return list;
  }
  const one = (appid: string, kind: JsTicketKind): JsTicket => of(appid).find((x) => x.kind === kind) as JsTicket;
  const string1 = (ticket: string, nonce: string, timestamp: number | string, url: string): string => `jsapi_ticket=${ticket}&noncestr=${nonce}&timestamp=${timestamp}&url=${url}`;
  async function sign(appid: string, url: string, nonce: string, timestamp: number): Promise<SignedPage> {
    const plain = url.split("#")[0];
    const x = one(appid, "jsapi");
    if (!x.on) Object.assign(x, { on: true, ticket: fresh(1) });
    x.used_at = Date.now();
    emit(`js_tickets:${appid}`);
    return { config: { appId: appid, timestamp, nonceStr: nonce, signature: await sha1(string1(TICKET, nonce, timestamp, plain)) }, url: plain, string1: string1("***", nonce, timestamp, plain), generation: x.ticket.generation, expires_at: x.ticket.expires_at };
  }

  return {
    list_js_tickets: ({ appid }) => of(appid),
    switch_js_ticket: async ({ appid, kind, on }) => {
      await wait(500);
      Object.assign(one(appid, kind), on ? { on, ticket: fresh(1) } : off(kind));
      emit(`js_tickets:${appid}`);
      return of(appid);
    },
    refresh_js_ticket: async ({ appid, kind }) => {
      await wait(700);
      one(appid, kind).ticket = fresh(one(appid, kind).ticket.generation + 1);
      emit(`js_tickets:${appid}`);
      return of(appid);
    },
    sign_page: async ({ appid, url, nonce_str, timestamp }) => {
      await wait(250);
      return sign(appid, url, nonce_str ?? `Wm3WZYTPz0wz${hex(Date.now() % 997, 4)}`, timestamp ?? Math.floor(Date.now() / 1000));
    },
    check_page: async ({ appid, config }) => {
      await wait(400);
      const ours = await sign(appid, config.url, config.nonce_str, Number(config.timestamp));
      const needed = ours.url;
      const findings: PageFinding[] = [];
      const sent = config.signature.trim();
      if (config.app_id && config.app_id !== appid) findings.push({ code: "wrong_account", text: { zh: "页面用的是另一个账号的 appId，签名和 appId 必须来自同一个账号。", en: "The page uses another account's appId; signature and appId must come from the same account." }, signed: config.app_id, needed: appid });
      const tries: [string, string, string, string, string][] = [
        ["fragment", config.url, TICKET, "签名时带上了 # 后面的部分。签名用的网址要去掉 # 及其后内容。", "The part after # was signed too. Sign the address without # and what follows."],
        ["trailing_slash", needed.replace(/\/(?=\?|$)/, ""), TICKET, "签名用的网址少了末尾的 /。浏览器地址栏里有，签名时也要有。", "The signed address lacks the slash that the browser shows."],
        ["trailing_slash", needed.replace(/^(https?:\/\/[^/?]+)(\?|$)/, "$1/$2"), TICKET, "签名用的网址多了一个 /，多半是网址库自动加的。", "The signed address has one slash more; URL libraries insert it."],
        ["no_query", needed.split("?")[0], TICKET, "签名时丢了 ? 后面的参数。要用完整网址。", "The query after ? was left out when signing. Use the whole address."],
        ["encoded", encodeURIComponent(needed), TICKET, "签名时对网址做了编码。要用原样的网址。", "The address was percent-encoded before signing. Use it as it is."],
        ["http", needed.replace(/^https:/, "http:"), TICKET, "签名用的是 http，页面却是 https。反向代理后面的程序常会这样。", "Signed as http while the page is https: usual behind a reverse proxy."],
        ["old_ticket", needed, OLD_TICKET, "签名用的是旧的 jsapi_ticket。业务服务器缓存得太久，请改为向 wxdesk 取签名。", "An old jsapi_ticket was used: the server caches it too long. Let it ask wxdesk for signatures."],
      ];
      if (sent !== ours.config.signature) {
        for (const [code, url, ticket, zh, en] of tries) {
          if (findings.some((x) => x.code === code) || (url === needed && ticket === TICKET)) continue;
          if ((await sha1(string1(ticket, config.nonce_str, config.timestamp, url))) === sent) findings.push({ code, text: { zh, en }, signed: code === "old_ticket" ? null : url, needed: code === "old_ticket" ? null : needed });
        }
        if (findings.length === 0) findings.push({ code: "unknown", text: { zh: "签名对不上，也不是常见的几种错法。请核对 nonceStr 和 timestamp 是否就是签名时用的那一对，以及 jsapi_ticket 是不是这个账号的。", en: "It does not match, nor any of the usual mistakes. Check that nonceStr and timestamp are the very pair that was signed, and that the jsapi_ticket is this account's." }, signed: sent, needed: ours.config.signature });
      }
      return { ok: findings.length === 0, findings, ours };
    },
  };
}
