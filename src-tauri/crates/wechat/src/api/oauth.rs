//! Web OAuth (网页授权): exchanging a code, renewing and checking a user's token, and reading who the user is, for the
//! account itself or on its behalf.
//!
//! Owns: the calls of G.2. Must not: be mistaken for API tokens; these are a user's.
//! Invariant: a code is sent once; WeChat refuses a second use (40163).

use serde::Deserialize;

use super::{Call, Done, non_empty};
use crate::error::CallError;
use crate::secret::SecretString;
use crate::transport::Transport;

/// What a user granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OauthGrant {
    /// The user's token, 7200 s; not an API token.
    pub access_token: SecretString,
    /// Seconds.
    pub expires_in: i64,
    /// 30 days.
    pub refresh_token: Option<SecretString>,
    /// The user at this account.
    pub openid: String,
    /// Several are joined with commas.
    pub scope: String,
    /// A virtual user of a snapshot page (快照页).
    pub is_snapshot_user: bool,
    /// Only if the account is bound to an Open Platform account.
    pub unionid: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    access_token: Option<SecretString>,
    #[serde(default, deserialize_with = "super::number")]
    expires_in: Option<i64>,
    refresh_token: Option<SecretString>,
    openid: String,
    #[serde(default)]
    scope: String,
    #[serde(default, deserialize_with = "super::number")]
    is_snapshotuser: Option<i64>,
    unionid: Option<String>,
}

impl Answer {
    fn finish(self) -> Result<OauthGrant, CallError> {
        let grant = super::grant(self.access_token, self.expires_in)?;
        Ok(OauthGrant {
            access_token: grant.token,
            expires_in: grant.expires_in,
            refresh_token: non_empty(self.refresh_token),
            openid: self.openid,
            scope: self.scope,
            is_snapshot_user: self.is_snapshotuser == Some(1),
            unionid: self.unionid.filter(|id| !id.is_empty()),
        })
    }
}

/// Exchanges a code with the account's own AppSecret.
///
/// # Errors
/// 40029 (code), 40163 (used), 42003 (expired) and the general ones.
pub async fn oauth_token(
    transport: &dyn Transport,
    appid: &str,
    secret: &SecretString,
    code: &SecretString,
) -> Result<OauthGrant, CallError> {
    Call::get("/sns/oauth2/access_token")
        .query("appid", appid)
        .secret_query("secret", secret)
        .secret_query("code", code)
        .query("grant_type", "authorization_code")
        .send::<Answer>(transport)
        .await?
        .finish()
}

/// Exchanges a code on behalf of an authorizer.
///
/// # Errors
/// As [`oauth_token`], and 61003 and the component token's.
pub async fn component_oauth_token(
    transport: &dyn Transport,
    component_token: &SecretString,
    component_appid: &str,
    authorizer_appid: &str,
    code: &SecretString,
) -> Result<OauthGrant, CallError> {
    Call::get("/sns/oauth2/component/access_token")
        .query("appid", authorizer_appid)
        .secret_query("code", code)
        .query("grant_type", "authorization_code")
        .query("component_appid", component_appid)
        .token("component_access_token", component_token)
        .send::<Answer>(transport)
        .await?
        .finish()
}

/// Renews a user's token with the account's own appid; no AppSecret is needed. An unexpired token is extended, an
/// expired one replaced; the refresh token itself lives 30 days.
///
/// # Errors
/// 40030 (refresh token), 42002 (expired) and the general ones.
pub async fn refresh_oauth_token(
    transport: &dyn Transport,
    appid: &str,
    refresh_token: &SecretString,
) -> Result<OauthGrant, CallError> {
    Call::get("/sns/oauth2/refresh_token")
        .query("appid", appid)
        .query("grant_type", "refresh_token")
        .secret_query("refresh_token", refresh_token)
        .send::<Answer>(transport)
        .await?
        .finish()
}

/// Renews a user's token on behalf of an authorizer.
///
/// # Errors
/// As [`refresh_oauth_token`], and 61003 and the component token's.
pub async fn component_refresh_oauth_token(
    transport: &dyn Transport,
    component_token: &SecretString,
    component_appid: &str,
    authorizer_appid: &str,
    refresh_token: &SecretString,
) -> Result<OauthGrant, CallError> {
    Call::get("/sns/oauth2/component/refresh_token")
        .query("appid", authorizer_appid)
        .query("grant_type", "refresh_token")
        .query("component_appid", component_appid)
        .token("component_access_token", component_token)
        .secret_query("refresh_token", refresh_token)
        .send::<Answer>(transport)
        .await?
        .finish()
}

/// Whether a user's token is good for this openid; `Ok` if it is.
///
/// # Errors
/// 40003 (openid), 40001, 40014 or 42001 (token) and the general ones.
pub async fn check_oauth_token(
    transport: &dyn Transport,
    access_token: &SecretString,
    openid: &str,
) -> Result<(), CallError> {
    Call::get("/sns/auth")
        .secret_query("access_token", access_token)
        .query("openid", openid)
        .send::<Done>(transport)
        .await
        .map(|_| ())
}

/// Who a user is. WeChat's present policy leaves sex and region empty, so everything but the openid may be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct OauthUserInfo {
    /// The user at this account.
    pub openid: String,
    /// As the user chose it.
    #[serde(default, deserialize_with = "super::text")]
    pub nickname: String,
    /// 1 male, 2 female, 0 unknown.
    #[serde(default, deserialize_with = "super::number")]
    pub sex: Option<i64>,
    /// Empty by present policy.
    #[serde(default, deserialize_with = "super::text")]
    pub province: String,
    /// Empty by present policy.
    #[serde(default, deserialize_with = "super::text")]
    pub city: String,
    /// Empty by present policy.
    #[serde(default, deserialize_with = "super::text")]
    pub country: String,
    /// The picture; the URL ends in its size: 0, 46, 64, 96 or 132.
    #[serde(default, rename = "headimgurl", deserialize_with = "super::text")]
    pub head_img_url: String,
    /// Names of privileges; mostly empty.
    #[serde(default, deserialize_with = "super::list")]
    pub privilege: Vec<String>,
    /// Only if the account is bound to an Open Platform account.
    #[serde(default, deserialize_with = "super::filled")]
    pub unionid: Option<String>,
}

/// Reads who the user is; the token must have been granted for `snsapi_userinfo`. `lang` is `zh_CN`, `zh_TW` or `en`.
///
/// # Errors
/// 40003 (openid), 48001 (scope), 40001, 40014 or 42001 (token) and the general ones.
pub async fn oauth_user_info(
    transport: &dyn Transport,
    access_token: &SecretString,
    openid: &str,
    lang: &str,
) -> Result<OauthUserInfo, CallError> {
    Call::get("/sns/userinfo")
        .secret_query("access_token", access_token)
        .query("openid", openid)
        .query("lang", lang)
        .send(transport)
        .await
}
