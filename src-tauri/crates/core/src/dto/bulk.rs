//! Work on many accounts at once.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{AccountQuery, Bilingual};

/// What is done with each account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum BulkKind {
    /// Renew its token.
    Refresh,
    /// Fetch its details.
    SyncDetails,
    /// Write it into a table.
    Export,
    /// Hide it; it is not renewed any more and can be restored.
    Remove,
    /// Bring it back after it was removed.
    Restore,
    /// Fill a menu template and publish it; see `start_menu_template`.
    ApplyMenuTemplate,
}

/// An account of a job. The same account may have authorized several platforms, so an appid alone names none.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct BulkAccount {
    /// Platform.
    pub component_appid: String,
    /// Account.
    pub appid: String,
}

/// Which accounts, and what. `accounts` before `query`; with neither, every account of the platform, or of all: the
/// removed ones for `restore`, the others for the rest. `remove` wants one of the two.
///
/// An unknown field is refused: one that was misspelt would mean every account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export, optional_fields)]
pub struct BulkRequest {
    /// What is done.
    pub kind: BulkKind,
    /// Only this platform's accounts.
    #[serde(default)]
    pub component_appid: Option<String>,
    /// These accounts. One of another platform than `component_appid` counts as not there.
    #[serde(default)]
    pub accounts: Option<Vec<BulkAccount>>,
    /// The accounts that a list with this filter shows; its limit and cursor do not count.
    #[serde(default)]
    pub query: Option<AccountQuery>,
}

/// Where a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum BulkState {
    /// Under way.
    Running,
    /// Every account has its line.
    Done,
    /// Ended early; accounts that had not begun have lines that say so.
    Cancelled,
}

/// How it went with one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum BulkOutcome {
    /// Done.
    Ok,
    /// Refused or not possible.
    Failed,
    /// Nothing to do with this account.
    Skipped,
    /// Not begun before the job was cancelled.
    Cancelled,
}

/// One account's line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BulkLine {
    /// Counts from 1 in the order in which they ended.
    pub n: i64,
    /// Platform.
    pub component_appid: String,
    /// The platform's name when the job began; empty when there was no such platform.
    pub platform_name: String,
    /// Account.
    pub appid: String,
    /// Its name.
    pub nick_name: String,
    /// How it went.
    pub outcome: BulkOutcome,
    /// The same in words.
    pub words: Bilingual,
    /// WeChat's errcode.
    pub errcode: Option<i64>,
    /// WeChat's request id.
    pub rid: Option<String>,
    /// Length, ms.
    pub duration_ms: i64,
}

/// A job. It lives as long as the engine runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BulkJob {
    /// Names it; the tag of its changes is `bulk:ID`.
    pub id: String,
    /// What it does.
    pub kind: BulkKind,
    /// Where it is.
    pub state: BulkState,
    /// Start, ms.
    pub started_at: i64,
    /// End, ms.
    pub ended_at: Option<i64>,
    /// Accounts.
    pub total: i64,
    /// Ended, whatever the outcome.
    pub done: i64,
    /// Of them failed.
    pub failed: i64,
    /// Of them skipped.
    pub skipped: i64,
    /// An appid that is under way.
    pub current: Option<String>,
    /// Lines of the report that were asked for, at most 1000.
    pub lines: Vec<BulkLine>,
}
