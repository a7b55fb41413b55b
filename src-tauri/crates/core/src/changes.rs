//! Tells the window what to refetch.
//!
//! Tags are collected and sent together, at most every 150 ms, so that ten thousand refreshes do not mean ten thousand
//! redraws. Nothing here carries data.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use tokio::sync::{Notify, broadcast};

use crate::clock::Clock;
use crate::dto::Change;

/// Tags are gathered so long, ms.
const GATHER: i64 = 150;

/// The bus of changes.
#[derive(Debug)]
pub struct Changes {
    pending: Mutex<BTreeSet<String>>,
    wake: Notify,
    sender: broadcast::Sender<Change>,
}

impl Default for Changes {
    fn default() -> Self {
        Self { pending: Mutex::default(), wake: Notify::new(), sender: broadcast::channel(256).0 }
    }
}

impl Changes {
    /// Something with these tags changed.
    pub fn tell<const N: usize>(&self, tags: [&str; N]) {
        if let Ok(mut pending) = self.pending.lock() {
            pending.extend(tags.iter().map(|t| (*t).to_owned()));
        }
        self.wake.notify_one();
    }

    /// An account changed.
    pub fn account(&self, appid: &str) {
        self.tell(["accounts", "overview", &format!("account:{appid}")]);
    }

    /// Listens from now on. A slow listener that missed some should refetch everything.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.sender.subscribe()
    }

    /// Sends what was gathered, for ever.
    pub(crate) async fn run(self: Arc<Self>, clock: Arc<dyn Clock>) {
        loop {
            self.wake.notified().await;
            clock.sleep(GATHER).await;
            let tags: Vec<String> = match self.pending.lock() {
                Ok(mut pending) => std::mem::take(&mut *pending).into_iter().collect(),
                Err(_) => continue,
            };
            if !tags.is_empty() {
                // Nobody listening is fine.
                let _ = self.sender.send(Change { tags });
            }
        }
    }
}
