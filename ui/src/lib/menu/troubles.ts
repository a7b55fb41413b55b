/** Findings as a list shows them: errors one by one, the same warning once with all its places, what only informs last. Pure. */
import type { MenuFinding } from "@/host";

export type Weight = "error" | "warning" | "note";
/** Rules that tell of old clients: worth knowing once, nothing to mend. */
const NOTES: readonly string[] = ["type_old_clients"];
const WEIGHTS: readonly Weight[] = ["error", "warning", "note"];

export const weightOf = (finding: MenuFinding): Weight => (finding.severity === "error" ? "error" : NOTES.includes(finding.rule) ? "note" : "warning");

export interface Group<T> {
  weight: Weight;
  /** At least one; more only where rule and words are the same. */
  all: T[];
}

export function grouped<T extends { finding: MenuFinding }>(troubles: readonly T[]): Group<T>[] {
  const groups = new Map<string, Group<T>>();
  for (const [i, own] of troubles.entries()) {
    const weight = weightOf(own.finding);
    const key = weight === "error" ? `error:${i}` : `${weight}:${own.finding.rule}:${own.finding.message}`;
    const group = groups.get(key);
    if (group) group.all.push(own);
    else groups.set(key, { weight, all: [own] });
  }
  return [...groups.values()].sort((a, b) => WEIGHTS.indexOf(a.weight) - WEIGHTS.indexOf(b.weight));
}
