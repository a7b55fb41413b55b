//! What operators do with accounts besides their tokens: notes, tags, tenants, removing and restoring, history.

use std::collections::BTreeSet;

use crate::core::Core;
use crate::dto::{Account, AccountEvent, AccountEventKind, Bilingual, PermissionSet, TagCount};
use crate::engine::Wake;
use crate::error::AppError;
use crate::store::tables::account::{self, AccountRow};
use crate::store::tables::account_event::{self, AccountEventRow, Detail};
use crate::store::tables::tenant;
use crate::store::{StoreError, Tx};
use crate::views;

/// Longest note of an account, characters.
const MAX_NOTE: usize = 1_000;
/// Most tags of an account.
const MAX_TAGS: usize = 20;
/// Longest tag, characters; it has to fit a chip in a list.
const MAX_TAG: usize = 20;
/// Lines of history a call.
const LINES: u32 = 50;
/// Accounts that one transaction changes, so that a push never waits long for its turn.
const BATCH: usize = 500;

impl Core {
    /// Notes something about an account.
    ///
    /// # Errors
    /// `NotFound`; `InvalidInput`; the store's.
    pub async fn set_account_note(&self, component_appid: &str, appid: &str, note: &str) -> Result<Account, AppError> {
        let note = note.trim().to_owned();
        if note.chars().count() > MAX_NOTE {
            let words = "must have at most 1000 characters";
            return Err(AppError::invalid_field("note", "length", words, "最多 1000 个字"));
        }
        self.change_account(component_appid, appid, move |_, row| {
            row.note = note;
            Ok(())
        })
        .await
    }

    /// Gives an account exactly these tags.
    ///
    /// # Errors
    /// `NotFound`; `InvalidInput`; the store's.
    pub async fn set_account_tags(
        &self,
        component_appid: &str,
        appid: &str,
        tags: &[String],
    ) -> Result<Account, AppError> {
        let tags = clean_tags(tags)?;
        if tags.len() > MAX_TAGS {
            return Err(too_many_tags());
        }
        self.change_account(component_appid, appid, move |_, row| {
            row.tags = tags;
            Ok(())
        })
        .await
    }

    /// Adds and takes away tags of many accounts. Answers how many changed; an account with too many tags keeps its own.
    ///
    /// # Errors
    /// `NotFound` for the platform; `InvalidInput`; the store's.
    pub async fn change_account_tags(
        &self,
        component_appid: &str,
        appids: &[String],
        add: &[String],
        remove: &[String],
    ) -> Result<i64, AppError> {
        let (add, remove) = (clean_tags(add)?, clean_tags(remove)?);
        self.change_accounts(component_appid, appids, move |_, row| {
            let mut tags: Vec<String> = row.tags.iter().filter(|t| !remove.contains(t)).cloned().collect();
            tags.extend(add.iter().filter(|t| !row.tags.contains(t)).cloned());
            if tags.len() <= MAX_TAGS {
                row.tags = tags;
            }
            Ok(())
        })
        .await
    }

    /// Tags in use, most used first.
    ///
    /// # Errors
    /// `NotFound` for an unknown platform.
    pub fn list_tags(&self, component_appid: Option<&str>) -> Result<Vec<TagCount>, AppError> {
        let platform_id = component_appid.map(|c| self.platform_row(c).map(|p| p.id)).transpose()?;
        let tags = self.store().mirror().index(|i| i.tags(platform_id));
        let mut tags: Vec<TagCount> = tags.into_iter().map(|(tag, count)| TagCount { tag, count }).collect();
        tags.sort_by_key(|t| std::cmp::Reverse(t.count));
        Ok(tags)
    }

    /// Gives accounts a tenant, or takes it away with `None`. A new tenant is made. Answers how many changed.
    ///
    /// # Errors
    /// `NotFound` for the platform, or for an account that is the only one; `InvalidInput` for a bad name or an archived tenant; the store's.
    pub async fn set_account_tenant(
        &self,
        component_appid: &str,
        appids: &[String],
        tenant: Option<&str>,
    ) -> Result<i64, AppError> {
        let now = self.clock().now();
        let name = tenant.map(str::trim).filter(|t| !t.is_empty());
        let name = name.map(super::tenants::checked_name).transpose()?;
        // Before the tenant is made: a mistyped account must not leave an empty one behind.
        let platform = self.platform_row(component_appid)?;
        if let [appid] = appids
            && self.store().mirror().account_by_appid(platform.id, appid).is_none()
        {
            return Err(AppError::not_found("account", appid));
        }
        if let Some(name) = name.clone() {
            self.store().write(move |tx| usable_tenant(tx, &name, now)).await?;
        }
        let changed = self
            .change_accounts(component_appid, appids, move |tx, row| {
                if row.tenant != name {
                    account_event::tenant(tx, row.id, now, row.tenant.clone(), name.clone())?;
                    row.tenant.clone_from(&name);
                }
                Ok(())
            })
            .await?;
        self.changes().tell(["tenants"]);
        Ok(changed)
    }

    /// Hides an account. The engine renews it no more; its tokens stay, and so does its authorization at WeChat.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn remove_account(&self, component_appid: &str, appid: &str) -> Result<Account, AppError> {
        self.show_account(component_appid, appid, false).await
    }

    /// Brings a removed account back; the engine asks WeChat at once whether it is still authorized.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn restore_account(&self, component_appid: &str, appid: &str) -> Result<Account, AppError> {
        self.show_account(component_appid, appid, true).await
    }

    async fn show_account(&self, component_appid: &str, appid: &str, show: bool) -> Result<Account, AppError> {
        let now = self.clock().now();
        let account = self
            .change_account(component_appid, appid, move |tx, row| {
                // A second click changes nothing.
                if row.removed_at.is_none() != show {
                    row.removed_at = (!show).then_some(now);
                    let kind = if show { AccountEventKind::Restored } else { AccountEventKind::Removed };
                    account_event::add(tx, row.id, now, kind, &Detail::default())?;
                }
                Ok(())
            })
            .await?;
        self.changes().tell(["platforms", "tenants", "links"]);
        let (_, row) = self.find_any_account(component_appid, appid)?;
        if let Some(credential) = self.store().mirror().account_credential(row.id) {
            if show && row.authorized {
                // Asked for, so that a token that looks alive is tried too.
                let (answer, _) = tokio::sync::oneshot::channel();
                let reason = crate::dto::ReasonCode::Requested;
                let generation = credential.generation;
                self.wake(Wake::Ask { id: credential.id, generation, reason, answer });
            } else {
                self.wake(Wake::Credential(credential.id));
            }
        }
        Ok(account)
    }

    /// What happened to an account, newest first; older lines with the last one's id.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn list_account_history(
        &self,
        component_appid: &str,
        appid: &str,
        before: Option<i64>,
    ) -> Result<Vec<AccountEvent>, AppError> {
        let id = self.find_any_account(component_appid, appid)?.1.id;
        let rows = self.store().read(move |c| account_event::list(c, id, before, LINES)).await?;
        Ok(rows.into_iter().map(event).collect())
    }

    async fn change_account<F>(&self, component_appid: &str, appid: &str, change: F) -> Result<Account, AppError>
    where
        F: FnOnce(&Tx<'_>, &mut AccountRow) -> Result<(), StoreError> + Send + 'static,
    {
        let (platform, row) = self.find_any_account(component_appid, appid)?;
        let (id, name) = (row.id, appid.to_owned());
        let saved = self
            .store()
            .write(move |tx| {
                let gone = || StoreError::Refused(Box::new(AppError::not_found("account", &name)));
                let mut row = account::get(tx, id)?.ok_or_else(gone)?;
                change(tx, &mut row)?;
                account::save(tx, &row)
            })
            .await?;
        self.changes().account(appid);
        Ok(self.account_view(&platform, &saved))
    }

    /// Changes accounts in batches. Those that are not there are passed over.
    async fn change_accounts<F>(&self, component_appid: &str, appids: &[String], change: F) -> Result<i64, AppError>
    where
        F: Fn(&Tx<'_>, &mut AccountRow) -> Result<(), StoreError> + Send + Sync + 'static,
    {
        let platform_id = self.platform_row(component_appid)?.id;
        let change = std::sync::Arc::new(change);
        let appids: Vec<String> = appids.iter().collect::<BTreeSet<_>>().into_iter().cloned().collect();
        let mut changed = 0;
        for batch in appids.chunks(BATCH) {
            let (batch, change) = (batch.to_vec(), change.clone());
            changed += self
                .store()
                .write(move |tx| {
                    let mut changed = 0;
                    for appid in &batch {
                        let Some(before) = account::find(tx, platform_id, appid)? else { continue };
                        let mut row = before.clone();
                        change(tx, &mut row)?;
                        if row.tags != before.tags || row.tenant != before.tenant {
                            account::save(tx, &row)?;
                            changed += 1;
                        }
                    }
                    Ok::<i64, StoreError>(changed)
                })
                .await?;
        }
        self.changes().tell(["accounts"]);
        for appid in &appids {
            self.changes().tell([&format!("account:{appid}")]);
        }
        Ok(changed)
    }
}

/// Makes the tenant if it is new.
///
/// # Errors
/// `InvalidInput` for an archived one; the store's.
pub(super) fn usable_tenant(tx: &Tx<'_>, name: &str, now: i64) -> Result<(), StoreError> {
    if tenant::ensure(tx, name, now)?.archived_at.is_some() {
        let error = AppError::invalid_field("tenant", "archived", "is archived", "该业务方已归档");
        return Err(StoreError::Refused(Box::new(error)));
    }
    Ok(())
}

fn too_many_tags() -> AppError {
    AppError::invalid_field("tags", "count", "must be at most 20", "最多 20 个标签")
}

fn clean_tags(tags: &[String]) -> Result<Vec<String>, AppError> {
    let mut clean: Vec<String> = Vec::new();
    for tag in tags.iter().map(|t| t.trim()).filter(|t| !t.is_empty()) {
        if tag.chars().count() > MAX_TAG || tag.chars().any(char::is_control) {
            let words = "must each have at most 20 characters on one line";
            return Err(AppError::invalid_field("tags", "length", words, "每个标签最多 20 个字，不能换行"));
        }
        if !clean.iter().any(|known| known == tag) {
            clean.push(tag.to_owned());
        }
    }
    Ok(clean)
}

fn event(row: AccountEventRow) -> AccountEvent {
    let sets = |ids: &[i64]| -> Vec<PermissionSet> { ids.iter().map(|id| views::permission(*id)).collect() };
    let (added, removed) = (sets(&row.detail.added), sets(&row.detail.removed));
    AccountEvent {
        id: row.id,
        at: row.at,
        kind: row.kind,
        text: words(row.kind, &row.detail, &added, &removed),
        added,
        removed,
        tenant_from: row.detail.tenant_from,
        tenant_to: row.detail.tenant_to,
        link_id: row.detail.link_id,
        note: row.detail.note,
    }
}

fn words(kind: AccountEventKind, detail: &Detail, added: &[PermissionSet], removed: &[PermissionSet]) -> Bilingual {
    let names = |sets: &[PermissionSet]| {
        let list = |of: &dyn Fn(&PermissionSet) -> String, between: &str| {
            sets.iter().map(of).collect::<Vec<_>>().join(between)
        };
        (list(&|s| s.name.zh.clone(), "、"), list(&|s| s.name.en.clone(), ", "))
    };
    let mut zh = String::new();
    let mut en = String::new();
    if !added.is_empty() {
        let (names_zh, names_en) = names(added);
        zh.push_str(&format!("；新增：{names_zh}"));
        en.push_str(&format!("; granted: {names_en}"));
    }
    // With the whole authorization gone its permission sets need no list.
    if !removed.is_empty() && kind != AccountEventKind::Unauthorized {
        let (names_zh, names_en) = names(removed);
        zh.push_str(&format!("；收回：{names_zh}"));
        en.push_str(&format!("; taken back: {names_en}"));
    }
    let none = zh.is_empty();
    let (head_zh, head_en) = match kind {
        AccountEventKind::Authorized => ("首次授权", "Authorized"),
        AccountEventKind::Reauthorized => ("重新授权", "Authorized again"),
        AccountEventKind::Updated if none => ("再次确认授权，权限集不变", "Confirmed again, same permission sets"),
        AccountEventKind::Updated => ("授权变更", "Permission sets changed"),
        AccountEventKind::Unauthorized => ("管理员取消了授权", "The owner cancelled the authorization"),
        AccountEventKind::Removed => ("在控制台中移除", "Removed here"),
        AccountEventKind::Restored => ("在控制台中恢复", "Restored here"),
        AccountEventKind::Recovered => ("从微信的授权列表中找回", "Recovered from WeChat's list"),
        AccountEventKind::TokenReplaced => {
            ("刷新令牌已换成微信授权列表中的", "Refresh token replaced by the one in WeChat's list")
        }
        AccountEventKind::MarkedGone => {
            ("微信的授权列表中已没有，标记为已取消", "Not in WeChat's list any more, marked as unauthorized")
        }
        AccountEventKind::Connected => ("用自己的 AppSecret 直接接入", "Connected with its own AppSecret"),
        AccountEventKind::TokenTaken => (
            "令牌提前失效：另有程序用 AppSecret 获取了 access_token",
            "The token died early: another program fetched one with the AppSecret",
        ),
        AccountEventKind::Tenant => {
            let name = |t: &Option<String>, none: &str| t.clone().unwrap_or_else(|| none.to_owned());
            let (from, to) = (&detail.tenant_from, &detail.tenant_to);
            return Bilingual {
                zh: format!("业务方：{} → {}", name(from, "无"), name(to, "无")),
                en: format!("Tenant: {} → {}", name(from, "none"), name(to, "none")),
            };
        }
    };
    Bilingual { zh: format!("{head_zh}{zh}"), en: format!("{head_en}{en}") }
}
