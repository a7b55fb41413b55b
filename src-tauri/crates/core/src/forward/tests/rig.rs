//! A business server that does what the test says, and an engine to send to it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use tokio::sync::watch;
use wechat::crypto::{AesKey, MessageCrypto, msg_signature};

use crate::dto::{TargetFormat, TargetInput, TargetMode};
use crate::forward::Outgoing;
use crate::store::tables::inbox::{self, NewPush, PushRow, Seal, notify_of};
use crate::testing::{COMPONENT, KEY, TOKEN, World};

/// Nothing here takes longer, unless it is broken.
pub const DEADLINE: u64 = 30_000;
pub const ACCOUNT: &str = "wx0000000000000001";

#[derive(Clone)]
pub enum Reaction {
    Answer(u16, String),
    Hang,
    /// Answers when the gate opens.
    Gate(watch::Receiver<bool>),
}

#[derive(Debug, Clone)]
pub struct Seen {
    pub uri: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Seen {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
    pub fn push_id(&self) -> i64 {
        self.header("x-wxdesk-id").parse().unwrap()
    }
    pub fn sender(&self) -> String {
        let body: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        body["sender"].as_str().unwrap().to_owned()
    }
}

type React = dyn Fn(&Seen) -> Reaction + Send + Sync;

struct Inner {
    seen: watch::Sender<Vec<Seen>>,
    react: Mutex<Arc<React>>,
    under_way: Mutex<(usize, usize)>,
}

#[derive(Clone)]
pub struct Stub {
    pub address: SocketAddr,
    inner: Arc<Inner>,
}

struct UnderWay(Arc<Inner>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.lock().unwrap().0 -= 1;
    }
}

async fn serve(State(inner): State<Arc<Inner>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    {
        let mut count = inner.under_way.lock().unwrap();
        count.0 += 1;
        count.1 = count.1.max(count.0);
    }
    let _under_way = UnderWay(inner.clone());
    let seen = Seen { uri: uri.to_string(), headers, body: body.to_vec() };
    let reaction = inner.react.lock().unwrap().clone()(&seen);
    inner.seen.send_modify(|all| all.push(seen));
    let answer = |status: u16, body: String| {
        let mut response = Response::builder().status(status);
        if (300..400).contains(&status) {
            response = response.header("location", "http://127.0.0.1:1/elsewhere");
        }
        response.body(Body::from(body)).unwrap()
    };
    match reaction {
        Reaction::Answer(status, body) => answer(status, body),
        Reaction::Hang => std::future::pending().await,
        Reaction::Gate(mut gate) => {
            gate.wait_for(|open| *open).await.unwrap();
            answer(200, String::new())
        }
    }
}

impl Stub {
    pub async fn new(react: impl Fn(&Seen) -> Reaction + Send + Sync + 'static) -> Self {
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let inner = Arc::new(Inner {
            seen: watch::Sender::new(Vec::new()),
            react: Mutex::new(Arc::new(react)),
            under_way: Mutex::default(),
        });
        let app = axum::Router::new().fallback(serve).with_state(inner.clone());
        tokio::spawn(async move { axum::serve(socket, app).await.unwrap() });
        Self { address, inner }
    }
    pub async fn ok() -> Self {
        Self::new(|_| Reaction::Answer(200, String::new())).await
    }
    pub fn react(&self, react: impl Fn(&Seen) -> Reaction + Send + Sync + 'static) {
        *self.inner.react.lock().unwrap() = Arc::new(react);
    }
    pub fn seen(&self) -> Vec<Seen> {
        self.inner.seen.borrow().clone()
    }
    /// Most requests at once.
    pub fn peak(&self) -> usize {
        self.inner.under_way.lock().unwrap().1
    }
    pub async fn until(&self, what: impl Fn(&[Seen]) -> bool) -> Vec<Seen> {
        let mut seen = self.inner.seen.subscribe();
        let done = crate::clock::within(DEADLINE, seen.wait_for(|all| what(all))).await;
        match done {
            Some(all) => all.unwrap().clone(),
            None => panic!("it never came; seen: {:?}", self.seen().iter().map(Seen::push_id).collect::<Vec<_>>()),
        }
    }
    pub fn url(&self) -> String {
        format!("http://{}/wx/$APPID$?own=1", self.address)
    }
}

/// A server that takes connections and treats them badly.
pub async fn raw(takes: usize, answer: &'static [u8]) -> SocketAddr {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = socket.accept().await {
            // What stays unread makes the end of this connection a reset.
            let mut buffer = vec![0_u8; takes];
            let _ = stream.read(&mut buffer).await;
            let _ = stream.write_all(answer).await;
        }
    });
    address
}

pub fn input(url: &str, mode: TargetMode) -> TargetInput {
    TargetInput {
        id: None,
        name: "商城".into(),
        mode,
        url: url.into(),
        format: TargetFormat::Json,
        secret: Some("0123456789abcdefghijklmnopqrstuv".into()),
        timeout_ms: None,
        concurrency: None,
        private_ok: true,
        enabled: true,
        give_up_hours: None,
    }
}

pub fn text(sender: &str, content: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[{sender}]]></FromUserName><CreateTime>1767225600</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{content}]]></Content><MsgId>9007199254740993</MsgId></xml>"
    )
}

pub fn crypto() -> MessageCrypto {
    MessageCrypto::new(TOKEN.into(), AesKey::parse(KEY).unwrap(), None, COMPONENT)
}

fn seal_of(world: &World, body: &str) -> Seal {
    let encrypt = crypto().encrypt(body.as_bytes(), [9; 16]);
    Seal {
        timestamp: "1767225600".into(),
        nonce: "n 1".into(),
        signature: msg_signature(TOKEN, "1767225600", "n 1", &encrypt),
        key_print: world.core.runtime_by_appid(COMPONENT).unwrap().key_prints.0,
    }
}

/// A message that is not stored.
pub fn outgoing(world: &World, body: &str) -> Outgoing {
    let runtime = world.core.runtime_by_appid(COMPONENT).unwrap();
    let row = PushRow {
        id: 41,
        platform_id: runtime.row.id,
        authorizer: Some(ACCOUNT.into()),
        received_at: 1_767_225_600_123,
        dedupe: 1,
        kind: None,
        random: [9; 16],
        body: body.as_bytes().to_vec(),
        seal: seal_of(world, body),
        flags: 0,
        rule_id: None,
        notify: None,
    };
    Outgoing { runtime, row: Arc::new(row), test: false }
}

/// Puts messages into the inbox, as the public door does, and says so. Answers their ids.
pub async fn arrive(world: &World, targets: &[i64], messages: &[(&str, &str)]) -> Vec<i64> {
    let platform_id = world.core.runtime_by_appid(COMPONENT).unwrap().row.id;
    let now = crate::clock::Clock::now(world.clock.as_ref());
    let pushes: VecDeque<NewPush> = messages
        .iter()
        .map(|(sender, content)| {
            let body = text(sender, content);
            NewPush {
                platform_id,
                authorizer: Some(ACCOUNT.into()),
                received_at: now,
                dedupe: fastrand::i64(..),
                kind: None,
                random: [9; 16],
                seal: seal_of(world, &body),
                body: body.into_bytes(),
                flags: 0,
                rule_id: None,
                notify: notify_of(targets),
            }
        })
        .collect();
    let ids = world
        .core
        .store()
        .write(move |tx| pushes.iter().map(|push| inbox::insert_message(tx, push)).collect::<Result<Vec<_>, _>>())
        .await
        .unwrap();
    world.core.forward().queued(targets);
    ids.into_iter()
        .map(|stored| match stored {
            inbox::Stored::New(id) | inbox::Stored::Repeat(id) => id,
        })
        .collect()
}
