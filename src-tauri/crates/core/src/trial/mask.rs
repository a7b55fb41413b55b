//! What of a call's bodies may be shown: everything but secrets.
//!
//! Invariant: a value under a secret's name is hidden however deep it lies, also in JSON inside of a text; the token that
//! made the call is hidden wherever it stands. Phone numbers and openids stay: they are why the call was made.

use serde_json::Value;
use wechat::error::scrub;
use wechat::secret::SecretString;

const HIDDEN: &str = "***";
/// Names of secrets that do not end like one.
const NAMES: [&str; 6] =
    ["encoding_aes_key", "session_key", "authorization_code", "auth_code", "pre_auth_code", "js_code"];
/// Ends of secrets' names: `access_token`, `refresh_token`, `api_ticket`, `appsecret`, …
const ENDS: [&str; 3] = ["token", "ticket", "secret"];
/// JSON inside of JSON is looked into so deep; `rid/get` answers one level.
const DEPTH: u32 = 4;

/// Whether a value of this name is a secret.
pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NAMES.contains(&name.as_str()) || ENDS.iter().any(|end| name.ends_with(end))
}

/// Hides the secrets of a document.
pub(super) fn value(value: &mut Value, token: &SecretString) {
    hide(value, token, DEPTH);
}

fn hide(value: &mut Value, token: &SecretString, depth: u32) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let plain = member.is_object() || member.is_array() || member.is_null();
                if is_secret(name) && !plain {
                    *member = HIDDEN.into();
                } else {
                    hide(member, token, depth);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| hide(item, token, depth)),
        Value::String(words) => *words = text(words, token, depth),
        _ => {}
    }
}

/// Hides the secrets of a text that is no document, or one inside of a text.
pub(super) fn plain(words: &str, token: &SecretString) -> String {
    text(words, token, DEPTH)
}

fn text(words: &str, token: &SecretString, depth: u32) -> String {
    if depth > 0
        && words.trim_start().starts_with(['{', '['])
        && let Ok(mut inner) = serde_json::from_str::<Value>(words)
    {
        let before = inner.clone();
        hide(&mut inner, token, depth - 1);
        return if inner == before { words.to_owned() } else { inner.to_string() };
    }
    // The scrubbing makes one line of a text. Line by line, so that a text without secrets stays as it is.
    words.split('\n').map(|line| scrubbed(line, token)).collect::<Vec<_>>().join("\n")
}

fn scrubbed(line: &str, token: &SecretString) -> String {
    let flat: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let clean = scrub(line, std::slice::from_ref(token));
    if clean == flat { line.to_owned() } else { clean }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_hidden_by_name_by_value_and_inside_of_texts() {
        let token = SecretString::from("T0KEN-of-the-call");
        let mut document = json!({
            "access_token": "a", "refresh_token": "b", "ticket": "c", "api_ticket": "d", "session_key": "e",
            "Component_AppSecret": "f", "expires_in": 7200, "phone_number": "13800138000", "openid": "o1", "errcode": 0,
            "list": [{ "authorizer_access_token": "g", "tokens": "stay" }],
            "request_url": "access_token=SOMEBODYS&openid=o1",
            "response_body": "{\"access_token\":\"h\",\"expires_in\":1}",
            "errmsg": "you sent T0KEN-of-the-call", "text": "line one\nline\ttwo", "ticket_list": ["x"],
        });
        value(&mut document, &token);
        let shown = document.to_string();
        for name in ["access_token", "refresh_token", "ticket", "api_ticket", "session_key", "Component_AppSecret"] {
            assert_eq!(document[name], HIDDEN, "{name}");
        }
        assert_eq!(document["list"][0]["authorizer_access_token"], HIDDEN);
        assert!(!shown.contains("SOMEBODYS") && !shown.contains("T0KEN") && !shown.contains("\\\"h\\\""), "{shown}");
        assert_eq!(document["phone_number"], "13800138000");
        assert_eq!(document["text"], "line one\nline\ttwo");
        assert_eq!(document["list"][0]["tokens"], "stay");
        assert_eq!(plain("<html>access_token=abc</html>", &token), "<html>access_token=***</html>");
    }
}
