//! Parametric QR codes (带参数二维码): making them, and what became of them.
//!
//! Must not: ask WeChat for a code that it would refuse; a refused call costs quota too. WeChat knows no way to end a
//! code, so forgetting one is about this list only.

use serde::Deserialize;
use wechat::api::qr_code::{self, MAX_SECONDS, Scene, SceneLife, create_qr_code};

use crate::call_log;
use crate::core::Core;
use crate::dto::{
    CallReason, ErrorCode, FieldError, SceneCode, SceneCodeInput, SceneCodePage, SceneCodeQuery, SceneKind, SceneScan,
};
use crate::engine::{data_url, last_error};
use crate::error::AppError;
use crate::scene_codes;
use crate::store::tables::scene_code::{self, NewSceneCode};

/// Longest name, characters.
const MAX_NAME: usize = 60;
/// Scans shown of a code.
const SCANS: u32 = 200;

#[derive(Deserialize)]
pub(super) struct SceneInputArgs {
    pub input: SceneCodeInput,
}
#[derive(Deserialize)]
pub(super) struct SceneQueryArgs {
    pub query: SceneCodeQuery,
}
#[derive(Deserialize)]
pub(super) struct RowArgs {
    pub id: i64,
}
#[derive(Deserialize)]
pub(super) struct SceneNameArgs {
    pub id: i64,
    pub name: String,
}

impl Core {
    /// Makes a code at WeChat and keeps it here. A temporary one without a life lives 30 days.
    ///
    /// # Errors
    /// `InvalidInput` naming `scene`, `expire_seconds` or `name`, before anything is called; `NotFound`, `NoToken`, or
    /// WeChat's refusal (45029: no permanent one is left).
    pub async fn create_scene_code(&self, input: SceneCodeInput) -> Result<SceneCode, AppError> {
        let name = checked_name(&input.name)?;
        let (wanted, scene) = checked(&input)?;
        let (platform, account) = self.find_account(Some(&input.component_appid), &input.appid)?;
        let runtime = self.runtime(platform.id).ok_or_else(|| AppError::not_found("account", &input.appid))?;
        let credential = self.store().mirror().account_credential(account.id);
        let credential = credential.ok_or_else(|| AppError::new(ErrorCode::NoToken, "there is no token"))?;
        let live = self.live_credential(credential.id).await?;
        let token = live.token.as_ref().ok_or_else(|| AppError::new(ErrorCode::NoToken, "there is no token"))?;
        let call = create_qr_code(runtime.transport.as_ref(), token, &wanted);
        let sent_at = self.clock().now();
        let made = call_log::because(CallReason::SceneCode, Some(&account.appid), call).await;
        let made = made.map_err(|e| AppError::refused(last_error(&e, self.clock().now())))?;
        let permanent = wanted.life == SceneLife::Permanent;
        let lives = match wanted.life {
            SceneLife::Permanent => None,
            // What WeChat says it lives counts; from the sending, so that it is never believed in too long.
            SceneLife::Temporary { seconds } => Some(made.expire_seconds.unwrap_or(seconds)),
        };
        let new = NewSceneCode {
            platform_id: platform.id,
            appid: account.appid.clone(),
            name,
            kind: input.kind,
            scene,
            permanent,
            ticket_hash: scene_codes::ticket_hash(&account.appid, &made.ticket),
            ticket: made.ticket,
            url: made.url,
            created_at: sent_at,
            expires_at: lives.map(|seconds| sent_at.saturating_add(seconds.saturating_mul(1000))),
        };
        let code = self.store().write(move |tx| scene_code::save(tx, &new)).await?;
        self.changes().tell(["scene_codes"]);
        Ok(code)
    }

    /// A page of codes, newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_scene_codes(&self, query: &SceneCodeQuery) -> Result<SceneCodePage, AppError> {
        let (query, now) = (query.clone(), self.clock().now());
        let (items, total) = self.store().read(move |c| scene_code::list(c, &query, now)).await?;
        Ok(SceneCodePage { items, total })
    }

    /// Gives a code another name.
    ///
    /// # Errors
    /// `InvalidInput` naming `name`; `NotFound`; the store's.
    pub async fn rename_scene_code(&self, id: i64, name: &str) -> Result<SceneCode, AppError> {
        let name = checked_name(name)?;
        let code = self.store().write(move |tx| scene_code::rename(tx, id, &name)).await?;
        self.changes().tell(["scene_codes"]);
        code.ok_or_else(|| no_code(id))
    }

    /// Forgets a code and its scans here. At WeChat it goes on: its scans are pushed, and counted no more.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn forget_scene_code(&self, id: i64) -> Result<(), AppError> {
        if !self.store().write(move |tx| scene_code::forget(tx, id)).await? {
            return Err(no_code(id));
        }
        self.changes().tell(["scene_codes"]);
        Ok(())
    }

    /// The code as an SVG document.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn scene_code_svg(&self, id: i64) -> Result<String, AppError> {
        scene_codes::svg(&self.scene_code(id).await?.url)
    }

    /// The code as a PNG `data:` URL of 1024 pixels.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn scene_code_png(&self, id: i64) -> Result<String, AppError> {
        Ok(data_url("image/png", &scene_codes::png(&self.scene_code(id).await?.url)?))
    }

    /// Scans of a code, newest first, at most 200.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn list_scene_scans(&self, id: i64) -> Result<Vec<SceneScan>, AppError> {
        self.scene_code(id).await?;
        Ok(self.store().read(move |c| scene_code::scans(c, id, SCANS)).await?)
    }

    async fn scene_code(&self, id: i64) -> Result<SceneCode, AppError> {
        self.store().read(move |c| scene_code::get(c, id)).await?.ok_or_else(|| no_code(id))
    }
}

fn no_code(id: i64) -> AppError {
    AppError::not_found("QR code", &id.to_string())
}

fn checked_name(name: &str) -> Result<String, AppError> {
    let name = name.trim();
    if name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        return Err(AppError::invalid_field("name", "length", "must have at most 60 characters", "最多 60 个字"));
    }
    Ok(name.to_owned())
}

/// The code that is asked for, and its scene as it is stored.
fn checked(input: &SceneCodeInput) -> Result<(qr_code::SceneCode, String), AppError> {
    let scene = match input.kind {
        SceneKind::Text => Scene::Text(input.scene.clone()),
        SceneKind::Number => Scene::Number(input.scene.trim().parse().map_err(|_| {
            AppError::invalid_field(
                "scene",
                "number",
                "must be a whole number from 1 to 4294967295 (permanent: to 100000)",
                "应为 1–4294967295 的整数（永久二维码为 1–100000）",
            )
        })?),
    };
    let life = if input.permanent {
        SceneLife::Permanent
    } else {
        SceneLife::Temporary { seconds: input.expire_seconds.unwrap_or(MAX_SECONDS) }
    };
    let stored = match &scene {
        Scene::Number(number) => number.to_string(),
        Scene::Text(text) => text.clone(),
    };
    let wanted = qr_code::SceneCode { scene, life };
    let broken = wanted.check();
    if broken.is_empty() {
        return Ok((wanted, stored));
    }
    Err(AppError::invalid(
        broken
            .into_iter()
            .map(|problem| FieldError {
                field: if problem.field == "expire_seconds" { "expire_seconds" } else { "scene" }.to_owned(),
                rule: problem.rule.to_owned(),
                message: problem.text,
                message_zh: problem.text_zh,
            })
            .collect(),
    ))
}
