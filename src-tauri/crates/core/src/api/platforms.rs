//! Platforms and their authorize links.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::table::{Answer, Call, json, nothing};
use crate::dto::{LinkKind, LinkRequest, PlatformInput};
use crate::error::AppError;

pub(super) async fn list(call: Call) -> Answer {
    json(&json!({ "items": call.core().list_platforms() }))
}

pub(super) async fn get(call: Call) -> Answer {
    json(&call.core().get_platform(call.path("component_appid"))?)
}

pub(super) async fn save(call: Call) -> Answer {
    let mut document: Map<String, Value> = call.json()?;
    let from_path = call.path("component_appid");
    if !from_path.is_empty() {
        let named = document.entry("component_appid").or_insert_with(|| from_path.into());
        if named != from_path {
            return Err(AppError::invalid_field(
                "component_appid",
                "path",
                "must be the one in the path",
                "应与路径中的一致",
            ));
        }
    }
    let input: PlatformInput =
        serde_json::from_value(Value::Object(document)).map_err(|e| crate::commands::bad_json(&e))?;
    json(&call.core().save_platform(input).await?)
}

pub(super) async fn remove(call: Call) -> Answer {
    call.core().remove_platform(call.path("component_appid")).await?;
    nothing()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthorizeLinkRequest {
    kind: LinkKind,
    #[serde(default)]
    auth_type: Option<u8>,
    #[serde(default)]
    biz_appid: Option<String>,
    #[serde(default)]
    scopes: Option<Vec<u32>>,
    #[serde(default)]
    tenant: Option<String>,
    #[serde(default)]
    note: Option<String>,
}

pub(super) async fn authorize_link(call: Call) -> Answer {
    let request: AuthorizeLinkRequest = call.json()?;
    let link = call
        .core()
        .create_link(LinkRequest {
            component_appid: call.path("component_appid").to_owned(),
            kind: request.kind,
            auth_type: request.auth_type,
            biz_appid: request.biz_appid,
            scopes: request.scopes.unwrap_or_default(),
            tenant: request.tenant,
            note: request.note,
        })
        .await?;
    json(
        &json!({ "link_id": link.link_id, "url": link.url, "launch_url": link.launch_url, "expires_at": link.expires_at }),
    )
}
