/** A pasted rid is found, and the palette leads to what WeChat knows of it. */
import { VueQueryPlugin } from "@tanstack/vue-query";
import { flushPromises, mount } from "@vue/test-utils";
import { createI18n } from "vue-i18n";
import { createMemoryHistory, createRouter } from "vue-router";
import { expect, it, vi } from "vitest";
import { setHost, type Host } from "../src/host";
import { queryClient } from "../src/lib/queries";
import { ridIn } from "../src/lib/rid";
import zh from "../src/locales/zh-CN.json";
import CommandPalette from "../src/shell/CommandPalette.vue";

const RID = "66b2f3c1-1f0a2b3c-7d8e9f00";

it.each([
  [RID, RID],
  [`  ${RID.toUpperCase()}\n`, RID],
  [`invalid credential, rid: ${RID} (40001)`, RID],
  ["66b2f3c1-1f0a-7d8e9f00", null],
  [`${RID}-11112222`, null],
  [`a${RID}`, null],
  ["wx134c8103faa5a59e", null],
])("%s", (text, rid) => expect(ridIn(text)).toBe(rid));

it("offers to look it up, first, and shows the answer in its place", async () => {
  const call = vi.fn(async (name: string) => (name === "list_accounts" ? { items: [] } : { invoked_at: 0, cost_ms: 12, client_ip: "203.0.113.24", appid: null, api: "/cgi-bin/menu/get", api_name: null, errcode: 0, words: null, request_url: "", request_body: "", response_body: "" }));
  setHost({ kind: "mock", call, onChange: () => () => undefined, onConnection: () => () => undefined } as unknown as Host);
  const i18n = createI18n({ legacy: false, locale: "zh-CN", messages: { "zh-CN": zh as never } });
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: "/:rest(.*)*", component: { template: "<i />" } }] });
  const palette = mount(CommandPalette, { global: { plugins: [i18n, router, [VueQueryPlugin, { queryClient }]], directives: { tip: {} }, stubs: { AppDialog: { template: "<div><slot /></div>" } } } });
  const field = palette.get('[data-testid="palette-input"]');
  await field.setValue(RID);
  expect(palette.findAll('[role="option"]')[0].text()).toContain(RID);
  await field.trigger("keydown", { key: "Enter" });
  await flushPromises();
  expect(call).toHaveBeenCalledWith("lookup_rid", { rid: RID, component_appid: null, appid: null });
  await vi.waitFor(() => expect(palette.text()).toContain("203.0.113.24"));
  expect(palette.emitted("close")).toBeUndefined();
  await field.setValue("菜单");
  expect(palette.find('[data-testid="palette-rid-answer"]').exists()).toBe(false);
});
