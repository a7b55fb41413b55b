//! Owns: what a person's code and token are good for (G.2, G.3, G.4).
//! Must not: give API tokens; what is issued here belongs to a person.
//! Invariant: a code is exchanged once; a token says nothing about another person or more than its scope allows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Call, Refusal, ok};
use crate::accounts::Kind;
use crate::people::person_name;
use crate::platform::Platform;
use crate::state::{UserGrant, UserToken};

/// Life of a person's token (G.2).
const LIFE_S: i64 = 7200;
/// Life of his refresh token (G.2).
const REFRESH_LIFE_MS: i64 = 30 * 86_400_000;
/// Dead ones are told from unknown ones for this long.
const REMEMBERED_MS: i64 = 86_400_000;

fn check_secret(platform: &Platform, call: &Call<'_>) -> Result<String, Refusal> {
    let appid = call.need_query("appid", 41002)?.to_owned();
    let secret = call.need_query("secret", 41004)?;
    match platform.state.accounts.get(&appid) {
        None => Err(Refusal::new(40013)),
        Some(state) if state.app_secret != secret => Err(Refusal::new(40125)),
        Some(_) => Ok(appid),
    }
}

/// The account named in the query, if it granted the component one of `sets`.
fn check_grant(platform: &Platform, call: &Call<'_>, sets: &[u32]) -> Result<String, Refusal> {
    let appid = call.need_query("appid", 41002)?.to_owned();
    match platform.state.accounts.get(&appid) {
        None => Err(Refusal::new(40013)),
        Some(state) => match &state.grant {
            None => Err(Refusal::new(61003)),
            Some(grant) if !grant.sets.iter().any(|set| sets.contains(set)) => Err(Refusal::new(61007)),
            Some(_) => Ok(appid),
        },
    }
}

fn grant_type(call: &Call<'_>, wanted: &str) -> Result<(), Refusal> {
    if call.query("grant_type") == Some(wanted) { Ok(()) } else { Err(Refusal::new(40002)) }
}

fn shown(platform: &Platform, grant: &UserGrant, refresh: &str) -> Value {
    let mut answer = json!({
        "access_token": grant.access, "expires_in": LIFE_S, "refresh_token": refresh, "openid": grant.openid,
        "scope": grant.scope,
    });
    if grant.snapshot {
        answer["is_snapshotuser"] = json!(1);
    }
    if let Some(unionid) = unionid(platform, grant) {
        answer["unionid"] = json!(unionid);
    }
    answer
}

fn unionid(platform: &Platform, grant: &UserGrant) -> Option<String> {
    if grant.snapshot || grant.scope == "snsapi_base" {
        return None;
    }
    platform.unionid(&grant.appid, &grant.openid)
}

fn exchange(platform: &mut Platform, call: &Call<'_>, appid: &str, component: bool) -> Result<Value, Refusal> {
    grant_type(call, "authorization_code")?;
    let sent = call.need_query("code", 41008)?;
    let code = platform.state.oauth_codes.get_mut(sent).filter(|c| c.appid == appid && c.component == component);
    let Some(code) = code else { return Err(Refusal::new(40029)) };
    if code.used {
        return Err(Refusal::new(40163));
    }
    if call.now >= code.until_ms {
        return Err(Refusal::new(42003));
    }
    code.used = true;
    let (openid, scope, snapshot) = (code.openid.clone(), code.scope.clone(), code.snapshot);
    forget_dead(platform, call.now);
    let access = platform.new_token_value();
    let refresh = platform.new_token_value();
    let grant = UserGrant {
        appid: appid.to_owned(),
        component,
        openid,
        scope,
        snapshot,
        access: access.clone(),
        refresh_until_ms: call.now + REFRESH_LIFE_MS,
    };
    let answer = shown(platform, &grant, &refresh);
    let token = UserToken { refresh: refresh.clone(), until_ms: call.now + LIFE_S * 1000 };
    platform.state.user_tokens.insert(access, token);
    platform.state.user_grants.insert(refresh, grant);
    Ok(answer)
}

fn forget_dead(platform: &mut Platform, now: i64) {
    platform.state.user_tokens.retain(|_, token| token.until_ms + REMEMBERED_MS > now);
    platform.state.user_grants.retain(|_, grant| grant.refresh_until_ms + REMEMBERED_MS > now);
}

/// `/sns/oauth2/component/access_token`.
pub(super) fn component_token(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let appid = check_grant(platform, call, &[4])?;
    exchange(platform, call, &appid, true)
}

/// `/sns/oauth2/access_token`, of official accounts and website applications.
pub(super) fn own_token(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let appid = check_secret(platform, call)?;
    exchange(platform, call, &appid, false)
}

/// An unexpired token lives on, an expired one is replaced; the refresh token stays and ends after its 30 days.
fn refresh(platform: &mut Platform, call: &Call<'_>, appid: &str, component: bool) -> Result<Value, Refusal> {
    grant_type(call, "refresh_token")?;
    let sent = call.need_query("refresh_token", 41003)?.to_owned();
    let grant = platform.state.user_grants.get(&sent).filter(|g| g.appid == appid && g.component == component);
    let Some(mut grant) = grant.cloned() else { return Err(Refusal::new(40030)) };
    if call.now >= grant.refresh_until_ms {
        return Err(Refusal::new(42002));
    }
    let alive = platform.state.user_tokens.get(&grant.access).is_some_and(|token| call.now < token.until_ms);
    if !alive {
        grant.access = platform.new_token_value();
    }
    let token = UserToken { refresh: sent.clone(), until_ms: call.now + LIFE_S * 1000 };
    platform.state.user_tokens.insert(grant.access.clone(), token);
    let answer = shown(platform, &grant, &sent);
    platform.state.user_grants.insert(sent, grant);
    Ok(answer)
}

/// `/sns/oauth2/refresh_token`.
pub(super) fn own_refresh(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let appid = call.need_query("appid", 41002)?.to_owned();
    if !platform.state.accounts.contains_key(&appid) {
        return Err(Refusal::new(40013));
    }
    refresh(platform, call, &appid, false)
}

/// `/sns/oauth2/component/refresh_token`.
pub(super) fn component_refresh(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let appid = check_grant(platform, call, &[4])?;
    refresh(platform, call, &appid, true)
}

/// The grant behind the token in the query, if the openid is its own.
fn holder(platform: &Platform, call: &Call<'_>) -> Result<UserGrant, Refusal> {
    let sent = call.need_query("access_token", 41001)?;
    let Some(token) = platform.state.user_tokens.get(sent) else { return Err(Refusal::new(40001)) };
    if call.now >= token.until_ms {
        return Err(Refusal::new(42001));
    }
    let Some(grant) = platform.state.user_grants.get(&token.refresh) else { return Err(Refusal::new(40001)) };
    let openid = call.need_query("openid", 41009)?;
    if openid != grant.openid {
        return Err(Refusal::new(40003));
    }
    Ok(grant.clone())
}

/// `/sns/auth`.
pub(super) fn auth(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    holder(platform, call).map(|_| ok())
}

/// `/sns/userinfo`: sex and region are empty, as the platform's policy has it (G.2).
pub(super) fn userinfo(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let grant = holder(platform, call)?;
    if grant.scope == "snsapi_base" {
        return Err(Refusal::new(48001));
    }
    let number = platform.person_of(&grant.appid, &grant.openid);
    // A snapshot page's virtual user has neither name nor picture of his own.
    let nickname = match number {
        Some(number) if !grant.snapshot => person_name(number),
        _ => "微信用户".to_owned(),
    };
    let base = platform.config.base_url.trim_end_matches('/');
    let picture = number.filter(|_| !grant.snapshot).map_or_else(|| "none".to_owned(), |number| number.to_string());
    let mut answer = json!({
        "openid": grant.openid, "nickname": nickname, "sex": 0, "language": "", "province": "", "city": "",
        "country": "", "headimgurl": format!("{base}/sandbox/face/{picture}/132"), "privilege": [],
    });
    if let Some(unionid) = unionid(platform, &grant) {
        answer["unionid"] = json!(unionid);
    }
    Ok(answer)
}

fn session(platform: &mut Platform, call: &Call<'_>, appid: &str) -> Result<Value, Refusal> {
    grant_type(call, "authorization_code")?;
    let sent = call.need_query("js_code", 41008)?;
    let Some(code) = platform.state.js_codes.get_mut(sent).filter(|c| c.appid == appid) else {
        return Err(Refusal::new(40029));
    };
    if code.used {
        return Err(Refusal::new(40163));
    }
    if call.now >= code.until_ms {
        return Err(Refusal::new(40029));
    }
    code.used = true;
    let openid = code.openid.clone();
    let key = STANDARD.encode(platform.state.rng.bytes16());
    let mut answer = json!({"openid": openid, "session_key": key});
    if let Some(unionid) = platform.unionid(appid, &openid) {
        answer["unionid"] = json!(unionid);
    }
    Ok(answer)
}

fn mini_program(platform: &Platform, appid: &str) -> Result<(), Refusal> {
    match platform.account(appid) {
        Some(account) if account.kind == Kind::MiniProgram => Ok(()),
        _ => Err(Refusal::new(48001)),
    }
}

/// `/sns/jscode2session`.
pub(super) fn own_session(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let appid = check_secret(platform, call)?;
    mini_program(platform, &appid)?;
    session(platform, call, &appid)
}

/// `/sns/component/jscode2session`, sets 20 or 18 (G.4).
pub(super) fn component_session(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let appid = check_grant(platform, call, &[18, 20])?;
    mini_program(platform, &appid)?;
    session(platform, call, &appid)
}
