/**
 * JSON that keeps what was written: numbers stay the digits they are (a `msgid` may exceed 53 bits, where `JSON.parse`
 * would change it), members keep their order. Reads only text that `syntaxProblem` has nothing against. Pure.
 */
import { syntaxProblem } from "./menu/json";

export type JsonNode = { kind: "object"; members: { key: string; value: JsonNode }[] } | { kind: "array"; items: JsonNode[] } | { kind: "string" | "number" | "word"; raw: string };

/** Null when the text is no JSON. */
export function readJson(text: string): JsonNode | null {
  if (syntaxProblem(text)) return null;
  let at = 0;
  const blank = (): void => {
    while (" \t\n\r".includes(text[at] ?? "x")) at += 1;
  };
  const quoted = (): string => {
    const from = at;
    at += 1;
    while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
    at += 1;
    return text.slice(from, at);
  };
  function value(): JsonNode {
    blank();
    if (text[at] === '"') return { kind: "string", raw: quoted() };
    if (text[at] === "{" || text[at] === "[") {
      const object = text[at] === "{";
      const members: { key: string; value: JsonNode }[] = [];
      const items: JsonNode[] = [];
      at += 1;
      blank();
      while (text[at] !== "}" && text[at] !== "]") {
        if (object) {
          const key = JSON.parse(quoted()) as string;
          blank();
          at += 1;
          members.push({ key, value: value() });
        } else items.push(value());
        blank();
        if (text[at] === ",") at += 1;
        blank();
      }
      at += 1;
      return object ? { kind: "object", members } : { kind: "array", items };
    }
    const raw = /^[^\s,\]}]+/.exec(text.slice(at, at + 400))?.[0] ?? "";
    at += raw.length;
    return { kind: /^[-\d]/.test(raw) ? "number" : "word", raw };
  }
  return value();
}

export const textNode = (text: string): JsonNode => ({ kind: "string", raw: JSON.stringify(text) });

/** Two blanks a level, as `JSON.stringify(…, 2)` would. */
export function writeJson(node: JsonNode, depth = 0): string {
  if (node.kind !== "object" && node.kind !== "array") return node.raw;
  const [open, close] = node.kind === "object" ? "{}" : "[]";
  const inner = node.kind === "object" ? node.members.map((own) => `${JSON.stringify(own.key)}: ${writeJson(own.value, depth + 1)}`) : node.items.map((own) => writeJson(own, depth + 1));
  if (inner.length === 0) return open + close;
  const pad = "  ".repeat(depth + 1);
  return `${open}\n${inner.map((line) => pad + line).join(",\n")}\n${"  ".repeat(depth)}${close}`;
}

/** On one line, as it is sent. */
export function packJson(node: JsonNode): string {
  if (node.kind === "object") return `{${node.members.map((own) => `${JSON.stringify(own.key)}:${packJson(own.value)}`).join(",")}}`;
  if (node.kind === "array") return `[${node.items.map(packJson).join(",")}]`;
  return node.raw;
}

const steps = (pointer: string): string[] => pointer.split("/").slice(1).map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
const MISSING = undefined;

/** What a JSON pointer names; undefined when there is nothing. */
export function nodeAt(node: JsonNode, pointer: string): JsonNode | undefined {
  let here: JsonNode | undefined = node;
  for (const step of steps(pointer)) {
    if (here?.kind === "object") here = here.members.find((own) => own.key === step)?.value;
    else if (here?.kind === "array") here = /^\d+$/.test(step) ? here.items[Number(step)] : MISSING;
    else return MISSING;
  }
  return here;
}

/** A copy with `value` at the pointer; objects on the way are made, undefined removes a member. */
export function withNode(node: JsonNode | undefined, pointer: string, value: JsonNode | undefined): JsonNode {
  return put(node, steps(pointer), value) ?? { kind: "object", members: [] };
}

function put(node: JsonNode | undefined, path: string[], value: JsonNode | undefined): JsonNode | undefined {
  if (path.length === 0) return value;
  const [step, ...rest] = path;
  if (node?.kind === "array" && /^\d+$/.test(step) && Number(step) <= node.items.length) {
    const items = [...node.items];
    const fresh = put(items[Number(step)], rest, value);
    if (fresh === undefined) items.splice(Number(step), 1);
    else items[Number(step)] = fresh;
    return { kind: "array", items };
  }
  // A list that does not exist yet begins at its first entry.
  if (node === undefined && step === "0") {
    const first = put(undefined, rest, value);
    return first === undefined ? undefined : { kind: "array", items: [first] };
  }
  const members = node?.kind === "object" ? [...node.members] : [];
  const at = members.findIndex((own) => own.key === step);
  const fresh = put(at < 0 ? undefined : members[at].value, rest, value);
  if (fresh === undefined) {
    if (at < 0) return node;
    members.splice(at, 1);
  } else if (at < 0) members.push({ key: step, value: fresh });
  else members[at] = { key: step, value: fresh };
  return { kind: "object", members };
}

/** How the engine writes a value that it hides. */
export const HIDDEN = "***";
export const isHidden = (node: JsonNode): boolean => node.kind === "string" && node.raw === `"${HIDDEN}"`;

/** A line of a tree on screen. */
export interface TreeLine {
  /** Pointer of the value that begins here; with `end` of the one that ends here. */
  path: string;
  depth: number;
  key: string | null;
  /** `open`: a list or object that goes on below. `fold`: one that is folded. `leaf`: a value. `end`: a closing bracket. */
  type: "open" | "fold" | "leaf" | "end";
  text: string;
  kind: JsonNode["kind"];
  /** Entries, of a list or object. */
  n: number;
  hidden: boolean;
  comma: boolean;
}

/** The tree as lines; `folded` holds pointers of what is folded. */
export function treeLines(root: JsonNode, folded: ReadonlySet<string>): TreeLine[] {
  const out: TreeLine[] = [];
  const go = (node: JsonNode, path: string, depth: number, key: string | null, comma: boolean): void => {
    const base = { path, depth, key, kind: node.kind, comma, hidden: false };
    if (node.kind !== "object" && node.kind !== "array") return void out.push({ ...base, type: "leaf", text: node.raw, n: 0, hidden: isHidden(node) });
    const [open, close] = node.kind === "object" ? "{}" : "[]";
    const inner = node.kind === "object" ? node.members : node.items.map((value, i) => ({ key: String(i), value }));
    if (inner.length === 0) return void out.push({ ...base, type: "leaf", text: open + close, n: 0 });
    if (folded.has(path)) return void out.push({ ...base, type: "fold", text: `${open}…${close}`, n: inner.length });
    out.push({ ...base, type: "open", text: open, n: inner.length, comma: false });
    inner.forEach((own, i) => go(own.value, `${path}/${own.key.replaceAll("~", "~0").replaceAll("/", "~1")}`, depth + 1, node.kind === "object" ? own.key : null, i < inner.length - 1));
    out.push({ ...base, type: "end", key: null, text: close, n: 0 });
  };
  go(root, "", 0, null, false);
  return out;
}

/** Pointers of every list and object, so that all can be folded; those at `from` levels down and deeper. */
export function foldable(root: JsonNode, from: number): string[] {
  return treeLines(root, new Set()).filter((line) => line.type === "open" && line.depth >= from).map((line) => line.path);
}
