/** Questions about links, tenants, tags, history and reconciling. Their change tags are answered in `queries.ts`. */
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/vue-query";
import { computed, toValue, type MaybeRefOrGetter } from "vue";
import { useHost, type AccountEvent, type LinkPage, type LinkQuery, type ReconcileProgress, type TagCount, type Tenant } from "@/host";
import { keys, type Answer } from "./queries";

export const useLinks = (query: MaybeRefOrGetter<LinkQuery>): Answer<LinkPage> =>
  useQuery({
    queryKey: computed(() => [...keys.links, toValue(query)]),
    // While the next page comes the one before stays, so that the list does not blink.
    placeholderData: keepPreviousData,
    queryFn: () => useHost().call("list_links", { query: toValue(query) }),
  });

export const useTenants = (component: MaybeRefOrGetter<string | null>): Answer<Tenant[]> =>
  useQuery({ queryKey: computed(() => [...keys.tenants, toValue(component)]), placeholderData: keepPreviousData, queryFn: () => useHost().call("list_tenants", { component_appid: toValue(component) }) });

/** How many accounts have no tenant. */
export const useTenantless = (component: MaybeRefOrGetter<string | null>): Answer<number> =>
  useQuery({
    queryKey: computed(() => [...keys.tenants, "none", toValue(component)]),
    queryFn: async () => {
      const platform = toValue(component);
      return (await useHost().call("list_accounts", { query: { ...(platform && { platform }), tenant: "", limit: 1 } })).total;
    },
  });

export const useTags = (component: MaybeRefOrGetter<string | null>): Answer<TagCount[]> =>
  useQuery({ queryKey: computed(() => [...keys.tags, toValue(component)]), placeholderData: keepPreviousData, queryFn: () => useHost().call("list_tags", { component_appid: toValue(component) }) });

/** What the engine gives of a history in one answer. */
const HISTORY_PAGE = 50;

// The library's own type is kept: a page more is its business.
export const useHistory = (component: MaybeRefOrGetter<string>, appid: MaybeRefOrGetter<string>) =>
  useInfiniteQuery({
    queryKey: computed(() => keys.history(toValue(component), toValue(appid))),
    initialPageParam: null as number | null,
    queryFn: ({ pageParam }) => useHost().call("list_account_history", { component_appid: toValue(component), appid: toValue(appid), before: pageParam }),
    getNextPageParam: (last: AccountEvent[]) => (last.length < HISTORY_PAGE ? undefined : last[last.length - 1].id),
  });

/** A lost change tag must not leave a bar standing, ms. */
const BUSY_NET_MS = 1_500;

export const useReconcileProgress = (component: MaybeRefOrGetter<string>): Answer<ReconcileProgress> =>
  useQuery({
    queryKey: computed(() => keys.reconcile(toValue(component))),
    enabled: () => toValue(component) !== "",
    staleTime: 0,
    refetchInterval: (query) => (query.state.data && query.state.data.phase !== "idle" ? BUSY_NET_MS : false),
    queryFn: () => useHost().call("reconcile_progress", { component_appid: toValue(component) }),
  });
