/** A rule in the form: between the engine's rule and the fields, and what can be told wrong before it is sent. Pure. */
import type { ReplyArticle, Rule, RuleAnswer, RuleInput, RuleSample, TextHow, TextTest } from "@/host";
import { byteLength, KEYED, MOST_ARTICLES, TEXT_BYTES } from "@/lib/messages";
import { alternatives } from "./words";

export type Whose = "all" | "platform" | "account" | "tenant";
export interface TestDraft {
  /** Empty: not compared. */
  how: TextHow | "";
  value: string;
  ignore_case: boolean;
}
export interface RuleDraft {
  name: string;
  enabled: boolean;
  whose: Whose;
  component: string;
  appid: string;
  tenant: string;
  msg_types: string[];
  events: string[];
  key: TestDraft;
  text: TestDraft;
  kind: RuleAnswer["kind"];
  content: string;
  media_id: string;
  title: string;
  description: string;
  music_url: string;
  hq_music_url: string;
  thumb_media_id: string;
  kf_account: string;
  target_id: number | null;
  articles: ReplyArticle[];
  notify: number[];
}

export const MAX_RULE_NAME = 60;
export const MAX_TEST = 500;
export const emptyArticle = (): ReplyArticle => ({ title: "", description: "", pic_url: "", url: "" });
const noTest = (): TestDraft => ({ how: "", value: "", ignore_case: true });

export const emptyDraft = (): RuleDraft => ({
  name: "", enabled: true, whose: "all", component: "", appid: "", tenant: "", msg_types: [], events: [], key: noTest(), text: noTest(), kind: "text", content: "", media_id: "", title: "", description: "",
  music_url: "", hq_music_url: "", thumb_media_id: "", kf_account: "", target_id: null, articles: [emptyArticle()], notify: [],
});

/** Three beginnings that most people want. `name`s and texts come from the page's language. */
export type Start = "welcome" | "keyword" | "forward";
export function startDraft(start: Start, words: { name: string; text: string; keywords: string }): RuleDraft {
  const draft = { ...emptyDraft(), name: words.name };
  if (start === "welcome") return { ...draft, msg_types: ["event"], events: ["subscribe"], content: words.text };
  if (start === "keyword") return { ...draft, msg_types: ["text"], text: { how: "contains", value: words.keywords, ignore_case: true }, content: words.text };
  return { ...draft, kind: "pass" };
}

const testDraft = (test: TextTest | null): TestDraft => (test ? { ...test } : noTest());
export function draftOf(rule: Omit<RuleInput, "id">): RuleDraft {
  const { scope, when, answer } = rule;
  return {
    ...emptyDraft(),
    name: rule.name,
    enabled: rule.enabled,
    whose: scope.appid ? "account" : scope.tenant ? "tenant" : scope.component_appid ? "platform" : "all",
    component: scope.component_appid ?? "",
    appid: scope.appid ?? "",
    tenant: scope.tenant ?? "",
    msg_types: [...when.msg_types],
    events: [...when.events],
    key: testDraft(when.key),
    text: testDraft(when.text),
    ...answer,
    articles: answer.kind === "news" ? answer.articles.map((one) => ({ ...one })) : [emptyArticle()],
    notify: [...rule.notify],
  };
}

const testInput = (test: TestDraft): TextTest | null => (test.how === "" ? null : { how: test.how, value: test.how === "regex" ? test.value : test.value.split("\n").map((line) => line.trim()).filter(Boolean).join("\n"), ignore_case: test.ignore_case });

function answerInput(draft: RuleDraft): RuleAnswer {
  const { kind, content, media_id, title, description, music_url, hq_music_url, thumb_media_id, kf_account } = draft;
  switch (kind) {
    case "text":
      return { kind, content };
    case "image":
    case "voice":
      return { kind, media_id: media_id.trim() };
    case "video":
      return { kind, media_id: media_id.trim(), title, description };
    case "music":
      return { kind, title, description, music_url: music_url.trim(), hq_music_url: hq_music_url.trim(), thumb_media_id: thumb_media_id.trim() };
    case "news":
      return { kind, articles: draft.articles.map((one) => ({ ...one, pic_url: one.pic_url.trim(), url: one.url.trim() })) };
    case "customer_service":
      return { kind, kf_account: kf_account.trim() };
    case "target":
      return { kind, target_id: draft.target_id ?? 0 };
    default:
      return { kind };
  }
}

export function inputOf(draft: RuleDraft, id: number | null): RuleInput {
  const { whose } = draft;
  return {
    ...(id !== null && { id }),
    name: draft.name.trim(),
    enabled: draft.enabled,
    scope: {
      component_appid: whose === "all" ? null : draft.component || null,
      appid: whose === "account" ? draft.appid || null : null,
      tenant: whose === "tenant" ? draft.tenant || null : null,
    },
    when: { msg_types: [...draft.msg_types], events: takesEvents(draft) ? [...draft.events] : [], key: takesEvents(draft) ? testInput(draft.key) : null, text: takesText(draft) ? testInput(draft.text) : null },
    answer: answerInput(draft),
    notify: [...draft.notify],
  };
}

/** Events can be meant: then their names and keys can be asked for. */
export const takesEvents = (draft: Pick<RuleDraft, "msg_types">): boolean => draft.msg_types.length === 0 || draft.msg_types.includes("event");
/** Something with a text can be meant. */
export const takesText = (draft: Pick<RuleDraft, "msg_types">): boolean => draft.msg_types.length === 0 || draft.msg_types.some((type) => ["text", "voice", "location", "link"].includes(type) || !["event", "image", "video", "shortvideo"].includes(type));

export type Broken = "required" | "name_long" | "test_long" | "text_long" | "no_notify" | "articles_many" | "url";

const isWeb = (url: string): boolean => /^https?:\/\/[^\s]+/.test(url) || url.startsWith("{{");

/** Path of a field → what is wrong with it. The engine decides in the end, and knows more. */
export function brokenRules(draft: RuleDraft): Map<string, Broken> {
  const out = new Map<string, Broken>();
  const need = (path: string, value: string): void => void (value.trim() === "" && out.set(path, "required"));
  need("name", draft.name);
  if (Array.from(draft.name.trim()).length > MAX_RULE_NAME) out.set("name", "name_long");
  if (draft.whose === "platform") need("scope.component_appid", draft.component);
  if (draft.whose === "account") need("scope.appid", draft.appid);
  if (draft.whose === "tenant") need("scope.tenant", draft.tenant);
  for (const part of ["key", "text"] as const) {
    const test = draft[part];
    if (test.how === "" || !(part === "key" ? takesEvents(draft) : takesText(draft))) continue;
    need(`when.${part}`, test.value);
    if (Array.from(test.value.trim()).length > MAX_TEST) out.set(`when.${part}`, "test_long");
  }
  switch (draft.kind) {
    case "text":
      need("answer.content", draft.content);
      if (byteLength(draft.content) > TEXT_BYTES) out.set("answer.content", "text_long");
      break;
    case "image":
    case "voice":
    case "video":
      need("answer.media_id", draft.media_id);
      break;
    case "music":
      need("answer.thumb_media_id", draft.thumb_media_id);
      for (const path of ["music_url", "hq_music_url"] as const) if (draft[path].trim() !== "" && !isWeb(draft[path].trim())) out.set(`answer.${path}`, "url");
      break;
    case "news":
      if (draft.articles.length > MOST_ARTICLES) out.set("answer.articles", "articles_many");
      if (draft.articles.length === 0) out.set("answer.articles", "required");
      draft.articles.forEach((one, i) => {
        need(`answer.articles.${i}.title`, one.title);
        need(`answer.articles.${i}.url`, one.url);
        for (const path of ["url", "pic_url"] as const) if (one[path].trim() !== "" && !isWeb(one[path].trim())) out.set(`answer.articles.${i}.${path}`, "url");
      });
      break;
    case "target":
      if (draft.target_id === null) out.set("answer.target_id", "required");
      break;
    case "pass":
      if (draft.notify.length === 0) out.set("notify", "no_notify");
      break;
  }
  return out;
}

/** Where the form shows errors, in its order. */
export const FIELDS = ["name", "scope.component_appid", "scope.appid", "scope.tenant", "when.msg_types", "when.events", "when.key", "when.text", "answer.content", "answer.media_id", "answer.title", "answer.description", "answer.music_url", "answer.hq_music_url", "answer.thumb_media_id", "answer.articles", "answer.kf_account", "answer.target_id", "notify"] as const;

/** The sample of the tester as it is filled in. */
export interface SampleDraft {
  from: "made" | "inbox";
  push_id: number | null;
  component: string;
  appid: string;
  msg_type: string;
  event: string;
  key: string;
  text: string;
}

/** A message that the rule is likely to be meant for. */
export function likelySample(draft: RuleDraft): Pick<SampleDraft, "msg_type" | "event" | "key" | "text"> {
  const first = (test: TestDraft): string => (test.how === "" || test.how === "regex" ? "" : (alternatives({ ...test, how: test.how })[0] ?? ""));
  const isEvent = draft.events.length > 0 ? !draft.msg_types.some((type) => type !== "event") : draft.msg_types.length > 0 && draft.msg_types.every((type) => type === "event");
  const event = isEvent ? (draft.events[0] ?? "subscribe") : "";
  return { msg_type: isEvent ? "event" : (draft.msg_types.find((type) => type !== "event") ?? "text"), event, key: isEvent && KEYED.has(event) ? first(draft.key) : "", text: isEvent ? "" : first(draft.text) };
}

/** As the engine takes it. */
export function sampleInput(sample: SampleDraft, draft: RuleInput | null): RuleSample {
  if (sample.from === "inbox") return { ...(sample.push_id !== null && { push_id: sample.push_id }), ...(draft && { draft }) };
  const event = sample.msg_type === "event";
  return {
    ...(sample.component && { component_appid: sample.component }),
    ...(sample.appid && { appid: sample.appid }),
    msg_type: sample.msg_type,
    ...(event && sample.event && { event: sample.event }),
    ...(event && sample.key && { key: sample.key }),
    ...(!event && sample.text && { text: sample.text }),
    ...(draft && { draft }),
  };
}

/** Rules for a copy: the same, with a name of its own. */
export const copyOf = (rule: Rule, name: string): RuleDraft => ({ ...draftOf(rule), name: Array.from(name).slice(0, MAX_RULE_NAME).join("") });
