/** Menus as documents: how to find a button by its path, and how to walk all of them. Pure; knows nothing of screens. */
import type { MenuPlace, MenuSet } from "@/host";

/** A button of WeChat's JSON. What a page does not know it leaves alone. */
export type RawButton = Record<string, unknown>;

export const isObject = (value: unknown): value is RawButton => typeof value === "object" && value !== null && !Array.isArray(value);
export const textOf = (value: unknown): string => (typeof value === "string" ? value : typeof value === "number" ? String(value) : "");
export const nameOf = (button: unknown): string => (isObject(button) ? textOf(button.name) : "");
export const typeOf = (button: unknown): string => (isObject(button) ? textOf(button.type) : "");

/** Sub-buttons; a leaf that `menu/get` answered carries an empty list. */
export function childrenOf(button: unknown): unknown[] {
  return isObject(button) && Array.isArray(button.sub_button) ? button.sub_button : [];
}

/** Buttons of a default menu, sub-buttons included, as versions count them. */
export const countButtons = (buttons: readonly unknown[]): number => buttons.reduce<number>((sum, button) => sum + 1 + childrenOf(button).length, 0);

/** `button[0]`, `conditional[1].button[0].sub_button[2]`. */
export function pathOf(place: MenuPlace, top: number, sub: number | null = null): string {
  const root = place.menu === "default" ? "" : `conditional[${place.index}].`;
  return `${root}button[${top}]${sub === null ? "" : `.sub_button[${sub}]`}`;
}

export interface Spot {
  place: MenuPlace;
  /** Null: the conditional menu itself, or its rule. */
  top: number | null;
  sub: number | null;
  /** What comes after the button: `url`, `name`, `matchrule`; empty for all of it. */
  field: string;
}

/** Where a path leads; null when it names nothing that can be shown. */
export function parsePath(path: string): Spot | null {
  const match = /^(?:conditional\[(\d+)\]\.?)?(?:button\[(\d+)\](?:\.sub_button\[(\d+)\])?\.?)?(.*)$/.exec(path);
  if (!match || path === "") return null;
  const [, index, top, sub, rest] = match;
  if (index === undefined && top === undefined) return null;
  return { place: index === undefined ? { menu: "default" } : { menu: "conditional", index: Number(index) }, top: top === undefined ? null : Number(top), sub: sub === undefined ? null : Number(sub), field: rest };
}

export const buttonsAt = (set: MenuSet, place: MenuPlace): unknown[] => (place.menu === "default" ? set.button : (set.conditional[place.index]?.button ?? []));

/** The button that a path names or lies in; undefined when it is not there. */
export function buttonAt(set: MenuSet, path: string): unknown {
  const spot = parsePath(path);
  if (!spot || spot.top === null) return undefined;
  const top = buttonsAt(set, spot.place)[spot.top];
  return spot.sub === null ? top : childrenOf(top)[spot.sub];
}

/** `2`, `2.3`: how mp.weixin.qq.com numbers buttons. Empty when the path names no button. */
export function numberOf(path: string): string {
  const spot = parsePath(path);
  if (!spot || spot.top === null) return "";
  return spot.sub === null ? String(spot.top + 1) : `${spot.top + 1}.${spot.sub + 1}`;
}

export const samePlace = (a: MenuPlace, b: MenuPlace): boolean => (a.menu === "default" ? b.menu === "default" : b.menu === "conditional" && a.index === b.index);
export const emptySet = (): MenuSet => ({ button: [], conditional: [], replies: [] });
export const isEmptySet = (set: MenuSet): boolean => set.button.length === 0 && set.conditional.length === 0;

/** The same JSON whatever the order of members; members that say nothing (an empty `sub_button`, null) do not count. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? "null";
  const members = Object.keys(value)
    .filter((key) => value[key] !== null && value[key] !== undefined && !(key === "sub_button" && childrenOf(value).length === 0))
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${members.join()}}`;
}

/** A rule as WeChat compares it: numbers and their texts are one, `group_id` is the old name of `tag_id`. */
function ruleText(rule: Record<string, unknown>): string {
  const plain: Record<string, string> = {};
  for (const [key, value] of Object.entries(rule)) if (textOf(value) !== "") plain[key === "group_id" ? "tag_id" : key] = textOf(value);
  return canonical(plain);
}
export const sameConditional = (a: MenuSet["conditional"][number], b: MenuSet["conditional"][number]): boolean => ruleText(a.matchrule) === ruleText(b.matchrule) && canonical(a.button) === canonical(b.button);

/** WeChat would show the same: names of conditional menus and kept replies are the console's own. */
export function sameMenus(a: MenuSet, b: MenuSet): boolean {
  return canonical(a.button) === canonical(b.button) && a.conditional.length === b.conditional.length && a.conditional.every((one, i) => sameConditional(one, b.conditional[i]));
}
