//! Calls one by one: order of errors (N.5), texts (E.4), lives, overlap, rotation, single use, diagnostics.

use serde_json::{Value, json};
use wechat::Method;
use wxdesk_sandbox::{Request, SandboxConfig};

use crate::rig::{COMPONENT, PRE_AUTH, QUERY_AUTH, REFRESH, Rig, get, post, text};

const CREATE: &str = "/cgi-bin/menu/create";

fn rid_of(answer: &Value) -> String {
    let message = text(answer, "errmsg");
    let (_, rid) = message.split_once(" rid: ").unwrap_or_else(|| panic!("no rid in {message}"));
    let parts: Vec<&str> = rid.split('-').collect();
    assert_eq!(parts.len(), 3, "{rid}");
    assert!(parts.iter().all(|p| p.len() == 8 && p.bytes().all(|b| b.is_ascii_hexdigit())), "{rid}");
    rid.to_owned()
}

#[test]
fn issued_values_have_their_prefixes() {
    let mut rig = Rig::new();
    let ticket = rig.ticket();
    assert!(ticket.starts_with("ticket@@@"));
    let token = rig.component_token();
    let (number, rest) = token.split_once('_').unwrap();
    assert!(number.len() == 2 && number.parse::<u32>().is_ok());
    assert!((130..=150).contains(&rest.len()));
    assert!(rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
    let link = rig.link(&token);
    assert!(link.pre_auth_code.starts_with("preauthcode@@@"));
    let held = rig.authorize(&token, 0, &[]);
    assert!(held.refresh.starts_with("refreshtoken@@@"));
    let appid = held.appid.clone();
    assert!(rig.confirm(&token, &appid, &[1]).auth_code.starts_with("queryauthcode@@@"));
}

#[test]
fn checks_come_in_the_order_of_n5() {
    // Each row repairs one more thing; the code is what the first thing still wrong gives.
    let mut rig = Rig::with(SandboxConfig {
        ip_whitelist: Some(vec!["10.0.0.1".into()]),
        daily_limits: [(CREATE.to_owned(), 0)].into(),
        ..SandboxConfig::default()
    });
    rig.platform.configure(|c| c.ip_whitelist = None);
    let component = rig.component_token();
    let without_menus = rig.authorize(&component, 1, &[1]);
    rig.platform.configure(|c| c.ip_whitelist = Some(vec!["10.0.0.1".into()]));
    let appid = without_menus.appid.clone();
    let mut request = Request {
        method: Method::Get,
        path: CREATE.into(),
        query: Vec::new(),
        body: None,
        content_type: None,
        client_ip: "10.9.9.9".into(),
    };
    let expect = |rig: &mut Rig, request: &Request, code: i64| assert_eq!(rig.code(request), code);
    expect(&mut rig, &request, 43002);
    request.method = Method::Post;
    expect(&mut rig, &request, 41001);
    request.query = vec![("access_token".into(), "nonsense".into())];
    expect(&mut rig, &request, 40001);
    request.query = vec![("access_token".into(), component.clone())];
    expect(&mut rig, &request, 61015);
    request.query = vec![("access_token".into(), without_menus.token.clone())];
    rig.wait_s(7200);
    expect(&mut rig, &request, 42001);
    rig.wait_s(-7200);
    expect(&mut rig, &request, 61004);
    rig.platform.configure(|c| c.ip_whitelist = None);
    expect(&mut rig, &request, 44002);
    request.body = Some(b"{not json".to_vec());
    expect(&mut rig, &request, 47001);
    request.body = Some(b"{\"button\":[]}".to_vec());
    rig.platform.unauthorize(rig.now, &appid);
    expect(&mut rig, &request, 61003);
    let held = rig.authorize(&component, 1, &[1]);
    request.query = vec![("access_token".into(), held.token)];
    expect(&mut rig, &request, 61007);
    let held = rig.authorize(&component, 1, &[15]);
    request.query = vec![("access_token".into(), held.token)];
    expect(&mut rig, &request, 48001);
    let held = rig.authorize(&component, 0, &[15]);
    request.query = vec![("access_token".into(), held.token)];
    expect(&mut rig, &request, 45009);
    rig.platform.configure(|c| c.daily_limits.clear());
    expect(&mut rig, &request, 40016);
    request.body = Some(json!({"button": [{"type": "click", "name": "a", "key": "k"}]}).to_string().into_bytes());
    expect(&mut rig, &request, 0);
}

#[test]
fn component_endpoints_check_in_order_too() {
    let mut rig = Rig::new();
    let token = rig.component_token();
    let appid = rig.appid();
    let body = json!({"component_appid": appid});
    let wrong = json!({"component_appid": "wx0000000000000000"});
    let authorizer = rig.authorize(&token, 0, &[]);
    for (request, code) in [
        (post(PRE_AUTH, None, &wrong), 41001),
        (post(PRE_AUTH, Some("x"), &wrong), 40001),
        (post(PRE_AUTH, Some(&authorizer.token), &body), 61014),
        (post(PRE_AUTH, Some(&token), &json!({})), 41018),
        (post(PRE_AUTH, Some(&token), &wrong), 40013),
        (post(PRE_AUTH, Some(&token), &body), 0),
        (post("/cgi-bin/nothing", Some(&token), &body), 40066),
        (get(PRE_AUTH, &token), 43002),
        (post("/cgi-bin/getcallbackip", Some(&token), &body), 43001),
    ] {
        assert_eq!(rig.code(&request), code, "{request:?}");
    }
    // Both names of the parameter are taken.
    let mut request = post(PRE_AUTH, Some(&token), &body);
    request.query[0].0 = "access_token".into();
    assert_eq!(rig.code(&request), 0);
    rig.platform.configure(|c| c.specific_component_codes = true);
    assert_eq!(rig.code(&post(PRE_AUTH, None, &body)), 41021);
    rig.wait_s(7200);
    assert_eq!(rig.code(&post(PRE_AUTH, Some(&token), &body)), 42006);
}

#[test]
fn the_component_token_needs_secret_and_ticket() {
    let mut rig = Rig::new();
    let ticket = rig.ticket();
    let good = rig.component_body(&ticket);
    let with = |name: &str, value: &str| {
        let mut body = good.clone();
        body[name] = json!(value);
        body
    };
    for (body, code) in [
        (with("component_appid", "wx1"), 40013),
        (with("component_appsecret", ""), 41004),
        (with("component_appsecret", "0"), 40125),
        (with("component_verify_ticket", ""), 61006),
        (with("component_verify_ticket", "ticket@@@x"), 61006),
        (good.clone(), 0),
    ] {
        assert_eq!(rig.code(&post(COMPONENT, None, &body)), code, "{code}");
    }
    let start = "/cgi-bin/component/api_start_push_ticket";
    let c = rig.platform.credentials().clone();
    let body = json!({"component_appid": c.component_appid, "component_appsecret": c.component_appsecret});
    assert_eq!(rig.code(&post(start, None, &body)), 41004);
    let body = json!({"component_appid": c.component_appid, "component_secret": c.component_appsecret});
    let answer = rig.call(&post(start, None, &body));
    assert_eq!((answer["errcode"].as_i64(), text(&answer, "errmsg").as_str()), (Some(0), "ok"));
    assert_eq!(rig.take_pushes().len(), 1, "a ticket follows at once");
}

#[test]
fn a_ticket_lives_twelve_hours() {
    let mut rig = Rig::new();
    let ticket = rig.ticket();
    let body = rig.component_body(&ticket);
    rig.wait_s(12 * 3600 - 1);
    rig.take_pushes();
    assert_eq!(rig.code(&post(COMPONENT, None, &body)), 0);
    rig.wait_s(1);
    assert_eq!(rig.code(&post(COMPONENT, None, &body)), 61005);
    let answer = rig.call(&post(COMPONENT, None, &body));
    assert!(text(&answer, "errmsg").starts_with("component ticket is expired rid: "));
}

#[test]
fn texts_are_those_of_e4_with_a_rid() {
    let mut rig = Rig::new();
    let token = rig.component_token();
    let appid = rig.appid();
    let held = rig.authorize(&token, 0, &[1]);
    let menu = get("/cgi-bin/menu/get", &held.token);
    let stale = get("/cgi-bin/menu/get", "no");
    let wrong_ticket = rig.component_body("ticket@@@x");
    let mut wrong_secret = wrong_ticket.clone();
    wrong_secret["component_appsecret"] = json!("x");
    let info = "/cgi-bin/component/api_get_authorizer_info";
    let other = rig.platform.accounts()[3].appid.clone();
    let unknown = json!({"component_appid": appid, "authorizer_appid": other});
    let refresh = rig.refresh_request(&token, &held.appid, "refreshtoken@@@x");
    for (request, start) in [
        (stale, "invalid credential, access_token is invalid or not latest, could get access_token by getStableAccess"),
        (menu.clone(), "api is unauthorized to component rid: "),
        (post(COMPONENT, None, &wrong_ticket), "component ticket is invalid rid: "),
        (post(COMPONENT, None, &wrong_secret), "invalid appsecret, view more at http://t.cn/RAEkdVq rid: "),
        (post(PRE_AUTH, Some(&token), &json!({"component_appid": "wx1"})), "invalid appid rid: "),
        (post(info, Some(&token), &unknown), "component is not authorized by this account hint: ["),
        (refresh, "refresh_token is invalid rid: "),
    ] {
        let answer = rig.call(&request);
        assert!(text(&answer, "errmsg").starts_with(start), "{answer}");
        rid_of(&answer);
    }
    rig.platform.refuse_ip(Some("203.0.113.9".into()));
    let answer = rig.call(&menu);
    assert!(text(&answer, "errmsg").starts_with("access clientip is not registered requestIP: 203.0.113.9 rid: "));
    let secret = rig.platform.app_secret(&held.appid).unwrap().to_owned();
    let own = Request {
        query: vec![
            ("grant_type".into(), "client_credential".into()),
            ("appid".into(), held.appid.clone()),
            ("secret".into(), secret),
        ],
        ..get("/cgi-bin/token", "")
    };
    let answer = rig.call(&own);
    assert_eq!(answer["errcode"], 40164);
    let wanted = "invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist rid: ";
    assert!(text(&answer, "errmsg").starts_with(wanted), "{answer}");
    rig.platform.refuse_ip(None);
    rig.wait_s(7200);
    let answer = rig.call(&menu);
    assert!(text(&answer, "errmsg").starts_with("access_token expired rid: "), "{answer}");
}

#[test]
fn a_rid_can_be_looked_up_for_seven_days() {
    let mut rig = Rig::new();
    let token = rig.component_token();
    let answer = rig.call(&post(PRE_AUTH, Some(&token), &json!({"component_appid": "wx1"})));
    let rid = rid_of(&answer);
    let held = rig.authorize(&token, 0, &[]);
    let look = |token: &str, rid: &str| post("/cgi-bin/openapi/rid/get", Some(token), &json!({"rid": rid}));
    let found = rig.call(&look(&token, &rid));
    assert_eq!(found["request"]["invoke_time"], rig.now / 1000);
    assert_eq!(found["request"]["response_body"], answer.to_string());
    assert_eq!(found["request"]["client_ip"], "10.1.2.3");
    assert!(!found.to_string().contains(&token), "a token in {found}");
    assert_eq!(rig.code(&look(&token, "x")), 76002);
    assert_eq!(rig.code(&look(&token, "00000000-00000000-00000000")), 76001);
    assert_eq!(rig.code(&look(&held.token, &rid)), 76003);
    rig.wait_s(7 * 86_400);
    let token = rig.component_token();
    assert_eq!(rig.code(&look(&token, &rid)), 76004);
}

#[test]
fn a_replaced_token_works_for_five_minutes() {
    let mut rig = Rig::new();
    let token = rig.component_token();
    let old = rig.authorize(&token, 0, &[]);
    let answer = rig.refresh(&token, &old);
    let new = text(&answer, "authorizer_access_token");
    rig.wait_s(299);
    assert_eq!(rig.code(&get("/cgi-bin/menu/get", &old.token)), 46003);
    rig.wait_s(1);
    assert_eq!(rig.code(&get("/cgi-bin/menu/get", &old.token)), 40001);
    assert_eq!(rig.code(&get("/cgi-bin/menu/get", &new)), 46003);

    let second = rig.component_token();
    let body = json!({"component_appid": rig.appid()});
    rig.wait_s(299);
    assert_eq!(rig.code(&post(PRE_AUTH, Some(&token), &body)), 0);
    rig.wait_s(1);
    assert_eq!(rig.code(&post(PRE_AUTH, Some(&token), &body)), 40001);
    assert_eq!(rig.code(&post(PRE_AUTH, Some(&second), &body)), 0);
}

#[test]
fn refresh_tokens_rotate_only_when_switched_on() {
    for rotate in [true, false] {
        let mut rig = Rig::new();
        rig.platform.set_rotation(rotate);
        let token = rig.component_token();
        let held = rig.authorize(&token, 0, &[]);
        let answer = rig.refresh(&token, &held);
        assert_eq!(answer["expires_in"], 7200);
        assert_eq!(text(&answer, "authorizer_refresh_token") != held.refresh, rotate);
        let again = rig.refresh(&token, &held);
        assert_eq!(again["errcode"].as_i64().unwrap_or(0), if rotate { 61023 } else { 0 });
    }
}

#[test]
fn an_empty_refresh_token_leaves_the_old_one_valid() {
    let mut rig = Rig::with(SandboxConfig { empty_refresh_token: true, ..SandboxConfig::default() });
    let token = rig.component_token();
    let held = rig.authorize(&token, 0, &[]);
    for _ in 0..2 {
        let answer = rig.refresh(&token, &held);
        assert_eq!(text(&answer, "authorizer_refresh_token"), "");
        assert!(!text(&answer, "authorizer_access_token").is_empty());
    }
}

#[test]
fn the_list_gives_the_current_refresh_token_back() {
    let mut rig = Rig::new();
    let token = rig.component_token();
    let held = rig.authorize(&token, 0, &[]);
    rig.refresh(&token, &held);
    let body = json!({"component_appid": rig.appid(), "offset": 0, "count": 100});
    let list = "/cgi-bin/component/api_get_authorizer_list";
    let answer = rig.call(&post(list, Some(&token), &body));
    assert_eq!(answer["total_count"], 1);
    let found = text(&answer["list"][0], "refresh_token");
    assert_eq!(Some(found.as_str()), rig.platform.current_refresh_token(&held.appid));
    let body = json!({"component_appid": rig.appid(), "offset": 0, "count": 501});
    assert_eq!(rig.code(&post(list, Some(&token), &body)), 40170);
}

#[test]
fn the_list_pages_through_many_accounts() {
    let mut rig = Rig::new();
    let made = rig.platform.authorize_many(1_200, rig.now);
    assert_eq!(made.len(), 1_200);
    let token = rig.component_token();
    let mut seen = 0;
    for offset in [0, 500, 1000, 1500] {
        let body = json!({"component_appid": rig.appid(), "offset": offset, "count": 500});
        let answer = rig.call(&post("/cgi-bin/component/api_get_authorizer_list", Some(&token), &body));
        seen += answer["list"].as_array().unwrap().len();
        assert_eq!(answer["total_count"], 1_200);
    }
    assert_eq!(seen, 1_200);
    let request = rig.refresh_request(&token, &made[7].0, &made[7].1);
    assert_eq!(rig.code(&request), 0);
}

#[test]
fn an_authorization_code_is_redeemed_once_and_in_time() {
    let mut rig = Rig::new();
    let token = rig.component_token();
    let appid = rig.platform.accounts()[0].appid.clone();
    let code = rig.confirm(&token, &appid, &[]).auth_code;
    assert!(rig.redeem(&token, &code)["authorization_info"].is_object());
    assert_eq!(rig.redeem(&token, &code)["errcode"], 61009);
    assert_eq!(rig.redeem(&token, "queryauthcode@@@x")["errcode"], 61009);
    let code = rig.confirm(&token, &appid, &[]).auth_code;
    rig.wait_s(600);
    assert_eq!(rig.redeem(&token, &code)["errcode"], 61010);
}

#[test]
fn accounts_have_details_of_their_kind() {
    let mut rig = Rig::new();
    let token = rig.component_token();
    let appid = rig.appid();
    let info = |rig: &mut Rig, number: usize| {
        let held = rig.authorize(&token, number, &[]);
        let body = json!({"component_appid": appid, "authorizer_appid": held.appid});
        let answer = rig.call(&post("/cgi-bin/component/api_get_authorizer_info", Some(&token), &body));
        assert_eq!(answer["authorization_info"]["authorizer_appid"], json!(held.appid));
        assert!(text(&answer["authorizer_info"], "head_img").ends_with(&format!("/sandbox/avatar/{}.png", held.appid)));
        answer["authorizer_info"].clone()
    };
    let official = info(&mut rig, 0);
    assert!(official.get("MiniProgramInfo").is_none());
    assert!(text(&official, "user_name").starts_with("gh_"));
    let mini = info(&mut rig, 2);
    assert_eq!(mini["MiniProgramInfo"]["categories"][0]["first"], "生活服务");
    // The account without API permission gets no tokens.
    let appid = rig.platform.accounts()[10].appid.clone();
    let code = rig.confirm(&token, &appid, &[]).auth_code;
    let answer = rig.redeem(&token, &code);
    assert!(answer["authorization_info"].get("authorizer_access_token").is_none());
    assert!(answer["authorization_info"]["func_info"].is_array());
}

#[test]
fn after_a_cancelled_authorization_tokens_are_dead() {
    let mut rig = Rig::new();
    let token = rig.component_token();
    let held = rig.authorize(&token, 0, &[]);
    assert!(rig.platform.unauthorize(rig.now, &held.appid));
    assert!(!rig.platform.unauthorize(rig.now, &held.appid));
    assert_eq!(rig.code(&get("/cgi-bin/menu/get", &held.token)), 61003);
    assert_eq!(rig.refresh(&token, &held)["errcode"], 61023);
    let again = rig.authorize(&token, 0, &[]);
    assert_ne!(again.refresh, held.refresh);
    assert_eq!(rig.refresh(&token, &held)["errcode"], 61023);
    assert_eq!(rig.refresh(&token, &again)["errcode"].as_i64(), None);
}

#[test]
fn options_in_both_forms() {
    let mut rig = Rig::new();
    let token = rig.component_token();
    let held = rig.authorize(&token, 0, &[]);
    let old = |name: &str, value: &str| json!({"component_appid": "", "authorizer_appid": held.appid, "option_name": name, "option_value": value});
    let appid = rig.appid();
    let set = |rig: &mut Rig, name: &str, value: &str| {
        let mut body = old(name, value);
        body["component_appid"] = json!(appid);
        rig.code(&post("/cgi-bin/component/api_set_authorizer_option", Some(&token), &body))
    };
    assert_eq!(set(&mut rig, "nonsense", "1"), 61012);
    assert_eq!(set(&mut rig, "voice_recognize", "2"), 61013);
    assert_eq!(set(&mut rig, "location_report", "2"), 0);
    let short = json!({"option_name": "location_report"});
    let answer = rig.call(&post("/cgi-bin/component/get_authorizer_option", Some(&held.token), &short));
    assert_eq!((answer["errcode"].as_i64(), text(&answer, "option_value").as_str()), (Some(0), "2"));
    let answer = rig.code(&post("/cgi-bin/component/get_authorizer_option", Some(&token), &short));
    assert_eq!(answer, 61015, "the short form with a component token names no account");
}

#[test]
fn quota_is_counted_cleared_and_resets_at_midnight_in_beijing() {
    let mut rig = Rig::new();
    rig.platform.configure(|c| {
        c.daily_limits.insert("/cgi-bin/menu/get".into(), 2);
        c.clear_quota_per_month = 1;
    });
    let token = rig.component_token();
    let held = rig.authorize(&token, 0, &[]);
    let menu = get("/cgi-bin/menu/get", &held.token);
    assert_eq!([rig.code(&menu), rig.code(&menu), rig.code(&menu)], [46003, 46003, 45009]);
    let ask = post("/cgi-bin/openapi/quota/get", Some(&held.token), &json!({"cgi_path": "/cgi-bin/menu/get"}));
    assert_eq!(rig.call(&ask)["quota"], json!({"daily_limit": 2, "used": 2, "remain": 0}));
    let clear = post("/cgi-bin/clear_quota", Some(&held.token), &json!({"appid": held.appid}));
    assert_eq!(rig.code(&clear), 0);
    assert_eq!(rig.code(&menu), 46003);
    assert_eq!(rig.code(&clear), 48006);
    let v2 = json!({"component_appid": rig.appid(), "appid": held.appid, "appsecret": "x"});
    assert_eq!(rig.code(&post("/cgi-bin/component/clear_quota/v2", None, &v2)), 40125);
    rig.code(&menu);
    assert_eq!(rig.code(&menu), 45009);
    // START is 8:00 in Beijing; a token of another day is needed.
    rig.wait_s(16 * 3600);
    let token = rig.component_token();
    let current = rig.platform.current_refresh_token(&held.appid).unwrap().to_owned();
    let request = rig.refresh_request(&token, &held.appid, &current);
    let fresh = text(&rig.call(&request), "authorizer_access_token");
    assert_eq!(rig.code(&get("/cgi-bin/menu/get", &fresh)), 46003);
    let bad = post("/cgi-bin/openapi/quota/get", Some(&fresh), &json!({"cgi_path": "menu/get"}));
    assert_eq!(rig.code(&bad), 76021);
}

#[test]
fn network_queries() {
    let mut rig = Rig::new();
    let token = rig.component_token();
    assert!(rig.call(&get("/cgi-bin/get_api_domain_ip", &token))["ip_list"].is_array());
    assert!(rig.call(&get("/cgi-bin/getcallbackip", &token))["ip_list"].is_array());
    let check = |action: &str, operator: &str| {
        post("/cgi-bin/callback/check", Some(&token), &json!({"action": action, "check_operator": operator}))
    };
    let answer = rig.call(&check("all", "DEFAULT"));
    assert!(answer["dns"].is_array() && answer["ping"].is_array());
    assert_eq!(rig.code(&check("x", "DEFAULT")), 40202);
    assert_eq!(rig.code(&check("dns", "x")), 40203);
    rig.platform.set_push_base(None);
    assert_eq!(rig.code(&check("all", "DEFAULT")), 40201);
}

#[test]
fn own_tokens_of_both_interfaces() {
    let mut rig = Rig::new();
    let appid = rig.platform.accounts()[0].appid.clone();
    let secret = rig.platform.app_secret(&appid).unwrap().to_owned();
    let classic = |secret: &str| Request {
        query: vec![
            ("grant_type".into(), "client_credential".into()),
            ("appid".into(), appid.clone()),
            ("secret".into(), secret.into()),
        ],
        ..get("/cgi-bin/token", "")
    };
    assert_eq!(rig.code(&classic("x")), 40125);
    let first = text(&rig.call(&classic(&secret)), "access_token");
    let stable = |force: bool| {
        let body = json!({"grant_type": "client_credential", "appid": appid, "secret": secret, "force_refresh": force});
        post("/cgi-bin/stable_token", None, &body)
    };
    let kept = text(&rig.call(&stable(false)), "access_token");
    let second = text(&rig.call(&classic(&secret)), "access_token");
    rig.wait_s(301);
    assert_eq!(rig.code(&get("/cgi-bin/menu/get", &first)), 40001);
    assert_eq!(rig.code(&get("/cgi-bin/menu/get", &second)), 46003);
    let again = rig.call(&stable(false));
    assert_eq!((text(&again, "access_token"), again["expires_in"].as_i64()), (kept.clone(), Some(6899)));
    let forced = text(&rig.call(&stable(true)), "access_token");
    assert_ne!(forced, kept);
    assert_eq!(rig.code(&get("/cgi-bin/menu/get", &kept)), 40001, "a forced refresh ends the old token at once");
    assert_eq!(rig.code(&stable(true)), 45011);
    let ticket = Request {
        query: vec![("access_token".into(), forced), ("type".into(), "jsapi".into())],
        ..get("/cgi-bin/ticket/getticket", "")
    };
    let one = text(&rig.call(&ticket), "ticket");
    assert_eq!(text(&rig.call(&ticket), "ticket"), one);
    // A frozen account gets none.
    let frozen = rig.platform.accounts()[11].appid.clone();
    let mut request = classic(rig.platform.app_secret(&frozen).unwrap());
    request.query[1].1 = frozen;
    assert_eq!(rig.code(&request), 50007);
}

#[test]
fn the_redeem_and_refresh_paths_are_counted() {
    let mut rig = Rig::new();
    let token = rig.component_token();
    let held = rig.authorize(&token, 0, &[]);
    rig.refresh(&token, &held);
    assert_eq!((rig.platform.calls_of(QUERY_AUTH), rig.platform.calls_of(REFRESH)), (1, 1));
}
