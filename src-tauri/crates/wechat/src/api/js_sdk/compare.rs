//! Why a page's `wx.config` answers "invalid signature": which part of what was signed is not what the page sent.
//!
//! Owns: the search over tickets, nonces, timestamps and forms of the URL, and the names of what differs.
//! Must not: send anything, or show a ticket; findings hold labels only.
//! Invariant: a finding names a variation whose signature is exactly the one that was sent, and of several such
//! explanations the one with the fewest variations is given.

use std::collections::HashMap;

use super::variants::{differences, forms};
use super::{raw_string1, sha1_hex, without_fragment};
use crate::secret::SecretString;

/// What a page should have been signed for.
#[derive(Debug, Clone, Copy)]
pub struct SignedPage<'a> {
    /// The account.
    pub appid: &'a str,
    /// The account's own tickets, the present one first, older ones after it; each with a label that a person knows it
    /// by, such as when it was fetched.
    pub tickets: &'a [(&'a SecretString, &'a str)],
    /// Tickets of other accounts, each labelled with its account's appid.
    pub other_tickets: &'a [(&'a SecretString, &'a str)],
    /// The page's URL; a fragment is not signed.
    pub url: &'a str,
}

/// What a page gave to `wx.config`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentConfig<'a> {
    /// `appId`.
    pub app_id: &'a str,
    /// `timestamp`, as sent; should be seconds.
    pub timestamp: i64,
    /// `nonceStr`, as sent.
    pub nonce_str: &'a str,
    /// `signature`, as sent.
    pub signature: &'a str,
    /// `location.href` at the page, if it is known. A fragment in it is no fault.
    pub url: Option<&'a str>,
}

/// What [`compare`] found. "Signed" is what the signature was made of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum JsSdkFinding {
    /// Everything fits. If WeChat refuses all the same, the domain is not configured or the ticket was replaced.
    Matches,
    /// The URL was signed with its `#fragment`, which must be cut off first.
    MatchesWithoutFragmentRemoved,
    /// A slash too many or too few was signed, before the `?` or at the end.
    TrailingSlash,
    /// The URL was signed percent-encoded once more than it is, in parts or as a whole.
    PercentEncoded,
    /// The URL was signed percent-decoded.
    PercentDecoded,
    /// The URL was signed percent-encoded twice: its `%` became `%25`.
    UrlEncodedTwice,
    /// `http` was signed for `https`, or the other way round.
    Scheme,
    /// The host that was signed differs: `www.`, capital letters, a port, or another host altogether.
    WwwOrHost,
    /// The query was signed without all or some of its parameters, or the page lacks some of those signed.
    QueryMissing,
    /// The parameters were signed in another order.
    QueryOrder,
    /// `&amp;` was signed for `&`, or the other way round: a template escaped the URL.
    HtmlEscaped,
    /// The page is another one: its path, or the values of its query, are not those signed. Pages that change their
    /// path without loading meet this.
    OtherPage,
    /// The nonce was signed in capital or small letters.
    NonceCase,
    /// The nonce was signed without, or with, blanks around it.
    NonceTrimmed,
    /// One side has milliseconds where the other has seconds.
    TimestampMilliseconds,
    /// The signature was sent in capital letters.
    UpperCaseSignature,
    /// Signed with an older ticket of the account; holds its label.
    OldTicket(String),
    /// Signed with the ticket of another account; holds its label, the appid.
    WrongAccount(String),
    /// The page sent the appid of another account.
    WrongAppId,
    /// No variation explains the signature: another ticket, another nonce or another URL altogether.
    Unknown,
}

impl JsSdkFinding {
    /// A stable name.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Matches => "matches",
            Self::MatchesWithoutFragmentRemoved => "matches_without_fragment_removed",
            Self::TrailingSlash => "trailing_slash",
            Self::PercentEncoded => "percent_encoded",
            Self::PercentDecoded => "percent_decoded",
            Self::UrlEncodedTwice => "url_encoded_twice",
            Self::Scheme => "scheme",
            Self::WwwOrHost => "www_or_host",
            Self::QueryMissing => "query_missing",
            Self::QueryOrder => "query_order",
            Self::HtmlEscaped => "html_escaped",
            Self::OtherPage => "other_page",
            Self::NonceCase => "nonce_case",
            Self::NonceTrimmed => "nonce_trimmed",
            Self::TimestampMilliseconds => "timestamp_milliseconds",
            Self::UpperCaseSignature => "upper_case_signature",
            Self::OldTicket(_) => "old_ticket",
            Self::WrongAccount(_) => "wrong_account",
            Self::WrongAppId => "wrong_app_id",
            Self::Unknown => "unknown",
        }
    }
}

/// What was really signed, as far as the signature tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fit {
    /// The URL.
    pub url: String,
    /// The nonce.
    pub nonce_str: String,
    /// The timestamp.
    pub timestamp: i64,
}

/// The outcome of [`compare_fully`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// As of [`compare`].
    pub findings: Vec<JsSdkFinding>,
    /// The values that the signature fits; none when nothing explains it.
    pub fit: Option<Fit>,
}

/// More variations than this together are a coincidence rather than an explanation.
const MAX_VARIATIONS: usize = 3;

/// A variation of one part, and what it is called.
type Variant<T> = (Vec<JsSdkFinding>, T);

/// Finds which part of what was signed differs from what the page sent, by trying variations of the URL, the nonce and
/// the timestamp with every ticket. [`JsSdkFinding::Matches`] stands alone, and is only given when the signature is
/// right for the account's present ticket and for both URLs.
pub fn compare(page: &SignedPage<'_>, sent: &SentConfig<'_>) -> Vec<JsSdkFinding> {
    compare_fully(page, sent).findings
}

/// As [`compare`], with the values that were signed.
pub fn compare_fully(page: &SignedPage<'_>, sent: &SentConfig<'_>) -> Comparison {
    let mut found = Vec::new();
    if sent.app_id != page.appid {
        found.push(JsSdkFinding::WrongAppId);
    }
    let lower = sent.signature.to_ascii_lowercase();
    let fit = match explain(page, sent, &lower) {
        Some((explanation, fit)) => {
            found.extend(explanation);
            if lower != sent.signature {
                found.push(JsSdkFinding::UpperCaseSignature);
            }
            if found.is_empty() {
                found.push(JsSdkFinding::Matches);
            }
            Some(fit)
        }
        None => {
            found.push(JsSdkFinding::Unknown);
            None
        }
    };
    Comparison { findings: found, fit }
}

/// The shortest explanation of the signature, empty if nothing differs, and what it says was signed.
fn explain(page: &SignedPage<'_>, sent: &SentConfig<'_>, signature: &str) -> Option<(Vec<JsSdkFinding>, Fit)> {
    let tickets = tickets(page);
    let urls = urls(page, sent);
    let nonces = nonces(sent.nonce_str);
    let timestamps = timestamps(sent.timestamp);
    let mut best: Option<(Vec<JsSdkFinding>, Fit)> = None;
    for (of_ticket, ticket) in &tickets {
        for (of_nonce, nonce) in &nonces {
            for (of_timestamp, timestamp) in &timestamps {
                for (of_url, url) in &urls {
                    let count = of_ticket.len() + of_nonce.len() + of_timestamp.len() + of_url.len();
                    let others = count - of_url.len();
                    // A form of the URL that is known to differ in many ways is one URL all the same.
                    if others + of_url.len().min(MAX_VARIATIONS - 1) > MAX_VARIATIONS
                        || best.as_ref().is_some_and(|(best, _)| best.len() <= count)
                    {
                        continue;
                    }
                    if sha1_hex(raw_string1(ticket, nonce, *timestamp, url).expose()) == signature {
                        let fit = Fit { url: url.clone(), nonce_str: nonce.clone(), timestamp: *timestamp };
                        best = Some(([&of_ticket[..], of_url, of_nonce, of_timestamp].concat(), fit));
                    }
                }
            }
        }
    }
    best.or_else(|| lost_milliseconds(&tickets, &urls, sent, signature))
}

/// Signed in milliseconds and sent in seconds: the thousand that were cut off can be tried.
fn lost_milliseconds(
    tickets: &[Variant<&str>],
    urls: &[Variant<String>],
    sent: &SentConfig<'_>,
    signature: &str,
) -> Option<(Vec<JsSdkFinding>, Fit)> {
    let start = sent.timestamp.checked_mul(1000)?;
    for (of_ticket, ticket) in tickets {
        // The URLs as they were given come first; their variations are not worth a thousand attempts each.
        for (of_url, url) in urls.iter().take(2) {
            for timestamp in start..start.checked_add(1000)? {
                if sha1_hex(raw_string1(ticket, sent.nonce_str, timestamp, url).expose()) == signature {
                    let fit = Fit { url: url.clone(), nonce_str: sent.nonce_str.to_owned(), timestamp };
                    return Some(([&of_ticket[..], of_url, &[JsSdkFinding::TimestampMilliseconds]].concat(), fit));
                }
            }
        }
    }
    None
}

fn tickets<'a>(page: &SignedPage<'a>) -> Vec<Variant<&'a str>> {
    let own = page.tickets.iter().enumerate().map(|(at, (ticket, label))| {
        let named = if at == 0 { Vec::new() } else { vec![JsSdkFinding::OldTicket((*label).to_owned())] };
        (named, ticket.expose().as_str())
    });
    let others = page
        .other_tickets
        .iter()
        .map(|(ticket, label)| (vec![JsSdkFinding::WrongAccount((*label).to_owned())], ticket.expose().as_str()));
    own.chain(others).collect()
}

/// Every form of the URL that may have been signed, each once, with the fewest differences that lead to it.
fn urls(page: &SignedPage<'_>, sent: &SentConfig<'_>) -> Vec<Variant<String>> {
    let expected = without_fragment(page.url);
    let at_page = sent.url.map(without_fragment).filter(|url| *url != expected);
    let mut all: Vec<Variant<String>> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut add = |findings: Vec<JsSdkFinding>, url: String| match places.get(&url).and_then(|at| all.get_mut(*at)) {
        Some(known) if known.0.len() <= findings.len() => {}
        Some(known) => known.0 = findings,
        None => {
            places.insert(url.clone(), all.len());
            all.push((findings, url));
        }
    };
    // With two URLs that differ, whichever of them was signed, their difference is what is wrong.
    let between = at_page.map(|at_page| differences(expected, at_page)).unwrap_or_default();
    add(between.clone(), expected.to_owned());
    if let Some(at_page) = at_page {
        add(between, at_page.to_owned());
    }
    for with_fragment in [Some(page.url), sent.url].into_iter().flatten().filter(|url| url.contains('#')) {
        add(vec![JsSdkFinding::MatchesWithoutFragmentRemoved], with_fragment.to_owned());
    }
    // What the page itself shows is what WeChat signs, so variations start there when it is known.
    for (findings, url) in forms(at_page.unwrap_or(expected), 2) {
        add(findings, url);
    }
    for with_fragment in [Some(page.url), sent.url].into_iter().flatten().filter(|url| url.contains('#')) {
        for (mut findings, url) in forms(with_fragment, 1) {
            findings.insert(0, JsSdkFinding::MatchesWithoutFragmentRemoved);
            add(findings, url);
        }
    }
    all
}

fn nonces(sent: &str) -> Vec<Variant<String>> {
    let mut all = vec![(Vec::new(), sent.to_owned())];
    let mut add = |finding, nonce: String| {
        if all.iter().all(|(_, known)| *known != nonce) {
            all.push((vec![finding], nonce));
        }
    };
    add(JsSdkFinding::NonceTrimmed, sent.trim().to_owned());
    for blank in [" ", "\n", "\r\n"] {
        add(JsSdkFinding::NonceTrimmed, format!("{sent}{blank}"));
    }
    add(JsSdkFinding::NonceTrimmed, format!(" {sent}"));
    add(JsSdkFinding::NonceCase, sent.to_ascii_lowercase());
    add(JsSdkFinding::NonceCase, sent.to_ascii_uppercase());
    all
}

fn timestamps(sent: i64) -> Vec<Variant<i64>> {
    let mut all = vec![(Vec::new(), sent), (vec![JsSdkFinding::TimestampMilliseconds], sent / 1000)];
    if let Some(milliseconds) = sent.checked_mul(1000) {
        all.push((vec![JsSdkFinding::TimestampMilliseconds], milliseconds));
    }
    all
}

#[cfg(test)]
mod tests;
