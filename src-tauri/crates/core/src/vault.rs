//! The key of the store: 32 random bytes in the operating system's keychain, or in a 0600 file where there is none.
//!
//! Owns where the key lies; no cryptography happens here. Invariant: a key is written durably before the first store
//! that needs it is made, and a missing key next to an existing store is an error, never a reason to make a new one.

use std::path::Path;

use wechat::secret::SecretString;

use crate::dto::{ErrorCode, KeySource};
use crate::error::AppError;
use crate::{folder, paths};

/// Service name in the keychain.
const SERVICE: &str = "io.github.wxdesk";

/// The key as 64 hex digits, and where it lies.
#[derive(Debug)]
pub struct StoreKey {
    /// 64 hex digits.
    pub hex: SecretString,
    /// Where it lies.
    pub source: KeySource,
}

/// Finds the key of the store in `dir`, or makes one when there is no store yet.
///
/// The keychain is asked only when `keychain` is true (the desktop app on a real data folder; `WXDESK_KEYRING=off`
/// turns it off). A key file, once there, wins: so a folder that was moved to another machine with its key file opens.
///
/// # Errors
/// `Store` when a store exists but its key cannot be found, or the key cannot be written.
pub fn obtain(dir: &Path, keychain: bool) -> Result<StoreKey, AppError> {
    let file = paths::key_file(dir);
    match std::fs::read_to_string(&file) {
        Ok(text) => {
            let hex = text.trim().to_owned();
            if hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Ok(StoreKey { hex: hex.into(), source: KeySource::KeyFile });
            }
            return Err(AppError::new(
                ErrorCode::Store,
                format!("{} is not a key (64 hex digits); put the right file back", file.display()),
            ));
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
        Err(e) => {
            return Err(AppError::new(
                ErrorCode::Store,
                format!("{} cannot be read: {}", file.display(), folder::io_words(&e)),
            ));
        }
    }
    let store_exists = paths::store_file(dir).exists();
    let entry = if keychain { keychain_entry(dir) } else { None };
    if let Some(entry) = &entry
        && let Ok(hex) = entry.get_password()
    {
        return Ok(StoreKey { hex: hex.into(), source: KeySource::Keychain });
    }
    if store_exists {
        return Err(AppError::new(
            ErrorCode::Store,
            format!(
                "the store {} exists but its key is missing (neither {} nor a keychain entry); put the key back or move the store away",
                paths::store_file(dir).display(),
                file.display()
            ),
        ));
    }
    let hex = random_hex()?;
    if let Some(entry) = entry
        && entry.set_password(hex.expose()).is_ok()
        && entry.get_password().is_ok_and(|stored| stored == *hex.expose())
    {
        return Ok(StoreKey { hex, source: KeySource::Keychain });
    }
    folder::write_private(&file, hex.expose().as_bytes()).map_err(|e| {
        AppError::new(ErrorCode::Store, format!("{} cannot be written: {}", file.display(), folder::io_words(&e)))
    })?;
    Ok(StoreKey { hex, source: KeySource::KeyFile })
}

fn keychain_entry(dir: &Path) -> Option<keyring::Entry> {
    if std::env::var("WXDESK_KEYRING").is_ok_and(|v| v == "off") {
        return None;
    }
    // On Linux the Secret Service lives on the session bus; without one the call would wait for nothing.
    if cfg!(target_os = "linux") && std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_none() {
        return None;
    }
    let dir = dir.canonicalize().unwrap_or_else(|_| dir.to_path_buf());
    keyring::Entry::new(SERVICE, &dir.to_string_lossy()).ok()
}

fn random_hex() -> Result<SecretString, AppError> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)
        .map_err(|e| AppError::new(ErrorCode::Internal, format!("no random bytes from the system: {e}")))?;
    Ok(crate::hex(&bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_kept_private() {
        let dir = tempfile::tempdir().unwrap();
        let first = obtain(dir.path(), false).unwrap();
        assert_eq!(first.source, KeySource::KeyFile);
        assert_eq!(obtain(dir.path(), false).unwrap().hex.expose(), first.hex.expose());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(paths::key_file(dir.path())).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_store_without_its_key_is_refused_in_words() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(paths::store_file(dir.path()), "x").unwrap();
        let error = obtain(dir.path(), false).unwrap_err();
        assert!(error.message.contains("key is missing"), "{error}");
        assert!(!paths::key_file(dir.path()).exists());
    }
}
