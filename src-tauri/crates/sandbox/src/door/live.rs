//! Owns: the machine interface of what goes on by itself: the crowd, release checks, what became of a push; and their part
//! of the status page.
//! Must not: decide anything; `Platform` does.
//! Invariant: shows no code, ticket or token: texts of release checks come masked.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;

use super::Shared;
use super::control::refused;
use super::html::{self, Lang};
use crate::accounts::Kind;
use crate::clock::SandboxClock as _;
use crate::codec::html as esc;
use crate::crowd::{CrowdView, FASTEST};
use crate::delivery::PushState;
use crate::platform::Platform;
use crate::release::{CheckError, Rehearsal, RowName, RowState};
use crate::transport::lock;

type Door = State<Arc<Shared>>;

/// Nobody waits longer for a push in one request.
const LONGEST_WAIT_MS: i64 = 60_000;

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/crowd", get(crowd).post(set_crowd))
        .route("/release-check", get(checks).post(start_check))
        .route("/push/{id}", get(push))
}

async fn crowd(State(shared): Door) -> Json<CrowdView> {
    Json(lock(&shared.platform).crowd())
}

#[derive(Deserialize)]
struct Rate {
    per_minute: i64,
}

async fn set_crowd(State(shared): Door, Json(body): Json<Rate>) -> Response {
    match u32::try_from(body.per_minute).ok().filter(|rate| *rate <= FASTEST) {
        Some(rate) => {
            let mut platform = lock(&shared.platform);
            platform.set_crowd(rate);
            Json(platform.crowd()).into_response()
        }
        None => refused(StatusCode::UNPROCESSABLE_ENTITY, "per_minute is 0 to 60000"),
    }
}

async fn checks(State(shared): Door, headers: HeaderMap) -> Json<Vec<Rehearsal>> {
    Json(lock(&shared.platform).release_checks(Lang::of(&headers) == Lang::En))
}

#[derive(Deserialize)]
struct NewCheck {
    set: Option<u8>,
    kind: Option<Kind>,
}

async fn start_check(State(shared): Door, headers: HeaderMap, Json(body): Json<NewCheck>) -> Response {
    let mut platform = lock(&shared.platform);
    match platform.start_release_check(shared.clock.now_ms(), body.set, body.kind) {
        Ok(id) => {
            let checks = platform.release_checks(Lang::of(&headers) == Lang::En);
            Json(checks.into_iter().find(|check| check.id == id)).into_response()
        }
        Err(CheckError::Running) => refused(StatusCode::CONFLICT, "a check is running"),
        Err(CheckError::NoPushes) => refused(StatusCode::CONFLICT, "no push base is set: nothing can be pushed"),
        Err(CheckError::NoSuchAccount) => {
            refused(StatusCode::UNPROCESSABLE_ENTITY, "set is 1 to 5, kind official_account or mini_program")
        }
    }
}

#[derive(Deserialize)]
struct Wait {
    /// Until the push is over, so long at most.
    #[serde(default)]
    wait_ms: i64,
}

async fn push(State(shared): Door, Path(id): Path<u64>, Query(query): Query<Wait>) -> Response {
    let signal = lock(&shared.platform).push_done_signal();
    let until = shared.clock.watch_ms() + query.wait_ms.clamp(0, LONGEST_WAIT_MS);
    loop {
        // Registered before the look, so that an end in between is not missed.
        let ended = signal.notified();
        tokio::pin!(ended);
        ended.as_mut().enable();
        let Some(view) = lock(&shared.platform).push_view(id) else {
            return refused(StatusCode::NOT_FOUND, "no such push, or it was forgotten");
        };
        let left = until - shared.clock.watch_ms();
        if left <= 0 || !matches!(view.state, PushState::Waiting | PushState::UnderWay) {
            return Json(view).into_response();
        }
        tokio::select! {
            () = ended => {}
            () = shared.clock.hold_ms(left.unsigned_abs()) => {}
        }
    }
}

/// The crowd and the release check on the status page.
pub(super) fn sections(out: &mut String, platform: &Platform, lang: Lang) {
    let CrowdView { per_minute, sent, repeated, lost } = platform.crowd();
    let mut took: Vec<i64> = platform.recent_crowd_pushes().filter_map(|p| p.took_ms).collect();
    took.sort_unstable();
    let at = |hundredths: usize| took.get(took.len().saturating_sub(1) * hundredths / 100).copied().unwrap_or(0);
    let _ = write!(
        out,
        "<div class=\"card\" id=\"crowd\"><b>{}</b><p>{} {per_minute} · {} {sent} · {} {repeated} · {} {lost}</p>\
         <p class=\"soft\">{} p50 {} ms · p99 {} ms</p></div>",
        lang.pick("关注者", "Followers"),
        lang.pick("每分钟", "a minute"),
        lang.pick("已发送", "sent"),
        lang.pick("重试", "repeated"),
        lang.pick("放弃", "lost"),
        lang.pick("应答时间", "answer times"),
        at(50),
        at(99),
    );
    let rows = platform.recent_crowd_pushes().rev().take(20).map(|p| {
        let took = p.took_ms.map_or_else(String::new, |ms| format!("{ms} ms"));
        [format!("#{} ({})", p.id, p.attempt), p.what.clone().unwrap_or_default(), took, p.outcome.clone()]
    });
    html::table(out, lang.pick("关注者最近的消息", "Their last messages"), rows);
    let checks = platform.release_checks(lang == Lang::En);
    let Some(check) = checks.first() else { return };
    let rows = check.rows.iter().map(|row| {
        let state = match row.state {
            RowState::Waiting => "–",
            RowState::Running => "…",
            RowState::Ok => "✓",
            RowState::Failed => "✗",
        };
        let took = row.took_ms.map_or_else(String::new, |ms| format!("{ms} ms"));
        [name(row.row, lang).to_owned(), state.to_owned(), took, row.text.clone().unwrap_or_default()]
    });
    let title = format!("{} · {}", lang.pick("全网发布检测", "Release check"), esc(&check.appid));
    html::table(out, &title, rows);
}

/// As in WeChat's console (J.3).
fn name(row: RowName, lang: Lang) -> &'static str {
    match row {
        RowName::Ticket => lang.pick("组件ticket正确接收", "component ticket received"),
        RowName::PreAuthCode => lang.pick("生成预授权码", "pre-authorization code made"),
        RowName::AuthCode => lang.pick("获取授权code", "authorization code got"),
        RowName::Authorize => lang.pick("授权", "authorize"),
        RowName::ApiText => lang.pick("返回Api文本消息", "text sent by the API"),
        RowName::Text => lang.pick("返回普通文本消息", "text answered"),
        RowName::Event => lang.pick("发送事件消息", "event answered"),
        RowName::Cancel => lang.pick("取消授权", "authorization cancelled"),
    }
}
