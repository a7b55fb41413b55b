/** Where an outbound address has to be entered, by WeChat's errcode. Pure. */
import type { EgressTest, LastError } from "@/host";

export type EgressPlace = "platform" | "account";

/** 40164 speaks of an account's own list; a platform's calls answer 61004. */
export const placeOf = (error: Pick<LastError, "code"> | null): EgressPlace => (error?.code === 40164 ? "account" : "platform");

export type EgressState = "listed" | "not_listed" | "unknown" | "failed";

export function egressState(test: Pick<EgressTest, "listed" | "ip" | "error">): EgressState {
  if (test.listed === true) return "listed";
  if (test.listed === false) return "not_listed";
  return test.error ? "failed" : "unknown";
}

export const EGRESS_TONE = { listed: "ok", not_listed: "bad", unknown: "warn", failed: "bad" } as const;
