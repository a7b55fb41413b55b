//! Users of web OAuth and their tokens, and logins of mini programs.
//!
//! Invariant: a token leaves only by `reveal_oauth_token`, a session key only by `reveal_session_key` and the local API.

use std::sync::Arc;

use wechat::api::mini_program::MiniSession;
use wechat::secret::SecretString;

use crate::call_log;
use crate::core::Core;
use crate::dto::{CallReason, ErrorCode, MiniLogin, OauthUser, OauthUserPage, OauthUserQuery, RevealedSecret};
use crate::engine::last_error;
use crate::error::AppError;
use crate::oauth::{self, Subject};
use crate::store::tables::oauth_user::{self, Find, OauthUserRow};

/// Users a page when none is asked for.
const PAGE: u32 = 100;
/// Most users a page.
const MAX_PAGE: u32 = 500;
/// Longest code of `wx.login`, bytes; WeChat's have 32.
const JS_CODE: usize = 512;

impl Core {
    /// An account whose users are shown, also one that was removed or has cancelled.
    pub(super) fn oauth_any_subject(&self, platform_id: i64, appid: &str) -> Result<Subject, AppError> {
        let runtime = self.runtime(platform_id).ok_or_else(|| AppError::not_found("platform of", appid))?;
        let account = self.store().mirror().account_by_appid(platform_id, appid);
        Ok(Subject { runtime, appid: appid.to_owned(), account })
    }

    /// A page of users, newest first.
    ///
    /// # Errors
    /// `NotFound` for an unknown platform; the store's.
    pub async fn list_oauth_users(&self, query: &OauthUserQuery) -> Result<OauthUserPage, AppError> {
        let find = Find {
            platform_id: query.component_appid.as_deref().map(|c| self.platform_row(c).map(|p| p.id)).transpose()?,
            appid: query.appid.clone(),
            state: query.state,
            words: query.q.as_deref().map(str::trim).filter(|q| !q.is_empty()).map(str::to_owned),
            limit: query.limit.unwrap_or(PAGE).clamp(1, MAX_PAGE),
            offset: query.offset.unwrap_or(0),
        };
        let now = self.clock().now();
        let (rows, total) = self.store().read(move |c| oauth_user::find(c, &find, now)).await?;
        let mirror = self.store().mirror();
        let items = rows
            .into_iter()
            .filter_map(|row| Some(self.oauth_user_view(&mirror.platform(row.platform_id)?.component_appid, row)))
            .collect();
        Ok(OauthUserPage { items, total })
    }

    /// Asks WeChat whether a user's token is good (`sns/auth`). Its refusal is in the answer, not an error.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` when there was no answer; the store's.
    pub async fn check_oauth_user(&self, id: i64) -> Result<OauthUser, AppError> {
        let (subject, row) = self.oauth_user_row(id).await?;
        let asked =
            call_log::because(CallReason::Oauth, Some(&subject.appid), subject.check(&row.access_token, &row.openid));
        let outcome = asked.await;
        if let Err(e) = &outcome {
            let error = oauth::note_refusal(self, &row, e, oauth::dead_access(e)).await?;
            if e.api().is_none() {
                return Err(error);
            }
        }
        let (now, ok) = (self.clock().now(), outcome.is_ok());
        self.store().write(move |tx| oauth_user::checked(tx, &row, now, ok)).await?;
        self.changes().tell(["oauth"]);
        self.oauth_user(id).await
    }

    /// Renews a user's token. An answer without a refresh token keeps the one before.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` without a refresh token or a platform's token; WeChat's refusal.
    pub async fn refresh_oauth_user(&self, id: i64) -> Result<OauthUser, AppError> {
        let core = self.clone();
        oauth::to_the_end(self, async move {
            let (subject, row) = core.oauth_user_row(id).await?;
            let refresh_token = row.refresh_token.clone().ok_or_else(|| {
                AppError::new(ErrorCode::Unavailable, "there is no refresh token; the user must consent again")
            })?;
            let token = subject.component_token(&core)?;
            let renewing = call_log::because(
                CallReason::Oauth,
                Some(&subject.appid),
                subject.renew(token.as_ref(), &refresh_token),
            );
            let outcome = renewing.await;
            core.changes().tell(["oauth"]);
            match outcome {
                Ok(grant) if grant.openid == row.openid => {
                    let now = core.clock().now();
                    core.store().write(move |tx| oauth_user::renewed(tx, &row, &grant, now)).await?;
                    core.oauth_user(id).await
                }
                Ok(_) => {
                    Err(AppError::new(ErrorCode::Internal, "WeChat answered with another user's token; it is not kept"))
                }
                Err(e) => Err(oauth::note_refusal(&core, &row, &e, oauth::dead_refresh(&e)).await?),
            }
        })
        .await
    }

    /// Reads a user's profile (`sns/userinfo`).
    ///
    /// # Errors
    /// `NotFound`; WeChat's refusal.
    pub async fn read_oauth_profile(&self, id: i64) -> Result<OauthUser, AppError> {
        let (subject, _) = self.oauth_user_row(id).await?;
        let reading = oauth::read_profile(self, &subject, id);
        let outcome = call_log::because(CallReason::Oauth, Some(&subject.appid), reading).await;
        self.changes().tell(["oauth"]);
        outcome?;
        self.oauth_user(id).await
    }

    /// Forgets a user: tokens, profile, one-time codes, results. At WeChat nothing changes.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn forget_oauth_user(&self, id: i64) -> Result<(), AppError> {
        if !self.store().write(move |tx| oauth_user::remove(tx, id)).await? {
            return Err(AppError::not_found("user", &id.to_string()));
        }
        self.oauth().forget(id);
        self.changes().tell(["oauth"]);
        Ok(())
    }

    /// A user's web-OAuth token, for a person who asks.
    ///
    /// # Errors
    /// `NotFound`; `NoToken` when it has ended.
    pub async fn reveal_oauth_token(&self, id: i64) -> Result<RevealedSecret, AppError> {
        let (_, row) = self.oauth_user_row(id).await?;
        if row.expires_at <= self.clock().now() {
            return Err(AppError::new(ErrorCode::NoToken, "this token has ended; refresh it first"));
        }
        Ok(RevealedSecret { value: row.access_token.expose().clone(), expires_at: Some(row.expires_at) })
    }

    /// Logs a user of a mini program in. The session key stays here, to be revealed within ten minutes.
    ///
    /// # Errors
    /// `InvalidInput`; `NotFound`; WeChat's refusal.
    pub async fn mini_login(&self, component_appid: &str, appid: &str, js_code: &str) -> Result<MiniLogin, AppError> {
        let session = self.mini_session(Some(component_appid), appid, &js_code.into()).await?;
        let at = self.clock().now();
        let id = self.oauth().keep_session(session.session_key, at)?;
        Ok(MiniLogin { id, openid: session.openid, unionid: session.unionid, at })
    }

    /// The same, with the session key: for business servers.
    ///
    /// # Errors
    /// As [`Core::mini_login`].
    pub(crate) async fn mini_session(
        &self,
        component_appid: Option<&str>,
        appid: &str,
        js_code: &SecretString,
    ) -> Result<MiniSession, AppError> {
        let good = (1..=JS_CODE).contains(&js_code.len()) && js_code.expose().bytes().all(|b| b.is_ascii_graphic());
        if !good {
            return Err(AppError::invalid_field(
                "js_code",
                "format",
                "must be what wx.login gave: at most 512 characters without blanks",
                "应为 wx.login 得到的 code，最多 512 个字符，不含空格",
            ));
        }
        let subject = self.oauth_subject(component_appid, appid)?;
        subject.check_login()?;
        let token = subject.component_token(self)?;
        call_log::because(CallReason::Oauth, Some(appid), subject.session(token.as_ref(), js_code))
            .await
            .map_err(|e| AppError::refused(last_error(&e, self.clock().now())))
    }

    /// A session key, for a person who asks within ten minutes.
    ///
    /// # Errors
    /// `NotFound` when it is gone.
    pub fn reveal_session_key(&self, id: &str) -> Result<RevealedSecret, AppError> {
        let found = self.oauth().session(id, self.clock().now());
        let (key, until) = found.ok_or_else(|| {
            AppError::new(ErrorCode::NotFound, "this session key is gone; it is kept for ten minutes, in memory only")
        })?;
        Ok(RevealedSecret { value: key.expose().clone(), expires_at: Some(until) })
    }

    async fn oauth_user_row(&self, id: i64) -> Result<(Subject, Arc<OauthUserRow>), AppError> {
        let row = self.store().read(move |c| Ok(oauth_user::get(c, id)?)).await?;
        let row = row.ok_or_else(|| AppError::not_found("user", &id.to_string()))?;
        Ok((self.oauth_any_subject(row.platform_id, &row.appid)?, Arc::new(row)))
    }

    async fn oauth_user(&self, id: i64) -> Result<OauthUser, AppError> {
        let (subject, row) = self.oauth_user_row(id).await?;
        let row = Arc::try_unwrap(row).unwrap_or_else(|shared| (*shared).clone());
        Ok(self.oauth_user_view(subject.component_appid(), row))
    }

    /// A user's document.
    pub(super) fn oauth_user_view(&self, component_appid: &str, row: OauthUserRow) -> OauthUser {
        OauthUser {
            state: row.state(self.clock().now()),
            component_appid: component_appid.to_owned(),
            id: row.id,
            appid: row.appid,
            openid: row.openid,
            unionid: row.unionid,
            scope: row.scope,
            snapshot: row.snapshot,
            nickname: row.nickname,
            sex: row.sex,
            country: row.country,
            province: row.province,
            city: row.city,
            head_img_url: row.head_img_url,
            obtained_at: row.obtained_at,
            expires_at: row.expires_at,
            refresh_expires_at: row.refresh_expires_at,
            created_at: row.created_at,
            checked_at: row.checked_at,
            check_ok: row.check_ok,
            last_error: row.last_error,
        }
    }
}
