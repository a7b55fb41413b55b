//! Queues of notified targets.

use std::collections::{HashMap, HashSet};

use tokio::sync::watch;

use super::rig::{DEADLINE, Reaction, Seen, Stub, arrive, input};
use crate::dto::{DeliveryError, DeliveryQuery, DeliveryState, Target, TargetInput, TargetMode, TargetState};
use crate::testing::World;

pub async fn target(world: &World, stub: &Stub, with: impl FnOnce(&mut TargetInput)) -> i64 {
    let mut input = input(&stub.url(), TargetMode::Notified);
    with(&mut input);
    world.core.save_target(input).await.unwrap().id
}

pub fn ids(seen: &[Seen]) -> Vec<i64> {
    seen.iter().map(Seen::push_id).collect()
}

/// Waits until the target's figures say so.
pub async fn until(world: &World, id: i64, what: impl Fn(&Target) -> bool) -> Target {
    let mut changes = world.core.subscribe();
    let waiting = async {
        loop {
            let target = world.core.list_targets().await.unwrap().into_iter().find(|t| t.id == id).unwrap();
            if what(&target) {
                return target;
            }
            let _ = changes.recv().await;
        }
    };
    let found = crate::clock::within(DEADLINE, waiting).await;
    match found {
        Some(target) => target,
        None => panic!("it never came: {:?}", world.core.list_targets().await.unwrap()),
    }
}

pub async fn list(world: &World, id: i64, state: Option<DeliveryState>) -> Vec<(i64, i64, Option<DeliveryError>)> {
    let query = DeliveryQuery { target_id: Some(id), state, ..DeliveryQuery::default() };
    let page = world.core.list_deliveries(query).await.unwrap();
    page.items.into_iter().map(|d| (d.push_id, d.attempt, d.error)).collect()
}

/// Waits until so many attempts that ended so are in the log.
async fn logged(world: &World, id: i64, state: DeliveryState, count: usize) {
    let mut changes = world.core.subscribe();
    let waiting = async {
        while list(world, id, Some(state)).await.len() != count {
            let _ = changes.recv().await;
        }
    };
    assert!(crate::clock::within(DEADLINE, waiting).await.is_some());
}

#[tokio::test]
async fn senders_go_side_by_side_and_each_in_order() {
    let world = World::new().await;
    let (open, gate) = watch::channel(false);
    let stub = Stub::new(move |_| Reaction::Gate(gate.clone())).await;
    let id = target(&world, &stub, |t| t.concurrency = Some(4)).await;
    let other = target(&world, &stub, |_| {}).await;
    let mut pushes = Vec::new();
    for n in 0..20 {
        let n = n.to_string();
        pushes.extend(arrive(&world, &[id], &[("a", &n), ("b", &n), ("c", &n), ("d", &n), ("e", &n)]).await);
    }
    stub.until(|seen| seen.len() == 4).await;
    // Nobody's second message goes while his first is under way.
    assert_eq!(stub.seen().iter().map(Seen::sender).collect::<HashSet<_>>().len(), 4);
    open.send_replace(true);
    let seen = stub.until(|seen| seen.len() == 100).await;
    let mut last: HashMap<String, i64> = HashMap::new();
    for request in &seen {
        let before = last.insert(request.sender(), request.push_id());
        assert!(before.is_none_or(|before| before < request.push_id()));
    }
    assert_eq!(ids(&seen).into_iter().collect::<HashSet<_>>(), pushes.into_iter().collect::<HashSet<_>>());
    assert_eq!(stub.peak(), 4);
    let told = until(&world, id, |t| t.health.waiting == 0 && t.health.hour_count == 100).await;
    assert_eq!((told.health.state, told.health.hour_failed), (TargetState::Ok, 0));
    assert_eq!(list(&world, other, None).await, []);
}

#[tokio::test]
async fn a_sender_whose_message_fails_holds_up_nobody_else() {
    let world = World::new().await;
    let stub = Stub::new(|seen| {
        let bad = seen.sender() == "a" && seen.header("x-wxdesk-attempt") == "1";
        Reaction::Answer(if bad { 400 } else { 204 }, String::new())
    })
    .await;
    let id = target(&world, &stub, |_| {}).await;
    let pushes = arrive(&world, &[id], &[("a", "1"), ("a", "2"), ("b", "1"), ("a", "3"), ("b", "2")]).await;
    // Each of a's fails once, and the next waits for it: one after the other, a second or so apart.
    let seen = stub.until(|seen| seen.len() == 8).await;
    let of = |sender: &str| {
        let its = seen.iter().filter(|s| s.sender() == sender);
        its.map(|s| (s.push_id(), s.header("x-wxdesk-attempt").to_owned())).collect::<Vec<_>>()
    };
    let twice = [0, 0, 1, 1, 3, 3].map(|n| pushes[n]).into_iter().zip(["1", "2"].into_iter().cycle());
    assert_eq!(of("a"), twice.map(|(id, n)| (id, n.to_owned())).collect::<Vec<_>>());
    let b = of("b");
    assert_eq!(b, [(pushes[2], "1".to_owned()), (pushes[4], "1".to_owned())]);
    let last_of_b = seen.iter().rposition(|s| s.sender() == "b").unwrap();
    assert!(last_of_b < 4, "{:?}", ids(&seen));
    until(&world, id, |t| t.health.waiting == 0).await;
    assert_eq!(list(&world, id, Some(DeliveryState::Waiting)).await, []);
    until(&world, id, |t| t.health.hour_count == 8 && t.health.hour_failed == 3).await;
}

#[tokio::test]
async fn a_server_that_fails_is_left_alone_and_gets_everything_later() {
    let world = World::new().await;
    let stub = Stub::new(|_| Reaction::Answer(500, String::new())).await;
    let id = target(&world, &stub, |t| t.concurrency = Some(1)).await;
    let senders: Vec<String> = (0..30).map(|n| format!("s{n}")).collect();
    let messages: Vec<(&str, &str)> = senders.iter().map(|s| (s.as_str(), "x")).collect();
    let pushes = arrive(&world, &[id], &messages).await;
    let told = until(&world, id, |t| t.health.state == TargetState::Open).await;
    assert_eq!(stub.seen().len(), 5);
    assert!(told.health.waiting >= 25 && told.health.open_until.is_some());
    // The first probe fails as well.
    world.clock.jump(15_000);
    world.core.forward().look_again(id);
    stub.until(|seen| seen.len() == 6).await;
    until(&world, id, |t| t.health.state == TargetState::Open && t.health.hour_count == 6).await;
    stub.react(|_| Reaction::Answer(200, String::new()));
    world.clock.jump(30_000);
    world.core.forward().look_again(id);
    until(&world, id, |t| t.health.waiting == 0 && t.health.state == TargetState::Ok).await;
    let good: HashSet<i64> = ids(&stub.seen()[6..]).into_iter().collect();
    assert_eq!((good, stub.seen().len()), (pushes.iter().copied().collect(), 36));
}

#[tokio::test]
async fn closing_the_breaker_by_hand_sends_at_once() {
    let world = World::new().await;
    let stub = Stub::new(|_| Reaction::Answer(500, String::new())).await;
    let id = target(&world, &stub, |t| t.concurrency = Some(1)).await;
    arrive(&world, &[id], &[("a", ""), ("b", ""), ("c", ""), ("d", ""), ("e", ""), ("f", "")]).await;
    until(&world, id, |t| t.health.state == TargetState::Open).await;
    stub.react(|_| Reaction::Answer(200, String::new()));
    world.core.close_breaker(id).await.unwrap();
    until(&world, id, |t| t.health.waiting == 0).await;
}

#[tokio::test]
async fn what_is_given_up_is_a_dead_letter_and_can_be_sent_again() {
    let world = World::new().await;
    let stub = Stub::new(|_| Reaction::Answer(404, String::new())).await;
    let id = target(&world, &stub, |t| t.give_up_hours = Some(1)).await;
    let pushes = arrive(&world, &[id], &[("a", "first"), ("a", "second")]).await;
    until(&world, id, |t| t.health.hour_failed == 1 && t.health.waiting == 2).await;
    world.clock.jump(3_600_000);
    world.core.forward().look_again(id);
    until(&world, id, |t| t.health.dead == 2 && t.health.waiting == 0).await;
    let dead = list(&world, id, Some(DeliveryState::Dead)).await;
    assert_eq!(dead.iter().map(|(push, ..)| *push).collect::<HashSet<_>>(), pushes.iter().copied().collect());
    assert!(dead.iter().all(|(.., error)| *error == Some(DeliveryError::Status)));
    // Its push is held while it is there.
    let held = world.core.store().read(|c| {
        let sql = format!("SELECT count(*) FROM inbox WHERE {}", crate::store::tables::delivery::NOT_HELD);
        Ok(c.query_row(&sql, [], |r| r.get::<_, i64>(0))?)
    });
    assert_eq!(held.await.unwrap(), 0);

    stub.react(|_| Reaction::Answer(200, String::new()));
    let before = stub.seen().len();
    assert_eq!(world.core.resend_dead(id, None).await.unwrap(), 2);
    let seen = stub.until(|seen| seen.len() == before + 2).await;
    assert_eq!(ids(&seen[before..]), pushes);
    until(&world, id, |t| t.health.dead == 0 && t.health.waiting == 0).await;
    assert_eq!(world.core.drop_dead(id, None).await.unwrap(), 0);
}

#[tokio::test]
async fn a_target_that_is_off_gets_everything_when_it_is_on_again() {
    let world = World::new().await;
    let stub = Stub::ok().await;
    arrive(&world, &[1], &[("a", "before it was made")]).await;
    let id = target(&world, &stub, |t| t.enabled = false).await;
    assert_eq!(id, 1);
    let pushes = arrive(&world, &[id], &[("a", "1"), ("b", "1"), ("a", "2")]).await;
    let off = until(&world, id, |t| t.health.waiting == 3).await;
    assert_eq!((off.health.state, off.health.oldest_waiting_at.is_some()), (TargetState::Off, true));
    assert_eq!(list(&world, id, Some(DeliveryState::Waiting)).await.len(), 3);
    let needed = |now| world.core.store().read(move |c| Ok(crate::store::tables::target::needed_from(c, now)?));
    let now = crate::clock::Clock::now(world.clock.as_ref());
    assert_eq!(needed(now).await.unwrap(), Some(pushes[0]));
    assert_eq!(needed(now + 25 * 3_600_000).await.unwrap(), None);
    world.core.switch_target(id, true).await.unwrap();
    let seen = stub.until(|seen| seen.len() == 3).await;
    assert_eq!(ids(&seen).into_iter().collect::<HashSet<_>>(), pushes.into_iter().collect());
    until(&world, id, |t| t.health.waiting == 0).await;
    logged(&world, id, DeliveryState::Delivered, 3).await;

    // Gone with all that is its own.
    world.core.remove_target(id).await.unwrap();
    arrive(&world, &[id], &[("a", "nobody hears this")]).await;
    assert_eq!(list(&world, id, None).await, []);
}

#[tokio::test]
async fn a_busy_door_leaves_one_request_at_a_time() {
    let world = World::new().await;
    let (open, gate) = watch::channel(false);
    let stub = Stub::new(move |_| Reaction::Gate(gate.clone())).await;
    let forward = world.core.forward();
    assert!(!forward.is_busy(1_000_000_000));
    forward.pushed(201);
    assert!(!forward.is_busy(1_000_000_050));
    assert!(forward.is_busy(1_000_000_100) && forward.is_busy(1_000_000_150));
    assert!(!forward.is_busy(1_000_000_200));
    forward.pushed(1_000);
    assert!(forward.is_busy(1_000_000_300));
    // The gauge was read at a time that is far ahead of the engine's: it is busy from here on.
    let id = target(&world, &stub, |_| {}).await;
    arrive(&world, &[id], &[("a", ""), ("b", ""), ("c", "")]).await;
    stub.until(|seen| seen.len() == 1).await;
    open.send_replace(true);
    stub.until(|seen| seen.len() == 3).await;
    assert_eq!(stub.peak(), 1);
}

#[tokio::test]
async fn a_hanging_server_costs_its_own_time_only() {
    let world = World::new().await;
    let stub = Stub::new(|seen| {
        let hangs = seen.sender() == "a" && seen.header("x-wxdesk-attempt") == "1";
        if hangs { Reaction::Hang } else { Reaction::Answer(200, "x".repeat(100_000)) }
    })
    .await;
    let id = target(&world, &stub, |t| t.timeout_ms = Some(1_000)).await;
    arrive(&world, &[id], &[("a", "1"), ("b", "1"), ("b", "2")]).await;
    until(&world, id, |t| t.health.hour_count == 2 && t.health.hour_failed == 0).await;
    until(&world, id, |t| t.health.waiting == 0 && t.health.last_error == Some(DeliveryError::Timeout)).await;
    logged(&world, id, DeliveryState::Failed, 1).await;
}
