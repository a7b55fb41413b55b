//! Tenants, notes, tags, removing and restoring, history, and comparing with WeChat's list.

use wxdesk_core::dto::{
    Account, AccountEvent, ReconcileChoices, ReconcilePreview, ReconcileProgress, ReconcileReport, TagCount, Tenant,
};

use super::{Answer, State};

/// Tenants with their accounts, archived ones last.
#[tauri::command(rename_all = "snake_case")]
pub async fn list_tenants(desk: State<'_>, component_appid: Option<String>) -> Answer<Vec<Tenant>> {
    desk.core().await?.list_tenants(component_appid.as_deref()).await
}

/// Makes a tenant.
#[tauri::command(rename_all = "snake_case")]
pub async fn create_tenant(desk: State<'_>, name: String) -> Answer<Tenant> {
    desk.core().await?.create_tenant(&name).await
}

/// Gives a tenant another name.
#[tauri::command(rename_all = "snake_case")]
pub async fn rename_tenant(desk: State<'_>, name: String, new_name: String) -> Answer<Tenant> {
    desk.core().await?.rename_tenant(&name, &new_name).await
}

/// Archives a tenant.
#[tauri::command(rename_all = "snake_case")]
pub async fn archive_tenant(desk: State<'_>, name: String) -> Answer<Tenant> {
    desk.core().await?.archive_tenant(&name).await
}

/// Takes a tenant out of the archive.
#[tauri::command(rename_all = "snake_case")]
pub async fn unarchive_tenant(desk: State<'_>, name: String) -> Answer<Tenant> {
    desk.core().await?.unarchive_tenant(&name).await
}

/// Gives accounts a tenant, or takes it away.
#[tauri::command(rename_all = "snake_case")]
pub async fn set_account_tenant(
    desk: State<'_>,
    component_appid: String,
    appids: Vec<String>,
    tenant: Option<String>,
) -> Answer<i64> {
    desk.core().await?.set_account_tenant(&component_appid, &appids, tenant.as_deref()).await
}

/// Notes something about an account.
#[tauri::command(rename_all = "snake_case")]
pub async fn set_account_note(
    desk: State<'_>,
    component_appid: String,
    appid: String,
    note: String,
) -> Answer<Account> {
    desk.core().await?.set_account_note(&component_appid, &appid, &note).await
}

/// Gives an account exactly these tags.
#[tauri::command(rename_all = "snake_case")]
pub async fn set_account_tags(
    desk: State<'_>,
    component_appid: String,
    appid: String,
    tags: Vec<String>,
) -> Answer<Account> {
    desk.core().await?.set_account_tags(&component_appid, &appid, &tags).await
}

/// Adds and takes away tags of many accounts.
#[tauri::command(rename_all = "snake_case")]
pub async fn change_account_tags(
    desk: State<'_>,
    component_appid: String,
    appids: Vec<String>,
    add: Vec<String>,
    remove: Vec<String>,
) -> Answer<i64> {
    desk.core().await?.change_account_tags(&component_appid, &appids, &add, &remove).await
}

/// Tags in use, most used first.
#[tauri::command(rename_all = "snake_case")]
pub async fn list_tags(desk: State<'_>, component_appid: Option<String>) -> Answer<Vec<TagCount>> {
    desk.core().await?.list_tags(component_appid.as_deref())
}

/// Hides an account; it is not renewed any more.
#[tauri::command(rename_all = "snake_case")]
pub async fn remove_account(desk: State<'_>, component_appid: String, appid: String) -> Answer<Account> {
    desk.core().await?.remove_account(&component_appid, &appid).await
}

/// Brings a removed account back.
#[tauri::command(rename_all = "snake_case")]
pub async fn restore_account(desk: State<'_>, component_appid: String, appid: String) -> Answer<Account> {
    desk.core().await?.restore_account(&component_appid, &appid).await
}

/// What happened to an account, newest first.
#[tauri::command(rename_all = "snake_case")]
pub async fn list_account_history(
    desk: State<'_>,
    component_appid: String,
    appid: String,
    before: Option<i64>,
) -> Answer<Vec<AccountEvent>> {
    desk.core().await?.list_account_history(&component_appid, &appid, before).await
}

/// Compares with WeChat's list and writes nothing.
#[tauri::command(rename_all = "snake_case")]
pub async fn reconcile_preview(desk: State<'_>, component_appid: String) -> Answer<ReconcilePreview> {
    desk.core().await?.reconcile_preview(&component_appid).await
}

/// Does what was chosen of a preview.
#[tauri::command(rename_all = "snake_case")]
pub async fn reconcile_apply(
    desk: State<'_>,
    component_appid: String,
    preview_id: String,
    choices: ReconcileChoices,
) -> Answer<ReconcileReport> {
    desk.core().await?.reconcile_apply(&component_appid, &preview_id, choices).await
}

/// How far a comparison is.
#[tauri::command(rename_all = "snake_case")]
pub async fn reconcile_progress(desk: State<'_>, component_appid: String) -> Answer<ReconcileProgress> {
    desk.core().await?.reconcile_progress(&component_appid)
}

/// Ends a comparison.
#[tauri::command(rename_all = "snake_case")]
pub async fn reconcile_cancel(desk: State<'_>, component_appid: String) -> Answer<()> {
    desk.core().await?.reconcile_cancel(&component_appid)
}
