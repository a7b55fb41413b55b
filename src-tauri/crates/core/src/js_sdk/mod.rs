//! Signing a page for the JS-SDK, and telling what is wrong with a signature (protocol H.2).
//!
//! Owns: what may be signed, the nonce, and the words of every finding. Must not: fetch a ticket; that is the engine's.
//! Invariant: no document made here holds a ticket, and a URL is signed exactly as it came, without its fragment.

mod words;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use wechat::api::js_sdk;
use wechat::secret::SecretString;

use crate::dto::{ErrorCode, PageFinding, PageSignature, SignedPage};
use crate::error::AppError;
use crate::store::tables::credential::CredentialRow;

pub(crate) use words::finding;

/// Longest URL, bytes without its fragment: what browsers and servers agree on.
const MAX_URL: usize = 2_048;
/// Letters and digits of a nonce of ours.
const NONCE: usize = 16;
/// Longest nonce that is taken from a caller, characters.
const MAX_NONCE: usize = 128;

/// When tickets were used last, since the start.
#[derive(Debug, Default)]
pub(crate) struct Used(Mutex<HashMap<i64, i64>>);

impl Used {
    /// A ticket's credential was used at `at` (ms).
    pub(crate) fn note(&self, credential_id: i64, at: i64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(credential_id, at);
    }

    /// When it was used last, ms.
    pub(crate) fn at(&self, credential_id: i64) -> Option<i64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&credential_id).copied()
    }
}

/// The URL that is signed: what came, without its fragment.
///
/// # Errors
/// `InvalidInput` naming `url`.
pub(crate) fn url(text: &str) -> Result<&str, AppError> {
    let refuse = |rule, en, zh| Err(AppError::invalid_field("url", rule, en, zh));
    let cut = text.split('#').next().unwrap_or_default();
    if cut.is_empty() {
        return refuse("required", "the page's address is required", "请填写页面地址");
    }
    let rest = cut.strip_prefix("https://").or_else(|| cut.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split(['/', '?']).next().unwrap_or_default());
    if host.is_none_or(str::is_empty) || cut.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return refuse(
            "format",
            "must be the page's whole address, http:// or https://, as the browser has it in location.href",
            "应为页面的完整地址，以 http:// 或 https:// 开头，与浏览器中 location.href 一致",
        );
    }
    if cut.len() > MAX_URL {
        return refuse("length", "must have at most 2048 bytes", "最多 2048 字节");
    }
    Ok(cut)
}

/// A nonce: the caller's, or 16 random letters and digits.
///
/// # Errors
/// `InvalidInput` naming `nonce_str`; when the system has no random bytes.
pub(crate) fn nonce(given: Option<&str>) -> Result<String, AppError> {
    match given.filter(|given| !given.is_empty()) {
        None => random_text(NONCE),
        Some(given) if given.chars().count() <= MAX_NONCE && !given.chars().any(char::is_control) => {
            Ok(given.to_owned())
        }
        Some(_) => Err(AppError::invalid_field(
            "nonce_str",
            "format",
            "must have at most 128 characters on one line",
            "最多 128 个字符，不能换行",
        )),
    }
}

/// So many random letters and digits, 3 to 32.
///
/// # Errors
/// When the system has no random bytes.
pub(crate) fn random_text(length: usize) -> Result<String, AppError> {
    wechat::crypto::generate_token(length).map_err(|e| AppError::new(ErrorCode::Internal, e.to_string()))
}

/// Signs a page. `url` must have come through [`url`]; `timestamp` in seconds.
pub(crate) fn sign(
    appid: &str,
    row: &CredentialRow,
    ticket: &SecretString,
    nonce: &str,
    timestamp: i64,
    url: &str,
) -> SignedPage {
    SignedPage {
        config: PageSignature {
            app_id: appid.to_owned(),
            timestamp,
            nonce_str: nonce.to_owned(),
            signature: js_sdk::signature(ticket, nonce, timestamp, url),
        },
        url: url.to_owned(),
        string1: js_sdk::string1("***", nonce, timestamp, url).expose().clone(),
        generation: row.generation,
        expires_at: row.expires_at,
    }
}

/// Everything that was found, as documents.
pub(crate) fn findings(
    compared: &js_sdk::Comparison,
    sent: &js_sdk::SentConfig<'_>,
    ours: &SignedPage,
) -> Vec<PageFinding> {
    compared.findings.iter().map(|found| finding(found, compared.fit.as_ref(), sent, ours)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICKET: &str = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg";

    /// The official example of protocol H.2.
    #[test]
    fn the_official_example_is_signed_without_touching_the_url() {
        let row = CredentialRow::default();
        let cut = url("http://mp.weixin.qq.com?params=value#part").unwrap();
        let page = sign("wx1", &row, &TICKET.into(), "Wm3WZYTPz0wzccnW", 1_414_587_457, cut);
        assert_eq!(page.config.signature, "0f9de62fce790f9a083d5c99e95740ceb90c27ed");
        assert_eq!(page.url, "http://mp.weixin.qq.com?params=value", "no slash is put in");
        assert_eq!(
            page.string1,
            "jsapi_ticket=***&noncestr=Wm3WZYTPz0wzccnW&timestamp=1414587457&url=http://mp.weixin.qq.com?params=value"
        );
        let shown = serde_json::to_value(&page.config).unwrap();
        let names: Vec<_> = shown.as_object().unwrap().keys().cloned().collect();
        assert_eq!(names, ["appId", "nonceStr", "signature", "timestamp"]);
        assert!(!format!("{page:?}").contains(TICKET));
    }

    #[test]
    fn only_whole_addresses_are_signed() {
        let long = format!("https://a.example/{}", "x".repeat(3_000));
        for (bad, rule) in [
            ("", "required"),
            ("#only", "required"),
            ("a.example/x", "format"),
            ("ftp://a.example/", "format"),
            ("https://", "format"),
            ("https:///x", "format"),
            ("https://a.example/x y", "format"),
            ("https://a.example/\n", "format"),
            (&long, "length"),
        ] {
            let fields = url(bad).unwrap_err().detail.unwrap().fields;
            assert_eq!((fields[0].field.as_str(), fields[0].rule.as_str()), ("url", rule), "{bad}");
        }
        let fragment = format!("https://a.example/?a=1#{}", "x".repeat(3_000));
        assert_eq!(url(&fragment).unwrap(), "https://a.example/?a=1", "a fragment does not count");
    }

    #[test]
    fn nonces_are_sixteen_random_letters_and_digits() {
        let (one, two) = (nonce(None).unwrap(), nonce(Some("")).unwrap());
        for nonce in [&one, &two] {
            assert!(nonce.len() == 16 && nonce.bytes().all(|b| b.is_ascii_alphanumeric()), "{nonce}");
        }
        assert_ne!(one, two);
        assert_eq!(nonce(Some("Wm3WZYTPz0wzccnW")).unwrap(), "Wm3WZYTPz0wzccnW");
        assert!(nonce(Some(&"x".repeat(129))).is_err() && nonce(Some("a\nb")).is_err());
    }
}
