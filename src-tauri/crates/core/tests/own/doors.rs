//! The server URL of an own account: verification and pushes in each mode.

use serde_json::json;
use wechat::crypto::{AesKey, MessageCrypto, msg_signature, url_signature};
use wechat::envelope::build_message_envelope;
use wxdesk_core::inbox::{self, Refusal, Reply, Target};

use crate::world::{KEY, TOKEN, World};

const XML: &str = "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[o1]]></FromUserName>\
    <CreateTime>1767225600</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[你好]]></Content>\
    <MsgId>1</MsgId></xml>";

/// (query, body) as WeChat sends them in a mode.
fn push(world: &World, mode: &str, token: &str) -> (String, String) {
    sealed(world, mode, token, XML)
}

fn sealed(world: &World, mode: &str, token: &str, xml: &str) -> (String, String) {
    let (time, nonce) = ("1767225600", "n0nce");
    let signature = url_signature(token, time, nonce);
    let mut query = format!("signature={signature}&timestamp={time}&nonce={nonce}&openid=o1");
    if mode == "plain" {
        return (query, xml.to_owned());
    }
    let crypto = MessageCrypto::new(token.into(), AesKey::parse(KEY).unwrap(), None, world.appid.as_str());
    let encrypt = crypto.encrypt(xml.as_bytes(), [7; 16]);
    let signature = msg_signature(token, time, nonce, &encrypt);
    query.push_str(&format!("&encrypt_type=aes&msg_signature={signature}"));
    if mode == "secure" {
        return (query, build_message_envelope("gh_1", &encrypt));
    }
    (query, xml.replace("</xml>", &format!("<Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>")))
}

async fn send(world: &World, mode: &str, token: &str) -> Result<Reply, Refusal> {
    let (query, body) = push(world, mode, token);
    let target = Target { component_appid: &world.appid, authorizer_appid: None, own: true };
    inbox::accept(&world.core, target, &query, body.as_bytes()).await
}

async fn stored(world: &World) -> usize {
    let rows = world.core.store().read(|c| wxdesk_core::store::tables::inbox::after(c, 0, 100)).await.unwrap();
    assert!(rows.iter().all(|r| String::from_utf8_lossy(&r.body).contains("你好")));
    rows.len()
}

#[tokio::test(start_paused = true)]
async fn pushes_are_taken_in_the_mode_that_was_chosen_and_refused_in_others() {
    for (ours, theirs, taken) in [
        ("plain", "plain", Ok(())),
        ("plain", "secure", Ok(())),
        ("plain", "compatible", Ok(())),
        ("compatible", "compatible", Ok(())),
        ("compatible", "secure", Ok(())),
        ("secure", "secure", Ok(())),
        ("secure", "compatible", Ok(())),
        ("secure", "plain", Err(Refusal::WrongMode)),
        ("compatible", "plain", Err(Refusal::WrongMode)),
    ] {
        let world = World::empty().await;
        world.save(json!({"message_mode": ours})).await.unwrap();
        assert_eq!(send(&world, theirs, TOKEN).await.map(drop), taken, "{ours} {theirs}");
        // A repeat is acknowledged and stored once.
        assert_eq!(send(&world, theirs, TOKEN).await.map(drop), taken);
        assert_eq!(stored(&world).await, usize::from(taken.is_ok()), "{ours} {theirs}");
        assert_eq!(send(&world, ours, "wrongtoken").await, Err(Refusal::BadSignature));
        let own = world.core.get_own_account(&world.appid).await.unwrap();
        assert_eq!(own.last_push_at.is_some(), taken.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_token_or_for_another_url_nothing_is_taken() {
    let world = World::empty().await;
    world.save(json!({})).await.unwrap();
    world.save(json!({"verify_token": "", "encoding_aes_key": "", "message_mode": "plain"})).await.unwrap();
    assert_eq!(world.core.get_own_account(&world.appid).await.unwrap().secret_hints.verify_token, "");
    assert_eq!(send(&world, "plain", "").await, Err(Refusal::BadSignature));
    assert_eq!(send(&world, "plain", TOKEN).await, Err(Refusal::BadSignature));
    // Not on a platform's URLs, nor a platform on this one.
    let (query, body) = push(&world, "secure", TOKEN);
    for authorizer in [None, Some(world.appid.as_str())] {
        let target = Target { component_appid: &world.appid, authorizer_appid: authorizer, own: false };
        assert_eq!(inbox::accept(&world.core, target, &query, body.as_bytes()).await, Err(Refusal::UnknownAppid));
    }
}

#[tokio::test(start_paused = true)]
async fn the_key_before_is_still_tried() {
    let world = World::empty().await;
    world.save(json!({})).await.unwrap();
    world.save(json!({"encoding_aes_key": "Z".repeat(43)})).await.unwrap();
    assert_eq!(send(&world, "secure", TOKEN).await, Ok(Reply::Success));
    assert!(world.core.get_own_account(&world.appid).await.unwrap().has_previous_key);
}

/// A plain push is signed by its time alone: one that was seen long ago is worth nothing.
#[tokio::test(start_paused = true)]
async fn an_old_plain_push_is_refused() {
    let world = World::empty().await;
    world.save(json!({"message_mode": "plain"})).await.unwrap();
    world.pass(50 * 60_000).await;
    assert_eq!(send(&world, "plain", TOKEN).await, Ok(Reply::Success));
    world.pass(11 * 60_000).await;
    assert_eq!(send(&world, "plain", TOKEN).await, Err(Refusal::Stale));
}

/// Only what is said changes, and a test account is plain unless said otherwise.
#[tokio::test(start_paused = true)]
async fn what_is_left_out_stays() {
    let world = World::empty().await;
    let first = json!({"appid": world.appid, "kind": "test_account", "appsecret": "s3cret", "verify_token": TOKEN});
    let saved = world.core.save_own_account(serde_json::from_value(first).unwrap()).await.unwrap();
    assert_eq!(serde_json::to_value(saved.message_mode).unwrap(), "plain");
    let second = json!({"appid": world.appid, "name": "号", "public_base_url": "https://a.example.com"});
    let saved = world.core.save_own_account(serde_json::from_value(second).unwrap()).await.unwrap();
    assert_eq!(serde_json::to_value(saved.kind).unwrap(), "test_account");
    let third = json!({"appid": world.appid, "token_mode": "classic"});
    let saved = world.core.save_own_account(serde_json::from_value(third).unwrap()).await.unwrap();
    assert_eq!((saved.name.as_str(), saved.public_base_url.as_str()), ("号", "https://a.example.com"));
    let nothing = world.core.validate_own_account(
        &serde_json::from_value(json!({"appid": "wx0000000000000001", "appsecret": "s"})).unwrap(),
    );
    assert_eq!((nothing[0].field.as_str(), nothing[0].rule.as_str()), ("kind", "required"));
}

/// The same path as for authorized accounts: a scan of a parametric QR code is counted, and a repeat is not.
#[tokio::test(start_paused = true)]
async fn scans_are_counted_for_own_accounts_too() {
    let world = World::connected("stable").await;
    world.save(json!({"message_mode": "plain"})).await.unwrap();
    let input = json!({"component_appid": world.appid, "appid": world.appid, "kind": "text", "scene": "门店",
        "permanent": false, "expire_seconds": 3600});
    let code = world.core.create_scene_code(serde_json::from_value(input).unwrap()).await.unwrap();
    let codes = wxdesk_sandbox::lock(&world.platform).qr_codes_of(world.now(), &world.appid);
    let xml = format!(
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName><CreateTime>1767225600</CreateTime>\
         <MsgType>event</MsgType><Event>SCAN</Event><EventKey>门店</EventKey><Ticket>{}</Ticket></xml>",
        codes[0].0
    );
    let (query, body) = sealed(&world, "plain", TOKEN, &xml);
    let target = Target { component_appid: &world.appid, authorizer_appid: None, own: true };
    for _ in 0..2 {
        assert_eq!(inbox::accept(&world.core, target, &query, body.as_bytes()).await, Ok(Reply::Success));
    }
    let listed = world.core.list_scene_codes(&Default::default()).await.unwrap();
    assert_eq!((listed.items[0].id, listed.items[0].scans, listed.items[0].followed), (code.id, 1, 0));
}

/// A mini program that chose JSON reads JSON: its reply is one too, sealed in a JSON envelope (protocol A.7).
#[tokio::test(start_paused = true)]
async fn who_pushes_json_is_answered_in_json() {
    let world = World::connected("stable").await;
    world.save(json!({"message_mode": "secure"})).await.unwrap();
    let rule = json!({"name": "答", "answer": {"kind": "text", "content": "您好"}});
    world.core.save_rule(serde_json::from_value(rule).unwrap()).await.unwrap();
    let message = json!({"ToUserName": "gh_1", "FromUserName": "o1", "CreateTime": 1_767_225_600, "MsgType": "text",
        "Content": "在吗", "MsgId": 7_001});
    let crypto = MessageCrypto::new(TOKEN.into(), AesKey::parse(KEY).unwrap(), None, world.appid.as_str());
    let encrypt = crypto.encrypt(message.to_string().as_bytes(), [7; 16]);
    let signature = msg_signature(TOKEN, "1767225600", "n0nce", &encrypt);
    let query = format!("signature=x&timestamp=1767225600&nonce=n0nce&encrypt_type=aes&msg_signature={signature}");
    let body = json!({"ToUserName": "gh_1", "Encrypt": encrypt}).to_string();
    let target = Target { component_appid: &world.appid, authorizer_appid: None, own: true };
    let reply = inbox::accept(&world.core, target, &query, body.as_bytes()).await.unwrap();
    let Reply::Document(reply) = reply else { panic!("{reply:?}") };
    let reply: serde_json::Value = serde_json::from_str(&reply).unwrap();
    let (time, nonce) = (reply["TimeStamp"].as_i64().unwrap().to_string(), reply["Nonce"].as_str().unwrap());
    let encrypt = reply["Encrypt"].as_str().unwrap();
    assert_eq!(reply["MsgSignature"], msg_signature(TOKEN, &time, nonce, encrypt));
    let opened: serde_json::Value = serde_json::from_slice(&crypto.decrypt(encrypt.as_bytes()).unwrap().msg).unwrap();
    assert_eq!(
        (&opened["ToUserName"], &opened["FromUserName"], &opened["MsgType"], &opened["Content"]),
        (&json!("o1"), &json!("gh_1"), &json!("text"), &json!("您好"))
    );
    assert!(opened["CreateTime"].is_i64());
}
