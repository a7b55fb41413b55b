/** The pure parts of the call log, quotas, bulk work and the clipboard's minute. */
import { describe, expect, it } from "vitest";
import type { ApiCall, BulkJob, QuotaItem } from "../src/host";
import { inDock, wellDone } from "../src/lib/bulk";
import { percent, quotaTone, usedShare } from "../src/lib/calls";
import { textDataUrl } from "../src/lib/save";
import { clearIfOurs } from "../src/lib/secretcopy";
import { bounds, codeOf, fromAddress, localMoment, toQuery, type CallFilter } from "../src/pages/calls/filters";
import { joined } from "../src/pages/calls/log";
import { retentionRule } from "../src/pages/calls/retention";
import { byUse, resetsLeft } from "../src/pages/quota/resets";

const filter: CallFilter = { errors: false, platform: "", appid: "", api: "", reason: "", errcode: "", span: "", from: "", until: "" };
const calls = (...ids: number[]): ApiCall[] => ids.map((id) => ({ id }) as ApiCall);
const quota = (cgi_path: string, used: number | null, daily_limit: number | null): QuotaItem => ({ cgi_path, used, daily_limit }) as QuotaItem;
const job = (id: string, extra: Partial<BulkJob>): BulkJob => ({ id, kind: "refresh", state: "done", started_at: 0, ended_at: 100, total: 9, done: 9, failed: 2, skipped: 1, current: null, lines: [], ...extra });

describe("call log", () => {
  it("asks for nothing that was not chosen", () => {
    expect(toQuery(filter, 0)).toEqual({});
    expect(toQuery({ ...filter, errcode: "-1", errors: true, reason: "server" }, 0)).toEqual({ errcode: -1, only_errors: true, reason: "server" });
    expect(toQuery({ ...filter, errcode: "4x" }, 0)).toEqual({});
  });

  it("takes codes and moments only when they are whole", () => {
    expect([codeOf(" 45009 "), codeOf("-1"), codeOf("-"), codeOf("1.5"), codeOf("")]).toEqual([45009, -1, null, null, null]);
    expect(localMoment("2026-01-05T14:32")).toBe(new Date(2026, 0, 5, 14, 32).getTime());
    expect(localMoment("2026-01-05 14:32")).toBe(localMoment("2026-01-05T14:32"));
    expect([localMoment("2026-02-31T10:00"), localMoment("2026-01-05T24:00"), localMoment("soon")]).toEqual([null, null, null]);
  });

  it("means the last minute of its own span too", () => {
    expect(bounds({ span: "own", from: "", until: "2026-01-05T14:32" }, 0)).toEqual({ until: new Date(2026, 0, 5, 14, 33).getTime() });
    expect(bounds({ span: "hour", from: "x", until: "y" }, 7_200_000)).toEqual({ from: 3_600_000 });
  });

  it("reads an address, and leaves out what it does not know", () => {
    expect(fromAddress({ appid: "wx1", errors: "1", reason: "nonsense", errcode: "61004" })).toEqual({ appid: "wx1", errors: true, errcode: "61004" });
  });

  it("joins newer rows, and tells a gap", () => {
    expect(joined(calls(5, 4, 3), calls(4, 3, 2))?.map((call) => call.id)).toEqual([5, 4, 3, 2]);
    expect(joined(calls(9, 8), calls(4, 3))).toBeNull();
    expect(joined(calls(2, 1), [])?.length).toBe(2);
  });

  it("keeps rows for 1 to 365 whole days", () => {
    expect(["1", " 365 ", "0", "366", "7.5", ""].map(retentionRule)).toEqual([1, 365, null, null, null, null]);
  });
});

describe("quotas", () => {
  it("are put in order of use, the unread last", () => {
    expect(byUse([quota("a", null, null), quota("b", 1, 10), quota("c", 9, 10), quota("d", 1, 10)]).map((item) => item.cgi_path)).toEqual(["c", "b", "d", "a"]);
  });

  it("are never full before they are", () => {
    expect([0, 0.0004, 0.004, 0.419, 0.999, 1].map(percent)).toEqual(["0%", "0.1%", "0.4%", "41%", "99%", "100%"]);
    expect([0.5, 0.8, 0.999, 1].map(quotaTone)).toEqual(["info", "warn", "warn", "bad"]);
    expect([usedShare(quota("a", 5, 0)), usedShare(quota("a", 12, 10)), usedShare(quota("a", null, 10))]).toEqual([1, 1, null]);
  });

  it("have at most so many resets left", () => {
    const allowance = { limit: 10, used_at_least: 2, exhausted: false, month_start: 0, resets_at: 0, last_at: null };
    expect([resetsLeft(allowance), resetsLeft({ ...allowance, used_at_least: 14 }), resetsLeft({ ...allowance, exhausted: true })]).toEqual([8, 0, 0]);
  });
});

describe("bulk work", () => {
  it("stays in the dock while it runs, and until it is put away", () => {
    const jobs = [job("a", { state: "running", ended_at: null }), job("b", {}), job("c", { ended_at: 10 }), job("d", {})];
    expect(inDock(jobs, new Set(["d"]), 50).map((one) => one.id)).toEqual(["a", "b"]);
  });

  it("counts as done well what neither failed nor was skipped", () => {
    expect(wellDone(job("a", {}))).toBe(6);
  });
});

describe("a secret in the clipboard", () => {
  const clip = (text: string | null): { readText: () => Promise<string>; writeText: (x: string) => Promise<void>; written: string[] } => {
    const written: string[] = [];
    return { written, readText: async () => { if (text === null) throw new Error("no"); return text; }, writeText: async (x) => void written.push(x) };
  };

  it("goes only when it is still ours", async () => {
    const ours = clip("87_token");
    expect(await clearIfOurs("87_token", ours)).toBe("cleared");
    expect(ours.written).toEqual([""]);
    const other = clip("a phone number");
    expect(await clearIfOurs("87_token", other)).toBe("other");
    expect(other.written).toEqual([]);
    expect(await clearIfOurs("87_token", clip(null))).toBe("refused");
  });
});

describe("a file", () => {
  it("keeps every letter on its way to disk", () => {
    const url = textDataUrl("text/csv", "\ufeff名称,值\n");
    const bytes = Uint8Array.from(atob(url.split(",")[1]), (letter) => letter.charCodeAt(0));
    expect(url.startsWith("data:text/csv;base64,")).toBe(true);
    expect(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes)).toBe("\ufeff名称,值\n");
  });
});
