/**
 * The rows of the accounts list, page by page. Owns which pages are loaded and which are stale. Invariant: only pages
 * that are in view are fetched again, so that ten thousand accounts which renew all day cost a request or two a second.
 */
import { computed, onBeforeUnmount, onMounted, ref, shallowReactive, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from "vue";
import { useHost, type Account, type AccountCounts, type AccountPage, type AccountQuery } from "@/host";
import { accountChanges } from "@/lib/queries";

export const PAGE = 200;
/** What the engine gives at most in one answer, in our pages. */
const LEAP = 5;
/** Changes are answered at most this often, ms. */
const CHANGE_MS = 900;

interface Loaded {
  items: Account[];
  /** The cursor after it; null at the end, undefined inside a larger answer, which has only one. */
  next: string | null | undefined;
  stale: boolean;
}

export interface AccountPager {
  total: Ref<number>;
  counts: ShallowRef<AccountCounts | null>;
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
  const outdated = ref(false);
  const error = shallowRef<unknown>(null);
  const started = ref(false);
  let wanted: [number, number] = [0, 0];
  let epoch = 0;
  let running = false;

  const ask = (cursor: string | null, limit = PAGE): Promise<AccountPage> => useHost().call("list_accounts", { query: { ...query.value, limit, ...(cursor !== null && { cursor }) } });

  /**
   * Brings one page, or as much of the gap before it as one answer holds: a cursor comes only with the answer before.
   * False when there is nothing more to bring.
   */
  async function load(index: number, mine: number): Promise<boolean> {
    let from = index;
    while (from > 0 && typeof pages.get(from - 1)?.next !== "string") {
      if (pages.get(from - 1)?.next === null) return false;
      from -= 1;
    }
    const asked = Math.max(1, Math.min(LEAP, index - from));
    const page = await ask(from === 0 ? null : (pages.get(from - 1)?.next ?? null), asked * PAGE);
    if (mine !== epoch) return false;
    if (from === 0) {
      if (outdated.value) pages.clear();
      counts.value = page.counts;
      outdated.value = false;
      started.value = true;
    }
    total.value = page.total;
    const got = Math.max(1, Math.ceil(page.items.length / PAGE));
    const last = from + got - 1;
    const old = pages.get(last);
    for (let i = 0; i < got; i += 1) pages.set(from + i, { items: page.items.slice(i * PAGE, (i + 1) * PAGE), next: i === got - 1 ? page.next_cursor : undefined, stale: false });
    // Rows that moved across the border make the pages after it wrong.
    if (old && typeof old.next === "string" && old.next !== page.next_cursor) for (const [key, entry] of pages) if (key > last) entry.stale = true;
    if (page.next_cursor === null) for (const key of [...pages.keys()]) if (key > last) pages.delete(key);
    return page.items.length > 0 || page.next_cursor === null;
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
        let next: number | null = null;
        if (outdated.value || !pages.has(0) || pages.get(0)?.stale) next = 0;
        for (let index = first; next === null && index <= last; index += 1) if (!pages.has(index) || pages.get(index)?.stale) next = index;
        if (next === null) break;
        if (!(await load(next, mine))) break;
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
        const page: AccountPage = await ask(cursor, 1000);
        rows.push(...page.items);
        cursor = page.next_cursor;
      } while (cursor !== null);
      return rows;
    },
  };
}
