//! Quotas, request ids and addresses (protocol C.9).

use serde_json::json;

use super::{APPID, Form, get, post, text};

pub(super) fn forms() -> Vec<Form> {
    vec![
        get(
            "callback_ip",
            "diagnostics",
            ("获取微信推送服务器 IP", "Get the addresses that WeChat pushes from"),
            ("推送消息的来源地址，可含网段。", "Where pushes come from; entries may be blocks."),
            "/cgi-bin/getcallbackip",
        ),
        get(
            "api_domain_ip",
            "diagnostics",
            ("获取微信 API 服务器 IP", "Get the addresses of WeChat's API"),
            ("调用接口的目标地址，用于出口防火墙。", "Where calls go, for a firewall."),
            "/cgi-bin/get_api_domain_ip",
        ),
        post(
            "quota_get",
            "diagnostics",
            ("查询 API 调用额度", "Query an API's quota"),
            ("某个接口今天的额度与已用次数。", "An API's daily quota, and how much of it is used."),
            "/cgi-bin/openapi/quota/get",
            json!({ "cgi_path": "/cgi-bin/message/custom/send" }),
        )
        .field(
            text("/cgi_path", ("接口路径", "Path"))
                .required()
                .help(("以 / 开头，不带域名与参数；不支持 /sns/", "Begins with /, no host, no query; not /sns/")),
        ),
        post(
            "rid_get",
            "diagnostics",
            ("查询 rid 信息", "Look up a request id"),
            ("报错信息中的 rid，7 天内可查。", "The rid of a refusal, for 7 days."),
            "/cgi-bin/openapi/rid/get",
            json!({ "rid": "" }),
        )
        .field(text("/rid", ("报错中的 rid", "rid of the refusal")).required()),
        post(
            "clear_quota",
            "diagnostics",
            ("重置 API 调用次数", "Clear quotas"),
            (
                "清零今天的全部接口次数；每月共 10 次，所有持有令牌的人共用。",
                "Clears all of today's counters; 10 a month, shared by everyone with a token.",
            ),
            "/cgi-bin/clear_quota",
            json!({ "appid": APPID }),
        )
        .changes()
        .field(
            text("/appid", ("账号 appid", "Account's appid"))
                .required()
                .help(("$APPID$ 表示发出调用的账号", "$APPID$ stands for the account that calls")),
        ),
    ]
}
