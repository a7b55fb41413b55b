//! The private door: the local API for business servers, the command line and the browser.
//!
//! Owns keys, limits of a call and the shape of answers; sockets are [`crate::sockets`]', what a call does is a
//! command's business. Must not be reachable through the public door. Invariants: one table ([`table::ROUTES`]) makes
//! both the routes and the OpenAPI document; no route but the document itself and the pages of the browser is answered
//! without a key.

mod accounts;
mod events;
mod files;
mod gate;
mod keys;
mod oauth;
mod openapi;
mod platforms;
mod qrcodes;
mod routes;
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
use serde_json::Value;
use tokio::net::TcpListener;
use tower::ServiceExt;
use wechat::secret::SecretString;

use crate::core::Core;
use crate::dto::ErrorCode;
use crate::error::AppError;
use crate::sockets::{self, Limits, Served, Tell, Word};
use gate::{Gate, Trusted};

pub use files::serve_pages_from;
pub use openapi::document;

/// Beginning of every key, so that a person or a secret scanner knows one when they see it.
const KEY_PREFIX: &str = "wk_";
/// Kept-alive connections may idle so long: as long as most HTTP clients keep theirs.
const IDLE: Duration = Duration::from_secs(90);

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
    let address = listener.local_addr().ok();
    let loopback = address.is_some_and(|address| address.ip().is_loopback());
    let served = Served {
        name: "local API",
        router: table::router(Arc::new(Gate::new(core.clone(), &admin_key, loopback))),
        limits: Limits { idle: IDLE, connections: sockets::shares().private, ..Limits::default() },
        clock: core.clock().clone(),
        turned: Arc::new(|path, caller, turned| {
            tracing::warn!(path, from = %caller.address, reason = turned.reason(), "a request to the local API was refused");
        }),
    };
    let serve = move |socket| {
        let served = served.clone();
        async move { sockets::serve(socket, served).await.to_string() }
    };
    let tell: Tell = Arc::new(|word| {
        match word {
            Word::Listening(_) => {}
            Word::Failed(why) => tracing::error!(why, "the local API does not listen; it is opened again"),
            Word::Back(why) => tracing::warn!(why, "the local API listens again"),
        }
        Box::pin(std::future::ready(()))
    });
    sockets::keep_open(listener, core.clock().clone(), serve, tell).await;
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
