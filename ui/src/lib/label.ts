/** Names the input inside a kit control that has no place for a label of its own. */
import type { Directive } from "vue";

function name(element: HTMLElement, label: string): void {
  element.querySelector("input")?.setAttribute("aria-label", label);
}

export const vLabel: Directive<HTMLElement, string> = {
  mounted: (element, { value }) => name(element, value),
  updated: (element, { value }) => name(element, value),
};
