//! When to refresh, and why: pure functions of stored facts and the time.
//!
//! Owns every rule about time and failures; does no I/O and keeps no state. Invariants: after a failure the next attempt
//! is never at once; waits are bounded and spread by a jitter that depends only on credential and count, so the same
//! facts always give the same answer.

use sha2::{Digest, Sha256};
use wechat::error::{CallError, ErrorClass};

use crate::dto::{ReasonCode, TicketState};

/// Never less between two attempts on one credential, ms (architecture, "The engine").
pub const MIN_GAP: i64 = 30_000;
/// The same when a person asks, who may have mended something since: not the next moment, but soon, ms.
pub const ASKED_GAP: i64 = 2_000;
/// Below this lifetime the gap is 1/20 of it instead, ms.
const SHORT_LIFE: i64 = 600_000;
/// WeChat swaps a stable token so long before its end (protocol E.2), ms.
const SWAP: i64 = 300_000;
/// And it is late when so little is left, ms.
const SWAP_LATE: i64 = 120_000;
/// Longest wait after a transient failure, ms.
const TRANSIENT_CAP: i64 = 600_000;
/// The same while the token is in its emergency or over, ms.
const EMERGENCY_CAP: i64 = 120_000;
/// First and longest wait after a refusal that a person must settle, ms: slow, but it heals by itself.
const OPERATOR_FIRST: i64 = 300_000;
/// See [`OPERATOR_FIRST`].
const OPERATOR_CAP: i64 = 1_800_000;
/// First and longest wait between two tries of a platform whose address WeChat refused, ms. One credential tries for
/// all, so it may be asked more often than [`OPERATOR_FIRST`]: whoever has just entered the address waits a minute.
pub const IP_FIRST: i64 = 60_000;
/// See [`IP_FIRST`].
pub const IP_CAP: i64 = 600_000;
/// A ticket lives 12 hours (protocol B.2), ms.
pub const TICKET_LIFE: i64 = 12 * 3_600_000;
/// `fresh` under 20 minutes (interfaces), ms.
pub const TICKET_FRESH: i64 = 20 * 60_000;
/// The operator hears of a late ticket after 15 minutes (issue 9, field notes), ms.
pub const TICKET_LATE: i64 = 15 * 60_000;
/// Wall clock and stored times may disagree so much before it counts as a jump, ms.
pub const JUMP: i64 = 60_000;
/// Beijing is UTC+8 all year; WeChat's quotas are reset at 0:00 there, ms.
const BEIJING: i64 = 8 * 3_600_000;
const DAY: i64 = 24 * 3_600_000;

/// What kind of failure the last one was; stored with the credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// Network, 5xx, −1, unreadable answer.
    Transient,
    /// The parent token was refused; the child waits for a newer one.
    ParentRejected,
    /// A forced refresh did not cure a rejected token.
    Rejected,
    /// 45009.
    Quota,
    /// 45011.
    RateLimited,
    /// 61004.
    Ip,
    /// 40125, 40013 and the like.
    Secret,
    /// 61005, 61006: a newer ticket is awaited.
    Ticket,
    /// Anything else that a person must settle.
    Refused,
    /// The refresh token was refused, and WeChat's list of the current ones could not be read yet.
    Unhealed,
    /// Only a new authorization helps.
    NeedsAuthorization,
}

impl FailureKind {
    const ALL: [(Self, &'static str); 11] = [
        (Self::Transient, "transient"),
        (Self::ParentRejected, "parent_rejected"),
        (Self::Rejected, "rejected"),
        (Self::Quota, "quota"),
        (Self::RateLimited, "rate_limited"),
        (Self::Ip, "ip"),
        (Self::Secret, "secret"),
        (Self::Ticket, "ticket"),
        (Self::Refused, "refused"),
        (Self::Unhealed, "unhealed"),
        (Self::NeedsAuthorization, "needs_authorization"),
    ];

    /// As stored.
    #[must_use]
    pub fn text(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("refused", |(_, text)| text)
    }

    /// The reverse of [`FailureKind::text`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, t)| *t == text).map(|(kind, _)| *kind)
    }

    /// Classifies a failed call for a token of this sort.
    #[must_use]
    pub fn of(error: &CallError, subject: Subject) -> Self {
        let with_secret = matches!(subject, Subject::Component | Subject::Own { .. });
        match error.code() {
            Some(61004 | 40164) => return Self::Ip,
            Some(61005 | 61006 | 40091) => return Self::Ticket,
            Some(40125 | 40013 | 41004 | 41002 | 40243 | 61011) => return Self::Secret,
            // Where the AppSecret is sent, 40001 means the secret (protocol C.2, E.2, E.5).
            Some(40001) if with_secret => return Self::Secret,
            _ => {}
        }
        match error.class() {
            ErrorClass::Transient => Self::Transient,
            ErrorClass::RejectedToken => {
                if with_secret {
                    Self::Refused
                } else {
                    Self::ParentRejected
                }
            }
            ErrorClass::Quota => Self::Quota,
            ErrorClass::RateLimited => Self::RateLimited,
            ErrorClass::NeedsAuthorization => {
                if subject == Subject::Authorizer {
                    Self::NeedsAuthorization
                } else {
                    Self::Refused
                }
            }
            ErrorClass::Operator | ErrorClass::ClientBug | ErrorClass::Other => Self::Refused,
        }
    }
}

/// What a credential is, as far as decisions go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The component token.
    Component,
    /// The token of an account that authorized.
    Authorizer,
    /// The token of an account that is connected with its own AppSecret.
    Own {
        /// From `token`, which others may fetch too, rather than from `stable_token`.
        classic: bool,
    },
    /// A JS-SDK ticket.
    Ticket,
}

/// What a credential depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parent {
    /// There, and live.
    Ready,
    /// No ticket, or over 12 hours old.
    TicketMissing,
    /// WeChat refused the newest ticket.
    TicketRefused,
    /// No live component token.
    TokenMissing,
    /// No live token of the account.
    AccountTokenMissing,
}

/// Everything a decision depends on. Times in ms.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Row id, for the jitter.
    pub id: i64,
    /// What it is.
    pub subject: Subject,
    /// The operator switched it off (tickets).
    pub off: bool,
    /// False after the owner cancelled.
    pub authorized: bool,
    /// The operator removed the account.
    pub removed: bool,
    /// There is a token.
    pub has_token: bool,
    /// There is a refresh token (always true for what needs none).
    pub has_refresh_token: bool,
    /// Token obtained.
    pub obtained_at: i64,
    /// Token ends.
    pub expires_at: i64,
    /// Generation, for the jitter.
    pub generation: i64,
    /// The current generation was refused when used.
    pub rejected: bool,
    /// Consecutive generations refused when used.
    pub rejections: i64,
    /// Consecutive failures.
    pub failures: i64,
    /// Class of the last failure.
    pub failure: Option<FailureKind>,
    /// Start of the last attempt.
    pub last_attempt_at: Option<i64>,
    /// The last attempt was cut off.
    pub interrupted: bool,
    /// The clock jumped since the token was obtained.
    pub clock_jumped: bool,
    /// Somebody asked for a refresh: an operator, or a server whose token was refused.
    pub asked: Option<ReasonCode>,
    /// Dependency.
    pub parent: Parent,
    /// WeChat refuses the address that this platform's calls leave from; not before then is this credential to try,
    /// ms (`i64::MAX` while another one tries for all).
    pub address_refused_until: Option<i64>,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Nothing to do before `until` (ms); `i64::MAX` waits for an event.
    Wait {
        /// When to look again.
        until: i64,
        /// Why.
        reason: ReasonCode,
    },
    /// Call now.
    Refresh {
        /// Why.
        reason: ReasonCode,
    },
    /// A person must act. With `retry_at` the engine also tries again by itself.
    NeedsOperator {
        /// Why.
        reason: ReasonCode,
        /// Next try by itself, ms.
        retry_at: Option<i64>,
    },
}

impl Decision {
    /// Why.
    #[must_use]
    pub fn reason(self) -> ReasonCode {
        match self {
            Self::Wait { reason, .. } | Self::Refresh { reason } | Self::NeedsOperator { reason, .. } => reason,
        }
    }

    /// When to look again, ms; `None` waits for an event.
    #[must_use]
    pub fn next_at(self, now: i64) -> Option<i64> {
        match self {
            Self::Wait { until, .. } => (until != i64::MAX).then_some(until),
            Self::Refresh { .. } => Some(now),
            Self::NeedsOperator { retry_at, .. } => retry_at.filter(|at| *at != i64::MAX),
        }
    }
}

/// Decides about one credential.
#[must_use]
pub fn decide(facts: &Facts, now: i64) -> Decision {
    if !facts.authorized {
        return Decision::NeedsOperator { reason: ReasonCode::Unauthorized, retry_at: None };
    }
    if facts.removed {
        return Decision::NeedsOperator { reason: ReasonCode::Removed, retry_at: None };
    }
    if facts.off {
        return Decision::Wait { until: i64::MAX, reason: ReasonCode::SwitchedOff };
    }
    let wanted = wanted(facts, now);
    let Some(reason) = wanted else {
        let until = renew_at(facts);
        // The token lives on, but the next renewal will fail: the time until then is the operator's.
        if facts.failure == Some(FailureKind::Secret) {
            return Decision::NeedsOperator { reason: ReasonCode::SecretInvalid, retry_at: Some(until) };
        }
        return Decision::Wait { until, reason: ReasonCode::Fresh };
    };
    let operator_asked = facts.asked.is_some_and(ReasonCode::is_wish);
    if let Some(until) = facts.address_refused_until
        && now < until
        && !operator_asked
    {
        return Decision::NeedsOperator { reason: ReasonCode::IpNotListed, retry_at: Some(until) };
    }
    if let Some(blocked) = blocked_by_failure(facts, now)
        && (!operator_asked || matches!(facts.failure, Some(FailureKind::Quota | FailureKind::RateLimited)))
    {
        return blocked;
    }
    match facts.parent {
        Parent::Ready => {}
        Parent::TicketMissing => return Decision::Wait { until: i64::MAX, reason: ReasonCode::TicketMissing },
        Parent::TicketRefused => return Decision::Wait { until: i64::MAX, reason: ReasonCode::TicketRejected },
        Parent::TokenMissing => return Decision::Wait { until: i64::MAX, reason: ReasonCode::ParentMissing },
        Parent::AccountTokenMissing => {
            return Decision::Wait { until: i64::MAX, reason: ReasonCode::AccountTokenMissing };
        }
    }
    let gap = if operator_asked { ASKED_GAP.min(min_gap(facts)) } else { min_gap(facts) };
    if let Some(last) = facts.last_attempt_at
        && (0..gap).contains(&(now - last))
    {
        return Decision::Wait { until: last + gap, reason };
    }
    Decision::Refresh { reason }
}

/// Why a new token is wanted now, if it is.
fn wanted(facts: &Facts, now: i64) -> Option<ReasonCode> {
    if let Some(reason) = facts.asked {
        return Some(reason);
    }
    if facts.interrupted {
        return Some(ReasonCode::Interrupted);
    }
    if !facts.has_token {
        return Some(ReasonCode::NoToken);
    }
    if facts.rejected {
        let classic = facts.subject == Subject::Own { classic: true };
        return Some(if classic { ReasonCode::TakenByAnother } else { ReasonCode::ReportedRejected });
    }
    // Looked for in WeChat's list at once, while the token still lives.
    if !facts.has_refresh_token {
        return Some(ReasonCode::NoRefreshToken);
    }
    let left = facts.expires_at - now;
    if left <= if swapped(facts) { SWAP_LATE } else { life(facts) / 20 } {
        return Some(ReasonCode::Emergency);
    }
    if facts.clock_jumped || now < facts.obtained_at - JUMP {
        return Some(ReasonCode::ClockJumped);
    }
    (now >= renew_at(facts)).then_some(ReasonCode::Due)
}

fn blocked_by_failure(facts: &Facts, now: i64) -> Option<Decision> {
    let last = facts.last_attempt_at.unwrap_or(0);
    // A clock that went back must not lengthen a wait by the whole jump.
    if last > now + JUMP {
        return None;
    }
    let emergency = !facts.has_token || facts.expires_at - now <= life(facts) / 20;
    let wait = |until: i64, reason| (now < until).then_some(Decision::Wait { until, reason });
    let operator = |reason| {
        let retry_at = last + ladder(facts.id, facts.failures, OPERATOR_FIRST, OPERATOR_CAP);
        (now < retry_at).then_some(Decision::NeedsOperator { reason, retry_at: Some(retry_at) })
    };
    match facts.failure? {
        FailureKind::Transient | FailureKind::Unhealed => {
            let cap = if emergency { EMERGENCY_CAP } else { TRANSIENT_CAP };
            wait(last + ladder(facts.id, facts.failures, MIN_GAP, cap).max(min_gap(facts)), ReasonCode::BackingOff)
        }
        // Gone as soon as the parent has a newer token; until then `Parent` says so. The gap still holds.
        FailureKind::ParentRejected if facts.subject == Subject::Ticket => {
            wait(last + min_gap(facts), ReasonCode::AccountTokenMissing)
        }
        FailureKind::ParentRejected => wait(last + min_gap(facts), ReasonCode::ParentMissing),
        FailureKind::Rejected => operator(ReasonCode::TokenRejected),
        FailureKind::Quota => {
            let reset = (last + BEIJING).div_euclid(DAY) * DAY + DAY - BEIJING;
            wait(reset + MIN_GAP + spread(facts.id, facts.failures, 300_000), ReasonCode::QuotaExhausted)
        }
        FailureKind::RateLimited => {
            wait(last + ladder(facts.id, facts.failures, 60_000, TRANSIENT_CAP), ReasonCode::RateLimited)
        }
        // The platform's gate above decides when; the gap still holds.
        FailureKind::Ip => {
            let retry_at = last + min_gap(facts);
            let reason = ReasonCode::IpNotListed;
            (now < retry_at).then_some(Decision::NeedsOperator { reason, retry_at: Some(retry_at) })
        }
        FailureKind::Secret => operator(ReasonCode::SecretInvalid),
        // Waits for the next ticket (`Parent::TicketRefused`); a new one clears the mark.
        FailureKind::Ticket => wait(last + min_gap(facts), ReasonCode::TicketRejected),
        FailureKind::Refused => operator(ReasonCode::Refused),
        FailureKind::NeedsAuthorization => {
            Some(Decision::NeedsOperator { reason: ReasonCode::NeedsAuthorization, retry_at: None })
        }
    }
}

/// Lifetime of the current token, ms, at least 1.
#[must_use]
pub fn life(facts: &Facts) -> i64 {
    (facts.expires_at - facts.obtained_at).max(1)
}

/// Asked earlier, WeChat may give the same one: a stable token until five minutes before its end, a ticket likewise.
fn swapped(facts: &Facts) -> bool {
    matches!(facts.subject, Subject::Own { classic: false } | Subject::Ticket)
}

/// When the renewal window opens, ms: remaining life 1/8 plus up to 1/24 of jitter. For 7200 s that is between 1 h 40
/// and 1 h 45, before the 1 h 50 that WeChat's pages advise. A stable token's, and a ticket's, opens with its last five
/// minutes: earlier WeChat would give the same one.
#[must_use]
pub fn renew_at(facts: &Facts) -> i64 {
    if swapped(facts) {
        return (facts.expires_at - SWAP + spread(facts.id, facts.generation, SWAP / 5)).max(facts.obtained_at);
    }
    let life = life(facts);
    facts.expires_at - life / 8 - spread(facts.id, facts.generation, life / 24)
}

/// Least time between two attempts, ms.
#[must_use]
pub fn min_gap(facts: &Facts) -> i64 {
    let life = life(facts);
    if facts.has_token && life < SHORT_LIFE && !swapped(facts) { (life / 20).max(1) } else { MIN_GAP }
}

/// The wait after the n-th failure, ms: doubles from `first` to `cap`, with a quarter of jitter, always within the two.
#[must_use]
pub fn ladder(id: i64, failures: i64, first: i64, cap: i64) -> i64 {
    let doublings = u32::try_from((failures - 1).clamp(0, 20)).unwrap_or(20);
    let full = first.saturating_mul(1 << doublings).min(cap);
    // Jitter upwards on the first rung, so that no wait is shorter than the least gap; downwards at the cap.
    let jitter = spread(id, failures, full / 4);
    if full + jitter <= cap { full + jitter } else { (cap - jitter).max(first) }
}

/// A number in `0..=range` that depends only on the two keys.
pub(crate) fn spread(id: i64, n: i64, range: i64) -> i64 {
    if range <= 0 {
        return 0;
    }
    let mut hash = Sha256::new();
    hash.update(id.to_le_bytes());
    hash.update(n.to_le_bytes());
    let digest = hash.finalize();
    let mut eight = [0_u8; 8];
    eight.copy_from_slice(&digest[..8]);
    let range = u64::try_from(range).unwrap_or(0).saturating_add(1);
    i64::try_from(u64::from_le_bytes(eight) % range).unwrap_or(0)
}

/// Freshness of a ticket that arrived at `received_at`, both ms.
#[must_use]
pub fn ticket_state(received_at: Option<i64>, now: i64) -> TicketState {
    match received_at {
        Some(at) if now - at < TICKET_FRESH => TicketState::Fresh,
        Some(at) if now - at < TICKET_LIFE => TicketState::Stale,
        _ => TicketState::Missing,
    }
}

#[cfg(test)]
mod tests;
