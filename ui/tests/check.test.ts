/** The self-check's stations, the certificate, file rules and sizes, and where an IP is to be entered. */
import { describe, expect, it } from "vitest";
import { doorCheck } from "../src/host/mock/door";
import { certificate, doorState, failedStep, sharedHints, stations, tellingSteps } from "../src/lib/check";
import { egressState, placeOf } from "../src/lib/egress";
import { fileNameRule, fileSize, fileSizeRule, MAX_FILE_BYTES, textBytes, toBase64 } from "../src/lib/files";

const DAY = 86_400_000;

describe("a self-check", () => {
  it("always has five stations", () => {
    expect(stations([]).map((s) => [s.name, s.tone, s.step])).toEqual(["dns", "tcp", "tls", "path", "push"].map((name) => [name, "idle", null]));
    expect(stations(doorCheck("https://a.cc", "nothing_behind", 0).steps).map((s) => s.tone)).toEqual(["ok", "ok", "ok", "bad", "idle"]);
  });
  it("tells the failure first, then warnings", () => {
    const broken = doorCheck("https://a.cc", "nothing_behind", 0);
    expect(failedStep(broken)?.step).toBe("path");
    const both = { steps: [...doorCheck("https://a.cc", "ends_soon", 0).steps.slice(0, 3), ...broken.steps.slice(3)] };
    expect(tellingSteps(both).map((s) => s.outcome)).toEqual(["failed", "warning"]);
  });
  it("sums up", () => {
    expect((["never", "ok", "ends_soon", "nothing_behind", "no_such_name"] as const).map((ending) => doorState(doorCheck("https://a.cc", ending, 0)))).toEqual(["unknown", "ok", "warning", "failed", "failed"]);
  });
  it("says a hint that all have once", () => {
    const a = doorCheck("https://a.natappfree.cc", "ok", 0);
    const b = doorCheck("https://b.cn", "ok", 0);
    expect(sharedHints([a, b, doorCheck("https://c.cn", "never", 0)])).toEqual([b.hints[0].en]);
    expect(sharedHints([a])).toEqual([]);
  });
  it("counts a certificate's days", () => {
    expect(certificate(null, 0)).toBeNull();
    expect(certificate(20 * DAY + 5, 0)).toEqual({ days: 20, tone: "ok" });
    expect(certificate(6 * DAY, 0)).toEqual({ days: 6, tone: "warn" });
    expect(certificate(-1, 0)).toEqual({ days: -1, tone: "bad" });
  });
});

describe("a verification file", () => {
  it.each([
    ["MP_verify_8fJk2LmQx9aTzR4w.txt", null],
    ["6871402915.txt", null],
    [`${"a".repeat(80)}.txt`, null],
    [`${"a".repeat(81)}.txt`, "file_name"],
    ["", "file_required"],
    ["a.html", "file_txt"],
    [".txt", "file_name"],
    ["..txt", "file_name"],
    ["../a.txt", "file_name"],
    ["校验.txt", "file_name"],
    ["a b.txt", "file_name"],
  ])("named %s breaks %s", (name, rule) => expect(fileNameRule(name)).toBe(rule));
  it("has 1 byte to 64 KiB", () => {
    expect([0, 1, MAX_FILE_BYTES, MAX_FILE_BYTES + 1].map(fileSizeRule)).toEqual(["file_empty", null, null, "file_large"]);
  });
  it("says its size", () => expect([1, 1023, 1024, 1536, 65_536].map(fileSize)).toEqual(["1 B", "1023 B", "1 KB", "1.5 KB", "64 KB"]));
  it("is sent byte for byte", () => {
    expect(toBase64(textBytes("abc"))).toBe("YWJj");
    expect(toBase64(new Uint8Array([0, 255, 128]))).toBe("AP+A");
  });
});

describe("an egress test", () => {
  it("knows the place by the errcode", () => {
    expect([placeOf({ code: 61004 }), placeOf({ code: 40164 }), placeOf(null)]).toEqual(["platform", "account", "platform"]);
  });
  it("is told apart", () => {
    const error = { code: 61004 } as never;
    expect(egressState({ listed: true, ip: "1.2.3.4", error: null })).toBe("listed");
    expect(egressState({ listed: false, ip: "1.2.3.4", error })).toBe("not_listed");
    expect(egressState({ listed: null, ip: null, error: null })).toBe("unknown");
    expect(egressState({ listed: null, ip: null, error })).toBe("failed");
  });
});
