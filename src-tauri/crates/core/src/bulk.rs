//! Work on many accounts at once: jobs that run in the engine, whatever page is open.
//!
//! Owns the jobs of this run and their reports. Must not go round the engine's caps: a refresh is asked of the engine like
//! any other, and details are fetched as few at once as the engine does. Invariants: at most one job of a kind runs; every
//! account of a job has exactly one line when it ended; nothing new begins after a cancel.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::stream::{self, StreamExt};

use crate::commands::menu_templates::{self, Applied};
use crate::core::Core;
use crate::dto::{
    Bilingual, BulkAccount, BulkJob, BulkKind, BulkLine, BulkOutcome, BulkRequest, BulkState, ErrorCode, FieldError,
    ReasonCode,
};
use crate::engine::{self, DETAILS_AT_ONCE};
use crate::error::AppError;
use crate::store::tables::account::AccountRow;
use crate::store::tables::platform::PlatformRow;

/// Jobs remembered, with their reports: 100,000 lines are about 20 MB.
const REMEMBERED: usize = 8;
/// Accounts removed or restored at once: their commits are written together, and a push still finds its turn.
const COMMITS_AT_ONCE: usize = 16;
/// Menus published at once: each is four calls or more.
const MENUS_AT_ONCE: usize = 4;
/// Lines of one answer.
const LINES: usize = 1_000;

/// The jobs of this run, newest first.
#[derive(Debug, Default)]
pub(crate) struct Bulk {
    jobs: Mutex<VecDeque<Arc<Job>>>,
}

/// What a job does with each account.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub kind: BulkKind,
    /// Of `ApplyMenuTemplate`.
    pub template: Option<Arc<Applied>>,
}

#[derive(Debug)]
pub(crate) struct Job {
    id: String,
    pub(crate) work: Work,
    started_at: i64,
    total: usize,
    cancelled: AtomicBool,
    progress: Mutex<Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    lines: Vec<BulkLine>,
    failed: i64,
    skipped: i64,
    under_way: Vec<String>,
    ended_at: Option<i64>,
}

/// An account of a job. Without a row it was named and is not there.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub component_appid: String,
    pub platform_name: String,
    pub appid: String,
    pub account: Option<i64>,
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

impl Job {
    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_running(&self) -> bool {
        self.progress().ended_at.is_none()
    }

    pub(crate) fn lines(&self) -> Vec<BulkLine> {
        self.progress().lines.clone()
    }

    /// The job, with lines after number `after` (`None`: no lines).
    fn view(&self, after: Option<i64>) -> BulkJob {
        let progress = self.progress();
        let state = match (progress.ended_at, self.cancelled.load(Ordering::Relaxed)) {
            (None, _) => BulkState::Running,
            (Some(_), true) => BulkState::Cancelled,
            (Some(_), false) => BulkState::Done,
        };
        let from = after.map(|n| usize::try_from(n.max(0)).unwrap_or(usize::MAX));
        BulkJob {
            id: self.id.clone(),
            kind: self.work.kind,
            state,
            started_at: self.started_at,
            ended_at: progress.ended_at,
            total: count(self.total),
            done: count(progress.lines.len()),
            failed: progress.failed,
            skipped: progress.skipped,
            current: progress.under_way.first().cloned(),
            lines: from.map_or_else(Vec::new, |from| progress.lines.iter().skip(from).take(LINES).cloned().collect()),
        }
    }
}

impl Bulk {
    fn jobs(&self) -> MutexGuard<'_, VecDeque<Arc<Job>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn find(&self, id: &str) -> Result<Arc<Job>, AppError> {
        self.jobs().iter().find(|job| job.id == id).cloned().ok_or_else(|| AppError::not_found("bulk job", id))
    }

    /// Puts a job in line, unless one of its kind runs.
    fn begin(&self, job: &Arc<Job>) -> Result<(), AppError> {
        let mut jobs = self.jobs();
        if let Some(running) = jobs.iter().find(|other| other.work.kind == job.work.kind && other.is_running()) {
            let words = format!("a job of this kind is running already: {}", running.id);
            return Err(AppError::new(ErrorCode::Unavailable, words));
        }
        jobs.push_front(job.clone());
        // One that runs is never forgotten: there are fewer kinds than are remembered.
        while jobs.len() > REMEMBERED {
            let Some(at) = jobs.iter().rposition(|job| !job.is_running()) else { break };
            jobs.remove(at);
        }
        Ok(())
    }
}

impl Core {
    /// Starts a job.
    ///
    /// # Errors
    /// `Unavailable` while one of its kind runs, `InvalidInput` when no account is meant, `NotFound` for the platform.
    pub fn start_bulk(&self, request: BulkRequest) -> Result<BulkJob, AppError> {
        if request.kind == BulkKind::ApplyMenuTemplate {
            let words = "a template is applied by start_menu_template";
            return Err(AppError::invalid_field("kind", "not_here", words, "模板请用 start_menu_template 应用"));
        }
        let targets = self.select(&request)?;
        if targets.is_empty() {
            return Err(AppError::invalid_field("accounts", "empty", "no account is meant", "没有选中任何账号"));
        }
        self.start_work(Work { kind: request.kind, template: None }, targets)
    }

    /// Starts the same work with the accounts that failed, or that a cancel left out.
    ///
    /// # Errors
    /// `NotFound`; `InvalidInput` when there is none; `Unavailable` while one of its kind runs.
    pub fn retry_bulk(&self, id: &str) -> Result<BulkJob, AppError> {
        let job = self.bulk().find(id)?;
        let mirror = self.store().mirror();
        let again =
            job.lines().into_iter().filter(|line| matches!(line.outcome, BulkOutcome::Failed | BulkOutcome::Cancelled));
        let targets: Vec<Target> = again
            .map(|line| {
                let platform = mirror.platform_by_appid(&line.component_appid);
                let row = platform.and_then(|p| mirror.account_by_appid(p.id, &line.appid)).filter(|a| a.is_known());
                Target {
                    component_appid: line.component_appid,
                    platform_name: line.platform_name,
                    appid: line.appid,
                    account: row.map(|row| row.id),
                }
            })
            .collect();
        if targets.is_empty() {
            return Err(AppError::invalid_field("id", "empty", "no account of this job failed", "没有失败的账号"));
        }
        self.start_work(job.work.clone(), targets)
    }

    /// A short random id.
    pub(crate) fn random_id(&self) -> Result<String, AppError> {
        let mut random = [0_u8; 8];
        getrandom::fill(&mut random)
            .map_err(|_| AppError::new(ErrorCode::Internal, "no random bytes from the system"))?;
        Ok(crate::hex(&random))
    }

    pub(crate) fn start_work(&self, work: Work, targets: Vec<Target>) -> Result<BulkJob, AppError> {
        let job = Arc::new(Job {
            id: self.random_id()?,
            work,
            started_at: self.clock().now(),
            total: targets.len(),
            cancelled: AtomicBool::new(false),
            progress: Mutex::default(),
        });
        self.bulk().begin(&job)?;
        self.own(tokio::spawn(run(self.clone(), job.clone(), targets)));
        self.changes().tell(["bulk"]);
        Ok(job.view(None))
    }

    /// The jobs of this run, newest first, without their lines.
    #[must_use]
    pub fn list_bulk_jobs(&self) -> Vec<BulkJob> {
        self.bulk().jobs().iter().map(|job| job.view(None)).collect()
    }

    /// A job with the lines after number `after` (`None`: from the first), at most 1000.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn bulk_job(&self, id: &str, after: Option<i64>) -> Result<BulkJob, AppError> {
        Ok(self.bulk().find(id)?.view(Some(after.unwrap_or(0))))
    }

    /// Lets nothing new begin. Calls under way end.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn cancel_bulk(&self, id: &str) -> Result<BulkJob, AppError> {
        let job = self.bulk().find(id)?;
        if job.is_running() {
            job.cancelled.store(true, Ordering::Relaxed);
            self.tell_bulk(id);
        }
        Ok(job.view(None))
    }

    fn tell_bulk(&self, id: &str) {
        self.changes().tell(["bulk", &format!("bulk:{id}")]);
    }

    /// The accounts that a request means, each once.
    pub(crate) fn select(&self, request: &BulkRequest) -> Result<Vec<Target>, AppError> {
        let mirror = self.store().mirror();
        // Before anything else, so that a platform that is not there is said so.
        let only = request.component_appid.as_deref().map(|c| self.platform_row(c)).transpose()?;
        if let Some(accounts) = &request.accounts {
            let platforms: HashMap<String, Arc<PlatformRow>> =
                mirror.connections().into_iter().map(|p| (p.component_appid.clone(), p)).collect();
            let mut seen = HashSet::new();
            return Ok(accounts
                .iter()
                .filter(|account| seen.insert(*account))
                .map(|BulkAccount { component_appid, appid }| {
                    let platform = platforms.get(component_appid);
                    let allowed = platform.filter(|p| only.as_ref().is_none_or(|only| only.id == p.id));
                    let row = allowed.and_then(|p| mirror.account_by_appid(p.id, appid)).filter(|a| a.is_known());
                    Target {
                        component_appid: component_appid.clone(),
                        platform_name: platform.map(|p| p.name.clone()).unwrap_or_default(),
                        appid: appid.clone(),
                        account: row.map(|row| row.id),
                    }
                })
                .collect());
        }
        if request.kind == BulkKind::Remove && request.query.is_none() {
            let words = "accounts or a filter must be named";
            return Err(AppError::invalid_field("accounts", "missing", words, "移除时须指明账号或筛选条件"));
        }
        let mut query = request.query.clone().unwrap_or_default();
        query.platform = request.component_appid.clone().or(query.platform);
        if request.query.is_none() {
            query.removed = Some(request.kind == BulkKind::Restore);
        }
        let find = self.account_find(&query)?;
        let (ids, _) = mirror.index(|index| index.find(&find, 0, usize::MAX));
        let platforms: HashMap<i64, Arc<PlatformRow>> = mirror.connections().into_iter().map(|p| (p.id, p)).collect();
        let rows = mirror.accounts_by_id(&ids);
        Ok(rows
            .into_iter()
            .filter_map(|(account, _)| {
                let platform = platforms.get(&account.platform_id)?;
                Some(Target {
                    component_appid: platform.component_appid.clone(),
                    platform_name: platform.name.clone(),
                    appid: account.appid.clone(),
                    account: Some(account.id),
                })
            })
            .collect())
    }
}

async fn run(core: Core, job: Arc<Job>, targets: Vec<Target>) {
    let at_once = match job.work.kind {
        // More would only wait in the engine's line, where a cancel does not find them.
        BulkKind::Refresh => core.engine_options().concurrency,
        BulkKind::SyncDetails => DETAILS_AT_ONCE,
        BulkKind::ApplyMenuTemplate => MENUS_AT_ONCE,
        BulkKind::Export => 1,
        BulkKind::Remove | BulkKind::Restore => COMMITS_AT_ONCE,
    };
    stream::iter(targets)
        .map(|target| one(&core, &job, target))
        .buffer_unordered(at_once.max(1))
        .for_each(|()| async {})
        .await;
    job.progress().ended_at = Some(core.clock().now());
    core.tell_bulk(&job.id);
}

async fn one(core: &Core, job: &Job, target: Target) {
    let started = core.clock().monotonic();
    let row = target.account.and_then(|id| core.store().mirror().account(id));
    let done = if job.cancelled.load(Ordering::Relaxed) {
        Done::new(BulkOutcome::Cancelled, "任务已取消，未开始", "not begun: the job was cancelled")
    } else if let Some(row) = &row {
        job.progress().under_way.push(target.appid.clone());
        let done = work(core, job, &target, row).await;
        let mut progress = job.progress();
        if let Some(at) = progress.under_way.iter().position(|appid| *appid == target.appid) {
            progress.under_way.remove(at);
        }
        done
    } else {
        Done::new(BulkOutcome::Failed, "没有这个账号", "there is no such account")
    };
    let mut progress = job.progress();
    match done.outcome {
        BulkOutcome::Failed => progress.failed += 1,
        BulkOutcome::Skipped | BulkOutcome::Cancelled => progress.skipped += 1,
        BulkOutcome::Ok => {}
    }
    let n = count(progress.lines.len()) + 1;
    progress.lines.push(BulkLine {
        n,
        component_appid: target.component_appid,
        platform_name: target.platform_name,
        appid: target.appid,
        nick_name: row.map(|r| r.nick_name.clone()).unwrap_or_default(),
        outcome: done.outcome,
        words: done.words,
        errcode: done.errcode,
        rid: done.rid,
        duration_ms: (core.clock().monotonic() - started).max(0),
    });
    drop(progress);
    core.tell_bulk(&job.id);
}

struct Done {
    outcome: BulkOutcome,
    words: Bilingual,
    errcode: Option<i64>,
    rid: Option<String>,
}

/// What is wrong with each field, in words.
fn fields(e: &AppError, words: impl Fn(&FieldError) -> &String) -> String {
    let fields = e.detail.as_ref().map(|detail| detail.fields.as_slice()).unwrap_or_default();
    if fields.is_empty() {
        return e.message.clone();
    }
    let name = |field: &FieldError| match field.field.as_str() {
        "account" | "values" | "" => words(field).clone(),
        path => format!("{path}: {}", words(field)),
    };
    fields.iter().map(name).collect::<Vec<_>>().join("; ")
}

impl Done {
    fn new(outcome: BulkOutcome, zh: &str, en: &str) -> Self {
        Self { outcome, words: Bilingual { zh: zh.to_owned(), en: en.to_owned() }, errcode: None, rid: None }
    }

    fn failed(e: &AppError) -> Self {
        let refusal = e.detail.as_ref().and_then(|d| d.refusal.as_ref());
        let code = refusal.map(|r| r.code).filter(|code| *code != 0);
        let zh = match (code.and_then(super::commands::errcode_words), code, e.code) {
            (Some(words), Some(code), _) => format!("微信拒绝（{code}）：{}。{}", words.meaning.zh, words.advice.zh),
            (None, Some(code), _) => format!("微信拒绝（{code}）"),
            (.., ErrorCode::NoToken) => "没有可用的令牌".to_owned(),
            (.., ErrorCode::Stopping) => "引擎正在停止".to_owned(),
            (.., ErrorCode::DiskFull) => "磁盘已满".to_owned(),
            (.., ErrorCode::NotFound) => "账号已不存在".to_owned(),
            (.., ErrorCode::InvalidInput) => fields(e, |field| &field.message_zh),
            (.., ErrorCode::Unavailable) => format!("现在无法调用微信：{}", e.message),
            _ => refusal.map_or_else(|| e.message.clone(), |r| r.advice_zh.clone()),
        };
        let en = if e.code == ErrorCode::InvalidInput { fields(e, |field| &field.message) } else { e.message.clone() };
        Self {
            outcome: BulkOutcome::Failed,
            words: Bilingual { zh, en },
            errcode: code,
            rid: refusal.and_then(|r| r.rid.clone()),
        }
    }
}

async fn work(core: &Core, job: &Job, target: &Target, row: &Arc<AccountRow>) -> Done {
    let skipped = |zh, en| Done::new(BulkOutcome::Skipped, zh, en);
    let removed = row.removed_at.is_some();
    let (outcome, zh, en) = match job.work.kind {
        BulkKind::Export => {
            // A hundred thousand of these must not keep others from this thread.
            tokio::task::yield_now().await;
            (Ok(()), "已导出", "exported")
        }
        BulkKind::Remove if removed => return skipped("此前已移除", "it was removed before"),
        BulkKind::Restore if !removed => return skipped("没有被移除", "it is not removed"),
        BulkKind::Remove => {
            (core.remove_account(&target.component_appid, &target.appid).await.map(drop), "已移除", "removed")
        }
        BulkKind::Restore => {
            (core.restore_account(&target.component_appid, &target.appid).await.map(drop), "已恢复", "restored")
        }
        _ if removed => return skipped("账号已移除", "the account is removed"),
        _ if !row.authorized => return skipped("授权已取消", "the owner cancelled the authorization"),
        BulkKind::Refresh => {
            let Some(credential) = core.store().mirror().account_credential(row.id) else {
                return skipped("没有刷新令牌", "there is no refresh token");
            };
            (core.ask(credential.id, ReasonCode::Requested).await, "令牌已刷新", "the token was renewed")
        }
        BulkKind::ApplyMenuTemplate => {
            let Some(template) = &job.work.template else { return skipped("没有模板", "there is no template") };
            let applied = menu_templates::apply(core, template, target, row, &job.id).await;
            (applied, "菜单已发布", "the menu was published")
        }
        BulkKind::SyncDetails => (engine::fetch_details(core, row.id).await, "资料已同步", "the details were fetched"),
    };
    match outcome {
        Ok(()) => Done::new(BulkOutcome::Ok, zh, en),
        Err(e) => Done::failed(&e),
    }
}

#[cfg(test)]
mod tests;
