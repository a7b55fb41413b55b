//! Menu drafts: the JSON of WeChat's `menu/create`, one an account, and when it was last published.

use rusqlite::{Connection, OptionalExtension, params};

use crate::store::{StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE menu_draft (
        account_id INTEGER PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
        draft TEXT NOT NULL,
        saved_at INTEGER NOT NULL,
        published_at INTEGER
    ) STRICT;",
)];

/// Saves a draft.
///
/// # Errors
/// SQLite's.
pub fn save(tx: &Tx<'_>, account_id: i64, draft: &str, now: i64) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO menu_draft (account_id, draft, saved_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (account_id) DO UPDATE SET draft = excluded.draft, saved_at = excluded.saved_at",
        params![account_id, draft, now],
    )?;
    Ok(())
}

/// The draft as JSON text.
///
/// # Errors
/// SQLite's.
pub fn draft(connection: &Connection, account_id: i64) -> rusqlite::Result<Option<String>> {
    connection.query_row("SELECT draft FROM menu_draft WHERE account_id = ?1", [account_id], |r| r.get(0)).optional()
}

/// Notes a publication.
///
/// # Errors
/// SQLite's.
pub fn published(tx: &Tx<'_>, account_id: i64, now: i64) -> Result<(), StoreError> {
    tx.execute("UPDATE menu_draft SET published_at = ?2 WHERE account_id = ?1", params![account_id, now])?;
    Ok(())
}
