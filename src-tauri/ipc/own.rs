//! Accounts that are connected with their own AppSecret.

use wxdesk_core::dto::{FieldError, OwnAccount, OwnAccountInput, OwnSecretField, RevealedSecret, UrlVerification};

use super::{Answer, State};

/// All of them.
#[tauri::command(rename_all = "snake_case")]
pub async fn list_own_accounts(desk: State<'_>) -> Answer<Vec<OwnAccount>> {
    desk.core().await?.list_own_accounts().await
}

/// One of them.
#[tauri::command(rename_all = "snake_case")]
pub async fn get_own_account(desk: State<'_>, appid: String) -> Answer<OwnAccount> {
    desk.core().await?.get_own_account(&appid).await
}

/// Broken rules of a form; saves nothing.
#[tauri::command(rename_all = "snake_case")]
pub async fn validate_own_account(desk: State<'_>, input: OwnAccountInput) -> Answer<Vec<FieldError>> {
    Ok(desk.core().await?.validate_own_account(&input))
}

/// Adds or updates an account.
#[tauri::command(rename_all = "snake_case")]
pub async fn save_own_account(desk: State<'_>, input: OwnAccountInput) -> Answer<OwnAccount> {
    desk.core().await?.save_own_account(input).await
}

/// Removes an account for good.
#[tauri::command(rename_all = "snake_case")]
pub async fn remove_own_account(desk: State<'_>, appid: String) -> Answer<()> {
    desk.core().await?.remove_own_account(&appid).await
}

/// Shows one stored secret to the person who asked.
#[tauri::command(rename_all = "snake_case")]
pub async fn reveal_own_secret(desk: State<'_>, appid: String, field: OwnSecretField) -> Answer<RevealedSecret> {
    desk.core().await?.reveal_own_secret(&appid, field)
}

/// Forces a new stable token.
#[tauri::command(rename_all = "snake_case")]
pub async fn force_own_token(desk: State<'_>, appid: String) -> Answer<OwnAccount> {
    desk.core().await?.force_own_token(&appid).await
}

/// URL verifications since the start.
#[tauri::command(rename_all = "snake_case")]
pub async fn list_url_verifications(desk: State<'_>, appid: String) -> Answer<Vec<UrlVerification>> {
    desk.core().await?.list_url_verifications(&appid)
}
