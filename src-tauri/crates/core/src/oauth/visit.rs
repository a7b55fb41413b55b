//! Visitors of business servers on their way to WeChat and back. Nothing is stored of them until they come back: what is
//! known of a visit travels in its `state` and its cookie, bound together by a code of ours (HMAC-SHA256), so that no crowd
//! at the entrance costs memory or keeps anybody out.
//!
//! Invariants: a `state` is worth nothing without the cookie of the browser that entered; a visit that came back is a
//! `once` link like any other from then on.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Subject, hash, random_hex};
use crate::core::Core;
use crate::error::AppError;
use crate::store::StoreError;
use crate::store::tables::oauth_link::{self, OauthLinkRow};
use crate::store::tables::oauth_route::{self, OauthRouteRow};
use crate::store::tables::setting;

/// A visitor has so long to come back, ms; the cookie lives as long.
pub(crate) const VISIT: i64 = 600_000;
/// Setting that holds the key, as hex digits; made once, so that a restart cuts nobody off.
const KEY: &str = "oauth_visit_key";
/// First letter of a visit's `state`. States of links are 32 characters; a visit's are longer.
const MARK: char = 'v';
/// Characters of the time in a `state`: milliseconds in hexadecimal reach to the year 10889.
const TIME: usize = 12;
/// Of the random part: also names the cookie, so that two tabs do not take each other's.
const RANDOM: usize = 16;
/// Of the code: 160 bits, and `state` stays under WeChat's 128 characters.
const CODE: usize = 40;

/// A visitor entered by a route.
pub(crate) struct Entered {
    /// WeChat's page.
    pub url: String,
    /// Name of the cookie.
    pub cookie_name: String,
    /// The cookie's value.
    pub cookie: String,
    /// The door is reached by https.
    pub secure: bool,
}

/// Why a visitor could not enter.
pub(crate) enum NotEntered {
    /// No such route of this account.
    Unknown,
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

/// A `state` taken apart.
struct Visit<'a> {
    time: i64,
    random: &'a str,
    code: &'a str,
    route_id: &'a str,
}

fn parse(state: &str) -> Option<Visit<'_>> {
    let rest = state.strip_prefix(MARK).filter(|rest| rest.is_ascii() && rest.len() > TIME + RANDOM + CODE)?;
    let (time, rest) = rest.split_at(TIME);
    let (random, rest) = rest.split_at(RANDOM);
    let (code, route_id) = rest.split_at(CODE);
    Some(Visit { time: i64::from_str_radix(time, 16).ok()?, random, code, route_id })
}

/// Name of the cookie of the browser that entered with this `state`; none for a link's.
pub(crate) fn cookie_name(state: &str) -> Option<String> {
    parse(state).map(|visit| name_of(visit.random))
}

fn name_of(random: &str) -> String {
    format!("wxdesk_oauth_{}", &random[..8])
}

fn mac(key: &[u8], appid: &str, route_id: &str, time: i64, random: &str, cookie: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    for part in [appid, route_id, &time.to_string(), random, cookie] {
        mac.update(&part.len().to_le_bytes());
        mac.update(part.as_bytes());
    }
    Some(mac)
}

/// The key, made when there is none yet.
async fn key(core: &Core) -> Result<Zeroizing<String>, AppError> {
    let stored: String = core.store().read(|c| setting::get(c, KEY)).await?;
    if !stored.is_empty() {
        return Ok(Zeroizing::new(stored));
    }
    let fresh = random_hex::<32>()?;
    let key = core
        .store()
        .write(move |tx| {
            // Somebody may have been faster.
            let stored: String = setting::get(tx, KEY)?;
            if !stored.is_empty() {
                return Ok(stored);
            }
            setting::put(tx, KEY, &fresh)?;
            Ok(fresh)
        })
        .await?;
    Ok(Zeroizing::new(key))
}

fn link(route: &OauthRouteRow, state: String, cookie: &str, entered_at: i64) -> OauthLinkRow {
    let visitor_state = cookie.split_once('.').and_then(|(_, sealed)| URL_SAFE_NO_PAD.decode(sealed).ok());
    OauthLinkRow {
        state,
        platform_id: route.platform_id,
        appid: route.appid.clone(),
        scope: route.scope,
        force_popup: false,
        force_snapshot: false,
        route_id: Some(route.id.clone()),
        visitor_state: visitor_state.and_then(|bytes| String::from_utf8(bytes).ok()),
        visitor_hash: Some(hash(cookie)),
        note: String::new(),
        once: true,
        created_at: entered_at,
        expires_at: entered_at + VISIT,
        ended_at: None,
        uses: 0,
        refused: 0,
    }
}

async fn route(core: &Core, appid: &str, route_id: &str) -> Result<Option<OauthRouteRow>, StoreError> {
    let id = route_id.to_owned();
    let route = core.store().read(move |c| Ok(oauth_route::get(c, &id)?)).await?;
    Ok(route.filter(|route| route.appid == appid))
}

/// Lets a visitor enter by a route; `visitor_state` is the business server's own.
pub(crate) async fn enter(
    core: &Core,
    appid: &str,
    route_id: &str,
    visitor_state: Option<&str>,
) -> Result<Entered, NotEntered> {
    let route = route(core, appid, route_id).await?.ok_or(NotEntered::Unknown)?;
    let subject: Subject = core.oauth_subject_by_id(route.platform_id, &route.appid)?;
    subject.check_scope(route.scope)?;
    let secure = subject.base_url()?.starts_with("https://");
    let (now, random) = (core.clock().now(), random_hex::<{ RANDOM / 2 }>()?);
    let mut cookie = random_hex::<32>()?;
    if let Some(state) = visitor_state {
        cookie.push('.');
        cookie.push_str(&URL_SAFE_NO_PAD.encode(state));
    }
    let key = key(core).await?;
    let mac = mac(key.as_bytes(), appid, &route.id, now, &random, &cookie)
        .ok_or_else(|| NotEntered::NotNow("no key for visits".to_owned()))?;
    let code = crate::hex(&mac.finalize().into_bytes());
    let state = format!("{MARK}{now:0TIME$x}{random}{}{}", &code[..CODE], route.id);
    let url = subject.link_url(&link(&route, state, &cookie, now));
    Ok(Entered { url, cookie_name: name_of(&random), cookie, secure })
}

/// What came of somebody who says to come back from a visit.
pub(crate) enum Arrived {
    /// The browser that entered; from now on its visit is a link.
    Visitor(Box<OauthLinkRow>),
    /// Another browser, or no visit of ours.
    Stranger,
    /// More than ten minutes ago.
    TooLate,
}

/// A browser with this cookie comes back with a `state` that is no link's.
///
/// # Errors
/// The store's.
pub(crate) async fn arrive(core: &Core, appid: &str, state: &str, cookie: &str) -> Result<Arrived, AppError> {
    let Some(visit) = parse(state) else { return Ok(Arrived::Stranger) };
    let key = key(core).await?;
    let Some(mac) = mac(key.as_bytes(), appid, visit.route_id, visit.time, visit.random, cookie) else {
        return Ok(Arrived::Stranger);
    };
    let mut said = [0_u8; CODE / 2];
    let said_well = visit.code.as_bytes().chunks(2).zip(&mut said).all(|(digits, byte)| {
        let value = std::str::from_utf8(digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok());
        value.map(|value| *byte = value).is_some()
    });
    if !said_well || mac.verify_truncated_left(&said).is_err() {
        return Ok(Arrived::Stranger);
    }
    if core.clock().now() >= visit.time.saturating_add(VISIT) {
        return Ok(Arrived::TooLate);
    }
    let Some(route) = route(core, appid, visit.route_id).await? else { return Ok(Arrived::Stranger) };
    let row = link(&route, state.to_owned(), cookie, visit.time);
    let row = core
        .store()
        .write(move |tx| match oauth_link::get(tx, &row.state)? {
            // WeChat asked twice at once.
            Some(known) => Ok(known),
            None => oauth_link::insert(tx, &row).map(|()| row),
        })
        .await?;
    Ok(Arrived::Visitor(Box::new(row)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_comes_apart_as_it_was_put_together() {
        let state = format!("v{:0TIME$x}{}{}{}", 1_767_225_600_123_i64, "0123456789abcdef", "c".repeat(CODE), "a1b2");
        let visit = parse(&state).unwrap();
        assert_eq!((visit.time, visit.random, visit.route_id), (1_767_225_600_123, "0123456789abcdef", "a1b2"));
        assert_eq!(visit.code, "c".repeat(CODE));
        assert_eq!(cookie_name(&state).unwrap(), "wxdesk_oauth_01234567");
        assert!(wechat::links::is_state(&state));
        for other in ["", "v", &"v".repeat(69), &format!("w{}", &state[1..]), "vé", &"a".repeat(32)] {
            assert!(parse(other).is_none(), "{other}");
        }
    }

    #[test]
    fn every_part_counts() {
        let of = |appid: &str, route: &str, time, random: &str, cookie: &str| {
            mac(b"key", appid, route, time, random, cookie).unwrap().finalize().into_bytes().to_vec()
        };
        let one = of("wx1", "r", 1, "x", "c");
        for other in [
            of("wx2", "r", 1, "x", "c"),
            of("wx1", "s", 1, "x", "c"),
            of("wx1", "r", 2, "x", "c"),
            of("wx1", "r", 1, "y", "c"),
            of("wx1", "r", 1, "x", "d"),
            // No part runs into the next.
            of("wx1r", "", 1, "x", "c"),
        ] {
            assert_ne!(one, other);
        }
    }
}
