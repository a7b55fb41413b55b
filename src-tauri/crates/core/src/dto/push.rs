//! The inbox: pushes of WeChat as they came, what they are, and what was answered.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Bilingual, CheckStep, Rejection};

/// Which of WeChat's two URLs a push came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum PushClass {
    /// Messages and events of an account.
    Message,
    /// Tickets and authorizations of a platform.
    Component,
}

/// Filter of `list_pushes`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export, optional_fields)]
pub struct InboxQuery {
    /// Only this platform, or this directly connected account.
    pub component_appid: Option<String>,
    /// Only this account.
    pub appid: Option<String>,
    /// Only those of one URL.
    pub class: Option<PushClass>,
    /// Only this `MsgType`; `event` for every event.
    pub msg_type: Option<String>,
    /// Only this `Event` or `InfoType`, as WeChat writes it.
    pub event: Option<String>,
    /// Only this openid.
    pub sender: Option<String>,
    /// Only with this text somewhere in the decrypted push, whatever its case.
    pub text: Option<String>,
    /// Only answered late, or sent more than once by WeChat.
    pub only_slow: Option<bool>,
    /// Only this rule's.
    pub rule_id: Option<i64>,
    /// From this moment, ms.
    pub from: Option<i64>,
    /// Before this moment, ms.
    pub until: Option<i64>,
    /// Only older than this push: `next_before` of the page before.
    pub before: Option<i64>,
    /// Only newer than this push: for what came since.
    pub after: Option<i64>,
    /// At most this many (1–500, default 100).
    pub limit: Option<u32>,
}

/// What became of a push, in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum PushAnswer {
    /// `success`: nothing for the follower.
    Success,
    /// An empty body.
    Empty,
    /// A passive reply of a rule's own.
    Rule,
    /// A passive reply that a business server gave.
    Target,
    /// The business server was asked and gave none that could be used: `success`.
    TargetFailed,
    /// The answer that a taken-over menu's key had on WeChat's website.
    Menu,
    /// The release check's (全网发布检测).
    Release,
    /// The time for an answer was over: `success`, so that WeChat does not repeat.
    TimeOver,
    /// Unknown: the program was stopped in between, or the answer was not kept.
    Unknown,
}

/// A push in the list. Tickets and codes are masked in `text`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PushItem {
    /// Row id; grows with arrival.
    pub id: i64,
    /// Arrival, ms.
    pub received_at: i64,
    /// Which URL.
    pub class: PushClass,
    /// Platform; the account's own appid when it is connected directly.
    pub component_appid: String,
    /// Account, when it is about one.
    pub appid: Option<String>,
    /// That account's name today.
    pub account_name: Option<String>,
    /// `MsgType`; empty for component events.
    pub msg_type: String,
    /// `Event` or `InfoType`.
    pub event: Option<String>,
    /// What kind it is, in words; null when this program does not know it.
    pub kind_words: Option<Bilingual>,
    /// The follower's openid.
    pub sender: Option<String>,
    /// The content in one line: text, key, scene, place, title.
    pub text: String,
    /// The account's authorization had ended when it came.
    pub ended: bool,
    /// Made by the self-test here, not by WeChat.
    pub made_up: bool,
    /// The rule that took it.
    pub rule_id: Option<i64>,
    /// That rule's name today; null when it is gone.
    pub rule_name: Option<String>,
    /// What was answered.
    pub answer: PushAnswer,
    /// From the whole request to the whole answer, ms; null when not kept (fast and without a reply).
    pub took_ms: Option<i64>,
    /// How often WeChat sent it again.
    pub repeats: i64,
    /// Business servers that are told of it.
    pub notified: Vec<i64>,
}

/// A page of the inbox, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PushPage {
    /// Rows.
    pub items: Vec<PushItem>,
    /// Ask with it as `before` for older ones; null at the end. A page may hold fewer rows than asked for, or none, and
    /// still have one: the search stops after a while and goes on from there.
    pub next_before: Option<i64>,
    /// The oldest moment that was searched, ms; null when the search reached the end.
    pub searched_to: Option<i64>,
}

/// What was looked at when a push came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum PushCheckName {
    /// `msg_signature`, or `signature` in plain mode.
    Signature,
    /// AES key: the current one, or the one before.
    Decrypt,
    /// The appid behind the message.
    Appid,
    /// The document could be read, and its kind is known.
    Parsed,
    /// Sent once, or repeated.
    Repeats,
    /// The account is authorized here.
    Account,
    /// Answered in time.
    Answer,
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Taken, and worth a look.
    Warning,
    /// Failed.
    Failed,
    /// Cannot be said any more, or does not apply.
    Unknown,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PushCheck {
    /// Which.
    pub name: PushCheckName,
    /// How.
    pub verdict: Verdict,
    /// In words.
    pub text: Bilingual,
}

/// A field of a push, in the order of the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PushField {
    /// Names from the root on, joined by dots, with an index for repeated ones (`SendPicsInfo.PicList.item.0.PicMd5Sum`).
    pub path: String,
    /// The last name.
    pub name: String,
    /// Text; masked when it is a ticket or a code.
    pub value: String,
    /// How deep, from 0.
    pub depth: u32,
    /// It has fields of its own and no text.
    pub group: bool,
    /// What it means, when known.
    pub words: Option<Bilingual>,
}

/// The encrypted form of a push, made again from what was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PushSealed {
    /// The query as WeChat sent it.
    pub query: String,
    /// The envelope.
    pub body: String,
    /// Which key opened it.
    pub previous_key: bool,
}

/// The passive reply to a push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PushReply {
    /// The document before it was encrypted, indented; empty for `success` and nothing.
    pub xml: String,
    /// In one line.
    pub text: String,
}

/// A delivery of a push to a business server, newest first in [`PushDetail`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PushDelivery {
    /// Which.
    pub target_id: i64,
    /// Its name today.
    pub target_name: String,
    /// `waiting`, `delivered`, `failed`, `dead`.
    pub state: super::DeliveryState,
    /// When, ms.
    pub at: i64,
    /// Attempts so far.
    pub attempts: i64,
    /// What came of the last one, in words.
    pub text: Bilingual,
}

/// A push with everything that is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PushDetail {
    /// As in the list.
    pub item: PushItem,
    /// Original id of the account (`gh_…`).
    pub to_user_name: String,
    /// WeChat's time, ms; null when there was none.
    pub created_at: Option<i64>,
    /// `MsgId`, in digits.
    pub msg_id: Option<String>,
    /// Path that it came to.
    pub path: String,
    /// The decrypted document as it came; tickets and codes masked.
    pub raw: String,
    /// The same indented.
    pub pretty: String,
    /// It is JSON and not XML.
    pub json: bool,
    /// Its fields.
    pub fields: Vec<PushField>,
    /// The encrypted form; null in plain mode, and when its key is no longer here.
    pub sealed: Option<PushSealed>,
    /// What was looked at.
    pub checks: Vec<PushCheck>,
    /// What was answered, when something was.
    pub reply: Option<PushReply>,
    /// What went wrong with the answer.
    pub trouble: Option<Bilingual>,
    /// Deliveries to business servers.
    pub deliveries: Vec<PushDelivery>,
}

/// Form of an export of pushes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum PushExportFormat {
    /// A table for a spreadsheet; no cell can be read as a formula.
    Csv,
    /// A JSON array with every field.
    Json,
    /// The decrypted documents one after the other.
    Xml,
}

/// Answer times of one minute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AnswerMinute {
    /// Begin of the minute, ms.
    pub at: i64,
    /// Pushes answered.
    pub count: i64,
    /// Of them slower than a second.
    pub slow: i64,
    /// Of them out of time.
    pub late: i64,
    /// The slowest, ms.
    pub slowest_ms: i64,
}

/// The inbox in figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct InboxFigures {
    /// Pushes kept.
    pub rows: i64,
    /// Bytes that they take, about.
    pub bytes: i64,
    /// The oldest, ms.
    pub oldest_at: Option<i64>,
    /// Days that a push is kept (1–365).
    pub keep_days: u32,
    /// MiB that the inbox may take (16–65,536): the oldest go first.
    pub keep_mib: u32,
    /// Pushes that are kept longer because a business server has not had them yet.
    pub held: i64,
    /// The last 60 minutes, oldest first, without those in which nothing came.
    pub minutes: Vec<AnswerMinute>,
    /// Of the last hour, ms; null when nothing was answered.
    pub p50_ms: Option<i64>,
    /// The same, of 99 in 100.
    pub p99_ms: Option<i64>,
    /// An answer slower than this is called slow, ms.
    pub slow_ms: i64,
    /// No answer takes longer than this, ms.
    pub budget_ms: i64,
}

/// How often a reason was given, since the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RejectionCount {
    /// As in [`Rejection`].
    pub reason: String,
    /// How often.
    pub count: i64,
    /// Last, ms.
    pub last_at: i64,
    /// The platform or directly connected account that it was for, when it is one of ours.
    pub component_appid: Option<String>,
    /// What to do.
    pub advice: Bilingual,
}

/// What was refused at the door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Rejections {
    /// Since the start.
    pub total: i64,
    /// By reason and platform, newest first.
    pub counts: Vec<RejectionCount>,
    /// Newest first, at most 200.
    pub items: Vec<Rejection>,
}

/// Where a stored push is sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "to", rename_all = "snake_case")]
#[ts(export)]
pub enum ReplayTo {
    /// Through the rules as they are now; the follower gets nothing, the answer is shown.
    Rules,
    /// To this business server.
    Target {
        /// Which.
        target_id: i64,
    },
}

/// What came of a replay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReplayReport {
    /// The rules, when they were asked.
    pub trace: Option<super::RuleTrace>,
    /// What would be the passive reply.
    pub reply: Option<PushReply>,
    /// What the business server did, when one was asked.
    pub delivery: Option<super::DeliveryReport>,
    /// Business servers that get it again through their queue.
    pub queued: Vec<i64>,
    /// Length, ms.
    pub took_ms: i64,
}

/// What a made-up push is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum MadeUpKind {
    /// A text; `content`.
    Text,
    /// `CLICK`; `key`.
    Click,
    /// `VIEW`; `key` is the URL.
    View,
    /// `subscribe`; `key` is the scene, when by a QR code.
    Subscribe,
    /// `SCAN`; `key` is the scene.
    Scan,
    /// `LOCATION`.
    Location,
    /// The event in `event`.
    Event,
}

/// A made-up push, sent through the real door with the real encryption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct MadeUpInput {
    /// Platform, or directly connected account.
    pub component_appid: String,
    /// Account; the same for a directly connected one.
    pub appid: String,
    /// What it is.
    pub kind: MadeUpKind,
    /// Text.
    #[serde(default)]
    pub content: Option<String>,
    /// `EventKey`.
    #[serde(default)]
    pub key: Option<String>,
    /// `Event`, for [`MadeUpKind::Event`].
    #[serde(default)]
    pub event: Option<String>,
    /// Who sends it; made up when left out.
    #[serde(default)]
    pub openid: Option<String>,
    /// Business servers in queues get it too, marked as a test.
    #[serde(default)]
    pub deliver: bool,
    /// Token as WeChat's console has it; the stored one when left out.
    #[serde(default)]
    pub verify_token: Option<String>,
    /// EncodingAESKey as WeChat's console has it; the stored one when left out.
    #[serde(default)]
    pub encoding_aes_key: Option<String>,
    /// Straight to the listener of this machine, without the public address.
    #[serde(default)]
    pub local: bool,
}

/// How a made-up push fared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MadeUpReport {
    /// DNS, TCP, TLS, path, Token, AES key, answer: in this order.
    pub steps: Vec<CheckStep>,
    /// Where it was sent, without query.
    pub url: String,
    /// The push in the inbox, when it was taken.
    pub push_id: Option<i64>,
    /// What the follower would see.
    pub reply: Option<PushReply>,
    /// From the whole request to the whole answer, ms.
    pub took_ms: Option<i64>,
}
