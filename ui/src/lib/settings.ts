/** What this window remembers: language, theme, density, the chosen platform. Owns their storage keys. */
import { computed, ref, watch, type Ref } from "vue";

function remembered<T extends string>(key: string, allowed: readonly T[] | null, fallback: T): Ref<T> {
  const read = (): T => {
    const stored = localStorage.getItem(key) as T | null;
    return stored !== null && (allowed === null || allowed.includes(stored)) ? stored : fallback;
  };
  const value = ref(read()) as Ref<T>;
  watch(value, (next) => localStorage.setItem(key, next));
  return value;
}

export type LocaleChoice = "system" | "zh-CN" | "en";
export type ThemeChoice = "system" | "light" | "dark";
export type Density = "comfortable" | "compact";

export const localeChoice = remembered<LocaleChoice>("wxdesk.locale", ["system", "zh-CN", "en"], "system");
export const themeChoice = remembered<ThemeChoice>("wxdesk.theme", ["system", "light", "dark"], "system");
export const density = remembered<Density>("wxdesk.density", ["comfortable", "compact"], "comfortable");
/** A component appid, or empty for all platforms. */
export const platformScope = remembered<string>("wxdesk.platform", null, "");

const ownChoice = remembered<"own" | "">("wxdesk.own", ["own", ""], "");
/** Only accounts that are connected with their own AppSecret. They belong to no platform, so it never holds beside one. */
export const ownScope = computed(() => ownChoice.value === "own" && platformScope.value === "");

/** Narrows the rooms to one platform (its appid), to all (empty), or to the directly connected accounts. */
export function chooseScope(platform: string, own = false): void {
  platformScope.value = own ? "" : platform;
  ownChoice.value = own ? "own" : "";
}

/** The scope as a filter of `list_accounts`. */
export const scopeQuery = (): { platform?: string; connection?: "own_secret" } => (platformScope.value ? { platform: platformScope.value } : ownScope.value ? { connection: "own_secret" } : {});

const darkQuery = window.matchMedia?.("(prefers-color-scheme: dark)");
const systemDark = ref(darkQuery?.matches ?? false);
darkQuery?.addEventListener?.("change", (event) => (systemDark.value = event.matches));

export const isDark = computed(() => themeChoice.value === "dark" || (themeChoice.value === "system" && systemDark.value));

/** Keeps TDesign's theme attribute in step. */
export function applyTheme(): void {
  watch(
    isDark,
    (dark) => {
      document.documentElement.setAttribute("theme-mode", dark ? "dark" : "light");
      document.documentElement.style.colorScheme = dark ? "dark" : "light";
    },
    { immediate: true },
  );
}

export const locale = computed<"zh-CN" | "en">(() =>
  localeChoice.value === "system" ? (navigator.language.toLowerCase().startsWith("zh") ? "zh-CN" : "en") : localeChoice.value,
);
