//! What is known of the public door: whether it listens, what it refused, and whether the world reaches it.
//!
//! Owns counters and the results of the self-check (`check`). Invariant: no content of a refused push is kept, only why.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::dto::{Door, Rejection, TunnelHealth};

/// Lines kept in the rejected list.
const REJECTIONS: usize = 20;
/// Refusals that get a line in the log, a second; of a flood the rest is only counted.
const LOGGED_A_SECOND: u32 = 10;

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
    /// First failure of those that fail, ms.
    failing_since: HashMap<String, i64>,
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

    /// The last check of a base URL.
    #[must_use]
    pub fn health(&self, base: &str) -> Option<TunnelHealth> {
        self.state().tunnels.get(base).cloned()
    }

    pub(crate) fn put_tunnel(&self, health: TunnelHealth) {
        let mut state = self.state();
        if health.reachable == Some(false) {
            let at = health.checked_at.unwrap_or(0);
            state.failing_since.entry(health.public_base_url.clone()).or_insert(at);
        } else {
            state.failing_since.remove(&health.public_base_url);
        }
        state.tunnels.insert(health.public_base_url.clone(), health);
    }

    /// Since when the checks of this base URL fail, ms.
    #[must_use]
    pub fn failing_since(&self, base: &str) -> Option<i64> {
        self.state().failing_since.get(base).copied()
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
                        certificate_ends_at: None,
                        steps: Vec::new(),
                        hints: Vec::new(),
                    })
                })
                .collect(),
        }
    }
}
