/** WeChat's request ids. Pure. */

/** The one rid in a pasted text, such as the errmsg that it stands in; null when there is none. */
export function ridIn(text: string): string | null {
  return /(?:^|[^0-9a-f-])([0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8})(?![0-9a-f-])/i.exec(text)?.[1].toLowerCase() ?? null;
}
