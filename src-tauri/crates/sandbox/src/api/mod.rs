//! Owns: which paths exist, and the order in which a call is checked (N.5).
//! Must not: do I/O or apply faults.
//! Invariant: the first failing check decides the code: token missing, token invalid, IP, body, appid, authorization,
//! permission set, ability, quota, business.

mod component;
mod custom;
mod diagnostics;
mod grant;
pub(crate) mod media;
mod menu;
mod menu_rules;
mod multipart;
mod option;
mod own;
pub(crate) mod qrcode;
mod refusal;
mod routes;
mod sns;
pub(crate) mod template;
mod user;

use serde_json::{Value, json};
use wechat::Method;

pub(crate) use multipart::Part;
pub(crate) use refusal::{Refusal, text};
pub(crate) use routes::is_known;

use routes::{Ability, Answering, Gate};

use crate::accounts::Kind;
use crate::call::{Content, Request};
use crate::platform::Platform;
use crate::state::{Owner, Used, Worth};

/// A call while it is answered.
pub(crate) struct Call<'a> {
    pub(crate) now: i64,
    pub(crate) req: &'a Request,
    /// The parsed body; `Null` without one.
    pub(crate) body: Value,
    /// The parts of an upload; none otherwise.
    pub(crate) parts: Vec<Part>,
    /// Owner of the token that was sent and found good.
    pub(crate) owner: Option<Owner>,
}

impl Call<'_> {
    /// A text field of the body; numbers count as text, as WeChat takes them.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        match self.body.get(name) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        }
    }

    /// A text field that must be there and not empty.
    fn need(&self, name: &str, missing: i64) -> Result<String, Refusal> {
        self.field(name).filter(|v| !v.is_empty()).ok_or_else(|| Refusal::new(missing))
    }

    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.req.query.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// A query parameter that must be there and not empty.
    fn need_query(&self, name: &str, missing: i64) -> Result<&str, Refusal> {
        self.query(name).filter(|v| !v.is_empty()).ok_or_else(|| Refusal::new(missing))
    }

    /// The account whose token was sent.
    fn account(&self) -> Result<&str, Refusal> {
        match &self.owner {
            Some(Owner::Authorizer(appid) | Owner::Own(appid) | Owner::Stable(appid)) => Ok(appid),
            _ => Err(Refusal::new(61015)),
        }
    }
}

/// Answers a call as section N.5 orders it.
pub(crate) fn answer(platform: &mut Platform, mut call: Call<'_>) -> Result<Content, Refusal> {
    let Some(route) = routes::route(&call.req.path) else { return Err(Refusal::new(40066)) };
    if call.req.method != route.method {
        return Err(Refusal::new(if route.method == Method::Post { 43002 } else { 43001 }));
    }
    call.owner = token(platform, &call, &route.gate)?;
    address(platform, &call, &route.gate)?;
    body(&mut call, &route)?;
    appid(platform, &call, &route.gate)?;
    ability(platform, &call, &route.gate)?;
    let owner = quota_owner(platform, &call, &route.gate);
    use_quota(platform, &owner, &call.req.path, call.now)?;
    match route.answer {
        Answering::Json(answer) | Answering::Upload(answer) => answer(platform, &call).map(Content::Json),
        Answering::Whole(answer) => answer(platform, &call),
    }
}

fn token(platform: &Platform, call: &Call<'_>, gate: &Gate) -> Result<Option<Owner>, Refusal> {
    if matches!(gate, Gate::ComponentSecret | Gate::OwnSecret | Gate::Open) {
        return Ok(None);
    }
    let wants_component = matches!(gate, Gate::Component | Gate::ComponentQuery);
    let specific = wants_component && platform.config.specific_component_codes;
    // Both names are taken everywhere (C, common rules).
    let sent = call.query("component_access_token").or_else(|| call.query("access_token")).unwrap_or_default();
    if sent.is_empty() {
        return Err(Refusal::new(if specific { 41021 } else { 41001 }));
    }
    let Some(owner) = platform.owner_of(sent) else { return Err(Refusal::new(40001)) };
    match platform.slot(&owner).map(|slot| slot.worth(sent, call.now)) {
        Some(Worth::Valid) => {}
        Some(Worth::Expired) => return Err(Refusal::new(if specific { 42006 } else { 42001 })),
        Some(Worth::Unknown) | None => return Err(Refusal::new(40001)),
    }
    match (gate, &owner) {
        (Gate::Component | Gate::ComponentQuery, Owner::Component) => {}
        (Gate::Component | Gate::ComponentQuery, _) => return Err(Refusal::new(61014)),
        (Gate::Account { .. }, Owner::Component) => return Err(Refusal::new(61015)),
        _ => {}
    }
    Ok(Some(owner))
}

fn address(platform: &Platform, call: &Call<'_>, gate: &Gate) -> Result<(), Refusal> {
    let own = matches!(gate, Gate::OwnSecret);
    if own {
        let appid = call.query("appid").map(str::to_owned).or_else(|| call.field("appid")).unwrap_or_default();
        let refused = platform.own_list_refuses(&appid, &call.req.client_ip);
        return if refused { Err(Refusal::new(40164)) } else { Ok(()) };
    }
    // The account's own list guards the fetching of its token only, and what belongs to a person no list (L).
    if matches!(gate, Gate::Open) || matches!(call.owner, Some(Owner::Own(_) | Owner::Stable(_))) {
        return Ok(());
    }
    platform.refuses(&call.req.client_ip).map_or(Ok(()), |_| Err(Refusal::new(61004)))
}

fn body(call: &mut Call<'_>, route: &routes::Route) -> Result<(), Refusal> {
    if route.method == Method::Get {
        return Ok(());
    }
    let bytes = call.req.body.as_deref().unwrap_or_default();
    if bytes.is_empty() {
        return Err(Refusal::new(44002));
    }
    if matches!(route.answer, Answering::Upload(_)) {
        let parts = call.req.content_type.as_deref().and_then(|kind| multipart::parse(kind, bytes));
        call.parts = parts.ok_or_else(|| Refusal::new(41005))?;
        return Ok(());
    }
    if !call.body.is_object() {
        return Err(Refusal::new(47001));
    }
    Ok(())
}

fn appid(platform: &Platform, call: &Call<'_>, gate: &Gate) -> Result<(), Refusal> {
    let sent = match gate {
        Gate::Component | Gate::ComponentSecret => call.need("component_appid", 41018)?,
        Gate::ComponentQuery => call.need_query("component_appid", 41018)?.to_owned(),
        _ => return Ok(()),
    };
    if sent == platform.state.credentials.component_appid { Ok(()) } else { Err(Refusal::new(40013)) }
}

/// Authorization (61003), set (61007), ability (48001).
fn ability(platform: &Platform, call: &Call<'_>, gate: &Gate) -> Result<(), Refusal> {
    let Some(Owner::Authorizer(appid) | Owner::Own(appid) | Owner::Stable(appid)) = &call.owner else { return Ok(()) };
    let Some(state) = platform.state.accounts.get(appid) else { return Err(Refusal::new(61003)) };
    if matches!(call.owner, Some(Owner::Authorizer(_))) {
        let Some(grant) = &state.grant else { return Err(Refusal::new(61003)) };
        if let Gate::Account { sets, .. } = gate
            && !sets.is_empty()
            && !sets.iter().any(|set| grant.sets.contains(set))
        {
            return Err(Refusal::new(61007));
        }
    }
    let able = match gate {
        Gate::Account { needs: Ability::Menus, .. } => state.account.has_menus(),
        Gate::Account { needs: Ability::Service, .. } => state.account.is_verified_service(),
        Gate::Account { needs: Ability::Official, .. } => state.account.kind == Kind::OfficialAccount,
        _ => true,
    };
    if able { Ok(()) } else { Err(Refusal::new(48001)) }
}

/// Component APIs consume the component's quota, calls on behalf the authorizer's (E.3).
fn quota_owner(platform: &Platform, call: &Call<'_>, gate: &Gate) -> String {
    match (&call.owner, gate) {
        (Some(Owner::Authorizer(appid) | Owner::Own(appid) | Owner::Stable(appid)), _) => appid.clone(),
        (None, Gate::OwnSecret | Gate::Open) => {
            call.query("appid").map(str::to_owned).or_else(|| call.field("appid")).unwrap_or_default()
        }
        _ => platform.state.credentials.component_appid.clone(),
    }
}

/// Days since 1970 in Beijing, where quotas reset at midnight.
pub(crate) fn beijing_day(now_ms: i64) -> i64 {
    (now_ms + 8 * 3_600_000).div_euclid(86_400_000)
}

pub(crate) fn quota_key(owner: &str, path: &str) -> String {
    format!("{owner} {path}")
}

fn use_quota(platform: &mut Platform, owner: &str, path: &str, now: i64) -> Result<(), Refusal> {
    let test = platform.account(owner).is_some_and(|account| account.test);
    let own = if test { platform.config.test_account_limits.get(path) } else { None };
    let limit = own.or_else(|| platform.config.daily_limits.get(path)).copied();
    count(platform, owner, path, limit, now)
}

/// Counts one of the day's uses of `what`; 45009 when there are none left.
pub(crate) fn count(
    platform: &mut Platform,
    owner: &str,
    what: &str,
    limit: Option<u64>,
    now: i64,
) -> Result<(), Refusal> {
    let day = beijing_day(now);
    let used = platform.state.quota.entry(quota_key(owner, what)).or_insert(Used { period: day, count: 0 });
    if used.period != day {
        *used = Used { period: day, count: 0 };
    }
    if limit.is_some_and(|limit| used.count >= limit) {
        return Err(Refusal::new(45009));
    }
    used.count += 1;
    Ok(())
}

/// `{"errcode":0,"errmsg":"ok"}`.
pub(crate) fn ok() -> Value {
    json!({"errcode": 0, "errmsg": "ok"})
}
