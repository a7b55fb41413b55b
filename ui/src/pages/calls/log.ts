/**
 * Rows of the call log, newest first, page by page. Owns which are loaded and how many newer ones wait. Invariant: rows
 * that a person reads do not move; new ones come in by themselves only while the top is in view.
 */
import { onBeforeUnmount, onMounted, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from "vue";
import { useHost, type ApiCall, type ApiCallPage, type ApiCallQuery } from "@/host";
import { callChanges } from "@/lib/queries";

export const PAGE = 200;
/** New rows are looked for at most this often, ms. */
const CHANGE_MS = 1_500;

/** The newest page before rows that are already there; null when there is a gap between them. */
export function joined(fresh: readonly ApiCall[], old: readonly ApiCall[]): ApiCall[] | null {
  const known = new Set(old.map((call) => call.id));
  if (old.length > 0 && !fresh.some((call) => known.has(call.id))) return null;
  const taken = new Set(fresh.map((call) => call.id));
  return [...fresh, ...old.filter((call) => !taken.has(call.id))];
}

export interface CallLog {
  rows: ShallowRef<ApiCall[]>;
  pending: Ref<boolean>;
  error: ShallowRef<unknown>;
  /** There are older ones. */
  more: Ref<boolean>;
  /** Rows of the query before are still shown. */
  outdated: Ref<boolean>;
  /** Newer ones that are not shown yet. */
  waiting: Ref<number>;
  next: () => Promise<void>;
  /** Tells whether the top is in view. */
  atTop: (at: boolean) => void;
  show: () => void;
  reload: () => void;
}

export function useCallLog(query: ComputedRef<ApiCallQuery>): CallLog {
  const rows = shallowRef<ApiCall[]>([]);
  const pending = ref(true);
  const error = shallowRef<unknown>(null);
  const more = ref(false);
  const outdated = ref(false);
  const waiting = ref(0);
  let cursor: string | null = null;
  let newest: ApiCallPage | null = null;
  let epoch = 0;
  let loading = false;
  let top = true;

  const ask = (extra: Partial<ApiCallQuery>): Promise<ApiCallPage> => useHost().call("list_api_calls", { query: { ...query.value, limit: PAGE, ...extra } });
  function take(page: ApiCallPage): void {
    rows.value = page.items;
    cursor = page.next_cursor;
    more.value = cursor !== null;
    waiting.value = 0;
    newest = null;
  }
  async function first(): Promise<void> {
    epoch += 1;
    const mine = epoch;
    outdated.value = true;
    try {
      const page = await ask({});
      if (mine !== epoch) return;
      take(page);
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
    if (!newest) return;
    const all = joined(newest.items, rows.value);
    if (!all) return take(newest);
    rows.value = all;
    waiting.value = 0;
    newest = null;
  }
  async function look(): Promise<void> {
    const mine = epoch;
    try {
      const page = await ask({});
      if (mine !== epoch) return;
      error.value = null;
      newest = page;
      const shown = new Set(rows.value.map((call) => call.id));
      waiting.value = page.items.filter((call) => !shown.has(call.id)).length;
      if (top) show();
    } catch {
      // The rows stay; the next change asks again.
    }
  }
  let timer: ReturnType<typeof setTimeout> | null = null;
  function changed(): void {
    timer ??= setTimeout(() => {
      timer = null;
      if (!outdated.value) void look();
    }, CHANGE_MS);
  }
  onMounted(() => callChanges.addEventListener("change", changed));
  onBeforeUnmount(() => {
    callChanges.removeEventListener("change", changed);
    if (timer) clearTimeout(timer);
    epoch += 1;
  });

  return {
    rows,
    pending,
    error,
    more,
    outdated,
    waiting,
    async next() {
      if (loading || cursor === null || outdated.value) return;
      loading = true;
      const mine = epoch;
      try {
        const page = await ask({ cursor });
        if (mine !== epoch) return;
        const shown = new Set(rows.value.map((call) => call.id));
        rows.value = [...rows.value, ...page.items.filter((call) => !shown.has(call.id))];
        cursor = page.next_cursor;
        more.value = cursor !== null;
      } catch (thrown) {
        if (mine === epoch) error.value = thrown;
      } finally {
        loading = false;
      }
    },
    atTop(at) {
      top = at;
      if (at && newest) show();
    },
    show,
    reload: () => void first(),
  };
}
