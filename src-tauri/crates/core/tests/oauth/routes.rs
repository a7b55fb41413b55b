//! Visitors of business servers: their cookie, their one-time code, and what a repetition gets.

use serde_json::json;
use wxdesk_core::dto::{ErrorCode, OauthScopeName, OauthUserQuery};

use crate::rig::{COMPONENT_TOKEN, Page, SHOP, open, parameter};
use crate::world::World;

async fn enter(world: &World, url: &str, state: &str) -> Page {
    open(&world.core, &format!("{url}{state}"), None).await
}

#[tokio::test(start_paused = true)]
async fn a_visitor_comes_back_to_the_shop_with_a_code_that_is_good_once() {
    let (world, appid) = World::with_account().await;
    let route = world.route(&appid, OauthScopeName::Userinfo).await;
    let entered = enter(&world, &route.enter_url, "order%3D7%26x").await;
    assert_eq!(entered.status, 302);
    let cookie = entered.headers["set-cookie"].clone();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/wechat/oauth", "Max-Age=600", "Secure"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let back = world.agrees(entered.location());
    // Somebody else's browser, or none of its own.
    for stranger in [None, Some("wxdesk_oauth=0000")] {
        let page = open(&world.core, &back, stranger).await;
        assert!(page.status == 403 && page.body.contains("重新开始"), "{page:?}");
    }
    assert_eq!(world.calls(COMPONENT_TOKEN), 0);
    let visits = (0..5).map(|_| open(&world.core, &back, Some(entered.cookie())));
    let pages = futures_util::future::join_all(visits).await;
    let location = pages[0].location();
    let code = parameter(location, "code");
    assert_eq!(location, format!("https://shop.example.com/in?x=1&code={code}&state=order%3D7%26x#/app"));
    assert_eq!(code.len(), 64);
    assert!(pages.iter().all(|p| p.status == 302 && p.location() == location), "the same code while it is unused");
    let row = &world.rows().await[0];
    assert!(!location.contains(&row.openid) && !location.contains(row.access_token.expose()));

    let taken = futures_util::future::join_all((0..10).map(|_| world.core.exchange_oauth_code(&code))).await;
    let good: Vec<_> = taken.iter().filter_map(|t| t.as_ref().ok()).collect();
    assert_eq!(good.len(), 1, "{taken:?}");
    assert_eq!((&good[0].openid, good[0].state.as_deref()), (&row.openid, Some("order=7&x")));
    assert_eq!(good[0].nickname.as_deref(), Some("陈晓"));
    assert!(taken.iter().filter_map(|t| t.as_ref().err()).all(|e| e.code == ErrorCode::NotFound));
    let page = open(&world.core, &back, Some(entered.cookie())).await;
    assert!(page.status == 200 && page.body.contains("已经完成"), "{page:?}");
    assert_eq!(world.calls(COMPONENT_TOKEN), 1);
    let route = world.core.list_oauth_routes().await.unwrap().remove(0);
    assert!(route.used == 1 && route.last_used_at.is_some());
    // Visits are no links of the operator's.
    assert!(world.core.list_oauth_links(None, None).await.unwrap().is_empty());
    // The state was for one code.
    let page = open(&world.core, &world.agrees(entered.location()), Some(entered.cookie())).await;
    assert_eq!(page.status, 409, "{page:?}");
    assert_eq!(world.calls(COMPONENT_TOKEN), 1);
}

#[tokio::test(start_paused = true)]
async fn codes_and_visits_end() {
    let (world, appid) = World::with_account().await;
    let route = world.route(&appid, OauthScopeName::Base).await;
    let entered = enter(&world, &route.enter_url, "").await;
    let back = world.agrees(entered.location());
    let page = open(&world.core, &back, Some(entered.cookie())).await;
    let code = parameter(page.location(), "code");
    assert_eq!(page.location(), format!("https://shop.example.com/in?x=1&code={code}#/app"), "no state was given");
    let visit = enter(&world, &route.enter_url, "late").await;
    let late = world.agrees(visit.location());
    let now = world.core.clock().now();
    world.until(|w| w.core.clock().now() >= now + 300_000).await;
    let ended = world.core.exchange_oauth_code(&code).await.unwrap_err();
    assert!(ended.code == ErrorCode::NotFound && !ended.message.contains(&code), "{ended:?}");
    let page = open(&world.core, &back, Some(entered.cookie())).await;
    assert!(page.status == 200 && page.body.contains("已经完成"), "{page:?}");
    world.until(|w| w.core.clock().now() >= now + 600_000).await;
    assert_eq!(open(&world.core, &late, Some(visit.cookie())).await.status, 403);
    assert_eq!(world.calls(COMPONENT_TOKEN), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_goes_back_to_the_shop_and_bad_entrances_say_so() {
    let (world, appid) = World::with_account().await;
    let other = world.authorize(3, &[]).await;
    let route = world.route(&appid, OauthScopeName::Userinfo).await;
    let entered = enter(&world, &route.enter_url, "b7").await;
    let refusal = world.refuses(entered.location());
    assert_eq!(open(&world.core, &refusal, None).await.status, 403, "without the cookie nothing is counted");
    let page = open(&world.core, &refusal, Some(entered.cookie())).await;
    assert_eq!(page.location(), "https://shop.example.com/in?x=1&error=access_denied&state=b7#/app");
    for (url, status) in [
        (format!("{}{}", route.enter_url, "x".repeat(513)), 400),
        (route.enter_url.replace(&route.id, "nothing"), 404),
        (route.enter_url.replace(&appid, &other), 404),
    ] {
        assert_eq!(open(&world.core, &url, None).await.status, status, "{url}");
    }
    assert_eq!(enter(&world, &route.enter_url, &"x".repeat(512)).await.status, 302);
    // Its owner cancels: nobody is sent to WeChat's error page.
    world.unauthorize(&appid).await;
    assert_eq!(enter(&world, &route.enter_url, "x").await.status, 503);
    world.core.remove_oauth_route(&route.id).await.unwrap();
    assert_eq!(enter(&world, &route.enter_url, "x").await.status, 404);
}

/// A crowd at the entrance costs nothing that could run out, and keeps nobody out.
#[tokio::test(start_paused = true)]
async fn visitors_leave_nothing_until_they_come_back() {
    let (world, appid) = World::with_account().await;
    let route = world.route(&appid, OauthScopeName::Base).await;
    let honest = enter(&world, &route.enter_url, "mine").await;
    for n in 0..500 {
        assert_eq!(enter(&world, &route.enter_url, &format!("flood{n}")).await.status, 302);
    }
    let stored = async || {
        let count = |c: &rusqlite::Connection| Ok(c.query_row("SELECT count(*) FROM oauth_link", [], |r| r.get(0))?);
        world.core.store().read::<i64, _>(count).await.unwrap()
    };
    assert_eq!(stored().await, 0);
    let back = open(&world.core, &world.agrees(honest.location()), Some(honest.cookie())).await;
    assert_eq!((back.status, parameter(back.location(), "state").as_str()), (302, "mine"));
    assert_eq!(stored().await, 1);
}

/// Two tabs of one browser: each has a cookie of its own. And a state is worth nothing with another visit's.
#[tokio::test(start_paused = true)]
async fn two_tabs_do_not_take_each_others_cookie() {
    let (world, appid) = World::with_account().await;
    let route = world.route(&appid, OauthScopeName::Base).await;
    let (first, second) = (enter(&world, &route.enter_url, "1").await, enter(&world, &route.enter_url, "2").await);
    let both = format!("{}; {}", first.cookie(), second.cookie());
    for (tab, state) in [(&first, "1"), (&second, "2")] {
        let back = open(&world.core, &world.agrees(tab.location()), Some(&both)).await;
        assert_eq!((back.status, parameter(back.location(), "state").as_str()), (302, state));
    }
    let third = enter(&world, &route.enter_url, "3").await;
    let theirs =
        format!("{}={}", third.cookie().split('=').next().unwrap(), second.cookie().split_once('=').unwrap().1);
    let page = open(&world.core, &world.agrees(third.location()), Some(&theirs)).await;
    assert!(page.status == 403 && page.body.contains("重新开始"), "{page:?}");
}

#[tokio::test(start_paused = true)]
async fn a_route_keeps_its_account_and_its_rules() {
    let (world, appid) = World::with_account().await;
    let other = world.authorize(3, &[]).await;
    let route = world.route(&appid, OauthScopeName::Base).await;
    assert_eq!(route.url, SHOP);
    let save = async |appid: &str, url: &str, scope: &str| {
        let input =
            json!({ "id": route.id, "component_appid": "", "appid": appid, "name": "新", "url": url, "scope": scope });
        world.core.save_oauth_route(serde_json::from_value(input).unwrap()).await
    };
    assert_eq!(crate::rig::rule(&save(&other, SHOP, "base").await.unwrap_err()).0, "appid");
    assert_eq!(crate::rig::rule(&save(&appid, "https://192.168.1.2/", "base").await.unwrap_err()).1, "public");
    assert_eq!(crate::rig::rule(&save(&appid, SHOP, "login").await.unwrap_err()).0, "scope");
    let changed = save(&appid, "https://shop.example.com/new", "userinfo").await.unwrap();
    assert_eq!((changed.id.as_str(), changed.name.as_str()), (route.id.as_str(), "新"));
    // A link of the operator's that leads to the route, for many users; it ends with the route.
    let link = world.link(&appid, OauthScopeName::Base, Some(&route.id)).await;
    let page = open(&world.core, &world.agrees(&link.url), None).await;
    assert!(page.location().starts_with("https://shop.example.com/new?code="), "{page:?}");
    world.core.remove_oauth_route(&route.id).await.unwrap();
    assert!(world.core.get_oauth_link(&link.state).await.unwrap().ended_at.is_some());
    assert_eq!(world.core.list_oauth_users(&OauthUserQuery::default()).await.unwrap().total, 1);
}
