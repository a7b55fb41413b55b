//! Facts about the running app, and notices.

use crate::core::Core;
use crate::dto::{AppInfo, ListenerStatus, Status};
use crate::error::AppError;
use crate::store::tables::notice;
use crate::views;

impl Core {
    /// Facts about this run.
    #[must_use]
    pub fn app_info(&self) -> AppInfo {
        AppInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            data_dir: self.data_dir().display().to_string(),
            sandbox: self.is_sandbox(),
            sandbox_url: self.sandbox_url(),
            key_source: self.key_source(),
            api_address: self.api_address().map(|a| a.to_string()),
            listener_address: self.listener_address().map(|a| a.to_string()),
            first_start: self.store().mirror().connections().is_empty(),
        }
    }

    /// The status document of the local API.
    #[must_use]
    pub fn status(&self) -> Status {
        let now = self.clock().now();
        let platforms = self.store().mirror().platforms();
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            time: now,
            listener: ListenerStatus {
                address: self.listener_address().map(|a| a.to_string()),
                public_base_url: platforms.first().map(|p| p.public_base_url.clone()),
                last_callback_at: self.door().last_callback_at(),
                rejected: self.door().rejected(),
            },
            platforms: platforms.iter().map(|p| views::platform_status(self, p, now)).collect(),
            own_accounts: self.store().mirror().index(|i| i.counts_own()),
        }
    }

    /// Removes a notice that a person has read.
    ///
    /// # Errors
    /// The store's.
    pub async fn dismiss_notice(&self, id: String) -> Result<(), AppError> {
        self.store().write(move |tx| notice::remove(tx, &id)).await?;
        self.changes().tell(["overview"]);
        Ok(())
    }
}
