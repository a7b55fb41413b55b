/** Texts that the engine made for a file (exports), on their way to disk. */
import { useHost, type ExportedText } from "@/host";

/** Bytes turned into letters at once; a call takes only so many arguments. */
const CHUNK = 0x8000;

/** A text as a base64 `data:` URL, the only form that hosts save. */
export function textDataUrl(mime: string, text: string): string {
  const bytes = new TextEncoder().encode(text);
  const parts: string[] = [];
  for (let i = 0; i < bytes.length; i += CHUNK) parts.push(String.fromCharCode(...bytes.subarray(i, i + CHUNK)));
  return `data:${mime};base64,${btoa(parts.join(""))}`;
}

/** Path or file name written; null when the person cancelled. */
export const saveText = (file: ExportedText): Promise<string | null> => useHost().saveFile(file.file_name, textDataUrl(file.mime, file.text));
