//! Checks a menu before WeChat does, and says everything that is wrong with it at once.
//!
//! Owns: the rules of F.2 and F.3. Must not: stop at the first problem or change the menu.
//! Invariant: any JSON value is answered, and a menu without problems is one that `menu/create` accepts by form.

use serde::Serialize;
use serde_json::Value;

use super::{
    ButtonType, MAX_BUTTONS, MAX_KEY_BYTES, MAX_NAME_BYTES, MAX_SUB_BUTTONS, MAX_SUB_NAME_BYTES, MAX_URL_BYTES,
    SHOWN_NAME_UNITS, SHOWN_SUB_NAME_UNITS, name_units,
};

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// `button[0].sub_button[2].url`; empty for the document itself.
    pub path: String,
    /// A stable name of the rule.
    pub rule: &'static str,
    /// In English.
    pub text: String,
    /// In Chinese.
    pub text_zh: String,
}

#[derive(Default)]
struct Found(Vec<Problem>);

impl Found {
    fn add(&mut self, path: impl Into<String>, rule: &'static str, en: impl Into<String>, zh: impl Into<String>) {
        self.0.push(Problem { path: path.into(), rule, text: en.into(), text_zh: zh.into() });
    }
}

/// Every problem of a `menu/create` body, in document order; empty means good.
pub fn validate(menu: &Value) -> Vec<Problem> {
    let mut found = Found::default();
    let Some(menu) = menu.as_object() else {
        found.add("", "not_an_object", "the menu must be a JSON object", "菜单必须是 JSON 对象");
        return found.0;
    };
    let Some(buttons) = menu.get("button").filter(|v| !v.is_null()) else {
        found.add("button", "button_required", "the menu has no button list", "菜单缺少 button 列表");
        return found.0;
    };
    let Some(buttons) = buttons.as_array() else {
        found.add("button", "not_a_list", "button must be a list", "button 必须是数组");
        return found.0;
    };
    if buttons.is_empty() || buttons.len() > MAX_BUTTONS {
        found.add(
            "button",
            "button_count",
            format!("a menu has 1 to {MAX_BUTTONS} top-level buttons, not {}", buttons.len()),
            format!("一级菜单须为 1–{MAX_BUTTONS} 个，现有 {} 个", buttons.len()),
        );
    }
    for (i, button) in buttons.iter().enumerate() {
        check_button(&mut found, &format!("button[{i}]"), button, true);
    }
    found.0
}

/// What WeChat accepts but a phone cuts off: names wider than what is shown.
pub fn warnings(menu: &Value) -> Vec<Problem> {
    let mut found = Found::default();
    let list = |value: &Value, member: &str| value.get(member).and_then(Value::as_array).cloned().unwrap_or_default();
    for (i, button) in list(menu, "button").iter().enumerate() {
        let path = format!("button[{i}]");
        check_width(&mut found, &path, button, SHOWN_NAME_UNITS);
        for (j, sub) in list(button, "sub_button").iter().enumerate() {
            check_width(&mut found, &format!("{path}.sub_button[{j}]"), sub, SHOWN_SUB_NAME_UNITS);
        }
    }
    found.0
}

fn check_width(found: &mut Found, path: &str, button: &Value, shown: usize) {
    let units = button.get("name").and_then(Value::as_str).map(name_units).unwrap_or_default();
    if units > shown {
        found.add(
            format!("{path}.name"),
            "name_cut",
            format!("phones show only {} Chinese characters or {shown} letters of this name", shown / 2),
            format!("手机上只显示前 {} 个汉字或 {shown} 个字母", shown / 2),
        );
    }
}

fn check_button(found: &mut Found, path: &str, button: &Value, top: bool) {
    let Some(members) = button.as_object() else {
        return found.add(path, "not_an_object", "a button must be a JSON object", "按钮必须是 JSON 对象");
    };
    let member = |name: &str| members.get(name).filter(|v| !v.is_null());
    check_name(found, path, member("name"), top);
    for field in ["key", "url", "appid", "pagepath", "media_id", "article_id"] {
        if member(field).is_some_and(|value| !value.is_string()) {
            found.add(
                format!("{path}.{field}"),
                "not_a_text",
                format!("{field} must be a text"),
                format!("{field} 必须是字符串"),
            );
        }
    }
    let subs = match member("sub_button") {
        None => &[][..],
        Some(Value::Array(subs)) => subs.as_slice(),
        Some(_) => {
            return found.add(
                format!("{path}.sub_button"),
                "not_a_list",
                "sub_button must be a list",
                "sub_button 必须是数组",
            );
        }
    };
    if subs.is_empty() {
        return check_action(found, path, member("type"), &member);
    }
    if !top {
        return found.add(
            format!("{path}.sub_button"),
            "depth",
            "menus have two levels: a sub-button has no sub-buttons of its own",
            "菜单最多两级，子菜单不能再有子菜单",
        );
    }
    if member("type").is_some() {
        found.add(
            format!("{path}.type"),
            "type_with_sub_button",
            "a button has either a type or sub-buttons, not both",
            "type 与 sub_button 只能二选一：有子菜单的按钮不能设置动作",
        );
    }
    if subs.len() > MAX_SUB_BUTTONS {
        found.add(
            format!("{path}.sub_button"),
            "sub_button_count",
            format!("a button has 1 to {MAX_SUB_BUTTONS} sub-buttons, not {}", subs.len()),
            format!("子菜单须为 1–{MAX_SUB_BUTTONS} 个，现有 {} 个", subs.len()),
        );
    }
    for (j, sub) in subs.iter().enumerate() {
        check_button(found, &format!("{path}.sub_button[{j}]"), sub, false);
    }
}

fn check_name(found: &mut Found, path: &str, name: Option<&Value>, top: bool) {
    let path = format!("{path}.name");
    let name = match name {
        None => "",
        Some(Value::String(name)) => name.as_str(),
        Some(_) => return found.add(path, "not_a_text", "name must be a text", "name 必须是字符串"),
    };
    let limit = if top { MAX_NAME_BYTES } else { MAX_SUB_NAME_BYTES };
    if name.trim().is_empty() {
        found.add(path, "name_required", "a button needs a name", "请输入菜单名称");
    } else if name.len() > limit {
        found.add(
            path,
            "name_length",
            format!("the name is {} bytes long, at most {limit} are allowed (a Chinese character is 3)", name.len()),
            format!("名称为 {} 字节，最多 {limit} 字节（一个汉字 3 字节）", name.len()),
        );
    }
}

fn check_action<'v>(found: &mut Found, path: &str, kind: Option<&Value>, member: &impl Fn(&str) -> Option<&'v Value>) {
    let type_path = format!("{path}.type");
    let kind = match kind {
        None => {
            return found.add(
                type_path,
                "type_required",
                "a button without sub-buttons needs a type",
                "没有子菜单的按钮须设置动作（type）",
            );
        }
        Some(Value::String(kind)) => kind,
        Some(_) => return found.add(type_path, "not_a_text", "type must be a text", "type 必须是字符串"),
    };
    let Some(kind) = ButtonType::from_name(kind) else {
        return found.add(type_path, "type_unknown", "menu/create knows no such type", "不支持此按钮类型");
    };
    for field in kind.required() {
        let path = format!("{path}.{field}");
        let text = match member(field) {
            None => "",
            Some(Value::String(text)) => text.as_str(),
            // Reported with the button's other members.
            Some(_) => continue,
        };
        if text.trim().is_empty() {
            found.add(
                path,
                required_rule(field),
                format!("a button of type {} needs {field}", kind.as_str()),
                format!("{} 类型的按钮须填写 {field}", kind.as_str()),
            );
            continue;
        }
        match *field {
            "key" => check_length(found, path, "key_length", "key", text, MAX_KEY_BYTES),
            "url" => check_url(found, path, text),
            "appid" if !is_appid(text) => {
                found.add(
                    path,
                    "appid_format",
                    "an appid is wx and 16 hexadecimal digits",
                    "appid 应为 wx 加 16 位十六进制字符",
                );
            }
            _ => {}
        }
    }
}

fn required_rule(field: &str) -> &'static str {
    match field {
        "key" => "key_required",
        "url" => "url_required",
        "appid" => "appid_required",
        "pagepath" => "pagepath_required",
        "media_id" => "media_id_required",
        _ => "article_id_required",
    }
}

fn check_length(found: &mut Found, path: String, rule: &'static str, what: &str, text: &str, limit: usize) {
    if text.len() > limit {
        found.add(
            path,
            rule,
            format!("{what} is {} bytes long, at most {limit} are allowed", text.len()),
            format!("{what} 为 {} 字节，最多 {limit} 字节", text.len()),
        );
    }
}

fn check_url(found: &mut Found, path: String, url: &str) {
    let scheme_end = url.find("://").unwrap_or_default();
    let scheme = &url[..scheme_end];
    let host = url.get(scheme_end + 3..).and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    if !(scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
        || host.is_empty()
        || url.chars().any(|c| c.is_whitespace() || c.is_control())
    {
        found.add(
            path.clone(),
            "url_scheme",
            "the url must begin with http:// or https:// and a host, without blanks",
            "请输入正确的 URL：以 http:// 或 https:// 开头，不含空格",
        );
    }
    check_length(found, path, "url_length", "url", url, MAX_URL_BYTES);
}

/// `wx` and 16 hexadecimal digits, as every appid of this platform.
fn is_appid(text: &str) -> bool {
    text.strip_prefix("wx").is_some_and(|rest| rest.len() == 16 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Asserts the exact problems, as (path, rule), of a menu.
    fn check(menu: Value, expected: &[(&str, &str)]) {
        let problems = validate(&menu);
        let found: Vec<(&str, &str)> = problems.iter().map(|p| (p.path.as_str(), p.rule)).collect();
        assert_eq!(found, expected, "{menu}");
        assert!(problems.iter().all(|p| !p.text.is_empty() && p.text_zh.chars().any(|c| c > '\u{4e00}')));
    }

    fn one(button: Value) -> Value {
        json!({ "button": [button] })
    }

    fn click(name: &str) -> Value {
        json!({ "type": "click", "name": name, "key": "K" })
    }

    fn parent(subs: Vec<Value>) -> Value {
        one(json!({ "name": "菜单", "sub_button": subs }))
    }

    #[test]
    fn the_official_example_is_good() {
        check(
            json!({"button":[
                {"type":"click","name":"今日歌曲","key":"V1001_TODAY_MUSIC"},
                {"name":"菜单","sub_button":[
                    {"type":"view","name":"搜索","url":"http://www.soso.com/"},
                    {"type":"miniprogram","name":"wxa","url":"http://mp.weixin.qq.com","appid":"wx286b93c14bbf93aa","pagepath":"pages/lunar/index"},
                    {"type":"click","name":"赞一下我们","key":"V1001_GOOD"}]}]}),
            &[],
        );
    }

    #[test]
    fn every_type_is_good_with_its_fields_and_names_each_that_is_missing() {
        for kind in ButtonType::ALL {
            let mut button = json!({ "type": kind.as_str(), "name": "n" });
            let missing: Vec<(String, &str)> =
                kind.required().iter().map(|f| (format!("button[0].{f}"), required_rule(f))).collect();
            let missing: Vec<(&str, &str)> = missing.iter().map(|(p, r)| (p.as_str(), *r)).collect();
            assert!(!missing.is_empty());
            check(one(button.clone()), &missing);
            for field in kind.required() {
                button[*field] = json!(match *field {
                    "url" => "https://a.b/c",
                    "appid" => "wx286b93c14bbf93aa",
                    other => other,
                });
            }
            check(one(button), &[]);
        }
    }

    #[test]
    fn counts() {
        check(json!({ "button": [] }), &[("button", "button_count")]);
        check(json!({ "button": vec![click("a"); 3] }), &[]);
        check(json!({ "button": vec![click("a"); 4] }), &[("button", "button_count")]);
        check(parent(vec![click("a"); 5]), &[]);
        check(parent(vec![click("a"); 6]), &[("button[0].sub_button", "sub_button_count")]);
        // A parent without children is a leaf without an action.
        check(parent(vec![]), &[("button[0].type", "type_required")]);
    }

    #[test]
    fn names_are_counted_in_bytes() {
        check(one(click("一二三四五a")), &[]);
        check(one(click("一二三四五ab")), &[("button[0].name", "name_length")]);
        check(parent(vec![click(&"一".repeat(20))]), &[]);
        check(parent(vec![click(&("一".repeat(20) + "a"))]), &[("button[0].sub_button[0].name", "name_length")]);
        check(one(click("")), &[("button[0].name", "name_required")]);
        check(one(click(" \u{3000}")), &[("button[0].name", "name_required")]);
        check(one(json!({ "type": "click", "key": "K" })), &[("button[0].name", "name_required")]);
        check(one(json!({ "type": "click", "key": "K", "name": 1 })), &[("button[0].name", "not_a_text")]);
    }

    #[test]
    fn keys_and_urls_have_byte_limits() {
        let key = |n: usize| one(json!({ "type": "click", "name": "n", "key": "k".repeat(n) }));
        check(key(128), &[]);
        check(key(129), &[("button[0].key", "key_length")]);
        let url = |n: usize| {
            one(json!({ "type": "view", "name": "n", "url": format!("https://a.b/{}", "u".repeat(n - 12)) }))
        };
        check(url(1024), &[]);
        check(url(1025), &[("button[0].url", "url_length")]);
    }

    #[test]
    fn urls_need_a_scheme_and_a_host() {
        for bad in [
            "www.qq.com",
            "ftp://a.b",
            "javascript:alert(1)",
            "http://",
            "https:///x",
            "http://a b",
            "://a",
            "httpx://a",
        ] {
            check(one(json!({ "type": "view", "name": "n", "url": bad })), &[("button[0].url", "url_scheme")]);
        }
        for good in ["http://a", "HTTPS://a.b?c", "https://a.b/中文#wechat_redirect"] {
            check(one(json!({ "type": "view", "name": "n", "url": good })), &[]);
        }
    }

    #[test]
    fn type_and_sub_buttons_exclude_each_other() {
        check(
            one(json!({ "type": "click", "name": "n", "key": "K", "sub_button": [click("a")] })),
            &[("button[0].type", "type_with_sub_button")],
        );
        // The empty list of a leaf, as menu/get shows it, is fine.
        check(one(json!({ "type": "click", "name": "n", "key": "K", "sub_button": [] })), &[]);
        check(one(json!({ "type": null, "name": "n", "sub_button": [click("a")] })), &[]);
    }

    #[test]
    fn two_levels_only() {
        let deep = json!({ "name": "s", "sub_button": [click("x")] });
        check(parent(vec![deep]), &[("button[0].sub_button[0].sub_button", "depth")]);
    }

    #[test]
    fn types_must_be_known() {
        check(one(json!({ "type": "text", "name": "n" })), &[("button[0].type", "type_unknown")]);
        check(one(json!({ "type": 1, "name": "n" })), &[("button[0].type", "not_a_text")]);
        check(one(json!({ "name": "n" })), &[("button[0].type", "type_required")]);
    }

    #[test]
    fn an_appid_has_a_form() {
        let menu = |appid: &str| {
            one(json!({ "type": "miniprogram", "name": "n", "url": "https://a", "pagepath": "p", "appid": appid }))
        };
        check(menu("wx286b93c14bbf93aa"), &[]);
        check(menu("wx286b93c14bbf93a"), &[("button[0].appid", "appid_format")]);
        check(menu("wx286b93c14bbf93ag"), &[("button[0].appid", "appid_format")]);
    }

    #[test]
    fn shapes_that_are_no_menu() {
        check(json!([]), &[("", "not_an_object")]);
        check(json!({}), &[("button", "button_required")]);
        check(json!({ "button": {} }), &[("button", "not_a_list")]);
        check(json!({ "button": [1] }), &[("button[0]", "not_an_object")]);
        check(one(json!({ "name": "n", "sub_button": { "list": [] } })), &[("button[0].sub_button", "not_a_list")]);
        check(one(json!({ "type": "click", "name": "n", "key": 5 })), &[("button[0].key", "not_a_text")]);
        // A member that the type does not need must still be a text, or the button cannot be read.
        check(
            one(json!({ "type": "view", "name": "n", "url": "http://a", "key": {} })),
            &[("button[0].key", "not_a_text")],
        );
        check(one(json!({ "name": "n", "url": 1, "sub_button": [click("a")] })), &[("button[0].url", "not_a_text")]);
    }

    #[test]
    fn all_problems_are_reported_at_once_and_in_order() {
        check(
            json!({"button":[
                {"type":"view","name":"","url":"x"},
                {"name":"a","sub_button":[{"type":"click","name":"b"},{"name":"c"}]},
                7,
                {"name":"d","type":"nope"}]}),
            &[
                ("button", "button_count"),
                ("button[0].name", "name_required"),
                ("button[0].url", "url_scheme"),
                ("button[1].sub_button[0].key", "key_required"),
                ("button[1].sub_button[1].type", "type_required"),
                ("button[2]", "not_an_object"),
                ("button[3].type", "type_unknown"),
            ],
        );
    }

    #[test]
    fn wide_names_are_a_warning_only() {
        let menu = json!({"button":[
            {"name":"一二三四","sub_button":[click("一二三四五六七八"), click("一二三四五六七八九")]},
            click("一二三四a")]});
        assert_eq!(validate(&menu), []);
        let paths: Vec<String> = warnings(&menu).into_iter().map(|p| p.path).collect();
        assert_eq!(paths, ["button[0].sub_button[1].name", "button[1].name"]);
        assert_eq!(warnings(&json!(3)), []);
    }
}
