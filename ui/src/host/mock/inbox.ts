/** The made-up inbox. */
import { HostError, type CommandName, type Commands } from "../host";
import type { Account } from "../types";

type Name = "list_pushes" | "get_push" | "export_pushes" | "inbox_figures" | "set_inbox_retention" | "list_rejections" | "replay_push" | "get_conversation" | "send_custom_message";
type Answers = { [K in Name & CommandName]: (args: Commands[K]["args"]) => Commands[K]["result"] | Promise<Commands[K]["result"]> };
const later = (): never => {
  throw new HostError({ code: "unavailable", message: "not built yet" });
};

export function inboxAnswers(_mock: { scenario: string; start: number; accounts: () => Account[]; emit: (...tags: string[]) => void }): Answers {
  return {
    list_pushes: later,
    get_push: later,
    export_pushes: later,
    inbox_figures: later,
    set_inbox_retention: later,
    list_rejections: later,
    replay_push: later,
    get_conversation: later,
    send_custom_message: later,
  };
}
