import { describe, expect, it } from "vitest";
import { countdown, initial, relative, span } from "../src/lib/format";

describe("countdown", () => {
  const cases: [number, string | null][] = [
    [6_127_000, "1:42:07"],
    [2_527_000, "42:07"],
    [60_000, "1:00"],
    [59_999, "59"],
    [7_200_900, "2:00:00"],
    [59_000, "59"],
    [1, "1"],
    [0, null],
    [-5_000, null],
    [36_000_000, "10:00:00"],
  ];
  it.each(cases)("%i ms is %s", (ms, text) => expect(countdown(ms)).toBe(text));
});

describe("relative", () => {
  const now = 1_700_000_000_000;
  it("says now within five seconds", () => expect(relative(now - 4_000, now, "zh-CN", "刚刚")).toBe("刚刚"));
  it("parts figures from words in Chinese", () => expect(relative(now - 180_000, now, "zh-CN", "刚刚")).toBe("3 分钟前"));
  it("clamps what has happened to now", () => expect(relative(now + 180_000, now, "zh-CN", "刚刚", true)).toBe("刚刚"));
  it("looks ahead", () => expect(relative(now + 7_200_000, now, "en", "now")).toBe("in 2 h"));
  it("says hours with their minutes", () => {
    expect(relative(now + 6_060_000, now, "en", "now")).toBe("in 1 h 41 min");
    expect(relative(now - 6_060_000, now, "zh-CN", "刚刚")).toBe("1 小时 41 分钟前");
  });
});

describe("span", () => {
  const cases: [number, string, string][] = [
    [0, "1 s", "1 秒"],
    [58_900, "58 s", "58 秒"],
    [720_000, "12 min", "12 分钟"],
    [11_100_000, "3 h 5 min", "3 小时 5 分钟"],
    [10_800_000, "3 h", "3 小时"],
    [183_600_000, "2 d 3 h", "2 天 3 小时"],
  ];
  it.each(cases)("%i ms is %s", (ms, en, zh) => {
    expect(span(ms, "en")).toBe(en);
    expect(span(ms, "zh-CN")).toBe(zh);
  });
});

describe("words", () => {
  it("takes the first character beyond the basic plane whole", () => expect(initial("𠮷野家", "wx00")).toBe("𠮷"));
  it("falls back to the id without its prefix", () => expect(initial(" ", "wxab12")).toBe("A"));
});
