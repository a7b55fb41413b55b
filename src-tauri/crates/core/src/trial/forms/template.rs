//! Template messages (protocol I.1).

use serde_json::json;

use super::{Form, OFFICIAL, Words, get, json as any, post, text, to_user};

const SEND: &str = "/cgi-bin/message/template/send";
const SEND_ABOUT: Words = (
    "向关注者发送模板消息；送达结果以 TEMPLATESENDJOBFINISH 事件推送。",
    "Sends a template message to a follower; the outcome is pushed as TEMPLATESENDJOBFINISH.",
);

fn of(form: Form) -> Form {
    form.sets(&[7]).kinds(OFFICIAL)
}

fn template_id(pointer: &str) -> super::Field {
    text(pointer, ("模板 ID", "Template id")).required().help(("见“获取模板列表”", "See the list of templates"))
}

fn data() -> super::Field {
    any("/data", ("模板数据", "Data"))
        .required()
        .help(("键与模板中的 {{keyword1.DATA}} 对应", "Keys as in the template's {{keyword1.DATA}}"))
}

pub(super) fn forms() -> Vec<Form> {
    let values = json!({ "keyword1": { "value": "巧克力" }, "keyword2": { "value": "39.8 元" } });
    vec![
        of(post(
            "template_send",
            "template",
            ("发送模板消息", "Send a template message"),
            SEND_ABOUT,
            SEND,
            json!({ "touser": "", "template_id": "", "url": "", "client_msg_id": "", "data": values }),
        ))
        .changes()
        .field(to_user())
        .field(template_id("/template_id"))
        .field(text("/url", ("点击打开的链接", "Link on tap")))
        .field(
            text("/client_msg_id", ("防重 ID", "Id against repeats"))
                .help(("相同的 ID 只发一次", "The same id is sent once only")),
        )
        .field(data()),
        of(post(
            "template_send_mini",
            "template",
            ("发送跳小程序的模板消息", "Send a template message to a mini program"),
            ("点击后打开小程序；旧版微信打开 url。", "A tap opens a mini program; old clients open url."),
            SEND,
            json!({ "touser": "", "template_id": "", "url": "", "miniprogram": { "appid": "", "pagepath": "pages/index/index" }, "data": values }),
        ))
        .changes()
        .field(to_user())
        .field(template_id("/template_id"))
        .field(text("/miniprogram/appid", ("小程序 appid", "Mini program's appid")).required())
        .field(text("/miniprogram/pagepath", ("页面路径", "Page path")))
        .field(text("/url", ("旧版微信打开的链接", "Link for old clients")))
        .field(data()),
        of(get(
            "template_list",
            "template",
            ("获取模板列表", "List templates"),
            ("账号的全部模板，含 ID、内容与示例。", "All templates of the account: ids, contents, examples."),
            "/cgi-bin/template/get_all_private_template",
        )),
        of(post(
            "template_add",
            "template",
            ("添加模板", "Add a template"),
            ("从模板库添加到账号。", "Adds one of WeChat's templates to the account."),
            "/cgi-bin/template/api_add_template",
            json!({ "template_id_short": "TM00015" }),
        ))
        .changes()
        .field(text("/template_id_short", ("模板库编号", "Number in the library")).required()),
        of(post(
            "template_delete",
            "template",
            ("删除模板", "Delete a template"),
            ("从账号删除一个模板，不可恢复。", "Deletes a template of the account, for good."),
            "/cgi-bin/template/del_private_template",
            json!({ "template_id": "" }),
        ))
        .changes()
        .field(template_id("/template_id")),
        of(get(
            "template_industry_get",
            "template",
            ("获取行业信息", "Get the industries"),
            ("账号设置的主营与副营行业。", "The account's primary and secondary industry."),
            "/cgi-bin/template/get_industry",
        )),
        of(post(
            "template_industry_set",
            "template",
            ("设置所属行业", "Set the industries"),
            ("决定可用的模板库；微信限制修改次数。", "Decides which templates can be added; WeChat limits how often."),
            "/cgi-bin/template/api_set_industry",
            json!({ "industry_id1": "1", "industry_id2": "4" }),
        ))
        .changes()
        .field(text("/industry_id1", ("主营行业编号", "Primary industry's number")).required())
        .field(text("/industry_id2", ("副营行业编号", "Secondary industry's number")).required()),
    ]
}
