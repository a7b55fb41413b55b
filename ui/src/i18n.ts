/** Languages. Only the one in use is loaded; both have the same keys (a test checks). */
import { watch } from "vue";
import { createI18n } from "vue-i18n";
import { locale } from "@/lib/settings";

export const i18n = createI18n({ legacy: false, locale: locale.value, fallbackLocale: false, missingWarn: import.meta.env.DEV, fallbackWarn: false, messages: {} });

const loaders = {
  "zh-CN": () => import("./locales/zh-CN.json"),
  en: () => import("./locales/en.json"),
};

async function load(name: keyof typeof loaders): Promise<void> {
  if (!(i18n.global.availableLocales as string[]).includes(name)) {
    i18n.global.setLocaleMessage(name, (await loaders[name]()).default as never);
  }
  (i18n.global.locale as unknown as { value: string }).value = name;
  document.documentElement.lang = name;
}

/** Loads the current language and follows later choices. */
export async function startI18n(): Promise<void> {
  await load(locale.value);
  watch(locale, (next) => void load(next));
}
