//! What a worker holds in memory of its target's queue. Pure: it says what is to be written, and when.
//!
//! A message is either *open* (read from the inbox, the target's cursor stays before it) or has a row in the table of
//! deliveries (the cursor may pass it). A lane is the messages of one sender. When its first one fails, all of it moves
//! into the table and so does what comes after: the lane is *stored* until the table has nothing of it any more.
//!
//! Invariants: of a lane at most one message is under way, the oldest; the cursor never passes a message that is neither
//! delivered nor in the table.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use super::backoff::{BOUND, delay};
use super::client::Outcome;
use crate::dto::DeliveryError;
use crate::store::tables::delivery::DeliveryRow;
use crate::store::tables::delivery_log::LogRow;
use crate::store::tables::inbox::PushRow;

/// So many may be delivered beyond one that stays open; then that one moves into the table, so that a kill does not send
/// all of them again.
const BEYOND: usize = 200;

/// A message on its way.
#[derive(Clone)]
pub(super) struct Item {
    pub push: Arc<PushRow>,
    /// The time until it is given up counts from here, ms.
    pub received_at: i64,
    /// Attempts until now.
    pub attempts: i64,
    /// It has a row in the table.
    stored: bool,
}

#[derive(Default)]
struct Lane {
    items: VecDeque<Item>,
    flying: bool,
    /// The table has messages of it, or is about to.
    stored: bool,
    /// Its place among those that wait for their time, ms.
    due_at: Option<i64>,
}

/// A change of the table, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    Put(DeliveryRow),
    Park(DeliveryRow),
    Done(i64),
}

/// What is to be written in one transaction.
#[derive(Debug, Clone, Default)]
pub(super) struct Batch {
    pub changes: Vec<Change>,
    pub log: Vec<LogRow>,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.log.is_empty()
    }
    pub(super) fn len(&self) -> usize {
        self.changes.len() + self.log.len()
    }
}

/// The queue of one target.
pub(super) struct Queue {
    target_id: i64,
    lanes: HashMap<i64, Lane>,
    /// Lanes whose first message may go.
    ready: VecDeque<i64>,
    /// Stored lanes by the time at which their first message is due, ms.
    due: BTreeSet<(i64, i64)>,
    /// Stored lanes whose first messages are to be read from the table.
    wanted: BTreeSet<i64>,
    /// Open messages with their arrival and their lane.
    open: BTreeMap<i64, (i64, i64)>,
    /// Delivered since the cursor stands where it stands.
    beyond: (i64, usize),
    read_to: i64,
    /// Messages that wait and whose rows are in the batch only.
    unwritten: usize,
    pub batch: Batch,
}

impl Queue {
    pub(super) fn new(target_id: i64, cursor: i64) -> Self {
        Self {
            target_id,
            lanes: HashMap::new(),
            ready: VecDeque::new(),
            due: BTreeSet::new(),
            wanted: BTreeSet::new(),
            open: BTreeMap::new(),
            beyond: (cursor, 0),
            read_to: cursor,
            unwritten: 0,
            batch: Batch::default(),
        }
    }

    /// Inbox id up to which everything is delivered or in the table.
    pub(super) fn cursor(&self) -> i64 {
        self.open.keys().next().map_or(self.read_to, |first| first - 1)
    }
    pub(super) fn read_to(&self) -> i64 {
        self.read_to
    }
    pub(super) fn open(&self) -> usize {
        self.open.len()
    }
    /// Messages that wait and that the table does not count yet.
    pub(super) fn uncounted(&self) -> usize {
        self.open.len() + self.unwritten
    }
    /// What is to be written, from now on in the hands of the caller.
    pub(super) fn take_batch(&mut self) -> Batch {
        self.unwritten = 0;
        std::mem::take(&mut self.batch)
    }
    /// Arrival of the oldest open message, ms.
    pub(super) fn oldest(&self) -> Option<i64> {
        self.open.values().next().map(|(at, _)| *at)
    }
    pub(super) fn ready(&self) -> usize {
        self.ready.len()
    }
    /// Lanes that are to be read from the table, some at a time.
    pub(super) fn wanted(&self, at_once: usize) -> Vec<i64> {
        self.wanted.iter().take(at_once).copied().collect()
    }
    /// When the first stored lane is due, ms.
    pub(super) fn next_due(&self) -> Option<i64> {
        self.due.first().map(|(due, _)| *due)
    }

    fn row(&self, lane: i64, item: &Item, now: i64) -> DeliveryRow {
        DeliveryRow {
            id: 0,
            target_id: self.target_id,
            push_id: item.push.id,
            lane,
            received_at: item.received_at,
            dead: false,
            attempts: item.attempts,
            due_at: 0,
            at: now,
            status: None,
            error: None,
        }
    }

    /// Pushes as they were read from the inbox, up to `read_to`. What is given up by its age alone dies with `unsent`.
    pub(super) fn take(
        &mut self,
        pushes: Vec<(i64, PushRow)>,
        read_to: i64,
        now: i64,
        gives_up: impl Fn(i64) -> i64,
        unsent: DeliveryError,
    ) {
        for (lane_id, push) in pushes {
            let item = Item { received_at: push.received_at, attempts: 0, stored: false, push: Arc::new(push) };
            if gives_up(item.received_at) <= now {
                let row = DeliveryRow { dead: true, error: Some(unsent), ..self.row(lane_id, &item, now) };
                self.batch.changes.push(Change::Put(row));
                continue;
            }
            let lane = self.lanes.entry(lane_id).or_default();
            if lane.stored {
                let row = self.row(lane_id, &item, now);
                self.batch.changes.push(Change::Park(row));
                self.unwritten += 1;
                continue;
            }
            if lane.items.is_empty() {
                self.ready.push_back(lane_id);
            }
            self.open.insert(item.push.id, (item.received_at, lane_id));
            lane.items.push_back(item);
        }
        self.read_to = self.read_to.max(read_to);
    }

    /// The table has something of these lanes, due at these times: at the start, and when dead letters came back.
    pub(super) fn stored(&mut self, lanes: Vec<(i64, i64)>, now: i64) {
        for (id, due) in lanes {
            let lane = self.lanes.entry(id).or_default();
            if !std::mem::replace(&mut lane.stored, true) {
                let keep = usize::from(lane.flying);
                self.park(id, keep, now);
            }
            if self.lanes.get(&id).is_some_and(|lane| lane.items.is_empty()) {
                self.set_due(id, due);
            }
        }
    }

    fn set_due(&mut self, id: i64, due: i64) {
        let Some(lane) = self.lanes.get_mut(&id) else { return };
        if let Some(before) = lane.due_at.replace(due) {
            self.due.remove(&(before, id));
        }
        self.due.insert((due, id));
    }

    /// Moves what waits of a lane into the table, but for its first `keep` messages.
    fn park(&mut self, id: i64, keep: usize, now: i64) {
        let Some(lane) = self.lanes.get_mut(&id) else { return };
        let parked = lane.items.split_off(keep.min(lane.items.len()));
        if lane.items.is_empty() {
            self.ready.retain(|ready| *ready != id);
        }
        for item in parked {
            self.open.remove(&item.push.id);
            if !item.stored {
                let row = self.row(id, &item, now);
                self.batch.changes.push(Change::Park(row));
                self.unwritten += 1;
            }
        }
    }

    /// The next message that may go, and its lane.
    pub(super) fn next(&mut self) -> Option<(i64, Item)> {
        while let Some(id) = self.ready.pop_front() {
            if let Some(lane) = self.lanes.get_mut(&id)
                && let Some(item) = lane.items.front()
                && !lane.flying
            {
                lane.flying = true;
                return Some((id, item.clone()));
            }
        }
        None
    }

    /// Stored lanes whose time has come are to be read from the table.
    pub(super) fn wake_due(&mut self, now: i64) {
        // A time that lies further away than any delay comes from before the clock was put back.
        while let Some((due, id)) = self.due.first().copied()
            && (due <= now || due - now > BOUND)
        {
            self.due.remove(&(due, id));
            if let Some(lane) = self.lanes.get_mut(&id) {
                lane.due_at = None;
            }
            self.wanted.insert(id);
        }
    }

    /// The first messages of a lane that was [`Queue::wanted`], as the table has them after the batch was written.
    pub(super) fn loaded(&mut self, id: i64, rows: Vec<(DeliveryRow, Option<PushRow>)>, now: i64) {
        self.wanted.remove(&id);
        let Some(lane) = self.lanes.get_mut(&id) else { return };
        if lane.flying || !lane.items.is_empty() {
            return;
        }
        let due = rows.first().map_or(0, |(row, _)| row.due_at);
        if due > now && due - now <= BOUND {
            self.set_due(id, due);
            return;
        }
        let any = !rows.is_empty();
        for (row, push) in rows {
            match push {
                // Its later messages were not due of themselves.
                Some(push) => lane.items.push_back(Item {
                    received_at: row.received_at,
                    attempts: row.attempts,
                    stored: true,
                    push: Arc::new(push),
                }),
                // The push is gone, which only an operator can bring about.
                None => self.batch.changes.push(Change::Done(row.push_id)),
            }
        }
        if !lane.items.is_empty() {
            self.ready.push_back(id);
        } else if any {
            self.wanted.insert(id);
        } else {
            self.lanes.remove(&id);
        }
    }

    /// The message under way of a lane came to its end. Without an outcome nobody knows, and it goes again.
    pub(super) fn landed(&mut self, id: i64, outcome: Option<&Outcome>, now: i64, gives_up: impl Fn(i64) -> i64) {
        let Some(lane) = self.lanes.get_mut(&id) else { return };
        lane.flying = false;
        let Some(outcome) = outcome else {
            self.ready.push_back(id);
            return;
        };
        let Some(mut item) = lane.items.pop_front() else { return };
        self.open.remove(&item.push.id);
        item.attempts += 1;
        let Some(error) = outcome.error else {
            if item.stored {
                self.batch.changes.push(Change::Done(item.push.id));
            }
            self.advance(id);
            self.keep_up(now);
            return;
        };
        // A key that is gone does not come back by waiting.
        let dead = error == DeliveryError::NoKey || gives_up(item.received_at) <= now;
        let due_at = now + delay(item.attempts, fastrand::i64(0..=1_000));
        let row = self.row(id, &item, now);
        let row = DeliveryRow { dead, due_at, status: outcome.status, error: Some(error), ..row };
        self.batch.changes.push(Change::Put(row));
        if dead {
            self.advance(id);
            return;
        }
        self.unwritten += usize::from(!item.stored);
        self.park(id, 0, now);
        if let Some(lane) = self.lanes.get_mut(&id) {
            lane.stored = true;
        }
        self.set_due(id, due_at);
    }

    /// One more was delivered: a message that holds the cursor back for too many moves into the table, with its lane.
    fn keep_up(&mut self, now: i64) {
        let cursor = self.cursor();
        let count = if self.beyond.0 == cursor { self.beyond.1 + 1 } else { 0 };
        self.beyond = (cursor, count);
        if count <= BEYOND {
            return;
        }
        let Some((_, id)) = self.open.values().next().copied() else { return };
        self.park(id, 1, now);
        let Some(lane) = self.lanes.get_mut(&id) else { return };
        lane.stored = true;
        let Some(first) = lane.items.front_mut() else { return };
        first.stored = true;
        let first = first.clone();
        self.open.remove(&first.push.id);
        let row = self.row(id, &first, now);
        self.batch.changes.push(Change::Park(row));
        self.unwritten += 1;
    }

    fn advance(&mut self, id: i64) {
        match self.lanes.get(&id) {
            Some(lane) if !lane.items.is_empty() => self.ready.push_back(id),
            Some(lane) if lane.stored => {
                self.wanted.insert(id);
            }
            _ => {
                self.lanes.remove(&id);
            }
        }
    }

    /// Open messages that were never tried and whose time is over die, while the server is left alone.
    pub(super) fn expire(&mut self, now: i64, gives_up: impl Fn(i64) -> i64) {
        if self.oldest().is_none_or(|oldest| gives_up(oldest) > now) {
            return;
        }
        let ids: Vec<i64> = self.lanes.iter().filter(|(_, lane)| !lane.flying).map(|(id, _)| *id).collect();
        for id in ids {
            while let Some(lane) = self.lanes.get_mut(&id)
                && let Some(item) = lane.items.pop_front_if(|item| !item.stored && gives_up(item.received_at) <= now)
            {
                self.open.remove(&item.push.id);
                let row = DeliveryRow { dead: true, error: Some(DeliveryError::Open), ..self.row(id, &item, now) };
                self.batch.changes.push(Change::Put(row));
            }
            if self.lanes.get(&id).is_some_and(|lane| lane.items.is_empty() && !lane.stored) {
                self.lanes.remove(&id);
                self.ready.retain(|ready| *ready != id);
            }
        }
    }

    /// Everything that is open moves into the table: the end of a worker.
    pub(super) fn park_all(&mut self, now: i64) {
        let ids: Vec<i64> = self.lanes.keys().copied().collect();
        for id in ids {
            self.park(id, 0, now);
        }
    }
}

/// An attempt as the log keeps it.
pub(super) fn log_of(target_id: i64, item: &Item, at: i64, outcome: &Outcome) -> LogRow {
    LogRow {
        id: 0,
        target_id,
        push_id: item.push.id,
        at,
        attempt: item.attempts + 1,
        status: outcome.status,
        took_ms: outcome.took_ms,
        error: outcome.error,
    }
}

#[cfg(test)]
mod tests;
