//! The release check (全网发布检测) and its rehearsal.

use crate::core::Core;
use crate::dto::{AccountKind, Crowd, ErrorCode, ReleaseCheck};
use crate::error::AppError;

impl Core {
    /// The release check.
    ///
    /// # Errors
    /// The store's.
    pub async fn release_check(&self) -> Result<ReleaseCheck, AppError> {
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }

    /// Switches a platform's answers to the release check.
    ///
    /// # Errors
    /// The store's.
    pub async fn switch_release_check(&self, component_appid: &str, on: bool) -> Result<ReleaseCheck, AppError> {
        let _ = (&component_appid, on);
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }

    /// Starts a rehearsal in the sandbox.
    ///
    /// # Errors
    /// The store's.
    pub async fn start_rehearsal(&self, set: Option<u8>, kind: Option<AccountKind>) -> Result<ReleaseCheck, AppError> {
        let _ = (set, kind);
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }

    /// Followers of the sandbox.
    ///
    /// # Errors
    /// The store's.
    pub async fn get_crowd(&self) -> Result<Crowd, AppError> {
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }

    /// How much the sandbox's followers write.
    ///
    /// # Errors
    /// The store's.
    pub async fn set_crowd(&self, per_minute: i64) -> Result<Crowd, AppError> {
        let _ = (per_minute,);
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }
}
