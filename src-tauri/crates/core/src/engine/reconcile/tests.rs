//! Comparing and applying, on simulated time with a scripted list.

use crate::clock::Clock;
use crate::dto::{
    AccountEventKind, AccountState, ErrorCode, ReconcileChange, ReconcileChoices, ReconcilePhase, ReconcilePick,
};
use crate::testing::{COMPONENT, Fault, World, appid};

const LIST: &str = "api_get_authorizer_list";

fn all() -> ReconcilePick {
    ReconcilePick { all: true, appids: Vec::new() }
}

fn everything() -> ReconcileChoices {
    ReconcileChoices { add: all(), update: all(), mark_gone: all() }
}

/// The store is lost, WeChat still knows everybody: one click, and no owner is asked.
#[tokio::test(start_paused = true)]
async fn every_account_comes_back_without_an_owner() {
    let world = World::ready().await;
    world.wechat.list_accounts((0..1_203).map(appid));
    let preview = world.core.reconcile_preview(COMPONENT).await.unwrap();
    assert_eq!((preview.missing_here.total, preview.missing_here.items.len()), (1_203, 1_000));
    assert_eq!(
        (preview.pages, preview.readings, preview.complete),
        (6, 2, true),
        "a list of several pages is read twice"
    );
    assert_eq!(world.core.list_accounts(&Default::default()).unwrap().total, 0, "nothing was written");
    let choices = ReconcileChoices { add: all(), ..ReconcileChoices::default() };
    let report = world.core.reconcile_apply(COMPONENT, &preview.preview_id, choices.clone()).await.unwrap();
    assert_eq!((report.added, report.skipped), (1_203, 0));
    // A double click answers the same and does nothing more.
    assert_eq!(world.core.reconcile_apply(COMPONENT, &preview.preview_id, choices).await.unwrap(), report);
    world.until(|w| (0..1_203).all(|n| w.credential(&appid(n)).token.is_some())).await;
    assert_eq!(world.core.list_accounts(&Default::default()).unwrap().counts.authorized, 1_203);
    let history = world.core.list_account_history(COMPONENT, &appid(7), None).await.unwrap();
    assert_eq!(history[0].kind, AccountEventKind::Recovered);
    assert_eq!(world.core.reconcile_progress(COMPONENT).unwrap().phase, ReconcilePhase::Idle);
    let again = world.core.reconcile_preview(COMPONENT).await.unwrap();
    assert_eq!((again.unchanged, again.missing_here.total, again.changed.total), (1_203, 0, 0));
}

/// Somebody cancels between two pages: all behind him move up by one, and the first of the next page is not seen.
#[tokio::test(start_paused = true)]
async fn pages_that_shift_lose_nobody() {
    let world = World::ready().await;
    world.accounts(1_100, 7_000_000).await;
    world.wechat.leave_after(1, &appid(3));
    let preview = world.core.reconcile_preview(COMPONENT).await.unwrap();
    let gone: Vec<&str> = preview.gone_there.items.iter().map(|i| i.appid.as_str()).collect();
    assert_eq!(gone, [appid(3)], "and not the one that slipped between the pages");
    assert!(preview.complete && preview.readings == 3, "{}", preview.readings);
}

/// The list changes with every reading: then nothing is taken for gone.
#[tokio::test(start_paused = true)]
async fn a_restless_list_marks_nobody() {
    let world = World::ready().await;
    world.accounts(1_100, 7_000_000).await;
    for reading in 0..4 {
        world.wechat.leave_after(reading * 3 + 1, &appid(reading));
    }
    let preview = world.core.reconcile_preview(COMPONENT).await.unwrap();
    assert!(!preview.complete);
    assert_eq!((preview.gone_there.total, preview.missing_here.total), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn differences_are_named_and_only_the_chosen_are_written() {
    let world = World::ready().await;
    world.accounts(6, 7_000_000).await;
    world.wechat.rotate_behind_our_back(&appid(0));
    world.wechat.rotate_behind_our_back(&appid(1));
    world.event("unauthorized", &appid(2), world.now_s() + 1, None).await.unwrap();
    world.wechat.leave_after(1, &appid(3));
    world.core.reconcile_preview(COMPONENT).await.unwrap();
    let preview = world.core.reconcile_preview(COMPONENT).await.unwrap();
    let changed: Vec<_> = preview.changed.items.iter().map(|i| (i.appid.clone(), i.change.unwrap())).collect();
    assert_eq!(
        changed,
        [
            (appid(0), ReconcileChange::RefreshTokenDiffers),
            (appid(1), ReconcileChange::RefreshTokenDiffers),
            (appid(2), ReconcileChange::AuthorizedAgain)
        ]
    );
    assert_eq!((preview.gone_there.total, preview.unchanged), (1, 2));
    assert!(!serde_json::to_string(&preview).unwrap().contains("refreshtoken@@@"));
    let choices = ReconcileChoices {
        update: ReconcilePick { all: false, appids: vec![appid(0), appid(2), appid(5)] },
        ..ReconcileChoices::default()
    };
    let report = world.core.reconcile_apply(COMPONENT, &preview.preview_id, choices).await.unwrap();
    assert_eq!((report.updated, report.marked, report.skipped), (2, 0, 1));
    assert_eq!(report.skips[0].appid, appid(5));
    let held = |n| world.credential(&appid(n)).refresh_token.as_ref().map(|t| t.expose().clone());
    assert!(held(0).unwrap().ends_with("-1"));
    assert!(world.credential(&appid(0)).token.is_some(), "the token itself was not the trouble");
    assert!(held(1).unwrap().ends_with("-0"), "not chosen");
    assert!(world.account(&appid(3)).authorized, "not chosen");
    world.until(|w| w.credential(&appid(2)).token.is_some()).await;
    let preview = world.core.reconcile_preview(COMPONENT).await.unwrap();
    let report = world.core.reconcile_apply(COMPONENT, &preview.preview_id, everything()).await.unwrap();
    assert_eq!((report.updated, report.marked), (1, 1));
    let page = world.core.list_accounts(&Default::default()).unwrap();
    let gone = page.items.iter().find(|a| a.appid == appid(3)).unwrap();
    assert_eq!(gone.state, AccountState::Unauthorized);
    assert!(world.credential(&appid(3)).refresh_token.is_none());
}

/// Between preview and apply a newer token came: what is here is newer than the list.
#[tokio::test(start_paused = true)]
async fn a_newer_refresh_token_is_never_overwritten() {
    let world = World::ready().await;
    world.accounts(2, 7_000_000).await;
    world.wechat.rotate_behind_our_back(&appid(0));
    let preview = world.core.reconcile_preview(COMPONENT).await.unwrap();
    assert_eq!(preview.changed.total, 1);
    // Its owner confirms again meanwhile, and WeChat gives a third token.
    let code = format!("c@@@1@{}", appid(0));
    world.event("updateauthorized", &appid(0), world.now_s() + 1, Some(&code)).await.unwrap();
    let held = |w: &World| w.credential(&appid(0)).refresh_token.clone().unwrap();
    world.until(|w| held(w).expose().ends_with("-2")).await;
    let newest = held(&world);
    let report = world.core.reconcile_apply(COMPONENT, &preview.preview_id, everything()).await.unwrap();
    assert_eq!((report.updated, report.skipped), (0, 1));
    assert_eq!(world.credential(&appid(0)).refresh_token.as_ref().unwrap().expose(), newest.expose());
}

/// An account authorizes while the list is being read, another cancels: neither is news of the list.
#[tokio::test(start_paused = true)]
async fn what_happens_during_the_reading_is_newer_than_the_list() {
    let world = World::ready().await;
    world.accounts(2, 7_000_000).await;
    world.wechat.latency.store(60_000, std::sync::atomic::Ordering::SeqCst);
    let core = world.core.clone();
    let reading = tokio::spawn(async move { core.reconcile_preview(COMPONENT).await });
    world.pass(1_000).await;
    assert_eq!(world.core.reconcile_progress(COMPONENT).unwrap().phase, ReconcilePhase::Reading);
    world.event("unauthorized", &appid(0), world.now_s() + 5, None).await.unwrap();
    // It takes longer than one asks; asked again, the same reading answers.
    let early = reading.await.unwrap();
    assert_eq!(early.unwrap_err().code, ErrorCode::Unavailable);
    let preview = world.core.reconcile_preview(COMPONENT).await.unwrap();
    assert_eq!((preview.changed.total, preview.gone_there.total, preview.unchanged), (0, 0, 2));
    assert_eq!(world.wechat.calls(LIST).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_comparison_ends_when_told_and_a_preview_when_its_time_is_over() {
    let world = World::ready().await;
    world.wechat.list_accounts((0..1_100).map(appid));
    world.wechat.latency.store(5_000, std::sync::atomic::Ordering::SeqCst);
    let core = world.core.clone();
    let reading = tokio::spawn(async move { core.reconcile_preview(COMPONENT).await });
    world.pass(1_000).await;
    world.core.reconcile_cancel(COMPONENT).unwrap();
    assert_eq!(reading.await.unwrap().unwrap_err().code, ErrorCode::Unavailable);
    assert_eq!(world.wechat.calls(LIST).len(), 1);
    world.wechat.fault(LIST, Fault::Errcode(48001));
    assert_eq!(world.core.reconcile_preview(COMPONENT).await.unwrap_err().code, ErrorCode::Refused);
    let preview = world.core.reconcile_preview(COMPONENT).await.unwrap();
    world.clock.sleep(1).await;
    world.pass(31 * 60_000).await;
    let late = world.core.reconcile_apply(COMPONENT, &preview.preview_id, everything()).await;
    assert_eq!(late.unwrap_err().code, ErrorCode::NotFound);
}
