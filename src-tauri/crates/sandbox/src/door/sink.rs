//! Owns: pushes over HTTP.
//! Must not: change a push.
//! Invariant: error texts hold no query: it carries signatures.

use wechat::BoxFuture;

use super::DoorError;
use super::outside::{Fetched, Outside, collect};
use crate::pump::{PushReply, PushSink};
use crate::push::Push;

/// Posts pushes to their URL.
#[derive(Debug, Clone)]
pub struct HttpSink(Outside);

impl HttpSink {
    /// A client with a limit of five seconds, without proxy and redirects.
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
            let request = request.header("content-type", push.content_type).body(push.body.clone());
            let Fetched { status, body } = collect(request).await?;
            Ok(PushReply { status, body })
        })
    }
}
