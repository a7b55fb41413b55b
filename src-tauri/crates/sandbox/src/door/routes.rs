//! Owns: which path leads where, and carrying API calls between HTTP and the platform.
//! Must not: answer an API call itself.
//! Invariant: a call whose client has gone ends as abandoned.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Path, Request as HttpRequest, State};
use axum::http::{HeaderValue, Method as HttpMethod, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::stream;
use wechat::Method;

use super::{Shared, account_page, accounts, consent, control, live, pages};
use crate::call::{Answer, Request};
use crate::clock::SandboxClock as _;
use crate::codec;
use crate::transport::{FlightGuard, lock};

/// Above the largest upload (I.3, 10 MB), so that one that is too large is refused with its code.
const LONGEST_BODY: usize = 12 * 1024 * 1024;

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/cgi-bin/componentloginpage", get(pages::pc))
        .route("/wxaopen/safe/bindcomponent", get(pages::h5))
        .route("/safe/bindcomponent", get(pages::h5))
        .route("/connect/oauth2/authorize", get(consent::web))
        .route("/connect/qrconnect", get(consent::login))
        .route("/sandbox/oauth", post(consent::machine))
        .route("/sandbox/oauth/confirm", post(consent::confirm))
        .route("/sandbox/oauth.js", get(consent::script))
        .route("/sandbox/face/{who}/{size}", get(consent::face))
        .route("/sandbox/authorize/confirm", post(pages::confirm))
        .route("/sandbox/authorize/cancelled", get(pages::cancelled))
        .route("/sandbox/avatar/{file}", get(avatar))
        .route("/", get(control::status_page))
        .route("/sandbox", get(control::status_page))
        .route("/sandbox/account/{appid}", get(account_page::show))
        .route("/sandbox/account/{appid}/{action}", post(account_page::act))
        .nest("/sandbox", control::router().merge(accounts::router()).merge(live::router()))
        .fallback(api)
        .with_state(shared)
}

async fn avatar(State(shared): State<Arc<Shared>>, Path(file): Path<String>) -> Response {
    let appid = file.strip_suffix(".png").unwrap_or(&file);
    if lock(&shared.platform).account(appid).is_none() {
        return StatusCode::NOT_FOUND.into_response();
    }
    ([(header::CONTENT_TYPE, "image/png")], crate::avatar::png(appid)).into_response()
}

async fn api(State(shared): State<Arc<Shared>>, request: HttpRequest) -> Response {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    if !path.starts_with("/cgi-bin/") && !path.starts_with("/sns/") {
        return (StatusCode::NOT_FOUND, "not found").into_response();
    }
    let Ok(body) = to_bytes(body, LONGEST_BODY).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "too large").into_response();
    };
    let peer = head.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_string());
    let request = Request {
        method: if head.method == HttpMethod::GET { Method::Get } else { Method::Post },
        path,
        query: codec::parse_query(head.uri.query().unwrap_or_default()),
        body: (!body.is_empty()).then(|| body.to_vec()),
        content_type: head.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).map(str::to_owned),
        client_ip: peer.unwrap_or_else(|| "127.0.0.1".to_owned()),
    };
    let (id, reply) = lock(&shared.platform).begin(shared.clock.now_ms(), &request);
    // Dropped with this future when the client closes the connection.
    let guard = FlightGuard::new(Arc::clone(&shared.platform), id);
    if reply.delay_ms > 0 {
        shared.clock.hold_ms(reply.delay_ms).await;
    }
    guard.answered();
    response(reply.answer)
}

fn response(answer: Answer) -> Response {
    match answer {
        Answer::Full { status, content_type, filename, body } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut response = (status, [(header::CONTENT_TYPE, content_type)], body).into_response();
            let disposition = filename.map(|name| HeaderValue::try_from(format!("attachment; filename=\"{name}\"")));
            if let Some(Ok(disposition)) = disposition {
                response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
            }
            response
        }
        Answer::Half { status, part, whole } => {
            let mut response = Response::new(broken_off(Some(Bytes::from(part))));
            *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(whole));
            response
        }
        // The head waits for the body's first bytes, and an error instead of them closes the connection unanswered.
        Answer::Dropped => Response::new(broken_off(None)),
    }
}

/// A body that sends `part` and then breaks the connection.
fn broken_off(part: Option<Bytes>) -> Body {
    let broken = || std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    let Some(part) = part else {
        // An error before the first byte: the buffered head is thrown away with the connection.
        return Body::from_stream(stream::iter([Err::<Bytes, _>(broken())]));
    };
    let steps = stream::unfold(Some(part), move |part| async move {
        match part {
            Some(part) if !part.is_empty() => Some((Ok(part), Some(Bytes::new()))),
            Some(_) => {
                // Lets the connection write out what it has before it learns of the break.
                tokio::task::yield_now().await;
                Some((Err(broken()), None))
            }
            None => None,
        }
    });
    Body::from_stream(steps)
}
