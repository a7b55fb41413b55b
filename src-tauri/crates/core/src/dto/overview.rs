//! The overview, and facts about the running app.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Account, AccountCounts, Bilingual, CheckStep, LastError, TicketView, TokenState, TokenView};

/// Everything the overview shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Overview {
    /// Now, ms.
    pub time: i64,
    /// What only a person can mend, most urgent first.
    pub needs: Vec<Need>,
    /// The chain of every platform.
    pub platforms: Vec<PlatformChain>,
    /// Accounts connected with their own AppSecret; null when there are none.
    pub own: Option<OwnChain>,
    /// The public door.
    pub door: Door,
    /// Refreshes of the last 24 hours, oldest first, 24 entries.
    pub hours: Vec<HourCount>,
}

/// Ticket → component token → account tokens of one platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PlatformChain {
    /// Platform.
    pub component_appid: String,
    /// Its name.
    pub name: String,
    /// First station.
    pub ticket: TicketView,
    /// Second station.
    pub component_token: TokenView,
    /// Third station: authorizations by state.
    pub accounts: AccountCounts,
    /// Account tokens by state (revoked accounts left out).
    pub token_states: Vec<TokenStateCount>,
    /// The five that end soonest.
    pub soonest: Vec<Account>,
}

/// Accounts connected with their own AppSecret, which need no ticket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OwnChain {
    /// Accounts by state.
    pub accounts: AccountCounts,
    /// Their tokens by state.
    pub token_states: Vec<TokenStateCount>,
    /// The five that end soonest.
    pub soonest: Vec<Account>,
}

/// How many tokens are in a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TokenStateCount {
    /// State.
    pub state: TokenState,
    /// How many.
    pub count: i64,
}

/// Refreshes of one hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct HourCount {
    /// Start of the hour, ms.
    pub start: i64,
    /// New tokens.
    pub ok: i64,
    /// Failures.
    pub failed: i64,
}

/// Why a person is needed. One entry a cause, not an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum NeedCause {
    /// The store was damaged and set aside at start.
    StoreSetAside,
    /// The listener is not listening.
    ListenerDown,
    /// The listener had broken off and opened itself again.
    ListenerBack,
    /// A platform never received a ticket.
    TicketNeverCame,
    /// The last ticket is over 15 minutes old.
    TicketLate,
    /// WeChat refused the AppSecret or appid.
    SecretInvalid,
    /// Our address is not on the IP list.
    IpNotListed,
    /// Daily quota used up.
    QuotaExhausted,
    /// Refreshes keep failing for another reason.
    RefreshFailing,
    /// Owners must authorize again.
    NeedsAuthorization,
    /// The public base URL did not answer the last self-check.
    DoorUnreachable,
    /// A tunnel is not tried again without a person.
    TunnelFailed,
    /// A tunnel has another URL, and WeChat still has the old one.
    TunnelUrlChanged,
    /// Another program fetches classic tokens of this account.
    TokenTaken,
}

/// What a person can do about it with one click.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum NeedAction {
    /// `start_ticket_push`.
    StartTicketPush,
    /// Open the platform's form, or the own account's.
    EditPlatform,
    /// Show the callback URLs to enter.
    ShowCallbackUrls,
    /// Show the accounts concerned.
    ShowAccounts,
    /// Try the refresh now.
    RefreshNow,
    /// Make an authorize link.
    Reauthorize,
    /// `restart_listener`.
    RestartListener,
    /// `check_door`.
    CheckDoor,
    /// `test_egress`.
    TestEgress,
    /// `dismiss_notice`.
    Dismiss,
    /// Open the tunnels' page.
    ShowTunnels,
}

/// One cause that needs a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Need {
    /// Stable while the cause lasts.
    pub id: String,
    /// Cause.
    pub cause: NeedCause,
    /// Platform concerned; an account's own appid when it is connected with its own AppSecret and is the only one.
    pub component_appid: Option<String>,
    /// It concerns accounts that are connected with their own AppSecret.
    pub own: bool,
    /// Its name.
    pub platform_name: Option<String>,
    /// Since when, ms.
    pub since: Option<i64>,
    /// How many accounts it concerns.
    pub count: i64,
    /// Up to five of them.
    pub appids: Vec<String>,
    /// WeChat's words.
    pub error: Option<LastError>,
    /// Free detail (a path, an address, the listener's error).
    pub detail: Option<String>,
    /// Buttons, the best first.
    pub actions: Vec<NeedAction>,
}

/// The public door's health.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Door {
    /// The listener listens.
    pub listening: bool,
    /// `host:port`.
    pub address: Option<String>,
    /// Why it does not listen.
    pub error: Option<String>,
    /// Last accepted push, ms.
    pub last_callback_at: Option<i64>,
    /// Refused pushes since start.
    pub rejected: i64,
    /// Why, newest first, at most 20.
    pub rejections: Vec<Rejection>,
    /// One entry a distinct public base URL.
    pub tunnels: Vec<TunnelHealth>,
}

/// A refused push: no content, only why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Rejection {
    /// When, ms.
    pub at: i64,
    /// Path without query.
    pub path: String,
    /// `bad_signature`, `unknown_appid`, `bad_body`, `wrong_appid`, `bad_key`, `too_large`, `too_slow`, `too_many`,
    /// `two_lengths`.
    pub reason: String,
    /// HTTP status given.
    pub status: u16,
    /// Who sent it, as far as a connection or the tunnel on this machine says. A tunnel may be lied to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub from: Option<String>,
}

/// Reachability of a public base URL, from the self-check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TunnelHealth {
    /// The base URL.
    pub public_base_url: String,
    /// Last check, ms; null before the first.
    pub checked_at: Option<i64>,
    /// No step failed.
    pub reachable: Option<bool>,
    /// Round trip, ms.
    pub round_trip_ms: Option<i64>,
    /// The first step that failed, in English; `steps` has it in both languages.
    pub error: Option<String>,
    /// When the certificate ends, ms; null for plain http.
    pub certificate_ends_at: Option<i64>,
    /// The last check, step by step; empty before the first.
    pub steps: Vec<CheckStep>,
    /// What to know of this address besides.
    pub hints: Vec<Bilingual>,
}

/// Facts about the running app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AppInfo {
    /// Version.
    pub version: String,
    /// Where data lies.
    pub data_dir: String,
    /// Runs against the built-in sandbox.
    pub sandbox: bool,
    /// Base URL of the sandbox's own pages.
    pub sandbox_url: Option<String>,
    /// Where the store's key lies.
    pub key_source: KeySource,
    /// Local API address.
    pub api_address: Option<String>,
    /// Listener address.
    pub listener_address: Option<String>,
    /// No platform yet.
    pub first_start: bool,
}

/// Where the store's key lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum KeySource {
    /// The operating system's keychain.
    Keychain,
    /// A file beside the store, mode 0600.
    KeyFile,
}

/// Tells the window what to refetch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Change {
    /// `platforms`, `accounts`, `account:APPID`, `links`, `link:ID`, `overview`, `door`, `tunnels`, `tunnel:ID` (new log lines).
    pub tags: Vec<String>,
}

/// Error at the edge: code, words, and for `invalid_input` the fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ErrorBody {
    /// What the caller branches on.
    pub code: ErrorCode,
    /// English words.
    pub message: String,
    /// Field errors, WeChat's refusal, or other facts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub detail: Option<ErrorDetail>,
}

/// Facts beside an error.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ErrorDetail {
    /// Broken rules, field by field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<super::FieldError>,
    /// WeChat's refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub refusal: Option<LastError>,
    /// A free address near a taken one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub offer: Option<String>,
}

/// Codes of [`ErrorBody`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ErrorCode {
    /// A field breaks a rule.
    InvalidInput,
    /// No such platform, account or link.
    NotFound,
    /// The same appid under several platforms; name the platform.
    Ambiguous,
    /// No or unknown API key.
    Unauthenticated,
    /// The key's scope does not allow it.
    Forbidden,
    /// No live token to give.
    NoToken,
    /// WeChat refused.
    Refused,
    /// The network or WeChat failed for now.
    Unavailable,
    /// The store could not be read or written.
    Store,
    /// The disk is full.
    DiskFull,
    /// Another engine holds the data folder.
    Held,
    /// Somebody else changed it meanwhile, or is at it: read it again.
    Conflict,
    /// The engine is stopping.
    Stopping,
    /// A bug of ours.
    Internal,
}
