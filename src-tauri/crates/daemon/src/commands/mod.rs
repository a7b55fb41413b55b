//! One file a command: its request, and how the answer is shown.

pub mod account;
pub mod key;
pub mod link;
pub mod platform;
pub mod status;
pub mod tunnel;

use serde_json::Value;

/// Now by the engine's clock is in its documents; this is for documents without it, ms since 1970.
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The rows of a list document.
fn items(document: &Value) -> &[Value] {
    document["items"].as_array().map_or(&[], Vec::as_slice)
}
