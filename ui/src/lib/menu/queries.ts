/** What the rooms around the menu editor ask the engine, and how a mistake of theirs is said. */
import { useInfiniteQuery, useQuery } from "@tanstack/vue-query";
import { computed, toValue, type ComputedRef, type MaybeRefOrGetter } from "vue";
import { useHost, type MenuOriginal, type MenuState, type MenuTemplate, type MenuVersion, type TakeoverRules } from "@/host";
import { keys, queryClient, type Answer } from "@/lib/queries";

type Text = MaybeRefOrGetter<string>;

export const useMenuState = (component: Text, appid: Text): Answer<MenuState> =>
  useQuery({
    queryKey: computed(() => keys.menu(toValue(component), toValue(appid))),
    enabled: () => toValue(appid) !== "",
    queryFn: () => useHost().call("menu_state", { component_appid: toValue(component), appid: toValue(appid) }),
  });

/** Versions asked at once. */
const PAGE = 30;
export interface Versions {
  rows: ComputedRef<MenuVersion[]>;
  error: Readonly<{ value: Error | null }>;
  isPending: Readonly<{ value: boolean }>;
  more: ComputedRef<boolean>;
  busy: Readonly<{ value: boolean }>;
  next: () => Promise<unknown>;
  refetch: () => Promise<unknown>;
}
export function useMenuVersions(component: Text, appid: Text, enabled: () => boolean): Versions {
  const query = useInfiniteQuery({
    queryKey: computed(() => keys.menuVersions(toValue(component), toValue(appid))),
    enabled,
    initialPageParam: null as number | null,
    queryFn: ({ pageParam }) => useHost().call("menu_versions", { component_appid: toValue(component), appid: toValue(appid), before: pageParam, limit: PAGE }),
    getNextPageParam: (last) => last.next_before,
  });
  return { rows: computed(() => query.data.value?.pages.flatMap((page) => page.items) ?? []), error: query.error, isPending: query.isPending, more: computed(() => query.hasNextPage.value), busy: query.isFetchingNextPage, next: () => query.fetchNextPage(), refetch: () => query.refetch() };
}

/** With set and steps. A publication that has ended does not change any more, but it may be superseded. */
export const useMenuVersion = (component: Text, appid: Text, id: MaybeRefOrGetter<number | null>): Answer<MenuVersion> =>
  useQuery({
    queryKey: computed(() => keys.menuVersion(toValue(component), toValue(appid), toValue(id) ?? 0)),
    enabled: () => toValue(id) !== null,
    queryFn: () => useHost().call("menu_version", { component_appid: toValue(component), appid: toValue(appid), id: toValue(id) ?? 0 }),
  });

export const useMenuOriginals = (component: Text, appid: Text): Answer<MenuOriginal[]> =>
  useQuery({
    queryKey: computed(() => keys.menuOriginals(toValue(component), toValue(appid))),
    queryFn: () => useHost().call("menu_originals", { component_appid: toValue(component), appid: toValue(appid) }),
  });

export const useTakeoverRules = (component: Text): Answer<TakeoverRules> =>
  useQuery({
    queryKey: computed(() => keys.takeoverRules(toValue(component))),
    enabled: () => toValue(component) !== "",
    // A form is open on it: nothing may change under the person's hands.
    refetchOnWindowFocus: false,
    queryFn: () => useHost().call("takeover_rules", { component_appid: toValue(component) }),
  });

export const useMenuTemplates = (): Answer<MenuTemplate[]> => useQuery({ queryKey: keys.menuTemplates, queryFn: () => useHost().call("list_menu_templates", {}) });

/** After this window changed the menu of an account: the tag comes too, but the person looks now. */
export const menuTouched = (component: string, appid: string): Promise<void> => queryClient.invalidateQueries({ queryKey: keys.menu(component, appid) });
