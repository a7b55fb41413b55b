use super::*;
use crate::clock::Clock;
use crate::dto::PushAnswer;
use crate::inbox::testing::{component, text};
use crate::store::tables::push_answer;
use crate::testing::World;

async fn sized(world: &World) -> Size {
    world.core.store().read(size).await.unwrap()
}

async fn answers(world: &World) -> i64 {
    let count = |c: &Connection| Ok(c.query_row("SELECT count(*) FROM push_answer", [], |r| r.get(0))?);
    world.core.store().read(count).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn limits_are_checked_and_kept() {
    let world = World::new().await;
    let figures = world.core.inbox_figures().await.unwrap();
    assert_eq!((figures.keep_days, figures.keep_mib, figures.rows, figures.bytes), (7, 2_048, 0, 0));
    assert_eq!((figures.oldest_at, figures.p50_ms, figures.slow_ms, figures.budget_ms), (None, None, 1_000, 4_500));
    for (days, mib, fields) in
        [(0, 16, &["keep_days"][..]), (366, 15, &["keep_days", "keep_mib"]), (1, 65_537, &["keep_mib"])]
    {
        let refused = world.core.set_inbox_retention(days, mib).await.unwrap_err().detail.unwrap();
        assert_eq!(refused.fields.iter().map(|f| f.field.as_str()).collect::<Vec<_>>(), fields);
    }
    world.core.set_inbox_retention(365, 65_536).await.unwrap();
    let world = world.restart().await;
    let figures = world.core.inbox_figures().await.unwrap();
    assert_eq!((figures.keep_days, figures.keep_mib), (365, 65_536));
    world.core.answer_times().note(world.clock.now(), 2_000);
    let figures = world.core.inbox_figures().await.unwrap();
    assert_eq!((figures.minutes[0].count, figures.minutes[0].slow, figures.p99_ms), (1, 1, Some(2_000)));
}

/// Promptly, also when nobody looks: the engine's own round finds it.
#[tokio::test(start_paused = true)]
async fn old_pushes_go_with_their_answers_and_ids_are_never_used_again() {
    let world = World::new().await;
    let ids = world.store((0..2_500).map(|n| text(n, "o1", "x")).collect()).await;
    world.answered(ids[0], PushAnswer::Rule, 1, 0).await;
    world.answered(ids[2_499], PushAnswer::Rule, 1, 0).await;
    world.pass(7 * DAY - 10 * 60_000).await;
    assert_eq!(world.kept().await.len(), 2_500);
    // Within the hour, or within the minute when many came.
    world.clock.jump(11 * 60_000);
    (0..1_000).for_each(|_| world.core.door().accepted(world.clock.now()));
    world.pass(91_000).await;
    assert_eq!((world.kept().await.len(), answers(&world).await), (0, 0));
    let next = world.store(vec![text(3_000, "o1", "x")]).await;
    assert_eq!(next[0], ids[2_499] + 1);
}

#[tokio::test(start_paused = true)]
async fn the_oldest_go_when_the_space_is_used_up() {
    let world = World::new().await;
    let long = "长".repeat(3_000);
    let ids = world.store((0..3_000).map(|n| text(n, "o1", &long)).collect()).await;
    let before = sized(&world).await;
    assert_eq!((before.rows, before.held), (3_000, 0));
    assert!(before.bytes > 25 << 20, "{}", before.bytes);
    world.core.set_inbox_retention(7, 16).await.unwrap();
    prune(&world.core, false).await;
    let after = sized(&world).await;
    assert!(after.bytes <= 16 << 20 && after.bytes > 15 << 20, "{}", after.bytes);
    let kept = world.kept().await;
    assert_eq!(i64::try_from(kept.len()).unwrap(), after.rows);
    assert_eq!(kept, ids[3_000 - kept.len()..]);
    // Nothing more goes.
    prune(&world.core, true).await;
    assert_eq!(world.kept().await, kept);
}

/// The estimate against the file: all pages that belong to the two tables.
#[tokio::test(start_paused = true)]
async fn the_size_is_told_within_a_tenth() {
    for length in [50, 500, 1_500, 3_600, 20_000] {
        let world = World::new().await;
        let pages = |c: &Connection| Ok(c.query_row("SELECT page_count FROM pragma_page_count", [], |r| r.get(0))?);
        let empty: i64 = world.core.store().read(pages).await.unwrap();
        let rows = 8_000_000 / (length + 500);
        let content = "x".repeat(usize::try_from(length).unwrap());
        for start in (0..rows).step_by(500) {
            world.store((start..rows.min(start + 500)).map(|n| text(n, "o1", &content)).collect()).await;
        }
        let used: i64 = world.core.store().read(pages).await.unwrap();
        let told = sized(&world).await.bytes;
        let real = (used - empty) * 4_096;
        assert!((told - real).abs() * 10 < real, "{length}: told {told}, it is {real}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_business_server_needs_stays_until_it_needs_it_no_more() {
    let world = World::new().await;
    let pushes = (0..100).map(|n| {
        let mut push = text(n, "o1", "x");
        push.notify = (n % 10 == 0).then(|| ",3,".to_owned());
        push
    });
    let ids = world.store(pushes.collect()).await;
    let (first, last) = (ids[0], ids[99]);
    let expired = |needed: usize| Expired { before: i64::MAX, below: 0, needed_from: Some(ids[needed]) };
    let everything = expired(50);
    let piece = world.core.store().write(move |tx| inbox::prune(tx, first, 40, everything)).await.unwrap();
    assert_eq!(piece, Piece { removed: 40, done_to: first + 40, more: true });
    let piece = world.core.store().write(move |tx| inbox::prune(tx, piece.done_to, 1_000, everything)).await.unwrap();
    assert_eq!(piece, Piece { removed: 55, done_to: last + 1, more: false });
    assert_eq!(world.kept().await, [50, 60, 70, 80, 90].map(|n| ids[n]));
    world.core.store().write(move |tx| setting::put(tx, PRUNED_TO, &(last + 1))).await.unwrap();
    let size = sized(&world).await;
    assert_eq!((size.rows, size.held), (5, 5));
    assert!(size.bytes > 0);
    // Its place moved on.
    let from = Some(ids[75]);
    let piece = world.core.store().write(move |tx| inbox::prune_needed(tx, 0, 2, last + 1, from)).await.unwrap();
    assert_eq!((piece.removed, piece.more), (2, true));
    let piece = world.core.store().write(move |tx| inbox::prune_needed(tx, piece.done_to, 2, last + 1, from)).await;
    assert_eq!(piece.unwrap().removed, 1);
    assert_eq!(world.kept().await, [80, 90].map(|n| ids[n]));
    // And then there is nobody who needs anything; an answer that came too late goes too.
    world.answered(first, PushAnswer::Rule, 1, 0).await;
    prune(&world.core, true).await;
    assert_eq!((world.kept().await.len(), answers(&world).await), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_removed_platform_takes_its_pushes_and_answers_along() {
    let world = World::new().await;
    let ids = world.store(vec![text(0, "o1", "x"), component(1, "unknown", "")]).await;
    world.answered(ids[0], PushAnswer::Rule, 1, 0).await;
    world.core.remove_platform(crate::testing::COMPONENT).await.unwrap();
    assert_eq!((world.kept().await.len(), answers(&world).await), (0, 0));
    let gone = ids[0];
    assert_eq!(world.core.store().read(move |c| Ok(push_answer::get(c, gone)?)).await.unwrap(), None);
    assert_eq!(world.list(crate::dto::InboxQuery::default()).await.items, []);
}
