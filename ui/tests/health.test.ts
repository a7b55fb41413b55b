import { describe, expect, it } from "vitest";
import type { AccountState, Need, Overview, PlatformChain, TokenView } from "../src/host";
import { lastError } from "../src/host/mock/data";
import { health, lifeLeft, shownState, type ShownState } from "../src/lib/health";

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

describe("the pill names the cause", () => {
  const chain = (ticket: "fresh" | "stale", change: Partial<TokenView> = {}): PlatformChain => ({ ticket: { state: ticket, received_at: NOW - 60_000, recent: [] }, component_token: token(change) }) as unknown as PlatformChain;
  const of = (needs: Partial<Need>[], ...platforms: PlatformChain[]) => health({ needs, platforms } as unknown as Overview);

  it("a platform token that fails is not a late ticket", () => {
    expect(of([], chain("fresh"), chain("fresh", { state: "failing", reason_code: "backing_off", last_error: lastError(40125, NOW) }))).toMatchObject({ tone: "warn", trouble: { about: "component", code: 40125 } });
    expect(of([{ cause: "secret_invalid", count: 0, error: lastError(40125, NOW) }], chain("fresh"))).toMatchObject({ tone: "bad", trouble: { about: "component", code: 40125 } });
  });
  it("a late ticket comes before the token that waits for it", () =>
    expect(of([], chain("stale", { state: "waiting", reason_code: "ticket_rejected" }))).toMatchObject({ tone: "warn", trouble: { about: "ticket" } }));
  it("accounts that need somebody are counted", () => {
    expect(of([{ cause: "needs_authorization", count: 3, error: null }], chain("fresh"))).toMatchObject({ tone: "warn", trouble: { about: "accounts", n: 3 } });
    expect(of([{ cause: "refresh_failing", count: 2, error: null }], chain("fresh")).trouble).toEqual({ about: "accounts", n: 2 });
  });
  it("an address that WeChat refuses is neither", () => expect(of([{ cause: "ip_not_listed", count: 34, error: lastError(61004, NOW) }], chain("fresh")).trouble).toEqual({ about: "ip" }));
  it("all is well", () => expect(of([], chain("fresh"))).toMatchObject({ tone: "ok", trouble: null }));
});
