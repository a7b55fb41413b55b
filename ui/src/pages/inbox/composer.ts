/** What can be sent as a customer-service message, which parts each kind has, and their rules. Pure. */
import type { CustomMessage } from "@/host";

export type Kind = CustomMessage["kind"];
/** Those within reach, and those behind "more". */
export const MAIN: Kind[] = ["text", "image", "news", "msgmenu", "miniprogrampage"];
export const MORE: Kind[] = ["voice", "video", "music", "mpnews", "mpnewsarticle", "wxcard"];
export const MOST_BYTES = 2_048;
/** Choices of a question. */
export const MOST_CHOICES = 10;

export interface Part {
  name: string;
  need: boolean;
  rule?: "web" | "appid";
  /** A text of several lines. */
  long?: boolean;
}
const need = (name: string, more: Partial<Part> = {}): Part => ({ name, need: true, ...more });
const may = (name: string, more: Partial<Part> = {}): Part => ({ name, need: false, ...more });
export const PARTS: Record<Kind, Part[]> = {
  text: [need("content", { long: true })],
  image: [need("media_id")],
  voice: [need("media_id")],
  video: [need("media_id"), need("thumb_media_id"), may("title"), may("description")],
  music: [need("musicurl", { rule: "web" }), may("hqmusicurl", { rule: "web" }), need("thumb_media_id"), may("title"), may("description")],
  news: [need("title"), may("description"), need("url", { rule: "web" }), may("pic_url", { rule: "web" })],
  mpnews: [need("media_id")],
  mpnewsarticle: [need("article_id")],
  msgmenu: [need("head_content"), may("tail_content")],
  wxcard: [need("card_id")],
  miniprogrampage: [need("title"), need("appid", { rule: "appid" }), need("pagepath"), need("thumb_media_id")],
};

export interface Draft {
  kind: Kind;
  /** By kind, then by part: changing the kind loses nothing. */
  parts: Record<string, Record<string, string>>;
  choices: string[];
}
export const blankDraft = (): Draft => ({ kind: "text", parts: {}, choices: ["", ""] });
export const partOf = (draft: Draft, name: string): string => draft.parts[draft.kind]?.[name] ?? "";

export const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

export type Fault = "required" | "web" | "appid" | "bytes" | "choices";
function isWeb(text: string): boolean {
  try {
    return /^https?:$/.test(new URL(text).protocol);
  } catch {
    return false;
  }
}

/** Which rule each part breaks; empty when it can be sent. */
export function faults(draft: Draft): Record<string, Fault> {
  const out: Record<string, Fault> = {};
  for (const part of PARTS[draft.kind]) {
    const value = partOf(draft, part.name).trim();
    if (value === "") {
      if (part.need) out[part.name] = "required";
    } else if (part.rule === "web" && !isWeb(value)) out[part.name] = "web";
    else if (part.rule === "appid" && !/^wx[0-9a-f]{16}$/.test(value)) out[part.name] = "appid";
  }
  if (draft.kind === "text" && bytesOf(partOf(draft, "content")) > MOST_BYTES) out.content = "bytes";
  if (draft.kind === "msgmenu" && draft.choices.every((choice) => choice.trim() === "")) out.choices = "choices";
  return out;
}

/** The part that an engine's field is about: `article.url` is the url, `list.1.content` one of the choices. */
export const placeOf = (field: string): string => (/^list\b/.test(field) ? "choices" : field.replace(/^(message|article)\./, ""));

/** Ids of choices begin here, as in WeChat's own example. */
const FIRST_CHOICE = 101;

/** Only of a draft without faults. Text keeps its blanks and lines. */
export function messageOf(draft: Draft): CustomMessage {
  const own = (name: string): string => partOf(draft, name).trim();
  switch (draft.kind) {
    case "text":
      return { kind: "text", content: partOf(draft, "content") };
    case "news":
      return { kind: "news", article: { title: own("title"), description: own("description"), url: own("url"), pic_url: own("pic_url") } };
    case "msgmenu":
      return { kind: "msgmenu", head_content: own("head_content"), tail_content: own("tail_content"), list: draft.choices.map((text) => text.trim()).filter(Boolean).map((text, i) => [String(FIRST_CHOICE + i), text]) };
    default:
      return { kind: draft.kind, ...Object.fromEntries(PARTS[draft.kind].map((part) => [part.name, own(part.name)])) } as CustomMessage;
  }
}

/** After it was sent: this kind is blank again, the others are as they were. */
export function emptied(draft: Draft): Draft {
  return { ...draft, parts: { ...draft.parts, [draft.kind]: {} }, choices: draft.kind === "msgmenu" ? ["", ""] : draft.choices };
}
