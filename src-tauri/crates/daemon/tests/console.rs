//! Signed pages, parametric QR codes and tried calls on the command line, with the simulated platform.
#![cfg(unix)]

mod support;

use serde_json::json;
use support::{Daemon, document, run, said};

#[tokio::test(flavor = "multi_thread")]
async fn pages_codes_and_calls() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Daemon::serve(dir.path(), &["--sandbox"]);
    let (_, account) = engine.authorize_in_sandbox().await;
    let here = |args: &[&str], input: &str| run(dir.path(), args, input);

    let signed = document(&here(&["jsapi-signature", &account, "--url", "https://shop.example.com/?a=1#top"], ""));
    let names: Vec<&String> = signed.as_object().unwrap().keys().collect();
    assert_eq!(names, ["appId", "nonceStr", "signature", "timestamp"]);
    assert_eq!(signed["appId"], account.as_str());
    let refused = here(&["jsapi-signature", &account, "--url", "shop.example.com"], "");
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("url: must be"), "{}", said(&refused));

    for (name, begin) in [("code.svg", b"<svg".as_slice()), ("code.png", b"\x89PNG".as_slice())] {
        let file = dir.path().join(name);
        let args =
            ["qrcode", "create", &account, "--scene", name, "--text", "--seconds", "600", "--name", "门口", "--qr"];
        let made = here(&[&args[..], &[file.to_str().unwrap()]].concat(), "");
        assert_eq!(made.status.code(), Some(0), "{}", said(&made));
        assert!(String::from_utf8_lossy(&made.stdout).starts_with("http"));
        assert!(std::fs::read(&file).unwrap().starts_with(begin));
    }
    let lasting = document(&here(&["qrcode", "create", &account, "--scene", "7", "--permanent", "--json"], ""));
    assert_eq!((&lasting["permanent"], &lasting["kind"]), (&json!(true), &json!("number")), "{lasting}");
    let wrong = here(&["qrcode", "create", &account, "--scene", "100001", "--permanent"], "");
    assert_eq!(wrong.status.code(), Some(1), "{}", said(&wrong));
    let listed = document(&here(&["qrcode", "list", "--json"], ""));
    assert_eq!(listed["total"], 3, "{listed}");
    assert!(said(&here(&["qrcode", "list"], "")).contains("门口"));
    let from_api = engine.get(&format!("/v1/accounts/{account}/qrcodes?q=code&limit=1")).await;
    assert_eq!((&from_api["total"], from_api["items"].as_array().map(Vec::len)), (&json!(2), Some(1)));

    let addresses = document(&here(&["api", &account, "getcallbackip"], ""));
    assert!(addresses["ip_list"].is_array(), "{addresses}");
    let body = json!({ "cgi_path": "/cgi-bin/user/info" }).to_string();
    let quota = document(&here(&["api", &account, "openapi/quota/get", "--body", "-"], &body));
    assert_eq!(quota["errcode"], 0, "{quota}");
    let record = document(&here(&["api", &account, "user/info", "--query", "openid=nobody", "--json"], ""));
    assert_eq!(record["query"][0], json!({ "name": "openid", "value": "nobody" }), "{record}");
    for args in [&["token"][..], &["user/info", "--query", "access_token=x"], &["user/info", "--query", "openid"]] {
        let refused = here(&[&["api", &account][..], args].concat(), "");
        assert_ne!(refused.status.code(), Some(0), "{args:?}");
    }
    let picture = dir.path().join("a.gif");
    std::fs::write(&picture, b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x01D\x00;").unwrap();
    let upload = ["api", &account, "media/upload", "--query", "type=image", "--upload", picture.to_str().unwrap()];
    let uploaded = document(&here(&upload, ""));
    let media = format!("media_id={}", uploaded["media_id"].as_str().unwrap());
    let fetched = here(&["api", &account, "media/get", "--query", &media], "");
    assert!(fetched.stdout.starts_with(b"GIF89a"), "a pipe gets the picture: {}", said(&fetched));
    let token = engine.get(&format!("/v1/accounts/{account}/token")).await["access_token"].as_str().unwrap().to_owned();
    let tried = engine.call("POST", "/v1/ui/list_api_trials", Some(json!({}))).await.1.to_string();
    assert!(tried.contains("media/upload") && !tried.contains(&token), "{tried}");
}
