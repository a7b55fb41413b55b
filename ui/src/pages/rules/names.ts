/** Names of platforms, accounts and business servers that rules speak of. Asked for once each; until then the AppID stands there. */
import { useQueries } from "@tanstack/vue-query";
import { computed } from "vue";
import { useHost, type AccountKind } from "@/host";
import { useTargets } from "@/lib/forward";
import { useOwnAccounts } from "@/lib/own";
import { usePlatforms } from "@/lib/queries";
import type { Names } from "./words";

/** A name does not change while a list is read, ms. */
const KEEP_MS = 10 * 60_000;

export function useRuleNames(appids: () => (string | null)[]): Names {
  const owns = useOwnAccounts();
  const platforms = usePlatforms();
  const targets = useTargets();
  const distinct = computed(() => [...new Set(appids().filter((appid): appid is string => Boolean(appid)))]);
  const asked = useQueries({
    queries: computed(() =>
      distinct.value.map((appid) => ({
        queryKey: ["accounts", "brief", appid],
        staleTime: KEEP_MS,
        queryFn: async (): Promise<{ name: string; kind: AccountKind | null }> => {
          const found = (await useHost().call("list_accounts", { query: { q: appid, limit: 1 } })).items[0];
          return { name: found?.nick_name ?? "", kind: found?.kind ?? null };
        },
      })),
    ),
  });
  const briefs = computed(() => new Map(distinct.value.map((appid, i) => [appid, asked.value[i]?.data])));
  return {
    platform: (component) => platforms.data.value?.find((one) => one.component_appid === component)?.name || owns.data.value?.find((one) => one.appid === component)?.name || component,
    account: (appid) => ({ name: briefs.value.get(appid)?.name || appid, kind: briefs.value.get(appid)?.kind ?? null }),
    target: (id) => targets.data.value?.find((one) => one.id === id)?.name ?? null,
  };
}
