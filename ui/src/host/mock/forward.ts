/** Made-up rules, business servers, self-test and release check. */
import { HostError, type CommandName, type Commands } from "../host";
import type { Account } from "../types";

type Name = "list_rules" | "validate_rule" | "save_rule" | "switch_rule" | "move_rule" | "remove_rule" | "test_rules" | "list_targets" | "validate_target" | "save_target" | "switch_target" | "remove_target" | "reveal_target_secret" | "test_target" | "list_deliveries" | "resend_dead" | "drop_dead" | "close_breaker" | "send_made_up" | "release_check" | "switch_release_check" | "start_rehearsal" | "get_crowd" | "set_crowd";
type Answers = { [K in Name & CommandName]: (args: Commands[K]["args"]) => Commands[K]["result"] | Promise<Commands[K]["result"]> };
const later = (): never => {
  throw new HostError({ code: "unavailable", message: "not built yet" });
};

export function forwardAnswers(_mock: { scenario: string; start: number; accounts: () => Account[]; emit: (...tags: string[]) => void }): Answers {
  return {
    list_rules: later,
    validate_rule: later,
    save_rule: later,
    switch_rule: later,
    move_rule: later,
    remove_rule: later,
    test_rules: later,
    list_targets: later,
    validate_target: later,
    save_target: later,
    switch_target: later,
    remove_target: later,
    reveal_target_secret: later,
    test_target: later,
    list_deliveries: later,
    resend_dead: later,
    drop_dead: later,
    close_breaker: later,
    send_made_up: later,
    release_check: later,
    switch_release_check: later,
    start_rehearsal: later,
    get_crowd: later,
    set_crowd: later,
  };
}
