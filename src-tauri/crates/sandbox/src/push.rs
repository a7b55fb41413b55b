//! Owns: pushes: tickets, authorization events, messages; their schedule and retries.
//! Must not: send anything; the pump does, and reports back.
//! Invariant: every attempt of a push carries the same bytes (B.1).

use serde::{Deserialize, Serialize};
use wechat::XmlWriter;

use crate::fault::{self, Effect, Target};
use crate::people::event_fields;
use crate::platform::Platform;
use crate::seal::{Salt, Sealed, Sealer};
use crate::server::{self, Answered};
use crate::state::{Format, Server, Ticket, remember};

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
    /// The account's own server that it goes to, instead of the platform's URLs.
    #[serde(default)]
    direct: Option<Server>,
}

impl PendingPush {
    /// Whether it is to be sent once it is due; the platform's own wait until pushes are on.
    fn waits(&self, pushing: bool) -> bool {
        !self.held && self.started_ms.is_none() && (pushing || self.direct.is_some())
    }
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
    /// The passive reply, decrypted: XML or JSON.
    #[serde(default)]
    pub reply: Option<String>,
    /// It went to the account's own server.
    #[serde(default)]
    pub direct: bool,
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
    /// The account's own server and the fields of the message.
    direct: Option<(Server, Vec<(String, String)>)>,
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
        if self.state.pushing {
            self.make_ticket(now_ms);
        }
        let pushing = self.state.pushing;
        let mut due: Vec<(i64, u64)> = self
            .state
            .pushes
            .iter()
            .filter(|(_, p)| p.waits(pushing) && p.due_ms <= now_ms)
            .map(|(id, p)| (p.due_ms, *id))
            .collect();
        due.sort_unstable();
        due.into_iter().filter_map(|(_, id)| self.start_attempt(id, now_ms)).collect()
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
        let waiting = self.state.pushes.values().filter(|p| p.waits(pushing)).map(|p| p.due_ms);
        // A ticket that was never scheduled is due at once.
        let ticket = pushing.then(|| self.state.next_ticket_ms.unwrap_or(i64::MIN));
        waiting.chain(ticket).min()
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

    /// Reports an attempt. A push is taken by HTTP 200 with `success`, an empty body or, for messages, an XML reply;
    /// anything else is repeated 5 s after the attempt began, up to three more times.
    pub fn push_result(&mut self, id: u64, now_ms: i64, outcome: &PushOutcome) {
        let (retry_ms, retries) = (self.config.push_retry_ms, self.config.push_retries);
        let reading = self.reading(id, outcome);
        let Some(pending) = self.state.pushes.get_mut(&id) else { return };
        let taken = match (outcome, &reading) {
            (PushOutcome::Answered { status: 200, .. }, Some(reading)) if pending.direct.is_some() => {
                !matches!(reading, Answered::Malformed(_))
            }
            (PushOutcome::Answered { status: 200, body }, _) => {
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
            direct: pending.direct.is_some(),
            outcome: match (outcome, &reading) {
                (PushOutcome::Answered { status: 200, .. }, Some(Answered::Malformed(why))) if !taken => {
                    format!("not taken: {why}")
                }
                (outcome, _) => match outcome {
                    PushOutcome::Answered { .. } if taken => "taken".to_owned(),
                    PushOutcome::Answered { status, .. } => format!("not taken: HTTP {status}"),
                    PushOutcome::TimedOut => "no answer in time".to_owned(),
                    PushOutcome::Failed(why) => format!("failed: {why}"),
                },
            },
            reply: match reading {
                Some(Answered::Reply(reply)) => Some(reply),
                _ => None,
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

    /// What the answer to a message says; `None` for anything else.
    fn reading(&self, id: u64, outcome: &PushOutcome) -> Option<Answered> {
        let PushOutcome::Answered { status: 200, body } = outcome else { return None };
        let pending = self.state.pushes.get(&id).filter(|pending| pending.kind == PushKind::Message)?;
        let appid = pending.appid.as_deref().unwrap_or_default();
        if let Some(server) = &pending.direct {
            return Some(server::read_answer(server, appid, body));
        }
        // The platform's message URL: secure mode with the component's keys (A.4).
        let credentials = &self.state.credentials;
        let server = Server {
            url: String::new(),
            token: credentials.verify_token.clone(),
            encoding_aes_key: credentials.encoding_aes_key.clone(),
            mode: crate::state::Mode::Secure,
            format: Format::Xml,
        };
        Some(server::read_answer(&server, &credentials.component_appid, body))
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
            direct: None,
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
            direct: None,
        };
        self.queue(now, draft);
    }

    /// Queues a message or event of a follower: for the account's own server if it has one, else for the message URL of
    /// the platform. `fields` follow CreateTime, numbers bare. False if neither wants it.
    pub fn push_message(&mut self, now_ms: i64, appid: &str, openid: &str, fields: &[(String, String)]) -> bool {
        self.note_action(now_ms, appid, openid, fields);
        let Some(state) = self.state.accounts.get(appid).filter(|a| a.grant.is_some() || a.server.is_some()) else {
            return false;
        };
        let user_name = state.account.user_name.clone();
        let direct = state.server.clone();
        let mut all = vec![
            ("ToUserName".to_owned(), user_name.clone()),
            ("FromUserName".to_owned(), openid.to_owned()),
            ("CreateTime".to_owned(), now_ms.div_euclid(1000).to_string()),
        ];
        all.extend_from_slice(fields);
        let is_event = fields.iter().any(|(name, value)| name == "MsgType" && value == "event");
        if !is_event && !fields.iter().any(|(name, _)| name == "MsgId") {
            // Ids of messages are 64-bit numbers that grow (K.1).
            let id = 24_000_000_000_000_000_u64 + self.state.next_id();
            all.push(("MsgId".to_owned(), id.to_string()));
        }
        let mut xml = XmlWriter::new();
        server::write_xml(&mut xml, &all);
        let xml = xml.finish();
        let draft = Draft {
            kind: PushKind::Message,
            info_type: "message",
            appid: Some(appid),
            ticket: None,
            to_user_name: Some(&user_name),
            openid: Some(openid),
            xml,
            direct: direct.map(|server| (server, all)),
        };
        self.queue(now_ms, draft);
        true
    }

    /// A person taps a leaf of the menu: `kind` is its type, `key` its key, URL or page.
    pub fn tap_menu(&mut self, now_ms: i64, appid: &str, openid: &str, kind: &str, key: &str) -> bool {
        let event = match kind {
            "click" => "CLICK",
            "view" => "VIEW",
            "miniprogram" | "view_miniprogram" => "view_miniprogram",
            other => other,
        };
        let mut fields = event_fields(event);
        let mut add = |name: &str, value: &str| fields.push((name.to_owned(), value.to_owned()));
        add("EventKey", key);
        if matches!(event, "scancode_push" | "scancode_waitmsg") {
            add("ScanCodeInfo.ScanType", "qrcode");
            add("ScanCodeInfo.ScanResult", "https://www.example.com/scanned");
        }
        if event == "location_select" {
            for (name, value) in
                [("Location_X", "30.28"), ("Location_Y", "120.15"), ("Scale", "16"), ("Label", "杭州"), ("Poiname", "")]
            {
                add(&format!("SendLocationInfo.{name}"), value);
            }
        }
        if matches!(event, "pic_sysphoto" | "pic_photo_or_album" | "pic_weixin") {
            add("SendPicsInfo.Count", "1");
        }
        self.push_message(now_ms, appid, openid, &fields)
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
                reply: None,
                direct: draft.direct.is_some(),
            };
            remember(&mut self.state.push_log, record);
            return;
        }
        let Some((query, body)) = self.dressed(now, &draft, effect.as_ref()) else { return };
        let pending = PendingPush {
            kind: draft.kind,
            info_type: draft.info_type.to_owned(),
            appid: draft.appid.map(str::to_owned),
            ticket: draft.ticket,
            query,
            body,
            due_ms: now,
            attempts: 0,
            started_ms: None,
            held: matches!(effect, Some(Effect::PushReorder)),
            direct: draft.direct.map(|(server, _)| server),
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

    /// Query and body of a push.
    fn dressed(&mut self, now: i64, draft: &Draft<'_>, damage: Option<&Effect>) -> Option<(String, String)> {
        if let Some((server, fields)) = &draft.direct {
            let random = self.state.rng.bytes16();
            let nonce = (100_000_000 + self.state.rng.below(1_900_000_000)).to_string();
            let salt = server::Salt {
                random,
                timestamp_s: now.div_euclid(1000),
                nonce: &nonce,
                openid: draft.openid.unwrap_or_default(),
            };
            let dressed = server::dress(server, draft.appid.unwrap_or_default(), fields, &salt, damage)?;
            return Some((dressed.query, dressed.body));
        }
        let sealed = self.seal(now, draft, damage)?;
        let body = match draft.to_user_name {
            Some(user_name) => wechat::build_message_envelope(user_name, &sealed.encrypt),
            None => wechat::build_event_envelope(&self.state.credentials.component_appid, &sealed.encrypt),
        };
        Some((sealed.query, body))
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
