//! JS-SDK tickets and signatures.

use wxdesk_core::dto::{JsTicket, JsTicketKind, PageCheck, PageConfig, SignedPage};

use super::{Answer, State};

/// Both tickets of an account.
#[tauri::command(rename_all = "snake_case")]
pub async fn list_js_tickets(desk: State<'_>, component_appid: String, appid: String) -> Answer<Vec<JsTicket>> {
    desk.core().await?.list_js_tickets(&component_appid, &appid)
}

/// Switches a ticket on or off.
#[tauri::command(rename_all = "snake_case")]
pub async fn switch_js_ticket(
    desk: State<'_>,
    component_appid: String,
    appid: String,
    kind: JsTicketKind,
    on: bool,
) -> Answer<Vec<JsTicket>> {
    desk.core().await?.switch_js_ticket(&component_appid, &appid, kind, on).await
}

/// Fetches a ticket now.
#[tauri::command(rename_all = "snake_case")]
pub async fn refresh_js_ticket(
    desk: State<'_>,
    component_appid: String,
    appid: String,
    kind: JsTicketKind,
) -> Answer<Vec<JsTicket>> {
    desk.core().await?.refresh_js_ticket(&component_appid, &appid, kind).await
}

/// Signs a page for `wx.config`.
#[tauri::command(rename_all = "snake_case")]
pub async fn sign_page(
    desk: State<'_>,
    component_appid: String,
    appid: String,
    url: String,
    nonce_str: Option<String>,
    timestamp: Option<i64>,
) -> Answer<SignedPage> {
    desk.core().await?.sign_page(&component_appid, &appid, &url, nonce_str.as_deref(), timestamp).await
}

/// What is wrong with a page's signature.
#[tauri::command(rename_all = "snake_case")]
pub async fn check_page(
    desk: State<'_>,
    component_appid: String,
    appid: String,
    config: PageConfig,
) -> Answer<PageCheck> {
    desk.core().await?.check_page(&component_appid, &appid, config).await
}
