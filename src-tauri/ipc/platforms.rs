//! Platforms: add, edit, remove, their secrets on request, and what to enter on open.weixin.qq.com.

use wxdesk_core::Core;
use wxdesk_core::dto::{CallbackUrls, FieldError, Platform, PlatformInput, RevealedSecret, SecretField};

use super::{Answer, State};

/// All platforms.
#[tauri::command(rename_all = "snake_case")]
pub async fn list_platforms(desk: State<'_>) -> Answer<Vec<Platform>> {
    Ok(desk.core().await?.list_platforms())
}

/// One platform.
#[tauri::command(rename_all = "snake_case")]
pub async fn get_platform(desk: State<'_>, component_appid: String) -> Answer<Platform> {
    desk.core().await?.get_platform(&component_appid)
}

/// Broken rules of a form; saves nothing.
#[tauri::command(rename_all = "snake_case")]
pub async fn validate_platform(desk: State<'_>, input: PlatformInput) -> Answer<Vec<FieldError>> {
    Ok(desk.core().await?.validate_platform(&input))
}

/// Adds or updates a platform.
#[tauri::command(rename_all = "snake_case")]
pub async fn save_platform(desk: State<'_>, input: PlatformInput) -> Answer<Platform> {
    desk.core().await?.save_platform(input).await
}

/// Removes a platform and everything under it.
#[tauri::command(rename_all = "snake_case")]
pub async fn remove_platform(desk: State<'_>, component_appid: String) -> Answer<()> {
    desk.core().await?.remove_platform(&component_appid).await
}

/// Shows one stored secret to the person who asked.
#[tauri::command(rename_all = "snake_case")]
pub async fn reveal_platform_secret(
    desk: State<'_>,
    component_appid: String,
    field: SecretField,
) -> Answer<RevealedSecret> {
    desk.core().await?.reveal_platform_secret(&component_appid, field)
}

/// Asks WeChat to push tickets again.
#[tauri::command(rename_all = "snake_case")]
pub async fn start_ticket_push(desk: State<'_>, component_appid: String) -> Answer<()> {
    desk.core().await?.start_ticket_push(&component_appid).await
}

/// Renews the component token now.
#[tauri::command(rename_all = "snake_case")]
pub async fn refresh_component(desk: State<'_>, component_appid: String) -> Answer<Platform> {
    desk.core().await?.refresh_component(&component_appid).await
}

/// The callback URLs of a platform that is still being entered.
#[tauri::command(rename_all = "snake_case")]
pub fn preview_callback_urls(component_appid: &str, public_base_url: &str) -> CallbackUrls {
    Core::preview_callback_urls(component_appid, public_base_url)
}

/// A fresh 消息校验 Token.
#[tauri::command(rename_all = "snake_case")]
pub async fn generate_verify_token() -> Answer<String> {
    Core::generate_verify_token()
}

/// A fresh 消息加解密 Key.
#[tauri::command(rename_all = "snake_case")]
pub async fn generate_encoding_aes_key() -> Answer<String> {
    Core::generate_encoding_aes_key()
}
