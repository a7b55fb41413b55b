//! What happens to accounts over time, and how operators arrange them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{AccountCounts, Bilingual, PermissionSet};

/// A tenant (业务方/门店) that accounts belong to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Tenant {
    /// Its name, which is how accounts and links refer to it.
    pub name: String,
    /// Made, ms.
    pub created_at: i64,
    /// Archived, ms: its accounts keep it, nothing new can be given it.
    pub archived_at: Option<i64>,
    /// Accounts by state, without removed ones.
    pub accounts: AccountCounts,
    /// Links that can still be used.
    pub links: i64,
}

/// How many accounts carry a tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TagCount {
    /// The tag.
    pub tag: String,
    /// Accounts, without removed ones.
    pub count: i64,
}

/// What happened to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum AccountEventKind {
    /// Authorized for the first time.
    Authorized,
    /// Authorized again after a cancellation.
    Reauthorized,
    /// Authorized again while authorized; permission sets may differ.
    Updated,
    /// The owner cancelled.
    Unauthorized,
    /// The operator removed it here.
    Removed,
    /// The operator, or a new authorization by a link, brought it back.
    Restored,
    /// Its tenant changed.
    Tenant,
    /// It was missing here and came back from WeChat's list.
    Recovered,
    /// Its refresh token was replaced by the one in WeChat's list.
    TokenReplaced,
    /// WeChat's list did not hold it any more, and the operator marked it as unauthorized.
    MarkedGone,
    /// Connected with its own AppSecret.
    Connected,
    /// Another program fetched a classic token, so ours died before its time.
    TokenTaken,
}

/// One line of an account's history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AccountEvent {
    /// Row id; ask with the last one for older lines.
    pub id: i64,
    /// When, ms.
    pub at: i64,
    /// What.
    pub kind: AccountEventKind,
    /// The whole line in words.
    pub text: Bilingual,
    /// Permission sets that were granted.
    pub added: Vec<PermissionSet>,
    /// Permission sets that were taken back.
    pub removed: Vec<PermissionSet>,
    /// Tenant before.
    pub tenant_from: Option<String>,
    /// Tenant after.
    pub tenant_to: Option<String>,
    /// Link that it came by.
    pub link_id: Option<String>,
    /// Note of that link.
    pub note: String,
}
