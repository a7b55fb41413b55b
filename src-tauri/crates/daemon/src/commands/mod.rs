//! One file a command: its request, and how the answer is shown.

pub mod account;
pub mod calls;
pub mod channel;
pub mod console;
pub mod inbox;
pub mod key;
pub mod link;
pub mod menu;
pub mod message;
pub mod oauth;
pub mod platform;
pub mod quota;
pub mod reconcile;
pub mod release;
pub mod rule;
pub mod status;
pub mod target;
pub mod tenant;
pub mod tunnel;

use std::path::Path;

use reqwest::Method;
use serde_json::Value;

use crate::engine::{Engine, Need};
use crate::failure::Failure;

/// Now by the engine's clock is in its documents; this is for documents without it, ms since 1970.
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A command of the window, asked over the local API.
async fn ask(dir: &Path, need: Need, command: &str, args: Value) -> Result<Value, Failure> {
    Engine::once(dir, need, Method::POST, &format!("/v1/ui/{command}"), Some(&args)).await
}

/// The rows of a list document.
fn items(document: &Value) -> &[Value] {
    document["items"].as_array().map_or(&[], Vec::as_slice)
}
