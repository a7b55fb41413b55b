//! Owns: the menu interfaces (F.1, F.4, F.5).
//! Must not: check permission or ability; `api::answer` has done so.
//! Invariant: what `get` shows is what `create` was given; `get_current_selfmenu_info` also shows a hand-made menu.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Call, Refusal, menu_rules, ok};
use crate::platform::Platform;
use crate::state::Menu;

fn menu<'p>(platform: &'p mut Platform, call: &Call<'_>) -> Result<&'p mut Menu, Refusal> {
    let appid = call.account()?;
    platform.state.accounts.get_mut(appid).map(|state| &mut state.menu).ok_or_else(|| Refusal::new(61003))
}

fn checked(call: &Call<'_>) -> Result<(), Refusal> {
    // The body must be raw UTF-8 (F.2).
    let raw = call.req.body.as_deref().unwrap_or_default();
    if raw.windows(2).any(|pair| pair == b"\\u") {
        return Err(Refusal::new(40033));
    }
    menu_rules::check(&call.body)
}

pub(super) fn create(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    checked(call)?;
    let menu = menu(platform, call)?;
    menu.default = call.body.get("button").cloned();
    menu.by_hand = None;
    Ok(ok())
}

/// Leaves carry an empty `sub_button` array in answers (F.4).
fn shown(buttons: &Value) -> Value {
    let shown = buttons.as_array().into_iter().flatten().map(|button| {
        let mut button = button.clone();
        let subs = button.get("sub_button").map_or_else(|| json!([]), shown);
        button["sub_button"] = subs;
        button
    });
    Value::Array(shown.collect())
}

/// The menuid of a default menu, shown only beside conditional ones.
const DEFAULT_MENU_ID: u64 = 208_396_938;

pub(super) fn get(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let menu = menu(platform, call)?;
    let Some(default) = &menu.default else { return Err(Refusal::new(46003)) };
    let mut answer = json!({"menu": {"button": shown(default)}});
    if !menu.conditional.is_empty() {
        answer["menu"]["menuid"] = json!(DEFAULT_MENU_ID);
        let conditional = menu.conditional.iter().rev().map(|(id, body)| {
            json!({
                "button": body.get("button").map_or_else(|| json!([]), shown),
                "matchrule": body.get("matchrule").cloned().unwrap_or_default(),
                "menuid": id,
            })
        });
        answer["conditionalmenu"] = conditional.collect();
    }
    Ok(answer)
}

pub(super) fn delete(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    *menu(platform, call)? = Menu::default();
    Ok(ok())
}

/// F.5: children are `sub_button: {"list": […]}` here.
fn listed(buttons: &Value) -> Value {
    let listed = buttons.as_array().into_iter().flatten().map(|button| {
        let mut button = button.clone();
        let subs = button.get("sub_button").and_then(Value::as_array).filter(|subs| !subs.is_empty()).cloned();
        if let Some(fields) = button.as_object_mut() {
            fields.remove("sub_button");
            if let Some(subs) = subs {
                fields.insert("sub_button".into(), json!({"list": listed(&Value::Array(subs))}));
            }
        }
        button
    });
    Value::Array(listed.collect())
}

pub(super) fn current_self_menu(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let menu = menu(platform, call)?;
    let (open, buttons) = match (&menu.default, &menu.by_hand) {
        // The website's editor replaced it; creating through the API takes the place back.
        (_, Some(by_hand)) => (1, by_hand.clone()),
        (Some(default), None) => (1, listed(default)),
        (None, None) => (0, json!([])),
    };
    Ok(json!({"is_menu_open": open, "selfmenu_info": {"button": buttons}}))
}

pub(super) fn add_conditional(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    checked(call)?;
    let id = 208_000_000 + platform.state.next_id();
    let menu = menu(platform, call)?;
    if menu.default.is_none() {
        return Err(Refusal::new(65303));
    }
    menu_rules::check_rule(&call.body)?;
    let mut hosts = BTreeSet::new();
    menu.conditional.iter().for_each(|(_, body)| menu_rules::hosts(body, &mut hosts));
    menu_rules::hosts(&call.body, &mut hosts);
    if hosts.len() > 3 {
        return Err(Refusal::new(65316));
    }
    menu.conditional.push((id, call.body.clone()));
    Ok(json!({"menuid": id.to_string()}))
}

pub(super) fn delete_conditional(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let id = call.field("menuid").and_then(|id| id.parse::<u64>().ok()).ok_or_else(|| Refusal::new(65301))?;
    let menu = menu(platform, call)?;
    let before = menu.conditional.len();
    menu.conditional.retain(|(known, _)| *known != id);
    if menu.conditional.len() == before { Err(Refusal::new(65301)) } else { Ok(ok()) }
}

/// The newest menu whose rule fits the follower, else the default one.
pub(super) fn try_match(platform: &mut Platform, call: &Call<'_>) -> Result<Value, Refusal> {
    let user = call.need("user_id", 65302)?;
    let appid = call.account()?;
    let follower = platform.follower(appid, &user).ok_or_else(|| Refusal::new(65302))?;
    let menu = menu(platform, call)?;
    let matching = menu.conditional.iter().rev().find(|(_, body)| {
        let rule = |name: &str| match body.pointer(&format!("/matchrule/{name}")) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        let tag = if rule("tag_id").is_empty() { rule("group_id") } else { rule("tag_id") };
        let own = follower.tags.last().map(u64::to_string);
        (tag.is_empty() || own.as_ref() == Some(&tag))
            && (rule("client_platform_type").is_empty()
                || rule("client_platform_type") == follower.platform.to_string())
    });
    let buttons = matching.and_then(|(_, body)| body.get("button")).or(menu.default.as_ref());
    match buttons {
        Some(buttons) => Ok(json!({"button": shown(buttons)})),
        None => Err(Refusal::new(46003)),
    }
}
