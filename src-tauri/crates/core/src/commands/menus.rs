//! An account's menu: one draft, checked before it is kept, published as it is and read back.
//!
//! Must not change what the operator wrote: the draft goes to WeChat byte for byte as JSON. Invariant: a draft that is
//! stored has passed every rule of `wechat::menu::validate`.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use wechat::error::CallError;
use wechat::menu::MenuAnswer;
use wechat::secret::SecretString;
use wechat::transport::{BoxFuture, Transport};

use crate::call_log;
use crate::core::Core;
use crate::dto::{AccountKind, CallReason, ErrorCode, FieldError, ReasonCode};
use crate::engine::last_error;
use crate::error::AppError;
use crate::store::tables::account::AccountRow;
use crate::store::tables::menu;

/// A published menu.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PublishedMenu {
    /// When WeChat took it, ms.
    pub published_at: i64,
    /// What WeChat answers to `menu/get` now; null when it says that there is none.
    pub menu: Option<MenuAnswer>,
}

impl Core {
    /// The draft of an account's menu: the JSON of WeChat's `menu/create`.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn menu_draft(&self, component_appid: &str, appid: &str) -> Result<Option<Value>, AppError> {
        let (_, row) = self.find_account(Some(component_appid), appid)?;
        let id = row.id;
        let draft = self.store().read(move |c| Ok(menu::draft(c, id)?)).await?;
        draft
            .map(|text| {
                serde_json::from_str(&text)
                    .map_err(|_| AppError::new(ErrorCode::Store, "the stored draft cannot be read"))
            })
            .transpose()
    }

    /// Keeps a draft.
    ///
    /// # Errors
    /// `InvalidInput` with every problem (field = path); the draft before stays then.
    pub async fn save_menu_draft(&self, component_appid: &str, appid: &str, draft: &Value) -> Result<(), AppError> {
        let (_, row) = self.find_account(Some(component_appid), appid)?;
        has_menu(&row)?;
        let problems = wechat::menu::validate(draft);
        if !problems.is_empty() {
            return Err(AppError::invalid(
                problems
                    .into_iter()
                    .map(|p| FieldError {
                        field: p.path,
                        rule: p.rule.to_owned(),
                        message: p.text,
                        message_zh: p.text_zh,
                    })
                    .collect(),
            ));
        }
        let (id, text, now) = (row.id, draft.to_string(), self.clock().now());
        self.store().write(move |tx| menu::save(tx, id, &text, now)).await?;
        self.changes().tell([&format!("account:{appid}")]);
        Ok(())
    }

    /// Publishes the draft and reads the live menu back.
    ///
    /// # Errors
    /// `NotFound` without a draft, `NoToken`, or WeChat's refusal.
    pub async fn publish_menu(&self, component_appid: &str, appid: &str) -> Result<PublishedMenu, AppError> {
        let (_, row) = self.find_account(Some(component_appid), appid)?;
        has_menu(&row)?;
        let draft = self
            .menu_draft(component_appid, appid)
            .await?
            .ok_or_else(|| AppError::not_found("menu draft of", appid))?;
        self.on_behalf(&row, |transport, token| {
            let draft = draft.clone();
            Box::pin(async move { wechat::api::menu::create(transport, token, &draft).await })
        })
        .await?;
        let (id, now) = (row.id, self.clock().now());
        self.store().write(move |tx| menu::published(tx, id, now)).await?;
        self.changes().tell([&format!("account:{appid}")]);
        let menu = self.on_behalf(&row, |transport, token| Box::pin(wechat::api::menu::get(transport, token))).await?;
        Ok(PublishedMenu { published_at: now, menu })
    }

    /// Makes a call with the account's token; a token that WeChat refuses is renewed once, and the call repeated.
    async fn on_behalf<T>(
        &self,
        account: &Arc<AccountRow>,
        call: impl for<'a> Fn(&'a dyn Transport, &'a SecretString) -> BoxFuture<'a, Result<T, CallError>> + Send + Sync,
    ) -> Result<T, AppError> {
        let gone = || AppError::not_found("credential of account", &account.appid);
        let id = self.store().mirror().account_credential(account.id).ok_or_else(gone)?.id;
        let runtime = self
            .runtime(account.platform_id)
            .ok_or_else(|| AppError::not_found("platform of account", &account.appid))?;
        let mut renewed = false;
        loop {
            let credential = self.live_credential(id).await?;
            let token = credential.token.as_ref().ok_or_else(gone)?;
            let call = call(runtime.transport.as_ref(), token);
            let error = match call_log::because(CallReason::Menu, Some(&account.appid), call).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if renewed || !matches!(error.code(), Some(40001 | 40014 | 42001)) {
                return Err(AppError::refused(last_error(&error, self.clock().now())));
            }
            renewed = true;
            // Somebody may have renewed it while the call was under way.
            if self.credential_row(id)?.generation == credential.generation {
                self.ask(id, ReasonCode::ReportedRejected).await?;
            }
        }
    }
}

fn has_menu(row: &AccountRow) -> Result<(), AppError> {
    match row.kind {
        Some(AccountKind::MiniProgram) => Err(AppError::new(
            ErrorCode::InvalidInput,
            format!("{} is a mini program; only official accounts have a menu", row.appid),
        )),
        _ => Ok(()),
    }
}
