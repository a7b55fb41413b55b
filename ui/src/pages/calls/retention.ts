/** How long calls may be kept: the engine's rule. */
export const KEEP_LEAST = 1;
export const KEEP_MOST = 365;

/** Whole days within the rule; null for anything else. */
export function retentionRule(text: string): number | null {
  if (!/^\d{1,4}$/.test(text.trim())) return null;
  const days = Number(text);
  return days >= KEEP_LEAST && days <= KEEP_MOST ? days : null;
}
