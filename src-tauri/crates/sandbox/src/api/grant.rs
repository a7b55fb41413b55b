//! Owns: what the component asks about its authorizers: redeem, refresh, details, list (C.4–C.7).
//! Must not: make or end a grant; `authorize` does.
//! Invariant: at most one refresh token of an account is good at a time.

use serde_json::{Map, Value, json};

use super::{Call, Refusal};
use crate::accounts::{Account, Kind};
use crate::platform::Platform;
use crate::state::{FORMER_REFRESH_TOKENS, Grant, Owner, RefreshToken};
use crate::violation::ViolationKind;

/// Sets with a `confirm_info` in the answers, as seen in C.4.
const WITH_CONFIRM_INFO: &[u32] = &[3, 17, 19, 30];

fn func_info(sets: &[u32]) -> Value {
    let entry = |id: &u32| {
        let mut out = json!({"funcscope_category": {"id": id}});
        if WITH_CONFIRM_INFO.contains(id) {
            out["confirm_info"] = json!({"need_confirm": 0, "already_confirm": 0, "can_confirm": 0});
        }
        out
    };
    Value::Array(sets.iter().map(entry).collect())
}

fn granted<'p>(platform: &'p Platform, appid: &str) -> Result<(&'p Account, &'p Grant), Refusal> {
    let state = platform.state.accounts.get(appid).ok_or_else(|| Refusal::new(61003))?;
    let grant = state.grant.as_ref().ok_or_else(|| Refusal::new(61003))?;
    Ok((&state.account, grant))
}

impl RefreshToken {
    /// Puts a new value in place and remembers the old one as former.
    pub(crate) fn rotate(&mut self, value: String) {
        let old = std::mem::replace(&mut self.value, value);
        self.former.push(old);
        if self.former.len() > FORMER_REFRESH_TOKENS {
            self.former.remove(0);
        }
        self.delivered = false;
        self.refused_former = false;
    }
}

/// C.4. A code is redeemed once: 61009 afterwards, 61010 when it is too old.
pub(super) fn query_auth(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let sent = call.field("authorization_code").unwrap_or_default();
    let Some(code) = platform.state.auth_codes.get_mut(&sent) else { return Err(Refusal::new(61009)) };
    let appid = code.appid.clone();
    if code.redeemed {
        platform.notice(call.now, &format!("an authorization code of {appid} was redeemed again"));
        return Err(Refusal::new(61009));
    }
    if call.now >= code.until_ms {
        return Err(Refusal::new(61010));
    }
    let (account, grant) = granted(platform, &appid)?;
    let mut info = Map::new();
    info.insert("authorizer_appid".into(), json!(appid));
    info.insert("func_info".into(), func_info(&grant.sets));
    if account.has_api {
        let refresh = grant.refresh.value.clone();
        let life_s = platform.config.authorizer_token_life_s;
        let token = platform.issue_token(Owner::Authorizer(appid.clone()), call.now, life_s);
        info.insert("authorizer_access_token".into(), json!(token));
        info.insert("expires_in".into(), json!(life_s));
        info.insert("authorizer_refresh_token".into(), json!(refresh));
        platform.hand_over(&appid, refresh);
    }
    if let Some(code) = platform.state.auth_codes.get_mut(&sent) {
        code.redeemed = true;
    }
    Ok(json!({"authorization_info": info}))
}

/// C.5.
pub(super) fn refresh(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let appid = call.need("authorizer_appid", 41002)?;
    let sent = call.field("authorizer_refresh_token").unwrap_or_default();
    let Some(grant) = platform.state.accounts.get_mut(&appid).and_then(|a| a.grant.as_mut()) else {
        // Cancelled or never granted: the refresh token is dead, and that is the code for it (B.3).
        return Err(Refusal::new(61023));
    };
    if grant.refresh.value != sent {
        let stale = grant.refresh.former.contains(&sent);
        let known_better = stale && grant.refresh.delivered;
        // Counts once the refusal has reached the client: see `Platform::finish`.
        if stale {
            platform.refusing = Some(appid.clone());
        }
        if known_better {
            platform.violation(
                call.now,
                ViolationKind::StaleRefreshToken,
                &appid,
                "a rotated refresh token was sent after its successor had been delivered",
            );
        }
        return Err(Refusal::new(61023));
    }
    let (rotate, empty) = (platform.config.rotate_refresh_tokens, platform.config.empty_refresh_token);
    let mut answered = sent;
    if empty {
        answered = String::new();
    } else if rotate {
        answered = platform.new_refresh_token();
        if let Some(grant) = platform.state.accounts.get_mut(&appid).and_then(|a| a.grant.as_mut()) {
            grant.refresh.rotate(answered.clone());
        }
    }
    let life_s = platform.config.authorizer_token_life_s;
    let token = platform.issue_token(Owner::Authorizer(appid.clone()), call.now, life_s);
    platform.hand_over(&appid, answered.clone());
    Ok(json!({"authorizer_access_token": token, "expires_in": life_s, "authorizer_refresh_token": answered}))
}

/// C.6.
pub(super) fn info(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let appid = call.need("authorizer_appid", 41002)?;
    let (account, grant) = granted(platform, &appid)?;
    let base = platform.config.base_url.trim_end_matches('/');
    let mut info = json!({
        "nick_name": account.nick_name,
        "head_img": format!("{base}/sandbox/avatar/{appid}.png"),
        "service_type_info": {"id": account.service_type, "name": account.service_name()},
        "verify_type_info": {"id": account.verify_type, "name": account.verify_name()},
        "user_name": account.user_name,
        "principal_name": account.principal_name,
        "alias": account.alias,
        "signature": account.signature,
        "business_info": {"open_store": 0, "open_scan": 0, "open_pay": 1, "open_card": 0, "open_shake": 0},
        "qrcode_url": format!("{base}/sandbox/avatar/{appid}.png?qrcode"),
        "idc": 1,
        "register_type": account.register_type,
        "account_status": account.status,
        "basic_config": {"is_phone_configured": true, "is_email_configured": true},
    });
    if account.kind == Kind::MiniProgram {
        let categories: Vec<Value> =
            account.category.iter().map(|(first, second)| json!({"first": first, "second": second})).collect();
        info["MiniProgramInfo"] = json!({
            "network": {
                "RequestDomain": ["https://api.example.com"], "WsRequestDomain": ["wss://api.example.com"],
                "UploadDomain": ["https://api.example.com"], "DownloadDomain": ["https://api.example.com"],
                "BizDomain": [], "UDPDomain": [], "TCPDomain": [], "PrefetchDNSDomain": [],
            },
            "categories": categories,
            "visit_status": 0,
        });
    }
    Ok(json!({
        "authorizer_info": info,
        "authorization_info": {
            "authorizer_appid": appid,
            "authorizer_refresh_token": grant.refresh.value,
            "func_info": func_info(&grant.sets),
        },
    }))
}

/// C.7: the way back to a lost refresh token.
pub(super) fn list(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let number = |name: &str| call.field(name).and_then(|v| v.parse::<usize>().ok());
    let (Some(offset), Some(count)) = (number("offset"), number("count")) else { return Err(Refusal::new(40035)) };
    if count > 500 {
        return Err(Refusal::new(40170));
    }
    let granted: Vec<(&String, &Grant)> = platform
        .state
        .order
        .iter()
        .filter_map(|appid| platform.state.accounts.get(appid)?.grant.as_ref().map(|grant| (appid, grant)))
        .collect();
    let total = granted.len();
    let mut list = Vec::new();
    let mut recovered = Vec::new();
    for (appid, grant) in granted.into_iter().skip(offset).take(count) {
        list.push(json!({
            "authorizer_appid": appid, "refresh_token": grant.refresh.value, "auth_time": grant.auth_time_s,
        }));
        // A list read for another reason says nothing about what the client keeps; one read after a refusal does.
        if grant.refresh.refused_former {
            recovered.push((appid.clone(), grant.refresh.value.clone()));
        }
    }
    for (appid, value) in recovered {
        platform.hand_over(&appid, value);
    }
    Ok(json!({"total_count": total, "list": list}))
}
