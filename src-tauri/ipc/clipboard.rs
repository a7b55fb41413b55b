//! Secrets in the clipboard.

use tauri::State as Managed;
use wxdesk_core::AppError;

use super::Answer;
use crate::shell::clipboard::{Emptied, SecretClipboard};

/// Copies a secret for a minute. False when the system refuses.
#[tauri::command(rename_all = "snake_case")]
pub async fn copy_secret(clipboard: Managed<'_, SecretClipboard>, text: String) -> Answer<bool> {
    Ok::<_, AppError>(clipboard.copy(text))
}

/// Empties the clipboard if it still holds the secret.
#[tauri::command(rename_all = "snake_case")]
pub async fn clear_secret(clipboard: Managed<'_, SecretClipboard>) -> Answer<Emptied> {
    Ok::<_, AppError>(clipboard.empty())
}
