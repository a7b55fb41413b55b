//! Web OAuth (网页授权) and logins of mini programs: what lies in memory, and whose account is meant.
//!
//! Owns the codes that are with WeChat right now, the one-time codes that were handed out and not yet taken, and session
//! keys. Must not write any of these anywhere. Invariants: a code is with WeChat once; one-time codes and session keys
//! are gone from memory, zeroed, at the latest half a minute after their time; the store knows codes by their hash only.

mod exchange;
mod link;
mod route_url;
mod subject;
mod visit;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore, oneshot};
use wechat::secret::SecretString;

use crate::clock::MAX_SLEEP_MS;
use crate::core::Core;
use crate::dto::ErrorCode;
use crate::error::AppError;
use crate::store::tables::{oauth_exchange, oauth_link, oauth_ticket};
use crate::store::{StoreError, Tx};

pub(crate) use exchange::{Brought, bring, dead_access, dead_refresh, note_refusal, read_profile};
pub(crate) use link::{new_state, refuse};
pub(crate) use route_url::{checked as checked_route_url, with as route_url_with};
pub(crate) use subject::Subject;
pub(crate) use visit::{Arrived, NotEntered, VISIT, arrive, cookie_name, enter};

/// A session key may be revealed for so long, ms.
const SESSION_LIFE: i64 = 600_000;
/// Session keys in memory at most; beyond, the oldest goes.
const SESSIONS: usize = 1_000;
/// Codes with WeChat at once, of all accounts. Whoever knows a link can bring codes; more of them wait.
const AT_ONCE: usize = 32;

/// A one-time code that was handed out.
struct Handed {
    code: SecretString,
    user_id: i64,
    until: i64,
}

/// A session key.
struct Session {
    key: SecretString,
    until: i64,
}

/// Web OAuth's part in memory.
pub(crate) struct Oauth {
    /// Where exchanges run: a visitor who closes the page, or a door that is opened anew, must not cut one off.
    home: Handle,
    flights: Mutex<HashMap<Vec<u8>, Arc<Notify>>>,
    calls: Semaphore,
    /// By the hash of WeChat's code.
    handed: Mutex<HashMap<Vec<u8>, Handed>>,
    sessions: Mutex<HashMap<String, Session>>,
    kept: Notify,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change of these maps is one insert or removal: behind a poisoned lock they are whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Oauth {
    /// Needs a tokio runtime.
    pub(crate) fn here() -> Self {
        Self {
            home: Handle::current(),
            flights: Mutex::default(),
            calls: Semaphore::new(AT_ONCE),
            handed: Mutex::default(),
            sessions: Mutex::default(),
            kept: Notify::new(),
        }
    }

    /// Keeps a session key for ten minutes. Answers the id under which it may be revealed.
    pub(crate) fn keep_session(&self, key: SecretString, now: i64) -> Result<String, AppError> {
        let id = random_hex::<16>()?;
        let mut sessions = locked(&self.sessions);
        sessions.retain(|_, session| session.until > now);
        while sessions.len() >= SESSIONS {
            let oldest = sessions.iter().min_by_key(|(_, session)| session.until).map(|(id, _)| id.clone());
            match oldest {
                Some(oldest) => sessions.remove(&oldest),
                None => break,
            };
        }
        sessions.insert(id.clone(), Session { key, until: now + SESSION_LIFE });
        drop(sessions);
        self.kept.notify_one();
        Ok(id)
    }

    /// A session key and when it goes, ms.
    pub(crate) fn session(&self, id: &str, now: i64) -> Option<(SecretString, i64)> {
        let mut sessions = locked(&self.sessions);
        sessions.retain(|_, session| session.until > now);
        sessions.get(id).map(|session| (session.key.clone(), session.until))
    }

    /// Forgets what was handed out for a user.
    pub(crate) fn forget(&self, user_id: i64) {
        locked(&self.handed).retain(|_, handed| handed.user_id != user_id);
    }

    fn hand(&self, code_hash: &[u8], handed: Handed) {
        locked(&self.handed).insert(code_hash.to_vec(), handed);
        self.kept.notify_one();
    }

    fn handed(&self, code_hash: &[u8]) -> Option<SecretString> {
        locked(&self.handed).get(code_hash).map(|handed| handed.code.clone())
    }

    fn take_back(&self, code_hash: &[u8]) {
        locked(&self.handed).remove(code_hash);
    }

    /// Drops what is over. Answers when the next thing will be.
    fn sweep(&self, now: i64) -> Option<i64> {
        let (mut handed, mut sessions) = (locked(&self.handed), locked(&self.sessions));
        handed.retain(|_, handed| handed.until > now);
        sessions.retain(|_, session| session.until > now);
        let ends = handed.values().map(|h| h.until).chain(sessions.values().map(|s| s.until));
        ends.min()
    }

    /// Marks a code as on its way. None while it is already.
    fn begin(self: &Arc<Self>, code_hash: &[u8]) -> Option<Flight> {
        match locked(&self.flights).entry(code_hash.to_vec()) {
            Entry::Occupied(_) => None,
            Entry::Vacant(free) => {
                let landed = free.insert(Arc::default()).clone();
                Some(Flight { of: self.clone(), code_hash: code_hash.to_vec(), landed })
            }
        }
    }

    /// Signalled when the code that is on its way has landed.
    fn flight(&self, code_hash: &[u8]) -> Option<Arc<Notify>> {
        locked(&self.flights).get(code_hash).cloned()
    }
}

/// A code that is on its way; whatever ends it, those who wait are told.
struct Flight {
    of: Arc<Oauth>,
    code_hash: Vec<u8>,
    landed: Arc<Notify>,
}

impl Drop for Flight {
    fn drop(&mut self) {
        locked(&self.of.flights).remove(&self.code_hash);
        self.landed.notify_waiters();
    }
}

/// Drops one-time codes and session keys when their time is over, for ever.
pub(crate) async fn watch(core: Core) {
    loop {
        let now = core.clock().now();
        match core.oauth().sweep(now) {
            Some(end) => core.clock().sleep((end - now).clamp(1, MAX_SLEEP_MS)).await,
            None => core.oauth().kept.notified().await,
        }
    }
}

/// Runs `work` to its end whoever asked for it goes away: an answer of WeChat's that was not stored would be lost.
///
/// # Errors
/// The work's; `Stopping` when the engine ends before.
pub(crate) async fn to_the_end<T: Send + 'static>(
    core: &Core,
    work: impl Future<Output = Result<T, AppError>> + Send + 'static,
) -> Result<T, AppError> {
    let (answer, outcome) = oneshot::channel();
    core.own(core.oauth().home.spawn(async move {
        // The asker may have gone.
        let _ = answer.send(work.await);
    }));
    outcome.await.unwrap_or_else(|_| Err(AppError::new(ErrorCode::Stopping, "the engine is stopping")))
}

/// Removes what is old. Answers how many rows of one table went.
///
/// # Errors
/// SQLite's.
pub(crate) fn prune(tx: &Tx<'_>, now: i64) -> Result<usize, StoreError> {
    let tickets = oauth_ticket::prune(tx, now)?;
    let exchanges = oauth_exchange::prune(tx, now)?;
    Ok(oauth_link::prune(tx, now)?.max(tickets).max(exchanges))
}

/// The hash under which a secret is known to the store.
pub(crate) fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// So many random bytes as hex digits.
pub(crate) fn random_hex<const BYTES: usize>() -> Result<String, AppError> {
    let mut random = [0_u8; BYTES];
    getrandom::fill(&mut random).map_err(|_| AppError::new(ErrorCode::Internal, "no random bytes from the system"))?;
    Ok(crate::hex(&random))
}

#[cfg(test)]
mod tests;
