//! A browser at the public door, a follower at WeChat's page, and accounts of every kind.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};
use tower::ServiceExt;
use wxdesk_core::dto::{
    ErrorCode, MessageMode, OauthLink, OauthLinkRequest, OauthRoute, OauthRouteInput, OauthScopeName, OauthUserQuery,
    OwnKind, TokenMode,
};
use wxdesk_core::store::tables::account::{self, AccountRow};
use wxdesk_core::store::tables::oauth_user::{self, Find, OauthUserRow};
use wxdesk_core::store::tables::platform::{self, Own, PlatformRow};
use wxdesk_core::{AppError, Core, listener};
use wxdesk_sandbox::{Choice, lock};

use crate::world::World;

pub const BASE: &str = "https://desk.example.com";
pub const SHOP: &str = "https://shop.example.com/in?x=1#/app";
pub const COMPONENT_TOKEN: &str = "/sns/oauth2/component/access_token";
pub const OWN_TOKEN: &str = "/sns/oauth2/access_token";

/// What the browser got.
#[derive(Debug, Clone)]
pub struct Page {
    pub status: u16,
    pub body: String,
    pub headers: BTreeMap<String, String>,
}

impl Page {
    pub fn location(&self) -> &str {
        self.headers.get("location").map_or("", String::as_str)
    }
    /// The cookie as a browser sends it back.
    pub fn cookie(&self) -> &str {
        self.headers.get("set-cookie").map_or("", |c| c.split(';').next().unwrap())
    }
}

/// Opens an address of ours.
pub async fn open(core: &Core, url: &str, cookie: Option<&str>) -> Page {
    let path = url.strip_prefix(BASE).unwrap_or(url);
    let mut request = Request::builder().uri(path).header(header::ACCEPT_LANGUAGE, "zh-CN");
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, format!("a=b; {cookie}"));
    }
    let response = listener::routes_of(core.clone()).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let headers: BTreeMap<String, String> =
        response.headers().iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    assert_eq!(headers.get("cache-control").map(String::as_str), Some("no-store"), "{url}");
    assert_eq!(headers.get("referrer-policy").map(String::as_str), Some("no-referrer"), "{url}");
    Page { status, body: String::from_utf8(body.to_vec()).unwrap(), headers }
}

pub fn parameter(url: &str, name: &str) -> String {
    let query = url.split_once('?').map_or("", |(_, q)| q).split('#').next().unwrap();
    query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).unwrap_or_default().to_owned()
}

impl World {
    /// The visitor agrees on WeChat's page. Answers where the browser is led.
    pub fn agrees(&self, url: &str) -> String {
        self.decides(url, &Choice { openid: None, agree: true, snapshot: false })
    }

    pub fn refuses(&self, url: &str) -> String {
        self.decides(url, &Choice { openid: None, agree: false, snapshot: false })
    }

    pub fn decides(&self, url: &str, choice: &Choice) -> String {
        lock(&self.platform).consent(self.core.clock().now(), url, choice).unwrap()
    }

    /// Connects a built-in account with its own AppSecret. Answers its appid.
    pub async fn own(&self, number: usize, kind: OwnKind) -> String {
        let (appid, secret) = {
            let mut sandbox = lock(&self.platform);
            let appid = sandbox.accounts()[number].appid.clone();
            sandbox.configure(|c| {
                c.web_domains.insert(appid.clone(), "desk.example.com".into());
            });
            let secret = sandbox.app_secret(&appid).unwrap().to_owned();
            (appid, secret)
        };
        let now = self.core.clock().now();
        let row = PlatformRow {
            id: 0,
            component_appid: appid.clone(),
            name: "直连账号".into(),
            component_appsecret: secret.into(),
            verify_token: "".into(),
            encoding_aes_key: "".into(),
            previous_encoding_aes_key: None,
            previous_key_since: None,
            public_base_url: BASE.into(),
            endpoints: wxdesk_core::dto::Endpoints::default(),
            outbound_proxy: None,
            sandbox: false,
            own: Some(Own { kind, message_mode: MessageMode::Secure, token_mode: TokenMode::Stable }),
            ticket: None,
            ticket_recent: Vec::new(),
            created_at: now,
            updated_at: now,
        };
        let name = appid.clone();
        self.core
            .store()
            .write(move |tx| {
                let platform_id = platform::save(tx, &row)?;
                if kind != OwnKind::WebsiteApp {
                    let row = AccountRow {
                        platform_id,
                        appid: name,
                        authorized: true,
                        authorized_at: now,
                        own: true,
                        ..AccountRow::default()
                    };
                    account::save(tx, &row)?;
                }
                Ok(())
            })
            .await
            .unwrap();
        appid
    }

    pub async fn link(&self, appid: &str, scope: OauthScopeName, route: Option<&str>) -> OauthLink {
        self.try_link(json!({ "appid": appid, "scope": scope, "route": route })).await.unwrap()
    }

    pub async fn try_link(&self, mut request: Value) -> Result<OauthLink, AppError> {
        request["component_appid"] = "".into();
        let request: OauthLinkRequest = serde_json::from_value(request).unwrap();
        self.core.make_oauth_link(request).await
    }

    pub async fn route(&self, appid: &str, scope: OauthScopeName) -> OauthRoute {
        let input = OauthRouteInput {
            id: None,
            component_appid: String::new(),
            appid: appid.into(),
            name: "商城".into(),
            url: SHOP.into(),
            scope,
        };
        self.core.save_oauth_route(input).await.unwrap()
    }

    /// The users with their tokens.
    pub async fn rows(&self) -> Vec<OauthUserRow> {
        let find = Find { limit: 100, ..Find::default() };
        self.core.store().read(move |c| oauth_user::find(c, &find, 0)).await.unwrap().0
    }

    /// One user's row id, from the documents.
    pub async fn user(&self) -> i64 {
        self.core.list_oauth_users(&OauthUserQuery::default()).await.unwrap().items[0].id
    }
}

pub fn rule(refused: &AppError) -> (String, String) {
    assert_eq!(refused.code, ErrorCode::InvalidInput, "{refused:?}");
    let field = &refused.detail.as_ref().unwrap().fields[0];
    assert!(!field.message.is_empty() && !field.message_zh.is_empty());
    (field.field.clone(), field.rule.clone())
}
