/**
 * What the rooms around the editor say about menus: the state of an account in a list, the plan of a publication, what
 * became of a version. Pure; words are made by the pages.
 */
import type { LiveMenu, MenuChange, MenuFinding, MenuPlace, MenuReplaced, MenuSet, MenuSource, MenuState, MenuVersion, PublishStep, SourcedMenu } from "@/host";
import type { Tone } from "@/lib/health";
import { buttonAt, countButtons, isEmptySet, nameOf, sameConditional, sameMenus } from "./paths";

/** What followers see now, as far as it was read. */
export type LiveWord = "api" | "website" | "none" | "off" | "never" | "unreadable";
/** How the draft stands to it. */
export type DraftWord = "publishing" | "failed" | "interrupted" | "differs" | "same" | "empty";

export interface MenuSummary {
  live: LiveWord;
  draft: DraftWord;
  /** Buttons of the live default menu, sub-buttons included; null before the first reading. */
  buttons: number | null;
  conditional: number;
  readAt: number | null;
  /** Of the last version that became live. */
  publishedAt: number | null;
  canPublish: boolean;
  /** WeChat's code, when the last version or the reading of the original failed. */
  errcode: number | null;
}

export const LIVE_TONE: Record<LiveWord, Tone> = { api: "ok", website: "info", none: "idle", off: "warn", never: "idle", unreadable: "bad" };
export const DRAFT_TONE: Record<DraftWord, Tone> = { publishing: "info", failed: "bad", interrupted: "warn", differs: "warn", same: "ok", empty: "idle" };

export function liveWord(state: MenuState): LiveWord {
  if (!state.live) return state.original_error ? "unreadable" : "never";
  if (state.live.made_by === "nobody" || isEmptySet(state.live.set)) return "none";
  if (!state.live.is_open) return "off";
  return state.live.made_by;
}

export function draftWord(state: MenuState): DraftWord {
  const last = state.last_version;
  if (last?.state === "publishing") return last.resumable ? "interrupted" : "publishing";
  if (last?.state === "failed") return last.resumable ? "interrupted" : "failed";
  if (state.draft.revision === 0) return "empty";
  const live = state.live?.set;
  if (!live) return isEmptySet(state.draft.set) ? "empty" : "differs";
  return sameMenus(state.draft.set, live) ? "same" : "differs";
}

export function summarize(state: MenuState): MenuSummary {
  const last = state.last_version;
  return {
    live: liveWord(state),
    draft: draftWord(state),
    buttons: state.live ? countButtons(state.live.set.button) : null,
    conditional: state.live?.set.conditional.length ?? 0,
    readAt: state.live?.read_at ?? null,
    publishedAt: last?.state === "live" ? (last.ended_at ?? last.at) : null,
    canPublish: state.abilities.publish,
    errcode: last?.fault?.error.code || state.original_error?.code || null,
  };
}

/** The tabs of the list. */
export const STATE_TABS = ["differs", "live", "website", "never", "failed"] as const;
export type StateTab = (typeof STATE_TABS)[number];
export function inTab(row: MenuSummary, tab: StateTab): boolean {
  switch (tab) {
    case "differs":
      return row.draft === "differs";
    case "live":
      return row.live === "api";
    case "website":
      return row.live === "website";
    case "never":
      return row.live === "never";
    default:
      return row.live === "unreadable" || row.draft === "failed" || row.draft === "interrupted";
  }
}

/** What publishing does, in counts. WeChat cannot edit a conditional menu: all from the first that differs go and come anew. */
export interface PublishPlan {
  default: "none" | "create" | "replace" | "delete";
  kept: number;
  deleted: number;
  added: number;
  /** Deleting the default menu takes these along, wanted or not. */
  takenAlong: number;
}

export function planOf(live: MenuSet | null, want: MenuSet): PublishPlan {
  const from = live ?? { button: [], conditional: [], replies: [] };
  const sameDefault = sameMenus({ ...from, conditional: [] }, { ...want, conditional: [] });
  if (want.button.length === 0 && from.button.length > 0) return { default: "delete", kept: 0, deleted: 0, added: 0, takenAlong: from.conditional.length };
  // The last of the list is the oldest; WeChat keeps the order in which they came.
  let kept = 0;
  while (kept < from.conditional.length && kept < want.conditional.length && sameConditional(from.conditional[from.conditional.length - 1 - kept], want.conditional[want.conditional.length - 1 - kept])) kept += 1;
  return { default: sameDefault ? "none" : from.button.length === 0 ? "create" : "replace", kept, deleted: from.conditional.length - kept, added: want.conditional.length - kept, takenAlong: 0 };
}
export const nothingToDo = (plan: PublishPlan): boolean => plan.default === "none" && plan.deleted === 0 && plan.added === 0;

export const errorsOf = (findings: readonly MenuFinding[]): MenuFinding[] => findings.filter((one) => one.severity === "error");
export const warningsOf = (findings: readonly MenuFinding[]): MenuFinding[] => findings.filter((one) => one.severity === "warning");

/** Steps in words have these names; an engine that knows more is shown as it says. */
export const STEP_ACTS = ["create", "delete", "add_conditional", "delete_conditional", "read_back"] as const;
export const knownAct = (act: string): boolean => (STEP_ACTS as readonly string[]).includes(act);
export const stepsDone = (steps: readonly PublishStep[]): number => steps.filter((step) => step.done_at !== null).length;
/** When reading back proved it. */
export const provedAt = (version: MenuVersion): number | null => [...version.steps].reverse().find((step) => step.act === "read_back" && step.done_at !== null)?.done_at ?? null;

export type VersionWord = "publishing" | "interrupted" | "live" | "failed" | "superseded";
export function versionWord(version: MenuVersion): VersionWord {
  return version.resumable && version.state !== "live" && version.state !== "superseded" ? "interrupted" : version.state;
}
export const VERSION_TONE: Record<VersionWord, Tone> = { publishing: "info", interrupted: "warn", live: "ok", failed: "bad", superseded: "idle" };

/** Who published: `window`, `cli`, or the rest of `api:KEYNAME` and `bulk:JOB`. */
export function whoOf(who: string): { kind: "window" | "cli" | "api" | "bulk" | "other"; name: string } {
  const at = who.indexOf(":");
  const kind = at < 0 ? who : who.slice(0, at);
  const name = at < 0 ? "" : who.slice(at + 1);
  return kind === "window" || kind === "cli" || kind === "api" || kind === "bulk" ? { kind, name } : { kind: "other", name: who };
}

/** Which menus of either side there are to look at: the default one, then conditional ones by their place. */
export function placesOf(left: MenuSet, right: MenuSet): MenuPlace[] {
  const most = Math.max(left.conditional.length, right.conditional.length);
  return [{ menu: "default" }, ...Array.from({ length: most }, (_, index): MenuPlace => ({ menu: "conditional", index }))];
}

export type Mark = "added" | "removed" | "changed" | "moved";
/** Path of a button or a conditional menu → its mark, on one side. A change inside a button marks the button. */
export function marksOf(changes: readonly MenuChange[], side: "left" | "right"): Map<string, Mark> {
  const marks = new Map<string, Mark>();
  for (const change of changes) {
    const path = change[side];
    if (path !== null) marks.set(path, change.kind);
  }
  return marks;
}

/** Takes the source as a draft's set: conversions are part of it. */
export const asDraft = (source: SourcedMenu): MenuSet => JSON.parse(JSON.stringify(source.set)) as MenuSet;

/**
 * Which conversions of a live menu are still in a set: the converted key has its reply, the converted address its button.
 * A set that was imported from it has all; what somebody replaced since is no conversion any more.
 */
export function convertedIn(live: LiveMenu | null, set: MenuSet): MenuReplaced[] {
  if (!live || live.made_by !== "website") return [];
  return live.replaced.filter((one) => (one.key === null ? nameOf(buttonAt(set, one.path)) === one.name : set.replies.some((reply) => reply.key === one.key)));
}
/** Website kinds whose ids are temporary: 3 days. */
export const TEMPORARY_KINDS: readonly string[] = ["img", "voice"];

/** What is about to be published: the saved draft, a menu that is kept, what a stopped publication had left, or nothing. */
export type PublishJob =
  | { act: "draft"; set: MenuSet; revision: number }
  | { act: "republish"; source: MenuSource; set: MenuSet; replaced: MenuReplaced[] }
  | { act: "resume"; version: MenuVersion }
  | { act: "delete" };
