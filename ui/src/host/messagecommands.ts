/**
 * Commands of messages: the inbox, rules, business servers, customer-service messages, the self-test and the release
 * check. Argument names and results as the engine has them. Change tags: `inbox` (a push came or was answered), `rules`,
 * `targets` (settings, queue or health), `release`, `rejections`, `sent:{openid}`.
 */
import type {
  AccountKind,
  Conversation,
  Crowd,
  CustomMessage,
  DeliveryPage,
  DeliveryQuery,
  DeliveryReport,
  ExportedText,
  FieldError,
  InboxFigures,
  InboxQuery,
  MadeUpInput,
  MadeUpReport,
  PushDetail,
  PushExportFormat,
  PushPage,
  Rejections,
  ReleaseCheck,
  ReplayReport,
  ReplayTo,
  RevealedSecret,
  Rule,
  RuleInput,
  RuleSample,
  RuleTrace,
  SentMessage,
  Target,
  TargetInput,
} from "./types";

type Nothing = Record<string, never>;
/** A follower of an account; a directly connected account's component_appid is its own appid. */
type Who = { component_appid: string; appid: string; openid: string };

export interface MessageCommands {
  list_pushes: { args: { query: InboxQuery }; result: PushPage };
  get_push: { args: { id: number }; result: PushDetail };
  /** `xml`: the decrypted documents one after the other. */
  export_pushes: { args: { query: InboxQuery; format: PushExportFormat }; result: ExportedText };
  inbox_figures: { args: Nothing; result: InboxFigures };
  set_inbox_retention: { args: { keep_days: number; keep_mib: number }; result: InboxFigures };
  list_rejections: { args: Nothing; result: Rejections };
  replay_push: { args: { id: number; to: ReplayTo }; result: ReplayReport };
  send_made_up: { args: { input: MadeUpInput }; result: MadeUpReport };

  /** In their order. */
  list_rules: { args: Nothing; result: Rule[] };
  validate_rule: { args: { input: RuleInput }; result: FieldError[] };
  save_rule: { args: { input: RuleInput }; result: Rule };
  switch_rule: { args: { id: number; on: boolean }; result: Rule };
  /** To the place of another; null: to the end. Answers all rules in their new order. */
  move_rule: { args: { id: number; before: number | null }; result: Rule[] };
  remove_rule: { args: { id: number }; result: null };
  test_rules: { args: { sample: RuleSample }; result: RuleTrace };

  list_targets: { args: Nothing; result: Target[] };
  validate_target: { args: { input: TargetInput }; result: FieldError[] };
  save_target: { args: { input: TargetInput }; result: Target };
  switch_target: { args: { id: number; on: boolean }; result: Target };
  /** With its queue, dead letters and log; refused while rules use it. */
  remove_target: { args: { id: number }; result: null };
  reveal_target_secret: { args: { id: number }; result: RevealedSecret };
  /** Sends a made-up text message, marked as a test. */
  test_target: { args: { id: number }; result: DeliveryReport };
  list_deliveries: { args: { query: DeliveryQuery }; result: DeliveryPage };
  /** Dead letters back into the queue; null: all of the target. Answers how many. */
  resend_dead: { args: { target_id: number; ids: number[] | null }; result: number };
  drop_dead: { args: { target_id: number; ids: number[] | null }; result: number };
  /** Ends the pause of a target that failed too often. */
  close_breaker: { args: { id: number }; result: Target };

  get_conversation: { args: Who; result: Conversation };
  send_custom_message: { args: Who & { message: CustomMessage }; result: SentMessage };

  release_check: { args: Nothing; result: ReleaseCheck };
  switch_release_check: { args: { component_appid: string; on: boolean }; result: ReleaseCheck };
  /** Null: one at random, as WeChat does. The sandbox only. */
  start_rehearsal: { args: { set: number | null; kind: AccountKind | null }; result: ReleaseCheck };
  /** Followers of the sandbox: so many messages a minute, 0 for none. */
  get_crowd: { args: Nothing; result: Crowd };
  set_crowd: { args: { per_minute: number }; result: Crowd };
}
