//! The public door: the one place where the internet reaches this machine.
//!
//! Owns sockets, limits and routing; what a push means is the inbox's business. Invariants: head, body and time are
//! bounded for every connection; a reply to a push leaves only after [`crate::inbox::accept`] said it is durable; answers
//! are short plain text without anything of ours in them; errors of `accept` never end the loop.

mod io;
mod pages;
mod routes;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::core::Core;
use crate::dto::ErrorCode;
use crate::error::AppError;
use io::SharedStream;

/// A head or body slower than this is cut with 408 (interfaces).
const SLOW: Duration = Duration::from_secs(10);
/// Longest head, bytes. WeChat's is under 1 KiB; tunnels add some.
const MAX_HEAD: usize = 16 << 10;
/// Longest body, bytes (interfaces).
pub(crate) const MAX_BODY: usize = 1 << 20;
/// Connections at once. WeChat opens a handful; each costs a file descriptor and about 20 KiB.
const MAX_CONNECTIONS: usize = 1_024;
/// Pause after `accept` failed for lack of file descriptors or memory, ms.
const ACCEPT_PAUSE: i64 = 100;

/// Binds an address.
///
/// # Errors
/// In words: taken, not ours, no permission.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, AppError> {
    TcpListener::bind(address).await.map_err(|e| {
        let why = match e.kind() {
            std::io::ErrorKind::AddrInUse => "another program listens there".to_owned(),
            std::io::ErrorKind::PermissionDenied => "no permission (ports below 1024 need it)".to_owned(),
            std::io::ErrorKind::AddrNotAvailable => "this machine does not have that address".to_owned(),
            _ => e.to_string(),
        };
        AppError::new(ErrorCode::Unavailable, format!("cannot listen on {address}: {why}"))
    })
}

/// Serves the public door until the task is dropped.
pub async fn run(core: Core, listener: TcpListener) {
    run_with(core, listener, SLOW).await;
}

/// The same with another patience, for tests.
pub(crate) async fn run_with(core: Core, listener: TcpListener, slow: Duration) {
    match listener.local_addr() {
        Ok(address) => core.door().listening(address),
        Err(e) => return core.door().failed(e.to_string()),
    }
    core.changes().tell(["overview", "door"]);
    let service = routes::router(core.clone(), slow);
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    // Connections live and die with this task.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok(slot) = slots.clone().acquire_owned().await else { return };
        let (stream, _) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(e) => {
                // Out of descriptors or memory, or a connection that was gone already: wait a little and go on.
                tracing::warn!(error = %e, "a connection could not be accepted");
                core.clock().sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let service = service.clone();
        connections.spawn(async move {
            let _slot = slot;
            connection(stream, service, slow).await;
        });
    }
}

async fn connection(stream: TcpStream, service: axum::Router, slow: Duration) {
    let (stream, last) = SharedStream::new(stream, slow);
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(slow)
        .max_buf_size(MAX_HEAD)
        .max_headers(64)
        .half_close(false)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .await;
    if let Err(e) = served
        && e.is_timeout()
        && last.mid_head()
    {
        // hyper closes a slow head without a word; the interface promises 408.
        last.try_say(b"HTTP/1.1 408 Request Timeout\r\ncontent-type: text/plain\r\ncontent-length: 8\r\nconnection: close\r\n\r\ntoo slow");
    }
}

#[cfg(test)]
mod tests;
