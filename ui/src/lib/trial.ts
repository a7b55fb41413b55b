/**
 * "Try the API": which call a typed text means, what a form's fields make of a request, and the same as curl. Pure.
 * Invariant: no token is ever part of it; where one belongs stands `$ACCESS_TOKEN`.
 */
import type { Account, ApiField, ApiForm, ApiMethod, ApiTrial, NameValue } from "@/host";
import { nodeAt, readJson, textNode, withNode, writeJson, type JsonNode } from "./jsontree";

/** Groups in the order in which they are listed. */
export const GROUPS = ["message", "template", "user", "menu", "media", "qrcode", "diagnostics"];
/** Where the engine sends the calls of this room, for curl. */
export const API_HOST = "https://api.weixin.qq.com";
/** The engine's limit of a file, bytes. */
export const FILE_MOST = 10 * 1024 * 1024;
/** For so long after a call its whole answer can be asked for, ms. */
export const REVEAL_MS = 10 * 60_000;
/** First parts of paths that WeChat's API has besides `cgi-bin`. */
const ROOTS = ["cgi-bin", "sns", "wxa", "wxaapi", "datacube", "customservice", "card", "merchant", "semantic", "tcb", "shop", "product", "intp", "scan", "bizwifi", "shakearound", "publisher"];

export interface TypedCall {
  path: string;
  query: NameValue[];
}

/** A typed path, short (`user/info`), whole or pasted with host and query; null when the text is no path. A token in it is dropped. */
export function typedCall(text: string): TypedCall | null {
  const bare = text.trim().replace(/^(?:GET|POST)\s+/i, "").replace(/^https?:\/\/[^/?#]+/i, "").replace(/#.*$/, "");
  const [way, tail = ""] = bare.split("?", 2);
  const path = way.replace(/^\/+|\/+$/g, "");
  if (!/^[A-Za-z0-9_-]+(?:\/[A-Za-z0-9_.-]+)+$/.test(path)) return null;
  const whole = ROOTS.includes(path.split("/")[0]) ? `/${path}` : `/cgi-bin/${path}`;
  const query = [...new URLSearchParams(tail)].filter(([name]) => !/access_token$/i.test(name)).map(([name, value]) => ({ name, value }));
  return { path: whole, query };
}

/** Forms that a text finds: by name in either language, by path, by id. Each word must occur. */
export function findForms(forms: readonly ApiForm[], text: string): ApiForm[] {
  const words = text.trim().toLowerCase().replace(/^https?:\/\/[^/?#]+/, "").replace(/[?#].*$/, "").split(/\s+/).filter(Boolean);
  return forms.filter((form) => {
    const all = `${form.path} ${form.name.zh} ${form.name.en} ${form.id} ${form.group}`.toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

/** Forms by group, known groups first; groups without a form are left out. */
export function grouped(forms: readonly ApiForm[]): { group: string; forms: ApiForm[] }[] {
  const names = [...new Set([...GROUPS, ...forms.map((form) => form.group)])];
  return names.map((group) => ({ group, forms: forms.filter((form) => form.group === group) })).filter((one) => one.forms.length > 0);
}

export type FieldKey = string;
export const keyOf = (field: Pick<ApiField, "place" | "name">): FieldKey => `${field.place}:${field.name}`;

/** What the fields outside the body begin with, by `keyOf`. */
export function firstValues(form: ApiForm): Record<FieldKey, string> {
  return Object.fromEntries(form.fields.filter((field) => field.place === "query" || field.place === "part").map((field) => [keyOf(field), field.default]));
}

/** The body to begin with: the form's own, with the suggested values of its fields where it has none, or an empty text. */
export function firstBody(form: ApiForm): string {
  const fields = form.fields.filter((field) => field.place === "body");
  if (form.body === "" && fields.length === 0) return "";
  let node: JsonNode | undefined = readJson(form.body === "" ? "{}" : form.body) ?? undefined;
  if (!node) return form.body;
  for (const field of fields) {
    const there: JsonNode | undefined = nodeAt(node, field.name);
    // An empty text in the form's body only holds the place.
    if (field.default !== "" && (there === undefined || (there.kind === "string" && there.raw === '""'))) node = withNode(node, field.name, nodeOf(field, field.default, there));
  }
  return writeJson(node);
}

/** A field's text as JSON. What is no number or no JSON stays a text, so that nothing typed is lost. */
export function nodeOf(field: Pick<ApiField, "kind">, text: string, like?: JsonNode): JsonNode {
  if (field.kind === "flag") return { kind: "word", raw: text === "true" ? "true" : "false" };
  if (field.kind === "number" || (field.kind === "choice" && like?.kind === "number")) {
    const trimmed = text.trim();
    if (/^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(trimmed)) return { kind: "number", raw: trimmed };
  }
  if (field.kind === "json") {
    const read = readJson(text);
    if (read) return read;
  }
  return textNode(text);
}

/** What a field of the body shows; empty when there is nothing. */
export function bodyValue(body: JsonNode | null, field: Pick<ApiField, "name" | "kind">): string {
  const node = body ? nodeAt(body, field.name) : undefined;
  if (!node) return "";
  if (node.kind === "string") return JSON.parse(node.raw) as string;
  return node.kind === "number" || node.kind === "word" ? node.raw : writeJson(node);
}

/** The body with a field's new text. Nothing typed in an optional field takes the member out. */
export function withBodyValue(body: string, field: Pick<ApiField, "name" | "kind" | "required">, text: string): string {
  const node = readJson(body === "" ? "{}" : body);
  if (!node) return body;
  const gone = text === "" && !field.required;
  return writeJson(withNode(node, field.name, gone ? undefined : nodeOf(field, text, nodeAt(node, field.name))));
}

/** Why a field's value cannot be sent; worded under `console.rule.*`. */
export type FieldRule = "required" | "number" | "json";
export function fieldRule(field: Pick<ApiField, "kind" | "required">, text: string): FieldRule | null {
  if (text.trim() === "") return field.required ? "required" : null;
  if (field.kind === "number" && !/^-?\d+(?:\.\d+)?$/.test(text.trim())) return "number";
  if (field.kind === "json" && !readJson(text)) return "json";
  return null;
}

/** Whether an account can be expected to be refused: `sets` none of the permission sets is granted, `kind` not for this kind. */
export function unfit(form: Pick<ApiForm, "sets" | "kinds"> | null, account: Pick<Account, "connection" | "scopes" | "kind"> | null): "sets" | "kind" | null {
  if (!form || !account) return null;
  if (form.kinds.length > 0 && account.kind !== "unknown" && !form.kinds.includes(account.kind)) return "kind";
  // Directly connected accounts grant nothing to anybody: their token may whatever the account may.
  if (account.connection === "authorized" && form.sets.length > 0 && !form.sets.some((set) => account.scopes.includes(set))) return "sets";
  return null;
}

export interface Draft {
  method: ApiMethod;
  path: string;
  query: NameValue[];
  body: string;
  parts: NameValue[];
  file: { field: string; name: string } | null;
}

const single = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
/** Inside double quotes, where `$ACCESS_TOKEN` must still be replaced. */
const double = (text: string): string => text.replace(/[\\"$`]/g, "\\$&");

/** For a shell. The token's place is `$ACCESS_TOKEN`. */
export function curlOf(draft: Draft): string {
  const rest = draft.query.map((pair) => `&${double(`${encodeURIComponent(pair.name)}=${encodeURIComponent(pair.value)}`)}`).join("");
  const lines = [`curl "${API_HOST}${double(draft.path)}?access_token=$ACCESS_TOKEN${rest}"`];
  for (const part of draft.parts) lines.push(`--form-string ${single(`${part.name}=${part.value}`)}`);
  if (draft.file) lines.push(`-F ${single(`${draft.file.field}=@"${draft.file.name.replaceAll('"', '\\"')}"`)}`);
  else if (draft.parts.length === 0 && draft.method === "POST") lines.push("-H 'Content-Type: application/json'", `-d ${single(draft.body === "" ? "{}" : draft.body)}`);
  return lines.join(" \\\n  ");
}

/** A call that was made, as curl. Of an upload the engine keeps only the file's name, which is not among what it sent. */
export const curlOfTrial = (trial: ApiTrial): string => curlOf({ method: trial.method, path: trial.path, query: trial.query, body: trial.body ?? "", parts: [], file: null });

/** `ok` WeChat did it, `refused` an errcode, `failed` no answer, or none that is good. */
export function outcome(trial: Pick<ApiTrial, "errcode" | "status" | "error">): "ok" | "refused" | "failed" {
  if (trial.errcode !== null && trial.errcode !== 0) return "refused";
  if (trial.status === null || trial.status >= 400) return "failed";
  return trial.error !== null ? "failed" : "ok";
}

/** A name that any system takes for a saved answer. */
export function answerName(trial: Pick<ApiTrial, "path" | "id">, extension: string): string {
  return `wxdesk-${trial.path.replace(/^\/+/, "").replace(/[^A-Za-z0-9]+/g, "-")}-${trial.id}.${extension}`;
}
