//! What operators and their servers can do: every method here is reachable from the window, the daemon's HTTP, or both.
//!
//! Owns no state. A command checks its input, reads the mirror or writes the store, and answers a document.

#[macro_use]
mod table;

mod accounts;
mod app;
mod bulk;
mod calls;
mod details;
mod egress;
mod files;
mod js_sdk;
mod life;
pub mod links;
pub(crate) mod menu_templates;
mod menus;
mod messages;
mod oauth;
mod oauth_users;
mod options;
mod overview;
mod own;
mod platforms;
mod poster;
mod quota;
mod scene_codes;
mod takeover;
mod tenants;
#[cfg(test)]
mod tests;
mod timeline;
mod tokens;
mod trial;
mod tunnels;
#[cfg(test)]
mod work_tests;

pub(crate) use calls::{both, code, errcode_words, stamp};
use js_sdk::{CheckPageArgs, SignArgs, TicketArgs, TicketSwitchArgs};
pub use menus::PublishedMenu;
use scene_codes::{RowArgs, SceneInputArgs, SceneNameArgs, SceneQueryArgs};
use trial::{TrialArgs, TrialsArgs};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::core::Core;
use crate::dto::{
    AccountQuery, ApiCallQuery, BulkRequest, ClearMethod, Endpoints, ErrorCode, ExportFormat, LinkKind, LinkQuery,
    LinkRequest, MenuSet, MenuSource, MenuTemplate, OauthLinkRequest, OauthRouteInput, OauthUserQuery, OptionName,
    OwnAccountInput, OwnSecretField, PlatformInput, PosterLanguage, ReconcileChoices, SecretField, TakeoverRules,
    TemplateRequest, TunnelInput,
};
use crate::error::AppError;

#[derive(Deserialize)]
struct NoArgs {}
#[derive(Deserialize)]
struct PlatformArgs {
    component_appid: String,
}
#[derive(Deserialize)]
struct AccountArgs {
    component_appid: String,
    appid: String,
}
#[derive(Deserialize)]
struct LinkArgs {
    link_id: String,
}
#[derive(Deserialize)]
struct InputArgs {
    input: PlatformInput,
}
#[derive(Deserialize)]
struct RevealArgs {
    component_appid: String,
    field: SecretField,
}
#[derive(Deserialize)]
struct AppidArgs {
    appid: String,
}
#[derive(Deserialize)]
struct OwnInputArgs {
    input: OwnAccountInput,
}
#[derive(Deserialize)]
struct OwnRevealArgs {
    appid: String,
    field: OwnSecretField,
}
#[derive(Deserialize)]
struct UrlArgs {
    public_base_url: String,
}
#[derive(Deserialize)]
struct AddressArgs {
    address: Option<std::net::SocketAddr>,
}
#[derive(Deserialize)]
struct PreviewArgs {
    component_appid: String,
    public_base_url: String,
}
#[derive(Deserialize)]
struct QueryArgs {
    query: AccountQuery,
}
#[derive(Deserialize)]
struct RequestArgs {
    request: LinkRequest,
}
#[derive(Deserialize)]
struct MaybePlatformArgs {
    component_appid: Option<String>,
}
#[derive(Deserialize)]
struct AttemptsArgs {
    component_appid: String,
    appid: Option<String>,
}
#[derive(Deserialize)]
struct TunnelArgs {
    input: TunnelInput,
}
#[derive(Deserialize)]
struct TakeoverArgs {
    component_appid: String,
    rules: TakeoverRules,
}
#[derive(Deserialize)]
struct TakeoverPreviewArgs {
    component_appid: String,
    appid: String,
    rules: Option<TakeoverRules>,
}
#[derive(Deserialize)]
struct TemplateArgs {
    template: MenuTemplate,
}
#[derive(Deserialize)]
struct TemplateRequestArgs {
    request: TemplateRequest,
}
#[derive(Deserialize)]
struct IdArgs {
    id: String,
}

#[derive(Deserialize)]
struct FileArgs {
    name: String,
    content_base64: String,
}
#[derive(Deserialize)]
struct NameArgs {
    name: String,
}
#[derive(Deserialize)]
struct EgressArgs {
    component_appid: String,
    endpoints: Option<Endpoints>,
    outbound_proxy: Option<String>,
}
#[derive(Deserialize)]
struct SwitchArgs {
    on: bool,
}

#[derive(Deserialize)]
struct LinkQueryArgs {
    query: LinkQuery,
}
#[derive(Deserialize)]
struct CloneArgs {
    link_id: String,
    #[serde(default)]
    kind: Option<LinkKind>,
}
#[derive(Deserialize)]
struct PosterArgs {
    link_id: String,
    #[serde(default)]
    lang: PosterLanguage,
    #[serde(default)]
    tz_offset_minutes: Option<i32>,
}
#[derive(Deserialize)]
struct RenameArgs {
    name: String,
    new_name: String,
}
#[derive(Deserialize)]
struct TenantArgs {
    component_appid: String,
    appids: Vec<String>,
    tenant: Option<String>,
}
#[derive(Deserialize)]
struct NoteArgs {
    component_appid: String,
    appid: String,
    note: String,
}
#[derive(Deserialize)]
struct TagsArgs {
    component_appid: String,
    appid: String,
    tags: Vec<String>,
}
#[derive(Deserialize)]
struct ChangeTagsArgs {
    component_appid: String,
    appids: Vec<String>,
    #[serde(default)]
    add: Vec<String>,
    #[serde(default)]
    remove: Vec<String>,
}
#[derive(Deserialize)]
struct HistoryArgs {
    component_appid: String,
    appid: String,
    before: Option<i64>,
}
#[derive(Deserialize)]
struct ReconcileArgs {
    component_appid: String,
    preview_id: String,
    choices: ReconcileChoices,
}
#[derive(Deserialize)]
struct SubjectArgs {
    component_appid: String,
    appid: Option<String>,
}
#[derive(Deserialize)]
struct OptionArgs {
    component_appid: String,
    appid: String,
    name: OptionName,
    value: String,
}
#[derive(Deserialize)]
struct QuotaArgs {
    component_appid: String,
    appid: Option<String>,
    cgi_paths: Option<Vec<String>>,
}
#[derive(Deserialize)]
struct ClearArgs {
    component_appid: String,
    appid: Option<String>,
    method: ClearMethod,
}
#[derive(Deserialize)]
struct ClearApiArgs {
    component_appid: String,
    appid: Option<String>,
    cgi_path: String,
}
#[derive(Deserialize)]
struct RidArgs {
    rid: String,
    component_appid: Option<String>,
    appid: Option<String>,
}
#[derive(Deserialize)]
struct CallsArgs {
    query: ApiCallQuery,
}
#[derive(Deserialize)]
struct ExportCallsArgs {
    query: ApiCallQuery,
    format: ExportFormat,
}
#[derive(Deserialize)]
struct DaysArgs {
    days: u32,
}
#[derive(Deserialize)]
struct CodeArgs {
    code: i64,
}
#[derive(Deserialize)]
struct BulkArgs {
    request: BulkRequest,
}
#[derive(Deserialize)]
struct JobArgs {
    id: String,
    after: Option<i64>,
}
#[derive(Deserialize)]
struct ReportArgs {
    id: String,
    format: ExportFormat,
}
#[derive(Deserialize)]
struct MenuSetArgs {
    component_appid: String,
    appid: String,
    set: MenuSet,
}
#[derive(Deserialize)]
struct MenuDraftArgs {
    component_appid: String,
    appid: String,
    set: MenuSet,
    base_revision: i64,
}
#[derive(Deserialize)]
struct MenuSourceArgs {
    component_appid: String,
    appid: String,
    source: MenuSource,
}
#[derive(Deserialize)]
struct MenuDiffArgs {
    left: MenuSet,
    right: MenuSet,
}
#[derive(Deserialize)]
struct MenuPublishArgs {
    component_appid: String,
    appid: String,
    revision: i64,
}
#[derive(Deserialize)]
struct MenuResumeArgs {
    component_appid: String,
    appid: String,
    version_id: i64,
}
#[derive(Deserialize)]
struct MenuVersionsArgs {
    component_appid: String,
    appid: String,
    #[serde(default)]
    before: Option<i64>,
    #[serde(default)]
    limit: Option<i64>,
}
#[derive(Deserialize)]
struct MenuVersionArgs {
    component_appid: String,
    appid: String,
    id: i64,
}
#[derive(Deserialize)]
struct MenuMatchArgs {
    component_appid: String,
    appid: String,
    user_id: String,
}

#[derive(Deserialize)]
struct OauthLinkArgs {
    request: OauthLinkRequest,
}
#[derive(Deserialize)]
struct OauthLinksArgs {
    component_appid: Option<String>,
    appid: Option<String>,
}
#[derive(Deserialize)]
struct StateArgs {
    state: String,
}
#[derive(Deserialize)]
struct OauthUsersArgs {
    query: OauthUserQuery,
}
#[derive(Deserialize)]
struct OauthRouteArgs {
    input: OauthRouteInput,
}
#[derive(Deserialize)]
struct MiniLoginArgs {
    component_appid: String,
    appid: String,
    js_code: String,
}

/// Who publishes, when a person at the pages does.
pub const WINDOW: &str = "window";

fn parse<T: DeserializeOwned>(args: Value) -> Result<T, AppError> {
    serde_json::from_value(args).map_err(|e| bad_json(&e))
}

/// A document of the wrong shape, in serde's words without the value that serde quotes: it may be a secret that was
/// put into the wrong field.
pub(crate) fn bad_json(e: &serde_json::Error) -> AppError {
    let text = e.to_string();
    let quotes_a_value =
        ["invalid type", "invalid value", "invalid length", "unknown variant"].iter().any(|p| text.starts_with(p));
    let words = match text.rfind(", expected ") {
        Some(at) if quotes_a_value => text[at + 2..].to_owned(),
        _ if quotes_a_value => format!("a value of the wrong kind at line {} column {}", e.line(), e.column()),
        _ => text,
    };
    AppError::invalid_field("body", "json", &words, "请求内容不是要求的 JSON")
}

fn wrap<T: serde::Serialize>(value: T) -> Result<Value, AppError> {
    serde_json::to_value(value).map_err(|e| AppError::new(ErrorCode::Internal, e.to_string()))
}

/// Names of all commands that both hosts offer.
#[must_use]
pub fn names() -> Vec<&'static str> {
    NAMES.iter().chain(messages::NAMES).copied().collect()
}

/// Runs a command by name with a JSON object of arguments: how a browser asks the daemon.
///
/// # Errors
/// The command's own; `NotFound` for an unknown name, `InvalidInput` for bad arguments.
pub async fn dispatch(core: &Core, name: &str, args: Value) -> Result<Value, AppError> {
    // Boxed: a command's future is as large as the largest of its table.
    if messages::NAMES.contains(&name) {
        Box::pin(messages::run(core, name, args)).await
    } else {
        Box::pin(run(core, name, args)).await
    }
}

table! {
    "app_info" (a: NoArgs) => async |c: &Core, _: NoArgs| Ok::<_, AppError>(c.app_info());
    "overview" (a: NoArgs) => async |c: &Core, _: NoArgs| c.overview().await;
    "check_door" (a: UrlArgs) => async |c: &Core, a: UrlArgs| crate::check::run(c, &a.public_base_url).await;
    "restart_listener" (a: AddressArgs) => async |c: &Core, a: AddressArgs| c.restart_listener(a.address).await;
    "dismiss_notice" (a: IdArgs) => async |c: &Core, a: IdArgs| c.dismiss_notice(a.id).await;
    "list_verification_files" (a: NoArgs) => async |c: &Core, _: NoArgs| c.list_verification_files().await;
    "add_verification_file" (a: FileArgs) => async |c: &Core, a: FileArgs| c.add_verification_file_base64(&a.name, &a.content_base64).await;
    "remove_verification_file" (a: NameArgs) => async |c: &Core, a: NameArgs| c.remove_verification_file(&a.name).await;
    "test_egress" (a: EgressArgs) => async |c: &Core, a: EgressArgs| c.test_egress(&a.component_appid, a.endpoints, a.outbound_proxy).await;
    "callback_ips" (a: NoArgs) => async |c: &Core, _: NoArgs| Ok::<_, AppError>(c.callback_ips());
    "refresh_callback_ips" (a: NoArgs) => async |c: &Core, _: NoArgs| c.refresh_callback_ips().await;
    "set_callback_allow_only" (a: SwitchArgs) => async |c: &Core, a: SwitchArgs| c.set_callback_allow_only(a.on).await;
    "list_platforms" (a: NoArgs) => async |c: &Core, _: NoArgs| Ok::<_, AppError>(c.list_platforms());
    "get_platform" (a: PlatformArgs) => async |c: &Core, a: PlatformArgs| c.get_platform(&a.component_appid);
    "validate_platform" (a: InputArgs) => async |c: &Core, a: InputArgs| Ok::<_, AppError>(c.validate_platform(&a.input));
    "save_platform" (a: InputArgs) => async |c: &Core, a: InputArgs| c.save_platform(a.input).await;
    "remove_platform" (a: PlatformArgs) => async |c: &Core, a: PlatformArgs| c.remove_platform(&a.component_appid).await;
    "reveal_platform_secret" (a: RevealArgs) => async |c: &Core, a: RevealArgs| c.reveal_platform_secret(&a.component_appid, a.field);
    "start_ticket_push" (a: PlatformArgs) => async |c: &Core, a: PlatformArgs| c.start_ticket_push(&a.component_appid).await;
    "refresh_component" (a: PlatformArgs) => async |c: &Core, a: PlatformArgs| c.refresh_component(&a.component_appid).await;
    "preview_callback_urls" (a: PreviewArgs) => async |_: &Core, a: PreviewArgs| Ok::<_, AppError>(Core::preview_callback_urls(&a.component_appid, &a.public_base_url));
    "generate_verify_token" (a: NoArgs) => async |_: &Core, _: NoArgs| Core::generate_verify_token();
    "generate_encoding_aes_key" (a: NoArgs) => async |_: &Core, _: NoArgs| Core::generate_encoding_aes_key();
    "list_own_accounts" (a: NoArgs) => async |c: &Core, _: NoArgs| c.list_own_accounts().await;
    "get_own_account" (a: AppidArgs) => async |c: &Core, a: AppidArgs| c.get_own_account(&a.appid).await;
    "validate_own_account" (a: OwnInputArgs) => async |c: &Core, a: OwnInputArgs| Ok::<_, AppError>(c.validate_own_account(&a.input));
    "save_own_account" (a: OwnInputArgs) => async |c: &Core, a: OwnInputArgs| c.save_own_account(a.input).await;
    "remove_own_account" (a: AppidArgs) => async |c: &Core, a: AppidArgs| c.remove_own_account(&a.appid).await;
    "reveal_own_secret" (a: OwnRevealArgs) => async |c: &Core, a: OwnRevealArgs| c.reveal_own_secret(&a.appid, a.field);
    "force_own_token" (a: AppidArgs) => async |c: &Core, a: AppidArgs| c.force_own_token(&a.appid).await;
    "list_url_verifications" (a: AppidArgs) => async |c: &Core, a: AppidArgs| c.list_url_verifications(&a.appid);
    "list_accounts" (a: QueryArgs) => async |c: &Core, a: QueryArgs| c.list_accounts(&a.query);
    "get_account" (a: AccountArgs) => async |c: &Core, a: AccountArgs| c.get_account(&a.component_appid, &a.appid).await;
    "refresh_account" (a: AccountArgs) => async |c: &Core, a: AccountArgs| c.refresh_account(&a.component_appid, &a.appid).await;
    "refresh_details" (a: AccountArgs) => async |c: &Core, a: AccountArgs| c.refresh_details(&a.component_appid, &a.appid).await;
    "reveal_token" (a: AccountArgs) => async |c: &Core, a: AccountArgs| c.reveal_token(&a.component_appid, &a.appid);
    "get_avatar" (a: AccountArgs) => async |c: &Core, a: AccountArgs| c.get_avatar(&a.component_appid, &a.appid).await;
    "permission_sets" (a: NoArgs) => async |_: &Core, _: NoArgs| Ok::<_, AppError>(Core::permission_sets());
    "create_link" (a: RequestArgs) => async |c: &Core, a: RequestArgs| c.create_link(a.request).await;
    "get_link" (a: LinkArgs) => async |c: &Core, a: LinkArgs| c.get_link(&a.link_id).await;
    "clone_link" (a: CloneArgs) => async |c: &Core, a: CloneArgs| c.clone_link(&a.link_id, a.kind).await;
    "list_links" (a: LinkQueryArgs) => async |c: &Core, a: LinkQueryArgs| c.list_links(&a.query).await;
    "link_poster_svg" (a: PosterArgs) => async |c: &Core, a: PosterArgs| c.link_poster_svg(&a.link_id, a.lang, a.tz_offset_minutes).await;
    "link_qr_png" (a: LinkArgs) => async |c: &Core, a: LinkArgs| c.link_qr_png(&a.link_id).await;
    "end_link" (a: LinkArgs) => async |c: &Core, a: LinkArgs| c.end_link(&a.link_id).await;
    "close_link" (a: LinkArgs) => async |c: &Core, a: LinkArgs| c.close_link(&a.link_id).await;
    "list_tenants" (a: MaybePlatformArgs) => async |c: &Core, a: MaybePlatformArgs| c.list_tenants(a.component_appid.as_deref()).await;
    "create_tenant" (a: NameArgs) => async |c: &Core, a: NameArgs| c.create_tenant(&a.name).await;
    "rename_tenant" (a: RenameArgs) => async |c: &Core, a: RenameArgs| c.rename_tenant(&a.name, &a.new_name).await;
    "archive_tenant" (a: NameArgs) => async |c: &Core, a: NameArgs| c.archive_tenant(&a.name).await;
    "unarchive_tenant" (a: NameArgs) => async |c: &Core, a: NameArgs| c.unarchive_tenant(&a.name).await;
    "set_account_tenant" (a: TenantArgs) => async |c: &Core, a: TenantArgs| c.set_account_tenant(&a.component_appid, &a.appids, a.tenant.as_deref()).await;
    "set_account_note" (a: NoteArgs) => async |c: &Core, a: NoteArgs| c.set_account_note(&a.component_appid, &a.appid, &a.note).await;
    "set_account_tags" (a: TagsArgs) => async |c: &Core, a: TagsArgs| c.set_account_tags(&a.component_appid, &a.appid, &a.tags).await;
    "change_account_tags" (a: ChangeTagsArgs) => async |c: &Core, a: ChangeTagsArgs| c.change_account_tags(&a.component_appid, &a.appids, &a.add, &a.remove).await;
    "list_tags" (a: MaybePlatformArgs) => async |c: &Core, a: MaybePlatformArgs| c.list_tags(a.component_appid.as_deref());
    "remove_account" (a: AccountArgs) => async |c: &Core, a: AccountArgs| c.remove_account(&a.component_appid, &a.appid).await;
    "restore_account" (a: AccountArgs) => async |c: &Core, a: AccountArgs| c.restore_account(&a.component_appid, &a.appid).await;
    "list_account_history" (a: HistoryArgs) => async |c: &Core, a: HistoryArgs| c.list_account_history(&a.component_appid, &a.appid, a.before).await;
    "reconcile_preview" (a: PlatformArgs) => async |c: &Core, a: PlatformArgs| c.reconcile_preview(&a.component_appid).await;
    "reconcile_apply" (a: ReconcileArgs) => async |c: &Core, a: ReconcileArgs| c.reconcile_apply(&a.component_appid, &a.preview_id, a.choices).await;
    "reconcile_progress" (a: PlatformArgs) => async |c: &Core, a: PlatformArgs| c.reconcile_progress(&a.component_appid);
    "reconcile_cancel" (a: PlatformArgs) => async |c: &Core, a: PlatformArgs| c.reconcile_cancel(&a.component_appid);
    "list_tunnel_clients" (a: NoArgs) => async |c: &Core, _: NoArgs| c.list_tunnel_clients().await;
    "list_tunnels" (a: NoArgs) => async |c: &Core, _: NoArgs| c.list_tunnels().await;
    "save_tunnel" (a: TunnelArgs) => async |c: &Core, a: TunnelArgs| c.save_tunnel(a.input).await;
    "remove_tunnel" (a: IdArgs) => async |c: &Core, a: IdArgs| c.remove_tunnel(&a.id).await;
    "start_tunnel" (a: IdArgs) => async |c: &Core, a: IdArgs| c.start_tunnel(&a.id).await;
    "stop_tunnel" (a: IdArgs) => async |c: &Core, a: IdArgs| c.stop_tunnel(&a.id).await;
    "tunnel_log" (a: IdArgs) => async |c: &Core, a: IdArgs| c.tunnel_log(&a.id).await;
    "confirm_tunnel_url" (a: IdArgs) => async |c: &Core, a: IdArgs| c.confirm_tunnel_url(&a.id).await;
    "list_attempts" (a: AttemptsArgs) => async |c: &Core, a: AttemptsArgs| c.list_attempts(&a.component_appid, a.appid.as_deref()).await;
    "get_account_qr" (a: AccountArgs) => async |c: &Core, a: AccountArgs| c.get_account_qr(&a.component_appid, &a.appid).await;
    "get_account_options" (a: AccountArgs) => async |c: &Core, a: AccountArgs| c.get_account_options(&a.component_appid, &a.appid).await;
    "set_account_option" (a: OptionArgs) => async |c: &Core, a: OptionArgs| c.set_account_option(&a.component_appid, &a.appid, a.name, &a.value).await;
    "test_token" (a: SubjectArgs) => async |c: &Core, a: SubjectArgs| c.test_token(&a.component_appid, a.appid.as_deref()).await;
    "token_timeline" (a: SubjectArgs) => async |c: &Core, a: SubjectArgs| c.token_timeline(&a.component_appid, a.appid.as_deref()).await;
    "known_apis" (a: NoArgs) => async |_: &Core, _: NoArgs| Ok::<_, AppError>(Core::known_apis());
    "get_quota" (a: QuotaArgs) => async |c: &Core, a: QuotaArgs| c.get_quota(&a.component_appid, a.appid.as_deref(), a.cgi_paths).await;
    "clear_quota" (a: ClearArgs) => async |c: &Core, a: ClearArgs| c.clear_quota(&a.component_appid, a.appid.as_deref(), a.method).await;
    "clear_api_quota" (a: ClearApiArgs) => async |c: &Core, a: ClearApiArgs| c.clear_api_quota(&a.component_appid, a.appid.as_deref(), &a.cgi_path).await;
    "lookup_rid" (a: RidArgs) => async |c: &Core, a: RidArgs| c.lookup_rid(&a.rid, a.component_appid.as_deref(), a.appid.as_deref()).await;
    "list_api_calls" (a: CallsArgs) => async |c: &Core, a: CallsArgs| c.list_api_calls(&a.query).await;
    "export_api_calls" (a: ExportCallsArgs) => async |c: &Core, a: ExportCallsArgs| c.export_api_calls(&a.query, a.format).await;
    "get_api_call_settings" (a: NoArgs) => async |c: &Core, _: NoArgs| c.get_api_call_settings().await;
    "set_api_call_retention" (a: DaysArgs) => async |c: &Core, a: DaysArgs| c.set_api_call_retention(a.days).await;
    "explain_errcode" (a: CodeArgs) => async |_: &Core, a: CodeArgs| Ok::<_, AppError>(Core::explain_errcode(a.code));
    "start_bulk" (a: BulkArgs) => async |c: &Core, a: BulkArgs| c.start_bulk(a.request);
    "list_bulk_jobs" (a: NoArgs) => async |c: &Core, _: NoArgs| Ok::<_, AppError>(c.list_bulk_jobs());
    "bulk_job" (a: JobArgs) => async |c: &Core, a: JobArgs| c.bulk_job(&a.id, a.after);
    "cancel_bulk" (a: IdArgs) => async |c: &Core, a: IdArgs| c.cancel_bulk(&a.id);
    "export_bulk_report" (a: ReportArgs) => async |c: &Core, a: ReportArgs| c.export_bulk_report(&a.id, a.format);
    "menu_state" (a: AccountArgs) => async |c: &Core, a: AccountArgs| c.menu_state(&a.component_appid, &a.appid).await;
    "check_menu" (a: MenuSetArgs) => async |c: &Core, a: MenuSetArgs| c.check_menu(&a.component_appid, &a.appid, &a.set);
    "save_menu_draft" (a: MenuDraftArgs) => async |c: &Core, a: MenuDraftArgs| c.save_menu_draft(&a.component_appid, &a.appid, a.set, a.base_revision).await;
    "read_live_menu" (a: AccountArgs) => async |c: &Core, a: AccountArgs| c.read_live_menu(&a.component_appid, &a.appid).await;
    "menu_source" (a: MenuSourceArgs) => async |c: &Core, a: MenuSourceArgs| c.menu_source(&a.component_appid, &a.appid, a.source).await;
    "diff_menus" (a: MenuDiffArgs) => async |_: &Core, a: MenuDiffArgs| Ok::<_, AppError>(Core::diff_menus(&a.left, &a.right));
    "publish_menu" (a: MenuPublishArgs) => async |c: &Core, a: MenuPublishArgs| c.publish_menu(&a.component_appid, &a.appid, a.revision, WINDOW).await;
    "republish_menu" (a: MenuSourceArgs) => async |c: &Core, a: MenuSourceArgs| c.republish_menu(&a.component_appid, &a.appid, a.source, WINDOW).await;
    "resume_menu_publish" (a: MenuResumeArgs) => async |c: &Core, a: MenuResumeArgs| c.resume_menu_publish(&a.component_appid, &a.appid, a.version_id).await;
    "delete_menu" (a: AccountArgs) => async |c: &Core, a: AccountArgs| c.delete_menu(&a.component_appid, &a.appid, WINDOW).await;
    "menu_versions" (a: MenuVersionsArgs) => async |c: &Core, a: MenuVersionsArgs| c.menu_versions(&a.component_appid, &a.appid, a.before, a.limit).await;
    "menu_version" (a: MenuVersionArgs) => async |c: &Core, a: MenuVersionArgs| c.menu_version(&a.component_appid, &a.appid, a.id).await;
    "menu_originals" (a: AccountArgs) => async |c: &Core, a: AccountArgs| c.menu_originals(&a.component_appid, &a.appid).await;
    "read_menu_original" (a: AccountArgs) => async |c: &Core, a: AccountArgs| c.read_menu_original(&a.component_appid, &a.appid).await;
    "takeover_rules" (a: PlatformArgs) => async |c: &Core, a: PlatformArgs| c.takeover_rules(&a.component_appid).await;
    "save_takeover_rules" (a: TakeoverArgs) => async |c: &Core, a: TakeoverArgs| c.save_takeover_rules(&a.component_appid, a.rules).await;
    "preview_takeover" (a: TakeoverPreviewArgs) => async |c: &Core, a: TakeoverPreviewArgs| c.preview_takeover(&a.component_appid, &a.appid, a.rules).await;
    "list_menu_templates" (a: NoArgs) => async |c: &Core, _: NoArgs| c.list_menu_templates().await;
    "save_menu_template" (a: TemplateArgs) => async |c: &Core, a: TemplateArgs| c.save_menu_template(a.template).await;
    "remove_menu_template" (a: IdArgs) => async |c: &Core, a: IdArgs| c.remove_menu_template(&a.id).await;
    "dry_run_menu_template" (a: TemplateRequestArgs) => async |c: &Core, a: TemplateRequestArgs| c.dry_run_menu_template(a.request).await;
    "start_menu_template" (a: TemplateRequestArgs) => async |c: &Core, a: TemplateRequestArgs| c.start_menu_template(a.request).await;
    "retry_bulk" (a: IdArgs) => async |c: &Core, a: IdArgs| c.retry_bulk(&a.id);
    "try_menu_match" (a: MenuMatchArgs) => async |c: &Core, a: MenuMatchArgs| c.try_menu_match(&a.component_appid, &a.appid, &a.user_id).await;
    "make_oauth_link" (a: OauthLinkArgs) => async |c: &Core, a: OauthLinkArgs| c.make_oauth_link(a.request).await;
    "list_oauth_links" (a: OauthLinksArgs) => async |c: &Core, a: OauthLinksArgs| c.list_oauth_links(a.component_appid.as_deref(), a.appid.as_deref()).await;
    "get_oauth_link" (a: StateArgs) => async |c: &Core, a: StateArgs| c.get_oauth_link(&a.state).await;
    "end_oauth_link" (a: StateArgs) => async |c: &Core, a: StateArgs| c.end_oauth_link(&a.state).await;
    "list_oauth_users" (a: OauthUsersArgs) => async |c: &Core, a: OauthUsersArgs| c.list_oauth_users(&a.query).await;
    "check_oauth_user" (a: RowArgs) => async |c: &Core, a: RowArgs| c.check_oauth_user(a.id).await;
    "refresh_oauth_user" (a: RowArgs) => async |c: &Core, a: RowArgs| c.refresh_oauth_user(a.id).await;
    "read_oauth_profile" (a: RowArgs) => async |c: &Core, a: RowArgs| c.read_oauth_profile(a.id).await;
    "forget_oauth_user" (a: RowArgs) => async |c: &Core, a: RowArgs| c.forget_oauth_user(a.id).await;
    "reveal_oauth_token" (a: RowArgs) => async |c: &Core, a: RowArgs| c.reveal_oauth_token(a.id).await;
    "list_oauth_routes" (a: NoArgs) => async |c: &Core, _: NoArgs| c.list_oauth_routes().await;
    "save_oauth_route" (a: OauthRouteArgs) => async |c: &Core, a: OauthRouteArgs| c.save_oauth_route(a.input).await;
    "remove_oauth_route" (a: IdArgs) => async |c: &Core, a: IdArgs| c.remove_oauth_route(&a.id).await;
    "oauth_page_errors" (a: NoArgs) => async |_: &Core, _: NoArgs| Ok::<_, AppError>(Core::oauth_page_errors());
    "mini_login" (a: MiniLoginArgs) => async |c: &Core, a: MiniLoginArgs| c.mini_login(&a.component_appid, &a.appid, &a.js_code).await;
    "reveal_session_key" (a: IdArgs) => async |c: &Core, a: IdArgs| c.reveal_session_key(&a.id);
    "list_js_tickets" (a: AccountArgs) => async |c: &Core, a: AccountArgs| c.list_js_tickets(&a.component_appid, &a.appid);
    "switch_js_ticket" (a: TicketSwitchArgs) => async |c: &Core, a: TicketSwitchArgs| c.switch_js_ticket(&a.component_appid, &a.appid, a.kind, a.on).await;
    "refresh_js_ticket" (a: TicketArgs) => async |c: &Core, a: TicketArgs| c.refresh_js_ticket(&a.component_appid, &a.appid, a.kind).await;
    "sign_page" (a: SignArgs) => async |c: &Core, a: SignArgs| c.sign_page(&a.component_appid, &a.appid, &a.url, a.nonce_str.as_deref(), a.timestamp).await;
    "check_page" (a: CheckPageArgs) => async |c: &Core, a: CheckPageArgs| c.check_page(&a.component_appid, &a.appid, a.config).await;
    "create_scene_code" (a: SceneInputArgs) => async |c: &Core, a: SceneInputArgs| c.create_scene_code(a.input).await;
    "list_scene_codes" (a: SceneQueryArgs) => async |c: &Core, a: SceneQueryArgs| c.list_scene_codes(&a.query).await;
    "rename_scene_code" (a: SceneNameArgs) => async |c: &Core, a: SceneNameArgs| c.rename_scene_code(a.id, &a.name).await;
    "forget_scene_code" (a: RowArgs) => async |c: &Core, a: RowArgs| c.forget_scene_code(a.id).await;
    "scene_code_svg" (a: RowArgs) => async |c: &Core, a: RowArgs| c.scene_code_svg(a.id).await;
    "scene_code_png" (a: RowArgs) => async |c: &Core, a: RowArgs| c.scene_code_png(a.id).await;
    "list_scene_scans" (a: RowArgs) => async |c: &Core, a: RowArgs| c.list_scene_scans(a.id).await;
    "api_forms" (a: NoArgs) => async |_: &Core, _: NoArgs| Ok::<_, AppError>(Core::api_forms());
    "run_api" (a: TrialArgs) => async |c: &Core, a: TrialArgs| c.run_api(a.request).await;
    "list_api_trials" (a: TrialsArgs) => async |c: &Core, a: TrialsArgs| c.list_api_trials(a.component_appid.as_deref(), a.appid.as_deref()).await;
    "get_api_trial" (a: RowArgs) => async |c: &Core, a: RowArgs| c.get_api_trial(a.id).await;
    "reveal_api_trial" (a: RowArgs) => async |c: &Core, a: RowArgs| c.reveal_api_trial(a.id);
    "clear_api_trials" (a: NoArgs) => async |c: &Core, _: NoArgs| c.clear_api_trials().await;
}
