/** Questions about rules, business servers, their queues, the release check. Their change tags are answered in `queries.ts`. */
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/vue-query";
import { computed, toValue, type MaybeRefOrGetter } from "vue";
import { useHost, type Crowd, type DeliveryPage, type DeliveryQuery, type DeliveryState, type FieldError, type Rehearsal, type ReleaseCheck, type Rule, type Target, type TargetState } from "@/host";
import type { Tone } from "./health";
import { keys, type Answer } from "./queries";

export const useRules = (): Answer<Rule[]> => useQuery({ queryKey: keys.rules, placeholderData: keepPreviousData, queryFn: () => useHost().call("list_rules", {}) });

/** A queue that grows tells it by a tag; what it takes while nothing happens is asked again so often, ms. */
const TARGETS_NET_MS = 15_000;
export const useTargets = (): Answer<Target[]> => useQuery({ queryKey: keys.targets, placeholderData: keepPreviousData, refetchInterval: TARGETS_NET_MS, queryFn: () => useHost().call("list_targets", {}) });

/** Rows of one answer. */
const PAGE = 100;
// The library's own type is kept: a page more is its business.
export const useDeliveries = (query: MaybeRefOrGetter<DeliveryQuery>) =>
  useInfiniteQuery({
    queryKey: computed(() => [...keys.targets, "deliveries", toValue(query)]),
    initialPageParam: null as number | null,
    placeholderData: keepPreviousData,
    queryFn: ({ pageParam }) => useHost().call("list_deliveries", { query: { ...toValue(query), limit: PAGE, ...(pageParam !== null && { before: pageParam }) } }),
    getNextPageParam: (last: DeliveryPage) => last.next_before ?? undefined,
  });

/** While a rehearsal runs its rows are followed at most so often, ms. */
const REHEARSAL_MS = 1_000;
export const isRunning = (one: Pick<Rehearsal, "ended_at"> | undefined): boolean => one?.ended_at === null;
export const useRelease = (): Answer<ReleaseCheck> =>
  useQuery({
    queryKey: keys.release,
    refetchInterval: (query) => (query.state.data?.rehearsals.some(isRunning) ? REHEARSAL_MS : false),
    queryFn: () => useHost().call("release_check", {}),
  });

/** The crowd's figures move while somebody looks at them, ms. */
const CROWD_MS = 2_000;
export const useCrowd = (): Answer<Crowd> => useQuery({ queryKey: keys.crowd, staleTime: 0, refetchInterval: CROWD_MS, queryFn: () => useHost().call("get_crowd", {}) });

export const TARGET_TONE: Record<TargetState, Tone> = { off: "idle", idle: "idle", ok: "ok", failing: "warn", open: "bad", probing: "info" };
export const DELIVERY_TONE: Record<DeliveryState, Tone> = { waiting: "info", delivered: "ok", failed: "warn", dead: "bad" };

/** `articles[0].title` and `articles.0.title` are the same place. */
const plain = (path: string): string => path.replace(/\[(\d+)\]/g, ".$1");
/** What the engine says of a field, or of something inside it. */
export function fieldError(errors: readonly FieldError[], path: string, locale: string): string | null {
  const found = errors.find(({ field }) => plain(field) === path || plain(field).startsWith(`${path}.`));
  return found ? (locale.startsWith("zh") ? found.message_zh : found.message) : null;
}
/** What it says of fields that the form has no place for. */
export function otherErrors(errors: readonly FieldError[], paths: readonly string[], locale: string): string[] {
  return errors.filter(({ field }) => !paths.some((path) => plain(field) === path || plain(field).startsWith(`${path}.`))).map((one) => (locale.startsWith("zh") ? one.message_zh : one.message));
}
