//! The engine as a process: from a ticket to tokens, the crowd that reports a rejected token, signals and crashes.

mod support;

use serde_json::{Value, json};
use support::wechat_stub::WeChat;
use support::{ACCOUNT, AES_KEY, APP_SECRET, COMPONENT, Daemon, TICKET, VERIFY_TOKEN, document, run, said};

/// An engine with the platform of the tests and a live component token.
async fn ready(dir: &std::path::Path, stub: &WeChat) -> Daemon {
    let engine = Daemon::serve(dir, &[]);
    engine.add_platform(&stub.url).await;
    engine.push_ticket(support::now()).await;
    component_is_valid(&engine).await;
    engine
}

async fn component_is_valid(engine: &Daemon) {
    let valid = |status: &Value| (status["platforms"][0]["component_token"]["state"] == "valid").then_some(());
    engine.until("a component token", "/v1/status", valid).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn status_has_the_documented_shape() {
    let dir = tempfile::tempdir().unwrap();
    let stub = WeChat::start().await;
    let engine = ready(dir.path(), &stub).await;
    engine.authorize().await;
    let status = document(&run(dir.path(), &["status", "--json"], ""));
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(status["listener"]["address"], json!(engine.listener));
    assert_eq!(status["listener"]["public_base_url"], json!(format!("http://{}", engine.listener)));
    assert!(
        status["time"].is_i64()
            && status["listener"]["last_callback_at"].is_i64()
            && status["listener"]["rejected"].is_i64()
    );
    let platform = &status["platforms"][0];
    assert_eq!((&platform["component_appid"], &platform["name"]), (&json!(COMPONENT), &json!("门店通")));
    assert_eq!(platform["ticket"]["state"], "fresh");
    for name in ["obtained_at", "expires_at", "next_refresh_at"] {
        assert!(platform["component_token"][name].is_i64(), "{name}: {platform}");
    }
    assert!(platform["component_token"]["reason"].is_string() && platform["component_token"]["last_error"].is_null());
    let counts = json!({ "total": 1, "authorized": 1, "failing": 0, "needs_authorization": 0, "unauthorized": 0 });
    assert_eq!(platform["accounts"], counts);
    let list = document(&run(dir.path(), &["account", "list", "--json"], ""));
    let account = &list["items"][0];
    assert_eq!(
        (&account["appid"], &account["component_appid"], &account["state"]),
        (&json!(ACCOUNT), &json!(COMPONENT), &json!("authorized"))
    );
    assert_eq!(account["token"]["generation"], 1);
    for words in [run(dir.path(), &["status"], ""), run(dir.path(), &["account", "list"], "")] {
        assert_eq!(words.status.code(), Some(0), "{}", said(&words));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_servers_that_saw_40001_cause_one_call_and_get_the_new_token() {
    let dir = tempfile::tempdir().unwrap();
    let stub = WeChat::start().await;
    let engine = std::sync::Arc::new(ready(dir.path(), &stub).await);
    engine.authorize().await;
    let target = format!("/v1/accounts/{ACCOUNT}/token");
    let before = engine.get(&target).await;
    let rejected = before["access_token"].clone();
    stub.hold(Some("api_authorizer_token"));
    let report = |token: Value| {
        let (engine, target) = (engine.clone(), target.clone());
        tokio::spawn(async move {
            engine.call("POST", &format!("{target}/refresh"), Some(json!({ "rejected": token }))).await
        })
    };
    let crowd: Vec<_> = (0..50).map(|_| report(rejected.clone())).collect();
    stub.called("api_authorizer_token", 1).await;
    stub.hold(None);
    for one in crowd {
        let (status, token) = one.await.unwrap();
        assert_eq!((status, &token["generation"]), (200, &json!(2)), "{token}");
        assert_ne!(token["access_token"], rejected);
    }
    // A server that is late with its report gets the current one at once.
    let (status, late) = report(rejected).await.unwrap();
    assert_eq!((status, &late["generation"]), (200, &json!(2)));
    assert_eq!(stub.calls("api_authorizer_token"), 1);
    let (status, forced) = engine.call("POST", &format!("{target}/refresh"), Some(json!({}))).await;
    assert_eq!((status, &forced["generation"]), (200, &json!(3)), "{forced}");
    assert_eq!(stub.calls("api_authorizer_token"), 2);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_ever_said_and_sigterm_ends_in_time() {
    let dir = tempfile::tempdir().unwrap();
    let stub = WeChat::start().await;
    let mut engine = ready(dir.path(), &stub).await;
    engine.authorize().await;
    let (status, _) = engine.call("POST", &format!("/v1/accounts/{ACCOUNT}/token/refresh"), None).await;
    assert_eq!(status, 200);
    // Failures are where secrets leak.
    engine.call("POST", "/v1/platforms", Some(json!({ "component_appid": { "x": APP_SECRET } }))).await;
    engine.call("GET", "/v1/accounts?q=%zz", None).await;
    let link = run(
        dir.path(),
        &["authorize-link", COMPONENT, "--kind", "pc", "--qr", dir.path().join("qr.svg").to_str().unwrap()],
        "",
    );
    assert_eq!(link.status.code(), Some(0), "{}", said(&link));
    assert!(std::fs::read_to_string(dir.path().join("qr.svg")).unwrap().contains("<svg"));
    // A call that never ends must not hold up the stop.
    stub.hold(Some("api_authorizer_token"));
    let (key, api) = (engine.key.clone(), engine.api.clone());
    let endless = tokio::spawn(async move {
        let client = wxdesk_core::transport::client(None).unwrap();
        let url = format!("http://{api}/v1/accounts/{ACCOUNT}/token/refresh");
        client.post(url).header("authorization", format!("Bearer {key}")).send().await.map(|r| r.status().as_u16())
    });
    stub.called("api_authorizer_token", 2).await;
    engine.signal("TERM");
    let (code, took) = engine.ended();
    assert_eq!(code, Some(0), "{}", engine.said());
    assert!(took.as_secs_f32() < 5.0, "{took:?}");
    assert!(!dir.path().join("engine.json").exists());
    drop(endless);
    let words = format!("{}{}", engine.said(), said(&link));
    let mut secrets = stub.secrets();
    secrets.extend([APP_SECRET, VERIFY_TOKEN, AES_KEY, TICKET, support::wechat_stub::AUTH_CODE].map(str::to_owned));
    secrets.push(engine.key.clone());
    assert!(secrets.len() > 10);
    for secret in secrets {
        assert!(!words.contains(&secret), "said {secret}");
        assert!(!words.contains(&secret.replace('@', "%40")), "said {secret}");
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_a_refresh_it_knows_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let stub = WeChat::start().await;
    let mut engine = ready(dir.path(), &stub).await;
    engine.authorize().await;
    let before = engine.get(&format!("/v1/accounts/{ACCOUNT}/token")).await;
    stub.hold(Some("api_authorizer_token"));
    let (key, api) = (engine.key.clone(), engine.api.clone());
    let asking = tokio::spawn(async move {
        let client = wxdesk_core::transport::client(None).unwrap();
        let url = format!("http://{api}/v1/accounts/{ACCOUNT}/token/refresh");
        let _ = client.post(url).header("authorization", format!("Bearer {key}")).send().await;
    });
    stub.called("api_authorizer_token", 1).await;
    engine.signal("KILL");
    assert_eq!(engine.ended().0, None);
    asking.await.unwrap();
    stub.hold(None);

    let engine = Daemon::serve(dir.path(), &[]);
    let account = engine.get(&format!("/v1/accounts/{ACCOUNT}")).await;
    assert_eq!(account["token"]["reason_code"], "interrupted", "{account}");
    assert!(account["token"]["next_refresh_at"].is_i64());
    let attempts = json!({ "component_appid": COMPONENT, "appid": ACCOUNT });
    let (_, attempts) = engine.call("POST", "/v1/ui/list_attempts", Some(attempts)).await;
    assert_eq!(attempts[0]["outcome"], "interrupted", "{attempts}");
    // The old token is still there, and a person who asks gets a new one without waiting.
    let kept = engine.get(&format!("/v1/accounts/{ACCOUNT}/token")).await;
    assert_eq!(kept["access_token"], before["access_token"]);
    let (status, renewed) = engine.call("POST", &format!("/v1/accounts/{ACCOUNT}/token/refresh"), None).await;
    assert_eq!((status, &renewed["generation"]), (200, &json!(2)), "{renewed}");
    component_is_valid(&engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_told_what_changed() {
    let dir = tempfile::tempdir().unwrap();
    let stub = WeChat::start().await;
    let engine = Daemon::serve(dir.path(), &[]);
    engine.add_platform(&stub.url).await;
    let client = wxdesk_core::transport::client(None).unwrap();
    let url = format!("http://{}/v1/ui/changes", engine.api);
    let mut stream = client.get(&url).header("authorization", format!("Bearer {}", engine.key)).send().await.unwrap();
    assert_eq!(stream.status().as_u16(), 200);
    engine.push_ticket(support::now()).await;
    let mut text = String::new();
    while !text.contains("platforms") {
        let chunk = tokio::time::timeout(support::DEADLINE, stream.chunk()).await.unwrap().unwrap().unwrap();
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
    assert!(text.contains("data: {\"tags\":["), "{text}");
}

#[cfg(unix)]
#[test]
fn the_engines_note_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let _engine = Daemon::serve(dir.path(), &[]);
    let mode = std::fs::metadata(dir.path().join("engine.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn pages_are_served_without_a_key_and_nothing_else_is() {
    let (dir, pages) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(pages.path().join("index.html"), "<!doctype html><title>wxdesk</title>").unwrap();
    let mut engine = Daemon::serve(dir.path(), &["--ui", pages.path().to_str().unwrap()]);
    let client = wxdesk_core::transport::client(None).unwrap();
    for path in ["/", "/index.html", "/accounts/somewhere"] {
        let page = client.get(format!("http://{}{path}", engine.api)).send().await.unwrap();
        assert!(page.headers().contains_key("content-security-policy"));
        assert!(page.text().await.unwrap().contains("wxdesk"), "{path}");
    }
    engine.key = "wk_none".to_owned();
    assert_eq!(engine.call("GET", "/v1/status", None).await.0, 401);
    assert_eq!(engine.call("GET", "/v1/nothing", None).await.0, 404);
    assert_eq!(engine.call("POST", "/v1/ui/app_info", None).await.0, 401);
}
