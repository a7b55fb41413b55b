//! What is answered to pushes: what was asked of business servers a moment ago, and what is kept of an answer.
//!
//! Owns no decision. Invariants: a business server is asked once for a push, however often WeChat sends it; what is kept
//! is written behind the answer, so nothing here holds one up.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use crate::core::Core;
use crate::dto::PushAnswer;
use crate::forward::Asked;
use crate::store::StoreError;
use crate::store::tables::push_answer::{self, AnswerRow};

/// No answer takes longer, ms, from the request's head to the answer. WeChat waits 5 s (protocol L); the rest is the way.
pub(crate) const BUDGET: i64 = 4_500;
/// An answer slower than this is shown as slow, ms.
pub(crate) const SLOW: i64 = 1_000;
/// What a business server said is remembered so long for WeChat's repeats, ms. They come within 20 s.
const REMEMBERED: i64 = 60_000;
/// Answers that wait to be written are at most so many; beyond it new ones are not kept.
const WAITING: usize = 20_000;
/// They are written so often, ms: often enough for a page that shows them, seldom enough to share a commit.
const EVERY: i64 = 250;
/// Rows a transaction.
const BATCH: usize = 500;

/// What a business server said, as soon as it has.
pub(super) type Said = watch::Receiver<Option<Asked>>;

/// Answers of the last moments. One an engine.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    waiting: Mutex<HashMap<i64, AnswerRow>>,
    asked: Mutex<HashMap<i64, (i64, Said)>>,
    wake: Notify,
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
            Some(known) => {
                let repeats = known.repeats.max(row.repeats);
                *known = AnswerRow { repeats, ..row };
            }
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
                took_ms: 0,
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

    /// A business server is being asked for this push.
    pub(super) fn asking(&self, push_id: i64, said: Said, now: i64) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.retain(|_, (at, _)| (now - *at).abs() < REMEMBERED);
        asked.insert(push_id, (now, said));
    }

    /// What was, or is being, asked for this push.
    pub(super) fn said(&self, push_id: i64) -> Option<Said> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.get(&push_id).map(|(_, said)| said.clone())
    }

    fn take(&self) -> Vec<AnswerRow> {
        let mut waiting = self.waiting();
        let ids: Vec<i64> = waiting.keys().copied().take(BATCH).collect();
        ids.iter().filter_map(|id| waiting.remove(id)).collect()
    }
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
