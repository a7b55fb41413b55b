//! `wxdeskd serve`: the engine until a signal, against WeChat or against the simulated platform.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use wxdesk_core::dto::PlatformInput;
use wxdesk_core::{Core, OpenOptions, api, folder, paths};
use wxdesk_sandbox::door::{self, Door, DoorOptions};

use crate::args::Serve;
use crate::engine;
use crate::failure::Failure;
use crate::print;
use crate::stop::{self, Signals};

/// The simulated platform is the same on every machine.
const SANDBOX_SEED: u64 = 1;

/// A started engine, and the simulated platform beside it.
pub struct Session {
    pub core: Core,
    pub door: Option<Door>,
}

/// Where an engine listens.
#[derive(Clone, Copy)]
pub struct Addresses {
    pub listen: SocketAddr,
    pub api: SocketAddr,
}

impl Addresses {
    /// Free ports on loopback.
    pub fn free() -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self { listen: any, api: any }
    }
}

impl Session {
    /// Starts an engine on the operator's own folder.
    pub async fn start(dir: &Path, at: Addresses, api_names: Vec<String>) -> Result<Self, Failure> {
        let core = Core::open(OpenOptions { api_names, ..engine::options(dir) }).await?;
        match core.start(at.listen, at.api).await {
            Ok(()) => Ok(Self { core, door: None }),
            Err(e) => {
                stop::engine(&core).await;
                Err(e.into())
            }
        }
    }

    /// Starts an engine on the sandbox's folder `dir` together with its simulated platform, and connects the two.
    pub async fn start_sandbox(dir: &Path, at: Addresses, api_names: Vec<String>) -> Result<Self, Failure> {
        let core = Core::open(OpenOptions { sandbox: true, api_names, ..engine::options(dir) }).await?;
        match connect(&core, dir, at).await {
            Ok(door) => Ok(Self { core, door: Some(door) }),
            Err(failure) => {
                stop::engine(&core).await;
                Err(failure)
            }
        }
    }

    /// Stops the engine first, so that no call of it meets a platform that is gone. Answers what the simulated platform
    /// saw that must never happen.
    pub async fn stop(self) -> Vec<String> {
        stop::engine(&self.core).await;
        match self.door {
            Some(door) => {
                let violations = door.violations();
                door.stop().await;
                violations
            }
            None => Vec::new(),
        }
    }
}

async fn connect(core: &Core, dir: &Path, at: Addresses) -> Result<Door, Failure> {
    core.start(at.listen, at.api).await?;
    let base = format!("http://{}", reachable(bound(core, at).listen));
    let door = door::serve(DoorOptions {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        seed: SANDBOX_SEED,
        state_file: Some(dir.join("sandbox-platform.json")),
        ..DoorOptions::default()
    })
    .await
    .map_err(|e| Failure::environment(format!("the simulated platform could not start: {e}")))?;
    core.set_sandbox_url(Some(door.base_url()));
    let mut platform = door.platform_json();
    platform["public_base_url"] = base.clone().into();
    let saved = match serde_json::from_value::<PlatformInput>(platform) {
        Ok(platform) => core.save_platform(platform).await.map_err(Failure::from),
        Err(_) => Err(Failure::environment("the simulated platform describes itself wrongly")),
    };
    // Only now: the first ticket comes at once, and an unknown platform's would be refused and tried again much later.
    door.set_push_base(Some(base));
    match saved {
        Ok(_) => Ok(door),
        Err(failure) => {
            door.stop().await;
            Err(failure)
        }
    }
}

/// Where a started engine listens. Its note is written before the start returns; its listener may only just be starting.
fn bound(core: &Core, asked: Addresses) -> Addresses {
    let note = folder::read_note(core.data_dir());
    let of = |text: &str, asked| text.parse().unwrap_or(asked);
    note.map_or(asked, |note| Addresses { listen: of(&note.listener, asked.listen), api: of(&note.api, asked.api) })
}

/// An address that this machine can connect to, for a socket that may be bound to all of them.
fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() { SocketAddr::from((Ipv4Addr::LOCALHOST, address.port())) } else { address }
}

/// `DIR/engine.json` for an engine that runs on `DIR/sandbox`, so that commands on DIR find it. An engine on DIR itself
/// comes first: its note is not touched.
struct Signpost {
    dir: Option<PathBuf>,
}

impl Signpost {
    fn put_up(dir: &Path, session: &Session) -> Self {
        let note = folder::read_note(session.core.data_dir());
        let Some(note) = note.filter(|_| !engine::is_held(dir)) else { return Self { dir: None } };
        match folder::write_note(dir, &note) {
            Ok(()) => Self { dir: Some(dir.to_owned()) },
            Err(e) => {
                tracing::warn!(error = %folder::io_words(&e), "engine.json could not be left in the data folder itself");
                Self { dir: None }
            }
        }
    }

    fn take_down(self) {
        if let Some(dir) = self.dir
            && folder::read_note(&dir).is_some_and(|note| note.pid == std::process::id())
        {
            folder::remove_note(&dir);
        }
    }
}

/// Addresses that other machines reach are taken only by whoever says that they mean it.
fn reach(args: &Serve) -> Result<(), Failure> {
    let wide = |address: SocketAddr| !address.ip().to_canonical().is_loopback();
    if wide(args.listen) && !args.expose {
        return Err(Failure::environment(format!(
            "--listen {0}: other machines could reach the public listener there, without the tunnel and without TLS: whoever \
             is on the way can read messages that are not encrypted. A tunnel on this machine needs only 127.0.0.1. If you \
             mean it, for a proxy with TLS on another machine for example, add --expose",
            args.listen
        )));
    }
    if wide(args.api) && !args.api_expose {
        return Err(Failure::environment(format!(
            "--api {0}: other machines could reach the local API there, which gives tokens to whoever has a key, and has no \
             TLS: whoever is on the way can read keys and tokens. If you mean it, add --api-expose",
            args.api
        )));
    }
    if wide(args.listen) {
        tracing::warn!(listen = %args.listen, "the public listener can be reached from other machines without a tunnel and without TLS");
    }
    if wide(args.api) {
        tracing::warn!(api = %args.api, "the local API can be reached from the network; whoever has a key can use it");
    }
    Ok(())
}

pub async fn run(dir: &Path, args: Serve) -> Result<(), Failure> {
    reach(&args)?;
    let mut signals = Signals::listen()?;
    if let Some(pages) = args.ui {
        if !pages.join("index.html").is_file() {
            return Err(Failure::environment(format!("--ui {}: there is no index.html in it", pages.display())));
        }
        api::serve_pages_from(pages);
    }
    let at = Addresses { listen: args.listen, api: args.api };
    let session = if args.sandbox {
        Session::start_sandbox(&paths::sandbox_dir(dir), at, args.api_name).await
    } else {
        Session::start(dir, at, args.api_name).await
    };
    let session = session.map_err(Failure::at_start)?;
    let signpost = args.sandbox.then(|| Signpost::put_up(dir, &session));
    if let Some(door) = &session.door {
        print::note(&format!("sandbox on {}", door.base_url()));
    }
    let bound = bound(&session.core, at);
    print::line(&format!("listening on http://{}", bound.listen));
    print::line(&format!("api on http://{}", bound.api));
    signals.wait().await;
    tracing::info!("stopping");
    if let Some(signpost) = signpost {
        signpost.take_down();
    }
    for violation in session.stop().await {
        tracing::error!(%violation, "the simulated platform saw what must never happen");
    }
    Ok(())
}
