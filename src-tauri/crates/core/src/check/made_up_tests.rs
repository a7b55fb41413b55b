use std::net::SocketAddr;

use super::*;
use crate::OpenOptions;
use crate::dto::{
    CheckOutcome, MadeUpInput, MadeUpKind, PlatformInput, PushAnswer, ReplayTo, RuleAnswer, RuleInput, RuleScope,
    RuleWhen,
};
use crate::testing::{self, COMPONENT};

const ACCOUNT: &str = "wx00000000000000aa";

fn text(content: &str) -> MadeUpInput {
    MadeUpInput {
        component_appid: COMPONENT.into(),
        appid: ACCOUNT.into(),
        kind: MadeUpKind::Text,
        content: Some(content.into()),
        key: None,
        event: None,
        openid: None,
        deliver: false,
        verify_token: None,
        encoding_aes_key: None,
        local: false,
    }
}

struct Door {
    core: Core,
    task: tokio::task::JoinHandle<()>,
    _dir: tempfile::TempDir,
}

impl Drop for Door {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn door() -> Door {
    let dir = tempfile::tempdir().unwrap();
    let core = Core::open(OpenOptions::new(dir.path())).await.unwrap();
    let socket = crate::listener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let base = format!("http://{}", socket.local_addr().unwrap());
    core.door().listening(socket.local_addr().unwrap());
    core.save_platform(PlatformInput { public_base_url: base, ..testing::platform() }).await.unwrap();
    let task = tokio::spawn(crate::listener::run(core.clone(), socket));
    Door { core, task, _dir: dir }
}

/// Steps that failed, and what they found.
fn failed(report: &crate::dto::MadeUpReport) -> Vec<(CheckStepName, CheckCode)> {
    report.steps.iter().filter(|s| s.outcome == CheckOutcome::Failed).map(|s| (s.step, s.code)).collect()
}

#[tokio::test]
async fn a_made_up_message_goes_through_the_real_door_and_its_answer_is_shown() {
    let door = door().await;
    let core = &door.core;
    let rule = RuleInput {
        id: None,
        name: "自检".into(),
        enabled: true,
        scope: RuleScope::default(),
        when: RuleWhen { msg_types: vec!["text".into()], ..RuleWhen::default() },
        answer: RuleAnswer::Text { content: "收到：{{Content}}".into() },
        notify: Vec::new(),
    };
    core.save_rule(rule).await.unwrap();
    for local in [false, true] {
        let report = core.send_made_up(MadeUpInput { local, ..text("你好 ]]> &") }).await.unwrap();
        assert_eq!(failed(&report), [], "{report:?}");
        assert_eq!(report.steps.len(), 7);
        assert_eq!(report.reply.as_ref().unwrap().text, "收到：你好 ]]> &");
        let push = core.get_push(report.push_id.unwrap()).await.unwrap();
        assert!(push.item.made_up && push.item.sender.is_some());
        core.flush_answers().await.unwrap();
        assert_eq!(core.get_push(report.push_id.unwrap()).await.unwrap().item.answer, PushAnswer::Rule);
        // Sent again to the rules as they are now: shown, and nothing is stored.
        let again = core.replay_push(report.push_id.unwrap(), ReplayTo::Rules).await.unwrap();
        assert_eq!(again.reply, report.reply);
    }
    let last = core.send_made_up(text("a")).await.unwrap().steps.pop().unwrap();
    assert_eq!(last.outcome, CheckOutcome::Warning, "nobody authorized this account here: {last:?}");
    let click = MadeUpInput { kind: MadeUpKind::Click, key: Some("HELP".into()), ..text("") };
    let report = core.send_made_up(click).await.unwrap();
    assert_eq!((failed(&report).len(), report.reply.is_none()), (0, true), "no rule for events: success");
    let kept = core.list_pushes(crate::dto::InboxQuery::default()).await.unwrap();
    assert_eq!(kept.items.len(), 4);
}

#[tokio::test]
async fn another_token_or_key_than_the_one_here_is_found_by_its_step() {
    let door = door().await;
    let send = |input: MadeUpInput| door.core.send_made_up(input);
    let token = send(MadeUpInput { verify_token: Some("OTHER".into()), ..text("a") }).await.unwrap();
    assert_eq!(failed(&token), [(CheckStepName::Token, CheckCode::TokenDiffers)], "{token:?}");
    let key = "0123456789abcdef0123456789abcdef0123456789A";
    let key = send(MadeUpInput { encoding_aes_key: Some(key.into()), ..text("a") }).await.unwrap();
    assert_eq!(failed(&key), [(CheckStepName::AesKey, CheckCode::KeyDiffers)], "{key:?}");
    assert!(token.push_id.is_none() && key.push_id.is_none(), "nothing was stored");
    assert_eq!(door.core.list_pushes(crate::dto::InboxQuery::default()).await.unwrap().items.len(), 0);
    for (input, field) in [
        (MadeUpInput { verify_token: Some("a b".into()), ..text("a") }, "verify_token"),
        (MadeUpInput { encoding_aes_key: Some("short".into()), ..text("a") }, "encoding_aes_key"),
        (text(""), "content"),
        (MadeUpInput { kind: MadeUpKind::Click, ..text("") }, "key"),
        (MadeUpInput { kind: MadeUpKind::Event, ..text("") }, "event"),
        (MadeUpInput { appid: "wx1".into(), ..text("a") }, "appid"),
        (MadeUpInput { openid: Some("<o>".into()), ..text("a") }, "openid"),
    ] {
        let refused = send(input).await.unwrap_err();
        assert!(serde_json::to_string(&refused.body()).unwrap().contains(field), "{field}: {refused:?}");
    }
}

#[tokio::test]
async fn a_door_that_is_not_ours_ends_the_test_where_it_breaks() {
    let door = door().await;
    // Nothing listens on the port of a socket that was closed.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let elsewhere = PlatformInput { public_base_url: format!("http://{closed}"), ..testing::platform() };
    door.core.save_platform(elsewhere).await.unwrap();
    let report = door.core.send_made_up(text("a")).await.unwrap();
    assert_eq!(failed(&report), [(CheckStepName::Tcp, CheckCode::Refused)], "{report:?}");
    let skipped = report.steps.iter().filter(|s| s.outcome == CheckOutcome::Skipped).count();
    assert_eq!((report.steps.len(), skipped), (7, 5), "what comes after is not tried");
}
