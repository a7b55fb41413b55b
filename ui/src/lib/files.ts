/** Domain verification files: the engine's rules, so that a wrong file is told before it is sent; sizes. Pure. */
export const MAX_FILE_BYTES = 64 * 1024;

export type FileRule = "file_required" | "file_name" | "file_txt" | "file_empty" | "file_large";

export function fileNameRule(name: string): FileRule | null {
  if (name === "") return "file_required";
  if (!name.endsWith(".txt")) return "file_txt";
  return /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,79}\.txt$/.test(name) ? null : "file_name";
}

export function fileSizeRule(bytes: number): FileRule | null {
  if (bytes < 1) return "file_empty";
  return bytes > MAX_FILE_BYTES ? "file_large" : null;
}

/** `16 B`, `1.2 KB`, `64 KB`. */
export function fileSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const kilo = bytes / 1024;
  return `${kilo < 10 && kilo % 1 !== 0 ? kilo.toFixed(1) : Math.round(kilo)} KB`;
}

export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** What was pasted, as bytes. */
export const textBytes = (text: string): Uint8Array => new TextEncoder().encode(text);
