//! The way of a push from bytes to a durable row.
//!
//! Owns verification, decryption, parsing, deduplication and the state changes of component events, all in one
//! transaction. It makes no calls to WeChat. Invariants: [`accept`] answers `Ok` only after the commit; a repeat or an
//! older push changes nothing; a refused push leaves only a counter and a line in the rejected list.

pub(crate) mod answers;
mod own;
pub(crate) mod retention;
pub(crate) mod sample;
pub(crate) mod sealed;
pub(crate) mod search;
mod take;
#[cfg(test)]
mod testing;
pub mod times;
pub(crate) mod view;

use std::sync::Arc;

use sha2::{Digest, Sha256};
use wechat::crypto::{CryptoError, KeyUsed};
use wechat::envelope::{PushQuery, parse_envelope};
use wechat::event::{Authorization, ComponentEvent, ComponentEventKind, parse_component_event};

use crate::core::{Core, Runtime};
use crate::dto::{AccountEventKind, OwnKind};
use crate::engine::Wake;
pub(crate) use answers::Answers;
use take::Arrival;

use crate::store::tables::account::AccountRow;
use crate::store::tables::inbox::NewPush;
use crate::store::tables::redemption::Offer;
use crate::store::tables::{account, account_event, credential, inbox, link, platform, redemption};
use crate::store::{StoreError, Tx};

/// Where a push came in.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// From the path.
    pub component_appid: &'a str,
    /// From the path; none on the event URL.
    pub authorizer_appid: Option<&'a str>,
    /// The server URL of an account that is connected with its own AppSecret, whose appid is in `component_appid`.
    pub own: bool,
}

/// Why a push was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No such platform.
    UnknownAppid,
    /// The query or the body cannot be read.
    BadBody,
    /// Wrong Token, or forged.
    BadSignature,
    /// Decryption failed: wrong EncodingAESKey.
    BadKey,
    /// For another appid.
    WrongAppid,
    /// Plain where encrypted is expected, or the reverse: the message mode differs on the two sides.
    WrongMode,
    /// A plain push whose time is long gone: its signature, seen once, could be used for ever.
    Stale,
    /// Not from an address of WeChat's, and the operator wants those only.
    UnlistedSource,
    /// The store failed; WeChat will repeat the push.
    Store,
}

impl Refusal {
    /// As shown in the rejected list.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::UnknownAppid => "unknown_appid",
            Self::BadBody => "bad_body",
            Self::BadSignature => "bad_signature",
            Self::BadKey => "bad_key",
            Self::WrongAppid => "wrong_appid",
            Self::WrongMode => "wrong_mode",
            Self::Stale => "stale",
            Self::UnlistedSource => "unlisted_source",
            Self::Store => "store",
        }
    }

    /// HTTP status (interfaces, "The public door").
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::UnknownAppid => 404,
            Self::BadBody => 400,
            Self::BadSignature
            | Self::BadKey
            | Self::WrongAppid
            | Self::WrongMode
            | Self::Stale
            | Self::UnlistedSource => 403,
            Self::Store => 500,
        }
    }
}

impl From<CryptoError> for Refusal {
    fn from(e: CryptoError) -> Self {
        match e.code() {
            -40001 => Self::BadSignature,
            -40005 => Self::WrongAppid,
            -40002 | -40010 => Self::BadBody,
            _ => Self::BadKey,
        }
    }
}

/// What takes pushes that come in here: a platform on its own URLs, an own account on its.
pub(crate) fn runtime_of(core: &Core, target: Target<'_>) -> Option<Arc<Runtime>> {
    core.runtime_by_appid(target.component_appid).filter(|r| match r.row.own {
        Some(own) => target.own && own.kind != OwnKind::WebsiteApp,
        None => !target.own,
    })
}

/// What is answered to a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// `success`.
    Success,
    /// An empty body.
    Empty,
    /// A passive reply, XML, or JSON to whoever pushes JSON; encrypted when it leaves [`accept`], unless the push was
    /// plain.
    Document(String),
}

/// Takes a push. `Ok` means durable: answer it.
///
/// # Errors
/// Why it was refused; nothing was stored then.
pub async fn accept(core: &Core, target: Target<'_>, query: &str, body: &[u8]) -> Result<Reply, Refusal> {
    accept_since(core, target, query, body, core.clock().monotonic()).await
}

/// The same for a push whose request began at `began`, monotonic ms.
pub(crate) async fn accept_since(
    core: &Core,
    target: Target<'_>,
    query: &str,
    body: &[u8],
    began: i64,
) -> Result<Reply, Refusal> {
    let taken = take(core, target, query, body, began).await;
    if let Err(refusal) = &taken {
        core.expected_pushes().refused(query, *refusal);
    }
    taken
}

async fn take(core: &Core, target: Target<'_>, query: &str, body: &[u8], began: i64) -> Result<Reply, Refusal> {
    let now = core.clock().now();
    let runtime = runtime_of(core, target).ok_or(Refusal::UnknownAppid)?;
    if let Some(own) = runtime.row.own {
        return own::accept(core, &runtime, own, query, body, began).await;
    }
    let crypto = runtime.crypto.as_ref().ok_or(Refusal::BadKey)?;
    let query = PushQuery::parse(query).map_err(|_| Refusal::BadBody)?;
    let envelope = parse_envelope(body).map_err(|_| Refusal::BadBody)?;
    let opened = crypto.open(&query, envelope.encrypt_bytes())?;
    let platform_id = runtime.row.id;
    if opened.key == KeyUsed::Previous {
        core.previous_key_used(platform_id, now);
    }
    let mut push = NewPush {
        platform_id,
        authorizer: target.authorizer_appid.map(str::to_owned),
        received_at: now,
        dedupe: 0,
        kind: None,
        random: opened.random,
        seal: sealed::seal_of(&runtime, &query, Some(opened.key)),
        body: opened.msg,
        flags: 0,
        rule_id: None,
        notify: None,
    };
    if let Some(authorizer) = target.authorizer_appid {
        if !crate::validate::is_appid(authorizer) {
            return Err(Refusal::UnknownAppid);
        }
        let arrival =
            Arrival { began, made_up: core.expected_pushes().made_up(&query.nonce), nonce: query.nonce.clone() };
        let reply = take::take_message(core, &runtime, authorizer, push, arrival).await?;
        let Reply::Document(xml) = reply else { return Ok(reply) };
        let random = wechat::crypto::random_prefix().map_err(|_| Refusal::Store)?;
        return Ok(Reply::Document(crypto.seal_reply(opened.key, xml.as_bytes(), now / 1000, &query.nonce, random)));
    }
    let event = parse_component_event(&push.body).map_err(|_| Refusal::BadBody)?;
    if event.app_id != target.component_appid {
        return Err(Refusal::WrongAppid);
    }
    if event.info_type() == crate::check::SELF_CHECK {
        // Our own: nothing to store, and no sign of life from WeChat.
        core.expected_pushes().arrived(&query.nonce);
        return Ok(Reply::Success);
    }
    push.dedupe = identity(&[&event.dedupe_key()]);
    push.kind = Some(event.info_type().to_owned());
    let effect =
        core.store()
            .write(move |tx| {
                if inbox::insert_event(tx, &push)? { apply(tx, platform_id, &event, now) } else { Ok(Effect::Nothing) }
            })
            .await
            .map_err(|e| store_failed(&e))?;
    core.door().accepted(now);
    match effect {
        Effect::Nothing => {}
        Effect::NewTicket => {
            core.changes().tell(["platforms", "overview"]);
            core.wake(Wake::Platform(platform_id));
        }
        Effect::Code => core.wake(Wake::Redeem),
        Effect::Cancelled { appid, credential_id } => {
            core.changes().account(&appid);
            core.changes().tell(["platforms"]);
            core.wake(Wake::Credential(credential_id));
        }
    }
    core.answer_times().note(core.clock().now(), (core.clock().monotonic() - began).max(0));
    core.changes().tell(["inbox"]);
    Ok(Reply::Success)
}

fn store_failed(e: &StoreError) -> Refusal {
    tracing::error!(error = %e, "a push could not be stored; WeChat will repeat it");
    Refusal::Store
}

enum Effect {
    Nothing,
    NewTicket,
    Code,
    Cancelled { appid: String, credential_id: i64 },
}

fn apply(tx: &Tx<'_>, platform_id: i64, event: &ComponentEvent, now: i64) -> Result<Effect, StoreError> {
    match &event.kind {
        ComponentEventKind::VerifyTicket { ticket } => {
            let kept = platform::keep_newer_ticket(tx, platform_id, ticket, event.create_time, now)?;
            Ok(if kept { Effect::NewTicket } else { Effect::Nothing })
        }
        ComponentEventKind::Authorized(grant) | ComponentEventKind::UpdateAuthorized(grant) => {
            offer_code(tx, platform_id, grant, event.create_time, now)?;
            Ok(Effect::Code)
        }
        ComponentEventKind::Unauthorized { authorizer_appid } => {
            cancel(tx, platform_id, authorizer_appid, event.create_time, now)
        }
        // Kept raw in the inbox; nothing of ours changes.
        _ => Ok(Effect::Nothing),
    }
}

fn offer_code(
    tx: &Tx<'_>,
    platform_id: i64,
    grant: &Authorization,
    create_time: i64,
    now: i64,
) -> Result<(), StoreError> {
    let link = match &grant.pre_auth_code {
        Some(code) => link::by_pre_auth_code(tx, platform_id, code.expose())?.filter(|link| link.ended_at.is_none()),
        None => None,
    };
    // An event that was overtaken by a later cancellation must not bring the account back.
    let overtaken = account::find(tx, platform_id, &grant.authorizer_appid)?
        .is_some_and(|a| a.unauthorized_create_time > create_time);
    if overtaken {
        return Ok(());
    }
    redemption::offer(
        tx,
        &Offer {
            platform_id,
            code: &grant.code,
            link_id: link.as_ref().map(|l| l.id.as_str()),
            authorizer_appid: Some(&grant.authorizer_appid),
            create_time,
            expires_at: grant.code_expires_at.saturating_mul(1000),
        },
        now,
    )?;
    Ok(())
}

fn cancel(tx: &Tx<'_>, platform_id: i64, appid: &str, create_time: i64, now: i64) -> Result<Effect, StoreError> {
    // An account that is not known yet gets a row all the same: its authorization may be under way, and must find that
    // it was overtaken.
    let mut row = account::find(tx, platform_id, appid)?.unwrap_or_else(|| AccountRow {
        platform_id,
        appid: appid.to_owned(),
        ..AccountRow::default()
    });
    // Reordered: the account has authorized again since.
    if row.authorized_create_time > create_time {
        return Ok(Effect::Nothing);
    }
    let news = row.authorized && row.is_known();
    row.unauthorized_create_time = create_time;
    let (row, credential_id) = unauthorize(tx, row, now)?;
    if news {
        let detail = account_event::Detail { removed: row.scopes.clone(), ..account_event::Detail::default() };
        account_event::add(tx, row.id, now, AccountEventKind::Unauthorized, &detail)?;
    }
    Ok(Effect::Cancelled { appid: appid.to_owned(), credential_id })
}

/// An account without its authorization: the row stays, its tokens go. Answers it with its credential's id.
pub(crate) fn unauthorize(tx: &Tx<'_>, mut row: AccountRow, now: i64) -> Result<(Arc<AccountRow>, i64), StoreError> {
    row.authorized = false;
    row.unauthorized_at = now;
    let row = account::save(tx, &row)?;
    let mut held = credential::ensure(tx, row.platform_id, Some(row.id))?;
    held.token = None;
    held.refresh_token = None;
    held.obtained_at = None;
    held.expires_at = None;
    held.forget_failure();
    credential::update(tx, &held)?;
    Ok((row, held.id))
}

/// First 8 bytes of SHA-256 over the parts.
pub(crate) fn identity(parts: &[&str]) -> i64 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let digest = hash.finalize();
    let mut eight = [0_u8; 8];
    eight.copy_from_slice(&digest[..8]);
    i64::from_le_bytes(eight)
}

#[cfg(test)]
mod tests;
