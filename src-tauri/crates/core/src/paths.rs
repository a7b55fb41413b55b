//! Where things lie in a data folder. Owns names only.

use std::path::{Path, PathBuf};

/// The encrypted store.
#[must_use]
pub fn store_file(dir: &Path) -> PathBuf {
    dir.join("wxdesk.db")
}

/// The store's key where no keychain is used, mode 0600.
#[must_use]
pub fn key_file(dir: &Path) -> PathBuf {
    dir.join("store.key")
}

/// Held by the one engine of this folder.
#[must_use]
pub fn lock_file(dir: &Path) -> PathBuf {
    dir.join("engine.lock")
}

/// How commands find the running engine, mode 0600.
#[must_use]
pub fn engine_file(dir: &Path) -> PathBuf {
    dir.join("engine.json")
}

/// One folder a tunnel, with what its client needs as files while it runs.
#[must_use]
pub fn tunnels_dir(dir: &Path) -> PathBuf {
    dir.join("tunnels")
}

/// The sandbox's own data folder inside a data folder.
#[must_use]
pub fn sandbox_dir(dir: &Path) -> PathBuf {
    dir.join("sandbox")
}

/// The operating system's place for this product's data: `WXDESK_DATA_DIR`, else `$XDG_DATA_HOME/wxdesk` or
/// `~/.local/share/wxdesk` (Linux), `~/Library/Application Support/wxdesk` (macOS), `%APPDATA%\wxdesk` (Windows).
#[must_use]
pub fn default_data_dir() -> PathBuf {
    let var = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    if let Some(dir) = var("WXDESK_DATA_DIR") {
        return dir;
    }
    let home = || var("HOME").unwrap_or_else(|| PathBuf::from("."));
    let base = if cfg!(target_os = "windows") {
        var("APPDATA").unwrap_or_else(|| PathBuf::from("."))
    } else if cfg!(target_os = "macos") {
        home().join("Library/Application Support")
    } else {
        var("XDG_DATA_HOME").unwrap_or_else(|| home().join(".local/share"))
    };
    base.join("wxdesk")
}
