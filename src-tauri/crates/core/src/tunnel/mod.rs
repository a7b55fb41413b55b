//! Tunnels: the clients through which WeChat reaches the listener, started, watched and ended by this program.
//!
//! Owns one task a tunnel that is wanted ([`supervise`]), what is known of each client ([`adapters`]), and what a changed
//! URL means ([`moved`]). It must not download a program, and must not touch a process that it did not start.
//! Invariants: a client does not outlive its task; stopping takes at most [`MAX_GRACE`]; no secret is in a command line
//! or in a line that is kept.

pub mod adapters;
mod api;
mod backoff;
mod live;
mod moved;
pub mod output;
pub mod plan;
pub mod process;
mod supervise;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::core::Core;
use crate::dto::{ErrorCode, Tunnel, TunnelLog, TunnelState};
use crate::error::AppError;
use crate::paths;
use crate::store::tables::platform::PlatformRow;
use crate::store::tables::tunnel::{self, TunnelRow};
use live::Shared;
use supervise::Supervised;

/// A client that was asked to end is killed after this at the latest, ms: the whole shutdown has 4.7 s.
pub const MAX_GRACE: i64 = 3_500;

/// A tunnel's task; dropping it ends the task, and with it the client.
#[derive(Debug)]
struct Handle {
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<()>>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

impl Handle {
    async fn end(mut self) {
        let _ = self.stop.send(true);
        if let Some(task) = &mut self.task {
            let _ = task.await;
        }
    }
}

#[derive(Debug, Default)]
struct Registry {
    closed: bool,
    /// Outlives its task, so that the log can be read after the end.
    known: HashMap<String, Arc<Shared>>,
    running: HashMap<String, Handle>,
}

/// The tunnels of one engine.
#[derive(Debug, Default)]
pub struct Tunnels {
    registry: Mutex<Registry>,
    /// Starts and stops of one engine follow each other.
    turn: tokio::sync::Mutex<()>,
    /// Another pace of probes, ms; 0: the usual one.
    probe_every: AtomicI64,
}

impl Tunnels {
    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs this tunnel from now on, as it is in `row`; one that runs is ended first.
    pub(crate) async fn start(&self, core: &Core, row: TunnelRow) -> Result<(), AppError> {
        let _turn = self.turn.lock().await;
        self.start_in_turn(core, row).await
    }

    async fn start_in_turn(&self, core: &Core, row: TunnelRow) -> Result<(), AppError> {
        self.end(&row.id).await;
        let mut registry = self.registry();
        if registry.closed {
            return Err(AppError::new(ErrorCode::Stopping, "the engine is stopping"));
        }
        let shared = registry.known.entry(row.id.clone()).or_default().clone();
        {
            let mut live = shared.live();
            live.failures = 0;
            live.problem = None;
            live.retry_at = None;
            live.state = TunnelState::Starting;
            live.since = Some(core.clock().now());
        }
        let (stop, asked) = watch::channel(false);
        let id = row.id.clone();
        let task = tokio::spawn(Supervised::new(core.clone(), row, shared).run(asked));
        registry.running.insert(id, Handle { stop, task: Some(task) });
        drop(registry);
        core.changes().tell(["tunnels", "overview"]);
        Ok(())
    }

    /// Ends this tunnel's client, within [`MAX_GRACE`].
    pub(crate) async fn stop(&self, core: &Core, id: &str) {
        let _turn = self.turn.lock().await;
        self.end(id).await;
        core.changes().tell(["tunnels", "overview"]);
    }

    async fn end(&self, id: &str) {
        let handle = self.registry().running.remove(id);
        if let Some(handle) = handle {
            handle.end().await;
        }
        // A task that had given up before it was asked has left its last state behind.
        if let Some(shared) = self.registry().known.get(id) {
            let mut live = shared.live();
            live.state = TunnelState::Stopped;
            live.problem = None;
            live.retry_at = None;
            live.failures = 0;
        }
    }

    /// Forgets a tunnel that was removed.
    pub(crate) fn forget(&self, id: &str) {
        self.registry().known.remove(id);
    }

    /// Whether it is wanted in this session.
    pub(crate) fn is_running(&self, id: &str) -> bool {
        self.registry().running.contains_key(id)
    }

    /// The public URLs of the tunnels that run, as far as they are known.
    pub(crate) fn urls(&self) -> Vec<String> {
        let registry = self.registry();
        let running = registry.running.keys().filter_map(|id| registry.known.get(id));
        running.filter_map(|shared| shared.live().url.clone()).collect()
    }

    /// Ends all clients together, and starts none any more.
    pub(crate) async fn close(&self) {
        let handles: Vec<Handle> = {
            let mut registry = self.registry();
            registry.closed = true;
            registry.running.drain().map(|(_, handle)| handle).collect()
        };
        futures_util::future::join_all(handles.into_iter().map(Handle::end)).await;
    }

    /// Probes public URLs at another pace, ms. For tests, which cannot wait for minutes.
    #[doc(hidden)]
    pub fn set_probe_every(&self, ms: i64) {
        self.probe_every.store(ms, Ordering::Relaxed);
    }

    fn pace(&self, usual: i64) -> i64 {
        Some(self.probe_every.load(Ordering::Relaxed)).filter(|ms| *ms > 0).unwrap_or(usual)
    }

    /// Drops every task where it stands. For crash tests.
    pub(crate) fn abandon(&self) {
        let mut registry = self.registry();
        registry.closed = true;
        registry.running.clear();
    }

    /// The last lines of a tunnel.
    #[must_use]
    pub fn log(&self, id: &str) -> TunnelLog {
        let shared = self.registry().known.get(id).cloned();
        TunnelLog { lines: shared.map(|s| s.live().lines.iter().cloned().collect()).unwrap_or_default() }
    }

    /// For the page.
    pub(crate) fn view(&self, core: &Core, row: &TunnelRow, platforms: &[Arc<PlatformRow>]) -> Tunnel {
        let shared = self.registry().known.get(&row.id).cloned().unwrap_or_default();
        let live = shared.live();
        let secrets = row.client.fields.iter().map(|f| f.key).filter(|k| row.secrets.contains_key(*k));
        let users = platforms.iter().filter(|p| {
            row.last_url.as_deref().is_some_and(|url| moved::place(url) == moved::place(&p.public_base_url))
        });
        Tunnel {
            id: row.id.clone(),
            client: row.client.id,
            name: row.name.clone(),
            settings: row.settings.clone(),
            stored_secrets: secrets.map(str::to_owned).collect(),
            program: row.program.clone(),
            follow: row.follow,
            enabled: row.enabled,
            state: live.state,
            state_since: live.since,
            retry_at: live.retry_at,
            failures: i64::from(live.failures),
            problem: live.problem.clone(),
            pid: live.pid,
            local: live.local.clone(),
            endpoint: live.endpoint.clone(),
            url: live.url.clone(),
            last_url: row.last_url.clone(),
            health: live.url.as_deref().and_then(|url| core.door().health(url)),
            platforms: users.map(|p| p.component_appid.clone()).collect(),
            change: moved::view(row, platforms),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// A tunnel's own folder, as a full path: the client runs in it, so a relative one would lead elsewhere.
pub(crate) fn folder_of(core: &Core, id: &str) -> PathBuf {
    let dir = paths::tunnels_dir(core.data_dir()).join(id);
    std::path::absolute(&dir).unwrap_or(dir)
}

/// Removes the configuration files, with their tokens, that a crash left in a tunnel's folder.
fn remove_configs(dir: &Path) {
    for (name, _) in adapters::all().into_iter().filter_map(|a| a.config) {
        let _ = std::fs::remove_file(dir.join(name));
    }
}

/// An address that a program of this machine can connect to, for a listener that may be bound to all of them.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::from((Ipv4Addr::LOCALHOST, address.port())),
        IpAddr::V6(ip) if ip.is_unspecified() => SocketAddr::from((Ipv6Addr::LOCALHOST, address.port())),
        _ => address,
    }
}

/// Ends what a crash left behind, then starts the tunnels that are wanted.
pub(crate) async fn resume(core: Core) {
    let _turn = core.tunnels().turn.lock().await;
    let folders = std::fs::read_dir(paths::tunnels_dir(core.data_dir())).into_iter().flatten().flatten();
    let clock = core.clock().clone();
    let ended = futures_util::future::join_all(folders.map(|folder| {
        let clock = clock.clone();
        async move {
            let dir = folder.path();
            let ended = process::end_leftover(&dir, clock.as_ref(), MAX_GRACE).await;
            remove_configs(&dir);
            ended
        }
    }));
    for pid in ended.await.into_iter().flatten() {
        tracing::info!(pid, "a tunnel's client that the last run left behind was ended");
    }
    let rows = match core.store().read(|c| Ok(tunnel::list(c)?)).await {
        Ok(rows) => rows,
        Err(e) => {
            tracing::warn!(error = %e, "the tunnels could not be read");
            return;
        }
    };
    for row in rows.into_iter().filter(|row| row.enabled) {
        // Somebody was quicker, and may already give its address to others.
        if core.tunnels().is_running(&row.id) {
            continue;
        }
        if let Err(e) = core.tunnels().start_in_turn(&core, row).await {
            tracing::info!(error = %e, "a tunnel was not started");
        }
    }
}
