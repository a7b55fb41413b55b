//! Sockets of both doors: one accept loop, and the limits that every connection lives under.
//!
//! Owns who may connect, how long they may take and how much they may send before a route sees them; knows no route.
//! Invariants: head and idling are bounded in time and memory for every connection; new connections never wait behind
//! idle ones; no error of one connection, and no lack of open files or memory, ends the loop.

mod bind;
mod files;
mod keep;
mod peer;
mod seats;
mod stream;

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use bytes::Bytes;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower::Service;

use crate::clock::Clock;
use peer::Peer;
use seats::{Admission, Seat, Seats};
use stream::SharedStream;

pub use bind::bind;
pub(crate) use files::shares;
pub(crate) use keep::{Tell, Word, keep_open};
pub(crate) use peer::Caller;

/// Longest head, bytes. WeChat's is under 1 KiB; tunnels add some.
pub(crate) const MAX_HEAD: usize = 16 << 10;
/// Headers a request may have; tunnels send about twenty.
const MAX_HEADERS: usize = 64;
/// Pause after `accept` failed for lack of open files or memory, ms: long enough for what was closed to be gone.
const PAUSE: i64 = 10;
/// Connections that are closed then.
const CLOSED_AT_ONCE: usize = 16;
/// Look again so soon when everybody is being served, ms: somebody may have been answered, and idle now. A seat that is
/// given back says so at once.
const FULL: u64 = 20;

/// What a connection may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// A head must be there so long after the connection or its first byte came; an answer must be read so fast.
    pub head: Duration,
    /// A kept-alive connection may idle so long. Tunnels keep theirs for 60 to 90 s.
    pub idle: Duration,
    /// Connections at once.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { head: Duration::from_secs(10), idle: Duration::from_secs(60), connections: 1_024 }
    }
}

/// Requests that are answered here, before any route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turned {
    /// Has Content-Length and Transfer-Encoding: two programs would read two different requests.
    TwoLengths,
    /// Its forwarded address has its share of requests under way.
    TooMany,
}

impl Turned {
    /// HTTP status.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::TwoLengths => StatusCode::BAD_REQUEST,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
        }
    }
    /// For the rejected list.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::TwoLengths => "two_lengths",
            Self::TooMany => "too_many",
        }
    }
}

/// Hears of every request that was turned away: its path, who asked, and why.
pub(crate) type TurnedAway = Arc<dyn Fn(&str, Caller, Turned) + Send + Sync>;

/// What is served on a socket.
#[derive(Clone)]
pub(crate) struct Served {
    /// For words in the log: "public door", "local API".
    pub name: &'static str,
    pub router: Router,
    pub limits: Limits,
    pub clock: Arc<dyn Clock>,
    pub turned: TurnedAway,
}

/// Serves until the task is dropped, or the socket is of no use any more: the answer is why. Connections live and die
/// with this future.
pub(crate) async fn serve(listener: TcpListener, served: Served) -> io::Error {
    let seats = Arc::new(Seats::new(served.limits.connections));
    let mut connections = JoinSet::new();
    let mut troubled = false;
    loop {
        while connections.try_join_next().is_some() {}
        let (stream, address) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(e) if is_gone(&e) => continue,
            Err(e) if is_broken(&e) => return e,
            Err(e) => {
                // Out of open files or memory. Whoever idles gives theirs back; said once, not a hundred times a second.
                if !std::mem::replace(&mut troubled, true) {
                    tracing::warn!(door = served.name, error = %e, "a connection could not be accepted; closing idle ones");
                }
                seats.close(CLOSED_AT_ONCE, served.clock.monotonic());
                served.clock.sleep(PAUSE).await;
                continue;
            }
        };
        troubled = false;
        let _ = stream.set_nodelay(true);
        let peer = Arc::new(Peer::new(address, &served.limits, served.clock.clone()));
        let Some(seat) = seat(&seats, &peer).await else { continue };
        let id = seat.id();
        let task = connections.spawn(connection(stream, peer, served.clone(), seats.clone(), seat));
        seats.belongs(id, task);
    }
}

/// The client went away before it was accepted.
fn is_gone(e: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(e.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// The socket itself is closed, shut down or none: accepting again cannot help.
fn is_broken(e: &io::Error) -> bool {
    // EBADF, EINVAL, and ENOTSOCK of macOS, Linux and Windows.
    matches!(e.kind(), io::ErrorKind::InvalidInput) || matches!(e.raw_os_error(), Some(9 | 22 | 38 | 88 | 10_038))
}

/// None when the newcomer's address has used up its share.
async fn seat(seats: &Arc<Seats>, peer: &Arc<Peer>) -> Option<Seat> {
    loop {
        match seats.admit(peer) {
            Admission::Seat(seat) => return Some(seat),
            Admission::ShareUsed => return None,
            Admission::Full => {
                let _ = crate::clock::within(FULL, seats.freed()).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, peer: Arc<Peer>, served: Served, seats: Arc<Seats>, _seat: Seat) {
    let (stream, last) = SharedStream::new(stream, peer.clone());
    let Served { name, router, turned, .. } = served;
    let service = service_fn(|request| answer(request, &peer, &router, &seats, &turned));
    let done = http1::Builder::new()
        // The stream keeps the time.
        .header_read_timeout(None)
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_HEADERS)
        .half_close(false)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    let Err(e) = done else { return };
    // Clients come and go; nothing of a request is in hyper's words.
    tracing::debug!(door = name, error = %e, "a connection ended early");
    if peer.is_mid_head() && is_timeout(&e) {
        // hyper closes a slow head without a word; the interface promises 408.
        last.try_say(b"HTTP/1.1 408 Request Timeout\r\ncontent-type: text/plain\r\ncontent-length: 8\r\nconnection: close\r\n\r\ntoo slow");
    }
}

fn is_timeout(e: &hyper::Error) -> bool {
    let mut source = std::error::Error::source(e);
    while let Some(e) = source {
        if e.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::TimedOut) {
            return true;
        }
        source = e.source();
    }
    false
}

async fn answer(
    mut request: Request<Incoming>,
    peer: &Arc<Peer>,
    router: &Router,
    seats: &Arc<Seats>,
    turned: &TurnedAway,
) -> Result<Response<Body>, Infallible> {
    peer.asked(request.body().is_end_stream());
    let caller = Caller::of(peer, request.headers());
    let turn = |turn: Turned, request: &Request<Incoming>| {
        turned(request.uri().path(), caller, turn);
        peer.answered(false);
        Ok(refuse(turn))
    };
    if peer.names_length() && request.headers().contains_key(header::TRANSFER_ENCODING) {
        return turn(Turned::TwoLengths, &request);
    }
    // Dropped when the answer is ready.
    let _under_way = match caller.forwarded.then(|| seats.begin(caller)) {
        Some(None) => return turn(Turned::TooMany, &request),
        Some(under_way) => under_way,
        None => None,
    };
    request.extensions_mut().insert(caller);
    let mut router = router.clone();
    let response = match router.call(request.map(|body| Watched { body, peer: peer.clone() })).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let ends = response.body().size_hint().exact().is_some() || response.headers().contains_key(header::CONTENT_LENGTH);
    peer.answered(!ends);
    Ok(response)
}

fn refuse(turn: Turned) -> Response<Body> {
    let words = match turn {
        Turned::TwoLengths => "two lengths",
        Turned::TooMany => "too many at once",
    };
    let mut response = Response::new(Body::from(words));
    *response.status_mut() = turn.status();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A body that tells when it is there whole.
struct Watched {
    body: Incoming,
    peer: Arc<Peer>,
}

impl hyper::body::Body for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(polled, Poll::Ready(None)) || self.body.is_end_stream() {
            self.peer.body_is_whole();
        }
        polled
    }
    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
