//! Sending a push again, and sending one that is made up.

use crate::core::Core;
use crate::dto::{ErrorCode, MadeUpInput, MadeUpReport, ReplayReport, ReplayTo};
use crate::error::AppError;

impl Core {
    /// Sends a stored push again.
    ///
    /// # Errors
    /// The store's.
    pub async fn replay_push(&self, id: i64, to: ReplayTo) -> Result<ReplayReport, AppError> {
        let _ = (id, &to);
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }

    /// Sends a made-up push through the real door.
    ///
    /// # Errors
    /// The store's.
    pub async fn send_made_up(&self, input: MadeUpInput) -> Result<MadeUpReport, AppError> {
        let _ = (&input,);
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }
}
