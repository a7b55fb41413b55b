//! Parametric QR codes that were made here, and their scans.
//!
//! A code is found by the hash of its ticket, which the mirror keeps (`Mirror::scene_code`): a push is looked up there
//! and costs the file nothing unless it is a scan of ours. Invariants: a ticket is there once an account; one follower's
//! scan of one second counts once, however often it is pushed.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::dto::{SceneCode, SceneCodeQuery, SceneKind, SceneScan};
use crate::store::{Patch, StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE scene_code (
        id INTEGER PRIMARY KEY,
        platform_id INTEGER NOT NULL REFERENCES platform (id) ON DELETE CASCADE,
        appid TEXT NOT NULL,
        name TEXT NOT NULL,
        text INTEGER NOT NULL,
        scene TEXT NOT NULL,
        permanent INTEGER NOT NULL,
        ticket TEXT NOT NULL,
        ticket_hash INTEGER NOT NULL,
        url TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        expires_at INTEGER,
        scans INTEGER NOT NULL DEFAULT 0,
        followed INTEGER NOT NULL DEFAULT 0,
        last_scan_at INTEGER
    ) STRICT;
    CREATE UNIQUE INDEX scene_code_ticket ON scene_code (platform_id, ticket_hash);
    CREATE INDEX scene_code_account ON scene_code (platform_id, appid);
    CREATE TABLE scene_scan (
        id INTEGER PRIMARY KEY,
        code_id INTEGER NOT NULL REFERENCES scene_code (id) ON DELETE CASCADE,
        at INTEGER NOT NULL,
        openid TEXT NOT NULL,
        followed INTEGER NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX scene_scan_once ON scene_scan (code_id, at, openid, followed);",
)];

/// Scans that are kept of a code; the counters go on.
const KEPT_SCANS: i64 = 1_000;
/// Old scans are removed once in so many.
const TRIM_EVERY: i64 = 100;
/// Rows a page when none is asked for, and at most.
const PAGE: (u32, u32) = (100, 500);

/// A code to be stored.
#[derive(Debug, Clone)]
pub struct NewSceneCode {
    /// Platform row id.
    pub platform_id: i64,
    /// Account.
    pub appid: String,
    /// The operator's name for it.
    pub name: String,
    /// What stands in it.
    pub kind: SceneKind,
    /// The number in digits, or the text.
    pub scene: String,
    /// For ever.
    pub permanent: bool,
    /// WeChat's name of it; no secret.
    pub ticket: String,
    /// Hash of account and ticket.
    pub ticket_hash: i64,
    /// What the picture holds.
    pub url: String,
    /// Made, ms.
    pub created_at: i64,
    /// Ends, ms.
    pub expires_at: Option<i64>,
}

/// A scan to be counted.
#[derive(Debug, Clone)]
pub struct NewScan {
    /// The code's row id.
    pub code_id: i64,
    /// WeChat's time, ms.
    pub at: i64,
    /// Who.
    pub openid: String,
    /// Followed by it.
    pub followed: bool,
}

const SELECT: &str = "SELECT c.*, p.component_appid FROM scene_code c JOIN platform p ON p.id = c.platform_id";

fn read(row: &Row<'_>) -> rusqlite::Result<SceneCode> {
    Ok(SceneCode {
        id: row.get("id")?,
        component_appid: row.get("component_appid")?,
        appid: row.get("appid")?,
        name: row.get("name")?,
        kind: if row.get("text")? { SceneKind::Text } else { SceneKind::Number },
        scene: row.get("scene")?,
        permanent: row.get("permanent")?,
        url: row.get("url")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        scans: row.get("scans")?,
        followed: row.get("followed")?,
        last_scan_at: row.get("last_scan_at")?,
    })
}

/// (platform row id, hash of account and ticket, code's row id) of every code.
///
/// # Errors
/// SQLite's.
pub fn load_tickets(connection: &Connection) -> rusqlite::Result<Vec<(i64, i64, i64)>> {
    connection
        .prepare("SELECT platform_id, ticket_hash, id FROM scene_code")?
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?
        .collect()
}

/// Stores a code. One whose ticket is there already is that code again: its name, life and picture are taken over, its
/// scans stay.
///
/// # Errors
/// SQLite's.
pub fn save(tx: &Tx<'_>, new: &NewSceneCode) -> Result<SceneCode, StoreError> {
    let id: i64 = tx
        .prepare_cached(
            "INSERT INTO scene_code (platform_id, appid, name, text, scene, permanent, ticket, ticket_hash, url, created_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (platform_id, ticket_hash) DO UPDATE SET expires_at = excluded.expires_at, url = excluded.url,
                name = CASE WHEN excluded.name = '' THEN name ELSE excluded.name END
             RETURNING id",
        )?
        .query_row(
            params![
                new.platform_id,
                new.appid,
                new.name,
                new.kind == SceneKind::Text,
                new.scene,
                new.permanent,
                new.ticket,
                new.ticket_hash,
                new.url,
                new.created_at,
                new.expires_at
            ],
            |r| r.get(0),
        )?;
    tx.patch(Patch::SceneCode { platform_id: new.platform_id, ticket_hash: new.ticket_hash, code_id: Some(id) });
    get(tx, id)?.ok_or(StoreError::Broken)
}

/// One code.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, id: i64) -> Result<Option<SceneCode>, StoreError> {
    Ok(connection.prepare_cached(&format!("{SELECT} WHERE c.id = ?1"))?.query_row([id], read).optional()?)
}

/// A page of the codes that match, newest first, and how many match.
///
/// # Errors
/// SQLite's.
pub fn list(connection: &Connection, query: &SceneCodeQuery, now: i64) -> Result<(Vec<SceneCode>, i64), StoreError> {
    let words = query.q.as_deref().unwrap_or_default().trim().to_lowercase();
    // One statement for every filter: a null lets all pass. What people type is compared, never made a pattern of.
    const FILTER: &str = "WHERE (?1 IS NULL OR p.component_appid = ?1) AND (?2 IS NULL OR c.appid = ?2)
        AND (?3 = '' OR instr(lower(c.name), ?3) > 0 OR instr(lower(c.scene), ?3) > 0)
        AND (?4 IS NULL OR ?4 = (c.expires_at IS NOT NULL AND c.expires_at <= ?5))";
    let filter = params![query.component_appid, query.appid, words, query.ended, now];
    let total = connection
        .prepare_cached(&format!("SELECT count(*) FROM scene_code c JOIN platform p ON p.id = c.platform_id {FILTER}"))?
        .query_row(filter, |r| r.get(0))?;
    let limit = query.limit.unwrap_or(PAGE.0).clamp(1, PAGE.1);
    let offset = query.offset.unwrap_or(0);
    let items = connection
        .prepare_cached(&format!("{SELECT} {FILTER} ORDER BY c.id DESC LIMIT ?6 OFFSET ?7"))?
        .query_map(params![query.component_appid, query.appid, words, query.ended, now, limit, offset], read)?
        .collect::<Result<_, _>>()?;
    Ok((items, total))
}

/// Gives a code another name. Answers it, or none when there is no such code.
///
/// # Errors
/// SQLite's.
pub fn rename(tx: &Tx<'_>, id: i64, name: &str) -> Result<Option<SceneCode>, StoreError> {
    tx.execute("UPDATE scene_code SET name = ?2 WHERE id = ?1", params![id, name])?;
    get(tx, id)
}

/// Forgets a code with its scans. Answers whether there was one.
///
/// # Errors
/// SQLite's.
pub fn forget(tx: &Tx<'_>, id: i64) -> Result<bool, StoreError> {
    let gone: Option<(i64, i64)> = tx
        .prepare_cached("DELETE FROM scene_code WHERE id = ?1 RETURNING platform_id, ticket_hash")?
        .query_row([id], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    if let Some((platform_id, ticket_hash)) = gone {
        tx.patch(Patch::SceneCode { platform_id, ticket_hash, code_id: None });
    }
    Ok(gone.is_some())
}

/// Counts a scan. Answers false for one that was counted before, or of a code that went meanwhile.
///
/// # Errors
/// SQLite's.
pub fn count(tx: &Tx<'_>, scan: &NewScan) -> Result<bool, StoreError> {
    let known = tx.prepare_cached("SELECT 1 FROM scene_code WHERE id = ?1")?.exists([scan.code_id])?;
    if !known {
        return Ok(false);
    }
    let added = tx
        .prepare_cached("INSERT OR IGNORE INTO scene_scan (code_id, at, openid, followed) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![scan.code_id, scan.at, scan.openid, scan.followed])?;
    if added == 0 {
        return Ok(false);
    }
    let scans: i64 = tx
        .prepare_cached(
            "UPDATE scene_code SET scans = scans + 1, followed = followed + ?2,
                last_scan_at = max(coalesce(last_scan_at, 0), ?3) WHERE id = ?1 RETURNING scans",
        )?
        .query_row(params![scan.code_id, scan.followed, scan.at], |r| r.get(0))?;
    if scans % TRIM_EVERY == 0 {
        tx.prepare_cached(
            "DELETE FROM scene_scan WHERE code_id = ?1 AND id NOT IN
                (SELECT id FROM scene_scan WHERE code_id = ?1 ORDER BY at DESC, id DESC LIMIT ?2)",
        )?
        .execute(params![scan.code_id, KEPT_SCANS])?;
    }
    Ok(true)
}

/// Scans of a code, newest first.
///
/// # Errors
/// SQLite's.
pub fn scans(connection: &Connection, code_id: i64, limit: u32) -> Result<Vec<SceneScan>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT at, openid, followed FROM scene_scan WHERE code_id = ?1 ORDER BY at DESC, id DESC LIMIT ?2",
        )?
        .query_map(params![code_id, limit], |r| {
            Ok(SceneScan { at: r.get(0)?, openid: r.get(1)?, followed: r.get(2)? })
        })?
        .collect::<Result<_, _>>()?)
}
