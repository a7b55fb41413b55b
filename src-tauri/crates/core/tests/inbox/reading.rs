//! What came is found again, with what it was, whose it was and what was answered.

use wxdesk_core::dto::{InboxQuery, PushAnswer, PushCheckName, PushClass, Verdict};
use wxdesk_sandbox::{lock, person_openid};

use crate::world::World;

#[tokio::test(start_paused = true)]
async fn what_followers_do_is_listed_with_its_kind_account_and_content() {
    let (world, appid) = World::with_account().await;
    let (one, two) = (person_openid(&appid, 0), person_openid(&appid, 4));
    let text = world.says(&appid, &one, &[("MsgType", "text"), ("Content", "订单 12345 到哪了？")]).await;
    assert_eq!((text.msg_type.as_str(), text.text.as_str()), ("text", "订单 12345 到哪了？"));
    assert_eq!(
        (text.appid.as_deref(), text.component_appid.as_str()),
        (Some(appid.as_str()), world.component.as_str())
    );
    assert_eq!((text.answer, text.class, text.ended), (PushAnswer::Success, PushClass::Message, false));
    assert!(text.account_name.is_some() && text.kind_words.is_some());
    lock(&world.platform).tap_menu(world.at(), &appid, &one, "click", "V_1");
    let click = world.arrives(&one, text.id).await;
    assert_eq!((click.event.as_deref(), click.text.as_str()), (Some("CLICK"), "V_1"));
    lock(&world.platform).follow(world.at(), &appid, &two);
    let follow = world.arrives(&two, click.id).await;
    assert_eq!(follow.event.as_deref(), Some("subscribe"));
    let odd = world.says(&appid, &one, &[("MsgType", "event"), ("Event", "brand_new"), ("Where", "here")]).await;
    assert_eq!(odd.kind_words, None);
    let detail = world.core.get_push(odd.id).await.unwrap();
    let parsed = detail.checks.iter().find(|check| check.name == PushCheckName::Parsed).unwrap();
    assert_eq!(parsed.verdict, Verdict::Warning);
    assert!(detail.raw.contains("here"));
    let query = |text: &str| InboxQuery { text: Some(text.into()), ..InboxQuery::default() };
    assert_eq!(world.found(query("12345")).await, [text]);
    assert_eq!(world.found(query("v_1")).await, [click]);
    // The platform's own events are there too, without their secrets.
    let components = InboxQuery { class: Some(PushClass::Component), ..InboxQuery::default() };
    let events = world.found(components).await;
    assert!(events.iter().any(|item| item.event.as_deref() == Some("authorized") && item.appid.is_some()));
    let ticket = lock(&world.platform).latest_ticket().unwrap().to_owned();
    for item in events {
        let shown = serde_json::to_string(&world.core.get_push(item.id).await.unwrap()).unwrap();
        assert!(!shown.contains(&ticket) && !shown.contains("queryauthcode@@@"), "{:?}", item.event);
    }
}

/// Exactly what WeChat sent: the ciphertext byte for byte, and a query that verifies.
#[tokio::test(start_paused = true)]
async fn the_encrypted_form_is_made_again_exactly() {
    use wechat::crypto::{AesKey, MessageCrypto};
    use wechat::envelope::{PushQuery, parse_envelope};
    let (world, appid) = World::with_account().await;
    let one = person_openid(&appid, 0);
    let item = world.says(&appid, &one, &[("MsgType", "text"), ("Content", "a]]>b <c> & 花")]).await;
    let detail = world.core.get_push(item.id).await.unwrap();
    let sealed = detail.sealed.unwrap();
    let credentials = lock(&world.platform).credentials().clone();
    let key = AesKey::parse(&credentials.encoding_aes_key).unwrap();
    let crypto = MessageCrypto::new(credentials.verify_token.into(), key, None, credentials.component_appid);
    let query = PushQuery::parse(&sealed.query).unwrap();
    // Its own signature, which covers the ciphertext: any other byte would not pass.
    let opened = crypto.open(&query, parse_envelope(sealed.body.as_bytes()).unwrap().encrypt_bytes()).unwrap();
    assert_eq!(String::from_utf8(opened.msg).unwrap(), detail.raw);
    assert_eq!(item.text, "a]]>b <c> & 花");
}
