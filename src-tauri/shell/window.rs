//! The one window.
//!
//! Owns its size, title and when it appears. It must not know what the page shows. Invariant: the window appears only
//! when the page is painted and the engine is open, so there is no white flash, and a start that fails shows no window.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tauri::webview::{NewWindowResponse, PageLoadEvent};
use tauri::{AppHandle, Manager, Url, WebviewUrl, WebviewWindowBuilder};

use super::desk::webview_folder;

/// Name of the window, as in the capability.
const MAIN: &str = "main";
const TITLE: &str = "wxdesk";
const SANDBOX_TITLE: &str = "wxdesk「沙盒」";

/// Keeps the window hidden until there is something to see.
#[derive(Default)]
pub struct Curtain {
    page: AtomicBool,
    engine: AtomicBool,
}

impl Curtain {
    /// The engine is open.
    pub fn engine_is_open(&self, app: &AppHandle) {
        self.engine.store(true, Ordering::SeqCst);
        self.rise(app);
    }

    fn page_is_loaded(&self, app: &AppHandle) {
        // A reload must not raise a window that the person has put away.
        if !self.page.swap(true, Ordering::SeqCst) {
            self.rise(app);
        }
    }

    fn rise(&self, app: &AppHandle) {
        if self.page.load(Ordering::SeqCst) && self.engine.load(Ordering::SeqCst) {
            raise(app);
        }
    }
}

/// Makes the window, hidden. What the page stores lies under `folder`.
///
/// # Errors
/// When the desktop refuses a window or a web view.
pub fn create(app: &tauri::App, folder: &Path, curtain: Arc<Curtain>) -> tauri::Result<()> {
    let dev_server = app.config().build.dev_url.clone().filter(|_| tauri::is_dev());
    WebviewWindowBuilder::new(app, MAIN, WebviewUrl::App("index.html".into()))
        .title(TITLE)
        .inner_size(1280.0, 800.0)
        .min_inner_size(1100.0, 720.0)
        .center()
        .visible(false)
        .data_directory(webview_folder(folder))
        // A page from elsewhere would sit in a window that may call our commands.
        .on_navigation(move |url| is_ours(url, dev_server.as_ref()))
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_page_load(move |window, load| {
            if load.event() == PageLoadEvent::Finished {
                curtain.page_is_loaded(window.app_handle());
            }
        })
        .build()?;
    Ok(())
}

fn is_ours(url: &Url, dev_server: Option<&Url>) -> bool {
    // `tauri://localhost` here and on macOS, `http://tauri.localhost` on Windows.
    url.scheme() == "tauri"
        || url.host_str() == Some("tauri.localhost")
        || dev_server.is_some_and(|dev| dev.origin() == url.origin())
}

/// Brings the window to front.
pub fn raise(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(MAIN) {
        let raised = window.show().and_then(|()| window.unminimize()).and_then(|()| window.set_focus());
        if let Err(error) = raised {
            tracing::warn!(%error, "the window could not be brought to front");
        }
    }
}

/// Takes the window away at once, while the engine is still stopping.
pub fn hide(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(MAIN) {
        let _ = window.hide();
    }
}

/// Marks the sandbox in the title bar.
pub fn title(app: &AppHandle, sandbox: bool) {
    if let Some(window) = app.get_webview_window(MAIN) {
        let _ = window.set_title(if sandbox { SANDBOX_TITLE } else { TITLE });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_may_load() {
        let ours = |text: &str, dev: Option<&str>| {
            is_ours(&Url::parse(text).unwrap(), dev.map(|d| Url::parse(d).unwrap()).as_ref())
        };
        assert!(ours("tauri://localhost/index.html#/overview", None));
        assert!(ours("http://tauri.localhost/", None));
        assert!(!ours("https://mp.weixin.qq.com/", None));
        assert!(!ours("http://localhost:5173/", None));
        assert!(ours("http://localhost:5173/accounts", Some("http://localhost:5173")));
        assert!(!ours("http://localhost:5174/", Some("http://localhost:5173")));
    }
}
