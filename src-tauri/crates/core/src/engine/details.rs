//! An account's details and avatar.
//!
//! Invariant: a failed fetch never blanks what is known.

use base64::Engine as _;
use wechat::api;
use wechat::error::CallError;
use wechat::transport::{ApiRequest, Host, Method};

use super::{last_error, usable};
use crate::core::Core;
use crate::dto::{AccountKind, ErrorCode};
use crate::error::AppError;
use crate::store::tables::{account, account_event};

/// Largest avatar kept, bytes. WeChat's are under 100 KiB.
const MAX_AVATAR: usize = 1 << 20;

/// Fetches details, then the avatar if there is one.
///
/// # Errors
/// WeChat's refusal, which is also stored with the account, or why it could not be asked.
pub async fn fetch(core: &Core, account_id: i64) -> Result<(), AppError> {
    let row = core.store().mirror().account(account_id).ok_or_else(|| AppError::not_found("account", "any more"))?;
    let runtime = core.runtime(row.platform_id).ok_or_else(|| AppError::not_found("platform", "any more"))?;
    let parent = core.store().mirror().component_credential(row.platform_id).filter(|c| usable(c, core.clock().now()));
    let token = parent.as_ref().and_then(|p| p.token.as_ref());
    let token =
        token.ok_or_else(|| AppError::new(ErrorCode::Unavailable, "there is no live component token to ask with"))?;
    let answer =
        api::get_authorizer_info(runtime.transport.as_ref(), token, &runtime.row.component_appid, &row.appid).await;
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
    let avatar = match &info.head_img {
        Some(url) if url.starts_with("http") => picture(&*runtime.transport, url).await,
        _ => None,
    };
    core.store()
        .write(move |tx| {
            let Some(mut row) = account::get(tx, account_id)? else { return Ok(()) };
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
                let scopes: Vec<i64> = info.authorization.func_info.iter().map(|f| i64::from(f.id)).collect();
                // An event that never arrived shows here.
                account_event::scopes_changed(tx, account_id, now, &row.scopes, &scopes)?;
                row.scopes = scopes;
            }
            row.details_at = Some(now);
            row.details_error = None;
            if let Some((mime, bytes)) = avatar {
                account::save_avatar(tx, account_id, mime, &bytes)?;
                row.has_avatar = true;
            }
            account::save(tx, &row)?;
            Ok(())
        })
        .await?;
    core.changes().account(&row.appid);
    Ok(())
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
    };
    let answer = transport.send(request).await.map_err(CallError::from).ok()?;
    if answer.status != 200 || answer.body.len() > MAX_AVATAR {
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
