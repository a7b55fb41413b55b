//! Carries the engine's tagged changes to the page, as Tauri event `change`.
//!
//! Owns following the desk's swaps. Invariant: after a swap, and after changes were lost because the page was slow,
//! everything is tagged, so the page never shows what no longer is.

use tauri::{AppHandle, Emitter};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use wxdesk_core::dto::Change;

use super::desk::Shown;
use super::window;

const EVENT: &str = "change";
/// Stands for every tag, also for those of single accounts and links (`ui/src/host/host.ts`).
const EVERYTHING: &str = "*";

/// Runs as long as the desk lives.
pub async fn forward(app: AppHandle, mut shown: watch::Receiver<Option<Shown>>) {
    let mut swapped = false;
    loop {
        let Some(now) = shown.borrow_and_update().clone() else {
            if shown.changed().await.is_err() {
                return;
            }
            continue;
        };
        window::title(&app, now.sandbox);
        let mut changes = now.core.subscribe();
        let mut open = true;
        if swapped {
            emit(&app, &everything());
        }
        swapped = true;
        loop {
            tokio::select! {
                swap = shown.changed() => match swap {
                    Ok(()) => break,
                    Err(_) => return,
                },
                change = changes.recv(), if open => match change {
                    Ok(change) => emit(&app, &change),
                    Err(RecvError::Lagged(_)) => emit(&app, &everything()),
                    Err(RecvError::Closed) => open = false,
                },
            }
        }
    }
}

fn everything() -> Change {
    Change { tags: vec![EVERYTHING.to_owned()] }
}

fn emit(app: &AppHandle, change: &Change) {
    if let Err(error) = app.emit(EVENT, change) {
        tracing::warn!(%error, "a change did not reach the page");
    }
}
