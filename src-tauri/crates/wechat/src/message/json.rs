//! A JSON document as a tree, in its own order and with its numbers as written.
//!
//! Owns: the scan. Must not: accept anything that serde_json does not; it has the first look.
//! Invariant: bounded in depth and size, and no panic on any input.

use serde::de::IgnoredAny;

use super::document::{MAX_NAME_BYTES, Node, Shape};
use crate::xml::{MAX_DEPTH, MAX_ELEMENTS, XmlError};

/// What the elements of a list in a list are called.
const ITEM: &str = "item";

/// Reads a document whose root is an object.
pub(super) fn read(text: &str) -> Result<Node, XmlError> {
    // What follows leans on the form being right: it only finds out where things are.
    serde_json::from_str::<IgnoredAny>(text).map_err(|_| XmlError::Malformed)?;
    let mut scan = Scan { rest: text, left: MAX_ELEMENTS };
    scan.value("json", 0).and_then(|root| if root.shape == Shape::Object { Ok(root) } else { Err(XmlError::Root) })
}

struct Scan<'a> {
    rest: &'a str,
    /// How many more values are accepted.
    left: usize,
}

impl<'a> Scan<'a> {
    fn value(&mut self, name: &str, depth: usize) -> Result<Node, XmlError> {
        self.left = self.left.checked_sub(1).ok_or(XmlError::TooDeep)?;
        if depth >= MAX_DEPTH {
            return Err(XmlError::TooDeep);
        }
        self.rest = self.rest.trim_ascii_start();
        if self.take('{') {
            return Ok(Node::group(name, Shape::Object, self.members(depth)?));
        }
        if self.take('[') {
            return Ok(Node::group(name, Shape::List, self.elements(ITEM, depth)?));
        }
        if self.rest.starts_with('"') {
            return Ok(Node::leaf(name, self.string()?, Shape::Text));
        }
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c)).unwrap_or(self.rest.len());
        let (literal, rest) = self.rest.split_at(end);
        self.rest = rest;
        if literal.is_empty() {
            Err(XmlError::Malformed)
        } else {
            Ok(Node::leaf(name, literal.to_owned(), Shape::Literal))
        }
    }

    /// After `{`: the members up to and with `}`. A list becomes its elements, side by side under one name.
    fn members(&mut self, depth: usize) -> Result<Vec<Node>, XmlError> {
        let mut members = Vec::new();
        while !self.take('}') {
            let name = self.string()?;
            if name.len() > MAX_NAME_BYTES {
                return Err(XmlError::Malformed);
            }
            self.expect(':')?;
            if self.take('[') {
                let elements = self.elements(&name, depth)?;
                if elements.is_empty() {
                    members.push(Node::group(&name, Shape::List, elements));
                } else {
                    members.extend(elements);
                }
            } else {
                members.push(self.value(&name, depth + 1)?);
            }
            self.comma('}')?;
        }
        Ok(members)
    }

    /// After `[`: the elements up to and with `]`.
    fn elements(&mut self, name: &str, depth: usize) -> Result<Vec<Node>, XmlError> {
        let mut elements = Vec::new();
        while !self.take(']') {
            let mut element = self.value(name, depth + 1)?;
            element.listed = true;
            elements.push(element);
            self.comma(']')?;
        }
        Ok(elements)
    }

    fn string(&mut self) -> Result<String, XmlError> {
        self.rest = self.rest.trim_ascii_start();
        let mut escaped = true;
        let end = self.rest.bytes().position(|byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        });
        let (string, rest) = self.rest.split_at(end.ok_or(XmlError::Malformed)? + 1);
        self.rest = rest;
        serde_json::from_str(string).map_err(|_| XmlError::Malformed)
    }

    fn take(&mut self, wanted: char) -> bool {
        self.rest = self.rest.trim_ascii_start();
        let rest = self.rest.strip_prefix(wanted);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, wanted: char) -> Result<(), XmlError> {
        if self.take(wanted) { Ok(()) } else { Err(XmlError::Malformed) }
    }

    /// A comma, or the end, which is left to be taken.
    fn comma(&mut self, end: char) -> Result<(), XmlError> {
        if self.take(',') || self.rest.starts_with(end) { Ok(()) } else { Err(XmlError::Malformed) }
    }
}
