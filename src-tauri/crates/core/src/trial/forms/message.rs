//! Customer-service messages (protocol I.2).

use serde_json::{Value, json};

use super::{Field, Form, OFFICIAL, Words, choice, json as any, long, post, text, to_user};

const PATH: &str = "/cgi-bin/message/custom/send";
const ABOUT: Words = (
    "发给 48 小时内发过消息的用户（每条用户消息可回 5 条）；点击菜单、关注、扫码后 1 分钟内可发 3 条。可加 customservice.kf_account 指定客服。",
    "To a user who wrote in the last 48 hours (5 answers a message); within a minute after a menu tap, a follow or a scan, 3. Add customservice.kf_account to choose the agent.",
);

fn message(msgtype: &str, name: Words, payload: Value) -> Form {
    let mut body = json!({ "touser": "", "msgtype": msgtype });
    body[msgtype] = payload;
    post(&format!("message_{msgtype}"), "message", name, ABOUT, PATH, body).sets(&[1, 19]).changes().field(to_user())
}

fn media_id(pointer: &str) -> Field {
    text(pointer, ("素材 media_id", "media_id of the material")).required()
}

fn thumb(pointer: &str) -> Field {
    text(pointer, ("封面 media_id", "media_id of the cover")).required()
}

fn title(pointer: &str) -> Field {
    text(pointer, ("标题", "Title"))
}

fn description(pointer: &str) -> Field {
    long(pointer, ("描述", "Description"))
}

pub(super) fn forms() -> Vec<Form> {
    vec![
        message("text", ("文本消息", "Text message"), json!({ "content": "你好" }))
            .field(long("/text/content", ("内容", "Content")).required()),
        message("image", ("图片消息", "Picture message"), json!({ "media_id": "" })).field(media_id("/image/media_id")),
        message("voice", ("语音消息", "Voice message"), json!({ "media_id": "" }))
            .kinds(OFFICIAL)
            .field(media_id("/voice/media_id")),
        message(
            "video",
            ("视频消息", "Video message"),
            json!({ "media_id": "", "thumb_media_id": "", "title": "", "description": "" }),
        )
        .kinds(OFFICIAL)
        .field(media_id("/video/media_id"))
        .field(thumb("/video/thumb_media_id"))
        .field(title("/video/title"))
        .field(description("/video/description")),
        message(
            "music",
            ("音乐消息", "Music message"),
            json!({ "title": "", "description": "", "musicurl": "", "hqmusicurl": "", "thumb_media_id": "" }),
        )
        .kinds(OFFICIAL)
        .field(title("/music/title"))
        .field(description("/music/description"))
        .field(text("/music/musicurl", ("音乐链接", "Music URL")).required())
        .field(
            text("/music/hqmusicurl", ("高品质音乐链接", "High-quality music URL"))
                .required()
                .help(("Wi-Fi 下优先使用", "Preferred on Wi-Fi")),
        )
        .field(thumb("/music/thumb_media_id")),
        message(
            "news",
            ("图文消息（外链）", "Article message (own link)"),
            json!({ "articles": [{ "title": "", "description": "", "url": "https://", "picurl": "https://" }] }),
        )
        .kinds(OFFICIAL)
        .field(title("/news/articles/0/title").required())
        .field(description("/news/articles/0/description"))
        .field(text("/news/articles/0/url", ("跳转链接", "Link")).required())
        .field(
            text("/news/articles/0/picurl", ("图片链接", "Picture URL")).help(("只能发 1 条图文", "One article only")),
        ),
        message("mpnews", ("图文消息（素材）", "Article message (material)"), json!({ "media_id": "" }))
            .kinds(OFFICIAL)
            .field(media_id("/mpnews/media_id")),
        message("mpnewsarticle", ("已发布图文", "Published article"), json!({ "article_id": "" }))
            .kinds(OFFICIAL)
            .field(
                text("/mpnewsarticle/article_id", ("已发布文章的 article_id", "article_id of the article")).required(),
            ),
        message(
            "msgmenu",
            ("菜单消息", "Menu message"),
            json!({
                "head_content": "您对本次服务是否满意？",
                "list": [{ "id": "101", "content": "满意" }, { "id": "102", "content": "不满意" }],
                "tail_content": "欢迎再次光临",
            }),
        )
        .kinds(OFFICIAL)
        .field(text("/msgmenu/head_content", ("开头", "Head")))
        .field(
            any("/msgmenu/list", ("选项", "Choices")).required().help((
                "用户点选后，以文本消息推送 bizmsgmenuid",
                "A tap is pushed as a text message with bizmsgmenuid",
            )),
        )
        .field(text("/msgmenu/tail_content", ("结尾", "Tail"))),
        message("wxcard", ("卡券消息", "Card message"), json!({ "card_id": "" }))
            .kinds(OFFICIAL)
            .field(text("/wxcard/card_id", ("卡券 card_id", "card_id of the card")).required()),
        message(
            "miniprogrampage",
            ("小程序卡片", "Mini program card"),
            json!({ "title": "", "appid": "", "pagepath": "pages/index/index", "thumb_media_id": "" }),
        )
        .field(title("/miniprogrampage/title").required())
        .field(text("/miniprogrampage/appid", ("小程序 appid", "Mini program's appid")).help((
            "须与公众号关联；小程序自己发送时不需要",
            "Must be linked with the account; not needed when a mini program sends",
        )))
        .field(text("/miniprogrampage/pagepath", ("页面路径", "Page path")).required())
        .field(thumb("/miniprogrampage/thumb_media_id")),
        post(
            "message_typing",
            "message",
            ("客服输入状态", "Typing indicator"),
            ("让用户看到“对方正在输入”。", "Shows the user that an answer is being written."),
            "/cgi-bin/message/custom/typing",
            json!({ "touser": "", "command": "Typing" }),
        )
        .sets(&[1, 19])
        .changes()
        .field(to_user())
        .field(choice("/command", ("指令", "Command"), &["Typing", "CancelTyping"])),
    ]
}
