//! The JS-SDK: its ticket, the signature of a page, and why a page's signature is refused ([`compare`]).
//!
//! Owns: H.1 and H.2 of the protocol. Must not: cache the ticket (its quota is small: the caller must).
//! Invariant: the signed URL has no fragment.

mod compare;
mod variants;

pub use compare::{Comparison, Fit, JsSdkFinding, SentConfig, SignedPage, compare, compare_fully};

use serde::Deserialize;

use super::{Call, TokenGrant, grant};
use crate::error::CallError;
use crate::secret::SecretString;
use crate::transport::Transport;

/// Gets a ticket; `kind` is `jsapi` or `wx_card`. On behalf of an account, `token` is its authorizer token.
///
/// # Errors
/// The general ones.
pub async fn get_ticket(transport: &dyn Transport, token: &SecretString, kind: &str) -> Result<TokenGrant, CallError> {
    #[derive(Deserialize)]
    struct Answer {
        ticket: Option<SecretString>,
        #[serde(default, deserialize_with = "super::number")]
        expires_in: Option<i64>,
    }
    let answer: Answer =
        Call::get("/cgi-bin/ticket/getticket").token("access_token", token).query("type", kind).send(transport).await?;
    grant(answer.ticket, answer.expires_in)
}

/// What is hashed for [`signature`], to be shown to somebody who compares it with his own. It holds the ticket.
pub fn string1(ticket: &str, nonce: &str, timestamp: i64, url: &str) -> SecretString {
    raw_string1(ticket, nonce, timestamp, without_fragment(url))
}

/// The signature for `wx.config`. `url` is the page's full URL exactly as the browser shows it; `timestamp` in seconds.
pub fn signature(ticket: &SecretString, nonce: &str, timestamp: i64, url: &str) -> String {
    sha1_hex(string1(ticket.expose(), nonce, timestamp, url).expose())
}

/// As [`string1`], with whatever `url` is.
fn raw_string1(ticket: &str, nonce: &str, timestamp: i64, url: &str) -> SecretString {
    let stamp = timestamp.to_string();
    let parts = ["jsapi_ticket=", ticket, "&noncestr=", nonce, "&timestamp=", &stamp, "&url=", url];
    // One allocation of the right size: a text that grows leaves copies of the ticket behind.
    let mut text = String::with_capacity(parts.iter().map(|part| part.len()).sum());
    for part in parts {
        text.push_str(part);
    }
    SecretString::from(text)
}

fn sha1_hex(text: &str) -> String {
    let hex = crate::crypto::signature(&mut [text.as_bytes()]);
    String::from_utf8_lossy(&hex).into_owned()
}

fn without_fragment(url: &str) -> &str {
    url.split('#').next().unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn string1_of_the_official_example() {
        let ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg";
        let text = string1(ticket, "Wm3WZYTPz0wzccnW", 1_414_587_457, "http://mp.weixin.qq.com?params=value#here");
        assert_eq!(
            text.expose(),
            "jsapi_ticket=sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg\
             &noncestr=Wm3WZYTPz0wzccnW&timestamp=1414587457&url=http://mp.weixin.qq.com?params=value"
        );
        assert_eq!(format!("{text:?}"), "***");
    }

    #[test]
    fn the_official_example() {
        let ticket = SecretString::from(
            "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg",
        );
        for url in ["http://mp.weixin.qq.com?params=value", "http://mp.weixin.qq.com?params=value#here"] {
            assert_eq!(
                signature(&ticket, "Wm3WZYTPz0wzccnW", 1_414_587_457, url),
                "0f9de62fce790f9a083d5c99e95740ceb90c27ed"
            );
        }
        assert_eq!(
            signature(&ticket, "Wm3WZYTPz0wzccnW", 1_414_587_457, "http://mp.weixin.qq.com/?params=value"),
            "f50191877b62b116ef830363a3a613ed652a2d5d"
        );
    }
}
