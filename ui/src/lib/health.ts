/** From the engine's states to what a person reads: one shown state a token, one severity a cause. Pure. */
import type { AccountState, LastError, Need, NeedCause, Overview, Platform, TokenState, TokenView } from "@/host";

/** A token's state as shown: icon, word and colour follow from it. */
export type ShownState =
  | "valid"
  | "renewing_soon"
  | "renewing"
  | "retrying"
  | "needs_you"
  | "waiting_ticket"
  | "waiting_parent"
  | "waiting_account"
  | "off"
  | "expired"
  | "missing"
  | "revoked";

export type Tone = "ok" | "info" | "warn" | "bad" | "idle";

export const TONE: Record<ShownState, Tone> = {
  valid: "ok",
  renewing_soon: "info",
  renewing: "info",
  retrying: "warn",
  needs_you: "bad",
  waiting_ticket: "warn",
  waiting_parent: "warn",
  waiting_account: "warn",
  off: "idle",
  expired: "bad",
  missing: "idle",
  revoked: "idle",
};

export function shownState(token: TokenView, now: number, account?: AccountState): ShownState {
  if (account === "unauthorized" || token.reason_code === "unauthorized") return "revoked";
  if (token.reason_code === "switched_off") return "off";
  if (token.in_flight) return "renewing";
  if (token.needs_operator || account === "needs_authorization") return "needs_you";
  if (token.state === "failing") return "retrying";
  if (token.state === "waiting") {
    if (token.reason_code === "account_token_missing") return "waiting_account";
    return token.reason_code === "ticket_missing" || token.reason_code === "ticket_rejected" ? "waiting_ticket" : "waiting_parent";
  }
  if (token.state === "missing") return "missing";
  // The document may be older than the token's end.
  if (token.state === "expired" || (token.expires_at !== null && token.expires_at <= now)) return "expired";
  return token.state === "expiring" ? "renewing_soon" : "valid";
}

/** A JS-SDK ticket lives like a token, but is none: what would name a token has words of its own. */
const TICKET_STATES: readonly ShownState[] = ["missing"];
const TICKET_REASONS: readonly TokenView["reason_code"][] = ["no_token", "reported_rejected", "token_rejected"];
export const stateKey = (state: ShownState, ticket = false): string => (ticket && TICKET_STATES.includes(state) ? `jssdk.state.${state}` : `state.${state}`);
export const reasonKey = (code: TokenView["reason_code"], ticket = false): string => (ticket && TICKET_REASONS.includes(code) ? `jssdk.reason.${code}` : `reason.${code}`);

/** For counts, where only the engine's state is known. */
export const TONE_OF_TOKEN_STATE: Record<TokenState, Tone> = {
  valid: "ok",
  expiring: "info",
  failing: "warn",
  expired: "bad",
  missing: "idle",
  waiting: "warn",
};

export const SEVERITY: Record<NeedCause, "bad" | "warn"> = {
  store_set_aside: "bad",
  listener_down: "bad",
  listener_back: "warn",
  ticket_never_came: "bad",
  ticket_late: "warn",
  secret_invalid: "bad",
  ip_not_listed: "bad",
  quota_exhausted: "warn",
  refresh_failing: "warn",
  needs_authorization: "warn",
  door_unreachable: "bad",
  tunnel_failed: "bad",
  tunnel_url_changed: "bad",
  token_taken: "warn",
};

/** What is wrong, in the pill's few words. `other`: only the card can say it. */
export type Trouble = { about: "ticket" | "door" | "ip" | "other" } | { about: "component"; code: number | null } | { about: "accounts"; n: number };
/** `trouble`: the most urgent one; null while all is well. */
export type Health = { tone: "ok" | "warn" | "bad" | "idle"; needs: number; ticketAt: number | null; trouble: Trouble | null };

const codeOf = (error: LastError | null): number | null => (error && error.code !== 0 ? error.code : null);
/** What a need is about. Pure. */
export function troubleOf(need: Pick<Need, "cause" | "count" | "error">): Trouble {
  switch (need.cause) {
    case "ticket_never_came":
    case "ticket_late":
      return { about: "ticket" };
    case "listener_down":
    case "door_unreachable":
    case "tunnel_failed":
    case "tunnel_url_changed":
      return { about: "door" };
    case "listener_back":
    case "store_set_aside":
      return { about: "other" };
    case "ip_not_listed":
      return { about: "ip" };
    case "needs_authorization":
      return { about: "accounts", n: need.count };
    default:
      // The platform's own token concerns no account in particular.
      return need.count > 0 ? { about: "accounts", n: need.count } : { about: "component", code: codeOf(need.error) };
  }
}

/** The pill: red or amber by the worst cause, else green with the oldest platform's newest ticket. */
export function health(overview: Overview): Health {
  const tickets = overview.platforms.map((p) => p.ticket.received_at);
  const ticketAt = tickets.length === 0 || tickets.includes(null) ? null : Math.min(...(tickets as number[]));
  if (overview.needs.length > 0) {
    const bad = overview.needs.some((need) => SEVERITY[need.cause] === "bad");
    return { tone: bad ? "bad" : "warn", needs: overview.needs.length, ticketAt, trouble: troubleOf(overview.needs[0]) };
  }
  const ownFailing = (overview.own?.accounts.failing ?? 0) + (overview.own?.accounts.needs_authorization ?? 0);
  if (overview.platforms.length === 0) {
    if (!overview.own) return { tone: "idle", needs: 0, ticketAt, trouble: null };
    // Accounts with a secret of their own need no ticket: there is none to tell the age of.
    return ownFailing > 0 ? { tone: "warn", needs: 0, ticketAt, trouble: { about: "accounts", n: ownFailing } } : { tone: "ok", needs: 0, ticketAt, trouble: null };
  }
  const late = overview.platforms.some((p) => p.ticket.state !== "fresh" || p.component_token.reason_code === "ticket_missing" || p.component_token.reason_code === "ticket_rejected");
  const failing = overview.platforms.find((p) => p.component_token.state === "failing" || p.component_token.state === "waiting");
  // Without a ticket the token cannot be renewed: that comes first.
  const trouble: Trouble | null = late ? { about: "ticket" } : failing ? { about: "component", code: codeOf(failing.component_token.last_error) } : null;
  return { tone: trouble ? "warn" : "ok", needs: 0, ticketAt, trouble };
}

/** One platform at a glance: red without a ticket or when only a person can help, amber while something is late. */
export function platformTone(p: Pick<Platform, "ticket" | "component_token">): Tone {
  if (p.ticket.state === "missing" || p.component_token.needs_operator) return "bad";
  return p.ticket.state === "stale" || ["failing", "expired", "waiting"].includes(p.component_token.state) ? "warn" : "ok";
}

/** What is left of a life, 0–1; null without one. */
export function lifeLeft(token: TokenView, now: number): number | null {
  if (token.expires_at === null || token.obtained_at === null) return null;
  const whole = token.expires_at - token.obtained_at;
  return whole <= 0 ? 0 : Math.min(1, Math.max(0, (token.expires_at - now) / whole));
}
