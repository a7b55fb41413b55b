//! Taking an account's own menu over: kept untouched, mapped by rules, answered, and put back.

use serde_json::{Value, json};
use wechat::crypto::{AesKey, KeyUsed, MessageCrypto, msg_signature};
use wechat::envelope::build_message_envelope;
use wxdesk_core::dto::{MenuMaker, MenuSource, OwnPlace, PublishState, TakeoverRules};
use wxdesk_core::inbox::{self, Reply, Target};
use wxdesk_sandbox::{Effect, lock};

use crate::world::{World, click, set};

const SELFMENU: &str = "/cgi-bin/get_current_selfmenu_info";

/// A text, a page, and a parent with a click of a business server and a picture.
fn by_hand() -> Value {
    json!([
        {"type": "text", "name": "hello", "value": "你好 ]]>"},
        {"type": "view", "name": "page", "url": "https://a.example"},
        {"name": "more", "sub_button": {"list": [
            {"type": "click", "name": "own", "key": "K1"},
            {"type": "img", "name": "picture", "value": "media-1"}]}}
    ])
}

/// The first built-in account with a menu made on the website.
async fn world() -> (World, String) {
    let world = World::new().await;
    let appid = lock(&world.platform).accounts()[0].appid.clone();
    lock(&world.platform).make_menu_by_hand(&appid, by_hand());
    assert_eq!(world.authorize(0, &[]).await, appid);
    (world, appid)
}

/// A follower taps a click button; the decrypted answer, or nothing where it is `success`.
async fn tap(world: &World, appid: &str, key: &str, n: i64) -> Option<String> {
    let (token, aes, component) = {
        let json = lock(&world.platform).platform_json();
        let text = |name: &str| json[name].as_str().unwrap().to_owned();
        (text("verify_token"), text("encoding_aes_key"), text("component_appid"))
    };
    let crypto = MessageCrypto::new(token.clone().into(), AesKey::parse(&aes).unwrap(), None, component.clone());
    let xml = format!(
        "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[openid]]></FromUserName><CreateTime>{n}</CreateTime>\
         <MsgType><![CDATA[event]]></MsgType><Event><![CDATA[CLICK]]></Event><EventKey><![CDATA[{key}]]></EventKey></xml>"
    );
    let encrypt = crypto.encrypt(xml.as_bytes(), *b"0123456789abcdef");
    let signature = msg_signature(&token, "1", "n", &encrypt);
    let query = format!("signature=x&timestamp=1&nonce=n&encrypt_type=aes&msg_signature={signature}");
    let body = build_message_envelope("gh_1", &encrypt);
    let target = Target { component_appid: &component, authorizer_appid: Some(appid), own: false };
    let Reply::Document(reply) = inbox::accept(&world.core, target, &query, body.as_bytes()).await.unwrap() else {
        return None;
    };
    let part = |name: &str| {
        let start = reply.split_once(&format!("<{name}><![CDATA[")).unwrap().1;
        start.split_once("]]>").unwrap().0.to_owned()
    };
    let stamp = reply.split_once("<TimeStamp>").unwrap().1.split_once('<').unwrap().0.to_owned();
    let encrypt = part("Encrypt");
    assert_eq!(part("MsgSignature"), msg_signature(&token, &stamp, &part("Nonce"), &encrypt), "WeChat would take it");
    let opened = crypto.decrypt(encrypt.as_bytes()).unwrap();
    assert_eq!(opened.key, KeyUsed::Current);
    Some(String::from_utf8(opened.msg).unwrap())
}

#[tokio::test(start_paused = true)]
async fn the_original_is_kept_as_it_was_and_can_be_put_back() {
    let (world, appid) = world().await;
    let (core, component) = (&world.core, &world.component);
    let original = core.menu_state(component, &appid).await.unwrap().original.unwrap();
    assert_eq!(original.live.made_by, MenuMaker::Website);
    assert_eq!(original.live.selfmenu["selfmenu_info"]["button"], by_hand(), "untouched");
    let kinds: Vec<_> = original.live.replaced.iter().map(|r| (r.path.as_str(), r.kind.as_str())).collect();
    assert_eq!(kinds, [("button[0]", "text"), ("button[2].sub_button[1]", "img")]);
    // Our own menu goes live; reading again finds nothing original.
    assert_eq!(world.publish(&appid, &set("mine", &[])).await.state, PublishState::Live);
    assert_eq!(core.read_menu_original(component, &appid).await.unwrap().id, original.id);
    assert_eq!(core.menu_originals(component, &appid).await.unwrap().len(), 1);
    // Cancelled and granted again: the original is still the same one.
    let now = lock(&world.platform).accounts()[0].clone();
    assert_eq!(now.appid, appid);
    world.unauthorize(&appid).await;
    assert_eq!(core.menu_originals(component, &appid).await.unwrap().len(), 1, "kept");
    world.authorize(0, &[]).await;
    let again = core.menu_state(component, &appid).await.unwrap().original.unwrap();
    assert_eq!((again.id, &again.live.selfmenu), (original.id, &original.live.selfmenu));
    let source = MenuSource::Original { id: original.id };
    let version = core.republish_menu(component, &appid, source, "window").await.unwrap();
    assert_eq!(version.state, PublishState::Live);
    let live = lock(&world.platform).menu_of(&appid).unwrap().clone();
    assert_eq!(live[1], json!({"type": "view", "name": "page", "url": "https://a.example"}));
    assert_eq!(live[0]["type"], "click");
}

/// Names of conditional menus and answers are ours: WeChat shows neither, and a menu of ours is ours all the same.
#[tokio::test(start_paused = true)]
async fn what_was_published_from_here_is_known_again() {
    let (world, appid) = world().await;
    let (core, component) = (&world.core, &world.component);
    let mut menu = core.menu_source(component, &appid, MenuSource::Mapped).await.unwrap().set;
    menu.conditional = set("x", &[("100", "会员"), ("101", "员工")]).conditional;
    menu.conditional[0].name = "会员菜单".into();
    assert_eq!(world.publish(&appid, &menu).await.state, PublishState::Live);
    let live = core.read_live_menu(component, &appid).await.unwrap();
    assert_eq!(wxdesk_core::Core::diff_menus(&live.set, &menu), []);
    assert_eq!((live.set.conditional[0].name.as_str(), live.set.replies.len()), ("会员菜单", 2));
    world.unauthorize(&appid).await;
    let state = core.menu_state(component, &appid).await.unwrap();
    assert!(!state.abilities.authorized);
    let check = core.check_menu(component, &appid, &menu).unwrap();
    assert_eq!(check.findings[0].rule, "unauthorized");
    world.authorize(0, &[]).await;
    let originals = core.menu_originals(component, &appid).await.unwrap();
    assert_eq!(originals.len(), 1, "the website's menu stays the original");
    assert_eq!(originals[0].live.made_by, MenuMaker::Website);
}

#[tokio::test(start_paused = true)]
async fn rules_make_a_mapped_menu_that_becomes_the_draft() {
    let world = World::new().await;
    let (core, component) = (&world.core, world.component.clone());
    let rules = TakeoverRules {
        auto_draft: true,
        key_prefix: "shop_".into(),
        own: vec![click("ours")],
        own_place: OwnPlace::Before,
        folder_name: "原菜单".into(),
        ..TakeoverRules::default()
    };
    let mut bad = rules.clone();
    bad.own = vec![json!({"type": "view", "name": "x"})];
    bad.folder_name = String::new();
    let refused = core.save_takeover_rules(&component, bad).await.unwrap_err().detail.unwrap().fields;
    let fields: Vec<_> = refused.iter().map(|f| f.field.as_str()).collect();
    assert_eq!(fields, ["folder_name", "own[0].url"]);
    core.save_takeover_rules(&component, rules.clone()).await.unwrap();
    assert_eq!(core.takeover_rules(&component).await.unwrap(), rules);
    let appid = lock(&world.platform).accounts()[0].appid.clone();
    lock(&world.platform).make_menu_by_hand(&appid, by_hand());
    world.authorize(0, &[]).await;
    let state = core.menu_state(&component, &appid).await.unwrap();
    assert_eq!(state.draft.revision, 1);
    assert_eq!(state.draft.set.button[0], click("ours"));
    assert_eq!(state.draft.set.button[2]["sub_button"][1]["key"], "shop_K1");
    assert!(lock(&world.platform).menu_of(&appid).is_none(), "never published by itself");
    // Unsaved rules show what they would do.
    let dropped = TakeoverRules { answer_content: false, ..rules };
    let preview = core.preview_takeover(&component, &appid, Some(dropped)).await.unwrap();
    assert_eq!(preview.left_out.iter().map(|l| l.name.as_str()).collect::<Vec<_>>(), ["hello", "picture"]);
    assert_eq!(core.menu_state(&component, &appid).await.unwrap().draft.revision, 1);
}

#[tokio::test(start_paused = true)]
async fn clicks_on_original_content_are_answered_and_others_are_not() {
    let (world, appid) = world().await;
    assert_eq!(tap(&world, &appid, "wxdesk_1", 1).await, None, "nothing of ours is live yet");
    let version = world.core.republish_menu(&world.component, &appid, MenuSource::Mapped, "window").await.unwrap();
    assert_eq!(version.state, PublishState::Live);
    let key = |path: usize| version.set.as_ref().unwrap().replies[path].key.clone();
    let text = tap(&world, &appid, &key(0), 2).await.unwrap();
    assert!(text.contains("<ToUserName><![CDATA[openid]]></ToUserName><FromUserName><![CDATA[gh_1]]></FromUserName>"));
    assert!(text.contains("<Content><![CDATA[你好 ]]]]><![CDATA[>]]></Content>"), "{text}");
    let again = tap(&world, &appid, &key(0), 2).await.unwrap();
    assert_eq!(again, text, "WeChat's repetition gets the same answer");
    assert!(tap(&world, &appid, &key(1), 3).await.unwrap().contains("<Image><MediaId><![CDATA[media-1]]></MediaId>"));
    assert_eq!(tap(&world, &appid, "K1", 4).await, None);
    // Another menu: the old answers are gone with the old buttons.
    world.publish(&appid, &set("mine", &[])).await;
    assert_eq!(tap(&world, &appid, &key(0), 5).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_failed_reading_is_said_and_tried_again() {
    let world = World::new().await;
    let appid = lock(&world.platform).accounts()[0].appid.clone();
    lock(&world.platform).make_menu_by_hand(&appid, by_hand());
    world.fault(SELFMENU, 0, 99, Effect::Errcode { code: -1, message: None });
    world.authorize(0, &[]).await;
    let state = world.core.menu_state(&world.component, &appid).await.unwrap();
    assert_eq!((state.original, state.original_error.unwrap().code), (None, -1));
    lock(&world.platform).clear_faults(None);
    world.core.refresh_details(&world.component, &appid).await.unwrap();
    let state = world.core.menu_state(&world.component, &appid).await.unwrap();
    assert!(state.original.is_some() && state.original_error.is_none());
}

/// A website-made menu and the same one of ours differ in whose they are: publishing makes it ours all the same.
#[tokio::test(start_paused = true)]
async fn a_menu_of_the_same_look_is_published_over_the_website_made_one() {
    let world = World::new().await;
    let appid = lock(&world.platform).accounts()[0].appid.clone();
    let page = json!({"type": "view", "name": "page", "url": "https://a.example"});
    lock(&world.platform).make_menu_by_hand(&appid, json!([page]));
    world.authorize(0, &[]).await;
    let version = world.core.republish_menu(&world.component, &appid, MenuSource::Mapped, "window").await.unwrap();
    assert_eq!(version.state, PublishState::Live);
    assert!(lock(&world.platform).menu_of(&appid).is_some(), "created through the API");
}
