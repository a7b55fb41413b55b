//! Owns: percent encoding, query strings and the few URL parts the sandbox looks at.
//! Must not: do I/O or resolve names.
//! Invariant: `parse_query(&to_query(pairs)) == pairs` for every list of pairs.

/// Percent-encodes everything but the unreserved characters of RFC 3986.
pub fn encode(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    out
}

/// Undoes percent encoding and `+` for a blank; a broken escape stays as it is, bad UTF-8 is replaced.
pub fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = (byte == b'%')
            .then(|| bytes.get(at + 1..at + 3))
            .flatten()
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match escaped {
            Some(value) => {
                out.push(value);
                at += 3;
            }
            None => {
                out.push(if byte == b'+' { b' ' } else { byte });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The pairs of a query string or of an `application/x-www-form-urlencoded` body, in order, repeats kept.
pub fn parse_query(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(name), decode(value))
        })
        .collect()
}

/// Joins pairs to a query string.
pub fn to_query<K: AsRef<str>, V: AsRef<str>>(pairs: &[(K, V)]) -> String {
    let parts: Vec<String> =
        pairs.iter().map(|(k, v)| format!("{}={}", encode(k.as_ref()), encode(v.as_ref()))).collect();
    parts.join("&")
}

/// The host of an absolute http(s) URL in lower case, without port and user part.
pub fn host_of(url: &str) -> Option<String> {
    let lower = url.trim();
    let rest = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit('@').next()?;
    let host =
        if let Some(v6) = authority.strip_prefix('[') { v6.split(']').next()? } else { authority.split(':').next()? };
    (!host.is_empty()).then(|| host.to_ascii_lowercase())
}

/// `url` with pairs appended to its query; an existing query and a fragment survive (D.5).
pub fn append_query(url: &str, pairs: &[(&str, &str)]) -> String {
    let (head, fragment) = match url.split_once('#') {
        Some((head, fragment)) => (head, format!("#{fragment}")),
        None => (url, String::new()),
    };
    let joint = match head.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some((_, query)) if query.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{head}{joint}{}{fragment}", to_query(pairs))
}

/// Escapes text for HTML content and double-quoted attributes.
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_round_trip() {
        let pairs = vec![("a".to_owned(), "preauthcode@@@x y+z&=%".to_owned()), ("名".to_owned(), String::new())];
        assert_eq!(parse_query(&to_query(&pairs)), pairs);
        assert_eq!(decode("%zz%4"), "%zz%4");
    }

    #[test]
    fn hosts() {
        for (url, host) in [
            ("https://Abc.natapp.cc/x", Some("abc.natapp.cc")),
            ("http://127.0.0.1:8090", Some("127.0.0.1")),
            ("http://u:p@h.cn?x", Some("h.cn")),
            ("http://[::1]:80/", Some("::1")),
            ("abc.cn", None),
            ("https://", None),
        ] {
            assert_eq!(host_of(url).as_deref(), host, "{url}");
        }
    }

    #[test]
    fn appended_parameters_keep_query_and_fragment() {
        for (url, wanted) in [
            ("http://a/b", "http://a/b?k=v%40"),
            ("http://a/b?x=1", "http://a/b?x=1&k=v%40"),
            ("http://a/b?", "http://a/b?k=v%40"),
            ("http://a/b?x=1#f", "http://a/b?x=1&k=v%40#f"),
        ] {
            assert_eq!(append_query(url, &[("k", "v@")]), wanted);
        }
    }
}
