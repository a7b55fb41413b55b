use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::xml::{MAX_DEPTH, MAX_DOCUMENT_BYTES, MAX_ELEMENTS};

const PICTURES: &str = "<xml><A>1</A><Info><Count>2</Count><List><item><M><![CDATA[a]]></M></item>\
                        <item><M><![CDATA[b<]]></M><N/></item></List></Info></xml>";

#[test]
fn rows_have_paths_with_an_index_where_names_are_repeated() {
    let node = tree(PICTURES.as_bytes()).unwrap();
    let rows: Vec<_> =
        node.walk().into_iter().map(|row| (row.path, row.name.to_owned(), row.text, row.depth, row.group)).collect();
    let row = |path: &str, text, depth, group| {
        let name = path.rsplit('.').find(|name| name.parse::<usize>().is_err()).unwrap();
        (path.to_owned(), name.to_owned(), text, depth, group)
    };
    assert_eq!(
        rows,
        [
            row("A", "1", 0, false),
            row("Info", "", 0, true),
            row("Info.Count", "2", 1, false),
            row("Info.List", "", 1, true),
            row("Info.List.item.0", "", 2, true),
            row("Info.List.item.0.M", "a", 3, false),
            row("Info.List.item.1", "", 2, true),
            row("Info.List.item.1.M", "b<", 3, false),
            row("Info.List.item.1.N", "", 3, false),
        ]
    );
}

#[test]
fn xml_is_indented_and_keeps_its_cdata() {
    let node = tree(PICTURES.as_bytes()).unwrap();
    assert_eq!(
        node.pretty(),
        "<xml>\n  <A>1</A>\n  <Info>\n    <Count>2</Count>\n    <List>\n      <item>\n        <M><![CDATA[a]]></M>\n      \
         </item>\n      <item>\n        <M><![CDATA[b<]]></M>\n        <N></N>\n      </item>\n    </List>\n  </Info>\n</xml>"
    );
    let odd = tree(b"<xml><A>a&amp;<![CDATA[]]]]><![CDATA[>]]></A><B>&lt;</B>t<C x='1'/><!-- c --></xml>").unwrap();
    assert_eq!(odd.pretty(), "<xml>\n  t\n  <A><![CDATA[a&]]]]><![CDATA[>]]></A>\n  <B>&lt;</B>\n  <C></C>\n</xml>");
    assert_eq!(tree(b"<xml/>").unwrap().pretty(), "<xml></xml>");
}

#[test]
fn json_is_indented_in_its_own_order_with_its_own_numbers() {
    let json = br#"{"b":"x\u4f60\"","a":1.50,"id":18446744073709551616,"n":null,"e":{},"l":[],
        "L":[{"t":"1"},[true,[]],7],"one":["x"],"o":{"k":"v"}}"#;
    let node = tree(json).unwrap();
    assert!(node.is_json());
    assert_eq!(
        node.pretty(),
        "{\n  \"b\": \"x你\\\"\",\n  \"a\": 1.50,\n  \"id\": 18446744073709551616,\n  \"n\": null,\n  \"e\": {},\n  \
         \"l\": [],\n  \"L\": [\n    {\n      \"t\": \"1\"\n    },\n    [\n      true,\n      []\n    ],\n    7\n  ],\n  \
         \"one\": [\n    \"x\"\n  ],\n  \"o\": {\n    \"k\": \"v\"\n  }\n}"
    );
    let rows: Vec<_> = node.walk().into_iter().map(|row| (row.path, row.text)).collect();
    let expected = [
        ("b", "x你\""),
        ("a", "1.50"),
        ("id", "18446744073709551616"),
        ("n", "null"),
        ("e", ""),
        ("l", ""),
        ("L.0", ""),
        ("L.0.t", "1"),
        ("L.1", ""),
        ("L.1.item.0", "true"),
        ("L.1.item.1", ""),
        ("L.2", "7"),
        ("one", "x"),
        ("o", ""),
        ("o.k", "v"),
    ];
    assert_eq!(rows, expected.map(|(path, text)| (path.to_owned(), text)));
    assert_eq!(
        node.to_json(),
        serde_json::json!({"b": "x你\"", "a": "1.50", "id": "18446744073709551616", "n": "", "e": {}, "l": [],
            "L": [{"t": "1"}, ["true", []], "7"], "one": ["x"], "o": {"k": "v"}})
    );
    assert_eq!(tree(b"{}").unwrap().pretty(), "{}");
}

#[test]
fn xml_as_json() {
    assert_eq!(
        tree(PICTURES.as_bytes()).unwrap().to_json(),
        serde_json::json!({"A": "1", "Info": {"Count": "2", "List": {"item": [{"M": "a"}, {"M": "b<", "N": ""}]}}})
    );
    assert_eq!(
        tree(b"<xml><A>t<B>1</B></A></xml>").unwrap().to_json(),
        serde_json::json!({"A": {"#text": "t", "B": "1"}})
    );
    assert_eq!(tree(b"<xml></xml>").unwrap().to_json(), serde_json::json!({}));
}

#[test]
fn limits_hold_for_both_forms() {
    let deep = |n: usize| (format!("<xml>{}{}</xml>", "<a>".repeat(n), "</a>".repeat(n)), "{\"a\":".repeat(n));
    let (xml, json) = deep(MAX_DEPTH - 1);
    assert!(tree(xml.as_bytes()).is_ok());
    assert!(tree(format!("{json}1{}", "}".repeat(MAX_DEPTH - 1)).as_bytes()).is_ok());
    let (xml, json) = deep(MAX_DEPTH);
    assert_eq!(tree(xml.as_bytes()), Err(XmlError::TooDeep));
    assert_eq!(tree(format!("{json}1{}", "}".repeat(MAX_DEPTH)).as_bytes()), Err(XmlError::TooDeep));
    let lists = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(tree(lists.as_bytes()), Err(XmlError::TooDeep));
    let wide = |n: usize| format!("{{\"a\":[1{}]}}", ",1".repeat(n - 1));
    assert_eq!(tree(wide(MAX_ELEMENTS - 1).as_bytes()).unwrap().children.len(), MAX_ELEMENTS - 1);
    assert_eq!(tree(wide(MAX_ELEMENTS).as_bytes()), Err(XmlError::TooDeep));
    let name = "n".repeat(MAX_NAME_BYTES + 1);
    assert_eq!(tree(format!("<xml><{name}/></xml>").as_bytes()), Err(XmlError::Malformed));
    assert_eq!(tree(format!("{{\"{name}\":1}}").as_bytes()), Err(XmlError::Malformed));
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(MAX_DOCUMENT_BYTES));
    assert_eq!(tree(large.as_bytes()), Err(XmlError::TooLarge));
}

#[test]
fn what_is_neither_is_refused() {
    for (document, error) in [
        ("", XmlError::Malformed),
        ("success", XmlError::Malformed),
        ("[1]", XmlError::Malformed),
        ("{\"a\":1", XmlError::Malformed),
        ("{\"a\":1,}", XmlError::Malformed),
        ("{\"a\":01}", XmlError::Malformed),
        ("{\"a\":\"\\ud800\"}", XmlError::Malformed),
        ("{\"a\":1} x", XmlError::Malformed),
        ("<!DOCTYPE x><xml/>", XmlError::Doctype),
        ("<json/>", XmlError::Root),
    ] {
        assert_eq!(tree(document.as_bytes()), Err(error), "{document}");
    }
    assert_eq!(tree(b"{\"a\":\"\xff\"}"), Err(XmlError::NotUtf8));
    assert!(tree(b"\xef\xbb\xbf \n{\"a\":1}").is_ok());
}

#[test]
fn secrets_are_masked_where_they_stand() {
    let document = "<xml>\n<AppId><![CDATA[wx]]></AppId>  <AuthorizationCode><![CDATA[queryauthcode@@@abc]]></AuthorizationCode>\
                    <Other>queryauthcode@@@abc</Other><PreAuthCode>preauthcode@@@d</PreAuthCode>\n</xml>";
    let masked = masked_document(document.as_bytes()).unwrap();
    assert_eq!(
        masked,
        "<xml>\n<AppId><![CDATA[wx]]></AppId>  <AuthorizationCode><![CDATA[***]]></AuthorizationCode>\
         <Other>***</Other><PreAuthCode>***</PreAuthCode>\n</xml>"
    );
    // What cannot be found as it stands, or is too short to be looked for, is masked in the indented form.
    for (document, expected) in [
        (
            "<xml><PreAuthCode>preauthcode&#64;@@d</PreAuthCode></xml>",
            "<xml>\n  <PreAuthCode>***</PreAuthCode>\n</xml>",
        ),
        ("<xml><PreAuthCode>x</PreAuthCode></xml>", "<xml>\n  <PreAuthCode>***</PreAuthCode>\n</xml>"),
        (
            "<xml><PreAuthCode><a>x</a></PreAuthCode></xml>",
            "<xml>\n  <PreAuthCode>\n    <a>***</a>\n  </PreAuthCode>\n</xml>",
        ),
        ("{\"auth_code\":123}", "{\n  \"auth_code\": \"***\"\n}"),
    ] {
        assert_eq!(masked_document(document.as_bytes()).unwrap(), expected);
    }
    let nothing = "<xml>\n<A>x</A></xml> ";
    assert_eq!(masked_document(nothing.as_bytes()).unwrap(), nothing);
    assert_eq!(masked_document(b"ticket@@@x"), Err(XmlError::Malformed));
}

/// Documents that are nearly right: they reach deeper than noise does.
fn nearly() -> impl Strategy<Value = String> {
    let pieces = "(<xml>|</xml>|<a>|</a>|<b/>|<!\\[CDATA\\[|\\]\\]>|&amp;|&#64;|<!DOCTYPE x>|\\{|\\}|\\[|\\]|\"a\"|\"auth_code\"|:|,|\"|\\\\|null|1\\.5e9|<PreAuthCode>|</PreAuthCode>|preauthcode@@@|[ \n]|\\PC){0,30}";
    let json = any::<i64>().prop_map(Value::from).boxed().prop_recursive(5, 32, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec(("[ab\"]{0,2}|auth_code", inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
            "\\PC{0,8}".prop_map(Value::from),
            Just(Value::Null),
        ]
    });
    let elements = vec(("[a-c]", "[a-z&;<>\\]]{0,4}"), 0..6).prop_map(|elements| {
        let inside: String =
            elements.iter().map(|(name, text)| format!("<{name}><![CDATA[{text}]]></{name}>")).collect();
        format!("<xml><x>{inside}</x>{inside}</xml>")
    });
    prop_oneof![pieces, json.prop_map(|json| json!({ "r": json }).to_string()), elements]
}

use serde_json::json;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2048) })]

    #[test]
    fn no_document_makes_the_tree_panic_and_the_indented_one_is_the_same(document in nearly()) {
        let masked = masked_document(document.as_bytes());
        let _ = crate::message::parse_message(document.as_bytes());
        let Ok(node) = tree(document.as_bytes()) else {
            prop_assert!(masked.is_err());
            return Ok(());
        };
        let again = tree(node.pretty().as_bytes()).unwrap();
        prop_assert_eq!(node.pretty(), again.pretty());
        prop_assert!(again == node, "{}", document);
        let rows = node.walk().len();
        let mut all_masked = node.clone();
        all_masked.mask();
        prop_assert_eq!(all_masked.walk().len(), rows);
        let _ = node.to_json();
        let line = crate::message::summary(&node);
        prop_assert!(line.chars().count() <= crate::message::SUMMARY_CHARS && !line.contains('\n'));
        prop_assert!(!line.contains("preauthcode@@@x"));
    }

    #[test]
    fn bytes_make_nothing_panic(bytes in vec(any::<u8>(), 0..256)) {
        let _ = tree(&bytes);
        let _ = masked_document(&bytes);
    }

    /// serde_json takes and refuses what the scan does, and finds the same texts and structure.
    #[test]
    fn the_scan_of_json_agrees_with_serde_json(text in "(\\{|\\}|\\[|\\]|\"a\"|\"b\"|:|,|null|\\-?[0-9.e]{1,4}|\"\\\\\\\\\"|\"\\\\\"\"|[ \n]){0,16}") {
        let document = format!("{{\"r\":{text}}}");
        prop_assert_eq!(tree(document.as_bytes()).is_ok(), serde_json::from_str::<Value>(&document).is_ok(), "{}", document);
        if let (Ok(node), Ok(value)) = (tree(document.as_bytes()), serde_json::from_str::<Value>(&document)) {
            let again: Value = serde_json::from_str(&node.pretty()).unwrap();
            // A member that is there twice counts once for serde_json.
            if document.matches("\":").count() == node.walk().len() {
                prop_assert_eq!(again, value, "{}", document);
            }
        }
    }
}
