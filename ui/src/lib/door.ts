/**
 * From the engine's words for a listener that is down to a kind that the locale can word. The engine gives a text of the
 * system's making; unknown texts are `other`, never an error. Pure.
 */
export type ListenFault = "in_use" | "denied" | "address" | "other";

const LISTEN: [ListenFault, RegExp][] = [
  ["in_use", /listens there|in use|os error (?:98|48|10048)\b/i],
  ["denied", /denied|no permission|not permitted|not allowed|os error (?:13|10013)\b/i],
  ["address", /cannot assign|not available|does not have that address|os error (?:99|49|10049)\b/i],
];

export function listenFault(error: string): ListenFault {
  return LISTEN.find(([, pattern]) => pattern.test(error))?.[0] ?? "other";
}

/** The free address that the engine names beside a taken one. */
export const offeredAddress = (error: string | null): string | null => /;\s*(\S+:\d+) is free\b/.exec(error ?? "")?.[1] ?? null;

/** `127.0.0.1:8090`, `[::1]:8090`: reached from this machine only. */
export const isLoopback = (address: string): boolean => /^(127\.|\[::1\]|localhost:)/.test(address);

/** The two halves of a need's detail, `https://host: why`. */
export function splitDetail(detail: string): { url: string; why: string } {
  const found = /^(https?:\/\/[^\s]*?)(?:\s+—\s+|:\s+)(.*)$/s.exec(detail);
  return found ? { url: found[1], why: found[2] } : { url: /https?:\/\/[^\s]+/.exec(detail)?.[0] ?? "", why: detail };
}
