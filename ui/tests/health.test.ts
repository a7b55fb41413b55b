import { describe, expect, it } from "vitest";
import type { AccountState, TokenView } from "../src/host";
import { lifeLeft, shownState, type ShownState } from "../src/lib/health";

const NOW = 1_700_000_000_000;
const token = (change: Partial<TokenView>): TokenView => ({
  state: "valid",
  obtained_at: NOW - 3_600_000,
  expires_at: NOW + 3_600_000,
  next_refresh_at: NOW + 2_700_000,
  generation: 1,
  in_flight: false,
  needs_operator: false,
  reason_code: "fresh",
  reason: "",
  last_error: null,
  ...change,
});

const cases: [string, Partial<TokenView>, AccountState | undefined, ShownState][] = [
  ["live", {}, "authorized", "valid"],
  ["inside its window", { state: "expiring" }, "authorized", "renewing_soon"],
  ["a call under way", { in_flight: true, state: "failing" }, "failing", "renewing"],
  ["a passing failure", { state: "failing" }, "failing", "retrying"],
  ["a failure for a person", { state: "failing", needs_operator: true }, "failing", "needs_you"],
  ["a dead refresh token", { state: "expired" }, "needs_authorization", "needs_you"],
  ["no ticket", { state: "waiting", reason_code: "ticket_missing" }, undefined, "waiting_ticket"],
  ["no component token", { state: "waiting", reason_code: "parent_missing" }, "authorized", "waiting_parent"],
  ["cancelled", { state: "missing" }, "unauthorized", "revoked"],
  ["a document older than the token's end", { expires_at: NOW - 1 }, "authorized", "expired"],
];

describe("shownState", () => {
  it.each(cases)("%s", (_, change, account, wanted) => expect(shownState(token(change), NOW, account)).toBe(wanted));
});

describe("lifeLeft", () => {
  it("is a share of the whole life", () => expect(lifeLeft(token({}), NOW)).toBe(0.5));
  it("never leaves 0 to 1", () => {
    expect(lifeLeft(token({}), NOW + 9_999_999_999)).toBe(0);
    expect(lifeLeft(token({}), 0)).toBe(1);
  });
  it("is null without a token", () => expect(lifeLeft(token({ expires_at: null }), NOW)).toBeNull());
});
