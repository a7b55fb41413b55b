//! The component's own credentials: ticket push, component token, pre-authorization code.
//!
//! Owns: C.1 to C.3 of the protocol. Must not: keep anything.
//! Invariant: a grant is never empty and always has a positive life.

use serde::Deserialize;

use super::{Call, Done, grant};
use crate::error::CallError;
use crate::secret::SecretString;
use crate::transport::Transport;

/// A token and how long it lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenGrant {
    /// Never empty.
    pub token: SecretString,
    /// Seconds from the answer on; positive. 7200 in practice.
    pub expires_in: i64,
}

/// A pre-authorization code and how long it lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreAuthCode {
    /// Starts with `preauthcode@@@`; for one link.
    pub code: SecretString,
    /// Seconds; 600 or 1800 in practice, so never assume.
    pub expires_in: i64,
}

/// Asks WeChat to push tickets (again) (启动票据推送服务). The next one comes within 10 minutes.
///
/// # Errors
/// 40013, 41004, 40125 and the general ones.
pub async fn start_push_ticket(
    transport: &dyn Transport,
    component_appid: &str,
    secret: &SecretString,
) -> Result<(), CallError> {
    Call::post("/cgi-bin/component/api_start_push_ticket")
        .field("component_appid", component_appid)
        // Here, and only here, the field is not called component_appsecret.
        .secret_field("component_secret", secret)
        .send::<Done>(transport)
        .await
        .map(|_| ())
}

/// Exchanges the newest ticket for a component access token (获取令牌).
///
/// # Errors
/// 61004 (IP), 61005/61006 (ticket), 40125 (secret), 45009 and the general ones.
pub async fn component_token(
    transport: &dyn Transport,
    component_appid: &str,
    secret: &SecretString,
    ticket: &SecretString,
) -> Result<TokenGrant, CallError> {
    #[derive(Deserialize)]
    struct Answer {
        component_access_token: Option<SecretString>,
        #[serde(default, deserialize_with = "super::number")]
        expires_in: Option<i64>,
    }
    let answer: Answer = Call::post("/cgi-bin/component/api_component_token")
        .field("component_appid", component_appid)
        .secret_field("component_appsecret", secret)
        .secret_field("component_verify_ticket", ticket)
        .send(transport)
        .await?;
    grant(answer.component_access_token, answer.expires_in)
}

/// Makes a pre-authorization code (获取预授权码), which costs quota: one for each link, when it is asked for.
///
/// # Errors
/// 40001/40014/42001 (token), 61004 and the general ones.
pub async fn create_preauthcode(
    transport: &dyn Transport,
    component_token: &SecretString,
    component_appid: &str,
) -> Result<PreAuthCode, CallError> {
    #[derive(Deserialize)]
    struct Answer {
        pre_auth_code: Option<SecretString>,
        #[serde(default, deserialize_with = "super::number")]
        expires_in: Option<i64>,
    }
    let answer: Answer = Call::post("/cgi-bin/component/api_create_preauthcode")
        .token("component_access_token", component_token)
        .field("component_appid", component_appid)
        .send(transport)
        .await?;
    grant(answer.pre_auth_code, answer.expires_in).map(|g| PreAuthCode { code: g.token, expires_in: g.expires_in })
}
