/** The editing model of menus: nothing is lost, no edit breaks the rules of structure, every edit can be undone. */
import { describe, expect, it } from "vitest";
import type { MenuSet } from "../src/host";
import { random } from "../src/host/mock/data";
import { API_SET, WEBSITE_SET } from "../src/host/mock/menudata";
import { baseOf, begin, commit, redo, seal, undo, type History } from "../src/lib/menu/history";
import { bytes, chars, cut, units, webHost, withScheme } from "../src/lib/menu/measure";
import * as model from "../src/lib/menu/model";
import type { Doc, Refusal } from "../src/lib/menu/model";
import { BUTTON_TYPES, FIELDS_OF } from "../src/lib/menu/types";

const set = (button: unknown[], more: Partial<MenuSet> = {}): MenuSet => ({ button, conditional: [], replies: [], ...more });
const must = <T extends object>(value: T | Refusal): T => {
  if (typeof value === "string") throw new Error(`refused: ${value}`);
  return value;
};
const plain = (doc: Doc): unknown => JSON.parse(JSON.stringify(model.toSet(doc)));
const at = (doc: Doc, path: string): string => model.locate(doc, path).item?.id ?? "";

describe("measures", () => {
  it("count half-width units as the website does", () => {
    expect([units(""), units("menu"), units("菜单"), units("ｱｲｳ"), units("a菜"), units("😀"), units("\u007f"), units("\u0000")]).toEqual([0, 4, 4, 3, 3, 4, 2, 2]);
  });
  it("count bytes and characters", () => {
    expect([bytes("菜单"), bytes("a😀"), chars("a😀")]).toEqual([6, 5, 2]);
  });
  it("cut names as a phone does, never through a character", () => {
    expect([cut("今日咖啡", 8), cut("今日咖啡豆", 8), cut("abcdefgh", 8), cut("abcdefghi", 8), cut("一二三a😀", 8)]).toEqual(["今日咖啡", "今日咖啡…", "abcdefgh", "abcdefgh…", "一二三a…"]);
  });
  it("know web addresses, and what is meant by one without a scheme", () => {
    expect([webHost("https://a.cn/x"), webHost("ftp://a.cn"), webHost("a.cn"), webHost("https://a b")]).toEqual(["a.cn", null, null, null]);
    expect([withScheme("shop.cn/x"), withScheme("//shop.cn"), withScheme("https://shop.cn"), withScheme("hello"), withScheme("shop.cn:8080/x")]).toEqual(["https://shop.cn/x", "https://shop.cn", null, null, "https://shop.cn:8080/x"]);
  });
});

describe("round trip", () => {
  const odd: MenuSet = set([{ name: "a", sub_button: [], x: { y: [1] }, type: "click", key: "k" }, "text", null, { sub_button: [{ name: "c", sub_button: [{ name: "third" }] }, 7], name: "b" }, {}], {
    conditional: [{ name: "x", matchrule: { sex: 1, tag_id: 2 }, button: [{ name: "q", type: "later" }], menuid: "9" }],
    replies: [{ key: "k", kind: "news", content: "", news: [{ title: "t" }] }],
  });
  it.each([["website", WEBSITE_SET], ["api", API_SET], ["odd", odd], ["unknown members", { ...API_SET, later: [1] } as MenuSet]])("loses nothing: %s", (_, given) => {
    expect(JSON.stringify(model.toSet(model.fromSet(given)))).toBe(JSON.stringify(reorder(given)));
  });
  /** Members of the set itself come in a fixed order. */
  function reorder({ button, conditional, replies, ...rest }: MenuSet): unknown {
    return { ...rest, button, conditional: conditional.map(({ button: own, ...cond }) => ({ ...cond, button: own })), replies };
  }
  it("keeps every type through naming it", () => {
    for (const type of BUTTON_TYPES) {
      const button = { name: "x", type, ...Object.fromEntries(FIELDS_OF[type].map((field) => [field, `${field}-value`])), later: 1 };
      const doc = model.fromSet(set([button]));
      expect(plain(model.rename(doc, at(doc, "button[0]"), "y"))).toEqual(set([{ ...button, name: "y" }]));
    }
  });
});

describe("paths", () => {
  const doc = model.fromSet(API_SET);
  it("lead to the item and its field, and back", () => {
    for (const path of ["button[0]", "button[0].sub_button[4]", "button[2]", "conditional[1].button[0]"]) expect(model.pathOf(doc, at(doc, path))).toBe(path);
    const found = model.locate(doc, "conditional[0].button[1].key");
    expect([model.nameOf(found.item as never), found.field, found.menu.id]).toEqual(["专属客服", "key", doc.menus[1].id]);
    expect(model.locate(doc, "conditional[2].matchrule")).toMatchObject({ item: null, field: "matchrule" });
    expect(model.locate(doc, "")).toMatchObject({ item: null, field: "" });
    expect(model.nameOf(model.locate(doc, "button[1].sub_button[9].url").item as never), "the nearest one").toBe("会员");
  });
});

describe("edits", () => {
  it("stop at three and five", () => {
    let doc = model.fromSet(set([]));
    const menu = doc.menus[0].id;
    for (let i = 0; i < 3; i += 1) doc = must(model.addItem(doc, menu, null, `t${i}`)).doc;
    expect(model.addItem(doc, menu, null, "x")).toBe("top_full");
    const parent = at(doc, "button[1]");
    for (let i = 0; i < 5; i += 1) doc = must(model.addItem(doc, menu, parent, `s${i}`)).doc;
    expect(model.addItem(doc, menu, parent, "x")).toBe("sub_full");
    expect(model.duplicateItem(doc, at(doc, "button[1].sub_button[0]"))).toBe("sub_full");
    expect(model.moveItem(doc, at(doc, "button[0]"), { menu, parent, index: 0 })).toBe("sub_full");
    expect(model.moveItem(doc, parent, { menu, parent: at(doc, "button[0]"), index: 0 })).toBe("has_children");
    expect(model.moveItem(doc, at(doc, "button[1].sub_button[0]"), { menu, parent: null, index: 0 })).toBe("top_full");
    expect(model.moveItem(doc, at(doc, "button[0]"), { menu, parent: at(doc, "button[0]"), index: 0 })).toBe("itself");
  });

  it("take the content of an item that gets a child, and can give it back", () => {
    let doc = model.fromSet(set([{ type: "view", name: "a", url: "https://a.cn", later: 1 }]));
    const parent = at(doc, "button[0]");
    expect(model.clearsContent(doc, parent)).toBe(true);
    const added = must(model.addItem(doc, doc.menus[0].id, parent, "b"));
    expect(plain(added.doc)).toEqual(set([{ name: "a", later: 1, sub_button: [{ name: "b" }] }]));
    doc = model.removeItem(added.doc, added.id);
    expect(plain(doc), "left without content").toEqual(set([{ name: "a", later: 1 }]));
    expect(plain(model.restoreFormer(doc, parent))).toEqual(set([{ name: "a", later: 1, type: "view", url: "https://a.cn" }]));
  });

  it("move within a level and across", () => {
    const doc = model.fromSet(set([{ name: "a", sub_button: [{ name: "a1" }, { name: "a2" }] }, { name: "b", type: "click", key: "k" }]));
    const menu = doc.menus[0].id;
    const names = (next: Doc | Refusal): string => model.toSet(must(next)).button.map((own) => { const top = own as { name: string; sub_button?: { name: string }[] }; return top.name + (top.sub_button?.length ? `(${top.sub_button.map((x) => x.name).join()})` : ""); }).join(" ");
    expect(names(model.moveItem(doc, at(doc, "button[0]"), { menu, parent: null, index: 2 }))).toBe("b a(a1,a2)");
    expect(names(model.moveItem(doc, at(doc, "button[0].sub_button[0]"), { menu, parent: at(doc, "button[0]"), index: 2 }))).toBe("a(a2,a1) b");
    expect(names(model.moveItem(doc, at(doc, "button[0].sub_button[1]"), { menu, parent: null, index: 1 }))).toBe("a(a1) a2 b");
    const into = must(model.moveItem(doc, at(doc, "button[0].sub_button[0]"), { menu, parent: at(doc, "button[1]"), index: 0 }));
    expect(plain(into)).toEqual(set([{ name: "a", sub_button: [{ name: "a2" }] }, { name: "b", sub_button: [{ name: "a1" }] }]));
    expect(model.moveItem(doc, at(doc, "button[1]"), { menu, parent: null, index: 2 }), "its own place changes nothing").toBe(doc);
  });

  it("remember the content of former types, and carry over what two types share", () => {
    let doc = model.fromSet(set([{ name: "a", type: "view", url: "https://a.cn" }]));
    const id = at(doc, "button[0]");
    doc = model.setType(doc, id, "miniprogram");
    expect(plain(doc)).toEqual(set([{ name: "a", type: "miniprogram", url: "https://a.cn" }]));
    doc = model.setField(doc, id, "appid", "wx1");
    doc = model.setType(doc, id, "click");
    doc = model.setField(doc, id, "key", "K");
    doc = model.setType(doc, id, "miniprogram");
    expect(plain(doc)).toEqual(set([{ name: "a", type: "miniprogram", appid: "wx1", url: "https://a.cn" }]));
    doc = model.setType(doc, id, "scancode_push");
    expect(plain(model.setType(doc, id, "click"))).toEqual(set([{ name: "a", type: "click", key: "K" }]));
  });

  it("take a reply along with its key, and away with its last button", () => {
    let doc = model.fromSet(WEBSITE_SET);
    const id = at(doc, "button[2]");
    doc = model.setField(doc, id, "key", "CALL");
    expect(model.replyOf(doc, model.findItem(doc, id)?.item as never)?.content).toContain("021");
    const twice = must(model.duplicateItem(model.removeItem(doc, at(doc, "button[1]")), id));
    expect(model.toSet(model.removeItem(twice.doc, id)).replies.map((reply) => reply.key)).toContain("CALL");
    expect(model.toSet(model.removeItem(doc, id)).replies.map((reply) => reply.key)).not.toContain("CALL");
    expect(model.toSet(model.setField(doc, id, "key", "wxdesk_0_0")).replies, "a taken key keeps its own").toHaveLength(6);
  });

  it("order, copy and change conditional menus", () => {
    let doc = model.fromSet(API_SET);
    const added = model.addConditional(doc, "新的");
    expect(model.pathOf(added.doc, added.id)).toBe("conditional[0]");
    expect(model.toSet(added.doc).conditional[0]).toEqual({ name: "新的", matchrule: {}, button: API_SET.button });
    const copied = model.addConditional(doc, "复制", doc.menus[2].id);
    expect(model.toSet(copied.doc).conditional[1]).toEqual({ name: "复制", matchrule: { client_platform_type: "1" }, button: API_SET.conditional[1].button });
    doc = model.moveConditional(doc, doc.menus[1].id, 2);
    expect(model.toSet(doc).conditional.map((own) => own.name)).toEqual(["苹果手机", "以前按地区建的", "老会员"]);
    doc = model.setRule(doc, doc.menus[2].id, "sex", null);
    expect(model.toSet(doc).conditional[1].matchrule).toEqual({ country: "中国", province: "上海" });
    expect(model.toSet(model.removeConditional(doc, doc.menus[1].id)).conditional).toHaveLength(2);
    expect(model.removeConditional(doc, doc.menus[0].id).menus, "the default menu stays").toHaveLength(4);
  });
});

describe("undo", () => {
  it("goes back over one field in one step, and forward again", () => {
    let history: History = begin(model.fromSet(WEBSITE_SET));
    const start = history.now.doc;
    const id = at(start, "button[2]");
    for (const key of ["w", "wxdesk_0_0", "wxdesk_0_0x"]) history = commit(history, { doc: model.setField(baseOf(history, "key"), id, "key", key), selected: id, label: "field" }, "key");
    expect(model.toSet(history.now.doc).replies.at(-1)?.key, "a taken key on the way does no harm").toBe("wxdesk_0_0x");
    history = commit(seal(history), { doc: model.setField(history.now.doc, id, "key", "y"), selected: id, label: "field" }, "key");
    expect(history.past).toHaveLength(2);
    history = undo(undo(history));
    expect(history.now.doc).toBe(start);
    history = redo(history);
    expect(model.text(model.findItem(history.now.doc, id)?.item as never, "key")).toBe("wxdesk_0_0x");
    expect(redo(redo(history)).future).toHaveLength(0);
  });
});

describe("random edits", () => {
  it.each(Array.from({ length: 40 }, (_, i) => i))("never break the structure, and undo to the start: seed %i", (seed) => {
    const next = random(seed * 31 + 7);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)];
    let history = begin(model.fromSet([API_SET, WEBSITE_SET, set([])][seed % 3]));
    const first = plain(history.now.doc);
    const trail: unknown[] = [first];
    for (let step = 0; step < 120; step += 1) {
      const doc = history.now.doc;
      const menu = pick(doc.menus);
      const all = menu.items.flatMap((item) => [item, ...item.children]);
      const item = all.length > 0 ? pick(all) : null;
      const id = item?.id ?? "none";
      const parent = next() < 0.5 || all.length === 0 ? null : pick(menu.items).id;
      const acts: (() => Doc | { doc: Doc } | Refusal)[] = [
        () => model.addItem(doc, menu.id, parent, pick(["新", "a", ""])),
        () => model.removeItem(doc, id),
        () => model.duplicateItem(doc, id),
        () => model.rename(doc, id, pick(["名", "很长的名字很长的名字", ""])),
        () => model.setType(doc, id, pick(["", ...BUTTON_TYPES])),
        () => model.setField(doc, id, pick(["key", "url", "appid"]), pick(["", "x", "POINTS", "wxdesk_2"])),
        () => model.moveItem(doc, id, { menu: menu.id, parent, index: Math.floor(next() * 4) }),
        () => model.restoreFormer(doc, id),
        () => (doc.menus.length < 6 ? model.addConditional(doc, "c", next() < 0.5 ? menu.id : undefined) : doc),
        () => model.removeConditional(doc, menu.id),
        () => model.moveConditional(doc, menu.id, Math.floor(next() * 4)),
      ];
      const answer = pick(acts)();
      if (typeof answer === "string") continue;
      const changed = "doc" in answer ? answer.doc : answer;
      const before = history;
      history = commit(history, { doc: changed, selected: null, label: "" });
      if (history !== before) trail.push(plain(changed));
      for (const own of changed.menus) {
        expect(own.items.length).toBeLessThanOrEqual(3);
        for (const top of own.items) {
          expect(top.children.length).toBeLessThanOrEqual(5);
          expect(top.children.every((child) => child.children.length === 0)).toBe(true);
        }
      }
      const ids = changed.menus.flatMap((own) => [own.id, ...own.items.flatMap((top) => [top.id, ...top.children.map((child) => child.id)])]);
      expect(new Set(ids).size).toBe(ids.length);
      expect(plain(model.fromSet(model.toSet(changed)))).toEqual(plain(changed));
    }
    while (history.past.length > 0) {
      expect(plain(history.now.doc)).toEqual(trail.pop());
      history = undo(history);
    }
    expect(plain(history.now.doc)).toEqual(first);
  });
});
