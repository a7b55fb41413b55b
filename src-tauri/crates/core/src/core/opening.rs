//! The folder's lock, its key and its store, in this order. A damaged store is set aside and never overwritten.

use std::path::{Path, PathBuf};

use super::OpenOptions;
use crate::dto::{ErrorCode, KeySource};
use crate::error::AppError;
use crate::folder::{self, FolderLock};
use crate::store::{OpenError, Store};
use crate::{paths, vault};

/// Lock, where the key lies, store, and where a damaged one went.
pub(super) type Opened = (FolderLock, KeySource, Store, Option<String>);

pub(super) fn open_store(options: &OpenOptions) -> Result<Opened, AppError> {
    let dir = &options.data_dir;
    folder::prepare(dir)?;
    let lock = folder::lock(dir)?;
    let key = vault::obtain(dir, options.keychain && !options.sandbox)?;
    let path = paths::store_file(dir);
    match Store::open(&path, &key.hex, options.durability) {
        Ok(store) => Ok((lock, key.source, store, None)),
        Err(OpenError::Damaged) if !options.set_aside_damaged => Err(AppError::new(
            ErrorCode::Store,
            format!(
                "{} is damaged, or its key is another one. Put the right store.key or a backup back; to begin anew, move the store away",
                path.display()
            ),
        )),
        Err(OpenError::Damaged) => {
            let aside = set_aside(&path, options.clock.now())?;
            tracing::error!(aside = %aside.display(), "the store is damaged or has another key; it was set aside");
            let store = Store::open(&path, &key.hex, options.durability)
                .map_err(|e| AppError::new(ErrorCode::Store, e.to_string()))?;
            Ok((lock, key.source, store, Some(aside.display().to_string())))
        }
        Err(e) => Err(AppError::new(ErrorCode::Store, format!("{}: {e}", path.display()))),
    }
}

/// Renames a damaged store, with its log, out of the way.
fn set_aside(path: &Path, now: i64) -> Result<PathBuf, AppError> {
    let aside = path.with_extension(format!("damaged-{now}.db"));
    let fail = |e: std::io::Error| {
        AppError::new(
            ErrorCode::Store,
            format!("the damaged store {} cannot be set aside: {}", path.display(), folder::io_words(&e)),
        )
    };
    for suffix in ["-wal", "-shm"] {
        let from = PathBuf::from(format!("{}{suffix}", path.display()));
        if from.exists() {
            std::fs::rename(&from, PathBuf::from(format!("{}{suffix}", aside.display()))).map_err(fail)?;
        }
    }
    std::fs::rename(path, &aside).map_err(fail)?;
    Ok(aside)
}
