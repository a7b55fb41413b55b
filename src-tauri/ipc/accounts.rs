//! Authorized accounts: lists, details, refreshes, the token on request.

use wxdesk_core::Core;
use wxdesk_core::dto::{
    Account, AccountDetail, AccountOption, AccountOptions, AccountPage, AccountQuery, Attempt, OptionName,
    PermissionSet, RevealedSecret, TokenTest, TokenTimeline,
};

use super::{Answer, State};

/// A page of accounts.
#[tauri::command(rename_all = "snake_case")]
pub async fn list_accounts(desk: State<'_>, query: AccountQuery) -> Answer<AccountPage> {
    desk.core().await?.list_accounts(&query)
}

/// One account with its history.
#[tauri::command(rename_all = "snake_case")]
pub async fn get_account(desk: State<'_>, component_appid: String, appid: String) -> Answer<AccountDetail> {
    desk.core().await?.get_account(&component_appid, &appid).await
}

/// Renews an account's token now and waits for the outcome.
#[tauri::command(rename_all = "snake_case")]
pub async fn refresh_account(desk: State<'_>, component_appid: String, appid: String) -> Answer<Account> {
    desk.core().await?.refresh_account(&component_appid, &appid).await
}

/// Fetches name, avatar and permission sets again.
#[tauri::command(rename_all = "snake_case")]
pub async fn refresh_details(desk: State<'_>, component_appid: String, appid: String) -> Answer<AccountDetail> {
    desk.core().await?.refresh_details(&component_appid, &appid).await
}

/// Shows the access token to the person who asked.
#[tauri::command(rename_all = "snake_case")]
pub async fn reveal_token(desk: State<'_>, component_appid: String, appid: String) -> Answer<RevealedSecret> {
    desk.core().await?.reveal_token(&component_appid, &appid)
}

/// The avatar as a data URL, null when there is none.
#[tauri::command(rename_all = "snake_case")]
pub async fn get_avatar(desk: State<'_>, component_appid: String, appid: String) -> Answer<Option<String>> {
    desk.core().await?.get_avatar(&component_appid, &appid).await
}

/// All known permission sets.
#[tauri::command(rename_all = "snake_case")]
pub fn permission_sets() -> Vec<PermissionSet> {
    Core::permission_sets()
}

/// Calls for a token, newest first; without an appid those for the component token.
#[tauri::command(rename_all = "snake_case")]
pub async fn list_attempts(desk: State<'_>, component_appid: String, appid: Option<String>) -> Answer<Vec<Attempt>> {
    desk.core().await?.list_attempts(&component_appid, appid.as_deref()).await
}

/// The QR code as a data URL, null when there is none.
#[tauri::command(rename_all = "snake_case")]
pub async fn get_account_qr(desk: State<'_>, component_appid: String, appid: String) -> Answer<Option<String>> {
    desk.core().await?.get_account_qr(&component_appid, &appid).await
}

/// Reads the options from WeChat.
#[tauri::command(rename_all = "snake_case")]
pub async fn get_account_options(desk: State<'_>, component_appid: String, appid: String) -> Answer<AccountOptions> {
    desk.core().await?.get_account_options(&component_appid, &appid).await
}

/// Sets an option and reads it back.
#[tauri::command(rename_all = "snake_case")]
pub async fn set_account_option(
    desk: State<'_>,
    component_appid: String,
    appid: String,
    name: OptionName,
    value: String,
) -> Answer<AccountOption> {
    desk.core().await?.set_account_option(&component_appid, &appid, name, &value).await
}

/// Makes a harmless call with a token; without an appid with the component token.
#[tauri::command(rename_all = "snake_case")]
pub async fn test_token(desk: State<'_>, component_appid: String, appid: Option<String>) -> Answer<TokenTest> {
    desk.core().await?.test_token(&component_appid, appid.as_deref()).await
}

/// The generations of a token and the attempts between them.
#[tauri::command(rename_all = "snake_case")]
pub async fn token_timeline(desk: State<'_>, component_appid: String, appid: Option<String>) -> Answer<TokenTimeline> {
    desk.core().await?.token_timeline(&component_appid, appid.as_deref()).await
}
