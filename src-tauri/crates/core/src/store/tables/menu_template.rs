//! Menu templates, and the values that accounts have for their variables.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use crate::dto::MenuTemplate;
use crate::store::{StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE menu_template (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        document TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE menu_variable (
        account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (account_id, name)
    ) STRICT, WITHOUT ROWID;",
)];

fn read(text: &str) -> Result<MenuTemplate, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Broken)
}

/// All templates by name.
///
/// # Errors
/// SQLite's.
pub fn list(connection: &Connection) -> Result<Vec<MenuTemplate>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT document FROM menu_template ORDER BY name")?;
    let rows = statement.query_map([], |r| r.get::<_, String>(0))?;
    let mut all = Vec::new();
    for row in rows {
        all.push(read(&row?)?);
    }
    Ok(all)
}

/// One template.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, id: &str) -> Result<Option<MenuTemplate>, StoreError> {
    let found: Option<String> = connection
        .prepare_cached("SELECT document FROM menu_template WHERE id = ?1")?
        .query_row([id], |r| r.get(0))
        .optional()?;
    found.map(|text| read(&text)).transpose()
}

/// Whether another template has this name.
///
/// # Errors
/// SQLite's.
pub fn name_taken(connection: &Connection, name: &str, id: &str) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM menu_template WHERE name = ?1 AND id <> ?2")?
        .exists(params![name, id])?)
}

/// Adds or changes a template.
///
/// # Errors
/// SQLite's.
pub fn save(tx: &Tx<'_>, template: &MenuTemplate) -> Result<(), StoreError> {
    let document = serde_json::to_string(template).map_err(|_| StoreError::Broken)?;
    tx.execute(
        "INSERT OR REPLACE INTO menu_template (id, name, document) VALUES (?1, ?2, ?3)",
        params![template.id, template.name, document],
    )?;
    Ok(())
}

/// Removes a template; false when there is none.
///
/// # Errors
/// SQLite's.
pub fn remove(tx: &Tx<'_>, id: &str) -> Result<bool, StoreError> {
    Ok(tx.execute("DELETE FROM menu_template WHERE id = ?1", [id])? > 0)
}

/// An account's own values.
///
/// # Errors
/// SQLite's.
pub fn values(connection: &Connection, account_id: i64) -> Result<BTreeMap<String, String>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT name, value FROM menu_variable WHERE account_id = ?1")?;
    let rows = statement.query_map([account_id], |r| Ok((r.get(0)?, r.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Keeps an account's values; an empty one is forgotten, others stay.
///
/// # Errors
/// SQLite's.
pub fn save_values(tx: &Tx<'_>, account_id: i64, values: &BTreeMap<String, String>) -> Result<(), StoreError> {
    for (name, value) in values {
        if value.is_empty() {
            tx.prepare_cached("DELETE FROM menu_variable WHERE account_id = ?1 AND name = ?2")?
                .execute(params![account_id, name])?;
        } else {
            tx.prepare_cached("INSERT OR REPLACE INTO menu_variable (account_id, name, value) VALUES (?1, ?2, ?3)")?
                .execute(params![account_id, name, value])?;
        }
    }
    Ok(())
}
