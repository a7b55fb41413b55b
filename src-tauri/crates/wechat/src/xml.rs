//! The little XML that WeChat speaks: a flat `<xml>` root, CDATA or bare text, now and then one more level.
//!
//! Owns: reading untrusted documents and writing replies.
//! Must not: resolve an external or declared entity; a DOCTYPE anywhere is refused (XXE, billion laughs).
//! Invariant: no input makes a reader panic, and no error text holds a part of the document.
//!
//! Two readers share one definition of "well formed": a hand-written pass for the exact shape that WeChat sends
//! (no allocation, used on every push), and quick-xml for everything else. The first only ever says "not that shape".

use std::borrow::Cow;
use std::fmt;

use quick_xml::events::Event;

/// The largest document that is read, in bytes: the listener refuses larger bodies too (interfaces: 1 MiB).
pub const MAX_DOCUMENT_BYTES: usize = 1 << 20;
/// Deeper nesting than any documented push (4 levels in `SubscribeMsgPopupEvent`), with room to spare.
pub const MAX_DEPTH: usize = 16;
/// More elements than any documented push by two orders of magnitude.
pub const MAX_ELEMENTS: usize = 10_000;

/// Why a document was refused. Never holds a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// Over [`MAX_DOCUMENT_BYTES`].
    #[error("the document is larger than 1 MiB")]
    TooLarge,
    /// Not UTF-8.
    #[error("the document is not UTF-8")]
    NotUtf8,
    /// A DOCTYPE, and with it possibly entity declarations.
    #[error("a document type or entity declaration is not accepted")]
    Doctype,
    /// An entity other than the five of XML itself and character references.
    #[error("an entity reference is not accepted")]
    Entity,
    /// Not well formed.
    #[error("the document is not well formed")]
    Malformed,
    /// The root element is not `<xml>`.
    #[error("the root element is not <xml>")]
    Root,
    /// Over [`MAX_DEPTH`] or [`MAX_ELEMENTS`].
    #[error("the document is nested too deeply or has too many elements")]
    TooDeep,
    /// A required element is absent.
    #[error("the element {0} is missing")]
    Missing(&'static str),
    /// An element that holds a number holds something else.
    #[error("the element {0} is not a number")]
    NotANumber(&'static str),
    /// An element that may appear once appears again, so two readers could disagree about its value.
    #[error("the element {0} appears twice")]
    Duplicate(&'static str),
}

impl XmlError {
    /// The code of WXBizMsgCrypt for unreadable XML.
    pub fn code(&self) -> i32 {
        -40002
    }
}

/// Receives the leaf children of the root, one by one.
pub(crate) trait FieldSink<'a>: Default {
    /// One `<name>value</name>`; nested elements are not reported.
    fn field(&mut self, name: &str, value: Cow<'a, str>) -> Result<(), XmlError>;
}

/// Reads the leaf children of the root in one pass.
pub(crate) fn read_flat<'a, S: FieldSink<'a>>(document: &'a [u8]) -> Result<S, XmlError> {
    let text = as_text(document)?;
    let mut sink = S::default();
    if let Some(done) = read_plain(text, &mut sink) {
        return done.map(|()| sink);
    }
    // The fast pass may have reported fields before it met something unusual: start over with a fresh sink.
    let mut slow =
        FlatFromTokens { sink: S::default(), depth: 0, name: String::new(), text: Cow::Borrowed(""), leaf: false };
    walk(text, |token| slow.token(token))?;
    Ok(slow.sink)
}

pub(crate) fn as_text(document: &[u8]) -> Result<&str, XmlError> {
    if document.len() > MAX_DOCUMENT_BYTES {
        return Err(XmlError::TooLarge);
    }
    let text = std::str::from_utf8(document).map_err(|_| XmlError::NotUtf8)?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The fast pass. `None` means "not the plain shape, ask quick-xml", never "malformed".
fn read_plain<'a, S: FieldSink<'a>>(document: &'a str, sink: &mut S) -> Option<Result<(), XmlError>> {
    let mut rest = document.trim_ascii().strip_prefix("<xml>")?.strip_suffix("</xml>")?;
    for _ in 0..MAX_ELEMENTS {
        rest = rest.trim_ascii_start();
        if rest.is_empty() {
            return Some(Ok(()));
        }
        let after = rest.strip_prefix('<')?;
        let name_len = after.bytes().position(|b| b == b'>')?;
        let (name, mut after) = after.split_at(name_len);
        if !is_plain_name(name) {
            return None;
        }
        after = &after[1..];
        let value = if let Some(section) = after.strip_prefix("<![CDATA[") {
            let end = find_cdata_end(section)?;
            after = &section[end + 3..];
            &section[..end]
        } else {
            let end = after.find('<')?;
            let value = &after[..end];
            if value.bytes().any(|b| b == b'&' || b == b']') {
                return None;
            }
            after = &after[end..];
            value
        };
        rest = after.strip_prefix("</")?.strip_prefix(name)?.strip_prefix('>')?;
        if let Err(error) = sink.field(name, Cow::Borrowed(value)) {
            return Some(Err(error));
        }
    }
    None
}

fn is_plain_name(name: &str) -> bool {
    name.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn find_cdata_end(section: &str) -> Option<usize> {
    // A search for the single byte is vectorised by the standard library, one for the three bytes is not.
    let mut from = 0;
    loop {
        let at = from + section.get(from..)?.find(']')?;
        if section.as_bytes().get(at + 1..at + 3) == Some(b"]>") {
            return Some(at);
        }
        from = at + 1;
    }
}

/// What a well-formed document is made of, seen in order.
enum Token<'a, 'n> {
    Open(&'n str),
    Text(Cow<'a, str>),
    CData(Cow<'a, str>),
    Close,
}

/// Reads any document with quick-xml and reports its tokens; everything that is refused is refused here.
fn walk<'a>(
    document: &'a str,
    mut on_token: impl FnMut(Token<'a, '_>) -> Result<(), XmlError>,
) -> Result<(), XmlError> {
    let mut reader = quick_xml::Reader::from_str(document);
    let (mut depth, mut elements, mut rooted) = (0_usize, 0_usize, false);
    loop {
        let event = reader.read_event().map_err(|_| XmlError::Malformed)?;
        match event {
            Event::Start(ref start) | Event::Empty(ref start) => {
                for attribute in start.attributes() {
                    attribute.map_err(|_| XmlError::Malformed)?;
                }
                elements += 1;
                if depth >= MAX_DEPTH || elements > MAX_ELEMENTS {
                    return Err(XmlError::TooDeep);
                }
                let name = start.name();
                let name: &str = name.as_ref();
                if name.is_empty() {
                    return Err(XmlError::Malformed);
                }
                if depth == 0 {
                    if rooted {
                        return Err(XmlError::Malformed);
                    }
                    if name != "xml" {
                        return Err(XmlError::Root);
                    }
                    rooted = true;
                }
                on_token(Token::Open(name))?;
                if matches!(event, Event::Empty(_)) {
                    on_token(Token::Close)?;
                } else {
                    depth += 1;
                }
            }
            Event::End(_) => {
                depth = depth.checked_sub(1).ok_or(XmlError::Malformed)?;
                on_token(Token::Close)?;
            }
            Event::Text(text) => {
                if depth > 0 {
                    on_token(Token::Text(text.into_inner()))?;
                } else if !text.trim_ascii().is_empty() {
                    return Err(XmlError::Malformed);
                }
            }
            Event::CData(section) => {
                if depth == 0 {
                    return Err(XmlError::Malformed);
                }
                on_token(Token::CData(section.into_inner()))?;
            }
            Event::GeneralRef(reference) => {
                if depth == 0 {
                    return Err(XmlError::Malformed);
                }
                on_token(Token::Text(resolve(&reference)?))?;
            }
            Event::DocType(_) => return Err(XmlError::Doctype),
            Event::Decl(_) if rooted || elements > 0 => return Err(XmlError::Malformed),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof => return if rooted && depth == 0 { Ok(()) } else { Err(XmlError::Malformed) },
        }
    }
}

/// The text of a reference: the five entities of XML and character references, nothing that could be declared.
fn resolve(reference: &quick_xml::events::BytesRef<'_>) -> Result<Cow<'static, str>, XmlError> {
    if reference.is_char_ref() {
        return match reference.resolve_char_ref() {
            Ok(Some(c)) => Ok(Cow::Owned(c.to_string())),
            _ => Err(XmlError::Malformed),
        };
    }
    let name: &str = reference;
    Ok(Cow::Borrowed(match name {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "apos" => "'",
        "quot" => "\"",
        _ => return Err(XmlError::Entity),
    }))
}

fn append<'a>(text: &mut Cow<'a, str>, more: Cow<'a, str>) {
    if text.is_empty() {
        *text = more;
    } else if !more.is_empty() {
        text.to_mut().push_str(&more);
    }
}

struct FlatFromTokens<'a, S> {
    sink: S,
    depth: usize,
    name: String,
    text: Cow<'a, str>,
    leaf: bool,
}

impl<'a, S: FieldSink<'a>> FlatFromTokens<'a, S> {
    fn token(&mut self, token: Token<'a, '_>) -> Result<(), XmlError> {
        match token {
            Token::Open(name) => {
                self.depth += 1;
                self.leaf = self.depth == 2;
                if self.leaf {
                    self.name.clear();
                    self.name.push_str(name);
                    self.text = Cow::Borrowed("");
                }
            }
            Token::Text(text) | Token::CData(text) => {
                if self.depth == 2 && self.leaf {
                    append(&mut self.text, text);
                }
            }
            Token::Close => {
                if self.depth == 2 && self.leaf {
                    self.sink.field(&self.name, std::mem::take(&mut self.text))?;
                }
                self.leaf = false;
                self.depth -= 1;
            }
        }
        Ok(())
    }
}

/// One element: its name, its own text, and its children in order.
#[derive(Default)]
pub struct XmlNode<'a> {
    name: String,
    text: Cow<'a, str>,
    cdata: bool,
    children: Vec<XmlNode<'a>>,
}

impl<'a> XmlNode<'a> {
    /// The element's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The element's own text, CDATA and entities resolved, not trimmed. Blanks beside a CDATA section are a
    /// pretty-printer's and not kept.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text as its writer meant it: CDATA exactly, anything else without the blanks around it.
    pub fn value(&self) -> &str {
        if self.cdata { &self.text } else { self.text.trim() }
    }

    /// Whether the text, or a part of it, is CDATA.
    pub fn is_cdata(&self) -> bool {
        self.cdata
    }

    /// The children in document order.
    pub fn children(&self) -> &[XmlNode<'a>] {
        &self.children
    }

    /// The first child called `name`.
    pub fn child(&self, name: &str) -> Option<&XmlNode<'a>> {
        self.children.iter().find(|node| node.name == name)
    }

    /// Every child called `name`.
    pub fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s XmlNode<'a>> {
        self.children.iter().filter(move |node| node.name == name)
    }

    /// The text of the first child called `name`, trimmed; `None` when absent or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.child(name).map(|node| node.text.trim()).filter(|text| !text.is_empty())
    }

    /// As [`XmlNode::get`], or an error naming the element.
    pub fn require(&self, name: &'static str) -> Result<&str, XmlError> {
        self.get(name).ok_or(XmlError::Missing(name))
    }

    /// The number in the first child called `name`; absent or empty is `None`.
    pub fn number(&self, name: &'static str) -> Result<Option<i64>, XmlError> {
        self.get(name).map(|text| text.parse().map_err(|_| XmlError::NotANumber(name))).transpose()
    }
}

impl fmt::Debug for XmlNode<'_> {
    /// Names only: texts may be tickets and codes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if !self.children.is_empty() {
            f.debug_list().entries(&self.children).finish()?;
        }
        Ok(())
    }
}

/// A whole small document as a tolerant tree: unknown elements are kept and ignored by whoever reads.
#[derive(Debug)]
pub struct XmlFields<'a>(XmlNode<'a>);

impl<'a> XmlFields<'a> {
    /// Reads `document`, whose root must be `<xml>`.
    ///
    /// # Errors
    /// Anything that is not well formed, any DOCTYPE, and documents over the limits of this module.
    pub fn parse(document: &'a [u8]) -> Result<Self, XmlError> {
        let text = as_text(document)?;
        let mut open: Vec<XmlNode<'a>> = Vec::new();
        let mut root = None;
        walk(text, |token| {
            match token {
                Token::Open(name) => open.push(XmlNode { name: name.to_owned(), ..XmlNode::default() }),
                Token::Text(text) => {
                    if let Some(node) = open.last_mut()
                        && !(node.cdata && text.trim().is_empty())
                    {
                        append(&mut node.text, text);
                    }
                }
                Token::CData(text) => {
                    if let Some(node) = open.last_mut() {
                        if !node.cdata && node.text.trim().is_empty() {
                            node.text = Cow::Borrowed("");
                        }
                        node.cdata = true;
                        append(&mut node.text, text);
                    }
                }
                Token::Close => {
                    if let Some(node) = open.pop() {
                        match open.last_mut() {
                            Some(parent) => parent.children.push(node),
                            None => root = Some(node),
                        }
                    }
                }
            }
            Ok(())
        })?;
        root.map(Self).ok_or(XmlError::Malformed)
    }

    /// The root element.
    pub fn root(&self) -> &XmlNode<'a> {
        &self.0
    }
}

impl<'a> std::ops::Deref for XmlFields<'a> {
    type Target = XmlNode<'a>;

    fn deref(&self) -> &XmlNode<'a> {
        &self.0
    }
}

/// Builds a document with an `<xml>` root. Names are ours and must be plain; values may be anything.
pub struct XmlWriter {
    out: String,
    open: Vec<Cow<'static, str>>,
}

impl Default for XmlWriter {
    fn default() -> Self {
        Self::new()
    }
}

impl XmlWriter {
    /// An empty document.
    pub fn new() -> Self {
        Self { out: String::from("<xml>"), open: Vec::new() }
    }

    /// `<name><![CDATA[value]]></name>`; a `]]>` inside the value is split over two sections.
    pub fn cdata(&mut self, name: &str, value: &str) -> &mut Self {
        self.tag(name, false);
        push_cdata(&mut self.out, value);
        self.tag(name, true);
        self
    }

    /// `<name>value</name>` with the characters that XML reserves escaped.
    pub fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.tag(name, false);
        push_text(&mut self.out, value);
        self.tag(name, true);
        self
    }

    /// `<name>123</name>`: numbers are bare in this protocol.
    pub fn number(&mut self, name: &str, value: i64) -> &mut Self {
        self.text(name, &value.to_string())
    }

    /// Opens a nested element.
    pub fn open(&mut self, name: impl Into<Cow<'static, str>>) -> &mut Self {
        let name = name.into();
        self.tag(&name, false);
        self.open.push(name);
        self
    }

    /// Closes the innermost element opened with [`XmlWriter::open`]; does nothing when there is none.
    pub fn close(&mut self) -> &mut Self {
        if let Some(name) = self.open.pop() {
            self.tag(&name, true);
        }
        self
    }

    /// The document; elements still open are closed.
    pub fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.out.push_str("</xml>");
        self.out
    }

    fn tag(&mut self, name: &str, end: bool) {
        self.out.push_str(if end { "</" } else { "<" });
        self.out.push_str(name);
        self.out.push('>');
    }
}

impl fmt::Debug for XmlWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("XmlWriter").field("len", &self.out.len()).field("open", &self.open).finish()
    }
}

pub(crate) fn push_text(out: &mut String, value: &str) {
    for c in value.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
}

pub(crate) fn push_cdata(out: &mut String, value: &str) {
    out.push_str("<![CDATA[");
    for (i, part) in value.split("]]>").enumerate() {
        if i > 0 {
            out.push_str("]]]]><![CDATA[>");
        }
        out.push_str(part);
    }
    out.push_str("]]>");
}

#[cfg(test)]
mod tests;
