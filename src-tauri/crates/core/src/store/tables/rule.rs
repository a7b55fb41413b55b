//! Rules in their order. What a rule says is one JSON document: it is read whole, at the start and after a change.

use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};

use crate::dto::{RuleAnswer, RuleScope, RuleWhen};
use crate::store::{StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE rule (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        position INTEGER NOT NULL,
        name TEXT NOT NULL,
        enabled INTEGER NOT NULL,
        says TEXT NOT NULL,
        updated_at INTEGER NOT NULL
    ) STRICT;",
)];

/// What a rule says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Says {
    /// Whose messages.
    pub scope: RuleScope,
    /// Which messages.
    pub when: RuleWhen,
    /// What the follower gets.
    pub answer: RuleAnswer,
    /// Notified targets that hear of it.
    pub notify: Vec<i64>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleRow {
    /// Row id; never used again after a removal, since pushes name it.
    pub id: i64,
    /// Place; grows along the list, with gaps.
    pub position: i64,
    /// Name.
    pub name: String,
    /// It takes part.
    pub enabled: bool,
    /// What it says.
    pub says: Says,
    /// Last change, ms.
    pub updated_at: i64,
}

fn read(row: &Row<'_>) -> rusqlite::Result<RuleRow> {
    let says: String = row.get("says")?;
    let says = serde_json::from_str(&says)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(e)))?;
    Ok(RuleRow {
        id: row.get("id")?,
        position: row.get("position")?,
        name: row.get("name")?,
        enabled: row.get("enabled")?,
        says,
        updated_at: row.get("updated_at")?,
    })
}

/// All rules in their order.
///
/// # Errors
/// SQLite's.
pub fn list(connection: &Connection) -> rusqlite::Result<Vec<RuleRow>> {
    connection.prepare("SELECT * FROM rule ORDER BY position, id")?.query_map([], read)?.collect()
}

/// Adds a rule at the end (id 0), or changes one. Answers its id; none when it is gone.
///
/// # Errors
/// SQLite's.
pub fn save(tx: &Tx<'_>, row: &RuleRow) -> Result<Option<i64>, StoreError> {
    let says = serde_json::to_string(&row.says).map_err(|_| StoreError::Broken)?;
    if row.id == 0 {
        tx.execute(
            "INSERT INTO rule (position, name, enabled, says, updated_at)
             VALUES ((SELECT coalesce(max(position), 0) + 1 FROM rule), ?1, ?2, ?3, ?4)",
            params![row.name, row.enabled, says, row.updated_at],
        )?;
        return Ok(Some(tx.last_insert_rowid()));
    }
    let changed = tx.execute(
        "UPDATE rule SET name = ?2, enabled = ?3, says = ?4, updated_at = ?5 WHERE id = ?1",
        params![row.id, row.name, row.enabled, says, row.updated_at],
    )?;
    Ok((changed > 0).then_some(row.id))
}

/// Puts the rules into this order.
///
/// # Errors
/// SQLite's.
pub fn order(tx: &Tx<'_>, ids: &[i64]) -> Result<(), StoreError> {
    for (place, id) in (1_i64..).zip(ids) {
        tx.prepare_cached("UPDATE rule SET position = ?2 WHERE id = ?1")?.execute([*id, place])?;
    }
    Ok(())
}

/// Removes a rule. False when there is none.
///
/// # Errors
/// SQLite's.
pub fn remove(tx: &Tx<'_>, id: i64) -> Result<bool, StoreError> {
    Ok(tx.execute("DELETE FROM rule WHERE id = ?1", [id])? > 0)
}
