//! Decrypted messages and events on the message URL; here their head: who, to whom, when, what kind, what text.
//!
//! Owns: the few fields that routing, deduplication and rules need. Everything else about a document, which only the
//! few that are looked at pay for, is in the modules below: its fields as a tree, its typed contents, its words.
//! Must not: interpret contents.
//! Invariant: one pass, borrowed from the document, and no panic on any input. This runs for every follower's action.

mod document;
mod json;
mod kinds;
mod summary;
mod words;

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::IgnoredAny;

pub use document::{Field, Node, masked_document, tree};
pub use kinds::{
    AuditOutcome, Coordinate, Message, MessageKind, PictureSource, Place, SubscribedTemplate, SubscriptionStep,
    Verification, parse_message,
};
pub use summary::{SUMMARY_CHARS, is_secret_field, masked, summary};
pub use words::{field_label, kind_label};

use crate::xml::{FieldSink, XmlError, read_flat};

/// The head of a message or event.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MessageHead<'a> {
    /// The account's original id (`gh_…`).
    pub to_user_name: Cow<'a, str>,
    /// The follower's openid.
    pub from_user_name: Cow<'a, str>,
    /// Unix seconds; the same in every repetition.
    pub create_time: i64,
    /// `text`, `image`, …, or `event`.
    pub msg_type: Cow<'a, str>,
    /// The event's name, case as pushed; only when `msg_type` is `event`.
    pub event: Option<Cow<'a, str>>,
    /// Menu key, scene or URL; empty values are `None`.
    pub event_key: Option<Cow<'a, str>>,
    /// Of the parametric QR code that was scanned (`subscribe`, `SCAN`): names its picture, and is no secret. Empty
    /// values are `None`.
    pub ticket: Option<Cow<'a, str>>,
    /// Of messages only. An event's `MsgID` (capital D) names another message and is not read here.
    pub msg_id: Option<u64>,
    /// What a rule compares: `Content` of a text, `Recognition` of a voice, `Label` of a place, `Title` of a link. Of
    /// messages only; empty values are `None`. In a release check it holds an authorization code.
    pub text: Option<Cow<'a, str>>,
}

/// The elements of [`MessageHead::text`]; of a kind that has several of them, the first here counts.
const TEXTS: [&str; 4] = ["Content", "Recognition", "Label", "Title"];

#[derive(Default)]
struct Reading<'a> {
    head: MessageHead<'a>,
    has_time: bool,
    /// Place in [`TEXTS`] of the text in `head`.
    rank: usize,
}

impl<'a> FieldSink<'a> for Reading<'a> {
    fn field(&mut self, name: &str, value: Cow<'a, str>) -> Result<(), XmlError> {
        let head = &mut self.head;
        match name {
            "ToUserName" => head.to_user_name = value,
            "FromUserName" => head.from_user_name = value,
            "CreateTime" => {
                head.create_time = value.trim().parse().map_err(|_| XmlError::NotANumber("CreateTime"))?;
                self.has_time = true;
            }
            "MsgType" => head.msg_type = value,
            "Event" => head.event = Some(value).filter(|v| !v.is_empty()),
            "EventKey" => head.event_key = Some(value).filter(|v| !v.is_empty()),
            "Ticket" => head.ticket = Some(value).filter(|v| !v.is_empty()),
            "MsgId" => head.msg_id = Some(value.trim().parse().map_err(|_| XmlError::NotANumber("MsgId"))?),
            "Content" | "Recognition" | "Label" | "Title" if !value.is_empty() => {
                let rank = TEXTS.iter().position(|text| *text == name).unwrap_or(TEXTS.len());
                if head.text.is_none() || rank <= self.rank {
                    head.text = Some(value);
                    self.rank = rank;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Reads the head of a decrypted XML message.
///
/// # Errors
/// A document that is not well formed, that has a DOCTYPE, or that lacks `FromUserName`, `CreateTime` or `MsgType`.
pub fn parse_message_head(xml: &[u8]) -> Result<MessageHead<'_>, XmlError> {
    let Reading { head, has_time, .. } = read_flat::<Reading<'_>>(xml)?;
    complete(head, has_time)
}

fn complete(mut head: MessageHead<'_>, has_time: bool) -> Result<MessageHead<'_>, XmlError> {
    if head.from_user_name.is_empty() {
        return Err(XmlError::Missing("FromUserName"));
    }
    if head.msg_type.is_empty() {
        return Err(XmlError::Missing("MsgType"));
    }
    if !has_time {
        return Err(XmlError::Missing("CreateTime"));
    }
    if head.is_event() {
        head.text = None;
    }
    Ok(head)
}

/// Reads the head of a decrypted JSON message, which only a mini program that chose JSON sends.
///
/// # Errors
/// As [`parse_message_head`].
pub fn parse_message_head_json(json: &[u8]) -> Result<MessageHead<'_>, XmlError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Json<'a> {
        #[serde(borrow, default)]
        to_user_name: Cow<'a, str>,
        #[serde(borrow, default)]
        from_user_name: Cow<'a, str>,
        create_time: Option<i64>,
        #[serde(borrow, default)]
        msg_type: Cow<'a, str>,
        #[serde(borrow, default)]
        event: Option<Cow<'a, str>>,
        #[serde(borrow, default)]
        event_key: Option<Cow<'a, str>>,
        #[serde(borrow, default)]
        ticket: Option<Cow<'a, str>>,
        msg_id: Option<u64>,
        #[serde(default)]
        content: Loose,
        #[serde(default)]
        recognition: Loose,
        #[serde(default)]
        label: Loose,
        #[serde(default)]
        title: Loose,
    }
    /// A text, or anything else, which is none and no reason to refuse a message of a kind that is not known.
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Loose {
        Text(String),
        Other(IgnoredAny),
    }
    impl Default for Loose {
        fn default() -> Self {
            Self::Other(IgnoredAny)
        }
    }
    let json: Json<'_> = serde_json::from_slice(json).map_err(|_| XmlError::Malformed)?;
    let head = MessageHead {
        to_user_name: json.to_user_name,
        from_user_name: json.from_user_name,
        create_time: json.create_time.unwrap_or_default(),
        msg_type: json.msg_type,
        event: json.event.filter(|v| !v.is_empty()),
        event_key: json.event_key.filter(|v| !v.is_empty()),
        ticket: json.ticket.filter(|v| !v.is_empty()),
        msg_id: json.msg_id,
        text: [json.content, json.recognition, json.label, json.title].into_iter().find_map(|text| match text {
            Loose::Text(text) if !text.is_empty() => Some(Cow::Owned(text)),
            Loose::Text(_) | Loose::Other(IgnoredAny) => None,
        }),
    };
    complete(head, json.create_time.is_some())
}

impl MessageHead<'_> {
    /// Whether this is an event rather than a message that a follower wrote.
    pub fn is_event(&self) -> bool {
        self.msg_type == "event"
    }

    /// Equal for every repetition of one push to one account: the MsgId of messages; of events the official
    /// `FromUserName + CreateTime`, and the event's name and key, because one follower can cause two in a second.
    pub fn dedupe_key(&self) -> String {
        match self.msg_id {
            Some(id) if !self.is_event() => format!("m:{id}"),
            _ => format!(
                "e:{}:{}:{}:{}",
                self.from_user_name,
                self.create_time,
                self.event.as_deref().unwrap_or(&self.msg_type),
                self.event_key.as_deref().unwrap_or_default()
            ),
        }
    }
}

impl fmt::Debug for MessageHead<'_> {
    /// Without the text: it is a follower's, and in a release check a code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageHead")
            .field("to_user_name", &self.to_user_name)
            .field("from_user_name", &self.from_user_name)
            .field("create_time", &self.create_time)
            .field("msg_type", &self.msg_type)
            .field("event", &self.event)
            .field("event_key", &self.event_key)
            .field("ticket", &self.ticket)
            .field("msg_id", &self.msg_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
