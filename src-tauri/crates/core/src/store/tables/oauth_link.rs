//! Links of web OAuth: what a `state` stands for. The operator's are for many users; those that a route makes are for the
//! one browser that entered by it (`once`).
//!
//! Invariant: a `once` link brings one code, and its cookie and its one visitor are never in it but as a hash.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::PRUNED_AT_ONCE;
use crate::dto::OauthScopeName;
use crate::store::{StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE oauth_link (
        state TEXT PRIMARY KEY,
        platform_id INTEGER NOT NULL REFERENCES platform (id) ON DELETE CASCADE,
        appid TEXT NOT NULL,
        scope TEXT NOT NULL,
        force_popup INTEGER NOT NULL DEFAULT 0,
        force_snapshot INTEGER NOT NULL DEFAULT 0,
        route_id TEXT,
        visitor_state TEXT,
        visitor_hash BLOB,
        note TEXT NOT NULL DEFAULT '',
        once INTEGER NOT NULL DEFAULT 0,
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        ended_at INTEGER,
        uses INTEGER NOT NULL DEFAULT 0,
        refused INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX oauth_link_of ON oauth_link (platform_id, appid, once, expires_at);
    CREATE INDEX oauth_link_created ON oauth_link (once, created_at);
    CREATE INDEX oauth_link_end ON oauth_link (expires_at);",
)];

/// Links are kept so long after their end, ms.
const KEPT: i64 = 30 * 24 * 3_600_000;
/// What a route made and nobody came back with is kept so long after its end, ms: whoever enters again and again must
/// not fill the disk.
const UNUSED_KEPT: i64 = 3_600_000;

/// A link.
#[derive(Debug, Clone)]
pub struct OauthLinkRow {
    /// Random letters and digits.
    pub state: String,
    /// Platform row id.
    pub platform_id: i64,
    /// Account or website app.
    pub appid: String,
    /// What it asks for.
    pub scope: OauthScopeName,
    /// `forcePopup`.
    pub force_popup: bool,
    /// `forceSnapShot`.
    pub force_snapshot: bool,
    /// Where the user goes afterwards.
    pub route_id: Option<String>,
    /// The business server's own `state`.
    pub visitor_state: Option<String>,
    /// SHA-256 of the cookie of the browser that entered.
    pub visitor_hash: Option<Vec<u8>>,
    /// The operator's note.
    pub note: String,
    /// For one code of one browser.
    pub once: bool,
    /// Made, ms.
    pub created_at: i64,
    /// Ends, ms.
    pub expires_at: i64,
    /// Ended before, ms: by the operator, or because its one code came.
    pub ended_at: Option<i64>,
    /// Codes that came.
    pub uses: i64,
    /// Refusals.
    pub refused: i64,
}

/// A scope as it is stored.
#[must_use]
pub fn scope_text(scope: OauthScopeName) -> &'static str {
    match scope {
        OauthScopeName::Base => "base",
        OauthScopeName::Userinfo => "userinfo",
        OauthScopeName::Login => "login",
    }
}

/// A scope as it was stored.
#[must_use]
pub fn scope_of(text: &str) -> OauthScopeName {
    match text {
        "userinfo" => OauthScopeName::Userinfo,
        "login" => OauthScopeName::Login,
        _ => OauthScopeName::Base,
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<OauthLinkRow> {
    Ok(OauthLinkRow {
        state: row.get("state")?,
        platform_id: row.get("platform_id")?,
        appid: row.get("appid")?,
        scope: scope_of(row.get_ref("scope")?.as_str()?),
        force_popup: row.get("force_popup")?,
        force_snapshot: row.get("force_snapshot")?,
        route_id: row.get("route_id")?,
        visitor_state: row.get("visitor_state")?,
        visitor_hash: row.get("visitor_hash")?,
        note: row.get("note")?,
        once: row.get("once")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        ended_at: row.get("ended_at")?,
        uses: row.get("uses")?,
        refused: row.get("refused")?,
    })
}

/// Adds a link.
///
/// # Errors
/// SQLite's.
pub fn insert(tx: &Tx<'_>, row: &OauthLinkRow) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO oauth_link (state, platform_id, appid, scope, force_popup, force_snapshot, route_id, visitor_state,
            visitor_hash, note, once, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?
    .execute(params![
        row.state,
        row.platform_id,
        row.appid,
        scope_text(row.scope),
        row.force_popup,
        row.force_snapshot,
        row.route_id,
        row.visitor_state,
        row.visitor_hash,
        row.note,
        row.once,
        row.created_at,
        row.expires_at,
    ])?;
    Ok(())
}

/// A link by its `state`.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, state: &str) -> rusqlite::Result<Option<OauthLinkRow>> {
    connection.prepare_cached("SELECT * FROM oauth_link WHERE state = ?1")?.query_row([state], read).optional()
}

/// The operator's links, newest first; what routes made is not among them.
///
/// # Errors
/// SQLite's.
pub fn list(
    connection: &Connection,
    platform_id: Option<i64>,
    appid: Option<&str>,
    limit: u32,
) -> Result<Vec<OauthLinkRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM oauth_link WHERE once = 0 AND (?1 IS NULL OR platform_id = ?1) AND (?2 IS NULL OR appid = ?2)
         ORDER BY created_at DESC, state LIMIT ?3",
    )?;
    let rows = statement.query_map(params![platform_id, appid, limit], read)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// A code came. A `once` link takes no other one.
///
/// # Errors
/// SQLite's.
pub fn used(tx: &Tx<'_>, state: &str, now: i64) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE oauth_link SET uses = uses + 1, ended_at = CASE WHEN once THEN coalesce(ended_at, ?2) ELSE ended_at END
         WHERE state = ?1",
    )?
    .execute(params![state, now])?;
    Ok(())
}

/// A user refused.
///
/// # Errors
/// SQLite's.
pub fn refused(tx: &Tx<'_>, state: &str) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE oauth_link SET refused = refused + 1 WHERE state = ?1")?.execute([state])?;
    Ok(())
}

/// Ends a link. False when there is none.
///
/// # Errors
/// SQLite's.
pub fn end(tx: &Tx<'_>, state: &str, now: i64) -> Result<bool, StoreError> {
    let ended = tx
        .prepare_cached("UPDATE oauth_link SET ended_at = coalesce(ended_at, ?2) WHERE state = ?1")?
        .execute(params![state, now])?;
    Ok(ended > 0)
}

/// Ends every link that leads to a route.
///
/// # Errors
/// SQLite's.
pub fn end_of_route(tx: &Tx<'_>, route_id: &str, now: i64) -> Result<(), StoreError> {
    tx.execute("UPDATE oauth_link SET ended_at = coalesce(ended_at, ?2) WHERE route_id = ?1", params![route_id, now])?;
    Ok(())
}

/// Removes links 30 days after their end, and what routes made for nothing an hour after it. Answers how many went.
///
/// # Errors
/// SQLite's.
pub fn prune(tx: &Tx<'_>, now: i64) -> Result<usize, StoreError> {
    let unused = tx.execute(
        &format!(
            "DELETE FROM oauth_link WHERE state IN (SELECT state FROM oauth_link
            WHERE once = 1 AND uses = 0 AND expires_at < ?1 LIMIT {PRUNED_AT_ONCE})"
        ),
        [now - UNUSED_KEPT],
    )?;
    let old = tx.execute(
        &format!(
            "DELETE FROM oauth_link WHERE state IN (SELECT state FROM oauth_link
            WHERE min(expires_at, coalesce(ended_at, expires_at)) < ?1 LIMIT {PRUNED_AT_ONCE})"
        ),
        [now - KEPT],
    )?;
    Ok(unused.max(old))
}
