use super::*;
use crate::clock::Clock;
use crate::dto::{AccountQuery, ExportFormat};
use crate::testing::{COMPONENT, Fault, World, appid};

fn request(kind: BulkKind) -> BulkRequest {
    BulkRequest { kind, component_appid: None, appids: None, query: None }
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
    assert!(world.clock.now() - before <= 2_000, "what was under way ends, nothing more");
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
        appids: Some(vec![appid(1), appid(1), "wx0000000000009999".into()]),
        component_appid: Some(COMPONENT.into()),
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
