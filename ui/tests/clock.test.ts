/** One timer, each second for a person, slowly for nobody, not at all when hidden. */
import { mount } from "@vue/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { defineComponent, h, ref, type Ref } from "vue";
import { useNow, useSeconds } from "../src/lib/clock";

let focused = true;
let seen: Readonly<Ref<number>>;
let mounted: { unmount: () => void };
const open = (watched: boolean): void => {
  mounted = mount(defineComponent({ setup: () => ((seen = useNow(watched)), () => h("i")) }));
};
async function changes(ms: number): Promise<number> {
  let n = 0;
  for (let at = 0, before = seen.value; at < ms; at += 500) {
    await vi.advanceTimersByTimeAsync(500);
    if (seen.value !== before) n += 1;
    before = seen.value;
  }
  return n;
}

beforeEach(() => {
  focused = true;
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  vi.spyOn(document, "hasFocus").mockImplementation(() => focused);
  window.dispatchEvent(new Event("keydown"));
});
afterEach(() => {
  mounted.unmount();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("clock", () => {
  it("ticks each second while a person is there", async () => {
    open(false);
    expect(await changes(10_000)).toBeGreaterThanOrEqual(9);
    expect(vi.getTimerCount()).toBe(1);
  });

  it("slows down without focus and is right at once when it returns", async () => {
    open(false);
    focused = false;
    await changes(2_000);
    expect(await changes(30_000)).toBeLessThanOrEqual(3);
    focused = true;
    await vi.advanceTimersByTimeAsync(3_000);
    window.dispatchEvent(new Event("focus"));
    expect(Math.abs(seen.value - Date.now())).toBeLessThan(10);
    expect(await changes(5_000)).toBeGreaterThanOrEqual(4);
  });

  it("slows down after a quarter of a minute without input, except where people only watch", async () => {
    open(false);
    await changes(17_000);
    expect(await changes(30_000)).toBeLessThanOrEqual(4);
    mounted.unmount();
    open(true);
    await changes(62_000);
    expect(await changes(10_000)).toBeGreaterThanOrEqual(9);
  });

  it("shows the seconds of a last minute to whoever only watches", async () => {
    const urgent = ref(false);
    mounted = mount(defineComponent({ setup: () => ((seen = useNow()), useSeconds(urgent), () => h("i")) }));
    await changes(30_000);
    urgent.value = true;
    await vi.advanceTimersByTimeAsync(0);
    expect(await changes(10_000)).toBeGreaterThanOrEqual(9);
    urgent.value = false;
    await changes(17_000);
    expect(await changes(30_000)).toBeLessThanOrEqual(4);
  });
});
