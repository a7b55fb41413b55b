//! Tunnels from the command line, and what becomes of a client when the engine crashes or stops. The client is a fake
//! one: a script that says bore's recorded line.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "tests: a failure should stop them where they stand")]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use support::{Daemon, document, run, said};
use wxdesk_core::tunnel::process;

/// A client that is online at once. `first`: shell words before that.
fn fake(dir: &Path, first: &str) -> PathBuf {
    let path = dir.join("fake-bore");
    std::fs::write(
        &path,
        format!("#!/bin/sh\n{first}\necho 'INFO bore_cli::client: listening at 127.0.0.1:9'\nsleep 600\n"),
    )
    .unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// Adds and starts a tunnel by the command line; answers its id.
fn start(dir: &Path, program: &Path) -> String {
    let input = json!({ "client": "bore", "program": program, "settings": { "server": "127.0.0.1" },
        "secrets": { "secret": "s3cret-of-the-tunnel" } });
    let added = run(dir, &["tunnel", "add", "--file", "-"], &input.to_string());
    assert_eq!(added.status.code(), Some(0), "{}", said(&added));
    let id = String::from_utf8(added.stdout).unwrap().trim().to_owned();
    let started = run(dir, &["tunnel", "start", &id], "");
    assert_eq!(started.status.code(), Some(0), "{}", said(&started));
    id
}

/// Waits until the one tunnel is online; answers its client's pid.
async fn online(engine: &Daemon) -> u32 {
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    let found = tokio::time::timeout(support::DEADLINE, async {
        loop {
            ticks.tick().await;
            let (_, tunnels) = engine.call("POST", "/v1/ui/list_tunnels", Some(json!({}))).await;
            if tunnels[0]["state"] == "online" {
                return u32::try_from(tunnels[0]["pid"].as_u64().unwrap()).unwrap();
            }
        }
    });
    found.await.unwrap_or_else(|_| panic!("not online: {}", engine.said()))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_that_a_crash_left_behind_is_ended_by_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let program = fake(dir.path(), "");
    let mut engine = Daemon::serve(dir.path(), &[]);
    let id = start(dir.path(), &program);
    let first = online(&engine).await;
    let list = document(&run(dir.path(), &["tunnel", "list", "--json"], ""));
    assert_eq!((&list[0]["id"], &list[0]["url"]), (&json!(id), &json!("http://127.0.0.1:9")));
    let log = run(dir.path(), &["tunnel", "log", &id], "");
    assert!(said(&log).contains("listening at"), "{}", said(&log));

    engine.signal("KILL");
    engine.ended();
    assert!(
        process::identity(first).is_some(),
        "a crash of ours does not end the client: this test would prove nothing"
    );

    let engine = Daemon::serve(dir.path(), &[]);
    let second = online(&engine).await;
    assert_ne!(first, second);
    assert_eq!(process::identity(first), None, "two clients would fight for one tunnel");
    assert!(!engine.said().contains("s3cret-of-the-tunnel"));
    let stopped = run(dir.path(), &["tunnel", "stop", &id], "");
    assert_eq!(stopped.status.code(), Some(0), "{}", said(&stopped));
    assert_eq!(process::identity(second), None);
    let removed = run(dir.path(), &["tunnel", "remove", &id], "");
    assert_eq!(removed.status.code(), Some(0), "{}", said(&removed));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stubborn_client_ends_with_the_engine_within_five_seconds() {
    let dir = tempfile::tempdir().unwrap();
    // SIGTERM is ignored, by the shell and by what it starts.
    let program = fake(dir.path(), "trap '' TERM");
    let mut engine = Daemon::serve(dir.path(), &[]);
    start(dir.path(), &program);
    let client = online(&engine).await;
    engine.signal("TERM");
    let (code, took) = engine.ended();
    assert_eq!(code, Some(0), "{}", engine.said());
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(process::identity(client), None);
}

#[test]
fn clients_and_bad_input_are_said_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let clients = document(&run(dir.path(), &["tunnel", "clients", "--json"], ""));
    let ids: Vec<_> = clients.as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["natapp", "cpolar", "cloudflared", "ngrok", "frp", "ssh", "bore", "own"]);
    let bad = json!({ "client": "natapp", "secrets": { "authtoken": "with blank" } });
    let refused = run(dir.path(), &["tunnel", "add", "--file", "-"], &bad.to_string());
    assert_eq!(refused.status.code(), Some(1));
    let words = said(&refused);
    assert!(words.contains("secrets.authtoken") && !words.contains("with blank"), "{words}");
    let unknown: Value = json!({ "client": "carrier-pigeon" });
    assert_eq!(run(dir.path(), &["tunnel", "add", "--file", "-"], &unknown.to_string()).status.code(), Some(1));
}
