//! One running engine on one data folder.
//!
//! Owns the parts and their order: lock, key, store, what a stop left behind, engine, listener, API. Dropping or shutting
//! it down ends every task it started.

mod opening;
mod parts;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, RwLock};

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use wechat::crypto::{AesKey, MessageCrypto};
use wechat::transport::Transport;

use crate::bulk::Bulk;
use crate::call_log::{self, CallLog};
use crate::changes::Changes;
use crate::check::Expected;
use crate::clock::{Clock, SystemClock};
use crate::door::DoorState;
use crate::dto::{ErrorCode, KeySource};
use crate::engine::reconcile::Reconciler;
use crate::engine::{self, Engine, EngineOptions};
use crate::error::AppError;
use crate::folder::{self, EngineNote, FolderLock};
use crate::forward::{self, Forward};
use crate::inbox::{Answers, answers};
use crate::menus::Menus;
use crate::oauth::{self, Oauth};
use crate::release::{self, Release};
use crate::rules::Rules;
use crate::sources::{self, PublicFiles, Sources};
use crate::store::tables::notice::{self, NoticeRow};
use crate::store::tables::platform::PlatformRow;
use crate::store::tables::{attempt, credential, inbox, oauth_exchange};
use crate::store::{Durability, Store};
use crate::transport::{HttpTransports, TransportFactory};
use crate::tunnel::{self, Tunnels};
use crate::verifications::Verifications;
use crate::{api, js_sdk, listener, trial};

/// The last rows of the call log may hold a stop up so long, ms (promise 8: 5 s in all, of which flights get 4).
const LAST_ROWS: u64 = 500;

/// How to open an engine.
#[derive(Clone)]
pub struct OpenOptions {
    /// Data folder; made if missing.
    pub data_dir: PathBuf,
    /// Runs against the built-in sandbox.
    pub sandbox: bool,
    /// Ask the keychain for the store's key.
    pub keychain: bool,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ways to WeChat.
    pub transports: Arc<dyn TransportFactory>,
    /// Limits.
    pub engine: EngineOptions,
    /// How hard commits are.
    pub durability: Durability,
    /// Set a damaged store aside and begin a new one, which the window then says on top of everything. Without it the
    /// damage is an error: a server must not go on with no accounts because its key file was swapped.
    pub set_aside_damaged: bool,
    /// Names with a dot under which a local API that is open to the network may be asked; addresses and single words
    /// always may.
    pub api_names: Vec<String>,
}

impl OpenOptions {
    /// Real time, real HTTPS, full durability, key file.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            sandbox: false,
            keychain: false,
            clock: Arc::new(SystemClock::default()),
            transports: Arc::new(HttpTransports),
            engine: EngineOptions::default(),
            durability: Durability::Full,
            set_aside_damaged: true,
            api_names: Vec::new(),
        }
    }
}

impl std::fmt::Debug for OpenOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenOptions")
            .field("data_dir", &self.data_dir)
            .field("sandbox", &self.sandbox)
            .finish_non_exhaustive()
    }
}

/// What is made from a platform's row: opened once, used for every push and call until the row changes.
pub struct Runtime {
    /// The row.
    pub row: Arc<PlatformRow>,
    /// Opens its pushes; none for an own account without a key.
    pub crypto: Option<MessageCrypto>,
    /// Prints of its AES keys, the current and the previous one, see [`key_print`].
    pub key_prints: (i64, i64),
    /// Carries its calls.
    pub transport: Arc<dyn Transport>,
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runtime").field("platform", &self.row.component_appid).finish_non_exhaustive()
    }
}

/// Tells AES keys apart without being one: the first 8 bytes of SHA-256, never 0.
pub(crate) fn key_print(encoding_aes_key: &str) -> i64 {
    crate::inbox::identity(&["key", encoding_aes_key]).max(1)
}

struct Inner {
    options: OpenOptions,
    run_id: String,
    key_source: KeySource,
    store: Store,
    changes: Arc<Changes>,
    engine: Engine,
    door: DoorState,
    expected_pushes: Expected,
    public_files: PublicFiles,
    sources: Sources,
    verifications: Verifications,
    redeemed: Notify,
    call_log: Arc<CallLog>,
    bulk: Bulk,
    menus: Arc<Menus>,
    oauth: Arc<Oauth>,
    js_tickets_used: js_sdk::Used,
    trial_answers: trial::Answers,
    forward: Forward,
    rules: Rules,
    release: Release,
    answers: Answers,
    tunnels: Tunnels,
    runtimes: RwLock<HashMap<i64, Arc<Runtime>>>,
    previous_key_used: Mutex<HashMap<i64, i64>>,
    reconciler: Reconciler,
    sandbox_url: Mutex<Option<String>>,
    api_address: Mutex<Option<SocketAddr>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    listener_task: Mutex<Option<JoinHandle<()>>>,
    engine_task: Mutex<Option<JoinHandle<()>>>,
    lock: Mutex<Option<FolderLock>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        let listener = self.listener_task.get_mut().ok().and_then(Option::take);
        for task in self.tasks.get_mut().map(std::mem::take).unwrap_or_default().into_iter().chain(listener) {
            task.abort();
        }
    }
}

/// A running engine. Cheap to clone.
#[derive(Clone)]
pub struct Core {
    inner: Arc<Inner>,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").field("data_dir", &self.inner.options.data_dir).finish_non_exhaustive()
    }
}

impl Core {
    /// Takes the data folder, opens its store, and resolves what the last stop left in flight. Starts nothing.
    ///
    /// # Errors
    /// `Held` when another engine has the folder; `Store` in words when it cannot be used. A damaged store is set aside
    /// under another name, never overwritten, and the overview says so.
    pub async fn open(options: OpenOptions) -> Result<Self, AppError> {
        let blocking = options.clone();
        let opened = tokio::task::spawn_blocking(move || opening::open_store(&blocking)).await;
        let (lock, key_source, store, set_aside) =
            opened.map_err(|_| AppError::new(ErrorCode::Internal, "opening broke off"))??;
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random)
            .map_err(|_| AppError::new(ErrorCode::Internal, "no random bytes from the system"))?;
        let core = Self {
            inner: Arc::new(Inner {
                run_id: crate::hex(&random),
                key_source,
                store,
                changes: Arc::new(Changes::default()),
                engine: Engine::default(),
                door: DoorState::default(),
                expected_pushes: Expected::default(),
                public_files: PublicFiles::default(),
                sources: Sources::default(),
                verifications: Verifications::default(),
                redeemed: Notify::new(),
                call_log: Arc::default(),
                bulk: Bulk::default(),
                menus: Arc::default(),
                oauth: Arc::new(Oauth::here()),
                js_tickets_used: js_sdk::Used::default(),
                trial_answers: trial::Answers::default(),
                forward: Forward::here(),
                rules: Rules::default(),
                release: Release::default(),
                answers: Answers::default(),
                tunnels: Tunnels::default(),
                runtimes: RwLock::default(),
                previous_key_used: Mutex::default(),
                reconciler: Reconciler::default(),
                sandbox_url: Mutex::default(),
                api_address: Mutex::default(),
                tasks: Mutex::default(),
                listener_task: Mutex::default(),
                engine_task: Mutex::default(),
                lock: Mutex::new(Some(lock)),
                options,
            }),
        };
        let now = core.clock().now();
        core.store()
            .write(move |tx| {
                let cut_off = credential::resolve_interrupted(tx)?;
                attempt::resolve_interrupted(tx)?;
                oauth_exchange::resolve_interrupted(tx)?;
                if let Some(path) = set_aside {
                    notice::insert(tx, &NoticeRow { id: format!("store_set_aside:{now}"), at: now, detail: path })?;
                }
                if !cut_off.is_empty() {
                    tracing::info!(count = cut_off.len(), "refreshes of the last run were cut off, and go again");
                }
                Ok(())
            })
            .await?;
        core.load_sources().await?;
        core.load_call_log().await?;
        forward::load(&core).await?;
        core.load_rules().await?;
        core.load_release().await?;
        let newest = core.store().read(|c| Ok(inbox::newest(c)?)).await?;
        let (newest_id, newest_at) = newest.unwrap_or_default();
        core.door().accepted(newest_at);
        core.answers().begins_after(newest_id);
        Ok(core)
    }

    /// Starts the engine without any door: for simulations, and for commands that need no network listener.
    pub fn start_engine(&self) {
        let changes = tokio::spawn(self.changes().clone().run(self.clock().clone()));
        self.own(changes);
        self.own(tokio::spawn(sources::watch(self.clone())));
        self.own(tokio::spawn(call_log::run(self.clone())));
        self.own(tokio::spawn(engine::own::watch(self.clone())));
        self.own(tokio::spawn(oauth::watch(self.clone())));
        self.own(tokio::spawn(forward::run(self.clone())));
        self.own(tokio::spawn(answers::run(self.clone())));
        self.own(tokio::spawn(release::run(self.clone())));
        let engine = tokio::spawn(engine::run(self.clone()));
        if let Ok(mut slot) = self.inner.engine_task.lock() {
            *slot = Some(engine);
        }
    }

    /// Starts engine, public door and private door, and leaves `engine.json` for commands.
    ///
    /// # Errors
    /// When an address cannot be bound, in words that say who has it and which one is free; nothing is left running then.
    pub async fn start(&self, listen: SocketAddr, api: SocketAddr) -> Result<(), AppError> {
        let public = listener::bind(listen).await?;
        let private = listener::bind(api).await?;
        let listen = public.local_addr().map_err(|e| AppError::new(ErrorCode::Internal, e.to_string()))?;
        let api = private.local_addr().map_err(|e| AppError::new(ErrorCode::Internal, e.to_string()))?;
        let admin_key = api::new_admin_key()?;
        // Said here and not by the task, so that whoever awaited the start can read the address.
        self.door().listening(listen);
        self.open_listener(public);
        self.own(tokio::spawn(api::serve(self.clone(), private, admin_key.clone())));
        self.own(tokio::spawn(crate::check::watch(self.clone())));
        if let Ok(mut slot) = self.inner.api_address.lock() {
            *slot = Some(api);
        }
        self.start_engine();
        let note = EngineNote {
            pid: std::process::id(),
            listener: listen.to_string(),
            api: api.to_string(),
            admin_key: admin_key.expose().clone(),
        };
        folder::write_note(self.data_dir(), &note).map_err(|e| {
            AppError::new(ErrorCode::Store, format!("engine.json cannot be written: {}", folder::io_words(&e)))
        })?;
        // Only now: their clients are told where we listen.
        self.own(tokio::spawn(tunnel::resume(self.clone())));
        Ok(())
    }

    /// Stops within 5 s: flights finish or are abandoned, the next start resolves them.
    pub async fn shutdown(&self) {
        self.inner.engine.stop();
        let engine = self.inner.engine_task.lock().ok().and_then(|mut slot| slot.take());
        // Together, so that both keep within the five seconds.
        tokio::join!(self.tunnels().close(), forward::close(self), async {
            if let Some(engine) = engine {
                let _ = engine.await;
            }
        });
        // What was called in the last moments; a store that is full or gone loses it.
        let _ = crate::clock::within(LAST_ROWS, self.flush_call_log()).await;
        let _ = crate::clock::within(LAST_ROWS, self.flush_answers()).await;
        folder::remove_note(self.data_dir());
        for task in self.take_tasks() {
            task.abort();
        }
        self.door().stopped();
        self.store().close().await;
        if let Ok(mut lock) = self.inner.lock.lock() {
            *lock = None;
        }
    }

    /// Ends every task where it stands, as a crash would: nothing is finished, closed or said. For crash tests.
    #[doc(hidden)]
    pub async fn abandon(&self) {
        let engine = self.inner.engine_task.lock().ok().and_then(|mut slot| slot.take());
        if let Some(engine) = engine {
            engine.abort();
            let _ = engine.await;
        }
        self.tunnels().abandon();
        for task in self.take_tasks() {
            task.abort();
        }
        if let Ok(mut lock) = self.inner.lock.lock() {
            *lock = None;
        }
    }

    /// A task that ends with the engine.
    pub(crate) fn own(&self, task: JoinHandle<()>) {
        if let Ok(mut tasks) = self.inner.tasks.lock() {
            tasks.retain(|t| !t.is_finished());
            tasks.push(task);
        }
    }

    fn take_tasks(&self) -> impl Iterator<Item = JoinHandle<()>> {
        let tasks = self.inner.tasks.lock().map(|mut t| std::mem::take(&mut *t)).unwrap_or_default();
        let listener = self.inner.listener_task.lock().ok().and_then(|mut t| t.take());
        tasks.into_iter().chain(listener)
    }

    /// The one public door: an earlier one is closed.
    fn open_listener(&self, socket: tokio::net::TcpListener) {
        let task = tokio::spawn(listener::run(self.clone(), socket));
        let earlier = self.inner.listener_task.lock().ok().and_then(|mut slot| slot.replace(task));
        if let Some(earlier) = earlier {
            earlier.abort();
        }
    }

    /// Opens the public door at another address, or again at its own when it failed. Nothing happens when it listens
    /// there already; when the new address cannot be bound, the door stays as it was.
    ///
    /// # Errors
    /// `Unavailable` when the address cannot be bound, with `detail.offer`; `Forbidden` for an address that reaches
    /// further than this machine while the door does not: that is asked for when the program is started.
    pub async fn restart_listener(&self, address: Option<SocketAddr>) -> Result<(), AppError> {
        let (now, last) = (self.door().address(), self.door().last_address());
        let wanted = address.or(last).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)));
        if now.is_some_and(|now| address.is_none() || now == wanted) {
            return Ok(());
        }
        if !wanted.ip().is_loopback() && last.is_none_or(|last| last.ip().is_loopback()) {
            let words =
                format!("{wanted} can be reached from the network; start with --listen {wanted} --expose for that");
            return Err(AppError::new(ErrorCode::Forbidden, words));
        }
        let socket = match listener::bind(wanted).await {
            Ok(socket) => socket,
            // The door had begun to open itself again, and was faster.
            Err(_) if self.door().address() == Some(wanted) => return Ok(()),
            Err(e) => return Err(e),
        };
        if let Ok(bound) = socket.local_addr() {
            self.door().listening(bound);
            if let Some(mut note) = folder::read_note(self.data_dir()).filter(|n| n.pid == std::process::id()) {
                note.listener = bound.to_string();
                if let Err(e) = folder::write_note(self.data_dir(), &note) {
                    tracing::warn!(error = %folder::io_words(&e), "engine.json still names the earlier address");
                }
            }
        }
        self.open_listener(socket);
        Ok(())
    }

    /// The platform's runtime, made anew when its row changed.
    #[must_use]
    pub fn runtime(&self, platform_id: i64) -> Option<Arc<Runtime>> {
        let row = self.store().mirror().platform(platform_id)?;
        self.runtime_of(row)
    }

    /// The same by appid.
    #[must_use]
    pub fn runtime_by_appid(&self, component_appid: &str) -> Option<Arc<Runtime>> {
        let row = self.store().mirror().platform_by_appid(component_appid)?;
        self.runtime_of(row)
    }

    fn runtime_of(&self, row: Arc<PlatformRow>) -> Option<Arc<Runtime>> {
        let known = self.inner.runtimes.read().ok()?.get(&row.id).cloned();
        if let Some(known) = &known
            && Arc::ptr_eq(&known.row, &row)
        {
            return Some(known.clone());
        }
        // A new ticket changes the row every ten minutes: what depends on the credentials only is kept then.
        let made = match known {
            Some(known) if known.row.updated_at == row.updated_at => Arc::new(Runtime {
                crypto: known.crypto.clone(),
                key_prints: known.key_prints,
                transport: known.transport.clone(),
                row,
            }),
            _ => {
                let key = AesKey::parse(row.encoding_aes_key.expose()).ok();
                if key.is_none() && row.own.is_none() {
                    return None;
                }
                let previous = row.previous_encoding_aes_key.as_ref().and_then(|k| AesKey::parse(k.expose()).ok());
                let transport = self.inner.options.transports.make(&row.endpoints, row.outbound_proxy.as_ref()).ok()?;
                let transport = self.logged(transport, &row.component_appid);
                let crypto = key.map(|key| {
                    MessageCrypto::new(row.verify_token.clone(), key, previous, row.component_appid.clone())
                });
                let before = row.previous_encoding_aes_key.as_ref().map_or(0, |key| key_print(key.expose()));
                let key_prints = (key_print(row.encoding_aes_key.expose()), before);
                Arc::new(Runtime { row, crypto, key_prints, transport })
            }
        };
        self.inner.runtimes.write().ok()?.insert(made.row.id, made.clone());
        Some(made)
    }
}
