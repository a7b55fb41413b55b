//! Owns: the machine interface of single accounts under `/sandbox`: server configuration, people, menu taps, scans, codes.
//! Must not: decide anything; `Platform` does.
//! Invariant: only `GET /sandbox/accounts/{appid}` shows a secret, and only of a simulated account.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Shared;
use super::control::{Subject, acted, found, refused};
use crate::api::qrcode::ScanError;
use crate::clock::SandboxClock as _;
use crate::controls::JsConfig;
use crate::people::{Followed, Who};
use crate::platform::Platform;
use crate::server::Verified;
use crate::state::{Format, Mode, Server};
use crate::transport::lock;

type Door = State<Arc<Shared>>;

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/accounts/{appid}", get(account))
        .route("/server", post(server))
        .route("/server/verify", post(verify))
        .route("/server/remove", post(remove))
        .route("/take-token", post(take_token))
        .route("/js-code", post(js_code))
        .route("/follow", post(follow))
        .route("/tap", post(tap))
        .route("/scan", post(scan))
        .route("/jsapi-verify", post(jsapi_verify))
        .route("/web-domain", post(web_domain))
}

fn unknown() -> Response {
    refused(StatusCode::NOT_FOUND, "no such account")
}

async fn account(State(shared): Door, Path(appid): Path<String>) -> Response {
    let now = shared.clock.now_ms();
    let platform = lock(&shared.platform);
    let Some(view) = platform.accounts().into_iter().find(|view| view.appid == appid) else { return unknown() };
    let codes = platform.qr_codes_of(now, &appid).into_iter();
    let mut answer = json!(view);
    let own = json!({
        "app_secret": platform.app_secret(&appid),
        "test": platform.account(&appid).is_some_and(|account| account.test),
        "bound": platform.account(&appid).is_some_and(|account| account.bound),
        "server": platform.server_of(&appid),
        "web_domain": platform.web_domain(&appid),
        "people": platform.people(&appid),
        "sent": platform.sent_messages(&appid),
        "qr_codes": codes.map(|(ticket, scene, until)| json!({"ticket": ticket, "scene": scene, "until_ms": until}))
            .collect::<Vec<_>>(),
        "pushes": platform.recent_pushes().filter(|p| p.appid.as_deref() == Some(&appid)).collect::<Vec<_>>(),
    });
    if let (Some(answer), Value::Object(own)) = (answer.as_object_mut(), own) {
        answer.extend(own);
    }
    Json(answer).into_response()
}

#[derive(Deserialize)]
struct NewServer {
    appid: String,
    url: String,
    token: String,
    encoding_aes_key: String,
    mode: Mode,
    #[serde(default)]
    format: Format,
}

/// 提交: verifies, and saves when the echo is exact.
pub(super) async fn submit(shared: &Shared, appid: &str, server: Server) -> Verified {
    let begun = lock(&shared.platform).begin_verification(shared.clock.now_ms(), appid, server);
    let verification = match begun {
        Ok(verification) => verification,
        Err(failed) => return failed,
    };
    let answer = shared.outside.get(&verification.url).await;
    let answer = answer.as_ref().map(|fetched| (fetched.status, fetched.body.as_slice())).map_err(Clone::clone);
    lock(&shared.platform).end_verification(appid, verification, answer)
}

async fn server(State(shared): Door, Json(body): Json<NewServer>) -> Json<Verified> {
    let NewServer { appid, url, token, encoding_aes_key, mode, format } = body;
    Json(submit(&shared, &appid, Server { url, token, encoding_aes_key, mode, format }).await)
}

async fn verify(State(shared): Door, Json(body): Json<Subject>) -> Response {
    let saved = lock(&shared.platform).server_of(&body.appid).cloned();
    match saved {
        Some(server) => Json(submit(&shared, &body.appid, server).await).into_response(),
        None => refused(StatusCode::CONFLICT, "the account has no server configuration"),
    }
}

async fn remove(State(shared): Door, Json(body): Json<Subject>) -> Response {
    lock(&shared.platform).remove_server(&body.appid);
    found(true, "")
}

async fn take_token(State(shared): Door, Json(body): Json<Subject>) -> Response {
    let taken = lock(&shared.platform).take_token(shared.clock.now_ms(), &body.appid);
    found(taken, "the account cannot have a token")
}

#[derive(Deserialize)]
struct Person {
    appid: String,
    #[serde(default = "first")]
    follower: Who,
}

fn first() -> Who {
    Who::Number(0)
}

async fn js_code(State(shared): Door, Json(body): Json<Person>) -> Response {
    let mut platform = lock(&shared.platform);
    let openid = platform.resolve(&body.appid, &body.follower);
    match platform.issue_js_code(shared.clock.now_ms(), &body.appid, &openid) {
        Some(code) => Json(json!({"js_code": code, "openid": openid})).into_response(),
        None => refused(StatusCode::CONFLICT, "not a mini program that people can open"),
    }
}

#[derive(Deserialize)]
struct Follow {
    appid: String,
    #[serde(default = "first")]
    follower: Who,
    on: bool,
}

async fn follow(State(shared): Door, Json(body): Json<Follow>) -> Response {
    let now = shared.clock.now_ms();
    let mut platform = lock(&shared.platform);
    let openid = platform.resolve(&body.appid, &body.follower);
    platform.take_queued();
    let done = |platform: &mut Platform| {
        Json(json!({"ok": true, "openid": openid, "push": platform.take_queued()})).into_response()
    };
    if !body.on {
        return match platform.unfollow(now, &body.appid, &openid) {
            true => done(&mut platform),
            false => refused(StatusCode::CONFLICT, "he does not follow"),
        };
    }
    match platform.follow(now, &body.appid, &openid) {
        Followed::Done | Followed::Already => done(&mut platform),
        Followed::Full => refused(StatusCode::CONFLICT, "a test account has 100 followers at most"),
        Followed::Impossible => refused(StatusCode::CONFLICT, "the account cannot be followed"),
    }
}

#[derive(Deserialize)]
struct Tap {
    appid: String,
    #[serde(default = "first")]
    follower: Who,
    /// A button type of F.3.
    #[serde(rename = "type")]
    kind: String,
    key: String,
}

async fn tap(State(shared): Door, Json(body): Json<Tap>) -> Response {
    let mut platform = lock(&shared.platform);
    let openid = platform.resolve(&body.appid, &body.follower);
    platform.take_queued();
    platform.tap_menu(shared.clock.now_ms(), &body.appid, &openid, &body.kind, &body.key);
    acted(&mut platform, &body.appid, &openid)
}

#[derive(Deserialize)]
struct Scan {
    /// The code's ticket, or
    ticket: Option<String>,
    /// the account and
    appid: Option<String>,
    /// its scene, text or number.
    scene: Option<Value>,
    #[serde(default = "first")]
    follower: Who,
}

async fn scan(State(shared): Door, Json(body): Json<Scan>) -> Response {
    let scene = body.scene.map(|scene| scene.as_str().map_or_else(|| scene.to_string(), str::to_owned));
    let Some(named) = body.ticket.or(scene) else {
        return refused(StatusCode::UNPROCESSABLE_ENTITY, "ticket, or appid and scene");
    };
    let now = shared.clock.now_ms();
    let mut platform = lock(&shared.platform);
    platform.take_queued();
    match platform.scan(now, body.appid.as_deref(), &named, &body.follower) {
        Ok(event) => Json(json!({"ok": true, "event": event, "push": platform.take_queued()})).into_response(),
        Err(why) => refused(StatusCode::CONFLICT, why_not(why)),
    }
}

pub(super) fn why_not(why: ScanError) -> &'static str {
    match why {
        ScanError::Unknown => "no such code",
        ScanError::Expired => "the code is expired",
        ScanError::NotFollowed => "the account cannot be followed, or is full",
    }
}

async fn jsapi_verify(State(shared): Door, Json(body): Json<JsConfig>) -> Json<Value> {
    let (result, ticket) = lock(&shared.platform).verify_js_config(shared.clock.now_ms(), &body);
    Json(json!({"result": result, "accepted": ticket.is_some(), "ticket": ticket}))
}

#[derive(Deserialize)]
struct WebDomain {
    appid: String,
    /// A bare host; empty takes the entry away.
    domain: String,
}

async fn web_domain(State(shared): Door, Json(body): Json<WebDomain>) -> Response {
    let mut platform = lock(&shared.platform);
    if platform.account(&body.appid).is_none() {
        return unknown();
    }
    platform.set_web_domain(&body.appid, &body.domain);
    found(true, "")
}
