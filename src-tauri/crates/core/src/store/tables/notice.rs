//! Notices that outlive a restart until a person dismisses them (a store that was set aside, for example).

use rusqlite::{Connection, params};

use crate::store::{StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE notice (
        id TEXT PRIMARY KEY,
        at INTEGER NOT NULL,
        detail TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;",
)];

/// A notice.
#[derive(Debug, Clone)]
pub struct NoticeRow {
    /// Stable id, e.g. `store_set_aside:1767225600000`.
    pub id: String,
    /// When, ms.
    pub at: i64,
    /// Detail (a path).
    pub detail: String,
}

/// Adds a notice.
///
/// # Errors
/// SQLite's.
pub fn insert(tx: &Tx<'_>, notice: &NoticeRow) -> Result<(), StoreError> {
    tx.execute(
        "INSERT OR IGNORE INTO notice (id, at, detail) VALUES (?1, ?2, ?3)",
        params![notice.id, notice.at, notice.detail],
    )?;
    Ok(())
}

/// All notices, newest first.
///
/// # Errors
/// SQLite's.
pub fn list(connection: &Connection) -> Result<Vec<NoticeRow>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT id, at, detail FROM notice ORDER BY at DESC")?;
    let rows = statement
        .query_map([], |r| Ok(NoticeRow { id: r.get(0)?, at: r.get(1)?, detail: r.get(2)? }))?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Removes a notice.
///
/// # Errors
/// SQLite's.
pub fn remove(tx: &Tx<'_>, id: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM notice WHERE id = ?1", [id])?;
    Ok(())
}
