/** Publishing, differences, history, takeover and templates against the made-up engine. */
import { VueQueryPlugin } from "@tanstack/vue-query";
import { flushPromises, mount, type VueWrapper } from "@vue/test-utils";
import { createI18n } from "vue-i18n";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Component } from "vue";
import { createMemoryHistory, createRouter, type Router } from "vue-router";
import MenuDiff from "../src/components/menu/MenuDiff.vue";
import { HostError, setHost, type CommandName, type Commands, type Host, type MenuSet, type MenuState, type MenuVersion } from "../src/host";
import { createMockHost } from "../src/host/mock";
import { lastError } from "../src/host/mock/data";
import type { PublishJob } from "../src/lib/menu/rooms";
import { followChanges, queryClient } from "../src/lib/queries";
import zh from "../src/locales/zh-CN.json";
import ApplyPage from "../src/pages/menus/ApplyPage.vue";
import HistoryPart from "../src/pages/menus/HistoryPart.vue";
import PublishDialog from "../src/pages/menus/PublishDialog.vue";
import SourceBanner from "../src/pages/menus/SourceBanner.vue";
import ValueSheet from "../src/pages/menus/ValueSheet.vue";
import VersionProgress from "../src/pages/menus/VersionProgress.vue";
import { chosenAccounts } from "../src/lib/menu/chosen";

const i18n = createI18n({ legacy: false, locale: "zh-CN", messages: { "zh-CN": zh as never } });
const TButton = { props: ["loading", "disabled", "type"], template: `<button :type="type ?? 'button'" :disabled="disabled || loading"><slot /></button>` };
const COMPONENT = "wx134c8103faa5a59e";
let router: Router;
let wrapper: VueWrapper;
let host: Host;
let unfollow: () => void;

/** Answers of the engine that a test words itself. */
function answer<K extends CommandName>(over: { [N in K]?: (args: Commands[N]["args"]) => Promise<Commands[N]["result"]> }): void {
  const call = host.call.bind(host);
  host.call = ((name: K, args: never) => (over[name] ? over[name](args) : call(name, args))) as never;
}
async function open(component: Component, props: object): Promise<void> {
  router = createRouter({ history: createMemoryHistory(), routes: [{ path: "/:rest(.*)*", component: { template: "<i />" } }] });
  wrapper = mount(component, { props, global: { plugins: [i18n, router, [VueQueryPlugin, { queryClient }]], directives: { tip: {}, label: {} }, stubs: { TButton } }, attachTo: document.body });
  await flushPromises();
}
const until = (what: () => boolean): Promise<void> => vi.waitFor(() => { if (!what()) throw new Error("not yet"); }, { timeout: 8000, interval: 20 });
const phase = (): string | undefined => wrapper.find('[data-testid="publish-dialog"]').attributes("data-phase");

/** The first account whose menu was made through the API, as the editor has it. */
async function anyAccount(made: "api" | "website"): Promise<{ appid: string; state: MenuState }> {
  const { items } = await host.call("list_accounts", { query: { platform: COMPONENT, kind: "official_account", state: "authorized", limit: 60 } });
  for (const { appid } of items) {
    const state = await host.call("menu_state", { component_appid: COMPONENT, appid });
    if (state.live?.made_by === made) return { appid, state };
  }
  throw new Error("no such account");
}
/** What the made-up API menu has that WeChat would refuse is left out. */
const valid = (set: MenuSet): MenuSet => ({ ...set, conditional: set.conditional.filter((one) => !("country" in one.matchrule)) });
async function publish(set: (live: MenuSet) => MenuSet, more: Partial<PublishJob> = {}): Promise<string> {
  const { appid, state } = await anyAccount("api");
  const draft = await host.call("save_menu_draft", { component_appid: COMPONENT, appid, set: set(state.live!.set), base_revision: state.draft.revision });
  const fresh = await host.call("menu_state", { component_appid: COMPONENT, appid });
  await open(PublishDialog, { component: COMPONENT, appid, name: fresh.nick_name, state: fresh, job: { act: "draft", set: draft.set, revision: draft.revision, ...more } });
  await until(() => phase() === "review");
  return appid;
}

beforeEach(() => {
  queryClient.clear();
  host = createMockHost("healthy");
  setHost(host);
  unfollow = followChanges(host);
});
afterEach(() => {
  wrapper.unmount();
  unfollow();
  chosenAccounts.value = [];
});

describe("publishing", () => {
  it("stops at errors, and leads to the button", async () => {
    await publish((live) => ({ ...valid(live), button: [{ type: "view", name: "店", url: "" }] }));
    expect(wrapper.find('[data-testid="publish-go"]').exists()).toBe(false);
    await wrapper.get('[data-testid="menu-findings"] .link').trigger("click");
    expect((wrapper.emitted("jump")?.[0] as string[])[0]).toContain("button[0]");
  });

  it("shows the difference and the plan, follows the steps, and proves it", async () => {
    await publish((live) => ({ ...valid(live), button: live.button.slice(0, 2) }));
    await until(() => wrapper.find('[data-testid="menu-diff"]').exists());
    expect(wrapper.text()).toContain("替换默认菜单");
    expect(wrapper.text()).toMatch(/个性化菜单：删除 3 个，新增 2 个，保留 0 个/);
    expect(wrapper.text()).toContain("5 分钟");
    expect(wrapper.findAll('.removed[data-path="button[2]"]')).toHaveLength(1);
    await wrapper.get('[data-testid="publish-go"]').trigger("click");
    expect(phase()).toBe("publishing");
    expect(wrapper.get('[data-testid="dialog-close"]').attributes("disabled")).toBeDefined();
    await until(() => phase() === "ended");
    expect(wrapper.get('[data-testid="publish-progress"]').attributes("data-state")).toBe("live");
    expect(wrapper.text()).toMatch(/从微信读回，与发出的一致/);
  });

  it("says when there is nothing to publish", async () => {
    const { appid, state } = await anyAccount("api");
    const live = { ...state.live!, set: valid(state.live!.set) };
    answer({ read_live_menu: async () => live });
    await open(PublishDialog, { component: COMPONENT, appid, name: "店", state: { ...state, live }, job: { act: "draft", set: live.set, revision: state.draft.revision } });
    await until(() => phase() === "review");
    expect(wrapper.text()).toContain("与线上完全一样");
    expect(wrapper.find('[data-testid="publish-go"]').exists()).toBe(false);
  });

  it("names the buttons that a refusal is about, and takes up what was left", async () => {
    const step = (act: string, done_at: number | null): MenuVersion["steps"][number] => ({ act, place: null, menuid: null, done_at, found_done: false });
    const failed = (set: MenuSet): MenuVersion => ({ id: 99, at: 1, ended_at: 2, who: "window", cause: "draft", from: null, state: "failed", resumable: true, set, steps: [step("create", 1), step("add_conditional", null)], fault: { error: lastError(45009, 1), suspects: ["button[1].sub_button[0]", "button[2]"] }, buttons: 1, conditional: 0 });
    let wanted: MenuSet | null = null;
    const resumed: number[] = [];
    answer({
      publish_menu: async () => failed(wanted!),
      resume_menu_publish: async ({ version_id }) => (resumed.push(version_id), { ...failed(wanted!), state: "live", resumable: false, fault: null, steps: [step("create", 1), step("read_back", 5)] }),
    });
    await publish((live) => (wanted = { ...valid(live), button: [...live.button.slice(0, 2), { type: "click", name: "客服", key: "K" }] }));
    await wrapper.get('[data-testid="publish-go"]').trigger("click");
    await until(() => phase() === "ended");
    expect(wrapper.get('[role="alert"]').text()).toContain("今日调用额度已用完");
    expect(wrapper.findAll(".suspects .link").map((link) => link.text())).toEqual(["2.1 积分查询", "3 客服"]);
    await until(() => wrapper.text().includes("现在线上"));
    await wrapper.get('[data-testid="publish-resume"]').trigger("click");
    await until(() => wrapper.find('[data-state="live"]').exists());
    expect(resumed).toEqual([99]);
  });

  it("keeps the steps after a cut, offers no plain publishing, and resumes when the engine is back", async () => {
    const step = (act: string, done_at: number | null): MenuVersion["steps"][number] => ({ act, place: null, menuid: null, done_at, found_done: false });
    let wanted: MenuSet | null = null;
    let away = false;
    const version = (resumable: boolean): MenuVersion => ({ id: 99, at: 1, ended_at: null, who: "window", cause: "draft", from: null, state: "publishing", resumable, set: wanted, steps: [step("create", 1), step("add_conditional", null)], fault: null, buttons: 1, conditional: 0 });
    const cut = (): HostError => new HostError({ code: "unavailable", message: "no answer" });
    const resumed: number[] = [];
    const call = host.call.bind(host) as Host["call"];
    let begun = false;
    let back = false;
    answer({
      menu_state: async (args) => {
        if (away) throw cut();
        const found = await call("menu_state", args);
        return begun ? { ...found, last_version: version(back) } : found;
      },
      menu_version: async () => {
        if (away) throw cut();
        return version(back);
      },
      publish_menu: async () => {
        begun = true;
        await until(() => wrapper.findAll(".steps .done").length === 1);
        away = true;
        throw cut();
      },
      resume_menu_publish: async ({ version_id }) => (resumed.push(version_id), { ...version(false), state: "live", steps: [step("create", 1), step("read_back", 5)] }),
    });
    await publish((live) => (wanted = { ...valid(live), button: live.button.slice(0, 1) }));
    await wrapper.get('[data-testid="publish-go"]').trigger("click");
    await until(() => phase() === "cut");
    expect(wrapper.get('[data-testid="publish-cut"]').text()).toContain("可能已完成一部分");
    expect(wrapper.findAll(".steps .done")).toHaveLength(1);
    expect(wrapper.find('[data-testid="publish-go"]').exists()).toBe(false);
    back = true;
    away = false;
    await until(() => phase() === "ended");
    await wrapper.get('[data-testid="publish-resume"]').trigger("click");
    await until(() => wrapper.find('[data-state="live"]').exists());
    expect(resumed).toEqual([99]);
  });

  it("asks to look again when the draft moved meanwhile", async () => {
    answer({ publish_menu: () => Promise.reject(new HostError({ code: "conflict" as never, message: "moved" })) });
    await publish((live) => ({ ...valid(live), button: live.button.slice(0, 1) }));
    await wrapper.get('[data-testid="publish-go"]').trigger("click");
    await until(() => phase() === "review");
    expect(wrapper.get('[role="alert"]').text()).toContain("草稿刚在别处改过");
  });

  it("says what was converted of the website's menu, and what of it applies", async () => {
    const { appid, state } = await anyAccount("website");
    const { set } = await host.call("menu_source", { component_appid: COMPONENT, appid, source: { from: "live" } });
    const look = async (is_open: boolean): Promise<void> => {
      answer({ read_live_menu: async () => ({ ...state.live!, is_open }) });
      await open(PublishDialog, { component: COMPONENT, appid, name: "店", state, job: { act: "draft", set, revision: 1 } });
      await until(() => phase() === "review");
    };
    await look(true);
    expect(wrapper.text()).toContain("线上由网站制作");
    expect(wrapper.text()).not.toContain("停用");
    expect(wrapper.findAll('[data-testid="menu-replaced"] li')).toHaveLength(6);
    expect(wrapper.findAll('[data-testid="publish-converted"] li').map((line) => line.text())).toEqual(["发布后，6 个按钮由本控制台回复。", "控制台不在线时，点击没有回复。", expect.stringContaining("3 天")]);
    wrapper.unmount();
    await look(false);
    expect(wrapper.text()).toContain("由网站制作，并且已停用");
    wrapper.unmount();
    await open(SourceBanner, { state, set });
    expect(wrapper.text()).toContain("6 个按钮已转换");
    expect(wrapper.text()).not.toContain("草稿与线上一致");
  });

  it("says that the original is live already", async () => {
    const { appid, state } = await anyAccount("website");
    await open(PublishDialog, { component: COMPONENT, appid, name: "店", state, job: { act: "republish", source: { from: "original", id: 1 }, set: state.live!.set, replaced: state.live!.replaced } });
    await until(() => phase() === "review");
    expect(wrapper.text()).toContain("线上就是原菜单");
  });
});

describe("differences", () => {
  it("are marked on both phones, in words, and lead to the editor", async () => {
    const left: MenuSet = { button: [{ type: "click", name: "甲", key: "A" }, { type: "click", name: "乙", key: "B" }], conditional: [], replies: [] };
    const right: MenuSet = { button: [{ type: "view", name: "甲", url: "https://x.cn/" }], conditional: [{ name: "老会员", matchrule: { tag_id: 1 }, button: [{ type: "click", name: "丙", key: "C" }] }], replies: [] };
    await open(MenuDiff, { left, right, leftTitle: "线上", rightTitle: "草稿", name: "店", jump: true });
    await until(() => wrapper.find('[data-testid="menu-diff"]').exists());
    expect(wrapper.findAll("[data-kind]").map((line) => line.attributes("data-kind"))).toEqual(["changed", "removed", "added"]);
    expect(wrapper.text()).toContain("跳转网页");
    expect(wrapper.findAll(".pick").map((pick) => pick.text())).toEqual(["默认菜单2", "老会员1"]);
    await wrapper.findAll(".line")[2].trigger("click");
    expect(wrapper.find('[data-path="conditional[0].button[0]"].on').exists()).toBe(true);
    await wrapper.findAll(".go")[0].trigger("click");
    expect(wrapper.emitted("jump")).toEqual([["button[0]"]]);
  });
});

describe("history", () => {
  it("shows what was sent, and asks to roll back", async () => {
    const { appid, state } = await anyAccount("api");
    await open(HistoryPart, { component: COMPONENT, appid, name: "店", state, active: true });
    await until(() => wrapper.find('[data-testid="version-2"]').exists());
    await until(() => wrapper.find('[data-testid="version-tab-json"]').exists());
    await wrapper.get('[data-testid="version-tab-json"]').trigger("click");
    const sent = JSON.parse(wrapper.get('[data-testid="version-json"]').text()) as Record<string, unknown[]>;
    expect(Object.keys(sent)).toEqual(["button", "conditional"]);
    expect(Object.keys(sent.conditional[0] as object)).toEqual(["button", "matchrule"]);
    await wrapper.get('[data-testid="version-1"] input').setValue(true);
    await until(() => wrapper.find("h3").text() === "版本 1");
    await wrapper.get('[data-testid="version-rollback"]').trigger("click");
    expect((wrapper.emitted("rollback")?.[0] as MenuVersion[])[0].id).toBe(1);
  });

  it("tells a lost reply that was found done", async () => {
    const version = { id: 1, at: 1, ended_at: 2, who: "cli", cause: "draft", from: null, state: "live", resumable: false, set: null, steps: [{ act: "create", place: { menu: "default" }, menuid: null, done_at: 1, found_done: true }], fault: null, buttons: 0, conditional: 0 };
    await open(VersionProgress, { version, component: COMPONENT, appid: "wx1" });
    expect(wrapper.text()).toContain("回应丢失，读回确认已完成");
  });
});

describe("templates", () => {
  it("take a pasted sheet", async () => {
    const rows = ["wx1", "wx2"].map((appid) => ({ key: `p/${appid}`, appid, name: appid }));
    await open(ValueSheet, { rows, variables: [{ name: "city", label: "城市", default: "sh" }, { name: "phone", label: "电话", default: null }], modelValue: {}, missing: new Map([["p/wx1", ["phone"]]]) });
    expect(wrapper.findAll('[aria-invalid="true"]')).toHaveLength(1);
    await wrapper.get('[data-cell="0.0"]').trigger("paste", { clipboardData: { getData: () => "bj\t1\ngz\t2" } });
    expect(wrapper.emitted("update:modelValue")?.[0]).toEqual([{ "p/wx1": { city: "bj", phone: "1" }, "p/wx2": { city: "gz", phone: "2" } }]);
  });

  it("are tried on every chosen account before anything is sent", async () => {
    chosenAccounts.value = (await host.call("list_accounts", { query: { kind: "official_account", limit: 3 } })).items;
    await open(ApplyPage, { template: "tp1" });
    await until(() => wrapper.find('[data-testid="dry-run"]').exists());
    expect(wrapper.findAll('[data-ok="false"]')).toHaveLength(3);
    expect(wrapper.text()).toContain("缺少：门店电话");
    expect(wrapper.get('[data-testid="apply-start"]').attributes("disabled")).toBeDefined();
  });
});
