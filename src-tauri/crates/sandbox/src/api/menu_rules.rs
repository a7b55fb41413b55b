//! Owns: the rules by which the simulated platform refuses a menu (F.2, F.3, F.7).
//! Must not: use `wechat::menu`; the client validates with that, and a simulator that shares it would hide its mistakes.
//! Invariant: the first broken rule in reading order decides the code.

use serde_json::Value;

use super::Refusal;

/// F.2: top ≤ 16 bytes, sub ≤ 60 bytes, key ≤ 128 bytes, url ≤ 1024 bytes.
const TOP_NAME: usize = 16;
const SUB_NAME: usize = 60;
const KEY: usize = 128;
const URL: usize = 1024;

/// Codes of one level: top and sub buttons have their own.
struct Codes {
    kind: i64,
    name: i64,
    key: i64,
    url: i64,
    domain: i64,
}

const TOP: Codes = Codes { kind: 40017, name: 40018, key: 40019, url: 40020, domain: 40055 };
const SUB: Codes = Codes { kind: 40024, name: 40025, key: 40026, url: 40027, domain: 40054 };

fn text<'v>(button: &'v Value, name: &str) -> &'v str {
    button.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn within(value: &str, limit: usize, code: i64) -> Result<(), Refusal> {
    if value.is_empty() || value.len() > limit { Err(Refusal::new(code)) } else { Ok(()) }
}

fn url(button: &Value, codes: &Codes) -> Result<(), Refusal> {
    let url = text(button, "url");
    within(url, URL, codes.url)?;
    if crate::codec::host_of(url).is_none_or(|host| !host.contains('.') && !host.contains(':')) {
        return Err(Refusal::new(codes.domain));
    }
    Ok(())
}

fn leaf(button: &Value, codes: &Codes) -> Result<(), Refusal> {
    match text(button, "type") {
        "" => Err(Refusal::new(65308)),
        "click" | "scancode_push" | "scancode_waitmsg" | "pic_sysphoto" | "pic_photo_or_album" | "pic_weixin"
        | "location_select" => within(text(button, "key"), KEY, codes.key),
        "view" => url(button, codes),
        "media_id" | "view_limited" => within(text(button, "media_id"), 512, 40007),
        "article_id" | "article_view_limited" => within(text(button, "article_id"), 512, 40035),
        "miniprogram" => {
            url(button, codes)?;
            let appid = text(button, "appid");
            let fits = appid.len() == 18 && appid.starts_with("wx");
            if !fits || text(button, "pagepath").is_empty() {
                return Err(Refusal::new(45064));
            }
            Ok(())
        }
        _ => Err(Refusal::new(codes.kind)),
    }
}

/// Checks the `button` array of a body.
pub(super) fn check(body: &Value) -> Result<(), Refusal> {
    let Some(buttons) = body.get("button").and_then(Value::as_array) else { return Err(Refusal::new(40016)) };
    if !(1..=3).contains(&buttons.len()) {
        return Err(Refusal::new(40016));
    }
    for button in buttons {
        within(text(button, "name"), TOP_NAME, TOP.name)?;
        match button.get("sub_button").and_then(Value::as_array) {
            Some(subs) if !subs.is_empty() => {
                if subs.len() > 5 {
                    return Err(Refusal::new(40023));
                }
                for sub in subs {
                    if sub.get("sub_button").and_then(Value::as_array).is_some_and(|deeper| !deeper.is_empty()) {
                        return Err(Refusal::new(40022));
                    }
                    within(text(sub, "name"), SUB_NAME, SUB.name)?;
                    leaf(sub, &SUB)?;
                }
            }
            _ => leaf(button, &TOP)?,
        }
    }
    Ok(())
}

/// Checks a `matchrule` (F.6).
pub(super) fn check_rule(body: &Value) -> Result<(), Refusal> {
    let set = |name: &str| match body.get("matchrule").and_then(|rule| rule.get(name)) {
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Number(_)) => true,
        _ => false,
    };
    if ["sex", "country", "province", "city", "language"].into_iter().any(set) {
        return Err(Refusal::new(65320));
    }
    if !["tag_id", "client_platform_type", "group_id"].into_iter().any(set) {
        return Err(Refusal::new(65304));
    }
    Ok(())
}

/// Every redirect host of a menu, for the limit of three over all conditional menus (65316).
pub(super) fn hosts(body: &Value, out: &mut std::collections::BTreeSet<String>) {
    match body {
        Value::Object(fields) => {
            if let Some(host) = fields.get("url").and_then(Value::as_str).and_then(crate::codec::host_of) {
                out.insert(host);
            }
            fields.values().for_each(|value| hosts(value, out));
        }
        Value::Array(items) => items.iter().for_each(|value| hosts(value, out)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_broken_rule_has_its_code() {
        let click = json!({"type": "click", "name": "a", "key": "k"});
        let subs = |n: usize| json!([{"name": "m", "sub_button": vec![click.clone(); n]}]);
        let one = |button: Value| json!([button]);
        let sub = |button: Value| json!([{"name": "m", "sub_button": [button]}]);
        let cases = [
            (one(click.clone()), 0),
            (subs(5), 0),
            (sub(json!({"type": "view", "name": "二十个字也可以放得下的子菜单名称哦", "url": "http://a.cn/"})), 0),
            (json!([]), 40016),
            (json!([click, click, click, click]), 40016),
            (one(json!({"type": "click", "name": "六个汉字十八", "key": "k"})), 40018),
            (one(json!({"type": "click", "name": "", "key": "k"})), 40018),
            (one(json!({"type": "click", "name": "a"})), 40019),
            (one(json!({"type": "click", "name": "a", "key": "k".repeat(129)})), 40019),
            (one(json!({"type": "view", "name": "a"})), 40020),
            (one(json!({"type": "view", "name": "a", "url": format!("http://a.cn/{}", "x".repeat(1024))})), 40020),
            (one(json!({"type": "view", "name": "a", "url": "a.cn"})), 40055),
            (one(json!({"type": "nonsense", "name": "a"})), 40017),
            (one(json!({"name": "a"})), 65308),
            (subs(6), 40023),
            (sub(json!({"name": "a", "sub_button": [{"name": "b"}]})), 40022),
            (sub(json!({"type": "click", "name": "字".repeat(21), "key": "k"})), 40025),
            (sub(json!({"type": "click", "name": "a"})), 40026),
            (sub(json!({"type": "view", "name": "a"})), 40027),
            (sub(json!({"type": "view", "name": "a", "url": "ftp://x"})), 40054),
            (sub(json!({"type": "nonsense", "name": "a"})), 40024),
            (
                one(json!({"type": "miniprogram", "name": "a", "url": "http://a.cn", "appid": "x", "pagepath": "p"})),
                45064,
            ),
        ];
        for (button, code) in cases {
            let body = json!({"button": button});
            assert_eq!(check(&body).err().map_or(0, |r| r.code), code, "{body}");
        }
        assert_eq!(check(&json!({})).err().map(|r| r.code), Some(40016));
    }

    #[test]
    fn match_rules() {
        for (rule, code) in [
            (json!({"tag_id": "2"}), 0),
            (json!({"client_platform_type": 1}), 0),
            (json!({"tag_id": ""}), 65304),
            (json!({}), 65304),
            (json!({"tag_id": "2", "sex": "1"}), 65320),
        ] {
            assert_eq!(check_rule(&json!({"matchrule": rule})).err().map_or(0, |r| r.code), code, "{rule}");
        }
    }
}
