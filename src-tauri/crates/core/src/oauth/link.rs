//! Links: their addresses, and refusing.

use wechat::links::{OauthLink, OauthScope, WebsiteLink};

use super::{Subject, hash, random_hex};
use crate::core::Core;
use crate::dto::{ErrorCode, OauthScopeName};
use crate::error::AppError;
use crate::store::tables::oauth_exchange;
use crate::store::tables::oauth_link::OauthLinkRow;

/// Letters and digits of a `state`.
const STATE: usize = 32;
/// A random `state`.
///
/// # Errors
/// When the system has no random bytes.
pub(crate) fn new_state() -> Result<String, AppError> {
    wechat::crypto::generate_token(STATE).map_err(|e| AppError::new(ErrorCode::Internal, e.to_string()))
}

impl Subject {
    /// What a user opens for this link.
    pub fn link_url(&self, link: &OauthLinkRow) -> String {
        let (open, redirect_uri) = (self.runtime.row.endpoints.open.trim_end_matches('/'), self.callback_url());
        let scope = match link.scope {
            OauthScopeName::Login => {
                return WebsiteLink { appid: &self.appid, redirect_uri: &redirect_uri, state: &link.state }.url(open);
            }
            OauthScopeName::Base => OauthScope::Base,
            OauthScopeName::Userinfo => OauthScope::UserInfo,
        };
        OauthLink {
            appid: &self.appid,
            redirect_uri: &redirect_uri,
            scope,
            state: &link.state,
            force_popup: link.force_popup.then_some(true),
            force_snapshot: link.force_snapshot.then_some(true),
            component_appid: self.runtime.row.own.is_none().then_some(self.component_appid()),
        }
        .url(open)
    }
}

/// Notes that a user refused.
///
/// # Errors
/// The store's.
pub(crate) async fn refuse(core: &Core, link: &OauthLinkRow) -> Result<(), AppError> {
    let (key, state, now) = (random_hex::<32>()?, link.state.clone(), core.clock().now());
    core.store().write(move |tx| oauth_exchange::refused(tx, &hash(&key), &state, now)).await?;
    core.changes().tell(["oauth"]);
    Ok(())
}
