/** Starts the window: host, language, theme, cache, routes. */
import { VueQueryPlugin } from "@tanstack/vue-query";
import { createApp } from "vue";
import App from "./App.vue";
import { openHost } from "./host";
import { i18n, startI18n } from "./i18n";
import { oneActADoubleClick } from "./lib/once";
import { followChanges, queryClient } from "./lib/queries";
import { applyTheme } from "./lib/settings";
import { vTip } from "./lib/tip";
import { makeRouter } from "./router";
import "./styles/base.css";
import "./styles/choices.css";

async function start(): Promise<void> {
  applyTheme();
  const [host] = await Promise.all([openHost(), startI18n()]);
  followChanges(host);
  oneActADoubleClick();
  createApp(App).use(i18n).use(VueQueryPlugin, { queryClient }).use(makeRouter()).directive("tip", vTip).mount("#app");
}

void start();
