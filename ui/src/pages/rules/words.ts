/** Rules in words: whose messages, which, and what is answered. Pure but for the words themselves. */
import type { Component } from "vue";
import { ArrowDownIcon, ArticleIcon, ChatBubble1Icon, CheckCircleIcon, ImageIcon, MinusCircleIcon, Music1Icon, ServerIcon, ServiceIcon, SoundIcon, VideoIcon } from "tdesign-icons-vue-next";
import type { AccountKind, Rule, RuleAnswer, RuleVerdict, TextTest } from "@/host";
import type { Tone } from "@/lib/health";
import { kindWord } from "@/lib/messages";

export type Say = (key: string, named?: Record<string, unknown>) => string;
export interface Names {
  platform: (component: string) => string;
  account: (appid: string) => { name: string; kind: AccountKind | null };
  target: (id: number) => string | null;
}
type Known = (key: string) => boolean;

export const ANSWER_KINDS = ["text", "image", "voice", "video", "music", "news", "customer_service", "target", "success", "empty", "pass"] as const satisfies readonly RuleAnswer["kind"][];
export const ANSWER_ICONS: Record<RuleAnswer["kind"], Component> = {
  text: ChatBubble1Icon,
  image: ImageIcon,
  voice: SoundIcon,
  video: VideoIcon,
  music: Music1Icon,
  news: ArticleIcon,
  customer_service: ServiceIcon,
  target: ServerIcon,
  success: CheckCircleIcon,
  empty: MinusCircleIcon,
  pass: ArrowDownIcon,
};

/** Alternatives named before the rest is only counted. */
const NAMED = 3;

/** The alternatives of a comparison: one a line; a regular expression is one. */
export const alternatives = (test: TextTest): string[] => (test.how === "regex" ? [test.value] : test.value.split("\n").map((line) => line.trim()).filter(Boolean));

function list(words: string[], t: Say): string {
  const shown = words.slice(0, NAMED).join(t("rules.list_mark"));
  return words.length > NAMED ? t("rules.and_more", { words: shown, n: words.length }) : shown;
}

/** `包含「价格、多少钱」`. */
export const testWords = (test: TextTest, t: Say): string => t(`rules.how_${test.how}_words`, { words: list(alternatives(test), t) });

/** Whose messages. */
export function whoseWords(scope: Rule["scope"], names: Names, t: Say): string {
  if (scope.appid) {
    const { name, kind } = names.account(scope.appid);
    return t(kind === "official_account" ? "rules.whose_official" : kind === "mini_program" ? "rules.whose_mini" : "rules.whose_account", { name });
  }
  const parts = [...(scope.component_appid ? [t("rules.whose_platform", { name: names.platform(scope.component_appid) })] : []), ...(scope.tenant ? [t("rules.whose_tenant", { name: scope.tenant })] : [])];
  return parts.join(" · ") || t("rules.whose_all");
}

/** Which messages; every message when nothing is set. */
export function whenParts(when: Rule["when"], t: Say, te: Known): string[] {
  const { msg_types: types, events, key, text } = when;
  const parts: string[] = [];
  // An event's name says that it is an event.
  const shown = events.length > 0 ? types.filter((type) => type !== "event") : types;
  if (shown.length > 0) parts.push(list(shown.map((type) => kindWord(type, t, te)), t));
  if (events.length > 0) parts.push(t("rules.events_words", { words: list(events.map((event) => kindWord(event, t, te)), t) }));
  if (key) parts.push(t("rules.key_words", { words: testWords(key, t) }));
  if (text) parts.push(testWords(text, t));
  return parts.length > 0 ? parts : [t("rules.any_message")];
}

/** The whole condition: `公众号 晨光咖啡 · 文本 · 包含「价格、多少钱」`. */
export const conditionWords = (rule: Pick<Rule, "scope" | "when">, names: Names, t: Say, te: Known): string => [whoseWords(rule.scope, names, t), ...whenParts(rule.when, t, te)].join(" · ");

/** What the follower gets, in a few words; `detail` is its content. */
export function answerWords(answer: RuleAnswer, names: Pick<Names, "target">, t: Say): { kind: string; detail: string } {
  const kind = t(`rules.answer.${answer.kind}`);
  switch (answer.kind) {
    case "text":
      return { kind, detail: answer.content.replace(/\s*\n\s*/g, " ") };
    case "video":
    case "music":
      return { kind, detail: answer.title };
    case "news":
      return { kind, detail: answer.articles.length > 1 ? t("rules.news_words", { title: answer.articles[0].title, n: answer.articles.length }) : (answer.articles[0]?.title ?? "") };
    case "customer_service":
      return { kind, detail: answer.kf_account };
    case "target":
      return { kind, detail: names.target(answer.target_id) ?? t("rules.target_gone") };
    case "image":
    case "voice":
      return { kind, detail: answer.media_id };
    default:
      return { kind, detail: t(`rules.answer_note.${answer.kind}`) };
  }
}

/** How a verdict looks: the winner, one that only told others, one that was not asked any more, one that let it go by. */
export const VERDICT_TONE: Record<RuleVerdict, Tone> = { taken: "ok", passed: "info", too_late: "idle", off: "idle", scope: "idle", msg_type: "idle", event: "idle", key: "idle", text: "idle", out_of_time: "warn" };
