//! The inbox: every accepted push, decrypted, in order of arrival.
//!
//! Component events are deduplicated by a unique index, for ever as long as the row lives. Messages, which come by the
//! thousand, are deduplicated in memory over the last pushes ([`Seen`]), which is refilled from the table at start: an
//! index of random keys would cost a page write a message. WeChat's own repeats come within 20 s.
//! The encrypted form is not stored: with the 16 random bytes it can be made again exactly.
//!
//! Ids are never used again (AUTOINCREMENT, about 0.7 µs a push), also when the newest rows went with their platform:
//! whoever remembers how far it read, inside or outside of this program, would miss what came under an id it knows.

use std::collections::{HashMap, VecDeque};

use rusqlite::{Connection, Row, params};

use super::delivery::NOT_HELD;
use crate::store::{StoreError, Tx};

/// See [`super::migrations`].
pub const MIGRATIONS: &[(u32, &str)] = &[(
    1,
    "CREATE TABLE inbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        platform_id INTEGER NOT NULL,
        authorizer TEXT,
        received_at INTEGER NOT NULL,
        dedupe INTEGER NOT NULL,
        kind TEXT,
        random BLOB NOT NULL,
        body BLOB NOT NULL,
        timestamp TEXT NOT NULL,
        nonce TEXT NOT NULL,
        signature TEXT NOT NULL,
        key_print INTEGER NOT NULL,
        flags INTEGER NOT NULL,
        rule_id INTEGER,
        notify TEXT
    ) STRICT;
    CREATE UNIQUE INDEX inbox_component_event ON inbox (platform_id, dedupe) WHERE kind IS NOT NULL;",
)];

/// How many recent messages are remembered for deduplication.
const SEEN: usize = 200_000;

/// A push to be stored.
#[derive(Debug)]
pub struct NewPush {
    /// Platform row id.
    pub platform_id: i64,
    /// Account that it is for; none on the event URL.
    pub authorizer: Option<String>,
    /// Arrival, ms.
    pub received_at: i64,
    /// First 8 bytes of the hash of its identity (protocol B.1).
    pub dedupe: i64,
    /// InfoType of a component event; none for messages.
    pub kind: Option<String>,
    /// Random prefix of the encrypted form.
    pub random: [u8; 16],
    /// Decrypted document.
    pub body: Vec<u8>,
    /// What came with it in the query.
    pub seal: Seal,
    /// Bits of [`flag`].
    pub flags: i64,
    /// The rule that took it.
    pub rule_id: Option<i64>,
    /// Notified targets that are to hear of it, see [`notify_of`].
    pub notify: Option<String>,
}

/// What is known of a push beside its content.
pub mod flag {
    /// The account's authorization had ended, or it is not known.
    pub const ENDED: i64 = 1;
    /// Made by the self-test here.
    pub const MADE_UP: i64 = 2;
    /// An answering target is asked: it is never asked again for the same push.
    pub const ASKED: i64 = 4;
}

/// What a push's query held, and which key opened it: with it the encrypted form can be made again exactly.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seal {
    /// `timestamp`.
    pub timestamp: String,
    /// `nonce`.
    pub nonce: String,
    /// `msg_signature`; `signature` in plain mode.
    pub signature: String,
    /// Print of the AES key; 0 in plain mode.
    pub key_print: i64,
}

/// Target ids as they are stored: `,3,7,`. None for no target.
#[must_use]
pub fn notify_of(targets: &[i64]) -> Option<String> {
    if targets.is_empty() {
        return None;
    }
    let mut text = String::from(",");
    for id in targets {
        text.push_str(&id.to_string());
        text.push(',');
    }
    Some(text)
}

/// The reverse of [`notify_of`].
#[must_use]
pub fn targets_of(notify: Option<&str>) -> Vec<i64> {
    notify.unwrap_or("").split(',').filter_map(|id| id.parse().ok()).collect()
}

/// Recent messages' dedupe keys with their row ids, oldest forgotten first.
#[derive(Debug, Default)]
pub struct Seen {
    ids: HashMap<(i64, i64), i64>,
    order: VecDeque<(i64, i64)>,
}

impl Seen {
    /// Refills from the newest rows.
    ///
    /// # Errors
    /// SQLite's.
    pub fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let mut statement =
            connection.prepare("SELECT platform_id, dedupe, id FROM inbox ORDER BY id DESC LIMIT ?1")?;
        let mut newest: Vec<((i64, i64), i64)> = statement
            .query_map([i64::try_from(SEEN / 4).unwrap_or(0)], |r| Ok(((r.get(0)?, r.get(1)?), r.get(2)?)))?
            .collect::<rusqlite::Result<_>>()?;
        newest.reverse();
        let mut seen = Self::default();
        for (key, id) in newest {
            if !seen.ids.contains_key(&key) {
                seen.insert(key, id);
            }
        }
        Ok(seen)
    }

    fn insert(&mut self, key: (i64, i64), id: i64) {
        self.ids.insert(key, id);
        self.order.push_back(key);
        if self.order.len() > SEEN
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
    }

    fn remove(&mut self, key: (i64, i64)) {
        if self.ids.remove(&key).is_some() {
            // Newest last, and only what was just added is ever removed.
            if let Some(at) = self.order.iter().rposition(|k| *k == key) {
                self.order.remove(at);
            }
        }
    }
}

const INSERT: &str = "INSERT OR IGNORE INTO inbox (platform_id, authorizer, received_at, dedupe, kind, random, body, timestamp, nonce, signature, key_print, flags, rule_id, notify)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";

fn insert(tx: &Tx<'_>, push: &NewPush) -> rusqlite::Result<Option<i64>> {
    let Seal { timestamp, nonce, signature, key_print } = &push.seal;
    let added = tx.prepare_cached(INSERT)?.execute(params![
        push.platform_id,
        push.authorizer,
        push.received_at,
        push.dedupe,
        push.kind,
        push.random,
        push.body,
        timestamp,
        nonce,
        signature,
        key_print,
        push.flags,
        push.rule_id,
        push.notify,
    ])?;
    Ok((added > 0).then(|| tx.last_insert_rowid()))
}

/// Stores a component event. Answers false for a repeat.
///
/// # Errors
/// SQLite's.
pub fn insert_event(tx: &Tx<'_>, push: &NewPush) -> Result<bool, StoreError> {
    Ok(insert(tx, push)?.is_some())
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// It is stored, under this row id.
    New(i64),
    /// It was stored before, under this row id, and is committed before or with this job.
    Repeat(i64),
}

/// Stores a message, unless it is a repeat: one statement.
///
/// # Errors
/// SQLite's.
pub fn insert_message(tx: &Tx<'_>, push: &NewPush) -> Result<Stored, StoreError> {
    let key = (push.platform_id, push.dedupe);
    let mut seen = tx.mirror().seen.lock().map_err(|_| StoreError::Broken)?;
    if let Some(id) = seen.ids.get(&key) {
        return Ok(Stored::Repeat(*id));
    }
    let id = insert(tx, push)?.ok_or(StoreError::Broken)?;
    seen.insert(key, id);
    tx.saw(key);
    Ok(Stored::New(id))
}

/// Forgets messages whose transaction was rolled back, so that WeChat's repeat is stored.
pub fn forget(mirror: &crate::store::Mirror, keys: &[(i64, i64)]) {
    if keys.is_empty() {
        return;
    }
    let mut seen = mirror.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    for key in keys {
        seen.remove(*key);
    }
}

/// A stored push.
#[derive(Debug, Clone)]
pub struct PushRow {
    /// Row id; grows with arrival.
    pub id: i64,
    /// Platform row id.
    pub platform_id: i64,
    /// Account.
    pub authorizer: Option<String>,
    /// Arrival, ms.
    pub received_at: i64,
    /// Its identity, see [`NewPush::dedupe`].
    pub dedupe: i64,
    /// InfoType of a component event.
    pub kind: Option<String>,
    /// Random prefix of the encrypted form.
    pub random: [u8; 16],
    /// Decrypted document.
    pub body: Vec<u8>,
    /// What came with it in the query.
    pub seal: Seal,
    /// Bits of [`flag`].
    pub flags: i64,
    /// The rule that took it.
    pub rule_id: Option<i64>,
    /// Notified targets, see [`targets_of`].
    pub notify: Option<String>,
}

/// Reads a row of `SELECT * FROM inbox`.
///
/// # Errors
/// SQLite's.
pub fn read(row: &Row<'_>) -> rusqlite::Result<PushRow> {
    Ok(PushRow {
        id: row.get("id")?,
        platform_id: row.get("platform_id")?,
        authorizer: row.get("authorizer")?,
        received_at: row.get("received_at")?,
        dedupe: row.get("dedupe")?,
        kind: row.get("kind")?,
        random: row.get("random")?,
        body: row.get("body")?,
        seal: Seal {
            timestamp: row.get("timestamp")?,
            nonce: row.get("nonce")?,
            signature: row.get("signature")?,
            key_print: row.get("key_print")?,
        },
        flags: row.get("flags")?,
        rule_id: row.get("rule_id")?,
        notify: row.get("notify")?,
    })
}

/// One push.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, id: i64) -> rusqlite::Result<Option<PushRow>> {
    use rusqlite::OptionalExtension;
    connection.prepare_cached("SELECT * FROM inbox WHERE id = ?1")?.query_row([id], read).optional()
}

/// Pushes after a row id, oldest first.
///
/// # Errors
/// SQLite's.
pub fn after(connection: &Connection, id: i64, limit: u32) -> Result<Vec<PushRow>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT * FROM inbox WHERE id > ?1 ORDER BY id LIMIT ?2")?;
    let rows = statement.query_map(params![id, limit], read)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Row id and arrival, ms, of the newest push.
///
/// # Errors
/// SQLite's.
pub fn newest(connection: &Connection) -> rusqlite::Result<Option<(i64, i64)>> {
    use rusqlite::OptionalExtension;
    let newest = "SELECT id, received_at FROM inbox ORDER BY id DESC LIMIT 1";
    connection.query_row(newest, [], |r| Ok((r.get(0)?, r.get(1)?))).optional()
}

/// How many pushes are stored.
///
/// # Errors
/// SQLite's.
pub fn count(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT count(*) FROM inbox", [], |r| r.get(0))
}

/// Lowest and highest id; none when there is no push.
///
/// # Errors
/// SQLite's.
pub fn span(connection: &Connection) -> rusqlite::Result<Option<(i64, i64)>> {
    // Two steps into the tree each; together in one query SQLite would walk the table.
    let (lowest, highest): (Option<i64>, Option<i64>) = connection
        .prepare_cached("SELECT (SELECT min(id) FROM inbox), (SELECT max(id) FROM inbox)")?
        .query_row([], |r| Ok((r.get(0)?, r.get(1)?)))?;
    Ok(lowest.zip(highest))
}

/// Arrival of the first push from an id on, ms.
///
/// # Errors
/// SQLite's.
pub fn arrival_from(connection: &Connection, id: i64) -> rusqlite::Result<Option<i64>> {
    use rusqlite::OptionalExtension;
    connection
        .prepare_cached("SELECT received_at FROM inbox WHERE id >= ?1 ORDER BY id LIMIT 1")?
        .query_row([id], |r| r.get(0))
        .optional()
}

/// Bytes of the record of the push with this id, and of that of its answer (0 without one); none when it is gone.
///
/// # Errors
/// SQLite's.
pub fn bytes_of(connection: &Connection, id: i64) -> rusqlite::Result<Option<(i64, i64)>> {
    use rusqlite::OptionalExtension;
    // 59: the record's head, the numbers and the random prefix.
    connection
        .prepare_cached(
            "SELECT 59 + length(body) + length(timestamp) + length(nonce) + length(signature)
                + coalesce(length(authorizer), 0) + coalesce(length(kind), 0) + coalesce(length(notify), 0),
                coalesce((SELECT 24 + coalesce(length(reply), 0) + coalesce(length(trouble), 0)
                    FROM push_answer WHERE push_id = inbox.id), 0)
             FROM inbox WHERE id = ?1",
        )?
        .query_row([id], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()
}

/// Pushes with a lower id; counting stops at `most`.
///
/// # Errors
/// SQLite's.
pub fn count_below(connection: &Connection, id: i64, most: i64) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("SELECT count(*) FROM (SELECT 1 FROM inbox WHERE id < ?1 LIMIT ?2)")?
        .query_row([id, most], |r| r.get(0))
}

/// Which pushes may go: those that came before `before` (ms), and those below id `below`; never those that are needed.
#[derive(Debug, Clone, Copy)]
pub struct Expired {
    /// ms.
    pub before: i64,
    /// Row id.
    pub below: i64,
    /// Pushes for notified targets from this id on are needed.
    pub needed_from: Option<i64>,
}

/// What a piece of pruning did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Rows that went.
    pub removed: usize,
    /// Every push below this id went or is needed.
    pub done_to: i64,
    /// There may be more to remove.
    pub more: bool,
}

/// Removes what may go of `count` ids from `from` on, and the answers to it. Ids grow with arrival, so it ends at the
/// first push that may not go yet; needed ones are passed over.
///
/// # Errors
/// SQLite's.
pub fn prune(tx: &Tx<'_>, from: i64, count: i64, expired: Expired) -> Result<Piece, StoreError> {
    let Some((_, highest)) = span(tx)? else { return Ok(Piece { removed: 0, done_to: from, more: false }) };
    let end = from.saturating_add(count).min(highest + 1);
    let first_kept: Option<i64> = tx
        .prepare_cached("SELECT min(id) FROM inbox WHERE id >= ?1 AND id < ?2 AND received_at >= ?3 AND id >= ?4")?
        .query_row(params![from, end, expired.before, expired.below], |r| r.get(0))?;
    let done_to = first_kept.unwrap_or(end).max(from);
    let removed = remove_unneeded(tx, from, done_to, expired.needed_from)?;
    Ok(Piece { removed, done_to, more: first_kept.is_none() && end <= highest })
}

/// Removes what is needed no more of `count` pushes from `from` on and below `to`, all of which may go otherwise; and
/// answers that came after their push had gone.
///
/// # Errors
/// SQLite's.
pub fn prune_needed(
    tx: &Tx<'_>,
    from: i64,
    count: i64,
    to: i64,
    needed_from: Option<i64>,
) -> Result<Piece, StoreError> {
    // They lie far apart: the next so many rows and not ids.
    let last: Option<i64> = tx
        .prepare_cached("SELECT max(id) FROM (SELECT id FROM inbox WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3)")?
        .query_row([from, to, count], |r| r.get(0))?;
    let end = last.map_or(to, |last| last + 1);
    let removed = remove_unneeded(tx, from, end, needed_from)?;
    Ok(Piece { removed, done_to: end, more: end < to })
}

fn remove_unneeded(tx: &Tx<'_>, from: i64, to: i64, needed_from: Option<i64>) -> Result<usize, StoreError> {
    let removed = tx
        .prepare_cached(&format!(
            "DELETE FROM inbox WHERE id >= ?1 AND id < ?2 AND (notify IS NULL OR id < ?3) AND {NOT_HELD}"
        ))?
        .execute([from, to, needed_from.unwrap_or(i64::MAX)])?;
    tx.prepare_cached(
        "DELETE FROM push_answer WHERE push_id >= ?1 AND push_id < ?2
            AND NOT EXISTS (SELECT 1 FROM inbox WHERE inbox.id = push_answer.push_id)",
    )?
    .execute([from, to])?;
    Ok(removed)
}
