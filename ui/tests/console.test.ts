/** "Try the API" in the window: what is sent, when it is asked first, what stays hidden. */
import { VueQueryPlugin } from "@tanstack/vue-query";
import { flushPromises, mount, type VueWrapper } from "@vue/test-utils";
import { createI18n } from "vue-i18n";
import { createMemoryHistory, createRouter } from "vue-router";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { setHost, type Account, type ApiForm, type ApiTrial, type Host } from "../src/host";
import { account } from "../src/host/mock/data";
import { apiForms } from "../src/host/mock/trials";
import { agreed } from "../src/lib/console";
import { queryClient } from "../src/lib/queries";
import zh from "../src/locales/zh-CN.json";
import AnswerPane from "../src/pages/console/AnswerPane.vue";
import FormList from "../src/pages/console/FormList.vue";
import RequestPane from "../src/pages/console/RequestPane.vue";

const call = vi.fn(async (name: string): Promise<unknown> => (name === "reveal_api_trial" ? { value: '{"ticket":"gQH_secret"}', expires_at: null } : null));
const i18n = createI18n({ legacy: false, locale: "zh-CN", messages: { "zh-CN": zh as never } });
const router = createRouter({ history: createMemoryHistory(), routes: [{ path: "/:rest(.*)*", component: { template: "<i />" } }] });
const ask = { props: ["open"], emits: ["confirm"], template: "<button v-if='open' data-testid='yes' @click=\"$emit('confirm')\" />" };
const global = { plugins: [i18n, router, [VueQueryPlugin, { queryClient }]] as never, directives: { tip: {} }, stubs: { ConfirmAsk: ask } };
const who = (over: Partial<Account> = {}): Account => ({ ...account(0, "wx2", Date.now()), ...over });
const form = (id: string): ApiForm => apiForms.find((one) => one.id === id) as ApiForm;
let shown: VueWrapper | null = null;
const pane = (over: Record<string, unknown>): VueWrapper => (shown = mount(RequestPane as never, { props: { form: null, typed: null, refill: null, account: who(), sets: [], busy: false, since: null, ...over } as never, global, attachTo: document.body }) as unknown as VueWrapper);
const sent = (wrapper: VueWrapper): unknown[] => (wrapper.emitted("send") ?? []).map(([request]) => request);
const at = (wrapper: VueWrapper, id: string) => wrapper.get(`[data-testid="${id}"]`);

beforeEach(() => {
  queryClient.clear();
  agreed.clear();
  call.mockClear();
  setHost({ kind: "mock", call, onChange: () => () => undefined, onConnection: () => () => undefined, saveFile: async (name: string) => name } as unknown as Host);
});
afterEach(() => shown?.unmount());

describe("the request", () => {
  it("is not sent while something is missing, then with Ctrl+Enter", async () => {
    const wrapper = pane({ form: form("user_info") });
    window.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true }));
    await flushPromises();
    expect(sent(wrapper)).toEqual([]);
    expect(wrapper.text()).toContain(zh.console.rule.required);
    await at(wrapper, "api-query-openid").setValue("o1");
    window.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true }));
    await flushPromises();
    expect(sent(wrapper)).toEqual([{ form: "user_info", method: "GET", path: "/cgi-bin/user/info", query: [{ name: "openid", value: "o1" }, { name: "lang", value: "zh_CN" }], parts: [] }]);
  });

  it("asks once an account before it changes something", async () => {
    const wrapper = pane({ form: form("custom_text") });
    await at(wrapper, "api-body--touser").setValue("o1");
    await at(wrapper, "console-send").trigger("click");
    expect(sent(wrapper)).toEqual([]);
    await at(wrapper, "yes").trigger("click");
    await at(wrapper, "console-send").trigger("click");
    expect(sent(wrapper).length).toBe(2);
    await wrapper.setProps({ account: who({ appid: "wx9" }) });
    await at(wrapper, "console-send").trigger("click");
    expect(sent(wrapper).length).toBe(2);
  });

  it("asks for a path that nothing is known of, also by GET", async () => {
    const wrapper = pane({ typed: { path: "/cgi-bin/menu/delete", query: [] } });
    await at(wrapper, "console-send").trigger("click");
    expect(sent(wrapper)).toEqual([]);
    expect(wrapper.find('[data-testid="yes"]').exists()).toBe(true);
  });

  it("keeps fields and body in step both ways", async () => {
    const wrapper = pane({ form: form("qrcode") });
    await at(wrapper, "api-body--action-info-scene-scene-str").setValue("桌 12");
    expect((at(wrapper, "console-body").element as HTMLTextAreaElement).value).toContain('"scene_str": "桌 12"');
    await at(wrapper, "console-body").setValue('{"expire_seconds": 60, "action_info": {"scene": {"scene_str": "x"}}}');
    expect((at(wrapper, "api-body--expire-seconds").element as HTMLInputElement).value).toBe("60");
    await at(wrapper, "console-body").setValue('{\n  "a": ,\n}');
    expect(at(wrapper, "console-body-where").text()).toContain("第 2 行第 8 列");
    await at(wrapper, "console-send").trigger("click");
    expect(sent(wrapper)).toEqual([]);
  });

  it("warns when the account granted no set, and not a directly connected one", async () => {
    const wrapper = pane({ form: form("media_get"), account: who({ scopes: [1] }) });
    expect(wrapper.find('[data-testid="console-unfit"]').exists()).toBe(true);
    await wrapper.setProps({ account: who({ scopes: [], connection: "own_secret" }) });
    expect(wrapper.find('[data-testid="console-unfit"]').exists()).toBe(false);
  });

  it("is filled in again, and never with a token", async () => {
    const wrapper = pane({ form: form("user_info"), refill: { method: "GET", query: [{ name: "openid", value: "o7" }, { name: "extra", value: "1" }, { name: "access_token", value: "***" }], body: null } });
    await at(wrapper, "console-send").trigger("click");
    expect((sent(wrapper)[0] as { query: unknown }).query).toEqual([{ name: "openid", value: "o7" }, { name: "lang", value: "zh_CN" }, { name: "extra", value: "1" }]);
  });

  it("sends a chosen file, and no body", async () => {
    const wrapper = pane({ form: form("media_upload") });
    const input = at(wrapper, "console-file-input");
    Object.defineProperty(input.element, "files", { value: [new File([new Uint8Array([1, 2])], "a.png")], configurable: true });
    await input.trigger("change");
    await flushPromises();
    await at(wrapper, "console-send").trigger("click");
    await at(wrapper, "yes").trigger("click");
    expect(sent(wrapper)[0]).toMatchObject({ path: "/cgi-bin/media/upload", file: { field: "media", name: "a.png", content_base64: "AQI=" } });
    expect(sent(wrapper)[0]).not.toHaveProperty("body");
  });
});

describe("the list", () => {
  it("opens a form by its short path, and offers any other", async () => {
    const wrapper = (shown = mount(FormList, { props: { forms: apiForms, current: "", account: who() }, global }) as unknown as VueWrapper);
    await at(wrapper, "console-find").setValue("user/info");
    await at(wrapper, "console-find").trigger("keydown", { key: "Enter" });
    expect((wrapper.emitted("form")?.[0][0] as ApiForm).id).toBe("user_info");
    await at(wrapper, "console-find").setValue("/wxa/get_qrcode");
    await at(wrapper, "console-own").trigger("click");
    expect(wrapper.emitted("typed")?.[0][0]).toEqual({ path: "/wxa/get_qrcode", query: [] });
  });
});

describe("the answer", () => {
  const trial = (over: Partial<ApiTrial> = {}): ApiTrial => ({ id: 1, at: Date.now(), component_appid: "wx2", appid: "wx1", form: null, method: "POST", path: "/cgi-bin/qrcode/create", query: [], body: "{}", duration_ms: 120, status: 200, content_type: "application/json", answer_bytes: 16, answer: '{"ticket":"***","msgid":3200228332200228332}', has_more: true, picture: null, errcode: 0, rid: null, error: null, quota: null, ...over });
  const open = (one: ApiTrial): VueWrapper => (shown = mount(AnswerPane, { props: { trial: one, name: "花店" }, global }) as unknown as VueWrapper);

  it("keeps digits, and shows hidden values on request for half a minute", async () => {
    vi.useFakeTimers();
    const wrapper = open(trial());
    expect(wrapper.text()).toContain("3200228332200228332");
    expect(wrapper.text()).not.toContain("gQH_secret");
    await at(wrapper, "json-hidden").trigger("click");
    await vi.advanceTimersByTimeAsync(10);
    expect(wrapper.text()).toContain("gQH_secret");
    await vi.advanceTimersByTimeAsync(30_000);
    expect(wrapper.text()).not.toContain("gQH_secret");
    vi.useRealTimers();
  });

  it("asks no more after ten minutes", () => {
    expect(open(trial({ at: Date.now() - 601_000 })).find('[data-testid="answer-reveal"]').exists()).toBe(false);
  });

  it("explains a refusal with its rid", () => {
    const wrapper = open(trial({ errcode: 45015, answer: '{"errcode":45015}', has_more: false, rid: "aaaaaaaa-bbbbbbbb-cccccccc", error: { code: 45015, message: "response out of time limit", at: 0, rid: null, ip: null, advice: "write first", advice_zh: "请用户先发一条消息。" } }));
    expect(wrapper.text()).toContain("请用户先发一条消息。");
    expect(wrapper.text()).toContain("aaaaaaaa-bbbbbbbb-cccccccc");
    expect(at(wrapper, "console-answer").attributes("data-outcome")).toBe("refused");
  });

  it("is shown as curl without a token", async () => {
    const wrapper = open(trial());
    await at(wrapper, "answer-part-request").trigger("click");
    expect(at(wrapper, "answer-curl").text()).toContain("access_token=$ACCESS_TOKEN");
  });
});
