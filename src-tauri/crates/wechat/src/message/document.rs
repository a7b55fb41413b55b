//! Any decrypted document, XML or JSON, as a tree: for a table of its fields, for reading it indented, for passing it on.
//!
//! Owns: the tree and what is made of it. Must not: know what a field means, but for those that are secret.
//! Invariant: document order, the limits of [`crate::xml`], and no panic on any input; `Debug` shows names only.

use std::collections::HashMap;
use std::fmt;

use serde_json::{Map, Value};

use super::json;
use super::summary::{MASK, is_secret_field, masked};
use crate::xml::{XmlError, XmlFields, XmlNode, as_text, push_cdata, push_text};

/// Longer than any documented name; without a limit the paths of many fields below a long name would be very long.
pub(super) const MAX_NAME_BYTES: usize = 128;
/// A secret that is shorter is not replaced where it stands: it could be a part of anything.
const SHORTEST_SECRET: usize = 8;

/// How a field was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// An element with bare text or with elements.
    Element,
    /// An element with CDATA.
    CData,
    /// A JSON object.
    Object,
    /// A JSON list that is an element of a list, or empty. Others are elements side by side.
    List,
    /// A JSON string.
    Text,
    /// A JSON number, `true`, `false` or `null`.
    Literal,
}

/// A field, with those in it. The elements of a JSON list stand side by side under the list's name, as repeated elements
/// of XML do.
#[derive(Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name; of the root `xml` or `json`.
    pub name: String,
    /// Its own text: CDATA exactly, other text without the blanks around it, numbers as written.
    pub text: String,
    /// The fields in it, in document order.
    pub children: Vec<Node>,
    pub(super) shape: Shape,
    /// It is an element of a JSON list.
    pub(super) listed: bool,
}

/// A row of [`Node::walk`].
#[derive(Clone, PartialEq, Eq)]
pub struct Field<'a> {
    /// Names from below the root on, joined by dots; behind a name that is repeated its index:
    /// `SendPicsInfo.PicList.item.0.PicMd5Sum`.
    pub path: String,
    /// The last name.
    pub name: &'a str,
    /// Its text; empty when it has fields only.
    pub text: &'a str,
    /// How deep, from 0.
    pub depth: usize,
    /// It has fields of its own, or could have: an object or list of JSON that is empty.
    pub group: bool,
}

impl fmt::Debug for Field<'_> {
    /// Without the text, which may be a code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}

/// Reads a document: JSON when it begins with `{`, XML otherwise. Attributes, comments and processing instructions of XML
/// are left out; WeChat sends none.
///
/// # Errors
/// What is not well formed, a DOCTYPE, another root than `<xml>` or an object, and documents over the limits of
/// [`crate::xml`].
pub fn tree(document: &[u8]) -> Result<Node, XmlError> {
    let text = as_text(document)?;
    if text.trim_ascii_start().starts_with('{') {
        return json::read(text);
    }
    from_xml(XmlFields::parse(document)?.root())
}

fn from_xml(xml: &XmlNode<'_>) -> Result<Node, XmlError> {
    if xml.name().len() > MAX_NAME_BYTES {
        return Err(XmlError::Malformed);
    }
    Ok(Node {
        name: xml.name().to_owned(),
        text: xml.value().to_owned(),
        children: xml.children().iter().map(from_xml).collect::<Result<_, _>>()?,
        shape: if xml.is_cdata() { Shape::CData } else { Shape::Element },
        listed: false,
    })
}

/// The document as it came, with `***` in place of every secret; indented when a secret cannot be found where it stands.
///
/// # Errors
/// As [`tree`]: what cannot be read cannot be masked.
pub fn masked_document(document: &[u8]) -> Result<String, XmlError> {
    let mut node = tree(document)?;
    let mut text = as_text(document)?.to_owned();
    node.for_each_secret(false, &mut |node, mask| {
        if node.text.len() >= SHORTEST_SECRET {
            text = text.replace(&node.text, &mask);
        }
        node.set_mask(mask);
    });
    // An escaped one, or one that is too short to be replaced wherever it stands, is still there.
    let is_same = tree(text.as_bytes()).is_ok_and(|again| again == node);
    Ok(if is_same { text } else { node.pretty() })
}

impl Node {
    pub(super) fn leaf(name: &str, text: String, shape: Shape) -> Self {
        Self { name: name.to_owned(), text, children: Vec::new(), shape, listed: false }
    }

    pub(super) fn group(name: &str, shape: Shape, children: Vec<Node>) -> Self {
        Self { name: name.to_owned(), text: String::new(), children, shape, listed: false }
    }

    /// Whether the document is JSON.
    pub fn is_json(&self) -> bool {
        !matches!(self.shape, Shape::Element | Shape::CData)
    }

    /// The first child called `name`.
    pub fn child(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|node| node.name == name)
    }

    /// The text of the first child called `name`, without blanks around it; `None` when absent or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.child(name).map(|node| node.text.trim()).filter(|text| !text.is_empty())
    }

    /// Every child called `name`.
    pub fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Node> {
        self.children.iter().filter(move |node| node.name == name)
    }

    /// Every field below this one, in document order.
    pub fn walk(&self) -> Vec<Field<'_>> {
        let mut fields = Vec::new();
        self.walk_into(&mut fields, "", 0);
        fields
    }

    fn walk_into<'a>(&'a self, fields: &mut Vec<Field<'a>>, prefix: &str, depth: usize) {
        let mut seen: HashMap<&str, (usize, usize)> = HashMap::new();
        for child in &self.children {
            seen.entry(&child.name).or_default().0 += 1;
        }
        for child in &self.children {
            let mut path = if prefix.is_empty() { child.name.clone() } else { format!("{prefix}.{}", child.name) };
            if let Some((count, next)) = seen.get_mut(child.name.as_str())
                && *count > 1
            {
                path.push_str(&format!(".{next}"));
                *next += 1;
            }
            let group = !child.children.is_empty() || matches!(child.shape, Shape::Object | Shape::List);
            let row = Field { path: path.clone(), name: &child.name, text: &child.text, depth, group };
            fields.push(row);
            child.walk_into(fields, &path, depth + 1);
        }
    }

    /// The fields as a JSON object: repeated names and lists are arrays, everything without fields is a string (`null`
    /// an empty one). Text beside fields is under `#text`.
    pub fn to_json(&self) -> Value {
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut groups: Vec<Vec<&Node>> = Vec::new();
        for child in &self.children {
            let place = *places.entry(&child.name).or_insert(groups.len());
            match groups.get_mut(place) {
                Some(group) => group.push(child),
                None => groups.push(vec![child]),
            }
        }
        let mut object = Map::new();
        if !self.text.is_empty() {
            object.insert("#text".to_owned(), Value::String(self.text.clone()));
        }
        for group in groups {
            let [first, more @ ..] = group.as_slice() else { continue };
            let value = if more.is_empty() && !first.listed {
                first.json_value()
            } else {
                Value::Array(group.iter().map(|node| node.json_value()).collect())
            };
            object.insert(first.name.clone(), value);
        }
        Value::Object(object)
    }

    fn json_value(&self) -> Value {
        match self.shape {
            Shape::List => Value::Array(self.children.iter().map(Node::json_value).collect()),
            Shape::Object => self.to_json(),
            Shape::Literal if self.text == "null" => Value::String(String::new()),
            _ if self.children.is_empty() => Value::String(self.text.clone()),
            _ => self.to_json(),
        }
    }

    /// The document indented by two blanks a level: XML with CDATA where it had CDATA, JSON as JSON.
    pub fn pretty(&self) -> String {
        let mut out = String::new();
        if self.is_json() {
            self.pretty_json(&mut out, 0);
        } else {
            self.pretty_xml(&mut out, 0);
        }
        out
    }

    fn pretty_xml(&self, out: &mut String, depth: usize) {
        let text = |out: &mut String| match self.shape {
            Shape::CData => push_cdata(out, &self.text),
            _ => push_text(out, &self.text),
        };
        out.push('<');
        out.push_str(&self.name);
        out.push('>');
        if self.children.is_empty() {
            text(out);
        } else {
            if !self.text.is_empty() {
                new_line(out, depth + 1);
                text(out);
            }
            for child in &self.children {
                new_line(out, depth + 1);
                child.pretty_xml(out, depth + 1);
            }
            new_line(out, depth);
        }
        out.push_str("</");
        out.push_str(&self.name);
        out.push('>');
    }

    fn pretty_json(&self, out: &mut String, depth: usize) {
        match self.shape {
            Shape::Object => pretty_members(out, &self.children, depth),
            Shape::List => pretty_elements(out, &self.children, depth),
            Shape::Literal => out.push_str(&self.text),
            _ => out.push_str(&quoted(&self.text)),
        }
    }

    /// Puts `***` in place of every secret: those in a field of [`is_secret_field`], and those that show by their form.
    pub fn mask(&mut self) {
        self.for_each_secret(false, &mut Node::set_mask);
    }

    fn set_mask(&mut self, mask: String) {
        self.text = mask;
        if self.shape == Shape::Literal {
            self.shape = Shape::Text;
        }
    }

    fn for_each_secret(&mut self, inside: bool, on_secret: &mut impl FnMut(&mut Node, String)) {
        let secret = inside || is_secret_field(&self.name);
        let mask = match masked(&self.name, &self.text) {
            _ if secret && !self.text.trim().is_empty() => MASK.to_owned(),
            mask => mask.into_owned(),
        };
        if mask != self.text {
            on_secret(self, mask);
        }
        for child in &mut self.children {
            child.for_each_secret(secret, on_secret);
        }
    }
}

fn pretty_members(out: &mut String, members: &[Node], depth: usize) {
    let mut rest = members;
    out.push('{');
    while let Some(first) = rest.first() {
        new_line(out, depth + 1);
        out.push_str(&quoted(&first.name));
        out.push_str(": ");
        let together = rest.iter().take_while(|node| first.listed && node.listed && node.name == first.name).count();
        let (now, later) = rest.split_at(together.max(1));
        if first.listed {
            pretty_elements(out, now, depth + 1);
        } else {
            first.pretty_json(out, depth + 1);
        }
        if !later.is_empty() {
            out.push(',');
        }
        rest = later;
    }
    if !members.is_empty() {
        new_line(out, depth);
    }
    out.push('}');
}

fn pretty_elements(out: &mut String, elements: &[Node], depth: usize) {
    out.push('[');
    for (at, element) in elements.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        new_line(out, depth + 1);
        element.pretty_json(out, depth + 1);
    }
    if !elements.is_empty() {
        new_line(out, depth);
    }
    out.push(']');
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    for _ in 0..depth {
        out.push_str("  ");
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

impl fmt::Debug for Node {
    /// Names only: texts may be tickets and codes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if !self.children.is_empty() {
            f.debug_list().entries(&self.children).finish()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
