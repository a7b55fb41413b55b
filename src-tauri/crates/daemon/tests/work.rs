//! What operators do with accounts, on the command line, with the simulated platform.
#![cfg(unix)]

mod support;

use support::{Daemon, document, run, said};

#[tokio::test(flavor = "multi_thread")]
async fn options_quotas_calls_and_rids() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Daemon::serve(dir.path(), &["--sandbox"]);
    let (component, account) = engine.authorize_in_sandbox().await;
    let here = |args: &[&str]| run(dir.path(), args, "");

    let options = here(&["account", "options", &account, "--set", "voice_recognize=1"]);
    assert_eq!(options.status.code(), Some(0), "{}", said(&options));
    let options = document(&here(&["account", "options", &account, "--json"]));
    let voice = options["items"].as_array().unwrap().iter().find(|o| o["name"] == "voice_recognize").unwrap();
    assert_eq!(voice["value"], "1", "{options}");
    let refused = here(&["account", "options", &account, "--set", "voice_recognize=7"]);
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    let refused = here(&["account", "options", &account, "--set", "volume=7"]);
    assert_ne!(refused.status.code(), Some(0), "{}", said(&refused));

    let api = "/cgi-bin/message/custom/send";
    let quota = document(&here(&["quota", &component, "--account", &account, "--api", api, "--json"]));
    assert_eq!(quota["items"][0]["cgi_path"], api, "{quota}");
    assert!(quota["items"][0]["daily_limit"].as_i64().unwrap() > 0, "{quota}");
    let cleared = here(&["quota", &component, "--account", &account, "--clear", "token"]);
    assert_eq!(cleared.status.code(), Some(0), "{}", said(&cleared));
    assert!(said(&cleared).contains("at least 1 of 10 used"), "{}", said(&cleared));

    // The log has those calls, and the refusal of an unknown path has a rid that WeChat explains.
    let egress = here(&["egress", &component]);
    assert_eq!(egress.status.code(), Some(0), "{}", said(&egress));
    let rid = engine_rid(dir.path()).await;
    let explained = document(&here(&["rid", &rid, "--json"]));
    assert_eq!(explained["client_ip"], "127.0.0.1", "{explained}");
    let unknown = here(&["rid", "61725984-6126f6f9-040f19c4", "--platform", &component]);
    assert_eq!(unknown.status.code(), Some(1), "{}", said(&unknown));

    let csv = here(&["calls", "--csv", "--account", &account]);
    let text = String::from_utf8(csv.stdout).unwrap();
    assert!(text.lines().count() > 3 && text.contains("clear_quota"), "{text}");
    let token = engine.get(&format!("/v1/accounts/{account}/token")).await["access_token"].as_str().unwrap().to_owned();
    assert!(!text.contains(&token), "no token in the log");
    let table = here(&["calls", "--errors"]);
    assert!(said(&table).contains("76021"), "{}", said(&table));
}

/// The rid of the newest refused call. The log is written once a second, so it is asked until it is there.
async fn engine_rid(dir: &std::path::Path) -> String {
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(50));
    for _ in 0..200 {
        ticks.tick().await;
        let refused = document(&run(dir, &["calls", "--errcode", "76021", "--json"], ""));
        if let Some(rid) = refused["items"][0]["rid"].as_str() {
            return rid.to_owned();
        }
    }
    panic!("no refused call with a rid in the log");
}
