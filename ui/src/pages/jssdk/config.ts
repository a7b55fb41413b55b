/** Between a page's code and the engine: reads `wx.config` from a paste, writes it, tells where two texts part. Pure. */
import type { PageConfig, PageSignature } from "@/host";

/** Interfaces that pages use most, in WeChat's spelling. */
export const COMMON_APIS = ["updateAppMessageShareData", "updateTimelineShareData", "scanQRCode", "chooseImage", "previewImage", "getLocation", "openLocation", "chooseWXPay", "closeWindow", "hideMenuItems"];

export type Parsed = Partial<Record<keyof PageConfig, string>>;
const NAMES: Record<keyof PageConfig, string[]> = { app_id: ["appId", "appid", "app_id"], timestamp: ["timestamp", "timeStamp"], nonce_str: ["nonceStr", "noncestr", "nonce_str"], signature: ["signature"], url: ["url", "href"] };

/** What can be found in a `wx.config({…})` block, a JSON document or loose lines of it. Empty when nothing was. */
export function parseConfig(text: string): Parsed {
  // Comments go first: `// appId: "…"` is no value. A slash pair after a colon belongs to an address.
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[^:"'`])\/\/[^\n]*/g, "$1");
  const found: Parsed = {};
  for (const [field, names] of Object.entries(NAMES) as [keyof PageConfig, string[]][]) {
    const name = names.join("|");
    const match = new RegExp(`(?:^|[^\\w$])["'\`]?(?:${name})["'\`]?\\s*[:=]\\s*(?:"([^"\\n]*)"|'([^'\\n]*)'|\`([^\`\\n]*)\`|(\\d+))`).exec(code);
    const value = match && (match[1] ?? match[2] ?? match[3] ?? match[4]);
    if (value) found[field] = value.trim();
  }
  return found;
}

/** Names between commas and blanks, each once. */
export const apiNames = (text: string): string[] => [...new Set(text.split(/[\s,，;'"[\]]+/).filter(Boolean))];

/** The block for the page, as WeChat's documents write it. */
export function configBlock(config: PageSignature, apis: string[], debug: boolean): string {
  const list = apis.length === 0 ? "[]" : `[\n${apis.map((name) => `    "${name}",`).join("\n")}\n  ]`;
  return `wx.config({\n  debug: ${debug},\n  appId: "${config.appId}",\n  timestamp: ${config.timestamp},\n  nonceStr: "${config.nonceStr}",\n  signature: "${config.signature}",\n  jsApiList: ${list},\n});`;
}

/** How a server asks the local API for it. `platform`: null for an account of its own. */
export function signCurl(api: string, appid: string, platform: string | null, url: string): string {
  const quote = (text: string): string => `'${text.replace(/'/g, "'\\''")}'`;
  return [`curl -G http://${api}/v1/accounts/${appid}/jsapi-signature`, `  -H 'Authorization: Bearer wk_…'`, ...(platform ? [`  -d platform=${platform}`] : []), `  --data-urlencode ${quote(`url=${url}`)}`].join(" \\\n");
}

/** A whole web address. */
export function isPageUrl(text: string): boolean {
  try {
    const url = new URL(text);
    return (url.protocol === "http:" || url.protocol === "https:") && /^https?:\/\//i.test(text);
  } catch {
    return false;
  }
}

export interface Split {
  before: string;
  middle: string;
  after: string;
}

/** Two texts with what they share cut off at both ends: what is left between differs. */
export function parted(a: string, b: string): [Split, Split] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  const cut = (text: string): Split => ({ before: text.slice(0, head), middle: text.slice(head, text.length - tail), after: text.slice(text.length - tail) });
  return [cut(a), cut(b)];
}
