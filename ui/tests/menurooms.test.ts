/** Menus outside of the editor: paths, states, plans, versions, values of templates. What is decided without the engine. */
import { describe, expect, it } from "vitest";
import type { MenuSet, MenuState, MenuVersion } from "../src/host";
import { lastError } from "../src/host/mock/data";
import { API_SET, liveOf, WEBSITE_SET } from "../src/host/mock/menudata";
import { insertInto } from "../src/lib/menu/insert";
import { buttonAt, canonical, countButtons, nameOf, numberOf, parsePath, sameMenus } from "../src/lib/menu/paths";
import { draftWord, inTab, liveWord, marksOf, nothingToDo, planOf, provedAt, summarize, versionWord, whoOf } from "../src/lib/menu/rooms";
import { fill, parseSheet, paste, toSend, unknownVariables, usedVariables, variableRule } from "../src/lib/menu/sheet";
import { ruleWords } from "../src/lib/menu/words";

const NOW = 1_700_000_000_000;
const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const none: MenuSet = { button: [], conditional: [], replies: [] };
const version = (more: Partial<MenuVersion> = {}): MenuVersion => ({ id: 3, at: NOW, ended_at: NOW + 900, who: "window", cause: "draft", from: null, state: "live", resumable: false, set: null, steps: [], fault: null, buttons: 1, conditional: 0, ...more });
const state = (more: Partial<MenuState> = {}): MenuState => ({
  component_appid: "wx1",
  appid: "wx2",
  nick_name: "店",
  tenant: null,
  abilities: { authorized: true, publish: true, read: true, verified: true, service: true },
  draft: { set: none, revision: 0, saved_at: null },
  live: null,
  last_version: null,
  original: null,
  original_error: null,
  ...more,
});

describe("paths", () => {
  it.each([
    ["button[0]", "1"],
    ["button[1].sub_button[2].url", "2.3"],
    ["conditional[1].button[0].name", "1"],
    ["conditional[1].matchrule", ""],
    ["", ""],
  ])("%s is number %s", (path, number) => expect(numberOf(path)).toBe(number));

  it("lead to the button and its member", () => {
    expect(nameOf(buttonAt(API_SET, "button[0].sub_button[1].url"))).toBe("储值卡");
    expect(nameOf(buttonAt(API_SET, "conditional[0].button[1]"))).toBe("专属客服");
    expect(buttonAt(API_SET, "button[7]")).toBeUndefined();
    expect(parsePath("conditional[2].matchrule")).toEqual({ place: { menu: "conditional", index: 2 }, top: null, sub: null, field: "matchrule" });
    expect(parsePath("nonsense")).toBeNull();
  });

  it("count sub-buttons", () => expect(countButtons(API_SET.button)).toBe(10));
});

describe("two menus", () => {
  it("are the same whatever the order of members, empty sub_button, names and numbers of rules", () => {
    const other = copy(API_SET);
    other.button = other.button.map((own) => Object.fromEntries(Object.entries(own as object).reverse()));
    (other.button[2] as Record<string, unknown>).sub_button = [];
    other.conditional[0] = { ...other.conditional[0], name: "", matchrule: { group_id: 101 }, menuid: "9" };
    expect(sameMenus(API_SET, other)).toBe(true);
  });

  it("differ by the order of buttons and of conditional menus", () => {
    expect(sameMenus(API_SET, { ...API_SET, button: [...API_SET.button].reverse() })).toBe(false);
    expect(sameMenus(API_SET, { ...API_SET, conditional: [...API_SET.conditional].reverse() })).toBe(false);
  });

  it("are written the same", () => expect(canonical({ b: 1, a: [{ d: null, c: "x" }] })).toBe(canonical({ a: [{ c: "x" }], b: 1 })));
});

describe("the state of an account", () => {
  it.each([
    ["never", {}],
    ["unreadable", { original_error: lastError(48001, NOW) }],
    ["website", { live: liveOf(0, NOW) }],
    ["api", { live: liveOf(1, NOW) }],
    ["none", { live: liveOf(2, NOW) }],
    ["off", { live: { ...liveOf(1, NOW), is_open: false } }],
  ] as const)("is live: %s", (word, more) => expect(liveWord(state(more))).toBe(word));

  it.each([
    ["empty", {}],
    ["differs", { draft: { set: WEBSITE_SET, revision: 2, saved_at: NOW } }],
    ["same", { live: liveOf(1, NOW), draft: { set: API_SET, revision: 2, saved_at: NOW } }],
    ["publishing", { last_version: version({ state: "publishing" }) }],
    ["interrupted", { last_version: version({ state: "failed", resumable: true }) }],
    ["failed", { last_version: version({ state: "failed" }) }],
  ] as const)("is draft: %s", (word, more) => expect(draftWord(state(more))).toBe(word));

  it("stands under its tabs", () => {
    const failed = summarize(state({ live: liveOf(1, NOW), last_version: version({ state: "failed", fault: { error: lastError(40018, NOW), suspects: [] } }) }));
    expect(failed.errcode).toBe(40018);
    expect(inTab(failed, "failed")).toBe(true);
    expect(inTab(failed, "live")).toBe(true);
    expect(inTab(summarize(state()), "never")).toBe(true);
  });
});

describe("the plan", () => {
  const with_ = (...conditional: MenuSet["conditional"]): MenuSet => ({ ...API_SET, conditional });
  const [a, b, c] = API_SET.conditional;

  it("is nothing when all is the same", () => expect(nothingToDo(planOf(API_SET, copy(API_SET)))).toBe(true));
  it("keeps the common tail and does the rest anew", () => {
    expect(planOf(with_(a, b, c), with_(b, c))).toMatchObject({ default: "none", kept: 2, deleted: 1, added: 0 });
    expect(planOf(with_(b, c), with_(a, b, c))).toMatchObject({ kept: 2, deleted: 0, added: 1 });
    // The oldest changed: nothing above it can stay.
    expect(planOf(with_(a, b, c), with_(a, b, { ...c, matchrule: { tag_id: 7 } }))).toMatchObject({ kept: 0, deleted: 3, added: 3 });
  });
  it("creates, replaces and deletes the default menu", () => {
    expect(planOf(null, API_SET).default).toBe("create");
    expect(planOf(API_SET, { ...API_SET, button: API_SET.button.slice(1) }).default).toBe("replace");
    expect(planOf(API_SET, none)).toMatchObject({ default: "delete", takenAlong: 3, deleted: 0 });
  });
});

describe("versions", () => {
  it("say who, and what became of them", () => {
    expect(whoOf("api:CRM")).toEqual({ kind: "api", name: "CRM" });
    expect(whoOf("window")).toEqual({ kind: "window", name: "" });
    expect(whoOf("robot:1")).toEqual({ kind: "other", name: "robot:1" });
    expect(versionWord(version({ state: "publishing", resumable: true }))).toBe("interrupted");
    expect(versionWord(version({ state: "superseded", resumable: true }))).toBe("superseded");
  });
  it("are proved by the last read-back", () => {
    const step = (act: string, done_at: number | null) => ({ act, place: null, menuid: null, done_at, found_done: false });
    expect(provedAt(version({ steps: [step("create", NOW), step("read_back", NOW + 5)] }))).toBe(NOW + 5);
    expect(provedAt(version({ steps: [step("create", NOW), step("read_back", null)] }))).toBeNull();
  });
  it("mark both sides of a difference", () => {
    const changes = [{ kind: "moved" as const, left: "button[0]", right: "button[1]", name: "x", fields: [] }, { kind: "added" as const, left: null, right: "button[2]", name: "y", fields: [] }];
    expect([...marksOf(changes, "left")]).toEqual([["button[0]", "moved"]]);
    expect(marksOf(changes, "right").get("button[2]")).toBe("added");
  });
});

describe("rules in words", () => {
  const t = (key: string, named?: Record<string, unknown>): string => `${key.split(".").pop()}${named ? ` ${named.id}` : ""}`;
  it.each([
    [{ tag_id: 101 }, "tag 101"],
    [{ group_id: "2", client_platform_type: 2 }, "tag 2 · Android"],
    [{ country: "中国", sex: "1" }, "country 中国 · sex 1"],
    [{}, ""],
  ])("%o", (rule, words) => expect(ruleWords(rule, t)).toBe(words));
});

describe("variables", () => {
  it.each([
    ["", "required"],
    ["门店", "format"],
    ["name", "built_in"],
    ["city", "taken"],
    ["phone_2", null],
  ])("%s: %s", (name, rule) => expect(variableRule(name, ["city"])).toBe(rule));

  const set: MenuSet = { button: [{ type: "view", name: "{{name}}", url: "https://x/{{city}}?a={{ appid }}" }], conditional: [], replies: [{ key: "K", kind: "text", content: "{{phone}}", news: null }] };
  it("are found in every text", () => {
    expect(usedVariables(set)).toEqual(["name", "city", "appid", "phone"]);
    expect(unknownVariables({ set, variables: [{ name: "city", label: "", default: null }] })).toEqual(["phone"]);
  });
  it("are filled where a value is", () => expect(fill(set, { name: "店", city: "sh", appid: "wx1" })).toMatchObject({ button: [{ name: "店", url: "https://x/sh?a=wx1" }], replies: [{ content: "{{phone}}" }] }));
});

describe("a sheet", () => {
  const rows = [{ key: "p/wx1", appid: "wx1", name: "一店" }, { key: "p/wx2", appid: "wx2", name: "二店" }, { key: "p/wx3", appid: "wx3", name: "二店" }];
  const variables = [{ name: "city", label: "城市", default: "sh" }, { name: "phone", label: "电话", default: null }];

  it("splits cells by tabs, or by commas without any", () => {
    expect(parseSheet("a\tb,c\r\nd\t\r\n\r\n")).toEqual([["a", "b,c"], ["d", ""]]);
    expect(parseSheet('"a, ""x""\ny",b')).toEqual([['a, "x"\ny', "b"]]);
  });
  it("goes down and right from the cell, and drops what is beyond", () => {
    const done = paste({}, rows, variables, "bj\t1\t9\ngz\t2\n", { row: 1, column: 0 });
    expect(done.values).toEqual({ "p/wx2": { city: "bj", phone: "1" }, "p/wx3": { city: "gz", phone: "2" } });
    expect(done.filled).toBe(4);
  });
  it("finds accounts by AppID or name when headings say so, and names those it cannot", () => {
    const done = paste({ "p/wx1": { city: "old" } }, rows, variables, "公众号\t电话\t城市\nwx2\t22\tbj\n一店\t11\tgz\n二店\t0\tx\nwx9\t1\ty", { row: 2, column: 1 });
    expect(done.values).toEqual({ "p/wx1": { city: "gz", phone: "11" }, "p/wx2": { city: "bj", phone: "22" } });
    expect(done.unknown).toEqual(["二店", "wx9"]);
  });
  it("sends only what says something", () => expect(toSend({ "p/wx1": { city: "", phone: "1", gone: "x" }, "p/wx9": { city: "z" } }, ["p/wx1", "p/wx2"], variables)).toEqual({ "p/wx1": { phone: "1" } }));
});

describe("inserting a variable", () => {
  it("replaces the selection and is heard as typed", () => {
    document.body.innerHTML = '<input id="f" value="ab" /><input id="r" readonly /><button id="b"></button>';
    const field = document.getElementById("f") as HTMLInputElement;
    let heard = "";
    field.addEventListener("input", () => (heard = field.value));
    field.setSelectionRange(1, 1);
    expect(insertInto(field, "{{x}}")).toBe(true);
    expect(heard).toBe("a{{x}}b");
    expect(insertInto(document.getElementById("r"), "x")).toBe(false);
    expect(insertInto(document.getElementById("b"), "x")).toBe(false);
  });
});
