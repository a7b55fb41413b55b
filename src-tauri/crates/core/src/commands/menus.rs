//! An account's menus, as pages and servers ask for them.
//!
//! Owns no rule: see [`crate::menus`]. A failure of publishing after what is live was read is an answer, not an error:
//! the version says how far it came, why it ended, and which buttons it can be about.

use serde::Serialize;
use serde_json::Value;
use wechat::api;

use crate::core::Core;
use crate::dto::{
    ErrorCode, FieldError, LiveMenu, MenuChange, MenuCheck, MenuDraft, MenuMatch, MenuSet, MenuSource, MenuState,
    MenuVersion, MenuVersionPage, PublishCause, PublishState, SourcedMenu,
};
use crate::error::AppError;
use crate::menus::publish::Publication;
use crate::menus::{self, check, draft, live, originals, publish};

/// Versions a page when none is asked for.
const PAGE: i64 = 50;
/// Most versions a page.
const MAX_PAGE: i64 = 200;

/// A published default menu, as the local API answers it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PublishedMenu {
    /// The version's number.
    pub version: i64,
    /// When it was found to be live, ms.
    pub published_at: i64,
    /// What WeChat answers to `menu/get` now; null when it says that there is none.
    pub menu: Option<Value>,
}

impl Core {
    /// Everything the editor of an account opens with. Asks WeChat nothing.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn menu_state(&self, component_appid: &str, appid: &str) -> Result<MenuState, AppError> {
        let (platform, row) = self.find_account(Some(component_appid), appid)?;
        let (original, original_error) = originals::newest(self, &row).await?;
        Ok(MenuState {
            component_appid: platform.component_appid.clone(),
            appid: row.appid.clone(),
            nick_name: row.nick_name.clone(),
            tenant: row.tenant.clone(),
            abilities: menus::abilities(&row),
            draft: draft::get(self, &row).await?,
            live: live::last(self, &row).await?,
            last_version: publish::page(self, &row, None, 1, true).await?.pop(),
            original,
            original_error,
        })
    }

    /// What is wrong with a menu, by WeChat's rules and by what the account can do.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn check_menu(&self, component_appid: &str, appid: &str, set: &MenuSet) -> Result<MenuCheck, AppError> {
        let (_, row) = self.find_account(Some(component_appid), appid)?;
        Ok(check::check(set, &menus::abilities(&row)))
    }

    /// Keeps a draft, complete or not, if `base_revision` is still the one that is kept.
    ///
    /// # Errors
    /// `Conflict` when it is not; `InvalidInput` for a mini program.
    pub async fn save_menu_draft(
        &self,
        component_appid: &str,
        appid: &str,
        set: MenuSet,
        base_revision: i64,
    ) -> Result<MenuDraft, AppError> {
        let (_, row) = self.find_account(Some(component_appid), appid)?;
        draft::save(self, &row, set, Some(base_revision)).await
    }

    /// Asks WeChat what is live, and keeps the reading.
    ///
    /// # Errors
    /// `NoToken`, or WeChat's refusal.
    pub async fn read_live_menu(&self, component_appid: &str, appid: &str) -> Result<LiveMenu, AppError> {
        let (_, row) = self.find_account(Some(component_appid), appid)?;
        menus::has_menu(&row)?;
        live::read_and_keep(self, &row).await
    }

    /// A menu that is kept somewhere.
    ///
    /// # Errors
    /// `NotFound` when nothing is kept there.
    pub async fn menu_source(
        &self,
        component_appid: &str,
        appid: &str,
        source: MenuSource,
    ) -> Result<SourcedMenu, AppError> {
        let (_, row) = self.find_account(Some(component_appid), appid)?;
        let bare = |set| SourcedMenu { set, replaced: Vec::new() };
        Ok(match source {
            MenuSource::Draft => bare(draft::get(self, &row).await?.set),
            MenuSource::Live => {
                let last = live::last(self, &row).await?;
                let last = last.ok_or_else(|| AppError::not_found("reading of the live menu of", appid))?;
                SourcedMenu { set: last.set, replaced: last.replaced }
            }
            MenuSource::Version { id } => bare(publish::one(self, &row, id).await?.set.unwrap_or_default()),
            MenuSource::Original { id } => {
                let original = originals::original(self, &row, id).await?;
                SourcedMenu { set: original.live.set, replaced: original.live.replaced }
            }
            MenuSource::Mapped => originals::mapped(self, &row).await?,
        })
    }

    /// How two menus differ.
    #[must_use]
    pub fn diff_menus(left: &MenuSet, right: &MenuSet) -> Vec<MenuChange> {
        menus::differences(left, right)
    }

    /// Publishes the draft of that revision.
    ///
    /// # Errors
    /// `Conflict` when the draft moved on, or a publication is under way; `InvalidInput` with every error finding;
    /// `NoToken` or WeChat's refusal when what is live cannot be read. Nothing was changed then.
    pub async fn publish_menu(
        &self,
        component_appid: &str,
        appid: &str,
        revision: i64,
        who: &str,
    ) -> Result<MenuVersion, AppError> {
        let (_, row) = self.find_account(Some(component_appid), appid)?;
        publish::publish_draft(self, &row, Some(revision), who).await
    }

    /// Makes a kept menu the draft and publishes it.
    ///
    /// # Errors
    /// As [`Core::publish_menu`]; `NotFound` when nothing is kept there.
    pub async fn republish_menu(
        &self,
        component_appid: &str,
        appid: &str,
        source: MenuSource,
        who: &str,
    ) -> Result<MenuVersion, AppError> {
        let (_, row) = self.find_account(Some(component_appid), appid)?;
        let set = self.menu_source(component_appid, appid, source).await?.set;
        let (cause, from) = match source {
            MenuSource::Draft | MenuSource::Live => (PublishCause::Draft, None),
            MenuSource::Version { id } => (PublishCause::Rollback, Some(id.to_string())),
            MenuSource::Original { id } => (PublishCause::Original, Some(id.to_string())),
            MenuSource::Mapped => (PublishCause::Draft, Some("mapped".to_owned())),
        };
        publish::publish(self, &row, Publication { set, cause, from, who: who.to_owned() }).await
    }

    /// Takes up a publication that stopped half-way: reads what is live, and does what is missing.
    ///
    /// # Errors
    /// `Conflict` when it cannot be taken up, or one is under way; otherwise as [`Core::publish_menu`].
    pub async fn resume_menu_publish(
        &self,
        component_appid: &str,
        appid: &str,
        version_id: i64,
    ) -> Result<MenuVersion, AppError> {
        let (_, row) = self.find_account(Some(component_appid), appid)?;
        publish::resume(self, &row, version_id).await
    }

    /// Deletes the default menu and all conditional ones. The draft stays.
    ///
    /// # Errors
    /// As [`Core::publish_menu`].
    pub async fn delete_menu(&self, component_appid: &str, appid: &str, who: &str) -> Result<MenuVersion, AppError> {
        let (_, row) = self.find_account(Some(component_appid), appid)?;
        let publication =
            Publication { set: MenuSet::default(), cause: PublishCause::Delete, from: None, who: who.to_owned() };
        publish::publish(self, &row, publication).await
    }

    /// A page of publications, newest first.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn menu_versions(
        &self,
        component_appid: &str,
        appid: &str,
        before: Option<i64>,
        limit: Option<i64>,
    ) -> Result<MenuVersionPage, AppError> {
        let (_, row) = self.find_account(Some(component_appid), appid)?;
        let limit = limit.unwrap_or(PAGE).clamp(1, MAX_PAGE);
        let mut items = publish::page(self, &row, before, limit + 1, false).await?;
        let more = i64::try_from(items.len()).is_ok_and(|found| found > limit);
        if more {
            items.pop();
        }
        let next_before = items.last().filter(|_| more).map(|last| last.id);
        Ok(MenuVersionPage { items, next_before })
    }

    /// One publication, with its menu and steps.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn menu_version(&self, component_appid: &str, appid: &str, id: i64) -> Result<MenuVersion, AppError> {
        let (_, row) = self.find_account(Some(component_appid), appid)?;
        publish::one(self, &row, id).await
    }

    /// What a follower sees, by openid or WeChat id.
    ///
    /// # Errors
    /// `InvalidInput` without an id, `NoToken`, or WeChat's refusal (65302: no such user).
    pub async fn try_menu_match(
        &self,
        component_appid: &str,
        appid: &str,
        user_id: &str,
    ) -> Result<MenuMatch, AppError> {
        let (_, row) = self.find_account(Some(component_appid), appid)?;
        menus::has_menu(&row)?;
        let user = user_id.trim().to_owned();
        if user.is_empty() {
            return Err(AppError::invalid_field(
                "user_id",
                "required",
                "an openid or a WeChat id is needed",
                "请填写 openid 或微信号",
            ));
        }
        let button = menus::on_behalf(self, &row, |transport, token| {
            let user = user.clone();
            Box::pin(async move { api::menu::try_match(transport, token, &user).await })
        })
        .await
        .map_err(|failed| failed.words(self))?;
        let get = live::read_get(self, &row).await.map_err(|failed| failed.words(self))?;
        let place = publish::place_of(get.as_ref(), &button);
        Ok(MenuMatch { button: wechat::menu::clean(&button), place })
    }

    /// The default menu of the draft in the form of `menu/create`; `None` when there is no draft.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn default_menu_draft(&self, component_appid: &str, appid: &str) -> Result<Option<Value>, AppError> {
        let (_, row) = self.find_account(Some(component_appid), appid)?;
        let kept = draft::get(self, &row).await?;
        Ok((kept.revision > 0).then(|| serde_json::json!({ "button": kept.set.button })))
    }

    /// Replaces the default menu of the draft by one that WeChat would take; the rest of the draft stays.
    ///
    /// # Errors
    /// `InvalidInput` with every problem (field = path); the draft before stays then.
    pub async fn save_default_menu_draft(
        &self,
        component_appid: &str,
        appid: &str,
        menu: &Value,
    ) -> Result<(), AppError> {
        let (_, row) = self.find_account(Some(component_appid), appid)?;
        menus::has_menu(&row)?;
        let problems = wechat::menu::validate(menu);
        if !problems.is_empty() {
            let field = |p: wechat::menu::Problem| FieldError {
                field: p.path,
                rule: p.rule.to_owned(),
                message: p.text,
                message_zh: p.text_zh,
            };
            return Err(AppError::invalid(problems.into_iter().map(field).collect()));
        }
        let button = menu.get("button").and_then(Value::as_array).cloned().unwrap_or_default();
        draft::save_default(self, &row, button).await?;
        Ok(())
    }

    /// Publishes the draft, whatever its revision, and answers only when it is live.
    ///
    /// # Errors
    /// As [`Core::publish_menu`], and WeChat's refusal of the menu, with the paths that it can be about as fields.
    pub async fn publish_menu_draft(
        &self,
        component_appid: &str,
        appid: &str,
        who: &str,
    ) -> Result<PublishedMenu, AppError> {
        let (_, row) = self.find_account(Some(component_appid), appid)?;
        let version = published(publish::publish_draft(self, &row, None, who).await?)?;
        let menu = live::last(self, &row).await?.and_then(|last| last.menu_get);
        Ok(PublishedMenu { version: version.id, published_at: version.ended_at.unwrap_or(version.at), menu })
    }
}

/// The version if it went live, and why not otherwise.
///
/// # Errors
/// The version's fault, its suspects as fields.
pub(crate) fn published(version: MenuVersion) -> Result<MenuVersion, AppError> {
    if matches!(version.state, PublishState::Live | PublishState::Superseded) {
        return Ok(version);
    }
    let Some(fault) = version.fault else {
        return Err(AppError::new(ErrorCode::Unavailable, "the publication did not end; take it up again"));
    };
    let (code, advice, advice_zh) = (fault.error.code, fault.error.advice.clone(), fault.error.advice_zh.clone());
    let mut error = AppError::refused(fault.error);
    error.detail.get_or_insert_default().fields = fault
        .suspects
        .into_iter()
        .map(|path| FieldError {
            field: path,
            rule: code.to_string(),
            message: advice.clone(),
            message_zh: advice_zh.clone(),
        })
        .collect();
    Err(error)
}
