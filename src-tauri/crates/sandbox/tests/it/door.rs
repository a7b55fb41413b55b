//! The HTTP door on a bound port.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::Uri;
use axum::routing::post;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use wxdesk_sandbox::door::{self, Door, DoorError, DoorOptions};
use wxdesk_sandbox::lock;

fn client() -> reqwest::Client {
    // The door installs the provider that this client needs.
    reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

async fn open(push_base: Option<String>) -> Door {
    let listen = "127.0.0.1:0".parse().unwrap();
    door::serve(DoorOptions { listen, push_base, ..DoorOptions::default() }).await.unwrap()
}

/// Request target and body of a push.
type Sender = mpsc::UnboundedSender<(String, Vec<u8>)>;

/// A receiver of pushes that says `success` and passes them on.
async fn receiver() -> (String, mpsc::UnboundedReceiver<(String, Vec<u8>)>) {
    let (send, receive) = mpsc::unbounded_channel();
    let app = Router::new()
        .route(
            "/wechat/{component}/event",
            post(|State(send): State<Arc<Sender>>, uri: Uri, body: Bytes| async move {
                send.send((uri.to_string(), body.to_vec())).unwrap();
                "success"
            }),
        )
        .with_state(Arc::new(send));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (base, receive)
}

/// A website that notes what is requested of it.
async fn redirects() -> (String, mpsc::UnboundedReceiver<String>) {
    let (send, receive) = mpsc::unbounded_channel();
    let app = Router::new().fallback(|State(send): State<Arc<mpsc::UnboundedSender<String>>>, uri: Uri| async move {
        send.send(uri.to_string()).unwrap();
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app.with_state(Arc::new(send))).await });
    (base, receive)
}

async fn call(door: &Door, path: &str, query: &[(&str, &str)], body: &Value) -> Value {
    let url = format!("{}{path}?{}", door.base_url(), wxdesk_sandbox::codec::to_query(query));
    let answer = client().post(url).body(body.to_string()).send().await.unwrap();
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

async fn control(door: &Door, path: &str, body: Value) -> Value {
    let request = client().post(format!("{}{path}", door.base_url()));
    let request = request.header("content-type", "application/json").body(body.to_string());
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

async fn component_token(door: &Door) -> String {
    let platform = door.platform_json();
    let ticket = lock(&door.platform()).latest_ticket().unwrap().to_owned();
    let body = json!({"component_appid": platform["component_appid"],
        "component_appsecret": platform["component_appsecret"], "component_verify_ticket": ticket});
    let answer = call(door, "/cgi-bin/component/api_component_token", &[], &body).await;
    answer["component_access_token"].as_str().unwrap().to_owned()
}

async fn link(door: &Door, token: &str, base: &str) -> Vec<(String, String)> {
    let appid = door.platform_json()["component_appid"].as_str().unwrap().to_owned();
    let query = [("component_access_token", token)];
    let path = "/cgi-bin/component/api_create_preauthcode";
    let answer = call(door, path, &query, &json!({"component_appid": appid})).await;
    vec![
        ("component_appid".into(), appid),
        ("pre_auth_code".into(), answer["pre_auth_code"].as_str().unwrap().to_owned()),
        ("redirect_uri".into(), format!("{base}/done")),
        ("auth_type".into(), "3".into()),
    ]
}

#[tokio::test]
async fn the_first_ticket_arrives_and_leads_to_an_authorization() {
    let (base, mut pushes) = receiver().await;
    let door = open(Some(base.clone())).await;
    let (uri, body) = pushes.recv().await.unwrap();
    assert!(uri.contains("msg_signature=") && uri.contains("encrypt_type=aes"));
    assert!(body.starts_with(b"<xml>"));
    let token = component_token(&door).await;
    let fields = link(&door, &token, &base).await;
    let query = wxdesk_sandbox::codec::to_query(&fields);

    // Typed into the address bar: no Referer.
    let page = format!("{}/cgi-bin/componentloginpage?{query}", door.base_url());
    let text = client().get(&page).send().await.unwrap().text().await.unwrap();
    assert!(text.contains("请确认授权入口页所在域名") && text.contains("id=\"error\""));
    let text = client().get(&page).header("referer", "https://evil.cn/").send().await.unwrap().text().await.unwrap();
    assert!(text.contains("evil.cn") && text.contains("id=\"error\""));
    let english = client().get(&page).header("accept-language", "en-US,en;q=0.9").send().await.unwrap();
    assert!(english.text().await.unwrap().contains("registered authorize domain"));
    // From a page of the registered domain.
    let request = client().get(&page).header("referer", format!("{base}/wechat/x/authorize/y"));
    let text = request.send().await.unwrap().text().await.unwrap();
    let appid = lock(&door.platform()).accounts()[0].appid.clone();
    for id in [format!("account-{appid}"), format!("set-{appid}-15"), "confirm".into(), "cancel".into()] {
        assert!(text.contains(&format!("id=\"{id}\"")), "{id}");
    }
    let h5 = format!("{}/wxaopen/safe/bindcomponent?{query}", door.base_url());
    assert!(client().get(&h5).send().await.unwrap().text().await.unwrap().contains("id=\"confirm\""));

    let mut form = fields.clone();
    form.push(("appid".into(), appid.clone()));
    form.push((format!("set-{appid}"), "15".into()));
    let request = client().post(format!("{}/sandbox/authorize/confirm", door.base_url()));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = request.body(wxdesk_sandbox::codec::to_query(&form)).send().await.unwrap();
    assert_eq!(answer.status(), 303);
    let to = answer.headers()["location"].to_str().unwrap();
    assert!(to.starts_with(&format!("{base}/done?auth_code=queryauthcode%40%40%40")), "{to}");
    assert!(to.ends_with("&expires_in=600"));
    pushes.recv().await.unwrap();
    assert_eq!(lock(&door.platform()).accounts()[0].sets, [15]);

    let avatar = client().get(format!("{}/sandbox/avatar/{appid}.png", door.base_url())).send().await.unwrap();
    assert_eq!(avatar.headers()["content-type"], "image/png");
    assert!(avatar.bytes().await.unwrap().starts_with(b"\x89PNG"));

    // Another ticket when the clock is moved on, and when asked for.
    control(&door, "/sandbox/advance", json!({"ms": 600_000})).await;
    pushes.recv().await.unwrap();
    control(&door, "/sandbox/ticket", json!({})).await;
    pushes.recv().await.unwrap();
    control(&door, "/sandbox/revoke", json!({"appid": appid})).await;
    pushes.recv().await.unwrap();
    assert!(door.violations().is_empty());
    door.stop().await;
}

#[tokio::test]
async fn web_oauth_pages_ask_and_redirect() {
    let door = open(Some("http://127.0.0.1:8090".into())).await;
    let appid = lock(&door.platform()).accounts()[0].appid.clone();
    let (base, mut seen) = redirects().await;
    control(&door, "/sandbox/config", json!({"web_domains": {&appid: "127.0.0.1"}, "oauth_double_redirect": true}))
        .await;
    let uri = wxdesk_sandbox::codec::encode(&format!("{base}/in"));
    let link = |scope: &str| {
        format!("/connect/oauth2/authorize?appid={appid}&redirect_uri={uri}&response_type=code&scope={scope}&state=s1")
    };
    // Silent: at once, and once more six seconds later.
    let answer = client().get(format!("{}{}", door.base_url(), link("snsapi_base"))).send().await.unwrap();
    assert_eq!(answer.status(), 302);
    let to = answer.headers()["location"].to_str().unwrap().to_owned();
    assert!(to.starts_with(&format!("{base}/in?code=")) && to.ends_with("&state=s1"), "{to}");
    control(&door, "/sandbox/advance", json!({"ms": 6_000})).await;
    assert_eq!(format!("{base}{}", seen.recv().await.unwrap()), to);
    control(&door, "/sandbox/config", json!({"oauth_double_redirect": false})).await;
    // Asking: a form that works without script.
    let page = client().get(format!("{}{}", door.base_url(), link("snsapi_userinfo"))).send().await.unwrap();
    assert!(page.headers()["content-security-policy"].to_str().unwrap().contains("script-src 'self'"));
    let page = page.text().await.unwrap();
    for id in ["person-0", "person-5", "snapshot", "agree", "refuse", "hash"] {
        assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
    }
    let openid = wxdesk_sandbox::person_openid(&appid, 1);
    for (agree, has_code) in [("1", true), ("0", false)] {
        let link = link("snsapi_userinfo");
        let form = [("link", link.as_str()), ("openid", &openid), ("agree", agree)];
        let request = client().post(format!("{}/sandbox/oauth/confirm", door.base_url()));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(wxdesk_sandbox::codec::to_query(&form)).send().await.unwrap();
        assert_eq!(answer.status(), 303);
        assert_eq!(answer.headers()["location"].to_str().unwrap().contains("code="), has_code);
    }
    let machine = json!({"url": link("snsapi_userinfo"), "follower": 2, "agree": true, "snapshot": true});
    let answer = control(&door, "/sandbox/oauth", machine).await;
    assert!(answer["redirect"].as_str().unwrap().contains("code="));
    let wrong = link("snsapi_base").replace("&state=s1", "");
    let text = client().get(format!("{}{wrong}", door.base_url())).send().await.unwrap().text().await.unwrap();
    assert!(text.contains("state不能为空 (10013)") && text.contains("id=\"error\""), "{text}");
    let script =
        client().get(format!("{}/sandbox/oauth.js", door.base_url())).send().await.unwrap().text().await.unwrap();
    assert!(script.contains("location.hash!=='#wechat_redirect'"));
    door.stop().await;
}

#[tokio::test]
async fn an_accounts_own_server_is_verified_and_pushed_to() {
    let (send, mut seen) = mpsc::unbounded_channel::<String>();
    let app = Router::new()
        .route(
            "/wx",
            axum::routing::get(|uri: Uri| async move {
                let pairs = wxdesk_sandbox::codec::parse_query(uri.query().unwrap());
                pairs.into_iter().find(|(name, _)| name == "echostr").unwrap().1
            })
            .post(|State(send): State<Arc<mpsc::UnboundedSender<String>>>, body: String| async move {
                send.send(body).unwrap();
                "<xml><MsgType>text</MsgType><Content>pong</Content></xml>"
            }),
        )
        .with_state(Arc::new(send));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let door = open(None).await;
    let appid = lock(&door.platform()).accounts()[0].appid.clone();
    let key = "p0o9i8u7y6t5r4e3w2q1azsxdcfvgbhnjmkl0987654";
    let server = |path: &str| json!({"appid": appid, "url": format!("{base}{path}"), "token": "tok3n", "encoding_aes_key": key, "mode": "plain"});
    let failed = control(&door, "/sandbox/server", server("/nothing")).await;
    assert_eq!((&failed["saved"], &failed["steps"][2]["name"]), (&json!(false), &json!("answer")));
    let saved = control(&door, "/sandbox/server", server("/wx")).await;
    assert_eq!((&saved["saved"], saved["steps"].as_array().unwrap().len()), (&json!(true), 5));
    assert_eq!(control(&door, "/sandbox/server/verify", json!({"appid": appid})).await["saved"], true);
    control(&door, "/sandbox/message", json!({"appid": appid, "follower": 1, "text": "ping"})).await;
    assert!(seen.recv().await.unwrap().contains("<![CDATA[ping]]>"));
    control(&door, "/sandbox/tap", json!({"appid": appid, "follower": 1, "type": "scancode_push", "key": "k"})).await;
    assert!(seen.recv().await.unwrap().contains("<ScanCodeInfo><ScanType>"));

    let page = format!("{}/sandbox/account/{appid}", door.base_url());
    let text = client().get(&page).send().await.unwrap().text().await.unwrap();
    let secret = lock(&door.platform()).app_secret(&appid).unwrap().to_owned();
    for wanted in [secret.as_str(), "id=\"server\"", "id=\"take-token\"", "id=\"follow\"", "提交", "再次验证"] {
        assert!(text.contains(wanted), "{wanted}");
    }
    let act = |action: &str, pairs: &[(&str, &str)]| {
        let request = client().post(format!("{page}/{action}"));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.body(wxdesk_sandbox::codec::to_query(pairs)).send()
    };
    let openid = wxdesk_sandbox::person_openid(&appid, 5);
    let text = act("follow", &[("openid", &openid)]).await.unwrap().text().await.unwrap();
    assert!(text.contains("id=\"notice\">已关注"));
    assert!(seen.recv().await.unwrap().contains("subscribe"));
    let text = act("verify", &[]).await.unwrap().text().await.unwrap();
    assert!(text.contains("id=\"verification\"><b>提交成功"));
    assert_eq!(act("nothing", &[]).await.unwrap().status(), 404);
    let shown = client().get(format!("{}/sandbox/accounts/{appid}", door.base_url())).send().await.unwrap();
    let shown: Value = serde_json::from_slice(&shown.bytes().await.unwrap()).unwrap();
    assert_eq!((&shown["app_secret"], &shown["server"]["mode"]), (&json!(secret), &json!("plain")));
    assert!(
        shown["pushes"].as_array().unwrap().iter().any(|p| p["reply"].as_str().is_some_and(|r| r.contains("pong")))
    );
    door.stop().await;
}

#[tokio::test]
async fn pushes_wait_for_a_push_base() {
    let door = open(None).await;
    assert_eq!(door.platform_json()["public_base_url"], "http://127.0.0.1:8090");
    assert_eq!(door.platform_json()["endpoints"]["api"], door.base_url());
    assert!(lock(&door.platform()).latest_ticket().is_none());
    let (base, mut pushes) = receiver().await;
    door.set_push_base(Some(base.clone()));
    pushes.recv().await.unwrap();
    assert_eq!(door.platform_json()["public_base_url"], json!(base));
    door.stop().await;
}

#[tokio::test]
async fn faults_over_http() {
    let (base, mut pushes) = receiver().await;
    let door = open(Some(base)).await;
    pushes.recv().await.unwrap();
    let token = component_token(&door).await;
    let url = format!("{}/cgi-bin/getcallbackip?access_token={token}", door.base_url());
    let one = |effect: Value| {
        let mut fault = json!({"when": {"path": "/cgi-bin/getcallbackip", "times": 1}});
        fault.as_object_mut().unwrap().extend(effect.as_object().unwrap().clone());
        fault
    };
    for effect in ["drop_before", "drop_after"] {
        control(&door, "/sandbox/faults", one(json!({"effect": effect}))).await;
        let error = client().get(&url).send().await.unwrap_err();
        assert!(!error.is_timeout() && !error.is_connect(), "{error}");
    }
    control(&door, "/sandbox/faults", one(json!({"effect": "half_body"}))).await;
    let answer = client().get(&url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.bytes().await.is_err(), "the connection breaks within the body");
    control(&door, "/sandbox/faults", one(json!({"effect": "status", "status": 502}))).await;
    assert_eq!(client().get(&url).send().await.unwrap().status(), 502);
    control(&door, "/sandbox/faults", one(json!({"effect": "html"}))).await;
    assert!(client().get(&url).send().await.unwrap().text().await.unwrap().contains("<html>"));
    control(&door, "/sandbox/faults", one(json!({"effect": "slow", "ms": 30}))).await;
    assert_eq!(client().get(&url).send().await.unwrap().status(), 200);
    let answer = client().delete(format!("{}/sandbox/faults", door.base_url())).send().await.unwrap();
    assert!(answer.status().is_success());
    assert!(lock(&door.platform()).faults().is_empty());
    door.stop().await;
}

#[tokio::test]
async fn a_client_that_hangs_up_ends_its_call() {
    let (base, mut pushes) = receiver().await;
    let door = open(Some(base)).await;
    pushes.recv().await.unwrap();
    control(&door, "/sandbox/faults", json!({"effect": "slow", "ms": 3_600_000})).await;
    let url = format!("{}/cgi-bin/component/api_component_token", door.base_url());
    let sent = tokio::spawn(client().post(url).body("{}").send());
    while lock(&door.platform()).in_flight() == 0 {
        tokio::task::yield_now().await;
    }
    sent.abort();
    while lock(&door.platform()).in_flight() > 0 {
        tokio::task::yield_now().await;
    }
    door.stop().await;
}

#[tokio::test]
async fn the_platform_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("platform.json");
    let listen = "127.0.0.1:0".parse().unwrap();
    let options = || DoorOptions { listen, state_file: Some(file.clone()), ..DoorOptions::default() };
    let door = door::serve(options()).await.unwrap();
    control(&door, "/sandbox/accounts", json!({"count": 3})).await;
    control(&door, "/sandbox/rotation", json!({"on": false})).await;
    control(&door, "/sandbox/advance", json!({"ms": 86_400_000})).await;
    let saved = door.platform_json()["component_appsecret"].clone();
    door.stop().await;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let door = door::serve(options()).await.unwrap();
    assert_eq!(door.platform_json()["component_appsecret"], saved);
    let state = client().get(format!("{}/sandbox/state", door.base_url())).send().await.unwrap();
    let state: Value = serde_json::from_slice(&state.bytes().await.unwrap()).unwrap();
    assert_eq!(state["clock_offset_ms"], 86_400_000);
    assert_eq!(state["rotate_refresh_tokens"], false);
    let authorized = state["accounts"].as_array().unwrap().iter().filter(|a| a["authorized"] == true).count();
    assert_eq!(authorized, 3);
    assert!(!state.to_string().contains(saved.as_str().unwrap()));
    let page = client().get(format!("{}/sandbox", door.base_url())).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("模拟平台"));
    door.stop().await;
    let other = door::serve(DoorOptions { seed: 2, ..options() }).await;
    assert!(matches!(other, Err(DoorError::OtherSeed { found: 1, wanted: 2, .. })));
    std::fs::write(&file, "{").unwrap();
    assert!(matches!(door::serve(options()).await, Err(DoorError::State(..))));
}

#[tokio::test]
async fn only_loopback_unless_allowed() {
    let listen = "0.0.0.0:0".parse().unwrap();
    let refused = door::serve(DoorOptions { listen, ..DoorOptions::default() }).await;
    assert!(matches!(refused, Err(DoorError::NotLoopback(_))));
    let door = door::serve(DoorOptions { listen, allow_remote: true, ..DoorOptions::default() }).await.unwrap();
    assert!(door.base_url().starts_with("http://127.0.0.1:"));
    door.stop().await;
}

#[tokio::test]
async fn settings_are_changed_by_name() {
    let door = open(None).await;
    control(&door, "/sandbox/config", json!({"authorizer_token_life_s": 60})).await;
    assert_eq!(lock(&door.platform()).config().authorizer_token_life_s, 60);
    let request = client().post(format!("{}/sandbox/config", door.base_url()));
    let answer = request.header("content-type", "application/json").body("{\"nonsense\":1}").send().await.unwrap();
    assert_eq!(answer.status(), 422);
    door.stop().await;
}
