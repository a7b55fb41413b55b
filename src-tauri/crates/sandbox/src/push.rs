//! Owns: pushes: tickets, authorization events, messages; their schedule and retries.
//! Must not: send anything; the pump does, and reports back.
//! Invariant: every attempt of a push carries the same bytes (B.1).

use serde::{Deserialize, Serialize};
use wechat::XmlWriter;

use crate::fault::{self, Effect, Target};
use crate::platform::Platform;
use crate::seal::{Salt, Sealed, Sealer};
use crate::state::{Ticket, remember};

/// InfoType of a ticket push.
pub const TICKET: &str = "component_verify_ticket";

/// Which of the two URLs a push goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PushKind {
    /// 授权事件接收URL.
    Event,
    /// 消息与事件接收URL.
    Message,
}

/// One attempt of a push, ready to be sent as `POST {url}?{query}` with `Content-Type: text/xml`.
#[derive(Clone, PartialEq, Eq)]
pub struct Push {
    /// Number of the push; the same for all its attempts.
    pub id: u64,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// Which URL.
    pub kind: PushKind,
    /// Absolute URL without query.
    pub url: String,
    /// The path of `url`.
    pub path: String,
    /// Percent-encoded, without `?`.
    pub query: String,
    /// `text/xml`, or `application/json` for a mini program that chose JSON.
    pub content_type: &'static str,
    /// The envelope.
    pub body: Vec<u8>,
    /// InfoType, or `message`.
    pub info_type: String,
    /// The account it is about.
    pub appid: Option<String>,
}

impl std::fmt::Debug for Push {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { id, attempt, path, info_type, .. } = self;
        write!(f, "Push {{ id: {id}, attempt: {attempt}, path: {path:?}, info_type: {info_type:?} }}")
    }
}

/// How an attempt went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushOutcome {
    /// An answer came within the time limit.
    Answered {
        /// HTTP status.
        status: u16,
        /// The body.
        body: Vec<u8>,
    },
    /// None came in time.
    TimedOut,
    /// The connection could not be made or broke; why.
    Failed(String),
}

/// A push that has not been taken yet.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PendingPush {
    kind: PushKind,
    info_type: String,
    appid: Option<String>,
    ticket: Option<String>,
    query: String,
    body: String,
    due_ms: i64,
    attempts: u32,
    started_ms: Option<i64>,
    /// Waits for the next push to be queued.
    held: bool,
}

/// One attempt as shown on the status page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PushRecord {
    /// Milliseconds of the sandbox's clock.
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
}

struct Draft<'a> {
    kind: PushKind,
    info_type: &'a str,
    appid: Option<&'a str>,
    ticket: Option<String>,
    /// Receiver in a message's envelope.
    to_user_name: Option<&'a str>,
    openid: Option<&'a str>,
    xml: String,
}

impl Platform {
    /// Whether pushes are sent at all; a platform without a reachable URL keeps them back.
    pub fn set_pushing(&mut self, on: bool) {
        self.state.pushing = on;
        self.signal.notify_one();
    }

    /// The attempts that are due; each must be reported with [`Platform::push_result`]. Makes a ticket when the
    /// cycle says so. After a jump of the clock there is one ticket, not one for each missed cycle.
    pub fn due_pushes(&mut self, now_ms: i64) -> Vec<Push> {
        if !self.state.pushing {
            return Vec::new();
        }
        let interval = (self.config.ticket_interval_s * 1000).max(1);
        // A clock set back must not silence the tickets for as long as it was set back.
        let next = self.state.next_ticket_ms.map(|next| next.min(now_ms + interval));
        self.state.next_ticket_ms = next;
        if next.is_none_or(|next| now_ms >= next) {
            self.queue_ticket(now_ms);
            self.state.next_ticket_ms = Some(now_ms + interval);
        }
        let mut due: Vec<(i64, u64)> = self
            .state
            .pushes
            .iter()
            .filter(|(_, p)| !p.held && p.started_ms.is_none() && p.due_ms <= now_ms)
            .map(|(id, p)| (p.due_ms, *id))
            .collect();
        due.sort_unstable();
        due.into_iter().filter_map(|(_, id)| self.start_attempt(id, now_ms)).collect()
    }

    /// When [`Platform::due_pushes`] will next have something; `None` while pushes are off.
    pub fn next_push_ms(&self) -> Option<i64> {
        if !self.state.pushing {
            return None;
        }
        let waiting = self.state.pushes.values().filter(|p| !p.held && p.started_ms.is_none()).map(|p| p.due_ms);
        // A ticket that was never scheduled is due at once.
        waiting.chain([self.state.next_ticket_ms.unwrap_or(i64::MIN)]).min()
    }

    fn start_attempt(&mut self, id: u64, now: i64) -> Option<Push> {
        let (kind, appid) = self.state.pushes.get(&id).map(|p| (p.kind, p.appid.clone()))?;
        let url = self.push_url(kind, appid.as_deref());
        let pending = self.state.pushes.get_mut(&id)?;
        pending.attempts += 1;
        pending.started_ms = Some(now);
        let path = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
        let path = path.find('/').and_then(|at| path.get(at..)).unwrap_or("/").to_owned();
        Some(Push {
            id,
            attempt: pending.attempts,
            kind,
            path,
            url,
            query: pending.query.clone(),
            content_type: "text/xml",
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

    /// Reports an attempt. A push is taken by HTTP 200 with `success`, an empty body or, for messages, an XML reply;
    /// anything else is repeated 5 s after the attempt began, up to three more times.
    pub fn push_result(&mut self, id: u64, now_ms: i64, outcome: &PushOutcome) {
        let (retry_ms, retries) = (self.config.push_retry_ms, self.config.push_retries);
        let Some(pending) = self.state.pushes.get_mut(&id) else { return };
        let taken = match outcome {
            PushOutcome::Answered { status: 200, body } => {
                let text = String::from_utf8_lossy(body);
                let text = text.trim();
                text.is_empty() || text == "success" || (pending.kind == PushKind::Message && text.starts_with("<xml"))
            }
            _ => false,
        };
        let record = PushRecord {
            at_ms: now_ms,
            id,
            attempt: pending.attempts,
            info_type: pending.info_type.clone(),
            appid: pending.appid.clone(),
            outcome: match outcome {
                PushOutcome::Answered { .. } if taken => "taken".to_owned(),
                PushOutcome::Answered { status, .. } => format!("not taken: HTTP {status}"),
                PushOutcome::TimedOut => "no answer in time".to_owned(),
                PushOutcome::Failed(why) => format!("failed: {why}"),
            },
        };
        let ticket = pending.ticket.clone();
        if taken || pending.attempts > retries {
            self.state.pushes.remove(&id);
        } else {
            pending.due_ms = pending.started_ms.take().map_or(now_ms, |began| (began + retry_ms).max(now_ms));
        }
        if taken && let Some(ticket) = self.state.tickets.iter_mut().find(|t| Some(&t.value) == ticket.as_ref()) {
            ticket.taken_ms = Some(now_ms);
        }
        remember(&mut self.state.push_log, record);
        self.touched();
    }

    /// Attempts that a stopped process had begun count as failed.
    pub(crate) fn forget_pushes_under_way(&mut self) {
        for pending in self.state.pushes.values_mut() {
            pending.started_ms = None;
        }
    }

    /// A ticket at the next look, whatever the cycle says.
    pub fn push_ticket_now(&mut self, now_ms: i64) {
        self.resume_tickets(now_ms);
    }

    pub(crate) fn resume_tickets(&mut self, now: i64) {
        self.state.next_ticket_ms = Some(now);
        self.signal.notify_one();
    }

    fn queue_ticket(&mut self, now: i64) {
        let value = format!("ticket@@@{}", self.state.rng.url_safe(86));
        let life = self.config.ticket_life_s * 1000;
        // Ended tickets are remembered as long again, so that they are told from wrong ones (61005, 61006).
        self.state.tickets.retain(|t| now - t.issued_ms < 2 * life);
        self.state.tickets.push_back(Ticket { value: value.clone(), issued_ms: now, taken_ms: None });
        let mut xml = self.event_head(TICKET, now);
        xml.cdata("ComponentVerifyTicket", &value);
        let xml = xml.finish();
        let draft = Draft {
            kind: PushKind::Event,
            info_type: TICKET,
            appid: None,
            ticket: Some(value),
            to_user_name: None,
            openid: None,
            xml,
        };
        self.queue(now, draft);
    }

    fn event_head(&self, info_type: &str, now: i64) -> XmlWriter {
        let mut xml = XmlWriter::new();
        xml.cdata("AppId", &self.state.credentials.component_appid);
        xml.number("CreateTime", now.div_euclid(1000));
        xml.cdata("InfoType", info_type);
        xml
    }

    /// Queues an event about an account; `fields` are added after AuthorizerAppid.
    pub(crate) fn queue_event(&mut self, now: i64, info_type: &str, appid: &str, fields: &[(&str, &str)]) {
        let mut xml = self.event_head(info_type, now);
        xml.cdata("AuthorizerAppid", appid);
        for (name, value) in fields {
            // Numbers are bare in this protocol.
            if value.bytes().all(|b| b.is_ascii_digit()) {
                xml.text(name, value);
            } else {
                xml.cdata(name, value);
            }
        }
        let xml = xml.finish();
        let draft = Draft {
            kind: PushKind::Event,
            info_type,
            appid: Some(appid),
            ticket: None,
            to_user_name: None,
            openid: None,
            xml,
        };
        self.queue(now, draft);
    }

    /// Queues a message or event of a follower on the message URL of `appid`: `fields` follow CreateTime, numbers
    /// bare. False if there is no such account or it authorized nothing.
    pub fn push_message(&mut self, now_ms: i64, appid: &str, openid: &str, fields: &[(String, String)]) -> bool {
        self.note_action(now_ms, appid, openid, fields);
        let Some(state) = self.state.accounts.get(appid).filter(|a| a.grant.is_some()) else { return false };
        let user_name = state.account.user_name.clone();
        let mut xml = XmlWriter::new();
        xml.cdata("ToUserName", &user_name);
        xml.cdata("FromUserName", openid);
        xml.number("CreateTime", now_ms.div_euclid(1000));
        for (name, value) in fields {
            if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) && name != "Content" {
                xml.text(name, value);
            } else {
                xml.cdata(name, value);
            }
        }
        let is_event = fields.iter().any(|(name, value)| name == "MsgType" && value == "event");
        if !is_event && !fields.iter().any(|(name, _)| name == "MsgId") {
            // Ids of messages are 64-bit numbers that grow (K.1).
            let id = 24_000_000_000_000_000_u64 + self.state.next_id();
            xml.text("MsgId", &id.to_string());
        }
        let xml = xml.finish();
        let draft = Draft {
            kind: PushKind::Message,
            info_type: "message",
            appid: Some(appid),
            ticket: None,
            to_user_name: Some(&user_name),
            openid: Some(openid),
            xml,
        };
        self.queue(now_ms, draft);
        true
    }

    fn queue(&mut self, now: i64, draft: Draft<'_>) {
        let target = Target { now_ms: now, path: draft.info_type, appid: draft.appid, is_push: true };
        let effect = fault::strike(&mut self.state.faults, target, &mut self.state.rng).effect;
        let id = self.state.next_id();
        if matches!(effect, Some(Effect::PushSkip)) {
            let record = PushRecord {
                at_ms: now,
                id,
                attempt: 0,
                info_type: draft.info_type.to_owned(),
                appid: draft.appid.map(str::to_owned),
                outcome: "skipped by a fault".to_owned(),
            };
            remember(&mut self.state.push_log, record);
            return;
        }
        let Some(sealed) = self.seal(now, &draft, effect.as_ref()) else { return };
        let body = match draft.to_user_name {
            Some(user_name) => wechat::build_message_envelope(user_name, &sealed.encrypt),
            None => wechat::build_event_envelope(&self.state.credentials.component_appid, &sealed.encrypt),
        };
        let pending = PendingPush {
            kind: draft.kind,
            info_type: draft.info_type.to_owned(),
            appid: draft.appid.map(str::to_owned),
            ticket: draft.ticket,
            query: sealed.query,
            body,
            due_ms: now,
            attempts: 0,
            started_ms: None,
            held: matches!(effect, Some(Effect::PushReorder)),
        };
        if !pending.held {
            // The ones that were held back follow this one.
            for held in self.state.pushes.values_mut().filter(|p| p.held) {
                held.held = false;
                held.due_ms = now + 1;
            }
        }
        if matches!(effect, Some(Effect::PushDuplicate)) {
            let second = self.state.next_id();
            self.state.pushes.insert(second, pending.clone());
        }
        self.state.pushes.insert(id, pending);
        self.signal.notify_one();
        self.touched();
    }

    fn seal(&mut self, now: i64, draft: &Draft<'_>, damage: Option<&Effect>) -> Option<Sealed> {
        let random = self.state.rng.bytes16();
        let nonce = (100_000_000 + self.state.rng.below(1_900_000_000)).to_string();
        if !self.sealer.as_ref().is_some_and(|sealer| sealer.fits(&self.state.credentials)) {
            // Only a key set by hand can be refused; then nothing can be pushed, as on WeChat.
            self.sealer = Sealer::new(&self.state.credentials).ok();
        }
        let salt = Salt {
            random,
            timestamp_s: now.div_euclid(1000),
            nonce: &nonce,
            openid: draft.openid,
            with_previous_key: self.state.push_with_previous_key,
        };
        self.sealer.as_ref().map(|sealer| sealer.seal(draft.xml.as_bytes(), &salt, damage))
    }

    /// The last attempts, oldest first.
    pub fn recent_pushes(&self) -> impl DoubleEndedIterator<Item = &PushRecord> {
        self.state.push_log.iter()
    }

    /// Pushes that were not taken yet and will be repeated, or are under way.
    pub fn pending_pushes(&self) -> usize {
        self.state.pushes.len()
    }
}
