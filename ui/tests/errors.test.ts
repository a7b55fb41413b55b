/** Errors that carry WeChat's request id offer its lookup wherever they are shown: toasts and pages. */
import { QueryClient, VueQueryPlugin } from "@tanstack/vue-query";
import { flushPromises, mount, type VueWrapper } from "@vue/test-utils";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createI18n } from "vue-i18n";
import PageState from "../src/components/PageState.vue";
import ToastHost from "../src/components/ToastHost.vue";
import { HostError, setHost, type Host } from "../src/host";
import { lastError } from "../src/host/mock/data";
import { i18n } from "../src/i18n";
import { refusalOf } from "../src/lib/errors";
import { vTip } from "../src/lib/tip";
import { dismissToast, toast, toastError, toasts } from "../src/lib/toast";
import zh from "../src/locales/zh-CN.json";

const RID = "61725984-6126f6f9-040f19c4";
const refused = (rid: string | null): HostError => new HostError({ code: "refused", message: "refused", detail: { refusal: { ...lastError(61004, 0), rid } } });
const ask = vi.fn(async () => null);
let shown: VueWrapper | null = null;
const show = (component: unknown, props: object = {}): VueWrapper => {
  shown = mount(component as never, { props: props as never, attachTo: document.body, global: { plugins: [createI18n({ legacy: false, locale: "zh-CN", messages: { "zh-CN": zh } }), [VueQueryPlugin, { queryClient: new QueryClient() }]], directives: { tip: vTip } } });
  return shown;
};
beforeAll(() => {
  i18n.global.setLocaleMessage("zh-CN", zh as never);
  (i18n.global.locale as unknown as { value: string }).value = "zh-CN";
});
beforeEach(() => {
  vi.useFakeTimers();
  setHost({ kind: "mock", call: ask } as unknown as Host);
});
afterEach(() => {
  shown?.unmount();
  shown = null;
  for (const entry of [...toasts]) dismissToast(entry.id);
  vi.useRealTimers();
});

describe("a toast", () => {
  it("keeps WeChat's refusal only when there is an id to look up", () => {
    toastError(refused(RID), "花店");
    toastError(refused(null));
    toastError(new Error("no way"));
    expect(toasts.map((entry) => entry.refusal?.rid ?? null)).toEqual([RID, null, null]);
    expect(toasts[0].text.startsWith("花店: ")).toBe(true);
    expect(refusalOf(new Error("x"))).toBeNull();
  });

  it("stays while its request is being looked at, and goes afterwards", async () => {
    const host = show(ToastHost);
    toastError(refused(RID));
    await flushPromises();
    const button = document.querySelector<HTMLElement>('[data-testid="toast"] [data-testid="rid-lookup"]');
    button?.click();
    await flushPromises();
    expect(ask).toHaveBeenCalledWith("lookup_rid", { rid: RID, component_appid: null, appid: null });
    vi.advanceTimersByTime(60_000);
    expect(toasts.length).toBe(1);
    button?.click();
    await flushPromises();
    vi.advanceTimersByTime(60_000);
    expect(toasts.length).toBe(0);
    host.unmount();
  });

  it("without one goes by itself, and the fourth pushes out the first", () => {
    for (const text of ["a", "b", "c", "d"]) toast("ok", text);
    expect(toasts.map((entry) => entry.text)).toEqual(["b", "c", "d"]);
    vi.advanceTimersByTime(2_500);
    expect(toasts.length).toBe(0);
  });
});

describe("a page that could not be asked for", () => {
  it("offers the same lookup", () => {
    const page = show(PageState, { error: refused(RID), hasData: false });
    expect(page.find('[data-testid="page-error"] [data-testid="rid-lookup"]').exists()).toBe(true);
  });

  it("offers none where WeChat said nothing", () => {
    expect(show(PageState, { error: new HostError({ code: "store", message: "x" }) }).find('[data-testid="rid-lookup"]').exists()).toBe(false);
  });
});
