//! Owns: the simulated platform: calls begin and end here, faults strike, violations are noted, state is saved.
//! Must not: do I/O, read a clock or sleep. "Now" is a parameter of every call, in milliseconds since 1970.
//! Invariant: the same seed, configuration and calls give the same bytes.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::accounts::{self, Account, Kind};
use crate::api::{self, Call, Refusal};
use crate::call::{Answer, CallId, Content, End, Reply, Request};
use crate::config::SandboxConfig;
use crate::fault::{self, Effect, Fault, Target, When};
use crate::push::Origin;
use crate::rng::Rng;
use crate::state::{AccountState, CallRecord, Menu, Owner, RidRecord, State, Token, TokenSlot, remember};
use crate::violation::{Violation, ViolationKind};

struct InFlight {
    subject: Option<(ViolationKind, String)>,
    hands_over: Vec<(String, String)>,
    /// The account whose former refresh token this answer refuses.
    refuses: Option<String>,
    intact: bool,
}

/// The simulated Open Platform.
pub struct Platform {
    pub(crate) config: SandboxConfig,
    pub(crate) state: State,
    index: HashMap<String, Owner>,
    in_flight: BTreeMap<CallId, InFlight>,
    last_call: u64,
    peak: usize,
    handing: Vec<(String, String)>,
    /// See [`InFlight::refuses`]; set while a call is processed.
    pub(crate) refusing: Option<String>,
    pub(crate) signal: Arc<Notify>,
    changed: Arc<Notify>,
    /// Notified whenever an attempt of a push ended; any number of waiters.
    pub(crate) done: Arc<Notify>,
    pub(crate) sealer: Option<crate::seal::Sealer>,
    /// On whose behalf messages are pushed now.
    pub(crate) acting: Origin,
    pub(crate) last_queued: Option<u64>,
    /// Accounts that the crowd is at; `None`: to be looked up again.
    pub(crate) receivers: Option<Vec<String>>,
}

impl fmt::Debug for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Platform")
            .field("component_appid", &self.state.credentials.component_appid)
            .field("accounts", &self.state.accounts.len())
            .finish_non_exhaustive()
    }
}

/// A saved platform; serializes to JSON and restores to the same behaviour. It holds every (simulated) secret.
#[derive(Clone, Serialize, Deserialize)]
pub struct Snapshot {
    version: u32,
    config: SandboxConfig,
    state: State,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("version", &self.version)
            .field("seed", &self.state.seed)
            .finish_non_exhaustive()
    }
}

impl Snapshot {
    /// The seed it was made with.
    pub fn seed(&self) -> u64 {
        self.state.seed
    }
}

const SNAPSHOT_VERSION: u32 = 1;

impl Platform {
    /// A platform with the built-in accounts, none of them authorized. Pushes are on; see [`Platform::set_pushing`].
    pub fn new(seed: u64, config: SandboxConfig) -> Self {
        let mut platform = Self::with(config, State::new(seed));
        platform.add_built_in();
        platform.make_menus_by_hand();
        platform
    }

    fn with(config: SandboxConfig, state: State) -> Self {
        let mut platform = Self {
            config,
            state,
            index: HashMap::new(),
            in_flight: BTreeMap::new(),
            last_call: 0,
            peak: 0,
            handing: Vec::new(),
            refusing: None,
            signal: Arc::new(Notify::new()),
            changed: Arc::new(Notify::new()),
            done: Arc::new(Notify::new()),
            sealer: None,
            acting: Origin::Act,
            last_queued: None,
            receivers: None,
        };
        platform.rebuild_index();
        platform
    }

    /// Everything the platform remembers; calls in flight are not part of it.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { version: SNAPSHOT_VERSION, config: self.config.clone(), state: self.state.clone() }
    }

    /// A platform that goes on where `snapshot` was taken. Pushes that were under way then are sent again.
    ///
    /// # Errors
    /// Says so when the snapshot is of another version.
    pub fn restore(snapshot: Snapshot) -> Result<Self, String> {
        if snapshot.version != SNAPSHOT_VERSION {
            return Err(format!("a snapshot of version {}, this program reads {SNAPSHOT_VERSION}", snapshot.version));
        }
        let mut platform = Self::with(snapshot.config, snapshot.state);
        platform.forget_pushes_under_way();
        // What the crowd did not do while nothing ran is not made up for.
        platform.state.crowd.since_ms = None;
        // A snapshot may be older than the last built-in accounts.
        platform.add_built_in();
        Ok(platform)
    }

    fn rebuild_index(&mut self) {
        let mut index = HashMap::new();
        let mut add = |slot: &TokenSlot, owner: Owner| {
            for value in slot.values() {
                index.insert(value.clone(), owner.clone());
            }
        };
        add(&self.state.component_token, Owner::Component);
        for (appid, state) in &self.state.accounts {
            add(&state.tokens, Owner::Authorizer(appid.clone()));
            add(&state.own, Owner::Own(appid.clone()));
            add(&state.stable, Owner::Stable(appid.clone()));
        }
        self.index = index;
    }

    fn add_built_in(&mut self) {
        for (number, account) in accounts::built_in(self.state.seed).into_iter().enumerate() {
            if !self.state.accounts.contains_key(&account.appid) {
                self.add_account(account, number as u64);
            }
        }
    }

    /// `number` tells its secret from those of other accounts.
    pub(crate) fn add_account(&mut self, account: Account, number: u64) {
        let appid = account.appid.clone();
        let app_secret = Rng::stream(self.state.seed ^ 0x5EC2E7, number).hex(32);
        // Made-up accounts come by the thousand and start without anything.
        let lived =
            account.kind == Kind::OfficialAccount && account.synthetic.is_none() && account.release_set.is_none();
        let (templates, materials) = if lived {
            let service = account.is_verified_service();
            let templates = if service { api::template::built_in(self.state.seed, number) } else { Vec::new() };
            (templates, api::media::built_in(self.state.seed, number))
        } else {
            (Vec::new(), Vec::new())
        };
        self.state.order.push(appid.clone());
        self.state.accounts.insert(
            appid,
            AccountState {
                account,
                app_secret,
                grant: None,
                was_granted: false,
                tokens: TokenSlot::default(),
                own: TokenSlot::default(),
                stable: TokenSlot::default(),
                options: BTreeMap::new(),
                menu: Menu::default(),
                followers: BTreeMap::new(),
                sent: VecDeque::new(),
                bonds: BTreeMap::new(),
                server: None,
                tickets: BTreeMap::new(),
                forced_ms: None,
                templates,
                industries: None,
                materials,
            },
        );
    }

    /// Some built-in accounts have menus that their owners made on mp.weixin.qq.com (F.5), to be taken over.
    fn make_menus_by_hand(&mut self) {
        for (number, menu) in crate::website::menus() {
            if let Some(appid) = self.state.order.get(number).cloned() {
                self.make_menu_by_hand(&appid, menu);
            }
        }
    }

    // ---- what the interfaces share ----

    pub(crate) fn owner_of(&self, token: &str) -> Option<Owner> {
        self.index.get(token).cloned()
    }

    pub(crate) fn slot(&self, owner: &Owner) -> Option<&TokenSlot> {
        match owner {
            Owner::Component => Some(&self.state.component_token),
            Owner::Authorizer(appid) => self.state.accounts.get(appid).map(|a| &a.tokens),
            Owner::Own(appid) => self.state.accounts.get(appid).map(|a| &a.own),
            Owner::Stable(appid) => self.state.accounts.get(appid).map(|a| &a.stable),
        }
    }

    /// N.1: `NN_` and 130–150 URL-safe characters.
    pub(crate) fn new_token_value(&mut self) -> String {
        let rng = &mut self.state.rng;
        let number = 10 + rng.below(90);
        let length = 130 + rng.below(21) as usize;
        format!("{number}_{}", rng.url_safe(length))
    }

    pub(crate) fn new_refresh_token(&mut self) -> String {
        format!("refreshtoken@@@{}", self.state.rng.url_safe(43))
    }

    /// A new token; the one before keeps working for the overlap.
    pub(crate) fn issue_token(&mut self, owner: Owner, now: i64, life_s: i64) -> String {
        let value = self.new_token_value();
        let token = Token { value: value.clone(), issued_ms: now, until_ms: now + life_s * 1000 };
        let overlap = self.config.overlap_s * 1000;
        let slot = match &owner {
            Owner::Component => Some(&mut self.state.component_token),
            Owner::Authorizer(appid) => self.state.accounts.get_mut(appid).map(|a| &mut a.tokens),
            Owner::Own(appid) => self.state.accounts.get_mut(appid).map(|a| &mut a.own),
            Owner::Stable(appid) => self.state.accounts.get_mut(appid).map(|a| &mut a.stable),
        };
        for old in slot.map(|slot| slot.replace(token, overlap)).unwrap_or_default() {
            self.index.remove(&old);
        }
        self.index.insert(value.clone(), owner);
        value
    }

    /// The address named in a refusal, when `client_ip` may not call.
    pub(crate) fn refuses(&self, client_ip: &str) -> Option<String> {
        if let Some(ip) = &self.config.refused_ip {
            return Some(ip.clone());
        }
        let listed = self.config.ip_whitelist.as_ref().is_none_or(|list| list.iter().any(|ip| ip == client_ip));
        (!listed).then(|| client_ip.to_owned())
    }

    /// Whether the account's own list keeps `client_ip` from using its secret.
    pub(crate) fn own_list_refuses(&self, appid: &str, client_ip: &str) -> bool {
        let list = self.config.own_ip_whitelist.get(appid);
        self.config.refused_ip.is_some() || list.is_some_and(|list| !list.iter().any(|ip| ip == client_ip))
    }

    /// The answer under way carries this refresh token; it counts as delivered when the answer arrives.
    pub(crate) fn hand_over(&mut self, appid: &str, refresh_token: String) {
        self.handing.push((appid.to_owned(), refresh_token));
    }

    pub(crate) fn violation(&mut self, now: i64, kind: ViolationKind, subject: &str, detail: &str) {
        // A broken client can repeat one for a month; the first hundred of a kind and thousand in all tell the story.
        let same = self.state.violations.iter().filter(|known| known.kind == kind).count();
        let most = if kind == ViolationKind::MalformedReply { 100 } else { 1000 };
        if same < most && self.state.violations.len() < 1000 {
            self.state.violations.push(Violation {
                kind,
                subject: subject.to_owned(),
                at_ms: now,
                detail: detail.to_owned(),
            });
        }
    }

    pub(crate) fn notice(&mut self, now: i64, text: &str) {
        remember(&mut self.state.notices, format!("{now} {text}"));
    }

    // ---- calls ----

    /// A call arrives. It is processed at once (or not at all, if a fault says so); the caller waits
    /// [`Reply::delay_ms`], then says [`Platform::finish`] and hands the answer on. Until then the call is in flight.
    pub fn begin(&mut self, now_ms: i64, req: &Request) -> (CallId, Reply) {
        let body = req.body.as_deref().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or(Value::Null);
        let appid = self.about(req, &body);
        let subject = self.subject(req, &body);
        if let Some((kind, who)) = &subject
            && self.in_flight.values().any(|other| other.subject.as_ref() == subject.as_ref())
        {
            // A code is a secret; its account stands for it.
            let shown = match kind {
                ViolationKind::OverlappingRedemption => {
                    self.state.auth_codes.get(who).map_or_else(|| "an unknown code".to_owned(), |c| c.appid.clone())
                }
                _ => who.clone(),
            };
            self.violation(now_ms, *kind, &shown, "a second call began while the first was in flight");
        }
        let target = Target { now_ms, path: &req.path, appid: appid.as_deref(), is_push: false };
        let strike = fault::strike(&mut self.state.faults, target, &mut self.state.rng);
        let processed = !matches!(
            strike.effect,
            Some(Effect::DropBefore | Effect::Html | Effect::Status { processed: false, .. } | Effect::Errcode { .. })
        );
        self.handing.clear();
        self.refusing = None;
        let answer = if processed {
            let heard = self.release_running().then(|| body.clone());
            let (errcode, answer) = self.process(now_ms, req, body);
            if let (Some(body), Content::Json(answer)) = (heard, &answer) {
                self.release_call(now_ms, req, &body, errcode, answer);
            }
            self.record(now_ms, req, appid, errcode, strike.effect.as_ref());
            answer
        } else {
            let errcode = match &strike.effect {
                Some(Effect::Errcode { code, .. }) => *code,
                _ => 0,
            };
            self.record(now_ms, req, appid, errcode, strike.effect.as_ref());
            Content::Json(Value::Null)
        };
        let hands_over = std::mem::take(&mut self.handing);
        let refuses = self.refusing.take();
        let intact = matches!(strike.effect, None | Some(Effect::Errcode { .. }));
        let answer = self.shape(now_ms, req, answer, strike.effect);
        self.last_call += 1;
        let id = CallId(self.last_call);
        self.in_flight.insert(id, InFlight { subject, hands_over, refuses, intact });
        self.peak = self.peak.max(self.in_flight.len());
        self.changed.notify_one();
        (id, Reply { delay_ms: strike.slow_ms, answer })
    }

    /// The call is over. Unknown ids are ignored, so a guard may say it again.
    pub fn finish(&mut self, id: CallId, end: End) {
        let Some(call) = self.in_flight.remove(&id) else { return };
        if end == End::Abandoned || !call.intact {
            return;
        }
        if let Some(grant) =
            call.refuses.and_then(|appid| self.state.accounts.get_mut(&appid)).and_then(|a| a.grant.as_mut())
        {
            grant.refresh.refused_former = true;
        }
        for (appid, value) in call.hands_over {
            if let Some(grant) = self.state.accounts.get_mut(&appid).and_then(|a| a.grant.as_mut())
                && grant.refresh.value == value
            {
                grant.refresh.delivered = true;
            }
        }
    }

    /// [`Platform::begin`] and [`Platform::finish`] in one, for callers without a sense of time.
    pub fn handle(&mut self, now_ms: i64, req: &Request) -> Reply {
        let (id, reply) = self.begin(now_ms, req);
        self.finish(id, End::Answered);
        reply
    }

    fn process(&mut self, now: i64, req: &Request, body: Value) -> (i64, Content) {
        let sent = req.query.iter().find(|(n, _)| n == "component_access_token" || n == "access_token");
        let owner = match sent.and_then(|(_, token)| self.owner_of(token)) {
            Some(Owner::Component) => self.state.credentials.component_appid.clone(),
            Some(Owner::Authorizer(appid) | Owner::Own(appid) | Owner::Stable(appid)) => appid,
            None => String::new(),
        };
        match api::answer(self, Call { now, req, body, parts: Vec::new(), owner: None }) {
            Ok(content) => (0, content),
            Err(refusal) => (refusal.code, Content::Json(self.refusal(now, &refusal, req, owner))),
        }
    }

    /// E.4: code and text with a rid that `rid/get` knows for seven days.
    fn refusal(&mut self, now: i64, refusal: &Refusal, req: &Request, owner: String) -> Value {
        let ip = self.refuses(&req.client_ip).unwrap_or_else(|| req.client_ip.clone());
        let text = refusal.text.clone().unwrap_or_else(|| api::text(refusal.code, &ip, &mut self.state.rng));
        if req.path.starts_with("/sns/") {
            // sns names the request in another way (E.4); that one cannot be looked up.
            let text = text.split_once(", could get access_token by").map_or(text.as_str(), |(short, _)| short);
            let hint = self.state.rng.alphanumeric(20);
            return json!({"errcode": refusal.code, "errmsg": format!("{text}, hints: [ req_id: {hint} ]")});
        }
        let rng = &mut self.state.rng;
        // Real rids begin with the second of the call.
        let rid = format!("{:08x}-{}-{}", now.div_euclid(1000) as u32, rng.hex(8), rng.hex(8));
        let answer = json!({"errcode": refusal.code, "errmsg": format!("{text} rid: {rid}")});
        let record = RidRecord {
            rid,
            at_ms: now,
            owner,
            path: req.path.clone(),
            client_ip: req.client_ip.clone(),
            answer: answer.to_string(),
        };
        remember(&mut self.state.rids, record);
        answer
    }

    fn shape(&mut self, now: i64, req: &Request, answer: Content, effect: Option<Effect>) -> Answer {
        match effect {
            None => answer.into(),
            Some(Effect::Errcode { code, message }) => {
                let refusal = match message {
                    Some(message) => Refusal::with(code, message),
                    None => Refusal::new(code),
                };
                Answer::json(&self.refusal(now, &refusal, req, String::new()))
            }
            Some(Effect::DropBefore | Effect::DropAfter) => Answer::Dropped,
            Some(Effect::HalfBody) => {
                let whole = answer.into_bytes();
                let part = whole.get(..whole.len() / 2).unwrap_or_default().to_vec();
                Answer::Half { status: 200, part, whole: whole.len() }
            }
            Some(Effect::Html) => Answer::html(
                200,
                "<!DOCTYPE html><html><head><title>Login</title></head><body><h1>Network login</h1></body></html>",
            ),
            Some(Effect::Status { status, .. }) => {
                Answer::html(status, &format!("<html><body><h1>{status}</h1><hr>nginx</body></html>"))
            }
            // Slow and push effects never get here.
            Some(_) => answer.into(),
        }
    }

    /// The account a call is about: its body says so, else its token.
    fn about(&self, req: &Request, body: &Value) -> Option<String> {
        if let Some(appid) = body.get("authorizer_appid").and_then(Value::as_str) {
            return Some(appid.to_owned());
        }
        let token = req.query.iter().find(|(n, _)| n == "access_token").map(|(_, v)| v.as_str())?;
        match self.index.get(token)? {
            Owner::Component => None,
            Owner::Authorizer(appid) | Owner::Own(appid) | Owner::Stable(appid) => Some(appid.clone()),
        }
    }

    /// What must not be in flight twice.
    fn subject(&self, req: &Request, body: &Value) -> Option<(ViolationKind, String)> {
        let field = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        match req.path.as_str() {
            "/cgi-bin/component/api_authorizer_token" => {
                Some((ViolationKind::OverlappingRefresh, field("authorizer_appid")))
            }
            "/cgi-bin/component/api_component_token" => {
                Some((ViolationKind::OverlappingComponentToken, field("component_appid")))
            }
            "/cgi-bin/component/api_query_auth" => {
                Some((ViolationKind::OverlappingRedemption, field("authorization_code")))
            }
            _ => None,
        }
    }

    fn record(&mut self, now: i64, req: &Request, appid: Option<String>, errcode: i64, effect: Option<&Effect>) {
        let known = api::is_known(&req.path);
        // Arbitrary paths must not grow the table.
        let path = if known { req.path.clone() } else { "(unknown)".to_owned() };
        *self.state.call_counts.entry(path.clone()).or_default() += 1;
        let fault = effect.map(|effect| format!("{effect:?}"));
        remember(&mut self.state.calls, CallRecord { at_ms: now, path, appid, errcode, fault });
    }

    // ---- faults, violations, counters ----

    /// Scripts a fault; returns its number.
    pub fn add_fault(&mut self, when: When, effect: Effect) -> u64 {
        let id = self.state.next_id();
        self.state.faults.push(Fault { id, when, effect, seen: 0, struck: 0 });
        self.changed.notify_one();
        id
    }

    /// Removes one fault, or all.
    pub fn clear_faults(&mut self, id: Option<u64>) {
        self.state.faults.retain(|fault| id.is_some_and(|id| fault.id != id));
        self.changed.notify_one();
    }

    /// The faults as scripted, with what they struck so far.
    pub fn faults(&self) -> &[Fault] {
        &self.state.faults
    }

    /// What the client did that must never happen, in words; empty is what a test wants.
    pub fn violations(&self) -> Vec<String> {
        self.state.violations.iter().map(ToString::to_string).collect()
    }

    /// The same as data.
    pub fn violation_records(&self) -> &[Violation] {
        &self.state.violations
    }

    /// What is unusual but allowed: a code redeemed again, an old ticket used.
    pub fn notices(&self) -> impl Iterator<Item = &str> {
        self.state.notices.iter().map(String::as_str)
    }

    /// The client process ended without notice and starts again: answers that it had not stored are lost, so a former
    /// refresh token is no violation until the next answer is delivered. Calls in flight are abandoned.
    pub fn client_restarted(&mut self) {
        self.in_flight.clear();
        for state in self.state.accounts.values_mut() {
            if let Some(grant) = &mut state.grant {
                grant.refresh.delivered = false;
            }
        }
    }

    /// Calls in flight now.
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// The most calls that were ever in flight at once.
    pub fn peak_in_flight(&self) -> usize {
        self.peak
    }

    /// Calls of `path` so far, refused and struck ones included.
    pub fn calls_of(&self, path: &str) -> u64 {
        self.state.call_counts.get(path).copied().unwrap_or(0)
    }

    /// Calls by path so far.
    pub fn call_counts(&self) -> &BTreeMap<String, u64> {
        &self.state.call_counts
    }

    /// The last calls, oldest first.
    pub fn recent_calls(&self) -> impl DoubleEndedIterator<Item = &CallRecord> {
        self.state.calls.iter()
    }

    /// Notified when a push may be due earlier than before. One waiter (the pump).
    pub fn push_signal(&self) -> Arc<Notify> {
        Arc::clone(&self.signal)
    }

    /// Notified after every change worth saving. One waiter.
    pub fn change_signal(&self) -> Arc<Notify> {
        Arc::clone(&self.changed)
    }

    /// Notified whenever an attempt of a push ended. Any number of waiters.
    pub fn push_done_signal(&self) -> Arc<Notify> {
        Arc::clone(&self.done)
    }

    pub(crate) fn touched(&self) {
        self.changed.notify_one();
    }
}
