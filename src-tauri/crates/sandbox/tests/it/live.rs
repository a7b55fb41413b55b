//! What goes on by itself, over HTTP: single acts and their outcome, the crowd, the release check.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use serde_json::{Value, json};
use tokio::sync::Notify;
use wechat::{AesKey, MessageCrypto, SecretString, XmlFields, parse_envelope};
use wxdesk_sandbox::door::{self, Door, DoorOptions};
use wxdesk_sandbox::lock;

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// Takes everything with `success`, and tells of messages.
async fn listener(crowd: Arc<Notify>) -> String {
    let message = |State(crowd): State<Arc<Notify>>, body: Bytes| async move {
        crowd.notify_one();
        assert!(body.starts_with(b"<xml>"));
        "success"
    };
    let app = Router::new()
        .route("/wechat/{component}/event", post(|| async { "success" }))
        .route("/wechat/{component}/callback/{appid}", post(message))
        .with_state(crowd);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    base
}

async fn open(crowd: Arc<Notify>) -> (Door, String) {
    let push_base = Some(listener(crowd).await);
    let listen = "127.0.0.1:0".parse().unwrap();
    let door = door::serve(DoorOptions { listen, push_base, ..DoorOptions::default() }).await.unwrap();
    let now = door.now_ms();
    let appid = lock(&door.platform()).authorize_many(1, now).remove(0).0;
    (door, appid)
}

async fn get(door: &Door, path: &str) -> (u16, Value) {
    let answer = client().get(format!("{}{path}", door.base_url())).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
}

async fn send(door: &Door, path: &str, body: Value) -> (u16, Value) {
    let request = client().post(format!("{}{path}", door.base_url())).header("content-type", "application/json");
    let answer = request.body(body.to_string()).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
}

#[tokio::test]
async fn any_fields_are_sent_and_the_outcome_is_awaited() {
    let (door, appid) = open(Arc::default()).await;
    let pictures = json!({"MsgType": "event", "Event": "pic_weixin", "EventKey": "k",
        "SendPicsInfo": {"Count": 2, "PicList": {"item": [{"PicMd5Sum": "a1"}, {"PicMd5Sum": "b2"}]}}});
    let (status, told) = send(&door, "/sandbox/message", json!({"appid": appid, "fields": pictures})).await;
    assert_eq!((status, &told["ok"]), (200, &json!(true)), "{told}");
    let (status, view) = get(&door, &format!("/sandbox/push/{}?wait_ms=10000", told["push"])).await;
    assert_eq!((status, view["state"].as_str(), view["what"].as_str()), (200, Some("taken"), Some("event pic_weixin")));
    assert_eq!(view["openid"], told["openid"]);
    assert_eq!(view["attempts"].as_array().unwrap().len(), 1);
    assert!(view["attempts"][0]["took_ms"].as_i64().unwrap() < 5_000);
    let broken = json!({"appid": appid, "fields": {"a b": "x"}});
    assert_eq!(send(&door, "/sandbox/message", broken).await.0, 422);
    let stranger = lock(&door.platform()).accounts()[0].appid.clone();
    assert_eq!(send(&door, "/sandbox/message", json!({"appid": stranger, "text": "x"})).await.0, 409);
    assert_eq!(get(&door, "/sandbox/push/123456").await.0, 404);
    // The other acts tell their push too.
    let tap = json!({"appid": appid, "type": "location_select", "key": "k"});
    for (path, body) in [("/sandbox/tap", tap), ("/sandbox/follow", json!({"appid": appid, "follower": 5, "on": true}))]
    {
        let (_, told) = send(&door, path, body).await;
        let (_, view) = get(&door, &format!("/sandbox/push/{}?wait_ms=10000", told["push"])).await;
        assert_eq!(view["state"], "taken", "{path} {told}");
    }
    assert!(door.violations().is_empty());
    door.stop().await;
}

#[tokio::test]
async fn the_crowd_is_set_shown_and_heard() {
    let heard = Arc::new(Notify::new());
    let (door, _) = open(Arc::clone(&heard)).await;
    let quiet = json!({"per_minute": 0, "sent": 0, "repeated": 0, "lost": 0});
    assert_eq!(get(&door, "/sandbox/crowd").await, (200, quiet));
    for wrong in [-1, 60_001] {
        assert_eq!(send(&door, "/sandbox/crowd", json!({"per_minute": wrong})).await.0, 422);
    }
    assert_eq!(send(&door, "/sandbox/crowd", json!({"per_minute": 6000})).await.1["per_minute"], 6000);
    for _ in 0..20 {
        heard.notified().await;
    }
    assert!(get(&door, "/sandbox/crowd").await.1["sent"].as_i64().unwrap() >= 20);
    let page = client().get(door.base_url()).header("accept-language", "en").send().await.unwrap();
    let page = page.text().await.unwrap();
    assert!(page.contains("id=\"crowd\"") && page.contains("6000") && page.contains("p99"), "{page}");
    send(&door, "/sandbox/crowd", json!({"per_minute": 0})).await;
    door.stop().await;
}

/// A ticket is taken and never used, and nobody answers the steps: the shape is what is looked at.
#[tokio::test]
async fn a_check_is_started_and_listed_in_the_shape_of_the_window() {
    let (door, _) = open(Arc::default()).await;
    assert_eq!(get(&door, "/sandbox/release-check").await, (200, json!([])));
    assert_eq!(send(&door, "/sandbox/release-check", json!({"set": 6})).await.0, 422);
    let (status, run) = send(&door, "/sandbox/release-check", json!({"set": 2, "kind": "mini_program"})).await;
    assert_eq!(status, 200, "{run}");
    assert_eq!(
        (&run["set"], &run["kind"], &run["appid"]),
        (&json!(2), &json!("mini_program"), &json!("wxc39235c15087f6f3"))
    );
    let names: Vec<&str> = run["rows"].as_array().unwrap().iter().map(|row| row["row"].as_str().unwrap()).collect();
    let order = ["ticket", "pre_auth_code", "auth_code", "authorize", "api_text", "text", "event", "cancel"];
    assert_eq!(names, order);
    let ticket = json!({"row": "ticket", "state": "running", "took_ms": null, "limit_ms": null, "text": null});
    assert_eq!(run["rows"][0], ticket);
    assert_eq!(run["ended_at"], Value::Null);
    assert_eq!(send(&door, "/sandbox/release-check", json!({})).await.0, 409);
    let (_, list) = get(&door, "/sandbox/release-check").await;
    assert_eq!(list[0]["id"], run["id"]);
    door.stop().await;
}

/// What goes out is readable with the keys of the platform, whoever sent it.
#[tokio::test]
async fn nested_fields_arrive_as_elements() {
    let (send_body, mut bodies) = tokio::sync::mpsc::unbounded_channel();
    let app = Router::new().fallback(
        |State(send): State<Arc<tokio::sync::mpsc::UnboundedSender<Bytes>>>, body: Bytes| async move {
            send.send(body).unwrap();
            "success"
        },
    );
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let push_base = Some(format!("http://{}", socket.local_addr().unwrap()));
    tokio::spawn(async move { axum::serve(socket, app.with_state(Arc::new(send_body))).await });
    let listen = "127.0.0.1:0".parse().unwrap();
    let door = door::serve(DoorOptions { listen, push_base, ..DoorOptions::default() }).await.unwrap();
    let now = door.now_ms();
    let appid = lock(&door.platform()).authorize_many(1, now).remove(0).0;
    bodies.recv().await.unwrap();
    let scan = json!({"MsgType": "event", "Event": "scancode_waitmsg", "EventKey": "6",
        "ScanCodeInfo": {"ScanType": "qrcode", "ScanResult": "2 ]]> <b>"}});
    send(&door, "/sandbox/message", json!({"appid": appid, "fields": scan})).await;
    let body = bodies.recv().await.unwrap();
    let c = door.platform_json();
    let text = |name: &str| c[name].as_str().unwrap().to_owned();
    let key = AesKey::parse(&text("encoding_aes_key")).unwrap();
    let token = SecretString::from(text("verify_token").as_str());
    let crypto = MessageCrypto::new(token, key, None, text("component_appid").as_str());
    let envelope = parse_envelope(&body).unwrap();
    let opened = crypto.decrypt(envelope.encrypt_bytes()).unwrap();
    let fields = XmlFields::parse(&opened.msg).unwrap();
    let info = fields.root().child("ScanCodeInfo").unwrap();
    assert_eq!((info.get("ScanType"), info.get("ScanResult")), (Some("qrcode"), Some("2 ]]> <b>")));
    door.stop().await;
}
