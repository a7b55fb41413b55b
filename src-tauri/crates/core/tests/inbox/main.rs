//! The inbox through the real engine and the simulated platform: what followers do is found and shown, what is refused is
//! told with its reason, and who is written to when.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test: a failure should stop it where it stands")]

mod followers;
mod reading;
mod rejections;
#[path = "../support/mod.rs"]
mod support;
#[expect(dead_code, reason = "shared with the tests of menus, which use the rest")]
#[path = "../menus/world.rs"]
mod world;

use wxdesk_core::clock::{Clock, MAX_SLEEP_MS};
use wxdesk_core::dto::{InboxQuery, PushItem};
use wxdesk_sandbox::lock;

impl world::World {
    /// WeChat's clock, ms.
    fn at(&self) -> i64 {
        world::T0 + self.clock.monotonic()
    }

    /// Lets so many simulated ms pass.
    async fn pass(&self, ms: i64) {
        let end = self.clock.monotonic() + ms;
        while self.clock.monotonic() < end {
            self.clock.sleep((end - self.clock.monotonic()).min(MAX_SLEEP_MS)).await;
        }
    }

    /// A follower sends this, and it arrives.
    async fn says(&self, appid: &str, openid: &str, fields: &[(&str, &str)]) -> PushItem {
        let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let newest = self.found(InboxQuery::default()).await.first().map_or(0, |item| item.id);
        assert!(lock(&self.platform).push_message(self.at(), appid, openid, &fields));
        self.arrives(openid, newest).await
    }

    /// The next push of a follower after this one.
    async fn arrives(&self, openid: &str, after: i64) -> PushItem {
        let query = InboxQuery { sender: Some(openid.to_owned()), after: Some(after), ..InboxQuery::default() };
        for _ in 0..1_000 {
            if let Some(item) = self.found(query.clone()).await.pop() {
                return item;
            }
            self.clock.sleep(20).await;
        }
        panic!("it never arrived");
    }

    async fn found(&self, query: InboxQuery) -> Vec<PushItem> {
        self.core.list_pushes(query).await.unwrap().items
    }
}
