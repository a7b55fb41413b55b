//! Web OAuth and logins of mini programs for business servers.

use serde::Deserialize;
use serde_json::{Value, json};
use wechat::secret::SecretString;

use super::table::{Answer, Call, Parameter, json};
use crate::dto::{OauthLinkRequest, OauthScopeName, OauthUserQuery};
use crate::error::AppError;

/// Query of the list of users.
pub(super) const USERS: &[Parameter] = &[
    ("platform", "string", "Component appid; needed when the account authorized several platforms."),
    ("state", "string", "valid, refreshable or over."),
    ("q", "string", "Part of openid, unionid or nickname."),
    ("limit", "integer", "1 to 500, default 100."),
    ("offset", "integer", "From this row on."),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExchangeRequest {
    code: SecretString,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkRequest {
    scope: OauthScopeName,
    #[serde(default)]
    force_popup: bool,
    #[serde(default)]
    force_snapshot: bool,
    #[serde(default)]
    route: Option<String>,
    #[serde(default)]
    valid_seconds: Option<i64>,
    #[serde(default)]
    note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionRequest {
    js_code: SecretString,
}

pub(super) async fn exchange(call: Call) -> Answer {
    let request: ExchangeRequest = call.json()?;
    json(&call.core().exchange_oauth_code(request.code.expose()).await?)
}

pub(super) async fn make_link(call: Call) -> Answer {
    let asked: LinkRequest = call.json()?;
    let request = OauthLinkRequest {
        component_appid: call.query("platform").unwrap_or_default().to_owned(),
        appid: call.path("appid").to_owned(),
        scope: asked.scope,
        force_popup: asked.force_popup,
        force_snapshot: asked.force_snapshot,
        route: asked.route,
        valid_seconds: asked.valid_seconds,
        note: asked.note,
    };
    json(&call.core().make_oauth_link(request).await?)
}

pub(super) async fn users(call: Call) -> Answer {
    let subject = call.core().oauth_subject(call.query("platform"), call.path("appid"))?;
    let bad = |_| {
        AppError::invalid_field(
            "state",
            "choice",
            "must be valid, refreshable or over",
            "应为 valid、refreshable 或 over",
        )
    };
    let state = call.query("state").map(|text| serde_json::from_value(Value::from(text)).map_err(bad)).transpose()?;
    let query = OauthUserQuery {
        component_appid: Some(subject.component_appid().to_owned()),
        appid: Some(subject.appid),
        state,
        q: call.query("q").map(str::to_owned),
        limit: call.number("limit")?,
        offset: call.number("offset")?,
    };
    json(&call.core().list_oauth_users(&query).await?)
}

pub(super) async fn session(call: Call) -> Answer {
    let request: SessionRequest = call.json()?;
    let session = call.core().mini_session(call.query("platform"), call.path("appid"), &request.js_code).await?;
    json(&json!({
        "openid": session.openid, "unionid": session.unionid, "session_key": session.session_key.expose(),
    }))
}
