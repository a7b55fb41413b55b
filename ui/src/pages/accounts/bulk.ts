/** Refreshing many accounts: a few at a time, with a count and a cancel. Owns no rule; the engine caps its calls. */
import { reactive } from "vue";
import { useHost, type Account } from "@/host";

/** Calls under way at once from this window; the engine allows four a platform. */
const AT_ONCE = 4;

export interface Bulk {
  running: boolean;
  total: number;
  done: number;
  failed: Account[];
  cancelled: boolean;
}

export function useBulkRefresh(onEach: (account: Account) => void): { bulk: Bulk; start: (rows: Account[]) => Promise<void>; cancel: () => void } {
  const bulk = reactive<Bulk>({ running: false, total: 0, done: 0, failed: [], cancelled: false });
  async function start(rows: Account[]): Promise<void> {
    if (bulk.running || rows.length === 0) return;
    Object.assign(bulk, { running: true, total: rows.length, done: 0, failed: [], cancelled: false });
    const queue = rows.slice();
    async function worker(): Promise<void> {
      for (let row = queue.shift(); row && !bulk.cancelled; row = queue.shift()) {
        try {
          onEach(await useHost().call("refresh_account", { component_appid: row.component_appid, appid: row.appid }));
        } catch {
          bulk.failed.push(row);
        }
        bulk.done += 1;
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    bulk.running = false;
  }
  return { bulk, start, cancel: () => (bulk.cancelled = true) };
}
