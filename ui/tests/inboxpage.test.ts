/** The inbox in the window, against the made-up engine: rows, the drawer and its keys, masking, empty faces, what was refused. */
import { VueQueryPlugin } from "@tanstack/vue-query";
import { flushPromises, mount, type VueWrapper } from "@vue/test-utils";
import { createI18n } from "vue-i18n";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Component } from "vue";
import { createMemoryHistory, createRouter, RouterView, type Router } from "vue-router";
import { setHost, type Host, type PushDetail, type PushField } from "../src/host";
import { createMockHost } from "../src/host/mock";
import { followChanges, queryClient } from "../src/lib/queries";
import zh from "../src/locales/zh-CN.json";
import FieldPart from "../src/pages/inbox/FieldPart.vue";
import InboxPage from "../src/pages/inbox/InboxPage.vue";
import RawPart from "../src/pages/inbox/RawPart.vue";
import RejectedPage from "../src/pages/inbox/RejectedPage.vue";
import RetentionDialog from "../src/pages/inbox/RetentionDialog.vue";

const i18n = createI18n({ legacy: false, locale: "zh-CN", messages: { "zh-CN": zh as never } });
/** The kit's button draws its spinner with computed styles, which take seconds without a browser. */
const TButton = { props: ["loading", "disabled", "type"], template: `<button :type="type ?? 'button'" :disabled="disabled || loading"><slot name="icon" /><slot /></button>` };
const plain = { directives: { tip: {} }, stubs: { TButton } };
let router: Router;
let host: Host;
let wrapper: VueWrapper;
let unfollow: () => void;
const TIMEOUT = 15_000;
vi.setConfig({ testTimeout: 2 * TIMEOUT });
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: TIMEOUT });
const at = (id: string) => wrapper.get(`[data-testid="${id}"]`);
const has = (id: string): boolean => wrapper.find(`[data-testid="${id}"]`).exists();
const there = (id: string): Promise<void> => until(() => expect(has(id), id).toBe(true));
const address = (query: object): Promise<void> => until(() => expect(router.currentRoute.value.query).toEqual(query));
/** Until `shows` is there. */
async function open(component: Component, path: string, shows = "inbox-table"): Promise<void> {
  router = createRouter({ history: createMemoryHistory(), routes: [{ path: "/:rest(.*)*", component }] });
  await router.push(path);
  wrapper = mount(RouterView, { global: { ...plain, plugins: [i18n, router, [VueQueryPlugin, { queryClient }]] }, attachTo: document.body }) as unknown as VueWrapper;
  await there(shows);
}
function start(scenario: string): void {
  host = createMockHost(scenario);
  setHost(host);
  unfollow = followChanges(host);
}
const firstRow = () => wrapper.findAll('[data-testid="inbox-table"] [role="row"]')[1];
const shownId = (): string | undefined => wrapper.find('[data-testid="push-drawer"]').attributes("data-id");
const press = async (key: string, target: EventTarget = window): Promise<void> => {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  await flushPromises();
};
const openFirst = async (): Promise<void> => {
  await firstRow().trigger("click");
  await there("push-fields");
};

beforeEach(() => queryClient.clear());
afterEach(() => {
  wrapper.unmount();
  unfollow?.();
});

describe("the list", () => {
  it("says of each push what it is, and opens it with its address", async () => {
    start("healthy");
    await open(InboxPage, "/messages?event=CLICK");
    expect(firstRow().text()).toContain("点击菜单");
    expect(firstRow().text()).toContain("CLICK");
    await openFirst();
    await address({ event: "CLICK", open: shownId() });
    expect(at("push-checks").findAll("li").length).toBe(7);
    expect(at("push-fields").text()).toContain("EventKey");
  });

  it("walks through with the arrows, but not out of a field, and closes", async () => {
    start("healthy");
    await open(InboxPage, "/messages?type=text");
    await openFirst();
    const first = shownId();
    await press("ArrowUp");
    expect(shownId()).toBe(first);
    await press("ArrowDown");
    const second = shownId();
    expect(second).not.toBe(first);
    await until(() => expect(router.currentRoute.value.query.open).toBe(second));
    await there("push-fields");
    await at("push-answer").trigger("click");
    await there("compose-content");
    await press("ArrowDown", at("compose-content").element);
    expect(shownId()).toBe(second);
    wrapper.get("dialog[open]").element.dispatchEvent(new Event("cancel", { cancelable: true }));
    await until(() => expect(has("push-drawer")).toBe(false));
    await until(() => expect(router.currentRoute.value.query.open).toBeUndefined());
  });

  it("opens what the address names, also when the list does not hold it, and says when it is gone", async () => {
    start("healthy");
    await open(InboxPage, "/messages?type=voice&open=3", "push-fields");
    expect(at("push-fields").text()).toContain("CreateTime");
    wrapper.unmount();
    await open(InboxPage, "/messages?open=99999999", "page-error");
    expect(has("inbox-table")).toBe(true);
  });

  it("finds similar ones: everything else is cleared", async () => {
    start("healthy");
    await open(InboxPage, "/messages?type=text&slow=1");
    await openFirst();
    await at("push-same").trigger("click");
    await at("push-same-sender").trigger("click");
    await until(() => expect(Object.keys(router.currentRoute.value.query)).toEqual(["sender"]));
    expect(has("push-drawer")).toBe(false);
  });

  it("takes a typed event name that it does not know", async () => {
    start("healthy");
    await open(InboxPage, "/messages");
    await at("inbox-kind").trigger("click");
    const field = document.querySelector<HTMLInputElement>('[data-testid="inbox-kind-find"]')!;
    field.value = "card_merchant_check_result_notify";
    field.dispatchEvent(new Event("input"));
    await flushPromises();
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    await address({ event: "card_merchant_check_result_notify" });
    await until(() => expect(firstRow().text()).toContain("未知类型"));
  });

  it("exports what the filter leaves, once for a double click", async () => {
    start("healthy");
    await open(InboxPage, "/messages?type=voice");
    const call = vi.spyOn(host, "call");
    await at("inbox-export").trigger("click");
    await at("inbox-export-xml").trigger("click");
    expect(call.mock.calls.filter(([name]) => name === "export_pushes")).toEqual([["export_pushes", { query: { msg_type: "voice" }, format: "xml" }]]);
    expect((at("inbox-export").element as HTMLButtonElement).disabled).toBe(true);
    await until(() => expect((at("inbox-export").element as HTMLButtonElement).disabled).toBe(false));
  });

  it("leads on when there is nothing: to the self-test, and to what was refused", async () => {
    start("empty");
    await open(InboxPage, "/messages", "inbox-empty");
    expect(has("inbox-to-rejected")).toBe(false);
    await at("inbox-to-selftest").trigger("click");
    await until(() => expect(router.currentRoute.value.path).toBe("/selftest"));
    wrapper.unmount();
    unfollow();
    queryClient.clear();
    start("needs");
    await open(InboxPage, "/messages", "inbox-to-rejected");
    await at("inbox-to-rejected").trigger("click");
    await until(() => expect(router.currentRoute.value.path).toBe("/messages/rejected"));
  });

  it("says that nothing matches, and that a search has further to go", async () => {
    start("many");
    await open(InboxPage, "/messages?event=nothing_like_this", "inbox-none-yet");
    wrapper.unmount();
    unfollow();
    queryClient.clear();
    start("healthy");
    await open(InboxPage, "/messages?event=nothing_like_this", "inbox-no-match");
  });

  it("shows an error with a way to ask again", async () => {
    start("error");
    await open(InboxPage, "/messages", "page-retry");
  });
});

describe("one push", () => {
  const field = (name: string, value: string, extra: Partial<PushField> = {}): PushField => ({ path: name, name, value, depth: 0, group: false, words: null, ...extra });
  it("shows values as the engine gives them: masked ones stay masked, nothing is markup", () => {
    wrapper = mount(FieldPart, { props: { fields: [field("ComponentVerifyTicket", "ticket@@@hX…（已隐去）"), field("Content", "<b>x</b> ]]>"), field("PicList", "", { group: true }), field("PicMd5Sum", "", { depth: 2, path: "PicList.item.0.PicMd5Sum" })] }, global: { ...plain, plugins: [i18n] } }) as unknown as VueWrapper;
    const value = (path: string): string => wrapper.get(`[data-path="${path}"] .value`).text();
    expect([value("ComponentVerifyTicket"), value("Content"), value("PicList"), value("PicList.item.0.PicMd5Sum")]).toEqual(["ticket@@@hX…（已隐去）", "<b>x</b> ]]>", "", "空"]);
    expect(wrapper.get('[data-path="PicList.item.0.PicMd5Sum"] .indent').attributes("style")).toContain("36px");
  });

  it("stands in both forms, indented or as it came; without the encrypted one it says why", async () => {
    const push = { path: "/wechat/wx0/event", raw: "<xml><a>1</a></xml>", pretty: "<xml>\n  <a>1</a>\n</xml>", json: false, sealed: { query: "nonce=7&msg_signature=ab", body: "<xml><Encrypt>QQ==</Encrypt></xml>", previous_key: true } } as unknown as PushDetail;
    wrapper = mount(RawPart, { props: { push }, global: { ...plain, plugins: [i18n] } }) as unknown as VueWrapper;
    expect(at("push-sealed").text()).toContain("上一把密钥");
    expect(at("push-sealed").findAll("dt").map((dt) => dt.text())).toEqual(["nonce", "msg_signature"]);
    expect(at("push-raw").text()).toBe(push.pretty);
    await at("push-as-came").trigger("click");
    expect(at("push-raw").text()).toBe(push.raw);
    await wrapper.setProps({ push: { ...push, sealed: null } } as never);
    expect(at("push-sealed").text()).toContain("明文模式");
  });

  it("is replayed once a click, and says what each rule did", async () => {
    start("healthy");
    await open(InboxPage, "/messages?type=text");
    await openFirst();
    await at("push-replay").trigger("click");
    const call = vi.spyOn(host, "call");
    void wrapper.get("#replay").trigger("submit");
    void wrapper.get("#replay").trigger("submit");
    await there("replay-report");
    expect(call.mock.calls.filter(([name]) => name === "replay_push").length).toBe(1);
    expect(at("replay-report").findAll("li[data-verdict]").map((li) => li.attributes("data-verdict"))).toEqual(["passed", "msg_type", "scope", "text", "scope", "msg_type", "off", "msg_type", "msg_type", "taken"]);
    expect(at("replay-reply").text()).toContain("我们会尽快回复你");
    expect(at("replay-report").text()).toContain("已重新排队给：CRM 消息归档");
  });
});

describe("what is kept", () => {
  it("is set by whole numbers within the rules, which are named", async () => {
    start("healthy");
    const figures = await host.call("inbox_figures", {});
    const call = vi.spyOn(host, "call");
    router = createRouter({ history: createMemoryHistory(), routes: [{ path: "/:rest(.*)*", component: InboxPage }] });
    wrapper = mount(RetentionDialog, { props: { figures: { ...figures, held: 3 } }, global: { ...plain, plugins: [i18n, router] }, attachTo: document.body }) as unknown as VueWrapper;
    expect(wrapper.text()).toContain("3 条等业务服务器收到后再删");
    await at("inbox-days").setValue("400");
    await wrapper.get("form").trigger("submit");
    expect(wrapper.text()).toContain("应为 1–365 的整数");
    expect(call).not.toHaveBeenCalled();
    await at("inbox-days").setValue("7");
    await at("inbox-mib").setValue("1,024");
    await wrapper.get("form").trigger("submit");
    await wrapper.get("form").trigger("submit");
    await until(() => expect(wrapper.emitted("close")?.length).toBe(1));
    expect(call.mock.calls).toEqual([["set_inbox_retention", { keep_days: 7, keep_mib: 1024 }]]);
  });
});

describe("what was refused", () => {
  it("is counted by reason with what to compare, and narrowed by it", async () => {
    start("rich");
    await open(RejectedPage, "/messages/rejected", "rejection-cards");
    await until(() => expect(wrapper.text()).toContain("门店通"));
    const card = wrapper.get('[data-reason="bad_signature"]');
    expect(card.text()).toContain("消息校验Token");
    expect(card.find("a").attributes("href")).toContain("/platforms/wx");
    expect(wrapper.get('[data-reason="unknown_appid"]').find("a").exists()).toBe(false);
    await at("rejections-bad_key").trigger("click");
    await address({ reason: "bad_key" });
    expect(wrapper.findAll(".rejections tbody tr").length).toBe(1);
    await at("rejections-all").trigger("click");
    await until(() => expect(wrapper.findAll(".rejections tbody tr").length).toBe(50));
  });

  it("may be nothing", async () => {
    start("healthy");
    await open(RejectedPage, "/messages/rejected", "rejections-none");
  });
});
