//! The release check (全网发布检测): what is still to be sent, and what happened.
//!
//! Invariant: a message that is to be sent is stored in the transaction of the push that asked for it.

use rusqlite::{Connection, Row, params};
use wechat::secret::SecretString;

use crate::dto::{AccountKind, Bilingual, ReleaseStep, ReleaseStepName};
use crate::store::{StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE release_task (
        id INTEGER PRIMARY KEY,
        platform_id INTEGER NOT NULL REFERENCES platform (id) ON DELETE CASCADE,
        redemption_id INTEGER NOT NULL,
        appid TEXT NOT NULL,
        openid TEXT NOT NULL,
        code TEXT NOT NULL,
        received_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE release_step (
        id INTEGER PRIMARY KEY,
        platform_id INTEGER NOT NULL REFERENCES platform (id) ON DELETE CASCADE,
        at INTEGER NOT NULL,
        appid TEXT NOT NULL,
        number INTEGER NOT NULL,
        mini_program INTEGER NOT NULL,
        step TEXT NOT NULL,
        took_ms INTEGER NOT NULL,
        ok INTEGER NOT NULL,
        trouble_zh TEXT,
        trouble_en TEXT
    ) STRICT;",
)];

/// Steps that are kept of a platform.
const KEPT: i64 = 100;

/// A customer-service message that the check waits for.
#[derive(Debug, Clone)]
pub struct TaskRow {
    /// Row id; 0 for a new one.
    pub id: i64,
    /// Platform row id.
    pub platform_id: i64,
    /// The redemption of its code.
    pub redemption_id: i64,
    /// Test account.
    pub appid: String,
    /// Who gets it.
    pub openid: String,
    /// The code that WeChat gave: it is part of the message.
    pub code: SecretString,
    /// Arrival of the push that asked, ms.
    pub received_at: i64,
}

fn read_task(row: &Row<'_>) -> rusqlite::Result<TaskRow> {
    Ok(TaskRow {
        id: row.get("id")?,
        platform_id: row.get("platform_id")?,
        redemption_id: row.get("redemption_id")?,
        appid: row.get("appid")?,
        openid: row.get("openid")?,
        code: row.get::<_, String>("code")?.into(),
        received_at: row.get("received_at")?,
    })
}

/// Adds a message that is to be sent.
///
/// # Errors
/// SQLite's.
pub fn add_task(tx: &Tx<'_>, row: &TaskRow) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO release_task (platform_id, redemption_id, appid, openid, code, received_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![row.platform_id, row.redemption_id, row.appid, row.openid, row.code.expose(), row.received_at],
    )?;
    Ok(())
}

/// What is to be sent, oldest first.
///
/// # Errors
/// SQLite's.
pub fn tasks(connection: &Connection) -> Result<Vec<TaskRow>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT * FROM release_task ORDER BY id LIMIT 100")?
        .query_map([], read_task)?
        .collect::<Result<_, _>>()?)
}

/// Takes a message out: whoever took it sends it. False when it was taken already.
///
/// # Errors
/// SQLite's.
pub fn take_task(tx: &Tx<'_>, id: i64) -> Result<bool, StoreError> {
    Ok(tx.execute("DELETE FROM release_task WHERE id = ?1", [id])? > 0)
}

fn name(step: ReleaseStepName) -> &'static str {
    match step {
        ReleaseStepName::Event => "event",
        ReleaseStepName::Text => "text",
        ReleaseStepName::AuthCode => "auth_code",
        ReleaseStepName::ApiText => "api_text",
        ReleaseStepName::Other => "other",
    }
}

/// Adds what happened; the oldest steps go.
///
/// # Errors
/// SQLite's.
pub fn add_step(tx: &Tx<'_>, platform_id: i64, step: &ReleaseStep) -> Result<(), StoreError> {
    let trouble = step.trouble.as_ref();
    tx.execute(
        "INSERT INTO release_step (platform_id, at, appid, number, mini_program, step, took_ms, ok, trouble_zh, trouble_en)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            platform_id,
            step.at,
            step.appid,
            step.set,
            step.kind == AccountKind::MiniProgram,
            name(step.step),
            step.took_ms,
            step.ok,
            trouble.map(|t| &t.zh),
            trouble.map(|t| &t.en),
        ],
    )?;
    tx.execute(
        "DELETE FROM release_step WHERE platform_id = ?1 AND id <= (SELECT id FROM release_step WHERE platform_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        [platform_id, KEPT],
    )?;
    Ok(())
}

/// What happened at a platform, newest first.
///
/// # Errors
/// SQLite's.
pub fn steps(connection: &Connection, platform_id: i64) -> Result<Vec<ReleaseStep>, StoreError> {
    let read = |row: &Row<'_>| {
        let zh: Option<String> = row.get("trouble_zh")?;
        let en: Option<String> = row.get("trouble_en")?;
        Ok(ReleaseStep {
            at: row.get("at")?,
            appid: row.get("appid")?,
            set: row.get("number")?,
            kind: if row.get("mini_program")? { AccountKind::MiniProgram } else { AccountKind::OfficialAccount },
            step: match row.get_ref("step")?.as_str()? {
                "event" => ReleaseStepName::Event,
                "text" => ReleaseStepName::Text,
                "auth_code" => ReleaseStepName::AuthCode,
                "api_text" => ReleaseStepName::ApiText,
                _ => ReleaseStepName::Other,
            },
            took_ms: row.get("took_ms")?,
            ok: row.get("ok")?,
            trouble: zh.zip(en).map(|(zh, en)| Bilingual { zh, en }),
        })
    };
    Ok(connection
        .prepare_cached("SELECT * FROM release_step WHERE platform_id = ?1 ORDER BY id DESC")?
        .query_map([platform_id], read)?
        .collect::<Result<_, _>>()?)
}
