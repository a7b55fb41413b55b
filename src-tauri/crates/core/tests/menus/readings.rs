//! What is live, in the form of the editor; what the account can do; what a follower sees.

use serde_json::{Value, json};
use wechat::menu::ButtonType;
use wxdesk_core::dto::{ErrorCode, MenuMaker, MenuPlace, MenuSet, MenuSeverity, MenuSource, PublishState, ReplyKind};

use crate::world::{World, acts, click, set};

/// Every type that can be created, five below each of three buttons.
fn every_type() -> MenuSet {
    let leaves: Vec<Value> = ButtonType::ALL
        .iter()
        .map(|kind| {
            let mut leaf = json!({"type": kind.as_str(), "name": kind.as_str()});
            for member in kind.required() {
                leaf[*member] = json!(match *member {
                    "url" => "https://www.example.com/路径?a=1#wechat_redirect",
                    "appid" => "wx286b93c14bbf93aa",
                    other => other,
                });
            }
            leaf
        })
        .collect();
    let parents = leaves.chunks(5).enumerate();
    MenuSet {
        button: parents.map(|(n, subs)| json!({"name": format!("菜单{n}"), "sub_button": subs})).collect(),
        ..MenuSet::default()
    }
}

#[tokio::test(start_paused = true)]
async fn every_type_comes_back_into_the_editor_as_it_went_out() {
    let (world, appid) = World::with_account().await;
    let mut menu = every_type();
    menu.conditional = set("x", &[("100", "会员")]).conditional;
    menu.conditional[0].button = menu.button.clone();
    for button in &mut menu.conditional[0].button {
        // Three domains at most, and one is enough.
        button["name"] = json!("个性化");
    }
    let version = world.publish(&appid, &menu).await;
    assert_eq!(
        (version.state, acts(&version)),
        (PublishState::Live, vec!["create".into(), "add_conditional".into(), "read_back".into()])
    );
    let live = world.core.read_live_menu(&world.component, &appid).await.unwrap();
    assert_eq!((live.made_by, live.is_open, live.replaced.len()), (MenuMaker::Api, true, 0));
    assert_eq!(live.set.button, menu.button);
    assert_eq!(live.set.conditional[0].button, menu.conditional[0].button);
    assert!(live.set.conditional[0].menuid.is_some());
    // The other reading tells the same.
    assert_eq!(wechat::menu::from_selfmenu(&live.selfmenu, "k").button, menu.button);
    assert!(wxdesk_core::Core::diff_menus(&version.set.unwrap(), &menu).is_empty());
    // Imported and published again, nothing is left to do.
    let again = world.publish(&appid, &live.set).await;
    assert_eq!((again.state, acts(&again)), (PublishState::Live, vec!["read_back".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn a_website_menu_is_imported_with_its_content_and_can_be_published() {
    let world = World::new().await;
    let appid = world.authorize(4, &[]).await;
    let live = world.core.read_live_menu(&world.component, &appid).await.unwrap();
    assert_eq!((live.made_by, live.menu_get.is_none()), (MenuMaker::Website, true));
    let replaced: Vec<(&str, &str, bool)> =
        live.replaced.iter().map(|r| (r.path.as_str(), r.kind.as_str(), r.key.is_some())).collect();
    assert_eq!(
        replaced,
        [
            ("button[0].sub_button[1]", "news", false),
            ("button[0].sub_button[2]", "news", true),
            ("button[1].sub_button[0]", "img", true),
            ("button[1].sub_button[1]", "photo", true),
            ("button[1].sub_button[2]", "voice", true),
            ("button[1].sub_button[3]", "video", true),
            ("button[2]", "text", true),
        ]
    );
    let kinds: Vec<ReplyKind> = live.set.replies.iter().map(|r| r.kind).collect();
    assert_eq!(
        kinds,
        [ReplyKind::News, ReplyKind::Image, ReplyKind::Image, ReplyKind::Voice, ReplyKind::Video, ReplyKind::Text]
    );
    assert_eq!(live.set.replies[0].news.as_ref().unwrap().as_array().unwrap().len(), 3);
    let source = world.core.menu_source(&world.component, &appid, MenuSource::Live).await.unwrap();
    assert_eq!((&source.set, &source.replaced), (&live.set, &live.replaced));
    let version = world.publish(&appid, &source.set).await;
    assert_eq!((version.state, acts(&version)), (PublishState::Live, vec!["create".into(), "read_back".into()]));
    assert_eq!(version.set.unwrap().replies, live.set.replies);
    let state = world.core.menu_state(&world.component, &appid).await.unwrap();
    assert_eq!(state.live.unwrap().made_by, MenuMaker::Api, "the reading that proved it is kept");
}

#[tokio::test(start_paused = true)]
async fn an_unverified_account_is_read_and_warned() {
    let world = World::new().await;
    let appid = world.authorize(1, &[]).await;
    let live = world.core.read_live_menu(&world.component, &appid).await.unwrap();
    assert_eq!((live.made_by, live.set.button.len()), (MenuMaker::Website, 2), "menu/get is refused to it (48001)");
    let state = world.core.menu_state(&world.component, &appid).await.unwrap();
    assert_eq!(
        (state.abilities.verified, state.abilities.service, state.abilities.publish),
        (Some(false), Some(false), true)
    );
    let check = world.core.check_menu(&world.component, &appid, &live.set).unwrap();
    let rules: Vec<(&str, MenuSeverity)> = check.findings.iter().map(|f| (f.rule.as_str(), f.severity)).collect();
    let warnings = ["temporary_media", "unverified_view"].map(|rule| (rule, MenuSeverity::Warning));
    assert_eq!(rules, warnings);
    // WeChat has the last word.
    let version = world.publish(&appid, &live.set).await;
    assert_eq!((version.state, version.fault.unwrap().error.code), (PublishState::Failed, 48001));
    assert!(!version.resumable);
}

#[tokio::test(start_paused = true)]
async fn without_set_15_a_menu_is_read_but_not_published() {
    let world = World::new().await;
    let appid = world.authorize(3, &[1]).await;
    let state = world.core.menu_state(&world.component, &appid).await.unwrap();
    assert!(!state.abilities.publish && state.abilities.read);
    let live = world.core.read_live_menu(&world.component, &appid).await.unwrap();
    assert_eq!(live.made_by, MenuMaker::Website);
    let draft = world.draft(&appid, &live.set).await;
    let refused = world.core.publish_menu(&world.component, &appid, draft.revision, "window").await.unwrap_err();
    assert_eq!(
        (refused.code, refused.detail.unwrap().fields[0].rule.as_str()),
        (ErrorCode::InvalidInput, "not_granted")
    );
    let mini = world.authorize(2, &[]).await;
    let refused = world.core.save_menu_draft(&world.component, &mini, MenuSet::default(), 0).await.unwrap_err();
    assert_eq!(refused.detail.unwrap().fields[0].rule, "mini_program");
}

#[tokio::test(start_paused = true)]
async fn what_a_follower_sees_is_named() {
    let (world, appid) = World::with_account().await;
    let menu = set("默认", &[("101", "新"), ("100", "旧")]);
    world.publish(&appid, &menu).await;
    let seen = async |user: &str| world.core.try_menu_match(&world.component, &appid, user).await;
    for (user, place, name) in [
        ("follower-ios", MenuPlace::Default, "默认"),
        ("follower-vip", MenuPlace::Conditional { index: 1 }, "旧"),
        ("follower-vip-ios", MenuPlace::Conditional { index: 0 }, "新"),
    ] {
        let answer = seen(user).await.unwrap();
        assert_eq!((answer.place, answer.button), (Some(place), vec![click(name)]), "{user}");
    }
    assert_eq!(seen("nobody").await.unwrap_err().detail.unwrap().refusal.unwrap().code, 65302);
    assert_eq!(seen(" ").await.unwrap_err().code, ErrorCode::InvalidInput);
    // Two with the same buttons: which one it is cannot be told.
    let mut twins = menu.clone();
    twins.conditional[0].button = twins.conditional[1].button.clone();
    world.publish(&appid, &twins).await;
    assert_eq!(seen("follower-vip").await.unwrap().place, None);
}
