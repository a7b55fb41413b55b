//! How long pushes are kept: by age, and by the space they take.
//!
//! Owns the two limits and the way to them. Must not: hold the writer up for long, walk the whole table, or remove what a
//! business server still has to get. Invariant: whatever lies below the mark (`PRUNED_TO`) went, or is needed by one.

use rusqlite::Connection;

use crate::core::Core;
use crate::store::StoreError;
use crate::store::tables::inbox::{self, Expired, Piece};
use crate::store::tables::{setting, target};

/// Days that pushes are kept unless the operator says otherwise.
const DEFAULT_DAYS: u32 = 7;
/// MiB that they may take unless the operator says otherwise.
const DEFAULT_MIB: u32 = 2_048;
/// Names of those settings.
const DAYS: &str = "inbox_days";
const MIB: &str = "inbox_mib";
/// Name of the mark.
const PRUNED_TO: &str = "inbox_pruned_to";

/// Rows of one commit: pushes that share it must not wait long for their answer (1,000 rows take about 4 ms).
const AT_ONCE: i64 = 1_000;
/// Pause between two of them, ms.
const PAUSE: i64 = 10;
/// Pushes that are looked at to tell how many there are and how large.
const PROBES: i64 = 128;
/// Bytes of a page of the store, and of those what SQLCipher leaves to SQLite.
const PAGE: i64 = 4_096;
const USABLE: i64 = PAGE - 80;
/// Counting of needed pushes stops here.
const MOST_HELD: i64 = 20_000;

const DAY: i64 = 24 * 3_600_000;

/// The operator's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Keep {
    /// Days.
    pub days: u32,
    /// MiB.
    pub mib: u32,
}

/// Reads the limits.
///
/// # Errors
/// SQLite's.
pub(crate) fn keep(connection: &Connection) -> Result<Keep, StoreError> {
    let or = |value: u32, default| if value == 0 { default } else { value };
    Ok(Keep {
        days: or(setting::get(connection, DAYS)?, DEFAULT_DAYS),
        mib: or(setting::get(connection, MIB)?, DEFAULT_MIB),
    })
}

/// Changes the limits.
///
/// # Errors
/// The store's.
pub(crate) async fn set_keep(core: &Core, keep: Keep) -> Result<(), StoreError> {
    core.store()
        .write(move |tx| {
            setting::put(tx, DAYS, &keep.days)?;
            setting::put(tx, MIB, &keep.mib)
        })
        .await
}

/// How much the inbox holds, about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Size {
    /// Pushes.
    pub rows: i64,
    /// Bytes.
    pub bytes: i64,
    /// Arrival of the oldest, ms.
    pub oldest_at: Option<i64>,
    /// Those that are kept beyond the limits because a business server needs them.
    pub held: i64,
    /// Where pruning goes on.
    next: i64,
    /// Ids from there on.
    ids: i64,
    /// Pushes among them.
    young: i64,
}

/// Tells the size from a few probes: ids follow one another without gaps but for those that a removed platform left.
///
/// # Errors
/// SQLite's.
pub(crate) fn size(connection: &Connection) -> Result<Size, StoreError> {
    let Some((lowest, highest)) = inbox::span(connection)? else { return Ok(Size::default()) };
    let mark: i64 = setting::get(connection, PRUNED_TO)?;
    let next = mark.max(lowest);
    let held = if lowest < mark { inbox::count_below(connection, mark, MOST_HELD)? } else { 0 };
    let ids = (highest - next + 1).max(0);
    let probes = ids.min(PROBES);
    let (mut hits, mut bytes) = (0, 0);
    for n in 0..probes {
        // Spread evenly; all of them when there are few.
        if let Some((push, answer)) = inbox::bytes_of(connection, next + n * ids / probes)? {
            hits += 1;
            bytes += on_disk(push) + if answer > 0 { on_disk(answer) } else { 0 };
        }
    }
    if hits == 0 && held > 0 {
        bytes = inbox::bytes_of(connection, lowest)?.map_or(0, |(push, _)| on_disk(push));
    }
    let young = if probes == 0 { 0 } else { ids.saturating_mul(hits) / probes };
    let rows = young + held;
    Ok(Size {
        rows,
        bytes: rows.saturating_mul(bytes / hits.max(1)),
        oldest_at: inbox::arrival_from(connection, lowest)?,
        held,
        next,
        ids,
        young,
    })
}

/// The share of the file that a record takes (sqlite.org/fileformat2.html, 1.6): as many of its size as fit into a page
/// share it; the end of a long one has pages of its own.
fn on_disk(record: i64) -> i64 {
    // Size, row id, and the pointer to it.
    const CELL: i64 = 7;
    let most = USABLE - 35;
    if record <= most {
        let together = ((USABLE - 8) / (record + CELL)).max(1);
        return PAGE / together;
    }
    let least = (USABLE - 12) * 32 / 255 - 23;
    let begin = least + (record - least) % (USABLE - 4);
    let begin = if begin <= most { begin } else { least };
    let pages = (record - begin + USABLE - 5) / (USABLE - 4);
    // The begins of several lie together, and half of one's room is left over.
    pages * PAGE + (begin + CELL + 4) * PAGE / (USABLE - 8 - begin / 2).max(begin + CELL)
}

/// The id below which pushes go because of the space they take.
fn below_for_space(size: &Size, keep: Keep) -> i64 {
    let limit = i64::from(keep.mib) << 20;
    if size.bytes <= limit || size.rows == 0 || size.young == 0 {
        return 0;
    }
    let each = (size.bytes / size.rows).max(1);
    // A little more than it must be, so that not every new push makes an old one go.
    let excess = (size.bytes - limit + limit / 50) / each + 1;
    // More ids than rows when there are gaps.
    let ids = excess.saturating_mul(size.ids) / size.young;
    size.next.saturating_add(ids).min(size.next + size.ids)
}

/// Removes what is beyond the limits, in pieces. `thorough`: also looks whether needed pushes beyond them are needed no
/// more.
pub(crate) async fn prune(core: &Core, thorough: bool) {
    let removed = match pieces(core, thorough).await {
        Ok(removed) => removed,
        Err(StoreError::Stopping) => return,
        Err(e) => {
            tracing::warn!(error = %e, "old pushes could not be removed");
            return;
        }
    };
    if removed > 0 {
        tracing::debug!(removed, "old pushes were removed");
        core.changes().tell(["inbox"]);
    }
}

async fn pieces(core: &Core, thorough: bool) -> Result<usize, StoreError> {
    let (keep, size) = core.store().read(|c| Ok((keep(c)?, size(c)?))).await?;
    let now = core.clock().now();
    let before = now - i64::from(keep.days) * DAY;
    let below = below_for_space(&size, keep);
    let mut removed = 0;
    loop {
        let piece = core.store().write(move |tx| {
            let from: i64 = setting::get(tx, PRUNED_TO)?;
            let from = inbox::span(tx)?.map_or(from, |(lowest, _)| from.max(lowest));
            let expired = Expired { before, below, needed_from: target::needed_from(tx, now)? };
            let piece = inbox::prune(tx, from, AT_ONCE, expired)?;
            if piece.done_to > from {
                setting::put(tx, PRUNED_TO, &piece.done_to)?;
            }
            Ok(piece)
        });
        let Piece { removed: of_it, more, .. } = piece.await?;
        removed += of_it;
        if !more {
            break;
        }
        core.clock().sleep(PAUSE).await;
    }
    if thorough {
        let mut from = 0;
        loop {
            let piece = core.store().write(move |tx| {
                let to: i64 = setting::get(tx, PRUNED_TO)?;
                inbox::prune_needed(tx, from, AT_ONCE, to, target::needed_from(tx, now)?)
            });
            let Piece { removed: of_it, done_to, more } = piece.await?;
            removed += of_it;
            if !more {
                break;
            }
            from = done_to;
            core.clock().sleep(PAUSE).await;
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests;
