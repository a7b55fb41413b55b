/**
 * What the accounts list is narrowed to. Owns the choices, the text being typed, and their way from the address; the
 * engine does the filtering.
 */
import { computed, reactive, ref, watch, type ComputedRef, type Ref } from "vue";
import { useRoute } from "vue-router";
import type { AccountKind, AccountQuery, AccountSort, AccountState, Connection } from "@/host";
import { ownScope, platformScope } from "@/lib/settings";

export const STATES: AccountState[] = ["authorized", "failing", "needs_authorization", "unauthorized"];
/** Typing settles for this long before the engine is asked, ms. */
const SETTLE_MS = 220;

export interface Filter {
  state: AccountState | "";
  kind: AccountKind | "";
  platform: string;
  /** How they came. */
  connection: Connection | "";
  /** Null: any; empty: those without a tenant. */
  tenant: string | null;
  tag: string;
  removed: boolean;
  sort: AccountSort;
  descending: boolean;
}

/** The engine's question for these choices. Pure. */
export function toQuery(filter: Filter, q: string): AccountQuery {
  return {
    ...(filter.platform && { platform: filter.platform }),
    ...(filter.connection && { connection: filter.connection }),
    ...(filter.state && !filter.removed && { state: filter.state }),
    ...(filter.kind && { kind: filter.kind }),
    ...(filter.tenant !== null && { tenant: filter.tenant }),
    ...(filter.tag && { tag: filter.tag }),
    ...(filter.removed && { removed: true }),
    ...(q && { q }),
    sort: filter.sort,
    descending: filter.descending,
  };
}

/** What an address asks for: `?platform=&connection=&state=&tenant=&tag=&removed=1`. Only what it names. Pure. */
export function fromAddress(query: Record<string, unknown>): Partial<Filter> {
  const text = (name: string): string | null => (typeof query[name] === "string" ? query[name] : null);
  const state = text("state") as AccountState | null;
  const platform = text("platform");
  const tenant = text("tenant");
  const connection = text("connection");
  const tag = text("tag");
  return {
    // With `open`, the platform names the account's, not a filter.
    ...(platform && text("open") === null && { platform }),
    ...((connection === "authorized" || connection === "own_secret") && { connection }),
    ...(state && STATES.includes(state) && { state }),
    ...(tenant !== null && { tenant }),
    ...(tag && { tag }),
    ...(text("removed") === "1" && { removed: true }),
  };
}

export interface AccountFilters {
  filter: Filter;
  text: Ref<string>;
  composing: Ref<boolean>;
  query: ComputedRef<AccountQuery>;
  /** Anything but the platform narrows the list. */
  filtered: ComputedRef<boolean>;
  clear: () => void;
  sortBy: (by: AccountSort) => void;
}

export function useAccountFilters(): AccountFilters {
  const route = useRoute();
  const filter = reactive<Filter>({ state: "", kind: "", platform: platformScope.value, connection: ownScope.value ? "own_secret" : "", tenant: null, tag: "", removed: false, sort: "authorized_at", descending: true, ...fromAddress(route.query) });
  watch([platformScope, ownScope], ([id, own]) => Object.assign(filter, { platform: id, connection: own ? "own_secret" : "" }));
  watch(
    () => route.query,
    (query) => {
      if (route.path === "/accounts" && !query.open) Object.assign(filter, fromAddress(query));
    },
  );

  const text = ref("");
  const q = ref("");
  const composing = ref(false);
  let timer: ReturnType<typeof setTimeout> | null = null;
  watch([text, composing], () => {
    if (timer) clearTimeout(timer);
    // Half a pinyin syllable is no search.
    if (!composing.value) timer = setTimeout(() => (q.value = text.value.trim()), SETTLE_MS);
  });

  return {
    filter,
    text,
    composing,
    query: computed(() => toQuery(filter, q.value)),
    filtered: computed(() => filter.state !== "" || (filter.connection !== "" && !ownScope.value) || filter.kind !== "" || filter.tenant !== null || filter.tag !== "" || filter.removed || q.value !== ""),
    clear() {
      Object.assign(filter, { state: "", kind: "", tenant: null, tag: "", removed: false, platform: platformScope.value, connection: ownScope.value ? "own_secret" : "" });
      text.value = "";
      q.value = "";
    },
    sortBy(by) {
      // Names and expiries read upwards first, times of authorization downwards.
      if (filter.sort === by) filter.descending = !filter.descending;
      else Object.assign(filter, { sort: by, descending: by === "authorized_at" });
    },
  };
}
