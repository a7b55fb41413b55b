//! The command line: exit codes, streams, and what it says when something is wrong.

mod support;

use serde_json::{Value, json};
use support::{AES_KEY, APP_SECRET, COMPONENT, DEADLINE, Daemon, VERIFY_TOKEN, document, platform, run, said, start};

const NOWHERE: &str = "http://127.0.0.1:9";

#[test]
fn a_second_engine_on_a_folder_ends_with_2_and_names_the_holder() {
    let dir = tempfile::tempdir().unwrap();
    let first = Daemon::serve(dir.path(), &[]);
    let second = run(dir.path(), &["serve", "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0"], "");
    assert_eq!(second.status.code(), Some(2), "{}", said(&second));
    assert!(said(&second).contains(&first.pid().to_string()), "{}", said(&second));
    assert!(second.stdout.is_empty());
    // The first one did not notice.
    assert_eq!(run(dir.path(), &["status", "--json"], "").status.code(), Some(0));
}

#[test]
fn a_taken_port_ends_with_2_in_words() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = Daemon::serve(dir.path(), &[]);
    let second = run(other.path(), &["serve", "--listen", &first.listener, "--api", "127.0.0.1:0"], "");
    assert_eq!(second.status.code(), Some(2));
    let holder = if cfg!(target_os = "linux") {
        format!("wxdeskd (process {}) listens there; 127.0.0.1:", first.pid())
    } else {
        "another program listens there; 127.0.0.1:".to_owned()
    };
    assert!(said(&second).contains(&holder) && said(&second).contains(" is free"), "{}", said(&second));
}

/// Binding wider than loopback asks first; the answer is a flag.
#[test]
fn other_machines_are_let_in_only_by_whoever_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let table: [(&[&str], &str); 4] = [
        (&["--listen", "0.0.0.0:0", "--api", "127.0.0.1:0"], "add --expose"),
        (&["--listen", "[::]:0", "--api", "127.0.0.1:0"], "add --expose"),
        (&["--listen", "127.0.0.1:0", "--api", "0.0.0.0:0"], "add --api-expose"),
        (&["--listen", "0.0.0.0:0", "--api", "0.0.0.0:0", "--expose"], "add --api-expose"),
    ];
    for (args, words) in table {
        let refused = run(dir.path(), &[&["serve"], args].concat(), "");
        assert_eq!(refused.status.code(), Some(2), "{args:?}: {}", said(&refused));
        assert!(said(&refused).contains(words) && refused.stdout.is_empty(), "{}", said(&refused));
    }
    let (mut child, heard, lines) =
        start(dir.path(), &["serve", "--listen", "0.0.0.0:0", "--api", "127.0.0.1:0", "--expose"]);
    let line = lines.recv_timeout(DEADLINE).unwrap();
    assert!(line.starts_with("listening on http://0.0.0.0:"), "{line}");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(heard.lock().unwrap().contains("can be reached from other machines"), "a warning in the log");
}

#[test]
fn platforms_are_added_listed_and_removed_with_and_without_an_engine() {
    let dir = tempfile::tempdir().unwrap();
    let input = platform(NOWHERE, "https://abc.natapp.cc").to_string();
    let added = run(dir.path(), &["platform", "add", "--file", "-"], &input);
    assert_eq!(added.status.code(), Some(0), "{}", said(&added));
    let urls = String::from_utf8_lossy(&added.stdout).into_owned();
    assert!(urls.contains(&format!("https://abc.natapp.cc/wechat/{COMPONENT}/callback/$APPID$")), "{urls}");
    let engine = Daemon::serve(dir.path(), &[]);
    let file = dir.path().join("platform.json");
    std::fs::write(
        &file,
        json!({ "component_appid": COMPONENT, "name": "新名字", "public_base_url": "https://abc.natapp.cc" })
            .to_string(),
    )
    .unwrap();
    let updated = run(dir.path(), &["platform", "add", "--file", file.to_str().unwrap()], "");
    assert_eq!(updated.status.code(), Some(0), "{}", said(&updated));
    let listed = run(dir.path(), &["platform", "list", "--json"], "");
    let list = document(&listed);
    assert_eq!((&list["items"][0]["name"], list["items"].as_array().unwrap().len()), (&json!("新名字"), 1));
    drop(engine);
    // Killed: its engine.json still lies there, and the store is opened instead.
    assert!(dir.path().join("engine.json").exists());
    let table = run(dir.path(), &["platform", "list"], "");
    assert!(said(&table).contains("新名字"), "{}", said(&table));
    let gone = run(dir.path(), &["platform", "remove", COMPONENT], "");
    assert_eq!(gone.status.code(), Some(0), "{}", said(&gone));
    let again = run(dir.path(), &["platform", "remove", COMPONENT], "");
    assert_eq!(again.status.code(), Some(1), "{}", said(&again));
    for output in [added, updated, listed, table, gone, again] {
        for secret in [APP_SECRET, VERIFY_TOKEN, AES_KEY] {
            assert!(!said(&output).contains(secret));
        }
    }
}

#[test]
fn a_bad_field_is_named_with_its_rule() {
    let dir = tempfile::tempdir().unwrap();
    for (field, value, rule) in [
        ("component_appid", json!("wx12"), "wx and 16 hex digits"),
        ("encoding_aes_key", json!("short"), "exactly 43 letters or digits"),
        ("verify_token", json!("a-b-c"), "3 to 32 letters or digits"),
        ("public_base_url", json!("http://abc.natapp.cc"), "https"),
        ("component_appsecret", json!(null), "required"),
    ] {
        let mut input = platform(NOWHERE, "https://abc.natapp.cc");
        input[field] = value;
        let output = run(dir.path(), &["platform", "add", "--file", "-"], &input.to_string());
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(said(&output).contains(field) && said(&output).contains(rule), "{}", said(&output));
        assert!(output.stdout.is_empty());
    }
    let mut unknown = platform(NOWHERE, "https://abc.natapp.cc");
    unknown["appsecret"] = json!(APP_SECRET);
    let output = run(dir.path(), &["platform", "add", "--file", "-"], &unknown.to_string());
    assert!(
        said(&output).contains("unknown field `appsecret`") && !said(&output).contains(APP_SECRET),
        "{}",
        said(&output)
    );
    for (args, stdin) in
        [(["platform", "add", "--file", "-"], "{not json"), (["platform", "add", "--file", "/nonexistent/p.json"], "")]
    {
        let output = run(dir.path(), &args, stdin);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    }
}

/// Interfaces: an account that is connected with its own AppSecret, by JSON.
#[test]
fn an_account_with_its_own_secret_is_added_listed_and_removed() {
    let dir = tempfile::tempdir().unwrap();
    let appid = "wxba5fad812f8e6fb9";
    let input = json!({
        "appid": appid, "name": "测试号", "kind": "official_account", "appsecret": APP_SECRET, "verify_token": "AAAAA",
        "encoding_aes_key": "A".repeat(43), "message_mode": "secure", "token_mode": "stable",
        "public_base_url": "https://abc.natapp.cc", "endpoints": { "api": NOWHERE, "mp": NOWHERE, "open": NOWHERE },
        "outbound_proxy": null,
    });
    let add = |input: &Value| run(dir.path(), &["account", "add", "--file", "-"], &input.to_string());
    let output = add(&input);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains(&format!("https://abc.natapp.cc/wechat/account/{appid}")), "{}", said(&output));
    assert!(!said(&output).contains(APP_SECRET));
    let listed = document(&run(dir.path(), &["account", "list", "--json"], ""));
    assert_eq!(listed["items"][0]["connection"], "own_secret");
    assert_eq!(listed["items"][0]["component_appid"], appid);
    assert_eq!(document(&run(dir.path(), &["platform", "list", "--json"], ""))["items"], json!([]));
    assert_eq!(document(&run(dir.path(), &["status", "--json"], ""))["own_accounts"]["total"], 1);
    for (field, value, rule) in [
        ("appid", json!("wx12"), "wx and 16 hex digits"),
        ("appsecret", json!("with blank"), "no blanks"),
        ("encoding_aes_key", json!("short"), "exactly 43"),
        ("public_base_url", json!("http://abc.natapp.cc"), "https"),
        ("kind", json!("website_app"), "cannot change"),
    ] {
        let mut bad = input.clone();
        bad[field] = value;
        let output = add(&bad);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(said(&output).contains(field) && said(&output).contains(rule), "{field}: {}", said(&output));
    }
    assert_eq!(run(dir.path(), &["account", "disconnect", appid], "").status.code(), Some(0));
    assert_eq!(document(&run(dir.path(), &["account", "list", "--json"], ""))["items"], json!([]));
    assert_eq!(run(dir.path(), &["account", "disconnect", appid], "").status.code(), Some(1));
}

#[test]
fn what_needs_an_engine_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let output = run(dir.path(), &["authorize-link", COMPONENT, "--kind", "pc"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("needs a running engine"), "{}", said(&output));
    let output = run(&dir.path().join("nothing"), &["status"], "");
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(!dir.path().join("nothing").exists(), "looking makes no folder");
    let output = run(dir.path(), &["authorize-link", COMPONENT], "");
    assert_eq!(output.status.code(), Some(2), "usage");
}

#[tokio::test]
async fn a_key_is_shown_once_and_opens_its_scope_until_revoked() {
    let dir = tempfile::tempdir().unwrap();
    let made = run(dir.path(), &["key", "create", "--name", "shop", "--scope", "read"], "");
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    let key = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    assert!(key.starts_with("wk_"), "{key}");
    let mut engine = Daemon::serve(dir.path(), &[]);
    let listed = run(dir.path(), &["key", "list", "--json"], "");
    assert!(!said(&listed).contains(&key));
    let id = document(&listed)["items"][0]["id"].to_string();
    let admin = std::mem::replace(&mut engine.key, key.clone());
    assert_eq!(engine.call("GET", "/v1/status", None).await.0, 200);
    assert_eq!(engine.call("GET", "/v1/keys", None).await.0, 403);
    assert_eq!(run(dir.path(), &["key", "revoke", &id], "").status.code(), Some(0));
    assert_eq!(engine.call("GET", "/v1/status", None).await.0, 401);
    assert_eq!(run(dir.path(), &["key", "revoke", &id], "").status.code(), Some(1));
    for secret in [&key, &admin] {
        assert!(!engine.said().contains(secret.as_str()));
    }
}

/// A swapped key or a damaged store: a server says so and touches nothing, instead of going on empty.
#[test]
fn a_damaged_store_or_another_key_ends_with_2_and_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let input = platform(NOWHERE, "https://abc.natapp.cc").to_string();
    assert_eq!(run(dir.path(), &["platform", "add", "--file", "-"], &input).status.code(), Some(0));
    let (store, key) = (dir.path().join("wxdesk.db"), dir.path().join("store.key"));
    let (bytes, hex) = (std::fs::read(&store).unwrap(), std::fs::read(&key).unwrap());
    std::fs::write(&key, "ab".repeat(32)).unwrap();
    let refused = run(dir.path(), &["serve", "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0"], "");
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(said(&refused).contains("its key is another one"), "{}", said(&refused));
    assert_eq!(std::fs::read(&store).unwrap(), bytes);
    std::fs::write(&key, hex).unwrap();
    assert_eq!(run(dir.path(), &["platform", "list"], "").status.code(), Some(0), "the right key opens it again");
}
