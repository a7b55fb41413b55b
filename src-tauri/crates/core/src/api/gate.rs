//! Who may pass: the key, its scope, and the Host header.
//!
//! Invariants: keys are compared as SHA-256 digests in constant time and stored in no other form; a page of another
//! site cannot reach the API, neither through a name that it lets point at this machine (DNS rebinding), since the API
//! answers to names only that no stranger can own, nor by its scripts, since their Origin is not ours; no CORS header
//! is ever sent.

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

/// Who asks with the engine's own key, or from inside this process.
pub(super) const CLI: &str = "cli";

/// State of one private door.
pub(super) struct Gate {
    pub core: Core,
    admin: Option<[u8; 32]>,
    names: Names,
    /// One asker a credential; see `tokens`.
    pub asks: Mutex<HashMap<i64, Arc<tokio::sync::Mutex<()>>>>,
}

/// Names that the API answers to.
enum Names {
    /// Loopback names and addresses.
    Loopback,
    /// The socket is open to the network on purpose: any address and any single word, which nobody can register, and
    /// these.
    Also(Vec<String>),
}

/// SHA-256 of a key.
pub(super) fn digest(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

impl Gate {
    /// With the engine's admin key; `loopback`: the socket is bound to a loopback address.
    pub fn new(core: Core, admin_key: &SecretString, loopback: bool) -> Self {
        let names = if loopback { Names::Loopback } else { Names::Also(core.api_names().to_vec()) };
        Self { core, admin: Some(digest(admin_key.expose())), names, asks: Mutex::default() }
    }

    /// Without an admin key, for requests made inside this process.
    pub fn closed(core: Core) -> Self {
        Self { core, admin: None, names: Names::Loopback, asks: Mutex::default() }
    }

    /// Lets a request pass that has a key of at least this scope, and says who asks: `cli` for the engine's own key,
    /// `api:NAME` for others.
    pub async fn authorize(&self, headers: &HeaderMap, scope: Scope) -> Result<String, AppError> {
        let unknown = |words: &str| AppError::new(ErrorCode::Unauthenticated, words);
        let value = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
        let value = value.ok_or_else(|| unknown("an API key is needed: Authorization: Bearer wk_…"))?;
        let key = value
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, key)| key.trim())
            .ok_or_else(|| unknown("the Authorization header must be: Bearer wk_…"))?;
        let digest = digest(key);
        let (granted, who) = if self.admin.is_some_and(|admin| admin.ct_eq(&digest).into()) {
            (Scope::Admin, CLI.to_owned())
        } else {
            let known = self.core.store().read(move |c| Ok(api_key::find(c, &digest)?)).await?;
            let known = known.ok_or_else(|| unknown("this API key is not known, or was revoked"))?;
            (known.scope, format!("api:{}", known.name))
        };
        if granted < scope {
            let words = format!("this needs a key of scope {}, the key has {}", scope.text(), granted.text());
            return Err(AppError::new(ErrorCode::Forbidden, words));
        }
        Ok(who)
    }

    fn host_passes(&self, request: &Request) -> bool {
        // HTTP/1.1 requires the header, once; a request target in absolute form carries the name as well.
        let mut headers = request.headers().get_all(header::HOST).iter();
        let (header, second) = (headers.next(), headers.next());
        let Some(header) = header.map(|v| v.to_str().unwrap_or("")) else { return false };
        let target = request.uri().authority().map(|a| a.as_str());
        second.is_none() && self.names.hold(header) && target.is_none_or(|t| self.names.hold(t))
    }
}

impl Names {
    fn hold(&self, authority: &str) -> bool {
        let Some(host) = host(authority) else { return false };
        let address = host.parse::<IpAddr>().ok();
        match self {
            Self::Loopback => host.eq_ignore_ascii_case("localhost") || address.is_some_and(|ip| ip.is_loopback()),
            Self::Also(names) => {
                let word = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
                address.is_some() || word || names.iter().any(|n| n.eq_ignore_ascii_case(host))
            }
        }
    }
}

/// The host of `host`, `host:port` or `[v6]:port`; none for anything else.
fn host(authority: &str) -> Option<&str> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(v6) => {
            let (host, rest) = v6.split_once(']')?;
            (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) })
        }
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    port.is_none_or(|p| p.parse::<u16>().is_ok()).then_some(host)
}

/// A browser names the page that asks. Only pages that this API served itself may.
fn origin_passes(headers: &HeaderMap) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else { return true };
    let own = headers.get(header::HOST).and_then(|v| v.to_str().ok());
    let asked = origin.to_str().ok();
    // A proxy of the operator's own may speak TLS in front of it.
    let authority = asked.and_then(|o| o.strip_prefix("http://").or_else(|| o.strip_prefix("https://")));
    origins.next().is_none() && authority.is_some() && authority == own
}

/// Before every route.
pub(super) async fn guard(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let refuse = |words| harden(error(&AppError::new(ErrorCode::Forbidden, words)));
    if !gate.host_passes(&request) {
        return refuse(match gate.names {
            Names::Loopback => "the local API answers to loopback names only (localhost, 127.0.0.1, [::1])",
            Names::Also(_) => "the local API answers to addresses, single words, and the names of --api-name only",
        });
    }
    if !origin_passes(request.headers()) {
        return refuse("a page of another site may not ask the local API");
    }
    harden(next.run(request).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_pass() {
        for name in ["localhost", "LOCALHOST:8091", "127.0.0.1:8091", "127.9.9.9", "[::1]:8091", "[::1]"] {
            assert!(Names::Loopback.hold(name), "{name}");
        }
        for name in [
            "",
            "evil.example",
            "evil.example:8091",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "127.0.0.1:80@evil.example",
            "[::1].evil.example",
            "localhost:8091:evil",
            "10.0.0.1:8091",
            "[::2]",
            "::1",
            "0.0.0.0",
        ] {
            assert!(!Names::Loopback.hold(name), "{name}");
        }
    }

    #[test]
    fn an_open_api_answers_to_what_no_stranger_can_own() {
        let names = Names::Also(vec!["api.example.com".into()]);
        for name in ["192.168.1.5:8091", "wxdeskd:8091", "localhost", "[fd00::1]:8091", "API.example.com"] {
            assert!(names.hold(name), "{name}");
        }
        for name in ["evil.example", "192.168.1.5.evil.example", "api.example.com.evil.example", "", "a b", "x."] {
            assert!(!names.hold(name), "{name}");
        }
    }

    #[test]
    fn only_own_origins_pass() {
        let of = |pairs: &[(header::HeaderName, &str)]| {
            pairs.iter().map(|(n, v)| (n.clone(), v.parse().unwrap())).collect::<HeaderMap>()
        };
        let host = (header::HOST, "127.0.0.1:8091");
        assert!(origin_passes(&of(std::slice::from_ref(&host))));
        assert!(origin_passes(&of(&[host.clone(), (header::ORIGIN, "http://127.0.0.1:8091")])));
        for origin in [
            "null",
            "",
            "http://evil.example",
            "http://127.0.0.1:3000",
            "http://127.0.0.1:8091.evil.example",
            "127.0.0.1:8091",
        ] {
            assert!(!origin_passes(&of(&[host.clone(), (header::ORIGIN, origin)])), "{origin}");
        }
    }
}
