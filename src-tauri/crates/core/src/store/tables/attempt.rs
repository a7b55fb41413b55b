//! Attempts: one row a call for a token, written before the call (`started`) and finished with its outcome.
//!
//! Invariant: an attempt that a stop cut off is found at the next start and marked `interrupted`.

use rusqlite::{Connection, Row, params};

use crate::dto::{Attempt, AttemptOutcome, HourCount, LastError, ReasonCode};
use crate::store::{StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE attempt (
        id INTEGER PRIMARY KEY,
        credential_id INTEGER NOT NULL REFERENCES credential (id) ON DELETE CASCADE,
        at INTEGER NOT NULL,
        reason TEXT NOT NULL,
        outcome TEXT NOT NULL,
        duration_ms INTEGER,
        generation INTEGER,
        error TEXT
    ) STRICT;
    CREATE INDEX attempt_credential ON attempt (credential_id, id);
    CREATE INDEX attempt_at ON attempt (at);",
)];

/// Attempts are kept so long, ms.
pub const KEEP: i64 = 30 * 24 * 3_600_000;

fn code<T: serde::Serialize>(value: T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

fn parse<T: serde::de::DeserializeOwned>(text: String) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(text)).ok()
}

/// Writes a started attempt; answers its id.
///
/// # Errors
/// SQLite's.
pub fn start(tx: &Tx<'_>, credential_id: i64, at: i64, reason: ReasonCode) -> Result<i64, StoreError> {
    tx.prepare_cached("INSERT INTO attempt (credential_id, at, reason, outcome) VALUES (?1, ?2, ?3, 'started')")?
        .execute(params![credential_id, at, code(reason)])?;
    Ok(tx.last_insert_rowid())
}

/// Finishes an attempt.
///
/// # Errors
/// SQLite's.
pub fn finish(
    tx: &Tx<'_>,
    id: i64,
    outcome: AttemptOutcome,
    now: i64,
    generation: Option<i64>,
    error: Option<&LastError>,
) -> Result<(), StoreError> {
    let error = error.and_then(|e| serde_json::to_string(e).ok());
    tx.prepare_cached(
        "UPDATE attempt SET outcome = ?2, duration_ms = max(0, ?3 - at), generation = ?4, error = ?5 WHERE id = ?1",
    )?
    .execute(params![id, code(outcome), now, generation, error])?;
    Ok(())
}

/// At a start: whatever is still `started` was cut off.
///
/// # Errors
/// SQLite's.
pub fn resolve_interrupted(tx: &Tx<'_>) -> Result<usize, StoreError> {
    Ok(tx.execute("UPDATE attempt SET outcome = 'interrupted' WHERE outcome = 'started'", [])?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Attempt> {
    let error: Option<String> = row.get("error")?;
    Ok(Attempt {
        id: row.get("id")?,
        at: row.get("at")?,
        duration_ms: row.get("duration_ms")?,
        reason_code: parse(row.get("reason")?).unwrap_or(ReasonCode::Due),
        outcome: parse(row.get("outcome")?).unwrap_or(AttemptOutcome::Interrupted),
        generation: row.get("generation")?,
        error: error.and_then(|e| serde_json::from_str(&e).ok()),
    })
}

/// Newest attempts of a credential first.
///
/// # Errors
/// SQLite's.
pub fn of_credential(connection: &Connection, credential_id: i64, limit: u32) -> Result<Vec<Attempt>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM attempt WHERE credential_id = ?1 ORDER BY id DESC LIMIT ?2")?;
    let rows = statement.query_map(params![credential_id, limit], read)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Good and bad attempts per hour of the 24 hours before `now`, oldest first. Hours are whole UTC hours.
///
/// # Errors
/// SQLite's.
pub fn by_hour(connection: &Connection, now: i64) -> Result<Vec<HourCount>, StoreError> {
    const HOUR: i64 = 3_600_000;
    let first = (now.div_euclid(HOUR) - 23) * HOUR;
    let mut hours: Vec<HourCount> = (0..24).map(|i| HourCount { start: first + i * HOUR, ok: 0, failed: 0 }).collect();
    let mut statement = connection.prepare_cached(
        "SELECT (at - ?1) / 3600000 AS hour, sum(outcome = 'ok'), sum(outcome IN ('failed', 'interrupted', 'healed'))
         FROM attempt WHERE at >= ?1 GROUP BY hour",
    )?;
    let mut rows = statement.query([first])?;
    while let Some(row) = rows.next()? {
        let index: i64 = row.get(0)?;
        if let Some(hour) = usize::try_from(index).ok().and_then(|i| hours.get_mut(i)) {
            hour.ok = row.get(1)?;
            hour.failed = row.get(2)?;
        }
    }
    Ok(hours)
}

/// Removes attempts older than [`KEEP`], at most 5,000 at once.
///
/// # Errors
/// SQLite's.
pub fn prune(tx: &Tx<'_>, now: i64) -> Result<usize, StoreError> {
    Ok(tx.execute("DELETE FROM attempt WHERE id IN (SELECT id FROM attempt WHERE at < ?1 LIMIT 5000)", [now - KEEP])?)
}
