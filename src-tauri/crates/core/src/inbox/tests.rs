use wechat::crypto::{AesKey, MessageCrypto};
use wechat::message::tree;

use super::*;
use crate::dto::{PushAnswer, RuleAnswer, RuleInput, RuleSample, RuleScope, RuleVerdict, RuleWhen, TextHow, TextTest};
use crate::store::tables::inbox::{PushRow, flag};
use crate::store::tables::push_answer::{self, AnswerRow};
use crate::testing::{COMPONENT, KEY, TOKEN, World, appid, sealed as sealed_push};

const FOLLOWER: &str = "oFollower";
/// A test account of WeChat's release check (protocol J.1).
const TEST_ACCOUNT: &str = "wx570bc396a51b8ff8";

fn message(fields: &str, n: i64) -> String {
    format!(
        "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[{FOLLOWER}]]></FromUserName>\
         <CreateTime>{n}</CreateTime>{fields}</xml>"
    )
}

fn text(content: &str, n: i64) -> String {
    message(
        &format!("<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{content}]]></Content><MsgId>{n}</MsgId>"),
        n,
    )
}

fn event(name: &str, n: i64) -> String {
    message(&format!("<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{name}]]></Event>"), n)
}

/// Sends it as WeChat does; a reply is opened as WeChat opens it.
async fn send(world: &World, account: &str, xml: &str) -> Result<Reply, Refusal> {
    let (query, body) = sealed_push(xml);
    let target = Target { component_appid: COMPONENT, authorizer_appid: Some(account), own: false };
    let reply = accept(&world.core, target, &query, body.as_bytes()).await?;
    let Reply::Document(reply) = reply else { return Ok(reply) };
    let node = tree(reply.as_bytes()).unwrap();
    let part = |name: &str| node.children.iter().find(|c| c.name == name).unwrap().text.clone();
    let query = PushQuery {
        timestamp: part("TimeStamp"),
        nonce: part("Nonce"),
        msg_signature: Some(part("MsgSignature")),
        ..PushQuery::default()
    };
    let crypto = MessageCrypto::new(TOKEN.into(), AesKey::parse(KEY).unwrap(), None, COMPONENT);
    let opened = crypto.open(&query, part("Encrypt").as_bytes()).unwrap();
    Ok(Reply::Document(String::from_utf8(opened.msg).unwrap()))
}

fn content(reply: &Reply) -> String {
    let Reply::Document(xml) = reply else { panic!("{reply:?}") };
    let node = tree(xml.as_bytes()).unwrap();
    let part = |name: &str| node.children.iter().find(|c| c.name == name).map(|c| c.text.clone()).unwrap();
    assert_eq!(
        (part("ToUserName"), part("FromUserName"), part("MsgType")),
        (FOLLOWER.into(), "gh_1".into(), "text".into())
    );
    part("Content")
}

fn rule(name: &str, when: RuleWhen, answer: RuleAnswer) -> RuleInput {
    RuleInput {
        id: None,
        name: name.into(),
        enabled: true,
        scope: RuleScope::default(),
        when,
        answer,
        notify: Vec::new(),
    }
}

fn says(words: &str) -> RuleWhen {
    let test = TextTest { how: TextHow::Contains, value: words.into(), ignore_case: true };
    RuleWhen { text: Some(test), ..RuleWhen::default() }
}

async fn pushes(world: &World) -> Vec<PushRow> {
    world
        .core
        .store()
        .read(|c| inbox::after(c, 0, 1000))
        .await
        .unwrap()
        .into_iter()
        .filter(|r| r.kind.is_none())
        .collect()
}

async fn answer(world: &World, push_id: i64) -> Option<AnswerRow> {
    world.core.flush_answers().await.unwrap();
    world.core.store().read(move |c| Ok(push_answer::get(c, push_id)?)).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_rule_answers_encrypted_and_filled_in_and_the_inbox_says_so() {
    let world = World::ready().await;
    world.accounts(1, 7_000_000).await;
    let reply = RuleAnswer::Text { content: "{{Content}}？{{FromUserName}} ]]> {{EventKey}}.".into() };
    let saved = world.core.save_rule(rule("价格", says("价格"), reply)).await.unwrap();
    let account = appid(0);
    assert_eq!(send(&world, &account, &text("你好", 1)).await.unwrap(), Reply::Success);
    let reply = send(&world, &account, &text("价格 & <b>", 2)).await.unwrap();
    assert_eq!(content(&reply), format!("价格 & <b>？{FOLLOWER} ]]> ."));
    let kept = pushes(&world).await;
    assert_eq!(kept.iter().map(|r| r.rule_id).collect::<Vec<_>>(), [None, Some(saved.id)]);
    assert_eq!(kept[1].flags & flag::ENDED, 0);
    assert_eq!(answer(&world, kept[0].id).await, None, "a quick success is not worth a row");
    let noted = answer(&world, kept[1].id).await.unwrap();
    assert_eq!((noted.answer, noted.repeats), (PushAnswer::Rule, 0));
    assert!(noted.reply.unwrap().contains("<MsgType><![CDATA[text]]></MsgType>"));
    // A repeat gets the same answer, is stored once and counts once.
    let again = send(&world, &account, &text("价格 & <b>", 2)).await.unwrap();
    assert_eq!(content(&again), content(&reply));
    assert_eq!(pushes(&world).await.len(), 2);
    assert_eq!(answer(&world, kept[1].id).await.unwrap().repeats, 1);
    assert_eq!(world.core.list_rules().await.unwrap()[0].hits, 1);
    // What is switched off, moved or removed counts from then on.
    world.core.switch_rule(saved.id, false).await.unwrap();
    assert_eq!(send(&world, &account, &text("价格", 3)).await.unwrap(), Reply::Success);
    world.core.switch_rule(saved.id, true).await.unwrap();
    let first = world.core.save_rule(rule("先", says("价"), RuleAnswer::Empty)).await.unwrap();
    assert_eq!(first.position, 2);
    let moved = world.core.move_rule(first.id, Some(saved.id)).await.unwrap();
    assert_eq!(moved.iter().map(|r| r.id).collect::<Vec<_>>(), [first.id, saved.id]);
    assert_eq!(send(&world, &account, &text("价格", 4)).await.unwrap(), Reply::Empty);
    world.core.remove_rule(first.id).await.unwrap();
    assert!(matches!(send(&world, &account, &text("价格", 5)).await.unwrap(), Reply::Document(_)));
    assert_eq!(world.core.remove_rule(first.id).await.unwrap_err().code, crate::dto::ErrorCode::NotFound);
    // And they are there after a restart.
    let world = world.restart().await;
    assert!(matches!(send(&world, &account, &text("价格", 6)).await.unwrap(), Reply::Document(_)));
}

/// Nothing signs the appid in the path: a push that somebody saw on its way is no new one at another account's.
#[tokio::test(start_paused = true)]
async fn a_push_that_was_seen_is_a_repeat_wherever_it_is_sent() {
    let world = World::ready().await;
    world.accounts(2, 7_000_000).await;
    for n in [0, 1, 7] {
        send(&world, &appid(n), &text("a", 1)).await.unwrap();
    }
    assert_eq!(pushes(&world).await.len(), 1);
    send(&world, &appid(1), &text("a", 2)).await.unwrap();
    assert_eq!(pushes(&world).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn messages_to_an_account_whose_authorization_ended_are_kept_and_marked() {
    let world = World::ready().await;
    world.accounts(1, 7_000_000).await;
    let account = appid(0);
    send(&world, &account, &text("a", 1)).await.unwrap();
    world.event("unauthorized", &account, world.now_s(), None).await.unwrap();
    send(&world, &account, &text("b", 2)).await.unwrap();
    send(&world, "wx00000000000000ff", &text("c", 3)).await.unwrap();
    let ended: Vec<bool> = pushes(&world).await.iter().map(|r| r.flags & flag::ENDED != 0).collect();
    assert_eq!(ended, [false, true, true]);
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_makes_the_encrypted_form_again_exactly() {
    let world = World::ready().await;
    let xml = text("你好", 1);
    let (query, body) = sealed_push(&xml);
    send(&world, "wx00000000000000ff", &xml).await.unwrap();
    let row = pushes(&world).await.remove(0);
    let runtime = world.core.runtime_by_appid(COMPONENT).unwrap();
    let again = sealed::seal_again(&runtime, &row).unwrap();
    let encrypt = |body: &str| {
        let node = tree(body.as_bytes()).unwrap();
        node.children.iter().find(|c| c.name == "Encrypt").unwrap().text.clone()
    };
    assert_eq!(encrypt(&again.body), encrypt(&body), "byte for byte");
    let (ours, theirs) = (PushQuery::parse(&again.query).unwrap(), PushQuery::parse(&query).unwrap());
    assert_eq!(
        (ours.timestamp, ours.nonce, ours.msg_signature),
        (theirs.timestamp, theirs.nonce, theirs.msg_signature)
    );
    assert_eq!(ours.openid.as_deref(), Some(FOLLOWER));
    assert!(!again.previous_key && !again.json);
    let gone = PushRow { seal: crate::store::tables::inbox::Seal { key_print: 5, ..row.seal.clone() }, ..row };
    assert!(sealed::seal_again(&runtime, &gone).is_none(), "its key is no longer here");
}

#[tokio::test(start_paused = true)]
async fn rules_that_cannot_work_are_refused_by_field() {
    let world = World::ready().await;
    let fields = |input: RuleInput| {
        let core = world.core.clone();
        async move {
            let errors = core.validate_rule(input).await.unwrap();
            errors.into_iter().map(|e| format!("{} {}", e.field, e.rule)).collect::<Vec<_>>()
        }
    };
    let any = RuleWhen::default;
    assert_eq!(fields(rule(" ", any(), RuleAnswer::Success)).await, ["name length"]);
    assert_eq!(fields(rule("a", any(), RuleAnswer::Pass)).await, ["notify empty"]);
    assert_eq!(fields(rule("a", any(), RuleAnswer::Target { target_id: 9 })).await, ["answer.target_id unknown"]);
    assert_eq!(fields(rule("a", says(" "), RuleAnswer::Success)).await, ["when.text.value length"]);
    let mut regex = rule("a", says("("), RuleAnswer::Success);
    regex.when.text.as_mut().unwrap().how = TextHow::Regex;
    assert_eq!(fields(regex).await, ["when.text.value regex"]);
    let mut elsewhere = rule("a", any(), RuleAnswer::Success);
    elsewhere.scope.component_appid = Some("wx9999999999999999".into());
    elsewhere.scope.appid = Some("wx9999999999999998".into());
    assert_eq!(fields(elsewhere).await, ["scope.component_appid unknown"]);
    let mut kinds = rule("a", any(), RuleAnswer::Success);
    kinds.when.events = vec!["sub scribe".into()];
    assert_eq!(fields(kinds).await, ["when.events format"]);
    let empty = RuleAnswer::Image { media_id: String::new() };
    assert_eq!(fields(rule("a", any(), empty)).await.len(), 1);
    let reply = |content: &str| rule("a", any(), RuleAnswer::Text { content: content.into() });
    assert_eq!(fields(reply("a\u{1}")).await, ["answer.content characters"]);
    assert_eq!(fields(reply("{{content}}")).await, ["answer.content unknown_name"]);
    assert_eq!(fields(reply("{{Content}} {{account}} {{ScanCodeInfo.ScanResult}} {{debug_str}}")).await, [""; 0]);
    let long = RuleAnswer::Text { content: "字".repeat(700) };
    assert_eq!(fields(rule("a", any(), long.clone())).await, ["answer.content length"]);
    assert!(world.core.save_rule(rule("a", any(), long)).await.is_err());
    assert!(world.core.list_rules().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_tester_says_which_rule_takes_a_sample_and_counts_nothing() {
    let world = World::ready().await;
    world.accounts(1, 7_000_000).await;
    let core = &world.core;
    let kept =
        core.save_rule(rule("甲", says("价格"), RuleAnswer::Text { content: "甲 {{appid}}".into() })).await.unwrap();
    let sample = RuleSample {
        component_appid: Some(COMPONENT.into()),
        appid: Some(appid(0)),
        msg_type: Some("text".into()),
        text: Some("价格".into()),
        ..RuleSample::default()
    };
    let trace = core.test_rules(sample.clone()).await.unwrap();
    assert_eq!((trace.taken_by, trace.steps[0].verdict), (Some(kept.id), RuleVerdict::Taken));
    assert_eq!(trace.reply.unwrap().text, format!("甲 {}", appid(0)));
    // A draft in the place of the stored rule, and a new one at the end.
    let mut draft = rule("甲", says("别的"), RuleAnswer::Empty);
    draft.id = Some(kept.id);
    let trace = core.test_rules(RuleSample { draft: Some(draft), ..sample.clone() }).await.unwrap();
    assert_eq!((trace.taken_by, trace.steps[0].verdict), (None, RuleVerdict::Text));
    let fresh = rule("", says("价格"), RuleAnswer::Empty);
    let trace = core.test_rules(RuleSample { draft: Some(fresh), ..sample }).await.unwrap();
    assert_eq!(trace.steps.iter().map(|s| s.verdict).collect::<Vec<_>>(), [RuleVerdict::Taken, RuleVerdict::TooLate]);
    assert_eq!(core.list_rules().await.unwrap()[0].hits, 0);
    // Stored pushes, but none of the platform's.
    send(&world, &appid(0), &text("价格表", 8)).await.unwrap();
    let id = pushes(&world).await[0].id;
    assert_eq!(
        core.test_rules(RuleSample { push_id: Some(id), ..RuleSample::default() }).await.unwrap().taken_by,
        Some(kept.id)
    );
    assert!(core.test_rules(RuleSample { push_id: Some(1), ..RuleSample::default() }).await.is_err(), "a ticket");
}

#[tokio::test(start_paused = true)]
async fn the_release_check_is_answered_before_any_rule_and_can_be_switched_off() {
    let world = World::ready().await;
    world.core.save_rule(rule("全部", RuleWhen::default(), RuleAnswer::Empty)).await.unwrap();
    let at = world.now_s();
    assert_eq!(content(&send(&world, TEST_ACCOUNT, &event("LOCATION", at)).await.unwrap()), "LOCATIONfrom_callback");
    let asked = text("TESTCOMPONENT_MSG_TYPE_TEXT", at + 1);
    assert_eq!(content(&send(&world, TEST_ACCOUNT, &asked).await.unwrap()), "TESTCOMPONENT_MSG_TYPE_TEXT_callback");
    let code = text("QUERY_AUTH_CODE:queryauthcode@@@a:b@wx570bc396a51b8ff8", at + 2);
    assert_eq!(send(&world, TEST_ACCOUNT, &code).await.unwrap(), Reply::Empty);
    // A repeat starts nothing.
    assert_eq!(send(&world, TEST_ACCOUNT, &code).await.unwrap(), Reply::Empty);
    world.until(|w| w.wechat.calls("send").len() == 1).await;
    assert_eq!(world.wechat.calls("api_query_auth").len(), 1);
    let steps = || async { world.core.release_check().await.unwrap().platforms[0].steps.clone() };
    let mut changes = world.core.subscribe();
    while steps().await.len() < 4 {
        changes.recv().await.unwrap();
    }
    assert!(steps().await.iter().all(|step| step.ok && step.set == 1), "{:?}", steps().await);
    world.core.switch_release_check(COMPONENT, false).await.unwrap();
    assert_eq!(send(&world, TEST_ACCOUNT, &event("LOCATION", at + 9)).await.unwrap(), Reply::Empty, "the rule's");
    let world = world.restart().await;
    assert!(!world.core.release_check().await.unwrap().platforms[0].on);
}
