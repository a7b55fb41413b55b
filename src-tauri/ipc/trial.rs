//! "Try the API".

use wxdesk_core::Core;
use wxdesk_core::dto::{ApiForm, ApiTrial, ApiTrialRequest, RevealedSecret};

use super::{Answer, State};

/// The calls that can be filled in.
#[tauri::command(rename_all = "snake_case")]
pub fn api_forms() -> Vec<ApiForm> {
    Core::api_forms()
}

/// Makes a call with an account's interface token.
#[tauri::command(rename_all = "snake_case")]
pub async fn run_api(desk: State<'_>, request: ApiTrialRequest) -> Answer<ApiTrial> {
    desk.core().await?.run_api(request).await
}

/// Calls that were tried, newest first.
#[tauri::command(rename_all = "snake_case")]
pub async fn list_api_trials(
    desk: State<'_>,
    component_appid: Option<String>,
    appid: Option<String>,
) -> Answer<Vec<ApiTrial>> {
    desk.core().await?.list_api_trials(component_appid.as_deref(), appid.as_deref()).await
}

/// One tried call.
#[tauri::command(rename_all = "snake_case")]
pub async fn get_api_trial(desk: State<'_>, id: i64) -> Answer<ApiTrial> {
    desk.core().await?.get_api_trial(id).await
}

/// The whole answer of a call made in the last ten minutes.
#[tauri::command(rename_all = "snake_case")]
pub async fn reveal_api_trial(desk: State<'_>, id: i64) -> Answer<RevealedSecret> {
    desk.core().await?.reveal_api_trial(id)
}

/// Forgets all tried calls.
#[tauri::command(rename_all = "snake_case")]
pub async fn clear_api_trials(desk: State<'_>) -> Answer<()> {
    desk.core().await?.clear_api_trials().await
}
