//! The inbox, rules, business servers, the self-test and the release check on the command line, with the simulated platform.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test: a failure should stop it where it stands")]

mod support;

use std::path::Path;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use serde_json::{Value, json};
use support::{Daemon, document, header, run, said};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// A business server: what it was sent, and the status that it answers.
struct Shop {
    url: String,
    status: Arc<AtomicU16>,
    heard: Arc<watch::Sender<Vec<(String, String)>>>,
}

impl Shop {
    async fn open() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", socket.local_addr().unwrap());
        let shop = Self { url, status: Arc::new(AtomicU16::new(200)), heard: Arc::default() };
        let (status, heard) = (shop.status.clone(), shop.heard.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = socket.accept().await {
                let (status, heard) = (status.clone(), heard.clone());
                tokio::spawn(async move {
                    let mut bytes = Vec::new();
                    while let Some(request) = support::request(&mut stream, &mut bytes).await {
                        let status = status.load(Ordering::SeqCst);
                        heard.send_modify(|all| all.push(request));
                        let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n");
                        let _ = stream.write_all(answer.as_bytes()).await;
                    }
                });
            }
        });
        shop
    }

    /// Waits for a request whose body has this in it. Answers its head.
    async fn hears(&self, text: &str) -> String {
        let mut heard = self.heard.subscribe();
        let found = heard.wait_for(|all| all.iter().any(|(_, body)| body.contains(text)));
        let all = tokio::time::timeout(support::DEADLINE, found).await.unwrap_or_else(|_| panic!("no {text}")).unwrap();
        all.iter().find(|(_, body)| body.contains(text)).unwrap().0.clone()
    }
}

/// What a command printed, which must have ended well.
fn good(output: Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// A command was refused, and says why.
fn refused(output: &Output, why: &str) {
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{}", said(output));
    assert!(words.contains(why), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_business_servers_the_inbox_and_the_self_test() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Daemon::serve(dir.path(), &["--sandbox"]);
    let (component, account) = engine.authorize_in_sandbox().await;
    let shop = Shop::open().await;
    let here = |args: &[&str]| run(dir.path(), args, "");
    let given = |args: &[&str], input: &Value| run(dir.path(), args, &input.to_string());

    let target = json!({ "name": "商城", "mode": "notified", "url": shop.url, "format": "json", "enabled": true });
    refused(&given(&["target", "add", "--file", "-"], &target), "private_ok");
    let mut target = target;
    target["private_ok"] = true.into();
    let told = good(given(&["target", "add", "--file", "-"], &target));
    let secret = good(here(&["target", "secret", &told]));
    assert_eq!(secret.len(), 32);
    let listed = here(&["target", "list", "--json"]);
    assert_eq!(document(&listed)["items"][0]["name"], "商城");
    assert!(!said(&listed).contains(&secret));
    assert!(good(here(&["target", "list"])).contains("notified"));
    assert!(good(here(&["target", "test", &told])).starts_with("HTTP 200"));
    assert_eq!(header(&shop.hears("\"test\":true").await, "x-wxdesk-test"), Some("1"));
    shop.status.store(500, Ordering::SeqCst);
    refused(&here(&["target", "test", &told]), "500");
    shop.status.store(200, Ordering::SeqCst);
    assert!(good(here(&["target", "dead", &told])).starts_with("LETTER"));
    refused(&here(&["target", "resend", &told, "--all"]), "no such dead letter");
    refused(&here(&["target", "secret", "99"]), "no ");

    let rule = json!({ "name": "营业时间", "when": { "text": { "how": "regex", "value": "几点|开门" } },
        "answer": { "kind": "text", "content": "{{account}}七点开门" }, "notify": [told.parse::<i64>().unwrap()] });
    let hours = good(given(&["rule", "add", "--file", "-"], &rule));
    let rest = json!({ "name": "其余", "answer": { "kind": "success" } });
    let rest = good(given(&["rule", "add", "--file", "-"], &rest));
    let wrong =
        json!({ "name": "x", "when": { "text": { "how": "regex", "value": "(" } }, "answer": { "kind": "pass" } });
    refused(&given(&["rule", "add", "--file", "-"], &wrong), "when.text");
    refused(&here(&["target", "remove", &told]), "营业时间");
    let sample = ["rule", "test", "--account", &account, "--type", "text", "--text", "你们几点开门"];
    assert!(good(here(&sample)).contains("七点开门"));
    good(here(&["rule", "move", &rest, "--before", &hours]));
    let traced = document(&here(&[&sample[..], &["--json"]].concat()));
    assert_eq!(
        (&traced["taken_by"], &traced["steps"][1]["verdict"]),
        (&json!(rest.parse::<i64>().unwrap()), &json!("too_late"))
    );
    good(here(&["rule", "off", &rest]));
    assert!(good(here(&["rule", "list"])).contains("text regex 几点|开门"));
    good(here(&["rule", "on", &rest]));
    good(here(&["rule", "move", &rest, "--last"]));
    let listed = document(&here(&["rule", "list", "--json"]));
    assert_eq!((&listed["items"][1]["name"], &listed["items"][1]["enabled"]), (&json!("其余"), &json!(true)));
    refused(&here(&["rule", "remove", "99"]), "no ");

    let test = ["self-test", &component, &account, "--text", "几点开门", "--deliver"];
    let told_so = here(&[&test[..], &["--local"]].concat());
    assert!(good(told_so).contains("七点开门"));
    let report = document(&here(&[&test[..], &["--json"]].concat()));
    assert!(report["steps"].as_array().unwrap().iter().all(|step| step["outcome"] != "failed"), "{report}");
    let push = report["push_id"].to_string();
    let head = shop.hears(&format!("\"id\":{push}")).await;
    assert!(header(&head, "x-wxdesk-signature").is_some_and(|signature| signature.starts_with("v1=")));
    let keys = json!({ "verify_token": "AnotherToken", "encoding_aes_key": support::AES_KEY });
    let differs = given(&[&test[..], &["--keys", "-"]].concat(), &keys);
    refused(&differs, "the Token differs");
    let tap = document(&here(&["self-test", &component, &account, "--click", "MENU_1", "--json"]));
    assert!(tap["reply"].is_null() && tap["push_id"].is_i64(), "{tap}");

    let listed = document(&here(&["inbox", "list", "--text", "几点", "--since", "1h", "--json"]));
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(2), "{listed}");
    assert_eq!(document(&here(&["inbox", "list", "--event", "CLICK", "--json"]))["items"][0]["id"], tap["push_id"]);
    assert!(good(here(&["inbox", "list", "--account", &account, "--type", "text"])).contains("几点开门"));
    assert_eq!(good(here(&["inbox", "list", "--sender", "oNobody"])).lines().count(), 1);
    // What was answered is written behind the answer.
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(50));
    while document(&here(&["inbox", "show", &push, "--json"]))["reply"].is_null() {
        ticks.tick().await;
    }
    let shown = good(here(&["inbox", "show", &push]));
    assert!(shown.contains("signature") && shown.contains("<Content>") && shown.contains("七点开门"), "{shown}");
    assert_eq!(document(&here(&["inbox", "show", &push, "--json"]))["item"]["made_up"], true);
    refused(&here(&["inbox", "show", "999999"]), "no ");
    assert!(good(here(&["inbox", "replay", &push, "--rules"])).contains("七点开门"));
    assert!(good(here(&["inbox", "replay", &push, "--target", &told])).starts_with("HTTP 200"));
    shop.status.store(500, Ordering::SeqCst);
    refused(&here(&["inbox", "replay", &push, "--target", &told]), "did not answer well");
    shop.status.store(200, Ordering::SeqCst);
    let failed = document(&here(&["target", "log", &told, "--failed", "--json"]));
    assert_eq!((&failed["items"][0]["status"], failed["items"].as_array().map(Vec::len)), (&json!(500), Some(1)));
    assert!(good(here(&["target", "log", &told])).contains("几点开门"));
    refused(&here(&["inbox", "replay", &push, "--target", "99"]), "no ");
    assert!(good(here(&["inbox", "figures"])).contains("pushes"));
    good(here(&["inbox", "keep", "--days", "7", "--mib", "64"]));
    assert_eq!(document(&here(&["inbox", "figures", "--json"]))["keep_days"], 7);
    refused(&here(&["inbox", "keep", "--days", "0", "--mib", "64"]), "keep_days");

    let client = wxdesk_core::transport::client(None).unwrap();
    let stranger =
        format!("http://{}/wechat/wx0000000000000000/callback/{account}?timestamp=1&nonce=2", engine.listener);
    assert_eq!(client.post(stranger).body("x").send().await.unwrap().status().as_u16(), 404);
    assert_eq!(document(&here(&["inbox", "rejected", "--json"]))["counts"][0]["reason"], "unknown_appid");
    assert!(good(here(&["inbox", "rejected"])).contains("bad_signature"));

    good(here(&["rule", "remove", &hours]));
    good(here(&["target", "off", &told]));
    good(here(&["target", "on", &told]));
    good(here(&["target", "remove", &told]));
    no_engine_needed(dir.path(), engine);
}

/// What needs no engine works on the store; what does says so.
fn no_engine_needed(dir: &Path, mut engine: Daemon) {
    engine.signal("TERM");
    assert_eq!(engine.ended().0, Some(0), "{}", engine.said());
    let sandbox = dir.join("sandbox");
    let listed = document(&run(&sandbox, &["inbox", "list", "--limit", "1", "--json"], ""));
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1), "{listed}");
    assert!(good(run(&sandbox, &["rule", "list"], "")).contains("其余"));
    let test = run(&sandbox, &["self-test", "wx1", "wx2"], "");
    assert_eq!(test.status.code(), Some(2), "{}", said(&test));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_is_written_to_within_his_window() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Daemon::serve(dir.path(), &["--sandbox"]);
    let (component, account) = engine.authorize_in_sandbox().await;
    let sandbox = engine.command("app_info", json!({})).await["sandbox_url"].as_str().unwrap().to_owned();
    let client = wxdesk_core::transport::client(None).unwrap();
    let message = json!({ "appid": account, "text": "有人吗" }).to_string();
    let request = client.post(format!("{sandbox}/sandbox/message")).header("content-type", "application/json");
    let sent: Value = serde_json::from_str(&request.body(message).send().await.unwrap().text().await.unwrap()).unwrap();
    let follower = sent["openid"].as_str().unwrap();
    let here = |args: &[&str], input: &str| run(dir.path(), args, input);
    let to = ["message", "send", &component, &account, follower];
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(50));
    while document(&here(&["inbox", "list", "--sender", follower, "--json"], ""))["items"][0].is_null() {
        ticks.tick().await;
    }
    good(here(&[&to[..], &["--text", "在的"]].concat(), ""));
    let picture = json!({ "kind": "image", "media_id": "nothing" }).to_string();
    refused(&here(&[&to[..], &["--file", "-"]].concat(), &picture), "WeChat refused (40007)");
    let unknown = here(&["message", "send", &component, &account, "oNobodyKnowsHim", "--text", "x", "--json"], "");
    assert_eq!((unknown.status.code(), &document(&unknown)["ok"]), (Some(1), &json!(false)), "{}", said(&unknown));
    refused(&here(&[&to[..], &["--text", ""]].concat(), ""), "content");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_release_check_is_rehearsed_row_by_row() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Daemon::serve(dir.path(), &["--sandbox"]);
    let (component, _) = engine.authorize_in_sandbox().await;
    let here = |args: &[&str]| run(dir.path(), args, "");
    let rehearsed = good(here(&["release-check", "--rehearse", "--set", "2", "--kind", "mini-program"]));
    let rows: Vec<&str> = rehearsed.lines().collect();
    assert_eq!(rows.len(), 8, "{rehearsed}");
    assert!(rows.iter().all(|row| row.starts_with("ok ")) && rehearsed.contains("返回Api文本消息"), "{rehearsed}");
    let shown = good(here(&["release-check"]));
    assert!(shown.contains(&component) && shown.contains("api_text"), "{shown}");
    good(here(&["release-check", "--off", &component]));
    let red = here(&["release-check", "--rehearse", "--set", "1", "--kind", "official-account", "--json"]);
    assert_eq!(red.status.code(), Some(1), "{}", said(&red));
    let rows = document(&red)["rows"].clone();
    assert!(rows.as_array().unwrap().iter().any(|row| row["state"] == "failed"), "{rows}");
    assert_eq!(document(&here(&["release-check", "--on", &component, "--json"]))["platforms"][0]["on"], true);
    refused(&here(&["release-check", "--on", "wx0000000000000000"]), "no ");
}
