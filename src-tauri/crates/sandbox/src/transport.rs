//! Owns: the carrier that calls a platform in the same process.
//! Must not: use a socket or hold the platform's lock while it waits.
//! Invariant: a call is in flight from its arrival to its answer, also when the caller gives up in between.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wechat::{ApiRequest, ApiResponse, BoxFuture, Transport, TransportError};

use crate::call::{Answer, CallId, End, Request};
use crate::clock::SandboxClock;
use crate::platform::Platform;

/// A platform that several carriers share.
pub type SharedPlatform = Arc<Mutex<Platform>>;

/// Locks a platform; one that a panicking test left behind is still readable.
pub fn lock(platform: &Mutex<Platform>) -> MutexGuard<'_, Platform> {
    platform.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends a call when dropped, as abandoned unless it was answered.
pub(crate) struct FlightGuard {
    platform: SharedPlatform,
    id: CallId,
    end: End,
}

impl FlightGuard {
    pub(crate) fn new(platform: SharedPlatform, id: CallId) -> Self {
        Self { platform, id, end: End::Abandoned }
    }

    pub(crate) fn answered(mut self) {
        self.end = End::Answered;
    }
}

impl Drop for FlightGuard {
    fn drop(&mut self) {
        lock(&self.platform).finish(self.id, self.end);
    }
}

/// Calls a [`Platform`] without a socket; time passes on the injected clock.
pub struct InProcess {
    platform: SharedPlatform,
    clock: Arc<dyn SandboxClock>,
    latency_ms: AtomicU64,
    client_ip: String,
}

impl InProcess {
    /// A carrier without latency, calling from 127.0.0.1.
    pub fn new(platform: SharedPlatform, clock: Arc<dyn SandboxClock>) -> Self {
        Self { platform, clock, latency_ms: AtomicU64::new(0), client_ip: "127.0.0.1".to_owned() }
    }

    /// Every call takes this long, in milliseconds (50 is what a call to WeChat takes from a nearby city).
    #[must_use]
    pub fn with_latency(self, ms: u64) -> Self {
        self.latency_ms.store(ms, Ordering::Relaxed);
        self
    }

    /// The address the platform sees.
    #[must_use]
    pub fn with_client_ip(mut self, ip: impl Into<String>) -> Self {
        self.client_ip = ip.into();
        self
    }

    /// Changes the latency while in use.
    pub fn set_latency(&self, ms: u64) {
        self.latency_ms.store(ms, Ordering::Relaxed);
    }

    /// The platform behind it.
    pub fn platform(&self) -> SharedPlatform {
        Arc::clone(&self.platform)
    }

    /// The most calls that were ever in flight at once.
    pub fn peak_in_flight(&self) -> usize {
        lock(&self.platform).peak_in_flight()
    }
}

impl Transport for InProcess {
    fn send(&self, mut req: ApiRequest) -> BoxFuture<'_, Result<ApiResponse, TransportError>> {
        Box::pin(async move {
            let request = Request {
                method: req.method,
                path: req.path.clone(),
                query: req.query.iter().map(|(n, v)| (n.clone(), v.expose().clone())).collect(),
                body: req.take_body(),
                content_type: req.content_type.clone(),
                client_ip: self.client_ip.clone(),
            };
            let (id, reply) = lock(&self.platform).begin(self.clock.now_ms(), &request);
            let guard = FlightGuard::new(self.platform(), id);
            let wait = self.latency_ms.load(Ordering::Relaxed) + reply.delay_ms;
            if wait > 0 {
                self.clock.hold_ms(wait).await;
            }
            guard.answered();
            match reply.answer {
                Answer::Full { status, content_type, body, .. } => {
                    Ok(ApiResponse { status, body, content_type: Some(content_type.to_owned()) })
                }
                // In a process there is no length to compare with; what is left is a body that ends too early.
                Answer::Half { status, part, .. } => Ok(ApiResponse::new(status, part)),
                Answer::Dropped => Err(TransportError::Dropped("the simulated connection broke".to_owned())),
            }
        })
    }
}
