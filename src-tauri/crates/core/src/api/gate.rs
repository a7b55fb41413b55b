//! Who may pass: the key, its scope, and the Host header.
//!
//! Invariants: keys are compared as SHA-256 digests in constant time and stored in no other form; a page of another
//! site cannot reach the API through a name that it lets point at this machine (DNS rebinding), since a loopback API
//! answers to loopback names only; no CORS header is ever sent.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use wechat::secret::SecretString;

use super::table::{error, harden};
use crate::core::Core;
use crate::dto::ErrorCode;
use crate::error::AppError;
use crate::store::tables::api_key::{self, Scope};

/// Marks a request that was made inside this process. Nothing that comes over a socket can carry it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trusted;

/// State of one private door.
pub(super) struct Gate {
    pub core: Core,
    admin: Option<[u8; 32]>,
    loopback: bool,
    /// One asker a credential; see `tokens`.
    pub asks: Mutex<HashMap<i64, Arc<tokio::sync::Mutex<()>>>>,
}

/// SHA-256 of a key.
pub(super) fn digest(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

impl Gate {
    /// With the engine's admin key; `loopback`: the socket is bound to a loopback address.
    pub fn new(core: Core, admin_key: &SecretString, loopback: bool) -> Self {
        Self { core, admin: Some(digest(admin_key.expose())), loopback, asks: Mutex::default() }
    }

    /// Without an admin key, for requests made inside this process.
    pub fn closed(core: Core) -> Self {
        Self { core, admin: None, loopback: true, asks: Mutex::default() }
    }

    /// Lets a request pass that has a key of at least this scope.
    pub async fn authorize(&self, headers: &HeaderMap, scope: Scope) -> Result<(), AppError> {
        let unknown = |words: &str| AppError::new(ErrorCode::Unauthenticated, words);
        let value = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
        let value = value.ok_or_else(|| unknown("an API key is needed: Authorization: Bearer wk_…"))?;
        let key = value
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, key)| key.trim())
            .ok_or_else(|| unknown("the Authorization header must be: Bearer wk_…"))?;
        let digest = digest(key);
        let granted = if self.admin.is_some_and(|admin| admin.ct_eq(&digest).into()) {
            Scope::Admin
        } else {
            let known = self.core.store().read(move |c| Ok(api_key::find(c, &digest)?)).await?;
            known.ok_or_else(|| unknown("this API key is not known, or was revoked"))?.scope
        };
        if granted < scope {
            let words = format!("this needs a key of scope {}, the key has {}", scope.text(), granted.text());
            return Err(AppError::new(ErrorCode::Forbidden, words));
        }
        Ok(())
    }

    fn host_passes(&self, request: &Request) -> bool {
        if !self.loopback {
            // The operator bound it to a network on purpose, under names that we cannot know.
            return true;
        }
        // HTTP/1.1 requires the header; a request target in absolute form carries the name instead.
        let header = request.headers().get(header::HOST).and_then(|v| v.to_str().ok());
        let target = request.uri().authority().map(|a| a.as_str());
        let mut names = header.into_iter().chain(target).peekable();
        names.peek().is_some() && names.all(is_loopback)
    }
}

fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or(""),
        None => authority.split(':').next().unwrap_or(""),
    };
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Before every route.
pub(super) async fn guard(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    if !gate.host_passes(&request) {
        let words = "the local API answers to loopback names only (localhost, 127.0.0.1, [::1])";
        return harden(error(&AppError::new(ErrorCode::Forbidden, words)));
    }
    harden(next.run(request).await)
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_loopback_names_pass() {
        for name in ["localhost", "LOCALHOST:8091", "127.0.0.1:8091", "127.9.9.9", "[::1]:8091", "[::1]"] {
            assert!(is_loopback(name), "{name}");
        }
        for name in
            ["", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1:8091", "[::2]", "::1"]
        {
            assert!(!is_loopback(name), "{name}");
        }
    }
}
