//! Routes: where users of a business server go after their consent.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::oauth_link::{scope_of, scope_text};
use crate::dto::OauthScopeName;
use crate::store::{StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE oauth_route (
        id TEXT PRIMARY KEY,
        platform_id INTEGER NOT NULL REFERENCES platform (id) ON DELETE CASCADE,
        appid TEXT NOT NULL,
        name TEXT NOT NULL,
        url TEXT NOT NULL,
        scope TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        used INTEGER NOT NULL DEFAULT 0,
        last_used_at INTEGER
    ) STRICT, WITHOUT ROWID;",
)];

/// A route.
#[derive(Debug, Clone)]
pub struct OauthRouteRow {
    /// Random.
    pub id: String,
    /// Platform row id.
    pub platform_id: i64,
    /// Account or website app.
    pub appid: String,
    /// The operator's name for it.
    pub name: String,
    /// The business server's page.
    pub url: String,
    /// What is asked for.
    pub scope: OauthScopeName,
    /// Made, ms.
    pub created_at: i64,
    /// One-time codes handed out.
    pub used: i64,
    /// Last one, ms.
    pub last_used_at: Option<i64>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<OauthRouteRow> {
    Ok(OauthRouteRow {
        id: row.get("id")?,
        platform_id: row.get("platform_id")?,
        appid: row.get("appid")?,
        name: row.get("name")?,
        url: row.get("url")?,
        scope: scope_of(row.get_ref("scope")?.as_str()?),
        created_at: row.get("created_at")?,
        used: row.get("used")?,
        last_used_at: row.get("last_used_at")?,
    })
}

/// Adds a route, or changes name, page and scope of one.
///
/// # Errors
/// SQLite's.
pub fn save(tx: &Tx<'_>, row: &OauthRouteRow) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO oauth_route (id, platform_id, appid, name, url, scope, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, url = excluded.url, scope = excluded.scope",
        params![row.id, row.platform_id, row.appid, row.name, row.url, scope_text(row.scope), row.created_at],
    )?;
    Ok(())
}

/// A route by id.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, id: &str) -> rusqlite::Result<Option<OauthRouteRow>> {
    connection.prepare_cached("SELECT * FROM oauth_route WHERE id = ?1")?.query_row([id], read).optional()
}

/// All routes, oldest first.
///
/// # Errors
/// SQLite's.
pub fn list(connection: &Connection) -> rusqlite::Result<Vec<OauthRouteRow>> {
    connection.prepare_cached("SELECT * FROM oauth_route ORDER BY created_at, id")?.query_map([], read)?.collect()
}

/// A one-time code was handed out.
///
/// # Errors
/// SQLite's.
pub fn used(tx: &Tx<'_>, id: &str, now: i64) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE oauth_route SET used = used + 1, last_used_at = ?2 WHERE id = ?1")?
        .execute(params![id, now])?;
    Ok(())
}

/// Removes a route. False when there is none.
///
/// # Errors
/// SQLite's.
pub fn remove(tx: &Tx<'_>, id: &str) -> Result<bool, StoreError> {
    Ok(tx.execute("DELETE FROM oauth_route WHERE id = ?1", [id])? > 0)
}
