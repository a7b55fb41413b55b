/** The menu editor against the made-up engine: by click, by key, by JSON; what is asked, undone, read out and saved. */
import { VueQueryPlugin } from "@tanstack/vue-query";
import { flushPromises, mount, type VueWrapper } from "@vue/test-utils";
import { createI18n } from "vue-i18n";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { defineComponent, h, ref, shallowRef } from "vue";
import { createMemoryHistory, createRouter } from "vue-router";
import MenuEditor from "../src/components/menu/MenuEditor.vue";
import ProblemList from "../src/components/menu/ProblemList.vue";
import { HostError, setHost, useHost, type MenuAbilities, type MenuFinding, type MenuSet } from "../src/host";
import { createMockHost } from "../src/host/mock";
import { checkMenu } from "../src/host/mock/menucheck";
import { API_SET, WEBSITE_SET } from "../src/host/mock/menudata";
import { fromSet, locate, type Doc } from "../src/lib/menu/model";
import { weightOf } from "../src/lib/menu/troubles";
import { followChanges, queryClient } from "../src/lib/queries";
import zh from "../src/locales/zh-CN.json";
import MenuPage from "../src/pages/menus/MenuPage.vue";

const i18n = createI18n({ legacy: false, locale: "zh-CN", messages: { "zh-CN": zh as never } });
const TButton = { props: ["loading", "disabled", "type"], template: `<button :type="type ?? 'button'" :disabled="disabled || loading"><slot /></button>` };
const stubs = { TButton };
const ALL: MenuAbilities = { authorized: true, publish: true, read: true, verified: true, service: true };
const NONE: MenuSet = { button: [], conditional: [], replies: [] };
const clone = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
let wrapper: VueWrapper;
const now = shallowRef<MenuSet>(NONE);

/** The editor with an owner that takes every change and checks it, as a page does. */
async function open(set: MenuSet, more: { readonly?: boolean; abilities?: MenuAbilities } = {}): Promise<void> {
  now.value = clone(set);
  const abilities = more.abilities ?? ALL;
  const findings = ref<MenuFinding[]>(checkMenu(now.value, abilities).findings);
  const Owner = defineComponent({
    setup: () => () =>
      h(MenuEditor, {
        set: now.value,
        abilities,
        findings: findings.value,
        accountName: "晨光咖啡",
        readonly: more.readonly ?? false,
        onChange: (next: MenuSet) => {
          now.value = next;
          findings.value = checkMenu(next, abilities).findings;
        },
      }),
  });
  wrapper = mount(Owner, { global: { plugins: [i18n], directives: { tip: {} }, stubs }, attachTo: document.body });
  await flushPromises();
}
const by = (id: string): ReturnType<VueWrapper["get"]> => wrapper.get(`[data-testid="${id}"]`);
const has = (id: string): boolean => wrapper.find(`[data-testid="${id}"]`).exists();
const click = async (id: string): Promise<void> => {
  await by(id).trigger("click");
  await flushPromises();
};
const key = async (id: string, options: object): Promise<void> => {
  await by(id).trigger("keydown", options);
  await flushPromises();
};
const names = (): unknown[] => now.value.button.map((own) => { const top = own as { name: string; sub_button?: { name: string }[] }; return top.sub_button?.length ? [top.name, ...top.sub_button.map((child) => child.name)] : top.name; });
afterEach(() => {
  wrapper.unmount();
  document.body.innerHTML = "";
});

describe("adding", () => {
  it("starts empty, names first, and stops offering at three and five", async () => {
    await open(NONE);
    expect(wrapper.text()).toContain("你尚未添加任何菜单");
    await click("menu-add-top");
    expect(document.activeElement?.id).toBe("menu-field-name");
    for (let i = 0; i < 5; i += 1) await click("menu-add-sub");
    expect(has("menu-add-sub")).toBe(false);
    expect(by("menu-inspector").text()).toContain("子菜单");
    await click("menu-add-top");
    await click("menu-add-top");
    expect(has("menu-add-top")).toBe(false);
    expect(now.value.button).toHaveLength(3);
  });

  it("asks before a child takes content away, and undo brings it back", async () => {
    await open({ ...NONE, button: [{ type: "view", name: "a", url: "https://a.cn" }] });
    await click("menu-top-0");
    await click("menu-add-sub");
    expect(wrapper.text()).toContain("添加子菜单后，一级菜单的内容将被清除。确定添加子菜单？");
    expect(now.value.button[0]).toHaveProperty("url");
    await click("confirm-ask");
    expect(now.value.button[0]).toEqual({ name: "a", sub_button: [{ name: "子菜单名称" }] });
    await click("menu-undo");
    expect(now.value.button).toEqual([{ type: "view", name: "a", url: "https://a.cn" }]);
    expect(by("menu-said").text()).toContain("已撤销：添加菜单");
  });
});

describe("the inspector", () => {
  it("counts names both ways: a warning and an error", async () => {
    await open({ ...NONE, button: [{ type: "click", name: "今日咖啡", key: "K" }] });
    await click("menu-top-0");
    await by("menu-name").setValue("今日咖啡豆");
    expect(by("menu-name-units").text()).toBe("显示 10 / 8");
    expect(by("menu-name-bytes").text()).toBe("字节 15 / 16");
    expect(by("menu-inspector").text()).toContain("手机上显示为「今日咖啡…」");
    expect(by("menu-top-0").text()).toContain("今日咖啡…");
    await by("menu-name").setValue("今日咖啡豆子");
    expect(by("menu-inspector").text()).toContain("名称有 18 字节，微信最多收 16 字节。");
    expect(by("menu-name").attributes("aria-invalid")).toBe("true");
  });

  it.each(["click", "view", "miniprogram", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album", "pic_weixin", "location_select", "media_id", "view_limited", "article_id", "article_view_limited"])("shows the fields of %s and takes them", async (type) => {
    await open({ ...NONE, button: [{ name: "a" }] });
    await click("menu-top-0");
    await click("menu-type-more");
    await by(`menu-type-${type}`).setValue(true);
    await flushPromises();
    const fields = wrapper.findAll("input[data-testid^='menu-field-']");
    expect(fields.length).toBeGreaterThan(0);
    const wanted: Record<string, string> = {};
    for (const field of fields) {
      const name = field.attributes("id")?.replace("menu-field-", "") ?? "";
      wanted[name] = name === "url" ? "https://a.cn/x" : name === "appid" ? "wx286b93c14bbf93aa" : "value";
      await field.setValue(wanted[name]);
    }
    expect(now.value.button[0]).toEqual({ name: "a", type, ...wanted });
    expect(by("menu-problems").text()).toContain("没有发现问题");
  });

  it("offers https, warns of preview links, and tells a missing field after a visit", async () => {
    await open({ ...NONE, button: [{ name: "a", type: "view", url: "" }] });
    await click("menu-top-0");
    expect(by("menu-inspector").text()).not.toContain("还没有填写");
    await by("menu-field-url").trigger("blur");
    expect(by("menu-inspector").text()).toContain("还没有填写");
    await by("menu-field-url").setValue("shop.cn/x");
    await click("menu-url-offer");
    expect(now.value.button[0]).toMatchObject({ url: "https://shop.cn/x" });
    await by("menu-field-url").setValue("https://mp.weixin.qq.com/s?tempkey=1");
    expect(by("menu-field-warning").text()).toContain("预览链接");
  });

  it("shows a parent its name only, and what an account cannot use", async () => {
    await open(API_SET, { abilities: { ...ALL, verified: false } });
    await click("menu-top-0");
    expect(by("menu-parent-note").text()).toContain("无法设置其他内容");
    expect(has("menu-type-click")).toBe(false);
    await click("menu-sub-1");
    expect(by("menu-type-about").text()).toContain("账号未认证，微信不接受");
  });

  it("edits the kept reply, which goes along with its key", async () => {
    await open(WEBSITE_SET);
    await click("menu-top-2");
    await by("menu-field-reply").setValue("新的回复");
    await by("menu-field-key").setValue("CALL");
    expect(now.value.replies.at(-1)).toEqual({ key: "CALL", kind: "text", content: "新的回复", news: null });
    await by("menu-field-reply").setValue("长".repeat(601));
    expect(by("menu-reply").text()).toContain("有 601 字，最多 600 字");
    await click("menu-reply-remove");
    expect(now.value.replies).toHaveLength(5);
    await click("menu-reply-add");
    expect(now.value.replies.at(-1)).toMatchObject({ key: "CALL", kind: "text" });
  });
});

describe("keys", () => {
  it("walk, and read out whole names", async () => {
    await open(API_SET);
    await click("menu-top-0");
    expect(by("menu-top-0").attributes("aria-label")).toBe("点单，第 1 项，共 3 项，5 个子菜单");
    expect(by("menu-top-0").attributes("aria-expanded")).toBe("true");
    await key("menu-top-0", { key: "ArrowUp" });
    expect(document.activeElement?.getAttribute("data-testid")).toBe("menu-sub-4");
    expect(document.activeElement?.getAttribute("aria-label")).toBe("离我最近，第 5 项，共 5 项，发送位置");
    await key("menu-sub-4", { key: "ArrowRight" });
    expect(document.activeElement?.getAttribute("data-testid")).toBe("menu-top-1");
    await key("menu-top-1", { key: "F2" });
    expect(document.activeElement?.id).toBe("menu-field-name");
    await by("menu-name").trigger("keydown", { key: "Enter" });
    await flushPromises();
    expect(document.activeElement?.getAttribute("data-testid")).toBe("menu-top-1");
  });

  it("move within and across levels, and keep the focus", async () => {
    await open({ ...NONE, button: [{ name: "a", sub_button: [{ name: "a1" }, { name: "a2" }] }, { name: "b" }] });
    await click("menu-top-1");
    (by("menu-top-1").element as HTMLElement).focus();
    await key("menu-top-1", { key: "ArrowUp", altKey: true });
    expect(names()).toEqual([["a", "a1", "a2", "b"]]);
    expect(by("menu-said").text()).toBe("「b」在「a」里第 3 项，共 3 项");
    expect(document.activeElement?.getAttribute("data-testid")).toBe("menu-sub-2");
    await key("menu-sub-2", { key: "ArrowUp", altKey: true });
    expect(names()).toEqual([["a", "a1", "b", "a2"]]);
    await key("menu-sub-1", { key: "ArrowDown", altKey: true });
    await key("menu-sub-2", { key: "ArrowDown", altKey: true });
    expect(names()).toEqual([["a", "a1", "a2"], "b"]);
    await key("menu-top-0", { key: "ArrowRight", altKey: true });
    expect(names()).toEqual(["b", ["a", "a1", "a2"]]);
  });

  it("say why they cannot", async () => {
    await open(API_SET);
    await click("menu-top-1");
    await key("menu-top-1", { key: "ArrowUp", altKey: true });
    expect(by("menu-said").text()).toBe("有子菜单的一项不能放进另一项");
    await key("menu-top-1", { key: "d", ctrlKey: true });
    expect(by("menu-said").text()).toBe("一级菜单最多 3 个");
  });

  it("delete with a question, duplicate, undo and redo", async () => {
    await open({ ...NONE, button: [{ name: "a", type: "click", key: "K" }] });
    await click("menu-top-0");
    await key("menu-top-0", { key: "d", ctrlKey: true });
    expect(names()).toEqual(["a", "a"]);
    await key("menu-top-1", { key: "Delete" });
    expect(wrapper.text()).toContain("删除后「a」菜单下设置的内容将被删除。");
    await click("confirm-ask");
    expect(names()).toEqual(["a"]);
    await key("menu-top-0", { key: "z", ctrlKey: true });
    expect(names()).toEqual(["a", "a"]);
    await key("menu-top-0", { key: "z", ctrlKey: true });
    expect(names()).toEqual(["a"]);
    await key("menu-top-0", { key: "y", ctrlKey: true });
    expect(names()).toEqual(["a", "a"]);
    await key("menu-top-0", { key: "Z", ctrlKey: true, shiftKey: true });
    expect(names()).toEqual(["a"]);
  });

  it("undo typing in one step, also from inside the field", async () => {
    await open({ ...NONE, button: [{ name: "a", type: "click", key: "K" }] });
    await click("menu-top-0");
    for (const text of ["b", "bc", "bcd"]) await by("menu-name").setValue(text);
    await key("menu-name", { key: "z", ctrlKey: true });
    expect(names()).toEqual(["a"]);
    await click("menu-redo");
    expect(names()).toEqual(["bcd"]);
  });

  it("change nothing when it is for looking only", async () => {
    await open(API_SET, { readonly: true });
    await click("menu-top-2");
    for (const options of [{ key: "Delete" }, { key: "d", ctrlKey: true }, { key: "ArrowLeft", altKey: true }, { key: "z", ctrlKey: true }]) await key("menu-top-2", options);
    expect(now.value).toEqual(API_SET);
    expect(has("menu-add-top") || has("menu-add-sub") || has("menu-undo")).toBe(false);
    expect(by("menu-name").attributes("readonly")).toBeDefined();
  });
});

describe("dragging", () => {
  afterEach(() => vi.restoreAllMocks());
  const box = (left: number, top: number, right: number, bottom: number): DOMRect => ({ left, top, right, bottom }) as DOMRect;
  const at = (type: string, x: number, y: number): PointerEvent => new PointerEvent(type, { clientX: x, clientY: y, pointerId: 1, button: 0, isPrimary: true, bubbles: true });
  async function drag(id: string, x: number, y: number): Promise<void> {
    vi.spyOn(Element.prototype, "getBoundingClientRect").mockImplementation(function (this: Element) {
      const top = /^menu-top-(\d)$/.exec(this.getAttribute("data-testid") ?? "");
      if (top) return box(Number(top[1]) * 100, 500, Number(top[1]) * 100 + 100, 550);
      return this.classList.contains("bar") ? box(0, 500, 300, 550) : box(0, 0, 0, 0);
    });
    by(id).element.dispatchEvent(at("pointerdown", x, y - 200));
    window.dispatchEvent(at("pointermove", x, y));
    await flushPromises();
  }

  it("to another sub-menu keeps the focus and the keys", async () => {
    await open({ ...NONE, button: [{ name: "a", sub_button: [{ name: "a1" }, { name: "a2" }] }, { name: "b", sub_button: [{ name: "b1" }] }] });
    await click("menu-top-0");
    await click("menu-sub-0");
    (by("menu-sub-0").element as HTMLElement).focus();
    await drag("menu-sub-0", 150, 525);
    window.dispatchEvent(at("pointerup", 150, 525));
    await flushPromises();
    expect(names()).toEqual([["a", "a2"], ["b", "b1", "a1"]]);
    expect(document.activeElement?.getAttribute("data-testid")).toBe("menu-sub-1");
    (document.activeElement as HTMLElement).blur();
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "z", ctrlKey: true, bubbles: true }));
    await flushPromises();
    expect(names()).toEqual([["a", "a1", "a2"], ["b", "b1"]]);
  });

  it("says why a place is refused, and names the list by its parent", async () => {
    const five = [1, 2, 3, 4, 5].map((n) => ({ name: `b${n}` }));
    await open({ ...NONE, button: [{ name: "a", sub_button: [{ name: "a1" }] }, { name: "b", sub_button: five }] });
    await click("menu-top-0");
    expect(by("menu-pop").get('[role="group"]').attributes("aria-label")).toBe("「a」的子菜单");
    await drag("menu-sub-0", 150, 525);
    expect(by("menu-drag-note").text()).toContain("子菜单最多 5 个");
    window.dispatchEvent(at("pointerup", 150, 525));
  });
});

describe("problems", () => {
  it("come errors first, mark the phone, and lead to the field", async () => {
    await open({ ...NONE, button: [{ name: "很长的名字", type: "view", url: "https://a.cn" }, { name: "b", sub_button: [{ name: "c", type: "view", url: "nonsense" }] }], conditional: [{ name: "x", matchrule: {}, button: [{ name: "q", type: "click", key: "k" }] }] });
    const list = wrapper.findAll('[data-testid^="menu-problem-"]');
    expect(list.map((own) => own.classes("error"))).toEqual([true, true, false]);
    expect(by("menu-top-1").text()).toContain("!");
    await click("menu-problem-0");
    expect(document.activeElement?.id).toBe("menu-field-url");
    expect(list[0].text()).toContain("2.1 c");
    await click("menu-problem-1");
    expect(by("menu-tab-conditional").attributes("aria-selected")).toBe("true");
    expect(document.activeElement?.id).toBe("menu-field-matchrule");
  });

  it("say the same warning once with all its places, and old clients as a note", async () => {
    const old = (path: string): MenuFinding => ({ path, rule: "type_old_clients", severity: "warning", message: "old", message_zh: "更早的版本点击后没有反应" });
    const troubles = (findings: MenuFinding[], doc: Doc): object[] => findings.map((finding) => ({ finding, ...locate(doc, finding.path) }));
    const doc = fromSet({ ...NONE, button: [{ name: "甲" }, { name: "乙" }, { name: "丙" }] });
    const list = [old("button[0].type"), { ...old("button[2].type"), rule: "name_shown", message: "cut", message_zh: "其余显示为「…」" }, old("button[1].type"), { ...old("button[1].name"), rule: "name_shown", message: "cut", message_zh: "其余显示为「…」" }];
    wrapper = mount(ProblemList, { props: { doc, troubles: troubles(list, doc) as never }, global: { plugins: [i18n] } });
    expect(wrapper.findAll("li")).toHaveLength(2);
    expect(by("menu-problem-0").classes()).toContain("warning");
    expect(by("menu-problem-0").text()).toContain("2 处");
    expect(by("menu-problem-1").classes()).toContain("note");
    expect(wrapper.get(".head").text()).toContain("2 个提醒");
    await click("menu-jump-1-1");
    expect(wrapper.emitted("jump")?.[0]).toMatchObject([{ finding: { path: "button[1].type" } }]);
  });

  it("of old clients weigh as notes, never as marks", () => {
    expect(weightOf({ path: "", rule: "type_old_clients", severity: "warning", message: "", message_zh: "" })).toBe("note");
  });
});

describe("conditional menus", () => {
  it("are added on top, ruled, reordered by key and removed with a question", async () => {
    await open(API_SET);
    await click("menu-tab-conditional");
    expect(by("menu-cond-domains").text()).toBe("跳转域名 2 / 3");
    await click("menu-cond-add");
    expect(now.value.conditional.map((own) => own.name)).toEqual(["新的个性化菜单", "老会员", "苹果手机", "以前按地区建的"]);
    await by("menu-cond-tag").setValue("7");
    await by("menu-cond-platform-2").setValue(true);
    expect(now.value.conditional[0].matchrule).toEqual({ tag_id: "7", client_platform_type: "2" });
    await key("menu-cond-0", { key: "ArrowRight", altKey: true });
    expect(now.value.conditional.map((own) => own.name).slice(0, 2)).toEqual(["老会员", "新的个性化菜单"]);
    expect(by("menu-said").text()).toContain("第 2 个匹配，共 4 个");
    await click("menu-cond-remove");
    await click("confirm-ask");
    expect(now.value.conditional).toHaveLength(3);
    await click("menu-cond-2");
    expect(by("menu-rule").text()).toContain("微信已取消按划掉的条件匹配");
    await click("menu-cond-drop-sex");
    expect(now.value.conditional[2].matchrule).toEqual({ country: "中国", province: "上海" });
  });
});

describe("JSON", () => {
  it("is applied in one step that can be undone, and says where it breaks", async () => {
    await open(API_SET);
    await by("menu-view-json").setValue(true);
    const text = (): string => (by("menu-json-text").element as HTMLTextAreaElement).value;
    expect(JSON.parse(text())).toEqual({ button: API_SET.button });
    await by("menu-json-text").setValue('{"button":[{"name":"x","type":"click","key":"k"}]');
    expect(by("menu-json-where").text()).toBe("第 1 行第 50 列");
    expect(by("menu-json-apply").attributes("disabled")).toBeDefined();
    await by("menu-json-text").setValue('{"button":[{"name":"x","type":"click","key":"k"}]}');
    await click("menu-json-format");
    expect(text()).toContain('\n  "button"');
    await click("menu-json-apply");
    expect(names()).toEqual(["x"]);
    expect(now.value.conditional).toHaveLength(3);
    await click("menu-undo");
    expect(now.value).toEqual(API_SET);
  });
});

describe("the preview", () => {
  it("acts out every kind of tap", async () => {
    await open(WEBSITE_SET);
    await by("menu-view-preview").setValue(true);
    await click("preview-top-0");
    await click("preview-sub-0");
    expect(by("menu-preview").text()).toContain("发送事件 CLICK");
    expect(by("menu-preview").text()).toContain("每天 07:00–22:00");
    await click("preview-top-0");
    await click("preview-sub-4");
    expect(by("menu-preview").text()).toContain("四种豆子，四种冲法");
    await click("preview-top-1");
    expect(by("preview-page").text()).toContain("https://shop.example.com/near");
    expect(now.value).toEqual(WEBSITE_SET);
  });
  it("shows mini programs with what old clients open, and sheets", async () => {
    await open(API_SET);
    await by("menu-view-preview").setValue(true);
    await click("preview-top-0");
    await click("preview-sub-0");
    for (const part of ["wx286b93c14bbf93aa", "pages/lunar/index", "https://shop.example.com/order"]) expect(by("preview-mini").text()).toContain(part);
    await by("preview-mini").get("[data-close]").trigger("click");
    await click("preview-top-0");
    await click("preview-sub-4");
    expect(by("preview-sheet").text()).toContain("发送位置");
    await by("preview-sheet").get("[data-close]").trigger("click");
    await click("preview-top-2");
    expect(by("menu-preview").text()).toContain("由你的服务器回复");
  });
});

describe("hostile JSON", () => {
  it("is refused in words, typed or from a file", async () => {
    await open(API_SET);
    await by("menu-view-json").setValue(true);
    await by("menu-json-text").setValue("[".repeat(60_000));
    expect(by("menu-json").text()).toContain("嵌套超过 64 层");
    await by("menu-json-text").setValue(JSON.stringify({ button: [{ name: "x".repeat(70_000) }] }));
    expect(by("menu-json").text()).toContain("超过 64 KB");
    expect(by("menu-json-apply").attributes("disabled")).toBeDefined();
    const input = by("menu-json-file").element as HTMLInputElement;
    expect(input.hidden).toBe(true);
    const give = async (text: string): Promise<void> => {
      Object.defineProperty(input, "files", { value: [new File([text], "a.json")], configurable: true });
      await by("menu-json-file").trigger("change");
      await vi.waitFor(() => expect((by("menu-json-text").element as HTMLTextAreaElement).value).toBe(text));
    };
    await give('{"button":'.repeat(5_000));
    expect(by("menu-json").text()).toContain("嵌套超过 64 层");
    await give(JSON.stringify({ button: Array.from({ length: 30 }, () => ({ name: "a" })) }));
    expect(by("menu-json").text()).toContain("同一级超过 20 项");
    expect(now.value).toEqual(API_SET);
  });
});

describe("malformed articles", () => {
  it("are passed over where they are shown, not a crash", async () => {
    await open({ ...NONE, button: [{ name: "a", type: "click", key: "K" }], replies: [{ key: "K", kind: "news", content: "", news: [null, { title: "x", digest: 3 }, 7] }] });
    await click("menu-top-0");
    expect(by("menu-reply").findAll("li").map((one) => one.text())).toEqual(["x"]);
    await by("menu-view-preview").setValue(true);
    await click("preview-top-0");
    expect(by("menu-preview").findAll(".article").map((one) => one.text())).toEqual(["x"]);
  });
});

describe("a set from elsewhere", () => {
  it("replaces what is shown and can be undone", async () => {
    await open(API_SET);
    await click("menu-top-2");
    now.value = clone(WEBSITE_SET);
    await flushPromises();
    expect(by("menu-top-2").text()).toContain("联系我们");
    await click("menu-undo");
    expect(now.value).toEqual(API_SET);
  });
});

describe("the page", () => {
  let unfollow: () => void;
  let whose: { component_appid: string; appid: string };
  beforeEach(async () => {
    queryClient.clear();
    const host = createMockHost("rich");
    setHost(host);
    unfollow = followChanges(host);
    const { items } = await host.call("list_accounts", { query: { limit: 100 } });
    for (const { component_appid, appid, kind, state: of } of items) {
      whose = { component_appid, appid };
      if (kind !== "official_account" || of !== "authorized") continue;
      const { live, draft } = await host.call("menu_state", whose);
      if (live?.made_by === "website" && draft.revision === 0) break;
    }
    const router = createRouter({ history: createMemoryHistory(), routes: [{ path: "/:rest(.*)*", component: MenuPage }] });
    wrapper = mount(MenuPage, { props: { component: whose.component_appid, appid: whose.appid }, global: { plugins: [i18n, router, [VueQueryPlugin, { queryClient }]], directives: { tip: {} }, stubs }, attachTo: document.body });
    await vi.waitFor(() => expect(has("menu-start")).toBe(true));
    return unfollow;
  });
  const state = (): string | undefined => by("menu-save-state").attributes("data-state");

  it("offers the live menu before an empty draft, and counts no mistake yet", async () => {
    expect(by("menu-start").get("h3").text()).toBe("还没有草稿。线上：8 个按钮");
    expect(has("menu-editor")).toBe(false);
    expect(by("menu-publish").attributes("disabled")).toBeDefined();
    await wrapper.get('button[data-testid="menu-more"]').trigger("click");
    expect(by("menu-more-delete").attributes()).toMatchObject({ role: "menuitem" });
    expect(by("menu-more-delete").attributes("aria-checked")).toBeUndefined();
    await click("menu-start-live");
    expect(has("import-dialog")).toBe(true);
    await vi.waitFor(() => expect(by("import-take").attributes("disabled")).toBeUndefined());
    await click("import-take");
    expect(by("menu-top-2").text()).toContain("联系我们");
  });

  it("begins empty when asked to", async () => {
    await click("menu-start-empty");
    expect(has("menu-problems")).toBe(false);
    expect(document.activeElement?.getAttribute("data-testid")).toBe("menu-add-first");
  });

  it("saves by itself and says so", async () => {
    await click("menu-start-empty");
    await by('menu-editor').get('[data-testid="menu-tab-conditional"]').trigger("click");
    await by("menu-tab-default").trigger("click");
    const { draft } = await useHost().call("menu_state", whose);
    if (has("menu-add-top")) await click("menu-add-top");
    else {
      await click("menu-top-0");
      await by("menu-name").setValue("改过");
    }
    expect(["unsaved", "saving"]).toContain(state());
    await vi.waitFor(() => expect(state()).toBe("saved"), { timeout: 5000 });
    expect((await useHost().call("menu_state", whose)).draft.revision).toBe(draft.revision + 1);
  });

  it("asks when another window was faster", async () => {
    const { draft } = await useHost().call("menu_state", whose);
    await click("menu-start-empty");
    // Not heard of: the change stream is down.
    unfollow();
    await useHost().call("save_menu_draft", { ...whose, set: { ...NONE, button: [{ name: "theirs" }] }, base_revision: draft.revision });
    if (has("menu-add-top")) await click("menu-add-top");
    else {
      await click("menu-top-0");
      await by("menu-name").setValue("mine");
    }
    await vi.waitFor(() => expect(has("menu-conflict-mine")).toBe(true), { timeout: 5000 });
    expect(state()).toBe("conflict");
    await click("menu-conflict-theirs");
    await vi.waitFor(() => expect(by("menu-top-0").text()).toContain("theirs"));
    expect(state()).toBe("saved");
  });

  it("says why it was not saved, and greys problems that were not checked", async () => {
    await click("menu-start-empty");
    const host = useHost();
    const call = host.call.bind(host);
    const error = { code: "invalid_input", message: "no", detail: { fields: [{ field: "set", rule: "size", message: "too long", message_zh: "草稿超过 64 KB" }] } };
    let away = true;
    host.call = ((name: string, args: never) => (away && name === "save_menu_draft" ? Promise.reject(new HostError(error as never)) : away && name === "check_menu" ? Promise.reject(new HostError({ code: "unavailable", message: "" })) : call(name as never, args))) as never;
    if (has("menu-add-top")) await click("menu-add-top");
    else {
      await click("menu-top-0");
      await by("menu-name").setValue("改过");
    }
    await vi.waitFor(() => expect(state()).toBe("failed"), { timeout: 5000 });
    expect(by("menu-save-why").text()).toBe("没有保存：草稿超过 64 KB");
    expect(by("menu-problems").classes()).toContain("stale");
    expect(by("menu-problems-stale").text()).toContain("没能检查");
    away = false;
    await click("menu-save-retry");
    await vi.waitFor(() => expect(state()).toBe("saved"), { timeout: 5000 });
    await vi.waitFor(() => expect(by("menu-problems").classes()).not.toContain("stale"));
  });
});
