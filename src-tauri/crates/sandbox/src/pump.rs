//! Owns: carrying due pushes to a sink, with the time limit and the retries of B.1.
//! Must not: decide when a push is due; the platform does. Never sleeps longer than 30 s in one piece.
//! Invariant: a slow push does not hold up another; dropping the handle ends every delivery.

use std::sync::Arc;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::task::JoinHandle;
use wechat::BoxFuture;

use crate::clock::SandboxClock;
use crate::push::{Push, PushOutcome};
use crate::transport::{SharedPlatform, lock};

/// The answer to a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushReply {
    /// HTTP status.
    pub status: u16,
    /// The body; `success` or nothing when all is well.
    pub body: Vec<u8>,
}

impl PushReply {
    /// 200 `success`.
    pub fn success() -> Self {
        Self { status: 200, body: b"success".to_vec() }
    }
}

/// Where pushes go: an inbox in the same process, or HTTP.
pub trait PushSink: Send + Sync {
    /// Delivers one attempt. The error is a short reason, without secrets.
    fn deliver<'a>(&'a self, push: &'a Push) -> BoxFuture<'a, Result<PushReply, String>>;
}

/// The longest sleep in one piece; pushes queued meanwhile wake the pump anyway.
const LONGEST_SLEEP_MS: i64 = 30_000;

/// Delivers due pushes until it is dropped.
pub async fn pump(platform: SharedPlatform, clock: Arc<dyn SandboxClock>, sink: Arc<dyn PushSink>) {
    let signal = lock(&platform).push_signal();
    let mut under_way = FuturesUnordered::new();
    loop {
        let now = clock.now_ms();
        let (due, next, limit_ms) = {
            let mut platform = lock(&platform);
            let due = platform.due_pushes(now);
            (due, platform.next_push_ms(), platform.config().push_timeout_ms)
        };
        for push in due {
            under_way.push(deliver(Arc::clone(&sink), Arc::clone(&clock), push, limit_ms));
        }
        let wait = next.map_or(LONGEST_SLEEP_MS, |next| next.saturating_sub(now).clamp(1, LONGEST_SLEEP_MS));
        tokio::select! {
            Some(first) = under_way.next(), if !under_way.is_empty() => {
                let mut ended = vec![first];
                // Whatever else ended meanwhile, so that the waiting ones are looked through once for all of them.
                while let Some(Some(another)) = under_way.next().now_or_never() {
                    ended.push(another);
                }
                let now = clock.now_ms();
                let mut platform = lock(&platform);
                for (id, took_ms, outcome) in ended {
                    platform.push_ended(id, now, took_ms, &outcome);
                }
            }
            () = signal.notified() => {}
            () = clock.sleep_ms(wait.unsigned_abs()) => {}
        }
    }
}

async fn deliver(
    sink: Arc<dyn PushSink>,
    clock: Arc<dyn SandboxClock>,
    push: Push,
    limit_ms: i64,
) -> (u64, i64, PushOutcome) {
    let began = clock.watch_ms();
    let outcome = tokio::select! {
        biased;
        answer = sink.deliver(&push) => match answer {
            Ok(PushReply { status, body }) => PushOutcome::Answered { status, body },
            Err(why) => PushOutcome::Failed(why),
        },
        () = clock.hold_ms(limit_ms.max(0).unsigned_abs()) => PushOutcome::TimedOut,
    };
    (push.id, clock.watch_ms() - began, outcome)
}

/// A running pump; dropping it stops the pump and what is under way.
#[derive(Debug)]
pub struct PumpHandle(JoinHandle<()>);

impl PumpHandle {
    /// Starts [`pump`] on the current runtime.
    pub fn start(platform: SharedPlatform, clock: Arc<dyn SandboxClock>, sink: Arc<dyn PushSink>) -> Self {
        Self(tokio::spawn(pump(platform, clock, sink)))
    }
}

impl Drop for PumpHandle {
    fn drop(&mut self) {
        self.0.abort();
    }
}
