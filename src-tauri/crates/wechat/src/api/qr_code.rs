//! Parametric QR codes (带参数二维码): what may be asked for, the call, the picture, and the scene in the event of a scan.
//!
//! Owns: H.3 of the protocol. Must not: fetch or draw the picture.
//! Invariant: a temporary code always names its life, because WeChat's own default is 30 s by one text and 60 s by
//! another.

use serde::Deserialize;
use serde_json::json;

use super::{Call, required};
use crate::error::CallError;
use crate::secret::SecretString;
use crate::transport::{ApiRequest, Host, Transport};

/// The largest number of a permanent code.
pub const MAX_PERMANENT_NUMBER: u32 = 100_000;
/// The longest text, in characters.
pub const MAX_TEXT_CHARS: usize = 64;
/// The shortest life of a temporary code, in seconds. WeChat documents none: this is the newer of its two defaults, and
/// a code that lives shorter is gone before somebody has scanned it.
pub const MIN_SECONDS: i64 = 60;
/// The longest life of a temporary code, in seconds: 30 days.
pub const MAX_SECONDS: i64 = 2_592_000;

/// What a code stands for. A push tells both kinds as text, so the number 7 and the text `7` cannot be told apart there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Scene {
    /// `scene_id`: not 0, and at most [`MAX_PERMANENT_NUMBER`] in a permanent code.
    Number(u32),
    /// `scene_str`: 1 to [`MAX_TEXT_CHARS`] characters.
    Text(String),
}

/// How long a code lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SceneLife {
    /// So many seconds, [`MIN_SECONDS`] to [`MAX_SECONDS`].
    Temporary {
        /// Seconds.
        seconds: i64,
    },
    /// For ever; an account has at most 100000 of these (45029).
    Permanent,
}

/// A code to be made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SceneCode {
    /// What it stands for.
    pub scene: Scene,
    /// How long it lives.
    pub life: SceneLife,
}

/// Why WeChat would refuse a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SceneProblem {
    /// `scene_id`, `scene_str` or `expire_seconds`.
    pub field: &'static str,
    /// A stable name of the rule.
    pub rule: &'static str,
    /// In English.
    pub text: String,
    /// In Chinese.
    pub text_zh: String,
}

impl SceneCode {
    /// Everything that is wrong with it; empty means good.
    pub fn check(&self) -> Vec<SceneProblem> {
        let mut found = Vec::new();
        let mut add = |field, rule, text: String, text_zh: String| {
            found.push(SceneProblem { field, rule, text, text_zh });
        };
        match (&self.scene, self.life) {
            (Scene::Number(number), SceneLife::Permanent) if !(1..=MAX_PERMANENT_NUMBER).contains(number) => add(
                "scene_id",
                "permanent_number_range",
                format!("the number of a permanent code is 1 to {MAX_PERMANENT_NUMBER}, not {number}"),
                format!("永久二维码的场景值须为 1–{MAX_PERMANENT_NUMBER}，现为 {number}"),
            ),
            (Scene::Number(0), SceneLife::Temporary { .. }) => add(
                "scene_id",
                "temporary_number_range",
                format!("the number of a temporary code is 1 to {}, not 0", u32::MAX),
                format!("临时二维码的场景值须为 1–{} 的整数，不能为 0", u32::MAX),
            ),
            (Scene::Text(text), _) => match text.chars().count() {
                0 => add("scene_str", "text_required", "a scene needs a text".to_owned(), "请输入场景值".to_owned()),
                1..=MAX_TEXT_CHARS => {}
                long => add(
                    "scene_str",
                    "text_length",
                    format!("the text has {long} characters, at most {MAX_TEXT_CHARS} are allowed"),
                    format!("场景值为 {long} 个字符，最多 {MAX_TEXT_CHARS} 个"),
                ),
            },
            (Scene::Number(_), _) => {}
        }
        if let SceneLife::Temporary { seconds } = self.life
            && !(MIN_SECONDS..=MAX_SECONDS).contains(&seconds)
        {
            add(
                "expire_seconds",
                "seconds_range",
                format!("a temporary code lives {MIN_SECONDS} to {MAX_SECONDS} seconds (30 days), not {seconds}"),
                format!("临时二维码的有效期须为 {MIN_SECONDS}–{MAX_SECONDS} 秒（30 天），现为 {seconds} 秒"),
            );
        }
        found
    }

    /// The `action_name` that goes with this kind and life.
    pub fn action_name(&self) -> &'static str {
        match (&self.scene, self.life) {
            (Scene::Number(_), SceneLife::Temporary { .. }) => "QR_SCENE",
            (Scene::Text(_), SceneLife::Temporary { .. }) => "QR_STR_SCENE",
            (Scene::Number(_), SceneLife::Permanent) => "QR_LIMIT_SCENE",
            (Scene::Text(_), SceneLife::Permanent) => "QR_LIMIT_STR_SCENE",
        }
    }
}

/// A code that was made. Its ticket is no secret: it is part of the picture's public address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SceneTicket {
    /// Names the picture and comes back with every scan.
    pub ticket: String,
    /// Seconds from now; none for a permanent code.
    pub expire_seconds: Option<i64>,
    /// What the picture holds; draw it yourself or use [`show_qr_code_request`].
    pub url: String,
}

/// Makes a code. [`SceneCode::check`] is the caller's to ask first: what WeChat refuses costs quota too.
///
/// # Errors
/// 40052 (action_name), 40053 (action_info), 45029 (too many permanent ones) and the general ones.
pub async fn create_qr_code(
    transport: &dyn Transport,
    token: &SecretString,
    code: &SceneCode,
) -> Result<SceneTicket, CallError> {
    #[derive(Deserialize)]
    struct Answer {
        ticket: Option<String>,
        #[serde(default, deserialize_with = "super::number")]
        expire_seconds: Option<i64>,
        #[serde(default, deserialize_with = "super::text")]
        url: String,
    }
    let mut call = Call::post("/cgi-bin/qrcode/create").token("access_token", token);
    if let SceneLife::Temporary { seconds } = code.life {
        call = call.field("expire_seconds", seconds);
    }
    let scene = match &code.scene {
        Scene::Number(number) => json!({ "scene_id": number }),
        Scene::Text(text) => json!({ "scene_str": text }),
    };
    let answer: Answer = call
        .field("action_name", code.action_name())
        .field("action_info", json!({ "scene": scene }))
        .send(transport)
        .await?;
    Ok(SceneTicket {
        ticket: required(answer.ticket, "ticket")?,
        expire_seconds: answer.expire_seconds.filter(|seconds| *seconds > 0),
        url: answer.url,
    })
}

/// The request for the picture (JPEG), which needs no token. A bad ticket is answered with HTTP 404.
pub fn show_qr_code_request(ticket: &str) -> ApiRequest {
    let mut request = ApiRequest::get("/cgi-bin/showqrcode").with_query("ticket", ticket);
    request.host = Host::Mp;
    request
}

/// The scene of a scan, from an event's name and `EventKey`: behind `qrscene_` when the scan made a new follower
/// (`subscribe`), the whole key when the user already followed (`SCAN`). None of any other event or key.
pub fn scene_of_event_key<'a>(event: &str, event_key: &'a str) -> Option<&'a str> {
    let scene = match event {
        "subscribe" => event_key.strip_prefix("qrscene_")?,
        "SCAN" => event_key,
        _ => return None,
    };
    Some(scene).filter(|scene| !scene.is_empty())
}
