/** What counts as the name when something is deleted for good. */
import { mount, type VueWrapper } from "@vue/test-utils";
import { createI18n } from "vue-i18n";
import { afterEach, describe, expect, it } from "vitest";
import ConfirmDanger from "../src/components/ConfirmDanger.vue";
import { plainName } from "../src/lib/format";
import zh from "../src/locales/zh-CN.json";

const i18n = createI18n({ legacy: false, locale: "zh-CN", messages: { "zh-CN": zh as never } });
const TButton = { props: ["loading", "disabled", "type"], template: `<button :type="type ?? 'button'" :disabled="disabled || loading"><slot /></button>` };
let wrapper: VueWrapper;
afterEach(() => wrapper?.unmount());

describe("deleting for good", () => {
  it.each([
    ["晨光☕️ 咖啡🇨🇳", true],
    ["晨光 咖啡", true],
    [" wx134c8103faa5a59e ", true],
    ["晨光", false],
    ["", false],
    ["wx134c", false],
  ])("takes %j: %s", async (typed, fine) => {
    wrapper = mount(ConfirmDanger, { props: { open: true, title: "t", text: "x", name: "晨光☕️ 咖啡🇨🇳", id: "wx134c8103faa5a59e", action: "删除" }, global: { plugins: [i18n], directives: { tip: {} }, stubs: { TButton } }, attachTo: document.body });
    await wrapper.get('[data-testid="confirm-name"]').setValue(typed);
    expect(wrapper.get('[data-testid="confirm-danger"]').attributes("disabled") === undefined).toBe(fine);
    expect(wrapper.get('[data-testid="confirm-copy"]').attributes("aria-label")).toContain("晨光");
  });
  it("does not take nothing for a name of emoji only", async () => {
    wrapper = mount(ConfirmDanger, { props: { open: true, title: "t", text: "x", name: "☕️", action: "删除" }, global: { plugins: [i18n], directives: { tip: {} }, stubs: { TButton } }, attachTo: document.body });
    await wrapper.get('[data-testid="confirm-name"]').setValue(" ");
    expect(wrapper.get('[data-testid="confirm-danger"]').attributes("disabled")).toBeDefined();
  });
  it("keeps figures and signs of a name", () => expect(plainName("7‑Eleven #1 👨‍👩‍👧 店")).toBe("7‑Eleven #1 店"));
});
