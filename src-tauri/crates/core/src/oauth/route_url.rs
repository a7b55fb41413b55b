//! The page of a business server that users are sent to: which addresses are allowed, and what is appended.
//!
//! Invariant: an address that was allowed has no way to be read differently by a browser: it is kept as parsed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;
use wechat::links::encode;

use crate::error::AppError;

/// Longest address, bytes.
const LONGEST: usize = 1_024;

fn wrong(rule: &str, en: &str, zh: &str) -> AppError {
    AppError::invalid_field("url", rule, en, zh)
}

/// The address as it is kept.
///
/// # Errors
/// `InvalidInput` naming `url` and the rule.
pub(crate) fn checked(text: &str) -> Result<String, AppError> {
    let format = || {
        wrong(
            "format",
            "must be an address such as https://shop.example.com/login",
            "应为 https://shop.example.com/login 这样的地址",
        )
    };
    if text.is_empty() {
        return Err(wrong("required", "is required", "必填"));
    }
    if text.len() > LONGEST {
        return Err(wrong("length", "must have at most 1024 characters", "最多 1024 个字符"));
    }
    if !text.bytes().all(|b| b.is_ascii_graphic()) || text.contains('\\') {
        return Err(wrong(
            "characters",
            "must be percent-encoded: no blanks, no backslash, no other letters than a-z",
            "需先做 URL 编码：不能含空格、反斜杠或中文",
        ));
    }
    let url = Url::parse(text).map_err(|_| format())?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(wrong(
            "https",
            "must be https (http only for loopback)",
            "必须是 https（仅本机回环地址可用 http）",
        ));
    }
    let authority = text.split_once("://").map_or("", |(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or(""));
    if authority.is_empty() {
        return Err(format());
    }
    if authority.contains('@') || !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("no_user", "must hold no user name and no password", "不能带用户名或密码"));
    }
    let host = url.host_str().ok_or_else(format)?;
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok().map(|ip| ip.to_canonical());
    let loopback = address.map_or(host == "localhost", |ip| ip.is_loopback());
    if address.is_some_and(|ip| !loopback && inside(ip)) {
        return Err(wrong(
            "public",
            "must not be an address inside a network (private, link-local or reserved); visitors come from outside",
            "不能是内网、链路本地或保留地址；访问者来自外网",
        ));
    }
    if url.scheme() == "http" && !loopback {
        return Err(wrong(
            "https",
            "must be https (http only for loopback)",
            "必须是 https（仅本机回环地址可用 http）",
        ));
    }
    if url.query_pairs().any(|(name, _)| matches!(name.as_ref(), "code" | "state" | "error")) {
        return Err(wrong(
            "reserved",
            "must not have code, state or error in its query: those are what is appended",
            "参数中不能已有 code、state 或 error，它们由本系统附加",
        ));
    }
    let kept = String::from(url);
    if kept.len() > LONGEST {
        return Err(wrong("length", "must have at most 1024 characters", "最多 1024 个字符"));
    }
    Ok(kept)
}

/// Private, link-local, shared (RFC 6598), unspecified, broadcast or multicast.
fn inside(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => inside_v4(ip),
        IpAddr::V6(ip) => inside_v6(ip),
    }
}

fn inside_v4(ip: Ipv4Addr) -> bool {
    let [a, b, ..] = ip.octets();
    ip.is_private()
        || ip.is_link_local()
        || ip.is_broadcast()
        || ip.is_multicast()
        || a == 0
        || (a == 100 && (64..128).contains(&b))
}

fn inside_v6(ip: Ipv6Addr) -> bool {
    ip.is_unspecified() || ip.is_multicast() || ip.is_unique_local() || ip.is_unicast_link_local()
}

/// The address with more in its query; what it had stays, and so does its fragment.
pub(crate) fn with(url: &str, more: &[(&str, &str)]) -> String {
    let (base, fragment) = url.split_once('#').map_or((url, None), |(base, fragment)| (base, Some(fragment)));
    let mut out = base.to_owned();
    for (name, value) in more {
        if !out.contains('?') {
            out.push('?');
        } else if !out.ends_with(['?', '&']) {
            out.push('&');
        }
        out.push_str(name);
        out.push('=');
        out.push_str(&encode(value));
    }
    if let Some(fragment) = fragment {
        out.push('#');
        out.push_str(fragment);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> String {
        checked(text).unwrap_err().detail.unwrap().fields[0].rule.clone()
    }

    #[test]
    fn addresses_that_visitors_can_be_sent_to() {
        for (text, kept) in [
            ("https://shop.example.com", "https://shop.example.com/"),
            ("https://shop.example.com/login?x=1#/app", "https://shop.example.com/login?x=1#/app"),
            ("https://shop.example.com:8443/%E7%99%BB", "https://shop.example.com:8443/%E7%99%BB"),
            ("http://127.0.0.1:8080/in", "http://127.0.0.1:8080/in"),
            ("http://localhost:8080/in", "http://localhost:8080/in"),
            ("http://[::1]/in", "http://[::1]/in"),
            ("https://203.0.113.7/in", "https://203.0.113.7/in"),
        ] {
            assert_eq!(checked(text).unwrap(), kept, "{text}");
        }
    }

    #[test]
    fn addresses_that_they_cannot_name_their_rule() {
        for (text, wanted) in [
            ("", "required"),
            ("shop.example.com/login", "format"),
            ("https://", "format"),
            ("https:///login", "format"),
            ("ftp://shop.example.com/", "https"),
            ("javascript:alert(1)", "https"),
            ("http://shop.example.com/", "https"),
            ("https://user@shop.example.com/", "no_user"),
            ("https://user:pass@shop.example.com/", "no_user"),
            ("https://@shop.example.com/", "no_user"),
            ("https://shop.example.com/登录", "characters"),
            ("https://shop.example.com/a b", "characters"),
            ("https://shop.example.com\\@evil.example/", "characters"),
            ("https://shop.example.com/\r\nSet-Cookie:x", "characters"),
            ("https://10.0.0.1/", "public"),
            ("https://192.168.1.9/in", "public"),
            ("https://172.16.0.1/", "public"),
            ("https://169.254.169.254/latest", "public"),
            ("https://100.64.0.1/", "public"),
            ("https://0.0.0.0/", "public"),
            ("http://0/", "public"),
            // The same addresses in other clothes.
            ("https://0x0a.1/", "public"),
            ("https://3232235777/", "public"),
            ("https://[::ffff:192.168.1.9]/", "public"),
            ("https://[fe80::1]/", "public"),
            ("https://[fd00::1]/", "public"),
        ] {
            assert_eq!(rule(text), wanted, "{text}");
        }
        assert_eq!(rule(&format!("https://shop.example.com/{}", "x".repeat(1_024))), "length");
    }

    #[test]
    fn what_is_appended_leaves_query_and_fragment() {
        let more = [("code", "ab"), ("state", "a=b&c#d 中")];
        let encoded = "code=ab&state=a%3Db%26c%23d%20%E4%B8%AD";
        for (url, expected) in [
            ("https://a.b/", format!("https://a.b/?{encoded}")),
            ("https://a.b/?x=1", format!("https://a.b/?x=1&{encoded}")),
            ("https://a.b/?x=1&", format!("https://a.b/?x=1&{encoded}")),
            ("https://a.b/?", format!("https://a.b/?{encoded}")),
            ("https://a.b/p#/in?y=2", format!("https://a.b/p?{encoded}#/in?y=2")),
        ] {
            assert_eq!(with(url, &more), expected);
        }
    }
}
