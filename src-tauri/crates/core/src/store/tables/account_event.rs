//! What happened to accounts, for their history. Rows live as long as their account.

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use crate::dto::AccountEventKind;
use crate::store::{StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE account_event (
        id INTEGER PRIMARY KEY,
        account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
        at INTEGER NOT NULL,
        kind TEXT NOT NULL,
        detail TEXT NOT NULL
    ) STRICT;
    CREATE INDEX account_event_account ON account_event (account_id, id);",
)];

/// What there is to say about an event beyond its kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Detail {
    /// Permission sets that were granted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<i64>,
    /// Permission sets that were taken back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<i64>,
    /// Tenant before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_from: Option<String>,
    /// Tenant after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_to: Option<String>,
    /// Link that it came by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_id: Option<String>,
    /// Note of that link.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl Detail {
    /// The difference of two permission grants, in the order of the numbers.
    #[must_use]
    pub fn scopes(before: &[i64], after: &[i64]) -> Self {
        let sorted = |mut list: Vec<i64>| {
            list.sort_unstable();
            list.dedup();
            list
        };
        Self {
            added: sorted(after.iter().filter(|id| !before.contains(id)).copied().collect()),
            removed: sorted(before.iter().filter(|id| !after.contains(id)).copied().collect()),
            ..Self::default()
        }
    }
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountEventRow {
    /// Row id.
    pub id: i64,
    /// When, ms.
    pub at: i64,
    /// What.
    pub kind: AccountEventKind,
    /// More.
    pub detail: Detail,
}

fn kind_text(kind: AccountEventKind) -> &'static str {
    match kind {
        AccountEventKind::Authorized => "authorized",
        AccountEventKind::Reauthorized => "reauthorized",
        AccountEventKind::Updated => "updated",
        AccountEventKind::Unauthorized => "unauthorized",
        AccountEventKind::Removed => "removed",
        AccountEventKind::Restored => "restored",
        AccountEventKind::Tenant => "tenant",
        AccountEventKind::Recovered => "recovered",
        AccountEventKind::TokenReplaced => "token_replaced",
        AccountEventKind::MarkedGone => "marked_gone",
        AccountEventKind::Connected => "connected",
        AccountEventKind::TokenTaken => "token_taken",
    }
}

/// Adds an event.
///
/// # Errors
/// SQLite's.
pub fn add(tx: &Tx<'_>, account_id: i64, at: i64, kind: AccountEventKind, detail: &Detail) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT INTO account_event (account_id, at, kind, detail) VALUES (?1, ?2, ?3, ?4)")?.execute(
        params![account_id, at, kind_text(kind), serde_json::to_string(detail).unwrap_or_else(|_| "{}".into())],
    )?;
    Ok(())
}

/// Accounts whose classic token another program ended since then (ms), with the last time.
///
/// # Errors
/// SQLite's.
pub fn taken_since(connection: &Connection, since: i64) -> rusqlite::Result<Vec<(i64, i64)>> {
    connection
        .prepare_cached(
            "SELECT account_id, max(at) FROM account_event WHERE kind = 'token_taken' AND at >= ?1 GROUP BY account_id",
        )?
        .query_map([since], |r| Ok((r.get(0)?, r.get(1)?)))?
        .collect()
}

/// How often that happened to one account since then (ms), and when last.
///
/// # Errors
/// SQLite's.
pub fn taken(connection: &Connection, account_id: i64, since: i64) -> rusqlite::Result<(i64, Option<i64>)> {
    connection.query_row(
        "SELECT count(*), max(at) FROM account_event WHERE account_id = ?1 AND kind = 'token_taken' AND at >= ?2",
        [account_id, since],
        |r| Ok((r.get(0)?, r.get(1)?)),
    )
}

/// Notes that an account went from one tenant to another.
///
/// # Errors
/// SQLite's.
pub fn tenant(
    tx: &Tx<'_>,
    account_id: i64,
    at: i64,
    from: Option<String>,
    to: Option<String>,
) -> Result<(), StoreError> {
    let detail = Detail { tenant_from: from, tenant_to: to, ..Detail::default() };
    add(tx, account_id, at, AccountEventKind::Tenant, &detail)
}

/// Notes that WeChat says other permission sets than before. A first look is no change.
///
/// # Errors
/// SQLite's.
pub fn scopes_changed(tx: &Tx<'_>, account_id: i64, at: i64, before: &[i64], after: &[i64]) -> Result<(), StoreError> {
    let detail = Detail::scopes(before, after);
    if before.is_empty() || (detail.added.is_empty() && detail.removed.is_empty()) {
        return Ok(());
    }
    add(tx, account_id, at, AccountEventKind::Updated, &detail)
}

/// Newest events of an account first, older than `before` if given.
///
/// # Errors
/// SQLite's.
pub fn list(
    connection: &Connection,
    account_id: i64,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<AccountEventRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, at, kind, detail FROM account_event
         WHERE account_id = ?1 AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3",
    )?;
    let rows: Vec<(i64, i64, String, String)> = statement
        .query_map(params![account_id, before, limit], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))?
        .collect::<Result<_, _>>()?;
    Ok(rows
        .into_iter()
        .filter_map(|(id, at, kind, detail)| {
            // A kind that this program does not know is left out, not guessed.
            let kind = serde_json::from_value(serde_json::Value::String(kind)).ok()?;
            Some(AccountEventRow { id, at, kind, detail: serde_json::from_str(&detail).unwrap_or_default() })
        })
        .collect())
}
