/**
 * From a client's fields to a form and back: which fields count, what they start with, which rule a value breaks, what
 * is sent. Invariant: a stored secret that was not touched is never sent. Pure.
 */
import type { Tunnel, TunnelClient, TunnelField, TunnelInput } from "@/host";
import { baseUrl, MAX_NAME, nameLength, type RuleId } from "@/lib/rules";

export interface Draft {
  name: string;
  /** Empty: looked for. */
  program: string;
  follow: boolean;
  settings: Record<string, string>;
  /** Null keeps what is stored. */
  secrets: Record<string, string | null>;
}

export type TunnelRule = RuleId | "tunnel_text" | "tunnel_secret" | "tunnel_host" | "tunnel_port" | "tunnel_path" | "tunnel_program" | "tunnel_name";

export function draftOf(client: TunnelClient, tunnel: Tunnel | null): Draft {
  const settings: Draft["settings"] = {};
  const secrets: Draft["secrets"] = {};
  for (const field of client.fields) {
    if (field.kind === "secret") secrets[field.key] = tunnel?.stored_secrets.includes(field.key) ? null : "";
    else settings[field.key] = tunnel?.settings[field.key] ?? (tunnel && !field.required ? "" : (field.default ?? ""));
  }
  return { name: tunnel?.name ?? "", program: tunnel?.program ?? "", follow: tunnel?.follow ?? true, settings, secrets };
}

export const applies = (field: TunnelField, settings: Record<string, string>): boolean => field.only_if === null || settings[field.only_if.key] === field.only_if.value;

/** The fields that count now, in the client's order. */
export const shownFields = (client: TunnelClient, settings: Record<string, string>): TunnelField[] => client.fields.filter((field) => applies(field, settings));

/** As the engine names it in its errors. */
export const pathOf = (field: Pick<TunnelField, "key" | "kind">): string => `${field.kind === "secret" ? "secrets" : "settings"}.${field.key}`;

/** Full path on any system: the window may talk to an engine on another one. */
export const isAbsolute = (path: string): boolean => path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path) || path.startsWith("\\\\");

export function valueRule(field: Pick<TunnelField, "kind" | "required">, value: string | null): TunnelRule | null {
  if (value === null) return null;
  if (value === "") return field.required ? "required" : null;
  switch (field.kind) {
    case "text":
      return /^[!-~]+$/.test(value) && !/["'\\`{}@;$%]/.test(value) && !value.startsWith("-") ? null : "tunnel_text";
    case "secret":
      return /^[!-~]+$/.test(value) && !/["'\\`{}]/.test(value) ? null : "tunnel_secret";
    case "host":
      return /^[A-Za-z0-9._:[\]-]+$/.test(value) && !value.startsWith("-") ? null : "tunnel_host";
    case "port":
      return /^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= 65_535 ? null : "tunnel_port";
    case "path":
      return isAbsolute(value) ? null : "tunnel_path";
    case "url":
      return baseUrl(value);
    case "choice":
      return null;
  }
}

/** Every rule that the draft breaks, by the engine's field names, in the form's order. */
export function brokenRules(client: TunnelClient, draft: Draft): Map<string, TunnelRule> {
  const broken = new Map<string, TunnelRule>();
  for (const field of shownFields(client, draft.settings)) {
    const value = field.kind === "secret" ? draft.secrets[field.key] : draft.settings[field.key];
    const rule = valueRule(field, value === undefined || value === null ? (value ?? null) : value.trim());
    if (rule) broken.set(pathOf(field), rule);
  }
  if (draft.program.trim() !== "" && !isAbsolute(draft.program.trim())) broken.set("program", "tunnel_program");
  if (nameLength(draft.name) > MAX_NAME) broken.set("name", "tunnel_name");
  return broken;
}

/** What is saved: fields that do not count are left out, and so are stored secrets that were kept. */
export function inputOf(client: TunnelClient, id: string | null, draft: Draft): TunnelInput {
  const settings: Record<string, string> = {};
  const secrets: Record<string, string> = {};
  for (const field of shownFields(client, draft.settings)) {
    if (field.kind === "secret") {
      const value = draft.secrets[field.key];
      // A new tunnel has nothing to remove.
      if (value !== null && value !== undefined && (value !== "" || id !== null)) secrets[field.key] = value.trim();
    } else if (draft.settings[field.key]?.trim()) settings[field.key] = draft.settings[field.key].trim();
  }
  return { id, client: client.id, name: draft.name.trim(), settings, secrets, program: client.programs.length > 0 ? draft.program.trim() || null : null, follow: draft.follow };
}
