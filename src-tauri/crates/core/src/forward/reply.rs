//! What an answering server said: nothing, or a passive reply that WeChat will take. Pure.
//!
//! A reply is WeChat's own XML in every format, so that a server needs one writer; as JSON it is refused.
//! Invariant: what is passed on is addressed to the sender of the push, from the account it was sent to.

use wechat::crypto::MessageCrypto;
use wechat::reply::Reply;
use wechat::xml::XmlFields;

use super::Asked;
use crate::dto::{DeliveryError, TargetFormat};

/// Reads an answer. `sender` and `account` are the push's FromUserName and ToUserName.
pub(super) fn read(
    format: TargetFormat,
    crypto: Option<&MessageCrypto>,
    body: &[u8],
    sender: &str,
    account: &str,
) -> Asked {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii();
    if body.is_empty() || body == b"success" {
        return Asked::Nothing;
    }
    if format != TargetFormat::Sealed {
        return checked(body, sender, account).map_or(Asked::Failed(DeliveryError::BadReply), Asked::Reply);
    }
    match open(crypto, body) {
        Ok(inner) if matches!(inner.trim_ascii(), b"" | b"success") => Asked::Nothing,
        Ok(inner) => checked(&inner, sender, account).map_or(Asked::Failed(DeliveryError::BadReply), Asked::Reply),
        Err(error) => Asked::Failed(error),
    }
}

fn open(crypto: Option<&MessageCrypto>, body: &[u8]) -> Result<Vec<u8>, DeliveryError> {
    let envelope = XmlFields::parse(body).map_err(|_| DeliveryError::BadReply)?;
    let part = |name| envelope.require(name).map_err(|_| DeliveryError::BadReply);
    let (encrypt, signature) = (part("Encrypt")?, part("MsgSignature")?);
    let (timestamp, nonce) = (part("TimeStamp")?, part("Nonce")?);
    let crypto = crypto.ok_or(DeliveryError::BadSeal)?;
    crypto.verify(signature, timestamp, nonce, encrypt.as_bytes()).map_err(|_| DeliveryError::BadSeal)?;
    crypto.decrypt(encrypt.as_bytes()).map(|opened| opened.msg).map_err(|_| DeliveryError::BadSeal)
}

/// The reply, when it is one (protocol K.3). What an article must hold is the server's business.
fn checked(body: &[u8], to: &str, from: &str) -> Option<String> {
    let (head, reply) = Reply::read(body).ok()?;
    if head.to_user_name != to || head.from_user_name != from {
        return None;
    }
    head.create_time?;
    if reply.problems(false).iter().any(|problem| !problem.field.starts_with("articles.")) {
        return None;
    }
    String::from_utf8(body.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wechat::crypto::{AesKey, KeyUsed};

    fn xml(kind: &str, rest: &str) -> String {
        format!(
            "<xml><ToUserName><![CDATA[o1]]></ToUserName><FromUserName>gh_1</FromUserName><CreateTime>1</CreateTime><MsgType>{kind}</MsgType>{rest}</xml>"
        )
    }

    fn plain(body: &str) -> Asked {
        read(TargetFormat::Json, None, body.as_bytes(), "o1", "gh_1")
    }

    #[test]
    fn nothing_is_said_in_two_ways() {
        for body in ["", "success", " success\r\n", "\u{feff}success"] {
            assert_eq!(plain(body), Asked::Nothing, "{body:?}");
        }
    }

    #[test]
    fn replies_are_checked_field_by_field() {
        for good in [
            xml("text", "<Content>hi</Content>"),
            xml("image", "<Image><MediaId>m</MediaId></Image>"),
            xml("voice", "<Voice><MediaId>m</MediaId></Voice>"),
            xml("video", "<Video><MediaId>m</MediaId></Video>"),
            xml("music", "<Music><ThumbMediaId>m</ThumbMediaId></Music>"),
            xml("news", "<ArticleCount>1</ArticleCount><Articles><item><Title>t</Title></item></Articles>"),
            xml("transfer_customer_service", ""),
        ] {
            assert_eq!(plain(&format!("\n{good}\n")), Asked::Reply(good.clone()), "{good}");
        }
        for bad in [
            xml("text", ""),
            xml("text", "<Content></Content>"),
            xml("image", "<Image></Image>"),
            xml("voice", "<MediaId>m</MediaId>"),
            xml("music", "<Music><Title>t</Title></Music>"),
            xml("news", "<ArticleCount>2</ArticleCount><Articles><item><Title>t</Title></item></Articles>"),
            xml("news", "<ArticleCount>0</ArticleCount><Articles></Articles>"),
            xml("location", "<Content>x</Content>"),
            xml("text", "<Content>hi</Content>").replace("o1", "o2"),
            xml("text", "<Content>hi</Content>").replace("gh_1", "gh_2"),
            xml("text", "<Content>hi</Content>").replace("<CreateTime>1</CreateTime>", ""),
            xml("text", "<Content>hi</Content>").replace("</xml>", ""),
            "Success!".into(),
            "<html>busy</html>".into(),
            r#"{"msg_type":"text","content":"hi"}"#.into(),
        ] {
            assert_eq!(plain(&bad), Asked::Failed(DeliveryError::BadReply), "{bad}");
        }
    }

    #[test]
    fn sealed_replies_are_opened_with_the_platforms_key() {
        let crypto = |token: &str, key: &str, appid: &str| {
            MessageCrypto::new(token.into(), AesKey::parse(key).unwrap(), None, appid)
        };
        let ours = crypto("AAAAA", &"a".repeat(43), "wx1");
        let reply = xml("text", "<Content>hi</Content>");
        let sealed = |with: &MessageCrypto| with.seal_reply(KeyUsed::Current, reply.as_bytes(), 5, "n", [7; 16]);
        let said = |body: &str| read(TargetFormat::Sealed, Some(&ours), body.as_bytes(), "o1", "gh_1");
        assert_eq!(said(&sealed(&ours)), Asked::Reply(reply.clone()));
        for other in [
            crypto("AAAAB", &"a".repeat(43), "wx1"),
            crypto("AAAAA", &"b".repeat(43), "wx1"),
            crypto("AAAAA", &"a".repeat(43), "wx2"),
        ] {
            assert_eq!(said(&sealed(&other)), Asked::Failed(DeliveryError::BadSeal));
        }
        assert_eq!(said(&reply), Asked::Failed(DeliveryError::BadReply));
        assert_eq!(said("success"), Asked::Nothing);
        assert_eq!(said(&ours.seal_reply(KeyUsed::Current, b"success", 5, "n", [7; 16])), Asked::Nothing);
    }
}
