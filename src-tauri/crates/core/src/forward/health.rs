//! How a business server fared in the last hour. In memory only.

use std::collections::VecDeque;

use crate::dto::DeliveryError;

const MINUTE: i64 = 60_000;
/// Minutes that are counted.
const MINUTES: i64 = 60;
/// Answer times that are remembered.
const TIMES: usize = 512;

/// Figures of one target since the start.
#[derive(Debug, Default)]
pub(super) struct Health {
    /// (minute, requests, failed), oldest first.
    minutes: VecDeque<(i64, i64, i64)>,
    /// (when, took), ms, oldest first.
    times: VecDeque<(i64, i64)>,
    pub last_success_at: Option<i64>,
    pub last_failure_at: Option<i64>,
    /// With the HTTP status.
    pub last_error: Option<(DeliveryError, Option<u16>)>,
    /// The last request was answered well; none before the first.
    pub last_ok: Option<bool>,
}

/// The last hour.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Hour {
    pub count: i64,
    pub failed: i64,
    pub p50_ms: Option<i64>,
    pub p99_ms: Option<i64>,
}

impl Health {
    /// A request ended at `now`.
    pub(super) fn note(&mut self, now: i64, took_ms: i64, error: Option<DeliveryError>, status: Option<u16>) {
        let minute = now / MINUTE;
        match self.minutes.back_mut() {
            Some(last) if last.0 == minute => {
                last.1 += 1;
                last.2 += i64::from(error.is_some());
            }
            _ => {
                self.minutes.push_back((minute, 1, i64::from(error.is_some())));
                if self.minutes.len() > 2 * MINUTES as usize {
                    self.minutes.pop_front();
                }
            }
        }
        self.times.push_back((now, took_ms));
        if self.times.len() > TIMES {
            self.times.pop_front();
        }
        self.last_ok = Some(error.is_none());
        match error {
            None => self.last_success_at = Some(now),
            Some(error) => {
                self.last_failure_at = Some(now);
                self.last_error = Some((error, status));
            }
        }
    }

    pub(super) fn hour(&self, now: i64) -> Hour {
        let within = |minute: i64| minute > now / MINUTE - MINUTES && minute <= now / MINUTE;
        let mut hour = Hour::default();
        for (_, count, failed) in self.minutes.iter().filter(|(minute, ..)| within(*minute)) {
            hour.count += count;
            hour.failed += failed;
        }
        let mut times: Vec<i64> = self.times.iter().filter(|(at, _)| within(at / MINUTE)).map(|(_, t)| *t).collect();
        times.sort_unstable();
        let at = |percent: usize| times.get((times.len() * percent).div_ceil(100).max(1) - 1).copied();
        hour.p50_ms = at(50);
        hour.p99_ms = at(99);
        hour
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_counted_and_older_requests_are_not() {
        let mut health = Health::default();
        assert_eq!(health.hour(0), Hour::default());
        let start = 1_767_225_600_000;
        for n in 1..=100 {
            let error = (n % 10 == 0).then_some(DeliveryError::Timeout);
            health.note(start + n * 1_000, n, error, None);
        }
        let hour = health.hour(start + 120_000);
        assert_eq!((hour.count, hour.failed, hour.p50_ms, hour.p99_ms), (100, 10, Some(50), Some(99)));
        assert_eq!((health.last_ok, health.last_success_at), (Some(false), Some(start + 99_000)));
        assert_eq!(health.hour(start + 2 * 3_600_000), Hour::default());
        for n in 0..10_000 {
            health.note(start + n * MINUTE, 1, None, None);
        }
        assert!(health.minutes.len() <= 120 && health.times.len() <= TIMES);
    }
}
