//! Drafts: kept at every change, complete or not, apart from what is live.

use serde_json::Value;

use super::{conflict, has_menu, tell};
use crate::core::Core;
use crate::dto::{MenuDraft, MenuSet};
use crate::error::AppError;
use crate::store::tables::account::AccountRow;
use crate::store::tables::menu;

/// Largest draft, bytes of JSON. A menu of WeChat's limits with every text at its longest has 30 KiB; a hundred
/// conditional ones of a usual size fit.
const MAX_DRAFT: usize = 256 << 10;

/// Refuses what is no menu any more.
fn fits(set: &MenuSet) -> Result<(), AppError> {
    let size = serde_json::to_string(set).map_or(usize::MAX, |text| text.len());
    if size > MAX_DRAFT {
        let words = "must have at most 256 KiB; is this a menu?";
        return Err(AppError::invalid_field("set", "size", words, "不能超过 256 KiB，请确认这是一份菜单"));
    }
    Ok(())
}

/// The draft; an empty one of revision 0 when there is none.
pub(crate) async fn get(core: &Core, row: &AccountRow) -> Result<MenuDraft, AppError> {
    let id = row.id;
    Ok(core.store().read(move |c| menu::draft(c, id)).await?)
}

/// Keeps a draft. With `base`, only if that is still the revision that is kept.
///
/// # Errors
/// `Conflict` when it is not; `InvalidInput` for a mini program.
pub(crate) async fn save(
    core: &Core,
    row: &AccountRow,
    set: MenuSet,
    base: Option<i64>,
) -> Result<MenuDraft, AppError> {
    has_menu(row)?;
    fits(&set)?;
    let (id, now) = (row.id, core.clock().now());
    let saved = core
        .store()
        .write(move |tx| {
            let kept = menu::draft(tx, id)?.revision;
            if base.is_some_and(|base| base != kept) {
                return Err(conflict("the draft was changed in another window; read it again").into());
            }
            menu::save_draft(tx, id, &set, now)
        })
        .await?;
    tell(core, &row.appid);
    Ok(saved)
}

/// Replaces the default menu of the draft; conditional menus and replies stay.
pub(crate) async fn save_default(core: &Core, row: &AccountRow, button: Vec<Value>) -> Result<MenuDraft, AppError> {
    fits(&MenuSet { button: button.clone(), ..MenuSet::default() })?;
    let (id, now) = (row.id, core.clock().now());
    let saved = core
        .store()
        .write(move |tx| {
            let set = MenuSet { button, ..menu::draft(tx, id)?.set };
            menu::save_draft(tx, id, &set, now)
        })
        .await?;
    tell(core, &row.appid);
    Ok(saved)
}
