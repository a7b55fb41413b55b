//! One flight: claim, call, classify, store.
//!
//! Invariants: the claim and the attempt row are durable before the call; the new token, the new refresh token and the
//! attempt's outcome are one transaction; a failure writes nothing over a token; a result that was overtaken by a new
//! authorization or a cancellation is dropped.

use std::sync::Arc;

use wechat::api;
use wechat::error::CallError;
use wechat::secret::SecretString;

use super::{facts, last_error, subject};
use crate::core::Core;
use crate::dto::{AttemptOutcome, ErrorCode, GenerationCause, LastError, ReasonCode};
use crate::error::AppError;
use crate::policy::{self, FailureKind, Subject};
use crate::store::StoreError;
use crate::store::tables::credential::{self, CredentialKind, CredentialRow};
use crate::store::tables::generation::{self, GenerationRow};
use crate::store::tables::{account, attempt, platform};

/// How a flight ended.
#[derive(Debug)]
pub(super) struct Flight {
    pub id: i64,
    pub platform_id: i64,
    pub account_id: Option<i64>,
    pub outcome: Result<(), AppError>,
    /// What it hangs on was found rejected.
    pub parent_changed: Option<i64>,
    /// It was a JS-SDK ticket.
    pub ticket: bool,
    /// WeChat took, or refused, the address that the call came from, and did not before.
    pub concerns_platform: bool,
    /// No call was made: the claim could not be had. Not tried again at once.
    pub not_started: bool,
}

/// A new token.
#[derive(Clone)]
pub(super) struct Grant {
    pub token: SecretString,
    pub expires_in: i64,
    pub refresh_token: Option<SecretString>,
    /// The one before ended with it (a forced stable token).
    pub forced: bool,
}

impl From<api::TokenGrant> for Grant {
    fn from(grant: api::TokenGrant) -> Self {
        Self { token: grant.token, expires_in: grant.expires_in, refresh_token: None, forced: false }
    }
}

#[derive(Clone)]
enum Verdict {
    Granted(Grant),
    /// The refresh token was dead; WeChat's list has another.
    Healed(SecretString, LastError),
    Failed(FailureKind, LastError),
}

/// What the call used, to tell afterwards whether it is still current.
#[derive(Clone, Copy)]
struct Used {
    reason: ReasonCode,
    /// A new token of this sort ends the one before: a classic one, or a forced stable one.
    ends_the_old: bool,
    ticket_create_time: i64,
    parent: Option<(i64, i64)>,
}

pub(super) async fn fly(core: Core, row: Arc<CredentialRow>, reason: ReasonCode) -> Flight {
    let mut flight = Flight {
        id: row.id,
        platform_id: row.platform_id,
        account_id: row.account_id,
        outcome: Ok(()),
        parent_changed: None,
        ticket: row.kind != CredentialKind::Token,
        concerns_platform: false,
        not_started: false,
    };
    let (id, generation, run, now) = (row.id, row.generation, core.run_id().to_owned(), core.clock().now());
    let claimed = core
        .store()
        .write(move |tx| match credential::claim(tx, id, generation, &run, now)? {
            Some(row) => Ok(Some((row, attempt::start(tx, id, now, reason)?))),
            None => Ok(None),
        })
        .await;
    let (claimed, attempt_id) = match claimed {
        Ok(Some(claimed)) => claimed,
        Ok(None) => {
            flight.not_started = true;
            flight.concerns_platform = address_told(&core, &row, None);
            flight.outcome = Err(AppError::new(ErrorCode::Unavailable, "another refresh of this token is under way"));
            return flight;
        }
        Err(e) => {
            flight.not_started = true;
            flight.concerns_platform = address_told(&core, &row, None);
            flight.outcome = Err(e.into());
            return flight;
        }
    };
    let mirror = core.store().mirror();
    let subject = subject(&core, &claimed);
    let parent = match (subject, claimed.account_id) {
        (Subject::Authorizer, _) => mirror.component_credential(claimed.platform_id),
        (Subject::Ticket, Some(account)) => mirror.account_credential(account),
        _ => None,
    };
    let used = Used {
        reason,
        ends_the_old: subject == Subject::Own { classic: true }
            || (matches!(subject, Subject::Own { .. })
                && matches!(reason, ReasonCode::Forced | ReasonCode::ReportedRejected)),
        ticket_create_time: mirror
            .platform(claimed.platform_id)
            .and_then(|p| p.ticket.as_ref().map(|t| t.create_time))
            .unwrap_or(0),
        parent: parent.as_ref().map(|p| (p.id, p.generation)),
    };
    let sent_at = core.clock().now();
    let verdict = match &claimed.failure {
        // The refresh token is known to be dead: sending it again could only tell the same.
        Some(failure) if claimed.failure_kind == Some(FailureKind::Unhealed) => {
            look_in_list(&core, &claimed, failure.clone()).await
        }
        None if subject == Subject::Authorizer && claimed.refresh_token.is_none() => {
            look_in_list(&core, &claimed, no_refresh_token(sent_at)).await
        }
        _ => match call(&core, &claimed, parent.as_deref(), reason).await {
            Ok(grant) => Verdict::Granted(grant),
            Err(error) => judge(&core, &claimed, subject, &error).await,
        },
    };
    flight.parent_changed = parent
        .filter(|p| matches!(verdict, Verdict::Failed(FailureKind::ParentRejected, _)) || p.rejections > 0)
        .map(|p| p.id);
    // Before the outcome is stored, so that the decision that is stored with it knows.
    flight.concerns_platform = address_told(&core, &claimed, Some(&verdict));
    flight.outcome = finish(&core, claimed, attempt_id, used, sent_at, verdict).await;
    flight
}

/// What a flight tells about the address that its platform's calls leave from; without a verdict, nothing.
fn address_told(core: &Core, row: &CredentialRow, verdict: Option<&Verdict>) -> bool {
    let now = core.clock().now();
    let addresses = &mut core.engine().memory().addresses;
    match verdict {
        Some(Verdict::Failed(FailureKind::Ip, _)) => addresses.refused(row.platform_id, row.id, now),
        Some(Verdict::Granted(_)) => addresses.ended(row.platform_id, row.id, true, now),
        _ => addresses.ended(row.platform_id, row.id, false, now),
    }
}

async fn call(
    core: &Core,
    row: &CredentialRow,
    parent: Option<&CredentialRow>,
    reason: ReasonCode,
) -> Result<Grant, CallError> {
    let gone = |what: &str| CallError::BadBody(format!("{what} went away before the call"));
    let runtime = core.runtime(row.platform_id).ok_or_else(|| gone("the platform"))?;
    let transport = runtime.transport.as_ref();
    let appid = &runtime.row.component_appid;
    let Some(account_id) = row.account_id else {
        let ticket = runtime.row.ticket.as_ref().ok_or_else(|| gone("the ticket"))?;
        let grant = api::component_token(transport, appid, &runtime.row.component_appsecret, &ticket.value).await?;
        return Ok(grant.into());
    };
    if let CredentialKind::JsTicket(kind) = row.kind {
        let token = parent.and_then(|p| p.token.as_ref()).ok_or_else(|| gone("the account's token"))?;
        return Ok(api::js_sdk::get_ticket(transport, token, kind.text()).await?.into());
    }
    if let Some(own) = runtime.row.own {
        return super::own::fetch(core, &runtime, own, row, reason).await;
    }
    let account = core.store().mirror().account(account_id).ok_or_else(|| gone("the account"))?;
    let token = parent.and_then(|p| p.token.as_ref()).ok_or_else(|| gone("the component token"))?;
    let refresh = row.refresh_token.as_ref().ok_or_else(|| gone("the refresh token"))?;
    let grant = api::authorizer_token(transport, token, appid, &account.appid, refresh).await?;
    Ok(Grant { token: grant.token, expires_in: grant.expires_in, refresh_token: grant.refresh_token, forced: false })
}

fn no_refresh_token(now: i64) -> LastError {
    last_error(&CallError::BadBody(ReasonCode::NoRefreshToken.text().to_owned()), now)
}

async fn judge(core: &Core, row: &CredentialRow, subject: Subject, error: &CallError) -> Verdict {
    let kind = FailureKind::of(error, subject);
    let failure = last_error(error, core.clock().now());
    if kind != FailureKind::NeedsAuthorization {
        return Verdict::Failed(kind, failure);
    }
    look_in_list(core, row, failure).await
}

/// Before saying that the owner must authorize again, asks WeChat once for the refresh token it has now: that heals a
/// lost rotation and a reply that never came.
async fn look_in_list(core: &Core, row: &CredentialRow, failure: LastError) -> Verdict {
    let Some(account) = row.account_id.and_then(|id| core.store().mirror().account(id)) else {
        return Verdict::Failed(FailureKind::NeedsAuthorization, failure);
    };
    match core.engine().heal.find(core, row.platform_id, &account.appid, row).await {
        Ok(Some(current)) if row.refresh_token.as_ref().is_none_or(|ours| ours.expose() != current.expose()) => {
            Verdict::Healed(current, failure)
        }
        Ok(_) => Verdict::Failed(FailureKind::NeedsAuthorization, failure),
        // The list could not be read: undecided, and not a reason to give an account up.
        Err(_) => Verdict::Failed(FailureKind::Unhealed, failure),
    }
}

/// Pauses before the outcome is offered to the store again, ms. It may hold the only copy of a rotated refresh token.
const STORE_AGAIN: [i64; 3] = [200, 1_000, 2_000];

async fn finish(
    core: &Core,
    claimed: CredentialRow,
    attempt_id: i64,
    used: Used,
    sent_at: i64,
    verdict: Verdict,
) -> Result<(), AppError> {
    let mut pauses = STORE_AGAIN.into_iter();
    loop {
        let stored = store_outcome(core, &claimed, attempt_id, used, sent_at, verdict.clone()).await;
        match (stored, pauses.next()) {
            (Ok(outcome), _) => return outcome,
            (Err(e), Some(pause)) => {
                tracing::error!(error = %e, "the outcome of a refresh could not be stored; trying again");
                core.clock().sleep(pause).await;
            }
            (Err(e), None) => return Err(e.into()),
        }
    }
}

async fn store_outcome(
    core: &Core,
    claimed: &CredentialRow,
    attempt_id: i64,
    used: Used,
    sent_at: i64,
    verdict: Verdict,
) -> Result<Result<(), AppError>, StoreError> {
    let now = core.clock().now();
    let (inner, id, generation) = (core.clone(), claimed.id, claimed.generation);
    let run = core.run_id().to_owned();
    core.store()
        .write(move |tx| {
            let Some(mut row) = credential::get(tx, id)? else {
                return Ok(Err(AppError::not_found("credential", "any more")));
            };
            let ours = row.claimed_by.as_deref() == Some(run.as_str());
            let authorized = match row.account_id {
                Some(id) => account::get(tx, id)?.is_some_and(|a| a.authorized),
                None => true,
            };
            if ours {
                row.claimed_by = None;
                row.claimed_at = None;
                row.interrupted = false;
            }
            if !ours || row.generation != generation || !authorized {
                credential::update(tx, &row)?;
                attempt::finish(tx, attempt_id, AttemptOutcome::Interrupted, now, None, None)?;
                return Ok(if authorized {
                    Ok(())
                } else {
                    Err(AppError::new(ErrorCode::Unavailable, ReasonCode::Unauthorized.text()))
                });
            }
            let outcome = store_verdict(tx, &mut row, attempt_id, used, sent_at, now, verdict)?;
            let decision = policy::decide(&facts(&inner, &row, now), now);
            row.decided = Some((decision.reason().text().to_owned(), decision.next_at(now)));
            credential::update(tx, &row)?;
            Ok(outcome)
        })
        .await
}

fn store_verdict(
    tx: &crate::store::Tx<'_>,
    row: &mut CredentialRow,
    attempt_id: i64,
    used: Used,
    sent_at: i64,
    now: i64,
    verdict: Verdict,
) -> Result<Result<(), AppError>, StoreError> {
    match verdict {
        Verdict::Granted(grant) if row.token.as_ref() == Some(&grant.token) => {
            row.expires_at = Some(sent_at.saturating_add(grant.expires_in.saturating_mul(1000)));
            // Renewal alone may find the same token; whoever says that it is dead needs another one.
            if used.reason == ReasonCode::ReportedRejected {
                let failure = last_error(&CallError::BadBody(ReasonCode::TokenRejected.text().to_owned()), now);
                row.failures += 1;
                row.failure_kind = Some(FailureKind::Rejected);
                row.failing_since.get_or_insert(now);
                row.failure = Some(failure.clone());
                attempt::finish(tx, attempt_id, AttemptOutcome::Unchanged, now, None, Some(&failure))?;
                return Ok(Err(AppError::refused(failure)));
            }
            row.forget_failure();
            attempt::finish(tx, attempt_id, AttemptOutcome::Unchanged, now, None, None)?;
            Ok(Ok(()))
        }
        Verdict::Granted(grant) => {
            let was_rejected = row.rejected_generation == Some(row.generation);
            row.rejections = if was_rejected { row.rejections + 1 } else { 0 };
            row.previous_token = row.token.replace(grant.token);
            // Promise 2: a reply without a refresh token leaves the old one in place.
            if let Some(refresh) = grant.refresh_token {
                row.refresh_token = Some(refresh);
            }
            // Counted from the sending, so that a slow line cannot make us believe in time that is gone.
            row.obtained_at = Some(sent_at);
            row.expires_at = Some(sent_at.saturating_add(grant.expires_in.saturating_mul(1000)));
            row.generation += 1;
            row.forget_failure();
            attempt::finish(tx, attempt_id, AttemptOutcome::Ok, now, Some(row.generation), None)?;
            let obtained = GenerationRow {
                generation: row.generation,
                obtained_at: sent_at,
                expires_at: row.expires_at.unwrap_or(sent_at),
                cause: if grant.forced { GenerationCause::Forced } else { generation::cause_of(used.reason) },
            };
            generation::insert(tx, row.id, &obtained)?;
            if let Some((parent, generation)) = used.parent {
                parent_works(tx, parent, generation)?;
            }
            Ok(Ok(()))
        }
        Verdict::Healed(refresh, failure) => {
            let found = row.refresh_token.replace(refresh).is_none();
            if found {
                // Nothing else was wrong; without a token, one is fetched next.
                row.forget_failure();
                attempt::finish(tx, attempt_id, AttemptOutcome::Healed, now, None, None)?;
                return Ok(Ok(()));
            }
            row.failures += 1;
            row.failure_kind = Some(FailureKind::Transient);
            row.failing_since.get_or_insert(now);
            row.failure = Some(failure.clone());
            attempt::finish(tx, attempt_id, AttemptOutcome::Healed, now, None, Some(&failure))?;
            Ok(Err(AppError::refused(failure)))
        }
        Verdict::Failed(kind, failure) => {
            row.failures += 1;
            row.failure_kind = Some(kind);
            // WeChat may have made the new token, which ends ours: asked for again, whatever life ours is believed to have.
            row.interrupted = kind == FailureKind::Transient && used.ends_the_old;
            row.failing_since.get_or_insert(now);
            row.failure = Some(failure.clone());
            attempt::finish(tx, attempt_id, AttemptOutcome::Failed, now, None, Some(&failure))?;
            match (kind, used.parent) {
                (FailureKind::Ticket, _) => platform::refuse_ticket(tx, row.platform_id, used.ticket_create_time)?,
                (FailureKind::ParentRejected, Some((parent, generation))) => {
                    reject_parent(tx, parent, generation, &failure, now)?
                }
                _ => {}
            }
            Ok(Err(AppError::refused(failure)))
        }
    }
}

/// The component token was refused when used: one forced refresh, then stop.
pub(super) fn reject_parent(
    tx: &crate::store::Tx<'_>,
    id: i64,
    generation: i64,
    failure: &LastError,
    now: i64,
) -> Result<(), StoreError> {
    let Some(mut parent) = credential::get(tx, id)? else { return Ok(()) };
    if parent.generation != generation || parent.rejected_generation == Some(generation) {
        return Ok(());
    }
    parent.rejected_generation = Some(generation);
    if parent.rejections > 0 {
        parent.failures += 1;
        parent.failure_kind = Some(FailureKind::Rejected);
        parent.failing_since.get_or_insert(now);
        parent.failure = Some(failure.clone());
    }
    credential::update(tx, &parent)?;
    Ok(())
}

/// A call with this component token succeeded: earlier rejections are over.
fn parent_works(tx: &crate::store::Tx<'_>, id: i64, generation: i64) -> Result<(), StoreError> {
    if tx.mirror().credential(id).is_some_and(|p| p.rejections == 0) {
        return Ok(());
    }
    let Some(mut parent) = credential::get(tx, id)? else { return Ok(()) };
    if parent.generation == generation && parent.rejections > 0 {
        parent.rejections = 0;
        credential::update(tx, &parent)?;
    }
    Ok(())
}
