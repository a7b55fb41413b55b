/** What the inbox is narrowed to, and its way to and from the address. Pure but for `useInboxFilters`. */
import { computed, onBeforeUnmount, reactive, ref, watch, type ComputedRef, type Ref } from "vue";
import { useRoute, useRouter, type LocationQuery } from "vue-router";
import type { InboxQuery, PushClass } from "@/host";
import { engineNow } from "@/lib/clock";
import { platformScope } from "@/lib/settings";
import { localMoment } from "../calls/filters";

export type Span = "" | "hour" | "day" | "week" | "own";
export const SPANS: Span[] = ["", "hour", "day", "week", "own"];
const HOUR = 3_600_000;
const LENGTH: Record<"hour" | "day" | "week", number> = { hour: HOUR, day: 24 * HOUR, week: 7 * 24 * HOUR };

export interface InboxFilter {
  platform: string;
  account: string;
  class: PushClass | "";
  type: string;
  event: string;
  sender: string;
  q: string;
  span: Span;
  /** As typed, for the own span: local time. */
  from: string;
  until: string;
  slow: boolean;
  rule: string;
}
const BLANK: InboxFilter = { platform: "", account: "", class: "", type: "", event: "", sender: "", q: "", span: "", from: "", until: "", slow: false, rule: "" };
const NAMES = Object.keys(BLANK) as (keyof InboxFilter)[];

/** Bounds of a span, ms. `until` is exclusive. */
export function bounds(filter: Pick<InboxFilter, "span" | "from" | "until">, now: number): { from?: number; until?: number } {
  if (filter.span === "") return {};
  if (filter.span !== "own") return { from: now - LENGTH[filter.span] };
  const from = localMoment(filter.from);
  const until = localMoment(filter.until);
  // The last minute named is meant too.
  return { ...(from !== null && { from }), ...(until !== null && { until: until + 60_000 }) };
}

export function toQuery(filter: InboxFilter, now: number): InboxQuery {
  return {
    ...(filter.platform && { component_appid: filter.platform }),
    ...(filter.account && { appid: filter.account }),
    ...(filter.class && { class: filter.class }),
    ...(filter.type && { msg_type: filter.type }),
    ...(filter.event && { event: filter.event }),
    ...(filter.sender.trim() && { sender: filter.sender.trim() }),
    ...(filter.q.trim() && { text: filter.q.trim() }),
    ...(filter.slow && { only_slow: true }),
    ...(/^\d{1,15}$/.test(filter.rule) && { rule_id: Number(filter.rule) }),
    ...bounds(filter, now),
  };
}

/** What an address asks for; what it does not name is blank, and what makes no sense falls away. */
export function fromAddress(query: LocationQuery | Record<string, unknown>, scope: string): InboxFilter {
  const text = (name: string): string => (typeof query[name] === "string" ? (query[name] as string) : "");
  const span = text("span") as Span;
  const of = text("class") as PushClass;
  const own = span === "own";
  return {
    platform: text("platform") || scope, account: text("account"), class: of === "message" || of === "component" ? of : "", type: text("type"), event: text("event"), sender: text("sender"), q: text("q"),
    span: SPANS.includes(span) ? span : "", from: own ? text("from") : "", until: own ? text("until") : "", slow: text("slow") === "1", rule: text("rule"),
  };
}

/** Only what differs from a blank filter. */
export function toAddress(filter: InboxFilter, scope: string): Record<string, string> {
  const out: Record<string, string> = {};
  for (const name of NAMES) {
    const value = filter[name];
    if (value === true) out[name] = "1";
    else if (typeof value === "string" && value !== "" && !(name === "platform" && value === scope)) out[name] = value;
  }
  if (filter.span !== "own") {
    delete out.from;
    delete out.until;
  }
  return out;
}

/** `?open=812`, as an id. */
export const openedIn = (query: LocationQuery | Record<string, unknown>): number | null => (typeof query.open === "string" && /^\d{1,15}$/.test(query.open) ? Number(query.open) : null);

/** Typing settles for this long before the engine is asked, ms. */
const SETTLE_MS = 300;

export interface InboxFilters {
  filter: InboxFilter;
  /** As they are typed; they count once they have settled. */
  text: Ref<string>;
  sender: Ref<string>;
  composing: Ref<boolean>;
  query: ComputedRef<InboxQuery>;
  filtered: ComputedRef<boolean>;
  /** The push that is open beside the list. */
  opened: Ref<number | null>;
  /** Everything blank but for these. */
  only: (some: Partial<InboxFilter>) => void;
  clear: () => void;
}

export function useInboxFilters(): InboxFilters {
  const route = useRoute();
  const router = useRouter();
  const filter = reactive<InboxFilter>(fromAddress(route.query, platformScope.value));
  const text = ref(filter.q);
  const sender = ref(filter.sender);
  const composing = ref(false);
  let timer: ReturnType<typeof setTimeout> | null = null;
  const stop = (): void => {
    if (timer) clearTimeout(timer);
    timer = null;
  };
  watch([text, sender, composing], () => {
    stop();
    // Half a syllable is no search.
    if (!composing.value) timer = setTimeout(() => Object.assign(filter, { q: text.value.trim(), sender: sender.value.trim() }), SETTLE_MS);
  });
  onBeforeUnmount(stop);
  function take(fresh: InboxFilter): void {
    stop();
    Object.assign(filter, fresh);
    if (text.value.trim() !== fresh.q) text.value = fresh.q;
    if (sender.value.trim() !== fresh.sender) sender.value = fresh.sender;
  }
  watch(platformScope, (id) => Object.assign(filter, { platform: id, account: "" }));
  const opened = ref(openedIn(route.query));
  const address = computed(() => ({ ...toAddress(filter, platformScope.value), ...(opened.value !== null && { open: String(opened.value) }) }));
  const here = (): Record<string, string> => ((id) => ({ ...toAddress(fromAddress(route.query, platformScope.value), platformScope.value), ...(id !== null && { open: String(id) }) }))(openedIn(route.query));
  const same = (): boolean => JSON.stringify(here()) === JSON.stringify(address.value);
  watch(address, (query) => {
    if (route.path !== "/messages" || same()) return;
    // The way back closes what was opened.
    const push = opened.value !== null && openedIn(route.query) === null;
    void router[push ? "push" : "replace"]({ path: "/messages", query });
  });
  watch(
    () => route.query,
    (query) => {
      if (route.path !== "/messages" || same()) return;
      opened.value = openedIn(query);
      take(fromAddress(query, platformScope.value));
    },
  );
  return {
    filter,
    text,
    sender,
    composing,
    // "The last hour" begins when it is chosen: a start that moved would ask again with every tick.
    query: computed(() => toQuery(filter, engineNow())),
    opened,
    filtered: computed(() => NAMES.some((name) => name !== "platform" && name !== "from" && name !== "until" && filter[name] !== BLANK[name]) || filter.platform !== platformScope.value),
    only: (some) => take({ ...BLANK, platform: platformScope.value, ...some }),
    clear: () => take({ ...BLANK, platform: platformScope.value }),
  };
}
