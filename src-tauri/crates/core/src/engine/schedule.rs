//! The loop: what is due, what may start, and who waits for it.
//!
//! Invariant: a credential is in exactly one of: due later, ready, in flight, or parked until a wake.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::refresher::{self, Flight};
use super::{Wake, details, facts, redeem};
use crate::call_log;
use crate::clock::{Clock, MAX_SLEEP_MS};
use crate::core::Core;
use crate::dto::{ErrorCode, JsTicketKind, ReasonCode};
use crate::error::AppError;
use crate::inbox::retention;
use crate::policy::{self, ASKED_GAP, Decision, FailureKind, JUMP};
use crate::store::tables::{PRUNED_AT_ONCE, api_call, attempt, custom_message, generation, link, redemption};

/// Flights get so long to finish when the engine stops, ms (promise 8: 5 s in all).
const GRACE: u64 = 4_000;
/// Details of so many accounts are fetched at once.
pub(crate) const DETAILS_AT_ONCE: usize = 2;
/// Accounts whose details are due are looked for so often, ms.
const SWEEP_EVERY: i64 = 600_000;
/// And so many taken at once: two at a time, about a second each, they last until the next look.
const SWEPT: usize = 1_000;
/// Old rows are removed so often, ms.
const PRUNE_EVERY: i64 = 3_600_000;
/// And again so soon while there are more, ms.
const PRUNE_AGAIN: i64 = 1_000;
/// The inbox, which may grow by gigabytes an hour, is looked at so often, ms,
const INBOX_EVERY: i64 = 60_000;
/// when so many pushes came since.
const INBOX_PUSHES: i64 = 1_000;

enum Job {
    Redeemed { next_at: Option<i64> },
    Details,
    Pruned { more: bool },
    InboxPruned,
}

/// (an account's, expiry in ms, credential id), in the order in which flights start.
type Ready = (bool, i64, i64);

pub(super) struct Schedule {
    core: Core,
    clock: Arc<dyn Clock>,
    wakes: mpsc::UnboundedReceiver<Wake>,
    due: BTreeSet<(i64, i64)>,
    due_of: HashMap<i64, i64>,
    /// Per platform: the component token before everything that waits for it, then soonest expiry first.
    ready: HashMap<i64, BTreeSet<Ready>>,
    /// Where in `ready` a credential stands, and why.
    places: HashMap<i64, (ReasonCode, i64, Ready)>,
    flights: JoinSet<Flight>,
    /// Account flights per platform; component tokens do not count, since everything waits for them.
    flying: HashMap<i64, usize>,
    waiters: HashMap<i64, Vec<oneshot::Sender<Result<(), AppError>>>>,
    jobs: JoinSet<Job>,
    redeem_at: Option<i64>,
    redeeming: bool,
    details: VecDeque<i64>,
    /// Details that nobody asked for; they wait for everything else.
    daily: VecDeque<i64>,
    sweep_at: i64,
    fetching: usize,
    prune_at: i64,
    inbox_at: i64,
    /// A job is at it.
    inbox_pruning: bool,
    /// Pushes that had come at the look before.
    inbox_seen: i64,
    last_wall: i64,
    last_monotonic: i64,
}

impl Schedule {
    pub(super) fn new(core: Core, wakes: mpsc::UnboundedReceiver<Wake>) -> Self {
        let clock = core.clock().clone();
        let (now, monotonic) = (clock.now(), clock.monotonic());
        Self {
            core,
            wakes,
            due: BTreeSet::new(),
            due_of: HashMap::new(),
            ready: HashMap::new(),
            places: HashMap::new(),
            flights: JoinSet::new(),
            flying: HashMap::new(),
            waiters: HashMap::new(),
            jobs: JoinSet::new(),
            redeem_at: Some(now),
            redeeming: false,
            details: VecDeque::new(),
            daily: VecDeque::new(),
            sweep_at: now + SWEEP_EVERY,
            fetching: 0,
            prune_at: now + PRUNE_EVERY,
            inbox_at: now + INBOX_EVERY,
            inbox_pruning: false,
            inbox_seen: 0,
            last_wall: now,
            last_monotonic: monotonic,
            clock,
        }
    }

    pub(super) async fn run(mut self) {
        let mut stop = self.core.engine().stopping();
        self.remember_refused_addresses();
        self.reconsider_all();
        loop {
            self.notice_jumps();
            self.start_what_may();
            let sleep = self.clock.sleep(self.until_next());
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                Some(done) = self.flights.join_next() => self.landed(done),
                Some(done) = self.jobs.join_next() => self.job_done(done),
                Some(wake) = self.wakes.recv() => self.woken(wake),
                () = sleep => self.pop_due(),
            }
        }
        self.jobs.abort_all();
        let flights = &mut self.flights;
        let _ = crate::clock::within(GRACE, async { while flights.join_next().await.is_some() {} }).await;
        // What is still under way is abandoned; its claim tells the next start.
        self.flights.abort_all();
    }

    fn until_next(&self) -> i64 {
        let now = self.clock.now();
        let mut next = self.prune_at.min(self.sweep_at);
        if let Some((at, _)) = self.due.first() {
            next = next.min(*at);
        }
        if let Some(at) = self.redeem_at
            && !self.redeeming
        {
            next = next.min(at);
        }
        (next - now).clamp(0, MAX_SLEEP_MS)
    }

    /// Promise 7. Going back makes every stored deadline too late by the jump, so every token is renewed once, early.
    /// Going forward, or waking from sleep, makes deadlines due at once, which is right or one renewal early.
    fn notice_jumps(&mut self) {
        let (wall, monotonic) = (self.clock.now(), self.clock.monotonic());
        let drift = (wall - self.last_wall) - (monotonic - self.last_monotonic);
        self.last_wall = wall;
        self.last_monotonic = monotonic;
        if drift.abs() < JUMP {
            return;
        }
        tracing::warn!(drift_ms = drift, "the wall clock jumped");
        if drift < 0 {
            let ids: Vec<i64> =
                self.core.store().mirror().credentials().iter().filter(|c| c.token.is_some()).map(|c| c.id).collect();
            self.core.engine().memory().jumped.extend(ids);
            self.redeem_at = Some(wall);
            self.prune_at = self.prune_at.min(wall + PRUNE_EVERY);
            self.inbox_at = self.inbox_at.min(wall + INBOX_EVERY);
            self.sweep_at = self.sweep_at.min(wall + SWEEP_EVERY);
        }
        self.reconsider_all();
    }

    fn remember_refused_addresses(&self) {
        let now = self.clock.now();
        for row in self.core.store().mirror().credentials() {
            if row.failure_kind == Some(FailureKind::Ip) {
                self.core.engine().memory().addresses.remember(row.platform_id, now);
            }
        }
    }

    fn reconsider_all(&mut self) {
        for row in self.core.store().mirror().credentials() {
            self.reconsider(row.id);
        }
    }

    fn reconsider_platform(&mut self, platform_id: i64) {
        for id in self.core.store().mirror().credential_ids_of(platform_id) {
            self.reconsider(id);
        }
    }

    fn unschedule(&mut self, id: i64) {
        if let Some(at) = self.due_of.remove(&id) {
            self.due.remove(&(at, id));
        }
        if let Some((_, platform, place)) = self.places.remove(&id)
            && let Some(queue) = self.ready.get_mut(&platform)
        {
            queue.remove(&place);
        }
    }

    fn reconsider(&mut self, id: i64) {
        if self.core.engine().memory().in_flight.contains(&id) {
            return;
        }
        let Some(row) = self.core.store().mirror().credential(id) else {
            self.unschedule(id);
            self.answer(id, &Err(AppError::not_found("credential", "any more")));
            return;
        };
        let now = self.clock.now();
        let decision = policy::decide(&facts(&self.core, &row, now), now);
        if let Decision::Refresh { reason } = decision {
            if let Some(at) = self.due_of.remove(&id) {
                self.due.remove(&(at, id));
            }
            let place = (row.account_id.is_some(), row.expires_at.unwrap_or(0), id);
            self.unschedule(id);
            self.places.insert(id, (reason, row.platform_id, place));
            self.ready.entry(row.platform_id).or_default().insert(place);
            return;
        }
        self.unschedule(id);
        if let Some(at) = decision.next_at(now) {
            self.due.insert((at, id));
            self.due_of.insert(id, at);
        }
        // A person's wish that starts within moments is worth waiting for.
        if decision.reason().is_wish() && decision.next_at(now).is_some_and(|at| at - now <= ASKED_GAP) {
            return;
        }
        // Whoever waits learns why nothing happens now. An operator's wish ends with that; a server's report stays.
        if self.waiters.contains_key(&id) {
            let mut memory = self.core.engine().memory();
            if memory.asked.get(&id).is_some_and(|reason| reason.is_wish()) {
                memory.asked.remove(&id);
            }
            drop(memory);
            let error = row.failure.clone().map_or_else(
                || AppError::new(ErrorCode::Unavailable, decision.reason().text()),
                |failure| AppError {
                    message: format!("{}: {}", decision.reason().text(), failure.message),
                    ..AppError::refused(failure)
                },
            );
            self.answer(id, &Err(error));
        }
    }

    fn pop_due(&mut self) {
        let now = self.clock.now();
        while let Some((at, id)) = self.due.first().copied() {
            if at > now {
                break;
            }
            self.due.pop_first();
            self.due_of.remove(&id);
            self.reconsider(id);
        }
    }

    fn start_what_may(&mut self) {
        let limits = self.core.engine_options();
        while self.flights.len() < limits.concurrency {
            let next = self
                .ready
                .iter()
                .filter_map(|(platform, queue)| {
                    let first = queue.first()?;
                    let full = self.flying.get(platform).is_some_and(|n| *n >= limits.per_platform);
                    // A component token does not count: everything of its platform waits for it.
                    (!first.0 || !full).then_some((*first, *platform))
                })
                .min();
            let Some((first, platform)) = next else { break };
            let (is_account, _, id) = first;
            if let Some(queue) = self.ready.get_mut(&platform) {
                queue.remove(&first);
                if queue.is_empty() {
                    self.ready.remove(&platform);
                }
            }
            let Some((queued, _, _)) = self.places.remove(&id) else { continue };
            // What was true when it was queued may have changed while it stood in line.
            let now = self.clock.now();
            let Some(row) = self.core.store().mirror().credential(id) else { continue };
            let Decision::Refresh { reason } = policy::decide(&facts(&self.core, &row, now), now) else {
                self.reconsider(id);
                continue;
            };
            tracing::debug!(credential = id, ?queued, ?reason, "flight starts");
            {
                let mut memory = self.core.engine().memory();
                memory.in_flight.insert(id);
                memory.asked.remove(&id);
                memory.addresses.started(platform, id);
            }
            if is_account {
                *self.flying.entry(platform).or_default() += 1;
            }
            let account = row.account_id.and_then(|id| self.core.store().mirror().account(id));
            let core = self.core.clone();
            self.flights.spawn(async move {
                let appid = account.as_ref().map(|a| a.appid.as_str());
                call_log::because(call_log::reason_of(reason), appid, refresher::fly(core, row, reason)).await
            });
        }
        if let Some(at) = self.redeem_at
            && !self.redeeming
            && at <= self.clock.now()
        {
            self.redeeming = true;
            self.redeem_at = None;
            let core = self.core.clone();
            self.jobs.spawn(async move { Job::Redeemed { next_at: redeem::all(&core).await } });
        }
        let now = self.clock.now();
        if now >= self.sweep_at {
            self.sweep_at = now + SWEEP_EVERY;
            // What the last look found and nobody had time for is found again, longest overdue first.
            self.daily = details::due(&self.core, SWEPT).into();
        }
        while self.fetching < DETAILS_AT_ONCE {
            let Some(account) = self.next_details() else { break };
            self.fetching += 1;
            let core = self.core.clone();
            self.jobs.spawn(async move {
                // Its failure is stored with the account, and tried again with the next token.
                let _ = details::fetch(&core, account).await;
                Job::Details
            });
        }
        if now >= self.prune_at {
            self.prune_at = now + PRUNE_EVERY;
            let core = self.core.clone();
            self.jobs.spawn(async move { Job::Pruned { more: prune(&core, now).await } });
        }
        if now >= self.inbox_at {
            self.inbox_at = now + INBOX_EVERY;
            let came = self.core.door().accepted_count();
            if !self.inbox_pruning && came - self.inbox_seen >= INBOX_PUSHES {
                self.inbox_seen = came;
                self.inbox_pruning = true;
                let core = self.core.clone();
                self.jobs.spawn(async move {
                    retention::prune(&core, false).await;
                    Job::InboxPruned
                });
            }
        }
    }

    /// What somebody waits for first. The daily ones start only while no refresh waits and half of the flights are free.
    fn next_details(&mut self) -> Option<i64> {
        if let Some(account) = self.details.pop_front() {
            return Some(account);
        }
        if !self.places.is_empty() || self.flights.len() > self.core.engine_options().concurrency / 2 {
            return None;
        }
        let now = self.clock.now();
        while let Some(account) = self.daily.pop_front() {
            let row = self.core.store().mirror().account(account);
            // Somebody may have asked since the look.
            if row.is_some_and(|row| details::next_at(&row).is_some_and(|at| at <= now)) {
                return Some(account);
            }
        }
        None
    }

    fn landed(&mut self, done: Result<Flight, tokio::task::JoinError>) {
        let Ok(flight) = done else {
            // A panic inside a flight: nobody knows which one, so look at all. Its claim times out by itself.
            tracing::error!("a flight broke off");
            let mut memory = self.core.engine().memory();
            memory.in_flight.clear();
            memory.addresses.nobody_tries();
            drop(memory);
            self.flying.clear();
            self.reconsider_all();
            return;
        };
        {
            let mut memory = self.core.engine().memory();
            memory.in_flight.remove(&flight.id);
            if flight.outcome.is_ok() {
                memory.jumped.remove(&flight.id);
            }
        }
        if let Some(account) = flight.account_id {
            if let Some(flying) = self.flying.get_mut(&flight.platform_id) {
                *flying = flying.saturating_sub(1);
            }
            if let Some(row) = self.core.store().mirror().account(account) {
                self.core.changes().account(&row.appid);
                if flight.ticket {
                    self.core.changes().tell([&format!("js_tickets:{}", row.appid)]);
                } else if flight.outcome.is_ok() && row.details_at.is_none() {
                    self.details.push_back(account);
                }
            }
        } else {
            self.core.changes().tell(["platforms", "overview", "accounts"]);
        }
        self.answer(flight.id, &flight.outcome);
        if flight.not_started {
            // The store or another process is in the way; nothing in the row keeps the next try from being the next
            // moment (promise 5).
            self.unschedule(flight.id);
            let at = self.clock.now() + policy::MIN_GAP;
            self.due.insert((at, flight.id));
            self.due_of.insert(flight.id, at);
            return;
        }
        self.reconsider(flight.id);
        if flight.concerns_platform {
            self.reconsider_platform(flight.platform_id);
        }
        if flight.account_id.is_none() {
            if flight.outcome.is_ok() {
                self.redeem_at = Some(self.clock.now());
            }
            self.reconsider_platform(flight.platform_id);
        } else {
            if let Some(parent) = flight.parent_changed {
                self.reconsider(parent);
            }
            if let Some(account) = flight.account_id.filter(|_| !flight.ticket) {
                for kind in [JsTicketKind::Jsapi, JsTicketKind::WxCard] {
                    if let Some(ticket) = self.core.store().mirror().ticket_credential(account, kind) {
                        self.reconsider(ticket.id);
                    }
                }
            }
        }
    }

    fn job_done(&mut self, done: Result<Job, tokio::task::JoinError>) {
        match done {
            Ok(Job::Redeemed { next_at }) => {
                self.redeeming = false;
                self.redeem_at = match (self.redeem_at, next_at) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
            }
            Ok(Job::Details) => self.fetching = self.fetching.saturating_sub(1),
            // It removes a limited number of rows at once, so that nobody waits long for the store.
            Ok(Job::Pruned { more }) => {
                if more {
                    self.prune_at = self.clock.now() + PRUNE_AGAIN;
                }
            }
            Ok(Job::InboxPruned) => self.inbox_pruning = false,
            Err(e) => {
                tracing::error!(panicked = e.is_panic(), "a job broke off");
                self.redeeming = false;
                self.fetching = 0;
                self.inbox_pruning = false;
                self.redeem_at = Some(self.clock.now() + policy::MIN_GAP);
            }
        }
    }

    fn woken(&mut self, wake: Wake) {
        match wake {
            Wake::Credential(id) => self.reconsider(id),
            Wake::Platform(id) => {
                self.redeem_at = Some(self.clock.now());
                self.reconsider_platform(id);
            }
            Wake::Redeem => self.redeem_at = Some(self.clock.now()),
            Wake::Details(account) => self.details.push_back(account),
            Wake::Ask { id, generation, reason, answer } => {
                if self.core.store().mirror().credential(id).is_some_and(|row| row.generation > generation) {
                    let _ = answer.send(Ok(()));
                    return;
                }
                self.waiters.entry(id).or_default().push(answer);
                let mut memory = self.core.engine().memory();
                // Joins a flight that is under way.
                if memory.in_flight.contains(&id) {
                    return;
                }
                memory.asked.insert(id, reason);
                drop(memory);
                self.reconsider(id);
            }
        }
    }

    fn answer(&mut self, id: i64, outcome: &Result<(), AppError>) {
        for waiter in self.waiters.remove(&id).unwrap_or_default() {
            // The asker may have given up.
            let _ = waiter.send(outcome.clone());
        }
    }
}

/// Answers whether there is more to remove.
async fn prune(core: &Core, now: i64) -> bool {
    retention::prune(core, true).await;
    let calls_before = now - i64::from(core.call_log().days()) * 24 * 3_600_000;
    let pruned = core
        .store()
        .write(move |tx| {
            let sent_before = now - i64::from(retention::keep(tx)?.days) * 24 * 3_600_000;
            let most = attempt::prune(tx, now)?.max(custom_message::prune(tx, sent_before)?);
            link::prune(tx, now)?;
            redemption::prune(tx, now)?;
            let most = most.max(crate::oauth::prune(tx, now)?);
            Ok(most.max(generation::prune(tx, now)?).max(api_call::prune(tx, calls_before, api_call::MAX_ROWS)?))
        })
        .await;
    match pruned {
        Ok(most) => most >= PRUNED_AT_ONCE,
        Err(e) => {
            tracing::warn!(error = %e, "old rows could not be removed");
            false
        }
    }
}
