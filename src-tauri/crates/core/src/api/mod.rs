//! The private door: the local API for business servers, the command line and the browser.
//!
//! Owns sockets, limits, keys and the shape of answers; what a call does is a command's business. Must not be reachable
//! through the public door. Invariants: one table ([`table::ROUTES`]) makes both the routes and the OpenAPI document; no
//! route but the document itself and the pages of the browser is answered without a key; errors of `accept` never end
//! the loop.

mod accounts;
mod events;
mod files;
mod gate;
mod keys;
mod openapi;
mod platforms;
mod schemas;
mod table;
mod tokens;
mod ui;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::BodyExt;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt;
use wechat::secret::SecretString;

use crate::core::Core;
use crate::dto::ErrorCode;
use crate::error::AppError;
use gate::{Gate, Trusted};

pub use files::serve_pages_from;
pub use openapi::document;

/// Beginning of every key, so that a person or a secret scanner knows one when they see it.
const KEY_PREFIX: &str = "wk_";
/// Head must be there after this; also how long a kept-alive connection may idle.
const HEAD: Duration = Duration::from_secs(30);
/// Longest head, bytes.
const MAX_HEAD: usize = 16 << 10;
/// Connections at once; more wait in the backlog.
const MAX_CONNECTIONS: usize = 1_024;
/// Pause after `accept` failed for lack of file descriptors or memory, ms.
const ACCEPT_PAUSE: i64 = 100;

/// A new key: `wk_` and 32 random bytes.
///
/// # Errors
/// When the system has no random bytes.
pub fn new_admin_key() -> Result<SecretString, AppError> {
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random).map_err(|_| AppError::new(ErrorCode::Internal, "no random bytes from the system"))?;
    Ok(format!("{KEY_PREFIX}{}", URL_SAFE_NO_PAD.encode(random)).into())
}

/// Serves the private door until the task is dropped.
pub async fn serve(core: Core, listener: TcpListener, admin_key: SecretString) {
    let loopback = listener.local_addr().is_ok_and(|address| address.ip().is_loopback());
    let service = table::router(Arc::new(Gate::new(core.clone(), &admin_key, loopback)));
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
                tracing::warn!(error = %e, "a connection to the local API could not be accepted");
                core.clock().sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let service = service.clone();
        connections.spawn(async move {
            let _slot = slot;
            connection(stream, service).await;
        });
    }
}

async fn connection(stream: TcpStream, service: axum::Router) {
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(MAX_HEAD)
        .half_close(false)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .await;
    if let Err(e) = served {
        // Clients come and go; nothing of a request is in hyper's words.
        tracing::debug!(error = %e, "a connection to the local API ended early");
    }
}

/// Asks a core in this process as its administrator, without a socket: for commands that open the store themselves.
/// Answers the HTTP status and the document (`Null` for none).
pub async fn ask_here(core: &Core, method: Method, target: &str, body: Option<&Value>) -> (u16, Value) {
    let gate = Arc::new(Gate::closed(core.clone()));
    let body = body.map_or_else(Body::empty, |b| Body::from(b.to_string()));
    let request =
        Request::builder().method(method).uri(target).header("host", "localhost").extension(Trusted).body(body);
    let Ok(request) = request else { return (400, Value::Null) };
    let response = match table::router(gate).oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let status = response.status().as_u16();
    let document = match response.into_body().collect().await {
        Ok(collected) => serde_json::from_slice(&collected.to_bytes()).unwrap_or(Value::Null),
        Err(_) => Value::Null,
    };
    (status, document)
}

#[cfg(test)]
mod tests;
