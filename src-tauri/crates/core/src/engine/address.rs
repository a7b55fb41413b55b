//! Platforms whose calls leave from an address that is not on WeChat's list (61004, 40164).
//!
//! All calls of such a platform would be refused alike, so one credential tries for all, on a ladder; its success opens
//! the way for the rest at once. Invariant: at most one flight is under way for a refused platform, besides what a
//! person asks for.

use std::collections::HashMap;

use crate::policy::{IP_CAP, IP_FIRST, ladder};

/// A recurrence within this of the last success goes on up the ladder, ms: the gate opened for something that WeChat
/// does not check against the list.
const RECURS: i64 = 600_000;

#[derive(Debug)]
struct Gate {
    tries: i64,
    next_at: i64,
    trying: Option<i64>,
    opened_at: Option<i64>,
}

/// Refused platforms by row id.
#[derive(Debug, Default)]
pub(crate) struct Refused(HashMap<i64, Gate>);

impl Refused {
    /// Not before then may this credential call, ms; `None` when the platform's address is not refused.
    pub fn until(&self, platform: i64, credential: i64) -> Option<i64> {
        let gate = self.0.get(&platform).filter(|g| g.opened_at.is_none())?;
        match gate.trying {
            Some(trying) if trying != credential => Some(i64::MAX),
            Some(_) => None,
            None => Some(gate.next_at),
        }
    }

    /// A flight of this credential starts: it tries for all.
    pub fn started(&mut self, platform: i64, credential: i64) {
        if let Some(gate) = self.0.get_mut(&platform) {
            gate.trying.get_or_insert(credential);
        }
    }

    /// WeChat refused the address. Answers whether that changes what others may do.
    pub fn refused(&mut self, platform: i64, credential: i64, now: i64) -> bool {
        let gate = self.0.entry(platform).or_insert(Gate { tries: 0, next_at: now, trying: None, opened_at: None });
        if gate.opened_at.is_some_and(|at| now - at > RECURS) {
            gate.tries = 0;
        }
        gate.opened_at = None;
        // Flights that were under way together are refused together: one step of the ladder for all of them.
        if gate.trying.is_none() && gate.next_at > now {
            return false;
        }
        if gate.trying.is_some_and(|trying| trying != credential) {
            return false;
        }
        gate.trying = None;
        gate.tries += 1;
        gate.next_at = now + ladder(platform, gate.tries, IP_FIRST, IP_CAP);
        true
    }

    /// The flight ended otherwise. Answers whether others may go again.
    pub fn ended(&mut self, platform: i64, credential: i64, passed: bool, now: i64) -> bool {
        let Some(gate) = self.0.get_mut(&platform) else { return false };
        if passed {
            gate.trying = None;
            return gate.opened_at.replace(now).is_none();
        }
        if gate.trying == Some(credential) {
            gate.trying = None;
            gate.next_at = now + ladder(platform, gate.tries.max(1), IP_FIRST, IP_CAP);
            return true;
        }
        false
    }

    /// The flights are lost: whoever tried, tries no more.
    pub fn nobody_tries(&mut self) {
        self.0.values_mut().for_each(|gate| gate.trying = None);
    }

    /// The operator changed the platform, its proxy or its endpoints: the next call tells.
    pub fn forget(&mut self, platform: i64) {
        self.0.remove(&platform);
    }

    /// Known from an earlier run: one try, now.
    pub fn remember(&mut self, platform: i64, now: i64) {
        self.0.entry(platform).or_insert(Gate { tries: 0, next_at: now, trying: None, opened_at: None });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_tries_for_all_and_success_opens_the_way() {
        let mut refused = Refused::default();
        assert_eq!(refused.until(1, 10), None);
        assert!(refused.refused(1, 10, 0));
        let first = refused.until(1, 11).unwrap();
        assert!((IP_FIRST..=IP_FIRST * 5 / 4).contains(&first), "{first}");
        assert!(!refused.refused(1, 11, 5), "a second flight that was under way is no new step");
        refused.started(1, 11);
        assert_eq!((refused.until(1, 11), refused.until(1, 10)), (None, Some(i64::MAX)));
        assert!(refused.refused(1, 11, first));
        let second = refused.until(1, 10).unwrap() - first;
        assert!(second >= IP_FIRST * 3 / 2, "{second}");
        refused.started(1, 10);
        assert!(refused.ended(1, 10, true, 500_000));
        assert_eq!(refused.until(1, 11), None);
        assert!(refused.refused(1, 11, 510_000));
        assert!(refused.until(1, 11).unwrap() - 510_000 > IP_FIRST * 2, "a recurrence goes on up the ladder");
    }

    #[test]
    fn the_ladder_ends_at_ten_minutes() {
        let mut refused = Refused::default();
        let mut now = 0;
        for _ in 0..20 {
            refused.started(1, 10);
            refused.refused(1, 10, now);
            let next = refused.until(1, 10).unwrap();
            assert!((IP_FIRST..=IP_CAP).contains(&(next - now)));
            now = next;
        }
    }

    #[test]
    fn a_try_that_did_not_get_through_gives_its_place_back() {
        let mut refused = Refused::default();
        refused.remember(1, 0);
        assert_eq!(refused.until(1, 10), Some(0));
        refused.started(1, 10);
        assert!(refused.ended(1, 10, false, 5));
        assert!(refused.until(1, 11).is_some_and(|at| at < i64::MAX));
        refused.forget(1);
        assert_eq!(refused.until(1, 10), None);
    }
}
