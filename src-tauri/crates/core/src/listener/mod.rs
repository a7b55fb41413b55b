//! The public door: the one place where the internet reaches this machine.
//!
//! Owns routing and what is said of the door; sockets and their limits are [`crate::sockets`]', what a push means is the
//! inbox's business. Invariants: body and time are bounded for every request; a reply to a push leaves only after
//! [`crate::inbox::accept`] said it is durable; answers are short plain text without anything of ours in them; no route
//! of the private door is served here; whatever ends the door's task, it is open again within 2 s.

mod oauth;
mod pages;
mod routes;
mod thread;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;

use crate::core::Core;
use crate::dto::Rejection;
use crate::sockets::{self, Caller, Served, Tell, TurnedAway, Word};
use crate::store::tables::notice::{self, NoticeRow};

pub use crate::sockets::{Limits, bind};

/// A body slower than this is cut with 408 (interfaces), as a head is.
const SLOW: Duration = Duration::from_secs(10);
/// Longest body, bytes (interfaces).
pub(crate) const MAX_BODY: usize = 1 << 20;
/// Id of the notice that the door was away. One is enough: the newest.
pub(crate) const NOTICE: &str = "listener_back";
/// A door that fails again so soon does not say so again in a notice, ms.
const NOTICE_EVERY: i64 = 60_000;

/// Serves the public door until the task is dropped, on a thread of its own: a flood of pushes leaves the engine, the
/// local API and the window alone, and a push is not handed from thread to thread.
pub async fn run(core: Core, listener: TcpListener) {
    let limits = Limits { head: SLOW, connections: sockets::shares().public, ..Limits::default() };
    let door = core.clone();
    match thread::spawn(listener, move |socket| run_with(core, socket, limits)) {
        Ok(thread) => thread.ended().await,
        Err(e) => {
            door.door().failed(format!("the door got no thread of its own: {e}"));
            door.changes().tell(["overview", "door"]);
        }
    }
}

/// The same with other limits, for tests; the body's time is the head's.
#[doc(hidden)]
pub async fn run_with(core: Core, listener: TcpListener, limits: Limits) {
    let served = Served {
        name: "public door",
        router: routes::router(core.clone(), limits.head),
        limits,
        clock: core.clock().clone(),
        turned: turned_away(core.clone()),
    };
    let serve = move |socket| {
        let served = served.clone();
        async move { sockets::serve(socket, served).await.to_string() }
    };
    let said = Arc::new(AtomicI64::new(0));
    let clock = core.clock().clone();
    let tell: Tell = Arc::new(move |word| {
        let (core, said) = (core.clone(), said.clone());
        Box::pin(async move { tell(&core, word, &said).await })
    });
    sockets::keep_open(listener, clock, serve, tell).await;
}

/// The door's routes without a socket, for tests on simulated time.
#[doc(hidden)]
pub fn routes_of(core: Core) -> axum::Router {
    routes::router(core, SLOW)
}

async fn tell(core: &Core, word: Word, said: &AtomicI64) {
    match word {
        Word::Listening(address) => core.door().listening(address),
        Word::Failed(why) => {
            tracing::error!(why, "the public door does not listen; it is opened again");
            core.door().failed(why);
        }
        Word::Back(why) => {
            tracing::warn!(why, "the public door listens again");
            let now = core.clock().now();
            if now.saturating_sub(said.swap(now, Ordering::Relaxed)) > NOTICE_EVERY {
                let row = NoticeRow { id: NOTICE.to_owned(), at: now, detail: why };
                let stored = core.store().write(move |tx| {
                    notice::remove(tx, NOTICE)?;
                    notice::insert(tx, &row)
                });
                if let Err(error) = stored.await {
                    tracing::warn!(%error, "the notice could not be stored");
                }
            }
        }
    }
    core.changes().tell(["overview", "door"]);
}

fn turned_away(core: Core) -> TurnedAway {
    Arc::new(move |path, caller, turned| reject(&core, path, turned.status().as_u16(), turned.reason(), caller))
}

/// Leaves a counter and a line in the rejected list.
fn reject(core: &Core, path: &str, status: u16, reason: &str, caller: Caller) {
    let component_appid = ours_in(core, path).map(str::to_owned);
    let rejection = Rejection {
        at: core.clock().now(),
        path: path.chars().take(120).collect(),
        reason: reason.to_owned(),
        status,
        from: Some(caller.address.to_string()),
    };
    core.door().refused(rejection, component_appid);
    core.changes().tell(["door"]);
    // The long list is asked for again at most twice a second, however many are refused.
    if let Some(later) = core.door().tells_later(core.clock().monotonic()) {
        let core = core.clone();
        tokio::spawn(async move {
            core.clock().sleep(later).await;
            core.changes().tell(["rejections"]);
        });
    }
}

/// The platform or directly connected account of ours that a path names.
fn ours_in<'a>(core: &Core, path: &'a str) -> Option<&'a str> {
    let mut parts = path.strip_prefix("/wechat/")?.split('/');
    let first = parts.next()?;
    let appid = if first == "account" { parts.next()? } else { first };
    core.store().mirror().platform_by_appid(appid).map(|_| appid)
}

#[cfg(test)]
mod tests;
