//! Media of an account (素材): temporary for three days, permanent, and the pictures of articles.
//!
//! Owns: I.3 of the protocol. Must not: judge a file's kind or size; the limits differ between WeChat's own texts.
//! Invariant: bytes are never taken for an answer, nor an error in JSON for bytes.

use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroize;

use super::{Call, Done, read_answer, required};
use crate::error::CallError;
use crate::multipart::Form;
use crate::secret::SecretString;
use crate::transport::Transport;

/// What [`upload_media`] and [`add_material`] take as `kind`.
pub const UPLOAD_KINDS: [&str; 4] = ["image", "voice", "video", "thumb"];
/// What [`list_material`] takes as `kind`.
pub const LIST_KINDS: [&str; 4] = ["image", "video", "voice", "news"];
/// The most that [`list_material`] answers at once.
pub const MAX_LIST_COUNT: i64 = 20;

/// Temporary media that were uploaded; WeChat keeps them three days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadedMedia {
    /// `image`, `voice`, `video` or `thumb`.
    pub kind: String,
    /// What messages name; of a `thumb` its `thumb_media_id`.
    pub media_id: String,
    /// Unix seconds.
    pub created_at: i64,
}

/// Uploads temporary media. The boundary should be random; see [`Form::new`].
///
/// # Errors
/// 40004 (kind), 40005 (format), 40006 (size) and the general ones.
pub async fn upload_media(
    transport: &dyn Transport,
    token: &SecretString,
    kind: &str,
    filename: &str,
    bytes: &[u8],
    boundary: &str,
) -> Result<UploadedMedia, CallError> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default, rename = "type", deserialize_with = "super::filled")]
        kind: Option<String>,
        #[serde(default, deserialize_with = "super::filled")]
        media_id: Option<String>,
        #[serde(default, deserialize_with = "super::filled")]
        thumb_media_id: Option<String>,
        #[serde(default, deserialize_with = "super::number")]
        created_at: Option<i64>,
    }
    let form = Form::new(boundary).file("media", filename, bytes).finish();
    let answer: Answer = Call::upload("/cgi-bin/media/upload", form)
        .token("access_token", token)
        .query("type", kind)
        .send(transport)
        .await?;
    Ok(UploadedMedia {
        kind: answer.kind.unwrap_or_else(|| kind.to_owned()),
        media_id: required(answer.media_id.or(answer.thumb_media_id), "media_id")?,
        created_at: answer.created_at.unwrap_or_default(),
    })
}

/// Uploads a picture for the text of an article and answers its URL, which works only inside WeChat's articles.
///
/// # Errors
/// 40005 (format), 40006 (size) and the general ones.
pub async fn upload_article_image(
    transport: &dyn Transport,
    token: &SecretString,
    filename: &str,
    bytes: &[u8],
    boundary: &str,
) -> Result<String, CallError> {
    #[derive(Deserialize)]
    struct Answer {
        url: Option<String>,
    }
    let form = Form::new(boundary).file("media", filename, bytes).finish();
    let answer: Answer =
        Call::upload("/cgi-bin/media/uploadimg", form).token("access_token", token).send(transport).await?;
    required(answer.url, "url")
}

/// Permanent material that was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedMaterial {
    /// What menus and messages name.
    pub media_id: String,
    /// Of pictures only.
    pub url: Option<String>,
}

/// Adds permanent material. A `video` needs its title and introduction; other kinds have none.
///
/// # Errors
/// 40004 (kind), 40005 (format), 40006 (size) and the general ones.
pub async fn add_material(
    transport: &dyn Transport,
    token: &SecretString,
    kind: &str,
    filename: &str,
    bytes: &[u8],
    boundary: &str,
    video: Option<(&str, &str)>,
) -> Result<AddedMaterial, CallError> {
    #[derive(Deserialize)]
    struct Answer {
        media_id: Option<String>,
        #[serde(default, deserialize_with = "super::filled")]
        url: Option<String>,
    }
    let mut form = Form::new(boundary).file("media", filename, bytes);
    if let Some((title, introduction)) = video {
        form = form.text("description", json!({ "title": title, "introduction": introduction }).to_string());
    }
    let answer: Answer = Call::upload("/cgi-bin/material/add_material", form.finish())
        .token("access_token", token)
        .query("type", kind)
        .send(transport)
        .await?;
    Ok(AddedMaterial { media_id: required(answer.media_id, "media_id")?, url: answer.url })
}

/// Temporary media, in one of the two ways in which WeChat hands them out.
#[derive(Clone, PartialEq, Eq)]
pub enum MediaAnswer {
    /// The file itself.
    Bytes {
        /// `Content-Type` as sent, if any.
        content_type: Option<String>,
        /// All of it.
        bytes: Vec<u8>,
    },
    /// Where a video can be fetched.
    VideoUrl(String),
}

impl std::fmt::Debug for MediaAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bytes { content_type, bytes } => f
                .debug_struct("Bytes")
                .field("content_type", content_type)
                .field("len", &bytes.len())
                .finish_non_exhaustive(),
            Self::VideoUrl(_) => f.debug_tuple("VideoUrl").finish_non_exhaustive(),
        }
    }
}

/// Downloads temporary media. JSON by its `Content-Type` is a video's address or an error; without a type, or with one
/// that says no more than "text", it is JSON if it reads as an object with `errcode` or `video_url`.
///
/// # Errors
/// 40007 (media_id, also of expired media) and the general ones.
pub async fn get_media(
    transport: &dyn Transport,
    token: &SecretString,
    media_id: &str,
) -> Result<MediaAnswer, CallError> {
    #[derive(Deserialize)]
    struct Answer {
        video_url: Option<String>,
    }
    let (mut response, secrets) = Call::get("/cgi-bin/media/get")
        .token("access_token", token)
        .query("media_id", media_id)
        .send_for_bytes(transport)
        .await?;
    if !is_answer(response.content_type.as_deref(), &response.body) {
        let bytes = std::mem::take(&mut response.body);
        return Ok(MediaAnswer::Bytes { content_type: response.content_type, bytes });
    }
    let answer = read_answer::<Answer>(&response.body, &secrets);
    response.body.zeroize();
    required(answer?.video_url, "video_url").map(MediaAnswer::VideoUrl)
}

/// Whether a body is JSON about the media rather than the media.
fn is_answer(content_type: Option<&str>, body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Members {
        errcode: Option<serde::de::IgnoredAny>,
        video_url: Option<serde::de::IgnoredAny>,
    }
    let kind = content_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        "" | "text/plain" | "text/html" => {
            let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
            // A picture is not worth reading to its end to learn that it is no JSON.
            body.trim_ascii_start().starts_with(b"{")
                && serde_json::from_slice::<Members>(body)
                    .is_ok_and(|members| members.errcode.is_some() || members.video_url.is_some())
        }
        kind => kind.ends_with("/json") || kind.ends_with("+json"),
    }
}

/// How much permanent material an account has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct MaterialCount {
    /// Voices.
    #[serde(default, rename = "voice_count")]
    pub voice: i64,
    /// Videos.
    #[serde(default, rename = "video_count")]
    pub video: i64,
    /// Pictures.
    #[serde(default, rename = "image_count")]
    pub image: i64,
    /// Articles.
    #[serde(default, rename = "news_count")]
    pub news: i64,
}

/// Counts the permanent material.
///
/// # Errors
/// The general ones.
pub async fn material_count(transport: &dyn Transport, token: &SecretString) -> Result<MaterialCount, CallError> {
    Call::get("/cgi-bin/material/get_materialcount").token("access_token", token).send(transport).await
}

/// Lists permanent material of a [kind](LIST_KINDS) as WeChat writes it (`total_count`, `item_count`, `item`), from
/// `offset` on. `count` is brought to 1 to [`MAX_LIST_COUNT`], outside of which WeChat refuses.
///
/// # Errors
/// 40004 (kind) and the general ones.
pub async fn list_material(
    transport: &dyn Transport,
    token: &SecretString,
    kind: &str,
    offset: i64,
    count: i64,
) -> Result<Value, CallError> {
    Call::post("/cgi-bin/material/batchget_material")
        .token("access_token", token)
        .field("type", kind)
        .field("offset", offset.max(0))
        .field("count", count.clamp(1, MAX_LIST_COUNT))
        .send(transport)
        .await
}

/// Deletes permanent material. Menus and messages that name it stop working.
///
/// # Errors
/// 40007 (media_id) and the general ones.
pub async fn delete_material(transport: &dyn Transport, token: &SecretString, media_id: &str) -> Result<(), CallError> {
    Call::post("/cgi-bin/material/del_material")
        .token("access_token", token)
        .field("media_id", media_id)
        .send::<Done>(transport)
        .await
        .map(|_| ())
}
