//! What a client says: bytes into clean lines, lines into meanings, and no secret left in what is kept.
//!
//! Pure. Clients colour their lines even into a pipe (bore does), end them with CR LF (ssh does), and echo tokens in
//! their errors (ngrok does), so every line goes through [`clean`] before it is matched and through [`Hidden::hide`]
//! before it is kept or shown.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use regex::Regex;
use wechat::secret::SecretString;

use super::adapters::{Refusal, Says};

/// A longer line is cut while it is read, bytes. A page of HTML in an error is longer than any line we look for.
const MAX_LINE: usize = 64 << 10;
/// Characters of a line that are kept.
pub const KEPT: usize = 1_000;

/// Cuts a stream of bytes into lines, at LF, CR or both.
#[derive(Debug, Default)]
pub struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// More bytes; answers the lines that they completed, cleaned, without empty ones.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut out = Vec::new();
        for byte in bytes {
            if matches!(byte, b'\n' | b'\r') {
                out.extend(self.finish());
            } else if self.rest.len() < MAX_LINE {
                self.rest.push(*byte);
            }
        }
        out
    }

    /// The end of the stream: what had no line end.
    pub fn finish(&mut self) -> Option<String> {
        let line = clean(&String::from_utf8_lossy(&self.rest));
        self.rest.clear();
        (!line.is_empty()).then_some(line)
    }
}

/// Without escape sequences and control characters; leading blanks are kept, trailing ones are not.
#[must_use]
pub fn clean(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => match chars.next() {
                // CSI: parameters, then one final byte.
                Some('[') => while chars.next().is_some_and(|c| !('@'..='~').contains(&c)) {},
                // OSC: up to BEL or ESC \.
                Some(']') => {
                    while let Some(c) = chars.next() {
                        if c == '\u{7}' {
                            break;
                        }
                        if c == '\u{1b}' {
                            chars.next();
                            break;
                        }
                    }
                }
                _ => {}
            },
            '\t' => out.push(' '),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// The secrets of one tunnel, to be hidden in whatever is kept.
#[derive(Debug, Default)]
pub struct Hidden {
    secrets: Vec<SecretString>,
}

impl Hidden {
    /// Of these secrets, also as Go's JSON, a URL or Base64 (a proxy's `Authorization`) writes them. Base64 of a text that
    /// begins elsewhere (`user:secret`) is not recognised.
    #[must_use]
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a SecretString>) -> Self {
        let mut all = Vec::new();
        for secret in secrets.into_iter().filter(|s| !s.is_empty()) {
            let go = secret.expose().replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e");
            let mut forms = vec![go, wechat::links::encode(secret.expose())];
            // Shorter ones would hit innocent words.
            if secret.len() >= 6 {
                forms.push(STANDARD_NO_PAD.encode(secret.expose().as_bytes()));
                forms.push(URL_SAFE_NO_PAD.encode(secret.expose().as_bytes()));
            }
            forms.retain(|form| form != secret.expose());
            all.extend(forms.into_iter().map(SecretString::from));
            all.push(secret.clone());
        }
        // The longest first: one secret may be the beginning of another.
        all.sort_by_key(|s| std::cmp::Reverse(s.len()));
        Self { secrets: all }
    }

    /// The line as it may be kept and shown.
    #[must_use]
    pub fn hide(&self, line: &str) -> String {
        let mut text = line.to_owned();
        for secret in &self.secrets {
            if text.contains(secret.expose().as_str()) {
                text = text.replace(secret.expose().as_str(), "***");
            }
        }
        match text.char_indices().nth(KEPT) {
            Some((at, _)) => format!("{}…", &text[..at]),
            None => text,
        }
    }
}

/// What a line means.
#[derive(Debug, Clone, Copy)]
pub enum Heard<'a> {
    /// The client's URL or address.
    Url(&'a str),
    /// Online.
    Online,
    /// Lost its server.
    Lost,
    /// Refused.
    Refused(&'static Refusal),
}

/// An adapter's patterns, compiled, and the connections that one run of the client has.
#[derive(Debug)]
pub struct Ear {
    url: Option<Regex>,
    online: Vec<Regex>,
    lost: Vec<Regex>,
    refused: Vec<(Regex, &'static Refusal)>,
    noise: Option<Regex>,
    connections: HashSet<String>,
}

/// A pattern of the table. All of them compile (a test walks the table); one that did not would match nothing.
fn compile(pattern: &str) -> Option<Regex> {
    Regex::new(pattern).ok()
}

impl Ear {
    /// For one run of a client.
    #[must_use]
    pub fn new(says: &'static Says) -> Self {
        let all = |patterns: &[&str]| patterns.iter().filter_map(|p| compile(p)).collect();
        Self {
            url: says.url.and_then(compile),
            online: all(says.online),
            lost: all(says.lost),
            refused: says.refused.iter().filter_map(|r| Some((compile(r.pattern)?, r))).collect(),
            noise: says.noise.and_then(compile),
            connections: HashSet::new(),
        }
    }

    /// A clean line's meanings, a URL before anything else.
    pub fn hear<'a>(&mut self, line: &'a str) -> Vec<Heard<'a>> {
        let mut heard = Vec::new();
        if let Some(url) = self.url.as_ref().and_then(|p| p.captures(line)).and_then(|c| c.name("url")) {
            heard.push(Heard::Url(url.as_str()));
        }
        if let Some((_, refusal)) = self.refused.iter().find(|(p, _)| p.is_match(line)) {
            heard.push(Heard::Refused(refusal));
            return heard;
        }
        if let Some(found) = self.lost.iter().find_map(|p| p.captures(line)) {
            match found.name("conn") {
                Some(conn) => {
                    self.connections.remove(conn.as_str());
                }
                None => self.connections.clear(),
            }
            // One of several connections is no loss.
            if self.connections.is_empty() {
                heard.push(Heard::Lost);
            }
        } else if let Some(found) = self.online.iter().find_map(|p| p.captures(line)) {
            if let Some(conn) = found.name("conn") {
                self.connections.insert(conn.as_str().to_owned());
            }
            heard.push(Heard::Online);
        }
        heard
    }

    /// A line that is not worth keeping.
    #[must_use]
    pub fn is_noise(&self, line: &str) -> bool {
        self.noise.as_ref().is_some_and(|p| p.is_match(line))
    }
}

/// The public base URL that an address gives, if it can be one: https, or http on loopback; no port but on loopback.
/// natapp and cpolar log `http://` for names that answer to https as well.
#[must_use]
pub fn public_base(endpoint: &str) -> Option<String> {
    let (scheme, rest) = endpoint.split_once("://").unwrap_or(("", endpoint));
    let authority = rest.split(['/', '?', '#']).next().filter(|a| !a.is_empty())?;
    let url = format!("http://{authority}");
    let host = crate::validate::host_of(&url)?;
    if matches!(host, "localhost" | "127.0.0.1" | "[::1]") {
        return matches!(scheme, "" | "http" | "https")
            .then(|| format!("{}://{authority}", if scheme.is_empty() { "http" } else { scheme }));
    }
    let bare = host == authority;
    match scheme {
        "https" => Some(format!("https://{authority}")),
        "http" if bare => Some(format!("https://{host}")),
        // The API of cloudflared gives a bare name; `host:port` of bore is bytes without TLS.
        "" if bare => Some(format!("https://{host}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
