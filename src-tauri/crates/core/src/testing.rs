//! A small scripted WeChat for the engine's own tests: exact control over each answer. The simulated platform with its
//! own rules is the sandbox crate, which only the integration tests of this crate (`tests/menus`) and of the root know.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wechat::crypto::{AesKey, MessageCrypto, msg_signature};
use wechat::envelope::build_event_envelope;
use wechat::secret::SecretString;
use wechat::transport::{ApiRequest, ApiResponse, BoxFuture, Transport, TransportError};

use crate::clock::{Clock, SimClock};
use crate::core::{Core, OpenOptions};
use crate::dto::{Endpoints, PlatformInput};
use crate::error::AppError;
use crate::inbox::{self, Refusal, Target};
use crate::store::Durability;
use crate::store::tables::account::{self, AccountRow};
use crate::store::tables::credential;
use crate::transport::TransportFactory;

pub const COMPONENT: &str = "wx134c8103faa5a59e";
pub const TOKEN: &str = "AAAAA";
pub const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
pub const T0: i64 = 1_767_225_600_000;

/// What the next call of a path does instead of succeeding.
#[derive(Debug, Clone)]
pub enum Fault {
    Errcode(i64),
    Status(u16),
    Html,
    /// Never processed.
    DropBefore,
    /// Processed, the answer never comes.
    DropAfter,
    /// Answers without a refresh token.
    NoRefreshToken,
    /// Never answers and never fails: what a stop meets.
    Hang,
    /// Refuses, and repeats the whole request in its words.
    Echo(i64),
}

#[derive(Default)]
struct State {
    faults: HashMap<&'static str, VecDeque<Fault>>,
    component_serial: u64,
    refresh: HashMap<String, u64>,
    calls: Vec<(i64, String)>,
    flying: HashMap<String, usize>,
    overlaps: usize,
    lifetime: i64,
    rotate: bool,
    redeemed: HashMap<String, usize>,
    listed: bool,
    codes: usize,
    /// Accounts that leave the list after so many of its pages were read.
    leave_after: Vec<(usize, String)>,
    pages: usize,
    scripted: HashMap<&'static str, Vec<u8>>,
}

pub struct FakeWeChat {
    state: Mutex<State>,
    clock: Arc<SimClock>,
    pub latency: AtomicI64,
    pub peak: AtomicUsize,
    flying: AtomicUsize,
}

impl FakeWeChat {
    pub fn new(clock: Arc<SimClock>) -> Self {
        let state = State { lifetime: 7200, rotate: true, listed: true, ..State::default() };
        Self {
            state: Mutex::new(state),
            clock,
            latency: AtomicI64::new(50),
            peak: AtomicUsize::new(0),
            flying: AtomicUsize::new(0),
        }
    }
    pub fn fault(&self, path: &'static str, fault: Fault) {
        self.state.lock().unwrap().faults.entry(path).or_default().push_back(fault);
    }
    /// From now on a path (its last part) answers this.
    pub fn script(&self, path: &'static str, answer: impl Into<Vec<u8>>) {
        self.state.lock().unwrap().scripted.insert(path, answer.into());
    }
    pub fn calls(&self, path: &str) -> Vec<i64> {
        self.state.lock().unwrap().calls.iter().filter(|(_, p)| p.ends_with(path)).map(|(at, _)| *at).collect()
    }
    pub fn overlaps(&self) -> usize {
        self.state.lock().unwrap().overlaps
    }
    /// WeChat forgets the account: its refresh token is dead and it is not listed.
    pub fn forget_accounts(&self) {
        let mut state = self.state.lock().unwrap();
        state.listed = false;
        for serial in state.refresh.values_mut() {
            *serial += 1_000;
        }
    }
    /// WeChat lists these accounts, whatever is here.
    pub fn list_accounts(&self, appids: impl IntoIterator<Item = String>) {
        self.state.lock().unwrap().refresh.extend(appids.into_iter().map(|a| (a, 0)));
    }
    /// The account leaves the list after so many more of its pages were read, so that the rest of it moves up.
    pub fn leave_after(&self, pages: usize, appid: &str) {
        let mut state = self.state.lock().unwrap();
        let at = state.pages + pages;
        state.leave_after.push((at, appid.to_owned()));
    }
    /// WeChat has another refresh token than we have.
    pub fn rotate_behind_our_back(&self, appid: &str) {
        *self.state.lock().unwrap().refresh.entry(appid.into()).or_default() += 1;
    }

    fn answer(&self, path: &str, body: &Value, fault: Option<&Fault>) -> Value {
        let mut state = self.state.lock().unwrap();
        let appid = body["authorizer_appid"].as_str().unwrap_or("wxaaaaaaaaaaaaaaaa").to_owned();
        let refresh = |state: &State, appid: &str| {
            format!("refreshtoken@@@{appid}-{}", state.refresh.get(appid).copied().unwrap_or(0))
        };
        match path {
            "api_component_token" => {
                state.component_serial += 1;
                json!({"component_access_token": format!("component-token-{:030}", state.component_serial), "expires_in": state.lifetime})
            }
            "api_create_preauthcode" => {
                state.codes += 1;
                let name = if state.codes == 1 { "one".to_owned() } else { state.codes.to_string() };
                json!({"pre_auth_code": format!("preauthcode@@@{name}"), "expires_in": 600})
            }
            "api_authorizer_token" => {
                if body["authorizer_refresh_token"] != refresh(&state, &appid).as_str() {
                    return json!({"errcode": 61023, "errmsg": "refresh_token is invalid rid: 5fa26c60-1a0ebdd5-32fd1cd0"});
                }
                if state.rotate {
                    *state.refresh.entry(appid.clone()).or_default() += 1;
                }
                let mut answer = json!({"authorizer_access_token": format!("token-{appid}-{}", self.clock.now()), "expires_in": state.lifetime});
                if !matches!(fault, Some(Fault::NoRefreshToken)) {
                    answer["authorizer_refresh_token"] = refresh(&state, &appid).into();
                }
                answer
            }
            "api_query_auth" => {
                let code = body["authorization_code"].as_str().unwrap_or_default().to_owned();
                let times = state.redeemed.entry(code.clone()).or_default();
                *times += 1;
                if *times > 1 {
                    return json!({"errcode": 61010, "errmsg": "code is expired"});
                }
                let appid = code.rsplit('@').next().unwrap_or_default().to_owned();
                *state.refresh.entry(appid.clone()).or_default() += 1;
                let mut answer = json!({"authorization_info": {"authorizer_appid": appid, "authorizer_access_token": format!("token-{appid}-first"),
                    "expires_in": state.lifetime, "func_info": [{"funcscope_category": {"id": 15}}]}});
                if !matches!(fault, Some(Fault::NoRefreshToken)) {
                    answer["authorization_info"]["authorizer_refresh_token"] = refresh(&state, &appid).into();
                }
                answer
            }
            "api_get_authorizer_list" => {
                let number = |name: &str| usize::try_from(body[name].as_u64().unwrap_or(0)).unwrap();
                let (offset, count) = (number("offset"), number("count"));
                let mut appids: Vec<String> = state.refresh.keys().filter(|_| state.listed).cloned().collect();
                appids.sort();
                let total = appids.len();
                let page: Vec<Value> = appids
                    .iter()
                    .skip(offset)
                    .take(count)
                    .map(|a| json!({"authorizer_appid": a, "refresh_token": refresh(&state, a), "auth_time": self.clock.now() / 1000}))
                    .collect();
                state.pages += 1;
                let leaving: Vec<String> =
                    state.leave_after.iter().filter(|(at, _)| *at == state.pages).map(|(_, a)| a.clone()).collect();
                for appid in leaving {
                    state.refresh.remove(&appid);
                }
                json!({"total_count": total, "list": page})
            }
            "api_get_authorizer_info" => {
                json!({"authorizer_info": {"nick_name": "花店", "user_name": "gh_1", "service_type_info": {"id": 2},
                "verify_type_info": {"id": 0}}, "authorization_info": {"authorizer_appid": appid, "func_info": [{"funcscope_category": {"id": 15}}]}})
            }
            _ => json!({"errcode": 0, "errmsg": "ok"}),
        }
    }
}

impl Transport for FakeWeChat {
    fn send(&self, mut req: ApiRequest) -> BoxFuture<'_, Result<ApiResponse, TransportError>> {
        Box::pin(async move {
            let path = req.path.rsplit('/').next().unwrap_or_default().to_owned();
            let sent = req.take_body().unwrap_or_default();
            let echo = format!("{} {}", req.target().expose(), String::from_utf8_lossy(&sent));
            let body: Value = serde_json::from_slice(&sent).unwrap_or_default();
            let who = body["authorizer_appid"].as_str().unwrap_or("component").to_owned();
            let refresh = matches!(path.as_str(), "api_component_token" | "api_authorizer_token");
            let fault = {
                let mut state = self.state.lock().unwrap();
                state.calls.push((self.clock.now(), path.clone()));
                if refresh {
                    let flying = state.flying.entry(who.clone()).or_default();
                    *flying += 1;
                    if *flying > 1 {
                        state.overlaps += 1;
                    }
                }
                state.faults.iter_mut().find(|(p, _)| path == **p).and_then(|(_, queue)| queue.pop_front())
            };
            let flying = self.flying.fetch_add(1, Ordering::SeqCst) + 1;
            self.peak.fetch_max(flying, Ordering::SeqCst);
            let latency = self.latency.load(Ordering::SeqCst);
            let mut left = latency;
            while left > 0 {
                self.clock.sleep(left).await;
                left -= crate::clock::MAX_SLEEP_MS;
            }
            if matches!(fault, Some(Fault::Hang)) {
                std::future::pending::<()>().await;
            }
            let result = match &fault {
                Some(Fault::Errcode(code)) => Ok(json!({"errcode": code, "errmsg": format!("refused by the test rid: 5fa26c60-1a0ebdd5-32fd1cd0 {code}")}).to_string()),
                Some(Fault::Echo(code)) => Ok(json!({"errcode": code, "errmsg": format!("you sent {echo}")}).to_string()),
                Some(Fault::Html) => Ok("<html>gateway</html>".into()),
                Some(Fault::DropBefore) => Err(TransportError::Connect("refused".into())),
                Some(Fault::DropAfter) => {
                    self.answer(&path, &body, None);
                    Err(TransportError::Timeout)
                }
                Some(Fault::Status(_)) => Ok(String::new()),
                other => Ok(self.answer(&path, &body, other.as_ref()).to_string()),
            };
            if refresh {
                *self.state.lock().unwrap().flying.entry(who).or_default() -= 1;
            }
            self.flying.fetch_sub(1, Ordering::SeqCst);
            let status = if let Some(Fault::Status(status)) = fault { status } else { 200 };
            let scripted = self.state.lock().unwrap().scripted.get(path.as_str()).cloned();
            if let (Some(body), None, Ok(_)) = (scripted, &fault, &result) {
                return Ok(ApiResponse::new(status, body));
            }
            result.map(|body| ApiResponse::new(status, body.into_bytes()))
        })
    }
}

struct Factory(Arc<FakeWeChat>);

impl TransportFactory for Factory {
    fn make(&self, _: &Endpoints, _: Option<&SecretString>) -> Result<Arc<dyn Transport>, AppError> {
        Ok(self.0.clone())
    }
}

/// An engine on simulated time with a scripted WeChat.
pub struct World {
    pub core: Core,
    pub clock: Arc<SimClock>,
    pub wechat: Arc<FakeWeChat>,
    pub dir: Arc<tempfile::TempDir>,
}

impl World {
    pub async fn new() -> Self {
        let clock = Arc::new(SimClock::new(T0));
        let wechat = Arc::new(FakeWeChat::new(clock.clone()));
        Self::reopen(clock, wechat, Arc::new(tempfile::tempdir().unwrap())).await
    }

    pub async fn reopen(clock: Arc<SimClock>, wechat: Arc<FakeWeChat>, dir: Arc<tempfile::TempDir>) -> Self {
        let mut options = OpenOptions::new(dir.path());
        options.clock = clock.clone();
        options.transports = Arc::new(Factory(wechat.clone()));
        options.durability = Durability::Off;
        let core = Core::open(options).await.unwrap();
        if core.store().mirror().platforms().is_empty() {
            core.save_platform(platform()).await.unwrap();
        }
        core.start_engine();
        Self { core, clock, wechat, dir }
    }

    /// A world with a live component token.
    pub async fn ready() -> Self {
        let world = Self::new().await;
        world.ticket(1).await.unwrap();
        world.until(|w| w.component().token.is_some()).await;
        world
    }

    pub async fn restart(self) -> Self {
        self.core.shutdown().await;
        let (clock, wechat, dir) = (self.clock.clone(), self.wechat.clone(), self.dir.clone());
        drop(self);
        Self::reopen(clock, wechat, dir).await
    }

    /// Pushes an encrypted event through the inbox.
    pub async fn push(&self, xml: &str) -> Result<(), Refusal> {
        let (query, body) = sealed(xml);
        inbox::accept(
            &self.core,
            Target { component_appid: COMPONENT, authorizer_appid: None, own: false },
            &query,
            body.as_bytes(),
        )
        .await
        .map(|_| ())
    }

    /// A ticket made so many minutes after T0 by WeChat's clock.
    pub async fn ticket(&self, minute: i64) -> Result<(), Refusal> {
        let at = T0 / 1000 + minute * 60;
        self.push(&format!("<xml><AppId>{COMPONENT}</AppId><CreateTime>{at}</CreateTime><InfoType>component_verify_ticket</InfoType><ComponentVerifyTicket>ticket@@@{minute}</ComponentVerifyTicket></xml>")).await
    }

    pub async fn event(&self, info_type: &str, appid: &str, at_s: i64, code: Option<&str>) -> Result<(), Refusal> {
        let code = code.map_or(String::new(), |c| format!("<AuthorizationCode>{c}</AuthorizationCode><AuthorizationCodeExpiredTime>{}</AuthorizationCodeExpiredTime><PreAuthCode>preauthcode@@@one</PreAuthCode>", at_s + 3600));
        self.push(&format!("<xml><AppId>{COMPONENT}</AppId><CreateTime>{at_s}</CreateTime><InfoType>{info_type}</InfoType><AuthorizerAppid>{appid}</AuthorizerAppid>{code}</xml>")).await
    }

    pub fn now_s(&self) -> i64 {
        self.clock.now() / 1000
    }

    /// Adds `count` accounts whose tokens end after `left` ms.
    pub async fn accounts(&self, count: usize, left: i64) {
        let now = self.clock.now();
        let platform_id = self.core.store().mirror().platforms()[0].id;
        {
            let mut state = self.wechat.state.lock().unwrap();
            for n in 0..count {
                state.refresh.insert(appid(n), 0);
            }
        }
        self.core
            .store()
            .write(move |tx| {
                for n in 0..count {
                    let row = AccountRow {
                        platform_id,
                        appid: appid(n),
                        authorized: true,
                        authorized_at: now,
                        authorized_create_time: now / 1000,
                        details_at: Some(now),
                        ..AccountRow::default()
                    };
                    let row = account::save(tx, &row)?;
                    let mut held = credential::ensure(tx, platform_id, Some(row.id))?;
                    held.token = Some(format!("token-{n}-old").into());
                    held.refresh_token = Some(format!("refreshtoken@@@{}-0", appid(n)).into());
                    held.obtained_at = Some(now + left - 7_200_000);
                    held.expires_at = Some(now + left);
                    held.generation = 1;
                    credential::update(tx, &held)?;
                }
                Ok(())
            })
            .await
            .unwrap();
        self.core.wake(crate::engine::Wake::Platform(platform_id));
    }

    pub fn component(&self) -> Arc<credential::CredentialRow> {
        let mirror = self.core.store().mirror();
        mirror.component_credential(mirror.platforms()[0].id).unwrap()
    }

    pub fn credential(&self, appid: &str) -> Arc<credential::CredentialRow> {
        let mirror = self.core.store().mirror();
        mirror.account_credential(self.account(appid).id).unwrap()
    }

    pub fn account(&self, appid: &str) -> Arc<AccountRow> {
        let mirror = self.core.store().mirror();
        mirror.account_by_appid(mirror.platforms()[0].id, appid).unwrap()
    }

    pub fn has(&self, appid: &str) -> bool {
        let mirror = self.core.store().mirror();
        mirror.account_by_appid(mirror.platforms()[0].id, appid).is_some()
    }

    /// Lets simulated time pass until something is true; panics after a simulated day.
    pub async fn until(&self, mut what: impl FnMut(&Self) -> bool) {
        let end = self.clock.monotonic() + 86_400_000;
        while !what(self) {
            assert!(self.clock.monotonic() < end, "a day passed and it never came true");
            self.clock.sleep(20).await;
        }
    }

    /// Lets so many simulated ms pass.
    pub async fn pass(&self, ms: i64) {
        let end = self.clock.monotonic() + ms;
        while self.clock.monotonic() < end {
            self.clock.sleep((end - self.clock.monotonic()).min(crate::clock::MAX_SLEEP_MS)).await;
        }
    }
}

pub fn appid(n: usize) -> String {
    format!("wx{n:016x}")
}

pub fn platform() -> PlatformInput {
    PlatformInput {
        component_appid: COMPONENT.into(),
        name: "门店通".into(),
        component_appsecret: Some("0123456789abcdef0123456789abcdef".into()),
        verify_token: Some(TOKEN.into()),
        encoding_aes_key: Some(KEY.into()),
        previous_encoding_aes_key: None,
        public_base_url: "https://abc.natapp.cc".into(),
        endpoints: None,
        outbound_proxy: None,
    }
}

/// Query and body of an encrypted push.
pub fn sealed(xml: &str) -> (String, String) {
    let crypto = MessageCrypto::new(TOKEN.into(), AesKey::parse(KEY).unwrap(), None, COMPONENT);
    let encrypt = crypto.encrypt(xml.as_bytes(), [9; 16]);
    let signature = msg_signature(TOKEN, "1767225600", "n", &encrypt);
    (
        format!("signature=x&timestamp=1767225600&nonce=n&encrypt_type=aes&msg_signature={signature}"),
        build_event_envelope(COMPONENT, &encrypt),
    )
}
