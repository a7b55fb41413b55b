//! Oddities of HTTP at the public door, and the private door's wall: exact expectations over real sockets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::allow_attributes, reason = "tests")]

mod support;

use std::net::SocketAddr;

use support::{COMPONENT, Client, Door, good, head, is_success, ticket};
use wxdesk_core::listener::Limits;
use wxdesk_core::{Core, OpenOptions, folder};

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let door = Door::open(Limits::default()).await;
    let mut client = door.connect().await;
    let many: String =
        (0..32).map(|n| format!("GET /healthz?nonce=n{n} HTTP/1.1\r\nhost: x\r\n\r\n")).collect::<String>() + &good(1);
    client.send(many).await;
    for n in 0..32 {
        let answer = client.answer().await;
        assert!(answer.ends_with(&format!("\r\n\r\nok n{n}")), "{answer}");
    }
    assert!(is_success(&client.answer().await));
}

#[tokio::test]
async fn chunked_bodies_and_expectations_are_understood() {
    let door = Door::open(Limits::default()).await;
    let (query, body) = ticket(1);
    let mut chunks = String::new();
    for piece in body.as_bytes().chunks(7) {
        chunks.push_str(&format!("{:x}\r\n{}\r\n", piece.len(), String::from_utf8_lossy(piece)));
    }
    let chunked = format!("{}transfer-encoding: chunked\r\n\r\n{chunks}0\r\n\r\n", head(&query));
    assert!(is_success(&door.say(&chunked).await));
    // With a trailer, which means nothing to us.
    let trailer = format!("{}transfer-encoding: chunked\r\n\r\n{chunks}0\r\nx-sum: 1\r\n\r\n", head(&query));
    assert!(is_success(&door.say(&trailer).await));
    let mut client = door.connect().await;
    client.send(format!("{}expect: 100-continue\r\ncontent-length: {}\r\n\r\n", head(&query), body.len())).await;
    assert_eq!(client.answer().await, "HTTP/1.1 100 Continue\r\n\r\n");
    client.send(&body).await;
    assert!(is_success(&client.answer().await));
    client.send(good(2)).await;
    assert!(is_success(&client.answer().await), "the connection goes on");
}

#[tokio::test]
async fn old_and_odd_ways_to_ask_are_answered() {
    let door = Door::open(Limits::default()).await;
    let mut client = door.connect().await;
    client.send("GET /healthz?nonce=old HTTP/1.0\r\n\r\n").await;
    let answer = client.end().await;
    assert!(answer.starts_with("HTTP/1.0 200") && answer.ends_with("\r\n\r\nok old"), "answered and closed: {answer}");
    let (query, body) = ticket(1);
    let absolute = format!(
        "POST http://abc.natapp.cc/wechat/{COMPONENT}/event?{query} HTTP/1.1\r\nhost: abc.natapp.cc\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    assert!(is_success(&door.say(absolute).await));
    assert!(door.say("\r\n\r\nGET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.ends_with("ok"), "empty lines before");
    assert!(door.say("OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n").await.starts_with("HTTP/1.1 404"));
    let upgrade = "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n";
    assert!(door.say(upgrade).await.starts_with("HTTP/1.1 200"), "an upgrade is not taken, the request is");
}

#[tokio::test]
async fn what_two_programs_could_read_differently_is_refused() {
    let door = Door::open(Limits::default()).await;
    let (query, body) = ticket(1);
    let push = |headers: &str, body: &str| format!("{}{headers}\r\n{body}", head(&query));
    let length = body.len();
    let chunked = format!("{length:x}\r\n{body}\r\n0\r\n\r\n");
    let te = "transfer-encoding: chunked\r\n";
    let cl = format!("content-length: {length}\r\n");
    let table: Vec<(&str, String, &[&str])> = vec![
        ("length, then chunked", push(&format!("{cl}{te}"), &chunked), &["400"]),
        ("chunked, then length", push(&format!("{te}{cl}"), &chunked), &["400"]),
        ("the same after an empty line", format!("\r\n{}", push(&format!("{te}{cl}"), &chunked)), &["400"]),
        ("two different lengths", push(&format!("{cl}content-length: 3\r\n"), &body), &["400"]),
        ("a list of lengths", push("content-length: 3, 4\r\n", &body), &["400"]),
        ("a signed length", push("content-length: +3\r\n", &body), &["400"]),
        ("a length beyond numbers", push("content-length: 99999999999999999999999\r\n", &body), &["400", "413"]),
        ("another coding", push("transfer-encoding: gzip\r\n", &body), &["400"]),
        ("chunked is not last", push("transfer-encoding: chunked, gzip\r\n", &body), &["400"]),
        ("space before the colon", push(&format!("transfer-encoding : chunked\r\n{cl}"), &body), &["400"]),
        ("a folded line", push(&format!("x: a\r\n b\r\n{cl}"), &body), &["400"]),
        ("NUL in a value", push(&format!("x: a\0b\r\n{cl}"), &body), &["400"]),
        ("NUL in a name", push(&format!("x\0: a\r\n{cl}"), &body), &["400"]),
        ("CR in a value", push(&format!("x: a\rb\r\n{cl}"), &body), &["400"]),
        ("chunked in HTTP/1.0", push(te, &chunked).replacen("HTTP/1.1", "HTTP/1.0", 1), &["400"]),
        ("a broken chunk", push(te, "zz\r\nxx\r\n0\r\n\r\n"), &["400"]),
        ("a chunk size beyond numbers", push(te, "fffffffffffffffff\r\nxx"), &["400", "413"]),
        (
            "HTTP/2 without asking",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_owned(),
            &["", "400", "505"],
        ),
        ("HTTP/3 in words", "GET / HTTP/3.0\r\nhost: x\r\n\r\n".to_owned(), &["400", "505"]),
        ("no version", "GET /\r\n\r\n".to_owned(), &["400"]),
        ("TLS at a door without", "\x16\x03\x01\x02\0\x01\0\x01\u{fc}\x03\x03\r\n\r\n".to_owned(), &["", "400"]),
        ("too many headers", push(&"x: y\r\n".repeat(80), ""), &["431", "400"]),
        ("a very long target", format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(20_000)), &["414", "431"]),
    ];
    let before = door.core.door().last_callback_at();
    for (what, bytes, expected) in table {
        let mut client = door.connect().await;
        client.send(&bytes).await;
        let answer = client.end().await;
        let status = answer.split(' ').nth(1).unwrap_or("").to_owned();
        assert!(expected.contains(&status.as_str()), "{what}: {answer}");
        assert!(!answer.contains("success"), "{what}: {answer}");
    }
    assert_eq!(door.core.door().last_callback_at(), before, "none of it was taken");
    assert!(is_success(&door.say(good(9)).await), "and the door is as before");
}

/// Whatever name a request gives: the public door has none of the private door's routes.
#[tokio::test]
async fn the_private_door_is_not_behind_the_public_one() {
    let dir = tempfile::tempdir().unwrap();
    let core = Core::open(OpenOptions::new(dir.path())).await.unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    core.start(any, any).await.unwrap();
    let note = folder::read_note(dir.path()).unwrap();
    let (public, api, key) = (note.listener.clone(), note.api.clone(), note.admin_key.clone());
    let key = format!("authorization: Bearer {key}\r\n");
    let mut requests = Vec::new();
    for path in [
        "/v1/status",
        "/v1/openapi.json",
        "/v1/accounts",
        "/v1/ui/app_info",
        "//v1/status",
        "/v1/%73tatus",
        "/wechat/../v1/status",
        "/",
    ] {
        for host in [public.clone(), api.clone(), "localhost".into(), "[::1]".into()] {
            requests.push(format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n{key}\r\n"));
            requests.push(format!("GET {path} HTTP/1.1\r\nhost: x\r\nx-forwarded-host: {host}\r\nx-original-url: {path}\r\nforwarded: host={host}\r\n{key}\r\n"));
            requests.push(format!("GET http://{host}{path} HTTP/1.1\r\nhost: {host}\r\n{key}\r\n"));
        }
        requests
            .push(format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n{key}\r\n"));
        requests.push(format!("POST {path} HTTP/1.1\r\nhost: {api}\r\ncontent-length: 2\r\n{key}\r\n{{}}"));
    }
    requests.push(format!("CONNECT {api} HTTP/1.1\r\nhost: {api}\r\n{key}\r\n"));
    requests.push(format!("GET {api}/v1/status HTTP/1.1\r\nhost: x\r\n{key}\r\n"));
    for request in requests {
        let mut client = Client::to(public.parse().unwrap()).await;
        client.send(&request).await;
        let answer = client.answer().await;
        assert!(answer.starts_with("HTTP/1.1 404") || answer.starts_with("HTTP/1.1 400"), "{request}\n{answer}");
        assert!(!answer.contains("version") && !answer.contains("json"), "{answer}");
    }
    core.shutdown().await;
}

/// A page of another site reaches this machine's loopback through a name of its own (DNS rebinding), or by its scripts.
#[tokio::test]
async fn other_sites_do_not_reach_the_private_door() {
    let dir = tempfile::tempdir().unwrap();
    let core = Core::open(OpenOptions::new(dir.path())).await.unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    core.start(any, any).await.unwrap();
    let note = folder::read_note(dir.path()).unwrap();
    let port = note.api.rsplit(':').next().unwrap();
    let ask = async |target: &str, headers: String| {
        let mut client = Client::to(note.api.parse().unwrap()).await;
        let key = &note.admin_key;
        client.send(format!("GET {target} HTTP/1.1\r\n{headers}authorization: Bearer {key}\r\n\r\n")).await;
        client.answer().await
    };
    for host in [format!("127.0.0.1:{port}"), format!("localhost:{port}"), format!("[::1]:{port}"), "localhost".into()]
    {
        let answer = ask("/v1/status", format!("host: {host}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{host}: {answer}");
        let own = ask("/v1/status", format!("host: {host}\r\norigin: http://{host}\r\n")).await;
        assert!(own.starts_with("HTTP/1.1 200"), "{host}: {own}");
    }
    let own = format!("host: 127.0.0.1:{port}\r\n");
    let refused = [
        "host: evil.example\r\n".to_owned(),
        "host: evil.example:8091\r\n".to_owned(),
        format!("host: evil.example:{port}\r\n"),
        format!("host: 127.0.0.1.evil.example:{port}\r\n"),
        format!("host: 127.0.0.1:{port}\r\nhost: evil.example\r\n"),
        format!("host: evil.example\r\nhost: 127.0.0.1:{port}\r\n"),
        "host:\r\n".to_owned(),
        String::new(),
        format!("{own}origin: http://evil.example\r\n"),
        format!("{own}origin: null\r\n"),
        format!("{own}origin: http://127.0.0.1:1\r\n"),
        format!("{own}origin: http://localhost:{port}\r\n"),
        format!("{own}origin: http://127.0.0.1:{port}\r\norigin: http://evil.example\r\n"),
    ];
    for headers in refused {
        for target in ["/v1/status", "/v1/openapi.json", "/", "/index.html"] {
            let answer = ask(target, headers.clone()).await;
            assert!(answer.starts_with("HTTP/1.1 403"), "{target} {headers}: {answer}");
            assert!(!answer.to_ascii_lowercase().contains("access-control"), "{answer}");
        }
    }
    let absolute = ask("http://evil.example/v1/status", own).await;
    assert!(absolute.starts_with("HTTP/1.1 403"), "{absolute}");
    core.shutdown().await;
}
