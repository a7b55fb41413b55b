//! Every attempt at a business server, for a while.
//!
//! Invariant: nothing of what was sent or answered is in it.

use rusqlite::{Connection, Row, params};

use crate::dto::DeliveryError;
use crate::store::{StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE delivery_log (
        id INTEGER PRIMARY KEY,
        target_id INTEGER NOT NULL,
        push_id INTEGER NOT NULL,
        at INTEGER NOT NULL,
        attempt INTEGER NOT NULL,
        status INTEGER,
        took_ms INTEGER NOT NULL,
        error TEXT
    ) STRICT;
    CREATE INDEX delivery_log_target ON delivery_log (target_id, id);
    CREATE INDEX delivery_log_push ON delivery_log (push_id);",
)];

/// Attempts of a target that are kept.
pub const KEPT_ROWS: u32 = 10_000;
/// Attempts are kept so long, ms.
pub const KEPT: i64 = 7 * 24 * 3_600_000;
/// Attempts that one pruning removes at most.
const PRUNED: u32 = 1_000;

/// An attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// Row id; 0 for one that is to be added.
    pub id: i64,
    /// To whom.
    pub target_id: i64,
    /// The push.
    pub push_id: i64,
    /// When it began, ms.
    pub at: i64,
    /// Which attempt, from 1.
    pub attempt: i64,
    /// HTTP status, when there was one.
    pub status: Option<u16>,
    /// Length, ms.
    pub took_ms: i64,
    /// What went wrong; none: answered well.
    pub error: Option<DeliveryError>,
}

const ERRORS: &[(DeliveryError, &str)] = &[
    (DeliveryError::Dns, "dns"),
    (DeliveryError::PrivateAddress, "private_address"),
    (DeliveryError::Connect, "connect"),
    (DeliveryError::Tls, "tls"),
    (DeliveryError::Timeout, "timeout"),
    (DeliveryError::Broken, "broken"),
    (DeliveryError::Status, "status"),
    (DeliveryError::Redirect, "redirect"),
    (DeliveryError::TooLarge, "too_large"),
    (DeliveryError::BadReply, "bad_reply"),
    (DeliveryError::BadSeal, "bad_seal"),
    (DeliveryError::Open, "open"),
    (DeliveryError::Busy, "busy"),
    (DeliveryError::NoKey, "no_key"),
    (DeliveryError::Stopped, "stopped"),
];

/// An error as it is stored.
#[must_use]
pub fn error_text(error: DeliveryError) -> &'static str {
    ERRORS.iter().find(|(e, _)| *e == error).map_or("broken", |(_, text)| text)
}

/// An error as it was stored.
#[must_use]
pub fn error_of(text: &str) -> Option<DeliveryError> {
    ERRORS.iter().find(|(_, t)| *t == text).map(|(e, _)| *e)
}

fn read(row: &Row<'_>) -> rusqlite::Result<LogRow> {
    Ok(LogRow {
        id: row.get("id")?,
        target_id: row.get("target_id")?,
        push_id: row.get("push_id")?,
        at: row.get("at")?,
        attempt: row.get("attempt")?,
        status: row.get("status")?,
        took_ms: row.get("took_ms")?,
        error: row.get::<_, Option<String>>("error")?.as_deref().and_then(error_of),
    })
}

/// Adds attempts.
///
/// # Errors
/// SQLite's.
pub fn insert(tx: &Tx<'_>, rows: &[LogRow]) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO delivery_log (target_id, push_id, at, attempt, status, took_ms, error)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for row in rows {
        statement.execute(params![
            row.target_id,
            row.push_id,
            row.at,
            row.attempt,
            row.status,
            row.took_ms,
            row.error.map(error_text),
        ])?;
    }
    Ok(())
}

/// Attempts older than a row, newest first; `ok`: only those that were answered well, or only the others.
///
/// # Errors
/// SQLite's.
pub fn list(
    connection: &Connection,
    target_id: Option<i64>,
    ok: Option<bool>,
    before: i64,
    limit: usize,
) -> rusqlite::Result<Vec<LogRow>> {
    let of = if target_id.is_some() { "target_id = ?1" } else { "?1 IS NULL" };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT * FROM delivery_log WHERE {of} AND id < ?2 AND (?3 IS NULL OR (error IS NULL) = ?3)
         ORDER BY id DESC LIMIT ?4"
    ))?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    statement.query_map(params![target_id, before, ok, limit], read)?.collect()
}

/// Attempts to deliver a push, oldest first.
///
/// # Errors
/// SQLite's.
pub fn of_push(connection: &Connection, push_id: i64) -> rusqlite::Result<Vec<LogRow>> {
    connection
        .prepare_cached("SELECT * FROM delivery_log WHERE push_id = ?1 ORDER BY id")?
        .query_map([push_id], read)?
        .collect()
}

/// Removes what is beyond [`KEPT_ROWS`] of a target or older than [`KEPT`], a thousand of each at most. Answers how many
/// went.
///
/// # Errors
/// SQLite's.
pub fn prune(tx: &Tx<'_>, target_id: i64, now: i64) -> Result<usize, StoreError> {
    let beyond = tx
        .prepare_cached(
            "DELETE FROM delivery_log WHERE id IN
                (SELECT id FROM delivery_log WHERE target_id = ?1 ORDER BY id DESC LIMIT ?2 OFFSET ?3)",
        )?
        .execute(params![target_id, PRUNED, KEPT_ROWS])?;
    let old = tx
        .prepare_cached(
            "DELETE FROM delivery_log WHERE id IN
                (SELECT id FROM (SELECT id, at FROM delivery_log WHERE target_id = ?1 ORDER BY id LIMIT ?2) WHERE at < ?3)",
        )?
        .execute(params![target_id, PRUNED, now - KEPT])?;
    Ok(beyond + old)
}
