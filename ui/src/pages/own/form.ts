/**
 * The form of a directly connected account: values, which fields were left once, the rules' and the engine's errors. Owns
 * no layout. Invariants: a failed save changes nothing of what was typed; a secret that nobody touched is not sent.
 */
import { computed, reactive, ref, type ComputedRef, type Ref } from "vue";
import { useI18n } from "vue-i18n";
import { useHost, type FieldError, type MessageMode, type OwnAccount, type OwnAccountInput, type OwnKind, type TokenMode } from "@/host";
import * as rules from "@/lib/rules";

export const KINDS: OwnKind[] = ["official_account", "test_account", "mini_program", "website_app"];
export const MODES: MessageMode[] = ["secure", "compatible", "plain"];
export const FIELDS = ["name", "appid", "appsecret", "public_base_url", "verify_token", "encoding_aes_key", "outbound_proxy", "endpoints.api", "endpoints.mp", "endpoints.open"] as const;
export type Field = (typeof FIELDS)[number];
const HOST_FIELDS = ["endpoints.api", "endpoints.mp", "endpoints.open"] as const;
export const DEFAULT_ENDPOINTS = { api: "https://api.weixin.qq.com", mp: "https://mp.weixin.qq.com", open: "https://open.weixin.qq.com" };

/** Texts: null keeps the secret that is stored. */
export type Values = Record<Field, string | null> & { kind: OwnKind; message_mode: MessageMode; token_mode: TokenMode; messages: boolean };

/** A website application gets no pushes and has no interface token. */
export const takesMessages = (kind: OwnKind): boolean => kind !== "website_app";
/** WeChat's page for test accounts knows no encryption. */
export const knowsCrypto = (kind: OwnKind): boolean => kind === "official_account" || kind === "mini_program";
export const hasToken = (kind: OwnKind): boolean => kind !== "website_app";

function valuesOf(own: OwnAccount | null): Values {
  const hints = own?.secret_hints;
  return {
    name: own?.name ?? "",
    appid: own?.appid ?? "",
    appsecret: hints?.appsecret ? null : "",
    public_base_url: own?.public_base_url ?? "",
    verify_token: hints?.verify_token ? null : "",
    encoding_aes_key: hints?.encoding_aes_key ? null : "",
    outbound_proxy: own?.outbound_proxy ? null : "",
    "endpoints.api": own?.endpoints.api ?? DEFAULT_ENDPOINTS.api,
    "endpoints.mp": own?.endpoints.mp ?? DEFAULT_ENDPOINTS.mp,
    "endpoints.open": own?.endpoints.open ?? DEFAULT_ENDPOINTS.open,
    kind: own?.kind ?? "official_account",
    message_mode: own?.message_mode ?? "secure",
    token_mode: own?.token_mode ?? "stable",
    messages: own ? hints?.verify_token !== "" : true,
  };
}

/** Messages are wanted, and this kind can have them. */
export const listens = (v: Values): boolean => takesMessages(v.kind) && v.messages;
/** Messages come encrypted, so that a key is needed. */
export const encrypted = (v: Values): boolean => listens(v) && knowsCrypto(v.kind) && v.message_mode !== "plain";

/** The broken rule of one field, as a key under `rule.`; null when it is fine. Pure. */
export function ruleOf(field: Field, v: Values): string | null {
  const value = v[field];
  if (value === null) return null;
  const text = value.trim();
  switch (field) {
    case "name":
      return rules.nameLength(text) > rules.MAX_NAME ? "own_name" : null;
    case "appid":
      return rules.appid(text);
    case "appsecret":
      return rules.appSecret(text);
    case "public_base_url":
      return text === "" && !listens(v) ? null : rules.baseUrl(text);
    case "verify_token": {
      if (!listens(v)) return null;
      const rule = rules.verifyToken(text);
      return rule === "token" ? "own_token" : rule;
    }
    case "encoding_aes_key": {
      if (!encrypted(v)) return null;
      const rule = rules.aesKey(text);
      return rule === "aes_key" ? "own_aes_key" : rule;
    }
    case "outbound_proxy":
      return rules.proxy(text);
    default:
      return rules.endpoint(text);
  }
}

/** What is handed to the engine. `before`: the values as they were loaded; a secret or a host that equals them there was left alone. Pure. */
export function toInput(v: Values, before: Values): OwnAccountInput {
  const text = (field: Field): string => v[field]?.trim() ?? "";
  const on = listens(v);
  return {
    appid: text("appid"),
    name: text("name"),
    kind: v.kind,
    message_mode: on && knowsCrypto(v.kind) ? v.message_mode : "plain",
    token_mode: hasToken(v.kind) ? v.token_mode : "stable",
    public_base_url: text("public_base_url").replace(/\/+$/, ""),
    // Left alone, they are the engine's to choose: the sandbox has hosts of its own.
    ...(HOST_FIELDS.some((field) => v[field] !== before[field]) && { endpoints: { api: text("endpoints.api"), mp: text("endpoints.mp"), open: text("endpoints.open") } }),
    ...(text("appsecret") !== "" && { appsecret: text("appsecret") }),
    // Switching messages off takes the Token away: without one nothing is accepted.
    ...(on ? text("verify_token") !== "" && { verify_token: text("verify_token") } : before.verify_token === null && { verify_token: "" }),
    ...(encrypted(v) && text("encoding_aes_key") !== "" && { encoding_aes_key: text("encoding_aes_key") }),
    ...(v.outbound_proxy !== before.outbound_proxy && v.outbound_proxy !== null && { outbound_proxy: text("outbound_proxy") }),
  };
}

/** Typing settles for this long before the engine is asked, ms. */
const SETTLE_MS = 400;

export interface OwnForm {
  values: Values;
  /** The message to show at a field, null when it is fine or not yet due. */
  error: (field: Field) => string | null;
  /** The rules say yes, and something is there. */
  fine: (field: Field) => boolean;
  touch: (field: Field) => void;
  changed: (field: Field) => void;
  /** A choice, which is complete at once. */
  chose: () => void;
  dirty: ComputedRef<boolean>;
  input: () => OwnAccountInput;
  /** Shows every error; answers the first field with one. */
  firstBroken: () => Field | null;
  takeServerErrors: (errors: FieldError[]) => void;
  reset: (own: OwnAccount | null) => void;
  unmapped: Ref<string[]>;
}

export function useOwnForm(taken: (appid: string) => boolean): OwnForm {
  const { t, locale } = useI18n();
  const values = reactive<Values>(valuesOf(null));
  const initial = ref(JSON.stringify(values));
  const touched = reactive(new Set<Field>());
  const server = reactive(new Map<string, FieldError>());
  /** What saving was refused for. Checking while typing knows less than saving, so it takes none of these away. */
  const refused = reactive(new Map<string, FieldError>());
  const unmapped = ref<string[]>([]);
  let existing = false;
  let timer: ReturnType<typeof setTimeout> | null = null;

  const broken = (field: Field): string | null => {
    const rule = ruleOf(field, values);
    if (rule) return rule;
    return field === "appid" && !existing && taken(values.appid?.trim() ?? "") ? "own_taken" : null;
  };
  const say = (error: FieldError): string => (locale.value.startsWith("zh") ? error.message_zh : error.message);
  const keyOf = (field: string): string => (FIELDS.includes(field as Field) ? field : field.startsWith("endpoints") ? "endpoints.api" : field);
  const input = (): OwnAccountInput => toInput(values, JSON.parse(initial.value) as Values);
  function take(into: Map<string, FieldError>, errors: FieldError[]): void {
    into.clear();
    errors.forEach((error) => into.set(keyOf(error.field), error));
  }
  const askSoon = (): void => {
    if (timer) clearTimeout(timer);
    timer = setTimeout(async () => {
      try {
        take(server, await useHost().call("validate_own_account", { input: input() }));
      } catch {
        // Saving will say it.
      }
    }, SETTLE_MS);
  };

  return {
    values,
    unmapped,
    error(field) {
      if (!touched.has(field)) return null;
      const own = broken(field);
      if (own) return t(`rule.${own}`);
      const theirs = server.get(field) ?? refused.get(field);
      return theirs ? say(theirs) : null;
    },
    fine: (field) => broken(field) === null && values[field] !== "",
    touch(field) {
      // An untouched empty field left on the way to another one is not yet a mistake.
      if (values[field] === "" && !touched.has(field)) return;
      touched.add(field);
      askSoon();
    },
    changed(field) {
      server.delete(field);
      refused.delete(field);
      unmapped.value = [];
      if (touched.size > 0) askSoon();
    },
    chose() {
      unmapped.value = [];
      if (touched.size > 0) askSoon();
    },
    dirty: computed(() => JSON.stringify(values) !== initial.value),
    input,
    firstBroken() {
      FIELDS.forEach((field) => touched.add(field));
      return FIELDS.find((field) => broken(field) !== null) ?? null;
    },
    takeServerErrors(errors) {
      take(refused, errors);
      unmapped.value = errors.filter((error) => !FIELDS.includes(keyOf(error.field) as Field)).map(say);
    },
    reset(own) {
      existing = own !== null;
      Object.assign(values, valuesOf(own));
      initial.value = JSON.stringify(values);
      touched.clear();
      server.clear();
      refused.clear();
      unmapped.value = [];
    },
  };
}
