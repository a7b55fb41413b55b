/** The room of the door against the made-up engine: cards in every state, the generated form, file errors. */
import { VueQueryPlugin } from "@tanstack/vue-query";
import { flushPromises, mount, type VueWrapper } from "@vue/test-utils";
import { createI18n } from "vue-i18n";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Component } from "vue";
import { createMemoryHistory, createRouter, RouterView, type Router } from "vue-router";
import { setHost } from "../src/host";
import { createMockHost } from "../src/host/mock";
import { followChanges, queryClient } from "../src/lib/queries";
import zh from "../src/locales/zh-CN.json";
import FileAdd from "../src/pages/channel/FileAdd.vue";
import TunnelFormPage from "../src/pages/channel/TunnelFormPage.vue";
import TunnelSection from "../src/pages/channel/TunnelSection.vue";

const i18n = createI18n({ legacy: false, locale: "zh-CN", messages: { "zh-CN": zh as never } });
const settle = async (ms = 150): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve, ms));
  await flushPromises();
};
let router: Router;
let wrapper: VueWrapper;
let unfollow: () => void;

/** The kit's button draws its spinner with computed styles, which take seconds without a browser. */
const TButton = { props: ["loading", "disabled", "type"], template: `<button :type="type ?? 'button'" :disabled="disabled || loading"><slot /></button>` };
/** As a page of the router, or alone when it has props. */
async function open(component: Component, path = "/channel", props?: object): Promise<VueWrapper> {
  router = createRouter({ history: createMemoryHistory(), routes: [{ path: "/:rest(.*)*", component }] });
  await router.push(path);
  wrapper = mount(props ? component : RouterView, { props, global: { plugins: [i18n, router, [VueQueryPlugin, { queryClient }]], directives: { tip: {} }, stubs: { TButton } }, attachTo: document.body });
  await settle();
  return wrapper;
}
function start(scenario: string): void {
  const host = createMockHost(scenario);
  setHost(host);
  unfollow = followChanges(host);
}
beforeEach(() => queryClient.clear());
afterEach(() => {
  wrapper.unmount();
  unfollow();
});

describe("tunnels", () => {
  it("are shown in every state, with what is wrong and what to do", async () => {
    start("rich");
    await open(TunnelSection);
    const states = wrapper.findAll("article[data-state]").map((card) => card.attributes("data-state"));
    expect(states).toEqual(["online", "reconnecting", "waiting", "failed", "online", "online", "stopped"]);
    expect(wrapper.text()).toContain("ngrok 拒绝了 authtoken");
    expect(wrapper.text()).toContain("已连续失败 3 次");
    expect(wrapper.findAll('[data-testid="tunnel-change"]')).toHaveLength(1);
  });

  it("forget a change once it was entered", async () => {
    start("rich");
    await open(TunnelSection);
    expect(wrapper.get('[data-testid="change-event_url"]').text()).toBe("https://diby3i.natappfree.cc/wechat/wx134c8103faa5a59e/event");
    await wrapper.get('[data-testid="confirm-url"]').trigger("click");
    await settle(700);
    expect(wrapper.find('[data-testid="tunnel-change"]').exists()).toBe(false);
  });

  it("start at a click", async () => {
    start("rich");
    await open(TunnelSection);
    const stopped = wrapper.findAll("article[data-state]").at(-1);
    await stopped?.get('[data-testid="tunnel-toggle"]').trigger("click");
    await settle();
    expect(wrapper.findAll("article[data-state]").at(-1)?.attributes("data-state")).toBe("starting");
  });

  it("have one way on when there are none", async () => {
    start("empty");
    await open(TunnelSection);
    expect(wrapper.findAll('[data-testid="add-tunnel"]')).toHaveLength(1);
  });
});

describe("the tunnel form", () => {
  it("offers every client, then its fields", async () => {
    start("rich");
    await open(TunnelFormPage, "/channel/tunnels/new");
    expect(wrapper.findAll('[data-testid^="client-"]').length).toBe(9);
    await wrapper.get('[data-testid="client-bore"]').trigger("click");
    await settle();
    expect(router.currentRoute.value.query.client).toBe("bore");
    expect(wrapper.findAll('[data-testid^="tunnel-settings."]').map((x) => x.attributes("data-testid"))).toEqual(["tunnel-settings.server", "tunnel-settings.remote_port", "tunnel-settings.public_url"]);
  });

  it("names the field and the rule, its own and the engine's", async () => {
    start("rich");
    await open(TunnelFormPage, "/channel/tunnels/new?client=natapp");
    await wrapper.get("form").trigger("submit");
    await settle(20);
    expect(wrapper.get('[data-field="tunnel-secrets.authtoken"]').text()).toContain("必填");
    await wrapper.get('[id="tunnel-secrets.authtoken"]').setValue("0123456789abcdef");
    await wrapper.get("#tunnel-program").setValue("/opt/missing/natapp");
    await wrapper.get("form").trigger("submit");
    await settle(700);
    expect(wrapper.get('[data-field="tunnel-program"]').text()).toContain("这里没有可执行的程序");
    expect(wrapper.get('[data-testid="form-error"]').text()).toContain("没有保存");
    expect((wrapper.get('[id="tunnel-secrets.authtoken"]').element as HTMLInputElement).value).toBe("0123456789abcdef");
  });
});

describe("adding a file", () => {
  it("tells the broken rule, then sends it", async () => {
    start("rich");
    await open(FileAdd, "/channel", { taken: [] });
    await wrapper.get('[data-testid="file-paste"]').trigger("click");
    await wrapper.get('[data-testid="file-name"]').setValue("MP_verify_a.html");
    await wrapper.get("form").trigger("submit");
    expect(wrapper.text()).toContain("文件名要以 .txt 结尾");
    expect(wrapper.text()).toContain("文件是空的");
    await wrapper.get('[data-testid="file-name"]').setValue("MP_verify_a.txt");
    await wrapper.get('[data-testid="file-content"]').setValue("8fJk2LmQx9aTzR4w");
    await wrapper.get("form").trigger("submit");
    await settle(500);
    expect(wrapper.emitted("added")?.[0]).toMatchObject([{ name: "MP_verify_a.txt", size: 16 }]);
  });
});
