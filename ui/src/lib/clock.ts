/**
 * The one clock of the window. Owns the tick (once a second, only while something shows a time and the window is
 * visible) and the offset to the engine's clock. Invariant: however many countdowns there are, one timer runs.
 */
import { onBeforeUnmount, onMounted, readonly, ref, type Ref } from "vue";

/** Offsets below this are the answer's travel time, not a wrong clock. */
const OFFSET_NOISE_MS = 1500;

const now = ref(Date.now());
let offset = 0;
let users = 0;
let timer: ReturnType<typeof setTimeout> | null = null;

function tick(): void {
  const at = Date.now() + offset;
  now.value = at;
  // Aligned to the engine's full second, so that all figures change together.
  timer = setTimeout(tick, 1000 - (((at % 1000) + 1000) % 1000) + 5);
}

function arrange(): void {
  const wanted = users > 0 && document.visibilityState !== "hidden";
  if (wanted && timer === null) tick();
  if (!wanted && timer !== null) {
    clearTimeout(timer);
    timer = null;
  }
}

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

/** The ticking time, for as long as the component is mounted. */
export function useNow(): Readonly<Ref<number>> {
  onMounted(() => {
    users += 1;
    // A window that stood still shows the right time at once.
    if (timer === null) now.value = engineNow();
    arrange();
  });
  onBeforeUnmount(() => {
    users -= 1;
    arrange();
  });
  return readonly(now);
}
