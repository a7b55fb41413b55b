/** What the call log is narrowed to, and its way from the address. Pure but for `useCallFilters`. */
import { computed, reactive, ref, watch, type ComputedRef, type Ref } from "vue";
import { useRoute } from "vue-router";
import type { ApiCallQuery, CallReason } from "@/host";
import { engineNow } from "@/lib/clock";
import { platformScope } from "@/lib/settings";

export const REASONS: CallReason[] = ["scheduled", "operator", "server", "authorization", "details", "link", "options", "quota", "menu", "test", "diagnostics", "reconcile", "other"];
export type Span = "" | "hour" | "today" | "day" | "week" | "own";
export const SPANS: Span[] = ["", "hour", "today", "day", "week", "own"];
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export interface CallFilter {
  errors: boolean;
  platform: string;
  appid: string;
  api: string;
  reason: CallReason | "";
  errcode: string;
  span: Span;
  /** As typed, for the own span: local time. */
  from: string;
  until: string;
}

/** `2026-01-05T14:32` or `2026-01-05 14:32` in local time, ms; null for anything else. */
export function localMoment(text: string): number | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2}))?$/.exec(text.trim());
  if (!match) return null;
  const [, y, mo, d, h = "0", mi = "0"] = match;
  const date = new Date(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi));
  // `2026-02-31` would roll over into March.
  return date.getMonth() === Number(mo) - 1 && date.getDate() === Number(d) && Number(h) < 24 && Number(mi) < 60 ? date.getTime() : null;
}

/** A whole code such as `45009` or `-1`; null for anything else. */
export function codeOf(text: string): number | null {
  return /^-?\d{1,9}$/.test(text.trim()) ? Number(text) : null;
}

/** Bounds of a span, ms. `until` is exclusive. */
export function bounds(filter: Pick<CallFilter, "span" | "from" | "until">, now: number): { from?: number; until?: number } {
  switch (filter.span) {
    case "hour":
      return { from: now - HOUR };
    case "today":
      return { from: new Date(now).setHours(0, 0, 0, 0) };
    case "day":
      return { from: now - DAY };
    case "week":
      return { from: now - 7 * DAY };
    case "own": {
      const from = localMoment(filter.from);
      const until = localMoment(filter.until);
      // The last minute named is meant too.
      return { ...(from !== null && { from }), ...(until !== null && { until: until + 60_000 }) };
    }
    default:
      return {};
  }
}

export function toQuery(filter: CallFilter, now: number): ApiCallQuery {
  const code = codeOf(filter.errcode);
  return {
    ...(filter.platform && { platform: filter.platform }),
    ...(filter.appid && { appid: filter.appid }),
    ...(filter.api && { api: filter.api }),
    ...(code !== null && { errcode: code }),
    ...(filter.errors && { only_errors: true }),
    ...(filter.reason && { reason: filter.reason }),
    ...bounds(filter, now),
  };
}

/** What an address asks for: `?platform=&appid=&api=&errcode=&errors=1&reason=`. */
export function fromAddress(query: Record<string, unknown>): Partial<CallFilter> {
  const text = (name: string): string => (typeof query[name] === "string" ? query[name] : "");
  const reason = text("reason") as CallReason;
  return {
    ...(text("platform") && { platform: text("platform") }),
    ...(text("appid") && { appid: text("appid") }),
    ...(text("api") && { api: text("api") }),
    ...(text("errcode") && { errcode: text("errcode") }),
    ...(text("errors") === "1" && { errors: true }),
    ...(REASONS.includes(reason) && { reason }),
  };
}

const BLANK = { errors: false, appid: "", api: "", reason: "", errcode: "", span: "", from: "", until: "" } as const;
/** Typing settles for this long before the engine is asked, ms. */
const SETTLE_MS = 300;

export interface CallFilters {
  filter: CallFilter;
  /** The code as it is typed; it counts once it has settled. */
  code: Ref<string>;
  query: ComputedRef<ApiCallQuery>;
  filtered: ComputedRef<boolean>;
  clear: () => void;
}

export function useCallFilters(): CallFilters {
  const route = useRoute();
  const filter = reactive<CallFilter>({ ...BLANK, platform: platformScope.value, ...fromAddress(route.query) });
  const code = ref(filter.errcode);
  let timer: ReturnType<typeof setTimeout> | null = null;
  watch(code, () => {
    if (timer) clearTimeout(timer);
    timer = setTimeout(() => (filter.errcode = code.value.trim()), SETTLE_MS);
  });
  watch(platformScope, (id) => Object.assign(filter, { platform: id, appid: "" }));
  watch(
    () => route.query,
    (query) => {
      if (route.path !== "/calls") return;
      Object.assign(filter, fromAddress(query));
      code.value = filter.errcode;
    },
  );
  return {
    filter,
    code,
    // "The last hour" begins when it is chosen: a start that moved would ask again with every tick.
    query: computed(() => toQuery(filter, engineNow())),
    filtered: computed(() => filter.errors || filter.appid !== "" || filter.api !== "" || filter.reason !== "" || codeOf(filter.errcode) !== null || filter.span !== "" || (filter.platform !== "" && filter.platform !== platformScope.value)),
    clear() {
      Object.assign(filter, BLANK, { platform: platformScope.value });
      code.value = "";
    },
  };
}
