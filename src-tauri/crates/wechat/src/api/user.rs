//! Who a follower is (用户基本信息).
//!
//! Owns: I.4 of the protocol. Must not: be mistaken for web OAuth's profile; this one needs no consent but a follower.
//! Invariant: what WeChat leaves out, sends empty or no longer sends is `None`.

use serde::{Deserialize, Deserializer};

use super::Call;
use crate::error::CallError;
use crate::secret::SecretString;
use crate::transport::Transport;

/// A user at this account. When `subscribe` is false, WeChat tells the openid and nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct UserInfo {
    /// Whether the user follows the account.
    #[serde(default, deserialize_with = "is_one")]
    pub subscribe: bool,
    /// The user at this account.
    #[serde(default, deserialize_with = "super::filled")]
    pub openid: Option<String>,
    /// E.g. `zh_CN`.
    #[serde(default, deserialize_with = "super::filled")]
    pub language: Option<String>,
    /// Unix seconds; the last time if there were several.
    #[serde(default, deserialize_with = "super::number")]
    pub subscribe_time: Option<i64>,
    /// Only if the account is bound to an Open Platform account.
    #[serde(default, deserialize_with = "super::filled")]
    pub unionid: Option<String>,
    /// What the account noted about the user.
    #[serde(default, deserialize_with = "super::filled")]
    pub remark: Option<String>,
    /// The group, which tags replaced.
    #[serde(default, deserialize_with = "super::number")]
    pub groupid: Option<i64>,
    /// The tags.
    #[serde(default, deserialize_with = "super::list")]
    pub tagid_list: Vec<i64>,
    /// How the user came, e.g. `ADD_SCENE_QR_CODE`.
    #[serde(default, deserialize_with = "super::filled")]
    pub subscribe_scene: Option<String>,
    /// The number of the code that was scanned.
    #[serde(default, deserialize_with = "super::number")]
    pub qr_scene: Option<i64>,
    /// The text of the code that was scanned.
    #[serde(default, deserialize_with = "super::filled")]
    pub qr_scene_str: Option<String>,
    /// No longer sent.
    #[serde(default, deserialize_with = "super::filled")]
    pub nickname: Option<String>,
    /// 1 male, 2 female, 0 unknown; no longer sent.
    #[serde(default, deserialize_with = "super::number")]
    pub sex: Option<i64>,
    /// No longer sent.
    #[serde(default, deserialize_with = "super::filled")]
    pub city: Option<String>,
    /// No longer sent.
    #[serde(default, deserialize_with = "super::filled")]
    pub province: Option<String>,
    /// No longer sent.
    #[serde(default, deserialize_with = "super::filled")]
    pub country: Option<String>,
    /// No longer sent.
    #[serde(default, rename = "headimgurl", deserialize_with = "super::filled")]
    pub head_img_url: Option<String>,
}

fn is_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    super::number(deserializer).map(|number| number == Some(1))
}

/// Reads who a follower is. `lang` is `zh_CN`, `zh_TW` or `en`.
///
/// # Errors
/// 40003 (openid) and the general ones.
pub async fn user_info(
    transport: &dyn Transport,
    token: &SecretString,
    openid: &str,
    lang: &str,
) -> Result<UserInfo, CallError> {
    Call::get("/cgi-bin/user/info")
        .token("access_token", token)
        .query("openid", openid)
        .query("lang", lang)
        .send(transport)
        .await
}
