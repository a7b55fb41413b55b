//! Details of accounts that only their pages show, and pictures other than the avatar. Not in the mirror: a hundred
//! thousand lists of domains have no place in memory.

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use crate::store::{StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE account_details (
        account_id INTEGER PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
        document TEXT NOT NULL
    ) STRICT;
    CREATE TABLE account_qr (
        account_id INTEGER PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
        url TEXT NOT NULL,
        mime TEXT NOT NULL,
        bytes BLOB NOT NULL
    ) STRICT;",
)];

/// What WeChat told. `None` and empty lists: it never did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// Where WeChat keeps the QR code; never given to the window.
    pub qrcode_url: Option<String>,
    /// Where the cached avatar came from.
    pub avatar_url: Option<String>,
    /// `register_type`.
    pub register_type: Option<i64>,
    /// `business_info`.
    pub business: Vec<(String, bool)>,
    /// Domain lists by WeChat's names.
    pub domains: Vec<(String, Vec<String>)>,
    /// First and second category.
    pub categories: Vec<(String, String)>,
    /// `visit_status`.
    pub visit_status: Option<i64>,
    /// `is_phone_configured`.
    pub phone_configured: Option<bool>,
    /// `is_email_configured`.
    pub email_configured: Option<bool>,
}

/// The details of an account; empty ones when there are none.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, account_id: i64) -> Result<Details, StoreError> {
    let text: Option<String> = connection
        .prepare_cached("SELECT document FROM account_details WHERE account_id = ?1")?
        .query_row([account_id], |r| r.get(0))
        .optional()?;
    Ok(text.and_then(|t| serde_json::from_str(&t).ok()).unwrap_or_default())
}

/// Keeps details.
///
/// # Errors
/// SQLite's.
pub fn save(tx: &Tx<'_>, account_id: i64, details: &Details) -> Result<(), StoreError> {
    let text = serde_json::to_string(details).map_err(|_| StoreError::Broken)?;
    tx.prepare_cached("INSERT OR REPLACE INTO account_details (account_id, document) VALUES (?1, ?2)")?
        .execute(params![account_id, text])?;
    Ok(())
}

/// Caches a QR code and where it came from.
///
/// # Errors
/// SQLite's.
pub fn save_qr(tx: &Tx<'_>, account_id: i64, url: &str, mime: &str, bytes: &[u8]) -> Result<(), StoreError> {
    tx.execute(
        "INSERT OR REPLACE INTO account_qr (account_id, url, mime, bytes) VALUES (?1, ?2, ?3, ?4)",
        params![account_id, url, mime, bytes],
    )?;
    Ok(())
}

/// A cached QR code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qr {
    /// Where it came from.
    pub url: String,
    /// MIME type.
    pub mime: String,
    /// The picture.
    pub bytes: Vec<u8>,
}

/// The cached QR code.
///
/// # Errors
/// SQLite's.
pub fn qr(connection: &Connection, account_id: i64) -> rusqlite::Result<Option<Qr>> {
    connection
        .query_row("SELECT url, mime, bytes FROM account_qr WHERE account_id = ?1", [account_id], |r| {
            Ok(Qr { url: r.get(0)?, mime: r.get(1)?, bytes: r.get(2)? })
        })
        .optional()
}

/// Where the cached QR code came from.
///
/// # Errors
/// SQLite's.
pub fn qr_url(connection: &Connection, account_id: i64) -> rusqlite::Result<Option<String>> {
    connection.query_row("SELECT url FROM account_qr WHERE account_id = ?1", [account_id], |r| r.get(0)).optional()
}
