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
    /// A note that comes back with the result, at most 200 characters.
    #[serde(default)]
    pub note: Option<String>,
}

/// Where a link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
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
    /// WeChat sent the administrator back without a code; opening the link again makes it `opened`.
    Cancelled,
    /// Redeeming failed; see `error`.
    Failed,
    /// Its pre-auth code ended.
    Expired,
    /// The operator ended it.
    Ended,
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
    /// WeChat's page with all parameters; empty in lists.
    pub url: String,
    /// Our launch page on the registered domain, which leads there with a Referer. This is what is shared and shown
    /// as QR code.
    pub launch_url: String,
    /// QR code of `launch_url` as an SVG document, dark modules on white with its quiet zone; empty in lists.
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
    /// Kinds of account that were asked for, see [`LinkRequest::auth_type`].
    pub auth_type: Option<u8>,
    /// Exactly this account was asked for.
    pub biz_appid: Option<String>,
    /// Permission sets that were asked for.
    pub scopes: Vec<u32>,
    /// Tenant of the account to come.
    pub tenant: Option<String>,
    /// The operator's note.
    pub note: String,
    /// First opening of the launch page, ms.
    pub opened_at: Option<i64>,
    /// When `account` authorized through it, ms.
    pub authorized_at: Option<i64>,
    /// When WeChat last sent the administrator back without a code, ms.
    pub cancelled_at: Option<i64>,
    /// The link that this one was made from.
    pub made_from: Option<String>,
}

/// Filter of `list_links`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export, optional_fields)]
pub struct LinkQuery {
    /// Only this platform.
    pub platform: Option<String>,
    /// Only this state.
    pub state: Option<LinkState>,
    /// Only this tenant; empty for those without one.
    pub tenant: Option<String>,
    /// Part of note, tenant, the account's name or appid, case-insensitive.
    pub q: Option<String>,
    /// At most this many (1–500, default 50).
    pub limit: Option<u32>,
    /// From this row on.
    pub offset: Option<u32>,
}

/// How many links are in a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct LinkStateCount {
    /// State.
    pub state: LinkState,
    /// Links.
    pub count: i64,
}

/// A page of links, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct LinkPage {
    /// Rows, without `url` and `qr_svg`.
    pub items: Vec<Link>,
    /// Rows that match.
    pub total: i64,
    /// Links of the platform filter by state, whatever the other filters; states without any are left out.
    pub counts: Vec<LinkStateCount>,
}

/// Language of a poster.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum PosterLanguage {
    /// Chinese.
    #[default]
    Zh,
    /// English.
    En,
}
