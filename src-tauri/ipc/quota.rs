//! Quotas, and what WeChat knows of a request.

use wxdesk_core::Core;
use wxdesk_core::dto::{ClearAllowance, ClearMethod, KnownApi, QuotaItem, QuotaReport, RidLookup};

use super::{Answer, State};

/// The APIs that have a name here.
#[tauri::command(rename_all = "snake_case")]
pub fn known_apis() -> Vec<KnownApi> {
    Core::known_apis()
}

/// The quotas of a platform or an account.
#[tauri::command(rename_all = "snake_case")]
pub async fn get_quota(
    desk: State<'_>,
    component_appid: String,
    appid: Option<String>,
    cgi_paths: Option<Vec<String>>,
) -> Answer<QuotaReport> {
    desk.core().await?.get_quota(&component_appid, appid.as_deref(), cgi_paths).await
}

/// Clears all counters: one of ten a month.
#[tauri::command(rename_all = "snake_case")]
pub async fn clear_quota(
    desk: State<'_>,
    component_appid: String,
    appid: Option<String>,
    method: ClearMethod,
) -> Answer<ClearAllowance> {
    desk.core().await?.clear_quota(&component_appid, appid.as_deref(), method).await
}

/// Clears the counter of one API: one of fifty a month.
#[tauri::command(rename_all = "snake_case")]
pub async fn clear_api_quota(
    desk: State<'_>,
    component_appid: String,
    appid: Option<String>,
    cgi_path: String,
) -> Answer<QuotaItem> {
    desk.core().await?.clear_api_quota(&component_appid, appid.as_deref(), &cgi_path).await
}

/// What WeChat knows of a request.
#[tauri::command(rename_all = "snake_case")]
pub async fn lookup_rid(
    desk: State<'_>,
    rid: String,
    component_appid: Option<String>,
    appid: Option<String>,
) -> Answer<RidLookup> {
    desk.core().await?.lookup_rid(&rid, component_appid.as_deref(), appid.as_deref()).await
}
