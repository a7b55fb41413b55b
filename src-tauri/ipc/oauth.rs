//! Web OAuth: links, users, routes; logins of mini programs.

use wxdesk_core::Core;
use wxdesk_core::dto::{
    MiniLogin, OauthLink, OauthLinkRequest, OauthPageError, OauthRoute, OauthRouteInput, OauthUser, OauthUserPage,
    OauthUserQuery, RevealedSecret,
};

use super::{Answer, State};

/// Makes a link for users.
#[tauri::command(rename_all = "snake_case")]
pub async fn make_oauth_link(desk: State<'_>, request: OauthLinkRequest) -> Answer<OauthLink> {
    desk.core().await?.make_oauth_link(request).await
}

/// Links, newest first.
#[tauri::command(rename_all = "snake_case")]
pub async fn list_oauth_links(
    desk: State<'_>,
    component_appid: Option<String>,
    appid: Option<String>,
) -> Answer<Vec<OauthLink>> {
    desk.core().await?.list_oauth_links(component_appid.as_deref(), appid.as_deref()).await
}

/// A link with its QR code.
#[tauri::command(rename_all = "snake_case")]
pub async fn get_oauth_link(desk: State<'_>, state: String) -> Answer<OauthLink> {
    desk.core().await?.get_oauth_link(&state).await
}

/// Ends a link.
#[tauri::command(rename_all = "snake_case")]
pub async fn end_oauth_link(desk: State<'_>, state: String) -> Answer<OauthLink> {
    desk.core().await?.end_oauth_link(&state).await
}

/// A page of users.
#[tauri::command(rename_all = "snake_case")]
pub async fn list_oauth_users(desk: State<'_>, query: OauthUserQuery) -> Answer<OauthUserPage> {
    desk.core().await?.list_oauth_users(&query).await
}

/// Asks WeChat whether a user's token is good.
#[tauri::command(rename_all = "snake_case")]
pub async fn check_oauth_user(desk: State<'_>, id: i64) -> Answer<OauthUser> {
    desk.core().await?.check_oauth_user(id).await
}

/// Renews a user's token.
#[tauri::command(rename_all = "snake_case")]
pub async fn refresh_oauth_user(desk: State<'_>, id: i64) -> Answer<OauthUser> {
    desk.core().await?.refresh_oauth_user(id).await
}

/// Reads a user's profile.
#[tauri::command(rename_all = "snake_case")]
pub async fn read_oauth_profile(desk: State<'_>, id: i64) -> Answer<OauthUser> {
    desk.core().await?.read_oauth_profile(id).await
}

/// Forgets a user.
#[tauri::command(rename_all = "snake_case")]
pub async fn forget_oauth_user(desk: State<'_>, id: i64) -> Answer<()> {
    desk.core().await?.forget_oauth_user(id).await
}

/// Shows a user's token to the person who asked.
#[tauri::command(rename_all = "snake_case")]
pub async fn reveal_oauth_token(desk: State<'_>, id: i64) -> Answer<RevealedSecret> {
    desk.core().await?.reveal_oauth_token(id).await
}

/// Routes of business servers.
#[tauri::command(rename_all = "snake_case")]
pub async fn list_oauth_routes(desk: State<'_>) -> Answer<Vec<OauthRoute>> {
    desk.core().await?.list_oauth_routes().await
}

/// Adds or changes a route.
#[tauri::command(rename_all = "snake_case")]
pub async fn save_oauth_route(desk: State<'_>, input: OauthRouteInput) -> Answer<OauthRoute> {
    desk.core().await?.save_oauth_route(input).await
}

/// Removes a route.
#[tauri::command(rename_all = "snake_case")]
pub async fn remove_oauth_route(desk: State<'_>, id: String) -> Answer<()> {
    desk.core().await?.remove_oauth_route(&id).await
}

/// What WeChat's own page may show instead of asking.
#[tauri::command]
pub fn oauth_page_errors() -> Vec<OauthPageError> {
    Core::oauth_page_errors()
}

/// Logs a user of a mini program in.
#[tauri::command(rename_all = "snake_case")]
pub async fn mini_login(desk: State<'_>, component_appid: String, appid: String, js_code: String) -> Answer<MiniLogin> {
    desk.core().await?.mini_login(&component_appid, &appid, &js_code).await
}

/// Shows a session key to the person who asked.
#[tauri::command(rename_all = "snake_case")]
pub async fn reveal_session_key(desk: State<'_>, id: String) -> Answer<RevealedSecret> {
    desk.core().await?.reveal_session_key(&id)
}
