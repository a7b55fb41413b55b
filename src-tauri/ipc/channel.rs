//! The channel: verification files, where calls leave from, where pushes come from.

use wxdesk_core::dto::{CallbackIps, EgressTest, Endpoints, VerificationFile};

use super::{Answer, State};

/// All domain verification files.
#[tauri::command(rename_all = "snake_case")]
pub async fn list_verification_files(desk: State<'_>) -> Answer<Vec<VerificationFile>> {
    desk.core().await?.list_verification_files().await
}

/// Adds one, or replaces the one of that name.
#[tauri::command(rename_all = "snake_case")]
pub async fn add_verification_file(desk: State<'_>, name: String, content_base64: String) -> Answer<VerificationFile> {
    desk.core().await?.add_verification_file_base64(&name, &content_base64).await
}

/// Removes one.
#[tauri::command(rename_all = "snake_case")]
pub async fn remove_verification_file(desk: State<'_>, name: String) -> Answer<()> {
    desk.core().await?.remove_verification_file(&name).await
}

/// Shows the address that WeChat sees.
#[tauri::command(rename_all = "snake_case")]
pub async fn test_egress(
    desk: State<'_>,
    component_appid: String,
    endpoints: Option<Endpoints>,
    outbound_proxy: Option<String>,
) -> Answer<EgressTest> {
    desk.core().await?.test_egress(&component_appid, endpoints, outbound_proxy).await
}

/// Where WeChat's pushes come from.
#[tauri::command(rename_all = "snake_case")]
pub async fn callback_ips(desk: State<'_>) -> Answer<CallbackIps> {
    Ok(desk.core().await?.callback_ips())
}

/// The same, read from WeChat now.
#[tauri::command(rename_all = "snake_case")]
pub async fn refresh_callback_ips(desk: State<'_>) -> Answer<CallbackIps> {
    desk.core().await?.refresh_callback_ips().await
}

/// Whether pushes that come straight in from elsewhere are refused.
#[tauri::command(rename_all = "snake_case")]
pub async fn set_callback_allow_only(desk: State<'_>, on: bool) -> Answer<CallbackIps> {
    desk.core().await?.set_callback_allow_only(on).await
}
