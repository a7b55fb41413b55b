//! Customer-service messages (客服消息) to followers, and the windows in which WeChat takes them (protocol I.2).
//!
//! Owns: which windows stand open as far as the inbox knows, and the way of a message. Must not: refuse because no window
//! is known to be open; other programs and pushes that were not searched open windows too, and WeChat decides.
//! Invariant: a message is a row before it leaves, and leaves once: what a stop or a lost answer leaves in the dark is
//! said to be unknown and never sent again from here. A refused token means that nothing was sent, so then it is.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::oneshot;
use wechat::api::customer;
use wechat::customer::{Cause, allowance, problems};
use wechat::error::CallError;
use wechat::message::SUMMARY_CHARS;
use wechat::transport::TransportError;

use crate::commands::errcode_words;
use crate::core::Core;
use crate::dto::{
    AccountKind, Bilingual, CallReason, CustomMessage, ErrorCode, FieldError, SendWindow, SentMessage, WindowCause,
};
use crate::error::AppError;
use crate::inbox::view;
use crate::menus::{Failed, on_behalf_because};
use crate::store::tables::account::AccountRow;
use crate::store::tables::custom_message::{self, CustomMessageRow, Outcome};
use crate::store::tables::inbox::{PushRow, flag};

/// The permission set of an official account, and that of a mini program.
const SETS: [i64; 2] = [1, 19];
/// More than the allowed messages were sent.
const TOO_MANY: i64 = 45047;
/// A message without an outcome is on its way so long, ms; calls are given up earlier.
const ON_ITS_WAY: i64 = 60_000;

fn words(zh: &str, en: &str) -> Bilingual {
    Bilingual { zh: zh.to_owned(), en: en.to_owned() }
}

/// Why nothing can be sent. An account whose permission sets were never told is given the benefit: WeChat says then.
pub(crate) fn barred(account: Option<&AccountRow>) -> Option<Bilingual> {
    let Some(account) = account.filter(|account| account.is_known() && account.removed_at.is_none()) else {
        return Some(words(
            "该账号没有在此授权，不能发送客服消息",
            "The account is not authorized here, so nothing can be sent",
        ));
    };
    if !account.authorized {
        return Some(words(
            "该账号的授权已取消，重新授权后才能发送客服消息",
            "The account's authorization has ended; it must authorize again before anything can be sent",
        ));
    }
    if account.own || account.scopes.is_empty() {
        return None;
    }
    let [official, mini] = SETS;
    let (enough, zh, en) = match account.kind {
        Some(AccountKind::MiniProgram) => (
            account.scopes.contains(&mini),
            "该小程序没有授予客服消息管理权限（权限集 19），请让管理员重新授权并勾选",
            "The mini program did not grant permission set 19 (customer service messages); its owner must authorize again with it",
        ),
        Some(AccountKind::OfficialAccount) => (
            account.scopes.contains(&official),
            "该公众号没有授予消息管理权限（权限集 1），请让管理员重新授权并勾选",
            "The account did not grant permission set 1 (messages); its owner must authorize again with it",
        ),
        _ => (
            SETS.iter().any(|set| account.scopes.contains(set)),
            "该账号没有授予消息管理权限（权限集 1，小程序为 19），请让管理员重新授权并勾选",
            "The account granted neither permission set 1 nor 19 (messages); its owner must authorize again with one",
        ),
    };
    (!enough).then(|| words(zh, en))
}

/// Something that a follower did which lets him be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Opening {
    cause: WindowCause,
    /// WeChat's time, ms.
    opened_at: i64,
    until: i64,
    allowed: i64,
    /// Arrival here, ms: what was sent from here counts by the same clock.
    came_at: i64,
    used: i64,
}

/// Windows that are open at `now` (ms), and the last one of a message; newest first. `pushes` and `sent` are a follower's,
/// in any order.
pub(crate) fn windows(pushes: &[PushRow], sent: &[CustomMessageRow], mini_program: bool, now: i64) -> Vec<SendWindow> {
    let mut openings: Vec<Opening> = Vec::new();
    let mut by_age: Vec<&PushRow> = pushes.iter().filter(|push| push.flags & flag::MADE_UP == 0).collect();
    by_age.sort_by_key(|push| push.id);
    for push in by_age {
        let Some(head) = view::head(&push.body) else { continue };
        if head.event.as_deref() == Some("unsubscribe") && head.is_event() {
            // Whoever does not follow cannot be written to.
            openings.clear();
            continue;
        }
        let Some(allowed) = allowance(&head.msg_type, head.event.as_deref(), mini_program) else { continue };
        let opened_at = head.create_time.saturating_mul(1_000);
        openings.push(Opening {
            cause: match allowed.cause {
                Cause::Message => WindowCause::Message,
                Cause::Menu => WindowCause::Menu,
                Cause::Follow => WindowCause::Follow,
                Cause::Scan => WindowCause::Scan,
                Cause::Enter => WindowCause::Enter,
            },
            opened_at,
            until: opened_at.saturating_add(allowed.window_ms),
            allowed: i64::from(allowed.count),
            came_at: push.received_at,
            used: 0,
        });
    }
    count_sent(&mut openings, sent);
    let mut shown: Vec<Opening> = Vec::new();
    // A newer one of the same cause takes an older one's place.
    for opening in openings.into_iter().rev() {
        let there = shown.iter().any(|newer| newer.cause == opening.cause);
        if !there && (opening.until > now || opening.cause == WindowCause::Message) {
            shown.push(opening);
        }
    }
    shown.sort_by_key(|opening| std::cmp::Reverse(opening.opened_at));
    shown
        .into_iter()
        .map(|Opening { cause, opened_at, until, allowed, used, .. }| SendWindow {
            cause,
            opened_at,
            until,
            allowed,
            used,
        })
        .collect()
}

/// Each message counts against the window that was open when it was sent and ends first: that one is lost soonest.
fn count_sent(openings: &mut [Opening], sent: &[CustomMessageRow]) {
    let mut by_age: Vec<&CustomMessageRow> = sent.iter().collect();
    by_age.sort_by_key(|message| message.id);
    for message in by_age {
        let mut open: Vec<usize> = Vec::new();
        for (at, opening) in openings.iter().enumerate().rev() {
            let newest = !open.iter().any(|n| openings.get(*n).is_some_and(|newer| newer.cause == opening.cause));
            if newest && opening.came_at <= message.at && message.at < opening.until {
                open.push(at);
            }
        }
        open.sort_by_key(|at| openings.get(*at).map(|opening| opening.until));
        match message.outcome {
            Some(Outcome::NotSent) => {}
            Some(Outcome::Refused) if message.errcode == Some(TOO_MANY) => {
                for at in open {
                    if let Some(opening) = openings.get_mut(at) {
                        opening.used = opening.allowed;
                    }
                }
            }
            Some(Outcome::Refused) => {}
            // One that nobody knows of may have been taken.
            Some(Outcome::Sent | Outcome::Unknown) | None => {
                let free = open.into_iter().find(|at| openings.get(*at).is_some_and(|o| o.used < o.allowed));
                if let Some(opening) = free.and_then(|at| openings.get_mut(at)) {
                    opening.used += 1;
                }
            }
        }
    }
}

/// A stored message as a document.
pub(crate) fn sent_view(row: &CustomMessageRow, now: i64) -> SentMessage {
    let said = row.message.as_deref().unwrap_or_default();
    let words = match row.outcome {
        Some(Outcome::Sent) => None,
        Some(Outcome::Refused) => Some(match row.errcode.and_then(errcode_words) {
            Some(known) => Bilingual {
                zh: format!("{}。{}", known.meaning.zh, known.advice.zh),
                en: format!("{}. {}", known.meaning.en, known.advice.en),
            },
            None => Bilingual { zh: format!("微信拒绝：{said}"), en: format!("WeChat refused: {said}") },
        }),
        Some(Outcome::NotSent) => {
            Some(Bilingual { zh: format!("没有发出：{said}"), en: format!("It was not sent: {said}") })
        }
        Some(Outcome::Unknown) => Some(Bilingual {
            zh: format!("结果未知：没有收到微信的应答（{said}），对方可能已收到。不会自动重发"),
            en: format!("Unknown: WeChat's answer did not come ({said}), so it may have arrived. It is not sent again"),
        }),
        None if now - row.at < ON_ITS_WAY => Some(words("正在发送", "On its way")),
        None => Some(words(
            "结果未知：发送途中程序停止，对方可能已收到。不会自动重发",
            "Unknown: the program was stopped meanwhile, so it may have arrived. It is not sent again",
        )),
    };
    SentMessage {
        id: row.id,
        at: row.at,
        kind: row.kind.clone(),
        text: row.text.clone(),
        ok: row.outcome == Some(Outcome::Sent),
        errcode: row.errcode,
        words,
    }
}

/// `msgtype`, its payload, and the message in one line.
fn parts(message: &CustomMessage) -> (&'static str, Value, String) {
    let optional = |mut value: Value, name: &str, text: &str| {
        if !text.is_empty() {
            value[name] = text.into();
        }
        value
    };
    let (kind, payload, text) = match message {
        CustomMessage::Text { content } => ("text", json!({"content": content}), content),
        CustomMessage::Image { media_id } => ("image", json!({"media_id": media_id}), media_id),
        CustomMessage::Voice { media_id } => ("voice", json!({"media_id": media_id}), media_id),
        CustomMessage::Video { media_id, thumb_media_id, title, description } => {
            let payload = json!({"media_id": media_id, "thumb_media_id": thumb_media_id});
            let payload = optional(optional(payload, "title", title), "description", description);
            ("video", payload, if title.is_empty() { media_id } else { title })
        }
        CustomMessage::Music { title, description, musicurl, hqmusicurl, thumb_media_id } => {
            // WeChat wants both addresses.
            let best = if hqmusicurl.is_empty() { musicurl } else { hqmusicurl };
            let payload = json!({"musicurl": musicurl, "hqmusicurl": best, "thumb_media_id": thumb_media_id});
            let payload = optional(optional(payload, "title", title), "description", description);
            ("music", payload, if title.is_empty() { musicurl } else { title })
        }
        CustomMessage::News { article } => {
            let one = json!({"title": article.title, "url": article.url});
            let one = optional(optional(one, "description", &article.description), "picurl", &article.pic_url);
            ("news", json!({"articles": [one]}), &article.title)
        }
        CustomMessage::Mpnews { media_id } => ("mpnews", json!({"media_id": media_id}), media_id),
        CustomMessage::Mpnewsarticle { article_id } => ("mpnewsarticle", json!({"article_id": article_id}), article_id),
        CustomMessage::Msgmenu { head_content, list, tail_content } => {
            let list: Vec<Value> = list.iter().map(|(id, content)| json!({"id": id, "content": content})).collect();
            let payload = json!({"head_content": head_content, "list": list});
            ("msgmenu", optional(payload, "tail_content", tail_content), head_content)
        }
        CustomMessage::Wxcard { card_id } => ("wxcard", json!({"card_id": card_id}), card_id),
        CustomMessage::Miniprogrampage { title, appid, pagepath, thumb_media_id } => (
            "miniprogrampage",
            json!({"title": title, "appid": appid, "pagepath": pagepath, "thumb_media_id": thumb_media_id}),
            title,
        ),
    };
    (kind, payload, one_line(text))
}

fn one_line(text: &str) -> String {
    let line = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    line.collect::<Vec<_>>().join(" ").chars().take(SUMMARY_CHARS).collect()
}

/// What WeChat would not take, by the names that the form has.
fn checked(kind: &str, payload: &Value) -> Result<(), AppError> {
    let errors: Vec<FieldError> = problems(kind, payload)
        .into_iter()
        .map(|problem| {
            // The form has the one article that may be sent.
            let field = problem.field.replace("articles.0.", "article.").replace("articles", "article");
            crate::validate::error(&field, problem.rule, problem.label.en, problem.label.zh)
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(AppError::invalid(errors)) }
}

/// What an openid may be.
///
/// # Errors
/// `InvalidInput` naming `openid`.
pub(crate) fn checked_openid(openid: &str) -> Result<(), AppError> {
    let good =
        (1..=128).contains(&openid.len()) && openid.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    if good {
        return Ok(());
    }
    Err(AppError::invalid_field("openid", "format", "must be an openid of the account", "应为该账号下的 openid"))
}

/// Sends a message, and waits for what becomes of it. Whoever stops waiting cuts nothing off.
///
/// # Errors
/// `InvalidInput` naming the field, or `appid` with the rule `barred`; `NotFound`; the store's. Nothing was sent then.
pub(crate) async fn send(
    core: &Core,
    component_appid: &str,
    appid: &str,
    openid: &str,
    message: &CustomMessage,
) -> Result<SentMessage, AppError> {
    checked_openid(openid)?;
    let (kind, payload, text) = parts(message);
    checked(kind, &payload)?;
    let platform = core.platform_row(component_appid)?;
    let account = core.store().mirror().account_by_appid(platform.id, appid);
    if let Some(why) = barred(account.as_deref()) {
        return Err(AppError::invalid_field("appid", "barred", &why.en, &why.zh));
    }
    let Some(account) = account else { return Err(AppError::not_found("account", appid)) };
    let body = json!({"touser": openid, "msgtype": kind, kind: payload});
    let mut row = CustomMessageRow {
        id: 0,
        platform_id: platform.id,
        appid: appid.to_owned(),
        openid: openid.to_owned(),
        at: core.clock().now(),
        kind: kind.to_owned(),
        text,
        outcome: None,
        errcode: None,
        message: None,
    };
    let mine = row.clone();
    row.id = core.store().write(move |tx| custom_message::insert(tx, &mine)).await?;
    tell(core, openid);
    let (done, waiting) = oneshot::channel();
    let task = carry(core.clone(), account, row, Arc::new(body));
    core.own(tokio::spawn(async move {
        // Nobody may be waiting any more.
        let _ = done.send(task.await);
    }));
    let row = waiting.await.map_err(|_| AppError::new(ErrorCode::Stopping, "the engine is stopping"))?;
    Ok(sent_view(&row, core.clock().now()))
}

fn tell(core: &Core, openid: &str) {
    core.changes().tell([&format!("sent:{openid}")]);
}

/// Hands a stored message to WeChat, and stores what became of it.
async fn carry(core: Core, account: Arc<AccountRow>, mut row: CustomMessageRow, body: Arc<Value>) -> CustomMessageRow {
    let called = on_behalf_because(&core, CallReason::CustomMessage, &account, |transport, token| {
        let body = body.clone();
        Box::pin(async move { customer::send_custom_message(transport, token, &body).await })
    })
    .await;
    let (outcome, errcode, message) = outcome_of(called);
    row.outcome = Some(outcome);
    row.errcode = errcode;
    row.message = message;
    let stored = row.clone();
    let write = core
        .store()
        .write(move |tx| custom_message::finish(tx, stored.id, outcome, stored.errcode, stored.message.as_deref()));
    if let Err(e) = write.await {
        tracing::warn!(error = %e, "what became of a customer-service message could not be stored");
    }
    tell(&core, &row.openid);
    row
}

fn outcome_of(called: Result<(), Failed>) -> (Outcome, Option<i64>, Option<String>) {
    match called {
        Ok(()) => (Outcome::Sent, None, None),
        Err(Failed::Before(e)) => (Outcome::NotSent, None, Some(e.message)),
        Err(Failed::Call(e)) => {
            let outcome = match &e {
                CallError::Api(_) => Outcome::Refused,
                // It never reached WeChat.
                CallError::Transport(TransportError::Connect(_) | TransportError::Proxy(_)) => Outcome::NotSent,
                CallError::Transport(_) | CallError::Http { .. } | CallError::BadBody(_) => Outcome::Unknown,
            };
            let message = match &e {
                CallError::Api(e) => e.message.clone(),
                other => wechat::transport::without_queries(&other.to_string()),
            };
            (outcome, e.code(), Some(message))
        }
    }
}

#[cfg(test)]
mod tests;
