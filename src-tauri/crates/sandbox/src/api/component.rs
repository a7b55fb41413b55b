//! Owns: tickets to component token to pre-authorization code (C.1–C.3).
//! Must not: know authorizers.
//! Invariant: a ticket works from its issue to the end of its life, however many came after it.

use serde_json::{Value, json};

use super::{Call, Refusal, ok};
use crate::platform::Platform;
use crate::state::{Owner, PreAuthCode};

fn check_secret(platform: &Platform, call: &Call<'_>, field: &str) -> Result<(), Refusal> {
    let sent = call.need(field, 41004)?;
    if sent != platform.state.credentials.component_appsecret {
        return Err(Refusal::new(40125));
    }
    Ok(())
}

/// C.1: the field is `component_secret` here.
pub(super) fn start_push_ticket(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    check_secret(platform, call, "component_secret")?;
    platform.resume_tickets(call.now);
    Ok(ok())
}

/// C.2.
pub(super) fn token(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    check_secret(platform, call, "component_appsecret")?;
    let sent = call.field("component_verify_ticket").unwrap_or_default();
    let life = platform.config.ticket_life_s * 1000;
    let Some(at) = platform.state.tickets.iter().position(|t| t.value == sent) else { return Err(Refusal::new(61006)) };
    let taken_later = platform.state.tickets.iter().skip(at + 1).filter_map(|t| t.taken_ms).max();
    let ticket_age = platform.state.tickets.get(at).map_or(life, |t| call.now - t.issued_ms);
    if ticket_age >= life {
        return Err(Refusal::new(61005));
    }
    if taken_later.is_some_and(|taken| call.now - taken > 60_000) {
        platform.notice(call.now, "an older ticket was used although a newer one had been taken over a minute before");
    }
    let life_s = platform.config.component_token_life_s;
    let value = platform.issue_token(Owner::Component, call.now, life_s);
    Ok(json!({"component_access_token": value, "expires_in": life_s}))
}

/// C.3.
pub(super) fn pre_auth_code(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let life_s = platform.config.pre_auth_code_life_s;
    let code = format!("preauthcode@@@{}", platform.state.rng.url_safe(64));
    // Ended ones are of no interest to anybody after a day.
    platform.state.pre_auth_codes.retain(|_, c| c.until_ms + 86_400_000 > call.now);
    let until_ms = call.now + life_s * 1000;
    platform.state.pre_auth_codes.insert(code.clone(), PreAuthCode { until_ms, used: false });
    Ok(json!({"pre_auth_code": code, "expires_in": life_s}))
}
