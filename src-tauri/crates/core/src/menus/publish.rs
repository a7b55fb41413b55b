//! Publishing: read what is live, do the first step of the plan, read again, until there is nothing to do.
//!
//! A reply that was lost, a program that ended half-way and a second window all resolve the same way: by reading.
//! Invariants: every step is kept before its call leaves; a step that WeChat said is done is never done again; the loop
//! is bounded; a version is `live` only after a reading that showed both menus as they were sent.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::oneshot;
use wechat::api;
use wechat::error::{CallError, ErrorClass};
use wechat::menu::{MenuView, suspects};

use super::live::{self, Reading};
use super::plan::{Step, plan, sendable};
use super::{Failed, Publishing, abilities, check, conflict, draft, has_menu, on_behalf, tell};
use crate::core::Core;
use crate::dto::{
    ErrorCode, LastError, MenuDraft, MenuPlace, MenuSet, MenuVersion, PublishCause, PublishFault, PublishState,
    PublishStep,
};
use crate::engine::last_error;
use crate::error::AppError;
use crate::store::tables::account::AccountRow;
use crate::store::tables::menu::{self, VersionRow};

/// Calls of one step at most: WeChat was busy, or the reply was lost and reading showed that nothing had been done.
const TRIES: usize = 3;
/// Before a call is made again, and between readings that WeChat does not answer or that lag behind, ms.
const PAUSES: [i64; 3] = [1_000, 3_000, 6_000];

/// What is to be published, and why.
#[derive(Debug, Clone)]
pub(crate) struct Publication {
    /// The menu; without buttons, everything is deleted.
    pub set: MenuSet,
    /// Why.
    pub cause: PublishCause,
    /// The version or template that it comes from.
    pub from: Option<String>,
    /// `window`, `api:KEYNAME`, `cli`, `bulk:JOB`.
    pub who: String,
}

/// Takes the account for a publication.
fn begin(core: &Core, row: &AccountRow) -> Result<Publishing, AppError> {
    let busy = || conflict("the menu of this account is being published; wait for that to end");
    core.menus().begin(row.id).ok_or_else(busy)
}

/// Publishes the draft of a revision; any revision with `None`.
///
/// # Errors
/// `Conflict` when another one is kept, or a publication is under way; see [`publish`].
pub(crate) async fn publish_draft(
    core: &Core,
    row: &Arc<AccountRow>,
    revision: Option<i64>,
    who: &str,
) -> Result<MenuVersion, AppError> {
    has_menu(row)?;
    let guard = begin(core, row)?;
    let kept: MenuDraft = draft::get(core, row).await?;
    if revision.is_some_and(|revision| revision != kept.revision) {
        return Err(conflict("the draft was changed since; look at it again"));
    }
    if kept.revision == 0 {
        return Err(AppError::not_found("menu draft of", &row.appid));
    }
    let publication = Publication { set: kept.set, cause: PublishCause::Draft, from: None, who: who.to_owned() };
    start(core, row, publication, guard).await
}

/// Makes a menu the draft and publishes it.
///
/// # Errors
/// `InvalidInput` with every error finding, before anything is changed; `Conflict` when a publication is under way;
/// `NoToken` or WeChat's refusal when what is live cannot be read. Whatever happens after that is in the version.
pub(crate) async fn publish(
    core: &Core,
    row: &Arc<AccountRow>,
    publication: Publication,
) -> Result<MenuVersion, AppError> {
    has_menu(row)?;
    let guard = begin(core, row)?;
    may_go(row, &publication)?;
    if publication.cause != PublishCause::Delete {
        draft::save(core, row, publication.set.clone(), None).await?;
    }
    start(core, row, publication, guard).await
}

/// Refuses a menu that WeChat would refuse. One without anything is not refused where it means deletion.
fn may_go(row: &AccountRow, publication: &Publication) -> Result<(), AppError> {
    let deletes = publication.set.button.is_empty()
        && publication.set.conditional.is_empty()
        && publication.cause != PublishCause::Draft;
    let mut errors = check::errors(&check::check(&sendable(&publication.set), &abilities(row)));
    errors.retain(|error| !(deletes && error.rule == "button_count"));
    if errors.is_empty() { Ok(()) } else { Err(AppError::invalid(errors)) }
}

async fn start(
    core: &Core,
    row: &Arc<AccountRow>,
    publication: Publication,
    guard: Publishing,
) -> Result<MenuVersion, AppError> {
    may_go(row, &publication)?;
    let reading = live::read(core, row).await.map_err(|failed| failed.words(core))?;
    let set = sendable(&publication.set);
    let mut version = VersionRow {
        account_id: row.id,
        id: 0,
        at: core.clock().now(),
        ended_at: None,
        who: publication.who,
        cause: publication.cause,
        from: publication.from,
        state: PublishState::Publishing,
        buttons: check::count(&set.button),
        conditional: i64::try_from(set.conditional.len()).unwrap_or(i64::MAX),
        set,
        steps: Vec::new(),
        fault: None,
    };
    let kept = version.clone();
    version.id = core.store().write(move |tx| menu::add_version(tx, &kept)).await?;
    run(core, row, version, reading, guard).await
}

/// Takes up a publication that stopped half-way.
///
/// # Errors
/// `Conflict` when it is under way or cannot be taken up; `NoToken` or WeChat's refusal when what is live cannot be read.
pub(crate) async fn resume(core: &Core, row: &Arc<AccountRow>, id: i64) -> Result<MenuVersion, AppError> {
    let guard = begin(core, row)?;
    let account_id = row.id;
    let (version, newest) =
        core.store().read(move |c| Ok((menu::version(c, account_id, id)?, newest(c, account_id)?))).await?;
    let mut version = version.ok_or_else(|| AppError::not_found("menu version", &id.to_string()))?;
    if !can_resume(&version, newest) {
        return Err(conflict("this publication has ended, or a later one took its place"));
    }
    let reading = live::read(core, row).await.map_err(|failed| failed.words(core))?;
    (version.state, version.ended_at, version.fault) = (PublishState::Publishing, None, None);
    run(core, row, version, reading, guard).await
}

fn newest(connection: &rusqlite::Connection, account_id: i64) -> Result<i64, crate::store::StoreError> {
    Ok(menu::versions(connection, account_id, None, 1)?.first().map_or(0, |row| row.id))
}

/// Whether a version that is not under way stopped half-way and is the newest.
fn can_resume(version: &VersionRow, newest: i64) -> bool {
    let half_way = match version.state {
        PublishState::Publishing => true,
        PublishState::Failed => {
            let passes = version.fault.as_ref().is_some_and(|fault| {
                let class = wechat::errors::class_of(fault.error.code);
                fault.error.code == 0
                    || matches!(class, ErrorClass::Transient | ErrorClass::Quota | ErrorClass::RateLimited)
            });
            passes || version.steps.iter().any(|step| step.done_at.is_some() && step.act != READ_BACK)
        }
        PublishState::Live | PublishState::Superseded => false,
    };
    half_way && version.id == newest
}

/// A version as it is shown; `full` with its menu and steps.
pub(crate) fn view(core: &Core, version: VersionRow, newest: i64, full: bool) -> MenuVersion {
    let resumable = !core.menus().busy(version.account_id) && can_resume(&version, newest);
    MenuVersion {
        id: version.id,
        at: version.at,
        ended_at: version.ended_at,
        who: version.who,
        cause: version.cause,
        from: version.from,
        state: version.state,
        resumable,
        set: full.then_some(version.set),
        steps: if full { version.steps } else { Vec::new() },
        fault: version.fault,
        buttons: version.buttons,
        conditional: version.conditional,
    }
}

/// Versions before one, newest first, as they are shown.
pub(crate) async fn page(
    core: &Core,
    row: &AccountRow,
    before: Option<i64>,
    limit: i64,
    full: bool,
) -> Result<Vec<MenuVersion>, AppError> {
    let id = row.id;
    let (rows, newest) =
        core.store().read(move |c| Ok((menu::versions(c, id, before, limit)?, newest(c, id)?))).await?;
    Ok(rows.into_iter().map(|row| view(core, row, newest, full)).collect())
}

/// One version, as it is shown.
///
/// # Errors
/// `NotFound`.
pub(crate) async fn one(core: &Core, row: &AccountRow, id: i64) -> Result<MenuVersion, AppError> {
    let account_id = row.id;
    let (version, newest) =
        core.store().read(move |c| Ok((menu::version(c, account_id, id)?, newest(c, account_id)?))).await?;
    let version = version.ok_or_else(|| AppError::not_found("menu version", &id.to_string()))?;
    Ok(view(core, version, newest, true))
}

/// Does the work in a task of the engine's: whoever asked may go away, and a stop ends it where it stands.
async fn run(
    core: &Core,
    row: &Arc<AccountRow>,
    version: VersionRow,
    reading: Reading,
    guard: Publishing,
) -> Result<MenuVersion, AppError> {
    let (tx, rx) = oneshot::channel();
    let mut job = Job { core: core.clone(), row: row.clone(), version, reading, whole: true };
    core.own(tokio::spawn(async move {
        let outcome = job.work().await;
        drop(guard);
        let _ = tx.send(outcome.map(|()| view(&job.core, job.version.clone(), job.version.id, true)));
        tell(&job.core, &job.row.appid);
        job.core.changes().tell([&format!("account:{}", job.row.appid)]);
    }));
    rx.await
        .map_err(|_| AppError::new(ErrorCode::Stopping, "the engine stopped; the publication can be taken up again"))?
}

const READ_BACK: &str = "read_back";

struct Job {
    core: Core,
    row: Arc<AccountRow>,
    version: VersionRow,
    reading: Reading,
    /// Both readings are of now; after a step about a conditional menu only `menu/get` is.
    whole: bool,
}

/// Why a publication ends before its menu is live.
enum End {
    /// It failed for WeChat's or the menu's reasons, which are in the version.
    Fault(PublishFault),
    /// Our own store or token: nothing more can be written or asked.
    Broken(AppError),
}

impl From<AppError> for End {
    fn from(e: AppError) -> Self {
        Self::Broken(e)
    }
}

impl Job {
    async fn work(&mut self) -> Result<(), AppError> {
        let end = self.until_live().await;
        self.version.ended_at = Some(self.core.clock().now());
        match end {
            Ok(()) => self.version.state = PublishState::Live,
            Err(End::Fault(fault)) => {
                (self.version.state, self.version.fault) = (PublishState::Failed, Some(fault));
            }
            Err(End::Broken(e)) => {
                let error = self.words(e.message.clone());
                let fault = e.detail.and_then(|d| d.refusal).unwrap_or(error);
                (self.version.state, self.version.fault) =
                    (PublishState::Failed, Some(PublishFault { error: fault, suspects: Vec::new() }));
            }
        }
        let mut live = live::document(&self.reading, self.core.clock().now());
        let version = self.version.clone();
        self.core
            .store()
            .write(move |tx| {
                menu::save_progress(tx, &version)?;
                live::remember(&mut live, &live::published(tx, version.account_id)?);
                menu::save_live(tx, version.account_id, &live)
            })
            .await?;
        self.core.menus().replies.forget(self.version.account_id);
        Ok(())
    }

    /// A failure that is not WeChat's refusal.
    fn words(&self, message: String) -> LastError {
        LastError {
            code: 0,
            message,
            at: self.core.clock().now(),
            rid: None,
            ip: None,
            advice: "Look at what is live now, then take the publication up again.".to_owned(),
            advice_zh: "查看当前生效的菜单，然后继续这次发布。".to_owned(),
        }
    }

    async fn until_live(&mut self) -> Result<(), End> {
        let mut tries = 0;
        let mut lag = 0;
        // Every step is tried a few times and read after; more rounds than that mean that somebody else is at it.
        let rounds = (plan(&self.reading, &self.version.set).len() + 4) * (TRIES + PAUSES.len());
        for _ in 0..rounds {
            let steps = plan(&self.reading, &self.version.set);
            self.settle(&steps).await?;
            let Some(step) = steps.first() else {
                if !self.whole {
                    self.read(true).await?;
                    continue;
                }
                let now = Some(self.core.clock().now());
                self.version.steps.push(PublishStep {
                    act: READ_BACK.to_owned(),
                    place: None,
                    menuid: None,
                    done_at: now,
                    found_done: false,
                });
                return Ok(());
            };
            let last = self.version.steps.last().filter(|last| step.is(last));
            match last {
                // WeChat said that it is done, and does not show it (yet).
                Some(last) if last.done_at.is_some() => {
                    if lag == PAUSES.len() {
                        return Err(End::Fault(self.not_what_was_sent()));
                    }
                    self.core.clock().sleep(PAUSES[lag]).await;
                    lag += 1;
                    self.read(true).await?;
                    continue;
                }
                Some(_) if tries >= TRIES => {
                    let error = self.words("WeChat did not answer, and the step was not done".to_owned());
                    return Err(End::Fault(PublishFault { error, suspects: Vec::new() }));
                }
                Some(_) => {}
                None => {
                    (tries, lag) = (0, 0);
                    self.version.steps.push(step.begun());
                    self.keep().await?;
                }
            }
            tries += 1;
            if let Err(e) = self.take(step).await? {
                tracing::warn!(act = %step.begun().act, error = %e, "no answer to a step of a publication: it is read what became of it");
                self.core.clock().sleep(PAUSES[(tries - 1).min(PAUSES.len() - 1)]).await;
            }
            self.keep().await?;
            tell(&self.core, &self.row.appid);
            self.read(matches!(step, Step::Create | Step::Delete)).await?;
        }
        let error = self.words("what is live keeps changing; somebody else is publishing, too".to_owned());
        Err(End::Fault(PublishFault { error, suspects: Vec::new() }))
    }

    /// A step without an answer that is not planned any more was done.
    async fn settle(&mut self, steps: &[Step]) -> Result<(), AppError> {
        let now = self.core.clock().now();
        let Some(last) = self.version.steps.last_mut().filter(|last| last.done_at.is_none()) else { return Ok(()) };
        if steps.iter().any(|step| step.is(last)) {
            return Ok(());
        }
        (last.done_at, last.found_done) = (Some(now), true);
        self.keep().await
    }

    /// Makes the step's call. `Ok(Err(_))`: whether it was done is not known.
    async fn take(&mut self, step: &Step) -> Result<Result<(), CallError>, End> {
        let (core, row, set) = (&self.core, &self.row, &self.version.set);
        let outcome = match step {
            Step::Delete => on_behalf(core, row, |t, token| Box::pin(api::menu::delete(t, token))).await.map(|()| None),
            Step::Create => {
                let body = json!({ "button": set.button });
                on_behalf(core, row, |t, token| {
                    let body = body.clone();
                    Box::pin(async move { api::menu::create(t, token, &body).await })
                })
                .await
                .map(|()| None)
            }
            Step::DeleteConditional(id) => on_behalf(core, row, |t, token| {
                let id = id.clone();
                Box::pin(async move { api::menu::delete_conditional(t, token, &id).await })
            })
            .await
            .map(|()| None),
            Step::AddConditional(index) => {
                let menu = &set.conditional[*index];
                let body = json!({ "button": menu.button, "matchrule": menu.matchrule });
                on_behalf(core, row, |t, token| {
                    let body = body.clone();
                    Box::pin(async move { api::menu::add_conditional(t, token, &body).await })
                })
                .await
                .map(Some)
            }
        };
        let now = core.clock().now();
        match outcome {
            Ok(menuid) => {
                if let Some(last) = self.version.steps.last_mut() {
                    last.done_at = Some(now);
                    last.menuid = menuid.or(last.menuid.take());
                }
                Ok(Ok(()))
            }
            Err(Failed::Before(e)) => Err(End::Broken(e)),
            // "No conditional menu of that number": it is gone, which reading shows.
            Err(Failed::Call(e)) if e.class() == ErrorClass::Transient || e.code() == Some(65301) => Ok(Err(e)),
            Err(Failed::Call(e)) => {
                let error = last_error(&e, now);
                let suspects = suspects_of(step, error.code, set);
                Err(End::Fault(PublishFault { error, suspects }))
            }
        }
    }

    /// Reads what is live, `whole` or without what a step about conditional menus does not change.
    async fn read(&mut self, whole: bool) -> Result<(), End> {
        let mut pauses = PAUSES.into_iter();
        loop {
            let read = if whole {
                live::read(&self.core, &self.row).await
            } else {
                let get = live::read_get(&self.core, &self.row).await;
                get.map(|get| Reading { selfmenu: self.reading.selfmenu.clone(), get })
            };
            match (read, pauses.next()) {
                (Ok(reading), _) => {
                    (self.reading, self.whole) = (reading, whole);
                    return Ok(());
                }
                (Err(Failed::Call(e)), Some(pause)) if e.class() == ErrorClass::Transient => {
                    self.core.clock().sleep(pause).await;
                }
                (Err(Failed::Call(e)), _) => {
                    let error = last_error(&e, self.core.clock().now());
                    return Err(End::Fault(PublishFault { error, suspects: Vec::new() }));
                }
                (Err(Failed::Before(e)), _) => return Err(End::Broken(e)),
            }
        }
    }

    async fn keep(&self) -> Result<(), AppError> {
        let version = self.version.clone();
        Ok(self.core.store().write(move |tx| menu::save_progress(tx, &version)).await?)
    }

    /// The reading that should have shown the menu, and where it does not.
    fn not_what_was_sent(&self) -> PublishFault {
        let mut live = live::document(&self.reading, 0);
        live::remember(&mut live, std::slice::from_ref(&self.version.set));
        let words = if live.is_open || self.version.set.button.is_empty() {
            "WeChat took the menu, but does not show it as it was sent"
        } else {
            "WeChat took the menu, but says that menus are switched off for this account"
        };
        let paths = super::differences(&live.set, &self.version.set)
            .into_iter()
            .filter_map(|change| change.right.or(change.left))
            .collect();
        PublishFault { error: self.words(words.to_owned()), suspects: paths }
    }
}

/// Paths of the buttons that a refusal of a step can be about.
fn suspects_of(step: &Step, code: i64, set: &MenuSet) -> Vec<String> {
    match step {
        Step::Create => suspects(code, &set.button, false),
        Step::AddConditional(index) => {
            let prefix = format!("conditional[{index}]");
            let found = suspects(code, &set.conditional[*index].button, true);
            if found.is_empty() {
                return vec![prefix];
            }
            found.into_iter().map(|path| format!("{prefix}.{path}")).collect()
        }
        Step::Delete | Step::DeleteConditional(_) => Vec::new(),
    }
}

/// Which menu of what is live has these buttons, if exactly one has.
pub(crate) fn place_of(get: Option<&Value>, button: &[Value]) -> Option<MenuPlace> {
    let live = get.map(wechat::menu::from_get)?;
    let default = (MenuPlace::Default, &live.button);
    let conditional =
        live.conditional.iter().enumerate().map(|(index, menu)| (MenuPlace::Conditional { index }, &menu.button));
    let mut same = std::iter::once(default).chain(conditional).filter(|(_, b)| wechat::menu::same_buttons(b, button));
    let place = same.next()?.0;
    same.next().is_none().then_some(place)
}

/// A set as it is compared: the default menu first.
pub(crate) fn views(set: &MenuSet) -> Vec<MenuView<'_>> {
    let default = MenuView { name: "", matchrule: None, button: &set.button };
    let conditional = set.conditional.iter().map(|menu| MenuView {
        name: &menu.name,
        matchrule: Some(&menu.matchrule),
        button: &menu.button,
    });
    std::iter::once(default).chain(conditional).collect()
}
