/**
 * Reads an authorize link (web OAuth, website login) as WeChat's page does and says what is wrong with it. Owns the rules
 * of such links; must not ask anybody. Pure. Invariant: a link that is put right has no error left.
 */
import type { OauthScopeName } from "@/host";

/** What WeChat's page calls each scope. */
export const SCOPES: Record<OauthScopeName, string> = { base: "snsapi_base", userinfo: "snsapi_userinfo", login: "snsapi_login" };
/** The longest `state`, bytes. */
export const STATE_MOST = 128;

const HOST = "open.weixin.qq.com";
const AUTHORIZE = "/connect/oauth2/authorize";
const LOGIN = "/connect/qrconnect";
const FRAGMENT = "wechat_redirect";
/** In this order, all of them. */
const FIRST = ["appid", "redirect_uri", "response_type", "scope", "state"];
/** After `state`, before the `#`. `connect_redirect` is an addition of the community against double redirects. */
const AFTER = ["forcePopup", "forceSnapShot", "connect_redirect", "component_appid"];
const KNOWN = [...FIRST, ...AFTER];
const APPID = /^wx[0-9a-f]{16}$/;

/** What is wrong; worded under `oauth.check.finding.*`. */
export type LinkFault =
  | "not_link" | "blank" | "entity" | "scheme" | "host" | "path" | "path_case"
  | "fragment_missing" | "fragment_wrong" | "fragment_early"
  | "case" | "twice" | "order" | "unknown" | "missing" | "empty"
  | "appid_form" | "uri_raw" | "uri_split" | "uri_twice" | "uri_bad" | "uri_http" | "uri_host" | "response_type"
  | "scope_unknown" | "scope_case" | "scope_account" | "scope_website" | "state_form" | "state_long"
  | "component_place" | "component_login" | "component_same" | "component_form" | "flag";

export interface LinkFinding {
  code: LinkFault;
  /** `error`: WeChat's page refuses or misreads the link. `warning`: it may. */
  severity: "error" | "warning";
  /** For the words. */
  named: Record<string, string>;
  /** What WeChat's page would show, when it is known. */
  page?: number;
}

export interface LinkReading {
  kind: "authorize" | "login";
  findings: LinkFinding[];
  /** What the link says, in its own order. */
  parts: { name: string; value: string }[];
  /** The link put right; null when something is missing that nobody can guess, or nothing is wrong. */
  fixed: string | null;
}

interface Pair {
  name: string;
  raw: string;
}

function decoded(raw: string): string {
  try {
    return decodeURIComponent(raw.replaceAll("+", " "));
  } catch {
    return raw;
  }
}

function pairsOf(query: string): Pair[] {
  return query
    .split("&")
    .filter((piece) => piece !== "")
    .map((piece) => {
      const at = piece.indexOf("=");
      return at < 0 ? { name: piece, raw: "" } : { name: piece.slice(0, at), raw: piece.slice(at + 1) };
    });
}

const known = (name: string): string | undefined => KNOWN.find((own) => own.toLowerCase() === name.toLowerCase());

/** Null for an empty text. */
export function readOauthLink(text: string): LinkReading | null {
  const typed = text.trim();
  if (typed === "") return null;
  const findings: LinkFinding[] = [];
  const add = (code: LinkFault, severity: LinkFinding["severity"] = "error", named: Record<string, string> = {}, page?: number): void => void findings.push({ code, severity, named, ...(page && { page }) });

  let link = typed;
  if (/\s/.test(link)) {
    add("blank");
    link = link.replace(/\s+/g, "");
  }
  if (/&amp;/i.test(link)) {
    add("entity");
    link = link.replace(/&amp;/gi, "&");
  }
  const shape = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(.*)$/i.exec(link);
  if (!shape) return { kind: "authorize", findings: [{ code: "not_link", severity: "error", named: {} }], parts: [], fixed: null };
  const [, scheme, host, path, tail] = shape;
  if (scheme.toLowerCase() !== "https") add("scheme", "error", { scheme });
  if (host.toLowerCase() !== HOST) add("host", "error", { host });
  const bare = path.replace(/\/+$/, "").toLowerCase();
  const kind: LinkReading["kind"] = bare === LOGIN ? "login" : "authorize";
  const wanted = kind === "login" ? LOGIN : AUTHORIZE;
  if (bare !== wanted) add("path", "error", { path: path || "/" });
  else if (path !== wanted) add("path_case", "error", { path, right: wanted });

  // Everything that could be a parameter, wherever the `#` stands: what comes after it is not read by WeChat.
  const hash = tail.indexOf("#");
  const before = (hash < 0 ? tail : tail.slice(0, hash)).replace(/^\?/, "");
  const fragment = hash < 0 ? null : tail.slice(hash + 1);
  let late = "";
  if (fragment === null) add("fragment_missing");
  else if (fragment !== FRAGMENT) {
    const rest = /^wechat_redirect[?&]?(.*)$/i.exec(fragment);
    late = rest ? rest[1] : (/[?&](.*)$/.exec(fragment)?.[1] ?? "");
    if (rest && rest[1] !== "") add("fragment_early");
    else add("fragment_wrong", "error", { fragment: `#${fragment}` });
  }
  let pairs = [...pairsOf(before), ...pairsOf(late)];
  pairs = joinRawUri(pairs, add);

  const parts = pairs.map((pair) => ({ name: pair.name, value: decoded(pair.raw) }));
  const seen = new Map<string, string>();
  const names: string[] = [];
  for (const pair of pairs) {
    const name = known(pair.name);
    if (!name) {
      add("unknown", "warning", { name: pair.name });
      continue;
    }
    if (name !== pair.name) add("case", "error", { name: pair.name, right: name });
    if (seen.has(name)) {
      add("twice", "error", { name });
      continue;
    }
    seen.set(name, pair.raw);
    names.push(name);
  }
  checkOrder(names, kind, seen, add);
  const values = checkValues(seen, kind, add);
  return { kind, findings: sorted(findings), parts, fixed: findings.some((one) => one.severity === "error") ? repaired(kind, values) : null };
}

type Add = (code: LinkFault, severity?: LinkFinding["severity"], named?: Record<string, string>, page?: number) => void;

const sorted = (all: LinkFinding[]): LinkFinding[] => [...all.filter((one) => one.severity === "error"), ...all.filter((one) => one.severity === "warning")];

/** Parameters of a page's address that was not encoded fall among the link's own: they are put back where they belong. */
function joinRawUri(pairs: Pair[], add: Add): Pair[] {
  const at = pairs.findIndex((pair) => known(pair.name) === "redirect_uri");
  if (at < 0 || !/^https?:/i.test(pairs[at].raw) || !pairs[at].raw.includes("?")) return pairs;
  let end = at + 1;
  while (end < pairs.length && !known(pairs[end].name)) end += 1;
  if (end === at + 1) return pairs;
  const lost = pairs.slice(at + 1, end);
  add("uri_split", "error", { names: lost.map((pair) => pair.name).join(", ") });
  const whole = { name: pairs[at].name, raw: [pairs[at].raw, ...lost.map((pair) => `${pair.name}=${pair.raw}`)].join("&") };
  return [...pairs.slice(0, at), whole, ...pairs.slice(end)];
}

function checkOrder(names: string[], kind: LinkReading["kind"], seen: Map<string, string>, add: Add): void {
  const pages: Record<string, number> = { appid: 10012, redirect_uri: 10011, scope: 10010, state: 10013 };
  for (const name of FIRST) {
    if (!seen.has(name)) add("missing", "error", { name }, pages[name]);
    else if (seen.get(name) === "") add("empty", "error", { name }, pages[name]);
  }
  const first = names.filter((name) => FIRST.includes(name));
  if (first.some((name, i) => i > 0 && FIRST.indexOf(name) < FIRST.indexOf(first[i - 1]))) add("order", "error", { order: FIRST.join(", ") });
  const state = names.indexOf("state");
  for (const name of AFTER) {
    const at = names.indexOf(name);
    if (at < 0) continue;
    if (name === "component_appid" && kind === "login") add("component_login");
    else if (at < names.filter((own) => FIRST.includes(own)).length && state >= 0 && at < state) add(name === "component_appid" ? "component_place" : "order", "error", { order: [...FIRST, name].join(", ") });
  }
}

/** The values as they should be sent, decoded; an absent name has none that can be used. */
function checkValues(seen: Map<string, string>, kind: LinkReading["kind"], add: Add): Map<string, string> {
  const out = new Map<string, string>();
  const value = (name: string): string => decoded(seen.get(name) ?? "");
  const appid = value("appid");
  if (appid !== "") {
    if (APPID.test(appid)) out.set("appid", appid);
    else add("appid_form", "error", { appid });
  }
  const raw = seen.get("redirect_uri") ?? "";
  if (raw !== "") {
    let uri = decoded(raw);
    if (/^https?:\/\//i.test(raw) || /[/?#]/.test(raw)) add("uri_raw");
    else if (/^https?%3a/i.test(uri)) {
      add("uri_twice");
      uri = decoded(uri);
    }
    const page = /^(https?):\/\/([^/?#:]+)/i.exec(uri);
    if (!page) add("uri_bad", "error", { uri }, 10003);
    else {
      out.set("redirect_uri", uri);
      if (page[1].toLowerCase() === "http") add("uri_http", "warning");
      // WeChat takes a domain only, and compares it whole.
      if (/^(?:\d{1,3}(?:\.\d{1,3}){3}|localhost)$/i.test(page[2])) add("uri_host", "error", { host: page[2] }, 10003);
    }
  }
  const answer = value("response_type");
  if (answer !== "" && answer !== "code") add("response_type", "error", { value: answer });
  out.set("response_type", "code");
  checkScope(value("scope"), kind, out, add);
  const state = value("state");
  if (state !== "") {
    if (!/^[a-zA-Z0-9]+$/.test(state)) add("state_form", "error", { letters: [...new Set(state.replace(/[a-zA-Z0-9]/g, ""))].join(" ") });
    if (new TextEncoder().encode(state).length > STATE_MOST) add("state_long", "error", { n: String(new TextEncoder().encode(state).length) });
    out.set("state", state);
  }
  for (const name of ["forcePopup", "forceSnapShot"]) {
    const flag = value(name);
    if (flag !== "" && flag !== "true" && flag !== "false") add("flag", "error", { name, value: flag });
    if (/^(?:true|false)$/i.test(flag)) out.set(name, flag.toLowerCase());
  }
  if (seen.has("connect_redirect")) out.set("connect_redirect", value("connect_redirect"));
  const component = value("component_appid");
  if (seen.has("component_appid") && kind === "authorize") {
    if (!APPID.test(component)) add("component_form", "error", { appid: component });
    else if (component === appid) add("component_same", "error", {}, 10016);
    else out.set("component_appid", component);
  }
  return out;
}

function checkScope(text: string, kind: LinkReading["kind"], out: Map<string, string>, add: Add): void {
  if (text === "") return;
  const low = text.toLowerCase();
  const right = Object.values(SCOPES).find((own) => own === low);
  if (!right) return add("scope_unknown", "error", { scope: text }, 10005);
  if (right !== text) add("scope_case", "error", { scope: text, right });
  if (kind === "login" && right !== SCOPES.login) {
    add("scope_website", "error", { scope: right });
    out.set("scope", SCOPES.login);
  } else if (kind === "authorize" && right === SCOPES.login) add("scope_account");
  else out.set("scope", right);
}

/** Null when a part is missing that only a person knows. */
function repaired(kind: LinkReading["kind"], values: Map<string, string>): string | null {
  const state = values.get("state") ?? "";
  const safe = state.replace(/[^a-zA-Z0-9]/g, "").slice(0, STATE_MOST);
  const fixed = new Map(values);
  if (safe !== "") fixed.set("state", safe);
  else fixed.delete("state");
  const uri = fixed.get("redirect_uri") ?? "";
  if (/^https?:\/\/(?:\d{1,3}(?:\.\d{1,3}){3}|localhost)\b/i.test(uri)) return null;
  if (!FIRST.every((name) => fixed.has(name))) return null;
  const names = kind === "login" ? FIRST : KNOWN;
  const query = names.filter((name) => fixed.has(name)).map((name) => `${name}=${encodeURIComponent(fixed.get(name) ?? "")}`);
  return `https://${HOST}${kind === "login" ? LOGIN : AUTHORIZE}?${query.join("&")}#${FRAGMENT}`;
}
