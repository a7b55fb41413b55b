//! HTTP to business servers.
//!
//! Invariants: no redirect is followed; no proxy of the environment is used; a name that leads inside a network leads
//! nowhere unless that is allowed, at every connection anew, so that a name cannot change its mind after it was checked.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::{is_private, literal};
use super::dress::Dressed;
use crate::clock::{self, Clock};
use crate::dto::{DeliveryError, ErrorCode};
use crate::error::AppError;
use crate::store::tables::target::TargetRow;

/// Longest answer that is read, bytes.
const MAX_ANSWER: usize = 64 << 10;
/// An unused connection is kept so long. Many servers close theirs after 60 s, and a request into a closing connection is
/// lost.
const KEPT_OPEN: Duration = Duration::from_secs(30);

/// All addresses of a name are inside.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to private addresses only")]
struct Inside;

/// The system's resolver without private addresses.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let all: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let outside = outside(all)?;
            Ok(Box::new(outside.into_iter()) as Addrs)
        })
    }
}

fn outside(mut all: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Inside> {
    let any = !all.is_empty();
    all.retain(|address| !is_private(address.ip()));
    if any && all.is_empty() { Err(Inside) } else { Ok(all) }
}

/// A client for one target as it is set now.
///
/// # Errors
/// `Internal` when the system has no certificates.
pub(super) fn client(target: &TargetRow) -> Result<reqwest::Client, AppError> {
    // Another part of the process may have installed the same provider already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("wxdesk/", env!("CARGO_PKG_VERSION")))
        .no_proxy()
        .pool_idle_timeout(KEPT_OPEN)
        .pool_max_idle_per_host(usize::try_from(target.concurrency).unwrap_or(1))
        .tcp_nodelay(true);
    if !target.private_ok {
        builder = builder.dns_resolver(Arc::new(PublicOnly));
    }
    builder.build().map_err(|_| AppError::new(ErrorCode::Internal, "no HTTP client for business servers"))
}

/// What became of a request.
#[derive(Debug, Clone, Default)]
pub(super) struct Outcome {
    /// HTTP status, when an answer came.
    pub status: Option<u16>,
    /// Length, ms.
    pub took_ms: i64,
    /// What went wrong; none for an answer with 2xx.
    pub error: Option<DeliveryError>,
    /// The answer, as far as it was read.
    pub body: Vec<u8>,
    /// It went on after that.
    pub cut: bool,
}

impl Outcome {
    /// Nothing was sent.
    pub(super) fn unsent(error: DeliveryError) -> Self {
        Self { error: Some(error), ..Self::default() }
    }
}

/// Sends a request and reads the answer, in `limit_ms` together.
pub(super) async fn send(
    client: &reqwest::Client,
    private_ok: bool,
    dressed: &Dressed,
    limit_ms: i64,
    clock: &dyn Clock,
) -> Outcome {
    // A literal address never comes to the resolver.
    if !private_ok && literal(&dressed.url).is_some_and(|ip: IpAddr| is_private(ip)) {
        return Outcome::unsent(DeliveryError::PrivateAddress);
    }
    let started = clock.monotonic();
    let limit = u64::try_from(limit_ms).unwrap_or(0);
    let mut outcome = Outcome::default();
    if clock::within(limit, exchange(client, dressed, &mut outcome)).await.is_none() {
        outcome.error = Some(DeliveryError::Timeout);
    }
    outcome.took_ms = (clock.monotonic() - started).max(0);
    outcome
}

async fn exchange(client: &reqwest::Client, dressed: &Dressed, outcome: &mut Outcome) {
    let mut request = client.post(dressed.url.clone());
    for (name, value) in &dressed.headers {
        request = request.header(*name, value);
    }
    let mut response = match request.body(dressed.body.clone()).send().await {
        Ok(response) => response,
        Err(e) => {
            outcome.error = Some(classify(&e));
            return;
        }
    };
    let status = response.status();
    outcome.status = Some(status.as_u16());
    outcome.error = if status.is_success() {
        None
    } else if status.is_redirection() {
        Some(DeliveryError::Redirect)
    } else {
        Some(DeliveryError::Status)
    };
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                let room = MAX_ANSWER - outcome.body.len();
                outcome.body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                if chunk.len() > room {
                    outcome.cut = true;
                    return;
                }
            }
            Ok(None) => return,
            Err(e) => {
                outcome.error.get_or_insert_with(|| classify(&e));
                return;
            }
        }
    }
}

/// Whether an error, or one that it comes from, is of type `T`. An I/O error does not name what it wraps as its source.
fn holds<T: std::error::Error + 'static>(e: &(dyn std::error::Error + 'static)) -> bool {
    let wrapped = e.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    e.is::<T>() || wrapped.is_some_and(|w| holds::<T>(w)) || e.source().is_some_and(|source| holds::<T>(source))
}

fn classify(e: &reqwest::Error) -> DeliveryError {
    if holds::<Inside>(e) {
        return DeliveryError::PrivateAddress;
    }
    if holds::<rustls::Error>(e) {
        return DeliveryError::Tls;
    }
    if e.is_timeout() {
        DeliveryError::Timeout
    } else if e.is_dns() {
        DeliveryError::Dns
    } else if e.is_connect() {
        DeliveryError::Connect
    } else {
        DeliveryError::Broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_inside_lead_nowhere() {
        let of = |all: &[&str]| outside(all.iter().map(|a| a.parse().unwrap()).collect());
        assert!(of(&["127.0.0.1:0", "[::1]:0"]).is_err());
        assert!(of(&["[::ffff:10.0.0.1]:0"]).is_err());
        assert_eq!(of(&["10.0.0.1:0", "8.8.8.8:0"]).unwrap(), ["8.8.8.8:0".parse().unwrap()]);
        assert_eq!(of(&[]).unwrap(), []);
    }
}
