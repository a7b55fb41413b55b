//! When two menus are the same: one as it was sent and one as WeChat shows it.
//!
//! Owns the normal form. Must not be used to decide what an operator sees as changed; see [`super::diff`].
//! Invariant: a menu equals itself after any of WeChat's ways of showing it (F.4, F.5, F.6).

use serde_json::{Map, Value};

/// Members that WeChat defines for a button besides `sub_button` (F.3).
pub(super) const MEMBERS: [&str; 8] = ["name", "type", "key", "url", "appid", "pagepath", "media_id", "article_id"];

/// Buttons without what says nothing: nulls, empty texts (a name may be empty), empty `sub_button` lists.
#[must_use]
pub fn clean(buttons: &[Value]) -> Vec<Value> {
    buttons.iter().map(clean_button).collect()
}

fn clean_button(button: &Value) -> Value {
    let Some(members) = button.as_object() else { return button.clone() };
    let mut kept = Map::new();
    for (name, value) in members {
        let value = match value {
            Value::Null => continue,
            Value::Array(subs) if name == "sub_button" && subs.is_empty() => continue,
            Value::Array(subs) if name == "sub_button" => Value::Array(clean(subs)),
            Value::String(text) if text.is_empty() && name != "name" => continue,
            other => other.clone(),
        };
        kept.insert(name.clone(), value);
    }
    Value::Object(kept)
}

/// The sub-buttons of a button, in the form of `menu/create`.
pub(super) fn children(button: &Value) -> &[Value] {
    button.get("sub_button").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn text<'v>(button: &'v Value, member: &str) -> &'v str {
    button.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// Whether two lists of buttons are one menu to WeChat: the members it defines are equal, nulls and empty values count
/// as absent. Members that it does not define count only where both have them, since it may drop or add such.
#[must_use]
pub fn same_buttons(left: &[Value], right: &[Value]) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).all(|(a, b)| {
            MEMBERS.iter().all(|member| text(a, member) == text(b, member))
                && same_others(a, b)
                && same_buttons(children(a), children(b))
        })
}

fn same_others(a: &Value, b: &Value) -> bool {
    let (Some(a), Some(b)) = (a.as_object(), b.as_object()) else { return a == b };
    a.iter()
        .filter(|(name, value)| !value.is_null() && *name != "sub_button" && !MEMBERS.contains(&name.as_str()))
        .all(|(name, value)| b.get(name).is_none_or(|other| other.is_null() || other == value))
}

/// A `matchrule` in its normal form: texts, without empty members, `group_id` under its present name `tag_id` (F.6).
#[must_use]
pub fn clean_rule(rule: &Value) -> Map<String, Value> {
    let mut kept = Map::new();
    for (name, value) in rule.as_object().into_iter().flatten() {
        let value = match value {
            Value::Null => continue,
            Value::String(text) if text.is_empty() => continue,
            Value::Number(number) => Value::from(number.to_string()),
            other => other.clone(),
        };
        let present = if name == "group_id" { "tag_id" } else { name };
        // Both names in one rule: the present one says more.
        if present == name || !rule.get("tag_id").is_some_and(|tag| !tag.is_null() && tag != "") {
            kept.insert(present.to_owned(), value);
        }
    }
    kept
}

/// Whether two rules match the same followers by what they say.
#[must_use]
pub fn same_rule(left: &Value, right: &Value) -> bool {
    clean_rule(left) == clean_rule(right)
}

/// A rule in a few words, for lists: `tag_id=2, client_platform_type=1`.
#[must_use]
pub fn rule_words(rule: &Value) -> String {
    let words = clean_rule(rule)
        .iter()
        .map(|(name, value)| format!("{name}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect::<Vec<_>>();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_says_nothing_does_not_count() {
        let sent = json!([{"type": "click", "name": "a", "key": "K"}, {"name": "m", "sub_button": [{"type": "view", "name": "b", "url": "http://a"}]}]);
        let shown = json!([{"type": "click", "name": "a", "key": "K", "url": null, "appid": "", "sub_button": []},
            {"name": "m", "type": null, "sub_button": [{"type": "view", "name": "b", "url": "http://a", "sub_button": []}]}]);
        let (sent, shown) = (sent.as_array().unwrap(), shown.as_array().unwrap());
        assert!(same_buttons(sent, shown) && same_buttons(shown, sent));
        assert_eq!(clean(shown), *sent);
    }

    #[test]
    fn every_member_counts_and_strangers_only_where_both_have_them() {
        let one = |member: &str, value: Value| vec![json!({"type": "click", "name": "n", member: value})];
        for member in MEMBERS {
            assert!(!same_buttons(&one(member, json!("a")), &one(member, json!("b"))), "{member}");
        }
        assert!(!same_buttons(&one("custom", json!(1)), &one("custom", json!(2))));
        assert!(same_buttons(&one("custom", json!(1)), &one("other", json!(2))));
        assert!(!same_buttons(&one("key", json!("a")), &[]));
        let parent = |names: &[&str]| {
            vec![json!({"name": "m", "sub_button": names.iter().map(|n| json!({"name": n})).collect::<Vec<_>>()})]
        };
        assert!(!same_buttons(&parent(&["a", "b"]), &parent(&["b", "a"])), "order counts");
        assert!(!same_buttons(&parent(&["a"]), &parent(&["a", "b"])));
    }

    #[test]
    fn rules_are_equal_by_what_they_say() {
        for (left, right, equal) in [
            (json!({"tag_id": "2"}), json!({"tag_id": 2}), true),
            (json!({"tag_id": "2"}), json!({"group_id": 2}), true),
            (json!({"tag_id": "2", "sex": ""}), json!({"tag_id": "2", "country": null}), true),
            (json!({"tag_id": "2", "group_id": "3"}), json!({"tag_id": "2"}), true),
            (json!({"tag_id": "2"}), json!({"tag_id": "3"}), false),
            (json!({"tag_id": "2"}), json!({"tag_id": "2", "client_platform_type": "1"}), false),
            (json!({"tag_id": "2", "sex": "1"}), json!({"tag_id": "2"}), false),
        ] {
            assert_eq!(same_rule(&left, &right), equal, "{left} {right}");
            assert_eq!(same_rule(&right, &left), equal, "{right} {left}");
        }
        assert_eq!(rule_words(&json!({"tag_id": 2, "client_platform_type": "1"})), "client_platform_type=1, tag_id=2");
    }
}
