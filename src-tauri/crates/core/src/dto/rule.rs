//! Rules: which message gets which answer, and which business servers hear of it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Bilingual, PushReply};

/// How a text is compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum TextHow {
    /// The whole text.
    #[default]
    Equals,
    /// Somewhere in it.
    Contains,
    /// At its beginning.
    StartsWith,
    /// A regular expression that matches somewhere in it.
    Regex,
}

/// A comparison. Spaces at both ends of the text do not count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TextTest {
    /// How.
    pub how: TextHow,
    /// With what; 1–500 characters. Several alternatives, one a line, for everything but a regular expression.
    pub value: String,
    /// Capital and small letters are the same.
    #[serde(default = "yes")]
    pub ignore_case: bool,
}

fn yes() -> bool {
    true
}

/// Whose messages. Without any: of all accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct RuleScope {
    /// Only this platform's, or this directly connected account's.
    pub component_appid: Option<String>,
    /// Only this account's.
    pub appid: Option<String>,
    /// Only of this tenant's accounts.
    pub tenant: Option<String>,
}

/// Which messages. Everything that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct RuleWhen {
    /// One of these `MsgType`s; none: any.
    pub msg_types: Vec<String>,
    /// One of these `Event`s, for events; none: any.
    pub events: Vec<String>,
    /// `EventKey`.
    pub key: Option<TextTest>,
    /// `Content` of a text, `Recognition` of a voice, `Label` of a place, `Title` of a link.
    pub text: Option<TextTest>,
}

/// An article of a passive reply.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct ReplyArticle {
    /// Title.
    pub title: String,
    /// Summary.
    pub description: String,
    /// Picture: https.
    pub pic_url: String,
    /// Page.
    pub url: String,
}

/// What the follower gets. `{{…}}` in every text is filled from the message: any field's name (`{{Content}}`,
/// `{{FromUserName}}`, `{{EventKey}}`), and `{{account}}`, `{{appid}}`, `{{time}}`, `{{date}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export)]
pub enum RuleAnswer {
    /// Nothing is decided here: only the business servers hear of it, and the rules below are asked.
    Pass,
    /// `success`.
    Success,
    /// An empty body.
    Empty,
    /// A text, up to 2,048 bytes.
    Text {
        /// Content.
        content: String,
    },
    /// A picture.
    Image {
        /// Of the account's material.
        media_id: String,
    },
    /// A voice.
    Voice {
        /// Of the account's material.
        media_id: String,
    },
    /// A video.
    Video {
        /// Of the account's material.
        media_id: String,
        /// Title.
        #[serde(default)]
        title: String,
        /// Description.
        #[serde(default)]
        description: String,
    },
    /// A piece of music.
    Music {
        /// Title.
        #[serde(default)]
        title: String,
        /// Description.
        #[serde(default)]
        description: String,
        /// Address.
        #[serde(default)]
        music_url: String,
        /// Address for Wi-Fi.
        #[serde(default)]
        hq_music_url: String,
        /// Thumbnail, of the account's material: required.
        thumb_media_id: String,
    },
    /// One article, or up to eight when it is no answer to a message of a follower's.
    News {
        /// 1–8.
        articles: Vec<ReplyArticle>,
    },
    /// Hands the chat to customer service (多客服).
    CustomerService {
        /// To this agent; empty: to any.
        #[serde(default)]
        kf_account: String,
    },
    /// A business server is asked within the time that WeChat gives.
    Target {
        /// An answering target.
        target_id: i64,
    },
}

/// A rule, as an operator writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct RuleInput {
    /// The rule to be changed; none: a new one at the end.
    #[serde(default)]
    pub id: Option<i64>,
    /// 1–60 characters.
    pub name: String,
    /// It takes part.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Whose messages.
    #[serde(default)]
    pub scope: RuleScope,
    /// Which messages.
    #[serde(default)]
    pub when: RuleWhen,
    /// What the follower gets.
    pub answer: RuleAnswer,
    /// Notified targets that hear of it.
    #[serde(default)]
    pub notify: Vec<i64>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Rule {
    /// Row id.
    pub id: i64,
    /// Place, from 1.
    pub position: i64,
    /// Name.
    pub name: String,
    /// It takes part.
    pub enabled: bool,
    /// Whose messages.
    pub scope: RuleScope,
    /// Which messages.
    pub when: RuleWhen,
    /// What the follower gets.
    pub answer: RuleAnswer,
    /// Notified targets that hear of it.
    pub notify: Vec<i64>,
    /// How often it took a message, since the start.
    pub hits: i64,
    /// Last, ms.
    pub last_hit_at: Option<i64>,
    /// Last change, ms.
    pub updated_at: i64,
    /// What keeps it from working: a target or a tenant that is gone, an account that ended.
    pub trouble: Option<Bilingual>,
}

/// A message for the tester: a stored one, or made up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct RuleSample {
    /// A stored push; everything else is then left out.
    #[serde(default)]
    pub push_id: Option<i64>,
    /// Platform, or directly connected account.
    #[serde(default)]
    pub component_appid: Option<String>,
    /// Account.
    #[serde(default)]
    pub appid: Option<String>,
    /// `MsgType`.
    #[serde(default)]
    pub msg_type: Option<String>,
    /// `Event`.
    #[serde(default)]
    pub event: Option<String>,
    /// `EventKey`.
    #[serde(default)]
    pub key: Option<String>,
    /// Text.
    #[serde(default)]
    pub text: Option<String>,
    /// The rule in the editor, tested in its place instead of the stored one (at the end when it is new).
    #[serde(default)]
    pub draft: Option<RuleInput>,
}

/// Why a rule took a message or let it go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum RuleVerdict {
    /// It answers.
    Taken,
    /// Everything holds, and it lets the rules below answer.
    Passed,
    /// Everything holds, and a rule above had answered.
    TooLate,
    /// Switched off.
    Off,
    /// Another account.
    Scope,
    /// Another `MsgType`.
    MsgType,
    /// Another `Event`.
    Event,
    /// Another `EventKey`.
    Key,
    /// Another text.
    Text,
    /// Its regular expression was not tried: the time for those was used up.
    OutOfTime,
}

/// One rule in the tester.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RuleTraceStep {
    /// Which; 0 for a draft that is new.
    pub rule_id: i64,
    /// Its name.
    pub name: String,
    /// What it did.
    pub verdict: RuleVerdict,
}

/// What the rules do with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RuleTrace {
    /// All rules in order.
    pub steps: Vec<RuleTraceStep>,
    /// The one that answers.
    pub taken_by: Option<i64>,
    /// Targets that hear of it.
    pub notify: Vec<i64>,
    /// The answering target that would be asked.
    pub ask: Option<i64>,
    /// The answer, filled in; null for `success`, nothing, and a target that was not asked.
    pub reply: Option<PushReply>,
    /// Why the answer cannot be sent as it is.
    pub trouble: Option<Bilingual>,
}
