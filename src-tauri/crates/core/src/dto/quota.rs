//! Quotas and request ids.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Bilingual, ErrcodeWords, LastError};

/// Whose token a call takes, and whose quota it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ApiSubject {
    /// The platform's.
    Component,
    /// The account's.
    Account,
    /// Either's.
    Both,
}

/// An API by its path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct KnownApi {
    /// Path.
    pub path: String,
    /// Name.
    pub name: Bilingual,
    /// Whose quota it costs.
    pub subject: ApiSubject,
    /// `get_quota` asks for it when no paths are given.
    pub by_default: bool,
}

/// Quotas of a platform or an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct QuotaReport {
    /// Platform.
    pub component_appid: String,
    /// Account; null for the platform's own.
    pub appid: Option<String>,
    /// When it was asked, ms.
    pub at: i64,
    /// One an API, in the order in which they were asked for.
    pub items: Vec<QuotaItem>,
    /// What is left of the monthly clearings.
    pub allowance: ClearAllowance,
}

/// The quota of one API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct QuotaItem {
    /// Path.
    pub cgi_path: String,
    /// Its name, when known.
    pub name: Option<Bilingual>,
    /// Calls a day; null when it could not be read.
    pub daily_limit: Option<i64>,
    /// Used today.
    pub used: Option<i64>,
    /// Left today.
    pub remain: Option<i64>,
    /// Short-term limit of the account; null when none is set.
    pub rate_limit: Option<QuotaRate>,
    /// Short-term limit of the platform calling on its behalf; null when none is set.
    pub component_rate_limit: Option<QuotaRate>,
    /// Why it could not be read.
    pub error: Option<LastError>,
}

/// So many calls in so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct QuotaRate {
    /// Calls.
    pub call_count: i64,
    /// Seconds.
    pub refresh_second: i64,
}

/// How quotas are cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ClearMethod {
    /// With the token of whoever is cleared.
    Token,
    /// With the platform's AppSecret: works without a token.
    AppSecret,
}

/// The monthly clearings of a platform or an account. WeChat tells no count: this is what our own log saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ClearAllowance {
    /// A month, shared by all ways of clearing.
    pub limit: i64,
    /// Seen this month; others may have used more.
    pub used_at_least: i64,
    /// WeChat said this month that none is left (48006).
    pub exhausted: bool,
    /// 0:00 Beijing time of the first of this month, ms.
    pub month_start: i64,
    /// 0:00 Beijing time of the first of the next month, ms.
    pub resets_at: i64,
    /// The last one seen, ms.
    pub last_at: Option<i64>,
}

/// What WeChat tells of a request, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RidLookup {
    /// The request id.
    pub rid: String,
    /// Platform that asked.
    pub component_appid: String,
    /// Account whose token answered; null for the platform's.
    pub appid: Option<String>,
    /// When the request was made, ms.
    pub invoked_at: i64,
    /// How long WeChat took, ms.
    pub cost_ms: i64,
    /// The address that WeChat saw.
    pub client_ip: String,
    /// Path, when the answer tells it.
    pub api: Option<String>,
    /// Its name, when known.
    pub api_name: Option<Bilingual>,
    /// URL or query with every value masked.
    pub request_url: String,
    /// Body with secrets masked.
    pub request_body: String,
    /// Answer with secrets masked.
    pub response_body: String,
    /// errcode of the answer.
    pub errcode: Option<i64>,
    /// The same in words, when known.
    pub words: Option<ErrcodeWords>,
}
