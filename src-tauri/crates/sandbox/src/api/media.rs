//! Owns: temporary media and permanent material (I.3).
//! Must not: look into pictures or sound; the name's ending and the size decide.
//! Invariant: a temporary medium dies after three days; a permanent one when it is deleted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Call, Part, Refusal, ok};
use crate::call::Content;
use crate::platform::Platform;
use crate::rng::Rng;

/// Life of a temporary medium (I.3).
const LIFE_MS: i64 = 3 * 86_400_000;

/// A temporary medium.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Medium {
    pub(crate) appid: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) until_ms: i64,
    /// Base64.
    pub(crate) bytes: String,
}

/// Permanent material.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Material {
    pub(crate) media_id: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) update_time_s: i64,
    pub(crate) holds: Holds,
}

/// What material is made of.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum Holds {
    /// Base64.
    Bytes(String),
    /// A picture drawn from this name; built-in material costs no memory.
    Drawn(String),
    /// 1 s of silence that nobody plays.
    Silence,
    /// Title and description.
    Video(String, String),
    /// `news_item`.
    News(Value),
}

/// Kind, largest size in bytes, endings. The newer limit of images is taken (I.3).
const KINDS: [(&str, usize, &[&str]); 4] = [
    ("image", 10 * 1024 * 1024, &["png", "jpeg", "jpg", "gif"]),
    ("voice", 2 * 1024 * 1024, &["amr", "mp3"]),
    ("video", 10 * 1024 * 1024, &["mp4"]),
    ("thumb", 64 * 1024, &["jpg", "jpeg"]),
];
/// An article's picture.
const ARTICLE_IMAGE: usize = 1024 * 1024;

/// Some material of an official account, made on mp.weixin.qq.com before the simulation began.
pub(crate) fn built_in(seed: u64, number: u64) -> Vec<Material> {
    let mut rng = Rng::stream(seed ^ 0x3A7E_21A1, number);
    // 2025-06-01 00:00 UTC, one a day.
    let mut time = 1_748_736_000;
    let mut make = |kind: &str, name: &str, holds: Holds| {
        time += 86_400;
        let media_id = rng.url_safe(64);
        Material { media_id, kind: kind.to_owned(), name: name.to_owned(), update_time_s: time, holds }
    };
    let article = json!([{
        "title": "欢迎关注", "thumb_media_id": "", "thumb_url": "http://mmbiz.qpic.cn/mmbiz_png/welcome/0", "show_cover_pic": 1,
        "author": "编辑部", "digest": "从这里开始", "content": "<p>欢迎关注我们。</p>",
        "url": "http://mp.weixin.qq.com/s?__biz=demo&mid=100", "content_source_url": "https://www.example.com/welcome",
    }]);
    vec![
        make("image", "门头.png", Holds::Drawn("门头".to_owned())),
        make("image", "菜单.png", Holds::Drawn("菜单".to_owned())),
        make("voice", "欢迎.mp3", Holds::Silence),
        make("video", "开业.mp4", Holds::Video("开业".to_owned(), "开业当天的记录".to_owned())),
        make("news", "欢迎关注", Holds::News(article)),
    ]
}

fn ending(name: &str) -> String {
    name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default()
}

fn content_type(name: &str) -> &'static str {
    match ending(name).as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "amr" => "audio/amr",
        "mp3" => "audio/mpeg",
        "mp4" => "video/mpeg4",
        _ => "application/octet-stream",
    }
}

/// The file of an upload, if its kind allows it.
fn file<'c>(call: &'c Call<'_>, kind: &str) -> Result<(&'c Part, String), Refusal> {
    let Some((_, largest, endings)) = KINDS.iter().find(|(known, ..)| *known == kind) else {
        return Err(Refusal::new(40004));
    };
    let part = call.parts.iter().find(|part| part.name == "media" && part.filename.is_some());
    let part = part.ok_or_else(|| Refusal::new(41005))?;
    if part.bytes.is_empty() {
        return Err(Refusal::new(44001));
    }
    // What was sent as a path keeps its last piece, and nothing that a header could stumble over.
    let name = part.filename.as_deref().unwrap_or_default();
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control() && *c != '"').take(128).collect();
    if !endings.contains(&ending(&name).as_str()) {
        return Err(Refusal::new(40005));
    }
    if part.bytes.len() > *largest {
        return Err(Refusal::new(40006));
    }
    Ok((part, name))
}

/// `/cgi-bin/media/upload`.
pub(super) fn upload(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let appid = call.account()?.to_owned();
    let field = call.parts.iter().find(|part| part.name == "type").map(|part| String::from_utf8_lossy(&part.bytes));
    let kind =
        call.query("type").map(str::to_owned).or_else(|| field.map(|kind| kind.into_owned())).unwrap_or_default();
    let (part, name) = file(call, &kind)?;
    let media_id = platform.state.rng.url_safe(64);
    platform.state.media.retain(|_, medium| call.now < medium.until_ms);
    let medium =
        Medium { appid, kind: kind.clone(), name, until_ms: call.now + LIFE_MS, bytes: STANDARD.encode(&part.bytes) };
    platform.state.media.insert(media_id.clone(), medium);
    let id = if kind == "thumb" { "thumb_media_id" } else { "media_id" };
    Ok(json!({"type": kind, id: media_id, "created_at": call.now.div_euclid(1000)}))
}

/// Whether a message may name this medium.
pub(super) fn exists(platform: &Platform, appid: &str, media_id: &str, now: i64) -> bool {
    let temporary = platform.state.media.get(media_id).is_some_and(|m| m.appid == appid && now < m.until_ms);
    let permanent = platform.state.accounts.get(appid);
    temporary || permanent.is_some_and(|state| state.materials.iter().any(|m| m.media_id == media_id))
}

fn bytes(name: &str, body: Vec<u8>) -> Content {
    Content::Bytes { status: 200, content_type: content_type(name), filename: Some(name.to_owned()), body }
}

/// `/cgi-bin/media/get`.
pub(super) fn get(platform: &mut Platform, call: &Call<'_>) -> Result<Content, Refusal> {
    let appid = call.account()?;
    let medium = platform.state.media.get(call.query("media_id").unwrap_or_default());
    let medium = medium.filter(|medium| medium.appid == appid && call.now < medium.until_ms);
    let medium = medium.ok_or_else(|| Refusal::new(40007))?;
    if medium.kind == "video" {
        let base = platform.config.base_url.trim_end_matches('/');
        let url = format!("{base}/sandbox/video/{}", crate::codec::encode(&medium.name));
        return Ok(Content::Json(json!({"video_url": url})));
    }
    Ok(bytes(&medium.name, STANDARD.decode(&medium.bytes).unwrap_or_default()))
}

/// `/cgi-bin/media/uploadimg`: the picture of an article, JPG or PNG up to 1 MB.
pub(super) fn upload_image(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let (part, name) = file(call, "image")?;
    if !matches!(ending(&name).as_str(), "jpg" | "jpeg" | "png") {
        return Err(Refusal::new(40005));
    }
    if part.bytes.len() > ARTICLE_IMAGE {
        return Err(Refusal::new(40006));
    }
    let id = platform.state.rng.url_safe(64);
    Ok(json!({"url": format!("http://mmbiz.qpic.cn/mmbiz_{}/{id}/0", ending(&name))}))
}

fn picture_url(media_id: &str) -> String {
    format!("http://mmbiz.qpic.cn/mmbiz_png/{media_id}/0?wx_fmt=png")
}

/// `/cgi-bin/material/add_material`.
pub(super) fn add(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let appid = call.account()?.to_owned();
    let kind = call.query("type").unwrap_or_default().to_owned();
    let (part, name) = file(call, &kind)?;
    let holds = if kind == "video" {
        let field = call.parts.iter().find(|part| part.name == "description");
        let about = field.and_then(|part| serde_json::from_slice::<Value>(&part.bytes).ok());
        let about = about.filter(Value::is_object).ok_or_else(|| Refusal::new(47001))?;
        let text = |name: &str| about.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Holds::Video(text("title"), text("introduction"))
    } else {
        Holds::Bytes(STANDARD.encode(&part.bytes))
    };
    let media_id = platform.state.rng.url_safe(64);
    let mut answer = json!({"media_id": media_id, "item": []});
    if matches!(kind.as_str(), "image" | "thumb") {
        answer["url"] = json!(picture_url(&media_id));
    }
    let update_time_s = call.now.div_euclid(1000);
    if let Some(state) = platform.state.accounts.get_mut(&appid) {
        state.materials.push(Material { media_id, kind, name, update_time_s, holds });
    }
    Ok(answer)
}

/// `/cgi-bin/material/get_material`.
pub(super) fn get_material(platform: &mut Platform, call: &Call<'_>) -> Result<Content, Refusal> {
    let id = call.field("media_id").unwrap_or_default();
    let base = platform.config.base_url.trim_end_matches('/');
    let state = platform.state.accounts.get(call.account()?).ok_or_else(|| Refusal::new(40013))?;
    let material = state.materials.iter().find(|m| m.media_id == id).ok_or_else(|| Refusal::new(40007))?;
    Ok(match &material.holds {
        Holds::News(items) => Content::Json(json!({"news_item": items})),
        Holds::Video(title, description) => {
            let url = format!("{base}/sandbox/video/{}", crate::codec::encode(&material.name));
            Content::Json(json!({"title": title, "description": description, "down_url": url}))
        }
        Holds::Bytes(encoded) => bytes(&material.name, STANDARD.decode(encoded).unwrap_or_default()),
        Holds::Drawn(name) => bytes(&material.name, crate::avatar::png(name)),
        Holds::Silence => bytes(&material.name, vec![0xFF, 0xFB, 0x10, 0xC4]),
    })
}

/// `/cgi-bin/material/get_materialcount`.
pub(super) fn count(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let state = platform.state.accounts.get(call.account()?).ok_or_else(|| Refusal::new(40013))?;
    let of = |kind: &str| state.materials.iter().filter(|m| m.kind == kind).count();
    Ok(json!({
        "voice_count": of("voice"), "video_count": of("video"), "image_count": of("image"), "news_count": of("news"),
    }))
}

/// `/cgi-bin/material/batchget_material`, the newest first.
pub(super) fn list(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let kind = call.field("type").unwrap_or_default();
    if !matches!(kind.as_str(), "image" | "video" | "voice" | "news") {
        return Err(Refusal::new(40004));
    }
    let number = |name: &str| call.field(name).and_then(|n| n.parse::<usize>().ok());
    let (Some(offset), Some(wanted @ 1..=20)) = (number("offset"), number("count")) else {
        return Err(Refusal::new(40035));
    };
    let state = platform.state.accounts.get(call.account()?).ok_or_else(|| Refusal::new(40013))?;
    let all: Vec<&Material> = state.materials.iter().rev().filter(|m| m.kind == kind).collect();
    let items: Vec<Value> = all.iter().skip(offset).take(wanted).map(|m| shown(m)).collect();
    Ok(json!({"total_count": all.len(), "item_count": items.len(), "item": items}))
}

fn shown(material: &Material) -> Value {
    let mut out = json!({"media_id": material.media_id, "update_time": material.update_time_s});
    match &material.holds {
        Holds::News(items) => {
            out["content"] = json!({
                "news_item": items, "create_time": material.update_time_s, "update_time": material.update_time_s,
            });
        }
        _ => {
            out["name"] = json!(material.name);
            if material.kind == "image" {
                out["url"] = json!(picture_url(&material.media_id));
            }
        }
    }
    out
}

/// `/cgi-bin/material/del_material`.
pub(super) fn delete(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let id = call.field("media_id").unwrap_or_default();
    let state = platform.state.accounts.get_mut(call.account()?).ok_or_else(|| Refusal::new(40013))?;
    let before = state.materials.len();
    state.materials.retain(|material| material.media_id != id);
    if state.materials.len() == before { Err(Refusal::new(40007)) } else { Ok(ok()) }
}
