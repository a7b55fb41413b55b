use super::*;

#[test]
fn queries_of_pushes_and_of_url_verifications() {
    let push = PushQuery::parse(
        "signature=cc0c594499c1634947d5b502f158ee518947db27&timestamp=1715943329&nonce=1590219412\
         &openid=o9AgO5Kd5ggOC-bXrbNODIiE3bGY&encrypt_type=aes&msg_signature=6c12a4205838198b8fa631b3220723bb07f1015c",
    )
    .unwrap();
    assert_eq!(push.timestamp, "1715943329");
    assert_eq!(push.openid.as_deref(), Some("o9AgO5Kd5ggOC-bXrbNODIiE3bGY"));
    assert!(push.is_encrypted());
    let verify = PushQuery::parse("signature=a&timestamp=1&nonce=2&echostr=4375120948345356249").unwrap();
    assert_eq!(verify.echostr.as_deref(), Some("4375120948345356249"));
    assert!(!verify.is_encrypted());
    assert!(!PushQuery::parse("signature=a&timestamp=1&nonce=2&encrypt_type=raw").unwrap().is_encrypted());
}

#[test]
fn unknown_parameters_are_ignored_and_wechats_own_come_last() {
    let query = PushQuery::parse("tenant=%zz&nonce=mine&&x&signature=s&timestamp=1&nonce=2").unwrap();
    assert_eq!(query.nonce, "2");
}

#[test]
fn values_are_percent_decoded() {
    let query = PushQuery::parse("signature=s&timestamp=1&nonce=a%2Bb%3d+c%E4%B8%AD").unwrap();
    assert_eq!(query.nonce, "a+b= c中");
    for bad in ["%", "%4", "%zz", "%ff"] {
        assert_eq!(PushQuery::parse(&format!("signature=s&timestamp=1&nonce={bad}")), Err(EnvelopeError::Encoding));
    }
}

#[test]
fn incomplete_and_oversized_queries_are_refused() {
    assert_eq!(PushQuery::parse(""), Err(EnvelopeError::MissingParameter("timestamp")));
    assert_eq!(PushQuery::parse("signature=s&timestamp=1"), Err(EnvelopeError::MissingParameter("nonce")));
    assert_eq!(PushQuery::parse("timestamp=1&nonce=2"), Err(EnvelopeError::MissingParameter("signature")));
    assert!(PushQuery::parse("timestamp=1&nonce=2&msg_signature=m").is_ok());
    let long = "1".repeat(MAX_PARAMETER_BYTES + 1);
    assert_eq!(PushQuery::parse(&format!("signature=s&timestamp={long}&nonce=2")), Err(EnvelopeError::TooLong));
    assert_eq!(
        PushQuery::parse(&format!("signature=s&timestamp={}&nonce=2", long.repeat(4))),
        Err(EnvelopeError::TooLong)
    );
}

#[test]
fn envelopes_of_both_urls() {
    let built = build_event_envelope("wx1", "BASE64==");
    let envelope = parse_envelope(built.as_bytes()).unwrap();
    assert_eq!((envelope.app_id.as_deref(), envelope.encrypt_bytes()), (Some("wx1"), &b"BASE64=="[..]));
    assert!(matches!(envelope.encrypt, Cow::Borrowed(_)), "the usual form is not copied");
    let built = build_message_envelope("gh_1", "BASE64==");
    let envelope = parse_envelope(built.as_bytes()).unwrap();
    assert_eq!(envelope.to_user_name.as_deref(), Some("gh_1"));
    assert_eq!(envelope.app_id, None);
}

#[test]
fn pretty_printed_and_compatible_mode_envelopes() {
    let document = "<xml>\n  <ToUserName><![CDATA[gh_1]]></ToUserName>\n  <Content><![CDATA[hi]]></Content>\n\
                    <SendPicsInfo><Count>1</Count><Encrypt>nested</Encrypt></SendPicsInfo>\n <Encrypt>\n BASE64 \n</Encrypt>\n</xml>";
    let envelope = parse_envelope(document.as_bytes()).unwrap();
    assert_eq!(envelope.encrypt, "BASE64");
    assert_eq!(envelope.to_user_name.as_deref(), Some("gh_1"));
}

#[test]
fn what_is_no_envelope_is_refused() {
    assert_eq!(parse_envelope(b"<xml><AppId>x</AppId></xml>"), Err(EnvelopeError::MissingEncrypt));
    assert_eq!(parse_envelope(b"<xml><Encrypt></Encrypt></xml>"), Err(EnvelopeError::MissingEncrypt));
    assert_eq!(
        parse_envelope(b"<xml><Encrypt>a</Encrypt><Encrypt>b</Encrypt></xml>"),
        Err(EnvelopeError::Xml(XmlError::Duplicate("Encrypt")))
    );
    let xxe = b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><xml><Encrypt>&e;</Encrypt></xml>";
    assert_eq!(parse_envelope(xxe), Err(EnvelopeError::Xml(XmlError::Doctype)));
    assert!(parse_envelope(b"<xml><Encrypt>a</Encrypt>").is_err());
    assert!(parse_envelope(b"{\"Encrypt\":\"a\"}").is_err());
}

#[test]
fn json_envelopes_for_mini_programs() {
    let envelope = parse_envelope_json(br#"{"ToUserName":"gh_1","Encrypt":"BASE64=="}"#).unwrap();
    assert_eq!((envelope.to_user_name.as_deref(), &*envelope.encrypt), (Some("gh_1"), "BASE64=="));
    assert_eq!(parse_envelope_json(b"{}"), Err(EnvelopeError::MissingEncrypt));
    assert_eq!(parse_envelope_json(b"<xml/>"), Err(EnvelopeError::Json));
}

#[test]
fn the_three_modes_in_xml_and_json() {
    let aes = PushQuery { encrypt_type: Some("aes".to_owned()), ..PushQuery::default() };
    let raw = PushQuery { encrypt_type: Some("raw".to_owned()), ..PushQuery::default() };
    for query in [&aes, &raw, &PushQuery::default()] {
        for (form, bodies) in [
            (
                PushForm::Plain,
                &[
                    "<xml><MsgType><![CDATA[text]]></MsgType><Content>Encrypt</Content></xml>",
                    "<xml><MsgType>text</MsgType><Encrypt></Encrypt></xml>",
                    "<xml><MsgType>event</MsgType><SendPicsInfo><Encrypt>nested</Encrypt></SendPicsInfo></xml>",
                    "<xml></xml>",
                    r#"{"MsgType":"text","Content":"<xml><Encrypt>x</Encrypt></xml>"}"#,
                    r#"{"MsgType":"text","Encrypt":null,"x":{"Encrypt":"nested"}}"#,
                ][..],
            ),
            (
                PushForm::Compatible,
                &[
                    "<xml><MsgType><![CDATA[text]]></MsgType><Encrypt><![CDATA[BASE64]]></Encrypt></xml>",
                    "<xml>\n<Encrypt>BASE64</Encrypt>\n<ToUserName>gh_1</ToUserName><MsgType>text</MsgType>\n</xml>\n",
                    "\u{feff}{\"Encrypt\":\"BASE64\",\"MsgType\":\"event\",\"List\":[{}]}",
                ],
            ),
            (
                PushForm::Secure,
                &[
                    "<xml><ToUserName>gh_1</ToUserName><Encrypt><![CDATA[BASE64]]></Encrypt></xml>",
                    "<xml><AppId>wx1</AppId><Encrypt>BASE64</Encrypt></xml>",
                    "  {\"ToUserName\":\"gh_1\",\"Encrypt\":\"BASE64\"}\n",
                    r#"{"Encrypt":"\u0042ASE64","MsgType":""}"#,
                ],
            ),
        ] {
            for body in bodies {
                assert_eq!(form_of(query, body.as_bytes()), form, "{body}");
            }
        }
    }
    // What cannot be read is what the query says.
    for body in ["", "hello", "{", "<xml>", "[]", "<!DOCTYPE x><xml><Encrypt>a</Encrypt></xml>", "{\"Encrypt\":7}"] {
        assert_eq!(form_of(&aes, body.as_bytes()), PushForm::Secure, "{body}");
        assert_eq!(form_of(&raw, body.as_bytes()), PushForm::Plain, "{body}");
    }
}
