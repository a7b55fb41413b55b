/** The drawn phone's own light or dark; until chosen, the window's. */
import { computed, ref } from "vue";
import { isDark } from "@/lib/settings";

const chosen = ref<boolean | null>(null);
export const phoneDark = computed({
  get: () => chosen.value ?? isDark.value,
  set: (dark: boolean) => (chosen.value = dark),
});
