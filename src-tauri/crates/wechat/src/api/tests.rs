mod media;
mod messages;
mod qr_codes;
mod users;

use std::future::Future;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use serde_json::{Value, json};

use super::*;
use crate::account::AccountKind;
use crate::error::ErrorClass;
use crate::transport::{ApiResponse, BoxFuture, TransportError};

/// Answers every call with the same, and keeps the request.
struct Canned {
    answer: Result<ApiResponse, TransportError>,
    asked: Mutex<Option<ApiRequest>>,
}

impl Canned {
    fn json(body: Value) -> Self {
        Self::raw(200, body.to_string().as_bytes())
    }

    fn raw(status: u16, body: &[u8]) -> Self {
        Self { answer: Ok(ApiResponse::new(status, body.to_vec())), asked: Mutex::new(None) }
    }

    fn failing(error: TransportError) -> Self {
        Self { answer: Err(error), asked: Mutex::new(None) }
    }

    fn asked(&self) -> ApiRequest {
        self.asked.lock().unwrap().clone().unwrap()
    }

    fn asked_body(&self) -> Value {
        serde_json::from_slice(self.asked().body.as_deref().unwrap()).unwrap()
    }
}

impl Transport for Canned {
    fn send(&self, req: ApiRequest) -> BoxFuture<'_, Result<ApiResponse, TransportError>> {
        *self.asked.lock().unwrap() = Some(req);
        let answer = self.answer.clone();
        Box::pin(async move { answer })
    }
}

/// The canned transport is ready at once, so a future that waits is a mistake.
fn run<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the call waited for something"),
    }
}

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

#[test]
fn start_push_ticket_names_its_secret_differently() {
    let t = Canned::json(json!({"errcode":0,"errmsg":"ok"}));
    run(start_push_ticket(&t, "wx1", &secret("S"))).unwrap();
    assert_eq!(t.asked().path, "/cgi-bin/component/api_start_push_ticket");
    assert_eq!(t.asked_body(), json!({"component_appid":"wx1","component_secret":"S"}));
    assert!(t.asked().query.is_empty());
}

#[test]
fn component_tokens() {
    let t = Canned::json(json!({"component_access_token":"61W3","expires_in":7200}));
    let grant = run(component_token(&t, "wx1", &secret("S"), &secret("ticket@@@1"))).unwrap();
    assert_eq!((grant.token.expose().as_str(), grant.expires_in), ("61W3", 7200));
    assert_eq!(
        t.asked_body(),
        json!({"component_appid":"wx1","component_appsecret":"S","component_verify_ticket":"ticket@@@1"})
    );
    assert_eq!(t.asked().method, Method::Post);
    assert_eq!(t.asked().host, Host::Api);
}

#[test]
fn a_grant_without_a_token_or_a_life_is_no_success() {
    for body in [
        json!({}),
        json!({"errcode":0}),
        json!({"component_access_token":"","expires_in":7200}),
        json!({"component_access_token":"x"}),
        json!({"component_access_token":"x","expires_in":0}),
        json!({"component_access_token":"x","expires_in":-5}),
        json!({"component_access_token":7,"expires_in":7200}),
    ] {
        let result = run(component_token(&Canned::json(body.clone()), "wx1", &secret("S"), &secret("T")));
        assert!(matches!(result, Err(CallError::BadBody(_))), "{body}");
    }
    let t = Canned::json(json!({"component_access_token":"x","expires_in":"7200"}));
    assert_eq!(run(component_token(&t, "wx1", &secret("S"), &secret("T"))).unwrap().expires_in, 7200);
}

#[test]
fn pre_auth_codes_live_as_long_as_the_answer_says() {
    let t = Canned::json(json!({"pre_auth_code":"preauthcode@@@1","expires_in":1800}));
    let code = run(create_preauthcode(&t, &secret("CT"), "wx1")).unwrap();
    assert_eq!((code.code.expose().as_str(), code.expires_in), ("preauthcode@@@1", 1800));
    assert_eq!(t.asked().query_value("component_access_token"), Some("CT"));
    assert_eq!(t.asked_body(), json!({"component_appid":"wx1"}));
}

#[test]
fn redeeming_a_code() {
    let t = Canned::json(json!({"authorization_info":{
        "authorizer_appid":"wxf8b4f85f3a794e77","authorizer_access_token":"QXjU","expires_in":7200,"authorizer_refresh_token":"dTo",
        "func_info":[{"funcscope_category":{"id":1,"type":0,"name":"消息","desc":"d"}},
            {"funcscope_category":{"id":30},"confirm_info":{"need_confirm":1,"already_confirm":0,"can_confirm":0}},
            {"unknown":1},{"funcscope_category":{"id":"7"}},null]}}));
    let info = run(query_auth(&t, &secret("CT"), "wx1", &secret("queryauthcode@@@1"))).unwrap();
    assert_eq!(info.authorizer_appid, "wxf8b4f85f3a794e77");
    assert_eq!(info.access_token.unwrap().expose(), "QXjU");
    assert_eq!((info.expires_in, info.refresh_token.unwrap().expose().as_str()), (Some(7200), "dTo"));
    assert_eq!(info.func_info.iter().map(|f| f.id).collect::<Vec<_>>(), [1, 30, 7]);
    assert_eq!(info.func_info[0].name.as_deref(), Some("消息"));
    assert_eq!(
        (info.func_info[0].need_confirm, info.func_info[1].need_confirm, info.func_info[1].already_confirm),
        (None, Some(true), Some(false))
    );
    assert_eq!(t.asked_body(), json!({"component_appid":"wx1","authorization_code":"queryauthcode@@@1"}));
}

#[test]
fn an_account_without_api_permission_has_no_tokens() {
    for grant in [
        json!({"authorizer_appid":"wx2"}),
        json!({"authorizer_appid":"wx2","authorizer_access_token":"","expires_in":0,"authorizer_refresh_token":"","func_info":null}),
        json!({"authorizer_appid":"wx2","authorizer_access_token":null,"authorizer_refresh_token":null,"func_info":[]}),
    ] {
        let t = Canned::json(json!({ "authorization_info": grant }));
        let info = run(query_auth(&t, &secret("CT"), "wx1", &secret("c"))).unwrap();
        assert_eq!(
            (info.access_token, info.expires_in, info.refresh_token, info.func_info.len()),
            (None, None, None, 0)
        );
    }
    // A token without a life cannot be scheduled.
    let t = Canned::json(json!({"authorization_info":{"authorizer_appid":"wx2","authorizer_access_token":"x"}}));
    assert_eq!(run(query_auth(&t, &secret("CT"), "wx1", &secret("c"))).unwrap().access_token, None);
}

#[test]
fn refreshing_keeps_an_absent_or_empty_refresh_token_apart_from_a_new_one() {
    let refresh = |rest: Value| {
        let mut body = json!({"authorizer_access_token":"A","expires_in":7200});
        body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        let t = Canned::json(body);
        let grant = run(authorizer_token(&t, &secret("CT"), "wx1", "wx2", &secret("refreshtoken@@@1"))).unwrap();
        assert_eq!(
            t.asked_body(),
            json!({"component_appid":"wx1","authorizer_appid":"wx2","authorizer_refresh_token":"refreshtoken@@@1"})
        );
        grant.refresh_token.map(|token| token.expose().clone())
    };
    assert_eq!(refresh(json!({"authorizer_refresh_token":"new"})).as_deref(), Some("new"));
    assert_eq!(refresh(json!({"authorizer_refresh_token":""})), None);
    assert_eq!(refresh(json!({"authorizer_refresh_token":null})), None);
    assert_eq!(refresh(json!({})), None);
}

fn info(body: Value) -> AuthorizerInfo {
    run(get_authorizer_info(&Canned::json(body), &secret("CT"), "wx1", "wxf8b4f85f3a794e77")).unwrap()
}

#[test]
fn an_official_account() {
    let account = info(json!({"authorizer_info":{
        "nick_name":"微信SDK Demo Special","head_img":"http://wx.qlogo.cn/0","service_type_info":{"id":2,"name":"服务号"},
        "verify_type_info":{"id":0,"name":"微信认证"},"user_name":"gh_eb5e3a772040","principal_name":"腾讯","alias":"paytest01",
        "signature":"s","business_info":{"open_store":0,"open_pay":1},"qrcode_url":"http://q","idc":1,"register_type":0,
        "account_status":1,"basic_config":{"is_phone_configured":true,"is_email_configured":false},"channels_info":{"x":1}},
        "authorization_info":{"authorizer_appid":"wxf8b4f85f3a794e77","authorizer_refresh_token":"refreshtoken@@@1",
        "func_info":[{"funcscope_category":{"id":1}},{"funcscope_category":{"id":2}}]}}));
    assert_eq!(
        (account.kind, account.nick_name.as_str(), account.user_name.as_str()),
        (AccountKind::OfficialAccount, "微信SDK Demo Special", "gh_eb5e3a772040")
    );
    assert_eq!(
        (account.service_type, account.verify_type, account.account_status, account.register_type),
        (Some(2), Some(0), Some(1), Some(0))
    );
    assert_eq!(account.qrcode_url.as_deref(), Some("http://q"));
    assert_eq!(account.business, [("open_pay".to_owned(), true), ("open_store".to_owned(), false)]);
    assert_eq!((account.phone_configured, account.email_configured), (Some(true), Some(false)));
    assert_eq!(account.authorization.refresh_token.as_ref().unwrap().expose(), "refreshtoken@@@1");
    assert_eq!(account.authorization.func_info.len(), 2);
    assert_eq!(account.raw["authorizer_info"]["channels_info"]["x"], 1, "unknown members are kept");
    assert!(!account.raw.to_string().contains("refreshtoken@@@"), "the raw answer holds no secret");
    assert!(!format!("{account:?}").contains("refreshtoken@@@"));
}

#[test]
fn a_mini_program() {
    let account = info(
        json!({"authorizer_info":{"nick_name":"n","user_name":"gh_2","service_type_info":{"id":0},"verify_type_info":{"id":-1},
        "MiniProgramInfo":{"network":{"RequestDomain":["https://weixin.qq.com"],"NewRequestDomain":[],"UDPDomain":null},
            "categories":[{"first":"生活服务","second":"丽人服务"}],"visit_status":0}},
        "authorization_info":{"authorizer_appid":"wx3"}}),
    );
    assert_eq!(account.kind, AccountKind::MiniProgram);
    let mini = account.mini_program.unwrap();
    assert!(mini.network.contains(&("RequestDomain".to_owned(), vec!["https://weixin.qq.com".to_owned()])));
    assert_eq!(mini.categories, [("生活服务".to_owned(), "丽人服务".to_owned())]);
    assert_eq!(mini.visit_status, Some(0));
    assert_eq!(account.verify_type, Some(-1));
}

#[test]
fn old_forms_of_the_description() {
    for (grant, appid) in [
        (json!({"appid":"wxold"}), "wxold"),
        (json!({"authorization_appid":"wxold2"}), "wxold2"),
        (json!({"authorizer_appid":"","appid":"wxold"}), "wxold"),
        (json!({}), "wxf8b4f85f3a794e77"),
    ] {
        let account = info(
            json!({"authorizer_info":{"nick_name":"n","alias":""},"qrcode_url":"http://top","authorization_info":grant}),
        );
        assert_eq!(account.authorization.authorizer_appid, appid);
        assert_eq!(account.qrcode_url.as_deref(), Some("http://top"));
        assert_eq!((account.alias, account.principal_name, account.service_type), (None, None, None));
    }
    let account = info(json!({"authorizer_info":{}}));
    assert_eq!((account.nick_name.as_str(), account.authorization.refresh_token), ("", None));
    let nothing = run(get_authorizer_info(&Canned::json(json!({"errcode":0})), &secret("CT"), "wx1", "wx2"));
    assert!(matches!(nothing, Err(CallError::BadBody(_))));
}

#[test]
fn lists_of_authorizers() {
    let t = Canned::json(json!({"total_count":33,"list":[
        {"authorizer_appid":"a1","refresh_token":"r1","auth_time":1_558_000_607},{"authorizer_appid":"a2","refresh_token":""}]}));
    let list = run(get_authorizer_list(&t, &secret("CT"), "wx1", 5, 9999)).unwrap();
    assert_eq!((list.total, list.items.len()), (33, 2));
    assert_eq!(
        (list.items[0].refresh_token.as_ref().unwrap().expose().as_str(), list.items[0].auth_time),
        ("r1", Some(1_558_000_607))
    );
    assert_eq!((list.items[1].refresh_token.clone(), list.items[1].auth_time), (None, None));
    assert_eq!(
        t.asked_body(),
        json!({"component_appid":"wx1","offset":5,"count":500}),
        "more than 500 is refused with 40170"
    );
    let empty =
        run(get_authorizer_list(&Canned::json(json!({"total_count":0,"list":null})), &secret("CT"), "wx1", 0, 1))
            .unwrap();
    assert_eq!((empty.total, empty.items.len()), (0, 0));
}

#[test]
fn options_in_both_forms() {
    let t = Canned::json(json!({"errcode":0,"errmsg":"ok","option_name":"voice_recognize","option_value":"1"}));
    assert_eq!(run(get_authorizer_option(&t, &secret("AT"), "voice_recognize")).unwrap(), "1");
    assert_eq!(
        (t.asked().path.as_str(), t.asked().query_value("access_token").unwrap().to_owned()),
        ("/cgi-bin/component/get_authorizer_option", "AT".to_owned())
    );
    assert_eq!(t.asked_body(), json!({"option_name":"voice_recognize"}));
    run(set_authorizer_option(&t, &secret("AT"), "voice_recognize", "0")).unwrap();
    assert_eq!(t.asked_body(), json!({"option_name":"voice_recognize","option_value":"0"}));
    let t = Canned::json(json!({"authorizer_appid":"wx2","option_name":"voice_recognize","option_value":1}));
    assert_eq!(run(get_authorizer_option_legacy(&t, &secret("CT"), "wx1", "wx2", "voice_recognize")).unwrap(), "1");
    assert_eq!(t.asked().path, "/cgi-bin/component/api_get_authorizer_option");
    run(set_authorizer_option_legacy(&t, &secret("CT"), "wx1", "wx2", "voice_recognize", "0")).unwrap();
    assert_eq!(
        t.asked_body(),
        json!({"component_appid":"wx1","authorizer_appid":"wx2","option_name":"voice_recognize","option_value":"0"})
    );
    assert_eq!(t.asked().query_value("component_access_token"), Some("CT"));
}

#[test]
fn quotas_and_diagnostics() {
    let ok = Canned::json(json!({"errcode":0,"errmsg":"ok"}));
    run(clear_quota(&ok, &secret("AT"), "wx2")).unwrap();
    assert_eq!((ok.asked().path.as_str(), ok.asked_body()), ("/cgi-bin/clear_quota", json!({"appid":"wx2"})));
    run(clear_quota_v2(&ok, "wx2", &secret("S"))).unwrap();
    assert_eq!(
        (ok.asked().path.as_str(), ok.asked_body()),
        ("/cgi-bin/clear_quota/v2", json!({"appid":"wx2","appsecret":"S"}))
    );
    run(clear_component_quota_v2(&ok, "wx1", None, &secret("S"))).unwrap();
    assert_eq!(ok.asked_body(), json!({"component_appid":"wx1","appsecret":"S"}));
    run(clear_component_quota_v2(&ok, "wx1", Some("wx2"), &secret("S"))).unwrap();
    assert_eq!(ok.asked_body(), json!({"component_appid":"wx1","appid":"wx2","appsecret":"S"}));
    run(quota_clear(&ok, &secret("AT"), "/cgi-bin/x")).unwrap();
    assert_eq!(ok.asked().path, "/cgi-bin/openapi/quota/clear");

    let t = Canned::json(
        json!({"errcode":0,"quota":{"daily_limit":100_000,"used":3,"remain":99_997},"rate_limit":{"call_count":5,"refresh_second":1}}),
    );
    let quota = run(quota_get(&t, &secret("AT"), "/cgi-bin/message/custom/send")).unwrap();
    assert_eq!(
        (quota.quota.remain, quota.rate_limit.unwrap().call_count, quota.component_rate_limit),
        (99_997, 5, None)
    );

    let t = Canned::json(
        json!({"errcode":0,"request":{"invoke_time":1_635_156_704,"cost_in_ms":30,"request_url":"access_token=T0KEN","request_body":"","response_body":"{}","client_ip":"113.1.1.1"}}),
    );
    let rid = run(rid_get(&t, &secret("AT"), "61725984-6126f6f9-040f19c4")).unwrap();
    assert_eq!((rid.cost_in_ms, rid.client_ip.as_str()), (30, "113.1.1.1"));
    assert!(!format!("{rid:?}").contains("T0KEN"));

    let t = Canned::json(json!({"ip_list":["1.2.3.4","5.6.7.0/24"]}));
    assert_eq!(run(get_api_domain_ip(&t, &secret("AT"))).unwrap(), ["1.2.3.4", "5.6.7.0/24"]);
    assert_eq!(run(get_callback_ip(&t, &secret("AT"))).unwrap().len(), 2);
    assert_eq!(
        (t.asked().method, t.asked().path.as_str(), t.asked().body.is_none()),
        (Method::Get, "/cgi-bin/getcallbackip", true)
    );

    let t = Canned::json(
        json!({"dns":[{"ip":"1.1.1.1","real_operator":"UNICOM"}],"ping":[{"ip":"1.1.1.1","from_operator":"UNICOM","package_loss":"0%","time":"23.079ms"}]}),
    );
    let check = run(callback_check(&t, &secret("AT"), "all", "DEFAULT")).unwrap();
    assert_eq!((check.dns[0].real_operator.as_str(), check.ping[0].time.as_str()), ("UNICOM", "23.079ms"));
}

#[test]
fn own_accounts_and_tickets() {
    let t = Canned::json(json!({"access_token":"A","expires_in":7200}));
    assert_eq!(run(account_token(&t, "wx2", &secret("S"))).unwrap().token.expose(), "A");
    assert_eq!(t.asked().target().expose(), "/cgi-bin/token?grant_type=client_credential&appid=wx2&secret=S");
    let t = Canned::json(json!({"access_token":"A","expires_in":345}));
    assert_eq!(run(stable_token(&t, "wx2", &secret("S"), true)).unwrap().expires_in, 345);
    assert_eq!(
        t.asked_body(),
        json!({"grant_type":"client_credential","appid":"wx2","secret":"S","force_refresh":true})
    );
    let t = Canned::json(json!({"errcode":0,"errmsg":"ok","ticket":"bxL","expires_in":7200}));
    assert_eq!(run(js_sdk::get_ticket(&t, &secret("AT"), "jsapi")).unwrap().token.expose(), "bxL");
    assert_eq!(t.asked().query_value("type"), Some("jsapi"));
}

#[test]
fn oauth_codes() {
    let t = Canned::json(
        json!({"access_token":"A","expires_in":7200,"refresh_token":"R","openid":"o1","scope":"snsapi_base","is_snapshotuser":1}),
    );
    let grant = run(oauth::oauth_token(&t, "wx2", &secret("S"), &secret("C"))).unwrap();
    assert_eq!((grant.openid.as_str(), grant.is_snapshot_user, grant.unionid), ("o1", true, None));
    let grant = run(oauth::component_oauth_token(&t, &secret("CT"), "wx1", "wx2", &secret("C"))).unwrap();
    assert_eq!(grant.access_token.expose(), "A");
    assert_eq!(
        t.asked().target().expose(),
        "/sns/oauth2/component/access_token?appid=wx2&code=C&grant_type=authorization_code&component_appid=wx1&component_access_token=CT"
    );
}

#[test]
fn menus() {
    let ok = Canned::json(json!({"errcode":0,"errmsg":"ok"}));
    let body = json!({"button":[{"type":"click","name":"今日歌曲","key":"K"}]});
    run(menu::create(&ok, &secret("AT"), &body)).unwrap();
    assert_eq!(ok.asked_body(), body);
    assert!(
        String::from_utf8(ok.asked().body.clone().unwrap()).unwrap().contains("今日歌曲"),
        "escapes are refused with 40033"
    );
    run(menu::delete(&ok, &secret("AT"))).unwrap();
    assert_eq!(ok.asked().path, "/cgi-bin/menu/delete");
    let none = Canned::json(json!({"errcode":46003,"errmsg":"menu no exist rid: 5fa26c60-1a0ebdd5-32fd1cd0"}));
    assert_eq!(run(menu::get(&none, &secret("AT"))).unwrap(), None);
    let some = Canned::json(json!({"menu":{"button":[{"type":"click","name":"n","key":"K","sub_button":[]}]}}));
    assert_eq!(run(menu::get(&some, &secret("AT"))).unwrap().unwrap()["menu"]["button"][0]["key"], "K");
    let refused = Canned::json(json!({"errcode":48001,"errmsg":"api unauthorized"}));
    assert_eq!(run(menu::get(&refused, &secret("AT"))).unwrap_err().code(), Some(48001));
    let current = Canned::json(json!({"is_menu_open":0,"selfmenu_info":{"button":[]}}));
    let current = run(menu::current_selfmenu_info(&current, &secret("AT"))).unwrap();
    assert!(!crate::menu::is_open(&current));
}

#[test]
fn conditional_menus() {
    let added = Canned::json(json!({"menuid":"208379533"}));
    let body = json!({"button":[{"type":"click","name":"今日歌曲","key":"K"}],"matchrule":{"tag_id":"2"}});
    assert_eq!(run(menu::add_conditional(&added, &secret("AT"), &body)).unwrap(), "208379533");
    assert_eq!((added.asked().path.as_str(), added.asked_body()), ("/cgi-bin/menu/addconditional", body));
    assert!(run(menu::add_conditional(&Canned::json(json!({"menuid":""})), &secret("AT"), &json!({}))).is_err());
    let ok = Canned::json(json!({"errcode":0,"errmsg":"ok"}));
    run(menu::delete_conditional(&ok, &secret("AT"), "208379533")).unwrap();
    assert_eq!(ok.asked_body(), json!({"menuid":"208379533"}));
    let seen = Canned::json(json!({"button":[{"type":"view","name":"n","url":"http://a","sub_button":[]}]}));
    assert_eq!(run(menu::try_match(&seen, &secret("AT"), "weixin")).unwrap().len(), 1);
    assert_eq!(seen.asked_body(), json!({"user_id":"weixin"}));
}

#[test]
fn refusals_carry_code_and_class_and_no_secret() {
    let t = Canned::json(
        json!({"errcode":61023,"errmsg":"refresh_token is invalid: refreshtoken@@@1 CT rid: 5fa26c60-1a0ebdd5-32fd1cd0"}),
    );
    let error = run(authorizer_token(&t, &secret("CT"), "wx1", "wx2", &secret("refreshtoken@@@1"))).unwrap_err();
    assert_eq!((error.code(), error.class()), (Some(61023), ErrorClass::NeedsAuthorization));
    assert_eq!(error.api().unwrap().rid.as_deref(), Some("5fa26c60-1a0ebdd5-32fd1cd0"));
    assert_eq!(error.to_string(), "61023: refresh_token is invalid: *** *** rid: 5fa26c60-1a0ebdd5-32fd1cd0");
    let t = Canned::json(json!({"errcode":"40001","errmsg":"invalid credential"}));
    assert_eq!(run(get_callback_ip(&t, &secret("AT"))).unwrap_err().class(), ErrorClass::RejectedToken);
    let t = Canned::json(json!({"errcode":-1}));
    assert_eq!(run(get_callback_ip(&t, &secret("AT"))).unwrap_err().class(), ErrorClass::Transient);
}

#[test]
fn answers_that_are_no_answers() {
    for body in [
        &b""[..],
        b"<html>502</html>",
        b"{\"expires_in\":",
        b"[]x",
        b"\"T0KEN\"",
        b"{\"component_access_token\":[\"T0KEN\"]}",
        b"\xff\xfe",
    ] {
        let error = run(component_token(&Canned::raw(200, body), "wx1", &secret("S"), &secret("T"))).unwrap_err();
        assert!(matches!(error, CallError::BadBody(_)), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("T0KEN"));
    }
    assert_eq!(
        run(get_callback_ip(&Canned::raw(502, b"bad gateway"), &secret("AT"))),
        Err(CallError::Http { status: 502 })
    );
    assert_eq!(
        run(get_callback_ip(&Canned::failing(TransportError::Timeout), &secret("AT"))),
        Err(CallError::Transport(TransportError::Timeout))
    );
    // A byte order mark in front of the JSON does not matter.
    assert_eq!(run(get_callback_ip(&Canned::raw(200, b"\xef\xbb\xbf{\"ip_list\":[]}"), &secret("AT"))), Ok(Vec::new()));
}

#[test]
fn futures_can_cross_threads() {
    fn is_send<T: Send>(_: T) {}
    let t = Canned::json(json!({}));
    is_send(component_token(&t, "wx1", &secret("S"), &secret("T")));
    is_send(menu::create(&t, &secret("AT"), &json!({})));
}
