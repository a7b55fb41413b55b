//! Platforms: enter, change, remove, reveal, and ask WeChat to push tickets again.

use std::sync::Arc;

use wechat::api;
use wechat::secret::SecretString;

use crate::core::Core;
use crate::dto::{
    CallbackUrls, Endpoints, ErrorCode, FieldError, Platform, PlatformInput, ReasonCode, RevealedSecret, SecretField,
};
use crate::engine::{Wake, last_error};
use crate::error::AppError;
use crate::store::tables::credential;
use crate::store::tables::platform::{self, PlatformRow};
use crate::{validate, views};

/// Length of a generated Token; WeChat allows 3 to 32.
const TOKEN_LENGTH: usize = 32;

impl Core {
    pub(crate) fn platform_row(&self, component_appid: &str) -> Result<Arc<PlatformRow>, AppError> {
        self.store()
            .mirror()
            .platform_by_appid(component_appid)
            .ok_or_else(|| AppError::not_found("platform", component_appid))
    }

    /// A third-party platform: an account that is connected with its own AppSecret is none.
    pub(crate) fn third_party(&self, component_appid: &str) -> Result<Arc<PlatformRow>, AppError> {
        self.platform_row(component_appid).and_then(|row| match row.own {
            None => Ok(row),
            Some(_) => Err(AppError::not_found("platform", component_appid)),
        })
    }

    /// All platforms, oldest first.
    #[must_use]
    pub fn list_platforms(&self) -> Vec<Platform> {
        let now = self.clock().now();
        self.store().mirror().platforms().iter().map(|p| views::platform(self, p, now)).collect()
    }

    /// One platform.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn get_platform(&self, component_appid: &str) -> Result<Platform, AppError> {
        let row = self.third_party(component_appid)?;
        Ok(views::platform(self, &row, self.clock().now()))
    }

    /// Checks the rules and saves nothing.
    #[must_use]
    pub fn validate_platform(&self, input: &PlatformInput) -> Vec<FieldError> {
        let existing = self.store().mirror().platform_by_appid(&input.component_appid);
        let mut errors = validate::platform(input, existing.is_some());
        if existing.is_some_and(|row| row.own.is_some()) {
            errors.push(validate::connected_otherwise("component_appid", false));
        }
        errors
    }

    /// Adds or changes a platform. Secrets that are left out stay as they are; a changed AES key is kept as the
    /// previous one, because WeChat goes on using it for a while.
    ///
    /// # Errors
    /// `InvalidInput` naming fields and rules; the store's. Nothing is changed then.
    pub async fn save_platform(&self, input: PlatformInput) -> Result<Platform, AppError> {
        let existing = self.store().mirror().platform_by_appid(&input.component_appid);
        let errors = self.validate_platform(&input);
        if !errors.is_empty() {
            return Err(AppError::invalid(errors));
        }
        let endpoints = input.endpoints.clone().or_else(|| existing.as_ref().map(|o| o.endpoints.clone()));
        self.stay_in_the_sandbox(&endpoints.unwrap_or_default())?;
        let now = self.clock().now();
        let given = |value: Option<String>| value.filter(|v| !v.is_empty()).map(SecretString::from);
        let old = existing.as_deref();
        let keep = |value: Option<String>, old: Option<&SecretString>| {
            given(value).or_else(|| old.cloned()).unwrap_or_else(|| SecretString::from(""))
        };
        let key = keep(input.encoding_aes_key, old.map(|o| &o.encoding_aes_key));
        let previous = match (input.previous_encoding_aes_key.as_deref(), old) {
            (Some(""), _) => None,
            (Some(given), _) => Some(SecretString::from(given)),
            (None, Some(old)) if old.encoding_aes_key != key => Some(old.encoding_aes_key.clone()),
            (None, Some(old)) => old.previous_encoding_aes_key.clone(),
            (None, None) => None,
        };
        let proxy = match (input.outbound_proxy.as_deref(), old) {
            (Some(""), _) => None,
            (Some(given), _) => Some(SecretString::from(given)),
            (None, old) => old.and_then(|o| o.outbound_proxy.clone()),
        };
        if proxy.is_some() {
            // Tried here, so that a bad one is an error of the form and not of the next call.
            crate::transport::client(proxy.as_ref())?;
        }
        let row = PlatformRow {
            id: old.map_or(0, |o| o.id),
            component_appid: input.component_appid,
            name: input.name.trim().to_owned(),
            component_appsecret: keep(input.component_appsecret, old.map(|o| &o.component_appsecret)),
            verify_token: keep(input.verify_token, old.map(|o| &o.verify_token)),
            previous_key_since: match old {
                _ if previous.is_none() => None,
                // The same key as before: since then; another one: since now.
                Some(old) if old.previous_encoding_aes_key == previous => old.previous_key_since,
                _ => Some(now),
            },
            encoding_aes_key: key,
            previous_encoding_aes_key: previous,
            public_base_url: input.public_base_url.trim_end_matches('/').to_owned(),
            endpoints: input.endpoints.or_else(|| old.map(|o| o.endpoints.clone())).unwrap_or_default(),
            outbound_proxy: proxy,
            sandbox: self.is_sandbox(),
            own: None,
            ticket: None,
            ticket_recent: Vec::new(),
            created_at: old.map_or(now, |o| o.created_at),
            // Also tells the runtime to be made anew; must grow even when two saves share a millisecond.
            updated_at: old.map_or(now, |o| now.max(o.updated_at + 1)),
        };
        let appid = row.component_appid.clone();
        let new_secret = old.is_some_and(|o| o.component_appsecret != row.component_appsecret);
        let id = self
            .store()
            .write(move |tx| {
                let id = platform::save(tx, &row)?;
                let mut component = credential::ensure(tx, id, None)?;
                // What the operator changed may be what failed: try again soon, keep the token.
                component.forget_failure();
                credential::update(tx, &component)?;
                Ok(id)
            })
            .await?;
        self.engine().memory().addresses.forget(id);
        self.changes().tell(["platforms", "overview", "door"]);
        self.wake(Wake::Platform(id));
        if new_secret {
            // Tried now, while the operator is here and the old token still lives; what comes of it shows by itself.
            if let Some(component) = self.store().mirror().component_credential(id) {
                let (answer, _) = tokio::sync::oneshot::channel();
                let (id, generation) = (component.id, component.generation);
                self.wake(Wake::Ask { id, generation, reason: ReasonCode::Requested, answer });
            }
        }
        self.get_platform(&appid)
    }

    /// The sandbox promises that nothing of it reaches WeChat: a platform of it calls this machine only.
    pub(super) fn stay_in_the_sandbox(&self, endpoints: &Endpoints) -> Result<(), AppError> {
        let is_here = |url: &str| matches!(validate::host_of(url), Some("localhost" | "127.0.0.1" | "[::1]"));
        if !self.is_sandbox() || (is_here(&endpoints.api) && is_here(&endpoints.mp) && is_here(&endpoints.open)) {
            return Ok(());
        }
        Err(AppError::invalid_field(
            "endpoints.api",
            "sandbox",
            "this is the sandbox, whose platforms call this machine only; start without --sandbox to add a real platform",
            "当前是沙盒，其中的平台只连接本机；要接入真实平台请先离开沙盒（启动时不带 --sandbox）",
        ))
    }

    /// Removes a platform, its accounts and their tokens for good.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn remove_platform(&self, component_appid: &str) -> Result<(), AppError> {
        let id = self.third_party(component_appid)?.id;
        self.store().write(move |tx| platform::remove(tx, id)).await?;
        self.changes().tell(["platforms", "accounts", "links", "overview", "door"]);
        self.wake(Wake::Platform(id));
        Ok(())
    }

    /// A stored secret, for a person who asks.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn reveal_platform_secret(
        &self,
        component_appid: &str,
        field: SecretField,
    ) -> Result<RevealedSecret, AppError> {
        let row = self.third_party(component_appid)?;
        let value = match field {
            SecretField::ComponentAppsecret => row.component_appsecret.expose().clone(),
            SecretField::VerifyToken => row.verify_token.expose().clone(),
            SecretField::EncodingAesKey => row.encoding_aes_key.expose().clone(),
            SecretField::OutboundProxy => row
                .outbound_proxy
                .as_ref()
                .map(|p| p.expose().clone())
                .ok_or_else(|| AppError::not_found("proxy of", component_appid))?,
        };
        Ok(RevealedSecret { value, expires_at: None })
    }

    /// Asks WeChat to push tickets again (protocol C.1); the next one comes within ten minutes.
    ///
    /// # Errors
    /// WeChat's refusal.
    pub async fn start_ticket_push(&self, component_appid: &str) -> Result<(), AppError> {
        let id = self.third_party(component_appid)?.id;
        let runtime = self.runtime(id).ok_or_else(|| AppError::not_found("platform", component_appid))?;
        api::start_push_ticket(runtime.transport.as_ref(), component_appid, &runtime.row.component_appsecret)
            .await
            .map_err(|e| AppError::refused(last_error(&e, self.clock().now())))
    }

    /// Refreshes the component token now.
    ///
    /// # Errors
    /// WeChat's refusal, or why it cannot be tried.
    pub async fn refresh_component(&self, component_appid: &str) -> Result<Platform, AppError> {
        let id = self.third_party(component_appid)?.id;
        let row = self
            .store()
            .mirror()
            .component_credential(id)
            .ok_or_else(|| AppError::not_found("component token of", component_appid))?;
        self.ask(row.id, ReasonCode::Requested).await?;
        self.get_platform(component_appid)
    }

    /// What to enter on open.weixin.qq.com, before anything is saved.
    #[must_use]
    pub fn preview_callback_urls(component_appid: &str, public_base_url: &str) -> CallbackUrls {
        views::callback_urls(component_appid, public_base_url)
    }

    /// A random Token.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn generate_verify_token() -> Result<String, AppError> {
        wechat::crypto::generate_token(TOKEN_LENGTH).map_err(|e| AppError::new(ErrorCode::Internal, e.to_string()))
    }

    /// A random EncodingAESKey.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn generate_encoding_aes_key() -> Result<String, AppError> {
        wechat::crypto::generate_encoding_aes_key().map_err(|e| AppError::new(ErrorCode::Internal, e.to_string()))
    }
}
