//! Pushes: schedule, content, retries, damage.

use wechat::{ComponentEventKind, parse_component_event};
use wxdesk_sandbox::{Effect, PageError, Platform, PushKind, PushOutcome, SandboxConfig, When};

use crate::rig::Rig;

fn answered(status: u16, body: &str) -> PushOutcome {
    PushOutcome::Answered { status, body: body.as_bytes().to_vec() }
}

#[test]
fn a_ticket_at_once_and_then_every_ten_minutes() {
    let mut rig = Rig::new();
    let mut tickets = Vec::new();
    for _ in 0..3 {
        let due = rig.take_pushes();
        assert_eq!(due.len(), 1);
        let push = &due[0];
        assert_eq!((push.kind, push.attempt), (PushKind::Event, 1));
        assert_eq!(push.path, format!("/wechat/{}/event", rig.appid()));
        let event = parse_component_event(rig.open(push).unwrap().as_bytes()).unwrap();
        assert_eq!((event.app_id.as_str(), event.create_time), (rig.appid().as_str(), rig.now / 1000));
        let ComponentEventKind::VerifyTicket { ticket } = event.kind else { panic!() };
        assert_eq!(Some(ticket.expose().as_str()), rig.platform.latest_ticket());
        tickets.push(ticket.expose().clone());
        assert_eq!(rig.platform.next_push_ms(), Some(rig.now + 600_000));
        rig.wait_s(599);
        assert!(rig.take_pushes().is_empty());
        rig.wait_s(1);
    }
    tickets.dedup();
    assert_eq!(tickets.len(), 3);
}

#[test]
fn a_jump_of_the_clock_gives_one_ticket() {
    let mut rig = Rig::new();
    rig.take_pushes();
    rig.wait_s(86_400);
    assert_eq!(rig.take_pushes().len(), 1);
    rig.wait_s(-7_200);
    assert!(rig.take_pushes().is_empty());
    rig.wait_s(600);
    assert_eq!(rig.take_pushes().len(), 1, "a clock set back does not silence the tickets");
}

#[test]
fn a_push_is_repeated_after_five_seconds_three_times_with_the_same_bytes() {
    for refusal in [
        answered(200, "fail"),
        answered(500, "success"),
        answered(200, "\"success\""),
        PushOutcome::Failed("connection refused".into()),
    ] {
        let mut rig = Rig::new();
        let first = rig.platform.due_pushes(rig.now).remove(0);
        rig.platform.push_result(first.id, rig.now + 10, &refusal);
        for attempt in 2..=4 {
            rig.now += 4_999;
            assert!(rig.platform.due_pushes(rig.now).is_empty());
            rig.now += 1;
            let again = rig.platform.due_pushes(rig.now).remove(0);
            assert_eq!((again.id, again.attempt), (first.id, attempt));
            assert_eq!((&again.query, &again.body), (&first.query, &first.body));
            rig.platform.push_result(again.id, rig.now + 10, &refusal);
        }
        assert_eq!(rig.platform.pending_pushes(), 0);
        rig.now += 100_000;
        assert!(rig.platform.due_pushes(rig.now).is_empty(), "four attempts in all");
        assert_eq!(rig.platform.recent_pushes().count(), 4);
    }
}

#[test]
fn success_or_nothing_ends_the_retries() {
    for body in ["success", "", "success\n"] {
        let mut rig = Rig::new();
        let push = rig.platform.due_pushes(rig.now).remove(0);
        rig.platform.push_result(push.id, rig.now, &answered(200, body));
        assert_eq!(rig.platform.pending_pushes(), 0, "{body:?}");
    }
}

#[test]
fn a_timeout_is_repeated_at_once_since_the_five_seconds_are_over() {
    let mut rig = Rig::new();
    let push = rig.platform.due_pushes(rig.now).remove(0);
    rig.now += 5_000;
    rig.platform.push_result(push.id, rig.now, &PushOutcome::TimedOut);
    assert_eq!(rig.platform.due_pushes(rig.now).remove(0).attempt, 2);
}

#[test]
fn authorization_events() {
    let mut rig = Rig::new();
    let token = rig.component_token();
    let appid = rig.platform.accounts()[0].appid.clone();
    let link = rig.link(&token);
    let confirmed = rig.platform.confirm(rig.now, &link, &appid, &[1, 15]).unwrap();
    let due = rig.take_pushes();
    let event = parse_component_event(rig.open(&due[0]).unwrap().as_bytes()).unwrap();
    let ComponentEventKind::Authorized(granted) = event.kind else { panic!() };
    assert_eq!(granted.authorizer_appid, appid);
    assert_eq!(granted.code.expose(), &confirmed.auth_code);
    assert_eq!(granted.code_expires_at, rig.now / 1000 + 600);
    assert_eq!(granted.pre_auth_code.unwrap().expose(), &link.pre_auth_code);
    assert!(confirmed.redirect_to.starts_with("http://127.0.0.1:8090/done?x=1&auth_code=queryauthcode%40%40%40"));
    assert!(confirmed.redirect_to.ends_with("&expires_in=600"));

    assert_eq!(rig.confirm(&token, &appid, &[1, 15]).event, None, "nothing changed");
    assert!(rig.take_pushes().is_empty());
    assert_eq!(rig.confirm(&token, &appid, &[1]).event, Some("updateauthorized"));
    let due = rig.take_pushes();
    let event = parse_component_event(rig.open(&due[0]).unwrap().as_bytes()).unwrap();
    assert!(matches!(event.kind, ComponentEventKind::UpdateAuthorized(_)));
    rig.platform.unauthorize(rig.now, &appid);
    let due = rig.take_pushes();
    let event = parse_component_event(rig.open(&due[0]).unwrap().as_bytes()).unwrap();
    assert!(matches!(event.kind, ComponentEventKind::Unauthorized { authorizer_appid } if authorizer_appid == appid));
}

#[test]
fn a_pre_auth_code_is_used_once_within_ten_minutes() {
    let mut rig = Rig::new();
    let token = rig.component_token();
    let appid = rig.platform.accounts()[0].appid.clone();
    let link = rig.link(&token);
    assert!(rig.platform.confirm(rig.now, &link, &appid, &[]).is_ok());
    assert_eq!(rig.platform.confirm(rig.now, &link, &appid, &[]), Err(PageError::PreAuthCode));
    let link = rig.link(&token);
    rig.wait_s(600);
    assert_eq!(rig.platform.authorize_page(rig.now, &link), Err(PageError::PreAuthCode));
}

#[test]
fn messages_go_to_the_accounts_own_url_with_the_components_appid_inside() {
    let mut rig = Rig::new();
    let token = rig.component_token();
    let held = rig.authorize(&token, 0, &[]);
    rig.take_pushes();
    let fields = [("MsgType".to_owned(), "text".to_owned()), ("Content".to_owned(), "42".to_owned())];
    assert!(rig.platform.push_message(rig.now, &held.appid, "oFollower", &fields));
    let due = rig.take_pushes();
    assert_eq!(due[0].path, format!("/wechat/{}/callback/{}", rig.appid(), held.appid));
    assert!(due[0].query.contains("openid=oFollower"));
    let xml = rig.open(&due[0]).unwrap();
    let head = wechat::parse_message_head(xml.as_bytes()).unwrap();
    assert_eq!(head.msg_type, "text");
    assert!(head.msg_id.is_some());
    let account = rig.platform.account(&held.appid).unwrap();
    assert_eq!(head.to_user_name, account.user_name);
    let other = rig.platform.accounts()[3].appid.clone();
    assert!(!rig.platform.push_message(rig.now, &other, "o", &fields), "not authorized");
}

#[test]
fn damaged_pushes_do_not_open() {
    for effect in [Effect::PushBadSignature, Effect::PushWrongAppid, Effect::PushBadPadding] {
        let mut rig = Rig::new();
        rig.platform.add_fault(When { times: Some(1), ..When::default() }, effect.clone());
        let push = rig.take_pushes().remove(0);
        let code = rig.open(&push).unwrap_err().code();
        match effect {
            Effect::PushBadSignature => assert_eq!(code, -40001),
            Effect::PushWrongAppid => assert_eq!(code, -40005),
            _ => assert!(matches!(code, -40005 | -40007 | -40008), "{code}"),
        }
        rig.wait_s(600);
        let push = rig.take_pushes().remove(0);
        assert!(rig.open(&push).is_ok(), "only one was damaged");
    }
}

#[test]
fn skipped_duplicated_and_reordered_pushes() {
    let one = || When { times: Some(1), ..When::default() };
    let mut rig = Rig::new();
    rig.platform.add_fault(one(), Effect::PushSkip);
    assert!(rig.take_pushes().is_empty());
    rig.wait_s(600);
    assert_eq!(rig.take_pushes().len(), 1);

    let mut rig = Rig::new();
    rig.platform.add_fault(one(), Effect::PushDuplicate);
    let due = rig.take_pushes();
    assert_eq!(due.len(), 2);
    assert_eq!((&due[0].body, &due[0].query), (&due[1].body, &due[1].query));

    let mut rig = Rig::new();
    let token = rig.component_token();
    let appid = rig.platform.accounts()[0].appid.clone();
    rig.platform.add_fault(When { path: Some("authorized".into()), ..one() }, Effect::PushReorder);
    rig.confirm(&token, &appid, &[]);
    assert!(rig.take_pushes().is_empty());
    rig.platform.unauthorize(rig.now, &appid);
    rig.now += 1;
    let order: Vec<String> = rig.take_pushes().into_iter().map(|p| p.info_type).collect();
    assert_eq!(order, ["unauthorized", "authorized"]);
}

#[test]
fn after_a_key_change_pushes_may_still_use_the_old_key() {
    let mut rig = Rig::new();
    let before = rig.crypto();
    rig.platform.rotate_message_key();
    let push = rig.take_pushes().remove(0);
    assert!(rig.open(&push).is_ok());
    rig.platform.push_with_previous_key(true);
    rig.wait_s(600);
    let push = rig.take_pushes().remove(0);
    assert!(rig.open(&push).is_err());
    let envelope = wechat::parse_envelope(&push.body).unwrap();
    assert!(before.decrypt(envelope.encrypt_bytes()).is_ok());
}

#[test]
fn without_a_push_base_nothing_is_due() {
    let mut platform = Platform::new(1, SandboxConfig::default());
    platform.set_push_base(None);
    assert!(platform.due_pushes(0).is_empty());
    assert_eq!(platform.next_push_ms(), None);
    platform.set_push_base(Some("http://h:1/".into()));
    let push = platform.due_pushes(0).remove(0);
    assert_eq!(push.url, format!("http://h:1/wechat/{}/event", platform.credentials().component_appid));
}
