/**
 * Menus as text: a scanner that says where JSON breaks (engines' own messages differ and some name no place), and what of
 * WeChat's forms can be taken over. Pure.
 */
import type { MenuSet } from "@/host";
import { isNews } from "./articles";

/** What was expected; worded under `menuEditor.json.expected.*`. */
export type Expected = "value" | "comma_object" | "comma_array" | "colon" | "key" | "string_end" | "escape" | "control" | "number" | "end" | "depth";
export interface SyntaxProblem {
  offset: number;
  /** From 1. */
  line: number;
  column: number;
  expected: Expected;
}

/** Levels of lists and objects that are read. A menu has a dozen; far deeper ones exhaust the stack of whoever reads them. */
export const MOST_DEPTH = 64;
/** Entries of one level that are shown. WeChat takes 3 and 5; beyond this the page itself suffers. */
export const MOST_ENTRIES = 20;
/** A text beyond this is no menu, bytes. */
export const MOST_TEXT = 64 * 1024;

class Stop extends Error {
  constructor(
    readonly offset: number,
    readonly expected: Expected,
  ) {
    super(expected);
  }
}

/** Null when the text is JSON. */
export function syntaxProblem(text: string): SyntaxProblem | null {
  let at = 0;
  let depth = 0;
  const blank = (): void => {
    while (at < text.length && " \t\n\r".includes(text[at])) at += 1;
  };
  const fail = (expected: Expected): never => {
    throw new Stop(at, expected);
  };
  function string(): void {
    const start = at;
    at += 1;
    while (text[at] !== '"') {
      if (at >= text.length) {
        at = start;
        fail("string_end");
      }
      if (text.charCodeAt(at) < 0x20) fail("control");
      if (text[at] === "\\") {
        at += 1;
        if (text[at] === "u") {
          if (!/^[0-9a-fA-F]{4}$/.test(text.slice(at + 1, at + 5))) fail("escape");
          at += 4;
        } else if (!'"\\/bfnrt'.includes(text[at] ?? "x")) fail("escape");
      }
      at += 1;
    }
    at += 1;
  }
  function list(close: string, expected: Expected, one: () => void): void {
    if (depth === MOST_DEPTH) fail("depth");
    depth += 1;
    at += 1;
    blank();
    if (text[at] === close) {
      depth -= 1;
      at += 1;
      return;
    }
    for (;;) {
      one();
      blank();
      if (text[at] === close) break;
      if (text[at] !== ",") fail(expected);
      at += 1;
      blank();
    }
    depth -= 1;
    at += 1;
  }
  function value(): void {
    blank();
    const letter = text[at];
    if (letter === '"') return string();
    if (letter === "{")
      return list("}", "comma_object", () => {
        if (text[at] !== '"') fail("key");
        string();
        blank();
        if (text[at] !== ":") fail("colon");
        at += 1;
        value();
      });
    if (letter === "[") return list("]", "comma_array", value);
    const word = /^(?:true|false|null)/.exec(text.slice(at, at + 5));
    const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/.exec(text.slice(at, at + 400));
    if (word) at += word[0].length;
    else if (number) at += number[0].length;
    else fail(letter !== undefined && /[-\d]/.test(letter) ? "number" : "value");
  }
  try {
    value();
    blank();
    if (at < text.length) fail("end");
    return null;
  } catch (thrown) {
    // A small stack may end before the count does.
    const stop = thrown instanceof RangeError ? new Stop(at, "depth") : thrown;
    if (!(stop instanceof Stop)) throw thrown;
    const before = text.slice(0, stop.offset).split("\n");
    return { offset: stop.offset, line: before.length, column: before[before.length - 1].length + 1, expected: stop.expected };
  }
}

/** Which part of a set a text stands for. */
export type Scope = "menu" | "all";
/** Why valid JSON is no menu; worded under `menuEditor.json.shape.*`. */
export type ShapeProblem = "not_object" | "no_button" | "button_list" | "entry" | "conditional_list" | "matchrule" | "replies_list" | "news" | "too_many" | "too_large" | "selfmenu" | "only_all";

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

/** The text of one menu (`index` 0: the default one) or of the whole set. */
export function toText(set: MenuSet, scope: Scope, index: number): string {
  if (scope === "all") return JSON.stringify(set, null, 2);
  if (index === 0) return JSON.stringify({ button: set.button }, null, 2);
  const own = set.conditional[index - 1];
  return JSON.stringify({ button: own.button, matchrule: own.matchrule }, null, 2);
}

const REPLY_KINDS = ["text", "image", "voice", "video", "news"];

/** More entries on one level than are shown, at any depth. Deeper than `MOST_DEPTH` counts as too many as well. */
function crowded(button: readonly unknown[], depth = 0): boolean {
  if (button.length > MOST_ENTRIES || depth > MOST_DEPTH) return true;
  return button.some((own) => isObject(own) && Array.isArray(own.sub_button) && crowded(own.sub_button, depth + 1));
}

/** Whether a text is too large to be a menu. Characters are counted first: bytes of a huge one are not worth counting. */
export const tooLarge = (text: string): boolean => text.length > MOST_TEXT || new TextEncoder().encode(text).length > MOST_TEXT;

/** The same as `taken` for a text that `syntaxProblem` has nothing against. */
export const takenText = (text: string, scope: Scope, index: number, set: MenuSet): MenuSet | ShapeProblem => (tooLarge(text) ? "too_large" : taken(JSON.parse(text), scope, index, set));

/** Takes a text's value into a set: the forms of `menu/create`, `addconditional`, `menu/get`, a bare list, our own. */
export function taken(value: unknown, scope: Scope, index: number, set: MenuSet): MenuSet | ShapeProblem {
  if (isObject(value) && "selfmenu_info" in value) return "selfmenu";
  const whole = isObject(value) && (isObject(value.menu) || "conditionalmenu" in value || "conditional" in value || "replies" in value);
  if (whole && scope === "menu") return "only_all";
  const root = isObject(value) && isObject(value.menu) ? value.menu : value;
  const button = Array.isArray(root) ? root : isObject(root) ? root.button : undefined;
  if (!Array.isArray(root) && !isObject(root)) return "not_object";
  if (button === undefined) return "no_button";
  if (!Array.isArray(button)) return "button_list";
  if (!button.every(isObject)) return "entry";
  if (crowded(button)) return "too_many";
  if (scope === "menu") {
    if (index === 0) return { ...set, button };
    const rule = isObject(root) && root.matchrule !== undefined ? root.matchrule : set.conditional[index - 1].matchrule;
    if (!isObject(rule)) return "matchrule";
    return { ...set, conditional: set.conditional.map((own, i) => (i === index - 1 ? { ...own, button, matchrule: rule } : own)) };
  }
  const outer = isObject(value) ? value : {};
  const conditional = outer.conditional ?? outer.conditionalmenu ?? [];
  if (!Array.isArray(conditional)) return "conditional_list";
  const fine = conditional.every((own) => isObject(own) && Array.isArray(own.button) && own.button.every(isObject));
  if (!fine) return "conditional_list";
  if (conditional.some((own: Json) => crowded(own.button as unknown[]))) return "too_many";
  if (!conditional.every((own: Json) => isObject(own.matchrule))) return "matchrule";
  const replies = outer.replies ?? set.replies;
  if (!Array.isArray(replies) || !replies.every((own) => isObject(own) && typeof own.key === "string" && typeof own.content === "string" && REPLY_KINDS.includes(String(own.kind)))) return "replies_list";
  if (!replies.every((own: Json) => isNews(own.news))) return "news";
  return {
    button,
    conditional: conditional.map((own: Json) => {
      const { menuid, ...rest } = own;
      return { ...rest, name: typeof own.name === "string" ? own.name : "", ...(menuid === undefined || menuid === null ? {} : { menuid: String(menuid) }) } as MenuSet["conditional"][number];
    }),
    replies: replies.map((own: Json) => ({ news: null, ...own }) as MenuSet["replies"][number]),
  };
}
