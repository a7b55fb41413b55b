//! Attempts outside of queues on their way into the log, and the end of what is old.
//!
//! Invariant: nobody who asks a target waits for the store.

use crate::core::Core;
use crate::store::StoreError;
use crate::store::tables::delivery;
use crate::store::tables::delivery_log::{self, LogRow};

/// Rows are gathered so long before they are written, ms.
const GATHER: i64 = 250;
/// Rows of one commit: pushes that share it must not wait long for their answer.
const BATCH: usize = 200;
/// Pause after a batch could not be written, ms.
const AGAIN: i64 = 10_000;
/// Between two looks at what is old, ms.
const TIDY: i64 = 60_000;

fn take(core: &Core) -> Vec<LogRow> {
    let mut log = core.forward().log.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let count = log.len().min(BATCH);
    log.drain(..count).collect()
}

/// Writes what was gathered, after whoever is at it already: what was gathered before the call is in the store behind it.
/// Rows of a target that went meanwhile are dropped; rows that cannot be written are lost.
///
/// # Errors
/// The store's.
pub(crate) async fn flush(core: &Core) -> Result<(), StoreError> {
    let _turn = core.forward().log_writer.lock().await;
    loop {
        let mut rows = take(core);
        if rows.is_empty() {
            return Ok(());
        }
        rows.retain(|row| core.forward().live(row.target_id).is_some());
        core.store().write(move |tx| delivery_log::insert(tx, &rows)).await?;
    }
}

/// Writes rows as they come, for ever.
pub(super) async fn run(core: &Core) {
    loop {
        core.forward().log_grown.notified().await;
        core.clock().sleep(GATHER).await;
        match flush(core).await {
            Ok(()) => {}
            Err(StoreError::Stopping) => return,
            Err(e) => {
                tracing::warn!(error = %e, "attempts at business servers could not be logged");
                core.clock().sleep(AGAIN).await;
            }
        }
    }
}

/// Removes what is old, in small pieces, for ever.
pub(super) async fn tidy(core: &Core) {
    loop {
        if let Err(e) = tidy_once(core).await {
            tracing::warn!(error = %e, "old attempts at business servers could not be removed");
        }
        let until = core.clock().monotonic() + TIDY;
        while core.clock().monotonic() < until {
            core.clock().sleep(until - core.clock().monotonic()).await;
        }
    }
}

async fn tidy_once(core: &Core) -> Result<(), StoreError> {
    for live in core.forward().all() {
        let (id, now) = (live.id, core.clock().now());
        let piece =
            || core.store().write(move |tx| Ok(delivery_log::prune(tx, id, now)? + delivery::prune(tx, id, now)?));
        while piece().await? > 0 {}
    }
    Ok(())
}
