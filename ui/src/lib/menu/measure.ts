/** How WeChat measures names, keys and addresses. Pure. Numbers: the rules of `menu/create` and of the website's editor. */

/** Top-level buttons of a menu, sub-buttons of one button. */
export const MOST_TOP = 3;
export const MOST_SUB = 5;
/** Conditional menus may lead to this many different hosts (65316). */
export const MOST_DOMAINS = 3;
/** UTF-8 bytes that `menu/create` takes. */
export const NAME_BYTES = { top: 16, sub: 60 } as const;
/** Half-width units that a phone shows: four and eight Chinese characters. */
export const NAME_UNITS = { top: 8, sub: 16 } as const;
export const KEY_BYTES = 128;
/** Longest prefix of keys in takeover rules, bytes (the engine's rule): a key must still have room. */
export const PREFIX_BYTES = 32;
export const URL_BYTES = 1024;
/** Characters of a text reply. */
export const REPLY_CHARS = 600;

/** One half-width unit for codes 1 to 126 and half-width kana, else two, a UTF-16 unit at a time, as the website counts. */
function unitOf(code: number): 1 | 2 {
  return (code >= 1 && code <= 126) || (code >= 0xff61 && code <= 0xff9f) ? 1 : 2;
}

/** Half-width units of a text. */
export function units(text: string): number {
  let sum = 0;
  for (let i = 0; i < text.length; i += 1) sum += unitOf(text.charCodeAt(i));
  return sum;
}

const encoder = new TextEncoder();

/** UTF-8 bytes. */
export const bytes = (text: string): number => encoder.encode(text).length;

/** As a phone shows it: what goes beyond the room becomes one "…". Never halves a character of two UTF-16 units. */
export function cut(text: string, most: number): string {
  if (units(text) <= most) return text;
  let out = "";
  let sum = 0;
  for (const letter of text) {
    sum += units(letter);
    if (sum > most) break;
    out += letter;
  }
  return `${out}…`;
}

/** Characters as a person counts them. */
export const chars = (text: string): number => Array.from(text).length;

/** The host of an http or https address; null when it is none. */
export function webHost(url: string): string | null {
  if (!/^https?:\/\//i.test(url) || /\s/.test(url)) return null;
  try {
    return new URL(url).hostname || null;
  } catch {
    return null;
  }
}

/** What a person most likely meant: with `https://` when no scheme was typed. Null when nothing is to be offered. */
export function withScheme(url: string): string | null {
  const text = url.trim();
  if (text === "" || /^[a-z][a-z0-9+.-]*:/i.test(text) && !/^[^/]+:\d+(\/|$)/.test(text)) return null;
  const whole = `https://${text.replace(/^\/+/, "")}`;
  const host = webHost(whole);
  return host !== null && host.includes(".") ? whole : null;
}

/** A preview link of mp.weixin.qq.com, dead within days. */
export const isPreviewLink = (url: string): boolean => /[?&]tempkey=/i.test(url);

const APPID = /^wx[0-9a-f]{16}$/;
/** `wx` and 16 hex digits, lower case. */
export const isAppid = (text: string): boolean => APPID.test(text);
