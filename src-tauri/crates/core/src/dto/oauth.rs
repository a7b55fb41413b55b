//! Web OAuth (网页授权): links, users and their tokens, routes of business servers. No token is in any of them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Bilingual, LastError};

/// What a link asks the user for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum OauthScopeName {
    /// `snsapi_base`: silent, the openid only.
    Base,
    /// `snsapi_userinfo`: asks the user, gives the profile.
    Userinfo,
    /// `snsapi_login`: a website app's page with a QR code.
    Login,
}

/// A link to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct OauthLinkRequest {
    /// Platform; the account's own appid when it is connected directly. Empty: the only one that has this appid.
    pub component_appid: String,
    /// Account or website app.
    pub appid: String,
    /// What to ask for.
    pub scope: OauthScopeName,
    /// `forcePopup`: always show the consent page.
    #[serde(default)]
    pub force_popup: bool,
    /// `forceSnapShot`: always as a snapshot page.
    #[serde(default)]
    pub force_snapshot: bool,
    /// Where the user goes afterwards: a route's id; null shows a page of ours.
    #[serde(default)]
    pub route: Option<String>,
    /// Good for so long, seconds (60 – 31,536,000; default a day). Many users may use one link.
    #[serde(default)]
    pub valid_seconds: Option<i64>,
    /// The operator's note.
    #[serde(default)]
    pub note: String,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OauthLink {
    /// `state` of the link: random letters and digits.
    pub state: String,
    /// Platform; the account's own appid when it is connected directly.
    pub component_appid: String,
    /// Account or website app.
    pub appid: String,
    /// What it asks for.
    pub scope: OauthScopeName,
    /// `forcePopup`.
    pub force_popup: bool,
    /// `forceSnapShot`.
    pub force_snapshot: bool,
    /// Route, if any.
    pub route: Option<String>,
    /// The operator's note.
    pub note: String,
    /// What the user opens, in WeChat (a website app's: in any browser).
    pub url: String,
    /// Its QR code, SVG; empty in lists.
    pub qr_svg: String,
    /// Where WeChat leads the user back to; its domain must be the account's 网页授权域名, or the platform's
    /// 网页开发域名.
    pub callback_url: String,
    /// Made, ms.
    pub created_at: i64,
    /// Ends, ms.
    pub expires_at: i64,
    /// The operator ended it, ms.
    pub ended_at: Option<i64>,
    /// Users that came back with a code.
    pub uses: i64,
    /// Users that refused.
    pub refused: i64,
    /// Newest first, at most 20.
    pub results: Vec<OauthResult>,
}

/// What came of one user's visit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OauthResult {
    /// When, ms.
    pub at: i64,
    /// The user; null when nothing was granted.
    pub user: Option<OauthUser>,
    /// The user refused.
    pub refused: bool,
    /// Why the code could not be exchanged.
    pub error: Option<LastError>,
    /// WeChat, or a reload, brought the same code so many times more; nothing was done again.
    pub repeats: i64,
}

/// Life of a user's tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum OauthUserState {
    /// The web-OAuth token lives.
    Valid,
    /// It ended; a refresh brings a new one.
    Refreshable,
    /// Its refresh token ended or was refused: the user must consent again.
    Over,
}

/// A user who granted something, without the tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OauthUser {
    /// Row id.
    pub id: i64,
    /// Platform; the account's own appid when it is connected directly.
    pub component_appid: String,
    /// Account.
    pub appid: String,
    /// The user at this account.
    pub openid: String,
    /// The user at all accounts of one Open Platform account.
    pub unionid: Option<String>,
    /// As WeChat granted, several joined with commas.
    pub scope: String,
    /// A virtual user of a snapshot page (快照页): no real person.
    pub snapshot: bool,
    /// Profile, when it was asked for and given.
    pub nickname: Option<String>,
    /// 1 male, 2 female, 0 unknown.
    pub sex: Option<i64>,
    /// Profile.
    pub country: Option<String>,
    /// Profile.
    pub province: Option<String>,
    /// Profile.
    pub city: Option<String>,
    /// Where WeChat keeps the picture.
    pub head_img_url: Option<String>,
    /// Life of the tokens.
    pub state: OauthUserState,
    /// Web-OAuth token obtained, ms.
    pub obtained_at: i64,
    /// Web-OAuth token ends, ms.
    pub expires_at: i64,
    /// Refresh token ends, ms: 30 days after the last consent.
    pub refresh_expires_at: i64,
    /// First consent, ms.
    pub created_at: i64,
    /// Last `sns/auth`, ms.
    pub checked_at: Option<i64>,
    /// What it said; null when it was not asked.
    pub check_ok: Option<bool>,
    /// The last refusal of a call with these tokens.
    pub last_error: Option<LastError>,
}

/// Filter of `list_oauth_users`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export, optional_fields)]
pub struct OauthUserQuery {
    /// Only this platform, or this directly connected account.
    pub component_appid: Option<String>,
    /// Only this account.
    pub appid: Option<String>,
    /// Only this state.
    pub state: Option<OauthUserState>,
    /// Part of openid, unionid or nickname.
    pub q: Option<String>,
    /// At most this many (1–500, default 100).
    pub limit: Option<u32>,
    /// From this row on.
    pub offset: Option<u32>,
}

/// A page of users, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OauthUserPage {
    /// Rows.
    pub items: Vec<OauthUser>,
    /// Rows that match.
    pub total: i64,
}

/// Where users of a business server go after their consent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct OauthRouteInput {
    /// Empty makes a new one.
    #[serde(default)]
    pub id: Option<String>,
    /// Platform; the account's own appid when it is connected directly. Empty: the only one that has this appid.
    pub component_appid: String,
    /// Account or website app.
    pub appid: String,
    /// The operator's name for it.
    pub name: String,
    /// The business server's page (https; http for loopback), which gets `?code=…&state=…` appended.
    pub url: String,
    /// What is asked for when a visitor enters by the route.
    pub scope: OauthScopeName,
}

/// A route of a business server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OauthRoute {
    /// Id.
    pub id: String,
    /// Platform; the account's own appid when it is connected directly.
    pub component_appid: String,
    /// Account or website app.
    pub appid: String,
    /// The operator's name for it.
    pub name: String,
    /// The business server's page.
    pub url: String,
    /// What is asked for.
    pub scope: OauthScopeName,
    /// Where the business server sends its visitors, with its own `state` (512 bytes at most) added at the end:
    /// `…/wechat/oauth/{appid}?route={id}&state=`. Empty without a base URL.
    pub enter_url: String,
    /// Made, ms.
    pub created_at: i64,
    /// Codes handed out.
    pub used: i64,
    /// Last one, ms.
    pub last_used_at: Option<i64>,
}

/// What a business server gets for its one-time code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OauthIdentity {
    /// Account.
    pub appid: String,
    /// The user.
    pub openid: String,
    /// The user at all accounts of one Open Platform account.
    pub unionid: Option<String>,
    /// As granted.
    pub scope: String,
    /// A virtual user of a snapshot page.
    pub snapshot: bool,
    /// Profile, when it was asked for and given.
    pub nickname: Option<String>,
    /// Profile.
    pub head_img_url: Option<String>,
    /// The business server's own `state`.
    pub state: Option<String>,
    /// Id of the route that the visitor came by: a business server takes its own only.
    pub route: Option<String>,
}

/// An error that WeChat's own page shows to a user (10003…).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OauthPageError {
    /// The number.
    pub code: i64,
    /// What it means.
    pub meaning: Bilingual,
    /// What to do.
    pub advice: Bilingual,
}

/// A mini program's login, without its session key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MiniLogin {
    /// Ask with it for the session key (`reveal_session_key`), for ten minutes.
    pub id: String,
    /// The user.
    pub openid: String,
    /// The user at all accounts of one Open Platform account.
    pub unionid: Option<String>,
    /// When, ms.
    pub at: i64,
}
