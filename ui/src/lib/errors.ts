/** Errors in words. Branches on codes, never on text. */
import { asHostError, type ErrorBody, type LastError } from "@/host";

type Translate = (key: string, named?: Record<string, unknown>) => string;

/** What happened, for a person: WeChat's refusal with its advice, else the code's words. */
export function errorText(thrown: unknown, t: Translate, locale: string): string {
  const { body } = asHostError(thrown);
  const refusal = body.detail?.refusal;
  if (refusal) return adviceOf(refusal, locale) || refusal.message;
  const known = t(`error.${body.code}`);
  return body.code === "internal" && body.message ? `${known} (${body.message})` : known;
}

/** The same, but with the words of the first field that the engine names, when it names one. */
export function fieldText(thrown: unknown, t: Translate, locale: string): string {
  const field = asHostError(thrown).body.detail?.fields?.[0];
  return field ? (locale.startsWith("zh") ? field.message_zh : field.message) : errorText(thrown, t, locale);
}

export function errorBody(thrown: unknown): ErrorBody {
  return asHostError(thrown).body;
}

/** WeChat's refusal in an error, with its code and request id. */
export function refusalOf(thrown: unknown): LastError | null {
  return asHostError(thrown).body.detail?.refusal ?? null;
}

export function adviceOf(error: LastError, locale: string): string {
  if (locale.startsWith("zh")) return error.advice_zh;
  // The engine's English goes on after a colon elsewhere; here it begins a sentence.
  return error.advice.charAt(0).toUpperCase() + error.advice.slice(1);
}

/** `errcode 61004 · rid 5f3c…`, empty when there is nothing to say. */
export function errorTrace(error: LastError): string {
  const parts: string[] = [];
  if (error.code !== 0) parts.push(`errcode ${error.code}`);
  if (error.rid) parts.push(`rid ${error.rid}`);
  return parts.join(" · ");
}
