/**
 * Menu states of many accounts, each asked once and again when its menu changes. Owns the queue. Invariant: what is in view
 * is asked first, few at a time, and a summary is kept, never the menus themselves.
 */
import { onBeforeUnmount, onMounted, ref, shallowReactive, type Ref } from "vue";
import { useHost, type Account } from "@/host";
import { errorBody } from "@/lib/errors";
import { summarize, type MenuSummary } from "@/lib/menu/rooms";
import { menuChanges } from "@/lib/queries";
import { keyOf } from "../accounts/selection";

/** Questions under way at once. */
const AT_ONCE = 4;

export interface MenuStates {
  /** Undefined: not known yet; null: could not be asked. */
  of: (account: Account) => MenuSummary | null | undefined;
  /** Asks for those that are not known, before everything that waits. */
  want: (accounts: readonly Account[]) => void;
  known: Ref<number>;
}

export function useMenuStates(): MenuStates {
  const rows = shallowReactive(new Map<string, MenuSummary | null>());
  const known = ref(0);
  const stale = new Set<string>();
  const owners = new Map<string, Account>();
  let waiting: string[] = [];
  const busy = new Set<string>();
  let gone = false;

  async function ask(key: string): Promise<void> {
    const account = owners.get(key);
    if (!account) return;
    busy.add(key);
    stale.delete(key);
    try {
      rows.set(key, summarize(await useHost().call("menu_state", { component_appid: account.component_appid, appid: account.appid })));
    } catch (thrown) {
      // A state that was known stays on screen while the engine is away.
      if (errorBody(thrown).code !== "unavailable" || !rows.has(key)) rows.set(key, null);
    } finally {
      busy.delete(key);
      known.value = rows.size;
    }
    next();
  }
  function next(): void {
    while (!gone && busy.size < AT_ONCE && waiting.length > 0) {
      const key = waiting.shift() as string;
      if (!busy.has(key) && (!rows.has(key) || stale.has(key))) void ask(key);
    }
  }
  function onChange(event: Event): void {
    const appids = (event as CustomEvent<string[] | null>).detail;
    for (const key of rows.keys()) if (appids === null || appids.includes(key.slice(key.indexOf("/") + 1))) stale.add(key);
    // Only what is shown now or will be is asked again, when it is wanted; the rest of a long list can wait.
    waiting = [...stale, ...waiting.filter((key) => !stale.has(key))];
    next();
  }
  onMounted(() => menuChanges.addEventListener("change", onChange));
  onBeforeUnmount(() => {
    gone = true;
    menuChanges.removeEventListener("change", onChange);
  });
  return {
    of: (account) => rows.get(keyOf(account)),
    want(accounts) {
      const fresh = accounts.filter((account) => !rows.has(keyOf(account))).map((account) => (owners.set(keyOf(account), account), keyOf(account)));
      if (fresh.length === 0) return;
      const first = new Set(fresh);
      waiting = [...fresh, ...waiting.filter((key) => !first.has(key))];
      next();
    },
    known,
  };
}
