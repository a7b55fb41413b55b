//! Owns: when pushes go out, their retries, and what is known of each attempt.
//! Must not: make a push; `push` does. Sends nothing; the pump does, and reports back.
//! Invariant: an attempt is recorded once, when it is reported; a push that is over is never sent again.

use serde::{Deserialize, Serialize};

use crate::platform::Platform;
use crate::push::{Origin, Push, PushKind, PushOutcome};
use crate::release::Heard;
use crate::reply::{self, Asked, Said, UNAVAILABLE, said};
use crate::server::{self, Answered};
use crate::state::{Format, Mode, Server, remember};
use crate::violation::ViolationKind;

/// One attempt as shown on the status page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PushRecord {
    /// When it ended, milliseconds of the sandbox's clock.
    pub at_ms: i64,
    /// Number of the push.
    pub id: u64,
    /// 1 for the first attempt; 0 when it was never sent.
    pub attempt: u32,
    /// InfoType, or `message`.
    pub info_type: String,
    /// The account it is about.
    pub appid: Option<String>,
    /// `taken`, or why not.
    pub outcome: String,
    /// The passive reply, decrypted: XML or JSON.
    #[serde(default)]
    pub reply: Option<String>,
    /// It went to the account's own server.
    #[serde(default)]
    pub direct: bool,
    /// MsgType of a message, `event` and the Event of an event.
    #[serde(default)]
    pub what: Option<String>,
    /// The follower it is from.
    #[serde(default)]
    pub openid: Option<String>,
    /// From sending it to the whole answer, or to giving up, in milliseconds; `None` when it was never sent.
    #[serde(default)]
    pub took_ms: Option<i64>,
    /// A good answer came.
    #[serde(default)]
    pub taken: bool,
    /// There is no further attempt.
    #[serde(default)]
    pub last: bool,
    /// What the follower reads instead of an answer, when the last attempt brought none.
    #[serde(default)]
    pub shown: Option<String>,
    /// The crowd sent it.
    #[serde(default)]
    pub crowd: bool,
}

/// Where a push stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PushState {
    /// The next attempt is not due, or pushes are off.
    Waiting,
    /// An attempt is on its way.
    UnderWay,
    /// Answered well.
    Taken,
    /// Given up after the last attempt.
    GivenUp,
    /// A fault kept it from being sent.
    Skipped,
}

/// A push with its attempts.
#[derive(Debug, Clone, Serialize)]
pub struct PushView {
    /// Its number.
    pub id: u64,
    /// Where it stands.
    pub state: PushState,
    /// InfoType, or `message`.
    pub info_type: String,
    /// MsgType of a message, `event` and the Event of an event.
    pub what: Option<String>,
    /// The account it is about.
    pub appid: Option<String>,
    /// The follower it is from.
    pub openid: Option<String>,
    /// The attempts that ended, oldest first; old ones are forgotten.
    pub attempts: Vec<PushRecord>,
}

/// Whether a follower sees that nothing came: he is in the chat when he wrote, tapped or followed.
fn in_the_chat(what: &str) -> bool {
    let Some(event) = what.strip_prefix("event ") else { return true };
    let taps = ["subscribe", "SCAN", "CLICK", "scancode_waitmsg", "location_select"];
    taps.contains(&event) || event.starts_with("pic_")
}

impl Platform {
    /// Whether pushes are sent at all; a platform without a reachable URL keeps them back.
    pub fn set_pushing(&mut self, on: bool) {
        self.state.pushing = on;
        self.receivers_changed();
        self.signal.notify_one();
    }

    /// The attempts that are due; each must be reported with [`Platform::push_result`]. Makes a ticket when the
    /// cycle says so. After a jump of the clock there is one ticket, not one for each missed cycle. Lets the crowd act
    /// and the release check go on.
    pub fn due_pushes(&mut self, now_ms: i64) -> Vec<Push> {
        if self.state.pushing {
            self.make_ticket(now_ms);
        }
        self.crowd_acts(now_ms);
        self.release_step(now_ms);
        let pushing = self.state.pushing;
        // Repetitions first: they come when WeChat sends them, also while many wait.
        let mut due: Vec<(bool, i64, u64)> = self
            .state
            .pushes
            .iter()
            .filter(|(_, p)| p.waits(pushing) && p.due_ms <= now_ms)
            .map(|(id, p)| (p.attempts == 0, p.due_ms, *id))
            .collect();
        due.sort_unstable();
        let mut room = self.room();
        let mut out = Vec::with_capacity(due.len());
        for (_, _, id) in due {
            if self.state.pushes.get(&id).is_some_and(|p| p.kind == PushKind::Message) {
                if room == 0 {
                    continue;
                }
                room -= 1;
            }
            out.extend(self.start_attempt(id, now_ms));
        }
        out
    }

    /// How many more messages may be on their way at once.
    fn room(&self) -> usize {
        let away = |p: &&crate::push::PendingPush| p.kind == PushKind::Message && p.started_ms.is_some();
        self.config.messages_at_once.saturating_sub(self.state.pushes.values().filter(away).count())
    }

    /// A new ticket if the cycle says so.
    fn make_ticket(&mut self, now_ms: i64) {
        let interval = (self.config.ticket_interval_s * 1000).max(1);
        // A clock set back must not silence the tickets for as long as it was set back.
        let next = self.state.next_ticket_ms.map(|next| next.min(now_ms + interval));
        self.state.next_ticket_ms = next;
        if next.is_none_or(|next| now_ms >= next) {
            self.queue_ticket(now_ms);
            self.state.next_ticket_ms = Some(now_ms + interval);
        }
    }

    /// When [`Platform::due_pushes`] will next have something; `None` while pushes are off and no account's own
    /// server waits for one.
    pub fn next_push_ms(&self) -> Option<i64> {
        let pushing = self.state.pushing;
        // Without room the end of an attempt is what is waited for.
        let room = self.room() > 0;
        let startable = |p: &&crate::push::PendingPush| p.waits(pushing) && (room || p.kind == PushKind::Event);
        let waiting = self.state.pushes.values().filter(startable).map(|p| p.due_ms);
        // A ticket that was never scheduled is due at once.
        let ticket = pushing.then(|| self.state.next_ticket_ms.unwrap_or(i64::MIN));
        waiting.chain(ticket).chain(self.next_crowd_ms()).chain(self.release_deadline_ms()).min()
    }

    fn start_attempt(&mut self, id: u64, now: i64) -> Option<Push> {
        let (kind, appid) = self.state.pushes.get(&id).map(|p| (p.kind, p.appid.clone()))?;
        let usual = self.push_url(kind, appid.as_deref());
        let pending = self.state.pushes.get_mut(&id)?;
        let (url, query, content_type) = match &pending.direct {
            Some(server) => {
                // The operator may have put parameters of his own into the URL (A.6).
                let (url, own) = server.url.split_once('?').unwrap_or((&server.url, ""));
                let joint = if own.is_empty() || own.ends_with('&') { "" } else { "&" };
                let kind = if server.format == Format::Json { "application/json" } else { "text/xml" };
                (url.to_owned(), format!("{own}{joint}{}", pending.query), kind)
            }
            None => (usual, pending.query.clone(), "text/xml"),
        };
        pending.attempts += 1;
        pending.started_ms = Some(now);
        if pending.origin == Origin::Crowd && pending.attempts > 1 {
            self.state.crowd.repeated += 1;
        }
        let path = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
        let path = path.find('/').and_then(|at| path.get(at..)).unwrap_or("/").to_owned();
        Some(Push {
            id,
            attempt: pending.attempts,
            kind,
            path,
            url,
            query,
            content_type,
            body: pending.body.clone().into_bytes(),
            info_type: pending.info_type.clone(),
            appid,
        })
    }

    /// Where pushes of `kind` go.
    fn push_url(&self, kind: PushKind, appid: Option<&str>) -> String {
        let base = self.config.push_base.as_deref().unwrap_or("http://127.0.0.1:8090").trim_end_matches('/');
        let component = &self.state.credentials.component_appid;
        match kind {
            PushKind::Event => {
                self.config.event_url.clone().unwrap_or_else(|| format!("{base}/wechat/{component}/event"))
            }
            PushKind::Message => {
                let pattern = self.config.message_url.clone();
                pattern
                    .unwrap_or_else(|| format!("{base}/wechat/{component}/callback/$APPID$"))
                    .replace("$APPID$", appid.unwrap_or_default())
            }
        }
    }

    /// Reports an attempt. A push is taken by HTTP 200 with `success`, an empty body or, for messages, a reply as K.3 has
    /// it; anything else is repeated 5 s after the attempt began, as often as the settings say.
    pub fn push_result(&mut self, id: u64, now_ms: i64, outcome: &PushOutcome) {
        let started = self.state.pushes.get(&id).and_then(|pending| pending.started_ms);
        self.push_ended(id, now_ms, started.map_or(0, |started| now_ms - started), outcome);
    }

    /// The same with the time it took on a watch, which moving the clock by hand does not touch.
    pub fn push_ended(&mut self, id: u64, now_ms: i64, took_ms: i64, outcome: &PushOutcome) {
        let (verdict, reply) = self.judged(id, outcome);
        let Some(pending) = self.state.pushes.get_mut(&id) else { return };
        let taken = verdict.is_ok();
        let retries = match (pending.origin, pending.kind) {
            (Origin::Check, PushKind::Message) => 0,
            (_, PushKind::Message) => self.config.message_retries,
            (_, PushKind::Event) => self.config.push_retries,
        };
        let last = taken || pending.attempts > retries;
        let message = pending.kind == PushKind::Message;
        let seen = message && in_the_chat(pending.what.as_deref().unwrap_or_default());
        let record = PushRecord {
            at_ms: now_ms,
            id,
            attempt: pending.attempts,
            info_type: pending.info_type.clone(),
            appid: pending.appid.clone(),
            direct: pending.direct.is_some(),
            outcome: verdict.as_ref().map_or_else(|why| why.en.clone(), |_| "taken".to_owned()),
            reply: reply.clone(),
            what: pending.what.clone(),
            openid: pending.openid.clone(),
            took_ms: Some(took_ms),
            taken,
            last,
            shown: (!taken && last && seen).then(|| UNAVAILABLE.to_owned()),
            crowd: pending.origin == Origin::Crowd,
        };
        let ticket = pending.ticket.clone();
        if last {
            self.state.pushes.remove(&id);
        } else {
            let retry_ms = self.config.push_retry_ms;
            pending.due_ms = pending.started_ms.take().map_or(now_ms, |began| (began + retry_ms).max(now_ms));
        }
        if last && !taken && record.crowd {
            self.state.crowd.lost += 1;
        }
        if taken && let Some(ticket) = self.state.tickets.iter_mut().find(|t| Some(&t.value) == ticket.as_ref()) {
            ticket.taken_ms = Some(now_ms);
        }
        if message {
            self.note_reply(now_ms, &record, &verdict, outcome);
        }
        let empty = matches!(verdict, Ok(true));
        self.remember_push(record);
        self.release_heard(now_ms, id, &Heard { why: verdict.err(), reply, empty, took_ms });
        self.done.notify_waiters();
        self.touched();
    }

    /// Whether an answer is good (`Ok(true)`: an empty one), or what is wrong with it; and the passive reply.
    fn judged(&self, id: u64, outcome: &PushOutcome) -> (Result<bool, Said>, Option<String>) {
        let (status, body) = match outcome {
            PushOutcome::Answered { status, body } => (*status, body),
            PushOutcome::TimedOut => return (Err(said("no answer in time", "5 秒内没有回应")), None),
            PushOutcome::Failed(why) => {
                return (Err(said(format!("failed: {why}"), format!("连接失败：{why}"))), None);
            }
        };
        if status != 200 {
            return (Err(said(format!("not taken: HTTP {status}"), format!("返回了 HTTP {status}"))), None);
        }
        match self.reading(id, body) {
            None => {
                let text = String::from_utf8_lossy(body);
                let text = text.trim();
                let good = text.is_empty() || text == "success";
                let why = || said("not taken: HTTP 200 without success", "返回了 HTTP 200，但内容不是 success");
                (if good { Ok(text.is_empty()) } else { Err(why()) }, None)
            }
            Some(Answered::Nothing { empty }) => (Ok(empty), None),
            Some(Answered::Malformed(why)) => (Err(not_taken(why)), None),
            Some(Answered::Reply(reply)) => match self.problem(id, &reply) {
                Some(why) => (Err(not_taken(why)), Some(reply)),
                None => (Ok(false), Some(reply)),
            },
        }
    }

    fn problem(&self, id: u64, reply: &str) -> Option<Said> {
        let pending = self.state.pushes.get(&id)?;
        let account = self.account(pending.appid.as_deref()?)?;
        let event = pending.what.as_deref().is_some_and(|what| what.starts_with("event"));
        let openid = pending.openid.as_deref().unwrap_or_default();
        reply::problem(reply, Asked { openid, user_name: &account.user_name, event })
    }

    /// What the answer to a message says; `None` for anything else.
    fn reading(&self, id: u64, body: &[u8]) -> Option<Answered> {
        let pending = self.state.pushes.get(&id).filter(|pending| pending.kind == PushKind::Message)?;
        let appid = pending.appid.as_deref().unwrap_or_default();
        if let Some(server) = &pending.direct {
            return Some(server::read_answer(server, appid, body));
        }
        // The platform's message URL: secure mode with the component's keys (A.4).
        let credentials = &self.state.credentials;
        let mut server = Server {
            url: String::new(),
            token: credentials.verify_token.clone(),
            encoding_aes_key: credentials.encoding_aes_key.clone(),
            mode: Mode::Secure,
            format: Format::Xml,
        };
        let read = server::read_answer(&server, &credentials.component_appid, body);
        // What was pushed with the former key is answered with it (A.8).
        match (&read, &credentials.previous_encoding_aes_key) {
            (Answered::Malformed(_), Some(previous)) => {
                server.encoding_aes_key.clone_from(previous);
                match server::read_answer(&server, &credentials.component_appid, body) {
                    Answered::Malformed(_) => Some(read),
                    other => Some(other),
                }
            }
            _ => Some(read),
        }
    }

    /// A malformed answer is the client's fault; a reply where WeChat wants none is unusual.
    fn note_reply(&mut self, now: i64, record: &PushRecord, verdict: &Result<bool, Said>, outcome: &PushOutcome) {
        let what = record.what.clone().unwrap_or_default();
        let subject = record.appid.clone().unwrap_or_default();
        if let (Err(why), PushOutcome::Answered { status: 200, .. }) = (verdict, outcome) {
            let detail = format!("push #{} ({what}): {}", record.id, why.en);
            self.violation(now, ViolationKind::MalformedReply, &subject, &detail);
        }
        let release = self.account(&subject).is_some_and(|account| account.release_set.is_some());
        if record.reply.is_some() && !release && matches!(what.as_str(), "event LOCATION" | "event unsubscribe") {
            self.notice(now, &format!("push #{} ({what}) of {subject} was answered with a reply", record.id));
        }
    }

    /// Attempts that a stopped process had begun count as failed.
    pub(crate) fn forget_pushes_under_way(&mut self) {
        for pending in self.state.pushes.values_mut() {
            pending.started_ms = None;
        }
    }

    /// The crowd's attempts do not push out the others.
    pub(crate) fn remember_push(&mut self, record: PushRecord) {
        let log = if record.crowd { &mut self.state.crowd_log } else { &mut self.state.push_log };
        remember(log, record);
    }

    /// The last attempts, oldest first, without the crowd's.
    pub fn recent_pushes(&self) -> impl DoubleEndedIterator<Item = &PushRecord> {
        self.state.push_log.iter()
    }

    /// The last attempts of the crowd, oldest first.
    pub fn recent_crowd_pushes(&self) -> impl DoubleEndedIterator<Item = &PushRecord> {
        self.state.crowd_log.iter()
    }

    /// A push and its attempts; `None` when there is none of this number, or it was forgotten.
    pub fn push_view(&self, id: u64) -> Option<PushView> {
        let records = self.state.push_log.iter().chain(&self.state.crowd_log);
        let attempts: Vec<PushRecord> = records.filter(|record| record.id == id).cloned().collect();
        if let Some(pending) = self.state.pushes.get(&id) {
            return Some(PushView {
                id,
                state: if pending.started_ms.is_some() { PushState::UnderWay } else { PushState::Waiting },
                info_type: pending.info_type.clone(),
                what: pending.what.clone(),
                appid: pending.appid.clone(),
                openid: pending.openid.clone(),
                attempts,
            });
        }
        let last = attempts.last()?.clone();
        let state = match last {
            PushRecord { attempt: 0, .. } => PushState::Skipped,
            PushRecord { taken: true, .. } => PushState::Taken,
            _ => PushState::GivenUp,
        };
        let PushRecord { info_type, what, appid, openid, .. } = last;
        Some(PushView { id, state, info_type, what, appid, openid, attempts })
    }

    /// Pushes that were not taken yet and will be repeated, or are under way.
    pub fn pending_pushes(&self) -> usize {
        self.state.pushes.len()
    }
}

fn not_taken(why: Said) -> Said {
    Said { en: format!("not taken: {}", why.en), zh: why.zh }
}
