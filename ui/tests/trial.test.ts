/** "Try the API" without a window: typed paths, fields and body in step, curl, JSON that keeps its digits. */
import { describe, expect, it } from "vitest";
import type { ApiField, ApiForm } from "../src/host";
import { foldable, isHidden, nodeAt, packJson, readJson, textNode, treeLines, withNode, writeJson, type JsonNode } from "../src/lib/jsontree";
import { answerName, bodyValue, curlOf, fieldRule, findForms, firstBody, grouped, outcome, typedCall, unfit, withBodyValue } from "../src/lib/trial";

const BIG = '{"errcode":0,"msgid":20022833200228332002,"list":[1.50,{"a/b":"***"}],"none":{}}';
const read = (text: string): JsonNode => readJson(text) as JsonNode;

describe("JSON as it was written", () => {
  it("keeps digits and order", () => {
    expect(packJson(read(BIG))).toBe(BIG);
    expect(writeJson(read('{"b":[],"a":{"c":1}}'))).toBe('{\n  "b": [],\n  "a": {\n    "c": 1\n  }\n}');
    expect(readJson('{"a":}')).toBeNull();
  });

  it("finds and changes by pointer", () => {
    const node = read(BIG);
    expect(nodeAt(node, "/list/1/a~1b")).toEqual({ kind: "string", raw: '"***"' });
    expect(nodeAt(node, "/list/7/x")).toBeUndefined();
    expect(packJson(withNode(node, "/list/0", textNode("x")))).toContain('"list":["x",{"a/b"');
    expect(packJson(withNode(read("{}"), "/text/content", textNode("你好")))).toBe('{"text":{"content":"你好"}}');
    expect(packJson(withNode(read("{}"), "/news/articles/0/title", textNode("t")))).toBe('{"news":{"articles":[{"title":"t"}]}}');
    expect(packJson(withNode(read('{"a":1,"b":2}'), "/a", undefined))).toBe('{"b":2}');
    expect(packJson(withNode(read("{}"), "/a/b", undefined))).toBe("{}");
  });

  it("becomes lines that fold", () => {
    const all = treeLines(read(BIG), new Set());
    expect(all.map((line) => line.type)).toEqual(["open", "leaf", "leaf", "open", "leaf", "open", "leaf", "end", "end", "leaf", "end"]);
    expect(all[6]).toMatchObject({ path: "/list/1/a~1b", depth: 3, key: "a/b", hidden: true });
    const folded = treeLines(read(BIG), new Set(["/list"]));
    expect(folded[3]).toMatchObject({ type: "fold", text: "[…]", n: 2, comma: true });
    expect(foldable(read(BIG), 1)).toEqual(["/list", "/list/1"]);
    expect(isHidden(read('"***"'))).toBe(true);
  });
});

describe("a typed call", () => {
  it.each([
    ["user/info", "/cgi-bin/user/info"],
    ["/cgi-bin/user/info", "/cgi-bin/user/info"],
    ["cgi-bin/menu/get", "/cgi-bin/menu/get"],
    ["POST wxa/getwxacode", "/wxa/getwxacode"],
    ["https://api.weixin.qq.com/sns/userinfo?openid=1", "/sns/userinfo"],
  ])("%s", (text, path) => expect(typedCall(text)?.path).toBe(path));

  it("is none when it is a word", () => {
    for (const text of ["menu", "发 消息", "", "a//b", "https://x"]) expect(typedCall(text)).toBeNull();
  });

  it("keeps the query and drops a token", () => {
    expect(typedCall("https://api.weixin.qq.com/cgi-bin/user/info?access_token=87_secret&openid=o1&lang=zh_CN")?.query).toEqual([{ name: "openid", value: "o1" }, { name: "lang", value: "zh_CN" }]);
  });
});

const field = (over: Partial<ApiField>): ApiField => ({ name: "/x", place: "body", kind: "text", label: { zh: "", en: "" }, help: { zh: "", en: "" }, required: false, default: "", choices: [], ...over });
const form = (over: Partial<ApiForm>): ApiForm => ({ id: "f", group: "user", name: { zh: "查询用户", en: "User info" }, about: { zh: "", en: "" }, method: "GET", path: "/cgi-bin/user/info", sets: [2], kinds: ["official_account"], changes: false, body: "", fields: [], ...over });

describe("forms", () => {
  const all = [form({}), form({ id: "g", group: "message", path: "/cgi-bin/message/custom/send", name: { zh: "发客服消息", en: "Send" } }), form({ id: "h", group: "other" })];
  it("are found by path and name", () => {
    expect(findForms(all, "user/info").map((one) => one.id)).toEqual(["f", "h"]);
    expect(findForms(all, "客服").map((one) => one.id)).toEqual(["g"]);
    expect(findForms(all, "https://api.weixin.qq.com/cgi-bin/message/custom/send?x=1").map((one) => one.id)).toEqual(["g"]);
  });
  it("are grouped, unknown groups last", () => expect(grouped(all).map((one) => one.group)).toEqual(["message", "user", "other"]));

  it("suggest where the body has nothing", () => {
    const own = form({ body: '{"touser":"","msgtype":"text","text":{"content":""}}', fields: [field({ name: "/text/content", default: "你好" }), field({ name: "/msgtype", default: "image" })] });
    expect(JSON.parse(firstBody(own))).toEqual({ touser: "", msgtype: "text", text: { content: "你好" } });
    expect(firstBody(form({}))).toBe("");
  });

  it("stay in step with the body", () => {
    const id = field({ name: "/msg/id", kind: "number" });
    const body = withBodyValue('{"msg":{"id":20022833200228332002}}', field({ name: "/to", required: true }), "o1");
    expect(body).toContain("20022833200228332002");
    expect(bodyValue(readJson(body), id)).toBe("20022833200228332002");
    expect(withBodyValue("{}", id, "7")).toContain('"id": 7');
    expect(withBodyValue("{}", id, "7x")).toContain('"id": "7x"');
    expect(withBodyValue('{"msg":{"id":7}}', id, "")).not.toContain("id");
    expect(withBodyValue("{bad", id, "7")).toBe("{bad");
    expect(withBodyValue("{}", field({ kind: "flag" }), "true")).toContain('"x": true');
    expect(withBodyValue("{}", field({ kind: "json" }), "[1]")).toContain('"x": [\n');
  });

  it("say which rule is broken", () => {
    expect(fieldRule({ kind: "text", required: true }, " ")).toBe("required");
    expect(fieldRule({ kind: "number", required: false }, "1x")).toBe("number");
    expect(fieldRule({ kind: "json", required: false }, "{")).toBe("json");
    expect(fieldRule({ kind: "text", required: false }, "")).toBeNull();
  });

  it("warn where the account lacks every set, but not a directly connected one", () => {
    const account = { connection: "authorized", scopes: [1, 3], kind: "official_account" } as const;
    expect(unfit(form({}), { ...account, scopes: [1, 3] })).toBe("sets");
    expect(unfit(form({ sets: [2, 3] }), { ...account, scopes: [1, 3] })).toBeNull();
    expect(unfit(form({}), { ...account, scopes: [], connection: "own_secret" })).toBeNull();
    expect(unfit(form({ sets: [] }), { ...account, scopes: [] })).toBeNull();
    expect(unfit(form({}), { ...account, scopes: [], kind: "mini_program" })).toBe("kind");
  });
});

describe("curl", () => {
  const base = { method: "GET" as const, path: "/cgi-bin/user/info", query: [{ name: "openid", value: "o 1&" }], body: "", parts: [], file: null };
  it("has the token's place and no token", () => expect(curlOf(base)).toBe('curl "https://api.weixin.qq.com/cgi-bin/user/info?access_token=$ACCESS_TOKEN&openid=o%201%26"'));
  it("quotes a body for a shell", () => expect(curlOf({ ...base, method: "POST", query: [], body: `{"a":"it's $5"}` })).toContain(`-d '{"a":"it'\\''s $5"}'`));
  it("sends a file and its texts", () => {
    const text = curlOf({ ...base, method: "POST", query: [], parts: [{ name: "description", value: "{}" }], file: { field: "media", name: 'a"b.jpg' } });
    expect(text).toContain("--form-string 'description={}'");
    expect(text).toContain(`-F 'media=@"a\\"b.jpg"'`);
    expect(text).not.toContain("-d ");
  });
});

describe("an answer", () => {
  const error = { code: 0, message: "", at: 0, rid: null, ip: null, advice: "", advice_zh: "" };
  it("is judged by its errcode, then by whether it came", () => {
    expect(outcome({ errcode: 0, status: 200, error: null })).toBe("ok");
    expect(outcome({ errcode: null, status: 200, error: null })).toBe("ok");
    expect(outcome({ errcode: 40001, status: 200, error })).toBe("refused");
    expect(outcome({ errcode: null, status: null, error })).toBe("failed");
    expect(outcome({ errcode: null, status: 502, error: null })).toBe("failed");
  });
  it("has a file name", () => expect(answerName({ path: "/cgi-bin/user/info", id: 7 }, "json")).toBe("wxdesk-cgi-bin-user-info-7.json"));
});
