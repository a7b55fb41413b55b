//! Parametric QR codes of an account.

use serde::Deserialize;

use super::table::{Answer, Call, Parameter, created, json};
use crate::dto::{SceneCodeInput, SceneCodeQuery, SceneKind};
use crate::error::AppError;

/// Query of the list.
pub(super) const LIST: &[Parameter] = &[
    ("platform", "string", "Component appid; needed when the account authorized several platforms."),
    ("q", "string", "Part of name or scene."),
    ("ended", "boolean", "Only ended ones, or only live ones."),
    ("limit", "integer", "1 to 500, default 100."),
    ("offset", "integer", "From this row on."),
];

fn number() -> SceneKind {
    SceneKind::Number
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QrCodeRequest {
    scene: String,
    #[serde(default = "number")]
    kind: SceneKind,
    #[serde(default)]
    permanent: bool,
    #[serde(default)]
    expire_seconds: Option<i64>,
    #[serde(default)]
    name: String,
}

pub(super) async fn create(call: Call) -> Answer {
    let request: QrCodeRequest = call.json()?;
    let (platform, account) = call.core().find_account(call.query("platform"), call.path("appid"))?;
    let input = SceneCodeInput {
        component_appid: platform.component_appid.clone(),
        appid: account.appid.clone(),
        name: request.name,
        kind: request.kind,
        scene: request.scene,
        permanent: request.permanent,
        expire_seconds: request.expire_seconds,
    };
    created(&call.core().create_scene_code(input).await?)
}

pub(super) async fn list(call: Call) -> Answer {
    let (platform, account) = call.core().find_account(call.query("platform"), call.path("appid"))?;
    let ended = match call.query("ended") {
        None => None,
        Some("true" | "1") => Some(true),
        Some("false" | "0") => Some(false),
        Some(_) => {
            return Err(AppError::invalid_field("ended", "choice", "must be true or false", "应为 true 或 false"));
        }
    };
    let query = SceneCodeQuery {
        component_appid: Some(platform.component_appid.clone()),
        appid: Some(account.appid.clone()),
        q: call.query("q").map(str::to_owned),
        ended,
        limit: call.number("limit")?,
        offset: call.number("offset")?,
    };
    json(&call.core().list_scene_codes(&query).await?)
}
