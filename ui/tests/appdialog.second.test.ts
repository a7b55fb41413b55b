/** The second click of the double one that closed a layer does nothing to the page beneath. */
import { mount } from "@vue/test-utils";
import { createI18n } from "vue-i18n";
import { expect, it, vi } from "vitest";
import AppDialog from "../src/components/AppDialog.vue";
import zh from "../src/locales/zh-CN.json";

it("swallows a second click for a moment, and no first one", () => {
  vi.useFakeTimers();
  HTMLDialogElement.prototype.showModal = function (this: HTMLDialogElement) {
    this.setAttribute("open", "");
  };
  HTMLDialogElement.prototype.close = function (this: HTMLDialogElement) {
    this.removeAttribute("open");
  };
  const beneath = document.createElement("button");
  const clicked = vi.fn();
  beneath.addEventListener("click", clicked);
  document.body.append(beneath);
  const i18n = createI18n({ legacy: false, locale: "zh-CN", messages: { "zh-CN": zh as never } });
  const wrapper = mount(AppDialog, { props: { open: true, title: "x" }, attachTo: document.body, global: { plugins: [i18n] } });
  wrapper.unmount();
  const click = (detail: number): boolean => beneath.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, detail }));
  click(2);
  expect(clicked).not.toHaveBeenCalled();
  click(1);
  expect(clicked).toHaveBeenCalledOnce();
  vi.advanceTimersByTime(700);
  click(2);
  expect(clicked).toHaveBeenCalledTimes(2);
  vi.useRealTimers();
});
