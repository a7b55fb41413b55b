//! Owns: the exchange of web OAuth codes (G.2).
//! Must not: give API tokens; what is issued here belongs to a user.
//! Invariant: a code is exchanged once within five minutes.

use serde_json::{Value, json};

use super::{Call, Refusal};
use crate::platform::Platform;

/// Life of a user's token (G.2).
const LIFE_S: i64 = 7200;

fn exchange(platform: &mut Platform, call: &Call<'_>, appid: &str) -> Result<Value, Refusal> {
    if call.query("grant_type") != Some("authorization_code") {
        return Err(Refusal::new(40002));
    }
    let sent = call.need_query("code", 41008)?;
    let Some(code) = platform.state.oauth_codes.get_mut(sent).filter(|c| c.appid == appid) else {
        return Err(Refusal::new(40029));
    };
    if code.used {
        return Err(Refusal::new(40163));
    }
    if call.now >= code.until_ms {
        return Err(Refusal::new(42003));
    }
    code.used = true;
    let scope = code.scope.clone();
    let token = platform.new_token_value();
    let refresh = platform.new_token_value();
    // One simulated user; his openid differs from account to account, as real ones do.
    let openid = crate::authorize::openid_of(appid);
    Ok(json!({
        "access_token": token, "expires_in": LIFE_S, "refresh_token": refresh, "openid": openid, "scope": scope,
    }))
}

pub(super) fn component_token(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let appid = call.need_query("appid", 41002)?.to_owned();
    match platform.state.accounts.get(&appid) {
        None => return Err(Refusal::new(40013)),
        Some(state) => match &state.grant {
            None => return Err(Refusal::new(61003)),
            Some(grant) if !grant.sets.contains(&4) => return Err(Refusal::new(61007)),
            Some(_) => {}
        },
    }
    exchange(platform, call, &appid)
}

pub(super) fn own_token(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let appid = call.need_query("appid", 41002)?.to_owned();
    let secret = call.need_query("secret", 41004)?;
    match platform.state.accounts.get(&appid) {
        None => return Err(Refusal::new(40013)),
        Some(state) if state.app_secret != secret => return Err(Refusal::new(40125)),
        Some(_) => {}
    }
    exchange(platform, call, &appid)
}
