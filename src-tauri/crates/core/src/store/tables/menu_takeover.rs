//! Original menus as they were read when an account was authorized, and what a platform makes of them.

use rusqlite::{Connection, OptionalExtension, params};

use crate::dto::{LastError, LiveMenu, MenuOriginal, TakeoverRules};
use crate::store::{StoreError, Tx};

/// See [`super::migrations`]. `menu_takeover` says for which authorization an original was last looked for.
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE menu_original (
        id INTEGER PRIMARY KEY,
        account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
        authorized_at INTEGER,
        document TEXT NOT NULL
    ) STRICT;
    CREATE INDEX menu_original_account ON menu_original (account_id, id);
    CREATE TABLE menu_takeover (
        account_id INTEGER PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
        authorized_at INTEGER NOT NULL,
        error TEXT
    ) STRICT;
    CREATE TABLE menu_rules (
        platform_id INTEGER PRIMARY KEY REFERENCES platform (id) ON DELETE CASCADE,
        document TEXT NOT NULL
    ) STRICT;",
)];

/// Where the look for an account's original stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Looked {
    /// `authorized_at` of the account then, ms.
    pub authorized_at: i64,
    /// Why it could not be read.
    pub error: Option<LastError>,
}

fn original_of(id: i64, authorized_at: Option<i64>, document: &str) -> Result<MenuOriginal, StoreError> {
    let live: LiveMenu = serde_json::from_str(document).map_err(|_| StoreError::Broken)?;
    Ok(MenuOriginal { id, live, authorized_at })
}

/// An account's originals, newest first.
///
/// # Errors
/// SQLite's.
pub fn originals(connection: &Connection, account_id: i64) -> Result<Vec<MenuOriginal>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, authorized_at, document FROM menu_original WHERE account_id = ?1 ORDER BY id DESC",
    )?;
    let rows = statement.query_map([account_id], |r| Ok((r.get(0)?, r.get(1)?, r.get::<_, String>(2)?)))?;
    let mut all = Vec::new();
    for row in rows {
        let (id, authorized_at, document) = row?;
        all.push(original_of(id, authorized_at, &document)?);
    }
    Ok(all)
}

/// The newest original.
///
/// # Errors
/// SQLite's.
pub fn newest(connection: &Connection, account_id: i64) -> Result<Option<MenuOriginal>, StoreError> {
    let found: Option<(i64, Option<i64>, String)> = connection
        .prepare_cached(
            "SELECT id, authorized_at, document FROM menu_original WHERE account_id = ?1 ORDER BY id DESC LIMIT 1",
        )?
        .query_row([account_id], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
        .optional()?;
    found.map(|(id, at, document)| original_of(id, at, &document)).transpose()
}

/// Adds an original; those before it stay.
///
/// # Errors
/// SQLite's.
pub fn add(tx: &Tx<'_>, account_id: i64, authorized_at: Option<i64>, live: &LiveMenu) -> Result<i64, StoreError> {
    let document = serde_json::to_string(live).map_err(|_| StoreError::Broken)?;
    tx.prepare_cached("INSERT INTO menu_original (account_id, authorized_at, document) VALUES (?1, ?2, ?3)")?
        .execute(params![account_id, authorized_at, document])?;
    Ok(tx.last_insert_rowid())
}

/// For which authorization an original was last looked for.
///
/// # Errors
/// SQLite's.
pub fn looked(connection: &Connection, account_id: i64) -> Result<Option<Looked>, StoreError> {
    let found: Option<(i64, Option<String>)> = connection
        .prepare_cached("SELECT authorized_at, error FROM menu_takeover WHERE account_id = ?1")?
        .query_row([account_id], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    Ok(found.map(|(authorized_at, error)| Looked {
        authorized_at,
        error: error.and_then(|error| serde_json::from_str(&error).ok()),
    }))
}

/// Notes a look.
///
/// # Errors
/// SQLite's.
pub fn save_looked(tx: &Tx<'_>, account_id: i64, looked: &Looked) -> Result<(), StoreError> {
    let error = looked.error.as_ref().and_then(|e| serde_json::to_string(e).ok());
    tx.prepare_cached("INSERT OR REPLACE INTO menu_takeover (account_id, authorized_at, error) VALUES (?1, ?2, ?3)")?
        .execute(params![account_id, looked.authorized_at, error])?;
    Ok(())
}

/// A platform's rules; the default ones when it has none.
///
/// # Errors
/// SQLite's.
pub fn rules(connection: &Connection, platform_id: i64) -> Result<TakeoverRules, StoreError> {
    let found: Option<String> = connection
        .prepare_cached("SELECT document FROM menu_rules WHERE platform_id = ?1")?
        .query_row([platform_id], |r| r.get(0))
        .optional()?;
    found.map_or_else(
        || Ok(TakeoverRules::default()),
        |text| serde_json::from_str(&text).map_err(|_| StoreError::Broken),
    )
}

/// Keeps a platform's rules.
///
/// # Errors
/// SQLite's.
pub fn save_rules(tx: &Tx<'_>, platform_id: i64, rules: &TakeoverRules) -> Result<(), StoreError> {
    let document = serde_json::to_string(rules).map_err(|_| StoreError::Broken)?;
    tx.execute(
        "INSERT OR REPLACE INTO menu_rules (platform_id, document) VALUES (?1, ?2)",
        params![platform_id, document],
    )?;
    Ok(())
}
