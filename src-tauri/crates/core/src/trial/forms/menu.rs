//! Menus (protocol F.1). The menu editor keeps drafts and versions; these calls go past it.

use serde_json::json;

use super::{Form, OFFICIAL, get, json as any, post, text};

pub(super) fn forms() -> Vec<Form> {
    vec![
        get(
            "menu_get",
            "menu",
            ("获取自定义菜单配置", "Get the menu"),
            ("接口创建的默认与个性化菜单；没有时返回 46003。", "Menus made by API, default and conditional; 46003 when there is none."),
            "/cgi-bin/menu/get",
        )
        .sets(&[15])
        .kinds(OFFICIAL),
        get(
            "menu_current",
            "menu",
            ("查询当前菜单", "Get the live menu"),
            ("正在生效的菜单，包括在公众平台上手工设置的。", "Whatever is live, also what was made by hand on mp.weixin.qq.com."),
            "/cgi-bin/get_current_selfmenu_info",
        )
        .sets(&[1, 3, 15])
        .kinds(OFFICIAL),
        post(
            "menu_create",
            "menu",
            ("创建自定义菜单", "Create the menu"),
            (
                "替换整个默认菜单，立即生效；不经过本机的草稿与历史。每天 1000 次。",
                "Replaces the whole default menu at once, past the drafts and versions here. 1,000 a day.",
            ),
            "/cgi-bin/menu/create",
            json!({ "button": [{ "type": "click", "name": "今日歌曲", "key": "V1001_TODAY_MUSIC" }, { "type": "view", "name": "官网", "url": "https://www.qq.com/" }] }),
        )
        .sets(&[15])
        .kinds(OFFICIAL)
        .changes()
        .field(any("/button", ("按钮", "Buttons")).required().help(("1–3 个一级菜单，各 1–5 个子菜单", "1 to 3 buttons with 1 to 5 below each"))),
        get(
            "menu_delete",
            "menu",
            ("删除自定义菜单", "Delete the menu"),
            ("连同全部个性化菜单一起删除。每天 1000 次。", "With all conditional menus. 1,000 a day."),
            "/cgi-bin/menu/delete",
        )
        .sets(&[15])
        .kinds(OFFICIAL)
        .changes(),
        post(
            "menu_trymatch",
            "menu",
            ("测试个性化菜单匹配", "Try which menu a user sees"),
            ("按 openid 或微信号查看该用户看到的菜单。", "The menu that a user sees, by openid or WeChat id."),
            "/cgi-bin/menu/trymatch",
            json!({ "user_id": "" }),
        )
        .sets(&[15])
        .kinds(OFFICIAL)
        .field(text("/user_id", ("openid 或微信号", "openid or WeChat id")).required()),
    ]
}
