//! Lives of stable and classic tokens, and of tickets that hang on them.

use serde_json::json;
use wechat::secret::SecretString;
use wxdesk_core::dto::{AttemptOutcome, ErrorCode, GenerationCause, NeedCause, ReasonCode, TokenState};
use wxdesk_sandbox::lock;

use crate::world::{CLASSIC, HOUR, MINUTE, STABLE, World};

#[tokio::test(start_paused = true)]
async fn a_stable_token_is_renewed_when_wechat_swaps_it_and_never_dies() {
    let world = World::connected("stable").await;
    let before = world.calls(STABLE);
    for _ in 0..24 * 12 {
        world.pass(5 * MINUTE).await;
        assert!(world.works().await, "at {}", world.now());
    }
    let calls = world.calls(STABLE) - before;
    // 12 lives of 1 h 55 min and a bit; a few calls may come before WeChat's swap.
    assert!((11..=30).contains(&calls), "{calls} calls a day");
    assert_eq!(world.calls(CLASSIC), 0);
    let timeline = world.core.token_timeline(&world.appid, Some(&world.appid)).await.unwrap();
    assert!(timeline.generations.len() >= 12, "{}", timeline.generations.len());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_another_program_already_holds_is_taken_over_with_its_remaining_life() {
    let world = World::empty().await;
    let secret: SecretString = lock(&world.platform).app_secret(&world.appid).unwrap().to_owned().into();
    let other = wechat::api::stable_token(world.transport(), &world.appid, &secret, false).await.unwrap();
    world.pass(100 * MINUTE).await;
    world.save(json!({})).await.unwrap();
    world.until(|w| w.account().token.state != TokenState::Missing).await;
    assert_eq!(world.token(), *other.token.expose());
    let left = world.account().token.expires_at.unwrap() - world.now();
    assert!((19 * MINUTE..=20 * MINUTE).contains(&left), "{left}");
    world.pass(20 * MINUTE).await;
    assert!(world.works().await);
    assert_ne!(world.token(), *other.token.expose());
}

#[tokio::test(start_paused = true)]
async fn asking_again_before_the_swap_is_said_to_change_nothing() {
    let world = World::connected("stable").await;
    let (token, generation) = (world.token(), world.account().token.generation);
    world.pass(10 * MINUTE).await;
    world.core.refresh_account(&world.appid, &world.appid).await.unwrap();
    assert_eq!((world.token(), world.account().token.generation), (token, generation));
    let attempts = world.core.list_attempts(&world.appid, Some(&world.appid)).await.unwrap();
    assert_eq!(attempts[0].outcome, AttemptOutcome::Unchanged);
    assert_eq!(world.account().token.state, TokenState::Valid);
}

#[tokio::test(start_paused = true)]
async fn forcing_is_limited_to_twenty_a_day_and_one_in_thirty_seconds() {
    let world = World::connected("stable").await;
    world.pass(MINUTE).await;
    let first = world.token();
    let shown = world.core.force_own_token(&world.appid).await.unwrap().forced;
    assert_ne!(world.token(), first);
    assert_eq!((shown.used, shown.limit), (1, 20));
    assert!(shown.next_at.is_some_and(|at| at > world.now()));
    let refused = world.core.force_own_token(&world.appid).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Unavailable);
    for _ in 1..20 {
        world.pass(31_000).await;
        world.core.force_own_token(&world.appid).await.unwrap();
    }
    world.pass(31_000).await;
    let refused = world.core.force_own_token(&world.appid).await.unwrap_err();
    assert!(refused.message.contains("20 of 20"), "{}", refused.message);
    let timeline = world.core.token_timeline(&world.appid, Some(&world.appid)).await.unwrap();
    assert_eq!(timeline.generations.iter().filter(|g| g.cause == GenerationCause::Forced).count(), 20);
    world.pass(24 * HOUR).await;
    assert_eq!(world.core.get_own_account(&world.appid).await.unwrap().forced.used, 0);
}

/// Asked right after another attempt, it waits the moment that the gap still takes; and a wish that could not be met is
/// not met later by itself.
#[tokio::test(start_paused = true)]
async fn forcing_right_after_a_refresh_waits_a_moment() {
    let world = World::connected("stable").await;
    let first = world.token();
    // WeChat forces nothing in a token's first half minute.
    world.pass(31_000).await;
    world.core.refresh_account(&world.appid, &world.appid).await.unwrap();
    world.core.force_own_token(&world.appid).await.unwrap();
    assert_ne!(world.token(), first);
    world.pass(HOUR).await;
    world.errcode(STABLE, 45009);
    world.core.refresh_account(&world.appid, &world.appid).await.unwrap_err();
    world.core.force_own_token(&world.appid).await.unwrap_err();
    world.no_faults();
    let generation = world.account().token.generation;
    world.pass(10 * MINUTE).await;
    assert_eq!(world.account().token.generation, generation, "nobody asked again");
}

/// The reply to a call that ends the old token never came: WeChat has another one, and ours is dead although its time is
/// not over. It heals by itself, and nobody is accused of having fetched one.
#[tokio::test(start_paused = true)]
async fn a_lost_reply_that_ended_our_token_heals() {
    for (mode, path) in [("stable", STABLE), ("classic", CLASSIC)] {
        let world = World::connected(mode).await;
        world.pass(31_000).await;
        let old = world.token();
        world.lose_reply(path);
        if mode == "stable" {
            world.core.force_own_token(&world.appid).await.unwrap_err();
        } else {
            world.core.refresh_account(&world.appid, &world.appid).await.unwrap_err();
        }
        world.pass(5 * MINUTE).await;
        assert_ne!(world.token(), old, "{mode}");
        assert!(world.works().await, "{mode}");
        world.pass(HOUR / 2).await;
        assert_eq!(world.core.get_own_account(&world.appid).await.unwrap().taken.count, 0, "{mode}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stable_token_that_a_server_saw_refused_is_forced() {
    let world = World::connected("stable").await;
    world.pass(MINUTE).await;
    let old = world.token();
    let id = world.core.store().mirror().credentials()[0].id;
    world.core.ask(id, ReasonCode::ReportedRejected).await.unwrap();
    assert_ne!(world.token(), old);
    assert_eq!(world.core.get_own_account(&world.appid).await.unwrap().forced.used, 1);
}

#[tokio::test(start_paused = true)]
async fn a_classic_token_keeps_the_usual_window() {
    let world = World::connected("classic").await;
    let obtained = world.account().token.obtained_at.unwrap();
    let next = world.account().token.next_refresh_at.unwrap();
    assert!((100 * MINUTE..=105 * MINUTE).contains(&(next - obtained)), "{}", next - obtained);
    for _ in 0..12 * 12 {
        world.pass(5 * MINUTE).await;
        assert!(world.works().await);
    }
    assert_eq!(world.calls(STABLE), 0);
    assert_eq!(world.core.get_own_account(&world.appid).await.unwrap().taken.count, 0, "nobody else was there");
}

#[tokio::test(start_paused = true)]
async fn another_program_that_fetches_a_classic_token_is_noticed() {
    let world = World::connected("classic").await;
    world.pass(2 * MINUTE).await;
    let old = world.token();
    world.somebody_else_fetches().await;
    world.until(|w| w.account().token.generation > 1).await;
    assert_ne!(world.token(), old);
    assert!(world.works().await);
    let own = world.core.get_own_account(&world.appid).await.unwrap();
    assert_eq!(own.taken.count, 1);
    let needs = world.core.overview().await.unwrap().needs;
    let need = needs.iter().find(|n| n.cause == NeedCause::TokenTaken).unwrap();
    assert_eq!((need.own, need.component_appid.as_deref()), (true, Some(world.appid.as_str())));
    let attempts = world.core.list_attempts(&world.appid, Some(&world.appid)).await.unwrap();
    assert_eq!(attempts[0].reason_code, ReasonCode::TakenByAnother);
    let history = world.core.list_account_history(&world.appid, &world.appid, None).await.unwrap();
    assert!(history[0].text.en.contains("another program"), "{history:?}");
}

/// A person's test notices it too, and does not wait for the probe.
#[tokio::test(start_paused = true)]
async fn a_test_of_a_stolen_classic_token_names_the_thief() {
    let world = World::connected("classic").await;
    world.pass(MINUTE).await;
    world.somebody_else_fetches().await;
    world.pass(6 * MINUTE).await;
    assert_eq!(world.core.get_own_account(&world.appid).await.unwrap().taken.count, 0);
    assert!(!world.core.test_token(&world.appid, Some(&world.appid)).await.unwrap().ok);
    assert_eq!(world.core.get_own_account(&world.appid).await.unwrap().taken.count, 1);
    world.until(|w| w.account().token.generation > 1).await;
    assert!(world.works().await);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_secret_is_said_and_the_right_one_heals() {
    let world = World::empty().await;
    world.save(json!({"appsecret": "0123456789abcdef0123456789abcdef"})).await.unwrap();
    world.until(|w| w.account().token.last_error.is_some()).await;
    let token = world.account().token;
    assert_eq!((token.reason_code, token.needs_operator), (ReasonCode::SecretInvalid, true));
    assert_eq!(token.last_error.unwrap().code, 40125);
    let needs = world.core.overview().await.unwrap().needs;
    assert!(needs.iter().any(|n| n.cause == NeedCause::SecretInvalid && n.own), "{needs:?}");
    world.save(json!({})).await.unwrap();
    world.until(|w| w.account().token.state == TokenState::Valid).await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_address_is_shown_and_tried_again_by_itself() {
    let world = World::empty().await;
    lock(&world.platform).refuse_ip(Some("203.0.113.9".into()));
    world.save(json!({})).await.unwrap();
    world.until(|w| w.account().token.last_error.is_some()).await;
    let error = world.account().token.last_error.unwrap();
    assert_eq!((error.code, error.ip.as_deref()), (40164, Some("203.0.113.9")));
    assert_eq!(world.account().token.reason_code, ReasonCode::IpNotListed);
    lock(&world.platform).refuse_ip(None);
    world.until(|w| w.account().token.state == TokenState::Valid).await;
}

#[tokio::test(start_paused = true)]
async fn the_token_survives_a_restart_without_a_call() {
    let mut world = World::connected("stable").await;
    let (token, calls) = (world.token(), world.calls(STABLE));
    world.restart().await;
    world.pass(MINUTE).await;
    assert_eq!((world.token(), world.calls(STABLE)), (token, calls));
}

#[tokio::test(start_paused = true)]
async fn what_only_authorized_accounts_have_is_refused_in_words() {
    let world = World::connected("stable").await;
    let (a, b) = (&world.appid, &world.appid);
    assert!(world.core.refresh_details(a, b).await.is_err());
    assert_eq!(world.core.get_platform(a).unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(world.core.list_platforms(), []);
    assert_eq!(world.core.reconcile_preview(a).await.unwrap_err().code, ErrorCode::NotFound);
    let platform = json!({"component_appid": a, "name": "", "component_appsecret": "x", "verify_token": "AAAAA",
        "encoding_aes_key": crate::world::KEY, "public_base_url": "https://a.example.com"});
    let errors = world.core.validate_platform(&serde_json::from_value(platform).unwrap());
    assert_eq!((errors[0].field.as_str(), errors[0].rule.as_str()), ("component_appid", "connected"));
}

#[tokio::test(start_paused = true)]
async fn a_website_app_has_no_token_and_removal_leaves_nothing() {
    let world = World::empty().await;
    world.save(json!({"kind": "website_app", "verify_token": "", "encoding_aes_key": ""})).await.unwrap();
    world.pass(10 * MINUTE).await;
    let own = world.core.list_own_accounts().await.unwrap();
    assert!(own[0].account.is_none() && own[0].server_url.is_empty());
    assert_eq!(world.calls(STABLE), 0);
    assert_eq!(world.core.list_accounts(&Default::default()).unwrap().total, 0);
    let changed = world.core.validate_own_account(&serde_json::from_value(world.form(&json!({}))).unwrap());
    assert_eq!((changed[0].field.as_str(), changed[0].rule.as_str()), ("kind", "fixed"));
    world.core.remove_own_account(&world.appid).await.unwrap();
    assert_eq!(world.core.list_own_accounts().await.unwrap(), []);
    world.save(json!({})).await.unwrap();
    world.until(|w| w.account().token.state == TokenState::Valid).await;
}

#[tokio::test(start_paused = true)]
async fn no_document_of_an_own_account_holds_a_secret() {
    let world = World::connected("stable").await;
    let own = world.core.get_own_account(&world.appid).await.unwrap();
    let text = serde_json::to_string(&own).unwrap() + &format!("{own:?}");
    let secret = lock(&world.platform).app_secret(&world.appid).unwrap().to_owned();
    for hidden in [secret.as_str(), crate::world::TOKEN, crate::world::KEY, &world.token()] {
        assert!(!text.contains(hidden));
    }
    let input: wxdesk_core::dto::OwnAccountInput = serde_json::from_value(world.form(&json!({}))).unwrap();
    assert!(!format!("{input:?}").contains(&secret));
}
