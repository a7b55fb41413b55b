//! Owns: an account's own server configuration: its verification (A.5), the three modes of pushes and of replies (A.6, A.7).
//! Must not: request anything; the door does.
//! Invariant: a configuration is saved only when its server echoed exactly what it was sent.

use serde::Serialize;
use serde_json::{Value, json};
use wechat::{AesKey, KeyUsed, MessageCrypto, SecretString, XmlFields, XmlWriter, msg_signature, url_signature};

use crate::accounts::Kind;
use crate::codec;
use crate::fault::Effect;
use crate::fields::{Fields, to_json, write_xml};
use crate::platform::Platform;
use crate::reply::{Said, said};
use crate::state::{Format, Mode, Server};

/// A step of 提交 on mp.weixin.qq.com.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// `settings`, `request`, `answer`, `echo` or `saved`.
    pub name: &'static str,
    /// Whether it went well.
    pub ok: bool,
    /// What happened, in English.
    pub detail: String,
    /// The same in Chinese.
    pub detail_zh: String,
}

fn step(name: &'static str, ok: bool, detail: impl Into<String>, detail_zh: impl Into<String>) -> Step {
    Step { name, ok, detail: detail.into(), detail_zh: detail_zh.into() }
}

/// A verification under way: request `url`, then report the answer.
pub struct Verification {
    /// The whole URL of the GET request. Its query holds a signature.
    pub url: String,
    echostr: String,
    server: Server,
    steps: Vec<Step>,
}

/// How a verification ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Whether the server passed, and the configuration is saved.
    pub saved: bool,
    /// Every step up to the one that failed.
    pub steps: Vec<Step>,
}

fn settings(account: Kind, server: &Server) -> Result<(), (&'static str, &'static str)> {
    if account == Kind::Website {
        return Err(("a website application receives no messages", "网站应用不接收消息"));
    }
    if codec::host_of(&server.url).is_none() || server.url.contains(['#', ' ']) {
        return Err(("url must begin with http:// or https://", "URL 必须以 http:// 或 https:// 开头"));
    }
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric());
    if !(3..=32).contains(&server.token.len()) || !plain(&server.token) {
        return Err(("token must be 3 to 32 letters or digits", "Token 必须为 3–32 位英文或数字"));
    }
    // In plain mode nothing is encrypted, and the page of a test account has no such field at all.
    let keyless = server.mode == Mode::Plain && server.encoding_aes_key.is_empty();
    if !keyless && AesKey::parse(&server.encoding_aes_key).is_err() {
        return Err(("encoding_aes_key must be 43 letters or digits", "EncodingAESKey 必须为 43 位英文或数字"));
    }
    if server.format == Format::Json && account != Kind::MiniProgram {
        return Err(("only a mini program can choose JSON", "只有小程序可以选择 JSON 格式"));
    }
    Ok(())
}

impl Platform {
    /// The account's own server configuration.
    pub fn server_of(&self, appid: &str) -> Option<&Server> {
        self.state.accounts.get(appid)?.server.as_ref()
    }

    /// Takes an account's own server configuration away (停用); its pushes go to the platform again.
    pub fn remove_server(&mut self, appid: &str) {
        if let Some(state) = self.state.accounts.get_mut(appid) {
            state.server = None;
        }
        self.receivers_changed();
        self.touched();
    }

    /// 提交: what is to be requested before the configuration may be saved.
    ///
    /// # Errors
    /// The failed steps, when nothing is requested at all.
    pub fn begin_verification(&mut self, now_ms: i64, appid: &str, server: Server) -> Result<Verification, Verified> {
        let Some(kind) = self.account(appid).map(|account| account.kind) else {
            let failed = step("settings", false, "no such account", "没有这个账号");
            return Err(Verified { saved: false, steps: vec![failed] });
        };
        if let Err((en, zh)) = settings(kind, &server) {
            return Err(Verified { saved: false, steps: vec![step("settings", false, en, zh)] });
        }
        // As long as those of the official example.
        let echostr = (1_000_000_000_000_000_000 + self.state.rng.below(8_000_000_000_000_000_000)).to_string();
        let nonce = (100_000_000 + self.state.rng.below(1_900_000_000)).to_string();
        let timestamp = now_ms.div_euclid(1000).to_string();
        let signature = url_signature(&server.token, &timestamp, &nonce);
        let pairs =
            [("signature", signature.as_str()), ("timestamp", &timestamp), ("nonce", &nonce), ("echostr", &echostr)];
        let url = codec::append_query(&server.url, &pairs);
        let shown = server.url.split('?').next().unwrap_or_default();
        let steps = vec![
            step("settings", true, "the settings are well formed", "填写格式正确"),
            step(
                "request",
                true,
                format!("GET {shown} with signature, timestamp {timestamp}, nonce {nonce}, echostr {echostr}"),
                format!("GET {shown}，参数 signature、timestamp {timestamp}、nonce {nonce}、echostr {echostr}"),
            ),
        ];
        Ok(Verification { url, echostr, server, steps })
    }

    /// Reports what came back: status and body, or why nothing did.
    pub fn end_verification(
        &mut self,
        appid: &str,
        verification: Verification,
        answer: Result<(u16, &[u8]), String>,
    ) -> Verified {
        let Verification { echostr, server, mut steps, .. } = verification;
        let failed = |mut steps: Vec<Step>, last: Step| {
            steps.push(last);
            Verified { saved: false, steps }
        };
        let body = match answer {
            Err(why) => {
                return failed(
                    steps,
                    step("answer", false, format!("no answer: {why}"), format!("请求URL超时或失败：{why}")),
                );
            }
            Ok((200, body)) => body,
            Ok((status, _)) => {
                return failed(
                    steps,
                    step("answer", false, format!("HTTP {status}"), format!("请求URL返回 HTTP {status}")),
                );
            }
        };
        steps.push(step("answer", true, "HTTP 200", "HTTP 200"));
        if body != echostr.as_bytes() {
            let text = String::from_utf8_lossy(body);
            let shown: String = text.chars().take(80).collect();
            let last = step(
                "echo",
                false,
                format!("the body must be the echostr and nothing else; it was {} bytes: {shown:?}", body.len()),
                format!("Token校验失败：返回内容必须与 echostr 完全一致，实际返回 {} 字节：{shown:?}", body.len()),
            );
            return failed(steps, last);
        }
        steps.push(step("echo", true, "the body is the echostr", "返回内容与 echostr 一致"));
        steps.push(step("saved", true, "saved", "提交成功"));
        if let Some(state) = self.state.accounts.get_mut(appid) {
            state.server = Some(server);
        }
        self.receivers_changed();
        self.touched();
        Verified { saved: true, steps }
    }
}

fn crypto(server: &Server, appid: &str) -> Option<MessageCrypto> {
    let key = AesKey::parse(&server.encoding_aes_key).ok()?;
    Some(MessageCrypto::new(SecretString::from(server.token.as_str()), key, None, appid))
}

/// What varies from push to push.
pub(crate) struct Salt<'a> {
    pub(crate) random: [u8; 16],
    pub(crate) timestamp_s: i64,
    pub(crate) nonce: &'a str,
    pub(crate) openid: &'a str,
}

/// A push as an account's own server gets it.
pub(crate) struct Dressed {
    pub(crate) query: String,
    pub(crate) body: String,
}

/// Dresses a message in the server's mode; the tail is the account's own appid (A.4).
pub(crate) fn dress(
    server: &Server,
    appid: &str,
    fields: &Fields,
    salt: &Salt<'_>,
    damage: Option<&Effect>,
) -> Option<Dressed> {
    let json_form = server.format == Format::Json;
    let plain = if json_form {
        Value::Object(to_json(fields)).to_string()
    } else {
        let mut xml = XmlWriter::new();
        write_xml(&mut xml, fields);
        xml.finish()
    };
    let timestamp = salt.timestamp_s.to_string();
    let mut signature = url_signature(&server.token, &timestamp, salt.nonce);
    let reversed = |text: &str| text.chars().rev().collect::<String>();
    let broken = matches!(damage, Some(Effect::PushBadSignature));
    if broken && server.mode == Mode::Plain {
        signature = reversed(&signature);
    }
    let mut query = format!(
        "signature={signature}&timestamp={timestamp}&nonce={}&openid={}",
        salt.nonce,
        codec::encode(salt.openid)
    );
    if server.mode == Mode::Plain {
        return Some(Dressed { query, body: plain });
    }
    let tail = if matches!(damage, Some(Effect::PushWrongAppid)) { "wx0000000000000000" } else { appid };
    let mut encrypt = crypto(server, tail)?.encrypt_with(KeyUsed::Current, plain.as_bytes(), salt.random);
    if matches!(damage, Some(Effect::PushBadPadding)) {
        encrypt = crate::seal::broken_padding(&encrypt);
    }
    let mut signature = msg_signature(&server.token, &timestamp, salt.nonce, &encrypt);
    if broken {
        signature = reversed(&signature);
    }
    query.push_str("&encrypt_type=aes&msg_signature=");
    query.push_str(&signature);
    let to = fields.iter().filter(|(name, _)| name == "ToUserName");
    let shown: Vec<(String, String)> =
        if server.mode == Mode::Compatible { fields.to_vec() } else { to.cloned().collect() };
    let body = if json_form {
        let mut object = to_json(&shown);
        object.insert("Encrypt".to_owned(), json!(encrypt));
        Value::Object(object).to_string()
    } else {
        let mut xml = XmlWriter::new();
        write_xml(&mut xml, &shown);
        xml.cdata("Encrypt", &encrypt);
        xml.finish()
    };
    Some(Dressed { query, body })
}

/// What an answer to a push says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answered {
    /// `success`, or nothing at all.
    Nothing { empty: bool },
    /// A passive reply, decrypted.
    Reply(String),
    /// Not what the mode allows; why.
    Malformed(Said),
}

/// Reads the answer of an account's own server in its mode (A.6).
pub(crate) fn read_answer(server: &Server, appid: &str, body: &[u8]) -> Answered {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    if text.is_empty() || text == "success" {
        return Answered::Nothing { empty: text.is_empty() };
    }
    let field = |name: &str| -> Option<String> {
        if server.format == Format::Json {
            let value = serde_json::from_str::<Value>(text).ok()?;
            return match value.get(name)? {
                Value::String(text) => Some(text.clone()),
                other => Some(other.to_string()),
            };
        }
        XmlFields::parse(text.as_bytes()).ok()?.root().get(name).map(str::to_owned)
    };
    let Some(encrypt) = field("Encrypt") else {
        let readable = field("MsgType").is_some();
        return match server.mode {
            _ if !readable => {
                Answered::Malformed(said("neither success nor a readable reply", "既不是 success，也不是可读的回复"))
            }
            Mode::Secure => Answered::Malformed(said("a plain reply in secure mode", "安全模式下返回了明文")),
            Mode::Plain | Mode::Compatible => Answered::Reply(text.to_owned()),
        };
    };
    if server.mode == Mode::Plain {
        return Answered::Malformed(said("an encrypted reply in plain mode", "明文模式下返回了密文"));
    }
    let (Some(signature), Some(timestamp), Some(nonce)) = (field("MsgSignature"), field("TimeStamp"), field("Nonce"))
    else {
        return Answered::Malformed(said(
            "MsgSignature, TimeStamp or Nonce is missing",
            "缺少 MsgSignature、TimeStamp 或 Nonce",
        ));
    };
    if msg_signature(&server.token, &timestamp, &nonce, &encrypt) != signature {
        return Answered::Malformed(said("MsgSignature does not fit", "MsgSignature 不正确"));
    }
    match crypto(server, appid).map(|crypto| crypto.decrypt(encrypt.as_bytes())) {
        Some(Ok(opened)) => Answered::Reply(String::from_utf8_lossy(&opened.msg).into_owned()),
        _ => Answered::Malformed(said(
            "the reply does not decrypt for this account",
            "回复无法解密，或其中的 AppID 不正确",
        )),
    }
}
