//! Logging in to a mini program (小程序登录), for the program itself or on its behalf.
//!
//! Owns: the two calls of G.4. Must not: decrypt what a session key is for.
//! Invariant: a session has an openid and a session key, neither of them empty; a js_code is sent once.

use serde::Deserialize;

use super::{Call, non_empty, required};
use crate::error::CallError;
use crate::secret::SecretString;
use crate::transport::Transport;

/// Who logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MiniSession {
    /// The user at this mini program.
    pub openid: String,
    /// Decrypts what the program sends about the user; never leaves the server.
    pub session_key: SecretString,
    /// Only if the mini program is bound to an Open Platform account.
    pub unionid: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    openid: Option<String>,
    session_key: Option<SecretString>,
    #[serde(default, deserialize_with = "super::filled")]
    unionid: Option<String>,
}

impl Answer {
    fn finish(self) -> Result<MiniSession, CallError> {
        Ok(MiniSession {
            openid: required(self.openid, "openid")?,
            session_key: non_empty(self.session_key)
                .ok_or_else(|| CallError::BadBody("session_key is empty or missing".to_owned()))?,
            unionid: self.unionid,
        })
    }
}

/// Exchanges the code of `wx.login` with the mini program's own AppSecret.
///
/// # Errors
/// 40029 (code), 40163 (used), 45011 (too often), 40226 (user blocked) and the general ones.
pub async fn jscode2session(
    transport: &dyn Transport,
    appid: &str,
    secret: &SecretString,
    js_code: &SecretString,
) -> Result<MiniSession, CallError> {
    Call::get("/sns/jscode2session")
        .query("appid", appid)
        .secret_query("secret", secret)
        .secret_query("js_code", js_code)
        .query("grant_type", "authorization_code")
        .send::<Answer>(transport)
        .await?
        .finish()
}

/// Exchanges the code of `wx.login` on behalf of an authorizer; needs permission set 20 or 18.
///
/// # Errors
/// As [`jscode2session`], and 61003, 61007 and the component token's.
pub async fn component_jscode2session(
    transport: &dyn Transport,
    component_token: &SecretString,
    component_appid: &str,
    appid: &str,
    js_code: &SecretString,
) -> Result<MiniSession, CallError> {
    Call::get("/sns/component/jscode2session")
        .query("appid", appid)
        .secret_query("js_code", js_code)
        .query("grant_type", "authorization_code")
        .query("component_appid", component_appid)
        .token("component_access_token", component_token)
        .send::<Answer>(transport)
        .await?
        .finish()
}
