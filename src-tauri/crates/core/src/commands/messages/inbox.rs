//! The inbox: look, filter, export, and how long it is kept.

use crate::core::Core;
use crate::dto::{
    ErrorCode, ExportedText, InboxFigures, InboxQuery, PushDetail, PushExportFormat, PushPage, Rejections,
};
use crate::error::AppError;

impl Core {
    /// A page of the inbox, newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_pushes(&self, query: InboxQuery) -> Result<PushPage, AppError> {
        let _ = (&query,);
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }

    /// A push with everything that is known of it.
    ///
    /// # Errors
    /// The store's.
    pub async fn get_push(&self, id: i64) -> Result<PushDetail, AppError> {
        let _ = (id,);
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }

    /// The newest pushes that match, as a file.
    ///
    /// # Errors
    /// The store's.
    pub async fn export_pushes(&self, query: InboxQuery, format: PushExportFormat) -> Result<ExportedText, AppError> {
        let _ = (&query, format);
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }

    /// The inbox in figures.
    ///
    /// # Errors
    /// The store's.
    pub async fn inbox_figures(&self) -> Result<InboxFigures, AppError> {
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }

    /// How long pushes are kept.
    ///
    /// # Errors
    /// The store's.
    pub async fn set_inbox_retention(&self, keep_days: u32, keep_mib: u32) -> Result<InboxFigures, AppError> {
        let _ = (keep_days, keep_mib);
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }

    /// What was refused at the door.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_rejections(&self) -> Result<Rejections, AppError> {
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }
}
