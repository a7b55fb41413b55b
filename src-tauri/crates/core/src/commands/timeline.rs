//! Work on a token by hand: a harmless call that proves it, and the history of its generations.

use wechat::api::diagnostics;

use crate::call_log;
use crate::core::Core;
use crate::dto::{
    Attempt, AttemptOutcome, CallReason, ErrorCode, GenerationCause, TokenGeneration, TokenTest, TokenTimeline,
};
use crate::engine::{self, last_error};
use crate::error::AppError;
use crate::store::tables::credential::CredentialRow;
use crate::store::tables::generation::GenerationRow;
use crate::store::tables::{attempt, generation};

/// Generations shown: about four days of a token that lives two hours.
const GENERATIONS: u32 = 50;
/// Attempts read for them. A failing token makes many between two generations.
const ATTEMPTS: u32 = 1_000;
/// The call that proves a token: WeChat takes any kind of token for it, and it changes nothing.
const PROOF: &str = "/cgi-bin/get_api_domain_ip";

impl Core {
    /// The platform's row id and the credential of an account, or of the component token.
    fn held(&self, component_appid: &str, appid: Option<&str>) -> Result<std::sync::Arc<CredentialRow>, AppError> {
        let mirror = self.store().mirror();
        let credential = match appid {
            Some(appid) => mirror.account_credential(self.find_account(Some(component_appid), appid)?.1.id),
            None => mirror.component_credential(self.platform_row(component_appid)?.id),
        };
        credential.ok_or_else(|| AppError::not_found("credential of", appid.unwrap_or(component_appid)))
    }

    /// Makes a harmless call with the token as it is: an old one is not renewed first.
    ///
    /// # Errors
    /// `NotFound`, or `NoToken` when there is none. That WeChat refuses it is an answer.
    pub async fn test_token(&self, component_appid: &str, appid: Option<&str>) -> Result<TokenTest, AppError> {
        let row = self.held(component_appid, appid)?;
        let runtime = self.runtime(row.platform_id).ok_or_else(|| AppError::not_found("platform", component_appid))?;
        let token = row
            .token
            .as_ref()
            .ok_or_else(|| AppError::new(ErrorCode::NoToken, "there is no token that could be tested"))?;
        let (at, started) = (self.clock().now(), self.clock().monotonic());
        let call = diagnostics::get_api_domain_ip(runtime.transport.as_ref(), token);
        let answer = call_log::because(CallReason::Test, appid, call).await;
        if let Err(e) = &answer {
            engine::own::refused(self, &row, e).await;
        }
        Ok(TokenTest {
            ok: answer.is_ok(),
            at,
            duration_ms: self.clock().monotonic() - started,
            api: PROOF.to_owned(),
            generation: row.generation,
            expires_at: row.expires_at,
            error: answer.err().map(|e| last_error(&e, self.clock().now())),
        })
    }

    /// The tokens that an account or a platform had, and the attempts between them.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn token_timeline(&self, component_appid: &str, appid: Option<&str>) -> Result<TokenTimeline, AppError> {
        let row = self.held(component_appid, appid)?;
        let id = row.id;
        let (generations, attempts) = self
            .store()
            .read(move |c| {
                Ok((generation::of_credential(c, id, GENERATIONS)?, attempt::of_credential(c, id, ATTEMPTS)?))
            })
            .await?;
        let (pending, generations) = arrange(generations, attempts, row.generation, row.token.is_some());
        Ok(TokenTimeline {
            component_appid: component_appid.to_owned(),
            appid: appid.map(str::to_owned),
            pending,
            generations,
        })
    }
}

/// Puts attempts (newest first) under the generation (newest first) that they led to: a success names it, a failure led to
/// the first token after it. What came after the newest token is pending.
fn arrange(
    generations: Vec<GenerationRow>,
    attempts: Vec<Attempt>,
    current: i64,
    has_token: bool,
) -> (Vec<Attempt>, Vec<TokenGeneration>) {
    let mut rows: Vec<TokenGeneration> = generations
        .into_iter()
        .map(|row| TokenGeneration {
            generation: row.generation,
            obtained_at: row.obtained_at,
            expires_at: row.expires_at,
            current: has_token && row.generation == current,
            cause: row.cause,
            attempts: Vec::new(),
        })
        .collect();
    let mut pending = Vec::new();
    for attempt in attempts {
        let row = match attempt.generation {
            Some(number) => match rows.iter_mut().find(|row| row.generation == number) {
                Some(row) => Some(row),
                // Older than what is shown, and so is everything after it.
                None => break,
            },
            None => rows.iter_mut().rfind(|row| row.obtained_at >= attempt.at),
        };
        row.map_or(&mut pending, |row| &mut row.attempts).push(attempt);
    }
    for row in &mut rows {
        let before = row.attempts.get(1).map(|a| a.outcome);
        // The refresh token was replaced, and the attempt after it took the new one.
        if before == Some(AttemptOutcome::Healed) {
            row.cause = GenerationCause::Healed;
        }
    }
    (pending, rows)
}
