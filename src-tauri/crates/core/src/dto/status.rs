//! Shared pieces of health: token states, reasons, last errors, and the status document of `GET /v1/status`.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// State of a token as operators see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum TokenState {
    /// Live, and outside its renewal window.
    Valid,
    /// Live, and inside its renewal window.
    Expiring,
    /// Its lifetime is over.
    Expired,
    /// Never obtained, or taken away with the authorization.
    Missing,
    /// The last attempt failed; the token may still be live (see `expires_at`).
    Failing,
    /// Waits for what it depends on (ticket or component token).
    Waiting,
}

/// Why the engine does, or does not, refresh a credential now. The window words it; the API shows [`ReasonCode::text`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ReasonCode {
    /// Live; waits for its renewal window.
    Fresh,
    /// The renewal window is open.
    Due,
    /// Less than 1/20 of the lifetime is left.
    Emergency,
    /// There is no token yet.
    NoToken,
    /// An operator asked for it.
    Requested,
    /// A business server reported the current token as rejected.
    ReportedRejected,
    /// The wall clock jumped, so stored deadlines cannot be trusted.
    ClockJumped,
    /// The last attempt was cut off by a stop; its outcome at WeChat is unknown.
    Interrupted,
    /// No ticket has arrived yet.
    TicketMissing,
    /// WeChat refused the ticket; a newer one is awaited.
    TicketRejected,
    /// The component token is missing or failing.
    ParentMissing,
    /// Transient failure; waits for its place on the ladder.
    BackingOff,
    /// Daily quota used up; waits for the reset at 0:00 Beijing time.
    QuotaExhausted,
    /// Called too fast; waits a minute or more.
    RateLimited,
    /// Our address is not on WeChat's IP list.
    IpNotListed,
    /// WeChat refused the AppSecret or the appid.
    SecretInvalid,
    /// WeChat refused for another reason that a person must settle.
    Refused,
    /// A forced refresh did not cure a rejected token.
    TokenRejected,
    /// The refresh token is dead and WeChat's list holds no newer one: the owner must authorize again.
    NeedsAuthorization,
    /// The owner cancelled the authorization.
    Unauthorized,
    /// The operator removed the account; it is not renewed until it is restored.
    Removed,
    /// The account gave no refresh token (it has no API permission).
    NoRefreshToken,
    /// The account's interface token is missing or failing; a ticket waits for it.
    AccountTokenMissing,
    /// An operator forced a new stable token.
    Forced,
    /// Another program fetched a classic token, so ours died before its time.
    TakenByAnother,
    /// The operator switched this ticket off.
    SwitchedOff,
}

/// WeChat's or the network's last refusal of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct LastError {
    /// WeChat's errcode; 0 when the failure was not WeChat's (network, bad answer).
    pub code: i64,
    /// WeChat's errmsg or our words; scrubbed of secrets.
    pub message: String,
    /// When, in ms.
    pub at: i64,
    /// WeChat's request id.
    pub rid: Option<String>,
    /// The address that WeChat saw (40164, 61004).
    pub ip: Option<String>,
    /// What to do, in English.
    pub advice: String,
    /// What to do, in Chinese.
    pub advice_zh: String,
}

/// One token's health, without the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TokenView {
    /// State in one word.
    pub state: TokenState,
    /// When the current token was obtained, ms.
    pub obtained_at: Option<i64>,
    /// When it ends, ms.
    pub expires_at: Option<i64>,
    /// When the engine will try next, ms.
    pub next_refresh_at: Option<i64>,
    /// Counts up by one with every new token.
    pub generation: i64,
    /// A call is under way.
    pub in_flight: bool,
    /// Only a person can mend it.
    pub needs_operator: bool,
    /// Why, as a code.
    pub reason_code: ReasonCode,
    /// Why, in English.
    pub reason: String,
    /// The last refusal, cleared by the next success.
    pub last_error: Option<LastError>,
}

/// Freshness of the ticket: `fresh` under 20 minutes old, `stale` up to 12 hours, then `missing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum TicketState {
    /// Under 20 minutes old.
    Fresh,
    /// Up to 12 hours old: usable, but pushes have stopped.
    Stale,
    /// None, or older than 12 hours.
    Missing,
}

/// The ticket's health, without the ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TicketView {
    /// Freshness.
    pub state: TicketState,
    /// When the newest one arrived, ms.
    pub received_at: Option<i64>,
    /// Arrivals of the last ten, newest first, ms.
    pub recent: Vec<i64>,
}

/// Accounts by state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AccountCounts {
    /// All known.
    pub total: i64,
    /// Healthy.
    pub authorized: i64,
    /// Authorized, the last refresh failed.
    pub failing: i64,
    /// Only a new authorization helps.
    pub needs_authorization: i64,
    /// Cancelled by the owner.
    pub unauthorized: i64,
}

/// `GET /v1/status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Status {
    /// Program version.
    pub version: String,
    /// Now, ms.
    pub time: i64,
    /// The public door.
    pub listener: ListenerStatus,
    /// Every platform.
    pub platforms: Vec<PlatformStatus>,
    /// Accounts that are connected with their own AppSecret, by state.
    pub own_accounts: AccountCounts,
}

/// The public door in `GET /v1/status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ListenerStatus {
    /// `host:port`, null while not listening.
    pub address: Option<String>,
    /// Base URL of the first platform, as WeChat sees it.
    pub public_base_url: Option<String>,
    /// Last accepted push, ms.
    pub last_callback_at: Option<i64>,
    /// Refused pushes since start.
    pub rejected: i64,
}

/// A platform in `GET /v1/status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PlatformStatus {
    /// The platform's appid.
    pub component_appid: String,
    /// The operator's name for it.
    pub name: String,
    /// Ticket health.
    pub ticket: TicketView,
    /// Component token health.
    pub component_token: TokenView,
    /// Accounts by state.
    pub accounts: AccountCounts,
}

impl ReasonCode {
    /// An operator wishes it, now or not at all.
    #[must_use]
    pub fn is_wish(self) -> bool {
        matches!(self, Self::Requested | Self::Forced)
    }

    /// The reason in English, for the API and the command line.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Fresh => "valid; renews when its window opens",
            Self::Due => "renewal window is open",
            Self::Emergency => "close to its end",
            Self::NoToken => "no token yet",
            Self::Requested => "refresh requested",
            Self::ReportedRejected => "a business server reported the token as rejected",
            Self::ClockJumped => "the clock jumped",
            Self::Interrupted => "the last attempt was interrupted",
            Self::TicketMissing => "waiting for a component_verify_ticket",
            Self::TicketRejected => "WeChat refused the ticket; waiting for a newer one",
            Self::ParentMissing => "waiting for the component token",
            Self::BackingOff => "retrying after a transient failure",
            Self::QuotaExhausted => "daily quota used up; waiting for the reset at 0:00 Beijing time",
            Self::RateLimited => "called too fast; waiting",
            Self::IpNotListed => "the calling IP is not on WeChat's list",
            Self::SecretInvalid => "WeChat refused the AppSecret or appid",
            Self::Refused => "WeChat refused; a person must settle it",
            Self::TokenRejected => "a forced refresh did not cure the rejected token",
            Self::NeedsAuthorization => "the refresh token is dead; the owner must authorize again",
            Self::Unauthorized => "the owner cancelled the authorization",
            Self::Removed => "removed here; not renewed until it is restored",
            Self::NoRefreshToken => "WeChat gave no refresh token for this account",
            Self::AccountTokenMissing => "waiting for the account's interface token",
            Self::Forced => "a new stable token was forced",
            Self::TakenByAnother => "another program fetched a token, which ended this one",
            Self::SwitchedOff => "switched off",
        }
    }
}
