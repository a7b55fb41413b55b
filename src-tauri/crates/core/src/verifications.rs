//! URL verifications (GET) of directly connected accounts as they happened, for whoever is just setting one up.
//!
//! Owns the last ones of each account since the start, and when a push last came. Invariant: the Token is in none of them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use subtle::ConstantTimeEq as _;
use wechat::crypto::url_signature;
use wechat::secret::SecretString;

use crate::dto::{SignedPart, UrlVerdict, UrlVerification};

/// Kept of each account, of those that passed and of the others each: a stranger's cannot push WeChat's out.
const KEPT: usize = 10;
/// Longest text of a stranger's that is shown, characters.
const SHOWN: usize = 128;

/// What came to an account's server URL.
#[derive(Debug, Default)]
pub struct Verifications {
    accounts: Mutex<HashMap<i64, Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    count: i64,
    list: VecDeque<UrlVerification>,
    verified_at: Option<i64>,
    pushed_at: Option<i64>,
}

/// What a verification brought, as far as it was there.
#[derive(Debug, Default)]
pub struct Asked<'a> {
    /// Where it came from.
    pub from: String,
    /// `signature`.
    pub signature: &'a str,
    /// `timestamp`.
    pub timestamp: &'a str,
    /// `nonce`.
    pub nonce: &'a str,
    /// `echostr`.
    pub echostr: &'a str,
}

impl Verifications {
    fn with<T>(&self, platform_id: i64, work: impl FnOnce(&mut Seen) -> T) -> T {
        work(self.accounts.lock().unwrap_or_else(PoisonError::into_inner).entry(platform_id).or_default())
    }

    /// Judges a verification and remembers it, unless it passed and is one of our own.
    pub fn judge(
        &self,
        platform_id: i64,
        token: &SecretString,
        asked: &Asked<'_>,
        now: i64,
        is_ours: impl FnOnce() -> bool,
    ) -> UrlVerdict {
        let short = |text: &str| text.chars().take(SHOWN).collect::<String>();
        let complete = ![asked.signature, asked.timestamp, asked.nonce, asked.echostr].contains(&"");
        let computed =
            if token.is_empty() { String::new() } else { url_signature(token.expose(), asked.timestamp, asked.nonce) };
        let verdict = if !complete {
            UrlVerdict::Incomplete
        } else if token.is_empty() {
            UrlVerdict::NoToken
        } else if bool::from(computed.as_bytes().ct_eq(asked.signature.as_bytes())) {
            UrlVerdict::Passed
        } else {
            UrlVerdict::WrongToken
        };
        if verdict == UrlVerdict::Passed && is_ours() {
            return verdict;
        }
        let mut parts = [
            (token.expose().as_str(), SignedPart::Token),
            (asked.timestamp, SignedPart::Timestamp),
            (asked.nonce, SignedPart::Nonce),
        ];
        parts.sort_by_key(|(text, _)| *text);
        self.with(platform_id, |seen| {
            seen.count += 1;
            if verdict == UrlVerdict::Passed {
                seen.verified_at = Some(now);
            }
            seen.list.push_front(UrlVerification {
                id: seen.count,
                at: now,
                from: short(&asked.from),
                timestamp: short(asked.timestamp),
                nonce: short(asked.nonce),
                echostr: short(asked.echostr),
                order: parts.iter().map(|(_, part)| *part).collect(),
                sent: short(asked.signature),
                computed: computed.clone(),
                verdict,
            });
            let passed = verdict == UrlVerdict::Passed;
            let alike = |v: &UrlVerification| (v.verdict == UrlVerdict::Passed) == passed;
            if seen.list.iter().filter(|v| alike(v)).count() > KEPT
                && let Some(oldest) = seen.list.iter().rposition(alike)
            {
                seen.list.remove(oldest);
            }
        });
        verdict
    }

    /// A push was accepted.
    pub fn pushed(&self, platform_id: i64, now: i64) {
        self.with(platform_id, |seen| seen.pushed_at = Some(now));
    }

    /// Newest first.
    #[must_use]
    pub fn list(&self, platform_id: i64) -> Vec<UrlVerification> {
        self.with(platform_id, |seen| seen.list.iter().cloned().collect())
    }

    /// (last verification that passed, last push), ms.
    #[must_use]
    pub fn times(&self, platform_id: i64) -> (Option<i64>, Option<i64>) {
        self.with(platform_id, |seen| (seen.verified_at, seen.pushed_at))
    }

    /// The account went.
    pub fn forget(&self, platform_id: i64) {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner).remove(&platform_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The official example of protocol A.5.
    fn official() -> Asked<'static> {
        Asked {
            from: "203.0.113.7".into(),
            signature: "f464b24fc39322e44b38aa78f5edd27bd1441696",
            timestamp: "1714036504",
            nonce: "1514711492",
            echostr: "4375120948345356249",
        }
    }

    #[test]
    fn the_official_example_passes_and_shows_its_parts() {
        let seen = Verifications::default();
        assert_eq!(seen.judge(1, &"AAAAA".into(), &official(), 5, || false), UrlVerdict::Passed);
        let shown = &seen.list(1)[0];
        assert_eq!(shown.order, [SignedPart::Nonce, SignedPart::Timestamp, SignedPart::Token]);
        assert_eq!((shown.sent.as_str(), &shown.sent), (official().signature, &shown.computed));
        assert_eq!(seen.times(1), (Some(5), None));
        assert!(!format!("{seen:?}").contains("AAAAA"));
    }

    #[test]
    fn a_wrong_token_shows_two_digests() {
        let seen = Verifications::default();
        assert_eq!(seen.judge(1, &"AAAAB".into(), &official(), 5, || false), UrlVerdict::WrongToken);
        let shown = &seen.list(1)[0];
        assert_ne!(shown.sent, shown.computed);
        assert_eq!(seen.judge(1, &"".into(), &official(), 6, || false), UrlVerdict::NoToken);
        assert_eq!(
            seen.judge(1, &"AAAAA".into(), &Asked { echostr: "", ..official() }, 7, || false),
            UrlVerdict::Incomplete
        );
        assert_eq!(seen.list(1).iter().map(|v| v.id).collect::<Vec<_>>(), [3, 2, 1]);
        seen.forget(1);
        assert_eq!(seen.list(1), []);
    }

    #[test]
    fn a_stranger_cannot_fill_the_memory() {
        let seen = Verifications::default();
        let long = "9".repeat(5_000);
        for at in 0..100 {
            seen.judge(1, &"AAAAA".into(), &Asked { nonce: &long, ..official() }, at, || false);
        }
        assert_eq!(seen.list(1).len(), KEPT);
        seen.judge(1, &"AAAAA".into(), &official(), 200, || false);
        seen.judge(1, &"AAAAA".into(), &Asked { nonce: &long, ..official() }, 201, || false);
        let verdicts: Vec<_> = seen.list(1).iter().map(|v| v.verdict).collect();
        assert_eq!((verdicts.len(), verdicts[1]), (KEPT + 1, UrlVerdict::Passed));
        assert!(seen.list(1).iter().all(|v| v.nonce.len() <= SHOWN));
    }
}
