//! Custom menus (自定义菜单): their types as sent and as read, and the conversion of a menu made on the website.
//!
//! Owns: F.2 to F.5 of the protocol. Must not: talk to WeChat; see [`crate::api::menu`].
//! Invariant: members that these types do not know survive reading and writing.

mod validate;

pub use validate::{Problem, validate, warnings};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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

/// A menu as sent to `menu/create`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Menu {
    /// 1 to 3 buttons.
    pub button: Vec<Button>,
}

/// A button of either level. Which members are filled depends on its type; see [`ButtonType::required`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Button {
    /// Absent on a button with sub-buttons.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<ButtonType>,
    /// What the phone shows.
    #[serde(default)]
    pub name: String,
    /// Comes back in the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The page to open; of a mini program, the page for old clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The mini program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appid: Option<String>,
    /// The page inside the mini program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pagepath: Option<String>,
    /// Permanent material.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_id: Option<String>,
    /// A published article.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub article_id: Option<String>,
    /// 1 to 5 buttons; empty on a leaf.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sub_button: Vec<Button>,
    /// Whatever else was there.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

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

/// The answer of `menu/get`: menus made through the API.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MenuAnswer {
    /// The default menu.
    #[serde(default)]
    pub menu: DefaultMenu,
    /// Only when there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditionalmenu: Vec<ConditionalMenu>,
}

/// The default menu as read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DefaultMenu {
    /// Its buttons.
    #[serde(default)]
    pub button: Vec<Button>,
    /// Only when there are conditional menus.
    #[serde(default, deserialize_with = "crate::api::number", skip_serializing_if = "Option::is_none")]
    pub menuid: Option<i64>,
}

/// A conditional menu (个性化菜单) as read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ConditionalMenu {
    /// Its buttons.
    #[serde(default)]
    pub button: Vec<Button>,
    /// As it was created, abolished members included.
    #[serde(default)]
    pub matchrule: Value,
    /// A number here, a text in `addconditional`.
    #[serde(default, deserialize_with = "crate::api::number", skip_serializing_if = "Option::is_none")]
    pub menuid: Option<i64>,
}

/// The answer of `get_current_selfmenu_info`: what is live, however it was made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CurrentMenu {
    /// 0 means that menus are switched off.
    #[serde(default, deserialize_with = "crate::api::number")]
    pub is_menu_open: Option<i64>,
    /// The menu.
    #[serde(default)]
    pub selfmenu_info: SelfMenu,
}

/// The menu inside [`CurrentMenu`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SelfMenu {
    /// Its buttons.
    #[serde(default)]
    pub button: Vec<SelfButton>,
}

/// A button as `get_current_selfmenu_info` shows it; the website's own types have their content in `value`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SelfButton {
    /// Also `text`, `img`, `photo`, `video`, `voice` and `news`.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What the phone shows.
    #[serde(default)]
    pub name: String,
    /// Text, media id (temporary, 3 days) or download URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// As in [`Button`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// As in [`Button`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// As in [`Button`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appid: Option<String>,
    /// As in [`Button`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pagepath: Option<String>,
    /// As in [`Button`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_id: Option<String>,
    /// As in [`Button`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub article_id: Option<String>,
    /// Of `news`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub news_info: Option<List<NewsItem>>,
    /// One level only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_button: Option<List<SelfButton>>,
}

/// `{"list": […]}`, the form of lists in `get_current_selfmenu_info`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct List<T> {
    /// The entries.
    #[serde(default = "Vec::new")]
    pub list: Vec<T>,
}

/// An article of a `news` button.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewsItem {
    /// Title.
    pub title: String,
    /// Author.
    pub author: String,
    /// Summary.
    pub digest: String,
    /// 1 if the cover is part of the article.
    pub show_cover: Value,
    /// URL of the cover.
    pub cover_url: String,
    /// URL of the article.
    pub content_url: String,
    /// URL of "read the original".
    pub source_url: String,
}

/// A website-made button that `menu/create` cannot express, and what stands in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replaced {
    /// `button[0].sub_button[2]` in the converted menu.
    pub path: String,
    /// The website's type: `text`, `img`, …
    pub kind: String,
    /// The key of the `click` button that stands in its place, or `None` where a `view` does (`news`).
    pub key: Option<String>,
    /// What the account should answer to that key.
    pub value: String,
}

impl CurrentMenu {
    /// Whether menus are switched on; missing means on.
    pub fn is_open(&self) -> bool {
        self.is_menu_open != Some(0)
    }

    /// The menu in the form of `menu/create`, and what had to be replaced: a `news` with one article becomes a `view`
    /// of it, every other website-made type a `click` with a generated key (`{key_prefix}1_2`).
    pub fn to_menu(&self, key_prefix: &str) -> (Menu, Vec<Replaced>) {
        let mut replaced = Vec::new();
        let button = self
            .selfmenu_info
            .button
            .iter()
            .enumerate()
            .map(|(i, top)| {
                let path = format!("button[{i}]");
                let children = top.sub_button.as_ref().map(|s| s.list.as_slice()).unwrap_or_default();
                if children.is_empty() {
                    return convert(top, path, format!("{key_prefix}{}", i + 1), &mut replaced);
                }
                let sub_button = children
                    .iter()
                    .enumerate()
                    .map(|(j, sub)| {
                        let key = format!("{key_prefix}{}_{}", i + 1, j + 1);
                        convert(sub, format!("{path}.sub_button[{j}]"), key, &mut replaced)
                    })
                    .collect();
                Button { name: top.name.clone(), sub_button, ..Button::default() }
            })
            .collect();
        (Menu { button }, replaced)
    }
}

fn convert(from: &SelfButton, path: String, key: String, replaced: &mut Vec<Replaced>) -> Button {
    let kind = from.kind.as_deref().unwrap_or_default();
    if let Some(kind) = ButtonType::from_name(kind) {
        return Button {
            kind: Some(kind),
            name: from.name.clone(),
            key: from.key.clone(),
            url: from.url.clone(),
            appid: from.appid.clone(),
            pagepath: from.pagepath.clone(),
            media_id: from.media_id.clone(),
            article_id: from.article_id.clone(),
            ..Button::default()
        };
    }
    let article = match from.news_info.as_ref().map(|news| news.list.as_slice()) {
        Some([only]) if !only.content_url.is_empty() => Some(only.content_url.clone()),
        _ => None,
    };
    let value = article.clone().or_else(|| from.value.clone()).unwrap_or_default();
    let button = match article {
        Some(url) => {
            Button { kind: Some(ButtonType::View), name: from.name.clone(), url: Some(url), ..Button::default() }
        }
        None => Button { kind: Some(ButtonType::Click), name: from.name.clone(), key: Some(key), ..Button::default() },
    };
    replaced.push(Replaced { path, kind: kind.to_owned(), key: button.key.clone(), value });
    button
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
