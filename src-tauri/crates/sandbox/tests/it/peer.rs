//! A platform that listens: opens what is pushed, answers by script, calls the API; on simulated time.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wechat::{AesKey, BoxFuture, KeyUsed, MessageCrypto, Method, SecretString, XmlFields, parse_envelope};
use wxdesk_sandbox::{
    Answer, Platform, PumpHandle, Push, PushKind, PushReply, PushSink, Request, SandboxClock, SandboxConfig,
    SharedPlatform, TokioClock, lock,
};

use crate::rig::{COMPONENT, START, post, text};

/// A message as it was opened.
#[derive(Debug, Clone)]
pub struct Opened {
    pub appid: String,
    pub attempt: u32,
    pub xml: String,
}

impl Opened {
    pub fn get(&self, name: &str) -> String {
        XmlFields::parse(self.xml.as_bytes()).unwrap().root().get(name).unwrap_or_default().to_owned()
    }
}

/// What is done with a message.
pub trait Answering: Send + Sync {
    fn answer<'a>(&'a self, peer: &'a Peer, message: &'a Opened) -> BoxFuture<'a, String>;
}

pub struct Peer {
    pub platform: SharedPlatform,
    pub clock: Arc<TokioClock>,
    pub seen: Mutex<Vec<Opened>>,
    pub events: Mutex<Vec<(String, String)>>,
    answering: Box<dyn Answering>,
}

impl Peer {
    pub fn crypto(&self) -> MessageCrypto {
        let platform = lock(&self.platform);
        let c = platform.credentials();
        let key = AesKey::parse(&c.encoding_aes_key).unwrap();
        MessageCrypto::new(SecretString::from(c.verify_token.as_str()), key, None, c.component_appid.as_str())
    }

    pub fn open(&self, push: &Push) -> String {
        let envelope = parse_envelope(&push.body).unwrap();
        let opened = self.crypto().decrypt(envelope.encrypt_bytes()).unwrap();
        String::from_utf8(opened.msg.clone()).unwrap()
    }

    pub fn seal(&self, xml: &str) -> String {
        self.crypto().seal_reply(KeyUsed::Current, xml.as_bytes(), 1, "n", [7; 16])
    }

    pub fn call(&self, path: &str, token: Option<&str>, body: &Value) -> Value {
        let mut request: Request = post(path, token, body);
        request.method = Method::Post;
        match lock(&self.platform).handle(self.clock.now_ms(), &request).answer {
            Answer::Full { body, .. } => serde_json::from_slice(&body).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    pub fn component_token(&self) -> String {
        let (appid, secret, ticket) = {
            let platform = lock(&self.platform);
            let c = platform.credentials();
            let ticket = platform.latest_ticket().unwrap().to_owned();
            (c.component_appid.clone(), c.component_appsecret.clone(), ticket)
        };
        let body = json!({"component_appid": appid, "component_appsecret": secret, "component_verify_ticket": ticket});
        text(&self.call(COMPONENT, None, &body), "component_access_token")
    }
}

/// A text reply, receiver and sender swapped.
pub fn reply_text(message: &Opened, content: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[{}]]></ToUserName><FromUserName><![CDATA[{}]]></FromUserName>\
         <CreateTime>1</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{content}]]></Content></xml>",
        message.get("FromUserName"),
        message.get("ToUserName"),
    )
}

struct Sink(Arc<Peer>);

impl PushSink for Sink {
    fn deliver<'a>(&'a self, push: &'a Push) -> BoxFuture<'a, Result<PushReply, String>> {
        Box::pin(async move {
            let xml = self.0.open(push);
            if push.kind == PushKind::Event {
                self.0.events.lock().unwrap().push((push.info_type.clone(), xml));
                if push.info_type == "component_verify_ticket" {
                    // Told only after the answer, as a client would.
                    let peer = Arc::clone(&self.0);
                    tokio::spawn(async move { peer.component_token() });
                }
                return Ok(PushReply::success());
            }
            let opened = Opened { appid: push.appid.clone().unwrap_or_default(), attempt: push.attempt, xml };
            self.0.seen.lock().unwrap().push(opened.clone());
            let body = self.0.answering.answer(&self.0, &opened).await;
            Ok(PushReply { status: 200, body: body.into_bytes() })
        })
    }
}

pub struct World {
    pub peer: Arc<Peer>,
    pub clock: Arc<TokioClock>,
    _pump: PumpHandle,
}

impl World {
    pub fn start(config: SandboxConfig, answering: impl Answering + 'static) -> Self {
        Self::of(Platform::new(1, config), answering)
    }

    pub fn of(platform: Platform, answering: impl Answering + 'static) -> Self {
        let platform: SharedPlatform = Arc::new(Mutex::new(platform));
        let clock = Arc::new(TokioClock::starting_at(START));
        let peer = Arc::new(Peer {
            platform: Arc::clone(&platform),
            clock: Arc::clone(&clock),
            seen: Mutex::default(),
            events: Mutex::default(),
            answering: Box::new(answering),
        });
        let sink = Arc::new(Sink(Arc::clone(&peer)));
        let pump = PumpHandle::start(platform, Arc::clone(&clock) as Arc<dyn SandboxClock>, sink);
        Self { peer, clock, _pump: pump }
    }

    pub async fn wait_s(&self, seconds: u64) {
        self.clock.sleep_ms(seconds * 1000).await;
    }

    pub fn platform(&self) -> std::sync::MutexGuard<'_, Platform> {
        lock(&self.peer.platform)
    }
}
