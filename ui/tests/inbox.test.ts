/** The inbox: what it asks for, what stays where it is, how a search goes on, and the pure parts around it. */
import { mount } from "@vue/test-utils";
import { computed, defineComponent, h, nextTick, ref } from "vue";
import { createMemoryHistory, createRouter, RouterView, type Router } from "vue-router";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { setHost, type Conversation, type Host, type InboxQuery, type PushItem, type PushPage } from "../src/host";
import { leftIn, lines, maySend, openWindows, shortOpenid, shownAnswer, tookTone, volume } from "../src/lib/inbox";
import { inboxChanges } from "../src/lib/queries";
import { onlyPush } from "../src/pages/inbox/export";
import { PAGE, renewed, settled, useFeed, type Feed } from "../src/pages/inbox/feed";
import { bounds, fromAddress, openedIn, toAddress, toQuery, useInboxFilters, type InboxFilters } from "../src/pages/inbox/filters";
import { pieces, queryPairs } from "../src/lib/markup";
import { DAYS, MIB, within } from "../src/pages/inbox/retention";
import { bars, share } from "../src/pages/inbox/spark";

const NOW = 1_795_300_000_000;
const push = (id: number, extra: Partial<PushItem> = {}): PushItem => ({ id, received_at: NOW - 3_600_000 + id, class: "message", component_appid: "wx0", appid: "wx1", account_name: "花店", msg_type: "text", event: null, kind_words: { zh: "文本", en: "Text" }, sender: "oABCDEFGHIJKLMNOPQRSTUVWXYZ1", text: `第 ${id} 条`, ended: false, made_up: false, rule_id: null, rule_name: null, answer: "success", took_ms: null, repeats: 0, notified: [], ...extra });
const blank = fromAddress({}, "");

describe("an answer that is not known yet", () => {
  it("is awaited a while before it is called unknown", () => {
    const asked = (answer: PushItem["answer"], age: number): string => shownAnswer(push(1, { answer, received_at: NOW - age }), ref(NOW));
    expect(asked("unknown", 4_000)).toBe("pending");
    expect(asked("unknown", 25_000)).toBe("unknown");
    expect(asked("success", 0)).toBe("success");
  });
});

describe("the filters of the inbox", () => {
  it("ask for nothing that was not chosen", () => {
    expect(toQuery(blank, NOW)).toEqual({});
    expect(toQuery({ ...blank, platform: "wx0", account: "wx1", class: "message", type: "event", event: "CLICK", sender: " o1 ", q: " 关门 ", slow: true, rule: "7", span: "hour" }, NOW)).toEqual({ component_appid: "wx0", appid: "wx1", class: "message", msg_type: "event", event: "CLICK", sender: "o1", text: "关门", only_slow: true, rule_id: 7, from: NOW - 3_600_000 });
    expect(toQuery({ ...blank, rule: "7; drop" }, NOW)).toEqual({});
  });

  it("mean the last minute of an own span too, and leave out what is no moment", () => {
    expect(bounds({ span: "own", from: "soon", until: "2026-01-05T14:32" }, NOW)).toEqual({ until: new Date(2026, 0, 5, 14, 33).getTime() });
  });

  it("come back from their address as they were, and nonsense falls away", () => {
    const filter = { ...blank, account: "wx1", event: "SCAN", q: "优惠 券&a=b", span: "own" as const, from: "2026-01-05T08:00", slow: true };
    expect(fromAddress(toAddress(filter, ""), "")).toEqual(filter);
    expect(toAddress({ ...blank, platform: "wx0" }, "wx0")).toEqual({});
    expect(fromAddress({ class: "x", span: "century", slow: "yes", q: ["a", "b"], from: "2026-01-05T08:00" }, "wx0")).toEqual({ ...blank, platform: "wx0" });
    expect([openedIn({ open: "12" }), openedIn({ open: "1x" }), openedIn({})]).toEqual([12, null, null]);
  });

  describe("in the address bar", () => {
    let router: Router;
    let filters: InboxFilters;
    let wrapper: ReturnType<typeof mount>;
    async function open(path: string): Promise<void> {
      const page = defineComponent({ setup: () => ((filters = useInboxFilters()), () => h("i")) });
      router = createRouter({ history: createMemoryHistory(), routes: [{ path: "/:rest(.*)*", component: page }] });
      await router.push(path);
      wrapper = mount(RouterView, { global: { plugins: [router] } });
      await nextTick();
    }
    const settle = (ms = 20): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
    afterEach(() => wrapper.unmount());

    it("stand there, also when it changes from outside", async () => {
      await open("/messages?event=SCAN&q=a");
      expect([filters.filter.event, filters.text.value]).toEqual(["SCAN", "a"]);
      filters.filter.slow = true;
      await settle();
      expect(router.currentRoute.value.query).toEqual({ event: "SCAN", q: "a", slow: "1" });
      await router.push("/messages?sender=o1");
      await settle();
      expect([filters.filter.event, filters.filter.slow, filters.sender.value, filters.text.value]).toEqual(["", false, "o1", ""]);
      filters.clear();
      await settle();
      expect(router.currentRoute.value.query).toEqual({});
    });

    it("keep what is open, and the way back closes it", async () => {
      await open("/messages?event=SCAN");
      filters.opened.value = 8;
      await settle();
      expect(router.currentRoute.value.query).toEqual({ event: "SCAN", open: "8" });
      filters.opened.value = 7;
      await settle();
      router.back();
      await vi.waitFor(() => expect(filters.opened.value).toBeNull());
      expect(router.currentRoute.value.query).toEqual({ event: "SCAN" });
    });

    it("wait for the input method", async () => {
      await open("/messages");
      filters.composing.value = true;
      filters.text.value = "guan";
      await settle(350);
      expect(filters.query.value).toEqual({});
      filters.text.value = "关";
      filters.composing.value = false;
      await settle(350);
      expect(filters.query.value).toEqual({ text: "关" });
    });
  });
});

describe("the live list", () => {
  let all: PushItem[] = [];
  let asked: InboxQuery[] = [];
  let answer: (query: InboxQuery) => PushPage | Promise<PushPage>;
  let mounted: { unmount: () => void } | null = null;
  const held = ref(false);
  const paused = ref(false);
  const query = ref<InboxQuery>({});
  function open(): Feed {
    let feed!: Feed;
    mounted = mount(defineComponent({ setup: () => ((feed = useFeed(computed(() => query.value), held, paused)), () => h("i")) }));
    return feed;
  }
  const ids = (feed: Feed): number[] => feed.rows.value.map((row) => row.id);
  const come = async (...items: PushItem[]): Promise<void> => {
    all = [...items, ...all];
    inboxChanges.dispatchEvent(new Event("change"));
    await vi.advanceTimersByTimeAsync(1_000);
  };
  beforeEach(() => {
    vi.useFakeTimers({ now: NOW });
    all = [3, 2, 1].map((id) => push(id));
    asked = [];
    held.value = false;
    paused.value = false;
    query.value = {};
    answer = ({ before, after, limit = 100 }) => {
      const found = all.filter((item) => (before === undefined || item.id < before) && (after === undefined || item.id > after));
      const items = found.slice(0, limit);
      return { items, next_before: found.length > limit ? items[limit - 1].id : null, searched_to: found.length > limit ? items[limit - 1].received_at : null };
    };
    setHost({ call: async (_name: string, args: { query: InboxQuery }) => (asked.push(args.query), answer(args.query)) } as unknown as Host);
  });
  afterEach(() => {
    mounted?.unmount();
    vi.useRealTimers();
  });

  it("asks only for what came after the newest shown", async () => {
    const feed = open();
    await vi.advanceTimersByTimeAsync(1);
    await come(push(5, { received_at: NOW }), push(4, { received_at: NOW }));
    expect(asked[1].after).toBe(3);
    expect(ids(feed)).toEqual([5, 4, 3, 2, 1]);
    expect(feed.waiting.value).toBe(0);
  });

  it("moves nothing while it is held: new ones are counted, and come when they are wanted", async () => {
    const feed = open();
    await vi.advanceTimersByTimeAsync(1);
    held.value = true;
    await come(push(4));
    await come(push(6), push(5));
    expect([ids(feed), feed.waiting.value]).toEqual([[3, 2, 1], 3]);
    feed.show();
    expect([ids(feed), feed.waiting.value]).toEqual([[6, 5, 4, 3, 2, 1], 0]);
  });

  it("shows what waited as soon as nothing holds it any more", async () => {
    const feed = open();
    await vi.advanceTimersByTimeAsync(1);
    held.value = true;
    await come(push(4));
    held.value = false;
    await nextTick();
    expect(ids(feed)).toEqual([4, 3, 2, 1]);
  });

  it("brings an answer or a repeat to a young row in its place", async () => {
    all = [push(3, { received_at: NOW - 4_000 }), push(2)];
    const feed = open();
    await vi.advanceTimersByTimeAsync(1);
    held.value = true;
    all = [{ ...all[0], repeats: 1 }, all[1]];
    await come();
    expect(asked[1].after).toBe(2);
    expect(feed.rows.value.map((row) => row.repeats)).toEqual([1, 0]);
    expect(feed.waiting.value).toBe(0);
  });

  it("asks for nothing while it is paused, then for all that came", async () => {
    const feed = open();
    await vi.advanceTimersByTimeAsync(1);
    paused.value = true;
    await come(push(4));
    expect(asked.length).toBe(1);
    paused.value = false;
    await vi.advanceTimersByTimeAsync(1);
    expect(ids(feed)).toEqual([4, 3, 2, 1]);
  });

  it("does not search again what was searched: nothing fits, pushes keep coming", async () => {
    query.value = { text: "never" };
    answer = () => ({ items: [], next_before: null, searched_to: null });
    open();
    await vi.advanceTimersByTimeAsync(1);
    await come(push(4));
    expect(asked[1].from).toBeGreaterThan(NOW - 120_000);
  });

  it("begins anew when more came than was fetched", async () => {
    const feed = open();
    await vi.advanceTimersByTimeAsync(1);
    held.value = true;
    await come(...Array.from({ length: 700 }, (_, i) => push(703 - i)));
    expect([feed.waiting.value, feed.waitingMore.value]).toEqual([500, true]);
    feed.show();
    await vi.advanceTimersByTimeAsync(1);
    expect(ids(feed)[0]).toBe(703);
    expect(ids(feed).length).toBe(PAGE);
    expect(feed.more.value).toBe(true);
  });

  it("says how far a search came, and goes on until something is found", async () => {
    query.value = { text: "x" };
    const steps: PushPage[] = [
      { items: [push(900)], next_before: 800, searched_to: NOW - 100 },
      { items: [], next_before: 700, searched_to: NOW - 200 },
      { items: [push(650)], next_before: 600, searched_to: NOW - 300 },
      { items: [], next_before: null, searched_to: null },
    ];
    answer = () => steps[asked.length - 1];
    const feed = open();
    await vi.advanceTimersByTimeAsync(1);
    expect([feed.stoppedAt.value, feed.more.value]).toEqual([NOW - 100, true]);
    await feed.search();
    expect(asked.map((one) => one.before)).toEqual([undefined, 800, 700]);
    expect([ids(feed), feed.stoppedAt.value, feed.searching.value]).toEqual([[900, 650], NOW - 300, false]);
    await feed.search();
    expect([feed.stoppedAt.value, feed.more.value]).toEqual([null, false]);
  });

  it("stops a search on request, and throws away what comes for another filter", async () => {
    query.value = { text: "x" };
    answer = async () => (await new Promise((resolve) => setTimeout(resolve, 400)), { items: [], next_before: 1_000 - asked.length, searched_to: NOW - asked.length });
    const feed = open();
    await vi.advanceTimersByTimeAsync(500);
    const searching = feed.search();
    await vi.advanceTimersByTimeAsync(500);
    feed.halt();
    await vi.advanceTimersByTimeAsync(1_000);
    await searching;
    expect(asked.length).toBe(3);
    void feed.next();
    query.value = {};
    await vi.advanceTimersByTimeAsync(1_000);
    expect(feed.searching.value).toBe(false);
    expect(feed.loading.value).toBe(false);
  });

  it("keeps its rows when a later question fails", async () => {
    const feed = open();
    await vi.advanceTimersByTimeAsync(1);
    answer = () => Promise.reject(new Error("x"));
    await come(push(4));
    expect([ids(feed), feed.error.value]).toEqual([[3, 2, 1], null]);
  });

  it("knows which rows are done", () => {
    const rows = [push(9, { received_at: NOW - 1_000 }), push(8, { received_at: NOW - 21_000 }), push(7)];
    expect([settled(rows, NOW), settled([], NOW), settled(Array.from({ length: 300 }, (_, i) => push(300 - i, { received_at: NOW })), NOW)]).toEqual([8, undefined, 201]);
    expect(renewed(rows, [push(8, { repeats: 2 })]).map((row) => row.repeats)).toEqual([0, 2, 0]);
  });
});

describe("the document", () => {
  const XML = '<xml>\n  <Content><![CDATA[a < b & "c" ]]]]><![CDATA[> 你]]></Content>\n  <CreateTime>12</CreateTime>\n</xml>';
  it("loses no letter to its colours", () => {
    for (const text of [XML, '{"a": [1, -2.5e3, true, null], "b\\"": "x<y>"}', "plain & simple", "<broken <a", '{"open: 1', "", `<a>${"x".repeat(70_000)}</a>`]) expect(pieces(text).map((piece) => piece.text).join("")).toBe(text);
    expect(pieces(XML).filter((piece) => piece.kind === "tag").map((piece) => piece.text)).toEqual(["xml", "Content", "Content", "CreateTime", "CreateTime", "xml"]);
    expect(pieces('{"a": "b"}').map((piece) => piece.kind)).toEqual(["punct", "tag", "punct", "plain", "text", "punct"]);
  });

  it("shows a query decoded, also a broken one", () => {
    expect(queryPairs("signature=ab&x=%E4%BD%A0%2B&y&z=%E4%")).toEqual([["signature", "ab"], ["x", "你+"], ["y", ""], ["z", "%E4%"]]);
  });

  it("is exported alone by ids around it", () => {
    expect(onlyPush(8)).toEqual({ after: 7, before: 9 });
  });
});

describe("figures", () => {
  it("draw a bar a minute, coloured by its slowest", () => {
    const minute = (ago: number, slowest_ms: number, slow = 0, late = 0) => ({ at: Math.floor(NOW / 60_000) * 60_000 - ago * 60_000, count: 3, slow, late, slowest_ms });
    const drawn = bars({ minutes: [minute(61, 9), minute(59, 3), minute(10, 1_500, 1), minute(0, 4_500, 2, 1)], budget_ms: 4_500, slow_ms: 1_000 }, NOW);
    expect(drawn.map((bar) => [bar.slot, bar.tone])).toEqual([[0, "idle"], [49, "warn"], [59, "bad"]]);
    expect(share(10, 4_500)).toBeLessThan(share(100, 4_500));
    expect(share(60_000, 4_500)).toBe(1);
    expect(drawn[0].share).toBeGreaterThan(0);
  });

  it("take whole numbers within the engine's rules", () => {
    expect(["1", " 365 ", "0", "366", "7.5", "", "abc"].map((text) => within(text, DAYS))).toEqual([1, 365, null, null, null, null, null]);
    expect(["16", "65,536", "65537", "15"].map((text) => within(text, MIB))).toEqual([16, 65_536, null, null]);
  });

  it("are short", () => {
    expect([volume(900), volume(980 * 1024), volume(12.4 * 1048576), volume(3.2 * 1073741824), volume(1023 * 1024)]).toEqual(["900 B", "980 KB", "12 MB", "3.2 GB", "1.0 MB"]);
    expect(shortOpenid("oyORnuP8q7ou2gfYjqLzSIWZf0rs")).toBe("oyOR…Zf0rs");
    expect([tookTone(null), tookTone(999), tookTone(1_000), tookTone(4_500)]).toEqual([null, null, "warn", "bad"]);
  });
});

describe("a conversation", () => {
  const window = (until: number, used: number, allowed = 5) => ({ cause: "message" as const, opened_at: until - 1, until, allowed, used });
  it("may go on while a window is open and not used up", () => {
    const one = (windows: Conversation["windows"], extra: Partial<Conversation> = {}) => ({ windows, partial: false, barred: null, ...extra });
    expect(maySend(one([window(NOW + 1, 4)]), NOW)).toBe(true);
    expect(maySend(one([window(NOW + 1, 5), window(NOW - 1, 0)]), NOW)).toBe(false);
    expect(maySend(one([], { partial: true }), NOW)).toBeNull();
    expect(maySend(one([window(NOW + 1, 0)], { barred: { zh: "x", en: "x" } }), NOW)).toBe(false);
    expect(openWindows([window(NOW, 0), window(NOW + 5, 0), window(NOW + 9, 0)], NOW).map((w) => w.until - NOW)).toEqual([9, 5]);
    expect(leftIn(window(NOW, 7))).toBe(0);
  });

  it("is in one order, his and ours", () => {
    const sent = { id: 1, at: NOW - 3_599_998, kind: "text", text: "好", ok: true, errcode: null, words: null };
    expect(lines({ pushes: [push(3), push(1)], sent: [sent] }).map((line) => line.key)).toEqual(["p1", "s1", "p3"]);
  });
});
