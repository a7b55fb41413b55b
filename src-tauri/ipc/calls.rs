//! The log of calls to WeChat.

use wxdesk_core::Core;
use wxdesk_core::dto::{ApiCallPage, ApiCallQuery, ApiCallSettings, ErrcodeWords, ExportFormat, ExportedText};

use super::{Answer, State};

/// A page of calls, newest first.
#[tauri::command(rename_all = "snake_case")]
pub async fn list_api_calls(desk: State<'_>, query: ApiCallQuery) -> Answer<ApiCallPage> {
    desk.core().await?.list_api_calls(&query).await
}

/// The calls that match, as a file's text.
#[tauri::command(rename_all = "snake_case")]
pub async fn export_api_calls(desk: State<'_>, query: ApiCallQuery, format: ExportFormat) -> Answer<ExportedText> {
    desk.core().await?.export_api_calls(&query, format).await
}

/// How long calls are kept.
#[tauri::command(rename_all = "snake_case")]
pub async fn get_api_call_settings(desk: State<'_>) -> Answer<ApiCallSettings> {
    desk.core().await?.get_api_call_settings().await
}

/// Keeps calls for so many days.
#[tauri::command(rename_all = "snake_case")]
pub async fn set_api_call_retention(desk: State<'_>, days: u32) -> Answer<ApiCallSettings> {
    desk.core().await?.set_api_call_retention(days).await
}

/// A code of WeChat's in words, null when it is not known.
#[tauri::command(rename_all = "snake_case")]
pub fn explain_errcode(code: i64) -> Option<ErrcodeWords> {
    Core::explain_errcode(code)
}
