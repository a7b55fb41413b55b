/** Articles of a reply. They come as WeChat or a person wrote them: anything may stand there. Pure. */
import type { MenuReply } from "@/host";

export interface Article {
  title?: string;
  digest?: string;
  content_url?: string;
}
/** Members that are texts when they are there. */
const TEXTS = ["title", "author", "digest", "cover_url", "content_url", "source_url"];

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether it can be kept as the articles of a reply; none at all is fine. */
export const isNews = (value: unknown): boolean =>
  value === undefined || value === null || (Array.isArray(value) && value.every((one) => isObject(one) && TEXTS.every((member) => one[member] === undefined || one[member] === null || typeof one[member] === "string")));

/** What can be shown of them. */
export function articlesOf(reply: Pick<MenuReply, "news"> | null): Article[] {
  const list: unknown = reply?.news;
  if (!Array.isArray(list)) return [];
  return list.filter(isObject).map((one) => Object.fromEntries(TEXTS.filter((member) => typeof one[member] === "string").map((member) => [member, one[member]])));
}
