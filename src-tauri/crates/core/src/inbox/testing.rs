//! Stored pushes for the tests of this folder.

use crate::core::key_print;
use crate::store::tables::inbox::{self, NewPush, Seal, Stored, insert_event, insert_message};
use crate::store::tables::push_answer::{self, AnswerRow};
use crate::testing::{KEY, T0, World};

use crate::dto::{InboxQuery, PushAnswer, PushPage};

/// A push that came `n` ms after T0; its document is `body`.
pub(super) fn push(n: i64, body: &str) -> NewPush {
    NewPush {
        platform_id: 1,
        authorizer: Some(ACCOUNT.into()),
        received_at: T0 + n,
        dedupe: n,
        kind: None,
        random: [9; 16],
        body: body.as_bytes().to_vec(),
        seal: Seal {
            timestamp: "1767225600".into(),
            nonce: "n".into(),
            signature: "0".repeat(40),
            key_print: key_print(KEY),
        },
        flags: 0,
        rule_id: None,
        notify: None,
    }
}

pub(super) const ACCOUNT: &str = "wxaaaaaaaaaaaaaaaa";

/// A text of a follower.
pub(super) fn text(n: i64, from: &str, content: &str) -> NewPush {
    push(
        n,
        &format!(
            "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[{from}]]></FromUserName>\
             <CreateTime>{}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{content}]]></Content>\
             <MsgId>{n}</MsgId></xml>",
            (T0 + n) / 1000
        ),
    )
}

/// An event of a follower.
pub(super) fn event(n: i64, from: &str, name: &str, key: &str) -> NewPush {
    push(
        n,
        &format!(
            "<xml><ToUserName>gh_1</ToUserName><FromUserName>{from}</FromUserName><CreateTime>{}</CreateTime>\
             <MsgType>event</MsgType><Event>{name}</Event><EventKey>{key}</EventKey></xml>",
            (T0 + n) / 1000
        ),
    )
}

/// An event of the platform.
pub(super) fn component(n: i64, info_type: &str, inside: &str) -> NewPush {
    let mut push = push(
        n,
        &format!(
            "<xml><AppId>{}</AppId><CreateTime>{}</CreateTime><InfoType>{info_type}</InfoType>{inside}</xml>",
            crate::testing::COMPONENT,
            (T0 + n) / 1000
        ),
    );
    push.authorizer = None;
    push.kind = Some(info_type.to_owned());
    push
}

impl World {
    /// Stores pushes in this order; answers their ids.
    pub(super) async fn store(&self, pushes: Vec<NewPush>) -> Vec<i64> {
        let write = move |tx: &crate::store::Tx<'_>| {
            let mut ids = Vec::new();
            for push in &pushes {
                ids.push(if push.kind.is_some() {
                    assert!(insert_event(tx, push)?);
                    tx.last_insert_rowid()
                } else {
                    match insert_message(tx, push)? {
                        Stored::New(id) => id,
                        Stored::Repeat(id) => panic!("{id} is stored already"),
                    }
                });
            }
            Ok(ids)
        };
        self.core.store().write(write).await.unwrap()
    }

    pub(super) async fn answered(&self, push_id: i64, answer: PushAnswer, took_ms: i64, repeats: i64) {
        let took_ms = Some(took_ms);
        let row = AnswerRow { push_id, answer, took_ms, repeats, reply: None, target_id: None, trouble: None };
        self.core.store().write(move |tx| push_answer::put(tx, &row)).await.unwrap();
    }

    pub(super) async fn list(&self, query: InboxQuery) -> PushPage {
        self.core.list_pushes(query).await.unwrap()
    }

    /// Ids that a query finds, of its first page.
    pub(super) async fn ids(&self, query: InboxQuery) -> Vec<i64> {
        self.list(query).await.items.iter().map(|item| item.id).collect()
    }

    pub(super) async fn kept(&self) -> Vec<i64> {
        let rows = self.core.store().read(|c| inbox::after(c, 0, 100_000)).await.unwrap();
        rows.iter().map(|row| row.id).collect()
    }
}
