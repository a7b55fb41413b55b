/** A revealed secret hides itself after 30 s, and is dropped. */
import { mount } from "@vue/test-utils";
import { createI18n } from "vue-i18n";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { nextTick } from "vue";
import RevealToken from "../src/components/RevealToken.vue";
import SecretField from "../src/components/SecretField.vue";
import { setHost, type Host } from "../src/host";
import DrawerToken from "../src/pages/accounts/tabs/DrawerToken.vue";
import zh from "../src/locales/zh-CN.json";

const i18n = createI18n({ legacy: false, locale: "zh-CN", messages: { "zh-CN": zh as never } });
const global = { plugins: [i18n], directives: { tip: {} } };
const flush = async (): Promise<void> => {
  await vi.advanceTimersByTimeAsync(0);
  await nextTick();
};
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("RevealToken", () => {
  it("shows on a click and hides after 30 s", async () => {
    const reveal = vi.fn(async () => ({ value: "TOKEN-VALUE" }));
    const wrapper = mount(RevealToken, { props: { reveal, label: "token" }, global });
    expect(wrapper.text()).not.toContain("TOKEN-VALUE");
    await wrapper.get('[data-testid="reveal-token"]').trigger("click");
    await flush();
    expect(wrapper.text()).toContain("TOKEN-VALUE");
    await vi.advanceTimersByTimeAsync(29_900);
    expect(wrapper.text()).toContain("TOKEN-VALUE");
    await vi.advanceTimersByTimeAsync(200);
    expect(wrapper.html()).not.toContain("TOKEN-VALUE");
    expect(reveal).toHaveBeenCalledTimes(1);
  });

  it("copies the token of now, whatever stands on the screen", async () => {
    const copySecret = vi.fn(async () => true);
    setHost({ kind: "window", clip: { copySecret, clearSecret: async () => "cleared" } } as unknown as Host);
    let now = "FIRST";
    const wrapper = mount(RevealToken, { props: { reveal: async () => ({ value: now }), label: "token" }, global });
    await wrapper.get('[data-testid="reveal-token"]').trigger("click");
    await flush();
    now = "SECOND";
    await wrapper.get('[data-testid="secret-copy"]').trigger("click");
    await flush();
    expect(copySecret.mock.calls).toEqual([["SECOND"]]);
  });

  it("is hidden in the account's drawer once the token is renewed, also when the answer comes later", async () => {
    let answer: (found: { value: string }) => void = () => undefined;
    const call = vi.fn(() => new Promise((resolve) => (answer = resolve)));
    setHost({ kind: "mock", call } as unknown as Host);
    const of = (generation: number) => ({ account: { appid: "wx1", component_appid: "wx2", state: "authorized", token: { generation, obtained_at: 1, expires_at: 2, next_refresh_at: 2, reason_code: "fresh" } } }) as never;
    const stubs = { LifetimeBar: true, TokenHistory: true, RelativeTime: true, ClipboardNote: true, TokenTestButton: { template: "<div><slot /></div>" } };
    const wrapper = mount(DrawerToken, { props: { detail: of(1), platform: "" }, global: { ...global, stubs } });
    await wrapper.get('[data-testid="reveal-token"]').trigger("click");
    answer({ value: "FIRST" });
    await flush();
    expect(wrapper.text()).toContain("FIRST");
    await wrapper.setProps({ detail: of(2) });
    expect(wrapper.html()).not.toContain("FIRST");
    await wrapper.get('[data-testid="reveal-token"]').trigger("click");
    await wrapper.setProps({ detail: of(3) });
    answer({ value: "SECOND" });
    await flush();
    expect(wrapper.html()).not.toContain("SECOND");
  });
});

describe("SecretField", () => {
  const open = (props: object) => mount(SecretField, { props: { id: "s", label: "AppSecret", modelValue: null, hint: "…7b1c", testid: "s", ...props }, global });

  it("shows a stored secret for 30 s only", async () => {
    const wrapper = open({ reveal: async () => "STORED" });
    expect(wrapper.text()).toContain("…7b1c");
    await wrapper.get('[data-testid="s-eye"]').trigger("click");
    await flush();
    expect(wrapper.text()).toContain("STORED");
    await vi.advanceTimersByTimeAsync(30_000);
    expect(wrapper.html()).not.toContain("STORED");
  });

  it("hides what it shows when another one is stored", async () => {
    const wrapper = open({ reveal: async () => "STORED" });
    await wrapper.get('[data-testid="s-eye"]').trigger("click");
    await flush();
    await wrapper.setProps({ hint: "…90ff" });
    expect(wrapper.html()).not.toContain("STORED");
  });

  it("keeps the stored one until something is typed in its place", async () => {
    const wrapper = open({});
    await wrapper.get('[data-testid="s-replace"]').trigger("click");
    expect(wrapper.emitted("update:modelValue")).toEqual([[""]]);
    await wrapper.setProps({ modelValue: "" });
    await wrapper.get("input").setValue("  pasted-secret\n");
    expect(wrapper.emitted("update:modelValue")?.at(-1)).toEqual(["pasted-secret"]);
  });
});
