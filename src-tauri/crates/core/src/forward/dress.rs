//! What is sent to a business server: body, headers, signature.
//!
//! Invariants: the signature covers the time and every byte of the body; the secret is in neither; component events never
//! leave.

use hmac::{Hmac, KeyInit, Mac};
use reqwest::Url;
use serde_json::{Map, Value, json};
use sha2::Sha256;
use wechat::message::{parse_message_head, parse_message_head_json};
use wechat::secret::SecretString;
use wechat::xml::{XmlFields, XmlNode};

use super::Outgoing;
use super::address::APPID;
use crate::dto::{DeliveryError, TargetFormat};
use crate::inbox::sealed::seal_again;
use crate::store::tables::inbox::PushRow;
use crate::store::tables::target::TargetRow;

/// Header that carries the signature.
pub(super) const SIGNATURE: &str = "X-Wxdesk-Signature";

/// A request that is ready to go.
pub(super) struct Dressed {
    pub url: Url,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

/// Makes the request for a message. `now` in ms.
///
/// # Errors
/// `NoKey` when the encrypted form cannot be made again; `Broken` for an address that is none, which is not saved.
pub(super) fn dress(target: &TargetRow, message: &Outgoing, attempt: i64, now: i64) -> Result<Dressed, DeliveryError> {
    let row = &message.row;
    let component = message.runtime.row.component_appid.as_str();
    let appid = row.authorizer.as_deref().unwrap_or(component);
    let mut url = Url::parse(&target.url.replace(APPID, appid)).map_err(|_| DeliveryError::Broken)?;
    let id = ("X-Wxdesk-Id", row.id.to_string());
    let mut headers = Vec::with_capacity(8);
    if target.format == TargetFormat::Sealed {
        let sealed = seal_again(&message.runtime, row).ok_or(DeliveryError::NoKey)?;
        let query = match url.query() {
            Some(own) if !own.is_empty() => format!("{own}&{}", sealed.query),
            _ => sealed.query,
        };
        url.set_query(Some(&query));
        headers.push(("Content-Type", if sealed.json { "application/json" } else { "text/xml" }.to_owned()));
        headers.push(id);
        if message.test {
            headers.push(("X-Wxdesk-Test", "1".to_owned()));
        }
        return Ok(Dressed { url, headers, body: sealed.body.into_bytes() });
    }
    let (content_type, body) = match target.format {
        TargetFormat::Json => {
            ("application/json; charset=utf-8", document(message, component, appid).to_string().into())
        }
        _ if is_json(&row.body) => ("application/json; charset=utf-8", row.body.clone()),
        _ => ("text/xml; charset=utf-8", row.body.clone()),
    };
    let timestamp = (now / 1_000).to_string();
    let signature = sign(&target.secret, &timestamp, &body);
    headers.push(("Content-Type", content_type.to_owned()));
    headers.push(id);
    headers.push(("X-Wxdesk-Appid", appid.to_owned()));
    headers.push(("X-Wxdesk-Component", component.to_owned()));
    headers.push(("X-Wxdesk-Timestamp", timestamp));
    headers.push(("X-Wxdesk-Attempt", attempt.to_string()));
    if message.test {
        headers.push(("X-Wxdesk-Test", "1".to_owned()));
    }
    headers.push((SIGNATURE, signature));
    Ok(Dressed { url, headers, body })
}

/// `v1=` and HMAC-SHA256 over timestamp, a dot, and the body.
fn sign(secret: &SecretString, timestamp: &str, body: &[u8]) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) else { return String::new() };
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    format!("v1={}", crate::hex(&mac.finalize().into_bytes()))
}

fn is_json(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'{')
}

/// FromUserName and ToUserName of a message; empty when it cannot be read.
pub(super) fn people(row: &PushRow) -> (String, String) {
    let head = if is_json(&row.body) { parse_message_head_json(&row.body) } else { parse_message_head(&row.body) };
    head.map(|head| (head.from_user_name.into_owned(), head.to_user_name.into_owned())).unwrap_or_default()
}

fn document(message: &Outgoing, component: &str, appid: &str) -> Value {
    let row = &message.row;
    let json = is_json(&row.body);
    let fields = if json {
        // A mini program's JSON goes as WeChat wrote it.
        serde_json::from_slice(&row.body).unwrap_or_default()
    } else {
        XmlFields::parse(&row.body).map_or(Value::Null, |fields| nested(fields.root()))
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let mut out = json!({
        "id": row.id,
        "component_appid": component,
        "appid": appid,
        "received_at": row.received_at,
        "msg_type": text("MsgType"),
        "sender": text("FromUserName"),
        "test": message.test,
    });
    if let Some(event) = text("Event") {
        out["event"] = event.into();
    }
    out["message"] = if fields.is_object() { fields } else { json!({}) };
    out
}

/// An element as JSON: its text, or an object of its children; names that come again become arrays.
fn nested(node: &XmlNode<'_>) -> Value {
    if node.children().is_empty() {
        return Value::String(node.text().to_owned());
    }
    let mut out = Map::new();
    for child in node.children() {
        let value = nested(child);
        match out.get_mut(child.name()) {
            None => {
                out.insert(child.name().to_owned(), value);
            }
            Some(Value::Array(all)) => all.push(value),
            Some(first) => {
                let before = first.take();
                *first = Value::Array(vec![before, value]);
            }
        }
    }
    Value::Object(out)
}

/// MsgType or the event, and the content in one line: for lists.
pub(crate) fn summary(body: &[u8]) -> (String, String) {
    /// What says most, first.
    const TELLING: &[&str] =
        &["Content", "EventKey", "Title", "Label", "Recognition", "Url", "PicUrl", "MediaId", "Status"];
    /// Characters of a line.
    const LINE: usize = 200;
    let fields = if is_json(body) {
        serde_json::from_slice(body).unwrap_or_default()
    } else {
        XmlFields::parse(body).map_or(Value::Null, |fields| nested(fields.root()))
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let kind = match text("MsgType") {
        Some("event") => text("Event").unwrap_or("event"),
        Some(kind) => kind,
        None => "",
    };
    let line = TELLING.iter().find_map(|name| text(name)).unwrap_or("");
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LINE).collect();
    (kind.to_owned(), line)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// python3 -c "import hmac,hashlib; print(hmac.new(b'0123456789abcdefghijklmnopqrstuv',
    /// b'1767225600.'+'{\"a\":\"你好\"}'.encode(), hashlib.sha256).hexdigest())"
    #[test]
    fn the_signature_is_the_one_of_another_implementation() {
        let secret = SecretString::from("0123456789abcdefghijklmnopqrstuv");
        assert_eq!(
            sign(&secret, "1767225600", "{\"a\":\"你好\"}".as_bytes()),
            "v1=eb35db94e5bf39b961140196d35fb115907c32a8cf3e307017cef3e4251b4e39"
        );
    }

    #[test]
    fn a_document_becomes_nested_json() {
        let xml = "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName>o1</FromUserName><CreateTime>5</CreateTime><MsgType>event</MsgType><Event>pic_sysphoto</Event><EventKey></EventKey><SendPicsInfo><Count>2</Count><PicList><item><PicMd5Sum>a</PicMd5Sum></item><item><PicMd5Sum>b</PicMd5Sum></item></PicList></SendPicsInfo></xml>";
        let fields = XmlFields::parse(xml.as_bytes()).unwrap();
        assert_eq!(
            nested(fields.root()),
            json!({
                "ToUserName": "gh_1", "FromUserName": "o1", "CreateTime": "5", "MsgType": "event",
                "Event": "pic_sysphoto", "EventKey": "",
                "SendPicsInfo": {"Count": "2", "PicList": {"item": [{"PicMd5Sum": "a"}, {"PicMd5Sum": "b"}]}},
            })
        );
        assert_eq!(summary(xml.as_bytes()), ("pic_sysphoto".to_owned(), String::new()));
        let text = b"<xml><MsgType>text</MsgType><Content>a\n  b</Content></xml>";
        assert_eq!(summary(text), ("text".to_owned(), "a b".to_owned()));
    }
}
