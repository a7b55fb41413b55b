//! Targets as an operator enters them, and as they are shown.

use rusqlite::{Connection, OptionalExtension, params};

use super::address;
use crate::core::Core;
use crate::dto::{FieldError, Target, TargetInput, TargetMode};
use crate::error::AppError;
use crate::store::StoreError;
use crate::store::tables::delivery;
use crate::store::tables::inbox::notify_of;
use crate::store::tables::target::TargetRow;
use crate::validate::error;

/// Longest name, characters.
const MAX_NAME: usize = 60;
/// Hours until a dead letter, unless somebody says otherwise.
const GIVE_UP_HOURS: i64 = 24;
/// Counting of what waits stops after so many pushes that are for any target.
const COUNTED: i64 = 10_000;

/// Limits and usual values that depend on what a target is for.
struct Usual {
    timeouts: std::ops::RangeInclusive<i64>,
    timeout_ms: i64,
    concurrency: i64,
}

fn usual(mode: TargetMode) -> Usual {
    match mode {
        TargetMode::Answering => Usual { timeouts: 200..=4_000, timeout_ms: 4_000, concurrency: 16 },
        TargetMode::Notified => Usual { timeouts: 1_000..=30_000, timeout_ms: 10_000, concurrency: 8 },
    }
}

/// What is wrong with a target. `known`: as it is now; `used`: rules use it.
pub(crate) fn check(input: &TargetInput, known: Option<&TargetRow>, used: bool) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let name = input.name.trim();
    if name.is_empty() {
        errors.push(error("name", "required", "is required", "必填"));
    } else if name.chars().count() > MAX_NAME {
        errors.push(error("name", "length", "must have at most 60 characters", "最多 60 个字"));
    }
    if used && known.is_some_and(|known| known.mode != input.mode) {
        errors.push(error("mode", "used", "cannot be changed while rules use it", "有规则在使用它，不能修改"));
    }
    errors.extend(address::check(input.url.trim(), input.private_ok));
    if let Some(secret) = input.secret.as_deref().filter(|secret| !secret.is_empty())
        && !((16..=128).contains(&secret.len()) && secret.bytes().all(|b| b.is_ascii_graphic()))
    {
        errors.push(error(
            "secret",
            "format",
            "must have 16 to 128 letters, digits or signs and no blanks",
            "应为 16–128 个字母、数字或符号，不能有空格",
        ));
    }
    if input.timeout_ms.is_some_and(|ms| !usual(input.mode).timeouts.contains(&ms)) {
        errors.push(match input.mode {
            TargetMode::Answering => error("timeout_ms", "range", "must be 200 to 4000", "应为 200–4000 毫秒"),
            TargetMode::Notified => error("timeout_ms", "range", "must be 1000 to 30000", "应为 1000–30000 毫秒"),
        });
    }
    if input.concurrency.is_some_and(|n| !(1..=64).contains(&n)) {
        errors.push(error("concurrency", "range", "must be 1 to 64", "应为 1–64"));
    }
    if input.give_up_hours.is_some_and(|hours| !(1..=168).contains(&hours)) {
        errors.push(error("give_up_hours", "range", "must be 1 to 168", "应为 1–168 小时"));
    }
    errors
}

/// The row that an input makes; `fresh_secret` is used when there is none.
pub(crate) fn row_of(
    input: TargetInput,
    known: Option<&TargetRow>,
    fresh_secret: impl FnOnce() -> Result<String, AppError>,
    now: i64,
) -> Result<TargetRow, AppError> {
    let usual = usual(input.mode);
    // What was set for the other mode may not fit this one.
    let same = known.filter(|known| known.mode == input.mode);
    let secret = match (input.secret.filter(|secret| !secret.is_empty()), known) {
        (Some(secret), _) => secret.into(),
        (None, Some(known)) => known.secret.clone(),
        (None, None) => fresh_secret()?.into(),
    };
    Ok(TargetRow {
        id: known.map_or(0, |known| known.id),
        name: input.name.trim().to_owned(),
        mode: input.mode,
        url: input.url.trim().to_owned(),
        format: input.format,
        secret,
        timeout_ms: input.timeout_ms.or(same.map(|k| k.timeout_ms)).unwrap_or(usual.timeout_ms),
        concurrency: input.concurrency.or(same.map(|k| k.concurrency)).unwrap_or(usual.concurrency),
        private_ok: input.private_ok,
        enabled: input.enabled,
        give_up_hours: input.give_up_hours.or(known.map(|k| k.give_up_hours)).unwrap_or(GIVE_UP_HOURS),
        updated_at: now,
        cursor: 0,
    })
}

/// What waits for a target: (messages, counting stopped, arrival of the oldest), and its dead letters.
type Queue = ((i64, bool, Option<i64>), i64);

/// Messages after an inbox id that are for a target: how many, whether there may be more, arrival of the oldest.
fn after(connection: &Connection, id: i64, cursor: i64) -> rusqlite::Result<(i64, bool, Option<i64>)> {
    let (count, seen, first): (i64, i64, Option<i64>) = connection
        .prepare_cached(
            "SELECT count(*) FILTER (WHERE instr(notify, ?2) > 0), count(*), min(id) FILTER (WHERE instr(notify, ?2) > 0)
             FROM (SELECT id, notify FROM inbox INDEXED BY inbox_notify WHERE id > ?1 AND notify IS NOT NULL
                ORDER BY id LIMIT ?3)",
        )?
        .query_row(params![cursor, notify_of(&[id]), COUNTED], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
    let oldest = match first {
        Some(first) => connection
            .prepare_cached("SELECT received_at FROM inbox WHERE id = ?1")?
            .query_row([first], |r| r.get(0))
            .optional()?,
        None => None,
    };
    Ok((count, seen >= COUNTED, oldest))
}

fn queue(
    connection: &Connection,
    row: &TargetRow,
    progress: Option<super::live::Progress>,
) -> Result<Queue, StoreError> {
    let (dead, _) = delivery::count(connection, row.id, true)?;
    if row.mode != TargetMode::Notified {
        return Ok(((0, false, None), dead));
    }
    let (parked, oldest_parked) = delivery::count(connection, row.id, false)?;
    let (open, oldest_open, from) = progress.map_or((0, None, row.cursor), |p| (p.open, p.oldest, p.read_to));
    let (unread, more, oldest_unread) = after(connection, row.id, from)?;
    let oldest = [oldest_parked, oldest_open, oldest_unread].into_iter().flatten().min();
    Ok(((parked + open + unread, more, oldest), dead))
}

/// A target as it is shown.
pub(crate) async fn view(core: &Core, row: TargetRow) -> Result<Target, AppError> {
    let live = core.forward().live(row.id).ok_or_else(|| AppError::not_found("target", &row.id.to_string()))?;
    let progress = live.progress();
    let (row, ((waiting, waiting_more, oldest), dead)) = core
        .store()
        .read(move |c| {
            let queue = queue(c, &row, progress)?;
            Ok((row, queue))
        })
        .await?;
    let mut health = live.figures(core.clock().now());
    (health.waiting, health.waiting_more, health.oldest_waiting_at, health.dead) =
        (waiting, waiting_more, oldest, dead);
    Ok(Target {
        id: row.id,
        rules: core.rules().using(row.id),
        name: row.name,
        mode: row.mode,
        url: row.url,
        format: row.format,
        timeout_ms: row.timeout_ms,
        concurrency: row.concurrency,
        private_ok: row.private_ok,
        enabled: row.enabled,
        give_up_hours: row.give_up_hours,
        updated_at: row.updated_at,
        health,
    })
}
