//! The engines behind the one window, and which of them it shows.
//!
//! Owns the operator's session and the sandbox's, swapping between them in place, and stopping both. It must not know a
//! window: who wants to follow the swap subscribes. Invariant: the operator's own engine, once started, goes on running
//! while the window shows the sandbox, so trying the sandbox never costs a ticket.

use std::path::{Path, PathBuf};

use tokio::sync::{Mutex, watch};
use wxdesk_core::dto::ErrorCode;
use wxdesk_core::{AppError, Core, paths};

use super::focus::FocusDoor;
use super::memory::Memory;
use super::session::Session;

/// What the window shows now.
#[derive(Clone)]
pub struct Shown {
    /// The engine that commands go to.
    pub core: Core,
    /// It is the sandbox's.
    pub sandbox: bool,
}

#[derive(Default)]
struct Sessions {
    home: Option<Session>,
    sandbox: Option<Session>,
}

/// The engines behind the window.
pub struct Desk {
    dir: PathBuf,
    sandbox_only: bool,
    focus: FocusDoor,
    sessions: Mutex<Sessions>,
    shown: watch::Sender<Option<Shown>>,
}

impl Desk {
    /// A desk on the data folder `dir`; `sandbox_only` leaves the operator's own folder alone. Nothing is opened yet.
    #[must_use]
    pub fn new(dir: PathBuf, sandbox_only: bool, focus: FocusDoor) -> Self {
        Self { dir, sandbox_only, focus, sessions: Mutex::default(), shown: watch::Sender::new(None) }
    }

    /// The folder whose lock decides whether this start becomes a window.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        folder(&self.dir, self.sandbox_only)
    }

    /// Opens what the program was started for, or what the window showed when it was last closed. The answer is the
    /// address that the public door should have had, when it was taken and there is a platform that needs it.
    ///
    /// # Errors
    /// `Held`, `Store`, `DiskFull`: words for the person who started the program.
    pub async fn open(&self) -> Result<Option<std::net::SocketAddr>, AppError> {
        if self.sandbox_only {
            return self.enter_sandbox().await.map(|_| None);
        }
        let (core, moved) = {
            let mut sessions = self.sessions.lock().await;
            let session = Session::open(&self.dir).await?;
            self.focus.announce(&self.dir);
            let found = (session.core.clone(), session.moved_from);
            sessions.home = Some(session);
            found
        };
        if Memory::read(&self.dir).sandbox {
            match self.enter_sandbox().await {
                Ok(_) => return Ok(None),
                // The operator's own engine is up; that is worth more than the sandbox.
                Err(error) => tracing::warn!(%error, "the sandbox could not be reopened"),
            }
        }
        let first_start = core.app_info().first_start;
        self.show(core, false);
        Ok(moved.filter(|_| !first_start))
    }

    /// The engine that commands go to. Waits while the first one is being opened.
    ///
    /// # Errors
    /// `Stopping` once the program ends.
    pub async fn core(&self) -> Result<Core, AppError> {
        let mut shown = self.shown.subscribe();
        let shown = shown.wait_for(Option::is_some).await;
        match shown.ok().and_then(|s| s.as_ref().map(|s| s.core.clone())) {
            Some(core) => Ok(core),
            None => Err(AppError::new(ErrorCode::Stopping, "the program is ending")),
        }
    }

    /// Follows what the window shows.
    #[must_use]
    pub fn follow(&self) -> watch::Receiver<Option<Shown>> {
        self.shown.subscribe()
    }

    /// Shows the sandbox, starting it if need be.
    ///
    /// # Errors
    /// When the sandbox cannot be started; the window then shows what it showed before.
    pub async fn enter_sandbox(&self) -> Result<Core, AppError> {
        let mut sessions = self.sessions.lock().await;
        let core = match &sessions.sandbox {
            Some(session) => session.core.clone(),
            None => {
                let dir = paths::sandbox_dir(&self.dir);
                let session = Session::open_sandbox(&dir).await?;
                self.focus.announce(&dir);
                let core = session.core.clone();
                sessions.sandbox = Some(session);
                core
            }
        };
        self.remember(true);
        self.show(core.clone(), true);
        Ok(core)
    }

    /// Shows the operator's own engine, starting it if need be, and stops the sandbox.
    ///
    /// # Errors
    /// When the operator's own folder cannot be opened; the window then stays in the sandbox.
    pub async fn leave_sandbox(&self) -> Result<Core, AppError> {
        let mut sessions = self.sessions.lock().await;
        let core = match &sessions.home {
            Some(session) => session.core.clone(),
            None => {
                let session = Session::open(&self.dir).await?;
                self.focus.announce(&self.dir);
                let core = session.core.clone();
                sessions.home = Some(session);
                core
            }
        };
        self.remember(false);
        self.show(core.clone(), false);
        if let Some(session) = sessions.sandbox.take() {
            self.focus.withdraw(&paths::sandbox_dir(&self.dir));
            session.stop().await;
        }
        Ok(core)
    }

    /// Stops every engine. Takes at most as long as the slower one (≤ 5 s each, at the same time).
    pub async fn stop(&self) {
        let mut sessions = self.sessions.lock().await;
        self.focus.withdraw_all();
        let (home, sandbox) = (sessions.home.take(), sessions.sandbox.take());
        tokio::join!(stop(home), stop(sandbox));
    }

    fn show(&self, core: Core, sandbox: bool) {
        self.shown.send_replace(Some(Shown { core, sandbox }));
    }

    fn remember(&self, sandbox: bool) {
        if self.sandbox_only {
            return;
        }
        if let Err(error) = (Memory { sandbox }).write(&self.dir) {
            tracing::warn!(%error, "what the window shows could not be remembered");
        }
    }
}

/// The folder that a start on `dir` takes first.
#[must_use]
pub fn folder(dir: &Path, sandbox_only: bool) -> PathBuf {
    if sandbox_only { paths::sandbox_dir(dir) } else { dir.to_owned() }
}

async fn stop(session: Option<Session>) {
    if let Some(session) = session {
        session.stop().await;
    }
}

/// Where the web view keeps what the page stores (language, theme): beside the data, so that two folders share nothing.
#[must_use]
pub fn webview_folder(dir: &Path) -> PathBuf {
    dir.join("webview")
}
