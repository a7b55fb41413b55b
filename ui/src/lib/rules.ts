/**
 * The form's rules, the same as the engine's, so that a field answers while it is being typed. The engine decides in
 * the end. Pure: a rule answers with its id (worded in the locale under `rule.*`), or null.
 */
export type RuleId =
  | "required"
  | "name"
  | "appid"
  | "aes_key"
  | "token"
  | "secret"
  | "base_url"
  | "https"
  | "no_path"
  | "host_url"
  | "proxy"
  | "account_appid";

export type Rule = (value: string) => RuleId | null;

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** `wx` and 16 hex digits, lower case as WeChat writes them. */
export const appid: Rule = (value) => (value === "" ? "required" : /^wx[0-9a-f]{16}$/.test(value) ? null : "appid");

export const optionalAppid: Rule = (value) => (value === "" || /^wx[0-9a-f]{16}$/.test(value) ? null : "account_appid");

/** Exactly 43 letters or digits. */
export const aesKey: Rule = (value) => (value === "" ? "required" : /^[A-Za-z0-9]{43}$/.test(value) ? null : "aes_key");

export const optionalAesKey: Rule = (value) => (value === "" ? null : aesKey(value));

/** 3–32 letters or digits. */
export const verifyToken: Rule = (value) => (value === "" ? "required" : /^[A-Za-z0-9]{3,32}$/.test(value) ? null : "token");

/** Anything without blanks, at most 128; WeChat gives 32 hex digits, a forward server may have others. */
export const appSecret: Rule = (value) => (value === "" ? "required" : /^[!-~]{1,128}$/.test(value) ? null : "secret");

/** Longest platform name, characters; it has to fit the switcher. */
export const MAX_NAME = 40;

/** Characters as the engine counts them: one outside the basic plane is one, not two. */
export const nameLength = (value: string): number => Array.from(value.trim()).length;

export const platformName: Rule = (value) => (value.trim() === "" ? "required" : nameLength(value) > MAX_NAME ? "name" : null);

function parse(value: string): URL | null {
  try {
    return new URL(value);
  } catch {
    return null;
  }
}

/** https (http only for loopback), no path, no query. */
export const baseUrl: Rule = (value) => {
  if (value === "") return "required";
  const url = parse(value);
  if (!url || !/^https?:\/\//i.test(value) || url.username !== "" || url.password !== "") return "base_url";
  if (url.protocol === "http:" && !LOOPBACK.has(url.hostname)) return "https";
  return url.pathname !== "/" || url.search !== "" || url.hash !== "" || /[?#]/.test(value) ? "no_path" : null;
};

/** A WeChat host or its stand-in. */
export const endpoint: Rule = (value) => {
  if (value === "") return "required";
  const url = parse(value);
  return url && (url.protocol === "https:" || url.protocol === "http:") && url.search === "" && url.hash === "" ? null : "host_url";
};

export const proxy: Rule = (value) => {
  if (value === "") return null;
  const url = parse(value);
  return url && /^(http|https|socks5):\/\//i.test(value) && url.hostname !== "" ? null : "proxy";
};
