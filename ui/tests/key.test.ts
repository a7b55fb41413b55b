/** The key of the browser's door: taken out of the address before anything sees it, and answered when it is wrong. */
import { VueQueryPlugin } from "@tanstack/vue-query";
import { flushPromises, mount } from "@vue/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createI18n } from "vue-i18n";
import { createRouter, createWebHashHistory } from "vue-router";
import App from "../src/App.vue";
import { setHost, type ErrorBody } from "../src/host";
import { createHttpHost, keyOf, withoutKey } from "../src/host/http";
import { queryClient } from "../src/lib/queries";
import zh from "../src/locales/zh-CN.json";
import EngineGate from "../src/shell/EngineGate.vue";

afterEach(() => {
  sessionStorage.clear();
  vi.unstubAllGlobals();
});

describe("an address with a key", () => {
  it("leads to the same page without it", () => {
    expect(["#key=wk_a", "#/accounts?key=wk_a", "#/accounts?tag=x&key=wk_a&q=1", "#/calls&key=wk_a", "#/overview", ""].map(withoutKey)).toEqual(["#/", "#/accounts", "#/accounts?tag=x&q=1", "#/calls", "#/overview", "#/"]);
  });

  it("gives the key to whoever pastes it", () => {
    expect([" wk_a-1_2 ", "http://127.0.0.1:8091/#key=wk_b", "password", "wk_", "wk_密钥"].map(keyOf)).toEqual(["wk_a-1_2", "wk_b", null, null, null]);
  });

  it("is clean again before the router looks, when it is opened in this tab", async () => {
    const asked: string[] = [];
    vi.stubGlobal("fetch", async (_: string, init: RequestInit) => {
      asked.push((init.headers as Record<string, string>).Authorization);
      return new Response("null");
    });
    window.history.replaceState(null, "", "#/accounts");
    const host = createHttpHost(window.location);
    const rekeyed = vi.fn();
    host.onKey(rekeyed);
    const page = { template: "<i />" };
    const router = createRouter({ history: createWebHashHistory(), routes: ["/", "/accounts", "/calls", "/:rest(.*)*"].map((path) => ({ path, component: page })) });
    const seen: string[] = [];
    router.beforeEach((to) => void seen.push(to.fullPath));
    await router.push("/accounts");
    expect(host.hasKey()).toBe(false);
    window.history.pushState(null, "", "#/calls?key=wk_fresh");
    window.dispatchEvent(new PopStateEvent("popstate", { state: null }));
    await flushPromises();
    expect(window.location.href).not.toContain("wk_");
    expect(seen).toEqual(["/accounts", "/calls"]);
    expect(rekeyed).toHaveBeenCalledTimes(1);
    // The second event of the same step finds nothing.
    window.dispatchEvent(new Event("hashchange"));
    expect(rekeyed).toHaveBeenCalledTimes(1);
    await host.call("restart_listener", {});
    expect(asked).toEqual(["Bearer wk_fresh"]);
  });
});

describe("the page that asks for the key", () => {
  const denied = (code: ErrorBody["code"]): ErrorBody => ({ code, message: "no" });
  const open = (error: ErrorBody) => mount(EngineGate, { props: { error, busy: false }, global: { plugins: [createI18n({ legacy: false, locale: "zh-CN", messages: { "zh-CN": zh } as never })] } });
  beforeEach(() => {
    window.history.replaceState(null, "", "#/");
    setHost(createHttpHost(window.location));
  });
  const enter = async (gate: ReturnType<typeof open>, key: string): Promise<void> => {
    await gate.get('[data-testid="gate-key"]').setValue(key);
    await gate.get("form").trigger("submit");
  };
  const problem = (gate: ReturnType<typeof open>): string | null => (gate.find('[data-testid="gate-problem"]').exists() ? gate.get('[data-testid="gate-problem"]').text() : null);

  it("complains of nothing before there is a key", () => {
    expect(problem(open(denied("unauthenticated")))).toBeNull();
  });

  it("says that the key is wrong, and takes it back once it is asked again", async () => {
    const gate = open(denied("unauthenticated"));
    await enter(gate, "wk_wrong");
    await gate.setProps({ busy: true });
    expect(problem(gate)).toBeNull();
    await gate.setProps({ busy: false, error: denied("unauthenticated") });
    expect(problem(gate)).toBe(zh.gate.key_wrong);
    expect(gate.get('[data-testid="gate-key"]').attributes("aria-invalid")).toBe("true");
    await gate.setProps({ error: denied("forbidden") });
    expect(problem(gate)).toBe(zh.gate.key_scope);
  });

  it("stays with what was typed while the key is tried", async () => {
    let answer: (status: number) => void = () => undefined;
    vi.stubGlobal("fetch", () => new Promise((resolve) => (answer = (status) => resolve(new Response('{"code":"unauthenticated","message":"no"}', { status })))));
    queryClient.clear();
    const router = createRouter({ history: createWebHashHistory(), routes: [{ path: "/:rest(.*)*", component: { template: "<i />" }, meta: { title: "nav.overview" } }] });
    const app = mount(App, { global: { plugins: [createI18n({ legacy: false, locale: "zh-CN", messages: { "zh-CN": zh } as never }), router, [VueQueryPlugin, { queryClient }]], stubs: { AppShell: true } } });
    await router.isReady();
    answer(401);
    await vi.waitUntil(() => app.find("#gate-key").exists());
    await app.get("#gate-key").setValue("wk_wrong");
    await app.get("form").trigger("submit");
    await flushPromises();
    expect((app.get("#gate-key").element as HTMLInputElement).value).toBe("wk_wrong");
    expect(app.find('[data-testid="gate-problem"]').exists()).toBe(false);
    answer(401);
    await vi.waitUntil(() => app.find('[data-testid="gate-problem"]').exists());
    expect((app.get("#gate-key").element as HTMLInputElement).value).toBe("wk_wrong");
    app.unmount();
  });

  it("sends nothing that is no key", async () => {
    const gate = open(denied("unauthenticated"));
    await enter(gate, "我的密码");
    expect(problem(gate)).toBe(zh.gate.key_malformed);
    expect(sessionStorage.length).toBe(0);
    await gate.get('[data-testid="gate-key"]').setValue("wk_");
    expect(problem(gate)).toBeNull();
  });
});
