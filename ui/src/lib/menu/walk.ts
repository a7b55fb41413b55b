/** What the arrow keys mean on the drawn phone, whose sub-menus stand above the bar. Pure. */
import type { Item, Menu, Place } from "./model";

function whereIs(menu: Menu, id: string): { top: number; sub: number | null } | null {
  for (const [top, item] of menu.items.entries()) {
    if (item.id === id) return { top, sub: null };
    const sub = item.children.findIndex((child) => child.id === id);
    if (sub >= 0) return { top, sub };
  }
  return null;
}

/** The item that the key leads to; null when there is none. */
export function step(menu: Menu, id: string, key: string): Item | null {
  const at = whereIs(menu, id);
  if (!at) return menu.items[0] ?? null;
  const own = menu.items[at.top];
  switch (key) {
    case "ArrowLeft":
      return menu.items[at.top - 1] ?? null;
    case "ArrowRight":
      return menu.items[at.top + 1] ?? null;
    case "ArrowUp":
      return (at.sub === null ? own.children[own.children.length - 1] : own.children[at.sub - 1]) ?? null;
    case "ArrowDown":
      return at.sub === null ? null : (own.children[at.sub + 1] ?? own);
    case "Home":
      return (at.sub === null ? menu.items[0] : own.children[0]) ?? null;
    case "End":
      return (at.sub === null ? menu.items[menu.items.length - 1] : own.children[own.children.length - 1]) ?? null;
    default:
      return null;
  }
}

/** Where Alt and the key would move the item; null when it is at the end already. */
export function push(menu: Menu, id: string, key: string): Place | null {
  const at = whereIs(menu, id);
  if (!at) return null;
  const own = menu.items[at.top];
  const to = (parent: string | null, index: number): Place => ({ menu: menu.id, parent, index });
  const side = key === "ArrowLeft" ? at.top - 1 : at.top + 1;
  if (at.sub === null) {
    if (key === "ArrowUp") {
      const neighbour = menu.items[at.top - 1] ?? menu.items[at.top + 1];
      return neighbour ? to(neighbour.id, neighbour.children.length) : null;
    }
    if (key === "ArrowLeft") return at.top > 0 ? to(null, at.top - 1) : null;
    return key === "ArrowRight" && at.top < menu.items.length - 1 ? to(null, at.top + 2) : null;
  }
  if (key === "ArrowUp") return at.sub > 0 ? to(own.id, at.sub - 1) : null;
  if (key === "ArrowDown") return at.sub < own.children.length - 1 ? to(own.id, at.sub + 2) : to(null, at.top + 1);
  const neighbour = menu.items[side];
  return neighbour ? to(neighbour.id, Math.min(at.sub, neighbour.children.length)) : null;
}
