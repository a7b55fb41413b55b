/** Menus in words: rules, people, causes. The language comes with `t`. */
import type { MenuFinding, MenuSource, MenuVersion } from "@/host";
import { textOf } from "./paths";
import { whoOf } from "./rooms";

type Translate = (key: string, named?: Record<string, unknown>) => string;

/** `标签 102 · iOS`; members that WeChat has abolished are named as they stand. */
export function ruleWords(rule: Record<string, unknown>, t: Translate): string {
  const parts: string[] = [];
  const tag = textOf(rule.tag_id) || textOf(rule.group_id);
  if (tag) parts.push(t("menus.diff.tag", { id: tag }));
  const platform = { "1": "iOS", "2": "Android", "3": t("menus.diff.other_clients") }[textOf(rule.client_platform_type)];
  if (platform) parts.push(platform);
  for (const [key, value] of Object.entries(rule)) if (!["tag_id", "group_id", "client_platform_type"].includes(key) && textOf(value)) parts.push(`${key} ${textOf(value)}`);
  return parts.join(" · ");
}

export function whoWords(who: string, t: Translate): string {
  const { kind, name } = whoOf(who);
  return kind === "other" ? name : t(`menus.history.who_${kind}`, { name });
}

export const findingText = (finding: MenuFinding, locale: string): string => (locale.startsWith("zh") ? finding.message_zh : finding.message);

/** `#12`, `原菜单`. */
export function sourceWords(source: MenuSource, t: Translate): string {
  return source.from === "version" ? t("menus.history.version", { id: source.id }) : t(`menus.import.from_${source.from}`);
}

/** Where a version came from, when it says so: a version's number or a template's name. */
export function causeWords(version: MenuVersion, t: Translate): string {
  const from = version.from ?? "";
  return t(`menus.history.cause_${version.cause}`) + (from === "" ? "" : ` · ${/^\d+$/.test(from) ? t("menus.history.version", { id: from }) : from}`);
}
