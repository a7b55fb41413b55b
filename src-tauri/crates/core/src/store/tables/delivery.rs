//! Messages of a notified target that were not delivered at the first attempt, those that wait behind one of the same
//! sender, and dead letters.
//!
//! Invariant: of a target a push has at most one row; while it has one, the push stays in the inbox.

use rusqlite::{Connection, Row, params};

use super::delivery_log::{error_of, error_text};
use super::inbox::{self, PushRow};
use crate::dto::DeliveryError;
use crate::store::{StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE delivery (
        id INTEGER PRIMARY KEY,
        target_id INTEGER NOT NULL,
        push_id INTEGER NOT NULL,
        lane INTEGER NOT NULL,
        received_at INTEGER NOT NULL,
        dead INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        due_at INTEGER NOT NULL,
        at INTEGER NOT NULL,
        status INTEGER,
        error TEXT,
        UNIQUE (target_id, push_id)
    ) STRICT;
    CREATE INDEX delivery_lane ON delivery (target_id, dead, lane, push_id);
    CREATE INDEX delivery_state ON delivery (target_id, dead, id);
    CREATE INDEX delivery_push ON delivery (push_id);",
)];

/// A push that no target needs: a condition on a row of `inbox`.
pub const NOT_HELD: &str = "NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.push_id = inbox.id)";

/// Dead letters are kept so long, ms; their pushes stay in the inbox as long.
pub const KEPT: i64 = 30 * 24 * 3_600_000;
/// Dead letters of a target that are kept; the oldest go first.
pub const KEPT_ROWS: u32 = 100_000;

/// Dead letters that one pruning removes at most.
const PRUNED: u32 = 1_000;

/// A message that waits or is dead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    /// Row id; 0 for one that is to be added.
    pub id: i64,
    /// To whom.
    pub target_id: i64,
    /// The push.
    pub push_id: i64,
    /// Hash of its sender.
    pub lane: i64,
    /// Arrival of the push, or when an operator sent it again, ms: the time until it is given up counts from here.
    pub received_at: i64,
    /// Given up.
    pub dead: bool,
    /// Attempts until now.
    pub attempts: i64,
    /// Next attempt, ms; of the first of its lane.
    pub due_at: i64,
    /// Last change, ms.
    pub at: i64,
    /// HTTP status of the last attempt.
    pub status: Option<u16>,
    /// What went wrong then.
    pub error: Option<DeliveryError>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<DeliveryRow> {
    Ok(DeliveryRow {
        id: row.get("id")?,
        target_id: row.get("target_id")?,
        push_id: row.get("push_id")?,
        lane: row.get("lane")?,
        received_at: row.get("received_at")?,
        dead: row.get("dead")?,
        attempts: row.get("attempts")?,
        due_at: row.get("due_at")?,
        at: row.get("at")?,
        status: row.get("status")?,
        error: row.get::<_, Option<String>>("error")?.as_deref().and_then(error_of),
    })
}

/// Adds a row, or changes the one of the same target and push.
///
/// # Errors
/// SQLite's.
pub fn put(tx: &Tx<'_>, row: &DeliveryRow) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO delivery (target_id, push_id, lane, received_at, dead, attempts, due_at, at, status, error)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (target_id, push_id) DO UPDATE SET dead = excluded.dead, attempts = excluded.attempts,
            due_at = excluded.due_at, at = excluded.at, status = excluded.status, error = excluded.error",
    )?
    .execute(params![
        row.target_id,
        row.push_id,
        row.lane,
        row.received_at,
        row.dead,
        row.attempts,
        row.due_at,
        row.at,
        row.status,
        row.error.map(error_text),
    ])?;
    Ok(())
}

/// Adds a row for a message that waits behind another one, unless it has one already.
///
/// # Errors
/// SQLite's.
pub fn park(tx: &Tx<'_>, row: &DeliveryRow) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT OR IGNORE INTO delivery (target_id, push_id, lane, received_at, dead, attempts, due_at, at)
         VALUES (?1, ?2, ?3, ?4, 0, 0, 0, ?5)",
    )?
    .execute(params![row.target_id, row.push_id, row.lane, row.received_at, row.at])?;
    Ok(())
}

/// Delivered: nothing is left to do.
///
/// # Errors
/// SQLite's.
pub fn done(tx: &Tx<'_>, target_id: i64, push_id: i64) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM delivery WHERE target_id = ?1 AND push_id = ?2")?.execute([target_id, push_id])?;
    Ok(())
}

/// Lanes of a target in which something waits, each with the time at which its first message is due, ms.
///
/// # Errors
/// SQLite's.
pub fn lanes(connection: &Connection, target_id: i64) -> rusqlite::Result<Vec<(i64, i64)>> {
    // With min() SQLite takes the other columns from that row.
    let mut statement = connection.prepare_cached(
        "SELECT lane, due_at, min(push_id) FROM delivery WHERE target_id = ?1 AND dead = 0 GROUP BY lane",
    )?;
    statement.query_map([target_id], |r| Ok((r.get(0)?, r.get(1)?)))?.collect()
}

/// The first messages of a lane that wait, in order, with their pushes; none for a push that is gone.
///
/// # Errors
/// SQLite's.
pub fn first_of(
    connection: &Connection,
    target_id: i64,
    lane: i64,
    limit: u32,
) -> rusqlite::Result<Vec<(DeliveryRow, Option<PushRow>)>> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM delivery WHERE target_id = ?1 AND dead = 0 AND lane = ?2 ORDER BY push_id LIMIT ?3",
    )?;
    let rows: Vec<DeliveryRow> =
        statement.query_map(params![target_id, lane, limit], read)?.collect::<rusqlite::Result<_>>()?;
    let with_push = |row: DeliveryRow| inbox::get(connection, row.push_id).map(|push| (row, push));
    rows.into_iter().map(with_push).collect()
}

/// Rows of a target that wait or are dead, newest first: by push when they wait, by row when they are dead.
///
/// # Errors
/// SQLite's.
pub fn list(
    connection: &Connection,
    target_id: i64,
    dead: bool,
    before: i64,
    limit: usize,
) -> rusqlite::Result<Vec<DeliveryRow>> {
    let by = if dead { "id" } else { "push_id" };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT * FROM delivery WHERE target_id = ?1 AND dead = ?2 AND {by} < ?3 ORDER BY {by} DESC LIMIT ?4"
    ))?;
    statement.query_map(params![target_id, dead, before, i64::try_from(limit).unwrap_or(i64::MAX)], read)?.collect()
}

/// What waits of a push or was given up, for every target.
///
/// # Errors
/// SQLite's.
pub fn of_push(connection: &Connection, push_id: i64) -> rusqlite::Result<Vec<DeliveryRow>> {
    let mut statement = connection.prepare_cached("SELECT * FROM delivery WHERE push_id = ?1 ORDER BY target_id")?;
    statement.query_map([push_id], read)?.collect()
}

/// Whether a target has a row for a push.
///
/// # Errors
/// SQLite's.
pub fn has(connection: &Connection, target_id: i64, push_id: i64) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM delivery WHERE target_id = ?1 AND push_id = ?2")?
        .exists([target_id, push_id])
}

/// How many rows of a target wait or are dead, and the arrival of the oldest, ms.
///
/// # Errors
/// SQLite's.
pub fn count(connection: &Connection, target_id: i64, dead: bool) -> rusqlite::Result<(i64, Option<i64>)> {
    connection
        .prepare_cached("SELECT count(*), min(received_at) FROM delivery WHERE target_id = ?1 AND dead = ?2")?
        .query_row(params![target_id, dead], |r| Ok((r.get(0)?, r.get(1)?)))
}

/// Dead letters back into the queue, due now: all of a target, or these. Answers how many. Their time until they are given
/// up begins anew.
///
/// # Errors
/// SQLite's.
pub fn resend(tx: &Tx<'_>, target_id: i64, ids: Option<&[i64]>, now: i64) -> Result<i64, StoreError> {
    let changed = tx
        .prepare_cached(&format!(
            "UPDATE delivery SET dead = 0, attempts = 0, due_at = 0, received_at = ?3, at = ?3 {OF_DEAD}"
        ))?
        .execute(params![target_id, json(ids), now])?;
    Ok(i64::try_from(changed).unwrap_or(i64::MAX))
}

/// Forgets dead letters: all of a target, or these. Answers how many.
///
/// # Errors
/// SQLite's.
pub fn drop_dead(tx: &Tx<'_>, target_id: i64, ids: Option<&[i64]>) -> Result<i64, StoreError> {
    let changed =
        tx.prepare_cached(&format!("DELETE FROM delivery {OF_DEAD}"))?.execute(params![target_id, json(ids)])?;
    Ok(i64::try_from(changed).unwrap_or(i64::MAX))
}

/// Dead letters of a target: all, or those of a list.
const OF_DEAD: &str = "WHERE target_id = ?1 AND dead = 1 AND (?2 IS NULL OR id IN (SELECT value FROM json_each(?2)))";

fn json(ids: Option<&[i64]>) -> Option<String> {
    ids.map(|ids| format!("[{}]", ids.iter().map(i64::to_string).collect::<Vec<_>>().join(",")))
}

/// Forgets dead letters of a target that died more than [`KEPT`] ago or are beyond [`KEPT_ROWS`], some at a time. Answers
/// how many went.
///
/// # Errors
/// SQLite's.
pub fn prune(tx: &Tx<'_>, target_id: i64, now: i64) -> Result<usize, StoreError> {
    let old = tx
        .prepare_cached(
            "DELETE FROM delivery WHERE id IN (SELECT id FROM
                (SELECT id, at FROM delivery WHERE target_id = ?1 AND dead = 1 ORDER BY id LIMIT ?2) WHERE at < ?3)",
        )?
        .execute(params![target_id, PRUNED, now - KEPT])?;
    let beyond = tx
        .prepare_cached(
            "DELETE FROM delivery WHERE id IN (SELECT id FROM delivery WHERE target_id = ?1 AND dead = 1 ORDER BY id
                LIMIT min(?2, max(0, (SELECT count(*) FROM delivery WHERE target_id = ?1 AND dead = 1) - ?3)))",
        )?
        .execute(params![target_id, PRUNED, KEPT_ROWS])?;
    Ok(old + beyond)
}

/// Pushes for a target after an inbox id, oldest first, as far as they fit into `bytes` (at least one), and the inbox id
/// up to which this was read. What has a row here already is not among them.
///
/// # Errors
/// SQLite's.
pub fn unread(
    connection: &Connection,
    target_id: i64,
    after: i64,
    limit: usize,
    bytes: usize,
) -> rusqlite::Result<(Vec<PushRow>, i64)> {
    // Before the rows: whatever is committed later has a higher id.
    let newest: i64 = connection
        .prepare_cached("SELECT coalesce(max(id), 0) FROM inbox")?
        .query_row([], |r| r.get::<_, i64>(0))?
        .max(after);
    let mut statement = connection.prepare_cached(
        "SELECT * FROM inbox INDEXED BY inbox_notify
         WHERE id > ?1 AND id <= ?2 AND notify IS NOT NULL AND instr(notify, ?3) > 0 AND kind IS NULL
            AND NOT EXISTS (SELECT 1 FROM delivery WHERE target_id = ?4 AND push_id = inbox.id)
         ORDER BY id",
    )?;
    let mut rows = statement.query(params![after, newest, inbox::notify_of(&[target_id]), target_id])?;
    let (mut read, mut size) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        if read.len() >= limit || (size > bytes && !read.is_empty()) {
            let read_to = read.last().map_or(after, |push: &PushRow| push.id);
            return Ok((read, read_to));
        }
        let push = inbox::read(row)?;
        size += push.body.len();
        read.push(push);
    }
    Ok((read, newest))
}
