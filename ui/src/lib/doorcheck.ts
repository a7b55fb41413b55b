/** Runs the self-check of a public base URL and puts the answer where every page reads it. One check at a time. */
import { readonly, ref, type Ref } from "vue";
import { useHost, type Overview, type TunnelHealth } from "@/host";
import { engineNow } from "./clock";
import { keys, queryClient } from "./queries";

const checking = ref<string | null>(null);
const since = ref(0);

/** The address being checked, null when none is. */
export const checkingDoor: Readonly<Ref<string | null>> = readonly(checking);
export const checkingSince: Readonly<Ref<number>> = readonly(since);

/** Throws the engine's error. */
export async function checkDoor(url: string): Promise<TunnelHealth> {
  checking.value = url;
  since.value = engineNow();
  try {
    const health = await useHost().call("check_door", { public_base_url: url });
    queryClient.setQueryData<Overview>(keys.overview, (old) => old && { ...old, door: { ...old.door, tunnels: old.door.tunnels.map((x) => (x.public_base_url === url ? health : x)) } });
    return health;
  } finally {
    checking.value = null;
    void queryClient.invalidateQueries({ queryKey: keys.overview });
    void queryClient.invalidateQueries({ queryKey: keys.tunnels });
  }
}
