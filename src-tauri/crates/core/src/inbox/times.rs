//! How fast pushes were answered, minute by minute, for the last hour.
//!
//! Owns counters in memory; a new start begins anew. Invariant: noting an answer takes a few atomic additions and a lock
//! only once a minute, since every push is noted. Counts that fall into the moment in which a minute's place is cleared
//! may be lost; nothing is decided by them.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::core::Core;
use crate::dto::AnswerMinute;

/// An answer that took so long is called slow, ms.
pub(crate) const SLOW_MS: i64 = 1_000;
/// No answer takes longer, ms: WeChat waits 5 s, and the way back takes its part.
pub(crate) const BUDGET_MS: i64 = 4_500;

const MINUTE: i64 = 60_000;
/// Minutes that are kept.
const MINUTES: i64 = 60;
/// Each ms below this has a bucket of its own.
const FINE: i64 = 16;
/// Buckets between two powers of two above it.
const STEPS: i64 = 8;
/// 16 fine ones, and 8 for each of the ten powers of two up to 16 s; the last one takes the rest.
const BUCKETS: usize = 16 + 8 * 10;

/// Answer times of one minute.
#[derive(Debug)]
struct Place {
    /// Which minute since 1970; -1 for none.
    minute: AtomicI64,
    count: AtomicI64,
    slow: AtomicI64,
    late: AtomicI64,
    slowest: AtomicI64,
    buckets: [AtomicU32; BUCKETS],
}

impl Default for Place {
    fn default() -> Self {
        Self {
            minute: AtomicI64::new(-1),
            count: AtomicI64::new(0),
            slow: AtomicI64::new(0),
            late: AtomicI64::new(0),
            slowest: AtomicI64::new(0),
            buckets: std::array::from_fn(|_| AtomicU32::new(0)),
        }
    }
}

impl Place {
    fn clear(&self) {
        for counter in [&self.count, &self.slow, &self.late, &self.slowest] {
            counter.store(0, Ordering::Relaxed);
        }
        for bucket in &self.buckets {
            bucket.store(0, Ordering::Relaxed);
        }
    }
}

/// Answer times of the last hour.
#[derive(Debug)]
pub struct AnswerTimes {
    places: Vec<Place>,
    /// Held while a place is taken for another minute.
    turning: Mutex<()>,
}

impl Default for AnswerTimes {
    fn default() -> Self {
        Self { places: (0..MINUTES).map(|_| Place::default()).collect(), turning: Mutex::new(()) }
    }
}

/// What the last hour came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Hour {
    /// Oldest first, without empty minutes.
    pub minutes: Vec<AnswerMinute>,
    /// ms; none when nothing was answered.
    pub p50_ms: Option<i64>,
    /// The same, of 99 in 100.
    pub p99_ms: Option<i64>,
}

impl AnswerTimes {
    /// A push was answered at `now_ms` (ms since 1970) after `took_ms`.
    pub fn note(&self, now_ms: i64, took_ms: i64) {
        let minute = now_ms.div_euclid(MINUTE);
        let at = usize::try_from(minute.rem_euclid(MINUTES)).unwrap_or(0);
        let Some(place) = self.places.get(at) else { return };
        if place.minute.load(Ordering::Acquire) != minute {
            let _turn = self.turning.lock().unwrap_or_else(PoisonError::into_inner);
            if place.minute.load(Ordering::Acquire) != minute {
                place.clear();
                place.minute.store(minute, Ordering::Release);
            }
        }
        let took = took_ms.max(0);
        place.count.fetch_add(1, Ordering::Relaxed);
        if took >= SLOW_MS {
            place.slow.fetch_add(1, Ordering::Relaxed);
        }
        if took >= BUDGET_MS {
            place.late.fetch_add(1, Ordering::Relaxed);
        }
        place.slowest.fetch_max(took, Ordering::Relaxed);
        if let Some(bucket) = place.buckets.get(bucket_of(took)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The hour before `now_ms` (ms since 1970).
    pub(crate) fn hour(&self, now_ms: i64) -> Hour {
        let this = now_ms.div_euclid(MINUTE);
        let mut minutes = Vec::new();
        let mut buckets = [0_i64; BUCKETS];
        let mut slowest = 0;
        for place in &self.places {
            let minute = place.minute.load(Ordering::Acquire);
            let count = place.count.load(Ordering::Relaxed);
            if minute <= this - MINUTES || minute > this || count == 0 {
                continue;
            }
            let slowest_ms = place.slowest.load(Ordering::Relaxed);
            slowest = slowest.max(slowest_ms);
            for (sum, bucket) in buckets.iter_mut().zip(&place.buckets) {
                *sum += i64::from(bucket.load(Ordering::Relaxed));
            }
            minutes.push(AnswerMinute {
                at: minute * MINUTE,
                count,
                slow: place.slow.load(Ordering::Relaxed),
                late: place.late.load(Ordering::Relaxed),
                slowest_ms,
            });
        }
        minutes.sort_by_key(|minute| minute.at);
        let at = |hundredths: i64| quantile(&buckets, hundredths).map(|ms| ms.min(slowest));
        Hour { p50_ms: at(50), p99_ms: at(99), minutes }
    }
}

fn bucket_of(took: i64) -> usize {
    if took < FINE {
        return usize::try_from(took).unwrap_or(0);
    }
    // 4 for 16–31, 5 for 32–63, …
    let power = i64::from(took.ilog2());
    let step = (took >> (power - 3)) - STEPS;
    usize::try_from(FINE + (power - 4) * STEPS + step).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

/// The longest time that falls into a bucket, ms.
fn top_of(bucket: usize) -> i64 {
    let bucket = i64::try_from(bucket).unwrap_or(0);
    if bucket < FINE {
        return bucket;
    }
    let (power, step) = ((bucket - FINE) / STEPS + 4, (bucket - FINE) % STEPS);
    ((STEPS + step + 1) << (power - 3)) - 1
}

fn quantile(buckets: &[i64; BUCKETS], hundredths: i64) -> Option<i64> {
    let all: i64 = buckets.iter().sum();
    if all == 0 {
        return None;
    }
    let wanted = ((all * hundredths + 99) / 100).max(1);
    let mut seen = 0;
    buckets.iter().enumerate().find_map(|(at, count)| {
        seen += count;
        (seen >= wanted).then(|| top_of(at))
    })
}

impl Core {
    /// How fast pushes were answered.
    #[must_use]
    pub fn answer_times(&self) -> &AnswerTimes {
        self.door().answers()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: i64 = 1_767_225_600_000;

    #[test]
    fn buckets_follow_one_another_and_are_an_eighth_wide() {
        let mut last = 0;
        for ms in 0..40_000 {
            let bucket = bucket_of(ms);
            assert!(bucket == last || bucket == last + 1, "{ms} in {bucket} after {last}");
            last = bucket;
            if ms < 16_384 {
                assert!(ms <= top_of(bucket), "{ms} above {}", top_of(bucket));
                assert!(top_of(bucket) - ms <= ms / 8, "{ms} far below {}", top_of(bucket));
            }
        }
        assert_eq!(last, BUCKETS - 1);
        assert_eq!(bucket_of(i64::MAX), BUCKETS - 1);
    }

    #[test]
    fn an_hour_is_shown_and_older_minutes_are_gone() {
        let times = AnswerTimes::default();
        assert_eq!(times.hour(T0), Hour::default());
        for n in 0..99 {
            times.note(T0 + n, 3);
        }
        times.note(T0 + MINUTE, 1_000);
        times.note(T0 + MINUTE, 4_500);
        times.note(T0 + MINUTE, -5);
        let hour = times.hour(T0 + MINUTE);
        assert_eq!(hour.minutes[0], AnswerMinute { at: T0, count: 99, slow: 0, late: 0, slowest_ms: 3 });
        assert_eq!(hour.minutes[1], AnswerMinute { at: T0 + MINUTE, count: 3, slow: 2, late: 1, slowest_ms: 4_500 });
        assert_eq!((hour.p50_ms, hour.p99_ms), (Some(3), Some(1_023)));
        // The place of the first minute is taken again.
        times.note(T0 + 60 * MINUTE, 7);
        let hour = times.hour(T0 + 60 * MINUTE);
        assert_eq!(hour.minutes.iter().map(|m| m.count).collect::<Vec<_>>(), [3, 1]);
        assert_eq!(times.hour(T0 + 61 * MINUTE).minutes.len(), 1);
        // A clock that went back is not shown the future.
        assert_eq!(times.hour(T0).minutes, []);
    }

    #[test]
    fn many_threads_lose_nothing_within_a_minute() {
        let times = AnswerTimes::default();
        times.note(T0, 0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10_000).for_each(|n| times.note(T0 + 1, n % 50)));
            }
        });
        assert_eq!(times.hour(T0).minutes[0].count, 40_001);
    }
}
