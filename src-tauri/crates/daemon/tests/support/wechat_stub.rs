//! A stand-in for WeChat's API: answers right, counts calls, and holds a call back until the test lets it go.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::{ACCOUNT, COMPONENT};

pub const AUTH_CODE: &str = "queryauthcode@@@AuthCodeOfTheTest";

/// See the module's header.
#[derive(Clone)]
pub struct WeChat {
    pub url: String,
    calls: Arc<watch::Sender<HashMap<String, u64>>>,
    held: Arc<watch::Sender<Option<&'static str>>>,
    seen: Arc<Mutex<Vec<String>>>,
}

impl WeChat {
    pub async fn start() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stub = Self {
            url: format!("http://{}", socket.local_addr().unwrap()),
            calls: Arc::new(watch::Sender::default()),
            held: Arc::new(watch::Sender::default()),
            seen: Arc::default(),
        };
        let served = stub.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = socket.accept().await {
                let stub = served.clone();
                tokio::spawn(async move { stub.connection(stream).await });
            }
        });
        stub
    }

    /// Holds back the answers of this endpoint (last part of its path); none lets all go.
    pub fn hold(&self, endpoint: Option<&'static str>) {
        self.held.send_replace(endpoint);
    }

    /// Waits until an endpoint has been called so often.
    pub async fn called(&self, endpoint: &str, times: u64) {
        let mut calls = self.calls.subscribe();
        let enough = calls.wait_for(|calls| calls.get(endpoint).copied().unwrap_or(0) >= times);
        tokio::time::timeout(super::DEADLINE, enough)
            .await
            .unwrap_or_else(|_| panic!("{endpoint} was not called"))
            .unwrap();
    }

    /// How often an endpoint was called.
    pub fn calls(&self, endpoint: &str) -> u64 {
        self.calls.borrow().get(endpoint).copied().unwrap_or(0)
    }

    /// Every secret that it handed out.
    pub fn secrets(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    fn secret(&self, prefix: &str, n: u64) -> String {
        let secret = format!("{prefix}{n:04}OfTheTest");
        self.seen.lock().unwrap().push(secret.clone());
        secret
    }

    async fn connection(&self, mut stream: TcpStream) -> Option<()> {
        let (head, body) = super::request(&mut stream, &mut Vec::new()).await?;
        let path = head.split(' ').nth(1)?.split('?').next()?.to_owned();
        let endpoint = path.rsplit('/').next()?.to_owned();
        let mut n = 0;
        self.calls.send_modify(|calls| {
            let count = calls.entry(endpoint.clone()).or_default();
            *count += 1;
            n = *count;
        });
        let mut held = self.held.subscribe();
        held.wait_for(|held| *held != Some(endpoint.as_str())).await.ok()?;
        let answer = self.answer(&endpoint, n, &body).to_string();
        let text = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{answer}",
            answer.len()
        );
        stream.write_all(text.as_bytes()).await.ok()
    }

    fn answer(&self, endpoint: &str, n: u64, body: &str) -> Value {
        match endpoint {
            "api_component_token" => {
                json!({ "component_access_token": self.secret("ComponentToken", n), "expires_in": 7200 })
            }
            "api_create_preauthcode" => {
                json!({ "pre_auth_code": self.secret("preauthcode@@@", n), "expires_in": 1800 })
            }
            "api_query_auth" if body.contains(AUTH_CODE) => json!({ "authorization_info": {
                "authorizer_appid": ACCOUNT, "authorizer_access_token": self.secret("FirstToken", n), "expires_in": 7200,
                "authorizer_refresh_token": self.secret("refreshtoken@@@First", n),
                "func_info": [{ "funcscope_category": { "id": 1 } }, { "funcscope_category": { "id": 15 } }],
            } }),
            "api_authorizer_token" => json!({
                "authorizer_access_token": self.secret("AccountToken", n), "expires_in": 7200,
                "authorizer_refresh_token": self.secret("refreshtoken@@@", n),
            }),
            "api_get_authorizer_info" => json!({
                "authorizer_info": { "nick_name": "测试公众号", "user_name": "gh_0123456789ab", "principal_name": "测试公司",
                    "service_type_info": { "id": 2 }, "verify_type_info": { "id": 0 }, "alias": "", "signature": "" },
                "authorization_info": { "authorizer_appid": ACCOUNT, "func_info": [{ "funcscope_category": { "id": 1 } }] },
            }),
            "api_start_push_ticket" | "create" => json!({ "errcode": 0, "errmsg": "ok" }),
            _ => {
                json!({ "errcode": 40013, "errmsg": format!("invalid appid, not {COMPONENT} rid: 5fa26c60-1a0ebdd5-32fd1cd0") })
            }
        }
    }
}
