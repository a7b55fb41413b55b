/** The menu that acts on a whole list offers what the bar of a selection offers. */
import { mount } from "@vue/test-utils";
import { createI18n } from "vue-i18n";
import { expect, it } from "vitest";
import BulkStart from "../src/components/BulkStart.vue";
import zh from "../src/locales/zh-CN.json";

it("offers tenant and tags for the whole list, and hands them to the page", async () => {
  const i18n = createI18n({ legacy: false, locale: "zh-CN", messages: { "zh-CN": zh as never } });
  const wrapper = mount(BulkStart, { props: { request: {}, n: 85, quiet: true }, attachTo: document.body, global: { plugins: [i18n], directives: { tip: {} }, stubs: { ConfirmAsk: true } } });
  await wrapper.get('[data-testid="bulk-all"]').trigger("click");
  const items = wrapper.findAll('[role="menuitem"]');
  expect(items.map((item) => item.text())).toEqual([zh.bulk.do.refresh, zh.bulk.do.sync_details, zh.bulk.do.export, zh.bulk.set_tenant, zh.bulk.set_tags, zh.bulk.do.remove]);
  await items[3].trigger("click");
  expect(wrapper.emitted("edit")).toEqual([["tenant"]]);
  wrapper.unmount();
});
