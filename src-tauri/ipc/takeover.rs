//! Original menus, a platform's rules, and templates for many accounts.

use wxdesk_core::dto::{
    BulkJob, MenuOriginal, MenuTemplate, TakeoverPreview, TakeoverRules, TemplateDryRun, TemplateRequest,
};

use super::{Answer, State};

/// The originals of an account, newest first.
#[tauri::command(rename_all = "snake_case")]
pub async fn menu_originals(desk: State<'_>, component_appid: String, appid: String) -> Answer<Vec<MenuOriginal>> {
    desk.core().await?.menu_originals(&component_appid, &appid).await
}

/// Reads what is live now, as an original.
#[tauri::command(rename_all = "snake_case")]
pub async fn read_menu_original(desk: State<'_>, component_appid: String, appid: String) -> Answer<MenuOriginal> {
    desk.core().await?.read_menu_original(&component_appid, &appid).await
}

/// A platform's rules.
#[tauri::command(rename_all = "snake_case")]
pub async fn takeover_rules(desk: State<'_>, component_appid: String) -> Answer<TakeoverRules> {
    desk.core().await?.takeover_rules(&component_appid).await
}

/// Keeps a platform's rules.
#[tauri::command(rename_all = "snake_case")]
pub async fn save_takeover_rules(
    desk: State<'_>,
    component_appid: String,
    rules: TakeoverRules,
) -> Answer<TakeoverRules> {
    desk.core().await?.save_takeover_rules(&component_appid, rules).await
}

/// What rules make of an account's original.
#[tauri::command(rename_all = "snake_case")]
pub async fn preview_takeover(
    desk: State<'_>,
    component_appid: String,
    appid: String,
    rules: Option<TakeoverRules>,
) -> Answer<TakeoverPreview> {
    desk.core().await?.preview_takeover(&component_appid, &appid, rules).await
}

/// All templates.
#[tauri::command(rename_all = "snake_case")]
pub async fn list_menu_templates(desk: State<'_>) -> Answer<Vec<MenuTemplate>> {
    desk.core().await?.list_menu_templates().await
}

/// Adds or changes a template.
#[tauri::command(rename_all = "snake_case")]
pub async fn save_menu_template(desk: State<'_>, template: MenuTemplate) -> Answer<MenuTemplate> {
    desk.core().await?.save_menu_template(template).await
}

/// Removes a template.
#[tauri::command(rename_all = "snake_case")]
pub async fn remove_menu_template(desk: State<'_>, id: String) -> Answer<()> {
    desk.core().await?.remove_menu_template(&id).await
}

/// What a template would do.
#[tauri::command(rename_all = "snake_case")]
pub async fn dry_run_menu_template(desk: State<'_>, request: TemplateRequest) -> Answer<TemplateDryRun> {
    desk.core().await?.dry_run_menu_template(request).await
}

/// Publishes a template on many accounts, as a job.
#[tauri::command(rename_all = "snake_case")]
pub async fn start_menu_template(desk: State<'_>, request: TemplateRequest) -> Answer<BulkJob> {
    desk.core().await?.start_menu_template(request).await
}
