//! Rules of a platform's fields, the same in the form, the API and the command line (interfaces, "A platform as JSON").

pub mod tunnel;

use crate::dto::{Endpoints, FieldError, MessageMode, OwnAccountInput, OwnKind, PlatformInput};
use crate::store::tables::platform::Own;

/// Longest name, characters; it has to fit a switcher.
const MAX_NAME: usize = 40;

pub(crate) fn error(field: &str, rule: &str, en: &str, zh: &str) -> FieldError {
    FieldError { field: field.into(), rule: rule.into(), message: en.into(), message_zh: zh.into() }
}

/// The appid is here already, as the other sort of connection.
#[must_use]
pub(crate) fn connected_otherwise(field: &str, platform: bool) -> FieldError {
    let (en, zh) = if platform {
        ("is a third-party platform here; remove that first", "已作为第三方平台接入，请先移除")
    } else {
        ("is connected with its own AppSecret here; remove that first", "已用自己的 AppSecret 直接接入，请先移除")
    };
    error(field, "connected", en, zh)
}

/// `wx` and 16 hex digits.
#[must_use]
pub fn is_appid(text: &str) -> bool {
    text.len() == 18
        && text.starts_with("wx")
        && text[2..].bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// All broken rules. `exists`: stored secrets may be left out.
#[must_use]
pub fn platform(input: &PlatformInput, exists: bool) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if !is_appid(&input.component_appid) {
        errors.push(error(
            "component_appid",
            "format",
            "must be wx and 16 hex digits in lower case",
            "应为 wx 加 16 位小写十六进制数字",
        ));
    }
    if input.name.chars().count() > MAX_NAME {
        errors.push(error("name", "length", "must have at most 40 characters", "最多 40 个字"));
    }
    secret(&mut errors, "component_appsecret", input.component_appsecret.as_deref(), exists, app_secret);
    secret(&mut errors, "verify_token", input.verify_token.as_deref(), exists, verify_token);
    secret(&mut errors, "encoding_aes_key", input.encoding_aes_key.as_deref(), exists, aes_key);
    if let Some(key) = input.previous_encoding_aes_key.as_deref().filter(|k| !k.is_empty())
        && let Err((en, zh)) = aes_key(key)
    {
        errors.push(error("previous_encoding_aes_key", "format", en, zh));
    }
    base_url(&mut errors, "public_base_url", &input.public_base_url);
    endpoints_and_proxy(&mut errors, input.endpoints.as_ref(), input.outbound_proxy.as_deref());
    errors
}

/// All broken rules of an account that is connected with its own AppSecret. `own`: what it will be, if that is said or
/// known; `stored`: which of AppSecret, Token and key
/// are there already and may be left out.
#[must_use]
pub fn own_account(input: &OwnAccountInput, own: Option<Own>, stored: StoredSecrets) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if !is_appid(&input.appid) {
        errors.push(error(
            "appid",
            "format",
            "must be wx and 16 hex digits in lower case",
            "应为 wx 加 16 位小写十六进制数字",
        ));
    }
    if input.name.as_ref().is_some_and(|name| name.chars().count() > MAX_NAME) {
        errors.push(error("name", "length", "must have at most 40 characters", "最多 40 个字"));
    }
    let Some(own) = own else {
        errors.push(error("kind", "required", "is required", "必填"));
        return errors;
    };
    secret(&mut errors, "appsecret", input.appsecret.as_deref(), stored.appsecret, app_secret);
    let website = own.kind == OwnKind::WebsiteApp;
    let given = |value: &Option<String>| value.as_deref().is_some_and(|v| !v.is_empty());
    // Without a Token no messages are wanted, and then nothing of theirs is needed.
    let messages = !website && (given(&input.verify_token) || stored.verify_token);
    if given(&input.verify_token) {
        secret(&mut errors, "verify_token", input.verify_token.as_deref(), true, verify_token);
    }
    let needs_key = messages && own.message_mode != MessageMode::Plain && !stored.encoding_aes_key;
    if needs_key || given(&input.encoding_aes_key) {
        secret(&mut errors, "encoding_aes_key", input.encoding_aes_key.as_deref(), !needs_key, aes_key);
    }
    if let Some(url) = input.public_base_url.as_deref().filter(|url| !url.is_empty()) {
        base_url(&mut errors, "public_base_url", url);
    }
    endpoints_and_proxy(&mut errors, input.endpoints.as_ref(), input.outbound_proxy.as_deref());
    errors
}

/// Secrets of an own account that are stored already.
#[derive(Debug, Clone, Copy, Default)]
pub struct StoredSecrets {
    /// AppSecret.
    pub appsecret: bool,
    /// Token.
    pub verify_token: bool,
    /// Key.
    pub encoding_aes_key: bool,
}

type Rule = Result<(), (&'static str, &'static str)>;

fn app_secret(text: &str) -> Rule {
    // WeChat gives 32 hex digits; a forward server may have others.
    (text.len() <= 128 && text.bytes().all(|b| b.is_ascii_graphic()))
        .then_some(())
        .ok_or(("must have at most 128 characters and no blanks", "最多 128 个字符，不能有空格"))
}

pub(crate) fn verify_token(text: &str) -> Rule {
    ((3..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric()))
        .then_some(())
        .ok_or(("must be 3 to 32 letters or digits", "应为 3–32 位字母或数字"))
}

fn endpoints_and_proxy(errors: &mut Vec<FieldError>, endpoints: Option<&Endpoints>, proxy: Option<&str>) {
    if let Some(endpoints) = endpoints {
        for (field, url) in
            [("endpoints.api", &endpoints.api), ("endpoints.mp", &endpoints.mp), ("endpoints.open", &endpoints.open)]
        {
            if split_url(url).is_none() {
                errors.push(error(
                    field,
                    "format",
                    "must be an http:// or https:// address without query",
                    "应为 http:// 或 https:// 地址，不带参数",
                ));
            }
        }
    }
    if let Some(proxy) = proxy.filter(|p| !p.is_empty()) {
        let known = ["http://", "https://", "socks5://", "socks5h://"]
            .iter()
            .any(|scheme| proxy.starts_with(scheme) && proxy.len() > scheme.len());
        if !known {
            errors.push(error(
                "outbound_proxy",
                "format",
                "must be an http://, https:// or socks5:// URL",
                "应为 http://、https:// 或 socks5:// 开头的地址",
            ));
        }
    }
}

fn secret(errors: &mut Vec<FieldError>, field: &str, value: Option<&str>, exists: bool, rule: impl Fn(&str) -> Rule) {
    match value {
        None | Some("") if exists => {}
        None | Some("") => errors.push(error(field, "required", "is required", "必填")),
        Some(value) => {
            if let Err((en, zh)) = rule(value) {
                errors.push(error(field, "format", en, zh));
            }
        }
    }
}

pub(crate) fn aes_key(key: &str) -> Rule {
    (key.len() == 43 && key.bytes().all(|b| b.is_ascii_alphanumeric()))
        .then_some(())
        .ok_or(("must be exactly 43 letters or digits", "应恰为 43 位字母或数字"))
}

/// (scheme, host with port, path) of an http(s) URL without query, fragment or user.
fn split_url(url: &str) -> Option<(&str, &str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    if !matches!(scheme, "http" | "https") || rest.contains(['?', '#', '@', ' ', '"', '<', '>', '\\']) {
        return None;
    }
    let at = rest.find('/').unwrap_or(rest.len());
    let (host, path) = rest.split_at(at);
    (!host.is_empty() && !host.starts_with(':')).then_some((scheme, host, path))
}

/// Host of a URL without its port.
#[must_use]
pub fn host_of(url: &str) -> Option<&str> {
    let (_, host, _) = split_url(url)?;
    if let Some(end) = host.find(']') {
        return host.get(..=end);
    }
    Some(host.split(':').next().unwrap_or(host))
}

fn base_url(errors: &mut Vec<FieldError>, field: &str, url: &str) {
    if url.is_empty() {
        errors.push(error(field, "required", "is required", "必填"));
        return;
    }
    let Some((scheme, _, path)) = split_url(url) else {
        errors.push(error(
            field,
            "format",
            "must be an address such as https://example.com",
            "应为 https://example.com 这样的地址",
        ));
        return;
    };
    if !matches!(path, "" | "/") {
        errors.push(error(field, "no_path", "must have no path and no query", "不能带路径或参数"));
    }
    let loopback = matches!(host_of(url), Some("localhost" | "127.0.0.1" | "[::1]"));
    if scheme == "http" && !loopback {
        errors.push(error(
            field,
            "https",
            "must be https (http only for loopback)",
            "必须是 https（仅本机回环地址可用 http）",
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> PlatformInput {
        PlatformInput {
            component_appid: "wx134c8103faa5a59e".into(),
            name: "门店通".into(),
            component_appsecret: Some("0123456789abcdef0123456789abcdef".into()),
            verify_token: Some("AAAAA".into()),
            encoding_aes_key: Some("A".repeat(43)),
            previous_encoding_aes_key: None,
            public_base_url: "https://abc.natapp.cc".into(),
            endpoints: None,
            outbound_proxy: None,
        }
    }

    #[test]
    fn every_rule_names_its_field() {
        assert_eq!(platform(&good(), false), []);
        type Spoil = fn(&mut PlatformInput);
        let table: &[(Spoil, &str, &str)] = &[
            (|p| p.component_appid = "wx134C8103faa5a59e".into(), "component_appid", "format"),
            (|p| p.component_appid = "gh_134c8103faa5a59".into(), "component_appid", "format"),
            (|p| p.name = "长".repeat(41), "name", "length"),
            (|p| p.component_appsecret = None, "component_appsecret", "required"),
            (|p| p.component_appsecret = Some("with blank".into()), "component_appsecret", "format"),
            (|p| p.verify_token = Some("ab".into()), "verify_token", "format"),
            (|p| p.verify_token = Some("a-b-c".into()), "verify_token", "format"),
            (|p| p.encoding_aes_key = Some("A".repeat(42)), "encoding_aes_key", "format"),
            (|p| p.encoding_aes_key = Some("+".repeat(43)), "encoding_aes_key", "format"),
            (|p| p.previous_encoding_aes_key = Some("x".into()), "previous_encoding_aes_key", "format"),
            (|p| p.public_base_url = String::new(), "public_base_url", "required"),
            (|p| p.public_base_url = "abc.natapp.cc".into(), "public_base_url", "format"),
            (|p| p.public_base_url = "http://abc.natapp.cc".into(), "public_base_url", "https"),
            (|p| p.public_base_url = "https://abc.natapp.cc/x".into(), "public_base_url", "no_path"),
            (|p| p.public_base_url = "https://abc.natapp.cc?x=1".into(), "public_base_url", "format"),
            (|p| p.outbound_proxy = Some("ftp://x".into()), "outbound_proxy", "format"),
        ];
        for (spoil, field, rule) in table {
            let mut input = good();
            spoil(&mut input);
            let errors = platform(&input, false);
            assert!(errors.iter().any(|e| e.field == *field && e.rule == *rule), "{field}/{rule}: {errors:?}");
            assert!(errors.iter().all(|e| !e.message.is_empty() && !e.message_zh.is_empty()));
        }
    }

    #[test]
    fn stored_secrets_may_be_left_out_and_loopback_may_be_http() {
        let mut input = good();
        input.component_appsecret = None;
        input.verify_token = Some(String::new());
        input.encoding_aes_key = None;
        input.public_base_url = "http://127.0.0.1:8090".into();
        assert_eq!(platform(&input, true), []);
        assert_eq!(host_of("http://127.0.0.1:8090"), Some("127.0.0.1"));
        assert_eq!(host_of("http://[::1]:8090/"), Some("[::1]"));
    }
}
