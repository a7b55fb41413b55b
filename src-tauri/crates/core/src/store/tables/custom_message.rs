//! Customer-service messages that were sent from here.
//!
//! Invariant: a row is made before its message is handed to the network. One without an outcome was under way when the
//! program stopped: WeChat may have taken it, and it is never sent again.

use rusqlite::{Connection, Row, params};

use super::PRUNED_AT_ONCE;
use crate::store::{StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE custom_message (
        id INTEGER PRIMARY KEY,
        platform_id INTEGER NOT NULL REFERENCES platform (id) ON DELETE CASCADE,
        appid TEXT NOT NULL,
        openid TEXT NOT NULL,
        at INTEGER NOT NULL,
        kind TEXT NOT NULL,
        text TEXT NOT NULL,
        outcome TEXT,
        errcode INTEGER,
        message TEXT
    ) STRICT;
    CREATE INDEX custom_message_to ON custom_message (platform_id, appid, openid, id);
    CREATE INDEX custom_message_at ON custom_message (at);",
)];

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// WeChat took it.
    Sent,
    /// WeChat refused it, see `errcode`.
    Refused,
    /// It never left, see `message`.
    NotSent,
    /// It left, and no answer came: WeChat may have taken it.
    Unknown,
}

impl Outcome {
    fn text(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::NotSent => "not_sent",
            Self::Unknown => "unknown",
        }
    }

    fn of(text: &str) -> Self {
        match text {
            "sent" => Self::Sent,
            "refused" => Self::Refused,
            "not_sent" => Self::NotSent,
            _ => Self::Unknown,
        }
    }
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomMessageRow {
    /// Row id; 0 before it is written.
    pub id: i64,
    /// Platform row id.
    pub platform_id: i64,
    /// Account.
    pub appid: String,
    /// Follower.
    pub openid: String,
    /// When it was handed over, ms.
    pub at: i64,
    /// `msgtype`.
    pub kind: String,
    /// In one line.
    pub text: String,
    /// What became of it; none while it is under way, and when a stop came between.
    pub outcome: Option<Outcome>,
    /// WeChat's refusal.
    pub errcode: Option<i64>,
    /// errmsg, or what kept it from leaving.
    pub message: Option<String>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<CustomMessageRow> {
    Ok(CustomMessageRow {
        id: row.get("id")?,
        platform_id: row.get("platform_id")?,
        appid: row.get("appid")?,
        openid: row.get("openid")?,
        at: row.get("at")?,
        kind: row.get("kind")?,
        text: row.get("text")?,
        outcome: row.get::<_, Option<String>>("outcome")?.map(|text| Outcome::of(&text)),
        errcode: row.get("errcode")?,
        message: row.get("message")?,
    })
}

/// Stores a message that is about to be sent. Answers its row id.
///
/// # Errors
/// SQLite's.
pub fn insert(tx: &Tx<'_>, row: &CustomMessageRow) -> Result<i64, StoreError> {
    tx.prepare_cached(
        "INSERT INTO custom_message (platform_id, appid, openid, at, kind, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![row.platform_id, row.appid, row.openid, row.at, row.kind, row.text])?;
    Ok(tx.last_insert_rowid())
}

/// Stores what became of a message.
///
/// # Errors
/// SQLite's.
pub fn finish(
    tx: &Tx<'_>,
    id: i64,
    outcome: Outcome,
    errcode: Option<i64>,
    message: Option<&str>,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE custom_message SET outcome = ?2, errcode = ?3, message = ?4 WHERE id = ?1")?
        .execute(params![id, outcome.text(), errcode, message])?;
    Ok(())
}

/// The newest messages to a follower, newest first.
///
/// # Errors
/// SQLite's.
pub fn list(
    connection: &Connection,
    platform_id: i64,
    appid: &str,
    openid: &str,
    limit: u32,
) -> Result<Vec<CustomMessageRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM custom_message WHERE platform_id = ?1 AND appid = ?2 AND openid = ?3 ORDER BY id DESC LIMIT ?4",
    )?;
    let rows = statement.query_map(params![platform_id, appid, openid, limit], read)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Removes messages that were sent before `before` (ms), at most [`PRUNED_AT_ONCE`].
///
/// # Errors
/// SQLite's.
pub fn prune(tx: &Tx<'_>, before: i64) -> Result<usize, StoreError> {
    let at_once = i64::try_from(PRUNED_AT_ONCE).unwrap_or(i64::MAX);
    Ok(tx.execute(
        "DELETE FROM custom_message WHERE id IN (SELECT id FROM custom_message WHERE at < ?1 ORDER BY at LIMIT ?2)",
        params![before, at_once],
    )?)
}
