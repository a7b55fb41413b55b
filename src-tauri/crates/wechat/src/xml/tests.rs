use super::*;

/// Collects what the flat readers report.
#[derive(Default, Debug, PartialEq, Eq)]
struct Seen(Vec<(String, String)>);

impl<'a> FieldSink<'a> for Seen {
    fn field(&mut self, name: &str, value: Cow<'a, str>) -> Result<(), XmlError> {
        self.0.push((name.to_owned(), value.into_owned()));
        Ok(())
    }
}

fn flat(document: &str) -> Result<Vec<(String, String)>, XmlError> {
    read_flat::<Seen>(document.as_bytes()).map(|seen| seen.0)
}

/// Only quick-xml, without the fast pass.
fn slow(document: &str) -> Result<Vec<(String, String)>, XmlError> {
    let mut reading =
        FlatFromTokens { sink: Seen::default(), depth: 0, name: String::new(), text: Cow::Borrowed(""), leaf: false };
    walk(document, |token| reading.token(token))?;
    Ok(reading.sink.0)
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[test]
fn the_plain_shape_is_read_alike_by_both_passes() {
    let document =
        "<xml>\n <A><![CDATA[x]]></A>\n<B>12</B><C></C><D><![CDATA[]]></D><E_1><![CDATA[a]b]]c<d>&e]]></E_1>\n</xml>\n";
    let expected = pairs(&[("A", "x"), ("B", "12"), ("C", ""), ("D", ""), ("E_1", "a]b]]c<d>&e")]);
    let mut sink = Seen::default();
    assert_eq!(read_plain(document, &mut sink), Some(Ok(())), "the fast pass must take this shape");
    assert_eq!(sink.0, expected);
    assert_eq!(slow(document).unwrap(), expected);
}

#[test]
fn what_is_not_plain_is_left_to_the_other_pass() {
    for (document, expected) in [
        ("<?xml version=\"1.0\"?><xml><A>x</A></xml>", pairs(&[("A", "x")])),
        ("\u{feff}<xml><A>x</A></xml>", pairs(&[("A", "x")])),
        ("<xml><A>a&amp;b&#65;&lt;</A></xml>", pairs(&[("A", "a&bA<")])),
        ("<xml><A>a<![CDATA[<b>]]>c</A></xml>", pairs(&[("A", "a<b>c")])),
        ("<xml><!-- c --><A/><B x='1'>y</B></xml>", pairs(&[("A", ""), ("B", "y")])),
        ("<xml><N><M>1</M></N><A>x</A></xml>", pairs(&[("A", "x")])),
        ("<xml><N>t<M>1</M>t</N></xml>", pairs(&[])),
        ("<xml ><A >x</A ></xml >", pairs(&[("A", "x")])),
        ("<xml/>", pairs(&[])),
        ("<xml></xml>", pairs(&[])),
        ("<xml><A>x</A></xml><!-- end -->", pairs(&[("A", "x")])),
        ("<xml><A><![CDATA[]]]]><![CDATA[>]]></A></xml>", pairs(&[("A", "]]>")])),
    ] {
        assert_eq!(flat(document).unwrap(), expected, "{document}");
    }
}

#[test]
fn document_types_and_entities_are_refused_everywhere() {
    for document in [
        "<!DOCTYPE xml><xml><A>x</A></xml>",
        "<!DOCTYPE xml [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><xml><A>&e;</A></xml>",
        "<!doctype xml><xml/>",
        "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;\">]><xml><A>&lol2;</A></xml>",
        "<xml><!DOCTYPE x><A>x</A></xml>",
        "<xml><A>x</A></xml><!DOCTYPE x>",
        "<xml><A><!ENTITY e \"x\"></A></xml>",
        "<xml><A>&e;</A></xml>",
        "<xml><A>&nbsp;</A></xml>",
    ] {
        assert!(flat(document).is_err(), "{document}");
        assert!(XmlFields::parse(document.as_bytes()).is_err(), "{document}");
    }
    assert_eq!(flat("<!DOCTYPE xml><xml/>"), Err(XmlError::Doctype));
    assert_eq!(flat("<xml><A>&e;</A></xml>"), Err(XmlError::Entity));
    // A follower may write one: inside CDATA it is text.
    assert_eq!(flat("<xml><A><![CDATA[<!DOCTYPE html>]]></A></xml>").unwrap(), pairs(&[("A", "<!DOCTYPE html>")]));
}

#[test]
fn what_is_not_well_formed_is_refused() {
    for document in [
        "",
        " ",
        "xml",
        "<xml>",
        "</xml>",
        "<xml><A>x</A>",
        "<xml><A>x</B></xml>",
        "<xml><A>x</xml></A>",
        "<xml><A>x</A></xml><xml></xml>",
        "<xml><A>x</A></xml>tail",
        "head<xml></xml>",
        "<xml><A><![CDATA[x</A></xml>",
        "<xml><A x>y</A></xml>",
        "<xml><A x=1>y</A></xml>",
        "<xml><A x='1' x='2'>y</A></xml>",
        "<xml><A>&</A></xml>",
        "<xml><A>&#0;</A></xml>",
        "<xml><A>&#xffffffff;</A></xml>",
        "<xml><>x</></xml>",
        "<xml><?xml version='1.0'?></xml>",
        "<![CDATA[x]]>",
        "&amp;<xml/>",
        "{}",
    ] {
        assert!(flat(document).is_err(), "{document}");
        assert!(XmlFields::parse(document.as_bytes()).is_err(), "{document}");
    }
    assert_eq!(flat("<html></html>"), Err(XmlError::Root));
    assert_eq!(read_flat::<Seen>(b"<xml><A>\xff</A></xml>"), Err(XmlError::NotUtf8));
}

#[test]
fn limits_hold() {
    let deep = |n: usize| format!("<xml>{}{}</xml>", "<a>".repeat(n), "</a>".repeat(n));
    assert!(XmlFields::parse(deep(MAX_DEPTH - 1).as_bytes()).is_ok());
    assert_eq!(XmlFields::parse(deep(MAX_DEPTH).as_bytes()).unwrap_err(), XmlError::TooDeep);
    let wide = |n: usize| format!("<xml>{}</xml>", "<a>1</a>".repeat(n));
    assert_eq!(flat(&wide(MAX_ELEMENTS - 1)).unwrap().len(), MAX_ELEMENTS - 1);
    assert_eq!(flat(&wide(MAX_ELEMENTS)), Err(XmlError::TooDeep));
    let large = format!("<xml><a>{}</a></xml>", "x".repeat(MAX_DOCUMENT_BYTES));
    assert_eq!(flat(&large), Err(XmlError::TooLarge));
}

#[test]
fn trees_keep_nesting_and_unknown_elements() {
    let fields = XmlFields::parse(
        b"<xml><A> 1 </A><info><name><![CDATA[n]]></name><more><x>y</x></more></info><list><i>1</i></list><list><i>2</i></list></xml>",
    )
    .unwrap();
    assert_eq!(fields.get("A"), Some("1"));
    assert_eq!(fields.number("A"), Ok(Some(1)));
    assert_eq!(fields.number("missing"), Ok(None));
    assert_eq!(fields.child("info").unwrap().get("name"), Some("n"));
    assert_eq!(fields.child("info").unwrap().child("more").unwrap().get("x"), Some("y"));
    let lists: Vec<_> = fields.all("list").filter_map(|node| node.get("i")).collect();
    assert_eq!(lists, ["1", "2"]);
    assert_eq!(fields.require("nope"), Err(XmlError::Missing("nope")));
    assert_eq!(fields.child("info").unwrap().number("name"), Err(XmlError::NotANumber("name")));
    assert_eq!(fields.root().name(), "xml");
    assert_eq!(fields.children().len(), 4);
}

#[test]
fn values_are_cdata_exactly_and_other_text_without_the_blanks_around_it() {
    let fields = XmlFields::parse(
        b"<xml><A>\n <![CDATA[ x\n]]>\n </A><B> 1 </B><C>a <![CDATA[b]]> c</C><D><![CDATA[]]]]><![CDATA[>]]></D></xml>",
    )
    .unwrap();
    let values: Vec<_> = fields.children().iter().map(|node| (node.value(), node.is_cdata())).collect();
    assert_eq!(values, [(" x\n", true), ("1", false), ("a b c", true), ("]]>", true)]);
}

#[test]
fn debug_shows_names_only() {
    let fields = XmlFields::parse(b"<xml><T>ticket@@@secret</T></xml>").unwrap();
    let shown = format!("{fields:?}");
    assert!(shown.contains('T') && !shown.contains("secret"));
}

#[test]
fn written_documents_read_back() {
    let mut xml = XmlWriter::new();
    xml.cdata("A", "a]]>b<&>")
        .text("B", "<&>")
        .number("C", -5)
        .open("D")
        .cdata("E", "e")
        .open("F")
        .close()
        .close()
        .close();
    let text = xml.finish();
    let fields = XmlFields::parse(text.as_bytes()).unwrap();
    assert_eq!(fields.get("A"), Some("a]]>b<&>"));
    assert_eq!(fields.get("B"), Some("<&>"));
    assert_eq!(fields.number("C"), Ok(Some(-5)));
    assert_eq!(fields.child("D").unwrap().get("E"), Some("e"));
    let mut open = XmlWriter::new();
    open.open("A").open("B");
    assert_eq!(open.finish(), "<xml><A><B></B></A></xml>");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..proptest::prelude::ProptestConfig::with_cases(4096) })]

    /// Whatever the fast pass accepts, quick-xml accepts too and reads alike; so the fast pass opens no door.
    #[test]
    fn the_fast_pass_never_accepts_more_than_the_other(
        fields in proptest::collection::vec(
            ("[A-Za-z_0-9]{1,2}", "[ \n]{0,1}(<!\\[CDATA\\[)?[a-z<>&\\]!\\[ é]{0,5}(\\]\\]>)?[a-z ]{0,1}", "[ \n\u{c}x]{0,1}"), 0..4),
        noise in "[ \n<>/x]{0,2}",
    ) {
        let body: String = fields.iter().map(|(name, value, gap)| format!("<{name}>{value}</{name}>{gap}")).collect();
        for document in [format!("<xml>{body}</xml>{noise}"), format!("{noise}<xml>{body}</xml>"), format!("<xml>{body}{noise}</xml>")] {
            let mut fast = Seen::default();
            if let Some(Ok(())) = read_plain(&document, &mut fast) {
                proptest::prop_assert_eq!(slow(&document), Ok(fast.0), "{}", document);
            }
        }
    }
}
