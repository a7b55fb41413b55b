//! Time, injected. The only place in this crate that asks the operating system for the time or sleeps.
//!
//! Invariant: deadlines are wall-clock milliseconds, and no single sleep is longer than [`MAX_SLEEP_MS`], so a jump of
//! the wall clock or a laptop's sleep is noticed within that time.

#![expect(clippy::disallowed_methods, reason = "this is the one module that may ask for the time")]

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use wechat::transport::BoxFuture;

/// No sleep is longer, so that clock jumps are seen soon (architecture, promise 7).
pub const MAX_SLEEP_MS: i64 = 30_000;

/// Wall clock, monotonic clock, and sleeping.
pub trait Clock: Send + Sync + 'static {
    /// Wall clock, ms since 1970.
    fn now(&self) -> i64;
    /// Monotonic ms since an arbitrary start; never goes back.
    fn monotonic(&self) -> i64;
    /// Sleeps so many ms, at most [`MAX_SLEEP_MS`].
    fn sleep(&self, ms: i64) -> BoxFuture<'static, ()>;
}

/// The operating system's clock.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> i64 {
        i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
    }
    fn monotonic(&self) -> i64 {
        i64::try_from(self.start.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
    fn sleep(&self, ms: i64) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(clamp(ms)))
    }
}

/// Simulated time: tokio's clock (paused in tests) plus an offset that a test may jump.
#[derive(Debug)]
pub struct SimClock {
    start: tokio::time::Instant,
    base_ms: i64,
    offset_ms: AtomicI64,
}

impl SimClock {
    /// Starts at `base_ms` (ms since 1970) now. Needs a tokio runtime.
    #[must_use]
    pub fn new(base_ms: i64) -> Self {
        Self { start: tokio::time::Instant::now(), base_ms, offset_ms: AtomicI64::new(0) }
    }
    /// Lets the wall clock jump by so many ms; the monotonic clock does not notice.
    pub fn jump(&self, ms: i64) {
        self.offset_ms.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for SimClock {
    fn now(&self) -> i64 {
        self.base_ms + self.monotonic() + self.offset_ms.load(Ordering::SeqCst)
    }
    fn monotonic(&self) -> i64 {
        i64::try_from(self.start.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
    fn sleep(&self, ms: i64) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(clamp(ms)))
    }
}

fn clamp(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms.clamp(0, MAX_SLEEP_MS)).unwrap_or(0))
}

/// A deadline that a poll function can look at.
pub(crate) fn deadline(after: Duration) -> std::pin::Pin<Box<tokio::time::Sleep>> {
    Box::pin(tokio::time::sleep(after))
}

/// Runs `future` for at most `ms`, or answers `None`. For the few waits that have a limit of their own.
pub async fn within<T>(ms: u64, future: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(Duration::from_millis(ms), future).await.ok()
}
