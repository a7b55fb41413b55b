//! Owns: the simulated platform over HTTP: API paths, authorize pages, avatars, control endpoints, pushes by HTTP, the
//! state file.
//! Must not: hold a rule of the platform; `Platform` has them. Listens on loopback unless told otherwise.
//! Invariant: after [`Door::stop`] the state file holds everything that was answered.
//!
//! # Pages
//! `/cgi-bin/componentloginpage` (PC, checks the Referer), `/wxaopen/safe/bindcomponent` and `/safe/bindcomponent` (H5).
//! Element ids: `#account-<appid>` the card of an account (a click chooses it), `#choose-<appid>` its radio button,
//! `#set-<appid>-<id>` the tickbox of a permission set, `#confirm`, `#cancel`, `#error` on an error page.
//! `/sandbox/account/{appid}`: one account for a person, `#secret`, `#verification`, and forms whose buttons are `#server`,
//! `#verify`, `#remove`, `#text`, `#tap`, `#scan`, `#follow`, `#unfollow`, `#take-token`, `#js-code`, `#domain`.
//! `/connect/oauth2/authorize` (G.1) redirects at once for `snsapi_base`; else it asks: `#person-<number>` who one is,
//! `#snapshot`, `#agree`, `#refuse`, `#hash` when `#wechat_redirect` is missing. `/connect/qrconnect` (G.3) likewise.
//!
//! # Control endpoints (JSON)
//! `GET /sandbox/state`, `/sandbox/platform`, `/sandbox/violations`, `/sandbox/faults`, `/sandbox/config`;
//! `POST /sandbox/advance` `{"ms"}`, `/sandbox/ticket` `{}`, `/sandbox/faults` `{"when":{…},"effect":"slow","ms":…}`,
//! `/sandbox/revoke` `{"appid"}`, `/sandbox/sets` `{"appid","sets":[…]}`, `/sandbox/rotation` `{"on"}`,
//! `/sandbox/push` `{"push_base","event_url","message_url"}`, `/sandbox/config` (any part of [`SandboxConfig`]),
//! `/sandbox/message` `{"appid","openid" or "follower","text" or "fields":{…}}` with any fields of a message or event, nested
//! ones as objects and arrays, `/sandbox/accounts` `{"count"}`,
//! `/sandbox/expire` `{"appid"}` (a token replaced elsewhere; the component's without appid),
//! `/sandbox/client-restarted` `{}`, `/sandbox/oauth` `{"url","openid" or "follower","agree","snapshot"}` which answers
//! `{"redirect"}`;
//! `GET /sandbox/accounts/{appid}`; `POST /sandbox/server` `{"appid","url","token","encoding_aes_key","mode","format"}` and
//! `/sandbox/server/verify` `{"appid"}`, both answer `{"saved","steps":[{"name","ok","detail","detail_zh"}]}`,
//! `/sandbox/server/remove` `{"appid"}`, `/sandbox/take-token` `{"appid"}`, `/sandbox/js-code` `{"appid","follower"}` →
//! `{"js_code","openid"}`, `/sandbox/follow` `{"appid","follower","on"}`, `/sandbox/tap` `{"appid","follower","type","key"}`,
//! `/sandbox/scan` `{"ticket"` or `"appid","scene"`, `"follower"}` → `{"event"}`, `/sandbox/jsapi-verify`
//! `{"appid","url","timestamp","nonce_str","signature"}` → `{"result","accepted","ticket"}`, `/sandbox/web-domain`
//! `{"appid","domain"}`. What makes a follower act answers `{"ok","openid","push"}`, the number of the push;
//! `GET /sandbox/push/{number}?wait_ms=10000` waits until it is over and answers `{"state","attempts":[{"attempt","outcome",
//! "took_ms","taken","reply","shown",…}],…}`. `GET` and `POST /sandbox/crowd` `{"per_minute"}` → `{"per_minute","sent",
//! "repeated","lost"}`; `POST /sandbox/release-check` `{"set","kind"}` starts a check, `GET` lists them, newest first, in the
//! language of Accept-Language. A follower is a number of [`crate::PEOPLE`] or an openid. `DELETE /sandbox/faults` and `/sandbox/faults/{id}`.

mod account_page;
mod accounts;
mod consent;
mod control;
mod html;
mod live;
mod outside;
mod pages;
mod routes;
mod save;
mod sink;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::clock::{AdjustableClock, SandboxClock};
use crate::config::SandboxConfig;
use crate::platform::Platform;
use crate::pump::PumpHandle;
use crate::transport::{SharedPlatform, lock};

pub use sink::HttpSink;

/// How a door is opened.
#[derive(Debug, Clone)]
pub struct DoorOptions {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Seed of a new platform. A state file made with another seed is refused.
    pub seed: u64,
    /// Where the platform is kept between runs; `None` keeps nothing.
    pub state_file: Option<PathBuf>,
    /// Base URL that pushes go to, `http://127.0.0.1:8090`; `None` keeps pushes back until it is set.
    pub push_base: Option<String>,
    /// Ticket cycle in seconds, instead of the configured one.
    pub ticket_interval_s: Option<i64>,
    /// Settings of a new platform; a state file brings its own.
    pub config: SandboxConfig,
    /// Allows an address that is not loopback. The control endpoints have no password.
    pub allow_remote: bool,
}

impl Default for DoorOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8099),
            seed: 1,
            state_file: None,
            push_base: None,
            ticket_interval_s: None,
            config: SandboxConfig::default(),
            allow_remote: false,
        }
    }
}

/// Why a door did not open.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// Not a loopback address, and that was not allowed.
    #[error("the sandbox listens on loopback only, not on {0}")]
    NotLoopback(SocketAddr),
    /// The address cannot be bound.
    #[error("cannot listen on {0}: {1}")]
    Bind(SocketAddr, std::io::Error),
    /// The state file cannot be read.
    #[error("cannot read the state file {0}: {1}")]
    State(PathBuf, String),
    /// The state file belongs to another seed.
    #[error("the state file {path} was made with seed {found}, not {wanted}")]
    OtherSeed {
        /// The file.
        path: PathBuf,
        /// Its seed.
        found: u64,
        /// The seed asked for.
        wanted: u64,
    },
    /// No HTTP client for pushes.
    #[error("cannot make the client for pushes: {0}")]
    Client(String),
}

/// What the handlers share.
pub(crate) struct Shared {
    pub(crate) platform: SharedPlatform,
    pub(crate) clock: Arc<AdjustableClock>,
    pub(crate) outside: outside::Outside,
}

/// A sandbox that serves. Dropping it stops it without a last save.
pub struct Door {
    /// The bound address.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    saver: Option<save::Saver>,
    pump: Option<PumpHandle>,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Opens the door: reads the state file, binds, starts the pushes (the first ticket at once if there is a push base).
///
/// # Errors
/// [`DoorError`].
pub async fn serve(options: DoorOptions) -> Result<Door, DoorError> {
    if !options.listen.ip().is_loopback() && !options.allow_remote {
        return Err(DoorError::NotLoopback(options.listen));
    }
    let (mut platform, offset_ms) = open_platform(&options).await?;
    let listener = tokio::net::TcpListener::bind(options.listen).await;
    let listener = listener.map_err(|error| DoorError::Bind(options.listen, error))?;
    let address = listener.local_addr().map_err(|error| DoorError::Bind(options.listen, error))?;
    platform.configure(|config| {
        config.base_url = base_url(address);
        if let Some(interval) = options.ticket_interval_s {
            config.ticket_interval_s = interval;
        }
    });
    let push_base = options.push_base.clone().or_else(|| platform.config().push_base.clone());
    platform.set_push_base(push_base);
    let sink = Arc::new(HttpSink::new()?);
    let outside = outside::Outside::new()?;
    let clock = Arc::new(AdjustableClock::with_offset(offset_ms));
    let shared = Arc::new(Shared { platform: Arc::new(Mutex::new(platform)), clock, outside });
    let saver = options.state_file.map(|path| save::Saver::start(Arc::clone(&shared), path));
    let clock: Arc<dyn SandboxClock> = Arc::clone(&shared.clock) as Arc<dyn SandboxClock>;
    let pump = PumpHandle::start(Arc::clone(&shared.platform), clock, sink);
    let (stop, stopped) = oneshot::channel::<()>();
    let app = routes::router(Arc::clone(&shared)).into_make_service_with_connect_info::<SocketAddr>();
    let server = tokio::spawn(async move {
        // Ends when told to, or when the door is dropped and with it the sender.
        let until = async move {
            let _ = stopped.await;
        };
        if let Err(error) = axum::serve(listener, app).with_graceful_shutdown(until).await {
            tracing::warn!(%error, "the sandbox stopped serving");
        }
    });
    Ok(Door { address, shared, saver, pump: Some(pump), stop: Some(stop), server: Some(server) })
}

async fn open_platform(options: &DoorOptions) -> Result<(Platform, i64), DoorError> {
    let Some(path) = &options.state_file else {
        return Ok((Platform::new(options.seed, options.config.clone()), 0));
    };
    match save::load(path).await.map_err(|why| DoorError::State(path.clone(), why))? {
        None => Ok((Platform::new(options.seed, options.config.clone()), 0)),
        Some((snapshot, _)) if snapshot.seed() != options.seed => {
            Err(DoorError::OtherSeed { path: path.clone(), found: snapshot.seed(), wanted: options.seed })
        }
        Some((snapshot, offset_ms)) => {
            let platform = Platform::restore(snapshot).map_err(|why| DoorError::State(path.clone(), why))?;
            Ok((platform, offset_ms))
        }
    }
}

/// An unspecified address is reached over loopback.
fn base_url(address: SocketAddr) -> String {
    let ip = if address.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { address.ip() };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}

/// How long [`Door::stop`] waits for answers under way.
const STOP_WITHIN: Duration = Duration::from_secs(2);

impl Door {
    /// `http://ADDR`, without a trailing slash.
    pub fn base_url(&self) -> String {
        base_url(self.address)
    }

    /// The platform as `wxdeskd platform add` reads it. Holds every (simulated) secret.
    pub fn platform_json(&self) -> Value {
        lock(&self.shared.platform).platform_json()
    }

    /// The platform itself.
    pub fn platform(&self) -> SharedPlatform {
        Arc::clone(&self.shared.platform)
    }

    /// Milliseconds on the sandbox's clock.
    pub fn now_ms(&self) -> i64 {
        self.shared.clock.now_ms()
    }

    /// Moves the sandbox's clock.
    pub fn advance(&self, ms: i64) {
        self.shared.clock.advance(ms);
    }

    /// What the client did that must never happen; empty is good.
    pub fn violations(&self) -> Vec<String> {
        lock(&self.shared.platform).violations()
    }

    /// Where pushes go; the next ticket is pushed at once, `None` keeps pushes back.
    pub fn set_push_base(&self, base: Option<String>) {
        let now = self.now_ms();
        let mut platform = lock(&self.shared.platform);
        let changed = platform.config().push_base != base;
        platform.set_push_base(base);
        if changed {
            platform.push_ticket_now(now);
        }
    }

    /// Stops serving and pushing, saves, and reports the violations through the log.
    pub async fn stop(mut self) {
        self.pump = None;
        drop(self.stop.take());
        if let Some(mut server) = self.server.take()
            && tokio::time::timeout(STOP_WITHIN, &mut server).await.is_err()
        {
            server.abort();
        }
        if let Some(saver) = self.saver.take() {
            saver.finish().await;
        }
        for violation in self.violations() {
            tracing::error!(%violation, "the client did what must never happen");
        }
    }
}
