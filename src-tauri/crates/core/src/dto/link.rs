//! Authorize links.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Which authorize page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum LinkKind {
    /// 电脑扫码: opened in a browser on a computer, the owner scans.
    Pc,
    /// 手机直接授权: opened inside WeChat.
    H5,
}

/// What to ask the owner for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct LinkRequest {
    /// Platform.
    pub component_appid: String,
    /// Which page.
    pub kind: LinkKind,
    /// `auth_type` of protocol D.4: 1 official accounts, 2 mini programs, 3 both, 4–8 newer kinds.
    #[serde(default)]
    pub auth_type: Option<u8>,
    /// Exactly this account.
    #[serde(default)]
    pub biz_appid: Option<String>,
    /// Permission sets to ask for; empty means what the platform published.
    #[serde(default)]
    pub scopes: Vec<u32>,
    /// Tenant that the account will belong to.
    #[serde(default)]
    pub tenant: Option<String>,
}

/// Where a link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum LinkState {
    /// Made, not opened.
    Waiting,
    /// Its launch page was opened.
    Opened,
    /// The code came back and is being redeemed.
    Redeeming,
    /// Done.
    Authorized,
    /// Redeeming failed; see `error`.
    Failed,
    /// Its pre-auth code ended.
    Expired,
}

/// An authorize link.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Link {
    /// One-time unguessable id (128 random bits, base64url).
    pub link_id: String,
    /// Platform.
    pub component_appid: String,
    /// Which page.
    pub kind: LinkKind,
    /// WeChat's page with all parameters.
    pub url: String,
    /// Our launch page on the registered domain, which leads there with a Referer. This is what is shared and shown
    /// as QR code.
    pub launch_url: String,
    /// QR code of `launch_url` as an SVG document, dark modules on white with its quiet zone.
    pub qr_svg: String,
    /// State.
    pub state: LinkState,
    /// When made, ms.
    pub created_at: i64,
    /// When the pre-auth code ends, ms.
    pub expires_at: i64,
    /// The account that authorized.
    pub account: Option<super::Account>,
    /// Why redeeming failed.
    pub error: Option<super::LastError>,
}
