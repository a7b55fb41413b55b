//! Quotas, request ids, addresses and the network check (OpenAPI 管理).
//!
//! Owns: C.9 of the protocol. Must not: spend a monthly clear on its own accord.
//! Invariant: what `rid/get` repeats of a request (it holds tokens) stays secret.

use serde::Deserialize;

use super::{Call, Done};
use crate::error::CallError;
use crate::secret::SecretString;
use crate::transport::Transport;

/// How much of an interface's daily quota is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct Quota {
    /// Calls a day.
    #[serde(default)]
    pub daily_limit: i64,
    /// Used today.
    #[serde(default)]
    pub used: i64,
    /// Left today.
    #[serde(default)]
    pub remain: i64,
}

/// How many calls are allowed in how long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct RateLimit {
    /// Calls.
    #[serde(default)]
    pub call_count: i64,
    /// In so many seconds.
    #[serde(default)]
    pub refresh_second: i64,
}

/// The answer of [`quota_get`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct QuotaInfo {
    /// Daily.
    #[serde(default)]
    pub quota: Quota,
    /// Of the account.
    pub rate_limit: Option<RateLimit>,
    /// Of the component, when it calls on behalf.
    pub component_rate_limit: Option<RateLimit>,
}

/// The answer of [`rid_get`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct RidInfo {
    /// Unix seconds.
    #[serde(default)]
    pub invoke_time: i64,
    /// Milliseconds.
    #[serde(default)]
    pub cost_in_ms: i64,
    /// Holds the token that was used.
    #[serde(default)]
    pub request_url: SecretString,
    /// May hold secrets.
    #[serde(default)]
    pub request_body: SecretString,
    /// May hold secrets.
    #[serde(default)]
    pub response_body: SecretString,
    /// The address that WeChat saw.
    #[serde(default)]
    pub client_ip: String,
}

/// The answer of [`callback_check`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct CallbackCheck {
    /// What the callback's host resolves to.
    #[serde(default)]
    pub dns: Vec<DnsResult>,
    /// How each address answers.
    #[serde(default)]
    pub ping: Vec<PingResult>,
}

/// One address of the callback's host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct DnsResult {
    /// The address.
    #[serde(default)]
    pub ip: String,
    /// Its network operator.
    #[serde(default)]
    pub real_operator: String,
}

/// How one address answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct PingResult {
    /// The address.
    #[serde(default)]
    pub ip: String,
    /// From which network operator.
    #[serde(default)]
    pub from_operator: String,
    /// E.g. `0%`.
    #[serde(default)]
    pub package_loss: String,
    /// E.g. `23.079ms`.
    #[serde(default)]
    pub time: String,
}

/// Resets the daily counters of `appid` (重置API调用次数); the token must be that appid's. 10 a month.
///
/// # Errors
/// 48006 (used up) and the general ones.
pub async fn clear_quota(transport: &dyn Transport, token: &SecretString, appid: &str) -> Result<(), CallError> {
    Call::post("/cgi-bin/clear_quota")
        .token("access_token", token)
        .field("appid", appid)
        .send::<Done>(transport)
        .await
        .map(|_| ())
}

/// As [`clear_quota`] with the account's own AppSecret instead of a token; the same monthly counter.
///
/// # Errors
/// 48006 (used up), 40125 and the general ones.
pub async fn clear_quota_v2(transport: &dyn Transport, appid: &str, secret: &SecretString) -> Result<(), CallError> {
    Call::post("/cgi-bin/clear_quota/v2")
        .field("appid", appid)
        .secret_field("appsecret", secret)
        .send::<Done>(transport)
        .await
        .map(|_| ())
}

/// Resets the component's own counters, or with `authorizer_appid` those of an authorized account
/// (使用AppSecret重置第三方平台API调用次数). `secret` is the component's; the same monthly counter.
///
/// # Errors
/// 48006 (used up), 43007 (not authorized) and the general ones.
pub async fn clear_component_quota_v2(
    transport: &dyn Transport,
    component_appid: &str,
    authorizer_appid: Option<&str>,
    secret: &SecretString,
) -> Result<(), CallError> {
    let mut call = Call::post("/cgi-bin/component/clear_quota/v2").field("component_appid", component_appid);
    if let Some(appid) = authorizer_appid {
        call = call.field("appid", appid);
    }
    call.secret_field("appsecret", secret).send::<Done>(transport).await.map(|_| ())
}

/// Asks for the quota of one interface; `cgi_path` starts with `/` and has no host and no query.
///
/// # Errors
/// 76021 (path), 76022 (token) and the general ones.
pub async fn quota_get(
    transport: &dyn Transport,
    token: &SecretString,
    cgi_path: &str,
) -> Result<QuotaInfo, CallError> {
    Call::post("/cgi-bin/openapi/quota/get")
        .token("access_token", token)
        .field("cgi_path", cgi_path)
        .send(transport)
        .await
}

/// Resets the counter of one interface; 50 a month.
///
/// # Errors
/// 76021 (path), 48006 (used up) and the general ones.
pub async fn quota_clear(transport: &dyn Transport, token: &SecretString, cgi_path: &str) -> Result<(), CallError> {
    Call::post("/cgi-bin/openapi/quota/clear")
        .token("access_token", token)
        .field("cgi_path", cgi_path)
        .send::<Done>(transport)
        .await
        .map(|_| ())
}

/// Looks up a request by the rid of its error; kept for 7 days.
///
/// # Errors
/// 76001 to 76004 and the general ones.
pub async fn rid_get(transport: &dyn Transport, token: &SecretString, rid: &str) -> Result<RidInfo, CallError> {
    #[derive(Deserialize)]
    struct Answer {
        request: RidInfo,
    }
    let answer: Answer =
        Call::post("/cgi-bin/openapi/rid/get").token("access_token", token).field("rid", rid).send(transport).await?;
    Ok(answer.request)
}

#[derive(Deserialize)]
struct IpList {
    #[serde(default)]
    ip_list: Vec<String>,
}

/// The addresses of WeChat's API servers: where our calls go.
///
/// # Errors
/// The general ones.
pub async fn get_api_domain_ip(transport: &dyn Transport, token: &SecretString) -> Result<Vec<String>, CallError> {
    let answer: IpList = Call::get("/cgi-bin/get_api_domain_ip").token("access_token", token).send(transport).await?;
    Ok(answer.ip_list)
}

/// The addresses that WeChat pushes from; entries may be CIDR blocks.
///
/// # Errors
/// The general ones.
pub async fn get_callback_ip(transport: &dyn Transport, token: &SecretString) -> Result<Vec<String>, CallError> {
    let answer: IpList = Call::get("/cgi-bin/getcallbackip").token("access_token", token).send(transport).await?;
    Ok(answer.ip_list)
}

/// Has WeChat try to reach the callback URL. `action` is `dns`, `ping` or `all`; `check_operator` is `CHINANET`,
/// `UNICOM`, `CAP` or `DEFAULT`.
///
/// # Errors
/// 40201 (no URL), 40202, 40203 and the general ones.
pub async fn callback_check(
    transport: &dyn Transport,
    token: &SecretString,
    action: &str,
    check_operator: &str,
) -> Result<CallbackCheck, CallError> {
    Call::post("/cgi-bin/callback/check")
        .token("access_token", token)
        .field("action", action)
        .field("check_operator", check_operator)
        .send(transport)
        .await
}
