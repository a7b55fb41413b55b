//! "Try the API": calls as forms, and what came of them. No token is in any of them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{AccountKind, Bilingual, LastError};

/// HTTP method of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "UPPERCASE")]
#[ts(export)]
pub enum ApiMethod {
    /// Query only.
    Get,
    /// With a body.
    Post,
}

/// Where a form's value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ApiFieldPlace {
    /// A query parameter.
    Query,
    /// A member of the JSON body; `name` is a JSON pointer.
    Body,
    /// A text field of an upload.
    Part,
    /// The file of an upload.
    File,
}

/// What a form's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ApiFieldKind {
    /// A line.
    Text,
    /// Several lines.
    LongText,
    /// A whole number.
    Number,
    /// Yes or no.
    Flag,
    /// One of `choices`.
    Choice,
    /// Any JSON.
    Json,
    /// A file.
    File,
}

/// A field of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ApiField {
    /// Query parameter, JSON pointer (`/text/content`) or part name.
    pub name: String,
    /// Where it goes.
    pub place: ApiFieldPlace,
    /// What it is.
    pub kind: ApiFieldKind,
    /// Label; WeChat's own field name stands beside it.
    pub label: Bilingual,
    /// Help; may be empty.
    pub help: Bilingual,
    /// Must be given.
    pub required: bool,
    /// Suggested value.
    pub default: String,
    /// For a choice.
    pub choices: Vec<String>,
}

/// A call that can be filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ApiForm {
    /// Id.
    pub id: String,
    /// Group: `message`, `template`, `media`, `user`, `menu`, `qrcode`, `diagnostics`.
    pub group: String,
    /// Its name.
    pub name: Bilingual,
    /// What it does, and what it costs.
    pub about: Bilingual,
    /// Method.
    pub method: ApiMethod,
    /// Path.
    pub path: String,
    /// Permission sets of which an authorized account must have granted one; empty for any.
    pub sets: Vec<i64>,
    /// For which kinds of account; empty for all.
    pub kinds: Vec<AccountKind>,
    /// It changes something that followers see or that costs quota.
    pub changes: bool,
    /// Body to begin with, JSON; empty for none.
    pub body: String,
    /// Fields.
    pub fields: Vec<ApiField>,
}

/// A name and a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct NameValue {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
}

/// A file to be sent.
#[derive(Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ApiFile {
    /// Part name, mostly `media`.
    pub field: String,
    /// File name.
    pub name: String,
    /// Bytes in Base64, at most 10 MiB of them.
    pub content_base64: String,
}

impl std::fmt::Debug for ApiFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiFile").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A call to be made with an account's interface token.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct ApiTrialRequest {
    /// Platform; the account's own appid when it is connected directly.
    pub component_appid: String,
    /// Account.
    pub appid: String,
    /// Form it was made with.
    #[serde(default)]
    pub form: Option<String>,
    /// Method.
    pub method: ApiMethod,
    /// Path, e.g. `/cgi-bin/user/info`.
    pub path: String,
    /// Query without the token.
    #[serde(default)]
    pub query: Vec<NameValue>,
    /// JSON body.
    #[serde(default)]
    pub body: Option<String>,
    /// Text fields of an upload.
    #[serde(default)]
    pub parts: Vec<NameValue>,
    /// File of an upload.
    #[serde(default)]
    pub file: Option<ApiFile>,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ApiTrial {
    /// Row id.
    pub id: i64,
    /// Sent, ms.
    pub at: i64,
    /// Platform; the account's own appid when it is connected directly.
    pub component_appid: String,
    /// Account.
    pub appid: String,
    /// Form it was made with.
    pub form: Option<String>,
    /// Method.
    pub method: ApiMethod,
    /// Path.
    pub path: String,
    /// Query without the token; values that look like secrets are hidden.
    pub query: Vec<NameValue>,
    /// Body as sent, values that look like secrets hidden; of a file only its name and size.
    pub body: Option<String>,
    /// Length of the call, ms.
    pub duration_ms: i64,
    /// HTTP status; null when no answer came.
    pub status: Option<u16>,
    /// Type of the answer.
    pub content_type: Option<String>,
    /// Length of the answer, bytes.
    pub answer_bytes: i64,
    /// The answer as text, values that look like secrets hidden; null for a binary one. At most 256 KiB.
    pub answer: Option<String>,
    /// The whole answer can be asked for (`reveal_api_trial`), for ten minutes.
    pub has_more: bool,
    /// A picture as a data URL, only right after the call.
    pub picture: Option<String>,
    /// WeChat's errcode; null when the answer has none.
    pub errcode: Option<i64>,
    /// WeChat's request id.
    pub rid: Option<String>,
    /// The refusal, or why no answer came, explained.
    pub error: Option<LastError>,
    /// What is left of the day's quota of this path, when WeChat tells.
    pub quota: Option<ApiAllowance>,
}

/// What is left of a path's daily quota.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ApiAllowance {
    /// Calls a day.
    pub daily_limit: i64,
    /// Used today.
    pub used: i64,
    /// Left today.
    pub remain: i64,
}
