/**
 * Chooses the host at start: the window's IPC, else the daemon's HTTP, and in development `?mock=` for made-up data.
 * The only folder that may import `@tauri-apps/*`.
 */
import type { Host } from "./host";
import type { HttpHost } from "./http";

export * from "./host";
export type * from "./types";

let current: Host | null = null;

export async function openHost(): Promise<Host> {
  if (import.meta.env.DEV && new URLSearchParams(location.search).has("mock")) {
    const { createMockHost } = await import("./mock");
    current = createMockHost(new URLSearchParams(location.search).get("mock") ?? "");
  } else if ("__TAURI_INTERNALS__" in window) {
    const { createTauriHost } = await import("./tauri");
    current = createTauriHost();
  } else {
    const { createHttpHost } = await import("./http");
    current = createHttpHost();
  }
  return current;
}

/** The host of this window. Throws before `openHost` has resolved. */
export function useHost(): Host {
  if (!current) throw new Error("host is not open");
  return current;
}

/** For tests. */
export function setHost(host: Host): void {
  current = host;
}

export function asHttpHost(host: Host): HttpHost | null {
  return host.kind === "http" ? (host as HttpHost) : null;
}
