//! Answers to menu clicks whose content the website's editor held, as passive replies (protocol K.3).
//!
//! Owns the answers of menus that are live, in memory. Invariant: a key that is nobody's here gets no answer of ours.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use wechat::message::MessageHead;
use wechat::reply::{Article, Reply};

use crate::core::Core;
use crate::dto::{MenuReply, ReplyKind};
use crate::store::StoreError;
use crate::store::tables::menu;

/// Longest summary of an article that a phone shows, characters.
const MAX_DIGEST: usize = 120;

/// Answers by account row id; loaded when an account's first click comes.
#[derive(Debug, Default)]
pub(crate) struct Replies(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    of: HashMap<i64, Arc<Vec<MenuReply>>>,
    /// Counts publications: what was read before one is not kept after it.
    forgotten: u64,
}

impl Replies {
    /// Another menu of the account is live.
    pub(crate) fn forget(&self, account_id: i64) {
        let mut known = self.known();
        known.of.remove(&account_id);
        known.forgotten += 1;
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn of(&self, core: &Core, account_id: i64) -> Result<Arc<Vec<MenuReply>>, StoreError> {
        let before = {
            let known = self.known();
            if let Some(replies) = known.of.get(&account_id) {
                return Ok(replies.clone());
            }
            known.forgotten
        };
        let live = core.store().read(move |c| menu::newest_live(c, account_id)).await?;
        let replies = Arc::new(live.map(|version| version.set.replies).unwrap_or_default());
        let mut known = self.known();
        if known.forgotten == before {
            known.of.insert(account_id, replies.clone());
        }
        Ok(replies)
    }
}

/// Whether a push could be a click that is answered here.
pub(crate) fn may_answer(head: &MessageHead<'_>) -> bool {
    head.is_event() && head.event.as_deref() == Some("CLICK") && head.event_key.is_some()
}

/// The answer to a click as XML, unencrypted; `None` when its key is not one of ours. `to` and `from` are the push's
/// `FromUserName` and `ToUserName`.
pub(crate) async fn answer(
    core: &Core,
    platform_id: i64,
    appid: &str,
    to: &str,
    from: &str,
    key: &str,
) -> Option<String> {
    let account = core.store().mirror().account_by_appid(platform_id, appid)?;
    let replies = core.menus().replies.of(core, account.id).await.ok()?;
    let reply = replies.iter().find(|reply| reply.key == key)?;
    Some(xml(reply, to, from, core.clock().now() / 1000))
}

fn xml(reply: &MenuReply, to: &str, from: &str, now_s: i64) -> String {
    let content = reply.content.clone();
    let passive = match reply.kind {
        ReplyKind::Image => Reply::Image { media_id: content },
        ReplyKind::Voice => Reply::Voice { media_id: content },
        ReplyKind::News => news(reply),
        // Of a video WeChat tells an address and no media id, so a link is all that can be sent.
        ReplyKind::Text | ReplyKind::Video => Reply::Text { content },
    };
    passive.write(to, from, now_s)
}

/// One article, which is what WeChat takes as an answer.
fn news(reply: &MenuReply) -> Reply {
    let Some(first) = reply.news.as_ref().and_then(Value::as_array).and_then(|articles| articles.first()) else {
        return Reply::Text { content: reply.content.clone() };
    };
    let text = |member: &str| first.get(member).and_then(Value::as_str).unwrap_or("").to_owned();
    let article = Article {
        title: text("title"),
        description: text("digest").chars().take(MAX_DIGEST).collect(),
        pic_url: text("cover_url"),
        url: text("content_url"),
    };
    Reply::News { articles: vec![article] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(kind: ReplyKind, content: &str) -> MenuReply {
        MenuReply { key: "k".into(), kind, content: content.into(), news: None }
    }

    #[test]
    fn answers_have_wechats_form() {
        let text = xml(&reply(ReplyKind::Text, "你好 ]]> <b>"), "openid", "gh_1", 1122);
        assert_eq!(
            text,
            "<xml><ToUserName><![CDATA[openid]]></ToUserName><FromUserName><![CDATA[gh_1]]></FromUserName>\
             <CreateTime>1122</CreateTime><MsgType><![CDATA[text]]></MsgType>\
             <Content><![CDATA[你好 ]]]]><![CDATA[> <b>]]></Content></xml>"
        );
        let image = xml(&reply(ReplyKind::Image, "media"), "o", "g", 1);
        assert!(
            image.contains("<MsgType><![CDATA[image]]></MsgType><Image><MediaId><![CDATA[media]]></MediaId></Image>")
        );
        let mut news = reply(ReplyKind::News, "x");
        news.news = Some(serde_json::json!([{"title": "T", "digest": "D", "cover_url": "c", "content_url": "u"}, {}]));
        let news = xml(&news, "o", "g", 1);
        assert!(news.contains("<ArticleCount>1</ArticleCount><Articles><item><Title><![CDATA[T]]></Title>"), "{news}");
    }
}
