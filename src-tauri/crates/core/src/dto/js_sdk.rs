//! The JS-SDK: tickets, signed pages, and what is wrong with one.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Bilingual, TokenView};

/// Which ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum JsTicketKind {
    /// `jsapi`, for `wx.config`.
    Jsapi,
    /// `wx_card`, for cards.
    WxCard,
}

impl JsTicketKind {
    /// WeChat's `type`.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Jsapi => "jsapi",
            Self::WxCard => "wx_card",
        }
    }
}

/// A ticket of an account, without the ticket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct JsTicket {
    /// Which.
    pub kind: JsTicketKind,
    /// The engine fetches and renews it.
    pub on: bool,
    /// Its life.
    pub ticket: TokenView,
    /// Last signature or reading, ms, since the start.
    pub used_at: Option<i64>,
}

/// What `wx.config` takes, in its own spelling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct PageSignature {
    /// The account.
    pub app_id: String,
    /// Seconds.
    pub timestamp: i64,
    /// Random text.
    pub nonce_str: String,
    /// 40 hex digits.
    pub signature: String,
}

/// A signed page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SignedPage {
    /// For `wx.config`.
    pub config: PageSignature,
    /// The URL that was signed: what came, without its fragment.
    pub url: String,
    /// What was hashed, the ticket hidden.
    pub string1: String,
    /// Generation of the ticket.
    pub generation: i64,
    /// When the ticket ends, ms.
    pub expires_at: Option<i64>,
}

/// What a page sent to `wx.config`, and where it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, optional_fields)]
pub struct PageConfig {
    /// The page's address as the browser shows it (`location.href`).
    pub url: String,
    /// `appId`; empty when not known.
    #[serde(default)]
    pub app_id: Option<String>,
    /// `timestamp` as sent.
    pub timestamp: String,
    /// `nonceStr` as sent.
    pub nonce_str: String,
    /// `signature` as sent.
    pub signature: String,
}

/// Verdict on a page's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PageCheck {
    /// WeChat would take it.
    pub ok: bool,
    /// What differs, most telling first.
    pub findings: Vec<PageFinding>,
    /// What we would have signed for this page with the same nonce and timestamp.
    pub ours: SignedPage,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PageFinding {
    /// Id, e.g. `fragment`, `trailing_slash`, `old_ticket`, `wrong_account`, `unknown`.
    pub code: String,
    /// What it is and what to do.
    pub text: Bilingual,
    /// The value that fits what was sent, e.g. the URL that was really signed; null for none.
    pub signed: Option<String>,
    /// The value that was needed.
    pub needed: Option<String>,
}
