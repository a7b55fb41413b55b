//! Tunnels: the clients that bring WeChat's pushes to the listener.

use wxdesk_core::dto::{Tunnel, TunnelClient, TunnelInput, TunnelLog};

use super::{Answer, State};

/// The known clients, and where their programs lie.
#[tauri::command(rename_all = "snake_case")]
pub async fn list_tunnel_clients(desk: State<'_>) -> Answer<Vec<TunnelClient>> {
    desk.core().await?.list_tunnel_clients().await
}

/// All tunnels.
#[tauri::command(rename_all = "snake_case")]
pub async fn list_tunnels(desk: State<'_>) -> Answer<Vec<Tunnel>> {
    desk.core().await?.list_tunnels().await
}

/// Adds or changes a tunnel.
#[tauri::command(rename_all = "snake_case")]
pub async fn save_tunnel(desk: State<'_>, input: TunnelInput) -> Answer<Tunnel> {
    desk.core().await?.save_tunnel(input).await
}

/// Ends and removes a tunnel.
#[tauri::command(rename_all = "snake_case")]
pub async fn remove_tunnel(desk: State<'_>, id: String) -> Answer<()> {
    desk.core().await?.remove_tunnel(&id).await
}

/// Starts a tunnel, now and with the app.
#[tauri::command(rename_all = "snake_case")]
pub async fn start_tunnel(desk: State<'_>, id: String) -> Answer<Tunnel> {
    desk.core().await?.start_tunnel(&id).await
}

/// Ends a tunnel's client.
#[tauri::command(rename_all = "snake_case")]
pub async fn stop_tunnel(desk: State<'_>, id: String) -> Answer<Tunnel> {
    desk.core().await?.stop_tunnel(&id).await
}

/// The last lines of a tunnel.
#[tauri::command(rename_all = "snake_case")]
pub async fn tunnel_log(desk: State<'_>, id: String) -> Answer<TunnelLog> {
    desk.core().await?.tunnel_log(&id).await
}

/// The new callback URLs were entered.
#[tauri::command(rename_all = "snake_case")]
pub async fn confirm_tunnel_url(desk: State<'_>, id: String) -> Answer<Tunnel> {
    desk.core().await?.confirm_tunnel_url(&id).await
}
