//! Filling a template's variables. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::dto::{FieldError, MenuSet, MenuTemplate, TemplateVariable};

/// Names that every account has a value for.
pub(crate) const BUILT_IN: [&str; 3] = ["name", "appid", "tenant"];
/// Longest name of a template, characters.
const MAX_NAME: usize = 64;
/// Longest name of a variable.
const MAX_VARIABLE: usize = 32;
/// Most custom variables of a template.
const MAX_VARIABLES: usize = 50;

/// A filled menu, and the variables that nobody has a value for.
pub(crate) struct Filled {
    pub set: MenuSet,
    pub missing: Vec<String>,
}

/// Fills `{{name}}` in every text of the menu. What has no value stays as it is, and is named.
pub(crate) fn fill(set: &MenuSet, values: &BTreeMap<String, String>) -> Filled {
    let mut missing = BTreeSet::new();
    let mut filled = set.clone();
    filled.button.iter_mut().for_each(|button| fill_value(button, values, &mut missing));
    for menu in &mut filled.conditional {
        fill_value(&mut menu.matchrule, values, &mut missing);
        menu.button.iter_mut().for_each(|button| fill_value(button, values, &mut missing));
    }
    for reply in &mut filled.replies {
        reply.key = fill_text(&reply.key, values, &mut missing);
        reply.content = fill_text(&reply.content, values, &mut missing);
    }
    Filled { set: filled, missing: missing.into_iter().collect() }
}

fn fill_value(value: &mut Value, values: &BTreeMap<String, String>, missing: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => *text = fill_text(text, values, missing),
        Value::Array(items) => items.iter_mut().for_each(|item| fill_value(item, values, missing)),
        Value::Object(members) => members.values_mut().for_each(|member| fill_value(member, values, missing)),
        _ => {}
    }
}

fn fill_text(text: &str, values: &BTreeMap<String, String>, missing: &mut BTreeSet<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((name, tail)) = after.split_once("}}") else {
            out.push_str("{{");
            rest = after;
            continue;
        };
        let name = name.trim();
        match values.get(name) {
            // A value is text: what looks like a variable in it is not filled again.
            Some(value) => out.push_str(value),
            None if is_variable(name) => {
                missing.insert(name.to_owned());
                out.push_str(&format!("{{{{{name}}}}}"));
            }
            None => {
                out.push_str("{{");
                rest = after;
                continue;
            }
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn is_variable(name: &str) -> bool {
    (1..=MAX_VARIABLE).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Variables that occur in the menu.
pub(crate) fn used(set: &MenuSet) -> Vec<String> {
    fill(set, &BTreeMap::new()).missing
}

/// What is wrong with a template, but for its menu, which each account checks when it is filled.
pub(crate) fn check(template: &MenuTemplate) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut wrong = |field: String, rule: &str, message: &str, message_zh: &str| {
        errors.push(FieldError {
            field,
            rule: rule.to_owned(),
            message: message.to_owned(),
            message_zh: message_zh.to_owned(),
        });
    };
    let name = template.name.trim();
    if name.is_empty() {
        wrong("name".into(), "required", "a name is needed", "请填写名称");
    } else if name.chars().count() > MAX_NAME {
        wrong("name".into(), "length", "must have at most 64 characters", "最多 64 个字");
    }
    if template.variables.len() > MAX_VARIABLES {
        wrong("variables".into(), "count", "must be at most 50", "最多 50 个变量");
    }
    let mut seen = BTreeSet::new();
    for (i, variable) in template.variables.iter().enumerate() {
        let field = format!("variables[{i}].name");
        if !is_variable(&variable.name) {
            wrong(field, "format", "must be 1 to 32 letters, digits or _", "应为 1 到 32 位字母、数字或 _");
        } else if BUILT_IN.contains(&variable.name.as_str()) {
            wrong(field, "built_in", "name, appid and tenant are there already", "name、appid、tenant 为内置变量");
        } else if !seen.insert(variable.name.clone()) {
            wrong(field, "unique", "there is another variable of that name", "变量名重复");
        }
    }
    for unknown in used(&template.set) {
        if !BUILT_IN.contains(&unknown.as_str()) && !seen.contains(&unknown) {
            wrong(
                "set".into(),
                "unknown_variable",
                &format!("{{{{{unknown}}}}} is used in the menu and not among the variables"),
                &format!("菜单中用到了未定义的变量 {{{{{unknown}}}}}"),
            );
        }
    }
    errors
}

/// The values for one account: built-in ones, then defaults, its own kept ones, and those given now.
pub(crate) fn values(
    variables: &[TemplateVariable],
    built_in: [&str; 3],
    kept: &BTreeMap<String, String>,
    given: Option<&BTreeMap<String, String>>,
) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for variable in variables {
        let own = given.and_then(|given| given.get(&variable.name)).or_else(|| kept.get(&variable.name));
        let value = own.filter(|value| !value.is_empty()).or(variable.default.as_ref());
        if let Some(value) = value {
            all.insert(variable.name.clone(), value.clone());
        }
    }
    for (name, value) in BUILT_IN.iter().zip(built_in) {
        // An account without a tenant has no value for it.
        if !value.is_empty() {
            all.insert((*name).to_owned(), value.to_owned());
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(text: &str) -> MenuSet {
        MenuSet {
            button: vec![json!({"type": "view", "name": text, "url": "https://x.example/?a={{appid}}", "n": 1})],
            ..MenuSet::default()
        }
    }

    fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn every_text_is_filled_once_and_what_is_missing_is_named() {
        let values = pairs(&[("name", "{{appid}}"), ("appid", "wx1")]);
        let filled = fill(&set("{{ name }} {{shop}} {{not a name}} {{"), &values);
        assert_eq!(filled.set.button[0]["name"], "{{appid}} {{shop}} {{not a name}} {{");
        assert_eq!(filled.set.button[0]["url"], "https://x.example/?a=wx1");
        assert_eq!(filled.missing, ["shop"]);
    }

    #[test]
    fn an_accounts_own_value_goes_before_the_default() {
        let variable = |name: &str, default: Option<&str>| TemplateVariable {
            name: name.into(),
            label: String::new(),
            default: default.map(str::to_owned),
        };
        let variables = [variable("shop", Some("main")), variable("city", None), variable("phone", Some("1"))];
        let kept = pairs(&[("shop", "kept"), ("phone", "2")]);
        let given = pairs(&[("shop", "given"), ("phone", "")]);
        let all = values(&variables, ["花店", "wx1", ""], &kept, Some(&given));
        assert_eq!(all, pairs(&[("shop", "given"), ("phone", "1"), ("name", "花店"), ("appid", "wx1")]));
    }

    #[test]
    fn a_template_names_field_and_rule() {
        let variable = |name: &str| TemplateVariable { name: name.into(), label: String::new(), default: None };
        let template = MenuTemplate {
            id: String::new(),
            name: " ".into(),
            note: String::new(),
            set: set("{{shop}} {{who}}"),
            variables: vec![variable("shop"), variable("shop"), variable("name"), variable("a b")],
            updated_at: 0,
        };
        let found: Vec<_> = check(&template).into_iter().map(|e| (e.field, e.rule)).collect();
        let wanted = [
            ("name", "required"),
            ("variables[1].name", "unique"),
            ("variables[2].name", "built_in"),
            ("variables[3].name", "format"),
            ("set", "unknown_variable"),
        ];
        assert_eq!(found, wanted.map(|(f, r)| (f.to_owned(), r.to_owned())));
    }
}
