//! Accounts: list, look, refresh, reveal.

use std::sync::Arc;

use tokio::sync::oneshot;
use wechat::account::{Label, account_status, verify_type};

use crate::clock;
use crate::core::Core;
use crate::dto::{
    Account, AccountDetail, AccountKind, AccountPage, AccountQuery, Attempt, Bilingual, ErrorCode, PermissionSet,
    ReasonCode, RevealedSecret,
};
use crate::engine::{self, Wake};
use crate::error::AppError;
use crate::store::index::Find;
use crate::store::tables::account::AccountRow;
use crate::store::tables::platform::PlatformRow;
use crate::store::tables::{account, attempt};
use crate::views;

/// Rows a page when none is asked for.
const PAGE: u32 = 100;
/// Most rows a page.
const MAX_PAGE: u32 = 1_000;
/// Attempts shown with an account.
const ATTEMPTS: u32 = 50;
/// Whoever asks for a refresh waits so long, ms: a call ends after 15 s, a second one may follow to heal.
const PATIENCE: u64 = 40_000;

impl Core {
    /// Asks the engine for a refresh and waits for its outcome. Many askers share one flight.
    ///
    /// # Errors
    /// WeChat's refusal, or why no call can be made now.
    pub async fn ask(&self, credential_id: i64, reason: ReasonCode) -> Result<(), AppError> {
        let (answer, outcome) = oneshot::channel();
        let generation = self.store().mirror().credential(credential_id).map_or(0, |row| row.generation);
        self.wake(Wake::Ask { id: credential_id, generation, reason, answer });
        match clock::within(PATIENCE, outcome).await {
            Some(Ok(outcome)) => outcome,
            Some(Err(_)) => Err(AppError::new(ErrorCode::Stopping, "the engine is not running")),
            None => Err(AppError::new(ErrorCode::Unavailable, "the refresh is still under way")),
        }
    }

    /// An account by appid. The same account may have authorized several platforms: `platform` chooses. A removed one is
    /// not found.
    ///
    /// # Errors
    /// `NotFound`, or `Ambiguous` naming the platforms.
    pub fn find_account(
        &self,
        platform: Option<&str>,
        appid: &str,
    ) -> Result<(Arc<PlatformRow>, Arc<AccountRow>), AppError> {
        self.find_account_if(platform, appid, |row| row.removed_at.is_none())
    }

    /// The same, removed or not.
    pub(crate) fn find_any_account(
        &self,
        component_appid: &str,
        appid: &str,
    ) -> Result<(Arc<PlatformRow>, Arc<AccountRow>), AppError> {
        self.find_account_if(Some(component_appid), appid, |_| true)
    }

    fn find_account_if(
        &self,
        platform: Option<&str>,
        appid: &str,
        counts: impl Fn(&AccountRow) -> bool,
    ) -> Result<(Arc<PlatformRow>, Arc<AccountRow>), AppError> {
        let mirror = self.store().mirror();
        let platforms = match platform {
            Some(component_appid) => vec![self.platform_row(component_appid)?],
            None => mirror.connections(),
        };
        let mut found: Vec<_> =
            platforms.into_iter().filter_map(|p| mirror.account_by_appid(p.id, appid).map(|a| (p, a))).collect();
        found.retain(|(_, row)| counts(row));
        match found.len() {
            0 => Err(AppError::not_found("account", appid)),
            1 => Ok(found.remove(0)),
            _ => {
                let names: Vec<&str> = found.iter().map(|(p, _)| p.component_appid.as_str()).collect();
                Err(AppError::new(
                    ErrorCode::Ambiguous,
                    format!("{appid} authorized several platforms ({}); name one with ?platform=", names.join(", ")),
                ))
            }
        }
    }

    /// An account's document.
    #[must_use]
    pub fn account_view(&self, platform: &PlatformRow, row: &AccountRow) -> Account {
        let credential = self.store().mirror().account_credential(row.id);
        views::account(self, platform, row, credential.as_deref(), self.clock().now())
    }

    /// What the index looks for when a list is asked with this filter. Limit, offset and cursor do not count.
    ///
    /// # Errors
    /// `NotFound` for an unknown platform.
    pub(crate) fn account_find(&self, query: &AccountQuery) -> Result<Find, AppError> {
        let platform_id = query.platform.as_deref().map(|c| self.platform_row(c).map(|p| p.id)).transpose()?;
        Ok(Find {
            platform_id,
            state: query.state,
            kind: query.kind,
            connection: query.connection,
            tenant: query.tenant.as_deref().map(str::trim).map(str::to_owned),
            tag: query.tag.as_deref().map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned),
            removed: query.removed.unwrap_or(false),
            words: query.q.iter().flat_map(|q| q.split_whitespace()).map(str::to_lowercase).collect(),
            sort: query.sort.unwrap_or_default(),
            descending: query.descending.unwrap_or(false),
        })
    }

    /// A page of accounts.
    ///
    /// # Errors
    /// `NotFound` for an unknown platform, `InvalidInput` for a bad cursor.
    pub fn list_accounts(&self, query: &AccountQuery) -> Result<AccountPage, AppError> {
        let find = self.account_find(query)?;
        let platform_id = find.platform_id;
        let skip: usize = match (query.offset, query.cursor.as_deref()) {
            (Some(offset), _) => usize::try_from(offset).unwrap_or(usize::MAX),
            (None, None | Some("")) => 0,
            (None, Some(cursor)) => cursor.parse().map_err(|_| {
                AppError::invalid_field("cursor", "format", "must come from next_cursor", "应取自上一页的 next_cursor")
            })?,
        };
        let limit = usize::try_from(query.limit.unwrap_or(PAGE).clamp(1, MAX_PAGE)).unwrap_or(100);
        let mirror = self.store().mirror();
        let ((ids, total), counts, removed) =
            mirror.index(|i| (i.find(&find, skip, limit), i.counts(platform_id), i.removed(platform_id)));
        let now = self.clock().now();
        let items: Vec<Account> = mirror
            .accounts_by_id(&ids)
            .into_iter()
            .filter_map(|(a, c)| Some(views::account(self, &*mirror.platform(a.platform_id)?, &a, c.as_deref(), now)))
            .collect();
        let end = skip + ids.len();
        Ok(AccountPage {
            items,
            next_cursor: (end < total).then(|| end.to_string()),
            total: i64::try_from(total).unwrap_or(i64::MAX),
            counts,
            removed,
        })
    }

    /// An account with its details and attempts.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn get_account(&self, component_appid: &str, appid: &str) -> Result<AccountDetail, AppError> {
        let (platform, row) = self.find_any_account(component_appid, appid)?;
        let attempts = self.list_attempts(component_appid, Some(appid)).await?;
        let words = |id: Option<i64>, of: &dyn Fn(i64) -> Option<Label>| match id {
            None => Bilingual::default(),
            Some(id) => match of(id) {
                Some(label) => Bilingual { zh: label.zh.to_owned(), en: label.en.to_owned() },
                None => Bilingual { zh: format!("未知 ({id})"), en: format!("Unknown ({id})") },
            },
        };
        let mini = row.kind == Some(AccountKind::MiniProgram);
        Ok(AccountDetail {
            account: self.account_view(&platform, &row),
            alias: row.alias.clone(),
            signature: row.signature.clone(),
            service_type: row.service_type,
            service_type_text: words(row.service_type, &|id| service_type(mini, id)),
            verify_type: row.verify_type,
            verify_type_text: words(row.verify_type, &verify_type),
            account_status: row.account_status,
            account_status_text: words(row.account_status, &account_status),
            permissions: row.scopes.iter().map(|id| views::permission(*id)).collect(),
            details_at: row.details_at,
            details_error: row.details_error.clone(),
            extra: self.account_extra(&row).await?,
            attempts,
        })
    }

    /// Refreshes one account now and waits for the attempt.
    ///
    /// # Errors
    /// WeChat's refusal, or why no call can be made. The old token stays.
    pub async fn refresh_account(&self, component_appid: &str, appid: &str) -> Result<Account, AppError> {
        let (platform, row) = self.find_account(Some(component_appid), appid)?;
        let credential = self
            .store()
            .mirror()
            .account_credential(row.id)
            .ok_or_else(|| AppError::not_found("credential of account", appid))?;
        self.ask(credential.id, ReasonCode::Requested).await?;
        Ok(self.account_view(&platform, &row))
    }

    /// Fetches an account's details from WeChat now.
    ///
    /// # Errors
    /// WeChat's refusal. What was known stays.
    pub async fn refresh_details(&self, component_appid: &str, appid: &str) -> Result<AccountDetail, AppError> {
        let (_, row) = self.find_account(Some(component_appid), appid)?;
        engine::fetch_details(self, row.id).await?;
        self.get_account(component_appid, appid).await
    }

    /// The account's token, for a person who asks.
    ///
    /// # Errors
    /// `NoToken` when there is no live one.
    pub fn reveal_token(&self, component_appid: &str, appid: &str) -> Result<RevealedSecret, AppError> {
        let (_, row) = self.find_account(Some(component_appid), appid)?;
        let credential = self.store().mirror().account_credential(row.id);
        let live = credential.as_deref().filter(|c| c.expires_at.is_some_and(|at| at > self.clock().now()));
        match live.and_then(|c| c.token.as_ref().map(|t| (t, c.expires_at))) {
            Some((token, expires_at)) => Ok(RevealedSecret { value: token.expose().clone(), expires_at }),
            None => Err(AppError::new(ErrorCode::NoToken, format!("{appid} has no live token"))),
        }
    }

    /// The cached avatar as a `data:` URL.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn get_avatar(&self, component_appid: &str, appid: &str) -> Result<Option<String>, AppError> {
        let (_, row) = self.find_any_account(component_appid, appid)?;
        let id = row.id;
        let avatar = self.store().read(move |c| Ok(account::avatar(c, id)?)).await?;
        Ok(avatar.map(|(mime, bytes)| engine::data_url(&mime, &bytes)))
    }

    /// All known permission sets.
    #[must_use]
    pub fn permission_sets() -> Vec<PermissionSet> {
        wechat::permission::all().iter().map(views::known_permission).collect()
    }

    /// Newest attempts first: of an account, or of the component token.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn list_attempts(&self, component_appid: &str, appid: Option<&str>) -> Result<Vec<Attempt>, AppError> {
        let mirror = self.store().mirror();
        let credential = match appid {
            Some(appid) => mirror.account_credential(self.find_any_account(component_appid, appid)?.1.id),
            None => mirror.component_credential(self.platform_row(component_appid)?.id),
        };
        match credential {
            Some(credential) => {
                let id = credential.id;
                Ok(self.store().read(move |c| attempt::of_credential(c, id, ATTEMPTS)).await?)
            }
            None => Ok(Vec::new()),
        }
    }
}

fn service_type(mini: bool, id: i64) -> Option<Label> {
    let kind =
        if mini { wechat::account::AccountKind::MiniProgram } else { wechat::account::AccountKind::OfficialAccount };
    wechat::account::service_type(kind, id)
}
