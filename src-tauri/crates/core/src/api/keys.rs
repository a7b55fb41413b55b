//! API keys: made, listed, revoked.
//!
//! Invariant: a key leaves once, in the answer that makes it; only its SHA-256 is stored.

use serde::{Deserialize, Serialize};
use serde_json::json;
use wechat::secret::SecretString;

use super::gate::digest;
use super::table::{Answer, Call, created, json, nothing};
use crate::core::Core;
use crate::error::AppError;
use crate::store::tables::api_key::{self, ApiKeyRow, Scope};

/// Longest name, characters.
const MAX_NAME: usize = 40;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyRequest {
    name: String,
    #[serde(default = "read_scope")]
    scope: Scope,
}

fn read_scope() -> Scope {
    Scope::Read
}

#[derive(Serialize)]
struct NewKey<'a> {
    id: i64,
    name: &'a str,
    scope: Scope,
    created_at: i64,
    key: &'a str,
}

impl Core {
    /// Makes a key. Answers its row id and the key, which is nowhere else.
    ///
    /// # Errors
    /// `InvalidInput` for a bad name; the store's.
    pub async fn create_key(&self, name: &str, scope: Scope) -> Result<(i64, SecretString), AppError> {
        let name = name.trim().to_owned();
        if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
            return Err(AppError::invalid_field("name", "length", "must have 1 to 40 characters", "应为 1–40 个字"));
        }
        let key = super::new_admin_key()?;
        let (hash, now) = (digest(key.expose()), self.clock().now());
        let id = self.store().write(move |tx| api_key::insert(tx, &name, scope, &hash, now)).await?;
        Ok((id, key))
    }

    /// All keys, revoked ones too.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_keys(&self) -> Result<Vec<ApiKeyRow>, AppError> {
        Ok(self.store().read(api_key::list).await?)
    }

    /// Revokes a key.
    ///
    /// # Errors
    /// `NotFound` when there is no such live key.
    pub async fn revoke_key(&self, id: i64) -> Result<(), AppError> {
        let now = self.clock().now();
        let revoked = self.store().write(move |tx| api_key::revoke(tx, id, now)).await?;
        if revoked { Ok(()) } else { Err(AppError::not_found("live key", &id.to_string())) }
    }
}

pub(super) async fn list(call: Call) -> Answer {
    json(&json!({ "items": call.core().list_keys().await? }))
}

pub(super) async fn create(call: Call) -> Answer {
    let request: KeyRequest = call.json()?;
    let (id, key) = call.core().create_key(&request.name, request.scope).await?;
    let created_at = call.core().clock().now();
    created(&NewKey { id, name: request.name.trim(), scope: request.scope, created_at, key: key.expose() })
}

pub(super) async fn revoke(call: Call) -> Answer {
    let text = call.path("id");
    let id = text.parse().map_err(|_| AppError::not_found("live key", &text.chars().take(40).collect::<String>()))?;
    call.core().revoke_key(id).await?;
    nothing()
}
