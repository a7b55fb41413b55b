//! The window's commands and changes, for the same pages in a browser.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::StreamExt;
use tokio_stream::wrappers::BroadcastStream;

use super::table::{Answer, Call, json};
use crate::commands;
use crate::dto::Change;

/// A comment so often keeps proxies and sleeping tabs from closing the stream.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub(super) async fn command(call: Call) -> Answer {
    json(&commands::dispatch(call.core(), call.path("command"), call.json()?).await?)
}

pub(super) async fn changes(call: Call) -> Answer {
    let stream = BroadcastStream::new(call.core().subscribe()).map(|change| {
        // A page that was too slow for some changes fetches everything again.
        let change = change.unwrap_or_else(|_| Change {
            tags: ["platforms", "accounts", "links", "overview", "door", "tunnels"].map(str::to_owned).to_vec(),
        });
        Ok::<_, Infallible>(Event::default().json_data(&change).unwrap_or_default())
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response())
}
