//! Owns: the control endpoints under `/sandbox` and the status page.
//! Must not: be reachable from other machines by default; `door` binds loopback.
//! Invariant: only `/sandbox/platform` and `/sandbox/accounts/{appid}` show secrets.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Shared, html};
use crate::clock::SandboxClock as _;
use crate::config::SandboxConfig;
use crate::fault::{Effect, When};
use crate::fields;
use crate::people::Who;
use crate::platform::Platform;
use crate::transport::lock;

type Door = State<Arc<Shared>>;

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/state", get(state))
        .route("/platform", get(platform))
        .route("/violations", get(violations))
        .route("/advance", post(advance))
        .route("/ticket", post(ticket))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/faults/{id}", delete(clear_fault))
        .route("/revoke", post(revoke))
        .route("/sets", post(sets))
        .route("/rotation", post(rotation))
        .route("/push", post(push))
        .route("/config", get(config).post(set_config))
        .route("/message", post(message))
        .route("/accounts", post(accounts))
        .route("/expire", post(expire))
        .route("/client-restarted", post(client_restarted))
}

pub(super) fn refused(status: StatusCode, text: &str) -> Response {
    (status, Json(json!({"code": "refused", "message": text}))).into_response()
}

fn done() -> Response {
    Json(json!({"ok": true})).into_response()
}

pub(super) fn found(found: bool, otherwise: &str) -> Response {
    if found { done() } else { refused(StatusCode::CONFLICT, otherwise) }
}

fn state_json(platform: &Platform, now_ms: i64, offset_ms: i64) -> Value {
    json!({
        "time": now_ms,
        "clock_offset_ms": offset_ms,
        "seed": platform.seed(),
        "component_appid": platform.credentials().component_appid,
        "push_base": platform.config().push_base,
        "rotate_refresh_tokens": platform.config().rotate_refresh_tokens,
        "accounts": platform.accounts(),
        "faults": platform.faults(),
        "violations": platform.violation_records(),
        "notices": platform.notices().collect::<Vec<_>>(),
        "calls": platform.call_counts(),
        "recent_calls": platform.recent_calls().collect::<Vec<_>>(),
        "recent_pushes": platform.recent_pushes().collect::<Vec<_>>(),
        "pending_pushes": platform.pending_pushes(),
        "crowd": platform.crowd(),
        "next_push_at": platform.next_push_ms().filter(|at| *at > 0),
        "in_flight": platform.in_flight(),
        "peak_in_flight": platform.peak_in_flight(),
    })
}

async fn state(State(shared): Door) -> Json<Value> {
    let now = shared.clock.now_ms();
    Json(state_json(&lock(&shared.platform), now, shared.clock.offset_ms()))
}

async fn platform(State(shared): Door) -> Json<Value> {
    Json(lock(&shared.platform).platform_json())
}

async fn violations(State(shared): Door) -> Json<Value> {
    let platform = lock(&shared.platform);
    Json(json!({"violations": platform.violation_records(), "notices": platform.notices().collect::<Vec<_>>()}))
}

#[derive(Deserialize)]
struct Advance {
    ms: i64,
}

async fn advance(State(shared): Door, Json(body): Json<Advance>) -> Json<Value> {
    shared.clock.advance(body.ms);
    lock(&shared.platform).touched();
    Json(json!({"time": shared.clock.now_ms(), "clock_offset_ms": shared.clock.offset_ms()}))
}

async fn ticket(State(shared): Door) -> Response {
    lock(&shared.platform).push_ticket_now(shared.clock.now_ms());
    done()
}

#[derive(Deserialize)]
struct NewFault {
    #[serde(default)]
    when: When,
    #[serde(flatten)]
    effect: Effect,
}

async fn faults(State(shared): Door) -> Json<Value> {
    Json(json!({"faults": lock(&shared.platform).faults()}))
}

async fn add_fault(State(shared): Door, Json(body): Json<Value>) -> Response {
    match serde_json::from_value::<NewFault>(body) {
        Ok(NewFault { when, effect }) => {
            Json(json!({"id": lock(&shared.platform).add_fault(when, effect)})).into_response()
        }
        Err(error) => refused(StatusCode::UNPROCESSABLE_ENTITY, &error.to_string()),
    }
}

async fn clear_faults(State(shared): Door) -> Response {
    lock(&shared.platform).clear_faults(None);
    done()
}

async fn clear_fault(State(shared): Door, Path(id): Path<u64>) -> Response {
    lock(&shared.platform).clear_faults(Some(id));
    done()
}

#[derive(Deserialize)]
pub(super) struct Subject {
    pub(super) appid: String,
}

async fn revoke(State(shared): Door, Json(body): Json<Subject>) -> Response {
    let revoked = lock(&shared.platform).unauthorize(shared.clock.now_ms(), &body.appid);
    found(revoked, "the account is not authorized")
}

#[derive(Deserialize)]
struct Sets {
    appid: String,
    sets: Vec<u32>,
}

async fn sets(State(shared): Door, Json(body): Json<Sets>) -> Response {
    let changed = lock(&shared.platform).change_sets(shared.clock.now_ms(), &body.appid, &body.sets);
    found(changed, "the account is not authorized, or has these sets already")
}

#[derive(Deserialize)]
struct Switch {
    on: bool,
}

async fn rotation(State(shared): Door, Json(body): Json<Switch>) -> Response {
    lock(&shared.platform).set_rotation(body.on);
    done()
}

#[derive(Deserialize)]
struct PushTargets {
    push_base: Option<String>,
    event_url: Option<String>,
    message_url: Option<String>,
}

/// Absent members are left alone, except that a push base switches pushes on and sends a ticket at once.
async fn push(State(shared): Door, Json(body): Json<PushTargets>) -> Response {
    let now = shared.clock.now_ms();
    let mut platform = lock(&shared.platform);
    platform.configure(|config| {
        config.event_url = body.event_url.or_else(|| config.event_url.take());
        config.message_url = body.message_url.or_else(|| config.message_url.take());
    });
    if let Some(base) = body.push_base {
        platform.set_push_base(Some(base));
    } else {
        platform.set_pushing(true);
    }
    platform.push_ticket_now(now);
    done()
}

async fn config(State(shared): Door) -> Json<SandboxConfig> {
    Json(lock(&shared.platform).config().clone())
}

async fn set_config(State(shared): Door, Json(body): Json<Value>) -> Response {
    let mut platform = lock(&shared.platform);
    let mut merged = match serde_json::to_value(platform.config()) {
        Ok(value) => value,
        Err(error) => return refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    };
    let (Some(fields), Some(changes)) = (merged.as_object_mut(), body.as_object()) else {
        return refused(StatusCode::UNPROCESSABLE_ENTITY, "an object is expected");
    };
    for (name, value) in changes {
        if !fields.contains_key(name) {
            return refused(StatusCode::UNPROCESSABLE_ENTITY, &format!("no setting is called {name}"));
        }
        fields.insert(name.clone(), value.clone());
    }
    match serde_json::from_value::<SandboxConfig>(merged) {
        Ok(new) => {
            platform.configure(|config| *config = new);
            done()
        }
        Err(error) => refused(StatusCode::UNPROCESSABLE_ENTITY, &error.to_string()),
    }
}

/// What a person did: its push, if anybody receives it.
pub(super) fn acted(platform: &mut Platform, appid: &str, openid: &str) -> Response {
    let push = platform.take_queued();
    if push.is_some() || platform.receives(appid) {
        return Json(json!({"ok": true, "openid": openid, "push": push})).into_response();
    }
    refused(StatusCode::CONFLICT, "the account is not authorized and has no server of its own")
}

#[derive(Deserialize)]
struct Message {
    appid: String,
    openid: Option<String>,
    /// A person, instead of the openid.
    follower: Option<Who>,
    /// A text message, or
    text: Option<String>,
    /// any fields after CreateTime: groups as objects, repeated elements as arrays.
    #[serde(default)]
    fields: Map<String, Value>,
}

async fn message(State(shared): Door, Json(body): Json<Message>) -> Response {
    let mut fields = match fields::from_json(&body.fields) {
        Ok(fields) => fields,
        Err(why) => return refused(StatusCode::UNPROCESSABLE_ENTITY, &why),
    };
    if let Some(text) = body.text {
        fields.insert(0, ("Content".into(), text));
        fields.insert(0, ("MsgType".into(), "text".into()));
    }
    let mut platform = lock(&shared.platform);
    let person = body.follower.unwrap_or(Who::Number(0));
    let openid = body.openid.unwrap_or_else(|| platform.resolve(&body.appid, &person));
    platform.take_queued();
    platform.push_message(shared.clock.now_ms(), &body.appid, &openid, &fields);
    acted(&mut platform, &body.appid, &openid)
}

#[derive(Deserialize)]
struct Count {
    count: usize,
}

async fn accounts(State(shared): Door, Json(body): Json<Count>) -> Response {
    if body.count > 100_000 {
        return refused(StatusCode::UNPROCESSABLE_ENTITY, "at most 100000 accounts at once");
    }
    let made = lock(&shared.platform).authorize_many(body.count, shared.clock.now_ms());
    let appids: Vec<String> = made.into_iter().map(|(appid, _)| appid).collect();
    Json(json!({"appids": appids})).into_response()
}

#[derive(Deserialize)]
struct Expire {
    appid: Option<String>,
}

async fn expire(State(shared): Door, Json(body): Json<Expire>) -> Response {
    let now = shared.clock.now_ms();
    let mut platform = lock(&shared.platform);
    match body.appid {
        Some(appid) => platform.replace_token_elsewhere(now, &appid),
        None => platform.replace_component_token_elsewhere(now),
    }
    done()
}

async fn client_restarted(State(shared): Door) -> Response {
    lock(&shared.platform).client_restarted();
    done()
}

pub(super) async fn status_page(State(shared): Door, headers: HeaderMap) -> Html<String> {
    let lang = html::Lang::of(&headers);
    let now = shared.clock.now_ms();
    Html(html::status(&lock(&shared.platform), now, shared.clock.offset_ms(), lang))
}
