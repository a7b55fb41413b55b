//! The engine: decides, calls, stores, and starts again.
//!
//! Owns the schedule and the flights; the rules are in `policy`, the calls in `refresher`, `redeem`, `heal` and
//! `details`. Invariants: at most one flight per credential; at most [`EngineOptions::concurrency`] flights and
//! [`EngineOptions::per_platform`] of one platform; no sleep longer than 30 s; dropping the handle ends everything.

mod address;
mod details;
mod heal;
pub(crate) mod own;
pub(crate) mod reconcile;
mod redeem;
mod refresher;
mod schedule;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use tokio::sync::{mpsc, oneshot, watch};
use wechat::error::CallError;

use crate::core::Core;
use crate::dto::{LastError, ReasonCode, TokenMode};
use crate::error::AppError;
use crate::policy::{Facts, Parent, Subject, TICKET_LIFE};
use crate::store::tables::credential::{CredentialKind, CredentialRow};

pub use details::{data_url, fetch as fetch_details, next_at as next_details_at, qr as account_qr};
pub(crate) use heal::Heal;
pub(crate) use schedule::DETAILS_AT_ONCE;

/// Limits of the engine.
#[derive(Debug, Clone, Copy)]
pub struct EngineOptions {
    /// Calls at once (architecture: 8).
    pub concurrency: usize,
    /// Of them for the accounts of one platform (architecture: 4).
    pub per_platform: usize,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self { concurrency: 8, per_platform: 4 }
    }
}

/// Why the engine should look.
#[derive(Debug)]
pub enum Wake {
    /// A credential changed.
    Credential(i64),
    /// A platform changed: its component token and everything below it.
    Platform(i64),
    /// A code is waiting.
    Redeem,
    /// Fetch an account's details.
    Details(i64),
    /// Somebody asks for a refresh and waits for its end.
    Ask {
        /// Credential.
        id: i64,
        /// Generation that the asker saw: a newer one is an answer already.
        generation: i64,
        /// [`ReasonCode::Requested`], [`ReasonCode::Forced`] or [`ReasonCode::ReportedRejected`].
        reason: ReasonCode,
        /// Gets the outcome.
        answer: oneshot::Sender<Result<(), AppError>>,
    },
}

/// What is known of the engine outside of its loop.
#[derive(Debug)]
pub struct Engine {
    sender: mpsc::UnboundedSender<Wake>,
    receiver: Mutex<Option<mpsc::UnboundedReceiver<Wake>>>,
    stop: watch::Sender<bool>,
    pub(crate) memory: Mutex<Memory>,
    pub(crate) heal: Heal,
}

/// Facts that need not survive a restart.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Credentials with a call under way.
    pub in_flight: HashSet<i64>,
    /// Asked-for refreshes that have not started.
    pub asked: HashMap<i64, ReasonCode>,
    /// Tokens obtained before the clock went back.
    pub jumped: HashSet<i64>,
    /// Platforms whose address WeChat refuses.
    pub addresses: address::Refused,
}

impl Default for Engine {
    fn default() -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self {
            sender,
            receiver: Mutex::new(Some(receiver)),
            stop: watch::Sender::new(false),
            memory: Mutex::default(),
            heal: Heal::default(),
        }
    }
}

impl Engine {
    /// Wakes the loop; harmless when it does not run.
    pub fn wake(&self, wake: Wake) {
        let _ = self.sender.send(wake);
    }

    pub(crate) fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Asks the loop to end; flights get the grace that [`run`] gives them.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    fn take_receiver(&self) -> Option<mpsc::UnboundedReceiver<Wake>> {
        self.receiver.lock().ok()?.take()
    }
}

/// Runs the engine until [`Engine::stop`].
pub async fn run(core: Core) {
    if let Some(receiver) = core.engine().take_receiver() {
        schedule::Schedule::new(core, receiver).run().await;
    }
}

/// Everything the policy wants to know about a credential now.
#[must_use]
pub fn facts(core: &Core, row: &CredentialRow, now: i64) -> Facts {
    let mirror = core.store().mirror();
    let account = row.account_id.map(|id| mirror.account(id));
    let authorized = account.as_ref().is_none_or(|a| a.as_ref().is_some_and(|a| a.authorized));
    let removed = account.flatten().is_some_and(|a| a.removed_at.is_some());
    let subject = subject(core, row);
    let parent = if let (Subject::Ticket, Some(account)) = (subject, row.account_id) {
        if mirror.account_credential(account).is_some_and(|c| usable(&c, now)) {
            Parent::Ready
        } else {
            Parent::AccountTokenMissing
        }
    } else if matches!(subject, Subject::Own { .. }) {
        Parent::Ready
    } else if row.account_id.is_none() {
        match mirror.platform(row.platform_id).and_then(|p| p.ticket.clone()) {
            None => Parent::TicketMissing,
            Some(ticket) if ticket.refused => Parent::TicketRefused,
            Some(ticket) if now - ticket.received_at >= TICKET_LIFE => Parent::TicketMissing,
            Some(_) => Parent::Ready,
        }
    } else if mirror.component_credential(row.platform_id).is_some_and(|c| usable(&c, now)) {
        Parent::Ready
    } else {
        Parent::TokenMissing
    };
    let memory = core.engine().memory();
    Facts {
        id: row.id,
        subject,
        off: row.off,
        authorized,
        removed,
        has_token: row.token.is_some(),
        has_refresh_token: subject != Subject::Authorizer || row.refresh_token.is_some(),
        obtained_at: row.obtained_at.unwrap_or(0),
        expires_at: row.expires_at.unwrap_or(0),
        generation: row.generation,
        rejected: row.rejected_generation == Some(row.generation),
        rejections: row.rejections,
        failures: row.failures,
        failure: row.failure_kind,
        last_attempt_at: row.last_attempt_at,
        interrupted: row.interrupted,
        clock_jumped: memory.jumped.contains(&row.id),
        asked: memory.asked.get(&row.id).copied(),
        parent,
        address_refused_until: memory.addresses.until(row.platform_id, row.id),
    }
}

/// What a credential is, as far as decisions go.
#[must_use]
pub fn subject(core: &Core, row: &CredentialRow) -> Subject {
    if row.account_id.is_none() {
        return Subject::Component;
    }
    if row.kind != CredentialKind::Token {
        return Subject::Ticket;
    }
    match core.store().mirror().platform(row.platform_id).and_then(|p| p.own) {
        Some(own) => Subject::Own { classic: own.token_mode == TokenMode::Classic },
        None => Subject::Authorizer,
    }
}

/// A token that can be used now: live, and not refused when it was last used.
#[must_use]
pub fn usable(row: &CredentialRow, now: i64) -> bool {
    row.token.is_some() && row.expires_at.is_some_and(|at| at > now) && row.rejected_generation != Some(row.generation)
}

/// A failed call as it is stored and shown.
#[must_use]
pub fn last_error(error: &CallError, at: i64) -> LastError {
    let (code, rid, ip) = error.api().map_or((0, None, None), |e| (e.code, e.rid.clone(), e.ip.clone()));
    let message = error.api().map_or_else(|| error.to_string(), |e| e.message.clone());
    let (advice, advice_zh) = match wechat::errors::advice(code) {
        Some(advice) if code != 0 => (advice.advice_en.to_owned(), advice.advice_zh.to_owned()),
        _ if code == 0 => (
            "The call did not get through. Check the network, the proxy and the endpoints; it is tried again by itself.".to_owned(),
            "请求没有送达。请检查网络、代理与接口地址；系统会自动重试。".to_owned(),
        ),
        _ => ("Look up this code in WeChat's documentation.".to_owned(), "请在微信文档中查询此错误码。".to_owned()),
    };
    LastError { code, message, at, rid, ip, advice, advice_zh }
}
