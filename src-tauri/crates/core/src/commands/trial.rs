//! "Try the API": a call with an account's live token, and the history of such calls.
//!
//! Must not: repeat a call, or renew a token because one was refused.

use serde::Deserialize;
use wechat::api::diagnostics;
use wechat::error::CallError;
use wechat::secret::SecretString;

use crate::call_log;
use crate::clock::MAX_SLEEP_MS;
use crate::core::{Core, Runtime};
use crate::dto::{ApiAllowance, ApiForm, ApiTrial, ApiTrialRequest, CallReason, ErrorCode, RevealedSecret};
use crate::error::AppError;
use crate::store::tables::api_trial;
use crate::trial::{self, Reading};

/// Calls in the list.
const LISTED: u32 = 100;
/// The daily quota of this API is used up.
const QUOTA_USED_UP: i64 = 45009;
/// APIs of at most 1,000 calls a day (protocol E.3): what is left is told with every call of them. Asking costs a call
/// of its own, so of others it is asked for only when none is left.
const SCARCE: [&str; 3] = ["/cgi-bin/user/get", "/cgi-bin/menu/create", "/cgi-bin/menu/delete"];

#[derive(Deserialize)]
pub(super) struct TrialArgs {
    pub request: ApiTrialRequest,
}
#[derive(Deserialize)]
pub(super) struct TrialsArgs {
    pub component_appid: Option<String>,
    pub appid: Option<String>,
}

impl Core {
    /// The calls that can be filled in.
    #[must_use]
    pub fn api_forms() -> Vec<ApiForm> {
        trial::forms::all()
    }

    /// Makes a call once, with the account's live interface token, and keeps it in the history. A refusal of WeChat's,
    /// or a call that brought no answer, is an answer here.
    ///
    /// # Errors
    /// `InvalidInput` naming the field, `NotFound`, or `NoToken`; nothing was called then.
    pub async fn run_api(&self, request: ApiTrialRequest) -> Result<ApiTrial, AppError> {
        let (platform, account) = self.find_account(Some(&request.component_appid), &request.appid)?;
        let form = request.form.clone().filter(|id| trial::forms::all().iter().any(|form| form.id == *id));
        let call = trial::call(request)?;
        let runtime = self.runtime(platform.id).ok_or_else(|| AppError::not_found("account", &account.appid))?;
        let no_token = || AppError::new(ErrorCode::NoToken, "there is no token");
        let credential = self.store().mirror().account_credential(account.id).ok_or_else(no_token)?;
        let live = self.live_credential(credential.id).await?;
        let token = live.token.as_ref().ok_or_else(no_token)?;
        let wire = call.request(token)?;
        let (at, started) = (self.clock().now(), self.clock().monotonic());
        // Inside, because the log reads the reason when the request is handed over.
        let send = async { runtime.transport.send(wire).await };
        let answered = call_log::because(CallReason::Trial, Some(&account.appid), send).await;
        let duration_ms = (self.clock().monotonic() - started).max(0);
        let now = self.clock().now();
        let reading = match answered {
            Ok(response) => trial::read(&response, token, &call.secrets(token), now),
            Err(e) => trial::of_failure(&CallError::Transport(e), now),
        };
        let scarce = reading.status == Some(200) && SCARCE.contains(&call.path.as_str());
        let quota = if scarce || reading.errcode == Some(QUOTA_USED_UP) {
            allowance(&runtime, &account.appid, token, &call.path).await
        } else {
            None
        };
        let Reading { status, content_type, bytes, text, whole, picture, errcode, rid, error } = reading;
        let mut trial = ApiTrial {
            id: 0,
            at,
            component_appid: platform.component_appid.clone(),
            appid: account.appid.clone(),
            form,
            method: call.method,
            query: call.shown_query(token),
            body: call.shown_body(token),
            path: call.path,
            duration_ms,
            status,
            content_type,
            answer_bytes: bytes,
            answer: text,
            has_more: false,
            picture,
            errcode,
            rid,
            error,
            quota,
        };
        trial.id = self.keep_trial(platform.id, &trial).await;
        if let Some(whole) = whole
            && trial.id > 0
        {
            self.trial_answers().keep(trial.id, whole, now);
            self.forget_trial_answers_later();
            trial.has_more = true;
        }
        self.changes().tell(["api_trials"]);
        Ok(trial)
    }

    /// The call was made and its answer must be shown, whatever becomes of the history.
    async fn keep_trial(&self, platform_id: i64, trial: &ApiTrial) -> i64 {
        let trial = trial.clone();
        match self.store().write(move |tx| api_trial::insert(tx, platform_id, &trial)).await {
            Ok(id) => id,
            Err(e) => {
                tracing::warn!(error = %e, "a tried call could not be kept");
                0
            }
        }
    }

    fn forget_trial_answers_later(&self) {
        let core = self.clone();
        let until = self.clock().monotonic() + trial::KEPT;
        self.own(tokio::spawn(async move {
            while core.clock().monotonic() < until {
                core.clock().sleep((until - core.clock().monotonic()).clamp(1, MAX_SLEEP_MS)).await;
            }
            core.trial_answers().forget_old(core.clock().now());
        }));
    }

    /// Calls that were tried, newest first, at most 100, without their answers.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_api_trials(
        &self,
        component_appid: Option<&str>,
        appid: Option<&str>,
    ) -> Result<Vec<ApiTrial>, AppError> {
        let (component, appid) = (component_appid.map(str::to_owned), appid.map(str::to_owned));
        let read = move |c: &rusqlite::Connection| api_trial::list(c, component.as_deref(), appid.as_deref(), LISTED);
        let mut trials = self.store().read(read).await?;
        let now = self.clock().now();
        for trial in &mut trials {
            trial.has_more = self.trial_answers().get(trial.id, now).is_some();
        }
        Ok(trials)
    }

    /// One tried call with its answer.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn get_api_trial(&self, id: i64) -> Result<ApiTrial, AppError> {
        let found = self.store().read(move |c| api_trial::get(c, id)).await?;
        let mut trial = found.ok_or_else(|| AppError::not_found("tried call", &id.to_string()))?;
        trial.has_more = self.trial_answers().get(id, self.clock().now()).is_some();
        Ok(trial)
    }

    /// The whole answer of a call made in the last ten minutes, for a person who asks.
    ///
    /// # Errors
    /// `NotFound` when it is not kept any more, or what was shown was all of it.
    pub fn reveal_api_trial(&self, id: i64) -> Result<RevealedSecret, AppError> {
        let kept = self.trial_answers().get(id, self.clock().now());
        let (answer, until) = kept.ok_or_else(|| {
            AppError::new(ErrorCode::NotFound, "the whole answer is kept for ten minutes only; make the call again")
        })?;
        Ok(RevealedSecret { value: answer.expose().clone(), expires_at: Some(until) })
    }

    /// Forgets all tried calls and their answers.
    ///
    /// # Errors
    /// The store's.
    pub async fn clear_api_trials(&self) -> Result<(), AppError> {
        self.store().write(api_trial::clear).await?;
        self.trial_answers().clear();
        self.changes().tell(["api_trials"]);
        Ok(())
    }
}

/// What is left of a path's day; none when WeChat does not tell.
async fn allowance(runtime: &Runtime, appid: &str, token: &SecretString, path: &str) -> Option<ApiAllowance> {
    let ask = diagnostics::quota_get(runtime.transport.as_ref(), token, path);
    let quota = call_log::because(CallReason::Trial, Some(appid), ask).await.ok()?.quota;
    Some(ApiAllowance { daily_limit: quota.daily_limit, used: quota.used, remain: quota.remain })
}
