use super::*;
use serde_json::json;

#[test]
fn menus_survive_reading_and_writing() {
    let value = json!({"button":[
        {"type":"click","name":"今日歌曲","key":"V1001_TODAY_MUSIC"},
        {"name":"菜单","sub_button":[
            {"type":"view","name":"搜索","url":"http://www.soso.com/"},
            {"type":"miniprogram","name":"wxa","url":"http://mp.weixin.qq.com","appid":"wx286b93c14bbf93aa","pagepath":"pages/lunar/index"},
            {"type":"something_new","name":"x","custom":{"a":1}}]}]});
    let menu: Menu = serde_json::from_value(value.clone()).unwrap();
    assert_eq!(menu.button[1].sub_button[2].kind, Some(ButtonType::Other("something_new".to_owned())));
    assert_eq!(serde_json::to_value(&menu).unwrap(), value);
    assert!(serde_json::to_string(&menu).unwrap().contains("今日歌曲"), "raw UTF-8, no escapes");
}

#[test]
fn every_type_has_its_wire_name() {
    for kind in ButtonType::ALL {
        assert_eq!(serde_json::to_value(&kind).unwrap(), json!(kind.as_str()));
        assert_eq!(serde_json::from_value::<ButtonType>(json!(kind.as_str())).unwrap(), kind);
        assert_eq!(ButtonType::from_name(kind.as_str()), Some(kind));
    }
    assert_eq!(ButtonType::from_name("text"), None);
}

#[test]
fn the_answer_of_menu_get() {
    let answer: MenuAnswer = serde_json::from_value(json!({
        "menu":{"button":[{"type":"click","name":"今日歌曲","key":"K","sub_button":[]}],"menuid":208_396_938},
        "conditionalmenu":[{"button":[],"matchrule":{"group_id":2,"client_platform_type":2},"menuid":"208396993"}]}))
    .unwrap();
    assert_eq!(answer.menu.menuid, Some(208_396_938));
    assert_eq!(answer.menu.button[0].sub_button, []);
    assert_eq!(answer.conditionalmenu[0].menuid, Some(208_396_993));
    assert_eq!(answer.conditionalmenu[0].matchrule["group_id"], 2);
    let bare: MenuAnswer = serde_json::from_value(json!({"menu":{"button":[]}})).unwrap();
    assert_eq!((bare.menu.menuid, bare.conditionalmenu.len()), (None, 0));
}

fn website_menu() -> CurrentMenu {
    serde_json::from_value(json!({"is_menu_open":1,"selfmenu_info":{"button":[
        {"name":"button","sub_button":{"list":[
            {"type":"view","name":"view_url","url":"http://www.qq.com"},
            {"type":"news","name":"news","value":"KQb_w","news_info":{"list":[{"title":"MULTI_NEWS","author":"JIMZHENG","digest":"text",
                "show_cover":0,"cover_url":"http://mmbiz.qpic.cn/0","content_url":"http://mp.weixin.qq.com/s","source_url":""}]}},
            {"type":"video","name":"video","value":"http://61.182.130.30/v.mp4"},
            {"type":"voice","name":"voice","value":"nTXe"}]}},
        {"type":"text","name":"text","value":"This is text!"},
        {"type":"miniprogram","name":"wxa","url":"http://mp.weixin.qq.com","appid":"wx286b93c14bbf93aa","pagepath":"p"}]}}))
    .unwrap()
}

#[test]
fn a_website_menu_converts_to_one_that_can_be_created() {
    let current = website_menu();
    assert!(current.is_open());
    let (menu, replaced) = current.to_menu("takeover_");
    assert_eq!(validate(&serde_json::to_value(&menu).unwrap()), []);
    assert_eq!(menu.button[0].kind, None);
    let subs: Vec<_> =
        menu.button[0].sub_button.iter().map(|b| (b.kind.as_ref().unwrap().as_str(), b.name.as_str())).collect();
    assert_eq!(subs, [("view", "view_url"), ("view", "news"), ("click", "video"), ("click", "voice")]);
    assert_eq!(menu.button[2].pagepath.as_deref(), Some("p"));
    let notes: Vec<_> =
        replaced.iter().map(|r| (r.path.as_str(), r.kind.as_str(), r.key.as_deref(), r.value.as_str())).collect();
    assert_eq!(
        notes,
        [
            ("button[0].sub_button[1]", "news", None, "http://mp.weixin.qq.com/s"),
            ("button[0].sub_button[2]", "video", Some("takeover_1_3"), "http://61.182.130.30/v.mp4"),
            ("button[0].sub_button[3]", "voice", Some("takeover_1_4"), "nTXe"),
            ("button[1]", "text", Some("takeover_2"), "This is text!"),
        ]
    );
}

#[test]
fn a_menu_may_be_switched_off_or_empty() {
    let off: CurrentMenu = serde_json::from_value(json!({"is_menu_open":0})).unwrap();
    assert!(!off.is_open());
    assert_eq!(off.to_menu("k").0.button, []);
    let empty: CurrentMenu = serde_json::from_value(json!({})).unwrap();
    assert!(empty.is_open());
}

#[test]
fn widths_follow_the_official_editor() {
    for (text, width) in
        [("", 0), ("abc", 3), ("中文", 4), ("a中", 3), ("ｱ", 1), ("～", 2), ("\u{7f}", 2), ("é", 2), ("😀", 4)]
    {
        assert_eq!(name_units(text), width, "{text}");
    }
    assert_eq!(cut_to_units("一二三四五", SHOWN_NAME_UNITS), "一二三四");
    assert_eq!(cut_to_units("abcdefghi", SHOWN_NAME_UNITS), "abcdefgh");
    assert_eq!(cut_to_units("一二三a四", SHOWN_NAME_UNITS), "一二三a");
    assert_eq!(cut_to_units("short", SHOWN_SUB_NAME_UNITS), "short");
}
