/** What the menu editor decides without a window: where a drag lands, what arrows mean, where JSON breaks. */
import { describe, expect, it } from "vitest";
import type { MenuSet } from "../src/host";
import { API_SET } from "../src/host/mock/menudata";
import { conditionalDomains } from "../src/lib/menu/domains";
import { dropAt, type Box, type Drawn } from "../src/lib/menu/drop";
import { syntaxProblem, taken, takenText, toText, type ShapeProblem } from "../src/lib/menu/json";
import { fromSet, locate, type Menu } from "../src/lib/menu/model";
import { limitsOf } from "../src/lib/menu/types";
import { push, step } from "../src/lib/menu/walk";

const box = (left: number, top: number, width: number, height: number): Box => ({ left, top, right: left + width, bottom: top + height });

describe("dropping", () => {
  // Three cells of 100 at y 500, the second one's list of three rows above.
  const drawn: Drawn = {
    bar: box(0, 500, 300, 50),
    cells: ["a", "b", "c"].map((id, i) => ({ id, box: box(i * 100, 500, 100, 50) })),
    list: { parent: "b", box: box(80, 360, 140, 130), rows: [box(80, 360, 140, 43), box(80, 403, 140, 43), box(80, 446, 140, 43)] },
  };
  const sub = { id: "x", childless: true, barFull: false };
  it.each([
    ["left edge of a cell", 110, 520, sub, { parent: null, index: 1, into: false }],
    ["right edge of a cell", 295, 520, sub, { parent: null, index: 3, into: false }],
    ["middle of a cell", 150, 520, sub, { parent: "b", into: true }],
    ["left edge with a full bar", 205, 520, { ...sub, barFull: true }, { parent: "c", into: true }],
    ["a parent never goes in", 140, 520, { id: "a", childless: false, barFull: false }, { parent: null, index: 1, into: false }],
    ["onto itself", 60, 520, { id: "a", childless: true, barFull: false }, { parent: null, index: 1, into: false }],
    ["above the first row", 150, 358, sub, { parent: "b", index: 0, into: false }],
    ["between rows", 150, 430, sub, { parent: "b", index: 2, into: false }],
    ["below the last row", 150, 480, sub, { parent: "b", index: 3, into: false }],
    ["beside the bar", -10, 520, sub, { parent: null, index: 0, into: false }],
    ["far away", 150, 100, sub, null],
  ] as const)("%s", (_, x, y, dragged, expected) => {
    const target = dropAt(x, y, drawn, dragged);
    if (expected === null) expect(target).toBeNull();
    else expect(target).toMatchObject(expected);
  });
  it("does not offer an item's own list to itself", () => {
    expect(dropAt(150, 430, drawn, { id: "b", childless: false, barFull: false })).toBeNull();
  });
});

describe("arrows", () => {
  const { menus } = fromSet({ button: [{ name: "a", sub_button: [{ name: "a1" }, { name: "a2" }] }, { name: "b" }, { name: "c", sub_button: [{ name: "c1" }] }], conditional: [], replies: [] });
  const menu: Menu = menus[0];
  const [a, b, c] = menu.items;
  const [a1, a2] = a.children;
  it.each([
    [a.id, "ArrowRight", "b"], [a.id, "ArrowLeft", undefined], [a.id, "ArrowUp", "a2"], [a.id, "ArrowDown", undefined], [a2.id, "ArrowDown", "a"], [a2.id, "ArrowUp", "a1"], [a1.id, "ArrowUp", undefined],
    [a1.id, "ArrowRight", "b"], [c.id, "Home", "a"], [a.id, "End", "c"], [a2.id, "Home", "a1"], [a1.id, "End", "a2"], ["gone", "ArrowUp", "a"],
  ])("%s %s", (id, key, name) => expect(step(menu, id, key)?.raw.name).toBe(name));
  it.each([
    [a.id, "ArrowRight", { parent: null, index: 2 }], [a.id, "ArrowLeft", null], [c.id, "ArrowLeft", { parent: null, index: 1 }], [b.id, "ArrowUp", { parent: a.id, index: 2 }], [b.id, "ArrowDown", null],
    [a1.id, "ArrowDown", { parent: a.id, index: 2 }], [a2.id, "ArrowDown", { parent: null, index: 1 }], [a2.id, "ArrowUp", { parent: a.id, index: 0 }], [a1.id, "ArrowUp", null], [a2.id, "ArrowRight", { parent: b.id, index: 0 }], [a2.id, "ArrowLeft", null],
  ])("Alt: %s %s", (id, key, place) => {
    if (place === null) expect(push(menu, id, key)).toBeNull();
    else expect(push(menu, id, key)).toMatchObject(place);
  });
});

describe("JSON", () => {
  it.each([
    ['{"a":1,}', 1, 8, "key"], ['{"a" 1}', 1, 6, "colon"], ['{"a":1 "b":2}', 1, 8, "comma_object"], ["[1 2]", 1, 4, "comma_array"], ["[1,]", 1, 4, "value"], ["", 1, 1, "value"], ['{\n  "a": "x', 2, 8, "string_end"],
    ['"\\q"', 1, 3, "escape"], ['"a\nb"', 1, 3, "control"], ["{} x", 1, 4, "end"], ["[-]", 1, 2, "number"], ["[01]", 1, 3, "comma_array"], ["{a:1}", 1, 2, "key"], ['"\\u12g4"', 1, 3, "escape"], ["[tru]", 1, 2, "value"],
  ])("says where %j breaks", (text, line, column, expected) => {
    expect(() => JSON.parse(text) as unknown).toThrow();
    expect(syntaxProblem(text)).toMatchObject({ line, column, expected });
  });
  it.each(['{"a":[1,-2.5e+3,true,null,"\\u4f60\\n"]}', " [] ", "0", '{"\\"":{}}', JSON.stringify(API_SET, null, 2)])("takes what the engine takes: %j", (text) => {
    expect(() => JSON.parse(text) as unknown).not.toThrow();
    expect(syntaxProblem(text)).toBeNull();
  });

  it("stops at levels and sizes that are no menu", () => {
    const nested = (n: number): string => "[".repeat(n) + "]".repeat(n);
    expect(syntaxProblem(nested(64))).toBeNull();
    expect(syntaxProblem(nested(65))).toMatchObject({ offset: 64, expected: "depth" });
    expect(syntaxProblem("[".repeat(500_000))).toMatchObject({ offset: 64, expected: "depth" });
    expect(syntaxProblem(`[${"[],".repeat(100)}[]]`)).toBeNull();
    const many = Array.from({ length: 21 }, () => ({ name: "a" }));
    expect(taken({ button: many }, "menu", 0, API_SET)).toBe("too_many");
    expect(taken({ button: [{ name: "a", sub_button: many }] }, "menu", 0, API_SET)).toBe("too_many");
    expect(taken({ button: [], conditional: [{ button: many, matchrule: {} }] }, "all", 0, API_SET)).toBe("too_many");
    expect(takenText(JSON.stringify({ button: [{ name: "字".repeat(22_000) }] }), "menu", 0, API_SET)).toBe("too_large");
  });

  it("goes out and comes back unchanged", () => {
    for (const index of [0, 1, 3]) expect(taken(JSON.parse(toText(API_SET, "menu", index)), "menu", index, API_SET)).toEqual(API_SET);
    expect(taken(JSON.parse(toText(API_SET, "all", 0)), "all", 0, API_SET)).toEqual(API_SET);
  });
  it("takes WeChat's own forms", () => {
    const empty: MenuSet = { button: [], conditional: [], replies: [] };
    const got = taken({ menu: { button: [{ name: "a" }], menuid: 1 }, conditionalmenu: [{ button: [], matchrule: { tag_id: 2 }, menuid: 208396993 }] }, "all", 0, empty) as MenuSet;
    expect(got).toEqual({ button: [{ name: "a" }], conditional: [{ name: "", button: [], matchrule: { tag_id: 2 }, menuid: "208396993" }], replies: [] });
    expect(taken([{ name: "a" }], "menu", 0, empty)).toEqual({ ...empty, button: [{ name: "a" }] });
  });
  it.each<[unknown, "menu" | "all", ShapeProblem]>([
    [1, "menu", "not_object"], [{}, "menu", "no_button"], [{ button: {} }, "menu", "button_list"], [{ button: [1] }, "menu", "entry"], [{ button: [], conditional: [] }, "menu", "only_all"], [{ button: [], conditional: [{}] }, "all", "conditional_list"],
    [{ button: [], conditional: [{ button: [] }] }, "all", "matchrule"], [{ button: [], replies: [{ key: "a" }] }, "all", "replies_list"], [{ button: [], replies: [{ key: "a", kind: "news", content: "", news: [null, { title: "x" }, 7] }] }, "all", "news"], [{ button: [], replies: [{ key: "a", kind: "news", content: "", news: [{ title: 7 }] }] }, "all", "news"], [{ selfmenu_info: {} }, "menu", "selfmenu"],
  ])("refuses %j as %s: %s", (value, scope, problem) => expect(taken(value, scope, 0, API_SET)).toBe(problem));
});

describe("conditional menus", () => {
  it("count the hosts they lead to", () => {
    expect(conditionalDomains(fromSet(API_SET))).toEqual(["vip.example.com", "ios.example.com"]);
  });
  it("find the button of a reply", () => {
    const doc = fromSet({ button: [{ type: "click", name: "a", key: "K" }], conditional: [], replies: [{ key: "K", kind: "text", content: "", news: null }] });
    expect(locate(doc, "replies[0].content")).toMatchObject({ field: "reply", item: { raw: { name: "a" } } });
    expect(locate(doc, "replies[7].content")).toMatchObject({ field: "reply", item: null });
  });
});

describe("types", () => {
  it("name what an account cannot use", () => {
    const some = { authorized: true, publish: true, read: true, verified: false, service: false };
    expect(limitsOf("view", some)).toEqual(["unverified"]);
    expect(limitsOf("view", { ...some, verified: null })).toEqual([]);
    expect(limitsOf("miniprogram", { ...some, verified: true })).toEqual(["linked"]);
    expect(limitsOf("scancode_push", some)).toEqual(["old_clients"]);
    expect(limitsOf("view_limited", some)).toEqual(["legacy", "no_event"]);
  });
});
