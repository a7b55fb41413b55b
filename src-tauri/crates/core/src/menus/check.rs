//! What is wrong with a menu: WeChat's rules, and what this account may use.

use serde_json::Value;
use wechat::menu::{Conditional, check_set, conditional_domains};

use crate::dto::{FieldError, MenuAbilities, MenuCheck, MenuFinding, MenuReply, MenuSet, MenuSeverity, ReplyKind};

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

/// What this console would have trouble to answer.
fn of_replies(replies: &[MenuReply]) -> Vec<MenuFinding> {
    let mut findings = Vec::new();
    for (i, reply) in replies.iter().enumerate() {
        if matches!(reply.kind, ReplyKind::Image | ReplyKind::Voice) {
            findings.push(finding(
                format!("replies[{i}].content"),
                "temporary_media",
                MenuSeverity::Warning,
                "a media id that WeChat's website made ends after 3 days; the answer fails then",
                "网站素材的 media_id 只有 3 天有效期，到期后将无法回复",
            ));
        }
        let articles = reply.news.as_ref().map(|news| news.as_array().map(Vec::as_slice).unwrap_or_default());
        for (j, article) in articles.unwrap_or_default().iter().enumerate() {
            if !article.get("title").is_some_and(Value::is_string) {
                findings.push(finding(
                    format!("replies[{i}].news[{j}]"),
                    "article",
                    MenuSeverity::Error,
                    "must be an article with a title",
                    "应为带标题的图文",
                ));
            }
        }
    }
    findings
}

/// Members of buttons that WeChat's menus have.
const MEMBERS: [&str; 9] = ["name", "type", "key", "url", "appid", "pagepath", "media_id", "article_id", "sub_button"];

/// Members that WeChat does not know: sent as they are, and of no use, unless one is misspelt.
fn strangers(prefix: &str, buttons: &[Value], findings: &mut Vec<MenuFinding>) {
    each(buttons, &mut |path, button| {
        let names = button.as_object().into_iter().flat_map(|members| members.keys());
        for name in names.filter(|name| !MEMBERS.contains(&name.as_str())) {
            findings.push(finding(
                format!("{prefix}{path}.{name}"),
                "unknown_member",
                MenuSeverity::Warning,
                "WeChat's menus have no such member",
                "微信菜单没有这个字段",
            ));
        }
    });
}

fn of_account(set: &MenuSet, abilities: &MenuAbilities) -> Vec<MenuFinding> {
    let mut findings = Vec::new();
    if !abilities.authorized {
        findings.push(finding(
            String::new(),
            "unauthorized",
            MenuSeverity::Error,
            "the authorization was cancelled: nothing can be published until the account is authorized again",
            "账号已取消授权，重新授权之前不能发布",
        ));
    } else if !abilities.publish {
        findings.push(finding(
            String::new(),
            "not_granted",
            MenuSeverity::Error,
            "the account did not grant permission set 15 (menus): nothing can be published",
            "该账号未授予权限集 15（自定义菜单），不能发布",
        ));
    }
    findings.extend(of_replies(&set.replies));
    strangers("", &set.button, &mut findings);
    for (i, menu) in set.conditional.iter().enumerate() {
        strangers(&format!("conditional[{i}]."), &menu.button, &mut findings);
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

    const ABLE: MenuAbilities =
        MenuAbilities { authorized: true, publish: true, read: true, verified: Some(true), service: Some(true) };

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
        assert_eq!(rules(&MenuAbilities { authorized: false, ..ABLE }), [own("", "unauthorized", MenuSeverity::Error)]);
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
