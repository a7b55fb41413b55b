//! Authorize links.

use wxdesk_core::dto::{Link, LinkKind, LinkPage, LinkQuery, LinkRequest, PosterLanguage};

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

/// Makes a new link from an older one.
#[tauri::command(rename_all = "snake_case")]
pub async fn clone_link(desk: State<'_>, link_id: String, kind: Option<LinkKind>) -> Answer<Link> {
    desk.core().await?.clone_link(&link_id, kind).await
}

/// A page of links, newest first.
#[tauri::command(rename_all = "snake_case")]
pub async fn list_links(desk: State<'_>, query: LinkQuery) -> Answer<LinkPage> {
    desk.core().await?.list_links(&query).await
}

/// A link's poster as an SVG document.
#[tauri::command(rename_all = "snake_case")]
pub async fn link_poster_svg(
    desk: State<'_>,
    link_id: String,
    lang: PosterLanguage,
    tz_offset_minutes: Option<i32>,
) -> Answer<String> {
    desk.core().await?.link_poster_svg(&link_id, lang, tz_offset_minutes).await
}

/// A link's QR code as a PNG data URL.
#[tauri::command(rename_all = "snake_case")]
pub async fn link_qr_png(desk: State<'_>, link_id: String) -> Answer<String> {
    desk.core().await?.link_qr_png(&link_id).await
}

/// Ends a link for whoever has it.
#[tauri::command(rename_all = "snake_case")]
pub async fn end_link(desk: State<'_>, link_id: String) -> Answer<Link> {
    desk.core().await?.end_link(&link_id).await
}

/// The link is no longer on screen.
#[tauri::command(rename_all = "snake_case")]
pub async fn close_link(desk: State<'_>, link_id: String) -> Answer<()> {
    desk.core().await?.close_link(&link_id).await
}
