/** The self-check in a form for the eye: its stations, the step that counts, the certificate. Pure. */
import type { CheckOutcome, CheckStep, CheckStepName, TunnelHealth } from "@/host";
import type { Tone } from "./health";

export const STEPS: readonly CheckStepName[] = ["dns", "tcp", "tls", "path", "push"];
/** Those of the self-test, which sends a message of its own. */
export const SELF_TEST_STEPS: readonly CheckStepName[] = ["dns", "tcp", "tls", "path", "token", "aes_key", "answer"];

export const OUTCOME_TONE: Record<CheckOutcome, Tone> = { ok: "ok", warning: "warn", failed: "bad", skipped: "idle" };

/** A station before the first check has no step. */
export interface Station {
  name: CheckStepName;
  step: CheckStep | null;
  tone: Tone;
}

export function stations(steps: CheckStep[], names: readonly CheckStepName[] = STEPS): Station[] {
  return names.map((name) => {
    const step = steps.find((x) => x.step === name) ?? null;
    return { name, step, tone: step ? OUTCOME_TONE[step.outcome] : "idle" };
  });
}

export const failedStep = (health: Pick<TunnelHealth, "steps">): CheckStep | null => health.steps.find((step) => step.outcome === "failed") ?? null;

/** What to show in words: what failed first, then what will trouble somebody later. */
export function tellingSteps(health: Pick<TunnelHealth, "steps">): CheckStep[] {
  return [...health.steps.filter((step) => step.outcome === "failed"), ...health.steps.filter((step) => step.outcome === "warning")];
}

export type DoorState = "unknown" | "ok" | "warning" | "failed";
export const DOOR_TONE: Record<DoorState, Tone> = { unknown: "idle", ok: "ok", warning: "warn", failed: "bad" };

export function doorState(health: Pick<TunnelHealth, "reachable" | "steps">): DoorState {
  if (health.reachable === null) return "unknown";
  if (!health.reachable) return "failed";
  return health.steps.some((step) => step.outcome === "warning") ? "warning" : "ok";
}

const DAY = 86_400_000;
/** The engine warns below this many days. */
const SOON_DAYS = 14;

export function certificate(endsAt: number | null, now: number): { days: number; tone: Tone } | null {
  if (endsAt === null) return null;
  const days = Math.floor((endsAt - now) / DAY);
  return { days, tone: days < 0 ? "bad" : days < SOON_DAYS ? "warn" : "ok" };
}

/** Hints that every address has are said once, under all of them. */
export function sharedHints(all: Pick<TunnelHealth, "hints">[]): string[] {
  const checked = all.filter((health) => health.hints.length > 0);
  if (checked.length < 2) return [];
  return checked[0].hints.map((hint) => hint.en).filter((hint) => checked.every((health) => health.hints.some((x) => x.en === hint)));
}
