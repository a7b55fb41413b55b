//! Platforms (第三方平台): credentials as entered, and the newest ticket. An account that is connected with its own
//! AppSecret is a row here too (`own`), with its own appid in place of the component's and itself as its one account: so
//! its hosts, proxy, address refusals and pushes are its own, and everything that asks for a platform finds it.
//!
//! Invariant: an older ticket (by WeChat's CreateTime) never replaces a newer one.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use wechat::secret::SecretString;

use crate::dto::{Endpoints, MessageMode, OwnKind, TokenMode};
use crate::store::{Patch, StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE platform (
        id INTEGER PRIMARY KEY,
        component_appid TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        component_appsecret TEXT NOT NULL,
        verify_token TEXT NOT NULL,
        encoding_aes_key TEXT NOT NULL,
        previous_encoding_aes_key TEXT,
        previous_key_since INTEGER,
        public_base_url TEXT NOT NULL,
        endpoints TEXT NOT NULL,
        outbound_proxy TEXT,
        sandbox INTEGER NOT NULL,
        ticket TEXT,
        ticket_create_time INTEGER NOT NULL DEFAULT 0,
        ticket_received_at INTEGER,
        ticket_recent TEXT NOT NULL DEFAULT '[]',
        ticket_refused INTEGER NOT NULL DEFAULT 0,
        last_push_at INTEGER,
        own TEXT,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL
    ) STRICT;",
)];

/// Arrivals kept for the picture on the overview.
const RECENT: usize = 10;

/// A platform.
#[derive(Debug, Clone)]
pub struct PlatformRow {
    /// Row id.
    pub id: i64,
    /// Appid.
    pub component_appid: String,
    /// The operator's name for it.
    pub name: String,
    /// AppSecret.
    pub component_appsecret: SecretString,
    /// Token.
    pub verify_token: SecretString,
    /// Key.
    pub encoding_aes_key: SecretString,
    /// Key before the last change.
    pub previous_encoding_aes_key: Option<SecretString>,
    /// Since when it is only the previous one, ms.
    pub previous_key_since: Option<i64>,
    /// Base URL.
    pub public_base_url: String,
    /// WeChat's hosts.
    pub endpoints: Endpoints,
    /// Proxy with credentials.
    pub outbound_proxy: Option<SecretString>,
    /// Made by the built-in sandbox.
    pub sandbox: bool,
    /// An account that is connected with its own AppSecret; none for a third-party platform.
    pub own: Option<Own>,
    /// Newest ticket.
    pub ticket: Option<Ticket>,
    /// Arrivals of the last ten tickets, newest first.
    pub ticket_recent: Vec<i64>,
    /// Added.
    pub created_at: i64,
    /// Changed.
    pub updated_at: i64,
}

/// What is particular to an account that is connected with its own AppSecret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Own {
    /// What it is.
    pub kind: OwnKind,
    /// How its messages come.
    pub message_mode: MessageMode,
    /// Which interface its token comes from.
    pub token_mode: TokenMode,
}

/// The newest ticket.
#[derive(Debug, Clone)]
pub struct Ticket {
    /// `ticket@@@…`.
    pub value: SecretString,
    /// WeChat's CreateTime, **seconds**.
    pub create_time: i64,
    /// Arrival, ms.
    pub received_at: i64,
    /// WeChat refused it (61005, 61006).
    pub refused: bool,
}

fn read(row: &Row<'_>) -> rusqlite::Result<PlatformRow> {
    let ticket: Option<String> = row.get("ticket")?;
    let endpoints: String = row.get("endpoints")?;
    let recent: String = row.get("ticket_recent")?;
    let own: Option<String> = row.get("own")?;
    let create_time = row.get("ticket_create_time")?;
    let received_at: Option<i64> = row.get("ticket_received_at")?;
    let refused = row.get("ticket_refused")?;
    Ok(PlatformRow {
        id: row.get("id")?,
        component_appid: row.get("component_appid")?,
        name: row.get("name")?,
        component_appsecret: row.get::<_, String>("component_appsecret")?.into(),
        verify_token: row.get::<_, String>("verify_token")?.into(),
        encoding_aes_key: row.get::<_, String>("encoding_aes_key")?.into(),
        previous_encoding_aes_key: row.get::<_, Option<String>>("previous_encoding_aes_key")?.map(Into::into),
        previous_key_since: row.get("previous_key_since")?,
        public_base_url: row.get("public_base_url")?,
        endpoints: serde_json::from_str(&endpoints).unwrap_or_default(),
        outbound_proxy: row.get::<_, Option<String>>("outbound_proxy")?.map(Into::into),
        sandbox: row.get("sandbox")?,
        own: own.and_then(|own| serde_json::from_str(&own).ok()),
        ticket: ticket.map(|value| Ticket {
            value: value.into(),
            create_time,
            received_at: received_at.unwrap_or(0),
            refused,
        }),
        ticket_recent: serde_json::from_str(&recent).unwrap_or_default(),
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

/// Every platform.
///
/// # Errors
/// SQLite's.
pub fn load_all(connection: &Connection) -> rusqlite::Result<Vec<PlatformRow>> {
    connection.prepare("SELECT * FROM platform")?.query_map([], read)?.collect()
}

/// One platform as of this transaction.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, id: i64) -> rusqlite::Result<Option<PlatformRow>> {
    connection.prepare_cached("SELECT * FROM platform WHERE id = ?1")?.query_row([id], read).optional()
}

/// Adds (`id` 0) or updates a platform's own fields; its ticket is kept, and tried again if WeChat had refused it. Answers the row id.
///
/// # Errors
/// SQLite's.
pub fn save(tx: &Tx<'_>, row: &PlatformRow) -> Result<i64, StoreError> {
    let endpoints = serde_json::to_string(&row.endpoints).unwrap_or_default();
    tx.prepare_cached(
        "INSERT INTO platform (id, component_appid, name, component_appsecret, verify_token, encoding_aes_key,
            previous_encoding_aes_key, public_base_url, endpoints, outbound_proxy, sandbox, created_at, updated_at,
            previous_key_since, own)
         VALUES (nullif(?1, 0), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
         ON CONFLICT (component_appid) DO UPDATE SET name = excluded.name,
            component_appsecret = excluded.component_appsecret, verify_token = excluded.verify_token,
            encoding_aes_key = excluded.encoding_aes_key, previous_encoding_aes_key = excluded.previous_encoding_aes_key,
            public_base_url = excluded.public_base_url, endpoints = excluded.endpoints,
            outbound_proxy = excluded.outbound_proxy, sandbox = excluded.sandbox, updated_at = excluded.updated_at,
            previous_key_since = excluded.previous_key_since, own = excluded.own, ticket_refused = 0",
    )?
    .execute(params![
        row.id,
        row.component_appid,
        row.name,
        row.component_appsecret.expose(),
        row.verify_token.expose(),
        row.encoding_aes_key.expose(),
        row.previous_encoding_aes_key.as_ref().map(|k| k.expose().clone()),
        row.public_base_url,
        endpoints,
        row.outbound_proxy.as_ref().map(|k| k.expose().clone()),
        row.sandbox,
        row.created_at,
        row.updated_at,
        row.previous_key_since,
        row.own.and_then(|own| serde_json::to_string(&own).ok()),
    ])?;
    let id =
        tx.query_row("SELECT id FROM platform WHERE component_appid = ?1", [&row.component_appid], |r| r.get(0))?;
    patch(tx, id)?;
    Ok(id)
}

/// Keeps a ticket unless the stored one is as new or newer. Answers whether it was kept.
///
/// # Errors
/// SQLite's.
pub fn keep_newer_ticket(
    tx: &Tx<'_>,
    id: i64,
    value: &SecretString,
    create_time: i64,
    received_at: i64,
) -> Result<bool, StoreError> {
    let Some(row) = get(tx, id)? else { return Ok(false) };
    if row.ticket.as_ref().is_some_and(|t| t.create_time >= create_time) {
        return Ok(false);
    }
    let mut recent = row.ticket_recent;
    recent.insert(0, received_at);
    recent.truncate(RECENT);
    tx.prepare_cached(
        "UPDATE platform SET ticket = ?2, ticket_create_time = ?3, ticket_received_at = ?4, ticket_recent = ?5,
            ticket_refused = 0 WHERE id = ?1",
    )?
    .execute(params![
        id,
        value.expose(),
        create_time,
        received_at,
        serde_json::to_string(&recent).unwrap_or_default()
    ])?;
    patch(tx, id)?;
    Ok(true)
}

/// Marks the ticket as refused, if it is still the one that was used.
///
/// # Errors
/// SQLite's.
pub fn refuse_ticket(tx: &Tx<'_>, id: i64, create_time: i64) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE platform SET ticket_refused = 1 WHERE id = ?1 AND ticket_create_time = ?2")?
        .execute([id, create_time])?;
    patch(tx, id)
}

/// Removes a platform with everything that hangs on it.
///
/// # Errors
/// SQLite's.
pub fn remove(tx: &Tx<'_>, id: i64) -> Result<(), StoreError> {
    tx.execute("DELETE FROM platform WHERE id = ?1", [id])?;
    tx.execute("DELETE FROM push_answer WHERE push_id IN (SELECT id FROM inbox WHERE platform_id = ?1)", [id])?;
    tx.execute("DELETE FROM inbox WHERE platform_id = ?1", [id])?;
    tx.patch(Patch::RemovePlatform(id));
    Ok(())
}

fn patch(tx: &Tx<'_>, id: i64) -> Result<(), StoreError> {
    if let Some(row) = get(tx, id)? {
        tx.patch(Patch::Platform(Arc::new(row)));
    }
    Ok(())
}
