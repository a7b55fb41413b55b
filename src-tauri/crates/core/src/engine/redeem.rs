//! Redeeming authorization codes: each once, whoever brought it.
//!
//! Invariants: the new refresh token is durable before anything uses it; a redemption whose reply was lost is healed from
//! WeChat's list; a code is given up only when it ended or WeChat refused it for good.

use wechat::api;
use wechat::error::CallError;
use wechat::secret::SecretString;

use super::{Wake, last_error, usable};
use crate::call_log;
use crate::core::Core;
use crate::dto::{AccountEventKind, CallReason, GenerationCause, LastError};
use crate::policy::{self, FailureKind, Subject};
use crate::store::tables::account::{self, AccountRow};
use crate::store::tables::account_event::{self, Detail};
use crate::store::tables::credential;
use crate::store::tables::generation::{self, GenerationRow};
use crate::store::tables::link;
use crate::store::tables::redemption::{self, RedemptionRow};
use crate::store::{StoreError, Tx};

/// First wait after a failure, ms. Shorter than for tokens: the owner is looking at the page, and the code ends.
const FIRST_WAIT: i64 = 5_000;
/// Codes redeemed at once.
const AT_ONCE: usize = 8;
/// Longest wait, ms.
const LONGEST_WAIT: i64 = 60_000;

/// Redeems what is due. Answers when to look again, ms.
pub(super) async fn all(core: &Core) -> Option<i64> {
    let pending = match core.store().read(redemption::pending).await {
        Ok(pending) => pending,
        Err(e) => {
            tracing::error!(error = %e, "codes could not be read");
            return Some(core.clock().now() + FIRST_WAIT);
        }
    };
    let mut next: Option<i64> = None;
    // A few at a time, so that a platform that does not answer holds up nobody else's onboarding.
    let mut pending = pending.into_iter().peekable();
    while pending.peek().is_some() {
        let now = core.clock().now();
        let group = pending.by_ref().take(AT_ONCE).map(|row| async move {
            if row.next_at > now + policy::JUMP || row.next_at <= now {
                one(core, row).await
            } else {
                Some(row.next_at)
            }
        });
        for look_again in futures_util::future::join_all(group).await {
            next = match (next, look_again) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
    }
    next
}

/// What an authorization gave.
struct Granted {
    appid: String,
    token: Option<(SecretString, i64)>,
    refresh_token: Option<SecretString>,
    scopes: Option<Vec<i64>>,
    auth_time: Option<i64>,
}

async fn one(core: &Core, row: RedemptionRow) -> Option<i64> {
    let now = core.clock().now();
    let runtime = core.runtime(row.platform_id)?;
    let parent = core.store().mirror().component_credential(row.platform_id).filter(|c| usable(c, now));
    let (Some(parent), Some(code)) = (parent, row.code.as_ref()) else {
        // The component token's arrival wakes us; an ended code is given up all the same.
        return give_up_if_over(core, &row, now).await;
    };
    let token = parent.token.as_ref()?;
    let sent_at = now;
    let call = api::query_auth(runtime.transport.as_ref(), token, &runtime.row.component_appid, code);
    let result = call_log::because(CallReason::Authorization, row.authorizer_appid.as_deref(), call).await;
    let error = match result {
        Ok(info) => {
            let scopes = info.func_info.iter().map(|f| i64::from(f.id)).collect();
            let granted = Granted {
                appid: info.authorizer_appid,
                token: info.access_token.map(|t| (t, info.expires_in.unwrap_or(7200))),
                refresh_token: info.refresh_token,
                scopes: Some(scopes),
                auth_time: None,
            };
            return keep(core, &row, granted, sent_at).await;
        }
        Err(error) => error,
    };
    let now = core.clock().now();
    let failure = last_error(&error, now);
    match error.code() {
        // Already redeemed or over: if that was us and the reply was lost, WeChat's list knows.
        Some(61009 | 61010) => match from_list(core, &row).await {
            Ok(Some(granted)) => keep(core, &row, granted, sent_at).await,
            // A reply of ours was lost, and only the event can tell whose code it is: it comes within seconds.
            Ok(None) if row.authorizer_appid.is_none() && row.failures > 0 => put_off(core, &row, &failure, now).await,
            Ok(None) => settle(core, &row, &failure).await,
            Err(_) => put_off(core, &row, &failure, now).await,
        },
        _ => match FailureKind::of(&error, Subject::Authorizer) {
            FailureKind::ParentRejected => {
                let (id, generation, failure_in) = (parent.id, parent.generation, failure.clone());
                let _ = core
                    .store()
                    .write(move |tx| super::refresher::reject_parent(tx, id, generation, &failure_in, now))
                    .await;
                core.wake(Wake::Platform(row.platform_id));
                put_off(core, &row, &failure, now).await
            }
            FailureKind::Refused | FailureKind::NeedsAuthorization | FailureKind::Secret => {
                settle(core, &row, &failure).await
            }
            _ => put_off(core, &row, &failure, now).await,
        },
    }
}

/// Finds the authorization of a redemption in WeChat's list, when WeChat itself said whose the code is. Whatever a
/// browser brought proves nothing about an account.
async fn from_list(core: &Core, row: &RedemptionRow) -> Result<Option<Granted>, CallError> {
    let Some(appid) = &row.authorizer_appid else { return Ok(None) };
    let list = core.engine().heal.list(core, row.platform_id).await?;
    let listed = list.get(appid).filter(|listed| listed.refresh_token.is_some());
    Ok(listed.map(|listed| Granted {
        appid: appid.clone(),
        token: None,
        refresh_token: listed.refresh_token.clone(),
        scopes: None,
        auth_time: Some(listed.auth_time),
    }))
}

async fn keep(core: &Core, row: &RedemptionRow, granted: Granted, sent_at: i64) -> Option<i64> {
    let now = core.clock().now();
    let (id, platform_id, create_time, link_id) = (row.id, row.platform_id, row.create_time, row.link_id.clone());
    let appid = granted.appid.clone();
    let kept = core
        .store()
        .write(move |tx| {
            let link = match &link_id {
                Some(link_id) => link::get(tx, link_id)?,
                None => None,
            };
            let tenant = link.as_ref().and_then(|l| l.tenant.clone());
            let known = account::find(tx, platform_id, &granted.appid)?;
            let mut account =
                known.unwrap_or(AccountRow { platform_id, appid: granted.appid, ..AccountRow::default() });
            // The event may have come since, and with it WeChat's time.
            let create_time = redemption::get(tx, id)?.map_or(create_time, |r| r.create_time.max(create_time));
            let overtaken = if create_time > 0 {
                account.unauthorized_create_time > create_time
            } else {
                account.unauthorized_at > sent_at
            };
            if overtaken {
                redemption::settle(tx, id, None, None, now)?;
                return Ok(None);
            }
            let before = account.clone();
            account.authorized = true;
            account.authorized_at = now;
            account.authorized_create_time =
                account.authorized_create_time.max(create_time).max(granted.auth_time.unwrap_or(0));
            if let Some(scopes) = granted.scopes {
                account.scopes = scopes;
            }
            if tenant.is_some() {
                account.tenant = tenant;
            }
            // Whoever sends a link for a removed account, or authorizes it again, wants it back; a change of its
            // permission sets alone does not bring it back.
            if link.is_some() || !before.authorized {
                account.removed_at = None;
            }
            let account = account::save(tx, &account)?;
            let note = link.map(|l| (l.id, l.note));
            tell_history(tx, &before, &account, note, now)?;
            let mut held = credential::ensure(tx, platform_id, Some(account.id))?;
            if granted.refresh_token.is_some() {
                held.refresh_token = granted.refresh_token;
            }
            let has_token = granted.token.is_some();
            if let Some((token, expires_in)) = granted.token {
                held.token = Some(token);
                held.obtained_at = Some(sent_at);
                held.expires_at = Some(sent_at.saturating_add(expires_in.saturating_mul(1000)));
            }
            // Also without a token: a flight with the old refresh token must find that it was overtaken.
            held.generation += 1;
            if let (Some(obtained_at), Some(expires_at), true) = (held.obtained_at, held.expires_at, has_token) {
                let cause = GenerationCause::Authorization;
                let obtained = GenerationRow { generation: held.generation, obtained_at, expires_at, cause };
                generation::insert(tx, held.id, &obtained)?;
            }
            held.forget_failure();
            held.rejections = 0;
            credential::update(tx, &held)?;
            redemption::settle(tx, id, Some(account.id), None, now)?;
            Ok::<_, StoreError>(Some((account.id, held.id)))
        })
        .await;
    match kept {
        Ok(None) => {
            core.changes().tell(["links"]);
            tell_link(core, row);
            None
        }
        Ok(Some((account_id, credential_id))) => {
            core.changes().account(&appid);
            core.changes().tell(["platforms", "links", "tenants"]);
            tell_link(core, row);
            core.wake(Wake::Credential(credential_id));
            core.wake(Wake::Details(account_id));
            None
        }
        Err(e) => {
            tracing::error!(error = %e, "an authorization could not be stored; it is tried again");
            Some(now + FIRST_WAIT)
        }
    }
}

fn tell_history(
    tx: &Tx<'_>,
    before: &AccountRow,
    after: &AccountRow,
    link: Option<(String, String)>,
    now: i64,
) -> Result<(), StoreError> {
    let kind = if !before.is_known() {
        AccountEventKind::Authorized
    } else if before.authorized {
        AccountEventKind::Updated
    } else {
        AccountEventKind::Reauthorized
    };
    let (link_id, note) = link.map_or((None, String::new()), |(id, note)| (Some(id), note));
    let detail = Detail { link_id, note, ..Detail::scopes(&before.scopes, &after.scopes) };
    account_event::add(tx, after.id, now, kind, &detail)?;
    if before.removed_at.is_some() && after.removed_at.is_none() {
        account_event::add(tx, after.id, now, AccountEventKind::Restored, &Detail::default())?;
    }
    if before.tenant != after.tenant {
        account_event::tenant(tx, after.id, now, before.tenant.clone(), after.tenant.clone())?;
    }
    Ok(())
}

fn tell_link(core: &Core, row: &RedemptionRow) {
    core.redeemed().notify_waiters();
    if let Some(link) = &row.link_id {
        core.changes().tell([&format!("link:{link}")]);
    }
}

async fn settle(core: &Core, row: &RedemptionRow, failure: &LastError) -> Option<i64> {
    let (id, failure, now) = (row.id, failure.clone(), core.clock().now());
    let settled = core.store().write(move |tx| redemption::settle(tx, id, None, Some(&failure), now)).await;
    core.changes().tell(["links"]);
    tell_link(core, row);
    settled.err().map(|_| core.clock().now() + FIRST_WAIT)
}

async fn put_off(core: &Core, row: &RedemptionRow, failure: &LastError, now: i64) -> Option<i64> {
    if now >= row.expires_at {
        return settle(core, row, failure).await;
    }
    let next_at = now + policy::ladder(row.id, row.failures + 1, FIRST_WAIT, LONGEST_WAIT);
    let (id, failure) = (row.id, failure.clone());
    let _ = core.store().write(move |tx| redemption::put_off(tx, id, next_at, &failure)).await;
    Some(next_at)
}

async fn give_up_if_over(core: &Core, row: &RedemptionRow, now: i64) -> Option<i64> {
    if now < row.expires_at {
        return Some(row.expires_at.min(now + LONGEST_WAIT));
    }
    let failure = row.error.clone().unwrap_or_else(|| {
        last_error(&CallError::BadBody("the code ended before the component token was there".into()), now)
    });
    settle(core, row, &failure).await
}
