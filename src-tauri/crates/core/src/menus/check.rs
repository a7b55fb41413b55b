//! What is wrong with a menu: WeChat's rules, and what this account may use.

use serde_json::Value;
use wechat::menu::{Conditional, check_set, conditional_domains};

use crate::dto::{FieldError, MenuAbilities, MenuCheck, MenuFinding, MenuSet, MenuSeverity};

/// The conditional menus of a set, as they are sent.
fn conditional(set: &MenuSet) -> Vec<Conditional<'_>> {
    set.conditional.iter().map(|menu| Conditional { matchrule: &menu.matchrule, button: &menu.button }).collect()
}

/// Every finding of a set, what concerns the whole first, then in document order.
pub(crate) fn check(set: &MenuSet, abilities: &MenuAbilities) -> MenuCheck {
    let conditional = conditional(set);
    let mut findings = of_account(set, abilities);
    findings.extend(check_set(&set.button, &conditional).into_iter().map(|found| MenuFinding {
        path: found.problem.path,
        rule: found.problem.rule.to_owned(),
        severity: if found.error { MenuSeverity::Error } else { MenuSeverity::Warning },
        message: found.problem.text,
        message_zh: found.problem.text_zh,
    }));
    MenuCheck { findings, conditional_domains: conditional_domains(&conditional) }
}

/// The errors of a check as an error's fields; empty when it may be published.
pub(crate) fn errors(check: &MenuCheck) -> Vec<FieldError> {
    let errors = check.findings.iter().filter(|found| found.severity == MenuSeverity::Error);
    errors
        .map(|found| FieldError {
            field: found.path.clone(),
            rule: found.rule.clone(),
            message: found.message.clone(),
            message_zh: found.message_zh.clone(),
        })
        .collect()
}

fn finding(path: String, rule: &str, severity: MenuSeverity, message: &str, message_zh: &str) -> MenuFinding {
    MenuFinding {
        path,
        rule: rule.to_owned(),
        severity,
        message: message.to_owned(),
        message_zh: message_zh.to_owned(),
    }
}

fn of_account(set: &MenuSet, abilities: &MenuAbilities) -> Vec<MenuFinding> {
    let mut findings = Vec::new();
    if !abilities.publish {
        findings.push(finding(
            String::new(),
            "not_granted",
            MenuSeverity::Error,
            "the account did not grant permission set 15 (menus): nothing can be published",
            "该账号未授予权限集 15（自定义菜单），不能发布",
        ));
    }
    if abilities.verified != Some(false) {
        return findings;
    }
    let warning = MenuSeverity::Warning;
    let mut see = |prefix: &str, buttons: &[Value]| {
        each(buttons, &mut |path, button| match button.get("type").and_then(Value::as_str) {
            Some("view") => findings.push(finding(
                format!("{prefix}{path}.url"),
                "unverified_view",
                warning,
                "the account is not verified: WeChat may refuse links of any address",
                "账号未认证，微信可能不接受自填的网页链接",
            )),
            Some("miniprogram") => findings.push(finding(
                format!("{prefix}{path}.type"),
                "unverified_miniprogram",
                warning,
                "the account is not verified: only verified ones can have mini programs in their menu",
                "账号未认证，仅认证账号的菜单可以跳转小程序",
            )),
            _ => {}
        });
    };
    see("", &set.button);
    for (i, menu) in set.conditional.iter().enumerate() {
        see(&format!("conditional[{i}]."), &menu.button);
    }
    for i in 0..set.conditional.len() {
        findings.push(finding(
            format!("conditional[{i}]"),
            "unverified_conditional",
            warning,
            "the account is not verified: only verified ones can have conditional menus",
            "账号未认证，仅认证账号可以使用个性化菜单",
        ));
    }
    findings
}

/// Calls `see` with the path of every button that has no sub-buttons.
fn each(buttons: &[Value], see: &mut impl FnMut(&str, &Value)) {
    for (i, top) in buttons.iter().enumerate() {
        let subs = top.get("sub_button").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if subs.is_empty() {
            see(&format!("button[{i}]"), top);
        }
        for (j, sub) in subs.iter().enumerate() {
            see(&format!("button[{i}].sub_button[{j}]"), sub);
        }
    }
}

/// Buttons of a menu, sub-buttons included.
pub(crate) fn count(buttons: &[Value]) -> i64 {
    let subs = |top: &Value| top.get("sub_button").and_then(Value::as_array).map_or(0, Vec::len);
    i64::try_from(buttons.iter().map(|top| 1 + subs(top)).sum::<usize>()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dto::ConditionalSet;
    use serde_json::json;

    const ABLE: MenuAbilities = MenuAbilities { publish: true, read: true, verified: Some(true), service: Some(true) };

    fn set() -> MenuSet {
        let buttons = |value: Value| value.as_array().unwrap().clone();
        MenuSet {
            button: buttons(json!([
                {"type": "view", "name": "a", "url": "https://a.cn"},
                {"name": "m", "sub_button": [
                    {"type": "miniprogram", "name": "b", "url": "https://a.cn", "appid": "wx286b93c14bbf93aa", "pagepath": "p"},
                    {"type": "click", "name": "c", "key": "K"}]}])),
            conditional: vec![ConditionalSet {
                matchrule: json!({"tag_id": "2"}),
                button: buttons(json!([{"type": "view", "name": "a", "url": "https://b.cn"}])),
                ..ConditionalSet::default()
            }],
            replies: Vec::new(),
        }
    }

    fn rules(abilities: &MenuAbilities) -> Vec<(String, String, MenuSeverity)> {
        check(&set(), abilities).findings.into_iter().map(|f| (f.path, f.rule, f.severity)).collect()
    }

    #[test]
    fn what_the_account_may_not_use_is_said() {
        assert_eq!(rules(&ABLE), []);
        assert_eq!(
            rules(&MenuAbilities { verified: None, service: None, ..ABLE }),
            [],
            "what is not known is not held against it"
        );
        let own = |path: &str, rule: &str, severity| (path.to_owned(), rule.to_owned(), severity);
        assert_eq!(rules(&MenuAbilities { publish: false, ..ABLE }), [own("", "not_granted", MenuSeverity::Error)]);
        assert_eq!(
            rules(&MenuAbilities { verified: Some(false), ..ABLE }),
            [
                own("button[0].url", "unverified_view", MenuSeverity::Warning),
                own("button[1].sub_button[0].type", "unverified_miniprogram", MenuSeverity::Warning),
                own("conditional[0].button[0].url", "unverified_view", MenuSeverity::Warning),
                own("conditional[0]", "unverified_conditional", MenuSeverity::Warning),
            ]
        );
        assert_eq!(check(&set(), &ABLE).conditional_domains, ["b.cn"]);
        assert_eq!(count(&set().button), 4);
    }
}
