/** Button types of `menu/create`: which members each needs, what it is for, who can use it. Pure tables. */
import type { MenuAbilities } from "@/host";

export const BUTTON_TYPES = [
  "click",
  "view",
  "miniprogram",
  "scancode_push",
  "scancode_waitmsg",
  "pic_sysphoto",
  "pic_photo_or_album",
  "pic_weixin",
  "location_select",
  "media_id",
  "view_limited",
  "article_id",
  "article_view_limited",
] as const;
export type ButtonType = (typeof BUTTON_TYPES)[number];

/** Members that carry a button's content, in the order in which they are asked. */
export const FIELDS = ["key", "url", "appid", "pagepath", "media_id", "article_id"] as const;
export type Field = (typeof FIELDS)[number];

const KEYED: readonly Field[] = ["key"];
/** Members that a type needs besides the name. */
export const FIELDS_OF: Record<ButtonType, readonly Field[]> = {
  click: KEYED,
  view: ["url"],
  miniprogram: ["appid", "pagepath", "url"],
  scancode_push: KEYED,
  scancode_waitmsg: KEYED,
  pic_sysphoto: KEYED,
  pic_photo_or_album: KEYED,
  pic_weixin: KEYED,
  location_select: KEYED,
  media_id: ["media_id"],
  view_limited: ["media_id"],
  article_id: ["article_id"],
  article_view_limited: ["article_id"],
};

/** The picker's groups. */
export const TYPE_GROUPS: { id: "common" | "phone" | "material"; types: readonly ButtonType[] }[] = [
  { id: "common", types: ["click", "view", "miniprogram"] },
  { id: "phone", types: ["scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album", "pic_weixin", "location_select"] },
  { id: "material", types: ["media_id", "article_id", "view_limited", "article_view_limited"] },
];

export const isButtonType = (type: unknown): type is ButtonType => (BUTTON_TYPES as readonly unknown[]).includes(type);

/** Why a type is of no or little use to this account or its followers; worded under `menuEditor.limit.*`. */
export type Limit = "unverified" | "linked" | "old_clients" | "no_event" | "legacy";

export function limitsOf(type: ButtonType, abilities: MenuAbilities): Limit[] {
  const limits: Limit[] = [];
  if ((type === "view" || type === "miniprogram") && abilities.verified === false) limits.push("unverified");
  if (type === "miniprogram") limits.push("linked");
  if (/^(scancode|pic|location)_/.test(type)) limits.push("old_clients");
  if (type === "view_limited") limits.push("legacy");
  if (type === "media_id" || type === "view_limited" || type.startsWith("article_")) limits.push("no_event");
  return limits;
}
