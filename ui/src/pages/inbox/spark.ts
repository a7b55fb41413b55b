/** The chart of answer times: one bar a minute, by the slowest answer, on a logarithmic scale. Pure. */
import type { AnswerMinute, InboxFigures } from "@/host";
import type { Tone } from "@/lib/health";

/** Minutes in the chart. */
export const SPAN = 60;
const MINUTE = 60_000;
/** Answers faster than this all look the same, ms. */
const FLOOR_MS = 5;

export interface Bar {
  /** Place from the left, 0–59. */
  slot: number;
  /** 0–1 of the chart; the budget is at `share(budget)`. */
  share: number;
  tone: Tone;
  minute: AnswerMinute;
}

/** Height of an answer time: every tenfold is as high as the last; a little room stays above the budget. */
export const share = (ms: number, budget: number): number => Math.min(1, Math.log(Math.max(ms, FLOOR_MS) / FLOOR_MS) / Math.log((budget * 1.25) / FLOOR_MS));

export function bars(figures: Pick<InboxFigures, "minutes" | "budget_ms" | "slow_ms">, now: number): Bar[] {
  const last = Math.floor(now / MINUTE) * MINUTE;
  return figures.minutes
    .map((minute): Bar => ({ slot: SPAN - 1 - Math.round((last - minute.at) / MINUTE), share: Math.max(0.06, share(minute.slowest_ms, figures.budget_ms)), tone: minute.late > 0 ? "bad" : minute.slow > 0 || minute.slowest_ms >= figures.slow_ms ? "warn" : "idle", minute }))
    .filter((bar) => bar.slot >= 0 && bar.slot < SPAN);
}
