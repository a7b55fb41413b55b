/** What followers send and what they get: the known kinds of messages and events, variables, replies as they look. Pure. */
import type { PushReply, ReplyArticle, RuleAnswer } from "@/host";

export const MSG_TYPES = ["text", "image", "voice", "video", "shortvideo", "location", "link", "miniprogrampage"] as const;
/** The same, with what carries an `Event`. */
export const ALL_TYPES = [...MSG_TYPES, "event"] as const;

/** `Event`s as WeChat writes them; the ones that rules are mostly about first. */
export const EVENTS = [
  "subscribe", "unsubscribe", "SCAN", "CLICK", "VIEW", "LOCATION", "view_miniprogram", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album", "pic_weixin", "location_select",
  "user_enter_tempsession", "TEMPLATESENDJOBFINISH", "MASSSENDJOBFINISH", "subscribe_msg_popup_event", "subscribe_msg_change_event", "subscribe_msg_sent_event", "qualification_verify_success", "qualification_verify_fail",
  "naming_verify_success", "naming_verify_fail", "annual_renew", "verify_expired", "weapp_audit_success", "weapp_audit_fail", "weapp_audit_delay", "wxa_nickname_audit", "debug_demo",
] as const;
/** Those that carry an `EventKey`. */
export const KEYED = new Set<string>(["subscribe", "SCAN", "CLICK", "VIEW", "view_miniprogram", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album", "pic_weixin", "location_select"]);

/** Names that stand for something of the message or the account; any other name is a field of the message. */
export const VARIABLES = ["Content", "FromUserName", "ToUserName", "EventKey", "Event", "MsgType", "CreateTime", "account", "appid", "time", "date"] as const;
export const variable = (name: string): string => `{{${name}}}`;

/** The words of a `MsgType`, an `Event` or an `InfoType`; what is not known stays as WeChat writes it. */
export const kindWord = (kind: string, t: (key: string) => string, te: (key: string) => boolean): string => (te(`kinds.${kind}`) ? t(`kinds.${kind}`) : kind);

/** Longest text of a reply, bytes. */
export const TEXT_BYTES = 2048;
/** Most articles of a reply. */
export const MOST_ARTICLES = 8;

const encoder = new TextEncoder();
export const byteLength = (text: string): number => encoder.encode(text).length;

/** A piece of a text that may hold variables. `known`: what it stands for is in `text`. */
export interface Piece {
  text: string;
  variable: string | null;
  known: boolean;
}
/** A text cut at its variables, those that are known filled in. */
export function pieces(text: string, values: Readonly<Record<string, string>>): Piece[] {
  return text
    .split(/(\{\{\s*[\w.]+\s*\}\})/)
    .filter((part) => part !== "")
    .map((part) => {
      const name = /^\{\{\s*([\w.]+)\s*\}\}$/.exec(part)?.[1] ?? null;
      if (name === null) return { text: part, variable: null, known: true };
      const value = values[name];
      return value === undefined ? { text: part, variable: name, known: false } : { text: value, variable: name, known: true };
    });
}

/** A reply as a phone shows it; null when the follower sees nothing. */
export type Shown =
  | { kind: "text"; content: string }
  | { kind: "image" | "voice"; media_id: string }
  | { kind: "video"; media_id: string; title: string; description: string }
  | { kind: "music"; title: string; description: string; url: string }
  | { kind: "news"; articles: ReplyArticle[] }
  | { kind: "customer_service"; agent: string };

/** What an answer of a rule's own looks like. A server that is asked decides by itself: null too. */
export function shownAnswer(answer: RuleAnswer): Shown | null {
  switch (answer.kind) {
    case "text":
      return { kind: "text", content: answer.content };
    case "image":
    case "voice":
      return { kind: answer.kind, media_id: answer.media_id };
    case "video":
      return { kind: "video", media_id: answer.media_id, title: answer.title, description: answer.description };
    case "music":
      return { kind: "music", title: answer.title, description: answer.description, url: answer.hq_music_url || answer.music_url };
    case "news":
      return { kind: "news", articles: answer.articles };
    case "customer_service":
      return { kind: "customer_service", agent: answer.kf_account };
    default:
      return null;
  }
}

/** A passive reply as WeChat would show it, from its document. A kind that is not known is shown by its line of text. */
export function shownReply(reply: PushReply | null): Shown | null {
  if (!reply || reply.xml.trim() === "") return null;
  const root = new DOMParser().parseFromString(reply.xml, "text/xml").documentElement;
  const text = (name: string, within: Element = root): string => within.getElementsByTagName(name)[0]?.textContent?.trim() ?? "";
  switch (text("MsgType")) {
    case "text":
      return { kind: "text", content: text("Content") };
    case "image":
      return { kind: "image", media_id: text("MediaId") };
    case "voice":
      return { kind: "voice", media_id: text("MediaId") };
    case "video":
      return { kind: "video", media_id: text("MediaId"), title: text("Title"), description: text("Description") };
    case "music":
      return { kind: "music", title: text("Title"), description: text("Description"), url: text("HQMusicUrl") || text("MusicUrl") };
    case "news":
      return { kind: "news", articles: [...root.getElementsByTagName("item")].map((item) => ({ title: text("Title", item), description: text("Description", item), pic_url: text("PicUrl", item), url: text("Url", item) })) };
    case "transfer_customer_service":
      return { kind: "customer_service", agent: text("KfAccount") };
    default:
      return { kind: "text", content: reply.text };
  }
}
