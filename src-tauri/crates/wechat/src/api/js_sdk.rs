//! The JS-SDK: its ticket and the signature of a page.
//!
//! Owns: H.1 and H.2 of the protocol. Must not: cache the ticket (its quota is small: the caller must).
//! Invariant: the signed URL has no fragment.

use serde::Deserialize;
use sha1::{Digest, Sha1};

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

/// The signature for `wx.config`. `url` is the page's full URL exactly as the browser shows it; `timestamp` in seconds.
pub fn signature(ticket: &SecretString, nonce: &str, timestamp: i64, url: &str) -> String {
    let page = url.split('#').next().unwrap_or(url);
    let mut hash = Sha1::new();
    for part in
        ["jsapi_ticket=", ticket.expose(), "&noncestr=", nonce, "&timestamp=", &timestamp.to_string(), "&url=", page]
    {
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
