/** Talking to a follower: what can be sent, until when, and that nothing is sent twice or lost. */
import { VueQueryPlugin } from "@tanstack/vue-query";
import { flushPromises, mount, type VueWrapper } from "@vue/test-utils";
import { createI18n } from "vue-i18n";
import { createMemoryHistory, createRouter } from "vue-router";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HostError, setHost, type Conversation, type Host, type SendWindow, type SentMessage } from "../src/host";
import { queryClient } from "../src/lib/queries";
import zh from "../src/locales/zh-CN.json";
import ChatView from "../src/pages/inbox/ChatView.vue";
import { blankDraft, bytesOf, emptied, faults, MAIN, messageOf, MORE, PARTS, type Draft } from "../src/pages/inbox/composer";
import Composer from "../src/pages/inbox/Composer.vue";
import SendWindows from "../src/pages/inbox/SendWindows.vue";

const i18n = createI18n({ legacy: false, locale: "zh-CN", messages: { "zh-CN": zh as never } });
const router = createRouter({ history: createMemoryHistory(), routes: [{ path: "/:rest(.*)*", component: { template: "<i />" } }] });
const TButton = { props: ["loading", "disabled", "type"], template: `<button :type="type ?? 'button'" :disabled="disabled || loading"><slot /></button>` };
const global = { plugins: [i18n, router, [VueQueryPlugin, { queryClient }]] as never, directives: { tip: {} }, stubs: { TButton } };
const who = { component_appid: "wx0", appid: "wx1", openid: "o1" };
const taken = (extra: Partial<SentMessage> = {}): SentMessage => ({ id: 1, at: Date.now(), kind: "text", text: "好", ok: true, errcode: null, words: null, ...extra });
let answers: ((value: unknown) => void)[] = [];
const call = vi.fn<(name: string, args: unknown) => Promise<unknown>>(() => new Promise((resolve, reject) => answers.push((value) => (value instanceof Error ? reject(value) : resolve(value)))));
let wrapper: VueWrapper;
const at = (id: string) => wrapper.get(`[data-testid="${id}"]`);
const composer = (props: object = {}): VueWrapper => (wrapper = mount(Composer, { props: { who, barred: null, doubt: null, ...props }, global, attachTo: document.body }) as unknown as VueWrapper);
const answer = async (value: unknown): Promise<void> => {
  answers.shift()?.(value);
  await flushPromises();
};
const content = (): string => (at("compose-content").element as HTMLTextAreaElement).value;

beforeEach(() => {
  queryClient.clear();
  answers = [];
  call.mockClear();
  setHost({ kind: "mock", call, onChange: () => () => undefined, onConnection: () => () => undefined } as unknown as Host);
});
afterEach(() => wrapper?.unmount());

describe("a draft", () => {
  const draft = (kind: Draft["kind"], parts: Record<string, string>, choices = ["", ""]): Draft => ({ ...blankDraft(), kind, parts: { [kind]: parts }, choices });
  it("counts bytes, not letters, and keeps blanks and lines", () => {
    expect([bytesOf("abc"), bytesOf("你好"), bytesOf("😀")]).toEqual([3, 6, 4]);
    expect(faults(draft("text", { content: "字".repeat(682) }))).toEqual({});
    expect(faults(draft("text", { content: "字".repeat(683) }))).toEqual({ content: "bytes" });
    expect(faults(draft("text", { content: " \n" }))).toEqual({ content: "required" });
    expect(messageOf(draft("text", { content: " a\nb " }))).toEqual({ kind: "text", content: " a\nb " });
  });

  it("names what is missing or wrong in every kind", () => {
    for (const kind of [...MAIN, ...MORE]) expect(Object.keys(faults(draft(kind, {}))).length, kind).toBeGreaterThan(0);
    expect(Object.keys(PARTS).sort()).toEqual([...MAIN, ...MORE].sort());
    expect(faults(draft("news", { title: "x", url: "javascript:alert(1)" }))).toEqual({ url: "web" });
    expect(faults(draft("miniprogrampage", { title: "x", appid: "wx1", pagepath: "p", thumb_media_id: "m" }))).toEqual({ appid: "appid" });
    expect(faults(draft("msgmenu", { head_content: "满意吗" }))).toEqual({ choices: "choices" });
  });

  it("becomes WeChat's message", () => {
    expect(messageOf(draft("msgmenu", { head_content: "满意吗" }, ["满意", " ", "不满意"]))).toEqual({ kind: "msgmenu", head_content: "满意吗", tail_content: "", list: [["101", "满意"], ["102", "不满意"]] });
    expect(messageOf(draft("news", { title: " t ", url: "https://a.b" }))).toEqual({ kind: "news", article: { title: "t", description: "", url: "https://a.b", pic_url: "" } });
    expect(messageOf(draft("video", { media_id: "m", thumb_media_id: "n" }))).toEqual({ kind: "video", media_id: "m", thumb_media_id: "n", title: "", description: "" });
  });

  it("is blank only in the kind that was sent", () => {
    const both: Draft = { ...blankDraft(), parts: { text: { content: "a" }, image: { media_id: "m" } } };
    expect(emptied(both).parts).toEqual({ text: {}, image: { media_id: "m" } });
  });
});

describe("the field", () => {
  it("sends once, however often it is clicked, and is empty afterwards", async () => {
    composer();
    await at("compose-content").setValue("好的");
    void at("composer").trigger("submit");
    void at("composer").trigger("submit");
    await flushPromises();
    expect(call.mock.calls).toEqual([["send_custom_message", { ...who, message: { kind: "text", content: "好的" } }]]);
    expect((at("compose-send").element as HTMLButtonElement).disabled).toBe(true);
    await answer(taken());
    expect(content()).toBe("");
    expect(at("compose-result").text()).toContain("微信已接收");
    expect(wrapper.emitted("sent")?.length).toBe(1);
  });

  it("sends with Ctrl+Enter, not in the middle of a syllable", async () => {
    composer();
    await at("compose-content").setValue("好");
    await at("compose-content").trigger("keydown", { key: "Enter" });
    await at("compose-content").trigger("keydown", { key: "Enter", ctrlKey: true, isComposing: true });
    expect(call).not.toHaveBeenCalled();
    await at("compose-content").trigger("keydown", { key: "Enter", ctrlKey: true });
    expect(call).toHaveBeenCalledTimes(1);
  });

  it("keeps the text when WeChat refuses, with its words, and when nobody knows", async () => {
    composer();
    await at("compose-content").setValue("好的");
    await at("composer").trigger("submit");
    await answer(taken({ ok: false, errcode: 45047, words: { zh: "条数超过上限。", en: "" } }));
    expect(content()).toBe("好的");
    expect(at("compose-result").text()).toBe("errcode 45047 · 条数超过上限。");
    await at("composer").trigger("submit");
    await answer(taken({ ok: false, words: { zh: "没有收到微信的应答。", en: "" } }));
    expect(at("compose-result").classes()).toContain("tone-warn");
    await at("composer").trigger("submit");
    await answer(new HostError({ code: "invalid_input", message: "x", detail: { fields: [{ field: "message.content", rule: "r", message: "Too long", message_zh: "太长" }] } } as never));
    expect(content()).toBe("好的");
    expect(wrapper.get(".fault").text()).toBe("太长");
  });

  it("counts while typing and says at once that it is too long", async () => {
    composer();
    await at("compose-content").setValue("字".repeat(683));
    expect(at("compose-bytes").text()).toBe("2,049 / 2,048 字节");
    expect(wrapper.get(".fault").text()).toContain("2,048");
    await at("composer").trigger("submit");
    expect(call).not.toHaveBeenCalled();
  });

  it("loses nothing when the kind is changed, and asks for what is missing only when it is sent", async () => {
    composer();
    await at("compose-content").setValue("好的");
    await at("compose-kind-news").trigger("click");
    expect(wrapper.text()).not.toContain("请填写");
    await at("composer").trigger("submit");
    expect(wrapper.text()).toContain("请填写");
    expect(document.activeElement).toBe(at("compose-title").element);
    await at("compose-kind-text").trigger("click");
    expect(content()).toBe("好的");
    await at("compose-more").trigger("click");
    await at("compose-more-wxcard").trigger("click");
    await at("compose-card_id").setValue("pFS7");
    await at("composer").trigger("submit");
    expect(call.mock.calls[0][1]).toEqual({ ...who, message: { kind: "wxcard", card_id: "pFS7" } });
  });

  it("sends nothing where nothing may be sent, and says why", async () => {
    composer({ barred: "账号已取消授权，不能代它发送消息。" });
    await at("compose-content").setValue("好");
    await at("composer").trigger("submit");
    expect(call).not.toHaveBeenCalled();
    expect(wrapper.text()).toContain("不能代它发送");
  });
});

describe("windows", () => {
  const NOW = 1_795_300_000_000;
  const window = (extra: Partial<SendWindow>): SendWindow => ({ cause: "message", opened_at: NOW - 60_000, until: NOW + 47 * 3_600_000 + 12 * 60_000 + 9_000, allowed: 5, used: 2, ...extra });
  beforeEach(() => void vi.useFakeTimers({ now: NOW }));
  afterEach(() => void vi.useRealTimers());
  const show = (windows: SendWindow[], partial = false): VueWrapper => (wrapper = mount(SendWindows, { props: { windows, partial }, global }) as unknown as VueWrapper);

  it("say how many are left, and count down", async () => {
    show([window({}), window({ cause: "menu", until: NOW + 45_000, allowed: 3, used: 3 })], true);
    await flushPromises();
    expect(wrapper.get('[data-cause="message"]').text().replace(/\s+/g, " ")).toContain("还可发 3 条");
    expect(wrapper.get('[data-cause="message"]').text()).toContain("47:12:09");
    expect(wrapper.get('[data-cause="menu"]').text()).toContain("3 条已用完");
    expect(wrapper.find('[data-testid="windows-partial"]').exists()).toBe(true);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(wrapper.get('[data-cause="message"]').text()).toContain("47:12:0");
    expect(wrapper.get('[data-cause="message"]').text()).not.toContain("47:12:09");
  });

  it("go when their time is over, and say when that was", async () => {
    show([window({ until: NOW + 3_000 })]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(wrapper.find('[data-cause="message"]').exists()).toBe(false);
    expect(at("windows-none").text()).toContain("结束");
    await wrapper.setProps({ windows: [] } as never);
    expect(at("windows-none").text()).toContain("没有可发送的时间");
  });
});

describe("the conversation", () => {
  it("shows at once what was sent, with why it was refused, and doubts what WeChat will refuse", async () => {
    const talk: Conversation = { ...who, account_name: "花店", windows: [], partial: false, pushes: [], sent: [], barred: null };
    wrapper = mount(ChatView, { props: { who }, global, attachTo: document.body }) as unknown as VueWrapper;
    await answer(talk);
    expect(at("compose-doubt").text()).toContain("45015");
    await at("compose-content").setValue("在吗");
    await at("composer").trigger("submit");
    await answer(taken({ id: 9, text: "在吗", ok: false, errcode: 45015, words: { zh: "超过 48 小时。", en: "" } }));
    const line = wrapper.get('[data-id="sent-9"]');
    expect(line.text()).toContain("在吗");
    expect(line.text()).toContain("没有发出 45015 · 超过 48 小时。");
  });
});
