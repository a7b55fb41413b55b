//! Menus of an account: its draft, the last reading of what is live, and every publication.
//!
//! Menus are kept as the JSON of [`crate::dto`], steps and faults with them: a version is written a few times and read
//! as a whole. Versions count up by account, so that "version 3" means something to whoever looks at one account.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::dto::{LiveMenu, MenuDraft, MenuSet, PublishCause, PublishFault, PublishState, PublishStep};
use crate::store::{StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE menu_draft (
        account_id INTEGER PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
        document TEXT NOT NULL,
        revision INTEGER NOT NULL,
        saved_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE menu_live (
        account_id INTEGER PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
        document TEXT NOT NULL
    ) STRICT;
    CREATE TABLE menu_version (
        account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
        id INTEGER NOT NULL,
        at INTEGER NOT NULL,
        ended_at INTEGER,
        who TEXT NOT NULL,
        cause TEXT NOT NULL,
        source TEXT,
        state TEXT NOT NULL,
        document TEXT NOT NULL,
        steps TEXT NOT NULL,
        fault TEXT,
        buttons INTEGER NOT NULL,
        conditional INTEGER NOT NULL,
        PRIMARY KEY (account_id, id)
    ) STRICT, WITHOUT ROWID;",
)];

/// A publication.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionRow {
    /// Account row id.
    pub account_id: i64,
    /// Counts up by account, from 1.
    pub id: i64,
    /// Start, ms.
    pub at: i64,
    /// End, ms.
    pub ended_at: Option<i64>,
    /// `window`, `api:KEYNAME`, `cli`, `bulk:JOB`.
    pub who: String,
    /// Why.
    pub cause: PublishCause,
    /// The version or template that it came from.
    pub from: Option<String>,
    /// What became of it.
    pub state: PublishState,
    /// Exactly what was sent.
    pub set: MenuSet,
    /// The steps so far.
    pub steps: Vec<PublishStep>,
    /// Why it failed.
    pub fault: Option<PublishFault>,
    /// Buttons of the default menu, sub-buttons included.
    pub buttons: i64,
    /// Conditional menus.
    pub conditional: i64,
}

fn word<T: Serialize>(value: T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

fn unword<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_value(text.into()).map_err(|e| broken(&e))
}

fn json<T: DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|e| broken(&e))
}

/// Without serde's words, which quote what is stored.
fn broken(_: &serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure("a stored menu cannot be read".into())
}

fn text<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Broken)
}

/// The draft; an empty one of revision 0 when there is none.
///
/// # Errors
/// SQLite's.
pub fn draft(connection: &Connection, account_id: i64) -> Result<MenuDraft, StoreError> {
    let found = connection
        .prepare_cached("SELECT document, revision, saved_at FROM menu_draft WHERE account_id = ?1")?
        .query_row([account_id], |r| {
            let document: String = r.get(0)?;
            Ok(MenuDraft { set: json(&document)?, revision: r.get(1)?, saved_at: Some(r.get(2)?) })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// Keeps a draft under the next revision. One that is kept already keeps its revision.
///
/// # Errors
/// SQLite's.
pub fn save_draft(tx: &Tx<'_>, account_id: i64, set: &MenuSet, now: i64) -> Result<MenuDraft, StoreError> {
    let before = draft(tx, account_id)?;
    if before.revision > 0 && before.set == *set {
        return Ok(before);
    }
    let after = MenuDraft { set: set.clone(), revision: before.revision + 1, saved_at: Some(now) };
    tx.prepare_cached(
        "INSERT OR REPLACE INTO menu_draft (account_id, document, revision, saved_at) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![account_id, text(set)?, after.revision, now])?;
    Ok(after)
}

/// The last reading of what is live.
///
/// # Errors
/// SQLite's.
pub fn live(connection: &Connection, account_id: i64) -> Result<Option<LiveMenu>, StoreError> {
    let found: Option<String> = connection
        .prepare_cached("SELECT document FROM menu_live WHERE account_id = ?1")?
        .query_row([account_id], |r| r.get(0))
        .optional()?;
    Ok(found.map(|document| json(&document)).transpose()?)
}

/// Keeps a reading.
///
/// # Errors
/// SQLite's.
pub fn save_live(tx: &Tx<'_>, account_id: i64, live: &LiveMenu) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT OR REPLACE INTO menu_live (account_id, document) VALUES (?1, ?2)")?
        .execute(params![account_id, text(live)?])?;
    Ok(())
}

fn read_version(row: &Row<'_>) -> rusqlite::Result<VersionRow> {
    let document: String = row.get("document")?;
    let steps: String = row.get("steps")?;
    let fault: Option<String> = row.get("fault")?;
    Ok(VersionRow {
        account_id: row.get("account_id")?,
        id: row.get("id")?,
        at: row.get("at")?,
        ended_at: row.get("ended_at")?,
        who: row.get("who")?,
        cause: unword(row, "cause")?,
        from: row.get("source")?,
        state: unword(row, "state")?,
        set: json(&document)?,
        steps: json(&steps)?,
        fault: fault.map(|fault| json(&fault)).transpose()?,
        buttons: row.get("buttons")?,
        conditional: row.get("conditional")?,
    })
}

/// One version.
///
/// # Errors
/// SQLite's.
pub fn version(connection: &Connection, account_id: i64, id: i64) -> Result<Option<VersionRow>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT * FROM menu_version WHERE account_id = ?1 AND id = ?2")?
        .query_row([account_id, id], read_version)
        .optional()?)
}

/// The newest versions before one, at most `limit`.
///
/// # Errors
/// SQLite's.
pub fn versions(
    connection: &Connection,
    account_id: i64,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<VersionRow>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT * FROM menu_version WHERE account_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3")?;
    let rows = statement.query_map([account_id, before.unwrap_or(i64::MAX), limit], read_version)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The newest version that was found to be live, and whose place no later one took.
///
/// # Errors
/// SQLite's.
pub fn newest_live(connection: &Connection, account_id: i64) -> Result<Option<VersionRow>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT * FROM menu_version WHERE account_id = ?1 AND state = ?2 ORDER BY id DESC LIMIT 1")?
        .query_row(params![account_id, word(PublishState::Live)], read_version)
        .optional()?)
}

/// Adds a version under the account's next number, which it answers. Older ones that stopped half-way can not be taken
/// up any more then.
///
/// # Errors
/// SQLite's.
pub fn add_version(tx: &Tx<'_>, row: &VersionRow) -> Result<i64, StoreError> {
    tx.execute(
        "UPDATE menu_version SET state = ?3, ended_at = ?2 WHERE account_id = ?1 AND state = ?4",
        params![row.account_id, row.at, word(PublishState::Failed), word(PublishState::Publishing)],
    )?;
    let id: i64 = tx.query_row(
        "SELECT coalesce(max(id), 0) + 1 FROM menu_version WHERE account_id = ?1",
        [row.account_id],
        |r| r.get(0),
    )?;
    tx.prepare_cached(
        "INSERT INTO menu_version (account_id, id, at, ended_at, who, cause, source, state, document, steps, fault, buttons,
            conditional) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?
    .execute(params![
        row.account_id,
        id,
        row.at,
        row.ended_at,
        row.who,
        word(row.cause),
        row.from,
        word(row.state),
        text(&row.set)?,
        text(&row.steps)?,
        row.fault.as_ref().map(text).transpose()?,
        row.buttons,
        row.conditional,
    ])?;
    Ok(id)
}

/// Writes what changes of a version while it is published. One that went live takes the place of those before it.
///
/// # Errors
/// SQLite's.
pub fn save_progress(tx: &Tx<'_>, row: &VersionRow) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE menu_version SET state = ?3, ended_at = ?4, steps = ?5, fault = ?6 WHERE account_id = ?1 AND id = ?2",
    )?
    .execute(params![
        row.account_id,
        row.id,
        word(row.state),
        row.ended_at,
        text(&row.steps)?,
        row.fault.as_ref().map(text).transpose()?,
    ])?;
    if row.state == PublishState::Live {
        tx.execute(
            "UPDATE menu_version SET state = ?3 WHERE account_id = ?1 AND id < ?2 AND state = ?4",
            params![row.account_id, row.id, word(PublishState::Superseded), word(PublishState::Live)],
        )?;
    }
    Ok(())
}
