//! Parametric QR codes (带参数二维码).

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What stands in the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum SceneKind {
    /// `scene_id`.
    Number,
    /// `scene_str`.
    Text,
}

/// A code to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct SceneCodeInput {
    /// Platform; the account's own appid when it is connected directly.
    pub component_appid: String,
    /// Account.
    pub appid: String,
    /// The operator's name for it.
    #[serde(default)]
    pub name: String,
    /// What stands in the code.
    pub kind: SceneKind,
    /// The number in digits, or 1–64 characters.
    pub scene: String,
    /// For ever; WeChat gives an account 100,000 of those.
    pub permanent: bool,
    /// Life of a temporary one, seconds: 60 – 2,592,000.
    #[serde(default)]
    pub expire_seconds: Option<i64>,
}

/// A code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SceneCode {
    /// Row id.
    pub id: i64,
    /// Platform; the account's own appid when it is connected directly.
    pub component_appid: String,
    /// Account.
    pub appid: String,
    /// The operator's name for it.
    pub name: String,
    /// What stands in the code.
    pub kind: SceneKind,
    /// The number in digits, or the text.
    pub scene: String,
    /// For ever.
    pub permanent: bool,
    /// What the picture holds.
    pub url: String,
    /// Made, ms.
    pub created_at: i64,
    /// Ends, ms; null for a permanent one.
    pub expires_at: Option<i64>,
    /// Scans that WeChat told of.
    pub scans: i64,
    /// Of them, people who followed by it.
    pub followed: i64,
    /// Last scan, ms.
    pub last_scan_at: Option<i64>,
}

/// Filter of `list_scene_codes`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export, optional_fields)]
pub struct SceneCodeQuery {
    /// Only this platform, or this directly connected account.
    pub component_appid: Option<String>,
    /// Only this account.
    pub appid: Option<String>,
    /// Part of name or scene.
    pub q: Option<String>,
    /// Only ended ones, or only live ones.
    pub ended: Option<bool>,
    /// At most this many (1–500, default 100).
    pub limit: Option<u32>,
    /// From this row on.
    pub offset: Option<u32>,
}

/// A page of codes, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SceneCodePage {
    /// Rows.
    pub items: Vec<SceneCode>,
    /// Rows that match.
    pub total: i64,
}

/// One scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SceneScan {
    /// WeChat's time, ms.
    pub at: i64,
    /// Who.
    pub openid: String,
    /// Followed by this scan.
    pub followed: bool,
}
