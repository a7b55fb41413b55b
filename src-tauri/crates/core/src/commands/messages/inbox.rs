//! The inbox: look, filter, export, and how long it is kept.

use crate::commands::{code, stamp};
use crate::core::Core;
use crate::dto::{
    ErrorCode, ExportedText, InboxFigures, InboxQuery, PushDetail, PushExportFormat, PushItem, PushPage, Rejections,
};
use crate::error::AppError;
use crate::inbox::retention::{self, Keep};
use crate::inbox::search::{self, Found, Limits, Wanted};
use crate::inbox::times::{BUDGET_MS, SLOW_MS};
use crate::inbox::view;
use crate::sheet::{self, Cell};
use crate::store::tables::inbox::{self, PushRow};
use crate::store::tables::push_answer;
use crate::validate;

/// Rows a page when none is asked for.
const PAGE: u32 = 100;
/// Most rows a page.
const MAX_PAGE: u32 = 500;
/// Pushes that a page may look at, and the time for it, ms: a person waits.
const LOOKED_AT: i64 = 50_000;
const PATIENCE: i64 = 300;
/// Rows of an export, and its bytes: what a window still takes.
const EXPORTED: usize = 50_000;
const EXPORTED_BYTES: usize = 30 << 20;
/// Time of an export, ms: what was not found by then is left out.
const EXPORT_PATIENCE: i64 = 30_000;
/// Rows that are read for an export at once.
const EXPORT_PART: usize = 200;
/// Days and MiB that may be set.
const DAYS: std::ops::RangeInclusive<u32> = 1..=365;
const MIB: std::ops::RangeInclusive<u32> = 16..=65_536;

impl Core {
    /// A page of the inbox, newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_pushes(&self, query: InboxQuery) -> Result<PushPage, AppError> {
        let found = usize::try_from(query.limit.unwrap_or(PAGE).clamp(1, MAX_PAGE)).unwrap_or(100);
        let limits = Limits { found, looked_at: LOOKED_AT, ms: PATIENCE };
        let found = self.search(self.wanted(query), limits).await?;
        Ok(PushPage {
            items: found.rows.iter().map(|(push, answer)| view::item(self, push, answer.as_ref())).collect(),
            next_before: found.next_before,
            searched_to: found.searched_to,
        })
    }

    pub(crate) fn wanted(&self, query: InboxQuery) -> Wanted {
        let appid = query.component_appid.as_deref();
        let platform_id = appid.and_then(|appid| self.store().mirror().platform_by_appid(appid)).map(|row| row.id);
        Wanted::new(query, platform_id)
    }

    pub(crate) async fn search(&self, wanted: Wanted, limits: Limits) -> Result<Found, AppError> {
        let clock = self.clock().clone();
        Ok(self.store().read(move |c| Ok(search::search(c, &wanted, limits, clock.as_ref())?)).await?)
    }

    /// A push with everything that is known of it.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn get_push(&self, id: i64) -> Result<PushDetail, AppError> {
        let core = self.clone();
        let read = move |c: &rusqlite::Connection| {
            let Some(push) = inbox::get(c, id)? else { return Ok(None) };
            let deliveries = view::deliveries_of(&core, c, &push)?;
            Ok(Some((push, push_answer::get(c, id)?, deliveries)))
        };
        let found = self.store().read(read).await?;
        let (push, answer, deliveries) = found.ok_or_else(|| AppError::not_found("push", &id.to_string()))?;
        Ok(view::detail(self, &push, answer.as_ref(), deliveries))
    }

    /// The newest pushes that match, as a file; at most 50,000, 30 MiB, and what can be found in half a minute.
    ///
    /// # Errors
    /// The store's.
    pub async fn export_pushes(&self, query: InboxQuery, format: PushExportFormat) -> Result<ExportedText, AppError> {
        let mut wanted = self.wanted(query);
        let mut file = Export::new(format);
        let end = self.clock().monotonic() + EXPORT_PATIENCE;
        let truncated = loop {
            let found = EXPORT_PART.min(EXPORTED - file.rows);
            let left = end - self.clock().monotonic();
            if found == 0 || left <= 0 {
                break true;
            }
            let limits = Limits { found, looked_at: i64::MAX, ms: left };
            let found = self.search(wanted.clone(), limits).await?;
            let full = found.rows.iter().any(|(push, answer)| {
                let item = view::item(self, push, answer.as_ref());
                !file.add(push, &item)
            });
            if full {
                break true;
            }
            match found.next_before {
                Some(before) => wanted = wanted.before(before),
                None => break false,
            }
        };
        file.finish(&format!("wxdesk-pushes-{}", stamp(self.clock().now())), truncated)
    }

    /// The inbox in figures.
    ///
    /// # Errors
    /// The store's.
    pub async fn inbox_figures(&self) -> Result<InboxFigures, AppError> {
        let (keep, size) = self.store().read(|c| Ok((retention::keep(c)?, retention::size(c)?))).await?;
        let hour = self.answer_times().hour(self.clock().now());
        Ok(InboxFigures {
            rows: size.rows,
            bytes: size.bytes,
            oldest_at: size.oldest_at,
            keep_days: keep.days,
            keep_mib: keep.mib,
            held: size.held,
            minutes: hour.minutes,
            p50_ms: hour.p50_ms,
            p99_ms: hour.p99_ms,
            slow_ms: SLOW_MS,
            budget_ms: BUDGET_MS,
        })
    }

    /// How long pushes are kept. What is beyond it goes in the next moments.
    ///
    /// # Errors
    /// `InvalidInput` outside of 1–365 days or 16–65,536 MiB; the store's.
    pub async fn set_inbox_retention(&self, keep_days: u32, keep_mib: u32) -> Result<InboxFigures, AppError> {
        let mut errors = Vec::new();
        if !DAYS.contains(&keep_days) {
            errors.push(validate::error("keep_days", "range", "must be 1 to 365", "应为 1 到 365"));
        }
        if !MIB.contains(&keep_mib) {
            errors.push(validate::error("keep_mib", "range", "must be 16 to 65536", "应为 16 到 65536"));
        }
        if !errors.is_empty() {
            return Err(AppError::invalid(errors));
        }
        retention::set_keep(self, Keep { days: keep_days, mib: keep_mib }).await?;
        self.changes().tell(["inbox"]);
        let core = self.clone();
        self.own(tokio::spawn(async move { retention::prune(&core, true).await }));
        self.inbox_figures().await
    }

    /// What was refused at the door, and what to do about it.
    ///
    /// # Errors
    /// None today.
    pub async fn list_rejections(&self) -> Result<Rejections, AppError> {
        Ok(self.door().rejections(self.store().mirror()))
    }
}

/// A file of pushes that is written row by row: the documents of all of them would not fit into memory.
struct Export {
    format: PushExportFormat,
    text: String,
    rows: usize,
}

impl Export {
    const HEAD: &[&str] = &[
        "id",
        "time_beijing",
        "received_at_ms",
        "component_appid",
        "appid",
        "account",
        "msg_type",
        "event",
        "kind_zh",
        "kind_en",
        "sender",
        "text",
        "ended",
        "made_up",
        "rule",
        "answer",
        "took_ms",
        "repeats",
        "document",
    ];

    fn new(format: PushExportFormat) -> Self {
        let text = match format {
            PushExportFormat::Csv => sheet::csv(Self::HEAD, []),
            PushExportFormat::Json => "[".to_owned(),
            PushExportFormat::Xml => String::new(),
        };
        Self { format, text, rows: 0 }
    }

    /// False when it does not fit any more.
    fn add(&mut self, push: &PushRow, item: &PushItem) -> bool {
        let row = match self.format {
            PushExportFormat::Csv => sheet::row(&Self::cells(push, item)),
            PushExportFormat::Json => Self::json(push, item),
            PushExportFormat::Xml => format!("{}\n", view::raw(&push.body)),
        };
        if self.text.len() + row.len() > EXPORTED_BYTES {
            return false;
        }
        if self.format == PushExportFormat::Json {
            self.text.push_str(if self.rows == 0 { "\n" } else { ",\n" });
        }
        self.text.push_str(&row);
        self.rows += 1;
        true
    }

    fn cells(push: &PushRow, item: &PushItem) -> Vec<Cell> {
        let flag = |on: bool| Cell::from(if on { "true" } else { "false" });
        let kind = item.kind_words.clone();
        vec![
            item.id.into(),
            sheet::beijing_time(item.received_at).into(),
            item.received_at.into(),
            item.component_appid.clone().into(),
            item.appid.clone().into(),
            item.account_name.clone().into(),
            item.msg_type.clone().into(),
            item.event.clone().into(),
            kind.clone().map(|k| k.zh).into(),
            kind.map(|k| k.en).into(),
            item.sender.clone().into(),
            item.text.clone().into(),
            flag(item.ended),
            flag(item.made_up),
            item.rule_name.clone().or_else(|| item.rule_id.map(|id| id.to_string())).into(),
            code(item.answer).into(),
            item.took_ms.into(),
            item.repeats.into(),
            view::raw(&push.body).into(),
        ]
    }

    fn json(push: &PushRow, item: &PushItem) -> String {
        let mut row = serde_json::to_value(item).unwrap_or_default();
        if let Some(row) = row.as_object_mut() {
            row.insert("document".to_owned(), view::json(&push.body));
        }
        row.to_string()
    }

    fn finish(mut self, name: &str, truncated: bool) -> Result<ExportedText, AppError> {
        let (ending, mime) = match self.format {
            PushExportFormat::Csv => ("csv", "text/csv; charset=utf-8"),
            PushExportFormat::Json => ("json", "application/json"),
            PushExportFormat::Xml => ("xml", "application/xml"),
        };
        if self.format == PushExportFormat::Json {
            self.text.push_str("\n]\n");
        }
        let rows = i64::try_from(self.rows).map_err(|_| AppError::new(ErrorCode::Internal, "too many rows"))?;
        Ok(ExportedText {
            file_name: format!("{name}.{ending}"),
            mime: mime.to_owned(),
            text: self.text,
            rows,
            truncated,
        })
    }
}
