/** A revealed secret hides itself after 30 s, and is dropped. */
import { mount } from "@vue/test-utils";
import { createI18n } from "vue-i18n";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { nextTick } from "vue";
import RevealToken from "../src/components/RevealToken.vue";
import SecretField from "../src/components/SecretField.vue";
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

  it("keeps the stored one until something is typed in its place", async () => {
    const wrapper = open({});
    await wrapper.get('[data-testid="s-replace"]').trigger("click");
    expect(wrapper.emitted("update:modelValue")).toEqual([[""]]);
    await wrapper.setProps({ modelValue: "" });
    await wrapper.get("input").setValue("  pasted-secret\n");
    expect(wrapper.emitted("update:modelValue")?.at(-1)).toEqual(["pasted-secret"]);
  });
});
