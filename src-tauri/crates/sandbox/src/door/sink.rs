//! Owns: pushes over HTTP.
//! Must not: change a push.
//! Invariant: error texts hold no query: it carries signatures.

use std::time::Duration;

use wechat::BoxFuture;

use super::DoorError;
use super::outside::{Fetched, Outside, collect};
use crate::pump::{PushReply, PushSink};
use crate::push::Push;

/// The pump ends an attempt in time; this only keeps a stuck connection from staying for ever.
const AT_LAST: Duration = Duration::from_secs(600);

/// Posts pushes to their URL.
#[derive(Debug, Clone)]
pub struct HttpSink(Outside);

impl HttpSink {
    /// A client without proxy and redirects.
    ///
    /// # Errors
    /// [`DoorError::Client`] if the TLS set-up fails.
    pub fn new() -> Result<Self, DoorError> {
        Outside::new().map(Self)
    }
}

impl PushSink for HttpSink {
    fn deliver<'a>(&'a self, push: &'a Push) -> BoxFuture<'a, Result<PushReply, String>> {
        Box::pin(async move {
            let request = self.0.0.post(format!("{}?{}", push.url, push.query));
            let request = request.header("content-type", push.content_type).body(push.body.clone()).timeout(AT_LAST);
            let Fetched { status, body } = collect(request).await?;
            Ok(PushReply { status, body })
        })
    }
}
