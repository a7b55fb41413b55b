//! Authorize links and their QR codes.

use std::collections::BTreeMap;

use base64::Engine as _;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use wechat::api;
use wechat::links::AuthorizeLink;
use wechat::secret::SecretString;

use crate::core::Core;
use crate::dto::{
    ErrorCode, Link, LinkKind, LinkPage, LinkQuery, LinkRequest, LinkState, LinkStateCount, PosterLanguage, ReasonCode,
};
use crate::engine::{data_url, last_error, usable};
use crate::error::AppError;
use crate::store::tables::link::{self, LinkRow};
use crate::store::tables::redemption;
use crate::{validate, views};

/// Links a page when none is asked for.
const PAGE: u32 = 50;
/// Most links a page.
const MAX_PAGE: u32 = 500;
/// Longest note, characters.
const MAX_NOTE: usize = 200;
/// Least side of the PNG, pixels.
const PNG_SIDE: u32 = 1_024;

impl Core {
    /// Makes a link: a fresh pre-auth code, one a link (protocol C.3, D).
    ///
    /// # Errors
    /// `InvalidInput`; `Unavailable` without a component token; WeChat's refusal.
    pub async fn create_link(&self, request: LinkRequest) -> Result<Link, AppError> {
        self.make_link(request, None).await
    }

    /// Makes a new link from an older one: the same request with a fresh pre-auth code.
    ///
    /// # Errors
    /// `NotFound`; those of [`Core::create_link`].
    pub async fn clone_link(&self, link_id: &str, kind: Option<LinkKind>) -> Result<Link, AppError> {
        let (old, _) = self.link_row(link_id).await?;
        let platform = self
            .store()
            .mirror()
            .platform(old.platform_id)
            .ok_or_else(|| AppError::not_found("platform of link", link_id))?;
        let request = LinkRequest {
            component_appid: platform.component_appid.clone(),
            kind: kind.unwrap_or(old.kind),
            auth_type: old.auth_type,
            biz_appid: old.biz_appid,
            scopes: old.scopes,
            tenant: old.tenant,
            note: Some(old.note),
        };
        self.make_link(request, Some(old.id)).await
    }

    async fn make_link(&self, request: LinkRequest, made_from: Option<String>) -> Result<Link, AppError> {
        check(&request)?;
        let tenant = request.tenant.as_deref().map(str::trim).filter(|t| !t.is_empty());
        let tenant = tenant.map(super::tenants::checked_name).transpose()?;
        let platform_id = self.third_party(&request.component_appid)?.id;
        let runtime =
            self.runtime(platform_id).ok_or_else(|| AppError::not_found("platform", &request.component_appid))?;
        let parent = self.store().mirror().component_credential(platform_id).filter(|c| usable(c, self.clock().now()));
        let token = parent.as_ref().and_then(|p| p.token.as_ref()).ok_or_else(|| {
            let view = views::token(
                self,
                self.store().mirror().component_credential(platform_id).as_deref(),
                self.clock().now(),
            );
            let why =
                if view.reason_code == ReasonCode::Fresh { ReasonCode::ParentMissing.text() } else { &view.reason };
            AppError::new(ErrorCode::Unavailable, format!("no link can be made yet: {why}"))
        })?;
        let now = self.clock().now();
        if let Some(name) = tenant.clone() {
            // Before the code is made: it costs quota.
            self.store().write(move |tx| super::life::usable_tenant(tx, &name, now)).await?;
        }
        let code = api::create_preauthcode(runtime.transport.as_ref(), token, &request.component_appid)
            .await
            .map_err(|e| AppError::refused(last_error(&e, self.clock().now())))?;
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random)
            .map_err(|_| AppError::new(ErrorCode::Internal, "no random bytes from the system"))?;
        let id = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random);
        let redirect = format!("{}/wechat/{}/authorized/{id}", runtime.row.public_base_url, request.component_appid);
        let address = AuthorizeLink {
            component_appid: &request.component_appid,
            pre_auth_code: code.code.expose(),
            redirect_uri: &redirect,
            auth_type: request.auth_type,
            biz_appid: request.biz_appid.as_deref().filter(|b| !b.is_empty()),
            category_ids: &request.scopes,
        };
        let url = match request.kind {
            LinkKind::Pc => address.pc(runtime.row.endpoints.mp.trim_end_matches('/')),
            LinkKind::H5 => address.h5(runtime.row.endpoints.open.trim_end_matches('/')),
        };
        let row = LinkRow {
            id: id.clone(),
            platform_id,
            kind: request.kind,
            url: SecretString::from(url),
            pre_auth_hash: link::code_hash(code.code.expose()),
            tenant,
            created_at: now,
            expires_at: now + code.expires_in.max(1) * 1000,
            opened_at: None,
            closed_at: None,
            ended_at: None,
            account_id: None,
            error: None,
            auth_type: request.auth_type,
            biz_appid: request.biz_appid.filter(|b| !b.is_empty()),
            scopes: request.scopes,
            note: request.note.as_deref().map_or_else(String::new, |n| n.trim().to_owned()),
            authorized_at: None,
            cancelled_at: None,
            made_from,
        };
        self.store().write(move |tx| link::insert(tx, &row)).await?;
        self.changes().tell(["links", "tenants"]);
        self.get_link(&id).await
    }

    async fn link_row(&self, link_id: &str) -> Result<(LinkRow, bool), AppError> {
        let id = link_id.to_owned();
        let found = self
            .store()
            .read(move |c| match link::get(c, &id)? {
                Some(row) => Ok(Some((redemption::link_is_redeeming(c, &row.id)?, row))),
                None => Ok(None),
            })
            .await?;
        found.map(|(redeeming, row)| (row, redeeming)).ok_or_else(|| AppError::not_found("link", link_id))
    }

    pub(super) fn link_state(&self, row: &LinkRow, redeeming: bool) -> LinkState {
        if row.account_id.is_some() {
            LinkState::Authorized
        } else if redeeming {
            LinkState::Redeeming
        } else if row.ended_at.is_some() {
            LinkState::Ended
        } else if row.error.is_some() {
            LinkState::Failed
        } else if self.clock().now() >= row.expires_at {
            LinkState::Expired
        } else if row.cancelled_at.is_some() {
            LinkState::Cancelled
        } else if row.opened_at.is_some() {
            LinkState::Opened
        } else {
            LinkState::Waiting
        }
    }

    /// Without its secrets and its picture, which a list needs not.
    fn link_summary(&self, row: LinkRow, redeeming: bool) -> Result<Link, AppError> {
        let mirror = self.store().mirror();
        let platform =
            mirror.platform(row.platform_id).ok_or_else(|| AppError::not_found("platform of link", &row.id))?;
        let launch_url =
            format!("{}/wechat/{}/authorize/{}", platform.public_base_url, platform.component_appid, row.id);
        let account = row.account_id.and_then(|id| mirror.account(id)).map(|a| self.account_view(&platform, &a));
        Ok(Link {
            state: self.link_state(&row, redeeming),
            qr_svg: String::new(),
            link_id: row.id,
            component_appid: platform.component_appid.clone(),
            kind: row.kind,
            url: String::new(),
            launch_url,
            created_at: row.created_at,
            expires_at: row.expires_at,
            account,
            error: row.error,
            auth_type: row.auth_type,
            biz_appid: row.biz_appid,
            scopes: row.scopes,
            tenant: row.tenant,
            note: row.note,
            opened_at: row.opened_at,
            authorized_at: row.authorized_at,
            cancelled_at: row.cancelled_at,
            made_from: row.made_from,
        })
    }

    /// A link as it stands now.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn get_link(&self, link_id: &str) -> Result<Link, AppError> {
        let (row, redeeming) = self.link_row(link_id).await?;
        let url = row.url.expose().clone();
        let link = self.link_summary(row, redeeming)?;
        Ok(Link { url, qr_svg: qr_svg(&link.launch_url)?, ..link })
    }

    /// Newest links first. Links are kept for 30 days.
    ///
    /// # Errors
    /// `NotFound` for an unknown platform; the store's.
    pub async fn list_links(&self, query: &LinkQuery) -> Result<LinkPage, AppError> {
        let platform_id = query.platform.as_deref().map(|c| self.platform_row(c).map(|p| p.id)).transpose()?;
        let (rows, redeeming) =
            self.store().read(move |c| Ok((link::list(c, platform_id)?, redemption::redeeming_links(c)?))).await?;
        let needle = query.q.as_deref().map(str::trim).filter(|q| !q.is_empty()).map(str::to_lowercase);
        let mut counts = BTreeMap::<LinkState, i64>::new();
        let mut matching = Vec::new();
        for row in rows {
            let state = self.link_state(&row, redeeming.contains(&row.id));
            *counts.entry(state).or_default() += 1;
            let wanted = query.state.is_none_or(|wanted| wanted == state)
                && query.tenant.as_deref().is_none_or(|t| t == row.tenant.as_deref().unwrap_or(""))
                && needle.as_ref().is_none_or(|q| self.link_text(&row).contains(q.as_str()));
            if wanted {
                matching.push(row);
            }
        }
        let total = i64::try_from(matching.len()).unwrap_or(i64::MAX);
        let limit = usize::try_from(query.limit.unwrap_or(PAGE).clamp(1, MAX_PAGE)).unwrap_or(50);
        let offset = usize::try_from(query.offset.unwrap_or(0)).unwrap_or(usize::MAX);
        let items = matching.into_iter().skip(offset).take(limit).map(|row| {
            let redeeming = redeeming.contains(&row.id);
            self.link_summary(row, redeeming)
        });
        Ok(LinkPage {
            items: items.collect::<Result<_, _>>()?,
            total,
            counts: counts.into_iter().map(|(state, count)| LinkStateCount { state, count }).collect(),
        })
    }

    /// What a link is searched by, in lower case.
    fn link_text(&self, row: &LinkRow) -> String {
        let account = row.account_id.and_then(|id| self.store().mirror().account(id));
        let (name, appid) = account.as_ref().map_or(("", ""), |a| (a.nick_name.as_str(), a.appid.as_str()));
        let parts = [
            row.note.as_str(),
            row.tenant.as_deref().unwrap_or(""),
            row.biz_appid.as_deref().unwrap_or(""),
            name,
            appid,
        ];
        parts.join("\n").to_lowercase()
    }

    /// A poster to send in a chat, as an SVG document that needs nothing from outside: QR code, platform, until when.
    /// `offset_minutes` is the reader's distance from UTC, as the time of day on it.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn link_poster_svg(
        &self,
        link_id: &str,
        lang: PosterLanguage,
        offset_minutes: Option<i32>,
    ) -> Result<String, AppError> {
        let link = self.get_link(link_id).await?;
        let platform = self.platform_row(&link.component_appid)?;
        let code = code(&link.launch_url)?;
        Ok(super::poster::svg(&super::poster::Poster {
            code: &code,
            platform: &platform.name,
            kind: link.kind,
            auth_type: link.auth_type,
            expires_at: link.expires_at,
            offset_minutes: offset_minutes.unwrap_or(super::poster::BEIJING),
            lang,
        }))
    }

    /// The link's QR code as a PNG `data:` URL.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn link_qr_png(&self, link_id: &str) -> Result<String, AppError> {
        let link = self.get_link(link_id).await?;
        Ok(data_url("image/png", &qr_png(&link.launch_url)?))
    }

    /// Ends a link: whoever opens it, or comes back from WeChat with it, reads so, and no code of it is redeemed. If an
    /// administrator had confirmed before, WeChat's own event still brings the account; it is not taken for this link's.
    ///
    /// # Errors
    /// `NotFound`; the store's. A link that was used already is answered as it is.
    pub async fn end_link(&self, link_id: &str) -> Result<Link, AppError> {
        let (id, now) = (link_id.to_owned(), self.clock().now());
        if self.store().write(move |tx| link::end(tx, &id, now)).await? {
            self.changes().tell(["links", "tenants", &format!("link:{link_id}")]);
        }
        self.get_link(link_id).await
    }

    /// The link is no longer on screen.
    ///
    /// # Errors
    /// The store's.
    pub async fn close_link(&self, link_id: &str) -> Result<(), AppError> {
        let (id, now) = (link_id.to_owned(), self.clock().now());
        self.store().write(move |tx| link::closed(tx, &id, now)).await?;
        Ok(())
    }
}

fn check(request: &LinkRequest) -> Result<(), AppError> {
    if request.auth_type.is_some_and(|t| !(1..=8).contains(&t)) {
        return Err(AppError::invalid_field("auth_type", "range", "must be 1 to 8", "应为 1 到 8"));
    }
    if request.biz_appid.as_deref().is_some_and(|b| !b.is_empty() && !validate::is_appid(b)) {
        return Err(AppError::invalid_field(
            "biz_appid",
            "format",
            "must be wx and 16 hex digits",
            "应为 wx 加 16 位十六进制数字",
        ));
    }
    if request.note.as_deref().is_some_and(|n| n.trim().chars().count() > MAX_NOTE) {
        return Err(AppError::invalid_field("note", "length", "must have at most 200 characters", "最多 200 个字"));
    }
    if request.scopes.len() > 200 {
        return Err(AppError::invalid_field("scopes", "length", "must have at most 200 entries", "最多 200 项"));
    }
    Ok(())
}

pub(super) fn code(text: &str) -> Result<QrCode, AppError> {
    QrCode::with_error_correction_level(text, EcLevel::M)
        .map_err(|e| AppError::new(ErrorCode::Internal, format!("the address does not fit a QR code: {e}")))
}

/// A QR code as an SVG document, dark on white with its quiet zone.
///
/// # Errors
/// When the text is too long for a QR code.
pub fn qr_svg(text: &str) -> Result<String, AppError> {
    Ok(code(text)?.render::<svg::Color<'_>>().min_dimensions(280, 280).quiet_zone(true).build())
}

/// A QR code as a PNG file of at least 1024 pixels.
///
/// # Errors
/// When the text is too long for a QR code.
pub fn qr_png(text: &str) -> Result<Vec<u8>, AppError> {
    let picture = code(text)?.render::<image::Luma<u8>>().min_dimensions(PNG_SIDE, PNG_SIDE).quiet_zone(true).build();
    let mut bytes = Vec::new();
    picture
        .write_to(&mut std::io::Cursor::new(&mut bytes), image::ImageFormat::Png)
        .map_err(|e| AppError::new(ErrorCode::Internal, format!("the QR code could not be drawn: {e}")))?;
    Ok(bytes)
}

/// A QR code in half blocks for a terminal.
///
/// # Errors
/// When the text is too long for a QR code.
pub fn qr_text(text: &str) -> Result<String, AppError> {
    use qrcode::render::unicode::Dense1x2;
    Ok(code(text)?
        .render::<Dense1x2>()
        .dark_color(Dense1x2::Light)
        .light_color(Dense1x2::Dark)
        .quiet_zone(true)
        .build())
}
