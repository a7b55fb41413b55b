//! Owns: what WeChat wants of a passive reply (K.3), once it is decrypted.
//! Must not: decrypt; `server` does.
//! Invariant: a reply that passes here could be shown to the follower as it is.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use wechat::XmlFields;

/// What the follower reads when no good answer came (L).
pub const UNAVAILABLE: &str = "该公众号暂时无法提供服务，请稍后再试";

/// The longest text, in bytes.
const LONGEST_TEXT: usize = 2048;
/// Articles when it is no answer to a message.
const MOST_ARTICLES: usize = 8;

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) en: String,
    pub(crate) zh: String,
}

pub(crate) fn said(en: impl Into<String>, zh: impl Into<String>) -> Said {
    Said { en: en.into(), zh: zh.into() }
}

/// To whom the message was, from whom, and whether it was one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The follower.
    pub(crate) openid: &'a str,
    /// The account, `gh_…`.
    pub(crate) user_name: &'a str,
    /// Not a message that he wrote.
    pub(crate) event: bool,
}

/// The elements of a document; repeated ones are an array.
fn value_of(node: &wechat::XmlNode<'_>) -> Value {
    if node.children().is_empty() {
        return Value::String(node.text().to_owned());
    }
    let mut out = Map::new();
    for child in node.children() {
        let value = value_of(child);
        match out.get_mut(child.name()) {
            Some(Value::Array(list)) => list.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
            None => {
                out.insert(child.name().to_owned(), value);
            }
        }
    }
    Value::Object(out)
}

/// A reply as XML or JSON.
pub(crate) fn document(text: &str) -> Option<Value> {
    match text.trim_start().starts_with('{') {
        true => serde_json::from_str(text).ok(),
        false => XmlFields::parse(text.as_bytes()).ok().map(|fields| value_of(fields.root())),
    }
}

fn text<'v>(reply: &'v Value, pointer: &str) -> &'v str {
    reply.pointer(pointer).and_then(Value::as_str).unwrap_or_default().trim()
}

/// `Content` of a text reply.
pub(crate) fn content(reply: &str) -> Option<String> {
    let document = document(reply)?;
    let content = document.pointer("/Content").and_then(Value::as_str)?;
    (text(&document, "/MsgType") == "text").then(|| content.to_owned())
}

fn missing(name: &str) -> Said {
    said(format!("{name} is missing"), format!("缺少 {name}"))
}

/// What is wrong with a reply; `None` if nothing is.
pub(crate) fn problem(reply: &str, asked: Asked<'_>) -> Option<Said> {
    let Some(reply) = document(reply).filter(Value::is_object) else {
        return Some(said("the reply is not a document", "回复不是可读的 XML"));
    };
    for (name, wanted) in [("ToUserName", asked.openid), ("FromUserName", asked.user_name)] {
        if text(&reply, &format!("/{name}")) != wanted {
            let en = format!("{name} of the reply is not {wanted}: both are to be swapped");
            return Some(said(en, format!("回复的 {name} 不是 {wanted}：应与消息中的对调")));
        }
    }
    let time = reply.pointer("/CreateTime").map(|time| time.as_str().map_or_else(|| time.to_string(), str::to_owned));
    if time.is_none_or(|time| time.parse::<i64>().is_err()) {
        return Some(said("CreateTime is missing or no number", "缺少 CreateTime，或不是数字"));
    }
    let kind = text(&reply, "/MsgType");
    let needed = match kind {
        "text" => "Content",
        "image" => "Image/MediaId",
        "voice" => "Voice/MediaId",
        "video" => "Video/MediaId",
        "music" => "Music/ThumbMediaId",
        "news" => return articles(&reply, asked.event),
        "transfer_customer_service" => return None,
        "" => return Some(missing("MsgType")),
        _ => {
            let shown: String = kind.chars().take(40).collect();
            return Some(said(
                format!("MsgType {shown:?} is none of a reply"),
                format!("回复没有 {shown:?} 这种 MsgType"),
            ));
        }
    };
    if text(&reply, &format!("/{needed}")).is_empty() {
        return Some(missing(&needed.replace('/', ".")));
    }
    if text(&reply, "/Content").len() > LONGEST_TEXT {
        return Some(said("Content is longer than 2048 bytes", "Content 超过 2048 字节"));
    }
    None
}

fn articles(reply: &Value, event: bool) -> Option<Said> {
    let items = match reply.pointer("/Articles/item").or_else(|| reply.pointer("/Articles")) {
        Some(Value::Array(list)) => list.len(),
        Some(Value::Object(_)) => 1,
        _ => 0,
    };
    let told = reply.pointer("/ArticleCount").map(|n| n.as_str().map_or_else(|| n.to_string(), str::to_owned));
    if items == 0 || told.and_then(|n| n.parse().ok()) != Some(items) {
        let en = format!("ArticleCount does not tell the {items} articles there are");
        return Some(said(en, format!("ArticleCount 与实际的 {items} 篇图文不一致")));
    }
    if !event && items > 1 {
        return Some(said("a message is answered with one article only", "回复用户消息时图文只能有 1 篇"));
    }
    (items > MOST_ARTICLES).then(|| said("more than 8 articles", "图文超过 8 篇"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(event: bool) -> Asked<'static> {
        Asked { openid: "oA", user_name: "gh_b", event }
    }

    fn reply(inner: &str) -> String {
        format!(
            "<xml><ToUserName>oA</ToUserName><FromUserName>gh_b</FromUserName><CreateTime>1</CreateTime>{inner}</xml>"
        )
    }

    #[test]
    fn every_kind_of_reply_with_what_it_needs() {
        let item = "<item><Title>a</Title></item>";
        for good in [
            "<MsgType>text</MsgType><Content><![CDATA[a]]]]><![CDATA[>\nb]]></Content>".to_owned(),
            "<MsgType>image</MsgType><Image><MediaId>m</MediaId></Image>".to_owned(),
            "<MsgType>voice</MsgType><Voice><MediaId>m</MediaId></Voice>".to_owned(),
            "<MsgType>video</MsgType><Video><MediaId>m</MediaId><Title/></Video>".to_owned(),
            "<MsgType>music</MsgType><Music><ThumbMediaId>m</ThumbMediaId></Music>".to_owned(),
            format!("<MsgType>news</MsgType><ArticleCount>1</ArticleCount><Articles>{item}</Articles>"),
            "<MsgType>transfer_customer_service</MsgType>".to_owned(),
        ] {
            assert_eq!(problem(&reply(&good), asked(false)), None, "{good}");
        }
        let two = format!("<MsgType>news</MsgType><ArticleCount>2</ArticleCount><Articles>{item}{item}</Articles>");
        assert_eq!(problem(&reply(&two), asked(true)), None);
        for (bad, wanted) in [
            ("<MsgType>text</MsgType><Content></Content>".to_owned(), "Content"),
            (format!("<MsgType>text</MsgType><Content>{}</Content>", "a".repeat(2049)), "2048"),
            ("<MsgType>image</MsgType><MediaId>m</MediaId>".to_owned(), "Image.MediaId"),
            ("<MsgType>music</MsgType><Music><Title>a</Title></Music>".to_owned(), "Music.ThumbMediaId"),
            (two, "one article"),
            (format!("<MsgType>news</MsgType><ArticleCount>2</ArticleCount><Articles>{item}</Articles>"), "1 articles"),
            ("<MsgType>link</MsgType>".to_owned(), "link"),
            ("<Content>a</Content>".to_owned(), "MsgType"),
        ] {
            let found = problem(&reply(&bad), asked(false)).map(|said| said.en).unwrap_or_default();
            assert!(found.contains(wanted), "{bad}: {found}");
        }
    }

    #[test]
    fn receiver_and_sender_are_swapped() {
        let text = "<MsgType>text</MsgType><Content>a</Content>";
        let same = reply(text).replace("oA", "gh_x");
        assert!(problem(&same, asked(false)).is_some_and(|said| said.en.contains("ToUserName")));
        assert!(problem("garbage", asked(false)).is_some());
        assert!(problem(&reply(text).replace("<CreateTime>1", "<CreateTime>now"), asked(false)).is_some());
    }
}
