/**
 * Copying a secret: the clipboard is emptied again after a minute, but only when it still holds what we put there.
 * Owns the one countdown of the window. Invariant: the secret itself is kept only until then.
 */
import { reactive, readonly } from "vue";
import { useHost } from "@/host";
import { copyText } from "./clipboard";
import { engineNow } from "./clock";

/** How long a secret stays in the clipboard, ms (the window's rule). */
export const HOLD_MS = 60_000;

export type Held =
  /** Nothing of ours is in the clipboard. */
  | "none"
  /** Ours, until the moment. */
  | "held"
  /** The time is over, but a window without focus may not touch the clipboard. */
  | "waiting"
  /** The clipboard cannot be looked at here, so whether it is still ours is not known. */
  | "unknown";

export interface Clip {
  readText: () => Promise<string>;
  writeText: (text: string) => Promise<void>;
}
const system = (): Clip => ({ readText: () => navigator.clipboard.readText(), writeText: (text) => navigator.clipboard.writeText(text) });

/** The host's own way to the clipboard, which works without focus; otherwise the page's. */
const put = (text: string): Promise<boolean> => useHost().clip?.copySecret(text) ?? copyText(text);
const take = (text: string): Promise<"cleared" | "other" | "refused"> =>
  useHost().clip?.clearSecret() ?? clearIfOurs(text, system());

const state = reactive<{ held: Held; until: number; what: string }>({ held: "none", until: 0, what: "" });
export const secretCopy = readonly(state);
let secret: string | null = null;
let timer: ReturnType<typeof setTimeout> | null = null;

function forget(): void {
  if (timer) clearTimeout(timer);
  timer = null;
  secret = null;
  state.held = "none";
  window.removeEventListener("focus", retry);
}

/** Empties the clipboard if it still holds `text`. Pure but for the clipboard. */
export async function clearIfOurs(text: string, clip: Clip): Promise<"cleared" | "other" | "refused"> {
  try {
    if ((await clip.readText()) !== text) return "other";
    await clip.writeText("");
    return "cleared";
  } catch {
    return "refused";
  }
}

async function end(): Promise<void> {
  if (secret === null) return;
  const mine = secret;
  const outcome = await take(mine);
  // Another copy came in between.
  if (secret !== mine) return;
  if (outcome !== "refused") return forget();
  state.held = document.hasFocus() ? "unknown" : "waiting";
  if (state.held === "waiting") window.addEventListener("focus", retry);
}
function retry(): void {
  window.removeEventListener("focus", retry);
  void end();
}

/** Copies; `what` names it for the countdown. Resolves to whether the copy happened. */
export async function copySecret(text: string, what: string): Promise<boolean> {
  if (!(await put(text)) && !(await copyText(text))) return false;
  forget();
  secret = text;
  Object.assign(state, { held: "held", until: engineNow() + HOLD_MS, what });
  timer = setTimeout(() => void end(), HOLD_MS);
  return true;
}

/** A person asks for it: whatever is in the clipboard goes. */
export async function clearNow(): Promise<boolean> {
  const outcome = secret === null ? "cleared" : await take(secret);
  if (outcome === "refused") {
    // One blank: the old way of copying takes no empty text.
    if (!(await copyText(" "))) return false;
  }
  forget();
  return true;
}
