//! Paths of the public door (interfaces, "The public door").

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRef, Path, Query, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Deserialize;
use wechat::envelope::PushQuery;

use super::{MAX_BODY, pages};
use crate::core::Core;
use crate::dto::Rejection;
use crate::inbox::{self, Refusal, Target};

/// What every route may ask for.
#[derive(Clone)]
struct Door {
    core: Core,
    /// Time limit of a body.
    slow: Duration,
}

impl FromRef<Door> for Core {
    fn from_ref(door: &Door) -> Self {
        door.core.clone()
    }
}

pub(super) fn router(core: Core, slow: Duration) -> Router {
    Router::new()
        .route("/wechat/{component_appid}/event", get(verify_url).post(event))
        .route("/wechat/{component_appid}/callback/{authorizer_appid}", get(verify_url_for_account).post(message))
        .route("/wechat/{component_appid}/authorize/{link_id}", get(pages::launch))
        .route("/wechat/{component_appid}/authorized/{link_id}", get(pages::authorized))
        .route("/healthz", get(healthz))
        .route("/{file}", get(verification_file))
        .fallback(async || text(StatusCode::NOT_FOUND, "not found"))
        .method_not_allowed_fallback(async || text(StatusCode::NOT_FOUND, "not found"))
        .layer(DefaultBodyLimit::disable())
        .with_state(Door { core, slow })
}

/// A short plain text.
pub(super) fn text(status: StatusCode, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

#[derive(Deserialize)]
struct Probe {
    nonce: Option<String>,
}

async fn healthz(Query(probe): Query<Probe>) -> Response {
    // Only what could be a nonce of ours is echoed.
    let nonce = probe.nonce.filter(|n| n.len() <= 64 && n.bytes().all(|b| b.is_ascii_alphanumeric()));
    text(StatusCode::OK, nonce.map_or_else(|| "ok".to_owned(), |n| format!("ok {n}")))
}

/// A domain verification file, with exactly its bytes.
async fn verification_file(State(core): State<Core>, Path(name): Path<String>) -> Response {
    match core.public_files().get(&name) {
        Some(bytes) => text(StatusCode::OK, bytes),
        None => text(StatusCode::NOT_FOUND, "not found"),
    }
}

async fn verify_url(
    State(core): State<Core>,
    Path(component): Path<String>,
    RawQuery(query): RawQuery,
    uri: Uri,
) -> Response {
    verify(&core, &component, query.as_deref().unwrap_or(""), uri.path())
}

async fn verify_url_for_account(
    State(core): State<Core>,
    Path((component, _)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    uri: Uri,
) -> Response {
    verify(&core, &component, query.as_deref().unwrap_or(""), uri.path())
}

fn verify(core: &Core, component: &str, query: &str, path: &str) -> Response {
    let Some(runtime) = core.runtime_by_appid(component) else { return refused(core, path, Refusal::UnknownAppid) };
    let Ok(query) = PushQuery::parse(query) else { return refused(core, path, Refusal::BadBody) };
    let Some(echo) = query.echostr else { return refused(core, path, Refusal::BadBody) };
    match runtime.crypto.verify_url(&query.signature, &query.timestamp, &query.nonce) {
        Ok(()) => text(StatusCode::OK, echo),
        Err(_) => refused(core, path, Refusal::BadSignature),
    }
}

async fn event(
    State(door): State<Door>,
    Path(component): Path<String>,
    RawQuery(query): RawQuery,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let target = Target { component_appid: &component, authorizer_appid: None };
    push(&door, target, query.as_deref().unwrap_or(""), uri.path(), &headers, body).await
}

async fn message(
    State(door): State<Door>,
    Path((component, authorizer)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let target = Target { component_appid: &component, authorizer_appid: Some(&authorizer) };
    push(&door, target, query.as_deref().unwrap_or(""), uri.path(), &headers, body).await
}

async fn push(door: &Door, target: Target<'_>, query: &str, path: &str, headers: &HeaderMap, body: Body) -> Response {
    let core = &door.core;
    // An unknown appid is not worth reading a body for.
    if core.runtime_by_appid(target.component_appid).is_none() {
        return refused(core, path, Refusal::UnknownAppid);
    }
    let body = match read(headers, body, door.slow).await {
        Ok(body) => body,
        Err((status, reason, words)) => return rejected(core, path, status, reason, words),
    };
    match inbox::accept(core, target, query, &body).await {
        Ok(()) => text(StatusCode::OK, "success"),
        Err(refusal) => refused(core, path, refusal),
    }
}

async fn read(
    headers: &HeaderMap,
    body: Body,
    slow: Duration,
) -> Result<Bytes, (StatusCode, &'static str, &'static str)> {
    let too_large = (StatusCode::PAYLOAD_TOO_LARGE, "too_large", "too large");
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|n| n > MAX_BODY) {
        return Err(too_large);
    }
    let mut whole = std::pin::pin!(Limited::new(body, MAX_BODY).collect());
    // Most bodies came with their head: no timer is started for those.
    let collected = match futures_util::poll!(whole.as_mut()) {
        std::task::Poll::Ready(collected) => Ok(collected),
        std::task::Poll::Pending => tokio::time::timeout(slow, whole).await,
    };
    match collected {
        Err(_) => Err((StatusCode::REQUEST_TIMEOUT, "too_slow", "too slow")),
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(e)) if e.downcast_ref::<LengthLimitError>().is_some() => Err(too_large),
        Ok(Err(_)) => Err((StatusCode::BAD_REQUEST, "bad_body", "unreadable body")),
    }
}

fn refused(core: &Core, path: &str, refusal: Refusal) -> Response {
    let words = match refusal {
        Refusal::UnknownAppid => "not found",
        Refusal::BadBody => "unreadable",
        Refusal::BadSignature | Refusal::BadKey | Refusal::WrongAppid => "forbidden",
        Refusal::Store => "try again",
    };
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    rejected(core, path, status, refusal.reason(), words)
}

fn rejected(core: &Core, path: &str, status: StatusCode, reason: &str, words: &'static str) -> Response {
    let path: String = path.chars().take(120).collect();
    tracing::info!(path, reason, status = status.as_u16(), "a push was refused");
    core.door().refused(Rejection { at: core.clock().now(), path, reason: reason.to_owned(), status: status.as_u16() });
    core.changes().tell(["door"]);
    (text(status, words)).into_response()
}
