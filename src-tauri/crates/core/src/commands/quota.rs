//! Quotas and request ids.
//!
//! Must not: clear anything that was not asked for; the monthly clearings are few and shared with everyone who has a
//! token of the account. WeChat tells no count of them, so what is left is counted from our own log.

use std::sync::Arc;

use serde_json::Value;
use wechat::api::diagnostics::{self, QuotaInfo, RateLimit, RidInfo};
use wechat::error::{CallError, scrub};
use wechat::secret::SecretString;
use wechat::transport::{BoxFuture, Transport};

use super::calls::{api_name, errcode_words};
use crate::call_log;
use crate::core::{Core, Runtime};
use crate::dto::{CallReason, ClearAllowance, ClearMethod, ErrorCode, QuotaItem, QuotaRate, QuotaReport, RidLookup};
use crate::engine::{Wake, last_error};
use crate::error::AppError;
use crate::policy::FailureKind;
use crate::sheet::beijing_month;
use crate::store::tables::{api_call, credential};

/// Clearings a month (protocol C.9).
const CLEARS: i64 = 10;
/// No clearing is left this month.
const CLEARS_USED_UP: i64 = 48006;
/// All ways of clearing share one counter.
const CLEARING: &[&str] = &["/cgi-bin/clear_quota", "/cgi-bin/clear_quota/v2", "/cgi-bin/component/clear_quota/v2"];
/// APIs asked about at once by one command: each is a call.
const MOST_PATHS: usize = 50;
/// Longest text of a request that is shown, characters.
const SHOWN: usize = 4_000;

/// Who is asked about, and with which token.
struct Subject {
    runtime: Arc<Runtime>,
    appid: Option<String>,
    credential: i64,
}

impl Core {
    fn subject(&self, component_appid: &str, appid: Option<&str>) -> Result<Subject, AppError> {
        let platform = self.platform_row(component_appid)?;
        let runtime = self.runtime(platform.id).ok_or_else(|| AppError::not_found("platform", component_appid))?;
        let mirror = self.store().mirror();
        let credential = match appid {
            Some(appid) => mirror.account_credential(self.find_account(Some(component_appid), appid)?.1.id),
            None => mirror.component_credential(platform.id),
        };
        let credential =
            credential.ok_or_else(|| AppError::not_found("credential of", appid.unwrap_or(component_appid)))?.id;
        Ok(Subject { runtime, appid: appid.map(str::to_owned), credential })
    }

    /// Makes a call with the subject's live token.
    async fn with_token<T>(
        &self,
        subject: &Subject,
        reason: CallReason,
        call: impl for<'a> FnOnce(&'a dyn Transport, &'a SecretString) -> BoxFuture<'a, Result<T, CallError>> + Send,
    ) -> Result<Result<T, CallError>, AppError> {
        let live = self.live_credential(subject.credential).await?;
        let token = live.token.as_ref().ok_or_else(|| AppError::new(ErrorCode::NoToken, "there is no token"))?;
        let call = call(subject.runtime.transport.as_ref(), token);
        Ok(call_log::because(reason, subject.appid.as_deref(), call).await)
    }

    /// The quotas of some APIs, of a platform or an account; without paths, of those whose limits matter.
    ///
    /// # Errors
    /// `NotFound`, `NoToken`, `InvalidInput` for a path with a host or a query. An API that WeChat does not tell about
    /// carries its error.
    pub async fn get_quota(
        &self,
        component_appid: &str,
        appid: Option<&str>,
        cgi_paths: Option<Vec<String>>,
    ) -> Result<QuotaReport, AppError> {
        let subject = self.subject(component_appid, appid)?;
        let paths = cgi_paths.filter(|paths| !paths.is_empty()).unwrap_or_else(|| default_paths(appid.is_some()));
        if paths.len() > MOST_PATHS {
            return Err(AppError::invalid_field("cgi_paths", "length", "at most 50", "最多 50 个"));
        }
        for path in &paths {
            check_path(path)?;
        }
        let mut items: Vec<QuotaItem> = Vec::with_capacity(paths.len());
        // One after the other: a dozen short calls, and a platform's calls are capped.
        for path in paths {
            let item = match items.iter().find_map(|i| i.error.clone()).filter(|e| hopeless(e.code)) {
                Some(error) => no_quota(path, error),
                None => self.quota_of(&subject, path).await?,
            };
            items.push(item);
        }
        let allowance = self.clear_allowance(component_appid, appid).await?;
        Ok(QuotaReport {
            component_appid: component_appid.to_owned(),
            appid: subject.appid,
            at: self.clock().now(),
            items,
            allowance,
        })
    }

    async fn quota_of(&self, subject: &Subject, path: String) -> Result<QuotaItem, AppError> {
        let asked = path.clone();
        let answer = self
            .with_token(subject, CallReason::Quota, move |transport, token| {
                Box::pin(async move { diagnostics::quota_get(transport, token, &asked).await })
            })
            .await?;
        Ok(match answer {
            Ok(info) => quota_item(path, &info),
            Err(e) => no_quota(path, last_error(&e, self.clock().now())),
        })
    }

    /// Clears all counters of a platform or an account. Costs one of ten a month.
    ///
    /// # Errors
    /// `NotFound`, `NoToken`, or WeChat's refusal (48006: none is left).
    pub async fn clear_quota(
        &self,
        component_appid: &str,
        appid: Option<&str>,
        method: ClearMethod,
    ) -> Result<ClearAllowance, AppError> {
        let subject = self.subject(component_appid, appid)?;
        let whose = appid.unwrap_or(component_appid).to_owned();
        let answer = match method {
            ClearMethod::Token => {
                self.with_token(&subject, CallReason::Quota, move |transport, token| {
                    Box::pin(async move { diagnostics::clear_quota(transport, token, &whose).await })
                })
                .await?
            }
            ClearMethod::AppSecret => {
                let (runtime, secret) = (&subject.runtime, &subject.runtime.row.component_appsecret);
                let call =
                    diagnostics::clear_component_quota_v2(runtime.transport.as_ref(), component_appid, appid, secret);
                call_log::because(CallReason::Quota, appid, call).await
            }
        };
        answer.map_err(|e| AppError::refused(last_error(&e, self.clock().now())))?;
        self.quota_is_back(&subject).await?;
        self.clear_allowance(component_appid, appid).await
    }

    /// Clears the counter of one API. Costs one of fifty a month.
    ///
    /// # Errors
    /// `NotFound`, `NoToken`, `InvalidInput`, or WeChat's refusal.
    pub async fn clear_api_quota(
        &self,
        component_appid: &str,
        appid: Option<&str>,
        cgi_path: &str,
    ) -> Result<QuotaItem, AppError> {
        check_path(cgi_path)?;
        let subject = self.subject(component_appid, appid)?;
        let path = cgi_path.to_owned();
        self.with_token(&subject, CallReason::Quota, move |transport, token| {
            Box::pin(async move { diagnostics::quota_clear(transport, token, &path).await })
        })
        .await?
        .map_err(|e| AppError::refused(last_error(&e, self.clock().now())))?;
        self.quota_is_back(&subject).await?;
        self.quota_of(&subject, cgi_path.to_owned()).await
    }

    /// What waited for midnight is tried again: the credential itself, and for a platform those of its accounts, whose
    /// renewals count as the platform's calls.
    async fn quota_is_back(&self, subject: &Subject) -> Result<(), AppError> {
        let (id, platform_id) = (subject.credential, subject.runtime.row.id);
        let whole = subject.appid.is_none();
        self.store()
            .write(move |tx| {
                for mut row in credential::failed(tx, platform_id, FailureKind::Quota)? {
                    if whole || row.id == id {
                        row.forget_failure();
                        credential::update(tx, &row)?;
                    }
                }
                Ok(())
            })
            .await?;
        self.changes().tell(["accounts", "platforms", "overview"]);
        self.wake(Wake::Platform(platform_id));
        Ok(())
    }

    async fn clear_allowance(&self, component_appid: &str, appid: Option<&str>) -> Result<ClearAllowance, AppError> {
        // The clearing a moment ago counts.
        let _ = self.flush_call_log().await;
        let (month_start, resets_at) = beijing_month(self.clock().now());
        let (component, account) = (component_appid.to_owned(), appid.map(str::to_owned));
        let tally = self
            .store()
            .read(move |c| api_call::tally(c, &component, account.as_deref(), CLEARING, month_start, CLEARS_USED_UP))
            .await?;
        let exhausted = tally.refused > 0;
        Ok(ClearAllowance {
            limit: CLEARS,
            used_at_least: if exhausted { CLEARS } else { tally.ok.min(CLEARS) },
            exhausted,
            month_start,
            resets_at,
            last_at: tally.last_at,
        })
    }

    /// What WeChat knows of a request by its id. Whose request it was is looked up in our own log; otherwise the given
    /// platform and account are asked, or every platform.
    ///
    /// # Errors
    /// `InvalidInput` for what is no rid, `NotFound`, `NoToken`, or WeChat's refusal (76001 unknown, 76003 another
    /// account's, 76004 older than seven days).
    pub async fn lookup_rid(
        &self,
        rid: &str,
        component_appid: Option<&str>,
        appid: Option<&str>,
    ) -> Result<RidLookup, AppError> {
        let rid = rid.trim().trim_start_matches("rid:").trim().to_owned();
        if rid.is_empty() || rid.len() > 64 || !rid.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-') {
            return Err(AppError::invalid_field(
                "rid",
                "format",
                "must be three groups of hex digits, such as 61725984-6126f6f9-040f19c4",
                "应为三组十六进制数字，例如 61725984-6126f6f9-040f19c4",
            ));
        }
        let _ = self.flush_call_log().await;
        let wanted = rid.clone();
        let logged = self.store().read(move |c| api_call::by_rid(c, &wanted)).await?;
        let mut first: Option<AppError> = None;
        for subject in self.may_know(logged.as_ref(), component_appid, appid)? {
            let asked = rid.clone();
            let answer = self
                .with_token(&subject, CallReason::Diagnostics, move |transport, token| {
                    Box::pin(async move { diagnostics::rid_get(transport, token, &asked).await })
                })
                .await;
            match answer {
                Ok(Ok(info)) => {
                    let api = logged.as_ref().map(|row| row.api.clone());
                    return Ok(rid_view(rid, &subject, &info, api));
                }
                Ok(Err(e)) => {
                    first.get_or_insert(AppError::refused(last_error(&e, self.clock().now())));
                }
                Err(e) => {
                    first.get_or_insert(e);
                }
            }
        }
        Err(first.unwrap_or_else(|| AppError::new(ErrorCode::NotFound, "no platform could be asked")))
    }

    /// Whose tokens may look a request up, likeliest first.
    fn may_know(
        &self,
        logged: Option<&api_call::ApiCallRow>,
        component_appid: Option<&str>,
        appid: Option<&str>,
    ) -> Result<Vec<Subject>, AppError> {
        let mut found = Vec::new();
        if let Some(row) = logged {
            let account = row.appid.as_deref().filter(|_| component_appid.is_none_or(|c| c == row.component_appid));
            let own = self.subject(&row.component_appid, None);
            let accounts = account.map(|appid| self.subject(&row.component_appid, Some(appid)));
            // Which token a call took is not in the log; the path tells.
            if wechat::apis::find(&row.api).is_some_and(|api| api.subject == wechat::apis::Subject::Component) {
                found.extend([Some(own), accounts].into_iter().flatten().flatten());
            } else {
                found.extend([accounts, Some(own)].into_iter().flatten().flatten());
            }
        }
        match (component_appid, appid) {
            (Some(component), appid) => {
                if appid.is_some() {
                    found.push(self.subject(component, appid)?);
                }
                found.push(self.subject(component, None)?);
            }
            (None, Some(appid)) => {
                let (platform, _) = self.find_account(None, appid)?;
                found.push(self.subject(&platform.component_appid, Some(appid))?);
                found.push(self.subject(&platform.component_appid, None)?);
            }
            (None, None) if found.is_empty() => {
                let platforms = self.store().mirror().connections();
                found.extend(platforms.iter().filter_map(|p| self.subject(&p.component_appid, None).ok()));
            }
            (None, None) => {}
        }
        let mut seen = Vec::new();
        found.retain(|subject: &Subject| {
            let new = !seen.contains(&subject.credential);
            seen.push(subject.credential);
            new
        });
        Ok(found)
    }
}

/// Refusals that every further path would get too.
fn hopeless(code: i64) -> bool {
    matches!(code, 40001 | 40014 | 42001 | 61003 | 61004 | 61014 | 61015 | 45009 | 45011)
}

fn default_paths(of_account: bool) -> Vec<String> {
    use wechat::apis::Subject;
    let wanted = if of_account { Subject::Account } else { Subject::Component };
    let shown = wechat::apis::all().iter().filter(|api| api.shown && api.subject == wanted);
    shown.map(|api| api.path.to_owned()).collect()
}

fn check_path(path: &str) -> Result<(), AppError> {
    let plain = path.starts_with('/')
        && path.len() <= 200
        && path.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-' | b'.'));
    if plain {
        return Ok(());
    }
    Err(AppError::invalid_field(
        "cgi_path",
        "format",
        "must be a path such as /cgi-bin/message/custom/send, without host and query",
        "应为路径，例如 /cgi-bin/message/custom/send，不含域名和参数",
    ))
}

fn quota_item(path: String, info: &QuotaInfo) -> QuotaItem {
    // Zero calls in zero seconds is how WeChat says that there is no such limit.
    let rate = |rate: Option<RateLimit>| {
        rate.filter(|r| r.call_count > 0)
            .map(|r| QuotaRate { call_count: r.call_count, refresh_second: r.refresh_second })
    };
    QuotaItem {
        name: api_name(&path),
        cgi_path: path,
        daily_limit: Some(info.quota.daily_limit),
        used: Some(info.quota.used),
        remain: Some(info.quota.remain),
        rate_limit: rate(info.rate_limit),
        component_rate_limit: rate(info.component_rate_limit),
        error: None,
    }
}

fn no_quota(path: String, error: crate::dto::LastError) -> QuotaItem {
    QuotaItem {
        name: api_name(&path),
        cgi_path: path,
        daily_limit: None,
        used: None,
        remain: None,
        rate_limit: None,
        component_rate_limit: None,
        error: Some(error),
    }
}

fn rid_view(rid: String, subject: &Subject, info: &RidInfo, logged: Option<String>) -> RidLookup {
    let url = masked_url(info.request_url.expose());
    let response = masked_body(info.response_body.expose());
    let errcode = serde_json::from_str::<Value>(&response).ok().and_then(|v| v.get("errcode")?.as_i64());
    let from_url = url.split('?').next().filter(|p| p.starts_with('/')).map(str::to_owned);
    let api = logged.or(from_url);
    RidLookup {
        rid,
        component_appid: subject.runtime.row.component_appid.clone(),
        appid: subject.appid.clone(),
        invoked_at: info.invoke_time.saturating_mul(1000),
        cost_ms: info.cost_in_ms,
        client_ip: info.client_ip.clone(),
        api_name: api.as_deref().and_then(api_name),
        api,
        request_url: url,
        request_body: masked_body(info.request_body.expose()),
        response_body: response,
        words: errcode.and_then(errcode_words),
        errcode,
    }
}

/// A URL or a bare query with every value masked but the harmless ones.
fn masked_url(text: &str) -> String {
    let (path, query) = match text.split_once('?') {
        Some((path, query)) => (path, query),
        None if text.contains('=') => ("", text),
        None => (text, ""),
    };
    let masked: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) => format!("{name}=***"),
            None => "***".to_owned(),
        })
        .collect();
    let mut out = path.to_owned();
    if !masked.is_empty() {
        if !path.is_empty() {
            out.push('?');
        }
        out.push_str(&masked.join("&"));
    }
    cut(&out)
}

/// A body with its secrets masked: by name in JSON, by shape in anything else.
fn masked_body(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    match serde_json::from_str::<Value>(text) {
        Ok(mut value) => {
            mask_value(&mut value);
            cut(&value.to_string())
        }
        // Not JSON, or cut by WeChat: nothing can be told apart by name, so nothing long is shown.
        Err(_) => cut(&call_log::mask(&scrub(text, &[]))),
    }
}

/// Parts of names whose values are secrets.
const SECRET_NAMES: [&str; 6] = ["token", "secret", "ticket", "code", "key", "signature"];
/// Names that hold such a part and no secret.
const PLAIN_NAMES: [&str; 2] = ["errcode", "key_standard"];

fn mask_value(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let lower = name.to_lowercase();
                let secret = SECRET_NAMES.iter().any(|s| lower.contains(s)) && !PLAIN_NAMES.contains(&lower.as_str());
                if secret && !member.is_object() && !member.is_array() {
                    *member = Value::from("***");
                } else {
                    mask_value(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask_value),
        Value::String(text) => *text = call_log::mask(&scrub(text, &[])),
        _ => {}
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_of_a_request_is_shown() {
        assert_eq!(masked_url("/cgi-bin/x?access_token=T0&a=b"), "/cgi-bin/x?access_token=***&a=***");
        assert_eq!(masked_url("access_token=T0"), "access_token=***");
        let body = r#"{"component_appid":"wx1","list":[{"refresh_token":"r","n":1}],"authorization_code":"c","errcode":40001}"#;
        let shown = masked_body(body);
        assert!(shown.contains("wx1") && shown.contains("40001") && shown.contains("\"n\":1"), "{shown}");
        assert!(!shown.contains("\"r\"") && !shown.contains("\"c\""), "{shown}");
        assert!(!masked_body("component_appsecret 0123456789abcdef0123456789abcdef").contains("0123456789abcdef"));
    }
}
