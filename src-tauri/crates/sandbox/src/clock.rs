//! Owns: the clocks that carriers of the sandbox run on. The only file here that reads a system clock or sleeps.
//! Must not: be used by `platform` and what it owns; those are given the time.
//! Invariant: `sleep_ms` returns once `now_ms` has advanced by that much, however the clock came there.

#![expect(clippy::disallowed_methods, reason = "this file is where time comes from")]

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use wechat::BoxFuture;

/// Time as the sandbox sees it.
pub trait SandboxClock: Send + Sync {
    /// Milliseconds since 1970.
    fn now_ms(&self) -> i64;
    /// Waits `ms` milliseconds of this clock.
    fn sleep_ms(&self, ms: u64) -> BoxFuture<'_, ()>;
    /// Waits as long as a carrier takes: the time limit of a push, a slow answer. Unlike a deadline it is not cut short
    /// when the clock is moved by hand, because the other side lives in real time.
    fn hold_ms(&self, ms: u64) -> BoxFuture<'_, ()> {
        self.sleep_ms(ms)
    }
    /// Milliseconds on a watch that measures how long a carrier takes. Moving the clock by hand does not touch it.
    fn watch_ms(&self) -> i64 {
        self.now_ms()
    }
}

/// tokio's own time from a given start: for tests under a paused clock.
#[derive(Debug)]
pub struct TokioClock {
    start: Instant,
    start_ms: i64,
}

impl TokioClock {
    /// A clock that shows `start_ms` now.
    pub fn starting_at(start_ms: i64) -> Self {
        Self { start: Instant::now(), start_ms }
    }
}

impl SandboxClock for TokioClock {
    fn now_ms(&self) -> i64 {
        self.start_ms + self.start.elapsed().as_millis() as i64
    }

    fn sleep_ms(&self, ms: u64) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(Duration::from_millis(ms)))
    }
}

/// Nobody sleeps longer than this in one piece; a suspended laptop is noticed at the next look.
const LONGEST_SLEEP_MS: i64 = 30_000;

/// Real time plus an offset that can be moved forward while it runs.
#[derive(Debug, Default)]
pub struct AdjustableClock {
    offset_ms: AtomicI64,
    moved: Notify,
    /// Serialises moves, so that two at once add up.
    moving: Mutex<()>,
    watch: OnceLock<std::time::Instant>,
}

impl AdjustableClock {
    /// Real time plus `offset_ms`.
    pub fn with_offset(offset_ms: i64) -> Self {
        Self { offset_ms: AtomicI64::new(offset_ms), ..Self::default() }
    }

    /// The offset now, in milliseconds.
    pub fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::SeqCst)
    }

    /// Moves the clock by `ms` (backwards too) and wakes whoever sleeps on it.
    pub fn advance(&self, ms: i64) {
        let _held = self.moving.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let moved = self.offset_ms().saturating_add(ms);
        self.offset_ms.store(moved, Ordering::SeqCst);
        self.moved.notify_waiters();
    }
}

impl SandboxClock for AdjustableClock {
    fn now_ms(&self) -> i64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        since.as_millis() as i64 + self.offset_ms()
    }

    fn hold_ms(&self, ms: u64) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(Duration::from_millis(ms)))
    }

    fn watch_ms(&self) -> i64 {
        self.watch.get_or_init(std::time::Instant::now).elapsed().as_millis() as i64
    }

    fn sleep_ms(&self, ms: u64) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let until = self.now_ms().saturating_add(i64::try_from(ms).unwrap_or(i64::MAX));
            loop {
                // Registered before the look at the clock, so a move in between is not missed.
                let moved = self.moved.notified();
                let left = (until - self.now_ms()).min(LONGEST_SLEEP_MS);
                if left <= 0 {
                    return;
                }
                tokio::select! {
                    () = moved => {}
                    () = tokio::time::sleep(Duration::from_millis(left.unsigned_abs())) => {}
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sleeper_wakes_when_the_clock_is_moved() {
        let clock = std::sync::Arc::new(AdjustableClock::default());
        let sleeper = std::sync::Arc::clone(&clock);
        let waiting = tokio::spawn(async move { sleeper.sleep_ms(3_600_000).await });
        while !waiting.is_finished() {
            tokio::task::yield_now().await;
            clock.advance(600_000);
        }
        assert!(clock.offset_ms() >= 3_600_000);
    }
}
