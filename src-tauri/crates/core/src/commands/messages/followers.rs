//! A follower: what came from him, what may be sent to him.

use crate::core::Core;
use crate::dto::{Conversation, CustomMessage, ErrorCode, SentMessage};
use crate::error::AppError;

impl Core {
    /// A follower of an account, as far as the inbox knows him.
    ///
    /// # Errors
    /// The store's.
    pub async fn get_conversation(
        &self,
        component_appid: &str,
        appid: &str,
        openid: &str,
    ) -> Result<Conversation, AppError> {
        let _ = (&component_appid, &appid, &openid);
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }

    /// Sends a customer-service message.
    ///
    /// # Errors
    /// The store's.
    pub async fn send_custom_message(
        &self,
        component_appid: &str,
        appid: &str,
        openid: &str,
        message: CustomMessage,
    ) -> Result<SentMessage, AppError> {
        let _ = (&component_appid, &appid, &openid, &message);
        Err(AppError::new(ErrorCode::Unavailable, "not built yet"))
    }
}
