use super::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
}

/// One published message; see `tests/crypto_vectors.json` for where each comes from.
#[derive(Deserialize)]
struct Vector {
    id: String,
    token: String,
    key: String,
    appid: String,
    timestamp: Option<String>,
    nonce: Option<String>,
    signature: Option<String>,
    msg_signature: Option<String>,
    encrypt: String,
    random: String,
    plaintext: String,
    pad: usize,
    msg_len: usize,
}

fn vectors() -> Vec<Vector> {
    let all: Vectors = serde_json::from_str(include_str!("../../tests/crypto_vectors.json")).unwrap();
    assert_eq!(all.vectors.len(), 9);
    all.vectors
}

impl Vector {
    fn crypto(&self) -> MessageCrypto {
        MessageCrypto::new(self.token.as_str().into(), AesKey::parse(&self.key).unwrap(), None, self.appid.as_str())
    }

    fn random(&self) -> [u8; 16] {
        self.random.as_bytes().try_into().unwrap()
    }

    fn query(&self) -> Option<PushQuery> {
        Some(PushQuery {
            signature: self.signature.clone().unwrap_or_default(),
            timestamp: self.timestamp.clone()?,
            nonce: self.nonce.clone()?,
            msg_signature: Some(self.msg_signature.clone()?),
            ..PushQuery::default()
        })
    }
}

const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const OTHER_KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";

fn crypto() -> MessageCrypto {
    MessageCrypto::new("token".into(), AesKey::parse(KEY).unwrap(), None, "wxb11529c136998cb6")
}

/// Encrypts arbitrary plaintext bytes, without adding anything.
fn raw(plain: &[u8]) -> String {
    let mut buffer = plain.to_vec();
    AesKey::parse(KEY).unwrap().encrypt_in_place(&mut buffer);
    BASE64.encode(buffer)
}

#[test]
fn every_vector_decrypts_to_its_plaintext() {
    for vector in vectors() {
        let decrypted =
            vector.crypto().decrypt(vector.encrypt.as_bytes()).unwrap_or_else(|e| panic!("{}: {e}", vector.id));
        assert_eq!(String::from_utf8(decrypted.msg.clone()).unwrap(), vector.plaintext, "{}", vector.id);
        assert_eq!(decrypted.msg.len(), vector.msg_len, "{}", vector.id);
        assert_eq!(decrypted.random, vector.random(), "{}", vector.id);
        assert_eq!(decrypted.appid, vector.appid, "{}", vector.id);
        assert_eq!(decrypted.key, KeyUsed::Current, "{}", vector.id);
        let plain = HEAD + vector.msg_len + vector.appid.len();
        assert_eq!(PAD_BLOCK - plain % PAD_BLOCK, vector.pad, "{}", vector.id);
    }
}

#[test]
fn every_vector_encrypts_to_its_ciphertext() {
    for vector in vectors() {
        assert_eq!(
            vector.crypto().encrypt(vector.plaintext.as_bytes(), vector.random()),
            vector.encrypt,
            "{}",
            vector.id
        );
    }
}

#[test]
fn every_signed_vector_opens_and_a_changed_one_does_not() {
    let mut signed = 0;
    for vector in vectors() {
        let Some(query) = vector.query() else { continue };
        signed += 1;
        let crypto = vector.crypto();
        assert!(crypto.open(&query, vector.encrypt.as_bytes()).is_ok(), "{}", vector.id);
        assert_eq!(
            msg_signature(&vector.token, &query.timestamp, &query.nonce, &vector.encrypt),
            vector.msg_signature.clone().unwrap(),
            "{}",
            vector.id
        );
        let mut changed = vector.encrypt.clone().into_bytes();
        changed[7] ^= 1;
        assert_eq!(crypto.open(&query, &changed), Err(CryptoError::Signature), "{}", vector.id);
        let later = PushQuery { timestamp: "1".to_owned(), ..query.clone() };
        assert_eq!(crypto.open(&later, vector.encrypt.as_bytes()), Err(CryptoError::Signature));
        let unsigned = PushQuery { msg_signature: None, ..query };
        assert_eq!(crypto.open(&unsigned, vector.encrypt.as_bytes()), Err(CryptoError::Signature));
    }
    assert_eq!(signed, 8);
}

#[test]
fn plain_signatures_of_the_vectors_and_of_the_official_url_verification() {
    for vector in vectors() {
        if let (Some(signature), Some(query)) = (&vector.signature, vector.query()) {
            assert_eq!(vector.crypto().verify_url(signature, &query.timestamp, &query.nonce), Ok(()), "{}", vector.id);
        }
    }
    let crypto = MessageCrypto::new("AAAAA".into(), AesKey::parse(KEY).unwrap(), None, "wx");
    let official = "f464b24fc39322e44b38aa78f5edd27bd1441696";
    assert_eq!(crypto.verify_url(official, "1714036504", "1514711492"), Ok(()));
    assert_eq!(url_signature("AAAAA", "1714036504", "1514711492"), official);
    assert_eq!(crypto.verify_url("899cf89e464efb63f54ddac96b0a0a235f53aa78", "1714037059", "486452656"), Ok(()));
    for wrong in ["", "f464b24fc39322e44b38aa78f5edd27bd1441697", &official[1..], &official.to_uppercase(), "中"] {
        assert_eq!(crypto.verify_url(wrong, "1714036504", "1514711492"), Err(CryptoError::Signature));
    }
    assert_eq!(
        msg_signature("RMNlACHlV5ThzfRlVS4D4", "timestamp", "nonce", "encrypt"),
        "8edac0945683c119ee71c9f6256d76c48aa08a96"
    );
}

#[test]
fn keys_need_43_letters_or_digits_and_may_be_non_canonical() {
    // The last characters A and 4 leave no surplus bits; G, C, R, 2 and S do.
    for last in ['A', '4', 'G', 'C', 'R', '2', 'S', 'z', '9'] {
        let key = format!("{}{last}", &KEY[..42]);
        assert!(AesKey::parse(&key).is_ok(), "{last}");
    }
    assert!(AesKey::parse("p0o9i8u7y6t5r4e3w2q1azsxdcfvgbhnjmkl0987654").is_ok());
    let forty_two = &KEY[..42];
    for bad in [
        "",
        forty_two,
        &format!("{KEY}A"),
        &format!("{forty_two}="),
        &format!("{forty_two}+"),
        &format!("{forty_two} "),
        &"中".repeat(15),
    ] {
        assert!(matches!(AesKey::parse(bad), Err(CryptoError::InvalidKey)), "{bad}");
    }
}

#[test]
fn surplus_bits_of_the_last_character_do_not_change_the_key() {
    // 'A' is 000000 and 'B' is 000001: the two low bits are dropped.
    let [canonical, surplus] = ["A", "B"].map(|last| {
        let key = AesKey::parse(&format!("{}{last}", &KEY[..42])).unwrap();
        MessageCrypto::new("t".into(), key, None, "wx").encrypt(b"m", [0; 16])
    });
    assert_eq!(canonical, surplus);
}

#[test]
fn the_previous_key_is_tried_after_the_current_and_seals_the_reply() {
    let old = crypto();
    let sent = old.encrypt(b"hello", [1; 16]);
    let rotated = MessageCrypto::new(
        "token".into(),
        AesKey::parse(OTHER_KEY).unwrap(),
        Some(AesKey::parse(KEY).unwrap()),
        "wxb11529c136998cb6",
    );
    let opened = rotated.decrypt(sent.as_bytes()).unwrap();
    assert_eq!((opened.msg.as_slice(), opened.key), (&b"hello"[..], KeyUsed::Previous));
    let reply = rotated.encrypt_with(opened.key, b"reply", [2; 16]);
    assert_eq!(old.decrypt(reply.as_bytes()).unwrap().msg, b"reply");
    assert_ne!(reply, rotated.encrypt(b"reply", [2; 16]));
    let fresh = rotated.encrypt(b"new", [3; 16]);
    assert_eq!(rotated.decrypt(fresh.as_bytes()).unwrap().key, KeyUsed::Current);
    // Neither key: the current key's error is reported.
    assert!(old.decrypt(fresh.as_bytes()).is_err());
    // Asking for a previous key that does not exist uses the current one.
    assert_eq!(old.encrypt_with(KeyUsed::Previous, b"x", [0; 16]), old.encrypt(b"x", [0; 16]));
}

#[test]
fn another_appid_in_the_tail_is_refused() {
    let sent = crypto().encrypt(b"hello", [1; 16]);
    for other in ["wxb11529c136998cb7", "wxb11529c136998cb", "", "wxb11529c136998cb6 "] {
        let receiver = MessageCrypto::new("token".into(), AesKey::parse(KEY).unwrap(), None, other);
        assert_eq!(receiver.decrypt(sent.as_bytes()), Err(CryptoError::AppId), "{other}");
    }
}

#[test]
fn every_padding_length_from_1_to_32_round_trips() {
    for n in 0..64 {
        let msg = vec![b'x'; n];
        let sent = crypto().encrypt(&msg, [9; 16]);
        assert_eq!(BASE64.decode(&sent).unwrap().len() % PAD_BLOCK, 0);
        assert_eq!(crypto().decrypt(sent.as_bytes()).unwrap().msg, msg);
    }
}

#[test]
fn broken_ciphertexts_are_refused_by_kind() {
    let refused = |encrypt: &str| crypto().decrypt(encrypt.as_bytes()).unwrap_err();
    assert_eq!(refused("!!!!"), CryptoError::Base64);
    assert_eq!(refused("AAAA\nAAAA"), CryptoError::Base64);
    assert_eq!(refused(""), CryptoError::Decrypt);
    assert_eq!(refused("AAAA"), CryptoError::Decrypt);
    assert_eq!(refused(&BASE64.encode([0; 17])), CryptoError::Decrypt);
    // Padding of 0, of 33, longer than the buffer, and one whose bytes differ.
    for plain in [vec![0; 32], vec![33; 64], vec![17; 16], [vec![7; 31], vec![2]].concat()] {
        assert_eq!(refused(&raw(&plain)), CryptoError::IllegalBuffer);
    }
    // Too short for a head, and a length that points past the end.
    assert_eq!(refused(&raw(&[16; 16])), CryptoError::IllegalBuffer);
    let mut plain = vec![0xff_u8; 48];
    plain[32..].fill(16);
    assert_eq!(refused(&raw(&plain)), CryptoError::IllegalBuffer);
    plain[16..20].copy_from_slice(&13_u32.to_be_bytes());
    assert_eq!(refused(&raw(&plain)), CryptoError::IllegalBuffer);
    plain[16..20].copy_from_slice(&12_u32.to_be_bytes());
    assert_eq!(refused(&raw(&plain)), CryptoError::AppId);
}

#[test]
fn sealed_replies_match_the_official_examples() {
    let zero = AesKey::parse(&"A".repeat(43)).unwrap();
    let component = MessageCrypto::new("AAAAA".into(), zero.clone(), None, "wx134c8103faa5a59e");
    let reply = component.seal_reply(
        KeyUsed::Current,
        b"<xml><demo_resp>[CDATA[good luck]]</demo_resp></xml>",
        1_713_424_427,
        "415670741",
        *b"999951349e8ee746",
    );
    assert_eq!(
        reply,
        "<xml><Encrypt><![CDATA[hE8R6mGXHkJJjU72KxzKUd1GEkKJaEZq7vRL8XgK3o+00k8JGq6+pZJUIlTSyhsX+bxIBQ72g3GyvDdIZcr6\
         +3HAZbSvPT9t/o11MI7d6WELwqrGd7jMnV0zv3Zc9Nq7]]></Encrypt>\
         <MsgSignature><![CDATA[03e0812039325c2712ef5f0f980fd14c70d6e307]]></MsgSignature>\
         <TimeStamp>1713424427</TimeStamp><Nonce><![CDATA[415670741]]></Nonce></xml>"
    );
    let mini = MessageCrypto::new("AAAAA".into(), zero, None, "wxba5fad812f8e6fb9");
    let reply = mini.seal_reply_json(
        KeyUsed::Current,
        br#"{"demo_resp":"good luck"}"#,
        1_713_424_427,
        "415670741",
        *b"707722b803182950",
    );
    let reply: serde_json::Value = serde_json::from_str(&reply).unwrap();
    assert_eq!(reply["MsgSignature"], "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1");
    assert_eq!(reply["TimeStamp"], 1_713_424_427);
}

#[test]
fn generated_secrets_have_the_form_that_consoles_take() {
    let key = generate_encoding_aes_key().unwrap();
    assert!(AesKey::parse(&key).is_ok());
    assert_ne!(key, generate_encoding_aes_key().unwrap());
    for (asked, len) in [(0, 3), (3, 3), (20, 20), (32, 32), (99, 32)] {
        let token = generate_token(asked).unwrap();
        assert_eq!(token.len(), len);
        assert!(token.bytes().all(|b| b.is_ascii_alphanumeric()));
    }
    assert!(random_prefix().unwrap().iter().all(u8::is_ascii_alphanumeric));
}

#[test]
fn nothing_secret_is_shown() {
    let crypto = MessageCrypto::new("T0KEN".into(), AesKey::parse(KEY).unwrap(), None, "wxb11529c136998cb6");
    let opened = crypto.decrypt(crypto.encrypt(b"ticket@@@x", [b'r'; 16]).as_bytes()).unwrap();
    for shown in [format!("{crypto:?}"), format!("{:?}", AesKey::parse(KEY).unwrap()), format!("{opened:?}")] {
        assert!(
            !shown.contains("T0KEN")
                && !shown.contains("abcdef")
                && !shown.contains("ticket@@@")
                && !shown.contains("rrrr"),
            "{shown}"
        );
    }
}

#[test]
fn error_codes_are_those_of_wxbizmsgcrypt() {
    let codes = [
        (CryptoError::Signature, -40001),
        (CryptoError::Xml, -40002),
        (CryptoError::InvalidKey, -40004),
        (CryptoError::AppId, -40005),
        (CryptoError::Random, -40006),
        (CryptoError::Decrypt, -40007),
        (CryptoError::IllegalBuffer, -40008),
        (CryptoError::Base64, -40010),
    ];
    for (error, code) in codes {
        assert_eq!(error.code(), code);
    }
}
