//! The promises of the engine, each with a test that fails without it, on simulated time.

use crate::clock::Clock;
use crate::dto::{AccountState, AttemptOutcome, NeedAction, NeedCause, ReasonCode, TokenState};
use crate::policy::MIN_GAP;
use crate::testing::{Fault, T0, World, appid};

const REFRESH: &str = "api_authorizer_token";
const COMPONENT_TOKEN: &str = "api_component_token";

#[tokio::test(start_paused = true)]
async fn a_ticket_becomes_a_component_token_by_itself() {
    let world = World::new().await;
    let view = world.core.list_platforms().remove(0).component_token;
    assert_eq!((view.state, view.reason_code), (TokenState::Waiting, ReasonCode::TicketMissing));
    world.ticket(1).await.unwrap();
    world.until(|w| w.component().generation == 1).await;
    let view = world.core.list_platforms().remove(0).component_token;
    assert_eq!((view.state, view.reason_code), (TokenState::Valid, ReasonCode::Fresh));
    assert_eq!(world.wechat.calls(COMPONENT_TOKEN).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn tokens_renew_themselves_inside_their_window() {
    let world = World::ready().await;
    world.accounts(3, 7_200_000).await;
    let start = world.clock.now();
    world.until(|w| (0..3).all(|n| w.credential(&appid(n)).generation == 2)).await;
    for at in world.wechat.calls(REFRESH) {
        assert!((6_000_000..=6_310_000).contains(&(at - start)), "{}", at - start);
    }
}

/// Promise 2: a reply without a refresh token leaves the old one; one with a new one replaces it.
#[tokio::test(start_paused = true)]
async fn a_missing_refresh_token_keeps_the_old_one() {
    let world = World::ready().await;
    world.wechat.fault(REFRESH, Fault::NoRefreshToken);
    world.accounts(1, 60_000).await;
    world.until(|w| w.credential(&appid(0)).generation == 2).await;
    assert!(world.credential(&appid(0)).refresh_token.as_ref().unwrap().expose().ends_with("-0"));
}

/// An authorization that came without a refresh token: WeChat's list has it, and nobody has to do anything.
#[tokio::test(start_paused = true)]
async fn an_authorization_without_a_refresh_token_finds_it_in_the_list() {
    for listed in [true, false] {
        let world = World::ready().await;
        world.wechat.fault("api_query_auth", Fault::NoRefreshToken);
        if !listed {
            world.wechat.forget_accounts();
        }
        let code = format!("c@@@1@{}", appid(0));
        world.event("authorized", &appid(0), world.now_s(), Some(&code)).await.unwrap();
        let settled = |w: &World| {
            w.has(&appid(0)) && {
                let held = w.credential(&appid(0));
                held.refresh_token.is_some() || held.failure.is_some()
            }
        };
        world.until(settled).await;
        let held = world.credential(&appid(0));
        assert_eq!(held.refresh_token.is_some(), listed);
        assert!(held.token.is_some() && world.wechat.calls(REFRESH).is_empty(), "the token it came with lives");
        let page = world.core.list_accounts(&crate::dto::AccountQuery::default()).unwrap();
        let state = if listed { AccountState::Authorized } else { AccountState::NeedsAuthorization };
        assert_eq!(page.items[0].state, state);
        assert!(world.clock.now() < T0 + 120_000, "at once, not when the token ends");
    }
}

/// WeChat's reset of an AppSecret is asked for while the old component token still lives, and a new secret is tried when
/// it is saved.
#[tokio::test(start_paused = true)]
async fn a_reset_secret_is_asked_for_at_once() {
    let world = World::ready().await;
    let before = world.component().generation;
    world.wechat.fault(COMPONENT_TOKEN, Fault::Errcode(40125));
    let mut input = crate::testing::platform();
    input.component_appsecret = Some("0".repeat(32));
    world.core.save_platform(input.clone()).await.unwrap();
    world.until(|w| w.component().failures > 0).await;
    let overview = world.core.overview().await.unwrap();
    let need = overview.needs.iter().find(|n| n.cause == NeedCause::SecretInvalid).expect("it is asked for");
    assert!(need.actions.contains(&NeedAction::EditPlatform));
    assert!(world.component().token.is_some(), "the old token goes on");
    input.component_appsecret = Some("1".repeat(32));
    world.core.save_platform(input).await.unwrap();
    world.until(|w| w.component().generation > before).await;
    let needs = world.core.overview().await.unwrap().needs;
    assert!(!needs.iter().any(|n| n.cause == NeedCause::SecretInvalid), "{needs:?}");
}

/// Promise 3.
#[tokio::test(start_paused = true)]
async fn a_failure_never_takes_a_working_token_away() {
    let faults = [
        Fault::Errcode(-1),
        Fault::Errcode(45009),
        Fault::Errcode(61004),
        Fault::Errcode(48001),
        Fault::Errcode(99999),
        Fault::Status(502),
        Fault::Html,
        Fault::DropBefore,
    ];
    for fault in faults {
        let world = World::ready().await;
        for _ in 0..3 {
            world.wechat.fault(REFRESH, fault.clone());
        }
        world.accounts(1, 800_000).await;
        world.until(|w| w.credential(&appid(0)).failures > 0).await;
        let row = world.credential(&appid(0));
        assert_eq!(row.token.as_ref().unwrap().expose(), "token-0-old", "{fault:?}");
        assert!(row.refresh_token.is_some() && row.failure.is_some(), "{fault:?}");
        assert!(world.core.reveal_token(crate::testing::COMPONENT, &appid(0)).is_ok(), "still given out: {fault:?}");
    }
}

/// Promises 4 and 5.
#[tokio::test(start_paused = true)]
async fn attempts_never_overlap_and_never_follow_at_once() {
    let world = World::ready().await;
    for _ in 0..12 {
        world.wechat.fault(REFRESH, Fault::Errcode(-1));
        world.wechat.fault(REFRESH, Fault::DropBefore);
    }
    world.accounts(1, 60_000).await;
    world.until(|w| w.credential(&appid(0)).generation == 2).await;
    let calls = world.wechat.calls(REFRESH);
    assert_eq!(calls.len(), 25);
    for pair in calls.windows(2) {
        assert!((MIN_GAP..=620_000).contains(&(pair[1] - pair[0])), "{}", pair[1] - pair[0]);
    }
    assert_eq!(world.wechat.overlaps(), 0);
}

#[tokio::test(start_paused = true)]
async fn many_who_ask_share_one_call() {
    let world = World::ready().await;
    world.accounts(1, 7_000_000).await;
    let id = world.credential(&appid(0)).id;
    let asks: Vec<_> = (0..1_000)
        .map(|_| {
            let core = world.core.clone();
            tokio::spawn(async move { core.ask(id, ReasonCode::ReportedRejected).await })
        })
        .collect();
    for ask in asks {
        ask.await.unwrap().unwrap();
    }
    assert_eq!(world.wechat.calls(REFRESH).len(), 1);
    assert_eq!(world.credential(&appid(0)).generation, 2);
}

#[tokio::test(start_paused = true)]
async fn concurrency_is_capped_and_a_platform_has_its_share() {
    let world = World::ready().await;
    world.accounts(60, 60_000).await;
    world.until(|w| (0..60).all(|n| w.credential(&appid(n)).generation == 2)).await;
    assert_eq!(world.wechat.peak.load(std::sync::atomic::Ordering::SeqCst), 4);
}

/// In-flight loss: WeChat rotated, the reply never came. It heals from WeChat's list without a person.
#[tokio::test(start_paused = true)]
async fn a_lost_rotation_heals_from_the_list() {
    let world = World::ready().await;
    world.wechat.fault(REFRESH, Fault::DropAfter);
    world.accounts(1, 800_000).await;
    world.until(|w| w.credential(&appid(0)).generation == 2).await;
    assert_eq!(world.wechat.calls("api_get_authorizer_list").len(), 1);
    let detail = world.core.get_account(crate::testing::COMPONENT, &appid(0)).await.unwrap();
    assert!(detail.attempts.iter().any(|a| a.outcome == AttemptOutcome::Healed));
    assert_eq!(detail.account.state, AccountState::Authorized);
}

#[tokio::test(start_paused = true)]
async fn a_dead_refresh_token_needs_the_owner_after_one_look_at_the_list() {
    let world = World::ready().await;
    world.accounts(1, 60_000).await;
    world.wechat.forget_accounts();
    world
        .until(|w| {
            w.core.account_view(&w.core.store().mirror().platforms()[0], &w.account(&appid(0))).state
                == AccountState::NeedsAuthorization
        })
        .await;
    world.pass(6 * 3_600_000).await;
    assert_eq!(world.wechat.calls("api_get_authorizer_list").len(), 1);
    assert_eq!(world.wechat.calls(REFRESH).len(), 1, "no hammering");
    let overview = world.core.overview().await.unwrap();
    assert!(overview.needs.iter().any(|n| n.cause == crate::dto::NeedCause::NeedsAuthorization && n.count == 1));
}

/// A rejected component token: one forced refresh; when that does not help, stop.
#[tokio::test(start_paused = true)]
async fn a_rejected_parent_is_forced_once_then_left() {
    let world = World::ready().await;
    world.wechat.fault(REFRESH, Fault::Errcode(40001));
    world.accounts(1, 800_000).await;
    world.until(|w| w.credential(&appid(0)).generation == 2).await;
    assert_eq!(world.component().generation, 2);
    assert_eq!(world.component().rejections, 0, "a success ends the count");
    for _ in 0..50 {
        world.wechat.fault(REFRESH, Fault::Errcode(40001));
    }
    let before = world.wechat.calls(COMPONENT_TOKEN).len();
    world.accounts(1, 60_000).await;
    world.pass(290_000).await;
    assert_eq!(world.wechat.calls(COMPONENT_TOKEN).len(), before + 1, "forced once");
    assert_eq!(world.core.list_platforms()[0].component_token.reason_code, ReasonCode::TokenRejected);
}

#[tokio::test(start_paused = true)]
async fn a_refused_ticket_waits_for_the_next_one() {
    let world = World::new().await;
    world.wechat.fault(COMPONENT_TOKEN, Fault::Errcode(61006));
    world.ticket(1).await.unwrap();
    world.until(|w| w.component().failures == 1).await;
    world.pass(3_600_000).await;
    assert_eq!(world.wechat.calls(COMPONENT_TOKEN).len(), 1);
    assert_eq!(world.core.list_platforms()[0].component_token.reason_code, ReasonCode::TicketRejected);
    world.ticket(11).await.unwrap();
    world.until(|w| w.component().generation == 1).await;
}

/// What depends on a failing parent waits, says so, and starts the moment the parent is back.
#[tokio::test(start_paused = true)]
async fn children_wait_for_their_parent() {
    let world = World::new().await;
    world.accounts(5, 60_000).await;
    world.pass(10 * 60_000).await;
    assert!(world.wechat.calls(REFRESH).is_empty());
    let page = world.core.list_accounts(&crate::dto::AccountQuery::default()).unwrap();
    assert!(
        page.items
            .iter()
            .all(|a| a.token.reason_code == ReasonCode::ParentMissing && a.token.state == TokenState::Waiting)
    );
    world.ticket(1).await.unwrap();
    let start = world.clock.now();
    world.until(|w| (0..5).all(|n| w.credential(&appid(n)).generation == 2)).await;
    assert!(world.clock.now() - start < 2_000);
}

/// Promise 7: an hour back, an hour forward, a day asleep.
#[tokio::test(start_paused = true)]
async fn clock_jumps_cost_at_most_one_early_refresh_and_no_missed_one() {
    for jump in [-3_600_000, 3_600_000, 86_400_000] {
        let world = World::ready().await;
        world.accounts(20, 7_200_000).await;
        world.pass(600_000).await;
        let before = world.wechat.calls(REFRESH).len();
        assert_eq!(before, 0);
        world.clock.jump(jump);
        if jump == 86_400_000 {
            world.ticket(24 * 60 + 20).await.unwrap();
        }
        // Real time goes on for the token's real life; what WeChat counts is monotonic.
        let real_end = world.clock.monotonic() + 6_600_000;
        let mut renewed_by = None;
        while world.clock.monotonic() < real_end {
            world.pass(10_000).await;
            if renewed_by.is_none() && (0..20).all(|n| world.credential(&appid(n)).generation >= 2) {
                renewed_by = Some(world.clock.monotonic());
            }
        }
        assert!(renewed_by.is_some(), "missed after a jump of {jump}");
        let calls = world.wechat.calls(REFRESH).len();
        assert!(calls <= 20 * 2, "jump {jump}: {calls} calls for 20 accounts in one life");
    }
}

/// Promise 8: a stop abandons what hangs, and the next start resolves it.
#[tokio::test(start_paused = true)]
async fn a_stop_in_flight_is_resolved_by_the_next_start() {
    let world = World::ready().await;
    world.wechat.fault(REFRESH, Fault::Hang);
    world.accounts(1, 60_000).await;
    world.until(|w| w.credential(&appid(0)).claimed_by.is_some()).await;
    let start = world.clock.monotonic();
    let world = world.restart().await;
    assert!(world.clock.monotonic() - start <= 5_000, "took {}", world.clock.monotonic() - start);
    let row = world.credential(&appid(0));
    assert!(row.token.is_some() && row.claimed_by.is_none());
    world.until(|w| w.credential(&appid(0)).generation == 2).await;
    let detail = world.core.get_account(crate::testing::COMPONENT, &appid(0)).await.unwrap();
    assert_eq!(detail.attempts[0].outcome, AttemptOutcome::Ok);
    assert_eq!(detail.attempts[0].reason_code, ReasonCode::Interrupted);
    assert_eq!(detail.attempts[1].outcome, AttemptOutcome::Interrupted);
}

/// Promise 6: every attempt has its reason, every credential a decision in words.
#[tokio::test(start_paused = true)]
async fn decisions_are_stored_with_their_reasons() {
    let world = World::ready().await;
    world.wechat.fault(REFRESH, Fault::Errcode(61004));
    world.accounts(1, 60_000).await;
    world.until(|w| w.credential(&appid(0)).failures == 1).await;
    let row = world.credential(&appid(0));
    let (reason, until) = row.decided.clone().unwrap();
    assert_eq!(reason, ReasonCode::IpNotListed.text());
    assert!(until.unwrap() >= world.clock.now() + crate::policy::IP_FIRST - 1_000, "a person is needed: no hammering");
    let detail = world.core.get_account(crate::testing::COMPONENT, &appid(0)).await.unwrap();
    assert_eq!(detail.attempts[0].reason_code, ReasonCode::Emergency);
    assert!(!detail.attempts[0].error.as_ref().unwrap().advice_zh.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_event_and_a_callback_with_one_code_are_one_authorization() {
    let a = "wxaaaaaaaaaaaaaaaa";
    let code = format!("queryauthcode@@@{a}");
    let world = World::ready().await;
    let link = world
        .core
        .create_link(
            serde_json::from_value(serde_json::json!({"component_appid": crate::testing::COMPONENT, "kind": "pc"}))
                .unwrap(),
        )
        .await
        .unwrap();
    world.event("authorized", a, world.now_s(), Some(&code)).await.unwrap();
    world.event("authorized", a, world.now_s(), Some(&code)).await.unwrap();
    world.until(|w| w.has(a)).await;
    let platform_id = world.core.store().mirror().platforms()[0].id;
    let (id, now) = (link.link_id.clone(), world.clock.now());
    world
        .core
        .store()
        .write(move |tx| {
            use crate::store::tables::redemption::{Offer, offer};
            offer(
                tx,
                &Offer {
                    platform_id,
                    code: &code.into(),
                    link_id: Some(&id),
                    authorizer_appid: None,
                    create_time: now / 1000,
                    expires_at: now + 600_000,
                },
                now,
            )
        })
        .await
        .unwrap();
    world.core.wake(crate::engine::Wake::Redeem);
    world.pass(60_000).await;
    assert_eq!(world.wechat.calls("api_query_auth").len(), 1);
    assert_eq!(world.credential(a).generation, 1);
    assert_eq!(world.core.get_link(&link.link_id).await.unwrap().state, crate::dto::LinkState::Authorized);
    assert_eq!(world.account(a).nick_name, "花店", "details follow by themselves");
}

#[tokio::test(start_paused = true)]
async fn a_redemption_whose_reply_was_lost_heals() {
    let a = "wxaaaaaaaaaaaaaaaa";
    let world = World::ready().await;
    world.wechat.fault("api_query_auth", Fault::DropAfter);
    world.event("authorized", a, world.now_s(), Some(&format!("queryauthcode@@@{a}"))).await.unwrap();
    world.until(|w| w.has(a) && w.credential(a).token.is_some()).await;
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_takes_tokens_but_not_history_and_an_old_one_changes_nothing() {
    let a = "wxaaaaaaaaaaaaaaaa";
    let world = World::ready().await;
    let at = world.now_s();
    world.event("authorized", a, at, Some(&format!("queryauthcode@@@{a}"))).await.unwrap();
    world.until(|w| w.has(a)).await;
    world.event("unauthorized", a, at - 5, None).await.unwrap();
    assert!(world.account(a).authorized, "an overtaken cancellation changes nothing");
    world.event("unauthorized", a, at + 5, None).await.unwrap();
    assert!(!world.account(a).authorized);
    assert!(world.credential(a).token.is_none() && world.credential(a).refresh_token.is_none());
    world.event("authorized", a, at + 2, Some("queryauthcode@@@2@wxaaaaaaaaaaaaaaaa")).await.unwrap();
    world.pass(60_000).await;
    assert!(!world.account(a).authorized, "an overtaken authorization does not bring it back");
    world.event("authorized", a, at + 90, Some("queryauthcode@@@3@wxaaaaaaaaaaaaaaaa")).await.unwrap();
    world.until(|w| w.account(a).authorized && w.credential(a).token.is_some()).await;
}

/// Reordered and repeated tickets.
#[tokio::test(start_paused = true)]
async fn an_older_ticket_never_wins() {
    let world = World::new().await;
    for minute in [20, 10, 20, 1] {
        world.ticket(minute).await.unwrap();
    }
    let ticket = world.core.store().mirror().platforms()[0].ticket.clone().unwrap();
    assert_eq!(ticket.value.expose(), "ticket@@@20");
    assert_eq!(ticket.create_time, T0 / 1000 + 1200);
}

/// Promise 9, as far as the engine goes: nothing of a credential shows in any Debug or Display.
#[tokio::test(start_paused = true)]
async fn nothing_secret_is_shown() {
    let world = World::ready().await;
    world.wechat.fault(REFRESH, Fault::Errcode(40125));
    world.accounts(1, 60_000).await;
    world.until(|w| w.credential(&appid(0)).failures == 1).await;
    let shown = format!(
        "{:?} {:?} {:?} {:?}",
        world.credential(&appid(0)),
        world.component(),
        world.core.store().mirror().platforms(),
        world.core.status()
    );
    for secret in [
        "token-0-old",
        "refreshtoken@@@wx",
        "component-token-",
        "0123456789abcdef0123",
        crate::testing::KEY,
        "ticket@@@1",
    ] {
        assert!(!shown.contains(secret), "{secret}");
    }
}

/// Whatever a browser brings proves nothing: a made-up code on one's own link must not reach for somebody's account.
#[tokio::test(start_paused = true)]
async fn a_made_up_code_takes_nobody_over() {
    let world = World::ready().await;
    world.accounts(1, 7_000_000).await;
    // WeChat has a newer refresh token for the account than we have: just authorized again, the event is on its way.
    world.wechat.rotate_behind_our_back(&appid(0));
    let request = serde_json::json!({"component_appid": crate::testing::COMPONENT, "kind": "pc", "tenant": "evil"});
    let link = world.core.create_link(serde_json::from_value(request).unwrap()).await.unwrap();
    let platform_id = world.core.store().mirror().platforms()[0].id;
    for _ in 0..2 {
        world.wechat.fault("api_query_auth", Fault::Errcode(61010));
    }
    let (id, now) = (link.link_id.clone(), world.clock.now());
    let offered = world.core.store().write(move |tx| {
        use crate::store::tables::redemption::{Offer, offer};
        let code = "queryauthcode@@@garbage".into();
        offer(
            tx,
            &Offer {
                platform_id,
                code: &code,
                link_id: Some(&id),
                authorizer_appid: None,
                create_time: 0,
                expires_at: now + 600_000,
            },
            now,
        )
    });
    offered.await.unwrap();
    world.core.wake(crate::engine::Wake::Redeem);
    world.pass(700_000).await;
    assert_eq!(world.core.get_link(&link.link_id).await.unwrap().account, None);
    assert_eq!(world.account(&appid(0)).tenant, None);
    assert_eq!(world.credential(&appid(0)).generation, 1);
}

/// The owner cancels while the code is being redeemed: the account must not come back to life.
#[tokio::test(start_paused = true)]
async fn a_cancellation_during_the_redemption_wins() {
    let a = "wxaaaaaaaaaaaaaaaa";
    let world = World::ready().await;
    world.wechat.latency.store(3_000, std::sync::atomic::Ordering::SeqCst);
    let at = world.now_s();
    world.event("authorized", a, at, Some(&format!("queryauthcode@@@{a}"))).await.unwrap();
    world.pass(1_000).await;
    world.event("unauthorized", a, at + 1, None).await.unwrap();
    world.pass(60_000).await;
    assert!(!world.account(a).authorized);
    assert!(world.credential(a).token.is_none());
    assert_eq!(world.core.list_accounts(&crate::dto::AccountQuery::default()).unwrap().total, 0);
}

/// A hundred accounts due, and WeChat refuses our address: a handful of calls, then one try for all, then all at once.
#[tokio::test(start_paused = true)]
async fn a_refused_address_is_tried_by_one_for_all_and_heals_by_itself() {
    let world = World::ready().await;
    for _ in 0..12 {
        world.wechat.fault(REFRESH, Fault::Errcode(61004));
    }
    world.accounts(100, 60_000).await;
    let per_platform = world.core.engine_options().per_platform;
    world.pass(50_000).await;
    assert!(world.wechat.calls(REFRESH).len() <= per_platform, "{:?}", world.wechat.calls(REFRESH));
    let overview = world.core.overview().await.unwrap();
    let need = overview.needs.iter().find(|n| n.cause == crate::dto::NeedCause::IpNotListed).unwrap();
    assert!(need.actions.contains(&crate::dto::NeedAction::TestEgress));
    world.until(|w| (0..100).all(|n| w.credential(&appid(n)).generation == 2)).await;
    let calls = world.wechat.calls(REFRESH);
    assert_eq!(calls.len(), 112, "twelve refusals, then each account once");
    let single = &calls[per_platform..12];
    assert!(single.windows(2).all(|w| w[1] - w[0] >= crate::policy::IP_FIRST), "one at a time: {single:?}");
    assert!(calls[111] - calls[12] < 60_000, "and then all at once");
}

/// The operator enters a proxy: no waiting for the next try.
#[tokio::test(start_paused = true)]
async fn a_changed_platform_is_tried_at_once() {
    let world = World::ready().await;
    for _ in 0..4 {
        world.wechat.fault(REFRESH, Fault::Errcode(61004));
    }
    world.accounts(1, 60_000).await;
    world.until(|w| w.credential(&appid(0)).failures == 4).await;
    let before = world.clock.now();
    world.pass(crate::policy::MIN_GAP).await;
    world.core.save_platform(crate::testing::platform()).await.unwrap();
    world.until(|w| w.credential(&appid(0)).generation == 2).await;
    assert!(world.clock.now() - before < crate::policy::MIN_GAP + 2_000);
}
