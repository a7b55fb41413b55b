/**
 * Dragging items of the drawn phone with a pointer: mouse, pen or finger. Owns one drag at a time; asks the owner what is
 * drawn and tells it what to do. Esc and a lost pointer cancel.
 */
import { onBeforeUnmount, shallowRef, type ShallowRef } from "vue";
import { dropAt, type Drawn, type Target } from "./drop";

export interface Drag {
  id: string;
  name: string;
  /** The pointer, in the window. */
  x: number;
  y: number;
  target: Target | null;
}
interface Owner {
  drawn: () => Drawn;
  /** What of an item matters for where it may go. */
  traits: (id: string) => { name: string; childless: boolean; barFull: boolean };
  /** The pointer rests on an item that can be entered. */
  hover: (parent: string) => void;
  drop: (id: string, target: Target) => void;
  ended: () => void;
}

/** A press that moves less is a click, px. */
const THRESHOLD = 5;
/** A rest of this long on an item opens its sub-menu, ms. */
const OPEN_MS = 350;

export function useDrag(owner: Owner): { drag: ShallowRef<Drag | null>; press: (event: PointerEvent, id: string) => void; swallowClick: () => boolean } {
  const drag = shallowRef<Drag | null>(null);
  let from: { id: string; x: number; y: number; pointer: number } | null = null;
  let resting: { on: string; timer: ReturnType<typeof setTimeout> } | null = null;
  let moved = false;

  function rest(on: string | null): void {
    if (resting?.on === on) return;
    if (resting) clearTimeout(resting.timer);
    resting = on === null ? null : { on, timer: setTimeout(() => owner.hover(on), OPEN_MS) };
  }
  function off(): void {
    window.removeEventListener("pointermove", move);
    window.removeEventListener("pointerup", up);
    window.removeEventListener("pointercancel", cancel);
    window.removeEventListener("keydown", key, true);
    rest(null);
    from = null;
    if (drag.value) {
      drag.value = null;
      owner.ended();
    }
  }
  function cancel(): void {
    off();
  }
  function move(event: PointerEvent): void {
    if (!from || event.pointerId !== from.pointer) return;
    if (!drag.value && Math.hypot(event.clientX - from.x, event.clientY - from.y) < THRESHOLD) return;
    const { name, childless, barFull } = owner.traits(from.id);
    moved = true;
    const target = dropAt(event.clientX, event.clientY, owner.drawn(), { id: from.id, childless, barFull });
    rest(target?.into ? target.parent : null);
    drag.value = { id: from.id, name, x: event.clientX, y: event.clientY, target };
    event.preventDefault();
  }
  function up(event: PointerEvent): void {
    if (!from || event.pointerId !== from.pointer) return;
    const done = drag.value;
    off();
    if (done?.target) owner.drop(done.id, done.target);
  }
  function key(event: KeyboardEvent): void {
    if (event.key !== "Escape" || !drag.value) return;
    event.preventDefault();
    event.stopPropagation();
    cancel();
  }
  function press(event: PointerEvent, id: string): void {
    moved = false;
    if (event.button !== 0 || !event.isPrimary) return;
    from = { id, x: event.clientX, y: event.clientY, pointer: event.pointerId };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", up);
    window.addEventListener("pointercancel", cancel);
    window.addEventListener("keydown", key, true);
  }
  onBeforeUnmount(off);
  return {
    drag,
    press,
    /** Whether the click that follows belongs to a drag. */
    swallowClick: () => {
      const was = moved;
      moved = false;
      return was;
    },
  };
}
