//! Web OAuth, website login and mini-program login: what the page checks, and what codes and tokens are good for.

use serde_json::Value;
use wxdesk_sandbox::accounts::{TEST_ACCOUNT, WEBSITE};
use wxdesk_sandbox::{Choice, ConsentKind, Followed, Request, SandboxConfig, codec, person_openid};

use crate::rig::{Rig, get, text};

const AGREE: Choice = Choice { openid: None, agree: true, snapshot: false };

fn rig() -> Rig {
    Rig::with(SandboxConfig {
        push_base: Some("https://desk.example.com".into()),
        authorize_domain: Some("127.0.0.1".into()),
        ..SandboxConfig::default()
    })
}

fn appid(rig: &Rig, number: usize) -> String {
    rig.platform.accounts()[number].appid.clone()
}

/// An account whose 网页授权域名 is `shop.example.com`.
fn with_domain(rig: &mut Rig, number: usize) -> String {
    let appid = appid(rig, number);
    rig.platform.configure(|c| {
        c.web_domains.insert(appid.clone(), "shop.example.com".into());
    });
    appid
}

fn url(appid: &str, scope: &str, more: &str) -> String {
    format!(
        "https://open.weixin.qq.com/connect/oauth2/authorize?appid={appid}\
         &redirect_uri=https%3A%2F%2Fshop.example.com%2Fin%3Fx%3D1&response_type=code&scope={scope}&state=s1{more}\
         #wechat_redirect"
    )
}

fn query(path: &str, pairs: &[(&str, &str)]) -> Request {
    let query = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    Request { query, ..get(path, "") }
}

fn code_of(redirect: &str) -> String {
    let (_, query) = redirect.split_once('?').unwrap();
    codec::parse_query(query).into_iter().find(|(n, _)| n == "code").unwrap().1
}

fn exchange(rig: &mut Rig, appid: &str, code: &str) -> Value {
    let secret = rig.platform.app_secret(appid).unwrap_or_default().to_owned();
    let pairs = [("appid", appid), ("secret", &secret), ("code", code), ("grant_type", "authorization_code")];
    rig.call(&query("/sns/oauth2/access_token", &pairs))
}

fn agree(rig: &mut Rig, url: &str, choice: &Choice) -> String {
    code_of(&rig.platform.consent(rig.now, url, choice).unwrap())
}

fn sns(rig: &mut Rig, path: &str, token: &str, openid: &str) -> Value {
    rig.call(&query(path, &[("access_token", token), ("openid", openid), ("lang", "zh_CN")]))
}

#[test]
fn the_page_checks_the_link_like_a_regular_expression() {
    let mut rig = rig();
    let appid = with_domain(&mut rig, 0);
    let uri = "https%3A%2F%2Fshop.example.com%2Fin";
    let good = format!("appid={appid}&redirect_uri={uri}&response_type=code&scope=snsapi_base&state=a1");
    let code = |rig: &Rig, query: &str| rig.platform.consent_page(ConsentKind::Web, query).map_err(|e| e.code).err();
    assert_eq!(code(&rig, &good), None);
    assert_eq!(code(&rig, &format!("{good}&forcePopup=true&connect_redirect=1")), None);
    let component = rig.appid();
    let mini = self::appid(&rig, 2);
    let website = self::appid(&rig, WEBSITE);
    let banned = self::appid(&rig, 11);
    let unverified = self::appid(&rig, 1);
    for (query, wanted) in [
        // Order, case, an unknown name, no encoding.
        (format!("redirect_uri={uri}&appid={appid}&response_type=code&scope=snsapi_base&state=a"), 0),
        (format!("appid={appid}&redirect_uri={uri}&response_type=code&state=a&scope=snsapi_base"), 0),
        (good.replace("appid=", "appId="), 0),
        (format!("{good}&x=1"), 0),
        (good.replace(uri, "https://shop.example.com/in"), 0),
        (good.replace("&response_type=code", ""), 0),
        (good.replace(&appid, ""), 10012),
        (good.replace(uri, ""), 10011),
        (good.replace("snsapi_base", ""), 10010),
        (good.replace("&state=a1", ""), 10013),
        (good.replace("state=a1", "state=a-1"), 10013),
        (good.replace("state=a1", &format!("state={}", "a".repeat(129))), 10013),
        (good.replace(&appid, &component), 10016),
        (good.replace(&appid, &mini), 10016),
        (good.replace(&appid, &website), 10016),
        (good.replace(&appid, &banned), 10004),
        (good.replace(&appid, &unverified), 10005),
        (good.replace("snsapi_base", "snsapi_login"), 10005),
        (good.replace("shop.example.com", "www.shop.example.com"), 10003),
        (good.replace("shop.example.com", "example.com"), 10003),
        (format!("{good}&component_appid={component}"), 10015),
    ] {
        assert_eq!(code(&rig, &query), Some(wanted), "{query}");
    }
    assert_eq!(code(&rig, &good.replace("state=a1", &format!("state={}", "a".repeat(128)))), None);
}

#[test]
fn a_component_redirects_to_its_own_domain_and_gets_the_appid_back() {
    let mut rig = rig();
    let token = rig.component_token();
    let held = rig.authorize(&token, 0, &[4]);
    let component = rig.appid();
    let link = url(&held.appid, "snsapi_base", &format!("&component_appid={component}"));
    assert_eq!(rig.platform.consent(rig.now, &link, &AGREE).unwrap_err().code, 10003, "the account's domain is not it");
    let link = link.replace("shop.example.com", "desk.example.com");
    let redirect = rig.platform.consent(rig.now, &link, &AGREE).unwrap();
    assert!(redirect.starts_with("https://desk.example.com/in?x=1&code="), "{redirect}");
    assert!(redirect.ends_with(&format!("&state=s1&appid={}", held.appid)), "{redirect}");
    let refusal = Choice { agree: false, ..AGREE };
    let refused = rig.platform.consent(rig.now, &link, &refusal).unwrap();
    assert_eq!(refused, "https://desk.example.com/in?x=1&state=s1");
    // The code is the component's; the account's own secret cannot exchange it.
    let code = code_of(&redirect);
    assert_eq!(exchange(&mut rig, &held.appid, &code)["errcode"], 40029);
    let pairs = [
        ("appid", held.appid.as_str()),
        ("code", &code),
        ("grant_type", "authorization_code"),
        ("component_appid", &component),
        ("component_access_token", &token),
    ];
    let answer = rig.call(&query("/sns/oauth2/component/access_token", &pairs));
    assert_eq!(answer["openid"], person_openid(&held.appid, 0).as_str());
    let refresh = text(&answer, "refresh_token");
    let own = [("appid", held.appid.as_str()), ("grant_type", "refresh_token"), ("refresh_token", &refresh)];
    assert_eq!(rig.code(&query("/sns/oauth2/refresh_token", &own)), 40030);
    let mut pairs = own.to_vec();
    pairs.extend([("component_appid", component.as_str()), ("component_access_token", token.as_str())]);
    let request = query("/sns/oauth2/component/refresh_token", &pairs);
    assert_eq!(rig.call(&request)["access_token"], answer["access_token"]);
    rig.platform.unauthorize(rig.now, &held.appid);
    assert_eq!(rig.code(&request), 61003);
    assert_eq!(rig.platform.consent(rig.now, &link, &AGREE).unwrap_err().code, 10015);
}

#[test]
fn a_code_is_exchanged_once_within_five_minutes() {
    let mut rig = rig();
    let appid = with_domain(&mut rig, 0);
    let other = with_domain(&mut rig, 3);
    let link = url(&appid, "snsapi_base", "");
    let code = agree(&mut rig, &link, &AGREE);
    assert_eq!(exchange(&mut rig, &other, &code)["errcode"], 40029);
    rig.wait_s(299);
    let answer = exchange(&mut rig, &appid, &code);
    assert_eq!((answer["expires_in"].as_i64(), answer["scope"].as_str()), (Some(7200), Some("snsapi_base")));
    let again = exchange(&mut rig, &appid, &code);
    assert_eq!(again["errcode"], 40163);
    let message = text(&again, "errmsg");
    assert!(message.starts_with("code been used, hints: [ req_id: ") && message.ends_with(" ]"), "{message}");
    let late = agree(&mut rig, &link, &AGREE);
    rig.wait_s(300);
    assert_eq!(exchange(&mut rig, &appid, &late)["errcode"], 42003);
    assert_eq!(exchange(&mut rig, &appid, "x")["errcode"], 40029);
    assert!(text(&exchange(&mut rig, &appid, "x"), "errmsg").starts_with("invalid code, hints: [ req_id: "));
}

#[test]
fn a_persons_token_and_its_refresh_token() {
    let mut rig = rig();
    let appid = with_domain(&mut rig, 0);
    let link = url(&appid, "snsapi_userinfo", "");
    let code = agree(&mut rig, &link, &AGREE);
    let first = exchange(&mut rig, &appid, &code);
    let (token, openid, refresh) =
        (text(&first, "access_token"), text(&first, "openid"), text(&first, "refresh_token"));
    assert!(first.get("unionid").is_none(), "the account is not bound");
    assert_eq!(sns(&mut rig, "/sns/auth", &token, &openid)["errcode"], 0);
    assert_eq!(sns(&mut rig, "/sns/auth", &token, "o1")["errcode"], 40003);
    assert_eq!(sns(&mut rig, "/sns/auth", &token, "")["errcode"], 41009);
    assert_eq!(sns(&mut rig, "/sns/auth", "", &openid)["errcode"], 41001);
    let wrong = sns(&mut rig, "/sns/userinfo", "x", &openid);
    assert_eq!(wrong["errcode"], 40001);
    let message = text(&wrong, "errmsg");
    assert!(
        message.starts_with("invalid credential, access_token is invalid or not latest, hints: [ req_id: "),
        "{message}"
    );
    let info = sns(&mut rig, "/sns/userinfo", &token, &openid);
    assert_eq!((info["nickname"].as_str(), info["sex"].as_i64()), (Some("陈晓"), Some(0)));
    let renew = query(
        "/sns/oauth2/refresh_token",
        &[("appid", appid.as_str()), ("grant_type", "refresh_token"), ("refresh_token", &refresh)],
    );
    rig.wait_s(7199);
    assert_eq!(rig.call(&renew)["access_token"], token.as_str(), "an unexpired token is extended");
    rig.wait_s(7199);
    assert_eq!(sns(&mut rig, "/sns/auth", &token, &openid)["errcode"], 0);
    rig.wait_s(1);
    assert_eq!(sns(&mut rig, "/sns/auth", &token, &openid)["errcode"], 42001);
    let second = text(&rig.call(&renew), "access_token");
    assert_ne!(second, token, "an expired one is replaced");
    assert_eq!(sns(&mut rig, "/sns/auth", &second, &openid)["errcode"], 0);
    rig.wait_s(30 * 86_400 - 14_399);
    assert_eq!(rig.code(&renew), 42002);
    let mut other = renew.clone();
    other.query[2].1 = "x".into();
    assert_eq!(rig.code(&other), 40030);
    other.query[1].1 = "client_credential".into();
    assert_eq!(rig.code(&other), 40002);
}

#[test]
fn scopes_unionid_and_snapshots() {
    let mut rig = rig();
    let bound = with_domain(&mut rig, 4);
    let base = agree(&mut rig, &url(&bound, "snsapi_base", ""), &AGREE);
    let base = exchange(&mut rig, &bound, &base);
    assert!(base.get("unionid").is_none());
    let (token, openid) = (text(&base, "access_token"), text(&base, "openid"));
    assert_eq!(sns(&mut rig, "/sns/userinfo", &token, &openid)["errcode"], 48001);
    let link = url(&bound, "snsapi_userinfo", "");
    let second = Choice { openid: Some(person_openid(&bound, 1)), ..AGREE };
    let code = agree(&mut rig, &link, &second);
    let full = exchange(&mut rig, &bound, &code);
    let info = sns(&mut rig, "/sns/userinfo", &text(&full, "access_token"), &text(&full, "openid"));
    assert_eq!(info["nickname"], "Alice Wang");
    assert_eq!(info["unionid"], full["unionid"]);
    assert!(full["unionid"].is_string());
    let code = agree(&mut rig, &link, &Choice { snapshot: true, ..second.clone() });
    let virtual_user = exchange(&mut rig, &bound, &code);
    assert_eq!(virtual_user["is_snapshotuser"], 1);
    assert_ne!(virtual_user["openid"], full["openid"]);
    assert!(virtual_user.get("unionid").is_none());
    // The website application is bound to the same Open Platform account: the same unionid.
    let website = appid(&rig, WEBSITE);
    let login = format!(
        "https://open.weixin.qq.com/connect/qrconnect?appid={website}&redirect_uri=https%3A%2F%2Fdesk.example.com%2F\
         &response_type=code&scope=snsapi_login&state=s"
    );
    let choice = Choice { openid: Some(person_openid(&website, 1)), ..AGREE };
    let code = agree(&mut rig, &login, &choice);
    rig.wait_s(599);
    let answer = exchange(&mut rig, &website, &code);
    assert_eq!((answer["scope"].as_str(), &answer["unionid"]), (Some("snsapi_login"), &full["unionid"]));
    let refused = rig.platform.consent(rig.now, &login, &Choice { agree: false, ..AGREE }).unwrap();
    assert_eq!(refused, "https://desk.example.com/?state=s");
    let wrong = login.replace(&website, &bound);
    assert_eq!(rig.platform.consent(rig.now, &wrong, &AGREE).unwrap_err().code, 10012);
}

#[test]
fn a_test_account_must_be_followed_first_and_by_a_hundred_at_most() {
    let mut rig = rig();
    let test = with_domain(&mut rig, TEST_ACCOUNT);
    let link = url(&test, "snsapi_userinfo", "");
    assert_eq!(rig.platform.consent(rig.now, &link, &AGREE).unwrap_err().code, 10006);
    for number in 0..100 {
        assert_eq!(rig.platform.follow(rig.now, &test, &person_openid(&test, number)), Followed::Done);
    }
    assert_eq!(rig.platform.follow(rig.now, &test, &person_openid(&test, 0)), Followed::Already);
    assert_eq!(rig.platform.follow(rig.now, &test, &person_openid(&test, 100)), Followed::Full);
    assert!(rig.platform.consent(rig.now, &link, &AGREE).is_ok());
    assert!(rig.platform.unfollow(rig.now, &test, &person_openid(&test, 0)));
    assert_eq!(rig.platform.consent(rig.now, &link, &AGREE).unwrap_err().code, 10006);
    assert_eq!(rig.platform.follow(rig.now, &test, &person_openid(&test, 100)), Followed::Done);
}

#[test]
fn neither_is_offered_to_a_platform_and_a_website_has_no_token() {
    let mut rig = rig();
    let token = rig.component_token();
    let link = rig.link(&token);
    let offered = rig.platform.authorize_page(rig.now, &link).unwrap().candidates;
    for number in [TEST_ACCOUNT, WEBSITE] {
        let appid = appid(&rig, number);
        assert!(offered.iter().all(|c| c.account.appid != appid));
    }
    let website = appid(&rig, WEBSITE);
    let secret = rig.platform.app_secret(&website).unwrap().to_owned();
    let pairs = [("grant_type", "client_credential"), ("appid", website.as_str()), ("secret", &secret)];
    assert_eq!(rig.code(&query("/cgi-bin/token", &pairs)), 40013);
}

#[test]
fn mini_programs_log_in_with_a_code_of_their_own() {
    let mut rig = rig();
    let token = rig.component_token();
    let held = rig.authorize(&token, 2, &[18]);
    let secret = rig.platform.app_secret(&held.appid).unwrap().to_owned();
    let component = rig.appid();
    let person = person_openid(&held.appid, 3);
    assert!(rig.platform.issue_js_code(rig.now, &appid(&rig, 0), "o").is_none(), "not a mini program");
    let own = |code: &str| {
        let pairs = [
            ("appid", held.appid.as_str()),
            ("secret", &secret),
            ("js_code", code),
            ("grant_type", "authorization_code"),
        ];
        query("/sns/jscode2session", &pairs)
    };
    let behalf = |code: &str| {
        let pairs = [
            ("appid", held.appid.as_str()),
            ("js_code", code),
            ("grant_type", "authorization_code"),
            ("component_appid", &component),
            ("component_access_token", &token),
        ];
        query("/sns/component/jscode2session", &pairs)
    };
    for request in [&own as &dyn Fn(&str) -> Request, &behalf] {
        let code = rig.platform.issue_js_code(rig.now, &held.appid, &person).unwrap();
        let answer = rig.call(&request(&code));
        assert_eq!((answer["openid"].as_str(), text(&answer, "session_key").len()), (Some(person.as_str()), 24));
        assert_eq!(rig.code(&request(&code)), 40163);
        assert_eq!(rig.code(&request("x")), 40029);
        let late = rig.platform.issue_js_code(rig.now, &held.appid, &person).unwrap();
        rig.wait_s(300);
        assert_eq!(rig.code(&request(&late)), 40029);
    }
    rig.platform.change_sets(rig.now, &held.appid, &[17]);
    assert_eq!(rig.code(&behalf("x")), 61007);
}
