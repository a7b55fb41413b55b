//! With the simulated platform: `serve --sandbox`, `demo`, and the platform alone.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use support::{DEADLINE, Daemon, document, run, said, start};

#[tokio::test(flavor = "multi_thread")]
async fn serve_sandbox_comes_up_and_its_token_is_live() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Daemon::serve(dir.path(), &["--sandbox"]);
    let live =
        |status: &serde_json::Value| (status["platforms"][0]["component_token"]["state"] == "valid").then_some(());
    engine.until("the component token", "/v1/status", live).await;
    let status = document(&run(dir.path(), &["status", "--json"], ""));
    assert_eq!(status["platforms"][0]["ticket"]["state"], "fresh");
    assert!(dir.path().join("sandbox/sandbox-platform.json").exists());
    // A second one is told who holds the folder.
    let second = run(dir.path(), &["serve", "--sandbox", "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0"], "");
    assert_eq!(second.status.code(), Some(2), "{}", said(&second));
    assert!(said(&second).contains(&engine.pid().to_string()));
    assert!(!engine.said().contains(&engine.key));
}

#[test]
fn the_demo_shows_the_whole_way() {
    let dir = tempfile::tempdir().unwrap();
    let demo = run(dir.path(), &["demo"], "");
    assert_eq!(demo.status.code(), Some(0), "{}", said(&demo));
    let table = String::from_utf8_lossy(&demo.stdout).into_owned();
    assert_eq!(table.lines().count(), 4, "{table}");
    assert!(table.contains("authorized") && table.contains("valid"), "{table}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "the data folder is not touched");
}

#[test]
fn the_simulated_platform_runs_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (mut child, said, lines) =
        start(dir.path(), &["sandbox", "--listen", "127.0.0.1:0", "--seed", "7", "--push-base", "http://127.0.0.1:9"]);
    let first = lines.recv_timeout(DEADLINE).unwrap_or_else(|_| panic!("{}", said.lock().unwrap()));
    assert!(first.starts_with("sandbox on http://127.0.0.1:"), "{first}");
    child.kill().unwrap();
    child.wait().unwrap();
}
