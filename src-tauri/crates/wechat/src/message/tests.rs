use super::*;

const TEXT: &str = "<xml><ToUserName><![CDATA[gh_10f6c3c3ac5a]]></ToUserName>\n<FromUserName><![CDATA[oyORnuP8q7ou2gfYjqLzSIWZf0rs]]></FromUserName>\n<CreateTime>1409735668</CreateTime>\n<MsgType><![CDATA[text]]></MsgType>\n<Content><![CDATA[abcdteT]]></Content>\n<MsgId>6054768590064713728</MsgId>\n</xml>";

fn event(rest: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[o1]]></FromUserName>\
         <CreateTime>123456789</CreateTime><MsgType><![CDATA[event]]></MsgType>{rest}</xml>"
    )
}

#[test]
fn a_text_message() {
    let head = parse_message_head(TEXT.as_bytes()).unwrap();
    assert_eq!(head.to_user_name, "gh_10f6c3c3ac5a");
    assert_eq!(head.from_user_name, "oyORnuP8q7ou2gfYjqLzSIWZf0rs");
    assert_eq!((head.create_time, head.msg_id), (1_409_735_668, Some(6_054_768_590_064_713_728)));
    assert_eq!((&*head.msg_type, head.is_event()), ("text", false));
    assert_eq!(head.dedupe_key(), "m:6054768590064713728");
    assert!(matches!(head.from_user_name, Cow::Borrowed(_)));
}

#[test]
fn events_with_and_without_a_key() {
    let document = event("<Event><![CDATA[CLICK]]></Event><EventKey><![CDATA[V1001]]></EventKey>");
    let head = parse_message_head(document.as_bytes()).unwrap();
    assert_eq!((head.event.as_deref(), head.event_key.as_deref()), (Some("CLICK"), Some("V1001")));
    assert!(head.is_event());
    let document = event("<Event><![CDATA[unsubscribe]]></Event><EventKey><![CDATA[]]></EventKey>");
    assert_eq!(parse_message_head(document.as_bytes()).unwrap().event_key, None);
}

#[test]
fn scans_carry_the_ticket_of_their_code() {
    let document = event(
        "<Event><![CDATA[subscribe]]></Event><EventKey><![CDATA[qrscene_123123]]></EventKey><Ticket><![CDATA[gQH47w==]]></Ticket>",
    );
    assert_eq!(parse_message_head(document.as_bytes()).unwrap().ticket.as_deref(), Some("gQH47w=="));
    let document = event("<Event><![CDATA[subscribe]]></Event><Ticket><![CDATA[]]></Ticket>");
    assert_eq!(parse_message_head(document.as_bytes()).unwrap().ticket, None);
    let json =
        br#"{"FromUserName":"o1","CreateTime":1,"MsgType":"event","Event":"SCAN","EventKey":"7","Ticket":"gQH47w=="}"#;
    assert_eq!(parse_message_head_json(json).unwrap().ticket.as_deref(), Some("gQH47w=="));
    assert_eq!(
        parse_message_head_json(br#"{"FromUserName":"o1","CreateTime":1,"MsgType":"event","Ticket":""}"#)
            .unwrap()
            .ticket,
        None
    );
}

#[test]
fn nested_elements_do_not_confuse_the_head() {
    let document = event(
        "<Event><![CDATA[pic_weixin]]></Event><EventKey><![CDATA[K]]></EventKey><SendPicsInfo><Count>1</Count>\
         <PicList><item><PicMd5Sum><![CDATA[x]]></PicMd5Sum><MsgType>fake</MsgType></item></PicList></SendPicsInfo>",
    );
    let head = parse_message_head(document.as_bytes()).unwrap();
    assert_eq!((&*head.msg_type, head.event_key.as_deref()), ("event", Some("K")));
}

#[test]
fn repetitions_share_a_key_and_different_events_do_not() {
    let parse_key = |rest: &str| parse_message_head(event(rest).as_bytes()).unwrap().dedupe_key();
    let click = "<Event><![CDATA[CLICK]]></Event><EventKey><![CDATA[A]]></EventKey>";
    assert_eq!(parse_key(click), parse_key(click));
    assert_ne!(parse_key(click), parse_key("<Event><![CDATA[LOCATION]]></Event>"));
    assert_ne!(parse_key(click), parse_key(&click.replace("[A]", "[B]")));
    // MsgID (capital D) names the template message, not the push.
    let finished = parse_key("<Event><![CDATA[TEMPLATESENDJOBFINISH]]></Event><MsgID>200163836</MsgID>");
    assert!(finished.starts_with("e:o1:123456789:"));
}

#[test]
fn incomplete_messages_are_refused() {
    for (without, error) in [
        ("FromUserName", XmlError::Missing("FromUserName")),
        ("CreateTime", XmlError::Missing("CreateTime")),
        ("MsgType", XmlError::Missing("MsgType")),
    ] {
        let document = TEXT.replace(&format!("<{without}>"), "<Other>").replace(&format!("</{without}>"), "</Other>");
        assert_eq!(parse_message_head(document.as_bytes()), Err(error));
    }
    assert_eq!(
        parse_message_head(TEXT.replace("1409735668", "soon").as_bytes()),
        Err(XmlError::NotANumber("CreateTime"))
    );
    assert_eq!(
        parse_message_head(TEXT.replace("6054768590064713728", "-1").as_bytes()),
        Err(XmlError::NotANumber("MsgId"))
    );
    assert_eq!(parse_message_head(format!("<!DOCTYPE x>{TEXT}").as_bytes()), Err(XmlError::Doctype));
}

fn message(kind: &str, rest: &str) -> String {
    TEXT.replace("<![CDATA[text]]>", kind).replace("<Content><![CDATA[abcdteT]]></Content>", rest)
}

#[test]
fn the_text_that_rules_compare() {
    for (kind, rest, text) in [
        ("text", "<Content><![CDATA[abcdteT]]></Content>", Some("abcdteT")),
        ("text", "<Content><![CDATA[]]></Content>", None),
        ("voice", "<MediaId>m</MediaId><Recognition><![CDATA[你好]]></Recognition>", Some("你好")),
        ("voice", "<Format>amr</Format>", None),
        ("location", "<Location_X>1</Location_X><Label><![CDATA[广州]]></Label>", Some("广州")),
        ("link", "<Title><![CDATA[t]]></Title><Description><![CDATA[d]]></Description>", Some("t")),
        ("new", "<Title>t</Title><Label></Label><Content>c</Content><Recognition>r</Recognition>", Some("c")),
        ("new", "<Label>l</Label><Recognition>r</Recognition><Title>t</Title>", Some("r")),
        ("event", "<Event>e</Event><Content>c</Content>", None),
        ("text", "<Nested><Content>c</Content></Nested>", None),
    ] {
        let document = message(kind, rest);
        let head = parse_message_head(document.as_bytes()).unwrap();
        assert_eq!(head.text.as_deref(), text, "{rest}");
        if !rest.contains("Nested") {
            assert!(!matches!(head.text, Some(Cow::Owned(_))), "{rest}");
        }
        assert!(text.is_none_or(|text| text.len() < 3 || !format!("{head:?}").contains(text)));
    }
    let json =
        |rest: &str| format!("{{\"FromUserName\":\"o1\",\"CreateTime\":1,\"MsgType\":\"text\",\"Title\":\"t\"{rest}}}");
    assert_eq!(parse_message_head_json(json("").as_bytes()).unwrap().text.as_deref(), Some("t"));
    let odd = json(",\"Content\":{\"a\":[1]},\"Recognition\":null,\"Label\":7");
    assert_eq!(parse_message_head_json(odd.as_bytes()).unwrap().text.as_deref(), Some("t"));
    let with_content = json(",\"Content\":\"c\\n\"");
    assert_eq!(parse_message_head_json(with_content.as_bytes()).unwrap().text.as_deref(), Some("c\n"));
}

#[test]
fn json_messages_of_mini_programs() {
    let json = br#"{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","CreateTime":1714112445,"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}"#;
    let head = parse_message_head_json(json).unwrap();
    assert_eq!((head.create_time, head.event.as_deref()), (1_714_112_445, Some("debug_demo")));
    assert_eq!(parse_message_head_json(b"{}"), Err(XmlError::Missing("FromUserName")));
    assert_eq!(parse_message_head_json(b"<xml/>"), Err(XmlError::Malformed));
}
