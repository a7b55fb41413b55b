//! Users (protocol I.4).

use super::{Form, OFFICIAL, choice, get, text};

pub(super) fn forms() -> Vec<Form> {
    vec![
        get(
            "user_info",
            "user",
            ("获取用户基本信息", "Get a user's information"),
            (
                "是否关注、关注来源、标签与备注；昵称头像已不再返回。",
                "Whether and how they follow, tags, remark; nick name and avatar are not told any more.",
            ),
            "/cgi-bin/user/info",
        )
        .sets(&[2])
        .kinds(OFFICIAL)
        .field(text("openid", ("用户 openid", "User's openid")).required())
        .field(choice("lang", ("语言", "Language"), &["zh_CN", "zh_TW", "en"])),
        get(
            "user_list",
            "user",
            ("获取关注者列表", "List followers"),
            ("每次最多 10000 个 openid；每天只有 500 次。", "Up to 10,000 openids a call; 500 calls a day only."),
            "/cgi-bin/user/get",
        )
        .sets(&[2])
        .kinds(OFFICIAL)
        .field(
            text("next_openid", ("从此 openid 之后开始", "After this openid"))
                .help(("第一页留空", "Empty for the first page")),
        ),
    ]
}
