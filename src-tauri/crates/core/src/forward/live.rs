//! A target in memory: its settings, its client, how it fares.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tokio::sync::{Notify, Semaphore};

use super::Outgoing;
use super::breaker::{Breaker, Pass, State};
use super::client::{self, Outcome};
use super::dress::Dressed;
use super::health::Health;
use crate::clock::Clock;
use crate::dto::{DeliveryError, TargetHealth, TargetState};
use crate::error::AppError;
use crate::store::tables::target::TargetRow;

/// What is made from a target's row; made anew when it changes.
pub(super) struct Settings {
    pub row: TargetRow,
    client: reqwest::Client,
    /// Places of requests that somebody waits for.
    pub places: Arc<Semaphore>,
}

impl Settings {
    fn make(row: TargetRow) -> Result<Arc<Self>, AppError> {
        let client = client::client(&row)?;
        let places = Arc::new(Semaphore::new(usize::try_from(row.concurrency).unwrap_or(1).max(1)));
        Ok(Arc::new(Self { row, client, places }))
    }
}

/// How far the worker of a notified target is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// Inbox id up to which it has read.
    pub read_to: i64,
    /// Read, and neither delivered nor counted in the table of deliveries.
    pub open: i64,
    /// Arrival of the oldest of them, ms.
    pub oldest: Option<i64>,
}

/// A target.
pub(super) struct Live {
    pub id: i64,
    settings: RwLock<Arc<Settings>>,
    breaker: Mutex<Breaker>,
    health: Mutex<Health>,
    in_flight: AtomicI64,
    /// Questions that wait for a place.
    pub line: AtomicUsize,
    progress: Mutex<Option<Progress>>,
    /// The inbox has something for it.
    pub wake: Notify,
    /// Something else is new for its worker.
    pub poke: Notify,
    /// Dead letters came back: its worker looks into the table again.
    pub reload: AtomicBool,
    /// Its worker is to end.
    pub stop: AtomicBool,
    /// Wakes whoever tells the window.
    changed: Arc<Notify>,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("id", &self.id).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Live {
    pub(super) fn new(row: TargetRow, changed: Arc<Notify>) -> Result<Self, AppError> {
        Ok(Self {
            id: row.id,
            settings: RwLock::new(Settings::make(row)?),
            breaker: Mutex::default(),
            health: Mutex::default(),
            in_flight: AtomicI64::new(0),
            line: AtomicUsize::new(0),
            progress: Mutex::default(),
            wake: Notify::new(),
            poke: Notify::new(),
            reload: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            changed,
        })
    }

    pub(super) fn settings(&self) -> Arc<Settings> {
        self.settings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// New settings. A server at another address is a new one: its breaker closes.
    pub(super) fn set(&self, row: TargetRow) -> Result<(), AppError> {
        let before = self.settings();
        if before.row.url != row.url {
            lock(&self.breaker).succeeded();
        }
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = Settings::make(row)?;
        self.poke.notify_one();
        Ok(())
    }

    pub(super) fn breaker(&self) -> MutexGuard<'_, Breaker> {
        lock(&self.breaker)
    }

    pub(super) fn in_flight(&self) -> i64 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Asks for leave to send. None while it is left alone.
    pub(super) fn enter(self: &Arc<Self>, now: i64) -> Result<Going, Option<i64>> {
        let probe = match lock(&self.breaker).ask(now) {
            Pass::Go => false,
            Pass::Probe => true,
            Pass::Wait(until) => return Err(until),
        };
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        Ok(Going { live: self.clone(), probe, told: false })
    }

    /// Leave to send whatever the breaker says; what comes of it says nothing to the breaker.
    pub(super) fn enter_anyway(self: &Arc<Self>) -> Going {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        Going { live: self.clone(), probe: false, told: true }
    }

    /// Sends a request that is dressed already.
    pub(super) async fn send(
        &self,
        settings: &Settings,
        dressed: &Dressed,
        limit_ms: i64,
        clock: &dyn Clock,
    ) -> Outcome {
        client::send(&settings.client, settings.row.private_ok, dressed, limit_ms, clock).await
    }

    /// Counts a request that ended.
    pub(super) fn note(&self, now: i64, outcome: &Outcome) {
        lock(&self.health).note(now, outcome.took_ms, outcome.error, outcome.status);
        self.changed.notify_one();
    }

    pub(super) fn set_progress(&self, progress: Option<Progress>) {
        if std::mem::replace(&mut *lock(&self.progress), progress) != progress {
            self.changed.notify_one();
        }
    }

    pub(super) fn progress(&self) -> Option<Progress> {
        *lock(&self.progress)
    }

    /// Figures; those of the queue are the store's to say.
    pub(super) fn figures(&self, now: i64) -> TargetHealth {
        let (state, until) = {
            let breaker = lock(&self.breaker);
            (breaker.state(), breaker.until())
        };
        let health = lock(&self.health);
        let hour = health.hour(now);
        TargetHealth {
            state: match (self.settings().row.enabled, state, health.last_ok) {
                (false, ..) => TargetState::Off,
                (_, State::Open, _) => TargetState::Open,
                (_, State::Probing, _) => TargetState::Probing,
                (_, _, None) => TargetState::Idle,
                (_, _, Some(true)) => TargetState::Ok,
                (_, _, Some(false)) => TargetState::Failing,
            },
            waiting: 0,
            waiting_more: false,
            oldest_waiting_at: None,
            dead: 0,
            in_flight: self.in_flight(),
            last_success_at: health.last_success_at,
            last_failure_at: health.last_failure_at,
            last_error: health.last_error.map(|(error, _)| error),
            last_error_text: health.last_error.map(|(error, status)| super::words::words(error, status)),
            open_until: until,
            hour_count: hour.count,
            hour_failed: hour.failed,
            p50_ms: hour.p50_ms,
            p99_ms: hour.p99_ms,
        }
    }
}

/// A request under way. Dropped without a word, it says nothing of the server.
pub(super) struct Going {
    live: Arc<Live>,
    probe: bool,
    told: bool,
}

impl Going {
    /// It ended, and this is what it says of the server.
    pub(super) fn ended(mut self, outcome: &Outcome, now: i64) {
        if !std::mem::replace(&mut self.told, true) {
            let mut breaker = lock(&self.live.breaker);
            match outcome.error {
                None => breaker.succeeded(),
                Some(DeliveryError::NoKey | DeliveryError::Stopped | DeliveryError::Busy) => {
                    breaker.abandoned(self.probe)
                }
                Some(error) => {
                    if breaker.failed(self.probe, now) {
                        tracing::warn!(
                            target_id = self.live.id,
                            ?error,
                            failures = breaker.failures(),
                            "a business server is left alone for a while"
                        );
                    }
                }
            }
        }
        self.live.note(now, outcome);
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        self.live.in_flight.fetch_sub(1, Ordering::Relaxed);
        if !self.told {
            lock(&self.live.breaker).abandoned(self.probe);
        }
    }
}

/// Dresses and sends a message.
pub(super) async fn deliver(
    live: &Live,
    settings: &Settings,
    message: &Outgoing,
    attempt: i64,
    limit_ms: i64,
    clock: &dyn Clock,
) -> (Outcome, Option<Dressed>) {
    match super::dress::dress(&settings.row, message, attempt, clock.now()) {
        Ok(dressed) => (live.send(settings, &dressed, limit_ms, clock).await, Some(dressed)),
        Err(error) => (Outcome::unsent(error), None),
    }
}
