//! The channel on the command line, with the simulated platform.
#![cfg(unix)]

mod support;

use support::{Daemon, document, run, said};

#[tokio::test(flavor = "multi_thread")]
async fn the_way_in_and_out_is_checked_and_files_are_served() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Daemon::serve(dir.path(), &["--sandbox"]);
    let live =
        |status: &serde_json::Value| (status["platforms"][0]["component_token"]["state"] == "valid").then_some(());
    engine.until("the component token", "/v1/status", live).await;

    let check = run(dir.path(), &["check", "--json"], "");
    let report = document(&check);
    let outcomes: Vec<_> = report[0]["steps"].as_array().unwrap().iter().map(|s| s["outcome"].clone()).collect();
    assert_eq!(outcomes, ["ok", "ok", "skipped", "ok", "ok"], "{report}");
    let words = run(dir.path(), &["check"], "");
    assert_eq!(words.status.code(), Some(0), "{}", said(&words));
    assert!(String::from_utf8_lossy(&words.stdout).contains("an encrypted push came in"), "{words:?}");

    let status = document(&run(dir.path(), &["status", "--json"], ""));
    let component = status["platforms"][0]["component_appid"].as_str().unwrap().to_owned();
    let egress = run(dir.path(), &["egress", &component], "");
    assert!(String::from_utf8_lossy(&egress.stdout).contains("WeChat sees 127.0.0.1"), "{egress:?}");

    let file = dir.path().join("MP_verify_7vd0KpvN6c1fTlGq.txt");
    std::fs::write(&file, "7vd0KpvN6c1fTlGq").unwrap();
    let added = run(dir.path(), &["verification-file", "add", file.to_str().unwrap()], "");
    let url = String::from_utf8_lossy(&added.stdout).trim().to_owned();
    assert!(url.ends_with("/MP_verify_7vd0KpvN6c1fTlGq.txt"), "{added:?}");
    let served = reqwest::Client::builder().no_proxy().build().unwrap().get(&url).send().await.unwrap();
    assert_eq!((served.status().as_u16(), served.text().await.unwrap().as_str()), (200, "7vd0KpvN6c1fTlGq"));
    let list = document(&run(dir.path(), &["verification-file", "list", "--json"], ""));
    assert_eq!(list[0]["size"], 16);
    let refused = run(dir.path(), &["verification-file", "remove", "other.txt"], "");
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    assert_eq!(
        run(dir.path(), &["verification-file", "remove", "MP_verify_7vd0KpvN6c1fTlGq.txt"], "").status.code(),
        Some(0)
    );
}
