/** What a tunnel's state means to a person, and what a changed URL means on WeChat's form. Pure. */
import type { Bilingual, CallbackUrls, Tunnel, TunnelChangedPlatform, TunnelClient, TunnelState, TunnelTraits } from "@/host";
import type { Tone } from "./health";

export const TUNNEL_TONE: Record<TunnelState, Tone> = {
  stopped: "idle",
  starting: "info",
  online: "ok",
  reconnecting: "warn",
  waiting: "warn",
  failed: "bad",
};

/** Something runs, or is about to: it can be stopped. A failed one has been given up. */
export const isActive = (state: TunnelState): boolean => state !== "stopped" && state !== "failed";

/** The text of a language. */
export const say = (text: Bilingual, locale: string): string => (locale.startsWith("zh") ? text.zh : text.en);

/** Names of WeChat's form, in its order. */
export const CALLBACK_FIELDS = ["authorize_domain", "event_url", "message_url", "web_domain"] as const satisfies readonly (keyof CallbackUrls)[];

export interface ChangedRow {
  field: (typeof CALLBACK_FIELDS)[number] | "server_url" | "oauth_domain";
  before: string;
  after: string;
}

/** What has to be entered anew for a platform: only what differs. */
export function changedRows(platform: Pick<TunnelChangedPlatform, "own" | "before" | "after">): ChangedRow[] {
  if (platform.own) {
    const rows: ChangedRow[] = [
      { field: "server_url", before: platform.before.message_url, after: platform.after.message_url },
      { field: "oauth_domain", before: platform.before.web_domain, after: platform.after.web_domain },
    ];
    return rows.filter((row) => row.before !== row.after);
  }
  return CALLBACK_FIELDS.filter((field) => platform.before[field] !== platform.after[field]).map((field) => ({ field, before: platform.before[field], after: platform.after[field] }));
}

/** All of it as plain text, for a message to whoever holds the open platform's login. */
export function changeAsText(platforms: Pick<TunnelChangedPlatform, "own" | "name" | "component_appid" | "before" | "after">[], label: (field: string) => string): string {
  return platforms
    .map((platform) => [`${platform.name} (${platform.component_appid})`, ...changedRows(platform).map((row) => `${label(row.field)}: ${row.after}`)].join("\n"))
    .join("\n\n");
}

/** In the order of what hurts most. */
export const TRAITS = ["tcp_only", "interstitial", "foreign_domain", "url_changes", "local_port_elsewhere"] as const satisfies readonly (keyof TunnelTraits)[];

/** What holds of a client, for chips. A port set elsewhere goes without saying where nothing is started. */
export function traitsOf(client: Pick<TunnelClient, "traits" | "programs">): (keyof TunnelTraits)[] {
  return TRAITS.filter((trait) => client.traits[trait] && !(trait === "local_port_elsewhere" && client.programs.length === 0));
}

/** The URL to show: what it gives now, else the last one it gave, dimmed. */
export function shownUrl(tunnel: Pick<Tunnel, "url" | "last_url" | "endpoint" | "state">): { text: string; live: boolean; web: boolean } | null {
  const live = tunnel.state === "online";
  if (tunnel.url) return { text: tunnel.url, live, web: true };
  if (tunnel.endpoint && isActive(tunnel.state)) return { text: tunnel.endpoint, live, web: false };
  return tunnel.last_url ? { text: tunnel.last_url, live: false, web: true } : null;
}

/** nginx in front of the listener, as little as works. */
export function nginxExample(listener: string, publicUrl: string): string {
  let host = "wx.example.com";
  try {
    host = new URL(publicUrl).hostname || host;
  } catch {
    // Not typed yet.
  }
  return `server {
    listen 443 ssl;
    server_name ${host};
    ssl_certificate     /etc/nginx/wx.pem;
    ssl_certificate_key /etc/nginx/wx.key;
    client_max_body_size 2m;

    location / {
        proxy_pass http://${listener};
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $remote_addr;
    }
}`;
}
