/** The self-test's form and its runs. Pure. */
import type { MadeUpInput, MadeUpKind, MadeUpReport } from "@/host";
import { optionalAesKey, verifyToken } from "@/lib/rules";

export const KINDS: readonly MadeUpKind[] = ["text", "click", "view", "subscribe", "scan", "location", "event"];
/** The field that a kind needs. */
export const FIELD_OF: Record<MadeUpKind, "content" | "key" | "event" | null> = { text: "content", click: "key", view: "key", subscribe: "key", scan: "key", location: null, event: "event" };

export interface TestDraft {
  component: string;
  appid: string;
  kind: MadeUpKind;
  content: string;
  key: string;
  event: string;
  local: boolean;
  deliver: boolean;
  /** As WeChat's console has them; null or empty: the stored ones. */
  token: string | null;
  aes: string | null;
}

export interface Run {
  id: number;
  at: number;
  appid: string;
  kind: MadeUpKind;
  what: string;
  local: boolean;
  /** Another Token or key than the stored one was tried. */
  compared: boolean;
  report: MadeUpReport;
}

/** The form's names of fields that the engine calls otherwise. */
export const ENGINE_FIELD: Record<string, string> = { token: "verify_token", aes: "encoding_aes_key" };
/** The engine's fields that have a place in the form. */
export const SHOWN_FIELDS = ["appid", "content", "key", "event", "local", "verify_token", "encoding_aes_key"] as const;

export type TestBroken = "account" | "required" | "token" | "aes_key";
export function brokenTest(form: TestDraft): Map<string, TestBroken> {
  const out = new Map<string, TestBroken>();
  if (form.appid === "") out.set("appid", "account");
  const field = FIELD_OF[form.kind];
  if (field !== null && form.kind !== "subscribe" && form[field].trim() === "") out.set(field, "required");
  if (form.token && verifyToken(form.token) !== null) out.set("token", "token");
  if (form.aes && optionalAesKey(form.aes) !== null) out.set("aes", "aes_key");
  return out;
}

export function madeUpInput(form: TestDraft): MadeUpInput {
  const field = FIELD_OF[form.kind];
  return {
    component_appid: form.component,
    appid: form.appid,
    kind: form.kind,
    ...(field !== null && form[field].trim() !== "" && { [field]: form[field].trim() }),
    deliver: form.deliver,
    ...(form.token && { verify_token: form.token }),
    ...(form.aes && { encoding_aes_key: form.aes }),
    local: form.local,
  };
}

export const runOk = (run: Pick<Run, "report">): boolean => !run.report.steps.some((step) => step.outcome === "failed");
