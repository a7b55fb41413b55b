//! Tunnels: what the operator entered, the last URL each gave, and a change of it that nobody confirmed yet.
//!
//! A handful of rows, read when asked for; no copy in the mirror.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use wechat::secret::SecretString;

use crate::store::{StoreError, Tx};
use crate::tunnel::adapters::Adapter;

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE tunnel (
        id TEXT PRIMARY KEY,
        client TEXT NOT NULL,
        name TEXT NOT NULL,
        settings TEXT NOT NULL,
        secrets TEXT NOT NULL,
        program TEXT,
        follow INTEGER NOT NULL,
        enabled INTEGER NOT NULL,
        last_url TEXT,
        change TEXT,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;",
)];

/// A tunnel.
#[derive(Debug, Clone)]
pub struct TunnelRow {
    /// Random hex.
    pub id: String,
    /// Client.
    pub client: &'static Adapter,
    /// Name.
    pub name: String,
    /// Values of fields that are no secrets.
    pub settings: BTreeMap<String, String>,
    /// Secrets.
    pub secrets: BTreeMap<String, SecretString>,
    /// The program's path as entered.
    pub program: Option<String>,
    /// Platforms follow a changed URL.
    pub follow: bool,
    /// Runs with the app.
    pub enabled: bool,
    /// The last public base URL.
    pub last_url: Option<String>,
    /// A change nobody confirmed.
    pub change: Option<UrlChange>,
    /// Added, ms.
    pub created_at: i64,
    /// Changed, ms.
    pub updated_at: i64,
}

/// A changed URL, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UrlChange {
    /// Now.
    pub new: String,
    /// When it was noticed, ms.
    pub at: i64,
    /// Platforms that used another one.
    pub platforms: Vec<ChangedPlatform>,
}

/// A platform whose callback URLs are other ones now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedPlatform {
    /// Platform.
    pub component_appid: String,
    /// The base URL that WeChat still has.
    pub before: String,
    /// Its public base URL was changed here.
    pub moved: bool,
}

fn read(row: &Row<'_>) -> rusqlite::Result<Option<TunnelRow>> {
    let client: String = row.get("client")?;
    // A client of a newer version: the row stays where it is, unseen.
    let Some(client) = Adapter::by_key(&client) else { return Ok(None) };
    let settings: String = row.get("settings")?;
    let secrets: String = row.get("secrets")?;
    let change: Option<String> = row.get("change")?;
    Ok(Some(TunnelRow {
        id: row.get("id")?,
        client,
        name: row.get("name")?,
        settings: serde_json::from_str(&settings).unwrap_or_default(),
        secrets: serde_json::from_str(&secrets).unwrap_or_default(),
        program: row.get("program")?,
        follow: row.get("follow")?,
        enabled: row.get("enabled")?,
        last_url: row.get("last_url")?,
        change: change.and_then(|c| serde_json::from_str(&c).ok()),
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    }))
}

/// Every tunnel, oldest first.
///
/// # Errors
/// SQLite's.
pub fn list(connection: &Connection) -> rusqlite::Result<Vec<TunnelRow>> {
    let mut statement = connection.prepare_cached("SELECT * FROM tunnel ORDER BY created_at, id")?;
    let rows = statement.query_map([], read)?.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(rows.into_iter().flatten().collect())
}

/// One tunnel.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, id: &str) -> rusqlite::Result<Option<TunnelRow>> {
    let row = connection.prepare_cached("SELECT * FROM tunnel WHERE id = ?1")?.query_row([id], read).optional()?;
    Ok(row.flatten())
}

/// Adds or updates a tunnel, all of it.
///
/// # Errors
/// SQLite's.
pub fn save(tx: &Tx<'_>, row: &TunnelRow) -> Result<(), StoreError> {
    let plain: BTreeMap<&str, &str> = row.secrets.iter().map(|(k, v)| (k.as_str(), v.expose().as_str())).collect();
    let secrets = zeroize::Zeroizing::new(serde_json::to_string(&plain).unwrap_or_default());
    tx.prepare_cached(
        "INSERT INTO tunnel (id, client, name, settings, secrets, program, follow, enabled, last_url, change,
            created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, settings = excluded.settings,
            secrets = excluded.secrets, program = excluded.program, follow = excluded.follow,
            enabled = excluded.enabled, last_url = excluded.last_url, change = excluded.change,
            updated_at = excluded.updated_at",
    )?
    .execute(params![
        row.id,
        row.client.key(),
        row.name,
        serde_json::to_string(&row.settings).unwrap_or_default(),
        secrets.as_str(),
        row.program,
        row.follow,
        row.enabled,
        row.last_url,
        row.change.as_ref().and_then(|c| serde_json::to_string(c).ok()),
        row.created_at,
        row.updated_at,
    ])?;
    Ok(())
}

/// Wants it to run, or not.
///
/// # Errors
/// SQLite's.
pub fn enable(tx: &Tx<'_>, id: &str, enabled: bool) -> Result<(), StoreError> {
    tx.execute("UPDATE tunnel SET enabled = ?2 WHERE id = ?1", params![id, enabled])?;
    Ok(())
}

/// Keeps the URL it gave and the change that it means.
///
/// # Errors
/// SQLite's.
pub fn keep_url(tx: &Tx<'_>, id: &str, url: Option<&str>, change: Option<&UrlChange>) -> Result<(), StoreError> {
    let change = change.and_then(|c| serde_json::to_string(c).ok());
    tx.execute("UPDATE tunnel SET last_url = ?2, change = ?3 WHERE id = ?1", params![id, url, change])?;
    Ok(())
}

/// Removes a tunnel.
///
/// # Errors
/// SQLite's.
pub fn remove(tx: &Tx<'_>, id: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM tunnel WHERE id = ?1", [id])?;
    Ok(())
}
