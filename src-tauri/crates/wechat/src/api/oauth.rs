//! Exchanging a web OAuth code (网页授权), for the account itself or on its behalf.
//!
//! Owns: the token calls of G.2. Must not: be mistaken for API tokens; these are a user's.
//! Invariant: a code is sent once; WeChat refuses a second use (40163).

use serde::Deserialize;

use super::{Call, non_empty};
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
