//! With the simulated platform: `serve --sandbox`, `demo`, and the platform alone.

mod support;

use support::{DEADLINE, Daemon, document, run, said, start};

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn serve_sandbox_comes_up_and_its_token_is_live() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = Daemon::serve(dir.path(), &["--sandbox"]);
    let live =
        |status: &serde_json::Value| (status["platforms"][0]["component_token"]["state"] == "valid").then_some(());
    engine.until("the component token", "/v1/status", live).await;
    let status = document(&run(dir.path(), &["status", "--json"], ""));
    assert_eq!(status["platforms"][0]["ticket"]["state"], "fresh");
    // A second one is told who holds the folder.
    let second = run(dir.path(), &["serve", "--sandbox", "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0"], "");
    assert_eq!(second.status.code(), Some(2), "{}", said(&second));
    assert!(said(&second).contains(&engine.pid().to_string()));
    assert!(!engine.said().contains(&engine.key));
    engine.signal("TERM");
    let (code, took) = engine.ended();
    assert_eq!(code, Some(0), "{}", engine.said());
    assert!(took.as_secs_f32() < 5.0, "{took:?}");
    assert!(!dir.path().join("engine.json").exists());
    // The simulated platform is kept too: every secret of it is known here, and none was said.
    let state = std::fs::read_to_string(dir.path().join("sandbox/sandbox-platform.json")).unwrap();
    let words = engine.said();
    let state: serde_json::Value = serde_json::from_str(&state).unwrap();
    let mut secrets = Vec::new();
    collect(&state, &mut secrets);
    assert!(secrets.iter().any(|s| s.starts_with("ticket@@@")), "no ticket among {} texts", secrets.len());
    for secret in secrets {
        assert!(!words.contains(&secret), "said {secret}");
    }
    // And everything is there again after the next start.
    let engine = Daemon::serve(dir.path(), &["--sandbox"]);
    engine.until("the component token", "/v1/status", live).await;
}

#[cfg(unix)]
/// Texts that are long enough and shaped like a secret.
fn collect(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) if text.len() >= 32 && !text.contains(['/', ' ', '<']) && text.is_ascii() => {
            found.push(text.clone());
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        serde_json::Value::Object(members) => members.iter().for_each(|(name, member)| {
            // Codes and tokens are the keys of maps.
            collect(&serde_json::Value::from(name.as_str()), found);
            collect(member, found);
        }),
        _ => {}
    }
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
