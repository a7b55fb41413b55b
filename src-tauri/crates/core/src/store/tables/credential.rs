//! Credentials: a platform's component token (`account_id` null), an account's token with its refresh token, or one of
//! an account's JS-SDK tickets.
//!
//! Invariants: a token is only ever replaced by a newer one (generation + 1) or taken away by a cancellation; a failure
//! writes only `failures`, `failure*` and the claim; a claim is taken before every call and given back with its result.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};
use wechat::secret::SecretString;

use crate::dto::{JsTicketKind, LastError};
use crate::policy::FailureKind;
use crate::store::{Patch, StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE credential (
        id INTEGER PRIMARY KEY,
        platform_id INTEGER NOT NULL REFERENCES platform (id) ON DELETE CASCADE,
        account_id INTEGER REFERENCES account (id) ON DELETE CASCADE,
        kind TEXT NOT NULL DEFAULT 'token',
        off INTEGER NOT NULL DEFAULT 0,
        token TEXT,
        previous_token TEXT,
        refresh_token TEXT,
        obtained_at INTEGER,
        expires_at INTEGER,
        generation INTEGER NOT NULL DEFAULT 0,
        rejected_generation INTEGER,
        rejections INTEGER NOT NULL DEFAULT 0,
        failures INTEGER NOT NULL DEFAULT 0,
        failure_kind TEXT,
        failure TEXT,
        failing_since INTEGER,
        last_attempt_at INTEGER,
        claimed_by TEXT,
        claimed_at INTEGER,
        interrupted INTEGER NOT NULL DEFAULT 0,
        decided_reason TEXT,
        decided_until INTEGER
    ) STRICT;
    CREATE UNIQUE INDEX credential_component ON credential (platform_id) WHERE account_id IS NULL;
    CREATE UNIQUE INDEX credential_account ON credential (account_id, kind) WHERE account_id IS NOT NULL;",
)];

/// What a credential is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum CredentialKind {
    /// An access token, the component's or an account's.
    #[default]
    Token,
    /// A JS-SDK ticket.
    JsTicket(JsTicketKind),
}

impl CredentialKind {
    fn text(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::JsTicket(JsTicketKind::Jsapi) => "jsapi",
            Self::JsTicket(JsTicketKind::WxCard) => "wx_card",
        }
    }

    fn parse(text: &str) -> Self {
        match text {
            "jsapi" => Self::JsTicket(JsTicketKind::Jsapi),
            "wx_card" => Self::JsTicket(JsTicketKind::WxCard),
            _ => Self::Token,
        }
    }
}

/// A credential.
#[derive(Debug, Clone, Default)]
pub struct CredentialRow {
    /// Row id.
    pub id: i64,
    /// Platform row id.
    pub platform_id: i64,
    /// Account row id; none for the component token.
    pub account_id: Option<i64>,
    /// What it is.
    pub kind: CredentialKind,
    /// Switched off by the operator (tickets only): kept, not renewed.
    pub off: bool,
    /// The token.
    pub token: Option<SecretString>,
    /// The one before, for telling a stale one from a wrong one.
    pub previous_token: Option<SecretString>,
    /// The refresh token (accounts only).
    pub refresh_token: Option<SecretString>,
    /// Obtained, ms.
    pub obtained_at: Option<i64>,
    /// Ends, ms.
    pub expires_at: Option<i64>,
    /// Grows by one with each token.
    pub generation: i64,
    /// This generation was refused by WeChat when used.
    pub rejected_generation: Option<i64>,
    /// Consecutive generations that were refused when used.
    pub rejections: i64,
    /// Consecutive failures.
    pub failures: i64,
    /// Class of the last failure.
    pub failure_kind: Option<FailureKind>,
    /// The last failure.
    pub failure: Option<LastError>,
    /// First of the consecutive failures, ms.
    pub failing_since: Option<i64>,
    /// Start of the last attempt, ms.
    pub last_attempt_at: Option<i64>,
    /// Run id of the engine that has a call under way.
    pub claimed_by: Option<String>,
    /// Since when, ms.
    pub claimed_at: Option<i64>,
    /// The last attempt was cut off by a stop.
    pub interrupted: bool,
    /// Reason code of the decision after the last attempt, and until when it holds (ms).
    pub decided: Option<(String, Option<i64>)>,
}

/// A claim older than this belongs to a process that died, ms. Calls end after 15 s.
pub const CLAIM_TTL: i64 = 120_000;

fn read(row: &Row<'_>) -> rusqlite::Result<CredentialRow> {
    let kind: Option<String> = row.get("failure_kind")?;
    let failure: Option<String> = row.get("failure")?;
    let decided: Option<String> = row.get("decided_reason")?;
    let until: Option<i64> = row.get("decided_until")?;
    Ok(CredentialRow {
        id: row.get("id")?,
        platform_id: row.get("platform_id")?,
        account_id: row.get("account_id")?,
        kind: CredentialKind::parse(row.get_ref("kind")?.as_str()?),
        off: row.get("off")?,
        previous_token: row.get::<_, Option<String>>("previous_token")?.map(Into::into),
        token: row.get::<_, Option<String>>("token")?.map(Into::into),
        refresh_token: row.get::<_, Option<String>>("refresh_token")?.map(Into::into),
        obtained_at: row.get("obtained_at")?,
        expires_at: row.get("expires_at")?,
        generation: row.get("generation")?,
        rejected_generation: row.get("rejected_generation")?,
        rejections: row.get("rejections")?,
        failures: row.get("failures")?,
        failure_kind: kind.as_deref().and_then(FailureKind::parse),
        failure: failure.and_then(|e| serde_json::from_str(&e).ok()),
        failing_since: row.get("failing_since")?,
        last_attempt_at: row.get("last_attempt_at")?,
        claimed_by: row.get("claimed_by")?,
        claimed_at: row.get("claimed_at")?,
        interrupted: row.get("interrupted")?,
        decided: decided.map(|reason| (reason, until)),
    })
}

impl CredentialRow {
    /// As if the last call had gone well, or there had been none.
    pub fn forget_failure(&mut self) {
        self.failures = 0;
        self.failure_kind = None;
        self.failure = None;
        self.failing_since = None;
    }
}

/// Credentials of a platform whose last call failed in this way.
///
/// # Errors
/// SQLite's.
pub fn failed(connection: &Connection, platform_id: i64, kind: FailureKind) -> rusqlite::Result<Vec<CredentialRow>> {
    connection
        .prepare_cached("SELECT * FROM credential WHERE platform_id = ?1 AND failure_kind = ?2")?
        .query_map(params![platform_id, kind.text()], read)?
        .collect()
}

/// Every credential.
///
/// # Errors
/// SQLite's.
pub fn load_all(connection: &Connection) -> rusqlite::Result<Vec<CredentialRow>> {
    connection.prepare("SELECT * FROM credential")?.query_map([], read)?.collect()
}

/// One credential as of this transaction.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, id: i64) -> rusqlite::Result<Option<CredentialRow>> {
    connection.prepare_cached("SELECT * FROM credential WHERE id = ?1")?.query_row([id], read).optional()
}

/// The credential of an account (`Some`) or the component token's (`None`), made if missing.
///
/// # Errors
/// SQLite's.
pub fn ensure(tx: &Tx<'_>, platform_id: i64, account_id: Option<i64>) -> Result<CredentialRow, StoreError> {
    ensure_kind(tx, platform_id, account_id, CredentialKind::Token)
}

/// The same of any kind.
///
/// # Errors
/// SQLite's.
pub fn ensure_kind(
    tx: &Tx<'_>,
    platform_id: i64,
    account_id: Option<i64>,
    kind: CredentialKind,
) -> Result<CredentialRow, StoreError> {
    let existing = tx
        .prepare_cached("SELECT * FROM credential WHERE platform_id = ?1 AND account_id IS ?2 AND kind = ?3")?
        .query_row(params![platform_id, account_id, kind.text()], read)
        .optional()?;
    if let Some(row) = existing {
        return Ok(row);
    }
    tx.execute(
        "INSERT INTO credential (platform_id, account_id, kind) VALUES (?1, ?2, ?3)",
        params![platform_id, account_id, kind.text()],
    )?;
    let row = get(tx, tx.last_insert_rowid())?.ok_or(StoreError::Broken)?;
    tx.patch(Patch::Credential(Arc::new(row.clone())));
    Ok(row)
}

/// Writes a row back whole.
///
/// # Errors
/// SQLite's.
pub fn update(tx: &Tx<'_>, row: &CredentialRow) -> Result<Arc<CredentialRow>, StoreError> {
    let (reason, until) = row.decided.clone().map_or((None, None), |(reason, until)| (Some(reason), until));
    tx.prepare_cached(
        "UPDATE credential SET token = ?2, refresh_token = ?3, obtained_at = ?4, expires_at = ?5, generation = ?6,
            rejected_generation = ?7, rejections = ?8, failures = ?9, failure_kind = ?10, failure = ?11,
            failing_since = ?12, last_attempt_at = ?13, claimed_by = ?14, claimed_at = ?15, interrupted = ?16,
            decided_reason = ?17, decided_until = ?18, previous_token = ?19, off = ?20
         WHERE id = ?1",
    )?
    .execute(params![
        row.id,
        row.token.as_ref().map(|t| t.expose().as_str()),
        row.refresh_token.as_ref().map(|t| t.expose().as_str()),
        row.obtained_at,
        row.expires_at,
        row.generation,
        row.rejected_generation,
        row.rejections,
        row.failures,
        row.failure_kind.map(FailureKind::text),
        row.failure.as_ref().and_then(|e| serde_json::to_string(e).ok()),
        row.failing_since,
        row.last_attempt_at,
        row.claimed_by,
        row.claimed_at,
        row.interrupted,
        reason,
        until,
        row.previous_token.as_ref().map(|t| t.expose().as_str()),
        row.off,
    ])?;
    let row = Arc::new(row.clone());
    tx.patch(Patch::Credential(row.clone()));
    Ok(row)
}

/// Takes a credential for a call. Answers `None` when another run holds it, or its generation moved on.
///
/// # Errors
/// SQLite's.
pub fn claim(tx: &Tx<'_>, id: i64, generation: i64, run: &str, now: i64) -> Result<Option<CredentialRow>, StoreError> {
    let Some(mut row) = get(tx, id)? else { return Ok(None) };
    // Our own old claim: its flight broke off before it could give it back. The engine flies once per credential.
    let held = row.claimed_by.as_deref().is_some_and(|by| by != run)
        && row.claimed_at.is_some_and(|at| (now - at).abs() < CLAIM_TTL);
    if held || row.generation != generation {
        return Ok(None);
    }
    row.claimed_by = Some(run.to_owned());
    row.claimed_at = Some(now);
    row.last_attempt_at = Some(now);
    update(tx, &row)?;
    Ok(Some(row))
}

/// At a start: whatever another run left claimed was cut off, its outcome at WeChat is unknown.
///
/// # Errors
/// SQLite's.
pub fn resolve_interrupted(tx: &Tx<'_>) -> Result<Vec<i64>, StoreError> {
    let rows: Vec<CredentialRow> = tx
        .prepare("SELECT * FROM credential WHERE claimed_by IS NOT NULL")?
        .query_map([], read)?
        .collect::<Result<_, _>>()?;
    for row in &rows {
        let mut row = row.clone();
        row.claimed_by = None;
        row.claimed_at = None;
        row.interrupted = true;
        update(tx, &row)?;
    }
    Ok(rows.into_iter().map(|r| r.id).collect())
}
