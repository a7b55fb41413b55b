//! Thirty simulated days against the simulated platform, with everything that goes wrong in a month, in seconds.
//!
//! The engine, the store and the inbox are the real ones; only the sockets are left out, and time is tokio's paused
//! clock. What must hold: whenever WeChat has been reachable for a while, every token that the engine holds works; the
//! platform never saw two refreshes of one account at once or a stale refresh token; nothing hammers.

#![expect(clippy::unwrap_used, reason = "a test: a failure should stop it where it stands")]

use std::sync::{Arc, Mutex};

use wechat::BoxFuture;
use wechat::Transport;
use wechat::secret::SecretString;
use wxdesk_core::clock::{Clock, MAX_SLEEP_MS, SimClock};
use wxdesk_core::dto::{AccountEventKind, AccountQuery, AccountState, EgressRoute, Endpoints, TokenState};
use wxdesk_core::inbox::{self, Reply, Target};
use wxdesk_core::store::Durability;
use wxdesk_core::transport::TransportFactory;
use wxdesk_core::{AppError, Core, OpenOptions};
use wxdesk_sandbox::{
    AuthorizeQuery, Effect, Entry, InProcess, Platform, PumpHandle, Push, PushReply, PushSink, SandboxClock,
    SandboxConfig, SharedPlatform, When, lock,
};

const T0: i64 = 1_767_225_600_000;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const BASE: &str = "https://desk.example.com";

/// The sandbox lives on real (simulated) time; the operator's wall clock may jump without WeChat noticing.
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

/// The public door without a socket: it goes away with the engine.
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

struct Month {
    clock: Arc<SimClock>,
    platform: SharedPlatform,
    transport: Arc<InProcess>,
    sink: Arc<Inbox>,
    dir: tempfile::TempDir,
    core: Core,
    _pump: PumpHandle,
}

impl Month {
    async fn begin(seed: u64) -> Self {
        let clock = Arc::new(SimClock::new(T0));
        let wechat_clock: Arc<dyn SandboxClock> = Arc::new(WeChatClock(clock.clone()));
        let config = SandboxConfig { push_base: Some(BASE.into()), ..SandboxConfig::default() };
        let platform: SharedPlatform = Arc::new(Mutex::new(Platform::new(seed, config)));
        let transport = Arc::new(InProcess::new(platform.clone(), wechat_clock.clone()).with_latency(50));
        let sink = Arc::new(Inbox::default());
        let dir = tempfile::tempdir().unwrap();
        let core = open(&dir, &clock, &transport).await;
        let json = lock(&platform).platform_json();
        core.save_platform(serde_json::from_value(json).unwrap()).await.unwrap();
        core.start_engine();
        *sink.0.lock().unwrap() = Some(core.clone());
        let pump = PumpHandle::start(platform.clone(), wechat_clock, sink.clone());
        Self { clock, platform, transport, sink, dir, core, _pump: pump }
    }

    fn wechat_now(&self) -> i64 {
        T0 + self.clock.monotonic()
    }

    fn component(&self) -> String {
        lock(&self.platform).credentials().component_appid.clone()
    }

    async fn pass(&self, ms: i64) {
        let until = self.clock.monotonic() + ms;
        while self.clock.monotonic() < until {
            self.clock.sleep((until - self.clock.monotonic()).min(MAX_SLEEP_MS)).await;
        }
    }

    async fn until(&self, limit: i64, mut what: impl FnMut(&Self) -> bool) -> bool {
        let end = self.clock.monotonic() + limit;
        while !what(self) {
            if self.clock.monotonic() > end {
                return false;
            }
            self.clock.sleep(250).await;
        }
        true
    }

    /// The owner of `appid` opens a fresh link and confirms; the event alone brings the account here.
    async fn authorize(&self, appid: &str) {
        let request = serde_json::json!({"component_appid": self.component(), "kind": "pc", "auth_type": 3});
        let link = self.core.create_link(serde_json::from_value(request).unwrap()).await.unwrap();
        let pairs: Vec<(String, String)> = reqwest::Url::parse(&link.url).unwrap().query_pairs().into_owned().collect();
        let query = AuthorizeQuery::from_pairs(Entry::Pc, &pairs, Some(format!("{BASE}/x")));
        lock(&self.platform).authorize_page(self.wechat_now(), &query).unwrap();
        lock(&self.platform).confirm(self.wechat_now(), &query, appid, &[]).unwrap();
        let known = self.until(HOUR, |m| m.state_of(appid) == Some(AccountState::Authorized)).await;
        assert!(known, "{appid} never arrived");
    }

    fn state_of(&self, appid: &str) -> Option<AccountState> {
        let page = self.core.list_accounts(&AccountQuery { limit: Some(1000), ..AccountQuery::default() }).unwrap();
        page.items.iter().find(|a| a.appid == appid).map(|a| a.state)
    }

    /// Accounts whose held token WeChat would refuse now.
    fn broken(&self) -> Vec<String> {
        let mirror = self.core.store().mirror();
        let platform = lock(&self.platform);
        mirror
            .accounts()
            .iter()
            .filter(|(a, _)| a.authorized)
            .filter(|(_, c)| {
                let token = c.as_ref().and_then(|c| c.token.as_ref());
                !token.is_some_and(|t| platform.accepts_token(self.wechat_now(), t.expose()))
            })
            .map(|(a, _)| a.appid.clone())
            .collect()
    }

    /// The process is killed (no shutdown) or stopped, and starts again on the same folder.
    async fn restart(&mut self, kill: bool) {
        *self.sink.0.lock().unwrap() = None;
        if !kill {
            self.core.shutdown().await;
        } else {
            // A kill leaves the folder's lock to the system and the flights to nobody.
            self.core.abandon().await;
            lock(&self.platform).client_restarted();
        }
        self.pass(5_000).await;
        self.core = open(&self.dir, &self.clock, &self.transport).await;
        self.core.start_engine();
        *self.sink.0.lock().unwrap() = Some(self.core.clone());
    }
}

async fn open(dir: &tempfile::TempDir, clock: &Arc<SimClock>, transport: &Arc<InProcess>) -> Core {
    let mut options = OpenOptions::new(dir.path());
    options.clock = clock.clone();
    options.transports = Arc::new(Factory(transport.clone()));
    options.durability = Durability::Off;
    Core::open(options).await.unwrap()
}

fn during(month: &Month, from: i64, length: i64, path: &str, probability: f64) -> When {
    When {
        path: Some(path.into()),
        probability: Some(probability),
        from_ms: Some(month.wechat_now() + from),
        until_ms: Some(month.wechat_now() + from + length),
        ..When::default()
    }
}

/// What goes wrong on a day. Each trouble ends by itself within four hours.
fn trouble(month: &Month, day: i64) {
    let all = "/cgi-bin/component/*";
    let refresh = "/cgi-bin/component/api_authorizer_token";
    let faults: Vec<(When, Effect)> = match day % 15 {
        1 => vec![(during(month, 0, DAY, refresh, 0.5), Effect::DropAfter)],
        2 => vec![(during(month, HOUR, 3 * HOUR, all, 1.0), Effect::DropBefore)],
        3 => vec![
            (during(month, 0, DAY, refresh, 0.3), Effect::HalfBody),
            (during(month, 0, DAY, all, 0.2), Effect::Html),
        ],
        4 => vec![(during(month, 0, DAY, all, 0.3), Effect::Status { status: 502, processed: true })],
        5 => vec![(during(month, 2 * HOUR, 2 * HOUR, all, 1.0), Effect::Errcode { code: 61004, message: None })],
        6 => vec![(during(month, 0, 4 * HOUR, "component_verify_ticket", 1.0), Effect::PushSkip)],
        7 => vec![(during(month, 0, DAY, "component_verify_ticket", 0.5), Effect::PushBadSignature)],
        8 => vec![
            (during(month, 0, DAY, "component_verify_ticket", 0.4), Effect::PushDuplicate),
            (during(month, 0, DAY, "component_verify_ticket", 0.3), Effect::PushReorder),
        ],
        9 => vec![(during(month, 0, DAY, all, 0.5), Effect::Slow { ms: 12_000 })],
        10 => vec![(during(month, 0, DAY, all, 0.4), Effect::Errcode { code: -1, message: None })],
        11 => vec![(during(month, HOUR, HOUR, refresh, 1.0), Effect::Errcode { code: 45011, message: None })],
        12 => vec![(during(month, 0, DAY, "component_verify_ticket", 0.5), Effect::PushBadPadding)],
        _ => Vec::new(),
    };
    let mut platform = lock(&month.platform);
    platform.clear_faults(None);
    for (when, effect) in faults {
        platform.add_fault(when, effect);
    }
}

async fn thirty_days(seed: u64) {
    let mut month = Month::begin(seed).await;
    assert!(
        month.until(HOUR, |m| m.core.list_platforms()[0].component_token.state == TokenState::Valid).await,
        "no component token"
    );
    let accounts: Vec<String> =
        lock(&month.platform).accounts().iter().filter(|a| a.status == 1).map(|a| a.appid.clone()).take(3).collect();
    for appid in &accounts {
        month.authorize(appid).await;
    }
    for day in 0..30 {
        trouble(&month, day);
        for hour in 0..24 {
            month.pass(HOUR).await;
            match (day, hour) {
                (13, 5) => month.restart(false).await,
                (14, 7) | (16, 3) | (1, 12) | (9, 6) => month.restart(true).await,
                (20, 4) => month.clock.jump(HOUR),
                (22, 4) => month.clock.jump(-HOUR),
                (28, 2) => {
                    lock(&month.platform).unauthorize(month.wechat_now(), &accounts[0]);
                    let gone =
                        month.until(HOUR, |m| m.state_of(&accounts[0]) == Some(AccountState::Unauthorized)).await;
                    assert!(gone, "the cancellation never arrived");
                    month.authorize(&accounts[0]).await;
                }
                _ => {}
            }
            // Troubles of whole hours can outlast a token; on the calm days and parts nothing may be broken.
            let calm = matches!(day % 15, 0 | 6 | 7 | 8 | 12 | 13 | 14) || hour > 8 && matches!(day % 15, 2 | 5 | 11);
            if calm {
                assert_eq!(month.broken(), Vec::<String>::new(), "seed {seed}, day {day}, hour {hour}");
            }
        }
        lock(&month.platform).clear_faults(None);
        month.pass(HOUR).await;
        assert_eq!(month.broken(), Vec::<String>::new(), "seed {seed}: an hour after the troubles of day {day}");
    }
    for appid in &accounts {
        assert_eq!(month.state_of(appid), Some(AccountState::Authorized));
    }
    let refreshes = lock(&month.platform).calls_of("/cgi-bin/component/api_authorizer_token");
    // Three accounts, 31 days, one renewal in 1 h 40 to 1 h 45: about 1,300; the troubles may double it.
    assert!((1_200..=2_600).contains(&refreshes), "{refreshes} refreshes");
    assert_eq!(lock(&month.platform).violations(), Vec::<String>::new(), "seed {seed}");
    month.core.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn thirty_days_with_faults() {
    thirty_days(1).await;
}

#[tokio::test(start_paused = true)]
async fn thirty_other_days_with_faults() {
    thirty_days(20_261_121).await;
}

/// The operator's address is not on WeChat's list, then it is: the test button names it both times, and what waited
/// resumes by itself.
#[tokio::test(start_paused = true)]
async fn the_address_that_wechat_sees_is_named() {
    let month = Month::begin(11).await;
    let component = month.component();
    let live = |m: &Month| {
        let mirror = m.core.store().mirror();
        mirror.component_credential(mirror.platforms()[0].id).is_some_and(|c| c.token.is_some())
    };
    assert!(month.until(HOUR, live).await);
    let test = month.core.test_egress(&component, None, None).await.unwrap();
    assert_eq!((test.ip.as_deref(), test.listed, test.route), (Some("127.0.0.1"), Some(true), EgressRoute::Forward));
    lock(&month.platform).refuse_ip(Some("203.0.113.9".into()));
    let test = month.core.test_egress(&component, None, None).await.unwrap();
    assert_eq!((test.ip.as_deref(), test.listed), (Some("203.0.113.9"), Some(false)));
    assert!(test.fix.zh.contains("白名单") && test.error.unwrap().code == 61004);
    // Two hours later the component token is over, and every try is refused.
    month.pass(3 * HOUR).await;
    let status = month.core.status();
    let error = status.platforms[0].component_token.last_error.clone().unwrap();
    assert_eq!((error.code, error.ip.as_deref()), (61004, Some("203.0.113.9")));
    lock(&month.platform).refuse_ip(None);
    assert!(
        month.until(11 * 60_000, |m| m.core.status().platforms[0].component_token.state == TokenState::Valid).await,
        "nobody has to click"
    );
    month.core.shutdown().await;
}

/// WeChat's own list of push addresses: read by any live token, kept over restarts.
#[tokio::test(start_paused = true)]
async fn the_addresses_that_pushes_come_from_are_read_and_kept() {
    let mut month = Month::begin(12).await;
    assert_eq!(month.core.refresh_callback_ips().await.unwrap_err().code, wxdesk_core::dto::ErrorCode::NoToken);
    assert!(month.until(HOUR, |m| m.core.status().platforms[0].component_token.state == TokenState::Valid).await);
    // Nobody asks for it: within the hour, and again a day later.
    assert!(month.until(HOUR, |m| m.core.callback_ips().fetched_at.is_some()).await);
    let first = month.core.callback_ips();
    assert_eq!(first.ips, ["127.0.0.1", "203.0.113.0/24"]);
    assert!(month.until(26 * HOUR, |m| m.core.callback_ips().fetched_at > first.fetched_at).await);
    let ips = month.core.refresh_callback_ips().await.unwrap();
    month.core.set_callback_allow_only(true).await.unwrap();
    month.restart(false).await;
    let kept = month.core.callback_ips();
    assert_eq!((kept.ips, kept.allow_only), (ips.ips, true));
    assert!(!month.core.sources().allows("198.51.100.7".parse().unwrap()));
    month.core.shutdown().await;
}

/// An account's life through the simulated platform: changed sets, cancelled, authorized again; then the store is lost
/// and one click brings every account back.
#[tokio::test(start_paused = true)]
async fn a_life_of_an_account_and_a_lost_store() {
    let mut month = Month::begin(7).await;
    assert!(month.until(HOUR, |m| m.core.list_platforms()[0].component_token.state == TokenState::Valid).await);
    let appid = lock(&month.platform).accounts().iter().find(|a| a.status == 1).map(|a| a.appid.clone()).unwrap();
    let component = month.component();
    month.authorize(&appid).await;
    month.pass(60_000).await;
    let granted = month.core.get_account(&component, &appid).await.unwrap().account.scopes;
    let fewer: Vec<u32> = granted.iter().skip(1).map(|id| u32::try_from(*id).unwrap()).collect();
    assert!(lock(&month.platform).change_sets(month.wechat_now(), &appid, &fewer));
    month.pass(60_000).await;
    assert!(lock(&month.platform).unauthorize(month.wechat_now(), &appid));
    assert!(month.until(HOUR, |m| m.state_of(&appid) == Some(AccountState::Unauthorized)).await);
    month.authorize(&appid).await;
    month.pass(60_000).await;
    let lines = month.core.list_account_history(&component, &appid, None).await.unwrap();
    let kinds: Vec<AccountEventKind> = lines.iter().rev().map(|e| e.kind).collect();
    use AccountEventKind::{Authorized, Reauthorized, Unauthorized, Updated};
    assert_eq!(kinds, [Authorized, Updated, Unauthorized, Reauthorized]);
    let taken: Vec<i64> = lines[2].removed.iter().map(|s| s.id).collect();
    assert_eq!(taken, granted[..1]);

    lock(&month.platform).authorize_many(600, month.wechat_now());
    *month.sink.0.lock().unwrap() = None;
    month.core.shutdown().await;
    lock(&month.platform).client_restarted();
    // Another folder: nothing is left but the platform's own credentials.
    month.dir = tempfile::tempdir().unwrap();
    month.core = open(&month.dir, &month.clock, &month.transport).await;
    let json = lock(&month.platform).platform_json();
    month.core.save_platform(serde_json::from_value(json).unwrap()).await.unwrap();
    month.core.start_engine();
    *month.sink.0.lock().unwrap() = Some(month.core.clone());
    assert!(month.until(HOUR, |m| m.core.list_platforms()[0].component_token.state == TokenState::Valid).await);
    let preview = month.core.reconcile_preview(&component).await.unwrap();
    assert_eq!((preview.missing_here.total, preview.complete), (601, true));
    let choices = serde_json::from_value(serde_json::json!({"add": {"all": true}})).unwrap();
    let report = month.core.reconcile_apply(&component, &preview.preview_id, choices).await.unwrap();
    assert_eq!((report.added, report.skipped), (601, 0));
    let whole = |m: &Month| m.core.store().mirror().credentials().iter().all(|c| c.token.is_some());
    assert!(month.until(HOUR, whole).await, "every account has a token again");
    assert_eq!(month.broken(), Vec::<String>::new());
    month.core.shutdown().await;
}
