/** The foot of the page: what has ended takes one bar, a saved export none, and a report goes with its page. */
import { VueQueryPlugin } from "@tanstack/vue-query";
import { flushPromises, mount, type VueWrapper } from "@vue/test-utils";
import { createI18n } from "vue-i18n";
import { createMemoryHistory, createRouter, type Router } from "vue-router";
import { beforeEach, expect, it, vi } from "vitest";
import { setHost, type BulkJob, type Host } from "../src/host";
import { queryClient } from "../src/lib/queries";
import zh from "../src/locales/zh-CN.json";
import BulkDock from "../src/shell/BulkDock.vue";

let round = 0;
let router: Router;
beforeEach(() => {
  queryClient.clear();
  // What was put away is remembered by id.
  round += 1;
});
const job = (name: string, extra: Partial<BulkJob> = {}): BulkJob => ({ id: `${name}${round}`, kind: "refresh", state: "done", started_at: 0, ended_at: Date.now(), total: 4, done: 4, failed: 0, skipped: 0, current: null, lines: [], ...extra });
async function open(...jobs: BulkJob[]): Promise<VueWrapper> {
  const answers: Record<string, unknown> = { list_bulk_jobs: jobs, bulk_job: { lines: [] }, export_bulk_report: { file_name: "a.csv", mime: "text/csv", text: "a", rows: 1, truncated: false } };
  setHost({ kind: "mock", call: async (name: string) => answers[name], onChange: () => () => undefined, onConnection: () => () => undefined, saveFile: async () => "a.csv" } as unknown as Host);
  const i18n = createI18n({ legacy: false, locale: "zh-CN", messages: { "zh-CN": zh as never } });
  router = createRouter({ history: createMemoryHistory(), routes: [{ path: "/:rest(.*)*", component: { template: "<i />" } }] });
  const dock = mount(BulkDock, { global: { plugins: [i18n, router, [VueQueryPlugin, { queryClient }]], directives: { tip: {} }, stubs: { AppDialog: { template: "<div><slot /><slot name='footer' /></div>" } } } });
  await vi.waitFor(() => dock.get('[data-testid="dock"]'));
  return dock;
}
const bars = (dock: VueWrapper): number => dock.findAll('[data-testid="bulk-job"]').length;

it("shows one that has ended as itself, several as one bar that unfolds", async () => {
  expect(bars(await open(job("a")))).toBe(1);
  queryClient.clear();
  const dock = await open(job("b"), job("c", { failed: 2 }), job("d", { kind: "export" }), job("e", { state: "running", ended_at: null }));
  expect(bars(dock), "only the running one").toBe(1);
  expect(dock.get('[data-testid="bulk-finished"]').text()).toContain("3 项操作已结束");
  expect(dock.get('[data-testid="bulk-finished"]').text()).toContain("失败 2");
  await dock.get('[data-testid="bulk-unfold"]').trigger("click");
  expect(bars(dock)).toBe(4);
  await dock.get('[data-testid="bulk-away-all"]').trigger("click");
  expect(bars(dock)).toBe(1);
});

it("hides an export once its file is saved, and keeps the report open", async () => {
  const dock = await open(job("a", { kind: "export" }), job("b", { state: "running", ended_at: null }));
  await dock.findAll('[data-testid="bulk-report"]')[1].trigger("click");
  await vi.dynamicImportSettled();
  await dock.get('[data-testid="bulk-save-csv"]').trigger("click");
  await flushPromises();
  expect(bars(dock)).toBe(1);
  expect(dock.find('[data-testid="bulk-lines"]').exists()).toBe(true);
});

it("closes the report when another page comes", async () => {
  const dock = await open(job("a"));
  await dock.get('[data-testid="bulk-report"]').trigger("click");
  await vi.dynamicImportSettled();
  expect(dock.find('[data-testid="bulk-lines"]').exists()).toBe(true);
  await router.push("/quota");
  await flushPromises();
  expect(dock.find('[data-testid="bulk-lines"]').exists()).toBe(false);
});
