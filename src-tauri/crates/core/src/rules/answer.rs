//! From a rule's answer to the passive reply, filled in from the message.
//!
//! Invariants: what a follower wrote stays content (the writer escapes it) and is escaped in addresses; a text is never
//! longer than WeChat takes.

use wechat::reply::{Article, Reply};

use crate::dto::{ReplyArticle, RuleAnswer};

/// Longest text of a passive reply, bytes.
const MAX_TEXT: usize = 2_048;

/// What is to be answered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Filled {
    /// `success`.
    Success,
    /// An empty body.
    Empty,
    /// A passive reply.
    Reply(Reply),
    /// This business server is asked.
    Ask(i64),
}

/// Fills an answer; `value` gives the value of a name between `{{` and `}}`, and nothing for one that the message does not
/// have, which is left out.
pub(crate) fn fill(answer: &RuleAnswer, value: &dyn Fn(&str) -> Option<String>) -> Filled {
    let text = |template: &str| insert(template, value, false);
    let url = |template: &str| insert(template, value, true);
    let reply = match answer {
        RuleAnswer::Pass | RuleAnswer::Success => return Filled::Success,
        RuleAnswer::Empty => return Filled::Empty,
        RuleAnswer::Target { target_id } => return Filled::Ask(*target_id),
        RuleAnswer::Text { content } => {
            let content = cut(text(content));
            // Nothing was left of it: WeChat takes no empty text.
            if content.trim().is_empty() {
                return Filled::Success;
            }
            Reply::Text { content }
        }
        RuleAnswer::Image { media_id } => Reply::Image { media_id: media_id.clone() },
        RuleAnswer::Voice { media_id } => Reply::Voice { media_id: media_id.clone() },
        RuleAnswer::Video { media_id, title, description } => {
            Reply::Video { media_id: media_id.clone(), title: text(title), description: text(description) }
        }
        RuleAnswer::Music { title, description, music_url, hq_music_url, thumb_media_id } => Reply::Music {
            title: text(title),
            description: text(description),
            music_url: url(music_url),
            hq_music_url: url(hq_music_url),
            thumb_media_id: thumb_media_id.clone(),
        },
        RuleAnswer::News { articles } => Reply::News {
            articles: articles
                .iter()
                .map(|ReplyArticle { title, description, pic_url, url: page }| Article {
                    title: text(title),
                    description: text(description),
                    pic_url: url(pic_url),
                    url: url(page),
                })
                .collect(),
        },
        RuleAnswer::CustomerService { kf_account } => {
            Reply::CustomerService { kf_account: Some(kf_account.clone()).filter(|agent| !agent.is_empty()) }
        }
    };
    Filled::Reply(reply)
}

/// Names between `{{` and `}}`.
pub(super) fn names(template: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = template;
    while let Some((_, after)) = rest.split_once("{{") {
        match after.split_once("}}").filter(|(name, _)| is_name(name.trim())) {
            Some((name, behind)) => {
                names.push(name.trim());
                rest = behind;
            }
            None => rest = after,
        }
    }
    names
}

fn insert(template: &str, value: &dyn Fn(&str) -> Option<String>, in_url: bool) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((name, behind)) = after.split_once("}}").filter(|(name, _)| is_name(name.trim())) else {
            out.push_str("{{");
            rest = after;
            continue;
        };
        let found = value(name.trim()).unwrap_or_default();
        if in_url {
            escape_into(&mut out, &found)
        } else {
            out.push_str(&found)
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// Names of fields: letters, digits, `_`, and dots between nested ones.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 100 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.')
}

/// Percent-encodes all but RFC 3986's unreserved characters.
fn escape_into(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}

fn cut(mut text: String) -> String {
    if text.len() > MAX_TEXT {
        let mut end = MAX_TEXT;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(name: &str) -> Option<String> {
        match name {
            "Content" => Some("{{account}} & 你好".to_owned()),
            "account" => Some("晨光咖啡".to_owned()),
            _ => None,
        }
    }

    fn text(content: &str) -> String {
        match fill(&RuleAnswer::Text { content: content.to_owned() }, &value) {
            Filled::Reply(Reply::Text { content }) => content,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn fills_names_once_and_leaves_braces_alone() {
        assert_eq!(
            text("欢迎来到{{account}}：{{ Content }}"),
            "欢迎来到晨光咖啡：{{account}} & 你好",
            "not filled twice"
        );
        assert_eq!(text("{{Missing}}|{{not a name}}|{{|}}"), "|{{not a name}}|{{|}}");
    }

    #[test]
    fn escapes_in_addresses_only() {
        let article = ReplyArticle {
            title: "{{Content}}".into(),
            url: "https://a.example/?q={{Content}}".into(),
            ..ReplyArticle::default()
        };
        let Filled::Reply(Reply::News { articles }) = fill(&RuleAnswer::News { articles: vec![article] }, &value)
        else {
            panic!("no news")
        };
        assert_eq!(articles[0].title, "{{account}} & 你好");
        assert_eq!(articles[0].url, "https://a.example/?q=%7B%7Baccount%7D%7D%20%26%20%E4%BD%A0%E5%A5%BD");
    }

    #[test]
    fn a_text_ends_where_wechat_would_refuse_it() {
        let long = text(&"字".repeat(1_000));
        assert_eq!(long.len(), 2_046);
        assert!(long.chars().all(|c| c == '字'));
    }
}
