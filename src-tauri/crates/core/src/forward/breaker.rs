//! The circuit breaker of a business server: one that fails again and again is left alone for a while. Pure.
//!
//! Invariants: while it is open nothing is sent; one probe at a time finds out whether the server is back; every probe
//! that began ends, well, badly or abandoned.

use super::backoff::{FAILURES, pause};

/// What a request may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// Go.
    Go,
    /// Go, and find out whether the server is back.
    Probe,
    /// Not before this time, ms; none: a probe is under way.
    Wait(Option<i64>),
}

/// What it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Requests go.
    Closed,
    /// None goes.
    Open,
    /// One is under way.
    Probing,
}

/// Failures in a row, and what follows from them.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    /// Open until, ms.
    until: Option<i64>,
    probing: bool,
    failed_probes: u32,
}

impl Breaker {
    /// May a request go now?
    pub(super) fn ask(&mut self, now: i64) -> Pass {
        match self.until {
            None => Pass::Go,
            Some(_) if self.probing => Pass::Wait(None),
            // A pause that ends later than any can comes from before the clock was put back.
            Some(until) if until > now && until - now <= pause(u32::MAX) => Pass::Wait(Some(until)),
            Some(_) => {
                self.probing = true;
                Pass::Probe
            }
        }
    }

    /// A request was answered well.
    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// A request failed. Answers true when that opened it, or kept it open.
    pub(super) fn failed(&mut self, probe: bool, now: i64) -> bool {
        self.failures = self.failures.saturating_add(1);
        if probe {
            self.probing = false;
            self.failed_probes = self.failed_probes.saturating_add(1);
            self.until = Some(now + pause(self.failed_probes));
            return true;
        }
        // Requests that were under way when it opened say nothing new.
        if self.until.is_none() && self.failures >= FAILURES {
            self.until = Some(now + pause(0));
            return true;
        }
        false
    }

    /// A request ended without saying anything of the server.
    pub(super) fn abandoned(&mut self, probe: bool) {
        if probe {
            self.probing = false;
        }
    }

    pub(super) fn state(&self) -> State {
        match (self.until, self.probing) {
            (None, _) => State::Closed,
            (Some(_), true) => State::Probing,
            (Some(_), false) => State::Open,
        }
    }

    /// Left alone until, ms.
    pub(super) fn until(&self) -> Option<i64> {
        self.until.filter(|_| !self.probing)
    }

    /// Failures in a row.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_in_a_row_open_it_and_one_probe_closes_it() {
        let mut b = Breaker::default();
        for _ in 0..4 {
            assert!(!b.failed(false, 0));
        }
        b.succeeded();
        for _ in 0..4 {
            assert!(!b.failed(false, 0));
        }
        assert_eq!((b.ask(0), b.state()), (Pass::Go, State::Closed));
        assert!(b.failed(false, 1_000));
        assert_eq!((b.ask(1_000), b.until()), (Pass::Wait(Some(16_000)), Some(16_000)));
        // One that was under way makes it no longer.
        assert!(!b.failed(false, 9_000));
        assert_eq!((b.ask(15_999), b.state()), (Pass::Wait(Some(16_000)), State::Open));
        assert_eq!((b.ask(16_000), b.ask(16_000), b.state()), (Pass::Probe, Pass::Wait(None), State::Probing));
        b.succeeded();
        assert_eq!((b.ask(16_000), b.state(), b.failures()), (Pass::Go, State::Closed, 0));
    }

    #[test]
    fn each_failed_probe_doubles_the_pause_up_to_five_minutes() {
        let mut b = Breaker::default();
        let mut now = 0;
        for _ in 0..5 {
            b.failed(false, now);
        }
        for expected in [15_000, 30_000, 60_000, 120_000, 240_000, 300_000, 300_000] {
            let until = b.until().unwrap();
            assert_eq!(until - now, expected);
            now = until;
            assert_eq!(b.ask(now), Pass::Probe);
            assert!(b.failed(true, now));
        }
    }

    #[test]
    fn an_abandoned_probe_leaves_room_for_another_and_a_clock_put_back_holds_nobody() {
        let mut b = Breaker::default();
        for _ in 0..5 {
            b.failed(false, 100_000_000);
        }
        assert_eq!(b.ask(100_015_000), Pass::Probe);
        b.abandoned(true);
        assert_eq!(b.ask(100_015_000), Pass::Probe);
        b.abandoned(true);
        assert_eq!(b.ask(0), Pass::Probe);
    }
}
