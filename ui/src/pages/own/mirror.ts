/**
 * The rows of WeChat's own page for each kind of account, and what is known of each. Invariant: `confirmed` needs word from
 * WeChat; what was merely typed here is at most `ready`. Pure.
 */
import type { OwnAccount, OwnKind } from "@/host";

export type OwnRowState = "take" | "give" | "there" | "filled" | "ready" | "confirmed";
export type OwnRowName = "appid" | "appsecret" | "ip" | "url" | "token" | "aes_key" | "mode" | "js_domain" | "oauth_domain" | "site_domain";
export interface OwnMirrorRow {
  name: OwnRowName;
  /** Which of our fields lights it. */
  by: string;
  /** `there`: entered on WeChat's side only. */
  way: "take" | "give" | "there";
  proof: "verified" | "token" | null;
}

const ID: OwnMirrorRow = { name: "appid", by: "appid", way: "take", proof: "token" };
const SECRET: OwnMirrorRow = { name: "appsecret", by: "appsecret", way: "take", proof: "token" };
const IP: OwnMirrorRow = { name: "ip", by: "outbound_proxy", way: "there", proof: "token" };
const URL: OwnMirrorRow = { name: "url", by: "public_base_url", way: "give", proof: "verified" };
const TOKEN: OwnMirrorRow = { name: "token", by: "verify_token", way: "give", proof: "verified" };
const CRYPTO: OwnMirrorRow[] = [{ name: "aes_key", by: "encoding_aes_key", way: "give", proof: null }, { name: "mode", by: "message_mode", way: "give", proof: null }];
const JS: OwnMirrorRow = { name: "js_domain", by: "public_base_url", way: "give", proof: null };
const OAUTH: OwnMirrorRow = { name: "oauth_domain", by: "public_base_url", way: "give", proof: null };

/** In the order of WeChat's page. */
export const OWN_MIRROR: Record<OwnKind, { title: string; rows: OwnMirrorRow[] }[]> = {
  official_account: [
    { title: "own.mirror.developer", rows: [ID, SECRET, IP] },
    { title: "own.mirror.server", rows: [URL, TOKEN, ...CRYPTO] },
    { title: "own.mirror.domains", rows: [JS, OAUTH] },
  ],
  test_account: [
    { title: "own.mirror.test_info", rows: [ID, SECRET] },
    { title: "own.mirror.test_interface", rows: [URL, TOKEN] },
    { title: "own.mirror.domains", rows: [JS, OAUTH] },
  ],
  mini_program: [
    { title: "own.mirror.developer", rows: [ID, SECRET, IP] },
    { title: "own.mirror.push", rows: [URL, TOKEN, ...CRYPTO] },
  ],
  website_app: [
    { title: "own.mirror.basics", rows: [{ ...ID, proof: null }, { ...SECRET, proof: null }] },
    { title: "own.mirror.develop", rows: [{ name: "site_domain", by: "public_base_url", way: "give", proof: null }] },
  ],
};
/** Where that page is. */
export const SITE: Record<OwnKind, { host: string; url: string }> = {
  official_account: { host: "mp.weixin.qq.com", url: "https://mp.weixin.qq.com/" },
  test_account: { host: "mp.weixin.qq.com/debug", url: "https://mp.weixin.qq.com/debug/cgi-bin/sandbox?t=sandbox/login" },
  mini_program: { host: "mp.weixin.qq.com", url: "https://mp.weixin.qq.com/" },
  website_app: { host: "open.weixin.qq.com", url: "https://open.weixin.qq.com/" },
};

/** What WeChat has shown of a stored account. What came before the last save says nothing about what was saved. */
export function ownProofs(own: OwnAccount | undefined): Set<"verified" | "token"> {
  const found = new Set<"verified" | "token">();
  if (!own) return found;
  if (own.verified_at !== null && own.verified_at >= own.updated_at) found.add("verified");
  const token = own.account?.token;
  if (token && token.obtained_at !== null && token.obtained_at >= own.updated_at && token.last_error === null) found.add("token");
  return found;
}

/** `dirty`: something is not saved; an old proof says nothing about a new value. */
export function ownRowState(row: OwnMirrorRow, ready: Record<string, boolean>, proven: Set<string>, dirty: boolean): OwnRowState {
  if (row.proof !== null && proven.has(row.proof) && !dirty) return "confirmed";
  if (row.way === "there" || !ready[row.by]) return row.way;
  return row.way === "take" ? "filled" : "ready";
}
