//! What is done with the answer to a message: taken or not, what the follower sees, what counts as a mistake.

use wechat::KeyUsed;
use wxdesk_sandbox::{PushOutcome, PushState, UNAVAILABLE, ViolationKind, person_openid};

use crate::rig::{Held, Rig};

fn authorized() -> (Rig, Held) {
    let mut rig = Rig::new();
    let token = rig.component_token();
    let held = rig.authorize(&token, 0, &[]);
    rig.take_pushes();
    (rig, held)
}

fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn send(rig: &mut Rig, appid: &str, pairs: &[(&str, &str)]) -> u64 {
    let id = rig.platform.send_message(rig.now, appid, &person_openid(appid, 0), &fields(pairs)).unwrap();
    assert_eq!(rig.platform.push_view(id).unwrap().state, PushState::Waiting);
    id
}

fn answer(rig: &mut Rig, id: u64, took_ms: i64, outcome: &PushOutcome) {
    assert!(rig.platform.due_pushes(rig.now).iter().any(|push| push.id == id));
    assert_eq!(rig.platform.push_view(id).unwrap().state, PushState::UnderWay);
    rig.platform.push_ended(id, rig.now, took_ms, outcome);
}

fn ok(body: &str) -> PushOutcome {
    PushOutcome::Answered { status: 200, body: body.as_bytes().to_vec() }
}

fn reply(rig: &Rig, appid: &str, inner: &str) -> String {
    let user_name = &rig.platform.account(appid).unwrap().user_name;
    let plain = format!(
        "<xml><ToUserName>{}</ToUserName><FromUserName>{user_name}</FromUserName><CreateTime>1</CreateTime>{inner}</xml>",
        person_openid(appid, 0)
    );
    rig.crypto().seal_reply(KeyUsed::Current, plain.as_bytes(), 1, "n", [1; 16])
}

const TEXT: &[(&str, &str)] = &[("MsgType", "text"), ("Content", "在吗")];
const NEWS: &str = "<MsgType>news</MsgType><ArticleCount>2</ArticleCount><Articles><item><Title>a</Title></item>\
                    <item><Title>b</Title></item></Articles>";

#[test]
fn a_push_is_followed_by_its_number() {
    let (mut rig, held) = authorized();
    let id = send(&mut rig, &held.appid, TEXT);
    answer(&mut rig, id, 5_000, &PushOutcome::TimedOut);
    assert_eq!(rig.platform.push_view(id).unwrap().state, PushState::Waiting);
    rig.wait_s(5);
    let text = reply(&rig, &held.appid, "<MsgType>text</MsgType><Content>在</Content>");
    answer(&mut rig, id, 12, &ok(&text));
    let view = rig.platform.push_view(id).unwrap();
    assert_eq!((view.state, view.what.as_deref()), (PushState::Taken, Some("text")));
    let told: Vec<_> =
        view.attempts.iter().map(|a| (a.attempt, a.took_ms, a.taken, a.last, a.shown.is_some())).collect();
    assert_eq!(told, [(1, Some(5_000), false, false, false), (2, Some(12), true, true, false)]);
    assert!(view.attempts[1].reply.as_deref().unwrap().contains("在"));
    assert!(rig.platform.push_view(999_999).is_none());
    assert!(rig.platform.violations().is_empty());
}

#[test]
fn malformed_answers_are_mistakes_and_what_never_came_is_none() {
    let plain = "<xml><MsgType>text</MsgType><Content>hi</Content></xml>".to_owned();
    for (what, wrong) in [
        (TEXT, Some(plain)),
        (TEXT, Some("{\"errcode\":0}".to_owned())),
        (TEXT, Some("<html>".to_owned())),
        (TEXT, None),
        (&[("MsgType", "event"), ("Event", "CLICK"), ("EventKey", "k")], None),
    ] {
        let (mut rig, held) = authorized();
        let id = send(&mut rig, &held.appid, what);
        for attempt in 1..=3 {
            let outcome = wrong.as_deref().map_or(PushOutcome::TimedOut, ok);
            answer(&mut rig, id, 10, &outcome);
            let record = rig.platform.recent_pushes().next_back().unwrap();
            assert_eq!(record.shown.as_deref(), (attempt == 3).then_some(UNAVAILABLE));
            rig.wait_s(5);
        }
        assert_eq!(rig.platform.push_view(id).unwrap().state, PushState::GivenUp);
        let kinds: Vec<_> = rig.platform.violation_records().iter().map(|v| v.kind).collect();
        assert_eq!(kinds.len(), if wrong.is_some() { 3 } else { 0 });
        assert!(kinds.iter().all(|kind| *kind == ViolationKind::MalformedReply));
    }
    let (mut rig, held) = authorized();
    let id = send(&mut rig, &held.appid, TEXT);
    answer(&mut rig, id, 1, &PushOutcome::Answered { status: 403, body: Vec::new() });
    assert!(rig.platform.violations().is_empty(), "a refusal is no reply");
}

#[test]
fn a_reply_is_checked_as_wechat_would() {
    let click: &[(&str, &str)] = &[("MsgType", "event"), ("Event", "CLICK"), ("EventKey", "k")];
    for (what, inner, good) in [
        (TEXT, "<MsgType>transfer_customer_service</MsgType>", true),
        (TEXT, "<MsgType>text</MsgType>", false),
        (TEXT, "<MsgType>image</MsgType><Image><MediaId>m</MediaId></Image>", true),
        (TEXT, "<MsgType>image</MsgType><Image></Image>", false),
        (TEXT, NEWS, false),
        (click, NEWS, true),
    ] {
        let (mut rig, held) = authorized();
        let id = send(&mut rig, &held.appid, what);
        let sealed = reply(&rig, &held.appid, inner);
        answer(&mut rig, id, 1, &ok(&sealed));
        let record = rig.platform.recent_pushes().next_back().unwrap();
        assert_eq!((record.taken, record.reply.is_some()), (good, true), "{inner}: {}", record.outcome);
        assert_eq!(rig.platform.violations().is_empty(), good, "{inner}");
    }
    // For another appid it does not decrypt.
    let (mut rig, held) = authorized();
    let id = send(&mut rig, &held.appid, TEXT);
    let c = rig.platform.credentials();
    let key = wechat::AesKey::parse(&c.encoding_aes_key).unwrap();
    let token = wechat::SecretString::from(c.verify_token.as_str());
    let other = wechat::MessageCrypto::new(token, key, None, held.appid.as_str());
    let sealed = other.seal_reply(KeyUsed::Current, b"<xml><MsgType>text</MsgType></xml>", 1, "n", [1; 16]);
    answer(&mut rig, id, 1, &ok(&sealed));
    assert!(rig.platform.violations()[0].contains("does not decrypt"), "{:?}", rig.platform.violations());
}

#[test]
fn what_needs_no_reply_is_noticed_and_server_events_are_seen_by_nobody() {
    let (mut rig, held) = authorized();
    let place =
        &[("MsgType", "event"), ("Event", "LOCATION"), ("Latitude", "1.5"), ("Longitude", "2"), ("Precision", "3")];
    let id = send(&mut rig, &held.appid, place);
    let sealed = reply(&rig, &held.appid, "<MsgType>text</MsgType><Content>a</Content>");
    answer(&mut rig, id, 1, &ok(&sealed));
    assert_eq!(rig.platform.push_view(id).unwrap().state, PushState::Taken);
    assert!(rig.platform.notices().any(|notice| notice.contains("LOCATION")));
    let finish = &[("MsgType", "event"), ("Event", "TEMPLATESENDJOBFINISH"), ("MsgID", "1"), ("Status", "success")];
    let id = send(&mut rig, &held.appid, finish);
    for _ in 0..3 {
        answer(&mut rig, id, 1, &PushOutcome::Failed("refused".into()));
        rig.wait_s(5);
    }
    let view = rig.platform.push_view(id).unwrap();
    assert!(view.state == PushState::GivenUp && view.attempts.iter().all(|a| a.shown.is_none()));
}

#[test]
fn a_person_has_spoken_also_when_nobody_hears_it() {
    let mut rig = Rig::new();
    let appid = rig.platform.accounts()[0].appid.clone();
    let secret = rig.platform.app_secret(&appid).unwrap().to_owned();
    let body = serde_json::json!({"grant_type": "client_credential", "appid": appid, "secret": secret});
    let token = crate::rig::text(&rig.call(&crate::rig::post("/cgi-bin/stable_token", None, &body)), "access_token");
    assert!(!rig.platform.push_message(rig.now, &appid, &person_openid(&appid, 0), &fields(TEXT)));
    let body = serde_json::json!({"touser": person_openid(&appid, 0), "msgtype": "text", "text": {"content": "a"}});
    assert_eq!(rig.code(&crate::rig::post("/cgi-bin/message/custom/send", Some(&token), &body)), 0);
}

/// I.2: how many messages each action allows, and for how long.
#[test]
fn each_action_opens_its_own_window() {
    for (number, what, event, allowed, seconds) in [
        (0, "text", "", 5, 48 * 3600),
        (0, "image", "", 5, 48 * 3600),
        (0, "event", "CLICK", 3, 60),
        (0, "event", "scancode_push", 3, 60),
        (0, "event", "scancode_waitmsg", 3, 60),
        (0, "event", "SCAN", 3, 60),
        (0, "event", "subscribe", 3, 60),
        (0, "event", "VIEW", 0, 0),
        (0, "event", "LOCATION", 0, 0),
        (0, "event", "pic_weixin", 0, 0),
        (2, "text", "", 5, 48 * 3600),
        (2, "event", "user_enter_tempsession", 2, 60),
        (2, "event", "CLICK", 0, 0),
    ] {
        let mut rig = Rig::new();
        let token = rig.component_token();
        let held = rig.authorize(&token, number, &[]);
        let mut pairs = vec![("MsgType", what)];
        pairs.extend((!event.is_empty()).then_some(("Event", event)));
        let openid = person_openid(&held.appid, 0);
        let body = serde_json::json!({"touser": openid, "msgtype": "text", "text": {"content": "a"}});
        let call = crate::rig::post("/cgi-bin/message/custom/send", Some(&held.token), &body);
        let sent = |rig: &mut Rig| (0..).take_while(|_| rig.code(&call) == 0).count();
        assert_eq!(sent(&mut rig), 0);
        send(&mut rig, &held.appid, &pairs);
        assert_eq!(sent(&mut rig), allowed, "{what} {event}");
        assert_eq!(rig.code(&call), if allowed == 0 { 45015 } else { 45047 }, "{what} {event}");
        send(&mut rig, &held.appid, &pairs);
        rig.wait_s((seconds - 1).clamp(0, 7_000));
        if seconds > 0 {
            assert_eq!(rig.code(&call), 0, "{what} {event}: still open");
        }
        rig.wait_s(1);
        if seconds == 60 {
            assert_eq!(rig.code(&call), 45015, "{what} {event}: over");
        }
    }
}

#[test]
fn a_reply_with_the_former_key_is_read_after_a_change() {
    let (mut rig, held) = authorized();
    let before = rig.crypto();
    rig.platform.push_with_previous_key(true);
    rig.platform.rotate_message_key();
    let id = send(&mut rig, &held.appid, TEXT);
    let user_name = rig.platform.account(&held.appid).unwrap().user_name.clone();
    let plain = format!(
        "<xml><ToUserName>{}</ToUserName><FromUserName>{user_name}</FromUserName><CreateTime>1</CreateTime>\
         <MsgType>text</MsgType><Content>a</Content></xml>",
        person_openid(&held.appid, 0)
    );
    let sealed = before.seal_reply(KeyUsed::Current, plain.as_bytes(), 1, "n", [1; 16]);
    answer(&mut rig, id, 1, &ok(&sealed));
    assert!(rig.platform.recent_pushes().next_back().unwrap().taken);
}
