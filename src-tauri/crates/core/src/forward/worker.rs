//! Workers: one task a notified target that takes part, which reads, sends, and writes down what came of it.
//!
//! Invariants: what a worker read and has not written down is read again after a crash; a worker whose store takes no
//! writes sends nothing more; only one worker a target runs at a time.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::task::{Id, JoinSet};

use super::breaker::State;
use super::client::Outcome;
use super::live::{Live, Progress, Settings, deliver};
use super::queue::{Batch, Change, Item, Queue, log_of};
use super::{Outgoing, log};
use crate::clock::MAX_SLEEP_MS;
use crate::core::Core;
use crate::dto::{DeliveryError, TargetMode};
use crate::store::StoreError;
use crate::store::tables::inbox::flag;
use crate::store::tables::{delivery, delivery_log, target};

/// Between two words to the window, ms.
const TELL: i64 = 500;
/// What came of an attempt is written so long after it at the latest, ms.
const GATHER: i64 = 250;
/// Changes and attempts of one commit, about: pushes that share it must not wait long for their answer.
const BATCH: usize = 400;
/// Messages that are read at once, and their size in bytes.
const READ: (usize, usize) = (256, 4 << 20);
/// Below so many open messages more are read.
const LOW: usize = 256;
/// Lanes of the table that are read at once, and messages of each.
const LANES: (usize, u32) = (16, 8);
/// Pause after the store refused, ms.
const AGAIN: i64 = 1_000;
/// What is under way when the program stops may take so long, ms.
const GRACE: u64 = 2_000;
/// The same when a target is switched off: as long as any request can take, ms.
const GRACE_OFF: u64 = 31_000;
/// A stop waits for workers so long, ms; with it a stop keeps within five seconds.
const STOP: u64 = 3_500;
/// While the public door is busy each request waits so long before it goes, ms: some hundreds a second and server, so that
/// WeChat's answers keep the machine. The rest waits in the inbox.
const REST: i64 = 4;

/// Delivers to notified targets, for ever.
pub(crate) async fn run(core: Core) {
    core.forward().stopped.send_replace(false);
    tokio::join!(tell(&core), log::run(&core), log::tidy(&core), async {
        supervise(&core).await;
        core.forward().stopped.send_replace(true);
    });
}

/// Ends the workers: what is under way gets a moment, and what came of it is written down.
pub(crate) async fn close(core: &Core) {
    core.forward().stopping.send_replace(true);
    let mut stopped = core.forward().stopped.subscribe();
    let _ = crate::clock::within(STOP, stopped.wait_for(|stopped| *stopped)).await;
    let _ = log::flush(core).await;
}

/// Tells the window of changes, twice a second at most.
async fn tell(core: &Core) {
    loop {
        core.forward().changed.notified().await;
        // A push that is open shows its deliveries.
        core.changes().tell(["targets", "inbox"]);
        core.clock().sleep(TELL).await;
    }
}

/// Starts and ends workers as targets come, go and change.
async fn supervise(core: &Core) {
    let mut stopping = core.forward().stopping.subscribe();
    let mut workers: JoinSet<()> = JoinSet::new();
    let mut running: HashMap<i64, (Id, Arc<Live>)> = HashMap::new();
    while !*stopping.borrow_and_update() {
        let wanted: HashMap<i64, Arc<Live>> =
            core.forward().all().into_iter().filter(|live| takes_part(live)).map(|live| (live.id, live)).collect();
        for (id, (_, live)) in &running {
            if !wanted.contains_key(id) {
                live.stop.store(true, Ordering::SeqCst);
                live.poke.notify_one();
            }
        }
        for (id, live) in wanted {
            running.entry(id).or_insert_with(|| {
                live.stop.store(false, Ordering::SeqCst);
                let worker = Worker::new(core.clone(), live.clone()).run();
                (workers.spawn(worker).id(), live)
            });
        }
        tokio::select! {
            () = core.forward().settings_changed.notified() => {}
            _ = stopping.changed() => {}
            Some(ended) = workers.join_next_with_id() => {
                let ended = match ended {
                    Ok((ended, ())) => ended,
                    Err(e) => {
                        tracing::error!("a worker of a business server broke off and is started again");
                        core.clock().sleep(AGAIN).await;
                        e.id()
                    }
                };
                running.retain(|_, (id, _)| *id != ended);
            }
        }
    }
    while workers.join_next().await.is_some() {}
}

fn takes_part(live: &Live) -> bool {
    let row = &live.settings().row;
    row.enabled && row.mode == TargetMode::Notified
}

/// A request that ended.
struct Landed {
    lane: i64,
    item: Item,
    at: i64,
    outcome: Outcome,
}

/// Why a worker goes no further.
struct Ended;

struct Worker {
    core: Core,
    live: Arc<Live>,
    flights: JoinSet<Landed>,
    /// Lanes of the flights, for one that breaks off.
    lanes: HashMap<Id, i64>,
    /// The inbox may have more.
    more: bool,
    /// Cursor as it is stored.
    stored_cursor: i64,
    /// Something is to be written since, by the monotonic clock, ms.
    dirty_since: Option<i64>,
}

impl Worker {
    fn new(core: Core, live: Arc<Live>) -> Self {
        Self {
            core,
            live,
            flights: JoinSet::new(),
            lanes: HashMap::new(),
            more: true,
            stored_cursor: 0,
            dirty_since: None,
        }
    }

    async fn run(mut self) {
        let id = self.live.id;
        let started = loop {
            let read = self.core.store().read(move |c| Ok((target::get(c, id)?, delivery::lanes(c, id)?))).await;
            match read {
                Ok((Some(row), lanes)) => break Some((row.cursor, lanes)),
                Ok((None, _)) | Err(StoreError::Stopping) => break None,
                Err(e) => self.pause("read", &e).await,
            }
        };
        if let Some((cursor, lanes)) = started {
            let mut queue = Queue::new(id, cursor);
            self.stored_cursor = cursor;
            queue.stored(lanes, self.core.clock().now());
            if self.work(&mut queue).await.is_ok() {
                let _ = self.wind_up(&mut queue).await;
            }
        }
        self.live.set_progress(None);
    }

    async fn pause(&self, what: &str, error: &StoreError) {
        tracing::warn!(target_id = self.live.id, %error, "the queue of a business server cannot be {what}; it is tried again");
        self.core.clock().sleep(AGAIN).await;
    }

    fn stops(&self) -> bool {
        self.live.stop.load(Ordering::SeqCst) || *self.core.forward().stopping.borrow()
    }

    async fn work(&mut self, queue: &mut Queue) -> Result<(), Ended> {
        let mut stopping = self.core.forward().stopping.subscribe();
        while !self.stops() {
            let settings = self.live.settings();
            if self.live.reload.swap(false, Ordering::SeqCst) {
                self.look_again(queue).await?;
            }
            let now = self.core.clock().now();
            let closed = self.live.breaker().state() == State::Closed;
            if !closed {
                queue.expire(now, |at| settings.row.gives_up_at(at));
            }
            // While it is left alone, one batch is enough to probe with.
            if self.more && queue.open() < LOW && (closed || queue.ready() == 0) {
                self.read(queue, &settings, closed).await?;
            }
            queue.wake_due(now);
            let alone_until = self.launch(queue, &settings);
            if self.is_due(queue) {
                self.write(queue).await?;
                // Lanes that were read may go at once.
                if queue.ready() > 0 && alone_until.is_none() && self.flights.len() < self.places(&settings) {
                    continue;
                }
            }
            self.tell(queue);
            let wait = self.until_next(queue, alone_until);
            tokio::select! {
                biased;
                Some(landed) = self.flights.join_next_with_id() => {
                    self.land(queue, &settings, landed);
                    while let Some(landed) = self.flights.try_join_next_with_id() {
                        self.land(queue, &settings, landed);
                    }
                }
                // Pushes come faster than they are read: one word of it is enough.
                () = self.live.wake.notified(), if !self.more => self.more = true,
                () = self.live.poke.notified() => {}
                _ = stopping.changed() => {}
                // A look now and then also moves the cursor past what is for others.
                () = self.core.clock().sleep(wait) => self.more |= wait >= MAX_SLEEP_MS,
            }
        }
        Ok(())
    }

    /// Requests at once.
    fn places(&self, settings: &Settings) -> usize {
        if self.core.forward().is_busy(self.core.clock().monotonic()) {
            return 1;
        }
        usize::try_from(settings.row.concurrency).unwrap_or(1).max(1)
    }

    /// Starts what may go. Answers until when the server is left alone, if something waits for that, ms.
    fn launch(&mut self, queue: &mut Queue, settings: &Arc<Settings>) -> Option<i64> {
        while queue.ready() > 0 && self.flights.len() < self.places(settings) {
            let now = self.core.clock().now();
            let going = match self.live.enter(now) {
                Ok(going) => going,
                Err(until) => return Some(until.unwrap_or(i64::MAX)),
            };
            let Some((lane, item)) = queue.next() else { break };
            let (core, live, settings) = (self.core.clone(), self.live.clone(), settings.clone());
            // One at a time is no pause to a server that answers at once.
            let rest = if self.core.forward().is_busy(self.core.clock().monotonic()) { REST } else { 0 };
            let flight = async move {
                if rest > 0 {
                    core.clock().sleep(rest).await;
                }
                let outcome = match core.runtime(item.push.platform_id) {
                    Some(runtime) => {
                        let message =
                            Outgoing { runtime, row: item.push.clone(), test: item.push.flags & flag::MADE_UP != 0 };
                        let (limit, clock) = (settings.row.timeout_ms, core.clock().as_ref());
                        deliver(&live, &settings, &message, item.attempts + 1, limit, clock).await.0
                    }
                    // Its platform was removed.
                    None => Outcome::unsent(DeliveryError::NoKey),
                };
                going.ended(&outcome, core.clock().now());
                Landed { lane, item, at: now, outcome }
            };
            let home = self.core.forward().home.clone();
            self.lanes.insert(self.flights.spawn_on(flight, &home).id(), lane);
        }
        None
    }

    fn land(&mut self, queue: &mut Queue, settings: &Settings, landed: Result<(Id, Landed), tokio::task::JoinError>) {
        let now = self.core.clock().now();
        let gives_up = |at| settings.row.gives_up_at(at);
        match landed {
            Ok((id, Landed { lane, item, at, outcome })) => {
                self.lanes.remove(&id);
                queue.batch.log.push(log_of(self.live.id, &item, at, &outcome));
                queue.landed(lane, Some(&outcome), now, gives_up);
            }
            Err(e) => {
                if let Some(lane) = self.lanes.remove(&e.id()) {
                    queue.landed(lane, None, now, gives_up);
                }
            }
        }
    }

    async fn read(&mut self, queue: &mut Queue, settings: &Settings, closed: bool) -> Result<(), Ended> {
        let (id, after) = (self.live.id, queue.read_to());
        let (pushes, read_to) = loop {
            match self.core.store().read(move |c| Ok(delivery::unread(c, id, after, READ.0, READ.1)?)).await {
                Ok(read) => break read,
                Err(StoreError::Stopping) => return Err(Ended),
                Err(e) => self.pause("read", &e).await,
            }
            if self.stops() {
                return Ok(());
            }
        };
        // Full batches are followed by others.
        self.more = pushes.last().is_some_and(|push| push.id == read_to) && pushes.len() > 1;
        let unsent = if closed { DeliveryError::Stopped } else { DeliveryError::Open };
        let pushes = pushes.into_iter().map(|push| (super::lane_of(&push), push)).collect();
        let now = self.core.clock().now();
        queue.take(pushes, read_to, now, |at| settings.row.gives_up_at(at), unsent);
        Ok(())
    }

    /// Dead letters came back.
    async fn look_again(&mut self, queue: &mut Queue) -> Result<(), Ended> {
        self.write(queue).await?;
        let id = self.live.id;
        match self.core.store().read(move |c| Ok(delivery::lanes(c, id)?)).await {
            Ok(lanes) => queue.stored(lanes, self.core.clock().now()),
            Err(StoreError::Stopping) => return Err(Ended),
            Err(e) => {
                self.pause("read", &e).await;
                self.live.reload.store(true, Ordering::SeqCst);
            }
        }
        Ok(())
    }

    /// Something must be written now, or lanes of the table are to be read.
    fn is_due(&mut self, queue: &Queue) -> bool {
        let now = self.core.clock().monotonic();
        if queue.batch.is_empty() && queue.cursor() == self.stored_cursor {
            self.dirty_since = None;
        } else {
            self.dirty_since.get_or_insert(now);
        }
        let late = self.dirty_since.is_some_and(|since| now - since >= GATHER);
        late || queue.batch.len() >= BATCH || (queue.ready() < LANES.0 && !queue.wanted(1).is_empty())
    }

    /// Writes the batch and the cursor, and reads lanes that are wanted.
    async fn write(&mut self, queue: &mut Queue) -> Result<(), Ended> {
        let (id, cursor) = (self.live.id, queue.cursor());
        let batch = Arc::new(queue.take_batch());
        let wanted = Arc::new(queue.wanted(LANES.0));
        let read = loop {
            let (batch, wanted) = (batch.clone(), wanted.clone());
            let write = self.core.store().write(move |tx| {
                if !target::advance(tx, id, cursor)? {
                    return Ok(None);
                }
                write_batch(tx, id, &batch)?;
                let mut read = Vec::with_capacity(wanted.len());
                for lane in wanted.iter() {
                    read.push((*lane, delivery::first_of(tx, id, *lane, LANES.1)?));
                }
                Ok(Some(read))
            });
            match write.await {
                Ok(Some(read)) => break read,
                // The target was removed, or there is no store any more: what is not written is sent again.
                Ok(None) | Err(StoreError::Stopping) => return Err(Ended),
                Err(e) => self.pause("written", &e).await,
            }
        };
        if !batch.is_empty() {
            // The log and the table are lists in the window.
            self.core.forward().changed.notify_one();
        }
        self.stored_cursor = cursor;
        self.dirty_since = None;
        let now = self.core.clock().now();
        for (lane, rows) in read {
            queue.loaded(lane, rows, now);
        }
        Ok(())
    }

    fn tell(&self, queue: &Queue) {
        self.live.set_progress(Some(Progress {
            read_to: queue.read_to(),
            open: i64::try_from(queue.uncounted()).unwrap_or(i64::MAX),
            oldest: queue.oldest(),
        }));
    }

    /// Until something is to be done without news, ms.
    fn until_next(&self, queue: &Queue, alone_until: Option<i64>) -> i64 {
        let (now, monotonic) = (self.core.clock().now(), self.core.clock().monotonic());
        let deadlines = [
            queue.next_due().map(|due| due - now),
            alone_until.map(|until| until - now),
            self.dirty_since.map(|since| since + GATHER - monotonic),
        ];
        // At least a moment: what is due now and cannot go waits for a request to end.
        deadlines.into_iter().flatten().min().unwrap_or(MAX_SLEEP_MS).clamp(5, MAX_SLEEP_MS)
    }

    /// The end: requests under way get a while, the rest moves into the table.
    async fn wind_up(&mut self, queue: &mut Queue) -> Result<(), Ended> {
        let settings = self.live.settings();
        let grace = if *self.core.forward().stopping.borrow() { GRACE } else { GRACE_OFF };
        let mut stopping = self.core.forward().stopping.subscribe();
        let landing = async {
            while let Some(landed) = self.flights.join_next_with_id().await {
                self.land(queue, &settings, landed);
            }
        };
        tokio::select! {
            _ = crate::clock::within(grace, landing) => {}
            // A stop of the program cuts the longer grace short; what is under way then goes again at the next start.
            _ = stopping.wait_for(|stops| *stops), if grace == GRACE_OFF => {}
        }
        queue.park_all(self.core.clock().now());
        self.write(queue).await
    }
}

fn write_batch(tx: &crate::store::Tx<'_>, target_id: i64, batch: &Batch) -> Result<(), StoreError> {
    for change in &batch.changes {
        match change {
            Change::Put(row) => delivery::put(tx, row)?,
            Change::Park(row) => delivery::park(tx, row)?,
            Change::Done(push_id) => delivery::done(tx, target_id, *push_id)?,
        }
    }
    delivery_log::insert(tx, &batch.log)
}
