//! Customer-service messages: within their windows, once, and with words for everything that goes wrong.

use wxdesk_core::clock::Clock;
use wxdesk_core::dto::{ApiCallQuery, CallReason, Conversation, CustomMessage, SentMessage, WindowCause};
use wxdesk_sandbox::{Effect, lock, person_openid};

use crate::world::{HOUR, World};

const SEND: &str = "/cgi-bin/message/custom/send";

fn text(content: &str) -> CustomMessage {
    CustomMessage::Text { content: content.into() }
}

impl World {
    async fn talk(&self, appid: &str, openid: &str) -> Conversation {
        self.core.get_conversation(&self.component, appid, openid).await.unwrap()
    }

    async fn write(&self, appid: &str, openid: &str, content: &str) -> SentMessage {
        self.core.send_custom_message(&self.component, appid, openid, text(content)).await.unwrap()
    }

    fn got(&self, appid: &str) -> Vec<String> {
        lock(&self.platform).sent_messages(appid).into_iter().map(|(_, text)| text).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn windows_are_counted_and_wechats_refusals_are_explained() {
    let (world, appid) = World::with_account().await;
    let one = person_openid(&appid, 0);
    // Nothing is known to be open, and WeChat says so.
    assert_eq!(world.talk(&appid, &one).await.windows, []);
    let refused = world.write(&appid, &one, "早上好").await;
    assert_eq!((refused.ok, refused.errcode), (false, Some(45015)));
    assert!(refused.words.unwrap().zh.contains("48"));
    world.says(&appid, &one, &[("MsgType", "text"), ("Content", "在吗")]).await;
    let shown = world.talk(&appid, &one).await;
    assert_eq!((shown.windows.len(), shown.pushes.len(), shown.partial), (1, 1, false));
    assert_eq!((shown.windows[0].cause, shown.windows[0].allowed, shown.windows[0].used), (WindowCause::Message, 5, 0));
    assert_eq!(shown.windows[0].until - shown.windows[0].opened_at, 48 * HOUR);
    for n in 1..=5 {
        assert!(world.write(&appid, &one, &format!("第 {n} 条")).await.ok);
        assert_eq!(world.talk(&appid, &one).await.windows[0].used, n);
    }
    let refused = world.write(&appid, &one, "第 6 条").await;
    assert_eq!((refused.ok, refused.errcode), (false, Some(45047)));
    assert_eq!(world.got(&appid).len(), 5);
    // A menu click opens three more for a minute.
    let newest = world.talk(&appid, &one).await.pushes[0].id;
    lock(&world.platform).tap_menu(world.at(), &appid, &one, "click", "V_1");
    world.arrives(&one, newest).await;
    assert!(world.write(&appid, &one, "菜单之后").await.ok);
    let shown = world.talk(&appid, &one).await;
    assert_eq!(
        shown.windows.iter().map(|w| (w.cause, w.used, w.allowed)).collect::<Vec<_>>(),
        [(WindowCause::Menu, 1, 3), (WindowCause::Message, 5, 5)]
    );
    assert_eq!((shown.sent.len(), shown.sent[0].text.as_str(), shown.sent[0].kind.as_str()), (8, "菜单之后", "text"));
    world.pass(61_000).await;
    assert_eq!(world.talk(&appid, &one).await.windows.len(), 1);
    // The last window of a message stays in sight after its end.
    world.pass(48 * HOUR).await;
    let shown = world.talk(&appid, &one).await;
    assert!(shown.windows[0].until < world.clock.now());
    assert_eq!(world.write(&appid, &one, "两天后").await.errcode, Some(45015));
    let log = world.core.list_api_calls(&ApiCallQuery { api: Some(SEND.into()), ..Default::default() }).await.unwrap();
    assert!(
        log.items.iter().all(|call| call.reason == CallReason::CustomMessage && call.appid.as_ref() == Some(&appid))
    );
}

#[tokio::test(start_paused = true)]
async fn a_mini_programs_chat_opens_for_two() {
    let world = World::new().await;
    let number = lock(&world.platform)
        .accounts()
        .iter()
        .position(|a| a.kind == wxdesk_sandbox::accounts::Kind::MiniProgram)
        .unwrap();
    let appid = world.authorize(number, &[]).await;
    let one = person_openid(&appid, 0);
    let enter = [("MsgType", "event"), ("Event", "user_enter_tempsession"), ("SessionFrom", "pages/index")];
    world.says(&appid, &one, &enter).await;
    assert!(world.write(&appid, &one, "欢迎").await.ok);
    let shown = world.talk(&appid, &one).await;
    assert_eq!(
        shown.windows.iter().map(|w| (w.cause, w.used, w.allowed)).collect::<Vec<_>>(),
        [(WindowCause::Enter, 1, 2)]
    );
}

#[tokio::test(start_paused = true)]
async fn who_may_not_send_is_told_before_anything_is_sent() {
    let world = World::new().await;
    let appid = world.authorize(0, &[2, 3]).await;
    let one = person_openid(&appid, 0);
    let barred = world.talk(&appid, &one).await.barred.unwrap();
    assert!(barred.zh.contains("权限集 1"));
    let refuse = async |openid: &str, message| {
        let refused = world.core.send_custom_message(&world.component, &appid, openid, message).await.unwrap_err();
        let field = refused.detail.unwrap().fields.remove(0);
        (field.field, field.rule)
    };
    let said = |field: &str, rule: &str| (field.to_owned(), rule.to_owned());
    assert_eq!(refuse(&one, text("x")).await, said("appid", "barred"));
    assert_eq!(refuse(&one, text(" ")).await, said("content", "required"));
    assert_eq!(refuse("a b", text("x")).await, said("openid", "format"));
    world.unauthorize(&appid).await;
    assert!(world.talk(&appid, &one).await.barred.unwrap().zh.contains("已取消"));
    assert_eq!(refuse(&one, text("x")).await, said("appid", "barred"));
    assert_eq!((world.calls(SEND), world.talk(&appid, &one).await.sent.len()), (0, 0));
    // An account that nobody knows here, as for pushes to a foreign one.
    let stranger = world.talk("wx0123456789abcdef", &one).await;
    assert!(stranger.barred.is_some() && stranger.pushes.is_empty());
    assert!(world.core.get_conversation("wx0123456789abcdef", &appid, &one).await.is_err());
}

/// A refused token means that nothing was sent: it is renewed, and the message sent again, once.
#[tokio::test(start_paused = true)]
async fn a_token_that_died_outside_is_renewed_on_the_way() {
    let (world, appid) = World::with_account().await;
    let one = person_openid(&appid, 0);
    world.says(&appid, &one, &[("MsgType", "text"), ("Content", "在吗")]).await;
    lock(&world.platform).replace_token_elsewhere(world.at(), &appid);
    let mut changes = world.core.subscribe();
    assert!(world.write(&appid, &one, "在").await.ok);
    assert_eq!((world.calls(SEND), world.got(&appid)), (2, vec!["在".to_owned()]));
    world.pass(1_000).await;
    let mut told = Vec::new();
    while let Ok(change) = changes.try_recv() {
        told.extend(change.tags);
    }
    assert!(told.contains(&format!("sent:{one}")), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn what_nobody_knows_is_said_and_never_sent_again() {
    let (mut world, appid) = World::with_account().await;
    let one = person_openid(&appid, 0);
    world.says(&appid, &one, &[("MsgType", "text"), ("Content", "在吗")]).await;
    world.fault(SEND, 0, 1, Effect::DropAfter);
    let lost = world.write(&appid, &one, "丢了应答").await;
    assert_eq!((lost.ok, lost.errcode), (false, None));
    assert!(lost.words.unwrap().zh.contains("未知"));
    assert_eq!(world.got(&appid), ["丢了应答"]);
    world.fault(SEND, 0, 1, Effect::DropBefore);
    // From here one cannot tell that this one never arrived.
    let never = world.write(&appid, &one, "没到").await;
    assert!(never.words.unwrap().zh.contains("未知") && world.got(&appid).len() == 1);
    // One that is under way when the program is killed.
    world.fault(SEND, 0, 1, Effect::Slow { ms: 8_000 });
    let (core, component, to, who) = (world.core.clone(), world.component.clone(), appid.clone(), one.clone());
    let sending = tokio::spawn(async move { core.send_custom_message(&component, &to, &who, text("途中")).await });
    let calls = world.calls(SEND);
    world.until(|w| w.calls(SEND) > calls).await;
    assert!(world.talk(&appid, &one).await.sent[0].words.as_ref().unwrap().zh.contains("正在发送"));
    world.kill().await;
    assert!(sending.await.unwrap().is_err());
    world.pass(2 * 60_000).await;
    let shown = world.talk(&appid, &one).await;
    assert_eq!(shown.sent.len(), 3);
    assert!(shown.sent[0].words.as_ref().unwrap().zh.contains("未知"));
    assert_eq!(world.calls(SEND), calls + 1, "it is not sent again");
    // Whatever may have arrived counts.
    assert_eq!(shown.windows[0].used, 3);
}
