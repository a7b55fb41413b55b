//! Original menus, and the mapped ones that a platform's takeover rules make of them.

use crate::core::Core;
use crate::dto::{LastError, MenuOriginal, SourcedMenu};
use crate::error::AppError;
use crate::store::tables::account::AccountRow;

/// The newest original of an account, and why it could not be read.
pub(crate) async fn newest(
    _core: &Core,
    _row: &AccountRow,
) -> Result<(Option<MenuOriginal>, Option<LastError>), AppError> {
    Ok((None, None))
}

/// One original.
///
/// # Errors
/// `NotFound`.
pub(crate) async fn original(_core: &Core, _row: &AccountRow, id: i64) -> Result<MenuOriginal, AppError> {
    Err(AppError::not_found("original menu", &id.to_string()))
}

/// What the platform's rules make of the newest original.
///
/// # Errors
/// `NotFound` when there is no original.
pub(crate) async fn mapped(_core: &Core, row: &AccountRow) -> Result<SourcedMenu, AppError> {
    Err(AppError::not_found("original menu of", &row.appid))
}
