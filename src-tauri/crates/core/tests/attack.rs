//! The public door under attack: bursts, drips, floods, crowds. Figures of the same loads, of a process of its own, are
//! in `docs/benchmarks.md`.

#![allow(clippy::disallowed_methods, clippy::allow_attributes, reason = "real sockets live in real time")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use support::{COMPONENT, Client, Door, good, head, is_success, push, ticket};
use wxdesk_core::listener::Limits;

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";

/// Patience cut short, so that tests are quick.
fn quick() -> Limits {
    Limits { head: Duration::from_millis(300), idle: Duration::from_secs(2), connections: 64 }
}

#[tokio::test(flavor = "multi_thread")]
async fn bursts_of_kept_alive_connections_are_all_answered_within_1_s() {
    let door = Arc::new(Door::open(Limits::default()).await);
    let mut clients = Vec::new();
    for n in 0..12_i64 {
        let door = door.clone();
        clients.push(tokio::spawn(async move {
            let mut client = door.connect().await;
            let mut slowest = Duration::ZERO;
            for at in 0..20 {
                let sent = Instant::now();
                client.send(good(1_000 + n * 20 + at)).await;
                let answer = client.answer().await;
                assert!(is_success(&answer), "{answer}");
                slowest = slowest.max(sent.elapsed());
            }
            slowest
        }));
    }
    for client in clients {
        let slowest = client.await.unwrap();
        assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    }
}

#[tokio::test]
async fn a_dripping_head_is_cut_and_told() {
    let door = Door::open(quick()).await;
    let mut client = door.connect().await;
    let started = Instant::now();
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    // One byte at a time never moves the deadline.
    for byte in "POST /wechat/x/event HTTP/1.1\r\n".bytes().chain(std::iter::repeat(b'x')) {
        ticks.tick().await;
        if started.elapsed() > Duration::from_secs(2) || !client.send([byte]).await {
            break;
        }
    }
    let answer = client.end().await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(started.elapsed() < Duration::from_millis(1_500), "{:?}", started.elapsed());
}

/// The figures that the interface promises, on real time: head, body, and a connection that never says anything.
#[tokio::test(flavor = "multi_thread")]
async fn ten_seconds_are_ten_seconds() {
    let door = Door::open(Limits::default()).await;
    let (query, _) = ticket(1);
    let table = [
        ("POST /wechat/x/event HTTP/1.1\r\nhost:".to_owned(), "HTTP/1.1 408"),
        (format!("{}content-length: 100\r\n\r\nhalf", head(&query)), "HTTP/1.1 408"),
        (format!("{}transfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n", head(&query)), "HTTP/1.1 408"),
        (String::new(), ""),
    ];
    let started = Instant::now();
    let mut cut = tokio::task::JoinSet::new();
    for (bytes, expected) in table {
        let mut client = door.connect().await;
        cut.spawn(async move {
            client.send(&bytes).await;
            let answer = client.end().await;
            assert!(answer.starts_with(expected) && answer.is_empty() == expected.is_empty(), "{bytes}: {answer}");
            Instant::now()
        });
    }
    while let Some(at) = cut.join_next().await {
        let took = at.unwrap() - started;
        assert!((9_500..12_000).contains(&took.as_millis()), "{took:?}");
    }
}

#[tokio::test]
async fn kept_alive_connections_may_idle_longer_than_a_head_may_take() {
    let door = Door::open(quick()).await;
    let mut client = door.connect().await;
    client.send(HEALTH).await;
    assert!(client.answer().await.ends_with("\r\n\r\nok"));
    let started = Instant::now();
    let other = door.connect().await.end().await;
    assert!(other.is_empty() && started.elapsed() < Duration::from_millis(1_000), "a silent one is cut soon");
    client.send(HEALTH).await;
    assert!(client.answer().await.ends_with("\r\n\r\nok"), "the kept-alive one was left alone");
    // A second head that does not end has no more time than the first.
    let started = Instant::now();
    client.send("GET /hea").await;
    assert!(client.end().await.starts_with("HTTP/1.1 408"));
    assert!(started.elapsed() < Duration::from_millis(1_000), "{:?}", started.elapsed());
    let started = Instant::now();
    let mut idle = door.connect().await;
    idle.send(HEALTH).await;
    assert!(idle.answer().await.ends_with("ok") && idle.end().await.is_empty());
    assert!((1_800..4_000).contains(&started.elapsed().as_millis()), "{:?}", started.elapsed());
}

/// Every seat is taken by somebody who says nothing, dribbles a head, idles after an answer, or sends half a body: a
/// newcomer is served at once all the same.
#[tokio::test]
async fn nobody_waits_behind_those_who_keep_us_waiting() {
    let door = Door::open(Limits { connections: 16, ..Limits::default() }).await;
    let (query, _) = ticket(1);
    let half = format!("{}content-length: 100\r\n\r\nhalf", head(&query));
    let mut crowd = Vec::new();
    for round in 0..40 {
        let mut client = door.connect().await;
        client.send(["", "GET /", HEALTH, &half][round % 4]).await;
        crowd.push(client);
    }
    for at in 0..40 {
        let started = Instant::now();
        let answer = door.say(good(1_000 + at)).await;
        assert!(is_success(&answer), "{answer}");
        assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    }
    // A request that is being worked on keeps its seat, whatever comes.
    let mut client = door.connect().await;
    client.send(good(2_000)).await;
    for _ in 0..64 {
        crowd.push(door.connect().await);
    }
    assert!(is_success(&client.answer().await));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_bad_signatures_does_not_delay_a_ticket() {
    let door = Arc::new(Door::open(Limits::default()).await);
    let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let (query, body) = ticket(1);
    let bad = push(&query.replace("msg_signature=", "msg_signature=0"), &body);
    let flood: Vec<_> = (0..64)
        .map(|_| {
            let (door, bad, stop, sent) = (door.clone(), bad.clone(), stop.clone(), sent.clone());
            tokio::spawn(async move {
                let mut client = door.connect().await;
                while !stop.load(Ordering::Relaxed) {
                    client.send(&bad).await;
                    assert!(client.answer().await.starts_with("HTTP/1.1 403"));
                    sent.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    while sent.load(Ordering::Relaxed) < 200 {
        tokio::task::yield_now().await;
    }
    for at in 0..20 {
        let started = Instant::now();
        let answer = door.say(good(1_000 + at)).await;
        assert!(is_success(&answer), "{answer}");
        assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    }
    stop.store(true, Ordering::Relaxed);
    for client in flood {
        client.await.unwrap();
    }
    assert_eq!(door.rejections().len(), 20, "the list stays short");
    assert_eq!(
        u64::try_from(door.core.door().rejected()).unwrap(),
        sent.load(Ordering::Relaxed),
        "every one is counted"
    );
}

#[tokio::test]
async fn endless_bodies_and_heads_end() {
    let door = Door::open(Limits::default()).await;
    let (query, _) = ticket(1);
    let mut client = door.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: x\r\nx: ").await;
    let mut sent = 0_usize;
    while sent < (1 << 20) && client.send([b'a'; 1024]).await {
        sent += 1024;
    }
    let answer = client.end().await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    let mut client = door.connect().await;
    client.send(format!("{}transfer-encoding: chunked\r\n\r\n", head(&query))).await;
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x1_0000));
    let mut chunks = 0;
    while chunks < 1_000 && client.send(&chunk).await {
        chunks += 1;
    }
    let answer = client.end().await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(chunks < 1_000, "it was never cut");
    assert!(door.rejections().iter().any(|r| r.reason == "too_large"));
}

/// The tunnel's end is on this machine, so its word counts for the list of rejections.
#[tokio::test]
async fn a_forwarded_address_is_shown_and_has_its_share() {
    let door = Door::open(Limits { connections: 8, ..Limits::default() }).await;
    let (query, body) = ticket(1);
    let from = |address: &str, rest: &str| format!("{}x-forwarded-for: 6.6.6.6, {address}\r\n{rest}", head(&query));
    let bad = "POST /wechat/wx0000000000000000/event HTTP/1.1\r\nhost: x\r\ncf-connecting-ip: 203.0.113.9\r\ncontent-length: 0\r\n\r\n";
    assert!(door.say(bad).await.starts_with("HTTP/1.1 404"));
    assert_eq!(door.rejections()[0].from.as_deref(), Some("203.0.113.9"));
    let half = from("203.0.113.7", "expect: 100-continue\r\ncontent-length: 100\r\n\r\n");
    let mut slow: Vec<Client> = Vec::new();
    for _ in 0..2 {
        let mut client = door.connect().await;
        client.send(&half).await;
        assert!(client.answer().await.starts_with("HTTP/1.1 100"), "its request is under way");
        slow.push(client);
    }
    let rest = format!("content-length: {}\r\n\r\n{body}", body.len());
    let refused = door.say(from("203.0.113.7", &rest)).await;
    assert!(refused.starts_with("HTTP/1.1 429"), "{refused}");
    assert_eq!(
        (door.rejections()[0].reason.as_str(), door.rejections()[0].from.as_deref()),
        ("too_many", Some("203.0.113.7"))
    );
    assert!(is_success(&door.say(from("203.0.113.8", &rest)).await), "another address is served");
    assert!(is_success(&door.say(push(&query, &body)).await), "and so is a tunnel that names none");
    let mut freed = slow.pop().unwrap();
    freed.send("x".repeat(100)).await;
    assert!(freed.answer().await.starts_with("HTTP/1.1 400"));
    assert!(is_success(&door.say(from("203.0.113.7", &rest)).await), "the share is free again");
}

#[tokio::test]
async fn a_door_that_moves_says_where_and_a_taken_address_is_offered_another() {
    let dir = tempfile::tempdir().unwrap();
    let core = wxdesk_core::Core::open(wxdesk_core::OpenOptions::new(dir.path())).await.unwrap();
    core.save_platform(support::platform()).await.unwrap();
    let any = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let holder = std::net::TcpListener::bind(any).unwrap();
    let taken = holder.local_addr().unwrap();
    let error = core.start(taken, any).await.unwrap_err();
    let offer = error.detail.and_then(|d| d.offer).expect("another address");
    assert!(error.message.contains("listens there") && error.message.contains(&format!("{offer} is free")));
    core.start(any, any).await.unwrap();
    let first = core.listener_address().unwrap();
    let error = core.restart_listener(Some(taken)).await.unwrap_err();
    assert!(error.detail.unwrap().offer.is_some() && core.listener_address() == Some(first), "it stays where it was");
    let wide = core.restart_listener(Some("0.0.0.0:0".parse().unwrap())).await.unwrap_err();
    assert_eq!(wide.code, wxdesk_core::dto::ErrorCode::Forbidden);
    drop(holder);
    core.restart_listener(Some(taken)).await.unwrap();
    assert_eq!(core.listener_address(), Some(taken));
    assert_eq!(wxdesk_core::folder::read_note(dir.path()).unwrap().listener, taken.to_string());
    let mut client = Client::to(taken).await;
    client.send(good(1)).await;
    assert!(is_success(&client.answer().await));
    assert!(tokio::net::TcpStream::connect(first).await.is_err(), "the earlier address is left");
    core.restart_listener(None).await.unwrap();
    assert_eq!(core.listener_address(), Some(taken), "nothing happens to a door that listens");
    core.shutdown().await;
}

#[tokio::test]
async fn unknown_component_is_not_worth_a_body() {
    let door = Door::open(Limits::default()).await;
    let mut client = door.connect().await;
    client.send("POST /wechat/wx0000000000000000/event HTTP/1.1\r\nhost: x\r\ncontent-length: 1048576\r\n\r\n").await;
    assert!(client.answer().await.starts_with("HTTP/1.1 404"), "{COMPONENT} is the only one");
    assert!(client.end().await.is_empty(), "and nothing more of it is read");
}
