/** A made-up bulk engine: jobs that walk through accounts. Development and tests only. */
import { HostError, type CommandName, type Commands } from "../host";
import type { Account, BulkJob, BulkLine, BulkRequest, Platform } from "../types";
import { hex } from "./data";

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Around {
  platforms: () => Platform[];
  accounts: () => Account[];
  emit: (...tags: string[]) => void;
  call: <K extends CommandName>(name: K, args: Commands[K]["args"]) => Promise<Commands[K]["result"]>;
}
type BulkCommand = "start_bulk" | "list_bulk_jobs" | "bulk_job" | "cancel_bulk" | "export_bulk_report";

export function bulkAnswers(around: Around): { [K in BulkCommand]: (args: Commands[K]["args"]) => Commands[K]["result"] | Promise<Commands[K]["result"]> } {
  const jobs: { job: BulkJob; stop: boolean }[] = [];
  const bare = (job: BulkJob): BulkJob => ({ ...job, lines: [] });
  const find = (id: string): (typeof jobs)[number] => {
    const found = jobs.find((x) => x.job.id === id);
    if (!found) throw new HostError({ code: "not_found", message: "no such job" });
    return found;
  };
  async function chosen(request: BulkRequest): Promise<Account[]> {
    const own = around.accounts().filter((a) => !request.component_appid || a.component_appid === request.component_appid);
    const wanted = request.accounts && new Set(request.accounts.map((a) => `${a.component_appid}/${a.appid}`));
    if (wanted) return own.filter((a) => wanted.has(`${a.component_appid}/${a.appid}`));
    if (!request.query) return own.filter((a) => (a.removed_at !== null) === (request.kind === "restore"));
    return (await around.call("list_accounts", { query: { ...request.query, ...(request.component_appid && { platform: request.component_appid }), limit: 100_000 } })).items.map((row) => own.find((a) => a.appid === row.appid && a.component_appid === row.component_appid) ?? row);
  }
  function line(n: number, row: Account, kind: BulkRequest["kind"], stopped: boolean): BulkLine {
    const base = { n, component_appid: row.component_appid, platform_name: around.platforms().find((p) => p.component_appid === row.component_appid)?.name ?? "", appid: row.appid, nick_name: row.nick_name, errcode: null, rid: null, duration_ms: 140 + ((n * 97) % 800) };
    if (stopped) return { ...base, outcome: "cancelled", duration_ms: 0, words: { zh: "已取消，没有处理", en: "cancelled, not touched" } };
    if (kind === "export") return { ...base, outcome: "ok", duration_ms: 0, words: { zh: "已导出", en: "exported" } };
    if (kind === "remove" || kind === "restore") return { ...base, outcome: "ok", duration_ms: 3, words: kind === "remove" ? { zh: "已移除", en: "removed" } : { zh: "已恢复", en: "restored" } };
    if (row.state === "unauthorized") return { ...base, outcome: "skipped", duration_ms: 0, words: { zh: "授权已取消", en: "the owner cancelled the authorization" } };
    if (row.state === "needs_authorization" || n % 17 === 0) return { ...base, outcome: "failed", errcode: 61023, rid: `${hex(n, 8)}-${hex(n + 1, 8)}-${hex(n + 2, 8)}`, words: { zh: "刷新令牌已失效，请让账号管理员重新授权。", en: "The refresh token is dead. Ask the owner to authorize again." } };
    return { ...base, outcome: "ok", words: kind === "apply_menu_template" ? { zh: "菜单已发布，读回一致", en: "published, and read back the same" } : kind === "refresh" ? { zh: "令牌已刷新", en: "the token was renewed" } : { zh: "资料已同步", en: "the details were fetched" } };
  }
  async function run(entry: (typeof jobs)[number], rows: Account[]): Promise<void> {
    const { job } = entry;
    const step = Math.max(1, Math.ceil(rows.length / 60));
    for (let i = 0; i < rows.length; i += 1) {
      job.current = rows[i].appid;
      const one = line(i + 1, rows[i], job.kind, entry.stop);
      if (!entry.stop && job.kind === "remove") rows[i].removed_at ??= Date.now();
      if (!entry.stop && job.kind === "restore") rows[i].removed_at = null;
      job.lines.push(one);
      job.done += 1;
      if (one.outcome === "failed") job.failed += 1;
      if (one.outcome === "skipped" || one.outcome === "cancelled") job.skipped += 1;
      if (i % step === 0 && !entry.stop) {
        around.emit("bulk", `bulk:${job.id}`);
        await wait(job.kind === "export" ? 20 : 130);
      }
    }
    Object.assign(job, { state: entry.stop ? "cancelled" : "done", ended_at: Date.now(), current: null });
    around.emit("bulk", `bulk:${job.id}`, "accounts");
  }
  return {
    start_bulk: async ({ request }) => {
      if (jobs.some((x) => x.job.kind === request.kind && x.job.state === "running")) throw new HostError({ code: "unavailable", message: "one of this kind runs" });
      const rows = await chosen(request);
      if (rows.length === 0) throw new HostError({ code: "invalid_input", message: "no account", detail: { fields: [{ field: "accounts", rule: "required", message: "No account is chosen.", message_zh: "没有选中账号。" }] } });
      const job: BulkJob = { id: `bk${hex(Date.now() % 99_991, 12)}`, kind: request.kind, state: "running", started_at: Date.now(), ended_at: null, total: rows.length, done: 0, failed: 0, skipped: 0, current: null, lines: [] };
      const entry = { job, stop: false };
      jobs.unshift(entry);
      void run(entry, rows);
      return bare(job);
    },
    list_bulk_jobs: () => jobs.map((x) => bare(x.job)),
    bulk_job: ({ id, after }) => {
      const { job } = find(id);
      return { ...job, lines: job.lines.filter((one) => one.n > (after ?? 0)).slice(0, 1000) };
    },
    cancel_bulk: ({ id }) => {
      find(id).stop = true;
      around.emit("bulk", `bulk:${id}`);
      return bare(find(id).job);
    },
    export_bulk_report: async ({ id, format }) => {
      await wait(200);
      const { job } = find(id);
      return { file_name: `wxdesk-${job.kind}.${format}`, mime: format === "csv" ? "text/csv" : "application/json", text: format === "csv" ? `\ufeffappid,outcome\n${job.lines.map((one) => `${one.appid},${one.outcome}`).join("\n")}` : JSON.stringify(job.lines), rows: job.lines.length, truncated: false };
    },
  };
}
