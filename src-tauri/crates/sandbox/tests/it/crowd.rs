//! The crowd: every type of K, at the set rate, the same each time, with WeChat's retries.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use wechat::{BoxFuture, XmlFields, XmlNode, parse_message_head};
use wxdesk_sandbox::{CrowdView, PushOutcome, SandboxClock as _, SandboxConfig};

use crate::peer::{Answering, Opened, Peer, World, reply_text};
use crate::rig::{Rig, post};

/// Every message and event of K.1 and K.2.
const ALL: [&str; 39] = [
    "text",
    "image",
    "voice",
    "video",
    "shortvideo",
    "location",
    "link",
    "event subscribe",
    "event unsubscribe",
    "event SCAN",
    "event LOCATION",
    "event CLICK",
    "event VIEW",
    "event scancode_push",
    "event scancode_waitmsg",
    "event pic_sysphoto",
    "event pic_photo_or_album",
    "event pic_weixin",
    "event location_select",
    "event view_miniprogram",
    "event TEMPLATESENDJOBFINISH",
    "event MASSSENDJOBFINISH",
    "event subscribe_msg_popup_event",
    "event subscribe_msg_change_event",
    "event subscribe_msg_sent_event",
    "event qualification_verify_success",
    "event qualification_verify_fail",
    "event naming_verify_success",
    "event naming_verify_fail",
    "event annual_renew",
    "event verify_expired",
    "event user_enter_tempsession",
    "event weapp_audit_success",
    "event weapp_audit_fail",
    "event weapp_audit_delay",
    "event wxa_nickname_audit",
    "event debug_demo",
    "text of a menu",
    "subscribe by a code",
];

/// What each must hold, besides the head.
fn needed(what: &str) -> &'static [&'static str] {
    match what.strip_prefix("event ").unwrap_or(what) {
        "text" => &["Content", "MsgId"],
        "image" => &["PicUrl", "MediaId", "MsgId"],
        "voice" => &["MediaId", "Format", "MediaId16K", "MsgId"],
        "video" | "shortvideo" => &["MediaId", "ThumbMediaId", "MsgId"],
        "location" => &["Location_X", "Location_Y", "Scale", "Label", "MsgId"],
        "link" => &["Title", "Description", "Url", "MsgId"],
        "SCAN" => &["EventKey", "Ticket"],
        "LOCATION" => &["Latitude", "Longitude", "Precision"],
        "CLICK" => &["EventKey"],
        "VIEW" | "view_miniprogram" => &["EventKey", "MenuId"],
        "scancode_push" | "scancode_waitmsg" => &["EventKey", "ScanCodeInfo/ScanType", "ScanCodeInfo/ScanResult"],
        "pic_sysphoto" | "pic_photo_or_album" | "pic_weixin" => {
            &["EventKey", "SendPicsInfo/Count", "SendPicsInfo/PicList/item/PicMd5Sum"]
        }
        "location_select" => &["EventKey", "SendLocationInfo/Location_X", "SendLocationInfo/Label"],
        "TEMPLATESENDJOBFINISH" => &["MsgID", "Status"],
        "MASSSENDJOBFINISH" => &["MsgID", "Status", "TotalCount", "FilterCount", "SentCount", "ErrorCount"],
        "subscribe_msg_popup_event" => &["SubscribeMsgPopupEvent/List/TemplateId"],
        "subscribe_msg_change_event" => &["SubscribeMsgChangeEvent/List/TemplateId"],
        "subscribe_msg_sent_event" => &["SubscribeMsgSentEvent/List/TemplateId"],
        "qualification_verify_success" | "naming_verify_success" | "annual_renew" | "verify_expired" => {
            &["ExpiredTime"]
        }
        "qualification_verify_fail" | "naming_verify_fail" => &["FailTime", "FailReason"],
        "user_enter_tempsession" => &["SessionFrom"],
        "weapp_audit_success" => &["SuccTime"],
        "weapp_audit_fail" => &["FailTime", "Reason", "ScreenShot"],
        "weapp_audit_delay" => &["DelayTime", "Reason"],
        "wxa_nickname_audit" => &["ret", "nickname"],
        "debug_demo" => &["debug_str"],
        _ => &[],
    }
}

fn at<'n>(node: &'n XmlNode<'n>, way: &str) -> Option<String> {
    match way.split_once('/') {
        Some((name, rest)) => at(node.child(name)?, rest),
        None => node.get(way).map(str::to_owned),
    }
}

/// A platform with two official accounts and a mini program that authorized it.
fn authorized() -> (Rig, Vec<String>) {
    let mut rig = Rig::new();
    let token = rig.component_token();
    let appids = [0, 2, 3].map(|number| rig.authorize(&token, number, &[]).appid).to_vec();
    rig.take_pushes();
    (rig, appids)
}

/// Everything that the crowd pushes in so many seconds, taken at once.
fn listen(rig: &mut Rig, seconds: i64) -> Vec<(i64, String)> {
    let mut out = Vec::new();
    for _ in 0..seconds {
        rig.wait_s(1);
        for push in rig.take_pushes() {
            if push.info_type == "message" {
                out.push((rig.now, rig.open(&push).unwrap()));
            }
        }
    }
    out
}

fn what(xml: &str) -> String {
    let head = parse_message_head(xml.as_bytes()).unwrap();
    head.event.map_or_else(|| head.msg_type.to_string(), |event| format!("event {event}"))
}

#[test]
fn every_type_comes_well_formed_and_none_looks_like_a_repetition() {
    let (mut rig, _) = authorized();
    rig.platform.set_crowd(6_000);
    let heard = listen(&mut rig, 90);
    assert!((8_900..=9_001).contains(&heard.len()), "{}", heard.len());
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut keys = BTreeSet::new();
    for (now, xml) in &heard {
        let head = parse_message_head(xml.as_bytes()).unwrap();
        assert!(keys.insert(head.dedupe_key()), "{xml}");
        assert!((now / 1000 - 2..=now / 1000).contains(&head.create_time), "{xml}");
        let fields = XmlFields::parse(xml.as_bytes()).unwrap();
        let name = what(xml);
        for way in needed(&name) {
            assert!(at(fields.root(), way).is_some(), "{way} of {xml}");
        }
        if let (Some(count), Some(list)) =
            (at(fields.root(), "SendPicsInfo/Count"), fields.root().child("SendPicsInfo"))
        {
            assert_eq!(list.child("PicList").unwrap().all("item").count().to_string(), count);
        }
        if name == "event subscribe" && at(fields.root(), "Ticket").is_some() {
            assert!(at(fields.root(), "EventKey").unwrap().starts_with("qrscene_"));
            *counts.entry("subscribe by a code".to_owned()).or_default() += 1;
        }
        if xml.contains("bizmsgmenuid") {
            *counts.entry("text of a menu".to_owned()).or_default() += 1;
        }
        *counts.entry(name).or_default() += 1;
    }
    let known: BTreeSet<&str> = counts.keys().map(String::as_str).collect();
    assert_eq!(known, BTreeSet::from(ALL));
    assert!(counts["text"] * 5 > heard.len() && counts["event annual_renew"] * 100 < heard.len(), "{counts:?}");
    let CrowdView { per_minute, sent, repeated, lost } = rig.platform.crowd();
    assert_eq!((per_minute, sent, repeated, lost), (6_000, heard.len() as u64, 0, 0));
}

#[test]
fn the_same_seed_and_clock_give_the_same_crowd() {
    let run = |steps: &[i64]| {
        let (mut rig, _) = authorized();
        rig.platform.set_crowd(600);
        let heard = steps.iter().flat_map(|seconds| listen(&mut rig, *seconds)).map(|(_, xml)| xml);
        heard.collect::<Vec<_>>()
    };
    let first = run(&[20]);
    assert_eq!(first, run(&[7, 13]));
    assert!(first.len() > 190, "{}", first.len());
}

#[test]
fn it_taps_the_menu_that_there_is_and_scans_the_codes_that_were_made() {
    let (mut rig, appids) = authorized();
    let token = {
        let secret = rig.platform.app_secret(&appids[0]).unwrap().to_owned();
        let body = json!({"grant_type": "client_credential", "appid": appids[0], "secret": secret});
        crate::rig::text(&rig.call(&post("/cgi-bin/stable_token", None, &body)), "access_token")
    };
    let button = json!([{"type": "click", "name": "今日", "key": "TODAY"},
        {"name": "更多", "sub_button": [{"type": "view", "name": "官网", "url": "https://a.example.com/"},
            {"type": "scancode_waitmsg", "name": "扫码", "key": "SCANNED"}]}]);
    assert_eq!(rig.code(&post("/cgi-bin/menu/create", Some(&token), &json!({"button": button}))), 0);
    let scene = json!({"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "made"}}});
    let ticket = crate::rig::text(&rig.call(&post("/cgi-bin/qrcode/create", Some(&token), &scene)), "ticket");
    rig.platform.set_crowd(3_000);
    let user_name = rig.platform.account(&appids[0]).unwrap().user_name.clone();
    let mut taps = BTreeSet::new();
    let mut scans = 0;
    for (_, xml) in listen(&mut rig, 60) {
        let fields = XmlFields::parse(xml.as_bytes()).unwrap();
        let get = |name: &str| fields.root().get(name).unwrap_or_default().to_owned();
        if get("ToUserName") != user_name {
            continue;
        }
        match get("Event").as_str() {
            "SCAN" => {
                assert_eq!((get("EventKey").as_str(), &get("Ticket")), ("made", &ticket));
                scans += 1;
            }
            event @ ("CLICK" | "VIEW" | "scancode_waitmsg") => {
                taps.insert(format!("{event} {}", get("EventKey")));
            }
            event => assert!(!event.starts_with("pic_") && event != "scancode_push", "{xml}"),
        }
    }
    let wanted = ["CLICK TODAY", "VIEW https://a.example.com/", "scancode_waitmsg SCANNED"];
    assert_eq!(taps, wanted.map(str::to_owned).into());
    assert!(scans > 5);
}

#[test]
fn only_accounts_that_somebody_hears_and_quiet_means_quiet() {
    let mut rig = Rig::new();
    rig.take_pushes();
    rig.platform.set_crowd(600);
    assert!(listen(&mut rig, 10).is_empty(), "nobody is authorized");
    let token = rig.component_token();
    let held = rig.authorize(&token, 0, &[]);
    let user_name = rig.platform.account(&held.appid).unwrap().user_name.clone();
    let heard = listen(&mut rig, 10);
    assert!(heard.len() > 90 && heard.iter().all(|(_, xml)| xml.contains(&user_name)), "{}", heard.len());
    rig.platform.unauthorize(rig.now, &held.appid);
    assert!(listen(&mut rig, 10).is_empty());
    rig.authorize(&token, 3, &[]);
    assert!(!listen(&mut rig, 2).is_empty());
    rig.platform.set_crowd(0);
    rig.take_pushes();
    assert!(listen(&mut rig, 30).is_empty());
    // What was not done in a day is not made up for.
    rig.platform.set_crowd(600);
    listen(&mut rig, 2);
    rig.wait_s(86_400);
    assert!(listen(&mut rig, 1).len() <= 61);
    rig.wait_s(-7_200);
    assert!(listen(&mut rig, 10).len() > 90, "a clock set back does not silence the crowd");
}

/// Followers that had been answered nothing see nothing; those that were not answered at all see WeChat's words.
#[test]
fn attempts_are_repeated_counted_and_given_up() {
    let (mut rig, _) = authorized();
    rig.platform.set_crowd(60);
    let mut attempts: BTreeMap<u64, Vec<(i64, Vec<u8>)>> = BTreeMap::new();
    for _ in 0..120 {
        for push in rig.platform.due_pushes(rig.now) {
            if push.info_type != "message" {
                continue;
            }
            attempts.entry(push.id).or_default().push((rig.now, push.body.clone()));
            rig.platform.push_ended(push.id, rig.now, 5_000, &PushOutcome::TimedOut);
        }
        rig.wait_s(1);
    }
    let finished: Vec<_> = attempts.values().filter(|tries| tries[0].0 + 20_000 < rig.now).collect();
    assert!(finished.len() > 80);
    for tries in finished {
        let times: Vec<i64> = tries.iter().map(|(at, _)| at - tries[0].0).collect();
        assert_eq!(times, [0, 5_000, 10_000], "three attempts in all");
        assert!(tries.iter().all(|(_, body)| body == &tries[0].1), "the same bytes");
    }
    let crowd = rig.platform.crowd();
    assert!(crowd.lost > 80 && crowd.repeated > 2 * crowd.lost, "{crowd:?}");
    assert_eq!(rig.platform.recent_pushes().filter(|p| p.info_type == "message").count(), 0);
    let last = rig.platform.recent_crowd_pushes().rev().find(|p| p.last && p.what.as_deref() == Some("text")).unwrap();
    assert_eq!(last.shown.as_deref(), Some("该公众号暂时无法提供服务，请稍后再试"));
    assert_eq!((last.attempt, last.took_ms, last.taken), (3, Some(5_000), false));
}

struct Slow;

impl Answering for Slow {
    fn answer<'a>(&'a self, peer: &'a Peer, message: &'a Opened) -> BoxFuture<'a, String> {
        Box::pin(async move {
            if message.attempt == 1 {
                peer.clock.sleep_ms(6_000).await;
            }
            peer.clock.sleep_ms(25).await;
            peer.seal(&reply_text(message, "好的"))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_bounded_number_is_on_its_way_and_answer_times_are_kept() {
    let (rig, _) = authorized();
    let config = SandboxConfig { messages_at_once: 50, ..SandboxConfig::default() };
    let mut platform = rig.platform;
    platform.configure(|old| *old = config);
    let world = World::of(platform, Slow);
    world.platform().set_crowd(1_200);
    world.clock.sleep_ms(10_000).await;
    {
        let platform = world.platform();
        let records: Vec<_> = platform.recent_crowd_pushes().collect();
        assert!(records.iter().any(|p| p.attempt == 1 && p.took_ms == Some(5_000) && !p.taken));
        assert!(records.iter().any(|p| p.attempt == 2 && p.took_ms == Some(25) && p.taken && p.reply.is_some()));
    }
    // 20 a second for 5 s each would be 100 at once.
    let first = world.peer.seen.lock().unwrap().iter().filter(|m| m.attempt == 1).count();
    assert!((50..=120).contains(&first), "{first}");
    world.platform().set_crowd(0);
    world.clock.sleep_ms(60_000).await;
    let crowd = world.platform().crowd();
    assert_eq!(crowd.lost, 0);
    assert_eq!(crowd.sent, crowd.repeated, "each was sent twice");
    assert!(world.platform().violations().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_thousand_a_second() {
    struct Quick;
    impl Answering for Quick {
        fn answer<'a>(&'a self, _: &'a Peer, _: &'a Opened) -> BoxFuture<'a, String> {
            Box::pin(async { "success".to_owned() })
        }
    }
    let (rig, _) = authorized();
    let world = World::of(rig.platform, Quick);
    world.platform().set_crowd(60_000);
    world.clock.sleep_ms(3_000).await;
    let seen = world.peer.seen.lock().unwrap();
    assert!((2_990..=3_010).contains(&seen.len()), "{}", seen.len());
    let keys: BTreeSet<String> =
        seen.iter().map(|m| parse_message_head(m.xml.as_bytes()).unwrap().dedupe_key()).collect();
    assert_eq!(keys.len(), seen.len());
}

#[test]
fn a_restart_keeps_the_rate_and_makes_up_for_nothing() {
    let (mut rig, _) = authorized();
    rig.platform.set_crowd(600);
    let before = listen(&mut rig, 5).len();
    let json = serde_json::to_string(&rig.platform.snapshot()).unwrap();
    let mut again = Rig {
        platform: wxdesk_sandbox::Platform::restore(serde_json::from_str(&json).unwrap()).unwrap(),
        now: rig.now + 3_600_000,
    };
    assert_eq!(again.platform.crowd().sent, before as u64);
    assert!(listen(&mut again, 1).len() <= 11);
    assert!(listen(&mut again, 10).len() >= 100);
}
