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
      const from = query.offset ?? Number(query.cursor ?? 0);
      const to = from + (query.limit ?? 100);
      return { items: match.slice(from, to), next_cursor: to < match.length ? String(to) : null, total: match.length, counts: counts(rows), removed: 0 };
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

  it("jumps anywhere with one request", async () => {
    rows = Array.from({ length: 10_000 }, (_, i) => account(i, "wx134c8103faa5a59e", 1_700_000_000_000));
    const { pager } = open();
    await settle();
    pager.view(9_990, 10_000);
    await vi.waitFor(() => expect(pager.row(9_999)?.appid).toBe(rows[9_999].appid));
    expect(asked.map(({ offset, limit }) => [offset, limit])).toEqual([[0, PAGE], [9_800, PAGE]]);
    expect(pager.row(5_000)).toBeUndefined();
  });

  it("brings a view across a border in one request", async () => {
    const { pager } = open();
    await settle();
    pager.view(390, 410);
    await vi.waitFor(() => expect(pager.row(410)?.appid).toBe(rows[410].appid));
    expect(asked.map(({ offset, limit }) => [offset, limit])).toEqual([[0, PAGE], [PAGE, 2 * PAGE]]);
  });

  it("gathers every row in the largest pages", async () => {
    const { pager } = open();
    await settle();
    asked = [];
    expect((await pager.all()).length).toBe(1000);
    expect(asked.length).toBe(1);
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
