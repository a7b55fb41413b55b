//! Paths of the public door (interfaces, "The public door").
//!
//! Invariant: what bodies take together is bounded: small ones by the number of connections, large ones by permits.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Extension, FromRef, Path, Query, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::Response;
use axum::routing::get;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use serde::Deserialize;
use tokio::sync::{Semaphore, SemaphorePermit};
use wechat::envelope::PushQuery;

use super::{MAX_BODY, oauth, pages, reject};
use crate::check::SELF_CHECK;
use crate::core::Core;
use crate::dto::UrlVerdict;
use crate::inbox::{self, Refusal, Reply, Target};
use crate::sockets::Caller;
use crate::verifications::Asked;

/// A body up to this needs no permit, bytes. WeChat's messages are a few KiB.
const SMALL_BODY: usize = 64 << 10;
/// Larger bodies at once; more wait, within their own time. Nothing of WeChat's is as large.
const LARGE_BODIES: usize = 8;

/// What every route may ask for.
#[derive(Clone)]
struct Door {
    core: Core,
    /// Time limit of a body.
    slow: Duration,
    large: Arc<Semaphore>,
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
        .route("/wechat/account/{appid}", get(verify_own).post(message_of_own))
        .route("/wechat/oauth/{appid}", get(oauth::visit))
        .route("/healthz", get(healthz))
        .route("/{file}", get(verification_file))
        .fallback(async || text(StatusCode::NOT_FOUND, "not found"))
        .method_not_allowed_fallback(async || text(StatusCode::NOT_FOUND, "not found"))
        .layer(DefaultBodyLimit::disable())
        .with_state(Door { core, slow, large: Arc::new(Semaphore::new(LARGE_BODIES)) })
}

/// A short plain text.
pub(super) fn text(status: StatusCode, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/plain; charset=utf-8"));
    // A verification file may hold anything; no browser is to take it for a page.
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, header::HeaderValue::from_static("nosniff"));
    response
}

/// A passive reply.
fn document(body: String) -> Response {
    let kind = if body.starts_with('{') { "application/json" } else { "application/xml; charset=utf-8" };
    let mut response = text(StatusCode::OK, body);
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
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
    Extension(caller): Extension<Caller>,
    Path(component): Path<String>,
    RawQuery(query): RawQuery,
    uri: Uri,
) -> Response {
    verify(&core, caller, &component, query.as_deref().unwrap_or(""), uri.path())
}

async fn verify_url_for_account(
    State(core): State<Core>,
    Extension(caller): Extension<Caller>,
    Path((component, _)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    uri: Uri,
) -> Response {
    verify(&core, caller, &component, query.as_deref().unwrap_or(""), uri.path())
}

fn verify(core: &Core, caller: Caller, component: &str, query: &str, path: &str) -> Response {
    let refused = |refusal| refused(core, caller, path, refusal);
    let Some(runtime) = core.runtime_by_appid(component).filter(|r| r.row.own.is_none()) else {
        return refused(Refusal::UnknownAppid);
    };
    let Ok(query) = PushQuery::parse(query) else { return refused(Refusal::BadBody) };
    let Some(echo) = query.echostr else { return refused(Refusal::BadBody) };
    let Some(crypto) = &runtime.crypto else { return refused(Refusal::BadKey) };
    match crypto.verify_url(&query.signature, &query.timestamp, &query.nonce) {
        Ok(()) => text(StatusCode::OK, echo),
        Err(_) => refused(Refusal::BadSignature),
    }
}

/// URL verification of an own account: judged, shown, and answered only when the digests are equal.
async fn verify_own(
    State(core): State<Core>,
    Extension(caller): Extension<Caller>,
    Path(appid): Path<String>,
    RawQuery(query): RawQuery,
    uri: Uri,
) -> Response {
    let target = Target { component_appid: &appid, authorizer_appid: None, own: true };
    let Some(runtime) = inbox::runtime_of(&core, target) else {
        return refused(&core, caller, uri.path(), Refusal::UnknownAppid);
    };
    let query = PushQuery::parse(query.as_deref().unwrap_or("")).unwrap_or_default();
    let echo = query.echostr.clone().unwrap_or_default();
    let asked = Asked {
        from: caller.address.to_string(),
        signature: &query.signature,
        timestamp: &query.timestamp,
        nonce: &query.nonce,
        echostr: &echo,
    };
    let now = core.clock().now();
    let verdict = core.verifications().judge(runtime.row.id, &runtime.row.verify_token, &asked, now, || {
        echo == SELF_CHECK && core.expected_pushes().arrived(&query.nonce)
    });
    core.changes().tell([&format!("own:{appid}")]);
    match verdict {
        UrlVerdict::Passed => text(StatusCode::OK, echo),
        UrlVerdict::Incomplete => refused(&core, caller, uri.path(), Refusal::BadBody),
        UrlVerdict::WrongToken | UrlVerdict::NoToken => refused(&core, caller, uri.path(), Refusal::BadSignature),
    }
}

async fn message_of_own(
    State(door): State<Door>,
    Extension(caller): Extension<Caller>,
    Path(appid): Path<String>,
    RawQuery(query): RawQuery,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let target = Target { component_appid: &appid, authorizer_appid: None, own: true };
    push(&door, caller, target, query.as_deref().unwrap_or(""), uri.path(), &headers, body).await
}

async fn event(
    State(door): State<Door>,
    Extension(caller): Extension<Caller>,
    Path(component): Path<String>,
    RawQuery(query): RawQuery,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let target = Target { component_appid: &component, authorizer_appid: None, own: false };
    push(&door, caller, target, query.as_deref().unwrap_or(""), uri.path(), &headers, body).await
}

async fn message(
    State(door): State<Door>,
    Extension(caller): Extension<Caller>,
    Path((component, authorizer)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let target = Target { component_appid: &component, authorizer_appid: Some(&authorizer), own: false };
    push(&door, caller, target, query.as_deref().unwrap_or(""), uri.path(), &headers, body).await
}

async fn push(
    door: &Door,
    caller: Caller,
    target: Target<'_>,
    query: &str,
    path: &str,
    headers: &HeaderMap,
    body: Body,
) -> Response {
    let core = &door.core;
    // WeChat counts its seconds from here.
    let began = core.clock().monotonic();
    // An unknown appid is not worth reading a body for.
    if inbox::runtime_of(core, target).is_none() {
        return refused(core, caller, path, Refusal::UnknownAppid);
    }
    if !comes_from_wechat(core, caller) {
        return refused(core, caller, path, Refusal::UnlistedSource);
    }
    // The permit of a large body is held until the body is gone.
    let (body, _permit) = match read(door, headers, body).await {
        Ok(read) => read,
        Err((status, reason, words)) => {
            reject(core, path, status.as_u16(), reason, caller);
            return text(status, words);
        }
    };
    match inbox::accept_since(core, target, query, &body, began).await {
        Ok(Reply::Success) => text(StatusCode::OK, "success"),
        Ok(Reply::Empty) => text(StatusCode::OK, ""),
        Ok(Reply::Document(reply)) => document(reply),
        Err(refusal) => refused(core, caller, path, refusal),
    }
}

/// Status, reason, words.
type Unread = (StatusCode, &'static str, &'static str);
const TOO_LARGE: Unread = (StatusCode::PAYLOAD_TOO_LARGE, "too_large", "too large");
const TOO_SLOW: Unread = (StatusCode::REQUEST_TIMEOUT, "too_slow", "too slow");
const UNREADABLE: Unread = (StatusCode::BAD_REQUEST, "bad_body", "unreadable body");

type Whole<'a> = (Bytes, Option<SemaphorePermit<'a>>);

async fn read<'a>(door: &'a Door, headers: &HeaderMap, body: Body) -> Result<Whole<'a>, Unread> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|n| n > MAX_BODY) {
        return Err(TOO_LARGE);
    }
    let mut whole = std::pin::pin!(collect(&door.large, body));
    // Most bodies came with their head: no timer is started for those.
    match futures_util::poll!(whole.as_mut()) {
        std::task::Poll::Ready(collected) => collected,
        std::task::Poll::Pending => tokio::time::timeout(door.slow, whole).await.unwrap_or(Err(TOO_SLOW)),
    }
}

async fn collect(large: &Semaphore, mut body: Body) -> Result<Whole<'_>, Unread> {
    let (mut first, mut more, mut permit) = (Bytes::new(), BytesMut::new(), None);
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame.map_err(|_| UNREADABLE)?.into_data() else { continue };
        // One piece is the rule, and is not copied.
        if first.is_empty() && more.is_empty() {
            first = piece;
        } else {
            more.extend_from_slice(&std::mem::take(&mut first));
            more.extend_from_slice(&piece);
        }
        let length = first.len() + more.len();
        if length > MAX_BODY {
            return Err(TOO_LARGE);
        }
        if length > SMALL_BODY && permit.is_none() {
            permit = Some(large.acquire().await.map_err(|_| UNREADABLE)?);
        }
    }
    Ok((if more.is_empty() { first } else { more.freeze() }, permit))
}

/// Whether the operator's list of sources lets this one in. What a tunnel on this machine passes on is always let in:
/// the list is for a listener that the internet reaches directly.
pub(super) fn comes_from_wechat(core: &Core, caller: Caller) -> bool {
    caller.forwarded || core.sources().allows(caller.address)
}

fn refused(core: &Core, caller: Caller, path: &str, refusal: Refusal) -> Response {
    let words = match refusal {
        Refusal::UnknownAppid => "not found",
        Refusal::BadBody => "unreadable",
        Refusal::BadSignature
        | Refusal::BadKey
        | Refusal::WrongAppid
        | Refusal::WrongMode
        | Refusal::Stale
        | Refusal::UnlistedSource => "forbidden",
        Refusal::Store => "try again",
    };
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    reject(core, path, status.as_u16(), refusal.reason(), caller);
    text(status, words)
}
