/** Values for the custom variables of a template: a sheet of accounts and variables, and what is pasted into it. Pure. */
import type { MenuSet, MenuTemplate, TemplateVariable } from "@/host";

/** Account key (`component_appid/appid`) → variable → value. */
export type Values = Record<string, Record<string, string>>;

export const BUILT_IN = ["name", "appid", "tenant"] as const;
const NAME = /^[A-Za-z0-9_]{1,32}$/;
const USED = /\{\{\s*([A-Za-z0-9_]{1,32})\s*\}\}/g;

export type VariableRule = "required" | "format" | "built_in" | "taken";
/** What is wrong with a variable's name; null when nothing is. */
export function variableRule(name: string, others: readonly string[]): VariableRule | null {
  if (name === "") return "required";
  if (!NAME.test(name)) return "format";
  if ((BUILT_IN as readonly string[]).includes(name)) return "built_in";
  return others.includes(name) ? "taken" : null;
}

/** Every variable that the texts of a menu name, in their order. */
export function usedVariables(set: MenuSet): string[] {
  const found = new Set<string>();
  const walk = (value: unknown): void => {
    if (typeof value === "string") for (const [, name] of value.matchAll(USED)) found.add(name);
    else if (Array.isArray(value)) value.forEach(walk);
    else if (typeof value === "object" && value !== null) Object.values(value).forEach(walk);
  };
  walk(set);
  return [...found];
}

/** Used but neither built in nor declared: WeChat would get the braces. */
export function unknownVariables(template: Pick<MenuTemplate, "set" | "variables">): string[] {
  const known = new Set<string>([...BUILT_IN, ...template.variables.map((one) => one.name)]);
  return usedVariables(template.set).filter((name) => !known.has(name));
}

/** Cells of a clipboard text: lines, and tabs or (without any tab) commas between cells. Quoted cells may hold both. */
export function parseSheet(text: string): string[][] {
  const by = text.includes("\t") ? "\t" : ",";
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  const end = (): void => {
    row.push(cell.trim());
    cell = "";
  };
  for (let i = 0; i < text.length; i += 1) {
    const letter = text[i];
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (text[i + 1] === '"') {
        cell += '"';
        i += 1;
      } else quoted = false;
    } else if (letter === '"' && cell.trim() === "") {
      quoted = true;
      cell = "";
    } else if (letter === by) end();
    else if (letter === "\n" || letter === "\r") {
      if (letter === "\r" && text[i + 1] === "\n") i += 1;
      end();
      rows.push(row);
      row = [];
    } else cell += letter;
  }
  if (cell !== "" || row.length > 0) {
    end();
    rows.push(row);
  }
  return rows.filter((one) => one.some((value) => value !== ""));
}

export interface SheetRow {
  key: string;
  appid: string;
  name: string;
}
export interface Pasted {
  values: Values;
  /** Cells that were set. */
  filled: number;
  /** Lines whose account is not in the selection. */
  unknown: string[];
}

/**
 * Puts pasted cells in. A first line of headings (an AppID or name column, then variables by name or label) places them by
 * account and by heading; otherwise they go down and right from the cell that was pasted into.
 */
export function paste(values: Values, rows: readonly SheetRow[], variables: readonly TemplateVariable[], text: string, at: { row: number; column: number }): Pasted {
  const cells = parseSheet(text);
  const next: Values = Object.fromEntries(Object.entries(values).map(([key, own]) => [key, { ...own }]));
  const put = (key: string, name: string, value: string): void => void ((next[key] ??= {})[name] = value);
  let filled = 0;
  const unknown: string[] = [];
  const head = cells[0]?.map((cell) => cell.toLowerCase()) ?? [];
  const columns = head.map((cell) => variables.find((one) => one.name.toLowerCase() === cell || (one.label !== "" && one.label.toLowerCase() === cell))?.name);
  const keyed = head.length > 1 && columns[0] === undefined && columns.slice(1).some((name) => name !== undefined);
  if (keyed) {
    for (const line of cells.slice(1)) {
      const who = line[0] ?? "";
      const found = rows.filter((one) => one.appid === who || one.name === who);
      // A name that two accounts share names neither.
      if (found.length !== 1) {
        unknown.push(who);
        continue;
      }
      columns.forEach((name, i) => {
        if (name === undefined || i === 0 || line[i] === undefined) return;
        put(found[0].key, name, line[i]);
        filled += 1;
      });
    }
    return { values: next, filled, unknown };
  }
  cells.forEach((line, i) => {
    const row = rows[at.row + i];
    line.forEach((value, j) => {
      const variable = variables[at.column + j];
      if (!row || !variable) return;
      put(row.key, variable.name, value);
      filled += 1;
    });
  });
  return { values: next, filled, unknown };
}

/** Only values that say something, for variables that still exist and accounts that are chosen. */
export function toSend(values: Values, keys: readonly string[], variables: readonly TemplateVariable[]): Values {
  const out: Values = {};
  for (const key of keys) {
    const own = Object.fromEntries(variables.map((one) => [one.name, values[key]?.[one.name] ?? ""]).filter(([, value]) => value !== ""));
    if (Object.keys(own).length > 0) out[key] = own;
  }
  return out;
}

/** The set with its variables filled; what has no value stays as it is written. */
export function fill(set: MenuSet, values: Readonly<Record<string, string>>): MenuSet {
  const walk = (value: unknown): unknown => {
    if (typeof value === "string") return value.replace(USED, (whole, name: string) => values[name] ?? whole);
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).map(([key, own]) => [key, walk(own)]));
    return value;
  };
  return walk(set) as MenuSet;
}
