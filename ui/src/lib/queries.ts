/**
 * Every question that pages ask the engine, with its cache key, and which change tag makes it stale.
 * Invariant: a tag refetches exactly what it names; nothing polls except as a slow safety net.
 */
import { keepPreviousData, QueryClient, useQuery } from "@tanstack/vue-query";
import { computed, toValue, type MaybeRefOrGetter, type Ref } from "vue";
import { asHostError, useHost, type AccountDetail, type AppInfo, type CallbackIps, type Host, type Link, type LinkPage, type Overview, type OwnAccount, type PermissionSet, type Platform, type Tunnel, type TunnelClient, type TunnelLog, type VerificationFile } from "@/host";
import { syncClock } from "./clock";

/** Tags of one burst are answered together after this long, ms. */
const BURST_MS = 120;
/** A lost event would leave the page stale for at most this long, ms. */
const SAFETY_NET_MS = 60_000;

export const keys = {
  app: ["app"] as const,
  overview: ["overview"] as const,
  platforms: ["platforms"] as const,
  platform: (id: string) => ["platforms", id] as const,
  accounts: ["accounts"] as const,
  account: (component: string, appid: string) => ["account", appid, component] as const,
  attempts: (component: string) => ["attempts", component] as const,
  avatar: (appid: string) => ["avatar", appid] as const,
  link: (id: string) => ["link", id] as const,
  links: ["links"] as const,
  tenants: ["tenants"] as const,
  tags: ["tags"] as const,
  history: (component: string, appid: string) => ["history", appid, component] as const,
  reconcile: (component: string) => ["reconcile", component] as const,
  permissionSets: ["permission-sets"] as const,
  tunnels: ["tunnels"] as const,
  tunnelClients: ["tunnel-clients"] as const,
  tunnelLog: (id: string) => ["tunnel-log", id] as const,
  files: ["verification-files"] as const,
  callbackIps: ["callback-ips"] as const,
  oauth: ["oauth"] as const,
  trials: ["api-trials"] as const,
  timeline: (component: string, appid: string | null) => ["timeline", appid ?? component, component] as const,
  bulk: ["bulk"] as const,
  menu: (component: string, appid: string) => ["menu", appid, component] as const,
  menuVersions: (component: string, appid: string) => ["menu", appid, component, "versions"] as const,
  menuVersion: (component: string, appid: string, id: number) => ["menu", appid, component, "version", id] as const,
  menuOriginals: (component: string, appid: string) => ["menu", appid, component, "originals"] as const,
  menuTemplates: ["menu-templates"] as const,
  own: ["own"] as const,
  ownAccount: (appid: string) => ["own", "account", appid] as const,
  verifications: (appid: string) => ["own", "verifications", appid] as const,
  jsTickets: (component: string, appid: string) => ["js-tickets", appid, component] as const,
  sceneCodes: ["scene-codes"] as const,
  takeoverRules: (component: string) => ["takeover-rules", component] as const,
  push: (id: number) => ["push", id] as const,
  inboxFigures: ["inbox-figures"] as const,
  rejections: ["rejections"] as const,
  conversation: (component: string, appid: string, openid: string) => ["conversation", openid, appid, component] as const,
  rules: ["rules"] as const,
  targets: ["targets"] as const,
  release: ["release"] as const,
  crowd: ["crowd"] as const,
};

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: SAFETY_NET_MS,
      gcTime: 5 * 60_000,
      refetchOnWindowFocus: true,
      networkMode: "always",
      // Only what may pass by itself is asked again unasked.
      retry: (failures, error) => failures < 2 && asHostError(error).body.code === "unavailable",
      retryDelay: (attempt) => 400 * 2 ** attempt,
    },
    mutations: { networkMode: "always" },
  },
});

/** Pages that keep their own rows (the accounts list) listen here. */
export const accountChanges = new EventTarget();
/** Pages that keep rows of the call log listen here. */
export const callChanges = new EventTarget();
/** What shows pushes listens here: they may come hundreds a second, so each asks again at its own pace. */
export const inboxChanges = new EventTarget();
/** Pages that keep many menu states (the menus list) listen here: `detail` holds appids, null for all. */
export const menuChanges = new EventTarget();

function apply(tags: Set<string>): void {
  const stale = (queryKey: readonly unknown[]): void => void queryClient.invalidateQueries({ queryKey });
  if (tags.has("*")) {
    void queryClient.invalidateQueries();
    accountChanges.dispatchEvent(new CustomEvent("change", { detail: null }));
    callChanges.dispatchEvent(new Event("change"));
    inboxChanges.dispatchEvent(new Event("change"));
    menuChanges.dispatchEvent(new CustomEvent("change", { detail: null }));
    return;
  }
  if (tags.has("platforms")) {
    stale(keys.platforms);
    stale(keys.app);
    stale(keys.overview);
    // Their addresses and names stand beside tunnels and files.
    stale(keys.tunnels);
    stale(keys.files);
    stale(["attempts"]);
    // A component token belongs to its platform; accounts' tokens have tags of their own.
    void queryClient.invalidateQueries({ predicate: ({ queryKey: [what, subject, platform] }) => what === "timeline" && subject === platform });
  }
  if (tags.has("overview") || tags.has("door")) stale(keys.overview);
  if (tags.has("door")) stale(keys.callbackIps);
  if (tags.has("oauth")) stale(keys.oauth);
  if (tags.has("api_trials")) stale(keys.trials);
  if (tags.has("tunnels")) stale(keys.tunnels);
  if (tags.has("files")) stale(keys.files);
  if (tags.has("api_calls")) callChanges.dispatchEvent(new Event("change"));
  if (tags.has("inbox")) inboxChanges.dispatchEvent(new Event("change"));
  if (tags.has("rejections")) stale(keys.rejections);
  if (tags.has("bulk")) stale(keys.bulk);
  if (tags.has("menu_templates")) stale(keys.menuTemplates);
  if (tags.has("scene_codes")) stale(keys.sceneCodes);
  if (tags.has("rules")) stale(keys.rules);
  // Rules name the servers that they use, and servers the rules that use them.
  if (tags.has("rules") || tags.has("targets")) stale(keys.targets);
  if (tags.has("release")) stale(keys.release);
  const appids: string[] = [];
  const menus: string[] = [];
  for (const tag of tags) {
    if (tag.startsWith("account:")) {
      const appid = tag.slice("account:".length);
      appids.push(appid);
      stale(["account", appid]);
      stale(["history", appid]);
      stale(["timeline", appid]);
      stale(keys.ownAccount(appid));
    } else if (tag.startsWith("own:")) stale(keys.own);
    else if (tag.startsWith("js_tickets:")) stale(["js-tickets", tag.slice("js_tickets:".length)]);
    else if (tag.startsWith("menu:")) {
      menus.push(tag.slice("menu:".length));
      stale(["menu", tag.slice("menu:".length)]);
    } else if (tag.startsWith("tunnel:")) stale(keys.tunnelLog(tag.slice("tunnel:".length)));
    else if (tag.startsWith("link:")) stale(keys.link(tag.slice("link:".length)));
    else if (tag.startsWith("sent:")) stale(["conversation", tag.slice("sent:".length)]);
    else if (tag.startsWith("reconcile:")) stale(keys.reconcile(tag.slice("reconcile:".length)));
  }
  if (menus.length > 0) menuChanges.dispatchEvent(new CustomEvent("change", { detail: menus }));
  if (tags.has("links")) {
    stale(["link"]);
    stale(keys.links);
  }
  if (tags.has("tenants") || tags.has("accounts")) stale(keys.tenants);
  if (tags.has("accounts")) {
    stale(keys.tags);
    // Lists of accounts that no token of theirs changes: only coming and going does, on screen or not.
    stale(["menu-accounts"]);
    stale(["takeover-first"]);
    stale(["template-sample"]);
  }
  // Their tokens stand in the list of them.
  if (tags.has("accounts") || queryClient.getQueryData<OwnAccount[]>(keys.own)?.some((x) => appids.includes(x.appid))) void queryClient.invalidateQueries({ queryKey: keys.own, exact: !tags.has("accounts") });
  if (tags.has("accounts") || appids.length > 0) {
    stale(keys.accounts);
    accountChanges.dispatchEvent(new CustomEvent("change", { detail: tags.has("accounts") ? null : appids }));
    // A link names who authorized with it; the name comes after the authorization.
    const named = queryClient.getQueriesData<LinkPage>({ queryKey: keys.links }).some(([, page]) => page?.items.some((link) => link.account && appids.includes(link.account.appid)));
    if (named) stale(keys.links);
  }
}

/** Connects the change stream to the cache. Returns the disconnect. */
export function followChanges(host: Host): () => void {
  let pending = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | null = null;
  const off = host.onChange((change) => {
    change.tags.forEach((tag) => pending.add(tag));
    timer ??= setTimeout(() => {
      const tags = pending;
      pending = new Set();
      timer = null;
      apply(tags);
    }, BURST_MS);
  });
  // What came last is nobody's any more: whoever disconnects has gone, or looks at another engine.
  return () => {
    off();
    if (timer) clearTimeout(timer);
  };
}

/** After the data folder was switched: nothing of the one before may stay on screen. */
export async function forgetEverything(): Promise<void> {
  await queryClient.resetQueries();
  menuChanges.dispatchEvent(new CustomEvent("change", { detail: null }));
  accountChanges.dispatchEvent(new CustomEvent("change", { detail: null }));
}

/** What pages may know of a question. */
export interface Answer<T> {
  data: Readonly<Ref<T | undefined>>;
  error: Readonly<Ref<Error | null>>;
  isPending: Readonly<Ref<boolean>>;
  isFetching: Readonly<Ref<boolean>>;
  refetch: () => Promise<unknown>;
}

export const useAppInfo = (): Answer<AppInfo> => useQuery({ queryKey: keys.app, queryFn: () => useHost().call("app_info", {}) });

export const useOverview = (): Answer<Overview> =>
  useQuery({
    queryKey: keys.overview,
    refetchInterval: SAFETY_NET_MS,
    queryFn: async () => {
      const overview = await useHost().call("overview", {});
      syncClock(overview.time);
      return overview;
    },
  });

export const usePlatforms = (): Answer<Platform[]> => useQuery({ queryKey: keys.platforms, queryFn: () => useHost().call("list_platforms", {}) });

export const usePlatform = (id: MaybeRefOrGetter<string>): Answer<Platform> =>
  useQuery({
    queryKey: computed(() => keys.platform(toValue(id))),
    enabled: () => toValue(id) !== "",
    queryFn: () => useHost().call("get_platform", { component_appid: toValue(id) }),
  });

export const useAccount = (component: MaybeRefOrGetter<string>, appid: MaybeRefOrGetter<string>): Answer<AccountDetail> =>
  useQuery({
    queryKey: computed(() => keys.account(toValue(component), toValue(appid))),
    enabled: () => toValue(appid) !== "",
    queryFn: () => useHost().call("get_account", { component_appid: toValue(component), appid: toValue(appid) }),
  });

export const usePermissionSets = (): Answer<PermissionSet[]> =>
  useQuery({ queryKey: keys.permissionSets, staleTime: Infinity, queryFn: () => useHost().call("permission_sets", {}) });

/** Waits this long before asking again although no tag came: a person stands in front of the QR code, ms. */
const LINK_NET_MS = 5_000;

export const useLink = (id: MaybeRefOrGetter<string>): Answer<Link> =>
  useQuery({
    queryKey: computed(() => keys.link(toValue(id))),
    enabled: () => toValue(id) !== "",
    placeholderData: keepPreviousData,
    refetchInterval: (query) => (["waiting", "opened", "redeeming"].includes(query.state.data?.state ?? "waiting") ? LINK_NET_MS : false),
    queryFn: () => useHost().call("get_link", { link_id: toValue(id) }),
  });

export const useAvatar = (component: MaybeRefOrGetter<string>, appid: MaybeRefOrGetter<string>, has: MaybeRefOrGetter<boolean>): Answer<string | null> =>
  useQuery({
    queryKey: computed(() => keys.avatar(toValue(appid))),
    enabled: () => toValue(has),
    staleTime: Infinity,
    queryFn: () => useHost().call("get_avatar", { component_appid: toValue(component), appid: toValue(appid) }),
  });

export const useTunnels = (): Answer<Tunnel[]> =>
  useQuery({ queryKey: keys.tunnels, refetchInterval: SAFETY_NET_MS, queryFn: () => useHost().call("list_tunnels", {}) });

/** A program that was just installed is found when the person comes back to the window. */
export const useTunnelClients = (): Answer<TunnelClient[]> =>
  useQuery({ queryKey: keys.tunnelClients, staleTime: 0, queryFn: () => useHost().call("list_tunnel_clients", {}) });

export const useTunnelLog = (id: MaybeRefOrGetter<string>): Answer<TunnelLog> =>
  useQuery({
    queryKey: computed(() => keys.tunnelLog(toValue(id))),
    enabled: () => toValue(id) !== "",
    staleTime: 0,
    queryFn: () => useHost().call("tunnel_log", { id: toValue(id) }),
  });

export const useVerificationFiles = (): Answer<VerificationFile[]> => useQuery({ queryKey: keys.files, queryFn: () => useHost().call("list_verification_files", {}) });

export const useCallbackIps = (): Answer<CallbackIps> => useQuery({ queryKey: keys.callbackIps, queryFn: () => useHost().call("callback_ips", {}) });
