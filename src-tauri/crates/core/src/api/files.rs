//! The built pages of the window, for a browser: `wxdeskd serve --ui DIR`.
//!
//! Answered without a key, because they hold nothing but code; what they show they fetch with one. Invariant: nothing
//! outside of the folder is served.

use std::path::PathBuf;
use std::sync::OnceLock;

use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use tower::ServiceExt;
use tower_http::services::{ServeDir, ServeFile};

/// The same for every engine of a process: it is a fact about the program, not about a data folder.
static PAGES: OnceLock<PathBuf> = OnceLock::new();

/// Own scripts and pictures only; the API is the same origin.
const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; \
                      object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/// Serves the pages in `dir` at `/` of every private door that starts afterwards. The first call wins.
pub fn serve_pages_from(dir: PathBuf) {
    let _ = PAGES.set(dir);
}

/// A page, or what the page loads; none when no pages are served.
pub(super) async fn page(request: Request) -> Option<Response> {
    let dir = PAGES.get()?;
    // The pages route by themselves: a path that is no file is theirs.
    let service = ServeDir::new(dir).fallback(ServeFile::new(dir.join("index.html")));
    let mut response = match service.oneshot(request).await {
        Ok(response) => response.into_response(),
        Err(never) => match never {},
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Some(response)
}
