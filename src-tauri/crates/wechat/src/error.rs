//! How a call to WeChat can fail, and what kind of failure it is.
//!
//! Owns: the error types of calls, the classes that policy branches on, and the scrubbing of foreign texts.
//! Must not: decide when to retry; that is the engine's policy.
//! Invariant: an [`ApiError`] message is at most [`MAX_MESSAGE_CHARS`] long and holds no secret of its request.

use std::net::IpAddr;

use crate::secret::SecretString;
use crate::transport::TransportError;

/// Longer messages are cut: WeChat's own stay under 200 characters, a stranger's may be a whole page.
pub const MAX_MESSAGE_CHARS: usize = 300;

/// Why a call brought no usable answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// No answer at all.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// An HTTP status other than 200, so a gateway or proxy answered, not WeChat.
    #[error("HTTP status {status}")]
    Http {
        /// The status.
        status: u16,
    },
    /// The body is not what this call answers. Says why, never what it held.
    #[error("unreadable answer: {0}")]
    BadBody(String),
    /// WeChat refused.
    #[error(transparent)]
    Api(#[from] ApiError),
}

/// A refusal by WeChat.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// `errcode`; see [`crate::errors`].
    pub code: i64,
    /// `errmsg`, scrubbed and capped. For people, never to branch on.
    pub message: String,
    /// The request id in `errmsg`, for `openapi/rid/get`; valid for 7 days.
    pub rid: Option<String>,
    /// The address that WeChat saw, in the two codes about white lists (40164, 61004).
    pub ip: Option<String>,
}

/// What kind of failure it is: the only thing that policy looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// Passes by itself: network, 5xx, -1, an unreadable body.
    Transient,
    /// The token used is not (or no longer) accepted: refresh it once and try again.
    RejectedToken,
    /// A daily or monthly quota is used up: wait for its reset.
    Quota,
    /// Too many calls in a minute: wait for the next one.
    RateLimited,
    /// Someone has to change the configuration here or at WeChat.
    Operator,
    /// The account's administrator has to authorize (again).
    NeedsAuthorization,
    /// The request itself was wrong.
    ClientBug,
    /// A refusal for a reason of its own, in the table with advice or not known at all.
    Other,
}

impl CallError {
    /// The class of this failure.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Transport(_) | Self::BadBody(_) => ErrorClass::Transient,
            Self::Http { status } => match status {
                408 | 425 | 500..=599 => ErrorClass::Transient,
                429 => ErrorClass::RateLimited,
                // WeChat answers 200 even for errors: 4xx or a redirect comes from a proxy or a wrong endpoint.
                300..=499 => ErrorClass::Operator,
                _ => ErrorClass::Other,
            },
            Self::Api(error) => error.class(),
        }
    }

    /// The refusal, if WeChat refused.
    pub fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Api(error) => Some(error),
            _ => None,
        }
    }

    /// WeChat's code, if WeChat refused.
    pub fn code(&self) -> Option<i64> {
        self.api().map(|error| error.code)
    }
}

impl ApiError {
    /// Builds an error from an answer's `errcode` and `errmsg`. Every occurrence of one of `secrets`, of its
    /// percent-encoded form, and of anything that looks like a secret of this protocol becomes `***`.
    pub fn new(code: i64, errmsg: &str, secrets: &[SecretString]) -> Self {
        let clean = scrub(errmsg, secrets);
        let ip = if matches!(code, 40164 | 61004 | 45035) { find_ip(&clean) } else { None };
        Self { code, rid: find_rid(&clean), ip, message: cap(&clean) }
    }

    /// The class of this code.
    pub fn class(&self) -> ErrorClass {
        crate::errors::class_of(self.code)
    }
}

/// `text` on one line, without any of `secrets` and without anything that looks like a secret of this protocol.
pub fn scrub(text: &str, secrets: &[SecretString]) -> String {
    let mut out: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    // Longest first: when one secret is part of another, the longer one must go as a whole.
    let mut values: Vec<&str> = secrets.iter().map(|s| s.expose().as_str()).filter(|s| !s.is_empty()).collect();
    values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    for value in values {
        if out.contains(value) {
            out = out.replace(value, "***");
        }
        let encoded = crate::links::encode(value);
        if encoded != value && out.contains(&encoded) {
            out = out.replace(&encoded, "***");
        }
    }
    for marker in SECRET_MARKERS {
        out = mask_after(&out, marker);
    }
    out
}

/// What a secret follows in WeChat's texts, whoever's it is: the prefixes of real values and parameter names.
const SECRET_MARKERS: [&str; 12] = [
    "ticket@@@",
    "preauthcode@@@",
    "queryauthcode@@@",
    "refreshtoken@@@",
    "access_token=",
    "refresh_token=",
    "secret=",
    "auth_code=",
    "pre_auth_code=",
    "js_code=",
    "component_verify_ticket=",
    "authorization_code=",
];

fn mask_after(text: &str, marker: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(marker) {
        let (head, tail) = rest.split_at(at + marker.len());
        out.push_str(head);
        let end = tail
            .find(|c: char| {
                !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '@' | '%' | '.' | '*' | '+' | '/' | '='))
            })
            .unwrap_or(tail.len());
        if end > 0 {
            out.push_str("***");
        }
        rest = &tail[end..];
    }
    out.push_str(rest);
    out
}

fn cap(text: &str) -> String {
    text.trim().chars().take(MAX_MESSAGE_CHARS).collect()
}

/// `rid: 5fa26c60-1a0ebdd5-32fd1cd0` → the three groups of hex digits.
fn find_rid(text: &str) -> Option<String> {
    let at = text.rfind("rid:")?;
    let rid: String =
        text[at + 4..].trim_start().chars().take_while(|c| c.is_ascii_hexdigit() || *c == '-').take(64).collect();
    (rid.len() >= 8).then_some(rid)
}

/// `invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, …` and `… requestIP: 1.2.3.4 …` → the first address.
fn find_ip(text: &str) -> Option<String> {
    ["invalid ip ", "requestIP:", "ip:"].iter().find_map(|marker| {
        let tail = text[text.find(marker)? + marker.len()..].trim_start();
        let end = tail.find(|c: char| !(c.is_ascii_hexdigit() || matches!(c, '.' | ':'))).unwrap_or(tail.len());
        let address = tail[..end].trim_end_matches(['.', ':']);
        address.parse::<IpAddr>().ok().map(|ip| ip.to_string())
    })
}

#[cfg(test)]
mod tests;
