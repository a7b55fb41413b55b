//! A stored push as a document for people.
//!
//! Invariant: no ticket and no code leaves here, in whatever form: what is shown of a document has come through
//! `wechat::message`'s masks.

use wechat::message::{
    MessageHead, field_label, kind_label, masked, masked_document, parse_message_head, parse_message_head_json,
    summary, tree,
};

use super::times::{BUDGET_MS, SLOW_MS};
use crate::commands::both;
use crate::core::Core;
use crate::dto::{
    Bilingual, DeliveryState, PushAnswer, PushCheck, PushCheckName, PushClass, PushDelivery, PushDetail, PushField,
    PushItem, PushReply, PushSealed, Verdict,
};
use crate::store::StoreError;
use crate::store::tables::inbox::{PushRow, flag, targets_of};
use crate::store::tables::push_answer::AnswerRow;
use crate::store::tables::{delivery, delivery_log};

/// A push without a row of its answer is believed to be answered with `success` when it is older than this, ms: WeChat
/// waits half as long, and the row follows within a second.
const SETTLED: i64 = 10_000;

pub(crate) fn words(zh: impl Into<String>, en: impl Into<String>) -> Bilingual {
    Bilingual { zh: zh.into(), en: en.into() }
}

fn is_json(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'{')
}

/// The head of a message or event.
pub(crate) fn head(body: &[u8]) -> Option<MessageHead<'_>> {
    if is_json(body) { parse_message_head_json(body) } else { parse_message_head(body) }.ok()
}

/// The account that an event of a platform is about.
pub(crate) fn about(body: &[u8]) -> Option<String> {
    let node = tree(body).ok()?;
    ["AuthorizerAppid", "authorizer_appid", "appid", "verify_appid"]
        .iter()
        .find_map(|name| node.get(name).filter(|appid| crate::validate::is_appid(appid)).map(str::to_owned))
}

/// Whether a document has a text somewhere, whatever its case; `needle` in small letters. Tickets and codes do not count.
pub(crate) fn says(body: &[u8], needle: &str) -> bool {
    let Ok(text) = std::str::from_utf8(body) else { return false };
    // Without escapes every text stands in the document as it is, and most documents need not be taken apart.
    let as_it_is = !text.contains(['&', '\\']) && !text.contains("]]]]>");
    if as_it_is && !text.to_lowercase().contains(needle) {
        return false;
    }
    let Ok(mut node) = tree(body) else { return false };
    node.mask();
    node.walk().iter().any(|field| field.text.to_lowercase().contains(needle))
}

fn account_name(core: &Core, platform_id: i64, appid: &str) -> Option<String> {
    let account = core.store().mirror().account_by_appid(platform_id, appid)?;
    Some(account.nick_name.clone()).filter(|name| !name.is_empty())
}

fn answer_of(core: &Core, push: &PushRow, answer: Option<&AnswerRow>, now: i64) -> PushAnswer {
    if let Some(answer) = answer {
        return answer.answer;
    }
    // A rule that only passes on, or says `success`, leaves no row.
    let worked_on = push.rule_id.is_some_and(|id| !core.rules().is_silent(id)) || push.flags & flag::ASKED != 0;
    if push.kind.is_some() || !worked_on {
        return PushAnswer::Success;
    }
    // A server that was asked leaves a row, unless a stop came between.
    if push.flags & flag::ASKED != 0 || now - push.received_at < SETTLED {
        return PushAnswer::Unknown;
    }
    PushAnswer::Success
}

/// A push in the list.
pub(crate) fn item(core: &Core, push: &PushRow, answer: Option<&AnswerRow>) -> PushItem {
    let now = core.clock().now();
    let platform = core.store().mirror().platform(push.platform_id);
    let appid = push.authorizer.clone().or_else(|| about(&push.body));
    let (class, msg_type, event, sender) = match (&push.kind, head(&push.body)) {
        (Some(kind), _) => (PushClass::Component, String::new(), Some(kind.clone()), None),
        (None, Some(head)) => (
            PushClass::Message,
            head.msg_type.clone().into_owned(),
            head.event.clone().map(std::borrow::Cow::into_owned),
            Some(head.from_user_name.into_owned()),
        ),
        (None, None) => (PushClass::Message, String::new(), None, None),
    };
    PushItem {
        id: push.id,
        received_at: push.received_at,
        class,
        component_appid: platform.map(|row| row.component_appid.clone()).unwrap_or_default(),
        account_name: appid.as_deref().and_then(|appid| account_name(core, push.platform_id, appid)),
        appid,
        kind_words: kind_label(&msg_type, event.as_deref()).map(both),
        msg_type,
        event,
        sender,
        text: tree(&push.body).map(|node| summary(&node)).unwrap_or_default(),
        ended: push.flags & flag::ENDED != 0,
        made_up: push.flags & flag::MADE_UP != 0,
        rule_id: push.rule_id,
        rule_name: push.rule_id.and_then(|id| core.rules().name_of(id)),
        answer: answer_of(core, push, answer, now),
        took_ms: answer.and_then(|a| a.took_ms),
        repeats: answer.map_or(0, |a| a.repeats),
        notified: targets_of(push.notify.as_deref()),
    }
}

/// The fields of a document; none when it cannot be read.
pub(crate) fn fields(body: &[u8]) -> Vec<PushField> {
    let Ok(mut node) = tree(body) else { return Vec::new() };
    node.mask();
    node.walk()
        .into_iter()
        .map(|field| PushField {
            value: masked(field.name, field.text).into_owned(),
            words: field_label(field.name).map(both),
            name: field.name.to_owned(),
            depth: u32::try_from(field.depth).unwrap_or(u32::MAX),
            group: field.group,
            path: field.path,
        })
        .collect()
}

/// A document as it came, tickets and codes masked. Empty when it cannot be read: what cannot be read cannot be masked.
pub(crate) fn raw(body: &[u8]) -> String {
    masked_document(body).unwrap_or_default()
}

/// A document as JSON, tickets and codes masked.
pub(crate) fn json(body: &[u8]) -> serde_json::Value {
    let Ok(mut node) = tree(body) else { return serde_json::Value::Null };
    node.mask();
    node.to_json()
}

/// A document indented, tickets and codes masked.
pub(crate) fn pretty(body: &[u8]) -> String {
    let Ok(mut node) = tree(body) else { return String::new() };
    node.mask();
    node.pretty()
}

/// A passive reply; `xml` before it was encrypted.
pub(crate) fn reply(xml: &str) -> PushReply {
    let Ok(node) = tree(xml.as_bytes()) else { return PushReply { xml: xml.to_owned(), text: String::new() } };
    let mut text = summary(&node);
    if text.is_empty() {
        // A picture, a voice, an article: what is inside of its element.
        let inside = node.walk();
        let texts = inside.iter().filter(|field| field.depth > 0 && !field.group).map(|field| field.text.trim());
        text = texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ");
    }
    PushReply { xml: node.pretty(), text }
}

/// What became of a push at the business servers that hear of it: one line each, in the order of the rule.
///
/// # Errors
/// SQLite's.
pub(crate) fn deliveries_of(
    core: &Core,
    connection: &rusqlite::Connection,
    push: &PushRow,
) -> Result<Vec<PushDelivery>, StoreError> {
    let queued = delivery::of_push(connection, push.id)?;
    let log = delivery_log::of_push(connection, push.id)?;
    let mut targets = targets_of(push.notify.as_deref());
    // Sent again, or asked, by hand or by a rule that is another one now.
    for id in queued.iter().map(|row| row.target_id).chain(log.iter().map(|row| row.target_id)) {
        if !targets.contains(&id) {
            targets.push(id);
        }
    }
    let mut lines = Vec::new();
    for target_id in targets {
        let target_name = core.forward().brief(target_id).map(|target| target.name).unwrap_or_default();
        let last = log.iter().filter(|row| row.target_id == target_id).max_by_key(|row| (row.at, row.id));
        let line = |state, at, attempts, text| PushDelivery {
            target_id,
            target_name: target_name.clone(),
            state,
            at,
            attempts,
            text,
        };
        lines.push(match (queued.iter().find(|row| row.target_id == target_id), last) {
            (Some(row), _) => {
                let state = if row.dead { DeliveryState::Dead } else { DeliveryState::Waiting };
                let text = match row.error {
                    Some(error) => crate::forward::words(error, row.status),
                    None => words("排队中", "In the queue"),
                };
                line(state, row.at, row.attempts, text)
            }
            (None, Some(row)) => match row.error {
                Some(error) => {
                    line(DeliveryState::Failed, row.at, row.attempt, crate::forward::words(error, row.status))
                }
                None => {
                    let (status, took) = (row.status.unwrap_or(200), row.took_ms);
                    let text = words(format!("应答 {status}，{took} 毫秒"), format!("Answered {status} in {took} ms"));
                    line(DeliveryState::Delivered, row.at, row.attempt, text)
                }
            },
            (None, None) => line(DeliveryState::Waiting, push.received_at, 0, words("排队中", "In the queue")),
        });
    }
    Ok(lines)
}

/// A push with everything that is known of it.
pub(crate) fn detail(
    core: &Core,
    push: &PushRow,
    answer: Option<&AnswerRow>,
    deliveries: Vec<PushDelivery>,
) -> PushDetail {
    let item = item(core, push, answer);
    let head = if push.kind.is_none() { head(&push.body) } else { None };
    let create_time = match &head {
        Some(head) => Some(head.create_time),
        None => tree(&push.body).ok().and_then(|node| node.get("CreateTime")?.parse().ok()),
    };
    let sealed = core
        .runtime(push.platform_id)
        .and_then(|runtime| super::sealed::seal_again(&runtime, push))
        .map(|sealed| PushSealed { query: sealed.query, body: sealed.body, previous_key: sealed.previous_key });
    PushDetail {
        to_user_name: head.as_ref().map(|h| h.to_user_name.clone().into_owned()).unwrap_or_default(),
        created_at: create_time.map(|at: i64| at.saturating_mul(1000)),
        msg_id: head.as_ref().and_then(|h| h.msg_id).map(|id| id.to_string()),
        path: path(core, push, &item),
        raw: raw(&push.body),
        pretty: pretty(&push.body),
        json: is_json(&push.body),
        fields: fields(&push.body),
        sealed,
        checks: checks(core, push, &item),
        reply: answer.and_then(|a| a.reply.as_deref()).map(reply),
        trouble: answer.and_then(|a| a.trouble.as_deref()).map(trouble),
        deliveries,
        item,
    }
}

fn path(core: &Core, push: &PushRow, item: &PushItem) -> String {
    let own = core.store().mirror().platform(push.platform_id).is_some_and(|row| row.own.is_some());
    let component = &item.component_appid;
    match (&push.authorizer, own) {
        (Some(appid), true) => format!("/wechat/account/{appid}"),
        (Some(appid), false) => format!("/wechat/{component}/callback/{appid}"),
        (None, _) => format!("/wechat/{component}/event"),
    }
}

/// What went wrong with an answer.
fn trouble(stored: &str) -> Bilingual {
    match delivery_log::error_of(stored) {
        Some(error) => {
            let Bilingual { zh, en } = crate::forward::words(error, None);
            words(
                format!("业务服务器没有给出可用的应答：{zh}"),
                format!("The business server gave no usable answer: {en}"),
            )
        }
        None => words(stored, stored),
    }
}

fn checks(core: &Core, push: &PushRow, item: &PushItem) -> Vec<PushCheck> {
    let check = |name, (verdict, text)| PushCheck { name, verdict, text };
    vec![
        check(PushCheckName::Signature, signature(push, item)),
        check(PushCheckName::Decrypt, decrypt(core, push)),
        check(PushCheckName::Appid, appid(push, item)),
        check(PushCheckName::Parsed, parsed(push, item)),
        check(PushCheckName::Repeats, repeats(item)),
        check(PushCheckName::Account, account(core, push, item)),
        check(PushCheckName::Answer, answered(item)),
    ]
}

type Judged = (Verdict, Bilingual);

fn signature(push: &PushRow, item: &PushItem) -> Judged {
    if item.made_up {
        return (
            Verdict::Ok,
            words("签名正确；由此处的自测生成，不是微信推送的", "It fits; made by the self-test here, not by WeChat"),
        );
    }
    if push.seal.key_print == 0 {
        return (
            Verdict::Ok,
            words(
                "signature 正确。明文模式的签名只包含 Token、时间戳和随机数，不保护内容",
                "signature fits. In plain mode it covers Token, timestamp and nonce, but not the content",
            ),
        );
    }
    (Verdict::Ok, words("msg_signature 正确", "msg_signature fits"))
}

fn decrypt(core: &Core, push: &PushRow) -> Judged {
    let print = push.seal.key_print;
    let prints = core.runtime(push.platform_id).map(|runtime| runtime.key_prints);
    match prints {
        _ if print == 0 => (Verdict::Unknown, words("明文模式，没有加密", "Plain mode: nothing was encrypted")),
        Some((current, _)) if print == current => {
            (Verdict::Ok, words("用当前的消息加解密Key 解密", "Decrypted with the current key"))
        }
        Some((_, previous)) if print == previous => (
            Verdict::Warning,
            words(
                "用上一把消息加解密Key 解密：微信那边还在用旧的 Key",
                "Decrypted with the previous key: WeChat still had the old one",
            ),
        ),
        _ => (
            Verdict::Unknown,
            words("已解密，但当时的消息加解密Key 已不在此处", "It was decrypted, but its key is no longer here"),
        ),
    }
}

fn appid(push: &PushRow, item: &PushItem) -> Judged {
    if push.seal.key_print == 0 {
        return (
            Verdict::Unknown,
            words("明文模式没有消息尾部的 AppID 可核对", "Plain mode has no appid behind the message"),
        );
    }
    let appid = &item.component_appid;
    (
        Verdict::Ok,
        words(
            format!("消息尾部的 AppID 是 {appid}，一致"),
            format!("The appid behind the message is {appid}, as it should be"),
        ),
    )
}

fn parsed(push: &PushRow, item: &PushItem) -> Judged {
    if tree(&push.body).is_err() {
        return (Verdict::Failed, words("内容读不懂", "The document cannot be read"));
    }
    let code = item.event.as_deref().unwrap_or(&item.msg_type);
    match &item.kind_words {
        Some(kind) => (Verdict::Ok, words(format!("{}（{code}）", kind.zh), format!("{} ({code})", kind.en))),
        None => (
            Verdict::Warning,
            words(
                format!("未知类型 {code}：按原样保存，不影响应答"),
                format!("{code} is not a kind known here: kept as it came, and answered all the same"),
            ),
        ),
    }
}

fn repeats(item: &PushItem) -> Judged {
    match item.repeats {
        0 => (Verdict::Ok, words("微信只推送了一次", "WeChat sent it once")),
        n => (
            Verdict::Warning,
            words(
                format!("微信重推了 {n} 次：之前没有及时收到应答。只处理了一次"),
                format!("WeChat sent it {n} more time(s): it had no answer in time. It was worked on once"),
            ),
        ),
    }
}

fn account(core: &Core, push: &PushRow, item: &PushItem) -> Judged {
    let Some(appid) = &item.appid else {
        return (Verdict::Unknown, words("与具体账号无关", "It is about no account"));
    };
    if item.ended {
        return (
            Verdict::Warning,
            words(
                "到达时该账号没有授权：已取消，或从未在此授权",
                "The account was not authorized when it came: it had cancelled, or never authorized here",
            ),
        );
    }
    match core.store().mirror().account_by_appid(push.platform_id, appid) {
        Some(row) if row.authorized => (Verdict::Ok, words("账号已授权", "The account is authorized")),
        Some(row) if row.is_known() => {
            (Verdict::Warning, words("账号的授权现已取消", "The account's authorization has ended since"))
        }
        _ => (Verdict::Warning, words("此处没有这个账号", "The account is not known here")),
    }
}

fn answered(item: &PushItem) -> Judged {
    let (zh, en) = match item.answer {
        PushAnswer::Success => ("应答 success", "Answered success"),
        PushAnswer::Empty => ("应答空串", "Answered with an empty body"),
        PushAnswer::Rule => ("由规则应答", "Answered by a rule"),
        PushAnswer::Target => ("由业务服务器应答", "Answered by a business server"),
        PushAnswer::TargetFailed => (
            "业务服务器没有给出可用的应答，已应答 success",
            "The business server gave no answer that could be used: success",
        ),
        PushAnswer::Menu => ("按网站上的菜单内容应答", "Answered with what the menu's key had on WeChat's website"),
        PushAnswer::Release => ("按全网发布检测应答", "Answered for the release check"),
        PushAnswer::TimeOver => {
            ("时限已到，已应答 success 以免微信重推", "The time was over: success, so that WeChat does not repeat")
        }
        PushAnswer::Unknown => (
            "结果未知：正在处理，或程序中途停止",
            "Unknown: it is being worked on, or the program was stopped in between",
        ),
    };
    let took = item.took_ms.unwrap_or(0);
    let text = match item.took_ms {
        Some(ms) => words(format!("{zh}，用时 {ms} 毫秒"), format!("{en}, in {ms} ms")),
        None => words(zh, en),
    };
    let verdict = match item.answer {
        PushAnswer::Unknown => Verdict::Unknown,
        PushAnswer::TimeOver => Verdict::Failed,
        _ if took >= BUDGET_MS => Verdict::Failed,
        PushAnswer::TargetFailed => Verdict::Warning,
        _ if took >= SLOW_MS => Verdict::Warning,
        _ => Verdict::Ok,
    };
    (verdict, text)
}

#[cfg(test)]
mod tests;
