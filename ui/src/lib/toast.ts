/** Short answers to what the person just did. Nothing else may use them. */
import { shallowReactive } from "vue";
import type { LastError } from "@/host";
import { i18n } from "@/i18n";
import { errorText, refusalOf } from "./errors";

export interface Toast {
  id: number;
  tone: "ok" | "bad" | "info";
  text: string;
  /** WeChat's refusal, when it has an id that can be looked up. */
  refusal: LastError | null;
}

/** How long a toast stays, ms; failures stay longer, they hold more words, and one with something to click longest. */
const STAY = { ok: 2500, info: 3500, bad: 6500 };
const STAY_TO_CLICK = 12_000;

export const toasts = shallowReactive<Toast[]>([]);
const timers = new Map<number, ReturnType<typeof setTimeout>>();
let lastId = 0;

function wait(entry: Toast): void {
  timers.set(entry.id, setTimeout(() => dismissToast(entry.id), entry.refusal ? STAY_TO_CLICK : STAY[entry.tone]));
}

export function toast(tone: Toast["tone"], text: string, refusal: LastError | null = null): void {
  lastId += 1;
  const entry = { id: lastId, tone, text, refusal };
  toasts.push(entry);
  if (toasts.length > 3) dismissToast(toasts[0].id);
  wait(entry);
}

/** What went wrong, in words, with WeChat's id to look up when there is one. `lead`: whom it concerns. */
export function toastError(thrown: unknown, lead = ""): void {
  const { t, locale } = i18n.global;
  const text = errorText(thrown, t as never, (locale as unknown as { value: string }).value);
  const refusal = refusalOf(thrown);
  toast("bad", lead ? `${lead}: ${text}` : text, refusal?.rid ? refusal : null);
}

/** Somebody is at it: it must not go away under the hand. */
export function holdToast(entry: Toast): void {
  clearTimeout(timers.get(entry.id));
  timers.delete(entry.id);
}

export function releaseToast(entry: Toast): void {
  if (toasts.includes(entry) && !timers.has(entry.id)) wait(entry);
}

export function dismissToast(id: number): void {
  clearTimeout(timers.get(id));
  timers.delete(id);
  const at = toasts.findIndex((entry) => entry.id === id);
  if (at >= 0) toasts.splice(at, 1);
}
