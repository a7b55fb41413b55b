//! Redemptions: one row an authorization code, whoever brings it first, the event or the browser's callback.
//!
//! Invariants: a code is offered once (unique hash) and redeemed once; its value is wiped when it is settled; what was
//! under way when the process died is found again as `pending`.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Row, params};
use wechat::secret::SecretString;

use super::link::code_hash;
use crate::dto::LastError;
use crate::store::{StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE redemption (
        id INTEGER PRIMARY KEY,
        platform_id INTEGER NOT NULL REFERENCES platform (id) ON DELETE CASCADE,
        code_hash BLOB NOT NULL,
        code TEXT,
        link_id TEXT,
        authorizer_appid TEXT,
        create_time INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        state TEXT NOT NULL DEFAULT 'pending',
        failures INTEGER NOT NULL DEFAULT 0,
        next_at INTEGER NOT NULL,
        account_id INTEGER REFERENCES account (id) ON DELETE SET NULL,
        error TEXT,
        created_at INTEGER NOT NULL,
        UNIQUE (platform_id, code_hash)
    ) STRICT;
    CREATE INDEX redemption_pending ON redemption (next_at) WHERE state = 'pending';
    CREATE INDEX redemption_link ON redemption (link_id) WHERE link_id IS NOT NULL;",
)];

/// Where a redemption stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedemptionState {
    /// To be redeemed.
    Pending,
    /// Done.
    Done,
    /// Given up.
    Failed,
}

/// A redemption.
#[derive(Debug, Clone)]
pub struct RedemptionRow {
    /// Row id.
    pub id: i64,
    /// Platform row id.
    pub platform_id: i64,
    /// The code, until settled.
    pub code: Option<SecretString>,
    /// Link that it belongs to, if known.
    pub link_id: Option<String>,
    /// Account, if the event told.
    pub authorizer_appid: Option<String>,
    /// By WeChat's clock, **seconds**; 0 while only the browser's callback came.
    pub create_time: i64,
    /// The code's end, ms.
    pub expires_at: i64,
    /// State.
    pub state: RedemptionState,
    /// Failed tries.
    pub failures: i64,
    /// Next try, ms.
    pub next_at: i64,
    /// Result.
    pub account_id: Option<i64>,
    /// Why it failed.
    pub error: Option<LastError>,
}

/// What brings a code.
#[derive(Debug)]
pub struct Offer<'a> {
    /// Platform row id.
    pub platform_id: i64,
    /// The code.
    pub code: &'a SecretString,
    /// Link, if known.
    pub link_id: Option<&'a str>,
    /// Account, if known.
    pub authorizer_appid: Option<&'a str>,
    /// Seconds, see [`RedemptionRow::create_time`].
    pub create_time: i64,
    /// ms.
    pub expires_at: i64,
}

fn read(row: &Row<'_>) -> rusqlite::Result<RedemptionRow> {
    let error: Option<String> = row.get("error")?;
    Ok(RedemptionRow {
        id: row.get("id")?,
        platform_id: row.get("platform_id")?,
        code: row.get::<_, Option<String>>("code")?.map(Into::into),
        link_id: row.get("link_id")?,
        authorizer_appid: row.get("authorizer_appid")?,
        create_time: row.get("create_time")?,
        expires_at: row.get("expires_at")?,
        state: match row.get_ref("state")?.as_str()? {
            "done" => RedemptionState::Done,
            "failed" => RedemptionState::Failed,
            _ => RedemptionState::Pending,
        },
        failures: row.get("failures")?,
        next_at: row.get("next_at")?,
        account_id: row.get("account_id")?,
        error: error.and_then(|e| serde_json::from_str(&e).ok()),
    })
}

/// Takes a code. The second bringer only adds what the first did not know. Answers the row id.
///
/// # Errors
/// SQLite's.
pub fn offer(tx: &Tx<'_>, offer: &Offer<'_>, now: i64) -> Result<i64, StoreError> {
    let hash = code_hash(offer.code.expose());
    tx.execute(
        "INSERT INTO redemption (platform_id, code_hash, code, link_id, authorizer_appid, create_time, expires_at, next_at, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)
         ON CONFLICT (platform_id, code_hash) DO UPDATE SET link_id = coalesce(link_id, excluded.link_id),
            create_time = max(create_time, excluded.create_time),
            -- A code that was given up gets another chance once WeChat itself says whose it is.
            state = CASE WHEN state = 'failed' AND authorizer_appid IS NULL AND excluded.authorizer_appid IS NOT NULL THEN 'pending' ELSE state END,
            code = CASE WHEN state = 'failed' AND authorizer_appid IS NULL AND excluded.authorizer_appid IS NOT NULL THEN excluded.code ELSE code END,
            next_at = CASE WHEN state = 'failed' THEN excluded.next_at ELSE next_at END,
            authorizer_appid = coalesce(authorizer_appid, excluded.authorizer_appid)",
        params![
            offer.platform_id,
            hash,
            offer.code.expose(),
            offer.link_id,
            offer.authorizer_appid,
            offer.create_time,
            offer.expires_at,
            now
        ],
    )?;
    let row: RedemptionRow = tx.query_row(
        "SELECT * FROM redemption WHERE platform_id = ?1 AND code_hash = ?2",
        params![offer.platform_id, code_hash(offer.code.expose())],
        read,
    )?;
    // The link may have become known only after the code was settled.
    if let Some(link) = &row.link_id
        && row.state != RedemptionState::Pending
    {
        super::link::settled(tx, link, row.account_id, row.error.as_ref(), now)?;
    }
    Ok(row.id)
}

/// A row by id.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, id: i64) -> rusqlite::Result<Option<RedemptionRow>> {
    connection.prepare_cached("SELECT * FROM redemption WHERE id = ?1")?.query_row([id], read).optional()
}

/// Whether a link may bring this code: a known one always, a new one while the link has brought fewer than `limit`.
///
/// # Errors
/// SQLite's.
pub fn link_may_bring(connection: &Connection, link_id: &str, code: &str, limit: i64) -> rusqlite::Result<bool> {
    connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM redemption WHERE link_id = ?1 AND code_hash = ?2)
            OR (SELECT count(*) FROM redemption WHERE link_id = ?1) < ?3",
        params![link_id, code_hash(code), limit],
        |r| r.get(0),
    )
}

/// Pending rows, soonest first.
///
/// # Errors
/// SQLite's.
pub fn pending(connection: &Connection) -> Result<Vec<RedemptionRow>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM redemption WHERE state = 'pending' ORDER BY next_at LIMIT 200")?;
    let rows = statement.query_map([], read)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// The redemption of a code, whoever brought it.
///
/// # Errors
/// SQLite's.
pub fn by_code(connection: &Connection, platform_id: i64, code: &str) -> rusqlite::Result<Option<RedemptionRow>> {
    connection
        .prepare_cached("SELECT * FROM redemption WHERE platform_id = ?1 AND code_hash = ?2")?
        .query_row(params![platform_id, code_hash(code)], read)
        .optional()
}

/// Links whose codes are being redeemed.
///
/// # Errors
/// SQLite's.
pub fn redeeming_links(connection: &Connection) -> rusqlite::Result<HashSet<String>> {
    connection
        .prepare_cached("SELECT link_id FROM redemption WHERE state = 'pending' AND link_id IS NOT NULL")?
        .query_map([], |r| r.get(0))?
        .collect()
}

/// Whether a link's code is being redeemed.
///
/// # Errors
/// SQLite's.
pub fn link_is_redeeming(connection: &Connection, link_id: &str) -> rusqlite::Result<bool> {
    connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM redemption WHERE state = 'pending' AND link_id = ?1)",
        [link_id],
        |r| r.get(0),
    )
}

/// Puts a try off.
///
/// # Errors
/// SQLite's.
pub fn put_off(tx: &Tx<'_>, id: i64, next_at: i64, error: &LastError) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE redemption SET failures = failures + 1, next_at = ?2, error = ?3 WHERE id = ?1",
        params![id, next_at, serde_json::to_string(error).unwrap_or_default()],
    )?;
    Ok(())
}

/// Settles a row, wipes the code, and tells its link.
///
/// # Errors
/// SQLite's.
pub fn settle(
    tx: &Tx<'_>,
    id: i64,
    account_id: Option<i64>,
    error: Option<&LastError>,
    now: i64,
) -> Result<(), StoreError> {
    let state = if account_id.is_some() { "done" } else { "failed" };
    tx.execute(
        "UPDATE redemption SET state = ?2, account_id = ?3, error = ?4, code = NULL WHERE id = ?1",
        params![id, state, account_id, error.and_then(|e| serde_json::to_string(e).ok())],
    )?;
    if let Some(link) = get(tx, id)?.and_then(|row| row.link_id) {
        super::link::settled(tx, &link, account_id, error, now)?;
    }
    Ok(())
}

/// Removes settled rows after 30 days; until then a replayed code is recognised.
///
/// # Errors
/// SQLite's.
pub fn prune(tx: &Tx<'_>, now: i64) -> Result<usize, StoreError> {
    Ok(tx.execute("DELETE FROM redemption WHERE state <> 'pending' AND created_at < ?1", [now - 30 * 24 * 3_600_000])?)
}
