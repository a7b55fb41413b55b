//! Web OAuth: links for users, and routes of business servers.

use rusqlite::Connection;

use super::links::qr_svg;
use crate::core::Core;
use crate::dto::{
    Bilingual, OauthIdentity, OauthLink, OauthLinkRequest, OauthPageError, OauthResult, OauthRoute, OauthRouteInput,
    OauthScopeName,
};
use crate::error::AppError;
use crate::oauth::{self, Subject};
use crate::store::StoreError;
use crate::store::tables::oauth_exchange::{self, OauthExchangeRow, Outcome};
use crate::store::tables::oauth_link::{self, OauthLinkRow};
use crate::store::tables::oauth_route::{self, OauthRouteRow};
use crate::store::tables::oauth_ticket::{self, Taken};
use crate::store::tables::oauth_user::{self, OauthUserRow};

/// Links of a list at most.
const LINKS: u32 = 200;
/// Results shown with a link.
const RESULTS: u32 = 20;
/// Longest note, characters.
const MAX_NOTE: usize = 200;
/// Longest name of a route, characters.
const MAX_NAME: usize = 40;
/// For how long a link may be good, seconds: a minute to a year.
const VALID: std::ops::RangeInclusive<i64> = 60..=31_536_000;
/// For how long it is when nobody says, seconds.
const VALID_UNLESS_SAID: i64 = 86_400;

/// A link's row with its results and their users.
type Told = (OauthLinkRow, Vec<(OauthExchangeRow, Option<OauthUserRow>)>);

fn told(connection: &Connection, link: OauthLinkRow) -> Result<Told, StoreError> {
    let rows = oauth_exchange::of_link(connection, &link.state, RESULTS)?;
    let mut results = Vec::with_capacity(rows.len());
    for row in rows {
        let user = row.user_id.map(|id| oauth_user::get(connection, id)).transpose()?.flatten();
        results.push((row, user));
    }
    Ok((link, results))
}

impl Core {
    /// Makes a link, which many users may open.
    ///
    /// # Errors
    /// `InvalidInput` naming field and rule; `NotFound`; the store's.
    pub async fn make_oauth_link(&self, request: OauthLinkRequest) -> Result<OauthLink, AppError> {
        let valid = request.valid_seconds.unwrap_or(VALID_UNLESS_SAID);
        if !VALID.contains(&valid) {
            return Err(AppError::invalid_field(
                "valid_seconds",
                "range",
                "must be 60 to 31536000 (a minute to a year)",
                "应为 60 到 31536000 秒（一分钟到一年）",
            ));
        }
        let note = request.note.trim();
        if note.chars().count() > MAX_NOTE {
            return Err(AppError::invalid_field("note", "length", "must have at most 200 characters", "最多 200 个字"));
        }
        let subject = self.oauth_subject(Some(&request.component_appid), &request.appid)?;
        subject.check_scope(request.scope)?;
        if request.scope == OauthScopeName::Login {
            for (field, on) in [("force_popup", request.force_popup), ("force_snapshot", request.force_snapshot)] {
                if on {
                    return Err(AppError::invalid_field(
                        field,
                        "scope",
                        "is not for the login page of a website app",
                        "网站应用的登录页没有这个选项",
                    ));
                }
            }
        }
        subject.base_url()?;
        let route_id = request.route.filter(|route| !route.is_empty());
        if let Some(id) = route_id.clone() {
            let route = self.store().read(move |c| Ok(oauth_route::get(c, &id)?)).await?;
            let its = |r: &OauthRouteRow| r.platform_id == subject.platform_id() && r.appid == subject.appid;
            if !route.as_ref().is_some_and(its) {
                return Err(AppError::invalid_field(
                    "route",
                    "unknown",
                    "is no route of this account",
                    "不是该账号的跳转路由",
                ));
            }
        }
        let now = self.clock().now();
        let link = OauthLinkRow {
            state: oauth::new_state()?,
            platform_id: subject.platform_id(),
            appid: subject.appid.clone(),
            scope: request.scope,
            force_popup: request.force_popup,
            force_snapshot: request.force_snapshot,
            route_id,
            visitor_state: None,
            visitor_hash: None,
            note: note.to_owned(),
            once: false,
            created_at: now,
            expires_at: now + valid * 1000,
            ended_at: None,
            uses: 0,
            refused: 0,
        };
        let row = link.clone();
        self.store().write(move |tx| oauth_link::insert(tx, &row)).await?;
        self.changes().tell(["oauth"]);
        let url = subject.link_url(&link);
        Ok(OauthLink { qr_svg: qr_svg(&url)?, ..self.oauth_link_view(&subject, (link, Vec::new())) })
    }

    /// The operator's links, newest first, at most 200, of one account or of all; without their QR codes. Visits of
    /// routes are not among them.
    ///
    /// # Errors
    /// `NotFound` for an unknown platform; the store's.
    pub async fn list_oauth_links(
        &self,
        component_appid: Option<&str>,
        appid: Option<&str>,
    ) -> Result<Vec<OauthLink>, AppError> {
        let platform_id = component_appid.map(|c| self.platform_row(c).map(|p| p.id)).transpose()?;
        let appid = appid.map(str::to_owned);
        let links = self
            .store()
            .read(move |c| {
                let links = oauth_link::list(c, platform_id, appid.as_deref(), LINKS)?;
                links.into_iter().map(|link| told(c, link)).collect::<Result<Vec<_>, _>>()
            })
            .await?;
        Ok(links
            .into_iter()
            .filter_map(|told| {
                let subject = self.oauth_any_subject(told.0.platform_id, &told.0.appid).ok()?;
                Some(self.oauth_link_view(&subject, told))
            })
            .collect())
    }

    /// A link with its QR code.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn get_oauth_link(&self, state: &str) -> Result<OauthLink, AppError> {
        let asked = state.to_owned();
        let told =
            self.store().read(move |c| oauth_link::get(c, &asked)?.map(|link| told(c, link)).transpose()).await?;
        let told = told.ok_or_else(|| AppError::not_found("link", state))?;
        let subject = self.oauth_any_subject(told.0.platform_id, &told.0.appid)?;
        let link = self.oauth_link_view(&subject, told);
        Ok(OauthLink { qr_svg: qr_svg(&link.url)?, ..link })
    }

    /// Ends a link: no code that comes with it is exchanged any more.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn end_oauth_link(&self, state: &str) -> Result<OauthLink, AppError> {
        let (asked, now) = (state.to_owned(), self.clock().now());
        if self.store().write(move |tx| oauth_link::end(tx, &asked, now)).await? {
            self.changes().tell(["oauth"]);
        }
        self.get_oauth_link(state).await
    }

    fn oauth_link_view(&self, subject: &Subject, (link, results): Told) -> OauthLink {
        OauthLink {
            url: subject.link_url(&link),
            callback_url: subject.callback_url(),
            component_appid: subject.component_appid().to_owned(),
            state: link.state,
            appid: link.appid,
            scope: link.scope,
            force_popup: link.force_popup,
            force_snapshot: link.force_snapshot,
            route: link.route_id,
            note: link.note,
            qr_svg: String::new(),
            created_at: link.created_at,
            expires_at: link.expires_at,
            ended_at: link.ended_at,
            uses: link.uses,
            refused: link.refused,
            results: results
                .into_iter()
                .map(|(row, user)| OauthResult {
                    at: row.at,
                    refused: row.outcome == Outcome::Refused,
                    error: row.error.or_else(|| (row.outcome == Outcome::Unknown).then(|| cut_off(row.at))),
                    repeats: row.repeats,
                    user: user.map(|user| self.oauth_user_view(subject.component_appid(), user)),
                })
                .collect(),
        }
    }

    /// Routes, oldest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_oauth_routes(&self) -> Result<Vec<OauthRoute>, AppError> {
        let rows = self.store().read(|c| Ok(oauth_route::list(c)?)).await?;
        Ok(rows
            .into_iter()
            .filter_map(|row| {
                let subject = self.oauth_any_subject(row.platform_id, &row.appid).ok()?;
                Some(route_view(&subject, row))
            })
            .collect())
    }

    /// Adds a route, or changes name, page and scope of one.
    ///
    /// # Errors
    /// `InvalidInput` naming field and rule; `NotFound`; the store's.
    pub async fn save_oauth_route(&self, input: OauthRouteInput) -> Result<OauthRoute, AppError> {
        let name = input.name.trim().to_owned();
        if name.is_empty() {
            return Err(AppError::invalid_field("name", "required", "is required", "必填"));
        }
        if name.chars().count() > MAX_NAME {
            return Err(AppError::invalid_field("name", "length", "must have at most 40 characters", "最多 40 个字"));
        }
        let url = oauth::checked_route_url(input.url.trim())?;
        let subject = self.oauth_subject(Some(&input.component_appid), &input.appid)?;
        subject.check_scope(input.scope)?;
        let known = match input.id.filter(|id| !id.is_empty()) {
            None => None,
            Some(id) => {
                let asked = id.clone();
                let row = self.store().read(move |c| Ok(oauth_route::get(c, &asked)?)).await?;
                Some(row.ok_or_else(|| AppError::not_found("route", &id))?)
            }
        };
        if known.as_ref().is_some_and(|row| row.platform_id != subject.platform_id() || row.appid != subject.appid) {
            return Err(AppError::invalid_field(
                "appid",
                "fixed",
                "cannot be changed; make another route",
                "不能修改，请新建一个路由",
            ));
        }
        let row = OauthRouteRow {
            id: known.as_ref().map_or_else(oauth::random_hex::<8>, |row| Ok(row.id.clone()))?,
            platform_id: subject.platform_id(),
            appid: subject.appid.clone(),
            name,
            url,
            scope: input.scope,
            created_at: known.as_ref().map_or_else(|| self.clock().now(), |row| row.created_at),
            used: known.as_ref().map_or(0, |row| row.used),
            last_used_at: known.and_then(|row| row.last_used_at),
        };
        let saved = row.clone();
        self.store().write(move |tx| oauth_route::save(tx, &saved)).await?;
        self.changes().tell(["oauth"]);
        Ok(route_view(&subject, row))
    }

    /// Removes a route; links that lead to it end.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn remove_oauth_route(&self, id: &str) -> Result<(), AppError> {
        let (asked, now) = (id.to_owned(), self.clock().now());
        let removed = self
            .store()
            .write(move |tx| {
                oauth_link::end_of_route(tx, &asked, now)?;
                oauth_route::remove(tx, &asked)
            })
            .await?;
        if !removed {
            return Err(AppError::not_found("route", id));
        }
        self.changes().tell(["oauth"]);
        Ok(())
    }

    /// The user that a business server's one-time code stands for: once.
    ///
    /// # Errors
    /// `NotFound` for a code that was used, has ended, or never was; the store's.
    pub async fn exchange_oauth_code(&self, code: &str) -> Result<OauthIdentity, AppError> {
        let (hash, now) = (oauth::hash(code), self.clock().now());
        let taken = self
            .store()
            .write(move |tx| {
                let taken = oauth_ticket::take(tx, &hash, now)?;
                let Taken::User { user_id, state } = &taken else { return Ok((taken, None)) };
                let found = oauth_user::get(tx, *user_id)?.zip(oauth_link::get(tx, state)?);
                Ok((taken, found))
            })
            .await?;
        let gone = |words: &str| AppError::new(crate::dto::ErrorCode::NotFound, words);
        match taken {
            (_, Some((user, link))) => Ok(OauthIdentity {
                appid: user.appid,
                openid: user.openid,
                unionid: user.unionid,
                scope: user.scope,
                snapshot: user.snapshot,
                nickname: user.nickname,
                head_img_url: user.head_img_url,
                state: link.visitor_state,
                route: link.route_id,
            }),
            (Taken::Used, _) => Err(gone("this one-time code was used already")),
            (Taken::Expired, _) => Err(gone("this one-time code has ended; it is good for five minutes")),
            _ => Err(gone("no such one-time code")),
        }
    }

    /// What WeChat's own page may show to a user instead of asking.
    #[must_use]
    pub fn oauth_page_errors() -> Vec<OauthPageError> {
        wechat::errors::all()
            .iter()
            .filter_map(|entry| wechat::errors::oauth_page(entry.code))
            .map(|entry| OauthPageError {
                code: entry.code,
                meaning: Bilingual { zh: entry.meaning_zh.to_owned(), en: entry.meaning_en.to_owned() },
                advice: Bilingual { zh: entry.advice_zh.to_owned(), en: entry.advice_en.to_owned() },
            })
            .collect()
    }
}

/// Why nobody knows what became of a code.
fn cut_off(at: i64) -> crate::dto::LastError {
    crate::dto::LastError {
        code: 0,
        message: "a stop came between sending the code and storing its answer".to_owned(),
        at,
        rid: None,
        ip: None,
        advice: "WeChat may have taken the code, which is good once. Let the user open the link again.".to_owned(),
        advice_zh: "微信可能已经收下这个只能用一次的 code，请让用户重新打开链接。".to_owned(),
    }
}

fn route_view(subject: &Subject, row: OauthRouteRow) -> OauthRoute {
    let callback = subject.callback_url();
    OauthRoute {
        enter_url: if callback.is_empty() { callback } else { format!("{callback}?route={}&state=", row.id) },
        component_appid: subject.component_appid().to_owned(),
        id: row.id,
        appid: row.appid,
        name: row.name,
        url: row.url,
        scope: row.scope,
        created_at: row.created_at,
        used: row.used,
        last_used_at: row.last_used_at,
    }
}
