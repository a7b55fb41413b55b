//! An account's details, avatar and QR code.
//!
//! Invariant: a failed fetch never blanks what is known.

use std::collections::HashMap;

use base64::Engine as _;
use wechat::api::{self, AuthorizerInfo};
use wechat::error::CallError;
use wechat::transport::{ApiRequest, Host, Method};

use super::{last_error, usable};
use crate::call_log;
use crate::core::Core;
use crate::dto::{AccountKind, CallReason, ErrorCode};
use crate::error::AppError;
use crate::menus::originals;
use crate::policy;
use crate::store::tables::account::{self, AccountRow};
use crate::store::tables::account_details::{self, Details};
use crate::store::tables::account_event;

/// Largest picture kept, bytes. WeChat's are under 100 KiB.
const MAX_PICTURE: usize = 1 << 20;

/// Details are fetched again once a day, ms (issue: daily).
const EVERY: i64 = 24 * 3_600_000;
/// And not within this of the last time, whatever moment of the day is the account's, ms.
const NOT_BEFORE: i64 = EVERY / 2;
/// Tells this use of the spread from the jitter of tokens.
const DAY_SLOT: i64 = -24;

/// When details are fetched by themselves, ms: at the account's own moment of the day, which its row id decides, so that
/// accounts that came together do not ask together. `None` for an account that is not authorized.
#[must_use]
pub fn next_at(row: &AccountRow) -> Option<i64> {
    if !row.authorized || row.removed_at.is_some() {
        return None;
    }
    let tried = row.details_at.max(row.details_error.as_ref().map(|e| e.at));
    let Some(tried) = tried else { return Some(0) };
    let earliest = tried.saturating_add(NOT_BEFORE);
    Some(earliest + (policy::spread(row.id, DAY_SLOT, EVERY - 1) - earliest).rem_euclid(EVERY))
}

/// Accounts whose details are due, longest overdue first, at most `most`. Accounts of a platform without a live token are
/// left out: nothing could be asked.
#[must_use]
pub(super) fn due(core: &Core, most: usize) -> Vec<i64> {
    let now = core.clock().now();
    let mirror = core.store().mirror();
    let mut open: HashMap<i64, bool> = HashMap::new();
    let mut due = Vec::new();
    for id in mirror.account_ids() {
        let Some(row) = mirror.account(id) else { continue };
        let Some(at) = next_at(&row).filter(|at| *at <= now) else { continue };
        let may = *open
            .entry(row.platform_id)
            .or_insert_with(|| mirror.component_credential(row.platform_id).is_some_and(|c| usable(&c, now)));
        if may {
            due.push((at, id));
        }
    }
    due.sort_unstable();
    due.into_iter().take(most).map(|(_, id)| id).collect()
}

/// Fetches details, then the pictures that changed.
///
/// # Errors
/// WeChat's refusal, which is also stored with the account, or why it could not be asked.
pub async fn fetch(core: &Core, account_id: i64) -> Result<(), AppError> {
    let row = core.store().mirror().account(account_id).ok_or_else(|| AppError::not_found("account", "any more"))?;
    if row.own {
        let words = "WeChat tells the details of accounts that authorized a platform only";
        return Err(AppError::new(ErrorCode::Unavailable, words));
    }
    let runtime = core.runtime(row.platform_id).ok_or_else(|| AppError::not_found("platform", "any more"))?;
    let parent = core.store().mirror().component_credential(row.platform_id).filter(|c| usable(c, core.clock().now()));
    let token = parent.as_ref().and_then(|p| p.token.as_ref());
    let token =
        token.ok_or_else(|| AppError::new(ErrorCode::Unavailable, "there is no live component token to ask with"))?;
    let call = api::get_authorizer_info(runtime.transport.as_ref(), token, &runtime.row.component_appid, &row.appid);
    let answer = call_log::because(CallReason::Details, Some(&row.appid), call).await;
    let now = core.clock().now();
    let info = match answer {
        Ok(info) => info,
        Err(error) => {
            let failure = last_error(&error, now);
            let stored = failure.clone();
            core.store()
                .write(move |tx| {
                    if let Some(mut row) = account::get(tx, account_id)? {
                        row.details_error = Some(stored);
                        account::save(tx, &row)?;
                    }
                    Ok(())
                })
                .await?;
            core.changes().account(&row.appid);
            return Err(AppError::refused(failure));
        }
    };
    let (known, qr_from) = core
        .store()
        .read(move |c| Ok((account_details::get(c, account_id)?, account_details::qr_url(c, account_id)?)))
        .await?;
    let wanted = |url: &Option<String>, cached: Option<&String>| {
        url.clone().filter(|url| url.starts_with("http") && cached != Some(url))
    };
    // A changed picture has a changed address.
    let avatar = match wanted(&info.head_img, known.avatar_url.as_ref().filter(|_| row.has_avatar)) {
        Some(url) => picture(&*runtime.transport, &url).await.map(|picture| (url, picture)),
        None => None,
    };
    let qr = match wanted(&info.qrcode_url, qr_from.as_ref()) {
        Some(url) => picture(&*runtime.transport, &url).await.map(|picture| (url, picture)),
        None => None,
    };
    core.store()
        .write(move |tx| {
            let Some(mut row) = account::get(tx, account_id)? else { return Ok(()) };
            let mut known = account_details::get(tx, account_id)?;
            let scopes_before = row.scopes.clone();
            learn(&mut row, &mut known, info);
            // An event that never arrived shows here.
            account_event::scopes_changed(tx, account_id, now, &scopes_before, &row.scopes)?;
            row.details_at = Some(now);
            row.details_error = None;
            if let Some((url, (mime, bytes))) = avatar {
                account::save_avatar(tx, account_id, mime, &bytes)?;
                row.has_avatar = true;
                known.avatar_url = Some(url);
            }
            if let Some((url, (mime, bytes))) = qr {
                account_details::save_qr(tx, account_id, &url, mime, &bytes)?;
            }
            account_details::save(tx, account_id, &known)?;
            account::save(tx, &row)?;
            Ok(())
        })
        .await?;
    core.changes().account(&row.appid);
    // Now its kind and its permission sets are known.
    if let Some(row) = core.store().mirror().account(account_id) {
        originals::look(core, &row).await;
    }
    Ok(())
}

/// Takes over what an answer tells; what it leaves out stays.
fn learn(row: &mut AccountRow, known: &mut Details, info: AuthorizerInfo) {
    let keep = |new: Option<String>, old: &mut String| {
        if let Some(new) = new.filter(|n| !n.is_empty()) {
            *old = new;
        }
    };
    row.kind = Some(match info.kind {
        wechat::account::AccountKind::MiniProgram => AccountKind::MiniProgram,
        wechat::account::AccountKind::OfficialAccount => AccountKind::OfficialAccount,
    });
    keep(Some(info.nick_name), &mut row.nick_name);
    keep(Some(info.user_name), &mut row.user_name);
    keep(info.principal_name, &mut row.principal_name);
    keep(info.alias, &mut row.alias);
    keep(info.signature, &mut row.signature);
    keep(info.head_img, &mut row.head_img);
    row.service_type = info.service_type.or(row.service_type);
    row.verify_type = info.verify_type.or(row.verify_type);
    row.account_status = info.account_status.or(row.account_status);
    if !info.authorization.func_info.is_empty() {
        row.scopes = info.authorization.func_info.iter().map(|f| i64::from(f.id)).collect();
    }
    known.qrcode_url = info.qrcode_url.or(known.qrcode_url.take());
    known.register_type = info.register_type.or(known.register_type);
    known.phone_configured = info.phone_configured.or(known.phone_configured);
    known.email_configured = info.email_configured.or(known.email_configured);
    if !info.business.is_empty() {
        known.business = info.business;
    }
    let Some(mini) = info.mini_program else { return };
    known.visit_status = mini.visit_status.or(known.visit_status);
    // The member with the lists is there also when all of them are empty: then the owner removed the last one.
    if !mini.network.is_empty() {
        known.domains = mini.network;
    }
    if !mini.categories.is_empty() {
        known.categories = mini.categories;
    }
}

/// The QR code of an account, from the cache, or fetched now when only its address is known.
///
/// # Errors
/// The store's.
pub async fn qr(core: &Core, row: &AccountRow) -> Result<Option<(String, Vec<u8>)>, AppError> {
    let id = row.id;
    let (cached, known) =
        core.store().read(move |c| Ok((account_details::qr(c, id)?, account_details::get(c, id)?))).await?;
    if let Some(qr) = cached {
        return Ok(Some((qr.mime, qr.bytes)));
    }
    let Some(url) = known.qrcode_url.filter(|url| url.starts_with("http")) else { return Ok(None) };
    let Some(runtime) = core.runtime(row.platform_id) else { return Ok(None) };
    let Some((mime, bytes)) = picture(&*runtime.transport, &url).await else { return Ok(None) };
    let stored = bytes.clone();
    core.store()
        .write(move |tx| match account::get(tx, id)? {
            Some(_) => account_details::save_qr(tx, id, &url, mime, &stored),
            None => Ok(()),
        })
        .await?;
    Ok(Some((mime.to_owned(), bytes)))
}

/// Fetches a picture; `None` for anything that is not one, since the window shows it.
async fn picture(transport: &dyn wechat::transport::Transport, url: &str) -> Option<(&'static str, Vec<u8>)> {
    let start = url.find("://")? + 3;
    let path_at = url.get(start..)?.find('/')? + start;
    let (base, path) = url.split_at(path_at);
    let request = ApiRequest {
        method: Method::Get,
        host: Host::Absolute(base.to_owned()),
        path: path.to_owned(),
        query: Vec::new(),
        body: None,
        content_type: None,
    };
    let answer = transport.send(request).await.map_err(CallError::from).ok()?;
    if answer.status != 200 || answer.body.len() > MAX_PICTURE {
        return None;
    }
    Some((kind_of(&answer.body)?, answer.body))
}

fn kind_of(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

/// A picture as a `data:` URL, the only form in which the window gets one.
#[must_use]
pub fn data_url(mime: &str, bytes: &[u8]) -> String {
    format!("data:{mime};base64,{}", base64::engine::general_purpose::STANDARD.encode(bytes))
}
