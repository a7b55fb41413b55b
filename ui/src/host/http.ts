/**
 * The browser's host: wxdeskd's HTTP. Owns the API key of this tab and the change stream. Invariant: a key is sent only
 * to the base URL that it was given for, and never stays in the address bar or the history.
 */
import { asHostError, HostError, isWebUrl, type Host } from "./host";
import type { Change, ErrorBody } from "./types";

const KEY_STORE = "wxdesk.key";
/** First wait after a broken change stream, ms; doubles up to the last. */
const RECONNECT_FIRST = 500;
const RECONNECT_LAST = 15_000;
/** By then a browser has taken over what it downloads, ms. */
const REVOKE_MS = 60_000;

/** A base64 `data:` URL as a blob. */
function dataBlob(dataUrl: string): Blob {
  const [head, body] = dataUrl.split(",");
  return new Blob([Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0))], { type: /data:([^;]+)/.exec(head)?.[1] ?? "application/octet-stream" });
}

/** The key of `#key=wk_…`, in any of its shapes; null when the address names none. A broken one is still a key: a wrong one. */
export function takeKeyFromHash(hash: string): string | null {
  const match = /[#&?]key=([^&#]+)/.exec(hash);
  return match ? match[1] : null;
}

/** The same address without the key: the page that it leads to stays. */
export function withoutKey(hash: string): string {
  const [path, query] = hash.replace(/^#/, "").split("?");
  const rest = (query ?? "").split("&").filter((part) => part !== "" && !part.startsWith("key="));
  const page = path.startsWith("/") ? path.split("&")[0] : "/";
  return `#${page}${rest.length > 0 ? `?${rest.join("&")}` : ""}`;
}

/** What a person typed or pasted as a key: the key itself, or an address that carries it. Null when it cannot be one. */
export function keyOf(text: string): string | null {
  const key = takeKeyFromHash(text) ?? text.trim();
  return /^wk_[A-Za-z0-9_-]+$/.test(key) ? key : null;
}

/** One SSE block (`event:`/`data:` lines) → its data, null for comments. */
export function sseData(block: string): string | null {
  const lines = block.split(/\r?\n/).filter((line) => line.startsWith("data:"));
  return lines.length === 0 ? null : lines.map((line) => line.slice(5).replace(/^ /, "")).join("\n");
}

export interface HttpHost extends Host {
  /** Uses this key, or the one of this address, from now on (the key page). False when it cannot be one. */
  useKey(text: string): boolean;
  /** Whether there is a key at all: a refusal then means that it is wrong. */
  hasKey(): boolean;
  /** Calls back when the key is another: what was asked with the one before is to be asked again. */
  onKey(listener: () => void): () => void;
}

export function createHttpHost(location: Location = window.location): HttpHost {
  const base = (new URLSearchParams(location.search).get("api") ?? location.origin).replace(/\/+$/, "");
  const stored = JSON.parse(sessionStorage.getItem(KEY_STORE) ?? "null") as { base: string; key: string } | null;
  let key = stored?.base === base ? stored.key : "";
  const remember = (fresh: string): void => {
    key = fresh;
    sessionStorage.setItem(KEY_STORE, JSON.stringify({ base, key }));
  };
  /** Takes the key out of the address, so that neither the address bar nor the way back shows it. */
  function takeKey(): boolean {
    const given = takeKeyFromHash(location.hash);
    if (given === null) return false;
    remember(given);
    history.replaceState(null, "", `${location.pathname}${location.search}${withoutKey(location.hash)}`);
    return true;
  }
  takeKey();

  const keyListeners = new Set<() => void>();
  const changeListeners = new Set<(change: Change) => void>();
  const connectionListeners = new Set<(up: boolean) => void>();
  let streaming: AbortController | null = null;
  const setUp = (up: boolean): void => connectionListeners.forEach((listener) => listener(up));

  async function readStream(signal: AbortSignal, onOpen: () => void): Promise<void> {
    const response = await fetch(`${base}/v1/ui/changes`, { headers: { Authorization: `Bearer ${key}` }, signal });
    if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
    onOpen();
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    let pending = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      pending += decoder.decode(value, { stream: true });
      const blocks = pending.split(/\r?\n\r?\n/);
      pending = blocks.pop() ?? "";
      for (const block of blocks) {
        const data = sseData(block);
        if (data) {
          const change = JSON.parse(data) as Change;
          changeListeners.forEach((listener) => listener(change));
        }
      }
    }
  }

  async function stream(controller: AbortController): Promise<void> {
    let wait = RECONNECT_FIRST;
    let first = true;
    while (!controller.signal.aborted) {
      try {
        await readStream(controller.signal, () => {
          wait = RECONNECT_FIRST;
          setUp(true);
          if (!first) changeListeners.forEach((listener) => listener({ tags: ["*"] }));
          first = false;
        });
      } catch {
        // Falls through to the wait: a broken stream is normal while the daemon restarts.
      }
      if (controller.signal.aborted) return;
      setUp(false);
      await new Promise((resolve) => setTimeout(resolve, wait));
      wait = Math.min(wait * 2, RECONNECT_LAST);
    }
  }

  const restartStream = (): void => {
    streaming?.abort();
    streaming = null;
    if (changeListeners.size > 0 && key) {
      streaming = new AbortController();
      void stream(streaming);
    }
  };

  const rekeyed = (): void => {
    restartStream();
    keyListeners.forEach((listener) => listener());
  };
  // A link with a key that is opened in this tab loads nothing. The router listens to the same event: this listener is
  // here before it, so it finds the address already clean.
  for (const moved of ["popstate", "hashchange"]) window.addEventListener(moved, () => takeKey() && rekeyed(), { capture: true });

  return {
    kind: "http",
    canSwitchSandbox: false,
    useKey(text) {
      const fresh = keyOf(text);
      if (fresh === null) return false;
      remember(fresh);
      rekeyed();
      return true;
    },
    hasKey: () => key !== "",
    onKey(listener) {
      keyListeners.add(listener);
      return () => keyListeners.delete(listener);
    },
    async call(name, args) {
      let response: Response;
      try {
        response = await fetch(`${base}/v1/ui/${name}`, {
          method: "POST",
          headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
          body: JSON.stringify(args),
        });
      } catch {
        throw new HostError({ code: "unavailable", message: `no answer from ${base}` });
      }
      const text = await response.text();
      let body: unknown = null;
      try {
        body = text === "" ? null : JSON.parse(text);
      } catch {
        throw new HostError({ code: response.status === 401 ? "unauthenticated" : "internal", message: `HTTP ${response.status}` });
      }
      if (!response.ok) {
        const known = typeof body === "object" && body !== null && "code" in body;
        throw asHostError(known ? (body as ErrorBody) : { code: response.status === 401 ? "unauthenticated" : "internal", message: `HTTP ${response.status}` });
      }
      return body as never;
    },
    onChange(listener) {
      changeListeners.add(listener);
      if (!streaming) restartStream();
      return () => {
        changeListeners.delete(listener);
        if (changeListeners.size === 0) restartStream();
      };
    },
    onConnection(listener) {
      connectionListeners.add(listener);
      return () => connectionListeners.delete(listener);
    },
    async openExternal(url) {
      if (!isWebUrl(url)) throw new HostError({ code: "invalid_input", message: "not a web address" });
      window.open(url, "_blank", "noopener");
    },
    async saveFile(name, dataUrl) {
      // Browsers refuse to download a long data URL; as a blob it may be any size.
      const url = URL.createObjectURL(dataBlob(dataUrl));
      const anchor = document.createElement("a");
      anchor.href = url;
      anchor.download = name;
      anchor.click();
      setTimeout(() => URL.revokeObjectURL(url), REVOKE_MS);
      return name;
    },
  };
}
