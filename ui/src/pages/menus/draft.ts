/**
 * The autosaved draft of one account: what is on screen, what the engine has, and the way between them. Owns the timer
 * and the revision. Invariant: at most one save is under way, and what was typed meanwhile is saved after it.
 */
import { onBeforeUnmount, ref, shallowRef, type Ref, type ShallowRef } from "vue";
import { useHost, type MenuCheck, type MenuDraft, type MenuSet, type MenuState } from "@/host";
import { errorBody } from "@/lib/errors";

export type SaveState = "never" | "saved" | "unsaved" | "saving" | "failed" | "conflict";
export interface Whose {
  component_appid: string;
  appid: string;
}
export interface DraftSaving {
  set: ShallowRef<MenuSet>;
  state: Ref<SaveState>;
  savedAt: Ref<number | null>;
  revision: Ref<number>;
  error: ShallowRef<unknown>;
  check: ShallowRef<MenuCheck>;
  /** The last check could not be made: `check` is of an earlier set. */
  unchecked: Ref<boolean>;
  /** The draft that was saved elsewhere meanwhile. */
  theirs: ShallowRef<MenuDraft | null>;
  change: (set: MenuSet) => void;
  /** Saves what is unsaved and waits for it. False when it could not. */
  flush: () => Promise<boolean>;
  /** The engine's state came anew. */
  receive: (fresh: MenuState) => void;
  takeMine: () => Promise<void>;
  takeTheirs: () => void;
}

/** Typing rests for this long before a draft is saved, and before it is checked, ms. */
const SAVE_MS = 800;
const CHECK_MS = 150;

export function useDraft(whose: Whose): DraftSaving {
  const set = shallowRef<MenuSet>({ button: [], conditional: [], replies: [] });
  const state = ref<SaveState>("never");
  const savedAt = ref<number | null>(null);
  const revision = ref(0);
  const error = shallowRef<unknown>(null);
  const check = shallowRef<MenuCheck>({ findings: [], conditional_domains: [] });
  const unchecked = ref(false);
  const theirs = shallowRef<MenuDraft | null>(null);
  let saveTimer: ReturnType<typeof setTimeout> | null = null;
  let checkTimer: ReturnType<typeof setTimeout> | null = null;
  let running: Promise<void> | null = null;
  let loaded = false;
  let asked = 0;
  let gone = false;

  const isCurrent = (): boolean => state.value === "saved" || state.value === "never";
  function recheck(wait: number): void {
    if (checkTimer) clearTimeout(checkTimer);
    checkTimer = setTimeout(async () => {
      const mine = (asked += 1);
      try {
        const answer = await useHost().call("check_menu", { ...whose, set: set.value });
        if (mine !== asked || gone) return;
        check.value = answer;
        unchecked.value = false;
      } catch {
        // The last findings stay, as what they are; publishing checks again.
        if (mine === asked) unchecked.value = true;
      }
    }, wait);
  }
  async function save(): Promise<void> {
    const sending = set.value;
    state.value = "saving";
    try {
      const saved = await useHost().call("save_menu_draft", { ...whose, set: sending, base_revision: revision.value });
      revision.value = saved.revision;
      savedAt.value = saved.saved_at;
      error.value = null;
      // The engine is there again: what could not be checked before can be now.
      if (unchecked.value && !gone) recheck(0);
      state.value = set.value === sending ? "saved" : "unsaved";
    } catch (thrown) {
      error.value = thrown;
      if ((errorBody(thrown).code as string) === "conflict") {
        state.value = "conflict";
        try {
          theirs.value = (await useHost().call("menu_state", whose)).draft;
        } catch {
          state.value = "failed";
        }
      } else state.value = "failed";
    }
  }
  async function flush(): Promise<boolean> {
    if (saveTimer) clearTimeout(saveTimer);
    saveTimer = null;
    while (!gone || state.value === "unsaved") {
      if (running) await running;
      else if (state.value === "unsaved" || state.value === "failed") {
        running = save().finally(() => (running = null));
        await running;
        if ((state.value as SaveState) === "failed") return false;
      } else break;
    }
    return isCurrent();
  }
  function later(): void {
    if (saveTimer) clearTimeout(saveTimer);
    saveTimer = setTimeout(() => void flush(), SAVE_MS);
  }
  // A window that closes, or a phone that puts the page away, does not wait for the timer.
  const hide = (): void => void (state.value === "unsaved" && flush());
  window.addEventListener("pagehide", hide);
  onBeforeUnmount(() => {
    window.removeEventListener("pagehide", hide);
    // Leaving saves what is not saved yet; there is no question to ask.
    gone = true;
    if (checkTimer) clearTimeout(checkTimer);
    if (saveTimer) clearTimeout(saveTimer);
    if (state.value === "unsaved" || state.value === "failed") void save();
  });
  function take(draft: MenuDraft): void {
    set.value = draft.set;
    revision.value = draft.revision;
    savedAt.value = draft.saved_at;
    state.value = draft.revision === 0 ? "never" : "saved";
    theirs.value = null;
    recheck(0);
  }

  return {
    set,
    state,
    savedAt,
    revision,
    error,
    check,
    unchecked,
    theirs,
    change(next) {
      set.value = next;
      if (state.value !== "saving" && state.value !== "conflict") state.value = "unsaved";
      recheck(CHECK_MS);
      if (state.value !== "conflict") later();
    },
    flush,
    receive(fresh) {
      // Our own save comes back as a change as well; what is being typed is never replaced under the hands.
      if (loaded && (!isCurrent() || fresh.draft.revision <= revision.value)) return;
      loaded = true;
      take(fresh.draft);
    },
    async takeMine() {
      if (!theirs.value) return;
      revision.value = theirs.value.revision;
      theirs.value = null;
      state.value = "unsaved";
      await flush();
    },
    takeTheirs() {
      if (theirs.value) take(theirs.value);
    },
  };
}
