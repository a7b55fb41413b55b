//! Owns: the fields of a message, flat and in order, and their forms as XML and JSON.
//! Must not: know a message type.
//! Invariant: a dot in a name makes an element within one (`ScanCodeInfo.ScanType`), a number after it tells repeated
//! elements apart (`SendPicsInfo.PicList.item.0.PicMd5Sum`); neighbours with the same way share their elements.

use serde_json::{Map, Number, Value, json};
use wechat::XmlWriter;

/// Names and values in order.
pub(crate) type Fields = [(String, String)];

/// More fields than any message has.
const MOST: usize = 500;
/// Deeper than any message.
const DEEPEST: usize = 8;

/// What a person typed or an operator chose is text, whatever it looks like.
const TEXTS: [&str; 14] = [
    "Content",
    "EventKey",
    "Ticket",
    "Title",
    "Description",
    "Label",
    "Recognition",
    "MediaId",
    "SessionFrom",
    "PicMd5Sum",
    "nickname",
    "reason",
    "Reason",
    "debug_str",
];
/// Numbers that have a point.
const DECIMALS: [&str; 5] = ["Latitude", "Longitude", "Precision", "Location_X", "Location_Y"];
/// Groups whose numbers are text in WeChat's samples (K.2).
const TEXT_GROUPS: [&str; 2] = ["ScanCodeInfo", "SendLocationInfo"];

fn is_number(name: &str, value: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if DECIMALS.contains(&name) {
        let (whole, part) = value.strip_prefix('-').unwrap_or(value).split_once('.').unwrap_or((value, "0"));
        return digits(whole.trim_start_matches('-')) && digits(part);
    }
    !TEXTS.contains(&name) && digits(value)
}

enum Part<'a> {
    Leaf { name: &'a str, value: &'a str },
    Group { name: &'a str, index: Option<&'a str>, inner: Vec<(&'a str, &'a str)> },
}

fn parts<'a>(fields: &[(&'a str, &'a str)]) -> Vec<Part<'a>> {
    let mut out: Vec<Part<'a>> = Vec::new();
    for &(way, value) in fields {
        let (name, rest) = way.split_once('.').map_or((way, None), |(name, rest)| (name, Some(rest)));
        let numbered = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let (index, rest) = match rest {
            Some(rest) => match rest.split_once('.') {
                Some((index, rest)) if numbered(index) => (Some(index), Some(rest)),
                None if numbered(rest) => (Some(rest), None),
                _ => (None, Some(rest)),
            },
            None => (None, None),
        };
        let Some(rest) = rest else {
            out.push(Part::Leaf { name, value });
            continue;
        };
        match out.last_mut() {
            Some(Part::Group { name: open, index: at, inner }) if *open == name && *at == index => {
                inner.push((rest, value));
            }
            _ => out.push(Part::Group { name, index, inner: vec![(rest, value)] }),
        }
    }
    out
}

fn pairs(fields: &Fields) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// Writes fields, numbers bare.
pub(crate) fn write_xml(xml: &mut XmlWriter, fields: &Fields) {
    write_parts(xml, parts(&pairs(fields)), false);
}

fn write_parts(xml: &mut XmlWriter, parts_of: Vec<Part<'_>>, text_only: bool) {
    for part in parts_of {
        match part {
            Part::Leaf { name, value } if !text_only && is_number(name, value) => {
                xml.text(name, value);
            }
            Part::Leaf { name, value } => {
                xml.cdata(name, value);
            }
            Part::Group { name, inner, .. } => {
                xml.open(name.to_owned());
                write_parts(xml, parts(&inner), text_only || TEXT_GROUPS.contains(&name));
                xml.close();
            }
        }
    }
}

/// The same as an object; repeated elements become an array.
pub(crate) fn to_json(fields: &Fields) -> Map<String, Value> {
    object(parts(&pairs(fields)), false)
}

fn object(parts_of: Vec<Part<'_>>, text_only: bool) -> Map<String, Value> {
    let mut out = Map::new();
    for part in parts_of {
        let (name, value) = match part {
            Part::Leaf { name, value } => (name, leaf(name, value, text_only)),
            Part::Group { name, inner, .. } => {
                let text_only = text_only || TEXT_GROUPS.contains(&name);
                (name, Value::Object(object(parts(&inner), text_only)))
            }
        };
        match out.get_mut(name) {
            Some(Value::Array(list)) => list.push(value),
            Some(first) => *first = json!([first.take(), value]),
            None => {
                out.insert(name.to_owned(), value);
            }
        }
    }
    out
}

fn leaf(name: &str, value: &str, text_only: bool) -> Value {
    if text_only || !is_number(name, value) {
        return json!(value);
    }
    let number = value.parse::<u64>().map(Number::from).ok();
    number.or_else(|| Number::from_f64(value.parse().ok()?)).map_or_else(|| json!(value), Value::Number)
}

/// The fields of a JSON object: groups as objects, repeated elements as arrays, or both as dotted names. `MsgType`, `Event`
/// and `EventKey` come first, as WeChat has them.
///
/// # Errors
/// What cannot be an element of a message.
pub(crate) fn from_json(object: &Map<String, Value>) -> Result<Vec<(String, String)>, String> {
    let mut out = Vec::new();
    let first = ["MsgType", "Event", "EventKey"];
    let ranked = |name: &str| first.iter().position(|known| *known == name).unwrap_or(first.len());
    let mut names: Vec<&String> = object.keys().collect();
    names.sort_by_key(|name| ranked(name));
    for name in names {
        flatten(name, object.get(name).unwrap_or(&Value::Null), 1, &mut out)?;
    }
    Ok(out)
}

fn flatten(way: &str, value: &Value, depth: usize, out: &mut Vec<(String, String)>) -> Result<(), String> {
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !way.split('.').all(plain) || way.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(format!("{way:?} cannot be the name of an element"));
    }
    if depth > DEEPEST || way.split('.').count() > 2 * DEEPEST || out.len() >= MOST {
        return Err("too many fields, or too deep".to_owned());
    }
    match value {
        Value::String(text) => out.push((way.to_owned(), text.clone())),
        Value::Number(number) => out.push((way.to_owned(), number.to_string())),
        Value::Bool(_) | Value::Null => return Err(format!("{way} must be text, a number, an object or an array")),
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                flatten(&format!("{way}.{index}"), value, depth, out)?;
            }
        }
        Value::Object(inner) => {
            for (name, value) in inner {
                flatten(&format!("{way}.{name}"), value, depth + 1, out)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn xml(fields: &Fields) -> String {
        let mut xml = XmlWriter::new();
        write_xml(&mut xml, fields);
        xml.finish()
    }

    fn of(value: Value) -> Vec<(String, String)> {
        from_json(value.as_object().unwrap()).unwrap()
    }

    #[test]
    fn nested_and_repeated_elements_as_in_wechats_samples() {
        let fields = of(json!({
            "EventKey": "6", "Event": "pic_weixin", "MsgType": "event",
            "SendPicsInfo": {"Count": 2, "PicList": {"item": [{"PicMd5Sum": "1b"}, {"PicMd5Sum": "2c"}]}},
        }));
        assert_eq!(
            xml(&fields),
            "<xml><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[pic_weixin]]></Event><EventKey><![CDATA[6]]></EventKey>\
             <SendPicsInfo><Count>2</Count><PicList><item><PicMd5Sum><![CDATA[1b]]></PicMd5Sum></item>\
             <item><PicMd5Sum><![CDATA[2c]]></PicMd5Sum></item></PicList></SendPicsInfo></xml>"
        );
        let back = Value::Object(to_json(&fields));
        assert_eq!(back.pointer("/SendPicsInfo/PicList/item/1/PicMd5Sum"), Some(&json!("2c")));
        assert_eq!(back.pointer("/SendPicsInfo/Count"), Some(&json!(2)));
    }

    #[test]
    fn numbers_are_bare_where_wechat_has_them_so() {
        let fields = of(json!({"Latitude": "23.137466", "Content": "42", "Scale": 20, "MsgId": "24000000000000001"}));
        let xml_of = xml(&fields);
        for part in ["<Latitude>23.137466<", "<Content><![CDATA[42]]>", "<Scale>20<", "<MsgId>24000000000000001<"] {
            assert!(xml_of.contains(part), "{xml_of}");
        }
        let fields = of(json!({"SendLocationInfo.Scale": "15", "SendLocationInfo.Location_X": "23.1"}));
        assert!(
            xml(&fields).contains("<SendLocationInfo><Location_X><![CDATA[23.1]]></Location_X><Scale><![CDATA[15]]>")
        );
        assert_eq!(to_json(&of(json!({"Location_X": "-1.5"})))["Location_X"], json!(-1.5));
    }

    #[test]
    fn what_cannot_be_a_message_is_refused() {
        for wrong in [json!({"a b": "x"}), json!({"<x>": "y"}), json!({"A": null}), json!({"": "x"}), json!({"1": "x"})]
        {
            assert!(from_json(wrong.as_object().unwrap()).is_err(), "{wrong}");
        }
    }
}
