//! Accounts that authorized a platform, or are connected with their own AppSecret. Rows outlive a cancelled authorization: their history stays.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::dto::{AccountKind, LastError};
use crate::store::{Patch, StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE account (
        id INTEGER PRIMARY KEY,
        platform_id INTEGER NOT NULL REFERENCES platform (id) ON DELETE CASCADE,
        appid TEXT NOT NULL,
        kind TEXT NOT NULL DEFAULT 'unknown',
        nick_name TEXT NOT NULL DEFAULT '',
        user_name TEXT NOT NULL DEFAULT '',
        principal_name TEXT NOT NULL DEFAULT '',
        alias TEXT NOT NULL DEFAULT '',
        signature TEXT NOT NULL DEFAULT '',
        head_img TEXT NOT NULL DEFAULT '',
        service_type INTEGER,
        verify_type INTEGER,
        account_status INTEGER,
        scopes TEXT NOT NULL DEFAULT '[]',
        tenant TEXT,
        authorized INTEGER NOT NULL,
        authorized_at INTEGER NOT NULL,
        authorized_create_time INTEGER NOT NULL,
        unauthorized_create_time INTEGER NOT NULL DEFAULT 0,
        unauthorized_at INTEGER NOT NULL DEFAULT 0,
        details_at INTEGER,
        details_error TEXT,
        has_avatar INTEGER NOT NULL DEFAULT 0,
        note TEXT NOT NULL DEFAULT '',
        tags TEXT NOT NULL DEFAULT '[]',
        removed_at INTEGER,
        own INTEGER NOT NULL DEFAULT 0,
        UNIQUE (platform_id, appid)
    ) STRICT;
    CREATE TABLE avatar (
        account_id INTEGER PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
        mime TEXT NOT NULL,
        bytes BLOB NOT NULL
    ) STRICT;",
)];

/// An account.
#[derive(Debug, Clone, Default)]
pub struct AccountRow {
    /// Row id.
    pub id: i64,
    /// Platform row id.
    pub platform_id: i64,
    /// Appid.
    pub appid: String,
    /// Kind.
    pub kind: Option<AccountKind>,
    /// Name.
    pub nick_name: String,
    /// `gh_…`.
    pub user_name: String,
    /// Principal.
    pub principal_name: String,
    /// WeChat id.
    pub alias: String,
    /// Introduction.
    pub signature: String,
    /// Where WeChat keeps the avatar; never given to the window.
    pub head_img: String,
    /// `service_type_info.id`.
    pub service_type: Option<i64>,
    /// `verify_type_info.id`.
    pub verify_type: Option<i64>,
    /// `account_status`.
    pub account_status: Option<i64>,
    /// Granted permission sets.
    pub scopes: Vec<i64>,
    /// Tenant.
    pub tenant: Option<String>,
    /// False after a cancellation.
    pub authorized: bool,
    /// Last authorization by our clock, ms.
    pub authorized_at: i64,
    /// Last authorization by WeChat's clock, **seconds**.
    pub authorized_create_time: i64,
    /// Last cancellation by WeChat's clock, **seconds**, 0 for none.
    pub unauthorized_create_time: i64,
    /// Arrival of the last cancellation by our clock, ms, 0 for none.
    pub unauthorized_at: i64,
    /// Details fetched, ms.
    pub details_at: Option<i64>,
    /// Why the last fetch failed.
    pub details_error: Option<LastError>,
    /// An avatar is cached.
    pub has_avatar: bool,
    /// The operator's note.
    pub note: String,
    /// The operator's tags.
    pub tags: Vec<String>,
    /// Removed by the operator, ms: hidden and not renewed.
    pub removed_at: Option<i64>,
    /// Connected with its own AppSecret; its platform's row is its own then.
    pub own: bool,
}

impl AccountRow {
    /// Known as an account: a cancellation that came before any authorization leaves a row for the inbox only.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.authorized_at != 0
    }
}

fn kind_text(kind: Option<AccountKind>) -> &'static str {
    match kind {
        Some(AccountKind::OfficialAccount) => "official_account",
        Some(AccountKind::MiniProgram) => "mini_program",
        _ => "unknown",
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<AccountRow> {
    let scopes: String = row.get("scopes")?;
    let error: Option<String> = row.get("details_error")?;
    let tags: String = row.get("tags")?;
    Ok(AccountRow {
        id: row.get("id")?,
        platform_id: row.get("platform_id")?,
        appid: row.get("appid")?,
        kind: match row.get_ref("kind")?.as_str()? {
            "official_account" => Some(AccountKind::OfficialAccount),
            "mini_program" => Some(AccountKind::MiniProgram),
            _ => None,
        },
        nick_name: row.get("nick_name")?,
        user_name: row.get("user_name")?,
        principal_name: row.get("principal_name")?,
        alias: row.get("alias")?,
        signature: row.get("signature")?,
        head_img: row.get("head_img")?,
        service_type: row.get("service_type")?,
        verify_type: row.get("verify_type")?,
        account_status: row.get("account_status")?,
        scopes: serde_json::from_str(&scopes).unwrap_or_default(),
        tenant: row.get("tenant")?,
        authorized: row.get("authorized")?,
        authorized_at: row.get("authorized_at")?,
        authorized_create_time: row.get("authorized_create_time")?,
        unauthorized_create_time: row.get("unauthorized_create_time")?,
        unauthorized_at: row.get("unauthorized_at")?,
        details_at: row.get("details_at")?,
        details_error: error.and_then(|e| serde_json::from_str(&e).ok()),
        has_avatar: row.get("has_avatar")?,
        note: row.get("note")?,
        tags: serde_json::from_str(&tags).unwrap_or_default(),
        removed_at: row.get("removed_at")?,
        own: row.get("own")?,
    })
}

/// Every account.
///
/// # Errors
/// SQLite's.
pub fn load_all(connection: &Connection) -> rusqlite::Result<Vec<AccountRow>> {
    connection.prepare("SELECT * FROM account")?.query_map([], read)?.collect()
}

/// One account as of this transaction.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, id: i64) -> rusqlite::Result<Option<AccountRow>> {
    connection.prepare_cached("SELECT * FROM account WHERE id = ?1")?.query_row([id], read).optional()
}

/// One account by platform and appid, as of this transaction.
///
/// # Errors
/// SQLite's.
pub fn find(connection: &Connection, platform_id: i64, appid: &str) -> rusqlite::Result<Option<AccountRow>> {
    connection
        .prepare_cached("SELECT * FROM account WHERE platform_id = ?1 AND appid = ?2")?
        .query_row(params![platform_id, appid], read)
        .optional()
}

/// Adds (`id` 0) or updates a row. Answers it as stored.
///
/// # Errors
/// SQLite's.
pub fn save(tx: &Tx<'_>, row: &AccountRow) -> Result<Arc<AccountRow>, StoreError> {
    tx.prepare_cached(
        "INSERT INTO account (id, platform_id, appid, kind, nick_name, user_name, principal_name, alias, signature,
            head_img, service_type, verify_type, account_status, scopes, tenant, authorized, authorized_at,
            authorized_create_time, unauthorized_create_time, details_at, details_error, has_avatar, unauthorized_at,
            note, tags, removed_at, own)
         VALUES (nullif(?1, 0), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23,
            ?24, ?25, ?26, ?27)
         ON CONFLICT (platform_id, appid) DO UPDATE SET kind = excluded.kind, nick_name = excluded.nick_name,
            user_name = excluded.user_name, principal_name = excluded.principal_name, alias = excluded.alias,
            signature = excluded.signature, head_img = excluded.head_img, service_type = excluded.service_type,
            verify_type = excluded.verify_type, account_status = excluded.account_status, scopes = excluded.scopes,
            tenant = excluded.tenant, authorized = excluded.authorized, authorized_at = excluded.authorized_at,
            authorized_create_time = excluded.authorized_create_time,
            unauthorized_create_time = excluded.unauthorized_create_time, details_at = excluded.details_at,
            details_error = excluded.details_error, has_avatar = excluded.has_avatar,
            unauthorized_at = excluded.unauthorized_at, note = excluded.note, tags = excluded.tags,
            removed_at = excluded.removed_at, own = excluded.own",
    )?
    .execute(params![
        row.id,
        row.platform_id,
        row.appid,
        kind_text(row.kind),
        row.nick_name,
        row.user_name,
        row.principal_name,
        row.alias,
        row.signature,
        row.head_img,
        row.service_type,
        row.verify_type,
        row.account_status,
        serde_json::to_string(&row.scopes).unwrap_or_default(),
        row.tenant,
        row.authorized,
        row.authorized_at,
        row.authorized_create_time,
        row.unauthorized_create_time,
        row.details_at,
        row.details_error.as_ref().and_then(|e| serde_json::to_string(e).ok()),
        row.has_avatar,
        row.unauthorized_at,
        row.note,
        serde_json::to_string(&row.tags).unwrap_or_default(),
        row.removed_at,
        row.own,
    ])?;
    let stored = find(tx, row.platform_id, &row.appid)?.ok_or(StoreError::Broken)?;
    let stored = Arc::new(stored);
    tx.patch(Patch::Account(stored.clone()));
    Ok(stored)
}

/// Gives every account of one tenant another one's name.
///
/// # Errors
/// SQLite's.
pub fn rename_tenant(tx: &Tx<'_>, from: &str, to: &str) -> Result<(), StoreError> {
    let rows: Vec<AccountRow> = tx
        .prepare("UPDATE account SET tenant = ?2 WHERE tenant = ?1 RETURNING *")?
        .query_map([from, to], read)?
        .collect::<Result<_, _>>()?;
    for row in rows {
        tx.patch(Patch::Account(Arc::new(row)));
    }
    Ok(())
}

/// Caches an avatar.
///
/// # Errors
/// SQLite's.
pub fn save_avatar(tx: &Tx<'_>, account_id: i64, mime: &str, bytes: &[u8]) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO avatar (account_id, mime, bytes) VALUES (?1, ?2, ?3)
         ON CONFLICT (account_id) DO UPDATE SET mime = excluded.mime, bytes = excluded.bytes",
        params![account_id, mime, bytes],
    )?;
    Ok(())
}

/// The cached avatar as (MIME type, bytes).
///
/// # Errors
/// SQLite's.
pub fn avatar(connection: &Connection, account_id: i64) -> rusqlite::Result<Option<(String, Vec<u8>)>> {
    connection
        .query_row("SELECT mime, bytes FROM avatar WHERE account_id = ?1", [account_id], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()
}
