//! The app itself: facts, overview, door, sandbox, and what only a desktop can do.

use base64::Engine as _;
use tauri::{AppHandle, Url};
use tauri_plugin_dialog::DialogExt;
use tauri_plugin_opener::OpenerExt;
use wxdesk_core::AppError;
use wxdesk_core::dto::{AppInfo, ErrorCode, Overview, TunnelHealth};

use super::{Answer, State};

/// Facts about the running app.
#[tauri::command(rename_all = "snake_case")]
pub async fn app_info(desk: State<'_>) -> Answer<AppInfo> {
    Ok(desk.core().await?.app_info())
}

/// Everything the overview shows.
#[tauri::command(rename_all = "snake_case")]
pub async fn overview(desk: State<'_>) -> Answer<Overview> {
    desk.core().await?.overview().await
}

/// Checks the way from the world to a public base URL now.
#[tauri::command(rename_all = "snake_case")]
pub async fn check_door(desk: State<'_>, public_base_url: String) -> Answer<TunnelHealth> {
    wxdesk_core::check::run(&desk.core().await?, &public_base_url).await
}

/// Listens again, or at another address of this machine.
#[tauri::command(rename_all = "snake_case")]
pub async fn restart_listener(desk: State<'_>, address: Option<std::net::SocketAddr>) -> Answer<()> {
    desk.core().await?.restart_listener(address).await
}

/// Takes a notice off the list of what needs a person.
#[tauri::command(rename_all = "snake_case")]
pub async fn dismiss_notice(desk: State<'_>, id: String) -> Answer<()> {
    desk.core().await?.dismiss_notice(id).await
}

/// Shows the sandbox in this window; the operator's own engine goes on running.
#[tauri::command(rename_all = "snake_case")]
pub async fn enter_sandbox(desk: State<'_>) -> Answer<AppInfo> {
    Ok(desk.enter_sandbox().await?.app_info())
}

/// Shows the operator's own engine again and stops the sandbox.
#[tauri::command(rename_all = "snake_case")]
pub async fn leave_sandbox(desk: State<'_>) -> Answer<AppInfo> {
    Ok(desk.leave_sandbox().await?.app_info())
}

/// Opens a web page in the system's browser. Anything but http and https is refused, since the system would run it.
#[tauri::command(rename_all = "snake_case")]
pub async fn open_external(app: AppHandle, url: String) -> Answer<()> {
    let web = Url::parse(&url).ok().filter(|u| matches!(u.scheme(), "http" | "https"));
    let Some(web) = web else {
        return Err(AppError::invalid_field(
            "url",
            "web",
            "only http and https pages can be opened",
            "只能打开 http 或 https 网页",
        ));
    };
    // The error of the opener may quote the URL, and an authorize link carries a code.
    let opened = app.opener().open_url(web.as_str(), None::<&str>);
    opened.map_err(|_| AppError::new(ErrorCode::Unavailable, "the system's browser could not be started"))
}

/// Asks where to save a `data:…;base64,…` document and writes it. Null when the person cancels.
#[tauri::command(rename_all = "snake_case")]
pub async fn save_file(app: AppHandle, name: String, data_url: String) -> Answer<Option<String>> {
    let bytes = decode(&data_url)?;
    let (chosen, wait) = tokio::sync::oneshot::channel();
    app.dialog().file().set_file_name(name).save_file(move |path| {
        let _ = chosen.send(path);
    });
    let Some(path) = wait.await.ok().flatten().and_then(|p| p.into_path().ok()) else {
        return Ok(None);
    };
    match tokio::fs::write(&path, bytes).await {
        Ok(()) => Ok(Some(path.display().to_string())),
        Err(error) => {
            let words = wxdesk_core::folder::io_words(&error);
            Err(AppError::new(ErrorCode::Store, format!("{} could not be written: {words}", path.display())))
        }
    }
}

fn decode(data_url: &str) -> Answer<Vec<u8>> {
    data_url
        .strip_prefix("data:")
        .and_then(|rest| rest.split_once(";base64,"))
        .and_then(|(_, text)| base64::engine::general_purpose::STANDARD.decode(text).ok())
        .ok_or_else(|| {
            AppError::invalid_field("data_url", "format", "must be a base64 data URL", "必须是 base64 的 data URL")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_url_is_decoded_and_rubbish_refused() {
        assert_eq!(decode("data:image/png;base64,aGVsbG8=").unwrap(), b"hello");
        for bad in ["", "hello", "data:text/plain,hello", "data:;base64,***"] {
            assert_eq!(decode(bad).unwrap_err().code, ErrorCode::InvalidInput, "{bad}");
        }
    }
}
