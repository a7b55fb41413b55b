//! What only a real process can show: open files and memory under attack, and that it recovers by itself.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::allow_attributes, reason = "tests")]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use support::wechat_stub::WeChat;
use support::{COMPONENT, Daemon};

/// The process may have so many open files.
const FILES: u64 = 512;

/// Connections of this test are open files too.
fn raise_own_limit() {
    let now = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: now.maximum.or(Some(8_192)), maximum: now.maximum }).unwrap();
    assert!(getrlimit(Resource::Nofile).current.is_none_or(|l| l > 2_100), "the test needs 2,100 open files");
}

/// KiB, of `/proc/PID/status`.
fn memory(engine: &Daemon, name: &str) -> i64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", engine.pid())).unwrap();
    status.lines().find_map(|l| l.strip_prefix(name)?.split_ascii_whitespace().nth(1)?.parse().ok()).unwrap()
}

fn open_files(engine: &Daemon) -> u64 {
    std::fs::read_dir(format!("/proc/{}/fd", engine.pid())).unwrap().count() as u64
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_idle_connections_do_not_delay_a_ticket() {
    raise_own_limit();
    let dir = tempfile::tempdir().unwrap();
    let stub = WeChat::start().await;
    let engine = Daemon::serve_with_files(dir.path(), FILES);
    engine.add_platform(&stub.url).await;
    let mut crowd: Vec<TcpStream> = Vec::new();
    for _ in 0..2_000 {
        crowd.push(TcpStream::connect(&engine.listener).unwrap());
    }
    let started = Instant::now();
    engine.push_ticket(support::now()).await;
    assert!(started.elapsed() < Duration::from_secs(12), "{:?}", started.elapsed());
    assert!(open_files(&engine) < FILES);
    // The same at the private door, which must not lose its own way in.
    for _ in 0..1_000 {
        crowd.push(TcpStream::connect(&engine.api).unwrap());
    }
    engine.get("/v1/status").await;
    let valid =
        |status: &serde_json::Value| (status["platforms"][0]["component_token"]["state"] == "valid").then_some(());
    engine.until("a token, with files left for the call", "/v1/status", valid).await;
    assert!(open_files(&engine) < FILES);
    drop(crowd);
    let started = Instant::now();
    engine.push_ticket(support::now() + 1).await;
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    assert!(!engine.said().contains("panicked"), "{}", engine.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_heads_and_bodies_cost_little_memory() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Daemon::serve(dir.path(), &[]);
    engine.add_platform("http://127.0.0.1:9").await;
    engine.push_ticket(support::now()).await;
    let before = memory(&engine, "VmRSS");
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(1 << 16));
    let head = ("GET / HTTP/1.1\r\nx: ".to_owned(), "a".repeat(1 << 16));
    let body =
        (format!("POST /wechat/{COMPONENT}/event HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"), chunk);
    for (begin, piece) in [head, body] {
        let mut stream = TcpStream::connect(&engine.listener).unwrap();
        stream.write_all(begin.as_bytes()).unwrap();
        let mut sent = 0;
        while stream.write_all(piece.as_bytes()).is_ok() {
            sent += piece.len();
            assert!(sent < 256 << 20, "it is never ended");
        }
        let _ = stream.read_to_end(&mut Vec::new());
    }
    let grown = memory(&engine, "VmHWM") - before;
    assert!(grown < 32 << 10, "{grown} KiB");
}
