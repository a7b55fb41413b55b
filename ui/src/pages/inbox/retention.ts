/** How long pushes may be kept: the engine's rules. */
export const DAYS = { least: 1, most: 365 };
export const MIB = { least: 16, most: 65_536 };

/** A whole number within the bounds; null for anything else. Thousands may be separated. */
export function within(text: string, { least, most }: { least: number; most: number }): number | null {
  const digits = text.trim().replace(/[,，\s]/g, "");
  if (!/^\d{1,6}$/.test(digits)) return null;
  const n = Number(digits);
  return n >= least && n <= most ? n : null;
}
