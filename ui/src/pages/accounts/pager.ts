/**
 * The rows of the accounts list, page by page. Owns which pages are loaded and which are stale. Invariant: only pages
 * that are in view are fetched again, so that ten thousand accounts which renew all day cost a request or two a second.
 */
import { computed, onBeforeUnmount, onMounted, ref, shallowReactive, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from "vue";
import { useHost, type Account, type AccountCounts, type AccountPage, type AccountQuery } from "@/host";
import { accountChanges } from "@/lib/queries";

export const PAGE = 200;
/** What the engine gives at most in one answer, in our pages. */
const MOST = 5;
/** Changes are answered at most this often, ms. */
const CHANGE_MS = 900;

interface Loaded {
  items: Account[];
  stale: boolean;
}

export interface AccountPager {
  total: Ref<number>;
  counts: ShallowRef<AccountCounts | null>;
  /** Removed accounts, which no other count holds. */
  removed: Ref<number>;
  /** The first page of this query has not come yet. */
  pending: ComputedRef<boolean>;
  /** Rows of the query before are still shown. */
  outdated: Ref<boolean>;
  error: ShallowRef<unknown>;
  row: (index: number) => Account | undefined;
  loadedRows: () => Account[];
  /** Tells which rows are in view. */
  view: (first: number, last: number) => void;
  patch: (account: Account) => void;
  reload: () => void;
  /** Every row that matches, asked in the largest pages. */
  all: () => Promise<Account[]>;
}

export function useAccountPager(query: ComputedRef<AccountQuery>): AccountPager {
  const pages = shallowReactive(new Map<number, Loaded>());
  const total = ref(0);
  const counts = shallowRef<AccountCounts | null>(null);
  const removed = ref(0);
  const outdated = ref(false);
  const error = shallowRef<unknown>(null);
  const started = ref(false);
  let wanted: [number, number] = [0, 0];
  let epoch = 0;
  let running = false;

  const ask = (at: { offset: number } | { cursor: string } | null, limit: number): Promise<AccountPage> => useHost().call("list_accounts", { query: { ...query.value, limit, ...at } });
  const edges = (items: Account[]): string => [items[0], items[items.length - 1]].map((row) => (row ? `${row.component_appid}/${row.appid}` : "")).join();

  /** Brings pages `from` to `to` in one request, wherever they are. */
  async function load(from: number, to: number, mine: number): Promise<void> {
    const page = await ask({ offset: from * PAGE }, (to - from + 1) * PAGE);
    if (mine !== epoch) return;
    if (outdated.value) {
      pages.clear();
      outdated.value = false;
      started.value = true;
    }
    counts.value = page.counts;
    removed.value = page.removed;
    total.value = page.total;
    let moved = false;
    for (let i = from; i <= to; i += 1) {
      const items = page.items.slice((i - from) * PAGE, (i - from + 1) * PAGE);
      const old = pages.get(i);
      moved ||= old !== undefined && edges(old.items) !== edges(items);
      pages.set(i, { items, stale: false });
    }
    // Rows that moved across the border make the pages around it wrong.
    if (moved) for (const [key, entry] of pages) if (key < from || key > to) entry.stale = true;
    for (const key of [...pages.keys()]) if (key > 0 && key * PAGE >= page.total) pages.delete(key);
  }

  /** Brings what is in view up to date, one request at a time. */
  async function run(): Promise<void> {
    if (running) return;
    running = true;
    const mine = epoch;
    try {
      for (;;) {
        if (mine !== epoch) break;
        const first = Math.floor(wanted[0] / PAGE);
        const last = Math.floor(Math.max(0, Math.min(wanted[1], Math.max(0, total.value - 1))) / PAGE);
        const wants = (index: number): boolean => outdated.value || !pages.has(index) || pages.get(index)?.stale === true;
        let from = outdated.value ? 0 : first;
        while (from <= last && !wants(from)) from += 1;
        if (from > last) break;
        let to = from;
        while (to < last && to - from + 1 < MOST && wants(to + 1)) to += 1;
        await load(from, to, mine);
      }
      if (mine === epoch) error.value = null;
    } catch (thrown) {
      if (mine === epoch) error.value = thrown;
    } finally {
      running = false;
      if (mine !== epoch) void run();
    }
  }

  function restart(): void {
    epoch += 1;
    outdated.value = true;
    wanted = [0, 0];
    void run();
  }
  watch(() => JSON.stringify(query.value), restart, { immediate: true });

  let timer: ReturnType<typeof setTimeout> | null = null;
  function onChange(event: Event): void {
    const appids = (event as CustomEvent<string[] | null>).detail;
    const touched = appids ? new Set(appids) : null;
    for (const entry of pages.values()) if (!touched || entry.items.some((row) => touched.has(row.appid))) entry.stale = true;
    timer ??= setTimeout(() => {
      timer = null;
      void run();
    }, CHANGE_MS);
  }
  onMounted(() => accountChanges.addEventListener("change", onChange));
  onBeforeUnmount(() => {
    accountChanges.removeEventListener("change", onChange);
    if (timer) clearTimeout(timer);
    epoch += 1;
  });

  return {
    total,
    counts,
    removed,
    pending: computed(() => !started.value && error.value === null),
    outdated,
    error,
    row: (index) => pages.get(Math.floor(index / PAGE))?.items[index % PAGE],
    loadedRows: () => [...pages.keys()].sort((a, b) => a - b).flatMap((key) => pages.get(key)?.items ?? []),
    view(first, last) {
      wanted = [first, last];
      void run();
    },
    patch(account) {
      for (const [key, entry] of pages) {
        const at = entry.items.findIndex((row) => row.appid === account.appid && row.component_appid === account.component_appid);
        if (at >= 0) pages.set(key, { ...entry, items: entry.items.map((row, index) => (index === at ? account : row)) });
      }
    },
    reload: restart,
    async all() {
      const rows: Account[] = [];
      let cursor: string | null = null;
      do {
        const page: AccountPage = await ask(cursor === null ? null : { cursor }, MOST * PAGE);
        rows.push(...page.items);
        cursor = page.next_cursor;
      } while (cursor !== null);
      return rows;
    },
  };
}
