use axum::http::Method;
use serde_json::{Value, json};
use wechat::secret::SecretString;

use super::openapi::in_path;
use super::routes::ROUTES;
use super::table::Answers;
use super::*;
use crate::OpenOptions;
use crate::dto::JsTicketKind;
use crate::store::tables::account::{self, AccountRow};
use crate::store::tables::api_key::Scope;
use crate::store::tables::credential::{self, CredentialKind};
use crate::store::tables::{oauth_ticket, oauth_user};

const PLATFORM: &str = "wx134c8103faa5a59e";
const ACCOUNT: &str = "wx0123456789abcdef";
const SECRET: &str = "0123456789abcdef0123456789abcdef";
const TOKEN: &str = "TOKEN-OF-THE-ACCOUNT";
const USER_TOKEN: &str = "TOKEN-OF-A-USER";
const USER_REFRESH_TOKEN: &str = "REFRESH-TOKEN-OF-A-USER";
const ONE_TIME: &str = "one-time-code-of-a-user";
/// Of the official example (protocol H.2).
const TICKET: &str = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg";

struct Desk {
    core: Core,
    _dir: tempfile::TempDir,
}

/// A core with one platform, one account with a live token, a draft and a key; its engine does not run.
async fn desk() -> Desk {
    let dir = tempfile::tempdir().unwrap();
    let core = Core::open(OpenOptions::new(dir.path())).await.unwrap();
    let (status, _) = ask_here(&core, Method::POST, "/v1/platforms", Some(&input())).await;
    assert_eq!(status, 200);
    let platform_id = core.store().mirror().platform_by_appid(PLATFORM).unwrap().id;
    let now = core.clock().now();
    core.store()
        .write(move |tx| {
            let row = AccountRow {
                platform_id,
                appid: ACCOUNT.into(),
                authorized: true,
                authorized_at: now,
                ..AccountRow::default()
            };
            let account = account::save(tx, &row)?;
            let mut live = credential::ensure(tx, platform_id, Some(account.id))?;
            live.token = Some(TOKEN.into());
            live.refresh_token = Some("refreshtoken@@@x".into());
            let mut component = credential::ensure(tx, platform_id, None)?;
            component.token = Some("TOKEN-OF-THE-COMPONENT".into());
            let kind = CredentialKind::JsTicket(JsTicketKind::Jsapi);
            let mut ticket = credential::ensure_kind(tx, platform_id, Some(account.id), kind)?;
            ticket.token = Some(TICKET.into());
            for mut row in [live, component, ticket] {
                row.obtained_at = Some(now);
                row.expires_at = Some(now + 7_200_000);
                row.generation = 1;
                credential::update(tx, &row)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let menu = json!({ "button": [{ "type": "click", "name": "今日歌曲", "key": "V1001" }] });
    core.save_default_menu_draft(PLATFORM, ACCOUNT, &menu).await.unwrap();
    core.create_key("first", Scope::Read).await.unwrap();
    core.store()
        .write(move |tx| {
            let state = "S".repeat(32);
            tx.execute(
                "INSERT INTO oauth_link (state, platform_id, appid, scope, created_at, expires_at) VALUES (?1, ?2, ?3, 'base', 0, 1)",
                rusqlite::params![state, platform_id, ACCOUNT],
            )?;
            let grant = wechat::api::oauth::OauthGrant {
                access_token: USER_TOKEN.into(),
                expires_in: 7200,
                refresh_token: Some(USER_REFRESH_TOKEN.into()),
                openid: "oUser".into(),
                scope: "snsapi_base".into(),
                is_snapshot_user: false,
                unionid: None,
            };
            let user = oauth_user::consented(tx, platform_id, ACCOUNT, &grant, now)?;
            oauth_ticket::insert(tx, &crate::oauth::hash(ONE_TIME), user, &state, now + 300_000)
        })
        .await
        .unwrap();
    Desk { core, _dir: dir }
}

fn input() -> Value {
    json!({ "component_appid": PLATFORM, "name": "门店通", "component_appsecret": SECRET, "verify_token": "VerifyToken",
        "encoding_aes_key": "A".repeat(43), "public_base_url": "https://abc.natapp.cc",
        "endpoints": { "api": "http://127.0.0.1:1", "mp": "http://127.0.0.1:1", "open": "http://127.0.0.1:1" } })
}

async fn over_http(gate: Arc<Gate>, request: Request<Body>) -> (u16, Value) {
    let response = table::router(gate).oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

fn get(target: &str, key: Option<&str>, host: &str) -> Request<Body> {
    let mut request = Request::builder().uri(target).header("host", host);
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    request.body(Body::empty()).unwrap()
}

/// Whether `value` is what `schema` says; every member that is there must be documented.
fn fits(value: &Value, schema: &Value, at: &str) {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        let target = document().pointer(&name[1..]).unwrap_or_else(|| panic!("{at}: no schema {name}"));
        return fits(value, target, at);
    }
    if let Some(any) = schema.get("anyOf").and_then(Value::as_array) {
        let schema = any.iter().find(|s| (s["type"] == "null") == value.is_null()).unwrap();
        return fits(value, schema, at);
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    match &schema["type"] {
        Value::String(only) => assert_eq!(kind, only, "{at}"),
        Value::Array(several) => assert!(several.iter().any(|t| t == kind), "{at}: {kind}"),
        _ => {}
    }
    if let Some(choices) = schema["enum"].as_array() {
        assert!(choices.contains(value), "{at}: {value}");
    }
    if let (Some(members), Some(known)) = (value.as_object(), schema["properties"].as_object()) {
        for name in schema["required"].as_array().into_iter().flatten() {
            assert!(members.contains_key(name.as_str().unwrap()), "{at}: {name} is missing");
        }
        for (name, member) in members {
            match known.get(name) {
                Some(schema) => fits(member, schema, &format!("{at}.{name}")),
                None => panic!("{at}: {name} is not documented"),
            }
        }
    }
    for (i, item) in value.as_array().into_iter().flatten().enumerate() {
        if !schema["items"].is_null() {
            fits(item, &schema["items"], &format!("{at}[{i}]"));
        }
    }
}

#[tokio::test]
async fn every_route_is_documented_and_answers_as_documented() {
    let desk = desk().await;
    let documented: usize =
        document()["paths"].as_object().unwrap().values().map(|p| p.as_object().unwrap().len()).sum();
    assert_eq!(documented, ROUTES.len());
    let (deletes, others): (Vec<_>, Vec<_>) = ROUTES.iter().partition(|r| r.verb == table::Verb::Delete);
    // Keys go before the platform, which takes its accounts along.
    for route in others.into_iter().chain(deletes.into_iter().rev()) {
        let operation = &document()["paths"][route.path][route.verb.text()];
        let mut target = route.path.to_owned();
        for name in in_path(route.path) {
            let value = match name {
                "component_appid" => PLATFORM,
                "appid" => ACCOUNT,
                "id" => "1",
                "command" => "permission_sets",
                other => panic!("{other}"),
            };
            target = target.replace(&format!("{{{name}}}"), value);
        }
        if route.name == "jsapi_signature" {
            target.push_str("?url=https%3A%2F%2Fshop.example.com%2F");
        }
        let body = match route.body {
            "" => None,
            "PlatformInput" => Some(input()),
            "Menu" => Some(json!({ "button": [{ "type": "view", "name": "首页", "url": "https://example.com/" }] })),
            "KeyRequest" => Some(json!({ "name": "shop", "scope": "read" })),
            "QrCodeRequest" => Some(json!({ "scene": "7" })),
            "AuthorizeLinkRequest" => Some(json!({ "kind": "pc" })),
            // Not the current token, so no engine is needed.
            "RefreshRequest" => Some(json!({ "rejected": "an older one" })),
            "OauthExchangeRequest" => Some(json!({ "code": ONE_TIME })),
            "OauthLinkRequest" => Some(json!({ "scope": "base" })),
            "SessionRequest" => Some(json!({ "js_code": "code-of-wx-login" })),
            _ => Some(json!({})),
        };
        let method = Method::from_bytes(route.verb.text().to_uppercase().as_bytes()).unwrap();
        if matches!(route.answers, Answers::Stream(_)) {
            let request = Request::builder()
                .uri(&target)
                .header("host", "localhost")
                .extension(Trusted)
                .body(Body::empty())
                .unwrap();
            let response = table::router(Arc::new(Gate::closed(desk.core.clone()))).oneshot(request).await.unwrap();
            assert_eq!(response.headers()["content-type"], "text/event-stream", "{target}");
            continue;
        }
        let (status, answer) = ask_here(&desk.core, method.clone(), &target, body.as_ref()).await;
        assert!(![404, 405, 401, 403, 422].contains(&status), "{method} {target}: {status} {answer}");
        let documented = if operation["responses"].get(status.to_string()).is_some() {
            status.to_string()
        } else {
            "default".to_owned()
        };
        let schema = &operation["responses"][&documented]["content"]["application/json"]["schema"];
        if !schema.is_null() {
            fits(&answer, schema, &target);
        }
        // These call WeChat, which is not there.
        let calls = ["create_authorize_link", "publish_menu", "jscode2session", "create_qrcode"].contains(&route.name);
        assert_eq!(documented == "default", calls, "{method} {target}: {status} {answer}");
    }
}

#[tokio::test]
async fn a_page_signature_has_the_four_members_of_wx_config() {
    let desk = desk().await;
    let ask = async |query: &str| {
        let target = format!("/v1/accounts/{ACCOUNT}/jsapi-signature{query}");
        ask_here(&desk.core, Method::GET, &target, None).await
    };
    let (status, page) = ask("?url=http%3A%2F%2Fmp.weixin.qq.com%3Fparams%3Dvalue%23part").await;
    assert_eq!(status, 200, "{page}");
    let names: Vec<&String> = page.as_object().unwrap().keys().collect();
    assert_eq!(names, ["appId", "nonceStr", "signature", "timestamp"]);
    let signed = wechat::api::js_sdk::signature(
        &TICKET.into(),
        page["nonceStr"].as_str().unwrap(),
        page["timestamp"].as_i64().unwrap(),
        "http://mp.weixin.qq.com?params=value",
    );
    assert_eq!((page["appId"].as_str(), page["signature"].as_str()), (Some(ACCOUNT), Some(signed.as_str())));
    for query in ["", "?url=", "?url=shop.example.com", "?url=ftp%3A%2F%2Fa%2F", "?url=%23x"] {
        let (status, refused) = ask(query).await;
        assert_eq!(status, 400, "{query}: {refused}");
        assert_eq!(refused["detail"]["fields"][0]["field"], "url", "{query}");
        assert!(refused["message"].as_str().unwrap().starts_with("url: "), "{refused}");
    }
    let (status, _) = ask("?url=https%3A%2F%2Fa.example&platform=wx0000000000000000").await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn a_key_opens_what_its_scope_allows() {
    let desk = desk().await;
    let core = &desk.core;
    let admin = new_admin_key().unwrap();
    let gate = Arc::new(Gate::new(core.clone(), &admin, true));
    let (_, read) = core.create_key("reader", Scope::Read).await.unwrap();
    let (id, refresh) = core.create_key("refresher", Scope::Refresh).await.unwrap();
    assert!(read.expose().starts_with("wk_") && read.len() == 46);
    let status = async |key: Option<&SecretString>, target: &str| {
        over_http(gate.clone(), get(target, key.map(|k| k.expose().as_str()), "127.0.0.1:8091")).await.0
    };
    assert_eq!(status(None, "/v1/openapi.json").await, 200);
    assert_eq!(status(None, "/v1/status").await, 401);
    assert_eq!(status(Some(&"wk_made_up".into()), "/v1/status").await, 401);
    assert_eq!(status(Some(&read), "/v1/status").await, 200);
    assert_eq!(status(Some(&refresh), "/v1/status").await, 200);
    assert_eq!(status(Some(&read), "/v1/platforms").await, 403);
    assert_eq!(status(Some(&refresh), "/v1/platforms").await, 403);
    assert_eq!(status(Some(&admin), "/v1/platforms").await, 200);
    core.revoke_key(id).await.unwrap();
    assert_eq!(status(Some(&refresh), "/v1/status").await, 401);
    assert_eq!(core.revoke_key(id).await.unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(status(None, "/v1/nothing").await, 404);
    assert_eq!(status(None, "/").await, 404);
}

#[tokio::test]
async fn another_sites_name_for_this_machine_is_refused() {
    let desk = desk().await;
    let admin = new_admin_key().unwrap();
    let gate = Arc::new(Gate::new(desk.core.clone(), &admin, true));
    let key = Some(admin.expose().as_str());
    for (host, expected) in
        [("127.0.0.1:8091", 200), ("localhost:8091", 200), ("[::1]:8091", 200), ("evil.example:8091", 403)]
    {
        assert_eq!(over_http(gate.clone(), get("/v1/status", key, host)).await.0, expected, "{host}");
    }
    let (status, body) = over_http(gate, get("/", None, "evil.example")).await;
    assert_eq!((status, &body["code"]), (403, &json!("forbidden")));
}

#[tokio::test]
async fn tokens_come_out_only_where_they_are_asked_for() {
    let desk = desk().await;
    let core = &desk.core;
    let (status, token) = ask_here(core, Method::GET, &format!("/v1/accounts/{ACCOUNT}/token"), None).await;
    assert_eq!((status, &token["access_token"], &token["generation"]), (200, &json!(TOKEN), &json!(1)));
    let users = format!("/v1/accounts/{ACCOUNT}/oauth-users");
    let (_, page) = ask_here(core, Method::GET, &users, None).await;
    assert_eq!(page["items"][0]["openid"], "oUser");
    for target in ["/v1/status", "/v1/accounts", "/v1/platforms", "/v1/keys", "/v1/events", &users] {
        let (status, document) = ask_here(core, Method::GET, target, None).await;
        let text = document.to_string();
        assert_eq!(status, 200, "{target}");
        for secret in
            [TOKEN, "TOKEN-OF-THE-COMPONENT", "refreshtoken@@@x", USER_TOKEN, SECRET, "VerifyToken", &"A".repeat(43)]
        {
            assert!(!text.contains(secret), "{target} holds a secret");
        }
    }
}

#[tokio::test]
async fn one_appid_under_two_platforms_must_be_named() {
    let desk = desk().await;
    let core = &desk.core;
    let mut other = input();
    other["component_appid"] = json!("wxfedcba9876543210");
    assert_eq!(ask_here(core, Method::POST, "/v1/platforms", Some(&other)).await.0, 200);
    let platform_id = core.store().mirror().platform_by_appid("wxfedcba9876543210").unwrap().id;
    core.store()
        .write(move |tx| {
            account::save(
                tx,
                &AccountRow { platform_id, appid: ACCOUNT.into(), authorized: true, ..AccountRow::default() },
            )?;
            Ok(())
        })
        .await
        .unwrap();
    let (status, body) = ask_here(core, Method::GET, &format!("/v1/accounts/{ACCOUNT}"), None).await;
    assert_eq!((status, &body["code"]), (409, &json!("ambiguous")));
    let (status, body) =
        ask_here(core, Method::GET, &format!("/v1/accounts/{ACCOUNT}?platform={PLATFORM}"), None).await;
    assert_eq!((status, &body["component_appid"]), (200, &json!(PLATFORM)));
}

#[tokio::test]
async fn bad_input_names_field_and_rule_and_repeats_no_value() {
    let desk = desk().await;
    let core = &desk.core;
    let mut bad = input();
    bad["verify_token"] = json!("a-b");
    let (status, body) = ask_here(core, Method::PUT, &format!("/v1/platforms/{PLATFORM}"), Some(&bad)).await;
    assert_eq!((status, &body["code"]), (422, &json!("invalid_input")));
    assert_eq!(
        (&body["detail"]["fields"][0]["field"], &body["detail"]["fields"][0]["rule"]),
        (&json!("verify_token"), &json!("format"))
    );
    let (status, body) =
        ask_here(core, Method::POST, "/v1/platforms", Some(&json!({ "component_appid": [SECRET] }))).await;
    assert_eq!(status, 422);
    assert!(!body.to_string().contains(SECRET), "{body}");
    let (_, body) =
        ask_here(core, Method::POST, "/v1/platforms", Some(&json!({ "component_appid": PLATFORM, "secret": 1 }))).await;
    assert!(body["message"].as_str().unwrap().contains("unknown field `secret`"), "{body}");
    let bad_menu = json!({ "button": [{ "type": "click", "name": "x" }, { "type": "view", "name": "y" }] });
    let (status, body) = ask_here(core, Method::PUT, &format!("/v1/accounts/{ACCOUNT}/menu"), Some(&bad_menu)).await;
    assert_eq!((status, body["detail"]["problems"].as_array().map(Vec::len)), (422, Some(2)), "{body}");
    assert_eq!(body["detail"]["problems"][0]["path"], "button[0].key");
    let (status, draft) = ask_here(core, Method::GET, &format!("/v1/accounts/{ACCOUNT}/menu"), None).await;
    assert_eq!((status, &draft["button"][0]["key"]), (200, &json!("V1001")), "the draft before stays");
    for target in ["/v1/accounts?state=happy", "/v1/accounts?limit=many", "/v1/events?after=x"] {
        assert_eq!(ask_here(core, Method::GET, target, None).await.0, 422, "{target}");
    }
}

#[tokio::test]
async fn wrong_methods_and_large_bodies_are_refused_in_words() {
    let desk = desk().await;
    let core = &desk.core;
    let (status, body) = ask_here(core, Method::PATCH, "/v1/status", None).await;
    assert_eq!((status, &body["code"]), (405, &json!("not_found")));
    let large = json!({ "name": "x".repeat(1 << 20) });
    let (status, body) = ask_here(core, Method::POST, "/v1/accounts/wx1/token/refresh", Some(&large)).await;
    assert_eq!((status, &body["code"]), (413, &json!("invalid_input")));
    let larger = json!({ "name": "x".repeat(16 << 20) });
    let (status, body) = ask_here(core, Method::POST, "/v1/keys", Some(&larger)).await;
    assert_eq!((status, &body["code"]), (413, &json!("invalid_input")));
    // A hundred thousand accounts chosen one by one, each with its platform.
    let chosen: Vec<Value> =
        (0..100_000).map(|n| json!({ "component_appid": PLATFORM, "appid": format!("wx{n:016x}") })).collect();
    let request = json!({ "request": { "kind": "export", "accounts": chosen } });
    let (status, job) = ask_here(core, Method::POST, "/v1/ui/start_bulk", Some(&request)).await;
    assert_eq!((status, &job["total"]), (200, &json!(100_000)));
    let (status, body) = ask_here(core, Method::POST, "/v1/ui/no_such_command", Some(&json!({}))).await;
    assert_eq!((status, &body["code"]), (404, &json!("not_found")));
}

#[tokio::test]
async fn a_one_time_code_is_taken_once_and_any_other_is_not_found() {
    let desk = desk().await;
    let ask = async |code: &str| {
        ask_here(&desk.core, Method::POST, "/v1/oauth/exchange", Some(&json!({ "code": code }))).await
    };
    let answers = futures_util::future::join_all((0..10).map(|_| ask(ONE_TIME))).await;
    assert_eq!(answers.iter().filter(|(status, _)| *status == 200).count(), 1, "{answers:?}");
    let (_, identity) = answers.iter().find(|(status, _)| *status == 200).unwrap();
    assert_eq!((&identity["openid"], &identity["appid"]), (&json!("oUser"), &json!(ACCOUNT)));
    for (status, body) in answers.iter().filter(|(status, _)| *status != 200) {
        assert_eq!((*status, &body["code"]), (404, &json!("not_found")));
        assert!(!body.to_string().contains(ONE_TIME));
    }
    let (status, body) = ask("made-up").await;
    assert_eq!((status, &body["code"]), (404, &json!("not_found")));
    assert!(!body.to_string().contains("made-up"));
}
