//! Killed in the middle of a burst, several times: nothing that was answered is lost, nothing is doubled, and business
//! servers hear of everything in order.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test: a failure should stop it where it stands")]

mod support;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use support::{Daemon, header};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use wechat::crypto::{AesKey, MessageCrypto, msg_signature, random_prefix};
use wechat::reply::Reply;
use wechat::xml::XmlFields;

const PUSHES: usize = 1_500;
const CONNECTIONS: usize = 12;
const SENDERS: usize = 40;
/// Nothing here takes longer, unless it is broken.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a push is to get.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// The text of a rule.
    Static,
    /// `success`: a rule only passes it on.
    Passed,
    /// What the business server answers, or `success` when the engine was killed since it was asked.
    Asked,
}

/// A push of the burst.
struct Push {
    kind: Kind,
    openid: String,
    /// What it says, as the inbox shows it in one line.
    says: String,
    xml: String,
}

impl Push {
    fn new(n: usize, began: i64) -> Self {
        let kind = [Kind::Static, Kind::Static, Kind::Passed, Kind::Asked][n % 4];
        // Which sender writes next has no pattern.
        let openid = format!("oBurst_{:02}", n * 7_919 % 1_009 % SENDERS);
        let says = match kind {
            Kind::Static => format!("你好 {n}"),
            Kind::Passed => format!("KEY_{n}"),
            Kind::Asked => format!("问 {n}"),
        };
        let number = i64::try_from(n).unwrap();
        // Events are told apart by their second.
        let rest = if kind == Kind::Passed {
            format!(
                "<CreateTime>{}</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[CLICK]]></Event>\
                 <EventKey><![CDATA[{says}]]></EventKey>",
                began + number
            )
        } else {
            format!(
                "<CreateTime>{began}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{says}]]></Content>\
                 <MsgId>{}</MsgId>",
                began * 100_000 + number
            )
        };
        let xml = format!(
            "<xml><ToUserName><![CDATA[gh_burst]]></ToUserName><FromUserName><![CDATA[{openid}]]></FromUserName>{rest}</xml>"
        );
        Self { kind, openid, says, xml }
    }
}

/// WeChat: what it encrypts with, where the engine is, and what it was answered.
struct WeChat {
    token: String,
    component: String,
    appid: String,
    crypto: MessageCrypto,
    client: reqwest::Client,
    /// Number of the start and address of the listener.
    engine: watch::Sender<(usize, String)>,
    answered: watch::Sender<usize>,
}

impl WeChat {
    /// One attempt. None: no answer.
    async fn attempt(&self, push: &Push, listener: &str) -> Option<String> {
        let (timestamp, nonce) = (support::now().to_string(), "1830276549");
        let encrypt = self.crypto.encrypt(push.xml.as_bytes(), random_prefix().unwrap());
        let signature = msg_signature(&self.token, &timestamp, nonce, &encrypt);
        let url = format!(
            "http://{listener}/wechat/{}/callback/{}?signature=x&timestamp={timestamp}&nonce={nonce}&openid={}\
             &encrypt_type=aes&msg_signature={signature}",
            self.component, self.appid, push.openid
        );
        let body = wechat::build_message_envelope("gh_burst", &encrypt);
        let response = self.client.post(url).body(body).send().await.ok()?;
        let status = response.status().as_u16();
        let answer = response.text().await.ok()?;
        assert_eq!(status, 200, "{}: {answer}", push.says);
        Some(answer)
    }

    /// The same push until it has an answer: none comes from a killed engine, and the next start has to be waited for.
    async fn deliver(&self, push: &Push) -> String {
        let mut engine = self.engine.subscribe();
        let mut dead = 0;
        loop {
            let (start, listener) = engine.wait_for(|(start, _)| *start > dead).await.unwrap().clone();
            match self.attempt(push, &listener).await {
                Some(answer) => return self.read(push, &answer),
                None => dead = start,
            }
        }
    }

    /// What the follower sees; everything around it is checked.
    fn read(&self, push: &Push, answer: &str) -> String {
        if answer == "success" {
            return answer.to_owned();
        }
        let outer = XmlFields::parse(answer.as_bytes()).unwrap_or_else(|e| panic!("{e}: {answer}"));
        let field = |name: &'static str| outer.root().require(name).unwrap().to_owned();
        let encrypt = field("Encrypt");
        self.crypto.verify(&field("MsgSignature"), &field("TimeStamp"), &field("Nonce"), encrypt.as_bytes()).unwrap();
        let (head, reply) = Reply::read(&self.crypto.decrypt(encrypt.as_bytes()).unwrap().msg).unwrap();
        assert_eq!((head.to_user_name, head.from_user_name.as_str()), (push.openid.clone(), "gh_burst"));
        let Reply::Text { content } = reply else { panic!("{reply:?}") };
        content
    }

    /// Whether an answer is one that the push may get.
    fn check(push: &Push, answer: &str) {
        match push.kind {
            Kind::Static => assert_eq!(answer, format!("收到：{}", push.says)),
            Kind::Passed => assert_eq!(answer, "success", "{}", push.says),
            Kind::Asked => {
                assert!(answer == "success" || answer == format!("答：{}", push.says), "{}: {answer}", push.says)
            }
        }
    }

    /// Takes pushes until none is left. Of some the answer gets lost on its way, and they are sent again at once.
    async fn burst(&self, waiting: &Mutex<VecDeque<Arc<Push>>>) {
        loop {
            let Some(push) = waiting.lock().unwrap().pop_front() else { return };
            Self::check(&push, &self.deliver(&push).await);
            self.answered.send_modify(|n| *n += 1);
            if push.xml.len().is_multiple_of(5) {
                Self::check(&push, &self.deliver(&push).await);
            }
        }
    }
}

/// What the business server heard, in order.
#[derive(Default)]
struct Heard {
    /// Inbox id, sender, what the push says, and whether it was answered well.
    told: Vec<(i64, String, String, bool)>,
    /// How often it was asked about each push.
    asked: HashMap<String, usize>,
    refused: HashSet<i64>,
}

impl Heard {
    /// What was told is what the inbox has, all of it, in order for each sender; nothing was asked twice.
    fn is_of(&self, rows: &[(i64, String, String)]) {
        let known: HashMap<i64, (&str, &str)> =
            rows.iter().map(|(id, sender, says)| (*id, (sender.as_str(), says.as_str()))).collect();
        for (id, sender, says, _) in &self.told {
            assert_eq!(known.get(id), Some(&(sender.as_str(), says.as_str())), "what was told of {id}");
        }
        let (mut first, mut taken) = (HashSet::new(), HashSet::new());
        in_order("first arrivals", self.told.iter().filter(|t| first.insert(t.0)).map(|t| (t.0, t.1.as_str())));
        in_order(
            "first good answers",
            self.told.iter().filter(|t| t.3 && taken.insert(t.0)).map(|t| (t.0, t.1.as_str())),
        );
        assert_eq!(taken.len(), rows.len(), "everything was taken, at least once");
        assert!(self.asked.values().all(|n| *n == 1), "nobody is asked twice: {:?}", self.asked);
    }
}

/// The business server: told of everything, asked about some.
#[derive(Clone)]
struct Business {
    url: String,
    heard: Arc<Mutex<Heard>>,
    /// Different pushes that it was told of and took.
    took: Arc<watch::Sender<HashSet<i64>>>,
}

impl Business {
    async fn start() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", socket.local_addr().unwrap());
        let business = Self { url, heard: Arc::default(), took: Arc::new(watch::Sender::default()) };
        let served = business.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = socket.accept().await {
                let business = served.clone();
                tokio::spawn(async move { business.connection(stream).await });
            }
        });
        business
    }

    async fn connection(&self, mut stream: TcpStream) -> Option<()> {
        let mut bytes = Vec::new();
        loop {
            let (head, body) = support::request(&mut stream, &mut bytes).await?;
            let id: i64 = header(&head, "x-wxdesk-id")?.parse().unwrap();
            let (status, answer) = if head.starts_with("POST /ask ") {
                (200, self.asked(&body))
            } else {
                (self.told(id, &body), String::new())
            };
            let text = format!("HTTP/1.1 {status} OK\r\ncontent-length: {}\r\n\r\n{answer}", answer.len());
            stream.write_all(text.as_bytes()).await.ok()?;
        }
    }

    fn asked(&self, body: &str) -> String {
        let fields = XmlFields::parse(body.as_bytes()).unwrap();
        let field = |name: &'static str| fields.root().require(name).unwrap().to_owned();
        let (to, from, content) = (field("FromUserName"), field("ToUserName"), field("Content"));
        *self.heard.lock().unwrap().asked.entry(content.clone()).or_default() += 1;
        Reply::Text { content: format!("答：{content}") }.write(&to, &from, support::now())
    }

    /// Some are refused the first time, so that queues have rows when the engine is killed.
    fn told(&self, id: i64, body: &str) -> u16 {
        let document: Value = serde_json::from_str(body).unwrap();
        assert_eq!(document["id"], id, "{body}");
        let message = &document["message"];
        let says = message["Content"].as_str().or(message["EventKey"].as_str()).unwrap().to_owned();
        let sender = document["sender"].as_str().unwrap().to_owned();
        let mut heard = self.heard.lock().unwrap();
        let refused = id % 61 == 0 && heard.refused.insert(id);
        heard.told.push((id, sender, says, !refused));
        drop(heard);
        if refused {
            return 503;
        }
        self.took.send_modify(|took| {
            took.insert(id);
        });
        200
    }
}

/// Business servers and rules of the test.
async fn set_up(engine: &Daemon, business: &Business) {
    let target = |name: &str, path: &str, mode: &str, format: &str| {
        json!({ "input": { "name": name, "mode": mode, "url": format!("{}{path}", business.url), "format": format,
            "private_ok": true, "enabled": true } })
    };
    let told = engine.command("save_target", target("told", "/tell", "notified", "json")).await["id"].clone();
    let asked = engine.command("save_target", target("asked", "/ask", "answering", "xml")).await["id"].clone();
    for (name, when, answer) in [
        (
            "questions",
            json!({ "text": { "how": "starts_with", "value": "问" } }),
            json!({ "kind": "target", "target_id": asked }),
        ),
        ("texts", json!({ "msg_types": ["text"] }), json!({ "kind": "text", "content": "收到：{{Content}}" })),
        ("taps", json!({ "events": ["CLICK"] }), json!({ "kind": "pass" })),
    ] {
        let rule = json!({ "name": name, "when": when, "answer": answer, "notify": [told] });
        engine.command("save_rule", json!({ "input": rule })).await;
    }
}

/// Waits until a watched value is so.
async fn until<T>(what: &str, watched: &watch::Sender<T>, is: impl FnMut(&T) -> bool) {
    let mut watched = watched.subscribe();
    let come = watched.wait_for(is);
    tokio::time::timeout(PATIENCE, come).await.unwrap_or_else(|_| panic!("{what} did not come")).unwrap();
}

/// Every push in the inbox that says one of the burst's words: id, sender, words.
async fn inbox(engine: &Daemon) -> Vec<(i64, String, String)> {
    let mut found = Vec::new();
    let mut before = Value::Null;
    loop {
        let query = json!({ "class": "message", "limit": 500, "before": before });
        let page = engine.command("list_pushes", json!({ "query": query })).await;
        found.extend(page["items"].as_array().unwrap().iter().map(|item| {
            let text = |name: &str| item[name].as_str().unwrap().to_owned();
            (item["id"].as_i64().unwrap(), text("sender"), text("text"))
        }));
        before = page["next_before"].clone();
        if before.is_null() {
            return found;
        }
    }
}

/// Ids of each sender ascend.
fn in_order<'a>(what: &str, arrivals: impl Iterator<Item = (i64, &'a str)>) {
    let mut last: HashMap<&str, i64> = HashMap::new();
    for (id, sender) in arrivals {
        let before = last.insert(sender, id).unwrap_or(0);
        assert!(before < id, "{what} of {sender}: {id} came after {before}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_that_is_killed_again_and_again_loses_and_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let business = Business::start().await;
    let mut engine = Daemon::serve(dir.path(), &["--sandbox"]);
    let (component, appid) = engine.authorize_in_sandbox().await;
    set_up(&engine, &business).await;
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().unwrap();
    let sandbox = engine.command("app_info", json!({})).await["sandbox_url"].as_str().unwrap().to_owned();
    let platform = client.get(format!("{sandbox}/sandbox/platform")).send().await.unwrap().text().await.unwrap();
    let platform: Value = serde_json::from_str(&platform).unwrap();
    let (token, key) = (platform["verify_token"].as_str().unwrap(), platform["encoding_aes_key"].as_str().unwrap());
    let wechat = Arc::new(WeChat {
        crypto: MessageCrypto::new(token.into(), AesKey::parse(key).unwrap(), None, component.as_str()),
        token: token.to_owned(),
        component,
        appid,
        client,
        engine: watch::Sender::new((1, engine.listener.clone())),
        answered: watch::Sender::new(0),
    });
    let began = support::now();
    let pushes: Vec<Arc<Push>> = (0..PUSHES).map(|n| Arc::new(Push::new(n, began))).collect();
    let waiting = Arc::new(Mutex::new(VecDeque::from(pushes.clone())));
    let connections: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (wechat, waiting) = (wechat.clone(), waiting.clone());
            tokio::spawn(async move { wechat.burst(&waiting).await })
        })
        .collect();

    // In the middle of answers, in the middle of deliveries, right after a start, and in the middle of both.
    let starts = AtomicUsize::new(1);
    let restart = |mut killed: Daemon| {
        killed.signal("KILL");
        assert_eq!(killed.ended().0, None);
        drop(killed);
        let engine = Daemon::serve(dir.path(), &["--sandbox"]);
        wechat.engine.send_replace((starts.fetch_add(1, Ordering::SeqCst) + 1, engine.listener.clone()));
        engine
    };
    until("a fifth of the answers", &wechat.answered, |n| *n >= PUSHES / 5).await;
    engine = restart(engine);
    let heard = business.took.borrow().len();
    until("a hundred deliveries more", &business.took, |took| took.len() >= heard + 100).await;
    engine = restart(engine);
    let answered = *wechat.answered.borrow();
    until("the first answer", &wechat.answered, |n| *n > answered).await;
    engine = restart(engine);
    until("three fifths of the answers", &wechat.answered, |n| *n >= PUSHES * 3 / 5).await;
    engine = restart(engine);
    until("four fifths of the answers", &wechat.answered, |n| *n >= PUSHES * 4 / 5).await;
    engine = restart(engine);
    until("every answer", &wechat.answered, |n| *n == PUSHES).await;
    for connection in connections {
        connection.await.unwrap();
    }
    engine = restart(engine);

    // WeChat may send again what it was answered: the same answer, and no work for it.
    let asked_before = business.heard.lock().unwrap().asked.clone();
    for push in &pushes {
        WeChat::check(push, &wechat.deliver(push).await);
    }
    let rows = inbox(&engine).await;
    let mut by_words: HashMap<&str, usize> = HashMap::new();
    for (_, _, says) in &rows {
        *by_words.entry(says).or_default() += 1;
    }
    for push in &pushes {
        assert_eq!(by_words.get(push.says.as_str()), Some(&1), "rows of {}", push.says);
    }
    assert_eq!(rows.len(), PUSHES);

    // Killed at last behind everything: what was heard stays heard, what was not is sent now.
    until("every delivery", &business.took, |took| took.len() >= PUSHES).await;
    queue_is_empty(&engine).await;
    let heard = business.heard.lock().unwrap();
    heard.is_of(&rows);
    assert_eq!(heard.asked, asked_before, "a repeat of a push before the last start asks nobody");
}

/// Looks again until nothing waits; nothing died.
async fn queue_is_empty(engine: &Daemon) {
    let look = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(50));
        loop {
            ticks.tick().await;
            let targets = engine.command("list_targets", json!({})).await;
            let told = targets.as_array().unwrap().iter().find(|t| t["name"] == "told").unwrap().clone();
            assert_eq!(told["health"]["dead"], 0, "{told}");
            if told["health"]["waiting"] == 0 {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, look).await.unwrap_or_else(|_| panic!("the queue did not become empty"));
}
