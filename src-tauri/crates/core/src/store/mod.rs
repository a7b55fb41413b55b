//! The encrypted store: one SQLite file, SQLCipher for every page, WAL, `synchronous=FULL`.
//!
//! Owns connections, migrations, the commit queue and the [`Mirror`] (the rows that the engine asks for all the time,
//! in memory). It must not decide anything about tokens. Invariants:
//! - a write's future resolves only after its transaction is durable;
//! - the mirror changes only after the commit, in commit order;
//! - a damaged file is never overwritten (see [`OpenError::Damaged`]).

mod commit;
pub mod index;
mod mirror;
pub mod tables;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use wechat::secret::SecretString;

pub use commit::Tx;
pub use mirror::{Mirror, Patch};

use crate::error::AppError;

/// Schema version of this program; a store with a higher one is refused.
pub const SCHEMA_VERSION: u32 = 1;

/// A busy connection is waited for so long. Only one process writes, so this is for the short moments of a
/// checkpoint or of a command-line reader.
const BUSY: Duration = Duration::from_secs(5);

/// Pages after which SQLite moves the log into the file. The log file is then reused from its start, and overwriting
/// preallocated blocks makes `fdatasync` several times cheaper than appending (measured: 0.23 ms against 0.99 ms).
const CHECKPOINT_PAGES: u32 = 4_000;

/// How hard a commit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// `synchronous=FULL`: on the disk when the future resolves.
    #[default]
    Full,
    /// `synchronous=OFF`: for simulations that count months in seconds.
    Off,
}

/// Why the store could not do its work. Texts hold no data of rows.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No space left; the transaction was rolled back.
    #[error("the disk is full")]
    DiskFull,
    /// The transaction was rolled back under the job: a full disk, or a panic of another job of its group.
    #[error("the change was rolled back; the disk may be full")]
    RolledBack,
    /// The engine is stopping and takes no more writes.
    #[error("the store is closing")]
    Stopping,
    /// SQLite refused.
    #[error("the store failed: {0}")]
    Sqlite(String),
    /// A job broke off.
    #[error("a store job broke off")]
    Broken,
    /// The work inside the transaction refused; rolled back.
    #[error("{0}")]
    Refused(Box<AppError>),
}

impl Clone for StoreError {
    fn clone(&self) -> Self {
        match self {
            Self::DiskFull => Self::DiskFull,
            Self::RolledBack => Self::RolledBack,
            Self::Stopping => Self::Stopping,
            Self::Sqlite(text) => Self::Sqlite(text.clone()),
            Self::Broken => Self::Broken,
            Self::Refused(inner) => Self::Refused(inner.clone()),
        }
    }
}

impl From<AppError> for StoreError {
    fn from(e: AppError) -> Self {
        Self::Refused(Box::new(e))
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(e: rusqlite::Error) -> Self {
        match e.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::DiskFull,
            // SQLite's own message only: rusqlite's Display may quote SQL, never bound values, but less is safer.
            Some(code) => Self::Sqlite(format!("{code:?}")),
            None => Self::Sqlite(e.to_string()),
        }
    }
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Not a store, or damaged, or another key. Set it aside, never overwrite it.
    #[error("the store is damaged, or was made with another key")]
    Damaged,
    /// Made by a newer program.
    #[error(
        "the store has schema {found}, this program knows {known}: it was made by a newer version; install that one"
    )]
    Newer {
        /// In the file.
        found: u32,
        /// In this program.
        known: u32,
    },
    /// Anything else.
    #[error("the store cannot be opened: {0}")]
    Other(String),
}

struct Inner {
    path: PathBuf,
    key: SecretString,
    durability: Durability,
    mirror: Arc<Mirror>,
    commits: commit::Queue,
    readers: Mutex<Vec<Connection>>,
}

/// A handle to the store. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("path", &self.inner.path).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store, making or migrating it, and loads the mirror. Blocking.
    ///
    /// # Errors
    /// See [`OpenError`]; nothing is overwritten in any of them.
    pub fn open(path: &Path, key: &SecretString, durability: Durability) -> Result<Self, OpenError> {
        let existed = path.exists();
        private_file(path);
        let mut connection = connect(path, key, durability, false).map_err(|e| open_error(&e, existed))?;
        migrate(&mut connection, path, existed)?;
        let mirror = Arc::new(Mirror::load(&connection).map_err(|e| open_error(&e, existed))?);
        let inner = Inner {
            path: path.to_path_buf(),
            key: key.clone(),
            durability,
            mirror: mirror.clone(),
            commits: commit::Queue::new(connection, mirror),
            readers: Mutex::new(Vec::new()),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The rows in memory.
    #[must_use]
    pub fn mirror(&self) -> &Mirror {
        &self.inner.mirror
    }

    /// Runs `work` in a transaction that is durable when the future resolves. What queued while a commit ran is
    /// committed together. If `work` fails, only its own changes are rolled back.
    ///
    /// # Errors
    /// What `work` answered, or why the commit failed (nothing of it is then kept).
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.inner.commits.submit(work, true).await
    }

    /// Like [`Store::write`] for work that is a single statement: a failing statement leaves nothing behind, so the
    /// savepoint is spared. For the listener's hot path.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write_single<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.inner.commits.submit(work, false).await
    }

    /// Reads on a connection of its own, beside writers.
    ///
    /// # Errors
    /// What `work` answered.
    pub async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || {
            let pooled = inner.readers.lock().map_err(|_| StoreError::Broken)?.pop();
            let connection = match pooled {
                Some(connection) => connection,
                None => connect(&inner.path, &inner.key, inner.durability, true)?,
            };
            let result = work(&connection);
            if let Ok(mut pool) = inner.readers.lock()
                && pool.len() < 4
            {
                pool.push(connection);
            }
            result
        })
        .await
        .map_err(|_| StoreError::Broken)?
    }

    /// Takes no more writes, waits for the queued ones, and folds the log into the file. Blocking work inside.
    pub async fn close(&self) {
        self.inner.commits.close().await;
    }
}

fn connect(
    path: &Path,
    key: &SecretString,
    durability: Durability,
    read_only: bool,
) -> Result<Connection, rusqlite::Error> {
    let flags = if read_only {
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX
    } else {
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX
    };
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    // A raw key: SQLCipher's PBKDF2 is for passphrases. HMAC-SHA256 instead of its default SHA-512, because current
    // processors have instructions for the former and every page written is authenticated.
    let pragmas = zeroizing(format!(
        "PRAGMA key = \"x'{}'\"; PRAGMA cipher_hmac_algorithm = HMAC_SHA256;
         PRAGMA cipher_log_level = NONE;",
        key.expose()
    ));
    connection.execute_batch(&pragmas)?;
    connection.set_prepared_statement_cache_capacity(64);
    // The first read of the file: a wrong key or a damaged header shows here.
    connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
    if !read_only {
        connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        let synchronous = if durability == Durability::Full { "FULL" } else { "OFF" };
        connection.execute_batch(&format!(
            "PRAGMA synchronous = {synchronous}; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES};
             PRAGMA cache_size = -8000; PRAGMA temp_store = MEMORY;"
        ))?;
    }
    Ok(connection)
}

/// The file is its owner's alone before SQLite writes the first page; the log files take its mode.
fn private_file(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        let made = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path);
        // A failure shows a moment later, in words, when SQLite opens the file.
        if made.is_ok() {
            let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600));
        }
    }
}

fn zeroizing(text: String) -> zeroize::Zeroizing<String> {
    zeroize::Zeroizing::new(text)
}

fn open_error(e: &rusqlite::Error, existed: bool) -> OpenError {
    match e.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) if existed => OpenError::Damaged,
        Some(rusqlite::ErrorCode::DiskFull) => OpenError::Other("the disk is full".into()),
        Some(
            rusqlite::ErrorCode::ReadOnly | rusqlite::ErrorCode::CannotOpen | rusqlite::ErrorCode::PermissionDenied,
        ) => OpenError::Other("the file or its folder cannot be written".into()),
        _ => OpenError::Other(StoreError::from(clone_error(e)).to_string()),
    }
}

fn clone_error(e: &rusqlite::Error) -> rusqlite::Error {
    match e {
        rusqlite::Error::SqliteFailure(code, text) => rusqlite::Error::SqliteFailure(*code, text.clone()),
        other => rusqlite::Error::ToSqlConversionFailure(other.to_string().into()),
    }
}

/// Runs all pending migrations in one transaction, after a copy of the file.
fn migrate(connection: &mut Connection, path: &Path, existed: bool) -> Result<(), OpenError> {
    let found: u32 =
        connection.query_row("PRAGMA user_version", [], |r| r.get(0)).map_err(|e| open_error(&e, existed))?;
    if found > SCHEMA_VERSION {
        return Err(OpenError::Newer { found, known: SCHEMA_VERSION });
    }
    if found == SCHEMA_VERSION {
        return Ok(());
    }
    if found > 0 {
        let copy = path.with_extension(format!("schema{found}.db"));
        let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        std::fs::copy(path, &copy)
            .map_err(|e| OpenError::Other(format!("no copy before migrating: {}", crate::folder::io_words(&e))))?;
    }
    let apply = |connection: &mut Connection| -> Result<(), rusqlite::Error> {
        let transaction = connection.transaction()?;
        for (version, sql) in tables::migrations() {
            if version > found {
                transaction.execute_batch(sql)?;
            }
        }
        transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
        transaction.commit()
    };
    apply(connection).map_err(|e| open_error(&e, existed))
}

#[cfg(test)]
mod tests;
