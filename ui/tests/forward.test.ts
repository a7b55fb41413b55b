/** Rules, business servers, the self-test and the release check: order, words, validation, the tester, dead letters, rows. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { VueQueryPlugin } from "@tanstack/vue-query";
import { flushPromises, mount, type VueWrapper } from "@vue/test-utils";
import { createI18n } from "vue-i18n";
import { createMemoryHistory, createRouter } from "vue-router";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HostError, setHost, type Host, type Rehearsal, type Rule } from "../src/host";
import { createMockHost } from "../src/host/mock";
import { byteLength, pieces, shownReply } from "../src/lib/messages";
import { fieldError, otherErrors } from "../src/lib/forward";
import { followChanges, keys, queryClient } from "../src/lib/queries";
import { beforeOf, moved } from "../src/lib/sort";
import zh from "../src/locales/zh-CN.json";
import RehearsalRows from "../src/pages/release/RehearsalRows.vue";
import ReleasePage from "../src/pages/release/ReleasePage.vue";
import { brokenRules, draftOf, emptyDraft, inputOf, likelySample, sampleInput, startDraft } from "../src/pages/rules/draft";
import RulePage from "../src/pages/rules/RulePage.vue";
import RulesPage from "../src/pages/rules/RulesPage.vue";
import { answerWords, conditionWords, type Names } from "../src/pages/rules/words";
import { brokenTest, madeUpInput } from "../src/pages/selftest/runs";
import SelfTestPage from "../src/pages/selftest/SelfTestPage.vue";
import { brokenTarget, emptyTarget, freshSecret, targetInput } from "../src/pages/targets/form";
import { LANGUAGES, requestExample, VERIFY } from "../src/pages/targets/snippets";
import TargetFormPage from "../src/pages/targets/TargetFormPage.vue";
import TargetPage from "../src/pages/targets/TargetPage.vue";

const i18n = createI18n({ legacy: false, locale: "zh-CN", messages: { "zh-CN": zh as never } });
const words = i18n.global as unknown as { t: (key: string, named: Record<string, unknown>) => string; te: (key: string) => boolean };
const t = (key: string, named: Record<string, unknown> = {}): string => words.t(key, named);
const te = (key: string): boolean => words.te(key);
const router = createRouter({ history: createMemoryHistory(), routes: [{ path: "/:rest(.*)*", component: { template: "<i />" } }] });
const ask = { props: ["open"], emits: ["confirm"], template: "<button v-if='open' data-testid='yes' @click=\"$emit('confirm')\" />" };
const rows = { props: ["rows"], template: "<div><slot name='head' /><div v-for='row in rows' :key='row.id'><slot name='row' :row='row' /></div></div>" };
const global = { plugins: [i18n, router, [VueQueryPlugin, { queryClient }]] as never, directives: { tip: {} }, stubs: { ConfirmAsk: ask, ConfirmDanger: ask, VirtualRows: rows, AppDialog: { template: "<div><slot /><slot name='footer' /></div>" } } };
let page: VueWrapper | null = null;
let host: Host;
let off = (): void => undefined;
function use(scenario: string): void {
  off();
  queryClient.clear();
  host = createMockHost(scenario);
  setHost(host);
  off = followChanges(host);
}
const show = (what: unknown, props: Record<string, unknown> = {}): VueWrapper => (page = mount(what as never, { props: props as never, global, attachTo: document.body }) as unknown as VueWrapper);
const at = (id: string) => (page as VueWrapper).get(`[data-testid="${id}"]`);
/** Long enough for a machine that has other things to do. */
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 10_000, interval: 15 });
const order = (): string[] => (page as VueWrapper).findAll("[data-row]").map((row) => row.attributes("data-row") ?? "");
beforeEach(async () => {
  use("rich");
  await router.push("/");
});
afterEach(() => {
  page?.unmount();
  page = null;
  off();
});

vi.setConfig({ testTimeout: 20_000 });

const names: Names = { platform: () => "门店通", account: () => ({ name: "晨光咖啡", kind: "official_account" }), target: (id) => (id === 1 ? "会员系统" : null) };
const rule = (part: Partial<Rule>): Rule => ({ id: 1, position: 1, name: "x", enabled: true, scope: { component_appid: null, appid: null, tenant: null }, when: { msg_types: [], events: [], key: null, text: null }, answer: { kind: "success" }, notify: [], hits: 0, last_hit_at: null, updated_at: 0, trouble: null, ...part });

describe("an order", () => {
  it("is counted among what is shown", () => {
    expect(moved([1, 2, 3, 4], 0, 2)).toEqual([2, 3, 1, 4]);
    expect(beforeOf([1, 2, 3, 4], [1, 2, 3, 4], 1, 2)).toBe(4);
    expect(beforeOf([1, 2, 3, 4], [1, 2, 3, 4], 4, 0)).toBe(1);
    expect(beforeOf([1, 2, 3, 4], [1, 2, 3, 4], 1, 3)).toBeNull();
    // 2 and 4 are hidden: behind 3 is before 4, not at the end.
    expect(beforeOf([1, 2, 3, 4], [1, 3], 1, 1)).toBe(4);
  });

  it("is changed with the arrows, at once, and steps that wait are told as one", async () => {
    const call = vi.spyOn(host, "call");
    show(RulesPage);
    await until(() => expect(order()).toHaveLength(10));
    const grip = (): ReturnType<typeof at> => at("grip-2");
    await grip().trigger("keydown", { key: "ArrowDown" });
    expect(order().slice(0, 4)).toEqual(["1", "3", "2", "4"]);
    await grip().trigger("keydown", { key: "ArrowDown" });
    await grip().trigger("keydown", { key: "ArrowDown" });
    expect(order().slice(0, 5)).toEqual(["1", "3", "4", "5", "2"]);
    expect(document.activeElement?.getAttribute("data-grip")).toBe("2");
    await until(() => expect(call.mock.calls.filter(([name]) => name === "move_rule").map(([, args]) => args)).toEqual([{ id: 2, before: 4 }, { id: 2, before: 6 }]));
    await until(() => expect(queryClient.getQueryData<Rule[]>(keys.rules)?.slice(0, 5).map((one) => one.id)).toEqual([1, 3, 4, 5, 2]));
    expect(page?.text()).toContain("「关注欢迎语」现在是第 5 条");
  });

  it("is taken back when the engine refuses", async () => {
    const real = host.call.bind(host);
    let refuse = (): void => undefined;
    const refused = new Promise<never>((_, reject) => (refuse = () => reject(new HostError({ code: "store", message: "full" }))));
    vi.spyOn(host, "call").mockImplementation((name, args) => (name === "move_rule" ? refused : real(name, args)));
    show(RulesPage);
    await until(() => expect(order()).toHaveLength(10));
    await at("grip-1").trigger("keydown", { key: "End" });
    expect(order()[9]).toBe("1");
    refuse();
    await until(() => expect(order()[0]).toBe("1"));
  });

  it("is changed with the mouse, and Esc lets go", async () => {
    show(RulesPage);
    await until(() => expect(order()).toHaveLength(10));
    page?.findAll<HTMLElement>("[data-row]").forEach((row, i) => (row.element.getBoundingClientRect = () => ({ top: i * 60, bottom: i * 60 + 60 }) as DOMRect));
    const drag = (to: number): void => {
      at("grip-6").element.dispatchEvent(new PointerEvent("pointerdown", { button: 0, clientY: 330, pointerId: 1, bubbles: true }));
      window.dispatchEvent(new PointerEvent("pointermove", { clientY: 300, pointerId: 1 }));
      window.dispatchEvent(new PointerEvent("pointermove", { clientY: to, pointerId: 1 }));
    };
    drag(70);
    window.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
    window.dispatchEvent(new PointerEvent("pointerup", { pointerId: 1 }));
    await flushPromises();
    expect(order()[5]).toBe("6");
    drag(70);
    await flushPromises();
    expect(page?.find(".drop").exists()).toBe(true);
    window.dispatchEvent(new PointerEvent("pointerup", { pointerId: 1 }));
    await flushPromises();
    expect(order().slice(0, 3)).toEqual(["1", "6", "2"]);
  });
});

describe("a rule in words", () => {
  it("says whose messages, which, and with what", () => {
    const text = { how: "contains", value: "价格\n多少钱", ignore_case: true } as const;
    expect(conditionWords(rule({ scope: { component_appid: "wx9", appid: "wx1", tenant: null }, when: { msg_types: ["text"], events: [], key: null, text } }), names, t, te)).toBe("公众号 晨光咖啡 · 文本 · 包含「价格、多少钱」");
    expect(conditionWords(rule({}), names, t, te)).toBe("所有账号 · 任何消息和事件");
    expect(conditionWords(rule({ scope: { component_appid: "wx9", appid: null, tenant: "晨光餐饮" }, when: { msg_types: ["event"], events: ["CLICK", "own_event"], key: { how: "starts_with", value: "A_", ignore_case: true }, text: null } }), names, t, te)).toBe("平台 门店通 · 租户 晨光餐饮 · 事件 菜单：点击推事件、own_event · EventKey 开头是「A_」");
    expect(conditionWords(rule({ when: { msg_types: ["text"], events: [], key: null, text: { ...text, value: "a\nb\nc\nd" } } }), names, t, te)).toContain("包含「a、b、c等 4 个」");
  });

  it("names the server that is asked, also one that is gone", () => {
    expect(answerWords({ kind: "target", target_id: 1 }, names, t)).toEqual({ kind: "问服务器", detail: "会员系统" });
    expect(answerWords({ kind: "target", target_id: 7 }, names, t).detail).toBe(zh.rules.target_gone);
    expect(answerWords({ kind: "text", content: "a\n b" }, names, t).detail).toBe("a b");
  });
});

describe("a rule in the form", () => {
  it("goes to the engine and back unchanged", () => {
    const whole: Rule = rule({ scope: { component_appid: "wx9", appid: "wx1", tenant: null }, when: { msg_types: ["text", "event"], events: ["subscribe"], key: { how: "regex", value: "^a ", ignore_case: false }, text: { how: "equals", value: "a\nb", ignore_case: true } }, answer: { kind: "music", title: "t", description: "", music_url: "https://a", hq_music_url: "", thumb_media_id: "m" }, notify: [3] });
    expect(inputOf(draftOf(whole), 1)).toEqual({ id: 1, name: "x", enabled: true, scope: whole.scope, when: whole.when, answer: whole.answer, notify: [3] });
    expect(inputOf({ ...draftOf(whole), whose: "all" }, null).scope).toEqual({ component_appid: null, appid: null, tenant: null });
    // What cannot hold for the chosen kinds is not sent.
    expect(inputOf({ ...draftOf(whole), msg_types: ["image"] }, null).when).toEqual({ msg_types: ["image"], events: [], key: null, text: null });
  });

  it("knows what is wrong before it is sent", () => {
    const draft = { ...emptyDraft(), name: "a", content: "字".repeat(683) };
    expect(byteLength(draft.content)).toBe(2049);
    expect([...brokenRules(draft)]).toEqual([["answer.content", "text_long"]]);
    expect(brokenRules({ ...draft, kind: "pass" }).get("notify")).toBe("no_notify");
    expect(brokenRules({ ...draft, kind: "news", articles: [{ title: "", description: "", pic_url: "a.jpg", url: "{{Url}}" }, { title: "b", description: "", pic_url: "http://a/b.jpg", url: "" }] })).toEqual(new Map([["answer.articles.0.title", "required"], ["answer.articles.0.pic_url", "url"], ["answer.articles.1.url", "required"]]));
    expect(brokenRules({ ...draft, content: "a", whose: "account" }).get("scope.appid")).toBe("required");
    expect(brokenRules({ ...draft, content: "a", text: { how: "equals", value: " ", ignore_case: true } }).get("when.text")).toBe("required");
  });

  it("has a sample that fits, and the tester gets the draft with it", () => {
    const draft = startDraft("keyword", { name: "a", text: "b", keywords: "价格\n多少" });
    expect(likelySample(draft)).toEqual({ msg_type: "text", event: "", key: "", text: "价格" });
    expect(likelySample(startDraft("welcome", { name: "a", text: "b", keywords: "" }))).toMatchObject({ msg_type: "event", event: "subscribe" });
    const sample = { from: "made" as const, push_id: null, component: "wx9", appid: "wx1", ...likelySample(draft) };
    expect(sampleInput(sample, inputOf(draft, null))).toEqual({ component_appid: "wx9", appid: "wx1", msg_type: "text", text: "价格", draft: inputOf(draft, null) });
    expect(sampleInput({ ...sample, from: "inbox", push_id: 7 }, null)).toEqual({ push_id: 7 });
  });

  it("finds the engine's words for a field in either way of writing it", () => {
    const errors = [{ field: "answer.articles[1].pic_url", rule: "https", message: "en", message_zh: "中" }, { field: "elsewhere", rule: "x", message: "other", message_zh: "别处" }];
    expect(fieldError(errors, "answer.articles.1.pic_url", "zh-CN")).toBe("中");
    expect(fieldError(errors, "answer.articles.0.pic_url", "en")).toBeNull();
    expect(otherErrors(errors, ["answer.articles"], "en")).toEqual(["other"]);
  });

  it("tells a wrong expression while it is typed, and shows each field's error on saving", async () => {
    const call = vi.spyOn(host, "call");
    show(RulePage, { id: "5" });
    await until(() => expect(page?.find('[data-testid="rule-text"]').exists()).toBe(true));
    await at("rule-text").setValue("^(DD");
    await until(() => expect(page?.text()).toContain("正则表达式不完整"));
    await at("rule-name").setValue("");
    await page?.get("form").trigger("submit");
    expect(page?.get('[data-field="rule-name"] .error').text()).toBe(zh.rules.broken.required);
    expect(call.mock.calls.map(([name]) => name)).not.toContain("save_rule");
  });

  it("tries the draft in its place while it is written", async () => {
    const call = vi.spyOn(host, "call");
    show(RulePage, { id: "4" });
    await until(() => expect(page?.find('[data-testid="rule-trace"]').exists()).toBe(true));
    await until(() => expect(at("trace-result").text()).toBe("由「转人工」作答"));
    await at("sample-text").setValue("在吗");
    await until(() => expect(at("trace-result").text()).toBe("由「没听懂」作答"));
    expect(page?.get(".steps .mine").attributes("data-verdict")).toBe("text");
    await at("rule-text").setValue("人工\n在吗");
    await until(() => expect(at("trace-result").text()).toBe("由「转人工」作答"));
    const last = call.mock.calls.filter(([name]) => name === "test_rules").pop()?.[1] as { sample: { draft: { id: number }; text: string } };
    expect(last.sample).toMatchObject({ text: "在吗", draft: { id: 4, when: { text: { value: "人工\n在吗" } } } });
    expect(page?.findAll(".steps li")).toHaveLength(10);
  });

  it("is tried with a push of the inbox, and not before it is whole", async () => {
    const call = vi.spyOn(host, "call");
    const tried = (): unknown[] => call.mock.calls.filter(([name]) => name === "test_rules").map(([, args]) => args);
    show(RulePage);
    await until(() => expect(page?.text()).toContain(zh.rules.tester_wait));
    expect(tried()).toEqual([]);
    await page?.get("#answer-content").setValue("你好");
    await until(() => expect(page?.findAll(".steps li")).toHaveLength(11));
    expect(page?.get(".steps .mine").text()).toContain(zh.rules.new);
    await page?.get('[data-testid="sample-from-inbox"]').setValue(true);
    await until(() => expect(page?.find(".push").exists()).toBe(true));
    const push = (await host.call("list_pushes", { query: { class: "message", msg_type: "text", limit: 1 } })).items[0];
    await until(() => expect(page?.findAll(".push").length).toBe(20));
    await page?.get(".push input").setValue(true);
    await until(() => expect(tried().at(-1)).toMatchObject({ sample: { push_id: expect.any(Number) } }));
    const trace = await host.call("test_rules", { sample: { push_id: push.id } });
    expect(trace.steps[0].verdict).toBe("passed");
    expect(trace.taken_by).not.toBeNull();
  });

  it("puts a variable where the person types, and the preview fills it in", async () => {
    show(RulePage, { id: "2" });
    await until(() => expect(page?.find("#answer-content").exists()).toBe(true));
    await page?.get("#answer-content").setValue("你好，");
    await at("answer-content-var").trigger("click");
    await flushPromises();
    document.querySelector<HTMLElement>('[data-testid="answer-content-var-account"]')?.click();
    await flushPromises();
    expect(page?.get<HTMLTextAreaElement>("#answer-content").element.value).toBe("你好，{{account}}");
    await until(() => expect(at("chat-text").text()).toBe("你好，晨光咖啡"));
  });

  it("begins from an example", async () => {
    await router.push("/rules/new?start=welcome");
    show(RulePage);
    await flushPromises();
    expect(at("rule-name").element).toHaveProperty("value", zh.rules.start.welcome.title);
    expect(at("rule-type-event").attributes("aria-pressed")).toBe("true");
  });
});

describe("a reply as a phone shows it", () => {
  it("is read from its document", () => {
    expect(shownReply({ xml: "<xml><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[a<b]]></Content></xml>", text: "a<b" })).toEqual({ kind: "text", content: "a<b" });
    expect(shownReply({ xml: "", text: "" })).toBeNull();
  });

  it("keeps variables that nobody knows as they are written", () => {
    expect(pieces("a{{ Content }}{{X}}", { Content: "hi" })).toEqual([{ text: "a", variable: null, known: true }, { text: "hi", variable: "Content", known: true }, { text: "{{X}}", variable: "X", known: false }]);
  });
});

describe("a business server", () => {
  it("has limits that go with its purpose", () => {
    const draft = { ...emptyTarget("answering"), name: "a", url: "https://a.example.com/$APPID$" };
    expect(brokenTarget(draft).size).toBe(0);
    expect(brokenTarget({ ...draft, timeout_ms: "5000" }).get("timeout_ms")).toBe("timeout_answering");
    expect(brokenTarget({ ...draft, mode: "notified", timeout_ms: "5000", give_up_hours: "0" })).toEqual(new Map([["give_up_hours", "give_up"]]));
    expect(brokenTarget({ ...draft, url: "ftp://a", secret: "short" })).toEqual(new Map([["url", "url"], ["secret", "secret"]]));
    expect(targetInput(draft, 3)).not.toHaveProperty("secret");
    expect(freshSecret()).toMatch(/^[0-9a-f]{40}$/);
  });

  it("is refused at its field when it lies in a private range, until that is allowed", async () => {
    show(TargetFormPage);
    await at("target-name").setValue("本机");
    await at("target-url").setValue("http://127.0.0.1:9000/");
    await page?.get("form").trigger("submit");
    await until(() => expect(page?.find('[data-field="target-url"] .error').exists()).toBe(true));
    expect(page?.get('[data-field="target-url"] .error').text()).toContain("内网或本机地址");
    await until(() => expect(page?.find('[data-testid="form-error"]').exists()).toBe(true));
    await at("target-private").setValue(true);
    await page?.get("form").trigger("submit");
    await until(() => expect(router.currentRoute.value.path).toMatch(/^\/targets\/\d+$/));
  });

  it("shows how to verify, in words that a machine agrees with", () => {
    const code = VERIFY.node.replace(/^import .*$/m, "").replace("export function", "return function");
    const check = new Function("createHmac", "timingSafeEqual", code)(createHmac, timingSafeEqual) as (headers: Record<string, string>, raw: Buffer, secret: string) => boolean;
    const raw = Buffer.from("<xml>价格</xml>");
    const sign = (timestamp: string): Record<string, string> => ({ "x-wxdesk-timestamp": timestamp, "x-wxdesk-signature": `v1=${createHmac("sha256", "s".repeat(16)).update(`${timestamp}.`).update(raw).digest("hex")}` });
    const now = String(Math.floor(Date.now() / 1000));
    expect(check(sign(now), raw, "s".repeat(16))).toBe(true);
    expect(check(sign(now), raw, "t".repeat(16))).toBe(false);
    expect(check(sign(String(Number(now) - 400)), raw, "s".repeat(16))).toBe(false);
    expect(check({}, raw, "s".repeat(16))).toBe(false);
    for (const language of LANGUAGES) expect(VERIFY[language]).toMatch(/v1=/);
    expect(requestExample("json", "https://a.example.com/x/$APPID$")).toMatch(/^POST \/x\/wx[0-9a-f]{16} HTTP\/1\.1\nHost: a\.example\.com/);
    expect(requestExample("sealed", "https://a.example.com/x?k=1")).toMatch(/\/x\?k=1&signature=.*\n/);
    const names = (text: string): string[] => [...text.split("\n\n")[0].matchAll(/^(X-Wxdesk-[A-Za-z]+):/gm)].map((found) => found[1]);
    const signed = ["X-Wxdesk-Id", "X-Wxdesk-Appid", "X-Wxdesk-Component", "X-Wxdesk-Timestamp", "X-Wxdesk-Attempt", "X-Wxdesk-Signature"];
    expect(names(requestExample("json", "https://a.example.com/x"))).toEqual(signed);
    expect(names(requestExample("xml", "https://a.example.com/x"))).toEqual(signed);
    expect(names(requestExample("sealed", "https://a.example.com/x"))).toEqual(["X-Wxdesk-Id"]);
    expect(Object.keys(JSON.parse(requestExample("json", "https://a.example.com/x").split("\n\n")[1]))).toEqual(["id", "component_appid", "appid", "received_at", "msg_type", "sender", "test", "message"]);
  });

  it("sends ticked dead letters again, and drops all of them only when asked", async () => {
    const call = vi.spyOn(host, "call");
    await router.push("/targets/3?tab=dead");
    show(TargetPage, { id: "3" });
    await until(() => expect(page?.find('[data-testid="dead-tick-90000"]').exists()).toBe(true));
    await at("dead-tick-90000").setValue(true);
    await at("dead-tick-89998").setValue(true);
    await at("dead-resend").trigger("click");
    await until(() => expect(call).toHaveBeenCalledWith("resend_dead", { target_id: 3, ids: [90_000, 89_998] }));
    await until(() => expect(page?.find('[data-testid="dead-tick-90000"]').exists()).toBe(false));
    expect(page?.find('[data-testid="dead-selection"]').exists()).toBe(false);
    await at("dead-drop-all").trigger("click");
    expect(call.mock.calls.map(([name]) => name)).not.toContain("drop_dead");
    await at("yes").trigger("click");
    await until(() => expect(call).toHaveBeenCalledWith("drop_dead", { target_id: 3, ids: null }));
    await until(() => expect(page?.text()).toContain(zh.targets.none_dead));
  });

  it("that is paused can be tried now", async () => {
    const call = vi.spyOn(host, "call");
    show(TargetPage, { id: "3" });
    await until(() => expect(page?.find('[data-testid="target-try"]').exists()).toBe(true));
    await at("target-try").trigger("click");
    await until(() => expect(page?.find('[data-state="probing"]').exists()).toBe(true));
    expect(call).toHaveBeenCalledWith("close_breaker", { id: 3 });
  });
});

describe("the self-test", () => {
  it("sends only what a kind has, and secrets only when typed", () => {
    const form = { component: "wx9", appid: "wx1", kind: "click" as const, content: "x", key: "K", event: "", local: true, deliver: false, token: "", aes: null };
    expect(madeUpInput(form)).toEqual({ component_appid: "wx9", appid: "wx1", kind: "click", key: "K", deliver: false, local: true });
    expect([...brokenTest({ ...form, key: "", token: "a-b", aes: "short" })]).toEqual([["key", "required"], ["token", "token"], ["aes", "aes_key"]]);
    expect(brokenTest({ ...form, kind: "subscribe", key: "" }).size).toBe(0);
  });

  it("shows what the engine refuses at its field", async () => {
    show(SelfTestPage);
    await until(() => expect(page?.text()).toContain("晨光咖啡"));
    const fields = [{ field: "encoding_aes_key", rule: "format", message: "en", message_zh: "密钥不对" }, { field: "local", rule: "no_address", message: "en", message_zh: "没有公网地址" }, { field: "openid", rule: "format", message: "en", message_zh: "别处的" }];
    vi.spyOn(host, "call").mockImplementationOnce(() => Promise.reject(new HostError({ code: "invalid_input", message: "", detail: { fields } })));
    await page?.get("form").trigger("submit");
    await until(() => expect(page?.get('[data-field="st-aes"] .error').text()).toBe("密钥不对"));
    expect(page?.get('[data-field="st-way"] .error').text()).toBe("没有公网地址");
    expect(page?.get(".failed").text()).toBe("别处的");
    await at("st-content").setValue("再来");
    expect(page?.find('[data-field="st-aes"] .error').exists()).toBe(false);
  });

  it("says which step fails and what to do, and keeps the runs of this page", async () => {
    show(SelfTestPage);
    await until(() => expect(page?.text()).toContain("晨光咖啡"));
    await at("st-way-local").setValue(true);
    await page?.get("form").trigger("submit");
    await until(() => expect(at("st-result").attributes("data-ok")).toBe("true"));
    expect(page?.findAll("[data-step]").map((one) => one.attributes("data-step"))).toEqual(["dns", "tcp", "tls", "path", "token", "aes_key", "answer"]);
    expect(at("st-push").attributes("href")).toMatch(/^\/messages\?open=\d+$/);
    await at("st-token").setValue("otherTk3n");
    await page?.get("form").trigger("submit");
    await until(() => expect(at("st-result").attributes("data-ok")).toBe("false"));
    expect(page?.text()).toContain("注意大小写和首尾空格");
    await at("st-past-1").trigger("click");
    expect(at("st-result").attributes("data-ok")).toBe("true");
    expect(page?.text()).not.toContain("otherTk3n");
  });
});

describe("the release check", () => {
  it("shows each row as it stands, with what came instead", () => {
    const one: Rehearsal = { id: 1, started_at: 0, ended_at: null, set: 2, kind: "mini_program", appid: "wx1", rows: [{ row: "ticket", state: "ok", took_ms: 12, limit_ms: null, text: null }, { row: "text", state: "failed", took_ms: 5003, limit_ms: 5000, text: { zh: "→ success", en: "→ success" } }, { row: "event", state: "running", took_ms: null, limit_ms: 5000, text: null }, { row: "cancel", state: "waiting", took_ms: null, limit_ms: null, text: null }] };
    show(RehearsalRows, { rehearsal: one });
    expect(page?.findAll("li").map((row) => row.attributes("data-state"))).toEqual(["ok", "failed", "running", "waiting"]);
    expect(page?.get('[data-row-name="text"]').text()).toContain("→ success");
    expect(page?.get('[data-row-name="text"]').text()).toContain("5.0 s限 5.0 s");
    for (const row of page?.findAll("li") ?? []) expect(row.get(".sr-only").text()).not.toBe("");
  });

  it("rehearses in the sandbox, row after row", async () => {
    use("sandbox");
    show(ReleasePage);
    await until(() => expect(page?.find('[data-testid="rehearsal-start"]').exists()).toBe(true));
    await page?.get(".choose").trigger("submit");
    await until(() => expect(page?.find('[data-state="running"]').exists()).toBe(true));
    await until(() => expect(page?.findAll('[data-testid="rehearsal-rows"] [data-state="ok"]')).toHaveLength(8));
    await until(() => expect(page?.text()).toContain(zh.release.ending.ok));
  });

  it("says elsewhere how to get there, and switches a responder", async () => {
    const call = vi.spyOn(host, "call");
    show(ReleasePage);
    await until(() => expect(page?.find('[data-testid="rehearsal-away"]').exists()).toBe(true));
    expect(page?.find('[data-testid="crowd"]').exists()).toBe(false);
    await at("release-switch-wx134c8103faa5a59e").trigger("click");
    await until(() => expect(call).toHaveBeenCalledWith("switch_release_check", { component_appid: "wx134c8103faa5a59e", on: false }));
    await until(() => expect(page?.text()).toContain(zh.release.off_text));
  });
});
