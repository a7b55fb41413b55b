/**
 * The one clock of the window. Owns the tick (only while something shows a time and the window is visible) and the
 * offset to the engine's clock. Invariant: however many countdowns there are, one timer runs. It ticks each second while
 * a person is there, else slowly: without a GPU every tick has the whole window composed anew, which is most of what an
 * idle window costs.
 */
import { onBeforeUnmount, onMounted, readonly, ref, watch, type Ref } from "vue";

/** Offsets below this are the answer's travel time, not a wrong clock. */
const OFFSET_NOISE_MS = 1500;

/** Without focus, or without input for this long, nobody reads seconds, ms. Short, because a tick costs a twentieth of a
 * processor where the window is drawn without a GPU, and the next movement of the mouse brings the seconds back. */
const ATTENDED_MS = 15_000;
const FAST_MS = 1_000;
const SLOW_MS = 10_000;

const now = ref(Date.now());
let offset = 0;
let users = 0;
/** Pages that people watch without touching anything, such as a QR code held up to a phone. */
let watchers = 0;
let lastInput = Date.now();
let timer: ReturnType<typeof setTimeout> | null = null;
let slow = false;

function tick(): void {
  const at = Date.now() + offset;
  now.value = at;
  slow = watchers === 0 && (!document.hasFocus() || Date.now() - lastInput > ATTENDED_MS);
  const step = slow ? SLOW_MS : FAST_MS;
  // Aligned to the engine's full second, so that all figures change together.
  timer = setTimeout(tick, step - (((at % step) + step) % step) + 5);
}

function stop(): void {
  if (timer !== null) clearTimeout(timer);
  timer = null;
}

function arrange(): void {
  const wanted = users > 0 && document.visibilityState !== "hidden";
  if (wanted && timer === null) tick();
  if (!wanted) stop();
}

/** Someone is there: the time is right at once, and ticks each second again. */
function attend(): void {
  lastInput = Date.now();
  if (!slow) return;
  slow = false;
  stop();
  arrange();
}

for (const name of ["pointermove", "pointerdown", "keydown", "wheel"]) window.addEventListener(name, attend, { capture: true, passive: true });
window.addEventListener("focus", attend);
document.addEventListener("visibilitychange", arrange);

/** Takes the engine's time of an answer that was just received. */
export function syncClock(engineTime: number): void {
  const fresh = engineTime - Date.now();
  if (Math.abs(fresh - offset) > OFFSET_NOISE_MS) {
    offset = Math.abs(fresh) > OFFSET_NOISE_MS ? fresh : 0;
    now.value = Date.now() + offset;
  }
}

/** The engine's time now, ms; not reactive. */
export function engineNow(): number {
  return Date.now() + offset;
}

/** Each second even when nobody touches anything, for as long as `urgent` holds: the last minute of a countdown. */
export function useSeconds(urgent: Readonly<Ref<boolean>>): void {
  let counted = false;
  const count = (on: boolean): void => {
    if (on === counted) return;
    counted = on;
    watchers += on ? 1 : -1;
    if (on) attend();
  };
  onMounted(() => count(urgent.value));
  watch(urgent, count);
  onBeforeUnmount(() => count(false));
}

/** The ticking time, for as long as the component is mounted. `watched`: each second even when nobody touches anything. */
export function useNow(watched = false): Readonly<Ref<number>> {
  onMounted(() => {
    users += 1;
    if (watched) {
      watchers += 1;
      attend();
    }
    // A window that stood still shows the right time at once.
    if (timer === null) now.value = engineNow();
    arrange();
  });
  onBeforeUnmount(() => {
    users -= 1;
    if (watched) watchers -= 1;
    arrange();
  });
  return readonly(now);
}
