/** Short answers to what the person just did. Nothing else may use them. */
import { shallowReactive } from "vue";

export interface Toast {
  id: number;
  tone: "ok" | "bad" | "info";
  text: string;
}

/** How long a toast stays, ms; failures stay longer, they hold more words. */
const STAY = { ok: 2500, info: 3500, bad: 6500 };

export const toasts = shallowReactive<Toast[]>([]);
let lastId = 0;

export function toast(tone: Toast["tone"], text: string): void {
  lastId += 1;
  const entry = { id: lastId, tone, text };
  toasts.push(entry);
  if (toasts.length > 3) toasts.shift();
  setTimeout(() => dismissToast(entry.id), STAY[tone]);
}

export function dismissToast(id: number): void {
  const at = toasts.findIndex((entry) => entry.id === id);
  if (at >= 0) toasts.splice(at, 1);
}
