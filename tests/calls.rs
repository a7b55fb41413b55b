//! What operators do with calls, through the simulated platform in this process: options, quotas, request ids, tokens,
//! details and jobs on many accounts, and a log of all of it that holds no secret.
//!
//! The engine, the store and the inbox are the real ones; time is tokio's paused clock.

#![expect(clippy::unwrap_used, reason = "a test: a failure should stop it where it stands")]

use std::sync::{Arc, Mutex};

use serde_json::json;
use wechat::secret::SecretString;
use wechat::{BoxFuture, Transport};
use wxdesk_core::clock::{Clock, MAX_SLEEP_MS, SimClock};
use wxdesk_core::dto::{
    ApiCallQuery, BulkKind, BulkRequest, BulkState, CallReason, ClearMethod, Endpoints, GenerationCause, OptionName,
    TokenState,
};
use wxdesk_core::inbox::{self, Reply, Target};
use wxdesk_core::store::Durability;
use wxdesk_core::transport::TransportFactory;
use wxdesk_core::{AppError, Core, OpenOptions};
use wxdesk_sandbox::{
    AuthorizeQuery, Effect, Entry, InProcess, Platform, PumpHandle, Push, PushReply, PushSink, SandboxClock,
    SandboxConfig, SharedPlatform, When, lock,
};

const T0: i64 = 1_767_225_600_000;
const BASE: &str = "https://desk.example.com";

struct WeChatClock(Arc<SimClock>);

impl SandboxClock for WeChatClock {
    fn now_ms(&self) -> i64 {
        self.0.now()
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

/// An engine beside a simulated platform, with every account that may authorize.
struct Desk {
    clock: Arc<SimClock>,
    platform: SharedPlatform,
    core: Core,
    component: String,
    accounts: Vec<String>,
    _dir: tempfile::TempDir,
    _pump: PumpHandle,
}

impl Desk {
    async fn open() -> Self {
        let clock = Arc::new(SimClock::new(T0));
        let wechat_clock: Arc<dyn SandboxClock> = Arc::new(WeChatClock(clock.clone()));
        let config = SandboxConfig { push_base: Some(BASE.into()), ..SandboxConfig::default() };
        let platform: SharedPlatform = Arc::new(Mutex::new(Platform::new(4, config)));
        let transport = Arc::new(InProcess::new(platform.clone(), wechat_clock.clone()).with_latency(50));
        let dir = tempfile::tempdir().unwrap();
        let mut options = OpenOptions::new(dir.path());
        options.clock = clock.clone();
        options.transports = Arc::new(Factory(transport));
        options.durability = Durability::Off;
        let core = Core::open(options).await.unwrap();
        let document = lock(&platform).platform_json();
        core.save_platform(serde_json::from_value(document).unwrap()).await.unwrap();
        core.start_engine();
        let sink = Arc::new(Inbox(Mutex::new(Some(core.clone()))));
        let pump = PumpHandle::start(platform.clone(), wechat_clock, sink);
        let component = lock(&platform).credentials().component_appid.clone();
        let accounts: Vec<String> =
            lock(&platform).accounts().iter().filter(|a| a.status == 1).map(|a| a.appid.clone()).take(4).collect();
        let desk = Self { clock, platform, core, component, accounts, _dir: dir, _pump: pump };
        desk.until(|d| d.core.list_platforms()[0].component_token.state == TokenState::Valid).await;
        for appid in &desk.accounts {
            desk.authorize(appid).await;
        }
        desk
    }

    async fn until(&self, mut what: impl FnMut(&Self) -> bool) {
        let end = self.clock.monotonic() + 4 * 3_600_000;
        while !what(self) {
            assert!(self.clock.monotonic() < end, "it never came true");
            self.clock.sleep(250).await;
        }
    }

    async fn authorize(&self, appid: &str) {
        let request = json!({"component_appid": self.component, "kind": "pc", "auth_type": 3});
        let link = self.core.create_link(serde_json::from_value(request).unwrap()).await.unwrap();
        let pairs: Vec<(String, String)> = reqwest::Url::parse(&link.url).unwrap().query_pairs().into_owned().collect();
        let query = AuthorizeQuery::from_pairs(Entry::Pc, &pairs, Some(format!("{BASE}/x")));
        let now = self.clock.now();
        lock(&self.platform).authorize_page(now, &query).unwrap();
        lock(&self.platform).confirm(now, &query, appid, &[]).unwrap();
        // The account, and its details, which the engine fetches of its own accord.
        self.until(|d| d.core.find_account(Some(&d.component), appid).is_ok_and(|(_, row)| row.details_at.is_some()))
            .await;
    }

    /// Every secret that either side holds now.
    fn secrets(&self) -> Vec<String> {
        let mirror = self.core.store().mirror();
        let mut all = Vec::new();
        for row in mirror.credentials() {
            all.extend([&row.token, &row.refresh_token].into_iter().flatten().map(|s| s.expose().clone()));
        }
        let platform = lock(&self.platform);
        let own = platform.credentials();
        all.extend([own.component_appsecret.clone(), own.verify_token.clone(), own.encoding_aes_key.clone()]);
        all.extend(platform.latest_ticket().map(str::to_owned));
        for appid in &self.accounts {
            all.extend(platform.current_refresh_token(appid).map(str::to_owned));
            all.extend(platform.app_secret(appid).map(str::to_owned));
        }
        all.retain(|secret| !secret.is_empty());
        all
    }
}

#[tokio::test(start_paused = true)]
async fn an_operators_day_through_the_simulated_platform() {
    let desk = Desk::open().await;
    let (core, component) = (&desk.core, desk.component.as_str());
    let mut secrets = desk.secrets();
    let official = desk
        .accounts
        .iter()
        .find(|appid| core.find_account(Some(component), appid).is_ok_and(|(_, row)| row.service_type.is_some()));
    let appid = official.unwrap().as_str();

    let detail = core.get_account(component, appid).await.unwrap();
    assert!(!detail.account.nick_name.is_empty() && detail.extra.qr && detail.extra.next_details_at.is_some());
    assert_eq!(detail.account_status_text.zh, "正常");

    let set = core.set_account_option(component, appid, OptionName::VoiceRecognize, "1").await.unwrap();
    assert_eq!((set.value.as_deref(), set.value_text.zh.as_str()), (Some("1"), "开启"));
    let options = core.get_account_options(component, appid).await.unwrap();
    assert!(options.items.iter().all(|o| o.error.is_none()));
    // A platform that does not know the current form.
    let only_old = When { path: Some("/cgi-bin/component/get_authorizer_option".into()), ..When::default() };
    let fault = lock(&desk.platform).add_fault(only_old, Effect::Errcode { code: 61014, message: None });
    let options = core.get_account_options(component, appid).await.unwrap();
    assert_eq!(options.items[1].value.as_deref(), Some("1"));
    lock(&desk.platform).clear_faults(Some(fault));

    let test = core.test_token(component, Some(appid)).await.unwrap();
    assert!(test.ok && core.test_token(component, None).await.unwrap().ok);
    let report = core.get_quota(component, None, None).await.unwrap();
    assert!(report.items.iter().all(|i| i.error.is_none()) && report.items.iter().any(|i| i.used > Some(0)));
    let left = core.clear_quota(component, None, ClearMethod::AppSecret).await.unwrap();
    assert_eq!((left.limit, left.used_at_least), (10, 1));

    // A refusal, found in the log, looked up at WeChat.
    let refused = core.clear_api_quota(component, None, "/cgi-bin/nothing/here").await.unwrap_err();
    let rid = refused.detail.unwrap().refusal.unwrap().rid.unwrap();
    let found = core.lookup_rid(&rid, None, None).await.unwrap();
    assert_eq!((found.errcode, found.component_appid.as_str()), (Some(76021), component));
    assert!(found.words.is_some());

    for kind in [BulkKind::Refresh, BulkKind::SyncDetails, BulkKind::Export] {
        let request = BulkRequest { kind, component_appid: Some(component.into()), accounts: None, query: None };
        let job = core.start_bulk(request).unwrap();
        desk.until(|d| d.core.bulk_job(&job.id, None).unwrap().state == BulkState::Done).await;
        let job = core.bulk_job(&job.id, None).unwrap();
        assert_eq!((job.done, job.failed), (4, 0), "{kind:?}: {:?}", job.lines);
    }
    let line = core.token_timeline(component, Some(appid)).await.unwrap();
    assert_eq!(line.generations[0].cause, GenerationCause::Operator);
    assert_eq!(line.generations.last().unwrap().cause, GenerationCause::Authorization);

    let query = ApiCallQuery { limit: Some(500), ..ApiCallQuery::default() };
    let calls = core.list_api_calls(&query).await.unwrap().items;
    for reason in [
        CallReason::Scheduled,
        CallReason::Operator,
        CallReason::Authorization,
        CallReason::Details,
        CallReason::Link,
        CallReason::Options,
        CallReason::Quota,
        CallReason::Test,
        CallReason::Diagnostics,
    ] {
        assert!(calls.iter().any(|c| c.reason == reason), "{reason:?} is not in the log");
    }
    assert!(
        calls.iter().all(|c| c.reason != CallReason::Other),
        "{:?}",
        calls.iter().find(|c| c.reason == CallReason::Other)
    );
    secrets.extend(desk.secrets());
    let table = serde_json::to_string(&calls).unwrap();
    for secret in &secrets {
        assert!(!table.contains(secret.as_str()), "a secret is in the log");
    }
    core.shutdown().await;
}
