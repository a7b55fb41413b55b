/** XML and JSON cut into coloured pieces, without understanding them: what cannot be read is plain text. Pure. */
export type Piece = { kind: "punct" | "tag" | "name" | "text" | "string" | "number" | "word" | "plain"; text: string };

/** Texts beyond this are shown without colours, letters: thousands of pieces would make the page slow. */
export const MOST_COLOURED = 60_000;

const XML = /(<!\[CDATA\[)([\s\S]*?)(\]\]>)|(<\/?)([\w:.-]+)([^>]*?)(\/?>)|([^<]+)|(<)/g;
const JSON_TEXT = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null)|([{}[\],:]+)|(\s+)|([^\s"{}[\],:]+|")/g;

export function xmlPieces(text: string): Piece[] {
  const out: Piece[] = [];
  const add = (kind: Piece["kind"], piece: string | undefined): void => void (piece && out.push({ kind, text: piece }));
  for (const [, open, inner, close, bracket, tag, rest, end, plain, stray] of text.matchAll(XML)) {
    if (open !== undefined) {
      add("punct", open);
      add("text", inner);
      add("punct", close);
    } else if (tag !== undefined) {
      add("punct", bracket);
      add("tag", tag);
      add("name", rest);
      add("punct", end);
    } else add(plain?.trim() ? "number" : "plain", plain ?? stray);
  }
  return out;
}

export function jsonPieces(text: string): Piece[] {
  const out: Piece[] = [];
  for (const [, quoted, colon, number, word, punct, blank, other] of text.matchAll(JSON_TEXT)) {
    if (quoted !== undefined) {
      out.push({ kind: colon === undefined ? "text" : "tag", text: quoted });
      if (colon !== undefined) out.push({ kind: "punct", text: colon });
    } else if (number !== undefined) out.push({ kind: "number", text: number });
    else if (word !== undefined) out.push({ kind: "word", text: word });
    else if (punct !== undefined) out.push({ kind: "punct", text: punct });
    else out.push({ kind: "plain", text: blank ?? other ?? "" });
  }
  return out;
}

/** Nothing is lost: the pieces joined are the text. */
export function pieces(text: string): Piece[] {
  if (text.length > MOST_COLOURED) return [{ kind: "plain", text }];
  return /^\s*[[{]/.test(text) ? jsonPieces(text) : /^\s*</.test(text) ? xmlPieces(text) : [{ kind: "plain", text }];
}

/** `a=1&b=2` as pairs, decoded where that is possible. */
export function queryPairs(query: string): [string, string][] {
  const decode = (text: string): string => {
    try {
      return decodeURIComponent(text.replace(/\+/g, " "));
    } catch {
      return text;
    }
  };
  return query.replace(/^\?/, "").split("&").filter(Boolean).map((part) => {
    const at = part.indexOf("=");
    return at < 0 ? [decode(part), ""] : [decode(part.slice(0, at)), decode(part.slice(at + 1))];
  });
}
