/** Questions about directly connected accounts, JS-SDK tickets and parametric QR codes. Their change tags are answered in `queries.ts`. */
import { useInfiniteQuery, useQuery } from "@tanstack/vue-query";
import { computed, toValue, type MaybeRefOrGetter } from "vue";
import { useHost, type JsTicket, type OwnAccount, type SceneCodePage, type SceneCodeQuery, type SceneScan, type UrlVerification } from "@/host";
import { keys, type Answer } from "./queries";

export const useOwnAccounts = (): Answer<OwnAccount[]> => useQuery({ queryKey: keys.own, queryFn: () => useHost().call("list_own_accounts", {}) });

export const useOwnAccount = (appid: MaybeRefOrGetter<string>): Answer<OwnAccount> =>
  useQuery({
    queryKey: computed(() => keys.ownAccount(toValue(appid))),
    enabled: () => toValue(appid) !== "",
    queryFn: () => useHost().call("get_own_account", { appid: toValue(appid) }),
  });

/** A lost change tag must not keep somebody waiting in front of WeChat's form, ms. */
const WAITING_NET_MS = 5_000;

export const useVerifications = (appid: MaybeRefOrGetter<string>): Answer<UrlVerification[]> =>
  useQuery({
    queryKey: computed(() => keys.verifications(toValue(appid))),
    enabled: () => toValue(appid) !== "",
    staleTime: 0,
    refetchInterval: WAITING_NET_MS,
    queryFn: () => useHost().call("list_url_verifications", { appid: toValue(appid) }),
  });

export const useJsTickets = (component: MaybeRefOrGetter<string>, appid: MaybeRefOrGetter<string>): Answer<JsTicket[]> =>
  useQuery({
    queryKey: computed(() => keys.jsTickets(toValue(component), toValue(appid))),
    enabled: () => toValue(appid) !== "",
    queryFn: () => useHost().call("list_js_tickets", { component_appid: toValue(component), appid: toValue(appid) }),
  });

/** Codes of one answer. */
const SCENE_PAGE = 200;

// The library's own type is kept: a page more is its business.
export const useSceneCodes = (query: MaybeRefOrGetter<SceneCodeQuery>) =>
  useInfiniteQuery({
    queryKey: computed(() => [...keys.sceneCodes, "list", toValue(query)]),
    initialPageParam: 0,
    placeholderData: (before) => before,
    queryFn: ({ pageParam }) => useHost().call("list_scene_codes", { query: { ...toValue(query), limit: SCENE_PAGE, offset: pageParam } }),
    getNextPageParam: (last: SceneCodePage, pages: SceneCodePage[]) => {
      const loaded = pages.reduce((sum, page) => sum + page.items.length, 0);
      return last.items.length > 0 && loaded < last.total ? loaded : undefined;
    },
  });

/** The picture of a code never changes. */
export const useSceneSvg = (id: MaybeRefOrGetter<number>): Answer<string> =>
  useQuery({ queryKey: computed(() => ["scene-svg", toValue(id)]), staleTime: Infinity, queryFn: () => useHost().call("scene_code_svg", { id: toValue(id) }) });

export const useSceneScans = (id: MaybeRefOrGetter<number>): Answer<SceneScan[]> =>
  useQuery({ queryKey: computed(() => [...keys.sceneCodes, "scans", toValue(id)]), staleTime: 0, queryFn: () => useHost().call("list_scene_scans", { id: toValue(id) }) });
