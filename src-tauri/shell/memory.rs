//! What the window remembers between two starts, in `DIR/window.json`.
//!
//! Owns that file. It holds conveniences only: when it is missing or unreadable, the defaults serve.

use std::path::Path;

use serde::{Deserialize, Serialize};

/// What is remembered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// The window showed the sandbox when it was closed.
    pub sandbox: bool,
}

impl Memory {
    /// What is remembered in `dir`.
    #[must_use]
    pub fn read(dir: &Path) -> Self {
        std::fs::read(dir.join("window.json")).ok().and_then(|b| serde_json::from_slice(&b).ok()).unwrap_or_default()
    }

    /// Remembers it in `dir`, which is made if it is missing.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn write(self, dir: &Path) -> std::io::Result<()> {
        wxdesk_core::folder::write_private(&dir.join("window.json"), &serde_json::to_vec(&self)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_rubbish_means_defaults() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Memory::read(dir.path()), Memory::default());
        Memory { sandbox: true }.write(dir.path()).unwrap();
        assert!(Memory::read(dir.path()).sandbox);
        std::fs::write(dir.path().join("window.json"), "not json").unwrap();
        assert_eq!(Memory::read(dir.path()), Memory::default());
    }
}
