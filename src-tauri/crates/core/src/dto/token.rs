//! The test of a token, and the history of its generations. No token is in them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Attempt, LastError};

/// A harmless call made with a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TokenTest {
    /// WeChat took the token.
    pub ok: bool,
    /// When, ms.
    pub at: i64,
    /// Length of the call, ms.
    pub duration_ms: i64,
    /// Path of the call.
    pub api: String,
    /// Generation that was tested.
    pub generation: i64,
    /// When the token ends by our books, ms.
    pub expires_at: Option<i64>,
    /// Why WeChat did not take it.
    pub error: Option<LastError>,
}

/// Who or what caused a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum GenerationCause {
    /// Its time had come.
    Scheduled,
    /// Little life was left.
    Emergency,
    /// There was none.
    First,
    /// A person asked.
    Operator,
    /// A business server reported the one before as rejected.
    Server,
    /// The wall clock had jumped.
    ClockJumped,
    /// A stop had cut off the attempt before.
    Interrupted,
    /// The refresh token had been replaced from WeChat's list.
    Healed,
    /// The owner authorized.
    Authorization,
    /// An operator forced a new stable token.
    Forced,
    /// Another program had fetched one, which ended ours.
    Taken,
}

/// One token's place in the history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TokenGeneration {
    /// Its number.
    pub generation: i64,
    /// When it was obtained, ms.
    pub obtained_at: i64,
    /// When it ends or ended, ms.
    pub expires_at: i64,
    /// It is the one in use.
    pub current: bool,
    /// Who or what caused it.
    pub cause: GenerationCause,
    /// The attempts that led to it, newest first.
    pub attempts: Vec<Attempt>,
}

/// The history of an account's token, or of the component token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TokenTimeline {
    /// Platform.
    pub component_appid: String,
    /// Account; null for the component token.
    pub appid: Option<String>,
    /// Attempts since the newest generation, newest first.
    pub pending: Vec<Attempt>,
    /// Newest first, at most 50.
    pub generations: Vec<TokenGeneration>,
}
