//! An engine on simulated time against the simulated platform, with accounts that authorized it.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wechat::secret::SecretString;
use wechat::{BoxFuture, Transport};
use wxdesk_core::clock::{Clock, MAX_SLEEP_MS, SimClock};
use wxdesk_core::dto::{
    AccountQuery, AccountState, ConditionalSet, Endpoints, MenuDraft, MenuSet, MenuVersion, TokenState,
};
use wxdesk_core::inbox::{self, Reply, Target};
use wxdesk_core::store::Durability;
use wxdesk_core::transport::TransportFactory;
use wxdesk_core::{AppError, Core, OpenOptions};
use wxdesk_sandbox::{
    AuthorizeQuery, Effect, Entry, InProcess, Platform, PumpHandle, Push, PushReply, PushSink, SandboxClock,
    SandboxConfig, SharedPlatform, When, lock,
};

pub const T0: i64 = 1_767_225_600_000;
pub const HOUR: i64 = 3_600_000;
const BASE: &str = "https://desk.example.com";
pub const CREATE: &str = "/cgi-bin/menu/create";
pub const GET: &str = "/cgi-bin/menu/get";
pub const ADD: &str = "/cgi-bin/menu/addconditional";
pub const REMOVE: &str = "/cgi-bin/menu/delconditional";

struct WeChatClock(Arc<SimClock>);

impl SandboxClock for WeChatClock {
    fn now_ms(&self) -> i64 {
        T0 + self.0.monotonic()
    }
    fn sleep_ms(&self, ms: u64) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let until = self.0.monotonic() + i64::try_from(ms).unwrap();
            while self.0.monotonic() < until {
                self.0.sleep((until - self.0.monotonic()).min(MAX_SLEEP_MS)).await;
            }
        })
    }
}

struct Factory(Arc<InProcess>);

impl TransportFactory for Factory {
    fn make(&self, _: &Endpoints, _: Option<&SecretString>) -> Result<Arc<dyn Transport>, AppError> {
        Ok(self.0.clone())
    }
}

#[derive(Default)]
struct Inbox(Mutex<Option<Core>>);

impl PushSink for Inbox {
    fn deliver<'a>(&'a self, push: &'a Push) -> BoxFuture<'a, Result<PushReply, String>> {
        let core = self.0.lock().unwrap().clone();
        Box::pin(async move {
            let core = core.ok_or("connection refused")?;
            let parts: Vec<&str> = push.path.trim_matches('/').split('/').collect();
            let target = Target { component_appid: parts[1], authorizer_appid: parts.get(3).copied(), own: false };
            Ok(match inbox::accept(&core, target, &push.query, &push.body).await {
                Ok(Reply::Success) => PushReply::success(),
                Ok(Reply::Empty) => PushReply { status: 200, body: Vec::new() },
                Ok(Reply::Document(reply)) => PushReply { status: 200, body: reply.into_bytes() },
                Err(refusal) => PushReply { status: refusal.status(), body: b"no".to_vec() },
            })
        })
    }
}

pub struct World {
    pub core: Core,
    pub platform: SharedPlatform,
    pub component: String,
    pub clock: Arc<SimClock>,
    transport: Arc<InProcess>,
    sink: Arc<Inbox>,
    dir: tempfile::TempDir,
    _pump: PumpHandle,
}

async fn open(dir: &tempfile::TempDir, clock: &Arc<SimClock>, transport: &Arc<InProcess>) -> Core {
    let mut options = OpenOptions::new(dir.path());
    options.clock = clock.clone();
    options.transports = Arc::new(Factory(transport.clone()));
    options.durability = Durability::Off;
    Core::open(options).await.unwrap()
}

impl World {
    pub async fn new() -> Self {
        let clock = Arc::new(SimClock::new(T0));
        let wechat_clock: Arc<dyn SandboxClock> = Arc::new(WeChatClock(clock.clone()));
        let config = SandboxConfig { push_base: Some(BASE.into()), ..SandboxConfig::default() };
        let platform: SharedPlatform = Arc::new(Mutex::new(Platform::new(7, config)));
        let transport = Arc::new(InProcess::new(platform.clone(), wechat_clock.clone()).with_latency(50));
        let sink = Arc::new(Inbox::default());
        let dir = tempfile::tempdir().unwrap();
        let core = open(&dir, &clock, &transport).await;
        let json = lock(&platform).platform_json();
        core.save_platform(serde_json::from_value(json).unwrap()).await.unwrap();
        core.start_engine();
        *sink.0.lock().unwrap() = Some(core.clone());
        let pump = PumpHandle::start(platform.clone(), wechat_clock, sink.clone());
        let component = lock(&platform).credentials().component_appid.clone();
        let world = Self { core, platform, component, clock, transport, sink, dir, _pump: pump };
        world.until(|w| w.core.list_platforms()[0].component_token.state == TokenState::Valid).await;
        world
    }

    /// A world whose first built-in account, a verified service account without a menu, authorized everything.
    pub async fn with_account() -> (Self, String) {
        let world = Self::new().await;
        let appid = world.authorize(0, &[]).await;
        (world, appid)
    }

    /// Lets simulated time pass until something is true; panics after an hour.
    pub async fn until(&self, mut what: impl FnMut(&Self) -> bool) {
        let end = self.clock.monotonic() + HOUR;
        while !what(self) {
            let page = self.core.list_accounts(&AccountQuery::default());
            assert!(self.clock.monotonic() < end, "an hour passed and it never came true: {page:#?}");
            self.clock.sleep(20).await;
        }
    }

    /// The owner of the `number`-th built-in account grants these sets (none: all), and its details are fetched.
    pub async fn authorize(&self, number: usize, sets: &[u32]) -> String {
        let appid = lock(&self.platform).accounts()[number].appid.clone();
        let request = json!({"component_appid": self.component, "kind": "pc", "auth_type": 3});
        let link = self.core.create_link(serde_json::from_value(request).unwrap()).await.unwrap();
        let (_, query) = link.url.split_once('?').unwrap();
        let decode = |text: &str| {
            let mut bytes = Vec::new();
            let mut rest = text.as_bytes();
            while let Some((first, tail)) = rest.split_first() {
                rest = tail;
                match (*first, tail) {
                    (b'%', [a, b, ..]) => {
                        let hex = std::str::from_utf8(&[*a, *b]).unwrap().to_owned();
                        bytes.push(u8::from_str_radix(&hex, 16).unwrap());
                        rest = &tail[2..];
                    }
                    (byte, _) => bytes.push(byte),
                }
            }
            String::from_utf8(bytes).unwrap()
        };
        let query = query.split('#').next().unwrap();
        let pairs: Vec<(String, String)> =
            query.split('&').filter_map(|pair| pair.split_once('=')).map(|(n, v)| (decode(n), decode(v))).collect();
        let query = AuthorizeQuery::from_pairs(Entry::Pc, &pairs, Some(format!("{BASE}/x")));
        let now = T0 + self.clock.monotonic();
        lock(&self.platform).authorize_page(now, &query).unwrap();
        lock(&self.platform).confirm(now, &query, &appid, sets).unwrap();
        self.until(|w| {
            let page = w.core.list_accounts(&AccountQuery::default()).unwrap();
            page.items.iter().any(|a| a.appid == appid && a.state == AccountState::Authorized)
        })
        .await;
        self.core.refresh_details(&self.component, &appid).await.unwrap();
        appid
    }

    /// The owner cancels the authorization, and the event arrives.
    pub async fn unauthorize(&self, appid: &str) {
        let now = T0 + self.clock.monotonic();
        assert!(lock(&self.platform).unauthorize(now, appid));
        self.until(|w| {
            let page = w.core.list_accounts(&AccountQuery::default()).unwrap();
            page.items.iter().any(|a| a.appid == appid && a.state == AccountState::Unauthorized)
        })
        .await;
        // Two authorizations within one second of WeChat's clock would be one push.
        self.clock.sleep(2_000).await;
    }

    /// The process is killed and starts again on the same folder.
    pub async fn kill(&mut self) {
        *self.sink.0.lock().unwrap() = None;
        self.core.abandon().await;
        lock(&self.platform).client_restarted();
        self.core = open(&self.dir, &self.clock, &self.transport).await;
        self.core.start_engine();
        *self.sink.0.lock().unwrap() = Some(self.core.clone());
    }

    /// Strikes the call of that path after `skip` untouched ones, so many times.
    pub fn fault(&self, path: &str, skip: u32, times: u32, effect: Effect) {
        let when = When { path: Some(path.into()), skip, times: Some(times), ..When::default() };
        lock(&self.platform).add_fault(when, effect);
    }

    pub fn errcode(&self, path: &str, skip: u32, code: i64) {
        self.fault(path, skip, 1, Effect::Errcode { code, message: None });
    }

    /// Calls of a path since the start, by the platform's books.
    pub fn calls(&self, path: &str) -> u64 {
        lock(&self.platform).calls_of(path)
    }

    pub async fn draft(&self, appid: &str, set: &MenuSet) -> MenuDraft {
        let base = self.core.menu_state(&self.component, appid).await.unwrap().draft.revision;
        self.core.save_menu_draft(&self.component, appid, set.clone(), base).await.unwrap()
    }

    /// Saves and publishes.
    pub async fn publish(&self, appid: &str, set: &MenuSet) -> MenuVersion {
        let revision = self.draft(appid, set).await.revision;
        self.core.publish_menu(&self.component, appid, revision, "window").await.unwrap()
    }

    /// Conditional menus that are live, oldest first, as (tag, first button's name).
    pub fn conditional(&self, appid: &str) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        lock(&self.platform)
            .conditional_menus_of(appid)
            .iter()
            .map(|(_, body)| (text(&body["matchrule"]["tag_id"]), text(&body["button"][0]["name"])))
            .collect()
    }
}

pub fn click(name: &str) -> Value {
    json!({"type": "click", "name": name, "key": format!("KEY_{name}")})
}

/// A default menu of one button, and conditional ones by (tag, button), newest first.
pub fn set(default: &str, conditional: &[(&str, &str)]) -> MenuSet {
    MenuSet {
        button: vec![click(default)],
        conditional: conditional
            .iter()
            .map(|(tag, name)| ConditionalSet {
                matchrule: json!({"tag_id": tag}),
                button: vec![click(name)],
                ..ConditionalSet::default()
            })
            .collect(),
        replies: Vec::new(),
    }
}

/// The acts of a version, `!` where reading showed that it had been done.
pub fn acts(version: &MenuVersion) -> Vec<String> {
    let mark = |found: bool| if found { "!" } else { "" };
    version.steps.iter().map(|step| format!("{}{}", step.act, mark(step.found_done))).collect()
}
