//! Passing messages on to business servers.
//!
//! Answering targets are asked while WeChat waits; notified targets get a durable queue: the inbox itself, from which each
//! target has its own place. Owns the targets in memory, their clients, queues and health; it must not decide who is told
//! of what (rules do). Invariants: a push that was acked and is for a notified target is sent until it is answered well
//! or given up; messages of one sender go in order; component events never leave.
//!
//! Every request is made on the runtime that opened the engine: a connection of the pool belongs to the runtime that made
//! it, and the public door's runtime ends when its address changes.

mod address;
mod backoff;
mod breaker;
mod client;
mod dress;
mod health;
mod live;
mod log;
mod queue;
mod reply;
mod targets;
#[cfg(test)]
mod tests;
mod words;
mod worker;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::runtime::Handle;
use tokio::sync::Notify;

use crate::core::{Core, Runtime};
use crate::dto::{DeliveryError, DeliveryReport, TargetMode};
use crate::error::AppError;
use crate::store::tables::delivery::{self, DeliveryRow};
use crate::store::tables::delivery_log::LogRow;
use crate::store::tables::inbox::PushRow;
use crate::store::tables::target::{self, TargetRow};

use client::Outcome;
use live::{Live, Settings, deliver};

pub(crate) use dress::summary;
pub(crate) use log::flush as flush_log;
pub(crate) use targets::{check, row_of, view};
pub(crate) use words::words;
pub(crate) use worker::{close, run};

/// More pushes than this in [`MOMENT`] and workers keep to one request each: WeChat waits for its answers, business
/// servers do not.
const BUSY: u32 = 200;
/// See [`BUSY`], ms.
const MOMENT: i64 = 100;

/// A push that leaves for a business server.
#[derive(Clone)]
pub(crate) struct Outgoing {
    /// The platform or directly connected account that it came through.
    pub runtime: Arc<Runtime>,
    /// The push; its id is 0 when it is made up and not stored.
    pub row: Arc<PushRow>,
    /// Made up: the server is told so.
    pub test: bool,
}

/// What an answering target said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A passive reply, checked and not encrypted.
    Reply(String),
    /// Empty, or `success`.
    Nothing,
    /// No answer that could be used.
    Failed(DeliveryError),
}

/// What others must know of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TargetBrief {
    /// Name.
    pub name: String,
    /// What it is for.
    pub mode: TargetMode,
    /// It takes part.
    pub enabled: bool,
}

/// Targets, their clients, queues and health. One an engine.
#[derive(Debug)]
pub(crate) struct Forward {
    home: Handle,
    targets: RwLock<HashMap<i64, Arc<Live>>>,
    /// Targets came, went or changed: workers are started and ended.
    settings_changed: Notify,
    /// Something that the window shows changed.
    changed: Arc<Notify>,
    /// Attempts outside of queues on their way into the log.
    log: Mutex<Vec<LogRow>>,
    log_grown: Notify,
    log_writer: tokio::sync::Mutex<()>,
    pushed: AtomicU32,
    gauge: Mutex<Gauge>,
    stopping: tokio::sync::watch::Sender<bool>,
    stopped: tokio::sync::watch::Sender<bool>,
}

/// Pushes as they were counted last.
#[derive(Debug, Default)]
struct Gauge {
    at: i64,
    count: u32,
    busy: bool,
}

impl Forward {
    /// Needs a tokio runtime, on which all requests are made.
    pub(crate) fn here() -> Self {
        Self {
            home: Handle::current(),
            targets: RwLock::default(),
            settings_changed: Notify::new(),
            changed: Arc::default(),
            log: Mutex::default(),
            log_grown: Notify::new(),
            log_writer: tokio::sync::Mutex::default(),
            pushed: AtomicU32::new(0),
            gauge: Mutex::default(),
            stopping: tokio::sync::watch::Sender::new(false),
            stopped: tokio::sync::watch::Sender::new(true),
        }
    }

    /// A target, when there is one.
    pub(crate) fn brief(&self, id: i64) -> Option<TargetBrief> {
        let settings = self.live(id)?.settings();
        let TargetRow { name, mode, enabled, .. } = &settings.row;
        Some(TargetBrief { name: name.clone(), mode: *mode, enabled: *enabled })
    }

    /// Messages for these targets are committed.
    pub(crate) fn queued(&self, targets: &[i64]) {
        let all = self.targets.read().unwrap_or_else(PoisonError::into_inner);
        for live in targets.iter().filter_map(|id| all.get(id)) {
            live.wake.notify_one();
        }
    }

    /// So many pushes were accepted: while there are many, deliveries make room.
    pub(crate) fn pushed(&self, n: u32) {
        self.pushed.fetch_add(n, Ordering::Relaxed);
    }

    /// The public door is busy. `monotonic` in ms.
    fn is_busy(&self, monotonic: i64) -> bool {
        let mut gauge = self.gauge.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = monotonic - gauge.at;
        if passed >= MOMENT {
            let count = self.pushed.load(Ordering::Relaxed);
            let rate = i64::from(count.wrapping_sub(gauge.count)) * MOMENT / passed;
            *gauge = Gauge { at: monotonic, count, busy: rate > i64::from(BUSY) };
        }
        gauge.busy
    }

    fn live(&self, id: i64) -> Option<Arc<Live>> {
        self.targets.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    fn all(&self) -> Vec<Arc<Live>> {
        self.targets.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// A target as it was just saved.
    pub(crate) fn put(&self, row: TargetRow) -> Result<(), AppError> {
        let known = self.live(row.id);
        match known {
            Some(live) => live.set(row)?,
            None => {
                let live = Arc::new(Live::new(row, self.changed.clone())?);
                self.targets.write().unwrap_or_else(PoisonError::into_inner).insert(live.id, live);
            }
        }
        self.settings_changed.notify_one();
        self.changed.notify_one();
        Ok(())
    }

    /// A target went.
    pub(crate) fn forget(&self, id: i64) {
        self.targets.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
        self.settings_changed.notify_one();
        self.changed.notify_one();
    }

    /// Dead letters of a target came back.
    pub(crate) fn look_again(&self, id: i64) {
        if let Some(live) = self.live(id) {
            live.reload.store(true, Ordering::SeqCst);
            live.poke.notify_one();
        }
        self.changed.notify_one();
    }

    /// Ends the pause of a target.
    pub(crate) fn close_breaker(&self, id: i64) {
        if let Some(live) = self.live(id) {
            live.breaker().succeeded();
            live.poke.notify_one();
        }
        self.changed.notify_one();
    }

    /// An attempt outside of a queue.
    fn log(&self, row: LogRow) {
        /// Rows that wait for the store at most; beyond, the newest are lost.
        const WAITING: usize = 20_000;
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if row.push_id != 0 && log.len() < WAITING {
            log.push(row);
            self.log_grown.notify_one();
        }
    }
}

/// Reads the targets.
///
/// # Errors
/// The store's.
pub(crate) async fn load(core: &Core) -> Result<(), AppError> {
    let rows = core.store().write(|tx| {
        target::settle(tx)?;
        Ok(target::list(tx)?)
    });
    for row in rows.await? {
        core.forward().put(row)?;
    }
    Ok(())
}

/// Ends a task when nobody waits for it any more.
struct Flight<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for Flight<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Asks an answering target, for at most `budget_ms` and its own limit.
pub(crate) async fn ask(core: &Core, target_id: i64, message: &Outgoing, budget_ms: i64) -> Asked {
    let Some(live) = core.forward().live(target_id) else { return Asked::Failed(DeliveryError::Stopped) };
    let settings = live.settings();
    if !settings.row.enabled || message.row.kind.is_some() {
        return Asked::Failed(DeliveryError::Stopped);
    }
    let (core, message) = (core.clone(), message.clone());
    let home = core.forward().home.clone();
    let mut flight = Flight(home.spawn(async move { ask_here(&core, &live, &settings, &message, budget_ms).await }));
    (&mut flight.0).await.unwrap_or(Asked::Failed(DeliveryError::Stopped))
}

/// A question that waits for a place. The line is short: each who stands in it holds one of the public door's seats, which
/// others need.
struct InLine<'a>(&'a Live);

impl<'a> InLine<'a> {
    /// None when the line is full.
    fn join(live: &'a Live, settings: &Settings) -> Option<Self> {
        /// So many wait for each place at most.
        const EACH: usize = 2;
        let most = usize::try_from(settings.row.concurrency).unwrap_or(1).max(1) * EACH;
        if live.line.fetch_add(1, Ordering::SeqCst) >= most {
            live.line.fetch_sub(1, Ordering::SeqCst);
            return None;
        }
        Some(Self(live))
    }
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        self.0.line.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn ask_here(core: &Core, live: &Arc<Live>, settings: &Settings, message: &Outgoing, budget_ms: i64) -> Asked {
    let clock = core.clock().as_ref();
    let limit = budget_ms.min(settings.row.timeout_ms);
    let (started, at) = (clock.monotonic(), clock.now());
    let Ok(going) = live.enter(at) else { return Asked::Failed(DeliveryError::Open) };
    let place = match settings.places.clone().try_acquire_owned() {
        Ok(place) => Some(Ok(place)),
        Err(_) => match InLine::join(live, settings) {
            Some(_line) => {
                let place = settings.places.clone().acquire_owned();
                crate::clock::within(u64::try_from(limit).unwrap_or(0), place).await
            }
            None => None,
        },
    };
    let Some(Ok(_place)) = place else {
        let outcome = Outcome { took_ms: clock.monotonic() - started, ..Outcome::unsent(DeliveryError::Busy) };
        going.ended(&outcome, clock.now());
        log_of(core, live.id, message, at, &outcome);
        return Asked::Failed(DeliveryError::Busy);
    };
    let left = limit - (clock.monotonic() - started);
    let (mut outcome, _) = deliver(live, settings, message, 1, left, clock).await;
    let said = read(settings, message, &outcome);
    if let Asked::Failed(error) = said {
        outcome.error = Some(error);
    }
    going.ended(&outcome, clock.now());
    log_of(core, live.id, message, at, &outcome);
    said
}

/// What an answering target's answer says.
fn read(settings: &Settings, message: &Outgoing, outcome: &Outcome) -> Asked {
    if let Some(error) = outcome.error {
        return Asked::Failed(error);
    }
    if outcome.cut {
        return Asked::Failed(DeliveryError::TooLarge);
    }
    let (sender, account) = dress::people(&message.row);
    reply::read(settings.row.format, message.runtime.crypto.as_ref(), &outcome.body, &sender, &account)
}

fn log_of(core: &Core, target_id: i64, message: &Outgoing, at: i64, outcome: &Outcome) {
    core.forward().log(LogRow {
        id: 0,
        target_id,
        push_id: message.row.id,
        at,
        attempt: 1,
        status: outcome.status,
        took_ms: outcome.took_ms,
        error: outcome.error,
    });
}

/// Sends one message to any target, outside of its queue, also to one that is switched off or left alone.
///
/// # Errors
/// `NotFound` for an unknown target; `InvalidInput` for a component event.
pub(crate) async fn send_once(core: &Core, target_id: i64, message: &Outgoing) -> Result<DeliveryReport, AppError> {
    let live = core.forward().live(target_id).ok_or_else(|| AppError::not_found("target", &target_id.to_string()))?;
    if message.row.kind.is_some() {
        return Err(AppError::invalid_field(
            "id",
            "component_event",
            "is a component event, which is never passed on",
            "是第三方平台事件，不会转发",
        ));
    }
    let (core, message) = (core.clone(), message.clone());
    let home = core.forward().home.clone();
    let mut flight = Flight(home.spawn(async move { send_here(&core, &live, &message).await }));
    (&mut flight.0).await.map_err(|_| AppError::new(crate::dto::ErrorCode::Stopping, "the engine is stopping"))
}

async fn send_here(core: &Core, live: &Arc<Live>, message: &Outgoing) -> DeliveryReport {
    /// Characters of an answer and of a body that are shown.
    const SHOWN: (usize, usize) = (2_000, 4_000);
    let clock = core.clock().as_ref();
    let (settings, going, at) = (live.settings(), live.enter_anyway(), clock.now());
    let (mut outcome, dressed) = deliver(live, &settings, message, 1, settings.row.timeout_ms, clock).await;
    if settings.row.mode == TargetMode::Answering
        && let Asked::Failed(error) = read(&settings, message, &outcome)
    {
        outcome.error = Some(error);
    }
    going.ended(&outcome, clock.now());
    log_of(core, live.id, message, at, &outcome);
    let beginning = |bytes: &[u8], n: usize| String::from_utf8_lossy(bytes).chars().take(n).collect::<String>();
    DeliveryReport {
        target_id: live.id,
        ok: outcome.error.is_none(),
        status: outcome.status,
        took_ms: outcome.took_ms,
        error: outcome.error,
        error_text: outcome.error.map(|error| words(error, outcome.status)),
        answer: beginning(&outcome.body, SHOWN.0),
        headers: dressed.as_ref().map_or_else(Vec::new, |dressed| {
            let shown = dressed.headers.iter().filter(|(name, _)| *name != dress::SIGNATURE);
            shown.map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
        }),
        body: dressed.map_or_else(String::new, |dressed| beginning(&dressed.body, SHOWN.1)),
    }
}

/// Messages of one sender to one account are one lane: they go in order.
fn lane_of(push: &PushRow) -> i64 {
    let (sender, _) = dress::people(push);
    let account = push.authorizer.as_deref().unwrap_or("");
    crate::inbox::identity(&[&push.platform_id.to_string(), account, &sender])
}

/// Puts a stored push into the queues of these targets once more: those that are not notified, or have it before them
/// anyway, are left out. Answers the others.
///
/// # Errors
/// The store's.
pub(crate) async fn queue_again(core: &Core, push: &Arc<PushRow>, targets: &[i64]) -> Result<Vec<i64>, AppError> {
    let now = core.clock().now();
    let (push, targets) = (push.clone(), targets.to_vec());
    let queued = core
        .store()
        .write(move |tx| {
            let mut queued = Vec::new();
            for target_id in targets {
                let row = target::get(tx, target_id)?.filter(|row| row.mode == TargetMode::Notified);
                if row.is_none_or(|row| row.cursor < push.id) {
                    continue;
                }
                let fresh = DeliveryRow {
                    id: 0,
                    target_id,
                    push_id: push.id,
                    lane: lane_of(&push),
                    received_at: now,
                    dead: false,
                    attempts: 0,
                    due_at: now,
                    at: now,
                    status: None,
                    error: None,
                };
                delivery::put(tx, &fresh)?;
                queued.push(target_id);
            }
            Ok(queued)
        })
        .await?;
    for id in &queued {
        core.forward().look_again(*id);
    }
    Ok(queued)
}
