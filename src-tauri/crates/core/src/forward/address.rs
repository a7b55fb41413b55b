//! Where a business server may lie: the rules of its address, and which addresses are inside a network. Pure.
//!
//! Invariant: an address that is not certainly public counts as private.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

use crate::dto::FieldError;
use crate::validate::error;

/// Stands for the account's appid in the path or the query of an address.
pub(super) const APPID: &str = "$APPID$";
/// Longest address, bytes.
const LONGEST: usize = 1_024;

/// An address inside a network, of this machine, or of nobody in particular (multicast, unspecified, reserved).
pub(super) fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_private_v4(ip),
        IpAddr::V6(ip) => is_private_v6(ip),
    }
}

fn is_private_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || a == 0
        // Shared by providers (RFC 6598), protocol assignments, benchmarks.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b & 0xfe) == 18)
        // Multicast, reserved, broadcast.
        || a >= 224
}

fn is_private_v6(ip: Ipv6Addr) -> bool {
    let s = ip.segments();
    let low = || Ipv4Addr::from((u32::from(s[6]) << 16) | u32::from(s[7]));
    match s {
        // Unspecified, loopback, IPv4 in its old and its mapped clothes.
        [0, 0, 0, 0, 0, 0 | 0xffff, _, _] => true,
        // Translated by a gateway (RFC 6052): as private as what is inside. The local-use prefix is.
        [0x64, 0xff9b, 0, 0, 0, 0, _, _] => is_private_v4(low()),
        [0x64, 0xff9b, ..] => true,
        // Protocol assignments with Teredo, documentation, 6to4.
        [0x2001, b, ..] if b < 0x200 || b == 0xdb8 => true,
        [0x3fff, b, ..] if b < 0x1000 => true,
        [0x2002, a, b, ..] => is_private_v4(Ipv4Addr::from((u32::from(a) << 16) | u32::from(b))),
        // Outside of global unicast: unique local, link-local, site-local, multicast and what nobody has.
        [first, ..] => (first & 0xe000) != 0x2000,
    }
}

/// The host when it is an address and no name.
pub(super) fn literal(url: &Url) -> Option<IpAddr> {
    url.host_str().and_then(|host| host.trim_start_matches('[').trim_end_matches(']').parse().ok())
}

/// `localhost` and the names below it.
fn is_localhost(url: &Url) -> bool {
    let host = url.host_str().unwrap_or("").trim_end_matches('.');
    host == "localhost" || host.ends_with(".localhost")
}

/// What is wrong with an address.
pub(super) fn check(text: &str, private_ok: bool) -> Vec<FieldError> {
    let wrong = |rule: &str, en: &str, zh: &str| vec![error("url", rule, en, zh)];
    let format = || {
        wrong(
            "format",
            "must be an address such as https://shop.example.com/wechat/$APPID$",
            "应为 https://shop.example.com/wechat/$APPID$ 这样的地址",
        )
    };
    if text.is_empty() {
        return wrong("required", "is required", "必填");
    }
    if text.len() > LONGEST {
        return wrong("length", "must have at most 1024 characters", "最多 1024 个字符");
    }
    if !text.bytes().all(|b| b.is_ascii_graphic()) || text.contains('\\') {
        return wrong(
            "characters",
            "must be percent-encoded: no blanks, no backslash, no other letters than a-z",
            "需先做 URL 编码：不能含空格、反斜杠或中文",
        );
    }
    let Some((scheme, rest)) = text.split_once("://") else { return format() };
    let Ok(url) = Url::parse(text) else { return format() };
    if !matches!(url.scheme(), "http" | "https") || !scheme.eq_ignore_ascii_case(url.scheme()) {
        return format();
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    if authority.is_empty() || url.host_str().is_none_or(str::is_empty) {
        return format();
    }
    if authority.contains('@') {
        return wrong("no_user", "must hold no user name and no password", "不能带用户名或密码");
    }
    if authority.contains('$') {
        return wrong("appid_place", "may hold $APPID$ in its path or query only", "$APPID$ 只能用在路径或参数里");
    }
    if text.contains('#') {
        return wrong("no_fragment", "must have no part behind #", "不能带 # 之后的部分");
    }
    let inside = literal(&url).map_or_else(|| is_localhost(&url), is_private);
    if inside && !private_ok {
        return vec![error(
            "private_ok",
            "private_address",
            "must be ticked: the address lies inside a network or on this machine",
            "地址在内网或本机，需勾选允许内网地址",
        )];
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_certainly_public_is_private() {
        for ip in [
            "0.0.0.0",
            "0.1.2.3",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.254",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:8.8.8.8",
            "::ffff:127.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::808:808",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
            "100::1",
        ] {
            assert!(is_private(ip.parse().unwrap()), "{ip}");
        }
        for ip in [
            "8.8.8.8",
            "1.1.1.1",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "203.0.113.7",
            "223.255.255.255",
            "2001:4860:4860::8888",
            "2400:3200::1",
            "64:ff9b::808:808",
            "2002:808:808::1",
        ] {
            assert!(!is_private(ip.parse().unwrap()), "{ip}");
        }
    }

    fn rule(text: &str, private_ok: bool) -> String {
        check(text, private_ok).iter().map(|e| format!("{}/{}", e.field, e.rule)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn addresses_of_business_servers() {
        for text in [
            "https://shop.example.com",
            "HTTPS://shop.example.com/wx",
            "http://shop.example.com:8080/wx/$APPID$?a=$APPID$&b=1",
            "http://203.0.113.7/wx",
            "https://[2400:3200::1]:8443/wx",
        ] {
            assert_eq!(rule(text, false), "", "{text}");
        }
        for (text, broken) in [
            ("", "url/required"),
            ("shop.example.com", "url/format"),
            ("ftp://shop.example.com", "url/format"),
            ("https:///wx", "url/format"),
            ("https://", "url/format"),
            ("https://u:p@shop.example.com/", "url/no_user"),
            ("https://@shop.example.com/", "url/no_user"),
            ("https://shop.example.com/#x", "url/no_fragment"),
            ("https://$APPID$.example.com/", "url/appid_place"),
            ("https://shop.example.com/商店", "url/characters"),
            ("https://shop.example.com\\@x/", "url/characters"),
        ] {
            assert_eq!(rule(text, true), broken, "{text}");
        }
        assert_eq!(rule(&format!("https://shop.example.com/{}", "x".repeat(1_024)), true), "url/length");
    }

    #[test]
    fn private_addresses_need_the_tick_however_they_are_written() {
        for text in [
            "http://127.0.0.1:8080/",
            "http://localhost/",
            "http://LOCALHOST./",
            "http://api.localhost/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://10.0.0.8/",
            "http://169.254.169.254/latest",
            "http://100.64.1.1/",
            "http://[fd00::1]/",
        ] {
            assert_eq!(rule(text, false), "private_ok/private_address", "{text}");
            assert_eq!(rule(text, true), "", "{text}");
        }
    }
}
