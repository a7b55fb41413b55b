//! Workers of notified targets.

use super::log;
use crate::core::Core;

/// Between two words to the window, ms.
const TELL: i64 = 500;

/// Delivers to notified targets, for ever.
pub(crate) async fn run(core: Core) {
    tokio::join!(tell(&core), log::run(&core), log::tidy(&core));
}

/// Tells the window of changes, twice a second at most.
async fn tell(core: &Core) {
    loop {
        core.forward().changed.notified().await;
        core.changes().tell(["targets"]);
        core.clock().sleep(TELL).await;
    }
}
