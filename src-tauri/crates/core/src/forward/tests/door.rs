//! From the public door through a rule to a business server and back.

use super::rig::{ACCOUNT, Reaction, Stub, crypto, input, text};
use crate::dto::{PushAnswer, RuleAnswer, RuleInput, RuleScope, RuleWhen, TargetMode};
use crate::inbox::{self, Refusal, Reply, Target};
use crate::store::tables::inbox as table;
use crate::store::tables::push_answer::{self, AnswerRow};
use crate::testing::{COMPONENT, World, sealed};

const TARGET: Target<'_> = Target { component_appid: COMPONENT, authorizer_appid: Some(ACCOUNT), own: false };

fn reply() -> String {
    "<xml><ToUserName>o1</ToUserName><FromUserName>gh_1</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType><Content>您好</Content></xml>".into()
}

async fn ask_everything(world: &World, url: &str, timeout_ms: i64) -> i64 {
    let mut target = input(url, TargetMode::Answering);
    target.timeout_ms = Some(timeout_ms);
    let target_id = world.core.save_target(target).await.unwrap().id;
    let answer = RuleAnswer::Target { target_id };
    let (scope, when) = (RuleScope::default(), RuleWhen::default());
    let rule = RuleInput { id: None, name: "问".into(), enabled: true, scope, when, answer, notify: Vec::new() };
    world.core.save_rule(rule).await.unwrap();
    target_id
}

async fn push(world: &World) -> Result<Reply, Refusal> {
    let (query, body) = sealed(&text("o1", "你好"));
    inbox::accept(&world.core, TARGET, &query, body.as_bytes()).await
}

/// The answer of the only message.
async fn noted(world: &World) -> AnswerRow {
    world.core.flush_answers().await.unwrap();
    let pushes = world.core.store().read(|c| table::after(c, 0, 100)).await.unwrap();
    let messages: Vec<i64> = pushes.iter().filter(|p| p.kind.is_none()).map(|p| p.id).collect();
    assert_eq!(messages.len(), 1, "stored once");
    let id = messages[0];
    world.core.store().read(move |c| Ok(push_answer::get(c, id)?)).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_business_servers_reply_reaches_the_follower_encrypted() {
    let world = World::ready().await;
    let stub = Stub::new(|_| Reaction::Answer(200, reply())).await;
    let target_id = ask_everything(&world, &stub.url(), 4_000).await;
    let Ok(Reply::Document(sealed)) = push(&world).await else { panic!("no reply") };
    let inner = sealed.split_once("<Encrypt><![CDATA[").unwrap().1.split_once("]]>").unwrap().0;
    assert_eq!(crypto().decrypt(inner.as_bytes()).unwrap().msg, reply().as_bytes());
    // WeChat did not hear it and sends the message again: the same answer, and nobody is asked twice.
    assert!(matches!(push(&world).await, Ok(Reply::Document(_))));
    assert_eq!(stub.seen().len(), 1);
    let noted = noted(&world).await;
    assert_eq!((noted.answer, noted.target_id, noted.repeats), (PushAnswer::Target, Some(target_id), 1));
    // Nor after a restart, when nobody knows what was said.
    let world = world.restart().await;
    assert_eq!(push(&world).await, Ok(Reply::Success));
    assert_eq!(stub.seen().len(), 1);
}

#[tokio::test]
async fn a_business_server_that_hangs_costs_its_time_and_no_more() {
    let world = World::ready().await;
    let stub = Stub::new(|_| Reaction::Hang).await;
    ask_everything(&world, &stub.url(), 300).await;
    let (first, again) = tokio::join!(push(&world), push(&world));
    assert_eq!((first, again), (Ok(Reply::Success), Ok(Reply::Success)));
    assert_eq!(stub.seen().len(), 1, "a repeat that comes meanwhile waits for the same answer");
    let noted = noted(&world).await;
    assert_eq!((noted.answer, noted.trouble.as_deref()), (PushAnswer::TargetFailed, Some("timeout")));
    assert!((250..2_000).contains(&noted.took_ms.unwrap()), "{:?}", noted.took_ms);
}

#[tokio::test]
async fn what_is_no_passive_reply_never_reaches_the_follower() {
    for (status, body, trouble) in [
        (200, "{\"reply\":\"您好\"}".to_owned(), "bad_reply"),
        (200, reply().replace("gh_1", "gh_2"), "bad_reply"),
        (200, reply().replace("<Content>您好</Content>", ""), "bad_reply"),
        (500, reply(), "status"),
        (302, String::new(), "redirect"),
    ] {
        let world = World::ready().await;
        let stub = Stub::new(move |_| Reaction::Answer(status, body.clone())).await;
        ask_everything(&world, &stub.url(), 4_000).await;
        assert_eq!(push(&world).await, Ok(Reply::Success));
        let noted = noted(&world).await;
        assert_eq!((noted.answer, noted.trouble.as_deref()), (PushAnswer::TargetFailed, Some(trouble)));
        assert_eq!(noted.reply, None);
    }
}

/// WeChat hangs up after 5 s: the request's task is gone, and what was asked goes on.
#[tokio::test]
async fn a_caller_that_hangs_up_does_not_end_the_question() {
    let world = World::ready().await;
    let (open, gate) = tokio::sync::watch::channel(false);
    let stub = Stub::new(move |_| Reaction::Gate(gate.clone())).await;
    ask_everything(&world, &stub.url(), 4_000).await;
    let first = push(&world);
    let asked = stub.until(|seen| seen.len() == 1);
    tokio::select! {
        reply = first => panic!("{reply:?}"),
        _ = asked => {}
    }
    open.send_replace(true);
    assert_eq!(push(&world).await, Ok(Reply::Success), "the gate's answer is empty");
    assert_eq!(stub.seen().len(), 1);
}
