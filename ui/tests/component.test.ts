/** The platform's own token on the platform's page: asked for when unfolded, tested, renewed, and fresh after a change. */
import { VueQueryPlugin } from "@tanstack/vue-query";
import { flushPromises, mount, type VueWrapper } from "@vue/test-utils";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createI18n } from "vue-i18n";
import { nextTick } from "vue";
import { setHost, type Change, type Host, type TokenTimeline } from "../src/host";
import { platform } from "../src/host/mock/data";
import { followChanges, keys, queryClient } from "../src/lib/queries";
import { vTip } from "../src/lib/tip";
import en from "../src/locales/en.json";
import ComponentToken from "../src/pages/platforms/ComponentToken.vue";

const ID = "wx134c8103faa5a59e";
const asked: [string, unknown][] = [];
const timeline: TokenTimeline = { component_appid: ID, appid: null, pending: [], generations: [{ generation: 7, obtained_at: 0, expires_at: 7_200_000, current: true, cause: "scheduled", attempts: [] }] };
let tell: (change: Change) => void = () => undefined;
const host = {
  kind: "mock",
  call: async (name: string, args: unknown) => {
    asked.push([name, args]);
    if (name === "token_timeline") return timeline;
    if (name === "test_token") return { ok: true, at: 0, duration_ms: 90, api: "/cgi-bin/get_api_domain_ip", generation: 7, expires_at: null, error: null };
    return platform(ID, "门店通", "https://a.example.com", 0);
  },
  onChange: (listener: typeof tell) => ((tell = listener), () => undefined),
} as unknown as Host;
let shown: VueWrapper | null = null;
const show = (open: boolean): VueWrapper => {
  shown = mount(ComponentToken, { props: { platform: platform(ID, "门店通", "https://a.example.com", Date.now()), open, "onUpdate:open": (now: boolean) => void shown?.setProps({ open: now }) }, global: { plugins: [createI18n({ legacy: false, locale: "en", messages: { en } as never }), [VueQueryPlugin, { queryClient }]], directives: { tip: vTip } } });
  return shown;
};
const names = (): string[] => asked.map(([name]) => name);
beforeEach(() => {
  asked.length = 0;
  queryClient.clear();
  setHost(host);
});
afterEach(() => shown?.unmount());

describe("the component token", () => {
  it("is only asked about when somebody looks", async () => {
    const card = show(false);
    await flushPromises();
    expect(names()).toEqual([]);
    await card.get('[data-testid="component-token"]').trigger("click");
    await flushPromises();
    expect(asked).toEqual([["token_timeline", { component_appid: ID, appid: null }]]);
    expect(card.get('[data-generation="7"]').text()).toContain("Scheduled refresh");
  });

  it("is tested and renewed by click", async () => {
    const card = show(true);
    await flushPromises();
    await card.get('[data-testid="token-test"]').trigger("click");
    await flushPromises();
    expect(asked[asked.length - 1]).toEqual(["test_token", { component_appid: ID, appid: null }]);
    expect(card.get('[data-testid="token-test-result"]').attributes("data-ok")).toBe("true");
    await card.get('[data-testid="component-refresh"]').trigger("click");
    await flushPromises();
    expect(asked).toContainEqual(["refresh_component", { component_appid: ID }]);
  });

  it("has a fresh history when its platform changed, and an account's stays", async () => {
    const off = followChanges(host);
    queryClient.setQueryData(keys.timeline(ID, "wx1"), timeline);
    show(true);
    await flushPromises();
    tell({ tags: ["platforms"] });
    await new Promise((resolve) => queryClient.getQueryCache().subscribe(({ type }) => type === "updated" && resolve(null)));
    await flushPromises();
    await nextTick();
    expect(names().filter((name) => name === "token_timeline").length).toBe(2);
    expect(queryClient.getQueryState(keys.timeline(ID, "wx1"))?.isInvalidated).toBe(false);
    off();
  });
});
