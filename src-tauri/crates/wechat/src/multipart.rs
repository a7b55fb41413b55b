//! Bodies of uploads: `multipart/form-data` (RFC 7578).
//!
//! Owns: the form of the body and its content type. Must not: draw random numbers or read files.
//! Invariant: no value, file or file name can end its part early or add a header, whatever it holds.

/// The longest boundary of RFC 2046, in characters, less room for what [`Form::finish`] may add.
const MAX_BOUNDARY_CHARS: usize = 48;
/// Longer file names lose their beginning: WeChat judges by the end (`.jpg`).
const MAX_FILENAME_CHARS: usize = 120;

/// A form under construction: any number of texts and one file.
#[derive(Clone)]
pub struct Form<'a> {
    boundary: String,
    texts: Vec<(&'a str, String)>,
    file: Option<File<'a>>,
}

#[derive(Clone)]
struct File<'a> {
    name: &'a str,
    filename: String,
    bytes: &'a [u8],
}

impl<'a> Form<'a> {
    /// An empty form. `boundary` separates the parts and should be random: 20 letters and digits are plenty. Of other
    /// characters only `-` and `_` are kept, and at most 48 in all.
    pub fn new(boundary: &str) -> Self {
        let mut boundary: String = boundary
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
            .take(MAX_BOUNDARY_CHARS)
            .collect();
        if boundary.is_empty() {
            boundary.push_str("boundary");
        }
        Self { boundary, texts: Vec::new(), file: None }
    }

    /// Adds a text.
    #[must_use]
    pub fn text(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.texts.push((name, value.into()));
        self
    }

    /// Sets the file. In `filename` everything but ASCII letters, digits and a few signs becomes `_`, because neither
    /// quoting nor an encoding of it is read alike by all servers; its end stays, by which WeChat judges the format.
    #[must_use]
    pub fn file(mut self, name: &'a str, filename: &str, bytes: &'a [u8]) -> Self {
        self.file = Some(File { name, filename: safe_filename(filename), bytes });
        self
    }

    /// The `Content-Type` and the body. A boundary that occurs in the content is lengthened until it does not.
    pub fn finish(self) -> (String, Vec<u8>) {
        let mut boundary = self.boundary.clone();
        let mut turn = 0_u32;
        while self.contains(boundary.as_bytes()) {
            turn += 1;
            boundary = format!("{}{turn:x}", self.boundary);
        }
        let size = self.file.as_ref().map_or(0, |file| file.bytes.len())
            + self.texts.iter().map(|(name, value)| name.len() + value.len() + 160).sum::<usize>();
        let mut body = Vec::with_capacity(size + 512);
        for (name, value) in &self.texts {
            let head = format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\
                 Content-Type: text/plain; charset=utf-8\r\n\r\n",
                safe(name)
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(value.as_bytes());
            body.extend_from_slice(b"\r\n");
        }
        if let Some(file) = &self.file {
            let head = format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\n\
                 Content-Type: {}\r\n\r\n",
                safe(file.name),
                file.filename,
                content_type_of(&file.filename)
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(file.bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        (format!("multipart/form-data; boundary={boundary}"), body)
    }

    fn contains(&self, boundary: &[u8]) -> bool {
        let within = |content: &[u8]| content.windows(boundary.len()).any(|window| window == boundary);
        self.texts.iter().any(|(name, value)| within(value.as_bytes()) || within(name.as_bytes()))
            || self.file.as_ref().is_some_and(|file| {
                within(file.bytes) || within(file.filename.as_bytes()) || within(file.name.as_bytes())
            })
    }
}

impl std::fmt::Debug for Form<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.texts.iter().map(|(name, _)| *name).collect();
        f.debug_struct("Form")
            .field("texts", &names)
            .field("file_len", &self.file.as_ref().map(|file| file.bytes.len()))
            .finish_non_exhaustive()
    }
}

/// `text` with every character that could end a quoted value or be read in two ways replaced by `_`.
fn safe(text: &str) -> String {
    let keep =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ' | '(' | ')' | '+' | ',' | '@' | '=');
    text.chars().map(|c| if keep(c) { c } else { '_' }).collect()
}

fn safe_filename(filename: &str) -> String {
    let name = safe(filename.trim());
    // Only ASCII is left, so characters are bytes.
    let name = &name[name.len().saturating_sub(MAX_FILENAME_CHARS)..];
    if name.is_empty() { "file".to_owned() } else { name.to_owned() }
}

/// The kinds of files that WeChat takes; it judges by the name's end, others judge by this.
fn content_type_of(filename: &str) -> &'static str {
    let end = filename.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).unwrap_or_default();
    match end.as_str() {
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "gif" => "image/gif",
        "mp3" => "audio/mpeg",
        "amr" => "audio/amr",
        "mp4" => "video/mp4",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_a_file() {
        let (kind, body) = Form::new("B0undary")
            .text("description", "{\"title\":\"标题\"}")
            .file("media", "a.mp4", b"\x00\xff\r\n--x")
            .finish();
        assert_eq!(kind, "multipart/form-data; boundary=B0undary");
        let wanted = [
            "--B0undary\r\nContent-Disposition: form-data; name=\"description\"\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\r\n{\"title\":\"标题\"}\r\n\
             --B0undary\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a.mp4\"\r\n\
             Content-Type: video/mp4\r\n\r\n"
                .as_bytes(),
            b"\x00\xff\r\n--x",
            b"\r\n--B0undary--\r\n",
        ]
        .concat();
        assert_eq!(body, wanted);
        assert_eq!(Form::new("b").finish().1, b"--b--\r\n");
    }

    #[test]
    fn file_names_cannot_add_headers_and_keep_their_end() {
        for (given, shown) in [
            ("a\".jpg", "a_.jpg"),
            ("a\r\nContent-Type: text/html\r\n\r\n.jpg", "a__Content-Type_ text_html____.jpg"),
            ("图片.PNG", "__.PNG"),
            ("..\\..\\/etc/x.gif", ".._..__etc_x.gif"),
            ("a\0%22;b.mp3", "a__22_b.mp3"),
            ("", "file"),
            (" \n", "file"),
        ] {
            let (_, body) = Form::new("b").file("media", given, b"").finish();
            let text = String::from_utf8(body).unwrap();
            assert!(text.contains(&format!("; filename=\"{shown}\"\r\n")), "{given:?}: {text}");
            assert_eq!(text.lines().count(), 6, "{text}");
        }
        let long = format!("{}.jpg", "长".repeat(500));
        let (_, body) = Form::new("b").file("media", &long, b"").finish();
        assert!(String::from_utf8(body).unwrap().contains(&format!("\"{}.jpg\"", "_".repeat(MAX_FILENAME_CHARS - 4))));
    }

    #[test]
    fn a_boundary_in_the_content_is_lengthened() {
        for content in [&b"x B y"[..], b"\r\n--B--\r\n", b"B B1 B2"] {
            let (kind, body) = Form::new("B").file("f", "x.jpg", content).finish();
            let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
            assert_ne!(boundary, "B");
            let count = body.windows(boundary.len()).filter(|window| *window == boundary.as_bytes()).count();
            assert_eq!(count, 2, "{kind}");
        }
        let (kind, _) = Form::new("secret").text("a", "my secret text").finish();
        assert_eq!(kind, "multipart/form-data; boundary=secret1");
    }

    #[test]
    fn boundaries_are_made_of_harmless_characters() {
        let boundary = |given: &str| Form::new(given).finish().0.rsplit('=').next().unwrap().to_owned();
        assert_eq!(boundary("a\r\nb\"c; d=é-_1"), "abcd-_1");
        assert_eq!(boundary("\r\n"), "boundary");
        assert_eq!(boundary(&"x".repeat(200)).len(), MAX_BOUNDARY_CHARS);
    }

    #[test]
    fn debug_shows_no_content() {
        let form = Form::new("b").text("note", "S3CRET").file("media", "x.jpg", b"S3CRET");
        let shown = format!("{form:?}");
        assert!(shown.contains("note") && !shown.contains("S3CRET"), "{shown}");
    }
}
