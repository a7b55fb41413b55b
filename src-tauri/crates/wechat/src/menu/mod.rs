//! Custom menus (自定义菜单) as WeChat's own JSON: their rules, their two readings, and how two of them differ.
//!
//! Owns: F.2 to F.7 of the protocol. Must not: talk to WeChat; see [`crate::api::menu`].
//! Invariant: members that are not known here survive every conversion.

mod check;
mod convert;
mod diff;
mod equal;
mod suspects;
mod validate;

pub use check::{Conditional, Finding, MAX_CONDITIONAL_DOMAINS, check_set, conditional_domains};
pub use convert::{Converted, Maker, ReadConditional, ReadMenus, Replaced, from_get, from_selfmenu, is_open, maker};
pub use diff::{Change, ChangeKind, FieldChange, MenuView, diff};
pub use equal::{clean, clean_rule, rule_words, same_buttons, same_rule};
pub use suspects::suspects;
pub use validate::{Problem, validate, warnings};

use serde::{Deserialize, Serialize};

/// Most top-level buttons.
pub const MAX_BUTTONS: usize = 3;
/// Most sub-buttons of a button.
pub const MAX_SUB_BUTTONS: usize = 5;
/// Longest top-level name in UTF-8 bytes.
pub const MAX_NAME_BYTES: usize = 16;
/// Longest sub-button name in UTF-8 bytes (older copies of the documentation: 40).
pub const MAX_SUB_NAME_BYTES: usize = 60;
/// Longest key in UTF-8 bytes.
pub const MAX_KEY_BYTES: usize = 128;
/// Longest URL in UTF-8 bytes (older copies of the documentation: 256).
pub const MAX_URL_BYTES: usize = 1024;
/// What a phone shows of a top-level name, in half-width units: 4 Chinese characters.
pub const SHOWN_NAME_UNITS: usize = 8;
/// What a phone shows of a sub-button's name, in half-width units: 8 Chinese characters.
pub const SHOWN_SUB_NAME_UNITS: usize = 16;

/// What a tap does.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ButtonType {
    /// Pushes CLICK with the key.
    Click,
    /// Opens a page.
    View,
    /// Scans a code; the phone shows the result.
    ScancodePush,
    /// Scans a code; the account answers.
    ScancodeWaitmsg,
    /// Takes a photograph.
    PicSysphoto,
    /// Takes or chooses a photograph.
    PicPhotoOrAlbum,
    /// Chooses from WeChat's album.
    PicWeixin,
    /// Sends a location.
    LocationSelect,
    /// Sends permanent material.
    MediaId,
    /// Opens a legacy news material.
    ViewLimited,
    /// Sends a published article as a card.
    ArticleId,
    /// Opens a published article.
    ArticleViewLimited,
    /// Opens a mini program.
    Miniprogram,
    /// One that this crate does not know.
    #[serde(untagged)]
    Other(String),
}

impl ButtonType {
    /// Every type that can be created.
    pub const ALL: [Self; 13] = [
        Self::Click,
        Self::View,
        Self::ScancodePush,
        Self::ScancodeWaitmsg,
        Self::PicSysphoto,
        Self::PicPhotoOrAlbum,
        Self::PicWeixin,
        Self::LocationSelect,
        Self::MediaId,
        Self::ViewLimited,
        Self::ArticleId,
        Self::ArticleViewLimited,
        Self::Miniprogram,
    ];

    /// The type as written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Click => "click",
            Self::View => "view",
            Self::ScancodePush => "scancode_push",
            Self::ScancodeWaitmsg => "scancode_waitmsg",
            Self::PicSysphoto => "pic_sysphoto",
            Self::PicPhotoOrAlbum => "pic_photo_or_album",
            Self::PicWeixin => "pic_weixin",
            Self::LocationSelect => "location_select",
            Self::MediaId => "media_id",
            Self::ViewLimited => "view_limited",
            Self::ArticleId => "article_id",
            Self::ArticleViewLimited => "article_view_limited",
            Self::Miniprogram => "miniprogram",
            Self::Other(other) => other,
        }
    }

    /// The type of that name, if it can be created.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The members that a button of this type needs besides its name.
    pub fn required(&self) -> &'static [&'static str] {
        match self {
            Self::Click
            | Self::ScancodePush
            | Self::ScancodeWaitmsg
            | Self::PicSysphoto
            | Self::PicPhotoOrAlbum
            | Self::PicWeixin
            | Self::LocationSelect => &["key"],
            Self::View => &["url"],
            Self::MediaId | Self::ViewLimited => &["media_id"],
            Self::ArticleId | Self::ArticleViewLimited => &["article_id"],
            Self::Miniprogram => &["url", "appid", "pagepath"],
            Self::Other(_) => &[],
        }
    }
}

/// The width of a name in half-width units, as the official editor counts: codes 1 to 126 and half-width kana are 1,
/// everything else 2. It counts UTF-16 units, so an emoji outside the basic plane is 4.
pub fn name_units(name: &str) -> usize {
    name.encode_utf16().map(unit_width).sum()
}

/// The longest beginning of `name` that is at most `limit` half-width units wide.
pub fn cut_to_units(name: &str, limit: usize) -> &str {
    let mut width = 0;
    for (at, c) in name.char_indices() {
        let mut buffer = [0; 2];
        width += c.encode_utf16(&mut buffer).iter().copied().map(unit_width).sum::<usize>();
        if width > limit {
            return &name[..at];
        }
    }
    name
}

fn unit_width(unit: u16) -> usize {
    if matches!(unit, 0x01..=0x7e | 0xff60..=0xff9f) { 1 } else { 2 }
}

#[cfg(test)]
mod tests;
