//! Everything that can be said about a default menu and its conditional ones before they are sent.
//!
//! Owns: the rules for sets (F.6, F.7) and what WeChat takes but followers do not get. Must not: know the account; what it
//! may use is the engine's to say. Invariant: findings come in document order, and without errors WeChat takes the set by
//! form.

use std::collections::BTreeSet;

use serde_json::Value;

use super::equal::{children, clean_rule};
use super::{ButtonType, Problem, validate, warnings};

/// Most different hosts that all conditional menus together may lead to (65316).
pub const MAX_CONDITIONAL_DOMAINS: usize = 3;

/// Members of a rule that were abolished for privacy (65320).
const ABOLISHED: [&str; 5] = ["sex", "country", "province", "city", "language"];

/// A conditional menu as it is to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Conditional<'a> {
    /// Its rule.
    pub matchrule: &'a Value,
    /// Its buttons.
    pub button: &'a [Value],
}

/// Something to say about a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where, which rule, and in words.
    pub problem: Problem,
    /// WeChat would refuse it; otherwise a warning.
    pub error: bool,
}

#[derive(Default)]
struct Found(Vec<Finding>);

impl Found {
    fn add(&mut self, error: bool, path: impl Into<String>, rule: &'static str, en: impl Into<String>, zh: &str) {
        let problem = Problem { path: path.into(), rule, text: en.into(), text_zh: zh.to_owned() };
        self.0.push(Finding { problem, error });
    }

    fn take(&mut self, prefix: &str, problems: Vec<Problem>, error: bool) {
        self.0.extend(problems.into_iter().map(|mut problem| {
            problem.path = under(prefix, &problem.path);
            Finding { problem, error }
        }));
    }
}

/// `path` inside the menu that `prefix` names (empty: the default one).
pub(super) fn under(prefix: &str, path: &str) -> String {
    match (prefix, path) {
        ("", path) => path.to_owned(),
        (prefix, "") => prefix.to_owned(),
        (prefix, path) => format!("{prefix}.{path}"),
    }
}

/// Every finding of a set, in document order. `conditional` is in matching order, newest first.
#[must_use]
pub fn check_set(default: &[Value], conditional: &[Conditional<'_>]) -> Vec<Finding> {
    let mut found = Found::default();
    check_menu(&mut found, "", default);
    if default.is_empty() && !conditional.is_empty() {
        found.add(
            true,
            "button",
            "default_required",
            "conditional menus need a default menu beside them (65303)",
            "个性化菜单需要先有默认菜单 (65303)",
        );
    }
    for (i, menu) in conditional.iter().enumerate() {
        let path = format!("conditional[{i}]");
        check_rule(&mut found, &format!("{path}.matchrule"), menu.matchrule);
        let newer = conditional[..i].iter().position(|newer| hides(newer.matchrule, menu.matchrule));
        if let Some(newer) = newer {
            found.add(
                false,
                format!("{path}.matchrule"),
                "matchrule_hidden",
                format!("nobody sees this menu: number {} before it matches the same followers", newer + 1),
                &format!("不会有人看到：排在前面的第 {} 个个性化菜单已匹配这些用户", newer + 1),
            );
        }
        check_menu(&mut found, &path, menu.button);
    }
    check_domains(&mut found, conditional);
    // Stable: what is found at one place stays in the order of the rules.
    found.0.sort_by_cached_key(|finding| order(&finding.problem.path));
    found.0
}

fn check_menu(found: &mut Found, prefix: &str, buttons: &[Value]) {
    let menu = serde_json::json!({ "button": buttons });
    found.take(prefix, validate(&menu), true);
    found.take(prefix, warnings(&menu), false);
    walk(buttons, &mut |path, button| check_use(found, &under(prefix, path), button));
}

/// Calls `see` with every button and its path.
pub(super) fn walk(buttons: &[Value], see: &mut impl FnMut(&str, &Value)) {
    for (i, top) in buttons.iter().enumerate() {
        let path = format!("button[{i}]");
        see(&path, top);
        for (j, sub) in children(top).iter().enumerate() {
            see(&format!("{path}.sub_button[{j}]"), sub);
        }
    }
}

/// What is sent but of no use to some followers.
fn check_use(found: &mut Found, path: &str, button: &Value) {
    if !children(button).is_empty() {
        return;
    }
    let text = |member: &str| button.get(member).and_then(Value::as_str).unwrap_or_default();
    let Some(kind) = ButtonType::from_name(text("type")) else { return };
    if matches!(
        kind,
        ButtonType::ScancodePush
            | ButtonType::ScancodeWaitmsg
            | ButtonType::PicSysphoto
            | ButtonType::PicPhotoOrAlbum
            | ButtonType::PicWeixin
            | ButtonType::LocationSelect
    ) {
        found.add(
            false,
            format!("{path}.type"),
            "type_old_clients",
            "nothing happens on WeChat before iOS 5.4.1 and Android 5.4",
            "需微信 iOS 5.4.1、Android 5.4 以上，更早的版本点击后没有反应",
        );
    }
    if kind.required().contains(&"url") {
        let url = text("url");
        if url.contains("tempkey=") {
            found.add(
                false,
                format!("{path}.url"),
                "url_preview",
                "this is a preview link, which ends in a short while",
                "检测到此链接为预览链接，将在短期内失效",
            );
        }
        if url.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://")) {
            found.add(
                false,
                format!("{path}.url"),
                "url_plain",
                "http is not encrypted; use https if the site has it",
                "http 链接未加密，网站支持时请改用 https",
            );
        }
    }
    if kind == ButtonType::Miniprogram && text("appid").bytes().any(|b| b.is_ascii_uppercase()) {
        found.add(false, format!("{path}.appid"), "appid_case", "an appid is written in lower case", "appid 应为小写");
    }
}

fn check_rule(found: &mut Found, path: &str, rule: &Value) {
    if !rule.is_object() {
        return found.add(true, path, "not_an_object", "matchrule must be a JSON object", "matchrule 必须是 JSON 对象");
    }
    let rule = clean_rule(rule);
    let abolished: Vec<&str> = ABOLISHED.into_iter().filter(|name| rule.contains_key(*name)).collect();
    if !abolished.is_empty() {
        let names = abolished.join(", ");
        found.add(
            true,
            path,
            "matchrule_abolished",
            format!("WeChat takes no rule about {names} any more (65320); use a tag"),
            &format!("微信已不支持按 {names} 匹配 (65320)，请改用标签"),
        );
    } else if !rule.contains_key("tag_id") && !rule.contains_key("client_platform_type") {
        found.add(
            true,
            path,
            "matchrule_required",
            "a conditional menu needs a tag or a platform (65304)",
            "个性化菜单须指定标签或客户端系统 (65304)",
        );
    }
    let platform = rule.get("client_platform_type").and_then(Value::as_str);
    if platform.is_some_and(|platform| !matches!(platform, "1" | "2" | "3")) {
        found.add(
            false,
            path,
            "matchrule_platform",
            "client_platform_type is 1 (iOS), 2 (Android) or 3 (others)",
            "client_platform_type 应为 1（iOS）、2（Android）或 3（其他）",
        );
    }
}

/// Whether every follower that `older` matches is matched by `newer`, which WeChat tries first.
fn hides(newer: &Value, older: &Value) -> bool {
    let (newer, older) = (clean_rule(newer), clean_rule(older));
    !newer.is_empty() && newer.iter().all(|(name, value)| older.get(name) == Some(value))
}

/// The host of a URL, in lower case and without a port.
fn host(url: &str) -> Option<String> {
    let rest = url.split_once("://")?.1;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?.split(':').next()?;
    (!host.is_empty()).then(|| host.to_ascii_lowercase())
}

/// The URLs of the conditional menus, each with its path.
fn conditional_urls(conditional: &[Conditional<'_>]) -> Vec<(String, String)> {
    let mut urls = Vec::new();
    for (i, menu) in conditional.iter().enumerate() {
        let prefix = format!("conditional[{i}]");
        walk(menu.button, &mut |path, button| {
            if children(button).is_empty()
                && let Some(host) = button.get("url").and_then(Value::as_str).and_then(host)
            {
                urls.push((under(&prefix, &format!("{path}.url")), host));
            }
        });
    }
    urls
}

/// The different hosts that all conditional menus lead to, sorted; at most [`MAX_CONDITIONAL_DOMAINS`] are allowed.
#[must_use]
pub fn conditional_domains(conditional: &[Conditional<'_>]) -> Vec<String> {
    let hosts: BTreeSet<String> = conditional_urls(conditional).into_iter().map(|(_, host)| host).collect();
    hosts.into_iter().collect()
}

fn check_domains(found: &mut Found, conditional: &[Conditional<'_>]) {
    let mut hosts = BTreeSet::new();
    for (path, host) in conditional_urls(conditional) {
        if hosts.insert(host.clone()) && hosts.len() > MAX_CONDITIONAL_DOMAINS {
            found.add(
                true,
                path,
                "conditional_domains",
                format!(
                    "all conditional menus together may lead to {MAX_CONDITIONAL_DOMAINS} domains (65316); {host} is number {}",
                    hosts.len()
                ),
                &format!("所有个性化菜单合计最多跳转 {MAX_CONDITIONAL_DOMAINS} 个域名 (65316)，{host} 是第 {} 个", hosts.len()),
            );
        }
    }
}

/// Members in the order in which an editor shows them; sub-buttons come last.
const FIELDS: [&str; 9] = ["matchrule", "name", "type", "key", "url", "appid", "pagepath", "media_id", "article_id"];

/// A key that sorts paths as a document is read.
fn order(path: &str) -> Vec<usize> {
    let mut key = Vec::new();
    if path.is_empty() {
        return key;
    }
    key.push(usize::from(path.starts_with("conditional")));
    for part in path.split('.') {
        match part.split_once('[') {
            Some((_, index)) => {
                key.push(FIELDS.len() + 1);
                key.push(index.trim_end_matches(']').parse().map_or(0, |n: usize| n + 1));
            }
            // What is said about a list as a whole comes before its entries.
            None if part == "button" || part == "sub_button" => key.extend([FIELDS.len() + 1, 0]),
            None => key.push(FIELDS.iter().position(|field| *field == part).unwrap_or(FIELDS.len())),
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn click(name: &str) -> Value {
        json!({"type": "click", "name": name, "key": "K"})
    }

    fn view(url: &str) -> Value {
        json!({"type": "view", "name": "n", "url": url})
    }

    /// The findings as (error, path, rule).
    fn check(default: &[Value], conditional: &[(Value, Vec<Value>)], expected: &[(bool, &str, &str)]) {
        let conditional: Vec<Conditional<'_>> =
            conditional.iter().map(|(matchrule, button)| Conditional { matchrule, button }).collect();
        let findings = check_set(default, &conditional);
        let found: Vec<(bool, &str, &str)> =
            findings.iter().map(|f| (f.error, f.problem.path.as_str(), f.problem.rule)).collect();
        assert_eq!(found, expected);
        assert!(findings.iter().all(|f| !f.problem.text.is_empty() && !f.problem.text_zh.is_empty()));
    }

    #[test]
    fn what_followers_do_not_get_is_a_warning() {
        for (button, expected) in [
            (view("https://a.b/"), &[][..]),
            (view("http://a.b/"), &[(false, "button[0].url", "url_plain")]),
            (view("HTTP://a.b/"), &[(false, "button[0].url", "url_plain")]),
            (view("https://mp.weixin.qq.com/s?tempkey=x"), &[(false, "button[0].url", "url_preview")]),
            (
                json!({"type": "scancode_push", "name": "n", "key": "k"}),
                &[(false, "button[0].type", "type_old_clients")],
            ),
            (
                json!({"type": "scancode_waitmsg", "name": "n", "key": "k"}),
                &[(false, "button[0].type", "type_old_clients")],
            ),
            (
                json!({"type": "pic_sysphoto", "name": "n", "key": "k"}),
                &[(false, "button[0].type", "type_old_clients")],
            ),
            (
                json!({"type": "pic_photo_or_album", "name": "n", "key": "k"}),
                &[(false, "button[0].type", "type_old_clients")],
            ),
            (json!({"type": "pic_weixin", "name": "n", "key": "k"}), &[(false, "button[0].type", "type_old_clients")]),
            (
                json!({"type": "location_select", "name": "n", "key": "k"}),
                &[(false, "button[0].type", "type_old_clients")],
            ),
            (json!({"type": "media_id", "name": "n", "media_id": "k"}), &[]),
            (
                json!({"type": "miniprogram", "name": "n", "url": "https://a", "appid": "wx286B93C14BBF93AA", "pagepath": "p"}),
                &[(false, "button[0].appid", "appid_case")],
            ),
            (click("一二三四五"), &[(false, "button[0].name", "name_cut")]),
            (click("一二三四五六"), &[(true, "button[0].name", "name_length"), (false, "button[0].name", "name_cut")]),
        ] {
            check(&[button], &[], expected);
        }
        check(&[], &[], &[(true, "button", "button_count")]);
    }

    #[test]
    fn rules_of_conditional_menus() {
        let menu = || vec![click("a")];
        for (rule, expected) in [
            (json!({"tag_id": "2"}), &[][..]),
            (json!({"tag_id": 2}), &[]),
            (json!({"group_id": 2}), &[]),
            (json!({"client_platform_type": "1"}), &[]),
            (json!({"client_platform_type": 4}), &[(false, "conditional[0].matchrule", "matchrule_platform")]),
            (json!({}), &[(true, "conditional[0].matchrule", "matchrule_required")]),
            (json!({"tag_id": "", "sex": null}), &[(true, "conditional[0].matchrule", "matchrule_required")]),
            (json!({"tag_id": "2", "sex": "1"}), &[(true, "conditional[0].matchrule", "matchrule_abolished")]),
            (json!({"country": "中国"}), &[(true, "conditional[0].matchrule", "matchrule_abolished")]),
            (json!({"province": "x"}), &[(true, "conditional[0].matchrule", "matchrule_abolished")]),
            (json!({"city": "x"}), &[(true, "conditional[0].matchrule", "matchrule_abolished")]),
            (json!({"language": "zh_CN"}), &[(true, "conditional[0].matchrule", "matchrule_abolished")]),
            (json!("2"), &[(true, "conditional[0].matchrule", "not_an_object")]),
        ] {
            check(&menu(), &[(rule, menu())], expected);
        }
        check(
            &[],
            &[(json!({"tag_id": "2"}), menu())],
            &[(true, "button", "button_count"), (true, "button", "default_required")],
        );
        check(&menu(), &[(json!({"tag_id": "2"}), Vec::new())], &[(true, "conditional[0].button", "button_count")]);
    }

    #[test]
    fn a_menu_that_nobody_sees_is_named() {
        let rule =
            |tag: &str, platform: &str| (json!({"tag_id": tag, "client_platform_type": platform}), vec![click("a")]);
        check(&[click("a")], &[rule("2", "1"), rule("2", "")], &[]);
        check(
            &[click("a")],
            &[rule("2", ""), rule("2", "1")],
            &[(false, "conditional[1].matchrule", "matchrule_hidden")],
        );
        check(
            &[click("a")],
            &[rule("2", ""), rule("3", ""), rule("2", "")],
            &[(false, "conditional[2].matchrule", "matchrule_hidden")],
        );
    }

    #[test]
    fn three_domains_and_no_more() {
        let menu = |tag: i64, urls: &[&str]| {
            let subs: Vec<Value> = urls.iter().map(|url| view(url)).collect();
            (json!({"tag_id": tag}), vec![json!({"name": "m", "sub_button": subs})])
        };
        let set = [
            menu(1, &["https://a.cn/1", "https://A.cn:443/2", "https://b.cn"]),
            menu(2, &["https://c.cn?x", "https://d.cn/", "https://d.cn/2", "https://e.cn"]),
        ];
        let error = |path| (true, path, "conditional_domains");
        check(
            &[view("https://default.cn")],
            &set,
            &[error("conditional[1].button[0].sub_button[1].url"), error("conditional[1].button[0].sub_button[3].url")],
        );
        let set: Vec<Conditional<'_>> =
            set.iter().map(|(matchrule, button)| Conditional { matchrule, button }).collect();
        assert_eq!(conditional_domains(&set), ["a.cn", "b.cn", "c.cn", "d.cn", "e.cn"]);
        assert_eq!(conditional_domains(&set[..1]), ["a.cn", "b.cn"]);
    }

    #[test]
    fn findings_come_in_document_order() {
        let default = [
            json!({"type": "view", "name": "一二三四五", "url": "http://a?tempkey=1"}),
            json!({"name": "m", "sub_button": [json!({"type": "click", "name": "x"}), view("ftp://x")]}),
        ];
        check(
            &default,
            &[(json!({}), vec![json!({"type": "click", "name": ""})])],
            &[
                (false, "button[0].name", "name_cut"),
                (false, "button[0].url", "url_preview"),
                (false, "button[0].url", "url_plain"),
                (true, "button[1].sub_button[0].key", "key_required"),
                (true, "button[1].sub_button[1].url", "url_scheme"),
                (true, "conditional[0].matchrule", "matchrule_required"),
                (true, "conditional[0].button[0].name", "name_required"),
                (true, "conditional[0].button[0].key", "key_required"),
            ],
        );
    }
}
