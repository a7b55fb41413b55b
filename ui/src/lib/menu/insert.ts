/** Puts a text where the person is typing, so that undo of the field and every listener see it as typed. */
export function insertInto(target: Element | null, text: string): boolean {
  const field = target instanceof HTMLInputElement && ["text", "search", "url", ""].includes(target.getAttribute("type") ?? "") ? target : target instanceof HTMLTextAreaElement ? target : null;
  if (!field || field.disabled || field.readOnly) return false;
  field.focus();
  const at = field.selectionStart ?? field.value.length;
  const end = field.selectionEnd ?? at;
  field.setRangeText(text, at, end, "end");
  field.dispatchEvent(new InputEvent("input", { bubbles: true, data: text, inputType: "insertText" }));
  return true;
}
