/** Starting bulk jobs, and which of them a person has put away. Jobs live in the engine; this window only watches. */
import { computed, reactive, type ComputedRef } from "vue";
import { useHost, type Account, type BulkAccount, type BulkJob, type BulkLine, type BulkRequest } from "@/host";
import { useBulkJobs } from "./calls";
import { keys, queryClient } from "./queries";

const away = reactive(new Set<string>());
/** Finished longer ago than this when the window opens: history, not news, ms. */
const NEWS_MS = 15 * 60_000;

/** Running ones, and finished ones that nobody has put away. Pure. */
export function inDock(jobs: readonly BulkJob[], gone: ReadonlySet<string>, since: number): BulkJob[] {
  return jobs.filter((job) => !gone.has(job.id) && (job.state === "running" || (job.ended_at ?? 0) >= since));
}

export function useDock(): { jobs: ComputedRef<BulkJob[]>; every: ComputedRef<BulkJob[]>; putAway: (id: string) => void } {
  const query = useBulkJobs();
  const since = Date.now() - NEWS_MS;
  const every = computed(() => query.data.value ?? []);
  return { jobs: computed(() => inDock(every.value, away, since)), every, putAway: (id) => void away.add(id) };
}

/** Done without failing or being skipped. */
export const wellDone = (job: BulkJob): number => Math.max(0, job.done - job.failed - job.skipped);

/** Accounts as a job names them: the same one may have authorized several platforms, so its platform comes along. */
export const named = (rows: readonly (Account | BulkLine)[]): BulkAccount[] => rows.map(({ component_appid, appid }) => ({ component_appid, appid }));

export async function startBulk(request: BulkRequest): Promise<BulkJob> {
  const job = await useHost().call("start_bulk", { request });
  await queryClient.invalidateQueries({ queryKey: keys.bulk });
  return job;
}
