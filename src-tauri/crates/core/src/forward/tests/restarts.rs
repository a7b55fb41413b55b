//! Stops, kills, and what the next start does.

use std::collections::{HashMap, HashSet};

use super::rig::{Reaction, Seen, Stub, arrive};
use super::telling::{ids, target, until};
use crate::testing::World;

async fn killed(world: World) -> World {
    world.core.abandon().await;
    let (clock, wechat, dir) = (world.clock.clone(), world.wechat.clone(), world.dir.clone());
    drop(world);
    World::reopen(clock, wechat, dir).await
}

/// First requests of each push, by sender, are in order.
fn in_order(seen: &[Seen]) {
    let mut last: HashMap<String, i64> = HashMap::new();
    let mut known = HashSet::new();
    for request in seen {
        if known.insert(request.push_id()) {
            let before = last.insert(request.sender(), request.push_id());
            assert!(before.is_none_or(|before| before < request.push_id()), "{:?}", ids(seen));
        }
    }
}

#[tokio::test]
async fn a_kill_loses_nothing_and_keeps_the_order() {
    let mut world = World::new().await;
    let stub = Stub::new(|seen| {
        // One of each round fails, so that some wait in the table when the kill comes; too few to be left alone for.
        let bad = seen.push_id() % 50 == 7 && seen.header("x-wxdesk-attempt") == "1";
        Reaction::Answer(if bad { 500 } else { 200 }, String::new())
    })
    .await;
    let id = target(&world, &stub, |_| {}).await;
    let senders: Vec<String> = (0..10).map(|n| format!("s{n}")).collect();
    let mut pushes = Vec::new();
    for round in 1..=4 {
        let messages: Vec<(&str, &str)> = (0..50).map(|n| (senders[n % 10].as_str(), "x")).collect();
        pushes.extend(arrive(&world, &[id], &messages).await);
        // In the middle of it.
        stub.until(|seen| seen.len() >= round * 20).await;
        world = killed(world).await;
    }
    until(&world, id, |t| t.health.waiting == 0).await;
    let seen = stub.seen();
    assert_eq!(ids(&seen).into_iter().collect::<HashSet<_>>(), pushes.into_iter().collect());
    in_order(&seen);
}

#[tokio::test]
async fn a_stop_doubles_nothing() {
    let mut world = World::new().await;
    let stub = Stub::ok().await;
    let id = target(&world, &stub, |_| {}).await;
    let mut pushes = Vec::new();
    for round in 1..=3 {
        let messages: Vec<(&str, &str)> = (0..60).map(|n| (["a", "b", "c"][n % 3], "x")).collect();
        pushes.extend(arrive(&world, &[id], &messages).await);
        stub.until(|seen| seen.len() >= round * 30).await;
        world = world.restart().await;
    }
    until(&world, id, |t| t.health.waiting == 0).await;
    let mut seen = ids(&stub.seen());
    in_order(&stub.seen());
    seen.sort_unstable();
    assert_eq!(seen, pushes);
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_server_that_hangs() {
    let world = World::new().await;
    let stub = Stub::new(|_| Reaction::Hang).await;
    let id = target(&world, &stub, |_| {}).await;
    let pushes = arrive(&world, &[id], &[("a", "1")]).await;
    stub.until(|seen| seen.len() == 1).await;
    let started = tokio::time::Instant::now();
    let world = world.restart().await;
    assert!(started.elapsed().as_secs() < 5);
    stub.react(|_| Reaction::Answer(200, String::new()));
    until(&world, id, |t| t.health.waiting == 0).await;
    assert_eq!(ids(&stub.seen()), [pushes[0], pushes[0]]);
}
