//! Owns: the state file.
//! Must not: block the runtime, or leave a half-written file: a new one is written beside it and renamed over it.
//! Invariant: the file is readable by its owner only; a later save never loses to an earlier one.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use super::Shared;
use crate::clock::SandboxClock as _;
use crate::platform::Snapshot;
use crate::transport::lock;

/// Changes within this time are written together; milliseconds. Short enough that a killed process loses little.
const DEBOUNCE_MS: u64 = 300;

#[derive(Serialize, Deserialize)]
struct File {
    clock_offset_ms: i64,
    platform: Snapshot,
}

/// The snapshot and clock offset in `path`; `None` if there is no file.
pub(super) async fn load(path: &Path) -> Result<Option<(Snapshot, i64)>, String> {
    let bytes = match tokio::fs::read(path).await {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let file: File = serde_json::from_slice(&bytes).map_err(|error| {
        // The position, not the text: the file holds secrets.
        format!("not a state file (line {}, column {})", error.line(), error.column())
    })?;
    Ok(Some((file.platform, file.clock_offset_ms)))
}

struct Target {
    shared: Arc<Shared>,
    path: PathBuf,
    writing: Mutex<()>,
}

impl Target {
    fn write(&self) -> std::io::Result<()> {
        // Taken before the snapshot, so whoever writes later also writes the later state.
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let file =
            File { clock_offset_ms: self.shared.clock.offset_ms(), platform: lock(&self.shared.platform).snapshot() };
        let bytes = serde_json::to_vec(&file)?;
        if let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)?;
        }
        let beside = self.path.with_extension(format!("{}.new", std::process::id()));
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut out = options.open(&beside)?;
        out.write_all(&bytes)?;
        out.sync_all()?;
        std::fs::rename(&beside, &self.path)
    }
}

async fn write(target: Arc<Target>) {
    let path = target.path.clone();
    match tokio::task::spawn_blocking(move || target.write()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(path = %path.display(), %error, "cannot save the sandbox"),
        Err(error) => tracing::warn!(%error, "saving the sandbox was cut short"),
    }
}

/// Saves after changes; dropping it stops that.
pub(super) struct Saver {
    target: Arc<Target>,
    task: JoinHandle<()>,
}

impl Saver {
    pub(super) fn start(shared: Arc<Shared>, path: PathBuf) -> Self {
        let changed = lock(&shared.platform).change_signal();
        let target = Arc::new(Target { shared, path, writing: Mutex::new(()) });
        let saved = Arc::clone(&target);
        let task = tokio::spawn(async move {
            loop {
                changed.notified().await;
                saved.shared.clock.hold_ms(DEBOUNCE_MS).await;
                write(Arc::clone(&saved)).await;
            }
        });
        Self { target, task }
    }

    /// Saves once more and ends.
    pub(super) async fn finish(self) {
        self.task.abort();
        write(Arc::clone(&self.target)).await;
    }
}

impl Drop for Saver {
    fn drop(&mut self) {
        self.task.abort();
    }
}
