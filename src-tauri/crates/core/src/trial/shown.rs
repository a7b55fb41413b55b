//! An answer as it is shown: text masked and cut, pictures as they are, anything else by its size.

use serde_json::Value;
use wechat::error::{ApiError, CallError};
use wechat::secret::SecretString;
use wechat::transport::ApiResponse;

use super::mask;
use crate::dto::LastError;
use crate::engine::{data_url, last_error};

/// Longest text that is shown and kept, bytes.
const MAX_TEXT: usize = 256 << 10;
/// How the table of errors words what only a program can do wrong.
const BUG: &str = "a bug of the program";
/// Largest picture that is shown, bytes.
const MAX_PICTURE: usize = 2 << 20;

/// An answer, read.
#[derive(Default)]
pub(crate) struct Reading {
    pub status: Option<u16>,
    pub content_type: Option<String>,
    pub bytes: i64,
    pub text: Option<String>,
    /// The whole text, when what is shown is not all of it.
    pub whole: Option<SecretString>,
    pub picture: Option<String>,
    pub errcode: Option<i64>,
    pub rid: Option<String>,
    pub error: Option<LastError>,
}

/// What kind of picture the bytes are, whatever is said of them. SVG is none: it can hold scripts.
fn picture_type(bytes: &[u8]) -> Option<&'static str> {
    let webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    [
        (bytes.starts_with(b"\xff\xd8\xff"), "image/jpeg"),
        (bytes.starts_with(b"\x89PNG\r\n\x1a\n"), "image/png"),
        (bytes.starts_with(b"GIF8"), "image/gif"),
        (webp, "image/webp"),
    ]
    .into_iter()
    .find_map(|(is, kind)| is.then_some(kind))
}

/// Reads an answer. `secrets`: the token first.
pub(crate) fn read(response: &ApiResponse, token: &SecretString, secrets: &[SecretString], now: i64) -> Reading {
    let body = response.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&response.body);
    let mut reading = Reading {
        status: Some(response.status),
        content_type: response.content_type.as_ref().map(|kind| kind.chars().take(200).collect()),
        bytes: i64::try_from(response.body.len()).unwrap_or(i64::MAX),
        ..Reading::default()
    };
    let text = if body.contains(&0) { None } else { std::str::from_utf8(body).ok() };
    match (picture_type(body), text) {
        (Some(kind), _) if body.len() <= MAX_PICTURE => reading.picture = Some(data_url(kind, body)),
        (Some(_), _) | (None, None) => {}
        (None, Some(text)) => read_text(&mut reading, text, token, secrets, now),
    }
    if response.status != 200 && reading.error.is_none() {
        reading.error = Some(once(last_error(&CallError::Http { status: response.status }, now)));
    }
    reading
}

fn read_text(reading: &mut Reading, text: &str, token: &SecretString, secrets: &[SecretString], now: i64) {
    let (shown, complete) = match serde_json::from_str::<Value>(text) {
        Ok(mut document) => {
            note_refusal(reading, &document, secrets, now);
            let before = document.clone();
            mask::value(&mut document, token);
            (serde_json::to_string_pretty(&document).unwrap_or_default(), document == before)
        }
        Err(_) => {
            let masked = mask::plain(text, token);
            let same = masked == text;
            (masked, same)
        }
    };
    let end = shown.floor_char_boundary(MAX_TEXT);
    if !complete || end < shown.len() {
        reading.whole = Some(text.into());
    }
    reading.text = Some(shown[..end].to_owned());
}

fn note_refusal(reading: &mut Reading, document: &Value, secrets: &[SecretString], now: i64) {
    let Some(code) = document.get("errcode") else { return };
    // A number, or a text that holds one.
    let code = code.as_i64().or_else(|| code.as_str().and_then(|text| text.trim().parse().ok()));
    reading.errcode = code;
    let Some(code) = code.filter(|code| *code != 0) else { return };
    let errmsg = document.get("errmsg").and_then(Value::as_str).unwrap_or_default();
    let mut error = last_error(&CallError::Api(ApiError::new(code, errmsg, secrets)), now);
    if matches!(code, 40001 | 40014 | 42001) {
        // Nothing was renewed because of it: a call that is tried by hand is no proof against the engine's token.
        error.advice.push_str(" The call was made with the engine's current token and was not repeated: refresh the token on the account's page, then try again. If this comes back, another program fetches tokens of this account.");
        error.advice_zh.push_str("本次调用使用的是系统当前的令牌，没有自动重试：请在账号页刷新令牌后再试；如果反复出现，说明另有程序在获取该账号的令牌。");
    }
    if error.advice.contains(BUG) {
        // Of the engine's own calls that would be true; this one is the operator's.
        error.advice = "WeChat does not take the call as it was sent: compare method, path and fields with WeChat's documentation.".to_owned();
        error.advice_zh = "微信不接受这样的调用：请对照微信文档检查请求方法、路径和各字段。".to_owned();
    }
    reading.rid = error.rid.clone();
    reading.error = Some(error);
}

/// A call that brought no answer.
pub(crate) fn of_failure(error: &CallError, now: i64) -> Reading {
    Reading { error: Some(once(last_error(error, now))), ..Reading::default() }
}

/// A tried call is sent once, whatever the engine does with its own.
fn once(error: LastError) -> LastError {
    LastError {
        advice: "Nothing is sent again by itself. Check the path, the network, the proxy and the endpoints, then send it once more.".to_owned(),
        advice_zh: "系统不会自动重发。请检查路径、网络、代理与接口地址后再发送。".to_owned(),
        ..error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, kind: &str, body: &[u8]) -> Reading {
        let response = ApiResponse { status, body: body.to_vec(), content_type: Some(kind.to_owned()) };
        let token = SecretString::from("T0KEN-of-the-account");
        read(&response, &token, std::slice::from_ref(&token), 7)
    }

    #[test]
    fn documents_are_pretty_and_masked_and_the_whole_is_kept_aside() {
        let plain = answer(200, "application/json", b"{\"errcode\":0,\"errmsg\":\"ok\",\"phone\":\"13800138000\"}");
        assert!(plain.text.as_deref().unwrap().contains("\n  \"phone\": \"13800138000\""));
        assert!(plain.whole.is_none() && plain.error.is_none() && plain.errcode == Some(0));
        let secret = answer(200, "application/json", b"{\"ticket\":\"gQ47\",\"url\":\"http://weixin.qq.com/q/1\"}");
        assert!(!secret.text.as_deref().unwrap().contains("gQ47"));
        assert!(secret.whole.unwrap().expose().contains("gQ47"));
        let long = format!("{{\"a\":\"{}\"}}", "长".repeat(200_000));
        let long = answer(200, "application/json", long.as_bytes());
        assert!(long.text.unwrap().len() <= MAX_TEXT && long.whole.is_some());
    }

    #[test]
    fn refusals_are_explained_without_the_token() {
        let body = br#"{"errcode":"40001","errmsg":"invalid credential T0KEN-of-the-account rid: 5fa26c60-1a0ebdd5-32fd1cd0"}"#;
        let refused = answer(200, "text/plain", body);
        let error = refused.error.unwrap();
        assert_eq!((refused.errcode, refused.rid.as_deref()), (Some(40001), Some("5fa26c60-1a0ebdd5-32fd1cd0")));
        assert!(!error.message.contains("T0KEN") && !refused.text.unwrap().contains("T0KEN"));
        assert!(error.advice.contains("not repeated") && error.advice_zh.contains("没有自动重试"));
        let gateway = answer(502, "text/html", b"<html>bad gateway</html>");
        let error = gateway.error.unwrap();
        assert_eq!((gateway.status, error.code), (Some(502), 0));
        assert!(error.advice.contains("Nothing is sent again"), "{}", error.advice);
        let mine = answer(200, "application/json", br#"{"errcode":43002,"errmsg":"require POST method"}"#);
        assert!(mine.error.unwrap().advice.contains("compare method"));
        let template = answer(200, "application/json", br#"{"errcode":40037,"errmsg":"invalid template_id"}"#);
        assert!(template.error.unwrap().advice.contains("template of this account"));
    }

    #[test]
    fn pictures_are_shown_and_other_bytes_counted() {
        let jpeg = [b"\xff\xd8\xff\xe0".as_slice(), &[0; 100]].concat();
        let picture = answer(200, "image/jpeg", &jpeg);
        assert!(picture.picture.unwrap().starts_with("data:image/jpeg;base64,") && picture.text.is_none());
        let large = [b"\xff\xd8\xff\xe0".as_slice(), &vec![0; MAX_PICTURE]].concat();
        let large = answer(200, "image/jpeg", &large);
        assert!(large.picture.is_none() && large.text.is_none() && large.bytes > 2 << 20);
        let voice = answer(200, "voice/amr", b"#!AMR\n\x00\x01");
        assert_eq!((voice.bytes, voice.text, voice.picture), (8, None, None));
        let svg = answer(200, "image/svg+xml", b"<svg onload=\"x\"/>");
        assert!(svg.picture.is_none() && svg.text.is_some());
    }
}
