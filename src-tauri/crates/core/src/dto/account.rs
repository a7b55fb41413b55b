//! Authorized accounts.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{AccountCounts, AccountExtra, Connection, LastError, ReasonCode, TokenView};

/// What kind of account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum AccountKind {
    /// 公众号.
    OfficialAccount,
    /// 小程序.
    MiniProgram,
    /// Details have not been fetched yet.
    Unknown,
}

/// State of an authorization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum AccountState {
    /// Healthy.
    Authorized,
    /// The last refresh failed, the engine goes on trying.
    Failing,
    /// Only a new authorization by the owner helps.
    NeedsAuthorization,
    /// The owner cancelled.
    Unauthorized,
}

/// An account in a list, and the account document of the local API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Account {
    /// The account's appid.
    pub appid: String,
    /// The platform it authorized; its own appid when it is connected with its own AppSecret.
    pub component_appid: String,
    /// How it came here.
    pub connection: Connection,
    /// Kind.
    pub kind: AccountKind,
    /// Name; empty until details have been fetched.
    pub nick_name: String,
    /// Original id `gh_…`.
    pub user_name: String,
    /// Principal (主体).
    pub principal_name: String,
    /// State of the authorization.
    pub state: AccountState,
    /// Tenant, if any.
    pub tenant: Option<String>,
    /// Granted permission sets.
    pub scopes: Vec<i64>,
    /// Last authorization, ms.
    pub authorized_at: i64,
    /// An avatar is cached (`get_avatar`).
    pub has_avatar: bool,
    /// The operator's note.
    pub note: String,
    /// The operator's tags, in their order.
    pub tags: Vec<String>,
    /// Hidden by the operator since, ms; null while it is shown.
    pub removed_at: Option<i64>,
    /// Last cancellation by the owner, ms; null when there was none.
    pub unauthorized_at: Option<i64>,
    /// Token health.
    pub token: TokenView,
}

/// Filter and order of `list_accounts`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export, optional_fields)]
pub struct AccountQuery {
    /// Only this platform.
    pub platform: Option<String>,
    /// Only this state.
    pub state: Option<AccountState>,
    /// Only this kind.
    pub kind: Option<AccountKind>,
    /// Only those that came this way.
    pub connection: Option<Connection>,
    /// Parts of name, appid, original id, principal, tenant or tags, case-insensitive; each word between blanks must
    /// occur.
    pub q: Option<String>,
    /// Only this tenant; empty for those without one.
    pub tenant: Option<String>,
    /// Only with this tag.
    pub tag: Option<String>,
    /// Only removed ones; otherwise they are left out.
    pub removed: Option<bool>,
    /// Order.
    pub sort: Option<AccountSort>,
    /// Descending.
    pub descending: Option<bool>,
    /// At most this many (1–1000, default 100).
    pub limit: Option<u32>,
    /// From `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// From this row on, so that any jump in a list is one request. Wins over `cursor`.
    pub offset: Option<u32>,
}

/// Order of accounts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum AccountSort {
    /// Soonest expiry first.
    ExpiresAt,
    /// By name.
    Name,
    /// By authorization time.
    #[default]
    AuthorizedAt,
    /// By state.
    State,
}

/// A page of accounts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AccountPage {
    /// Rows.
    pub items: Vec<Account>,
    /// Ask with it for the next page; null at the end.
    pub next_cursor: Option<String>,
    /// Rows that match.
    pub total: i64,
    /// All accounts of the platform filter by state, whatever the other filters.
    pub counts: AccountCounts,
    /// Removed accounts of the platform filter, which `counts` leaves out.
    pub removed: i64,
}

/// An account with its details and history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AccountDetail {
    /// The row.
    pub account: Account,
    /// WeChat id (微信号).
    pub alias: String,
    /// Introduction.
    pub signature: String,
    /// `service_type_info.id`, null when unknown.
    pub service_type: Option<i64>,
    /// The same in words.
    pub service_type_text: Bilingual,
    /// `verify_type_info.id`, null when unknown.
    pub verify_type: Option<i64>,
    /// The same in words.
    pub verify_type_text: Bilingual,
    /// `account_status`, null when unknown.
    pub account_status: Option<i64>,
    /// The same in words.
    pub account_status_text: Bilingual,
    /// Granted permission sets in words.
    pub permissions: Vec<PermissionSet>,
    /// When details were last fetched, ms.
    pub details_at: Option<i64>,
    /// Why the last fetch of details failed.
    pub details_error: Option<LastError>,
    /// What only the account's page shows.
    pub extra: AccountExtra,
    /// Newest attempts first, at most 50.
    pub attempts: Vec<Attempt>,
}

/// A text in both languages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Bilingual {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// A permission set (权限集).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PermissionSet {
    /// `funcscope_category.id`.
    pub id: i64,
    /// Its name; unknown ids carry their number.
    pub name: Bilingual,
    /// Held by one platform at a time.
    pub exclusive: bool,
    /// For which kind; null when unknown.
    pub kind: Option<AccountKind>,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum AttemptOutcome {
    /// Under way.
    Started,
    /// A new token.
    Ok,
    /// Refused or failed.
    Failed,
    /// The refresh token was replaced from WeChat's list.
    Healed,
    /// Cut off by a stop; outcome at WeChat unknown.
    Interrupted,
    /// WeChat gave the token that is there already: a stable one is swapped in its last five minutes.
    Unchanged,
}

/// One call for a token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Attempt {
    /// Row id.
    pub id: i64,
    /// Start, ms.
    pub at: i64,
    /// Length, ms; null while under way.
    pub duration_ms: Option<i64>,
    /// Why it was made.
    pub reason_code: ReasonCode,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// Generation it produced.
    pub generation: Option<i64>,
    /// The refusal.
    pub error: Option<LastError>,
}

/// Names one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AccountRef {
    /// Platform.
    pub component_appid: String,
    /// Account.
    pub appid: String,
}
