//! Owns: customer-service messages and their window (I.2).
//! Must not: open a window; what people do opens it.
//! Invariant: a message is counted only when it was accepted.

use serde_json::Value;

use super::{Call, Refusal, media, ok};
use crate::accounts::Kind;
use crate::people::Bond;
use crate::platform::Platform;
use crate::state::remember;

/// The longest text, in bytes.
const LONGEST_TEXT: usize = 2048;

/// Fields that a kind of message must have; `media` ones name media that must exist.
fn needed(kind: &str, mini: bool) -> Option<(&'static [&'static str], &'static [&'static str])> {
    let found: (&[&str], &[&str]) = match kind {
        "text" => (&["content"], &[]),
        "image" => (&[], &["media_id"]),
        "miniprogrampage" if mini => (&["title", "pagepath"], &["thumb_media_id"]),
        "link" if mini => (&["title", "description", "url", "thumb_url"], &[]),
        _ if mini => return None,
        "voice" | "mpnews" => (&[], &["media_id"]),
        "video" => (&[], &["media_id"]),
        "music" => (&["musicurl", "hqmusicurl"], &["thumb_media_id"]),
        "news" => (&["articles"], &[]),
        "mpnewsarticle" => (&["article_id"], &[]),
        "msgmenu" => (&["list"], &[]),
        "wxcard" => (&["card_id"], &[]),
        "miniprogrampage" => (&["title", "appid", "pagepath"], &["thumb_media_id"]),
        _ => return None,
    };
    Some(found)
}

fn check_payload(platform: &Platform, call: &Call<'_>, appid: &str, kind: &str, mini: bool) -> Result<(), Refusal> {
    let Some((fields, media_fields)) = needed(kind, mini) else { return Err(Refusal::new(40008)) };
    let payload = call.body.get(kind).filter(|payload| payload.is_object()).ok_or_else(|| Refusal::new(40035))?;
    let text = |name: &str| payload.get(name).and_then(Value::as_str).unwrap_or_default();
    for name in fields {
        let filled = match payload.get(name) {
            Some(Value::String(text)) => !text.is_empty(),
            Some(Value::Array(list)) => !list.is_empty(),
            _ => false,
        };
        if !filled {
            return Err(Refusal::new(if kind == "text" { 44004 } else { 40035 }));
        }
    }
    for name in media_fields {
        if !media::exists(platform, appid, text(name), call.now) {
            return Err(Refusal::new(40007));
        }
    }
    if text("content").len() > LONGEST_TEXT {
        return Err(Refusal::new(45002));
    }
    // One article since 2018 (I.2).
    let articles = payload.get("articles").and_then(Value::as_array).map_or(0, Vec::len);
    if articles > 1 { Err(Refusal::new(45008)) } else { Ok(()) }
}

/// Takes one message out of a window; the short one of an action goes first, it is lost sooner.
fn take(bond: &mut Bond, now: i64) -> Result<(), Refusal> {
    let mut open = false;
    for window in [&mut bond.action, &mut bond.message].into_iter().flatten() {
        if now < window.until_ms {
            open = true;
            if window.left > 0 {
                window.left -= 1;
                return Ok(());
            }
        }
    }
    Err(Refusal::new(if open { 45047 } else { 45015 }))
}

fn receiver(platform: &Platform, call: &Call<'_>, appid: &str) -> Result<(String, Bond, bool), Refusal> {
    let to = call.need("touser", 40003)?;
    let mini = platform.account(appid).is_some_and(|account| account.kind == Kind::MiniProgram);
    match platform.bond(appid, &to) {
        Some(bond) => Ok((to, bond, mini)),
        None if platform.config.check_message_window => Err(Refusal::new(40003)),
        None => Ok((to, Bond::new(true), mini)),
    }
}

/// `/cgi-bin/message/custom/send`.
pub(super) fn send(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let appid = call.account()?.to_owned();
    let (to, mut bond, mini) = receiver(platform, call, &appid)?;
    let kind = call.field("msgtype").unwrap_or_default();
    check_payload(platform, call, &appid, &kind, mini)?;
    if platform.config.check_message_window {
        if !bond.subscribed && !mini {
            return Err(Refusal::new(45015));
        }
        take(&mut bond, call.now)?;
        platform.change_bond(&appid, &to, |kept| *kept = bond);
    }
    let text = match call.body.pointer("/text/content").and_then(Value::as_str) {
        Some(text) => text.to_owned(),
        None => format!("[{kind}] {}", call.body.get(&kind).map(Value::to_string).unwrap_or_default()),
    };
    if let Some(state) = platform.state.accounts.get_mut(&appid) {
        remember(&mut state.sent, (to, text));
    }
    Ok(ok())
}

/// `/cgi-bin/message/custom/typing`.
pub(super) fn typing(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let appid = call.account()?.to_owned();
    let (_, mut bond, mini) = receiver(platform, call, &appid)?;
    if !matches!(call.field("command").as_deref(), Some("Typing" | "CancelTyping")) {
        return Err(Refusal::new(40035));
    }
    if platform.config.check_message_window {
        if !bond.subscribed && !mini {
            return Err(Refusal::new(45015));
        }
        // The window must be open; nothing is counted.
        if let Err(refusal) = take(&mut bond, call.now)
            && refusal.code == 45015
        {
            return Err(refusal);
        }
    }
    Ok(ok())
}
