//! Commands of messages: the inbox, rules, business servers, followers, the release check.

mod followers;
mod inbox;
mod release;
mod replay;
mod rules;
mod targets;

use serde::Deserialize;
use serde_json::Value;

use super::{NoArgs, parse, wrap};
use crate::core::Core;
use crate::dto::{
    AccountKind, CustomMessage, DeliveryQuery, InboxQuery, MadeUpInput, PushExportFormat, ReplayTo, RuleInput,
    RuleSample, TargetInput,
};
use crate::error::AppError;

#[derive(Deserialize)]
struct InboxQueryArgs {
    query: InboxQuery,
}
#[derive(Deserialize)]
struct IdArgs {
    id: i64,
}
#[derive(Deserialize)]
struct QueryFormatArgs {
    query: InboxQuery,
    format: PushExportFormat,
}
#[derive(Deserialize)]
struct KeepDaysKeepMibArgs {
    keep_days: u32,
    keep_mib: u32,
}
#[derive(Deserialize)]
struct IdToArgs {
    id: i64,
    to: ReplayTo,
}
#[derive(Deserialize)]
struct MadeUpInputArgs {
    input: MadeUpInput,
}
#[derive(Deserialize)]
struct RuleInputArgs {
    input: RuleInput,
}
#[derive(Deserialize)]
struct IdOnArgs {
    id: i64,
    on: bool,
}
#[derive(Deserialize)]
struct IdBeforeArgs {
    id: i64,
    before: Option<i64>,
}
#[derive(Deserialize)]
struct SampleArgs {
    sample: RuleSample,
}
#[derive(Deserialize)]
struct TargetInputArgs {
    input: TargetInput,
}
#[derive(Deserialize)]
struct DeliveryQueryArgs {
    query: DeliveryQuery,
}
#[derive(Deserialize)]
struct TargetIdIdsArgs {
    target_id: i64,
    ids: Option<Vec<i64>>,
}
#[derive(Deserialize)]
struct ComponentAppidAppidOpenidArgs {
    component_appid: String,
    appid: String,
    openid: String,
}
#[derive(Deserialize)]
struct ComponentAppidAppidOpenidMessageArgs {
    component_appid: String,
    appid: String,
    openid: String,
    message: CustomMessage,
}
#[derive(Deserialize)]
struct ComponentAppidOnArgs {
    component_appid: String,
    on: bool,
}
#[derive(Deserialize)]
struct SetKindArgs {
    set: Option<u8>,
    kind: Option<AccountKind>,
}
#[derive(Deserialize)]
struct PerMinuteArgs {
    per_minute: i64,
}

table! {
    "list_pushes" (a: InboxQueryArgs) => async |c: &Core, a: InboxQueryArgs| c.list_pushes(a.query).await;
    "get_push" (a: IdArgs) => async |c: &Core, a: IdArgs| c.get_push(a.id).await;
    "export_pushes" (a: QueryFormatArgs) => async |c: &Core, a: QueryFormatArgs| c.export_pushes(a.query, a.format).await;
    "inbox_figures" (a: NoArgs) => async |c: &Core, _: NoArgs| c.inbox_figures().await;
    "set_inbox_retention" (a: KeepDaysKeepMibArgs) => async |c: &Core, a: KeepDaysKeepMibArgs| c.set_inbox_retention(a.keep_days, a.keep_mib).await;
    "list_rejections" (a: NoArgs) => async |c: &Core, _: NoArgs| c.list_rejections().await;
    "replay_push" (a: IdToArgs) => async |c: &Core, a: IdToArgs| c.replay_push(a.id, a.to).await;
    "send_made_up" (a: MadeUpInputArgs) => async |c: &Core, a: MadeUpInputArgs| c.send_made_up(a.input).await;
    "list_rules" (a: NoArgs) => async |c: &Core, _: NoArgs| c.list_rules().await;
    "validate_rule" (a: RuleInputArgs) => async |c: &Core, a: RuleInputArgs| c.validate_rule(a.input).await;
    "save_rule" (a: RuleInputArgs) => async |c: &Core, a: RuleInputArgs| c.save_rule(a.input).await;
    "switch_rule" (a: IdOnArgs) => async |c: &Core, a: IdOnArgs| c.switch_rule(a.id, a.on).await;
    "move_rule" (a: IdBeforeArgs) => async |c: &Core, a: IdBeforeArgs| c.move_rule(a.id, a.before).await;
    "remove_rule" (a: IdArgs) => async |c: &Core, a: IdArgs| c.remove_rule(a.id).await;
    "test_rules" (a: SampleArgs) => async |c: &Core, a: SampleArgs| c.test_rules(a.sample).await;
    "list_targets" (a: NoArgs) => async |c: &Core, _: NoArgs| c.list_targets().await;
    "validate_target" (a: TargetInputArgs) => async |c: &Core, a: TargetInputArgs| c.validate_target(a.input).await;
    "save_target" (a: TargetInputArgs) => async |c: &Core, a: TargetInputArgs| c.save_target(a.input).await;
    "switch_target" (a: IdOnArgs) => async |c: &Core, a: IdOnArgs| c.switch_target(a.id, a.on).await;
    "remove_target" (a: IdArgs) => async |c: &Core, a: IdArgs| c.remove_target(a.id).await;
    "reveal_target_secret" (a: IdArgs) => async |c: &Core, a: IdArgs| c.reveal_target_secret(a.id).await;
    "test_target" (a: IdArgs) => async |c: &Core, a: IdArgs| c.test_target(a.id).await;
    "list_deliveries" (a: DeliveryQueryArgs) => async |c: &Core, a: DeliveryQueryArgs| c.list_deliveries(a.query).await;
    "resend_dead" (a: TargetIdIdsArgs) => async |c: &Core, a: TargetIdIdsArgs| c.resend_dead(a.target_id, a.ids).await;
    "drop_dead" (a: TargetIdIdsArgs) => async |c: &Core, a: TargetIdIdsArgs| c.drop_dead(a.target_id, a.ids).await;
    "close_breaker" (a: IdArgs) => async |c: &Core, a: IdArgs| c.close_breaker(a.id).await;
    "get_conversation" (a: ComponentAppidAppidOpenidArgs) => async |c: &Core, a: ComponentAppidAppidOpenidArgs| c.get_conversation(&a.component_appid, &a.appid, &a.openid).await;
    "send_custom_message" (a: ComponentAppidAppidOpenidMessageArgs) => async |c: &Core, a: ComponentAppidAppidOpenidMessageArgs| c.send_custom_message(&a.component_appid, &a.appid, &a.openid, a.message).await;
    "release_check" (a: NoArgs) => async |c: &Core, _: NoArgs| c.release_check().await;
    "switch_release_check" (a: ComponentAppidOnArgs) => async |c: &Core, a: ComponentAppidOnArgs| c.switch_release_check(&a.component_appid, a.on).await;
    "start_rehearsal" (a: SetKindArgs) => async |c: &Core, a: SetKindArgs| c.start_rehearsal(a.set, a.kind).await;
    "get_crowd" (a: NoArgs) => async |c: &Core, _: NoArgs| c.get_crowd().await;
    "set_crowd" (a: PerMinuteArgs) => async |c: &Core, a: PerMinuteArgs| c.set_crowd(a.per_minute).await;
}
