//! Menus: what is created is shown, menus of the website's, conditional menus and who sees them.

use serde_json::{Value, json};

use crate::rig::{Rig, get, post, text};

const CREATE: &str = "/cgi-bin/menu/create";

#[test]
fn menus_are_created_shown_and_deleted() {
    let mut rig = Rig::new();
    let token = rig.component_token();
    let held = rig.authorize(&token, 0, &[]);
    let create = |body: &Value| {
        let mut request = post(CREATE, None, body);
        request.query = vec![("access_token".into(), held.token.clone())];
        request
    };
    let menu = json!({"button": [
        {"type": "click", "name": "今日歌曲", "key": "V1"},
        {"name": "菜单", "sub_button": [{"type": "view", "name": "搜索", "url": "http://www.soso.com/"}]},
    ]});
    assert_eq!(rig.code(&create(&menu)), 0);
    let shown = rig.call(&get("/cgi-bin/menu/get", &held.token));
    assert_eq!(shown["menu"]["button"][0]["sub_button"], json!([]));
    assert_eq!(shown["menu"]["button"][1]["sub_button"][0]["url"], "http://www.soso.com/");
    assert!(shown.get("conditionalmenu").is_none() && shown["menu"].get("menuid").is_none());
    let live = rig.call(&get("/cgi-bin/get_current_selfmenu_info", &held.token));
    assert_eq!(live["is_menu_open"], 1);
    assert_eq!(live["selfmenu_info"]["button"][1]["sub_button"]["list"][0]["type"], "view");

    let mut escaped = create(&menu);
    escaped.body = Some(b"{\"button\":[{\"type\":\"click\",\"name\":\"\\u83dc\",\"key\":\"k\"}]}".to_vec());
    assert_eq!(rig.code(&escaped), 40033);

    let mut conditional = menu.clone();
    conditional["matchrule"] = json!({"client_platform_type": "2"});
    let mut add = create(&conditional);
    add.path = "/cgi-bin/menu/addconditional".into();
    let id = text(&rig.call(&add), "menuid");
    let shown = rig.call(&get("/cgi-bin/menu/get", &held.token));
    assert_eq!(shown["conditionalmenu"][0]["menuid"].as_u64().map(|n| n.to_string()), Some(id));

    assert_eq!(rig.code(&get("/cgi-bin/menu/delete", &held.token)), 0);
    assert_eq!(rig.code(&get("/cgi-bin/menu/get", &held.token)), 46003);
    assert_eq!(rig.code(&add), 65303);
    let live = rig.call(&get("/cgi-bin/get_current_selfmenu_info", &held.token));
    assert_eq!(live, json!({"is_menu_open": 0, "selfmenu_info": {"button": []}}));
}

#[test]
fn a_menu_made_by_hand_is_seen_only_by_the_selfmenu_interface() {
    let mut rig = Rig::new();
    let token = rig.component_token();
    let held = rig.authorize(&token, 3, &[]);
    assert_eq!(rig.code(&get("/cgi-bin/menu/get", &held.token)), 46003);
    let live = rig.call(&get("/cgi-bin/get_current_selfmenu_info", &held.token));
    assert_eq!(live["selfmenu_info"]["button"][0]["sub_button"]["list"][2]["type"], "news");
}

#[test]
fn each_kind_of_website_content_is_on_some_account() {
    let mut rig = Rig::new();
    let token = rig.component_token();
    let mut kinds = std::collections::BTreeSet::new();
    for number in [1, 3, 4] {
        let held = rig.authorize(&token, number, &[]);
        let live = rig.call(&get("/cgi-bin/get_current_selfmenu_info", &held.token));
        assert_eq!(live["is_menu_open"], 1);
        for top in live["selfmenu_info"]["button"].as_array().unwrap() {
            let subs = top["sub_button"]["list"].as_array().cloned().unwrap_or_default();
            kinds.extend(subs.iter().chain([top]).filter_map(|b| b["type"].as_str().map(str::to_owned)));
        }
    }
    for kind in ["text", "img", "photo", "voice", "video", "news", "view", "miniprogram"] {
        assert!(kinds.contains(kind), "{kind}");
    }
}

#[test]
fn the_newest_menu_that_fits_a_follower_is_what_he_sees() {
    let mut rig = Rig::new();
    let token = rig.component_token();
    let held = rig.authorize(&token, 0, &[]);
    let send = |rig: &mut Rig, path: &str, body: &Value| {
        let mut request = post(path, None, body);
        request.query = vec![("access_token".into(), held.token.clone())];
        rig.call(&request)
    };
    let menu = |name: &str| json!({"button": [{"type": "click", "name": name, "key": "k"}]});
    send(&mut rig, CREATE, &menu("default"));
    for (name, rule) in [
        ("android", json!({"client_platform_type": "2"})),
        ("vip", json!({"tag_id": "100"})),
        ("vip101", json!({"tag_id": 101, "client_platform_type": 1})),
    ] {
        let mut body = menu(name);
        body["matchrule"] = rule;
        send(&mut rig, "/cgi-bin/menu/addconditional", &body);
    }
    let own = wxdesk_sandbox::openid_of(&held.appid);
    rig.platform.set_follower(&held.appid, "mine", wxdesk_sandbox::Follower { tags: vec![101, 100], platform: 1 });
    for (user, seen) in [
        (own.as_str(), "android"),
        ("follower-ios", "default"),
        ("follower-android", "android"),
        ("follower-vip", "vip"),
        // With several tags the last one counts.
        ("follower-vip-ios", "vip101"),
        ("mine", "vip"),
    ] {
        let answer = send(&mut rig, "/cgi-bin/menu/trymatch", &json!({"user_id": user}));
        assert_eq!(answer["button"][0]["name"], seen, "{user}");
    }
    assert_eq!(send(&mut rig, "/cgi-bin/menu/trymatch", &json!({"user_id": "nobody"}))["errcode"], 65302);
    // The website's editor takes the place of an API menu, which menu/get goes on showing.
    let appid = held.appid.clone();
    rig.platform.make_menu_by_hand(&appid, json!([{"type": "text", "name": "by hand", "value": "v"}]));
    let live = rig.call(&get("/cgi-bin/get_current_selfmenu_info", &held.token));
    assert_eq!(live["selfmenu_info"]["button"][0]["type"], "text");
    assert_eq!(rig.call(&get("/cgi-bin/menu/get", &held.token))["menu"]["button"][0]["name"], "default");
    send(&mut rig, CREATE, &menu("again"));
    let live = rig.call(&get("/cgi-bin/get_current_selfmenu_info", &held.token));
    assert_eq!(live["selfmenu_info"]["button"][0]["name"], "again");
}
