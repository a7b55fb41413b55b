//! The forms in which one and the same URL gets signed by mistake.
//!
//! Owns: making those forms, and naming how two URLs differ. Must not: hash anything.
//! Invariant: no input makes anything here panic, and the number of forms is bounded whatever the URL holds.

use std::collections::HashSet;

use super::compare::JsSdkFinding;
use crate::links::encode;

/// Up to so many parameters every order of them is tried: 120 orders.
const MAX_PERMUTED: usize = 5;
/// Longer queries lose only so many of their last parameters, one more with each form.
const MAX_DROPPED: usize = 8;

/// Forms of `url` that are `depth` variations or fewer away, nearest first, each once; `url` itself is not among them.
pub(super) fn forms(url: &str, depth: usize) -> Vec<(Vec<JsSdkFinding>, String)> {
    let mut all: Vec<(Vec<JsSdkFinding>, String)> = Vec::new();
    let mut known = HashSet::from([url.to_owned()]);
    let mut last = vec![(Vec::new(), url.to_owned())];
    for round in 0..depth {
        let mut next = Vec::new();
        for (findings, base) in &last {
            // All orders of a query only by themselves: with a second variation they would be too many to try.
            for (finding, form) in single(base, round == 0) {
                if findings.contains(&finding) || !known.insert(form.clone()) {
                    continue;
                }
                let mut findings = findings.clone();
                findings.push(finding);
                next.push((findings, form));
            }
        }
        all.extend(next.iter().cloned());
        // What has a permuted query is not varied further, for the same reason.
        next.retain(|(findings, _)| !findings.contains(&JsSdkFinding::QueryOrder));
        last = next;
    }
    all
}

/// How two URLs without fragments differ; empty only if they are equal.
pub(super) fn differences(a: &str, b: &str) -> Vec<JsSdkFinding> {
    if a == b {
        return Vec::new();
    }
    let named = |from: &str, to: &str| forms(from, 2).into_iter().find(|(_, form)| form == to);
    let (forth, back) = (named(a, b), named(b, a));
    let shorter = match (forth, back) {
        (Some(forth), Some(back)) if back.0.len() < forth.0.len() => Some(back),
        (Some(forth), _) => Some(forth),
        (None, back) => back,
    };
    if let Some((findings, _)) = shorter {
        return findings;
    }
    let (a, b) = (Parts::of(a), Parts::of(b));
    let mut found = Vec::new();
    if !a.scheme.eq_ignore_ascii_case(b.scheme) {
        found.push(JsSdkFinding::Scheme);
    }
    if a.host != b.host {
        found.push(JsSdkFinding::WwwOrHost);
    }
    let same_path = a.path == b.path;
    let slash = !same_path && a.path.trim_end_matches('/') == b.path.trim_end_matches('/');
    if slash {
        found.push(JsSdkFinding::TrailingSlash);
    }
    let mut other = !same_path && !slash;
    if a.query != b.query {
        let (mut ours, mut theirs) = (a.parameters(), b.parameters());
        ours.sort_unstable();
        theirs.sort_unstable();
        let within = |few: &[&str], many: &[&str]| few.iter().all(|parameter| many.contains(parameter));
        if ours == theirs {
            found.push(JsSdkFinding::QueryOrder);
        } else if within(&ours, &theirs) || within(&theirs, &ours) {
            found.push(JsSdkFinding::QueryMissing);
        } else {
            other = true;
        }
    }
    if other || found.is_empty() {
        found.push(JsSdkFinding::OtherPage);
    }
    found
}

/// A URL cut at `://`, `/` and `?`; what is missing is empty.
#[derive(Clone, Copy)]
struct Parts<'a> {
    scheme: &'a str,
    host: &'a str,
    path: &'a str,
    query: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(url: &'a str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query)),
            None => (rest, None),
        };
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        Self { scheme, host, path, query }
    }

    fn parameters(&self) -> Vec<&'a str> {
        self.query.map(|query| query.split('&').filter(|p| !p.is_empty()).collect()).unwrap_or_default()
    }

    fn url(&self) -> String {
        let mut out = String::new();
        if !self.scheme.is_empty() {
            out.push_str(self.scheme);
            out.push_str("://");
        }
        out.push_str(self.host);
        out.push_str(self.path);
        if let Some(query) = self.query {
            out.push('?');
            out.push_str(query);
        }
        out
    }

    fn with_query(self, query: &str) -> String {
        Parts { query: Some(query), ..self }.url()
    }
}

/// Forms one variation away.
fn single(url: &str, orders: bool) -> Vec<(JsSdkFinding, String)> {
    let (body, fragment) = url.split_at(url.find('#').unwrap_or(url.len()));
    let parts = Parts::of(body);
    let mut all = Vec::new();
    let mut add = |finding: JsSdkFinding, form: String| all.push((finding, form + fragment));
    for (scheme, other) in [("http", "https"), ("https", "http")] {
        if parts.scheme == scheme {
            add(JsSdkFinding::Scheme, Parts { scheme: other, ..parts }.url());
        }
    }
    slashes(body, parts, &mut add);
    hosts(parts, &mut add);
    if body.contains('&') {
        add(JsSdkFinding::HtmlEscaped, body.replace("&amp;", "&"));
        add(JsSdkFinding::HtmlEscaped, body.replace("&amp;", "&").replace('&', "&amp;"));
    }
    queries(parts, orders, &mut add);
    encodings(body, &mut add);
    all
}

fn slashes(body: &str, parts: Parts<'_>, add: &mut impl FnMut(JsSdkFinding, String)) {
    let path = match parts.path.strip_suffix('/') {
        Some(shorter) => shorter.to_owned(),
        None => format!("{}/", parts.path),
    };
    add(JsSdkFinding::TrailingSlash, Parts { path: &path, ..parts }.url());
    if parts.query.is_some() {
        let end = body.strip_suffix('/').map_or_else(|| format!("{body}/"), str::to_owned);
        add(JsSdkFinding::TrailingSlash, end);
    }
}

fn hosts(parts: Parts<'_>, add: &mut impl FnMut(JsSdkFinding, String)) {
    let www = match parts.host.strip_prefix("www.") {
        Some(bare) => bare.to_owned(),
        None => format!("www.{}", parts.host),
    };
    let bare = parts.host.rsplit_once(':').map_or(parts.host, |(host, _)| host).to_owned();
    let port = |port| format!("{bare}:{port}");
    for host in [www, parts.host.to_ascii_lowercase(), port(80), port(443), bare.clone()] {
        add(JsSdkFinding::WwwOrHost, Parts { host: &host, ..parts }.url());
    }
}

fn queries(parts: Parts<'_>, orders: bool, add: &mut impl FnMut(JsSdkFinding, String)) {
    if parts.query.is_none() {
        return;
    }
    add(JsSdkFinding::QueryMissing, Parts { query: None, ..parts }.url());
    let parameters = parts.parameters();
    if parameters.len() < 2 {
        return;
    }
    for left in (1..parameters.len()).rev().take(MAX_DROPPED) {
        add(JsSdkFinding::QueryMissing, parts.with_query(&parameters[..left].join("&")));
    }
    for at in 0..parameters.len().min(MAX_DROPPED) {
        let mut rest = parameters.clone();
        rest.remove(at);
        add(JsSdkFinding::QueryMissing, parts.with_query(&rest.join("&")));
    }
    let mut sorted = parameters.clone();
    sorted.sort_unstable();
    add(JsSdkFinding::QueryOrder, parts.with_query(&sorted.join("&")));
    sorted.reverse();
    add(JsSdkFinding::QueryOrder, parts.with_query(&sorted.join("&")));
    if orders && parameters.len() <= MAX_PERMUTED {
        for order in permutations(&parameters) {
            add(JsSdkFinding::QueryOrder, parts.with_query(&order.join("&")));
        }
    }
}

fn permutations<'a>(items: &[&'a str]) -> Vec<Vec<&'a str>> {
    let mut all = vec![Vec::new()];
    for item in items {
        let shorter = std::mem::take(&mut all);
        for order in shorter {
            for at in 0..=order.len() {
                let mut longer: Vec<&'a str> = order.clone();
                longer.insert(at, item);
                all.push(longer);
            }
        }
    }
    all
}

fn encodings(body: &str, add: &mut impl FnMut(JsSdkFinding, String)) {
    // As `encodeURI` does, with small letters as .NET does, and as `encodeURIComponent` does to the whole.
    let lightly = encode_uri(body);
    let whole = encode(body);
    for form in [lightly.clone(), small_escapes(&lightly), whole.clone(), small_escapes(&whole)] {
        add(JsSdkFinding::PercentEncoded, form);
    }
    add(JsSdkFinding::PercentEncoded, lightly.replace("%20", "+"));
    for plus in [false, true] {
        if let Some(decoded) = decode(body, plus) {
            add(JsSdkFinding::PercentDecoded, decoded);
        }
    }
    for form in [lightly.replace('%', "%25"), body.replace('%', "%25"), encode(&whole)] {
        add(JsSdkFinding::UrlEncodedTwice, form);
    }
}

/// As JavaScript's `encodeURI`, which leaves what structures a URL alone; escapes that are there already
/// stay as they are.
fn encode_uri(url: &str) -> String {
    let mut out = String::with_capacity(url.len() + 16);
    for c in url.chars() {
        let kept = c.is_ascii_alphanumeric() || "-_.!~*'();/?:@&=+$,#%".contains(c);
        if kept {
            out.push(c);
        } else {
            out.push_str(&encode(c.encode_utf8(&mut [0; 4])));
        }
    }
    out
}

/// `%E4` as `%e4`.
fn small_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut escape = 0;
    for c in text.chars() {
        out.push(if escape > 0 { c.to_ascii_lowercase() } else { c });
        escape = if c == '%' { 2_usize } else { escape.saturating_sub(1) };
    }
    out
}

/// Percent-decoded once; none if that is not UTF-8 or nothing is encoded.
fn decode(text: &str, plus: bool) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escape = bytes.get(at + 1..at + 3).filter(|_| *byte == b'%').and_then(|digits| {
            let digits = std::str::from_utf8(digits).ok().filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
            u8::from_str_radix(digits, 16).ok()
        });
        match escape {
            Some(decoded) => {
                out.push(decoded);
                at += 3;
            }
            None => {
                out.push(if plus && *byte == b'+' { b' ' } else { *byte });
                at += 1;
            }
        }
    }
    String::from_utf8(out).ok().filter(|decoded| decoded != text)
}
