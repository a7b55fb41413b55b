//! Accounts that are connected directly: server configuration, modes, QR codes, messages, media, JS tickets.

use serde_json::{Value, json};
use wechat::{AesKey, KeyUsed, MessageCrypto, SecretString, XmlFields, url_signature};
use wxdesk_sandbox::{
    Answer, Format, JsConfig, Mode, PushOutcome, Request, SandboxConfig, ScanError, Server, Who, person_openid,
};

use crate::rig::{Rig, get, post, text};

const KEY: &str = "p0o9i8u7y6t5r4e3w2q1azsxdcfvgbhnjmkl0987654";

fn appid(rig: &Rig, number: usize) -> String {
    rig.platform.accounts()[number].appid.clone()
}

fn token(rig: &mut Rig, appid: &str) -> String {
    let secret = rig.platform.app_secret(appid).unwrap().to_owned();
    let body = json!({"grant_type": "client_credential", "appid": appid, "secret": secret});
    text(&rig.call(&post("/cgi-bin/stable_token", None, &body)), "access_token")
}

fn own_post(path: &str, token: &str, body: &Value) -> Request {
    let mut request = post(path, Some(token), body);
    request.query[0].0 = "access_token".into();
    request
}

fn with(mut request: Request, name: &str, value: &str) -> Request {
    request.query.push((name.to_owned(), value.to_owned()));
    request
}

fn server(mode: Mode, format: Format) -> Server {
    Server {
        url: "http://127.0.0.1:9000/wx?own=1".into(),
        token: "tok3n".into(),
        encoding_aes_key: KEY.into(),
        mode,
        format,
    }
}

fn configure(rig: &mut Rig, appid: &str, server: Server) {
    let verification = rig.platform.begin_verification(rig.now, appid, server).ok().unwrap();
    let (_, query) = verification.url.split_once('?').unwrap();
    let pairs = wxdesk_sandbox::codec::parse_query(query);
    let field = |name: &str| pairs.iter().find(|(n, _)| n == name).unwrap().1.clone();
    assert_eq!(field("own"), "1");
    assert_eq!(field("signature"), url_signature("tok3n", &field("timestamp"), &field("nonce")));
    let echo = field("echostr");
    let verified = rig.platform.end_verification(appid, verification, Ok((200, echo.as_bytes())));
    assert!(verified.saved, "{verified:?}");
}

fn answered(body: &str) -> PushOutcome {
    PushOutcome::Answered { status: 200, body: body.as_bytes().to_vec() }
}

fn text_message(rig: &mut Rig, appid: &str) -> wxdesk_sandbox::Push {
    let fields = [("MsgType".to_owned(), "text".to_owned()), ("Content".to_owned(), "42".to_owned())];
    assert!(rig.platform.push_message(rig.now, appid, &person_openid(appid, 0), &fields));
    rig.platform.due_pushes(rig.now).into_iter().find(|push| push.info_type == "message").unwrap()
}

fn hi(to: &str, from: &str) -> String {
    format!(
        "<xml><ToUserName>{to}</ToUserName><FromUserName>{from}</FromUserName><CreateTime>1</CreateTime>\
         <MsgType>text</MsgType><Content>hi</Content></xml>"
    )
}

#[test]
fn only_an_exact_echo_saves() {
    let mut rig = Rig::new();
    let appid = appid(&rig, 0);
    for (server, wrong) in [
        (Server { url: "ftp://a.b".into(), ..server(Mode::Plain, Format::Xml) }, "url"),
        (Server { token: "ab".into(), ..server(Mode::Plain, Format::Xml) }, "token"),
        (Server { encoding_aes_key: "x".into(), ..server(Mode::Plain, Format::Xml) }, "encoding_aes_key"),
        (server(Mode::Plain, Format::Json), "JSON"),
    ] {
        let failed = rig.platform.begin_verification(rig.now, &appid, server).err().unwrap();
        assert!(!failed.saved && failed.steps[0].detail.contains(wrong), "{failed:?}");
    }
    for (answer, step) in [
        (Ok((200, b"\"1\"".as_slice())), "echo"),
        (Ok((200, b"".as_slice())), "echo"),
        (Ok((500, b"".as_slice())), "answer"),
        (Err("refused".to_owned()), "answer"),
    ] {
        let verification =
            rig.platform.begin_verification(rig.now, &appid, server(Mode::Secure, Format::Xml)).ok().unwrap();
        let failed = rig.platform.end_verification(&appid, verification, answer);
        let last = failed.steps.last().unwrap();
        assert!(!failed.saved && !last.ok && last.name == step, "{failed:?}");
        assert!(rig.platform.server_of(&appid).is_none());
    }
    configure(&mut rig, &appid, server(Mode::Secure, Format::Xml));
    assert!(rig.platform.server_of(&appid).is_some());
    rig.platform.remove_server(&appid);
    assert!(rig.platform.server_of(&appid).is_none());
}

#[test]
fn every_mode_has_its_own_query_body_and_reply() {
    for (number, format) in [(0, Format::Xml), (2, Format::Xml), (2, Format::Json)] {
        for mode in [Mode::Plain, Mode::Compatible, Mode::Secure] {
            let mut rig = Rig::new();
            // Pushes of the platform are off; an account's own server needs no platform.
            rig.platform.set_push_base(None);
            let appid = appid(&rig, number);
            configure(&mut rig, &appid, server(mode, format));
            let push = text_message(&mut rig, &appid);
            assert_eq!(push.url, "http://127.0.0.1:9000/wx");
            assert!(push.query.starts_with("own=1&signature="), "{}", push.query);
            assert_eq!(push.query.contains("encrypt_type=aes&msg_signature="), mode != Mode::Plain);
            assert!(push.query.contains(&format!("openid={}", person_openid(&appid, 0))));
            let body = String::from_utf8(push.body.clone()).unwrap();
            let field = |name: &str| match format {
                Format::Json => serde_json::from_str::<Value>(&body).unwrap()[name].as_str().map(str::to_owned),
                Format::Xml => XmlFields::parse(body.as_bytes()).unwrap().root().get(name).map(str::to_owned),
            };
            assert_eq!(push.content_type, if format == Format::Json { "application/json" } else { "text/xml" });
            assert_eq!(field("Content").is_some(), mode != Mode::Secure, "{body}");
            assert_eq!(field("Encrypt").is_some(), mode != Mode::Plain, "{body}");
            assert!(field("ToUserName").unwrap().starts_with("gh_"));
            let crypto =
                MessageCrypto::new(SecretString::from("tok3n"), AesKey::parse(KEY).unwrap(), None, appid.as_str());
            if let Some(encrypt) = field("Encrypt") {
                let query = wechat::PushQuery::parse(&push.query).unwrap();
                let opened = crypto.open(&query, encrypt.as_bytes()).unwrap();
                assert_eq!(opened.appid, appid, "the tail is the account's own (A.4)");
                assert!(String::from_utf8(opened.msg).unwrap().contains("42"));
            }
            let (to, from) = (person_openid(&appid, 0), field("ToUserName").unwrap());
            let (plain, sealed) = match format {
                Format::Json => {
                    let plain = json!({"ToUserName": to, "FromUserName": from, "CreateTime": 1, "MsgType": "text",
                        "Content": "hi"});
                    let plain = plain.to_string();
                    (plain.clone(), crypto.seal_reply_json(KeyUsed::Current, plain.as_bytes(), 1, "n", [7; 16]))
                }
                Format::Xml => {
                    let plain = hi(&to, &from);
                    (plain.clone(), crypto.seal_reply(KeyUsed::Current, plain.as_bytes(), 1, "n", [7; 16]))
                }
            };
            let broken = sealed.replace("\"n\"", "\"m\"").replace("[n]", "[m]");
            for (body, taken, replied) in [
                ("success".to_owned(), true, false),
                (String::new(), true, false),
                (plain, mode != Mode::Secure, mode != Mode::Secure),
                (sealed, mode != Mode::Plain, mode != Mode::Plain),
                (broken, false, false),
                ("<html>".to_owned(), false, false),
            ] {
                let push = text_message(&mut rig, &appid);
                rig.platform.push_result(push.id, rig.now, &answered(&body));
                let record = rig.platform.recent_pushes().next_back().unwrap();
                assert_eq!(record.outcome == "taken", taken, "{mode:?} {format:?} {body}: {}", record.outcome);
                assert_eq!(record.reply.as_ref().is_some_and(|reply| reply.contains("hi")), replied, "{mode:?} {body}");
                assert!(record.direct);
                rig.now += 1;
            }
        }
    }
}

#[test]
fn replies_to_the_platforms_url_are_kept_too() {
    let mut rig = Rig::new();
    let component = rig.component_token();
    let held = rig.authorize(&component, 0, &[]);
    rig.take_pushes();
    let push = text_message(&mut rig, &held.appid);
    let plain = hi(&person_openid(&held.appid, 0), &rig.platform.account(&held.appid).unwrap().user_name.clone());
    let reply = rig.crypto().seal_reply(KeyUsed::Current, plain.as_bytes(), 1, "n", [1; 16]);
    rig.platform.push_result(push.id, rig.now, &answered(&reply));
    let record = rig.platform.recent_pushes().next_back().unwrap();
    assert_eq!(
        (record.outcome.as_str(), record.reply.as_deref(), record.direct),
        ("taken", Some(plain.as_str()), false)
    );
}

#[test]
fn quotas_of_tokens_and_the_accounts_own_list() {
    let mut rig = Rig::new();
    let (normal, test) = (appid(&rig, 0), appid(&rig, wxdesk_sandbox::accounts::TEST_ACCOUNT));
    let classic = |rig: &Rig, appid: &str| {
        let secret = rig.platform.app_secret(appid).unwrap();
        let pairs = [("grant_type", "client_credential"), ("appid", appid), ("secret", secret)];
        let query = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Request { query, ..get("/cgi-bin/token", "") }
    };
    let request = classic(&rig, &test);
    for _ in 0..200 {
        assert_eq!(rig.code(&request), 0);
    }
    assert_eq!(rig.code(&request), 45009);
    let request = classic(&rig, &normal);
    let mine = text(&rig.call(&request), "access_token");
    assert!(rig.platform.take_token(rig.now, &normal));
    rig.wait_s(299);
    assert_eq!(rig.code(&get("/cgi-bin/menu/get", &mine)), 46003);
    rig.wait_s(1);
    assert_eq!(rig.code(&get("/cgi-bin/menu/get", &mine)), 40001);
    rig.platform.configure(|c| {
        c.own_ip_whitelist.insert(normal.clone(), vec!["10.0.0.1".into()]);
    });
    let refused = rig.call(&request);
    assert_eq!(refused["errcode"], 40164);
    let message = text(&refused, "errmsg");
    assert!(message.starts_with("invalid ip 10.1.2.3 ipv6 ::ffff:10.1.2.3, not in whitelist rid: "), "{message}");
    let stable = |rig: &Rig, appid: &str| {
        let secret = rig.platform.app_secret(appid).unwrap();
        let body = json!({"grant_type": "client_credential", "appid": appid, "secret": secret, "force_refresh": true});
        post("/cgi-bin/stable_token", None, &body)
    };
    assert_eq!(rig.code(&stable(&rig, &normal)), 40164);
    let other = appid(&rig, 3);
    let forced = stable(&rig, &other);
    for _ in 0..20 {
        assert_eq!(rig.code(&forced), 0);
        rig.wait_s(29);
        assert_eq!(rig.code(&forced), 45011);
        rig.wait_s(1);
    }
    assert_eq!(rig.code(&forced), 45009);
}

fn fields_of(rig: &mut Rig) -> Vec<String> {
    let due = rig.platform.due_pushes(rig.now);
    let mut out = Vec::new();
    for push in due {
        if push.info_type == "message" {
            out.push(String::from_utf8(push.body.clone()).unwrap());
        }
        rig.platform.push_result(push.id, rig.now, &answered("success"));
    }
    out
}

#[test]
fn qr_codes_are_made_shown_and_scanned() {
    let mut rig = Rig::new();
    let appid = appid(&rig, 0);
    configure(&mut rig, &appid, server(Mode::Plain, Format::Xml));
    let token = token(&mut rig, &appid);
    let create = |body: Value| own_post("/cgi-bin/qrcode/create", &token, &body);
    let scene = |name: &str, scene: Value| json!({"action_name": name, "action_info": {"scene": scene}});
    for (body, code) in [
        (scene("QR", json!({"scene_id": 1})), 40052),
        (scene("QR_SCENE", json!({"scene_id": 0})), 40053),
        (scene("QR_SCENE", json!({"scene_id": 4_294_967_296_u64})), 40053),
        (scene("QR_STR_SCENE", json!({"scene_str": ""})), 40053),
        (scene("QR_STR_SCENE", json!({"scene_str": "x".repeat(65)})), 40053),
        (scene("QR_LIMIT_SCENE", json!({"scene_id": 100_001})), 40053),
        (json!({"action_name": "QR_SCENE"}), 40053),
    ] {
        assert_eq!(rig.code(&create(body.clone())), code, "{body}");
    }
    let short = rig.call(&create(scene("QR_STR_SCENE", json!({"scene_str": "shop"}))));
    assert_eq!(short["expire_seconds"], 60);
    let ticket = text(&short, "ticket");
    let show = |ticket: &str| with(Request { query: Vec::new(), ..get("/cgi-bin/showqrcode", "") }, "ticket", ticket);
    match rig.platform.handle(rig.now, &show(&ticket)).answer {
        Answer::Full { status: 200, content_type: "image/png", body, .. } => assert!(body.starts_with(b"\x89PNG")),
        other => panic!("{other:?}"),
    }
    let status = |rig: &mut Rig, ticket: &str| match rig.platform.handle(rig.now, &show(ticket)).answer {
        Answer::Full { status, .. } => status,
        other => panic!("{other:?}"),
    };
    assert_eq!(status(&mut rig, "x"), 404);
    let scan =
        |rig: &mut Rig, named: &str, number| rig.platform.scan(rig.now, Some(&appid), named, &Who::Number(number));
    assert_eq!(scan(&mut rig, &ticket, 0), Ok("SCAN"));
    let pushed = fields_of(&mut rig).remove(0);
    assert!(pushed.contains("<EventKey><![CDATA[shop]]>") && pushed.contains(&format!("<Ticket><![CDATA[{ticket}]]>")));
    assert_eq!(scan(&mut rig, "shop", 5), Ok("subscribe"));
    assert!(fields_of(&mut rig).remove(0).contains("<EventKey><![CDATA[qrscene_shop]]>"));
    let openid = person_openid(&appid, 5);
    let info = rig.call(&with(get("/cgi-bin/user/info", &token), "openid", &openid));
    assert_eq!((&info["subscribe_scene"], &info["qr_scene_str"]), (&json!("ADD_SCENE_QR_CODE"), &json!("shop")));
    rig.wait_s(60);
    assert_eq!(scan(&mut rig, &ticket, 0), Err(ScanError::Expired));
    assert_eq!(status(&mut rig, &ticket), 404);
    assert_eq!(scan(&mut rig, "nothing", 0), Err(ScanError::Unknown));
    rig.platform.configure(|c| c.permanent_qr_codes = 1);
    let permanent = create(scene("QR_LIMIT_SCENE", json!({"scene_id": 7})));
    assert!(rig.call(&permanent).get("expire_seconds").is_none());
    assert_eq!(rig.code(&permanent), 45029);
}

#[test]
fn templates_are_checked_and_reported() {
    let mut rig = Rig::new();
    let appid = appid(&rig, 0);
    configure(&mut rig, &appid, server(Mode::Plain, Format::Xml));
    let token = token(&mut rig, &appid);
    let list = get("/cgi-bin/template/get_all_private_template", &token);
    let template = rig.call(&list)["template_list"][0].clone();
    let id = text(&template, "template_id");
    let value = json!({"value": "x"});
    let data = json!({"first": value, "orderMoneySum": value, "orderProductName": value, "Remark": value});
    let send = |to: &str, id: &str, data: &Value| {
        own_post("/cgi-bin/message/template/send", &token, &json!({"touser": to, "template_id": id, "data": data}))
    };
    let follower = person_openid(&appid, 1);
    for (request, code) in [
        (send("o1", &id, &data), 40003),
        (send(&follower, "x", &data), 40037),
        (send(&follower, &id, &json!({"first": value})), 47003),
        (send(&person_openid(&appid, 5), &id, &data), 43004),
    ] {
        assert_eq!(rig.code(&request), code);
    }
    let msgid = rig.call(&send(&follower, &id, &data))["msgid"].as_u64().unwrap();
    assert!(msgid > 1 << 53);
    let pushed = fields_of(&mut rig).remove(0);
    assert!(
        pushed.contains("TEMPLATESENDJOBFINISH") && pushed.contains(&format!("<MsgID>{msgid}</MsgID>")),
        "{pushed}"
    );
    let add = own_post("/cgi-bin/template/api_add_template", &token, &json!({"template_id_short": "OPENTM411651139"}));
    let added = text(&rig.call(&add), "template_id");
    let delete = own_post("/cgi-bin/template/del_private_template", &token, &json!({"template_id": added}));
    assert_eq!((rig.code(&delete), rig.code(&delete)), (0, 40037));
    let industry = json!({"industry_id1": "10", "industry_id2": 41});
    assert_eq!(rig.code(&own_post("/cgi-bin/template/api_set_industry", &token, &industry)), 0);
    let shown = rig.call(&get("/cgi-bin/template/get_industry", &token));
    assert_eq!(shown["primary_industry"]["first_class"], "餐饮");
}

#[test]
fn customer_service_messages_need_an_open_window() {
    let mut rig = Rig::new();
    let appid = appid(&rig, 0);
    configure(&mut rig, &appid, server(Mode::Plain, Format::Xml));
    let token = token(&mut rig, &appid);
    let to = person_openid(&appid, 0);
    let send = |body: Value| own_post("/cgi-bin/message/custom/send", &token, &body);
    let hello = send(json!({"touser": to, "msgtype": "text", "text": {"content": "Hello"}}));
    assert_eq!(rig.code(&hello), 45015);
    assert!(rig.platform.tap_menu(rig.now, &appid, &to, "view", "https://a.b"), "a view opens nothing");
    assert_eq!(rig.code(&hello), 45015);
    rig.platform.tap_menu(rig.now, &appid, &to, "click", "k");
    assert_eq!([0; 4].map(|_| rig.code(&hello)), [0, 0, 0, 45047]);
    rig.wait_s(60);
    assert_eq!(rig.code(&hello), 45015);
    text_message(&mut rig, &appid);
    assert_eq!([0; 6].map(|_| rig.code(&hello)), [0, 0, 0, 0, 0, 45047]);
    let typing = json!({"touser": to, "command": "Typing"});
    assert_eq!(rig.code(&own_post("/cgi-bin/message/custom/typing", &token, &typing)), 0);
    text_message(&mut rig, &appid);
    for (body, code) in [
        (json!({"touser": to, "msgtype": "x", "x": {}}), 40008),
        (json!({"touser": to, "msgtype": "image", "image": {"media_id": "x"}}), 40007),
        (json!({"touser": to, "msgtype": "text", "text": {"content": ""}}), 44004),
        (json!({"touser": to, "msgtype": "news", "news": {"articles": [{}, {}]}}), 45008),
        (json!({"touser": "o1", "msgtype": "text", "text": {"content": "x"}}), 40003),
        (json!({"touser": to, "msgtype": "news", "news": {"articles": [{"title": "t"}]}}), 0),
        (json!({"touser": to, "msgtype": "msgmenu", "msgmenu": {"list": [{"id": "1", "content": "a"}]}}), 0),
    ] {
        assert_eq!(rig.code(&send(body.clone())), code, "{body}");
    }
    rig.wait_s(48 * 3600);
    let again = self::token(&mut rig, &appid);
    let late = own_post(
        "/cgi-bin/message/custom/send",
        &again,
        &json!({"touser": to, "msgtype": "text", "text": {"content": "x"}}),
    );
    assert_eq!(rig.code(&late), 45015);
    rig.platform.configure(|c| c.check_message_window = false);
    assert_eq!(rig.code(&late), 0);
}

fn upload(path: &str, token: &str, kind: &str, name: &str, bytes: &[u8], more: &str) -> Request {
    let mut body =
        format!("--b\r\nContent-Disposition: form-data; name=\"media\"; filename=\"{name}\"\r\n\r\n").into_bytes();
    body.extend_from_slice(bytes);
    body.extend_from_slice(more.as_bytes());
    body.extend_from_slice(b"\r\n--b--\r\n");
    let request = own_post(path, token, &Value::Null);
    let content_type = Some("multipart/form-data; boundary=b".to_owned());
    with(Request { body: Some(body), content_type, ..request }, "type", kind)
}

#[test]
fn media_are_checked_served_and_forgotten() {
    let mut rig = Rig::new();
    let appid = appid(&rig, 0);
    let token = token(&mut rig, &appid);
    let temporary = "/cgi-bin/media/upload";
    for (request, code) in [
        (upload(temporary, &token, "picture", "a.png", b"x", ""), 40004),
        (upload(temporary, &token, "image", "a.bmp", b"x", ""), 40005),
        (upload(temporary, &token, "thumb", "a.jpg", &[0; 65_537], ""), 40006),
        (upload(temporary, &token, "image", "a.png", b"", ""), 44001),
        (with(own_post(temporary, &token, &json!({})), "type", "image"), 41005),
    ] {
        assert_eq!(rig.code(&request), code);
    }
    let bytes = b"\x89PNG\r\n--not the end\x00";
    let id = text(&rig.call(&upload(temporary, &token, "image", "a.png", bytes, "")), "media_id");
    let fetch = with(get("/cgi-bin/media/get", &token), "media_id", &id);
    match rig.platform.handle(rig.now, &fetch).answer {
        Answer::Full { content_type: "image/png", filename: Some(name), body, .. } => {
            assert_eq!((name.as_str(), body.as_slice()), ("a.png", bytes.as_slice()));
        }
        other => panic!("{other:?}"),
    }
    let video = text(&rig.call(&upload(temporary, &token, "video", "a.mp4", b"mp4", "")), "media_id");
    assert!(rig.call(&with(get("/cgi-bin/media/get", &token), "media_id", &video))["video_url"].is_string());
    let thumb = rig.call(&upload(temporary, &token, "thumb", "a.jpg", b"jpg", ""));
    assert!(thumb["thumb_media_id"].is_string());
    assert!(rig.call(&upload("/cgi-bin/media/uploadimg", &token, "", "a.png", b"x", ""))["url"].is_string());
    rig.wait_s(3 * 86_400);
    let token = self::token(&mut rig, &appid);
    assert_eq!(rig.code(&with(get("/cgi-bin/media/get", &token), "media_id", &id)), 40007);

    let count = get("/cgi-bin/material/get_materialcount", &token);
    assert_eq!(rig.call(&count), json!({"voice_count": 1, "video_count": 1, "image_count": 2, "news_count": 1}));
    let added = rig.call(&upload("/cgi-bin/material/add_material", &token, "image", "b.png", b"pic", ""));
    let id = text(&added, "media_id");
    let about = "\r\n--b\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\n{\"title\":\"t\",\"introduction\":\"i\"}";
    let film = rig.call(&upload("/cgi-bin/material/add_material", &token, "video", "b.mp4", b"v", about));
    let one = |id: &str| own_post("/cgi-bin/material/get_material", &token, &json!({"media_id": id}));
    assert_eq!(rig.call(&one(&text(&film, "media_id")))["title"], "t");
    match rig.platform.handle(rig.now, &one(&id)).answer {
        Answer::Full { content_type: "image/png", body, .. } => assert_eq!(body, b"pic"),
        other => panic!("{other:?}"),
    }
    let page = |kind: &str, count: u32| {
        own_post("/cgi-bin/material/batchget_material", &token, &json!({"type": kind, "offset": 0, "count": count}))
    };
    let listed = rig.call(&page("image", 2));
    assert_eq!(
        (&listed["total_count"], &listed["item_count"], &listed["item"][0]["media_id"]),
        (&json!(3), &json!(2), &json!(id))
    );
    let news = rig.call(&page("news", 20))["item"][0].clone();
    assert_eq!(news["content"]["news_item"][0]["title"], "欢迎关注");
    assert_eq!(rig.call(&one(&text(&news, "media_id")))["news_item"][0]["title"], "欢迎关注");
    assert_eq!((rig.code(&page("thumb", 1)), rig.code(&page("image", 21))), (40004, 40035));
    let delete = own_post("/cgi-bin/material/del_material", &token, &json!({"media_id": id}));
    assert_eq!((rig.code(&delete), rig.code(&delete)), (0, 40007));
}

#[test]
fn sets_guard_what_is_done_on_behalf() {
    let mut rig = Rig::new();
    let component = rig.component_token();
    let held = rig.authorize(&component, 0, &[15]);
    let (send, create) = ("/cgi-bin/message/template/send", "/cgi-bin/qrcode/create");
    for path in [send, create, "/cgi-bin/message/custom/send", "/cgi-bin/material/batchget_material"] {
        assert_eq!(rig.code(&own_post(path, &held.token, &json!({}))), 61007, "{path}");
    }
    for path in
        ["/cgi-bin/user/get", "/cgi-bin/template/get_industry", "/cgi-bin/media/get", "/cgi-bin/ticket/getticket"]
    {
        assert_eq!(rig.code(&get(path, &held.token)), 61007, "{path}");
    }
    let held = rig.authorize(&component, 0, &[2, 3, 7]);
    let followers = rig.call(&get("/cgi-bin/user/get", &held.token));
    assert_eq!(
        (&followers["total"], &followers["data"]["openid"][0]),
        (&json!(4), &json!(person_openid(&held.appid, 0)))
    );
    // An unverified account may grant what it cannot do.
    let poor = rig.authorize(&component, 1, &[2, 3, 7]);
    assert_eq!(rig.code(&get("/cgi-bin/user/get", &poor.token)), 48001);
    assert_eq!(rig.code(&own_post(create, &poor.token, &json!({}))), 48001);
}

#[test]
fn js_tickets_are_of_two_kinds_and_signatures_are_judged() {
    let mut rig = Rig::with(SandboxConfig::default());
    let appid = appid(&rig, 0);
    rig.platform.set_web_domain(&appid, "shop.example.com");
    let token = token(&mut rig, &appid);
    let ticket = |rig: &mut Rig, token: &str, kind: &str| {
        text(&rig.call(&with(get("/cgi-bin/ticket/getticket", token), "type", kind)), "ticket")
    };
    let first = ticket(&mut rig, &token, "jsapi");
    assert_ne!(ticket(&mut rig, &token, "wx_card"), first);
    assert_eq!(ticket(&mut rig, &token, "jsapi"), first);
    let url = "https://shop.example.com/p?x=1";
    let sign = |ticket: &str, url: &str| {
        let text = format!("jsapi_ticket={ticket}&noncestr=n&timestamp=1&url={url}");
        String::from_utf8(wechat::crypto::signature(&mut [text.as_bytes()]).to_vec()).unwrap()
    };
    let judge = |rig: &Rig, url: &str, signature: String| {
        let config =
            JsConfig { appid: appid.clone(), url: url.into(), timestamp: "1".into(), nonce_str: "n".into(), signature };
        rig.platform.verify_js_config(rig.now, &config)
    };
    assert_eq!(judge(&rig, &format!("{url}#top"), sign(&first, url)), ("config:ok", Some("current")));
    assert_eq!(judge(&rig, url, sign(&first, "https://shop.example.com/p")), ("invalid signature", None));
    let evil = "https://evil.cn/p";
    assert_eq!(judge(&rig, evil, sign(&first, evil)), ("invalid url domain", None));
    rig.wait_s(7200 - 300);
    let again = self::token(&mut rig, &appid);
    let second = ticket(&mut rig, &again, "jsapi");
    assert_ne!(second, first);
    assert_eq!(judge(&rig, url, sign(&first, url)), ("config:ok", Some("former")));
    assert_eq!(judge(&rig, url, sign(&second, url)), ("config:ok", Some("current")));
    rig.wait_s(300);
    assert_eq!(judge(&rig, url, sign(&first, url)), ("invalid signature", None));
    rig.platform.configure(|c| {
        c.daily_limits.insert("/cgi-bin/ticket/getticket".into(), 3);
    });
    let again = self::token(&mut rig, &appid);
    assert_eq!(rig.code(&with(get("/cgi-bin/ticket/getticket", &again), "type", "jsapi")), 45009);
}
