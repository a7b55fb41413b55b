//! Owns: the authorize pages in the browser and their confirmation.
//! Must not: decide who may authorize; `authorize` does.
//! Invariant: an error page never redirects.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::Shared;
use super::html::{self, Lang};
use crate::authorize::{AuthorizeQuery, Entry, PageError};
use crate::clock::SandboxClock as _;
use crate::codec;
use crate::transport::lock;

type Door = State<Arc<Shared>>;

/// No script runs on these pages; pictures come from the sandbox itself.
const POLICY: &str = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; base-uri 'none'";

fn page(status: StatusCode, html: String) -> Response {
    (status, [(header::CONTENT_SECURITY_POLICY, POLICY), (header::CACHE_CONTROL, "no-store")], Html(html))
        .into_response()
}

fn error(error: &PageError, lang: Lang) -> Response {
    // WeChat shows its error pages with status 200.
    page(StatusCode::OK, html::error(&error.text(), lang))
}

fn show(shared: &Shared, entry: Entry, query: Option<String>, headers: &HeaderMap) -> Response {
    let lang = Lang::of(headers);
    let referer = headers.get(header::REFERER).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let link = AuthorizeQuery::from_pairs(entry, &codec::parse_query(&query.unwrap_or_default()), referer);
    let platform = lock(&shared.platform);
    match platform.authorize_page(shared.clock.now_ms(), &link) {
        Ok(found) => page(StatusCode::OK, html::authorize(&found, &link, lang)),
        Err(why) => error(&why, lang),
    }
}

pub(super) async fn pc(State(shared): Door, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    show(&shared, Entry::Pc, query, &headers)
}

pub(super) async fn h5(State(shared): Door, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    show(&shared, Entry::H5, query, &headers)
}

/// The form of the page: the link's parameters, `appid`, and `set-<appid>` for every ticked set.
pub(super) async fn confirm(State(shared): Door, headers: HeaderMap, body: String) -> Response {
    let lang = Lang::of(&headers);
    let pairs = codec::parse_query(&body);
    let link = AuthorizeQuery::from_pairs(Entry::H5, &pairs, None);
    let appid = pairs.iter().find(|(name, _)| name == "appid").map(|(_, v)| v.as_str()).unwrap_or_default();
    let field = format!("set-{appid}");
    let ticked: Vec<u32> = pairs.iter().filter(|(n, _)| *n == field).filter_map(|(_, v)| v.parse().ok()).collect();
    let confirmed = lock(&shared.platform).confirm(shared.clock.now_ms(), &link, appid, &ticked);
    match confirmed {
        Ok(confirmed) => (StatusCode::SEE_OTHER, [(header::LOCATION, confirmed.redirect_to)]).into_response(),
        Err(why) => error(&why, lang),
    }
}

pub(super) async fn cancelled(headers: HeaderMap) -> Response {
    let text = ("已取消授权，可以关闭此页面。".to_owned(), "Cancelled. You can close this page.".to_owned());
    page(StatusCode::OK, html::notice(&text, Lang::of(&headers)))
}
