//! Schemas of the OpenAPI document. The test beside the routes holds real answers against them.

use serde_json::{Value, json};

use crate::commands;

/// Every named schema.
pub(super) fn all() -> Value {
    let mut all = shared();
    for part in [accounts(), oauth(), qrcodes(), platforms(), rest()] {
        if let (Value::Object(all), Value::Object(part)) = (&mut all, part) {
            all.extend(part);
        }
    }
    all
}

fn of(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn list(name: &str) -> Value {
    json!({ "type": "array", "items": of(name) })
}

fn maybe(name: &str) -> Value {
    json!({ "anyOf": [of(name), { "type": "null" }] })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn maybe_text() -> Value {
    json!({ "type": ["string", "null"] })
}

fn number() -> Value {
    json!({ "type": "integer" })
}

fn ms() -> Value {
    json!({ "type": "integer", "description": "Milliseconds since 1970." })
}

fn maybe_ms() -> Value {
    json!({ "type": ["integer", "null"], "description": "Milliseconds since 1970." })
}

fn yes_no() -> Value {
    json!({ "type": "boolean" })
}

fn choice(values: &[&str]) -> Value {
    json!({ "type": "string", "enum": values })
}

/// An object whose members are all there.
fn object(members: Value) -> Value {
    let required: Vec<String> = members.as_object().map(|m| m.keys().cloned().collect()).unwrap_or_default();
    json!({ "type": "object", "properties": members, "required": required })
}

fn shared() -> Value {
    json!({
        "Error": {
            "type": "object",
            "properties": {
                "code": choice(&["invalid_input", "not_found", "ambiguous", "unauthenticated", "forbidden", "no_token", "refused",
                    "unavailable", "store", "disk_full", "held", "conflict", "stopping", "internal"]),
                "message": text(),
                "detail": { "type": "object", "properties": {
                    "fields": list("FieldError"),
                    "problems": list("MenuProblem"),
                    "refusal": of("LastError"),
                    "offer": text(),
                } },
            },
            "required": ["code", "message"],
        },
        "FieldError": object(json!({ "field": text(), "rule": text(), "message": text(), "message_zh": text() })),
        "MenuProblem": object(json!({ "path": text(), "rule": text(), "text": text(), "text_zh": text() })),
        "LastError": object(json!({
            "code": { "type": "integer", "description": "WeChat's errcode; 0 when the failure was not WeChat's." },
            "message": text(), "at": ms(), "rid": maybe_text(), "ip": maybe_text(), "advice": text(), "advice_zh": text(),
        })),
        "TokenHealth": object(json!({
            "state": choice(&["valid", "expiring", "expired", "missing", "failing", "waiting"]),
            "obtained_at": maybe_ms(), "expires_at": maybe_ms(), "next_refresh_at": maybe_ms(),
            "generation": { "type": "integer", "description": "Grows by one with every new token." },
            "in_flight": yes_no(), "needs_operator": yes_no(), "reason_code": text(), "reason": text(), "last_error": maybe("LastError"),
        })),
        "TicketHealth": object(json!({
            "state": choice(&["fresh", "stale", "missing"]), "received_at": maybe_ms(), "recent": { "type": "array", "items": ms() },
        })),
        "AccountCounts": object(json!({
            "total": number(), "authorized": number(), "failing": number(), "needs_authorization": number(), "unauthorized": number(),
        })),
    })
}

fn accounts() -> Value {
    json!({
        "Account": object(json!({
            "appid": text(), "component_appid": text(), "connection": choice(&["authorized", "own_secret"]),
            "kind": choice(&["official_account", "mini_program", "unknown"]),
            "nick_name": text(), "user_name": text(), "principal_name": text(),
            "state": choice(&["authorized", "failing", "needs_authorization", "unauthorized"]),
            "tenant": maybe_text(), "scopes": { "type": "array", "items": number() }, "authorized_at": ms(), "has_avatar": yes_no(),
            "note": text(), "tags": { "type": "array", "items": text() }, "removed_at": maybe_ms(), "unauthorized_at": maybe_ms(),
            "token": of("TokenHealth"),
        })),
        "AccountPage": object(json!({
            "items": list("Account"), "next_cursor": maybe_text(), "total": number(), "counts": of("AccountCounts"),
            "removed": number(),
        })),
        "Token": object(json!({ "appid": text(), "access_token": text(), "expires_at": ms(), "generation": number() })),
        "ComponentToken": object(json!({ "component_appid": text(), "access_token": text(), "expires_at": ms(), "generation": number() })),
        "RefreshRequest": {
            "type": "object",
            "properties": { "rejected": { "type": "string", "description": "The token that WeChat refused. Without it, a refresh happens in any case." } },
            "additionalProperties": false,
        },
        "PageSignature": object(json!({
            "appId": text(), "timestamp": { "type": "integer", "description": "Unix seconds." }, "nonceStr": text(),
            "signature": { "type": "string", "description": "40 hex digits." },
        })),
        "Menu": {
            "type": "object",
            "description": "The JSON of WeChat's menu/create.",
            "properties": { "button": { "type": "array", "maxItems": 3, "items": { "type": "object" } } },
            "required": ["button"],
        },
        "PublishedMenu": object(json!({
            "version": { "type": "integer", "description": "Number of the publication in the account's history." },
            "published_at": ms(),
            "menu": { "type": ["object", "null"], "description": "What menu/get answers now." },
        })),
    })
}

fn oauth() -> Value {
    let scope = choice(&["base", "userinfo", "login"]);
    json!({
        "OauthLinkRequest": {
            "type": "object",
            "properties": {
                "scope": { "type": "string", "enum": ["base", "userinfo", "login"], "description": "login is for website apps, the others for accounts." },
                "force_popup": yes_no(), "force_snapshot": yes_no(),
                "route": { "type": ["string", "null"], "description": "Id of the route that users are sent to; none shows a page of ours." },
                "valid_seconds": { "type": ["integer", "null"], "minimum": 60, "maximum": 31_536_000, "description": "Default 86400." },
                "note": { "type": "string", "maxLength": 200 },
            },
            "required": ["scope"],
            "additionalProperties": false,
        },
        "OauthLink": object(json!({
            "state": text(), "component_appid": text(), "appid": text(), "scope": scope, "force_popup": yes_no(),
            "force_snapshot": yes_no(), "route": maybe_text(), "note": text(), "url": text(), "qr_svg": text(),
            "callback_url": text(), "created_at": ms(), "expires_at": ms(), "ended_at": maybe_ms(), "uses": number(),
            "refused": number(), "results": list("OauthResult"),
        })),
        "OauthResult": object(json!({
            "at": ms(), "user": maybe("OauthUser"), "refused": yes_no(), "error": maybe("LastError"), "repeats": number(),
        })),
        "OauthUser": object(json!({
            "id": number(), "component_appid": text(), "appid": text(), "openid": text(), "unionid": maybe_text(), "scope": text(),
            "snapshot": { "type": "boolean", "description": "A virtual user of a snapshot page." },
            "nickname": maybe_text(), "sex": { "type": ["integer", "null"], "description": "1 male, 2 female, 0 unknown." },
            "country": maybe_text(), "province": maybe_text(), "city": maybe_text(), "head_img_url": maybe_text(),
            "state": choice(&["valid", "refreshable", "over"]), "obtained_at": ms(), "expires_at": ms(),
            "refresh_expires_at": ms(), "created_at": ms(), "checked_at": maybe_ms(), "check_ok": { "type": ["boolean", "null"] },
            "last_error": maybe("LastError"),
        })),
        "OauthUserPage": object(json!({ "items": list("OauthUser"), "total": number() })),
        "OauthExchangeRequest": {
            "type": "object",
            "properties": { "code": { "type": "string", "description": "What the route's page got as ?code=." } },
            "required": ["code"],
            "additionalProperties": false,
        },
        "OauthIdentity": object(json!({
            "appid": text(), "openid": text(), "unionid": maybe_text(), "scope": text(), "snapshot": yes_no(),
            "nickname": maybe_text(), "head_img_url": maybe_text(),
            "state": { "type": ["string", "null"], "description": "The business server's own, as it was given when the visitor entered." },
            "route": { "type": ["string", "null"], "description": "Id of the route that the visitor came by; take your own only." },
        })),
        "SessionRequest": {
            "type": "object",
            "properties": { "js_code": { "type": "string", "description": "The code of wx.login; good once." } },
            "required": ["js_code"],
            "additionalProperties": false,
        },
        "Session": object(json!({
            "openid": text(), "unionid": maybe_text(),
            "session_key": { "type": "string", "description": "A secret: keep it on the server, never log it or send it to the mini program." },
        })),
    })
}

fn qrcodes() -> Value {
    let kind = || choice(&["number", "text"]);
    json!({
        "QrCode": object(json!({
            "id": number(), "component_appid": text(), "appid": text(), "name": text(), "kind": kind(), "scene": text(),
            "permanent": yes_no(), "url": { "type": "string", "description": "What the picture holds." }, "created_at": ms(),
            "expires_at": maybe_ms(), "scans": number(), "followed": number(), "last_scan_at": maybe_ms(),
        })),
        "QrCodePage": object(json!({ "items": list("QrCode"), "total": number() })),
        "QrCodeRequest": {
            "type": "object",
            "properties": {
                "scene": { "type": "string", "description": "A number in digits (permanent: 1 to 100000), or 1 to 64 characters." },
                "kind": kind(),
                "permanent": yes_no(),
                "expire_seconds": { "type": ["integer", "null"], "minimum": 60, "maximum": 2_592_000 },
                "name": { "type": "string", "maxLength": 60 },
            },
            "required": ["scene"],
            "additionalProperties": false,
        },
    })
}

fn platforms() -> Value {
    let endpoints = object(json!({ "api": text(), "mp": text(), "open": text() }));
    json!({
        "Status": object(json!({
            "version": text(), "time": ms(),
            "listener": object(json!({ "address": maybe_text(), "public_base_url": maybe_text(), "last_callback_at": maybe_ms(), "rejected": number() })),
            "platforms": list("PlatformStatus"), "own_accounts": of("AccountCounts"),
        })),
        "PlatformStatus": object(json!({
            "component_appid": text(), "name": text(), "ticket": of("TicketHealth"), "component_token": of("TokenHealth"),
            "accounts": of("AccountCounts"),
        })),
        "Platform": object(json!({
            "component_appid": text(), "name": text(), "public_base_url": text(), "endpoints": endpoints, "outbound_proxy": maybe_text(),
            "has_previous_key": yes_no(), "previous_key_since": maybe_ms(), "previous_key_used_at": maybe_ms(),
            "secret_hints": object(json!({ "component_appsecret": text(), "verify_token": text(), "encoding_aes_key": text() })),
            "sandbox": yes_no(),
            "callback_urls": object(json!({ "authorize_domain": text(), "event_url": text(), "message_url": text(), "web_domain": text() })),
            "accounts": of("AccountCounts"), "ticket": of("TicketHealth"), "component_token": of("TokenHealth"),
            "created_at": ms(), "updated_at": ms(),
        })),
        "PlatformList": object(json!({ "items": list("Platform") })),
        "PlatformInput": {
            "type": "object",
            "properties": {
                "component_appid": { "type": "string", "pattern": "^wx[0-9a-f]{16}$" },
                "name": { "type": "string", "maxLength": 40 },
                "component_appsecret": maybe_text(),
                "verify_token": { "type": ["string", "null"], "pattern": "^[0-9A-Za-z]{3,32}$" },
                "encoding_aes_key": { "type": ["string", "null"], "pattern": "^[0-9A-Za-z]{43}$" },
                "previous_encoding_aes_key": maybe_text(),
                "public_base_url": { "type": "string", "description": "https (http only for loopback), no path, no query." },
                "endpoints": { "type": ["object", "null"], "properties": { "api": text(), "mp": text(), "open": text() } },
                "outbound_proxy": { "type": ["string", "null"], "description": "http://, https:// or socks5://, with user and password if need be." },
            },
            "required": ["component_appid", "public_base_url"],
            "additionalProperties": false,
        },
        "AuthorizeLinkRequest": {
            "type": "object",
            "properties": {
                "kind": choice(&["pc", "h5"]),
                "auth_type": { "type": ["integer", "null"], "description": "1 official accounts, 2 mini programs, 3 both, 4 to 8 newer kinds." },
                "biz_appid": { "type": ["string", "null"], "description": "Exactly this account." },
                "scopes": { "type": ["array", "null"], "items": number(), "description": "Permission sets to ask for; none means all published ones." },
                "tenant": maybe_text(),
                "note": { "type": ["string", "null"], "description": "Comes back with the link; at most 200 characters." },
            },
            "required": ["kind"],
            "additionalProperties": false,
        },
        "AuthorizeLink": object(json!({ "link_id": text(), "url": text(), "launch_url": text(), "expires_at": ms() })),
    })
}

fn rest() -> Value {
    let key =
        json!({ "id": number(), "name": text(), "scope": choice(&["read", "refresh", "admin"]), "created_at": ms() });
    let mut listed = key.clone();
    listed["revoked_at"] = maybe_ms();
    let mut made = key;
    made["key"] = json!({ "type": "string", "description": "Shown this once." });
    json!({
        "EventPage": object(json!({
            "items": { "type": "array", "items": object(json!({
                "id": number(), "component_appid": maybe_text(), "appid": maybe_text(), "received_at": ms(),
                "kind": choice(&["message", "component_event"]),
                "info_type": { "type": ["string", "null"], "description": "InfoType of a component event." },
                "body": { "type": ["string", "null"], "description": "Decrypted XML of a message; never of a component event." },
            })) },
            "next_after": { "type": "integer", "description": "Ask with it for what comes next." },
        })),
        "Key": object(listed),
        "KeyList": object(json!({ "items": list("Key") })),
        "KeyRequest": {
            "type": "object",
            "properties": { "name": { "type": "string", "minLength": 1, "maxLength": 40 }, "scope": choice(&["read", "refresh", "admin"]) },
            "required": ["name"],
            "additionalProperties": false,
        },
        "NewKey": object(made),
        "Arguments": { "type": "object", "description": format!("Arguments by name of one of: {}.", commands::names().join(", ")) },
        "Anything": { "description": "What the command answers; null for nothing." },
        "Change": object(json!({ "tags": { "type": "array", "items": text() } })),
        "OpenApi": { "type": "object" },
    })
}
