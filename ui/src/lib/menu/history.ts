/** Undo and redo over documents. Pure; a step is a document and the words for it. */
import type { Doc } from "./model";

/** Steps kept; older ones are forgotten. */
export const MOST_STEPS = 200;

export interface Step {
  doc: Doc;
  /** What was selected then. */
  selected: string | null;
  /** What led here, a key under `menuEditor.step.*`. */
  label: string;
}

export interface History {
  readonly past: readonly Step[];
  readonly now: Step;
  readonly future: readonly Step[];
  /** Edits with the same mark merge into one step until something else happens. */
  readonly mark: string | null;
}

export const begin = (doc: Doc): History => ({ past: [], now: { doc, selected: null, label: "" }, future: [], mark: null });

/** The document before the running merge: edits of one field are computed from it, not from each other. */
export function baseOf(history: History, mark: string | null): Doc {
  return mark !== null && mark === history.mark && history.past.length > 0 ? history.past[history.past.length - 1].doc : history.now.doc;
}

export function commit(history: History, step: Step, mark: string | null = null): History {
  if (step.doc === history.now.doc) return history;
  if (mark !== null && mark === history.mark && history.past.length > 0) return { ...history, now: step, future: [] };
  return { past: [...history.past, history.now].slice(-MOST_STEPS), now: step, future: [], mark };
}

/** Ends a merge: what is typed next is a step of its own. */
export const seal = (history: History): History => (history.mark === null ? history : { ...history, mark: null });

/** Remembers the selection for the way back. */
export const select = (history: History, selected: string | null): History => (history.now.selected === selected ? history : { ...history, now: { ...history.now, selected }, mark: null });

export function undo(history: History): History {
  const before = history.past[history.past.length - 1];
  return before ? { past: history.past.slice(0, -1), now: before, future: [history.now, ...history.future], mark: null } : history;
}

export function redo(history: History): History {
  const [next, ...future] = history.future;
  return next ? { past: [...history.past, history.now], now: next, future, mark: null } : history;
}
