//! Owns: authorizer options in both forms (C.8).
//! Must not: accept a form without a way to tell the account.
//! Invariant: an option always has a value; the default is "0".

use serde_json::{Value, json};

use super::{Call, Refusal, ok};
use crate::platform::Platform;
use crate::state::Owner;

fn allowed(name: &str) -> Result<&'static [&'static str], Refusal> {
    match name {
        "location_report" => Ok(&["0", "1", "2"]),
        "voice_recognize" | "customer_service" => Ok(&["0", "1"]),
        _ => Err(Refusal::new(61012)),
    }
}

/// The authorizer token names the account; otherwise the body does.
fn subject(platform: &Platform, call: &Call<'_>) -> Result<String, Refusal> {
    let appid = match &call.owner {
        Some(Owner::Authorizer(appid)) => appid.clone(),
        _ => {
            let sent = call.field("component_appid");
            if sent.is_some_and(|sent| sent != platform.state.credentials.component_appid) {
                return Err(Refusal::new(40013));
            }
            call.need("authorizer_appid", 61015)?
        }
    };
    match platform.state.accounts.get(&appid) {
        Some(state) if state.grant.is_some() => Ok(appid),
        _ => Err(Refusal::new(61003)),
    }
}

pub(super) fn get(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let appid = subject(platform, call)?;
    let name = call.field("option_name").unwrap_or_default();
    allowed(&name)?;
    let stored = platform.state.accounts.get(&appid).and_then(|a| a.options.get(&name));
    let value = stored.cloned().unwrap_or_else(|| "0".to_owned());
    let mut answer = json!({"option_name": name, "option_value": value});
    if call.req.path.contains("/api_") {
        answer["authorizer_appid"] = json!(appid);
    } else {
        answer["errcode"] = json!(0);
        answer["errmsg"] = json!("ok");
    }
    Ok(answer)
}

pub(super) fn set(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let appid = subject(platform, call)?;
    let name = call.field("option_name").unwrap_or_default();
    let values = allowed(&name)?;
    let value = call.field("option_value").unwrap_or_default();
    if !values.contains(&value.as_str()) {
        return Err(Refusal::new(61013));
    }
    if let Some(state) = platform.state.accounts.get_mut(&appid) {
        state.options.insert(name, value);
    }
    Ok(ok())
}
