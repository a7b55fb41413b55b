/** A URL verification, ready to be looked at: the strings in their order, and where two digests part. Pure. */
import type { SignedPart, UrlVerdict, UrlVerification } from "@/host";
import type { Tone } from "@/lib/health";

export const VERDICT_TONE: Record<UrlVerdict, Tone> = { passed: "ok", wrong_token: "bad", no_token: "bad", incomplete: "warn" };

/** A request that did not pass: `open` while nothing ever passed; `later` than the last that passed, or `earlier`. */
export type Standing = "open" | "later" | "earlier";

/**
 * Whoever knows the address can ask for it with any signature. Once WeChat has verified it, a request that does not agree
 * says little: a stranger's, or the Token was changed on one side only.
 */
export function standing(v: Pick<UrlVerification, "verdict" | "at">, verifiedAt: number | null): Standing {
  if (v.verdict === "passed" || verifiedAt === null) return "open";
  return v.at > verifiedAt ? "later" : "earlier";
}

/** What the list says altogether. `saved_since`: verified, but something was saved after that. */
export type Heard = "waiting" | "again" | "passed" | "saved_since";
export function heardState(n: number, verifiedAt: number | null, updatedAt: number): Heard {
  if (verifiedAt === null) return n > 0 ? "again" : "waiting";
  return verifiedAt >= updatedAt ? "passed" : "saved_since";
}

export interface JoinedPart {
  part: SignedPart;
  /** Null: the Token, which nobody has asked for. */
  text: string | null;
}

/** The strings in the order in which they are joined. `token`: null until somebody asked to see it. */
export function joinedParts(v: Pick<UrlVerification, "order" | "timestamp" | "nonce">, token: string | null): JoinedPart[] {
  return v.order.map((part) => ({ part, text: part === "token" ? token : v[part] }));
}

export interface DigestPiece {
  text: string;
  same: boolean;
}

/** A digest in groups of four digits, each told whether the other digest has the same there. */
export function comparedDigest(mine: string, other: string): DigestPiece[] {
  const pieces: DigestPiece[] = [];
  for (let at = 0; at < mine.length; at += 4) {
    const text = mine.slice(at, at + 4);
    pieces.push({ text, same: text === other.slice(at, at + 4) });
  }
  return pieces;
}
