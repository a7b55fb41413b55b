//! Accounts and their menus.

use serde_json::{Value, json};

use super::table::{Answer, Call, Parameter, error_with, json};
use crate::dto::{AccountQuery, ErrorCode};
use crate::error::AppError;

/// Query of the list.
pub(super) const LIST: &[Parameter] = &[
    ("platform", "string", "Only accounts of this component appid."),
    ("state", "string", "authorized, failing, needs_authorization or unauthorized."),
    ("kind", "string", "official_account, mini_program or unknown."),
    ("connection", "string", "authorized or own_secret."),
    ("q", "string", "Words that must occur in name, appid, original id, principal, tenant or tags."),
    ("tenant", "string", "Only accounts of this tenant."),
    ("tag", "string", "Only accounts with this tag."),
    ("sort", "string", "authorized_at (default), expires_at, name or state."),
    ("descending", "boolean", "Turns the order round."),
    ("limit", "integer", "1 to 1000, default 100."),
    ("cursor", "string", "next_cursor of the page before."),
    ("offset", "integer", "From this row on; wins over cursor."),
];

fn choice<T: serde::de::DeserializeOwned>(call: &Call, name: &str) -> Result<Option<T>, AppError> {
    let bad =
        |_| AppError::invalid_field(name, "choice", "is not one of the choices in the document", "不在可选值之内");
    call.query(name).map(|text| serde_json::from_value(Value::from(text)).map_err(bad)).transpose()
}

pub(super) async fn list(call: Call) -> Answer {
    let descending = match call.query("descending") {
        None | Some("false" | "0") => false,
        Some("true" | "1") => true,
        Some(_) => {
            return Err(AppError::invalid_field("descending", "choice", "must be true or false", "应为 true 或 false"));
        }
    };
    let query = AccountQuery {
        platform: call.query("platform").map(str::to_owned),
        state: choice(&call, "state")?,
        kind: choice(&call, "kind")?,
        connection: choice(&call, "connection")?,
        q: call.query("q").map(str::to_owned),
        tenant: call.query("tenant").map(str::to_owned),
        tag: call.query("tag").map(str::to_owned),
        removed: None,
        sort: choice(&call, "sort")?,
        descending: Some(descending),
        limit: call.number("limit")?,
        cursor: call.query("cursor").map(str::to_owned),
        offset: call.number("offset")?,
    };
    json(&call.core().list_accounts(&query)?)
}

pub(super) async fn get(call: Call) -> Answer {
    let (platform, row) = call.core().find_account(call.query("platform"), call.path("appid"))?;
    json(&call.core().account_view(&platform, &row))
}

/// The platform's and the account's appid.
fn names(call: &Call) -> Result<(String, String), AppError> {
    let (platform, row) = call.core().find_account(call.query("platform"), call.path("appid"))?;
    Ok((platform.component_appid.clone(), row.appid.clone()))
}

pub(super) async fn menu(call: Call) -> Answer {
    let (component, appid) = names(&call)?;
    let draft = call.core().default_menu_draft(&component, &appid).await?;
    json(&draft.ok_or_else(|| AppError::not_found("menu draft of", &appid))?)
}

pub(super) async fn save_menu(call: Call) -> Answer {
    let (component, appid) = names(&call)?;
    let draft: Value = call.json()?;
    match call.core().save_default_menu_draft(&component, &appid, &draft).await {
        Ok(()) => json(&draft),
        Err(e) if e.code == ErrorCode::InvalidInput => Ok(with_problems(&e)),
        Err(e) => Err(e),
    }
}

/// The same error, with its fields also under the names that menus go by: path, rule, text.
fn with_problems(e: &AppError) -> axum::response::Response {
    let status = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
    let fields = e.detail.as_ref().map_or(&[][..], |d| d.fields.as_slice());
    let problems: Vec<Value> = fields
        .iter()
        .map(|f| json!({ "path": f.field, "rule": f.rule, "text": f.message, "text_zh": f.message_zh }))
        .collect();
    let document =
        json!({ "code": e.code, "message": e.message, "detail": { "problems": problems, "fields": fields } });
    match json(&document) {
        Ok(mut response) => {
            *response.status_mut() = status;
            response
        }
        Err(_) => error_with(status, e),
    }
}

pub(super) async fn publish_menu(call: Call) -> Answer {
    let (component, appid) = names(&call)?;
    json(&call.core().publish_menu_draft(&component, &appid, &call.who).await?)
}

/// What `wx.config` takes for a page. Wrong input is 400 here: page servers ask this, and know that status.
pub(super) async fn jsapi_signature(call: Call) -> Answer {
    let url = call.query("url").unwrap_or_default();
    match call.core().page_signature(call.query("platform"), call.path("appid"), url).await {
        Ok(signature) => json(&signature),
        Err(e) if e.code == ErrorCode::InvalidInput => Ok(error_with(axum::http::StatusCode::BAD_REQUEST, &e)),
        Err(e) => Err(e),
    }
}
