/**
 * Putting rows of a list in order by hand: with a pointer, or with the arrows on the row's grip. Owns one drag at a time;
 * the owner does the moving. Esc and a lost pointer cancel.
 */
import { nextTick, onBeforeUnmount, ref, type Ref } from "vue";

/** The list with one moved to another place. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const next = [...list];
  const [one] = next.splice(from, 1);
  next.splice(to, 0, one);
  return next;
}

/**
 * In front of whom a row lands that is put at a place of what is shown, when only a part is shown: before the one that
 * comes next there, or behind the last one shown. Null: at the end of all.
 */
export function beforeOf<T>(all: readonly T[], shown: readonly T[], id: T, to: number): T | null {
  const rest = shown.filter((one) => one !== id);
  if (to < rest.length) return rest[to];
  const others = all.filter((one) => one !== id);
  const last = rest.length === 0 ? -1 : others.indexOf(rest[rest.length - 1]);
  return others[last + 1] ?? null;
}

/** A press that moves less is a click, px. */
const THRESHOLD = 4;
/** This near to the edge of what scrolls, it scrolls along, px; and so far at once. */
const EDGE = 48;
const STEP = 9;

export interface RowDrag {
  /** What is dragged, and before which of the rows it would land. */
  drag: Ref<{ id: string; to: number } | null>;
  press: (event: PointerEvent, id: string) => void;
  key: (event: KeyboardEvent, id: string) => void;
}
interface Owner {
  /** Rows are its elements with `data-row`, grips those with `data-grip`. */
  root: () => HTMLElement | null;
  ids: () => string[];
  move: (id: string, to: number) => void;
}

const scroller = (from: HTMLElement | null): HTMLElement | null => {
  for (let el = from; el; el = el.parentElement) if (el.scrollHeight > el.clientHeight + 1 && /auto|scroll/.test(getComputedStyle(el).overflowY)) return el;
  return null;
};

export function useRowDrag(owner: Owner): RowDrag {
  const drag = ref<{ id: string; to: number } | null>(null);
  let pressed: { id: string; y: number; pointer: number } | null = null;
  let at = 0;
  let box: HTMLElement | null = null;
  let frame = 0;

  function off(): void {
    window.removeEventListener("pointermove", move);
    window.removeEventListener("pointerup", up);
    window.removeEventListener("pointercancel", off);
    window.removeEventListener("keydown", escape, true);
    cancelAnimationFrame(frame);
    frame = 0;
    pressed = null;
    drag.value = null;
  }
  function place(): void {
    if (!pressed) return;
    const rows = [...(owner.root()?.querySelectorAll<HTMLElement>("[data-row]") ?? [])].map((row) => row.getBoundingClientRect());
    drag.value = { id: pressed.id, to: rows.filter((row) => at > (row.top + row.bottom) / 2).length };
  }
  function along(): void {
    if (box && drag.value) {
      const view = box.getBoundingClientRect();
      const by = at < view.top + EDGE ? -STEP : at > view.bottom - EDGE ? STEP : 0;
      if (by !== 0) {
        box.scrollTop += by;
        place();
      }
    }
    frame = requestAnimationFrame(along);
  }
  function press(event: PointerEvent, id: string): void {
    if (event.button !== 0) return;
    pressed = { id, y: event.clientY, pointer: event.pointerId };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", up);
    window.addEventListener("pointercancel", off);
    window.addEventListener("keydown", escape, true);
  }
  function move(event: PointerEvent): void {
    if (!pressed || event.pointerId !== pressed.pointer) return;
    at = event.clientY;
    if (!drag.value) {
      if (Math.abs(event.clientY - pressed.y) < THRESHOLD) return;
      box = scroller(owner.root());
      frame = requestAnimationFrame(along);
    }
    place();
    event.preventDefault();
  }
  function up(): void {
    const done = drag.value;
    off();
    if (!done) return;
    const from = owner.ids().indexOf(done.id);
    const to = done.to > from ? done.to - 1 : done.to;
    if (from >= 0 && to !== from) owner.move(done.id, to);
  }
  function escape(event: KeyboardEvent): void {
    if (event.key !== "Escape" || !drag.value) return;
    event.preventDefault();
    event.stopPropagation();
    off();
  }
  onBeforeUnmount(off);

  async function key(event: KeyboardEvent, id: string): Promise<void> {
    const ids = owner.ids();
    const from = ids.indexOf(id);
    const to = { ArrowUp: from - 1, ArrowDown: from + 1, Home: 0, End: ids.length - 1 }[event.key];
    if (to === undefined || event.isComposing) return;
    event.preventDefault();
    if (to < 0 || to >= ids.length || to === from) return;
    owner.move(id, to);
    // A row that is moved in the document loses the focus.
    await nextTick();
    const grip = [...(owner.root()?.querySelectorAll<HTMLElement>("[data-grip]") ?? [])].find((one) => one.dataset.grip === id);
    grip?.focus({ preventScroll: true });
    grip?.scrollIntoView({ block: "nearest" });
  }
  return { drag, press, key: (event, id) => void key(event, id) };
}
