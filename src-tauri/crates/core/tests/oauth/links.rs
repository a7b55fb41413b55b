//! The operator's links: who may be asked for what, and a code that comes once or often.

use serde_json::{Value, json};
use wxdesk_core::dto::{OauthScopeName, OwnKind};
use wxdesk_sandbox::accounts::WEBSITE;
use wxdesk_sandbox::{Effect, lock};

use crate::rig::{BASE, COMPONENT_TOKEN, OWN_TOKEN, open, parameter, rule};
use crate::world::World;

#[tokio::test(start_paused = true)]
async fn twenty_who_bring_one_code_at_once_share_one_exchange() {
    let (world, appid) = World::with_account().await;
    let link = world.link(&appid, OauthScopeName::Userinfo, None).await;
    assert!(link.url.contains("&scope=snsapi_userinfo&") && link.url.contains("component_appid="), "{}", link.url);
    assert_eq!((link.state.len(), link.qr_svg.contains("<svg")), (32, true));
    let back = world.agrees(&link.url);
    let pages = futures_util::future::join_all((0..20).map(|_| open(&world.core, &back, None))).await;
    for page in &pages {
        assert!(page.status == 200 && page.body.contains("已完成授权") && page.body.contains("城南门店通"), "{page:?}");
    }
    // And once more, much later.
    world.core.end_oauth_link(&link.state).await.unwrap();
    assert_eq!(open(&world.core, &back, None).await.status, 200, "its result is shown again");
    assert_eq!(world.calls(COMPONENT_TOKEN), 1);
    let link = world.core.get_oauth_link(&link.state).await.unwrap();
    assert_eq!((link.uses, link.results.len(), link.results[0].repeats), (1, 1, 20));
    let user = link.results[0].user.clone().unwrap();
    assert_eq!((user.nickname.as_deref(), user.scope.as_str()), (Some("陈晓"), "snsapi_userinfo"));
    assert!(!pages[0].body.contains(&user.openid), "the follower's page shows no openid");
    // Another follower, another code: the link was ended meanwhile.
    let page = open(&world.core, &world.agrees(&link.url), None).await;
    assert!(page.status == 403 && page.body.contains("已失效"), "{page:?}");
    assert_eq!(world.calls(COMPONENT_TOKEN), 1);
}

#[tokio::test(start_paused = true)]
async fn no_token_is_in_any_page_document_error_or_logged_call() {
    let (world, appid) = World::with_account().await;
    let own = world.own(3, OwnKind::OfficialAccount).await;
    let mut seen = String::new();
    let mut codes = Vec::new();
    for appid in [&appid, &own] {
        let link = world.link(appid, OauthScopeName::Userinfo, None).await;
        let back = world.agrees(&link.url);
        codes.push(parameter(&back, "code"));
        seen.push_str(&open(&world.core, &back, None).await.body);
        // The refused repetition of a code that is another link's.
        let other = world.link(appid, OauthScopeName::Userinfo, None).await;
        let page = open(&world.core, &back.replace(&link.state, &other.state), None).await;
        assert_eq!(page.status, 409);
        seen.push_str(&page.body);
        seen.push_str(&serde_json::to_string(&world.core.get_oauth_link(&link.state).await.unwrap()).unwrap());
    }
    let rows = world.rows().await;
    assert_eq!(rows.len(), 2);
    for row in &rows {
        world.errcode("/sns/auth", 0, 40001);
        seen.push_str(&serde_json::to_string(&world.core.check_oauth_user(row.id).await.unwrap()).unwrap());
        world.errcode("/sns/oauth2/component/refresh_token", 0, 40030);
        world.errcode("/sns/oauth2/refresh_token", 0, 40030);
        seen.push_str(&format!("{:?}", world.core.refresh_oauth_user(row.id).await.unwrap_err()));
    }
    seen.push_str(&format!("{rows:?}"));
    for (command, args) in [
        ("list_oauth_users", json!({ "query": {} })),
        ("list_oauth_links", json!({ "component_appid": null, "appid": null })),
        ("list_api_calls", json!({ "query": {} })),
        ("list_oauth_routes", json!({})),
    ] {
        let document: Value = wxdesk_core::commands::dispatch(&world.core, command, args).await.unwrap();
        seen.push_str(&document.to_string());
    }
    let secret = lock(&world.platform).app_secret(&own).unwrap().to_owned();
    let mut secrets = vec![secret];
    secrets.extend(codes);
    for row in &rows {
        secrets.push(row.access_token.expose().clone());
        secrets.push(row.refresh_token.as_ref().unwrap().expose().clone());
    }
    for secret in secrets {
        assert!(secret.len() > 20 && !seen.contains(&secret), "a secret is seen");
    }
    // For a person who asks.
    let revealed = world.core.reveal_oauth_token(rows[0].id).await.unwrap();
    assert_eq!(&revealed.value, rows[0].access_token.expose());
}

#[tokio::test(start_paused = true)]
async fn a_state_of_nobody_of_another_account_or_of_the_past_exchanges_nothing() {
    let (world, appid) = World::with_account().await;
    let own = world.own(3, OwnKind::OfficialAccount).await;
    let link = world.link(&appid, OauthScopeName::Base, None).await;
    let back = world.agrees(&link.url);
    for (url, status) in [
        (back.replace(&link.state, &"A".repeat(32)), 400),
        (back.replace(&link.state, "a-b"), 400),
        (back.replace(&format!("state={}", link.state), ""), 400),
        (back.replace(&format!("/oauth/{appid}"), &format!("/oauth/{own}")), 403),
        (back.replace(&format!("&appid={appid}"), &format!("&appid={own}")), 403),
        (back.replace("code=", &format!("code={}", "x".repeat(600))), 400),
    ] {
        let page = open(&world.core, &url, None).await;
        assert_eq!(page.status, status, "{url} {page:?}");
        assert!(page.headers["content-security-policy"].contains("default-src 'none'"));
    }
    let short = world.try_link(json!({ "appid": appid, "scope": "base", "valid_seconds": 60 })).await.unwrap();
    let late = world.agrees(&short.url);
    let until = short.expires_at;
    world.until(|w| w.core.clock().now() >= until).await;
    let page = open(&world.core, &late, None).await;
    assert!(page.status == 403 && page.body.contains("已过期"), "{page:?}");
    assert_eq!(world.calls(COMPONENT_TOKEN), 0);
    assert_eq!(open(&world.core, &back, None).await.status, 200, "the code itself stayed good");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_counted_and_a_refused_code_says_why() {
    let (world, appid) = World::with_account().await;
    let link = world.link(&appid, OauthScopeName::Userinfo, None).await;
    let page = open(&world.core, &world.refuses(&link.url), None).await;
    assert!(page.status == 200 && page.body.contains("没有授权"), "{page:?}");
    world.errcode(COMPONENT_TOKEN, 0, 40029);
    let page = open(&world.core, &world.agrees(&link.url), None).await;
    assert!(page.status == 400 && page.body.contains("重新扫码"), "{page:?}");
    let link = world.core.get_oauth_link(&link.state).await.unwrap();
    assert_eq!((link.uses, link.refused, link.results.len()), (1, 1, 2));
    assert!(link.results.iter().any(|r| r.refused && r.user.is_none()));
    assert!(link.results.iter().any(|r| r.error.as_ref().is_some_and(|e| e.code == 40029)));
    // A profile that cannot be read fails no login.
    world.errcode("/sns/userinfo", 0, 48001);
    let page = open(&world.core, &world.agrees(&link.url), None).await;
    assert!(page.status == 200 && page.body.contains("已完成授权"), "{page:?}");
    let user = world.core.get_oauth_link(&link.state).await.unwrap().results[0].user.clone().unwrap();
    assert_eq!((user.nickname, user.last_error.map(|e| e.code)), (None, Some(48001)));
}

#[tokio::test(start_paused = true)]
async fn a_crash_while_a_code_is_with_wechat_leaves_nobody_knows_and_no_second_call() {
    let (mut world, appid) = World::with_account().await;
    let link = world.link(&appid, OauthScopeName::Base, None).await;
    let back = world.agrees(&link.url);
    world.fault(COMPONENT_TOKEN, 0, 1, Effect::Slow { ms: 60_000 });
    let visit = tokio::spawn({
        let (core, back) = (world.core.clone(), back.clone());
        async move { open(&core, &back, None).await }
    });
    world.until(|w| w.calls(COMPONENT_TOKEN) == 1).await;
    // Whoever brings it meanwhile is told after ten seconds that it is still on its way.
    let page = open(&world.core, &back, None).await;
    assert!(page.status == 202 && page.body.contains("正在处理"), "{page:?}");
    visit.abort();
    world.kill().await;
    let page = open(&world.core, &back, None).await;
    assert!(page.status == 400 && page.body.contains("重新扫码"), "{page:?}");
    assert_eq!(world.calls(COMPONENT_TOKEN), 1);
    let result = &world.core.get_oauth_link(&link.state).await.unwrap().results[0];
    assert!(result.user.is_none() && result.error.as_ref().is_some_and(|e| e.code == 0), "{result:?}");
    let page = open(&world.core, &world.agrees(&link.url), None).await;
    assert_eq!(page.status, 200, "another code works");
}

/// The browser goes away while WeChat is asked: the answer is kept.
#[tokio::test(start_paused = true)]
async fn a_visitor_who_leaves_cuts_nothing_off() {
    let (world, appid) = World::with_account().await;
    let link = world.link(&appid, OauthScopeName::Base, None).await;
    let back = world.agrees(&link.url);
    let visit = tokio::spawn({
        let (core, back) = (world.core.clone(), back.clone());
        async move { open(&core, &back, None).await }
    });
    world.until(|w| w.calls(COMPONENT_TOKEN) == 1).await;
    visit.abort();
    let page = open(&world.core, &back, None).await;
    assert!(page.status == 200 && page.body.contains("已完成授权"), "{page:?}");
    assert_eq!((world.calls(COMPONENT_TOKEN), world.rows().await.len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn who_may_be_asked_for_what() {
    let (world, appid) = World::with_account().await;
    let without_set = world.authorize(4, &[1, 15]).await;
    let mini = world.authorize(2, &[]).await;
    let own = world.own(3, OwnKind::OfficialAccount).await;
    let website = world.own(WEBSITE, OwnKind::WebsiteApp).await;
    let refused = async |request: Value| rule(&world.try_link(request).await.unwrap_err());
    let said = |field: &str, rule: &str| (field.to_owned(), rule.to_owned());
    for (request, expected) in [
        (json!({ "appid": without_set, "scope": "base" }), said("appid", "permission_set")),
        (json!({ "appid": mini, "scope": "base" }), said("appid", "mini_program")),
        (json!({ "appid": appid, "scope": "login" }), said("scope", "kind")),
        (json!({ "appid": own, "scope": "login" }), said("scope", "kind")),
        (json!({ "appid": website, "scope": "base" }), said("scope", "kind")),
        (json!({ "appid": website, "scope": "login", "force_popup": true }), said("force_popup", "scope")),
        (json!({ "appid": appid, "scope": "base", "valid_seconds": 59 }), said("valid_seconds", "range")),
        (json!({ "appid": appid, "scope": "base", "route": "nothing" }), said("route", "unknown")),
        (json!({ "appid": appid, "scope": "base", "note": "长".repeat(201) }), said("note", "length")),
    ] {
        assert_eq!(refused(request.clone()).await, expected, "{request}");
    }
    // Directly, and a website app's page with its QR code.
    for (appid, scope, page) in [
        (&own, OauthScopeName::Base, "/connect/oauth2/authorize?"),
        (&website, OauthScopeName::Login, "/connect/qrconnect?"),
    ] {
        let link = world.link(appid, scope, None).await;
        assert!(link.url.contains(page) && !link.url.contains("component_appid"), "{}", link.url);
        assert_eq!(link.callback_url, format!("{BASE}/wechat/oauth/{appid}"));
        let page = open(&world.core, &world.agrees(&link.url), None).await;
        assert!(page.status == 200 && page.body.contains("直连账号"), "{page:?}");
    }
    assert_eq!(world.calls(OWN_TOKEN), 2);
    let forced = json!({ "appid": appid, "scope": "base", "force_popup": true, "force_snapshot": true });
    let link = world.try_link(forced).await.unwrap();
    assert!(link.url.contains("&forcePopup=true&forceSnapShot=true&component_appid="), "{}", link.url);
    open(&world.core, &world.agrees(&link.url), None).await;
    assert!(world.core.get_oauth_link(&link.state).await.unwrap().results[0].user.as_ref().unwrap().snapshot);
}
