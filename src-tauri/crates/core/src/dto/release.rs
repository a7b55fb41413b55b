//! 全网发布检测: WeChat's automatic check before a platform may be published, answered here, and its rehearsal.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{AccountKind, Bilingual};

/// What WeChat asked of a test account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ReleaseStepName {
    /// An event: answered `{Event}from_callback`.
    Event,
    /// `TESTCOMPONENT_MSG_TYPE_TEXT`: answered at once.
    Text,
    /// `QUERY_AUTH_CODE:…`: answered with nothing.
    AuthCode,
    /// The customer-service message after it.
    ApiText,
    /// Something that the check does not know: `success`.
    Other,
}

/// One step of a check, as it happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReleaseStep {
    /// When, ms.
    pub at: i64,
    /// Test account.
    pub appid: String,
    /// WeChat's set of test accounts, 1–5.
    pub set: u8,
    /// Kind of the test account.
    pub kind: AccountKind,
    /// Which step.
    pub step: ReleaseStepName,
    /// Arrival until the answer, or until WeChat took the message, ms.
    pub took_ms: i64,
    /// Done.
    pub ok: bool,
    /// What went wrong.
    pub trouble: Option<Bilingual>,
}

/// The responder of one platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReleasePlatform {
    /// Platform.
    pub component_appid: String,
    /// Name.
    pub name: String,
    /// Pushes for WeChat's test accounts are answered as the check wants it.
    pub on: bool,
    /// What happened, newest first, at most 100.
    pub steps: Vec<ReleaseStep>,
}

/// A row of WeChat's own list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum RehearsalRowName {
    /// 组件ticket正确接收.
    Ticket,
    /// 生成预授权码.
    PreAuthCode,
    /// 获取授权code.
    AuthCode,
    /// 授权.
    Authorize,
    /// 返回Api文本消息.
    ApiText,
    /// 返回普通文本消息.
    Text,
    /// 发送事件消息.
    Event,
    /// 取消授权.
    Cancel,
}

/// How a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum RowState {
    /// Not yet.
    Waiting,
    /// Now.
    Running,
    /// Green.
    Ok,
    /// Red.
    Failed,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RehearsalRow {
    /// Which.
    pub row: RehearsalRowName,
    /// How it stands.
    pub state: RowState,
    /// Length, ms.
    pub took_ms: Option<i64>,
    /// WeChat's limit, ms, where it has one.
    pub limit_ms: Option<i64>,
    /// What was sent, what came back, or what was missing.
    pub text: Option<Bilingual>,
}

/// A rehearsal with one test account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Rehearsal {
    /// Number of the run.
    pub id: i64,
    /// Begin, ms.
    pub started_at: i64,
    /// End, ms; null while it runs.
    pub ended_at: Option<i64>,
    /// WeChat's set of test accounts, 1–5.
    pub set: u8,
    /// Kind of the test account.
    pub kind: AccountKind,
    /// Test account.
    pub appid: String,
    /// WeChat's rows.
    pub rows: Vec<RehearsalRow>,
}

/// The release check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReleaseCheck {
    /// One a platform.
    pub platforms: Vec<ReleasePlatform>,
    /// A rehearsal is possible: the engine runs against the sandbox.
    pub can_rehearse: bool,
    /// Rehearsals of the sandbox, newest first.
    pub rehearsals: Vec<Rehearsal>,
}

/// The sandbox's followers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Crowd {
    /// Messages and events that they send a minute, at all accounts together; 0: they are quiet.
    pub per_minute: i64,
    /// How many they sent.
    pub sent: i64,
    /// How often WeChat sent one again, because no good answer came in time.
    pub repeated: i64,
    /// How many were given up.
    pub lost: i64,
}
