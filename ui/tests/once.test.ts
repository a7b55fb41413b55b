import { afterEach, expect, test } from "vitest";
import { oneActADoubleClick } from "@/lib/once";

let end: (() => void) | undefined;
afterEach(() => {
  end?.();
  document.body.innerHTML = "";
});

function acts(html: string, details: number[]): number {
  end = oneActADoubleClick();
  document.body.innerHTML = html;
  let n = 0;
  const button = document.querySelector("button") as HTMLButtonElement;
  button.addEventListener("click", () => (n += 1));
  for (const detail of details) (button.firstElementChild ?? button).dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, detail }));
  return n;
}

test("a double click on a button that acts is one act", () => {
  expect(acts('<button class="t-button t-button--theme-danger"><span>x</span></button>', [1, 2, 3])).toBe(1);
  end?.();
  expect(acts('<button class="icon-button" aria-busy="false"></button>', [1, 2])).toBe(1);
});

test("two clicks with time between, keys, and buttons to step with all count", () => {
  expect(acts('<button class="t-button t-button--theme-primary"></button>', [1, 1, 0, 0])).toBe(4);
  end?.();
  expect(acts('<button class="icon-button"></button>', [1, 2, 3])).toBe(3);
});
