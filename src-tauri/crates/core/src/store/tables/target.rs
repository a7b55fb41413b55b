//! Business servers, and how far each has been served.
//!
//! `cursor` is the inbox id up to which a notified target has everything: what it has not had and lies before it has a row
//! in `delivery`. Invariants: ids are never given twice, since pushes name their targets by id; the cursor of a row never
//! goes back.

use rusqlite::{Connection, OptionalExtension, Row, params};
use wechat::secret::SecretString;

use crate::dto::{TargetFormat, TargetMode};
use crate::store::{StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE target (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        mode TEXT NOT NULL,
        url TEXT NOT NULL,
        format TEXT NOT NULL,
        secret TEXT NOT NULL,
        timeout_ms INTEGER NOT NULL,
        concurrency INTEGER NOT NULL,
        private_ok INTEGER NOT NULL,
        enabled INTEGER NOT NULL,
        give_up_hours INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        cursor INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX inbox_notify ON inbox (id, notify) WHERE notify IS NOT NULL;",
)];

/// A business server.
#[derive(Debug, Clone)]
pub struct TargetRow {
    /// Row id.
    pub id: i64,
    /// Name.
    pub name: String,
    /// What it is for.
    pub mode: TargetMode,
    /// Address, with `$APPID$` in it perhaps.
    pub url: String,
    /// How messages are passed on.
    pub format: TargetFormat,
    /// Signs them.
    pub secret: SecretString,
    /// Longest wait, ms.
    pub timeout_ms: i64,
    /// Requests at once.
    pub concurrency: i64,
    /// It may lie in a private range.
    pub private_ok: bool,
    /// It takes part.
    pub enabled: bool,
    /// Hours until a dead letter.
    pub give_up_hours: i64,
    /// Last change, ms.
    pub updated_at: i64,
    /// Inbox id up to which it has been served.
    pub cursor: i64,
}

impl TargetRow {
    /// When a message that came at `received_at` is given up, ms.
    #[must_use]
    pub fn gives_up_at(&self, received_at: i64) -> i64 {
        received_at.saturating_add(self.give_up_hours.saturating_mul(3_600_000))
    }
}

fn mode_text(mode: TargetMode) -> &'static str {
    match mode {
        TargetMode::Answering => "answering",
        TargetMode::Notified => "notified",
    }
}

fn format_text(format: TargetFormat) -> &'static str {
    match format {
        TargetFormat::Json => "json",
        TargetFormat::Xml => "xml",
        TargetFormat::Sealed => "sealed",
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<TargetRow> {
    let mode = match row.get_ref("mode")?.as_str()? {
        "answering" => TargetMode::Answering,
        _ => TargetMode::Notified,
    };
    let format = match row.get_ref("format")?.as_str()? {
        "xml" => TargetFormat::Xml,
        "sealed" => TargetFormat::Sealed,
        _ => TargetFormat::Json,
    };
    Ok(TargetRow {
        id: row.get("id")?,
        name: row.get("name")?,
        mode,
        url: row.get("url")?,
        format,
        secret: row.get::<_, String>("secret")?.into(),
        timeout_ms: row.get("timeout_ms")?,
        concurrency: row.get("concurrency")?,
        private_ok: row.get("private_ok")?,
        enabled: row.get("enabled")?,
        give_up_hours: row.get("give_up_hours")?,
        updated_at: row.get("updated_at")?,
        cursor: row.get("cursor")?,
    })
}

/// All, oldest first.
///
/// # Errors
/// SQLite's.
pub fn list(connection: &Connection) -> rusqlite::Result<Vec<TargetRow>> {
    connection.prepare_cached("SELECT * FROM target ORDER BY id")?.query_map([], read)?.collect()
}

/// One.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, id: i64) -> rusqlite::Result<Option<TargetRow>> {
    connection.prepare_cached("SELECT * FROM target WHERE id = ?1")?.query_row([id], read).optional()
}

/// Inbox id of the newest push, 0 when there is none.
fn newest(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT coalesce(max(id), 0) FROM inbox", [], |r| r.get(0))
}

/// Adds a target (id 0) or changes one, and answers it as it is now. A new one, and one that was for answering until now,
/// is served from the next push on.
///
/// # Errors
/// `NotFound` when it is gone; SQLite's.
pub fn save(tx: &Tx<'_>, row: &TargetRow) -> Result<TargetRow, StoreError> {
    let before = if row.id == 0 { None } else { get(tx, row.id)? };
    if row.id != 0 && before.is_none() {
        return Err(crate::error::AppError::not_found("target", &row.id.to_string()).into());
    }
    let cursor = match &before {
        Some(before) if before.mode == row.mode => before.cursor,
        _ => newest(tx)?,
    };
    tx.prepare_cached(
        "INSERT INTO target (id, name, mode, url, format, secret, timeout_ms, concurrency, private_ok, enabled,
            give_up_hours, updated_at, cursor)
         VALUES (nullif(?1, 0), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, mode = excluded.mode, url = excluded.url,
            format = excluded.format, secret = excluded.secret, timeout_ms = excluded.timeout_ms,
            concurrency = excluded.concurrency, private_ok = excluded.private_ok, enabled = excluded.enabled,
            give_up_hours = excluded.give_up_hours, updated_at = excluded.updated_at,
            cursor = max(cursor, excluded.cursor)",
    )?
    .execute(params![
        row.id,
        row.name,
        mode_text(row.mode),
        row.url,
        format_text(row.format),
        row.secret.expose(),
        row.timeout_ms,
        row.concurrency,
        row.private_ok,
        row.enabled,
        row.give_up_hours,
        row.updated_at,
        cursor,
    ])?;
    let id = if row.id == 0 { tx.last_insert_rowid() } else { row.id };
    get(tx, id)?.ok_or(StoreError::Broken)
}

/// Switches a target, and answers it; none when it is gone.
///
/// # Errors
/// SQLite's.
pub fn switch(tx: &Tx<'_>, id: i64, on: bool, now: i64) -> Result<Option<TargetRow>, StoreError> {
    tx.execute("UPDATE target SET enabled = ?2, updated_at = ?3 WHERE id = ?1", params![id, on, now])?;
    Ok(get(tx, id)?)
}

/// Removes a target with its queue and its log. False when there was none.
///
/// # Errors
/// SQLite's.
pub fn remove(tx: &Tx<'_>, id: i64) -> Result<bool, StoreError> {
    tx.execute("DELETE FROM delivery WHERE target_id = ?1", [id])?;
    tx.execute("DELETE FROM delivery_log WHERE target_id = ?1", [id])?;
    Ok(tx.execute("DELETE FROM target WHERE id = ?1", [id])? > 0)
}

/// Nobody's cursor lies beyond the newest push: an inbox that was emptied counts from 1 again.
///
/// # Errors
/// SQLite's.
pub fn settle(tx: &Tx<'_>) -> Result<(), StoreError> {
    let newest = newest(tx)?;
    tx.execute("UPDATE target SET cursor = ?1 WHERE cursor > ?1", [newest])?;
    Ok(())
}

/// It has everything up to this inbox id. False when the target is gone.
///
/// # Errors
/// SQLite's.
pub fn advance(tx: &Tx<'_>, id: i64, cursor: i64) -> Result<bool, StoreError> {
    let mut statement = tx.prepare_cached("UPDATE target SET cursor = max(cursor, ?2) WHERE id = ?1")?;
    Ok(statement.execute([id, cursor])? > 0)
}

/// The smallest inbox id that a notified target may still need and that has no row in `delivery`; none when no target
/// waits for anything. A target that is switched off holds a push until it would be given up.
///
/// # Errors
/// SQLite's.
pub fn needed_from(connection: &Connection, now: i64) -> rusqlite::Result<Option<i64>> {
    let mut needed: Option<i64> = None;
    for row in list(connection)? {
        if row.mode != TargetMode::Notified {
            continue;
        }
        let from = if row.enabled { i64::MIN } else { now - row.gives_up_at(0) };
        let first: Option<i64> = connection
            .prepare_cached(
                "SELECT id FROM inbox INDEXED BY inbox_notify
                    WHERE id > ?1 AND notify IS NOT NULL AND received_at >= ?2 ORDER BY id LIMIT 1",
            )?
            .query_row(params![row.cursor, from], |r| r.get(0))
            .optional()?;
        needed = match (needed, first) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    Ok(needed)
}
