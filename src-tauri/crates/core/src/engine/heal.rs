//! Asking WeChat which refresh tokens it has (protocol C.7), the official way back from a lost one.
//!
//! Invariant: many accounts that fail together share one reading of the list; a list read before the failure is not
//! used for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use wechat::api;
use wechat::error::CallError;
use wechat::secret::SecretString;

use super::usable;
use crate::core::Core;
use crate::store::tables::credential::CredentialRow;

/// Rows a page; WeChat's maximum.
const PAGE: u32 = 500;
/// Pages read at most: twice 100,000 accounts. Guards against a list that never ends.
const MAX_PAGES: u32 = 400;

/// An account in WeChat's list.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    pub refresh_token: Option<SecretString>,
    /// Seconds.
    pub auth_time: i64,
}

#[derive(Debug, Default, Clone)]
struct Reading {
    /// Order number of the reading.
    number: u64,
    /// When it began, ms.
    at: i64,
    list: Arc<HashMap<String, Listed>>,
}

/// Readings of the list, one platform each.
#[derive(Debug, Default)]
pub(crate) struct Heal {
    readings: Mutex<HashMap<i64, Arc<tokio::sync::Mutex<Reading>>>>,
    started: Mutex<HashMap<i64, u64>>,
}

impl Heal {
    /// The refresh token that WeChat holds for an account now.
    pub(super) async fn find(
        &self,
        core: &Core,
        platform_id: i64,
        appid: &str,
        ours: &CredentialRow,
    ) -> Result<Option<SecretString>, CallError> {
        let token_of = |list: &HashMap<String, Listed>| list.get(appid).and_then(|l| l.refresh_token.clone());
        // A reading that is younger than our refresh token and shows another one is news enough: ten thousand accounts
        // of a restored backup then share a few readings.
        if let Some(reading) = self.last(platform_id).await
            && ours.obtained_at.is_some_and(|at| reading.at > at)
            && let Some(theirs) = token_of(&reading.list)
            && ours.refresh_token.as_ref().is_none_or(|t| t.expose() != theirs.expose())
        {
            return Ok(Some(theirs));
        }
        let list = self.list(core, platform_id).await?;
        // Pages shift while accounts come and go: in a list of several an absence is believed when it was seen twice.
        if list.len() <= PAGE as usize || list.contains_key(appid) {
            return Ok(token_of(&list));
        }
        Ok(self.list(core, platform_id).await?.get(appid).and_then(|l| l.refresh_token.clone()))
    }

    async fn last(&self, platform_id: i64) -> Option<Reading> {
        let reading = self.readings.lock().ok()?.get(&platform_id)?.clone();
        Some(reading.lock().await.clone())
    }

    /// The whole list, read after this call began.
    pub(super) async fn list(&self, core: &Core, platform_id: i64) -> Result<Arc<HashMap<String, Listed>>, CallError> {
        let broken = || CallError::BadBody("a lock broke".into());
        let reading = self.readings.lock().map_err(|_| broken())?.entry(platform_id).or_default().clone();
        // Any reading that starts after this moment is fresh enough for this caller.
        let needed = self.started.lock().map_err(|_| broken())?.get(&platform_id).copied().unwrap_or(0) + 1;
        let mut reading = reading.lock().await;
        if reading.number >= needed {
            return Ok(reading.list.clone());
        }
        let number = {
            let mut started = self.started.lock().map_err(|_| broken())?;
            let number = started.entry(platform_id).or_default();
            *number += 1;
            *number
        };
        let at = core.clock().now();
        let list = Arc::new(read_all(core, platform_id, |_, _| true).await?.list);
        *reading = Reading { number, at, list: list.clone() };
        Ok(list)
    }
}

/// One reading of WeChat's list.
pub(crate) struct Pages {
    pub list: HashMap<String, Listed>,
    pub pages: u32,
    /// Every page told the same total, and so many accounts were seen: nothing came or went that we could notice.
    pub steady: bool,
}

/// Reads every page. `on_page` hears how many accounts are read and how many there are; `false` ends the reading.
pub(super) async fn read_all(
    core: &Core,
    platform_id: i64,
    mut on_page: impl FnMut(usize, u64) -> bool,
) -> Result<Pages, CallError> {
    let gone = || CallError::BadBody("the component token went away".into());
    let runtime = core.runtime(platform_id).ok_or_else(gone)?;
    let mut read = Pages { list: HashMap::new(), pages: 0, steady: true };
    let mut total = None;
    for page in 0..MAX_PAGES {
        let parent = core
            .store()
            .mirror()
            .component_credential(platform_id)
            .filter(|c| usable(c, core.clock().now()))
            .ok_or_else(gone)?;
        let token = parent.token.as_ref().ok_or_else(gone)?;
        let answer = api::get_authorizer_list(
            runtime.transport.as_ref(),
            token,
            &runtime.row.component_appid,
            page * PAGE,
            PAGE,
        )
        .await?;
        read.pages += 1;
        read.steady &= *total.get_or_insert(answer.total) == answer.total;
        let empty = answer.items.is_empty();
        for item in answer.items {
            let listed = Listed { refresh_token: item.refresh_token, auth_time: item.auth_time.unwrap_or(0) };
            read.list.insert(item.authorizer_appid, listed);
        }
        if !on_page(read.list.len(), answer.total) {
            return Err(CallError::BadBody("the reading was ended".into()));
        }
        if empty || u64::from((page + 1) * PAGE) >= answer.total {
            break;
        }
    }
    read.steady &= total == u64::try_from(read.list.len()).ok();
    Ok(read)
}
