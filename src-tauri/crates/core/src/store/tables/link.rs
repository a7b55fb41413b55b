//! Authorize links: one-time, unguessable, bound to one pre-auth code.

use rusqlite::{Connection, OptionalExtension, Row, params};
use sha2::{Digest, Sha256};
use wechat::secret::SecretString;

use crate::dto::{LastError, LinkKind};
use crate::store::{StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE link (
        id TEXT PRIMARY KEY,
        platform_id INTEGER NOT NULL REFERENCES platform (id) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        url TEXT NOT NULL,
        pre_auth_hash BLOB NOT NULL,
        tenant TEXT,
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        opened_at INTEGER,
        closed_at INTEGER,
        ended_at INTEGER,
        account_id INTEGER REFERENCES account (id) ON DELETE SET NULL,
        error TEXT,
        auth_type INTEGER,
        biz_appid TEXT,
        scopes TEXT NOT NULL DEFAULT '[]',
        note TEXT NOT NULL DEFAULT '',
        authorized_at INTEGER,
        cancelled_at INTEGER,
        made_from TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX link_pre_auth ON link (platform_id, pre_auth_hash);
    CREATE INDEX link_created ON link (created_at);",
)];

/// A link.
#[derive(Debug, Clone)]
pub struct LinkRow {
    /// 128 random bits, base64url.
    pub id: String,
    /// Platform row id.
    pub platform_id: i64,
    /// Which page.
    pub kind: LinkKind,
    /// WeChat's page; holds the pre-auth code.
    pub url: SecretString,
    /// Of the pre-auth code, to match the `authorized` event.
    pub pre_auth_hash: Vec<u8>,
    /// Tenant of the account to come.
    pub tenant: Option<String>,
    /// Made, ms.
    pub created_at: i64,
    /// Pre-auth code ends, ms.
    pub expires_at: i64,
    /// Launch page first opened, ms.
    pub opened_at: Option<i64>,
    /// No longer on screen, ms.
    pub closed_at: Option<i64>,
    /// The operator ended it, ms.
    pub ended_at: Option<i64>,
    /// Who authorized.
    pub account_id: Option<i64>,
    /// Why redeeming failed.
    pub error: Option<LastError>,
    /// Kinds of account asked for.
    pub auth_type: Option<u8>,
    /// Exactly this account asked for.
    pub biz_appid: Option<String>,
    /// Permission sets asked for.
    pub scopes: Vec<u32>,
    /// The operator's note.
    pub note: String,
    /// When `account_id` authorized, ms.
    pub authorized_at: Option<i64>,
    /// WeChat last sent the administrator back without a code, ms.
    pub cancelled_at: Option<i64>,
    /// Id of the link that this one was made from.
    pub made_from: Option<String>,
}

/// Hash under which codes are looked up: the codes themselves are secrets.
#[must_use]
pub fn code_hash(code: &str) -> Vec<u8> {
    Sha256::digest(code.as_bytes()).to_vec()
}

fn read(row: &Row<'_>) -> rusqlite::Result<LinkRow> {
    let error: Option<String> = row.get("error")?;
    let scopes: String = row.get("scopes")?;
    Ok(LinkRow {
        id: row.get("id")?,
        platform_id: row.get("platform_id")?,
        kind: if row.get_ref("kind")?.as_str()? == "h5" { LinkKind::H5 } else { LinkKind::Pc },
        url: row.get::<_, String>("url")?.into(),
        pre_auth_hash: row.get("pre_auth_hash")?,
        tenant: row.get("tenant")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        opened_at: row.get("opened_at")?,
        closed_at: row.get("closed_at")?,
        ended_at: row.get("ended_at")?,
        account_id: row.get("account_id")?,
        error: error.and_then(|e| serde_json::from_str(&e).ok()),
        auth_type: row.get("auth_type")?,
        biz_appid: row.get("biz_appid")?,
        scopes: serde_json::from_str(&scopes).unwrap_or_default(),
        note: row.get("note")?,
        authorized_at: row.get("authorized_at")?,
        cancelled_at: row.get("cancelled_at")?,
        made_from: row.get("made_from")?,
    })
}

/// Adds a link.
///
/// # Errors
/// SQLite's.
pub fn insert(tx: &Tx<'_>, row: &LinkRow) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO link (id, platform_id, kind, url, pre_auth_hash, tenant, created_at, expires_at,
            auth_type, biz_appid, scopes, note, made_from)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        params![
            row.id,
            row.platform_id,
            if row.kind == LinkKind::H5 { "h5" } else { "pc" },
            row.url.expose(),
            row.pre_auth_hash,
            row.tenant,
            row.created_at,
            row.expires_at,
            row.auth_type,
            row.biz_appid,
            serde_json::to_string(&row.scopes).unwrap_or_default(),
            row.note,
            row.made_from,
        ],
    )?;
    Ok(())
}

/// A link by id.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, id: &str) -> rusqlite::Result<Option<LinkRow>> {
    connection.prepare_cached("SELECT * FROM link WHERE id = ?1")?.query_row([id], read).optional()
}

/// A link by the pre-auth code that an event carries.
///
/// # Errors
/// SQLite's.
pub fn by_pre_auth_code(connection: &Connection, platform_id: i64, code: &str) -> rusqlite::Result<Option<LinkRow>> {
    connection
        .prepare_cached("SELECT * FROM link WHERE platform_id = ?1 AND pre_auth_hash = ?2")?
        .query_row(params![platform_id, code_hash(code)], read)
        .optional()
}

/// Newest links first, of one platform or of all. Links live 30 days, so all of them are not many.
///
/// # Errors
/// SQLite's.
pub fn list(connection: &Connection, platform_id: Option<i64>) -> Result<Vec<LinkRow>, StoreError> {
    let mut statement =
        connection.prepare("SELECT * FROM link WHERE ?1 IS NULL OR platform_id = ?1 ORDER BY created_at DESC, id")?;
    let rows = statement.query_map([platform_id], read)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Notes the first opening of the launch page. Whoever opens it again has not cancelled.
///
/// # Errors
/// SQLite's.
pub fn opened(tx: &Tx<'_>, id: &str, now: i64) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE link SET opened_at = coalesce(opened_at, ?2), cancelled_at = NULL WHERE id = ?1",
        params![id, now],
    )?;
    Ok(())
}

/// Notes that WeChat sent the administrator back without a code. A link that was used stays used.
///
/// # Errors
/// SQLite's.
pub fn cancelled(tx: &Tx<'_>, id: &str, now: i64) -> Result<(), StoreError> {
    tx.execute("UPDATE link SET cancelled_at = ?2 WHERE id = ?1 AND account_id IS NULL", params![id, now])?;
    Ok(())
}

/// Gives every link of one tenant another one's name.
///
/// # Errors
/// SQLite's.
pub fn rename_tenant(tx: &Tx<'_>, from: &str, to: &str) -> Result<(), StoreError> {
    tx.execute("UPDATE link SET tenant = ?2 WHERE tenant = ?1", [from, to])?;
    Ok(())
}

/// Notes that the link is no longer on screen.
///
/// # Errors
/// SQLite's.
pub fn closed(tx: &Tx<'_>, id: &str, now: i64) -> Result<(), StoreError> {
    tx.execute("UPDATE link SET closed_at = coalesce(closed_at, ?2) WHERE id = ?1", params![id, now])?;
    Ok(())
}

/// Ends the link for whoever has it. One that was used stays used. False when there is none to end.
///
/// # Errors
/// SQLite's.
pub fn end(tx: &Tx<'_>, id: &str, now: i64) -> Result<bool, StoreError> {
    let ended = tx.execute(
        "UPDATE link SET ended_at = coalesce(ended_at, ?2) WHERE id = ?1 AND account_id IS NULL",
        params![id, now],
    )?;
    Ok(ended > 0)
}

/// Notes who authorized, or why redeeming failed. The first success stays: neither a later failure nor another account
/// overwrites it.
///
/// # Errors
/// SQLite's.
pub fn settled(
    tx: &Tx<'_>,
    id: &str,
    account_id: Option<i64>,
    error: Option<&LastError>,
    now: i64,
) -> Result<(), StoreError> {
    let error = error.and_then(|e| serde_json::to_string(e).ok());
    tx.execute(
        "UPDATE link SET account_id = coalesce(account_id, ?2),
            authorized_at = CASE WHEN coalesce(account_id, ?2) IS NULL THEN NULL ELSE coalesce(authorized_at, ?4) END,
            error = CASE WHEN coalesce(account_id, ?2) IS NULL THEN ?3 END WHERE id = ?1",
        params![id, account_id, error, now],
    )?;
    Ok(())
}

/// Removes links that ended over 30 days ago.
///
/// # Errors
/// SQLite's.
pub fn prune(tx: &Tx<'_>, now: i64) -> Result<usize, StoreError> {
    Ok(tx.execute("DELETE FROM link WHERE created_at < ?1", [now - 30 * 24 * 3_600_000])?)
}
