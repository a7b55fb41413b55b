//! Whom a command talks to: the running engine of the data folder, or the store itself.
//!
//! Both are asked in the same words (method, path, JSON) and answer the same documents. Invariant: the store is opened
//! only under the folder's lock, so never beside a running engine.

use std::path::Path;
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use wxdesk_core::dto::ErrorCode;
use wxdesk_core::folder::EngineNote;
use wxdesk_core::{Core, OpenOptions, api, folder, paths, transport};

use crate::failure::Failure;
use crate::stop;

/// An engine that does not answer so soon is not there.
const PROBE: Duration = Duration::from_secs(3);
/// Longer than the longest call of the API.
const CALL: Duration = Duration::from_secs(60);

/// What a command needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A running engine: the command calls WeChat.
    Running,
    /// The store will do, and it must exist.
    Look,
    /// The store will do, and is made if it does not exist.
    Change,
}

/// Whom a command talks to.
pub enum Engine {
    /// A running engine.
    Running(Running),
    /// The store, opened by this process.
    Store(Core),
}

/// A running engine.
pub struct Running {
    client: reqwest::Client,
    note: EngineNote,
}

impl Engine {
    /// Finds the engine of `dir` (its own, or its sandbox's), or opens its store.
    pub async fn find(dir: &Path, need: Need) -> Result<Self, Failure> {
        for place in [dir.to_owned(), paths::sandbox_dir(dir)] {
            if let Some(note) = folder::read_note(&place)
                && let Some(running) = Running::probe(note).await?
            {
                return Ok(Self::Running(running));
            }
        }
        if need == Need::Running {
            let words = format!(
                "this needs a running engine, and none answers for {}; start one with: wxdeskd serve",
                dir.display()
            );
            return Err(Failure::environment(words));
        }
        if need == Need::Look && !paths::store_file(dir).exists() {
            let words = format!(
                "there is no store in {} yet, and no running engine; add a platform or start: wxdeskd serve",
                dir.display()
            );
            return Err(Failure::environment(words));
        }
        Ok(Self::Store(Core::open(options(dir)).await?))
    }

    /// Asks, and answers the document.
    pub async fn ask(&self, method: Method, target: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let (status, document) = match self {
            Self::Running(running) => running.ask(method, target, body, CALL).await.map_err(|e| {
                Failure::environment(format!("the engine (process {}) did not answer: {}", running.note.pid, words(&e)))
            })?,
            Self::Store(core) => api::ask_here(core, method, target, body).await,
        };
        if (200..300).contains(&status) { Ok(document) } else { Err(Failure::from_document(&document)) }
    }

    /// Ends the conversation; a store that was opened is closed properly.
    pub async fn close(self) {
        if let Self::Store(core) = self {
            stop::engine(&core).await;
        }
    }

    /// Asks once and closes.
    pub async fn once(
        dir: &Path,
        need: Need,
        method: Method,
        target: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let engine = Self::find(dir, need).await?;
        let answer = engine.ask(method, target, body).await;
        engine.close().await;
        answer
    }
}

impl Running {
    /// The engine that left this note, if it still lives. A note outlives an engine that was killed, and its port may
    /// have gone to a stranger: only a right answer to its key counts.
    async fn probe(note: EngineNote) -> Result<Option<Self>, Failure> {
        let running = Self { client: transport::client(None)?, note };
        match running.ask(Method::GET, "/v1/status", None, PROBE).await {
            Ok((200, _)) => Ok(Some(running)),
            Err(e) if e.is_timeout() && !e.is_connect() => {
                Err(Failure::environment(format!("the engine (process {}) does not answer", running.note.pid)))
            }
            _ => Ok(None),
        }
    }

    async fn ask(
        &self,
        method: Method,
        target: &str,
        body: Option<&Value>,
        limit: Duration,
    ) -> Result<(u16, Value), reqwest::Error> {
        let mut request = self
            .client
            .request(method, format!("http://{}{target}", self.note.api))
            .header("authorization", format!("Bearer {}", self.note.admin_key))
            .timeout(limit);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let bytes = response.bytes().await?;
        Ok((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }
}

/// How this program opens a data folder. A store whose key the desktop app put into the keychain opens too; a new key
/// goes into a file, because a service has no session whose keychain it could ask.
pub fn options(dir: &Path) -> OpenOptions {
    let mut options = OpenOptions::new(dir);
    // A server must not go on empty because a file was swapped; a person at a window is told and decides.
    options.set_aside_damaged = false;
    options.keychain = paths::store_file(dir).exists() && !paths::key_file(dir).exists();
    options
}

/// Whether the folder can be taken now, for a command that says why not in its own words.
pub fn is_held(dir: &Path) -> bool {
    dir.exists() && folder::lock(dir).is_err_and(|e| e.code == ErrorCode::Held)
}

/// A client error's cause, without the URL.
fn words(e: &reqwest::Error) -> String {
    std::error::Error::source(e).map_or_else(|| "no connection".to_owned(), ToString::to_string)
}

/// A value inside a path or a query.
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
