/** JS-SDK: what a paste holds, what is written for a page, and where two addresses part. */
import { describe, expect, it } from "vitest";
import { createMockHost } from "../src/host/mock";
import { OWN_IDS } from "../src/host/mock/own";
import { apiNames, configBlock, isPageUrl, parseConfig, parted, signCurl } from "../src/pages/jssdk/config";

describe("a pasted block", () => {
  const want = { app_id: "wx3f8c21d07ae94b56", timestamp: "1414587457", nonce_str: "Wm3WZYTPz0wzccnW", signature: "0f9de62fce790f9a083d5c99e95740ceb90c27ed" };

  it("is read as JavaScript, with comments, either quote, and numbers", () => {
    expect(parseConfig(`// appId: 'wxold'\nwx.config({\n  debug: true, // calls alert\n  appId: 'wx3f8c21d07ae94b56',\n  timestamp: 1414587457 ,\n  nonceStr: "Wm3WZYTPz0wzccnW",\n  signature: \`0f9de62fce790f9a083d5c99e95740ceb90c27ed\`,\n  jsApiList: ['chooseImage']\n});`)).toEqual(want);
  });

  it("is read as JSON, also with the names that servers use", () => {
    expect(parseConfig(JSON.stringify({ appId: want.app_id, timestamp: 1414587457, nonceStr: want.nonce_str, signature: want.signature, url: "https://m.example.com/a?b=1" }))).toEqual({ ...want, url: "https://m.example.com/a?b=1" });
    expect(parseConfig('{"noncestr":"x","timestamp":"12"}')).toEqual({ nonce_str: "x", timestamp: "12" });
  });

  it("holds nothing when it is something else", () => {
    expect(parseConfig("invalid signature")).toEqual({});
    expect(parseConfig("mysignature: 'abc'")).toEqual({});
  });
});

describe("what is written", () => {
  it("is a block that reads back", () => {
    const block = configBlock({ appId: "wx1", timestamp: 12, nonceStr: "n", signature: "s" }, ["chooseImage"], false);
    expect(block).toContain('jsApiList: [\n    "chooseImage",\n  ]');
    expect(parseConfig(block)).toEqual({ app_id: "wx1", timestamp: "12", nonce_str: "n", signature: "s" });
  });

  it("is a command whose address survives the shell", () => {
    expect(signCurl("127.0.0.1:8091", "wx1", null, "https://a.b/?x=it's&y=1")).toContain(`--data-urlencode 'url=https://a.b/?x=it'\\''s&y=1'`);
    expect(signCurl("127.0.0.1:8091", "wx1", "wx2", "https://a.b/")).toContain("-d platform=wx2");
    expect(signCurl("127.0.0.1:8091", "wx1", null, "https://a.b/")).not.toContain("platform");
  });

  it("takes names between commas, blanks and quotes once", () => {
    expect(apiNames(`['a', "b"]，a\nc`)).toEqual(["a", "b", "c"]);
  });
});

it("an address is whole or it is none", () => {
  expect(isPageUrl("https://m.example.com/a#b")).toBe(true);
  expect(isPageUrl("m.example.com/a")).toBe(false);
  expect(isPageUrl("javascript:alert(1)")).toBe(false);
});

it("two texts part where they differ, and only there", () => {
  const [was, needed] = parted("http://a.b/c?d=1", "https://a.b/c?d=1");
  expect(was).toEqual({ before: "http", middle: "", after: "://a.b/c?d=1" });
  expect(needed.middle).toBe("s");
  expect(parted("aa", "aaa")[1]).toEqual({ before: "aa", middle: "a", after: "" });
});

it("a signature is only held against its own page", async () => {
  const host = createMockHost("healthy");
  const whose = { component_appid: OWN_IDS.service, appid: OWN_IDS.service };
  const signed = await host.call("sign_page", { ...whose, url: "https://m.example.com/a?b=1#c", nonce_str: "n", timestamp: 12 });
  expect(signed.url).toBe("https://m.example.com/a?b=1");
  const check = (url: string) => host.call("check_page", { ...whose, config: { url, timestamp: "12", nonce_str: "n", signature: signed.config.signature } });
  expect((await check("https://m.example.com/a?b=1#other")).ok).toBe(true);
  expect((await check("https://m.example.com/z")).ok).toBe(false);
});
