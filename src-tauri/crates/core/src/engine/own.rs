//! The token of an account that is connected with its own AppSecret (protocol E.2).
//!
//! Owns: which of the two interfaces is asked, when a stable token is forced, and noticing that another program fetched a
//! classic one. Invariant: nobody forces more often than WeChat allows; the engine by itself takes at most half of that.

use std::sync::Arc;

use wechat::api;
use wechat::error::{CallError, ErrorClass};

use super::refresher::Grant;
use super::{Wake, subject, usable};
use crate::call_log;
use crate::clock::MAX_SLEEP_MS;
use crate::core::{Core, Runtime};
use crate::dto::{AccountEventKind, CallReason, ForcedRefreshes, ReasonCode, TokenMode};
use crate::error::AppError;
use crate::policy::Subject;
use crate::store::StoreError;
use crate::store::tables::credential::{self, CredentialRow};
use crate::store::tables::platform::Own;
use crate::store::tables::{account_event, generation};

/// Forced refreshes a day (protocol E.2).
const FORCED_A_DAY: i64 = 20;
/// Of them the engine takes so many by itself; the rest is the operator's.
const FORCED_BY_ITSELF: i64 = 10;
/// Between two forced refreshes, ms (protocol E.2).
const FORCED_GAP: i64 = 30_000;
/// A classic token is tried so often, ms: it dies five minutes after another program fetched one.
const PROBE_EVERY: i64 = 600_000;
/// A token this young is not tried: what is wrong with it would show by itself, ms.
const PROBE_AGE: i64 = 60_000;
/// WeChat's day begins at 0:00 in Beijing, UTC+8 all year, ms.
const BEIJING: i64 = 8 * 3_600_000;
const DAY: i64 = 24 * 3_600_000;

/// Asks for a token.
pub(super) async fn fetch(
    core: &Core,
    runtime: &Arc<Runtime>,
    own: Own,
    row: &CredentialRow,
    reason: ReasonCode,
) -> Result<Grant, CallError> {
    let (transport, appid) = (runtime.transport.as_ref(), &runtime.row.component_appid);
    let secret = &runtime.row.component_appsecret;
    if own.token_mode == TokenMode::Classic {
        return Ok(api::account_token(transport, appid, secret).await?.into());
    }
    let force = reason == ReasonCode::Forced;
    if !force {
        let grant = api::stable_token(transport, appid, secret, false).await?;
        let same = row.token.as_ref() == Some(&grant.token);
        // Somebody saw this very token refused: only force brings another one.
        if !same || reason != ReasonCode::ReportedRejected || !may_force_by_itself(core, row.id).await {
            return Ok(grant.into());
        }
    }
    let grant = api::stable_token(transport, appid, secret, true).await?;
    Ok(Grant { forced: true, ..grant.into() })
}

async fn may_force_by_itself(core: &Core, credential_id: i64) -> bool {
    match forced(core, credential_id).await {
        Ok(forced) => forced.used < FORCED_BY_ITSELF && forced.next_at.is_none(),
        Err(_) => false,
    }
}

/// How often a credential's token was forced today, and when it may be again.
pub(crate) async fn forced(core: &Core, credential_id: i64) -> Result<ForcedRefreshes, StoreError> {
    let now = core.clock().now();
    let midnight = (now + BEIJING).div_euclid(DAY) * DAY - BEIJING;
    let (used, last) = core.store().read(move |c| Ok(generation::forced_since(c, credential_id, midnight)?)).await?;
    let gap = last.map(|at| at + FORCED_GAP).filter(|at| *at > now);
    let next_at = if used >= FORCED_A_DAY { Some(midnight + DAY) } else { gap };
    Ok(ForcedRefreshes { used, limit: FORCED_A_DAY, next_at })
}

/// Tries classic tokens, for ever: nothing else tells that another program fetched one.
pub(crate) async fn watch(core: Core) {
    let mut next = core.clock().now() + PROBE_EVERY;
    loop {
        let now = core.clock().now();
        core.clock().sleep((next - now).clamp(1, MAX_SLEEP_MS)).await;
        if core.clock().now() < next {
            continue;
        }
        next = core.clock().now() + PROBE_EVERY;
        for platform in core.store().mirror().connections() {
            if platform.own.is_some_and(|own| own.token_mode == TokenMode::Classic) {
                call_log::because(CallReason::Probe, Some(&platform.component_appid), probe(&core, platform.id)).await;
            }
        }
    }
}

async fn probe(core: &Core, platform_id: i64) {
    let Some(runtime) = core.runtime(platform_id) else { return };
    let mirror = core.store().mirror();
    let Some(account) = mirror.account_by_appid(platform_id, &runtime.row.component_appid) else { return };
    let now = core.clock().now();
    let row = mirror.account_credential(account.id).filter(|c| usable(c, now) && account.removed_at.is_none());
    let Some(row) = row.filter(|c| c.obtained_at.is_some_and(|at| now - at >= PROBE_AGE)) else { return };
    let Some(token) = &row.token else { return };
    if let Err(e) = api::get_callback_ip(runtime.transport.as_ref(), token).await {
        refused(core, &row, &e).await;
    }
}

/// A call with this token was refused: with a classic one that still had to live, another program is to blame.
pub(crate) async fn refused(core: &Core, row: &CredentialRow, error: &CallError) {
    let classic = subject(core, row) == Subject::Own { classic: true };
    if classic && error.class() == ErrorClass::RejectedToken && usable(row, core.clock().now()) {
        taken(core, row.id, row.generation).await;
    }
}

/// A business server says that this token is refused: asks WeChat, so that another program is named if there is one.
pub(crate) async fn reported(core: &Core, row: &CredentialRow) {
    if subject(core, row) == (Subject::Own { classic: true }) {
        let appid = core.store().mirror().platform(row.platform_id).map(|p| p.component_appid.clone());
        call_log::because(CallReason::Probe, appid.as_deref(), probe(core, row.platform_id)).await;
    }
}

/// A classic token was refused long before its end: notes it and lets the engine fetch a new one.
pub(crate) async fn taken(core: &Core, credential_id: i64, generation: i64) {
    let now = core.clock().now();
    let noted = core
        .store()
        .write(move |tx| {
            let Some(mut row) = credential::get(tx, credential_id)? else { return Ok(None) };
            if row.generation != generation || row.rejected_generation == Some(generation) {
                return Ok(None);
            }
            row.rejected_generation = Some(generation);
            credential::update(tx, &row)?;
            if let Some(account) = row.account_id {
                account_event::add(tx, account, now, AccountEventKind::TokenTaken, &account_event::Detail::default())?;
            }
            Ok(row.account_id)
        })
        .await;
    match noted {
        Ok(Some(account)) => {
            if let Some(row) = core.store().mirror().account(account) {
                core.changes().account(&row.appid);
            }
            core.wake(Wake::Credential(credential_id));
        }
        Ok(None) => {}
        Err(e) => tracing::warn!(error = %e, "a refused classic token could not be noted"),
    }
}

/// Forces a new stable token.
///
/// # Errors
/// `Unavailable` with the time when it may be done; WeChat's refusal.
pub(crate) async fn force(core: &Core, credential_id: i64) -> Result<(), AppError> {
    let forced = forced(core, credential_id).await?;
    if let Some(at) = forced.next_at {
        let seconds = (at - core.clock().now() + 999) / 1000;
        return Err(AppError::new(
            crate::dto::ErrorCode::Unavailable,
            format!(
                "{} of {} forced refreshes used today; the next one may be made in {seconds} s",
                forced.used, forced.limit
            ),
        ));
    }
    core.ask(credential_id, ReasonCode::Forced).await
}
