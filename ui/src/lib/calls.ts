/** Questions about APIs, quotas, options, token history and bulk jobs; small pure helpers on their answers. */
import { keepPreviousData, useQuery } from "@tanstack/vue-query";
import { computed, toValue, type MaybeRefOrGetter } from "vue";
import { useHost, type AccountOptions, type ApiCall, type ApiCallSettings, type BulkJob, type KnownApi, type QuotaReport, type TokenTimeline } from "@/host";
import type { Tone } from "./health";
import { keys, type Answer } from "./queries";

export const useKnownApis = (): Answer<KnownApi[]> => useQuery({ queryKey: ["known-apis"], staleTime: Infinity, queryFn: () => useHost().call("known_apis", {}) });

export const useCallSettings = (): Answer<ApiCallSettings> => useQuery({ queryKey: ["call-settings"], queryFn: () => useHost().call("get_api_call_settings", {}) });

export const useTimeline = (component: MaybeRefOrGetter<string>, appid: MaybeRefOrGetter<string | null>): Answer<TokenTimeline> =>
  useQuery({ queryKey: computed(() => keys.timeline(toValue(component), toValue(appid))), queryFn: () => useHost().call("token_timeline", { component_appid: toValue(component), appid: toValue(appid) }) });

/** Each answer costs calls to WeChat: only asked when a person looks, and again when they say so. */
export const useQuota = (component: MaybeRefOrGetter<string>, appid: MaybeRefOrGetter<string | null>): Answer<QuotaReport> =>
  useQuery({
    queryKey: computed(() => ["quota", toValue(component), toValue(appid)]),
    enabled: () => toValue(component) !== "",
    staleTime: Infinity,
    refetchOnWindowFocus: false,
    retry: false,
    queryFn: () => useHost().call("get_quota", { component_appid: toValue(component), appid: toValue(appid), cgi_paths: null }),
  });

export const useOptions = (component: MaybeRefOrGetter<string>, appid: MaybeRefOrGetter<string>): Answer<AccountOptions> =>
  useQuery({
    queryKey: computed(() => ["options", toValue(component), toValue(appid)]),
    staleTime: 60_000,
    refetchOnWindowFocus: false,
    retry: false,
    queryFn: () => useHost().call("get_account_options", { component_appid: toValue(component), appid: toValue(appid) }),
  });

export const useAccountQr = (component: MaybeRefOrGetter<string>, appid: MaybeRefOrGetter<string>, known: MaybeRefOrGetter<boolean>): Answer<string | null> =>
  useQuery({
    queryKey: computed(() => ["account-qr", toValue(component), toValue(appid)]),
    enabled: () => toValue(known),
    staleTime: Infinity,
    retry: false,
    queryFn: () => useHost().call("get_account_qr", { component_appid: toValue(component), appid: toValue(appid) }),
  });

/** A lost change tag must not leave a bar standing, ms. */
const BUSY_NET_MS = 2_000;

export const useBulkJobs = (): Answer<BulkJob[]> =>
  useQuery({
    queryKey: keys.bulk,
    placeholderData: keepPreviousData,
    refetchInterval: (query) => (query.state.data?.some((job) => job.state === "running") ? BUSY_NET_MS : false),
    queryFn: () => useHost().call("list_bulk_jobs", {}),
  });

/** How a call ended, as a colour: nothing answered, WeChat refused, or done. */
export function callTone(call: ApiCall): Tone {
  if (call.ok) return "ok";
  return call.errcode === null ? "warn" : "bad";
}

/** Share of a quota that is used, 0–1; null when it is not known. */
export function usedShare(item: { daily_limit: number | null; used: number | null }): number | null {
  if (item.daily_limit === null || item.used === null) return null;
  return item.daily_limit <= 0 ? (item.used > 0 ? 1 : 0) : Math.min(1, Math.max(0, item.used / item.daily_limit));
}

/** From here on a quota wants attention. */
const WARN_SHARE = 0.8;
export function quotaTone(share: number): Tone {
  if (share >= 1) return "bad";
  return share >= WARN_SHARE ? "warn" : "info";
}

/** `0.4%`, `41%`; never 100% before it is, nor 0% after it began. */
export function percent(share: number): string {
  const value = share * 100;
  if (value === 0 || value === 100) return `${value}%`;
  if (value < 1) return `${Math.max(0.1, Math.floor(value * 10) / 10)}%`;
  return `${Math.min(99, Math.floor(value))}%`;
}
