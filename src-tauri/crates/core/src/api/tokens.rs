//! Tokens for business servers.
//!
//! Invariant: a thousand servers that report the same rejected token cause one call. Askers of one credential go one
//! after the other, and each looks again at what is current before it asks the engine.

use std::sync::{Arc, PoisonError};

use serde::Deserialize;
use serde_json::json;
use wechat::secret::SecretString;

use super::gate::Gate;
use super::table::{Answer, Call, json};
use crate::clock;
use crate::dto::{ErrorCode, ReasonCode};
use crate::error::AppError;
use crate::store::tables::credential::CredentialRow;

/// Whoever reports a rejected token waits so long for the new one, ms.
const PATIENCE: u64 = 10_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RefreshRequest {
    #[serde(default)]
    rejected: Option<SecretString>,
}

fn account_credential(call: &Call) -> Result<(String, i64), AppError> {
    let (_, account) = call.core().find_account(call.query("platform"), call.path("appid"))?;
    let credential = call.core().store().mirror().account_credential(account.id);
    let credential = credential.ok_or_else(|| AppError::new(ErrorCode::NoToken, ReasonCode::NoToken.text()))?;
    Ok((account.appid.clone(), credential.id))
}

fn document(name: &str, appid: &str, row: &CredentialRow) -> Answer {
    let token = row.token.as_ref().ok_or_else(|| AppError::new(ErrorCode::NoToken, ReasonCode::NoToken.text()))?;
    json(
        &json!({ name: appid, "access_token": token.expose(), "expires_at": row.expires_at, "generation": row.generation }),
    )
}

pub(super) async fn of_account(call: Call) -> Answer {
    let (appid, id) = account_credential(&call)?;
    document("appid", &appid, &*live(&call.gate, id).await?)
}

pub(super) async fn of_component(call: Call) -> Answer {
    let component_appid = call.path("component_appid");
    let mirror = call.core().store().mirror();
    let platform =
        mirror.platform_by_appid(component_appid).ok_or_else(|| AppError::not_found("platform", component_appid))?;
    let credential = mirror.component_credential(platform.id);
    let credential = credential.ok_or_else(|| AppError::new(ErrorCode::NoToken, ReasonCode::NoToken.text()))?;
    document("component_appid", component_appid, &*live(&call.gate, credential.id).await?)
}

pub(super) async fn refresh(call: Call) -> Answer {
    let (appid, id) = account_credential(&call)?;
    let request: RefreshRequest = call.json()?;
    let row = match request.rejected {
        Some(rejected) => replaced(&call.gate, id, &rejected).await?,
        None => {
            call.core().ask(id, ReasonCode::Requested).await?;
            call.core().live_credential(id).await?
        }
    };
    document("appid", &appid, &row)
}

/// The turn of one asker of a credential.
async fn turn(gate: &Gate, id: i64) -> tokio::sync::OwnedMutexGuard<()> {
    let lock = gate.asks.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_default().clone();
    lock.lock_owned().await
}

async fn live(gate: &Gate, id: i64) -> Result<Arc<CredentialRow>, AppError> {
    let row = gate.core.credential_row(id)?;
    if gate.core.lasting(&row) {
        // Cancelled authorizations are told apart inside; no other asker is in the way of a token that is there.
        return gate.core.live_credential(id).await;
    }
    let _turn = turn(gate, id).await;
    gate.core.live_credential(id).await
}

/// A token other than `rejected`, asking for one only if that is still the current one.
async fn replaced(gate: &Gate, id: i64, rejected: &SecretString) -> Result<Arc<CredentialRow>, AppError> {
    let is_current = |row: &CredentialRow| row.token.as_ref().is_some_and(|token| token == rejected);
    if !is_current(&*gate.core.credential_row(id)?) {
        return live(gate, id).await;
    }
    let asked = clock::within(PATIENCE, async {
        let _turn = turn(gate, id).await;
        let row = gate.core.credential_row(id)?;
        if is_current(&row) {
            crate::engine::own::reported(&gate.core, &row).await;
            gate.core.ask(id, ReasonCode::ReportedRejected).await
        } else {
            Ok(())
        }
    })
    .await;
    let row = gate.core.credential_row(id)?;
    if !is_current(&row) {
        return live(gate, id).await;
    }
    // Giving the rejected token back would make its reporter use it again at once.
    Err(match asked {
        None => AppError::new(ErrorCode::Unavailable, "the refresh is still under way; ask again in a few seconds"),
        Some(Err(e)) if e.detail.is_some() => e,
        Some(_) => AppError::new(
            ErrorCode::Unavailable,
            format!("no newer token can be had now: {}", gate.core.why_not_now(&row)),
        ),
    })
}
