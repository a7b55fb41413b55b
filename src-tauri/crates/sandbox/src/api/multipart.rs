//! Owns: reading `multipart/form-data` bodies (I.3).
//! Must not: judge what is uploaded.
//! Invariant: a body that is not well formed is no list of parts.

/// One field of an upload.
#[derive(Clone)]
pub(crate) struct Part {
    pub(crate) name: String,
    /// Present on files.
    pub(crate) filename: Option<String>,
    pub(crate) bytes: Vec<u8>,
}

/// More than any upload of the protocol has.
const MOST_PARTS: usize = 16;

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// A parameter of a header value, quotes taken off.
fn parameter(header: &str, name: &str) -> Option<String> {
    header.split(';').skip(1).find_map(|piece| {
        let (key, value) = piece.trim().split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// The parts of `body`, or `None` if `content_type` or the body is not of this kind.
pub(crate) fn parse(content_type: &str, body: &[u8]) -> Option<Vec<Part>> {
    if !content_type.trim_start().to_ascii_lowercase().starts_with("multipart/form-data") {
        return None;
    }
    let boundary = format!("--{}", parameter(content_type, "boundary").filter(|boundary| !boundary.is_empty())?);
    let mut rest = body.get(find(body, boundary.as_bytes())? + boundary.len()..)?;
    let end = format!("\r\n{boundary}");
    let mut parts = Vec::new();
    while !rest.starts_with(b"--") {
        rest = rest.strip_prefix(b"\r\n")?;
        let head = find(rest, b"\r\n\r\n")?;
        let headers = String::from_utf8_lossy(rest.get(..head)?).into_owned();
        rest = rest.get(head + 4..)?;
        let length = find(rest, end.as_bytes())?;
        let disposition = headers.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
        parts.push(Part {
            name: parameter(disposition, "name")?,
            filename: parameter(disposition, "filename").or_else(|| parameter(disposition, "filename*")),
            bytes: rest.get(..length)?.to_vec(),
        });
        if parts.len() > MOST_PARTS {
            return None;
        }
        rest = rest.get(length + end.len()..)?;
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"--x1\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a b.png\"\r\n\
        Content-Type: image/png\r\n\r\n\x89PNG\r\n--x\r\n--x1\r\nContent-Disposition: form-data; name=description\r\n\r\n\
        {}\r\n--x1--\r\n";

    #[test]
    fn files_and_fields() {
        let parts = parse("multipart/form-data; boundary=\"x1\"", BODY).unwrap();
        let shown: Vec<_> =
            parts.iter().map(|p| (p.name.as_str(), p.filename.as_deref(), p.bytes.as_slice())).collect();
        let wanted =
            [("media", Some("a b.png"), b"\x89PNG\r\n--x".as_slice()), ("description", None, b"{}".as_slice())];
        assert_eq!(shown, wanted);
    }

    #[test]
    fn anything_else_is_refused() {
        assert!(parse("application/json", BODY).is_none());
        assert!(parse("multipart/form-data", BODY).is_none());
        for cut in 0..BODY.len() - 4 {
            assert!(parse("multipart/form-data; boundary=x1", &BODY[..cut]).is_none(), "{cut}");
        }
    }
}
