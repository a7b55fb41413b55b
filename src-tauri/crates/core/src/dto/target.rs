//! Business servers that messages are passed on to.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Bilingual;

/// What a business server is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum TargetMode {
    /// Asked within WeChat's time; its reply is the passive reply.
    Answering,
    /// Told through a durable queue: at least once, in order for each sender.
    Notified,
}

/// How a message is passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum TargetFormat {
    /// Decrypted, as JSON with everything known of it; signed.
    Json,
    /// Decrypted, WeChat's document as it was; signed.
    Xml,
    /// Encrypted as WeChat sent it, for a server that speaks WeChat's protocol already.
    Sealed,
}

/// A business server, as an operator enters it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct TargetInput {
    /// The target to be changed; none: a new one.
    #[serde(default)]
    pub id: Option<i64>,
    /// 1–60 characters.
    pub name: String,
    /// What it is for; cannot be changed while rules use it.
    pub mode: TargetMode,
    /// http or https; `$APPID$` is replaced by the account's appid.
    pub url: String,
    /// How.
    pub format: TargetFormat,
    /// Signs what is sent: 16–128 characters. None: kept, or made for a new one.
    #[serde(default)]
    pub secret: Option<String>,
    /// Longest wait for its answer, ms: 200–4,000 when answering, 1,000–30,000 when notified.
    #[serde(default)]
    pub timeout_ms: Option<i64>,
    /// Requests at once, 1–64.
    #[serde(default)]
    pub concurrency: Option<i64>,
    /// It may lie in a private range or on this machine.
    #[serde(default)]
    pub private_ok: bool,
    /// It takes part.
    #[serde(default)]
    pub enabled: bool,
    /// A message that could not be delivered for so long becomes a dead letter, hours: 1–168.
    #[serde(default)]
    pub give_up_hours: Option<i64>,
}

/// How a target fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum TargetState {
    /// Switched off; a queue goes on growing.
    Off,
    /// Nothing was sent since the start.
    Idle,
    /// The last request was answered well.
    Ok,
    /// The last one failed.
    Failing,
    /// So many failed in a row that it is left alone for a while.
    Open,
    /// One request finds out whether it is back.
    Probing,
}

/// Why a request to a business server was not answered well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum DeliveryError {
    /// The name could not be resolved.
    Dns,
    /// It lies in a private range, and that is not allowed for this target.
    PrivateAddress,
    /// No connection.
    Connect,
    /// TLS.
    Tls,
    /// No answer in time.
    Timeout,
    /// The connection broke.
    Broken,
    /// Another HTTP status than 2xx.
    Status,
    /// A redirect, which is not followed.
    Redirect,
    /// An answer longer than 64 KiB.
    TooLarge,
    /// An answering target's answer is neither empty, `success`, nor a passive reply.
    BadReply,
    /// An encrypted answer that cannot be opened with the platform's keys.
    BadSeal,
    /// Not asked: it failed too often in the last moments.
    Open,
    /// Not asked: no place was free in time.
    Busy,
    /// The push cannot be made again: its key is gone.
    NoKey,
    /// The program was stopped meanwhile.
    Stopped,
}

/// Figures of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TargetHealth {
    /// How it fares.
    pub state: TargetState,
    /// Messages that wait for it.
    pub waiting: i64,
    /// `waiting` is a lower bound: counting stopped.
    pub waiting_more: bool,
    /// Arrival of the oldest of them, ms.
    pub oldest_waiting_at: Option<i64>,
    /// Dead letters.
    pub dead: i64,
    /// Requests under way.
    pub in_flight: i64,
    /// Last good answer, ms.
    pub last_success_at: Option<i64>,
    /// Last failure, ms.
    pub last_failure_at: Option<i64>,
    /// What it was.
    pub last_error: Option<DeliveryError>,
    /// The same in words.
    pub last_error_text: Option<Bilingual>,
    /// Left alone until, ms.
    pub open_until: Option<i64>,
    /// Requests of the last hour.
    pub hour_count: i64,
    /// Of them failed.
    pub hour_failed: i64,
    /// Answer time, ms, of the last hour.
    pub p50_ms: Option<i64>,
    /// The same, of 99 in 100.
    pub p99_ms: Option<i64>,
}

/// A business server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Target {
    /// Row id.
    pub id: i64,
    /// Name.
    pub name: String,
    /// What it is for.
    pub mode: TargetMode,
    /// Address.
    pub url: String,
    /// How.
    pub format: TargetFormat,
    /// Longest wait, ms.
    pub timeout_ms: i64,
    /// Requests at once.
    pub concurrency: i64,
    /// It may lie in a private range.
    pub private_ok: bool,
    /// It takes part.
    pub enabled: bool,
    /// Hours until a dead letter.
    pub give_up_hours: i64,
    /// Last change, ms.
    pub updated_at: i64,
    /// Names of the rules that use it.
    pub rules: Vec<String>,
    /// How it fares.
    pub health: TargetHealth,
}

/// State of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum DeliveryState {
    /// To be sent, or to be sent again.
    Waiting,
    /// Answered with 2xx.
    Delivered,
    /// An attempt that failed; in the log only.
    Failed,
    /// Given up.
    Dead,
}

/// Filter of `list_deliveries`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export, optional_fields)]
pub struct DeliveryQuery {
    /// Only this target's.
    pub target_id: Option<i64>,
    /// `waiting` and `dead`: messages of the queue; `delivered` and `failed`: attempts; none: attempts of both kinds.
    pub state: Option<DeliveryState>,
    /// Only older than this row.
    pub before: Option<i64>,
    /// At most this many (1–500, default 100).
    pub limit: Option<u32>,
}

/// An attempt, or a message that waits or is dead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Delivery {
    /// Row id, within its state.
    pub id: i64,
    /// To whom.
    pub target_id: i64,
    /// The push.
    pub push_id: i64,
    /// State.
    pub state: DeliveryState,
    /// The attempt, or when it died, or its arrival, ms.
    pub at: i64,
    /// Which attempt, from 1; how many there were, for one that waits or is dead.
    pub attempt: i64,
    /// HTTP status.
    pub status: Option<u16>,
    /// Length, ms.
    pub took_ms: Option<i64>,
    /// What went wrong.
    pub error: Option<DeliveryError>,
    /// The same in words.
    pub error_text: Option<Bilingual>,
    /// Next attempt, ms, for one that waits.
    pub due_at: Option<i64>,
    /// Account.
    pub appid: Option<String>,
    /// That account's name today.
    pub account_name: Option<String>,
    /// `MsgType`, or the event.
    pub kind: String,
    /// The content in one line.
    pub text: String,
}

/// A page of deliveries, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DeliveryPage {
    /// Rows.
    pub items: Vec<Delivery>,
    /// Ask with it as `before` for older ones; null at the end.
    pub next_before: Option<i64>,
}

/// What a business server did with one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DeliveryReport {
    /// Which.
    pub target_id: i64,
    /// It answered well.
    pub ok: bool,
    /// HTTP status.
    pub status: Option<u16>,
    /// Length, ms.
    pub took_ms: i64,
    /// What went wrong.
    pub error: Option<DeliveryError>,
    /// The same in words.
    pub error_text: Option<Bilingual>,
    /// The beginning of its answer, at most 2,000 characters.
    pub answer: String,
    /// Headers that were sent with it, without the signature.
    pub headers: Vec<(String, String)>,
    /// The beginning of what was sent, at most 4,000 characters.
    pub body: String,
}
