/** The window's host: Tauri IPC. Owns nothing; every rule lives in the engine. */
import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import { asHostError, isWebUrl, HostError, type Host } from "./host";
import type { Change } from "./types";

async function ipc<T>(name: string, args: Record<string, unknown>): Promise<T> {
  try {
    return await invoke<T>(name, args);
  } catch (thrown) {
    throw asHostError(thrown);
  }
}

export function createTauriHost(): Host {
  return {
    kind: "window",
    canSwitchSandbox: true,
    call: (name, args) => ipc(name, args),
    onChange(listener) {
      const un = listen<Change>("change", (event) => listener(event.payload));
      return () => void un.then((stop) => stop());
    },
    onConnection: () => () => undefined,
    async openExternal(url) {
      if (!isWebUrl(url)) throw new HostError({ code: "invalid_input", message: "not a web address" });
      await ipc<null>("open_external", { url });
    },
    clip: {
      copySecret: (text) => ipc<boolean>("copy_secret", { text }),
      clearSecret: () => ipc<"cleared" | "other" | "refused">("clear_secret", {}),
    },
    saveFile: (name, dataUrl) => ipc<string | null>("save_file", { name, data_url: dataUrl }),
  };
}
