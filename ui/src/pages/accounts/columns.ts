/** Columns of the accounts table: which fit, how wide, and the widths that a person has dragged. */
import { computed, ref, type ComputedRef, type Ref } from "vue";
import type { AccountSort } from "@/host";

export interface Column {
  name: string;
  /** Least width, px. */
  min: number;
  /** Share of what is left over. */
  grow: number;
  /** What goes first when there is no room: the highest. 0 always stays. */
  rank: number;
  sort?: AccountSort;
}

export const COLUMNS: Column[] = [
  { name: "account", min: 220, grow: 2.4, rank: 0, sort: "name" },
  { name: "kind", min: 112, grow: 0, rank: 3 },
  { name: "principal", min: 130, grow: 1.2, rank: 6 },
  { name: "tenant", min: 110, grow: 0.8, rank: 1 },
  { name: "platform", min: 120, grow: 1, rank: 4 },
  { name: "state", min: 158, grow: 0, rank: 0, sort: "state" },
  { name: "life", min: 188, grow: 1.4, rank: 0, sort: "expires_at" },
  { name: "next", min: 104, grow: 0, rank: 2 },
  { name: "error", min: 128, grow: 1, rank: 5 },
  { name: "authorized", min: 104, grow: 0, rank: 7, sort: "authorized_at" },
];

/** The box to tick and the actions, px. */
const CHECK = 44;
const ACTS = 76;
const FIXED = CHECK + ACTS;
const STORE = "wxdesk.columns";

/** As many columns as fit, in their order; those of a lower rank first. Pure. */
export function fitting(width: number, withPlatform: boolean): Column[] {
  const wanted = COLUMNS.filter((column) => column.name !== "platform" || withPlatform);
  let left = width - FIXED;
  const taken = new Set<string>();
  for (const column of wanted.slice().sort((a, b) => a.rank - b.rank)) {
    if (column.rank > 0 && column.min > left) continue;
    taken.add(column.name);
    left -= column.min;
  }
  return wanted.filter((column) => taken.has(column.name));
}

export function useColumns(width: Ref<number>, withPlatform: Ref<boolean>): {
  shown: ComputedRef<Column[]>;
  template: ComputedRef<string>;
  /** Below this the table scrolls sideways, px. Head and rows share it, so that their shares of the rest agree. */
  least: ComputedRef<number>;
  resize: (name: string, px: number) => void;
  reset: (name: string) => void;
} {
  const dragged = ref<Record<string, number>>(JSON.parse(localStorage.getItem(STORE) ?? "{}") as Record<string, number>);
  const shown = computed(() => fitting(width.value, withPlatform.value));
  const keep = (): void => localStorage.setItem(STORE, JSON.stringify(dragged.value));
  return {
    shown,
    least: computed(() => FIXED + shown.value.reduce((sum, column) => sum + (dragged.value[column.name] ?? column.min), 0)),
    template: computed(() => {
      const own = shown.value.map((column) => {
        const px = dragged.value[column.name];
        return px ? `${px}px` : column.grow > 0 ? `minmax(${column.min}px, ${column.grow}fr)` : `${column.min}px`;
      });
      return `${CHECK}px ${own.join(" ")} ${ACTS}px`;
    }),
    resize(name, px) {
      const least = COLUMNS.find((column) => column.name === name)?.min ?? 80;
      dragged.value = { ...dragged.value, [name]: Math.max(Math.min(least, 100), Math.round(px)) };
      keep();
    },
    reset(name) {
      const { [name]: _gone, ...rest } = dragged.value;
      void _gone;
      dragged.value = rest;
      keep();
    },
  };
}
