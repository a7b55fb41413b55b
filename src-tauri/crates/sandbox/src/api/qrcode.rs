//! Owns: parametric QR codes (H.3): making them, their picture, scanning them.
//! Must not: know who may make one; the gate does.
//! Invariant: a ticket never changes its scene; a temporary one dies with its time.

use std::io::Cursor;

use image::{ImageFormat, Luma};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Call, Refusal};
use crate::call::Content;
use crate::people::{Followed, event_fields};
use crate::platform::Platform;

/// `expire_seconds` at most (H.3).
const LONGEST_S: i64 = 2_592_000;
/// Without `expire_seconds` (H.3: the newer text).
const DEFAULT_S: i64 = 60;
/// Scene strings are 1–64 characters.
const LONGEST_SCENE: usize = 64;
/// Scene ids of permanent codes.
const LIMIT_IDS: std::ops::RangeInclusive<u64> = 1..=100_000;

/// A code that was made.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct QrCode {
    pub(crate) appid: String,
    pub(crate) scene: Scene,
    /// `None`: permanent.
    pub(crate) until_ms: Option<i64>,
    pub(crate) url: String,
}

/// What a code stands for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Scene {
    Id(u64),
    Text(String),
}

impl Scene {
    fn key(&self) -> String {
        match self {
            Self::Id(id) => id.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

fn scene(call: &Call<'_>, text: bool, permanent: bool) -> Result<Scene, Refusal> {
    let given = call.body.pointer("/action_info/scene").ok_or_else(|| Refusal::new(40053))?;
    if text {
        let scene = given.get("scene_str").and_then(Value::as_str).unwrap_or_default();
        let fits = (1..=LONGEST_SCENE).contains(&scene.chars().count());
        return if fits { Ok(Scene::Text(scene.to_owned())) } else { Err(Refusal::new(40053)) };
    }
    let id = given.get("scene_id").and_then(|id| id.as_u64().or_else(|| id.as_str()?.parse().ok())).unwrap_or(0);
    let fits = if permanent { LIMIT_IDS.contains(&id) } else { id != 0 && u32::try_from(id).is_ok() };
    if fits { Ok(Scene::Id(id)) } else { Err(Refusal::new(40053)) }
}

/// `/cgi-bin/qrcode/create`.
pub(super) fn create(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let appid = call.account()?.to_owned();
    let (text, permanent) = match call.field("action_name").as_deref() {
        Some("QR_SCENE") => (false, false),
        Some("QR_STR_SCENE") => (true, false),
        Some("QR_LIMIT_SCENE") => (false, true),
        Some("QR_LIMIT_STR_SCENE") => (true, true),
        _ => return Err(Refusal::new(40052)),
    };
    let scene = scene(call, text, permanent)?;
    let until = if permanent {
        let made = platform.state.qr_codes.values().filter(|q| q.appid == appid && q.until_ms.is_none()).count();
        if made as u64 >= platform.config.permanent_qr_codes {
            return Err(Refusal::new(45029));
        }
        None
    } else {
        let seconds = match call.body.get("expire_seconds") {
            None | Some(Value::Null) => DEFAULT_S,
            Some(_) => call.field("expire_seconds").and_then(|s| s.parse().ok()).unwrap_or(0),
        };
        if !(1..=LONGEST_S).contains(&seconds) {
            return Err(Refusal::new(40035));
        }
        Some(seconds)
    };
    let ticket = format!("gQ{}==", platform.state.rng.url_safe(90));
    let url = format!("http://weixin.qq.com/q/{}", platform.state.rng.alphanumeric(20));
    let mut answer = json!({"ticket": ticket, "url": url});
    if let Some(seconds) = until {
        answer["expire_seconds"] = json!(seconds);
    }
    // Dead ones are told from unknown ones for a day.
    platform.state.qr_codes.retain(|_, q| q.until_ms.is_none_or(|until| until + 86_400_000 > call.now));
    let until_ms = until.map(|seconds| call.now + seconds * 1000);
    platform.state.qr_codes.insert(ticket, QrCode { appid, scene, until_ms, url });
    Ok(answer)
}

fn picture(url: &str) -> Option<Vec<u8>> {
    let code = qrcode::QrCode::new(url.as_bytes()).ok()?;
    let picture = code.render::<Luma<u8>>().min_dimensions(430, 430).build();
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, ImageFormat::Png).ok()?;
    Some(out.into_inner())
}

/// `/cgi-bin/showqrcode` on the mp host: no token, 404 for a ticket that is unknown or dead. WeChat answers a JPEG.
pub(super) fn show(platform: &mut Platform, call: &Call<'_>) -> Result<Content, Refusal> {
    let code = platform.state.qr_codes.get(call.query("ticket").unwrap_or_default());
    let alive = code.filter(|code| code.until_ms.is_none_or(|until| call.now < until));
    Ok(match alive.and_then(|code| picture(&code.url)) {
        Some(body) => Content::Bytes { status: 200, content_type: "image/png", filename: None, body },
        None => Content::Bytes {
            status: 404,
            content_type: "text/html; charset=utf-8",
            filename: None,
            body: b"<html><body><h1>404 Not Found</h1></body></html>".to_vec(),
        },
    })
}

/// Why a scan led nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanError {
    /// No such code at this account.
    Unknown,
    /// The code's time is over.
    Expired,
    /// A test account has 100 followers at most, or the account cannot be followed.
    NotFollowed,
}

impl Platform {
    /// A person scans a code, named by its ticket, or by account and scene: `subscribe` with `qrscene_` for a new
    /// follower, `SCAN` for one who follows already. Answers which event was pushed.
    ///
    /// # Errors
    /// [`ScanError`].
    pub fn scan(
        &mut self,
        now_ms: i64,
        appid: Option<&str>,
        ticket_or_scene: &str,
        who: &crate::people::Who,
    ) -> Result<&'static str, ScanError> {
        let of_scene = || {
            let fits = |code: &QrCode| Some(code.appid.as_str()) == appid && code.scene.key() == ticket_or_scene;
            // The one that lives longest, a permanent one first.
            let life = |code: &QrCode| code.until_ms.unwrap_or(i64::MAX);
            let codes = self.state.qr_codes.iter().filter(|(_, code)| fits(code));
            codes.max_by_key(|(_, code)| life(code)).map(|(ticket, code)| (ticket.clone(), code.clone()))
        };
        let named = self.state.qr_codes.get(ticket_or_scene).map(|code| (ticket_or_scene.to_owned(), code.clone()));
        let Some((ticket, code)) = named.or_else(of_scene) else { return Err(ScanError::Unknown) };
        if code.until_ms.is_some_and(|until| now_ms >= until) {
            return Err(ScanError::Expired);
        }
        let appid = code.appid.clone();
        let openid = self.resolve(&appid, who);
        let fields = |key: String| vec![("EventKey".to_owned(), key), ("Ticket".to_owned(), ticket.clone())];
        if self.follows(&appid, &openid) {
            let mut event = event_fields("SCAN");
            event.extend(fields(code.scene.key()));
            self.push_message(now_ms, &appid, &openid, &event);
            return Ok("SCAN");
        }
        let added = fields(format!("qrscene_{}", code.scene.key()));
        match self.follow_through(now_ms, &appid, &openid, "ADD_SCENE_QR_CODE", &added) {
            Followed::Done => {}
            _ => return Err(ScanError::NotFollowed),
        }
        self.change_bond(&appid, &openid, |bond| match code.scene {
            Scene::Id(id) => bond.qr_scene = id,
            Scene::Text(text) => bond.qr_scene_str = text,
        });
        Ok("subscribe")
    }

    /// The codes of an account that still work: ticket, scene, end of life.
    pub fn qr_codes_of(&self, now_ms: i64, appid: &str) -> Vec<(String, String, Option<i64>)> {
        let alive = |code: &QrCode| code.appid == appid && code.until_ms.is_none_or(|until| now_ms < until);
        let codes = self.state.qr_codes.iter().filter(|(_, code)| alive(code));
        codes.map(|(ticket, code)| (ticket.clone(), code.scene.key(), code.until_ms)).collect()
    }
}
