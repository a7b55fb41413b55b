//! One-time codes that business servers exchange for a user, by their hash.
//!
//! Invariant: a code is taken once, within its life, and what it stood for went with a forgotten user.

use rusqlite::{Connection, OptionalExtension, params};

use super::PRUNED_AT_ONCE;
use crate::store::{StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE oauth_ticket (
        hash BLOB PRIMARY KEY,
        user_id INTEGER NOT NULL REFERENCES oauth_user (id) ON DELETE CASCADE,
        state TEXT NOT NULL REFERENCES oauth_link (state) ON DELETE CASCADE,
        expires_at INTEGER NOT NULL,
        used_at INTEGER
    ) STRICT;
    CREATE INDEX oauth_ticket_user ON oauth_ticket (user_id);
    CREATE INDEX oauth_ticket_state ON oauth_ticket (state);
    CREATE INDEX oauth_ticket_end ON oauth_ticket (expires_at);",
)];

/// Used and ended ones are kept so long, ms, so that a late comer is told which of the two it is.
const KEPT: i64 = 24 * 3_600_000;

/// What came of taking a one-time code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// For whom it stood, and the link it came of.
    User {
        /// Row id.
        user_id: i64,
        /// Link.
        state: String,
    },
    /// Somebody took it before.
    Used,
    /// Its time was over.
    Expired,
    /// Never made, or long gone.
    Unknown,
}

/// Adds one.
///
/// # Errors
/// SQLite's.
pub fn insert(tx: &Tx<'_>, hash: &[u8], user_id: i64, state: &str, expires_at: i64) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT INTO oauth_ticket (hash, user_id, state, expires_at) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![hash, user_id, state, expires_at])?;
    Ok(())
}

/// Whether it may still be taken.
///
/// # Errors
/// SQLite's.
pub fn alive(connection: &Connection, hash: &[u8], now: i64) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM oauth_ticket WHERE hash = ?1 AND used_at IS NULL AND expires_at > ?2)",
        )?
        .query_row(params![hash, now], |r| r.get(0))
}

/// Takes it.
///
/// # Errors
/// SQLite's.
pub fn take(tx: &Tx<'_>, hash: &[u8], now: i64) -> Result<Taken, StoreError> {
    let row: Option<(i64, String, i64, Option<i64>)> = tx
        .prepare_cached("SELECT user_id, state, expires_at, used_at FROM oauth_ticket WHERE hash = ?1")?
        .query_row([hash], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))
        .optional()?;
    Ok(match row {
        None => Taken::Unknown,
        Some((_, _, _, Some(_))) => Taken::Used,
        Some((_, _, expires_at, None)) if now >= expires_at => Taken::Expired,
        Some((user_id, state, _, None)) => {
            tx.prepare_cached("UPDATE oauth_ticket SET used_at = ?2 WHERE hash = ?1")?.execute(params![hash, now])?;
            Taken::User { user_id, state }
        }
    })
}

/// Removes what was used, or ended, a day ago. Answers how many went.
///
/// # Errors
/// SQLite's.
pub fn prune(tx: &Tx<'_>, now: i64) -> Result<usize, StoreError> {
    Ok(tx.execute(
        &format!("DELETE FROM oauth_ticket WHERE hash IN (SELECT hash FROM oauth_ticket WHERE expires_at < ?1 LIMIT {PRUNED_AT_ONCE})"),
        [now - KEPT],
    )?)
}
