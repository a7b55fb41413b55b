/** The web OAuth room: links with what comes of them, users, routes, page errors, and which token is which. */
import { VueQueryPlugin } from "@tanstack/vue-query";
import { flushPromises, mount, type VueWrapper } from "@vue/test-utils";
import { createI18n } from "vue-i18n";
import { createMemoryHistory, createRouter } from "vue-router";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { setHost, type Change, type Host, type OauthLink, type OauthUser, type OwnAccount, type Platform } from "../src/host";
import { createMockHost } from "../src/host/mock";
import { callbackDomain, exchangeCurl, linkLife, scopesFor, userState } from "../src/lib/oauth";
import { followChanges, queryClient } from "../src/lib/queries";
import zh from "../src/locales/zh-CN.json";
import ErrorsTab from "../src/pages/oauth/ErrorsTab.vue";
import LinkCard from "../src/pages/oauth/LinkCard.vue";
import LoginTab from "../src/pages/oauth/LoginTab.vue";
import RoutesTab from "../src/pages/oauth/RoutesTab.vue";
import TokenKindNote from "../src/components/TokenKindNote.vue";

const i18n = createI18n({ legacy: false, locale: "zh-CN", messages: { "zh-CN": zh as never } });
const router = createRouter({ history: createMemoryHistory(), routes: [{ path: "/:rest(.*)*", component: { template: "<i />" } }] });
const ask = { props: ["open"], emits: ["confirm"], template: "<button v-if='open' data-testid='yes' @click=\"$emit('confirm')\" />" };
const global = { plugins: [i18n, router, [VueQueryPlugin, { queryClient }]] as never, directives: { tip: {} }, stubs: { ConfirmAsk: ask, ConfirmDanger: ask, AppDialog: { template: "<div><slot /><slot name='footer' /></div>" } } };
let shown: VueWrapper | null = null;
let host: Host;
const show = (page: unknown, props: Record<string, unknown> = {}): VueWrapper => (shown = mount(page as never, { props: props as never, global }) as unknown as VueWrapper);
const at = (wrapper: VueWrapper, id: string) => wrapper.get(`[data-testid="${id}"]`);
beforeEach(() => {
  queryClient.clear();
  host = createMockHost("rich");
  setHost(host);
});
afterEach(() => shown?.unmount());

describe("what is asked and where", () => {
  it("lets a website app log in, and nobody else", () => {
    expect(scopesFor(true)).toEqual(["login"]);
    expect(scopesFor(false)).toEqual(["base", "userinfo"]);
  });

  it("names the domain and where WeChat wants it", () => {
    const own = { appid: "wx1", kind: "official_account", domain: "a.example.com" } as OwnAccount;
    const site = { appid: "wx3", kind: "website_app", domain: "" } as OwnAccount;
    const platform = { component_appid: "wx9", callback_urls: { web_domain: "b.example.com" } } as Platform;
    expect(callbackDomain("wx1", "wx1", [own, site], [platform])).toEqual({ place: "own", domain: "a.example.com" });
    expect(callbackDomain("wx3", "wx3", [own, site], [platform])).toEqual({ place: "website", domain: "" });
    expect(callbackDomain("wx9", "wx1", [own, site], [platform])).toEqual({ place: "platform", domain: "b.example.com" });
    expect(callbackDomain("wx7", "wx1", [], [platform])).toBeNull();
  });

  it("knows when a link or a token is over without asking", () => {
    expect(linkLife({ ended_at: null, expires_at: 5 }, 5)).toBe("expired");
    expect(linkLife({ ended_at: 3, expires_at: 9 }, 5)).toBe("ended");
    expect(linkLife({ ended_at: null, expires_at: 9 }, 5)).toBe("open");
    expect(userState({ state: "valid", expires_at: 4, refresh_expires_at: 9 }, 5)).toBe("refreshable");
    expect(userState({ state: "valid", expires_at: 4, refresh_expires_at: 5 }, 5)).toBe("over");
    expect(userState({ state: "over", expires_at: 9, refresh_expires_at: 9 }, 5)).toBe("over");
  });
});

describe("a link", () => {
  const user = { id: 7, component_appid: "wx9", appid: "wx1", openid: "o6_abc", unionid: null, scope: "snsapi_userinfo", snapshot: true, nickname: "微信用户", head_img_url: null } as OauthUser;
  const link: OauthLink = { state: "S1", component_appid: "wx9", appid: "wx1", scope: "userinfo", force_popup: false, force_snapshot: false, route: null, note: "", url: "https://open.weixin.qq.com/x", qr_svg: "<svg/>", callback_url: "https://cb.example.com/wechat/oauth/wx1", created_at: 1, expires_at: Date.now() + 60_000, ended_at: null, uses: 0, refused: 0, results: [] };

  it("shows who came back as soon as the change is told, with warnings, repeats and refusals", async () => {
    let now = link;
    let tell: (change: Change) => void = () => undefined;
    const call = vi.fn(async (name: string): Promise<unknown> => (name === "get_oauth_link" ? now : name === "end_oauth_link" ? (now = { ...now, ended_at: Date.now() }) : []));
    setHost({ kind: "mock", call, onChange: (listener: typeof tell) => ((tell = listener), () => undefined), onConnection: () => () => undefined } as unknown as Host);
    const off = followChanges({ onChange: (listener: typeof tell) => ((tell = listener), () => undefined) } as unknown as Host);
    const wrapper = show(LinkCard, { state: "S1", name: "花店" });
    await vi.waitFor(() => expect(wrapper.text()).toContain(zh.oauth.waiting));
    now = { ...link, uses: 1, refused: 1, results: [{ at: 3, user: null, refused: true, error: null, repeats: 0 }, { at: 2, user, refused: false, error: null, repeats: 2 }, { at: 1, user: null, refused: false, repeats: 0, error: { code: 40163, message: "code been used", at: 1, rid: "aaaaaaaa-bbbbbbbb-cccccccc", ip: null, advice: "", advice_zh: "这个 code 用过了。" } }] };
    tell({ tags: ["oauth"] });
    await vi.waitFor(() => expect(wrapper.text()).toContain("o6_abc"));
    for (const words of [zh.oauth.snapshot_text, zh.oauth.refused, "这个 code 用过了。", "aaaaaaaa-bbbbbbbb-cccccccc", "2 次同一个 code"]) expect(wrapper.text()).toContain(words);
    await at(wrapper, "oauth-end").trigger("click");
    await at(wrapper, "yes").trigger("click");
    await flushPromises();
    expect(call).toHaveBeenCalledWith("end_oauth_link", { state: "S1" });
    await vi.waitFor(() => expect(at(wrapper, "oauth-link").attributes("data-life")).toBe("ended"));
    off();
  });
});

describe("business servers", () => {
  it("exchange at the address of the local API, with neither openid nor token in a URL", async () => {
    const wrapper = show(RoutesTab);
    await vi.waitFor(() => expect(at(wrapper, "exchange-curl").text()).toContain("http://127.0.0.1:8091/v1/oauth/exchange"));
    expect(exchangeCurl("127.0.0.1:9")).toContain('{"code":"CODE"}');
    await vi.waitFor(() => expect(wrapper.text()).toContain("会员中心"));
    for (const block of wrapper.findAll("pre").slice(0, 2)) expect(block.text()).not.toMatch(/openid|token/i);
    expect(wrapper.text()).toContain(zh.oauth.how_safe);
  });
});

describe("page errors", () => {
  it("are searched, also from what the checker found", async () => {
    const wrapper = show(ErrorsTab);
    await vi.waitFor(() => expect(wrapper.findAll("tbody tr").length).toBe(11));
    await at(wrapper, "oauth-errors-search").setValue("快照");
    expect(wrapper.findAll("tbody tr").length).toBe(0);
    await at(wrapper, "checker-input").setValue("https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fa.example.com&response_type=code&scope=snsapi_base&state=#wechat_redirect");
    expect(at(wrapper, "checker-verdict").attributes("data-errors")).toBe("1");
    await wrapper.get("button.page").trigger("click");
    expect(wrapper.findAll("tbody tr").map((row) => row.get("th").text())).toEqual(["10013"]);
  });
});

describe("a mini-program login", () => {
  it("is not sent without an account and a code", async () => {
    const call = vi.spyOn(host, "call");
    const wrapper = show(LoginTab);
    await wrapper.get("form").trigger("submit");
    expect(wrapper.text()).toContain(zh.oauth.account_required);
    expect(wrapper.text()).toContain(zh.oauth.rule.required);
    expect(call.mock.calls.map(([name]) => name)).not.toContain("mini_login");
  });
});

describe("the two access tokens", () => {
  it.each(["interface", "oauth"] as const)("are told apart where the %s one is meant", async (here) => {
    const wrapper = (shown = mount(TokenKindNote, { props: { here }, global, attachTo: document.body }) as unknown as VueWrapper);
    await at(wrapper, "token-kind-open").trigger("click");
    const card = document.querySelector('[data-testid="token-kinds"]')?.textContent ?? "";
    for (const words of ["cgi-bin/stable_token", "api_authorizer_token", "sns/oauth2/access_token", "40001", "48001", "component_verify_ticket"]) expect(card).toContain(words);
  });
});
