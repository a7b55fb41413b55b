/** Leaving a form with changes asks. Owns the pending question of one page; must be called in its setup. */
import { onBeforeUnmount, onMounted, ref, type Ref } from "vue";
import { onBeforeRouteLeave, onBeforeRouteUpdate } from "vue-router";

export interface LeaveQuestion {
  /** Asked now. */
  asking: Ref<boolean>;
  answer: (go: boolean) => void;
}

export function useLeaveQuestion(dirty: () => boolean): LeaveQuestion {
  const asking = ref(false);
  let resolve: ((go: boolean) => void) | null = null;
  const guard = (): boolean | Promise<boolean> => {
    if (!dirty()) return true;
    asking.value = true;
    return new Promise<boolean>((done) => (resolve = done));
  };
  onBeforeRouteLeave(guard);
  onBeforeRouteUpdate(guard);
  function beforeUnload(event: BeforeUnloadEvent): void {
    if (dirty()) event.preventDefault();
  }
  onMounted(() => window.addEventListener("beforeunload", beforeUnload));
  onBeforeUnmount(() => window.removeEventListener("beforeunload", beforeUnload));
  return {
    asking,
    answer(go) {
      asking.value = false;
      resolve?.(go);
      resolve = null;
    },
  };
}
