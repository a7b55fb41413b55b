//! What may be sent as a customer-service message (客服消息, protocol I.2), and after what, how often and how long.
//!
//! Owns: the rules for each kind and the table of windows. Must not: count messages or know the time, which are the
//! caller's, or send; that is [`crate::api::customer`].
//! Invariant: any JSON gets an answer, and no finding holds a part of a message.

use serde_json::Value;

use crate::account::Label;
use crate::reply::{EMPTY_TEXT, Found, LONG_TEXT, MAX_TEXT_BYTES, NO_MEDIA, NO_THUMB, NO_TITLE, NO_URL, ReplyProblem};

/// Every `msgtype`.
pub const KINDS: [&str; 11] = [
    "text",
    "image",
    "voice",
    "video",
    "music",
    "news",
    "mpnews",
    "mpnewsarticle",
    "msgmenu",
    "wxcard",
    "miniprogrampage",
];

const UNKNOWN_KIND: Label = Label { zh: "不支持的消息类型", en: "this is no kind of customer-service message" };
const NO_MUSIC: Label = Label { zh: "缺少音乐链接", en: "the address of the music is missing" };
const ONE_ARTICLE: Label = Label { zh: "图文必须是 1 条", en: "there must be exactly one article" };
const NO_ARTICLE_ID: Label = Label { zh: "缺少图文的 article_id", en: "the article id is missing" };
const NO_CHOICE: Label = Label { zh: "至少需要 1 个选项", en: "at least one choice is needed" };
const NO_CHOICE_ID: Label = Label { zh: "选项缺少 id", en: "the choice has no id" };
const NO_CHOICE_TEXT: Label = Label { zh: "选项缺少文字", en: "the choice has no text" };
const SAME_CHOICE_ID: Label = Label { zh: "选项 id 重复", en: "another choice has the same id" };
const NO_CARD: Label = Label { zh: "缺少卡券的 card_id", en: "the card id is missing" };
const NO_PAGE_TITLE: Label = Label { zh: "小程序卡片缺少标题", en: "the mini program's card has no title" };
const NO_PAGE_APPID: Label = Label { zh: "缺少小程序的 appid", en: "the mini program's appid is missing" };
const NO_PAGE_PATH: Label =
    Label { zh: "缺少小程序页面路径", en: "the path of the mini program's page is missing" };

/// What WeChat would not take of a message of `kind` with this `payload`, the object under the kind's name. Fields are
/// those of the payload: `content`, `articles.0.url`, `list.1.id`; an unknown kind is `msgtype`.
#[must_use]
pub fn problems(kind: &str, payload: &Value) -> Vec<ReplyProblem> {
    let mut found = Found::default();
    let mut required = |names: &[(&str, Label)]| {
        for (name, label) in names {
            found.required(name, text(payload, name), *label);
        }
    };
    match kind {
        "text" => {
            required(&[("content", EMPTY_TEXT)]);
            if text(payload, "content").len() > MAX_TEXT_BYTES {
                found.add("content", "too_long", LONG_TEXT);
            }
        }
        "image" | "voice" | "mpnews" => required(&[("media_id", NO_MEDIA)]),
        "video" => required(&[("media_id", NO_MEDIA), ("thumb_media_id", NO_THUMB)]),
        "music" => required(&[("musicurl", NO_MUSIC), ("thumb_media_id", NO_THUMB)]),
        "news" => news(&mut found, payload),
        "mpnewsarticle" => required(&[("article_id", NO_ARTICLE_ID)]),
        "msgmenu" => choices(&mut found, payload),
        "wxcard" => required(&[("card_id", NO_CARD)]),
        "miniprogrampage" => required(&[
            ("title", NO_PAGE_TITLE),
            ("appid", NO_PAGE_APPID),
            ("pagepath", NO_PAGE_PATH),
            ("thumb_media_id", NO_THUMB),
        ]),
        _ => found.add("msgtype", "unknown", UNKNOWN_KIND),
    }
    found.0
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(payload: &'a Value, name: &str) -> &'a [Value] {
    payload.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn news(found: &mut Found, payload: &Value) {
    let articles = list(payload, "articles");
    if articles.len() != 1 {
        let rule = if articles.is_empty() { "required" } else { "too_many" };
        found.add("articles", rule, ONE_ARTICLE);
    }
    for (at, article) in articles.iter().enumerate() {
        found.required(&format!("articles.{at}.title"), text(article, "title"), NO_TITLE);
        found.required(&format!("articles.{at}.url"), text(article, "url"), NO_URL);
    }
}

/// The id comes back as `bizmsgmenuid`, so two choices with one could not be told apart.
fn choices(found: &mut Found, payload: &Value) {
    let choices = list(payload, "list");
    if choices.is_empty() {
        found.add("list", "required", NO_CHOICE);
    }
    let mut ids = std::collections::HashSet::new();
    for (at, choice) in choices.iter().enumerate() {
        let id = text(choice, "id").trim();
        found.required(&format!("list.{at}.id"), id, NO_CHOICE_ID);
        if !id.is_empty() && !ids.insert(id) {
            found.add(&format!("list.{at}.id"), "duplicate", SAME_CHOICE_ID);
        }
        found.required(&format!("list.{at}.content"), text(choice, "content"), NO_CHOICE_TEXT);
    }
}

/// What a follower did that lets him be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Sent a message.
    Message,
    /// Tapped a menu item that clicks or scans.
    Menu,
    /// Followed.
    Follow,
    /// Scanned a parametric QR code.
    Scan,
    /// Opened the chat of a mini program.
    Enter,
}

/// How many messages may be sent how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Allowance {
    /// For what.
    pub cause: Cause,
    /// Messages; one more is 45047.
    pub count: u32,
    /// From the action on, ms; later is 45015.
    pub window_ms: i64,
}

const MINUTE_MS: i64 = 60_000;
const TWO_DAYS_MS: i64 = 48 * 60 * MINUTE_MS;

/// What a push to an account of this kind allows; `None` when nothing.
#[must_use]
pub fn allowance(msg_type: &str, event: Option<&str>, mini_program: bool) -> Option<Allowance> {
    let (cause, count, window_ms) = match (msg_type, event) {
        ("", _) => return None,
        ("event", Some("user_enter_tempsession")) if mini_program => (Cause::Enter, 2, MINUTE_MS),
        ("event", Some("CLICK" | "scancode_push" | "scancode_waitmsg")) if !mini_program => (Cause::Menu, 3, MINUTE_MS),
        ("event", Some("subscribe")) if !mini_program => (Cause::Follow, 3, MINUTE_MS),
        ("event", Some("SCAN")) if !mini_program => (Cause::Scan, 3, MINUTE_MS),
        ("event", _) => return None,
        _ => (Cause::Message, 5, TWO_DAYS_MS),
    };
    Some(Allowance { cause, count, window_ms })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn found(kind: &str, payload: Value) -> Vec<(String, &'static str)> {
        let problems = problems(kind, &payload);
        for problem in &problems {
            assert!(problem.label.en.is_ascii() && problem.label.zh.chars().any(|c| c > '\u{4e00}'));
        }
        problems.into_iter().map(|problem| (problem.field, problem.rule)).collect()
    }

    /// A good payload of every kind, and the fields that an empty one lacks.
    fn every_kind() -> [(&'static str, Value, &'static [&'static str]); 11] {
        let page = json!({"title": "t", "appid": "wx1", "pagepath": "p", "thumb_media_id": "m"});
        let menu =
            json!({"head_content": "h", "list": [{"id": "101", "content": "yes"}, {"id": "102", "content": "no"}]});
        [
            ("text", json!({"content": "中".repeat(682)}), &["content"]),
            ("image", json!({"media_id": "m"}), &["media_id"]),
            ("voice", json!({"media_id": "m"}), &["media_id"]),
            ("video", json!({"media_id": "m", "thumb_media_id": "t"}), &["media_id", "thumb_media_id"]),
            ("music", json!({"musicurl": "u", "thumb_media_id": "t"}), &["musicurl", "thumb_media_id"]),
            ("news", json!({"articles": [{"title": "t", "url": "u"}]}), &["articles"]),
            ("mpnews", json!({"media_id": "m"}), &["media_id"]),
            ("mpnewsarticle", json!({"article_id": "a"}), &["article_id"]),
            ("msgmenu", menu, &["list"]),
            ("wxcard", json!({"card_id": "c"}), &["card_id"]),
            ("miniprogrampage", page, &["title", "appid", "pagepath", "thumb_media_id"]),
        ]
    }

    #[test]
    fn every_kind_good_and_empty() {
        assert_eq!(every_kind().map(|(kind, ..)| kind), KINDS);
        for (kind, good, lacks) in every_kind() {
            assert_eq!(found(kind, good), [], "{kind}");
            let required: Vec<_> = lacks.iter().map(|field| ((*field).to_owned(), "required")).collect();
            for empty in [json!({}), Value::Null, json!({"content": " ", "media_id": "", "articles": [], "list": {}})] {
                assert_eq!(found(kind, empty), required, "{kind}");
            }
        }
        assert_eq!(found("hologram", json!({})), [("msgtype".to_owned(), "unknown")]);
    }

    #[test]
    fn limits_and_lists() {
        let one = |field: &str, rule| vec![(field.to_owned(), rule)];
        assert_eq!(found("text", json!({"content": "中".repeat(683)})), one("content", "too_long"));
        let article = json!({"title": "t", "url": "u"});
        assert_eq!(found("news", json!({"articles": [article, article]})), one("articles", "too_many"));
        let bare = [("articles.0.title".to_owned(), "required"), ("articles.0.url".to_owned(), "required")];
        assert_eq!(found("news", json!({"articles": [{"title": ""}]})), bare);
        let choice = |id: &str, content: &str| json!({"id": id, "content": content});
        let menu = |choices: &[Value]| found("msgmenu", json!({ "list": choices }));
        assert_eq!(menu(&[choice("1", "a"), choice("1 ", "b")]), one("list.1.id", "duplicate"));
        assert_eq!(
            menu(&[choice("", "a"), choice("1", " ")]),
            [("list.0.id".to_owned(), "required"), ("list.1.content".to_owned(), "required"),]
        );
    }

    #[test]
    fn windows() {
        let window = |msg_type, event, mini| {
            allowance(msg_type, event, mini).map(|allowed| (allowed.cause, allowed.count, allowed.window_ms))
        };
        for mini in [false, true] {
            for msg_type in ["text", "image", "voice", "video", "shortvideo", "location", "link", "miniprogrampage"] {
                assert_eq!(window(msg_type, None, mini), Some((Cause::Message, 5, 172_800_000)));
            }
            for event in ["unsubscribe", "LOCATION", "VIEW", "pic_weixin", "location_select", "TEMPLATESENDJOBFINISH"] {
                assert_eq!(window("event", Some(event), mini), None, "{event}");
            }
            assert_eq!(window("event", None, mini), None);
            assert_eq!(window("", Some("authorized"), mini), None);
        }
        for event in ["CLICK", "scancode_push", "scancode_waitmsg"] {
            assert_eq!(window("event", Some(event), false), Some((Cause::Menu, 3, 60_000)));
            assert_eq!(window("event", Some(event), true), None);
        }
        assert_eq!(window("event", Some("subscribe"), false), Some((Cause::Follow, 3, 60_000)));
        assert_eq!(window("event", Some("SCAN"), false), Some((Cause::Scan, 3, 60_000)));
        assert_eq!(window("event", Some("user_enter_tempsession"), true), Some((Cause::Enter, 2, 60_000)));
        assert_eq!(window("event", Some("user_enter_tempsession"), false), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_payload_gets_an_answer(
            kind in proptest::sample::select(&KINDS[..]), name in "content|articles|list|title", text in "\\PC{0,8}", n in 0_usize..4,
        ) {
            let entry = json!({"id": text, "content": n, "title": [], "url": null});
            for value in [json!(text), json!(n), json!([text, null, entry]), json!(vec![entry.clone(); n]), entry.clone()] {
                let _ = problems(kind, &json!({ &name: value }));
            }
        }
    }
}
