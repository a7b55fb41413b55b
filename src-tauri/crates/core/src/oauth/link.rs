//! Links: their addresses, entering by a route, refusing.
//!
//! Invariant: what a route makes belongs to one browser: its cookie is random, and known here by its hash only.

use wechat::links::{OauthLink, OauthScope, WebsiteLink};

use super::{Subject, hash, random_hex};
use crate::core::Core;
use crate::dto::{ErrorCode, OauthScopeName};
use crate::error::AppError;
use crate::store::StoreError;
use crate::store::tables::oauth_link::{self, OauthLinkRow};
use crate::store::tables::{oauth_exchange, oauth_route};

/// Letters and digits of a `state`.
const STATE: usize = 32;
/// A visitor who entered by a route has so long to come back, ms; the cookie lives as long.
pub(crate) const VISIT: i64 = 600_000;
/// Visitors of one account that may be on their way at once.
const ON_THEIR_WAY: i64 = 10_000;

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

/// A visitor entered by a route.
pub(crate) struct Entered {
    /// WeChat's page.
    pub url: String,
    /// The cookie's value.
    pub cookie: String,
    /// The door is reached by https.
    pub secure: bool,
}

/// Why a visitor could not enter.
pub(crate) enum NotEntered {
    /// No such route of this account.
    Unknown,
    /// Too many are on their way.
    TooMany,
    /// The account cannot be asked now, in words for the operator's log.
    NotNow(String),
}

impl From<StoreError> for NotEntered {
    fn from(e: StoreError) -> Self {
        Self::NotNow(e.to_string())
    }
}

impl From<AppError> for NotEntered {
    fn from(e: AppError) -> Self {
        Self::NotNow(e.message)
    }
}

/// Lets a visitor enter by a route; `visitor_state` is the business server's own.
pub(crate) async fn enter(
    core: &Core,
    appid: &str,
    route_id: &str,
    visitor_state: Option<String>,
) -> Result<Entered, NotEntered> {
    let id = route_id.to_owned();
    let route = core.store().read(move |c| Ok(oauth_route::get(c, &id)?)).await?;
    let route = route.filter(|route| route.appid == appid).ok_or(NotEntered::Unknown)?;
    let subject = core.oauth_subject_by_id(route.platform_id, &route.appid)?;
    subject.check_scope(route.scope)?;
    let secure = subject.base_url()?.starts_with("https://");
    let (cookie, now) = (random_hex::<32>()?, core.clock().now());
    let link = OauthLinkRow {
        state: new_state()?,
        platform_id: route.platform_id,
        appid: route.appid,
        scope: route.scope,
        force_popup: false,
        force_snapshot: false,
        route_id: Some(route.id),
        visitor_state,
        visitor_hash: Some(hash(&cookie)),
        note: String::new(),
        once: true,
        created_at: now,
        expires_at: now + VISIT,
        ended_at: None,
        uses: 0,
        refused: 0,
    };
    let url = subject.link_url(&link);
    let room = core
        .store()
        .write(move |tx| {
            if oauth_link::on_their_way(tx, link.platform_id, &link.appid, now)? >= ON_THEIR_WAY {
                return Ok(false);
            }
            oauth_link::insert(tx, &link)?;
            Ok(true)
        })
        .await?;
    if room { Ok(Entered { url, cookie, secure }) } else { Err(NotEntered::TooMany) }
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
