use super::*;
use crate::message::document::tree;
use crate::message::words;

fn line(rest: &str) -> String {
    summary(&tree(format!("<xml>{rest}</xml>").as_bytes()).unwrap())
}

fn notification(info_type: &str, rest: &str) -> String {
    line(&format!("<AppId>wxc</AppId><CreateTime>1</CreateTime><InfoType><![CDATA[{info_type}]]></InfoType>{rest}"))
}

#[test]
fn notifications_of_a_platform() {
    let grant = "<AuthorizerAppid>wxa</AuthorizerAppid><AuthorizationCode>queryauthcode@@@x</AuthorizationCode>\
                 <AuthorizationCodeExpiredTime>9</AuthorizationCodeExpiredTime><PreAuthCode>preauthcode@@@y</PreAuthCode>";
    let registered = "<appid>wxn</appid><status>0</status><auth_code>queryauthcode@@@z</auth_code><msg>OK</msg>\
                      <info><name>tencent</name><code>123</code></info>";
    let table = [
        ("component_verify_ticket", "<ComponentVerifyTicket>ticket@@@t</ComponentVerifyTicket>", ""),
        ("authorized", grant, "wxa"),
        ("updateauthorized", grant, "wxa"),
        ("unauthorized", "<AuthorizerAppid>wxa</AuthorizerAppid>", "wxa"),
        ("notify_third_fasteregister", registered, "wxn · OK · tencent"),
        ("notify_third_fastregisterbetaapp", "<msg>no</msg><info><unique_id>u</unique_id></info>", "no · u"),
        ("notify_third_fastverifybetaapp", registered, "wxn · OK · tencent"),
        ("notify_3rd_wxa_auth", "<appid>wxn</appid><taskid>t</taskid><message>m</message>", "wxn · m"),
        ("notify_3rd_wxa_wxverify", "<appid>wxn</appid><expired>9</expired><message>m</message>", "wxn · m"),
        (
            "notify_icpfiling_verify_result",
            "<task_id>t</task_id><verify_appid>wxn</verify_appid><result>3</result>",
            "task_id: t · verify_appid: wxn · result: 3",
        ),
        (
            "notify_apply_icpfiling_result",
            "<authorizer_appid>wxn</authorizer_appid><beian_status>6</beian_status>",
            "authorizer_appid: wxn · beian_status: 6",
        ),
        (
            "order_path_apply_result_notify",
            "<list><appid>wxn</appid><ret_code>0</ret_code></list>",
            "appid: wxn · ret_code: 0",
        ),
        ("order_path_audit_result_notify", "<list><appid>wxn</appid></list>", "appid: wxn"),
        (
            "new_one",
            grant,
            "AuthorizerAppid: wxa · AuthorizationCode: *** · AuthorizationCodeExpiredTime: 9 · PreAuthCode: ***",
        ),
    ];
    for (info_type, rest, expected) in table {
        assert_eq!(notification(info_type, rest), expected, "{info_type}");
    }
    for (info_type, _) in words::INFO_TYPES {
        assert!(table.iter().any(|(name, ..)| name == info_type), "{info_type}");
    }
}

#[test]
fn lines_are_folded_and_cut() {
    let text = |content: &str| line(&format!("<MsgType>text</MsgType><Content><![CDATA[{content}]]></Content>"));
    assert_eq!(text(" a\r\n\r\n\tb\u{2028}c\u{7} "), "a b c");
    let exact = "中".repeat(SUMMARY_CHARS);
    assert_eq!(text(&exact), exact);
    let cut = text(&format!("{exact}x"));
    assert!(cut.chars().count() == SUMMARY_CHARS && cut.ends_with("中…"));
    let many = line(&format!("<MsgType>new</MsgType>{}", "<a>1234567890</a>".repeat(5000)));
    assert_eq!(many.chars().count(), SUMMARY_CHARS);
    assert_eq!(line("<MsgType>new</MsgType><ToUserName>x</ToUserName><A>1</A><B><A>2</A></B><C/>"), "A: 1 · A: 2");
    assert_eq!(line("<A>1</A>"), "A: 1");
    assert_eq!(line("<MsgType>location</MsgType><Location_X>1</Location_X><Location_Y>2</Location_Y>"), "1, 2");
    let json = tree(br#"{"MsgType":"event","Event":"debug_demo","debug_str":"a\nb"}"#).unwrap();
    assert_eq!(summary(&json), "a b");
}

#[test]
fn secrets_by_name_and_by_form() {
    for name in ["ComponentVerifyTicket", "AuthorizationCode", "PreAuthCode", "auth_code"] {
        assert!(is_secret_field(name));
        assert_eq!(masked(name, "anything"), "***");
        assert_eq!(masked(name, " "), " ");
    }
    for name in ["Ticket", "code", "AuthorizationCodeExpiredTime", "Content", "EventKey", "authorizationcode"] {
        assert!(!is_secret_field(name), "{name}");
        assert_eq!(masked(name, "anything"), "anything");
    }
    for text in ["ticket@@@x", "queryauthcode@@@x", " preauthcode@@@x", "refreshtoken@@@x"] {
        assert_eq!(masked("Content", text), "***");
    }
    assert_eq!(masked("Content", "QUERY_AUTH_CODE:anything"), "QUERY_AUTH_CODE:***");
    assert_eq!(masked("Content", "QUERY_AUTH_CODE"), "QUERY_AUTH_CODE");
    let text = line("<MsgType>text</MsgType><Content>\nQUERY_AUTH_CODE:queryauthcode@@@x</Content>");
    assert_eq!(text, "QUERY_AUTH_CODE:***");
}
