//! What operators do with options, quotas, tokens and details, against the scripted WeChat.

use serde_json::json;

use crate::clock::Clock;
use crate::core::Core;
use crate::dto::{ClearMethod, ErrorCode, GenerationCause, OptionName};
use crate::policy::FailureKind;
use crate::testing::{COMPONENT, Fault, World, appid};

const CURRENT: &str = "get_authorizer_option";
const LEGACY: &str = "api_get_authorizer_option";
const INFO: &str = "api_get_authorizer_info";
const HOUR: i64 = 3_600_000;

async fn world(accounts: usize) -> World {
    let world = World::ready().await;
    world.accounts(accounts, 7_000_000).await;
    world
}

#[tokio::test(start_paused = true)]
async fn options_are_read_in_the_current_form_and_worded() {
    let world = world(1).await;
    world.wechat.script(CURRENT, json!({"errcode": 0, "option_value": "1"}).to_string());
    let options = world.core.get_account_options(COMPONENT, &appid(0)).await.unwrap();
    let texts: Vec<&str> = options.items.iter().map(|o| o.value_text.zh.as_str()).collect();
    assert_eq!(texts, ["进入会话时上报", "开启", "开启"]);
    assert_eq!(options.items[0].choices.len(), 3);
    assert!(world.wechat.calls(LEGACY).is_empty());
    world.wechat.script(CURRENT, json!({"option_value": "7"}).to_string());
    let options = world.core.get_account_options(COMPONENT, &appid(0)).await.unwrap();
    assert_eq!(
        (options.items[1].value.as_deref(), options.items[1].value_text.en.as_str()),
        (Some("7"), "Unknown (7)")
    );
}

#[tokio::test(start_paused = true)]
async fn options_fall_back_to_the_old_form_without_renewing_a_token() {
    for code in [40001, 61014, 61015, 47001, 40066] {
        let world = world(1).await;
        world.wechat.script(LEGACY, json!({"option_value": "0"}).to_string());
        world.wechat.fault(CURRENT, Fault::Errcode(code));
        let options = world.core.get_account_options(COMPONENT, &appid(0)).await.unwrap();
        assert!(options.items.iter().all(|o| o.value.as_deref() == Some("0") && o.error.is_none()), "{code}");
        // Found once, the form that works is kept for the other two.
        assert_eq!((world.wechat.calls(CURRENT).len(), world.wechat.calls(LEGACY).len()), (1 + 3, 3), "{code}");
        assert!(world.wechat.calls("api_authorizer_token").is_empty(), "{code}: the token is not to blame");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_both_forms_would_get_is_told_at_once() {
    let world = world(1).await;
    world.wechat.script(CURRENT, json!({"option_value": "0"}).to_string());
    world.wechat.fault("set_authorizer_option", Fault::Errcode(61025));
    let set = world.core.set_account_option(COMPONENT, &appid(0), OptionName::VoiceRecognize, "1").await;
    let refusal = set.unwrap_err().detail.unwrap().refusal.unwrap();
    assert!(refusal.code == 61025 && refusal.rid.is_some());
    assert!(world.wechat.calls("api_set_authorizer_option").is_empty());
    let wrong = world.core.set_account_option(COMPONENT, &appid(0), OptionName::VoiceRecognize, "2").await.unwrap_err();
    assert_eq!(wrong.code, ErrorCode::InvalidInput);
    world.wechat.script(CURRENT, json!({"option_value": "2"}).to_string());
    let set = world.core.set_account_option(COMPONENT, &appid(0), OptionName::LocationReport, "2").await.unwrap();
    assert_eq!((set.value.as_deref(), set.value_text.en.as_str()), (Some("2"), "Every 5 seconds"));
    world.wechat.fault(CURRENT, Fault::Errcode(61012));
    let options = world.core.get_account_options(COMPONENT, &appid(0)).await.unwrap();
    assert_eq!(options.items[0].error.as_ref().map(|e| e.code), Some(61012));
    assert!(options.items[1].error.is_none(), "one that cannot be read does not hide the others");
}

#[tokio::test(start_paused = true)]
async fn quotas_are_read_and_clearings_counted_from_the_log() {
    let world = world(1).await;
    let quota = json!({"quota": {"daily_limit": 100, "used": 40, "remain": 60}, "rate_limit": {"call_count": 0, "refresh_second": 0},
        "component_rate_limit": {"call_count": 200, "refresh_second": 60}});
    world.wechat.script("get", quota.to_string());
    let report = world.core.get_quota(COMPONENT, None, None).await.unwrap();
    assert!(report.items.len() >= 5 && report.items.iter().all(|i| i.name.is_some() && i.remain == Some(60)));
    assert!(report.items[0].rate_limit.is_none() && report.items[0].component_rate_limit.is_some());
    assert_eq!((report.allowance.limit, report.allowance.used_at_least, report.allowance.exhausted), (10, 0, false));
    let paths = Some(vec!["/cgi-bin/user/info".to_owned()]);
    world.wechat.fault("get", Fault::Errcode(76021));
    let report = world.core.get_quota(COMPONENT, Some(&appid(0)), paths).await.unwrap();
    assert_eq!(report.items[0].error.as_ref().map(|e| e.code), Some(76021));
    for bad in ["https://x/cgi-bin/a", "/cgi-bin/a?access_token=1", "cgi-bin"] {
        assert!(world.core.get_quota(COMPONENT, None, Some(vec![bad.into()])).await.is_err(), "{bad}");
    }
    let own = world.core.clear_quota(COMPONENT, None, ClearMethod::Token).await.unwrap();
    assert_eq!(own.used_at_least, 1);
    let own = world.core.clear_quota(COMPONENT, None, ClearMethod::AppSecret).await.unwrap();
    assert_eq!((own.used_at_least, own.last_at.is_some()), (2, true));
    let accounts = world.core.clear_quota(COMPONENT, Some(&appid(0)), ClearMethod::AppSecret).await.unwrap();
    assert_eq!(accounts.used_at_least, 1, "an account has its own ten");
    world.wechat.fault("clear_quota", Fault::Errcode(48006));
    let refused = world.core.clear_quota(COMPONENT, None, ClearMethod::Token).await.unwrap_err();
    assert_eq!(refused.detail.unwrap().refusal.unwrap().code, 48006);
    let report = world.core.get_quota(COMPONENT, None, None).await.unwrap();
    assert!(report.allowance.exhausted && report.allowance.used_at_least == 10);
    world.pass(report.allowance.resets_at - world.clock.now()).await;
    world.ticket(40 * 24 * 60).await.unwrap();
    world.until(|w| w.core.list_platforms()[0].component_token.state == crate::dto::TokenState::Valid).await;
    let report = world.core.get_quota(COMPONENT, None, None).await.unwrap();
    assert_eq!((report.allowance.used_at_least, report.allowance.exhausted), (0, false), "a new month");
}

#[tokio::test(start_paused = true)]
async fn a_request_is_looked_up_with_the_token_that_made_it_and_shown_without_secrets() {
    let world = world(1).await;
    let rid = "5fa26c60-1a0ebdd5-32fd1cd0";
    world.wechat.fault(CURRENT, Fault::Errcode(61012));
    world.wechat.script(CURRENT, json!({"option_value": "0"}).to_string());
    world.core.get_account_options(COMPONENT, &appid(0)).await.unwrap();
    let request = json!({"invoke_time": 1_635_156_704, "cost_in_ms": 30, "client_ip": "203.0.113.9",
        "request_url": "access_token=token-0-old&x=1", "request_body": r#"{"option_name":"voice_recognize","appsecret":"s3cr3t"}"#,
        "response_body": r#"{"errcode":61012,"errmsg":"invalid option name"}"#});
    world.wechat.script("get", json!({"errcode": 0, "request": request}).to_string());
    let found = world.core.lookup_rid(&format!(" rid: {rid} "), None, None).await.unwrap();
    assert_eq!((found.appid, found.errcode, found.invoked_at), (Some(appid(0)), Some(61012), 1_635_156_704_000));
    assert!(found.words.is_some() && found.api.as_deref() == Some("/cgi-bin/component/get_authorizer_option"));
    assert_eq!(found.request_url, "access_token=***&x=***");
    assert!(found.request_body.contains("voice_recognize") && !found.request_body.contains("s3cr3t"));
    // Another account's: the next one that may know is asked.
    world.wechat.fault("get", Fault::Errcode(76003));
    assert_eq!(world.core.lookup_rid(rid, None, None).await.unwrap().appid, None);
    for _ in 0..2 {
        world.wechat.fault("get", Fault::Errcode(76004));
    }
    let refused = world.core.lookup_rid(rid, None, None).await.unwrap_err();
    assert_eq!(refused.detail.unwrap().refusal.unwrap().code, 76004);
    assert_eq!(world.core.lookup_rid("nonsense", None, None).await.unwrap_err().code, ErrorCode::InvalidInput);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_proved_as_it_is() {
    let world = world(1).await;
    let test = world.core.test_token(COMPONENT, Some(&appid(0))).await.unwrap();
    assert_eq!((test.ok, test.duration_ms, test.generation), (true, 50, 1));
    world.wechat.fault("get_api_domain_ip", Fault::Errcode(40001));
    let test = world.core.test_token(COMPONENT, None).await.unwrap();
    assert!(!test.ok && test.error.is_some_and(|e| e.code == 40001 && !e.advice_zh.is_empty()));
    assert!(world.wechat.calls("api_authorizer_token").is_empty(), "a test renews nothing");
    let empty = World::new().await;
    assert_eq!(empty.core.test_token(COMPONENT, None).await.unwrap_err().code, ErrorCode::NoToken);
}

#[tokio::test(start_paused = true)]
async fn the_timeline_says_who_caused_each_token() {
    let world = World::ready().await;
    let id = "wxbbbbbbbbbbbbbbbb";
    let code = format!("queryauthcode@@@one@{id}");
    world.event("authorized", id, world.now_s(), Some(&code)).await.unwrap();
    world.until(|w| w.has(id) && w.credential(id).generation == 1).await;
    world.pass(60_000).await;
    world.wechat.fault("api_authorizer_token", Fault::Errcode(-1));
    world.core.refresh_account(COMPONENT, id).await.unwrap_err();
    world.pass(120_000).await;
    world.until(|w| w.credential(id).generation >= 2 || w.credential(id).failures == 0).await;
    world.core.refresh_account(COMPONENT, id).await.unwrap();
    let operator = world.credential(id).generation;
    world.until(|w| w.credential(id).generation == operator + 1).await;
    world.wechat.rotate_behind_our_back(id);
    world.until(|w| w.credential(id).generation == operator + 2).await;
    world.pass(60_000).await;
    world.wechat.fault("api_authorizer_token", Fault::Errcode(-1));
    world.core.refresh_account(COMPONENT, id).await.unwrap_err();
    let line = world.core.token_timeline(COMPONENT, Some(id)).await.unwrap();
    let causes: Vec<GenerationCause> = line.generations.iter().map(|g| g.cause).collect();
    assert_eq!(&causes[..3], [GenerationCause::Healed, GenerationCause::Scheduled, GenerationCause::Operator]);
    assert_eq!(causes.last(), Some(&GenerationCause::Authorization));
    assert_eq!(line.pending.len(), 1, "the failure that goes on");
    assert_eq!(line.generations[0].attempts.len(), 2, "the one that healed and the one that succeeded");
    assert!(line.generations[0].current && line.generations[1..].iter().all(|g| !g.current));
    assert!(line.generations.last().unwrap().attempts.is_empty());
    let attempts: usize = line.generations.iter().map(|g| g.attempts.len()).sum();
    assert_eq!(attempts + 1, world.core.list_attempts(COMPONENT, Some(id)).await.unwrap().len());
    let component = world.core.token_timeline(COMPONENT, None).await.unwrap();
    assert_eq!(component.generations.last().map(|g| g.cause), Some(GenerationCause::First));
}

fn mini_program() -> String {
    json!({"authorizer_info": {"nick_name": "花店小程序", "user_name": "gh_2", "principal_name": "花店有限公司",
        "head_img": "http://wx.qlogo.cn/mmopen/avatar.png", "qrcode_url": "http://mmbiz.qpic.cn/qr.png?from=1",
        "service_type_info": {"id": 0}, "verify_type_info": {"id": 0}, "account_status": 16, "register_type": 6,
        "MiniProgramInfo": {"network": {"RequestDomain": ["https://a.example.com"], "UDPDomain": []},
            "categories": [{"first": "生活服务", "second": "丽人服务"}], "visit_status": 0}},
        "authorization_info": {"authorizer_appid": appid(0), "authorizer_refresh_token": "refreshtoken@@@never-stored",
            "func_info": [{"funcscope_category": {"id": 18}}, {"funcscope_category": {"id": 9999}}]}})
    .to_string()
}

#[tokio::test(start_paused = true)]
async fn details_are_kept_when_a_later_fetch_fails_or_tells_less() {
    let png = b"\x89PNG\r\n\x1a\npicture".to_vec();
    let world = world(1).await;
    world.wechat.script(INFO, mini_program());
    world.wechat.script("avatar.png", png.clone());
    let full = world.core.refresh_details(COMPONENT, &appid(0)).await.unwrap();
    assert!(full.account.has_avatar && full.extra.qr);
    assert_eq!(full.account_status_text.zh, "已封禁");
    assert_eq!(full.extra.domains.len(), 1);
    assert_eq!(full.extra.domains[0].label.zh, "request 合法域名");
    assert_eq!(full.extra.categories[0].second, "丽人服务");
    assert_eq!(full.extra.register_type_text.zh, "通过法人扫脸创建企业小程序");
    assert_eq!(full.permissions[1].name.zh, "未知权限集 (9999)");
    // The QR code did not come with the details; it comes when somebody looks, and then from the cache.
    assert_eq!(world.core.get_account_qr(COMPONENT, &appid(0)).await.unwrap(), None);
    world.wechat.script("qr.png?from=1", png);
    for _ in 0..2 {
        let qr = world.core.get_account_qr(COMPONENT, &appid(0)).await.unwrap().unwrap();
        assert!(qr.starts_with("data:image/png;base64,"));
    }
    assert_eq!(world.wechat.calls("qr.png?from=1").len(), 3);
    for fault in [Fault::Errcode(-1), Fault::Html, Fault::DropBefore, Fault::Status(500)] {
        world.wechat.fault(INFO, fault);
        world.core.refresh_details(COMPONENT, &appid(0)).await.unwrap_err();
    }
    let kept = world.core.get_account(COMPONENT, &appid(0)).await.unwrap();
    assert!(kept.details_error.is_some() && kept.details_at == full.details_at);
    world.wechat.script(INFO, r#"{"authorizer_info":{"nick_name":""}}"#);
    let less = world.core.refresh_details(COMPONENT, &appid(0)).await.unwrap();
    assert_eq!(less.account.nick_name, "花店小程序");
    assert_eq!((less.account.scopes.clone(), less.extra.domains.clone()), (vec![18, 9999], full.extra.domains));
    assert_eq!((less.account_status, less.extra.register_type, less.account.has_avatar), (Some(16), Some(6), true));
    assert!(less.details_error.is_none());
    assert_eq!(world.wechat.calls("avatar.png").len(), 1, "an unchanged picture is not fetched again");
}

#[tokio::test(start_paused = true)]
async fn details_are_fetched_daily_and_spread_over_the_day() {
    let world = world(48).await;
    let start = world.clock.now();
    // Tickets go on, so that the component token does.
    for hour in 0..36 {
        world.pass(HOUR).await;
        world.ticket(hour * 60 + 61).await.unwrap();
    }
    // The engine looks every ten minutes.
    world.pass(HOUR / 5).await;
    let calls = world.wechat.calls(INFO);
    assert_eq!(calls.len(), 48, "each once, between 12 and 36 hours after the last time");
    assert!(calls.iter().all(|at| (12 * HOUR..=37 * HOUR).contains(&(at - start))));
    let fullest = (0..40).map(|h| calls.iter().filter(|at| (**at - start) / HOUR == h).count()).max();
    assert!(fullest <= Some(9), "{fullest:?} in one hour");
    let next = world.core.get_account(COMPONENT, &appid(0)).await.unwrap().extra.next_details_at.unwrap();
    assert!(next > world.clock.now() && next < world.clock.now() + 36 * HOUR);
}

/// 45009 waits for midnight, but not when the quota was cleared before.
#[tokio::test(start_paused = true)]
async fn a_cleared_quota_lets_what_waited_go_on() {
    let world = world(1).await;
    world.wechat.fault("api_authorizer_token", Fault::Errcode(45009));
    world.core.refresh_account(COMPONENT, &appid(0)).await.unwrap_err();
    let before = world.credential(&appid(0));
    assert_eq!(before.failure_kind, Some(FailureKind::Quota));
    world.core.refresh_account(COMPONENT, &appid(0)).await.unwrap_err();
    assert_eq!(world.wechat.calls("api_authorizer_token").len(), 1, "no call until midnight");
    world.core.clear_quota(COMPONENT, None, ClearMethod::AppSecret).await.unwrap();
    assert_eq!(world.credential(&appid(0)).failures, 0);
    world.pass(60_000).await;
    world.core.refresh_account(COMPONENT, &appid(0)).await.unwrap();
    assert!(world.credential(&appid(0)).generation > before.generation);
}

#[test]
fn codes_are_explained() {
    assert!(Core::explain_errcode(45009).is_some_and(|w| w.meaning.zh != w.meaning.en));
    assert!(Core::explain_errcode(123_456).is_none());
    assert!(Core::known_apis().iter().filter(|api| api.by_default).count() > 10);
}
