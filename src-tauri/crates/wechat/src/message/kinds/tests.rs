use super::*;
use crate::message::{kind_label, summary, words};

/// A kind, what its document holds behind the head, what that means, and its summary.
struct Sample {
    msg_type: &'static str,
    event: Option<&'static str>,
    rest: &'static str,
    kind: MessageKind,
    summary: &'static str,
}

fn message(msg_type: &'static str, rest: &'static str, kind: MessageKind, summary: &'static str) -> Sample {
    Sample { msg_type, event: None, rest, kind, summary }
}

fn event(event: &'static str, rest: &'static str, kind: MessageKind, summary: &'static str) -> Sample {
    Sample { msg_type: "event", event: Some(event), rest, kind, summary }
}

fn s(text: &str) -> String {
    text.to_owned()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn at(text: &str, value: f64) -> Coordinate {
    Coordinate { text: s(text), value: Some(value) }
}

fn messages() -> Vec<Sample> {
    vec![
        message(
            "text",
            "<Content><![CDATA[ab\n cd]]></Content><bizmsgmenuid>101</bizmsgmenuid>",
            MessageKind::Text { content: s("ab\n cd"), menu_id: some("101") },
            "ab cd",
        ),
        message(
            "image",
            "<PicUrl><![CDATA[http://p]]></PicUrl><MediaId><![CDATA[m]]></MediaId>",
            MessageKind::Image { pic_url: s("http://p"), media_id: s("m") },
            "m",
        ),
        message(
            "voice",
            "<MediaId>m</MediaId><Format>amr</Format><Recognition><![CDATA[你好]]></Recognition><MediaId16K>k</MediaId16K>",
            MessageKind::Voice {
                media_id: s("m"),
                format: s("amr"),
                recognition: some("你好"),
                media_id_16k: some("k"),
            },
            "你好",
        ),
        message(
            "voice",
            "<MediaId>m</MediaId><Format>speex</Format>",
            MessageKind::Voice { media_id: s("m"), format: s("speex"), recognition: None, media_id_16k: None },
            "speex",
        ),
        message(
            "video",
            "<MediaId>m</MediaId><ThumbMediaId>t</ThumbMediaId>",
            MessageKind::Video { short: false, media_id: s("m"), thumb_media_id: s("t") },
            "m",
        ),
        message(
            "shortvideo",
            "<MediaId>m</MediaId><ThumbMediaId>t</ThumbMediaId>",
            MessageKind::Video { short: true, media_id: s("m"), thumb_media_id: s("t") },
            "m",
        ),
        message(
            "location",
            "<Location_X>23.134521</Location_X><Location_Y>113.358803</Location_Y><Scale>20</Scale><Label><![CDATA[广州]]></Label>",
            MessageKind::Location(Place {
                x: at("23.134521", 23.134_521),
                y: at("113.358803", 113.358_803),
                scale: s("20"),
                label: s("广州"),
                poi_name: None,
            }),
            "广州",
        ),
        message(
            "link",
            "<Title><![CDATA[t]]></Title><Description><![CDATA[d]]></Description><Url><![CDATA[http://u]]></Url>",
            MessageKind::Link { title: s("t"), description: s("d"), url: s("http://u") },
            "t · http://u",
        ),
    ]
}

fn follower_events() -> Vec<Sample> {
    vec![
        event(
            "subscribe",
            "<EventKey><![CDATA[qrscene_123]]></EventKey><Ticket><![CDATA[T]]></Ticket>",
            MessageKind::Subscribe { scene: some("123"), ticket: some("T") },
            "123",
        ),
        event(
            "subscribe",
            "<EventKey><![CDATA[]]></EventKey>",
            MessageKind::Subscribe { scene: None, ticket: None },
            "",
        ),
        event("unsubscribe", "<EventKey><![CDATA[]]></EventKey>", MessageKind::Unsubscribe, ""),
        event(
            "SCAN",
            "<EventKey><![CDATA[7]]></EventKey><Ticket><![CDATA[T]]></Ticket>",
            MessageKind::Scan { scene: s("7"), ticket: some("T") },
            "7",
        ),
        event(
            "LOCATION",
            "<Latitude>23.137466</Latitude><Longitude>113.352425</Longitude><Precision>119.385040</Precision>",
            MessageKind::LocationReport {
                latitude: at("23.137466", 23.137_466),
                longitude: at("113.352425", 113.352_425),
                precision: at("119.385040", 119.385_04),
            },
            "23.137466, 113.352425",
        ),
        event("CLICK", "<EventKey><![CDATA[K]]></EventKey>", MessageKind::Click { key: s("K") }, "K"),
        event(
            "VIEW",
            "<EventKey><![CDATA[www.qq.com]]></EventKey><MenuId>42</MenuId>",
            MessageKind::View { url: s("www.qq.com"), menu_id: some("42") },
            "www.qq.com",
        ),
        event(
            "view_miniprogram",
            "<EventKey><![CDATA[pages/a]]></EventKey><MenuID>42</MenuID>",
            MessageKind::ViewMiniProgram { path: s("pages/a"), menu_id: some("42") },
            "pages/a",
        ),
        event(
            "scancode_push",
            "<EventKey>K</EventKey><ScanCodeInfo><ScanType><![CDATA[qrcode]]></ScanType><ScanResult><![CDATA[1]]></ScanResult></ScanCodeInfo>",
            MessageKind::ScanCode { waits: false, key: s("K"), scan_type: s("qrcode"), result: s("1") },
            "K · 1",
        ),
        event(
            "scancode_waitmsg",
            "<EventKey>K</EventKey>",
            MessageKind::ScanCode { waits: true, key: s("K"), scan_type: s(""), result: s("") },
            "K",
        ),
        event(
            "pic_sysphoto",
            "<EventKey>K</EventKey><SendPicsInfo><Count>2</Count><PicList><item><PicMd5Sum><![CDATA[a]]></PicMd5Sum></item>\
             <item><PicMd5Sum><![CDATA[b]]></PicMd5Sum></item></PicList></SendPicsInfo>",
            MessageKind::Pictures {
                source: PictureSource::Camera,
                key: s("K"),
                count: Some(2),
                md5: vec![s("a"), s("b")],
            },
            "K · 2",
        ),
        event(
            "pic_photo_or_album",
            "<EventKey>K</EventKey><SendPicsInfo><Count>0</Count><PicList/></SendPicsInfo>",
            MessageKind::Pictures { source: PictureSource::CameraOrAlbum, key: s("K"), count: Some(0), md5: vec![] },
            "K · 0",
        ),
        event(
            "pic_weixin",
            "<EventKey>K</EventKey>",
            MessageKind::Pictures { source: PictureSource::Album, key: s("K"), count: None, md5: vec![] },
            "K",
        ),
        event(
            "location_select",
            "<EventKey>K</EventKey><SendLocationInfo><Location_X><![CDATA[23]]></Location_X><Location_Y><![CDATA[113]]></Location_Y>\
             <Scale><![CDATA[15]]></Scale><Label><![CDATA[广州]]></Label><Poiname><![CDATA[塔]]></Poiname></SendLocationInfo>",
            MessageKind::LocationSelect {
                key: s("K"),
                place: Place {
                    x: at("23", 23.0),
                    y: at("113", 113.0),
                    scale: s("15"),
                    label: s("广州"),
                    poi_name: some("塔"),
                },
            },
            "K · 塔 · 广州",
        ),
        event(
            "user_enter_tempsession",
            "<SessionFrom><![CDATA[from]]></SessionFrom>",
            MessageKind::EnterSession { session_from: s("from") },
            "from",
        ),
        event(
            "debug_demo",
            "<debug_str>hello world</debug_str>",
            MessageKind::Debug { text: s("hello world") },
            "hello world",
        ),
    ]
}

fn sent_events() -> Vec<Sample> {
    let template = |id: &str, fields: &[(&str, &str)]| SubscribedTemplate {
        template_id: s(id),
        fields: fields.iter().map(|(name, text)| (s(name), s(text))).collect(),
    };
    vec![
        event(
            "TEMPLATESENDJOBFINISH",
            "<MsgID>200163836</MsgID><Status><![CDATA[failed:user block]]></Status>",
            MessageKind::TemplateSent { template_msg_id: Some(200_163_836), status: s("failed:user block") },
            "failed:user block · 200163836",
        ),
        event(
            "MASSSENDJOBFINISH",
            "<MsgID>1000001625</MsgID><Status>send success</Status><TotalCount>100</TotalCount><FilterCount>80</FilterCount>\
             <SentCount>75</SentCount><ErrorCount>5</ErrorCount>",
            MessageKind::MassSent {
                mass_msg_id: Some(1_000_001_625),
                status: s("send success"),
                total: Some(100),
                filtered: Some(80),
                sent: Some(75),
                failed: Some(5),
                copyright_check: None,
            },
            "send success · 75/100",
        ),
        event(
            "subscribe_msg_popup_event",
            "<SubscribeMsgPopupEvent><List><TemplateId>t1</TemplateId><State>accept</State></List>\
             <List><TemplateId>t2</TemplateId></List></SubscribeMsgPopupEvent>",
            MessageKind::Subscription {
                step: SubscriptionStep::Popup,
                templates: vec![template("t1", &[("State", "accept")]), template("t2", &[])],
            },
            "TemplateId: t1 · State: accept · TemplateId: t2",
        ),
        event(
            "subscribe_msg_change_event",
            "<SubscribeMsgChangeEvent><List><TemplateId>t1</TemplateId></List></SubscribeMsgChangeEvent>",
            MessageKind::Subscription { step: SubscriptionStep::Change, templates: vec![template("t1", &[])] },
            "TemplateId: t1",
        ),
        event(
            "subscribe_msg_sent_event",
            "<List><TemplateId>t1</TemplateId></List>",
            MessageKind::Subscription { step: SubscriptionStep::Sent, templates: vec![template("t1", &[])] },
            "TemplateId: t1",
        ),
    ]
}

fn account_events() -> Vec<Sample> {
    let verified = |what| MessageKind::Verification { what, expires_at: Some(9), failed_at: None, reason: None };
    let failed = |what| MessageKind::Verification { what, expires_at: None, failed_at: Some(9), reason: some("why") };
    const UNTIL: &str = "<ExpiredTime>9</ExpiredTime>";
    const FAILED: &str = "<FailTime>9</FailTime><FailReason><![CDATA[why]]></FailReason>";
    vec![
        event("qualification_verify_success", UNTIL, verified(Verification::QualificationSuccess), ""),
        event("qualification_verify_fail", FAILED, failed(Verification::QualificationFail), "why"),
        event("naming_verify_success", UNTIL, verified(Verification::NamingSuccess), ""),
        event("naming_verify_fail", FAILED, failed(Verification::NamingFail), "why"),
        event("annual_renew", UNTIL, verified(Verification::AnnualRenew), ""),
        event("verify_expired", UNTIL, verified(Verification::Expired), ""),
        event(
            "weapp_audit_success",
            "<SuccTime>9</SuccTime>",
            MessageKind::AppAudit { outcome: AuditOutcome::Success, at: Some(9), reason: None, screenshots: vec![] },
            "",
        ),
        event(
            "weapp_audit_fail",
            "<FailTime>9</FailTime><Reason>why</Reason><ScreenShot>a|b</ScreenShot>",
            MessageKind::AppAudit {
                outcome: AuditOutcome::Fail,
                at: Some(9),
                reason: some("why"),
                screenshots: vec![s("a"), s("b")],
            },
            "why",
        ),
        event(
            "weapp_audit_delay",
            "<DelayTime>9</DelayTime><Reason>why</Reason>",
            MessageKind::AppAudit {
                outcome: AuditOutcome::Delay,
                at: Some(9),
                reason: some("why"),
                screenshots: vec![],
            },
            "why",
        ),
        event(
            "wxa_nickname_audit",
            "<ret>2</ret><nickname><![CDATA[name]]></nickname><reason><![CDATA[why]]></reason>",
            MessageKind::NicknameAudit { ret: Some(2), nickname: s("name"), reason: some("why") },
            "name · why",
        ),
    ]
}

fn samples() -> Vec<Sample> {
    [messages(), follower_events(), sent_events(), account_events()].into_iter().flatten().collect()
}

fn document(sample: &Sample) -> String {
    let id = sample.event.map_or_else(
        || "<MsgId>6054768590064713728</MsgId><MsgDataId>d</MsgDataId><Idx>1</Idx>".to_owned(),
        |event| format!("<Event><![CDATA[{event}]]></Event>"),
    );
    format!(
        "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[o1]]></FromUserName>\
         <CreateTime>123456789</CreateTime><MsgType><![CDATA[{}]]></MsgType>{id}{}</xml>",
        sample.msg_type, sample.rest
    )
}

#[test]
fn every_kind_is_read_named_and_summed_up() {
    for sample in samples() {
        let document = document(&sample);
        let message = parse_message(document.as_bytes()).unwrap();
        let name = sample.event.unwrap_or(sample.msg_type);
        assert!(message.kind == sample.kind, "{name}");
        assert_eq!((message.to_user_name.as_str(), message.from_user_name.as_str()), ("gh_1", "o1"));
        assert_eq!((message.create_time, message.msg_type.as_str()), (123_456_789, sample.msg_type));
        assert_eq!(message.event.as_deref(), sample.event);
        let has_id = sample.event.is_none();
        assert_eq!(message.msg_id, has_id.then_some(6_054_768_590_064_713_728));
        assert_eq!(message.idx.as_deref(), has_id.then_some("1"));
        assert!(kind_label(sample.msg_type, sample.event).is_some(), "{name}");
        assert_eq!(summary(&tree(document.as_bytes()).unwrap()), sample.summary, "{name}");
    }
}

#[test]
fn there_is_a_sample_of_every_kind_that_has_a_name() {
    let samples = samples();
    let messages = words::MESSAGES.iter().map(|(name, _)| *name).filter(|name| *name != "event");
    for name in messages.chain(words::EVENTS.iter().map(|(name, _)| *name)) {
        assert!(samples.iter().any(|sample| sample.event.unwrap_or(sample.msg_type) == name), "{name}");
    }
}

#[test]
fn the_same_as_json() {
    for sample in samples() {
        let xml = document(&sample);
        let mut json = tree(xml.as_bytes()).unwrap().to_json();
        for number in ["CreateTime", "MsgId"] {
            if let Some(value) = json.get(number).and_then(|value| value.as_str()?.parse::<u64>().ok()) {
                json[number] = value.into();
            }
        }
        let message = parse_message(json.to_string().as_bytes()).unwrap();
        assert!(message == parse_message(xml.as_bytes()).unwrap(), "{json}");
    }
    // Lists without a group or an item around them.
    let json = br#"{"FromUserName":"o1","CreateTime":1,"MsgType":"event","Event":"subscribe_msg_popup_event",
        "List":[{"TemplateId":"t1"},{"TemplateId":"t2"}]}"#;
    let MessageKind::Subscription { templates, .. } = parse_message(json).unwrap().kind else { panic!() };
    assert_eq!(templates.iter().map(|template| template.template_id.as_str()).collect::<Vec<_>>(), ["t1", "t2"]);
    let json = br#"{"FromUserName":"o1","CreateTime":1,"MsgType":"event","Event":"pic_weixin","EventKey":"K",
        "SendPicsInfo":{"Count":2,"PicList":[{"PicMd5Sum":"a"},{"PicMd5Sum":"b"}]}}"#;
    let MessageKind::Pictures { md5, count: Some(2), .. } = parse_message(json).unwrap().kind else { panic!() };
    assert_eq!(md5, ["a", "b"]);
}

#[test]
fn what_is_not_known_or_incomplete_is_kept() {
    let unknown = |msg_type, event, rest| {
        let sample = Sample { msg_type, event, rest, kind: MessageKind::Unsubscribe, summary: "" };
        parse_message(document(&sample).as_bytes()).unwrap().kind
    };
    let MessageKind::Unknown(node) = unknown("hologram", None, "<Beam><Light>x</Light></Beam>") else { panic!() };
    assert_eq!(node.child("Beam").unwrap().get("Light"), Some("x"));
    assert!(matches!(unknown("event", Some("Subscribe"), ""), MessageKind::Unknown(_)));
    assert!(matches!(unknown("event", None, ""), MessageKind::Unknown(_)));
    // Absent or odd contents are no reason to refuse.
    assert!(unknown("text", None, "") == MessageKind::Text { content: String::new(), menu_id: None });
    let odd = unknown("location", None, "<Location_X>north</Location_X><Location_Y>inf</Location_Y>");
    let MessageKind::Location(place) = odd else { panic!() };
    assert_eq!((place.x.text.as_str(), place.x.value, place.y.value), ("north", None, None));
    let odd = unknown("event", Some("TEMPLATESENDJOBFINISH"), "<MsgID>-</MsgID>");
    assert!(odd == MessageKind::TemplateSent { template_msg_id: None, status: String::new() });
    let checked = unknown(
        "event",
        Some("MASSSENDJOBFINISH"),
        "<CopyrightCheckResult><Count>1</Count><CheckState>2</CheckState></CopyrightCheckResult>",
    );
    let MessageKind::MassSent { copyright_check: Some(check), .. } = checked else { panic!() };
    assert_eq!(check.get("CheckState"), Some("2"));
}

#[test]
fn a_head_that_cannot_be_read_is_an_error() {
    assert_eq!(parse_message(b"<xml></xml>"), Err(XmlError::Missing("FromUserName")));
    assert_eq!(parse_message(b"{}"), Err(XmlError::Missing("FromUserName")));
    assert_eq!(parse_message(b"<!DOCTYPE x><xml></xml>"), Err(XmlError::Doctype));
    assert_eq!(parse_message(b""), Err(XmlError::Malformed));
}

#[test]
fn debug_shows_no_content() {
    let document = TEXT_WITH_CODE;
    let message = parse_message(document.as_bytes()).unwrap();
    let node = tree(document.as_bytes()).unwrap();
    let shown = format!("{message:?} {node:?} {:?} {:?}", node.walk(), MessageKind::Unknown(node.clone()));
    assert!(shown.contains("text") && shown.contains("Content") && !shown.contains("queryauthcode"), "{shown}");
}

const TEXT_WITH_CODE: &str = "<xml><FromUserName>o</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType>\
                              <Content>QUERY_AUTH_CODE:queryauthcode@@@x</Content></xml>";
