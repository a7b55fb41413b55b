//! Business servers and what became of their deliveries.

use crate::core::Core;
use crate::dto::{
    DeliveryPage, DeliveryQuery, DeliveryReport, ErrorCode, FieldError, RevealedSecret, Target, TargetInput,
};
use crate::error::AppError;

impl Core {
    /// All business servers.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_targets(&self) -> Result<Vec<Target>, AppError> {
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }

    /// What is wrong with a business server.
    ///
    /// # Errors
    /// The store's.
    pub async fn validate_target(&self, input: TargetInput) -> Result<Vec<FieldError>, AppError> {
        let _ = (&input,);
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }

    /// Makes or changes a business server.
    ///
    /// # Errors
    /// The store's.
    pub async fn save_target(&self, input: TargetInput) -> Result<Target, AppError> {
        let _ = (&input,);
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }

    /// Switches a business server on or off.
    ///
    /// # Errors
    /// The store's.
    pub async fn switch_target(&self, id: i64, on: bool) -> Result<Target, AppError> {
        let _ = (id, on);
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }

    /// Removes a business server with its queue.
    ///
    /// # Errors
    /// The store's.
    pub async fn remove_target(&self, id: i64) -> Result<(), AppError> {
        let _ = (id,);
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }

    /// Shows a business server's secret.
    ///
    /// # Errors
    /// The store's.
    pub async fn reveal_target_secret(&self, id: i64) -> Result<RevealedSecret, AppError> {
        let _ = (id,);
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }

    /// Sends a made-up message to a business server.
    ///
    /// # Errors
    /// The store's.
    pub async fn test_target(&self, id: i64) -> Result<DeliveryReport, AppError> {
        let _ = (id,);
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }

    /// Attempts, or messages that wait or are dead.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_deliveries(&self, query: DeliveryQuery) -> Result<DeliveryPage, AppError> {
        let _ = (&query,);
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }

    /// Dead letters back into the queue.
    ///
    /// # Errors
    /// The store's.
    pub async fn resend_dead(&self, target_id: i64, ids: Option<Vec<i64>>) -> Result<i64, AppError> {
        let _ = (target_id, &ids);
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }

    /// Forgets dead letters.
    ///
    /// # Errors
    /// The store's.
    pub async fn drop_dead(&self, target_id: i64, ids: Option<Vec<i64>>) -> Result<i64, AppError> {
        let _ = (target_id, &ids);
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }

    /// Ends the pause of a business server that failed too often.
    ///
    /// # Errors
    /// The store's.
    pub async fn close_breaker(&self, id: i64) -> Result<Target, AppError> {
        let _ = (id,);
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }
}
