//! Message encryption and signatures (消息加解密).
//!
//! Owns: EncodingAESKey, the two signatures, encrypting and decrypting pushes and replies.
//! Must not: parse what is inside a message.
//! Invariant: nothing is decrypted for a caller that used [`MessageCrypto::open`] before its signature held, signatures
//! are compared in constant time, and no input makes anything here panic.

use std::fmt;
use std::sync::{Arc, LazyLock};

use aes::cipher::{Array, BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, KeyInit};
use aes::{Aes256Dec, Aes256Enc};
use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use crate::envelope::PushQuery;
use crate::secret::SecretString;
use crate::xml::XmlWriter;

/// The length of an EncodingAESKey in characters.
pub const ENCODING_AES_KEY_LEN: usize = 43;
/// Padding works on 32-byte blocks, twice AES's own.
const PAD_BLOCK: usize = 32;
/// `random(16) ‖ msg_len(4)` before the message.
const HEAD: usize = 20;
const AES_BLOCK: usize = 16;

/// Decodes as the reference implementations do: they all drop the surplus bits of a non-canonical last character,
/// which about three quarters of real EncodingAESKeys have.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);

// Decoding Base64 takes longer than decrypting where the scalar engine does it, so the vector engine is used where it exists.
#[cfg(any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon")))]
static BASE64: LazyLock<base64::engine::Simd> = LazyLock::new(|| base64::engine::Simd::standard(LENIENT));
#[cfg(not(any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon"))))]
static BASE64: LazyLock<base64::engine::GeneralPurpose> =
    LazyLock::new(|| base64::engine::GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT));

/// Why a message was refused. Never holds a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// The signature does not match, or there is none.
    #[error("signature mismatch")]
    Signature,
    /// The envelope is not readable.
    #[error("unreadable envelope")]
    Xml,
    /// Not 43 letters and digits.
    #[error("the EncodingAESKey must be 43 letters or digits")]
    InvalidKey,
    /// The message is for another appid.
    #[error("the message belongs to another appid")]
    AppId,
    /// Encryption failed; only the system's random source can cause it.
    #[error("no random numbers from the system")]
    Random,
    /// The ciphertext's length is not a multiple of a block.
    #[error("decryption failed")]
    Decrypt,
    /// The padding or the length inside does not fit: mostly the wrong key.
    #[error("illegal content after decryption (wrong key?)")]
    IllegalBuffer,
    /// Not Base64.
    #[error("not Base64")]
    Base64,
}

impl CryptoError {
    /// The code of WXBizMsgCrypt, by which operators know these errors.
    pub fn code(&self) -> i32 {
        match self {
            Self::Signature => -40001,
            Self::Xml => -40002,
            Self::InvalidKey => -40004,
            Self::AppId => -40005,
            Self::Random => -40006,
            Self::Decrypt => -40007,
            Self::IllegalBuffer => -40008,
            Self::Base64 => -40010,
        }
    }
}

struct Schedule {
    encrypt: Aes256Enc,
    decrypt: Aes256Dec,
    iv: [u8; AES_BLOCK],
}

impl Drop for Schedule {
    fn drop(&mut self) {
        // The two ciphers zero themselves; the IV is half of the key.
        self.iv.zeroize();
    }
}

/// A parsed EncodingAESKey with its key schedule. Cloning is cheap and shares the schedule.
#[derive(Clone)]
pub struct AesKey(Arc<Schedule>);

impl AesKey {
    /// Parses the 43 characters that the operator entered in WeChat's console.
    ///
    /// # Errors
    /// [`CryptoError::InvalidKey`] for any other length or alphabet.
    pub fn parse(encoding_aes_key: &str) -> Result<Self, CryptoError> {
        if encoding_aes_key.len() != ENCODING_AES_KEY_LEN
            || !encoding_aes_key.bytes().all(|b| b.is_ascii_alphanumeric())
        {
            return Err(CryptoError::InvalidKey);
        }
        let mut key = Zeroizing::new([0_u8; 32]);
        // 43 characters decode to 32 bytes; the engine's estimate for 43 is a little larger.
        let mut buffer = Zeroizing::new([0_u8; 36]);
        let n = BASE64.decode_slice(encoding_aes_key, buffer.as_mut_slice()).map_err(|_| CryptoError::InvalidKey)?;
        if n != key.len() {
            return Err(CryptoError::InvalidKey);
        }
        key.copy_from_slice(&buffer[..32]);
        let mut iv = [0_u8; AES_BLOCK];
        iv.copy_from_slice(&key[..AES_BLOCK]);
        let array: &Array<u8, _> = (&*key).into();
        Ok(Self(Arc::new(Schedule { encrypt: Aes256Enc::new(array), decrypt: Aes256Dec::new(array), iv })))
    }

    fn encrypt_in_place(&self, buffer: &mut [u8]) {
        let (blocks, _) = Array::slice_as_chunks_mut(buffer);
        cbc::Encryptor::inner_iv_init(&self.0.encrypt, &self.0.iv.into()).encrypt_blocks(blocks);
    }

    /// Whole blocks at once, so that the cipher works on eight or more of them in parallel.
    fn decrypt_in_place(&self, buffer: &mut [u8]) {
        let (blocks, _) = Array::slice_as_chunks_mut(buffer);
        cbc::Decryptor::inner_iv_init(&self.0.decrypt, &self.0.iv.into()).decrypt_blocks(blocks);
    }
}

impl fmt::Debug for AesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AesKey(***)")
    }
}

/// Which of the two keys opened a message; the reply must be sealed with the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyUsed {
    /// The one configured now.
    Current,
    /// The one before the operator's last change: WeChat goes on using it for a while.
    Previous,
}

/// A decrypted message.
#[derive(Clone, PartialEq, Eq)]
pub struct Decrypted {
    /// The message, XML or JSON.
    pub msg: Vec<u8>,
    /// The 16 bytes before it.
    pub random: [u8; 16],
    /// The receive id after it: the component's appid, even for messages to an authorizer.
    pub appid: String,
    /// The key that worked.
    pub key: KeyUsed,
}

impl fmt::Debug for Decrypted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decrypted")
            .field("msg_len", &self.msg.len())
            .field("appid", &self.appid)
            .field("key", &self.key)
            .finish()
    }
}

/// Opens pushes and seals replies for one component (or one directly connected account).
#[derive(Clone)]
pub struct MessageCrypto {
    token: SecretString,
    key: AesKey,
    previous: Option<AesKey>,
    appid: String,
}

impl MessageCrypto {
    /// `appid` is the receive id expected in every message and written into every reply.
    pub fn new(token: SecretString, key: AesKey, previous: Option<AesKey>, appid: impl Into<String>) -> Self {
        Self { token, key, previous, appid: appid.into() }
    }

    /// The receive id.
    pub fn appid(&self) -> &str {
        &self.appid
    }

    /// Checks the plain `signature` of a URL verification or of a push in plain mode.
    ///
    /// # Errors
    /// [`CryptoError::Signature`].
    pub fn verify_url(&self, signature: &str, timestamp: &str, nonce: &str) -> Result<(), CryptoError> {
        let ours = self::signature(&mut [self.token.expose().as_bytes(), timestamp.as_bytes(), nonce.as_bytes()]);
        same(&ours, signature)
    }

    /// Checks the `msg_signature` of an encrypted push; `encrypt` is the Base64 text exactly as received.
    ///
    /// # Errors
    /// [`CryptoError::Signature`].
    pub fn verify(&self, msg_signature: &str, timestamp: &str, nonce: &str, encrypt: &[u8]) -> Result<(), CryptoError> {
        let ours =
            self::signature(&mut [self.token.expose().as_bytes(), timestamp.as_bytes(), nonce.as_bytes(), encrypt]);
        same(&ours, msg_signature)
    }

    /// Decrypts `encrypt` (Base64) with the current key and, failing that, with the previous one.
    /// Does not look at any signature: use [`MessageCrypto::open`] for what came from outside.
    ///
    /// # Errors
    /// What the current key met; see [`CryptoError`].
    pub fn decrypt(&self, encrypt: &[u8]) -> Result<Decrypted, CryptoError> {
        let first = match self.decrypt_with(&self.key, KeyUsed::Current, encrypt) {
            Err(error @ (CryptoError::IllegalBuffer | CryptoError::AppId)) => error,
            done => return done,
        };
        match &self.previous {
            Some(previous) => self.decrypt_with(previous, KeyUsed::Previous, encrypt).map_err(|_| first),
            None => Err(first),
        }
    }

    /// Verifies and decrypts a push.
    ///
    /// # Errors
    /// [`CryptoError::Signature`] before anything else, then as [`MessageCrypto::decrypt`].
    pub fn open(&self, q: &PushQuery, encrypt: &[u8]) -> Result<Decrypted, CryptoError> {
        let msg_signature = q.msg_signature.as_deref().ok_or(CryptoError::Signature)?;
        self.verify(msg_signature, &q.timestamp, &q.nonce, encrypt)?;
        self.decrypt(encrypt)
    }

    /// Encrypts `msg` with the current key; the result is Base64.
    pub fn encrypt(&self, msg: &[u8], random: [u8; 16]) -> String {
        self.encrypt_with(KeyUsed::Current, msg, random)
    }

    /// Encrypts `msg` with the key that opened the request. Without a previous key that is the current one.
    pub fn encrypt_with(&self, which: KeyUsed, msg: &[u8], random: [u8; 16]) -> String {
        let key = match (which, &self.previous) {
            (KeyUsed::Previous, Some(previous)) => previous,
            _ => &self.key,
        };
        let plain = HEAD + msg.len() + self.appid.len();
        let pad = PAD_BLOCK - plain % PAD_BLOCK;
        let mut buffer = Vec::with_capacity(plain + pad);
        buffer.extend_from_slice(&random);
        // A message of 4 GiB cannot arrive (1 MiB is the limit) and is not sent.
        buffer.extend_from_slice(&u32::try_from(msg.len()).unwrap_or(u32::MAX).to_be_bytes());
        buffer.extend_from_slice(msg);
        buffer.extend_from_slice(self.appid.as_bytes());
        buffer.resize(plain + pad, u8::try_from(pad).unwrap_or(PAD_BLOCK as u8));
        key.encrypt_in_place(&mut buffer);
        BASE64.encode(&buffer)
    }

    /// The encrypted passive reply as XML. `timestamp` is our own time in seconds; `nonce` may echo the request's.
    pub fn seal_reply(&self, which: KeyUsed, msg: &[u8], timestamp: i64, nonce: &str, random: [u8; 16]) -> String {
        let encrypt = self.encrypt_with(which, msg, random);
        let stamp = timestamp.to_string();
        let mut xml = XmlWriter::new();
        xml.cdata("Encrypt", &encrypt)
            .cdata("MsgSignature", &msg_signature(self.token.expose(), &stamp, nonce, &encrypt))
            .number("TimeStamp", timestamp)
            .cdata("Nonce", nonce);
        xml.finish()
    }

    /// The encrypted passive reply as JSON, for a mini program that chose JSON (never a third-party platform).
    pub fn seal_reply_json(&self, which: KeyUsed, msg: &[u8], timestamp: i64, nonce: &str, random: [u8; 16]) -> String {
        let encrypt = self.encrypt_with(which, msg, random);
        let signature = msg_signature(self.token.expose(), &timestamp.to_string(), nonce, &encrypt);
        serde_json::json!({ "Encrypt": encrypt, "MsgSignature": signature, "TimeStamp": timestamp, "Nonce": nonce })
            .to_string()
    }

    fn decrypt_with(&self, key: &AesKey, used: KeyUsed, encrypt: &[u8]) -> Result<Decrypted, CryptoError> {
        // One buffer for Base64, plaintext and finally the message itself.
        let mut buffer = vec![0_u8; encrypt.len() / 4 * 3 + 3];
        let n = BASE64.decode_slice(encrypt, &mut buffer).map_err(|_| CryptoError::Base64)?;
        buffer.truncate(n);
        if n == 0 || n % AES_BLOCK != 0 {
            return Err(CryptoError::Decrypt);
        }
        key.decrypt_in_place(&mut buffer);
        let pad = usize::from(buffer[n - 1]);
        if pad == 0 || pad > PAD_BLOCK || pad > n || buffer[n - pad..].iter().any(|b| usize::from(*b) != pad) {
            return Err(CryptoError::IllegalBuffer);
        }
        let plain = &buffer[..n - pad];
        let (random, rest) = plain.split_first_chunk::<16>().ok_or(CryptoError::IllegalBuffer)?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or(CryptoError::IllegalBuffer)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| CryptoError::IllegalBuffer)?;
        let tail = rest.get(length..).ok_or(CryptoError::IllegalBuffer)?;
        if tail != self.appid.as_bytes() {
            return Err(CryptoError::AppId);
        }
        let random = *random;
        buffer.copy_within(HEAD..HEAD + length, 0);
        buffer.truncate(length);
        Ok(Decrypted { msg: buffer, random, appid: self.appid.clone(), key: used })
    }
}

impl fmt::Debug for MessageCrypto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageCrypto")
            .field("appid", &self.appid)
            .field("previous", &self.previous.is_some())
            .finish_non_exhaustive()
    }
}

fn same(ours: &[u8; 40], theirs: &str) -> Result<(), CryptoError> {
    if bool::from(ours.as_slice().ct_eq(theirs.as_bytes())) { Ok(()) } else { Err(CryptoError::Signature) }
}

/// Lowercase hex SHA-1 over the byte-wise sorted parts, concatenated without a separator.
pub fn signature(parts: &mut [&[u8]]) -> [u8; 40] {
    parts.sort_unstable();
    let mut hash = Sha1::new();
    for part in parts.iter() {
        hash.update(part);
    }
    let mut hex = [0_u8; 40];
    for (pair, byte) in hex.chunks_exact_mut(2).zip(hash.finalize()) {
        pair[0] = HEX[usize::from(byte >> 4)];
        pair[1] = HEX[usize::from(byte & 15)];
    }
    hex
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// The `msg_signature` of an encrypted push or reply.
pub fn msg_signature(token: &str, timestamp: &str, nonce: &str, encrypt: &str) -> String {
    let hex = signature(&mut [token.as_bytes(), timestamp.as_bytes(), nonce.as_bytes(), encrypt.as_bytes()]);
    String::from_utf8_lossy(&hex).into_owned()
}

/// The plain `signature` of a URL verification or of a push in plain mode.
pub fn url_signature(token: &str, timestamp: &str, nonce: &str) -> String {
    let hex = signature(&mut [token.as_bytes(), timestamp.as_bytes(), nonce.as_bytes()]);
    String::from_utf8_lossy(&hex).into_owned()
}

/// A random verify token of `len` letters and digits; WeChat's consoles take 3 to 32, so `len` is clamped to that.
///
/// # Errors
/// [`CryptoError::Random`] when the system gives no random numbers.
pub fn generate_token(len: usize) -> Result<String, CryptoError> {
    alphanumeric(len.clamp(3, 32))
}

/// A random EncodingAESKey: 43 letters and digits, a little over 256 bits.
///
/// # Errors
/// [`CryptoError::Random`] when the system gives no random numbers.
pub fn generate_encoding_aes_key() -> Result<String, CryptoError> {
    alphanumeric(ENCODING_AES_KEY_LEN)
}

/// The 16 bytes before a message, drawn from letters and digits as the official samples do.
///
/// # Errors
/// [`CryptoError::Random`] when the system gives no random numbers.
pub fn random_prefix() -> Result<[u8; 16], CryptoError> {
    let text = alphanumeric(16)?;
    text.as_bytes().try_into().map_err(|_| CryptoError::Random)
}

fn alphanumeric(len: usize) -> Result<String, CryptoError> {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut out = String::with_capacity(len);
    let mut bytes = Zeroizing::new([0_u8; 64]);
    while out.len() < len {
        getrandom::fill(bytes.as_mut_slice()).map_err(|_| CryptoError::Random)?;
        for byte in bytes.iter() {
            // Six bits a draw; 62 and 63 are thrown away so that every character is equally likely.
            if let Some(c) = ALPHABET.get(usize::from(byte & 63)).filter(|_| out.len() < len) {
                out.push(char::from(*c));
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests;
