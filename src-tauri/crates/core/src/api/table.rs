//! How a request becomes a call of a route, and how a call ends.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{DefaultBodyLimit, Query, RawPathParams, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wechat::transport::BoxFuture;

use super::files;
use super::gate::{CLI, Gate, Trusted, guard};
use super::routes::ROUTES;
use crate::core::Core;
use crate::dto::ErrorCode;
use crate::error::AppError;
use crate::store::tables::api_key::Scope;

/// Longest body, bytes.
const MAX_BODY: usize = 1 << 20;
/// Longest body for a key that may do everything, bytes: an upload of 10 MiB to be tried is 14 MB of Base64.
const MAX_ADMIN_BODY: usize = 16 << 20;
/// A slower body is cut with 408.
const BODY_TIME: Duration = Duration::from_secs(10);
/// A call ends after this, ms: the longest waits for a refresh (15 s) that heals itself with a second call.
const PATIENCE: u64 = 45_000;

/// HTTP methods in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Put,
    Post,
    Delete,
}

impl Verb {
    /// As in the document.
    pub fn text(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Put => "put",
            Self::Post => "post",
            Self::Delete => "delete",
        }
    }

    fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Put => MethodFilter::PUT,
            Self::Post => MethodFilter::POST,
            Self::Delete => MethodFilter::DELETE,
        }
    }
}

/// What a good call is answered with; schemas are named.
#[derive(Debug, Clone, Copy)]
pub(super) enum Answers {
    /// 200 and a document.
    Json(&'static str),
    /// 201 and a document.
    Created(&'static str),
    /// 204.
    Nothing,
    /// 200 and a stream of server-sent events, each with such a document.
    Stream(&'static str),
}

/// A query parameter: name, JSON type, meaning.
pub(super) type Parameter = (&'static str, &'static str, &'static str);

/// How a call ends.
pub(super) type Answer = Result<Response, AppError>;

/// A row of the table.
pub(super) struct Route {
    pub verb: Verb,
    /// As axum and OpenAPI both write it.
    pub path: &'static str,
    /// None: answered without a key.
    pub scope: Option<Scope>,
    /// `operationId`.
    pub name: &'static str,
    pub summary: &'static str,
    pub query: &'static [Parameter],
    /// Schema of the body; empty for none.
    pub body: &'static str,
    pub answers: Answers,
    pub run: fn(Call) -> BoxFuture<'static, Answer>,
}

/// A request that may be answered.
pub(super) struct Call {
    pub gate: Arc<Gate>,
    /// Who asks: `cli`, or `api:NAME` of the key.
    pub who: String,
    path: HashMap<String, String>,
    query: HashMap<String, String>,
    body: Bytes,
}

impl Call {
    pub fn core(&self) -> &Core {
        &self.gate.core
    }

    /// A path parameter of the route's pattern.
    pub fn path(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// A query parameter that is there and not empty.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str).filter(|v| !v.is_empty())
    }

    /// A query parameter as a number.
    pub fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, AppError> {
        let bad = |_| {
            AppError::invalid_field(name, "number", "must be a whole number, and not too large", "应为不过大的整数")
        };
        self.query(name).map(|text| text.parse().map_err(bad)).transpose()
    }

    /// The body; an empty one is `{}`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, AppError> {
        let bytes = if self.body.trim_ascii().is_empty() { b"{}" } else { self.body.as_ref() };
        serde_json::from_slice(bytes).map_err(|e| crate::commands::bad_json(&e))
    }
}

/// 200 and a document.
pub(super) fn json<T: Serialize>(value: &T) -> Answer {
    let body = serde_json::to_vec(value).map_err(|e| AppError::new(ErrorCode::Internal, e.to_string()))?;
    let mut response = Response::new(body.into());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// 201 and a document.
pub(super) fn created<T: Serialize>(value: &T) -> Answer {
    let mut response = json(value)?;
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// 204.
pub(super) fn nothing() -> Answer {
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// An error document with the status that fits its code.
pub(super) fn error(e: &AppError) -> Response {
    error_with(StatusCode::from_u16(e.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), e)
}

/// An error document with a status of its own.
pub(super) fn error_with(status: StatusCode, e: &AppError) -> Response {
    let mut response = json(&e.body()).unwrap_or_else(|_| Response::new("{}".into()));
    *response.status_mut() = status;
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// No answer is for caches, and none is anything but what its type says.
pub(super) fn harden(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn no_route(path: &str) -> AppError {
    AppError::new(
        ErrorCode::NotFound,
        format!("nothing at {}; GET /v1/openapi.json tells what there is", path.chars().take(120).collect::<String>()),
    )
}

/// Routes of the table, behind the gate.
pub(super) fn router(gate: Arc<Gate>) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        let handler = move |State(gate): State<Arc<Gate>>,
                            params: Result<RawPathParams, RawPathParamsRejection>,
                            request: Request| { answer(gate, route, params, request) };
        router = router.route(route.path, on(route.verb.filter(), handler));
    }
    router
        .fallback(async |request: Request| {
            if request.uri().path().starts_with("/v1/") || request.uri().path() == "/v1" {
                return error(&no_route(request.uri().path()));
            }
            let path = request.uri().path().to_owned();
            files::page(request).await.unwrap_or_else(|| error(&no_route(&path)))
        })
        .method_not_allowed_fallback(async |request: Request| {
            let words = format!("{} does not take {}", request.uri().path(), request.method());
            error_with(StatusCode::METHOD_NOT_ALLOWED, &AppError::new(ErrorCode::NotFound, words))
        })
        .layer(middleware::from_fn_with_state(gate.clone(), guard))
        .layer(DefaultBodyLimit::disable())
        .with_state(gate)
}

async fn answer(
    gate: Arc<Gate>,
    route: &'static Route,
    params: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
) -> Response {
    match crate::clock::within(PATIENCE, call(gate, route, params, request)).await {
        Some(Ok(response)) => response,
        Some(Err(response)) => *response,
        None => error(&AppError::new(ErrorCode::Unavailable, "not done in time; ask again")),
    }
}

async fn call(
    gate: Arc<Gate>,
    route: &'static Route,
    params: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
) -> Result<Response, Box<Response>> {
    let fail = |e: AppError| Box::new(error(&e));
    let mut who = CLI.to_owned();
    if let Some(scope) = route.scope
        && request.extensions().get::<Trusted>().is_none()
    {
        who = gate.authorize(request.headers(), scope).await.map_err(fail)?;
    }
    let Ok(params) = params else { return Err(Box::new(error(&no_route(request.uri().path())))) };
    let path = params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let query = Query::<HashMap<String, String>>::try_from_uri(request.uri())
        .map_err(|_| fail(AppError::invalid_field("query", "format", "cannot be read", "无法解析查询参数")))?;
    let most = if route.scope == Some(Scope::Admin) { MAX_ADMIN_BODY } else { MAX_BODY };
    let body = read(request, most).await?;
    tracing::debug!(route = route.name, "local API");
    (route.run)(Call { gate, who, path, query: query.0, body }).await.map_err(fail)
}

async fn read(request: Request, most: usize) -> Result<Bytes, Box<Response>> {
    let fail = |status, words: &str| Box::new(error_with(status, &AppError::new(ErrorCode::InvalidInput, words)));
    match tokio::time::timeout(BODY_TIME, Limited::new(request.into_body(), most).collect()).await {
        Err(_) => Err(fail(StatusCode::REQUEST_TIMEOUT, "the body came too slowly")),
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(e)) if e.downcast_ref::<LengthLimitError>().is_some() => {
            Err(fail(StatusCode::PAYLOAD_TOO_LARGE, &format!("the body is over {} MiB", most >> 20)))
        }
        Ok(Err(_)) => Err(fail(StatusCode::BAD_REQUEST, "the body could not be read")),
    }
}
