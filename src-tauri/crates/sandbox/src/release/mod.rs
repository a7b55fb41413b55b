//! Owns: 全网发布检测 (J): WeChat's steps with one of its test accounts, and what each row says of them.
//! Must not: read a clock or send anything: it goes on when a push was answered, a call came, or its time is over.
//! Invariant: one check runs at a time; each row is decided once, and a red one does not keep the following from being tried.
//!
//! What WeChat's own check makes without the platform (the pre-authorization code and the authorization code) is made here.
//! The code in QUERY_AUTH_CODE is another one than that of the `authorized` event, so that a platform which redeemed that one
//! can still do the step.

mod rows;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use self::rows::{Kept, shown};
pub use self::rows::{Rehearsal, Row, RowName, RowState};
use crate::accounts::{self, Kind};
use crate::call::Request;
use crate::crowd::script;
use crate::people::{event_fields, openid_of};
use crate::platform::Platform;
use crate::push::Origin;
use crate::reply::{self, Said, said};
use crate::rng::Rng;
use crate::state::PreAuthCode;

/// A push is to be answered within this time (L).
const ANSWER_MS: i64 = 5_000;
/// The customer-service message is to come within this time after its question; WeChat says "right after".
const API_MS: i64 = 30_000;
/// A component token is to be there so long after the ticket.
const TOKEN_MS: i64 = 30_000;
/// A push that could not be delivered at all is given up.
const STUCK_MS: i64 = 60_000;
/// Checks that are remembered.
const KEPT: usize = 20;
/// The text of J.2, step 3.
const TEXT: &str = "TESTCOMPONENT_MSG_TYPE_TEXT";
/// Events that a check may send; any may come (J.2).
const EVENTS: [&str; 6] = ["LOCATION", "LOCATION", "CLICK", "VIEW", "SCAN", "subscribe"];
/// The random stream of the checks.
const STREAM: u64 = 0x4E1E_A5E0_0000;
/// Numbers of the test accounts for [`Platform::add_account`]: above all made-up ones.
const NUMBERS: u64 = 1 << 40;

/// What a check waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    /// The ticket is to be taken,
    Ticket,
    /// and used.
    Token,
    /// `authorized` is to be taken.
    Authorize,
    Event,
    Text,
    /// Nothing is to be answered, and a customer-service message to come.
    Api,
    /// `unauthorized` is to be taken.
    Cancel,
    Over,
}

impl Phase {
    fn row(self) -> Option<RowName> {
        Some(match self {
            Self::Ticket | Self::Token => RowName::Ticket,
            Self::Authorize => RowName::Authorize,
            Self::Event => RowName::Event,
            Self::Text => RowName::Text,
            Self::Api => RowName::ApiText,
            Self::Cancel => RowName::Cancel,
            Self::Over => return None,
        })
    }

    fn next(self) -> Self {
        match self {
            Self::Ticket | Self::Token => Self::Authorize,
            Self::Authorize => Self::Event,
            Self::Event => Self::Text,
            Self::Text => Self::Api,
            Self::Api => Self::Cancel,
            Self::Cancel | Self::Over => Self::Over,
        }
    }

    fn patience_ms(self) -> i64 {
        match self {
            Self::Token => TOKEN_MS,
            Self::Api => API_MS,
            _ => STUCK_MS,
        }
    }
}

/// A check.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Run {
    id: u64,
    started_ms: i64,
    ended_ms: Option<i64>,
    set: u8,
    kind: Kind,
    appid: String,
    openid: String,
    event: String,
    rows: Vec<Kept>,
    phase: Phase,
    /// When the row that is looked at began.
    since_ms: i64,
    /// The push whose answer is waited for.
    push: Option<u64>,
    pre_auth_code: String,
    /// The one in QUERY_AUTH_CODE.
    code: String,
    /// The answer to it was empty.
    answered: bool,
    /// The token that redeeming it brought.
    token: Option<String>,
    /// The right message came.
    sent_ms: Option<i64>,
    /// What went wrong on the way to it.
    trouble: Option<Said>,
}

impl Run {
    fn set_row(&mut self, row: RowName, state: RowState, took_ms: Option<i64>, said: Option<Said>) {
        if let Some(kept) = self.rows.iter_mut().find(|kept| kept.row == row) {
            kept.state = state;
            kept.took_ms = took_ms;
            kept.said = said.map(|said| Said { en: shown(&said.en), zh: shown(&said.zh) });
        }
    }
}

/// How an attempt of a push went.
pub(crate) struct Heard {
    /// Why it was not taken.
    pub(crate) why: Option<Said>,
    /// The decrypted reply.
    pub(crate) reply: Option<String>,
    /// The answer was empty.
    pub(crate) empty: bool,
    pub(crate) took_ms: i64,
}

/// Why a check does not start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckError {
    /// One is running.
    Running,
    /// Pushes are off.
    NoPushes,
    /// There is no such set, or no such test account.
    NoSuchAccount,
}

impl Platform {
    /// Starts a check with the test account of a set (1–5) and kind; what is `None` is drawn. Answers its number.
    ///
    /// # Errors
    /// [`CheckError`].
    pub fn start_release_check(&mut self, now_ms: i64, set: Option<u8>, kind: Option<Kind>) -> Result<u64, CheckError> {
        if self.release_running() {
            return Err(CheckError::Running);
        }
        if !self.state.pushing {
            return Err(CheckError::NoPushes);
        }
        let id = self.state.next_id();
        let mut rng = Rng::stream(self.state.seed ^ STREAM, id);
        let set = set.unwrap_or(1 + rng.below(5) as u8);
        let kinds = [Kind::OfficialAccount, Kind::MiniProgram];
        let kind = kind.unwrap_or(kinds[usize::from(rng.below(2) == 1)]);
        let account =
            accounts::release(set, kind).filter(|_| kind != Kind::Website).ok_or(CheckError::NoSuchAccount)?;
        let event = EVENTS.get(rng.below(EVENTS.len() as u64) as usize).copied().unwrap_or("LOCATION");
        let appid = account.appid.clone();
        if !self.state.accounts.contains_key(&appid) {
            self.add_account(account, NUMBERS + 2 * u64::from(set) + u64::from(kind == Kind::MiniProgram));
        }
        // What a check that was cut short left behind.
        if let Some(state) = self.state.accounts.get_mut(&appid) {
            state.grant = None;
            state.server = None;
        }
        let row = |row: RowName| {
            let limit_ms = match row {
                RowName::ApiText => Some(API_MS),
                RowName::Authorize | RowName::Text | RowName::Event | RowName::Cancel => Some(ANSWER_MS),
                RowName::Ticket | RowName::PreAuthCode | RowName::AuthCode => None,
            };
            Kept { row, state: RowState::Waiting, took_ms: None, limit_ms, said: None }
        };
        let mut run = Run {
            id,
            started_ms: now_ms,
            ended_ms: None,
            set,
            kind,
            openid: openid_of(&appid),
            appid,
            event: event.to_owned(),
            rows: RowName::ALL.map(row).to_vec(),
            phase: Phase::Ticket,
            since_ms: now_ms,
            push: None,
            pre_auth_code: String::new(),
            code: String::new(),
            answered: false,
            token: None,
            sent_ms: None,
            trouble: None,
        };
        self.begin_phase(now_ms, &mut run);
        if self.state.release.len() >= KEPT {
            self.state.release.pop_front();
        }
        self.state.release.push_back(run);
        self.signal.notify_one();
        self.touched();
        Ok(id)
    }

    /// The checks, newest first, with texts in Chinese or English.
    pub fn release_checks(&self, english: bool) -> Vec<Rehearsal> {
        let row = |kept: &Kept| Row {
            row: kept.row,
            state: kept.state,
            took_ms: kept.took_ms,
            limit_ms: kept.limit_ms,
            text: kept.said.as_ref().map(|said| if english { said.en.clone() } else { said.zh.clone() }),
        };
        let view = |run: &Run| Rehearsal {
            id: run.id,
            started_at: run.started_ms,
            ended_at: run.ended_ms,
            set: run.set,
            kind: run.kind,
            appid: run.appid.clone(),
            rows: run.rows.iter().map(row).collect(),
        };
        self.state.release.iter().rev().map(view).collect()
    }

    pub(crate) fn release_running(&self) -> bool {
        self.state.release.back().is_some_and(|run| run.ended_ms.is_none())
    }

    /// When a check gives up what it waits for.
    pub(crate) fn release_deadline_ms(&self) -> Option<i64> {
        let run = self.state.release.back().filter(|run| run.ended_ms.is_none())?;
        Some(run.since_ms + run.phase.patience_ms())
    }

    /// The check that runs, taken out; it is to be put back.
    fn take_run(&mut self) -> Option<Run> {
        if self.release_running() { self.state.release.pop_back() } else { None }
    }

    fn put_back(&mut self, run: Run) {
        self.state.release.push_back(run);
        self.signal.notify_one();
        self.touched();
    }

    /// Looks at what time alone changes.
    pub(crate) fn release_step(&mut self, now: i64) {
        let Some(deadline) = self.release_deadline_ms() else { return };
        let token = self.has_component_token(now);
        let waits_for_token = self.state.release.back().is_some_and(|run| run.phase == Phase::Token);
        if now < deadline && !(waits_for_token && token) {
            return;
        }
        let Some(mut run) = self.take_run() else { return };
        if waits_for_token && token {
            self.ticket_used(now, &mut run);
        } else {
            let why = run.trouble.take().unwrap_or_else(|| match run.phase {
                Phase::Token => said(
                    "the ticket was taken, and no component_access_token was fetched with it",
                    "已接收 ticket，但没有用它换取 component_access_token",
                ),
                Phase::Api if run.token.is_none() => {
                    said("api_query_auth was not called with this code", "没有用该授权码调用 api_query_auth")
                }
                Phase::Api => said("no customer-service message came", "没有收到客服接口发来的消息"),
                _ => said("the push could not be delivered", "推送一直没有送达"),
            });
            self.decide(now, &mut run, None, Some(why));
        }
        self.put_back(run);
    }

    fn has_component_token(&self, now: i64) -> bool {
        self.state.component_token.current.as_ref().is_some_and(|token| now < token.until_ms)
    }

    fn ticket_used(&mut self, now: i64, run: &mut Run) {
        let took = now - run.since_ms;
        let why = said(
            "the ticket was taken, and there is a component_access_token",
            "已接收 ticket，component_access_token 有效",
        );
        run.set_row(RowName::Ticket, RowState::Ok, Some(took), Some(why));
        run.phase = Phase::Authorize;
        self.begin_phase(now, run);
    }

    /// The row of the phase is green without `why`, else red; the next phase begins.
    fn decide(&mut self, now: i64, run: &mut Run, ok: Option<Said>, why: Option<Said>) {
        let took = (now - run.since_ms).max(0);
        self.decide_in(now, run, took, ok, why);
    }

    fn decide_in(&mut self, now: i64, run: &mut Run, took_ms: i64, ok: Option<Said>, why: Option<Said>) {
        if let Some(row) = run.phase.row() {
            let state = if why.is_some() { RowState::Failed } else { RowState::Ok };
            run.set_row(row, state, Some(took_ms), why.or(ok));
        }
        run.phase = run.phase.next();
        self.begin_phase(now, run);
    }

    /// Does what WeChat does first in a phase; a push that cannot even be made is a red row.
    fn begin_phase(&mut self, now: i64, run: &mut Run) {
        loop {
            run.since_ms = now;
            run.trouble = None;
            if let Some(row) = run.phase.row() {
                run.set_row(row, RowState::Running, None, None);
            }
            self.acting = Origin::Check;
            run.push = self.phase_push(now, run);
            self.acting = Origin::Act;
            if run.phase == Phase::Over {
                run.ended_ms = Some(now);
                return;
            }
            if run.push.is_some() {
                return;
            }
            if let Some(row) = run.phase.row() {
                let why = said("the push was not sent", "推送没有发出");
                run.set_row(row, RowState::Failed, None, Some(why));
            }
            run.phase = run.phase.next();
        }
    }

    fn phase_push(&mut self, now: i64, run: &mut Run) -> Option<u64> {
        let text =
            |content: &str| vec![("MsgType".to_owned(), "text".to_owned()), ("Content".to_owned(), content.to_owned())];
        let (appid, openid) = (run.appid.clone(), run.openid.clone());
        match run.phase {
            Phase::Ticket => {
                self.state.next_ticket_ms = Some(now + self.config.ticket_interval_s * 1000);
                self.queue_ticket(now)
            }
            Phase::Authorize => self.authorize_itself(now, run),
            Phase::Event => {
                let fields = event(&run.event, &mut Rng::stream(self.state.seed ^ STREAM, run.id + 1));
                self.send_message(now, &appid, &openid, &fields)
            }
            Phase::Text => self.send_message(now, &appid, &openid, &text(TEXT)),
            Phase::Api => {
                run.code = self.make_auth_code(now, &appid).0;
                self.send_message(now, &appid, &openid, &text(&format!("QUERY_AUTH_CODE:{}", run.code)))
            }
            Phase::Cancel => {
                self.take_queued();
                self.unauthorize(now, &appid);
                self.take_queued()
            }
            Phase::Token | Phase::Over => None,
        }
    }

    /// The account grants everything, as its administrator would.
    fn authorize_itself(&mut self, now: i64, run: &mut Run) -> Option<u64> {
        run.pre_auth_code = format!("preauthcode@@@{}", self.state.rng.url_safe(64));
        let until_ms = now + self.config.pre_auth_code_life_s * 1000;
        self.state.pre_auth_codes.insert(run.pre_auth_code.clone(), PreAuthCode { until_ms, used: true });
        let itself = |zh: &str| said("made by the check itself", zh);
        run.set_row(RowName::PreAuthCode, RowState::Ok, Some(0), Some(itself("由检测自行生成")));
        let sets = self.published_sets(run.kind).to_vec();
        self.grant(now, &run.appid, sets);
        let (code, until_ms) = self.make_auth_code(now, &run.appid);
        run.set_row(RowName::AuthCode, RowState::Ok, Some(0), Some(itself("由检测自行获取")));
        let expires = until_ms.div_euclid(1000).to_string();
        let fields = [
            ("AuthorizationCode", code.as_str()),
            ("AuthorizationCodeExpiredTime", expires.as_str()),
            ("PreAuthCode", run.pre_auth_code.as_str()),
        ];
        self.queue_event(now, "authorized", &run.appid, &fields)
    }

    /// An attempt of a push ended.
    pub(crate) fn release_heard(&mut self, now: i64, id: u64, heard: &Heard) {
        if !self.state.release.back().is_some_and(|run| run.ended_ms.is_none() && run.push == Some(id)) {
            return;
        }
        let Some(mut run) = self.take_run() else { return };
        run.push = None;
        let taken = |what: &str| Some(said(format!("{what}: taken"), format!("{what}：已接收")));
        match (run.phase, heard.why.clone()) {
            (Phase::Ticket, None) => {
                run.phase = Phase::Token;
                if self.has_component_token(now) {
                    self.ticket_used(now, &mut run);
                }
            }
            (Phase::Api, None) if heard.empty => {
                run.answered = true;
                self.api_done(now, &mut run);
            }
            (Phase::Api, None) => {
                let came = came(heard);
                let en = format!("the answer should have been empty; it was {}", came.en);
                let why = said(en, format!("应立即回应空串，实际为{}", came.zh));
                self.decide_in(now, &mut run, heard.took_ms, None, Some(why));
            }
            (Phase::Event, None) => {
                let (sent, wanted) = (run.event.clone(), format!("{}from_callback", run.event));
                let (ok, why) = compared(&sent, &wanted, heard);
                self.decide_in(now, &mut run, heard.took_ms, ok, why);
            }
            (Phase::Text, None) => {
                let (ok, why) = compared(TEXT, &format!("{TEXT}_callback"), heard);
                self.decide_in(now, &mut run, heard.took_ms, ok, why);
            }
            (phase, why) => {
                let what = if phase == Phase::Authorize { "authorized" } else { "unauthorized" };
                self.decide_in(now, &mut run, heard.took_ms, taken(what), why);
            }
        }
        self.put_back(run);
    }

    /// A call of the platform was answered.
    pub(crate) fn release_call(&mut self, now: i64, req: &Request, body: &Value, errcode: i64, answer: &Value) {
        let Some(mut run) = self.take_run() else { return };
        let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        match (run.phase, req.path.as_str()) {
            (Phase::Token, _) if self.has_component_token(now) => self.ticket_used(now, &mut run),
            (Phase::Api, "/cgi-bin/component/api_query_auth") => {
                let sent = text("/authorization_code");
                let token = answer.pointer("/authorization_info/authorizer_access_token").and_then(Value::as_str);
                if sent == run.code && errcode == 0 {
                    run.token = token.map(str::to_owned);
                } else if sent == run.code {
                    run.trouble = Some(said(
                        format!("api_query_auth was answered {errcode}"),
                        format!("api_query_auth 返回 {errcode}"),
                    ));
                } else if errcode != 0 {
                    let sent = shown(sent);
                    run.trouble = Some(said(
                        format!("api_query_auth was called with another code: {sent}"),
                        format!("调用 api_query_auth 的授权码不对：{sent}"),
                    ));
                }
            }
            (Phase::Api, "/cgi-bin/message/custom/send") if self.token_is_of(req, &run.appid) => {
                let token =
                    req.query.iter().find(|(name, _)| name == "access_token" || name == "component_access_token");
                let wanted = format!("{}_from_api", run.code);
                let content = text("/text/content");
                let why = if content != wanted || text("/touser") != run.openid {
                    let content = shown(content);
                    Some(said(
                        format!(
                            "the message should have been the code and _from_api, to the sender; it was {content:?}"
                        ),
                        format!("应向发送者发送“授权码_from_api”，实际发送：{content}"),
                    ))
                } else if token.map(|(_, token)| token) != run.token.as_ref() {
                    Some(said(
                        "the message was sent with a token that is not of this api_query_auth call",
                        "发送消息所用的令牌不是由本次 api_query_auth 得到的",
                    ))
                } else if errcode != 0 {
                    // It may be tried again.
                    run.trouble = Some(said(
                        format!("custom/send was answered {errcode}"),
                        format!("custom/send 返回 {errcode}"),
                    ));
                    None
                } else {
                    run.sent_ms = Some(now);
                    self.api_done(now, &mut run);
                    None
                };
                if why.is_some() {
                    self.decide(now, &mut run, None, why);
                }
            }
            _ => {}
        }
        self.put_back(run);
    }

    fn token_is_of(&self, req: &Request, appid: &str) -> bool {
        let sent = req.query.iter().find(|(name, _)| name == "access_token" || name == "component_access_token");
        let owner = sent.and_then(|(_, token)| self.owner_of(token));
        owner.is_some_and(|owner| matches!(owner, crate::state::Owner::Authorizer(of) if of == appid))
    }

    /// Both came: the empty answer, and the message.
    fn api_done(&mut self, now: i64, run: &mut Run) {
        let Some(sent) = run.sent_ms.filter(|_| run.answered) else { return };
        let text = format!("QUERY_AUTH_CODE:{} → {}_from_api", shown(&run.code), shown(&run.code));
        let took = sent - run.since_ms;
        self.decide_in(now, run, took, Some(said(text.clone(), text)), None);
    }
}

/// The fields of an event that a check sends.
fn event(name: &str, rng: &mut Rng) -> Vec<(String, String)> {
    match name {
        "CLICK" => script::tapped("click", "V1001_RELEASE_CHECK", rng),
        "VIEW" => script::tapped("view", "https://www.example.com/", rng),
        "SCAN" => script::scanned(rng),
        "subscribe" => {
            let mut fields = event_fields(name);
            fields.push(("EventKey".to_owned(), String::new()));
            fields
        }
        other => script::fields(other, 0, rng),
    }
}

/// What came instead of what was wanted.
fn came(heard: &Heard) -> Said {
    match &heard.reply {
        Some(reply) => match reply::content(reply) {
            Some(content) => said(format!("{:?}", shown(&content)), format!("“{}”", shown(&content))),
            None => said(shown(reply), shown(reply)),
        },
        None if heard.empty => said("nothing", "空串"),
        None => said("success", " success"),
    }
}

/// A reply against the text that it should have.
fn compared(sent: &str, wanted: &str, heard: &Heard) -> (Option<Said>, Option<Said>) {
    if heard.reply.as_deref().and_then(reply::content).as_deref() == Some(wanted) {
        let text = format!("{sent} → {wanted}");
        return (Some(said(text.clone(), text)), None);
    }
    let came = came(heard);
    let en = format!("{sent}: {wanted:?} should have been answered; it was {}", came.en);
    (None, Some(said(en, format!("{sent}：应回复“{wanted}”，实际为{}", came.zh))))
}
