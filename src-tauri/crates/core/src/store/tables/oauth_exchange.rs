//! Codes of web OAuth that came back, by their hash, and what became of each. The codes themselves are never stored.
//!
//! Invariant: a code has one row, made before it is sent; whoever finds the row sends nothing.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{PRUNED_AT_ONCE, oauth_link};
use crate::dto::LastError;
use crate::store::{StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE oauth_exchange (
        code_hash BLOB PRIMARY KEY,
        state TEXT NOT NULL REFERENCES oauth_link (state) ON DELETE CASCADE,
        at INTEGER NOT NULL,
        outcome TEXT NOT NULL,
        user_id INTEGER REFERENCES oauth_user (id) ON DELETE SET NULL,
        error TEXT,
        repeats INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX oauth_exchange_state ON oauth_exchange (state, at);
    CREATE INDEX oauth_exchange_at ON oauth_exchange (at);
    CREATE INDEX oauth_exchange_user ON oauth_exchange (user_id);",
)];

/// Rows are kept so long, ms.
const KEPT: i64 = 30 * 24 * 3_600_000;
/// Refusals of one link that are kept: a reload of the page brings another one.
const REFUSALS: i64 = 20;
/// Failures of one link that are kept: whoever knows a link can bring any code.
const FAILURES: i64 = 500;

/// What became of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is with WeChat.
    Pending,
    /// The user is known.
    Done,
    /// WeChat refused.
    Failed,
    /// A stop came between: WeChat may have taken it.
    Unknown,
    /// The user refused; there was no code.
    Refused,
}

impl Outcome {
    fn text(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Refused => "refused",
        }
    }

    fn of(text: &str) -> Self {
        match text {
            "pending" => Self::Pending,
            "done" => Self::Done,
            "failed" => Self::Failed,
            "refused" => Self::Refused,
            _ => Self::Unknown,
        }
    }
}

/// A code that came.
#[derive(Debug, Clone)]
pub struct OauthExchangeRow {
    /// SHA-256 of the code; random for a refusal.
    pub code_hash: Vec<u8>,
    /// The link it came with.
    pub state: String,
    /// When, ms.
    pub at: i64,
    /// What became of it.
    pub outcome: Outcome,
    /// Whose it was.
    pub user_id: Option<i64>,
    /// Why not.
    pub error: Option<LastError>,
    /// It came so many times more.
    pub repeats: i64,
}

fn read(row: &Row<'_>) -> rusqlite::Result<OauthExchangeRow> {
    let error: Option<String> = row.get("error")?;
    Ok(OauthExchangeRow {
        code_hash: row.get("code_hash")?,
        state: row.get("state")?,
        at: row.get("at")?,
        outcome: Outcome::of(row.get_ref("outcome")?.as_str()?),
        user_id: row.get("user_id")?,
        error: error.and_then(|e| serde_json::from_str(&e).ok()),
        repeats: row.get("repeats")?,
    })
}

/// A code by its hash.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, code_hash: &[u8]) -> rusqlite::Result<Option<OauthExchangeRow>> {
    connection
        .prepare_cached("SELECT * FROM oauth_exchange WHERE code_hash = ?1")?
        .query_row([code_hash], read)
        .optional()
}

/// What a claim of a code found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is the caller's: now, and never again, it is sent.
    Mine,
    /// It came before, with the same link.
    Repeat,
    /// It came before, with another link: this visitor is not told what became of it.
    Elsewhere,
    /// The link was ended.
    Ended,
    /// The link's time is over.
    Expired,
    /// The link was for one code, and another one came.
    Used,
    /// The link is gone.
    NoLink,
}

/// Takes a code for sending, or says why not.
///
/// # Errors
/// SQLite's.
pub fn claim(tx: &Tx<'_>, code_hash: &[u8], state: &str, now: i64) -> Result<Claim, StoreError> {
    if let Some(row) = get(tx, code_hash)? {
        if row.state != state {
            return Ok(Claim::Elsewhere);
        }
        repeated(tx, code_hash, state)?;
        return Ok(Claim::Repeat);
    }
    let Some(link) = oauth_link::get(tx, state)? else { return Ok(Claim::NoLink) };
    if link.once && link.uses > 0 {
        return Ok(Claim::Used);
    }
    if link.ended_at.is_some() {
        return Ok(Claim::Ended);
    }
    if now >= link.expires_at {
        return Ok(Claim::Expired);
    }
    tx.prepare_cached("INSERT INTO oauth_exchange (code_hash, state, at, outcome) VALUES (?1, ?2, ?3, 'pending')")?
        .execute(params![code_hash, state, now])?;
    oauth_link::used(tx, state, now)?;
    Ok(Claim::Mine)
}

/// The code came again, with the same link.
///
/// # Errors
/// SQLite's.
pub fn repeated(tx: &Tx<'_>, code_hash: &[u8], state: &str) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE oauth_exchange SET repeats = repeats + 1 WHERE code_hash = ?1 AND state = ?2")?
        .execute(params![code_hash, state])?;
    Ok(())
}

/// Notes whose code it was. It stays pending while the profile is read; a stop in between leaves a known user.
///
/// # Errors
/// SQLite's.
pub fn belongs_to(tx: &Tx<'_>, code_hash: &[u8], user_id: i64) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE oauth_exchange SET user_id = ?2 WHERE code_hash = ?1")?
        .execute(params![code_hash, user_id])?;
    Ok(())
}

/// The user is known, and the visitor may be answered.
///
/// # Errors
/// SQLite's.
pub fn done(tx: &Tx<'_>, code_hash: &[u8]) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE oauth_exchange SET outcome = 'done' WHERE code_hash = ?1")?.execute([code_hash])?;
    Ok(())
}

/// No user came of it.
///
/// # Errors
/// SQLite's.
pub fn failed(tx: &Tx<'_>, code_hash: &[u8], outcome: Outcome, error: &LastError) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE oauth_exchange SET outcome = ?2, error = ?3 WHERE code_hash = ?1")?.execute(params![
        code_hash,
        outcome.text(),
        serde_json::to_string(error).unwrap_or_default()
    ])?;
    if let Some(row) = get(tx, code_hash)? {
        keep_newest(tx, &row.state, outcome, FAILURES)?;
    }
    Ok(())
}

/// A user refused; `key` is random.
///
/// # Errors
/// SQLite's.
pub fn refused(tx: &Tx<'_>, key: &[u8], state: &str, now: i64) -> Result<(), StoreError> {
    oauth_link::refused(tx, state)?;
    tx.prepare_cached("INSERT INTO oauth_exchange (code_hash, state, at, outcome) VALUES (?1, ?2, ?3, 'refused')")?
        .execute(params![key, state, now])?;
    keep_newest(tx, state, Outcome::Refused, REFUSALS)
}

fn keep_newest(tx: &Tx<'_>, state: &str, outcome: Outcome, most: i64) -> Result<(), StoreError> {
    tx.prepare_cached(
        "DELETE FROM oauth_exchange WHERE state = ?1 AND outcome = ?2 AND at < coalesce(
            (SELECT at FROM oauth_exchange WHERE state = ?1 AND outcome = ?2 ORDER BY at DESC LIMIT 1 OFFSET ?3), 0)",
    )?
    .execute(params![state, outcome.text(), most - 1])?;
    Ok(())
}

/// What came of a link, newest first. Users who were forgotten are left out.
///
/// # Errors
/// SQLite's.
pub fn of_link(connection: &Connection, state: &str, limit: u32) -> rusqlite::Result<Vec<OauthExchangeRow>> {
    connection
        .prepare_cached(
            "SELECT * FROM oauth_exchange WHERE state = ?1 AND outcome <> 'pending'
                AND NOT (outcome = 'done' AND user_id IS NULL)
             ORDER BY at DESC, rowid DESC LIMIT ?2",
        )?
        .query_map(params![state, limit], read)?
        .collect()
}

/// At the start: what a stop cut off. A code whose user was stored is done, of the others nobody knows.
///
/// # Errors
/// SQLite's.
pub fn resolve_interrupted(tx: &Tx<'_>) -> Result<usize, StoreError> {
    Ok(tx.execute(
        "UPDATE oauth_exchange SET outcome = CASE WHEN user_id IS NULL THEN 'unknown' ELSE 'done' END
         WHERE outcome = 'pending'",
        [],
    )?)
}

/// Removes rows after 30 days. Answers how many went.
///
/// # Errors
/// SQLite's.
pub fn prune(tx: &Tx<'_>, now: i64) -> Result<usize, StoreError> {
    Ok(tx.execute(
        &format!("DELETE FROM oauth_exchange WHERE code_hash IN (SELECT code_hash FROM oauth_exchange WHERE at < ?1 LIMIT {PRUNED_AT_ONCE})"),
        [now - KEPT],
    )?)
}
