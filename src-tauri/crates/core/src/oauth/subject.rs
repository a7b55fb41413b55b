//! Whose web OAuth: an account with its own AppSecret, a website app, or an account on whose behalf a platform asks.
//!
//! Owns which variant of a call is made, and what may be asked of which account.

use std::sync::Arc;

use wechat::api;
use wechat::api::mini_program::{MiniSession, component_jscode2session, jscode2session};
use wechat::api::oauth::{
    OauthGrant, component_oauth_token, component_refresh_oauth_token, oauth_token, refresh_oauth_token,
};
use wechat::error::CallError;
use wechat::secret::SecretString;

use crate::core::{Core, Runtime};
use crate::dto::{AccountKind, ErrorCode, OauthScopeName, OwnKind, ReasonCode};
use crate::engine::usable;
use crate::error::AppError;
use crate::store::tables::account::AccountRow;
use crate::views;

/// 网页服务权限, which web OAuth on an account's behalf needs (protocol C.10).
const WEB_SET: i64 = 4;
/// One of these is needed for logins of a mini program on its behalf (protocol G.4).
const LOGIN_SETS: [i64; 2] = [18, 20];

/// An account as web OAuth sees it.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    /// Its platform, or itself when it is connected directly.
    pub runtime: Arc<Runtime>,
    /// Appid.
    pub appid: String,
    /// None for a website app.
    pub account: Option<Arc<AccountRow>>,
}

impl Core {
    /// An account or website app. Without a platform, the only one of that appid.
    ///
    /// # Errors
    /// `NotFound`, or `Ambiguous` naming the platforms.
    pub(crate) fn oauth_subject(&self, component_appid: Option<&str>, appid: &str) -> Result<Subject, AppError> {
        let component = component_appid.filter(|c| !c.is_empty());
        // A website app has no account: it is found by its connection alone.
        if component.is_none_or(|c| c == appid)
            && let Some(own) = self.store().mirror().platform_by_appid(appid).filter(|p| p.own.is_some())
            && self.store().mirror().account_by_appid(own.id, appid).is_none()
        {
            return self.subject_of(own.id, appid, None);
        }
        let (platform, account) = self.find_account(component, appid)?;
        self.subject_of(platform.id, appid, Some(account))
    }

    /// The same by platform row.
    pub(crate) fn oauth_subject_by_id(&self, platform_id: i64, appid: &str) -> Result<Subject, AppError> {
        let platform =
            self.store().mirror().platform(platform_id).ok_or_else(|| AppError::not_found("platform of", appid))?;
        self.oauth_subject(Some(&platform.component_appid), appid)
    }

    fn subject_of(&self, platform_id: i64, appid: &str, account: Option<Arc<AccountRow>>) -> Result<Subject, AppError> {
        let runtime = self.runtime(platform_id).ok_or_else(|| AppError::not_found("platform of", appid))?;
        Ok(Subject { runtime, appid: appid.to_owned(), account })
    }
}

impl Subject {
    /// Platform; the account's own appid when it is connected directly.
    pub fn component_appid(&self) -> &str {
        &self.runtime.row.component_appid
    }

    /// Row id of its platform.
    pub fn platform_id(&self) -> i64 {
        self.runtime.row.id
    }

    fn own(&self) -> Option<OwnKind> {
        self.runtime.row.own.map(|own| own.kind)
    }

    /// What its users know it by; empty when nobody said.
    pub fn name(&self) -> &str {
        match &self.account {
            Some(account) if !account.nick_name.is_empty() => &account.nick_name,
            _ if self.own().is_some() => &self.runtime.row.name,
            _ => "",
        }
    }

    fn is_mini_program(&self) -> bool {
        self.own() == Some(OwnKind::MiniProgram)
            || self.account.as_ref().is_some_and(|a| a.kind == Some(AccountKind::MiniProgram))
    }

    /// What WeChat granted the platform; none where it is not known, or not asked for.
    fn granted(&self) -> Option<&[i64]> {
        let account = self.account.as_deref().filter(|_| self.own().is_none())?;
        (account.details_at.is_some() || !account.scopes.is_empty()).then_some(account.scopes.as_slice())
    }

    fn still_authorized(&self) -> Result<(), AppError> {
        match &self.account {
            Some(account) if self.own().is_none() && !account.authorized => Err(AppError::invalid_field(
                "appid",
                "authorized",
                "has cancelled its authorization of this platform",
                "已取消对该平台的授权",
            )),
            _ => Ok(()),
        }
    }

    /// Whether this may be asked of its users.
    ///
    /// # Errors
    /// `InvalidInput` naming field and rule.
    pub fn check_scope(&self, scope: OauthScopeName) -> Result<(), AppError> {
        if self.is_mini_program() {
            return Err(AppError::invalid_field(
                "appid",
                "mini_program",
                "is a mini program; its users log in with wx.login, not with web OAuth",
                "是小程序；小程序用 wx.login 登录，没有网页授权",
            ));
        }
        let website = self.own() == Some(OwnKind::WebsiteApp);
        if website != (scope == OauthScopeName::Login) {
            let (en, zh) = if website {
                ("must be login for a website app", "网站应用只能使用 login（snsapi_login）")
            } else {
                (
                    "must be base or userinfo; login is for website apps",
                    "应为 base 或 userinfo；login（snsapi_login）只用于网站应用",
                )
            };
            return Err(AppError::invalid_field("scope", "kind", en, zh));
        }
        self.still_authorized()?;
        if self.granted().is_some_and(|sets| !sets.contains(&WEB_SET)) {
            return Err(AppError::invalid_field(
                "appid",
                "permission_set",
                "has not granted the platform permission set 4 (web pages); let it authorize again with it",
                "没有把权限集 4（网页服务）授予该平台，请让账号重新授权并勾选它",
            ));
        }
        Ok(())
    }

    /// Whether users of this mini program can be logged in.
    ///
    /// # Errors
    /// `InvalidInput` naming field and rule.
    pub fn check_login(&self) -> Result<(), AppError> {
        let known_otherwise = match self.own() {
            Some(kind) => kind != OwnKind::MiniProgram,
            None => self.account.as_ref().is_some_and(|a| a.kind == Some(AccountKind::OfficialAccount)),
        };
        if known_otherwise {
            return Err(AppError::invalid_field("appid", "kind", "is no mini program", "不是小程序"));
        }
        self.still_authorized()?;
        if self.granted().is_some_and(|sets| !sets.iter().any(|set| LOGIN_SETS.contains(set))) {
            return Err(AppError::invalid_field(
                "appid",
                "permission_set",
                "has granted the platform neither permission set 18 nor 20; let it authorize again with one of them",
                "没有把权限集 18 或 20 授予该平台，请让小程序重新授权并勾选其一",
            ));
        }
        Ok(())
    }

    /// Base URL of the public door, without a slash at its end.
    ///
    /// # Errors
    /// `InvalidInput` naming `public_base_url`.
    pub fn base_url(&self) -> Result<&str, AppError> {
        let base = self.runtime.row.public_base_url.trim_end_matches('/');
        if base.is_empty() {
            return Err(AppError::invalid_field(
                "public_base_url",
                "required",
                "is not set for this account; WeChat leads its users back there",
                "尚未填写；微信要把用户带回这个地址",
            ));
        }
        Ok(base)
    }

    /// Where WeChat leads users back to; empty without a base URL.
    pub fn callback_url(&self) -> String {
        self.base_url().map_or_else(|_| String::new(), |base| format!("{base}/wechat/oauth/{}", self.appid))
    }

    /// The component token that calls on its behalf need; none when it is connected directly.
    ///
    /// # Errors
    /// `Unavailable` with the reason, while there is none.
    pub fn component_token(&self, core: &Core) -> Result<Option<SecretString>, AppError> {
        if self.own().is_some() {
            return Ok(None);
        }
        let now = core.clock().now();
        let row = core.store().mirror().component_credential(self.platform_id());
        if let Some(token) = row.as_deref().filter(|c| usable(c, now)).and_then(|c| c.token.clone()) {
            return Ok(Some(token));
        }
        let view = views::token(core, row.as_deref(), now);
        let why = if view.reason_code == ReasonCode::Fresh { ReasonCode::ParentMissing.text() } else { &view.reason };
        Err(AppError::new(ErrorCode::Unavailable, format!("the platform has no live token: {why}")))
    }

    /// Sends a code to WeChat: once.
    pub async fn exchange(&self, token: Option<&SecretString>, code: &SecretString) -> Result<OauthGrant, CallError> {
        let (transport, row) = (self.runtime.transport.as_ref(), &self.runtime.row);
        match token {
            Some(token) => component_oauth_token(transport, token, &row.component_appid, &self.appid, code).await,
            None => oauth_token(transport, &self.appid, &row.component_appsecret, code).await,
        }
    }

    /// Renews a user's token.
    pub async fn renew(
        &self,
        token: Option<&SecretString>,
        refresh_token: &SecretString,
    ) -> Result<OauthGrant, CallError> {
        let (transport, row) = (self.runtime.transport.as_ref(), &self.runtime.row);
        match token {
            Some(token) => {
                component_refresh_oauth_token(transport, token, &row.component_appid, &self.appid, refresh_token).await
            }
            None => refresh_oauth_token(transport, &self.appid, refresh_token).await,
        }
    }

    /// Whether WeChat takes a user's token.
    pub async fn check(&self, access_token: &SecretString, openid: &str) -> Result<(), CallError> {
        api::oauth::check_oauth_token(self.runtime.transport.as_ref(), access_token, openid).await
    }

    /// A user's profile, in Chinese.
    pub async fn profile(
        &self,
        access_token: &SecretString,
        openid: &str,
    ) -> Result<api::oauth::OauthUserInfo, CallError> {
        let profile =
            api::oauth::oauth_user_info(self.runtime.transport.as_ref(), access_token, openid, "zh_CN").await?;
        if profile.openid != openid {
            return Err(CallError::BadBody("the profile is another user's".to_owned()));
        }
        Ok(profile)
    }

    /// Sends a mini program's code to WeChat: once.
    pub async fn session(
        &self,
        token: Option<&SecretString>,
        js_code: &SecretString,
    ) -> Result<MiniSession, CallError> {
        let (transport, row) = (self.runtime.transport.as_ref(), &self.runtime.row);
        match token {
            Some(token) => component_jscode2session(transport, token, &row.component_appid, &self.appid, js_code).await,
            None => jscode2session(transport, &self.appid, &row.component_appsecret, js_code).await,
        }
    }
}
