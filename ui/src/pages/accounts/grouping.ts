/** Accounts sorted for the engine's calls, and events sorted for the eye. Pure. */
import type { Account, AccountEventKind } from "@/host";
import type { Tone } from "@/lib/health";

/** Appids by platform, in the order of the selection. */
export function byPlatform(accounts: Account[]): Map<string, string[]> {
  const out = new Map<string, string[]>();
  for (const { component_appid, appid } of accounts) out.set(component_appid, [...(out.get(component_appid) ?? []), appid]);
  return out;
}

/** How an event of the history looks. */
export const EVENT_TONE: Record<AccountEventKind, Tone> = {
  authorized: "ok",
  reauthorized: "ok",
  recovered: "ok",
  restored: "ok",
  updated: "info",
  token_replaced: "info",
  tenant: "idle",
  removed: "warn",
  unauthorized: "bad",
  marked_gone: "bad",
  connected: "ok",
  token_taken: "warn",
};
