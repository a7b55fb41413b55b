//! Original menus, kept untouched when an account is authorized, and the mapped ones that rules make of them.
//!
//! Invariants: an original is never written over: another one is added, and only if what is live then is neither the
//! last original nor what this console published. A failed reading is kept in words and tried again with the account's
//! next details.

use super::takeover::{self, Mapped};
use super::{Failed, abilities, differences, has_menu, live, tell};
use crate::core::Core;
use crate::dto::{ConditionalSet, ErrorCode, LastError, LiveMenu, MenuOriginal, MenuSet, SourcedMenu, TakeoverRules};
use crate::engine::last_error;
use crate::error::AppError;
use crate::store::tables::account::AccountRow;
use crate::store::tables::menu;
use crate::store::tables::menu_takeover::{self, Looked};

/// The newest original of an account, and why it could not be read.
pub(crate) async fn newest(
    core: &Core,
    row: &AccountRow,
) -> Result<(Option<MenuOriginal>, Option<LastError>), AppError> {
    let id = row.id;
    let (original, looked) =
        core.store().read(move |c| Ok((menu_takeover::newest(c, id)?, menu_takeover::looked(c, id)?))).await?;
    Ok((original, looked.and_then(|looked| looked.error)))
}

/// All of them, newest first.
pub(crate) async fn all(core: &Core, row: &AccountRow) -> Result<Vec<MenuOriginal>, AppError> {
    let id = row.id;
    Ok(core.store().read(move |c| menu_takeover::originals(c, id)).await?)
}

/// One original.
///
/// # Errors
/// `NotFound`.
pub(crate) async fn original(core: &Core, row: &AccountRow, id: i64) -> Result<MenuOriginal, AppError> {
    let found = all(core, row).await?.into_iter().find(|original| original.id == id);
    found.ok_or_else(|| AppError::not_found("original menu", &id.to_string()))
}

/// The rules of an account's platform.
pub(crate) async fn rules(core: &Core, platform_id: i64) -> Result<TakeoverRules, AppError> {
    Ok(core.store().read(move |c| menu_takeover::rules(c, platform_id)).await?)
}

/// What rules make of the newest original; the platform's own when none are given.
///
/// # Errors
/// `NotFound` when there is no original.
pub(crate) async fn map(
    core: &Core,
    row: &AccountRow,
    given: Option<TakeoverRules>,
) -> Result<(MenuOriginal, Mapped), AppError> {
    let original = newest(core, row).await?.0.ok_or_else(|| AppError::not_found("original menu of", &row.appid))?;
    let rules = match given {
        Some(rules) => rules,
        None => rules(core, row.platform_id).await?,
    };
    let mapped = takeover::map(&original.live, &rules);
    Ok((original, mapped))
}

/// What the platform's rules make of the newest original.
///
/// # Errors
/// `NotFound` when there is no original.
pub(crate) async fn mapped(core: &Core, row: &AccountRow) -> Result<SourcedMenu, AppError> {
    Ok(map(core, row, None).await?.1.menu)
}

/// Reads what is live now and keeps it if it is an original. Answers the newest original, which may be an older one.
///
/// # Errors
/// `NoToken`, or WeChat's refusal, which is also kept; `NotFound` when nothing original was ever found.
pub(crate) async fn read(core: &Core, row: &AccountRow) -> Result<MenuOriginal, AppError> {
    has_menu(row)?;
    let authorized_at = row.authorized_at;
    let reading = match live::read(core, row).await {
        Ok(reading) => reading,
        Err(failed) => {
            if let Failed::Call(error) = &failed {
                let looked = Looked { authorized_at, error: Some(last_error(error, core.clock().now())) };
                let id = row.id;
                core.store().write(move |tx| menu_takeover::save_looked(tx, id, &looked)).await?;
                tell(core, &row.appid);
            }
            return Err(failed.words(core));
        }
    };
    let mut found = live::document(&reading, core.clock().now());
    let (id, platform_id) = (row.id, row.platform_id);
    let kept = core
        .store()
        .write(move |tx| {
            live::remember(&mut found, &live::published(tx, id)?);
            menu::save_live(tx, id, &found)?;
            menu_takeover::save_looked(tx, id, &Looked { authorized_at, error: None })?;
            let ours = menu::newest_live(tx, id)?.is_some_and(|version| same(&found, &version.set));
            let last = menu_takeover::newest(tx, id)?;
            let known = last.as_ref().is_some_and(|last| same(&found, &last.live.set));
            if !ours && !known {
                menu_takeover::add(tx, id, Some(authorized_at), &found)?;
                let rules = menu_takeover::rules(tx, platform_id)?;
                if rules.auto_draft && menu::draft(tx, id)?.revision == 0 {
                    let mapped = takeover::map(&found, &rules);
                    menu::save_draft(tx, id, &mapped.menu.set, found.read_at)?;
                }
            }
            menu_takeover::newest(tx, id)
        })
        .await?;
    tell(core, &row.appid);
    kept.ok_or_else(|| AppError::not_found("original menu of", &row.appid))
}

/// Whether what is live is that menu, names and answers aside: those are ours and not WeChat's.
fn same(live: &LiveMenu, set: &MenuSet) -> bool {
    let nameless = |menu: &ConditionalSet| ConditionalSet { name: String::new(), menuid: None, ..menu.clone() };
    let bare = |set: &MenuSet| MenuSet {
        button: set.button.clone(),
        conditional: set.conditional.iter().map(nameless).collect(),
        replies: Vec::new(),
    };
    differences(&bare(&live.set), &bare(set)).is_empty()
}

/// Looks for the original after an authorization, once. Called whenever an account's details were fetched.
pub(crate) async fn look(core: &Core, row: &AccountRow) {
    if !row.authorized || row.removed_at.is_some() || has_menu(row).is_err() || !abilities(row).read {
        return;
    }
    let id = row.id;
    let Ok(looked) = core.store().read(move |c| menu_takeover::looked(c, id)).await else { return };
    if looked.is_some_and(|looked| looked.authorized_at == row.authorized_at && looked.error.is_none()) {
        return;
    }
    match read(core, row).await {
        Ok(_) => {}
        Err(e) if e.code == ErrorCode::NotFound => {}
        Err(e) => tracing::info!(appid = row.appid, error = %e.message, "the original menu could not be read yet"),
    }
}
