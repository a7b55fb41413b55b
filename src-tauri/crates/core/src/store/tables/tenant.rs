//! Tenants (业务方/门店): accounts and links refer to them by name.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::store::{StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE tenant (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        created_at INTEGER NOT NULL,
        archived_at INTEGER
    ) STRICT;",
)];

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantRow {
    /// Unique.
    pub name: String,
    /// Made, ms.
    pub created_at: i64,
    /// Archived, ms.
    pub archived_at: Option<i64>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<TenantRow> {
    Ok(TenantRow { name: row.get("name")?, created_at: row.get("created_at")?, archived_at: row.get("archived_at")? })
}

/// Every tenant by name, archived ones last.
///
/// # Errors
/// SQLite's.
pub fn list(connection: &Connection) -> rusqlite::Result<Vec<TenantRow>> {
    connection.prepare("SELECT * FROM tenant ORDER BY archived_at IS NOT NULL, name")?.query_map([], read)?.collect()
}

/// One tenant.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, name: &str) -> rusqlite::Result<Option<TenantRow>> {
    connection.query_row("SELECT * FROM tenant WHERE name = ?1", [name], read).optional()
}

/// Adds a tenant unless there is one of that name. Answers it as stored.
///
/// # Errors
/// SQLite's.
pub fn ensure(tx: &Tx<'_>, name: &str, now: i64) -> Result<TenantRow, StoreError> {
    tx.execute("INSERT OR IGNORE INTO tenant (name, created_at) VALUES (?1, ?2)", params![name, now])?;
    get(tx, name)?.ok_or(StoreError::Broken)
}

/// Gives a tenant another name, which must be free.
///
/// # Errors
/// SQLite's.
pub fn rename(tx: &Tx<'_>, from: &str, to: &str) -> Result<(), StoreError> {
    tx.execute("UPDATE tenant SET name = ?2 WHERE name = ?1", [from, to])?;
    Ok(())
}

/// Archives a tenant, or takes it back with `None`.
///
/// # Errors
/// SQLite's.
pub fn set_archived(tx: &Tx<'_>, name: &str, at: Option<i64>) -> Result<(), StoreError> {
    tx.execute("UPDATE tenant SET archived_at = ?2 WHERE name = ?1", params![name, at])?;
    Ok(())
}
