/**
 * The order of the rules while a person changes it. Owns what is on screen and the calls under way: it is shown at once,
 * told to the engine one after the other, and taken back when one is refused.
 */
import { computed, ref, type ComputedRef, type Ref } from "vue";
import { useHost, type Rule } from "@/host";
import { keys, queryClient } from "@/lib/queries";
import { beforeOf, moved } from "@/lib/sort";
import { toastError } from "@/lib/toast";

export interface RuleOrder {
  rules: ComputedRef<Rule[]>;
  saving: Ref<boolean>;
  /** To a place of what is shown. */
  move: (shown: readonly number[], id: number, to: number) => void;
}

export function useRuleOrder(stored: () => readonly Rule[]): RuleOrder {
  const order = ref<number[] | null>(null);
  const saving = ref(false);
  const waiting: { id: number; before: number | null }[] = [];
  const rules = computed(() => {
    if (order.value === null) return [...stored()];
    const places = new Map(order.value.map((id, i) => [id, i]));
    return [...stored()].sort((a, b) => (places.get(a.id) ?? Infinity) - (places.get(b.id) ?? Infinity)).map((rule, i) => ({ ...rule, position: i + 1 }));
  });

  async function tell(): Promise<void> {
    if (saving.value) return;
    saving.value = true;
    try {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const fresh = await useHost().call("move_rule", next);
        queryClient.setQueryData(keys.rules, fresh);
      }
    } catch (thrown) {
      waiting.length = 0;
      toastError(thrown);
      void queryClient.invalidateQueries({ queryKey: keys.rules });
    } finally {
      order.value = null;
      saving.value = false;
    }
  }
  function move(shown: readonly number[], id: number, to: number): void {
    const all = rules.value.map((rule) => rule.id);
    const before = beforeOf(all, shown, id, to);
    const rest = all.filter((one) => one !== id);
    order.value = moved([...rest, id], rest.length, before === null ? rest.length : rest.indexOf(before));
    // Steps of the same rule that have not left yet are one.
    if (waiting[waiting.length - 1]?.id === id) waiting.pop();
    waiting.push({ id, before });
    void tell();
  }
  return { rules, saving, move };
}
