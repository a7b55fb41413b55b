/**
 * What pushes, their answers and conversations mean to a person, and the questions about them. Pure but for the
 * `use…` ones.
 */
import { useQuery } from "@tanstack/vue-query";
import { computed, onBeforeUnmount, onMounted, toValue, type MaybeRefOrGetter, type Ref } from "vue";
import { useHost, type Conversation, type InboxFigures, type PushAnswer, type PushCheckName, type PushDetail, type PushItem, type Rejections, type SendWindow, type Verdict } from "@/host";
import type { Tone } from "./health";
import { engineNow } from "./clock";
import { inboxChanges, keys, type Answer } from "./queries";

/** `InfoType`s of a platform's events, as WeChat writes them. */
export const INFO_TYPES = [
  "component_verify_ticket", "authorized", "updateauthorized", "unauthorized", "notify_third_fasteregister", "notify_third_fastregisterbetaapp", "notify_third_fastverifybetaapp", "notify_3rd_wxa_auth", "notify_3rd_wxa_wxverify",
  "notify_icpfiling_verify_result", "notify_apply_icpfiling_result", "order_path_apply_result_notify", "order_path_audit_result_notify",
] as const;

/** An answer is noted a moment after it was given: until this age nobody need worry that it is not known, ms. */
const NOTED_MS = 20_000;
/** So long after that it is looked for, ms: no change tells it. */
export const NOTING_MS = 5_000;
export const isNoting = (item: Pick<PushItem, "answer" | "received_at">, now: number): boolean => item.answer === "unknown" && now - item.received_at < NOTED_MS;
export type ShownAnswer = PushAnswer | "pending";
export const shownAnswer = (item: Pick<PushItem, "answer" | "received_at">, now: Readonly<Ref<number>>): ShownAnswer => (item.answer === "unknown" && isNoting(item, now.value) ? "pending" : item.answer);
export const ANSWER_TONE: Record<ShownAnswer, Tone> = { pending: "idle", success: "idle", empty: "idle", rule: "ok", target: "ok", target_failed: "warn", menu: "ok", release: "info", time_over: "bad", unknown: "idle" };
export const VERDICT_TONE: Record<Verdict, Tone> = { ok: "ok", warning: "warn", failed: "bad", unknown: "idle" };
export const CHECKS: PushCheckName[] = ["signature", "decrypt", "appid", "parsed", "repeats", "account", "answer"];

/** From here on an answer is slow, and beyond this it was too late, ms. */
export const SLOW_MS = 1_000;
export const BUDGET_MS = 4_500;
/** Null where it needs no mention. */
export const tookTone = (ms: number | null): Tone | null => (ms === null || ms < SLOW_MS ? null : ms >= BUDGET_MS ? "bad" : "warn");

/** As WeChat writes it: `Event` or `InfoType`, else `MsgType`. */
export const rawKind = (item: Pick<PushItem, "msg_type" | "event">): string => item.event ?? item.msg_type;

/** Enough of an openid to tell followers apart: what differs is at its end. */
export const shortOpenid = (openid: string): string => (openid.length <= 12 ? openid : `${openid.slice(0, 4)}…${openid.slice(-5)}`);

/** `980 KB`, `12.4 MB`, `3.2 GB`: binary multiples, as files are shown elsewhere. */
export function volume(bytes: number): string {
  const units = ["KB", "MB", "GB", "TB"];
  if (bytes < 1024) return `${bytes} B`;
  let size = bytes / 1024;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${size < 10 && size % 1 !== 0 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`;
}

/** Windows in which something can still be sent, the one with the most time last out of them first. */
export const openWindows = (windows: readonly SendWindow[], now: number): SendWindow[] => windows.filter((window) => window.until > now).sort((a, b) => b.until - a.until);
export const leftIn = (window: Pick<SendWindow, "allowed" | "used">): number => Math.max(0, window.allowed - window.used);
/** Whether WeChat would take a message now, as far as is known: null when more may be open than is shown. */
export function maySend(conversation: Pick<Conversation, "windows" | "partial" | "barred">, now: number): boolean | null {
  if (conversation.barred) return false;
  if (openWindows(conversation.windows, now).some((window) => leftIn(window) > 0)) return true;
  return conversation.partial ? null : false;
}

/** The same pushes in one order, the oldest first, his and ours. */
export type Line = { at: number; key: string } & ({ from: "him"; push: PushItem } | { from: "us"; sent: Conversation["sent"][number] });
export function lines(conversation: Pick<Conversation, "pushes" | "sent">): Line[] {
  const his = conversation.pushes.map((push): Line => ({ from: "him", at: push.received_at, key: `p${push.id}`, push }));
  const ours = conversation.sent.map((sent): Line => ({ from: "us", at: sent.at, key: `s${sent.id}`, sent }));
  return [...his, ...ours].sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1));
}

/** Calls back after pushes came or were answered, at most once in so many ms; the last change is never lost. */
export function onInbox(run: () => void, everyMs: number): void {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const changed = (): void => {
    timer ??= setTimeout(() => {
      timer = null;
      run();
    }, everyMs);
  };
  onMounted(() => inboxChanges.addEventListener("change", changed));
  onBeforeUnmount(() => {
    inboxChanges.removeEventListener("change", changed);
    if (timer) clearTimeout(timer);
  });
}

/** Figures and conversations follow at this pace, ms. */
const FIGURES_MS = 5_000;
const TALK_MS = 1_000;
/** Before this age an answer, a repeat or a delivery may still come, ms. */
const YOUNG_MS = 60_000;

export function useInboxFigures(): Answer<InboxFigures> {
  const answer = useQuery({ queryKey: keys.inboxFigures, queryFn: () => useHost().call("inbox_figures", {}) });
  onInbox(() => void answer.refetch(), FIGURES_MS);
  return answer;
}

export const useRejections = (): Answer<Rejections> => useQuery({ queryKey: keys.rejections, queryFn: () => useHost().call("list_rejections", {}) });

export function usePush(id: MaybeRefOrGetter<number>): Answer<PushDetail> {
  const answer = useQuery({
    queryKey: computed(() => keys.push(toValue(id))),
    refetchInterval: ({ state }) => (state.data && isNoting(state.data.item, engineNow()) ? NOTING_MS : false),
    queryFn: () => useHost().call("get_push", { id: toValue(id) }),
  });
  onInbox(() => {
    const push = answer.data.value;
    if (push && (Date.now() - push.item.received_at < YOUNG_MS || push.deliveries.some((one) => one.state === "waiting"))) void answer.refetch();
  }, 2 * TALK_MS);
  return answer;
}

/** `still`: somebody else on the page keeps it up to date. */
export function useConversation(who: MaybeRefOrGetter<{ component_appid: string; appid: string; openid: string }>, still = false): Answer<Conversation> {
  const answer = useQuery({
    queryKey: computed(() => keys.conversation(toValue(who).component_appid, toValue(who).appid, toValue(who).openid)),
    queryFn: () => useHost().call("get_conversation", toValue(who)),
  });
  if (!still) onInbox(() => void answer.refetch(), TALK_MS);
  return answer;
}
