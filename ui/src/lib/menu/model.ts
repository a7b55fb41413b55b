/**
 * A menu set while it is edited: a tree with stable ids over WeChat's own JSON. Owns every structural rule of editing;
 * knows nothing of Vue or of the engine. Every function answers with a new document and leaves the old one as it was, so
 * that undo is a matter of keeping documents. Invariant: `toSet(fromSet(set))` is `set`, members that nobody knows and
 * their order included.
 */
import type { ConditionalSet, MenuReply, MenuSet } from "@/host";
import { MOST_SUB, MOST_TOP } from "./measure";
import { FIELDS, FIELDS_OF, isButtonType, type ButtonType, type Field } from "./types";

type Json = Record<string, unknown>;

export interface Item {
  readonly id: string;
  /** The button as it travels; its `sub_button` only keeps the place of the member. */
  readonly raw: Readonly<Json>;
  readonly children: readonly Item[];
  /** Something in the list that is no object; goes back as it came until it is edited. */
  readonly odd?: { readonly value: unknown };
  /** Content of the types that the item had before, for the way back. */
  readonly former: Readonly<Record<string, Readonly<Json>>>;
}

export interface Menu {
  readonly id: string;
  readonly items: readonly Item[];
  /** Everything else of a conditional menu; null for the default one. */
  readonly cond: Omit<ConditionalSet, "button"> | null;
}

export interface Doc {
  /** The default menu, then conditional ones in matching order. */
  readonly menus: readonly Menu[];
  readonly replies: readonly MenuReply[];
  /** Members of the set that this model does not know. */
  readonly rest: Readonly<Json>;
}

/** Where an item is or goes; `parent` null is the bar. */
export interface Place {
  menu: string;
  parent: string | null;
  index: number;
}

export interface Found {
  menu: Menu;
  item: Item;
  parent: Item | null;
  index: number;
}

/** Why a move cannot be; worded under `menuEditor.refused.*`. */
export type Refusal = "top_full" | "sub_full" | "has_children" | "itself" | "gone";

let lastId = 0;
const freshId = (): string => `n${(lastId += 1)}`;

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

function itemOf(value: unknown, top: boolean): Item {
  if (!isObject(value)) return { id: freshId(), raw: {}, children: [], odd: { value }, former: {} };
  const list = value.sub_button;
  // A third level does not exist; what stands there is kept for the check to complain about.
  const open = top && Array.isArray(list) && list.length > 0;
  return { id: freshId(), raw: open ? { ...value, sub_button: [] } : value, children: open ? list.map((child) => itemOf(child, false)) : [], former: {} };
}

function buttonOf(item: Item): unknown {
  if (item.odd) return item.odd.value;
  return item.children.length > 0 ? { ...item.raw, sub_button: item.children.map(buttonOf) } : item.raw;
}

export function fromSet(set: MenuSet): Doc {
  const { button, conditional, replies, ...rest } = set as MenuSet & Json;
  const menu = (list: unknown[] | undefined, cond: Menu["cond"]): Menu => ({ id: freshId(), items: (list ?? []).map((value) => itemOf(value, true)), cond });
  return {
    menus: [menu(button, null), ...(conditional ?? []).map(({ button: own, ...cond }) => menu(own, cond))],
    replies: replies ?? [],
    rest,
  };
}

export function toSet(doc: Doc): MenuSet {
  const [first, ...others] = doc.menus;
  return {
    ...doc.rest,
    button: first.items.map(buttonOf),
    conditional: others.map((menu) => ({ ...(menu.cond as Omit<ConditionalSet, "button">), button: menu.items.map(buttonOf) })),
    replies: doc.replies.slice(),
  };
}

// --- reading -------------------------------------------------------------------------------------------------------

export const text = (item: Item, member: string): string => {
  const value = item.raw[member];
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
};
export const nameOf = (item: Item): string => text(item, "name");
export const typeOf = (item: Item): string => text(item, "type");
/** It does something of its own when tapped. */
export const hasContent = (item: Item): boolean => item.children.length === 0 ? Object.keys(contentOf(item)).length > 0 : false;

/** Type and content members. */
function contentOf(item: Item): Json {
  return Object.fromEntries(Object.entries(item.raw).filter(([member]) => member === "type" || (FIELDS as readonly string[]).includes(member)));
}

export function findItem(doc: Doc, id: string): Found | null {
  for (const menu of doc.menus) {
    for (const [index, item] of menu.items.entries()) {
      if (item.id === id) return { menu, item, parent: null, index };
      const at = item.children.findIndex((child) => child.id === id);
      if (at >= 0) return { menu, item: item.children[at], parent: item, index: at };
    }
  }
  return null;
}

export const menuOf = (doc: Doc, id: string): Menu | null => doc.menus.find((menu) => menu.id === id) ?? null;

/** `button[0].sub_button[2]`, `conditional[1].button[0]`; of a menu `` or `conditional[1]`. */
export function pathOf(doc: Doc, id: string): string {
  const prefix = (menu: Menu): string => {
    const at = doc.menus.indexOf(menu);
    return at > 0 ? `conditional[${at - 1}]` : "";
  };
  const menu = menuOf(doc, id);
  if (menu) return prefix(menu);
  const found = findItem(doc, id);
  if (!found) return "";
  const top = found.parent ? found.menu.items.indexOf(found.parent) : found.index;
  const head = prefix(found.menu);
  return `${head === "" ? "" : `${head}.`}button[${top}]${found.parent ? `.sub_button[${found.index}]` : ""}`;
}

const PATH = /^(?:conditional\[(\d+)\](?:\.|$))?(?:button\[(\d+)\](?:\.sub_button\[(\d+)\])?(?:\.|$))?(.*)$/;

/** What a path of a finding points at. A place that is not there leads to the nearest one that is. */
export function locate(doc: Doc, path: string): { menu: Menu; item: Item | null; field: string } {
  const reply = /^replies\[(\d+)\]\.?(.*)$/.exec(path);
  if (reply) return locateReply(doc, doc.replies[Number(reply[1])]?.key ?? "");
  const [, cond, top, sub, field] = PATH.exec(path) ?? [];
  const menu = doc.menus[cond === undefined ? 0 : Number(cond) + 1] ?? doc.menus[0];
  const parent = top === undefined ? undefined : menu.items[Number(top)];
  const child = sub === undefined ? undefined : parent?.children[Number(sub)];
  return { menu, item: child ?? parent ?? null, field: field ?? "" };
}

/** The first button that a reply belongs to. */
function locateReply(doc: Doc, key: string): { menu: Menu; item: Item | null; field: string } {
  for (const menu of doc.menus) {
    const item = menu.items.flatMap((own) => [own, ...own.children]).find((own) => key !== "" && text(own, "key") === key);
    if (item) return { menu, item, field: "reply" };
  }
  return { menu: doc.menus[0], item: null, field: "reply" };
}

// --- changing ------------------------------------------------------------------------------------------------------

const withMenu = (doc: Doc, id: string, change: (menu: Menu) => Menu): Doc => ({ ...doc, menus: doc.menus.map((menu) => (menu.id === id ? change(menu) : menu)) });

/** Changes one item wherever it is. */
function withItem(doc: Doc, id: string, change: (item: Item) => Item): Doc {
  const walk = (list: readonly Item[]): readonly Item[] => {
    let touched = false;
    const out = list.map((item) => {
      const own = item.id === id ? change(item) : item;
      const children = item.id === id ? own.children : walk(own.children);
      const next = children === own.children ? own : { ...own, children };
      touched ||= next !== item;
      return next;
    });
    return touched ? out : list;
  };
  return { ...doc, menus: doc.menus.map((menu) => { const items = walk(menu.items); return items === menu.items ? menu : { ...menu, items }; }) };
}

const omit = (raw: Readonly<Json>, members: readonly string[]): Json => Object.fromEntries(Object.entries(raw).filter(([member]) => !members.includes(member)));

/** Content goes, and is remembered. */
function emptied(item: Item): Item {
  const content = contentOf(item);
  if (Object.keys(content).length === 0) return item.odd ? { ...item, odd: undefined } : item;
  return { ...item, odd: undefined, raw: omit(item.raw, ["type", ...FIELDS]), former: { ...item.former, [typeOf(item)]: content } };
}

/** The content that `emptied` took, so that it can be offered again. */
export function formerOf(item: Item): Readonly<Json> | null {
  const all = Object.values(item.former);
  return all.length > 0 ? all[all.length - 1] : null;
}

export function addItem(doc: Doc, menuId: string, parentId: string | null, name: string, index?: number): { doc: Doc; id: string } | Refusal {
  const fresh: Item = { id: freshId(), raw: { name }, children: [], former: {} };
  const put = (list: readonly Item[]): Item[] => [...list.slice(0, index ?? list.length), fresh, ...list.slice(index ?? list.length)];
  if (parentId === null) {
    const menu = menuOf(doc, menuId);
    if (!menu) return "gone";
    if (menu.items.length >= MOST_TOP) return "top_full";
    return { doc: withMenu(doc, menuId, (own) => ({ ...own, items: put(own.items) })), id: fresh.id };
  }
  const parent = findItem(doc, parentId);
  if (!parent || parent.parent) return "gone";
  if (parent.item.children.length >= MOST_SUB) return "sub_full";
  return { doc: withItem(doc, parentId, (item) => ({ ...emptied(item), children: put(item.children) })), id: fresh.id };
}

/** Keys that buttons of a document use. */
function usedKeys(doc: Doc): Map<string, number> {
  const used = new Map<string, number>();
  const count = (item: Item): void => {
    const key = text(item, "key");
    if (key !== "") used.set(key, (used.get(key) ?? 0) + 1);
    item.children.forEach(count);
  };
  doc.menus.forEach((menu) => menu.items.forEach(count));
  return used;
}

/** Replies whose last button went. Those that had none before stay: they came that way. */
function dropReplies(before: Doc, after: Doc): Doc {
  const had = usedKeys(before);
  const has = usedKeys(after);
  const replies = after.replies.filter((reply) => has.has(reply.key) || !had.has(reply.key));
  return replies.length === after.replies.length ? after : { ...after, replies };
}

function without(doc: Doc, id: string): Doc {
  const drop = (list: readonly Item[]): readonly Item[] => (list.some((item) => item.id === id) ? list.filter((item) => item.id !== id) : list);
  return {
    ...doc,
    menus: doc.menus.map((menu) => ({
      ...menu,
      items: drop(menu.items).map((item) => {
        const children = drop(item.children);
        return children === item.children ? item : { ...item, children };
      }),
    })),
  };
}

export const removeItem = (doc: Doc, id: string): Doc => dropReplies(doc, without(doc, id));

function copyOf(item: Item): Item {
  return { ...item, id: freshId(), children: item.children.map(copyOf) };
}

/** The copy stands right after. */
export function duplicateItem(doc: Doc, id: string): { doc: Doc; id: string } | Refusal {
  const found = findItem(doc, id);
  if (!found) return "gone";
  const list = found.parent ? found.parent.children : found.menu.items;
  if (list.length >= (found.parent ? MOST_SUB : MOST_TOP)) return found.parent ? "sub_full" : "top_full";
  const copy = copyOf(found.item);
  const next = [...list.slice(0, found.index + 1), copy, ...list.slice(found.index + 1)];
  return { doc: found.parent ? withItem(doc, found.parent.id, (item) => ({ ...item, children: next })) : withMenu(doc, found.menu.id, (menu) => ({ ...menu, items: next })), id: copy.id };
}

/** Why it cannot go there; null when it can. `index` counts in the list as it is now. */
export function refusal(doc: Doc, id: string, to: Place): Refusal | null {
  const found = findItem(doc, id);
  if (!found) return "gone";
  if (to.parent === id) return "itself";
  const stays = found.menu.id === to.menu && (found.parent?.id ?? null) === to.parent;
  if (to.parent === null) {
    const menu = menuOf(doc, to.menu);
    if (!menu) return "gone";
    return !stays && menu.items.length >= MOST_TOP ? "top_full" : null;
  }
  const parent = findItem(doc, to.parent);
  if (!parent || parent.parent || parent.menu.id !== to.menu) return "gone";
  if (found.item.children.length > 0) return "has_children";
  return !stays && parent.item.children.length >= MOST_SUB ? "sub_full" : null;
}

/** Going there takes the content of the item that becomes a parent. */
export function clearsContent(doc: Doc, parentId: string | null): boolean {
  const parent = parentId === null ? null : findItem(doc, parentId);
  return parent !== null && hasContent(parent.item);
}

/** Moves, or says why not. The new parent's own content goes; a parent that loses its last child is left without content. */
export function moveItem(doc: Doc, id: string, to: Place): Doc | Refusal {
  const no = refusal(doc, id, to);
  const found = findItem(doc, id);
  if (no || !found) return no ?? "gone";
  const stays = found.menu.id === to.menu && (found.parent?.id ?? null) === to.parent;
  const index = stays && found.index < to.index ? to.index - 1 : to.index;
  if (stays && index === found.index) return doc;
  const lists = without(doc, id);
  const put = (list: readonly Item[]): Item[] => [...list.slice(0, index), found.item, ...list.slice(index)];
  return to.parent === null ? withMenu(lists, to.menu, (menu) => ({ ...menu, items: put(menu.items) })) : withItem(lists, to.parent, (item) => ({ ...emptied(item), children: put(item.children) }));
}

export const rename = (doc: Doc, id: string, name: string): Doc => withItem(doc, id, (item) => ({ ...item, odd: undefined, raw: { ...item.raw, name } }));

/** What two types share is carried over, unless the new one had something of its own before. */
export function setType(doc: Doc, id: string, type: ButtonType | ""): Doc {
  return withItem(doc, id, (item) => {
    if (typeOf(item) === type) return item;
    const old = contentOf(item);
    const bare = emptied(item);
    if (type === "") return bare;
    const shared = Object.fromEntries(FIELDS_OF[type].filter((field) => old[field] !== undefined).map((field) => [field, old[field]]));
    const { name, ...rest } = bare.raw;
    return { ...bare, raw: { ...(name === undefined ? {} : { name }), type, ...(item.former[type] ? omit(item.former[type], ["type"]) : shared), ...rest } };
  });
}

/** Puts back content that a child had taken the place of. */
export const restoreFormer = (doc: Doc, id: string): Doc =>
  withItem(doc, id, (item) => {
    const former = formerOf(item);
    return former ? { ...item, raw: { ...item.raw, ...former } } : item;
  });

/** Content beside children, which WeChat refuses: goes, and is remembered. */
export const clearContent = (doc: Doc, id: string): Doc => withItem(doc, id, emptied);

/** A reply goes along with its key, as long as no other button has it and the new key is free. */
export function setField(doc: Doc, id: string, field: Field, value: string): Doc {
  const found = findItem(doc, id);
  if (!found) return doc;
  const old = text(found.item, field);
  const next = withItem(doc, id, (item) => ({ ...item, raw: { ...item.raw, [field]: value } }));
  if (field !== "key" || old === "" || value === "" || old === value) return next;
  const lonely = usedKeys(doc).get(old) === 1;
  const taken = doc.replies.some((reply) => reply.key === value);
  return lonely && !taken ? { ...next, replies: next.replies.map((reply) => (reply.key === old ? { ...reply, key: value } : reply)) } : next;
}

export const replyOf = (doc: Doc, item: Item): MenuReply | null => (typeOf(item) === "click" ? (doc.replies.find((reply) => reply.key !== "" && reply.key === text(item, "key")) ?? null) : null);

/** Null takes the reply away. */
export function setReply(doc: Doc, key: string, reply: MenuReply | null): Doc {
  const at = doc.replies.findIndex((own) => own.key === key);
  const replies = doc.replies.slice();
  if (at < 0) {
    if (reply) replies.push(reply);
  } else if (reply) replies[at] = reply;
  else replies.splice(at, 1);
  return { ...doc, replies };
}

// --- conditional menus ---------------------------------------------------------------------------------------------

/** On top: it is tried first. Without buttons of its own it starts as a copy of the default menu. */
export function addConditional(doc: Doc, name: string, copyFrom?: string): { doc: Doc; id: string } {
  const source = copyFrom === undefined ? null : menuOf(doc, copyFrom);
  const fresh: Menu = { id: freshId(), items: (source ?? doc.menus[0]).items.map(copyOf), cond: { ...(source?.cond ? omitMenuid(source.cond) : { matchrule: {} }), name } };
  const at = source?.cond ? doc.menus.indexOf(source) : 1;
  return { doc: { ...doc, menus: [...doc.menus.slice(0, at), fresh, ...doc.menus.slice(at)] }, id: fresh.id };
}

/** A copy is no menu of WeChat's yet. */
function omitMenuid(cond: Omit<ConditionalSet, "button">): Omit<ConditionalSet, "button"> {
  const rest = { ...cond };
  delete rest.menuid;
  return rest;
}

export function removeConditional(doc: Doc, id: string): Doc {
  return dropReplies(doc, { ...doc, menus: doc.menus.filter((menu, at) => at === 0 || menu.id !== id) });
}

/** `index` from 0 among conditional menus, counted without the one that moves. */
export function moveConditional(doc: Doc, id: string, index: number): Doc {
  const menu = menuOf(doc, id);
  if (!menu?.cond) return doc;
  const others = doc.menus.slice(1).filter((own) => own.id !== id);
  const at = Math.max(0, Math.min(others.length, index));
  return { ...doc, menus: [doc.menus[0], ...others.slice(0, at), menu, ...others.slice(at)] };
}

export const setConditional = (doc: Doc, id: string, change: Partial<Omit<ConditionalSet, "button">>): Doc => withMenu(doc, id, (menu) => (menu.cond ? { ...menu, cond: { ...menu.cond, ...change } } : menu));

/** Null takes the member out of the rule. */
export function setRule(doc: Doc, id: string, member: string, value: unknown): Doc {
  return withMenu(doc, id, (menu) => {
    if (!menu.cond) return menu;
    const rule = { ...menu.cond.matchrule };
    if (value === null || value === "") delete rule[member];
    else rule[member] = value;
    return { ...menu, cond: { ...menu.cond, matchrule: rule } };
  });
}

/** Members that WeChat no longer matches by (65320). */
export const ABOLISHED = ["sex", "country", "province", "city", "language"] as const;

/** How many items a menu has, children included. */
export const countItems = (menu: Menu): number => menu.items.reduce((sum, item) => sum + 1 + item.children.length, 0);

export { isButtonType };
