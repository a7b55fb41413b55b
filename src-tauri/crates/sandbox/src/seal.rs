//! Owns: encryption and signatures of outgoing pushes, and their deliberate damage.
//! Must not: use any randomness but what it is given.
//! Invariant: an undamaged push opens with the platform's token, key and appid (A.2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wechat::{AesKey, KeyUsed, MessageCrypto, SecretString, msg_signature, url_signature};

use crate::config::Credentials;
use crate::fault::Effect;

/// A [`MessageCrypto`] for the credentials it was made with.
pub(crate) struct Sealer {
    made_for: Credentials,
    crypto: MessageCrypto,
}

/// A sealed message: the query without leading `?`, and `Encrypt`.
pub(crate) struct Sealed {
    pub(crate) query: String,
    pub(crate) encrypt: String,
}

fn crypto(credentials: &Credentials, appid: &str) -> Result<MessageCrypto, wechat::CryptoError> {
    let key = AesKey::parse(&credentials.encoding_aes_key)?;
    let previous = credentials.previous_encoding_aes_key.as_deref().map(AesKey::parse).transpose()?;
    Ok(MessageCrypto::new(SecretString::from(credentials.verify_token.as_str()), key, previous, appid))
}

/// What varies from push to push.
pub(crate) struct Salt<'a> {
    pub(crate) random: [u8; 16],
    pub(crate) timestamp_s: i64,
    pub(crate) nonce: &'a str,
    pub(crate) openid: Option<&'a str>,
    pub(crate) with_previous_key: bool,
}

impl Sealer {
    pub(crate) fn new(credentials: &Credentials) -> Result<Self, wechat::CryptoError> {
        let crypto = crypto(credentials, &credentials.component_appid)?;
        Ok(Self { made_for: credentials.clone(), crypto })
    }

    pub(crate) fn fits(&self, credentials: &Credentials) -> bool {
        &self.made_for == credentials
    }

    pub(crate) fn seal(&self, msg: &[u8], salt: &Salt<'_>, damage: Option<&Effect>) -> Sealed {
        let which = if salt.with_previous_key { KeyUsed::Previous } else { KeyUsed::Current };
        let mut encrypt = match damage {
            Some(Effect::PushWrongAppid) => match crypto(&self.made_for, "wx0000000000000000") {
                Ok(other) => other.encrypt_with(which, msg, salt.random),
                Err(_) => self.crypto.encrypt_with(which, msg, salt.random),
            },
            _ => self.crypto.encrypt_with(which, msg, salt.random),
        };
        if matches!(damage, Some(Effect::PushBadPadding)) {
            encrypt = broken_padding(&encrypt);
        }
        let timestamp = salt.timestamp_s.to_string();
        let token = &self.made_for.verify_token;
        let mut signature = msg_signature(token, &timestamp, salt.nonce, &encrypt);
        if matches!(damage, Some(Effect::PushBadSignature)) {
            signature = signature.chars().rev().collect();
        }
        let plain = url_signature(token, &timestamp, salt.nonce);
        let mut query = format!("signature={plain}&timestamp={timestamp}&nonce={}", salt.nonce);
        if let Some(openid) = salt.openid {
            query.push_str("&openid=");
            query.push_str(openid);
        }
        query.push_str("&encrypt_type=aes&msg_signature=");
        query.push_str(&signature);
        Sealed { query, encrypt }
    }
}

/// Turns the padding length into something above 32 and a block before it into noise.
pub(crate) fn broken_padding(encrypt: &str) -> String {
    let Ok(mut bytes) = STANDARD.decode(encrypt) else { return encrypt.to_owned() };
    // In CBC a flipped bit of one block flips the same bit of the next block's plain text.
    let at = bytes.len().saturating_sub(17);
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 0xC0;
    }
    STANDARD.encode(bytes)
}
