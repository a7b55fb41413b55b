/**
 * The rows of the open platform's form and what is known of each. Invariant: `confirmed` needs word from WeChat; what
 * was merely typed here is at most `ready`. Pure.
 */
import type { Platform } from "@/host";

/** What WeChat did that shows an entry to be right. */
export type Proof = "ticket" | "token";
export type RowState = "take" | "give" | "testing" | "filled" | "ready" | "confirmed";

export interface MirrorRow {
  field: string;
  /** Which of our fields lights it. */
  by: string;
  way: "take" | "give" | "testing";
  proof: Proof | null;
}

export const MIRROR: { title: string; rows: MirrorRow[] }[] = [
  {
    title: "mirror.basics",
    rows: [
      { field: "component_appid", by: "component_appid", way: "take", proof: "token" },
      { field: "component_appsecret", by: "component_appsecret", way: "take", proof: "token" },
    ],
  },
  {
    title: "mirror.develop",
    rows: [
      { field: "authorize_domain", by: "public_base_url", way: "give", proof: null },
      { field: "test_accounts", by: "test_accounts", way: "testing", proof: null },
      { field: "event_url", by: "public_base_url", way: "give", proof: "ticket" },
      { field: "verify_token", by: "verify_token", way: "give", proof: "ticket" },
      { field: "encoding_aes_key", by: "encoding_aes_key", way: "give", proof: "ticket" },
      { field: "message_url", by: "public_base_url", way: "give", proof: null },
      { field: "web_domain", by: "public_base_url", way: "give", proof: null },
      // A component token is refused to an IP that is not listed.
      { field: "ip_list", by: "outbound_proxy", way: "give", proof: "token" },
    ],
  },
];

/** What WeChat has shown of a stored platform. What came before the last save says nothing about what was saved. */
export function proofs(platform: Platform | undefined): Set<Proof> {
  const found = new Set<Proof>();
  if (!platform) return found;
  const { ticket, component_token: token, updated_at: saved } = platform;
  // A push whose signature or key does not fit never becomes a ticket.
  if (ticket.received_at !== null && ticket.received_at >= saved) found.add("ticket");
  if (token.obtained_at !== null && token.obtained_at >= saved && token.last_error === null) found.add("token");
  return found;
}

/** `changed`: our fields that differ from what is stored; an old proof says nothing about a new value. */
export function rowState(row: MirrorRow, ready: Record<string, boolean>, proven: Set<Proof>, changed: ReadonlySet<string>): RowState {
  if (row.proof !== null && proven.has(row.proof) && !changed.has(row.by)) return "confirmed";
  if (row.way === "testing" || row.field === "ip_list" || !ready[row.by]) return row.way;
  return row.way === "take" ? "filled" : "ready";
}
