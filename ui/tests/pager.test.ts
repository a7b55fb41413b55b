/** The accounts list asks only for what is in view. */
import { mount } from "@vue/test-utils";
import { computed, defineComponent, h, ref } from "vue";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { setHost, type AccountQuery, type Host } from "../src/host";
import { account, counts } from "../src/host/mock/data";
import { accountChanges } from "../src/lib/queries";
import { PAGE, useAccountPager, type AccountPager } from "../src/pages/accounts/pager";

const thousand = Array.from({ length: 1000 }, (_, i) => account(i, "wx134c8103faa5a59e", 1_700_000_000_000));
let rows = thousand;
let asked: AccountQuery[] = [];
let mounted: { unmount: () => void } | null = null;

function open(): { pager: AccountPager; q: { value: string } } {
  const q = ref("");
  let pager!: AccountPager;
  mounted = mount(
    defineComponent({
      setup() {
        pager = useAccountPager(computed(() => ({ ...(q.value && { q: q.value }) })));
        return () => h("i");
      },
    }),
  );
  return { pager, q };
}
const settle = (): Promise<void> => vi.waitFor(() => Promise.resolve()).then(() => new Promise((resolve) => setTimeout(resolve)));

beforeEach(() => {
  asked = [];
  rows = thousand;
  setHost({
    async call(_name: string, { query }: { query: AccountQuery }) {
      asked.push(query);
      const match = rows.filter((row) => !query.q || row.appid.includes(query.q));
      const from = Number(query.cursor ?? 0);
      const to = from + (query.limit ?? 100);
      return { items: match.slice(from, to), next_cursor: to < match.length ? String(to) : null, total: match.length, counts: counts(rows) };
    },
  } as unknown as Host);
});

// A pager that is left over would answer changes too.
afterEach(() => mounted?.unmount());

describe("pager", () => {
  it("loads the first page only", async () => {
    const { pager } = open();
    await settle();
    expect(pager.total.value).toBe(1000);
    expect(asked.length).toBe(1);
    expect(pager.row(PAGE - 1)?.appid).toBe(rows[PAGE - 1].appid);
    expect(pager.row(PAGE)).toBeUndefined();
  });

  it("fills the gap after a jump to the end", async () => {
    const { pager } = open();
    await settle();
    pager.view(980, 1000);
    await vi.waitFor(() => expect(pager.row(999)?.appid).toBe(rows[999].appid));
    expect(asked.map((query) => query.limit), "the first page, the gap at once, the page in view").toEqual([PAGE, 3 * PAGE, PAGE]);
    for (let i = 0; i < 1000; i += 1) expect(pager.row(i)?.appid).toBe(rows[i].appid);
  });

  it("jumps to the end of ten thousand rows in few requests", async () => {
    rows = Array.from({ length: 10_000 }, (_, i) => account(i, "wx134c8103faa5a59e", 1_700_000_000_000));
    const { pager } = open();
    await settle();
    pager.view(9_980, 10_000);
    await vi.waitFor(() => expect(pager.row(9_999)?.appid).toBe(rows[9_999].appid));
    expect(asked.length).toBeLessThanOrEqual(12);
    expect(pager.loadedRows().length).toBe(10_000);
  });

  it("keeps answering for a page inside a leap", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { pager } = open();
    await vi.advanceTimersByTimeAsync(0);
    pager.view(980, 1000);
    await vi.advanceTimersByTimeAsync(0);
    pager.view(400, 420);
    const touch = async (): Promise<number> => {
      const before = asked.length;
      accountChanges.dispatchEvent(new CustomEvent("change", { detail: [rows[405].appid] }));
      await vi.advanceTimersByTimeAsync(2000);
      return asked.length - before;
    };
    expect(await touch(), "its cursor is found once").toBe(2);
    expect(await touch()).toBe(1);
    expect(pager.row(405)?.appid).toBe(rows[405].appid);
    vi.useRealTimers();
  });

  it("asks again only for pages in view when accounts change", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { pager } = open();
    await vi.advanceTimersByTimeAsync(0);
    pager.view(400, 420);
    await vi.advanceTimersByTimeAsync(0);
    const before = asked.length;
    accountChanges.dispatchEvent(new CustomEvent("change", { detail: [rows[250].appid] }));
    await vi.advanceTimersByTimeAsync(2000);
    expect(asked.length, "page 1 is out of view").toBe(before);
    accountChanges.dispatchEvent(new CustomEvent("change", { detail: [rows[405].appid] }));
    await vi.advanceTimersByTimeAsync(2000);
    expect(asked.length).toBe(before + 1);
    vi.useRealTimers();
  });

  it("starts over when the question changes, and drops late answers", async () => {
    const { pager, q } = open();
    await settle();
    q.value = rows[7].appid;
    await vi.waitFor(() => expect(pager.total.value).toBe(1));
    expect(pager.row(0)?.appid).toBe(rows[7].appid);
    expect(pager.row(1)).toBeUndefined();
  });
});
