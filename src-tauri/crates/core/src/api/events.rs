//! The inbox, as business servers read it.
//!
//! Invariant: a component event goes out without its body, since that holds tickets and authorization codes.

use serde_json::{Value, json};
use wechat::event::parse_component_event;

use super::table::{Answer, Call, Parameter, json};
use crate::store::tables::inbox;

/// Query of the list.
pub(super) const LIST: &[Parameter] = &[
    ("after", "integer", "Only events with a greater id; 0 for all."),
    ("limit", "integer", "1 to 1000, default 100."),
];

const PAGE: u32 = 100;
const MAX_PAGE: u32 = 1_000;

pub(super) async fn list(call: Call) -> Answer {
    let after: i64 = call.number("after")?.unwrap_or(0);
    let limit = call.number("limit")?.unwrap_or(PAGE).clamp(1, MAX_PAGE);
    let rows = call.core().store().read(move |c| inbox::after(c, after, limit)).await?;
    let next_after = rows.last().map_or(after, |row| row.id);
    let mirror = call.core().store().mirror();
    let items: Vec<Value> = rows
        .into_iter()
        .map(|row| {
            let component_appid = mirror.platform(row.platform_id).map(|p| p.component_appid.clone());
            let message = row.kind.is_none();
            let appid = if message {
                row.authorizer
            } else {
                parse_component_event(&row.body).ok().and_then(|event| event.subject_appid().map(str::to_owned))
            };
            json!({
                "id": row.id,
                "component_appid": component_appid,
                "appid": appid,
                "received_at": row.received_at,
                "kind": if message { "message" } else { "component_event" },
                "info_type": row.kind,
                "body": message.then(|| String::from_utf8_lossy(&row.body).into_owned()),
            })
        })
        .collect();
    json(&json!({ "items": items, "next_after": next_after }))
}
