import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { setHost, type Host } from "../src/host";
import { clearNow, copySecret, HOLD_MS, secretCopy } from "../src/lib/secretcopy";

const clip = { copySecret: vi.fn(async () => true), clearSecret: vi.fn(async () => "cleared" as const) };

beforeEach(() => {
  vi.useFakeTimers();
  vi.clearAllMocks();
  setHost({ kind: "window", clip } as unknown as Host);
});
afterEach(() => vi.useRealTimers());

it("leaves a secret to the host's clipboard, which needs no focus, and asks for its end after a minute", async () => {
  expect(await copySecret("81_token", "token")).toBe(true);
  expect(clip.copySecret).toHaveBeenCalledWith("81_token");
  expect(secretCopy.held).toBe("held");
  await vi.advanceTimersByTimeAsync(HOLD_MS - 1);
  expect(clip.clearSecret).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(clip.clearSecret).toHaveBeenCalledOnce();
  expect(secretCopy.held).toBe("none");
});

it("empties it at once when a person asks", async () => {
  await copySecret("81_token", "token");
  expect(await clearNow()).toBe(true);
  expect(clip.clearSecret).toHaveBeenCalledOnce();
  expect(secretCopy.held).toBe("none");
});
