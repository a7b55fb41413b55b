//! Calls that were tried by hand, without tokens and without the bytes of files.
//!
//! Invariant: what is stored here is what was shown; whoever writes a row masked it before.

use rusqlite::{Connection, OptionalExtension, params};

use crate::dto::ApiTrial;
use crate::store::{StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE api_trial (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        platform_id INTEGER NOT NULL REFERENCES platform (id) ON DELETE CASCADE,
        appid TEXT NOT NULL,
        document TEXT NOT NULL,
        answer TEXT
    ) STRICT;",
)];

/// Calls that are kept.
const KEPT: i64 = 500;

/// Keeps a call and answers its row id; the oldest beyond 500 goes.
///
/// # Errors
/// SQLite's.
pub fn insert(tx: &Tx<'_>, platform_id: i64, trial: &ApiTrial) -> Result<i64, StoreError> {
    let listed = ApiTrial { answer: None, picture: None, has_more: false, ..trial.clone() };
    let document = serde_json::to_string(&listed).map_err(|_| StoreError::Broken)?;
    tx.execute(
        "INSERT INTO api_trial (platform_id, appid, document, answer) VALUES (?1, ?2, ?3, ?4)",
        params![platform_id, trial.appid, document, trial.answer],
    )?;
    let id = tx.last_insert_rowid();
    tx.execute(
        "DELETE FROM api_trial WHERE id <= (SELECT id FROM api_trial ORDER BY id DESC LIMIT 1 OFFSET ?1)",
        [KEPT],
    )?;
    Ok(id)
}

fn read(id: i64, document: &str, answer: Option<String>) -> Result<ApiTrial, StoreError> {
    let trial: ApiTrial = serde_json::from_str(document).map_err(|_| StoreError::Broken)?;
    Ok(ApiTrial { id, answer, ..trial })
}

/// Calls of a platform and an account (none: of all), newest first, without answers.
///
/// # Errors
/// SQLite's.
pub fn list(
    connection: &Connection,
    component_appid: Option<&str>,
    appid: Option<&str>,
    limit: u32,
) -> Result<Vec<ApiTrial>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT t.id, t.document FROM api_trial t JOIN platform p ON p.id = t.platform_id
         WHERE (?1 IS NULL OR p.component_appid = ?1) AND (?2 IS NULL OR t.appid = ?2) ORDER BY t.id DESC LIMIT ?3",
    )?;
    let rows = statement
        .query_map(params![component_appid, appid, limit], |r| Ok((r.get(0)?, r.get::<_, String>(1)?)))?
        .collect::<Result<Vec<(i64, String)>, _>>()?;
    rows.iter().map(|(id, document)| read(*id, document, None)).collect()
}

/// One call with its answer.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, id: i64) -> Result<Option<ApiTrial>, StoreError> {
    let found: Option<(String, Option<String>)> = connection
        .prepare_cached("SELECT document, answer FROM api_trial WHERE id = ?1")?
        .query_row([id], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    found.map(|(document, answer)| read(id, &document, answer)).transpose()
}

/// Forgets all calls.
///
/// # Errors
/// SQLite's.
pub fn clear(tx: &Tx<'_>) -> Result<(), StoreError> {
    tx.execute("DELETE FROM api_trial", [])?;
    Ok(())
}
