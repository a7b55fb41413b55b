/** A poster: an SVG document drawn to a PNG, so that any chat takes it. */
import type { Link } from "@/host";

export const POSTER = { width: 720, height: 1080 };
/** Drawn this much larger, so that a phone's camera finds crisp modules. */
const SCALE = 2;

export function svgUrl(svg: string): string {
  return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
}

/** A name that any system takes, with the link's note or platform in it. */
export function posterName(link: Pick<Link, "note" | "tenant" | "link_id">, platform: string): string {
  const about = (link.tenant ?? (link.note || platform))
    .replace(/[\u0000-\u001f\\/:*?"<>|.\s]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return `wxdesk-${Array.from(about).slice(0, 24).join("") || "poster"}-${link.link_id.slice(0, 6)}.png`;
}

/** Rejects when the document cannot be drawn. */
export async function svgToPng(svg: string, size = POSTER): Promise<string> {
  const image = new Image();
  await new Promise<void>((resolve, reject) => {
    image.onload = () => resolve();
    image.onerror = () => reject(new Error("the poster cannot be drawn"));
    image.src = svgUrl(svg);
  });
  const canvas = document.createElement("canvas");
  canvas.width = size.width * SCALE;
  canvas.height = size.height * SCALE;
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("no canvas");
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/png");
}
