//! Owns: which paths exist, and the order in which a call is checked (N.5).
//! Must not: do I/O or apply faults.
//! Invariant: the first failing check decides the code: token missing, token invalid, IP, body, appid, authorization,
//! permission set, ability, quota, business.

mod component;
mod diagnostics;
mod grant;
mod menu;
mod menu_rules;
mod option;
mod own;
mod refusal;
mod sns;

use serde_json::{Value, json};
use wechat::Method;

pub(crate) use refusal::{Refusal, text};

use crate::call::Request;
use crate::platform::Platform;
use crate::state::{Owner, Used, Worth};

/// A call while it is answered.
pub(crate) struct Call<'a> {
    pub(crate) now: i64,
    pub(crate) req: &'a Request,
    /// The parsed body; `Null` without one.
    pub(crate) body: Value,
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

/// Who may call a path.
enum Gate {
    /// Secret instead of token, a component API: IP refusals are 61004.
    ComponentSecret,
    /// Secret instead of token, the account's own: IP refusals are 40164.
    OwnSecret,
    /// Component token and `component_appid` in the body.
    Component,
    /// Component token in the query, nothing in a body (sns).
    ComponentQuery,
    /// Component or authorizer token, whichever the form of the call wants.
    ComponentOrAccount,
    /// Token of an account that granted one of the sets (none listed: any), and has menus if asked.
    Account { sets: &'static [u32], menus: bool },
    /// Any token.
    Any,
}

type Answering = fn(&mut Platform, &Call<'_>) -> Result<Value, Refusal>;

struct Route {
    method: Method,
    gate: Gate,
    answer: Answering,
}

const MENU_SETS: &[u32] = &[15];

fn route(path: &str) -> Option<Route> {
    use Method::{Get, Post};
    let menu = Gate::Account { sets: MENU_SETS, menus: true };
    let (method, gate, answer): (Method, Gate, Answering) = match path {
        "/cgi-bin/component/api_start_push_ticket" => (Post, Gate::ComponentSecret, component::start_push_ticket),
        "/cgi-bin/component/api_component_token" => (Post, Gate::ComponentSecret, component::token),
        "/cgi-bin/component/api_create_preauthcode" => (Post, Gate::Component, component::pre_auth_code),
        "/cgi-bin/component/api_query_auth" => (Post, Gate::Component, grant::query_auth),
        "/cgi-bin/component/api_authorizer_token" => (Post, Gate::Component, grant::refresh),
        "/cgi-bin/component/api_get_authorizer_info" => (Post, Gate::Component, grant::info),
        "/cgi-bin/component/api_get_authorizer_list" => (Post, Gate::Component, grant::list),
        "/cgi-bin/component/api_get_authorizer_option" => (Post, Gate::Component, option::get),
        "/cgi-bin/component/api_set_authorizer_option" => (Post, Gate::Component, option::set),
        "/cgi-bin/component/get_authorizer_option" => (Post, Gate::ComponentOrAccount, option::get),
        "/cgi-bin/component/set_authorizer_option" => (Post, Gate::ComponentOrAccount, option::set),
        "/cgi-bin/component/clear_quota/v2" => (Post, Gate::ComponentSecret, diagnostics::component_clear_v2),
        "/cgi-bin/clear_quota" => (Post, Gate::Any, diagnostics::clear),
        "/cgi-bin/clear_quota/v2" => (Post, Gate::OwnSecret, diagnostics::clear_v2),
        "/cgi-bin/openapi/quota/get" => (Post, Gate::Any, diagnostics::quota_get),
        "/cgi-bin/openapi/quota/clear" => (Post, Gate::Any, diagnostics::quota_clear),
        "/cgi-bin/openapi/rid/get" => (Post, Gate::Any, diagnostics::rid_get),
        "/cgi-bin/get_api_domain_ip" => (Get, Gate::Any, diagnostics::api_domain_ip),
        "/cgi-bin/getcallbackip" => (Get, Gate::Any, diagnostics::callback_ip),
        "/cgi-bin/callback/check" => (Post, Gate::Any, diagnostics::callback_check),
        "/cgi-bin/menu/create" => (Post, menu, menu::create),
        "/cgi-bin/menu/get" => (Get, menu, menu::get),
        "/cgi-bin/menu/delete" => (Get, menu, menu::delete),
        "/cgi-bin/menu/addconditional" => (Post, menu, menu::add_conditional),
        "/cgi-bin/menu/delconditional" => (Post, menu, menu::delete_conditional),
        "/cgi-bin/menu/trymatch" => (Post, menu, menu::try_match),
        "/cgi-bin/get_current_selfmenu_info" => {
            (Get, Gate::Account { sets: &[1, 3, 15], menus: false }, menu::current_self_menu)
        }
        "/cgi-bin/message/custom/send" => (Post, Gate::Account { sets: &[1, 19], menus: false }, own::custom_send),
        "/cgi-bin/ticket/getticket" => (Get, Gate::Account { sets: &[4], menus: false }, own::ticket),
        "/cgi-bin/token" => (Get, Gate::OwnSecret, own::token),
        "/cgi-bin/stable_token" => (Post, Gate::OwnSecret, own::stable_token),
        "/sns/oauth2/component/access_token" => (Get, Gate::ComponentQuery, sns::component_token),
        "/sns/oauth2/access_token" => (Get, Gate::OwnSecret, sns::own_token),
        _ => return None,
    };
    Some(Route { method, gate, answer })
}

/// Whether the simulated platform answers `path`.
pub(crate) fn is_known(path: &str) -> bool {
    route(path).is_some()
}

/// Answers a call as section N.5 orders it.
pub(crate) fn answer(platform: &mut Platform, mut call: Call<'_>) -> Result<Value, Refusal> {
    let Some(route) = route(&call.req.path) else { return Err(Refusal::new(40066)) };
    if call.req.method != route.method {
        return Err(Refusal::new(if route.method == Method::Post { 43002 } else { 43001 }));
    }
    call.owner = token(platform, &call, &route.gate)?;
    address(platform, &call, &route.gate)?;
    body(&mut call, route.method)?;
    appid(platform, &call, &route.gate)?;
    ability(platform, &call, &route.gate)?;
    let owner = quota_owner(platform, &call, &route.gate);
    use_quota(platform, &owner, &call.req.path, call.now)?;
    (route.answer)(platform, &call)
}

fn token(platform: &Platform, call: &Call<'_>, gate: &Gate) -> Result<Option<Owner>, Refusal> {
    if matches!(gate, Gate::ComponentSecret | Gate::OwnSecret) {
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
    if !own && matches!(call.owner, Some(Owner::Own(_) | Owner::Stable(_))) {
        // The account's own list guards the fetching of its token only (L).
        return Ok(());
    }
    platform.refuses(&call.req.client_ip).map_or(Ok(()), |_| Err(Refusal::new(if own { 40164 } else { 61004 })))
}

fn body(call: &mut Call<'_>, method: Method) -> Result<(), Refusal> {
    if method == Method::Get {
        return Ok(());
    }
    let bytes = call.req.body.as_deref().unwrap_or_default();
    if bytes.is_empty() {
        return Err(Refusal::new(44002));
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
    if matches!(gate, Gate::Account { menus: true, .. }) && !state.account.has_menus() {
        return Err(Refusal::new(48001));
    }
    Ok(())
}

/// Component APIs consume the component's quota, calls on behalf the authorizer's (E.3).
fn quota_owner(platform: &Platform, call: &Call<'_>, gate: &Gate) -> String {
    match (&call.owner, gate) {
        (Some(Owner::Authorizer(appid) | Owner::Own(appid) | Owner::Stable(appid)), _) => appid.clone(),
        (None, Gate::OwnSecret) => {
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
    let day = beijing_day(now);
    let limit = platform.config.daily_limits.get(path).copied();
    let used = platform.state.quota.entry(quota_key(owner, path)).or_insert(Used { period: day, count: 0 });
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
