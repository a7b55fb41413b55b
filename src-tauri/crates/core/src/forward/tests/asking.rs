//! Answering targets, and single messages.

use wechat::crypto::KeyUsed;
use wechat::envelope::{PushQuery, parse_envelope};

use super::rig::{ACCOUNT, Reaction, Seen, Stub, crypto, input, outgoing, raw, text};
use crate::dto::{DeliveryError, DeliveryQuery, DeliveryState, TargetFormat, TargetInput, TargetMode, TargetState};
use crate::forward::{Asked, ask, send_once};
use crate::testing::{COMPONENT, World};

const BUDGET: i64 = 4_500;

fn reply() -> String {
    "<xml><ToUserName>o1</ToUserName><FromUserName>gh_1</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType><Content>您好</Content></xml>".into()
}

async fn target(world: &World, url: &str, with: impl FnOnce(&mut TargetInput)) -> i64 {
    let mut input = input(url, TargetMode::Answering);
    with(&mut input);
    world.core.save_target(input).await.unwrap().id
}

async fn asked(world: &World, id: i64) -> Asked {
    ask(&world.core, id, &outgoing(world, &text("o1", "hi")), BUDGET).await
}

#[tokio::test]
async fn a_reply_is_passed_on_and_the_request_says_everything() {
    let world = World::new().await;
    let stub = Stub::new(|_| Reaction::Answer(200, reply())).await;
    let id = target(&world, &stub.url(), |_| {}).await;
    assert_eq!(asked(&world, id).await, Asked::Reply(reply()));
    let seen: Seen = stub.seen().pop().unwrap();
    assert_eq!(seen.uri, format!("/wx/{ACCOUNT}?own=1"));
    for (name, value) in [
        ("x-wxdesk-id", "41"),
        ("x-wxdesk-appid", ACCOUNT),
        ("x-wxdesk-component", COMPONENT),
        ("x-wxdesk-attempt", "1"),
        ("x-wxdesk-test", ""),
        ("content-type", "application/json; charset=utf-8"),
    ] {
        assert_eq!(seen.header(name), value, "{name}");
    }
    assert!(seen.header("x-wxdesk-timestamp").parse::<i64>().unwrap() >= 1_767_225_600);
    assert_eq!(seen.header("x-wxdesk-signature").len(), 67);
    let body: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
    assert_eq!(
        body,
        serde_json::json!({
            "id": 41, "component_appid": COMPONENT, "appid": ACCOUNT, "received_at": 1_767_225_600_123_i64,
            "msg_type": "text", "sender": "o1", "test": false,
            "message": {"ToUserName": "gh_1", "FromUserName": "o1", "CreateTime": "1767225600", "MsgType": "text",
                "Content": "hi", "MsgId": "9007199254740993"},
        })
    );
    // What was answered is in the log and in the figures.
    let page =
        world.core.list_deliveries(DeliveryQuery { target_id: Some(id), ..DeliveryQuery::default() }).await.unwrap();
    assert_eq!((page.items.len(), page.items[0].state, page.items[0].push_id), (1, DeliveryState::Delivered, 41));
    let health = world.core.list_targets().await.unwrap().remove(0).health;
    assert_eq!((health.state, health.hour_count, health.hour_failed), (TargetState::Ok, 1, 0));
}

#[tokio::test]
async fn a_sealed_push_goes_out_as_it_came_and_its_reply_is_opened() {
    let world = World::new().await;
    let stub = Stub::new(|_| {
        Reaction::Answer(200, crypto().seal_reply(KeyUsed::Current, reply().as_bytes(), 5, "n", [7; 16]))
    })
    .await;
    let id = target(&world, &stub.url(), |t| t.format = TargetFormat::Sealed).await;
    assert_eq!(asked(&world, id).await, Asked::Reply(reply()));
    let seen = stub.seen().pop().unwrap();
    let query = PushQuery::parse(seen.uri.split_once("?own=1&").unwrap().1).unwrap();
    let envelope = parse_envelope(&seen.body).unwrap();
    assert_eq!(crypto().open(&query, envelope.encrypt_bytes()).unwrap().msg, text("o1", "hi").into_bytes());
    crypto().verify_url(&query.signature, &query.timestamp, &query.nonce).unwrap();
    assert_eq!((seen.header("content-type"), seen.header("x-wxdesk-id")), ("text/xml", "41"));
    stub.react(|_| Reaction::Answer(200, reply()));
    assert_eq!(asked(&world, id).await, Asked::Failed(DeliveryError::BadReply));

    let mut gone = outgoing(&world, &text("o1", "hi"));
    std::sync::Arc::get_mut(&mut gone.row).unwrap().seal.key_print = 5;
    assert_eq!(ask(&world.core, id, &gone, BUDGET).await, Asked::Failed(DeliveryError::NoKey));
}

#[tokio::test]
async fn a_document_goes_out_as_it_was() {
    let world = World::new().await;
    let stub = Stub::new(|_| Reaction::Answer(200, "success".into())).await;
    let id = target(&world, &stub.url(), |t| t.format = TargetFormat::Xml).await;
    assert_eq!(asked(&world, id).await, Asked::Nothing);
    assert_eq!(stub.seen()[0].body, text("o1", "hi").into_bytes());
}

#[tokio::test]
async fn every_failure_has_its_name() {
    let world = World::new().await;
    let stub = Stub::ok().await;
    let id = target(&world, &stub.url(), |t| t.timeout_ms = Some(200)).await;
    for (reaction, error) in [
        (Reaction::Answer(200, "<html>".into()), DeliveryError::BadReply),
        (Reaction::Answer(200, "x".repeat(70_000)), DeliveryError::TooLarge),
        (Reaction::Answer(302, String::new()), DeliveryError::Redirect),
        (Reaction::Answer(503, reply()), DeliveryError::Status),
        (Reaction::Hang, DeliveryError::Timeout),
    ] {
        world.core.close_breaker(id).await.unwrap();
        stub.react(move |_| reaction.clone());
        assert_eq!(asked(&world, id).await, Asked::Failed(error));
    }
    // Nobody listens on the port of a socket that was closed.
    let closed = {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        socket.local_addr().unwrap()
    };
    for (address, error) in [
        (raw(64, b"").await, DeliveryError::Broken),
        (raw(8_000, b"\x00\x01garbage").await, DeliveryError::Broken),
        (raw(8_000, b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhalf").await, DeliveryError::Broken),
        (closed, DeliveryError::Connect),
    ] {
        let id = target(&world, &format!("http://{address}/"), |_| {}).await;
        assert_eq!(asked(&world, id).await, Asked::Failed(error));
    }
    let address = raw(8_000, b"no tls, this is plain text").await;
    let id = target(&world, &format!("https://{address}/"), |_| {}).await;
    assert_eq!(asked(&world, id).await, Asked::Failed(DeliveryError::Tls));
    let id = target(&world, "http://no-such-host.invalid/", |t| t.private_ok = false).await;
    assert_eq!(asked(&world, id).await, Asked::Failed(DeliveryError::Dns));
    assert_eq!(asked(&world, 999).await, Asked::Failed(DeliveryError::Stopped));
}

#[tokio::test]
async fn a_hanging_server_is_left_at_the_limit() {
    let world = World::new().await;
    let stub = Stub::new(|_| Reaction::Hang).await;
    let id = target(&world, &stub.url(), |_| {}).await;
    let started = tokio::time::Instant::now();
    let asked = ask(&world.core, id, &outgoing(&world, &text("o1", "hi")), 300).await;
    let took = started.elapsed().as_millis();
    assert_eq!(asked, Asked::Failed(DeliveryError::Timeout));
    assert!((300..1_500).contains(&took), "{took}");
}

#[tokio::test]
async fn private_addresses_are_refused_however_they_are_reached() {
    let world = World::new().await;
    let stub = Stub::ok().await;
    let port = stub.address.port();
    for url in [format!("http://localhost:{port}/"), format!("http://127.0.0.1:{port}/")] {
        // A row that was stored with the tick, which was then taken away behind the rules' back.
        let id = target(&world, &url, |_| {}).await;
        assert_eq!(asked(&world, id).await, Asked::Nothing);
        let mut row = world.core.forward().live(id).unwrap().settings().row.clone();
        row.private_ok = false;
        world.core.forward().put(row).unwrap();
        assert_eq!(asked(&world, id).await, Asked::Failed(DeliveryError::PrivateAddress), "{url}");
    }
    assert_eq!(stub.seen().len(), 2);
}

#[tokio::test]
async fn places_are_waited_for_no_longer_than_the_budget() {
    let world = World::new().await;
    let stub = Stub::new(|_| Reaction::Hang).await;
    let id = target(&world, &stub.url(), |t| t.concurrency = Some(1)).await;
    let message = outgoing(&world, &text("o1", "hi"));
    let (first, second) = tokio::join!(ask(&world.core, id, &message, 600), async {
        stub.until(|seen| seen.len() == 1).await;
        ask(&world.core, id, &message, 50).await
    });
    assert_eq!((first, second), (Asked::Failed(DeliveryError::Timeout), Asked::Failed(DeliveryError::Busy)));
    // The place is free again when whoever asked went away.
    let gone = crate::clock::within(50, ask(&world.core, id, &message, BUDGET)).await;
    assert_eq!(gone, None);
    stub.react(|_| Reaction::Answer(200, String::new()));
    assert_eq!(asked(&world, id).await, Asked::Nothing);
}

#[tokio::test]
async fn a_server_that_fails_is_left_alone_and_probed() {
    let world = World::new().await;
    let stub = Stub::new(|_| Reaction::Answer(500, String::new())).await;
    let id = target(&world, &stub.url(), |_| {}).await;
    for _ in 0..5 {
        assert_eq!(asked(&world, id).await, Asked::Failed(DeliveryError::Status));
    }
    assert_eq!(asked(&world, id).await, Asked::Failed(DeliveryError::Open));
    assert_eq!(stub.seen().len(), 5);
    let health = world.core.list_targets().await.unwrap().remove(0).health;
    assert_eq!((health.state, health.last_error), (TargetState::Open, Some(DeliveryError::Status)));
    assert!(health.open_until.is_some() && health.last_error_text.unwrap().en.contains("500"));

    // A single message goes all the same, and says nothing of the rest.
    let message = outgoing(&world, &text("o1", "hi"));
    assert_eq!(send_once(&world.core, id, &message).await.unwrap().status, Some(500));

    world.clock.jump(15_000);
    stub.react(|_| Reaction::Answer(200, String::new()));
    assert_eq!(asked(&world, id).await, Asked::Nothing);
    assert_eq!(asked(&world, id).await, Asked::Nothing);
    assert_eq!(stub.seen().len(), 8);
}

#[tokio::test]
async fn a_component_event_never_leaves() {
    let world = World::new().await;
    let stub = Stub::ok().await;
    let id = target(&world, &stub.url(), |_| {}).await;
    let mut event = outgoing(&world, "<xml></xml>");
    std::sync::Arc::get_mut(&mut event.row).unwrap().kind = Some("component_verify_ticket".into());
    assert_eq!(ask(&world.core, id, &event, BUDGET).await, Asked::Failed(DeliveryError::Stopped));
    assert!(send_once(&world.core, id, &event).await.is_err());
    assert_eq!(stub.seen().len(), 0);
}

/// The public door has a runtime of its own, which ends when the door moves.
#[tokio::test]
async fn connections_outlive_the_runtime_that_asked() {
    let world = World::new().await;
    let stub = Stub::ok().await;
    let id = target(&world, &stub.url(), |_| {}).await;
    for _ in 0..3 {
        let (core, message) = (world.core.clone(), outgoing(&world, &text("o1", "hi")));
        let asked = tokio::task::spawn_blocking(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(ask(&core, id, &message, BUDGET))
        });
        assert_eq!(asked.await.unwrap(), Asked::Nothing);
    }
}
