use super::*;
use crate::store::tables::inbox::Seal;

fn push(id: i64) -> PushRow {
    PushRow {
        id,
        platform_id: 1,
        authorizer: None,
        received_at: 1_000 + id,
        dedupe: id,
        kind: None,
        random: [0; 16],
        body: Vec::new(),
        seal: Seal::default(),
        flags: 0,
        rule_id: None,
        notify: None,
    }
}

fn never(_: i64) -> i64 {
    i64::MAX
}

/// A queue that read pushes of these lanes, with ids from 1.
fn queue(lanes: &[i64]) -> Queue {
    let mut queue = Queue::new(7, 0);
    add(&mut queue, 1, lanes);
    queue
}

fn add(queue: &mut Queue, first: i64, lanes: &[i64]) {
    let pushes: Vec<_> = (first..).zip(lanes).map(|(id, lane)| (*lane, push(id))).collect();
    let read_to = pushes.last().map_or(0, |(_, push)| push.id);
    queue.take(pushes, read_to, 5_000, never, DeliveryError::Stopped);
}

fn next(queue: &mut Queue) -> Option<(i64, i64)> {
    queue.next().map(|(lane, item)| (lane, item.push.id))
}

fn ok() -> Outcome {
    Outcome { status: Some(200), ..Outcome::default() }
}

fn bad() -> Outcome {
    Outcome::unsent(DeliveryError::Timeout)
}

/// What the table would hold: push, dead, attempts.
fn written(queue: &mut Queue) -> Vec<(i64, bool, i64)> {
    let changes = queue.take_batch().changes;
    changes
        .into_iter()
        .map(|change| match change {
            Change::Put(row) | Change::Park(row) => (row.push_id, row.dead, row.attempts),
            Change::Done(id) => (id, false, -1),
        })
        .collect()
}

fn stored_row(id: i64, attempts: i64, due_at: i64) -> (DeliveryRow, Option<PushRow>) {
    let row = DeliveryRow {
        id,
        target_id: 7,
        push_id: id,
        lane: 10,
        received_at: 1_000,
        dead: false,
        attempts,
        due_at,
        at: 0,
        status: None,
        error: None,
    };
    (row, Some(push(id)))
}

#[test]
fn lanes_go_side_by_side_and_each_in_order() {
    let mut queue = queue(&[10, 10, 20, 10]);
    assert_eq!((next(&mut queue), next(&mut queue), next(&mut queue)), (Some((10, 1)), Some((20, 3)), None));
    assert_eq!((queue.cursor(), queue.open()), (0, 4));
    queue.landed(20, Some(&ok()), 5_000, never);
    assert_eq!(queue.cursor(), 0);
    queue.landed(10, Some(&ok()), 5_000, never);
    assert_eq!((queue.cursor(), next(&mut queue)), (1, Some((10, 2))));
    queue.landed(10, Some(&ok()), 5_000, never);
    assert_eq!((queue.cursor(), next(&mut queue)), (3, Some((10, 4))));
    queue.landed(10, Some(&ok()), 5_000, never);
    assert_eq!((queue.cursor(), queue.open(), queue.lanes.len()), (4, 0, 0));
    assert!(queue.batch.is_empty());
}

#[test]
fn a_failure_moves_its_lane_into_the_table_and_the_cursor_past_it() {
    let mut queue = queue(&[10, 10, 20]);
    assert_eq!((next(&mut queue), next(&mut queue)), (Some((10, 1)), Some((20, 3))));
    queue.landed(10, Some(&bad()), 5_000, never);
    assert_eq!(queue.cursor(), 2);
    queue.landed(20, Some(&ok()), 5_000, never);
    add(&mut queue, 4, &[10]);
    assert_eq!((queue.cursor(), next(&mut queue), queue.uncounted()), (4, None, 3));
    assert_eq!(written(&mut queue), [(1, false, 1), (2, false, 0), (4, false, 0)]);

    // Not before its time.
    let due = queue.next_due().unwrap();
    assert!((5_800..=6_200).contains(&due));
    queue.wake_due(due - 1);
    assert_eq!(queue.wanted(9), [0; 0]);
    queue.wake_due(due);
    assert_eq!(queue.wanted(9), [10]);
    queue.loaded(10, vec![stored_row(1, 1, due), stored_row(2, 0, 0)], due);
    let (_, item) = queue.next().unwrap();
    assert_eq!((item.push.id, item.attempts), (1, 1));
    queue.landed(10, Some(&ok()), due, never);
    assert_eq!(next(&mut queue), Some((10, 2)));
    queue.landed(10, Some(&ok()), due, never);
    assert_eq!((written(&mut queue), queue.wanted(9)), (vec![(1, false, -1), (2, false, -1)], vec![10]));
    queue.loaded(10, vec![stored_row(4, 0, 0)], due);
    assert_eq!(next(&mut queue), Some((10, 4)));
    queue.landed(10, Some(&ok()), due, never);
    queue.loaded(10, Vec::new(), due);
    add(&mut queue, 5, &[10]);
    assert_eq!((next(&mut queue), queue.lanes[&10].stored), (Some((10, 5)), false));
}

#[test]
fn what_is_given_up_dies_and_its_lane_goes_on() {
    let mut queue = queue(&[10, 10]);
    next(&mut queue);
    queue.landed(10, Some(&bad()), 5_000, |at| at + 3_000);
    assert_eq!((written(&mut queue), next(&mut queue)), (vec![(1, true, 1)], Some((10, 2))));
    // A key that is gone is not waited for.
    queue.landed(10, Some(&Outcome::unsent(DeliveryError::NoKey)), 5_000, never);
    assert_eq!((written(&mut queue), queue.cursor(), queue.lanes.len()), (vec![(2, true, 1)], 2, 0));
    // Too old when it was read.
    queue.take(vec![(10, push(3))], 3, 5_000, |at| at, DeliveryError::Stopped);
    assert_eq!((written(&mut queue), queue.cursor(), next(&mut queue)), (vec![(3, true, 0)], 3, None));
}

#[test]
fn what_is_open_too_long_dies_without_an_attempt() {
    let mut queue = queue(&[10, 20, 20]);
    assert_eq!(next(&mut queue), Some((10, 1)));
    queue.expire(5_000, |at| at + 3_998);
    assert_eq!((written(&mut queue), queue.cursor()), (vec![(2, true, 0)], 0));
    assert_eq!(next(&mut queue), Some((20, 3)));
}

#[test]
fn a_slow_one_does_not_hold_the_cursor_for_ever() {
    let mut queue = queue(&[10, 10]);
    assert_eq!(next(&mut queue), Some((10, 1)));
    for n in 0..=200 {
        assert_eq!(queue.cursor(), 0, "{n}");
        add(&mut queue, 3 + n, &[20]);
        assert_eq!(next(&mut queue), Some((20, 3 + n)));
        queue.landed(20, Some(&ok()), 5_000, never);
    }
    assert_eq!((queue.cursor(), queue.uncounted()), (203, 2));
    assert_eq!(written(&mut queue), [(2, false, 0), (1, false, 0)]);
    queue.landed(10, Some(&ok()), 5_000, never);
    assert_eq!((written(&mut queue), queue.wanted(9)), (vec![(1, false, -1)], vec![10]));
}

#[test]
fn dead_letters_that_come_back_hold_their_lane() {
    let mut queue = queue(&[20, 20, 20]);
    next(&mut queue);
    queue.stored(vec![(20, 0), (30, 0)], 5_000);
    assert_eq!(written(&mut queue), [(2, false, 0), (3, false, 0)]);
    queue.landed(20, Some(&ok()), 5_000, never);
    queue.wake_due(5_000);
    assert_eq!((queue.wanted(9), queue.cursor()), (vec![20, 30], 3));
    // The clock was put back.
    queue.stored(vec![(40, 99_000_000)], 5_000);
    queue.wake_due(5_000);
    assert_eq!(queue.wanted(9), [20, 30, 40]);
}

#[test]
fn a_flight_that_broke_off_goes_again_and_the_end_parks_what_is_open() {
    let mut queue = queue(&[10, 10, 20]);
    next(&mut queue);
    queue.landed(10, None, 5_000, never);
    assert_eq!((next(&mut queue), next(&mut queue)), (Some((20, 3)), Some((10, 1))));
    queue.landed(20, Some(&ok()), 5_000, never);
    queue.park_all(5_000);
    assert_eq!((queue.cursor(), written(&mut queue)), (3, vec![(1, false, 0), (2, false, 0)]));
}
