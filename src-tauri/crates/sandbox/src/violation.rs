//! Owns: what a client must never do, and the record of it.
//! Must not: decide from guesses. What a client may do after a lost answer or a crash is no violation.
//! Invariant: a violation never holds a token.

use serde::{Deserialize, Serialize};

/// A promise that the client broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ViolationKind {
    /// Two `api_authorizer_token` calls of one account were in flight at once.
    OverlappingRefresh,
    /// Two `api_component_token` calls were in flight at once.
    OverlappingComponentToken,
    /// Two `api_query_auth` calls with one code were in flight at once.
    OverlappingRedemption,
    /// A refresh token was sent after the answer with its successor had been delivered.
    StaleRefreshToken,
    /// A message was answered with what WeChat cannot read or show (A.7, K.3).
    MalformedReply,
}

/// One broken promise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Which promise.
    pub kind: ViolationKind,
    /// Appid of the account, or of the component.
    pub subject: String,
    /// When, in milliseconds of the sandbox's clock.
    pub at_ms: i64,
    /// What happened, in English.
    pub detail: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {} at {}: {}", self.kind, self.subject, self.at_ms, self.detail)
    }
}
