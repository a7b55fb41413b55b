//! The channel to WeChat and back: verification files, where calls leave from, where pushes come from.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Bilingual, LastError};

/// A domain verification file (域名校验文件).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct VerificationFile {
    /// Name with its ending.
    pub name: String,
    /// Bytes.
    pub size: i64,
    /// Added, ms.
    pub added_at: i64,
    /// Where WeChat finds it: one a public base URL.
    pub urls: Vec<String>,
}

/// Which way calls take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum EgressRoute {
    /// Straight to WeChat.
    Direct,
    /// Through the outbound proxy.
    Proxy,
    /// To a forward server of the operator's.
    Forward,
}

/// Where calls leave from, as WeChat sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct EgressTest {
    /// When, ms.
    pub at: i64,
    /// Which way.
    pub route: EgressRoute,
    /// The address that WeChat saw; null when it did not say.
    pub ip: Option<String>,
    /// Whether WeChat accepts it; null when unknown.
    pub listed: Option<bool>,
    /// Time of one call, ms; null when none got through.
    pub took_ms: Option<i64>,
    /// What was found.
    pub text: Bilingual,
    /// What to do; empty when nothing is to be done.
    pub fix: Bilingual,
    /// WeChat's refusal, or why the call did not get through.
    pub error: Option<LastError>,
}

/// Where WeChat's pushes come from (`getcallbackip`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct CallbackIps {
    /// Addresses and CIDR blocks.
    pub ips: Vec<String>,
    /// When WeChat last told them, ms; null before the first time.
    pub fetched_at: Option<i64>,
    /// Pushes that come straight in from elsewhere are refused. The signature is checked all the same.
    pub allow_only: bool,
    /// Why the last fetch failed.
    pub error: Option<LastError>,
}
