//! Passive replies (被动回复, protocol K.3): the document that answers a follower's message or event, before encryption.
//!
//! Owns: writing one, reading the one a business server wrote, and what WeChat would not take.
//! Must not: decide who answers what, or encrypt.
//! Invariant: what was written reads back the same, no document makes the reader panic, and no error holds a part of one.

use crate::account::Label;
use crate::xml::{XmlError, XmlFields, XmlNode, XmlWriter};

/// Longest text, bytes of UTF-8.
pub const MAX_TEXT_BYTES: usize = 2048;
/// Most articles when the reply answers something other than a message.
pub const MAX_ARTICLES: usize = 8;

/// A passive reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// `text`.
    Text {
        /// What it says; may have several lines.
        content: String,
    },
    /// `image`.
    Image {
        /// Of the account's material.
        media_id: String,
    },
    /// `voice`.
    Voice {
        /// Of the account's material.
        media_id: String,
    },
    /// `video`.
    Video {
        /// Of the account's material.
        media_id: String,
        /// May be empty.
        title: String,
        /// May be empty.
        description: String,
    },
    /// `music`.
    Music {
        /// May be empty.
        title: String,
        /// May be empty.
        description: String,
        /// Where it plays from.
        music_url: String,
        /// The same for Wi-Fi; may be empty.
        hq_music_url: String,
        /// Thumbnail, of the account's material: the only part that WeChat insists on.
        thumb_media_id: String,
    },
    /// `news`.
    News {
        /// Articles (图文).
        articles: Vec<Article>,
    },
    /// `transfer_customer_service`: hands the chat to 多客服.
    CustomerService {
        /// To this agent only.
        kf_account: Option<String>,
    },
}

/// An article of [`Reply::News`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Article {
    /// Title.
    pub title: String,
    /// Summary; may be empty.
    pub description: String,
    /// Picture; may be empty.
    pub pic_url: String,
    /// The page it opens.
    pub url: String,
}

/// Who a reply is from and to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyHead {
    /// The follower's openid.
    pub to_user_name: String,
    /// The account's original id (`gh_…`).
    pub from_user_name: String,
    /// Unix seconds; `None` when absent or not a whole number.
    pub create_time: Option<i64>,
}

/// Why a document is no reply. Elements are named by their path below the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// Not a document that is read at all.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// An element that this kind of reply needs is absent.
    #[error("the element {0} is missing")]
    Missing(&'static str),
    /// `MsgType` is none of [`KINDS`].
    #[error("the MsgType is none that a passive reply can have")]
    Kind,
    /// `ArticleCount` is not the number of articles.
    #[error("the ArticleCount is not the number of items in Articles")]
    ArticleCount,
}

impl ReplyError {
    /// In Chinese; the English words are its `Display`.
    pub fn text_zh(&self) -> String {
        match self {
            Self::Xml(error) => xml_error_zh(*error),
            Self::Missing(element) => format!("缺少 {element}"),
            Self::Kind => "MsgType 不是被动回复支持的类型".to_owned(),
            Self::ArticleCount => "ArticleCount 与 Articles 中的图文数不一致".to_owned(),
        }
    }
}

fn xml_error_zh(error: XmlError) -> String {
    match error {
        XmlError::TooLarge => "内容超过 1 MiB".to_owned(),
        XmlError::NotUtf8 => "不是 UTF-8 编码".to_owned(),
        XmlError::Doctype => "不接受 DOCTYPE 或实体声明".to_owned(),
        XmlError::Entity => "不接受自定义实体".to_owned(),
        XmlError::Malformed => "不是格式正确的 XML".to_owned(),
        XmlError::Root => "根元素不是 <xml>".to_owned(),
        XmlError::TooDeep => "嵌套过深或元素过多".to_owned(),
        XmlError::Missing(element) => format!("缺少 {element}"),
        XmlError::NotANumber(element) => format!("{element} 不是数字"),
        XmlError::Duplicate(element) => format!("{element} 重复出现"),
    }
}

/// Something for which WeChat would not take a reply or a customer-service message, or would show none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyProblem {
    /// The field, with indices: `content`, `articles.0.title`.
    pub field: String,
    /// Which rule, for programs: `required`, `too_long`, `too_many`, `duplicate`, `unknown`.
    pub rule: &'static str,
    /// In words.
    pub label: Label,
}

/// Every `MsgType` that a reply can have.
pub const KINDS: [&str; 7] = ["text", "image", "voice", "video", "music", "news", "transfer_customer_service"];

impl Reply {
    /// Its `MsgType`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Image { .. } => "image",
            Self::Voice { .. } => "voice",
            Self::Video { .. } => "video",
            Self::Music { .. } => "music",
            Self::News { .. } => "news",
            Self::CustomerService { .. } => "transfer_customer_service",
        }
    }

    /// The document. `to` and `from` are the push's `FromUserName` and `ToUserName`.
    pub fn write(&self, to: &str, from: &str, create_time_s: i64) -> String {
        let mut xml = XmlWriter::new();
        xml.cdata("ToUserName", to).cdata("FromUserName", from).number("CreateTime", create_time_s);
        xml.cdata("MsgType", self.kind());
        match self {
            Self::Text { content } => {
                xml.cdata("Content", content);
            }
            Self::Image { media_id } => {
                xml.open("Image").cdata("MediaId", media_id).close();
            }
            Self::Voice { media_id } => {
                xml.open("Voice").cdata("MediaId", media_id).close();
            }
            Self::Video { media_id, title, description } => {
                xml.open("Video").cdata("MediaId", media_id);
                xml.cdata("Title", title).cdata("Description", description).close();
            }
            Self::Music { title, description, music_url, hq_music_url, thumb_media_id } => {
                xml.open("Music").cdata("Title", title).cdata("Description", description);
                xml.cdata("MusicUrl", music_url).cdata("HQMusicUrl", hq_music_url);
                xml.cdata("ThumbMediaId", thumb_media_id).close();
            }
            Self::News { articles } => {
                xml.text("ArticleCount", &articles.len().to_string()).open("Articles");
                for article in articles {
                    xml.open("item").cdata("Title", &article.title).cdata("Description", &article.description);
                    xml.cdata("PicUrl", &article.pic_url).cdata("Url", &article.url).close();
                }
                xml.close();
            }
            Self::CustomerService { kf_account } => {
                if let Some(account) = kf_account {
                    xml.open("TransInfo").cdata("KfAccount", account).close();
                }
            }
        }
        xml.finish()
    }

    /// Reads what a business server answered. Elements that are not known are ignored; a title, description or address
    /// that is absent is empty. What WeChat says about the values is [`Reply::problems`].
    ///
    /// # Errors
    /// Not XML, a DOCTYPE, over the limits of [`crate::xml`], another `MsgType`, or without an element that the kind has.
    pub fn read(document: &[u8]) -> Result<(ReplyHead, Self), ReplyError> {
        let fields = XmlFields::parse(document)?;
        let head = ReplyHead {
            to_user_name: fields.get("ToUserName").ok_or(ReplyError::Missing("ToUserName"))?.to_owned(),
            from_user_name: fields.get("FromUserName").ok_or(ReplyError::Missing("FromUserName"))?.to_owned(),
            create_time: fields.number("CreateTime").ok().flatten(),
        };
        let reply = match fields.get("MsgType").ok_or(ReplyError::Missing("MsgType"))? {
            "text" => {
                let content = fields.child("Content").ok_or(ReplyError::Missing("Content"))?;
                Self::Text { content: content.value().to_owned() }
            }
            "image" => Self::Image { media_id: media_id(group(&fields, "Image")?, "Image.MediaId")? },
            "voice" => Self::Voice { media_id: media_id(group(&fields, "Voice")?, "Voice.MediaId")? },
            "video" => {
                let video = group(&fields, "Video")?;
                Self::Video {
                    media_id: media_id(video, "Video.MediaId")?,
                    title: value(video, "Title"),
                    description: value(video, "Description"),
                }
            }
            "music" => {
                let music = group(&fields, "Music")?;
                let thumb = music.child("ThumbMediaId").ok_or(ReplyError::Missing("Music.ThumbMediaId"))?;
                Self::Music {
                    title: value(music, "Title"),
                    description: value(music, "Description"),
                    music_url: value(music, "MusicUrl"),
                    hq_music_url: value(music, "HQMusicUrl"),
                    thumb_media_id: thumb.text().trim().to_owned(),
                }
            }
            "news" => Self::News { articles: articles(&fields)? },
            "transfer_customer_service" => Self::CustomerService {
                kf_account: fields.child("TransInfo").and_then(|info| info.get("KfAccount")).map(str::to_owned),
            },
            _ => return Err(ReplyError::Kind),
        };
        Ok((head, reply))
    }

    /// What WeChat would not take, in the order of the fields. `to_a_message`: the push is a message of the follower's
    /// and no event, so one article is the most.
    pub fn problems(&self, to_a_message: bool) -> Vec<ReplyProblem> {
        let mut found = Found::default();
        match self {
            Self::Text { content } => {
                found.required("content", content, EMPTY_TEXT);
                if content.len() > MAX_TEXT_BYTES {
                    found.add("content", "too_long", LONG_TEXT);
                }
            }
            Self::Image { media_id } | Self::Voice { media_id } | Self::Video { media_id, .. } => {
                found.required("media_id", media_id, NO_MEDIA);
            }
            Self::Music { thumb_media_id, .. } => found.required("thumb_media_id", thumb_media_id, NO_THUMB),
            Self::News { articles } => {
                if articles.is_empty() {
                    found.add("articles", "required", NO_ARTICLE);
                } else if to_a_message && articles.len() > 1 {
                    found.add("articles", "too_many", ONE_ARTICLE);
                } else if articles.len() > MAX_ARTICLES {
                    found.add("articles", "too_many", MANY_ARTICLES);
                }
                for (at, article) in articles.iter().enumerate() {
                    found.required(&format!("articles.{at}.title"), &article.title, NO_TITLE);
                    found.required(&format!("articles.{at}.url"), &article.url, NO_URL);
                }
            }
            Self::CustomerService { .. } => {}
        }
        found.0
    }
}

pub(crate) const EMPTY_TEXT: Label = Label { zh: "文本内容不能为空", en: "the text must not be empty" };
pub(crate) const LONG_TEXT: Label =
    Label { zh: "文本内容不能超过 2048 字节", en: "the text must not be longer than 2048 bytes" };
pub(crate) const NO_MEDIA: Label =
    Label { zh: "缺少素材的 media_id", en: "the media id of the material is missing" };
pub(crate) const NO_THUMB: Label =
    Label { zh: "缺少缩略图的 media_id", en: "the media id of the thumbnail is missing" };
const NO_ARTICLE: Label = Label { zh: "至少需要 1 条图文", en: "at least one article is needed" };
const ONE_ARTICLE: Label = Label {
    zh: "回复用户消息时只能有 1 条图文",
    en: "an answer to a follower's message can have one article only",
};
const MANY_ARTICLES: Label = Label { zh: "图文不能超过 8 条", en: "there must not be more than 8 articles" };
pub(crate) const NO_TITLE: Label = Label { zh: "图文缺少标题", en: "the article has no title" };
pub(crate) const NO_URL: Label = Label { zh: "图文缺少链接", en: "the article has no link" };

#[derive(Default)]
pub(crate) struct Found(pub(crate) Vec<ReplyProblem>);

impl Found {
    pub(crate) fn add(&mut self, field: &str, rule: &'static str, label: Label) {
        self.0.push(ReplyProblem { field: field.to_owned(), rule, label });
    }

    pub(crate) fn required(&mut self, field: &str, value: &str, label: Label) {
        if value.trim().is_empty() {
            self.add(field, "required", label);
        }
    }
}

fn group<'n, 'a>(fields: &'n XmlNode<'a>, name: &'static str) -> Result<&'n XmlNode<'a>, ReplyError> {
    fields.child(name).ok_or(ReplyError::Missing(name))
}

fn media_id(group: &XmlNode<'_>, path: &'static str) -> Result<String, ReplyError> {
    group.child("MediaId").map(|id| id.text().trim().to_owned()).ok_or(ReplyError::Missing(path))
}

fn value(node: &XmlNode<'_>, name: &str) -> String {
    node.child(name).map(|node| node.value().to_owned()).unwrap_or_default()
}

fn articles(fields: &XmlNode<'_>) -> Result<Vec<Article>, ReplyError> {
    let count = fields.get("ArticleCount").ok_or(ReplyError::Missing("ArticleCount"))?;
    let articles: Vec<Article> = group(fields, "Articles")?
        .all("item")
        .map(|item| Article {
            title: value(item, "Title"),
            description: value(item, "Description"),
            pic_url: value(item, "PicUrl"),
            url: value(item, "Url"),
        })
        .collect();
    if count.parse() == Ok(articles.len()) { Ok(articles) } else { Err(ReplyError::ArticleCount) }
}

#[cfg(test)]
mod tests;
