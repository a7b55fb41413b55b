//! Owns: requests that the sandbox makes as WeChat would: a URL verification, a second visit of a redirect.
//! Must not: use a proxy, or follow a redirect (WeChat does not).
//! Invariant: error texts hold no query: it carries signatures and codes.

use std::time::Duration;

use super::DoorError;

/// WeChat waits this long (L).
const LIMIT: Duration = Duration::from_secs(5);
/// More of an answer is not read.
const LONGEST_ANSWER: usize = 64 * 1024;

/// A client for what WeChat requests.
#[derive(Debug, Clone)]
pub(crate) struct Outside(pub(super) reqwest::Client);

/// What came back.
pub(crate) struct Fetched {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Outside {
    pub(super) fn new() -> Result<Self, DoorError> {
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

    pub(crate) async fn get(&self, url: &str) -> Result<Fetched, String> {
        collect(self.0.get(url)).await
    }
}

/// Sends a request and reads the answer up to the limit.
pub(super) async fn collect(request: reqwest::RequestBuilder) -> Result<Fetched, String> {
    let reason = |error: reqwest::Error| wechat::transport::without_queries(&error.to_string());
    let mut answer = request.send().await.map_err(reason)?;
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(reason)? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_ANSWER {
            return Err("the answer is too long".to_owned());
        }
    }
    Ok(Fetched { status, body })
}
