/** Work on many accounts: what is sent to the engine, and what is asked before. */
import { flushPromises, mount, type VueWrapper } from "@vue/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createI18n } from "vue-i18n";
import BulkReport from "../src/components/BulkReport.vue";
import BulkStart from "../src/components/BulkStart.vue";
import { setHost, type BulkJob, type BulkLine, type Host } from "../src/host";
import { account } from "../src/host/mock/data";
import { named } from "../src/lib/bulk";
import { vTip } from "../src/lib/tip";
import en from "../src/locales/en.json";

const ONE = "wx134c8103faa5a59e";
const TWO = "wx9f21c0d84be7713a";
const [first, again] = [account(1, ONE, 0), { ...account(1, ONE, 0), component_appid: TWO }];
const line = (n: number, component_appid: string, platform_name: string, outcome: BulkLine["outcome"]): BulkLine => ({ n, component_appid, platform_name, appid: first.appid, nick_name: "", outcome, words: { zh: "", en: "" }, errcode: null, rid: null, duration_ms: 1 });
const job = (extra: Partial<BulkJob> = {}): BulkJob => ({ id: "j", kind: "refresh", state: "done", started_at: 0, ended_at: 1, total: 2, done: 2, failed: 1, skipped: 0, current: null, lines: [], ...extra });
const asked: [string, unknown][] = [];
let lines: BulkLine[] = [];
let shown: VueWrapper | null = null;
const show = (component: unknown, props: object): VueWrapper => {
  shown = mount(component as never, { props: props as never, attachTo: document.body, global: { plugins: [createI18n({ legacy: false, locale: "en", messages: { en } })], directives: { tip: vTip } } });
  return shown;
};
const click = async (testid: string): Promise<void> => {
  document.querySelector<HTMLElement>(`[data-testid="${testid}"]`)?.click();
  await flushPromises();
};
vi.mock("vue-router", () => ({ useRouter: () => ({ push: () => undefined }) }));
beforeEach(() => {
  asked.length = 0;
  setHost({
    kind: "mock",
    call: async (name: string, args: { request?: unknown }) => {
      asked.push([name, args.request ?? args]);
      return name === "bulk_job" ? job({ lines: asked.filter(([one]) => one === "bulk_job").length > 1 ? [] : lines }) : job();
    },
  } as unknown as Host);
});
afterEach(() => {
  shown?.unmount();
  shown = null;
});

describe("a choice of accounts", () => {
  it("names the platform of each, for an appid may stand under two", () => {
    expect(named([first, again])).toEqual([
      { component_appid: ONE, appid: first.appid },
      { component_appid: TWO, appid: first.appid },
    ]);
  });

  it("is renewed at once, but removed only after a question with the count", async () => {
    const started = vi.fn();
    show(BulkStart, { request: { accounts: named([first, again]) }, n: 2, onStarted: started });
    await click("bulk-refresh");
    expect(asked).toEqual([["start_bulk", { kind: "refresh", accounts: named([first, again]) }]]);
    await click("bulk-more");
    await click("bulk-kind-remove");
    expect(asked.length).toBe(1);
    expect(document.querySelector("dialog")?.textContent).toContain("Remove 2 accounts?");
    await click("confirm-ask");
    expect(asked[1]).toEqual(["start_bulk", { kind: "remove", accounts: named([first, again]) }]);
    expect(started).toHaveBeenLastCalledWith("remove");
  });

  it("of removed ones is brought back with one click", async () => {
    show(BulkStart, { request: { accounts: named([first]) }, n: 1, removed: true });
    expect(document.querySelector('[data-testid="bulk-refresh"]')).toBeNull();
    await click("bulk-restore");
    expect(asked).toEqual([["start_bulk", { kind: "restore", accounts: named([first]) }]]);
  });

  it("over a whole list asks before it restores", async () => {
    show(BulkStart, { request: { query: { removed: true } }, n: 1234, quiet: true, removed: true });
    await click("bulk-all");
    await click("bulk-kind-restore");
    expect(asked.length).toBe(0);
    expect(document.querySelector("dialog")?.textContent).toContain("1,234");
    await click("confirm-ask");
    expect(asked).toEqual([["start_bulk", { kind: "restore", query: { removed: true } }]]);
  });
});

describe("a report", () => {
  it("names the platform, and tries again only where it failed", async () => {
    lines = [line(1, ONE, "门店通", "ok"), line(2, TWO, "", "failed")];
    show(BulkReport, { job: job() });
    await flushPromises();
    expect([...document.querySelectorAll('[data-testid="bulk-platform"]')].map((cell) => cell.textContent)).toEqual(["门店通", TWO]);
    await click("bulk-again");
    expect(asked[asked.length - 1]).toEqual(["retry_bulk", { id: job().id }]);
  });

  it("says a single platform once", async () => {
    lines = [line(1, ONE, "门店通", "ok"), line(2, ONE, "门店通", "failed")];
    show(BulkReport, { job: job() });
    await flushPromises();
    expect([...document.querySelectorAll('[data-testid="bulk-platform"]')].map((cell) => cell.textContent)).toEqual(["Platform 门店通"]);
  });
});
