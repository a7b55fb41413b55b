/** The link checker: each rule of WeChat's authorize page, and that a repaired link has no error left. */
import { describe, expect, it } from "vitest";
import { readOauthLink, type LinkFault } from "../src/lib/oauthlink";

const A = "wx0123456789abcdef";
const C = "wxfedcba9876543210";
const URI = "https%3A%2F%2Fwww.example.com%2Fwechat%2Foauth%3Ffrom%3Dmenu%26n%3D1";
const link = (query: string, fragment = "#wechat_redirect", path = "/connect/oauth2/authorize"): string => `https://open.weixin.qq.com${path}?${query}${fragment}`;
const GOOD = link(`appid=${A}&redirect_uri=${URI}&response_type=code&scope=snsapi_userinfo&state=S1`);
const faults = (text: string): LinkFault[] => readOauthLink(text)?.findings.map((one) => one.code) ?? [];

describe("a link that WeChat takes", () => {
  it.each([
    ["plain", GOOD],
    ["by a platform", GOOD.replace("#", `&component_appid=${C}#`)],
    ["with switches before and after", GOOD.replace("#", `&forcePopup=true&component_appid=${C}&forceSnapShot=true#`)],
    ["with the community's addition", GOOD.replace("#", "&connect_redirect=1#")],
    ["website login", link(`appid=${A}&redirect_uri=${URI}&response_type=code&scope=snsapi_login&state=S1`, "#wechat_redirect", "/connect/qrconnect")],
  ])("%s", (_, text) => {
    expect(faults(text)).toEqual([]);
    expect(readOauthLink(text)?.fixed).toBeNull();
  });

  it("is read into its parts", () => {
    expect(readOauthLink(GOOD)?.parts[1]).toEqual({ name: "redirect_uri", value: "https://www.example.com/wechat/oauth?from=menu&n=1" });
  });

  it("is no link when there is none", () => {
    expect(readOauthLink("  ")).toBeNull();
    expect(faults("wechat oauth")).toEqual(["not_link"]);
  });
});

describe("what is wrong", () => {
  const cases: [string, string, LinkFault][] = [
    ["no #wechat_redirect", GOOD.replace("#wechat_redirect", ""), "fragment_missing"],
    ["another fragment", GOOD.replace("#wechat_redirect", "#/home"), "fragment_wrong"],
    ["its case", GOOD.replace("#wechat_redirect", "#Wechat_Redirect"), "fragment_wrong"],
    ["parameters after the fragment", `${GOOD}&component_appid=${C}`, "fragment_early"],
    ["order", link(`redirect_uri=${URI}&appid=${A}&response_type=code&scope=snsapi_base&state=S1`), "order"],
    ["a switch before state", link(`appid=${A}&redirect_uri=${URI}&response_type=code&scope=snsapi_base&forcePopup=true&state=S1`), "order"],
    ["a name's case", GOOD.replace("appid=", "appId="), "case"],
    ["the path's case", GOOD.replace("oauth2", "OAuth2"), "path_case"],
    ["another path", GOOD.replace("authorize", "access_token"), "path"],
    ["http", GOOD.replace("https://open", "http://open"), "scheme"],
    ["the API's host", GOOD.replace("open.weixin", "api.weixin"), "host"],
    ["HTML", GOOD.replaceAll("&", "&amp;"), "entity"],
    ["a blank", GOOD.replace("&scope", "\n&scope"), "blank"],
    ["a name twice", GOOD.replace("&state", "&scope=snsapi_base&state"), "twice"],
    ["a name nobody knows", GOOD.replace("#", "&utm=1#"), "unknown"],
    ["an appid of another kind", GOOD.replace(A, "APPID"), "appid_form"],
    ["redirect_uri as it is", GOOD.replace(URI, "https://www.example.com/a"), "uri_raw"],
    ["redirect_uri's own parameters", GOOD.replace(URI, "https://www.example.com/a?b=1&c=2"), "uri_split"],
    ["redirect_uri encoded twice", GOOD.replace(URI, encodeURIComponent(URI)), "uri_twice"],
    ["redirect_uri is no address", GOOD.replace(URI, "www.example.com"), "uri_bad"],
    ["http page", GOOD.replace("https%3A", "http%3A"), "uri_http"],
    ["an IP", GOOD.replace("www.example.com", "192.168.1.4"), "uri_host"],
    ["response_type", GOOD.replace("=code", "=token"), "response_type"],
    ["an unknown scope", GOOD.replace("snsapi_userinfo", "userinfo"), "scope_unknown"],
    ["a scope's case", GOOD.replace("snsapi_userinfo", "snsapi_userInfo"), "scope_case"],
    ["a website's scope for an account", GOOD.replace("snsapi_userinfo", "snsapi_login"), "scope_account"],
    ["an account's scope for a website", GOOD.replace("oauth2/authorize", "qrconnect"), "scope_website"],
    ["letters in state", GOOD.replace("state=S1", "state=a-b"), "state_form"],
    ["Chinese in state", GOOD.replace("state=S1", `state=${encodeURIComponent("店")}`), "state_form"],
    ["a long state", GOOD.replace("state=S1", `state=${"a".repeat(129)}`), "state_long"],
    ["component_appid before state", GOOD.replace("&state", `&component_appid=${C}&state`), "component_place"],
    ["component_appid is the account", GOOD.replace("#", `&component_appid=${A}#`), "component_same"],
    ["component_appid's form", GOOD.replace("#", "&component_appid=COMPONENT#"), "component_form"],
    ["component_appid for a website", link(`appid=${A}&redirect_uri=${URI}&response_type=code&scope=snsapi_login&state=S1&component_appid=${C}`, "#wechat_redirect", "/connect/qrconnect"), "component_login"],
    ["a switch's value", GOOD.replace("#", "&forcePopup=1#"), "flag"],
  ];
  it.each(cases)("%s", (_, text, code) => expect(faults(text)).toContain(code));

  it.each(["appid", "redirect_uri", "response_type", "scope", "state"])("says that %s is missing or empty", (name) => {
    const without = GOOD.replace(new RegExp(`${name}=[^&#]*&?`), "");
    expect(readOauthLink(without)?.findings).toContainEqual(expect.objectContaining({ code: "missing", named: { name } }));
    expect(readOauthLink(GOOD.replace(new RegExp(`${name}=[^&#]*`), `${name}=`))?.findings).toContainEqual(expect.objectContaining({ code: "empty", named: { name } }));
  });

  it("names what WeChat's page would show", () => {
    const codes = (text: string): (number | undefined)[] => readOauthLink(text)?.findings.map((one) => one.page) ?? [];
    expect(codes(GOOD.replace("state=S1", "state="))).toContain(10013);
    expect(codes(GOOD.replace("scope=snsapi_userinfo&", ""))).toContain(10010);
    expect(codes(GOOD.replace("snsapi_userinfo", "profile"))).toContain(10005);
  });
});

describe("putting right", () => {
  it.each([
    GOOD.replace("#wechat_redirect", ""),
    `${GOOD.replace("appid=", "AppId=")}&component_appid=${C}`,
    link(`state=a-b-c&scope=SNSAPI_BASE&response_type=code&appid=${A}&redirect_uri=https://www.example.com/a?b=1&c=2&component_appid=${C}`),
    GOOD.replace("state=S1", `state=${"x".repeat(200)}`),
    GOOD.replace(URI, encodeURIComponent(URI)).replaceAll("&", "&amp;"),
  ])("leaves no error: %s", (text) => {
    const fixed = readOauthLink(text)?.fixed ?? "";
    expect(readOauthLink(fixed)?.findings.filter((one) => one.severity === "error")).toEqual([]);
  });

  it("gives a page's own parameters back to it", () => {
    const fixed = readOauthLink(GOOD.replace(URI, "https://www.example.com/a?b=1&c=2"))?.fixed;
    expect(fixed).toContain(`redirect_uri=${encodeURIComponent("https://www.example.com/a?b=1&c=2")}&response_type`);
  });

  it("does not guess what only a person knows", () => {
    expect(readOauthLink(GOOD.replace("state=S1", "state="))?.fixed).toBeNull();
    expect(readOauthLink(GOOD.replace(A, "APPID"))?.fixed).toBeNull();
    expect(readOauthLink(GOOD.replace("snsapi_userinfo", "profile"))?.fixed).toBeNull();
  });
});
