//! Tokens of directly connected accounts, got with their own AppSecret.
//!
//! Owns: E.2 of the protocol. Must not: be used for an authorizer; a component never has an authorizer's AppSecret.
//! Invariant: a grant is never empty and always has a positive life.

use serde::Deserialize;

use super::{Call, TokenGrant, grant};
use crate::error::CallError;
use crate::secret::SecretString;
use crate::transport::Transport;

#[derive(Deserialize)]
struct Answer {
    access_token: Option<SecretString>,
    #[serde(default, deserialize_with = "super::number")]
    expires_in: Option<i64>,
}

/// The classic token: every fetch ends the previous one after an overlap of 5 minutes. 2000 a day.
///
/// # Errors
/// 40001/40125 (secret), 40164 (IP), 40243 (frozen) and the general ones.
pub async fn account_token(
    transport: &dyn Transport,
    appid: &str,
    secret: &SecretString,
) -> Result<TokenGrant, CallError> {
    let answer: Answer = Call::get("/cgi-bin/token")
        .query("grant_type", "client_credential")
        .query("appid", appid)
        .secret_query("secret", secret)
        .send(transport)
        .await?;
    grant(answer.access_token, answer.expires_in)
}

/// The stable token (获取稳定版接口调用凭据): the same until near its end, with the remaining life.
/// With `force_refresh` a new one, the old one dead at once; 20 a day and at least 30 s apart.
///
/// # Errors
/// As [`account_token`], and 45009, 45011, 89503, 89506, 89507.
pub async fn stable_token(
    transport: &dyn Transport,
    appid: &str,
    secret: &SecretString,
    force_refresh: bool,
) -> Result<TokenGrant, CallError> {
    let answer: Answer = Call::post("/cgi-bin/stable_token")
        .field("grant_type", "client_credential")
        .field("appid", appid)
        .secret_field("secret", secret)
        .field("force_refresh", force_refresh)
        .send(transport)
        .await?;
    grant(answer.access_token, answer.expires_in)
}
