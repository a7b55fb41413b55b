/** Names of the accounts that rows speak of. Asked for once each; until then the AppID stands there. */
import { useQueries } from "@tanstack/vue-query";
import { computed } from "vue";
import { useHost } from "@/host";
import { useOwnAccounts } from "@/lib/own";

/** A name does not change while a list is read, ms. */
const KEEP_MS = 10 * 60_000;

export function useAccountNames(appids: () => string[]): (appid: string) => string {
  const owns = useOwnAccounts();
  const distinct = computed(() => [...new Set(appids())].filter((appid) => appid !== "" && !owns.data.value?.some((own) => own.appid === appid)));
  const asked = useQueries({
    queries: computed(() => distinct.value.map((appid) => ({ queryKey: ["accounts", "pick-name", appid], staleTime: KEEP_MS, queryFn: async () => (await useHost().call("list_accounts", { query: { q: appid, limit: 1 } })).items[0]?.nick_name ?? "" }))),
  });
  const names = computed(() => new Map(distinct.value.map((appid, i) => [appid, asked.value[i]?.data ?? ""])));
  return (appid) => owns.data.value?.find((own) => own.appid === appid)?.name || names.value.get(appid) || appid;
}
