/** Which accounts are ticked. Owns the rows and the anchor of a range. */
import { computed, onBeforeUnmount, onMounted, ref, shallowReactive, type ComputedRef, type Ref } from "vue";
import type { Account } from "@/host";
import type { AccountPager } from "./pager";

export const keyOf = (account: Account): string => `${account.component_appid}/${account.appid}`;

export interface Selection {
  rows: Map<string, Account>;
  has: (account: Account) => boolean;
  toggle: (index: number, range: boolean) => void;
  /** Every loaded row is ticked. */
  loaded: ComputedRef<boolean>;
  toggleLoaded: () => void;
  /** Rows beyond those loaded are being asked for. */
  gathering: Ref<boolean>;
  addMatching: () => Promise<void>;
  replace: (rows: Account[]) => void;
  clear: () => void;
}

/** `held`: Esc must not clear now. */
export function useSelection(pager: AccountPager, held: () => boolean): Selection {
  const rows = shallowReactive(new Map<string, Account>());
  const gathering = ref(false);
  let anchor: number | null = null;
  const has = (account: Account): boolean => rows.has(keyOf(account));
  const add = (account: Account): void => void rows.set(keyOf(account), account);
  const loaded = computed(() => {
    const all = pager.loadedRows();
    return all.length > 0 && all.every(has);
  });
  function clear(): void {
    rows.clear();
    anchor = null;
  }
  /** Esc undoes the nearest thing: a layer, then what was typed, then the selection. */
  function escape(event: KeyboardEvent): void {
    if (event.key !== "Escape" || event.defaultPrevented || event.isComposing || rows.size === 0 || held() || document.querySelector("dialog[open]")) return;
    clear();
  }
  onMounted(() => window.addEventListener("keydown", escape));
  onBeforeUnmount(() => window.removeEventListener("keydown", escape));
  return {
    rows,
    has,
    loaded,
    gathering,
    clear,
    toggle(index, range) {
      const account = pager.row(index);
      if (!account) return;
      const on = !has(account);
      const [from, to] = range && anchor !== null ? [Math.min(anchor, index), Math.max(anchor, index)] : [index, index];
      for (let i = from; i <= to; i += 1) {
        const row = pager.row(i);
        if (row && on) add(row);
        else if (row) rows.delete(keyOf(row));
      }
      anchor = index;
    },
    toggleLoaded() {
      if (loaded.value) rows.clear();
      else pager.loadedRows().forEach(add);
    },
    async addMatching() {
      gathering.value = true;
      try {
        (await pager.all()).forEach(add);
      } finally {
        gathering.value = false;
      }
    },
    replace(fresh) {
      rows.clear();
      fresh.forEach(add);
    },
  };
}
