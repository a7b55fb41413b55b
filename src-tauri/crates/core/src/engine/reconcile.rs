//! Comparing the accounts here with WeChat's list: a preview first, then what the operator chose.
//!
//! Owns the readings and the previews, one a platform. A preview writes nothing. Invariants: applying never overwrites a
//! refresh token that came after the list was read (generations are compared); an account is taken for gone only when
//! two whole readings in a row agreed, because pages shift while accounts come and go.

mod apply;
mod compare;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::heal::{self, Listed};
use super::last_error;
use crate::clock;
use crate::core::Core;
use crate::dto::{ErrorCode, ReconcileChoices, ReconcilePhase, ReconcilePreview, ReconcileProgress, ReconcileReport};
use crate::error::AppError;

/// A preview can be applied so long, ms.
const LIFE: i64 = 30 * 60_000;
/// Whole readings at most until two in a row agree.
const READINGS: i64 = 4;
/// Whoever asks waits so long, ms: under the 45 s after which the local API gives up. The work goes on.
const PATIENCE: u64 = 40_000;

/// What WeChat's list said, and what was here when reading began.
struct Kept {
    preview: ReconcilePreview,
    platform_id: i64,
    list: HashMap<String, Listed>,
    missing: HashSet<String>,
    gone: HashSet<String>,
    changed: HashSet<String>,
    /// Generation of each account's credential when reading began.
    generations: HashMap<String, i64>,
}

type Outcome<T> = Result<T, AppError>;
type Pending<T> = watch::Receiver<Option<Outcome<T>>>;

#[derive(Default)]
struct State {
    progress: ReconcileProgress,
    kept: Option<Arc<Kept>>,
    reading: Option<Pending<ReconcilePreview>>,
    /// The last reading's outcome has reached somebody.
    delivered: bool,
    applying: Option<(String, Pending<ReconcileReport>)>,
}

#[derive(Default)]
struct Slot {
    state: Mutex<State>,
    cancel: AtomicBool,
}

impl Slot {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }
}

/// Comparisons, one a platform.
#[derive(Default)]
pub(crate) struct Reconciler {
    slots: Mutex<HashMap<i64, Arc<Slot>>>,
}

impl Reconciler {
    fn slot(&self, platform_id: i64) -> Arc<Slot> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).entry(platform_id).or_default().clone()
    }
}

/// Says how far it is, and tells the window when the phase or the hundredth changed.
fn progress(core: &Core, slot: &Slot, component_appid: &str, now: ReconcileProgress) {
    let before = std::mem::replace(&mut slot.state().progress, now);
    let part = |p: ReconcileProgress| p.done * 100 / p.total.max(1);
    if before.phase != now.phase || part(before) != part(now) {
        core.changes().tell([&format!("reconcile:{component_appid}")]);
    }
}

async fn wait<T: Clone>(mut pending: Pending<T>) -> Option<Outcome<T>> {
    let done = clock::within(PATIENCE, async {
        match pending.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone(),
            Err(_) => Some(Err(AppError::new(ErrorCode::Stopping, "the engine is stopping"))),
        }
    });
    done.await.flatten()
}

fn busy(words: &str) -> AppError {
    AppError::new(ErrorCode::Unavailable, words)
}

impl Core {
    /// Reads WeChat's list of a platform's authorizers and says what differs here. Writes nothing. Whoever asks while a
    /// reading is under way shares it.
    ///
    /// # Errors
    /// `NotFound`; WeChat's refusal; `Unavailable` when the list is long and still being read: ask again.
    pub async fn reconcile_preview(&self, component_appid: &str) -> Result<ReconcilePreview, AppError> {
        let platform_id = self.third_party(component_appid)?.id;
        let slot = self.reconciler().slot(platform_id);
        let pending = {
            let mut state = slot.state();
            match (&state.reading, state.progress.phase) {
                (_, ReconcilePhase::Applying) => return Err(busy("the last comparison is being applied")),
                (Some(pending), ReconcilePhase::Reading) => pending.clone(),
                // It took longer than whoever asked for it could wait.
                (Some(pending), ReconcilePhase::Idle) if !state.delivered => pending.clone(),
                _ => {
                    let (done, pending) = watch::channel(None);
                    state.reading = Some(pending.clone());
                    state.delivered = false;
                    state.progress = ReconcileProgress { phase: ReconcilePhase::Reading, done: 0, total: 0 };
                    slot.cancel.store(false, Ordering::Relaxed);
                    let (core, slot, component) = (self.clone(), slot.clone(), component_appid.to_owned());
                    self.own(tokio::spawn(async move {
                        let outcome = read(&core, &slot, platform_id, &component).await;
                        let outcome = outcome.map(|kept| {
                            let preview = kept.preview.clone();
                            slot.state().kept = Some(Arc::new(kept));
                            preview
                        });
                        progress(&core, &slot, &component, ReconcileProgress::default());
                        let _ = done.send(Some(outcome));
                    }));
                    pending
                }
            }
        };
        let outcome = wait(pending).await.ok_or_else(|| busy("WeChat's list is still being read; ask again"))?;
        slot.state().delivered = true;
        outcome
    }

    /// Does what was chosen of a preview. Asked again with the same preview, it answers the same report.
    ///
    /// # Errors
    /// `NotFound` when the preview is over or another one came after it; the store's.
    pub async fn reconcile_apply(
        &self,
        component_appid: &str,
        preview_id: &str,
        choices: ReconcileChoices,
    ) -> Result<ReconcileReport, AppError> {
        let platform_id = self.third_party(component_appid)?.id;
        let slot = self.reconciler().slot(platform_id);
        let pending = {
            let mut state = slot.state();
            match &state.applying {
                Some((id, pending)) if id == preview_id => pending.clone(),
                _ => {
                    let now = self.clock().now();
                    let kept = state.kept.as_ref().filter(|k| k.preview.preview_id == preview_id);
                    let kept = kept.filter(|k| now < k.preview.expires_at).cloned();
                    let kept = kept.ok_or_else(|| AppError::not_found("preview", preview_id))?;
                    if state.progress.phase != ReconcilePhase::Idle {
                        return Err(busy("WeChat's list is being read again"));
                    }
                    let (done, pending) = watch::channel(None);
                    state.applying = Some((preview_id.to_owned(), pending.clone()));
                    state.kept = None;
                    state.progress = ReconcileProgress { phase: ReconcilePhase::Applying, done: 0, total: 0 };
                    slot.cancel.store(false, Ordering::Relaxed);
                    let (core, slot, component) = (self.clone(), slot.clone(), component_appid.to_owned());
                    self.own(tokio::spawn(async move {
                        let outcome = apply::run(&core, &slot, &kept, &choices).await;
                        progress(&core, &slot, &component, ReconcileProgress::default());
                        let _ = done.send(Some(outcome));
                    }));
                    pending
                }
            }
        };
        wait(pending).await.unwrap_or_else(|| Err(busy("still being applied; ask again with the same preview")))
    }

    /// How far a comparison is.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn reconcile_progress(&self, component_appid: &str) -> Result<ReconcileProgress, AppError> {
        let slot = self.reconciler().slot(self.third_party(component_appid)?.id);
        let progress = slot.state().progress;
        Ok(progress)
    }

    /// Ends a comparison after the page or the batch at hand. What was written stays.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn reconcile_cancel(&self, component_appid: &str) -> Result<(), AppError> {
        let slot = self.reconciler().slot(self.third_party(component_appid)?.id);
        slot.cancel.store(true, Ordering::Relaxed);
        Ok(())
    }
}

async fn read(core: &Core, slot: &Slot, platform_id: i64, component_appid: &str) -> Outcome<Kept> {
    let read_at = core.clock().now();
    let generations = generations(core, platform_id);
    let mut list = HashMap::new();
    let (mut pages, mut readings, mut complete) = (0, 0, false);
    let mut before: Option<(HashSet<String>, bool)> = None;
    while readings < READINGS && !complete {
        let on_page = |done: usize, total: u64| {
            let (done, total) = (i64::try_from(done).unwrap_or(0), i64::try_from(total).unwrap_or(0));
            let now = ReconcileProgress { phase: ReconcilePhase::Reading, done, total };
            progress(core, slot, component_appid, now);
            !slot.cancelled()
        };
        let reading = heal::read_all(core, platform_id, on_page).await.map_err(|e| {
            if slot.cancelled() {
                busy("the comparison was ended")
            } else {
                AppError::refused(last_error(&e, core.clock().now()))
            }
        })?;
        readings += 1;
        pages += i64::from(reading.pages);
        let appids: HashSet<String> = reading.list.keys().cloned().collect();
        // One page is one moment. Several agree with each other when the next reading sees the same accounts.
        let agrees = before.as_ref().is_some_and(|(earlier, steady)| *steady && *earlier == appids);
        complete = reading.steady && (reading.pages <= 1 || agrees);
        if complete {
            list = reading.list;
        } else {
            // While they disagree nothing that was seen is lost; the newest token counts.
            list.extend(reading.list);
        }
        before = Some((appids, reading.steady));
    }
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random).map_err(|_| AppError::new(ErrorCode::Internal, "no random bytes from the system"))?;
    let preview = ReconcilePreview {
        preview_id: crate::hex(&random),
        component_appid: component_appid.to_owned(),
        read_at,
        expires_at: core.clock().now() + LIFE,
        pages,
        readings,
        listed: i64::try_from(list.len()).unwrap_or(i64::MAX),
        complete,
        missing_here: Default::default(),
        gone_there: Default::default(),
        changed: Default::default(),
        unchanged: 0,
    };
    let kept = Kept {
        preview,
        platform_id,
        list,
        missing: HashSet::new(),
        gone: HashSet::new(),
        changed: HashSet::new(),
        generations,
    };
    Ok(compare::run(core, kept))
}

/// What stood here before a list is read: whatever moves on meanwhile is newer than the list.
fn generations(core: &Core, platform_id: i64) -> HashMap<String, i64> {
    let accounts = core.store().mirror().accounts();
    let own = accounts.into_iter().filter(|(a, _)| a.platform_id == platform_id && a.is_known());
    own.map(|(a, c)| (a.appid.clone(), c.map_or(0, |c| c.generation))).collect()
}
