//! What surrounds an encrypted push: the query of the request and the outer document.
//!
//! Owns: `signature`, `timestamp`, `nonce`, … and `AppId`/`ToUserName` + `Encrypt`.
//! Must not: verify or decrypt anything; that is [`crate::crypto`].
//! Invariant: one pass, no allocation for the document that WeChat really sends, and no panic on any other.

use std::borrow::Cow;

use serde::Deserialize;

use crate::xml::{FieldSink, XmlError, XmlWriter, read_flat};

/// Why a push's surroundings are not readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// The document is refused.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// The document should be JSON and is not.
    #[error("the body is not a JSON envelope")]
    Json,
    /// No `Encrypt`, so this is not an encrypted push.
    #[error("the envelope has no Encrypt")]
    MissingEncrypt,
    /// A query parameter that every push has is absent.
    #[error("the query parameter {0} is missing")]
    MissingParameter(&'static str),
    /// A query parameter is not percent-encoded UTF-8.
    #[error("the query is not percent-encoded UTF-8")]
    Encoding,
    /// A query parameter is longer than any that WeChat sends.
    #[error("a query parameter is too long")]
    TooLong,
}

/// The longest value of a known query parameter, in bytes after decoding. The longest real one is an encrypted
/// `echostr` of 88 characters.
const MAX_PARAMETER_BYTES: usize = 1024;

/// The query of a push or of a URL verification.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PushQuery {
    /// SHA-1 over token, timestamp and nonce. Empty when absent, and then it verifies nothing.
    pub signature: String,
    /// Seconds, as text: it is signed as it stands.
    pub timestamp: String,
    /// Random digits.
    pub nonce: String,
    /// SHA-1 that also covers the ciphertext; only on encrypted pushes.
    pub msg_signature: Option<String>,
    /// `aes` on encrypted pushes, absent or `raw` on plain ones.
    pub encrypt_type: Option<String>,
    /// Only on a URL verification: to be answered verbatim.
    pub echostr: Option<String>,
    /// The sender, on messages.
    pub openid: Option<String>,
}

impl PushQuery {
    /// Parses a raw query (without `?`). Unknown parameters are ignored: the operator may have put his own into the
    /// URL. WeChat appends its own behind those, so the last of two equal names counts.
    ///
    /// # Errors
    /// Missing `timestamp` or `nonce`, neither kind of signature, or a broken encoding of a known parameter.
    pub fn parse(query: &str) -> Result<Self, EnvelopeError> {
        let mut out = Self::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match name {
                "signature" => out.signature = decode(value)?,
                "timestamp" => out.timestamp = decode(value)?,
                "nonce" => out.nonce = decode(value)?,
                "msg_signature" => out.msg_signature = Some(decode(value)?),
                "encrypt_type" => out.encrypt_type = Some(decode(value)?),
                "echostr" => out.echostr = Some(decode(value)?),
                "openid" => out.openid = Some(decode(value)?),
                _ => {}
            }
        }
        if out.timestamp.is_empty() {
            return Err(EnvelopeError::MissingParameter("timestamp"));
        }
        if out.nonce.is_empty() {
            return Err(EnvelopeError::MissingParameter("nonce"));
        }
        if out.signature.is_empty() && out.msg_signature.is_none() {
            return Err(EnvelopeError::MissingParameter("signature"));
        }
        Ok(out)
    }

    /// Whether the push says that its body is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.encrypt_type.as_deref() == Some("aes")
    }
}

fn decode(value: &str) -> Result<String, EnvelopeError> {
    if value.len() > 3 * MAX_PARAMETER_BYTES {
        return Err(EnvelopeError::TooLong);
    }
    let mut out = Vec::with_capacity(value.len());
    let mut bytes = value.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = bytes.next().and_then(hex).ok_or(EnvelopeError::Encoding)?;
                let low = bytes.next().and_then(hex).ok_or(EnvelopeError::Encoding)?;
                high << 4 | low
            }
            byte => byte,
        });
    }
    if out.len() > MAX_PARAMETER_BYTES {
        return Err(EnvelopeError::TooLong);
    }
    String::from_utf8(out).map_err(|_| EnvelopeError::Encoding)
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// The outer document of an encrypted push, borrowed from its body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// The component, on the authorization-event URL.
    pub app_id: Option<Cow<'a, str>>,
    /// The account (`gh_…`), on the message URL.
    pub to_user_name: Option<Cow<'a, str>>,
    /// The ciphertext in Base64 exactly as received, for the signature.
    pub encrypt: Cow<'a, str>,
}

impl Envelope<'_> {
    /// The ciphertext as [`crate::MessageCrypto::open`] takes it.
    pub fn encrypt_bytes(&self) -> &[u8] {
        self.encrypt.as_bytes()
    }
}

impl<'a> FieldSink<'a> for Envelope<'a> {
    fn field(&mut self, name: &str, value: Cow<'a, str>) -> Result<(), XmlError> {
        match name {
            "Encrypt" => {
                if !self.encrypt.is_empty() {
                    return Err(XmlError::Duplicate("Encrypt"));
                }
                self.encrypt = trimmed(value);
            }
            "AppId" => self.app_id = Some(trimmed(value)),
            "ToUserName" => self.to_user_name = Some(trimmed(value)),
            _ => {}
        }
        Ok(())
    }
}

/// Base64 and ids hold no blanks: what surrounds them is a pretty-printer's, and was not signed.
fn trimmed(value: Cow<'_, str>) -> Cow<'_, str> {
    match value {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_ascii()),
        Cow::Owned(text) => Cow::Owned(text.trim_ascii().to_owned()),
    }
}

/// Reads the outer XML of an encrypted push. In compatible mode the plain fields beside `Encrypt` are ignored.
///
/// # Errors
/// A document that is not well formed, that has a DOCTYPE, or that has no `Encrypt`.
pub fn parse_envelope(body: &[u8]) -> Result<Envelope<'_>, EnvelopeError> {
    let envelope: Envelope<'_> = read_flat(body)?;
    if envelope.encrypt.is_empty() { Err(EnvelopeError::MissingEncrypt) } else { Ok(envelope) }
}

/// Reads the outer JSON of an encrypted push to a mini program that chose JSON (never a third-party platform).
///
/// # Errors
/// A body that is not such a document, or that has no `Encrypt`.
pub fn parse_envelope_json(body: &[u8]) -> Result<Envelope<'_>, EnvelopeError> {
    #[derive(Deserialize)]
    struct Json<'a> {
        #[serde(rename = "AppId", borrow, default)]
        app_id: Option<Cow<'a, str>>,
        #[serde(rename = "ToUserName", borrow, default)]
        to_user_name: Option<Cow<'a, str>>,
        #[serde(rename = "Encrypt", borrow, default)]
        encrypt: Cow<'a, str>,
    }
    let json: Json<'_> = serde_json::from_slice(body).map_err(|_| EnvelopeError::Json)?;
    if json.encrypt.is_empty() {
        return Err(EnvelopeError::MissingEncrypt);
    }
    Ok(Envelope { app_id: json.app_id, to_user_name: json.to_user_name, encrypt: json.encrypt })
}

/// In which of WeChat's three modes a push was sent (A.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PushForm {
    /// 明文模式: nothing is encrypted; only `signature` vouches for it, and that does not cover the body.
    Plain,
    /// 兼容模式: `Encrypt` beside the same fields in the clear. `msg_signature` covers the ciphertext only.
    Compatible,
    /// 安全模式: `Encrypt` and whom it is for. The only mode of third-party platforms.
    Secure,
}

/// The mode of a push, by what its body has: no `Encrypt`, `Encrypt` with `MsgType` beside it, or `Encrypt` alone; XML
/// or JSON. A body that is neither, which no parser here will read either, is what the query says it is.
///
/// Describes and verifies nothing: whoever expects encrypted pushes must refuse the other forms.
pub fn form_of(query: &PushQuery, body: &[u8]) -> PushForm {
    #[derive(Default, Deserialize)]
    struct Members {
        #[serde(rename = "Encrypt", default)]
        encrypt: Present,
        #[serde(rename = "MsgType", default)]
        msg_type: Present,
    }
    impl<'a> FieldSink<'a> for Members {
        fn field(&mut self, name: &str, value: Cow<'a, str>) -> Result<(), XmlError> {
            match name {
                "Encrypt" => self.encrypt.0 |= !value.trim_ascii().is_empty(),
                "MsgType" => self.msg_type.0 |= !value.trim_ascii().is_empty(),
                _ => {}
            }
            Ok(())
        }
    }
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii();
    let members =
        if body.starts_with(b"{") { serde_json::from_slice(body).ok() } else { read_flat::<Members>(body).ok() };
    match members {
        Some(Members { encrypt: Present(false), .. }) => PushForm::Plain,
        Some(Members { msg_type: Present(true), .. }) => PushForm::Compatible,
        Some(_) => PushForm::Secure,
        None if query.is_encrypted() => PushForm::Secure,
        None => PushForm::Plain,
    }
}

/// Whether a member is a text that is not empty.
#[derive(Default)]
struct Present(bool);

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Option::<Cow<'de, str>>::deserialize(deserializer)?;
        Ok(Self(value.is_some_and(|value| !value.trim_ascii().is_empty())))
    }
}

/// The outer document of a push on the authorization-event URL.
pub fn build_event_envelope(app_id: &str, encrypt: &str) -> String {
    let mut xml = XmlWriter::new();
    xml.cdata("AppId", app_id).cdata("Encrypt", encrypt);
    xml.finish()
}

/// The outer document of a push on the message URL.
pub fn build_message_envelope(to_user_name: &str, encrypt: &str) -> String {
    let mut xml = XmlWriter::new();
    xml.cdata("ToUserName", to_user_name).cdata("Encrypt", encrypt);
    xml.finish()
}

#[cfg(test)]
mod tests;
