//! The release check against a responder that does everything right, and against ones with a single mistake.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;
use wechat::BoxFuture;
use wxdesk_sandbox::accounts::Kind;
use wxdesk_sandbox::{CheckError, Rehearsal, RowName, RowState, SandboxClock as _, SandboxConfig, ViolationKind};

use crate::peer::{Answering, Opened, Peer, World, reply_text};
use crate::rig::QUERY_AUTH;

const SEND: &str = "/cgi-bin/message/custom/send";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mistake {
    None,
    EventLate,
    EventWrong,
    TextPlain,
    TextNotSwapped,
    TextNothing,
    NoApiMessage,
    ApiAnswerNotEmpty,
    ApiWrongText,
    ApiCachedToken,
    ApiCutCode,
    ApiTooLate,
}

struct Responder(Mistake);

impl Answering for Responder {
    fn answer<'a>(&'a self, peer: &'a Peer, message: &'a Opened) -> BoxFuture<'a, String> {
        Box::pin(async move {
            if message.get("MsgType") == "event" {
                if self.0 == Mistake::EventLate {
                    peer.clock.sleep_ms(5_001).await;
                }
                let tail = if self.0 == Mistake::EventWrong { "_callback" } else { "from_callback" };
                return peer.seal(&reply_text(message, &format!("{}{tail}", message.get("Event"))));
            }
            let content = message.get("Content");
            let Some(code) = content.strip_prefix("QUERY_AUTH_CODE:") else {
                let xml = reply_text(message, &format!("{content}_callback"));
                return match self.0 {
                    Mistake::TextPlain => xml,
                    Mistake::TextNothing => "success".to_owned(),
                    Mistake::TextNotSwapped => {
                        let (to, from) = (message.get("FromUserName"), message.get("ToUserName"));
                        peer.seal(&xml.replace(&to, "x").replace(&from, &to).replace("[x]", &format!("[{from}]")))
                    }
                    _ => peer.seal(&xml),
                };
            };
            self.api(peer, message, code);
            if self.0 == Mistake::ApiAnswerNotEmpty { "success".to_owned() } else { String::new() }
        })
    }
}

impl Responder {
    /// After the answer, and the calls take a while.
    fn api(&self, peer: &Peer, message: &Opened, code: &str) {
        let mistake = self.0;
        if mistake == Mistake::NoApiMessage {
            return;
        }
        let (platform, clock) = (Arc::clone(&peer.platform), Arc::clone(&peer.clock));
        let (to, code, appid) = (message.get("FromUserName"), code.to_owned(), message.appid.clone());
        let component = peer.component_token();
        let first = peer.events.lock().unwrap().iter().rev().find(|(name, _)| name == "authorized").unwrap().1.clone();
        tokio::spawn(async move {
            clock.sleep_ms(if mistake == Mistake::ApiTooLate { 30_001 } else { 800 }).await;
            let call = |path: &str, token: &str, body: &serde_json::Value| {
                let request = crate::rig::post(path, Some(token), body);
                match wxdesk_sandbox::lock(&platform).handle(clock.now_ms(), &request).answer {
                    wxdesk_sandbox::Answer::Full { body, .. } => {
                        serde_json::from_slice::<serde_json::Value>(&body).unwrap()
                    }
                    other => panic!("{other:?}"),
                }
            };
            let redeem = |code: &str| {
                let component_appid = wxdesk_sandbox::lock(&platform).credentials().component_appid.clone();
                let body = json!({"component_appid": component_appid, "authorization_code": code});
                let answer = call(QUERY_AUTH, &component, &body);
                answer["authorization_info"]["authorizer_access_token"].as_str().unwrap_or_default().to_owned()
            };
            let cached = {
                let start = first.split_once("<AuthorizationCode><![CDATA[").unwrap().1;
                redeem(start.split_once("]]>").unwrap().0)
            };
            let sent = if mistake == Mistake::ApiCutCode { code.split_once("@@@").unwrap().1 } else { &code };
            let fresh = redeem(sent);
            let token = match mistake {
                Mistake::ApiCachedToken | Mistake::ApiCutCode => cached,
                _ => fresh,
            };
            let content = format!("{code}{}", if mistake == Mistake::ApiWrongText { "_callback" } else { "_from_api" });
            let body = json!({"touser": to, "msgtype": "text", "text": {"content": content}});
            let answer = call(SEND, &token, &body);
            if mistake == Mistake::None {
                assert_eq!(answer["errcode"], 0, "{appid}: {answer}");
            }
        });
    }
}

async fn checked(mistake: Mistake, set: Option<u8>, kind: Option<Kind>) -> (Rehearsal, World) {
    let world = World::start(SandboxConfig::default(), Responder(mistake));
    world.wait_s(1).await;
    let now = world.clock.now_ms();
    let id = world.platform().start_release_check(now, set, kind).unwrap();
    assert_eq!(world.platform().start_release_check(now, set, kind), Err(CheckError::Running));
    world.wait_s(90).await;
    let checks = world.platform().release_checks(true);
    assert_eq!((checks.len(), checks[0].id), (1, id));
    assert!(checks[0].ended_at.is_some(), "{checks:?}");
    (checks[0].clone(), world)
}

fn red(check: &Rehearsal) -> Vec<RowName> {
    assert!(check.rows.iter().all(|row| matches!(row.state, RowState::Ok | RowState::Failed)), "{check:?}");
    check.rows.iter().filter(|row| row.state == RowState::Failed).map(|row| row.row).collect()
}

#[tokio::test(start_paused = true)]
async fn a_right_responder_is_green_with_every_test_account() {
    let mut appids = BTreeSet::new();
    for set in 1..=5 {
        for kind in [Kind::OfficialAccount, Kind::MiniProgram] {
            let (check, world) = checked(Mistake::None, Some(set), Some(kind)).await;
            assert_eq!(red(&check), [], "{check:?}");
            assert_eq!(check.rows.iter().map(|row| row.row).collect::<Vec<_>>(), RowName::ALL);
            assert!(check.ended_at.unwrap() - check.started_at < 5_000);
            let api = &check.rows[4];
            assert_eq!((api.took_ms, api.limit_ms), (Some(800), Some(30_000)));
            assert!(world.platform().violations().is_empty(), "{:?}", world.platform().violations());
            assert!(world.platform().account(&check.appid).is_some());
            let infos: Vec<String> = world.peer.events.lock().unwrap().iter().map(|(name, _)| name.clone()).collect();
            let ticket = "component_verify_ticket";
            assert_eq!(infos, [ticket, ticket, "authorized", "unauthorized"]);
            appids.insert(check.appid);
        }
    }
    assert_eq!(appids.len(), 10);
    assert!(appids.contains("wx570bc396a51b8ff8") && appids.contains("wx5910277cae6fd970"));
}

#[tokio::test(start_paused = true)]
async fn each_mistake_turns_its_own_row_red_and_says_what_came() {
    for (mistake, row, words) in [
        (Mistake::EventLate, RowName::Event, "no answer in time"),
        (Mistake::EventWrong, RowName::Event, "from_callback"),
        (Mistake::TextPlain, RowName::Text, "plain reply"),
        (Mistake::TextNotSwapped, RowName::Text, "swapped"),
        (Mistake::TextNothing, RowName::Text, "it was success"),
        (Mistake::NoApiMessage, RowName::ApiText, "api_query_auth was not called"),
        (Mistake::ApiAnswerNotEmpty, RowName::ApiText, "should have been empty"),
        (Mistake::ApiWrongText, RowName::ApiText, "_from_api, to the sender"),
        (Mistake::ApiCachedToken, RowName::ApiText, "not of this api_query_auth"),
        (Mistake::ApiCutCode, RowName::ApiText, "not of this api_query_auth"),
        (Mistake::ApiTooLate, RowName::ApiText, "api_query_auth was not called"),
    ] {
        let (check, world) = checked(mistake, Some(3), None).await;
        assert_eq!(red(&check), [row], "{mistake:?} {check:?}");
        let found = check.rows.iter().find(|r| r.row == row).unwrap();
        let text = found.text.clone().unwrap();
        assert!(text.contains(words), "{mistake:?}: {text}");
        let code = text.split_once("queryauthcode@@@").map_or("", |(_, after)| after);
        assert!(code.chars().take_while(char::is_ascii_alphanumeric).count() <= 4, "{text}");
        let chinese = world.platform().release_checks(false)[0].rows.clone();
        assert!(chinese.iter().all(|row| row.text.as_deref().is_some_and(|text| !text.is_empty())), "{chinese:?}");
        let violations = world.platform().violation_records().iter().map(|v| v.kind).collect::<BTreeSet<_>>();
        let malformed = matches!(mistake, Mistake::TextPlain | Mistake::TextNotSwapped);
        assert_eq!(violations.contains(&ViolationKind::MalformedReply), malformed, "{mistake:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn set_and_kind_are_drawn_and_a_check_can_be_repeated() {
    let world = World::start(SandboxConfig::default(), Responder(Mistake::None));
    let mut drawn = BTreeSet::new();
    for _ in 0..25 {
        let now = world.clock.now_ms();
        world.platform().start_release_check(now, None, None).unwrap();
        world.wait_s(40).await;
        let check = world.platform().release_checks(true)[0].clone();
        assert_eq!(red(&check), [], "{check:?}");
        drawn.insert(check.appid);
    }
    assert!(drawn.len() > 5, "{drawn:?}");
    assert_eq!(world.platform().release_checks(true).len(), 20);
    assert!(world.platform().violations().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_ticket_that_nobody_uses_and_pushes_that_nobody_takes() {
    struct Deaf;
    impl wxdesk_sandbox::PushSink for Deaf {
        fn deliver<'a>(
            &'a self,
            _: &'a wxdesk_sandbox::Push,
        ) -> BoxFuture<'a, Result<wxdesk_sandbox::PushReply, String>> {
            Box::pin(async { Err("refused".to_owned()) })
        }
    }
    struct Lazy;
    impl wxdesk_sandbox::PushSink for Lazy {
        fn deliver<'a>(
            &'a self,
            _: &'a wxdesk_sandbox::Push,
        ) -> BoxFuture<'a, Result<wxdesk_sandbox::PushReply, String>> {
            Box::pin(async { Ok(wxdesk_sandbox::PushReply::success()) })
        }
    }
    let run = async |sink: Arc<dyn wxdesk_sandbox::PushSink>| {
        let platform = wxdesk_sandbox::Platform::new(1, SandboxConfig::default());
        let platform = Arc::new(std::sync::Mutex::new(platform));
        let clock = Arc::new(wxdesk_sandbox::TokioClock::starting_at(crate::rig::START));
        let _pump = wxdesk_sandbox::PumpHandle::start(platform.clone(), clock.clone(), sink);
        let now = clock.now_ms();
        wxdesk_sandbox::lock(&platform).start_release_check(now, None, None).unwrap();
        clock.sleep_ms(200_000).await;
        wxdesk_sandbox::lock(&platform).release_checks(true)[0].clone()
    };
    let check = run(Arc::new(Lazy)).await;
    assert_eq!(red(&check), [RowName::Ticket, RowName::ApiText, RowName::Text, RowName::Event], "{check:?}");
    assert!(check.rows[0].text.as_deref().unwrap().contains("no component_access_token"));
    let check = run(Arc::new(Deaf)).await;
    let own = [RowName::PreAuthCode, RowName::AuthCode];
    assert_eq!(red(&check), RowName::ALL.into_iter().filter(|row| !own.contains(row)).collect::<Vec<_>>());
    assert!(check.rows[0].text.as_deref().unwrap().contains("refused"));
}

#[test]
fn a_check_needs_pushes_and_an_account_that_exists() {
    let mut rig = crate::rig::Rig::new();
    assert_eq!(rig.platform.start_release_check(rig.now, Some(6), None), Err(CheckError::NoSuchAccount));
    assert_eq!(rig.platform.start_release_check(rig.now, None, Some(Kind::Website)), Err(CheckError::NoSuchAccount));
    rig.platform.set_push_base(None);
    assert_eq!(rig.platform.start_release_check(rig.now, None, None), Err(CheckError::NoPushes));
    // The test accounts are nobody's to authorize.
    let mut rig = crate::rig::Rig::new();
    let token = rig.component_token();
    rig.platform.start_release_check(rig.now, Some(1), Some(Kind::OfficialAccount)).unwrap();
    let link = rig.link(&token);
    let page = rig.platform.authorize_page(rig.now, &link).unwrap();
    assert!(page.candidates.iter().all(|candidate| candidate.account.release_set.is_none()));
}
