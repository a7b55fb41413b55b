//! The seam between typed calls and whatever carries them: HTTPS in production, a simulator in tests.
//!
//! Owns: the request and response shapes and the ways in which a carrier can fail.
//! Must not: open a socket or know a runtime.
//! Invariant: neither `Debug` nor an error text shows a query value, a body or a URL with its query.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use zeroize::Zeroize;

use crate::secret::SecretString;

/// A boxed future, so that [`Transport`] can be used as a trait object.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The two HTTP methods that the platform's API knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Query only.
    Get,
    /// Query and a JSON body.
    Post,
}

impl Method {
    /// The method as written in a request line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// Which of a platform's configured endpoints a request goes to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// `https://api.weixin.qq.com`, or what the operator put in its place.
    Api,
    /// `https://mp.weixin.qq.com`.
    Mp,
    /// `https://open.weixin.qq.com`.
    Open,
    /// A base URL of its own, without a path and without a trailing slash.
    Absolute(String),
}

/// One call, ready to be carried.
pub struct ApiRequest {
    /// GET or POST.
    pub method: Method,
    /// Where to.
    pub host: Host,
    /// Starts with `/`, no query. Never holds a secret, so it may be logged.
    pub path: String,
    /// Names and raw (not yet percent-encoded) values, in order.
    pub query: Vec<(String, SecretString)>,
    /// Sent as [`ApiRequest::content_type`]; zeroed when the request is dropped.
    pub body: Option<Vec<u8>>,
    /// What the body is; none for JSON in UTF-8, which all calls but uploads send.
    pub content_type: Option<String>,
}

impl ApiRequest {
    /// A GET of `path` at [`Host::Api`].
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::Get,
            host: Host::Api,
            path: path.into(),
            query: Vec::new(),
            body: None,
            content_type: None,
        }
    }

    /// A POST of a JSON `body` to `path` at [`Host::Api`].
    pub fn post(path: impl Into<String>, body: Vec<u8>) -> Self {
        Self {
            method: Method::Post,
            host: Host::Api,
            path: path.into(),
            query: Vec::new(),
            body: Some(body),
            content_type: None,
        }
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn with_query(mut self, name: impl Into<String>, value: impl Into<SecretString>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// The value of the first query parameter called `name`.
    pub fn query_value(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, v)| v.expose().as_str())
    }

    /// `path?query` with percent-encoded values: the request target of an HTTP request. It holds secrets.
    pub fn target(&self) -> SecretString {
        let mut out = String::with_capacity(
            self.path.len() + self.query.iter().map(|(n, v)| n.len() + v.len() + 2).sum::<usize>(),
        );
        out.push_str(&self.path);
        for (i, (name, value)) in self.query.iter().enumerate() {
            out.push(if i == 0 { '?' } else { '&' });
            crate::links::push_encoded(&mut out, name);
            out.push('=');
            crate::links::push_encoded(&mut out, value.expose());
        }
        SecretString::from(out)
    }

    /// Takes the body out, leaving none; for carriers that need to own it.
    pub fn take_body(&mut self) -> Option<Vec<u8>> {
        self.body.take()
    }
}

impl Drop for ApiRequest {
    fn drop(&mut self) {
        if let Some(body) = &mut self.body {
            body.zeroize();
        }
    }
}

impl Clone for ApiRequest {
    fn clone(&self) -> Self {
        Self {
            method: self.method,
            host: self.host.clone(),
            path: self.path.clone(),
            query: self.query.clone(),
            body: self.body.clone(),
            content_type: self.content_type.clone(),
        }
    }
}

impl fmt::Debug for ApiRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.query.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("ApiRequest")
            .field("method", &self.method)
            .field("host", &self.host)
            .field("path", &self.path)
            .field("query", &names)
            .field("body_len", &self.body.as_ref().map(Vec::len))
            .finish()
    }
}

/// What came back. The body of a token call is a secret, so `Debug` shows its length only.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiResponse {
    /// The HTTP status; WeChat answers 200 even for errors.
    pub status: u16,
    /// The whole body.
    pub body: Vec<u8>,
    /// `Content-Type` as sent, if any: media calls answer JSON only when they refuse.
    pub content_type: Option<String>,
}

impl ApiResponse {
    /// An answer of which the carrier knows no type.
    pub fn new(status: u16, body: Vec<u8>) -> Self {
        Self { status, body, content_type: None }
    }
}

impl fmt::Debug for ApiResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiResponse").field("status", &self.status).field("body_len", &self.body.len()).finish()
    }
}

/// Why no answer came. Texts come from the carrier and never contain a URL's query ([`without_queries`]).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No answer in time. WeChat may or may not have done what was asked.
    #[error("no answer in time")]
    Timeout,
    /// The connection was never made, so nothing was asked.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// The connection broke after the request went out. WeChat may or may not have done what was asked.
    #[error("connection lost: {0}")]
    Dropped(String),
    /// The outbound proxy refused or could not be reached, so nothing was asked.
    #[error("proxy: {0}")]
    Proxy(String),
    /// The answer was larger than any that this protocol knows.
    #[error("the answer is too large")]
    TooLarge,
}

impl TransportError {
    /// Whether WeChat may have acted on the request although no answer arrived.
    /// A refresh token may then have been rotated without our knowing the new one.
    pub fn maybe_delivered(&self) -> bool {
        matches!(self, Self::Timeout | Self::Dropped(_) | Self::TooLarge)
    }
}

/// Carries a request and brings the answer back. Implementations keep secrets out of their errors and logs.
pub trait Transport: Send + Sync {
    /// Sends `req` once; no retry, no interpretation of the body.
    fn send(&self, req: ApiRequest) -> BoxFuture<'_, Result<ApiResponse, TransportError>>;
}

/// `text` with the query and fragment of every URL in it replaced by `?***`.
/// HTTP clients put the whole URL, token included, into their error texts.
pub fn without_queries(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        out.push_str(head);
        let end = tail
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | ')' | ']'))
            .unwrap_or(tail.len());
        let (url, after) = tail.split_at(end);
        match url.find(['?', '#']) {
            Some(query) => {
                out.push_str(&url[..query]);
                out.push_str("?***");
            }
            None => out.push_str(url),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_query_values_and_bodies() {
        let req = ApiRequest::post("/cgi-bin/x", b"{\"component_appsecret\":\"S3CRET\"}".to_vec())
            .with_query("access_token", "T0KEN");
        let shown = format!("{req:?}");
        assert!(shown.contains("access_token") && shown.contains("/cgi-bin/x"));
        assert!(!shown.contains("T0KEN") && !shown.contains("S3CRET"));
        let shown = format!("{:?}", ApiResponse::new(200, b"T0KEN".to_vec()));
        assert_eq!(shown, "ApiResponse { status: 200, body_len: 5 }");
    }

    #[test]
    fn target_percent_encodes_values() {
        let req = ApiRequest::get("/p").with_query("a", "x@@@y z").with_query("b", "1");
        assert_eq!(req.target().expose(), "/p?a=x%40%40%40y%20z&b=1");
        assert_eq!(req.query_value("b"), Some("1"));
        assert_eq!(req.query_value("c"), None);
        assert_eq!(ApiRequest::get("/p").target().expose(), "/p");
    }

    #[test]
    fn urls_lose_their_queries() {
        let text =
            "error sending request for url (https://api.weixin.qq.com/cgi-bin/x?access_token=T0KEN&a=1): timed out";
        assert_eq!(
            without_queries(text),
            "error sending request for url (https://api.weixin.qq.com/cgi-bin/x?***): timed out"
        );
        assert_eq!(without_queries("a https://h/p b http://h?q c"), "a https://h/p b http://h?*** c");
        assert_eq!(without_queries("why?"), "why?");
    }

    #[test]
    fn only_an_unanswered_request_may_have_been_delivered() {
        assert!(TransportError::Timeout.maybe_delivered());
        assert!(TransportError::Dropped(String::new()).maybe_delivered());
        assert!(!TransportError::Connect(String::new()).maybe_delivered());
        assert!(!TransportError::Proxy(String::new()).maybe_delivered());
    }
}
