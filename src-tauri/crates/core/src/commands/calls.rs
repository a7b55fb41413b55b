//! The log of calls: look, filter, explain, export, and how long it is kept.

use crate::call_log::RETENTION;
use crate::core::Core;
use crate::dto::{
    ApiCall, ApiCallPage, ApiCallQuery, ApiCallSettings, ApiSubject, Bilingual, ErrcodeWords, ExportFormat,
    ExportedText, KnownApi,
};
use crate::error::AppError;
use crate::sheet::{self, Cell};
use crate::store::tables::api_call::{self, ApiCallRow, Cursor, MAX_ROWS};
use crate::store::tables::setting;

/// Rows a page when none is asked for.
const PAGE: u32 = 100;
/// Most rows a page.
const MAX_PAGE: u32 = 500;
/// Rows of an export: about 10 MB of text, which a window still takes.
const EXPORTED: usize = 50_000;
/// Days that may be set.
const DAYS: std::ops::RangeInclusive<u32> = 1..=365;

pub(crate) fn both(label: wechat::account::Label) -> Bilingual {
    Bilingual { zh: label.zh.to_owned(), en: label.en.to_owned() }
}

/// What is known of a code.
pub(crate) fn errcode_words(code: i64) -> Option<ErrcodeWords> {
    let known = wechat::errors::advice(code)?;
    Some(ErrcodeWords {
        code,
        meaning: Bilingual { zh: known.meaning_zh.to_owned(), en: known.meaning_en.to_owned() },
        advice: Bilingual { zh: known.advice_zh.to_owned(), en: known.advice_en.to_owned() },
    })
}

/// The name of an API.
pub(crate) fn api_name(path: &str) -> Option<Bilingual> {
    wechat::apis::find(path).map(|api| both(api.name))
}

fn cursor_of(text: Option<&str>) -> Result<Option<Cursor>, AppError> {
    let Some(text) = text.filter(|t| !t.is_empty()) else { return Ok(None) };
    let parsed = text.split_once('.').and_then(|(at, id)| Some((at.parse().ok()?, id.parse().ok()?)));
    let bad =
        || AppError::invalid_field("cursor", "format", "must come from next_cursor", "应取自上一页的 next_cursor");
    parsed.map(Some).ok_or_else(bad)
}

impl Core {
    /// A page of calls, newest first.
    ///
    /// # Errors
    /// `InvalidInput` for a bad cursor; the store's.
    pub async fn list_api_calls(&self, query: &ApiCallQuery) -> Result<ApiCallPage, AppError> {
        let after = cursor_of(query.cursor.as_deref())?;
        let limit = usize::try_from(query.limit.unwrap_or(PAGE).clamp(1, MAX_PAGE)).unwrap_or(100);
        let mut rows = self.calls(query, after, limit + 1).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).map(|row| format!("{}.{}", row.at, row.id));
        Ok(ApiCallPage { items: rows.into_iter().map(|row| self.call_view(row)).collect(), next_cursor })
    }

    async fn calls(
        &self,
        query: &ApiCallQuery,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Vec<ApiCallRow>, AppError> {
        // What was called a moment ago is what a person looks for. A store that takes no rows still shows old ones.
        let _ = self.flush_call_log().await;
        let query = query.clone();
        Ok(self.store().read(move |c| api_call::list(c, &query, after, limit)).await?)
    }

    fn call_view(&self, row: ApiCallRow) -> ApiCall {
        let mirror = self.store().mirror();
        let account = row
            .appid
            .as_deref()
            .and_then(|appid| mirror.account_by_appid(mirror.platform_by_appid(&row.component_appid)?.id, appid));
        ApiCall {
            id: row.id,
            at: row.at,
            account_name: account.map(|a| a.nick_name.clone()).filter(|name| !name.is_empty()),
            component_appid: row.component_appid,
            appid: row.appid,
            api_name: api_name(&row.api),
            api: row.api,
            reason: row.reason,
            duration_ms: row.duration_ms,
            ok: row.ok,
            words: row.errcode.and_then(errcode_words),
            errcode: row.errcode,
            message: row.message,
            rid: row.rid,
            http_status: row.http_status,
            transport_error: row.transport_error,
        }
    }

    /// The newest calls that match, as a file.
    ///
    /// # Errors
    /// The store's.
    pub async fn export_api_calls(&self, query: &ApiCallQuery, format: ExportFormat) -> Result<ExportedText, AppError> {
        const HEAD: &[&str] = &[
            "time_beijing",
            "at_ms",
            "component_appid",
            "appid",
            "account",
            "api",
            "api_name_zh",
            "api_name_en",
            "reason",
            "duration_ms",
            "ok",
            "errcode",
            "message",
            "meaning_zh",
            "meaning_en",
            "advice_zh",
            "advice_en",
            "rid",
            "http_status",
            "transport_error",
        ];
        let mut rows = self.calls(query, None, EXPORTED + 1).await?;
        let truncated = rows.len() > EXPORTED;
        rows.truncate(EXPORTED);
        let calls: Vec<ApiCall> = rows.into_iter().map(|row| self.call_view(row)).collect();
        let name = format!("wxdesk-api-calls-{}", stamp(self.clock().now()));
        let cells = |call: &ApiCall| {
            let (name, words) = (call.api_name.clone(), call.words.clone());
            let (meaning, advice) = (words.clone().map(|w| w.meaning), words.map(|w| w.advice));
            vec![
                sheet::beijing_time(call.at).into(),
                call.at.into(),
                call.component_appid.clone().into(),
                call.appid.clone().into(),
                call.account_name.clone().into(),
                call.api.clone().into(),
                name.clone().map(|n| n.zh).into(),
                name.map(|n| n.en).into(),
                code(call.reason).into(),
                call.duration_ms.into(),
                Cell::from(if call.ok { "true" } else { "false" }),
                call.errcode.into(),
                call.message.clone().into(),
                meaning.clone().map(|w| w.zh).into(),
                meaning.map(|w| w.en).into(),
                advice.clone().map(|w| w.zh).into(),
                advice.map(|w| w.en).into(),
                call.rid.clone().into(),
                call.http_status.map(i64::from).into(),
                call.transport_error.map(code).into(),
            ]
        };
        sheet::export(&name, format, HEAD, &calls, cells, truncated)
    }

    /// How long calls are kept, and how many there are.
    ///
    /// # Errors
    /// The store's.
    pub async fn get_api_call_settings(&self) -> Result<ApiCallSettings, AppError> {
        let (rows, oldest_at) = self.store().read(api_call::size).await?;
        let log = self.call_log();
        Ok(ApiCallSettings { retention_days: log.days(), rows, max_rows: MAX_ROWS, oldest_at, lost: log.lost() })
    }

    /// Keeps calls for so many days. Older ones go with the next pruning, within the hour.
    ///
    /// # Errors
    /// `InvalidInput` outside of 1 to 365; the store's.
    pub async fn set_api_call_retention(&self, days: u32) -> Result<ApiCallSettings, AppError> {
        if !DAYS.contains(&days) {
            return Err(AppError::invalid_field("days", "range", "must be 1 to 365", "应为 1 到 365"));
        }
        self.store().write(move |tx| setting::put(tx, RETENTION, &days)).await?;
        self.call_log().set_days(days);
        self.changes().tell(["api_calls"]);
        self.get_api_call_settings().await
    }

    /// A code of WeChat's in words.
    #[must_use]
    pub fn explain_errcode(code: i64) -> Option<ErrcodeWords> {
        errcode_words(code)
    }

    /// The APIs that have a name here.
    #[must_use]
    pub fn known_apis() -> Vec<KnownApi> {
        let subject = |subject| match subject {
            wechat::apis::Subject::Component => ApiSubject::Component,
            wechat::apis::Subject::Account => ApiSubject::Account,
            wechat::apis::Subject::Both => ApiSubject::Both,
        };
        wechat::apis::all()
            .iter()
            .map(|api| KnownApi {
                path: api.path.to_owned(),
                name: both(api.name),
                subject: subject(api.subject),
                by_default: api.shown,
            })
            .collect()
    }
}

/// A code as it is in JSON.
pub(crate) fn code<T: serde::Serialize>(value: T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// A moment for a file's name.
pub(crate) fn stamp(at: i64) -> String {
    sheet::beijing_time(at).replace([' ', ':'], "-")
}
