//! Parametric QR codes.

use wxdesk_core::dto::{SceneCode, SceneCodeInput, SceneCodePage, SceneCodeQuery, SceneScan};

use super::{Answer, State};

/// Makes a code at WeChat.
#[tauri::command(rename_all = "snake_case")]
pub async fn create_scene_code(desk: State<'_>, input: SceneCodeInput) -> Answer<SceneCode> {
    desk.core().await?.create_scene_code(input).await
}

/// A page of codes, newest first.
#[tauri::command(rename_all = "snake_case")]
pub async fn list_scene_codes(desk: State<'_>, query: SceneCodeQuery) -> Answer<SceneCodePage> {
    desk.core().await?.list_scene_codes(&query).await
}

/// Gives a code another name.
#[tauri::command(rename_all = "snake_case")]
pub async fn rename_scene_code(desk: State<'_>, id: i64, name: String) -> Answer<SceneCode> {
    desk.core().await?.rename_scene_code(id, &name).await
}

/// Forgets a code here; at WeChat it goes on.
#[tauri::command(rename_all = "snake_case")]
pub async fn forget_scene_code(desk: State<'_>, id: i64) -> Answer<()> {
    desk.core().await?.forget_scene_code(id).await
}

/// The code as an SVG document.
#[tauri::command(rename_all = "snake_case")]
pub async fn scene_code_svg(desk: State<'_>, id: i64) -> Answer<String> {
    desk.core().await?.scene_code_svg(id).await
}

/// The code as a PNG data URL.
#[tauri::command(rename_all = "snake_case")]
pub async fn scene_code_png(desk: State<'_>, id: i64) -> Answer<String> {
    desk.core().await?.scene_code_png(id).await
}

/// Scans of a code, newest first.
#[tauri::command(rename_all = "snake_case")]
pub async fn list_scene_scans(desk: State<'_>, id: i64) -> Answer<Vec<SceneScan>> {
    desk.core().await?.list_scene_scans(id).await
}
