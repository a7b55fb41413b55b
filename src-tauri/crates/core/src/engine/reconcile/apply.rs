//! Writing what the operator chose of a preview, in batches, each account only if it is still as it was compared.

use std::collections::{BTreeSet, HashSet};

use super::{Kept, Listed, Outcome, Slot, progress};
use crate::core::Core;
use crate::dto::{
    AccountEventKind, Bilingual, ReconcileChoices, ReconcilePhase, ReconcilePick, ReconcileProgress, ReconcileReport,
    ReconcileSkip,
};
use crate::engine::Wake;
use crate::inbox;
use crate::store::tables::account::{self, AccountRow};
use crate::store::tables::account_event::{self, Detail};
use crate::store::tables::credential::{self, CredentialRow};
use crate::store::{StoreError, Tx};

/// Accounts a transaction: a push that comes meanwhile waits for one of them, WeChat for 5 s.
const BATCH: usize = 200;
/// Skipped accounts that a report names.
const NAMED: usize = 1_000;

#[derive(Clone, Copy)]
enum Action {
    Add,
    Update,
    MarkGone,
}

enum Done {
    /// And whether the account's details should be fetched: what was cancelled for a while may have changed.
    Yes(Option<i64>),
    Skipped(&'static str, &'static str),
}

pub(super) async fn run(
    core: &Core,
    slot: &Slot,
    kept: &std::sync::Arc<Kept>,
    choices: &ReconcileChoices,
) -> Outcome<ReconcileReport> {
    let mut report = ReconcileReport::default();
    let mut work: Vec<(Action, String)> = Vec::new();
    for (action, pick, group) in [
        (Action::Add, &choices.add, &kept.missing),
        (Action::Update, &choices.update, &kept.changed),
        (Action::MarkGone, &choices.mark_gone, &kept.gone),
    ] {
        let (chosen, unknown) = chosen(pick, group);
        work.extend(chosen.into_iter().map(|appid| (action, appid)));
        for appid in unknown {
            skip(&mut report, appid, "不在这次比对的这一组中", "not in this group of the preview");
        }
    }
    let total = i64::try_from(work.len()).unwrap_or(i64::MAX);
    let mut done = 0;
    let component = &kept.preview.component_appid;
    for batch in work.chunks(BATCH) {
        if slot.cancelled() {
            report.cancelled = true;
            break;
        }
        let (batch, in_tx) = (batch.to_vec(), kept.clone());
        let now = core.clock().now();
        let outcomes = core
            .store()
            .write(move |tx| {
                batch
                    .into_iter()
                    .map(|(action, appid)| Ok((action, one(tx, &in_tx, action, &appid, now)?, appid)))
                    .collect::<Result<Vec<_>, StoreError>>()
            })
            .await?;
        done += i64::try_from(outcomes.len()).unwrap_or(0);
        for (action, outcome, appid) in outcomes {
            match outcome {
                Done::Skipped(zh, en) => skip(&mut report, appid, zh, en),
                Done::Yes(details) => {
                    core.changes().tell([&format!("account:{appid}")]);
                    match action {
                        Action::Add => report.added += 1,
                        Action::Update => report.updated += 1,
                        Action::MarkGone => report.marked += 1,
                    }
                    if let Some(account) = details {
                        core.wake(Wake::Details(account));
                    }
                }
            }
        }
        progress(core, slot, component, ReconcileProgress { phase: ReconcilePhase::Applying, done, total });
        // Once a batch, so that the first recovered accounts have tokens before the last ones are written.
        core.wake(Wake::Platform(kept.platform_id));
        core.changes().tell(["accounts", "platforms", "overview", "tenants"]);
    }
    Ok(report)
}

fn chosen(pick: &ReconcilePick, group: &HashSet<String>) -> (BTreeSet<String>, BTreeSet<String>) {
    if pick.all {
        return (group.iter().cloned().collect(), BTreeSet::new());
    }
    pick.appids.iter().cloned().partition(|appid| group.contains(appid))
}

fn skip(report: &mut ReconcileReport, appid: String, zh: &str, en: &str) {
    report.skipped += 1;
    if report.skips.len() < NAMED {
        report.skips.push(ReconcileSkip { appid, text: Bilingual { zh: zh.to_owned(), en: en.to_owned() } });
    }
}

fn one(tx: &Tx<'_>, kept: &Kept, action: Action, appid: &str, now: i64) -> Result<Done, StoreError> {
    let known = account::find(tx, kept.platform_id, appid)?;
    if known.as_ref().is_some_and(|row| row.unauthorized_at >= kept.preview.read_at) {
        return Ok(Done::Skipped("比对之后管理员取消了授权", "its owner cancelled after the comparison"));
    }
    let listed = kept.list.get(appid);
    match (action, known, listed) {
        (Action::Add, Some(row), _) if row.is_known() => {
            Ok(Done::Skipped("比对之后它已重新授权", "it was authorized after the comparison"))
        }
        (Action::Add, known, Some(listed)) => {
            let row = known.unwrap_or(AccountRow {
                platform_id: kept.platform_id,
                appid: appid.to_owned(),
                ..AccountRow::default()
            });
            // Its details are fetched with its first token; without a refresh token there will be none.
            let account = bring_back(tx, row, listed, now)?;
            Ok(Done::Yes(listed.refresh_token.is_none().then_some(account)))
        }
        (_, None, _) | (Action::Add | Action::Update, _, None) => {
            Ok(Done::Skipped("这里已没有这个账号", "it is not here any more"))
        }
        (Action::Update, Some(row), Some(listed)) => {
            let Some(held) = unmoved(tx, kept, &row)? else { return Ok(moved_on()) };
            if !row.authorized {
                return Ok(Done::Yes(Some(bring_back(tx, row, listed, now)?)));
            }
            take_token(tx, held, listed)?;
            account_event::add(tx, row.id, now, AccountEventKind::TokenReplaced, &Detail::default())?;
            Ok(Done::Yes(None))
        }
        (Action::MarkGone, Some(row), _) => {
            if !row.authorized || unmoved(tx, kept, &row)?.is_none() {
                return Ok(moved_on());
            }
            let (row, _) = inbox::unauthorize(tx, row, now)?;
            account_event::add(tx, row.id, now, AccountEventKind::MarkedGone, &Detail::default())?;
            Ok(Done::Yes(None))
        }
    }
}

fn moved_on() -> Done {
    Done::Skipped("读取列表之后它的令牌已更新", "its tokens are newer than the list")
}

/// The account's credential, if nothing happened to it since the list was read.
fn unmoved(tx: &Tx<'_>, kept: &Kept, row: &AccountRow) -> Result<Option<CredentialRow>, StoreError> {
    let seen = kept.generations.get(&row.appid).copied();
    let held = credential::ensure(tx, kept.platform_id, Some(row.id))?;
    Ok((seen == Some(held.generation)).then_some(held))
}

/// Answers the account's row id.
fn bring_back(tx: &Tx<'_>, mut row: AccountRow, listed: &Listed, now: i64) -> Result<i64, StoreError> {
    row.authorized = true;
    row.authorized_at = if listed.auth_time > 0 { listed.auth_time.saturating_mul(1000) } else { now };
    row.authorized_create_time = row.authorized_create_time.max(listed.auth_time);
    let row = account::save(tx, &row)?;
    let held = credential::ensure(tx, row.platform_id, Some(row.id))?;
    take_token(tx, held, listed)?;
    account_event::add(tx, row.id, now, AccountEventKind::Recovered, &Detail::default())?;
    Ok(row.id)
}

fn take_token(tx: &Tx<'_>, mut held: CredentialRow, listed: &Listed) -> Result<(), StoreError> {
    if listed.refresh_token.is_some() {
        held.refresh_token.clone_from(&listed.refresh_token);
    }
    let refused = held.rejected_generation == Some(held.generation);
    // A flight with the old refresh token must find that it was overtaken.
    held.generation += 1;
    if refused {
        // The token itself is still the refused one.
        held.rejected_generation = Some(held.generation);
    }
    held.forget_failure();
    held.rejections = 0;
    credential::update(tx, &held)?;
    Ok(())
}
