use super::*;
use crate::clock::Clock;
use crate::dto::{AccountQuery, AccountSort, ExportFormat, PlatformInput};
use crate::store::tables::account;
use crate::testing::{COMPONENT, Fault, World, appid, platform};

fn request(kind: BulkKind) -> BulkRequest {
    BulkRequest { kind, component_appid: None, accounts: None, query: None }
}

fn named_by(component_appid: &str, appid: &str) -> BulkAccount {
    BulkAccount { component_appid: component_appid.into(), appid: appid.into() }
}

async fn end(world: &World, id: &str) -> BulkJob {
    world.until(|w| w.core.bulk_job(id, None).unwrap().state != BulkState::Running).await;
    world.core.bulk_job(id, None).unwrap()
}

#[tokio::test(start_paused = true)]
async fn every_account_has_one_line() {
    let world = World::ready().await;
    world.accounts(30, 7_000_000).await;
    world.event("unauthorized", &appid(3), world.now_s() + 1, None).await.unwrap();
    world.until(|w| !w.account(&appid(3)).authorized).await;
    world.wechat.fault("api_authorizer_token", Fault::Errcode(48001));
    let job = world.core.start_bulk(request(BulkKind::Refresh)).unwrap();
    assert_eq!((job.total, job.state), (30, BulkState::Running));
    assert_eq!(world.core.start_bulk(request(BulkKind::Refresh)).unwrap_err().code, ErrorCode::Unavailable);
    let job = end(&world, &job.id).await;
    assert_eq!((job.state, job.done, job.failed, job.skipped), (BulkState::Done, 30, 1, 1));
    let mut appids: Vec<String> = job.lines.iter().map(|line| line.appid.clone()).collect();
    appids.sort();
    appids.dedup();
    assert_eq!(appids.len(), 30);
    let failed = job.lines.iter().find(|l| l.outcome == BulkOutcome::Failed).unwrap();
    assert_eq!(failed.errcode, Some(48001));
    assert!(failed.words.zh.contains("48001") && failed.words.en.contains("48001"));
    assert!(job.lines.iter().enumerate().all(|(at, line)| line.n == count(at) + 1));
    assert_eq!(world.core.bulk_job(&job.id, Some(28)).unwrap().lines.len(), 2);
    assert_eq!(world.wechat.calls("api_authorizer_token").len(), 29);
    assert!(world.wechat.peak.load(Ordering::SeqCst) <= 4, "the engine's share of a platform");
    let report = world.core.export_bulk_report(&job.id, ExportFormat::Csv).unwrap();
    assert_eq!((report.rows, report.text.lines().count()), (30, 31));
    assert_eq!(world.core.list_bulk_jobs().len(), 1);
    world.core.start_bulk(request(BulkKind::Refresh)).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_cancel_begins_nothing_new_and_says_so_for_the_rest() {
    let world = World::ready().await;
    world.accounts(50, 7_000_000).await;
    world.wechat.latency.store(1_000, Ordering::SeqCst);
    let mut changes = world.core.subscribe();
    let job = world.core.start_bulk(request(BulkKind::SyncDetails)).unwrap();
    world.until(|w| w.core.bulk_job(&job.id, None).unwrap().done >= 4).await;
    let running = world.core.bulk_job(&job.id, None).unwrap();
    assert!(running.current.is_some());
    world.core.cancel_bulk(&job.id).unwrap();
    let before = world.clock.now();
    let job = end(&world, &job.id).await;
    assert!(
        world.clock.now() - before <= 4_000,
        "what was under way ends (details, and the original menu), nothing more"
    );
    assert_eq!((job.state, job.done), (BulkState::Cancelled, 50));
    let of = |outcome| job.lines.iter().filter(|l| l.outcome == outcome).count();
    assert!((4..=6).contains(&of(BulkOutcome::Ok)) && of(BulkOutcome::Ok) + of(BulkOutcome::Cancelled) == 50);
    assert!(world.wechat.calls("api_get_authorizer_info").len() <= 6);
    let tag = format!("bulk:{}", job.id);
    let mut told = false;
    while let Ok(change) = changes.try_recv() {
        told |= change.tags.contains(&tag);
    }
    assert!(told);
    world.core.cancel_bulk(&job.id).unwrap();
    assert_eq!(world.core.cancel_bulk("nothing").unwrap_err().code, ErrorCode::NotFound);
}

#[tokio::test(start_paused = true)]
async fn accounts_are_chosen_by_name_or_by_filter() {
    let world = World::ready().await;
    world.accounts(5, 7_000_000).await;
    let named = BulkRequest {
        accounts: Some(vec![
            named_by(COMPONENT, &appid(1)),
            named_by(COMPONENT, &appid(1)),
            named_by(COMPONENT, "wx0000000000009999"),
        ]),
        ..request(BulkKind::Export)
    };
    let job = world.core.start_bulk(named).unwrap();
    let job = end(&world, &job.id).await;
    assert_eq!((job.total, job.failed), (2, 1));
    let query = AccountQuery { q: Some(appid(2)), limit: Some(1), ..AccountQuery::default() };
    let job = world.core.start_bulk(BulkRequest { query: Some(query), ..request(BulkKind::Export) }).unwrap();
    let job = end(&world, &job.id).await;
    assert_eq!((job.total, job.lines[0].appid.clone()), (1, appid(2)));
    let export = world.core.export_bulk_report(&job.id, ExportFormat::Csv).unwrap();
    assert!(export.text.starts_with("\u{feff}component_appid,appid") && export.text.contains(&appid(2)));
    assert!(!export.text.contains("token-2-old"));
    let query = AccountQuery { q: Some("nobody".into()), ..AccountQuery::default() };
    let none = BulkRequest { query: Some(query), ..request(BulkKind::Export) };
    assert_eq!(world.core.start_bulk(none).unwrap_err().code, ErrorCode::InvalidInput);
}

/// A second platform that account `n` authorized too.
async fn second(world: &World, n: usize) -> String {
    const OTHER: &str = "wx00000000000000ef";
    let input = PlatformInput { component_appid: OTHER.into(), name: "Other".into(), ..platform() };
    world.core.save_platform(input).await.unwrap();
    let platform_id = world.core.store().mirror().platform_by_appid(OTHER).unwrap().id;
    let now = world.clock.now();
    world
        .core
        .store()
        .write(move |tx| {
            let row = AccountRow {
                platform_id,
                appid: appid(n),
                authorized: true,
                authorized_at: now,
                details_at: Some(now),
                ..AccountRow::default()
            };
            account::save(tx, &row)
        })
        .await
        .unwrap();
    OTHER.into()
}

#[tokio::test(start_paused = true)]
async fn an_account_of_two_platforms_is_only_touched_where_it_was_chosen() {
    let world = World::ready().await;
    world.accounts(3, 7_000_000).await;
    let other = second(&world, 1).await;
    let removed = |component: &str| world.core.find_any_account(component, &appid(1)).unwrap().1.removed_at.is_some();
    let chosen = vec![named_by(COMPONENT, &appid(1)), named_by("wx9999999999999999", &appid(1))];
    let job = world.core.start_bulk(BulkRequest { accounts: Some(chosen), ..request(BulkKind::Remove) }).unwrap();
    let job = end(&world, &job.id).await;
    assert_eq!((job.total, job.failed), (2, 1));
    assert!(removed(COMPONENT) && !removed(&other));
    let of = |component: &str| job.lines.iter().find(|l| l.component_appid == component).unwrap().clone();
    assert_eq!((of(COMPONENT).outcome, of(COMPONENT).platform_name), (BulkOutcome::Ok, "门店通".into()));
    assert_eq!(
        (of("wx9999999999999999").outcome, of("wx9999999999999999").platform_name),
        (BulkOutcome::Failed, String::new())
    );
    let report = world.core.export_bulk_report(&job.id, ExportFormat::Csv).unwrap();
    assert!(report.text.contains("component_appid,platform_name,appid") && report.text.contains("门店通"));

    // Both chosen: a line each, with its own platform.
    let both = vec![named_by(&other, &appid(1)), named_by(COMPONENT, &appid(2))];
    let job = world.core.start_bulk(BulkRequest { accounts: Some(both.clone()), ..request(BulkKind::Export) }).unwrap();
    let job = end(&world, &job.id).await;
    assert_eq!((job.total, job.failed), (2, 0));
    assert!(job.lines.iter().any(|l| l.component_appid == other && l.platform_name == "Other"));
    // The platform in view does not lend its name to an account of another.
    let narrowed =
        BulkRequest { accounts: Some(both), component_appid: Some(COMPONENT.into()), ..request(BulkKind::Export) };
    let job = world.core.start_bulk(narrowed).unwrap();
    assert_eq!(end(&world, &job.id).await.failed, 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_removed_together_comes_back_together() {
    let world = World::ready().await;
    world.accounts(40, 7_000_000).await;
    let nothing = world.core.start_bulk(request(BulkKind::Remove)).unwrap_err();
    assert_eq!(nothing.code, ErrorCode::InvalidInput, "everything is never removed by leaving something out");
    let query = AccountQuery { limit: Some(1), ..AccountQuery::default() };
    let job = world.core.start_bulk(BulkRequest { query: Some(query), ..request(BulkKind::Remove) }).unwrap();
    let job = end(&world, &job.id).await;
    assert_eq!((job.total, job.done, job.failed, job.skipped), (40, 40, 0, 0));
    let counts = || world.core.list_accounts(&AccountQuery::default()).unwrap();
    assert_eq!((counts().total, counts().removed), (0, 40));
    // Nothing but coming back is possible for them.
    let chosen = Some(vec![named_by(COMPONENT, &appid(1))]);
    for kind in [BulkKind::Remove, BulkKind::Refresh, BulkKind::SyncDetails] {
        let job = world.core.start_bulk(BulkRequest { accounts: chosen.clone(), ..request(kind) }).unwrap();
        assert_eq!(end(&world, &job.id).await.skipped, 1, "{kind:?}");
    }
    assert_eq!(world.core.start_bulk(request(BulkKind::Refresh)).unwrap_err().code, ErrorCode::InvalidInput);

    let before = world.wechat.calls("api_authorizer_token").len();
    let job = world.core.start_bulk(request(BulkKind::Restore)).unwrap();
    let job = end(&world, &job.id).await;
    assert_eq!((job.total, job.failed, job.skipped), (40, 0, 0));
    assert_eq!((counts().total, counts().removed), (40, 0));
    // Each is asked of WeChat, within the engine's caps.
    world.until(|w| w.wechat.calls("api_authorizer_token").len() == before + 40).await;
    assert!(world.wechat.peak.load(Ordering::SeqCst) <= 4);
    let job = world.core.start_bulk(BulkRequest { accounts: chosen, ..request(BulkKind::Restore) }).unwrap();
    assert_eq!(end(&world, &job.id).await.skipped, 1, "it is there already");
}

#[tokio::test(start_paused = true)]
async fn a_filter_means_the_whole_list_in_its_order() {
    let world = World::ready().await;
    world.accounts(1_200, 7_000_000).await;
    let query = AccountQuery {
        sort: Some(AccountSort::Name),
        limit: Some(5),
        cursor: Some("7".into()),
        offset: Some(9),
        ..AccountQuery::default()
    };
    let asked = BulkRequest { query: Some(query.clone()), ..request(BulkKind::Export) };
    let chosen: Vec<String> = world.core.select(&asked).unwrap().into_iter().map(|t| t.appid).collect();
    let all = AccountQuery { limit: Some(1_000), cursor: None, offset: None, ..query };
    let listed = world.core.list_accounts(&all).unwrap();
    assert_eq!(chosen.len(), 1_200);
    assert!(listed.items.iter().zip(&chosen).all(|(a, b)| a.appid == *b));
    assert_eq!(
        world.core.start_bulk(BulkRequest { component_appid: Some("wx1".into()), ..asked }).unwrap_err().code,
        ErrorCode::NotFound
    );
}

#[test]
fn a_misspelt_choice_is_refused() {
    let old = r#"{"kind":"remove","appids":["wx1"]}"#;
    assert!(serde_json::from_str::<BulkRequest>(old).is_err());
}
