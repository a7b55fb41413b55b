/** The month's resets and the order of the list. Pure. */
import type { ClearAllowance, QuotaItem } from "@/host";
import { usedShare } from "@/lib/calls";

/** What is left at most: others with a token of the account may have used more. */
export function resetsLeft(allowance: ClearAllowance): number {
  return allowance.exhausted ? 0 : Math.max(0, allowance.limit - allowance.used_at_least);
}

/** The fullest first; those that could not be read last, in the engine's order. */
export function byUse(items: readonly QuotaItem[]): QuotaItem[] {
  return items
    .map((item, at) => ({ item, at, share: usedShare(item) ?? -1 }))
    .sort((a, b) => b.share - a.share || a.at - b.at)
    .map(({ item }) => item);
}
