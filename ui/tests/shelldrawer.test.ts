/** Where the sidebar has no room beside the page: a drawer behind a button, with focus going in and back. */
import { VueQueryPlugin } from "@tanstack/vue-query";
import { flushPromises, mount, type VueWrapper } from "@vue/test-utils";
import { createI18n } from "vue-i18n";
import { createMemoryHistory, createRouter, type Router } from "vue-router";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { setHost, type Host } from "../src/host";
import { queryClient } from "../src/lib/queries";
import { vTip } from "../src/lib/tip";
import zh from "../src/locales/zh-CN.json";
import AppShell from "../src/shell/AppShell.vue";

let shell: VueWrapper;
let router: Router;
/** The window's width as the shell asks for it. */
const query = Object.assign(new EventTarget(), { matches: true, media: "" });
async function resize(narrow: boolean): Promise<void> {
  query.matches = narrow;
  query.dispatchEvent(new Event("change"));
  await flushPromises();
}
async function open(): Promise<void> {
  const answers: Record<string, unknown> = { app_info: { version: "1.0.0", sandbox: true }, list_platforms: [], overview: { platforms: [], needs: [] } };
  setHost({ kind: "mock", call: async (name: string) => answers[name] ?? null, onChange: () => () => undefined, onConnection: () => () => undefined } as unknown as Host);
  const page = { template: "<i />" };
  router = createRouter({ history: createMemoryHistory(), routes: ["overview", "accounts", "settings"].map((name) => ({ path: `/${name}`, component: page, meta: { title: `nav.${name}`, nav: name } })) });
  router.addRoute({ path: "/:rest(.*)*", component: page, meta: { title: "nav.overview" } });
  await router.push("/accounts");
  const i18n = createI18n({ legacy: false, locale: "zh-CN", messages: { "zh-CN": zh as never } });
  shell = mount(AppShell, { attachTo: document.body, global: { plugins: [i18n, router, [VueQueryPlugin, { queryClient }]], directives: { tip: vTip }, stubs: { BulkDock: true, CommandPalette: { template: "<div data-testid='palette' />" }, PageState: { template: "<div><slot /></div>" } } } });
  await flushPromises();
}
const at = (id: string) => shell.find<HTMLElement>(`[data-testid="${id}"]`);
const drawer = () => shell.get<HTMLElement>("#shell-side");
const shown = (): boolean => drawer().element.style.display !== "none";
const key = (name: string, more: KeyboardEventInit = {}): void => void document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true, ...more }));
async function unfold(): Promise<void> {
  await at("nav-open").trigger("click");
  await flushPromises();
}

beforeEach(async () => {
  queryClient.clear();
  query.matches = true;
  vi.stubGlobal("matchMedia", () => query);
  await open();
});
afterEach(() => {
  shell.unmount();
  vi.unstubAllGlobals();
});

it("is closed at first, and its button says what it opens", () => {
  expect(shown()).toBe(false);
  const button = at("nav-open");
  expect(button.attributes()).toMatchObject({ "aria-label": "主菜单", "aria-expanded": "false", "aria-controls": "shell-side" });
  expect(at("nav-scrim").exists()).toBe(false);
});

it("opens over the page with the focus on the room one is in, and nothing else to reach", async () => {
  await unfold();
  expect(shown()).toBe(true);
  expect(drawer().attributes()).toMatchObject({ role: "dialog", "aria-modal": "true", "aria-label": "主菜单" });
  expect(at("nav-open").attributes("aria-expanded")).toBe("true");
  expect(document.activeElement).toBe(at("nav-accounts").element);
  expect(shell.get(".stage").attributes("inert")).toBeDefined();
  expect(shell.get(".stripes").attributes("inert")).toBeDefined();
});

it.each<[string, () => unknown]>([
  ["Esc", () => key("Escape")],
  ["the backdrop", () => at("nav-scrim").trigger("click")],
  ["its own button", () => at("nav-close").trigger("click")],
  ["the room one is already in", () => at("nav-accounts").trigger("click")],
  ["another room", () => at("nav-settings").trigger("click")],
  ["a way there that is no link of the menu", () => router.push("/overview")],
])("closes by %s, and gives the focus back", async (_, act) => {
  await unfold();
  act();
  await flushPromises();
  expect(shown()).toBe(false);
  expect(at("nav-scrim").exists()).toBe(false);
  expect(shell.get(".stage").attributes("inert")).toBeUndefined();
  expect(document.activeElement).toBe(at("nav-open").element);
});

it("has the focus back before anything that the same click opens", async () => {
  await unfold();
  at("nav-settings").element.click();
  expect(document.activeElement, "a question about unsaved changes returns the focus here").toBe(at("nav-open").element);
});

it("leaves Esc to the list of platforms while that is open", async () => {
  await unfold();
  await at("platform-switcher").trigger("click");
  await flushPromises();
  key("Escape");
  await flushPromises();
  expect(shell.find('[role="menu"]').exists()).toBe(false);
  expect(shown()).toBe(true);
  key("Escape");
  await flushPromises();
  expect(shown()).toBe(false);
});

it("makes way for the palette", async () => {
  await unfold();
  key("k", { ctrlKey: true });
  await flushPromises();
  expect(shown()).toBe(false);
  expect(at("palette").exists()).toBe(true);
});

it("is a plain sidebar where there is room, and not still open when that ends", async () => {
  await unfold();
  await resize(false);
  expect(shown()).toBe(true);
  expect(drawer().attributes("role")).toBeUndefined();
  expect(at("nav-open").exists()).toBe(false);
  expect(at("nav-close").exists()).toBe(false);
  expect(shell.get(".stage").attributes("inert")).toBeUndefined();
  expect(at("palette-open").text()).toContain("搜索与命令");
  expect(at("health-pill").text()).not.toBe("");
  await resize(true);
  expect(shown()).toBe(false);
});

it("shows health and search as icons that keep their names", () => {
  expect(at("health-pill").text()).toBe("");
  expect(at("health-pill").attributes("aria-label")).toContain("健康状况");
  expect(at("palette-open").text()).toBe("");
  expect(at("palette-open").attributes("aria-label")).toBe("搜索与命令");
  expect(at("lang-switch").exists()).toBe(true);
  expect(at("theme-switch").exists()).toBe(true);
});
