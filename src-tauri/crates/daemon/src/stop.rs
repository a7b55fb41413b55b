//! When to stop, and how long stopping may take.

use std::time::Duration;

use wxdesk_core::Core;

use crate::failure::Failure;

/// Shutdown ends within 5 s (interfaces, "Programs"); the rest is for the runtime and the process itself.
const LIMIT: Duration = Duration::from_millis(4_700);

/// Ctrl-C and SIGTERM, heard from the moment this is made.
pub struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    /// Starts to listen, so that a signal during start-up is not lost.
    pub fn listen() -> Result<Self, Failure> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let fail = |e: std::io::Error| Failure::environment(format!("signals cannot be heard: {e}"));
            Ok(Self {
                terminate: signal(SignalKind::terminate()).map_err(fail)?,
                interrupt: signal(SignalKind::interrupt()).map_err(fail)?,
            })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// Resolves with the first of them.
    pub async fn wait(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Stops an engine in time. What is abandoned is resolved by the next start.
pub async fn engine(core: &Core) {
    if tokio::time::timeout(LIMIT, core.shutdown()).await.is_err() {
        tracing::warn!("the engine did not stop in time and was abandoned");
    }
}
