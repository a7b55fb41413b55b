/** The rows of a long list: the keyboard stays with its row, whatever comes above it. */
import { mount } from "@vue/test-utils";
import { nextTick } from "vue";
import { expect, it } from "vitest";
import VirtualRows from "../src/components/VirtualRows.vue";

interface Row {
  id: number;
}
const rows = (...ids: number[]): Row[] => ids.map((id) => ({ id }));

it("go on with the arrows from the row that has the focus when new ones came above", async () => {
  const wrapper = mount(VirtualRows as never, { props: { rows: rows(3, 2, 1), rowHeight: 50, keyOf: (row: Row) => row.id, label: "x", columns: "1fr", least: 100 } as never, slots: { row: `<template #row="{ row }"><b>{{ row.id }}</b></template>` }, attachTo: document.body });
  const press = async (key: string): Promise<void> => {
    document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    await nextTick();
    await nextTick();
  };
  document.querySelector<HTMLElement>('[aria-rowindex="2"]')?.focus();
  await press("ArrowDown");
  expect(document.activeElement?.textContent).toBe("2");
  await wrapper.setProps({ rows: rows(5, 4, 3, 2, 1) } as never);
  expect(document.activeElement?.textContent).toBe("2");
  await press("ArrowDown");
  expect(document.activeElement?.textContent).toBe("1");
  await press("Enter");
  expect((wrapper.emitted("open") as [Row, number][])[0]).toEqual([{ id: 1 }, 4]);
  wrapper.unmount();
});
