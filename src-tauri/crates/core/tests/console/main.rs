//! What a person tries by hand, through the real engine and the simulated platform: signed pages, parametric QR codes,
//! and calls of any API.

#![expect(clippy::unwrap_used, reason = "a test: a failure should stop it where it stands")]

mod js_sdk;
mod scene_codes;
mod trial;
#[expect(dead_code, reason = "shared with the tests of menus")]
#[path = "../menus/world.rs"]
mod world;

use wxdesk_core::clock::{Clock, MAX_SLEEP_MS};

impl world::World {
    /// Lets so many simulated ms pass.
    async fn pass(&self, ms: i64) {
        let end = self.clock.monotonic() + ms;
        while self.clock.monotonic() < end {
            self.clock.sleep((end - self.clock.monotonic()).min(MAX_SLEEP_MS)).await;
        }
    }
}
