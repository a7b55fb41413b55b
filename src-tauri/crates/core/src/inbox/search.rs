//! Finding pushes, newest first.
//!
//! There is no index but the row id, on purpose: pushes come by the ten thousand a second, and each index would cost a page
//! write a push. What SQL can tell from a row's own columns is asked of SQL, the rest is read from the document.
//! Invariant: a search ends after a limited amount of work, says how far it came, and goes on from there when asked.

use memchr::memmem;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::times::SLOW_MS;
use super::view;
use crate::clock::Clock;
use crate::dto::{InboxQuery, PushClass};
use crate::store::tables::inbox::{self, PushRow};
use crate::store::tables::push_answer::{self, AnswerRow};

/// Ids of one query: it cannot be stopped in between.
const CHUNK: i64 = 500;
/// Bytes of documents that one search hands over, about.
const MOST_BYTES: usize = 16 << 20;
/// The time is looked at after so many rows.
const LOOK: usize = 32;
/// Arrivals follow ids but for jumps of the clock, which are believed to be no longer than this, ms.
const JUMP: i64 = 600_000;

/// When a search stops.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Pushes found.
    pub found: usize,
    /// Ids looked at.
    pub looked_at: i64,
    /// Time, ms.
    pub ms: i64,
}

/// What is looked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    query: InboxQuery,
    /// Row id of the platform in `query`.
    platform_id: Option<i64>,
    /// The text in `query` in small letters.
    needle: Option<String>,
}

impl Wanted {
    /// `platform_id` is that of the platform in `query`.
    pub(crate) fn new(mut query: InboxQuery, platform_id: Option<i64>) -> Self {
        let blank = |text: &mut Option<String>| {
            *text = text.take().map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
        };
        for text in [&mut query.msg_type, &mut query.event, &mut query.sender, &mut query.text, &mut query.appid] {
            blank(text);
        }
        let needle = query.text.as_deref().map(str::to_lowercase);
        Self { query, platform_id, needle }
    }

    /// Everything older than this id.
    pub(crate) fn before(&self, id: i64) -> Self {
        let mut wanted = self.clone();
        wanted.query.before = Some(id);
        wanted
    }
}

/// What a search found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Newest first.
    pub rows: Vec<(PushRow, Option<AnswerRow>)>,
    /// Where to go on; none at the end.
    pub next_before: Option<i64>,
    /// The oldest moment that was looked at, ms; none at the end.
    pub searched_to: Option<i64>,
}

/// Looks from the newest push (or from `before` on) to older ones.
///
/// # Errors
/// SQLite's.
pub(crate) fn search(
    connection: &Connection,
    wanted: &Wanted,
    limits: Limits,
    clock: &dyn Clock,
) -> rusqlite::Result<Found> {
    let mut found = Found::default();
    let Some((lowest, highest)) = inbox::span(connection)? else { return Ok(found) };
    let query = &wanted.query;
    // Ids below `top` are still to be looked at, down to `bottom`.
    let bottom = query.after.map_or(lowest, |after| lowest.max(after.saturating_add(1)));
    let mut top = query.before.map_or(highest + 1, |before| before.min(highest + 1));
    if let Some(until) = query.until {
        top = top.min(first_from(connection, until.saturating_add(JUMP), lowest, highest)?);
    }
    let started = clock.monotonic();
    let (sql, values) = sql(wanted);
    let mut statement = connection.prepare_cached(&sql)?;
    // Most rows are looked at and passed over: nothing of those is copied.
    let [id_at, kind_at, body_at] =
        [statement.column_index("id")?, statement.column_index("kind")?, statement.column_index("body")?];
    let (mut looked_at, mut seen, mut bytes) = (0, 0, 0);
    while top > bottom {
        let from = bottom.max(top - CHUNK);
        let bounds = [Value::from(from), Value::from(top)];
        let mut rows = statement.query(params_from_iter(bounds.into_iter().chain(values.iter().cloned())))?;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(id_at)?;
            if fits(wanted, row.get_ref(kind_at)?.as_str_or_null()?, row.get_ref(body_at)?.as_blob()?) {
                let push = inbox::read(row)?;
                let answer = row.get::<_, Option<i64>>("push_id")?.map(|_| push_answer::read(row)).transpose()?;
                bytes += push.body.len();
                found.rows.push((push, answer));
            }
            seen += 1;
            let late = seen % LOOK == 0 && clock.monotonic() - started >= limits.ms;
            if found.rows.len() >= limits.found || bytes >= MOST_BYTES || late {
                return stopped(connection, found, id, bottom);
            }
        }
        looked_at += top - from;
        top = from;
        let arrival = || inbox::arrival_from(connection, top);
        if let Some(earliest) = query.from
            && arrival()?.is_some_and(|at| at < earliest.saturating_sub(JUMP))
        {
            break;
        }
        if looked_at >= limits.looked_at || clock.monotonic() - started >= limits.ms {
            return stopped(connection, found, top, bottom);
        }
    }
    Ok(found)
}

/// The search goes on below `top`.
fn stopped(connection: &Connection, mut found: Found, top: i64, bottom: i64) -> rusqlite::Result<Found> {
    if top > bottom {
        found.next_before = Some(top);
        found.searched_to = inbox::arrival_from(connection, top)?;
    }
    Ok(found)
}

/// The lowest id whose push came at `at` (ms) or later; one above the highest when none did.
fn first_from(connection: &Connection, at: i64, lowest: i64, highest: i64) -> rusqlite::Result<i64> {
    let (mut low, mut high) = (lowest, highest + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        if inbox::arrival_from(connection, middle)?.is_none_or(|arrival| arrival >= at) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low)
}

/// The query of a chunk: `?1` is its lowest id, `?2` the one above its highest, the rest as in the values.
fn sql(wanted: &Wanted) -> (String, Vec<Value>) {
    let query = &wanted.query;
    let slow = query.only_slow == Some(true);
    let join = if slow { "JOIN" } else { "LEFT JOIN" };
    let mut sql = format!(
        "SELECT inbox.*, push_answer.* FROM inbox {join} push_answer ON push_answer.push_id = inbox.id
         WHERE inbox.id >= ?1 AND inbox.id < ?2"
    );
    let mut values: Vec<Value> = Vec::new();
    let mut condition = |text: &str, of: Option<Value>| {
        values.extend(of);
        // The same value may stand in several places.
        sql.push_str(&format!(" AND ({})", text.replace('?', &format!("?{}", values.len() + 2))));
    };
    if query.component_appid.is_some() {
        condition("platform_id = ?", Some(wanted.platform_id.unwrap_or(0).into()));
    }
    if let Some(appid) = &query.appid {
        // An event of a platform names the account that it is about in its document.
        condition(
            "authorizer = ? OR (kind IS NOT NULL AND instr(body, CAST(? AS BLOB)) > 0)",
            Some(appid.clone().into()),
        );
    }
    match query.class {
        Some(PushClass::Message) => condition("kind IS NULL", None),
        Some(PushClass::Component) => condition("kind IS NOT NULL", None),
        None => {}
    }
    if query.msg_type.is_some() || query.sender.is_some() {
        condition("kind IS NULL", None);
    }
    if let Some(event) = &query.event {
        condition("kind IS NULL OR kind = ?", Some(event.clone().into()));
    }
    if let Some(rule) = query.rule_id {
        condition("rule_id = ?", Some(rule.into()));
    }
    if let Some(from) = query.from {
        condition("received_at >= ?", Some(from.into()));
    }
    if let Some(until) = query.until {
        condition("received_at < ?", Some(until.into()));
    }
    if slow {
        condition("took_ms >= ? OR repeats > 0", Some(SLOW_MS.into()));
    }
    sql.push_str(" ORDER BY inbox.id DESC");
    (sql, values)
}

/// What SQL cannot tell.
fn fits(wanted: &Wanted, kind: Option<&str>, body: &[u8]) -> bool {
    let query = &wanted.query;
    if let Some(sender) = &query.sender
        && memmem::find(body, sender.as_bytes()).is_none()
    {
        return false;
    }
    let by_head = query.sender.is_some() || query.msg_type.is_some() || query.event.is_some();
    if by_head && kind.is_none() {
        let Some(head) = view::head(body) else { return false };
        let is = |wanted: &Option<String>, value: Option<&str>| wanted.as_deref().is_none_or(|w| Some(w) == value);
        if !is(&query.sender, Some(&head.from_user_name))
            || !is(&query.msg_type, Some(&head.msg_type))
            || !is(&query.event, head.event.as_deref())
        {
            return false;
        }
    }
    if kind.is_some()
        && let Some(appid) = &query.appid
        && view::about(body).as_deref() != Some(appid)
    {
        return false;
    }
    wanted.needle.as_deref().is_none_or(|needle| view::says(body, needle))
}

#[cfg(test)]
mod tests;
