/** The parts that all lists share: the frame, the search field, a filter, and the word that there is nothing. */
import { mount } from "@vue/test-utils";
import { SearchIcon } from "tdesign-icons-vue-next";
import { describe, expect, it } from "vitest";
import { createI18n } from "vue-i18n";
import FilterMenu from "../src/components/FilterMenu.vue";
import ListFrame from "../src/components/ListFrame.vue";
import ListNone from "../src/components/ListNone.vue";
import SearchBox from "../src/components/SearchBox.vue";
import { vTip } from "../src/lib/tip";
import zh from "../src/locales/zh-CN.json";

const global = { plugins: [createI18n({ legacy: false, locale: "zh-CN", messages: { "zh-CN": zh } as never })], directives: { tip: vTip } };
const ghosts = { n: 3, height: 50, widths: ["20%", "20%"] };
const frame = (props: object) => mount(ListFrame, { props: { pending: false, error: null, hasData: false, empty: false, ghosts, ...props }, slots: { default: "<b>rows</b>", empty: "<b>nothing</b>", beside: "<b>drawer</b>" }, global });

describe("the frame of a list", () => {
  it("shows rows as they will be while it waits", () => {
    const list = frame({ pending: true });
    expect([list.findAll(".ghost").length, list.findAll(".ghost i").length]).toEqual([3, 6]);
  });

  it("keeps what is open beside it, whatever happens to the list", () => {
    expect(frame({ hasData: true }).text()).toBe("rowsdrawer");
    expect(frame({ hasData: true, empty: true }).text()).toBe("nothingdrawer");
    const failed = frame({ error: new Error("x") });
    expect(failed.text()).toContain("drawer");
    expect(failed.find('[data-testid="page-error"]').exists()).toBe(true);
  });

  it("asks again on request", async () => {
    const list = frame({ error: new Error("x") });
    await list.get('[data-testid="page-retry"]').trigger("click");
    expect(list.emitted("retry")?.length).toBe(1);
  });
});

describe("the search field of a list", () => {
  it("tells when an input method is at it, and is emptied by Esc and by click", async () => {
    const box = mount(SearchBox, { props: { modelValue: "花", composing: false, label: "搜索", placeholder: "搜索", testid: "q" }, global });
    const field = box.get('[data-testid="q"]');
    await field.trigger("compositionstart");
    await field.trigger("compositionend");
    expect(box.emitted("update:composing")).toEqual([[true], [false]]);
    await field.trigger("keydown", { key: "Escape", isComposing: true });
    expect(box.emitted("update:modelValue")).toBeUndefined();
    await field.trigger("keydown", { key: "Escape" });
    await box.setProps({ modelValue: "花店" });
    await box.get("button").trigger("click");
    expect(box.emitted("update:modelValue")).toEqual([[""], [""]]);
  });
});

describe("a filter", () => {
  it("says what is chosen and passes a choice on", async () => {
    const menu = mount(FilterMenu, { props: { choices: [{ value: "", label: "全部" }, { value: "x", label: "连锁" }], value: "x", label: "标签", shown: "连锁", set: true, testid: "tag", button: "filter-tag", most: 120 }, global, attachTo: document.body });
    const button = menu.get('[data-testid="filter-tag"]');
    expect([button.text(), button.classes("set")]).toEqual(["连锁", true]);
    await button.trigger("click");
    await menu.get('[data-testid="tag-all"]').trigger("click");
    expect(menu.emitted("choose")).toEqual([[""]]);
    menu.unmount();
  });
});

describe("nothing to list", () => {
  it("says why, and offers a way out only where there is one", () => {
    expect(mount(ListNone, { props: { icon: SearchIcon, title: "没有", text: "试试别的" } }).text()).toBe("没有试试别的");
    expect(mount(ListNone, { props: { icon: SearchIcon, title: "没有" }, slots: { default: "<button>清空</button>" } }).find(".ways button").exists()).toBe(true);
  });
});
