//! The signature of a URL verification, explained step by step for somebody who watches one happen.
//!
//! Owns: the order of the three texts and the digest that follows from it (A.5). Must not: decide whether a request is
//! genuine; that is [`crate::MessageCrypto::verify_url`], which compares in constant time.
//! Invariant: the explanation names the parts and never holds the token itself.

use crate::crypto::url_signature;

/// One of the three texts that are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UrlPart {
    /// The verify token, which both sides know.
    Token,
    /// `timestamp` of the query.
    Timestamp,
    /// `nonce` of the query.
    Nonce,
}

/// What the signature must be, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlCheck {
    /// The parts in the order in which they are concatenated: sorted byte by byte, whole texts, without a separator.
    pub sorted: [UrlPart; 3],
    /// Lowercase hex SHA-1 of the concatenation.
    pub expected: String,
}

/// Explains the signature of a URL verification.
pub fn explain_signature(token: &str, timestamp: &str, nonce: &str) -> UrlCheck {
    let mut parts = [(token, UrlPart::Token), (timestamp, UrlPart::Timestamp), (nonce, UrlPart::Nonce)];
    // Equal texts may stand either way round; a stable sort at least answers the same every time.
    parts.sort_by_key(|(text, _)| *text);
    UrlCheck { sorted: parts.map(|(_, part)| part), expected: url_signature(token, timestamp, nonce) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_official_example() {
        let check = explain_signature("AAAAA", "1714036504", "1514711492");
        assert_eq!(check.expected, "f464b24fc39322e44b38aa78f5edd27bd1441696");
        assert_eq!(check.sorted, [UrlPart::Nonce, UrlPart::Timestamp, UrlPart::Token]);
        assert_eq!(
            explain_signature("AAAAA", "1714037059", "486452656").expected,
            "899cf89e464efb63f54ddac96b0a0a235f53aa78"
        );
    }

    #[test]
    fn texts_are_sorted_not_numbers() {
        use UrlPart::*;
        assert_eq!(explain_signature("token", "1714036504", "9").sorted, [Timestamp, Nonce, Token]);
        assert_eq!(explain_signature("00", "1", "0").sorted, [Nonce, Token, Timestamp]);
        assert_eq!(explain_signature("Z", "a", "中").sorted, [Token, Timestamp, Nonce]);
        assert_eq!(explain_signature("1", "1", "1").sorted, [Token, Timestamp, Nonce]);
    }
}
