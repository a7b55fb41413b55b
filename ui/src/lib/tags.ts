/** The rules of tags, the same as the engine's. Pure. */
export const MAX_TAGS = 20;
export const MAX_TAG = 20;

/** What was typed or pasted, as tags: `重点，华东` are two. */
export function splitTags(text: string): string[] {
  return [...new Set(text.split(/[,，、;；\n\t]+/).map((tag) => tag.trim()).filter(Boolean))];
}

export type TagRule = "tag_long" | "tags_many";

/** The tags with these added; what is there already falls away. Says which rule a wrong one breaks, and adds nothing then. */
export function addTags(tags: string[], text: string): { tags: string[]; rule: TagRule | null } {
  const fresh = splitTags(text).filter((tag) => !tags.includes(tag));
  if (fresh.some((tag) => Array.from(tag).length > MAX_TAG)) return { tags, rule: "tag_long" };
  if (tags.length + fresh.length > MAX_TAGS) return { tags, rule: "tags_many" };
  return { tags: [...tags, ...fresh], rule: null };
}
