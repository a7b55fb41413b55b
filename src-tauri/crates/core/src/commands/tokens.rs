//! Live tokens for those who use them: business servers and our own calls on an account's behalf.
//!
//! Owns the rule of what may be handed out. Invariant: a token about to end is not handed out while a newer one can be
//! had, and one that still works is handed out when none can (promise 3).

use std::sync::Arc;

use crate::core::Core;
use crate::dto::{ErrorCode, ErrorDetail, ReasonCode};
use crate::engine::{facts, usable};
use crate::error::AppError;
use crate::policy;
use crate::store::tables::credential::CredentialRow;

/// A token with less life left than this is renewed before it is handed out, ms: the caller still has to use it.
const FLOOR: i64 = 60_000;

impl Core {
    /// The credential with a token that can be used now and for a while: for at least a minute, or a twentieth of a
    /// lifetime that is itself only minutes. Waits for the engine if there is none.
    ///
    /// # Errors
    /// `NoToken` with the reason in words and WeChat's refusal, when none can be had.
    pub async fn live_credential(&self, id: i64) -> Result<Arc<CredentialRow>, AppError> {
        let row = self.credential_row(id)?;
        if let Some(account) = row.account_id.and_then(|id| self.store().mirror().account(id))
            && !account.authorized
        {
            return Err(AppError::new(ErrorCode::NoToken, ReasonCode::Unauthorized.text()));
        }
        if self.lasting(&row) {
            return Ok(row);
        }
        let reason = if row.token.is_some() { ReasonCode::Emergency } else { ReasonCode::NoToken };
        let asked = self.ask(id, reason).await;
        let row = self.credential_row(id)?;
        if usable(&row, self.clock().now()) {
            return Ok(row);
        }
        let why = asked.err().map_or_else(|| self.why_not_now(&row), |e| e.message);
        let detail = row
            .failure
            .clone()
            .map(|refusal| Box::new(ErrorDetail { refusal: Some(refusal), ..ErrorDetail::default() }));
        Err(AppError { code: ErrorCode::NoToken, message: format!("no live token: {why}"), detail })
    }

    /// Whether the token may be handed out without asking for a newer one.
    pub(crate) fn lasting(&self, row: &CredentialRow) -> bool {
        let life = row.expires_at.unwrap_or(0).saturating_sub(row.obtained_at.unwrap_or(0));
        usable(row, self.clock().now() + FLOOR.min(life / 20))
    }

    /// The credential as of the last commit.
    pub(crate) fn credential_row(&self, id: i64) -> Result<Arc<CredentialRow>, AppError> {
        self.store().mirror().credential(id).ok_or_else(|| AppError::not_found("credential", "any more"))
    }

    /// What the engine is waiting for, in words.
    pub(crate) fn why_not_now(&self, row: &CredentialRow) -> String {
        let now = self.clock().now();
        let decision = policy::decide(&facts(self, row, now), now);
        let words = decision.reason().text();
        match decision.next_at(now).map(|at| (at - now).max(0) / 1000) {
            Some(seconds) => format!("{words}; next try in {seconds} s"),
            None => words.to_owned(),
        }
    }
}
