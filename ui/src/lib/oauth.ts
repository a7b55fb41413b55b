/** Questions about web OAuth, and what its links and users are in words. The change tag `oauth` is answered in `queries.ts`. */
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/vue-query";
import { computed, toValue, type MaybeRefOrGetter } from "vue";
import { useHost, type OauthLink, type OauthPageError, type OauthRoute, type OauthScopeName, type OauthUserPage, type OauthUserQuery, type OauthUserState, type OwnAccount, type Platform } from "@/host";
import type { Tone } from "./health";
import { keys, type Answer } from "./queries";

/** Life of a web-OAuth token, ms. */
export const TOKEN_LIFE_MS = 2 * 3_600_000;
/** Life of its refresh token since the user's consent, ms. */
export const REFRESH_LIFE_MS = 30 * 86_400_000;
/** For so long after a mini-program login its session key can be asked for, ms. */
export const SESSION_KEY_MS = 10 * 60_000;

export const useOauthLinks = (): Answer<OauthLink[]> =>
  useQuery({ queryKey: [...keys.oauth, "links"], placeholderData: keepPreviousData, queryFn: () => useHost().call("list_oauth_links", { component_appid: null, appid: null }) });

/** A lost change tag must not keep somebody waiting in front of a code, ms. */
const WAITING_NET_MS = 5_000;
export const useOauthLink = (state: MaybeRefOrGetter<string>, watched: MaybeRefOrGetter<boolean>): Answer<OauthLink> =>
  useQuery({
    queryKey: computed(() => [...keys.oauth, "link", toValue(state)]),
    enabled: () => toValue(state) !== "",
    refetchInterval: () => (toValue(watched) ? WAITING_NET_MS : false),
    queryFn: () => useHost().call("get_oauth_link", { state: toValue(state) }),
  });

export const useOauthRoutes = (): Answer<OauthRoute[]> => useQuery({ queryKey: [...keys.oauth, "routes"], queryFn: () => useHost().call("list_oauth_routes", {}) });

/** They are the engine's own and do not change while it runs. */
export const usePageErrors = (): Answer<OauthPageError[]> => useQuery({ queryKey: ["oauth-page-errors"], staleTime: Infinity, queryFn: () => useHost().call("oauth_page_errors", {}) });

/** Users of one answer. */
const PAGE = 100;
// The library's own type is kept: a page more is its business.
export const useOauthUsers = (query: MaybeRefOrGetter<OauthUserQuery>) =>
  useInfiniteQuery({
    queryKey: computed(() => [...keys.oauth, "users", toValue(query)]),
    initialPageParam: 0,
    placeholderData: (before) => before,
    queryFn: ({ pageParam }) => useHost().call("list_oauth_users", { query: { ...toValue(query), limit: PAGE, offset: pageParam } }),
    getNextPageParam: (last: OauthUserPage, pages: OauthUserPage[]) => {
      const loaded = pages.reduce((sum, page) => sum + page.items.length, 0);
      return last.items.length > 0 && loaded < last.total ? loaded : undefined;
    },
  });

export type LinkLife = "open" | "ended" | "expired";
export function linkLife(link: Pick<OauthLink, "ended_at" | "expires_at">, now: number): LinkLife {
  if (link.ended_at !== null) return "ended";
  return link.expires_at <= now ? "expired" : "open";
}
export const LINK_TONE: Record<LinkLife, Tone> = { open: "ok", ended: "idle", expired: "idle" };
export const USER_TONE: Record<OauthUserState, Tone> = { valid: "ok", refreshable: "info", over: "warn" };

/** A document may be older than the token's end. */
export function userState(user: { state: OauthUserState; expires_at: number; refresh_expires_at: number }, now: number): OauthUserState {
  if (user.state === "over" || user.refresh_expires_at <= now) return "over";
  return user.expires_at <= now ? "refreshable" : user.state;
}

/** Where a domain has to be entered at WeChat: for an account of its own, a platform, a website app. */
export type DomainPlace = "own" | "platform" | "website";
export interface CallbackDomain {
  place: DomainPlace;
  /** Empty while there is no public address. */
  domain: string;
}
export function callbackDomain(component: string, appid: string, owns: readonly OwnAccount[], platforms: readonly Platform[]): CallbackDomain | null {
  if (component === appid) {
    const own = owns.find((one) => one.appid === appid);
    return own ? { place: own.kind === "website_app" ? "website" : "own", domain: own.domain } : null;
  }
  const platform = platforms.find((one) => one.component_appid === component);
  return platform ? { place: "platform", domain: platform.callback_urls.web_domain } : null;
}

/** Host of an address, as WeChat's form takes it; empty when it is none. */
export function hostOf(url: string): string {
  try {
    return new URL(url).hostname;
  } catch {
    return "";
  }
}

/** What can be asked of whom: a website app only logs in, everybody else never does. */
export const scopesFor = (website: boolean): OauthScopeName[] => (website ? ["login"] : ["base", "userinfo"]);

/** Choices of a link's life, s. */
export const LINK_LIVES = [600, 3600, 86_400, 604_800, 2_592_000, 31_536_000] as const;

/** Single quotes around a text for a shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** The exchange that a business server does, as a person can try it. */
export function exchangeCurl(address: string): string {
  return [`curl http://${address}/v1/oauth/exchange`, '-H "Authorization: Bearer $WXDESK_KEY"', "-H 'Content-Type: application/json'", `-d ${quoted('{"code":"CODE"}')}`].join(" \\\n  ");
}
