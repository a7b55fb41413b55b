//! Owns: pushes over HTTP.
//! Must not: use a proxy, or follow a redirect (WeChat does not).
//! Invariant: error texts hold no query: it carries signatures.

use std::time::Duration;

use wechat::BoxFuture;

use super::DoorError;
use crate::pump::{PushReply, PushSink};
use crate::push::Push;

/// WeChat closes the connection after this long (B.1).
const LIMIT: Duration = Duration::from_secs(5);
/// More of an answer is not read; a passive reply is far smaller.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Posts pushes to their URL.
#[derive(Debug, Clone)]
pub struct HttpSink(reqwest::Client);

impl HttpSink {
    /// A client with a limit of five seconds, without proxy and redirects.
    ///
    /// # Errors
    /// [`DoorError::Client`] if the TLS set-up fails.
    pub fn new() -> Result<Self, DoorError> {
        // Fails if the program installed one already, which is just as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(LIMIT)
            .user_agent("Mozilla/4.0")
            .build();
        client.map(Self).map_err(|error| DoorError::Client(error.to_string()))
    }
}

impl PushSink for HttpSink {
    fn deliver<'a>(&'a self, push: &'a Push) -> BoxFuture<'a, Result<PushReply, String>> {
        Box::pin(async move {
            let request = self.0.post(format!("{}?{}", push.url, push.query)).header("content-type", "text/xml");
            let reason = |error: reqwest::Error| wechat::transport::without_queries(&error.to_string());
            let mut answer = request.body(push.body.clone()).send().await.map_err(reason)?;
            let status = answer.status().as_u16();
            let mut body = Vec::new();
            while let Some(chunk) = answer.chunk().await.map_err(reason)? {
                body.extend_from_slice(&chunk);
                if body.len() > LONGEST_ANSWER {
                    return Err("the answer is too long".to_owned());
                }
            }
            Ok(PushReply { status, body })
        })
    }
}
