/** Where a dragged item would land, from what is drawn. Pure: rectangles in, place out. */

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}
export interface Drawn {
  /** The bar without the keyboard. */
  bar: Box;
  /** Top items in order. */
  cells: { id: string; box: Box }[];
  /** The open sub-menu. */
  list: { parent: string; box: Box; rows: Box[] } | null;
}
export interface Target {
  parent: string | null;
  index: number;
  /** Onto an item, at the end of its sub-menu, not between two. */
  into: boolean;
}

/** Beyond the edge a pointer still counts as inside, px. */
const SLACK = 14;
/** The part of a cell at each side that means "between"; the middle means "into". */
const EDGE = 0.28;

const inside = (x: number, y: number, box: Box, slack = 0): boolean => x >= box.left - slack && x <= box.right + slack && y >= box.top - slack && y <= box.bottom + slack;

/**
 * `dragged` is what moves; `childless` says that it may go into another, `fromBar` that it is in the bar already, so that
 * the bar has room for it.
 */
export function dropAt(x: number, y: number, drawn: Drawn, dragged: { id: string; childless: boolean; barFull: boolean }): Target | null {
  const { list, cells, bar } = drawn;
  if (list && list.parent !== dragged.id && inside(x, y, list.box, SLACK / 2)) {
    const before = list.rows.filter((row) => y > (row.top + row.bottom) / 2).length;
    return { parent: list.parent, index: before, into: false };
  }
  if (!inside(x, y, bar, SLACK)) return null;
  for (const [index, { id, box }] of cells.entries()) {
    if (x < box.left || x > box.right) continue;
    const part = (x - box.left) / (box.right - box.left);
    const edge = dragged.childless && id !== dragged.id ? (dragged.barFull ? 0 : EDGE) : 0.5;
    if (part < edge) return { parent: null, index, into: false };
    if (part > 1 - edge || edge === 0.5) return { parent: null, index: index + 1, into: false };
    return { parent: id, index: Number.MAX_SAFE_INTEGER, into: true };
  }
  return { parent: null, index: x < (cells[0]?.box.left ?? 0) ? 0 : cells.length, into: false };
}
