/** Parametric QR codes: WeChat's rules for a scene, and a code's life as the shared bar shows it. Pure. */
import type { SceneCode, SceneKind, TokenView } from "@/host";

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

/** A temporary code's life in the form of the shared bar. It is never renewed. */
export function lifeOf(code: Pick<SceneCode, "created_at" | "expires_at">, now: number): TokenView {
  return { state: isEnded(code, now) ? "expired" : "valid", obtained_at: code.created_at, expires_at: code.expires_at, next_refresh_at: null, generation: 0, in_flight: false, needs_operator: false, reason_code: "fresh", reason: "", last_error: null };
}

/** A file name that any system takes. */
export function sceneFile(code: Pick<SceneCode, "name" | "scene" | "appid">, ending: "svg" | "png"): string {
  const about = (code.name || code.scene).replace(/[\u0000-\u001f\\/:*?"<>|.\s]+/g, "-").replace(/^-+|-+$/g, "");
  return `wxdesk-${Array.from(about).slice(0, 32).join("") || code.appid}.${ending}`;
}
