/**
 * The platform form's state: values, which fields were left once, the rules' and the engine's errors. Owns no layout.
 * Invariant: a failed save changes nothing of what was typed.
 */
import { computed, reactive, ref, type ComputedRef, type Ref } from "vue";
import { useI18n } from "vue-i18n";
import { useHost, type FieldError, type Platform, type PlatformInput } from "@/host";
import * as rules from "@/lib/rules";

export const FIELDS = [
  "name",
  "component_appid",
  "component_appsecret",
  "verify_token",
  "encoding_aes_key",
  "public_base_url",
  "previous_encoding_aes_key",
  "outbound_proxy",
  "endpoints.api",
  "endpoints.mp",
  "endpoints.open",
] as const;
export type Field = (typeof FIELDS)[number];

export const DEFAULT_ENDPOINTS = { api: "https://api.weixin.qq.com", mp: "https://mp.weixin.qq.com", open: "https://open.weixin.qq.com" };

/** Null keeps what is stored. */
type Values = Record<Field, string | null>;

function valuesOf(platform: Platform | null): Values {
  const secret = platform ? null : "";
  return {
    name: platform?.name ?? "",
    component_appid: platform?.component_appid ?? "",
    component_appsecret: secret,
    verify_token: secret,
    encoding_aes_key: secret,
    public_base_url: platform?.public_base_url ?? "",
    previous_encoding_aes_key: platform?.has_previous_key ? null : "",
    outbound_proxy: platform?.outbound_proxy ? null : "",
    "endpoints.api": platform?.endpoints.api ?? DEFAULT_ENDPOINTS.api,
    "endpoints.mp": platform?.endpoints.mp ?? DEFAULT_ENDPOINTS.mp,
    "endpoints.open": platform?.endpoints.open ?? DEFAULT_ENDPOINTS.open,
  };
}

const RULES: Record<Field, rules.Rule> = {
  name: rules.platformName,
  component_appid: rules.appid,
  component_appsecret: rules.appSecret,
  verify_token: rules.verifyToken,
  encoding_aes_key: rules.aesKey,
  public_base_url: rules.baseUrl,
  previous_encoding_aes_key: rules.optionalAesKey,
  outbound_proxy: rules.proxy,
  "endpoints.api": rules.endpoint,
  "endpoints.mp": rules.endpoint,
  "endpoints.open": rules.endpoint,
};

/** Typing settles for this long before the engine is asked, ms. */
const SETTLE_MS = 400;

export interface PlatformForm {
  values: Values;
  /** The message to show at a field, null when it is fine or not yet due. */
  error: (field: Field) => string | null;
  /** The rules say yes, whether shown or not. */
  fine: (field: Field) => boolean;
  touch: (field: Field) => void;
  changed: (field: Field) => void;
  dirty: ComputedRef<boolean>;
  /** Fields that differ from what is stored. */
  changedFields: ComputedRef<ReadonlySet<string>>;
  input: () => PlatformInput;
  /** Shows every error; answers the first field with one. */
  firstBroken: () => Field | null;
  takeServerErrors: (errors: FieldError[]) => void;
  reset: (platform: Platform | null) => void;
  unmapped: Ref<string[]>;
}

export function usePlatformForm(taken: (appid: string) => boolean): PlatformForm {
  const { t, locale } = useI18n();
  const values = reactive<Values>(valuesOf(null));
  const initial = ref(JSON.stringify(values));
  const touched = reactive(new Set<string>());
  const server = reactive(new Map<string, FieldError>());
  /** What saving was refused for. Checking while typing knows less than saving, so it takes none of these away. */
  const refused = reactive(new Map<string, FieldError>());
  const unmapped = ref<string[]>([]);
  let existing = false;
  let timer: ReturnType<typeof setTimeout> | null = null;

  const ruleOf = (field: Field): string | null => {
    const value = values[field];
    if (value === null) return null;
    const rule = RULES[field](value.trim());
    if (rule) return t(`rule.${rule}`);
    return field === "component_appid" && !existing && taken(value.trim()) ? t("rule.taken") : null;
  };
  const say = (error: FieldError): string => (locale.value.startsWith("zh") ? error.message_zh : error.message);
  const keyOf = (field: string): string => (FIELDS.includes(field as Field) ? field : field.startsWith("endpoints") ? "endpoints.api" : field);

  const differs = (field: Field): boolean => values[field] !== (JSON.parse(initial.value) as Values)[field];
  const input = (): PlatformInput => {
    const text = (field: Field): string | null => values[field]?.trim() ?? null;
    return {
      component_appid: text("component_appid") ?? "",
      name: text("name") ?? "",
      component_appsecret: text("component_appsecret") || null,
      verify_token: text("verify_token") || null,
      encoding_aes_key: text("encoding_aes_key") || null,
      // An empty one removes what is stored, and the key that is being replaced with it: only when somebody emptied it here.
      previous_encoding_aes_key: differs("previous_encoding_aes_key") ? text("previous_encoding_aes_key") : null,
      public_base_url: (text("public_base_url") ?? "").replace(/\/+$/, ""),
      endpoints: { api: text("endpoints.api") ?? "", mp: text("endpoints.mp") ?? "", open: text("endpoints.open") ?? "" },
      outbound_proxy: text("outbound_proxy"),
    };
  };

  async function askEngine(): Promise<void> {
    try {
      const errors = await useHost().call("validate_platform", { input: input() });
      server.clear();
      errors.forEach((error) => server.set(keyOf(error.field), error));
    } catch {
      // Saving will say it.
    }
  }
  const askSoon = (): void => {
    if (timer) clearTimeout(timer);
    timer = setTimeout(() => void askEngine(), SETTLE_MS);
  };

  return {
    values,
    unmapped,
    error(field) {
      if (!touched.has(field)) return null;
      const own = ruleOf(field);
      if (own) return own;
      const theirs = server.get(field) ?? refused.get(field);
      return theirs ? say(theirs) : null;
    },
    fine: (field) => ruleOf(field) === null && (values[field] === null || values[field] !== ""),
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
    dirty: computed(() => JSON.stringify(values) !== initial.value),
    changedFields: computed(() => new Set<string>(FIELDS.filter(differs))),
    input,
    firstBroken() {
      FIELDS.forEach((field) => touched.add(field));
      return FIELDS.find((field) => ruleOf(field) !== null) ?? null;
    },
    takeServerErrors(errors) {
      refused.clear();
      errors.forEach((error) => refused.set(keyOf(error.field), error));
      unmapped.value = errors.filter((error) => !FIELDS.includes(keyOf(error.field) as Field)).map(say);
    },
    reset(platform) {
      existing = platform !== null;
      Object.assign(values, valuesOf(platform));
      initial.value = JSON.stringify(values);
      touched.clear();
      server.clear();
      refused.clear();
      unmapped.value = [];
    },
  };
}
