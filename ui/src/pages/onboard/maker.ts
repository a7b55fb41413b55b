/**
 * The link that the onboard page shows: made of the form at once, kept alive while the page is open. Owns when a link is
 * made and when it is closed. Invariant: at most one link of this page is on screen, the one before is closed unless it
 * was given to somebody, and what leaves the page (`current`) was made of the form as it stands.
 */
import { computed, nextTick, onBeforeUnmount, ref, shallowRef, watch, type ComputedRef, type Ref } from "vue";
import { useHost, type Link, type LinkRequest } from "@/host";
import { engineNow, useNow } from "@/lib/clock";
import { keys, queryClient, useLink } from "@/lib/queries";

/** Choices settle for this long before a link is made of them, ms; each costs a pre-auth code. */
export const SETTLE_MS = 600;
/** Renewed unasked at most this often; pre-auth codes cost quota, and the person may have gone home. */
const MAX_UNASKED = 6;

export interface LinkForm {
  request: () => LinkRequest;
  /** The platform can make links now. */
  ready: () => boolean;
  /** A field breaks a rule: no link can be made of this form. */
  broken: () => boolean;
}
export interface LinkMaker {
  link: ComputedRef<Link | null>;
  making: Ref<boolean>;
  error: Ref<unknown>;
  /** The form asks for something else than the link on screen. */
  behind: ComputedRef<boolean>;
  make: () => Promise<void>;
  /** The link of the form as it stands, waiting for it if need be; null when none can be made. */
  current: () => Promise<Link | null>;
  /** It left this page: somebody may be about to open it, so it stays. */
  give: (id: string) => void;
}

export function useLinkMaker(form: LinkForm): LinkMaker {
  const host = useHost();
  const now = useNow(true);
  const linkId = ref("");
  const making = ref(false);
  const error = ref<unknown>(null);
  const newest = shallowRef<Link | null>(null);
  const query = useLink(linkId);
  const link = computed<Link | null>(() => (linkId.value && query.data.value?.link_id === linkId.value ? query.data.value : null));
  const wanted = computed(() => JSON.stringify(form.request()));
  /** What the link on screen was made of. */
  const madeOf = ref("");
  const behind = computed(() => linkId.value !== "" && madeOf.value !== wanted.value && link.value?.state !== "authorized");
  let unasked = 0;
  let request = 0;
  let timer: ReturnType<typeof setTimeout> | null = null;
  let gone = false;
  let flight: { of: string; done: Promise<void> } | null = null;

  const given = new Set<string>();
  function close(id: string): void {
    if (id && !given.has(id)) void host.call("close_link", { link_id: id }).catch(() => undefined);
  }
  function unschedule(): void {
    if (timer) clearTimeout(timer);
    timer = null;
  }
  async function fetchNew(of: string): Promise<void> {
    request += 1;
    const mine = request;
    const before = linkId.value;
    making.value = true;
    error.value = null;
    try {
      const fresh = await host.call("create_link", { request: JSON.parse(of) as LinkRequest });
      if (mine !== request) return close(fresh.link_id);
      queryClient.setQueryData(keys.link(fresh.link_id), fresh);
      newest.value = fresh;
      madeOf.value = of;
      linkId.value = fresh.link_id;
      close(before);
    } catch (thrown) {
      if (mine === request) {
        error.value = thrown;
        linkId.value = "";
        close(before);
      }
    } finally {
      if (mine === request) {
        making.value = false;
        flight = null;
      }
    }
  }
  function make(asked = true): Promise<void> {
    unschedule();
    if (!form.ready() || form.broken()) return Promise.resolve();
    unasked = asked ? 0 : unasked + 1;
    const of = wanted.value;
    const done = fetchNew(of);
    flight = { of, done };
    return done;
  }
  async function current(): Promise<Link | null> {
    while (behind.value || (linkId.value === "" && flight)) {
      if (gone || !form.ready() || form.broken()) return null;
      await (flight?.of === wanted.value ? flight.done : make());
      if (error.value) return null;
    }
    await nextTick();
    return link.value ?? (newest.value?.link_id === linkId.value ? newest.value : null);
  }

  watch(
    () => [form.ready(), form.request().component_appid, wanted.value] as const,
    (fresh, old) => {
      if (!fresh[0]) {
        // The token may pass through a moment of renewal; the link on screen stays good.
        if (old && fresh[1] !== old[1]) {
          close(linkId.value);
          linkId.value = "";
        }
        return;
      }
      if (link.value?.state === "authorized" && old && fresh[2] === old[2]) return;
      if (old && !old[0] && linkId.value && fresh[1] === old[1] && !behind.value) return;
      unschedule();
      timer = setTimeout(
        () => {
          timer = null;
          // Changed and changed back, or made meanwhile because somebody took the link.
          if (flight?.of === wanted.value || (!flight && linkId.value !== "" && madeOf.value === wanted.value)) return;
          void make();
        },
        old?.[0] ? SETTLE_MS : 0,
      );
    },
    { immediate: true },
  );

  const over = computed(() => link.value !== null && (link.value.state === "expired" || ((link.value.state === "waiting" || link.value.state === "cancelled") && link.value.expires_at <= now.value)));
  watch(over, (is) => {
    if (is && unasked < MAX_UNASKED) void make(false);
  });
  onBeforeUnmount(() => {
    gone = true;
    request += 1;
    unschedule();
    if (link.value && link.value.state === "waiting" && link.value.expires_at > engineNow()) close(linkId.value);
  });

  return { link, making, error, behind, make: () => make(), current, give: (id) => void given.add(id) };
}
