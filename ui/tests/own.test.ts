/** Directly connected accounts: what the form asks for and hands over, what a verification shows, and where they count. */
import { mount } from "@vue/test-utils";
import { createI18n } from "vue-i18n";
import { describe, expect, it, vi } from "vitest";
import { defineComponent, h } from "vue";
import { createMemoryHistory, createRouter } from "vue-router";
import { setHost, type Host, type OwnAccount, type OwnKind, type Overview, type UrlVerification } from "../src/host";
import { health, reasonKey, shownState, stateKey } from "../src/lib/health";
import { vTip } from "../src/lib/tip";
import zh from "../src/locales/zh-CN.json";
import { createMockHost } from "../src/host/mock";
import { token } from "../src/host/mock/data";
import { OWN_IDS } from "../src/host/mock/own";
import { fromAddress } from "../src/pages/accounts/filters";
import { FIELDS, ruleOf, toInput, useOwnForm, type OwnForm, type Values } from "../src/pages/own/form";
import { OWN_MIRROR, ownProofs, ownRowState } from "../src/pages/own/mirror";
import { comparedDigest, heardState, joinedParts, standing } from "../src/pages/own/verification";
import VerificationCard from "../src/pages/own/VerificationCard.vue";

const APPID = "wx0123456789abcdef";
const KEY = "a".repeat(43);
const fresh = (extra: Partial<Values> = {}): Values => ({
  name: "", appid: APPID, appsecret: "0123456789abcdef0123456789abcdef", public_base_url: "https://wx.example.com", verify_token: "abc123", encoding_aes_key: KEY, outbound_proxy: "", "endpoints.api": "https://api.weixin.qq.com", "endpoints.mp": "https://mp.weixin.qq.com", "endpoints.open": "https://open.weixin.qq.com",
  kind: "official_account", message_mode: "secure", token_mode: "stable", messages: true, ...extra,
});
const broken = (v: Values): string[] => FIELDS.filter((field) => ruleOf(field, v) !== null);

describe("the form", () => {
  it("wants address, Token and key only where messages come, and a key only where they come encrypted", () => {
    const bare = { public_base_url: "", verify_token: "", encoding_aes_key: "" };
    expect(broken(fresh())).toEqual([]);
    expect(broken(fresh(bare))).toEqual(["public_base_url", "verify_token", "encoding_aes_key"]);
    expect(broken(fresh({ ...bare, message_mode: "plain" }))).toEqual(["public_base_url", "verify_token"]);
    expect(broken(fresh({ ...bare, messages: false }))).toEqual([]);
    // A test account's page knows no encryption; a website application gets no pushes.
    expect(broken(fresh({ ...bare, kind: "test_account" }))).toEqual(["public_base_url", "verify_token"]);
    expect(broken(fresh({ ...bare, kind: "website_app" }))).toEqual([]);
  });

  it("sends a secret only when it was typed", () => {
    const stored = fresh({ appsecret: null, verify_token: null, encoding_aes_key: null, outbound_proxy: null });
    const input = toInput(stored, stored);
    for (const name of ["appsecret", "verify_token", "encoding_aes_key", "outbound_proxy"]) expect(input).not.toHaveProperty(name);
    // "Replace" opens an empty field: left empty, the stored one stays.
    expect(toInput({ ...stored, appsecret: "" }, stored)).not.toHaveProperty("appsecret");
    expect(toInput({ ...stored, appsecret: "new" }, stored).appsecret).toBe("new");
    expect(toInput({ ...stored, outbound_proxy: "" }, stored).outbound_proxy).toBe("");
  });

  it("leaves WeChat's hosts to the engine unless somebody changed one", () => {
    expect(toInput(fresh(), fresh())).not.toHaveProperty("endpoints");
    const changed = toInput(fresh({ "endpoints.api": "https://forward.example.com" }), fresh());
    expect(changed.endpoints).toEqual({ api: "https://forward.example.com", mp: "https://mp.weixin.qq.com", open: "https://open.weixin.qq.com" });
  });

  it("keeps what saving was refused for, although the check while typing finds nothing", async () => {
    vi.useFakeTimers();
    const call = vi.fn(async () => []);
    setHost({ kind: "mock", call } as unknown as Host);
    let form: OwnForm | undefined;
    const i18n = createI18n({ legacy: false, locale: "zh-CN", messages: { "zh-CN": zh } });
    const shown = mount(defineComponent({ setup: () => ((form = useOwnForm(() => false)), () => h("i")) }), { global: { plugins: [i18n] } });
    form?.firstBroken();
    form?.changed("appid");
    form?.takeServerErrors([{ field: "endpoints.api", rule: "sandbox", message: "no", message_zh: "不行" }]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(call).toHaveBeenCalled();
    expect(form?.error("endpoints.api")).toBe("不行");
    form?.changed("endpoints.api");
    expect(form?.error("endpoints.api")).toBeNull();
    shown.unmount();
    vi.useRealTimers();
  });

  it("takes the Token away when messages are switched off, and never says a mode that the kind does not know", () => {
    const stored = fresh({ appsecret: null, verify_token: null, encoding_aes_key: null });
    expect(toInput({ ...stored, messages: false }, stored)).toMatchObject({ verify_token: "", message_mode: "plain" });
    expect(toInput(fresh({ messages: false }), fresh({ verify_token: "" }))).not.toHaveProperty("verify_token");
    expect(toInput(fresh({ kind: "test_account" }), fresh()).message_mode).toBe("plain");
    const site = toInput(fresh({ kind: "website_app", token_mode: "classic" }), fresh());
    expect(site).toMatchObject({ message_mode: "plain", token_mode: "stable" });
    expect(site).not.toHaveProperty("encoding_aes_key");
  });

  it("mirrors the page of each kind", () => {
    const names = (kind: OwnKind): string[] => OWN_MIRROR[kind].flatMap((group) => group.rows.map((row) => row.name));
    expect(names("official_account")).toEqual(["appid", "appsecret", "ip", "url", "token", "aes_key", "mode", "js_domain", "oauth_domain"]);
    expect(names("test_account")).toEqual(["appid", "appsecret", "url", "token", "js_domain", "oauth_domain"]);
  });

  it("calls a row confirmed on WeChat's word alone, given after the save", () => {
    const own = { updated_at: 100, verified_at: 90, account: null } as unknown as OwnAccount;
    const url = OWN_MIRROR.official_account[1].rows[0];
    expect(ownRowState(url, { public_base_url: true }, ownProofs(own), false)).toBe("ready");
    const proven = ownProofs({ ...own, verified_at: 120 });
    expect(ownRowState(url, { public_base_url: true }, proven, false)).toBe("confirmed");
    expect(ownRowState(url, { public_base_url: true }, proven, true)).toBe("ready");
  });
});

describe("a URL verification", () => {
  const one: UrlVerification = { id: 1, at: 0, from: "", timestamp: "1714036504", nonce: "1514711492", echostr: "4375120948345356249", order: ["nonce", "timestamp", "token"], sent: "f464b24fc39322e44b38aa78f5edd27bd1441696", computed: "f464b24fc39322e44b38aa78f5edd27bd1441697", verdict: "wrong_token" };

  it("keeps the Token out until somebody asks for it", () => {
    expect(joinedParts(one, null).map((part) => part.text)).toEqual(["1514711492", "1714036504", null]);
    expect(joinedParts(one, "AAAAA").map((part) => part.text).join("")).toBe("15147114921714036504AAAAA");
  });

  it("marks only the digits that differ", () => {
    const pieces = comparedDigest(one.sent, one.computed);
    expect(pieces).toHaveLength(10);
    expect(pieces.filter((piece) => !piece.same).map((piece) => piece.text)).toEqual(["1696"]);
  });

  it("says which side to change, and shows the Token only while it is given", async () => {
    const i18n = createI18n({ legacy: false, locale: "zh-CN", messages: { "zh-CN": zh as never } });
    const router = createRouter({ history: createMemoryHistory(), routes: [{ path: "/:all(.*)*", component: { template: "<i />" } }] });
    const card = mount(VerificationCard, { props: { verification: one, token: null, tokenHint: "Tk3n", appid: APPID, verifiedAt: null as number | null }, global: { plugins: [i18n, router], directives: { tip: vTip } } });
    expect(card.text()).toContain("Token 不一致");
    expect(card.text()).toContain("多半改微信那边");
    expect(card.text()).not.toContain("AAAAA");
    await card.find("[data-testid=verification-reveal-1]").trigger("click");
    expect(card.emitted("reveal")).toHaveLength(1);
    await card.setProps({ token: "AAAAA" });
    expect(card.text()).toContain("15147114921714036504AAAAA");
    expect(card.findAll("[data-testid=digest-sent] .off")).toHaveLength(1);
    // Verified in between: a stranger's signature is nobody's mistake.
    await card.setProps({ verifiedAt: -1 });
    expect(card.text()).toContain("签名不同");
    expect(card.text()).not.toContain("多半改微信那边");
    expect(card.findAll("[data-testid=digest-sent] .off")).toHaveLength(0);
  });

  it("stays verified whatever strangers send afterwards", () => {
    expect(standing({ verdict: "wrong_token", at: 20 }, null)).toBe("open");
    expect(standing({ verdict: "wrong_token", at: 20 }, 10)).toBe("later");
    expect(standing({ verdict: "wrong_token", at: 5 }, 10)).toBe("earlier");
    expect(standing({ verdict: "passed", at: 20 }, 10)).toBe("open");
    expect(heardState(0, null, 1)).toBe("waiting");
    expect(heardState(3, null, 1)).toBe("again");
    expect(heardState(20, 10, 1)).toBe("passed");
    expect(heardState(20, 10, 11)).toBe("saved_since");
  });
});

describe("where they count", () => {
  const overview = (own: Overview["own"], platforms: Overview["platforms"] = []): Overview => ({ time: 0, needs: [], platforms, own, door: {} as Overview["door"], hours: [] });
  const chain = (failing: number): Overview["own"] => ({ accounts: { total: 3, authorized: 3 - failing, failing, needs_authorization: 0, unauthorized: 0 }, token_states: [], soonest: [] });

  it("the pill is green without any platform, and amber when one of them fails", () => {
    expect(health(overview(null)).tone).toBe("idle");
    expect(health(overview(chain(0)))).toMatchObject({ tone: "ok", trouble: null });
    expect(health(overview(chain(1)))).toMatchObject({ tone: "warn", trouble: { about: "accounts", n: 1 } });
  });

  it("an address can ask for them", () => {
    expect(fromAddress({ connection: "own_secret" })).toEqual({ connection: "own_secret" });
    expect(fromAddress({ connection: "else" })).toEqual({});
  });

  it("a ticket that is off, or waits for its account's token, says so", () => {
    expect(shownState(token(0, "missing", { reason_code: "switched_off" }), 0)).toBe("off");
    expect(shownState(token(0, "waiting", { reason_code: "account_token_missing" }), 0)).toBe("waiting_account");
    expect([stateKey("missing", true), reasonKey("no_token", true)]).toEqual(["jssdk.state.missing", "jssdk.reason.no_token"]);
    expect([stateKey("missing"), reasonKey("no_token"), stateKey("off", true), reasonKey("account_token_missing", true)]).toEqual(["state.missing", "reason.no_token", "state.off", "reason.account_token_missing"]);
  });

  it("the list gives those alone that came this way", async () => {
    const page = await createMockHost("rich").call("list_accounts", { query: { connection: "own_secret" } });
    expect(page.items.map((x) => x.appid)).toContain(OWN_IDS.service);
    expect(page.items.every((x) => x.connection === "own_secret" && x.component_appid === x.appid)).toBe(true);
  });
});
