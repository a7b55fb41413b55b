//! The log of calls to WeChat: one row a call, written some moments after it in batches.
//!
//! Holds no secret, no query and no body. No row refers to another table: a call's row outlives its platform, and a
//! platform that went away cannot make a batch fail.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params, params_from_iter};

use super::PRUNED_AT_ONCE;
use crate::dto::{ApiCallQuery, CallReason, TransportErrorKind};
use crate::store::{StoreError, Tx};

/// See [`super::migrations`]. Every filter of the list has an index in the list's order (`at`, then the row id).
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE api_call (
        id INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        component_appid TEXT NOT NULL,
        appid TEXT,
        api TEXT NOT NULL,
        reason TEXT NOT NULL,
        duration_ms INTEGER NOT NULL,
        ok INTEGER NOT NULL,
        errcode INTEGER,
        message TEXT,
        rid TEXT,
        http_status INTEGER,
        transport_error TEXT
    ) STRICT;
    CREATE INDEX api_call_at ON api_call (at);
    CREATE INDEX api_call_platform ON api_call (component_appid, at);
    CREATE INDEX api_call_account ON api_call (appid, at) WHERE appid IS NOT NULL;
    CREATE INDEX api_call_failed ON api_call (at) WHERE ok = 0;
    CREATE INDEX api_call_api ON api_call (api, at);
    CREATE INDEX api_call_reason ON api_call (reason, at);
    CREATE INDEX api_call_errcode ON api_call (errcode, at) WHERE errcode IS NOT NULL;
    CREATE INDEX api_call_rid ON api_call (rid) WHERE rid IS NOT NULL;",
)];

/// Rows kept at most. A row and its place in the indexes take about 350 bytes: 350 MB. A thousand accounts make about
/// 14,000 calls a day, so this is a month of two thousand accounts.
pub const MAX_ROWS: i64 = 1_000_000;

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiCallRow {
    /// Row id; 0 before it is written.
    pub id: i64,
    /// Start, ms.
    pub at: i64,
    /// Platform.
    pub component_appid: String,
    /// Account it was about.
    pub appid: Option<String>,
    /// Path without query.
    pub api: String,
    /// Why.
    pub reason: CallReason,
    /// Length, ms.
    pub duration_ms: i64,
    /// WeChat did what was asked.
    pub ok: bool,
    /// WeChat's refusal.
    pub errcode: Option<i64>,
    /// errmsg or the network's words, scrubbed.
    pub message: Option<String>,
    /// Request id.
    pub rid: Option<String>,
    /// HTTP status, if anything was answered.
    pub http_status: Option<u16>,
    /// How it failed to bring an answer.
    pub transport_error: Option<TransportErrorKind>,
}

fn code<T: serde::Serialize>(value: T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

fn parse<T: serde::de::DeserializeOwned>(text: String) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(text)).ok()
}

fn read(row: &Row<'_>) -> rusqlite::Result<ApiCallRow> {
    Ok(ApiCallRow {
        id: row.get("id")?,
        at: row.get("at")?,
        component_appid: row.get("component_appid")?,
        appid: row.get("appid")?,
        api: row.get("api")?,
        reason: parse(row.get("reason")?).unwrap_or(CallReason::Other),
        duration_ms: row.get("duration_ms")?,
        ok: row.get("ok")?,
        errcode: row.get("errcode")?,
        message: row.get("message")?,
        rid: row.get("rid")?,
        http_status: row.get("http_status")?,
        transport_error: row.get::<_, Option<String>>("transport_error")?.and_then(parse),
    })
}

/// Writes calls.
///
/// # Errors
/// SQLite's.
pub fn insert(tx: &Tx<'_>, rows: &[ApiCallRow]) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO api_call (at, component_appid, appid, api, reason, duration_ms, ok, errcode, message, rid,
            http_status, transport_error) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    for row in rows {
        statement.execute(params![
            row.at,
            row.component_appid,
            row.appid,
            row.api,
            code(row.reason),
            row.duration_ms,
            row.ok,
            row.errcode,
            row.message,
            row.rid,
            row.http_status,
            row.transport_error.map(code),
        ])?;
    }
    Ok(())
}

/// Where a page ends: start of its last call, and that row's id.
pub type Cursor = (i64, i64);

/// Calls that match, newest first, older than `after`. The limit and cursor of `query` do not count.
///
/// # Errors
/// SQLite's.
pub fn list(
    connection: &Connection,
    query: &ApiCallQuery,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Vec<ApiCallRow>, StoreError> {
    let Some(part) = query.api.as_deref().map(str::trim).filter(|api| !api.is_empty()) else {
        return page(connection, query, None, after, limit);
    };
    // A part of a path has no index, a whole one has: the few paths that there are first, then each by its own.
    let mut rows = Vec::new();
    for path in paths(connection, part)? {
        rows.append(&mut page(connection, query, Some(&path), after, limit)?);
    }
    rows.sort_by_key(|row| std::cmp::Reverse((row.at, row.id)));
    rows.truncate(limit);
    Ok(rows)
}

/// Paths in the log that have `part` in them. Each is one step in an index, however many calls it had.
fn paths(connection: &Connection, part: &str) -> Result<Vec<String>, StoreError> {
    // `instr` and not LIKE: the underscore of most paths is a wildcard there.
    let mut statement = connection.prepare_cached(
        "WITH RECURSIVE path (api) AS (
            SELECT min(api) FROM api_call
            UNION ALL SELECT (SELECT min(api) FROM api_call WHERE api > path.api) FROM path WHERE path.api IS NOT NULL
        ) SELECT api FROM path WHERE api IS NOT NULL AND instr(api, ?1) > 0",
    )?;
    let rows = statement.query_map([part], |r| r.get(0))?.collect::<Result<_, _>>()?;
    Ok(rows)
}

fn page(
    connection: &Connection,
    query: &ApiCallQuery,
    path: Option<&str>,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Vec<ApiCallRow>, StoreError> {
    let mut sql = "SELECT * FROM api_call WHERE 1".to_owned();
    let mut values: Vec<Value> = Vec::new();
    let mut condition = |text: &str, of: Vec<Value>| {
        sql.push_str(" AND ");
        sql.push_str(text);
        values.extend(of);
    };
    if let Some(platform) = &query.platform {
        condition("component_appid = ?", vec![platform.clone().into()]);
    }
    if let Some(appid) = &query.appid {
        condition("appid = ?", vec![appid.clone().into()]);
    }
    if let Some(path) = path {
        condition("api = ?", vec![path.to_owned().into()]);
    }
    match query.errcode {
        // Success has no errcode in the log.
        Some(0) => condition("ok = 1", Vec::new()),
        Some(errcode) => condition("errcode = ?", vec![errcode.into()]),
        None => {}
    }
    if query.only_errors == Some(true) || query.errcode.is_some_and(|code| code != 0) {
        // Written out, so that the partial index applies.
        condition("ok = 0", Vec::new());
    }
    if let Some(reason) = query.reason {
        condition("reason = ?", vec![code(reason).into()]);
    }
    if let Some(from) = query.from {
        condition("at >= ?", vec![from.into()]);
    }
    if let Some(until) = query.until {
        condition("at < ?", vec![until.into()]);
    }
    if let Some((at, id)) = after {
        condition("(at < ? OR (at = ? AND id < ?))", vec![at.into(), at.into(), id.into()]);
        condition("at <= ?", vec![at.into()]);
    }
    sql.push_str(" ORDER BY at DESC, id DESC LIMIT ?");
    values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(values), read)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// The call with this request id.
///
/// # Errors
/// SQLite's.
pub fn by_rid(connection: &Connection, rid: &str) -> Result<Option<ApiCallRow>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT * FROM api_call WHERE rid = ?1 ORDER BY id DESC LIMIT 1")?;
    let mut rows = statement.query_map([rid], read)?;
    Ok(rows.next().transpose()?)
}

/// What calls of some paths came to since a moment: of an account (`Some`) or of the platform itself (`None`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Went through.
    pub ok: i64,
    /// Refused with the code that was asked about.
    pub refused: i64,
    /// The last that went through, ms.
    pub last_at: Option<i64>,
}

/// Counts calls of `paths` since `from`.
///
/// # Errors
/// SQLite's.
pub fn tally(
    connection: &Connection,
    component_appid: &str,
    appid: Option<&str>,
    paths: &[&str],
    from: i64,
    refusal: i64,
) -> Result<Tally, StoreError> {
    let marks = vec!["?"; paths.len()].join(", ");
    // An account may have been cleared through another platform of ours: the allowance is the account's.
    let whose = if appid.is_some() { "appid = ?" } else { "component_appid = ? AND appid IS NULL" };
    let sql = format!(
        "SELECT coalesce(sum(ok), 0), coalesce(sum(errcode = ?), 0), max(CASE WHEN ok THEN at END)
         FROM api_call WHERE {whose} AND at >= ? AND api IN ({marks})"
    );
    let mut values: Vec<Value> = vec![refusal.into(), appid.unwrap_or(component_appid).to_owned().into(), from.into()];
    values.extend(paths.iter().map(|path| Value::from((*path).to_owned())));
    let tally = connection
        .prepare_cached(&sql)?
        .query_row(params_from_iter(values), |r| Ok(Tally { ok: r.get(0)?, refused: r.get(1)?, last_at: r.get(2)? }))?;
    Ok(tally)
}

/// Rows, and the start of the oldest.
///
/// # Errors
/// SQLite's.
pub fn size(connection: &Connection) -> Result<(i64, Option<i64>), StoreError> {
    let rows = connection.query_row("SELECT count(*) FROM api_call", [], |r| r.get(0))?;
    let oldest = connection.query_row("SELECT min(at) FROM api_call", [], |r| r.get(0))?;
    Ok((rows, oldest))
}

/// Removes calls that began before `before`, and the oldest beyond `most`; at most [`PRUNED_AT_ONCE`] of each at once.
/// Answers how many of the larger part went.
///
/// # Errors
/// SQLite's.
pub fn prune(tx: &Tx<'_>, before: i64, most: i64) -> Result<usize, StoreError> {
    let at_once = i64::try_from(PRUNED_AT_ONCE).unwrap_or(i64::MAX);
    let old = tx.execute(
        "DELETE FROM api_call WHERE id IN (SELECT id FROM api_call WHERE at < ?1 ORDER BY at LIMIT ?2)",
        params![before, at_once],
    )?;
    // Ids grow by one a row and the oldest go first, so the span of ids is the number of rows, or a little more.
    let beyond = tx.execute(
        "DELETE FROM api_call WHERE id IN (SELECT id FROM api_call
            WHERE id <= (SELECT max(id) FROM api_call) - ?1 ORDER BY id LIMIT ?2)",
        params![most, at_once],
    )?;
    Ok(old.max(beyond))
}
