//! A platform with a hand-set clock and short ways to call it.

use serde_json::{Value, json};
use wechat::{AesKey, MessageCrypto, Method, PushQuery, SecretString, parse_envelope};
use wxdesk_sandbox::{Answer, AuthorizeQuery, Confirmed, Entry, Platform, Push, PushOutcome, Request, SandboxConfig};

/// 2026-01-01 00:00 UTC.
pub const START: i64 = 1_767_225_600_000;
pub const COMPONENT: &str = "/cgi-bin/component/api_component_token";
pub const REFRESH: &str = "/cgi-bin/component/api_authorizer_token";
pub const QUERY_AUTH: &str = "/cgi-bin/component/api_query_auth";
pub const PRE_AUTH: &str = "/cgi-bin/component/api_create_preauthcode";

pub struct Rig {
    pub platform: Platform,
    pub now: i64,
}

/// An authorized account as its client knows it.
#[derive(Clone)]
pub struct Held {
    pub appid: String,
    pub token: String,
    pub refresh: String,
}

pub fn post(path: &str, token: Option<&str>, body: &Value) -> Request {
    Request {
        method: Method::Post,
        path: path.to_owned(),
        query: token.map(|t| ("component_access_token".to_owned(), t.to_owned())).into_iter().collect(),
        body: Some(body.to_string().into_bytes()),
        content_type: None,
        client_ip: "10.1.2.3".to_owned(),
    }
}

pub fn get(path: &str, token: &str) -> Request {
    Request {
        method: Method::Get,
        path: path.to_owned(),
        query: vec![("access_token".to_owned(), token.to_owned())],
        body: None,
        content_type: None,
        client_ip: "10.1.2.3".to_owned(),
    }
}

pub fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

impl Rig {
    pub fn new() -> Self {
        Self::with(SandboxConfig::default())
    }

    pub fn with(config: SandboxConfig) -> Self {
        Self { platform: Platform::new(1, config), now: START }
    }

    pub fn wait_s(&mut self, seconds: i64) {
        self.now += seconds * 1000;
    }

    pub fn call(&mut self, request: &Request) -> Value {
        match self.platform.handle(self.now, request).answer {
            Answer::Full { status: 200, body, .. } => serde_json::from_slice(&body).expect("JSON"),
            other => panic!("{request:?} gave {other:?}"),
        }
    }

    pub fn code(&mut self, request: &Request) -> i64 {
        self.call(request)["errcode"].as_i64().unwrap_or(0)
    }

    pub fn appid(&self) -> String {
        self.platform.credentials().component_appid.clone()
    }

    /// Takes what is due and answers `success`.
    pub fn take_pushes(&mut self) -> Vec<Push> {
        let due = self.platform.due_pushes(self.now);
        for push in &due {
            let taken = PushOutcome::Answered { status: 200, body: b"success".to_vec() };
            self.platform.push_result(push.id, self.now, &taken);
        }
        due
    }

    pub fn crypto(&self) -> MessageCrypto {
        let c = self.platform.credentials();
        let key = AesKey::parse(&c.encoding_aes_key).unwrap();
        MessageCrypto::new(SecretString::from(c.verify_token.as_str()), key, None, c.component_appid.as_str())
    }

    pub fn open(&self, push: &Push) -> Result<String, wechat::CryptoError> {
        let query = PushQuery::parse(&push.query).unwrap();
        let envelope = parse_envelope(&push.body).unwrap();
        self.crypto().open(&query, envelope.encrypt_bytes()).map(|d| String::from_utf8(d.msg.clone()).unwrap())
    }

    pub fn ticket(&mut self) -> String {
        self.take_pushes();
        self.platform.latest_ticket().unwrap().to_owned()
    }

    pub fn component_body(&self, ticket: &str) -> Value {
        let c = self.platform.credentials();
        json!({"component_appid": c.component_appid, "component_appsecret": c.component_appsecret,
               "component_verify_ticket": ticket})
    }

    pub fn component_token(&mut self) -> String {
        let ticket = self.ticket();
        let body = self.component_body(&ticket);
        text(&self.call(&post(COMPONENT, None, &body)), "component_access_token")
    }

    pub fn link(&mut self, token: &str) -> AuthorizeQuery {
        let appid = self.appid();
        let answer = self.call(&post(PRE_AUTH, Some(token), &json!({"component_appid": appid})));
        AuthorizeQuery {
            entry: Entry::H5,
            component_appid: appid,
            pre_auth_code: text(&answer, "pre_auth_code"),
            redirect_uri: "http://127.0.0.1:8090/done?x=1".to_owned(),
            auth_type: None,
            biz_appid: None,
            category_ids: Vec::new(),
            referer: None,
        }
    }

    pub fn confirm(&mut self, token: &str, appid: &str, sets: &[u32]) -> Confirmed {
        let link = self.link(token);
        self.platform.confirm(self.now, &link, appid, sets).unwrap()
    }

    pub fn redeem(&mut self, token: &str, code: &str) -> Value {
        let appid = self.appid();
        let body = json!({"component_appid": appid, "authorization_code": code});
        self.call(&post(QUERY_AUTH, Some(token), &body))
    }

    /// Authorizes the `number`-th built-in account with `sets` (none: all).
    pub fn authorize(&mut self, token: &str, number: usize, sets: &[u32]) -> Held {
        let appid = self.platform.accounts()[number].appid.clone();
        let confirmed = self.confirm(token, &appid, sets);
        let info = self.redeem(token, &confirmed.auth_code)["authorization_info"].clone();
        Held { appid, token: text(&info, "authorizer_access_token"), refresh: text(&info, "authorizer_refresh_token") }
    }

    pub fn refresh_request(&self, token: &str, appid: &str, refresh: &str) -> Request {
        let body = json!({"component_appid": self.appid(), "authorizer_appid": appid,
                          "authorizer_refresh_token": refresh});
        post(REFRESH, Some(token), &body)
    }

    pub fn refresh(&mut self, token: &str, held: &Held) -> Value {
        let request = self.refresh_request(token, &held.appid, &held.refresh);
        self.call(&request)
    }
}
