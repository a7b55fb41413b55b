/**
 * One editor's state: the document with its history, which menu and item are looked at, the question that is open, what
 * is read out. Every change goes through `act`, so that every change can be undone and is told to the owner.
 */
import { computed, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from "vue";
import type { MenuFinding, MenuReply, MenuSet } from "@/host";
import { baseOf, begin, commit, redo, seal, select as withSelected, undo, type History } from "./history";
import * as model from "./model";
import type { Doc, Item, Menu, Place, Refusal } from "./model";
import type { ButtonType, Field } from "./types";

type Words = (key: string, named?: Record<string, unknown>) => string;

export interface Question {
  kind: "clear" | "remove" | "remove_menu";
  name: string;
  /** Items that go along. */
  n: number;
  go: () => void;
}
export interface Trouble {
  finding: MenuFinding;
  menu: Menu;
  item: Item | null;
  field: string;
}

export interface MenuEditing {
  doc: ComputedRef<Doc>;
  menu: ComputedRef<Menu>;
  item: ComputedRef<model.Found | null>;
  selected: ComputedRef<string | null>;
  canUndo: ComputedRef<boolean>;
  canRedo: ComputedRef<boolean>;
  undoLabel: ComputedRef<string>;
  redoLabel: ComputedRef<string>;
  troubles: ComputedRef<Trouble[]>;
  question: ShallowRef<Question | null>;
  said: Ref<string>;
  answer: (go: boolean) => void;
  showMenu: (id: string) => void;
  select: (id: string | null) => void;
  seal: () => void;
  add: (parent: string | null) => void;
  remove: (id: string) => void;
  duplicate: (id: string) => void;
  move: (id: string, to: Place) => void;
  refuse: (why: Refusal) => void;
  rename: (id: string, name: string) => void;
  setType: (id: string, type: ButtonType) => void;
  setField: (id: string, field: Field, value: string) => void;
  setReply: (key: string, reply: MenuReply | null) => void;
  clearContent: (id: string) => void;
  restore: (id: string) => void;
  addConditional: (copyFrom?: string) => void;
  removeConditional: (id: string) => void;
  moveConditional: (id: string, index: number) => void;
  nameConditional: (id: string, name: string) => void;
  setRule: (id: string, member: string, value: unknown) => void;
  replace: (set: MenuSet, label: string) => void;
  undo: () => void;
  redo: () => void;
}

export function useMenuEditing(source: () => MenuSet, findings: () => readonly MenuFinding[], changed: (set: MenuSet) => void, t: Words): MenuEditing {
  const history = shallowRef<History>(begin(model.fromSet(source())));
  const menuId = ref(history.value.now.doc.menus[0].id);
  const said = ref("");
  const question = shallowRef<Question | null>(null);
  const doc = computed(() => history.value.now.doc);
  const menu = computed(() => model.menuOf(doc.value, menuId.value) ?? doc.value.menus[0]);
  const selected = computed(() => history.value.now.selected);
  const item = computed(() => (selected.value ? model.findItem(doc.value, selected.value) : null));
  let sent = JSON.stringify(model.toSet(doc.value));

  function tell(): void {
    const set = model.toSet(doc.value);
    const text = JSON.stringify(set);
    if (text === sent) return;
    sent = text;
    changed(set);
  }
  /** The same words twice in a row are read out twice. */
  function say(text: string): void {
    said.value = said.value === text ? `${text}\u00a0` : text;
  }
  function act(next: Doc, label: string, at: string | null = selected.value, mark: string | null = null): void {
    history.value = commit(history.value, { doc: next, selected: at, label }, mark);
    tell();
  }
  /** Edits one field; typing on merges. */
  function field(change: (base: Doc) => Doc, label: string, mark: string): void {
    act(change(baseOf(history.value, mark)), label, selected.value, mark);
  }
  const refuse = (why: Refusal): void => say(t(`menuEditor.refused.${why}`));
  const nameOf = (id: string): string => {
    const found = model.findItem(doc.value, id);
    return (found && model.nameOf(found.item)) || t("menuEditor.unnamed");
  };
  /** Asks when an item's content would go. */
  function unlessContent(parent: string | null, go: () => void): void {
    if (parent !== null && model.clearsContent(doc.value, parent)) question.value = { kind: "clear", name: nameOf(parent), n: 0, go };
    else go();
  }
  function show(history_: History): void {
    const at = history_.now.selected ? model.findItem(history_.now.doc, history_.now.selected) : null;
    if (at) menuId.value = at.menu.id;
  }
  function travel(next: History, words: string, label: string): void {
    if (next === history.value) return;
    const keep = selected.value;
    history.value = model.findItem(next.now.doc, next.now.selected ?? "") || !keep || !model.findItem(next.now.doc, keep) ? next : { ...next, now: { ...next.now, selected: keep } };
    show(history.value);
    tell();
    say(t(words, { what: label ? t(`menuEditor.step.${label}`) : "" }));
  }

  watch(source, (set) => {
    const text = JSON.stringify(set);
    if (text === sent || text === JSON.stringify(model.toSet(doc.value))) return;
    const index = doc.value.menus.findIndex((own) => own.id === menuId.value);
    const fresh = model.fromSet(set);
    const path = selected.value ? model.pathOf(doc.value, selected.value) : "";
    const at = path === "" ? null : (model.locate(fresh, path).item?.id ?? null);
    history.value = commit(history.value, { doc: fresh, selected: at, label: "replaced" });
    menuId.value = (fresh.menus[index] ?? fresh.menus[0]).id;
    sent = text;
  });

  const self: MenuEditing = {
    doc,
    menu,
    item,
    selected,
    canUndo: computed(() => history.value.past.length > 0),
    canRedo: computed(() => history.value.future.length > 0),
    undoLabel: computed(() => history.value.now.label),
    redoLabel: computed(() => history.value.future[0]?.label ?? ""),
    troubles: computed(() => {
      const all = findings().map((finding) => ({ finding, ...model.locate(doc.value, finding.path) }));
      return [...all.filter((own) => own.finding.severity === "error"), ...all.filter((own) => own.finding.severity !== "error")];
    }),
    question,
    said,
    answer(go) {
      const asked = question.value;
      question.value = null;
      if (go) asked?.go();
    },
    showMenu(id) {
      menuId.value = id;
      history.value = withSelected(history.value, null);
    },
    select(id) {
      if (id !== null) menuId.value = model.findItem(doc.value, id)?.menu.id ?? menuId.value;
      history.value = withSelected(history.value, id);
    },
    seal: () => (history.value = seal(history.value)),
    add(parent) {
      unlessContent(parent, () => {
        const made = model.addItem(doc.value, menu.value.id, parent, t(parent === null ? "menuEditor.new_top" : "menuEditor.new_sub"));
        if (typeof made === "string") return refuse(made);
        act(made.doc, "add", made.id);
        say(t("menuEditor.said.added", { name: nameOf(made.id) }));
      });
    },
    remove(id) {
      const found = model.findItem(doc.value, id);
      if (!found) return;
      const go = (): void => {
        const name = nameOf(id);
        const siblings = found.parent ? found.parent.children : found.menu.items;
        const next = siblings[found.index + 1] ?? siblings[found.index - 1] ?? found.parent;
        act(model.removeItem(doc.value, id), "remove", next?.id ?? null);
        say(t("menuEditor.said.removed", { name }));
      };
      if (model.hasContent(found.item) || found.item.children.length > 0) question.value = { kind: "remove", name: nameOf(id), n: found.item.children.length, go };
      else go();
    },
    duplicate(id) {
      const made = model.duplicateItem(doc.value, id);
      if (typeof made === "string") return refuse(made);
      act(made.doc, "duplicate", made.id);
      say(t("menuEditor.said.duplicated", { name: nameOf(made.id) }));
    },
    move(id, to) {
      const why = model.refusal(doc.value, id, to);
      if (why) return refuse(why);
      unlessContent(to.parent, () => {
        const moved = model.moveItem(doc.value, id, to);
        if (typeof moved === "string") return refuse(moved);
        act(moved, "move", id);
        const at = model.findItem(moved, id);
        if (!at) return;
        const where = { name: nameOf(id), n: at.index + 1, of: (at.parent ? at.parent.children : at.menu.items).length };
        say(at.parent ? t("menuEditor.said.moved_sub", { ...where, parent: nameOf(at.parent.id) }) : t("menuEditor.said.moved_top", where));
      });
    },
    refuse,
    rename: (id, name) => field((base) => model.rename(base, id, name), "rename", `name:${id}`),
    setType: (id, type) => act(model.setType(doc.value, id, type), "type"),
    setField: (id, name, value) => field((base) => model.setField(base, id, name, value), "field", `${name}:${id}`),
    setReply: (key, reply) => field((base) => model.setReply(base, key, reply), "reply", `reply:${key}:${reply === null}`),
    clearContent: (id) => act(model.clearContent(doc.value, id), "clear"),
    restore: (id) => act(model.restoreFormer(doc.value, id), "restore"),
    addConditional(copyFrom) {
      const from = copyFrom === undefined ? null : model.menuOf(doc.value, copyFrom);
      const made = model.addConditional(doc.value, from?.cond ? t("menuEditor.cond.copy_name", { name: from.cond.name }) : t("menuEditor.cond.new_name"), copyFrom);
      act(made.doc, "add_menu", null);
      menuId.value = made.id;
    },
    removeConditional(id) {
      const found = model.menuOf(doc.value, id);
      if (!found?.cond) return;
      const go = (): void => {
        const at = doc.value.menus.indexOf(found);
        act(model.removeConditional(doc.value, id), "remove_menu", null);
        menuId.value = (doc.value.menus[at] ?? doc.value.menus[at - 1]).id;
      };
      question.value = { kind: "remove_menu", name: found.cond.name || model.pathOf(doc.value, id), n: model.countItems(found), go };
    },
    moveConditional(id, index) {
      act(model.moveConditional(doc.value, id, index), "move_menu");
      const at = doc.value.menus.findIndex((own) => own.id === id);
      say(t("menuEditor.said.moved_menu", { name: doc.value.menus[at]?.cond?.name ?? "", n: at, of: doc.value.menus.length - 1 }));
    },
    nameConditional: (id, name) => field((base) => model.setConditional(base, id, { name }), "rename", `cond:${id}`),
    setRule: (id, member, value) => field((base) => model.setRule(base, id, member, value), "rule", `rule:${member}:${id}`),
    replace(set, label) {
      const index = doc.value.menus.findIndex((own) => own.id === menu.value.id);
      const fresh = model.fromSet(set);
      act(fresh, label, null);
      menuId.value = (fresh.menus[index] ?? fresh.menus[0]).id;
    },
    undo: () => travel(undo(history.value), "menuEditor.said.undone", history.value.now.label),
    redo: () => travel(redo(history.value), "menuEditor.said.redone", history.value.future[0]?.label ?? ""),
  };
  return self;
}
