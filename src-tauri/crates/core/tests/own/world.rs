//! An engine on simulated time with one account that is connected with its own AppSecret.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wechat::secret::SecretString;
use wechat::{BoxFuture, Transport};
use wxdesk_core::clock::{Clock, MAX_SLEEP_MS, SimClock};
use wxdesk_core::dto::{Account, Endpoints, TokenState};
use wxdesk_core::store::Durability;
use wxdesk_core::transport::TransportFactory;
use wxdesk_core::{AppError, Core, OpenOptions};
use wxdesk_sandbox::{Effect, InProcess, Platform, SandboxClock, SandboxConfig, SharedPlatform, When, lock};

const T0: i64 = 1_767_225_600_000;
pub const MINUTE: i64 = 60_000;
pub const HOUR: i64 = 60 * MINUTE;
pub const STABLE: &str = "/cgi-bin/stable_token";
pub const CLASSIC: &str = "/cgi-bin/token";
pub const TOKEN: &str = "tokentokentoken";
pub const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

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

pub struct World {
    pub core: Core,
    pub platform: SharedPlatform,
    pub clock: Arc<SimClock>,
    pub appid: String,
    transport: Arc<InProcess>,
    dir: tempfile::TempDir,
}

async fn open(dir: &tempfile::TempDir, clock: &Arc<SimClock>, transport: &Arc<InProcess>) -> Core {
    let mut options = OpenOptions::new(dir.path());
    options.clock = clock.clone();
    options.transports = Arc::new(Factory(transport.clone()));
    options.durability = Durability::Off;
    Core::open(options).await.unwrap()
}

impl World {
    /// Nothing is connected yet.
    pub async fn empty() -> Self {
        let clock = Arc::new(SimClock::new(T0));
        let wechat_clock: Arc<dyn SandboxClock> = Arc::new(WeChatClock(clock.clone()));
        let platform: SharedPlatform = Arc::new(Mutex::new(Platform::new(7, SandboxConfig::default())));
        let transport = Arc::new(InProcess::new(platform.clone(), wechat_clock).with_latency(50));
        let dir = tempfile::tempdir().unwrap();
        let core = open(&dir, &clock, &transport).await;
        core.start_engine();
        let appid = lock(&platform).accounts()[0].appid.clone();
        Self { core, platform, clock, appid, transport, dir }
    }

    /// The first built-in account is connected, and has its token.
    pub async fn connected(token_mode: &str) -> Self {
        let world = Self::empty().await;
        world.save(json!({"token_mode": token_mode})).await.unwrap();
        world.until(|w| w.account().token.state == TokenState::Valid).await;
        world
    }

    /// The form with these changes.
    pub fn form(&self, change: &Value) -> Value {
        let mut form = json!({
            "appid": self.appid, "name": "城南门店通", "kind": "official_account",
            "appsecret": lock(&self.platform).app_secret(&self.appid).unwrap(),
            "verify_token": TOKEN, "encoding_aes_key": KEY, "message_mode": "secure",
            "public_base_url": "https://desk.example.com",
        });
        for (name, value) in change.as_object().unwrap() {
            form[name] = value.clone();
        }
        form
    }

    pub async fn save(&self, change: Value) -> Result<(), AppError> {
        let input = serde_json::from_value(self.form(&change)).unwrap();
        self.core.save_own_account(input).await.map(drop)
    }

    pub fn account(&self) -> Account {
        let page = self.core.list_accounts(&Default::default()).unwrap();
        page.items.into_iter().find(|a| a.appid == self.appid).unwrap()
    }

    pub fn token(&self) -> String {
        self.core.reveal_token(&self.appid, &self.appid).unwrap().value
    }

    pub async fn until(&self, mut what: impl FnMut(&Self) -> bool) {
        let end = self.clock.monotonic() + 24 * HOUR;
        while !what(self) {
            assert!(self.clock.monotonic() < end, "a day passed and it never came true: {:#?}", self.account());
            self.clock.sleep(100).await;
        }
    }

    pub async fn pass(&self, ms: i64) {
        let end = self.clock.monotonic() + ms;
        while self.clock.monotonic() < end {
            self.clock.sleep((end - self.clock.monotonic()).min(MAX_SLEEP_MS)).await;
        }
    }

    /// Every call of this path is refused from now on.
    pub fn errcode(&self, path: &str, code: i64) {
        let when = When { path: Some(path.into()), ..When::default() };
        lock(&self.platform).add_fault(when, Effect::Errcode { code, message: None });
    }

    /// WeChat does what the next call of this path asks, and its answer is lost.
    pub fn lose_reply(&self, path: &str) {
        let when = When { path: Some(path.into()), times: Some(1), ..When::default() };
        lock(&self.platform).add_fault(when, Effect::DropAfter);
    }

    pub fn no_faults(&self) {
        lock(&self.platform).clear_faults(None);
    }

    pub fn calls(&self, path: &str) -> u64 {
        lock(&self.platform).calls_of(path)
    }

    pub fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Another program fetches a classic token with the same AppSecret.
    pub async fn somebody_else_fetches(&self) {
        let secret: SecretString = lock(&self.platform).app_secret(&self.appid).unwrap().to_owned().into();
        wechat::api::account_token(self.transport.as_ref(), &self.appid, &secret).await.unwrap();
    }

    /// How others reach WeChat.
    pub fn transport(&self) -> &dyn Transport {
        self.transport.as_ref()
    }

    /// WeChat takes the token that we have.
    pub async fn works(&self) -> bool {
        let token = self.token().into();
        wechat::api::get_callback_ip(self.transport.as_ref(), &token).await.is_ok()
    }

    pub async fn restart(&mut self) {
        self.core.shutdown().await;
        self.core = open(&self.dir, &self.clock, &self.transport).await;
        self.core.start_engine();
    }
}
