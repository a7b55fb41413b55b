//! Owns: what an account does with its own secret (E.2), jsapi tickets (H.1).
//! Must not: mix the tokens of the two interfaces; they do not invalidate each other.
//! Invariant: `stable_token` gives the same token until five minutes before its end, unless forced.

use serde_json::{Value, json};

use super::{Call, Refusal, count};
use crate::accounts::Kind;
use crate::platform::Platform;
use crate::state::{Owner, Token};

/// The stable token is swapped this long before its end (E.2).
const STABLE_SWAP_MS: i64 = 300_000;
/// A forced refresh must be this long after the last one (E.2).
const FORCE_GAP_MS: i64 = 30_000;
/// Forced refreshes a day (E.2).
const FORCED_A_DAY: u64 = 20;
/// Life of a jsapi ticket (H.1).
const TICKET_LIFE_S: i64 = 7200;

fn check(platform: &Platform, appid: &str, secret: &str) -> Result<(), Refusal> {
    let Some(state) = platform.state.accounts.get(appid) else { return Err(Refusal::new(40013)) };
    if state.account.kind == Kind::Website {
        // It has people to log in and nothing to call.
        return Err(Refusal::new(40013));
    }
    if state.app_secret != secret {
        return Err(Refusal::new(40125));
    }
    match state.account.status {
        19 => Err(Refusal::new(50007)),
        14 | 16 => Err(Refusal::new(50004)),
        _ => Ok(()),
    }
}

pub(super) fn token(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    if call.query("grant_type") != Some("client_credential") {
        return Err(Refusal::new(40002));
    }
    let appid = call.need_query("appid", 41002)?.to_owned();
    let secret = call.need_query("secret", 41004)?;
    check(platform, &appid, secret)?;
    let life_s = platform.config.own_token_life_s;
    let value = platform.issue_token(Owner::Own(appid), call.now, life_s);
    Ok(json!({"access_token": value, "expires_in": life_s}))
}

pub(super) fn stable_token(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    if call.field("grant_type").as_deref() != Some("client_credential") {
        return Err(Refusal::new(40002));
    }
    let appid = call.need("appid", 41002)?;
    let secret = call.need("secret", 41004)?;
    check(platform, &appid, &secret)?;
    let forced = call.body.get("force_refresh").and_then(Value::as_bool).unwrap_or(false);
    let owner = Owner::Stable(appid.clone());
    let current = platform.state.accounts.get(&appid).and_then(|a| a.stable.current.clone());
    if let Some(token) = current {
        if forced && call.now - token.issued_ms < FORCE_GAP_MS {
            return Err(Refusal::new(45011));
        }
        let left = token.until_ms - call.now;
        if !forced && left > STABLE_SWAP_MS {
            return Ok(json!({"access_token": token.value, "expires_in": left / 1000}));
        }
    }
    if forced {
        let last = platform.state.accounts.get(&appid).and_then(|state| state.forced_ms);
        if last.is_some_and(|last| call.now - last < FORCE_GAP_MS) {
            return Err(Refusal::new(45011));
        }
        count(platform, &appid, "forced stable token", Some(FORCED_A_DAY), call.now)?;
    }
    let life_s = platform.config.own_token_life_s;
    let value = platform.issue_token(owner, call.now, life_s);
    if forced && let Some(state) = platform.state.accounts.get_mut(&appid) {
        // A forced refresh ends the old token at once.
        state.stable.former.clear();
        state.forced_ms = Some(call.now);
    }
    Ok(json!({"access_token": value, "expires_in": life_s}))
}

pub(super) fn ticket(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let appid = call.account()?.to_owned();
    if !matches!(call.query("type"), Some("jsapi" | "wx_card")) {
        return Err(Refusal::new(40035));
    }
    let kind = call.query("type").unwrap_or_default().to_owned();
    let held = platform.state.accounts.get(&appid).and_then(|state| state.tickets.get(&kind));
    let held = held.and_then(|slot| slot.current.clone());
    let ticket = match held {
        Some(old) if old.until_ms - call.now > STABLE_SWAP_MS => old,
        _ => {
            let until_ms = call.now + TICKET_LIFE_S * 1000;
            let fresh = Token { value: platform.state.rng.url_safe(86), issued_ms: call.now, until_ms };
            let Some(state) = platform.state.accounts.get_mut(&appid) else { return Err(Refusal::new(61003)) };
            // The one before lives to its own end, which is at most the overlap away.
            state.tickets.entry(kind).or_default().replace(fresh.clone(), STABLE_SWAP_MS);
            fresh
        }
    };
    Ok(json!({
        "errcode": 0, "errmsg": "ok", "ticket": ticket.value, "expires_in": (ticket.until_ms - call.now) / 1000,
    }))
}
