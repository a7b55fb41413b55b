//! Properties that must hold for any input: what is encrypted comes back, nothing panics, no DOCTYPE gets through.

#[cfg(test)]
mod properties {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use wechat::menu::{cut_to_units, name_units, validate, warnings};
    use wechat::message::{parse_message_head, parse_message_head_json};
    use wechat::{
        AesKey, MessageCrypto, PushQuery, SecretString, XmlFields, XmlWriter, parse_component_event, parse_envelope,
    };

    const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

    fn config() -> ProptestConfig {
        // Failing cases are printed; a file of them in the tree would be noise.
        ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) }
    }

    fn crypto(key: &str, appid: &str) -> MessageCrypto {
        MessageCrypto::new("token".into(), AesKey::parse(key).unwrap(), None, appid)
    }

    /// Documents that are nearly right: they reach deeper into the parsers than noise does.
    fn nearly_xml() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("<xml>".to_owned()),
            Just("</xml>".to_owned()),
            Just("<Encrypt>".to_owned()),
            Just("</Encrypt>".to_owned()),
            Just("<![CDATA[".to_owned()),
            Just("]]>".to_owned()),
            Just("]]".to_owned()),
            Just("<!DOCTYPE x [".to_owned()),
            Just("<!ENTITY e \"v\">".to_owned()),
            Just("&e;".to_owned()),
            Just("&#x".to_owned()),
            Just("&amp;".to_owned()),
            Just("<!--".to_owned()),
            Just("-->".to_owned()),
            Just("<?x ?>".to_owned()),
            Just("<a b='c'/>".to_owned()),
            Just("<CreateTime>1</CreateTime>".to_owned()),
            Just("<AppId>a</AppId>".to_owned()),
            Just("<InfoType>authorized</InfoType>".to_owned()),
            Just("<MsgType>event</MsgType>".to_owned()),
            Just("<FromUserName>o</FromUserName>".to_owned()),
            "[<>&!\\[\\]/a-z ]{0,6}",
            "\\PC{0,4}",
        ];
        vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            "\\PC{0,8}".prop_map(Into::into),
        ];
        let name = prop_oneof![
            Just("button".to_owned()),
            Just("sub_button".to_owned()),
            Just("type".to_owned()),
            Just("name".to_owned()),
            Just("url".to_owned()),
            "[a-z]{1,4}"
        ];
        leaf.prop_recursive(6, 48, 6, move |inner| {
            prop_oneof![
                vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
                vec((name.clone(), inner), 0..6)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    fn feed_every_parser(bytes: &[u8]) {
        let _ = parse_envelope(bytes);
        let _ = wechat::envelope::parse_envelope_json(bytes);
        let plain = wechat::form_of(&PushQuery::default(), bytes);
        let query = PushQuery { encrypt_type: Some("aes".to_owned()), ..PushQuery::default() };
        let encrypted = wechat::form_of(&query, bytes);
        // The form has an Encrypt exactly where the envelope has one; the query counts only where neither reads.
        if parse_envelope(bytes).is_ok() {
            assert!(plain == encrypted && plain != wechat::PushForm::Plain);
        }
        let _ = parse_message_head(bytes);
        let _ = parse_message_head_json(bytes);
        let _ = parse_component_event(bytes);
        let _ = wechat::reply::Reply::read(bytes);
        let _ = wechat::parse_message(bytes).is_ok();
        // The two readers agree about what is well formed.
        if parse_message_head(bytes).is_ok() {
            assert!(wechat::message::tree(bytes).is_ok());
        }
        let _ = XmlFields::parse(bytes);
        let _ = wechat::api::read_answer::<serde_json::Value>(bytes, &[]);
        let _ = crypto(KEY, "wx").decrypt(bytes);
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn encrypting_and_decrypting_is_the_identity(
            msg in vec(any::<u8>(), 0..2048), random in any::<[u8; 16]>(), key in "[A-Za-z0-9]{43}", appid in "\\PC{0,40}",
        ) {
            let crypto = crypto(&key, &appid);
            let opened = crypto.decrypt(crypto.encrypt(&msg, random).as_bytes()).unwrap();
            prop_assert_eq!(opened.msg, msg);
            prop_assert_eq!(opened.random, random);
            prop_assert_eq!(opened.appid, appid);
        }

        #[test]
        fn a_sealed_reply_opens_again(msg in vec(any::<u8>(), 0..512), timestamp in any::<i64>(), nonce in "[a-zA-Z0-9]{1,20}") {
            let crypto = crypto(KEY, "wx134c8103faa5a59e");
            let reply = crypto.seal_reply(wechat::KeyUsed::Current, &msg, timestamp, &nonce, [7; 16]);
            let fields = XmlFields::parse(reply.as_bytes()).unwrap();
            let query = PushQuery {
                timestamp: fields.get("TimeStamp").unwrap().to_owned(),
                nonce: fields.get("Nonce").unwrap().to_owned(),
                msg_signature: fields.get("MsgSignature").map(str::to_owned),
                ..PushQuery::default()
            };
            prop_assert_eq!(crypto.open(&query, fields.get("Encrypt").unwrap().as_bytes()).unwrap().msg, msg);
        }

        #[test]
        fn no_bytes_make_a_parser_panic(bytes in vec(any::<u8>(), 0..512)) {
            feed_every_parser(&bytes);
        }

        #[test]
        fn no_near_document_makes_a_parser_panic(text in nearly_xml()) {
            feed_every_parser(text.as_bytes());
        }

        #[test]
        fn no_near_json_makes_a_parser_panic(
            text in "(\\{|\\}|\"Encrypt\"|\"MsgType\"|\"Ticket\"|:|,|\"a\"|null|7|\\[|\\]|[ \n]|\\PC){0,24}", body in json(),
        ) {
            feed_every_parser(text.as_bytes());
            feed_every_parser(body.to_string().as_bytes());
        }

        #[test]
        fn no_ciphertext_makes_decrypt_panic(blocks in vec(any::<[u8; 16]>(), 0..12), cut in 0_usize..20) {
            use base64::Engine;
            let text = base64::engine::general_purpose::STANDARD.encode(blocks.concat());
            let crypto = crypto(KEY, "wx");
            let _ = crypto.decrypt(text.as_bytes());
            let _ = crypto.decrypt(&text.as_bytes()[..text.len().saturating_sub(cut)]);
        }

        #[test]
        fn no_query_makes_its_parser_panic(query in "(signature|timestamp|nonce|echostr|msg_signature|[a-z&=%+]{0,3}|\\PC{0,6}|%[0-9a-fA-F]{0,2}|[&=]){0,24}") {
            let _ = PushQuery::parse(&query);
        }

        #[test]
        fn no_key_makes_its_parser_panic(key in "\\PC{0,60}") {
            let _ = AesKey::parse(&key);
        }

        #[test]
        fn document_types_and_declarations_are_refused(
            name in "[a-z]{1,6}", before in "[ \n]{0,3}", value in "[a-zA-Z0-9]{0,16}", inside in any::<bool>(), entity in any::<bool>(),
        ) {
            let declaration = if entity { format!("<!DOCTYPE {name} [<!ENTITY {name} \"{value}\">]>") } else { format!("<!DOCTYPE {name}>") };
            let body = format!("<Encrypt>{value}</Encrypt><AppId>a</AppId><CreateTime>1</CreateTime><InfoType>x</InfoType>\
                                <FromUserName>o</FromUserName><MsgType>text</MsgType>");
            let document = if inside { format!("{before}<xml>{declaration}{body}</xml>") } else { format!("{before}{declaration}<xml>{body}</xml>") };
            prop_assert!(parse_envelope(document.as_bytes()).is_err());
            prop_assert!(parse_component_event(document.as_bytes()).is_err());
            prop_assert!(parse_message_head(document.as_bytes()).is_err());
            prop_assert!(XmlFields::parse(document.as_bytes()).is_err());
        }

        #[test]
        fn written_values_read_back(cdata in "\\PC{0,12}(\\]\\]>)?\\PC{0,12}", text in "\\PC{0,24}", number in any::<i64>()) {
            let mut xml = XmlWriter::new();
            xml.cdata("A", &cdata).text("B", &text).number("C", number);
            let document = xml.finish();
            let fields = XmlFields::parse(document.as_bytes()).unwrap();
            prop_assert_eq!(fields.child("A").unwrap().text(), cdata);
            prop_assert_eq!(fields.child("B").unwrap().text(), text);
            prop_assert_eq!(fields.number("C").unwrap(), Some(number));
        }

        #[test]
        fn any_json_gets_an_answer_from_the_menu_rules(value in json()) {
            let problems = validate(&value);
            let _ = warnings(&value);
            let _ = wechat::menu::from_selfmenu(&value, "k");
            let _ = wechat::menu::maker(&value, Some(&value));
            if problems.is_empty() {
                let buttons = value["button"].as_array().unwrap();
                prop_assert!(wechat::menu::same_buttons(buttons, &wechat::menu::clean(buttons)));
            }
        }

        #[test]
        fn cut_names_fit_and_are_as_long_as_possible(name in "\\PC{0,20}", limit in 0_usize..20) {
            let cut = cut_to_units(&name, limit);
            prop_assert!(name.starts_with(cut) && name_units(cut) <= limit);
            if let Some(next) = name[cut.len()..].chars().next() {
                let longer = format!("{cut}{next}");
                prop_assert!(name_units(&longer) > limit);
            }
        }

        #[test]
        fn no_secret_of_the_request_survives_in_an_error(secret in "[A-Za-z0-9_@|% -]{4,40}", before in "\\PC{0,40}", after in "\\PC{0,40}") {
            let error = wechat::ApiError::new(40001, &format!("{before}{secret}{after}"), &[SecretString::from(secret.as_str())]);
            prop_assert!(!error.message.contains(&secret));
            prop_assert!(error.message.chars().count() <= 300);
        }
    }
}
