//! The OpenAPI document, made from the table of routes.

use std::sync::OnceLock;

use serde_json::{Map, Value, json};

use super::routes::ROUTES;
use super::schemas;
use super::table::{Answers, Route};

/// The OpenAPI 3.1 document of the local API.
#[must_use]
pub fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(build)
}

fn build() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.verb.text()] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "wxdesk local API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Tokens, accounts and platforms for business servers on this machine. Times are integer milliseconds since 1970 (UTC). Errors are documents of the schema Error; branch on `code`.",
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": schemas::all(),
            "securitySchemes": {
                "key": { "type": "http", "scheme": "bearer", "description": "A key wk_… of scope read, refresh or admin; each includes the ones before it." },
            },
        },
    })
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn operation(route: &Route) -> Value {
    let mut parameters: Vec<Value> = in_path(route.path)
        .map(|name| {
            let kind = if name == "id" { "integer" } else { "string" };
            json!({ "name": name, "in": "path", "required": true, "schema": { "type": kind } })
        })
        .collect();
    parameters.extend(
        route
            .query
            .iter()
            .map(|(name, kind, meaning)| json!({ "name": name, "in": "query", "required": false, "description": meaning, "schema": { "type": kind } })),
    );
    let mut operation = json!({
        "operationId": route.name,
        "summary": route.summary,
        "responses": { "default": { "description": "What went wrong.", "content": { "application/json": { "schema": reference("Error") } } } },
    });
    let (status, good) = match route.answers {
        Answers::Json(schema) => ("200", content("application/json", schema)),
        Answers::Created(schema) => ("201", content("application/json", schema)),
        Answers::Stream(schema) => ("200", content("text/event-stream", schema)),
        Answers::Nothing => ("204", json!({ "description": "Done." })),
    };
    operation["responses"][status] = good;
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if !route.body.is_empty() {
        operation["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": reference(route.body) } } });
    }
    if let Some(scope) = route.scope {
        operation["security"] = json!([{ "key": [scope.text()] }]);
        operation["x-scope"] = scope.text().into();
    }
    operation
}

fn content(kind: &str, schema: &str) -> Value {
    json!({ "description": "Done.", "content": { kind: { "schema": reference(schema) } } })
}

/// Names of the parameters in a path's pattern.
pub(super) fn in_path(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}
