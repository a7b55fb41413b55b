//! Owns: making pushes: tickets, authorization events, messages.
//! Must not: send anything; `delivery` hands them to the pump, which reports back.
//! Invariant: every attempt of a push carries the same bytes (B.1).

use serde::{Deserialize, Serialize};
use wechat::XmlWriter;

use crate::crowd::script;
use crate::delivery::PushRecord;
use crate::fault::{self, Effect, Target};
use crate::fields::write_xml;
use crate::platform::Platform;
use crate::rng::Rng;
use crate::seal::{Salt, Sealed, Sealer};
use crate::server;
use crate::state::{Server, Ticket};

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

/// Who wanted a push.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Origin {
    /// The platform itself, or a single act.
    #[default]
    Act,
    /// The crowd.
    Crowd,
    /// The release check: it does not wait for a second attempt.
    Check,
}

/// A push that has not been taken yet.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PendingPush {
    pub(crate) kind: PushKind,
    pub(crate) info_type: String,
    pub(crate) appid: Option<String>,
    pub(crate) ticket: Option<String>,
    pub(crate) query: String,
    pub(crate) body: String,
    pub(crate) due_ms: i64,
    pub(crate) attempts: u32,
    pub(crate) started_ms: Option<i64>,
    /// Waits for the next push to be queued.
    pub(crate) held: bool,
    /// The account's own server that it goes to, instead of the platform's URLs.
    #[serde(default)]
    pub(crate) direct: Option<Server>,
    #[serde(default)]
    pub(crate) origin: Origin,
    /// The follower it is from.
    #[serde(default)]
    pub(crate) openid: Option<String>,
    /// MsgType, or `event` and the Event.
    #[serde(default)]
    pub(crate) what: Option<String>,
}

impl PendingPush {
    /// Whether it is to be sent once it is due; the platform's own wait until pushes are on.
    pub(crate) fn waits(&self, pushing: bool) -> bool {
        !self.held && self.started_ms.is_none() && (pushing || self.direct.is_some())
    }
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
    origin: Origin,
    what: Option<String>,
}

impl Platform {
    /// A ticket at the next look, whatever the cycle says.
    pub fn push_ticket_now(&mut self, now_ms: i64) {
        self.resume_tickets(now_ms);
    }

    pub(crate) fn resume_tickets(&mut self, now: i64) {
        self.state.next_ticket_ms = Some(now);
        self.signal.notify_one();
    }

    /// A new ticket; the number of its push.
    pub(crate) fn queue_ticket(&mut self, now: i64) -> Option<u64> {
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
            origin: Origin::Act,
            what: None,
        };
        self.queue(now, draft)
    }

    fn event_head(&self, info_type: &str, now: i64) -> XmlWriter {
        let mut xml = XmlWriter::new();
        xml.cdata("AppId", &self.state.credentials.component_appid);
        xml.number("CreateTime", now.div_euclid(1000));
        xml.cdata("InfoType", info_type);
        xml
    }

    /// Queues an event about an account; `fields` are added after AuthorizerAppid. Answers its number.
    pub(crate) fn queue_event(
        &mut self,
        now: i64,
        info_type: &str,
        appid: &str,
        fields: &[(&str, &str)],
    ) -> Option<u64> {
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
            origin: Origin::Act,
            what: None,
        };
        self.queue(now, draft)
    }

    /// Queues a message or event of a follower: for the account's own server if it has one, else for the message URL of
    /// the platform. `fields` follow CreateTime, numbers bare. False if neither wants it; the person has acted all the same.
    pub fn push_message(&mut self, now_ms: i64, appid: &str, openid: &str, fields: &[(String, String)]) -> bool {
        self.send_message(now_ms, appid, openid, fields);
        self.receives(appid)
    }

    /// The same, and answers the number of the push; `None` also when a fault swallowed it.
    pub fn send_message(&mut self, now_ms: i64, appid: &str, openid: &str, fields: &[(String, String)]) -> Option<u64> {
        self.note_action(now_ms, appid, openid, fields);
        let state = self.state.accounts.get(appid).filter(|a| a.grant.is_some() || a.server.is_some())?;
        let user_name = state.account.user_name.clone();
        let direct = state.server.clone();
        let mut all = vec![
            ("ToUserName".to_owned(), user_name.clone()),
            ("FromUserName".to_owned(), openid.to_owned()),
            ("CreateTime".to_owned(), now_ms.div_euclid(1000).to_string()),
        ];
        all.extend_from_slice(fields);
        let field = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        let what = match (field("MsgType").unwrap_or_default(), field("Event")) {
            ("event", Some(event)) => format!("event {event}"),
            (kind, _) => kind.to_owned(),
        };
        if field("MsgType") != Some("event") && field("MsgId").is_none() {
            // Ids of messages are 64-bit numbers that grow (K.1).
            let id = 24_000_000_000_000_000_u64 + self.state.next_id();
            all.push(("MsgId".to_owned(), id.to_string()));
        }
        let mut xml = XmlWriter::new();
        write_xml(&mut xml, &all);
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
            origin: self.acting,
            what: Some(what),
        };
        self.queue(now_ms, draft)
    }

    /// Whether anybody gets what happens at an account: the platform it authorized, or its own server.
    pub fn receives(&self, appid: &str) -> bool {
        self.state.accounts.get(appid).is_some_and(|a| a.grant.is_some() || a.server.is_some())
    }

    /// The number of the push that was queued last, once.
    pub fn take_queued(&mut self) -> Option<u64> {
        self.last_queued.take()
    }

    /// A person taps a leaf of the menu: `kind` is its type, `key` its key, URL or page.
    pub fn tap_menu(&mut self, now_ms: i64, appid: &str, openid: &str, kind: &str, key: &str) -> bool {
        // What is scanned, taken or chosen is made up, another one each time.
        let mut rng = Rng::stream(self.state.seed, self.state.last_id);
        let fields = script::tapped(kind, key, &mut rng);
        self.push_message(now_ms, appid, openid, &fields)
    }

    fn queue(&mut self, now: i64, draft: Draft<'_>) -> Option<u64> {
        let target = Target { now_ms: now, path: draft.info_type, appid: draft.appid, is_push: true };
        let effect = fault::strike(&mut self.state.faults, target, &mut self.state.rng).effect;
        let id = self.state.next_id();
        if matches!(effect, Some(Effect::PushSkip)) {
            self.record_skipped(now, id, &draft);
            return None;
        }
        let (query, body) = self.dressed(now, &draft, effect.as_ref())?;
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
            origin: draft.origin,
            openid: draft.openid.map(str::to_owned),
            what: draft.what,
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
        if pending.origin == Origin::Crowd {
            self.state.crowd.sent += 1;
        }
        self.state.pushes.insert(id, pending);
        self.last_queued = Some(id);
        self.signal.notify_one();
        self.touched();
        Some(id)
    }

    fn record_skipped(&mut self, now: i64, id: u64, draft: &Draft<'_>) {
        let record = PushRecord {
            at_ms: now,
            id,
            attempt: 0,
            info_type: draft.info_type.to_owned(),
            appid: draft.appid.map(str::to_owned),
            outcome: "skipped by a fault".to_owned(),
            reply: None,
            direct: draft.direct.is_some(),
            what: draft.what.clone(),
            openid: draft.openid.map(str::to_owned),
            took_ms: None,
            taken: false,
            last: true,
            shown: None,
            crowd: draft.origin == Origin::Crowd,
        };
        self.last_queued = Some(id);
        self.remember_push(record);
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
}
