//! Original menus of accounts, and the mapped ones that a platform's rules make of them.

use serde_json::{Value, json};

use crate::core::Core;
use crate::dto::{FieldError, MenuCheck, MenuOriginal, SourcedMenu, TakeoverPreview, TakeoverRules};
use crate::error::AppError;
use crate::menus::{self, check, originals};
use crate::store::tables::menu_takeover;

/// Longest prefix of keys, bytes: a key has 128 at most, and most are short.
const MAX_PREFIX: usize = 32;
/// Most own buttons.
const MAX_OWN: usize = wechat::menu::MAX_BUTTONS;

impl Core {
    /// The originals of an account, newest first.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn menu_originals(&self, component_appid: &str, appid: &str) -> Result<Vec<MenuOriginal>, AppError> {
        let (_, row) = self.find_account(Some(component_appid), appid)?;
        originals::all(self, &row).await
    }

    /// Reads what is live now; it becomes an original unless it is one already, or was published from here. Answers the
    /// newest original.
    ///
    /// # Errors
    /// `NotFound` when all there ever was came from here; `NoToken`, or WeChat's refusal.
    pub async fn read_menu_original(&self, component_appid: &str, appid: &str) -> Result<MenuOriginal, AppError> {
        let (_, row) = self.find_account(Some(component_appid), appid)?;
        originals::read(self, &row).await
    }

    /// A platform's rules.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn takeover_rules(&self, component_appid: &str) -> Result<TakeoverRules, AppError> {
        let id = self.platform_row(component_appid)?.id;
        originals::rules(self, id).await
    }

    /// Keeps a platform's rules. Drafts that were made by earlier ones stay.
    ///
    /// # Errors
    /// `NotFound`; `InvalidInput` naming fields and rules; the store's.
    pub async fn save_takeover_rules(
        &self,
        component_appid: &str,
        rules: TakeoverRules,
    ) -> Result<TakeoverRules, AppError> {
        let id = self.platform_row(component_appid)?.id;
        let errors = wrong(&rules);
        if !errors.is_empty() {
            return Err(AppError::invalid(errors));
        }
        let kept = rules.clone();
        self.store().write(move |tx| menu_takeover::save_rules(tx, id, &kept)).await?;
        self.changes().tell(["menus", "platforms"]);
        Ok(rules)
    }

    /// What rules make of the newest original of an account; the platform's own when none are given. Nothing is kept.
    ///
    /// # Errors
    /// `NotFound` when there is no original; `InvalidInput` for rules that could not be saved.
    pub async fn preview_takeover(
        &self,
        component_appid: &str,
        appid: &str,
        rules: Option<TakeoverRules>,
    ) -> Result<TakeoverPreview, AppError> {
        let (_, row) = self.find_account(Some(component_appid), appid)?;
        if let Some(errors) = rules.as_ref().map(wrong).filter(|errors| !errors.is_empty()) {
            return Err(AppError::invalid(errors));
        }
        let (original, mapped) = originals::map(self, &row, rules).await?;
        let check: MenuCheck = check::check(&mapped.menu.set, &menus::abilities(&row));
        Ok(TakeoverPreview {
            original: SourcedMenu { set: original.live.set, replaced: original.live.replaced },
            mapped: mapped.menu,
            left_out: mapped.left_out,
            check,
        })
    }
}

/// What is wrong with rules. Own buttons are held to WeChat's rules as if they were a menu.
fn wrong(rules: &TakeoverRules) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut see = |field: String, rule: &str, message: &str, message_zh: &str| {
        errors.push(FieldError {
            field,
            rule: rule.to_owned(),
            message: message.to_owned(),
            message_zh: message_zh.to_owned(),
        });
    };
    if rules.key_prefix.len() > MAX_PREFIX {
        see("key_prefix".into(), "length", "must have at most 32 bytes", "最多 32 字节");
    }
    let folder = rules.folder_name.trim();
    if folder.is_empty() {
        see("folder_name".into(), "required", "a name is needed", "请填写名称");
    } else if folder.len() > wechat::menu::MAX_NAME_BYTES {
        see("folder_name".into(), "name_bytes", "must have at most 16 bytes", "最多 16 字节（约 5 个汉字）");
    }
    if rules.own.len() > MAX_OWN {
        see("own".into(), "count", "must be at most 3", "最多 3 个");
    } else if !rules.own.is_empty() {
        let menu: Value = json!({ "button": rules.own });
        for problem in wechat::menu::validate(&menu) {
            see(problem.path.replacen("button", "own", 1), problem.rule, &problem.text, &problem.text_zh);
        }
    }
    errors
}
