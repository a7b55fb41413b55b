//! The yardstick of `make bench window`: a Tauri window with nothing in it, shown when its page has loaded, as ours is.

use tauri::webview::PageLoadEvent;
use tauri::{WebviewUrl, WebviewWindowBuilder};

fn main() -> tauri::Result<()> {
    tauri::Builder::default()
        .setup(|app| {
            let page = "about:blank".parse()?;
            WebviewWindowBuilder::new(app, "empty", WebviewUrl::External(page))
                .title("wxdesk-empty")
                .inner_size(1280.0, 800.0)
                .visible(false)
                .on_page_load(|window, load| {
                    if load.event() == PageLoadEvent::Finished {
                        let _ = window.show();
                    }
                })
                .build()?;
            Ok(())
        })
        .run(tauri::generate_context!())
}
