/**
 * One shared tip for the whole window (`v-tip`), so that a table of lifetimes costs no component per row. Shows on
 * hover and on focus; holds a text or a short list of facts.
 */
import { shallowRef, type Directive } from "vue";

export type TipContent = string | { label: string; value: string }[];
type Source = TipContent | (() => TipContent);

export const tip = shallowRef<{ content: TipContent; rect: DOMRect; host: Element } | null>(null);

/** Long enough not to flicker under a passing pointer, ms. */
const HOVER_DELAY = 250;
let timer: ReturnType<typeof setTimeout> | null = null;
let owner: HTMLElement | null = null;

interface Tipped extends HTMLElement {
  tipSource?: Source;
  tipOff?: () => void;
}

function show(el: Tipped): void {
  const content = typeof el.tipSource === "function" ? el.tipSource() : el.tipSource;
  if (!content || content.length === 0 || !el.isConnected) return;
  owner = el;
  tip.value = { content, rect: el.getBoundingClientRect(), host: el.closest("dialog[open]") ?? document.body };
}

export function hideTip(): void {
  if (timer) clearTimeout(timer);
  timer = null;
  owner = null;
  if (tip.value) tip.value = null;
}

export const vTip: Directive<HTMLElement, Source | undefined> = {
  mounted(element, binding) {
    const el = element as Tipped;
    el.tipSource = binding.value;
    const enter = (): void => {
      if (timer) clearTimeout(timer);
      timer = setTimeout(() => show(el), HOVER_DELAY);
    };
    const focus = (): void => {
      if (el.matches(":focus-visible")) show(el);
    };
    el.addEventListener("pointerenter", enter);
    el.addEventListener("pointerleave", hideTip);
    el.addEventListener("pointerdown", hideTip);
    el.addEventListener("focus", focus);
    el.addEventListener("blur", hideTip);
    el.tipOff = () => {
      el.removeEventListener("pointerenter", enter);
      el.removeEventListener("pointerleave", hideTip);
      el.removeEventListener("pointerdown", hideTip);
      el.removeEventListener("focus", focus);
      el.removeEventListener("blur", hideTip);
    };
  },
  updated(element, binding) {
    (element as Tipped).tipSource = binding.value;
  },
  beforeUnmount(element) {
    (element as Tipped).tipOff?.();
    if (owner === element) hideTip();
  },
};
