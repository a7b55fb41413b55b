//! The log of calls to WeChat, and texts to save as a file.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Bilingual;

/// Why a call was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum CallReason {
    /// The engine renews a token by itself.
    Scheduled,
    /// A person asked for a token.
    Operator,
    /// A business server reported a token as rejected.
    Server,
    /// Redeeming an authorization.
    Authorization,
    /// Details of an account.
    Details,
    /// Making an authorize link.
    Link,
    /// Reading or setting an account's options.
    Options,
    /// Asking for or clearing quotas.
    Quota,
    /// Menus.
    Menu,
    /// Testing a token.
    Test,
    /// The egress test, request ids, addresses of WeChat.
    Diagnostics,
    /// Reading WeChat's list of authorizers.
    Reconcile,
    /// Trying whether a classic token still lives.
    Probe,
    /// Web OAuth and logins of mini programs.
    Oauth,
    /// Parametric QR codes.
    SceneCode,
    /// "Try the API".
    Trial,
    /// Customer-service messages.
    CustomMessage,
    /// Anything else.
    Other,
}

/// How a call failed to bring an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum TransportErrorKind {
    /// No answer in time.
    Timeout,
    /// Never connected.
    Connect,
    /// The connection broke; WeChat may have acted.
    Dropped,
    /// The outbound proxy refused.
    Proxy,
    /// The answer was too large.
    TooLarge,
    /// We gave up waiting, for example because the engine stopped.
    Abandoned,
    /// An answer came, and is not WeChat's.
    BadBody,
}

/// A code of WeChat's in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ErrcodeWords {
    /// `errcode`.
    pub code: i64,
    /// What it means.
    pub meaning: Bilingual,
    /// What to do.
    pub advice: Bilingual,
}

/// One call to WeChat. Holds no secret, no query and no body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ApiCall {
    /// Row id.
    pub id: i64,
    /// Start, ms.
    pub at: i64,
    /// The platform whose endpoints were asked.
    pub component_appid: String,
    /// The account it was about, if any.
    pub appid: Option<String>,
    /// That account's name today.
    pub account_name: Option<String>,
    /// Path without query.
    pub api: String,
    /// Its name, when known.
    pub api_name: Option<Bilingual>,
    /// Why it was made.
    pub reason: CallReason,
    /// Length, ms.
    pub duration_ms: i64,
    /// WeChat did what was asked.
    pub ok: bool,
    /// WeChat's errcode; null on success, and when there was no answer of WeChat's.
    pub errcode: Option<i64>,
    /// errmsg, or the network's words; scrubbed of secrets.
    pub message: Option<String>,
    /// WeChat's request id.
    pub rid: Option<String>,
    /// HTTP status; null when nothing was answered.
    pub http_status: Option<u16>,
    /// How it failed to bring an answer.
    pub transport_error: Option<TransportErrorKind>,
    /// `errcode` in words, when known.
    pub words: Option<ErrcodeWords>,
}

/// Filter of `list_api_calls`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export, optional_fields)]
pub struct ApiCallQuery {
    /// Only this platform.
    pub platform: Option<String>,
    /// Only this account.
    pub appid: Option<String>,
    /// This path, or paths with this part.
    pub api: Option<String>,
    /// Only this errcode.
    pub errcode: Option<i64>,
    /// Only calls that failed.
    pub only_errors: Option<bool>,
    /// Only made for this reason.
    pub reason: Option<CallReason>,
    /// From this moment, ms.
    pub from: Option<i64>,
    /// Before this moment, ms.
    pub until: Option<i64>,
    /// At most this many (1–500, default 100).
    pub limit: Option<u32>,
    /// From `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// A page of calls, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ApiCallPage {
    /// Rows.
    pub items: Vec<ApiCall>,
    /// Ask with it for the next page; null at the end.
    pub next_cursor: Option<String>,
}

/// How long calls are kept, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ApiCallSettings {
    /// Days (1–365).
    pub retention_days: u32,
    /// Rows kept now.
    pub rows: i64,
    /// The oldest go when there are more than this, whatever the days.
    pub max_rows: i64,
    /// The oldest kept, ms.
    pub oldest_at: Option<i64>,
    /// Rows of this run that could not be written.
    pub lost: i64,
}

/// Form of an export.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ExportFormat {
    /// A table for a spreadsheet; no cell can be read as a formula.
    #[default]
    Csv,
    /// A JSON array.
    Json,
}

/// A text to save as a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ExportedText {
    /// Offered name.
    pub file_name: String,
    /// MIME type.
    pub mime: String,
    /// The content.
    pub text: String,
    /// Rows in it.
    pub rows: i64,
    /// There were more than fit.
    pub truncated: bool,
}
