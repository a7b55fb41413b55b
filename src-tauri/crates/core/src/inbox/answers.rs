//! What is answered to pushes: what was asked of business servers a moment ago, and what is kept of an answer.
//!
//! Owns no decision. Invariants: a business server is asked once for a push, however often WeChat sends it; what is kept
//! is written behind the answer, so nothing here holds one up.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use crate::core::Core;
use crate::dto::PushAnswer;
use crate::forward::Asked;
use crate::store::StoreError;
use crate::store::tables::push_answer::{self, AnswerRow};

/// What a business server said is remembered so long for WeChat's repeats, ms. They come within 20 s.
const REMEMBERED: i64 = 60_000;
/// Turns that are remembered at most.
const TURNS: usize = 20_000;
/// Answers that wait to be written are at most so many; beyond it new ones are not kept.
const WAITING: usize = 20_000;
/// They are written so often, ms: often enough for a page that shows them, seldom enough to share a commit.
const EVERY: i64 = 250;
/// Rows a transaction.
const BATCH: usize = 500;

/// What a business server said, as soon as it has.
pub(super) type Said = watch::Receiver<Option<Asked>>;
/// Tells it.
pub(super) type Tell = watch::Sender<Option<Asked>>;

/// A push is told apart by its platform's row id and its identity.
pub(super) type Key = (i64, i64);

/// Whose turn it is to ask for a push.
pub(super) enum Turn {
    /// Ours. Dropped without a word, the turn is free again.
    Ours(Tell),
    /// Another of WeChat's attempts has it, or had it a moment ago.
    Theirs(Said),
}

/// What was asked, and when, ms, oldest first in `order`.
#[derive(Debug, Default)]
struct Turns {
    said: HashMap<Key, (i64, Said)>,
    order: VecDeque<(i64, Key)>,
}

/// Answers of the last moments. One an engine.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    waiting: Mutex<HashMap<i64, AnswerRow>>,
    asked: Mutex<Turns>,
    wake: Notify,
    /// The newest push of the last run: what was asked for it and those before is not known.
    before: AtomicI64,
}

impl Answers {
    fn waiting(&self) -> MutexGuard<'_, HashMap<i64, AnswerRow>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an answer.
    pub(super) fn keep(&self, row: AnswerRow) {
        let mut waiting = self.waiting();
        if waiting.len() >= WAITING {
            return;
        }
        match waiting.get_mut(&row.push_id) {
            // The push was repeated before its answer was ready.
            Some(known) if known.took_ms.is_none() => *known = AnswerRow { repeats: known.repeats, ..row },
            Some(_) => {}
            None => {
                waiting.insert(row.push_id, row);
            }
        }
        drop(waiting);
        self.wake.notify_one();
    }

    /// WeChat sent a push again.
    pub(super) fn repeated(&self, push_id: i64) {
        let mut waiting = self.waiting();
        if waiting.len() < WAITING {
            let row = waiting.entry(push_id).or_insert_with(|| AnswerRow {
                push_id,
                answer: PushAnswer::Success,
                took_ms: None,
                repeats: 0,
                reply: None,
                target_id: None,
                trouble: None,
            });
            row.repeats += 1;
        }
        drop(waiting);
        self.wake.notify_one();
    }

    /// Takes the turn to ask a business server for a push, before it is stored.
    pub(super) fn turn(&self, key: Key, now: i64) -> Turn {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let Turns { said, order } = &mut *asked;
        while let Some((at, oldest)) = order.front()
            && ((now - *at).abs() >= REMEMBERED || order.len() >= TURNS)
        {
            // The same push may have had another turn since.
            if said.get(oldest).is_some_and(|(turn_at, _)| turn_at == at) {
                said.remove(oldest);
            }
            order.pop_front();
        }
        // A turn that was given up has a closed channel and no value.
        if let Some((_, theirs)) = said.get(&key)
            && (theirs.borrow().is_some() || is_open(theirs))
        {
            return Turn::Theirs(theirs.clone());
        }
        let (tell, ours) = watch::channel(None);
        said.insert(key, (now, ours));
        order.push_back((now, key));
        Turn::Ours(tell)
    }

    /// Whether a push came in this run of the program, so that it is known what was asked for it.
    pub(super) fn is_of_this_run(&self, push_id: i64) -> bool {
        push_id > self.before.load(Ordering::Relaxed)
    }

    /// The newest push as the program starts.
    pub(crate) fn begins_after(&self, push_id: i64) {
        self.before.store(push_id, Ordering::Relaxed);
    }

    fn take(&self) -> Vec<AnswerRow> {
        let mut waiting = self.waiting();
        let ids: Vec<i64> = waiting.keys().copied().take(BATCH).collect();
        ids.iter().filter_map(|id| waiting.remove(id)).collect()
    }
}

fn is_open(said: &Said) -> bool {
    said.has_changed().is_ok()
}

impl Core {
    /// Writes what was gathered. What the store does not take is lost: it is a record, and no push.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn flush_answers(&self) -> Result<(), StoreError> {
        loop {
            let rows = self.answers().take();
            if rows.is_empty() {
                return Ok(());
            }
            self.store().write(move |tx| rows.iter().try_for_each(|row| push_answer::put(tx, row))).await?;
            self.changes().tell(["inbox"]);
        }
    }
}

/// Writes what was gathered every so often, for ever.
pub(crate) async fn run(core: Core) {
    loop {
        core.answers().wake.notified().await;
        core.clock().sleep(EVERY).await;
        if let Err(error) = core.flush_answers().await {
            tracing::warn!(%error, "what was answered could not be kept");
        }
    }
}
