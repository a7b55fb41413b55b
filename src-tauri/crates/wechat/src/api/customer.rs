//! Customer-service messages (客服消息).
//!
//! Owns: I.2 of the protocol. Must not: know the kinds of messages, or who may be written to when.
//! Invariant: a message goes out as raw UTF-8, as it was given.

use serde_json::Value;

use super::{Call, Done};
use crate::error::CallError;
use crate::secret::SecretString;
use crate::transport::Transport;

/// Sends `message` (`{"touser": …, "msgtype": …, …}`) to a follower.
///
/// # Errors
/// 40003 (openid), 45015 (outside the window), 45047 (too many), 48002 (user blocks), 40008 (kind) and the general ones.
pub async fn send_custom_message(
    transport: &dyn Transport,
    token: &SecretString,
    message: &Value,
) -> Result<(), CallError> {
    Call::post_value("/cgi-bin/message/custom/send", message)
        .token("access_token", token)
        .send::<Done>(transport)
        .await
        .map(|_| ())
}

/// Shows the follower that an answer is being written, or no longer is.
///
/// # Errors
/// 40003 (openid), 45015 (outside the window) and the general ones.
pub async fn send_typing(
    transport: &dyn Transport,
    token: &SecretString,
    openid: &str,
    typing: bool,
) -> Result<(), CallError> {
    Call::post("/cgi-bin/message/custom/typing")
        .token("access_token", token)
        .field("touser", openid)
        .field("command", if typing { "Typing" } else { "CancelTyping" })
        .send::<Done>(transport)
        .await
        .map(|_| ())
}
