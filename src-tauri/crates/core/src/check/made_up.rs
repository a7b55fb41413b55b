//! The callback self-test: a made-up message through the real door, with the real encryption, step by step.
//!
//! Invariant: it goes to addresses of this program's own connections only, and what it brings is marked as made up.

use wechat::crypto::{AesKey, MessageCrypto, msg_signature, url_signature};
use wechat::envelope::{PushQuery, build_message_envelope};
use wechat::message::tree;
use wechat::xml::XmlWriter;

use super::steps::{self, Answer};
use super::{Found, Report, Target, Test};
use crate::core::{Core, Runtime};
use crate::dto::{CheckCode, CheckStepName, ErrorCode, MadeUpInput, MadeUpKind, MadeUpReport, MessageMode, PushReply};
use crate::error::AppError;
use crate::inbox::{Refusal, view};
use crate::store::tables::platform::Own;
use crate::validate;

/// Who sends, when nobody is named. No follower has such an openid.
const NOBODY: &str = "oWxdeskSelfTest0000000000000";
/// Longest text or key, bytes.
const MAX_TEXT: usize = 2_048;

/// The keys that a message is signed and encrypted with.
struct Keys {
    token: String,
    crypto: Option<MessageCrypto>,
}

/// Sends one, and says how far it came.
///
/// # Errors
/// `InvalidInput` for what cannot be sent at all, `NotFound` for an unknown platform; a broken door is an answer.
pub(crate) async fn send(core: &Core, input: MadeUpInput) -> Result<MadeUpReport, AppError> {
    let runtime = core
        .runtime_by_appid(&input.component_appid)
        .ok_or_else(|| AppError::not_found("platform", &input.component_appid))?;
    let keys = keys(&runtime, &input)?;
    let target = target(core, &runtime, &input)?;
    let message = message(core, &runtime, &input)?;
    let path = match runtime.row.own {
        Some(_) => format!("/wechat/account/{}", runtime.row.component_appid),
        None => format!("/wechat/{}/callback/{}", runtime.row.component_appid, input.appid),
    };
    let url = format!("{}{path}", target.base);
    let client = steps::client(&target)?;
    let mut random = [0_u8; 12];
    getrandom::fill(&mut random).map_err(|_| AppError::new(ErrorCode::Internal, "no random bytes"))?;
    let nonce = crate::hex(&random);

    let mut report = Report { core, steps: Vec::new(), broken: false };
    let addresses = report.step(CheckStepName::Dns, steps::dns(core, &target)).await.unwrap_or_default();
    report.step(CheckStepName::Tcp, steps::tcp(&target, &addresses)).await;
    report.step(CheckStepName::Tls, steps::tls(core, &target, &addresses)).await;
    report.step(CheckStepName::Path, steps::path(core, &client, &target, &nonce)).await;
    let mut took_ms = None;
    let mut push_id = None;
    let mut reply = None;
    if report.broken {
        for step in [CheckStepName::Token, CheckStepName::AesKey, CheckStepName::Answer] {
            report.step(step, async { (Found::ok("", ""), Option::<()>::None) }).await;
        }
    } else {
        let (query, body) = seal(core, &keys, &message, &nonce)?;
        core.expected_pushes().expect_message(&nonce, input.deliver);
        let request = client.post(format!("{url}?{query}")).header("content-type", "text/xml").body(body);
        let answer = steps::ask(core, request).await;
        let test = core.expected_pushes().take(&nonce);
        push_id = test.push_id;
        if let Ok(answer) = &answer {
            took_ms = Some(answer.took);
        }
        let opened = answer.as_ref().ok().map(|answer| open(&keys, answer));
        report.step(CheckStepName::Token, async { (token(&answer, test), Option::<()>::None) }).await;
        report.step(CheckStepName::AesKey, async { (aes_key(test), Option::<()>::None) }).await;
        let account = core.store().mirror().account_by_appid(runtime.row.id, &input.appid);
        let known = account.is_some_and(|account| account.authorized);
        let judged = async { (judged(answer, test, opened.as_ref(), known), Option::<()>::None) };
        report.step(CheckStepName::Answer, judged).await;
        reply = opened.and_then(Result::ok).flatten();
    }
    Ok(MadeUpReport { steps: report.steps, url, push_id, reply, took_ms })
}

fn keys(runtime: &Runtime, input: &MadeUpInput) -> Result<Keys, AppError> {
    let mut errors = Vec::new();
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let token = given(&input.verify_token);
    if let Some(Err((en, zh))) = token.as_deref().map(validate::verify_token) {
        errors.push(validate::error("verify_token", "format", en, zh));
    }
    let key = given(&input.encoding_aes_key);
    if let Some(Err((en, zh))) = key.as_deref().map(validate::aes_key) {
        errors.push(validate::error("encoding_aes_key", "format", en, zh));
    }
    if !errors.is_empty() {
        return Err(AppError::invalid(errors));
    }
    let token = token.unwrap_or_else(|| runtime.row.verify_token.expose().clone());
    let stored = AesKey::parse(runtime.row.encoding_aes_key.expose()).ok();
    let key = key.and_then(|key| AesKey::parse(&key).ok()).or(stored);
    let plain = runtime.row.own.is_some_and(|own: Own| own.message_mode == MessageMode::Plain);
    let crypto = key
        .filter(|_| !plain)
        .map(|key| MessageCrypto::new(token.clone().into(), key, None, runtime.row.component_appid.clone()));
    Ok(Keys { token, crypto })
}

fn target(core: &Core, runtime: &Runtime, input: &MadeUpInput) -> Result<Target, AppError> {
    let base = if input.local {
        let address = core.listener_address();
        let address = address.ok_or_else(|| AppError::new(ErrorCode::Unavailable, "the listener is not open"))?;
        let host = if address.ip().is_unspecified() { "127.0.0.1".to_owned() } else { address.ip().to_string() };
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        format!("http://{host}:{}", address.port())
    } else {
        runtime.row.public_base_url.clone()
    };
    Target::parse(&base).ok_or_else(|| {
        let (en, zh) =
            ("the platform has no public address yet; test on this machine", "平台还没有公网地址，可先在本机测试");
        AppError::invalid_field("local", "no_address", en, zh)
    })
}

fn message(core: &Core, runtime: &Runtime, input: &MadeUpInput) -> Result<String, AppError> {
    let too_long = |text: &Option<String>| text.as_ref().is_some_and(|text| text.len() > MAX_TEXT);
    let required = |field: &str| AppError::invalid_field(field, "required", "is required", "必填");
    for (field, text) in [("content", &input.content), ("key", &input.key), ("event", &input.event)] {
        if too_long(text) {
            return Err(AppError::invalid_field(field, "length", "must have at most 2,048 bytes", "最多 2048 字节"));
        }
    }
    if !validate::is_appid(&input.appid) {
        let (en, zh) = ("must be wx and 16 hex digits in lower case", "应为 wx 加 16 位小写十六进制数字");
        return Err(AppError::invalid_field("appid", "format", en, zh));
    }
    let fits = |id: &str| id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    let openid = input.openid.as_deref().filter(|id| !id.is_empty()).unwrap_or(NOBODY);
    if !fits(openid) {
        let (en, zh) = ("must be an openid: letters, digits, - and _", "应为 openid：字母、数字、- 和 _");
        return Err(AppError::invalid_field("openid", "format", en, zh));
    }
    let account = core.store().mirror().account_by_appid(runtime.row.id, &input.appid);
    let to = account.as_ref().map(|account| account.user_name.as_str()).filter(|name| !name.is_empty());
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let key = given(&input.key);
    let mut xml = XmlWriter::new();
    xml.cdata("ToUserName", to.unwrap_or("gh_000000000000")).cdata("FromUserName", openid);
    xml.number("CreateTime", core.clock().now() / 1000);
    let event = |xml: &mut XmlWriter, name: &str, key: Option<&str>| {
        xml.cdata("MsgType", "event").cdata("Event", name);
        if let Some(key) = key {
            xml.cdata("EventKey", key);
        }
    };
    match input.kind {
        MadeUpKind::Text => {
            let content = given(&input.content).ok_or_else(|| required("content"))?;
            let mut id = [0_u8; 8];
            getrandom::fill(&mut id).map_err(|_| AppError::new(ErrorCode::Internal, "no random bytes"))?;
            // WeChat's ids are positive 64-bit integers.
            let id = i64::from_le_bytes(id).unsigned_abs() >> 1;
            xml.cdata("MsgType", "text").cdata("Content", &content).text("MsgId", &id.to_string());
        }
        MadeUpKind::Click => event(&mut xml, "CLICK", Some(&key.ok_or_else(|| required("key"))?)),
        MadeUpKind::View => event(&mut xml, "VIEW", Some(&key.ok_or_else(|| required("key"))?)),
        MadeUpKind::Subscribe => {
            let scene = key.map(|key| if key.starts_with("qrscene_") { key } else { format!("qrscene_{key}") });
            event(&mut xml, "subscribe", Some(scene.as_deref().unwrap_or("")));
        }
        MadeUpKind::Scan => event(&mut xml, "SCAN", Some(&key.ok_or_else(|| required("key"))?)),
        MadeUpKind::Location => {
            event(&mut xml, "LOCATION", None);
            xml.text("Latitude", "23.137466").text("Longitude", "113.352425").text("Precision", "119.385040");
        }
        MadeUpKind::Event => {
            let name = given(&input.event).ok_or_else(|| required("event"))?;
            event(&mut xml, &name, key.as_deref());
        }
    }
    Ok(xml.finish())
}

/// Query and body as WeChat would send them.
fn seal(core: &Core, keys: &Keys, message: &str, nonce: &str) -> Result<(String, String), AppError> {
    let timestamp = (core.clock().now() / 1000).to_string();
    let signature = url_signature(&keys.token, &timestamp, nonce);
    let query = format!("signature={signature}&timestamp={timestamp}&nonce={nonce}");
    let Some(crypto) = &keys.crypto else { return Ok((query, message.to_owned())) };
    let random = wechat::crypto::random_prefix();
    let random = random.map_err(|_| AppError::new(ErrorCode::Internal, "no random bytes"))?;
    let encrypt = crypto.encrypt(message.as_bytes(), random);
    let signed = msg_signature(&keys.token, &timestamp, nonce, &encrypt);
    let to = tree(message.as_bytes()).ok().and_then(|node| Some(node.children.first()?.text.clone()));
    let envelope = build_message_envelope(to.as_deref().unwrap_or(""), &encrypt);
    Ok((format!("{query}&encrypt_type=aes&msg_signature={signed}"), envelope))
}

/// The reply as WeChat would read it; none when there is none.
fn open(keys: &Keys, answer: &Answer) -> Result<Option<PushReply>, ()> {
    let body = answer.body.trim();
    if answer.status != 200 {
        return Err(());
    }
    if body.is_empty() || body == "success" {
        return Ok(None);
    }
    let Some(crypto) = &keys.crypto else { return Ok(Some(view::reply(body))) };
    let node = tree(body.as_bytes()).map_err(|_| ())?;
    let field = |name: &str| node.children.iter().find(|c| c.name == name).map(|c| c.text.as_str()).ok_or(());
    let encrypt = field("Encrypt")?;
    let query = PushQuery {
        timestamp: field("TimeStamp")?.to_owned(),
        nonce: field("Nonce")?.to_owned(),
        msg_signature: Some(field("MsgSignature")?.to_owned()),
        ..PushQuery::default()
    };
    let opened = crypto.open(&query, encrypt.as_bytes()).map_err(|_| ())?;
    Ok(Some(view::reply(&String::from_utf8_lossy(&opened.msg))))
}

fn token(answer: &Result<Answer, Found>, test: Test) -> Found {
    match test.refused {
        Some(Refusal::BadSignature) => Found::failed(
            CheckCode::TokenDiffers,
            "Token 与这里保存的不一致",
            "the Token differs from the one kept here",
        ),
        Some(_) => Found::ok("签名正确", "the signature is right"),
        None if test.arrived => Found::ok("签名正确", "the signature is right"),
        None if answer.is_err() => Found::skipped(CheckCode::NotReached, "没有到达", "it did not arrive"),
        None => {
            Found::failed(CheckCode::PushElsewhere, "测试推送被别的程序应答", "something else answered the test push")
        }
    }
}

fn aes_key(test: Test) -> Found {
    match test.refused {
        Some(Refusal::BadKey) => {
            let zh = "EncodingAESKey 与这里保存的不一致";
            Found::failed(CheckCode::KeyDiffers, zh, "the EncodingAESKey differs from the one kept here")
        }
        Some(Refusal::WrongAppid) => Found::failed(
            CheckCode::KeyDiffers,
            "解密后的 AppID 不是这个平台的",
            "the appid behind the message is not this platform's",
        ),
        Some(Refusal::WrongMode) => Found::failed(
            CheckCode::PushRefused,
            "消息加解密方式与这里的设置不同",
            "the message mode differs from the setting here",
        ),
        _ => Found::ok("解密成功", "it was decrypted"),
    }
}

fn judged(
    answer: Result<Answer, Found>,
    test: Test,
    opened: Option<&Result<Option<PushReply>, ()>>,
    known: bool,
) -> Found {
    let answer = match answer {
        Ok(answer) => answer,
        Err(found) => return found,
    };
    if let Some(refusal) = test.refused {
        let (status, reason) = (answer.status, refusal.reason());
        let zh = format!("被拒绝：{status}（{reason}）");
        return Found::failed(CheckCode::PushRefused, zh, format!("refused: {status} ({reason})"));
    }
    if !known {
        let en = "answered, but this account is not authorized here: is the appid right?";
        return Found::warning(CheckCode::NoPlatform, "已应答，但这个账号没有授权到这里，请核对 AppID", en);
    }
    match opened {
        Some(Ok(None)) => steps::timed(answer.took, "已应答 success", "answered with success"),
        Some(Ok(Some(_))) => {
            steps::timed(answer.took, "已应答，回复可以解密", "answered, and the reply can be decrypted")
        }
        _ => Found::failed(CheckCode::BadAnswer, "应答无法被微信读取", "WeChat could not read the answer"),
    }
}

#[cfg(test)]
#[path = "made_up_tests.rs"]
mod tests;
