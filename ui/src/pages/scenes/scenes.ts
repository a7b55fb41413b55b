/** Parametric QR codes: WeChat's rules for a scene, and what is left of a code. Pure. */
import type { SceneCode, SceneKind } from "@/host";

/** Lives to choose from, seconds; WeChat's most is 30 days (protocol H.3). */
export const PRESETS = [3_600, 86_400, 604_800, 2_592_000] as const;
export const MAX_TEXT = 64;
/** An unsigned 32-bit integer, not zero. */
export const MAX_NUMBER = 4_294_967_295;
export const MAX_PERMANENT_NUMBER = 100_000;
export const MAX_NAME = 60;

export type SceneRule = "required" | "text" | "number" | "number_permanent";
export function sceneRule(kind: SceneKind, scene: string, permanent: boolean): SceneRule | null {
  const text = scene.trim();
  if (text === "") return "required";
  if (kind === "text") return Array.from(text).length > MAX_TEXT ? "text" : null;
  const n = /^[1-9]\d*$/.test(text) ? Number(text) : 0;
  if (permanent) return n >= 1 && n <= MAX_PERMANENT_NUMBER ? null : "number_permanent";
  return n >= 1 && n <= MAX_NUMBER ? null : "number";
}

export const isEnded = (code: Pick<SceneCode, "expires_at">, now: number): boolean => code.expires_at !== null && code.expires_at <= now;

/** What is left of a temporary code's life, 0–1; null for one that has no end. */
export function sceneLeft(code: Pick<SceneCode, "created_at" | "expires_at">, now: number): number | null {
  if (code.expires_at === null) return null;
  const whole = code.expires_at - code.created_at;
  return whole <= 0 ? 0 : Math.min(1, Math.max(0, (code.expires_at - now) / whole));
}

/** A file name that any system takes. */
export function sceneFile(code: Pick<SceneCode, "name" | "scene" | "appid">, ending: "svg" | "png"): string {
  const about = (code.name || code.scene).replace(/[\u0000-\u001f\\/:*?"<>|.\s]+/g, "-").replace(/^-+|-+$/g, "");
  return `wxdesk-${Array.from(about).slice(0, 32).join("") || code.appid}.${ending}`;
}
