/** The clipboard. Resolves to whether the copy happened; never throws. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Older WebKitGTK refuses the asynchronous clipboard outside https; the old way still works there.
    const area = document.createElement("textarea");
    area.value = text;
    area.setAttribute("readonly", "");
    area.style.position = "fixed";
    area.style.opacity = "0";
    // Inside an open dialog everything else is inert.
    const host = document.querySelector("dialog[open]") ?? document.body;
    host.append(area);
    const before = document.activeElement as HTMLElement | null;
    area.select();
    let done = false;
    try {
      done = document.execCommand("copy");
    } catch {
      done = false;
    }
    area.remove();
    before?.focus();
    return done;
  }
}

export async function copyImage(dataUrl: string): Promise<boolean> {
  try {
    // Not `fetch`: the CSP gives no `data:` to connect-src.
    const [head, body] = dataUrl.split(",");
    const bytes = Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0));
    const blob = new Blob([bytes], { type: /data:([^;]+)/.exec(head)?.[1] ?? "image/png" });
    await navigator.clipboard.write([new ClipboardItem({ [blob.type]: blob })]);
    return true;
  } catch {
    return false;
  }
}
