//! Which buttons an errcode can be about.
//!
//! WeChat names no button in its refusals (F.7). What it does say is the level and the member, which is often enough.
//! Invariant: a path that is answered is there in the menu, or is a list or rule of it; one path means that it is certain.

use serde_json::Value;

use super::check::walk;
use super::equal::children;
use super::validate;

/// Which buttons of a menu come into question.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Top,
    Sub,
    Both,
}

/// Paths of the buttons that a refusal of this code can be about, in document order; empty when it is about none, or
/// about all alike. `conditional`: the menu was sent with a `matchrule`.
#[must_use]
pub fn suspects(code: i64, buttons: &[Value], conditional: bool) -> Vec<String> {
    let found = match code {
        40016 | 65307 => vec!["button".to_owned()],
        40015 | 40017 | 40119 => members(buttons, Level::Top, &["type"]),
        40018 => members(buttons, Level::Top, &["name"]),
        40019 => members(buttons, Level::Top, &["key"]),
        40020 | 40055 => members(buttons, Level::Top, &["url"]),
        40022 | 40023 | 41007 => parents(buttons),
        40024 | 40120 => members(buttons, Level::Sub, &["type"]),
        40025 => members(buttons, Level::Sub, &["name"]),
        40026 => members(buttons, Level::Sub, &["key"]),
        40027 | 40054 => members(buttons, Level::Sub, &["url"]),
        45048 => members(buttons, Level::Both, &["type"]),
        40066 | 65317 => members(buttons, Level::Both, &["url"]),
        40007 | 40118 => members(buttons, Level::Both, &["media_id"]),
        45064 => members(buttons, Level::Both, &["appid"]),
        65308 => without_action(buttons),
        65316 if conditional => members(buttons, Level::Both, &["url"]),
        65304 | 65310..=65314 | 65320 if conditional => vec!["matchrule".to_owned()],
        _ => Vec::new(),
    };
    narrowed(found, buttons)
}

/// Where these members are, on buttons of this level. A parent has nothing but its name.
fn members(buttons: &[Value], level: Level, names: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    walk(buttons, &mut |path, button| {
        let sub = path.contains("sub_button");
        if (level == Level::Top && sub) || (level == Level::Sub && !sub) {
            return;
        }
        for name in names {
            let counts = *name == "name" || children(button).is_empty();
            if counts && button.get(name).is_some_and(|value| !value.is_null()) {
                found.push(format!("{path}.{name}"));
            }
        }
    });
    found
}

fn parents(buttons: &[Value]) -> Vec<String> {
    let with = buttons.iter().enumerate().filter(|(_, top)| !children(top).is_empty());
    with.map(|(i, _)| format!("button[{i}].sub_button")).collect()
}

fn without_action(buttons: &[Value]) -> Vec<String> {
    let (mut bare, mut all) = (Vec::new(), Vec::new());
    walk(buttons, &mut |path, button| {
        if children(button).is_empty() {
            all.push(format!("{path}.type"));
            if button.get("type").and_then(Value::as_str).is_none_or(str::is_empty) {
                bare.push(format!("{path}.type"));
            }
        }
    });
    if bare.is_empty() { all } else { bare }
}

/// Those that break a rule that is known here, if any does.
fn narrowed(found: Vec<String>, buttons: &[Value]) -> Vec<String> {
    let broken: Vec<String> =
        validate(&serde_json::json!({ "button": buttons })).into_iter().map(|problem| problem.path).collect();
    let narrow: Vec<String> = found.iter().filter(|path| broken.contains(path)).cloned().collect();
    if narrow.is_empty() { found } else { narrow }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn menu() -> Vec<Value> {
        let menu = json!([
            {"type": "view", "name": "a", "url": "https://a.cn/"},
            {"type": "click", "name": "b", "key": "K"},
            {"name": "m", "sub_button": [
                {"type": "view", "name": "c", "url": "https://c.cn/"},
                {"type": "miniprogram", "name": "d", "url": "https://d.cn/", "appid": "wx286b93c14bbf93aa", "pagepath": "p"},
                {"type": "media_id", "name": "e", "media_id": "M"},
                {"type": "click", "name": "f", "key": "K2"}]}]);
        menu.as_array().unwrap().clone()
    }

    #[test]
    fn each_code_points_at_what_it_can_be_about() {
        let tops = ["button[0].type", "button[1].type"];
        let sub = |n: usize, member: &str| format!("button[2].sub_button[{n}].{member}");
        let subs =
            |member: &str, numbers: &[usize]| -> Vec<String> { numbers.iter().map(|n| sub(*n, member)).collect() };
        let texts = |paths: &[&str]| -> Vec<String> { paths.iter().map(|p| (*p).to_owned()).collect() };
        let all_types: Vec<String> = texts(&tops).into_iter().chain(subs("type", &[0, 1, 2, 3])).collect();
        let all_urls: Vec<String> = texts(&["button[0].url"]).into_iter().chain(subs("url", &[0, 1])).collect();
        for (code, expected) in [
            (40015, texts(&tops)),
            (40016, texts(&["button"])),
            (40017, texts(&tops)),
            (40018, texts(&["button[0].name", "button[1].name", "button[2].name"])),
            (40019, texts(&["button[1].key"])),
            (40020, texts(&["button[0].url"])),
            (40021, Vec::new()),
            (40022, texts(&["button[2].sub_button"])),
            (40023, texts(&["button[2].sub_button"])),
            (40024, subs("type", &[0, 1, 2, 3])),
            (40025, subs("name", &[0, 1, 2, 3])),
            (40026, subs("key", &[3])),
            (40027, subs("url", &[0, 1])),
            (40028, Vec::new()),
            (40033, Vec::new()),
            (40054, subs("url", &[0, 1])),
            (40055, texts(&["button[0].url"])),
            (40066, all_urls.clone()),
            (40118, subs("media_id", &[2])),
            (40119, texts(&tops)),
            (40120, subs("type", &[0, 1, 2, 3])),
            (41007, texts(&["button[2].sub_button"])),
            (45010, Vec::new()),
            (45048, all_types.clone()),
            (45064, subs("appid", &[1])),
            (65303, Vec::new()),
            (65304, Vec::new()),
            (65307, texts(&["button"])),
            (65308, all_types),
            (65316, Vec::new()),
            (65317, all_urls.clone()),
            (48001, Vec::new()),
            (-1, Vec::new()),
        ] {
            assert_eq!(suspects(code, &menu(), false), expected, "{code}");
        }
        assert_eq!(suspects(65316, &menu(), true), all_urls);
        for code in [65304, 65310, 65314, 65320] {
            assert_eq!(suspects(code, &menu(), true), ["matchrule"], "{code}");
        }
    }

    #[test]
    fn one_that_breaks_a_rule_is_the_one() {
        let mut menu = menu();
        menu[1]["name"] = json!("一二三四五六");
        assert_eq!(suspects(40018, &menu, false), ["button[1].name"]);
        menu[2]["sub_button"][0].as_object_mut().unwrap().remove("type");
        assert_eq!(suspects(65308, &menu, false), ["button[2].sub_button[0].type"]);
    }
}
