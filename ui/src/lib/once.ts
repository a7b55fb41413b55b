/**
 * One act a double click: the second click on a button that makes, sends or removes something is dropped, even when the
 * first one was answered in between, or when its dialog has gone and the button of another lies under the pointer.
 * Keys are not clicks of a double click, and buttons to step with (next page, arrows) are left alone.
 */
export const ACTING = ".t-button--theme-primary, .t-button--theme-danger, .icon-button[aria-busy]";

function drop(event: MouseEvent): void {
  if (event.detail < 2 || !(event.target instanceof Element) || !event.target.closest(ACTING)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

/** Answers how to end it. */
export function oneActADoubleClick(root: Document = document): () => void {
  root.addEventListener("click", drop, true);
  return () => root.removeEventListener("click", drop, true);
}
