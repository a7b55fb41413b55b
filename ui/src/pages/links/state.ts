/** Authorize links in words and colours. Pure. */
import type { Link, LinkState } from "@/host";
import type { Tone } from "@/lib/health";

/** In the order of a link's life. */
export const LINK_STATES: LinkState[] = ["waiting", "opened", "redeeming", "authorized", "cancelled", "failed", "expired", "ended"];

export const LINK_TONE: Record<LinkState, Tone> = { waiting: "info", opened: "info", redeeming: "info", authorized: "ok", cancelled: "warn", failed: "bad", expired: "idle", ended: "idle" };

/** Whether the administrator can still use it. */
export function isOpen(link: Pick<Link, "state" | "expires_at">, now: number): boolean {
  return (link.state === "waiting" || link.state === "opened" || link.state === "cancelled") && link.expires_at > now;
}

/** The state as the clock has it: a list is older than the end of a link in it. */
export function shownLinkState(link: Pick<Link, "state" | "expires_at">, now: number): LinkState {
  return (link.state === "waiting" || link.state === "opened") && link.expires_at <= now ? "expired" : link.state;
}

export interface Milestone {
  name: "created" | "opened" | "cancelled" | "authorized" | "failed" | "expires" | "expired";
  at: number;
}

/** What happened to a link, the oldest first; its end is the last while nothing better has happened. When somebody ended it is not known. */
export function milestones(link: Link, now: number): Milestone[] {
  const out: Milestone[] = [{ name: "created", at: link.created_at }];
  if (link.opened_at !== null) out.push({ name: "opened", at: link.opened_at });
  if (link.cancelled_at !== null) out.push({ name: "cancelled", at: link.cancelled_at });
  if (link.authorized_at !== null) out.push({ name: "authorized", at: link.authorized_at });
  else if (link.state === "failed" && link.error) out.push({ name: "failed", at: link.error.at });
  else if (link.state !== "ended") out.push({ name: link.expires_at > now ? "expires" : "expired", at: link.expires_at });
  return out.sort((a, b) => a.at - b.at);
}
