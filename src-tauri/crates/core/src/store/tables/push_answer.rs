//! What was answered to a push, when it was more than a quick `success`.
//!
//! Written behind the answer (see `inbox::answers`), so a stop may lose the last moments of it. The row of a push goes
//! with the push.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::dto::PushAnswer;
use crate::store::{StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE push_answer (
        push_id INTEGER PRIMARY KEY,
        answer TEXT NOT NULL,
        took_ms INTEGER,
        repeats INTEGER NOT NULL,
        reply TEXT,
        target_id INTEGER,
        trouble TEXT
    ) STRICT;",
)];

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerRow {
    /// The push.
    pub push_id: i64,
    /// What was answered.
    pub answer: PushAnswer,
    /// From the whole request to the whole answer, ms; none while only a repeat is known of.
    pub took_ms: Option<i64>,
    /// How often WeChat sent the push again.
    pub repeats: i64,
    /// The passive reply before it was encrypted.
    pub reply: Option<String>,
    /// The answering target that was asked.
    pub target_id: Option<i64>,
    /// A [`crate::dto::DeliveryError`] in its JSON form, or words in English.
    pub trouble: Option<String>,
}

fn code(answer: PushAnswer) -> &'static str {
    match answer {
        PushAnswer::Success => "success",
        PushAnswer::Empty => "empty",
        PushAnswer::Rule => "rule",
        PushAnswer::Target => "target",
        PushAnswer::TargetFailed => "target_failed",
        PushAnswer::Menu => "menu",
        PushAnswer::Release => "release",
        PushAnswer::TimeOver => "time_over",
        PushAnswer::Unknown => "unknown",
    }
}

fn answer_of(code: &str) -> PushAnswer {
    match code {
        "success" => PushAnswer::Success,
        "empty" => PushAnswer::Empty,
        "rule" => PushAnswer::Rule,
        "target" => PushAnswer::Target,
        "target_failed" => PushAnswer::TargetFailed,
        "menu" => PushAnswer::Menu,
        "release" => PushAnswer::Release,
        "time_over" => PushAnswer::TimeOver,
        _ => PushAnswer::Unknown,
    }
}

/// Reads a row with the columns of `push_answer`.
///
/// # Errors
/// SQLite's.
pub fn read(row: &Row<'_>) -> rusqlite::Result<AnswerRow> {
    Ok(AnswerRow {
        push_id: row.get("push_id")?,
        answer: answer_of(&row.get::<_, String>("answer")?),
        took_ms: row.get("took_ms")?,
        repeats: row.get("repeats")?,
        reply: row.get("reply")?,
        target_id: row.get("target_id")?,
        trouble: row.get("trouble")?,
    })
}

/// The answer to a push, when it was kept.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, push_id: i64) -> rusqlite::Result<Option<AnswerRow>> {
    connection.prepare_cached("SELECT * FROM push_answer WHERE push_id = ?1")?.query_row([push_id], read).optional()
}

/// Stores what was answered. The first answer stays; of WeChat's later attempts only the number is added.
///
/// # Errors
/// SQLite's.
pub fn put(tx: &Tx<'_>, row: &AnswerRow) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO push_answer (push_id, answer, took_ms, repeats, reply, target_id, trouble) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (push_id) DO UPDATE SET repeats = repeats + excluded.repeats,
            answer = CASE WHEN took_ms IS NULL THEN excluded.answer ELSE answer END,
            reply = CASE WHEN took_ms IS NULL THEN excluded.reply ELSE reply END,
            target_id = CASE WHEN took_ms IS NULL THEN excluded.target_id ELSE target_id END,
            trouble = CASE WHEN took_ms IS NULL THEN excluded.trouble ELSE trouble END,
            took_ms = coalesce(took_ms, excluded.took_ms)",
    )?
    .execute(params![
        row.push_id,
        code(row.answer),
        row.took_ms,
        row.repeats,
        row.reply,
        row.target_id,
        row.trouble,
    ])?;
    Ok(())
}
