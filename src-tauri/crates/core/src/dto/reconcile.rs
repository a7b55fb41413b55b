//! Comparing the accounts here with WeChat's list (protocol C.7). No document holds a refresh token.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Bilingual;

/// How an account here differs from WeChat's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ReconcileChange {
    /// WeChat holds another refresh token.
    RefreshTokenDiffers,
    /// There is none here.
    RefreshTokenMissing,
    /// Cancelled here, authorized there.
    AuthorizedAgain,
}

/// One account of a preview.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReconcileItem {
    /// Appid.
    pub appid: String,
    /// Name; empty when it is not known here.
    pub nick_name: String,
    /// The operator removed it here; that stays so.
    pub removed: bool,
    /// Tenant here.
    pub tenant: Option<String>,
    /// Authorized by WeChat's list, ms.
    pub auth_time: Option<i64>,
    /// How it differs, in the group `changed`.
    pub change: Option<ReconcileChange>,
    /// The same in words.
    pub text: Bilingual,
}

/// Accounts of a preview that have something in common.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReconcileGroup {
    /// All of them.
    pub total: i64,
    /// The first 1,000 by appid.
    pub items: Vec<ReconcileItem>,
}

/// What WeChat's list holds that is otherwise here. Nothing has been written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReconcilePreview {
    /// Names this preview when it is applied.
    pub preview_id: String,
    /// Platform.
    pub component_appid: String,
    /// When reading began, ms.
    pub read_at: i64,
    /// Until when it can be applied, ms.
    pub expires_at: i64,
    /// Pages of 500 that were read.
    pub pages: i64,
    /// How often the whole list was read: accounts that come and go shift its pages.
    pub readings: i64,
    /// Accounts in WeChat's list.
    pub listed: i64,
    /// False when the list changed with every reading; `gone_there` is empty then.
    pub complete: bool,
    /// There and not here.
    pub missing_here: ReconcileGroup,
    /// Here and not there.
    pub gone_there: ReconcileGroup,
    /// In both, and different.
    pub changed: ReconcileGroup,
    /// In both, and the same.
    pub unchanged: i64,
}

/// Which accounts of a group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct ReconcilePick {
    /// Every one of the group, also those beyond the first 1,000.
    pub all: bool,
    /// Or these.
    pub appids: Vec<String>,
}

/// What to do with a preview. Nothing is done with a group that is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct ReconcileChoices {
    /// Of `missing_here`: add them with their refresh tokens.
    pub add: ReconcilePick,
    /// Of `changed`: take WeChat's refresh token.
    pub update: ReconcilePick,
    /// Of `gone_there`: mark them as unauthorized.
    pub mark_gone: ReconcilePick,
}

/// An account that was left as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReconcileSkip {
    /// Appid.
    pub appid: String,
    /// Why.
    pub text: Bilingual,
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReconcileReport {
    /// Accounts added.
    pub added: i64,
    /// Refresh tokens taken.
    pub updated: i64,
    /// Accounts marked as unauthorized.
    pub marked: i64,
    /// Accounts that changed after the preview and were left alone.
    pub skipped: i64,
    /// The first 1,000 of them.
    pub skips: Vec<ReconcileSkip>,
    /// Ended early; what is counted was done.
    pub cancelled: bool,
}

/// What a comparison is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ReconcilePhase {
    /// Nothing.
    #[default]
    Idle,
    /// Reading WeChat's list.
    Reading,
    /// Writing what was chosen.
    Applying,
}

/// How far a comparison is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReconcileProgress {
    /// What it is doing.
    pub phase: ReconcilePhase,
    /// Accounts done.
    pub done: i64,
    /// Of so many; 0 while unknown.
    pub total: i64,
}
