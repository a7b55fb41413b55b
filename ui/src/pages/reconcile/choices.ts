/**
 * What of a preview is ticked. A group is wholly ticked (`all`, also beyond the rows that are shown), or some of its shown
 * rows are. Pure.
 */
import type { ReconcileChoices, ReconcileGroup, ReconcilePick, ReconcilePreview } from "@/host";

export const GROUPS = ["missing_here", "changed", "gone_there"] as const;
export type GroupName = (typeof GROUPS)[number];

export interface Ticked {
  all: boolean;
  appids: Set<string>;
}
export type Choice = Record<GroupName, Ticked>;

/** What is missing or changed is taken; that something is gone has to be said by a person. */
export function firstChoice(preview: ReconcilePreview): Choice {
  const all = (group: ReconcileGroup): Ticked => ({ all: group.total > 0, appids: new Set() });
  return { missing_here: all(preview.missing_here), changed: all(preview.changed), gone_there: { all: false, appids: new Set() } };
}

export const isTicked = (ticked: Ticked, appid: string): boolean => ticked.all || ticked.appids.has(appid);

export function toggled(ticked: Ticked, group: ReconcileGroup, appid: string): Ticked {
  // Rows beyond those shown cannot be named, so one that is left out leaves them out too.
  const appids = ticked.all ? new Set(group.items.map((item) => item.appid)) : new Set(ticked.appids);
  if (!appids.delete(appid)) appids.add(appid);
  return appids.size === group.total ? { all: true, appids: new Set() } : { all: false, appids };
}

export const toggledAll = (ticked: Ticked): Ticked => ({ all: !ticked.all, appids: new Set() });

export const size = (ticked: Ticked, group: ReconcileGroup): number => (ticked.all ? group.total : ticked.appids.size);

const pick = (ticked: Ticked, group: ReconcileGroup): ReconcilePick => ({ all: ticked.all && group.total > 0, appids: ticked.all ? [] : [...ticked.appids] });

export function toChoices(choice: Choice, preview: ReconcilePreview): ReconcileChoices {
  return {
    add: pick(choice.missing_here, preview.missing_here),
    update: pick(choice.changed, preview.changed),
    mark_gone: pick(choice.gone_there, preview.gone_there),
  };
}
