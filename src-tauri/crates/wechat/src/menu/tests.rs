use super::*;
use serde_json::json;

#[test]
fn every_type_has_its_wire_name() {
    for kind in ButtonType::ALL {
        assert_eq!(serde_json::to_value(&kind).unwrap(), json!(kind.as_str()));
        assert_eq!(serde_json::from_value::<ButtonType>(json!(kind.as_str())).unwrap(), kind);
        assert_eq!(ButtonType::from_name(kind.as_str()), Some(kind));
    }
    assert_eq!(ButtonType::from_name("text"), None);
}

#[test]
fn widths_follow_the_official_editor() {
    for (text, width) in
        [("", 0), ("abc", 3), ("中文", 4), ("a中", 3), ("ｱ", 1), ("～", 2), ("\u{7f}", 2), ("é", 2), ("😀", 4)]
    {
        assert_eq!(name_units(text), width, "{text}");
    }
    assert_eq!(cut_to_units("一二三四五", SHOWN_NAME_UNITS), "一二三四");
    assert_eq!(cut_to_units("abcdefghi", SHOWN_NAME_UNITS), "abcdefgh");
    assert_eq!(cut_to_units("一二三a四", SHOWN_NAME_UNITS), "一二三a");
    assert_eq!(cut_to_units("short", SHOWN_SUB_NAME_UNITS), "short");
}
