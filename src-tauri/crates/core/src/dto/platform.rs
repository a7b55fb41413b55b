//! Platforms: what the operator enters, and what is shown of it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Hosts of WeChat's three faces. May point at a forward server or at the sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct Endpoints {
    /// API host.
    pub api: String,
    /// PC authorize page host.
    pub mp: String,
    /// Mobile authorize page host.
    pub open: String,
}

impl Default for Endpoints {
    fn default() -> Self {
        Self {
            api: "https://api.weixin.qq.com".into(),
            mp: "https://mp.weixin.qq.com".into(),
            open: "https://open.weixin.qq.com".into(),
        }
    }
}

impl Endpoints {
    /// One address that answers for all of WeChat's hosts, as the sandbox and forward servers do.
    #[must_use]
    pub fn all_at(base: String) -> Self {
        Self { api: base.clone(), mp: base.clone(), open: base }
    }
}

/// A platform as JSON (`wxdeskd platform add`, the form, the API). A secret that is left out or null keeps the stored
/// one. Deliberately without `Debug` output of secrets: see the manual impl.
#[derive(Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct PlatformInput {
    /// `wx` and 16 hex digits.
    pub component_appid: String,
    /// The operator's name for it.
    #[serde(default)]
    pub name: String,
    /// 第三方平台 AppSecret, 32 hex digits as WeChat gives it.
    #[serde(default)]
    pub component_appsecret: Option<String>,
    /// 消息校验 Token, 3–32 letters or digits.
    #[serde(default)]
    pub verify_token: Option<String>,
    /// 消息加解密 Key, exactly 43 letters or digits.
    #[serde(default)]
    pub encoding_aes_key: Option<String>,
    /// The key before the last change; tried after the current one. An empty string removes it.
    #[serde(default)]
    pub previous_encoding_aes_key: Option<String>,
    /// https base under which WeChat reaches the listener (http only for loopback), no path, no query.
    #[serde(default)]
    pub public_base_url: String,
    /// WeChat's hosts, or stand-ins.
    #[serde(default)]
    pub endpoints: Option<Endpoints>,
    /// `http://`, `https://` or `socks5://` proxy for calls to WeChat, with user and password if need be. An empty
    /// string removes it, null keeps it.
    #[serde(default)]
    pub outbound_proxy: Option<String>,
}

impl std::fmt::Debug for PlatformInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PlatformInput")
            .field("component_appid", &self.component_appid)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A platform as shown: which secrets are stored, never the secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Platform {
    /// The platform's appid.
    pub component_appid: String,
    /// The operator's name for it.
    pub name: String,
    /// Public base URL.
    pub public_base_url: String,
    /// Hosts in use.
    pub endpoints: Endpoints,
    /// Proxy with its password masked.
    pub outbound_proxy: Option<String>,
    /// A previous AES key is kept.
    pub has_previous_key: bool,
    /// Since when the key before is only the previous one, ms; it opens pushes as long as WeChat uses it.
    pub previous_key_since: Option<i64>,
    /// Last push that needed the previous key, ms, since the engine started.
    pub previous_key_used_at: Option<i64>,
    /// Last characters of each secret, so that a person can tell which one is stored (`…a59e`).
    pub secret_hints: SecretHints,
    /// Made by the built-in sandbox.
    pub sandbox: bool,
    /// What to enter on open.weixin.qq.com.
    pub callback_urls: CallbackUrls,
    /// Accounts by state.
    pub accounts: super::AccountCounts,
    /// Ticket health.
    pub ticket: super::TicketView,
    /// Component token health.
    pub component_token: super::TokenView,
    /// When added, ms.
    pub created_at: i64,
    /// When last changed, ms.
    pub updated_at: i64,
}

/// Masked tails of the stored secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SecretHints {
    /// Of `component_appsecret`.
    pub component_appsecret: String,
    /// Of `verify_token`.
    pub verify_token: String,
    /// Of `encoding_aes_key`.
    pub encoding_aes_key: String,
}

/// Which stored secret to reveal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum SecretField {
    /// AppSecret.
    ComponentAppsecret,
    /// Token.
    VerifyToken,
    /// Key.
    EncodingAesKey,
    /// The proxy's URL with its password.
    OutboundProxy,
}

/// What to enter on open.weixin.qq.com, under the very names of its form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct CallbackUrls {
    /// 授权发起页域名: bare domain.
    pub authorize_domain: String,
    /// 授权事件接收URL.
    pub event_url: String,
    /// 消息与事件接收URL, holds `$APPID$`.
    pub message_url: String,
    /// 网页开发域名.
    pub web_domain: String,
}

/// A value that was asked for by a person; the window hides it again after 30 s.
#[derive(Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RevealedSecret {
    /// The value.
    pub value: String,
    /// When it ends, ms (tokens only).
    pub expires_at: Option<i64>,
}

impl std::fmt::Debug for RevealedSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RevealedSecret(***)")
    }
}

/// One broken rule of one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct FieldError {
    /// Field name as in the JSON, e.g. `verify_token`.
    pub field: String,
    /// Rule id, e.g. `format`, `required`, `https`.
    pub rule: String,
    /// The rule in English.
    pub message: String,
    /// The rule in Chinese.
    pub message_zh: String,
}
