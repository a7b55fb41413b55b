/** Times, numbers and names in words. Pure; the language is an argument. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const pad = (n: number): string => String(n).padStart(2, "0");

/** `1:42:07`; under an hour `42:07`; in the last minute `42`; null at or past the end. Days are counted in hours. */
export function countdown(leftMs: number): string | null {
  if (leftMs <= 0) return null;
  // The shared clock lags by up to a second: rounding up would show more than a whole life.
  const total = Math.max(1, Math.floor(leftMs / SECOND));
  if (total < 60) return String(total);
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const seconds = total % 60;
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds)}` : `${minutes}:${pad(seconds)}`;
}

/** `120 ms`, `1.4 s`. */
export function millis(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

const relativeFormats = new Map<string, Intl.RelativeTimeFormat>();

/** `3分钟前`, `in 2 hr.`; `nowWord` within five seconds. `past`: it has happened, so that a clock ahead of ours means now. */
export function relative(at: number, now: number, locale: string, nowWord: string, past = false): string {
  let format = relativeFormats.get(locale);
  if (!format) {
    format = new Intl.RelativeTimeFormat(locale, { numeric: "always", style: locale.startsWith("zh") ? "long" : "short" });
    relativeFormats.set(locale, format);
  }
  const diff = past ? Math.min(0, at - now) : at - now;
  const size = Math.abs(diff);
  if (size < 5 * SECOND) return nowWord;
  const say = (unit: number, name: Intl.RelativeTimeFormatUnit): string => format.format(Math.trunc(diff / unit), name);
  if (size >= HOUR && size < DAY) {
    const hours = Math.floor(size / HOUR);
    const minutes = Math.floor((size % HOUR) / MINUTE);
    if (locale.startsWith("zh")) return `${hours} 小时${minutes > 0 ? ` ${minutes} 分钟` : ""}${diff > 0 ? "后" : "前"}`;
    const span = `${hours} h${minutes > 0 ? ` ${minutes} min` : ""}`;
    return diff > 0 ? `in ${span}` : `${span} ago`;
  }
  const text = size < MINUTE ? say(SECOND, "second") : size < HOUR ? say(MINUTE, "minute") : size < DAY ? say(HOUR, "hour") : say(DAY, "day");
  // Chinese typography puts a thin gap between figures and words.
  return locale.startsWith("zh") ? text.replace("秒钟", "秒").replace(/(\d)(?=\p{Script=Han})/u, "$1 ") : text;
}

/** How long something has lasted, two units at most: `58 s`, `3 h 5 min`; in Chinese `58 秒`. */
export function span(ms: number, locale: string): string {
  const zh = locale.startsWith("zh");
  const [s, min, h, d] = zh ? ["秒", "分钟", "小时", "天"] : ["s", "min", "h", "d"];
  const size = Math.max(0, ms);
  const two = (big: number, bigUnit: string, small: number, smallUnit: string): string => `${big} ${bigUnit}${small > 0 ? ` ${small} ${smallUnit}` : ""}`;
  if (size < MINUTE) return `${Math.max(1, Math.floor(size / SECOND))} ${s}`;
  if (size < HOUR) return `${Math.floor(size / MINUTE)} ${min}`;
  if (size < DAY) return two(Math.floor(size / HOUR), h, Math.floor((size % HOUR) / MINUTE), min);
  return two(Math.floor(size / DAY), d, Math.floor((size % DAY) / HOUR), h);
}

/** `2026-01-05 14:32:07`, local zone, 24 h. */
export function absolute(at: number): string {
  const d = new Date(at);
  return `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())} ${clock(at)}`;
}

/** `14:32:07`. */
export function clock(at: number): string {
  const d = new Date(at);
  return `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;
}

/** `14:32`, with the day before it when it is not today. */
export function shortClock(at: number, now: number): string {
  const d = new Date(at);
  const hm = `${pad(d.getHours())}:${pad(d.getMinutes())}`;
  return new Date(now).toDateString() === d.toDateString() ? hm : `${pad(d.getMonth() + 1)}-${pad(d.getDate())} ${hm}`;
}

/** `12,345`. */
export function count(n: number): string {
  return n.toLocaleString("en-US");
}

/** First letter or character of a name, for an avatar without a picture. */
export function initial(name: string, fallback: string): string {
  const first = Array.from((name.trim() || fallback).replace(/^(wx|gh_)/, ""))[0];
  return (first ?? "?").toUpperCase();
}

/** A name without emoji and what joins them, with single blanks. Empty when there is nothing else. */
export function plainName(name: string): string {
  return name
    .replace(/[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}\u200d\ufe0e\ufe0f\u20e3]/gu, "")
    .replace(/\s+/g, " ")
    .trim();
}

/** A stable number below `size` for a text. */
export function hashTo(text: string, size: number): number {
  let hash = 5381;
  for (let i = 0; i < text.length; i += 1) hash = ((hash * 33) ^ text.charCodeAt(i)) >>> 0;
  return hash % size;
}
