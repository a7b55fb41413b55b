//! Owns: the menus that owners of built-in accounts made by hand on mp.weixin.qq.com.
//! Must not: answer calls; `api::menu` does.
//! Invariant: every type of F.5 that the website makes occurs once at least.

use serde_json::{Value, json};

fn article(title: &str, number: u32) -> Value {
    json!({
        "title": title, "author": "编辑部", "digest": "本月推荐", "show_cover": 0, "cover_url": "",
        "content_url": format!("https://mp.weixin.qq.com/s?__biz=demo&mid={number}"), "source_url": "",
    })
}

/// Number of the built-in account, and its menu as `selfmenu_info.button` shows it.
pub(crate) fn menus() -> [(usize, Value); 3] {
    [
        // An unverified account can neither type an address nor send text.
        (
            1,
            json!([
                {"type": "img", "name": "今日菜单", "value": "pHoToMeDiA-breakfast-0001"},
                {"type": "news", "name": "招牌包子", "value": "nEwSmEdIa-breakfast-0001",
                 "news_info": {"list": [article("三代人的包子铺", 11)]}},
            ]),
        ),
        (
            3,
            json!([
                {"name": "关于我们", "sub_button": {"list": [
                    {"type": "view", "name": "官网", "url": "https://www.example.com/"},
                    {"type": "text", "name": "营业时间", "value": "每天 9:00–21:00"},
                    {"type": "news", "name": "本月书单", "value": "KQb_w_Tiz-nSdVLoTV35Psmty8hGBulGhEdbb9SKs-o",
                     "news_info": {"list": [{"title": "十本好书", "author": "云上书房", "digest": "本月推荐", "show_cover": 0,
                        "cover_url": "", "content_url": "https://mp.weixin.qq.com/s?__biz=demo", "source_url": ""}]}}
                ]}},
                {"type": "img", "name": "门店地图", "value": "ax5Whs5dsoomJLEppAvftBUuH7CgXCZGFbFJifmbUjnQk_ierMHY99Y5d2Cv14RD"},
            ]),
        ),
        (
            4,
            json!([
                {"name": "图文", "sub_button": {"list": [
                    {"type": "view", "name": "会员中心", "url": "https://www.example.com/member?from=menu#wechat_redirect"},
                    {"type": "news", "name": "新品", "value": "nEwSmEdIa-single-0001",
                     "news_info": {"list": [article("新品上市", 21)]}},
                    {"type": "news", "name": "往期", "value": "nEwSmEdIa-many-0001",
                     "news_info": {"list": [article("一月号", 31), article("二月号", 32), article("三月号", 33)]}},
                    {"type": "miniprogram", "name": "小程序商城", "url": "https://www.example.com/shop",
                     "appid": "wx286b93c14bbf93aa", "pagepath": "pages/lunar/index"},
                ]}},
                {"name": "多媒体", "sub_button": {"list": [
                    {"type": "img", "name": "门店照片", "value": "iMgMeDiA-store-0001"},
                    {"type": "photo", "name": "海报", "value": "pHoToMeDiA-poster-0001"},
                    {"type": "voice", "name": "语音导览", "value": "vOiCeMeDiA-guide-0001"},
                    {"type": "video", "name": "宣传片", "value": "https://video.example.com/vweixinp.tc.qq.com/demo.mp4"},
                ]}},
                {"type": "text", "name": "联系我们", "value": "客服电话 400-000-0000\n工作日 9:00–18:00"},
            ]),
        ),
    ]
}
