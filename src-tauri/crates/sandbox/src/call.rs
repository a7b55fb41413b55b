//! Owns: the shape of a call and of its answer, whichever carrier brings it.
//! Must not: answer anything.
//! Invariant: no `Debug` of this file shows a query value or a body.

use std::fmt;

use serde_json::Value;
use wechat::Method;

/// A call as it arrives, from whichever carrier.
#[derive(Clone)]
pub struct Request {
    /// GET or POST.
    pub method: Method,
    /// Starts with `/`, no query.
    pub path: String,
    /// Decoded names and values.
    pub query: Vec<(String, String)>,
    /// The raw body.
    pub body: Option<Vec<u8>>,
    /// What the body says it is; uploads are `multipart/form-data`.
    pub content_type: Option<String>,
    /// The address that IP refusals name.
    pub client_ip: String,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Query and body hold secrets.
        f.debug_struct("Request").field("method", &self.method).field("path", &self.path).finish_non_exhaustive()
    }
}

/// What the caller gets.
#[derive(Clone, PartialEq, Eq)]
pub enum Answer {
    /// A whole answer.
    Full {
        /// HTTP status.
        status: u16,
        /// `application/json`, `text/html`, or what a download is.
        content_type: &'static str,
        /// The name a download is offered under (`Content-disposition`).
        filename: Option<String>,
        /// The body.
        body: Vec<u8>,
    },
    /// An answer that announces `whole` bytes and ends after `part`.
    Half {
        /// HTTP status.
        status: u16,
        /// What is sent.
        part: Vec<u8>,
        /// Length of the whole body.
        whole: usize,
    },
    /// The connection breaks without an answer.
    Dropped,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { status, body, .. } => write!(f, "Full {{ status: {status}, body_len: {} }}", body.len()),
            Self::Half { status, part, whole } => write!(f, "Half {{ status: {status}, {} of {whole} }}", part.len()),
            Self::Dropped => f.write_str("Dropped"),
        }
    }
}

impl Answer {
    pub(crate) fn json(body: &Value) -> Self {
        Self::Full {
            status: 200,
            content_type: "application/json; encoding=utf-8",
            filename: None,
            body: body.to_string().into_bytes(),
        }
    }

    pub(crate) fn html(status: u16, body: &str) -> Self {
        Self::Full { status, content_type: "text/html; charset=utf-8", filename: None, body: body.as_bytes().to_vec() }
    }
}

/// What an interface answers, before a fault may spoil it.
pub(crate) enum Content {
    /// JSON, as nearly all of them do.
    Json(Value),
    /// Bytes: pictures and media.
    Bytes { status: u16, content_type: &'static str, filename: Option<String>, body: Vec<u8> },
}

impl Content {
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Json(value) => value.to_string().into_bytes(),
            Self::Bytes { body, .. } => body,
        }
    }
}

impl From<Content> for Answer {
    fn from(content: Content) -> Self {
        match content {
            Content::Json(value) => Self::json(&value),
            Content::Bytes { status, content_type, filename, body } => {
                Self::Full { status, content_type, filename, body }
            }
        }
    }
}

/// An answer and how long it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Milliseconds from the arrival of the call to the answer, on top of the carrier's own latency.
    pub delay_ms: u64,
    /// What then arrives.
    pub answer: Answer,
}

/// A call in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallId(pub(crate) u64);

/// How a call ended for the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The answer was handed to the carrier whole.
    Answered,
    /// The client gave up before, so it knows nothing of the answer.
    Abandoned,
}
