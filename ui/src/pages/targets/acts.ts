/** What can be done to a business server from more than one place. Each says by itself what went wrong. */
import { useHost, type Target } from "@/host";
import { keys, queryClient } from "@/lib/queries";
import { toastError } from "@/lib/toast";

export const putTarget = (fresh: Target): void => void queryClient.setQueryData<Target[]>(keys.targets, (old) => (old?.some((one) => one.id === fresh.id) ? old.map((one) => (one.id === fresh.id ? fresh : one)) : [...(old ?? []), fresh]));

/** Ends the pause of one that failed too often. */
export async function tryNow(id: number): Promise<void> {
  try {
    putTarget(await useHost().call("close_breaker", { id }));
  } catch (thrown) {
    toastError(thrown);
  }
}

export async function switchTarget(id: number, on: boolean): Promise<void> {
  try {
    putTarget(await useHost().call("switch_target", { id, on }));
  } catch (thrown) {
    toastError(thrown);
  }
}
