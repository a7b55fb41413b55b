//! The release check (全网发布检测), its rehearsal, and the sandbox's followers.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::core::Core;
use crate::dto::{AccountKind, Crowd, ErrorCode, Rehearsal, ReleaseCheck, ReleasePlatform};
use crate::error::AppError;
use crate::store::tables::release;

/// Longest answer of the sandbox's controls, ms. It is in this process, or beside it.
const PATIENCE: u64 = 5_000;
/// Most messages a minute of the sandbox's followers.
const MOST: i64 = 60_000;

impl Core {
    /// The release check: what happened, and what was rehearsed.
    ///
    /// # Errors
    /// The store's.
    pub async fn release_check(&self) -> Result<ReleaseCheck, AppError> {
        let mut platforms = Vec::new();
        for platform in self.store().mirror().platforms() {
            let id = platform.id;
            platforms.push(ReleasePlatform {
                component_appid: platform.component_appid.clone(),
                name: platform.name.clone(),
                on: self.answers_release(id),
                steps: self.store().read(move |c| release::steps(c, id)).await?,
            });
        }
        let can_rehearse = self.sandbox_url().is_some();
        let rehearsals: Vec<Rehearsal> = if can_rehearse { self.rehearsals().await? } else { Vec::new() };
        Ok(ReleaseCheck { platforms, can_rehearse, rehearsals })
    }

    /// Rehearsals of the sandbox, whose rows speak one language at a time.
    async fn rehearsals(&self) -> Result<Vec<Rehearsal>, AppError> {
        let mut zh: Value = self.sandbox_in("zh", "GET", "release-check", None).await?;
        let en: Value = self.sandbox_in("en", "GET", "release-check", None).await?;
        let rows = |run: &Value, n: usize| run["rows"][n]["text"].as_str().unwrap_or_default().to_owned();
        for run in zh.as_array_mut().into_iter().flatten() {
            let other = en.as_array().into_iter().flatten().find(|other| other["id"] == run["id"]).cloned();
            for (n, row) in run["rows"].as_array_mut().into_iter().flatten().enumerate() {
                let Some(zh) = row["text"].as_str().map(str::to_owned) else { continue };
                // A row that went on between the two questions has its other words a moment later.
                let en = other.as_ref().map(|other| rows(other, n)).filter(|text| !text.is_empty());
                row["text"] = json!({ "en": en.unwrap_or_else(|| zh.clone()), "zh": zh });
            }
        }
        serde_json::from_value(zh).map_err(|e| AppError::new(ErrorCode::Internal, e.to_string()))
    }

    /// Switches a platform's answers to the check.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn switch_release_check(&self, component_appid: &str, on: bool) -> Result<ReleaseCheck, AppError> {
        let platform = self.store().mirror().platform_by_appid(component_appid).filter(|p| p.own.is_none());
        let platform = platform.ok_or_else(|| AppError::not_found("platform", component_appid))?;
        self.set_release(&platform, on).await?;
        self.release_check().await
    }

    /// Starts a rehearsal in the sandbox.
    ///
    /// # Errors
    /// `InvalidInput` for another set than 1 to 5; `Unavailable` without a sandbox, and while a rehearsal runs.
    pub async fn start_rehearsal(&self, set: Option<u8>, kind: Option<AccountKind>) -> Result<ReleaseCheck, AppError> {
        if set.is_some_and(|set| !(1..=5).contains(&set)) {
            return Err(AppError::invalid_field("set", "range", "must be 1 to 5", "应为 1–5"));
        }
        let _: Value = self.sandbox("POST", "release-check", Some(json!({ "set": set, "kind": kind }))).await?;
        self.changes().tell(["release"]);
        self.release_check().await
    }

    /// Followers of the sandbox.
    ///
    /// # Errors
    /// `Unavailable` without a sandbox.
    pub async fn get_crowd(&self) -> Result<Crowd, AppError> {
        self.sandbox("GET", "crowd", None).await
    }

    /// How much the sandbox's followers write.
    ///
    /// # Errors
    /// `InvalidInput` for a rate that is out of range; `Unavailable` without a sandbox.
    pub async fn set_crowd(&self, per_minute: i64) -> Result<Crowd, AppError> {
        if !(0..=MOST).contains(&per_minute) {
            return Err(AppError::invalid_field("per_minute", "range", "must be 0 to 60,000", "应为 0–60000"));
        }
        self.sandbox("POST", "crowd", Some(json!({ "per_minute": per_minute }))).await
    }

    async fn sandbox<T: DeserializeOwned>(&self, method: &str, path: &str, body: Option<Value>) -> Result<T, AppError> {
        self.sandbox_in("zh", method, path, body).await
    }

    /// Asks the sandbox that runs beside this engine, in a language.
    async fn sandbox_in<T: DeserializeOwned>(
        &self,
        language: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Result<T, AppError> {
        let base = self.sandbox_url().ok_or_else(|| {
            AppError::new(ErrorCode::Unavailable, "this works in the sandbox only: start with --sandbox")
        })?;
        let unavailable = |why: String| AppError::new(ErrorCode::Unavailable, why);
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().map_err(|e| unavailable(e.to_string()))?;
        let url = format!("{base}/sandbox/{path}");
        let request = if method == "POST" { client.post(url) } else { client.get(url) };
        let request = request.header("accept-language", language);
        let request = match body {
            Some(body) => request.header("content-type", "application/json").body(body.to_string()),
            None => request,
        };
        let asked = async {
            let answer = request.send().await.map_err(|_| unavailable("the sandbox does not answer".to_owned()))?;
            let status = answer.status();
            let text = answer.text().await.map_err(|_| unavailable("the sandbox broke off".to_owned()))?;
            if !status.is_success() {
                return Err(unavailable(format!("the sandbox refused: {}", text.trim())));
            }
            serde_json::from_str(&text).map_err(|e| AppError::new(ErrorCode::Internal, e.to_string()))
        };
        crate::clock::within(PATIENCE, asked)
            .await
            .unwrap_or_else(|| Err(unavailable("the sandbox does not answer".to_owned())))
    }
}
