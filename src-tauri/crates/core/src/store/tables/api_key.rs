//! Keys of the local API: stored hashed, shown once.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::store::{StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE api_key (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        scope TEXT NOT NULL,
        hash BLOB NOT NULL UNIQUE,
        created_at INTEGER NOT NULL,
        revoked_at INTEGER
    ) STRICT;",
)];

/// What a key may do; each includes the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Status, accounts, tokens.
    Read,
    /// And refreshes.
    Refresh,
    /// And everything else.
    Admin,
}

impl Scope {
    /// As stored and shown.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Refresh => "refresh",
            Self::Admin => "admin",
        }
    }

    /// The reverse of [`Scope::text`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Read, Self::Refresh, Self::Admin].into_iter().find(|s| s.text() == text)
    }
}

/// A key, without the key.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ApiKeyRow {
    /// Row id.
    pub id: i64,
    /// The operator's name for it.
    pub name: String,
    /// Scope.
    pub scope: Scope,
    /// Made, ms.
    pub created_at: i64,
    /// Revoked, ms.
    pub revoked_at: Option<i64>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<ApiKeyRow> {
    Ok(ApiKeyRow {
        id: row.get("id")?,
        name: row.get("name")?,
        scope: Scope::parse(row.get_ref("scope")?.as_str()?).unwrap_or(Scope::Read),
        created_at: row.get("created_at")?,
        revoked_at: row.get("revoked_at")?,
    })
}

/// Adds a key by its SHA-256.
///
/// # Errors
/// SQLite's.
pub fn insert(tx: &Tx<'_>, name: &str, scope: Scope, hash: &[u8], now: i64) -> Result<i64, StoreError> {
    tx.execute(
        "INSERT INTO api_key (name, scope, hash, created_at) VALUES (?1, ?2, ?3, ?4)",
        params![name, scope.text(), hash, now],
    )?;
    Ok(tx.last_insert_rowid())
}

/// A live key by its SHA-256.
///
/// # Errors
/// SQLite's.
pub fn find(connection: &Connection, hash: &[u8]) -> rusqlite::Result<Option<ApiKeyRow>> {
    connection
        .prepare_cached("SELECT * FROM api_key WHERE hash = ?1 AND revoked_at IS NULL")?
        .query_row([hash], read)
        .optional()
}

/// All keys.
///
/// # Errors
/// SQLite's.
pub fn list(connection: &Connection) -> Result<Vec<ApiKeyRow>, StoreError> {
    let mut statement = connection.prepare("SELECT * FROM api_key ORDER BY id")?;
    let rows = statement.query_map([], read)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Revokes a key. Answers whether there was one.
///
/// # Errors
/// SQLite's.
pub fn revoke(tx: &Tx<'_>, id: i64, now: i64) -> Result<bool, StoreError> {
    Ok(tx.execute("UPDATE api_key SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL", params![id, now])? > 0)
}
