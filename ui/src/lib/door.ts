/**
 * From the engine's words for a failed self-check or a listener that is down to a kind that the locale can word. The
 * engine gives a text of the transport's making; unknown texts are `other`, never an error. Pure.
 */
export type DoorFault = "dns" | "refused" | "timeout" | "tls" | "status" | "stranger" | "other";

/** The first that matches counts: a TLS failure also says "connection", a status line may hold any word. */
const DOOR: [DoorFault, RegExp][] = [
  ["stranger", /\bnonce\b|something else answers/i],
  ["status", /^\s*(?:HTTP status\s+)?\d{3}\b/i],
  ["dns", /\bdns\b|failed to lookup|lookup address|name or service not known|no such host|nodename nor servname|temporary failure in name resolution|name resolution/i],
  ["tls", /\btls\b|\bssl\b|certificate|\bcert\b|handshake|UnknownIssuer|NotValidForName/i],
  ["timeout", /timed?[ -]?out|deadline|os error (?:110|60|10060)\b/i],
  ["refused", /refused|os error (?:111|61|10061)\b/i],
];

export function doorFault(error: string | null): { kind: DoorFault; status: string } {
  const text = error ?? "";
  const kind = DOOR.find(([, pattern]) => pattern.test(text))?.[0] ?? "other";
  return { kind, status: kind === "status" ? (/\d{3}/.exec(text)?.[0] ?? "") : "" };
}

export type ListenFault = "in_use" | "denied" | "address" | "other";

const LISTEN: [ListenFault, RegExp][] = [
  ["in_use", /another program listens|in use|os error (?:98|48|10048)\b/i],
  ["denied", /denied|not permitted|not allowed|os error (?:13|10013)\b/i],
  ["address", /cannot assign|not available|os error (?:99|49|10049)\b/i],
];

export function listenFault(error: string): ListenFault {
  return LISTEN.find(([, pattern]) => pattern.test(error))?.[0] ?? "other";
}

/** The two halves of a need's detail, `https://host: why`. */
export function splitDetail(detail: string): { url: string; why: string } {
  const found = /^(https?:\/\/[^\s]*?)(?:\s+—\s+|:\s+)(.*)$/s.exec(detail);
  return found ? { url: found[1], why: found[2] } : { url: /https?:\/\/[^\s]+/.exec(detail)?.[0] ?? "", why: detail };
}
