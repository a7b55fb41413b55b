//! Group commit: what queued while a commit ran is committed together and answered together.
//!
//! Owns the one writing connection. No thread is kept for it: whoever finds the queue idle starts a blocking task that
//! drains it (under tokio's paused clock a blocking task holds the clock still, a thread of our own would not).
//! Invariants: answers leave only after the commit; the mirror is patched after the commit and before the answers; a
//! failing job takes only its own changes with it, a failing commit fails every job in it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{Mirror, Patch, StoreError};

/// A commit that follows one shared by at least so many waits a moment for as many again: whoever was just answered is
/// about to write, and two half groups cost two `fsync`s.
const COMPANY: usize = 4;
/// The longest such wait. A commit costs several times as much; measured best among 0, 60 and 120 µs.
const MOMENT: Duration = Duration::from_micros(60);

/// At most this many jobs share a commit, so that the first of a flood is not kept waiting for the last.
const MAX_GROUP: usize = 512;

/// What a job sees: the connection inside the transaction, and the mirror's patches it will cause.
pub struct Tx<'a> {
    connection: &'a Connection,
    patches: RefCell<Vec<Patch>>,
    /// Messages noted as seen by jobs of this transaction; forgotten again when it is not committed.
    seen: RefCell<Vec<(i64, i64)>>,
    mirror: &'a Mirror,
}

impl std::fmt::Debug for Tx<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tx")
    }
}

impl std::ops::Deref for Tx<'_> {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl Tx<'_> {
    /// Changes the mirror once the commit is durable.
    pub fn patch(&self, patch: Patch) {
        self.patches.borrow_mut().push(patch);
    }
    /// A message was noted as seen.
    pub(super) fn saw(&self, key: (i64, i64)) {
        self.seen.borrow_mut().push(key);
    }
    /// The rows as of the last commit. Jobs of the same group may have changed rows since: read those from the
    /// connection.
    #[must_use]
    pub fn mirror(&self) -> &Mirror {
        self.mirror
    }
}

type Done = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

struct Job {
    run: Box<dyn FnOnce(&Tx<'_>) -> Done + Send>,
}

struct State {
    jobs: VecDeque<Job>,
    /// A blocking task drains the queue.
    draining: bool,
    closed: bool,
    /// The drain waits for the queue to grow to this length.
    awaited: Option<usize>,
}

struct Shared {
    state: Mutex<State>,
    grown: Condvar,
    connection: Mutex<Connection>,
    mirror: Arc<Mirror>,
}

pub(super) struct Queue {
    shared: Arc<Shared>,
    /// Where drains run: the runtime that opened the store, which outlives those that only write to it (the public door
    /// has one of its own). A drain that a dying runtime dropped unstarted would leave `draining` set for ever.
    home: tokio::runtime::Handle,
}

impl Queue {
    pub(super) fn new(connection: Connection, mirror: Arc<Mirror>) -> Self {
        let state = State { jobs: VecDeque::new(), draining: false, closed: false, awaited: None };
        let shared =
            Shared { state: Mutex::new(state), grown: Condvar::new(), connection: Mutex::new(connection), mirror };
        Self { shared: Arc::new(shared), home: tokio::runtime::Handle::current() }
    }

    pub(super) async fn submit<T, F>(&self, work: F, savepoint: bool) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (answer, result) = oneshot::channel();
        let run = Box::new(move |tx: &Tx<'_>| -> Done {
            let outcome = if savepoint { in_savepoint(tx, work) } else { work(tx) };
            Box::new(move |commit| {
                let _ = answer.send(match commit {
                    Ok(()) => outcome,
                    // The work's own refusal is the better news.
                    Err(e) => outcome.and(Err(e)),
                });
            })
        });
        let start = {
            let mut state = self.shared.state.lock().map_err(|_| StoreError::Broken)?;
            if state.closed {
                return Err(StoreError::Stopping);
            }
            state.jobs.push_back(Job { run });
            if state.awaited.is_some_and(|length| state.jobs.len() >= length) {
                state.awaited = None;
                self.shared.grown.notify_one();
            }
            !std::mem::replace(&mut state.draining, true)
        };
        if start {
            let shared = self.shared.clone();
            self.home.spawn_blocking(move || drain(&shared));
        }
        result.await.map_err(|_| StoreError::Broken)?
    }

    pub(super) async fn close(&self) {
        if let Ok(mut state) = self.shared.state.lock() {
            state.closed = true;
        }
        let shared = self.shared.clone();
        // The connection's lock is free only when the drain is over.
        let _ = tokio::task::spawn_blocking(move || {
            drain(&shared);
            if let Ok(connection) = shared.connection.lock() {
                let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
            }
        })
        .await;
    }
}

fn drain(shared: &Shared) {
    // A panic inside a job is caught below; the connection behind a poisoned lock is whole.
    let connection = shared.connection.lock().unwrap_or_else(PoisonError::into_inner);
    let mut group = Vec::with_capacity(64);
    let mut company = 0;
    loop {
        {
            let Ok(mut state) = shared.state.lock() else { return };
            if company >= COMPANY && state.jobs.len() < company && !state.closed {
                state.awaited = Some(company);
                match shared.grown.wait_timeout(state, MOMENT) {
                    Ok((waited, _)) => state = waited,
                    Err(_) => return,
                }
                state.awaited = None;
            }
            let take = state.jobs.len().min(MAX_GROUP);
            group.extend(state.jobs.drain(..take));
            if group.is_empty() {
                state.draining = false;
                return;
            }
        }
        company = group.len();
        commit_group(&connection, &shared.mirror, &mut group);
    }
}

fn commit_group(connection: &Connection, mirror: &Mirror, group: &mut Vec<Job>) {
    let begun = connection.prepare_cached("BEGIN IMMEDIATE").and_then(|mut s| s.execute([]));
    let tx = Tx { connection, patches: RefCell::new(Vec::new()), seen: RefCell::new(Vec::new()), mirror };
    let mut done: Vec<Done> = Vec::with_capacity(group.len());
    match begun {
        Ok(_) => {
            for job in group.drain(..) {
                // A full disk can make SQLite roll the whole transaction back under us; what ran after that would be
                // committed statement by statement. The rest is dropped, which answers `Broken`.
                if connection.is_autocommit() {
                    break;
                }
                // What a panicking job wrote cannot be told from the rest of its group: all of it goes.
                match catch_unwind(AssertUnwindSafe(|| (job.run)(&tx))) {
                    Ok(answer) => done.push(answer),
                    Err(_) => {
                        tracing::error!("a store job panicked; the whole group is rolled back");
                        let _ = connection.execute_batch("ROLLBACK");
                        break;
                    }
                }
            }
        }
        Err(e) => {
            // The jobs never ran; dropping them answers `Broken`, so tell the log why.
            tracing::error!(error = %StoreError::from(e), "no transaction could be begun");
            group.clear();
            return;
        }
    }
    let committed = if connection.is_autocommit() {
        Err(StoreError::RolledBack)
    } else {
        connection.prepare_cached("COMMIT").and_then(|mut s| s.execute([])).map(|_| ()).map_err(StoreError::from)
    };
    match &committed {
        Ok(()) => mirror.apply(tx.patches.into_inner()),
        Err(e) => {
            tracing::error!(error = %e, "a commit failed and was rolled back");
            // Before the next group is taken: WeChat's repeat of a message must be stored then.
            super::tables::inbox::forget(mirror, &tx.seen.take());
            if !connection.is_autocommit() {
                let _ = connection.execute_batch("ROLLBACK");
            }
        }
    }
    for answer in done {
        answer(committed.clone());
    }
}

fn in_savepoint<T>(tx: &Tx<'_>, work: impl FnOnce(&Tx<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
    tx.prepare_cached("SAVEPOINT job")?.execute([])?;
    let before = tx.patches.borrow().len();
    let seen_before = tx.seen.borrow().len();
    let outcome = work(tx);
    let end = match &outcome {
        Ok(_) => tx.prepare_cached("RELEASE job").and_then(|mut s| s.execute([])),
        Err(_) => {
            tx.patches.borrow_mut().truncate(before);
            let undone = tx.seen.borrow_mut().split_off(seen_before);
            super::tables::inbox::forget(tx.mirror, &undone);
            tx.prepare_cached("ROLLBACK TO job")
                .and_then(|mut s| s.execute([]))
                .and_then(|_| tx.prepare_cached("RELEASE job"))
                .and_then(|mut s| s.execute([]))
        }
    };
    // A full disk may have rolled back the whole transaction already; the commit then fails for everyone.
    match (outcome, end) {
        (Ok(value), Ok(_)) => Ok(value),
        (Ok(_), Err(e)) => Err(e.into()),
        (Err(e), _) => Err(e),
    }
}
