//! What is known of the public door: whether it listens, what it refused, and whether the world reaches it.
//!
//! Owns counters and the probe of public base URLs. Invariant: no content of a refused push is kept, only why.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::clock::MAX_SLEEP_MS;
use crate::core::Core;
use crate::dto::{Door, Rejection, TunnelHealth};
use crate::error::AppError;

/// Lines kept in the rejected list.
const REJECTIONS: usize = 20;
/// Refusals that get a line in the log, a second; of a flood the rest is only counted.
const LOGGED_A_SECOND: u32 = 10;
/// Public base URLs are probed so often, ms.
const PROBE_EVERY: i64 = 300_000;

/// Health of the public door.
#[derive(Debug, Default)]
pub struct DoorState {
    last_callback_at: AtomicI64,
    rejected: AtomicI64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    address: Option<SocketAddr>,
    last_address: Option<SocketAddr>,
    error: Option<String>,
    rejections: VecDeque<Rejection>,
    /// A second, and how many refusals of it are in the log.
    logged: (i64, u32),
    tunnels: HashMap<String, TunnelHealth>,
}

impl DoorState {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// A push was accepted.
    pub fn accepted(&self, now: i64) {
        self.last_callback_at.fetch_max(now, Ordering::Relaxed);
    }

    /// A push was refused.
    pub fn refused(&self, rejection: Rejection) {
        self.rejected.fetch_add(1, Ordering::Relaxed);
        let mut state = self.state();
        let second = rejection.at / 1_000;
        state.logged = if state.logged.0 == second { (second, state.logged.1 + 1) } else { (second, 1) };
        if state.logged.1 <= LOGGED_A_SECOND {
            let Rejection { path, reason, status, from, .. } = &rejection;
            tracing::info!(path, reason, status, from = from.as_deref(), "a push was refused");
        }
        state.rejections.push_front(rejection);
        state.rejections.truncate(REJECTIONS);
    }

    /// Listens.
    pub fn listening(&self, address: SocketAddr) {
        let mut state = self.state();
        state.address = Some(address);
        state.last_address = Some(address);
        state.error = None;
    }

    /// Listens no more, and why.
    pub fn failed(&self, error: String) {
        let mut state = self.state();
        state.address = None;
        state.error = Some(error);
    }

    /// Stopped on purpose.
    pub fn stopped(&self) {
        self.state().address = None;
    }

    /// Address while listening.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.state().address
    }

    /// The last address it listened on.
    #[must_use]
    pub fn last_address(&self) -> Option<SocketAddr> {
        self.state().last_address
    }

    /// Last accepted push, ms.
    #[must_use]
    pub fn last_callback_at(&self) -> Option<i64> {
        Some(self.last_callback_at.load(Ordering::Relaxed)).filter(|at| *at > 0)
    }

    /// Refused pushes since start.
    #[must_use]
    pub fn rejected(&self) -> i64 {
        self.rejected.load(Ordering::Relaxed)
    }

    fn put_tunnel(&self, health: TunnelHealth) {
        self.state().tunnels.insert(health.public_base_url.clone(), health);
    }

    /// For the overview; `bases` are the public base URLs in use.
    #[must_use]
    pub fn view(&self, bases: BTreeSet<String>) -> Door {
        let state = self.state();
        Door {
            listening: state.address.is_some(),
            address: state.address.map(|a| a.to_string()),
            error: state.error.clone(),
            last_callback_at: self.last_callback_at(),
            rejected: self.rejected(),
            rejections: state.rejections.iter().cloned().collect(),
            tunnels: bases
                .into_iter()
                .map(|base| {
                    state.tunnels.get(&base).cloned().unwrap_or(TunnelHealth {
                        public_base_url: base,
                        checked_at: None,
                        reachable: None,
                        round_trip_ms: None,
                        error: None,
                    })
                })
                .collect(),
        }
    }
}

/// Public base URLs of all platforms.
#[must_use]
pub fn bases(core: &Core) -> BTreeSet<String> {
    core.store().mirror().platforms().iter().map(|p| p.public_base_url.clone()).filter(|b| !b.is_empty()).collect()
}

/// Asks `{base}/healthz` for a nonce of ours, as the world would.
///
/// # Errors
/// Only when no client can be made; an unreachable door is an answer, not an error.
pub async fn check(core: &Core, base: &str) -> Result<TunnelHealth, AppError> {
    // Only what is ours to probe: this is no general fetcher.
    if !bases(core).contains(base) {
        return Err(AppError::not_found("platform with the public base URL", base));
    }
    let client = crate::transport::client(None)?;
    let mut random = [0_u8; 12];
    getrandom::fill(&mut random).map_err(|_| AppError::new(crate::dto::ErrorCode::Internal, "no random bytes"))?;
    let nonce = crate::hex(&random);
    let started = core.clock().monotonic();
    let answer = client.get(format!("{}/healthz?nonce={nonce}", base.trim_end_matches('/'))).send().await;
    let error = match answer {
        // The first piece is enough: our own answer is forty bytes.
        Ok(mut response) if response.status().is_success() => match response.chunk().await {
            Ok(Some(text)) if String::from_utf8_lossy(&text).contains(&nonce) => None,
            Ok(_) => Some("something else answers there: the answer did not hold our nonce".to_owned()),
            Err(e) => Some(wechat::transport::without_queries(&e.to_string())),
        },
        Ok(response) => Some(format!("HTTP status {}", response.status().as_u16())),
        Err(e) => Some(wechat::transport::without_queries(&e.to_string())),
    };
    let health = TunnelHealth {
        public_base_url: base.to_owned(),
        checked_at: Some(core.clock().now()),
        reachable: Some(error.is_none()),
        round_trip_ms: error.is_none().then(|| core.clock().monotonic() - started),
        error,
    };
    core.door().put_tunnel(health.clone());
    core.changes().tell(["overview", "door"]);
    Ok(health)
}

/// Probes every public base URL now and every five minutes, for ever.
pub(crate) async fn watch(core: Core) {
    loop {
        for base in bases(&core) {
            if let Err(e) = check(&core, &base).await {
                tracing::warn!(error = %e, "the self-check could not run");
            }
        }
        let until = core.clock().monotonic() + PROBE_EVERY;
        let known = bases(&core);
        // A platform that was just added is probed at the next short look.
        while core.clock().monotonic() < until && bases(&core) == known {
            core.clock().sleep(MAX_SLEEP_MS.min(2_000)).await;
        }
    }
}
