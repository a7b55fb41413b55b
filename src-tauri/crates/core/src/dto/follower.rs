//! Talking to a follower: what came from him, what may be sent to him, and until when (protocol I.2).

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Bilingual, PushItem, ReplyArticle};

/// What opened the window in which customer-service messages may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum WindowCause {
    /// He wrote: 5 messages in 48 h.
    Message,
    /// He tapped a menu item (click or scan): 3 messages in a minute.
    Menu,
    /// He followed: 3 in a minute.
    Follow,
    /// He scanned a parametric QR code: 3 in a minute.
    Scan,
    /// He entered the chat of a mini program: 2 in a minute.
    Enter,
}

/// A window that is, or was last, open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SendWindow {
    /// What opened it.
    pub cause: WindowCause,
    /// When, ms: WeChat's time.
    pub opened_at: i64,
    /// Until, ms.
    pub until: i64,
    /// Messages that WeChat allows in it.
    pub allowed: i64,
    /// Of them sent from here, or answered with 45047. What other programs sent is not known here.
    pub used: i64,
}

/// A customer-service message (客服消息).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export)]
pub enum CustomMessage {
    /// Text, up to 2,048 bytes.
    Text {
        /// Content.
        content: String,
    },
    /// Picture.
    Image {
        /// Material.
        media_id: String,
    },
    /// Voice.
    Voice {
        /// Material.
        media_id: String,
    },
    /// Video.
    Video {
        /// Material.
        media_id: String,
        /// Thumbnail.
        thumb_media_id: String,
        /// Title.
        #[serde(default)]
        title: String,
        /// Description.
        #[serde(default)]
        description: String,
    },
    /// Music.
    Music {
        /// Title.
        #[serde(default)]
        title: String,
        /// Description.
        #[serde(default)]
        description: String,
        /// Address.
        musicurl: String,
        /// Address for Wi-Fi.
        #[serde(default)]
        hqmusicurl: String,
        /// Thumbnail.
        thumb_media_id: String,
    },
    /// One article that leads to a page.
    News {
        /// The article.
        article: ReplyArticle,
    },
    /// An article of the account's drafts, by material id.
    Mpnews {
        /// Material.
        media_id: String,
    },
    /// A published article.
    Mpnewsarticle {
        /// Article.
        article_id: String,
    },
    /// A question with choices.
    Msgmenu {
        /// Above the choices.
        head_content: String,
        /// Choices, each id and text.
        list: Vec<(String, String)>,
        /// Below them.
        #[serde(default)]
        tail_content: String,
    },
    /// A card.
    Wxcard {
        /// Card.
        card_id: String,
    },
    /// A page of a mini program.
    Miniprogrampage {
        /// Title.
        title: String,
        /// Its appid.
        appid: String,
        /// Page.
        pagepath: String,
        /// Thumbnail.
        thumb_media_id: String,
    },
}

/// A message that was sent from here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SentMessage {
    /// Row id.
    pub id: i64,
    /// When, ms.
    pub at: i64,
    /// `msgtype`.
    pub kind: String,
    /// In one line.
    pub text: String,
    /// WeChat took it.
    pub ok: bool,
    /// `errcode`, when it did not.
    pub errcode: Option<i64>,
    /// What that means, or why it is not known what became of it.
    pub words: Option<Bilingual>,
}

/// A follower of an account, as far as the inbox knows him.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Conversation {
    /// Platform, or directly connected account.
    pub component_appid: String,
    /// Account.
    pub appid: String,
    /// Its name today.
    pub account_name: Option<String>,
    /// Follower.
    pub openid: String,
    /// Windows that are open, and the last one of a message; newest first.
    pub windows: Vec<SendWindow>,
    /// More of his pushes may be stored than were searched: a window may be open that is not shown.
    pub partial: bool,
    /// His pushes, newest first, at most 50.
    pub pushes: Vec<PushItem>,
    /// What was sent to him from here, newest first, at most 50.
    pub sent: Vec<SentMessage>,
    /// Why nothing can be sent: the account's authorization ended, or it lacks permission set 1 (mini program: 19).
    pub barred: Option<Bilingual>,
}
