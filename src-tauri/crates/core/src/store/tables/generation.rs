//! Generations: one row a token that was obtained, written with it. No token is in them.

use rusqlite::{Connection, params};

use crate::dto::{GenerationCause, ReasonCode};
use crate::store::tables::attempt;
use crate::store::{StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE generation (
        credential_id INTEGER NOT NULL REFERENCES credential (id) ON DELETE CASCADE,
        generation INTEGER NOT NULL,
        obtained_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        cause TEXT NOT NULL,
        PRIMARY KEY (credential_id, generation)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX generation_obtained_at ON generation (obtained_at);",
)];

/// One token's place in the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenerationRow {
    /// Its number.
    pub generation: i64,
    /// When it was obtained, ms.
    pub obtained_at: i64,
    /// When it ends, ms.
    pub expires_at: i64,
    /// Who or what caused it.
    pub cause: GenerationCause,
}

/// What a refresh for this reason caused.
#[must_use]
pub fn cause_of(reason: ReasonCode) -> GenerationCause {
    match reason {
        ReasonCode::Emergency => GenerationCause::Emergency,
        ReasonCode::NoToken => GenerationCause::First,
        ReasonCode::Requested => GenerationCause::Operator,
        ReasonCode::ReportedRejected | ReasonCode::TokenRejected => GenerationCause::Server,
        ReasonCode::ClockJumped => GenerationCause::ClockJumped,
        ReasonCode::Interrupted => GenerationCause::Interrupted,
        ReasonCode::Forced => GenerationCause::Forced,
        ReasonCode::TakenByAnother => GenerationCause::Taken,
        _ => GenerationCause::Scheduled,
    }
}

/// How many of a credential's tokens were forced since then (ms), and when the last one was ever.
///
/// # Errors
/// SQLite's.
pub fn forced_since(connection: &Connection, credential_id: i64, since: i64) -> rusqlite::Result<(i64, Option<i64>)> {
    connection.query_row(
        "SELECT count(*) FILTER (WHERE obtained_at >= ?2), max(obtained_at) FROM generation
         WHERE credential_id = ?1 AND cause = 'forced'",
        params![credential_id, since],
        |r| Ok((r.get(0)?, r.get(1)?)),
    )
}

/// Notes a token.
///
/// # Errors
/// SQLite's.
pub fn insert(tx: &Tx<'_>, credential_id: i64, row: &GenerationRow) -> Result<(), StoreError> {
    let cause = serde_json::to_value(row.cause).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
    tx.prepare_cached(
        "INSERT OR REPLACE INTO generation (credential_id, generation, obtained_at, expires_at, cause)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![credential_id, row.generation, row.obtained_at, row.expires_at, cause])?;
    Ok(())
}

/// Newest generations of a credential first.
///
/// # Errors
/// SQLite's.
pub fn of_credential(
    connection: &Connection,
    credential_id: i64,
    limit: u32,
) -> Result<Vec<GenerationRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT generation, obtained_at, expires_at, cause FROM generation
         WHERE credential_id = ?1 ORDER BY generation DESC LIMIT ?2",
    )?;
    let rows = statement
        .query_map(params![credential_id, limit], |row| {
            let cause: String = row.get(3)?;
            Ok(GenerationRow {
                generation: row.get(0)?,
                obtained_at: row.get(1)?,
                expires_at: row.get(2)?,
                cause: serde_json::from_value(serde_json::Value::String(cause)).unwrap_or(GenerationCause::Scheduled),
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Removes generations older than attempts are kept, at most 5,000 at once.
///
/// # Errors
/// SQLite's.
pub fn prune(tx: &Tx<'_>, now: i64) -> Result<usize, StoreError> {
    Ok(tx.execute(
        "DELETE FROM generation WHERE (credential_id, generation) IN
            (SELECT credential_id, generation FROM generation WHERE obtained_at < ?1 LIMIT 5000)",
        [now - attempt::KEEP],
    )?)
}
