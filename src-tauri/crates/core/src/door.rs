//! What is known of the public door: whether it listens, what it refused, and whether the world reaches it.
//!
//! Owns counters, answer times and the results of the self-check (`check`). Invariant: no content of a refused push is
//! kept, only why.

mod advice;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use advice::Whose;

use crate::dto::{Door, Rejection, RejectionCount, Rejections, TunnelHealth};
use crate::inbox::times::AnswerTimes;
use crate::store::Mirror;

/// Lines kept in the rejected list.
const REJECTIONS: usize = 200;
/// Of them on the overview.
const SHOWN: usize = 20;
/// Pairs of reason and platform that are counted. Both come from short lists of our own; this is only a bound.
const COUNTED: usize = 1_000;
/// A change of the rejected list is told this long after the first of it, and not again in between, ms.
const TOLD_AFTER: i64 = 500;
/// Refusals that get a line in the log, a second; of a flood the rest is only counted.
const LOGGED_A_SECOND: u32 = 10;

/// Health of the public door.
#[derive(Debug, Default)]
pub struct DoorState {
    last_callback_at: AtomicI64,
    accepted: AtomicI64,
    rejected: AtomicI64,
    /// When the next telling of the rejected list is due, by the monotonic clock, ms.
    told_at: AtomicI64,
    answers: AnswerTimes,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    address: Option<SocketAddr>,
    last_address: Option<SocketAddr>,
    error: Option<String>,
    rejections: VecDeque<Rejection>,
    /// How often, and when last (ms), by reason and by the platform of ours that it was for.
    counts: HashMap<(String, Option<String>), (i64, i64)>,
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
        self.accepted.fetch_add(1, Ordering::Relaxed);
    }

    /// Accepted pushes since start, repeats included.
    pub(crate) fn accepted_count(&self) -> i64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// How fast pushes were answered.
    pub(crate) fn answers(&self) -> &AnswerTimes {
        &self.answers
    }

    /// Whether a change of the rejected list has to be told, in [`TOLD_AFTER`] from `monotonic` (ms). No when a telling is
    /// due already: it tells this one too.
    pub(crate) fn tells_later(&self, monotonic: i64) -> Option<i64> {
        let due = self.told_at.load(Ordering::Relaxed);
        let free = monotonic >= due;
        let next = monotonic + TOLD_AFTER;
        let mine = free && self.told_at.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        mine.then_some(TOLD_AFTER)
    }

    /// A push was refused. `component_appid`: the platform or directly connected account of ours that it was for.
    pub fn refused(&self, rejection: Rejection, component_appid: Option<String>) {
        self.rejected.fetch_add(1, Ordering::Relaxed);
        let mut state = self.state();
        let second = rejection.at / 1_000;
        state.logged = if state.logged.0 == second { (second, state.logged.1 + 1) } else { (second, 1) };
        if state.logged.1 <= LOGGED_A_SECOND {
            let Rejection { path, reason, status, from, .. } = &rejection;
            tracing::info!(path, reason, status, from = from.as_deref(), "a push was refused");
        }
        let key = (rejection.reason.clone(), component_appid);
        if state.counts.len() < COUNTED || state.counts.contains_key(&key) {
            let count = state.counts.entry(key).or_default();
            *count = (count.0 + 1, rejection.at);
        }
        state.rejections.push_front(rejection);
        state.rejections.truncate(REJECTIONS);
    }

    /// Everything that is known of what was refused.
    #[must_use]
    pub fn rejections(&self, mirror: &Mirror) -> Rejections {
        let state = self.state();
        let whose = |appid: Option<&str>| match appid.and_then(|appid| mirror.platform_by_appid(appid)) {
            Some(row) if row.own.is_some() => Whose::Account,
            Some(_) => Whose::Platform,
            None => Whose::Nobody,
        };
        let mut counts: Vec<RejectionCount> = state
            .counts
            .iter()
            .map(|((reason, appid), (count, last_at))| RejectionCount {
                reason: reason.clone(),
                count: *count,
                last_at: *last_at,
                component_appid: appid.clone(),
                advice: advice::advice(reason, whose(appid.as_deref())),
            })
            .collect();
        counts.sort_by(|a, b| {
            (b.last_at, &a.reason, &a.component_appid).cmp(&(a.last_at, &b.reason, &b.component_appid))
        });
        Rejections { total: self.rejected(), counts, items: state.rejections.iter().cloned().collect() }
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
            rejections: state.rejections.iter().take(SHOWN).cloned().collect(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{COMPONENT, World};

    fn rejection(at: i64, reason: &str) -> Rejection {
        Rejection { at, path: "/".into(), reason: reason.into(), status: 403, from: None }
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_are_counted_by_reason_and_platform() {
        let world = World::new().await;
        let door = world.core.door();
        for n in 0..250 {
            door.refused(rejection(n, "bad_signature"), Some(COMPONENT.into()));
        }
        door.refused(rejection(300, "unknown_appid"), None);
        door.refused(rejection(301, "bad_signature"), None);
        let all = world.core.list_rejections().await.unwrap();
        assert_eq!((all.total, all.items.len(), all.items[0].at), (252, 200, 301));
        let counts: Vec<_> =
            all.counts.iter().map(|c| (c.reason.as_str(), c.count, c.last_at, c.component_appid.as_deref())).collect();
        assert_eq!(
            counts,
            [
                ("bad_signature", 1, 301, None),
                ("unknown_appid", 1, 300, None),
                ("bad_signature", 250, 249, Some(COMPONENT))
            ]
        );
        assert!(all.counts[2].advice.zh.contains("消息校验Token"));
        assert_eq!(door.view(BTreeSet::new()).rejections.len(), 20);
    }

    #[test]
    fn a_flood_is_told_twice_a_second() {
        let door = DoorState::default();
        let told = (0..1_000).filter(|ms| door.tells_later(*ms).is_some()).count();
        assert_eq!(told, 2);
        // Whoever had to tell may have gone; the next refusal after its time tells.
        assert_eq!(door.tells_later(5_000), Some(500));
        assert_eq!(door.tells_later(5_499), None);
    }
}
