//! Small settings of the whole console, as JSON by name.

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::{StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE setting (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;",
)];

/// A setting; its default when there is none, or when it is of an older form.
///
/// # Errors
/// SQLite's.
pub fn get<T: DeserializeOwned + Default>(connection: &Connection, name: &str) -> Result<T, StoreError> {
    let value: Option<String> = connection
        .prepare_cached("SELECT value FROM setting WHERE name = ?1")?
        .query_row([name], |r| r.get(0))
        .optional()?;
    Ok(value.and_then(|v| serde_json::from_str(&v).ok()).unwrap_or_default())
}

/// Keeps a setting.
///
/// # Errors
/// SQLite's.
pub fn put<T: Serialize>(tx: &Tx<'_>, name: &str, value: &T) -> Result<(), StoreError> {
    let value = serde_json::to_string(value).map_err(|_| StoreError::Broken)?;
    tx.execute("INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)", params![name, value])?;
    Ok(())
}
