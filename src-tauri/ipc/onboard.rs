//! Authorize links.

use wxdesk_core::dto::{Link, LinkRequest};

use super::{Answer, State};

/// Makes a link.
#[tauri::command(rename_all = "snake_case")]
pub async fn create_link(desk: State<'_>, request: LinkRequest) -> Answer<Link> {
    desk.core().await?.create_link(request).await
}

/// Where a link stands.
#[tauri::command(rename_all = "snake_case")]
pub async fn get_link(desk: State<'_>, link_id: String) -> Answer<Link> {
    desk.core().await?.get_link(&link_id).await
}

/// Links, newest first.
#[tauri::command(rename_all = "snake_case")]
pub async fn list_links(desk: State<'_>, component_appid: Option<String>) -> Answer<Vec<Link>> {
    desk.core().await?.list_links(component_appid.as_deref()).await
}

/// A link's QR code as a PNG data URL.
#[tauri::command(rename_all = "snake_case")]
pub async fn link_qr_png(desk: State<'_>, link_id: String) -> Answer<String> {
    desk.core().await?.link_qr_png(&link_id).await
}

/// The link is no longer on screen.
#[tauri::command(rename_all = "snake_case")]
pub async fn close_link(desk: State<'_>, link_id: String) -> Answer<()> {
    desk.core().await?.close_link(&link_id).await
}
