//! The log of calls: a decorator around every platform's transport, and the rows it gathers.
//!
//! Owns what of a call is kept. Must not slow a call, fail it, or keep a secret of it. Invariants: a call never waits for
//! the store; rows are written in batches, at most one a second, and a batch that cannot be written is tried again and in
//! the end dropped and counted; of a request only the path is kept, of an answer only errcode, errmsg and rid.
//!
//! Why a call is made is said around it ([`because`]), not through it: a tag of the task, so that the typed calls of
//! `wechat` need not carry it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use tokio::sync::Notify;
use wechat::error::{ApiError, scrub};
use wechat::secret::SecretString;
use wechat::transport::{ApiRequest, ApiResponse, BoxFuture, Host, Transport, TransportError, without_queries};

use crate::clock::Clock;
use crate::core::Core;
use crate::dto::{CallReason, ReasonCode, TransportErrorKind};
use crate::store::StoreError;
use crate::store::tables::api_call::{self, ApiCallRow};
use crate::store::tables::setting;

/// Rows are gathered so long before they are written, ms.
const GATHER: i64 = 1_000;
/// Rows of one commit: pushes that share it must not wait long for their answer (200 rows take 3 ms).
const BATCH: usize = 200;
/// Rows that wait for the store at most; beyond, the oldest are lost. 256 bytes each: 5 MB.
const WAITING: usize = 20_000;
/// Pause after a batch could not be written, ms.
const AGAIN: i64 = 10_000;
/// Longer runs of these characters in WeChat's words are masked: tokens and codes are longer, words are not. The longest
/// word of WeChat's known texts, `getStableAccessToken`, has 20.
const LONGEST_WORD: usize = 23;
/// Days that calls are kept unless the operator says otherwise.
pub const DEFAULT_DAYS: u32 = 30;
/// Name of that setting.
pub const RETENTION: &str = "api_call_days";

/// Why a call is made, and for which account.
#[derive(Debug, Clone)]
struct Tag {
    reason: CallReason,
    appid: Option<String>,
}

tokio::task_local! {
    static TAG: Tag;
}

/// Runs `work`; calls that it makes are logged with this reason and account.
pub async fn because<T>(reason: CallReason, appid: Option<&str>, work: impl Future<Output = T>) -> T {
    TAG.scope(Tag { reason, appid: appid.map(str::to_owned) }, work).await
}

/// Why a refresh makes its call.
#[must_use]
pub fn reason_of(reason: ReasonCode) -> CallReason {
    match reason {
        ReasonCode::Requested | ReasonCode::Forced => CallReason::Operator,
        ReasonCode::ReportedRejected => CallReason::Server,
        _ => CallReason::Scheduled,
    }
}

/// Why a call of this path is made, when nobody said.
fn usual_reason(path: &str) -> CallReason {
    if path.starts_with("/sns/") {
        return CallReason::Oauth;
    }
    match path.rsplit("/cgi-bin/").next().unwrap_or(path) {
        "component/api_query_auth" => CallReason::Authorization,
        "component/api_create_preauthcode" => CallReason::Link,
        "component/api_get_authorizer_info" => CallReason::Details,
        "component/api_get_authorizer_list" => CallReason::Reconcile,
        "component/api_start_push_ticket" => CallReason::Operator,
        "getcallbackip" | "callback/check" | "openapi/rid/get" => CallReason::Diagnostics,
        "qrcode/create" => CallReason::SceneCode,
        "message/custom/send" | "message/custom/typing" => CallReason::CustomMessage,
        path if path.starts_with("menu/") || path == "get_current_selfmenu_info" => CallReason::Menu,
        _ => CallReason::Other,
    }
}

/// Rows on their way to the store.
#[derive(Debug, Default)]
pub struct CallLog {
    waiting: Mutex<VecDeque<ApiCallRow>>,
    wake: Notify,
    /// One batch at a time, so that rows keep their order.
    writing: tokio::sync::Mutex<()>,
    lost: AtomicI64,
    /// 0 until the setting was read.
    days: AtomicU32,
}

impl CallLog {
    fn add(&self, row: ApiCallRow) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= WAITING {
            waiting.pop_front();
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        waiting.push_back(row);
        drop(waiting);
        self.wake.notify_one();
    }

    fn take(&self) -> Vec<ApiCallRow> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.len().min(BATCH);
        waiting.drain(..count).collect()
    }

    fn put_back(&self, rows: Vec<ApiCallRow>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for row in rows.into_iter().rev() {
            if waiting.len() >= WAITING {
                self.lost.fetch_add(1, Ordering::Relaxed);
            } else {
                waiting.push_front(row);
            }
        }
    }

    /// Rows of this run that could not be written.
    #[must_use]
    pub fn lost(&self) -> i64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Days that calls are kept.
    #[must_use]
    pub fn days(&self) -> u32 {
        match self.days.load(Ordering::Relaxed) {
            0 => DEFAULT_DAYS,
            days => days,
        }
    }

    pub(crate) fn set_days(&self, days: u32) {
        self.days.store(days, Ordering::Relaxed);
    }
}

impl Core {
    /// The same transport, its calls logged as this platform's.
    pub(crate) fn logged(&self, transport: Arc<dyn Transport>, component_appid: &str) -> Arc<dyn Transport> {
        Arc::new(Logged {
            inner: transport,
            component_appid: component_appid.to_owned(),
            log: self.call_log().clone(),
            clock: self.clock().clone(),
        })
    }

    /// Writes what was gathered.
    ///
    /// # Errors
    /// The store's; the rows wait on then.
    pub(crate) async fn flush_call_log(&self) -> Result<(), StoreError> {
        let log = self.call_log();
        let _turn = log.writing.lock().await;
        let mut wrote = false;
        loop {
            let rows = log.take();
            if rows.is_empty() {
                break;
            }
            let rows = Arc::new(rows);
            let inside = rows.clone();
            if let Err(e) = self.store().write(move |tx| api_call::insert(tx, &inside)).await {
                log.put_back(Arc::try_unwrap(rows).unwrap_or_else(|rows| rows.as_ref().clone()));
                return Err(e);
            }
            wrote = true;
        }
        if wrote {
            self.changes().tell(["api_calls"]);
        }
        Ok(())
    }

    /// Reads how long calls are kept.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn load_call_log(&self) -> Result<(), StoreError> {
        let days: u32 = self.store().read(|c| setting::get(c, RETENTION)).await?;
        self.call_log().set_days(days);
        Ok(())
    }
}

/// Writes rows as they come, for ever.
pub(crate) async fn run(core: Core) {
    loop {
        core.call_log().wake.notified().await;
        core.clock().sleep(GATHER).await;
        while let Err(e) = core.flush_call_log().await {
            if matches!(e, StoreError::Stopping) {
                return;
            }
            tracing::warn!(error = %e, "calls could not be logged; they are kept and tried again");
            core.clock().sleep(AGAIN).await;
        }
    }
}

struct Logged {
    inner: Arc<dyn Transport>,
    component_appid: String,
    log: Arc<CallLog>,
    clock: Arc<dyn Clock>,
}

/// A call under way. Dropped unfinished, it says so: whoever gave up waiting does not know what WeChat did.
struct Open<'a> {
    of: &'a Logged,
    started: i64,
    row: Option<ApiCallRow>,
}

impl Open<'_> {
    fn end(&mut self, with: impl FnOnce(&mut ApiCallRow)) {
        if let Some(mut row) = self.row.take() {
            row.duration_ms = (self.of.clock.monotonic() - self.started).max(0);
            with(&mut row);
            self.of.log.add(row);
        }
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.end(|row| row.transport_error = Some(TransportErrorKind::Abandoned));
    }
}

impl Transport for Logged {
    fn send(&self, req: ApiRequest) -> BoxFuture<'_, Result<ApiResponse, TransportError>> {
        // Pictures are not calls, and their addresses are nobody's business.
        if matches!(req.host, Host::Absolute(_)) {
            return self.inner.send(req);
        }
        // What the request sent must not come back out of an errmsg. Only the query is remembered; what a body holds is
        // long, and long runs are masked anyway.
        let secrets: Vec<SecretString> = req.query.iter().map(|(_, value)| value.clone()).collect();
        let tag = TAG.try_with(Tag::clone).ok();
        let row = ApiCallRow {
            id: 0,
            at: self.clock.now(),
            component_appid: self.component_appid.clone(),
            appid: tag.as_ref().and_then(|t| t.appid.clone()),
            api: req.path.split(['?', '#']).next().unwrap_or_default().to_owned(),
            reason: tag.map_or_else(|| usual_reason(&req.path), |t| t.reason),
            duration_ms: 0,
            ok: false,
            errcode: None,
            message: None,
            rid: None,
            http_status: None,
            transport_error: None,
        };
        Box::pin(async move {
            let mut open = Open { of: self, started: self.clock.monotonic(), row: Some(row) };
            let result = self.inner.send(req).await;
            open.end(|row| match &result {
                Ok(answer) => note_answer(row, answer, &secrets),
                Err(error) => {
                    row.transport_error = Some(kind_of(error));
                    row.message = Some(mask(&scrub(&without_queries(&error.to_string()), &secrets)));
                }
            });
            result
        })
    }
}

fn kind_of(error: &TransportError) -> TransportErrorKind {
    match error {
        TransportError::Timeout => TransportErrorKind::Timeout,
        TransportError::Connect(_) => TransportErrorKind::Connect,
        TransportError::Dropped(_) => TransportErrorKind::Dropped,
        TransportError::Proxy(_) => TransportErrorKind::Proxy,
        TransportError::TooLarge => TransportErrorKind::TooLarge,
    }
}

fn note_answer(row: &mut ApiCallRow, answer: &ApiResponse, secrets: &[SecretString]) {
    #[derive(Deserialize)]
    struct Refusal {
        #[serde(default)]
        errcode: serde_json::Value,
        #[serde(default)]
        errmsg: serde_json::Value,
    }
    row.http_status = Some(answer.status);
    if answer.status != 200 {
        return;
    }
    let body = answer.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&answer.body);
    let Ok(refusal) = serde_json::from_slice::<Refusal>(body) else {
        row.transport_error = Some(TransportErrorKind::BadBody);
        return;
    };
    // A number, or a text that holds one.
    let code = refusal.errcode.as_i64().or_else(|| refusal.errcode.as_str().and_then(|text| text.trim().parse().ok()));
    match code {
        None | Some(0) => row.ok = true,
        Some(code) => {
            let error = ApiError::new(code, refusal.errmsg.as_str().unwrap_or_default(), secrets);
            row.errcode = Some(code);
            row.message = Some(mask(&error.message)).filter(|m| !m.is_empty());
            row.rid = error.rid;
        }
    }
}

/// Masks whatever is too long for a word: a body's secret that came back in an errmsg. Request ids stay.
pub(crate) fn mask(text: &str) -> String {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '@' | '+' | '=' | '~');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(part) {
        let (before, tail) = rest.split_at(start);
        let end = tail.find(|c| !part(c)).unwrap_or(tail.len());
        let (run, after) = tail.split_at(end);
        out.push_str(before);
        out.push_str(if run.len() > LONGEST_WORD && !is_rid(run) { "***" } else { run });
        rest = after;
    }
    out.push_str(rest);
    out
}

fn is_rid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.len() == 3 && parts.iter().all(|p| p.len() == 8 && p.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests;
