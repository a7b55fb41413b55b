/** Hosts that conditional menus lead to; WeChat allows three over all of them (65316). */
import { webHost } from "./measure";
import { text, type Doc, type Item } from "./model";

export function conditionalDomains(doc: Doc): string[] {
  const hosts = new Set<string>();
  const add = (item: Item): void => {
    const host = webHost(text(item, "url"));
    if (host && item.children.length === 0) hosts.add(host);
    item.children.forEach(add);
  };
  doc.menus.filter((menu) => menu.cond).forEach((menu) => menu.items.forEach(add));
  return [...hosts];
}
