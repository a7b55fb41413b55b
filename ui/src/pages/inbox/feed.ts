/**
 * Rows of the inbox, newest first. Owns which are loaded, which newer ones wait, and how far a search came. Invariant:
 * rows that a person reads do not move; new ones come in by themselves only while nothing holds the list.
 */
import { onBeforeUnmount, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from "vue";
import { useHost, type InboxQuery, type PushItem, type PushPage } from "@/host";
import { engineNow } from "@/lib/clock";
import { isNoting, NOTING_MS, onInbox } from "@/lib/inbox";

export const PAGE = 200;
/** New rows are looked for at most this often, ms. */
const CHANGE_MS = 700;
/** New ones taken in one answer; when more came, the list begins anew. */
const FRESH = 500;
/** Waiting rows kept; beyond, only their number counts. */
const MOST_WAITING = 2_000;
/** A list that grows by itself for hours lets go of its end beyond this; scrolling brings it back. */
const MOST_ROWS = 5_000;
/** Younger ones may still be answered or sent again by WeChat, so they are asked once more, ms. */
const YOUNG_MS = 20_000;
/** Not more of them than this. */
const MOST_YOUNG = 100;
/** A search for what came since need not look further back than the last one began, with this much to spare, ms. */
const SPARE_MS = 60_000;

/** The row behind which new and still changing ones are: their ids are larger. */
export function settled(rows: readonly PushItem[], now: number): number | undefined {
  const at = rows.slice(0, MOST_YOUNG).findIndex((row) => now - row.received_at >= YOUNG_MS);
  return (at >= 0 ? rows[at] : rows[Math.min(rows.length, MOST_YOUNG) - 1])?.id;
}

/** Rows with what is newer of them in their place; nothing moves. */
export function renewed(rows: readonly PushItem[], fresh: readonly PushItem[]): PushItem[] {
  const by = new Map(fresh.map((item) => [item.id, item]));
  return rows.map((row) => by.get(row.id) ?? row);
}

export interface Feed {
  rows: ShallowRef<PushItem[]>;
  pending: Ref<boolean>;
  error: ShallowRef<unknown>;
  /** There are older ones. */
  more: Ref<boolean>;
  /** The search stopped early: the oldest moment that it came to, ms. */
  stoppedAt: Ref<number | null>;
  /** Older ones are being asked for. */
  loading: Ref<boolean>;
  /** Rows of the query before are still shown. */
  outdated: Ref<boolean>;
  /** Newer ones that are not shown yet; `waitingMore`: at least so many. */
  waiting: Ref<number>;
  waitingMore: Ref<boolean>;
  next: () => Promise<void>;
  /** `search` is under way. */
  searching: Ref<boolean>;
  /** On from where a search stopped, until something is found, the end is reached, or `halt`. */
  search: () => Promise<void>;
  halt: () => void;
  show: () => void;
  reload: () => void;
}

/** `held`: something keeps the rows where they are. `paused`: nothing is asked for at all. */
export function useFeed(query: ComputedRef<InboxQuery>, held: Readonly<Ref<boolean>>, paused: Readonly<Ref<boolean>>): Feed {
  const rows = shallowRef<PushItem[]>([]);
  const pending = ref(true);
  const error = shallowRef<unknown>(null);
  const more = ref(false);
  const stoppedAt = ref<number | null>(null);
  const loading = ref(false);
  const outdated = ref(false);
  const waiting = ref(0);
  const waitingMore = ref(false);
  let fresh: PushItem[] = [];
  let before: number | null = null;
  let epoch = 0;
  let lookedAt = 0;
  let looking = false;
  let again = false;
  const searching = ref(false);

  const ask = (extra: Partial<InboxQuery>): Promise<PushPage> => useHost().call("list_pushes", { query: { ...query.value, limit: PAGE, ...extra } });
  function mark(page: PushPage, limit: number): void {
    before = page.next_before;
    more.value = before !== null;
    stoppedAt.value = before !== null && page.items.length < limit ? page.searched_to : null;
  }
  function forget(): void {
    fresh = [];
    waiting.value = 0;
    waitingMore.value = false;
  }
  async function first(): Promise<void> {
    epoch += 1;
    const mine = epoch;
    searching.value = false;
    outdated.value = true;
    const began = engineNow();
    try {
      const page = await ask({});
      if (mine !== epoch) return;
      rows.value = page.items;
      lookedAt = began;
      mark(page, PAGE);
      forget();
      error.value = null;
    } catch (thrown) {
      if (mine === epoch) error.value = thrown;
    } finally {
      if (mine === epoch) {
        pending.value = false;
        outdated.value = false;
      }
    }
  }
  watch(() => JSON.stringify(query.value), () => void first(), { immediate: true });

  function show(): void {
    // What lies between was never fetched: the list begins anew.
    if (waitingMore.value) return void first();
    if (fresh.length === 0) return;
    rows.value = [...fresh, ...rows.value];
    forget();
    if (rows.value.length <= MOST_ROWS) return;
    rows.value = rows.value.slice(0, MOST_ROWS);
    before = rows.value[MOST_ROWS - 1].id;
    more.value = true;
    stoppedAt.value = null;
  }
  async function look(): Promise<void> {
    if (paused.value || outdated.value) return;
    if (looking) {
      again = true;
      return;
    }
    looking = true;
    const mine = epoch;
    const began = engineNow();
    try {
      const all = [...fresh, ...rows.value];
      const after = settled(all, began);
      // With a filter the newest that fits may be old, or there is none: what was searched is not searched again.
      const from = Math.max(query.value.from ?? 0, lookedAt - SPARE_MS);
      const page = await ask({ limit: FRESH, ...(after !== undefined && { after }), ...(from > 0 && { from }) });
      if (mine !== epoch) return;
      error.value = null;
      lookedAt = began;
      const known = new Set(all.map((row) => row.id));
      const coming = page.items.filter((item) => !known.has(item.id));
      rows.value = renewed(rows.value, page.items);
      fresh = [...coming, ...renewed(fresh, page.items)];
      if (page.next_before !== null || fresh.length > MOST_WAITING) waitingMore.value = true;
      if (fresh.length > MOST_WAITING) fresh = fresh.slice(0, MOST_WAITING);
      waiting.value = fresh.length;
      if (!held.value) show();
    } catch {
      // The rows stay; the next change asks again.
    } finally {
      looking = false;
      if (again) {
        again = false;
        void look();
      }
    }
  }
  onInbox(() => void look(), CHANGE_MS);
  watch(held, (on) => !on && waiting.value > 0 && !paused.value && show());
  watch(paused, (on) => !on && void look());
  let noting: ReturnType<typeof setTimeout> | null = null;
  watch(rows, (now) => {
    if (noting !== null || !now.slice(0, MOST_YOUNG).some((row) => isNoting(row, engineNow()))) return;
    noting = setTimeout(() => {
      noting = null;
      void look();
    }, NOTING_MS);
  });
  onBeforeUnmount(() => {
    epoch += 1;
    if (noting !== null) clearTimeout(noting);
  });

  async function next(): Promise<void> {
    if (loading.value || before === null || outdated.value) return;
    loading.value = true;
    const mine = epoch;
    try {
      const page = await ask({ before });
      if (mine !== epoch) return;
      const shown = new Set(rows.value.map((row) => row.id));
      rows.value = [...rows.value, ...page.items.filter((item) => !shown.has(item.id))];
      mark(page, PAGE);
      error.value = null;
    } catch (thrown) {
      if (mine === epoch) error.value = thrown;
      searching.value = false;
    } finally {
      loading.value = false;
    }
  }
  return {
    rows, pending, error, more, stoppedAt, loading, searching, outdated, waiting, waitingMore, next, show,
    async search() {
      if (searching.value) return;
      searching.value = true;
      const mine = epoch;
      const had = rows.value.length;
      while (searching.value && mine === epoch && before !== null && rows.value.length === had) await next();
      if (mine === epoch) searching.value = false;
    },
    halt: () => (searching.value = false),
    reload: () => void first(),
  };
}
