//! What the owner's browser sees, on simulated time: handlers are called as the router calls them.

use super::*;
use crate::dto::{LinkRequest, LinkState};
use crate::testing::{COMPONENT, World, appid};

const REDEEM: &str = "api_query_auth";

async fn text(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn browser(language: &str, agent: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCEPT_LANGUAGE, language.parse().unwrap());
    headers.insert(header::USER_AGENT, agent.parse().unwrap());
    headers
}

async fn open(world: &World, link: &str) -> (u16, String) {
    let path = Path((COMPONENT.to_owned(), link.to_owned()));
    text(launch(State(world.core.clone()), Method::GET, path, browser("zh-CN", "Mozilla (iPhone)")).await).await
}

async fn back(world: &World, link: &str, code: Option<&str>) -> (u16, String) {
    let mut query = vec![("expires_in".to_owned(), "3600".to_owned())];
    query.extend(code.map(|c| ("auth_code".to_owned(), c.to_owned())));
    let path = Path((COMPONENT.to_owned(), link.to_owned()));
    text(authorized(State(world.core.clone()), path, Query(query), browser("zh-CN", "")).await).await
}

async fn made(world: &World, kind: LinkKind) -> String {
    let request = LinkRequest {
        component_appid: COMPONENT.into(),
        kind,
        auth_type: None,
        biz_appid: None,
        scopes: Vec::new(),
        tenant: None,
        note: Some("secret note".into()),
    };
    world.core.create_link(request).await.unwrap().link_id
}

async fn state(world: &World, link: &str) -> LinkState {
    world.core.get_link(link).await.unwrap().state
}

fn code(n: usize) -> String {
    format!("queryauthcode@@@{n}@{}", appid(n))
}

/// The browser reloads its result, before and after the event, at once and after the link's end.
#[tokio::test(start_paused = true)]
async fn a_reloaded_result_shows_the_same_success_and_redeems_once() {
    for event_first in [false, true] {
        let world = World::ready().await;
        let link = made(&world, LinkKind::Pc).await;
        assert_eq!(open(&world, &link).await.0, 200);
        assert_eq!(state(&world, &link).await, LinkState::Opened);
        if event_first {
            world.event("authorized", &appid(1), world.now_s(), Some(&code(1))).await.unwrap();
            world.until(|w| w.has(&appid(1))).await;
        }
        let one = code(1);
        // A double click: both at once.
        let (first, second) = tokio::join!(back(&world, &link, Some(&one)), back(&world, &link, Some(&one)));
        for (status, page) in [first, second] {
            assert!(status == 200 && page.contains("授权成功"), "{status} {page}");
            assert!(!page.contains("secret note"));
        }
        if !event_first {
            world.event("authorized", &appid(1), world.now_s(), Some(&code(1))).await.unwrap();
        }
        world.pass(9 * 3_600_000).await;
        let (status, page) = back(&world, &link, Some(&code(1))).await;
        assert!(status == 200 && page.contains("花店") && page.contains("授权成功"), "{page}");
        assert_eq!(world.wechat.calls(REDEEM).len(), 1);
        assert_eq!(state(&world, &link).await, LinkState::Authorized);
        let (_, page) = open(&world, &link).await;
        assert!(page.contains("已经使用过") && !page.contains("花店") && !page.contains("id=\"continue\""));
    }
}

#[tokio::test(start_paused = true)]
async fn two_administrators_cannot_share_a_link() {
    let world = World::ready().await;
    let link = made(&world, LinkKind::H5).await;
    assert_eq!(back(&world, &link, Some(&code(1))).await.0, 200);
    let (status, page) = back(&world, &link, Some(&code(2))).await;
    assert!(status == 409 && page.contains("已被使用") && !page.contains("花店"), "{status} {page}");
    assert!(!world.has(&appid(2)));
    assert_eq!(world.core.get_link(&link).await.unwrap().account.unwrap().appid, appid(1));
    // WeChat's own word counts: the second account is authorized, the link stays the first one's.
    world.event("authorized", &appid(2), world.now_s(), Some(&code(2))).await.unwrap();
    world.until(|w| w.has(&appid(2))).await;
    assert_eq!(world.core.get_link(&link).await.unwrap().account.unwrap().appid, appid(1));
}

#[tokio::test(start_paused = true)]
async fn an_expired_link_says_so_and_brings_nothing() {
    let world = World::ready().await;
    let link = made(&world, LinkKind::Pc).await;
    world.pass(601_000).await;
    let (status, page) = open(&world, &link).await;
    assert!(status == 410 && page.contains("已过期") && !page.contains("id=\"continue\""));
    assert_eq!(state(&world, &link).await, LinkState::Expired);
    world.pass(LATEST).await;
    let (status, page) = back(&world, &link, Some(&code(1))).await;
    assert!(status == 410 && page.contains("已过期"), "{status} {page}");
    assert!(world.wechat.calls(REDEEM).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_authorization_can_be_tried_again() {
    let world = World::ready().await;
    let link = made(&world, LinkKind::Pc).await;
    let (status, page) = back(&world, &link, None).await;
    assert!(status == 400 && page.contains("取消") && page.contains(&format!("../authorize/{link}")), "{page}");
    assert_eq!(state(&world, &link).await, LinkState::Cancelled);
    open(&world, &link).await;
    assert_eq!(state(&world, &link).await, LinkState::Opened);
    assert_eq!(back(&world, &link, Some(&code(1))).await.0, 200);
    // Going back in the browser afterwards does not undo it.
    back(&world, &link, None).await;
    assert_eq!(state(&world, &link).await, LinkState::Authorized);
}

#[tokio::test(start_paused = true)]
async fn the_launch_page_explains_device_and_domain_in_the_visitors_language() {
    let world = World::ready().await;
    let pc = made(&world, LinkKind::Pc).await;
    let (_, page) = open(&world, &pc).await;
    assert!(page.contains("请确认授权入口页所在域名") && page.contains("abc.natapp.cc") && page.contains("电脑浏览器"));
    let path = Path((COMPONENT.to_owned(), made(&world, LinkKind::H5).await));
    let (_, page) =
        text(launch(State(world.core.clone()), Method::GET, path, browser("en-GB", "MicroMessenger")).await).await;
    assert!(page.contains("lang=\"en\"") && page.contains("Continue to WeChat") && !page.contains("inside WeChat on"));
    let stranger = Path(("wx0000000000000abc".to_owned(), pc));
    let (status, _) = text(launch(State(world.core.clone()), Method::GET, stranger, browser("en", "")).await).await;
    assert_eq!(status, 404, "another platform's link");
}

/// Ended by the operator: nobody can use it, neither from its start nor on the way back from WeChat.
#[tokio::test(start_paused = true)]
async fn an_ended_link_is_of_no_use() {
    let world = World::ready().await;
    let link = made(&world, LinkKind::Pc).await;
    assert_eq!(open(&world, &link).await.0, 200);
    assert_eq!(world.core.end_link(&link).await.unwrap().state, LinkState::Ended);
    for (status, page) in
        [open(&world, &link).await, back(&world, &link, Some(&code(1))).await, back(&world, &link, None).await]
    {
        assert!(status == 410 && page.contains("已作废"), "{status} {page}");
    }
    assert!(world.wechat.calls(REDEEM).is_empty());
    assert_eq!(state(&world, &link).await, LinkState::Ended);
    assert!(world.core.end_link("nobodys").await.is_err());
    // A used one stays used.
    let link = made(&world, LinkKind::Pc).await;
    back(&world, &link, Some(&code(1))).await;
    assert_eq!(world.core.end_link(&link).await.unwrap().state, LinkState::Authorized);
    assert!(back(&world, &link, Some(&code(1))).await.1.contains("授权成功"));
    assert_eq!(back(&world, &link, None).await.0, 200, "back without a code, after success");
}

/// A messenger that draws a preview does not count as the owner.
#[tokio::test(start_paused = true)]
async fn a_look_at_the_head_opens_nothing() {
    let world = World::ready().await;
    let link = made(&world, LinkKind::Pc).await;
    let path = Path((COMPONENT.to_owned(), link.clone()));
    let response = launch(State(world.core.clone()), Method::HEAD, path, browser("zh-CN", "bot")).await;
    assert_eq!(response.status(), 200);
    assert_eq!(state(&world, &link).await, LinkState::Waiting);
}

#[test]
fn the_visitors_first_language_counts() {
    for (accepted, chinese) in [
        ("zh-CN,zh;q=0.9,en;q=0.8", true),
        ("en-US,en;q=0.9,zh;q=0.5", false),
        ("zh;q=0,en", false),
        ("nzh", true),
        ("fr", true),
        ("", true),
        ("en", false),
        ("zh-Hant-TW;q=0.7, en;q=0.7", true),
    ] {
        assert_eq!(prefers_chinese(accepted), chinese, "{accepted}");
    }
}
