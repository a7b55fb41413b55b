//! Owns: quota, rid and network queries (C.9).
//! Must not: show a token or a request body in `rid/get`.
//! Invariant: clearing a quota costs one of the month's clearings, whichever of the three calls was used.

use serde_json::{Value, json};

use super::{Call, Refusal, beijing_day, is_known, ok, quota_key};
use crate::platform::Platform;
use crate::state::{Owner, Used};

/// What `quota/get` reports for a path without a limit.
const UNLIMITED: u64 = 10_000_000;
/// Seven days, the life of a rid.
const RID_LIFE_MS: i64 = 7 * 86_400_000;

fn token_owner(platform: &Platform, call: &Call<'_>) -> String {
    match &call.owner {
        Some(Owner::Authorizer(appid) | Owner::Own(appid) | Owner::Stable(appid)) => appid.clone(),
        _ => platform.state.credentials.component_appid.clone(),
    }
}

/// Months since 1970 in Beijing (Howard Hinnant's civil-from-days).
fn beijing_month(now_ms: i64) -> i64 {
    let z = beijing_day(now_ms) + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    (year - 1970) * 12 + month - 1
}

fn clear_all(platform: &mut Platform, appid: &str, now: i64) -> Result<Value, Refusal> {
    let month = beijing_month(now);
    let limit = u64::from(platform.config.clear_quota_per_month);
    let used = platform.state.clears.entry(appid.to_owned()).or_insert(Used { period: month, count: 0 });
    if used.period != month {
        *used = Used { period: month, count: 0 };
    }
    if used.count >= limit {
        return Err(Refusal::new(48006));
    }
    used.count += 1;
    let prefix = quota_key(appid, "");
    platform.state.quota.retain(|key, _| !key.starts_with(&prefix));
    Ok(ok())
}

pub(super) fn clear(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let appid = call.need("appid", 41002)?;
    if appid != token_owner(platform, call) {
        return Err(Refusal::new(40013));
    }
    clear_all(platform, &appid, call.now)
}

pub(super) fn clear_v2(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let appid = call.need("appid", 41002)?;
    let secret = call.need("appsecret", 41004)?;
    let Some(account) = platform.state.accounts.get(&appid) else { return Err(Refusal::new(40013)) };
    if account.app_secret != secret {
        return Err(Refusal::new(40125));
    }
    clear_all(platform, &appid, call.now)
}

pub(super) fn component_clear_v2(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let secret = call.need("appsecret", 41004)?;
    if secret != platform.state.credentials.component_appsecret {
        return Err(Refusal::new(40125));
    }
    let appid = match call.field("appid").filter(|appid| !appid.is_empty()) {
        None => platform.state.credentials.component_appid.clone(),
        Some(appid) => match platform.state.accounts.get(&appid) {
            None => return Err(Refusal::new(40013)),
            Some(state) if state.grant.is_none() => return Err(Refusal::new(43007)),
            Some(_) => appid,
        },
    };
    clear_all(platform, &appid, call.now)
}

fn cgi_path(call: &Call<'_>) -> Result<String, Refusal> {
    let path = call.field("cgi_path").unwrap_or_default();
    if !path.starts_with('/') || path.contains('?') || path.starts_with("/sns/") || !is_known(&path) {
        return Err(Refusal::new(76021));
    }
    Ok(path)
}

pub(super) fn quota_get(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let path = cgi_path(call)?;
    let owner = token_owner(platform, call);
    let day = beijing_day(call.now);
    let used = platform.state.quota.get(&quota_key(&owner, &path)).filter(|u| u.period == day).map_or(0, |u| u.count);
    let limit = platform.config.daily_limits.get(&path).copied().unwrap_or(UNLIMITED);
    Ok(json!({
        "errcode": 0, "errmsg": "ok",
        "quota": {"daily_limit": limit, "used": used, "remain": limit.saturating_sub(used)},
        "rate_limit": {"call_count": 0, "refresh_second": 0},
        "component_rate_limit": {"call_count": 0, "refresh_second": 0},
    }))
}

pub(super) fn quota_clear(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let path = cgi_path(call)?;
    let owner = token_owner(platform, call);
    platform.state.quota.remove(&quota_key(&owner, &path));
    Ok(ok())
}

pub(super) fn rid_get(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let rid = call.field("rid").unwrap_or_default();
    let well_formed =
        rid.len() == 26 && rid.split('-').all(|p| p.len() == 8 && p.bytes().all(|b| b.is_ascii_hexdigit()));
    if !well_formed {
        return Err(Refusal::new(76002));
    }
    let owner = token_owner(platform, call);
    let Some(record) = platform.state.rids.iter().find(|r| r.rid == rid) else { return Err(Refusal::new(76001)) };
    // A call without a good token belongs to nobody; the component may look it up.
    if record.owner != owner && !(record.owner.is_empty() && owner == platform.state.credentials.component_appid) {
        return Err(Refusal::new(76003));
    }
    if call.now - record.at_ms >= RID_LIFE_MS {
        return Err(Refusal::new(76004));
    }
    Ok(json!({
        "errcode": 0, "errmsg": "ok",
        "request": {
            "invoke_time": record.at_ms.div_euclid(1000),
            "cost_in_ms": 30,
            // WeChat puts the query here, token included; the sandbox leaves the value out.
            "request_url": format!("{}?access_token=***", record.path),
            "request_body": "",
            "response_body": record.answer,
            "client_ip": record.client_ip,
        },
    }))
}

pub(super) fn api_domain_ip(_: &mut Platform, _: &Call<'_>) -> Result<Value, Refusal> {
    // Addresses of the documentation ranges (RFC 5737): nobody may take them for WeChat's.
    Ok(json!({"ip_list": ["192.0.2.10", "192.0.2.11", "198.51.100.10"]}))
}

pub(super) fn callback_ip(_: &mut Platform, _: &Call<'_>) -> Result<Value, Refusal> {
    Ok(json!({"ip_list": ["127.0.0.1", "203.0.113.0/24"]}))
}

pub(super) fn callback_check(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    if !platform.state.pushing {
        return Err(Refusal::new(40201));
    }
    let action = call.field("action").unwrap_or_default();
    if !matches!(action.as_str(), "dns" | "ping" | "all") {
        return Err(Refusal::new(40202));
    }
    let operator = call.field("check_operator").unwrap_or_else(|| "DEFAULT".to_owned());
    if !matches!(operator.as_str(), "CHINANET" | "UNICOM" | "CAP" | "DEFAULT") {
        return Err(Refusal::new(40203));
    }
    let shown = if operator == "DEFAULT" { "CAP" } else { &operator };
    let mut answer = json!({});
    if action != "ping" {
        answer["dns"] = json!([{"ip": "127.0.0.1", "real_operator": shown}]);
    }
    if action != "dns" {
        answer["ping"] = json!([{"ip": "127.0.0.1", "from_operator": shown, "package_loss": "0%", "time": "0.079ms"}]);
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::beijing_month;

    #[test]
    fn months_turn_at_midnight_in_beijing() {
        // 2026-01-01 00:00 in Beijing is 2025-12-31 16:00 UTC.
        let turn = 1_767_196_800_000;
        assert_eq!(beijing_month(turn - 1), 55 * 12 + 11);
        assert_eq!(beijing_month(turn), 56 * 12);
        assert_eq!(beijing_month(0), 0);
    }
}
