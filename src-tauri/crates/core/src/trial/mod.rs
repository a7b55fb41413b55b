//! "Try the API": any call with an account's interface token, and what came of it.
//!
//! Owns: which calls are allowed, the forms, what of a call and its answer is shown and kept. Must not: send a call
//! twice, or renew a token because one was refused; a person looks at what WeChat said. Invariants: the token leaves this
//! module in a request only; what is shown and stored is masked; a whole answer is in memory alone, for ten minutes.

pub(crate) mod forms;
mod mask;
mod request;
mod shown;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use wechat::secret::SecretString;

pub(crate) use request::call;
pub(crate) use shown::{Reading, of_failure, read};

/// A whole answer can be asked for so long, ms.
pub(crate) const KEPT: i64 = 600_000;
/// Whole answers in memory at most: of 8 MiB each at worst.
const MOST_KEPT: usize = 8;

/// Whole answers, by row id, until when (ms).
#[derive(Debug, Default)]
pub(crate) struct Answers(Mutex<HashMap<i64, (SecretString, i64)>>);

impl Answers {
    fn held(&self) -> std::sync::MutexGuard<'_, HashMap<i64, (SecretString, i64)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an answer for ten minutes.
    pub(crate) fn keep(&self, id: i64, answer: SecretString, now: i64) {
        self.forget_old(now);
        let mut held = self.held();
        if held.len() >= MOST_KEPT
            && let Some(oldest) = held.iter().min_by_key(|(id, (_, until))| (*until, **id)).map(|(id, _)| *id)
        {
            held.remove(&oldest);
        }
        held.insert(id, (answer, now + KEPT));
    }

    /// A whole answer and until when it is kept, ms.
    pub(crate) fn get(&self, id: i64, now: i64) -> Option<(SecretString, i64)> {
        self.forget_old(now);
        self.held().get(&id).cloned()
    }

    /// Drops what has had its ten minutes, also after the clock went back.
    pub(crate) fn forget_old(&self, now: i64) {
        self.held().retain(|_, (_, until)| (now..=now + KEPT).contains(until) && *until > now);
    }

    /// Drops all.
    pub(crate) fn clear(&self) {
        self.held().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_answers_are_kept_ten_minutes_and_few_at_once() {
        let answers = Answers::default();
        answers.keep(1, "one".into(), 0);
        assert_eq!(answers.get(1, KEPT - 1).unwrap().1, KEPT);
        assert!(answers.get(1, KEPT).is_none());
        answers.keep(2, "two".into(), KEPT);
        assert!(answers.get(2, 0).is_none(), "a clock that went back keeps nothing longer");
        for id in 3..20 {
            answers.keep(id, "more".into(), id);
        }
        assert!(answers.get(11, 20).is_none() && answers.get(19, 20).is_some());
        answers.clear();
        assert!(answers.get(19, 20).is_none());
    }
}
