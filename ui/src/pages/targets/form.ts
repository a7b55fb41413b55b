/** A business server in the form. Pure: what is wrong is told by the name of its rule; the engine decides in the end. */
import type { Target, TargetFormat, TargetInput, TargetMode } from "@/host";

export interface TargetDraft {
  name: string;
  mode: TargetMode;
  url: string;
  format: TargetFormat;
  /** Null keeps the stored one, or has one made. */
  secret: string | null;
  timeout_ms: string;
  concurrency: string;
  give_up_hours: string;
  private_ok: boolean;
  enabled: boolean;
}
export const MAX_TARGET_NAME = 60;
export const TIMEOUT: Record<TargetMode, readonly [least: number, most: number, usual: number]> = { answering: [200, 4000, 3000], notified: [1000, 30_000, 5000] };
export const CONCURRENCY = [1, 64, 4] as const;
export const GIVE_UP = [1, 168, 24] as const;

export const emptyTarget = (mode: TargetMode): TargetDraft => ({ name: "", mode, url: "", format: "json", secret: null, timeout_ms: String(TIMEOUT[mode][2]), concurrency: String(CONCURRENCY[2]), give_up_hours: String(GIVE_UP[2]), private_ok: false, enabled: true });
export const targetDraft = (one: Target): TargetDraft => ({ name: one.name, mode: one.mode, url: one.url, format: one.format, secret: null, timeout_ms: String(one.timeout_ms), concurrency: String(one.concurrency), give_up_hours: String(one.give_up_hours), private_ok: one.private_ok, enabled: one.enabled });

export function targetInput(draft: TargetDraft, id: number | null): TargetInput {
  return {
    ...(id !== null && { id }),
    name: draft.name.trim(),
    mode: draft.mode,
    url: draft.url.trim(),
    format: draft.format,
    ...(draft.secret && { secret: draft.secret }),
    timeout_ms: Number(draft.timeout_ms),
    concurrency: Number(draft.concurrency),
    private_ok: draft.private_ok,
    enabled: draft.enabled,
    give_up_hours: Number(draft.give_up_hours),
  };
}

export type TargetBroken = "required" | "name_long" | "url" | "secret" | "timeout_answering" | "timeout_notified" | "concurrency" | "give_up";
const whole = (text: string, [least, most]: readonly number[]): boolean => /^\d{1,6}$/.test(text.trim()) && Number(text) >= least && Number(text) <= most;

export function brokenTarget(draft: TargetDraft): Map<string, TargetBroken> {
  const out = new Map<string, TargetBroken>();
  const name = Array.from(draft.name.trim()).length;
  if (name === 0) out.set("name", "required");
  if (name > MAX_TARGET_NAME) out.set("name", "name_long");
  if (draft.url.trim() === "") out.set("url", "required");
  else if (!/^https?:\/\/[^\s/?#]+\S*$/.test(draft.url.trim())) out.set("url", "url");
  if (draft.secret !== null && draft.secret !== "" && (draft.secret.length < 16 || draft.secret.length > 128)) out.set("secret", "secret");
  if (!whole(draft.timeout_ms, TIMEOUT[draft.mode])) out.set("timeout_ms", `timeout_${draft.mode}`);
  if (!whole(draft.concurrency, CONCURRENCY)) out.set("concurrency", "concurrency");
  if (draft.mode === "notified" && !whole(draft.give_up_hours, GIVE_UP)) out.set("give_up_hours", "give_up");
  return out;
}

/** Where the form shows errors, in its order. */
export const TARGET_FIELDS = ["name", "mode", "url", "private_ok", "format", "secret", "timeout_ms", "concurrency", "give_up_hours"] as const;

/** 40 hex digits from the system's own source. */
export const freshSecret = (): string => Array.from(crypto.getRandomValues(new Uint8Array(20)), (byte) => byte.toString(16).padStart(2, "0")).join("");
