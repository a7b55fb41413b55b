//! Users: asking about, renewing and forgetting their tokens; logins of mini programs.

use rusqlite::OptionalExtension;
use serde_json::json;
use wxdesk_core::Core;
use wxdesk_core::dto::{ErrorCode, OauthScopeName, OauthUserQuery, OauthUserState, OwnKind};
use wxdesk_sandbox::{Effect, lock};

use crate::rig::{open, parameter, rule};
use crate::world::World;

const DAY: i64 = 24 * 3_600_000;

async fn consented(scope: OauthScopeName) -> (World, i64) {
    let (world, appid) = World::with_account().await;
    let link = world.link(&appid, scope, None).await;
    assert_eq!(open(&world.core, &world.agrees(&link.url), None).await.status, 200);
    let id = world.user().await;
    (world, id)
}

async fn state(world: &World) -> OauthUserState {
    world.core.list_oauth_users(&OauthUserQuery::default()).await.unwrap().items[0].state
}

/// Refusals of both sorts are shown; only those about the token end it.
#[tokio::test(start_paused = true)]
async fn wechats_word_about_a_token_is_shown() {
    let (world, id) = consented(OauthScopeName::Base).await;
    let user = world.core.check_oauth_user(id).await.unwrap();
    assert_eq!((user.check_ok, user.state), (Some(true), OauthUserState::Valid));
    for (code, after) in [(40003, OauthUserState::Valid), (40001, OauthUserState::Refreshable)] {
        world.errcode("/sns/auth", 0, code);
        let user = world.core.check_oauth_user(id).await.unwrap();
        assert_eq!((user.check_ok, user.state), (Some(false), after), "{code}");
        let error = user.last_error.unwrap();
        assert!(error.code == code && !error.advice.is_empty() && !error.advice_zh.is_empty());
    }
    let user = world.core.refresh_oauth_user(id).await.unwrap();
    assert_eq!((user.state, user.check_ok, user.last_error), (OauthUserState::Valid, None, None));
    // No answer says nothing about the token.
    world.fault("/sns/auth", 0, 1, Effect::DropBefore);
    assert_eq!(world.core.check_oauth_user(id).await.unwrap_err().code, ErrorCode::Unavailable);
    assert_eq!(state(&world).await, OauthUserState::Valid);
    // The scope has no profile.
    assert_eq!(world.core.read_oauth_profile(id).await.unwrap_err().code, ErrorCode::Refused);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_and_a_dead_refresh_token_is_over() {
    let (world, id) = consented(OauthScopeName::Base).await;
    let before = world.rows().await.remove(0);
    let end = before.expires_at;
    for _ in 0..3 {
        let now = world.core.clock().now();
        world.until(|w| w.core.clock().now() >= (now + 3_000_000).min(end)).await;
    }
    assert_eq!(state(&world).await, OauthUserState::Refreshable);
    assert_eq!(world.core.reveal_oauth_token(id).await.unwrap_err().code, ErrorCode::NoToken);
    let user = world.core.refresh_oauth_user(id).await.unwrap();
    let after = world.rows().await.remove(0);
    assert!(user.state == OauthUserState::Valid && after.access_token != before.access_token);
    assert_eq!(user.refresh_expires_at, before.obtained_at + 30 * DAY);
    world.errcode("/sns/oauth2/component/refresh_token", 0, 42002);
    let refused = world.core.refresh_oauth_user(id).await.unwrap_err();
    assert_eq!(refused.detail.unwrap().refusal.unwrap().code, 42002);
    assert_eq!(state(&world).await, OauthUserState::Valid, "the token itself lives on");
    assert_eq!(world.rows().await[0].access_token, after.access_token, "and nothing was taken away");
    let row = world.rows().await.remove(0);
    assert_eq!(row.state(row.expires_at), OauthUserState::Over);
    let page = world.core.list_oauth_users(&OauthUserQuery { q: Some("nobody".into()), ..Default::default() }).await;
    assert_eq!(page.unwrap().total, 0);
    let valid = OauthUserQuery { state: Some(OauthUserState::Valid), q: Some(row.openid), ..Default::default() };
    assert_eq!(world.core.list_oauth_users(&valid).await.unwrap().total, 1);
}

#[tokio::test(start_paused = true)]
async fn forgetting_a_user_leaves_nothing() {
    let (world, appid) = World::with_account().await;
    let route = world.route(&appid, OauthScopeName::Userinfo).await;
    let link = world.link(&appid, OauthScopeName::Userinfo, Some(&route.id)).await;
    let back = world.agrees(&link.url);
    let code = parameter(open(&world.core, &back, None).await.location(), "code");
    let row = world.rows().await.remove(0);
    world.core.forget_oauth_user(row.id).await.unwrap();
    assert_eq!(world.core.forget_oauth_user(row.id).await.unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(world.core.exchange_oauth_code(&code).await.unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(world.core.get_oauth_link(&link.state).await.unwrap().results, []);
    let page = open(&world.core, &back, None).await;
    assert!(page.status == 200 && page.body.contains("已经完成"), "the code is not sent again: {page:?}");
    let left = world
        .core
        .store()
        .read(move |c| {
            for (table, column) in [("oauth_user", "id"), ("oauth_ticket", "user_id"), ("oauth_exchange", "user_id")] {
                let sql = format!("SELECT 1 FROM {table} WHERE {column} = ?1");
                if c.query_row(&sql, [row.id], |_| Ok(())).optional()?.is_some() {
                    return Ok(Some(table));
                }
            }
            Ok(None)
        })
        .await
        .unwrap();
    assert_eq!(left, None);
}

#[tokio::test(start_paused = true)]
async fn everything_goes_with_its_platform() {
    let (world, _) = consented(OauthScopeName::Base).await;
    world.core.remove_platform(&world.component).await.unwrap();
    assert!(world.rows().await.is_empty());
    assert!(world.core.list_oauth_links(None, None).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_mini_program_logs_in_and_its_key_is_gone_after_ten_minutes() {
    let (world, official) = World::with_account().await;
    let mini = world.authorize(2, &[]).await;
    let own = world.own(6, OwnKind::MiniProgram).await;
    let js_code = |appid: &str| {
        let openid = wxdesk_sandbox::person_openid(appid, 0);
        lock(&world.platform).issue_js_code(world.core.clock().now(), appid, &openid).unwrap()
    };
    for (component, appid) in [(&world.component, &mini), (&own, &own)] {
        let code = js_code(appid);
        let login = world.core.mini_login(component, appid, &code).await.unwrap();
        let revealed = world.core.reveal_session_key(&login.id).unwrap();
        assert_eq!((revealed.value.len(), revealed.expires_at), (24, Some(login.at + 600_000)));
        assert!(!serde_json::to_string(&login).unwrap().contains(&revealed.value));
        let again = world.core.mini_login(component, appid, &code).await.unwrap_err();
        assert!(again.code == ErrorCode::Refused && !format!("{again:?}").contains(&code), "{again:?}");
        let now = world.core.clock().now();
        world.until(|w| w.core.clock().now() >= now + 600_000).await;
        assert_eq!(world.core.reveal_session_key(&login.id).unwrap_err().code, ErrorCode::NotFound);
    }
    let refused = world.core.mini_login(&world.component, &official, "x").await.unwrap_err();
    assert_eq!(rule(&refused).1, "kind");
    let target = format!("/v1/accounts/{mini}/jscode2session");
    let body = json!({ "js_code": js_code(&mini) });
    let (status, session) =
        wxdesk_core::api::ask_here(&world.core, axum::http::Method::POST, &target, Some(&body)).await;
    assert_eq!((status, session["session_key"].as_str().map(str::len)), (200, Some(24)), "{status}");
}

#[test]
fn wechats_own_error_pages_are_explained() {
    let codes: Vec<i64> = Core::oauth_page_errors().iter().map(|e| e.code).collect();
    for code in [10003, 10004, 10005, 10006, 10009, 10010, 10011, 10012, 10013, 10015, 10016] {
        assert!(codes.contains(&code), "{code}");
    }
}
