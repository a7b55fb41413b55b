/** Ending a link from its drawer: the command that ends, not the one that takes it off the screen. */
import { VueQueryPlugin } from "@tanstack/vue-query";
import { flushPromises, mount } from "@vue/test-utils";
import { createI18n } from "vue-i18n";
import { createMemoryHistory, createRouter } from "vue-router";
import { expect, it, vi } from "vitest";
import { setHost, type Host, type Link } from "../src/host";
import { queryClient } from "../src/lib/queries";
import zh from "../src/locales/zh-CN.json";
import LinkDrawer from "../src/pages/links/LinkDrawer.vue";

it("ends the link and shows it as ended", async () => {
  const link = { link_id: "lk1", component_appid: "wx2", kind: "h5", state: "opened", created_at: 1, opened_at: 2, cancelled_at: null, authorized_at: null, expires_at: Date.now() + 600_000, scopes: [], auth_type: 3, tenant: null, note: "", qr_svg: "<svg/>", account: null, error: null, made_from: null } as unknown as Link;
  const call = vi.fn(async (name: string) => (name === "end_link" ? { ...link, state: "ended" } : name === "get_link" ? link : []));
  setHost({ kind: "mock", call, onChange: () => () => undefined, onConnection: () => () => undefined } as unknown as Host);
  const i18n = createI18n({ legacy: false, locale: "zh-CN", messages: { "zh-CN": zh as never } });
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: "/:rest(.*)*", component: { template: "<i />" } }] });
  const ask = { props: ["open"], emits: ["confirm"], template: "<button v-if='open' data-testid='yes' @click=\"$emit('confirm')\" />" };
  const drawer = mount(LinkDrawer, { props: { id: "lk1" }, global: { plugins: [i18n, router, [VueQueryPlugin, { queryClient }]], directives: { tip: {} }, stubs: { AppDialog: { template: "<div><slot /></div>" }, ConfirmAsk: ask } } });
  await vi.waitFor(() => drawer.get("button.end"));
  await drawer.get("button.end").trigger("click");
  await drawer.get('[data-testid="yes"]').trigger("click");
  await flushPromises();
  expect(call.mock.calls.map(([name]) => name)).toContain("end_link");
  expect(call.mock.calls.map(([name]) => name)).not.toContain("close_link");
  await vi.waitFor(() => expect(drawer.get('[data-testid="link-drawer"]').attributes("data-state")).toBe("ended"));
  expect(drawer.text()).toContain(zh.links.tab_ended);
  expect(drawer.find('[data-testid="link-qr"]').exists()).toBe(false);
});
