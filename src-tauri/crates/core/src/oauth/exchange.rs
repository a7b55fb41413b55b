//! A code that a visitor brought: claimed, sent once, and its outcome for everyone who brings it again.
//!
//! Invariants: the claim is durable before the code is sent, so a crash leaves "nobody knows" and never a second call;
//! the tokens are durable before the visitor is answered; a profile that cannot be read fails no login.

use std::sync::Arc;

use wechat::error::CallError;
use wechat::secret::SecretString;

use super::{Flight, Handed, Subject, hash, random_hex};
use crate::call_log;
use crate::clock::within;
use crate::core::Core;
use crate::dto::CallReason;
use crate::engine::last_error;
use crate::error::AppError;
use crate::store::StoreError;
use crate::store::tables::oauth_exchange::{self, Claim, OauthExchangeRow, Outcome};
use crate::store::tables::oauth_link::OauthLinkRow;
use crate::store::tables::oauth_user::{self, Dead, OauthUserRow};
use crate::store::tables::{oauth_route, oauth_ticket};

/// A visitor waits so long for the outcome, ms.
const PATIENCE: u64 = 10_000;
/// And within that for the profile, ms.
const PROFILE_PATIENCE: u64 = 5_000;
/// A one-time code may be taken for so long, ms.
const TICKET_LIFE: i64 = 300_000;
/// Longest openid that is kept, bytes; WeChat's have 28.
const OPENID: usize = 128;

/// What a code brought.
pub(crate) enum Brought {
    /// A user. With a route, the one-time code while it may be taken.
    User {
        /// One-time code.
        ticket: Option<SecretString>,
    },
    /// WeChat refused, or gave nothing.
    Failed,
    /// A stop came between; WeChat may have taken the code.
    Unknown,
    /// Still on its way.
    Working,
    /// It came before with another link.
    Elsewhere,
    /// The link was ended.
    Ended,
    /// The link's time is over.
    Expired,
    /// The link was for one code.
    Used,
    /// Nothing was done: it may be brought again in a moment.
    NotNow,
}

/// Takes a code that came with a link of this subject's.
pub(crate) async fn bring(core: &Core, subject: &Subject, link: &OauthLinkRow, code: SecretString) -> Brought {
    let key = hash(code.expose());
    let Some(flight) = core.oauth().begin(&key) else {
        let brought = outcome(core, &key, &link.state).await;
        repeated(core, &key, &link.state).await;
        return brought;
    };
    // Before the claim: a code that was not sent stays good, and the visitor may reload.
    let token = match subject.component_token(core) {
        Ok(token) => token,
        Err(e) => {
            drop(flight);
            return match read(core, &key).await {
                Ok(Some(_)) => again(core, &key, &link.state).await,
                _ => {
                    tracing::warn!(appid = subject.appid, why = %e, "a web OAuth code cannot be exchanged now");
                    Brought::NotNow
                }
            };
        }
    };
    let (claimed, state, now) = (key.clone(), link.state.clone(), core.clock().now());
    match core.store().write(move |tx| oauth_exchange::claim(tx, &claimed, &state, now)).await {
        Ok(Claim::Mine) => {}
        Ok(Claim::Repeat) => {
            drop(flight);
            core.changes().tell(["oauth"]);
            return outcome(core, &key, &link.state).await;
        }
        Ok(Claim::Elsewhere) => return Brought::Elsewhere,
        Ok(Claim::Ended | Claim::NoLink) => return Brought::Ended,
        Ok(Claim::Expired) => return Brought::Expired,
        Ok(Claim::Used) => return Brought::Used,
        Err(e) => {
            tracing::warn!(error = %e, "a web OAuth code could not be claimed; it was not sent");
            return Brought::NotNow;
        }
    }
    let work = exchange(core.clone(), subject.clone(), link.clone(), code, token, flight);
    core.own(core.oauth().home.spawn(work));
    outcome(core, &key, &link.state).await
}

/// A code that was claimed before.
async fn again(core: &Core, key: &[u8], state: &str) -> Brought {
    repeated(core, key, state).await;
    outcome(core, key, state).await
}

async fn repeated(core: &Core, key: &[u8], state: &str) {
    let (key, state) = (key.to_vec(), state.to_owned());
    // Only a count.
    let _ = core.store().write_single(move |tx| oauth_exchange::repeated(tx, &key, &state)).await;
    core.changes().tell(["oauth"]);
}

async fn read(core: &Core, key: &[u8]) -> Result<Option<OauthExchangeRow>, StoreError> {
    let key = key.to_vec();
    core.store().read(move |c| Ok(oauth_exchange::get(c, &key)?)).await
}

/// Waits for what becomes of a code.
async fn outcome(core: &Core, key: &[u8], state: &str) -> Brought {
    let landed = async {
        while let Some(flight) = core.oauth().flight(key) {
            let landed = flight.notified();
            tokio::pin!(landed);
            landed.as_mut().enable();
            // Looked at again now that its end cannot be missed.
            if core.oauth().flight(key).is_some_and(|still| Arc::ptr_eq(&still, &flight)) {
                landed.await;
            }
        }
    };
    if within(PATIENCE, landed).await.is_none() {
        return Brought::Working;
    }
    let Ok(Some(row)) = read(core, key).await else { return Brought::NotNow };
    if row.state != state {
        return Brought::Elsewhere;
    }
    match row.outcome {
        Outcome::Done => Brought::User { ticket: ticket(core, key).await },
        Outcome::Failed => Brought::Failed,
        // Its user is durable; only a stop kept the rest from being noted.
        Outcome::Pending if row.user_id.is_some() => Brought::User { ticket: None },
        Outcome::Pending | Outcome::Unknown | Outcome::Refused => Brought::Unknown,
    }
}

/// The one-time code of a code, while nobody has taken it.
async fn ticket(core: &Core, key: &[u8]) -> Option<SecretString> {
    let code = core.oauth().handed(key)?;
    let (known, now) = (hash(code.expose()), core.clock().now());
    let alive = core.store().read(move |c| Ok(oauth_ticket::alive(c, &known, now)?)).await.unwrap_or(false);
    alive.then_some(code)
}

async fn exchange(
    core: Core,
    subject: Subject,
    link: OauthLinkRow,
    code: SecretString,
    token: Option<SecretString>,
    flight: Flight,
) {
    let key = flight.code_hash.clone();
    let tag = Some(subject.appid.clone());
    let done = call_log::because(CallReason::Oauth, tag.as_deref(), async {
        let granted = {
            // Closed only with the engine, which ends this task too.
            let _turn = core.oauth().calls.acquire().await;
            subject.exchange(token.as_ref(), &code).await
        };
        drop((code, token));
        match granted {
            Ok(grant) if (1..=OPENID).contains(&grant.openid.len()) => {
                let (platform_id, appid, claimed) = (subject.platform_id(), subject.appid.clone(), key.clone());
                let (stored, now) = (grant.clone(), core.clock().now());
                let user_id = core
                    .store()
                    .write(move |tx| {
                        let id = oauth_user::consented(tx, platform_id, &appid, &stored, now)?;
                        oauth_exchange::belongs_to(tx, &claimed, id)?;
                        Ok(id)
                    })
                    .await?;
                if grant.scope.split(',').any(|scope| scope.trim() == "snsapi_userinfo") {
                    let reading = read_profile(&core, &subject, user_id);
                    if within(PROFILE_PATIENCE, reading).await.is_none() {
                        tracing::warn!(appid = subject.appid, "a user's profile did not come in time");
                    }
                }
                hand_out(&core, &link, &key, user_id).await
            }
            Ok(_) => failed(&core, &key, &CallError::BadBody("openid is empty or too long".to_owned())).await,
            Err(e) => failed(&core, &key, &e).await,
        }
    })
    .await;
    if let Err(e) = done {
        tracing::error!(appid = subject.appid, error = %e, "the outcome of a web OAuth code could not be stored");
    }
    drop(flight);
    core.changes().tell(["oauth"]);
}

/// WeChat's refusal is a failure; without an answer nobody knows whether it took the code.
async fn failed(core: &Core, key: &[u8], error: &CallError) -> Result<(), AppError> {
    let outcome = if error.api().is_some() { Outcome::Failed } else { Outcome::Unknown };
    let (key, error) = (key.to_vec(), last_error(error, core.clock().now()));
    core.store().write(move |tx| oauth_exchange::failed(tx, &key, outcome, &error)).await?;
    Ok(())
}

/// The user is there: with a route, a one-time code is made.
async fn hand_out(core: &Core, link: &OauthLinkRow, key: &[u8], user_id: i64) -> Result<(), AppError> {
    let now = core.clock().now();
    let made = match &link.route_id {
        Some(route) => Some((route.clone(), SecretString::from(random_hex::<32>()?))),
        None => None,
    };
    if let Some((_, code)) = &made {
        // Before the commit: whoever reads "done" finds it.
        core.oauth().hand(key, Handed { code: code.clone(), user_id, until: now + TICKET_LIFE });
    }
    let (claimed, state) = (key.to_vec(), link.state.clone());
    let stored = core
        .store()
        .write(move |tx| {
            // A user who was forgotten in this moment gets no code; the visitor is told that all is done.
            if let Some((route, code)) = made.filter(|_| matches!(oauth_user::get(tx, user_id), Ok(Some(_)))) {
                oauth_ticket::insert(tx, &hash(code.expose()), user_id, &state, now + TICKET_LIFE)?;
                oauth_route::used(tx, &route, now)?;
            }
            oauth_exchange::done(tx, &claimed)
        })
        .await;
    if stored.is_err() {
        core.oauth().take_back(key);
    }
    Ok(stored?)
}

/// Reads a user's profile and stores it, or why not.
///
/// # Errors
/// WeChat's refusal, which is noted with the user; the store's.
pub(crate) async fn read_profile(core: &Core, subject: &Subject, user_id: i64) -> Result<(), AppError> {
    let row = core.store().read(move |c| Ok(oauth_user::get(c, user_id)?)).await?;
    let row = Arc::new(row.ok_or_else(|| AppError::not_found("user", &user_id.to_string()))?);
    match subject.profile(&row.access_token, &row.openid).await {
        Ok(profile) => {
            core.store().write(move |tx| oauth_user::profiled(tx, user_id, &profile)).await?;
            Ok(())
        }
        Err(e) => Err(note_refusal(core, &row, &e, dead_access(&e)).await?),
    }
}

/// Notes why a call with a user's tokens failed. Answers it as the command's error.
///
/// # Errors
/// The store's.
pub(crate) async fn note_refusal(
    core: &Core,
    row: &Arc<OauthUserRow>,
    error: &CallError,
    dead: Dead,
) -> Result<AppError, AppError> {
    let refusal = last_error(error, core.clock().now());
    if error.api().is_some() {
        let (asked, noted) = (row.clone(), refusal.clone());
        core.store().write(move |tx| oauth_user::refused(tx, &asked, &noted, dead)).await?;
    }
    Ok(AppError::refused(refusal))
}

/// What a refusal of `sns/auth` or `sns/userinfo` says about the user's token, the only one that went along (protocol E.5).
pub(crate) fn dead_access(error: &CallError) -> Dead {
    Dead { access: matches!(error.code(), Some(40001 | 40014 | 42001)), refresh: false }
}

/// What a refusal of a renewal says about the refresh token. 40001 and 42001 are about the component token there.
pub(crate) fn dead_refresh(error: &CallError) -> Dead {
    Dead { access: false, refresh: matches!(error.code(), Some(40030 | 42002)) }
}
