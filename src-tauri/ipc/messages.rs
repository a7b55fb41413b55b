//! Messages: the inbox, rules, business servers, followers, the release check.

use wxdesk_core::dto::{
    AccountKind, Conversation, Crowd, CustomMessage, DeliveryPage, DeliveryQuery, DeliveryReport, ExportedText,
    FieldError, InboxFigures, InboxQuery, MadeUpInput, MadeUpReport, PushDetail, PushExportFormat, PushPage,
    Rejections, ReleaseCheck, ReplayReport, ReplayTo, RevealedSecret, Rule, RuleInput, RuleSample, RuleTrace,
    SentMessage, Target, TargetInput,
};

use super::{Answer, State};

/// A page of the inbox, newest first.
#[tauri::command(rename_all = "snake_case")]
pub async fn list_pushes(desk: State<'_>, query: InboxQuery) -> Answer<PushPage> {
    desk.core().await?.list_pushes(query).await
}

/// A push with everything that is known of it.
#[tauri::command(rename_all = "snake_case")]
pub async fn get_push(desk: State<'_>, id: i64) -> Answer<PushDetail> {
    desk.core().await?.get_push(id).await
}

/// The newest pushes that match, as a file.
#[tauri::command(rename_all = "snake_case")]
pub async fn export_pushes(desk: State<'_>, query: InboxQuery, format: PushExportFormat) -> Answer<ExportedText> {
    desk.core().await?.export_pushes(query, format).await
}

/// The inbox in figures.
#[tauri::command(rename_all = "snake_case")]
pub async fn inbox_figures(desk: State<'_>) -> Answer<InboxFigures> {
    desk.core().await?.inbox_figures().await
}

/// How long pushes are kept.
#[tauri::command(rename_all = "snake_case")]
pub async fn set_inbox_retention(desk: State<'_>, keep_days: u32, keep_mib: u32) -> Answer<InboxFigures> {
    desk.core().await?.set_inbox_retention(keep_days, keep_mib).await
}

/// What was refused at the door.
#[tauri::command(rename_all = "snake_case")]
pub async fn list_rejections(desk: State<'_>) -> Answer<Rejections> {
    desk.core().await?.list_rejections().await
}

/// Sends a stored push again.
#[tauri::command(rename_all = "snake_case")]
pub async fn replay_push(desk: State<'_>, id: i64, to: ReplayTo) -> Answer<ReplayReport> {
    desk.core().await?.replay_push(id, to).await
}

/// Sends a made-up push through the real door.
#[tauri::command(rename_all = "snake_case")]
pub async fn send_made_up(desk: State<'_>, input: MadeUpInput) -> Answer<MadeUpReport> {
    desk.core().await?.send_made_up(input).await
}

/// All rules in their order.
#[tauri::command(rename_all = "snake_case")]
pub async fn list_rules(desk: State<'_>) -> Answer<Vec<Rule>> {
    desk.core().await?.list_rules().await
}

/// What is wrong with a rule.
#[tauri::command(rename_all = "snake_case")]
pub async fn validate_rule(desk: State<'_>, input: RuleInput) -> Answer<Vec<FieldError>> {
    desk.core().await?.validate_rule(input).await
}

/// Makes or changes a rule.
#[tauri::command(rename_all = "snake_case")]
pub async fn save_rule(desk: State<'_>, input: RuleInput) -> Answer<Rule> {
    desk.core().await?.save_rule(input).await
}

/// Switches a rule on or off.
#[tauri::command(rename_all = "snake_case")]
pub async fn switch_rule(desk: State<'_>, id: i64, on: bool) -> Answer<Rule> {
    desk.core().await?.switch_rule(id, on).await
}

/// Moves a rule to the place of another, or to the end.
#[tauri::command(rename_all = "snake_case")]
pub async fn move_rule(desk: State<'_>, id: i64, before: Option<i64>) -> Answer<Vec<Rule>> {
    desk.core().await?.move_rule(id, before).await
}

/// Removes a rule.
#[tauri::command(rename_all = "snake_case")]
pub async fn remove_rule(desk: State<'_>, id: i64) -> Answer<()> {
    desk.core().await?.remove_rule(id).await
}

/// What the rules do with a message.
#[tauri::command(rename_all = "snake_case")]
pub async fn test_rules(desk: State<'_>, sample: RuleSample) -> Answer<RuleTrace> {
    desk.core().await?.test_rules(sample).await
}

/// All business servers.
#[tauri::command(rename_all = "snake_case")]
pub async fn list_targets(desk: State<'_>) -> Answer<Vec<Target>> {
    desk.core().await?.list_targets().await
}

/// What is wrong with a business server.
#[tauri::command(rename_all = "snake_case")]
pub async fn validate_target(desk: State<'_>, input: TargetInput) -> Answer<Vec<FieldError>> {
    desk.core().await?.validate_target(input).await
}

/// Makes or changes a business server.
#[tauri::command(rename_all = "snake_case")]
pub async fn save_target(desk: State<'_>, input: TargetInput) -> Answer<Target> {
    desk.core().await?.save_target(input).await
}

/// Switches a business server on or off.
#[tauri::command(rename_all = "snake_case")]
pub async fn switch_target(desk: State<'_>, id: i64, on: bool) -> Answer<Target> {
    desk.core().await?.switch_target(id, on).await
}

/// Removes a business server with its queue.
#[tauri::command(rename_all = "snake_case")]
pub async fn remove_target(desk: State<'_>, id: i64) -> Answer<()> {
    desk.core().await?.remove_target(id).await
}

/// Shows a business server's secret.
#[tauri::command(rename_all = "snake_case")]
pub async fn reveal_target_secret(desk: State<'_>, id: i64) -> Answer<RevealedSecret> {
    desk.core().await?.reveal_target_secret(id).await
}

/// Sends a made-up message to a business server.
#[tauri::command(rename_all = "snake_case")]
pub async fn test_target(desk: State<'_>, id: i64) -> Answer<DeliveryReport> {
    desk.core().await?.test_target(id).await
}

/// Attempts, or messages that wait or are dead.
#[tauri::command(rename_all = "snake_case")]
pub async fn list_deliveries(desk: State<'_>, query: DeliveryQuery) -> Answer<DeliveryPage> {
    desk.core().await?.list_deliveries(query).await
}

/// Dead letters back into the queue.
#[tauri::command(rename_all = "snake_case")]
pub async fn resend_dead(desk: State<'_>, target_id: i64, ids: Option<Vec<i64>>) -> Answer<i64> {
    desk.core().await?.resend_dead(target_id, ids).await
}

/// Forgets dead letters.
#[tauri::command(rename_all = "snake_case")]
pub async fn drop_dead(desk: State<'_>, target_id: i64, ids: Option<Vec<i64>>) -> Answer<i64> {
    desk.core().await?.drop_dead(target_id, ids).await
}

/// Ends the pause of a business server that failed too often.
#[tauri::command(rename_all = "snake_case")]
pub async fn close_breaker(desk: State<'_>, id: i64) -> Answer<Target> {
    desk.core().await?.close_breaker(id).await
}

/// A follower of an account, as far as the inbox knows him.
#[tauri::command(rename_all = "snake_case")]
pub async fn get_conversation(
    desk: State<'_>,
    component_appid: String,
    appid: String,
    openid: String,
) -> Answer<Conversation> {
    desk.core().await?.get_conversation(&component_appid, &appid, &openid).await
}

/// Sends a customer-service message.
#[tauri::command(rename_all = "snake_case")]
pub async fn send_custom_message(
    desk: State<'_>,
    component_appid: String,
    appid: String,
    openid: String,
    message: CustomMessage,
) -> Answer<SentMessage> {
    desk.core().await?.send_custom_message(&component_appid, &appid, &openid, message).await
}

/// The release check.
#[tauri::command(rename_all = "snake_case")]
pub async fn release_check(desk: State<'_>) -> Answer<ReleaseCheck> {
    desk.core().await?.release_check().await
}

/// Switches a platform's answers to the release check.
#[tauri::command(rename_all = "snake_case")]
pub async fn switch_release_check(desk: State<'_>, component_appid: String, on: bool) -> Answer<ReleaseCheck> {
    desk.core().await?.switch_release_check(&component_appid, on).await
}

/// Starts a rehearsal in the sandbox.
#[tauri::command(rename_all = "snake_case")]
pub async fn start_rehearsal(desk: State<'_>, set: Option<u8>, kind: Option<AccountKind>) -> Answer<ReleaseCheck> {
    desk.core().await?.start_rehearsal(set, kind).await
}

/// Followers of the sandbox.
#[tauri::command(rename_all = "snake_case")]
pub async fn get_crowd(desk: State<'_>) -> Answer<Crowd> {
    desk.core().await?.get_crowd().await
}

/// How much the sandbox's followers write.
#[tauri::command(rename_all = "snake_case")]
pub async fn set_crowd(desk: State<'_>, per_minute: i64) -> Answer<Crowd> {
    desk.core().await?.set_crowd(per_minute).await
}
