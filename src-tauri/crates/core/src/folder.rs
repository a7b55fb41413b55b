//! The data folder: made private, held by one engine at a time, and the note by which commands find that engine.
//!
//! Invariant: whoever holds a [`FolderLock`] is the only process that may run an engine on this folder. The operating
//! system releases the lock when the process dies, so no stale lock needs mending.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::dto::ErrorCode;
use crate::error::AppError;
use crate::paths;

/// Held for the life of an engine.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

/// `engine.json`: how a command finds the running engine. Mode 0600, since it holds an admin key.
#[derive(Clone, Serialize, Deserialize)]
pub struct EngineNote {
    /// Process id.
    pub pid: u32,
    /// Public door, `host:port`.
    pub listener: String,
    /// Local API, `host:port`.
    pub api: String,
    /// `wk_…` of scope admin, made anew at each start.
    pub admin_key: String,
}

impl std::fmt::Debug for EngineNote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EngineNote")
            .field("pid", &self.pid)
            .field("listener", &self.listener)
            .field("api", &self.api)
            .finish_non_exhaustive()
    }
}

/// Makes the folder (0700) if it is missing.
///
/// # Errors
/// `Store` in words when it cannot be made or written.
pub fn prepare(dir: &Path) -> Result<(), AppError> {
    let fail = |what: &str, e: &std::io::Error| {
        AppError::new(ErrorCode::Store, format!("the data folder {} cannot be {what}: {}", dir.display(), io_words(e)))
    };
    // Every folder that is made on the way too: `DIR` of `DIR/sandbox` holds the operator's own store later.
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|e| fail("made", &e))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(dir).map_err(|e| fail("read", &e))?.permissions().mode();
        if mode & 0o077 != 0 {
            // Best effort: a folder of another owner stays as it is, the writing below tells whether it is usable.
            let _ = std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700));
        }
    }
    Ok(())
}

/// Takes the folder for this process.
///
/// # Errors
/// `Held` naming the holder's pid, or `Store` when the folder cannot be written.
pub fn lock(dir: &Path) -> Result<FolderLock, AppError> {
    let path = paths::lock_file(dir);
    let mut file =
        private(OpenOptions::new().read(true).write(true).create(true).truncate(false)).open(&path).map_err(|e| {
            AppError::new(
                ErrorCode::Store,
                format!("the data folder {} cannot be written: {}", dir.display(), io_words(&e)),
            )
        })?;
    match file.try_lock() {
        Ok(()) => {
            // The pid is for words only; the lock itself is the truth.
            let _ = file.set_len(0);
            let _ = file.rewind();
            let _ = write!(file, "{}", std::process::id());
            Ok(FolderLock { _file: file })
        }
        Err(std::fs::TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            let who = if holder.trim().is_empty() {
                "another process".to_owned()
            } else {
                format!("process {}", holder.trim())
            };
            Err(AppError::new(
                ErrorCode::Held,
                format!("the data folder {} is held by {who}; one engine per data folder", dir.display()),
            ))
        }
        Err(std::fs::TryLockError::Error(e)) => Err(AppError::new(
            ErrorCode::Store,
            format!("the data folder {} cannot be locked: {}", dir.display(), io_words(&e)),
        )),
    }
}

/// Writes `engine.json` whole (temporary file, then rename).
///
/// # Errors
/// When the folder cannot be written.
pub fn write_note(dir: &Path, note: &EngineNote) -> std::io::Result<()> {
    write_private(&paths::engine_file(dir), &serde_json::to_vec(note)?)
}

/// Reads `engine.json`, if there is one.
#[must_use]
pub fn read_note(dir: &Path) -> Option<EngineNote> {
    serde_json::from_slice(&std::fs::read(paths::engine_file(dir)).ok()?).ok()
}

/// Removes `engine.json`.
pub fn remove_note(dir: &Path) {
    let _ = std::fs::remove_file(paths::engine_file(dir));
}

/// Writes a file that only its owner may read, whole or not at all.
///
/// # Errors
/// Any I/O error; the old file is then untouched.
pub fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let temporary = path.with_extension("tmp");
    let mut file = private(OpenOptions::new().write(true).create(true).truncate(true)).open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    std::fs::rename(&temporary, path)
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

/// An I/O error in words an operator can act on.
#[must_use]
pub fn io_words(e: &std::io::Error) -> String {
    match e.kind() {
        std::io::ErrorKind::PermissionDenied => "no permission to write there".into(),
        std::io::ErrorKind::StorageFull => "the disk is full".into(),
        std::io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".into(),
        std::io::ErrorKind::NotADirectory => "a part of the path is a file".into(),
        _ => e.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_lock_names_the_holder() {
        let dir = tempfile::tempdir().unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            prepare(&dir.path().join("data/sandbox")).unwrap();
            let mode = |path: &str| std::fs::metadata(dir.path().join(path)).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode("data"), mode("data/sandbox")), (0o700, 0o700));
        }
        prepare(dir.path()).unwrap();
        let first = lock(dir.path()).unwrap();
        let error = lock(dir.path()).unwrap_err();
        assert_eq!(error.code, ErrorCode::Held);
        assert!(error.message.contains(&std::process::id().to_string()), "{error}");
        drop(first);
        lock(dir.path()).unwrap();
    }

    #[test]
    fn a_path_through_a_file_is_said_in_words() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "x").unwrap();
        let error = prepare(&file.join("data")).unwrap_err();
        assert_eq!(error.code, ErrorCode::Store);
        assert!(error.message.contains("cannot be made"), "{error}");
    }
}
