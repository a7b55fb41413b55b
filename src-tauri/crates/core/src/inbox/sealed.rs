//! The encrypted form of a push, made again from what was kept.
//!
//! Invariant: the ciphertext is byte for byte WeChat's, and the query verifies with the Token that it was signed with.
//! Only the spaces between the elements of the envelope may differ.

use wechat::crypto::KeyUsed;
use wechat::envelope::PushQuery;
use wechat::message::{parse_message_head, parse_message_head_json};
use wechat::xml::XmlWriter;

use crate::core::Runtime;
use crate::store::tables::inbox::{PushRow, Seal};

/// A push as WeChat sent it.
pub(crate) struct Sealed {
    /// Without `?`, percent-encoded.
    pub query: String,
    /// The envelope.
    pub body: String,
    /// `application/json` for a mini program that chose JSON.
    pub json: bool,
    /// It was opened with the previous key.
    pub previous_key: bool,
}

/// What is kept of a push's query; `key` is none in plain mode.
pub(super) fn seal_of(runtime: &Runtime, query: &PushQuery, key: Option<KeyUsed>) -> Seal {
    Seal {
        timestamp: query.timestamp.clone(),
        nonce: query.nonce.clone(),
        signature: match key {
            Some(_) => query.msg_signature.clone().unwrap_or_default(),
            None => query.signature.clone(),
        },
        key_print: match key {
            None => 0,
            Some(KeyUsed::Current) => runtime.key_prints.0,
            Some(KeyUsed::Previous) => runtime.key_prints.1,
        },
    }
}

/// The encrypted form. None in plain mode, and when the key is no longer here.
pub(crate) fn seal_again(runtime: &Runtime, row: &PushRow) -> Option<Sealed> {
    let crypto = runtime.crypto.as_ref()?;
    let key = match row.seal.key_print {
        0 => return None,
        print if print == runtime.key_prints.0 => KeyUsed::Current,
        print if print == runtime.key_prints.1 => KeyUsed::Previous,
        _ => return None,
    };
    let encrypt = crypto.encrypt_with(key, &row.body, row.random);
    let json = row.body.trim_ascii_start().first() == Some(&b'{');
    let head = if json { parse_message_head_json(&row.body) } else { parse_message_head(&row.body) };
    // A component event has no such head; its envelope names the platform instead.
    let (to, from) = match &head {
        Ok(head) => (head.to_user_name.as_ref(), head.from_user_name.as_ref()),
        Err(_) => ("", ""),
    };
    let body = if json {
        serde_json::json!({ "ToUserName": to, "Encrypt": encrypt }).to_string()
    } else {
        let mut xml = XmlWriter::new();
        if row.kind.is_some() {
            xml.cdata("AppId", &runtime.row.component_appid);
        } else {
            xml.cdata("ToUserName", to);
        }
        xml.cdata("Encrypt", &encrypt);
        xml.finish()
    };
    let Seal { timestamp, nonce, signature, .. } = &row.seal;
    let ours = wechat::crypto::url_signature(runtime.row.verify_token.expose(), timestamp, nonce);
    let mut query = format!("signature={ours}&timestamp={}&nonce={}", escape(timestamp), escape(nonce));
    if row.kind.is_none() {
        query.push_str(&format!("&openid={}", escape(from)));
    }
    query.push_str(&format!("&encrypt_type=aes&msg_signature={}", escape(signature)));
    Some(Sealed { query, body, json, previous_key: key == KeyUsed::Previous })
}

fn escape(text: &str) -> String {
    reqwest::Url::parse_with_params("http://x/", [("q", text)])
        .ok()
        .and_then(|url| url.query().and_then(|q| q.strip_prefix("q=")).map(str::to_owned))
        .unwrap_or_default()
}
