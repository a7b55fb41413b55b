//! Domain verification files (域名校验文件), served at the root of the public door with exactly their bytes.

use rusqlite::{Connection, params};

use crate::store::{StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE verification_file (
        name TEXT PRIMARY KEY,
        content BLOB NOT NULL,
        added_at INTEGER NOT NULL
    ) STRICT;",
)];

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRow {
    /// Name with its ending.
    pub name: String,
    /// Its bytes.
    pub content: Vec<u8>,
    /// Added, ms.
    pub added_at: i64,
}

/// Adds a file, or replaces the one of that name.
///
/// # Errors
/// SQLite's.
pub fn put(tx: &Tx<'_>, file: &FileRow) -> Result<(), StoreError> {
    tx.execute(
        "INSERT OR REPLACE INTO verification_file (name, content, added_at) VALUES (?1, ?2, ?3)",
        params![file.name, file.content, file.added_at],
    )?;
    Ok(())
}

/// Removes a file. Answers whether there was one.
///
/// # Errors
/// SQLite's.
pub fn remove(tx: &Tx<'_>, name: &str) -> Result<bool, StoreError> {
    Ok(tx.execute("DELETE FROM verification_file WHERE name = ?1", [name])? > 0)
}

/// All files, newest first.
///
/// # Errors
/// SQLite's.
pub fn list(connection: &Connection) -> Result<Vec<FileRow>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT name, content, added_at FROM verification_file ORDER BY added_at DESC, name")?;
    let rows = statement
        .query_map([], |r| Ok(FileRow { name: r.get(0)?, content: r.get(1)?, added_at: r.get(2)? }))?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}
